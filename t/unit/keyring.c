/* One keyring, several threads, and an authorization server that rotates, hangs, fails and comes back. */
#include <apr_general.h>
#include <pthread.h>
#include <time.h>

#include "../../src/io/keyring.h"
#include "../../src/io/keyset.h"
#include "../../src/io/readfile.h"
#include "../lib/loopback.h"
#include "../lib/notebook.h"
#include "../lib/signer.h"
#include "../lib/tap.h"

#define THREADS 24

static loopback_t *server;
static signer_t a, b, forger;
static apr_pool_t *everything; /* for as long as the tests run */

static double seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static const char *url_of(const char *path, apr_pool_t *pool)
{
    return apr_psprintf(pool, "http://127.0.0.1:%u%s", server->port, path);
}

/* What a server has: memory that its processes share, and a lock over it. */
static mcp_keyring_source_t make_source(const char *issuer, const char *url, const mcp_jwks_t *fixed,
                                        apr_interval_time_t timeout, apr_pool_t *pool)
{
    static apr_global_mutex_t *lock;
    apr_array_header_t *urls = apr_array_make(pool, 1, sizeof(const char *));
    mcp_keyring_source_t source = {
        .plan = { .source = { .issuer = issuer, .key_urls = urls, .discovers = !url && !fixed },
                  .has_static = fixed != NULL,
                  .refresh = apr_time_from_sec(300),
                  .throttle = apr_time_from_sec(30),
                  .lease = 3 * timeout },
        .static_keys = fixed,
        .fetch = { .timeout = timeout },
        .store = mmap(NULL, sizeof(mcp_store_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
    };

    if (source.store == MAP_FAILED ||
        (!lock && apr_global_mutex_create(&lock, NULL, APR_LOCK_DEFAULT, everything) != APR_SUCCESS)) {
        abort();
    }
    source.lock = lock;
    mcp_store_init(source.store, "0123456789abcdef0123456789abcdef");
    if (url) {
        APR_ARRAY_PUSH(urls, const char *) = url;
    }
    return source;
}

static mcp_keyring_t *make_ring(const char *path, const mcp_jwks_t *fixed, apr_interval_time_t timeout,
                                apr_pool_t *pool)
{
    mcp_keyring_source_t source = make_source(url_of("", pool), path ? url_of(path, pool) : NULL, fixed, timeout, pool);

    return mcp_keyring_create(&source, pool);
}

static mcp_jws_t parse(const char *token, apr_pool_t *pool)
{
    mcp_jws_t jws;

    if (mcp_jws_parse(&jws, mcp_view_of(token), pool) != MCP_OK) {
        abort();
    }
    return jws;
}

static mcp_reason_t verify(mcp_keyring_t *ring, const signer_t *signer, const char *kid, apr_pool_t *pool)
{
    mcp_log_t log = notebook_open();
    mcp_jws_t jws = parse(signer_token(signer, kid, pool), pool);
    apr_uint64_t stamp;

    return mcp_keyring_verify(&stamp, ring, &jws, MCP_ALGS_PUBLIC, &log);
}

/* A path of its own for each test, so that what it counts is its own. */
static loopback_route_t *serve(const char *path, const signer_t *signer, apr_pool_t *pool)
{
    return loopback_json(server, path, signer_jwks(signer, pool));
}

static int hits(const loopback_route_t *route)
{
    return atomic_load(&route->hits);
}

static void test_discovery(apr_pool_t *pool)
{
    mcp_keyring_t *ring = make_ring(NULL, NULL, apr_time_from_sec(5), pool);
    loopback_route_t *route = serve("/discovered", &a, pool);

    loopback_json(
        server, "/.well-known/openid-configuration",
        apr_psprintf(pool, "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}", url_of("", pool), url_of("/discovered", pool)));
    is_int(verify(ring, &a, "a", pool), MCP_OK, "keys are discovered");
    is_int(verify(ring, &a, "a", pool), MCP_OK, "and kept");
    is_int(hits(route), 1, "with one fetch");
    loopback_json(
        server, "/.well-known/openid-configuration",
        apr_psprintf(pool, "{\"issuer\":\"https://evil.example\",\"jwks_uri\":\"%s\"}", url_of("/discovered", pool)));
    ring = make_ring(NULL, NULL, apr_time_from_sec(5), pool);
    is_int(verify(ring, &a, "a", pool), MCP_KEYS_UNAVAILABLE, "metadata of another issuer is none");
    is_int(hits(route), 1, "and not followed");
}

static void test_verdicts(apr_pool_t *pool)
{
    mcp_keyring_t *ring = make_ring("/verdicts", NULL, apr_time_from_sec(5), pool);
    loopback_route_t *route = serve("/verdicts", &a, pool);
    mcp_jws_t jws = parse(signer_token(&a, "a", pool), pool);
    apr_uint64_t stamp;

    is_int(mcp_keyring_verify(&stamp, NULL, &jws, MCP_ALGS_PUBLIC, NULL), MCP_KEYS_UNAVAILABLE,
           "no keyring has no keys");
    is_int(mcp_keyring_verify(&stamp, ring, &jws, MCP_RS256, NULL), MCP_ALGORITHM, "an algorithm that is not allowed");
    is_int(hits(route), 0, "needs no keys");
    is_int(verify(ring, &a, "x", pool), MCP_UNKNOWN_KEY, "an unknown kid first of all");
    is_int(hits(route), 1, "is judged by keys that are fresh from the fetch it caused");
    is_int(verify(ring, &a, "a", pool), MCP_OK, "a good token");
    is_int(verify(ring, &forger, "a", pool), MCP_SIGNATURE, "a bad signature");
    is_int(hits(route), 2, "has the keys fetched again");
    is_int(verify(ring, &forger, "a", pool), MCP_SIGNATURE, "another one");
    is_int(verify(ring, &forger, "y", pool), MCP_UNKNOWN_KEY, "and an unknown kid");
    is_int(hits(route), 2, "have not");
    is_int(verify(ring, &a, "a", pool), MCP_OK, "a good token is still good");
}

static void test_rotation(apr_pool_t *pool)
{
    mcp_keyring_t *ring = make_ring("/rotation", NULL, apr_time_from_sec(5), pool);
    loopback_route_t *route = serve("/rotation", &a, pool);
    signer_t successor = { b.pkey, "a" };

    is_int(verify(ring, &a, "a", pool), MCP_OK, "the old key");
    serve("/rotation", &b, pool);
    is_int(verify(ring, &b, "b", pool), MCP_OK, "the new key, at first sight");
    is_int(verify(ring, &a, "a", pool), MCP_UNKNOWN_KEY, "the withdrawn one");
    is_int(hits(route), 2, "two fetches in all");

    ring = make_ring("/rotation", NULL, apr_time_from_sec(5), pool);
    serve("/rotation", &a, pool);
    is_int(verify(ring, &a, "a", pool), MCP_OK, "a key");
    serve("/rotation", &successor, pool);
    is_int(verify(ring, &successor, "a", pool), MCP_OK, "its successor under the same kid");
}

static void test_static(apr_pool_t *pool)
{
    mcp_jwks_t *fixed = mcp_jwk_set(pool);
    loopback_route_t *route = loopback_route(server, "/beside", "HTTP/1.1 503 Busy\r\nConnection: close\r\n", "");
    mcp_keyring_t *ring;
    int before = atomic_load(&server->hits);

    if (!mcp_jwk_add_set(fixed, mcp_view_of(signer_jwks(&a, pool)), NULL)) {
        abort();
    }
    ring = make_ring(NULL, fixed, apr_time_from_sec(5), pool);
    is_int(verify(ring, &a, "a", pool), MCP_OK, "a static key");
    is_int(verify(ring, &b, "b", pool), MCP_UNKNOWN_KEY, "no other");
    is_int(verify(ring, &forger, "a", pool), MCP_SIGNATURE, "no forgery");
    is_int(atomic_load(&server->hits), before, "and no fetch");

    ring = make_ring("/beside", fixed, apr_time_from_sec(5), pool);
    is_int(verify(ring, &a, "a", pool), MCP_OK, "a static key beside a URL that fails");
    is_int(verify(ring, &b, "b", pool), MCP_KEYS_UNAVAILABLE, "a key that the URL might have cannot be judged");
    is_int(hits(route), 1, "by one attempt");
    serve("/beside", &b, pool);
    usleep(1100000);
    is_int(verify(ring, &b, "b", pool), MCP_OK, "when it is back, its keys count");
    is_int(verify(ring, &a, "a", pool), MCP_OK, "the static one as well");
    is_int(verify(ring, &a, "c", pool), MCP_UNKNOWN_KEY, "and others can be told apart");
}

static void test_outage(apr_pool_t *pool)
{
    mcp_keyring_t *ring = make_ring("/outage", NULL, apr_time_from_sec(5), pool);
    loopback_route_t *route = loopback_route(server, "/outage", "HTTP/1.1 500 Oops\r\nConnection: close\r\n", "");

    is_int(verify(ring, &a, "a", pool), MCP_KEYS_UNAVAILABLE, "no keys at first");
    is_int(verify(ring, &a, "a", pool), MCP_KEYS_UNAVAILABLE, "nor at once afterwards");
    is_int(hits(route), 1, "by one attempt");
    serve("/outage", &a, pool);
    usleep(1100000);
    is_int(verify(ring, &a, "a", pool), MCP_OK, "it recovers by itself");
    loopback_route(server, "/outage", "HTTP/1.1 500 Oops\r\nConnection: close\r\n", "");
    is_int(verify(ring, &a, "x", pool), MCP_UNKNOWN_KEY, "a refetch that fails");
    is_int(verify(ring, &a, "a", pool), MCP_OK, "leaves the old keys");
}

/* A server that hangs costs one caller two timeouts for three addresses, and nobody anything for a while after. */
static void test_hang(apr_pool_t *pool)
{
    static const char *const paths[] = { "/.well-known/oauth-authorization-server/t",
                                         "/.well-known/openid-configuration/t", "/t/.well-known/openid-configuration" };
    mcp_keyring_source_t source = make_source(url_of("/t", pool), NULL, NULL, apr_time_from_msec(400), pool);
    mcp_keyring_t *ring = mcp_keyring_create(&source, pool);
    double start = seconds();

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        loopback_json(server, paths[i], "")->manner = LOOPBACK_HANG;
    }
    is_int(verify(ring, &a, "a", pool), MCP_KEYS_UNAVAILABLE, "a server that hangs");
    ok(seconds() - start > 0.7 && seconds() - start < 1.2, "two timeouts: %.3f s", seconds() - start);
    start = seconds();
    is_int(verify(ring, &a, "a", pool), MCP_KEYS_UNAVAILABLE, "and then");
    ok(seconds() - start < 0.3, "none: %.3f s", seconds() - start);
}

/* A process that ends in the middle of a round says nothing: the log is for the faults of others. */
static void test_end_of_process(apr_pool_t *pool)
{
    static atomic_bool stop;
    mcp_keyring_source_t source =
        make_source(url_of("", pool), url_of("/end", pool), NULL, apr_time_from_sec(20), pool);
    double start = seconds();

    atomic_store(&stop, true);
    source.fetch.stop = &stop;
    loopback_json(server, "/end", "")->manner = LOOPBACK_HANG;
    notebook_clear();
    is_int(verify(mcp_keyring_create(&source, pool), &a, "a", pool), MCP_KEYS_UNAVAILABLE,
           "a round that is broken off");
    ok(seconds() - start < 5, "at once: %.3f s", seconds() - start);
    is_int(notebook_count("MCP010"), 0, "is no failure in the log");
    is_int(source.store->issuer.failures, 1, "but is made again, as after one");
}

typedef struct {
    mcp_keyring_t *ring;
    mcp_jws_t jws;
    int repeat;
    int reasons[MCP_REASON_COUNT];
    double longest;
} worker_t;

static void *work(void *baton)
{
    worker_t *worker = baton;
    mcp_log_t log = notebook_open();
    apr_uint64_t stamp;

    for (int i = 0; i < worker->repeat; i++) {
        double start = seconds();

        worker->reasons[mcp_keyring_verify(&stamp, worker->ring, &worker->jws, MCP_ALGS_PUBLIC, &log)]++;
        worker->longest = seconds() - start > worker->longest ? seconds() - start : worker->longest;
    }
    return NULL;
}

/* Run one thread per token at once; returns how many verdicts were as expected. */
static int race(worker_t workers[], int count, mcp_reason_t expected)
{
    pthread_t threads[2 * THREADS];
    int good = 0;

    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
            abort();
        }
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        good += workers[i].reasons[expected];
    }
    return good;
}

