/* challenge.h - the Bearer challenge (RFC 6750 3, RFC 9728 5.1), written for the weakest parser among the clients.
 * Not when one is due (reason.h), nor which scopes go into it (policy.h).
 */
#ifndef MCP_CHALLENGE_H
#define MCP_CHALLENGE_H

#include <apr_tables.h>

#include "reason.h"

typedef struct {
    const char *name;
    const char *value;
} mcp_challenge_param_t;

typedef struct {
    mcp_reason_t reason;
    const char *realm; /* NULL or "" to leave it out; the same for the next two */
    const char *scope;
    const char *resource_metadata;
    const apr_array_header_t *extra; /* of mcp_challenge_param_t, or NULL */
} mcp_challenge_t;

/* Whether an admin's text may be a value: not empty, %x20-21 / %x23-5B / %x5D-7E (RFC 6750 3), no comma, and nothing
 * that looks like "word=", because widely used clients search the whole field for scope= and error= without minding
 * quotes. */
bool mcp_challenge_is_value(const char *text);

/* Whether an admin's text may name an extra parameter: an RFC 9110 5.6.2 token that is none of our own. */
bool mcp_challenge_is_extra_name(const char *text);

/* The field value: one line, every value quoted, none empty. */
const char *mcp_challenge_format(const mcp_challenge_t *challenge, apr_pool_t *pool);

/* A backend's field value with resource_metadata added to its Bearer challenge. NULL when there is nothing to add: no
 * Bearer challenge in it, one that has the parameter, or a value this strict reader cannot follow (RFC 9110 11.6.1). */
const char *mcp_challenge_complete(const char *field, const char *resource_metadata, apr_pool_t *pool);

#endif
