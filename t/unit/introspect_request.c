/* Introspection without a network: what is sent about a token, read back by a decoder of this file's own. */
#include <apr_base64.h>
#include <apr_general.h>

#include "../../src/core/introspect.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"
#include "forge.h"

#define NOW 1700000000
#define ISSUER "https://as.example/t"
#define URL "https://as.example/introspect"

/* A form as a server reads it (WHATWG URL 5.1): split first, decoded afterwards. */
typedef struct {
    const char *name;
    mcp_view_t value;
} parameter_t;

static int hex_value(char c)
{
    const char *digits = "0123456789abcdef", *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

    return found ? (int)(found - digits) : -1;
}

static mcp_view_t decode(const char *text, size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1), *end = out;

    for (size_t i = 0; i < len; i++) {
        int high = text[i] == '%' && i + 2 < len ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;

        if (text[i] == '%' && low < 0) {
            printf("Bail out! no form: %s\n", text);
            exit(1);
        }
        *end++ = (char)(text[i] == '+' ? ' ' : text[i] == '%' ? high * 16 + low : text[i]);
        i += text[i] == '%' ? 2 : 0;
    }
    *end = '\0';
    return (mcp_view_t){ out, (size_t)(end - out) };
}

static int split(parameter_t *found, int room, const char *form, apr_pool_t *pool)
{
    int count = 0;

    for (const char *start = form; start && count < room; count++) {
        size_t len = strcspn(start, "&"), name = strcspn(start, "=&");

        found[count].name = decode(start, name, pool).data;
        found[count].value = decode(start + name + (name < len), len - name - (name < len), pool);
        start = start[len] == '&' ? start + len + 1 : NULL;
    }
    return count;
}

static mcp_introspect_endpoint_t endpoint_of(mcp_client_auth_method_t method, const char *id, mcp_view_t secret)
{
    return (mcp_introspect_endpoint_t){ .issuer = ISSUER, .url = URL, .auth = { method, id, secret } };
}

static const mcp_introspect_moment_t moment = { .now = NOW * APR_USEC_PER_SEC + 999999, .jti = "once" };

static mcp_introspect_request_t request_of(const mcp_introspect_endpoint_t *endpoint, mcp_view_t token,
                                           apr_pool_t *pool)
{
    mcp_introspect_request_t request = { NULL, NULL };

    is_int(mcp_introspect_request(&request, endpoint, token, moment, pool), APR_SUCCESS, "a request is made");
    return request;
}

/* F-11: what is sent as the token is the token, and nothing else is sent that the token brings along. */
static void check_token(mcp_view_t token, const char *name, apr_pool_t *pool)
{
    mcp_introspect_endpoint_t endpoint = endpoint_of(MCP_CLIENT_AUTH_POST, "app", mcp_view_of("s3cret"));
    mcp_introspect_request_t request = request_of(&endpoint, token, pool);
    parameter_t found[8];

    is_int(split(found, 8, request.form, pool), 4, "F-11 %s: four parameters", name);
    is_str(found[0].name, "token", "F-11 %s: the first is the token", name);
    ok(mcp_view_equal(found[0].value, token), "F-11 %s: exactly", name);
    ok(strcmp(found[1].name, "token_type_hint") == 0 && mcp_view_is(found[1].value, "access_token"),
       "F-11 %s: then what it is", name);
    ok(strcmp(found[2].name, "client_id") == 0 && mcp_view_is(found[2].value, "app") &&
           strcmp(found[3].name, "client_secret") == 0 && mcp_view_is(found[3].value, "s3cret"),
       "F-11 %s: and we are we", name);
    is_int(strspn(request.form, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%&="),
           strlen(request.form), "F-11 %s: nothing but unreserved characters, escapes and delimiters", name);
}

static void test_tokens(apr_pool_t *pool)
{
    static const char *const tokens[] = { "a",
                                          "2YotnFZFEjr1zCsicMWpAA",
                                          "a.b-c_d~e",
                                          "a&client_id=evil",
                                          "a=b",
                                          "a+b/c==",
                                          "100%",
                                          "%26",
                                          "%2526",
                                          "a b",
                                          "a;token=b",
                                          "a\r\nHost: evil",
                                          "a#b?c=d",
                                          "\xc3\xa9\xff",
                                          "&&&===%%%+++",
                                          "" };
    char bytes[256];

    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        check_token(mcp_view_of(tokens[i]), apr_psprintf(pool, "token %d", (int)i), pool);
    }
    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)i;
    }
    check_token((mcp_view_t){ bytes, 256 }, "every byte", pool);
}

