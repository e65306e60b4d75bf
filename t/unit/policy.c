/* Rules: which words they take, whether facts satisfy them, and what a client is told. */
#include <apr_general.h>

#include "../../src/core/policy.h"
#include "../lib/tap.h"

static const struct {
    mcp_rule_kind_t kind;
    const char *words, *wrong; /* wrong: a part of the answer, NULL when the words are fine */
} words[] = {
    { MCP_RULE_SCOPE, "files:read files:write", NULL },
    { MCP_RULE_SCOPE, "files:read", NULL },
    { MCP_RULE_ANY_SCOPE, "a b", NULL },
    { MCP_RULE_SCOPE, "", "'' is not a scope; for example files:read" },
    { MCP_RULE_SCOPE, "   ", "'' is not a scope; for example files:read" },
    { MCP_RULE_ANY_SCOPE, "", "'' is not a scope" },
    { MCP_RULE_SCOPE, "a offline_access", "'offline_access' is no scope of a resource" },
    { MCP_RULE_ANY_SCOPE, "offline_access", "for example files:read" },
    { MCP_RULE_SCOPE, "\"a b\"", "'a b' is not a scope; for example files:read" },
    { MCP_RULE_SCOPE, "'a\"b'", "is not a scope" },
    { MCP_RULE_SCOPE, "\"\"", "'' is not a scope" },
    { MCP_RULE_SCOPE, "J\xc3\xb6rg", "is not a scope" },
    { MCP_RULE_ROLE, "editor admin", NULL },
    { MCP_RULE_ROLE, "offline_access", NULL },
    { MCP_RULE_ANY_ROLE, "", "'' is not a role; for example editor" },
    { MCP_RULE_ROLE, "\"Domain Users\"", "'Domain Users' is not a role; for example editor" },
    { MCP_RULE_CLAIM, "department sales support", NULL },
    { MCP_RULE_CLAIM, "department \"North America\"", NULL },
    { MCP_RULE_CLAIM, "",
      "'' is not a claim's name and its accepted values; for example mcp-claim department sales support" },
    { MCP_RULE_CLAIM, "department", "'department' is not a claim's name and its accepted values" },
};

static void test_parse(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        mcp_rule_t rule = { 0 };
        const char *wrong = mcp_policy_parse(&rule, words[i].kind, words[i].words, pool);

        ok(words[i].wrong ? wrong && strstr(wrong, words[i].wrong) : !wrong, "kind %d, '%s': %s", (int)words[i].kind,
           words[i].words, wrong ? wrong : "fine");
    }
}

/* Facts as a token would give them. */
static mcp_claims_t facts_of(const char *payload, apr_pool_t *pool)
{
    apr_array_header_t *scope = apr_array_make(pool, 1, sizeof(const char *));
    apr_array_header_t *role = apr_array_make(pool, 1, sizeof(const char *));
    mcp_claim_names_t names = { .scope = scope, .role = role };
    mcp_claims_t claims = { 0 };
    mcp_statement_t statement = { 0 };

    APR_ARRAY_PUSH(scope, const char *) = "scope";
    APR_ARRAY_PUSH(role, const char *) = "roles";
    if (mcp_json_parse_object(&statement.payload, mcp_view_of(payload), pool) != MCP_OK ||
        mcp_claims_read(&claims, &statement, &names, pool) != MCP_OK) {
        abort();
    }
    return claims;
}

static const char token[] =
    "{\"exp\":1,\"scope\":\"read write\",\"roles\":[\"editor\",\"staff\"],\"department\":\"sales\","
    "\"level\":5,\"admin\":true,\"tags\":[\"x\",7,false],\"access\":{\"site\":\"north\"}}";

static const struct {
    mcp_rule_kind_t kind;
    const char *words;
    mcp_reason_t want;
} rules[] = {
    { MCP_RULE_SCOPE, "read", MCP_OK },
    { MCP_RULE_SCOPE, "read write", MCP_OK },
    { MCP_RULE_SCOPE, "read delete", MCP_INSUFFICIENT_SCOPE },
    { MCP_RULE_SCOPE, "rea", MCP_INSUFFICIENT_SCOPE },
    { MCP_RULE_SCOPE, "READ", MCP_INSUFFICIENT_SCOPE },
    { MCP_RULE_SCOPE, "list", MCP_OK },                   /* implied by read */
    { MCP_RULE_SCOPE, "editor", MCP_INSUFFICIENT_SCOPE }, /* a role is no scope */
    { MCP_RULE_ANY_SCOPE, "delete read", MCP_OK },
    { MCP_RULE_ANY_SCOPE, "delete list", MCP_OK },
    { MCP_RULE_ANY_SCOPE, "delete admin", MCP_INSUFFICIENT_SCOPE },
    { MCP_RULE_ROLE, "editor", MCP_OK },
    { MCP_RULE_ROLE, "staff editor", MCP_OK },
    { MCP_RULE_ROLE, "editor owner", MCP_MISSING_ROLE },
    { MCP_RULE_ROLE, "read", MCP_MISSING_ROLE }, /* a scope is no role */
    { MCP_RULE_ANY_ROLE, "owner staff", MCP_OK },
    { MCP_RULE_ANY_ROLE, "owner edit", MCP_MISSING_ROLE },
    { MCP_RULE_CLAIM, "department sales", MCP_OK },
    { MCP_RULE_CLAIM, "department support sales", MCP_OK },
    { MCP_RULE_CLAIM, "department support", MCP_MISSING_CLAIM },
    { MCP_RULE_CLAIM, "department sale", MCP_MISSING_CLAIM },
    { MCP_RULE_CLAIM, "level 5", MCP_OK },
    { MCP_RULE_CLAIM, "level 05", MCP_MISSING_CLAIM },
    { MCP_RULE_CLAIM, "admin true", MCP_OK },
    { MCP_RULE_CLAIM, "admin 1", MCP_MISSING_CLAIM },
    { MCP_RULE_CLAIM, "tags x", MCP_OK },
    { MCP_RULE_CLAIM, "tags 7", MCP_OK },
    { MCP_RULE_CLAIM, "tags false", MCP_OK },
    { MCP_RULE_CLAIM, "tags y", MCP_MISSING_CLAIM },
    { MCP_RULE_CLAIM, "access.site north", MCP_OK },
    { MCP_RULE_CLAIM, "access north", MCP_MISSING_CLAIM },
    { MCP_RULE_CLAIM, "absent x", MCP_MISSING_CLAIM },
    { MCP_RULE_CLAIM, "absent \"\"", MCP_MISSING_CLAIM },
};

