/* What mint signs, judged by the code that verifies for the server; and what it refuses to sign. */
#include <apr_general.h>
#include <openssl/pem.h>

#include "../../src/core/jws.h"
#include "../../src/core/limits.h"
#include "../../src/core/mint.h"
#include "../lib/tap.h"

static mcp_view_t pem_of(EVP_PKEY *key, bool private_part, const EVP_CIPHER *cipher, apr_pool_t *pool)
{
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned char phrase[] = "secret";
    char *data;
    long len;

    if (!key || !bio ||
        (private_part ? PEM_write_bio_PrivateKey(bio, key, cipher, phrase, 6, NULL, NULL)
                      : PEM_write_bio_PUBKEY(bio, key)) != 1 ||
        (len = BIO_get_mem_data(bio, &data)) <= 0) {
        abort();
    }
    data = apr_pstrmemdup(pool, data, (apr_size_t)len);
    BIO_free(bio);
    return (mcp_view_t){ data, (apr_size_t)len };
}

typedef struct {
    mcp_view_t private_pem;
    mcp_view_t public_pem;
} pair_t;

/* A key pair, "RSA-<bits>" or the name of a curve or of a raw algorithm. */
static pair_t make(const char *type, apr_pool_t *pool)
{
    EVP_PKEY *key = strncmp(type, "RSA-", 4) == 0  ? EVP_RSA_gen((unsigned)atoi(type + 4))
                    : strcmp(type, "ED25519") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, type)
                                                   : EVP_EC_gen(type);
    pair_t pair = { pem_of(key, true, NULL, pool), pem_of(key, false, NULL, pool) };

    EVP_PKEY_free(key);
    return pair;
}

static json_t *claims_of(const char *text, apr_pool_t *pool)
{
    json_t *claims;

    if (mcp_json_parse(&claims, mcp_view_of(text), pool) != MCP_OK) {
        abort();
    }
    return claims;
}

#define CLAIMS                                                                                                         \
    "{\"iss\":\"https://a\",\"aud\":[\"x\",\"y\"],\"n\":{\"deep\":[1,2.5,null,true]},\"\\u2603\":\"\\u2603 \\\"q\\\" " \
    "\\\\\"}"

/* Sign and read back: signature, claims, kid and typ. */
static void check(const mcp_mint_t *how, const mcp_jwks_t *keys, apr_pool_t *pool)
{
    json_t *claims = claims_of(CLAIMS, pool);
    const char *token = NULL, *typ = how->typ ? how->typ : "JWT";
    mcp_jws_t jws = { .alg = 0 };

    is_int(mcp_mint_sign(&token, how, claims, pool), APR_SUCCESS, "%s typ %s is signed", how->alg, typ);
    is_int(token ? mcp_jws_parse(&jws, mcp_view_of(token), pool) : MCP_MALFORMED, MCP_OK, "it is well formed");
    is_int(mcp_jws_verify(&jws, keys, mcp_jwk_alg(mcp_view_of(how->alg))), MCP_OK, "its signature is right");
    ok(jws.payload && json_equal(jws.payload, claims), "its claims are those that were given");
    ok(how->kid ? mcp_view_is(jws.kid, how->kid) : jws.kid.data == NULL, "its kid, too");
    is_int(jws.typ, strcmp(typ, "JWT") == 0 ? MCP_TYP_JWT : MCP_TYP_ACCESS_TOKEN, "and its typ");
}

