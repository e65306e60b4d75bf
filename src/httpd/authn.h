/* authn.h - the check_user_id hook: from the Authorization field to verified facts, judged under this request's
 * configuration. Not what the facts allow (authz.h).
 */
#ifndef MCP_AUTHN_H
#define MCP_AUTHN_H

#include "request.h"

/* Hook. DECLINED where AuthType MCP does not govern. */
int mcp_authn_check_user_id(request_rec *r);

#endif
