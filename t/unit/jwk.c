/* Keys: which of a set are taken, for which algorithms, and which are left out with a line that says why. */
#include <apr_general.h>
#include <apr_tables.h>

#include "../../src/core/jwk.h"
#include "../lib/notebook.h"
#include "../lib/tap.h"
#include "forge.h"

static forge_key_t rsa, rsa1024, rsa3, p256, p384, p521, k256, ed, ed448, x25519;

static mcp_jwks_t *set_of(const char *keys, bool *taken, apr_pool_t *pool)
{
    mcp_jwks_t *set = mcp_jwk_set(pool);
    mcp_log_t log = notebook_open();

    notebook_clear();
    *taken = mcp_jwk_add_set(set, mcp_view_of(apr_pstrcat(pool, "{\"keys\":[", keys, "]}", NULL)), &log);
    return set;
}

static void test_names(void)
{
    static const struct {
        const char *name;
        unsigned alg;
    } rows[] = { { "RS256", MCP_RS256 }, { "RS384", MCP_RS384 }, { "RS512", MCP_RS512 }, { "PS256", MCP_PS256 },
                 { "PS384", MCP_PS384 }, { "PS512", MCP_PS512 }, { "ES256", MCP_ES256 }, { "ES384", MCP_ES384 },
                 { "ES512", MCP_ES512 }, { "EdDSA", MCP_EDDSA }, { "HS256", MCP_HS256 }, { "HS384", MCP_HS384 },
                 { "HS512", MCP_HS512 }, { "none", 0 },          { "None", 0 },          { "", 0 },
                 { "rs256", 0 },         { "RS256 ", 0 },        { "RS1", 0 },           { "ES256K", 0 },
                 { "eddsa", 0 },         { "Ed25519", 0 },       { "Ed448", 0 },         { "ML-DSA-44", 0 },
                 { "RSA-OAEP", 0 },      { "dir", 0 },           { "A256GCM", 0 },       { "RS2567", 0 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_int(mcp_jwk_alg(mcp_view_of(rows[i].name)), rows[i].alg, "B-01 B-03 B-08 alg '%s'", rows[i].name);
    }
    is_int(mcp_jwk_alg((mcp_view_t){ "RS256\0", 6 }), 0, "B-03 alg with a NUL");
}

#define RSA_ALL (MCP_RS256 | MCP_RS384 | MCP_RS512 | MCP_PS256 | MCP_PS384 | MCP_PS512)

/* Members beside those of a good key; algs 0: left out, and why. */
static const struct {
    const char *name;
    const forge_key_t *key;
    const char *more;
    unsigned algs;
    const char *why;
} members[] = {
    { "RSA without more", &rsa, NULL, RSA_ALL, NULL },
    { "C-03 RSA with e = 3", &rsa3, NULL, RSA_ALL, NULL },
    { "P-256", &p256, NULL, MCP_ES256, NULL },
    { "P-384", &p384, NULL, MCP_ES384, NULL },
    { "P-521", &p521, NULL, MCP_ES512, NULL },
    { "Ed25519", &ed, NULL, MCP_EDDSA, NULL },
    { "use sig", &rsa, "\"use\":\"sig\"", RSA_ALL, NULL },
    { "RSA with alg", &rsa, "\"alg\":\"RS256\"", MCP_RS256, NULL },
    { "RSA with alg PS384", &rsa, "\"alg\":\"PS384\"", MCP_PS384, NULL },
    { "EC with alg", &p256, "\"alg\":\"ES256\"", MCP_ES256, NULL },
    { "OKP with alg", &ed, "\"alg\":\"EdDSA\"", MCP_EDDSA, NULL },
    { "key_ops verify", &rsa, "\"key_ops\":[\"verify\"]", RSA_ALL, NULL },
    { "key_ops verify among others", &rsa, "\"key_ops\":[\"sign\",7,\"verify\"]", RSA_ALL, NULL },
    { "unknown members", &rsa, "\"x5c\":[\"AA\"],\"x5t\":\"a\",\"exp\":1,\"x\":null", RSA_ALL, NULL },
    { "C-08 use enc", &rsa, "\"use\":\"enc\"", 0, "use is not sig" },
    { "C-08 use null", &rsa, "\"use\":null", 0, "use is not sig" },
    { "C-08 use in other case", &rsa, "\"use\":\"SIG\"", 0, "use is not sig" },
    { "C-08 use an array", &rsa, "\"use\":[\"sig\"]", 0, "use is not sig" },
    { "C-08 key_ops without verify", &rsa, "\"key_ops\":[\"sign\",\"encrypt\"]", 0, "key_ops" },
    { "C-08 key_ops empty", &rsa, "\"key_ops\":[]", 0, "key_ops" },
    { "C-08 key_ops a string", &rsa, "\"key_ops\":\"verify\"", 0, "key_ops" },
    { "C-08 key_ops null", &rsa, "\"key_ops\":null", 0, "key_ops" },
    { "C-08 X25519", &x25519, NULL, 0, "members are not those of its type" },
    { "B-08 Ed448", &ed448, NULL, 0, "members are not those of its type" },
    { "B-05 secp256k1", &k256, NULL, 0, "members are not those of its type" },
    { "C-10 d", &p256, "\"d\":\"AA\"", 0, "private or symmetric" },
    { "C-10 d of another type", &rsa, "\"d\":1", 0, "private or symmetric" },
    { "C-10 p", &rsa, "\"p\":\"AA\"", 0, "private or symmetric" },
    { "C-10 q", &rsa, "\"q\":\"AA\"", 0, "private or symmetric" },
    { "C-10 dp", &rsa, "\"dp\":\"AA\"", 0, "private or symmetric" },
    { "C-10 dq", &rsa, "\"dq\":\"AA\"", 0, "private or symmetric" },
    { "C-10 qi", &rsa, "\"qi\":\"AA\"", 0, "private or symmetric" },
    { "C-07 k beside an RSA key", &rsa, "\"k\":\"AA\"", 0, "private or symmetric" },
    { "C-01 RSA of 1024 bits", &rsa1024, NULL, 0, "shorter than 2048" },
    { "B-07 alg of another type", &rsa, "\"alg\":\"ES256\"", 0, "alg" },
    { "B-07 alg of another curve", &p256, "\"alg\":\"ES384\"", 0, "alg" },
    { "C-07 alg HS256", &rsa, "\"alg\":\"HS256\"", 0, "alg" },
    { "B-01 alg none", &rsa, "\"alg\":\"none\"", 0, "alg" },
    { "B-08 alg RSA-OAEP", &rsa, "\"alg\":\"RSA-OAEP\"", 0, "alg" },
    { "B-03 alg in lower case", &rsa, "\"alg\":\"rs256\"", 0, "alg" },
    { "alg null", &rsa, "\"alg\":null", 0, "alg" },
    { "alg a number", &rsa, "\"alg\":1", 0, "alg" },
    { "B-15 kid a number", &rsa, "\"kid\":1", 0, "kid" },
    { "B-15 kid null", &rsa, "\"kid\":null", 0, "kid" },
};

static void test_members(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        bool taken;
        mcp_jwks_t *set = set_of(forge_jwk(members[i].key, members[i].more, pool), &taken, pool);

        is_int(set->count ? set->keys[0].algs : 0, members[i].algs, "%s", members[i].name);
        ok(taken == (members[i].algs != 0), "%s: taken or not", members[i].name);
        ok(!members[i].why || strstr(notebook.text, members[i].why), "%s: %s", members[i].name,
           *notebook.text ? notebook.text : "nothing logged");
        is_int(notebook_count("MCP0002"), members[i].why ? 1 : 0, "%s: one line when it is left out", members[i].name);
    }
}

