/* The Authorization field: one token, or why there is none. */
#include <apr_general.h>

#include "../../src/core/bearer.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"

static const struct {
    const char *name, *field;
    mcp_reason_t want;
    const char *token;
} rows[] = {
    { "A-01 no field", NULL, MCP_NO_CREDENTIALS, NULL },
    { "A-02 empty", "", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-02 blank", "  \t", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-02 scheme alone", "Bearer", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-02 scheme and blank", "Bearer ", MCP_CREDENTIALS_MALFORMED, NULL },
    { "right", "Bearer abc.def.ghi", MCP_OK, "abc.def.ghi" },
    { "all of token68", "Bearer aZ09-._~+/==", MCP_OK, "aZ09-._~+/==" },
    { "A-03 lower case", "bearer abc", MCP_OK, "abc" },
    { "A-03 upper case", "BEARER abc", MCP_OK, "abc" },
    { "A-03 mixed case", "bEaReR abc", MCP_OK, "abc" },
    { "A-04 several blanks", "Bearer    abc", MCP_OK, "abc" },
    { "A-05 blanks around", "  Bearer abc  ", MCP_OK, "abc" },
    { "A-05 tabs around", "\tBearer abc\t", MCP_OK, "abc" },
    { "A-06 tab between", "Bearer\tabc", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-07 two, the same", "Bearer a, Bearer a", MCP_CREDENTIALS_MULTIPLE, NULL },
    { "A-07 Basic and Bearer", "Basic eDp5, Bearer a", MCP_CREDENTIALS_MULTIPLE, NULL },
    { "A-07 Bearer and Basic", "Bearer a, Basic eDp5", MCP_CREDENTIALS_MULTIPLE, NULL },
    { "A-07 empty and good", ", Bearer a", MCP_CREDENTIALS_MULTIPLE, NULL },
    { "A-08 comma without blank", "Bearer a,b", MCP_CREDENTIALS_MULTIPLE, NULL },
    { "A-08 comma at the end", "Bearer a,", MCP_CREDENTIALS_MULTIPLE, NULL },
    { "A-08 comma behind the scheme", "Bearer, a", MCP_CREDENTIALS_MULTIPLE, NULL },
    { "A-09 two words", "Bearer a b", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-09 parameter", "Bearer a realm=x", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-09 semicolon", "Bearer a;q=1", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-09 quoted", "Bearer \"a\"", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-09 angles", "Bearer <a>", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-09 named", "Bearer access_token=\"a\"", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-09 percent", "Bearer a%2eb", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-09 only padding", "Bearer ==", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-09 padding inside", "Bearer a=b", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-10 latin-1", "Bearer a\xe9", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-10 UTF-8", "Bearer a\xc3\xa9", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-10 NBSP for the blank",
      "Bearer\xa0"
      "abc",
      MCP_OTHER_SCHEME, NULL },
    { "A-10 NBSP behind the blank",
      "Bearer \xc2\xa0"
      "abc",
      MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-11 control byte", "Bearer a\x01", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-13 obs-fold inside", "Bearer abc.d ef.ghi", MCP_CREDENTIALS_MALFORMED, NULL },
    { "A-15 no scheme", "abc.def.ghi", MCP_OTHER_SCHEME, NULL },
    { "A-15 Token", "Token abc", MCP_OTHER_SCHEME, NULL },
    { "A-15 JWT", "JWT abc", MCP_OTHER_SCHEME, NULL },
    { "A-15 OAuth", "OAuth abc", MCP_OTHER_SCHEME, NULL },
    { "A-15 BearerX", "BearerX abc", MCP_OTHER_SCHEME, NULL },
    { "A-15 colon", "Bearer: abc", MCP_OTHER_SCHEME, NULL },
    { "A-15 equals", "Bearer=abc", MCP_OTHER_SCHEME, NULL },
    { "A-15 cut", "Beare abc", MCP_OTHER_SCHEME, NULL },
    { "A-16 Basic", "Basic dXNlcjpwYXNz", MCP_OTHER_SCHEME, NULL },
    { "A-16 Digest", "Digest username=\"a\", realm=\"b\", nonce=\"c\"", MCP_OTHER_SCHEME, NULL },
    { "A-16 digest", "digest username=\"a\", realm=\"b\"", MCP_OTHER_SCHEME, NULL },
    { "A-16 Negotiate", "Negotiate YII=", MCP_OTHER_SCHEME, NULL },
    { "A-17 DPoP", "DPoP abc", MCP_OTHER_SCHEME, NULL },
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_view_t token = { "untouched", 9 };

        is_int(mcp_bearer_parse(&token, rows[i].field), rows[i].want, "%s", rows[i].name);
        ok(mcp_view_is(token, rows[i].token ? rows[i].token : "untouched"), "%s: token", rows[i].name);
    }
}

/* each byte inside a token. */
static void test_bytes(void)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    int wrong = 0;

    for (int byte = 1; byte < 256; byte++) {
        char field[] = "Bearer a?b";
        mcp_view_t token;

        field[8] = (char)byte;
        wrong += (mcp_bearer_parse(&token, field) == MCP_OK) != (strchr(allowed, byte) != NULL);
    }
    is_int(wrong, 0, "A-10 token68 and no other byte");
}

static void test_size(apr_pool_t *pool)
{
    static const struct {
        apr_size_t size;
        mcp_reason_t want;
    } sizes[] = { { 1, MCP_OK },
                  { 8192, MCP_OK },
                  { MCP_LIMIT_TOKEN, MCP_OK },
                  { MCP_LIMIT_TOKEN + 1, MCP_CREDENTIALS_TOO_LONG },
                  { 1000000, MCP_CREDENTIALS_TOO_LONG } };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *field = apr_palloc(pool, sizes[i].size + 8);
        mcp_view_t token;

        memcpy(field, "Bearer ", 7);
        memset(field + 7, 'a', sizes[i].size);
        field[7 + sizes[i].size] = '\0';
        is_int(mcp_bearer_parse(&token, field), sizes[i].want, "A-27 %d bytes", (int)sizes[i].size);
    }
}

static const struct {
    const char *field;
    bool carries;
} carriers[] = {
    { "Bearer abc", true },   { "bearer abc", true }, { "BEARER\tabc", true }, { " \tBearer abc", true },
    { "Bearer", true },       { "DPoP abc", true },   { "dpop abc", true },    { "Basic abc", false },
    { "BearerX abc", false }, { "", false },          { "Bearer=abc", false }, { "abc", false },
};

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_rows();
    test_bytes();
    test_size(pool);
    for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
        ok(mcp_bearer_carries_token(carriers[i].field) == carriers[i].carries, "'%s' %s", carriers[i].field,
           carriers[i].carries ? "carries a token" : "carries none");
    }
    apr_terminate();
    return done_testing();
}
