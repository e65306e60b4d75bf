/* Claims: facts read from a payload, judged at a fixed time under the expectations of one place. */
#include <apr_general.h>

#include "../../src/core/claims.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"

#define NOW 1700000000
#define SKEW 30
#define RESOURCE "https://mcp.example.com/mcp"
#define ISSUER "https://as.example.com"

static mcp_claim_names_t names;
static mcp_expect_t expect;

static apr_array_header_t *list_of(const char *words, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    char *state, *copy = apr_pstrdup(pool, words);

    for (char *word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(list, const char *) = word;
    }
    return list;
}

static json_t *object_of(const char *text, apr_pool_t *pool)
{
    json_t *object = NULL;

    if (mcp_json_parse_object(&object, mcp_view_of(text), pool) != MCP_OK) {
        printf("Bail out! no object: %s\n", text);
        exit(1);
    }
    return object;
}

static mcp_reason_t judge_statement(mcp_claims_t *claims, const mcp_statement_t *statement, apr_pool_t *pool)
{
    mcp_reason_t reason;

    memset(claims, 0, sizeof(*claims));
    claims->issuer = ISSUER;
    reason = mcp_claims_read(claims, statement, &names, pool);
    return reason == MCP_OK ? mcp_claims_judge(claims, &expect, apr_time_from_sec(NOW)) : reason;
}

/* Read and judge a payload as if its signature had been verified by a key of ISSUER. */
static mcp_reason_t judge(mcp_claims_t *claims, const char *text, apr_pool_t *pool)
{
    return judge_statement(claims, &(mcp_statement_t){ .typ = MCP_TYP_JWT, .payload = object_of(text, pool) }, pool);
}

/* Rows give the member in question; all others are right. */
static const struct {
    const char *name, *exp; /* NULL: no exp */
    mcp_reason_t want;
} expiries[] = {
    { "in an hour", "1700003600", MCP_OK },
    { "D-11 fraction", "1700003600.75", MCP_OK },
    { "D-11 exponent", "1.7000036e9", MCP_OK },
    { "D-07 upper-case exponent", "17000036E2", MCP_OK },
    { "D-10 1e300", "1e300", MCP_OK },
    { "D-10 2^63-1", "9223372036854775807", MCP_OK },
    { "D-10 2^64", "18446744073709551616", MCP_OK },
    { "D-10 30 digits", "123456789012345678901234567890", MCP_OK },
    { "D-10 milliseconds", "1700003600000", MCP_OK },
    { "D-10 2^63 in microseconds", "9223372036854", MCP_OK },
    { "D-10 beyond 2^63 in microseconds", "9223372036855", MCP_OK },
    { "D-12 now", "1700000000", MCP_OK },
    { "D-12 the last second of the skew", "1699999971", MCP_OK },
    { "D-12 the last part of it", "1699999970.001", MCP_OK },
    { "D-12 the end of the skew", "1699999970", MCP_EXPIRED },
    { "D-09 long past", "1500000000", MCP_EXPIRED },
    { "D-09 zero", "0", MCP_EXPIRED },
    { "D-09 -1", "-1", MCP_EXPIRED },
    { "D-09 -2^53", "-9007199254740992", MCP_EXPIRED },
    { "D-09 INT64_MIN", "-9223372036854775808", MCP_EXPIRED },
    { "D-09 below INT64_MIN", "-9223372036854775809", MCP_EXPIRED },
    { "D-09 -1e300", "-1e300", MCP_EXPIRED },
    { "D-09 past, fraction", "1600000000.5", MCP_EXPIRED },
    { "D-09 past, exponent", "1.6e9", MCP_EXPIRED },
    { "D-09 tiny", "1e-300", MCP_EXPIRED },
    { "D-08 missing", NULL, MCP_NO_EXPIRY },
    { "D-08 null", "null", MCP_NO_EXPIRY },
    { "D-08 string", "\"1700003600\"", MCP_NO_EXPIRY },
    { "D-08 true", "true", MCP_NO_EXPIRY },
    { "D-08 array", "[1700003600]", MCP_NO_EXPIRY },
    { "D-08 object", "{}", MCP_NO_EXPIRY },
    { "D-08 ISO text", "\"2030-01-01T00:00:00Z\"", MCP_NO_EXPIRY },
};

