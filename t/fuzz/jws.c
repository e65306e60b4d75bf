/* Tokens against a fixed key set, whose private halves were thrown away: what verifies is a seed, with one spelling. */
#include "../../src/core/jws.h"
#include "../../src/core/b64url.h"
#include "fuzz.h"

unsigned long fuzz_reached;

static const char jwks[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"poKlzdbNNQjGkjndIrUvVSkjLpN9Lzjxx8-KQ36oWovbUDLBPXTlz-XtbaQ8mtSsKMhEGBJi4j"
    "VC8j4ci1lV0FBoWHvtoGia_dQTKHdGcd8KgY1W4iMU52NpkI6_TLk7HYz4TUT3Tk-4rJLKOQAhlhq1Z1flDPUpAoA0nxQyREJBFJCWeE6Tybwj"
    "AG5-s-Bnh0ySK3AI7qy2QIt9-INeGHfAiTFHnI5R-sgSJNaEkVC65AGLaLBc1JW9veWfMDCxBrKPiOInCNJU9cZUILyDQ49E9hP-80xGeakUkQ"
    "pleFbaUaXe7mck_h7qJiN0h7K7m5ByxW2Ha2Bsh2AYsHVtxw\",\"e\":\"AQAB\",\"kid\":\"rsa\"},{\"kty\":\"EC\",\"crv\":\"P"
    "-256\",\"x\":\"ziDFMJ3pYW0uYgH9ID_YtxjVHcuZ1z8xCzAYo5juSUk\",\"y\":\"VOVF-QZCT56l0UtgUBwfo1Wlqe4J0KVQqjE6wl5Ii"
    "K8\",\"kid\":\"p256\"},{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"tx31iu26_WI18TX9xdPh5hRX14E1sWxUdyXbHC053kl85"
    "OFYULTOaHxhQ5K8ggd9\",\"y\":\"yaTE70ZQ0uUzTb2jNFFWmaI5c56PuENtT5SVEuTICglOoHpqVhYA2FfQzBvnRtfD\",\"kid\":\"p38"
    "4\"},{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AFToB4GD24XPuleAajezyy00EfB8nWy8y20CuG1OA65KSWKlkOK1P7-B2_wyUNL"
    "c72HK6JNyr1E_iWI98-z2DsKx\",\"y\":\"AZ1jkJMgOpuKfU55PoYIn4a5tIltQw5NwrkwOY_zVRnG0X3Vfg_3pyeL7oA9xmMQ1X_s7DHAul"
    "Zod8GjPpqeq9Rf\",\"kid\":\"p521\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"gO898WyA-ax7cGdxP7i9SN1AbhFon5"
    "Cemxzun4H-_sc\",\"kid\":\"ed\"}]}";

static const mcp_jwks_t *key_set(void)
{
    static mcp_jwks_t *set;

    if (!set) {
        set = mcp_jwk_set(fuzz_pool());
        fuzz_must(mcp_jwk_add_set(set, mcp_view_of(jwks), NULL) && set->count == 5, "the keys are usable");
        fuzz_must(mcp_jwk_add_secret(set, mcp_view_of("0123456789abcdef0123456789abcdef")), "and the secret");
    }
    return set;
}

static void check_spelling(const mcp_jws_t *jws, mcp_view_t token, apr_pool_t *pool)
{
    const char *signature = mcp_b64url_encode(jws->signature, pool);
    mcp_view_t tail = { token.data + jws->signed_text.len + 1, token.len - jws->signed_text.len - 1 };

    fuzz_must(jws->signed_text.data == token.data && token.data[jws->signed_text.len] == '.',
              "a signature is over the start of the token");
    fuzz_must(mcp_view_is(tail, signature), "a signature has one spelling");
    fuzz_must(json_is_object(jws->payload), "a payload is an object");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const mcp_jwks_t *set = key_set();
    apr_pool_t *pool = fuzz_pool();
    mcp_view_t token = { (const char *)data, size };
    mcp_jws_t jws;

    if (mcp_jws_parse(&jws, token, pool) == MCP_OK) {
        fuzz_must(mcp_jws_verify(&jws, set, 0) == MCP_ALGORITHM, "without an allowed algorithm nothing verifies");
        if (mcp_jws_verify(&jws, set, MCP_ALGS_PUBLIC | MCP_ALGS_HMAC) == MCP_OK) {
            fuzz_reached++;
            check_spelling(&jws, token, pool);
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
