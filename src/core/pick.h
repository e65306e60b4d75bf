/* pick.h - the members of a JSON-RPC message that say which operation it is, as they are written. Refuses what programs could
 * read differently; not what the values mean (rpc.h).
 */
#ifndef MCP_PICK_H
#define MCP_PICK_H

#include "reason.h"
#include "walk.h"

/* Members that are looked at, wherever they stand. */
typedef enum {
    MCP_PICK_JSONRPC,
    MCP_PICK_ID,
    MCP_PICK_METHOD,
    MCP_PICK_PARAMS,
    MCP_PICK_RESULT,
    MCP_PICK_ERROR,
    MCP_PICK_NAME,
    MCP_PICK_URI,
    MCP_PICK_TASK_ID,
    MCP_PICK_REF,
    MCP_PICK_REF_TYPE,
    MCP_PICK_REF_NAME,
    MCP_PICK_REF_URI,
    MCP_PICK_META,
    MCP_PICK_VERSION,
    MCP_PICKS
} mcp_pick_t;

/* The values of those members, as they are written; data is NULL for an absent one. */
typedef mcp_view_t mcp_picks_t[MCP_PICKS];

/* Walk through the object that is next. MCP_OK; MCP_BODY_MALFORMED when it is no JSON; MCP_BODY_INVALID when an object that
 * is looked at has a member twice, more than MCP_LIMIT_RPC_MEMBERS, one that a program which ignores case takes for a
 * member of the protocol, or one whose name is written with escapes. _meta is a map: its keys may have escapes, and case
 * tells them apart. The pool is for keys with escapes. */
mcp_reason_t mcp_pick(mcp_picks_t picks, mcp_walk_t *walk, apr_pool_t *pool);

#endif
