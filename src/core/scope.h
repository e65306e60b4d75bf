/* scope.h - sets of OAuth scope tokens (RFC 6749 3.3) and the hierarchy an admin declares between them.
 * Not where a scope came from (claims.h), nor what it allows (policy.h).
 */
#ifndef MCP_SCOPE_H
#define MCP_SCOPE_H

#include <apr_tables.h>

#include "view.h"

/* A set: views in the order they came, each once. NULL is the empty set wherever a const set is taken. */
typedef apr_array_header_t mcp_scope_t;

/* "broad implies each of narrow". */
typedef struct {
    mcp_view_t broad;
    const mcp_scope_t *narrow;
} mcp_scope_implication_t;

/* Whether the bytes are one scope token: 1*( %x21 / %x23-5B / %x5D-7E ). */
bool mcp_scope_is_token(mcp_view_t text);

mcp_scope_t *mcp_scope_make(apr_pool_t *pool);

/* Add one token, borrowed. Bytes that are no token, and what is there already, are left out. */
void mcp_scope_add(mcp_scope_t *set, mcp_view_t token);

/* Add the members of another set. */
void mcp_scope_add_all(mcp_scope_t *set, const mcp_scope_t *more);

/* Add the tokens of a scope string; only SP separates (RFC 6749 3.3). The views borrow from text. */
void mcp_scope_add_string(mcp_scope_t *set, mcp_view_t text);

/* Whether the very token is a member. */
bool mcp_scope_has(const mcp_scope_t *set, mcp_view_t token);

/* Whether the token is a member or implied, over any number of steps, by one. implications is an array of
 * mcp_scope_implication_t or NULL; cycles are harmless. */
bool mcp_scope_grants(const mcp_scope_t *set, const apr_array_header_t *implications, mcp_view_t token,
                      apr_pool_t *pool);

/* The set without the members that another member implies. Of members that imply each other the first stays. */
mcp_scope_t *mcp_scope_reduce(const mcp_scope_t *set, const apr_array_header_t *implications, apr_pool_t *pool);

/* The members joined by SP, "" for none. prefix (may be NULL) is put before each, unless the token is an absolute URI
 * already or one of OpenID Connect's own scopes, which no provider prefixes. */
const char *mcp_scope_format(const mcp_scope_t *set, const char *prefix, apr_pool_t *pool);

/* One member as it is written on the wire, see mcp_scope_format. */
const char *mcp_scope_wire(mcp_view_t token, const char *prefix, apr_pool_t *pool);

#endif
