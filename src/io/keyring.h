/* keyring.h - the keys of one issuer in one process, shared by its threads, fetched when a token asks for them.
 * Not when they are due (issuer.h), nor how a signature is checked (jws.h).
 * Keys come in generations. A generation never changes; it goes when the last thread that uses it is done and a
 * newer one is there.
 */
#ifndef MCP_KEYRING_H
#define MCP_KEYRING_H

#include "../core/jws.h"
#include "fetch.h"

typedef struct {
    const char *issuer;
    const apr_array_header_t *key_urls; /* of const char *; without any and static keys, they are discovered */
    const mcp_jwks_t *static_keys;      /* from files; part of every generation. NULL for none */
    mcp_fetch_options_t fetch;
} mcp_keyring_source_t;

typedef struct mcp_keyring_t mcp_keyring_t;

/* Make the keyring of a process: in a child, before it has threads. Nothing is fetched yet. The pool must outlive
 * every use; what the source points to is borrowed. NULL when the system has no mutex left. */
mcp_keyring_t *mcp_keyring_create(const mcp_keyring_source_t *source, apr_pool_t *pool);

/* Verify a token's signature by the issuer's keys, fetching them when due; a key that is not known, and a
 * signature that does not hold, have them fetched anew and verified again, though seldom. algs is the set that the
 * configuration allows. MCP_OK, MCP_ALGORITHM, MCP_UNKNOWN_KEY, MCP_SIGNATURE or, when the keys that would decide
 * cannot be had, MCP_KEYS_UNAVAILABLE. Thread-safe. The caller that finds the keys due, and callers before the first round
 * is over, wait for the network, three times the timeout at most; a caller in doubt waits for a second at most. A ring
 * that could not be made has no keys. */
mcp_reason_t mcp_keyring_verify(mcp_keyring_t *ring, const mcp_jws_t *jws, unsigned algs, const mcp_log_t *log);

#endif