/* Both halves of a Basic value, decoded. */
static void check_basic(const char *id, mcp_view_t secret, apr_pool_t *pool)
{
    mcp_introspect_endpoint_t endpoint = endpoint_of(MCP_CLIENT_AUTH_BASIC, id, secret);
    mcp_introspect_request_t request = request_of(&endpoint, mcp_view_of("t"), pool);
    const char *text = request.authorization ? request.authorization : "";
    char *pair = apr_palloc(pool, strlen(text) + 1), *colon;

    ok(strncmp(text, "Basic ", 6) == 0 && strspn(text + 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                                           "0123456789+/=") == strlen(text + 6),
       "Basic and base64 on one line");
    pair[apr_base64_decode(pair, text + 6)] = '\0';
    colon = strchr(pair, ':');
    if (ok(colon && !strchr(colon + 1, ':'), "with one colon")) {
        ok(mcp_view_is(decode(pair, (size_t)(colon - pair), pool), id), "the identifier '%s'", id);
        ok(mcp_view_equal(decode(colon + 1, strlen(colon + 1), pool), secret), "and the secret");
    }
    is_str(request.form, "token=t&token_type_hint=access_token", "the form has neither");
}

static void test_basic(apr_pool_t *pool)
{
    mcp_introspect_endpoint_t endpoint =
        endpoint_of(MCP_CLIENT_AUTH_BASIC, "s6BhdRkqt3", mcp_view_of("7Fjfp0ZBr1KtDRbnfVdmIw"));
    char *longest = apr_pcalloc(pool, MCP_LIMIT_SECRET_MAX);

    is_str(request_of(&endpoint, mcp_view_of("t"), pool).authorization,
           "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3", "the example of RFC 6749 2.3.1");
    check_basic("a", mcp_view_of("b"), pool);
    check_basic("ab", mcp_view_of("b"), pool);
    check_basic("abc", mcp_view_of("b"), pool);
    check_basic("https://mcp.example.com/mcp", mcp_view_of("p:a:s"), pool);
    check_basic("a b+c%d&e=f:g", mcp_view_of("100% \"secret\" + more\xc3\xa9"), pool);
    memset(longest, 0xff, MCP_LIMIT_SECRET_MAX);
    check_basic("app", (mcp_view_t){ longest, MCP_LIMIT_SECRET_MAX }, pool);
}

static void check_claims(const json_t *claims)
{
    mcp_view_t text;

    ok(mcp_json_string(&text, json_object_get(claims, "iss")) && mcp_view_is(text, "app:1"), "iss is the client");
    ok(mcp_json_string(&text, json_object_get(claims, "sub")) && mcp_view_is(text, "app:1"), "so is sub");
    ok(mcp_json_string(&text, json_object_get(claims, "aud")) && mcp_view_is(text, ISSUER),
       "aud is the issuer alone, no array and no URL of the endpoint");
    ok(mcp_json_string(&text, json_object_get(claims, "jti")) && mcp_view_is(text, "once"), "jti is what was given");
    is_int(json_integer_value(json_object_get(claims, "iat")), NOW, "iat is now");
    is_int(json_integer_value(json_object_get(claims, "exp")), NOW + 60, "exp is soon");
    is_int(json_object_size(claims), 6, "and there is nothing else");
}

static void check_assertion(const forge_key_t *key, unsigned alg, apr_pool_t *pool)
{
    mcp_introspect_endpoint_t endpoint =
        endpoint_of(MCP_CLIENT_AUTH_PRIVATE_KEY_JWT, "app:1", mcp_view_of(forge_pem(key, true, pool)));
    mcp_introspect_request_t request = request_of(&endpoint, mcp_view_of("t&"), pool);
    mcp_jwks_t *keys = mcp_jwk_set(pool);
    parameter_t found[8];
    mcp_jws_t jws;

    is_str(mcp_introspect_refuse_auth(&endpoint.auth, pool), NULL, "the key is good");
    is_str(request.authorization, NULL, "there is no Authorization");
    is_int(split(found, 8, request.form, pool), 4, "four parameters");
    ok(mcp_view_is(found[0].value, "t&"), "the token");
    is_str(found[2].name, "client_assertion_type", "the type of the assertion");
    ok(mcp_view_is(found[2].value, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), "is RFC 7523's");
    is_str(found[3].name, "client_assertion", "the assertion");
    is_int(mcp_jws_parse(&jws, found[3].value, pool), MCP_OK, "is a JWT");
    ok(mcp_jwk_add_pem(keys, mcp_view_of(forge_pem(key, false, pool)), NULL), "with the public key");
    is_int(mcp_jws_verify(&jws, keys, alg), MCP_OK, "it is verified");
    check_claims(jws.payload);
}

static void test_assertions(apr_pool_t *pool)
{
    forge_key_t rsa = forge_rsa(2048, 65537, pool), p256 = forge_ec("P-256", pool), p384 = forge_ec("P-384", pool),
                p521 = forge_ec("P-521", pool);

    check_assertion(&rsa, MCP_RS256, pool);
    check_assertion(&p256, MCP_ES256, pool);
    check_assertion(&p384, MCP_ES384, pool);
    check_assertion(&p521, MCP_ES512, pool);
}

