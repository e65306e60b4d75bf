/* rpc.h - JSON-RPC 2.0 messages as MCP clients post them: which operation one is, read so strictly that no two programs can
 * read it differently, and the body of a refusal. Not what an operation may do (operation.h), nor what header fields say
 * of it (mirror.h).
 */
#ifndef MCP_RPC_H
#define MCP_RPC_H

#include <apr_tables.h>

#include "reason.h"

typedef enum { MCP_RPC_REQUEST, MCP_RPC_NOTIFICATION, MCP_RPC_RESPONSE } mcp_rpc_kind_t;

/* Views borrow from the body, or are in the pool where the body has escapes. */
typedef struct {
    mcp_rpc_kind_t kind;
    mcp_view_t id;      /* JSON text; data is NULL for a notification */
    mcp_view_t method;  /* "response" for a response */
    mcp_view_t name;    /* what the operation is on; data is NULL where the method knows of none, see mcp_rpc_name_of */
    bool nameless;      /* the method is one of MCP's own that are on nothing */
    mcp_view_t version; /* of the protocol, from params._meta; data is NULL for none */
} mcp_rpc_t;

/* Read a body that is one message. MCP_OK; MCP_BODY_MALFORMED when it is not one JSON text in UTF-8; MCP_BODY_INVALID when it
 * is no message of JSON-RPC 2.0 or one that programs could read differently: a member twice, one that another program
 * takes for a member of the protocol (in other case, or with a letter that folds to ASCII) or whose name has escapes
 * (keys of _meta may), a method or name with blanks at an end or control characters, a dot segment in a URI, an id
 * that is no string and no integer all programs can hold. The message's own members and those of params, its _meta
 * and ref are read; what else is in there is only checked for its form. */
mcp_reason_t mcp_rpc_read(mcp_rpc_t *message, mcp_view_t body, apr_pool_t *pool);

/* Whether a body is a batch, which is for mcp_rpc_read_batch. */
bool mcp_rpc_is_batch(mcp_view_t body);

/* Read a batch of 1 to MCP_LIMIT_RPC_BATCH messages (MCP 2025-03-26) into an array of mcp_rpc_t in the pool. */
mcp_reason_t mcp_rpc_read_batch(apr_array_header_t **messages, mcp_view_t body, apr_pool_t *pool);

/* The id of a request body as JSON text, "null" when it cannot be learned safely: no single object, a body that
 * mcp_rpc_read would not walk to its end, an id that is neither a string of at most MCP_LIMIT_ID bytes nor an integer. */
const char *mcp_rpc_id(mcp_view_t body, apr_pool_t *pool);

/* The body of an error response (JSON-RPC 2.0 5.1). id is JSON text from mcp_rpc_id, or NULL to leave the member out.
 * message is one of the fixed texts of reason.c. */
const char *mcp_rpc_error(const char *id, int code, const char *message, apr_pool_t *pool);

#endif
