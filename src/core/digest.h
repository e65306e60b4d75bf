/* digest.h - SHA-256 as a name: the tag a token has in the log, and a document's validator.
 * Not for keys or secrets. A tag is enough to follow one token through a log, too little to find the token again.
 */
#ifndef MCP_DIGEST_H
#define MCP_DIGEST_H

#include "view.h"

#define MCP_DIGEST_TAG 9 /* 8 hex digits and a NUL */

/* Write the tag of the bytes. "????????" when the digest cannot be had. */
void mcp_digest_tag(char tag[MCP_DIGEST_TAG], mcp_view_t bytes);

#define MCP_DIGEST_TEXT 33 /* 32 hex digits and a NUL */

/* Write the first 128 bits of the digest. Ends the process when it cannot be had: two things would have one name. */
void mcp_digest_text(char text[MCP_DIGEST_TEXT], mcp_view_t bytes);

#endif
