/* G-01, G-03, G-06, G-08. The cache of tokens: what is found is what was put there, for the same token and the same issuers only; it stays
 * in its bounds; and facts stay as long as somebody looks at them. */
#include "../../src/io/tokencache.h"

#include <apr_general.h>
#include <malloc.h>
#include <pthread.h>

#include "../../src/core/json.h"
#include "../../src/core/siphash.h"
#include "../lib/tap.h"

#define MEGABYTE 1048576

static int owners[2], vouchers[2];
static bool with_text; /* payloads have their text, as those of JWTs do; else they are trees, as introspected ones */

/* Facts as a verification makes them: all memory is the pool's. */
static mcp_known_t make(const char *subject, int scopes, apr_pool_t *pool)
{
    static const char *const subs[] = { "sub" }, *const scope_names[] = { "scope" };
    static const char *const audience_names[] = { "aud" };
    apr_array_header_t *user = apr_array_make(pool, 1, sizeof(char *)),
                       *scope = apr_array_make(pool, 1, sizeof(char *));
    apr_array_header_t *audience = apr_array_make(pool, 1, sizeof(char *));
    mcp_claim_names_t names = { .scope = scope, .user = user, .audience = audience };
    mcp_claims_t *claims = apr_pcalloc(pool, sizeof(*claims));
    mcp_statement_t statement = { .typ = MCP_TYP_JWT };
    const char *words = "s0";
    mcp_view_t text;

    APR_ARRAY_PUSH(user, const char *) = subs[0];
    APR_ARRAY_PUSH(scope, const char *) = scope_names[0];
    APR_ARRAY_PUSH(audience, const char *) = audience_names[0];
    for (int i = 1; i < scopes; i++) {
        words = apr_psprintf(pool, "%s s%d", words, i);
    }
    text = mcp_view_of(apr_psprintf(
        pool, "{\"sub\":\"%s\",\"exp\":2000000000,\"scope\":\"%s\",\"aud\":[\"a\",\"b\"],\"x\":{\"y\":[1]}}", subject,
        words));
    statement.text = with_text ? text : statement.text;
    if (mcp_json_parse_object(&statement.payload, text, pool) != MCP_OK ||
        mcp_claims_read(claims, &statement, &names, pool) != MCP_OK) {
        abort();
    }
    return (mcp_known_t){ .facts = claims, .voucher = &vouchers[0], .stamp = 7, .until = 9 };
}

static mcp_tokencache_key_t key_of(const char *token, int owner)
{
    return (mcp_tokencache_key_t){ mcp_view_of(token), &owners[owner] };
}

static void add(mcp_tokencache_t *cache, const char *token, const char *subject, apr_pool_t *parent)
{
    mcp_tokencache_key_t key = key_of(token, 0);
    mcp_known_t known;
    apr_pool_t *pool;

    apr_pool_create(&pool, parent);
    known = make(subject, 3, pool);
    mcp_tokencache_add(&known, cache, &key, pool);
    apr_pool_destroy(pool);
}

/* The subject that is known for a token, "" for none. */
static const char *look(mcp_tokencache_t *cache, const char *token, int owner, apr_pool_t *pool)
{
    mcp_tokencache_key_t key = key_of(token, owner);
    mcp_known_t known;
    apr_pool_t *own;
    const char *subject = "";

    apr_pool_create(&own, pool);
    if (mcp_tokencache_find(&known, cache, &key, own)) {
        subject = mcp_view_dup(known.facts->subject, pool);
    }
    apr_pool_destroy(own);
    return subject;
}