static void prepare(worker_t workers[], int count, mcp_keyring_t *ring, const char *token, int repeat, apr_pool_t *pool)
{
    for (int i = 0; i < count; i++) {
        workers[i] = (worker_t){ .ring = ring, .jws = parse(token, pool), .repeat = repeat };
    }
}

static void test_herd(apr_pool_t *pool)
{
    mcp_keyring_t *ring = make_ring("/herd", NULL, apr_time_from_sec(5), pool);
    loopback_route_t *route = serve("/herd", &a, pool);
    worker_t workers[THREADS];

    route->delay = 200;
    prepare(workers, THREADS, ring, signer_token(&a, "a", pool), 1, pool);
    is_int(race(workers, THREADS, MCP_OK), THREADS, "all threads wait for the first keys");
    is_int(hits(route), 1, "which are fetched once");

    serve("/herd", &b, pool)->delay = 200;
    prepare(workers, MCP_LIMIT_DOUBTERS, ring, signer_token(&b, "b", pool), 1, pool);
    is_int(race(workers, MCP_LIMIT_DOUBTERS, MCP_OK), MCP_LIMIT_DOUBTERS,
           "a new key is good for all that come at once");
    is_int(hits(route), 2, "with one more fetch");
}

/* Without keys, callers wait no longer than the timeout for the one who fetches. */
static void test_bounded_wait(apr_pool_t *pool)
{
    mcp_keyring_t *ring = make_ring("/wait", NULL, apr_time_from_msec(400), pool);
    loopback_route_t *route = serve("/wait", &a, pool);
    worker_t workers[THREADS];
    double longest = 0;

    route->manner = LOOPBACK_HANG;
    prepare(workers, THREADS, ring, signer_token(&a, "a", pool), 1, pool);
    is_int(race(workers, THREADS, MCP_KEYS_UNAVAILABLE), THREADS, "nobody gets keys from a server that hangs");
    for (int i = 0; i < THREADS; i++) {
        longest = workers[i].longest > longest ? workers[i].longest : longest;
    }
    ok(longest < 0.8, "and nobody waits long: %.3f s", longest);
    is_int(hits(route), 1, "for the one attempt");
}

