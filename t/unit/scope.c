/* Sets of scopes and the hierarchy between them. */
#include <apr_general.h>

#include "../../src/core/limits.h"
#include "../../src/core/scope.h"
#include "../lib/tap.h"

static mcp_scope_t *set_of(const char *words, apr_pool_t *pool)
{
    mcp_scope_t *set = mcp_scope_make(pool);

    mcp_scope_add_string(set, mcp_view_of(words));
    return set;
}

/* "a>b c;b>d": a implies b and c, b implies d. */
static apr_array_header_t *implications_of(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *rules = apr_array_make(pool, 4, sizeof(mcp_scope_implication_t));
    char *state, *copy = apr_pstrdup(pool, text);

    for (char *rule = apr_strtok(copy, ";", &state); rule; rule = apr_strtok(NULL, ";", &state)) {
        char *narrow = strchr(rule, '>');

        *narrow++ = '\0';
        APR_ARRAY_PUSH(rules, mcp_scope_implication_t) =
            (mcp_scope_implication_t){ mcp_view_of(rule), set_of(narrow, pool) };
    }
    return rules;
}

/* RFC 6749 3.3, byte by byte. */
static void test_token(apr_pool_t *pool)
{
    int wrong = 0;

    for (int byte = 0; byte < 256; byte++) {
        char text[3] = { 'a', (char)byte, 'b' };
        bool want = byte == 0x21 || (byte >= 0x23 && byte <= 0x5b) || (byte >= 0x5d && byte <= 0x7e);

        wrong += mcp_scope_is_token((mcp_view_t){ text, 3 }) != want;
    }
    is_int(wrong, 0, "D-25 the bytes of RFC 6749 3.3 and no other");
    ok(!mcp_scope_is_token((mcp_view_t){ "", 0 }), "nothing is no token");
    is_str(mcp_scope_format(set_of("a", pool), NULL, pool), "a", "one token");
}

static const struct {
    const char *name, *text, *set;
} strings[] = {
    { "two", "a b", "a b" },
    { "many blanks", "  a   b ", "a b" },
    { "each once", "a b a", "a b" },
    { "case matters", "a A", "a A" },
    { "D-25 tab does not separate", "a\tb c", "c" },
    { "D-25 newline does not separate", "a\nb c", "c" },
    { "D-25 CR LF", "a\r\nb", "" },
    { "D-25 quote", "a\"b c", "c" },
    { "D-25 backslash", "a\\b c", "c" },
    { "beyond ASCII", "\xc3\xa9 c", "c" },
    { "a comma is a byte like others", "a,b", "a,b" },
    { "nothing", "", "" },
    { "blanks", "   ", "" },
};

static void test_string(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        is_str(mcp_scope_format(set_of(strings[i].text, pool), NULL, pool), strings[i].set, "%s", strings[i].name);
    }
}

static const struct {
    const char *have, *rules, *want;
    bool granted;
} grants[] = {
    { "a", "", "a", true },
    { "a", "", "b", false },
    { "", "", "a", false },
    { "tools", "", "mcp:tools-admin", false }, /* D-24 */
    { "mcp:tools-admin", "", "tools", false },
    { "admin", "admin>write read", "read", true },
    { "admin", "admin>write;write>read", "read", true }, /* transitive */
    { "admin", "write>read;admin>write", "read", true }, /* in any order */
    { "read", "admin>write;write>read", "admin", false },
    { "a", "a>b;b>c;c>a", "c", true }, /* a cycle */
    { "d", "a>b;b>c;c>a", "c", false },
    { "a", "a>a", "b", false },
    { "a", "a>b;b>a", "a", true },
    { "x", "a>b;x>a", "b", true },
    { "ad", "admin>read", "read", false },
};

static void test_grants(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
        ok(mcp_scope_grants(set_of(grants[i].have, pool), implications_of(grants[i].rules, pool),
                            mcp_view_of(grants[i].want), pool) == grants[i].granted,
           "'%s' %s '%s' under '%s'", grants[i].have, grants[i].granted ? "grants" : "does not grant", grants[i].want,
           grants[i].rules);
    }
    ok(!mcp_scope_grants(set_of("a", pool), NULL, mcp_view_of("b"), pool), "without implications");
    ok(!mcp_scope_grants(NULL, implications_of("a>b", pool), mcp_view_of("b"), pool), "the empty set grants nothing");
    ok(!mcp_scope_has(NULL, mcp_view_of("a")), "and has nothing");
}

static const struct {
    const char *set, *rules, *rest;
} reduced[] = {
    { "a b", "", "a b" },
    { "read write", "write>read", "write" },
    { "write read", "write>read", "write" },
    { "read admin", "admin>write;write>read", "admin" },
    { "a b", "a>b;b>a", "a" }, /* of two that imply each other the first */
    { "b a", "a>b;b>a", "b" },
    { "a b c", "a>b;b>c;c>a", "a" },
    { "a a", "", "a" },
    { "", "a>b", "" },
    { "read other", "admin>read", "read other" },
};

static void test_reduce(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(reduced) / sizeof(reduced[0]); i++) {
        is_str(mcp_scope_format(
                   mcp_scope_reduce(set_of(reduced[i].set, pool), implications_of(reduced[i].rules, pool), pool), NULL,
                   pool),
               reduced[i].rest, "'%s' under '%s'", reduced[i].set, reduced[i].rules);
    }
    is_str(mcp_scope_format(mcp_scope_reduce(NULL, NULL, pool), NULL, pool), "", "the empty set");
}

static void test_format(apr_pool_t *pool)
{
    mcp_scope_t *set = set_of("files:read openid profile email address phone https://h/x", pool);

    is_str(mcp_scope_format(set, "api://app/", pool),
           "api://app/files:read openid profile email address phone https://h/x", "what goes without a prefix");
    is_str(mcp_scope_format(NULL, "api://app/", pool), "", "the empty set");
    is_str(mcp_scope_wire(mcp_view_of("openidx"), "p/", pool), "p/openidx", "only the very names");
    is_str(mcp_scope_wire(mcp_view_of("://"), "p/", pool), "://", "the shortest that looks like a URI");
    is_str(mcp_scope_wire(mcp_view_of(":/"), "p/", pool), "p/:/", "a shorter one");
}

static void test_add(apr_pool_t *pool)
{
    mcp_scope_t *set = set_of("a", pool);

    mcp_scope_add_all(set, set_of("b a c", pool));
    mcp_scope_add_all(set, NULL);
    mcp_scope_add(set, mcp_view_of("d e"));
    is_str(mcp_scope_format(set, NULL, pool), "a b c", "each once, no blanks in it");
    set = mcp_scope_make(pool);
    for (int i = 0; i < MCP_LIMIT_SCOPES + 10; i++) {
        mcp_scope_add(set, mcp_view_of(apr_psprintf(pool, "s%d", i)));
    }
    is_int(set->nelts, MCP_LIMIT_SCOPES, "D-25 so many and no more");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_token(pool);
    test_string(pool);
    test_grants(pool);
    test_reduce(pool);
    test_format(pool);
    test_add(pool);
    apr_terminate();
    return done_testing();
}