static apr_array_header_t *read_implies_list(apr_pool_t *pool)
{
    apr_array_header_t *implications = apr_array_make(pool, 1, sizeof(mcp_scope_implication_t));
    mcp_scope_t *narrow = mcp_scope_make(pool);

    mcp_scope_add(narrow, mcp_view_of("list"));
    APR_ARRAY_PUSH(implications, mcp_scope_implication_t) = (mcp_scope_implication_t){ mcp_view_of("read"), narrow };
    return implications;
}

static void test_check(apr_pool_t *pool)
{
    mcp_claims_t claims = facts_of(token, pool), poor = facts_of("{\"exp\":1}", pool);
    apr_array_header_t *implications = read_implies_list(pool);
    mcp_rule_t none = { .kind = (mcp_rule_kind_t)99 };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        mcp_rule_t rule = { 0 };
        const char *wrong = mcp_policy_parse(&rule, rules[i].kind, rules[i].words, pool);

        is_str(wrong, NULL, "kind %d, '%s' is a rule", (int)rules[i].kind, rules[i].words);
        is_int(mcp_policy_check(&rule, &claims, implications, pool), rules[i].want, "kind %d, '%s'", (int)rules[i].kind,
               rules[i].words);
        ok(mcp_policy_check(&rule, &poor, implications, pool) != MCP_OK,
           "kind %d, '%s' refuses a token that has nothing", (int)rules[i].kind, rules[i].words);
    }
    is_int(mcp_policy_check(&none, &claims, NULL, pool), MCP_MISCONFIGURED, "a rule of no kind lets nothing through");
}

static void need(mcp_needs_t *needs, mcp_rule_kind_t kind, const char *text, bool negated, apr_pool_t *pool)
{
    mcp_rule_t rule = { 0 };

    mcp_policy_parse(&rule, kind, text, pool);
    rule.negated = negated;
    mcp_policy_need(needs, &rule, pool);
}

static void test_needs(apr_pool_t *pool)
{
    mcp_needs_t needs = { NULL, NULL }, none = { NULL, NULL }, roles = { NULL, NULL };
    apr_array_header_t *implications = read_implies_list(pool);

    need(&needs, MCP_RULE_SCOPE, "list write", false, pool);
    need(&needs, MCP_RULE_ANY_SCOPE, "read write", false, pool);
    need(&needs, MCP_RULE_SCOPE, "secret", true, pool);
    need(&needs, MCP_RULE_ROLE, "editor", false, pool);
    need(&needs, MCP_RULE_ANY_ROLE, "hidden", true, pool);
    need(&needs, MCP_RULE_CLAIM, "department sales", false, pool);
    is_str(mcp_policy_scope(&needs, MCP_NO_CREDENTIALS, NULL, NULL, pool), "list write read",
           "H-03 all scopes, each once");
    is_str(mcp_policy_scope(&needs, MCP_INSUFFICIENT_SCOPE, implications, NULL, pool), "write read",
           "without those implied");
    is_str(mcp_policy_scope(&needs, MCP_INSUFFICIENT_SCOPE, implications, "api://a/", pool),
           "api://a/write api://a/read", "as they are on the wire");
    is_str(mcp_policy_scope(&needs, MCP_MISSING_ROLE, implications, "api://a/", pool),
           "api://a/write api://a/read editor", "roles, too, when a role is what is missing");
    is_str(mcp_policy_scope(&none, MCP_MISSING_ROLE, implications, NULL, pool), "", "nothing needed, nothing named");
    need(&roles, MCP_RULE_ROLE, "editor", false, pool);
    is_str(mcp_policy_scope(&roles, MCP_MISSING_ROLE, NULL, NULL, pool), "editor", "a role alone");
    is_str(mcp_policy_scope(&roles, MCP_NO_CREDENTIALS, NULL, NULL, pool), "", "a 401 names scopes only");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_parse(pool);
    test_check(pool);
    test_needs(pool);
    apr_terminate();
    return done_testing();
}
