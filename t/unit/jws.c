/* The compact JWS: everything a forger may try (THREATS.md B), and every algorithm done right. */
#include <apr_general.h>
#include <openssl/err.h>

#include "../../src/core/jws.h"
#include "../lib/tap.h"
#include "forge.h"

#define PAYLOAD "{\"sub\":\"user\"}"

static forge_key_t rsa, other_rsa, p256, other_p256, p384, p521, k256, ed, other_ed;
static mcp_jwks_t *keys; /* rsa, p256, p384, p521 and ed under their names */

/* Parse and verify; what the whole of it says. */
static mcp_reason_t judge_by(const char *token, const mcp_jwks_t *set, unsigned algs, apr_pool_t *pool)
{
    mcp_jws_t jws;
    mcp_reason_t reason = mcp_jws_parse(&jws, mcp_view_of(token), pool);

    return reason == MCP_OK ? mcp_jws_verify(&jws, set, algs) : reason;
}

static mcp_reason_t judge(const char *token, apr_pool_t *pool)
{
    return judge_by(token, keys, MCP_ALGS_PUBLIC, pool);
}

static mcp_jwks_t *set_of(const char *jwks, apr_pool_t *pool)
{
    mcp_jwks_t *set = mcp_jwk_set(pool);

    forge_must(mcp_jwk_add_set(set, mcp_view_of(apr_pstrcat(pool, "{\"keys\":[", jwks, "]}", NULL)), NULL),
               "a key set");
    return set;
}

static const struct {
    const char *alg, *kid;
    const forge_key_t *key, *other; /* other: one of the same kind, not in the set */
} good[] = {
    { "RS256", "rsa", &rsa, &other_rsa },    { "RS384", "rsa", &rsa, &other_rsa }, { "RS512", "rsa", &rsa, &other_rsa },
    { "PS256", "rsa", &rsa, &other_rsa },    { "PS384", "rsa", &rsa, &other_rsa }, { "PS512", "rsa", &rsa, &other_rsa },
    { "ES256", "p256", &p256, &other_p256 }, { "ES384", "p384", &p384, NULL },     { "ES512", "p521", &p521, NULL },
    { "EdDSA", "ed", &ed, &other_ed },
};

/* A token of good[i] by any key. */
static const char *token_of(size_t i, const forge_key_t *key, apr_pool_t *pool)
{
    const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"%s\"}", good[i].alg, good[i].kid);

    return forge_token(forge_alg(good[i].alg), key, header, PAYLOAD, pool);
}

static void test_good(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const char *token = token_of(i, good[i].key, pool);
        unsigned alg = mcp_jwk_alg(mcp_view_of(good[i].alg));
        mcp_jws_t jws;

        is_int(judge(token, pool), MCP_OK, "B-37 %s", good[i].alg);
        is_int(judge_by(token, keys, alg, pool), MCP_OK, "B-37 %s where no other is allowed", good[i].alg);
        is_int(judge_by(token, keys, MCP_ALGS_PUBLIC & ~alg, pool), MCP_ALGORITHM, "%s where it is not allowed",
               good[i].alg);
        if (good[i].other) {
            is_int(judge(token_of(i, good[i].other, pool), pool), MCP_SIGNATURE, "B-28 %s by another key", good[i].alg);
        }
        is_int(mcp_jws_parse(&jws, mcp_view_of(token), pool), MCP_OK, "%s parses", good[i].alg);
        ok(jws.alg == alg && jws.typ == MCP_TYP_ABSENT && mcp_view_is(jws.kid, good[i].kid), "%s: alg, typ and kid",
           good[i].alg);
        is_str(mcp_json_text(jws.payload, pool), PAYLOAD, "%s: payload", good[i].alg);
    }
}

/* B-28: characters changed one by one, in the parts of each algorithm; then pieces off, pieces on, signatures swapped. */
static void test_changed(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const char *token = token_of(i, good[i].key, pool), *dot = strrchr(token, '.');
        size_t len = strlen(token), start = (size_t)(dot - token);
        int passed = 0;
        apr_pool_t *scratch;

        apr_pool_create(&scratch, pool);
        for (size_t n = 0; n < len; n += n < start ? 3 : 11) {
            char *changed = apr_pstrdup(scratch, token);

            changed[n] = changed[n] == 'A' ? 'B' : 'A';
            passed += judge(changed, scratch) == MCP_OK && strcmp(changed, token) != 0;
        }
        for (size_t n = start; n < len; n++) {
            passed += judge(apr_pstrndup(scratch, token, n), scratch) == MCP_OK;
        }
        passed += judge(apr_pstrcat(scratch, token, "AAAA", NULL), scratch) == MCP_OK;
        passed += judge(apr_pstrcat(scratch, token, dot + 1, NULL), scratch) == MCP_OK;
        for (size_t n = 0; n < sizeof(good) / sizeof(good[0]); n++) {
            const char *foreign = strrchr(token_of(n, good[n].key, scratch), '.');

            passed += n != i && judge(apr_pstrcat(scratch, apr_pstrndup(scratch, token, start), foreign, NULL),
                                      scratch) == MCP_OK;
        }
        is_int(passed, 0, "B-28 %s: no change passes", good[i].alg);
        apr_pool_destroy(scratch);
    }
}

