#include "issue.h"

#include <openssl/rand.h>
#include <stdio.h>

#include "../core/b64url.h"
#include "../core/encode.h"
#include "../core/json.h"
#include "../core/limits.h"
#include "../core/mint.h"
#include "../core/scope.h"
#include "../core/units.h"
#include "../core/uri.h"
#include "keys.h"

#define LIFETIME "10m"
#define LIFETIME_MAX apr_time_from_sec(30 * 86400)

const mcp_args_option_t mcp_issue_options[] = {
    { "key", "keys/private.pem", true, false },
    { "issuer", "https://auth.example.com", true, false },
    { "audience", "https://mcp.example.com/mcp", true, true },
    { "subject", "alice", false, false },
    { "client-id", "my-client", false, false },
    { "scope", "\"files:read files:write\"", false, false },
    { "claim", "department=sales", false, true },
    { "lifetime", LIFETIME, false, false },
    { "kid", "key-1", false, false },
    { "typ", "at+jwt", false, false },
    { NULL, NULL, false, false },
};

/* Claims that have an option: --claim may set them only when the option is not given. */
static const struct {
    const char *claim;
    const char *option;
} owned[] = { { "iss", "issuer" },          { "aud", "audience" }, { "sub", "subject" },
              { "client_id", "client-id" }, { "scope", "scope" },  { "exp", "lifetime" } };

static mcp_args_exit_t check_plain(const mcp_args_t *args)
{
    static const char *const plain[] = { "audience", "subject", "client-id", "kid", "typ" };

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        const apr_array_header_t *given = mcp_args_all(args, plain[i]);

        for (int n = 0; n < given->nelts; n++) {
            const char *word = APR_ARRAY_IDX(given, n, const char *);

            if (!mcp_encode_is_clean(mcp_view_of(word))) {
                return mcp_args_refuse(args, plain[i], word, "is too long or has control characters");
            }
        }
    }
    return MCP_ARGS_DONE;
}

static mcp_args_exit_t check_issuer(const mcp_args_t *args)
{
    const char *issuer = mcp_args_get(args, "issuer", "");
    mcp_uri_t uri;
    const char *problem = mcp_uri_parse(&uri, issuer, args->pool);

    if (!problem && uri.query) { /* RFC 8414 2 */
        problem = "has a query";
    }
    return problem ? mcp_args_refuse(args, "issuer", issuer, problem) : MCP_ARGS_DONE;
}

static mcp_args_exit_t check_scope(const mcp_args_t *args)
{
    const char *scope = mcp_args_get(args, "scope", NULL);
    mcp_scope_t *set = mcp_scope_make(args->pool);

    if (!scope) {
        return MCP_ARGS_DONE;
    }
    /* RFC 6749 3.3: what is read back must be what was said, so no odd character, no blank too many, nothing twice. */
    mcp_scope_add_string(set, mcp_view_of(scope));
    if (strcmp(mcp_scope_format(set, NULL, args->pool), scope) != 0) {
        return mcp_args_refuse(args, "scope", scope, "is not a list of scopes with one blank between two");
    }
    return MCP_ARGS_DONE;
}

static mcp_args_exit_t read_lifetime(apr_int64_t *seconds, const mcp_args_t *args)
{
    const char *word = mcp_args_get(args, "lifetime", LIFETIME);
    apr_interval_time_t lifetime;

    if (!mcp_units_duration(&lifetime, word)) {
        return mcp_args_refuse(args, "lifetime", word, "is not a duration");
    }
    if (lifetime < APR_USEC_PER_SEC || lifetime > LIFETIME_MAX) {
        return mcp_args_refuse(args, "lifetime", word, "is not between 1s and 30d");
    }
    *seconds = apr_time_sec(lifetime);
    return MCP_ARGS_DONE;
}

/* RFC 9068 2.2. One audience is a string, several are an array (RFC 7519 4.1.3). */
static void set_standard(json_t *claims, const mcp_args_t *args, apr_int64_t lifetime, const char *id)
{
    const apr_array_header_t *audiences = mcp_args_all(args, "audience");
    const char *scope = mcp_args_get(args, "scope", NULL);
    apr_int64_t now = apr_time_sec(apr_time_now());
    json_t *list = json_array();

    for (int i = 0; i < audiences->nelts; i++) {
        json_array_append_new(list, json_string(APR_ARRAY_IDX(audiences, i, const char *)));
    }
    json_object_set_new(claims, "iss", json_string(mcp_args_get(args, "issuer", "")));
    json_object_set(claims, "aud", audiences->nelts == 1 ? json_array_get(list, 0) : list);
    json_object_set_new(claims, "sub", json_string(mcp_args_get(args, "subject", "developer")));
    json_object_set_new(claims, "client_id", json_string(mcp_args_get(args, "client-id", "mcp-token")));
    if (scope) {
        json_object_set_new(claims, "scope", json_string(scope));
    }
    json_object_set_new(claims, "iat", json_integer(now));
    json_object_set_new(claims, "exp", json_integer(now + lifetime));
    json_object_set_new(claims, "jti", json_string(id));
    json_decref(list);
}

static const char *owner_of(const mcp_args_t *args, const char *name)
{
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        if (strcmp(owned[i].claim, name) == 0 && mcp_args_all(args, owned[i].option)->nelts > 0) {
            return owned[i].option;
        }
    }
    return NULL;
}

