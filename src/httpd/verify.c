#include "verify.h"

#include <http_log.h>

#include "../core/bearer.h"
#include "../io/tokencache.h"
#include "aplog.h"
#include "request.h"

APLOG_USE_MODULE(auth_mcp);

/* Made by child_init, before there are threads; NULL for none. */
static mcp_tokencache_t *cache;

void mcp_verify_child_init(apr_pool_t *pool, server_rec *servers)
{
    apr_int64_t size = 0;

    for (const server_rec *s = servers; s; s = s->next) { /* one for all: the largest that anybody asks for */
        apr_int64_t wanted = mcp_server_token_cache(mcp_conf_server(s));

        size = wanted > size ? wanted : size;
    }
    cache = NULL;
    if (size > 0 && (cache = mcp_tokencache_create((apr_size_t)size, pool)) == NULL) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, servers,
                     "MCP0306: expected a cache of %" APR_INT64_T_FMT
                     " bytes for tokens, got none; every token is verified anew",
                     size);
    }
}

/* The issuer that a token claims, among those that count here. */
static const mcp_issuer_conf_t *find_issuer(request_rec *r, const json_t *payload)
{
    const apr_array_header_t *trusted = mcp_conf_trusted(mcp_conf_server(r->server), mcp_conf_dir(r), r->pool);
    mcp_view_t claimed;

    for (int i = 0; mcp_claims_issuer(&claimed, payload) && i < trusted->nelts; i++) {
        const mcp_issuer_conf_t *issuer = APR_ARRAY_IDX(trusted, i, mcp_issuer_conf_t *);

        if (mcp_view_is(claimed, issuer->url)) {
            return issuer;
        }
    }
    return NULL;
}

static const char *text_or(mcp_view_t view, const char *otherwise, apr_pool_t *pool)
{
    return view.data ? mcp_log_name(view, pool) : otherwise;
}

static const char *describe_issuer(request_rec *r, const json_t *payload)
{
    mcp_view_t claimed = { NULL, 0 };

    mcp_claims_issuer(&claimed, payload);
    return apr_psprintf(r->pool, "expected iss to be an MCPIssuer that counts here, got \"%s\"",
                        text_or(claimed, "(none)", r->pool));
}

/* The one issuer that is asked here about what is no JWT; NULL for none. To show it to others would hand a token to
 * servers that have not made it. */
static const mcp_issuer_conf_t *find_asked(request_rec *r)
{
    const apr_array_header_t *trusted = mcp_conf_trusted(mcp_conf_server(r->server), mcp_conf_dir(r), r->pool);

    for (int i = 0; i < trusted->nelts; i++) {
        const mcp_issuer_conf_t *issuer = APR_ARRAY_IDX(trusted, i, mcp_issuer_conf_t *);

        if (mcp_conf_introspects(issuer)) {
            return issuer;
        }
    }
    return NULL;
}

/* Whether who has vouched for a token would be believed under the section of a request, and asked. */
static bool counts_here(request_rec *r, const mcp_known_t *known, mcp_view_t token)
{
    const apr_array_header_t *trusted;

    if (known->until != 0 && !mcp_jws_is_shaped(token)) {
        return find_asked(r) == known->voucher;
    }
    if (!mcp_conf_dir(r)->issuers) {
        return true;
    }
    trusted = mcp_conf_trusted(mcp_conf_server(r->server), mcp_conf_dir(r), r->pool);
    for (int i = 0; i < trusted->nelts; i++) {
        if (APR_ARRAY_IDX(trusted, i, mcp_issuer_conf_t *) == known->voucher) {
            return true;
        }
    }
    return false;
}

/* Whether what is known of a token still holds: what its issuer has said of it is not too old, or the keys that
 * verified it are those that count now. */
static bool holds(const mcp_known_t *known)
{
    const mcp_issuer_conf_t *issuer = known->voucher;

    if (known->until != 0) {
        return mcp_keyring_now() < known->until;
    }
    return known->stamp != 0 && known->stamp == mcp_keyring_stamp(issuer->keyring);
}

/* A question to the issuer's introspection endpoint. */
static mcp_reason_t introspect(mcp_known_t *known, const mcp_issuer_conf_t *issuer, request_rec *r, mcp_view_t token,
                               const char **detail)
{
    apr_pool_t *pool = mcp_request_root(r)->pool;
    mcp_claims_t *claims = apr_pcalloc(pool, sizeof(*claims));
    mcp_log_t log = mcp_aplog_request(r);
    mcp_introspector_report_t report = { NULL, &log };
    mcp_introspected_t said;
    mcp_reason_t reason = mcp_introspector_ask(&said, issuer->introspector, token, &report, pool);

    *detail = report.detail;
    if (reason == MCP_ISSUER) {
        *detail = "the introspection endpoint has named another issuer";
    }
    if (reason != MCP_OK) {
        return reason;
    }
    *known = (mcp_known_t){ .facts = claims, .voucher = issuer, .until = said.until };
    claims->issuer = issuer->url;
    return mcp_claims_read(claims, &said.statement, &issuer->names, pool);
}

