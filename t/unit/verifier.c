/* The verifier: what it keeps set up serves one thread at a time and one algorithm. What makes a signature right or wrong
 * is in jws_signature.c.
 */
#include <apr_general.h>
#include <apr_thread_proc.h>
#include <openssl/err.h>
#include <stdatomic.h>

#include "../../src/core/verifier.h"
#include "../lib/tap.h"
#include "keys.h"

#define THREADS 12 /* more than a verifier keeps contexts for */
#define ROUNDS 60

#define TEXT "header.payload"
#define SECRET "a shared secret of thirty-two bytes or more"

static mcp_verifier_t *verifier_of(const forge_key_t *key, apr_pool_t *pool)
{
    EVP_PKEY_up_ref(key->pkey);
    return mcp_verifier_of_key(key->pkey, pool);
}

static mcp_view_t sign(const char *alg, const forge_key_t *key, const char *text, apr_pool_t *pool)
{
    return forge_signature(forge_alg(alg), key, text, pool);
}

/* One key, algorithm after algorithm: each signature counts for its own, however often. */
static void test_algorithms(apr_pool_t *pool)
{
    static const char *const names[] = { "RS256", "PS256", "RS512", "PS384" };
    static const unsigned algs[] = { MCP_RS256, MCP_PS256, MCP_RS512, MCP_PS384 };
    mcp_verifier_t *verifier = verifier_of(&keys_rsa, pool);

    for (size_t i = 0; i < 2 * 4 * 4; i++) {
        size_t signs = i / 4 % 4, asks = i % 4;
        mcp_view_t signature = sign(names[signs], &keys_rsa, TEXT, pool);

        ok(mcp_verifier_accepts(verifier, algs[asks], mcp_view_of(TEXT), signature) == (signs == asks),
           "by %s, asked for %s", names[signs], names[asks]);
    }
}

/* A wrong signature leaves nothing behind for the next, nor does another text. */
static void test_after_a_wrong_one(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(keys_good) / sizeof(keys_good[0]); i++) {
        const forge_alg_t *alg = forge_alg(keys_good[i].alg);
        mcp_verifier_t *verifier = verifier_of(keys_good[i].key, pool);
        mcp_view_t good = sign(alg->name, keys_good[i].key, TEXT, pool), bad;
        bool right = true;

        good = alg->ec_size ? forge_raw(good, alg->ec_size, pool) : good;
        bad = (mcp_view_t){ apr_pmemdup(pool, good.data, good.len), good.len };
        ((char *)bad.data)[good.len / 2] ^= 1;
        for (int n = 0; n < 3; n++) {
            right &= !mcp_verifier_accepts(verifier, 1U << i, mcp_view_of(TEXT), bad);
            right &= mcp_verifier_accepts(verifier, 1U << i, mcp_view_of(TEXT), good);
            right &= !mcp_verifier_accepts(verifier, 1U << i, mcp_view_of(TEXT "."), good);
            right &= !mcp_verifier_accepts(verifier, 1U << i, mcp_view_of(TEXT), (mcp_view_t){ NULL, 0 });
            right &= mcp_verifier_accepts(verifier, 1U << i, mcp_view_of(TEXT), good);
        }
        ok(right, "%s: good and bad in turns", alg->name);
    }
    ERR_clear_error();
}

static void test_secret(apr_pool_t *pool)
{
    char bytes[] = SECRET;
    mcp_verifier_t *verifier = mcp_verifier_of_secret(mcp_view_of(bytes), pool);
    forge_key_t key = { .secret = mcp_view_of(SECRET) };

    memset(bytes, 'x', sizeof(bytes) - 1);
    ok(mcp_verifier_accepts(verifier, MCP_HS256, mcp_view_of(TEXT), sign("HS256", &key, TEXT, pool)),
       "a secret is copied");
    ok(!mcp_verifier_accepts(verifier, MCP_HS384, mcp_view_of(TEXT), sign("HS256", &key, TEXT, pool)),
       "by HS256, asked for HS384");
}

/* What threads share: a verifier, and signatures over two texts. */
typedef struct {
    mcp_verifier_t *verifier;
    mcp_view_t texts[2], rs256[2], ps256[2];
    atomic_int wrong;
} shared_t;

static void *APR_THREAD_FUNC verify_often(apr_thread_t *thread, void *baton)
{
    shared_t *shared = baton;

    for (int i = 0; i < ROUNDS; i++) {
        int text = i % 2, by = i / 2 % 2;
        bool pss = i % 7 == 0;
        mcp_view_t signature = (pss ? shared->ps256 : shared->rs256)[by];

        shared->wrong += mcp_verifier_accepts(shared->verifier, pss ? MCP_PS256 : MCP_RS256, shared->texts[text],
                                              signature) != (text == by);
        ERR_clear_error();
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void test_threads(apr_pool_t *pool)
{
    shared_t shared = { verifier_of(&keys_rsa, pool), { mcp_view_of("one"), mcp_view_of("two") }, .wrong = 0 };
    apr_thread_t *threads[THREADS];
    apr_status_t status;

    for (int i = 0; i < 2; i++) {
        shared.rs256[i] = sign("RS256", &keys_rsa, shared.texts[i].data, pool);
        shared.ps256[i] = sign("PS256", &keys_rsa, shared.texts[i].data, pool);
    }
    for (int i = 0; i < THREADS; i++) {
        forge_must(apr_thread_create(&threads[i], NULL, verify_often, &shared, pool) == APR_SUCCESS, "a thread");
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
    }
    is_int(shared.wrong, 0, "%d threads with one key, %d signatures each: wrong answers", THREADS, ROUNDS);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    keys_make(pool);
    test_algorithms(pool);
    test_after_a_wrong_one(pool);
    test_secret(pool);
    test_threads(pool);
    apr_pool_destroy(pool);
    return done_testing();
}
