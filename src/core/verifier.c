#include "verifier.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <stdatomic.h>

#include "alg.h"

/* What is kept for as many threads as verify with one key at a time; the pointers share a cache line. */
#define KEPT 8

/* How each algorithm is verified; the order is that of mcp_alg_t's bits. */
typedef struct {
    const EVP_MD *(*digest)(void); /* NULL for EdDSA, which hashes by itself */
    bool pss;
    size_t ec_size; /* bytes of r and of s, 0 when it is not ECDSA */
} algorithm_t;

static const algorithm_t algorithms[] = {
    { EVP_sha256, false, 0 },  { EVP_sha384, false, 0 }, { EVP_sha512, false, 0 },  { EVP_sha256, true, 0 },
    { EVP_sha384, true, 0 },   { EVP_sha512, true, 0 },  { EVP_sha256, false, 32 }, { EVP_sha384, false, 48 },
    { EVP_sha512, false, 66 }, { NULL, false, 0 },       { EVP_sha256, false, 0 },  { EVP_sha384, false, 0 },
    { EVP_sha512, false, 0 },
};

/* One thread's contexts, set up for one algorithm. */
typedef struct {
    unsigned alg;
    EVP_MD_CTX *hashing;
    EVP_PKEY_CTX *verifying;
} contexts_t;

struct mcp_verifier_t {
    EVP_PKEY *pkey; /* NULL for a shared secret; never changed, so threads share it */
    mcp_view_t secret;
    _Atomic(contexts_t *) kept[KEPT]; /* NULL while it is lent */
};

static const algorithm_t *algorithm_of(unsigned alg)
{
    return &algorithms[__builtin_ctz(alg)];
}

static void free_contexts(contexts_t *mine)
{
    if (mine) {
        EVP_MD_CTX_free(mine->hashing);
        EVP_PKEY_CTX_free(mine->verifying);
        OPENSSL_free(mine);
    }
}

static apr_status_t release(void *baton)
{
    mcp_verifier_t *verifier = baton;

    for (int i = 0; i < KEPT; i++) {
        free_contexts(atomic_load(&verifier->kept[i]));
    }
    EVP_PKEY_free(verifier->pkey);
    if (verifier->secret.data) {
        OPENSSL_cleanse((void *)verifier->secret.data, verifier->secret.len);
    }
    return APR_SUCCESS;
}

static mcp_verifier_t *make(EVP_PKEY *pkey, mcp_view_t secret, apr_pool_t *pool)
{
    mcp_verifier_t *verifier = apr_pcalloc(pool, sizeof(*verifier));

    verifier->pkey = pkey;
    verifier->secret = secret;
    apr_pool_cleanup_register(pool, verifier, release, apr_pool_cleanup_null);
    return verifier;
}

mcp_verifier_t *mcp_verifier_of_key(EVP_PKEY *pkey, apr_pool_t *pool)
{
    return make(pkey, (mcp_view_t){ NULL, 0 }, pool);
}

mcp_verifier_t *mcp_verifier_of_secret(mcp_view_t bytes, apr_pool_t *pool)
{
    return make(NULL, (mcp_view_t){ apr_pmemdup(pool, bytes.data, bytes.len), bytes.len }, pool);
}

static bool accepts_hmac(const mcp_verifier_t *verifier, unsigned alg, mcp_view_t text, mcp_view_t signature)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (!HMAC(algorithm_of(alg)->digest(), verifier->secret.data, (int)verifier->secret.len,
              (const unsigned char *)text.data, text.len, mac, &size)) {
        return false;
    }
    return size == signature.len && CRYPTO_memcmp(mac, signature.data, size) == 0;
}

/* RFC 8037 3.1. OpenSSL hashes and verifies at once, and sets that up anew each time. */
static bool accepts_eddsa(const mcp_verifier_t *verifier, mcp_view_t text, mcp_view_t signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool valid = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, verifier->pkey) == 1 &&
                 EVP_DigestVerify(ctx, (const unsigned char *)signature.data, signature.len,
                                  (const unsigned char *)text.data, text.len) == 1;

    EVP_MD_CTX_free(ctx);
    return valid;
}

/* RFC 7518 3.5: the salt is as long as the hash, MGF1 uses the same hash. */
static bool set_pss(EVP_PKEY_CTX *ctx, const EVP_MD *digest)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, digest) == 1;
}

