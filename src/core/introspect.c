#include "introspect.h"

#include "ascii.h"
#include "encode.h"
#include "limits.h"
#include "mint.h"

/* RFC 7523 2.2 */
#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* RFC 6749 A.1: a client identifier is of VSCHAR. */
static bool is_identifier(const char *id)
{
    for (; *id; id++) {
        if (*id < 0x20 || *id > 0x7e) {
            return false;
        }
    }
    return true;
}

/* RFC 7523 3. aud is the issuer identifier, one string and nothing else, as draft-ietf-oauth-rfc7523bis demands: were
 * it the endpoint's URL, an authorization server that names another one's endpoint as its own would be sent assertions
 * that are good over there. */
static apr_status_t sign_assertion(const char **assertion, const mcp_introspect_endpoint_t *endpoint,
                                   mcp_introspect_moment_t moment, apr_pool_t *pool)
{
    const mcp_client_auth_t *auth = &endpoint->auth;
    json_int_t now = (json_int_t)apr_time_sec(moment.now);
    json_t *claims = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "iss", auth->id, "sub", auth->id, "aud",
                               endpoint->issuer, "jti", moment.jti, "iat", now, "exp", now + MCP_LIMIT_ASSERTION);
    mcp_mint_t how = { .key = auth->secret };
    EVP_PKEY *key;

    if (!claims) { /* a name that is not UTF-8, or no jti */
        return APR_EINVAL;
    }
    mcp_json_own(claims, pool);
    if (mcp_mint_read_key(&key, auth->secret, pool) != APR_SUCCESS || (how.alg = mcp_mint_alg_of(key)) == NULL) {
        return APR_EINVAL;
    }
    return mcp_mint_sign(assertion, &how, claims, pool);
}

/* The signature is tried, because a file can hold a key of the right kind with wrong numbers in it. */
static const char *refuse_key(const mcp_client_auth_t *auth, apr_pool_t *pool)
{
    mcp_introspect_endpoint_t endpoint = { .issuer = "", .auth = *auth };
    const char *assertion;
    EVP_PKEY *key;

    if (mcp_mint_read_key(&key, auth->secret, pool) != APR_SUCCESS) {
        return "needs a private key in PEM without a pass phrase";
    }
    if (!mcp_mint_alg_of(key)) {
        return apr_psprintf(pool, "needs an RSA key of %d to %d bits, or a key on the curve P-256, P-384 or P-521",
                            MCP_LIMIT_RSA_MIN, MCP_LIMIT_RSA_MAX);
    }
    return sign_assertion(&assertion, &endpoint, (mcp_introspect_moment_t){ .jti = "" }, pool) == APR_SUCCESS
               ? NULL
               : "has a private key that cannot sign";
}

const char *mcp_introspect_refuse_auth(const mcp_client_auth_t *auth, apr_pool_t *pool)
{
    if (!*auth->id) {
        return "needs a client identifier";
    }
    if (!is_identifier(auth->id)) {
        return "needs a client identifier of printable ASCII characters";
    }
    if (auth->secret.len == 0) {
        return "needs a secret, and the file is empty";
    }
    if (auth->method == MCP_CLIENT_AUTH_PRIVATE_KEY_JWT) {
        return refuse_key(auth, pool);
    }
    return mcp_encode_is_clean(auth->secret) && auth->secret.len <= MCP_LIMIT_SECRET_MAX
               ? NULL
               : apr_psprintf(pool, "needs a secret of at most %d bytes, without line breaks and other control bytes",
                              MCP_LIMIT_SECRET_MAX);
}

/* The form with one more parameter. */
static const char *with(const char *form, const char *name, mcp_view_t value, apr_pool_t *pool)
{
    return apr_pstrcat(pool, form, *form ? "&" : "", name, "=", mcp_encode_form(value, pool), NULL);
}

/* RFC 6749 2.3.1: both are form-encoded first, so that a colon in the identifier does not end it. */
static const char *basic(const mcp_client_auth_t *auth, apr_pool_t *pool)
{
    const char *pair =
        apr_pstrcat(pool, mcp_encode_form(mcp_view_of(auth->id), pool), ":", mcp_encode_form(auth->secret, pool), NULL);
    size_t len = strlen(pair);
    char *text = apr_palloc(pool, (len + 2) / 3 * 4 + 1);

    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)pair, (int)len);
    return apr_pstrcat(pool, "Basic ", text, NULL);
}

apr_status_t mcp_introspect_request(mcp_introspect_request_t *request, const mcp_introspect_endpoint_t *endpoint,
                                    mcp_view_t token, mcp_introspect_moment_t moment, apr_pool_t *pool)
{
    const mcp_client_auth_t *auth = &endpoint->auth;
    const char *form = with("", "token", token, pool), *assertion, *authorization = NULL;
    apr_status_t status;

    form = with(form, "token_type_hint", mcp_view_of("access_token"), pool);
    switch (auth->method) {
    case MCP_CLIENT_AUTH_BASIC:
        authorization = basic(auth, pool);
        break;
    case MCP_CLIENT_AUTH_POST:
        form = with(form, "client_id", mcp_view_of(auth->id), pool);
        form = with(form, "client_secret", auth->secret, pool);
        break;
    case MCP_CLIENT_AUTH_PRIVATE_KEY_JWT: /* RFC 7521 4.2: the assertion names the client, client_id need not */
        if ((status = sign_assertion(&assertion, endpoint, moment, pool)) != APR_SUCCESS) {
            return status;
        }
        form = with(form, "client_assertion_type", mcp_view_of(ASSERTION_TYPE), pool);
        form = with(form, "client_assertion", mcp_view_of(assertion), pool);
        break;
    }
    *request = (mcp_introspect_request_t){ form, authorization };
    return APR_SUCCESS;
}

