/* The compact JWS: every algorithm done right, and keys and algorithms that do not belong together (THREATS.md B). */
#include <apr_general.h>

#include "../lib/tap.h"
#include "keys.h"

static void test_good(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(keys_good) / sizeof(keys_good[0]); i++) {
        const char *token = keys_token(i, keys_good[i].key, pool);
        unsigned alg = mcp_jwk_alg(mcp_view_of(keys_good[i].alg));
        mcp_jws_t jws;

        is_int(keys_judge(token, pool), MCP_OK, "B-37 %s", keys_good[i].alg);
        is_int(keys_judge_by(token, keys, alg, pool), MCP_OK, "B-37 %s where no other is allowed", keys_good[i].alg);
        is_int(keys_judge_by(token, keys, MCP_ALGS_PUBLIC & ~alg, pool), MCP_ALGORITHM, "%s where it is not allowed",
               keys_good[i].alg);
        if (keys_good[i].other) {
            is_int(keys_judge(keys_token(i, keys_good[i].other, pool), pool), MCP_SIGNATURE, "B-28 %s by another key",
                   keys_good[i].alg);
        }
        is_int(mcp_jws_parse(&jws, mcp_view_of(token), pool), MCP_OK, "%s parses", keys_good[i].alg);
        ok(jws.alg == alg && jws.typ == MCP_TYP_ABSENT && mcp_view_is(jws.kid, keys_good[i].kid),
           "%s: alg, typ and kid", keys_good[i].alg);
        is_str(mcp_json_text(jws.payload, pool), KEYS_PAYLOAD, "%s: payload", keys_good[i].alg);
    }
}

/* B-28: characters changed one by one, in the parts of each algorithm; then pieces off, pieces on, signatures
 * swapped. */
static void test_changed(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(keys_good) / sizeof(keys_good[0]); i++) {
        const char *token = keys_token(i, keys_good[i].key, pool), *dot = strrchr(token, '.');
        size_t len = strlen(token), start = (size_t)(dot - token);
        int passed = 0;
        apr_pool_t *scratch;

        apr_pool_create(&scratch, pool);
        for (size_t n = 0; n < len; n += n < start ? 3 : 11) {
            char *changed = apr_pstrdup(scratch, token);

            changed[n] = changed[n] == 'A' ? 'B' : 'A';
            passed += keys_judge(changed, scratch) == MCP_OK && strcmp(changed, token) != 0;
        }
        for (size_t n = start; n < len; n++) {
            passed += keys_judge(apr_pstrndup(scratch, token, n), scratch) == MCP_OK;
        }
        passed += keys_judge(apr_pstrcat(scratch, token, "AAAA", NULL), scratch) == MCP_OK;
        passed += keys_judge(apr_pstrcat(scratch, token, dot + 1, NULL), scratch) == MCP_OK;
        for (size_t n = 0; n < sizeof(keys_good) / sizeof(keys_good[0]); n++) {
            const char *foreign = strrchr(keys_token(n, keys_good[n].key, scratch), '.');

            passed += n != i && keys_judge(apr_pstrcat(scratch, apr_pstrndup(scratch, token, start), foreign, NULL),
                                           scratch) == MCP_OK;
        }
        is_int(passed, 0, "B-28 %s: no change passes", keys_good[i].alg);
        apr_pool_destroy(scratch);
    }
}

/* B-02: HMAC with everything about the public keys that a forger knows. */
static void test_confusion(apr_pool_t *pool)
{
    const char *pem = forge_pem(&keys_rsa, false, pool), *jwk = forge_jwk(&keys_rsa, "\"kid\":\"rsa\"", pool);
    unsigned char *der = NULL;
    int der_len = i2d_PUBKEY(keys_rsa.pkey, &der);
    mcp_view_t modulus = { 0 }, point = { 0 };
    const forge_alg_t *algs[] = { forge_alg("HS256"), forge_alg("HS384"), forge_alg("HS512") };
    int accepted = 0, count = 0;

    mcp_b64url_decode(&modulus, mcp_view_of(forge_number(&keys_rsa, "n", 0, pool)), pool);
    mcp_b64url_decode(&point, mcp_view_of(forge_number(&keys_p256, "qx", 32, pool)), pool);
    mcp_view_t secrets[] = { mcp_view_of(pem),
                             { pem, strlen(pem) - 1 },
                             mcp_view_of(apr_pstrcat(pool, " ", pem, NULL)),
                             { (char *)der, (apr_size_t)der_len },
                             modulus,
                             mcp_view_of(jwk),
                             mcp_view_of(apr_pstrcat(pool, "{\"keys\":[", jwk, "]}", NULL)),
                             mcp_view_of("rsa"),
                             { "", 0 },
                             point,
                             mcp_view_of(forge_pem(&keys_p256, false, pool)),
                             mcp_view_of(forge_pem(&keys_ed, false, pool)),
                             mcp_view_of("secret"),
                             mcp_view_of(forge_number(&keys_rsa, "n", 0, pool)) };

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        for (size_t n = 0; n < 3; n++) {
            forge_key_t key = { .secret = secrets[i] };
            const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"rsa\"}", algs[n]->name);
            const char *bare = apr_psprintf(pool, "{\"alg\":\"%s\"}", algs[n]->name);

            accepted += keys_judge(forge_token(algs[n], &key, header, KEYS_PAYLOAD, pool), pool) == MCP_OK;
            accepted += keys_judge_by(forge_token(algs[n], &key, header, KEYS_PAYLOAD, pool), keys,
                                      MCP_ALGS_HMAC | MCP_ALGS_PUBLIC, pool) == MCP_OK;
            accepted += keys_judge_by(forge_token(algs[n], &key, bare, KEYS_PAYLOAD, pool), keys,
                                      MCP_ALGS_HMAC | MCP_ALGS_PUBLIC, pool) == MCP_OK;
            count += 3;
        }
    }
    OPENSSL_free(der);
    is_int(count, 126, "B-02 that many forgeries");
    is_int(accepted, 0, "B-02 none passes, not even where HMAC is allowed");
}