/* A number of so many bits as base64url, and its lowest byte. */
static const char *number(int bits, unsigned char last, apr_pool_t *pool)
{
    size_t size = ((size_t)bits + 7) / 8;
    unsigned char *bytes = apr_palloc(pool, size);

    memset(bytes, 0xa5, size);
    bytes[0] = (unsigned char)(1U << ((bits - 1) % 8));
    bytes[size - 1] = size > 1 ? last : (unsigned char)(bytes[0] | last);
    return forge_b64(bytes, size, pool);
}

static void test_rsa(apr_pool_t *pool)
{
    static const struct {
        const char *name;
        int n_bits;
        unsigned char n_last;
        int e_bits;
        unsigned char e_last;
        bool good;
    } rows[] = {
        { "C-01 2047 bits", 2047, 1, 17, 1, false },
        { "2048 bits", 2048, 1, 17, 1, true },
        { "8192 bits", 8192, 1, 17, 1, true },
        { "C-04 8193 bits", 8193, 1, 17, 1, false },
        { "C-04 16384 bits", 16384, 1, 17, 1, false },
        { "C-04 e of 64 bits", 2048, 1, 64, 1, true },
        { "C-04 e of 65 bits", 2048, 1, 65, 1, false },
        { "C-04 e of 2040 bits", 2048, 1, 2040, 1, false },
        { "C-04 e of 9000 bits", 2048, 1, 9000, 1, false },
        { "C-02 e = 1", 2048, 1, 1, 1, false },
        { "C-02 e even", 2048, 1, 17, 2, false },
        { "C-02 e = 2", 2048, 1, 2, 0, false },
        { "C-02 n even", 2048, 2, 17, 1, false },
        { "C-03 e = 3", 2048, 1, 2, 3, true },
        { "C-04 megabyte", 800000, 1, 17, 1, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *jwk = apr_pstrcat(pool, "{\"kty\":\"RSA\",\"n\":\"", number(rows[i].n_bits, rows[i].n_last, pool),
                                      "\",\"e\":\"", number(rows[i].e_bits, rows[i].e_last, pool), "\"}", NULL);
        bool taken;

        set_of(jwk, &taken, pool);
        ok(taken == rows[i].good, "%s", rows[i].name);
    }
}

/* Keys as text. N at the start of a value stands for the modulus of a good key, X and Y for the point of one. */
static const struct {
    const char *name, *jwk;
} wrong[] = {
    { "C-02 e = 0", "{\"kty\":\"RSA\",\"n\":\"N\",\"e\":\"AA\"}" },
    { "e empty", "{\"kty\":\"RSA\",\"n\":\"N\",\"e\":\"\"}" },
    { "n zero", "{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}" },
    { "C-09 no e", "{\"kty\":\"RSA\",\"n\":\"N\"}" },
    { "C-09 no n", "{\"kty\":\"RSA\",\"e\":\"AQAB\"}" },
    { "C-09 e a number", "{\"kty\":\"RSA\",\"n\":\"N\",\"e\":65537}" },
    { "C-09 n padded", "{\"kty\":\"RSA\",\"n\":\"N=\",\"e\":\"AQAB\"}" },
    { "C-09 no kty", "{\"n\":\"N\",\"e\":\"AQAB\"}" },
    { "C-09 kty a number", "{\"kty\":1,\"n\":\"N\",\"e\":\"AQAB\"}" },
    { "C-09 kty in lower case", "{\"kty\":\"rsa\",\"n\":\"N\",\"e\":\"AQAB\"}" },
    { "C-09 unknown kty", "{\"kty\":\"AKP\",\"pub\":\"AA\"}" },
    { "C-07 oct", "{\"kty\":\"oct\",\"k\":\"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0\"}" },
    { "C-07 oct without k", "{\"kty\":\"oct\"}" },
    { "C-05 off the curve",
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"X\",\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}" },
    { "C-05 all zero", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
                       "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}" },
    { "C-05 coordinates beyond the field",
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"__________________________________________8\","
      "\"y\":\"__________________________________________8\"}" },
    { "C-05 x too short", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"Y\"}" },
    { "C-05 x too long", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"X00\",\"y\":\"Y\"}" },
    { "C-05 x of infinity", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\"}" },
    { "C-09 no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"X\"}" },
    { "C-09 no crv", "{\"kty\":\"EC\",\"x\":\"X\",\"y\":\"Y\"}" },
    { "C-09 P-384 with the size of P-256", "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"X\",\"y\":\"Y\"}" },
    { "C-09 crv of Ed25519", "{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"X\",\"y\":\"Y\"}" },
    { "C-09 OKP without crv", "{\"kty\":\"OKP\",\"x\":\"X\"}" },
    { "C-09 OKP without x", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}" },
    { "C-09 OKP of 31 bytes",
      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}" },
    { "C-09 OKP of 33 bytes",
      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}" },
    { "C-09 a string", "\"key\"" },
    { "C-09 null", "null" },
    { "C-09 an array", "[]" },
    { "C-09 nothing in it", "{}" },
};

static const char *fill(const char *text, apr_pool_t *pool)
{
    const char *filled = "";
    char before = '\0';

    for (; *text; before = *text++) {
        bool named = before == '"' && strchr("NXY", *text);
        const char one[2] = { *text, '\0' };
        const char *value = !named         ? one
                            : *text == 'N' ? forge_number(&rsa, "n", 0, pool)
                                           : forge_number(&p256, *text == 'X' ? "qx" : "qy", 32, pool);

        filled = apr_pstrcat(pool, filled, value, NULL);
    }
    return filled;
}

/* C-09: each bad key is left out, the good one beside it stays. */
static void test_wrong(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *bad = fill(wrong[i].jwk, pool);
        bool taken;
        mcp_jwks_t *set =
            set_of(apr_pstrcat(pool, bad, ",", forge_jwk(&ed, "\"kid\":\"good\"", pool), NULL), &taken, pool);

        ok(taken && set->count == 1 && strcmp(set->keys[0].kid, "good") == 0, "%s is left out, the other stays",
           wrong[i].name);
        is_int(notebook_count("MCP0002: key 1 of the set, kid \"(none)\", is left out: "), 1, "%s: the log says so",
               wrong[i].name);
        set_of(bad, &taken, pool);
        ok(!taken && notebook_count("MCP0003") == 1, "%s alone is no set", wrong[i].name);
    }
}

