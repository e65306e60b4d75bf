/* Introspection without a network: what each answer comes to. */
#include <apr_general.h>

#include "../../src/core/introspect.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"
#include "forge.h"

#define NOW 1700000000
#define ISSUER "https://as.example/t"
#define RESOURCE "https://mcp.example.com/mcp"
#define JSON "application/json"

#define ACTIVE "{\"active\":true}"

/* What is no answer, and what an answer says. The token may be good whenever the endpoint is in trouble. */
static const struct {
    const char *name;
    int status;
    const char *type, *body;
    mcp_reason_t want;
    const char *problem; /* how it begins; NULL for none */
} answers[] = {
    { "active", 200, JSON, ACTIVE, MCP_OK, NULL },
    { "active, charset", 200, "Application/JSON; charset=utf-8", ACTIVE, MCP_OK, NULL },
    { "active, another JSON", 200, "application/vnd.example+json", ACTIVE, MCP_OK, NULL },
    { "active, blanks", 200, JSON, " \r\n" ACTIVE "\n", MCP_OK, NULL },
    { "F-01 not active", 200, JSON, "{\"active\":false}", MCP_INACTIVE, NULL },
    { "F-01 not active, with all the rest", 200, JSON,
      "{\"active\":false,\"exp\":9999999999,\"aud\":\"" RESOURCE "\",\"sub\":\"u\",\"iss\":\"" ISSUER "\"}",
      MCP_INACTIVE, NULL },
    { "F-01 not active, of another", 200, JSON, "{\"active\":false,\"iss\":\"https://evil\"}", MCP_INACTIVE, NULL },
    { "F-02 true as a string", 200, JSON, "{\"active\":\"true\"}", MCP_INACTIVE, "an answer in which active" },
    { "F-02 false as a string", 200, JSON, "{\"active\":\"false\"}", MCP_INACTIVE, "an answer in which active" },
    { "F-02 one", 200, JSON, "{\"active\":1}", MCP_INACTIVE, "an answer in which active" },
    { "F-02 null", 200, JSON, "{\"active\":null}", MCP_INACTIVE, "an answer in which active" },
    { "F-02 array", 200, JSON, "{\"active\":[true]}", MCP_INACTIVE, "an answer in which active" },
    { "F-02 object", 200, JSON, "{\"active\":{\"active\":true}}", MCP_INACTIVE, "an answer in which active" },
    { "F-02 missing", 200, JSON, "{\"sub\":\"u\"}", MCP_INACTIVE, "an answer in which active" },
    { "F-02 in other letters", 200, JSON, "{\"Active\":true}", MCP_INACTIVE, "an answer in which active" },
    { "F-02 nothing", 200, JSON, "{}", MCP_INACTIVE, "an answer in which active" },
    { "F-03 array", 200, JSON, "[" ACTIVE "]", MCP_INTROSPECTION_UNAVAILABLE, "no JSON object" },
    { "F-03 true", 200, JSON, "true", MCP_INTROSPECTION_UNAVAILABLE, "no JSON object" },
    { "F-03 text", 200, JSON, "active", MCP_INTROSPECTION_UNAVAILABLE, "no JSON object" },
    { "F-03 string", 200, JSON, "\"{\\\"active\\\":true}\"", MCP_INTROSPECTION_UNAVAILABLE, "no JSON object" },
    { "F-03 empty", 200, JSON, "", MCP_INTROSPECTION_UNAVAILABLE, "no JSON object" },
    { "F-03 JWT", 200, JSON, "eyJhbGciOiJub25lIn0.eyJhY3RpdmUiOnRydWV9.", MCP_INTROSPECTION_UNAVAILABLE,
      "no JSON object" },
    { "F-03 active twice", 200, JSON, "{\"active\":false,\"active\":true}", MCP_INTROSPECTION_UNAVAILABLE,
      "no JSON object without duplicate members" },
    { "F-03 active twice, escaped", 200, JSON, "{\"active\":true,\"\\u0061ctive\":false}",
      MCP_INTROSPECTION_UNAVAILABLE, "no JSON object without duplicate members" },
    { "F-03 sub twice", 200, JSON, "{\"active\":true,\"sub\":\"a\",\"sub\":\"b\"}", MCP_INTROSPECTION_UNAVAILABLE,
      "no JSON object without duplicate members" },
    { "F-03 cut", 200, JSON, "{\"active\":true", MCP_INTROSPECTION_UNAVAILABLE, "no JSON object" },
    { "F-03 text behind", 200, JSON, ACTIVE "x", MCP_INTROSPECTION_UNAVAILABLE, "no JSON object" },
    { "F-03 HTML", 200, "text/html", "<html>", MCP_INTROSPECTION_UNAVAILABLE, "Content-Type \"text/html\"" },
    { "F-06 iss", 200, JSON, "{\"active\":true,\"iss\":\"" ISSUER "\"}", MCP_OK, NULL },
    { "F-06 iss of another", 200, JSON, "{\"active\":true,\"iss\":\"https://evil\"}", MCP_ISSUER, NULL },
    { "F-06 iss with a slash", 200, JSON, "{\"active\":true,\"iss\":\"" ISSUER "/\"}", MCP_ISSUER, NULL },
    { "F-06 iss null", 200, JSON, "{\"active\":true,\"iss\":null}", MCP_ISSUER, NULL },
    { "F-06 iss empty", 200, JSON, "{\"active\":true,\"iss\":\"\"}", MCP_ISSUER, NULL },
    { "F-06 iss an array", 200, JSON, "{\"active\":true,\"iss\":[\"" ISSUER "\"]}", MCP_ISSUER, NULL },
    { "F-07 our secret is wrong", 401, JSON, "{\"error\":\"invalid_client\"}", MCP_INTROSPECTION_UNAVAILABLE,
      "status 401, as the client authentication" },
    { "F-07 and it says inactive", 401, JSON, "{\"active\":false}", MCP_INTROSPECTION_UNAVAILABLE,
      "status 401, as the client authentication" },
    { "F-07 we may not ask", 403, JSON, ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "status 403, as the client" },
    { "F-08 bad request", 400, JSON, ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "status 400" },
    { "F-08 a kind of token that is not asked about here", 400, JSON, "{\"error\":\"unsupported_token_type\"}",
      MCP_INTROSPECTION_UNAVAILABLE, "status 400, error \"unsupported_token_type\"" },
    { "F-08 bad request, and says so", 400, JSON, "{\"error\":\"invalid_request\",\"active\":true}",
      MCP_INTROSPECTION_UNAVAILABLE, "status 400, error \"invalid_request\"" },
    { "F-08 fault", 500, JSON, ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "status 500" },
    { "F-08 too many", 429, JSON, ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "status 429" },
    { "F-08 redirect", 307, JSON, ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "status 307, and redirects are not followed" },
    { "F-08 created", 201, JSON, ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "status 201" },
    { "F-08 no content", 204, JSON, "", MCP_INTROSPECTION_UNAVAILABLE, "status 204" },
    { "F-08 no answer", 0, NULL, "", MCP_INTROSPECTION_UNAVAILABLE, "no answer" },
    { "F-09 HTML", 200, "text/html", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type \"text/html\"" },
    { "F-09 text", 200, "text/plain", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type \"text/plain\"" },
    { "F-09 text/json", 200, "text/json", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type \"text/json\"" },
    { "F-09 bytes", 200, "application/octet-stream", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type" },
    { "F-09 none", 200, NULL, ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "no Content-Type" },
    { "F-09 empty", 200, "", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type \"\"" },
    { "F-09 bare suffix", 200, "application/+json", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type" },
    { "F-09 another tree", 200, "image/x+json", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type" },
    { "F-09 in a parameter", 200, "text/html; x=application/json", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE,
      "Content-Type" },
    { "F-09 two", 200, "application/json, text/html", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type" },
    { "F-09 jsonp", 200, "application/jsonp", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type" },
    { "F-09 forged line", 200, "x\r\nMCP0001: forged", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE,
      "Content-Type \"x\\x0d\\x0aMCP" },
    { "F-15 signed", 200, "application/token-introspection+jwt", "eyJhbGciOiJub25lIn0.eyJhY3RpdmUiOnRydWV9.",
      MCP_INTROSPECTION_UNAVAILABLE, "Content-Type \"application/token-introspection+jwt\"" },
    { "F-15 called signed", 200, "application/token-introspection+jwt", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE,
      "Content-Type \"application/token-introspection+jwt\"" },
    { "F-15 any JWT", 200, "application/jwt", ACTIVE, MCP_INTROSPECTION_UNAVAILABLE, "Content-Type" },
};

static mcp_reason_t read_answer(mcp_statement_t *statement, const char **problem, const char *body, apr_pool_t *pool)
{
    mcp_answer_t answer = { .status = 200, .type = JSON, .body = mcp_view_of(body) };

    return mcp_introspect_read(statement, problem, &answer, ISSUER, pool);
}

static void test_answers(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        mcp_answer_t answer = { .status = answers[i].status,
                                .type = answers[i].type,
                                .body = mcp_view_of(answers[i].body) };
        const char *problem = "unset", *want = answers[i].problem;
        mcp_statement_t statement = { .payload = NULL };
        bool active = answers[i].want == MCP_OK || answers[i].want == MCP_ISSUER;

        is_int(mcp_introspect_read(&statement, &problem, &answer, ISSUER, pool), answers[i].want, "%s",
               answers[i].name);
        ok(want ? problem && strncmp(problem, want, strlen(want)) == 0 : !problem, "%s: %s", answers[i].name,
           problem ? problem : "no problem");
        ok(active == (statement.payload != NULL) && active == statement.introspected,
           "%s: a statement of what is active only", answers[i].name);
    }
}

/* The words of an error answer go into the log when they are known ones only: others could be the token. */
static void test_errors(apr_pool_t *pool)
{
    static const char *const bodies[] = { "{\"error\":\"s3cr3t\"}",
                                          "{\"error\":\"invalid_request s3cr3t\"}",
                                          "{\"error\":[\"s3cr3t\"]}",
                                          "{\"error_description\":\"s3cr3t\"}",
                                          "[\"s3cr3t\"]",
                                          "s3cr3t" };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        mcp_answer_t answer = { .status = 400, .type = JSON, .body = mcp_view_of(bodies[i]) };
        mcp_statement_t statement;
        const char *problem;

        mcp_introspect_read(&statement, &problem, &answer, ISSUER, pool);
        is_str(problem, "status 400", "%s", bodies[i]);
    }
}

/* F-08, F-10: what the exchange itself came to, and what is too much to read. */
static void test_sizes(apr_pool_t *pool)
{
    mcp_answer_t answer = { .status = 0, .problem = "TLS: self-signed", .type = JSON, .body = mcp_view_of(ACTIVE) };
    char *text = apr_palloc(pool, MCP_LIMIT_STATEMENT + 2);
    const char *problem;
    mcp_statement_t statement;

    is_int(mcp_introspect_read(&statement, &problem, &answer, ISSUER, pool), MCP_INTROSPECTION_UNAVAILABLE,
           "F-08 no whole answer");
    is_str(problem, "TLS: self-signed", "F-08 and why");
    memset(text, ' ', MCP_LIMIT_STATEMENT + 1);
    memcpy(text, ACTIVE, strlen(ACTIVE));
    text[MCP_LIMIT_STATEMENT] = '\0';
    is_int(read_answer(&statement, &problem, text, pool), MCP_OK, "F-10 as long as may be");
    strcpy(text + MCP_LIMIT_STATEMENT, " ");
    is_int(read_answer(&statement, &problem, text, pool), MCP_INTROSPECTION_UNAVAILABLE, "F-10 one byte longer");
    is_str(problem, "an answer that is too long", "F-10 and why");
    strcpy(text, "{\"active\":true,\"x\":");
    memset(strchr(text, '\0'), '[', 20000);
    strcpy(text + 20000, "1");
    is_int(read_answer(&statement, &problem, text, pool), MCP_INTROSPECTION_UNAVAILABLE, "F-10 deep");
    memset(text + 19, '[', 1000);
    memset(text + 19 + 1000, ']', 1000);
    strcpy(text + 19 + 2000, "}");
    is_int(read_answer(&statement, &problem, text, pool), MCP_OK, "F-10 not so deep");
    memset(text + 19, '[', 3000);
    memset(text + 19 + 3000, ']', 3000);
    strcpy(text + 19 + 6000, "}");
    is_int(read_answer(&statement, &problem, text, pool), MCP_INTROSPECTION_UNAVAILABLE, "F-10 deep and closed");
    answer = (mcp_answer_t){ .status = 200, .type = JSON, .body = { NULL, 0 } };
    is_int(mcp_introspect_read(&statement, &problem, &answer, ISSUER, pool), MCP_INTROSPECTION_UNAVAILABLE,
           "F-03 not even an empty body");
    answer.body = (mcp_view_t){ "{\"active\":true}\0{\"active\":false}", 32 };
    is_int(mcp_introspect_read(&statement, &problem, &answer, ISSUER, pool), MCP_INTROSPECTION_UNAVAILABLE,
           "F-03 NUL and a second object");
}

static void test_types(apr_pool_t *pool)
{
    static const struct {
        const char *member;
        mcp_typ_t typ;
    } rows[] = {
        { "\"token_type\":\"Bearer\"", MCP_TYP_ACCESS_TOKEN }, { "\"token_type\":\"bearer\"", MCP_TYP_ACCESS_TOKEN },
        { "\"token_type\":\"BEARER\"", MCP_TYP_ACCESS_TOKEN }, { "\"token_type\":\"Bearer \"", MCP_TYP_ABSENT },
        { "\"token_type\":\"Beare\"", MCP_TYP_ABSENT },        { "\"token_type\":\"DPoP\"", MCP_TYP_ABSENT },
        { "\"token_type\":[\"Bearer\"]", MCP_TYP_ABSENT },     { "\"Token_type\":\"Bearer\"", MCP_TYP_ABSENT },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_statement_t statement = { .payload = NULL };
        const char *problem;

        is_int(read_answer(&statement, &problem, apr_psprintf(pool, "{\"active\":true,%s}", rows[i].member), pool),
               MCP_OK, "%s", rows[i].member);
        is_int(statement.typ, rows[i].typ, "%s: its type", rows[i].member);
    }
}

static apr_array_header_t *list_of(const char *word, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const char *));

    APR_ARRAY_PUSH(list, const char *) = word;
    return list;
}

/* Active is not enough (RFC 7662 4): the statement goes through the same rules as a JWT's claims. */
static void test_claims(apr_pool_t *pool)
{
    static const struct {
        const char *name, *members;
        mcp_reason_t want;
    } rows[] = {
        { "good", "\"exp\":1700003600,\"aud\":\"" RESOURCE "\"", MCP_OK },
        { "good for long", "\"aud\":[\"x\",\"" RESOURCE "/\"]", MCP_OK },
        { "F-04 exp past", "\"exp\":1600000000,\"aud\":\"" RESOURCE "\"", MCP_EXPIRED },
        { "F-04 nbf future", "\"nbf\":1800000000,\"aud\":\"" RESOURCE "\"", MCP_NOT_YET_VALID },
        { "F-04 exp a string", "\"exp\":\"1700003600\",\"aud\":\"" RESOURCE "\"", MCP_NO_EXPIRY },
        { "F-05 no aud", "\"exp\":1700003600", MCP_AUDIENCE },
        { "F-05 another aud", "\"exp\":1700003600,\"aud\":\"https://other.example\"", MCP_AUDIENCE },
        { "DPoP", "\"token_type\":\"DPoP\",\"aud\":\"" RESOURCE "\"", MCP_BOUND },
        { "cnf", "\"cnf\":{\"jkt\":\"x\"},\"aud\":\"" RESOURCE "\"", MCP_BOUND },
    };
    mcp_claim_names_t names = { .user = list_of("sub", pool), .audience = list_of("aud", pool) };
    mcp_expect_t expect = { .resource = RESOURCE, .skew = apr_time_from_sec(30) };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *body = apr_psprintf(pool, "{\"active\":true,\"sub\":\"u\",%s}", rows[i].members), *problem;
        mcp_claims_t claims = { .issuer = ISSUER };
        mcp_statement_t statement;
        mcp_reason_t reason = read_answer(&statement, &problem, body, pool);

        reason = reason == MCP_OK ? mcp_claims_read(&claims, &statement, &names, pool) : reason;
        reason = reason == MCP_OK ? mcp_claims_judge(&claims, &expect, apr_time_from_sec(NOW)) : reason;
        is_int(reason, rows[i].want, "%s", rows[i].name);
    }
}

