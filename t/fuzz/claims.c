/* Payloads, read and judged. Nothing passes without our audience in it, and no text has a NUL. */
#include "../../src/core/claims.h"
#include "fuzz.h"

#define RESOURCE "https://mcp.example.com/mcp"

unsigned long fuzz_reached;

static const char *const paths[] = { "scope", "roles", "realm_access.roles",
                                     "sub",   "a.b.c", "https://example.com/roles",
                                     "" };

static apr_array_header_t *list_of(const char *first, const char *second, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(list, const char *) = first;
    APR_ARRAY_PUSH(list, const char *) = second;
    return list;
}

static void look(const mcp_claims_t *claims, apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *text = mcp_claims_text(claims, paths[i], pool);

        if (text && json_is_string(mcp_json_path(mcp_payload_tree(claims->payload), mcp_view_of(paths[i])))) {
            fuzz_must(mcp_claims_contain(claims, paths[i], text), "a string contains itself");
        }
    }
    for (int i = 0; i < claims->scope->nelts; i++) {
        fuzz_must(mcp_scope_is_token(APR_ARRAY_IDX(claims->scope, i, mcp_view_t)), "a scope is a token");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    mcp_claim_names_t names = { .scope = list_of("scope", "scp", pool),
                                .role = list_of("roles", "realm_access.roles", pool),
                                .user = list_of("sub", "client_id", pool),
                                .client = list_of("client_id", "azp", pool),
                                .audience = list_of("aud", "client_id", pool),
                                .scope_prefix = "api://a/" };
    mcp_expect_t expect = { .resource = RESOURCE, .skew = apr_time_from_sec(30) };
    mcp_claims_t claims = { .issuer = "https://as.example.com" };
    mcp_statement_t statement = { .typ = MCP_TYP_JWT };
    mcp_view_t issuer, text = { (const char *)data, size };

    if (mcp_json_parse_object(&statement.payload, text, pool) == MCP_OK) {
        mcp_claims_issuer(&issuer, statement.payload);
        if (mcp_claims_read(&claims, &statement, &names, pool) == MCP_OK) {
            look(&claims, pool);
            if (mcp_claims_judge(&claims, &expect, apr_time_from_sec(1700000000)) == MCP_OK) {
                fuzz_reached++;
                fuzz_must(claims.user.len > 0, "somebody is let in");
                fuzz_must(strstr(mcp_json_text(statement.payload, pool), RESOURCE) != NULL, "our audience is in it");
                fuzz_must(mcp_claims_judge(&claims, &expect, apr_time_from_sec(9100000000000)) != MCP_OK,
                          "every token ends");
            }
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
