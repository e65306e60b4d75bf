/* What processes share about an issuer: texts and state that are read without a lock while they are replaced are whole,
 * and what does not fit or does not help is not taken over. */
#include "../../src/io/store.h"

#include <apr_general.h>
#include <pthread.h>
#include <stdlib.h>

#include "../lib/signer.h"
#include "../lib/tap.h"

#define READERS 8
#define SECONDS 1 /* of changes, one after the other */

/* Bytes by which texts differ in length: of troubles, and of keys, whose copying takes its time. */
#define SHORT 9
#define LONG 997
#define LONGEST (2 + 25 * LONG)

static const char identity[] = "0123456789abcdef0123456789abcdef";
static const mcp_issuer_plan_t usual = { .refresh = APR_TIME_C(300000000), .lease = APR_TIME_C(15000000) };

static mcp_store_t *make(void)
{
    mcp_store_t *store = calloc(1, sizeof(*store));

    if (!store) {
        abort();
    }
    mcp_store_init(store, identity);
    return store;
}

/* Text number n: one letter, again and again, in a length that goes with it. */
static const char *fill(char text[LONGEST], unsigned n, unsigned step)
{
    size_t len = 1 + n % 26 * step;

    memset(text, 'a' + (int)(n % 26), len);
    text[len] = '\0';
    return text;
}

static bool is_whole(const char *text, unsigned step)
{
    char expected[LONGEST];

    return strcmp(text, fill(expected, (unsigned)(*text - 'a'), step)) == 0;
}

typedef struct {
    mcp_store_t *store, *heir;
    atomic_bool *over;
    int seen, torn;
} reader_t;

/* One trouble has one time, and the state of an issuer is of one moment. */
static bool is_consistent(const reader_t *reader, apr_pool_t *pool)
{
    apr_time_t at;
    const char *text = mcp_store_trouble(reader->store, &at, pool);
    bool good = *text == '\0' || (is_whole(text, SHORT) && at % 26 == *text - 'a');
    const mcp_issuer_t *issuer = &reader->heir->issuer;

    mcp_store_succeed(reader->heir, &usual, reader->store, 1);
    return good && issuer->failures == issuer->loaded_at[0] && issuer->memory.jwks_uri[0] == (char)issuer->failures;
}