static mcp_reason_t verify_signature(mcp_known_t *known, const mcp_issuer_conf_t *issuer, request_rec *r,
                                     const mcp_jws_t *jws, const char **detail)
{
    apr_pool_t *pool = mcp_request_root(r)->pool;
    mcp_log_t log = mcp_aplog_request(r);
    mcp_claims_t *claims = apr_pcalloc(pool, sizeof(*claims));
    mcp_reason_t reason;

    *known = (mcp_known_t){ .facts = claims, .voucher = issuer };
    reason = mcp_keyring_verify(&known->stamp, issuer->keyring, jws, mcp_issuer_algorithms(issuer), &log);
    if (reason != MCP_OK) {
        *detail = apr_psprintf(r->pool, "iss \"%s\", kid \"%s\"", issuer->url, text_or(jws->kid, "(none)", r->pool));
        return reason;
    }
    mcp_store_count(&mcp_keyring_counts(issuer->keyring)->verified);
    claims->issuer = issuer->url;
    return mcp_claims_read(claims,
                           &(mcp_statement_t){ .payload = jws->payload, .text = jws->payload_text, .typ = jws->typ },
                           &issuer->names, pool);
}

/* A JWT says whose it is. It is judged by what this issuer's configuration wants, and never by another's. */
static mcp_reason_t verify_jwt(mcp_known_t *known, request_rec *r, mcp_view_t token, const char **detail)
{
    const mcp_issuer_conf_t *issuer;
    mcp_jws_t jws;
    mcp_reason_t reason = mcp_jws_parse(&jws, token, mcp_request_root(r)->pool);

    if (reason != MCP_OK) {
        return reason;
    }
    if ((issuer = find_issuer(r, jws.payload)) == NULL) {
        *detail = describe_issuer(r, jws.payload);
        return MCP_ISSUER;
    }
    return mcp_issuer_format(issuer) == MCP_FORMAT_OPAQUE ? introspect(known, issuer, r, token, detail)
                                                          : verify_signature(known, issuer, r, &jws, detail);
}

/* What is no JWT says nothing. */
static mcp_reason_t verify_opaque(mcp_known_t *known, request_rec *r, mcp_view_t token, const char **detail)
{
    const mcp_issuer_conf_t *issuer = find_asked(r);
    mcp_jws_t jws;

    if (issuer) {
        return introspect(known, issuer, r, token, detail);
    }
    return mcp_jws_parse(&jws, token, r->pool) == MCP_ENCRYPTED ? MCP_ENCRYPTED : MCP_MALFORMED;
}

/* Put what was found out into the cache, if it is good for another time. */
static void remember(mcp_known_t *known, mcp_reason_t reason, mcp_tokencache_t *used, const mcp_tokencache_key_t *key,
                     apr_pool_t *pool)
{
    bool again = known->until != 0 ? known->until > mcp_keyring_now() : known->stamp != 0;

    if (reason == MCP_OK && used && again) {
        mcp_tokencache_add(known, used, key, pool);
    }
}

mcp_reason_t mcp_verify_token(mcp_verified_t *verified, request_rec *r, mcp_view_t token, const char **detail)
{
    const mcp_server_conf_t *conf = mcp_conf_server(r->server);
    mcp_tokencache_t *used = mcp_server_token_cache(conf) > 0 ? cache : NULL;
    mcp_tokencache_key_t key = { token, conf->issuers };
    apr_pool_t *pool = mcp_request_root(r)->pool;
    mcp_known_t known = { NULL, NULL, 0, 0 };
    mcp_reason_t reason = MCP_OK;

    if (used && mcp_tokencache_find(&known, used, &key, pool) && holds(&known) && counts_here(r, &known, token)) {
        mcp_store_count(&mcp_keyring_counts(((const mcp_issuer_conf_t *)known.voucher)->keyring)->cached);
    } else if (!mcp_bearer_is_token68(token)) {
        reason = MCP_CREDENTIALS_MALFORMED;
    } else {
        reason =
            mcp_jws_is_shaped(token) ? verify_jwt(&known, r, token, detail) : verify_opaque(&known, r, token, detail);
        remember(&known, reason, used, &key, pool);
    }
    if (reason == MCP_OK) {
        *verified = (mcp_verified_t){ known.facts, known.voucher };
    }
    return reason;
}
