/* Names of header fields: which are one for a backend, which no claim may set, which a page may send. */
#include <apr_general.h>

#include "../../src/core/field.h"
#include "../lib/tap.h"

static const struct {
    const char *name, *other;
    bool same;
} pairs[] = {
    { "X-MCP-Subject", "X-MCP-Subject", true },
    { "x-mcp-subject", "X-MCP-Subject", true },
    { "X_MCP_Subject", "X-MCP-Subject", true },
    { "X.MCP~Subject", "X-MCP-Subject", true },
    { "X\x80MCP\xffSubject", "X-MCP-Subject", true },
    { "X-MCP-Subjec", "X-MCP-Subject", false },
    { "X-MCP-Subject-", "X-MCP-Subject", false },
    { "X-MCP-Subjects", "X-MCP-Subject", false },
    { "XMCPSubject", "X-MCP-Subject", false },
    { "X--MCP-Subject", "X-MCP-Subject", false },
    { "XaMCP-Subject", "X-MCP-Subject", false },
    { "X-MCP-Scope", "X-MCP-Subject", false },
    { "X1", "X2", false },
    { "X1", "X_", false },
    { "", "", true },
    { "", "X", false },
};

static void test_same(void)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const char *name = pairs[i].name, *other = pairs[i].other;

        ok(mcp_field_is_same(mcp_view_of(name), other) == pairs[i].same, "'%s' and '%s'", name, other);
        ok(mcp_field_is_same(mcp_view_of(other), name) == pairs[i].same, "'%s' and '%s'", other, name);
    }
    ok(mcp_field_is_same((mcp_view_t){ "X-MCP-Scope, close", 11 }, "X-MCP-Scope"), "no byte behind the name counts");
    ok(!mcp_field_is_same((mcp_view_t){ "X\0Y", 3 }, "X"), "nor ends a NUL the name");
}

static void test_reserved(void)
{
    static const char *const reserved[] = { "Accept", "X-Forwarded-Proto", "authorization", "MCP-SESSION-ID" };
    static const char *const free_ones[] = { "X-MCP-Subject", "X-User", "Authorizatio", "Authorization2", "" };

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        ok(mcp_field_is_reserved(reserved[i]), "no claim may set %s", reserved[i]);
    }
    for (size_t i = 0; i < sizeof(free_ones) / sizeof(free_ones[0]); i++) {
        ok(!mcp_field_is_reserved(free_ones[i]), "a claim may set '%s'", free_ones[i]);
    }
}

static const struct {
    const char *name;
    bool token;
} variables[] = {
    { "HTTP_AUTHORIZATION", true },
    { "REDIRECT_HTTP_AUTHORIZATION", true },
    { "REDIRECT_REDIRECT_HTTP_AUTHORIZATION", true },
    { "HTTP_AUTHORIZATION_", false },
    { "HTTP_PROXY_AUTHORIZATION", false },
    { "REDIRECT_", false },
    { "REDIRECT_STATUS", false },
    { "AUTHORIZATION", false },
    { "", false },
};

static void test_variables(void)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        ok(mcp_field_is_token_variable(variables[i].name) == variables[i].token, "variable '%s'", variables[i].name);
    }
}

static const struct {
    const char *asked, *params;
} preflights[] = {
    { "", "" },
    { "authorization, content-type", "" },
    { "Mcp-Param-A", ", Mcp-Param-A" },
    { "authorization,mcp-param-file ,\tMCP-PARAM-x_1-y", ", mcp-param-file, MCP-PARAM-x_1-y" },
    { "mcp-param-", "" },
    { "mcp-para", "" },
    { "x-mcp-param-a", "" },
    { "mcp-param-a\\b, mcp-param-b:c, mcp-param-\xc3\xa4", "" },
};

static void test_params(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(preflights) / sizeof(preflights[0]); i++) {
        is_str(mcp_field_params(preflights[i].asked, pool), preflights[i].params, "a page asks for '%s'",
               preflights[i].asked);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_same();
    test_reserved();
    test_variables();
    test_params(pool);
    apr_terminate();
    return done_testing();
}