static void test_expiry(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(expiries) / sizeof(expiries[0]); i++) {
        const char *member = expiries[i].exp ? apr_pstrcat(pool, "\"exp\":", expiries[i].exp, ",", NULL) : "";
        mcp_claims_t claims;

        is_int(judge(&claims, apr_psprintf(pool, "{%s\"aud\":\"" RESOURCE "\",\"sub\":\"u\"}", member), pool),
               expiries[i].want, "%s", expiries[i].name);
    }
}

/* Members beside a good exp and aud. */
static const struct {
    const char *name, *member;
    mcp_reason_t want;
} others[] = {
    { "D-13 nbf past", "\"nbf\":1600000000", MCP_OK },
    { "D-13 nbf now", "\"nbf\":1700000000", MCP_OK },
    { "D-13 nbf within the skew", "\"nbf\":1700000030", MCP_OK },
    { "D-13 nbf beyond the skew", "\"nbf\":1700000031", MCP_NOT_YET_VALID },
    { "D-13 nbf fraction beyond the skew", "\"nbf\":1700000030.5", MCP_NOT_YET_VALID },
    { "D-13 nbf 1e300", "\"nbf\":1e300", MCP_NOT_YET_VALID },
    { "D-13 nbf INT64_MAX", "\"nbf\":9223372036854775807", MCP_NOT_YET_VALID },
    { "D-13 nbf -1e300", "\"nbf\":-1e300", MCP_OK },
    { "D-13 nbf zero", "\"nbf\":0", MCP_OK },
    { "D-13 nbf string", "\"nbf\":\"1600000000\"", MCP_NOT_YET_VALID },
    { "D-13 nbf null", "\"nbf\":null", MCP_NOT_YET_VALID },
    { "D-13 nbf array", "\"nbf\":[]", MCP_NOT_YET_VALID },
    { "D-14 iat future", "\"iat\":1800000000", MCP_OK },
    { "D-14 iat old", "\"iat\":1", MCP_OK },
    { "D-14 iat string", "\"iat\":\"x\"", MCP_OK },
    { "D-14 iat 1e300", "\"iat\":1e300", MCP_OK },
    { "D-29 cnf.jkt", "\"cnf\":{\"jkt\":\"x\"}", MCP_BOUND },
    { "D-29 cnf.x5t#S256", "\"cnf\":{\"x5t#S256\":\"x\"}", MCP_BOUND },
    { "D-29 cnf empty", "\"cnf\":{}", MCP_BOUND },
    { "D-29 cnf null", "\"cnf\":null", MCP_BOUND },
    { "D-30 ID token by nonce", "\"nonce\":\"n\"", MCP_TYPE },
    { "D-30 ID token by at_hash", "\"at_hash\":\"h\"", MCP_TYPE },
    { "D-30 ID token by c_hash", "\"c_hash\":\"h\"", MCP_TYPE },
    { "D-30 ID token of Cognito", "\"token_use\":\"id\"", MCP_TYPE },
    { "D-30 access token of Cognito", "\"token_use\":\"access\"", MCP_OK },
    { "D-30 refresh token of Hydra", "\"token_use\":\"refresh_token\"", MCP_TYPE },
    { "D-30 access token of Hydra", "\"token_use\":\"access_token\"", MCP_OK },
    { "D-30 ID token of Keycloak", "\"typ\":\"ID\"", MCP_TYPE },
    { "D-30 refresh token of Keycloak", "\"typ\":\"Refresh\"", MCP_TYPE },
    { "D-30 offline token of Keycloak", "\"typ\":\"Offline\"", MCP_TYPE },
    { "D-30 logout token of Keycloak", "\"typ\":\"Logout\"", MCP_TYPE },
    { "D-30 access token of Keycloak", "\"typ\":\"Bearer\"", MCP_OK },
    { "D-30 logout token", "\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}", MCP_TYPE },
    { "D-30 introspection answer", "\"token_introspection\":{\"active\":true}", MCP_TYPE },
    { "D-30 DPoP proof by htm", "\"htm\":\"GET\"", MCP_TYPE },
    { "D-30 DPoP proof by htu", "\"htu\":\"https://h\"", MCP_TYPE },
    { "D-30 typ a number", "\"typ\":1", MCP_OK },
    { "D-28 odd claim names", "\"x\\r\\nX-Injected\":\"1\",\"Authorization\":\"a\",\"a:b\":\"c\"", MCP_OK },
    { "D-32 30 digits", "\"big\":123456789012345678901234567890", MCP_OK },
};

