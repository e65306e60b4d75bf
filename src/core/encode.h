/* encode.h - claims as values of header fields and variables, and parameters of a form: what may be written at all, and
 * how so that two never look alike. Not which value goes where.
 */
#ifndef MCP_ENCODE_H
#define MCP_ENCODE_H

#include "view.h"

/* Whether the bytes may be written: no control byte (below 0x20, 0x7f), at most MCP_LIMIT_IDENTITY of them. */
bool mcp_encode_is_clean(mcp_view_t value);

/* For a header field: '%', bytes beyond ASCII, and blanks at either end as %XX; the rest as it is (RFC 9110 5.5). */
const char *mcp_encode_header(mcp_view_t value, apr_pool_t *pool);

/* For REMOTE_USER: '%' and control bytes as %XX, the rest as it is. */
char *mcp_encode_user(mcp_view_t value, apr_pool_t *pool);

/* For expressions, which may put it anywhere: control bytes as blanks, the rest as it is. A rule that looks for a word
 * still finds it, and a line end neither begins a field of its own nor is what a '$' passes over. */
const char *mcp_encode_line(const char *text, apr_pool_t *pool);

/* For a parameter of a form (application/x-www-form-urlencoded, RFC 6749 B): all but unreserved characters (RFC 3986
 * 2.3) as %XX, so that no value ends a parameter or begins one. */
const char *mcp_encode_form(mcp_view_t value, apr_pool_t *pool);

#endif
