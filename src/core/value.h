/* value.h - JSON values as text, for header fields, expressions and rules. Not which claim they are (claims.h).
 */
#ifndef MCP_VALUE_H
#define MCP_VALUE_H

#include "json.h"

/* Strings as they are, integers in decimal, booleans as true and false, arrays of those joined by SP. NULL when the
 * value is absent or of another type. */
const char *mcp_value_text(const json_t *value, apr_pool_t *pool);

/* Whether a value is, or as an array contains, exactly this string, integer or boolean. */
bool mcp_value_contains(const json_t *value, const char *text);

#endif
