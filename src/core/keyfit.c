#include "keyfit.h"

#include <openssl/core_names.h>
#include <stdbool.h>
#include <string.h>

#include "alg.h"
#include "limits.h"

/* Any RSA key can do both paddings; the set says which of them it is for. */
#define RSA_ALGS (MCP_RS256 | MCP_RS384 | MCP_RS512 | MCP_PS256 | MCP_PS384 | MCP_PS512)

/* What an RSA key may verify, or why nothing (RFC 7518 3.3, RFC 8017 3.1). */
static const char *judge_rsa(unsigned *algs, const EVP_PKEY *pkey)
{
    BIGNUM *n = NULL, *e = NULL;
    const char *unfit = NULL;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1) {
        unfit = "it cannot be read";
    } else if (BN_num_bits(n) < MCP_LIMIT_RSA_MIN) {
        unfit = "its modulus is shorter than 2048 bits";
    } else if (BN_num_bits(n) > MCP_LIMIT_RSA_MAX) {
        unfit = "its modulus is longer than 8192 bits";
    } else if (!BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > MCP_LIMIT_RSA_EXPONENT) {
        unfit = "its modulus or exponent is not one of an RSA key";
    }
    BN_free(n);
    BN_free(e);
    *algs = RSA_ALGS;
    return unfit;
}

/* The one algorithm of an elliptic curve (RFC 7518 3.4); the point must lie on it. */
static const char *judge_ec(unsigned *algs, EVP_PKEY *pkey)
{
    static const struct {
        const char *group;
        unsigned alg;
    } curves[] = { { "prime256v1", MCP_ES256 }, { "secp384r1", MCP_ES384 }, { "secp521r1", MCP_ES512 } };
    char group[64] = "";
    EVP_PKEY_CTX *ctx;
    bool valid;

    EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL);
    *algs = 0;
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        *algs |= strcmp(group, curves[i].group) == 0 ? curves[i].alg : 0;
    }
    if (*algs == 0) {
        return "its curve is not P-256, P-384 or P-521";
    }
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    valid = ctx && EVP_PKEY_public_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    return valid ? NULL : "its point is not on the curve";
}

/* Ed25519 points of small order, whose signatures anyone can make; the sign bit is masked away before comparing. */
static bool is_small_order(const unsigned char point[32])
{
    static const char *const small[] = {
        "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
        "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
        "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
        "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
        "\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        "\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        "\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    };
    unsigned char masked[32];

    memcpy(masked, point, sizeof(masked));
    masked[31] &= 0x7f;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        if (memcmp(masked, small[i], sizeof(masked)) == 0) {
            return true;
        }
    }
    return false;
}

static const char *judge_ed25519(unsigned *algs, const EVP_PKEY *pkey)
{
    unsigned char point[32];
    size_t len = sizeof(point);

    if (EVP_PKEY_get_raw_public_key(pkey, point, &len) != 1 || len != sizeof(point)) {
        return "it cannot be read";
    }
    *algs = MCP_EDDSA;
    return is_small_order(point) ? "its point is of small order" : NULL;
}

const char *mcp_keyfit_judge(unsigned *algs, EVP_PKEY *pkey)
{
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        return judge_rsa(algs, pkey);
    case EVP_PKEY_EC:
        return judge_ec(algs, pkey);
    case EVP_PKEY_ED25519:
        return judge_ed25519(algs, pkey);
    default:
        return "its type is not RSA, EC or Ed25519";
    }
}