static void test_hmac(apr_pool_t *pool)
{
    forge_key_t key = { .secret = { "0123456789abcdef0123456789abcdef", 32 } };
    forge_key_t other = { .secret = { "0123456789abcdef0123456789abcdeX", 32 } };
    mcp_jwks_t *set = mcp_jwk_set(pool);

    mcp_jwk_add_secret(set, key.secret);
    for (size_t i = FORGE_PUBLIC; i < sizeof(forge_algs) / sizeof(forge_algs[0]); i++) {
        const forge_alg_t *alg = &forge_algs[i];
        unsigned bit = mcp_jwk_alg(mcp_view_of(alg->name));
        const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"any\"}", alg->name);
        const char *token = forge_token(alg, &key, header, KEYS_PAYLOAD, pool), *dot = strrchr(token, '.');

        is_int(keys_judge_by(token, set, bit, pool), MCP_OK, "%s with the secret", alg->name);
        is_int(keys_judge_by(token, set, MCP_ALGS_PUBLIC, pool), MCP_ALGORITHM, "%s where it is not allowed",
               alg->name);
        is_int(keys_judge_by(token, set, MCP_ALGS_HMAC & ~bit, pool), MCP_ALGORITHM, "%s where another is", alg->name);
        is_int(keys_judge_by(forge_token(alg, &other, header, KEYS_PAYLOAD, pool), set, bit, pool), MCP_SIGNATURE,
               "%s with another", alg->name);
        is_int(keys_judge_by(apr_pstrndup(pool, token, strlen(token) - (strlen(dot + 1) - 1) % 4 - 1), set, bit, pool),
               MCP_SIGNATURE, "%s cut", alg->name);
        is_int(keys_judge_by(apr_pstrcat(pool, token, "AAAA", NULL), set, bit, pool), MCP_SIGNATURE, "%s longer",
               alg->name);
    }
    is_int(keys_judge_by(forge_token(forge_alg("RS256"), &keys_rsa, "{\"alg\":\"RS256\"}", KEYS_PAYLOAD, pool), set,
                         MCP_ALGS_PUBLIC, pool),
           MCP_UNKNOWN_KEY, "a secret verifies no RSA signature");
    is_int(keys_judge_by(forge_token(forge_alg("HS512"), &key, "{\"alg\":\"HS256\"}", KEYS_PAYLOAD, pool), set,
                         MCP_ALGS_HMAC, pool),
           MCP_SIGNATURE, "B-06 HS256 over HS512");
}

