#include "keyring.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <stdlib.h>
#include <time.h>

#include "../core/issuer.h"

typedef struct {
    const mcp_jwks_t *keys;
    apr_pool_t *pool; /* its own; NULL for the static keys */
    apr_time_t as_of; /* when the fetching of it began */
    unsigned users;   /* under the keyring's lock */
} generation_t;

/* Everything behind lock is read and written with the lock held. */
struct mcp_keyring_t {
    mcp_fetch_options_t fetch;
    bool fetches;       /* constant, as fetch is */
    generation_t fixed; /* the static keys; its keys are NULL when there are none */
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *round_over;
    unsigned rounds;   /* that are over */
    unsigned doubters; /* that wait for a round to be over */
    mcp_issuer_t *issuer;
    generation_t *current; /* NULL until something was fetched */
};

/* The clock of keys: not the wall's, which an admin or NTP may set back. */
static apr_time_t now(void)
{
    struct timespec time = { 0, 0 };

    clock_gettime(CLOCK_MONOTONIC, &time);
    return apr_time_make((apr_time_t)time.tv_sec, time.tv_nsec / 1000);
}

/* A generation must not work on with half its memory; httpd's own pools abort as well. */
static int out_of_memory(int status)
{
    (void)status;
    abort();
}

/* A pool that shares no allocator and no lock with anything. */
static apr_pool_t *make_pool(void)
{
    apr_pool_t *pool;

    if (apr_pool_create_unmanaged_ex(&pool, out_of_memory, NULL) != APR_SUCCESS) {
        abort();
    }
    return pool;
}

static apr_status_t free_current(void *baton)
{
    mcp_keyring_t *ring = baton;

    if (ring->current) {
        apr_pool_destroy(ring->current->pool);
        ring->current = NULL;
    }
    return APR_SUCCESS;
}

mcp_keyring_t *mcp_keyring_create(const mcp_keyring_source_t *source, apr_pool_t *pool)
{
    mcp_gather_source_t where = { source->issuer, source->key_urls, source->static_keys };
    mcp_keyring_t *ring = apr_pcalloc(pool, sizeof(*ring));

    ring->fetch = source->fetch;
    ring->fixed.keys = source->static_keys;
    ring->issuer = mcp_issuer_create(&where, pool);
    ring->fetches = mcp_issuer_fetches(ring->issuer);
    if (apr_thread_mutex_create(&ring->lock, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS ||
        apr_thread_cond_create(&ring->round_over, pool) != APR_SUCCESS) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, ring, free_current, apr_pool_cleanup_null);
    return ring;
}

/* Walk a round to its end, or to the end of its time: a server that hangs costs two timeouts, whatever the number
 * of its URLs. */
static void walk(mcp_gather_t *gather, const mcp_fetch_options_t *fetch, const mcp_log_t *log)
{
    apr_time_t deadline = now() + 2 * fetch->timeout, left;
    const char *url;
    unsigned reach;

    while ((url = mcp_gather_next(&reach, gather)) != NULL && (left = deadline - now()) > 0) {
        mcp_fetch_options_t options = *fetch;
        mcp_answer_t answer;
        apr_pool_t *scratch = make_pool();

        options.timeout = left < fetch->timeout ? left : fetch->timeout;
        mcp_fetch(&answer, url, reach, &options, scratch);
        mcp_gather_deliver(gather, &answer, log);
        apr_pool_destroy(scratch);
    }
}

/* Put a generation in the place of the current one, which goes at once when nobody uses it. With the lock held. */
static void publish(mcp_keyring_t *ring, const mcp_jwks_t *keys, apr_time_t as_of, apr_pool_t *pool)
{
    generation_t *old = ring->current, *fresh = apr_pcalloc(pool, sizeof(*fresh));

    *fresh = (generation_t){ .keys = keys, .pool = pool, .as_of = as_of };
    ring->current = fresh;
    if (old && old->users == 0) {
        apr_pool_destroy(old->pool);
    }
}

/* The round that the issuer gave to this thread. Called and left with the lock held, which is not held meanwhile. */
static void run_round(mcp_keyring_t *ring, const mcp_log_t *log)
{
    apr_pool_t *pool = make_pool();
    mcp_gather_t *gather = mcp_issuer_begin(ring->issuer, pool);
    apr_time_t began = now();

    apr_thread_mutex_unlock(ring->lock);
    walk(gather, &ring->fetch, log);
    apr_thread_mutex_lock(ring->lock);
    if (mcp_issuer_end(ring->issuer, gather, now(), log)) {
        publish(ring, mcp_gather_result(gather)->keys, began, pool);
    } else {
        apr_pool_destroy(pool);
    }
    ring->rounds++;
    apr_thread_cond_broadcast(ring->round_over);
}

