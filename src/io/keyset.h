/* keyset.h - an issuer's keys as the threads of one process use them: parsed once from the text that all processes
 * share, in generations, without a lock. Not where the text comes from (store.h, keyring.h).
 * A generation never changes. Its memory is used again when newer ones are there and no thread is in it any more.
 */
#ifndef MCP_KEYSET_H
#define MCP_KEYSET_H

#include "store.h"

typedef struct mcp_keyset_t mcp_keyset_t;

/* A generation in use. */
typedef struct {
    const mcp_jwks_t *keys; /* NULL when there are none yet */
    unsigned number;        /* of the store's text */
    atomic_uint *users;     /* of the generation */
} mcp_keyset_hold_t;

/* Make the keyset of a process, before it has threads. The static keys, or NULL, are part of every generation. The
 * pool must outlive every use; store and static keys are borrowed. NULL when the system has no mutex left. */
mcp_keyset_t *mcp_keyset_create(const mcp_store_t *store, const mcp_jwks_t *static_keys, apr_pool_t *pool);

/* Hold the newest generation. Thread-safe, and without waiting unless it is the first one of the process. What the
 * parser has to say about keys goes to log. */
mcp_keyset_hold_t mcp_keyset_hold(mcp_keyset_t *set, const mcp_log_t *log);

/* Have the newest one read before anybody goes on: for those whom an older one does not help. */
void mcp_keyset_catch_up(mcp_keyset_t *set, const mcp_log_t *log);

/* Give it back. */
void mcp_keyset_release(mcp_keyset_hold_t hold);

#endif