static void *read_all(void *baton)
{
    reader_t *reader = baton;
    unsigned generation;
    apr_pool_t *pool;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    while (!atomic_load(reader->over)) {
        const char *keys = mcp_store_keys(reader->store, &generation, pool);
        const char *metadata = mcp_store_metadata(reader->store, pool);

        reader->seen += keys != NULL;
        reader->torn += (keys && !is_whole(keys, LONG)) || (metadata && !is_whole(metadata, LONG));
        reader->torn += reader->seen % 4 == 0 && !is_consistent(reader, pool);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* What the holder of the lock does, as fast as it can. Returns how often. */
static int change(mcp_store_t *store)
{
    apr_time_t end = apr_time_now() + apr_time_from_sec(SECONDS);
    char text[LONGEST];
    unsigned n;

    for (n = 0; n < 100 || apr_time_now() < end; n++) {
        mcp_store_begin_change(store);
        apr_cpystrn(store->trouble, fill(text, n % 7, SHORT), sizeof(store->trouble));
        store->trouble_at = n % 7;
        store->issuer.memory.jwks_uri[0] = (char)n; /* the first byte, and two of the last */
        store->issuer.failures = (int)n;
        store->issuer.loaded_at[0] = n;
        mcp_store_end_change(store, &usual);
        mcp_store_publish_keys(store, fill(text, n, LONG), 1);
        mcp_store_publish_metadata(store, fill(text, n / 2, LONG));
    }
    return (int)n;
}

static void test_readers(void)
{
    mcp_store_t *store = make();
    reader_t readers[READERS];
    pthread_t threads[READERS];
    atomic_bool over = false;
    int seen = 0, torn = 0, changes;

    for (int i = 0; i < READERS; i++) {
        readers[i] = (reader_t){ store, make(), &over, 0, 0 };
        if (pthread_create(&threads[i], NULL, read_all, &readers[i]) != 0) {
            abort();
        }
    }
    changes = change(store);
    atomic_store(&over, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        seen += readers[i].seen;
        torn += readers[i].torn;
        free(readers[i].heir);
    }
    ok(seen > 0, "%d readings during %d changes", seen, changes);
    is_int(torn, 0, "none of them of half a change");
    free(store);
}

static void test_generations(apr_pool_t *pool)
{
    mcp_store_t *store = make();
    char *long_text = apr_palloc(pool, MCP_LIMIT_KEYS_TEXT + 2);
    unsigned first = 7, second = 0;

    ok(!mcp_store_keys(store, &first, pool) && first == 7, "nothing at first");
    ok(mcp_store_publish_keys(store, "a", 1) && mcp_store_keys(store, &first, pool), "a text");
    ok(mcp_store_publish_keys(store, "a", 1) && mcp_store_keys(store, &second, pool), "the same");
    is_int(second, first, "is the same generation");
    memset(long_text, 'x', MCP_LIMIT_KEYS_TEXT + 1);
    long_text[MCP_LIMIT_KEYS_TEXT + 1] = '\0';
    ok(!mcp_store_publish_keys(store, long_text, 1), "what is too long is not published");
    is_str(mcp_store_keys(store, &second, pool), "a", "and leaves what is there");
    long_text[MCP_LIMIT_KEYS_TEXT] = '\0';
    ok(mcp_store_publish_keys(store, long_text, 1), "one byte less is");
    is_str(mcp_store_keys(store, &second, pool), long_text, "whole");
    atomic_store(&store->keys.len[second & 1], MCP_LIMIT_KEYS_TEXT + 1);
    is_str(mcp_store_keys(store, &second, pool), "", "no length leads out of its place");
    atomic_store(&store->keys.generation, UINT_MAX);
    ok(mcp_store_publish_keys(store, "b", 1), "after the last number");
    is_str(mcp_store_keys(store, &second, pool), "b", "they begin anew");
    is_int(second, 2, "but not with 0, which is none");
    free(store);
}

/* What an earlier run has left. */
static void test_restore(apr_pool_t *pool)
{
    signer_t signer = signer_make("a", pool);
    mcp_snapshot_t snapshot = { .identity = identity, .keys = "{\"sets\":[]}", .metadata = "{}" };
    mcp_store_t *store = make();

    ok(!mcp_store_restore(store, &usual, &snapshot, 1), "a snapshot without keys is not taken");
    ok(!mcp_store_metadata(store, pool), "nor is its metadata");
    snapshot.keys = signer_jwks(&signer, pool);
    ok(mcp_store_restore(store, &usual, &snapshot, 1), "one with a key is");
    is_int(atomic_load(&store->keys_count), 1, "with its key");
    is_str(mcp_store_metadata(store, pool), "{}", "and its metadata");
    free(store);
}

/* What the configuration before has counted, and what it knew. */
static void test_succession(void)
{
    mcp_store_t *old = make(), *heir = make();
    mcp_store_tally_t was = { .refused = { 0 } }, is = { .refused = { 0 } };

    atomic_store(&was.refused[MCP_SIGNATURE], 7);
    mcp_store_take_tally(&is, &was);
    is_int(atomic_load(&is.refused[MCP_SIGNATURE]), 7, "refusals go on counting");
    mcp_store_count(&old->counts.fetches);
    ok(mcp_store_succeed(heir, &usual, old, 1), "a store that has no keys yet");
    is_int(atomic_load(&heir->counts.fetches), 1, "hands its counts on");
    ok(atomic_load(&heir->keys.generation) == 0 && !heir->issuer.have, "and no keys");
    mcp_store_begin_change(old);
    ok(!mcp_store_succeed(heir, &usual, old, 1), "one that a process was killed in is not gone by");
    free(old);
    free(heir);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_generations(pool);
    test_restore(pool);
    test_succession();
    test_readers();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
