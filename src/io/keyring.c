#include "keyring.h"

#include <openssl/rand.h>
#include <time.h>

#include "keyset.h"
#include "ownpool.h"
#include "writefile.h"

/* One that goes on while the machine sleeps, where there is one. */
#ifdef CLOCK_BOOTTIME
#define CLOCK_OF_KEYS CLOCK_BOOTTIME
#else
#define CLOCK_OF_KEYS CLOCK_MONOTONIC
#endif

/* Between two looks at whether a round is over. */
#define NAP APR_TIME_C(5000)

struct mcp_keyring_t {
    mcp_keyring_source_t source; /* constant */
    mcp_keyset_t *keyset;        /* NULL when nothing is fetched */
};

apr_time_t mcp_keyring_now(void)
{
    struct timespec time = { 0, 0 };

    clock_gettime(CLOCK_OF_KEYS, &time);
    return apr_time_make((apr_time_t)time.tv_sec, time.tv_nsec / 1000);
}

static apr_uint16_t chance(void)
{
    unsigned char bytes[2] = { 0, 0 };

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return 0;
    }
    return (apr_uint16_t)(bytes[0] << 8 | bytes[1]);
}

mcp_keyring_t *mcp_keyring_create(const mcp_keyring_source_t *source, apr_pool_t *pool)
{
    mcp_keyring_t *ring = apr_pcalloc(pool, sizeof(*ring));

    ring->source = *source;
    if (mcp_issuer_fetches(&source->plan)) {
        ring->keyset = mcp_keyset_create(source->store, source->static_keys, pool);
        return ring->keyset ? ring : NULL;
    }
    return ring;
}

/* Walk a round to its end, or to the end of its time: a server that hangs costs two timeouts, whatever the number
 * of its URLs. */
static void walk(mcp_gather_t *gather, const mcp_fetch_options_t *fetch, const mcp_log_t *log)
{
    apr_time_t deadline = mcp_keyring_now() + 2 * fetch->timeout, left;
    const char *url;
    unsigned reach;

    while ((url = mcp_gather_next(&reach, gather)) != NULL && (left = deadline - mcp_keyring_now()) > 0) {
        mcp_fetch_options_t options = *fetch;
        mcp_answer_t answer;
        apr_pool_t *scratch = mcp_ownpool_create();

        options.timeout = left < fetch->timeout ? left : fetch->timeout;
        mcp_fetch(&answer, &(mcp_fetch_request_t){ .url = url, .reach = reach }, &options, scratch);
        mcp_gather_deliver(gather, &answer, log);
        apr_pool_destroy(scratch);
    }
}

static void note_trouble(mcp_store_t *store, const mcp_gather_result_t *result)
{
    apr_cpystrn(store->trouble, *result->problems ? result->problems : "no answer in time", sizeof(store->trouble));
    store->trouble_at = apr_time_now();
    mcp_store_count(&store->counts.failures);
}

/* A round, what it leads to, and when it began. */
typedef struct {
    const mcp_issuer_round_t *round;
    const char *keys; /* as a text */
    int count;
    apr_time_t began;
} outcome_t;

/* End a round in the store. True when its keys are published; before their times are. With the lock held. */
static bool settle(mcp_keyring_t *ring, const outcome_t *outcome, const mcp_log_t *log)
{
    mcp_store_t *store = ring->source.store;
    const mcp_gather_result_t *result = mcp_gather_result(outcome->round->gather);
    mcp_issuer_moment_t moment = { mcp_keyring_now(), chance() };
    bool published = false;

    mcp_store_begin_change(store);
    if (mcp_issuer_end(&store->issuer, &ring->source.plan, outcome->round, moment, log) &&
        mcp_store_publish_keys(store, outcome->keys, outcome->count)) {
        atomic_store(&store->fetched_from, outcome->began);
        published = true;
    }
    if (store->issuer.failures > 0) {
        note_trouble(store, result);
    }
    if (result->metadata) {
        mcp_store_publish_metadata(store, result->metadata);
    }
    mcp_store_end_change(store, &ring->source.plan);
    return published;
}

/* Keep what was fetched for the next start. There all of it is as old as the oldest. */
static void save(const mcp_keyring_t *ring, const char *keys, const mcp_log_t *log, apr_pool_t *pool)
{
    const mcp_store_t *store = ring->source.store;
    mcp_snapshot_t snapshot = {
        .identity = store->identity,
        .issuer = ring->source.plan.source.issuer,
        .fetched = apr_time_now() - (mcp_keyring_now() - atomic_load(&store->oldest)),
        .keys = keys,
        .metadata = mcp_store_metadata(store, pool),
    };
    const char *text = mcp_snapshot_write(&snapshot, pool);
    apr_status_t status = text ? mcp_writefile(ring->source.state_path, mcp_view_of(text), pool) : APR_EGENERAL;
    char words[120];

    if (status != APR_SUCCESS) {
        mcp_log(log, MCP_LOG_ERROR, "MCP0107", "issuer \"%s\": its keys cannot be kept in %s: %s",
                ring->source.plan.source.issuer, ring->source.state_path, apr_strerror(status, words, sizeof(words)));
    }
}

