/* tokencache.h - what one process knows of tokens that were verified: their facts, who vouched for them, and until when
 * that holds. Never a verdict: whoever finds facts here judges them anew. Not how a token is verified.
 * Bounded in bytes; what was used least lately goes first. In this process's memory only, and nowhere else.
 */
#ifndef MCP_TOKENCACHE_H
#define MCP_TOKENCACHE_H

#include "../core/claims.h"

typedef struct mcp_tokencache_t mcp_tokencache_t;

/* A token means one thing to one set of issuers: under another set it may be verified by other rules. */
typedef struct {
    mcp_view_t token;
    const void *owner; /* the set of issuers, as an address that stays theirs */
} mcp_tokencache_key_t;

typedef struct {
    const mcp_claims_t *facts;
    const void *voucher; /* whose token it is, among the owner's */
    apr_uint64_t stamp;  /* of what the voucher has verified it with; another stamp makes the facts worthless */
    apr_time_t until;    /* on the clock of keys, when the facts end before the token does; 0 when they do not */
} mcp_known_t;

/* Make the cache of a process, before it has threads. Its entries take at most so many bytes, as far as can be
 * counted. NULL when there is no randomness or no mutex left. */
mcp_tokencache_t *mcp_tokencache_create(apr_size_t bytes, apr_pool_t *pool);

/* What is known of a token; false for nothing. The facts stay until the pool is cleared. Thread-safe. */
bool mcp_tokencache_find(mcp_known_t *known, mcp_tokencache_t *cache, const mcp_tokencache_key_t *key,
                         apr_pool_t *pool);

/* Remember a token. payload_pool is the pool that owns the payload of known->facts. Of a payload without its text the tree
 * becomes the cache's, and known->facts become its copy, which stays until that pool is cleared. What is too large is
 * left as it is. Thread-safe. */
void mcp_tokencache_add(mcp_known_t *known, mcp_tokencache_t *cache, const mcp_tokencache_key_t *key,
                        apr_pool_t *payload_pool);

typedef struct {
    apr_size_t entries, bytes;
} mcp_tokencache_size_t;

mcp_tokencache_size_t mcp_tokencache_size(const mcp_tokencache_t *cache);

#endif
