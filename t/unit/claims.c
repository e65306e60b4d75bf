/* Claims: facts read from a payload. */
#include <apr_general.h>

#include "../../src/core/limits.h"
#include "../lib/tap.h"
#include "claimant.h"

static const struct {
    const char *name, *members, *user, *subject, *client;
    mcp_reason_t want;
} subjects[] = {
    { "sub and client_id", "\"sub\":\"alice\",\"client_id\":\"app\"", "alice", "alice", "app", MCP_OK },
    { "D-26 sub missing", "\"client_id\":\"app\"", "app", NULL, "app", MCP_OK },
    { "D-26 sub empty", "\"sub\":\"\",\"client_id\":\"app\"", "app", NULL, "app", MCP_OK },
    { "D-26 sub null", "\"sub\":null,\"client_id\":\"app\"", "app", NULL, "app", MCP_OK },
    { "D-26 sub a number", "\"sub\":7", NULL, NULL, NULL, MCP_NO_SUBJECT },
    { "D-26 sub an object", "\"sub\":{\"a\":\"b\"}", NULL, NULL, NULL, MCP_NO_SUBJECT },
    { "D-26 sub an array", "\"sub\":[\"alice\"]", NULL, NULL, NULL, MCP_NO_SUBJECT },
    { "D-26 nothing", "\"x\":1", NULL, NULL, NULL, MCP_NO_SUBJECT },
    { "D-26 azp", "\"sub\":\"alice\",\"azp\":\"app\"", "alice", "alice", "app", MCP_OK },
    { "D-31 any client", "\"sub\":\"alice\",\"client_id\":\"\",\"azp\":\"app\"", "alice", "alice", "app", MCP_OK },
    { "D-27 control bytes", "\"sub\":\"a\\r\\nb\"", "a\r\nb", "a\r\nb", NULL, MCP_OK },
};

static void test_subject(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        mcp_claims_t claims;
        const char *text = apr_psprintf(pool, "{%s,\"exp\":1700003600,\"aud\":\"" RESOURCE "\"}", subjects[i].members);

        is_int(claimant_judge(&claims, text, pool), subjects[i].want, "%s", subjects[i].name);
        is_str(claimant_text(claims.user, pool), subjects[i].user, "%s: user", subjects[i].name);
        is_str(claimant_text(claims.subject, pool), subjects[i].subject, "%s: subject", subjects[i].name);
        is_str(claimant_text(claims.client, pool), subjects[i].client, "%s: client", subjects[i].name);
        is_str(claimant_text(claims.id, pool), NULL, "%s: no jti", subjects[i].name);
    }
}

static const struct {
    const char *name, *members, *prefix, *scopes;
} scopes[] = {
    { "scope", "\"scope\":\"a b\"", NULL, "a b" },
    { "D-24 scp string", "\"scp\":\"a b\"", NULL, "a b" },
    { "D-24 scp array", "\"scp\":[\"a\",\"b\"]", NULL, "a b" },
    { "D-24 scope array", "\"scope\":[\"a\",\"b\"]", NULL, "a b" },
    { "D-24 never a mixture", "\"scope\":\"a\",\"scp\":\"b\"", NULL, "a" },
    { "D-24 scope empty", "\"scope\":\"\",\"scp\":\"b\"", NULL, "" },
    { "D-25 scope null", "\"scope\":null,\"scp\":\"b\"", NULL, "" },
    { "D-25 number", "\"scope\":7", NULL, "" },
    { "D-25 object", "\"scope\":{\"a\":true}", NULL, "" },
    { "D-25 nested array", "\"scope\":[[\"a\"],\"b\"]", NULL, "b" },
    { "D-25 mixed array", "\"scope\":[1,null,\"b\"]", NULL, "b" },
    { "D-25 two in one member", "\"scope\":[\"a b\",\"c\"]", NULL, "c" },
    { "D-25 tab and newline", "\"scope\":\"a\\tb\\nc d\"", NULL, "d" },
    { "D-25 quote and CR LF", "\"scope\":\"a\\\"b c\\r\\nd e\"", NULL, "e" },
    { "none", "\"x\":1", NULL, "" },
    { "prefix off", "\"scope\":\"api://f/a b\"", "api://f/", "a b" },
    { "prefix alone stays", "\"scope\":\"api://f/\"", "api://f/", "api://f/" },
    { "prefix off once", "\"scope\":\"p/p/a\"", "p/", "p/a" },
    { "prefix off makes twins", "\"scope\":\"p/a a\"", "p/", "a" },
    { "empty prefix", "\"scope\":\"a\"", "", "a" },
};

static void test_scope(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        mcp_claims_t claims;
        const char *text =
            apr_psprintf(pool, "{%s,\"exp\":1700003600,\"aud\":\"" RESOURCE "\",\"sub\":\"u\"}", scopes[i].members);

        claimant_names.scope_prefix = scopes[i].prefix;
        is_int(claimant_judge(&claims, text, pool), MCP_OK, "%s", scopes[i].name);
        is_str(mcp_scope_format(claims.scope, NULL, pool), scopes[i].scopes, "%s: the scopes", scopes[i].name);
    }
    claimant_names.scope_prefix = NULL;
}

