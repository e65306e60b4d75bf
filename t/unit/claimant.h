/* claimant.h - claims as tests of them have them: read under the names of one issuer, judged at a fixed time under the
 * expectations of one place. Not what should come of it.
 */
#ifndef CLAIMANT_H
#define CLAIMANT_H

#include "../../src/core/claims.h"

#define NOW 1700000000
#define SKEW 30
#define RESOURCE "https://mcp.example.com/mcp"
#define ISSUER "https://as.example.com"

static mcp_claim_names_t claimant_names;
static mcp_expect_t claimant_expect;

static inline apr_array_header_t *claimant_list(const char *words, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    char *state, *copy = apr_pstrdup(pool, words);

    for (char *word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(list, const char *) = word;
    }
    return list;
}

static inline json_t *claimant_object(const char *text, apr_pool_t *pool)
{
    json_t *object = NULL;

    if (mcp_json_parse_object(&object, mcp_view_of(text), pool) != MCP_OK) {
        printf("Bail out! no object: %s\n", text);
        exit(1);
    }
    return object;
}

static inline mcp_reason_t claimant_judge_statement(mcp_claims_t *claims, const mcp_statement_t *statement,
                                                    apr_pool_t *pool)
{
    mcp_reason_t reason;

    memset(claims, 0, sizeof(*claims));
    claims->issuer = ISSUER;
    reason = mcp_claims_read(claims, statement, &claimant_names, pool);
    return reason == MCP_OK ? mcp_claims_judge(claims, &claimant_expect, apr_time_from_sec(NOW)) : reason;
}

/* Read and judge a payload as if its signature had been verified by a key of ISSUER. */
static inline mcp_reason_t claimant_judge(mcp_claims_t *claims, const char *text, apr_pool_t *pool)
{
    return claimant_judge_statement(
        claims, &(mcp_statement_t){ .typ = MCP_TYP_JWT, .payload = claimant_object(text, pool) }, pool);
}

static inline const char *claimant_text(mcp_view_t view, apr_pool_t *pool)
{
    return view.data ? mcp_view_dup(view, pool) : NULL;
}

static inline void claimant_begin(apr_pool_t *pool)
{
    claimant_names = (mcp_claim_names_t){ .scope = claimant_list("scope scp", pool),
                                          .role = claimant_list("roles realm_access.roles", pool),
                                          .user = claimant_list("sub client_id", pool),
                                          .client = claimant_list("client_id azp", pool),
                                          .audience = claimant_list("aud", pool) };
    claimant_expect = (mcp_expect_t){ .resource = RESOURCE,
                                      .audiences = claimant_list("api://files", pool),
                                      .skew = apr_time_from_sec(SKEW) };
}

#endif