/* C-06: the points of small order, in every spelling, with either sign bit. */
static void test_small_order(apr_pool_t *pool)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };

    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        for (int sign = 0; sign < 2; sign++) {
            unsigned char bytes[32];
            bool taken;

            for (size_t n = 0; n < sizeof(bytes); n++) {
                const char digits[3] = { points[i][2 * n], points[i][2 * n + 1], '\0' };

                bytes[n] = (unsigned char)strtoul(digits, NULL, 16);
            }
            bytes[31] = (unsigned char)(bytes[31] | sign << 7);
            set_of(apr_pstrcat(pool, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"", forge_b64(bytes, 32, pool), "\"}",
                               NULL),
                   &taken, pool);
            ok(!taken && strstr(notebook.text, "small order"), "C-06 %s with sign %d", points[i], sign);
        }
    }
}

static const struct {
    const char *name, *text;
    const char *mark;
} documents[] = {
    { "C-13 no key", "{\"keys\":[]}", "MCP0003" },
    { "C-13 no member", "{}", "MCP0003" },
    { "C-13 keys an object", "{\"keys\":{\"kty\":\"RSA\"}}", "MCP0003" },
    { "C-13 keys a string", "{\"keys\":\"x\"}", "MCP0003" },
    { "C-13 keys null", "{\"keys\":null}", "MCP0003" },
    { "C-13 an array", "[]", "MCP0001" },
    { "C-13 a string", "\"x\"", "MCP0001" },
    { "C-13 null", "null", "MCP0001" },
    { "C-13 nothing", "", "MCP0001" },
    { "C-13 HTML", "<html>", "MCP0001" },
    { "C-14 keys twice", "{\"keys\":[],\"keys\":[KEY]}", "MCP0001" },
    { "C-14 keys twice, escaped", "{\"keys\":[KEY],\"\\u006beys\":[KEY]}", "MCP0001" },
    { "C-14 kty twice in a key", "{\"keys\":[KEY,{\"kty\":\"RSA\",\"kty\":\"EC\"}]}", "MCP0001" },
    { "a key without a set", "KEY", "MCP0003" },
    { "trailing text", "{\"keys\":[KEY]}x", "MCP0001" },
};

