/* issue.h - "mcp-token mint": one access token as an authorization server would issue it (RFC 9068), from the words of the user.
 * Not how it is signed (../core/mint.h). Being for trying things out, it also makes tokens that a server must refuse.
 */
#ifndef MCP_ISSUE_H
#define MCP_ISSUE_H

#include "args.h"

extern const mcp_args_option_t mcp_issue_options[];

mcp_args_exit_t mcp_issue_run(const mcp_args_t *args);

#endif
