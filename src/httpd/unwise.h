/* unwise.h - legal lines that stand together in a way which leaves open what somebody meant to protect; said once when
 * the server starts. Not what a line alone shows, nor .htaccess.
 */
#ifndef MCP_UNWISE_H
#define MCP_UNWISE_H

#include "cmds.h"

/* Look at what stands around a Require line of ours; it is not a negated one. */
void mcp_unwise_require(cmd_parms *cmd);

/* Look at the section that an MCPResource stands in. */
void mcp_unwise_resource(cmd_parms *cmd);

#endif