static void test_members(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *text =
            apr_psprintf(pool, "{%s,\"exp\":1700003600,\"aud\":\"" RESOURCE "\",\"sub\":\"u\"}", others[i].member);
        mcp_claims_t claims;

        is_int(judge(&claims, text, pool), others[i].want, "%s", others[i].name);
    }
}

/* Members beside a good aud and sub: what an introspected statement is judged by (F-04), and a JWT. */
static const struct {
    const char *name, *members;
    mcp_reason_t introspected, jwt;
} statements[] = {
    { "no exp", "\"active\":true", MCP_OK, MCP_NO_EXPIRY },
    { "exp in an hour", "\"exp\":1700003600", MCP_OK, MCP_OK },
    { "F-04 exp past", "\"exp\":1600000000", MCP_EXPIRED, MCP_EXPIRED },
    { "F-04 exp a string", "\"exp\":\"1700003600\"", MCP_NO_EXPIRY, MCP_NO_EXPIRY },
    { "F-04 exp null", "\"exp\":null", MCP_NO_EXPIRY, MCP_NO_EXPIRY },
    { "F-04 nbf future, no exp", "\"nbf\":1800000000", MCP_NOT_YET_VALID, MCP_NO_EXPIRY },
    { "F-04 nbf a string", "\"nbf\":\"1\",\"exp\":1700003600", MCP_NOT_YET_VALID, MCP_NOT_YET_VALID },
    { "cnf", "\"cnf\":{},\"exp\":1700003600", MCP_BOUND, MCP_BOUND },
    { "token_type DPoP", "\"token_type\":\"DPoP\",\"exp\":1700003600", MCP_BOUND, MCP_OK },
    { "token_type dpop", "\"token_type\":\"dpop\",\"exp\":1700003600", MCP_BOUND, MCP_OK },
    { "token_type DPOP, no exp", "\"token_type\":\"DPOP\"", MCP_BOUND, MCP_NO_EXPIRY },
    { "token_type DPoPs", "\"token_type\":\"DPoPs\",\"exp\":1700003600", MCP_OK, MCP_OK },
    { "token_type a number", "\"token_type\":1,\"exp\":1700003600", MCP_OK, MCP_OK },
    { "a refresh token", "\"token_use\":\"refresh_token\",\"exp\":1700003600", MCP_TYPE, MCP_TYPE },
    { "an ID token", "\"nonce\":\"n\",\"exp\":1700003600", MCP_TYPE, MCP_TYPE },
};