/* An RSA key of the right size whose modulus is even, so that nothing can be signed with it. */
static mcp_view_t broken_pem(apr_pool_t *pool)
{
    forge_key_t key = forge_rsa(2048, 65537, pool);
    unsigned char *der = NULL, n[256], *at = NULL;
    int len = i2d_PrivateKey(key.pkey, &der);
    BIGNUM *modulus = NULL;
    BIO *bio = BIO_new(BIO_s_mem());

    forge_must(len > 0 && bio && EVP_PKEY_get_bn_param(key.pkey, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
                   BN_bn2binpad(modulus, n, sizeof(n)) == sizeof(n) &&
                   (at = memmem(der, (size_t)len, n, sizeof(n))) != NULL,
               "a broken key");
    at[sizeof(n) - 1] &= 0xfe;
    forge_must(PEM_write_bio(bio, "RSA PRIVATE KEY", "", der, len) > 0, "its PEM");
    OPENSSL_free(der);
    BN_free(modulus);
    return forge_bio(bio, pool);
}

static void check_refused(mcp_client_auth_t auth, const char *wrong, apr_pool_t *pool)
{
    const char *got = mcp_introspect_refuse_auth(&auth, pool);

    ok(wrong ? got && strstr(got, wrong) : !got, "%s", got ? got : "good");
    ok(!got || auth.secret.len == 0 || !strstr(got, mcp_view_dup(auth.secret, pool)), "F-12 the secret is not in it");
}

static void test_auth(apr_pool_t *pool)
{
    static const struct {
        const char *id, *secret, *wrong;
    } rows[] = {
        { "app", "s3cret", NULL },
        { "a b:c%", "s3cret \xc3\xa9", NULL },
        { "", "s3cret", "needs a client identifier" },
        { "app\n", "s3cret", "printable ASCII" },
        { "app\x7f", "s3cret", "printable ASCII" },
        { "\xc3\xa9", "s3cret", "printable ASCII" },
        { "app", "", "the file is empty" },
        { "app", "s3cret\n", "without line breaks" },
        { "app",
          "s3\x7f"
          "cret",
          "without line breaks" },
    };
    char *bytes = apr_palloc(pool, MCP_LIMIT_SECRET_MAX + 1);
    mcp_client_auth_t auth = { MCP_CLIENT_AUTH_BASIC, "app", { bytes, MCP_LIMIT_SECRET_MAX } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_view_t secret = mcp_view_of(rows[i].secret);

        check_refused((mcp_client_auth_t){ MCP_CLIENT_AUTH_BASIC, rows[i].id, secret }, rows[i].wrong, pool);
        check_refused((mcp_client_auth_t){ MCP_CLIENT_AUTH_POST, rows[i].id, secret }, rows[i].wrong, pool);
    }
    memset(bytes, 'x', MCP_LIMIT_SECRET_MAX + 1);
    check_refused(auth, NULL, pool);
    auth.secret.len++;
    check_refused(auth, "at most 4096 bytes", pool);
}

static mcp_view_t private_pem(forge_key_t key, apr_pool_t *pool)
{
    return mcp_view_of(forge_pem(&key, true, pool));
}

static void test_keys(apr_pool_t *pool)
{
    forge_key_t pair = forge_ec("P-256", pool);
    const struct {
        mcp_view_t pem;
        const char *wrong;
        apr_status_t status; /* of a request that is made nevertheless */
    } rows[] = {
        { mcp_view_of(""), "the file is empty", APR_EINVAL },
        { mcp_view_of("s3cret"), "needs a private key", APR_EINVAL },
        { mcp_view_of(forge_pem(&pair, false, pool)), "needs a private key", APR_EINVAL },
        { private_pem(forge_okp("ED25519", pool), pool), "RSA key of 2048 to 8192 bits", APR_EINVAL },
        { private_pem(forge_rsa(1024, 65537, pool), pool), "RSA key of 2048 to 8192 bits", APR_EINVAL },
        { private_pem(forge_ec("secp256k1", pool), pool), "P-256, P-384 or P-521", APR_EINVAL },
        { broken_pem(pool), "cannot sign", APR_EGENERAL },
    };
    mcp_introspect_request_t request = { "untouched", "untouched" };
    mcp_introspect_endpoint_t endpoint = endpoint_of(MCP_CLIENT_AUTH_PRIVATE_KEY_JWT, "app", rows[0].pem);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        endpoint.auth.secret = rows[i].pem;
        check_refused(endpoint.auth, rows[i].wrong, pool);
        is_int(mcp_introspect_request(&request, &endpoint, mcp_view_of("t"), moment, pool), rows[i].status,
               "and there is no request: %s", rows[i].wrong);
    }
    endpoint.auth.secret = private_pem(pair, pool);
    is_int(mcp_introspect_request(&request, &endpoint, mcp_view_of("t"), (mcp_introspect_moment_t){ 0 }, pool),
           APR_EINVAL, "nor one without jti");
    endpoint.auth.id = "\xff";
    is_int(mcp_introspect_request(&request, &endpoint, mcp_view_of("t"), moment, pool), APR_EINVAL,
           "nor one of a client whose name is not UTF-8");
    is_str(request.form, "untouched", "nothing was made");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_tokens(pool);
    test_basic(pool);
    test_assertions(pool);
    test_auth(pool);
    test_keys(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