/* A flood of forged tokens while the server is slow: good tokens are good at once, and the flood is refused. */
static void test_flood(apr_pool_t *pool)
{
    mcp_keyring_t *ring = make_ring("/flood", NULL, apr_time_from_sec(5), pool);
    loopback_route_t *route = serve("/flood", &a, pool);
    worker_t workers[2 * THREADS];
    double longest = 0;
    int refused = 0;

    is_int(verify(ring, &a, "a", pool), MCP_OK, "keys are there");
    route->delay = 2000;
    prepare(workers, THREADS, ring, signer_token(&a, "a", pool), 50, pool);
    for (int i = THREADS; i < 2 * THREADS; i++) {
        workers[i] = (worker_t){ .ring = ring,
                                 .jws = parse(signer_token(&a, apr_psprintf(pool, "kid-%d", i), pool), pool),
                                 .repeat = 3 };
    }
    is_int(race(workers, 2 * THREADS, MCP_OK), 50 * THREADS, "every good token is good");
    for (int i = 0; i < 2 * THREADS; i++) {
        refused += workers[i].reasons[MCP_UNKNOWN_KEY];
        longest = i < THREADS && workers[i].longest > longest ? workers[i].longest : longest;
    }
    is_int(refused, 3 * THREADS, "every other is refused");
    is_int(hits(route), 2, "by one fetch for all of them");
    ok(longest < 1.5, "no good token waited for it: %.3f s", longest);
}