static bool lock(const mcp_keyring_t *ring)
{
    return apr_global_mutex_lock(ring->source.lock) == APR_SUCCESS;
}

static void unlock(const mcp_keyring_t *ring)
{
    apr_global_mutex_unlock(ring->source.lock);
}

/* Whether this process ends, and its rounds with it: that is no fault of the issuer's. */
static bool is_stopping(const mcp_keyring_t *ring)
{
    return ring->source.fetch.stop && atomic_load(ring->source.fetch.stop);
}

/* Make a round that was begun, and end it. */
static void finish_round(mcp_keyring_t *ring, const mcp_issuer_round_t *round, apr_time_t began, const mcp_log_t *log,
                         apr_pool_t *pool)
{
    mcp_store_t *store = ring->source.store;
    unsigned generation;
    bool published = false;
    mcp_keysets_t sets;
    outcome_t outcome = { .round = round, .began = began };

    walk(round->gather, &ring->source.fetch, log);
    mcp_store_count(&store->counts.fetches);
    sets = mcp_issuer_keys(round, mcp_store_keys(store, &generation, pool), pool); /* nobody else publishes meanwhile */
    outcome.keys = mcp_keysets_text(&sets, pool);
    outcome.count = mcp_keysets_count(&sets);
    if (lock(ring)) {
        published = settle(ring, &outcome, is_stopping(ring) ? NULL : log);
        unlock(ring);
    }
    atomic_fetch_add(&store->rounds, 1);
    if (published && ring->source.state_path) {
        save(ring, outcome.keys, log, pool);
    }
}

/* The round that the issuer gave to this thread. */
static void run_round(mcp_keyring_t *ring, const mcp_log_t *log)
{
    apr_pool_t *pool = mcp_ownpool_create();
    apr_time_t began = mcp_keyring_now();

    if (lock(ring)) {
        mcp_issuer_round_t round = mcp_issuer_begin(&ring->source.store->issuer, &ring->source.plan, began, pool);

        unlock(ring);
        finish_round(ring, &round, began, log, pool);
    } else {
        atomic_fetch_add(&ring->source.store->rounds, 1); /* nobody waits for a round that nobody makes */
    }
    apr_pool_destroy(pool);
}

/* Wait until the round under way is over, wherever it is made, or for so long. */
static void await_round(const mcp_keyring_t *ring, apr_interval_time_t longest)
{
    unsigned round = atomic_load(&ring->source.store->rounds);
    apr_time_t deadline = mcp_keyring_now() + longest;

    while (atomic_load(&ring->source.store->rounds) == round && mcp_keyring_now() < deadline) {
        apr_sleep(NAP);
    }
}

static void await_in_doubt(mcp_keyring_t *ring)
{
    if (atomic_fetch_add(&ring->source.store->doubters, 1) < MCP_LIMIT_DOUBTERS) {
        await_round(ring, MCP_LIMIT_DOUBT_WAIT * APR_TIME_C(1000));
    }
    atomic_fetch_sub(&ring->source.store->doubters, 1);
}

static mcp_issuer_advice_t ask(mcp_keyring_t *ring, mcp_issuer_need_t need, const mcp_log_t *log)
{
    mcp_store_t *store = ring->source.store;
    mcp_issuer_advice_t advice;

    if (!lock(ring)) { /* without a lock nobody fetches */
        return MCP_ISSUER_DOWN;
    }
    mcp_store_begin_change(store);
    advice = mcp_issuer_ask(&store->issuer, &ring->source.plan, need, mcp_keyring_now(), log);
    mcp_store_end_change(store, &ring->source.plan);
    unlock(ring);
    return advice;
}

/* Ask, and do what the issuer advises. */
static void get_keys(mcp_keyring_t *ring, mcp_issuer_need_t need, const mcp_log_t *log)
{
    switch (ask(ring, need, log)) {
    case MCP_ISSUER_FETCH:
        run_round(ring, log);
        break;
    case MCP_ISSUER_WAIT:
        if (need == MCP_ISSUER_DOUBT) {
            await_in_doubt(ring);
        } else if (atomic_load(&ring->source.store->rounds) == 0) {
            /* The first round only: later, a server that hangs must not hold every thread with a token of it. */
            await_round(ring, ring->source.fetch.timeout);
        }
        break;
    case MCP_ISSUER_USE:
    case MCP_ISSUER_DOWN:
        break;
    }
}

static bool is_usable(const mcp_keyring_t *ring, apr_time_t now)
{
    return now < atomic_load(&ring->source.store->usable_until);
}

/* The keys to go by now: what was fetched, static ones among it, or the static ones alone. */
static mcp_keyset_hold_t hold(mcp_keyring_t *ring, const mcp_log_t *log)
{
    mcp_keyset_hold_t held = { NULL, 0, NULL };

    if (is_usable(ring, mcp_keyring_now())) {
        held = mcp_keyset_hold(ring->keyset, log);
    }
    if (!held.keys) {
        held.keys = ring->source.static_keys;
    }
    return held;
}

