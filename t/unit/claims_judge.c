/* Claims: facts judged at a fixed time under the expectations of one place. */
#include <apr_general.h>

#include "../lib/tap.h"
#include "claimant.h"

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

        is_int(claimant_judge(&claims, apr_psprintf(pool, "{%s\"aud\":\"" RESOURCE "\",\"sub\":\"u\"}", member), pool),
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
    { "W-03 refresh token of Hydra 1", "\"token_type\":\"refresh_token\"", MCP_TYPE },
    { "W-03 access token of Hydra 1", "\"token_type\":\"access_token\"", MCP_OK },
    { "W-03 refresh token of Casdoor", "\"tokenType\":\"refresh-token\"", MCP_TYPE },
    { "W-03 access token of Casdoor", "\"tokenType\":\"access-token\"", MCP_OK },
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

        is_int(claimant_judge(&claims, text, pool), others[i].want, "%s", others[i].name);
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
        statement.payload = claimant_object(
            apr_psprintf(pool, "{%s,\"aud\":\"" RESOURCE "\",\"sub\":\"u\"}", statements[i].members), pool);
        statement.introspected = true;
        is_int(claimant_judge_statement(&claims, &statement, pool), statements[i].introspected, "introspected: %s",
               statements[i].name);
        statement.introspected = false;
        is_int(claimant_judge_statement(&claims, &statement, pool), statements[i].jwt, "as a JWT: %s",
               statements[i].name);
    }
    statement = (mcp_statement_t){ .payload = claimant_object("{\"aud\":\"" RESOURCE "\",\"sub\":\"u\"}", pool),
                                   .introspected = true };
    claimant_judge_statement(&claims, &statement, pool);
    is_int(mcp_claims_judge(&claims, &claimant_expect, apr_time_from_sec(9000000000000) - 1), MCP_OK,
           "without exp for long");
    claimant_expect.skew = apr_time_from_sec(100000000000);
    ok(claims.expires + claimant_expect.skew > claims.expires, "and no skew overflows");
    claimant_expect.skew = apr_time_from_sec(SKEW);
    statement.payload = claimant_object("{\"sub\":\"u\"}", pool);
    is_int(claimant_judge_statement(&claims, &statement, pool), MCP_AUDIENCE, "F-05 introspected: no aud");
    statement.payload = claimant_object("{\"sub\":\"u\",\"aud\":[\"account\"]}", pool);
    is_int(claimant_judge_statement(&claims, &statement, pool), MCP_AUDIENCE, "F-05 introspected: another aud");
    statement.payload = claimant_object("{\"aud\":\"" RESOURCE "\"}", pool);
    is_int(claimant_judge_statement(&claims, &statement, pool), MCP_NO_SUBJECT, "introspected: nobody");
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
    mcp_expect_t saved = claimant_expect;
    mcp_claims_t claims;

    for (size_t i = 0; i < sizeof(audiences) / sizeof(audiences[0]); i++) {
        const char *member = audiences[i].aud ? apr_pstrcat(pool, ",\"aud\":", audiences[i].aud, NULL) : "";

        is_int(claimant_judge(
                   &claims, apr_psprintf(pool, "{\"exp\":1700003600,\"sub\":\"u\",\"client_id\":\"client\"%s}", member),
                   pool),
               audiences[i].want, "aud %s", audiences[i].name);
    }
    claimant_expect.audiences = NULL;
    is_int(claimant_judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\",\"aud\":\"api://files\"}", pool), MCP_AUDIENCE,
           "aud of another place does not count");
    claimant_expect.resource = NULL;
    is_int(claimant_judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\",\"aud\":\"" RESOURCE "\"}", pool), MCP_AUDIENCE,
           "aud of a place without resource");
    is_int(claimant_judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\"}", pool), MCP_AUDIENCE, "D-15 not even no aud");
    claimant_expect.resource = "https://mcp.example.com/mcp/";
    is_int(claimant_judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\",\"aud\":\"" RESOURCE "\"}", pool), MCP_OK,
           "D-18 a resource with a slash, aud without");
    claimant_expect.resource = "https://mcp.example.com/mcp?t=1";
    is_int(claimant_judge(&claims, "{\"exp\":1700003600,\"sub\":\"u\",\"aud\":\"https://mcp.example.com/mcp?t=1/\"}",
                          pool),
           MCP_AUDIENCE, "D-18 a slash in a query is another query");
    claimant_expect = saved;
}

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

        is_int(claimant_judge(&claims, text, pool), uses[i].loose, "D-30 token_use, no rule: %s", uses[i].name);
        claimant_expect.token_use = "access";
        is_int(claimant_judge(&claims, text, pool), uses[i].strict, "D-30 token_use, access: %s", uses[i].name);
        claimant_expect.token_use = NULL;
    }
    claimant_judge(&claims, "{\"exp\":0,\"aud\":\"x\",\"sub\":\"u\",\"cnf\":{}}", pool);
    claimant_expect.token_use = "access";
    is_int(mcp_claims_judge(&claims, &claimant_expect, apr_time_from_sec(NOW)), MCP_TYPE, "the kind comes first");
    claimant_expect.typed = true;
    claimant_judge(&claims, "{\"exp\":1700003600,\"aud\":\"" RESOURCE "\",\"sub\":\"u\",\"token_use\":\"access\"}",
                   pool);
    is_int(mcp_claims_judge(&claims, &claimant_expect, apr_time_from_sec(NOW)), MCP_TYPE,
           "one rule is not instead of the other");
    claimant_expect.typed = false;
    claimant_expect.token_use = NULL;
}

/* Trust and type are of the place, not of the token; the order is that of the header file. */
static void test_place(apr_pool_t *pool)
{
    const char *right = "{\"exp\":1700003600,\"aud\":\"" RESOURCE "\",\"sub\":\"u\",\"jti\":\"id\"}";
    mcp_expect_t place = claimant_expect;
    mcp_claims_t claims;
    apr_time_t now = apr_time_from_sec(NOW);

    is_int(claimant_judge(&claims, right, pool), MCP_OK, "right in every way");
    is_str(claimant_text(claims.id, pool), "id", "with its jti");
    place.issuers = claimant_list("https://other.example.com " ISSUER, pool);
    is_int(mcp_claims_judge(&claims, &place, now), MCP_OK, "trusted here among others");
    place.issuers = claimant_list("https://other.example.com", pool);
    is_int(mcp_claims_judge(&claims, &place, now), MCP_ISSUER, "D-22 not trusted here");
    place.issuers = claimant_list(ISSUER "/", pool);
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
    claimant_judge(&claims, "{\"exp\":0,\"aud\":\"x\",\"cnf\":{}}", pool);
    place = claimant_expect;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_BOUND, "binding comes before audience");
    claims.bound = false;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_AUDIENCE, "audience before time");
    place.audiences = claimant_list("x", pool);
    is_int(mcp_claims_judge(&claims, &place, now), MCP_EXPIRED, "time before user");
    claims.expires = now;
    is_int(mcp_claims_judge(&claims, &place, now), MCP_NO_SUBJECT, "and user last");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    claimant_begin(pool);
    test_expiry(pool);
    test_members(pool);
    test_statements(pool);
    test_audience(pool);
    test_use(pool);
    test_place(pool);
    apr_terminate();
    return done_testing();
}
