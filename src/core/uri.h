/* uri.h - absolute http and https URIs: what is one, its origin, its path, and where a well-known name goes (RFC 3986,
 * RFC 8615).
 * Not whether plain http is acceptable (the admin says), nor how anything is fetched.
 */
#ifndef MCP_URI_H
#define MCP_URI_H

#include "view.h"

typedef struct {
    bool https;
    const char *host;      /* lower case, an IPv6 address without its brackets */
    const char *authority; /* host and port as written */
    unsigned port;         /* the scheme's default when none is written */
    const char *path;      /* as written, "" when there is none */
    const char *query;     /* without '?', NULL when there is none */
} mcp_uri_t;

/* Parse an absolute http or https URI without fragment and user information (RFC 8707 2, RFC 9728 1.2). Returns NULL,
 * or what is wrong with it in words that end a sentence beginning with the text, such as "is relative". */
const char *mcp_uri_parse(mcp_uri_t *uri, const char *text, apr_pool_t *pool);

/* Whether the host is this machine: localhost, 127.0.0.0/8 or ::1 by their spelling, without asking DNS. */
bool mcp_uri_is_loopback(const mcp_uri_t *uri);

/* The serialized origin as a browser sends it (RFC 6454 6.2): scheme, lower-case host, port unless default. */
const char *mcp_uri_origin(const mcp_uri_t *uri, apr_pool_t *pool);

/* The URI with a well-known name between host and path (RFC 9728 3.1, RFC 8414 3.1). name starts with "/.well-known/".
 * A path of "/" alone counts as none. */
const char *mcp_uri_insert(const mcp_uri_t *uri, const char *name, apr_pool_t *pool);

/* Whether a request path is a well-known name (RFC 8615), before a path or behind one. *rest then is that path, "/" for
 * none, in memory of the pool or borrowed. */
bool mcp_uri_match(const char **rest, const char *name, const char *path, apr_pool_t *pool);

/* Whether a URI has a segment "." or "..", encoded or not, wherever: some programs take it away and arrive at another URI
 * (RFC 3986 6.2.2.3), so that no pattern can tell what they read. */
bool mcp_uri_has_dot_segment(mcp_view_t uri);

/* Whether a path means one thing only: it has no empty, "." or ".." segment, in any spelling. */
bool mcp_uri_is_plain_path(const char *path);

/* Whether two paths are the same but for one slash at the end. */
bool mcp_uri_is_same_path(const char *a, const char *b);

#endif
