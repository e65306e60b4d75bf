/* What a claim looks like in a header field and in REMOTE_USER, byte by byte. */
#include <apr_general.h>

#include "../../src/core/encode.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"

static const struct {
    const char *name, *value;
    bool clean;
    const char *header, *user, *form;
} rows[] = {
    { "plain", "alice@example.com", true, "alice@example.com", "alice@example.com", "alice%40example.com" },
    { "nothing", "", true, "", "", "" },
    { "inner blank", "a b", true, "a b", "a b", "a%20b" },
    { "blanks at both ends", " a ", true, "%20a%20", " a ", "%20a%20" },
    { "one blank", " ", true, "%20", " ", "%20" },
    { "two blanks", "  ", true, "%20%20", "  ", "%20%20" },
    { "percent", "100%", true, "100%25", "100%25", "100%25" },
    { "no two look alike", "100%25", true, "100%2525", "100%2525", "100%2525" },
    { "D-27 Unicode", "J\xc3\xb6rg", true, "J%C3%B6rg", "J\xc3\xb6rg", "J%C3%B6rg" },
    { "D-27 CR LF", "a\r\nX-MCP-Scope: admin", false, "a%0D%0AX-MCP-Scope: admin", "a%0D%0AX-MCP-Scope: admin",
      "a%0D%0AX-MCP-Scope%3A%20admin" },
    { "D-27 tab", "a\tb", false, "a%09b", "a%09b", "a%09b" },
    { "D-27 DEL", "a\x7f", false, "a%7F", "a%7F", "a%7F" },
    { "D-27 C1 control in UTF-8", "\xc2\x85", true, "%C2%85", "\xc2\x85", "%C2%85" },
    { "H-41 path and quotes", "../\"x\"", true, "../\"x\"", "../\"x\"", "..%2F%22x%22" },
};

static void test_rows(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_view_t value = mcp_view_of(rows[i].value);

        ok(mcp_encode_is_clean(value) == rows[i].clean, "%s: clean or not", rows[i].name);
        is_str(mcp_encode_header(value, pool), rows[i].header, "%s: header", rows[i].name);
        is_str(mcp_encode_user(value, pool), rows[i].user, "%s: user", rows[i].name);
        is_str(mcp_encode_form(value, pool), rows[i].form, "%s: form", rows[i].name);
    }
}

static void test_bytes(apr_pool_t *pool)
{
    int unclean = 0, escaped_in_header = 0, escaped_in_user = 0, raw = 0, plain_in_form = 0;

    for (int byte = 0; byte < 256; byte++) {
        char text[3] = { 'a', (char)byte, 'b' };
        mcp_view_t value = { text, 3 };
        const char *header = mcp_encode_header(value, pool), *user = mcp_encode_user(value, pool);

        unclean += !mcp_encode_is_clean(value);
        escaped_in_header += strlen(header) == 5;
        escaped_in_user += strlen(user) == 5;
        plain_in_form += strlen(mcp_encode_form(value, pool)) == 3;
        for (const char *c = header; *c; c++) {
            raw += *c < 0x20 || *c > 0x7e;
        }
    }
    is_int(unclean, 33, "33 control bytes, NUL among them");
    is_int(escaped_in_header, 33 + 128 + 1, "in a header they, all beyond ASCII and the percent sign are escaped");
    is_int(escaped_in_user, 33 + 1, "in REMOTE_USER they and the percent sign");
    is_int(plain_in_form, 26 + 26 + 10 + 4, "in a form all but letters, digits and - . _ ~");
    is_int(raw, 0, "no header value has another byte than %%x20-7E");
}

static void test_line(apr_pool_t *pool)
{
    static const char text[] = "a\r\nX-MCP-Scope: admin\x7f";

    is_str(mcp_encode_line(text, pool), "a  X-MCP-Scope: admin ", "W-01 control bytes are blanks in an expression");
    is_str(mcp_encode_line("J\xc3\xb6rg 100%", pool), "J\xc3\xb6rg 100%", "W-01 and nothing else is changed");
    is_str(text, "a\r\nX-MCP-Scope: admin\x7f", "W-01 in a copy");
}

static void test_limit(apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, MCP_LIMIT_IDENTITY + 1);

    memset(text, 'a', MCP_LIMIT_IDENTITY + 1);
    ok(mcp_encode_is_clean((mcp_view_t){ text, MCP_LIMIT_IDENTITY }), "D-27 as long as may be");
    ok(!mcp_encode_is_clean((mcp_view_t){ text, MCP_LIMIT_IDENTITY + 1 }), "D-27 one byte longer");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_rows(pool);
    test_bytes(pool);
    test_line(pool);
    test_limit(pool);
    apr_terminate();
    return done_testing();
}