/* Fetch what is missing or long overdue. In the steady state two comparisons, because the background was faster. */
static void provide(mcp_keyring_t *ring, const mcp_log_t *log)
{
    apr_time_t now = mcp_keyring_now(), late = now - atomic_load(&ring->source.store->due_at);

    if (late >= (is_usable(ring, now) ? apr_time_from_sec(MCP_LIMIT_OVERDUE) : 0)) {
        get_keys(ring, MCP_ISSUER_DEMAND, log);
    }
}

/* The keys may have been exchanged since, for a new kid or under the same one. */
static bool is_doubtful(mcp_reason_t reason)
{
    return reason == MCP_UNKNOWN_KEY || reason == MCP_SIGNATURE || reason == MCP_ALGORITHM;
}

/* Have the keys fetched again, unless they were since the token arrived. */
static void reconsider(mcp_keyring_t *ring, apr_time_t arrived, const mcp_log_t *log)
{
    const mcp_store_t *store = ring->source.store;

    if (atomic_load(&store->fetched_from) < arrived && mcp_keyring_now() >= atomic_load(&store->doubt_from)) {
        get_keys(ring, MCP_ISSUER_DOUBT, log);
    }
}

static mcp_reason_t verify(const mcp_jwks_t *keys, const mcp_jws_t *jws, unsigned algs)
{
    return keys ? mcp_jws_verify(jws, keys, algs) : MCP_KEYS_UNAVAILABLE;
}

/* A token that these keys do not verify may be good all the same, unless they are all that the issuer has. */
static mcp_reason_t judge(mcp_reason_t reason, const mcp_jwks_t *keys, bool whole)
{
    return is_doubtful(reason) && !(whole && keys && !keys->cut) ? MCP_KEYS_UNAVAILABLE : reason;
}

#define STAMP_OF_STATIC 2

static apr_uint64_t stamp_of_fetched(unsigned generation)
{
    return (apr_uint64_t)generation << 1 | 1;
}

/* Of the keys that are held, which may be older than those of the store: another thread may be reading the newer. */
static apr_uint64_t stamp_of(const mcp_keyset_hold_t *held)
{
    return held->users ? stamp_of_fetched(held->number) : STAMP_OF_STATIC;
}

static mcp_reason_t verify_fetched(apr_uint64_t *stamp, mcp_keyring_t *ring, const mcp_jws_t *jws, unsigned algs,
                                   const mcp_log_t *log)
{
    apr_time_t arrived = mcp_keyring_now();
    mcp_keyset_hold_t held;
    mcp_reason_t reason;

    provide(ring, log);
    held = hold(ring, log);
    reason = verify(held.keys, jws, algs);
    *stamp = stamp_of(&held);
    mcp_keyset_release(held);
    if (is_doubtful(reason)) {
        unsigned before = held.number;
        bool whole;

        reconsider(ring, arrived, log);
        mcp_keyset_catch_up(ring->keyset, log);
        held = hold(ring, log);
        whole = atomic_load(&ring->source.store->complete) && is_usable(ring, mcp_keyring_now());
        reason = judge(held.number == before ? reason : verify(held.keys, jws, algs), held.keys, whole);
        *stamp = stamp_of(&held);
        mcp_keyset_release(held);
    }
    return reason;
}

mcp_reason_t mcp_keyring_verify(apr_uint64_t *stamp, mcp_keyring_t *ring, const mcp_jws_t *jws, unsigned algs,
                                const mcp_log_t *log)
{
    *stamp = STAMP_OF_STATIC;
    if (!ring) {
        return MCP_KEYS_UNAVAILABLE;
    }
    if ((jws->alg & algs) == 0) { /* no keys could help it */
        return MCP_ALGORITHM;
    }
    return ring->keyset ? verify_fetched(stamp, ring, jws, algs, log)
                        : judge(verify(ring->source.static_keys, jws, algs), ring->source.static_keys, true);
}

void mcp_keyring_refresh(mcp_keyring_t *ring, const mcp_log_t *log)
{
    if (ring->keyset) {
        get_keys(ring, MCP_ISSUER_ROUTINE, log);
    }
}

apr_uint64_t mcp_keyring_stamp(const mcp_keyring_t *ring)
{
    if (ring->keyset && is_usable(ring, mcp_keyring_now())) {
        return stamp_of_fetched(atomic_load(&ring->source.store->keys.generation));
    }
    return ring->source.static_keys ? STAMP_OF_STATIC : 0;
}

const char *mcp_keyring_metadata(const mcp_keyring_t *ring, apr_pool_t *pool)
{
    return mcp_store_metadata(ring->source.store, pool);
}

mcp_store_counts_t *mcp_keyring_counts(const mcp_keyring_t *ring)
{
    return &ring->source.store->counts;
}
