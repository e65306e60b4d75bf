#include "authz.h"

#include <ap_provider.h>
#include <http_core.h>
#include <http_request.h>
#include <mod_auth.h>

#include "authn.h"
#include "cmds.h"
#include "operations.h"
#include "reply.h"
#include "unwise.h"

#define NO_ANSWER "the Require lines give no answer, see the line before"

static bool is_inside(const ap_directive_t *directive, const char *name)
{
    for (const ap_directive_t *section = directive->parent; section; section = section->parent) {
        if (strcasecmp(section->directive, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the Require line says not, or stands in a <RequireNone>. */
static bool is_negated(const ap_directive_t *directive, apr_pool_t *pool)
{
    const char *args = directive->args;

    return strcasecmp(ap_getword_conf(pool, &args), "not") == 0 || is_inside(directive, "<RequireNone");
}

static const char *parse(cmd_parms *cmd, const char *words, const void **parsed, mcp_rule_kind_t kind, const char *name)
{
    mcp_rule_t *rule = apr_pcalloc(cmd->pool, sizeof(*rule));
    const char *wrong = mcp_policy_parse(rule, kind, words, cmd->pool);

    rule->negated = is_negated(cmd->directive, cmd->temp_pool);
    if (is_inside(cmd->directive, "<Limit") || is_inside(cmd->directive, "<LimitExcept")) {
        mcp_cmds_warn(cmd, "inside of <Limit> or <LimitExcept> the other methods need no token at all");
    }
    if (!rule->negated) {
        mcp_unwise_require(cmd);
    }
    *parsed = rule;
    return wrong ? apr_psprintf(cmd->pool, "Require %s: %s", name, wrong) : NULL;
}

static authz_status check(request_rec *r, const char *line, const void *parsed)
{
    mcp_request_t *state = mcp_request_get(r);
    const mcp_rule_t *rule = parsed;
    mcp_reason_t reason;

    (void)line;
    if (!r->user && state->standing_aside) { /* the one pass that visits all rules */
        mcp_policy_need(&state->needs, rule, r->pool);
    }
    if (state->asking == MCP_ASK_SUPPOSING && !rule->negated) {
        return AUTHZ_GRANTED;
    }
    if (!r->user) {
        return AUTHZ_DENIED_NO_USER;
    }
    reason = state->accepted ? mcp_policy_check(rule, state->facts, mcp_conf_dir(r)->implications, r->pool)
                             : MCP_INSUFFICIENT_SCOPE; /* no token, or another module's user */
    if (reason != MCP_OK && !rule->negated && (state->failed_rule == MCP_OK || reason < state->failed_rule)) {
        state->failed_rule = reason;
    }
    return reason == MCP_OK ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

#define PROVIDER(name, kind, word)                                                          \
    static const char *parse_##name(cmd_parms *cmd, const char *words, const void **parsed) \
    {                                                                                       \
        return parse(cmd, words, parsed, kind, word);                                       \
    }                                                                                       \
    static const authz_provider name##_provider = { check, parse_##name };

PROVIDER(scope, MCP_RULE_SCOPE, "mcp-scope")
PROVIDER(any_scope, MCP_RULE_ANY_SCOPE, "mcp-any-scope")
PROVIDER(role, MCP_RULE_ROLE, "mcp-role")
PROVIDER(any_role, MCP_RULE_ANY_ROLE, "mcp-any-role")
PROVIDER(claim, MCP_RULE_CLAIM, "mcp-claim")

void mcp_authz_register(apr_pool_t *pool)
{
    static const struct {
        const char *name;
        const authz_provider *provider;
    } providers[] = {
        { "mcp-scope", &scope_provider }, { "mcp-any-scope", &any_scope_provider },
        { "mcp-role", &role_provider },   { "mcp-any-role", &any_role_provider },
        { "mcp-claim", &claim_provider },
    };

    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
        ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, providers[i].name, AUTHZ_PROVIDER_VERSION,
                                  providers[i].provider, AP_AUTH_INTERNAL_PER_CONF);
    }
}

/* Ask the tree through the hook chain of httpd, ourselves standing aside. */
static int ask_without_user(request_rec *r, mcp_request_t *state)
{
    int answer;

    state->standing_aside = true;
    answer = ap_run_access_checker_ex(r);
    state->standing_aside = false;
    return answer;
}

static int ask_with_user(request_rec *r, mcp_request_t *state, mcp_asking_t asking)
{
    int answer;

    state->asking = asking;
    state->standing_aside = true;
    answer = ap_run_auth_checker(r);
    state->standing_aside = false;
    state->asking = MCP_ASK_PLAINLY;
    return answer;
}

void mcp_authz_collect(request_rec *r)
{
    ask_without_user(r, mcp_request_get(r));
    mcp_operations_collect(r);
}

/* Authenticate and ask the tree again. DECLINED would not lead there: mod_authz_core's own hook would say 403 first. */
static int log_in(request_rec *r)
{
    int answer = mcp_authn_check_user_id(r);

    return answer == OK ? ap_run_auth_checker(r) : answer;
}

/* Whoever comes with credentials is judged by them. Without, operations for everybody are let in, and where the Require
 * lines want no user (OK) what else needs no scope. */
static int admit(request_rec *r, int answer)
{
    if (apr_table_get(r->headers_in, "Authorization") || mcp_request_with_facts(r)) {
        return answer == OK ? log_in(r) : answer;
    }
    if (answer == OK) {
        return mcp_operations_enforce(r);
    }
    return mcp_operations_may_be_anonymous(r) && mcp_operations_let_in(r) ? OK : answer;
}

int mcp_authz_before_authn(request_rec *r)
{
    mcp_request_t *state;
    int answer;

    if (!mcp_request_is_governed(r) || (state = mcp_request_get(r))->standing_aside) {
        return DECLINED;
    }
    state->claim_wanted = false; /* an <If> may have wanted one; what counts is the tree */
    answer = ask_without_user(r, state);
    if (mcp_request_is_lookup(r)) {
        return answer;
    }
    if (state->claim_wanted && (answer == HTTP_FORBIDDEN || answer == OK)) {
        return log_in(r); /* "no claim" is no answer, neither a yes nor a no */
    }
    if (answer == HTTP_FORBIDDEN) {
        return mcp_reply_refuse(r, MCP_DENIED, NULL);
    }
    if (answer == HTTP_INTERNAL_SERVER_ERROR) {
        return mcp_reply_refuse(r, MCP_MISCONFIGURED, NO_ANSWER);
    }
    return mcp_operations_apply(r) ? admit(r, answer) : answer;
}

static const char *describe(request_rec *r, const mcp_request_t *state, mcp_reason_t reason)
{
    const mcp_scope_t *expected = reason == MCP_MISSING_ROLE ? state->needs.roles : state->needs.scopes, *got;

    if (reason == MCP_DENIED || reason == MCP_MISSING_CLAIM) {
        return NULL;
    }
    got = reason == MCP_MISSING_ROLE ? state->facts->roles : state->facts->scope;
    return apr_psprintf(r->pool, "expected \"%s\", got \"%s\"", mcp_scope_format(expected, NULL, r->pool),
                        mcp_log_name(mcp_view_of(mcp_scope_format(got, NULL, r->pool)), r->pool));
}

/* The tree said no to a user. */
static int refuse(request_rec *r, mcp_request_t *state)
{
    mcp_reason_t reason = state->failed_rule;

    if (reason == MCP_OK || ask_with_user(r, state, MCP_ASK_SUPPOSING) != OK) {
        reason = MCP_DENIED;
    }
    if (reason != MCP_DENIED && !state->accepted) {
        return OK; /* report mode, and authentication has reported already */
    }
    if (mcp_operations_apply(r) && mcp_operations_read(r) == MCP_OK) {
        if (mcp_operations_let_in(r)) {
            return OK;
        }
        mcp_operations_need(r);
    }
    return mcp_reply_refuse(r, reason, describe(r, state, reason));
}

int mcp_authz_after_authn(request_rec *r)
{
    mcp_request_t *state;
    int answer;

    if (!mcp_request_is_governed(r) || (state = mcp_request_get(r))->standing_aside) {
        return DECLINED;
    }
    if (!state->accepted && !mcp_request_reports(r)) {
        return mcp_reply_refuse(r, MCP_MISCONFIGURED, "another module has authenticated the request");
    }
    state->failed_rule = MCP_OK;
    answer = ask_with_user(r, state, MCP_ASK_PLAINLY);
    if (answer == HTTP_UNAUTHORIZED || answer == HTTP_FORBIDDEN) {
        answer = refuse(r, state);
    } else if (answer == HTTP_INTERNAL_SERVER_ERROR) {
        answer = mcp_reply_refuse(r, MCP_MISCONFIGURED, NO_ANSWER);
    } else if (answer == OK && state->accepted && mcp_operations_apply(r)) {
        answer = mcp_operations_enforce(r);
    }
    if (r->user && !*r->user) { /* report mode let an anonymous request this far */
        r->user = NULL;
        r->ap_auth_type = NULL;
    }
    return answer;
}