/* Headers under a right signature by the RSA key. */
static const struct {
    const char *name, *header;
    mcp_reason_t want;
} headers[] = {
    { "right", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", MCP_OK },
    { "B-16 no kid", "{\"alg\":\"RS256\"}", MCP_OK },
    { "D-07 pretty-printed", "{ \"alg\" : \"RS\\u0032\\u0035\\u0036\" ,\r\n \"kid\" : \"rsa\" }", MCP_OK },
    { "B-13 x5t as Entra sends it", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5t\":\"rsa\"}", MCP_OK },
    { "B-13 x5c by a known key", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5c\":[\"AAAA\"]}", MCP_OK },
    { "B-01 none", "{\"alg\":\"none\",\"kid\":\"rsa\"}", MCP_ALGORITHM },
    { "B-01 None", "{\"alg\":\"None\"}", MCP_ALGORITHM },
    { "B-01 nOnE", "{\"alg\":\"nOnE\"}", MCP_ALGORITHM },
    { "B-01 none and a blank", "{\"alg\":\"none \"}", MCP_ALGORITHM },
    { "B-01 empty", "{\"alg\":\"\"}", MCP_ALGORITHM },
    { "B-01 missing", "{\"kid\":\"rsa\"}", MCP_ALGORITHM },
    { "B-01 null", "{\"alg\":null}", MCP_ALGORITHM },
    { "B-01 number", "{\"alg\":256}", MCP_ALGORITHM },
    { "B-01 array", "{\"alg\":[\"RS256\"]}", MCP_ALGORITHM },
    { "B-03 lower case", "{\"alg\":\"rs256\"}", MCP_ALGORITHM },
    { "B-03 blank", "{\"alg\":\"RS256 \"}", MCP_ALGORITHM },
    { "B-03 NUL", "{\"alg\":\"RS256\\u0000\"}", MCP_MALFORMED },
    { "B-03 member in other case", "{\"ALG\":\"RS256\"}", MCP_ALGORITHM },
    { "B-04 ES256 with the RSA kid", "{\"alg\":\"ES256\",\"kid\":\"rsa\"}", MCP_ALGORITHM },
    { "B-04 EdDSA with the RSA kid", "{\"alg\":\"EdDSA\",\"kid\":\"rsa\"}", MCP_ALGORITHM },
    { "B-04 RS256 with the EC kid", "{\"alg\":\"RS256\",\"kid\":\"p256\"}", MCP_ALGORITHM },
    { "B-04 RS256 with the Ed25519 kid", "{\"alg\":\"RS256\",\"kid\":\"ed\"}", MCP_ALGORITHM },
    { "B-06 PS256 over RS256", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", MCP_SIGNATURE },
    { "B-06 RS512 over RS256", "{\"alg\":\"RS512\",\"kid\":\"rsa\"}", MCP_SIGNATURE },
    { "B-08 RS1", "{\"alg\":\"RS1\"}", MCP_ALGORITHM },
    { "B-08 ML-DSA-44", "{\"alg\":\"ML-DSA-44\"}", MCP_ALGORITHM },
    { "B-08 Ed448", "{\"alg\":\"Ed448\",\"kid\":\"ed\"}", MCP_ALGORITHM },
    { "B-08 ES256K", "{\"alg\":\"ES256K\"}", MCP_ALGORITHM },
    { "B-08 RSA-OAEP", "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", MCP_ALGORITHM },
    { "B-09 crit unknown", "{\"alg\":\"RS256\",\"crit\":[\"x\"],\"x\":1}", MCP_CRITICAL },
    { "B-09 crit absent name", "{\"alg\":\"RS256\",\"crit\":[\"x\"]}", MCP_CRITICAL },
    { "B-09 crit empty", "{\"alg\":\"RS256\",\"crit\":[]}", MCP_CRITICAL },
    { "B-09 crit a string", "{\"alg\":\"RS256\",\"crit\":\"exp\"}", MCP_CRITICAL },
    { "B-09 crit null", "{\"alg\":\"RS256\",\"crit\":null}", MCP_CRITICAL },
    { "B-09 crit a number", "{\"alg\":\"RS256\",\"crit\":1}", MCP_CRITICAL },
    { "B-09 crit an object", "{\"alg\":\"RS256\",\"crit\":{}}", MCP_CRITICAL },
    { "B-09 crit exp", "{\"alg\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}", MCP_CRITICAL },
    { "B-10 b64 with crit", "{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", MCP_CRITICAL },
    { "B-10 b64 alone", "{\"alg\":\"RS256\",\"b64\":false}", MCP_CRITICAL },
    { "B-11 jwk", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}", MCP_KEY_IN_TOKEN },
    { "B-11 jwk null", "{\"alg\":\"RS256\",\"jwk\":null}", MCP_KEY_IN_TOKEN },
    { "B-12 jku", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jku\":\"https://evil.example/jwks\"}", MCP_KEY_IN_TOKEN },
    { "B-12 x5u", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5u\":\"https://evil.example/x\"}", MCP_KEY_IN_TOKEN },
    { "B-14 kid with a path", "{\"alg\":\"RS256\",\"kid\":\"../../dev/null\"}", MCP_UNKNOWN_KEY },
    { "B-14 kid with SQL", "{\"alg\":\"RS256\",\"kid\":\"' OR 1=1 --\"}", MCP_UNKNOWN_KEY },
    { "B-14 kid a URL", "{\"alg\":\"RS256\",\"kid\":\"https://evil.example/\"}", MCP_UNKNOWN_KEY },
    { "B-14 kid a format", "{\"alg\":\"RS256\",\"kid\":\"%n%s\"}", MCP_UNKNOWN_KEY },
    { "B-14 kid with CR LF", "{\"alg\":\"RS256\",\"kid\":\"rsa\\r\\n\"}", MCP_UNKNOWN_KEY },
    { "B-14 kid __proto__", "{\"alg\":\"RS256\",\"kid\":\"__proto__\"}", MCP_UNKNOWN_KEY },
    { "B-14 kid with NUL", "{\"alg\":\"RS256\",\"kid\":\"rsa\\u0000x\"}", MCP_MALFORMED },
    { "B-14 kid empty", "{\"alg\":\"RS256\",\"kid\":\"\"}", MCP_UNKNOWN_KEY },
    { "B-14 kid in other case", "{\"alg\":\"RS256\",\"kid\":\"RSA\"}", MCP_UNKNOWN_KEY },
    { "B-14 start of a kid", "{\"alg\":\"RS256\",\"kid\":\"rs\"}", MCP_UNKNOWN_KEY },
    { "B-15 kid a number", "{\"alg\":\"RS256\",\"kid\":1}", MCP_MALFORMED },
    { "B-15 kid null", "{\"alg\":\"RS256\",\"kid\":null}", MCP_MALFORMED },
    { "B-15 kid an array", "{\"alg\":\"RS256\",\"kid\":[\"rsa\"]}", MCP_MALFORMED },
    { "B-15 kid an object", "{\"alg\":\"RS256\",\"kid\":{}}", MCP_MALFORMED },
    { "B-15 kid true", "{\"alg\":\"RS256\",\"kid\":true}", MCP_MALFORMED },
    { "B-19 typ logout+jwt", "{\"alg\":\"RS256\",\"typ\":\"logout+jwt\"}", MCP_TYPE },
    { "B-19 typ dpop+jwt", "{\"alg\":\"RS256\",\"typ\":\"dpop+jwt\"}", MCP_TYPE },
    { "B-19 typ secevent+jwt", "{\"alg\":\"RS256\",\"typ\":\"secevent+jwt\"}", MCP_TYPE },
    { "B-19 typ id_token", "{\"alg\":\"RS256\",\"typ\":\"id_token\"}", MCP_TYPE },
    { "B-19 typ kb+jwt", "{\"alg\":\"RS256\",\"typ\":\"kb+jwt\"}", MCP_TYPE },
    { "B-19 typ client-authentication+jwt", "{\"alg\":\"RS256\",\"typ\":\"client-authentication+jwt\"}", MCP_TYPE },
    { "B-19 typ token-introspection+jwt", "{\"alg\":\"RS256\",\"typ\":\"token-introspection+jwt\"}", MCP_TYPE },
    { "B-19 typ JWE", "{\"alg\":\"RS256\",\"typ\":\"JWE\"}", MCP_TYPE },
    { "B-19 typ foo", "{\"alg\":\"RS256\",\"typ\":\"foo\"}", MCP_TYPE },
    { "B-19 typ xat+jwt", "{\"alg\":\"RS256\",\"typ\":\"xat+jwt\"}", MCP_TYPE },
    { "B-19 typ at+jwtx", "{\"alg\":\"RS256\",\"typ\":\"at+jwtx\"}", MCP_TYPE },
    { "B-19 typ at+jw", "{\"alg\":\"RS256\",\"typ\":\"at+jw\"}", MCP_TYPE },
    { "B-19 typ empty", "{\"alg\":\"RS256\",\"typ\":\"\"}", MCP_TYPE },
    { "B-19 typ a number", "{\"alg\":\"RS256\",\"typ\":1}", MCP_TYPE },
    { "B-19 typ an array", "{\"alg\":\"RS256\",\"typ\":[\"at+jwt\"]}", MCP_TYPE },
    { "B-19 typ an object", "{\"alg\":\"RS256\",\"typ\":{}}", MCP_TYPE },
    { "B-19 typ null", "{\"alg\":\"RS256\",\"typ\":null}", MCP_TYPE },
    { "B-20 typ at+jwt", "{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}", MCP_OK },
    { "B-20 typ AT+JWT", "{\"alg\":\"RS256\",\"typ\":\"AT+JWT\"}", MCP_OK },
    { "B-20 typ application/at+jwt", "{\"alg\":\"RS256\",\"typ\":\"application/at+jwt\"}", MCP_OK },
    { "B-20 typ JWT", "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", MCP_OK },
    { "B-20 typ jwt", "{\"alg\":\"RS256\",\"typ\":\"jwt\"}", MCP_OK },
    { "B-20 typ application/jwt", "{\"alg\":\"RS256\",\"typ\":\"application/jwt\"}", MCP_OK },
    { "B-21 alg twice, last is bad", "{\"alg\":\"RS256\",\"alg\":\"none\"}", MCP_DUPLICATE_MEMBER },
    { "B-21 alg twice, last is good", "{\"alg\":\"none\",\"alg\":\"RS256\"}", MCP_DUPLICATE_MEMBER },
    { "B-21 kid twice", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"kid\":\"rsa\"}", MCP_DUPLICATE_MEMBER },
    { "B-21 escaped twin", "{\"alg\":\"RS256\",\"\\u0061lg\":\"RS256\"}", MCP_DUPLICATE_MEMBER },
    { "B-22 an array", "[\"RS256\"]", MCP_MALFORMED },
    { "B-22 a string", "\"RS256\"", MCP_MALFORMED },
    { "B-22 null", "null", MCP_MALFORMED },
    { "B-22 trailing text", "{\"alg\":\"RS256\"}x", MCP_MALFORMED },
    { "B-22 second object", "{\"alg\":\"RS256\"}{}", MCP_MALFORMED },
    { "B-22 bad UTF-8", "{\"alg\":\"RS256\",\"x\":\"\xff\"}", MCP_MALFORMED },
    { "B-22 cut", "{\"alg\":\"RS256\"", MCP_MALFORMED },
    { "B-22 empty object", "{}", MCP_ALGORITHM },
    { "B-23 empty header", "", MCP_MALFORMED },
    { "B-02 HS256 by a public key", "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", MCP_ALGORITHM },
};

static void test_headers(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        is_int(judge(forge_token(forge_alg("RS256"), &rsa, headers[i].header, PAYLOAD, pool), pool), headers[i].want,
               "%s", headers[i].name);
    }
}

static const struct {
    const char *typ;
    mcp_typ_t want;
} types[] = { { "at+jwt", MCP_TYP_ACCESS_TOKEN },
              { "application/AT+jwt", MCP_TYP_ACCESS_TOKEN },
              { "Jwt", MCP_TYP_JWT } };

/* Payloads under a right signature: the signature makes no object of what is none. */
static const struct {
    const char *payload;
    mcp_reason_t want;
} payloads[] = {
    { "{}", MCP_OK },
    { "[]", MCP_MALFORMED },
    { "\"x\"", MCP_MALFORMED },
    { "null", MCP_MALFORMED },
    { "", MCP_MALFORMED },
    { "{\"sub\":\"a\"}{\"sub\":\"b\"}", MCP_MALFORMED },
    { "{\"sub\":\"a\",\"sub\":\"b\"}", MCP_DUPLICATE_MEMBER },
    { "{\"sub\":\"admin\\u0000user\"}", MCP_MALFORMED },
    { "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", MCP_MALFORMED }, /* B-29: a token in a token */
    { "\x78\x9c\xab\x56\x2a", MCP_MALFORMED },          /* B-29: deflated */
};

static void test_payloads(apr_pool_t *pool)
{
    char *big = apr_pcalloc(pool, 20001);
    mcp_jws_t jws;

    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        is_int(judge(forge_token(forge_alg("RS256"), &rsa, "{\"alg\":\"RS256\"}", payloads[i].payload, pool), pool),
               payloads[i].want, "D-01 payload '%s'", payloads[i].payload);
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const char *header = apr_psprintf(pool, "{\"alg\":\"RS256\",\"typ\":\"%s\"}", types[i].typ);

        mcp_jws_parse(&jws, mcp_view_of(forge_token(forge_alg("RS256"), &rsa, header, PAYLOAD, pool)), pool);
        is_int(jws.typ, types[i].want, "B-20 typ %s is known for what it is", types[i].typ);
    }
    memset(big, 'x', 8000);
    is_int(judge(forge_token(forge_alg("RS256"), &rsa, apr_psprintf(pool, "{\"alg\":\"RS256\",\"x\":\"%s\"}", big),
                             PAYLOAD, pool),
                 pool),
           MCP_OK, "a header of 8 KB");
    is_int(judge(forge_token(forge_alg("RS256"), &rsa,
                             apr_psprintf(pool, "{\"alg\":\"RS256\",\"kid\":\"%.4096s\"}", big), PAYLOAD, pool),
                 pool),
           MCP_UNKNOWN_KEY, "B-14 a kid of 4 KB");
    memset(big, 'x', 20000);
    is_int(judge(forge_token(forge_alg("RS256"), &rsa, apr_psprintf(pool, "{\"alg\":\"RS256\",\"x\":\"%s\"}", big),
                             PAYLOAD, pool),
                 pool),
           MCP_MALFORMED, "a header of 20 KB");
}