static void test_documents(apr_pool_t *pool)
{
    mcp_log_t log = notebook_open();

    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        const char *text = documents[i].text, *key;
        mcp_jwks_t *set = mcp_jwk_set(pool);

        while ((key = strstr(text, "KEY")) != NULL) {
            text = apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(key - text)), forge_jwk(&ed, NULL, pool),
                               key + 3, NULL);
        }
        notebook_clear();
        ok(!mcp_jwk_add_set(set, mcp_view_of(text), &log) && set->count == 0, "%s: no keys", documents[i].name);
        is_int(notebook_count(documents[i].mark), 1, "%s: one error line", documents[i].name);
        is_int(notebook_count("error "), 1, "%s: and no other", documents[i].name);
    }
    ok(!mcp_jwk_add_set(mcp_jwk_set(pool), mcp_view_of("[]"), NULL), "nobody needs to listen");
}

/* C-12: thousands of keys, good, bad and twice. */
static void test_many(apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, 128, sizeof(const char *));
    bool taken;
    mcp_jwks_t *set;
    const char *more = "";

    for (int i = 0; i < 10000; i++) {
        APR_ARRAY_PUSH(parts, const char *) =
            i < MCP_LIMIT_KEYS + 10 ? forge_jwk(&ed, apr_psprintf(pool, "\"kid\":\"k%d\"", i), pool) : "{}";
    }
    set = set_of(apr_array_pstrcat(pool, parts, ','), &taken, pool);
    ok(taken, "C-12 10,000 keys");
    is_int(set->count, MCP_LIMIT_KEYS, "C-12 so many are kept");
    is_str(set->keys[MCP_LIMIT_KEYS - 1].kid, "k63", "C-12 the first ones");
    ok(set->cut, "C-12 others are left out");
    is_int(notebook_count("warn MCP0005: the set has 10000 keys, those after the first 64"), 1, "C-12 with a warning");
    ok(mcp_jwk_add_set(set, mcp_view_of(apr_pstrcat(pool, "{\"keys\":[", forge_jwk(&ed, NULL, pool), "]}", NULL)),
                       NULL),
       "C-12 another set is one, though there is no room");
    ok(!mcp_jwk_add_set(set, mcp_view_of("{\"keys\":[]}"), NULL), "C-12 an empty one is not");
    ok(!mcp_jwk_add_pem(set, mcp_view_of(forge_pem(&p256, false, pool)), NULL), "C-12 no room for a PEM key");
    ok(!mcp_jwk_add_secret(set, mcp_view_of("0123456789abcdef0123456789abcdef")), "C-12 nor for a secret");
    is_int(set->count, MCP_LIMIT_KEYS, "C-12 nothing was added");
    set = set_of(
        apr_pstrcat(pool, forge_jwk(&ed, "\"kid\":\"a\"", pool), ",", forge_jwk(&ed, "\"kid\":\"a\"", pool), NULL),
        &taken, pool);
    is_int(set->count, 2, "C-12 a kid twice is two keys");
    ok(!set->cut, "C-12 and nothing is left out");
    parts->nelts = MCP_LIMIT_KEYS;
    set = set_of(apr_array_pstrcat(pool, parts, ','), &taken, pool);
    ok(set->count == MCP_LIMIT_KEYS && !set->cut, "C-12 nor of as many keys as are kept");
    parts->nelts = 10000;
    for (int i = 0; i < 10000; i++) {
        APR_ARRAY_IDX(parts, i, const char *) = "{}";
    }
    more = apr_array_pstrcat(pool, parts, ',');
    set_of(more, &taken, pool);
    ok(!taken && notebook.lines <= MCP_LIMIT_KEYS_READ + 2, "C-12 10,000 unusable keys are no 10,000 log lines but %d",
       notebook.lines);
}

