#include "authn.h"

#include <http_core.h>
#include <http_request.h>

#include "../core/bearer.h"
#include "../core/digest.h"
#include "aplog.h"
#include "identity.h"
#include "reply.h"

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

static void note_facts(mcp_request_t *state, const mcp_claims_t *facts, const mcp_issuer_conf_t *issuer,
                       const char *tag)
{
    state->facts = facts;
    state->issuer = issuer;
    memmove(state->tag, tag, sizeof(state->tag));
}

/* Verify a token. The facts are noted, for this request and for the whole chain, only when the signature holds. */
static mcp_reason_t verify(request_rec *r, mcp_request_t *state, mcp_view_t token, const char **detail)
{
    request_rec *root = mcp_request_root(r);
    mcp_claims_t *claims = apr_pcalloc(root->pool, sizeof(*claims));
    mcp_log_t log = mcp_aplog_request(r);
    const mcp_issuer_conf_t *issuer;
    mcp_jws_t jws;
    mcp_reason_t reason = mcp_jws_parse(&jws, token, root->pool);

    if (reason != MCP_OK) {
        return reason;
    }
    if ((issuer = find_issuer(r, jws.payload)) == NULL) {
        *detail = describe_issuer(r, jws.payload);
        return MCP_ISSUER;
    }
    reason = mcp_keyring_verify(issuer->keyring, &jws, mcp_issuer_algorithms(issuer), &log);
    if (reason != MCP_OK) {
        *detail = apr_psprintf(r->pool, "iss \"%s\", kid \"%s\"", issuer->url, text_or(jws.kid, "(none)", r->pool));
        return reason;
    }
    reason = mcp_claims_read(claims, &jws, &issuer->names, root->pool);
    if (reason == MCP_OK) {
        claims->issuer = issuer->url;
        note_facts(state, claims, issuer, state->tag);
        note_facts(mcp_request_get(root), claims, issuer, state->tag);
    }
    return reason;
}

static mcp_reason_t find_facts(request_rec *r, mcp_request_t *state, const char **detail)
{
    const mcp_request_t *earlier = mcp_request_with_facts(r);
    mcp_view_t token;
    mcp_reason_t reason;

    if (earlier) { /* the first request of this chain took the token away */
        note_facts(state, earlier->facts, earlier->issuer, earlier->tag);
        return MCP_OK;
    }
    reason = mcp_bearer_parse(&token, apr_table_get(r->headers_in, "Authorization"));
    if (reason != MCP_OK) {
        return reason;
    }
    mcp_digest_tag(state->tag, token);
    return verify(r, state, token, detail);
}

static const char *describe(request_rec *r, const mcp_request_t *state, mcp_reason_t reason)
{
    const mcp_claims_t *facts = state->facts;
    const char *audience;

    if (reason == MCP_AUDIENCE) {
        audience = mcp_claims_value_text(facts->audience, r->pool);
        return apr_psprintf(r->pool, "expected aud \"%s\", got \"%s\"", mcp_dir_resource(mcp_conf_dir(r)),
                            audience ? mcp_log_name(mcp_view_of(audience), r->pool) : "(none)");
    }
    if (reason == MCP_EXPIRED || reason == MCP_NOT_YET_VALID) {
        return apr_psprintf(r->pool, "now %" APR_TIME_T_FMT ", exp %" APR_TIME_T_FMT ", nbf %" APR_TIME_T_FMT,
                            apr_time_sec(apr_time_now()), apr_time_sec(facts->expires),
                            apr_time_sec(facts->not_before));
    }
    return NULL;
}

static mcp_reason_t judge(request_rec *r, mcp_request_t *state, const char **detail)
{
    const mcp_dir_conf_t *dir = mcp_conf_dir(r);
    mcp_expect_t expect = {
        .resource = mcp_dir_resource(dir),
        .audiences = dir->audiences,
        .issuers = dir->issuers,
        .skew = mcp_dir_skew(dir),
    };
    mcp_reason_t reason;

    if ((*detail = mcp_request_misconfigured(r)) != NULL) {
        return MCP_MISCONFIGURED;
    }
    reason = find_facts(r, state, detail);
    if (reason == MCP_OK) {
        expect.typed = mcp_issuer_typed(state->issuer);
        reason = mcp_claims_judge(state->facts, &expect, apr_time_now());
        *detail = describe(r, state, reason);
    }
    state->accepted = reason == MCP_OK;
    if (state->accepted) {
        mcp_request_t *root = mcp_request_get(mcp_request_root(r));

        note_facts(root, state->facts, state->issuer, state->tag);
        root->accepted_under = r->per_dir_config;
    }
    return reason;
}

int mcp_authn_check_user_id(request_rec *r)
{
    mcp_request_t *state;
    const char *detail = NULL;
    mcp_reason_t reason;
    int answer;

    if (!mcp_request_is_governed(r)) {
        return DECLINED;
    }
    if (mcp_request_is_lookup(r)) {
        return HTTP_UNAUTHORIZED;
    }
    state = mcp_request_get(r);
    reason = judge(r, state, &detail);
    if (reason != MCP_OK) {
        answer = mcp_reply_refuse(r, reason, detail);
        if (answer == OK) { /* report mode; httpd insists on a user until authorization is over, see authz.c */
            r->user = apr_pstrdup(r->pool, "");
        }
        return answer;
    }
    r->user = mcp_identity_user(state->facts, r->pool);
    r->ap_auth_type = apr_pstrdup(r->pool, "Bearer");
    return OK;
}