/* Shapes of a right token: H, P and S stand for its parts, anything else for itself. */
static const struct {
    const char *shape;
    mcp_reason_t want;
} shapes[] = {
    { "H.P.S", MCP_OK },
    { "", MCP_MALFORMED },
    { "H", MCP_MALFORMED },
    { "H.P", MCP_MALFORMED },
    { ".", MCP_MALFORMED },
    { "..", MCP_MALFORMED },
    { "...", MCP_MALFORMED },
    { "....", MCP_ENCRYPTED },
    { ".....", MCP_MALFORMED },
    { "H.P.S.", MCP_MALFORMED },
    { ".H.P.S", MCP_MALFORMED },
    { "H..P.S", MCP_MALFORMED },
    { "H.P..S", MCP_MALFORMED },
    { "H.P.S.S", MCP_MALFORMED },
    { "H.P.S.P.S", MCP_ENCRYPTED },
    { "H.P.S.P.S.S", MCP_MALFORMED },
    { ".P.S", MCP_MALFORMED },
    { "H..S", MCP_MALFORMED },
    { "H.P.", MCP_SIGNATURE },
    { "H=.P.S", MCP_MALFORMED },
    { "H.P=.S", MCP_MALFORMED },
    { "H.P.S=", MCP_MALFORMED },
    { "H.P.S==", MCP_MALFORMED },
    { "H.P. S", MCP_MALFORMED },
    { "H.P.S ", MCP_MALFORMED },
    { "H.P.S\n", MCP_MALFORMED },
    { "H\r\n.P.S", MCP_MALFORMED },
    { " H.P.S", MCP_MALFORMED },
    { "H.P.S+", MCP_MALFORMED },
    { "H.P.S/", MCP_MALFORMED },
    { "H,P,S", MCP_MALFORMED },
    { "H%2eP%2eS", MCP_MALFORMED },
    { "H.P.S~WyJzIl0~", MCP_MALFORMED },                          /* B-29: SD-JWT */
    { "{\"payload\":\"P\",\"signature\":\"S\"}", MCP_MALFORMED }, /* B-29: JSON serialisation */
    { "P.H.S", MCP_ALGORITHM },
    { "S.P.H", MCP_MALFORMED },
    { "H.S.P", MCP_MALFORMED },
};

