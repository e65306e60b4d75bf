#include "authn.h"

#include <http_core.h>
#include <http_request.h>

#include "../core/bearer.h"
#include "../core/value.h"
#include "identity.h"
#include "reply.h"
#include "verify.h"

static void note_facts(mcp_request_t *state, const mcp_claims_t *facts, const mcp_issuer_conf_t *issuer,
                       mcp_view_t token)
{
    state->facts = facts;
    state->issuer = issuer;
    state->token = token;
}

/* Facts are noted, for this request and for the whole chain, only when they are verified. */
static mcp_reason_t find_facts(request_rec *r, mcp_request_t *state, const char **detail)
{
    const mcp_request_t *earlier = mcp_request_with_facts(r);
    mcp_verified_t verified;
    mcp_view_t token;
    mcp_reason_t reason;

    if (earlier) { /* the first request of this chain took the token away */
        note_facts(state, earlier->facts, earlier->issuer, earlier->token);
        return MCP_OK;
    }
    reason = mcp_bearer_find(&token, apr_table_get(r->headers_in, "Authorization"));
    if (reason != MCP_OK) {
        return reason;
    }
    state->token = token;
    if ((reason = mcp_verify_token(&verified, r, token, detail)) == MCP_OK) {
        note_facts(state, verified.facts, verified.issuer, token);
        note_facts(mcp_request_get(mcp_request_root(r)), verified.facts, verified.issuer, token);
    }
    return reason;
}

/* What somebody else chose, for the log. */
static const char *shown(const char *text, apr_pool_t *pool)
{
    return text && *text ? mcp_log_name(mcp_view_of(text), pool) : "(none)";
}

static const char *describe(request_rec *r, const mcp_request_t *state, mcp_reason_t reason)
{
    const mcp_claims_t *facts = state->facts;
    const mcp_profile_t *profile = mcp_issuer_profile(state->issuer);

    if (reason == MCP_AUDIENCE) {
        return apr_psprintf(r->pool, "expected aud \"%s\", got \"%s\": %s", mcp_dir_resource(mcp_conf_dir(r)),
                            shown(mcp_scope_format(facts->audience, NULL, r->pool), r->pool), profile->mend);
    }
    if (reason == MCP_TYPE && mcp_issuer_typed(state->issuer) && facts->typ != MCP_TYP_ACCESS_TOKEN) {
        return "expected typ \"at+jwt\", which MCPTokenType asks for, got another or none";
    }
    if (reason == MCP_TYPE && profile->token_use) {
        return apr_psprintf(
            r->pool, "expected token_use \"%s\", got \"%s\"", profile->token_use,
            shown(mcp_value_text(json_object_get(mcp_payload_tree(facts->payload), "token_use"), r->pool), r->pool));
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
        expect.token_use = mcp_issuer_profile(state->issuer)->token_use;
        reason = mcp_claims_judge(state->facts, &expect, apr_time_now());
        *detail = describe(r, state, reason);
    }
    state->accepted = reason == MCP_OK;
    if (state->accepted) {
        mcp_request_t *root = mcp_request_get(mcp_request_root(r));

        note_facts(root, state->facts, state->issuer, state->token);
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
