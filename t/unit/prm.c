/* The metadata document and its addresses. */
#include <apr_general.h>

#include "../../src/core/json.h"
#include "../../src/core/prm.h"
#include "../lib/tap.h"

static apr_array_header_t *list_of(const char *words, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    char *state, *copy = apr_pstrdup(pool, words);

    for (char *word = apr_strtok(copy, "|", &state); word; word = apr_strtok(NULL, "|", &state)) {
        APR_ARRAY_PUSH(list, const char *) = word;
    }
    return list;
}

static void test_format(apr_pool_t *pool)
{
    mcp_prm_t prm = { .resource = "https://h/mcp", .issuers = list_of("https://as|https://bs", pool) };

    is_str(mcp_prm_format(&prm, pool),
           "{\"resource\":\"https://h/mcp\",\"authorization_servers\":[\"https://as\",\"https://bs\"],"
           "\"bearer_methods_supported\":[\"header\"]}",
           "RFC 9728 2: the least");
    prm.scopes = list_of("", pool);
    ok(!strstr(mcp_prm_format(&prm, pool), "scopes_supported"), "no scopes, no member");
    prm.scopes = list_of("files:read|files:write", pool);
    prm.extra = mcp_json_own(json_pack("{s:s, s:[]}", "resource_name", "\"A\"\n", "bearer_methods_supported"), pool);
    is_str(mcp_prm_format(&prm, pool),
           "{\"resource\":\"https://h/mcp\",\"authorization_servers\":[\"https://as\",\"https://bs\"],"
           "\"scopes_supported\":[\"files:read\",\"files:write\"],\"bearer_methods_supported\":[],"
           "\"resource_name\":\"\\\"A\\\"\\n\"}",
           "J-11 further members, escaped, win");
}

/* Configuration words and the member that results; wrong is a part of the answer. */
static const struct {
    const char *name, *words, *value, *wrong;
} members[] = {
    { "resource_name", "Example files", "\"Example files\"", NULL },
    { "resource_name#de", "Beispiel", "\"Beispiel\"", NULL },
    { "resource_name", "two|words", NULL, "'two' is not a value of resource_name; for example \"Example files\"" },
    { "resource_name", "J\xc3\xb6rg", "\"J\xc3\xb6rg\"", NULL },
    { "resource_name", "J\xf6rg", NULL, "is not a value of resource_name" },
    { "resource_documentation", "https://h/docs", "\"https://h/docs\"", NULL },
    { "resource_documentation#fr", "https://h/docs", "\"https://h/docs\"", NULL },
    { "resource_documentation", "/docs", NULL,
      "'/docs' is not a value of resource_documentation; for example https://" },
    { "resource_policy_uri", "javascript:alert(1)", NULL, "is not a value of resource_policy_uri" },
    { "resource_tos_uri", "https://h/tos|https://h/2", NULL, "is not a value of resource_tos_uri" },
    { "jwks_uri", "https://h/jwks.json", "\"https://h/jwks.json\"", NULL },
    { "bearer_methods_supported", "header", "[\"header\"]", NULL },
    { "resource_signing_alg_values_supported", "RS256|ES256", "[\"RS256\",\"ES256\"]", NULL },
    { "resource_signing_alg_values_supported", "RS256|\xff", NULL,
      "is not a value of resource_signing_alg_values_supported" },
    { "authorization_details_types_supported", "payment", "[\"payment\"]", NULL },
    { "dpop_signing_alg_values_supported", "ES256", "[\"ES256\"]", NULL },
    { "dpop_bound_access_tokens_required", "true", "true", NULL },
    { "dpop_bound_access_tokens_required", "false", "false", NULL },
    { "tls_client_certificate_bound_access_tokens", "on", NULL,
      "'on' is not a value of tls_client_certificate_bound_access_tokens; for example false" },
    { "tls_client_certificate_bound_access_tokens", "True", NULL, "is not a value" },
    { "signed_metadata", "eyJ.e30.c2ln", "\"eyJ.e30.c2ln\"", NULL },
    { "resource", "https://h/x", NULL, "'resource' is set by MCPResource" },
    { "resource#de", "https://h/x", NULL, "is set by MCPResource" },
    { "authorization_servers", "https://as", NULL, "'authorization_servers' is set by MCPTrustIssuer" },
    { "scopes_supported", "a", NULL, "'scopes_supported' is set by MCPScopesSupported" },
    { "x_text", "plain text", "\"plain text\"", NULL },
    { "x_number", "42", "42", NULL },
    { "x_true", "true", "true", NULL },
    { "x_object", "{\"a\":[1,2]}", "{\"a\":[1,2]}", NULL },
    { "x_no_object", "{\"a\":1", "\"{\\\"a\\\":1\"", NULL },
    { "x_twice", "{\"a\":1,\"a\":2}", "\"{\\\"a\\\":1,\\\"a\\\":2}\"", NULL },
    { "x_list", "a|b", "[\"a\",\"b\"]", NULL },
    { "x_list", "a|\xff", NULL, "is not a value of x_list; for example text in UTF-8" },
    { "x_text", "\xff", NULL, "'\xff' is not a value of x_text; for example text in UTF-8" },
    { "x\xff", "a", NULL, "is not a value" },
    { "resourc", "a", "\"a\"", NULL }, /* a shorter name is another one */
    { "resource_", "a", "\"a\"", NULL },
};

