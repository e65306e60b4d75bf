/* Keys that are no JWK: which PEM blocks are taken, and which secrets. */
#include <apr_general.h>
#include <openssl/err.h>

#include "../../src/core/jwk.h"
#include "../lib/notebook.h"
#include "../lib/tap.h"
#include "forge.h"

static forge_key_t rsa, rsa1024, p256, k256, ed, ed448, x25519;

static const char *certificate_of(const forge_key_t *key, apr_pool_t *pool)
{
    X509 *certificate = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());

    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    forge_must(X509_set_pubkey(certificate, key->pkey) == 1 && X509_sign(certificate, key->pkey, EVP_sha256()) > 0 &&
                   PEM_write_bio_X509(bio, certificate) == 1,
               "a certificate");
    X509_free(certificate);
    return forge_bio(bio, pool).data;
}

static const char *pkcs1_of(const forge_key_t *key, apr_pool_t *pool)
{
    unsigned char *der = NULL;
    int len = i2d_PublicKey(key->pkey, &der);
    BIO *bio = BIO_new(BIO_s_mem());

    forge_must(len > 0 && PEM_write_bio(bio, PEM_STRING_RSA_PUBLIC, "", der, len) > 0, "PKCS#1");
    OPENSSL_free(der);
    return forge_bio(bio, pool).data;
}

static void check_pem(const char *name, const char *text, int count, const char *why, apr_pool_t *pool)
{
    mcp_jwks_t *set = mcp_jwk_set(pool);
    mcp_log_t log = notebook_open();

    notebook_clear();
    is_int(mcp_jwk_add_pem(set, mcp_view_of(text), &log) ? set->count : 0, count, "PEM %s", name);
    ok(why ? strstr(notebook.text, why) != NULL : notebook.lines == 0, "PEM %s: %s", name,
       *notebook.text ? notebook.text : "no line");
}

static void test_pem(apr_pool_t *pool)
{
    const char *good = forge_pem(&rsa, false, pool), *cut = apr_pstrndup(pool, good, strlen(good) / 2);

    check_pem("RSA", good, 1, NULL, pool);
    check_pem("P-256", forge_pem(&p256, false, pool), 1, NULL, pool);
    check_pem("Ed25519", forge_pem(&ed, false, pool), 1, NULL, pool);
    check_pem("PKCS#1", pkcs1_of(&rsa, pool), 1, NULL, pool);
    check_pem("certificate", certificate_of(&rsa, pool), 1, NULL, pool);
    check_pem("two and text between",
              apr_pstrcat(pool, "first:\n", good, "second:\n", forge_pem(&ed, false, pool), NULL), 2, NULL, pool);
    check_pem("private key", forge_pem(&rsa, true, pool), 0, "private key", pool);
    check_pem("public and private key", apr_pstrcat(pool, good, forge_pem(&rsa, true, pool), NULL), 0, "private key",
              pool);
    check_pem("C-01 1024 bits", forge_pem(&rsa1024, false, pool), 0, "shorter than 2048", pool);
    check_pem("C-01 certificate of 1024 bits", certificate_of(&rsa1024, pool), 0, "shorter than 2048", pool);
    check_pem("B-05 secp256k1", forge_pem(&k256, false, pool), 0, "curve", pool);
    check_pem("C-08 X25519", forge_pem(&x25519, false, pool), 0, "type", pool);
    check_pem("C-08 Ed448", forge_pem(&ed448, false, pool), 0, "type", pool);
    check_pem("another block", "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n", 0, "members",
              pool);
    check_pem("no key in a block", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", 0, "members", pool);
    check_pem("no certificate in a block", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0,
              "members", pool);
    check_pem("nothing", "", 0, NULL, pool);
    check_pem("no PEM", "{\"keys\":[]}", 0, NULL, pool);
    check_pem("cut", cut, 0, "cut short", pool);
    ok(!mcp_jwk_add_pem(mcp_jwk_set(pool), mcp_view_of(apr_pstrcat(pool, good, cut, NULL)), NULL),
       "PEM a good one and half of a second: refused");
}

static void test_secret(apr_pool_t *pool)
{
    static const struct {
        size_t size;
        bool good;
    } rows[] = { { 0, false },
                 { MCP_LIMIT_SECRET_MIN - 1, false },
                 { MCP_LIMIT_SECRET_MIN, true },
                 { MCP_LIMIT_SECRET_MAX, true },
                 { MCP_LIMIT_SECRET_MAX + 1, false } };
    char bytes[MCP_LIMIT_SECRET_MAX + 1];

    memset(bytes, 's', sizeof(bytes));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_jwks_t *set = mcp_jwk_set(pool);

        ok(mcp_jwk_add_secret(set, (mcp_view_t){ bytes, rows[i].size }) == rows[i].good, "secret of %d bytes",
           (int)rows[i].size);
        is_int(set->count, rows[i].good, "%d key", rows[i].good);
        ok(!rows[i].good || set->keys[0].algs == MCP_ALGS_HMAC, "for HMAC only");
    }
}

static void make_keys(apr_pool_t *pool)
{
    rsa = forge_rsa(2048, 65537, pool);
    rsa1024 = forge_rsa(1024, 65537, pool);
    p256 = forge_ec("P-256", pool);
    k256 = forge_ec("secp256k1", pool);
    ed = forge_okp("ED25519", pool);
    ed448 = forge_okp("ED448", pool);
    x25519 = forge_okp("X25519", pool);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    make_keys(pool);
    test_pem(pool);
    test_secret(pool);
    ERR_clear_error();
    check_pem("once more", forge_pem(&rsa, false, pool), 1, NULL, pool);
    is_int(ERR_peek_error(), 0, "nothing is left in OpenSSL's error queue, where TLS code would find it");
    mcp_jwk_add_set(mcp_jwk_set(pool),
                    mcp_view_of("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                                "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
                                "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}]}"),
                    NULL);
    is_int(ERR_peek_error(), 0, "nor by a key of a set that is on no curve");
    apr_terminate();
    return done_testing();
}