static void test_basics(apr_pool_t *pool)
{
    mcp_tokencache_t *cache = mcp_tokencache_create(MEGABYTE, pool);
    mcp_tokencache_key_t key = key_of("token", 0);
    mcp_known_t known, found;
    apr_pool_t *request;

    is_str(look(cache, "token", 0, pool), "", "nothing at first");
    apr_pool_create(&request, pool);
    known = make("alice", 200, request);
    mcp_tokencache_add(&known, cache, &key, request);
    is_str(mcp_view_dup(known.facts->subject, pool), "alice", "the request goes on");
    apr_pool_destroy(request);
    apr_pool_create(&request, pool);
    ok(mcp_tokencache_find(&found, cache, &key, request), "another request finds it");
    is_str(mcp_view_dup(found.facts->subject, pool), "alice", "with its subject");
    is_int(found.facts->scope->nelts, 200, "its scopes");
    ok(mcp_scope_has(found.facts->scope, mcp_view_of("s199")), "up to the last one");
    is_int(found.facts->audience->nelts, 2, "its audience");
    is_str(mcp_claims_text(found.facts, "x.y", pool), "1", "any other claim");
    ok(mcp_payload_tree(found.facts->payload) == mcp_payload_tree(found.facts->payload), "of one payload");
    ok(found.facts->expires == apr_time_from_sec(2000000000), "its end");
    ok(found.voucher == &vouchers[0] && found.stamp == 7 && found.until == 9, "and who says so");
    add(cache, "token", "bob", pool);
    is_str(mcp_view_dup(found.facts->subject, pool), "alice", "what a request has stays when it is replaced");
    is_str(look(cache, "token", 0, pool), "bob", "others get the new one");
    is_int(mcp_tokencache_size(cache).entries, 1, "which is the only one");
    apr_pool_destroy(request);
}

/* G-01, G-03: neither for other issuers nor for another token, however alike. */
static void test_keys(apr_pool_t *pool)
{
    mcp_tokencache_t *cache = mcp_tokencache_create(MEGABYTE, pool);
    char *long_token = apr_palloc(pool, 8001), *twin;

    memset(long_token, 'x', 8000);
    long_token[8000] = '\0';
    add(cache, long_token, "alice", pool);
    is_str(look(cache, long_token, 0, pool), "alice", "a long token");
    is_str(look(cache, long_token, 1, pool), "", "G-01 under other issuers it is unknown");
    for (int i = 0; i < 8000; i += 499) {
        twin = apr_pstrdup(pool, long_token);
        twin[i] = 'y';
        is_str(look(cache, twin, 0, pool), "", "G-03 a twin that differs in byte %d is unknown", i);
    }
    is_str(look(cache, apr_pstrndup(pool, long_token, 7999), 0, pool), "", "G-03 a shorter one as well");
    is_str(look(cache, apr_pstrcat(pool, long_token, "x", NULL), 0, pool), "", "G-03 and a longer one");
    is_str(look(cache, "", 0, pool), "", "and none at all");
}

/* G-06: bounded, and what is in use is not what goes. */
static void test_bounds(apr_pool_t *pool)
{
    mcp_tokencache_t *cache = mcp_tokencache_create(2 * MEGABYTE, pool);
    mcp_tokencache_size_t size;
    size_t before = mallinfo2().uordblks, taken;
    int kept = 0;

    add(cache, "favourite", "alice", pool);
    for (int i = 0; i < 20000; i++) {
        apr_pool_t *own;

        apr_pool_create(&own, pool);
        add(cache, apr_psprintf(own, "token-%0500d-%d", 0, i), "bob", own);
        if (i % 10 == 0) {
            kept += *look(cache, "favourite", 0, own) != '\0';
        }
        apr_pool_destroy(own);
    }
    size = mcp_tokencache_size(cache);
    taken = mallinfo2().uordblks - before;
    ok(size.bytes <= 2 * MEGABYTE, "%d bytes of two megabytes", (int)size.bytes);
    ok(size.entries > 500, "%d entries", (int)size.entries);
    ok(taken <= size.bytes, "they take %d bytes, no more than is reckoned", (int)taken);
    ok(mallinfo2().uordblks == 0 || taken > size.bytes / (with_text ? 8 : 2),
       "and not much less"); /* 0: sanitizers' malloc */
    is_int(kept, 2000, "what is used stays");
    is_str(look(cache, apr_psprintf(pool, "token-%0500d-%d", 0, 19999), 0, pool), "bob", "the last one is there");
    is_str(look(cache, apr_psprintf(pool, "token-%0500d-%d", 0, 0), 0, pool), "", "the first one is not");
}

