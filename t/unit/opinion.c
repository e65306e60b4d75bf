/* The second opinion: what libjwt says about a signature. It accepts more than it should, but a signature that it refuses
 * we must refuse as well, and the tokens it makes must pass.
 */
#include <apr_general.h>
#include <jwt.h>

#include "../../src/core/jws.h"
#include "../lib/tap.h"
#include "forge.h"

#define SECRET "0123456789abcdef0123456789abcdef"

typedef struct {
    const char *alg;
    forge_key_t key;
    const char *pem; /* what libjwt verifies with */
    jwt_alg_t theirs;
    mcp_jwks_t *set;
} party_t;

static party_t parties[9];
static int count;

static void add_party(const char *alg, jwt_alg_t theirs, const forge_key_t *key, apr_pool_t *pool)
{
    party_t *party = &parties[count++];

    *party = (party_t){ alg, *key, key->pkey ? forge_pem(key, false, pool) : SECRET, theirs, mcp_jwk_set(pool) };
    if (key->pkey) {
        mcp_jwk_add_set(party->set,
                        mcp_view_of(apr_pstrcat(pool, "{\"keys\":[", forge_jwk(key, NULL, pool), "]}", NULL)), NULL);
    } else {
        mcp_jwk_add_secret(party->set, mcp_view_of(SECRET));
    }
}

static bool they_accept(const party_t *party, const char *token)
{
    jwt_t *jwt = NULL;
    bool accepted = jwt_decode(&jwt, token, (const unsigned char *)party->pem, (int)strlen(party->pem)) == 0;

    if (accepted) {
        accepted = jwt_get_alg(jwt) == party->theirs;
        jwt_free(jwt);
    }
    return accepted;
}

static bool we_accept(const party_t *party, const char *token, apr_pool_t *pool)
{
    mcp_jws_t jws;

    return mcp_jws_parse(&jws, mcp_view_of(token), pool) == MCP_OK &&
           mcp_jws_verify(&jws, party->set, mcp_jwk_alg(mcp_view_of(party->alg))) == MCP_OK;
}

/* A number from 0 to below limit; the same sequence in every run. */
static unsigned next(unsigned limit)
{
    static unsigned state = 20240229;

    state = state * 1664525u + 1013904223u;
    return (state >> 8) % limit;
}

/* Change a token in one to three places. */
static const char *mutate(const char *token, apr_pool_t *pool)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
    char *text = apr_pstrdup(pool, token);
    size_t len = strlen(text);

    for (unsigned n = next(3) + 1; n > 0 && len > 1; n--) {
        size_t place = next((unsigned)len);

        switch (next(4)) {
        case 0:
            memmove(text + place, text + place + 1, len - place);
            len--;
            break;
        case 1:
            text = apr_psprintf(pool, "%.*s%c%s", (int)place, text, alphabet[next(sizeof(alphabet) - 1)], text + place);
            len++;
            break;
        default:
            text[place] = alphabet[next(sizeof(alphabet) - 1)];
        }
    }
    return text;
}

static void test_mutants(const party_t *party, apr_pool_t *pool)
{
    const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", party->alg);
    const char *token =
        forge_token(forge_alg(party->alg), &party->key, header, "{\"sub\":\"user\",\"exp\":4000000000}", pool);
    int alone = 0, both = 0;

    ok(they_accept(party, token) && we_accept(party, token, pool), "%s: both accept a right token", party->alg);
    for (int i = 0; i < 400; i++) {
        apr_pool_t *scratch;
        const char *mutant;

        apr_pool_create(&scratch, pool);
        mutant = mutate(token, scratch);
        if (strcmp(mutant, token) != 0 && we_accept(party, mutant, scratch)) {
            both++;
            alone += !they_accept(party, mutant);
        }
        apr_pool_destroy(scratch);
    }
    is_int(alone, 0, "%s: no mutant that libjwt refuses passes here", party->alg);
    is_int(both, 0, "%s: nor any other", party->alg);
}

static void test_theirs(const party_t *party, apr_pool_t *pool)
{
    const char *key = party->key.pkey ? forge_pem(&party->key, true, pool) : SECRET;
    jwt_t *jwt = NULL;
    char *token;

    forge_must(jwt_new(&jwt) == 0 && jwt_add_grant(jwt, "sub", "user") == 0 &&
                   jwt_set_alg(jwt, party->theirs, (const unsigned char *)key, (int)strlen(key)) == 0,
               "a token by libjwt");
    token = jwt_encode_str(jwt);
    ok(token && we_accept(party, token, pool), "%s: a token by libjwt passes", party->alg);
    free(token);
    jwt_free(jwt);
}

/* What libjwt 1.x lets through and no careful reader may: we refuse it whatever they say. */
static void test_stricter(apr_pool_t *pool)
{
    const party_t *party = &parties[0];
    const char *token = forge_token(forge_alg("RS256"), &party->key, "{\"alg\":\"RS256\"}", "{\"sub\":\"a\"}", pool);
    const char *crit =
        forge_token(forge_alg("RS256"), &party->key, "{\"alg\":\"RS256\",\"crit\":[\"x\"],\"x\":1}", "{}", pool);
    const char *twice =
        forge_token(forge_alg("RS256"), &party->key, "{\"alg\":\"RS256\"}", "{\"sub\":\"a\",\"sub\":\"b\"}", pool);
    const char *lower = forge_token(forge_alg("RS256"), &party->key, "{\"alg\":\"rs256\"}", "{}", pool);
    forge_key_t pem = { .secret = mcp_view_of(party->pem) };
    const char *confused = forge_token(forge_alg("HS256"), &pem, "{\"alg\":\"HS256\"}", "{}", pool);

    ok(!we_accept(party, apr_pstrcat(pool, token, ".", NULL), pool), "B-23 a dot at the end");
    ok(!we_accept(party, apr_pstrcat(pool, token, "==", NULL), pool), "B-25 padding");
    ok(!we_accept(party, crit, pool), "B-09 crit");
    ok(!we_accept(party, twice, pool), "D-05 sub twice");
    ok(!we_accept(party, lower, pool), "B-03 rs256");
    ok(!we_accept(party, confused, pool), "B-02 HS256 by the PEM");
}

int main(void)
{
    apr_pool_t *pool;
    forge_key_t rsa, p256, p384, p521, secret = { .secret = { SECRET, sizeof(SECRET) - 1 } };

    apr_initialize();
    apr_pool_create(&pool, NULL);
    rsa = forge_rsa(2048, 65537, pool);
    p256 = forge_ec("P-256", pool);
    p384 = forge_ec("P-384", pool);
    p521 = forge_ec("P-521", pool);
    add_party("RS256", JWT_ALG_RS256, &rsa, pool);
    add_party("RS384", JWT_ALG_RS384, &rsa, pool);
    add_party("RS512", JWT_ALG_RS512, &rsa, pool);
    add_party("ES256", JWT_ALG_ES256, &p256, pool);
    add_party("ES384", JWT_ALG_ES384, &p384, pool);
    add_party("ES512", JWT_ALG_ES512, &p521, pool);
    add_party("HS256", JWT_ALG_HS256, &secret, pool);
    add_party("HS384", JWT_ALG_HS384, &secret, pool);
    add_party("HS512", JWT_ALG_HS512, &secret, pool);
    for (int i = 0; i < count; i++) {
        test_mutants(&parties[i], pool);
        test_theirs(&parties[i], pool);
    }
    test_stricter(pool);
    apr_terminate();
    return done_testing();
}
