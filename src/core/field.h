/* field.h - names of header fields, as those who get them read them. Not their values (encode.h).
 */
#ifndef MCP_FIELD_H
#define MCP_FIELD_H

#include "view.h"

/* Whether two names are one for a backend that folds as CGI, PHP or WSGI do: case, and any punctuation as '_'. */
bool mcp_field_is_same(mcp_view_t name, const char *other);

/* Whether a field says what a request is, or what MCP clients say of themselves, so that no claim may set it. */
bool mcp_field_is_reserved(const char *name);

/* Whether a variable is what SetEnvIf and its like make of Authorization for CGI, after any number of internal
 * redirects. */
bool mcp_field_is_token_variable(const char *name);

/* Those of the names that a preflight asks for, "" for none, which any MCP client may use beyond a fixed list:
 * ", Mcp-Param-X, ..." or "". */
const char *mcp_field_params(const char *asked, apr_pool_t *pool);

#endif
