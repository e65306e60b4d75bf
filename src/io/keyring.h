/* keyring.h - the keys of one issuer as one process sees them: taken from the store that all processes share, parsed
 * once, used by its threads without a lock. Not when keys are due (issuer.h), nor how a signature is checked (jws.h).
 * Keys come in generations. A generation never changes; its memory is used again when no thread is in it any more and
 * newer ones are there.
 */
#ifndef MCP_KEYRING_H
#define MCP_KEYRING_H

#include <apr_global_mutex.h>

#include "../core/jws.h"
#include "fetch.h"
#include "store.h"

typedef struct {
    mcp_issuer_plan_t plan;
    const mcp_jwks_t *static_keys; /* from files; part of every generation. NULL for none */
    mcp_fetch_options_t fetch;
    mcp_store_t *store;       /* in memory that all processes of the server share */
    apr_global_mutex_t *lock; /* for all stores of a server; of this process already (apr_global_mutex_child_init) */
    const char *state_path;   /* where the last good keys are kept, a file; NULL for nowhere */
} mcp_keyring_source_t;

typedef struct mcp_keyring_t mcp_keyring_t;

/* Make the keyring of a process: in a child, before it has threads. Nothing is fetched yet. The pool must outlive
 * every use; what the source points to is borrowed. NULL when the system has no mutex left. */
mcp_keyring_t *mcp_keyring_create(const mcp_keyring_source_t *source, apr_pool_t *pool);

/* Verify a token's signature by the issuer's keys; a key that is not known, and a signature that does not hold, have
 * them fetched anew and verified again, though seldom. algs is the set that the configuration allows. MCP_OK,
 * MCP_ALGORITHM, MCP_UNKNOWN_KEY, MCP_SIGNATURE or, when the keys that would decide cannot be had,
 * MCP_KEYS_UNAVAILABLE. Thread-safe. With keys at hand that are not overdue, a good token waits for nothing and nobody.
 * Without any, callers fetch them or wait for those who do, three times the timeout at most; a caller in doubt waits for a
 * second at most. A ring that could not be made has no keys. *stamp is the number of the keys that the answer is by, see
 * mcp_keyring_stamp. */
mcp_reason_t mcp_keyring_verify(apr_uint64_t *stamp, mcp_keyring_t *ring, const mcp_jws_t *jws, unsigned algs,
                                const mcp_log_t *log);

/* Refresh the keys if they are due: what the background does every second or so. May take twice the timeout. */
void mcp_keyring_refresh(mcp_keyring_t *ring, const mcp_log_t *log);

/* A number for the keys that count now: who was verified with the same number would be verified again. 0 when there are
 * none. Takes no lock. It says nothing of the keys that a verification before or after it goes by. */
apr_uint64_t mcp_keyring_stamp(const mcp_keyring_t *ring);

/* What is counted for the issuer; never NULL. */
mcp_store_counts_t *mcp_keyring_counts(const mcp_keyring_t *ring);

/* The issuer's metadata, when the plan wants it for itself; NULL when it has not been had yet. */
const char *mcp_keyring_metadata(const mcp_keyring_t *ring, apr_pool_t *pool);

/* The clock of keys, in microseconds: not the wall's, which an admin or NTP may set back; the same for all processes. */
apr_time_t mcp_keyring_now(void);

#endif