static void test_statements(apr_pool_t *pool)
{
    mcp_statement_t statement = { .introspected = true };
    mcp_claims_t claims;

    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        statement.payload =
            object_of(apr_psprintf(pool, "{%s,\"aud\":\"" RESOURCE "\",\"sub\":\"u\"}", statements[i].members), pool);
        statement.introspected = true;
        is_int(judge_statement(&claims, &statement, pool), statements[i].introspected, "introspected: %s",
               statements[i].name);
        statement.introspected = false;
        is_int(judge_statement(&claims, &statement, pool), statements[i].jwt, "as a JWT: %s", statements[i].name);
    }
    statement = (mcp_statement_t){ .payload = object_of("{\"aud\":\"" RESOURCE "\",\"sub\":\"u\"}", pool),
                                   .introspected = true };
    judge_statement(&claims, &statement, pool);
    is_int(mcp_claims_judge(&claims, &expect, apr_time_from_sec(9000000000000) - 1), MCP_OK, "without exp for long");
    expect.skew = apr_time_from_sec(100000000000);
    ok(claims.expires + expect.skew > claims.expires, "and no skew overflows");
    expect.skew = apr_time_from_sec(SKEW);
    statement.payload = object_of("{\"sub\":\"u\"}", pool);
    is_int(judge_statement(&claims, &statement, pool), MCP_AUDIENCE, "F-05 introspected: no aud");
    statement.payload = object_of("{\"sub\":\"u\",\"aud\":[\"account\"]}", pool);
    is_int(judge_statement(&claims, &statement, pool), MCP_AUDIENCE, "F-05 introspected: another aud");
    statement.payload = object_of("{\"aud\":\"" RESOURCE "\"}", pool);
    is_int(judge_statement(&claims, &statement, pool), MCP_NO_SUBJECT, "introspected: nobody");
}

static const struct {
    const char *name, *aud; /* NULL: none */
    mcp_reason_t want;
} audiences[] = {
    { "the resource", "\"" RESOURCE "\"", MCP_OK },
    { "D-18 with a slash", "\"" RESOURCE "/\"", MCP_OK },
    { "D-18 with two", "\"" RESOURCE "//\"", MCP_AUDIENCE },
    { "a further one", "\"api://files\"", MCP_OK },
    { "D-18 a further one with a slash", "\"api://files/\"", MCP_AUDIENCE },
    { "D-17 one of several", "[\"account\",\"" RESOURCE "\"]", MCP_OK },
    { "D-17 the last of a hundred types", "[1,null,{},[],true,\"\",\"" RESOURCE "\"]", MCP_OK },
    { "D-17 a further one of several", "[\"api://files\"]", MCP_OK },
    { "D-15 missing", NULL, MCP_AUDIENCE },
    { "D-15 null", "null", MCP_AUDIENCE },
    { "D-15 empty", "\"\"", MCP_AUDIENCE },
    { "D-15 empty array", "[]", MCP_AUDIENCE },
    { "D-15 array of empty", "[\"\"]", MCP_AUDIENCE },
    { "D-15 number", "1", MCP_AUDIENCE },
    { "D-15 object", "{\"" RESOURCE "\":1}", MCP_AUDIENCE },
    { "D-15 array in array", "[[\"" RESOURCE "\"]]", MCP_AUDIENCE },
    { "D-15 object in array", "[{\"aud\":\"" RESOURCE "\"}]", MCP_AUDIENCE },
    { "D-15 true", "true", MCP_AUDIENCE },
    { "D-16 substring", "\"mcp.example.com/mcp\"", MCP_AUDIENCE },
    { "D-16 superstring", "\"x" RESOURCE "\"", MCP_AUDIENCE },
    { "D-16 prefix", "\"https://mcp.example.com/mc\"", MCP_AUDIENCE },
    { "D-16 prefix host", "\"https://mcp.example.com.evil.example/mcp\"", MCP_AUDIENCE },
    { "D-16 suffix host", "\"https://evil-mcp.example.com/mcp\"", MCP_AUDIENCE },
    { "D-16 child path", "\"" RESOURCE "/x\"", MCP_AUDIENCE },
    { "D-16 longer path", "\"" RESOURCE "x\"", MCP_AUDIENCE },
    { "D-16 port", "\"https://mcp.example.com:443/mcp\"", MCP_AUDIENCE },
    { "D-16 scheme", "\"http://mcp.example.com/mcp\"", MCP_AUDIENCE },
    { "D-16 query", "\"" RESOURCE "?\"", MCP_AUDIENCE },
    { "D-16 fragment", "\"" RESOURCE "#\"", MCP_AUDIENCE },
    { "D-16 user information", "\"https://a@mcp.example.com/mcp\"", MCP_AUDIENCE },
    { "D-16 star", "\"*\"", MCP_AUDIENCE },
    { "D-16 slash", "\"/\"", MCP_AUDIENCE },
    { "D-16 list of blanks", "\"" RESOURCE " account\"", MCP_AUDIENCE },
    { "D-16 list of commas", "\"" RESOURCE ",account\"", MCP_AUDIENCE },
    { "D-16 JSON in a string", "\"[\\\"" RESOURCE "\\\"]\"", MCP_AUDIENCE },
    { "D-16 newline", "\"" RESOURCE "\\n\"", MCP_AUDIENCE },
    { "D-16 leading blank", "\" " RESOURCE "\"", MCP_AUDIENCE },
    { "D-16 homoglyph", "\"https://mcp.ex\\u0430mple.com/mcp\"", MCP_AUDIENCE },
    { "D-18 upper-case host", "\"https://MCP.example.com/mcp\"", MCP_AUDIENCE },
    { "D-18 upper-case path", "\"https://mcp.example.com/MCP\"", MCP_AUDIENCE },
    { "D-19 issuer", "\"" ISSUER "\"", MCP_AUDIENCE },
    { "D-19 client", "\"client\"", MCP_AUDIENCE },
    { "D-19 account", "\"account\"", MCP_AUDIENCE },
    { "D-19 path", "\"/mcp\"", MCP_AUDIENCE },
    { "D-19 origin", "\"https://mcp.example.com\"", MCP_AUDIENCE },
    { "D-19 origin with a slash", "\"https://mcp.example.com/\"", MCP_AUDIENCE },
};