static void test_too_large(apr_pool_t *pool)
{
    mcp_tokencache_t *cache = mcp_tokencache_create(MEGABYTE, pool);
    mcp_tokencache_key_t key = key_of("large", 0);
    mcp_known_t known = make("alice", 4000, pool);
    const mcp_claims_t *facts = known.facts;

    mcp_tokencache_add(&known, cache, &key, pool);
    ok(known.facts == facts, "what is too large is left with its request");
    is_int(mcp_tokencache_size(cache).entries, 0, "and not kept");
    is_int(facts->scope->nelts, 4000, "nor spoiled");
}

typedef struct {
    mcp_tokencache_t *cache;
    int seed, wrong;
} worker_t;

/* Find or add, look at what was found, forget. */
static void *work(void *baton)
{
    worker_t *worker = baton;
    unsigned random = (unsigned)worker->seed;
    apr_pool_t *pool;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    for (int i = 0; i < 4000; i++) {
        const char *name;
        mcp_tokencache_key_t key;
        mcp_known_t known;

        random = random * 1103515245 + 12345;
        name = apr_psprintf(pool, "%u", random >> 16 & 1023);
        key = key_of(apr_psprintf(pool, "token-%s-%0300d", name, 0), 0);
        if (!mcp_tokencache_find(&known, worker->cache, &key, pool)) {
            known = make(name, 20, pool);
            mcp_tokencache_add(&known, worker->cache, &key, pool);
        }
        worker->wrong += !mcp_view_is(known.facts->subject, name) || known.facts->scope->nelts != 20 ||
                         !json_is_string(json_object_get(mcp_payload_tree(known.facts->payload), "sub"));
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* G-08 */
static void test_threads(apr_pool_t *pool)
{
    mcp_tokencache_t *cache = mcp_tokencache_create(MEGABYTE, pool);
    pthread_t threads[8];
    worker_t workers[8];
    int wrong = 0;

    for (int i = 0; i < 8; i++) {
        workers[i] = (worker_t){ cache, i, 0 };
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
            abort();
        }
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        wrong += workers[i].wrong;
    }
    is_int(wrong, 0, "G-08 eight threads find what belongs to each token");
    ok(mcp_tokencache_size(cache).bytes <= MEGABYTE, "within bounds");
}

/* The vectors of the paper's reference: key 00..0f, input 00..0e and its beginnings. */
static void test_siphash(void)
{
    static const struct {
        apr_size_t len;
        apr_uint64_t hash;
    } rows[] = { { 0, 0x726fdb47dd0e0e31ULL },
                 { 1, 0x74f839c593dc67fdULL },
                 { 7, 0xab0200f58b01d137ULL },
                 { 8, 0x93f5f5799a932462ULL },
                 { 15, 0xa129ca6149be45e5ULL } };
    mcp_siphash_key_t key;
    char input[16];

    for (int i = 0; i < 16; i++) {
        key.bytes[i] = (unsigned char)i;
        input[i] = (char)i;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ok(mcp_siphash(&key, (mcp_view_t){ input, rows[i].len }) == rows[i].hash, "SipHash of %d bytes",
           (int)rows[i].len);
    }
    key.bytes[15] ^= 1;
    ok(mcp_siphash(&key, (mcp_view_t){ input, 15 }) != 0xa129ca6149be45e5ULL, "another key, another hash");
}

int main(void)
{
    apr_pool_t *pool, *own;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_siphash();
    for (int i = 0; i < 2; i++) {
        with_text = i == 1;
        apr_pool_create(&own, pool);
        test_basics(own);
        test_keys(own);
        test_bounds(own);
        test_too_large(own);
        test_threads(own);
        apr_pool_destroy(own);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