/* Generations come and go under the feet of verifying threads. */
static void test_generations(apr_pool_t *pool)
{
    loopback_route_t *route = serve("/generations", &a, pool);
    worker_t workers[THREADS];
    int good = 0;

    for (int round = 0; round < 20; round++) {
        apr_pool_t *own;
        mcp_keyring_t *ring;

        apr_pool_create(&own, pool);
        ring = make_ring("/generations", NULL, apr_time_from_sec(5), own);
        good += verify(ring, &a, "a", own) == MCP_OK;
        prepare(workers, THREADS, ring, signer_token(&a, "a", own), 20, own);
        workers[0].jws = parse(signer_token(&a, "new", own), own);
        good += race(workers, THREADS, MCP_OK);
        apr_pool_destroy(own);
    }
    is_int(good, 20 * (1 + (THREADS - 1) * 20), "verdicts hold while the keys are exchanged");
    is_int(hits(route), 40, "twice in each keyring");
}

/* Stamps of a token that only the first keys verify. */
typedef struct {
    mcp_keyring_t *ring;
    mcp_jws_t jws;
    apr_uint64_t first;
    atomic_bool *over;
    int good, wrong;
} witness_t;

static void *witness(void *baton)
{
    witness_t *self = baton;
    apr_uint64_t stamp;

    while (!atomic_load(self->over)) {
        if (mcp_keyring_verify(&stamp, self->ring, &self->jws, MCP_ALGS_PUBLIC, NULL) == MCP_OK) {
            self->good++;
            self->wrong += stamp != self->first;
        }
    }
    return NULL;
}

/* While one thread reads new keys, others go by the old ones: what these verify must not count under the new. */
static int exchange_under(mcp_keyring_source_t *source, const char *keys, int count, apr_pool_t *pool)
{
    mcp_keyring_t *ring = mcp_keyring_create(source, pool);
    witness_t witnesses[4];
    pthread_t threads[4];
    atomic_bool over = false;
    int good = 0, wrong = 0;

    is_int(verify(ring, &a, "a", pool), MCP_OK, "the first keys verify");
    for (int i = 0; i < 4; i++) {
        witnesses[i] =
            (witness_t){ ring, parse(signer_token(&a, "a", pool), pool), mcp_keyring_stamp(ring), &over, 0, 0 };
        if (pthread_create(&threads[i], NULL, witness, &witnesses[i]) != 0) {
            abort();
        }
    }
    usleep(10000);
    loopback_json(server, "/stamps", keys); /* for whoever has doubts */
    mcp_store_publish_keys(source->store, keys, count);
    usleep(50000);
    atomic_store(&over, true);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        good += witnesses[i].good;
        wrong += witnesses[i].wrong;
    }
    ok(good > 0, "%d times", good);
    return wrong;
}

/* So many keys, which take a while to read; the last one is this signer's. */
static const char *many_keys(int count, const signer_t *last, apr_pool_t *pool)
{
    const char *keys = "{\"keys\":[";

    for (int i = 1; i < count; i++) {
        signer_t other = signer_make(apr_psprintf(pool, "other-%d", i), pool);

        keys = apr_pstrcat(pool, keys, signer_jwk(&other, pool), ",", NULL);
    }
    return apr_pstrcat(pool, keys, signer_jwk(last, pool), "]}", NULL);
}

/* Keys from a file, so many. */
static const mcp_jwks_t *static_keys(int count, const signer_t *last, apr_pool_t *pool)
{
    mcp_jwks_t *keys = mcp_jwk_set(pool);

    if (!mcp_jwk_add_set(keys, mcp_view_of(many_keys(count, last, pool)), NULL)) {
        abort();
    }
    return keys;
}

