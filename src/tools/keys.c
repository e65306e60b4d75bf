#include "keys.h"

#include <apr_file_io.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "../core/b64url.h"
#include "../core/json.h"
#include "../io/readfile.h"
#include "args.h"

#define RSA_BITS 2048

static const struct {
    const char *group; /* OpenSSL's name */
    const char *crv;   /* RFC 7518 6.2.1.1 */
    int size;          /* bytes of a coordinate */
} curves[] = { { "prime256v1", "P-256", 32 }, { "secp384r1", "P-384", 48 }, { "secp521r1", "P-521", 66 } };

static apr_status_t free_key(void *key)
{
    EVP_PKEY_free(key);
    return APR_SUCCESS;
}

apr_status_t mcp_keys_make(EVP_PKEY **key, const char *alg, apr_pool_t *pool)
{
    EVP_PKEY *made;

    if (strcmp(alg, "RS256") == 0) {
        made = EVP_RSA_gen(RSA_BITS);
    } else if (strcmp(alg, "ES256") == 0) {
        made = EVP_EC_gen("P-256");
    } else {
        return APR_ENOTIMPL;
    }
    if (!made) {
        return APR_EGENERAL;
    }
    apr_pool_cleanup_register(pool, made, free_key, apr_pool_cleanup_null);
    *key = made;
    return APR_SUCCESS;
}

typedef struct {
    char *bytes;
    apr_size_t len;
} secret_t;

static apr_status_t wipe(void *data)
{
    secret_t *secret = data;

    OPENSSL_cleanse(secret->bytes, secret->len);
    return APR_SUCCESS;
}

static char *secret_buffer(apr_size_t len, apr_pool_t *pool)
{
    secret_t *secret = apr_palloc(pool, sizeof(*secret));

    *secret = (secret_t){ apr_pcalloc(pool, len + 1), len };
    apr_pool_cleanup_register(pool, secret, wipe, apr_pool_cleanup_null);
    return secret->bytes;
}

apr_status_t mcp_keys_pem(mcp_view_t *pem, EVP_PKEY *key, apr_pool_t *pool)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL, *copy;
    long len;

    if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        (len = BIO_get_mem_data(bio, &text)) <= 0) {
        BIO_free(bio);
        return APR_EGENERAL;
    }
    copy = secret_buffer((apr_size_t)len, pool);
    memcpy(copy, text, (apr_size_t)len);
    *pem = (mcp_view_t){ copy, (apr_size_t)len };
    BIO_free(bio);
    return APR_SUCCESS;
}

/* A public number of the key, base64url, in size bytes or, when size is 0, in as few as it takes (RFC 7518 2). */
static json_t *number(const EVP_PKEY *key, const char *name, int size, apr_pool_t *pool)
{
    BIGNUM *value = NULL;
    unsigned char *bytes;
    json_t *text = NULL;

    if (EVP_PKEY_get_bn_param(key, name, &value) != 1) {
        return NULL;
    }
    size = size > 0 ? size : BN_num_bytes(value);
    bytes = apr_palloc(pool, (apr_size_t)size);
    if (BN_bn2binpad(value, bytes, size) == size) {
        text = json_string(mcp_b64url_encode((mcp_view_t){ (const char *)bytes, (apr_size_t)size }, pool));
    }
    BN_free(value);
    return text;
}

json_t *mcp_keys_public(const EVP_PKEY *key, apr_pool_t *pool)
{
    json_t *members = NULL;
    char group[64];

    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        members = json_pack("{s:o, s:s, s:o}", "e", number(key, OSSL_PKEY_PARAM_RSA_E, 0, pool), "kty", "RSA", "n",
                            number(key, OSSL_PKEY_PARAM_RSA_N, 0, pool));
    } else if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1) {
        for (size_t i = 0; !members && i < sizeof(curves) / sizeof(curves[0]); i++) {
            if (strcmp(group, curves[i].group) == 0) {
                members = json_pack("{s:s, s:s, s:o, s:o}", "crv", curves[i].crv, "kty", "EC", "x",
                                    number(key, OSSL_PKEY_PARAM_EC_PUB_X, curves[i].size, pool), "y",
                                    number(key, OSSL_PKEY_PARAM_EC_PUB_Y, curves[i].size, pool));
            }
        }
    }
    return members ? mcp_json_own(members, pool) : NULL;
}

const char *mcp_keys_thumbprint(const json_t *members, apr_pool_t *pool)
{
    const char *text = mcp_json_text(members, pool);
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256((const unsigned char *)text, strlen(text), digest);
    return mcp_b64url_encode((mcp_view_t){ (const char *)digest, sizeof(digest) }, pool);
}

static const char *why_unread(apr_status_t status, const char *name, apr_pool_t *pool)
{
    switch (status) {
    case MCP_READFILE_EXPOSED:
        return apr_pstrcat(pool, "is open to everyone; for example chmod 600 ", mcp_args_show(name, pool), NULL);
    case EISDIR:
    case EINVAL:
        return "is not a file";
    case EFBIG:
        return "is too large for a key";
    default:
        return apr_pstrcat(pool, "cannot be read: ", mcp_args_reason(status, pool), NULL);
    }
}

void mcp_keys_read(const char **problem, mcp_view_t *pem, const char *name, apr_pool_t *pool)
{
    apr_status_t status = mcp_readfile(pem, name, true, pool);

    if (status != APR_SUCCESS) {
        *problem = why_unread(status, name, pool);
    } else {
        *problem = pem->len == 0 ? "is empty" : NULL;
    }
}

apr_status_t mcp_keys_write(const char *name, apr_int32_t permissions, mcp_view_t bytes, apr_pool_t *pool)
{
    const apr_int32_t fresh = APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_BINARY;
    apr_file_t *file;
    apr_status_t closed, status = apr_file_open(&file, name, fresh, permissions, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = apr_file_write_full(file, bytes.data, bytes.len, NULL);
    closed = apr_file_close(file);
    if (status == APR_SUCCESS) {
        status = closed;
    }
    if (status != APR_SUCCESS) {
        apr_file_remove(name, pool);
    }
    return status;
}