static void test_audience(apr_pool_t *pool)
{
    mcp_expect_t saved = expect;
    mcp_claims_t claims;

    for (size_t i = 0; i < sizeof(audiences) / sizeof(audiences[0]); i++) {
        const char *member = audiences[i].aud ? apr_pstrcat(pool, ",\"aud\":", audiences[i].aud, NULL) : "";

        is_int(judge(&claims,
                     apr_psprintf(pool, "{\"exp\":1700003600,\"sub\":\"u\",\"client_id\":\"client\"%s}", member), pool),
               audiences[i].want, "aud %s", audiences[i].name);
    }
    expect.audiences = NULL;
    is_int(judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\",\"aud\":\"api://files\"}", pool), MCP_AUDIENCE,
           "aud of another place does not count");
    expect.resource = NULL;
    is_int(judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\",\"aud\":\"" RESOURCE "\"}", pool), MCP_AUDIENCE,
           "aud of a place without resource");
    is_int(judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\"}", pool), MCP_AUDIENCE, "D-15 not even no aud");
    expect.resource = "https://mcp.example.com/mcp/";
    is_int(judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\",\"aud\":\"" RESOURCE "\"}", pool), MCP_OK,
           "D-18 a resource with a slash, aud without");
    expect.resource = "https://mcp.example.com/mcp?t=1";
    is_int(judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\",\"aud\":\"https://mcp.example.com/mcp?t=1/\"}", pool),
           MCP_AUDIENCE, "D-18 a slash in a query is another query");
    expect = saved;
}

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

static const char *text_of(mcp_view_t view, apr_pool_t *pool)
{
    return view.data ? mcp_view_dup(view, pool) : NULL;
}