/* More keys than are kept: a token that those which are kept do not verify may be good all the same. */
static void test_many(apr_pool_t *pool)
{
    loopback_route_t *route = loopback_json(server, "/many", many_keys(MCP_LIMIT_KEYS, &a, pool));
    mcp_keyring_t *ring = make_ring("/many", NULL, apr_time_from_sec(5), pool);
    mcp_jwks_t *fixed;
    const char *useless = "{\"keys\":[";

    is_int(verify(ring, &a, "a", pool), MCP_OK, "the last of as many keys as are kept");
    is_int(verify(ring, &b, "b", pool), MCP_UNKNOWN_KEY, "they are all");
    ring = make_ring("/many", NULL, apr_time_from_sec(5), pool);
    loopback_json(server, "/many", many_keys(MCP_LIMIT_KEYS + 1, &a, pool));
    is_int(verify(ring, &a, "a", pool), MCP_KEYS_UNAVAILABLE, "the last of one key more");
    is_int(hits(route), 3, "after one fetch that may have helped");
    is_int(verify(ring, &b, "b", pool), MCP_KEYS_UNAVAILABLE, "and any other that is not among those kept");
    is_int(
        verify(make_ring(NULL, static_keys(MCP_LIMIT_KEYS + 1, &a, pool), apr_time_from_sec(5), pool), &a, "a", pool),
        MCP_KEYS_UNAVAILABLE, "the same with keys from a file");
    is_int(verify(make_ring(NULL, static_keys(MCP_LIMIT_KEYS, &a, pool), apr_time_from_sec(5), pool), &b, "b", pool),
           MCP_UNKNOWN_KEY, "unless they are all");

    serve("/one", &b, pool);
    ring = make_ring("/one", static_keys(MCP_LIMIT_KEYS - 1, &a, pool), apr_time_from_sec(5), pool);
    is_int(verify(ring, &b, "b", pool), MCP_OK, "room for one key that is fetched beside those of a file");
    is_int(verify(ring, &forger, "c", pool), MCP_UNKNOWN_KEY, "they are all");
    ring = make_ring("/one", static_keys(MCP_LIMIT_KEYS, &a, pool), apr_time_from_sec(5), pool);
    is_int(verify(ring, &a, "a", pool), MCP_OK, "no room: those of the file serve");
    is_int(verify(ring, &b, "b", pool), MCP_KEYS_UNAVAILABLE, "the other one is missed");
    fixed = mcp_jwk_set(pool);
    for (int i = 0; i < MCP_LIMIT_KEYS_READ; i++) {
        useless = apr_pstrcat(pool, useless, "{},", NULL);
    }
    mcp_jwk_add_set(fixed, mcp_view_of(apr_pstrcat(pool, useless, signer_jwk(&b, pool), "]}", NULL)), NULL);
    ring = make_ring("/one", fixed, apr_time_from_sec(5), pool);
    is_int(verify(ring, &b, "b", pool), MCP_OK, "a file with too many keys that are useless");
    is_int(verify(ring, &forger, "c", pool), MCP_KEYS_UNAVAILABLE, "may have had a useful one behind them");
}

/* A new key is there; one thread reads it, and the others must not say meanwhile that it is unknown. */
static void test_new_key(apr_pool_t *pool)
{
    const char *keys = many_keys(MCP_LIMIT_KEYS, &b, pool);
    worker_t workers[THREADS];
    int good = 0;

    for (int i = 0; i < 10; i++) {
        mcp_keyring_source_t source =
            make_source(url_of("", pool), url_of("/new", pool), NULL, apr_time_from_sec(5), pool);
        mcp_keyring_t *ring = mcp_keyring_create(&source, pool);

        serve("/new", &a, pool);
        is_int(verify(ring, &a, "a", pool), MCP_OK, "an old key");
        loopback_json(server, "/new", keys);
        mcp_store_publish_keys(source.store, keys, MCP_LIMIT_KEYS);
        atomic_store(&source.store->fetched_from, mcp_keyring_now() + apr_time_from_sec(100));
        prepare(workers, THREADS, ring, signer_token(&b, "b", pool), 1, pool);
        good += race(workers, THREADS, MCP_OK);
    }
    is_int(good, 10 * THREADS, "a new key is good in all threads, without a fetch");
}

static void test_stamps(apr_pool_t *pool)
{
    const char *keys = many_keys(MCP_LIMIT_KEYS, &b, pool);
    int wrong = 0;

    for (int i = 0; i < 10; i++) {
        mcp_keyring_source_t source =
            make_source(url_of("", pool), url_of("/stamps", pool), NULL, apr_time_from_sec(5), pool);

        serve("/stamps", &a, pool);
        wrong += exchange_under(&source, keys, MCP_LIMIT_KEYS, pool);
    }
    is_int(wrong, 0, "no stamp of keys that have not verified");
}

