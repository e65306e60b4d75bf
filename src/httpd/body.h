/* body.h - request bodies: read once, within a bound, and handed on byte for byte to whatever handles the request; and the
 * JSON-RPC id for a refusal. Not what a body says (core's rpc.h). Bodies that nobody asks for here are left alone.
 */
#ifndef MCP_BODY_H
#define MCP_BODY_H

#include "request.h"

/* Register the filter that hands bodies on. */
void mcp_body_register(void);

/* Whether the method is one whose requests have a body: all but GET, HEAD, DELETE, OPTIONS and TRACE. */
bool mcp_body_is_usual(const request_rec *r);

/* Whether the head announces a body, HEAD's included, which httpd overlooks. One that was read for an earlier request of the
 * chain is not that of the GET which httpd has made of it. */
bool mcp_body_is_announced(request_rec *r);

/* Whether a part of a page has been given the body of the page (mod_request's KeptBodySize). */
bool mcp_body_is_lent(const request_rec *r);

/* Read the body of the request that the client made, or what an earlier call for this chain of requests has read. The
 * bytes live as long as that request. MCP_OK; MCP_BODY_TOO_LARGE beyond limit bytes, MCP_BODY_TIMEOUT, MCP_BODY_CUT: then
 * *body is untouched. In any case the handler still gets every byte that the client sends, once each. Trailers that were
 * read with them are never merged into the head. */
mcp_reason_t mcp_body_keep(mcp_view_t *body, request_rec *r, apr_off_t limit);

/* Whether httpd has answered for us while a body was read: LimitRequestBody, or chunks that are none. Then nothing may be
 * sent any more, and hooks return AP_FILTER_ERROR. */
bool mcp_body_is_answered(request_rec *r);

/* The insert_filter hook: what was read is for the handler of whichever request of the chain has one, but for a GET that
 * httpd has made of it. */
void mcp_body_offer(request_rec *r);

/* The id as JSON text, "null" when it cannot be learned. Of a body that was not kept, only when that is JSON, has a
 * Content-Length of at most MCP_LIMIT_ID_BODY, and the client does not wait for 100 Continue; reads it then. */
const char *mcp_body_rpc_id(request_rec *r);

#endif
