/* The compact JWS: its form, and everything a forger may try with it under a right signature (THREATS.md B). */
#include <apr_general.h>

#include "../lib/tap.h"
#include "keys.h"

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
        is_int(keys_judge(forge_token(forge_alg("RS256"), &keys_rsa, headers[i].header, KEYS_PAYLOAD, pool), pool),
               headers[i].want, "%s", headers[i].name);
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
        is_int(keys_judge(forge_token(forge_alg("RS256"), &keys_rsa, "{\"alg\":\"RS256\"}", payloads[i].payload, pool),
                          pool),
               payloads[i].want, "D-01 payload '%s'", payloads[i].payload);
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const char *header = apr_psprintf(pool, "{\"alg\":\"RS256\",\"typ\":\"%s\"}", types[i].typ);

        mcp_jws_parse(&jws, mcp_view_of(forge_token(forge_alg("RS256"), &keys_rsa, header, KEYS_PAYLOAD, pool)), pool);
        is_int(jws.typ, types[i].want, "B-20 typ %s is known for what it is", types[i].typ);
    }
    memset(big, 'x', 8000);
    is_int(keys_judge(forge_token(forge_alg("RS256"), &keys_rsa,
                                  apr_psprintf(pool, "{\"alg\":\"RS256\",\"x\":\"%s\"}", big), KEYS_PAYLOAD, pool),
                      pool),
           MCP_OK, "a header of 8 KB");
    is_int(
        keys_judge(forge_token(forge_alg("RS256"), &keys_rsa,
                               apr_psprintf(pool, "{\"alg\":\"RS256\",\"kid\":\"%.4096s\"}", big), KEYS_PAYLOAD, pool),
                   pool),
        MCP_UNKNOWN_KEY, "B-14 a kid of 4 KB");
    memset(big, 'x', 20000);
    is_int(keys_judge(forge_token(forge_alg("RS256"), &keys_rsa,
                                  apr_psprintf(pool, "{\"alg\":\"RS256\",\"x\":\"%s\"}", big), KEYS_PAYLOAD, pool),
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
    char *token =
             apr_pstrdup(pool, forge_token(forge_alg("RS256"), &keys_rsa, "{\"alg\":\"RS256\"}", KEYS_PAYLOAD, pool)),
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
        is_int(keys_judge(text, pool), shapes[i].want, "B-23 B-25 B-26 '%s'", shapes[i].shape);
    }
    memset(dots, '.', 7500);
    is_int(keys_judge(dots, pool), MCP_MALFORMED, "A-24 7500 dots");
    is_int(keys_judge(apr_pstrcat(pool, parts[0], dots, NULL), pool), MCP_MALFORMED, "A-24 a header and 7500 dots");
    is_int(mcp_jws_parse(&(mcp_jws_t){ 0 }, (mcp_view_t){ NULL, 0 }, pool), MCP_MALFORMED, "no token");
    is_int(mcp_jws_parse(&(mcp_jws_t){ 0 }, (mcp_view_t){ "a\0.b.c", 6 }, pool), MCP_MALFORMED, "a NUL in a token");
}

/* B-27: the last character of an ECDSA signature of 64 bytes has four unused bits, that of an RSA one as well. */
static void test_unused_bits(apr_pool_t *pool)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *tokens[] = { forge_token(forge_alg("ES256"), &keys_p256, "{\"alg\":\"ES256\"}", KEYS_PAYLOAD, pool),
                             forge_token(forge_alg("RS256"), &keys_rsa, "{\"alg\":\"RS256\"}", KEYS_PAYLOAD, pool) };

    for (size_t i = 0; i < 2; i++) {
        char *token = apr_pstrdup(pool, tokens[i]), *last = token + strlen(token) - 1;
        int accepted = 0;

        for (int n = 0; n < 64; n++) {
            *last = alphabet[n];
            accepted += keys_judge(token, pool) == MCP_OK;
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

        is_int(keys_judge(token, pool), MCP_ENCRYPTED, "B-24 %s", jwe_headers[i]);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    keys_make(pool);
    test_headers(pool);
    test_payloads(pool);
    test_shapes(pool);
    test_unused_bits(pool);
    test_encrypted(pool);
    apr_terminate();
    return done_testing();
}
