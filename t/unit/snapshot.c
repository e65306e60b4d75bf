/* Snapshots: what is written is read again, for the same settings only, and nothing else is read at all. */
#include "../../src/core/snapshot.h"

#include <apr_general.h>

#include "../../src/core/json.h"
#include "../lib/tap.h"

#define NOW apr_time_from_sec(1700000000)

static mcp_snapshot_t example(const char *identity)
{
    return (mcp_snapshot_t){ .identity = identity,
                             .issuer = "https://as.example/\"x\"",
                             .fetched = NOW - apr_time_from_sec(10),
                             .keys = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"\\u0001\"}]}",
                             .metadata = "{\"issuer\":\"https://as.example\",\"b\":1,\"a\":2}" };
}

static void test_round_trip(apr_pool_t *pool)
{
    mcp_snapshot_t written = example("0123456789abcdef0123456789abcdef"), read = { .keys = "untouched" };
    const char *text = mcp_snapshot_write(&written, pool);

    ok(text != NULL, "a snapshot is written");
    ok(mcp_snapshot_read(&read, mcp_view_of(text), written.identity, NOW, pool), "and read");
    is_str(read.issuer, written.issuer, "with its issuer");
    is_str(read.keys, written.keys, "its keys");
    is_str(read.metadata, written.metadata, "its metadata, in its order");
    ok(read.fetched == written.fetched, "and the time");
    ok(mcp_snapshot_read(&read, mcp_view_of(text), written.identity, written.fetched, pool),
       "at that very time as well");
    ok(!mcp_snapshot_read(&read, mcp_view_of(text), written.identity, written.fetched - APR_USEC_PER_SEC, pool),
       "not before it");
    written.metadata = NULL;
    text = mcp_snapshot_write(&written, pool);
    ok(mcp_snapshot_read(&read, mcp_view_of(text), written.identity, NOW, pool) && !read.metadata, "without metadata");
    written.keys = "[]";
    ok(!mcp_snapshot_write(&written, pool), "what is no object is not written");
    written.keys = "{";
    ok(!mcp_snapshot_write(&written, pool), "nor is half of one");
}

static void test_refusals(apr_pool_t *pool)
{
    mcp_snapshot_t written = example("id"), read = { .keys = "untouched" };
    const char *good = mcp_snapshot_write(&written, pool);
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "7",
        "null",
        "{\"version\":1}",
        "{\"version\":1,\"identity\":\"id\"}",
        "{\"version\":\"1\",\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":1,\"jwks\":{}}",
        "{\"version\":2,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":1,\"jwks\":{}}",
        "{\"version\":1,\"identity\":\"di\",\"issuer\":\"i\",\"fetched\":1,\"jwks\":{}}",
        "{\"version\":1,\"identity\":7,\"issuer\":\"i\",\"fetched\":1,\"jwks\":{}}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":7,\"fetched\":1,\"jwks\":{}}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":\"1\",\"jwks\":{}}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":1.5,\"jwks\":{}}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":-1,\"jwks\":{}}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":9223372036854775807,\"jwks\":{}}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":99999999999999999999,\"jwks\":{}}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":1}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":1,\"jwks\":[]}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":1,\"jwks\":{},\"metadata\":[]}",
        "{\"version\":1,\"identity\":\"id\",\"issuer\":\"i\",\"fetched\":1,\"jwks\":{},\"jwks\":{}}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ok(!mcp_snapshot_read(&read, mcp_view_of(texts[i]), "id", NOW, pool), "refused: %s", texts[i]);
    }
    for (size_t len = 0; len < strlen(good); len++) {
        if (mcp_snapshot_read(&read, (mcp_view_t){ good, len }, "id", NOW, pool)) {
            ok(false, "cut to %d bytes", (int)len);
        }
    }
    is_str(read.keys, "untouched", "and nothing is taken from any of them");
}

static void test_identity(apr_pool_t *pool)
{
    static const char *const parts[][3] = { { "a", "b", "c" }, { "ab", "", "c" },  { "a", "bc", NULL },
                                            { "a", "bc", "" }, { "a", NULL, "" },  { NULL, NULL, NULL },
                                            { "", "", "" },    { "1:a", "b", "c" } };
    const char *names[8];

    for (int i = 0; i < 8; i++) {
        names[i] = mcp_snapshot_identity(parts[i], 3, pool);
        is_int(strlen(names[i]), 32, "a name");
        for (int k = 0; k < i; k++) {
            ok(strcmp(names[i], names[k]) != 0, "settings %d and %d differ", i, k);
        }
    }
    is_str(mcp_snapshot_identity(parts[0], 3, pool), names[0], "the same settings have the same name");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_round_trip(pool);
    test_refusals(pool);
    test_identity(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
