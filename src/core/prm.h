/* prm.h - the Protected Resource Metadata document and its addresses (RFC 9728 2, 3).
 * Not which resource a request is about (src/httpd/wellknown.c).
 */
#ifndef MCP_PRM_H
#define MCP_PRM_H

#include <apr_tables.h>
#include <jansson.h>

#include "uri.h"

#define MCP_PRM_NAME "/.well-known/oauth-protected-resource"

typedef struct {
    const char *resource;
    const apr_array_header_t *issuers; /* of const char * */
    const apr_array_header_t *scopes;  /* of const char *, as on the wire; left out when empty */
    json_t *extra;                     /* an object whose members win over ours, or NULL */
} mcp_prm_t;

/* The document as JSON text; NULL when a part of it cannot be had. */
const char *mcp_prm_format(const mcp_prm_t *prm, apr_pool_t *pool);

/* Add a member from configuration words to an object, by the type RFC 9728 2 gives its name; other names take JSON or
 * a string. Returns NULL, or what is wrong, with a right example. The object keeps nothing of the words. */
const char *mcp_prm_set(json_t *object, const char *name, const apr_array_header_t *words, apr_pool_t *pool);

/* What path a metadata request asks about. path is that of the request. True when it is one at all; *resource_path
 * then is the path of the resource ("/" for the root form), in memory of the pool or borrowed. */
bool mcp_prm_match(const char **resource_path, const char *path, apr_pool_t *pool);

/* The resource in the slash variant in which a request path asked for it: when the two paths differ by one trailing
 * slash only, the resource with or without it, else the resource itself. */
const char *mcp_prm_variant(const char *resource, const char *path, apr_pool_t *pool);

/* The address of the document of a resource (RFC 9728 3.1). */
const char *mcp_prm_address(const char *resource, apr_pool_t *pool);

#endif
