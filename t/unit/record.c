/* Introspection answers in a cache that others may read and write.
 *
 * The constants were computed apart from this code, with Python's hashlib and hmac and the AESGCM class of its package
 * cryptography:
 *
 *     H = lambda key, text: hmac.new(key, text, hashlib.sha256).digest()
 *     strings = [b"https://as.example", b"https://as.example/introspect", b"mcp"]
 *     context = hashlib.sha256(b"mod_auth_mcp record\0" +
 *                              b"".join(struct.pack(">Q", len(s)) + s for s in strings)).digest()
 *     secret = H(H(bytes(32), b"correct horse battery staple"), context + b"\1")
 *     id, key = H(secret, b"id\0opaque-token"), H(secret, b"key\0opaque-token")
 *     nonce = bytes(range(12))
 *     body = struct.pack(">qq", 1700000030000000, 1700000000000000) + b'{"active":true}'
 *     record = b"\1" + nonce + AESGCM(key).encrypt(nonce, body, b"\1" + id)
 */
#include <apr_general.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "../../src/core/limits.h"
#include "../../src/core/record.h"
#include "../lib/tap.h"

#define MADE APR_TIME_C(1700000000000000)
#define SECOND APR_USEC_PER_SEC
#define MINUTE (60 * SECOND)
#define OVERHEAD 45 /* version, nonce, two times, tag */

static const unsigned char nonce[MCP_RECORD_NONCE] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };

static const char *hex(const void *bytes, size_t len)
{
    static char text[2048];
    const unsigned char *byte = bytes;

    text[0] = '\0';
    for (size_t i = 0; i < len && 2 * i + 2 < sizeof(text); i++) {
        snprintf(text + 2 * i, 3, "%02x", byte[i]);
    }
    return text;
}

static mcp_view_t context_of(const char *issuer, const char *endpoint, const char *client, apr_pool_t *pool)
{
    mcp_view_t strings[] = { mcp_view_of(issuer), mcp_view_of(endpoint), mcp_view_of(client) };
    mcp_view_t context = { NULL, 0 };

    ok(mcp_record_context(&context, strings, 3, pool), "a context is made");
    return context;
}

static mcp_record_secret_t secret_of(apr_pool_t *pool)
{
    mcp_record_secret_t secret;
    mcp_view_t context = context_of("https://as.example", "https://as.example/introspect", "mcp", pool);

    ok(mcp_record_derive(&secret, mcp_view_of("correct horse battery staple"), context), "a secret is derived");
    return secret;
}

static mcp_record_place_t place_of(const char *token, apr_pool_t *pool)
{
    mcp_record_secret_t secret = secret_of(pool);
    mcp_record_place_t place;

    ok(mcp_record_place(&place, &secret, mcp_view_of(token)), "a token has a place");
    return place;
}

static mcp_record_t example(void)
{
    return (mcp_record_t){ MADE + 30 * SECOND, MADE, mcp_view_of("{\"active\":true}") };
}

static mcp_record_clock_t at(apr_time_t now)
{
    return (mcp_record_clock_t){ now, MINUTE };
}

static bool opens(mcp_view_t sealed, const mcp_record_place_t *place, apr_pool_t *pool)
{
    mcp_record_clock_t clock = at(MADE + SECOND);
    mcp_record_t record;

    return mcp_record_open(&record, sealed, place, &clock, pool);
}

/* RFC 5869 A.3: no salt, no info. 42 bytes are asked for there; the first 32 are the same. */
static void test_rfc5869(void)
{
    mcp_record_secret_t secret;
    char credential[22];

    memset(credential, 0x0b, sizeof(credential));
    ok(mcp_record_derive(&secret, (mcp_view_t){ credential, sizeof(credential) }, (mcp_view_t){ NULL, 0 }),
       "RFC 5869 A.3");
    is_str(hex(secret.bytes, sizeof(secret.bytes)), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
           "RFC 5869 A.3: the first 32 bytes");
}

static void test_known_answer(apr_pool_t *pool)
{
    mcp_view_t context = context_of("https://as.example", "https://as.example/introspect", "mcp", pool), sealed;
    mcp_record_secret_t secret = secret_of(pool);
    mcp_record_place_t place = place_of("opaque-token", pool);
    mcp_record_t record = example();

    is_str(hex(context.data, context.len), "85bf637df92abaec3891140d8971eba06bd2d6c184a72e7b24323c02b7c49e44",
           "the context");
    is_str(hex(secret.bytes, sizeof(secret.bytes)), "2986560c7749c8ca91affbd80fe06c309b9efe2f43d0c97f536cb427dc901046",
           "the secret");
    is_str(hex(place.id, sizeof(place.id)), "cb3b95fffd6a6ee1aea02fe1c8b97348dfdaec89b68c3e22008120cf98acb2e4",
           "G-03 the id, all of it");
    is_str(hex(place.key, sizeof(place.key)), "3e415374801170d36641bbc605901e956ab7197f67ed168c823b08967cfe1d94",
           "the key");
    ok(mcp_record_seal(&sealed, &record, &place, nonce, pool), "a record is sealed");
    is_str(hex(sealed.data, sealed.len),
           "01000102030405060708090a0bc93b4367d7c8b41b7c8f0e69c9c67d6f27aadca90313afe16cd28401e3c62e1836998ffcafa174d2"
           "9201d8795d5d21",
           "the record");
}