/* NAME=VALUE; seen holds the names set so far. VALUE is JSON when it is valid JSON, else the string itself. */
static mcp_args_exit_t set_claim(json_t *claims, json_t *seen, const mcp_args_t *args, const char *word)
{
    const char *equals = strchr(word, '=');
    const char *name = equals ? apr_pstrmemdup(args->pool, word, (apr_size_t)(equals - word)) : "";
    json_t *value = NULL;
    mcp_reason_t parsed;

    if (*name == '\0') {
        return mcp_args_refuse(args, "claim", word, equals ? "has no name before the '='" : "has no '='");
    }
    if (owner_of(args, name)) {
        return mcp_args_refuse(args, "claim", word,
                               apr_psprintf(args->pool, "says again what --%s says", owner_of(args, name)));
    }
    if (json_object_get(seen, name)) {
        return mcp_args_refuse(args, "claim", word, "names a claim that was set before");
    }
    parsed = mcp_json_parse(&value, mcp_view_of(equals + 1), args->pool);
    if (parsed == MCP_DUPLICATE_MEMBER) {
        return mcp_args_refuse(args, "claim", word, "has a member twice");
    }
    json_object_set_new(seen, name, json_true());
    if (parsed == MCP_OK) {
        json_object_set(claims, name, value);
    } else {
        json_object_set_new(claims, name, json_string(equals + 1));
    }
    return MCP_ARGS_DONE;
}

static mcp_args_exit_t set_claims(json_t *claims, const mcp_args_t *args)
{
    const apr_array_header_t *given = mcp_args_all(args, "claim");
    json_t *seen = mcp_json_own(json_object(), args->pool);
    mcp_args_exit_t result = MCP_ARGS_DONE;

    for (int i = 0; i < given->nelts && result == MCP_ARGS_DONE; i++) {
        result = set_claim(claims, seen, args, APR_ARRAY_IDX(given, i, const char *));
    }
    return result;
}

static mcp_args_exit_t fill(json_t *claims, const mcp_args_t *args)
{
    unsigned char bytes[16];
    apr_int64_t lifetime = 0;
    mcp_args_exit_t result;

    if ((result = check_plain(args)) != MCP_ARGS_DONE || (result = check_issuer(args)) != MCP_ARGS_DONE ||
        (result = check_scope(args)) != MCP_ARGS_DONE || (result = read_lifetime(&lifetime, args)) != MCP_ARGS_DONE) {
        return result;
    }
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return mcp_args_fail(args, "no random bytes for the jti claim");
    }
    set_standard(claims, args, lifetime, mcp_b64url_encode((mcp_view_t){ (char *)bytes, sizeof(bytes) }, args->pool));
    return set_claims(claims, args);
}

static const char *why_no_key(mcp_view_t pem)
{
    return strstr(pem.data, "ENCRYPTED")
               ? "has a pass phrase; for example openssl pkey -in OLD -out NEW makes one without"
           : strstr(pem.data, "BEGIN PUBLIC KEY") || strstr(pem.data, "BEGIN CERTIFICATE")
               ? "is public; signing takes the private key"
               : "is not a private key in PEM";
}

static mcp_args_exit_t read_key(mcp_mint_t *how, const mcp_args_t *args)
{
    const char *file = mcp_args_get(args, "key", ""), *problem;
    EVP_PKEY *key = NULL;

    mcp_keys_read(&problem, &how->key, file, args->pool);
    if (!problem && mcp_mint_read_key(&key, how->key, args->pool) != APR_SUCCESS) {
        problem = why_no_key(how->key);
    }
    if (!problem && (how->alg = mcp_mint_alg_of(key)) == NULL) {
        problem = "is of a kind that cannot sign here (no EdDSA); for example mcp-token keygen makes RSA or P-256 keys";
    }
    if (problem) {
        return mcp_args_fail(args, "--key: '%s' %s", mcp_args_show(file, args->pool), problem);
    }
    if (!how->kid) {
        how->kid = mcp_keys_thumbprint(mcp_keys_public(key, args->pool), args->pool);
    }
    return MCP_ARGS_DONE;
}

mcp_args_exit_t mcp_issue_run(const mcp_args_t *args)
{
    mcp_mint_t how = { .kid = mcp_args_get(args, "kid", NULL), .typ = mcp_args_get(args, "typ", "at+jwt") };
    json_t *claims = mcp_json_own(json_object(), args->pool);
    const char *token;
    mcp_args_exit_t result = fill(claims, args);

    if (result != MCP_ARGS_DONE || (result = read_key(&how, args)) != MCP_ARGS_DONE) {
        return result;
    }
    if (mcp_mint_sign(&token, &how, claims, args->pool) != APR_SUCCESS) {
        return mcp_args_fail(args, "libjwt could not sign these claims with %s", how.alg);
    }
    printf("%s\n", token);
    if (strlen(token) > MCP_LIMIT_TOKEN) {
        fprintf(stderr, "mcp-token mint: note: the token has %zu bytes and servers take %d\n", strlen(token),
                MCP_LIMIT_TOKEN);
    }
    return MCP_ARGS_DONE;
}