static void test_shapes(apr_pool_t *pool)
{
    char *token = apr_pstrdup(pool, forge_token(forge_alg("RS256"), &rsa, "{\"alg\":\"RS256\"}", PAYLOAD, pool)),
         *state;
    const char *parts[3] = { apr_strtok(token, ".", &state), apr_strtok(NULL, ".", &state),
                             apr_strtok(NULL, ".", &state) };
    char *dots = apr_pcalloc(pool, 7502);

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const char *text = "";

        for (const char *c = shapes[i].shape; *c; c++) {
            const char one[2] = { *c, '\0' };

            text = apr_pstrcat(pool, text,
                               *c == 'H'   ? parts[0]
                               : *c == 'P' ? parts[1]
                               : *c == 'S' ? parts[2]
                                           : one,
                               NULL);
        }
        is_int(judge(text, pool), shapes[i].want, "B-23 B-25 B-26 '%s'", shapes[i].shape);
    }
    memset(dots, '.', 7500);
    is_int(judge(dots, pool), MCP_MALFORMED, "A-24 7500 dots");
    is_int(judge(apr_pstrcat(pool, parts[0], dots, NULL), pool), MCP_MALFORMED, "A-24 a header and 7500 dots");
    is_int(mcp_jws_parse(&(mcp_jws_t){ 0 }, (mcp_view_t){ NULL, 0 }, pool), MCP_MALFORMED, "no token");
    is_int(mcp_jws_parse(&(mcp_jws_t){ 0 }, (mcp_view_t){ "a\0.b.c", 6 }, pool), MCP_MALFORMED, "a NUL in a token");
}

/* B-27: the last character of an ECDSA signature of 64 bytes has four unused bits, that of an RSA one as well. */
static void test_unused_bits(apr_pool_t *pool)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *tokens[] = { forge_token(forge_alg("ES256"), &p256, "{\"alg\":\"ES256\"}", PAYLOAD, pool),
                             forge_token(forge_alg("RS256"), &rsa, "{\"alg\":\"RS256\"}", PAYLOAD, pool) };

    for (size_t i = 0; i < 2; i++) {
        char *token = apr_pstrdup(pool, tokens[i]), *last = token + strlen(token) - 1;
        int accepted = 0;

        for (int n = 0; n < 64; n++) {
            *last = alphabet[n];
            accepted += judge(token, pool) == MCP_OK;
        }
        is_int(accepted, 1, "B-27 one spelling of the signature of %s", i ? "RS256" : "ES256");
    }
}

/* B-24: five parts, whatever they say. */
static void test_encrypted(apr_pool_t *pool)
{
    static const char *const jwe_headers[] = {
        "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", "{\"alg\":\"dir\",\"enc\":\"A128CBC-HS256\"}",
        "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2c\":2147483648,\"p2s\":\"AA\"}"
    };

    for (size_t i = 0; i < sizeof(jwe_headers) / sizeof(jwe_headers[0]); i++) {
        const char *token =
            apr_pstrcat(pool, forge_b64(jwe_headers[i], strlen(jwe_headers[i]), pool), ".AAAA.AAAA.AAAA.AAAA", NULL);

        is_int(judge(token, pool), MCP_ENCRYPTED, "B-24 %s", jwe_headers[i]);
    }
}