static void test_round_trip(apr_pool_t *pool)
{
    mcp_record_place_t place = place_of("opaque-token", pool);
    mcp_record_clock_t clock = at(MADE + SECOND);
    mcp_record_t record = example(), opened;
    mcp_view_t sealed;

    ok(mcp_record_seal(&sealed, &record, &place, nonce, pool) && mcp_record_open(&opened, sealed, &place, &clock, pool),
       "a record opens");
    ok(opened.until == record.until && opened.made == record.made, "with its times");
    ok(mcp_view_equal(opened.payload, record.payload), "and its payload");
    record.payload = (mcp_view_t){ NULL, 0 };
    ok(mcp_record_seal(&sealed, &record, &place, nonce, pool) &&
           mcp_record_open(&opened, sealed, &place, &clock, pool) && opened.payload.len == 0,
       "an empty payload as well");
}

/* G-09: what somebody sees who reads the cache. */
static void test_silence(apr_pool_t *pool)
{
    static const char token[] = "a-token-that-is-long-enough-to-be-found", claim[] = "alice@example.com";
    mcp_record_place_t place = place_of(token, pool);
    mcp_record_t record = { MADE + SECOND, MADE, mcp_view_of("{\"active\":true,\"sub\":\"alice@example.com\"}") };
    mcp_view_t sealed, again;
    unsigned char other[MCP_RECORD_NONCE] = { 0 };

    ok(mcp_record_seal(&sealed, &record, &place, nonce, pool) && mcp_record_seal(&again, &record, &place, other, pool),
       "sealed twice");
    ok(!memmem(sealed.data, sealed.len, "token", 5) && !memmem(place.id, sizeof(place.id), token, 4),
       "G-09 no token in the cache");
    ok(!memmem(sealed.data, sealed.len, claim, 4), "G-09 no claim");
    for (size_t i = 0; i + 8 <= sealed.len; i++) {
        if (memmem(place.key, sizeof(place.key), sealed.data + i, 8)) {
            ok(false, "G-09 no key, at %d", (int)i);
        }
    }
    ok(memcmp(sealed.data + 13, again.data + 13, sealed.len - 13) != 0, "another nonce, another text");
}