typedef struct {
    atomic_int counts[MCP_REASON_COUNT];
    double spent[16]; /* seconds, by each process */
} tally_t;

/* What one of several processes of a server does with tokens. */
typedef struct {
    const mcp_keyring_source_t *source;
    const char *token;
    int repeat;
} errand_t;

static void run_errand(const errand_t *errand, tally_t *tally, int who, apr_pool_t *pool)
{
    mcp_keyring_source_t source = *errand->source;
    mcp_keyring_t *ring;
    mcp_jws_t jws = parse(errand->token, pool);
    apr_uint64_t stamp;
    double start;

    if (apr_global_mutex_child_init(&source.lock, apr_global_mutex_lockfile(source.lock), pool) != APR_SUCCESS ||
        (ring = mcp_keyring_create(&source, pool)) == NULL) {
        _exit(1);
    }
    start = seconds();
    for (int i = 0; i < errand->repeat; i++) {
        atomic_fetch_add(&tally->counts[mcp_keyring_verify(&stamp, ring, &jws, MCP_ALGS_PUBLIC, NULL)], 1);
    }
    tally->spent[who] = seconds() - start;
    _exit(0);
}

/* Run errands in as many processes at once. */
static tally_t *run_errands(const errand_t errands[], int count, apr_pool_t *pool)
{
    tally_t *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[16];
    int good = 0;

    for (int i = 0; i < count; i++) {
        if ((pids[i] = fork()) == 0) {
            run_errand(&errands[i], tally, i, pool);
        }
    }
    for (int i = 0; i < count; i++) {
        int status = -1;

        waitpid(pids[i], &status, 0);
        good += status == 0;
    }
    is_int(good, count, "%d processes", count);
    return tally;
}

/* Eight processes: what one has fetched, all have; what one has tried in doubt, none tries again. */
static void test_processes(apr_pool_t *pool)
{
    loopback_route_t *route = serve("/processes", &a, pool);
    mcp_keyring_source_t source =
        make_source(url_of("", pool), url_of("/processes", pool), NULL, apr_time_from_sec(5), pool);
    errand_t errands[8];
    tally_t *tally;
    double longest = 0;

    route->delay = 200;
    for (int i = 0; i < 8; i++) {
        errands[i] = (errand_t){ &source, signer_token(&a, "a", pool), 20 };
    }
    tally = run_errands(errands, 8, pool);
    is_int(atomic_load(&tally->counts[MCP_OK]), 160, "have good tokens verified");
    is_int(hits(route), 1, "by keys that were fetched once for all of them");

    serve("/processes", &b, pool)->delay = 200;
    for (int i = 0; i < 8; i++) {
        errands[i] = (errand_t){ &source, signer_token(&b, "b", pool), 1 };
    }
    tally = run_errands(errands, 8, pool);
    is_int(atomic_load(&tally->counts[MCP_OK]), 8, "have a new key at first sight");
    is_int(hits(route), 2, "by one more fetch");

    for (int i = 0; i < 8; i++) {
        errands[i] = (errand_t){ &source, signer_token(&b, i < 4 ? "b" : "unknown", pool), 100 };
    }
    tally = run_errands(errands, 8, pool);
    is_int(atomic_load(&tally->counts[MCP_OK]), 400, "are not kept from good tokens by a flood");
    is_int(atomic_load(&tally->counts[MCP_UNKNOWN_KEY]), 400, "which is refused");
    is_int(hits(route), 2, "without any fetch: there was one a moment ago");
    for (int i = 0; i < 8; i++) {
        longest = tally->spent[i] > longest ? tally->spent[i] : longest;
    }
    ok(longest < 50, "and nobody waits for one, which takes a second each time: %.3f s for 100 tokens", longest);
}

/* The background refreshes what is due; requests go by it without fetching. */
static void test_background(apr_pool_t *pool)
{
    loopback_route_t *route = serve("/background", &a, pool);
    mcp_keyring_source_t source =
        make_source(url_of("", pool), url_of("/background", pool), NULL, apr_time_from_sec(5), pool);
    mcp_keyring_t *background, *ring;
    mcp_log_t log = notebook_open();
    apr_uint64_t stamp;

    source.plan.refresh = apr_time_from_msec(300);
    background = mcp_keyring_create(&source, pool);
    ring = mcp_keyring_create(&source, pool);
    is_int(mcp_keyring_stamp(ring), 0, "no keys, no stamp");
    mcp_keyring_refresh(background, &log);
    stamp = mcp_keyring_stamp(ring);
    ok(stamp != 0, "a stamp");
    is_int(verify(ring, &a, "a", pool), MCP_OK, "keys that the background has fetched");
    mcp_keyring_refresh(background, &log);
    is_int(hits(route), 1, "are not fetched again before they are due");
    usleep(350000);
    mcp_keyring_refresh(background, &log);
    is_int(hits(route), 2, "then they are");
    ok(mcp_keyring_stamp(ring) == stamp, "and are the same generation when they are the same");
    serve("/background", &b, pool);
    usleep(350000);
    is_int(verify(ring, &a, "a", pool), MCP_OK, "requests do not fetch what is hardly late");
    is_int(hits(route), 2, "at all");
    mcp_keyring_refresh(background, &log);
    ok(mcp_keyring_stamp(ring) != stamp, "other keys are another generation");
    is_int(verify(ring, &b, "b", pool), MCP_OK, "which counts at once");
    is_int(verify(ring, &a, "a", pool), MCP_UNKNOWN_KEY, "and the only one");
    is_int(hits(route), 4, "after one look whether it is");
}