/* Wait until the round under way is over, or for so long. With the lock held. */
static void await_round(mcp_keyring_t *ring, apr_interval_time_t longest)
{
    unsigned round = ring->rounds;
    apr_time_t deadline = now() + longest, left;

    while (ring->rounds == round && (left = deadline - now()) > 0) {
        apr_thread_cond_timedwait(ring->round_over, ring->lock, left);
    }
}

static void await_in_doubt(mcp_keyring_t *ring)
{
    if (ring->doubters < MCP_LIMIT_DOUBTERS) {
        ring->doubters++;
        await_round(ring, MCP_LIMIT_DOUBT_WAIT * APR_TIME_C(1000));
        ring->doubters--;
    }
}

/* The generation to go by now, NULL for none. With the lock held. */
static generation_t *pick(mcp_keyring_t *ring)
{
    if (ring->current && mcp_issuer_is_usable(ring->issuer, now())) {
        return ring->current;
    }
    return ring->fixed.keys ? &ring->fixed : NULL;
}

/* Do what the issuer advises. With the lock held. */
static void follow(mcp_keyring_t *ring, mcp_issuer_need_t need, const mcp_log_t *log)
{
    switch (mcp_issuer_ask(ring->issuer, need, now(), log)) {
    case MCP_ISSUER_FETCH:
        run_round(ring, log);
        break;
    case MCP_ISSUER_WAIT:
        if (need == MCP_ISSUER_DOUBT) {
            await_in_doubt(ring);
        } else if (ring->rounds == 0) {
            /* The first round only: later, a server that hangs must not hold every thread with a token of it. */
            await_round(ring, ring->fetch.timeout);
        }
        break;
    case MCP_ISSUER_USE:
    case MCP_ISSUER_DOWN:
        break;
    }
}

static generation_t *hold(generation_t *generation)
{
    if (generation) {
        generation->users++;
    }
    return generation;
}

static generation_t *acquire(mcp_keyring_t *ring, const mcp_log_t *log)
{
    generation_t *generation;

    apr_thread_mutex_lock(ring->lock);
    follow(ring, MCP_ISSUER_ROUTINE, log);
    generation = hold(pick(ring));
    apr_thread_mutex_unlock(ring->lock);
    return generation;
}

/* Give a generation back. With the lock held. */
static void put(mcp_keyring_t *ring, generation_t *generation)
{
    generation->users--;
    if (generation->users == 0 && generation->pool && generation != ring->current) {
        apr_pool_destroy(generation->pool);
    }
}

/* Give a generation back for a newer one: one that came meanwhile, or one that is fetched now. May be the same
 * again. */
static generation_t *exchange(mcp_keyring_t *ring, generation_t *held, const mcp_log_t *log)
{
    generation_t *newer;

    apr_thread_mutex_lock(ring->lock);
    if (pick(ring) == held) {
        follow(ring, MCP_ISSUER_DOUBT, log);
    }
    newer = hold(pick(ring));
    put(ring, held);
    apr_thread_mutex_unlock(ring->lock);
    return newer;
}

/* Give a generation back. Whether it can be said that the issuer has no other keys. */
static bool release(mcp_keyring_t *ring, generation_t *held)
{
    bool whole;

    apr_thread_mutex_lock(ring->lock);
    whole = mcp_issuer_is_whole(ring->issuer, now());
    if (held) {
        put(ring, held);
    }
    apr_thread_mutex_unlock(ring->lock);
    return whole;
}

/* The keys may have been exchanged since, for a new kid or under the same one. */
static bool is_doubtful(mcp_reason_t reason)
{
    return reason == MCP_UNKNOWN_KEY || reason == MCP_SIGNATURE || reason == MCP_ALGORITHM;
}

mcp_reason_t mcp_keyring_verify(mcp_keyring_t *ring, const mcp_jws_t *jws, unsigned algs, const mcp_log_t *log)
{
    apr_time_t arrived;
    generation_t *held;
    mcp_reason_t reason = MCP_KEYS_UNAVAILABLE;

    if (!ring) {
        return MCP_KEYS_UNAVAILABLE;
    }
    if ((jws->alg & algs) == 0) { /* no keys could help it */
        return MCP_ALGORITHM;
    }
    if (!ring->fetches) {
        return mcp_jws_verify(jws, ring->fixed.keys, algs);
    }
    arrived = now();
    if ((held = acquire(ring, log)) != NULL) {
        reason = mcp_jws_verify(jws, held->keys, algs);
    }
    if (held && is_doubtful(reason) && held->as_of < arrived) {
        held = exchange(ring, held, log);
        reason = held ? mcp_jws_verify(jws, held->keys, algs) : MCP_KEYS_UNAVAILABLE;
    }
    if (!release(ring, held) && is_doubtful(reason)) {
        reason = MCP_KEYS_UNAVAILABLE;
    }
    return reason;
}
