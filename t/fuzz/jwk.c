/* JWK sets, and PEM texts when the input starts with '-'. A key that is taken has an algorithm, and none of HMAC. */
#include <openssl/err.h>

#include "../../src/core/jwk.h"
#include "fuzz.h"

unsigned long fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    mcp_jwks_t *set = mcp_jwk_set(pool);
    mcp_view_t text = { (const char *)data, size };
    bool taken = size > 0 && data[0] == '-' ? mcp_jwk_add_pem(set, text, NULL) : mcp_jwk_add_set(set, text, NULL);

    fuzz_must(!taken || set->count > 0, "a set that is taken has keys");
    fuzz_must(set->count <= MCP_LIMIT_KEYS, "keys are limited");
    for (int i = 0; i < set->count; i++) {
        const mcp_jwk_t *key = &set->keys[i];

        fuzz_reached++;
        fuzz_must(key->algs != 0 && (key->algs & ~(unsigned)MCP_ALGS_PUBLIC) == 0,
                  "a key has algorithms, none of HMAC");
        fuzz_must(!key->kid || strlen(key->kid) <= MCP_LIMIT_KID, "a kid is limited");
        for (unsigned alg = 1; alg <= MCP_EDDSA; alg <<= 1) {
            fuzz_must((key->algs & alg) == 0 || !mcp_verifier_accepts(key->verifier, alg, text, text),
                      "no key takes a text for a signature");
        }
    }
    ERR_clear_error();
    apr_pool_destroy(pool);
    return 0;
}