/* B-02: HMAC with everything about the public keys that a forger knows. */
static void test_confusion(apr_pool_t *pool)
{
    const char *pem = forge_pem(&rsa, false, pool), *jwk = forge_jwk(&rsa, "\"kid\":\"rsa\"", pool);
    unsigned char *der = NULL;
    int der_len = i2d_PUBKEY(rsa.pkey, &der);
    mcp_view_t modulus = { 0 }, point = { 0 };
    const forge_alg_t *algs[] = { forge_alg("HS256"), forge_alg("HS384"), forge_alg("HS512") };
    int accepted = 0, count = 0;

    mcp_b64url_decode(&modulus, mcp_view_of(forge_number(&rsa, "n", 0, pool)), pool);
    mcp_b64url_decode(&point, mcp_view_of(forge_number(&p256, "qx", 32, pool)), pool);
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
                             mcp_view_of(forge_pem(&p256, false, pool)),
                             mcp_view_of(forge_pem(&ed, false, pool)),
                             mcp_view_of("secret"),
                             mcp_view_of(forge_number(&rsa, "n", 0, pool)) };

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        for (size_t n = 0; n < 3; n++) {
            forge_key_t key = { .secret = secrets[i] };
            const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"rsa\"}", algs[n]->name);
            const char *bare = apr_psprintf(pool, "{\"alg\":\"%s\"}", algs[n]->name);

            accepted += judge(forge_token(algs[n], &key, header, PAYLOAD, pool), pool) == MCP_OK;
            accepted += judge_by(forge_token(algs[n], &key, header, PAYLOAD, pool), keys,
                                 MCP_ALGS_HMAC | MCP_ALGS_PUBLIC, pool) == MCP_OK;
            accepted += judge_by(forge_token(algs[n], &key, bare, PAYLOAD, pool), keys, MCP_ALGS_HMAC | MCP_ALGS_PUBLIC,
                                 pool) == MCP_OK;
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
        const char *token = forge_token(alg, &key, header, PAYLOAD, pool), *dot = strrchr(token, '.');

        is_int(judge_by(token, set, bit, pool), MCP_OK, "%s with the secret", alg->name);
        is_int(judge_by(token, set, MCP_ALGS_PUBLIC, pool), MCP_ALGORITHM, "%s where it is not allowed", alg->name);
        is_int(judge_by(token, set, MCP_ALGS_HMAC & ~bit, pool), MCP_ALGORITHM, "%s where another is", alg->name);
        is_int(judge_by(forge_token(alg, &other, header, PAYLOAD, pool), set, bit, pool), MCP_SIGNATURE,
               "%s with another", alg->name);
        is_int(judge_by(apr_pstrndup(pool, token, strlen(token) - (strlen(dot + 1) - 1) % 4 - 1), set, bit, pool),
               MCP_SIGNATURE, "%s cut", alg->name);
        is_int(judge_by(apr_pstrcat(pool, token, "AAAA", NULL), set, bit, pool), MCP_SIGNATURE, "%s longer", alg->name);
    }
    is_int(judge_by(forge_token(forge_alg("RS256"), &rsa, "{\"alg\":\"RS256\"}", PAYLOAD, pool), set, MCP_ALGS_PUBLIC,
                    pool),
           MCP_UNKNOWN_KEY, "a secret verifies no RSA signature");
    is_int(
        judge_by(forge_token(forge_alg("HS512"), &key, "{\"alg\":\"HS256\"}", PAYLOAD, pool), set, MCP_ALGS_HMAC, pool),
        MCP_SIGNATURE, "B-06 HS256 over HS512");
}

/* B-04 to B-08: one algorithm in the header, another in the signature, keys of one kind under the kid of another. */
static const struct {
    const char *name, *header, *signer;
    const forge_key_t *key;
    mcp_reason_t want;
} mixes[] = {
    { "B-05 ES256 by P-384", "{\"alg\":\"ES256\",\"kid\":\"p384\"}", "ES384", &p384, MCP_ALGORITHM },
    { "B-05 ES256 by P-384, no kid", "{\"alg\":\"ES256\"}", "ES384", &p384, MCP_SIGNATURE },
    { "B-05 ES256 by secp256k1", "{\"alg\":\"ES256\"}", "ES256", &k256, MCP_SIGNATURE },
    { "B-05 ES384 by P-256", "{\"alg\":\"ES384\",\"kid\":\"p256\"}", "ES256", &p256, MCP_ALGORITHM },
    { "B-05 ES512 by P-384", "{\"alg\":\"ES512\",\"kid\":\"p384\"}", "ES384", &p384, MCP_ALGORITHM },
    { "B-04 EdDSA with the EC kid", "{\"alg\":\"EdDSA\",\"kid\":\"p256\"}", "EdDSA", &ed, MCP_ALGORITHM },
    { "B-06 RS256 over PS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", "PS256", &rsa, MCP_SIGNATURE },
    { "B-06 RS256 over RS512", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", "RS512", &rsa, MCP_SIGNATURE },
    { "B-06 PS256 over PS512", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", "PS512", &rsa, MCP_SIGNATURE },
    { "B-07 RS256 with a key for RS384", "{\"alg\":\"RS256\",\"kid\":\"rs384\"}", "RS256", &rsa, MCP_ALGORITHM },
    { "B-07 PS384 with a key for RS384", "{\"alg\":\"PS384\",\"kid\":\"rs384\"}", "PS384", &rsa, MCP_ALGORITHM },
    { "B-07 RS384 with a key for RS384", "{\"alg\":\"RS384\",\"kid\":\"rs384\"}", "RS384", &rsa, MCP_OK },
    { "B-18 a kid twice: by kty, RSA", "{\"alg\":\"RS256\",\"kid\":\"twin\"}", "RS256", &other_rsa, MCP_OK },
    { "B-18 a kid twice: by kty, EC", "{\"alg\":\"ES256\",\"kid\":\"twin\"}", "ES256", &other_p256, MCP_OK },
    { "B-18 a kid twice: by crv", "{\"alg\":\"EdDSA\",\"kid\":\"twin\"}", "EdDSA", &ed, MCP_ALGORITHM },
    { "a key without kid serves no kid", "{\"alg\":\"EdDSA\"}", "EdDSA", &other_ed, MCP_OK },
    { "a key without kid serves any kid", "{\"alg\":\"EdDSA\",\"kid\":\"what\"}", "EdDSA", &other_ed, MCP_OK },
    { "a known kid is no other key's", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", "EdDSA", &other_ed, MCP_SIGNATURE },
};

static void test_mixes(apr_pool_t *pool)
{
    const char *jwks = apr_pstrcat(
        pool, forge_jwk(&p384, "\"kid\":\"p384\"", pool), ",", forge_jwk(&p256, "\"kid\":\"p256\"", pool), ",",
        forge_jwk(&rsa, "\"kid\":\"rsa\"", pool), ",", forge_jwk(&rsa, "\"kid\":\"rs384\",\"alg\":\"RS384\"", pool),
        ",", forge_jwk(&other_rsa, "\"kid\":\"twin\"", pool), ",", forge_jwk(&other_p256, "\"kid\":\"twin\"", pool),
        ",", forge_jwk(&ed, "\"kid\":\"ed\"", pool), ",", forge_jwk(&other_ed, NULL, pool), NULL);
    mcp_jwks_t *set = set_of(jwks, pool);

    for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++) {
        const char *token = forge_token(forge_alg(mixes[i].signer), mixes[i].key, mixes[i].header, PAYLOAD, pool);

        is_int(judge_by(token, set, MCP_ALGS_PUBLIC, pool), mixes[i].want, "%s", mixes[i].name);
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
            jwks = apr_pstrcat(pool, jwks, n ? "," : "", forge_jwk(n == rows[i].place ? &ed : &other_ed, kid, pool),
                               ",", forge_jwk(&p256, kid, pool), NULL);
        }
        is_int(judge_by(forge_token(forge_alg("EdDSA"), &ed,
                                    rows[i].kid ? "{\"alg\":\"EdDSA\",\"kid\":\"k\"}" : "{\"alg\":\"EdDSA\"}", PAYLOAD,
                                    pool),
                        set_of(jwks, pool), MCP_ALGS_PUBLIC, pool),
               rows[i].want, "B-17 %s", rows[i].name);
    }
    is_int(judge_by(token_of(0, &rsa, pool), mcp_jwk_set(pool), MCP_ALGS_PUBLIC, pool), MCP_UNKNOWN_KEY,
           "B-16 no keys at all");
    is_int(judge_by(token_of(0, &rsa, pool), set_of(forge_jwk(&ed, NULL, pool), pool), MCP_ALGS_PUBLIC, pool),
           MCP_UNKNOWN_KEY, "B-16 none that fits");
    is_int(judge_by(token_of(0, &rsa, pool), keys, 0, pool), MCP_ALGORITHM, "no algorithm is allowed");
}

/* Join a raw signature to the text that good[i] signs. */
static mcp_reason_t judge_signature(size_t i, const void *bytes, size_t len, apr_pool_t *pool)
{
    const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"%s\"}", good[i].alg, good[i].kid);

    return judge(forge_join(forge_text(header, PAYLOAD, pool), (mcp_view_t){ bytes, len }, pool), pool);
}

