#include "policy.h"

#include "limits.h"
#include "log.h"

const char *mcp_policy_refuse_scope(const char *word, apr_pool_t *pool)
{
    if (!mcp_scope_is_token(mcp_view_of(word))) {
        return apr_psprintf(pool, "'%s' is not a scope; for example files:read", mcp_log_word(word, pool));
    }
    if (strcmp(word, "offline_access") == 0) {
        return "'offline_access' is no scope of a resource: clients ask their authorization server for it; for example "
               "files:read";
    }
    return NULL;
}

static const char *parse_claim(mcp_rule_t *rule, char *const *words, apr_pool_t *pool)
{
    rule->values = apr_array_make(pool, 4, sizeof(const char *));
    if (!words[0] || !words[1]) {
        return apr_psprintf(pool,
                            "'%s' is not a claim's name and its accepted values; for example mcp-claim department "
                            "sales support",
                            words[0] ? mcp_log_word(words[0], pool) : "");
    }
    rule->claim = words[0];
    for (int i = 1; words[i]; i++) {
        APR_ARRAY_PUSH(rule->values, const char *) = words[i];
    }
    return NULL;
}

const char *mcp_policy_parse(mcp_rule_t *rule, mcp_rule_kind_t kind, const char *words, apr_pool_t *pool)
{
    bool scope = kind == MCP_RULE_SCOPE || kind == MCP_RULE_ANY_SCOPE;
    char **list;
    const char *wrong;

    rule->kind = kind;
    rule->words = mcp_scope_make(pool);
    if (apr_tokenize_to_argv(words, &list, pool) != APR_SUCCESS) {
        return "the words cannot be told apart; for example files:read files:write";
    }
    if (kind == MCP_RULE_CLAIM) {
        return parse_claim(rule, list, pool);
    }
    if (!list[0]) {
        return scope ? "'' is not a scope; for example files:read" : "'' is not a role; for example editor";
    }
    for (int i = 0; list[i]; i++) {
        if (scope && (wrong = mcp_policy_refuse_scope(list[i], pool)) != NULL) {
            return wrong;
        }
        if (!mcp_scope_is_token(mcp_view_of(list[i]))) {
            return apr_psprintf(pool, "'%s' is not a role; for example editor", mcp_log_word(list[i], pool));
        }
        if (rule->words->nelts == MCP_LIMIT_SCOPES) {
            return apr_psprintf(pool, "'%s' is one word too many: a rule has at most %d; for example two rules",
                                mcp_log_word(list[i], pool), MCP_LIMIT_SCOPES);
        }
        mcp_scope_add(rule->words, mcp_view_of(list[i]));
    }
    return NULL;
}

static bool has_role(const mcp_claims_t *claims, mcp_view_t role)
{
    for (int i = 0; i < claims->roles->nelts; i++) {
        if (mcp_view_equal(APR_ARRAY_IDX(claims->roles, i, mcp_view_t), role)) {
            return true;
        }
    }
    return false;
}

/* How many of the rule's words the token has. */
static int count_words(const mcp_rule_t *rule, const mcp_claims_t *claims, const apr_array_header_t *implications,
                       apr_pool_t *pool)
{
    bool scope = rule->kind == MCP_RULE_SCOPE || rule->kind == MCP_RULE_ANY_SCOPE;
    int count = 0;

    for (int i = 0; i < rule->words->nelts; i++) {
        mcp_view_t word = APR_ARRAY_IDX(rule->words, i, mcp_view_t);

        count += scope ? mcp_scope_grants(claims->scope, implications, word, pool) : has_role(claims, word);
    }
    return count;
}

mcp_reason_t mcp_policy_check(const mcp_rule_t *rule, const mcp_claims_t *claims,
                              const apr_array_header_t *implications, apr_pool_t *pool)
{
    int count;

    switch (rule->kind) {
    case MCP_RULE_SCOPE:
        count = count_words(rule, claims, implications, pool);
        return count == rule->words->nelts ? MCP_OK : MCP_INSUFFICIENT_SCOPE;
    case MCP_RULE_ANY_SCOPE:
        return count_words(rule, claims, implications, pool) > 0 ? MCP_OK : MCP_INSUFFICIENT_SCOPE;
    case MCP_RULE_ROLE:
        count = count_words(rule, claims, implications, pool);
        return count == rule->words->nelts ? MCP_OK : MCP_MISSING_ROLE;
    case MCP_RULE_ANY_ROLE:
        return count_words(rule, claims, implications, pool) > 0 ? MCP_OK : MCP_MISSING_ROLE;
    case MCP_RULE_CLAIM:
        for (int i = 0; i < rule->values->nelts; i++) {
            if (mcp_claims_contain(claims, rule->claim, APR_ARRAY_IDX(rule->values, i, const char *))) {
                return MCP_OK;
            }
        }
        return MCP_MISSING_CLAIM;
    }
    return MCP_MISCONFIGURED;
}

static void add(mcp_scope_t **set, const mcp_scope_t *more, apr_pool_t *pool)
{
    if (!*set) {
        *set = mcp_scope_make(pool);
    }
    mcp_scope_add_all(*set, more);
}

void mcp_policy_need(mcp_needs_t *needs, const mcp_rule_t *rule, apr_pool_t *pool)
{
    bool role = rule->kind == MCP_RULE_ROLE || rule->kind == MCP_RULE_ANY_ROLE;

    if (!rule->negated && rule->kind != MCP_RULE_CLAIM) {
        add(role ? &needs->roles : &needs->scopes, rule->words, pool);
    }
}

void mcp_policy_need_scopes(mcp_needs_t *needs, const mcp_scope_t *scopes, apr_pool_t *pool)
{
    add(&needs->scopes, scopes, pool);
}

const char *mcp_policy_scope(const mcp_needs_t *needs, mcp_reason_t reason, const apr_array_header_t *implications,
                             const char *prefix, apr_pool_t *pool)
{
    mcp_scope_t *named = mcp_scope_reduce(needs->scopes, implications, pool), *more = mcp_scope_make(pool);
    const char *scopes = mcp_scope_format(named, prefix, pool), *roles;

    for (int i = 0; reason == MCP_MISSING_ROLE && needs->roles && i < needs->roles->nelts; i++) {
        mcp_view_t role = APR_ARRAY_IDX(needs->roles, i, mcp_view_t);

        if (!mcp_scope_has(named, role)) {
            mcp_scope_add(more, role);
        }
    }
    roles = mcp_scope_format(more, NULL, pool);
    return *scopes && *roles ? apr_pstrcat(pool, scopes, " ", roles, NULL) : *roles ? roles : scopes;
}
