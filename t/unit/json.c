/* The strict JSON reader: what is refused, and how members are found. */
#include <apr_general.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/core/json.h"
#include "../lib/tap.h"

#define TEXT(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }

static const struct {
    const char *name;
    mcp_view_t text;
    mcp_reason_t any, object; /* what each of the two parsers says */
} rows[] = {
    { "an object", TEXT("{}"), MCP_OK, MCP_OK },
    { "D-07 pretty-printed", TEXT("{\n  \"a\" : [ 1 ,\t2 ]\r\n}\n"), MCP_OK, MCP_OK },
    { "D-07 escaped slash and names", TEXT("{\"\\u0061\":\"\\/\"}"), MCP_OK, MCP_OK },
    { "D-07 exponent", TEXT("{\"exp\":1.7e9}"), MCP_OK, MCP_OK },
    { "D-01 array", TEXT("[]"), MCP_OK, MCP_MALFORMED },
    { "D-01 array of an object", TEXT("[{}]"), MCP_OK, MCP_MALFORMED },
    { "D-01 string", TEXT("\"{}\""), MCP_OK, MCP_MALFORMED },
    { "D-01 number", TEXT("1"), MCP_OK, MCP_MALFORMED },
    { "D-01 true", TEXT("true"), MCP_OK, MCP_MALFORMED },
    { "D-01 null", TEXT("null"), MCP_OK, MCP_MALFORMED },
    { "D-01 nothing", TEXT(""), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 no view", { NULL, 0 }, MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 blanks", TEXT("  \t\r\n"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 cut", TEXT("{\"a\":1"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 trailing text", TEXT("{}x"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 second object", TEXT("{}{}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 trailing comma", TEXT("{\"a\":1,}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 comment", TEXT("{/**/}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 NaN", TEXT("{\"a\":NaN}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 Infinity", TEXT("{\"a\":Infinity}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 hexadecimal", TEXT("{\"a\":0x10}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 leading zero", TEXT("{\"a\":01}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-01 single quotes", TEXT("{'a':1}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-02 NUL and more behind", TEXT("{\"a\":1}\0{\"a\":2}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-02 NUL behind", TEXT("{\"a\":1}\0"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-03 bad UTF-8", TEXT("{\"a\":\"\xff\"}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-03 overlong", TEXT("{\"a\":\"\xc0\xaf\"}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-03 surrogate in UTF-8", TEXT("{\"a\":\"\xed\xa0\x80\"}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-03 lone surrogate escaped", TEXT("{\"a\":\"\\ud800\"}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-03 UTF-16", TEXT("{\0\"\0a\0\"\0:\0001\0}\0"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-03 byte order mark", TEXT("\xef\xbb\xbf{}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-04 escaped NUL", TEXT("{\"a\":\"admin\\u0000user\"}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-04 escaped NUL in a name", TEXT("{\"a\\u0000b\":1}"), MCP_MALFORMED, MCP_MALFORMED },
    { "D-05 duplicate", TEXT("{\"a\":1,\"a\":1}"), MCP_DUPLICATE_MEMBER, MCP_DUPLICATE_MEMBER },
    { "D-05 duplicate, escaped twin", TEXT("{\"exp\":1,\"\\u0065xp\":2}"), MCP_DUPLICATE_MEMBER, MCP_DUPLICATE_MEMBER },
    { "D-05 duplicate further down", TEXT("{\"a\":[{\"b\":1,\"b\":2}]}"), MCP_DUPLICATE_MEMBER, MCP_DUPLICATE_MEMBER },
    { "D-05 duplicate behind a big number", TEXT("{\"n\":123456789012345678901234567890,\"a\":1,\"a\":2}"),
      MCP_DUPLICATE_MEMBER, MCP_DUPLICATE_MEMBER },
    { "D-32 30 digits", TEXT("{\"a\":123456789012345678901234567890}"), MCP_OK, MCP_OK },
    { "D-32 2^64", TEXT("{\"a\":18446744073709551616}"), MCP_OK, MCP_OK },
    { "D-32 1e400", TEXT("{\"a\":1e400}"), MCP_MALFORMED, MCP_MALFORMED },
};

static void test_parse(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *value = NULL, *object = NULL;
        mcp_reason_t any = mcp_json_parse(&value, rows[i].text, pool);
        mcp_reason_t whole = mcp_json_parse_object(&object, rows[i].text, pool);

        is_int(any, rows[i].any, "%s: any value", rows[i].name);
        is_int(whole, rows[i].object, "%s: an object", rows[i].name);
        ok((value != NULL) == (any == MCP_OK) && (object != NULL) == (whole == MCP_OK), "%s: and only then a value",
           rows[i].name);
    }
}

/* D-06: nested a times in objects. */
static void test_depth(apr_pool_t *pool)
{
    static const struct {
        int depth;
        mcp_reason_t want;
    } depths[] = { { 500, MCP_OK }, { 600, MCP_OK }, { 2100, MCP_MALFORMED }, { 100000, MCP_MALFORMED } };

    for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
        size_t depth = (size_t)depths[i].depth;
        char *text = apr_palloc(pool, depth * 6 + 1);
        json_t *value;

        for (size_t n = 0; n < depth; n++) {
            memcpy(text + n * 5, n + 1 < depth ? "{\"a\":" : "{    ", 5);
            text[depth * 5 + n] = '}';
        }
        is_int(mcp_json_parse(&value, (mcp_view_t){ text, depth * 6 }, pool), depths[i].want, "D-06 depth %d",
               depths[i].depth);
    }
}

static void test_numbers(apr_pool_t *pool)
{
    json_t *value = NULL;

    mcp_json_parse(&value, mcp_view_of("{\"big\":123456789012345678901234567890,\"small\":5}"), pool);
    ok(fabs(json_real_value(json_object_get(value, "big")) - 123456789012345678901234567890.0) < 1e15,
       "an integer that does not fit is a real");
    mcp_json_parse(&value, mcp_view_of("{\"big\":9223372036854775807}"), pool);
    ok(json_integer_value(json_object_get(value, "big")) == 9223372036854775807LL, "one that fits is exact");
}

static const char document[] =
    "{\"realm_access\":{\"roles\":[\"a\"],\"deep\":{\"x\":1}},\"a.b\":\"whole\",\"a\":{\"b\":\"inner\",\"c\":2},"
    "\"https://example.com/roles\":\"uri\",\"a.b.c\":{\"d\":\"tail\"},\"null\":null,\"s\":\"text\","
    "\"list\":[{\"x\":1}],\"\":{\"e\":\"empty\"}}";

static const struct {
    const char *path, *text; /* NULL: none */
} paths[] = {
    { "realm_access.roles", "[\"a\"]" },
    { "realm_access.deep.x", "1" },
    { "a.b", "\"whole\"" }, /* the whole name wins */
    { "a.c", "2" },
    { "https://example.com/roles", "\"uri\"" },
    { "a.b.c.d", "\"tail\"" }, /* a name with dots on the way */
    { "null", "null" },
    { "missing", NULL },
    { "a.missing", NULL },
    { "s.x", NULL },    /* through a string */
    { "list.x", NULL }, /* through an array */
    { "null.x", NULL }, /* through null */
    { "", "{\"e\":\"empty\"}" },
    { ".e", "\"empty\"" },
    { "a.", NULL },
    { "..", NULL },
};

static void test_path(apr_pool_t *pool)
{
    json_t *object = NULL, *deep = NULL;
    char name[600];

    mcp_json_parse_object(&object, mcp_view_of(document), pool);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        json_t *found = mcp_json_path(object, mcp_view_of(paths[i].path));

        is_str(found ? mcp_json_text(found, pool) : NULL, paths[i].text, "path '%s'", paths[i].path);
    }
    memset(name, 'x', sizeof(name));
    ok(!mcp_json_path(object, (mcp_view_t){ name, sizeof(name) }), "a name longer than any claim has");
    mcp_json_parse_object(
        &deep, mcp_view_of("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}"), pool);
    ok(mcp_json_path(deep, mcp_view_of("a.a.a.a.a.a.a.a.a")), "eight dots are followed");
    ok(!mcp_json_path(deep, mcp_view_of("a.a.a.a.a.a.a.a.a.a")), "nine are not");
    ok(!mcp_json_path(NULL, mcp_view_of("a")), "no object, no member");
}

static void test_string(apr_pool_t *pool)
{
    json_t *object = NULL;
    mcp_view_t text = { "untouched", 9 };

    mcp_json_parse_object(&object, mcp_view_of("{\"s\":\"\\u00e9\",\"n\":1,\"e\":\"\"}"), pool);
    ok(!mcp_json_string(&text, NULL) && !mcp_json_string(&text, json_object_get(object, "n")),
       "NULL and numbers are no strings");
    ok(mcp_view_is(text, "untouched"), "and change nothing");
    ok(mcp_json_string(&text, json_object_get(object, "s")) && mcp_view_is(text, "\xc3\xa9"), "a string is");
    ok(mcp_json_string(&text, json_object_get(object, "e")) && text.len == 0, "the empty one as well");
}

static void test_text(apr_pool_t *pool)
{
    json_t *value = NULL;

    mcp_json_parse(&value, mcp_view_of("{ \"b\" : [ 1, \"\\\"\\\\\\n\" ], \"a\" : null }"), pool);
    is_str(mcp_json_text(value, pool), "{\"b\":[1,\"\\\"\\\\\\n\"],\"a\":null}", "compact, in the order it came");
    mcp_json_parse(&value, mcp_view_of("\"x\""), pool);
    is_str(mcp_json_text(value, pool), "\"x\"", "a value that is no object");
    is_str(mcp_json_text(NULL, pool), NULL, "no value has no text");
}

/* Running out of memory ends the process, as it does in APR. */
static void test_own(apr_pool_t *pool)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        signal(SIGABRT, SIG_DFL);
        mcp_json_own(NULL, pool);
        _exit(0);
    }
    waitpid(child, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "a value that could not be made aborts");
    ok(json_is_array(mcp_json_own(json_array(), pool)), "one that could is handed back");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_parse(pool);
    test_depth(pool);
    test_numbers(pool);
    test_path(pool);
    test_string(pool);
    test_text(pool);
    test_own(pool);
    apr_terminate();
    return done_testing();
}