static mcp_view_t der_of(size_t i, apr_pool_t *pool)
{
    const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"%s\"}", good[i].alg, good[i].kid);

    return forge_signature(forge_alg(good[i].alg), good[i].key, forge_text(header, PAYLOAD, pool), pool);
}

/* B-31: r and s in exactly their length. */
static void test_ecdsa_lengths(apr_pool_t *pool)
{
    for (size_t i = 6; i <= 8; i++) {
        size_t size = forge_alg(good[i].alg)->ec_size;
        mcp_view_t der = der_of(i, pool), raw = forge_raw(der, size, pool);
        const size_t lengths[] = { 0, 1, size, 2 * size - 1, 2 * size + 1, 2 * size + 2, 4 * size, 3000 };
        unsigned char *padded = apr_pcalloc(pool, 3000);

        is_int(judge_signature(i, raw.data, raw.len, pool), MCP_OK, "B-31 %s: %d bytes", good[i].alg, (int)raw.len);
        is_int(judge_signature(i, der.data, der.len, pool), MCP_SIGNATURE, "B-31 %s: DER", good[i].alg);
        memcpy(padded, raw.data, raw.len);
        for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
            is_int(judge_signature(i, padded, lengths[n], pool), MCP_SIGNATURE, "B-31 %s: %d bytes", good[i].alg,
                   (int)lengths[n]);
        }
        memset(padded, 0, 3000);
        memcpy(padded + 1, raw.data, size);
        memcpy(padded + size + 2, raw.data + size, size);
        is_int(judge_signature(i, padded, 2 * size + 2, pool), MCP_SIGNATURE, "B-31 %s: each half one byte longer",
               good[i].alg);
    }
}

