/* reply.h - answers that this module writes itself: refusals with their challenge and JSON-RPC body, and documents.
 * Not when to refuse. What a refusal says is core's reason.c and challenge.c.
 */
#ifndef MCP_REPLY_H
#define MCP_REPLY_H

#include "request.h"

/* Refuse the request: note it for the log and the variables, set the challenge, write the body. detail, for the log
 * only, says what was expected and got; NULL for none. Returns what a hook returns: DONE when the body is written,
 * the status when httpd shall write it (MCPErrorBody default, subrequests). In report mode, for the reasons that it
 * covers, nothing is written and OK comes back. */
int mcp_reply_refuse(request_rec *r, mcp_reason_t reason, const char *detail);

/* Send an answer with a body. Headers are set already. Returns DONE. */
int mcp_reply_send(request_rec *r, int status, const char *content_type, const char *body);

/* The value of our challenge on this request (RFC 6750 3, RFC 9728 5.1). */
const char *mcp_reply_challenge(request_rec *r, mcp_reason_t reason);

/* The address of the metadata of the resource that governs this request, in the slash variant that was asked for. */
const char *mcp_reply_metadata_address(request_rec *r);

#endif
