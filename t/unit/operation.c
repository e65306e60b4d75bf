/* Rules over operations: what one is made of, which one counts, and what it needs. */
#include <apr_general.h>

#include "../../src/core/limits.h"
#include "../../src/core/operation.h"
#include "../lib/bytes.h"
#include "../lib/tap.h"

#define EXAMPLE "; for example MCPOperation tools/call delete_* files:delete"

/* Words of a line. */
static int split(char **words, const char *line, apr_pool_t *pool)
{
    char *state, *copy = apr_pstrdup(pool, line);
    int count = 0;

    for (char *word = apr_strtok(copy, " ", &state); word && count < 8; word = apr_strtok(NULL, " ", &state)) {
        words[count++] = word;
    }
    return count;
}

static const char *parse(mcp_operation_t *rule, const char *line, apr_pool_t *pool)
{
    char *words[8];
    int count = split(words, line, pool);

    return mcp_operation_parse(rule, count, words, pool);
}

static const struct {
    const char *line;
    mcp_operation_kind_t kind;
    const char *scopes;
} good[] = {
    { "tools/call delete_* files:delete", MCP_OPERATION_SCOPES, "files:delete" },
    { "tools/call * a b c", MCP_OPERATION_SCOPES, "a b c" },
    { "tools/call * a a", MCP_OPERATION_SCOPES, "a" },
    { "* * denied", MCP_OPERATION_DENIED, "" },
    { "* * Denied", MCP_OPERATION_DENIED, "" },
    { "tools/list * GRANTED", MCP_OPERATION_GRANTED, "" },
    { "tools/call echo anonymous", MCP_OPERATION_ANONYMOUS, "" },
    { "tools/call denied granted", MCP_OPERATION_GRANTED, "" },
    { "denied * x", MCP_OPERATION_SCOPES, "x" },
    { "tools/call * denied:all", MCP_OPERATION_SCOPES, "denied:all" },
    { "resources/read file:///a/* files:read", MCP_OPERATION_SCOPES, "files:read" },
    { "resources/read file:///a/.* files:read", MCP_OPERATION_SCOPES, "files:read" },
    { "tools/call [a-c]? x", MCP_OPERATION_SCOPES, "x" },
    { "tools/call []a]][!]a][^]a] x", MCP_OPERATION_SCOPES, "x" },
    { "tools/call a\\[b x", MCP_OPERATION_SCOPES, "x" },
    { "tools/call [\\]a] x", MCP_OPERATION_SCOPES, "x" },
    { "tools/call [[] x", MCP_OPERATION_SCOPES, "x" },
    { "tools/call a]b x", MCP_OPERATION_SCOPES, "x" },
};

static const struct {
    const char *name, *line, *wrong;
} bad[] = {
    { "nothing", "", "'' is not a method, a pattern for its name, and what it needs" EXAMPLE },
    { "a method", "tools/call", "'tools/call' is not a method, a pattern for its name, and what it needs" EXAMPLE },
    { "no need", "tools/call *", "'tools/call' is not a method, a pattern for its name, and what it needs" EXAMPLE },
    { "a pattern for a method", "tools/* * x",
      "'tools/*' is a pattern; a method is named to the letter, or * for any" EXAMPLE },
    { "another", "tools/c?ll * x", "'tools/c?ll' is a pattern; a method is named to the letter, or * for any" EXAMPLE },
    { "a third", "[a] * x", "'[a]' is a pattern; a method is named to the letter, or * for any" EXAMPLE },
    { "two asterisks", "** * x", "'**' is a pattern; a method is named to the letter, or * for any" EXAMPLE },
    { "a backslash", "a\\b * x", "'a\\b' is a pattern; a method is named to the letter, or * for any" EXAMPLE },
    { "I-31 two dots", "resources/read file:///a/../* x",
      "'file:///a/../*' has a dot segment, with which every request is refused" EXAMPLE },
    { "I-31 encoded", "resources/read file:///a/%2E./b x",
      "'file:///a/%2E./b' has a dot segment, with which every request is refused" EXAMPLE },
    { "I-31 at the end", "resources/read file:///a/. x",
      "'file:///a/.' has a dot segment, with which every request is refused" EXAMPLE },
    { "an open bracket", "tools/call delete_[a-c denied", "'delete_[a-c' has a bracket that is not closed" EXAMPLE },
    { "at the end", "tools/call a[ x", "'a[' has a bracket that is not closed" EXAMPLE },
    { "closed by what stands for itself", "tools/call [!] x", "'[!]' has a bracket that is not closed" EXAMPLE },
    { "and without the sign", "tools/call [] x", "'[]' has a bracket that is not closed" EXAMPLE },
    { "escaped", "tools/call [a\\] x", "'[a\\]' has a bracket that is not closed" EXAMPLE },
    { "denied and a scope", "tools/call * denied x", "'denied' stands beside other words" EXAMPLE },
    { "a scope and denied", "tools/call * x denied", "'denied' stands beside other words" EXAMPLE },
    { "two kinds", "tools/call * granted denied", "'granted' stands beside other words" EXAMPLE },
    { "a scope and anonymous", "tools/call * x Anonymous", "'Anonymous' stands beside other words" EXAMPLE },
};

