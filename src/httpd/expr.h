/* expr.h - mcp_claim('name') and mcp_scope('') in every ap_expr, and the variable MCP_SCOPE.
 * Not the rules of Require.
 */
#ifndef MCP_EXPR_H
#define MCP_EXPR_H

#include <ap_expr.h>

/* The expr_lookup hook. */
int mcp_expr_lookup(ap_expr_lookup_parms *parms);

#endif
