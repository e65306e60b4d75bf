/* payload.h - all that a token says, for as long as it is remembered. Not what its claims mean (claims.h).
 * What is kept is the text, one piece of memory instead of a hundred; the tree is made of it when somebody asks for a
 * claim, and then kept as well.
 */
#ifndef MCP_PAYLOAD_H
#define MCP_PAYLOAD_H

#include <stdatomic.h>

#include "json.h"

typedef struct {
    mcp_view_t text;        /* data is NULL when there is only the tree */
    _Atomic(json_t *) tree; /* an object; NULL until it is asked for */
} mcp_payload_t;

/* The tree. It lives as long as the payload is not released. The text is one that was parsed as an object before, and is
 * parsed with the same result; when that cannot be, for there is no memory, the process ends. Thread-safe. */
const json_t *mcp_payload_tree(mcp_payload_t *payload);

/* Give up the tree, of a payload that owns it. */
void mcp_payload_release(mcp_payload_t *payload);

#endif