static void test_parse(apr_pool_t *pool)
{
    mcp_operation_t rule;
    char *words[] = { "tools/call", "*", "files read" };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        is_str(parse(&rule, good[i].line, pool), NULL, "'%s' is a rule", good[i].line);
        is_int(rule.kind, good[i].kind, "'%s': its kind", good[i].line);
        is_str(mcp_scope_format(rule.scopes, NULL, pool), good[i].scopes, "'%s': its scopes", good[i].line);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_str(parse(&rule, bad[i].line, pool), bad[i].wrong, "%s", bad[i].name);
    }
    ok(mcp_operation_parse(&rule, 3, words, pool) != NULL, "a blank in a scope is refused");
    words[2] = "\"x\"";
    ok(mcp_operation_parse(&rule, 3, words, pool) != NULL, "and quotes");
    words[2] = "offline_access";
    ok(mcp_operation_parse(&rule, 3, words, pool) != NULL, "and offline_access");
}

static void test_lengths(apr_pool_t *pool)
{
    for (int more = 0; more < 2; more++) {
        mcp_view_t method = bytes_repeat("", "m", MCP_LIMIT_RPC_METHOD + more, ""),
                   pattern = bytes_repeat("", "p", MCP_LIMIT_RPC_NAME + more, "");
        mcp_operation_t rule;
        char *methods[] = { mcp_view_dup(method, pool), "*", "x" },
             *patterns[] = { "a", mcp_view_dup(pattern, pool), "x" };

        ok(!mcp_operation_parse(&rule, 3, methods, pool) == !more, "a method of %d bytes", (int)method.len);
        ok(!mcp_operation_parse(&rule, 3, patterns, pool) == !more, "a pattern of %d bytes", (int)pattern.len);
        bytes_free(method);
        bytes_free(pattern);
    }
}

/* Rules divided by ';'. */
static apr_array_header_t *rules_of(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *rules = apr_array_make(pool, 4, sizeof(mcp_operation_t));
    char *state, *copy = apr_pstrdup(pool, text);

    for (char *line = apr_strtok(copy, ";", &state); line; line = apr_strtok(NULL, ";", &state)) {
        if (parse(apr_array_push(rules), line, pool)) {
            apr_array_pop(rules);
        }
    }
    return rules;
}

#define PARAMS(method, params) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"
#define CALL(name) PARAMS("tools/call", "{\"name\":\"" name "\"}")
#define READ(uri) PARAMS("resources/read", "{\"uri\":\"" uri "\"}")