/* B-30, B-32: numbers that are no signature, and the twin that is one. */
static void test_ecdsa_numbers(apr_pool_t *pool)
{
    mcp_view_t raw = forge_raw(der_of(6, pool), 32, pool);
    BIGNUM *r = BN_bin2bn((const unsigned char *)raw.data, 32, NULL),
           *s = BN_bin2bn((const unsigned char *)raw.data + 32, 32, NULL);
    BIGNUM *n = NULL, *zero = BN_new(), *top = BN_new(), *twin = BN_new(), *one = BN_new();
    const struct {
        const char *name;
        const BIGNUM *r, *s;
        mcp_reason_t want;
    } rows[] = { { "right", r, s, MCP_OK },
                 { "B-30 r = 0", zero, s, MCP_SIGNATURE },
                 { "B-30 s = 0", r, zero, MCP_SIGNATURE },
                 { "B-30 both 0", zero, zero, MCP_SIGNATURE },
                 { "B-30 both 1", one, one, MCP_SIGNATURE },
                 { "B-30 r = 2^256 - 1", top, s, MCP_SIGNATURE },
                 { "B-30 s = 2^256 - 1", r, top, MCP_SIGNATURE },
                 { "B-30 swapped", s, r, MCP_SIGNATURE },
                 { "B-32 n - s", r, twin, MCP_OK } };
    unsigned char bytes[64];

    BN_hex2bn(&n, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    BN_zero(zero);
    BN_one(one);
    BN_lshift(top, one, 256);
    BN_sub_word(top, 1);
    BN_sub(twin, n, s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        BN_bn2binpad(rows[i].r, bytes, 32);
        BN_bn2binpad(rows[i].s, bytes + 32, 32);
        is_int(judge_signature(6, bytes, 64, pool), rows[i].want, "%s", rows[i].name);
    }
    for (int which = 0; which < 2; which++) {
        BN_bn2binpad(which ? r : n, bytes, 32);
        BN_bn2binpad(which ? n : s, bytes + 32, 32);
        is_int(judge_signature(6, bytes, 64, pool), MCP_SIGNATURE, "B-30 %s = n", which ? "s" : "r");
    }
    BN_free(r), BN_free(s), BN_free(n), BN_free(zero), BN_free(top), BN_free(twin), BN_free(one);
}

/* B-33: RFC 7518 3.5 leaves no choice of salt and mask. */
static void test_pss(apr_pool_t *pool)
{
    static const forge_alg_t rows[] = {
        { "right", EVP_sha256, true, 32, NULL, 0, false },
        { "no salt", EVP_sha256, true, 0, NULL, 0, false },
        { "salt of 20", EVP_sha256, true, 20, NULL, 0, false },
        { "salt of 31", EVP_sha256, true, 31, NULL, 0, false },
        { "salt of 33", EVP_sha256, true, 33, NULL, 0, false },
        { "salt of 64", EVP_sha256, true, 64, NULL, 0, false },
        { "salt of 222", EVP_sha256, true, 222, NULL, 0, false },
        { "MGF1 with SHA-1", EVP_sha256, true, 32, EVP_sha1, 0, false },
        { "MGF1 with SHA-512", EVP_sha256, true, 32, EVP_sha512, 0, false },
        { "PS512 inside", EVP_sha512, true, 64, NULL, 0, false },
        { "SHA-1 inside", EVP_sha1, true, 20, NULL, 0, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_int(judge(forge_token(&rows[i], &rsa, "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", PAYLOAD, pool), pool),
               i ? MCP_SIGNATURE : MCP_OK, "B-33 %s", rows[i].name);
    }
}

/* Take the trailer of a PSS block apart: 0xbc, the only one there is (RFC 8017 9.1.2), and others. */
static void test_pss_trailer(apr_pool_t *pool)
{
    const char *token = token_of(3, &rsa, pool);
    unsigned char block[256];
    mcp_view_t sig = { 0 };
    size_t len = sizeof(block);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, rsa.pkey, NULL);

    mcp_b64url_decode(&sig, mcp_view_of(strrchr(token, '.') + 1), pool);
    forge_must(EVP_PKEY_verify_recover_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
                   EVP_PKEY_verify_recover(ctx, block, &len, (const unsigned char *)sig.data, sig.len) == 1,
               "to open a block");
    EVP_PKEY_CTX_free(ctx);
    for (int trailer = 0xbc; trailer <= 0xcc; trailer += 0x10) {
        mcp_view_t again;

        block[255] = (unsigned char)trailer;
        again = forge_rsa_block(&rsa, block, sizeof(block), pool);
        is_int(judge_signature(3, again.data, again.len, pool), trailer == 0xbc ? MCP_OK : MCP_SIGNATURE,
               "B-33 trailer %02x", (unsigned)trailer);
    }
}

#define DIGEST_INFO "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"

/* B-34: blocks of PKCS#1 v1.5. What stands before the hash, what behind it, how the rest is filled. */
static const struct {
    const char *name, *start;
    size_t start_len;
    int fill;
    const char *info;
    size_t info_len, garbage;
    mcp_reason_t want;
} blocks[] = {
    { "right", "\x00\x01", 2, 0xff, DIGEST_INFO, 19, 0, MCP_OK },
    { "bare hash", "\x00\x01", 2, 0xff, "", 0, 0, MCP_SIGNATURE },
    { "block type 0", "\x00\x00", 2, 0x00, DIGEST_INFO, 19, 0, MCP_SIGNATURE },
    { "block type 2", "\x00\x02", 2, 0xff, DIGEST_INFO, 19, 0, MCP_SIGNATURE },
    { "block type 1 in the first byte", "\x01\x01", 2, 0xff, DIGEST_INFO, 19, 0, MCP_SIGNATURE },
    { "padding of other bytes", "\x00\x01", 2, 0xfe, DIGEST_INFO, 19, 0, MCP_SIGNATURE },
    { "one other byte in the padding", "\x00\x01\xff\xfe", 4, 0xff, DIGEST_INFO, 19, 0, MCP_SIGNATURE },
    { "padding ends early", "\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x00", 11, 0xff, DIGEST_INFO, 19, 0,
      MCP_SIGNATURE },
    { "garbage behind the hash", "\x00\x01", 2, 0xff, DIGEST_INFO, 19, 8, MCP_SIGNATURE },
    { "all garbage behind the hash", "\x00\x01", 2, 0xff, DIGEST_INFO, 19, 194, MCP_SIGNATURE },
    { "SHA-1", "\x00\x01", 2, 0xff, "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14", 15, 0,
      MCP_SIGNATURE },
    { "SHA-512", "\x00\x01", 2, 0xff, "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
      19, 0, MCP_SIGNATURE },
    { "no parameters", "\x00\x01", 2, 0xff, "\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20", 17,
      0, MCP_SIGNATURE },
    { "BER length", "\x00\x01", 2, 0xff,
      "\x30\x81\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", 20, 0, MCP_SIGNATURE },
    { "BER length of the hash", "\x00\x01", 2, 0xff,
      "\x30\x32\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x81\x20", 20, 0, MCP_SIGNATURE },
};

static void test_pkcs1(apr_pool_t *pool)
{
    const char *text = forge_text("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", PAYLOAD, pool);
    unsigned char hash[32];

    EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL);
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        unsigned char block[256];
        size_t tail = blocks[i].info_len + sizeof(hash) + blocks[i].garbage;
        mcp_view_t sig;

        memset(block, blocks[i].fill, sizeof(block));
        memcpy(block, blocks[i].start, blocks[i].start_len);
        block[255 - tail] = 0;
        memcpy(block + 256 - tail, blocks[i].info, blocks[i].info_len);
        memcpy(block + 256 - tail + blocks[i].info_len, hash, sizeof(hash));
        block[0] &= 0x7f; /* less than the modulus */
        sig = forge_rsa_block(&rsa, block, sizeof(block), pool);
        is_int(judge_signature(0, sig.data, sig.len, pool), blocks[i].want, "B-34 %s", blocks[i].name);
    }
}

/* B-35: as long as the modulus, and less than it. */
static void test_rsa_numbers(apr_pool_t *pool)
{
    mcp_view_t n = { 0 };
    unsigned char bytes[300] = { 0 };

    mcp_b64url_decode(&n, mcp_view_of(forge_number(&rsa, "n", 0, pool)), pool);
    for (size_t alg = 0; alg < 6; alg++) {
        mcp_view_t sig = der_of(alg, pool);
        int accepted = 0;

        memset(bytes, 0, sizeof(bytes));
        for (size_t len = 0; len <= sizeof(bytes); len++) {
            accepted += judge_signature(alg, bytes, len, pool) == MCP_OK; /* 0 */
        }
        bytes[255] = 1;
        accepted += judge_signature(alg, bytes, 256, pool) == MCP_OK;    /* 1 */
        accepted += judge_signature(alg, n.data, n.len, pool) == MCP_OK; /* n */
        memcpy(bytes, n.data, 256);
        bytes[255] = (unsigned char)(bytes[255] - 1);
        accepted += judge_signature(alg, bytes, 256, pool) == MCP_OK; /* n - 1 */
        memset(bytes, 0, sizeof(bytes));
        memcpy(bytes + 1, sig.data, 256);
        accepted += judge_signature(alg, bytes, 257, pool) == MCP_OK; /* a zero before it */
        memcpy(bytes, sig.data, 256);
        accepted += judge_signature(alg, bytes, 257, pool) == MCP_OK; /* and behind it */
        accepted += judge_signature(alg, bytes, 255, pool) == MCP_OK; /* cut */
        is_int(accepted, 0, "B-35 %s", good[alg].alg);
        is_int(judge_signature(alg, bytes, 256, pool), MCP_OK, "B-35 %s: the right one of them", good[alg].alg);
    }
}