/* A state file: what is kept, and that failing to keep it harms nobody. */
static void test_state(apr_pool_t *pool)
{
    mcp_keyring_source_t source;
    mcp_log_t log = notebook_open();
    const char *path = apr_psprintf(pool, "/tmp/mcp-keyring-%d.json", (int)getpid());
    mcp_snapshot_t snapshot;
    mcp_view_t text;

    serve("/state", &a, pool);
    source = make_source(url_of("", pool), url_of("/state", pool), NULL, apr_time_from_sec(5), pool);
    source.state_path = path;
    is_int(verify(mcp_keyring_create(&source, pool), &a, "a", pool), MCP_OK, "a keyring with a state file");
    is_int(mcp_readfile(&text, path, true, pool), APR_SUCCESS, "writes it, for nobody else to read");
    ok(mcp_snapshot_read(&snapshot, text, source.store->identity, apr_time_now(), pool), "as a snapshot");
    unlink(path);
    source = make_source(url_of("", pool), url_of("/state-gone", pool), NULL, apr_time_from_sec(5), pool);
    ok(mcp_store_restore(source.store, &source.plan, &snapshot, mcp_keyring_now()), "that another run takes over");
    is_int(verify(mcp_keyring_create(&source, pool), &a, "a", pool), MCP_OK, "and serves from");
    snapshot.keys = "{\"keys\":[]}";
    ok(!mcp_store_restore(source.store, &source.plan, &snapshot, mcp_keyring_now()), "but not without keys");
    source = make_source(url_of("", pool), url_of("/state", pool), NULL, apr_time_from_sec(5), pool);
    source.state_path = "/nonexistent/x.json";
    notebook_clear();
    is_int(verify(mcp_keyring_create(&source, pool), &a, "a", pool), MCP_OK, "a state file that cannot be written");
    is_int(notebook_count("error MCP0107"), 1, "is an error line");
    (void)log;
}

/* One of two key URLs dies: keys of the other come and go as ever, and what the dead one gave serves on, from a state file
 * as well, which is as old as that. */
static void test_two_urls(apr_pool_t *pool)
{
    mcp_keyring_source_t source =
        make_source(url_of("", pool), url_of("/dies", pool), NULL, apr_time_from_sec(5), pool);
    apr_array_header_t *urls = apr_array_copy(pool, source.plan.source.key_urls);
    signer_t c = signer_make("c", pool);
    mcp_snapshot_t snapshot;
    mcp_view_t text;
    mcp_keyring_t *ring;
    apr_time_t age;

    APR_ARRAY_PUSH(urls, const char *) = url_of("/lives", pool);
    source.plan.source.key_urls = urls;
    source.state_path = apr_psprintf(pool, "/tmp/mcp-keyring-%d-two.json", (int)getpid());
    serve("/dies", &a, pool);
    serve("/lives", &b, pool);
    ring = mcp_keyring_create(&source, pool);
    is_int(verify(ring, &a, "a", pool), MCP_OK, "a key of the first URL");
    is_int(verify(ring, &b, "b", pool), MCP_OK, "one of the second");
    loopback_route(server, "/dies", "HTTP/1.1 500 Oops\r\nConnection: close\r\n", "");
    serve("/lives", &c, pool);
    source.store->issuer.loaded_at[0] -= apr_time_from_sec(1000); /* time flies */
    is_int(verify(ring, &c, "c", pool), MCP_OK, "a new key of the second while the first is dead");
    is_int(verify(ring, &b, "b", pool), MCP_UNKNOWN_KEY, "the withdrawn one");
    is_int(verify(ring, &a, "a", pool), MCP_OK, "the first one's");
    is_int(atomic_load(&source.store->keys_count), 2, "two keys in all");
    ok(mcp_readfile(&text, source.state_path, true, pool) == APR_SUCCESS &&
           mcp_snapshot_read(&snapshot, text, source.store->identity, apr_time_now(), pool),
       "they are kept in the state file");
    unlink(source.state_path);
    age = apr_time_now() - snapshot.fetched;
    ok(age >= apr_time_from_sec(1000) && age < apr_time_from_sec(1100), "from the time of the older");
    source.store = make_source("", "", NULL, 0, pool).store;
    loopback_route(server, "/lives", "HTTP/1.1 500 Oops\r\nConnection: close\r\n", "");
    ok(mcp_store_restore(source.store, &source.plan, &snapshot, mcp_keyring_now() - age), "another run takes over");
    ring = mcp_keyring_create(&source, pool);
    is_int(verify(ring, &a, "a", pool), MCP_OK, "the key of the one");
    is_int(verify(ring, &c, "c", pool), MCP_OK, "and of the other");
    is_int(verify(ring, &b, "b", pool), MCP_UNKNOWN_KEY, "they are the whole");
}

