/* store.h - what all processes of a server share about one issuer: its state, its keys, its metadata, and counters.
 * Not who may change the state when (keyring.h), nor where the memory comes from. No pointer lies in it.
 * A text that is published stays readable, without a lock, while the next one is being written.
 */
#ifndef MCP_STORE_H
#define MCP_STORE_H

#include <stdatomic.h>

#include "../core/inquiry.h"
#include "../core/issuer.h"
#include "../core/snapshot.h"

#define MCP_STORE_TROUBLE 256

/* Two places for a text; the generation says which one counts: its lowest bit. 0 for nothing yet. */
typedef struct {
    atomic_uint generation;
    atomic_size_t len[2];
} mcp_store_shelf_t;

/* What happened, since the server was started or last restarted. */
typedef struct {
    atomic_ullong verified;   /* signatures that were right */
    atomic_ullong cached;     /* tokens that were known to be verified */
    atomic_ullong fetches;    /* rounds of fetching */
    atomic_ullong failures;   /* of those, rounds that brought less than they should */
    atomic_ullong asked;      /* tokens that were introspected */
    atomic_ullong unanswered; /* of those, without a usable answer */
    atomic_ullong inactive;   /* of those, not active */
    atomic_ullong shared;     /* results that another process or an earlier request had got */
    atomic_ullong latency;    /* of introspection, the sum in microseconds, */
    atomic_ullong slowest;    /* and the longest */
} mcp_store_counts_t;

/* What happened in the whole server: refusals by reason. */
typedef struct {
    atomic_ullong refused[MCP_REASON_COUNT];
} mcp_store_tally_t;

/* The state of an issuer, as it is after a change. */
typedef struct {
    mcp_issuer_t issuer;
    char trouble[MCP_STORE_TROUBLE];
    apr_time_t trouble_at;
} mcp_store_state_t;

typedef struct {
    char identity[MCP_DIGEST_TEXT];
    mcp_issuer_t issuer;             /* behind the keyring's lock, as the next two */
    char trouble[MCP_STORE_TROUBLE]; /* the last failure, for the operator; "" for none */
    apr_time_t trouble_at;           /* wall clock */
    atomic_uint changes;             /* odd while they are being changed */
    /* The three as the last change left them, for those without the lock. */
    atomic_char shown[sizeof(mcp_store_state_t)];
    atomic_int doubters;       /* requests that wait for a round out of doubt, see MCP_LIMIT_DOUBTERS */
    atomic_uint rounds;        /* that are over */
    atomic_int keys_count;     /* published */
    atomic_bool complete;      /* they are all there are */
    atomic_llong fetched_from; /* when the fetching of the keys began; 0 for never */
    atomic_llong usable_until; /* what mcp_issuer_times says, readable without the lock */
    atomic_llong due_at;
    atomic_llong doubt_from;
    atomic_llong oldest;
    mcp_inquiry_t inquiry; /* behind the lock as well */
    atomic_llong told_at;  /* when trouble with introspection was last in the log; 0 for never */
    mcp_store_counts_t counts;
    mcp_store_shelf_t keys, metadata;
    atomic_char keys_text[2][MCP_LIMIT_KEYS_TEXT];
    atomic_char metadata_text[2][MCP_LIMIT_MIRROR];
} mcp_store_t;

/* Make an empty one in zeroed memory. Of its size only what is used costs memory. */
void mcp_store_init(mcp_store_t *store, const char *identity);

/* Take over what an earlier run of the server has left, before any process uses it; it was fetched at that time of the
 * clock of keys. False when there is no usable key in it. */
bool mcp_store_restore(mcp_store_t *store, const mcp_issuer_plan_t *plan, const mcp_snapshot_t *snapshot,
                       apr_time_t loaded_at);

/* Take over from the store of the configuration that is being replaced, which processes may still be using. False
 * when that one was never at rest. */
bool mcp_store_succeed(mcp_store_t *store, const mcp_issuer_plan_t *plan, const mcp_store_t *old, apr_time_t now);

/* Around every change to the issuer, with the keyring's lock held; the end makes it visible to those without it. */
void mcp_store_begin_change(mcp_store_t *store);
void mcp_store_end_change(mcp_store_t *store, const mcp_issuer_plan_t *plan);

/* Publish keys, a text as keysets.h has it with so many of them. A text that is there already stays the same generation. False when it
 * is too long. With the keyring's lock held. */
bool mcp_store_publish_keys(mcp_store_t *store, const char *text, int count);
bool mcp_store_publish_metadata(mcp_store_t *store, const char *text);

/* A copy of the published text and its generation; NULL when there is none. No lock is needed. */
const char *mcp_store_keys(const mcp_store_t *store, unsigned *generation, apr_pool_t *pool);
const char *mcp_store_metadata(const mcp_store_t *store, apr_pool_t *pool);

/* Take over what another configuration has counted. */
void mcp_store_take_tally(mcp_store_tally_t *tally, const mcp_store_tally_t *old);

/* The last trouble of an issuer, in memory of the pool, and when that was; "" for none. No lock is needed. */
const char *mcp_store_trouble(const mcp_store_t *store, apr_time_t *at, apr_pool_t *pool);

/* Count one more. */
static inline void mcp_store_count(atomic_ullong *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

#endif
