/* mirror.h - the header fields of a request that mirror its JSON-RPC message (MCP 2026-07-28, streamable HTTP, Request Metadata),
 * and those that say how its body is to be read. Not the message itself (rpc.h).
 */
#ifndef MCP_MIRROR_H
#define MCP_MIRROR_H

#include "rpc.h"

/* Values as httpd has them, several fields of a name joined by commas; NULL for an absent one. */
typedef struct {
    const char *version; /* MCP-Protocol-Version */
    const char *method;  /* Mcp-Method */
    const char *name;    /* Mcp-Name */
} mcp_mirror_t;

/* Compare the fields with the message. MCP_OK or MCP_HEADER_MISMATCH. Since 2026-07-28 a request must have them (Mcp-Name
 * for tools/call, prompts/get and resources/read); earlier ones need not, and notifications need not, but whatever is
 * there must be right. MCP_BODY_INVALID for a response in a revision that knows of none. */
mcp_reason_t mcp_mirror_check(const mcp_rpc_t *message, const mcp_mirror_t *mirror, apr_pool_t *pool);

/* The same for a batch, which no field can mirror, and which only 2025-03-26 knows of. */
mcp_reason_t mcp_mirror_check_batch(const apr_array_header_t *messages, const mcp_mirror_t *mirror);

/* Whether a header field is not one that says what the message is, but some backends take it for one, as they fold
 * case and any punctuation ("Mcp_Name"). */
bool mcp_mirror_is_twin(const char *field);

/* Whether a Connection field, NULL for none, names a field that says what the message is or how its body is to be read: who
 * passes the request on would leave that out (RFC 9110 7.6.1). */
bool mcp_mirror_is_dropped(const char *connection);

/* Whether the body is JSON in UTF-8: application/json, with charset=utf-8 or no parameter (RFC 8259 11). */
bool mcp_mirror_is_json(const char *content_type);

/* Whether the body is as it is: no Content-Encoding, or identity. */
bool mcp_mirror_is_plain(const char *content_encoding);

#endif