static void test_until(apr_pool_t *pool)
{
    static const struct {
        const char *name, *body;
        apr_time_t until; /* microseconds from now */
    } rows[] = {
        { "no exp", "{\"active\":true}", 30000000 },
        { "exp later", "{\"exp\":1700003600}", 30000000 },
        { "exp at the end", "{\"exp\":1700000030}", 30000000 },
        { "exp sooner", "{\"exp\":1700000010}", 10000000 },
        { "exp between seconds", "{\"exp\":1700000010.5}", 10500000 },
        { "exp now", "{\"exp\":1700000000}", 0 },
        { "exp past", "{\"exp\":1699999999}", -1000000 },
        { "exp far", "{\"exp\":1e300}", 30000000 },
        { "exp a string", "{\"exp\":\"1700003600\"}", 0 },
        { "exp null", "{\"exp\":null}", 0 },
    };
    apr_time_t now = apr_time_from_sec(NOW);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *payload = NULL;

        forge_must(mcp_json_parse_object(&payload, mcp_view_of(rows[i].body), pool) == MCP_OK, rows[i].body);
        is_int(mcp_introspect_until(payload, now, apr_time_from_sec(30)) - now, rows[i].until, "kept: %s",
               rows[i].name);
    }
}

static void test_forget(apr_pool_t *pool)
{
    static const char body[] =
        "{\"jti\":\"token\",\"a\":\"token\",\"b\":\"token-r\",\"c\":[\"x\"],\"d\":1,\"e\":\"token\"}";
    json_t *payload = NULL;

    forge_must(mcp_json_parse_object(&payload, mcp_view_of(body), pool) == MCP_OK, body);
    mcp_introspect_forget(payload, mcp_view_of("token"));
    is_int(json_object_size(payload), 3, "W-02 what is the token is taken out, wherever it stands");
    ok(json_object_get(payload, "b") && json_object_get(payload, "c") && json_object_get(payload, "d"),
       "W-02 the rest stays");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_answers(pool);
    test_errors(pool);
    test_sizes(pool);
    test_types(pool);
    test_claims(pool);
    test_until(pool);
    test_forget(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
