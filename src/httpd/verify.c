#include "verify.h"

#include <http_log.h>

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

/* Whether what is known of a token still holds: the keys that verified it are those that count now. */
static bool holds(const mcp_known_t *known)
{
    const mcp_issuer_conf_t *issuer = known->voucher;

    return known->stamp != 0 && known->stamp == mcp_keyring_stamp(issuer->keyring);
}

static mcp_reason_t verify_signature(mcp_known_t *known, request_rec *r, mcp_view_t token, const char **detail)
{
    mcp_log_t log = mcp_aplog_request(r);
    apr_pool_t *pool = mcp_request_root(r)->pool;
    mcp_claims_t *claims = apr_pcalloc(pool, sizeof(*claims));
    const mcp_issuer_conf_t *issuer;
    mcp_jws_t jws;
    mcp_reason_t reason = mcp_jws_parse(&jws, token, pool);

    if (reason != MCP_OK) {
        return reason;
    }
    if ((issuer = find_issuer(r, jws.payload)) == NULL) {
        *detail = describe_issuer(r, jws.payload);
        return MCP_ISSUER;
    }
    *known = (mcp_known_t){ .facts = claims, .voucher = issuer };
    if (issuer->keyring) {
        known->stamp =
            mcp_keyring_stamp(issuer->keyring); /* before: newer keys must not vouch for what older ones have */
    }
    reason = mcp_keyring_verify(issuer->keyring, &jws, mcp_issuer_algorithms(issuer), &log);
    if (reason != MCP_OK) {
        *detail = apr_psprintf(r->pool, "iss \"%s\", kid \"%s\"", issuer->url, text_or(jws.kid, "(none)", r->pool));
        return reason;
    }
    mcp_store_count(&mcp_keyring_counts(issuer->keyring)->verified);
    claims->issuer = issuer->url;
    return mcp_claims_read(claims, &(mcp_statement_t){ .payload = jws.payload, .typ = jws.typ }, &issuer->names, pool);
}

mcp_reason_t mcp_verify_token(mcp_verified_t *verified, request_rec *r, mcp_view_t token, const char **detail)
{
    const mcp_server_conf_t *conf = mcp_conf_server(r->server);
    mcp_tokencache_t *used = mcp_server_token_cache(conf) > 0 ? cache : NULL;
    mcp_tokencache_key_t key = { token, conf->issuers };
    apr_pool_t *pool = mcp_request_root(r)->pool;
    mcp_known_t known;
    mcp_reason_t reason = MCP_OK;

    if (used && mcp_tokencache_find(&known, used, &key, pool) && holds(&known)) {
        mcp_store_count(&mcp_keyring_counts(((const mcp_issuer_conf_t *)known.voucher)->keyring)->cached);
    } else if ((reason = verify_signature(&known, r, token, detail)) == MCP_OK && used && known.stamp != 0) {
        mcp_tokencache_add(&known, used, &key, pool);
    }
    if (reason == MCP_OK) {
        *verified = (mcp_verified_t){ known.facts, known.voucher };
    }
    return reason;
}
