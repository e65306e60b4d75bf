#include "keygen.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <stdio.h>

#include "../core/encode.h"
#include "../core/json.h"
#include "../core/limits.h"
#include "keys.h"

#define PRIVATE (APR_FPROT_UREAD | APR_FPROT_UWRITE)
#define PUBLIC (PRIVATE | APR_FPROT_GREAD | APR_FPROT_WREAD)

const mcp_args_option_t mcp_keygen_options[] = {
    { "dir", "keys", true, false },
    { "alg", "RS256", false, false },
    { "kid", "key-1", false, false },
    { NULL, NULL, false, false },
};

/* What one call makes. */
typedef struct {
    const char *alg;
    const char *kid;
    const char *private_file;
    const char *public_file;
    mcp_view_t pem;
    mcp_view_t jwks;
} pair_t;

static apr_status_t make(pair_t *pair, apr_pool_t *pool)
{
    EVP_PKEY *key;
    json_t *jwk, *set;
    const char *text;
    apr_status_t status = mcp_keys_make(&key, pair->alg, pool);

    if (status != APR_SUCCESS || (status = mcp_keys_pem(&pair->pem, key, pool)) != APR_SUCCESS) {
        return status;
    }
    jwk = mcp_keys_public(key, pool);
    if (!jwk) {
        return APR_EGENERAL;
    }
    if (!pair->kid) {
        pair->kid = mcp_keys_thumbprint(jwk, pool);
    }
    set = mcp_json_own(json_pack("{s:[{s:s, s:s, s:s}]}", "keys", "kid", pair->kid, "use", "sig", "alg", pair->alg),
                       pool);
    json_object_update(json_array_get(json_object_get(set, "keys"), 0), jwk);
    text = mcp_json_text(set, pool);
    if (!text) {
        return APR_EGENERAL;
    }
    pair->jwks = mcp_view_of(apr_pstrcat(pool, text, "\n", NULL));
    return APR_SUCCESS;
}

static mcp_args_exit_t refuse_existing(const mcp_args_t *args, const char *file)
{
    return mcp_args_fail(args, "%s exists already and stays as it is; for example --dir %s-2",
                         mcp_args_show(file, args->pool), mcp_args_show(mcp_args_get(args, "dir", ""), args->pool));
}

static mcp_args_exit_t write_one(const mcp_args_t *args, const char *file, apr_int32_t permissions, mcp_view_t bytes)
{
    apr_status_t status = mcp_keys_write(file, permissions, bytes, args->pool);

    if (APR_STATUS_IS_EEXIST(status)) {
        return refuse_existing(args, file);
    }
    if (status != APR_SUCCESS) {
        return mcp_args_fail(args, "%s cannot be written: %s", mcp_args_show(file, args->pool),
                             mcp_args_reason(status, args->pool));
    }
    return MCP_ARGS_DONE;
}

/* Both files or none: a private key whose public side was never written helps nobody. */
static mcp_args_exit_t write_pair(const mcp_args_t *args, const pair_t *pair)
{
    mcp_args_exit_t result = write_one(args, pair->private_file, PRIVATE, pair->pem);

    if (result != MCP_ARGS_DONE) {
        return result;
    }
    result = write_one(args, pair->public_file, PUBLIC, pair->jwks);
    if (result != MCP_ARGS_DONE) {
        apr_file_remove(pair->private_file, args->pool);
    }
    return result;
}

static mcp_args_exit_t prepare(const mcp_args_t *args, pair_t *pair)
{
    const char *dir = mcp_args_get(args, "dir", "");
    const apr_fileperms_t usual = APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE | APR_FPROT_GREAD |
                                  APR_FPROT_GEXECUTE | APR_FPROT_WREAD | APR_FPROT_WEXECUTE;
    char *absolute;
    apr_finfo_t info;
    apr_status_t status = apr_filepath_merge(&absolute, NULL, dir, APR_FILEPATH_NATIVE, args->pool);

    if (status == APR_SUCCESS) {
        status = apr_dir_make_recursive(absolute, usual, args->pool);
    }
    if (status != APR_SUCCESS) {
        return mcp_args_fail(args, "the directory %s cannot be made: %s", mcp_args_show(dir, args->pool),
                             mcp_args_reason(status, args->pool));
    }
    pair->private_file = apr_pstrcat(args->pool, absolute, "/private.pem", NULL);
    pair->public_file = apr_pstrcat(args->pool, absolute, "/jwks.json", NULL);
    if (apr_stat(&info, pair->private_file, APR_FINFO_LINK | APR_FINFO_TYPE, args->pool) == APR_SUCCESS) {
        return refuse_existing(args, pair->private_file);
    }
    return MCP_ARGS_DONE;
}

static void tell(const pair_t *pair, bool named)
{
    printf("%s  the private key (%s): keep it to yourself\n", pair->private_file, pair->alg);
    printf("%s  the public key set, kid %s\n\n", pair->public_file, pair->kid);
    printf("httpd trusts what this key signs by\n\n");
    printf("    <MCPIssuer \"https://auth.example.com\">\n        MCPKeys \"file:%s\"\n    </MCPIssuer>\n\n",
           pair->public_file);
    printf("and a token comes from mcp-token mint --key %s%s%s --issuer https://auth.example.com ...\n",
           pair->private_file, named ? " --kid " : "", named ? pair->kid : "");
}

mcp_args_exit_t mcp_keygen_run(const mcp_args_t *args)
{
    pair_t pair = { .alg = mcp_args_get(args, "alg", "RS256"), .kid = mcp_args_get(args, "kid", NULL) };
    bool named = pair.kid != NULL;
    mcp_args_exit_t result;

    if (strcmp(pair.alg, "RS256") != 0 && strcmp(pair.alg, "ES256") != 0) {
        return mcp_args_refuse(args, "alg", pair.alg, "is neither RS256 nor ES256");
    }
    if (named && (strlen(pair.kid) > MCP_LIMIT_KID || !mcp_encode_is_clean(mcp_view_of(pair.kid)))) {
        return mcp_args_refuse(args, "kid", pair.kid, "is too long or has control characters");
    }
    result = prepare(args, &pair);
    if (result != MCP_ARGS_DONE) {
        return result;
    }
    if (make(&pair, args->pool) != APR_SUCCESS) {
        return mcp_args_fail(args, "OpenSSL could not make a key for %s", pair.alg);
    }
    result = write_pair(args, &pair);
    if (result == MCP_ARGS_DONE) {
        tell(&pair, named);
    }
    return result;
}
