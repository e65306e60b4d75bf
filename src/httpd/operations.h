/* operations.h - operation rules (MCPOperation) over the body of a request. Not what a rule means (core's operation.h), how a
 * message is read (rpc.h), nor when httpd asks (authz.h). Where no rule applies nothing here touches a body.
 */
#ifndef MCP_OPERATIONS_H
#define MCP_OPERATIONS_H

#include "request.h"

/* Whether rules govern this request. A part of a page is none of its operations: rules only keep bodies away from it. */
bool mcp_operations_apply(const request_rec *r);

/* Read which operations the request is, once under one configuration: its fields, its body, the rules that match. Sets
 * MCP_METHOD and MCP_NAME. MCP_OK when it is none as well (GET without a body); else what is wrong with it. */
mcp_reason_t mcp_operations_read(request_rec *r);

/* Whether some rule lets anybody in. */
bool mcp_operations_may_be_anonymous(const request_rec *r);

/* Let the request in when what was read is such operations alone, and nothing that becomes of it afterwards. */
bool mcp_operations_let_in(request_rec *r);

/* Add the scopes of the operations that were read to what is needed. */
void mcp_operations_need(request_rec *r);

/* Add the scopes that any rule names, for the metadata. */
void mcp_operations_collect(request_rec *r);

/* Read and judge the operations of a request whose Require lines are content, with its token or without one. OK, or what a
 * hook returns that has refused. */
int mcp_operations_enforce(request_rec *r);

/* The handler hook, before all handlers: judges what has not been judged under the configuration that governs the handler,
 * as where mod_dir has exchanged it after authorization. */
int mcp_operations_before_handler(request_rec *r);

#endif