/* RFC 7662 2.2: application/json, or another JSON format. A signed answer (RFC 9701) is none, and neither is one that
 * does not say what it is. */
static bool is_json(const char *type)
{
    static const char tree[] = "application/", json[] = "application/json", suffix[] = "+json";
    size_t len = strcspn(type, "; \t"), tree_len = sizeof(tree) - 1, suffix_len = sizeof(suffix) - 1;

    if (len == sizeof(json) - 1 && mcp_ascii_same(type, json, len)) {
        return true;
    }
    return len > tree_len + suffix_len && mcp_ascii_same(type, tree, tree_len) &&
           mcp_ascii_same(type + len - suffix_len, suffix, suffix_len);
}

/* Which of these an error answer names (RFC 6749 5.2, RFC 7009 2.2.1), NULL for none. Any other word in it is for no
 * log: it could be the token. */
static const char *error_of(const mcp_answer_t *answer, apr_pool_t *pool)
{
    static const char *const errors[] = { "invalid_request", "invalid_client", "unauthorized_client",
                                          "unsupported_token_type" };
    json_t *payload;
    mcp_view_t error;

    if (answer->body.len > MCP_LIMIT_STATEMENT || mcp_json_parse_object(&payload, answer->body, pool) != MCP_OK ||
        !mcp_json_string(&error, json_object_get(payload, "error"))) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (mcp_view_is(error, errors[i])) {
            return errors[i];
        }
    }
    return NULL;
}

/* Why an answer says nothing about the token; NULL when it may. */
static const char *refuse_answer(const mcp_answer_t *answer, apr_pool_t *pool)
{
    const char *refused = mcp_answer_refuse(answer, pool), *error;

    if (answer->status == 401 || answer->status == 403) { /* RFC 7662 2.3: it is us who are refused, not the token */
        return apr_psprintf(pool, "status %d, as the client authentication of this server is not accepted",
                            answer->status);
    }
    if (answer->status == 400 && (error = error_of(answer, pool)) != NULL) {
        return apr_psprintf(pool, "status 400, error \"%s\"", error);
    }
    if (refused) {
        return refused;
    }
    if (!answer->type) {
        return "no Content-Type";
    }
    if (!is_json(answer->type)) {
        return apr_psprintf(pool, "Content-Type \"%s\"", mcp_log_name(mcp_view_of(answer->type), pool));
    }
    return answer->body.len > MCP_LIMIT_STATEMENT ? "an answer that is too long" : NULL;
}

/* RFC 7662 2.2: iss is optional. */
static bool is_from(const json_t *payload, const char *issuer)
{
    mcp_view_t named;

    return !json_object_get(payload, "iss") || (mcp_claims_issuer(&named, payload) && mcp_view_is(named, issuer));
}

mcp_reason_t mcp_introspect_read(mcp_statement_t *statement, const char **problem, const mcp_answer_t *answer,
                                 const char *issuer, apr_pool_t *pool)
{
    json_t *payload = NULL, *active;

    *problem = refuse_answer(answer, pool);
    if (!*problem && mcp_json_parse_object(&payload, answer->body, pool) != MCP_OK) {
        *problem = "no JSON object without duplicate members";
    }
    if (*problem) {
        return MCP_INTROSPECTION_UNAVAILABLE;
    }
    active = json_object_get(payload, "active");
    if (!json_is_true(active)) { /* RFC 7662 2.2: a boolean, and required */
        *problem = json_is_false(active) ? NULL : "an answer in which active is neither true nor false";
        return MCP_INACTIVE;
    }
    *statement =
        (mcp_statement_t){ .payload = payload,
                           .typ = mcp_claims_token_type(payload, "Bearer") ? MCP_TYP_ACCESS_TOKEN : MCP_TYP_ABSENT,
                           .introspected = true };
    return is_from(payload, issuer) ? MCP_OK : MCP_ISSUER;
}

void mcp_introspect_forget(json_t *payload, mcp_view_t token)
{
    void *next;
    mcp_view_t text;

    for (void *member = json_object_iter(payload); member; member = next) {
        next = json_object_iter_next(payload, member);
        if (mcp_json_string(&text, json_object_iter_value(member)) && mcp_view_equal(text, token)) {
            json_object_del(payload, json_object_iter_key(member));
        }
    }
}

apr_time_t mcp_introspect_until(const json_t *payload, apr_time_t now, apr_interval_time_t ttl)
{
    const json_t *value = json_object_get(payload, "exp");
    apr_time_t expires;

    if (!value) {
        return now + ttl;
    }
    if (!mcp_claims_time(&expires, value)) {
        return now;
    }
    return expires < now + ttl ? expires : now + ttl;
}