static void test_algorithms(apr_pool_t *pool)
{
    static const struct {
        const char *alg;
        const char *key;
    } rows[] = { { "RS256", "RSA-2048" }, { "RS384", "RSA-2048" }, { "RS512", "RSA-3072" },
                 { "ES256", "P-256" },    { "ES384", "P-384" },    { "ES512", "P-521" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pair_t pair = make(rows[i].key, pool);
        mcp_jwks_t *keys = mcp_jwk_set(pool);

        ok(mcp_jwk_add_pem(keys, pair.public_pem, NULL), "%s: a key to verify with", rows[i].key);
        check(&(mcp_mint_t){ rows[i].alg, "one", "at+jwt", pair.private_pem }, keys, pool);
        check(&(mcp_mint_t){ rows[i].alg, NULL, NULL, pair.private_pem }, keys, pool);
        check(&(mcp_mint_t){ rows[i].alg, "\xe2\x98\x83 \"", "JWT", pair.private_pem }, keys, pool);
    }
}

/* r and s shorter than the curve are rare: one signature in 256 has one. */
static void test_short_numbers(apr_pool_t *pool)
{
    pair_t pair = make("P-256", pool);
    mcp_jwks_t *keys = mcp_jwk_set(pool);
    json_t *claims = claims_of("{}", pool);
    int good = 0;

    mcp_jwk_add_pem(keys, pair.public_pem, NULL);
    for (int i = 0; i < 1200; i++) {
        const char *token;
        mcp_jws_t jws;
        apr_pool_t *own;

        apr_pool_create(&own, pool);
        json_object_set_new(claims, "n", json_integer(i));
        good += mcp_mint_sign(&token, &(mcp_mint_t){ "ES256", NULL, i % 2 ? "at+jwt" : NULL, pair.private_pem }, claims,
                              own) == APR_SUCCESS &&
                mcp_jws_parse(&jws, mcp_view_of(token), own) == MCP_OK && jws.signature.len == 64 &&
                mcp_jws_verify(&jws, keys, MCP_ES256) == MCP_OK;
        apr_pool_destroy(own);
    }
    is_int(good, 1200, "ES256, many times");
}

static void test_secrets(apr_pool_t *pool)
{
    static const struct {
        const char *alg;
        apr_size_t least;
    } rows[] = { { "HS256", 32 }, { "HS384", 48 }, { "HS512", 64 } };
    char *bytes = apr_palloc(pool, MCP_LIMIT_SECRET_MAX + 1);
    json_t *claims = claims_of("{}", pool);
    const char *token;

    for (int i = 0; i <= MCP_LIMIT_SECRET_MAX; i++) {
        bytes[i] = (char)(i * 7); /* NUL bytes among them */
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_view_t secret = { bytes, rows[i].least };
        mcp_jwks_t *keys = mcp_jwk_set(pool);

        mcp_jwk_add_secret(keys, secret);
        check(&(mcp_mint_t){ rows[i].alg, NULL, NULL, secret }, keys, pool);
        check(&(mcp_mint_t){ rows[i].alg, "k", "at+jwt", secret }, keys, pool);
        secret.len--;
        is_int(mcp_mint_sign(&token, &(mcp_mint_t){ rows[i].alg, NULL, NULL, secret }, claims, pool), APR_EINVAL,
               "%s: one byte too few (RFC 7518 3.2)", rows[i].alg);
        secret.len = MCP_LIMIT_SECRET_MAX + 1;
        is_int(mcp_mint_sign(&token, &(mcp_mint_t){ rows[i].alg, NULL, NULL, secret }, claims, pool), APR_EINVAL,
               "%s: more than any secret", rows[i].alg);
    }
}

static void test_misfits(apr_pool_t *pool)
{
    static const struct {
        const char *alg;
        const char *key;
        apr_status_t status;
        const char *why;
    } rows[] = {
        { "RS256", "P-256", APR_EINVAL, "RSA's algorithm with a curve" },
        { "ES256", "RSA-2048", APR_EINVAL, "the other way round" },
        { "ES256", "P-384", APR_EINVAL, "another curve, which libjwt would take" },
        { "ES384", "P-256", APR_EINVAL, "another curve" },
        { "ES256", "secp256k1", APR_EINVAL, "a curve of the same size" },
        { "RS256", "RSA-1024", APR_EINVAL, "a weak key, which libjwt would take" },
        { "RS256", "ED25519", APR_EINVAL, "Ed25519 with RSA's algorithm" },
        { "EdDSA", "ED25519", APR_ENOTIMPL, "EdDSA" },
        { "PS256", "RSA-2048", APR_ENOTIMPL, "PS256" },
        { "none", "RSA-2048", APR_ENOTIMPL, "none" },
        { "rs256", "RSA-2048", APR_ENOTIMPL, "a name in other letters" },
        { "", "RSA-2048", APR_ENOTIMPL, "no name" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pair_t pair = make(rows[i].key, pool);
        const char *token = "untouched";

        is_int(mcp_mint_sign(&token, &(mcp_mint_t){ rows[i].alg, NULL, NULL, pair.private_pem }, claims_of("{}", pool),
                             pool),
               rows[i].status, "%s", rows[i].why);
        is_str(token, "untouched", "and there is no token");
    }
}

static void test_keys(apr_pool_t *pool)
{
    static const struct {
        const char *key;
        const char *alg;
    } rows[] = { { "RSA-2048", "RS256" }, { "P-256", "ES256" }, { "P-384", "ES384" }, { "P-521", "ES512" },
                 { "RSA-1024", NULL },    { "ED25519", NULL },  { "secp256k1", NULL } };
    pair_t pair = make("P-256", pool);
    EVP_PKEY *key;
    mcp_view_t locked;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_int(mcp_mint_read_key(&key, make(rows[i].key, pool).private_pem, pool), APR_SUCCESS, "%s is read",
               rows[i].key);
        is_str(mcp_mint_alg_of(key), rows[i].alg, "and is for %s", rows[i].alg ? rows[i].alg : "nothing here");
    }
    mcp_mint_read_key(&key, pair.private_pem, pool);
    locked = pem_of(key, true, EVP_aes_128_cbc(), pool);
    is_int(mcp_mint_read_key(&key, locked, pool), APR_EINVAL, "a pass phrase is not asked for");
    is_int(mcp_mint_read_key(&key, pair.public_pem, pool), APR_EINVAL, "a public key");
    is_int(mcp_mint_read_key(&key, mcp_view_of(""), pool), APR_EINVAL, "nothing");
    is_int(mcp_mint_read_key(&key, (mcp_view_t){ NULL, 0 }, pool), APR_EINVAL, "not even a place");
    is_int(mcp_mint_read_key(&key, mcp_view_of("-----BEGIN PRIVATE KEY-----\nAAAA\n"), pool), APR_EINVAL, "half a key");
    is_int(mcp_mint_read_key(&key, (mcp_view_t){ pair.private_pem.data, pair.private_pem.len / 2 }, pool), APR_EINVAL,
           "a key cut short by its length");
}

static void test_contents(apr_pool_t *pool)
{
    mcp_mint_t how = { "ES256", NULL, NULL, make("P-256", pool).private_pem };
    const char *token;

    is_int(mcp_mint_sign(&token, &how, claims_of("[]", pool), pool), APR_EINVAL, "claims that are an array");
    is_int(mcp_mint_sign(&token, &how, NULL, pool), APR_EINVAL, "no claims");
    how.kid = "\xff";
    is_int(mcp_mint_sign(&token, &how, claims_of("{}", pool), pool), APR_EINVAL, "a kid that is not UTF-8");
    how.kid = NULL;
    how.typ = "\xff";
    is_int(mcp_mint_sign(&token, &how, claims_of("{}", pool), pool), APR_EINVAL, "a typ that is not UTF-8");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_algorithms(pool);
    test_short_numbers(pool);
    test_secrets(pool);
    test_misfits(pool);
    test_keys(pool);
    test_contents(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
