/* public.h - answers about well-known names, which everybody may read, pages of every origin too. Not what they say.
 */
#ifndef MCP_PUBLIC_H
#define MCP_PUBLIC_H

#include "request.h"

/* Answer with a row of the table of refusals. Returns what a hook returns, as the next two do. */
int mcp_public_refuse(request_rec *r, mcp_reason_t reason);

/* Answer a preflight. */
int mcp_public_preflight(request_rec *r);

/* Send a JSON document, or say that the client has it already. max_age: seconds that it may be kept. */
int mcp_public_send(request_rec *r, const char *text, int max_age);

#endif