/* A new configuration takes over while processes of the old one still use theirs. */
static void test_succession(apr_pool_t *pool)
{
    loopback_route_t *route = serve("/succession", &a, pool);
    mcp_keyring_source_t old =
        make_source(url_of("", pool), url_of("/succession", pool), NULL, apr_time_from_sec(5), pool);
    mcp_keyring_source_t heir =
        make_source(url_of("", pool), url_of("/succession", pool), NULL, apr_time_from_sec(5), pool);
    mcp_keyring_t *ring = mcp_keyring_create(&old, pool), *next;

    is_int(verify(ring, &a, "a", pool), MCP_OK, "keys");
    is_int(verify(ring, &a, "x", pool), MCP_UNKNOWN_KEY, "and a doubt");
    ok(mcp_store_succeed(heir.store, &heir.plan, old.store, mcp_keyring_now()), "are handed on");
    next = mcp_keyring_create(&heir, pool);
    is_int(verify(next, &a, "a", pool), MCP_OK, "the keys serve");
    is_int(verify(next, &a, "y", pool), MCP_UNKNOWN_KEY, "the throttle holds");
    is_int(hits(route), 2, "without a fetch");
    mcp_store_begin_change(old.store); /* by a process that is killed here */
    is_int(verify(ring, &a, "z", pool), MCP_UNKNOWN_KEY, "a change that another one was killed in");
    mcp_store_begin_change(old.store);
    mcp_store_end_change(old.store, &old.plan);
    ok(mcp_store_succeed(heir.store, &heir.plan, old.store, mcp_keyring_now()), "is over with the next one");
    atomic_store(&old.store->changes, 1);
    ok(!mcp_store_succeed(heir.store, &heir.plan, old.store, mcp_keyring_now()),
       "a store that is never at rest is not");
}

/* A generation that a slow thread is in stays, whatever comes after it. */
static void test_slow_thread(apr_pool_t *pool)
{
    mcp_keyring_source_t source = make_source(url_of("", pool), url_of("/x", pool), NULL, apr_time_from_sec(5), pool);
    mcp_keyset_t *set = mcp_keyset_create(source.store, NULL, pool);
    mcp_keyset_hold_t slow, others[3], last;
    const char *texts[] = { signer_jwks(&a, pool), signer_jwks(&b, pool) };

    slow = mcp_keyset_hold(set, NULL);
    ok(!slow.keys, "nothing at first");
    mcp_keyset_release(slow);
    mcp_store_publish_keys(source.store, texts[0], 1);
    slow = mcp_keyset_hold(set, NULL);
    for (int i = 0; i < 3; i++) {
        mcp_store_publish_keys(source.store, texts[(i + 1) % 2], 1);
        others[i] = mcp_keyset_hold(set, NULL);
    }
    is_str(slow.keys->keys[0].kid, "a", "the slow one has what it had");
    is_str(others[0].keys->keys[0].kid, "b", "and so have the others");
    is_str(others[1].keys->keys[0].kid, "a", "of every generation");
    is_str(others[2].keys->keys[0].kid, "b", "up to four");
    mcp_store_publish_keys(source.store, texts[0], 1);
    last = mcp_keyset_hold(set, NULL);
    is_str(last.keys->keys[0].kid, "b", "with no place left the newest but one serves");
    mcp_keyset_release(last);
    mcp_keyset_release(slow);
    last = mcp_keyset_hold(set, NULL);
    is_str(last.keys->keys[0].kid, "a", "until there is one");
    mcp_keyset_release(last);
    for (int i = 0; i < 3; i++) {
        mcp_keyset_release(others[i]);
    }
}

int main(void)
{
    apr_pool_t *pool;

    alarm(120);
    apr_initialize();
    apr_pool_create(&everything, NULL);
    apr_pool_create(&pool, everything);
    server = loopback_start();
    mcp_fetch_global_init();
    a = signer_make("a", pool);
    b = signer_make("b", pool);
    forger = signer_make("forger", pool);
    test_processes(pool);
    test_background(pool);
    test_state(pool);
    test_two_urls(pool);
    test_succession(pool);
    test_slow_thread(pool);
    test_discovery(pool);
    test_verdicts(pool);
    test_rotation(pool);
    test_static(pool);
    test_outage(pool);
    test_hang(pool);
    test_end_of_process(pool);
    test_herd(pool);
    test_bounded_wait(pool);
    test_flood(pool);
    test_many(pool);
    test_new_key(pool);
    test_stamps(pool);
    test_generations(pool);
    loopback_stop(server);
    apr_pool_destroy(everything);
    apr_terminate();
    return done_testing();
}