static void test_subject(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        mcp_claims_t claims;
        const char *text = apr_psprintf(pool, "{%s,\"exp\":1700003600,\"aud\":\"" RESOURCE "\"}", subjects[i].members);

        is_int(judge(&claims, text, pool), subjects[i].want, "%s", subjects[i].name);
        is_str(text_of(claims.user, pool), subjects[i].user, "%s: user", subjects[i].name);
        is_str(text_of(claims.subject, pool), subjects[i].subject, "%s: subject", subjects[i].name);
        is_str(text_of(claims.client, pool), subjects[i].client, "%s: client", subjects[i].name);
        is_str(text_of(claims.id, pool), NULL, "%s: no jti", subjects[i].name);
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

        names.scope_prefix = scopes[i].prefix;
        is_int(judge(&claims, text, pool), MCP_OK, "%s", scopes[i].name);
        is_str(mcp_scope_format(claims.scope, NULL, pool), scopes[i].scopes, "%s: the scopes", scopes[i].name);
    }
    names.scope_prefix = NULL;
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
        is_int(judge(&claims, text, pool), MCP_OK, "D-25 %d scopes", counts[i]);
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

        judge(&claims, apr_psprintf(pool, "{\"exp\":1700003600,%s}", rows[i].member), pool);
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

        ok(mcp_claims_issuer(&issuer, object_of(issuers[i].payload, pool)) == issuers[i].given, "iss %s",
           issuers[i].name);
        is_str(text_of(issuer, pool), issuers[i].issuer, "iss %s: its text", issuers[i].name);
    }
}

/* Trust and type are of the place, not of the token; the order is that of the header file. */
/* Where the issuer's tokens say what they are, a token that does not is none of its access tokens. */
static const struct {
    const char *name, *member;
    mcp_reason_t loose, strict;
} uses[] = {
    { "access", "\"token_use\":\"access\"", MCP_OK, MCP_OK },
    { "nothing", "\"a\":1", MCP_OK, MCP_TYPE },
    { "null", "\"token_use\":null", MCP_OK, MCP_TYPE },
    { "empty", "\"token_use\":\"\"", MCP_OK, MCP_TYPE },
    { "a part", "\"token_use\":\"acces\"", MCP_OK, MCP_TYPE },
    { "more", "\"token_use\":\"access_token\"", MCP_OK, MCP_TYPE },
    { "upper case", "\"token_use\":\"Access\"", MCP_OK, MCP_TYPE },
    { "a list", "\"token_use\":[\"access\"]", MCP_OK, MCP_TYPE },
    { "an object", "\"token_use\":{\"access\":1}", MCP_OK, MCP_TYPE },
    { "another", "\"token_use\":\"other\"", MCP_OK, MCP_TYPE },
    { "id", "\"token_use\":\"id\"", MCP_TYPE, MCP_TYPE },
    { "a dotted path", "\"token\":{\"use\":\"access\"}", MCP_OK, MCP_TYPE },
};

static void test_use(apr_pool_t *pool)
{
    mcp_claims_t claims;

    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        const char *text =
            apr_psprintf(pool, "{\"exp\":1700003600,\"aud\":\"" RESOURCE "\",\"sub\":\"u\",%s}", uses[i].member);

        is_int(judge(&claims, text, pool), uses[i].loose, "D-30 token_use, no rule: %s", uses[i].name);
        expect.token_use = "access";
        is_int(judge(&claims, text, pool), uses[i].strict, "D-30 token_use, access: %s", uses[i].name);
        expect.token_use = NULL;
    }
    judge(&claims, "{\"exp\":0,\"aud\":\"x\",\"sub\":\"u\",\"cnf\":{}}", pool);
    expect.token_use = "access";
    is_int(mcp_claims_judge(&claims, &expect, apr_time_from_sec(NOW)), MCP_TYPE, "the kind comes first");
    expect.typed = true;
    judge(&claims, "{\"exp\":1700003600,\"aud\":\"" RESOURCE "\",\"sub\":\"u\",\"token_use\":\"access\"}", pool);
    is_int(mcp_claims_judge(&claims, &expect, apr_time_from_sec(NOW)), MCP_TYPE,
           "one rule is not instead of the other");
    expect.typed = false;
    expect.token_use = NULL;
}

