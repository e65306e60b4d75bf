/* json.h - the strict way to read JSON that somebody else wrote; the sole caller of json_loadb.
 * Not what the members mean. Values are borrowed from the document, which lives as long as its pool.
 */
#ifndef MCP_JSON_H
#define MCP_JSON_H

#include <jansson.h>

#include "reason.h"

/* Until the pool is cleared, jansson ends the process when memory is out, as httpd's pools do; unless somebody else has
 * given it functions of his own. Its parser (2.14) goes on without the byte that it had no room for: "a" could become "".
 * Before there are threads. */
void mcp_json_guard(apr_pool_t *pool);

/* Parse a whole text. Refused: anything after the value, duplicate members, NUL in strings, bad UTF-8.
 * MCP_OK, MCP_MALFORMED or MCP_DUPLICATE_MEMBER. Integers that do not fit become reals (RFC 8259 6). */
mcp_reason_t mcp_json_parse(json_t **value, mcp_view_t text, apr_pool_t *pool);

/* The same, and the value must be an object. */
mcp_reason_t mcp_json_parse_object(json_t **object, mcp_view_t text, apr_pool_t *pool);

/* A new value (json_object() and the like) that dies with the pool. Aborts the process when memory is out, as APR
 * does. */
json_t *mcp_json_own(json_t *fresh, apr_pool_t *pool);

/* The opposite: from now on the value is the caller's, who must json_decref it. It was made in this pool. */
void mcp_json_disown(json_t *value, apr_pool_t *pool);

/* The bytes of a string value; false and untouched when value is NULL or no string. */
bool mcp_json_string(mcp_view_t *string, const json_t *value);

/* A member by name or dotted path. A member whose whole name is the path wins over a path through objects, so that
 * "https://example.com/roles" and "realm_access.roles" both work. NULL when there is none. */
json_t *mcp_json_path(const json_t *object, mcp_view_t path);

/* Compact text of a value, terminated; NULL when it cannot be written. */
const char *mcp_json_text(const json_t *value, apr_pool_t *pool);

/* Bytes of memory that a value takes, never too few and at most twice what it is, as jansson 2.14 and glibc lay it out;
 * 0 for NULL. A string that was parsed from a text with escapes keeps the memory of the longer text, which the value
 * does not know: the escapes' bytes come on top, never more than the text has; json_deep_copy leaves them behind. */
apr_size_t mcp_json_size(const json_t *value);

#endif
