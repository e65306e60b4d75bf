/* Where an issuer's metadata is looked for, which documents count, and which answers are documents at all. */
#include <apr_general.h>

#include "../../src/core/answer.h"
#include "../../src/core/discovery.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"

#define ISSUER "https://as.example/t"

static const struct {
    const char *issuer;
    const char *addresses[4];
} places[] = {
    { "https://as.example",
      { "https://as.example/.well-known/oauth-authorization-server",
        "https://as.example/.well-known/openid-configuration" } },
    { "https://as.example/",
      { "https://as.example/.well-known/oauth-authorization-server",
        "https://as.example/.well-known/openid-configuration" } },
    { "https://as.example:8443/realms/a",
      { "https://as.example:8443/.well-known/oauth-authorization-server/realms/a",
        "https://as.example:8443/.well-known/openid-configuration/realms/a",
        "https://as.example:8443/realms/a/.well-known/openid-configuration" } },
    { "https://sts.windows.net/tenant/",
      { "https://sts.windows.net/.well-known/oauth-authorization-server/tenant",
        "https://sts.windows.net/.well-known/openid-configuration/tenant",
        "https://sts.windows.net/tenant/.well-known/openid-configuration" } },
    { "http://[::1]:9000/x",
      { "http://[::1]:9000/.well-known/oauth-authorization-server/x",
        "http://[::1]:9000/.well-known/openid-configuration/x",
        "http://[::1]:9000/x/.well-known/openid-configuration" } },
    { "urn:example", { NULL } },
    { "", { NULL } },
};

static void test_addresses(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        for (int form = 0; form < 4; form++) {
            is_str(mcp_discovery_address(places[i].issuer, form, pool), places[i].addresses[form], "form %d of '%s'",
                   form, places[i].issuer);
        }
    }
    is_str(mcp_discovery_address("https://as.example/t", -1, pool), NULL, "no form before the first");
}

static const struct {
    const char *document;
    const char *wrong; /* how what is wrong begins; NULL for a good document */
} documents[] = {
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://as.example/keys\"}", NULL },
    { "{\"jwks_uri\":\"http://127.0.0.1:1/keys?a=b\",\"x\":[1,{}],\"issuer\":\"" ISSUER "\"}", NULL },
    { "{\"issuer\":\"https:\\/\\/as.example\\/t\",\"jwks_uri\":\"https://other.example/keys\"}", NULL },
    { "", "no JSON object" },
    { "<html>", "no JSON object" },
    { "[]", "no JSON object" },
    { "\"" ISSUER "\"", "no JSON object" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://as.example/keys\"", "no JSON object" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://as.example/keys\"} x", "no JSON object" },
    { "{\"issuer\":\"https://evil.example\",\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://a/k\"}",
      "no JSON object" },
    { "{\"jwks_uri\":\"https://as.example/keys\"}", "a document without issuer" },
    { "{\"issuer\":null,\"jwks_uri\":\"https://as.example/keys\"}", "a document without issuer" },
    { "{\"issuer\":[\"" ISSUER "\"],\"jwks_uri\":\"https://as.example/keys\"}", "a document without issuer" },
    { "{\"issuer\":\"" ISSUER "/\",\"jwks_uri\":\"https://as.example/keys\"}", "a document of another issuer" },
    { "{\"issuer\":\"https://AS.example/t\",\"jwks_uri\":\"https://as.example/keys\"}",
      "a document of another issuer" },
    { "{\"issuer\":\"https://as.example\",\"jwks_uri\":\"https://as.example/keys\"}", "a document of another issuer" },
    { "{\"issuer\":\"x\\r\\nMCP0001: forged\",\"jwks_uri\":\"https://a/k\"}",
      "a document of another issuer, \"x\\x0d\\x0aMCP" },
    { "{\"issuer\":\"" ISSUER "\"}", "a document without jwks_uri" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":7}", "a document without jwks_uri" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"\"}", "jwks_uri \"\", which is relative" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"/keys\"}", "jwks_uri \"/keys\", which is relative" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"file:///etc/passwd\"}", "jwks_uri \"file:" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"gopher://as.example/x\"}", "jwks_uri \"gopher:" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://u:p@as.example/keys\"}", "jwks_uri \"https:" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://as.example/keys#a\"}", "jwks_uri \"https:" },
    { "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://as.example/k\\r\\nHost: x\"}", "jwks_uri \"https:" },
};

static void test_documents(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        mcp_discovery_t found = { NULL };
        const char *wrong = mcp_discovery_read(&found, ISSUER, mcp_view_of(documents[i].document), pool);
        const char *expected = documents[i].wrong;

        ok(expected ? wrong && strncmp(wrong, expected, strlen(expected)) == 0 : !wrong, "%s: %s",
           documents[i].document, wrong ? wrong : "good");
        ok(!wrong == !!found.jwks_uri, "and only a good one names keys");
    }
}

static void test_long_uri(apr_pool_t *pool)
{
    mcp_discovery_t found = { NULL };
    char path[MCP_LIMIT_URL + 1];
    const char *document;

    memset(path, 'a', sizeof(path));
    path[MCP_LIMIT_URL] = '\0';
    document = apr_pstrcat(pool, "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://as.example/", path, "\"}", NULL);
    is_str(mcp_discovery_read(&found, ISSUER, mcp_view_of(document), pool), "a jwks_uri that is too long",
           "a long URI");
    path[MCP_LIMIT_URL - strlen("https://as.example/")] = '\0';
    document = apr_pstrcat(pool, "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://as.example/", path, "\"}", NULL);
    is_str(mcp_discovery_read(&found, ISSUER, mcp_view_of(document), pool), NULL, "one at the limit");
}

static void test_answers(apr_pool_t *pool)
{
    static const struct {
        int status;
        const char *problem, *type, *wrong;
    } rows[] = {
        { 200, NULL, NULL, NULL },
        { 200, NULL, "application/json", NULL },
        { 200, NULL, "Application/JSON; charset=utf-8", NULL },
        { 200, NULL, "application/jwk-set+json", NULL },
        { 200, NULL, "application/octet-stream", NULL },
        { 200, NULL, "binary/octet-stream", NULL },
        { 200, NULL, "text/html", "Content-Type \"text/html\"" },
        { 200, NULL, "text/html; x=application/json", "Content-Type \"text/html; x=application/json\"" },
        { 200, NULL, "application/json\x01x", "Content-Type \"application/json\\x01x\"" },
        { 200, NULL, "", "Content-Type \"\"" },
        { 204, NULL, "application/json", "status 204" },
        { 302, NULL, "application/json", "status 302, and redirects are not followed" },
        { 304, NULL, NULL, "status 304, and redirects are not followed" },
        { 404, NULL, "application/json", "status 404" },
        { 500, NULL, NULL, "status 500" },
        { 0, "Connection refused", NULL, "Connection refused" },
        { 0, NULL, NULL, "no answer" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_answer_t answer = { .status = rows[i].status, .problem = rows[i].problem, .type = rows[i].type };

        is_str(mcp_answer_refuse(&answer, pool), rows[i].wrong, "status %d, type %s", rows[i].status,
               rows[i].type ? rows[i].type : "none");
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_addresses(pool);
    test_documents(pool);
    test_long_uri(pool);
    test_answers(pool);
    apr_terminate();
    return done_testing();
}