/* B-36: S plus the order of the group, and lengths. */
static void test_eddsa(apr_pool_t *pool)
{
    static const unsigned char order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                             0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
    mcp_view_t sig = der_of(9, pool);
    unsigned char bytes[128] = { 0 };
    unsigned carry = 0;
    const char *hex = "";

    is_int(judge_signature(9, sig.data, sig.len, pool), MCP_OK, "B-36 right");
    memcpy(bytes, sig.data, 64);
    for (size_t i = 0; i < 32; i++) {
        carry += bytes[32 + i] + (unsigned)order[i];
        bytes[32 + i] = (unsigned char)carry;
        carry >>= 8;
        hex = apr_psprintf(pool, "%s%02x", hex, (unsigned)(unsigned char)sig.data[i]);
    }
    is_int(judge_signature(9, bytes, 64, pool), MCP_SIGNATURE, "B-36 S + L");
    is_int(judge_signature(9, hex, 64, pool), MCP_SIGNATURE, "B-36 hexadecimal");
    memset(bytes, 0, sizeof(bytes));
    is_int(judge_signature(9, bytes, 64, pool), MCP_SIGNATURE, "B-36 zero");
    bytes[0] = 1;
    is_int(judge_signature(9, bytes, 64, pool), MCP_SIGNATURE, "B-36 small R");
    memcpy(bytes, sig.data, 64);
    is_int(judge_signature(9, bytes, 63, pool), MCP_SIGNATURE, "B-36 63 bytes");
    is_int(judge_signature(9, bytes, 65, pool), MCP_SIGNATURE, "B-36 65 bytes");
    is_int(judge_signature(9, bytes, 114, pool), MCP_SIGNATURE, "B-36 114 bytes");
}

/* RFC 7515 A.1 to A.3: made by others. */
static const struct {
    const char *name, *jwk, *secret, *token;
} vectors[] = {
    { "RFC 7515 A.1", NULL, "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" },
    { "RFC 7515 A.2",
      "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"
      "4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-"
      "SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
      "UTo7WTBEMa2R2CapHg665xsmtdVM"
      "TBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\","
      "\"e\":\"AQAB\"}",
      NULL,
      "eyJhbGciOiJSUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
      "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdi"
      "uB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
      "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2"
      "w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw" },
    { "RFC 7515 A.3",
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
      "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
      NULL,
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q" },
};

static void test_vectors(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        mcp_jwks_t *set = vectors[i].jwk ? set_of(vectors[i].jwk, pool) : mcp_jwk_set(pool);
        mcp_view_t secret;

        if (vectors[i].secret) {
            mcp_b64url_decode(&secret, mcp_view_of(vectors[i].secret), pool);
            mcp_jwk_add_secret(set, secret);
        }
        is_int(judge_by(vectors[i].token, set, MCP_ALGS_PUBLIC | MCP_ALGS_HMAC, pool), MCP_OK, "%s", vectors[i].name);
    }
}

/* C-03: with e = 3 a block whose cube is small is its own signature; and a key of that kind does work. */
static void test_cube_root(apr_pool_t *pool)
{
    forge_key_t rsa3 = forge_rsa(2048, 3, pool);
    mcp_jwks_t *set = set_of(forge_jwk(&rsa3, "\"kid\":\"rsa\"", pool), pool);
    const char *text = forge_text("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", PAYLOAD, pool);
    unsigned char block[256] = { 0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 }, sig[256];
    BIGNUM *target, *low = BN_new(), *high = BN_new(), *middle = BN_new(), *cube = BN_new();
    BN_CTX *ctx = BN_CTX_new();

    memcpy(block + 11, DIGEST_INFO, 19);
    EVP_Digest(text, strlen(text), block + 30, NULL, EVP_sha256(), NULL);
    memset(block + 62, 0xff, sizeof(block) - 62); /* the root is rounded down, its cube differs in here */
    target = BN_bin2bn(block, sizeof(block), NULL);
    BN_one(high);
    BN_lshift(high, high, 700);
    for (int i = 0; i < 800; i++) {
        BN_add(middle, low, high);
        BN_rshift1(middle, middle);
        BN_sqr(cube, middle, ctx);
        BN_mul(cube, cube, middle, ctx);
        BN_copy(BN_cmp(cube, target) <= 0 ? low : high, middle);
    }
    BN_bn2binpad(low, sig, sizeof(sig));
    is_int(judge_by(forge_join(text, (mcp_view_t){ (char *)sig, sizeof(sig) }, pool), set, MCP_ALGS_PUBLIC, pool),
           MCP_SIGNATURE, "C-03 the cube root of a block");
    is_int(judge_by(forge_token(forge_alg("RS256"), &rsa3, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", PAYLOAD, pool), set,
                    MCP_ALGS_PUBLIC, pool),
           MCP_OK, "C-03 the key itself is fine");
    BN_free(target), BN_free(low), BN_free(high), BN_free(middle), BN_free(cube), BN_CTX_free(ctx);
}

/* What OpenSSL has to say about a bad signature must not be found by TLS code in the same thread. */
static void test_error_queue(apr_pool_t *pool)
{
    ERR_clear_error();
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        mcp_view_t sig = der_of(i, pool);
        unsigned char *bytes = apr_pmemdup(pool, sig.data, sig.len);
        size_t size = forge_alg(good[i].alg)->ec_size;

        bytes[sig.len - 1] ^= 1;
        sig = size ? forge_raw((mcp_view_t){ (char *)bytes, sig.len }, size, pool)
                   : (mcp_view_t){ (char *)bytes, sig.len };
        ERR_clear_error();
        judge_signature(i, sig.data, sig.len, pool);
        is_int(ERR_peek_error(), 0, "%s: nothing is left in OpenSSL's error queue", good[i].alg);
    }
}

static void make_keys(apr_pool_t *pool)
{
    rsa = forge_rsa(2048, 65537, pool);
    other_rsa = forge_rsa(2048, 65537, pool);
    p256 = forge_ec("P-256", pool);
    other_p256 = forge_ec("P-256", pool);
    p384 = forge_ec("P-384", pool);
    p521 = forge_ec("P-521", pool);
    k256 = forge_ec("secp256k1", pool);
    ed = forge_okp("ED25519", pool);
    other_ed = forge_okp("ED25519", pool);
    keys = set_of(
        apr_pstrcat(pool, forge_jwk(&rsa, "\"kid\":\"rsa\"", pool), ",", forge_jwk(&p256, "\"kid\":\"p256\"", pool),
                    ",", forge_jwk(&p384, "\"kid\":\"p384\"", pool), ",", forge_jwk(&p521, "\"kid\":\"p521\"", pool),
                    ",", forge_jwk(&ed, "\"kid\":\"ed\"", pool), NULL),
        pool);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    make_keys(pool);
    test_good(pool);
    test_changed(pool);
    test_headers(pool);
    test_payloads(pool);
    test_shapes(pool);
    test_unused_bits(pool);
    test_encrypted(pool);
    test_confusion(pool);
    test_hmac(pool);
    test_mixes(pool);
    test_tries(pool);
    test_ecdsa_lengths(pool);
    test_ecdsa_numbers(pool);
    test_pss(pool);
    test_pss_trailer(pool);
    test_pkcs1(pool);
    test_rsa_numbers(pool);
    test_eddsa(pool);
    test_vectors(pool);
    test_cube_root(pool);
    test_error_queue(pool);
    apr_terminate();
    return done_testing();
}
