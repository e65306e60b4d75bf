/* keysets.h - the usable keys of an issuer by the URL that gave them, and as one text that all processes and the next
 * start read. Not which URL is asked when (gather.h), nor how long its keys count (issuer.h).
 */
#ifndef MCP_KEYSETS_H
#define MCP_KEYSETS_H

#include "jwk.h"

/* What each URL gave, by its number: a JWK Set in memory of a pool, NULL for nothing. An issuer without configured URLs
 * has one, of the number 0. */
typedef struct {
    json_t *of[MCP_LIMIT_KEY_URLS];
} mcp_keysets_t;

/* Put in what a URL gave, in memory of the keys' pool. */
void mcp_keysets_put(mcp_keysets_t *sets, int number, const mcp_jwks_t *keys);

/* The numbers of the URLs that gave something, each a bit. */
unsigned mcp_keysets_numbers(const mcp_keysets_t *sets);

/* How many keys there are, as far as there is room for them. */
int mcp_keysets_count(const mcp_keysets_t *sets);

/* Replace by what is newer, and drop what neither is nor is to be kept. */
void mcp_keysets_renew(mcp_keysets_t *sets, const mcp_keysets_t *newer, unsigned keep);

/* All of it as a text. */
const char *mcp_keysets_text(const mcp_keysets_t *sets, apr_pool_t *pool);

/* Read such a text; a mere JWK Set is that of the first URL. False when it is neither. */
bool mcp_keysets_read(mcp_keysets_t *sets, mcp_view_t text, apr_pool_t *pool);

/* Add the keys of such a text to others, in the order of the URLs, as far as there is room. False when there are none. */
bool mcp_keysets_add(mcp_jwks_t *keys, mcp_view_t text, const mcp_log_t *log);

#endif