/* Each record that differs in one bit, is shorter or is longer. */
static void test_changes(apr_pool_t *pool)
{
    mcp_record_place_t place = place_of("opaque-token", pool);
    mcp_record_t record = example();
    mcp_view_t sealed;
    char *bytes;
    int opened = 0;

    ok(mcp_record_seal(&sealed, &record, &place, nonce, pool) && opens(sealed, &place, pool), "as sealed it opens");
    bytes = apr_pcalloc(pool, sealed.len + 16);
    memcpy(bytes, sealed.data, sealed.len);
    for (apr_size_t bit = 0; bit < sealed.len * 8; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        opened += opens((mcp_view_t){ bytes, sealed.len }, &place, pool) ? 1 : 0;
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    is_int(opened, 0, "none of %d changed bits", (int)sealed.len * 8);
    for (apr_size_t len = 0; len <= sealed.len + 16; len++) {
        /* each in memory of its own, so that a sanitizer sees a read behind it */
        char *part = malloc(len ? len : 1);

        memcpy(part, bytes, len);
        opened += len != sealed.len && opens((mcp_view_t){ part, len }, &place, pool) ? 1 : 0;
        free(part);
    }
    is_int(opened, 0, "none that is shorter or longer");
    ok(!opens((mcp_view_t){ NULL, 0 }, &place, pool), "nothing at all");
    ok(opens((mcp_view_t){ bytes, sealed.len }, &place, pool), "undone it opens again");
}

/* Garbage of every length costs no error that TLS would find in the queue, and changes nothing. */
static void test_garbage(apr_pool_t *pool)
{
    mcp_record_place_t place = place_of("opaque-token", pool);
    mcp_record_clock_t clock = at(MADE + SECOND);
    mcp_record_t record = { .made = 42 };
    char *bytes = apr_pcalloc(pool, MCP_LIMIT_RECORD + 2);
    int opened = 0;

    for (apr_size_t len = 0; len <= MCP_LIMIT_RECORD + 2; len += len < 256 ? 1 : 251) {
        memset(bytes, (int)len, len);
        bytes[0] = 1;
        opened += mcp_record_open(&record, (mcp_view_t){ bytes, len }, &place, &clock, pool) ? 1 : 0;
        apr_pool_clear(pool);
        bytes = apr_pcalloc(pool, MCP_LIMIT_RECORD + 2);
    }
    is_int(opened, 0, "no garbage opens");
    ok(record.made == 42 && !record.payload.data, "nor gives anything");
    ok(ERR_peek_error() == 0, "nor leaves an error behind");
}

/* G-03: the record of one token, configuration or server is of no use for another. */
static void test_places(apr_pool_t *pool)
{
    static const char *const contexts[][3] = {
        { "https://as.example", "https://as.example/introspect", "mcp" },
        { "https://as.exampl", "https://as.example/introspect", "mcp" },
        { "https://as.example", "https://as.example/introspect2", "mcp" },
        { "https://as.example", "https://as.example/introspect", "mc" },
        { "https://as.examplehttps://as.example/introspect", "", "mcp" },
        { "https://as.example", "https://as.example/introspectm", "cp" },
        { "https://as.example/introspect", "https://as.example", "mcp" },
    };
    mcp_record_place_t places[10];
    mcp_record_secret_t secret = secret_of(pool);
    mcp_record_t record = example();
    mcp_view_t sealed[10];

    for (int i = 0; i < 7; i++) {
        mcp_view_t context = context_of(contexts[i][0], contexts[i][1], contexts[i][2], pool);

        ok(mcp_record_derive(&secret, mcp_view_of("a secret"), context) &&
               mcp_record_place(&places[i], &secret, mcp_view_of("token")),
           "place %d", i);
    }
    ok(mcp_record_place(&places[7], &secret, mcp_view_of("token2")) &&
           mcp_record_place(&places[8], &secret, (mcp_view_t){ "token\0", 6 }),
       "places of other tokens");
    ok(mcp_record_derive(&secret, mcp_view_of("another"), context_of("https://as.example", "e", "c", pool)) &&
           mcp_record_place(&places[9], &secret, mcp_view_of("token")),
       "a place of another credential");
    for (int i = 0; i < 10; i++) {
        ok(mcp_record_seal(&sealed[i], &record, &places[i], nonce, pool), "sealed at %d", i);
    }
    for (int i = 0; i < 100; i++) {
        is_int(opens(sealed[i / 10], &places[i % 10], pool), i / 10 == i % 10, "G-03 from %d to %d", i / 10, i % 10);
    }
    places[0].id[31] ^= 1;
    ok(!opens(sealed[0], &places[0], pool), "G-03 the id counts to its last bit, beside the key");
}

static void test_context(apr_pool_t *pool)
{
    static const mcp_view_t strings[] = { { "a", 1 }, { NULL, 0 }, { NULL, 0 } };
    mcp_view_t contexts[4], empty;
    mcp_record_secret_t secret = { { 42 } };

    for (int i = 0; i < 4; i++) {
        ok(mcp_record_context(&contexts[i], strings, i, pool) && contexts[i].len == 32, "%d strings", i);
        for (int k = 0; k < i; k++) {
            ok(!mcp_view_equal(contexts[i], contexts[k]), "are not %d", k);
        }
    }
    empty = (mcp_view_t){ "", 0 };
    ok(!mcp_record_derive(&secret, empty, contexts[0]) && secret.bytes[0] == 42, "G-09 no credential, no secret");
    empty.data = NULL;
    ok(!mcp_record_derive(&secret, empty, contexts[0]) && secret.bytes[0] == 42, "G-09 nor from no bytes at all");
}

/* Both sides of each border; made and until in relation to MADE, now as well. */
static const struct {
    const char *name;
    apr_time_t until, made, now;
    bool opens;
} times[] = {
    { "just made", 30 * SECOND, 0, 0, true },
    { "the last moment", 30 * SECOND, 0, 30 * SECOND - 1, true },
    { "until then, not then", 30 * SECOND, 0, 30 * SECOND, false },
    { "over", 30 * SECOND, 0, 31 * SECOND, false },
    { "as long as may be", MINUTE, 0, SECOND, true },
    { "longer", MINUTE + 1, 0, SECOND, false },
    { "much longer", 1000 * MINUTE, 0, SECOND, false },
    { "made a minute ahead", 30 * SECOND, 0, -MINUTE, true },
    { "made more than a minute ahead", 30 * SECOND, 0, -MINUTE - 1, false },
    { "over before it was made", 10 * SECOND, 20 * SECOND, 0, false },
    { "over as it was made", 20 * SECOND, 20 * SECOND, 0, false },
    { "a moment", 20 * SECOND + 1, 20 * SECOND, 0, true },
    { "made before all clocks", 30 * SECOND, -MADE - 1, 0, false },
    { "so early that a difference overflows", 30 * SECOND, INT64_MIN, 0, false },
    { "as late as can be written", INT64_MAX - MADE, 0, 0, false },
    { "both as late as can be written", INT64_MAX - MADE, INT64_MAX - MADE, 0, false },
    { "ended before all clocks", INT64_MIN, 0, 0, false },
};

static void test_times(apr_pool_t *pool)
{
    mcp_record_place_t place = place_of("opaque-token", pool);

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        apr_time_t made = times[i].made == INT64_MIN ? INT64_MIN + MINUTE : MADE + times[i].made;
        apr_time_t until = times[i].until == INT64_MIN ? INT64_MIN : MADE + times[i].until;
        mcp_record_t record = { until, made, mcp_view_of("{}") }, opened = { .made = 42 };
        mcp_record_clock_t clock = at(MADE + times[i].now);
        mcp_view_t sealed;
        bool found = mcp_record_seal(&sealed, &record, &place, nonce, pool) &&
                     mcp_record_open(&opened, sealed, &place, &clock, pool);

        is_int(found, times[i].opens, "%s", times[i].name);
        ok((opened.made != 42) == found, "%s: and only then a record", times[i].name);
    }
}

