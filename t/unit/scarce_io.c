/* Whichever allocation, lock, option of curl or system call fails: nobody is let in for it, nothing crashes, nothing
 * leaks, and no half of a file is left. */
#include <glob.h>

#include "../../src/io/introspector.h"
#include "../../src/io/keyring.h"
#include "../../src/io/keyset.h"
#include "../../src/io/readfile.h"
#include "../../src/io/tokencache.h"
#include "../../src/io/writefile.h"
#include "../lib/loopback.h"
#include "../lib/scarce.h"
#include "../lib/signer.h"

#define TIMEOUT apr_time_from_sec(20)

static loopback_t *server;
static apr_global_mutex_t *lock;
static const char *right, *forged; /* tokens */
static char dir[] = "/tmp/mcp-scarce-XXXXXX";

static const char *url_of(const char *path, apr_pool_t *pool)
{
    return apr_psprintf(pool, "http://127.0.0.1:%u%s", server->port, path);
}

static apr_status_t unmap(void *store)
{
    return munmap(store, sizeof(mcp_store_t)) == 0 ? APR_SUCCESS : errno;
}

static mcp_store_t *make_store(apr_pool_t *pool)
{
    mcp_store_t *store = mmap(NULL, sizeof(*store), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (store == MAP_FAILED) {
        abort();
    }
    apr_pool_cleanup_register(pool, store, unmap, apr_pool_cleanup_null);
    mcp_store_init(store, "0123456789abcdef0123456789abcdef");
    return store;
}

static scarce_outcome_t fetch(void *baton)
{
    const mcp_fetch_options_t how = { .timeout = TIMEOUT };
    apr_pool_t *pool = scarce_pool();
    const mcp_fetch_request_t request = {
        .url = url_of("/document", pool), .reach = MCP_REACH_ALL, .form = "a=b", .authorization = baton
    };
    mcp_answer_t answer;
    bool done = mcp_fetch(&answer, &request, &how, pool) == APR_SUCCESS;
    bool served = done && answer.status == 200 && mcp_view_is(answer.body, "{\"a\":1}");
    bool wrong = done ? !served || answer.problem : !answer.problem;

    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

static mcp_reason_t verify(mcp_keyring_t *ring, const char *token, apr_pool_t *pool)
{
    mcp_jws_t jws;
    mcp_reason_t reason = mcp_jws_parse(&jws, mcp_view_of(token), pool);
    apr_uint64_t stamp;

    return reason == MCP_OK ? mcp_keyring_verify(&stamp, ring, &jws, MCP_ALGS_PUBLIC, NULL) : reason;
}

/* From nothing: the keys are fetched, shared, kept in a file and read by two processes' keyrings. */
static scarce_outcome_t use_keys(void *baton)
{
    apr_pool_t *pool = scarce_pool();
    apr_array_header_t *urls = apr_array_make(pool, 1, sizeof(const char *));
    mcp_keyring_source_t source = {
        .plan = { .source = { .issuer = "https://a", .key_urls = urls },
                  .refresh = apr_time_from_sec(300),
                  .throttle = apr_time_from_sec(30),
                  .lease = 3 * TIMEOUT },
        .fetch = { .timeout = TIMEOUT },
        .store = make_store(pool),
        .lock = lock,
        .state_path = apr_pstrcat(pool, dir, "/state", NULL),
    };
    apr_time_t began = mcp_keyring_now();
    mcp_keyring_t *ring, *other;
    bool served, wrong;

    (void)baton;
    APR_ARRAY_PUSH(urls, const char *) = url_of("/keys", pool);
    ring = mcp_keyring_create(&source, pool);
    other = mcp_keyring_create(&source, pool);
    served = verify(ring, right, pool) == MCP_OK;
    served = verify(other, right, pool) == MCP_OK && served;
    wrong = verify(ring, forged, pool) == MCP_OK || verify(other, forged, pool) == MCP_OK;
    wrong = wrong || mcp_keyring_now() - began >= TIMEOUT; /* nobody waits for a round that nobody makes */
    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

static bool get_nothing(void *baton, const unsigned char id[32], mcp_view_t *bytes, apr_pool_t *pool)
{
    const mcp_view_t *kept = baton;

    (void)id, (void)pool;
    *bytes = *kept;
    return kept->len > 0;
}

static void put(void *baton, const unsigned char id[32], mcp_view_t bytes, apr_time_t until, apr_pool_t *pool)
{
    (void)id, (void)until;
    *(mcp_view_t *)baton = (mcp_view_t){ apr_pmemdup(pool, bytes.data, bytes.len), bytes.len };
}

/* Asked for the first time, and remembered; the second one is told by the cache. What is not active stays so. */
static scarce_outcome_t introspect(void *baton)
{
    apr_pool_t *pool = scarce_pool();
    mcp_view_t kept = { NULL, 0 };
    mcp_introspector_source_t source = {
        .endpoint = { .issuer = "https://a",
                      .url = url_of("/active", pool),
                      .auth = { MCP_CLIENT_AUTH_BASIC, "client", mcp_view_of("secret") } },
        .ttl = apr_time_from_sec(30),
        .fetch = { .timeout = TIMEOUT },
        .store = make_store(pool),
        .lock = lock,
        .cache = { put, get_nothing, &kept },
    };
    mcp_introspector_report_t report = { NULL, NULL };
    mcp_introspector_t *one = mcp_introspector_create(&source, pool), *other;
    mcp_introspected_t said;
    bool served = mcp_introspector_ask(&said, one, mcp_view_of("token"), &report, pool) == MCP_OK, wrong;

    (void)baton;
    served = mcp_introspector_ask(&said, one, mcp_view_of("token"), &report, pool) == MCP_OK && served;
    source.endpoint.url = url_of("/inactive", pool);
    source.cache = (mcp_shared_cache_t){ NULL, NULL, NULL };
    other = mcp_introspector_create(&source, pool);
    wrong = mcp_introspector_ask(&said, other, mcp_view_of("token"), &report, pool) == MCP_OK;
    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

static bool make_facts(mcp_known_t *known, apr_pool_t *pool)
{
    apr_array_header_t *user = apr_array_make(pool, 1, sizeof(char *));
    mcp_claim_names_t names = { .scope = user, .user = user, .audience = user };
    mcp_claims_t *claims = apr_pcalloc(pool, sizeof(*claims));
    mcp_statement_t statement = { .typ = MCP_TYP_JWT };

    APR_ARRAY_PUSH(user, const char *) = "sub";
    *known = (mcp_known_t){ .facts = claims };
    return mcp_json_parse_object(&statement.payload, mcp_view_of("{\"sub\":\"alice\",\"exp\":2000000000}"), pool) ==
               MCP_OK &&
           mcp_claims_read(claims, &statement, &names, pool) == MCP_OK;
}

/* A token that there is no room for is not kept; its request goes on with what it has. */
static scarce_outcome_t remember(void *baton)
{
    apr_pool_t *pool = scarce_pool(), *request = scarce_pool();
    mcp_tokencache_t *cache = mcp_tokencache_create(1048576, pool);
    const mcp_tokencache_key_t key = { mcp_view_of("token"), baton }, other = { mcp_view_of("tokem"), baton };
    mcp_known_t known, found;
    bool served = false, wrong = false;

    if (make_facts(&known, request) && cache) {
        mcp_tokencache_add(&known, cache, &key, request);
        wrong = !mcp_view_is(known.facts->subject, "alice");
        served = mcp_tokencache_find(&found, cache, &key, request);
        wrong = wrong || (served && !mcp_view_is(found.facts->subject, "alice"));
        wrong = wrong || mcp_tokencache_find(&found, cache, &other, request);
        wrong = wrong || mcp_tokencache_size(cache).entries != (served ? 1 : 0);
    }
    apr_pool_destroy(request);
    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

static bool is_alone(const char *path, apr_pool_t *pool)
{
    glob_t found;
    size_t count = glob(apr_pstrcat(pool, path, "*", NULL), 0, NULL, &found) == 0 ? found.gl_pathc : 0;

    if (count > 0) {
        globfree(&found);
    }
    return count == 1;
}

static int lowest_descriptor(void)
{
    int file = dup(0);

    __real_close(file);
    return file;
}

/* What was there, or what is new; nothing beside it; no descriptor that stays open. */
static scarce_outcome_t replace(void *baton)
{
    const char *path = baton;
    int before = lowest_descriptor();
    long denied = scarce.denied;
    apr_pool_t *pool = scarce_pool();
    mcp_view_t text = { "", 0 };
    bool served, wrong;

    scarce.denied = 0;
    mcp_writefile(path, mcp_view_of("old"), pool);
    scarce.denied = denied;
    served = mcp_writefile(path, mcp_view_of("new"), pool) == APR_SUCCESS;
    served = mcp_readfile(&text, path, true, pool) == APR_SUCCESS && served;
    wrong = served && !mcp_view_is(text, "new");
    scarce.denied = 0;
    wrong = wrong || mcp_readfile(&text, path, true, pool) != APR_SUCCESS || !is_alone(path, pool) ||
            !(mcp_view_is(text, "new") || mcp_view_is(text, "old")) || lowest_descriptor() != before;
    scarce.denied = denied;
    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

/* A signal is no error: the call is made again. */
static void test_interrupts(const char *path)
{
    static const long numbers[] = { 2, 7, 8 }; /* mkostemp, write, fsync, close, rename; fstat, read, read, close */

    scarce.error = EINTR;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        is_int(scarce_try(replace, (void *)path, numbers[i], false), SCARCE_SERVED, "a signal in call %ld", numbers[i]);
    }
    scarce.error = EIO;
}

static void set_up(apr_pool_t *pool)
{
    signer_t signer, forger;

    if (!mkdtemp(dir) || apr_global_mutex_create(&lock, NULL, APR_LOCK_DEFAULT, pool) != APR_SUCCESS) {
        abort();
    }
    server = loopback_start();
    signer = signer_make("a", pool);
    forger = signer_make("a", pool);
    right = signer_token(&signer, "a", pool);
    forged = signer_token(&forger, "a", pool);
    loopback_json(server, "/document", "{\"a\":1}");
    loopback_json(server, "/keys", signer_jwks(&signer, pool));
    loopback_json(server, "/active", "{\"active\":true,\"exp\":4000000000}");
    loopback_json(server, "/inactive", "{\"active\":false}");
}

int main(void)
{
    apr_pool_t *pool = scarce_begin();
    const char *path;

    alarm(600);
    set_up(pool);
    path = apr_pstrcat(pool, dir, "/file", NULL);
    scarce_test("a file", replace, (void *)path, false, 8);
    test_interrupts(path);
    scarce_test("the cache of tokens", remember, dir, true, 20);
    scarce_test("an exchange", fetch, "Basic abc", false, 50);
    scarce_test("keys", use_keys, NULL, true, 100);
    scarce_test("introspection", introspect, NULL, true, 100);
    loopback_stop(server);
    unlink(path);
    unlink(apr_pstrcat(pool, dir, "/state", NULL));
    is_int(rmdir(dir), 0, "no file is left behind");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