static void test_set(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        json_t *object = mcp_json_own(json_object(), pool);
        const char *wrong = mcp_prm_set(object, members[i].name, list_of(members[i].words, pool), pool);
        const json_t *value = json_object_get(object, members[i].name);

        ok(members[i].wrong ? wrong && strstr(wrong, members[i].wrong) : !wrong, "%s %s: %s", members[i].name,
           members[i].words, wrong ? wrong : "fine");
        is_str(value ? mcp_json_text(value, pool) : NULL, members[i].value, "%s %s: the member", members[i].name,
               members[i].words);
    }
}

#define NAME "/.well-known/oauth-protected-resource"

static const struct {
    const char *path, *resource; /* NULL: no metadata request */
} paths[] = {
    { NAME, "/" },
    { NAME "/", "/" },
    { NAME "/mcp", "/mcp" },
    { NAME "/mcp/", "/mcp/" },
    { NAME "/a/b", "/a/b" },
    { NAME "x", NULL },
    { NAME "x/mcp", NULL },
    { "/mcp" NAME, "/mcp" },
    { "/a/b" NAME, "/a/b" },
    { "/mcp/" NAME, "/mcp/" },
    { "/mcp" NAME "/", NULL },
    { "/mcp" NAME "x", NULL },
    { NAME NAME, NAME },
    { "/.well-known/oauth-protected-resourc", NULL },
    { "/.Well-Known/oauth-protected-resource", NULL },
    { "/.well-known/oauth-authorization-server", NULL },
    { "/mcp", NULL },
    { "/", NULL },
    { "", NULL },
};

static void test_match(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *resource = NULL;
        bool matches = mcp_prm_match(&resource, paths[i].path, pool);

        is_str(resource, paths[i].resource, "'%s'", paths[i].path);
        ok(matches == (paths[i].resource != NULL), "'%s': matches or not", paths[i].path);
    }
}

static const struct {
    const char *resource, *path, *variant;
} variants[] = {
    { "https://h/mcp", "/mcp", "https://h/mcp" },
    { "https://h/mcp", "/mcp/", "https://h/mcp/" },
    { "https://h/mcp/", "/mcp", "https://h/mcp" },
    { "https://h/mcp/", "/mcp/", "https://h/mcp/" },
    { "https://h/mcp", "/mcp//", "https://h/mcp" },
    { "https://h/mcp", "/other/", "https://h/mcp" },
    { "https://h/mcp", "/mc/", "https://h/mcp" },
    { "https://h/mcp", "/mcpx", "https://h/mcp" },
    { "https://h/mcp/", "/mcx", "https://h/mcp/" },
    { "https://h/mcp/x", "/mcp/", "https://h/mcp/x" },
    { "https://h", "/", "https://h" },
    { "https://h/", "/", "https://h/" },
    { "https://h/", "", "https://h/" },
    { "https://h/mcp?t=1", "/mcp/", "https://h/mcp?t=1" },
    { "not a URI", "/mcp/", "not a URI" },
};

static void test_variant(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        is_str(mcp_prm_variant(variants[i].resource, variants[i].path, pool), variants[i].variant,
               "%s asked for at '%s'", variants[i].resource, variants[i].path);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_format(pool);
    test_set(pool);
    test_match(pool);
    test_variant(pool);
    is_str(mcp_prm_address("https://h/mcp", pool), "https://h" NAME "/mcp", "RFC 9728 3.1: inserted");
    is_str(mcp_prm_address("https://h/", pool), "https://h" NAME, "a bare slash is no path");
    is_str(mcp_prm_address("https://h:8443/mcp?t=1", pool), "https://h:8443" NAME "/mcp?t=1", "the query stays behind");
    is_str(mcp_prm_address("/mcp", pool), NULL, "no URI, no address");
    apr_terminate();
    return done_testing();
}