/* D-25: 2000 scopes, and more than are kept. */
static void test_many_scopes(apr_pool_t *pool)
{
    static const int counts[] = { 2000, MCP_LIMIT_SCOPES, 2 * MCP_LIMIT_SCOPES };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        char *text = apr_palloc(pool, (size_t)counts[i] * 6 + 100), *end = text;
        mcp_claims_t claims;

        end += sprintf(end, "{\"exp\":1700003600,\"aud\":\"" RESOURCE "\",\"sub\":\"u\",\"scope\":\"");
        for (int n = 0; n < counts[i]; n++) {
            end += sprintf(end, "%x ", n);
        }
        sprintf(end, "\"}");
        is_int(claimant_judge(&claims, text, pool), MCP_OK, "D-25 %d scopes", counts[i]);
        is_int(claims.scope->nelts, counts[i] < MCP_LIMIT_SCOPES ? counts[i] : MCP_LIMIT_SCOPES,
               "D-25 no more than the limit");
    }
}

static void test_roles(apr_pool_t *pool)
{
    static const struct {
        const char *member;
        int count;
    } rows[] = {
        { "\"roles\":[\"a\",\"b\"]", 2 },  { "\"roles\":\"a b\"", 1 },   { "\"roles\":[]", 0 },
        { "\"roles\":[1,null,\"a\"]", 1 }, { "\"roles\":{\"a\":1}", 0 }, { "\"realm_access\":{\"roles\":[\"a\"]}", 1 },
        { "\"realm_access\":[\"a\"]", 0 }
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_claims_t claims;

        claimant_judge(&claims, apr_psprintf(pool, "{\"exp\":1700003600,%s}", rows[i].member), pool);
        is_int(claims.roles->nelts, rows[i].count, "roles of %s", rows[i].member);
    }
}

static const struct {
    const char *name, *payload;
    bool given;
    const char *issuer;
} issuers[] = {
    { "a string", "{\"iss\":\"https://as.example.com\"}", true, ISSUER },
    { "D-21 to the letter", "{\"iss\":\"https://AS.example.com/\"}", true, "https://AS.example.com/" },
    { "D-20 missing", "{}", false, NULL },
    { "D-20 null", "{\"iss\":null}", false, NULL },
    { "D-20 empty", "{\"iss\":\"\"}", true, "" },
    { "D-20 number", "{\"iss\":1}", false, NULL },
    { "D-20 array with ours", "{\"iss\":[\"https://as.example.com\"]}", false, NULL },
    { "D-20 object", "{\"iss\":{}}", false, NULL },
};

static void test_issuer(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
        mcp_view_t issuer = { NULL, 0 };

        ok(mcp_claims_issuer(&issuer, claimant_object(issuers[i].payload, pool)) == issuers[i].given, "iss %s",
           issuers[i].name);
        is_str(claimant_text(issuer, pool), issuers[i].issuer, "iss %s: its text", issuers[i].name);
    }
}

static const struct {
    const char *path, *text;
} texts[] = {
    { "s", "text" }, { "i", "-7" },    { "t", "true" },     { "f", "false" },   { "n", NULL },
    { "r", NULL },   { "o", NULL },    { "o.in", "x" },     { "absent", NULL }, { "list", "a 1 true" },
    { "empty", "" }, { "nested", "" }, { "u", "\xc3\xa9" }, { "c", "a\r\nb" },
};

static const struct {
    const char *path, *value;
    bool contains;
} contents[] = {
    { "s", "text", true },    { "s", "tex", false },   { "s", "textx", false },  { "s", "Text", false },
    { "s", "", false },       { "i", "-7", true },     { "i", "-7.0", false },   { "i", "7", false },
    { "t", "true", true },    { "t", "false", false }, { "f", "false", true },   { "n", "null", false },
    { "n", "", false },       { "r", "1.5", false },   { "list", "a", true },    { "list", "1", true },
    { "list", "true", true }, { "list", "b", false },  { "list", "a 1", false }, { "nested", "x", false },
    { "empty", "", false },   { "o", "x", false },     { "o.in", "x", true },    { "absent", "x", false },
    { "absent", "", false },  { "c", "a", false },
};

#define MANY                                                                                                       \
    "{\"s\":\"text\",\"i\":-7,\"t\":true,\"f\":false,\"n\":null,\"r\":1.5,\"o\":{\"in\":\"x\"},\"list\":[\"a\",1," \
    "true,null,{}],"                                                                                               \
    "\"empty\":[],\"nested\":[[\"x\"]],\"u\":\"\\u00e9\",\"c\":\"a\\r\\nb\"}"

/* By its tree, or by its text alone: the same. */
static void test_texts(bool by_text, apr_pool_t *pool)
{
    mcp_payload_t payload = { .text = mcp_view_of(MANY), .tree = by_text ? NULL : claimant_object(MANY, pool) };
    mcp_claims_t claims = { .payload = &payload };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        is_str(mcp_claims_text(&claims, texts[i].path, pool), texts[i].text, "text of %s", texts[i].path);
    }
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        ok(mcp_claims_contain(&claims, contents[i].path, contents[i].value) == contents[i].contains, "%s %s '%s'",
           contents[i].path, contents[i].contains ? "contains" : "does not contain", contents[i].value);
    }
    if (by_text) {
        mcp_payload_release(&payload);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    claimant_begin(pool);
    test_subject(pool);
    test_scope(pool);
    test_many_scopes(pool);
    test_roles(pool);
    test_issuer(pool);
    test_texts(false, pool);
    test_texts(true, pool);
    apr_terminate();
    return done_testing();
}