static bool set_up(contexts_t *mine, EVP_PKEY *pkey)
{
    const algorithm_t *algorithm = algorithm_of(mine->alg);
    const EVP_MD *digest = algorithm->digest();

    return (mine->hashing = EVP_MD_CTX_new()) != NULL && EVP_DigestInit_ex(mine->hashing, digest, NULL) == 1 &&
           (mine->verifying = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL)) != NULL &&
           EVP_PKEY_verify_init(mine->verifying) == 1 && EVP_PKEY_CTX_set_signature_md(mine->verifying, digest) == 1 &&
           (!algorithm->pss || set_pss(mine->verifying, digest));
}

static contexts_t *make_contexts(EVP_PKEY *pkey, unsigned alg)
{
    contexts_t *made = OPENSSL_zalloc(sizeof(*made));

    if (made) {
        made->alg = alg;
        if (!set_up(made, pkey)) {
            free_contexts(made);
            made = NULL;
        }
    }
    return made;
}

/* Some that are kept, or new ones; NULL when there is no memory. Another algorithm's are given up: a key is seldom used
 * for two. */
static contexts_t *borrow(mcp_verifier_t *verifier, unsigned alg)
{
    contexts_t *mine = NULL;

    for (int i = 0; i < KEPT && !mine; i++) {
        mine = atomic_exchange(&verifier->kept[i], NULL);
    }
    if (mine && mine->alg == alg) {
        return mine;
    }
    free_contexts(mine);
    return make_contexts(verifier->pkey, alg);
}

static void give_back(mcp_verifier_t *verifier, contexts_t *mine)
{
    for (int i = 0; i < KEPT; i++) {
        contexts_t *none = NULL;

        if (atomic_compare_exchange_strong(&verifier->kept[i], &none, mine)) {
            return;
        }
    }
    free_contexts(mine);
}

static bool accepts_hashed(mcp_verifier_t *verifier, unsigned alg, mcp_view_t text, mcp_view_t signature)
{
    contexts_t *mine = borrow(verifier, alg);
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    bool valid;

    if (!mine) {
        return false;
    }
    valid = EVP_DigestInit_ex(mine->hashing, NULL, NULL) == 1 &&
            EVP_DigestUpdate(mine->hashing, text.data, text.len) == 1 &&
            EVP_DigestFinal_ex(mine->hashing, hash, &size) == 1 &&
            EVP_PKEY_verify(mine->verifying, (const unsigned char *)signature.data, signature.len, hash, size) == 1;
    give_back(verifier, mine);
    return valid;
}

/* RFC 7518 3.4: r and s in full length, one after the other; OpenSSL wants them in DER. NULL when they cannot be. */
static unsigned char *ecdsa_to_der(int *der_len, mcp_view_t raw, size_t size)
{
    unsigned char *der = NULL;
    const unsigned char *bytes = (const unsigned char *)raw.data;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, (int)size, NULL), *s = BN_bin2bn(bytes + size, (int)size, NULL);

    if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
        *der_len = i2d_ECDSA_SIG(sig, &der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(sig);
    return der;
}

static bool accepts_ecdsa(mcp_verifier_t *verifier, unsigned alg, mcp_view_t text, mcp_view_t signature)
{
    size_t size = algorithm_of(alg)->ec_size;
    unsigned char *der;
    int len = 0;
    bool valid;

    if (signature.len != 2 * size) {
        return false;
    }
    der = ecdsa_to_der(&len, signature, size);
    valid = der && len > 0 && accepts_hashed(verifier, alg, text, (mcp_view_t){ (const char *)der, (size_t)len });
    OPENSSL_free(der);
    return valid;
}

bool mcp_verifier_accepts(mcp_verifier_t *verifier, unsigned alg, mcp_view_t text, mcp_view_t signature)
{
    if (!verifier->pkey) {
        return accepts_hmac(verifier, alg, text, signature);
    }
    if (algorithm_of(alg)->ec_size > 0) {
        return accepts_ecdsa(verifier, alg, text, signature);
    }
    /* RFC 8017 8.2.2 (1) and RFC 8032 5.1.7: exactly as long as the key says */
    if ((int)signature.len != EVP_PKEY_get_size(verifier->pkey)) {
        return false;
    }
    return algorithm_of(alg)->digest ? accepts_hashed(verifier, alg, text, signature)
                                     : accepts_eddsa(verifier, text, signature);
}