static void test_sizes(apr_pool_t *pool)
{
    static char text[MCP_LIMIT_RECORD + 1];
    mcp_record_place_t place = place_of("opaque-token", pool);
    mcp_record_t record = example();
    mcp_view_t sealed = { "untouched", 9 };

    memset(text, 'x', sizeof(text));
    record.payload = (mcp_view_t){ text, MCP_LIMIT_RECORD - OVERHEAD };
    ok(mcp_record_seal(&sealed, &record, &place, nonce, pool) && sealed.len == MCP_LIMIT_RECORD,
       "the largest is as large as the limit");
    ok(opens(sealed, &place, pool), "and opens");
    sealed = mcp_view_of("untouched");
    record.payload.len++;
    ok(!mcp_record_seal(&sealed, &record, &place, nonce, pool), "one byte more is not sealed");
    record.payload.len = MCP_LIMIT_RECORD + 1;
    ok(!mcp_record_seal(&sealed, &record, &place, nonce, pool), "nor is much more");
    record.payload.len = (apr_size_t)-1;
    ok(!mcp_record_seal(&sealed, &record, &place, nonce, pool) && mcp_view_is(sealed, "untouched"),
       "nor what no memory can hold");
}

/* A record as another version of this module might seal it: its first byte, and a payload of that length. */
static mcp_view_t seal_as(unsigned char version, int payload, const mcp_record_place_t *place, apr_pool_t *pool)
{
    unsigned char *bytes = apr_pcalloc(pool, OVERHEAD + (apr_size_t)payload);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n;

    bytes[0] = version;
    for (int i = 0; i < 8; i++) {
        bytes[13 + i] = (unsigned char)((MADE + 30 * SECOND) >> (56 - 8 * i));
        bytes[21 + i] = (unsigned char)(MADE >> (56 - 8 * i));
    }
    ok(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, place->key, bytes + 1) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &n, bytes, 1) == 1 && EVP_EncryptUpdate(ctx, NULL, &n, place->id, 32) == 1 &&
           EVP_EncryptUpdate(ctx, bytes + 13, &n, bytes + 13, 16 + payload) == 1 &&
           EVP_EncryptFinal_ex(ctx, bytes + 13 + n, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, bytes + 29 + payload) == 1,
       "version %d with %d bytes", version, payload);
    EVP_CIPHER_CTX_free(ctx);
    return (mcp_view_t){ (char *)bytes, OVERHEAD + (apr_size_t)payload };
}

static void test_versions(apr_pool_t *pool)
{
    mcp_record_place_t place = place_of("opaque-token", pool);

    ok(opens(seal_as(1, 100, &place, pool), &place, pool), "opens when all is as it is here");
    ok(!opens(seal_as(0, 100, &place, pool), &place, pool), "not of version 0");
    ok(!opens(seal_as(2, 100, &place, pool), &place, pool), "nor of version 2");
    ok(opens(seal_as(1, MCP_LIMIT_RECORD - OVERHEAD, &place, pool), &place, pool),
       "opens when it is as long as may be");
    ok(!opens(seal_as(1, MCP_LIMIT_RECORD - OVERHEAD + 1, &place, pool), &place, pool), "not when it is longer by one");
}

int main(void)
{
    apr_pool_t *pool, *scratch;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&scratch, NULL);
    test_rfc5869();
    test_known_answer(pool);
    test_round_trip(pool);
    test_silence(pool);
    test_changes(pool);
    test_garbage(scratch);
    test_places(pool);
    test_context(pool);
    test_times(pool);
    test_sizes(pool);
    test_versions(pool);
    apr_pool_destroy(scratch);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