/* B-04 to B-08: one algorithm in the header, another in the signature, keys of one kind under the kid of another. */
static const struct {
    const char *name, *header, *signer;
    const forge_key_t *key;
    mcp_reason_t want;
} mixes[] = {
    { "B-05 ES256 by P-384", "{\"alg\":\"ES256\",\"kid\":\"p384\"}", "ES384", &keys_p384, MCP_ALGORITHM },
    { "B-05 ES256 by P-384, no kid", "{\"alg\":\"ES256\"}", "ES384", &keys_p384, MCP_SIGNATURE },
    { "B-05 ES256 by secp256k1", "{\"alg\":\"ES256\"}", "ES256", &keys_k256, MCP_SIGNATURE },
    { "B-05 ES384 by P-256", "{\"alg\":\"ES384\",\"kid\":\"p256\"}", "ES256", &keys_p256, MCP_ALGORITHM },
    { "B-05 ES512 by P-384", "{\"alg\":\"ES512\",\"kid\":\"p384\"}", "ES384", &keys_p384, MCP_ALGORITHM },
    { "B-04 EdDSA with the EC kid", "{\"alg\":\"EdDSA\",\"kid\":\"p256\"}", "EdDSA", &keys_ed, MCP_ALGORITHM },
    { "B-06 RS256 over PS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", "PS256", &keys_rsa, MCP_SIGNATURE },
    { "B-06 RS256 over RS512", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", "RS512", &keys_rsa, MCP_SIGNATURE },
    { "B-06 PS256 over PS512", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", "PS512", &keys_rsa, MCP_SIGNATURE },
    { "B-07 RS256 with a key for RS384", "{\"alg\":\"RS256\",\"kid\":\"rs384\"}", "RS256", &keys_rsa, MCP_ALGORITHM },
    { "B-07 PS384 with a key for RS384", "{\"alg\":\"PS384\",\"kid\":\"rs384\"}", "PS384", &keys_rsa, MCP_ALGORITHM },
    { "B-07 RS384 with a key for RS384", "{\"alg\":\"RS384\",\"kid\":\"rs384\"}", "RS384", &keys_rsa, MCP_OK },
    { "B-18 a kid twice: by kty, RSA", "{\"alg\":\"RS256\",\"kid\":\"twin\"}", "RS256", &keys_other_rsa, MCP_OK },
    { "B-18 a kid twice: by kty, EC", "{\"alg\":\"ES256\",\"kid\":\"twin\"}", "ES256", &keys_other_p256, MCP_OK },
    { "B-18 a kid twice: by crv", "{\"alg\":\"EdDSA\",\"kid\":\"twin\"}", "EdDSA", &keys_ed, MCP_ALGORITHM },
    { "a key without kid serves no kid", "{\"alg\":\"EdDSA\"}", "EdDSA", &keys_other_ed, MCP_OK },
    { "a key without kid serves any kid", "{\"alg\":\"EdDSA\",\"kid\":\"what\"}", "EdDSA", &keys_other_ed, MCP_OK },
    { "a known kid is no other key's", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", "EdDSA", &keys_other_ed, MCP_SIGNATURE },
};

static void test_mixes(apr_pool_t *pool)
{
    const char *jwks =
        apr_pstrcat(pool, forge_jwk(&keys_p384, "\"kid\":\"p384\"", pool), ",",
                    forge_jwk(&keys_p256, "\"kid\":\"p256\"", pool), ",", forge_jwk(&keys_rsa, "\"kid\":\"rsa\"", pool),
                    ",", forge_jwk(&keys_rsa, "\"kid\":\"rs384\",\"alg\":\"RS384\"", pool), ",",
                    forge_jwk(&keys_other_rsa, "\"kid\":\"twin\"", pool), ",",
                    forge_jwk(&keys_other_p256, "\"kid\":\"twin\"", pool), ",",
                    forge_jwk(&keys_ed, "\"kid\":\"ed\"", pool), ",", forge_jwk(&keys_other_ed, NULL, pool), NULL);
    mcp_jwks_t *set = keys_set(jwks, pool);

    for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++) {
        const char *token = forge_token(forge_alg(mixes[i].signer), mixes[i].key, mixes[i].header, KEYS_PAYLOAD, pool);

        is_int(keys_judge_by(token, set, MCP_ALGS_PUBLIC, pool), mixes[i].want, "%s", mixes[i].name);
    }
}

/* B-17: keys are tried in order, eight of them and no more. */
static void test_tries(apr_pool_t *pool)
{
    static const struct {
        const char *name, *kid;
        int place;
        mcp_reason_t want;
    } rows[] = { { "the first", NULL, 0, MCP_OK },          { "the eighth", NULL, 7, MCP_OK },
                 { "the ninth", NULL, 8, MCP_SIGNATURE },   { "the last", NULL, 19, MCP_SIGNATURE },
                 { "the eighth of a kid", "k", 7, MCP_OK }, { "the ninth of a kid", "k", 8, MCP_SIGNATURE } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *jwks = "", *kid = rows[i].kid ? "\"kid\":\"k\"" : NULL;

        for (int n = 0; n < 20; n++) {
            /* EC keys in between cost no try */
            jwks = apr_pstrcat(pool, jwks, n ? "," : "",
                               forge_jwk(n == rows[i].place ? &keys_ed : &keys_other_ed, kid, pool), ",",
                               forge_jwk(&keys_p256, kid, pool), NULL);
        }
        is_int(keys_judge_by(forge_token(forge_alg("EdDSA"), &keys_ed,
                                         rows[i].kid ? "{\"alg\":\"EdDSA\",\"kid\":\"k\"}" : "{\"alg\":\"EdDSA\"}",
                                         KEYS_PAYLOAD, pool),
                             keys_set(jwks, pool), MCP_ALGS_PUBLIC, pool),
               rows[i].want, "B-17 %s", rows[i].name);
    }
    is_int(keys_judge_by(keys_token(0, &keys_rsa, pool), mcp_jwk_set(pool), MCP_ALGS_PUBLIC, pool), MCP_UNKNOWN_KEY,
           "B-16 no keys at all");
    is_int(keys_judge_by(keys_token(0, &keys_rsa, pool), keys_set(forge_jwk(&keys_ed, NULL, pool), pool),
                         MCP_ALGS_PUBLIC, pool),
           MCP_UNKNOWN_KEY, "B-16 none that fits");
    is_int(keys_judge_by(keys_token(0, &keys_rsa, pool), keys, 0, pool), MCP_ALGORITHM, "no algorithm is allowed");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    keys_make(pool);
    test_good(pool);
    test_changed(pool);
    test_confusion(pool);
    test_hmac(pool);
    test_mixes(pool);
    test_tries(pool);
    apr_terminate();
    return done_testing();
}