static void test_place(apr_pool_t *pool)
{
    const char *right = "{\"exp\":1700003600,\"aud\":\"" RESOURCE "\",\"sub\":\"u\",\"jti\":\"id\"}";
    mcp_expect_t place = expect;
    mcp_claims_t claims;
    apr_time_t now = apr_time_from_sec(NOW);

    is_int(judge(&claims, right, pool), MCP_OK, "right in every way");
    is_str(text_of(claims.id, pool), "id", "with its jti");
    place.issuers = list_of("https://other.example.com " ISSUER, pool);
    is_int(mcp_claims_judge(&claims, &place, now), MCP_OK, "trusted here among others");
    place.issuers = list_of("https://other.example.com", pool);
    is_int(mcp_claims_judge(&claims, &place, now), MCP_ISSUER, "D-22 not trusted here");
    place.issuers = list_of(ISSUER "/", pool);
    is_int(mcp_claims_judge(&claims, &place, now), MCP_ISSUER, "D-21 a slash more");
    place.issuers = apr_array_make(pool, 0, sizeof(const char *));
    is_int(mcp_claims_judge(&claims, &place, now), MCP_ISSUER, "nobody is trusted here");
    place.issuers = NULL;
    place.typed = true;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_TYPE, "B-20 strict: JWT is no access token");
    claims.typ = MCP_TYP_ABSENT;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_TYPE, "B-20 strict: nor is one without typ");
    claims.typ = MCP_TYP_ACCESS_TOKEN;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_OK, "B-20 strict: at+jwt is");
    claims.issuer = NULL;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_ISSUER, "facts that nobody vouched for");
    claims.issuer = ISSUER;
    is_int(mcp_claims_judge(&claims, &place, now + apr_time_from_sec(3629)), MCP_OK, "G-02 the last second");
    is_int(mcp_claims_judge(&claims, &place, now + apr_time_from_sec(3630)), MCP_EXPIRED,
           "G-02 expired, by the same facts");
    place.skew = 0;
    is_int(mcp_claims_judge(&claims, &place, now + apr_time_from_sec(3600) - 1), MCP_OK,
           "no skew: one microsecond before");
    is_int(mcp_claims_judge(&claims, &place, now + apr_time_from_sec(3600)), MCP_EXPIRED,
           "no skew: RFC 7519 4.1.4 on or after");
    judge(&claims, "{\"exp\":0,\"aud\":\"x\",\"cnf\":{}}", pool);
    place = expect;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_BOUND, "binding comes before audience");
    claims.bound = false;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_AUDIENCE, "audience before time");
    place.audiences = list_of("x", pool);
    is_int(mcp_claims_judge(&claims, &place, now), MCP_EXPIRED, "time before user");
    claims.expires = now;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_NO_SUBJECT, "and user last");
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

static void test_texts(apr_pool_t *pool)
{
    mcp_claims_t claims = { .payload = object_of("{\"s\":\"text\",\"i\":-7,\"t\":true,\"f\":false,\"n\":null,\"r\":1.5,"
                                                 "\"o\":{\"in\":\"x\"},\"list\":[\"a\",1,true,null,{}],\"empty\":[],"
                                                 "\"nested\":[[\"x\"]],\"u\":\"\\u00e9\",\"c\":\"a\\r\\nb\"}",
                                                 pool) };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        is_str(mcp_claims_text(&claims, texts[i].path, pool), texts[i].text, "text of %s", texts[i].path);
    }
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        ok(mcp_claims_contain(&claims, contents[i].path, contents[i].value) == contents[i].contains, "%s %s '%s'",
           contents[i].path, contents[i].contains ? "contains" : "does not contain", contents[i].value);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    names = (mcp_claim_names_t){ .scope = list_of("scope scp", pool),
                                 .role = list_of("roles realm_access.roles", pool),
                                 .user = list_of("sub client_id", pool),
                                 .client = list_of("client_id azp", pool),
                                 .audience = list_of("aud", pool) };
    expect = (mcp_expect_t){ .resource = RESOURCE,
                             .audiences = list_of("api://files", pool),
                             .skew = apr_time_from_sec(SKEW) };
    test_expiry(pool);
    test_members(pool);
    test_statements(pool);
    test_audience(pool);
    test_subject(pool);
    test_scope(pool);
    test_many_scopes(pool);
    test_roles(pool);
    test_issuer(pool);
    test_use(pool);
    test_place(pool);
    test_texts(pool);
    apr_terminate();
    return done_testing();
}