static void test_kid(apr_pool_t *pool)
{
    char *kid = apr_pcalloc(pool, 1000001);
    bool taken;
    mcp_jwks_t *set;

    memset(kid, 'k', MCP_LIMIT_KID);
    set = set_of(forge_jwk(&ed, apr_psprintf(pool, "\"kid\":\"%s\"", kid), pool), &taken, pool);
    ok(taken && strcmp(set->keys[0].kid, kid) == 0, "C-12 a kid of 512 bytes");
    kid[MCP_LIMIT_KID] = 'k';
    set_of(forge_jwk(&ed, apr_psprintf(pool, "\"kid\":\"%s\"", kid), pool), &taken, pool);
    ok(!taken && strstr(notebook.text, "kkk...\""), "C-12 a kid of 513 bytes is left out, its name cut in the log");
    memset(kid, 'k', 1000000);
    set_of(forge_jwk(&ed, apr_pstrcat(pool, "\"kid\":\"", kid, "\"", NULL), pool), &taken, pool);
    ok(!taken && strlen(notebook.text) < 1000, "C-12 a kid of 1 MB");
    set = set_of(forge_jwk(&ed, NULL, pool), &taken, pool);
    ok(set->keys[0].kid == NULL, "a key without kid has none");
    set = set_of(forge_jwk(&ed, "\"kid\":\"\"", pool), &taken, pool);
    is_str(set->keys[0].kid, "", "an empty kid is one");
    set_of("{\"kty\":\"x\",\"kid\":\"a\\r\\nMCP9999: forged\\u001b[31m\"}", &taken, pool);
    ok(strstr(notebook.text, "a\\x0d\\x0aMCP9999: forged\\x1b[31m") != NULL, "J-06 a kid in the log is escaped");
}

static void make_keys(apr_pool_t *pool)
{
    rsa = forge_rsa(2048, 65537, pool);
    rsa1024 = forge_rsa(1024, 65537, pool);
    rsa3 = forge_rsa(2048, 3, pool);
    p256 = forge_ec("P-256", pool);
    p384 = forge_ec("P-384", pool);
    p521 = forge_ec("P-521", pool);
    k256 = forge_ec("secp256k1", pool);
    ed = forge_okp("ED25519", pool);
    ed448 = forge_okp("ED448", pool);
    x25519 = forge_okp("X25519", pool);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    make_keys(pool);
    test_names();
    test_members(pool);
    test_rsa(pool);
    test_wrong(pool);
    test_small_order(pool);
    test_documents(pool);
    test_many(pool);
    test_kid(pool);
    apr_terminate();
    return done_testing();
}
