/* b64url.h - base64url without padding (RFC 7515 2, RFC 4648 5), one spelling for each value.
 * Not what the bytes are. Decoding refuses padding, blanks, '+', '/', impossible lengths and non-zero unused bits, so
 * that two different texts never stand for one token.
 */
#ifndef MCP_B64URL_H
#define MCP_B64URL_H

#include "view.h"

/* Decode into memory of the pool. False when the text is not canonical; *bytes is then untouched. Empty text is empty
 * bytes. The bytes are followed by a NUL that does not count. */
bool mcp_b64url_decode(mcp_view_t *bytes, mcp_view_t text, apr_pool_t *pool);

/* Encode, terminated. */
const char *mcp_b64url_encode(mcp_view_t bytes, apr_pool_t *pool);

#endif
