/* bearer.h - one Authorization field value: the token in it, or why there is none (RFC 6750 2.1, RFC 9110 11.6.2).
 * Not what the token says. Only the Authorization field is ever looked at: a token in a query or a body is no
 * credential.
 */
#ifndef MCP_BEARER_H
#define MCP_BEARER_H

#include "reason.h"

/* Find the token of a field value; field is NULL when the request has none. The view borrows from field.
 * MCP_OK, or one of the credential rows; a field that several were joined into has a comma and is refused. */
mcp_reason_t mcp_bearer_parse(mcp_view_t *token, const char *field);

/* The same in two steps, for who knows the token already: find it, and whether it has only characters that a token may
 * have (RFC 9110 11.2, token68). */
mcp_reason_t mcp_bearer_find(mcp_view_t *token, const char *field);
bool mcp_bearer_is_token68(mcp_view_t token);

/* Whether the value's scheme is Bearer or DPoP, and so what follows may be a token that nobody else should see. */
bool mcp_bearer_carries_token(const char *field);

#endif
