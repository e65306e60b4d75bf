/* Answers of an introspection endpoint, the first line being the Content-Type: what becomes a statement, and what claims.
 * The same bytes as a token must come back from the form.
 */
#include "../../src/core/introspect.h"
#include "fuzz.h"

#define ISSUER "https://as.example.com"
#define RESOURCE "https://mcp.example.com/mcp"
#define NOW apr_time_from_sec(1700000000)
#define TTL apr_time_from_sec(30)

unsigned long fuzz_reached;

static apr_array_header_t *list_of(const char *word, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const char *));

    APR_ARRAY_PUSH(list, const char *) = word;
    return list;
}

static unsigned nibble(char c)
{
    fuzz_must((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'), "two hexadecimal digits follow a percent sign");
    return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* The form begins with the token, and the token ends where the next parameter begins. */
static void check_form(mcp_view_t token, apr_pool_t *pool)
{
    const mcp_introspect_endpoint_t endpoint = { ISSUER,
                                                 ISSUER "/introspect",
                                                 { MCP_CLIENT_AUTH_POST, "app", { "s", 1 } } };
    mcp_introspect_request_t request;
    const char *c;

    fuzz_must(mcp_introspect_request(&request, &endpoint, token, (mcp_introspect_moment_t){ NOW, NULL }, pool) ==
                  APR_SUCCESS,
              "a request can be made");
    fuzz_must(strncmp(request.form, "token=", 6) == 0, "the token is first");
    c = request.form + 6;
    for (apr_size_t i = 0; i < token.len; i++) {
        bool escaped = *c == '%';
        unsigned byte = escaped ? nibble(c[1]) << 4 | nibble(c[2]) : (unsigned char)*c;

        fuzz_must(byte == (unsigned char)token.data[i], "each byte comes back");
        fuzz_must(escaped || !strchr("&=+;%", *c), "no delimiter is in a value");
        c += escaped ? 3 : 1;
    }
    fuzz_must(strcmp(c, "&token_type_hint=access_token&client_id=app&client_secret=s") == 0, "the rest is ours");
}

static void check_claims(const mcp_statement_t *statement, apr_pool_t *pool)
{
    mcp_claim_names_t names = { .scope = list_of("scope", pool),
                                .role = list_of("roles", pool),
                                .user = list_of("sub", pool),
                                .client = list_of("client_id", pool),
                                .audience = list_of("aud", pool) };
    mcp_expect_t expect = { .resource = RESOURCE, .skew = apr_time_from_sec(30) };
    mcp_claims_t claims = { .issuer = ISSUER };

    if (mcp_claims_read(&claims, statement, &names, pool) == MCP_OK &&
        mcp_claims_judge(&claims, &expect, NOW) == MCP_OK) {
        fuzz_reached++;
        fuzz_must(claims.user.len > 0, "somebody is let in");
        fuzz_must(!json_object_get(statement->payload, "cnf"), "who need not prove anything");
        fuzz_must(!mcp_claims_token_type(statement->payload, "dpop"), "nor says he can");
        fuzz_must(strstr(mcp_json_text(statement->payload, pool), RESOURCE) != NULL, "our audience is in it");
        fuzz_must(mcp_introspect_until(statement->payload, NOW, TTL) <= claims.expires, "nothing is kept beyond exp");
    }
}

static void check_problem(const char *problem)
{
    for (const char *c = problem; *c; c++) {
        fuzz_must(*c >= 0x20 && *c < 0x7f, "a problem can be logged");
    }
}

static void check_answer(const mcp_answer_t *answer, apr_pool_t *pool)
{
    mcp_statement_t statement = { .payload = NULL };
    const char *problem = NULL;
    mcp_view_t issuer;

    switch ((int)mcp_introspect_read(&statement, &problem, answer, ISSUER, pool)) {
    case MCP_OK:
        fuzz_must(json_is_true(json_object_get(statement.payload, "active")), "only what is active is a statement");
        fuzz_must(!json_object_get(statement.payload, "iss") ||
                      (mcp_claims_issuer(&issuer, statement.payload) && mcp_view_is(issuer, ISSUER)),
                  "of this issuer or of nobody");
        fuzz_must(statement.introspected && !problem, "there is no problem with it");
        fuzz_must(mcp_introspect_until(statement.payload, NOW, TTL) <= NOW + TTL, "nothing is kept beyond its time");
        check_claims(&statement, pool);
        break;
    case MCP_ISSUER:
        fuzz_must(json_object_get(statement.payload, "iss") && !problem, "another issuer has a name");
        break;
    case MCP_INACTIVE:
        fuzz_must(!statement.payload, "what is not active is no statement");
        check_problem(problem ? problem : "");
        break;
    case MCP_INTROSPECTION_UNAVAILABLE:
        fuzz_must(problem && !statement.payload, "trouble has its words");
        check_problem(problem);
        break;
    default:
        fuzz_must(false, "there is no other outcome");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    char *text = fuzz_string(data, size), *body = memchr(text, '\n', size);
    mcp_answer_t answer = { .status = 200 };

    check_form((mcp_view_t){ (const char *)data, size }, pool);
    if (body) {
        *body++ = '\0';
        answer.type = text;
        answer.body = (mcp_view_t){ body, size - (size_t)(body - text) };
    }
    check_answer(&answer, pool);
    free(text);
    apr_pool_destroy(pool);
    return 0;
}