static const struct {
    const char *name, *rules, *body;
    int which; /* of the rules, -1 for none */
} found[] = {
    { "the only one", "tools/call echo a", CALL("echo"), 0 },
    { "I-30 none", "tools/call echo a", CALL("other"), -1 },
    { "I-30 no rules", "", CALL("other"), -1 },
    { "I-30 deny the rest", "tools/call echo a;* * denied", CALL("other"), 1 },
    { "the first", "tools/call * a;tools/call echo b", CALL("echo"), 0 },
    { "the first that matches", "tools/call x a;tools/call echo b;tools/call echo c", CALL("echo"), 1 },
    { "a pattern", "tools/call delete_* a", CALL("delete_file"), 0 },
    { "nothing behind its beginning", "tools/call delete_* a", CALL("delete_"), 0 },
    { "the whole name", "tools/call delete a", CALL("delete_file"), -1 },
    { "not its end", "tools/call file a", CALL("delete_file"), -1 },
    { "one byte", "tools/call a?c a", CALL("abc"), 0 },
    { "two", "tools/call a?c a", CALL("abbc"), -1 },
    { "a class", "tools/call [a-c]x a", CALL("bx"), 0 },
    { "another byte", "tools/call [a-c]x a", CALL("dx"), -1 },
    { "all but a class", "tools/call [!a-c]x a", CALL("dx"), 0 },
    { "an asterisk as a byte", "tools/call a\\*b a", CALL("a*b"), 0 },
    { "and not as a pattern", "tools/call a\\*b a", CALL("axb"), -1 },
    { "I-11 case matters", "tools/call Echo a", CALL("echo"), -1 },
    { "I-11 in methods as well", "tools/Call * a", CALL("echo"), -1 },
    { "I-15 exact bytes", "tools/call caf\xc3\xa9 a", CALL("cafe\xcc\x81"), -1 },
    { "I-15 the same bytes", "tools/call caf\xc3\xa9 a", CALL("caf\\u00e9"), 0 },
    { "I-15 a homoglyph", "tools/call delete denied", CALL("d\\u0435lete"), -1 },
    { "I-15 of which a list says nothing", "tools/call delete a;* * denied", CALL("d\\u0435lete"), 1 },
    { "another method", "prompts/get echo a", CALL("echo"), -1 },
    { "any method", "* echo a", CALL("echo"), 0 },
    { "any method, another name", "* echo a", CALL("x"), -1 },
    { "slashes", "resources/read file:///a/* a", READ("file:///a/b/c"), 0 },
    { "a dot at the beginning", "resources/read * a", READ(".hidden"), 0 },
    { "a dot behind a slash", "resources/read file:///a/* a", READ("file:///a/.b"), 0 },
    { "I-31 the case of a scheme", "resources/read file:///* a", READ("FILE:///a"), -1 },
    { "I-31 an encoded letter", "resources/read file:///a a", READ("file:///%61"), -1 },
    { "I-32 completion", "completion/complete p a",
      PARAMS("completion/complete", "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"}}"), 0 },
    { "I-32 a rule for tools is none for tasks", "tools/call * a", PARAMS("tasks/get", "{\"taskId\":\"t\"}"), -1 },
    { "I-32 a task", "tasks/get t a", PARAMS("tasks/get", "{\"taskId\":\"t\"}"), 0 },
    { "I-29 a notification", "tools/call * a",
      "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"x\"}}", 0 },
    { "no name", "tools/list * a", PARAMS("tools/list", "{}"), 0 },
    { "no name, and one wanted", "tools/list ?* a", PARAMS("tools/list", "{}"), -1 },
    { "no name, whatever stands there", "tools/list x a", PARAMS("tools/list", "{\"name\":\"x\"}"), -1 },
    { "I-30 an extension", "acme/do * a", PARAMS("acme/do", "{\"name\":\"x\"}"), 0 },
    { "I-30 has no name that is known", "acme/do x a", PARAMS("acme/do", "{\"name\":\"x\"}"), -1 },
    { "I-28 a response", "response * a", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", 0 },
    { "I-28 by no other rule", "tools/call * a", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", -1 },
};

static void test_find(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
        apr_array_header_t *rules = rules_of(found[i].rules, pool);
        const mcp_operation_t *first = (const mcp_operation_t *)rules->elts, *rule = NULL;
        mcp_rpc_t message;

        is_int(mcp_rpc_read(&message, mcp_view_of(found[i].body), pool), MCP_OK, "%s: read", found[i].name);
        rule = mcp_operation_find(rules, &message, pool);
        is_int(rule ? rule - first : -1, found[i].which, "%s", found[i].name);
    }
}

/* Asterisks that could each be anywhere. A search that tried all ways would not come to an end. */
static void test_asterisks(apr_pool_t *pool)
{
    mcp_view_t name = bytes_repeat("", "a", MCP_LIMIT_RPC_NAME, "");
    apr_array_header_t *rules = rules_of("tools/call *a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b denied", pool);
    mcp_rpc_t message = { .method = BYTES("tools/call"), .name = name };

    ok(!mcp_operation_find(rules, &message, pool), "I-26 many asterisks and a long name");
    bytes_free(name);
}

static void test_has(apr_pool_t *pool)
{
    apr_array_header_t *rules = rules_of("tools/call a anonymous;* * denied", pool);

    ok(mcp_operation_has(rules, MCP_OPERATION_ANONYMOUS), "a kind that is there");
    ok(mcp_operation_has(rules, MCP_OPERATION_DENIED), "another one");
    ok(!mcp_operation_has(rules, MCP_OPERATION_GRANTED), "one that is not");
    ok(!mcp_operation_has(rules_of("", pool), MCP_OPERATION_DENIED), "no rules");
}

static const struct {
    const char *rule, *token; /* NULL: no token */
    mcp_reason_t reason;
} checks[] = {
    { NULL, NULL, MCP_OK },
    { NULL, "", MCP_OK },
    { "* * granted", NULL, MCP_OK },
    { "* * granted", "", MCP_OK },
    { "* * anonymous", NULL, MCP_OK },
    { "* * denied", NULL, MCP_DENIED_OPERATION },
    { "* * denied", "a b", MCP_DENIED_OPERATION },
    { "* * a", NULL, MCP_NO_CREDENTIALS },
    { "* * a", "", MCP_INSUFFICIENT_SCOPE },
    { "* * a", "a", MCP_OK },
    { "* * a", "A", MCP_INSUFFICIENT_SCOPE },
    { "* * a", "ab", MCP_INSUFFICIENT_SCOPE },
    { "* * a b", "a", MCP_INSUFFICIENT_SCOPE },
    { "* * a b", "b", MCP_INSUFFICIENT_SCOPE },
    { "* * a b", "b x a", MCP_OK },
    { "* * list", "read", MCP_OK },
    { "* * read", "list", MCP_INSUFFICIENT_SCOPE },
    { "* * list b", "read", MCP_INSUFFICIENT_SCOPE },
};

static void test_check(apr_pool_t *pool)
{
    apr_array_header_t *implications = apr_array_make(pool, 1, sizeof(mcp_scope_implication_t));
    mcp_scope_t *narrow = mcp_scope_make(pool);

    mcp_scope_add(narrow, mcp_view_of("list"));
    APR_ARRAY_PUSH(implications, mcp_scope_implication_t) = (mcp_scope_implication_t){ mcp_view_of("read"), narrow };
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        mcp_claims_t claims = { .scope = mcp_scope_make(pool) };
        mcp_operation_t rule;

        if (checks[i].rule) {
            parse(&rule, checks[i].rule, pool);
        }
        mcp_scope_add_string(claims.scope, mcp_view_of(checks[i].token ? checks[i].token : ""));
        is_int(mcp_operation_check(checks[i].rule ? &rule : NULL, checks[i].token ? &claims : NULL, implications, pool),
               checks[i].reason, "I-02 '%s' and %s%s", checks[i].rule ? checks[i].rule : "(no rule)",
               checks[i].token ? "the scope " : "no token", checks[i].token ? checks[i].token : "");
    }
}

static void test_need(apr_pool_t *pool)
{
    apr_array_header_t *rules = rules_of("tools/call * a b;* * b c;* * denied;* * granted", pool);
    mcp_needs_t needs = { NULL, NULL };

    for (int i = 0; i < rules->nelts; i++) {
        mcp_policy_need_scopes(&needs, APR_ARRAY_IDX(rules, i, mcp_operation_t).scopes, pool);
    }
    is_str(mcp_scope_format(needs.scopes, NULL, pool), "a b c", "I-02 what rules need, each once");
    is_str(mcp_scope_format(needs.roles, NULL, pool), "", "and no role");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_parse(pool);
    test_lengths(pool);
    test_find(pool);
    test_asterisks(pool);
    test_has(pool);
    test_check(pool);
    test_need(pool);
    apr_terminate();
    return done_testing();
}
