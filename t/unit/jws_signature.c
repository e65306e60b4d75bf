/* The compact JWS: signatures that are numbers of the wrong kind (THREATS.md B), and those of others. */
#include <apr_general.h>
#include <openssl/err.h>

#include "../lib/tap.h"
#include "keys.h"

/* Join a raw signature to the text that keys_good[i] signs. */
static mcp_reason_t judge_signature(size_t i, const void *bytes, size_t len, apr_pool_t *pool)
{
    const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"%s\"}", keys_good[i].alg, keys_good[i].kid);

    return keys_judge(forge_join(forge_text(header, KEYS_PAYLOAD, pool), (mcp_view_t){ bytes, len }, pool), pool);
}

static mcp_view_t der_of(size_t i, apr_pool_t *pool)
{
    const char *header = apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"%s\"}", keys_good[i].alg, keys_good[i].kid);

    return forge_signature(forge_alg(keys_good[i].alg), keys_good[i].key, forge_text(header, KEYS_PAYLOAD, pool), pool);
}

/* B-31: r and s in exactly their length. */
static void test_ecdsa_lengths(apr_pool_t *pool)
{
    for (size_t i = 6; i <= 8; i++) {
        size_t size = forge_alg(keys_good[i].alg)->ec_size;
        mcp_view_t der = der_of(i, pool), raw = forge_raw(der, size, pool);
        const size_t lengths[] = { 0, 1, size, 2 * size - 1, 2 * size + 1, 2 * size + 2, 4 * size, 3000 };
        unsigned char *padded = apr_pcalloc(pool, 3000);

        is_int(judge_signature(i, raw.data, raw.len, pool), MCP_OK, "B-31 %s: %d bytes", keys_good[i].alg,
               (int)raw.len);
        is_int(judge_signature(i, der.data, der.len, pool), MCP_SIGNATURE, "B-31 %s: DER", keys_good[i].alg);
        memcpy(padded, raw.data, raw.len);
        for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
            is_int(judge_signature(i, padded, lengths[n], pool), MCP_SIGNATURE, "B-31 %s: %d bytes", keys_good[i].alg,
                   (int)lengths[n]);
        }
        memset(padded, 0, 3000);
        memcpy(padded + 1, raw.data, size);
        memcpy(padded + size + 2, raw.data + size, size);
        is_int(judge_signature(i, padded, 2 * size + 2, pool), MCP_SIGNATURE, "B-31 %s: each half one byte longer",
               keys_good[i].alg);
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
        is_int(keys_judge(forge_token(&rows[i], &keys_rsa, "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", KEYS_PAYLOAD, pool),
                          pool),
               i ? MCP_SIGNATURE : MCP_OK, "B-33 %s", rows[i].name);
    }
}

/* Take the trailer of a PSS block apart: 0xbc, the only one there is (RFC 8017 9.1.2), and others. */
static void test_pss_trailer(apr_pool_t *pool)
{
    const char *token = keys_token(3, &keys_rsa, pool);
    unsigned char block[256];
    mcp_view_t sig = { 0 };
    size_t len = sizeof(block);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, keys_rsa.pkey, NULL);

    mcp_b64url_decode(&sig, mcp_view_of(strrchr(token, '.') + 1), pool);
    forge_must(EVP_PKEY_verify_recover_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
                   EVP_PKEY_verify_recover(ctx, block, &len, (const unsigned char *)sig.data, sig.len) == 1,
               "to open a block");
    EVP_PKEY_CTX_free(ctx);
    for (int trailer = 0xbc; trailer <= 0xcc; trailer += 0x10) {
        mcp_view_t again;

        block[255] = (unsigned char)trailer;
        again = forge_rsa_block(&keys_rsa, block, sizeof(block), pool);
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
    const char *text = forge_text("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", KEYS_PAYLOAD, pool);
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
        sig = forge_rsa_block(&keys_rsa, block, sizeof(block), pool);
        is_int(judge_signature(0, sig.data, sig.len, pool), blocks[i].want, "B-34 %s", blocks[i].name);
    }
}

/* B-35: as long as the modulus, and less than it. */
static void test_rsa_numbers(apr_pool_t *pool)
{
    mcp_view_t n = { 0 };
    unsigned char bytes[300] = { 0 };

    mcp_b64url_decode(&n, mcp_view_of(forge_number(&keys_rsa, "n", 0, pool)), pool);
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
        is_int(accepted, 0, "B-35 %s", keys_good[alg].alg);
        is_int(judge_signature(alg, bytes, 256, pool), MCP_OK, "B-35 %s: the right one of them", keys_good[alg].alg);
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
        mcp_jwks_t *set = vectors[i].jwk ? keys_set(vectors[i].jwk, pool) : mcp_jwk_set(pool);
        mcp_view_t secret;

        if (vectors[i].secret) {
            mcp_b64url_decode(&secret, mcp_view_of(vectors[i].secret), pool);
            mcp_jwk_add_secret(set, secret);
        }
        is_int(keys_judge_by(vectors[i].token, set, MCP_ALGS_PUBLIC | MCP_ALGS_HMAC, pool), MCP_OK, "%s",
               vectors[i].name);
    }
}

/* C-03: with e = 3 a block whose cube is small is its own signature; and a key of that kind does work. */
static void test_cube_root(apr_pool_t *pool)
{
    forge_key_t rsa3 = forge_rsa(2048, 3, pool);
    mcp_jwks_t *set = keys_set(forge_jwk(&rsa3, "\"kid\":\"rsa\"", pool), pool);
    const char *text = forge_text("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", KEYS_PAYLOAD, pool);
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
    is_int(keys_judge_by(forge_join(text, (mcp_view_t){ (char *)sig, sizeof(sig) }, pool), set, MCP_ALGS_PUBLIC, pool),
           MCP_SIGNATURE, "C-03 the cube root of a block");
    is_int(
        keys_judge_by(forge_token(forge_alg("RS256"), &rsa3, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", KEYS_PAYLOAD, pool),
                      set, MCP_ALGS_PUBLIC, pool),
        MCP_OK, "C-03 the key itself is fine");
    BN_free(target), BN_free(low), BN_free(high), BN_free(middle), BN_free(cube), BN_CTX_free(ctx);
}

/* What OpenSSL has to say about a bad signature must not be found by TLS code in the same thread. */
static void test_error_queue(apr_pool_t *pool)
{
    ERR_clear_error();
    for (size_t i = 0; i < sizeof(keys_good) / sizeof(keys_good[0]); i++) {
        mcp_view_t sig = der_of(i, pool);
        unsigned char *bytes = apr_pmemdup(pool, sig.data, sig.len);
        size_t size = forge_alg(keys_good[i].alg)->ec_size;

        bytes[sig.len - 1] ^= 1;
        sig = size ? forge_raw((mcp_view_t){ (char *)bytes, sig.len }, size, pool)
                   : (mcp_view_t){ (char *)bytes, sig.len };
        ERR_clear_error();
        judge_signature(i, sig.data, sig.len, pool);
        is_int(ERR_peek_error(), 0, "%s: nothing is left in OpenSSL's error queue", keys_good[i].alg);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    keys_make(pool);
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
