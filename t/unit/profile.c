/* Profiles: every row is complete, is found by its name alone, and says what its admin can do. */
#include "../../src/core/profile.h"

#include <string.h>

#include "../lib/tap.h"

static const struct {
    const char *name, *found; /* NULL: none */
} names[] = {
    { "none", "none" },     { "entra", "entra" },       { "auth0", "auth0" },
    { "okta", "okta" },     { "keycloak", "keycloak" }, { "cognito", "cognito" },
    { "google", "google" }, { "Keycloak", "keycloak" }, { "OKTA", "okta" },
    { "", NULL },           { "keycloa", NULL },        { "keycloak ", NULL },
    { "keycloaks", NULL },  { "azure", NULL },          { "entra v2", NULL },
};

static void test_names(void)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const mcp_profile_t *profile = mcp_profile_find(names[i].name);

        is_str(profile ? profile->name : NULL, names[i].found, "'%s'", names[i].name);
    }
    ok(mcp_profile_general() == mcp_profile_find("none"), "none is what counts without a profile");
}

/* First and second name of each meaning. */
static const struct {
    const char *name, *claims[5][2];
} rows[] = {
    { "none", { { "scope", "scp" }, { "roles" }, { "sub", "client_id" }, { "client_id", "azp" }, { "aud" } } },
    { "entra", { { "scp" }, { "roles" }, { "sub" }, { "azp", "appid" }, { "aud" } } },
    { "auth0", { { "scope" }, { "permissions" }, { "sub" }, { "azp", "client_id" }, { "aud" } } },
    { "okta", { { "scp" }, { "groups" }, { "sub" }, { "cid" }, { "aud" } } },
    { "keycloak", { { "scope" }, { "realm_access.roles" }, { "sub" }, { "azp", "client_id" }, { "aud" } } },
    { "cognito", { { "scope" }, { "cognito:groups" }, { "sub" }, { "client_id" }, { "aud", "client_id" } } },
};

static void test_claims(void)
{
    static const char *const meanings[] = { "scope", "role", "user", "client", "audience" };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const mcp_profile_t *profile = mcp_profile_find(rows[i].name);
        const mcp_profile_names_t *lists[] = { &profile->scope, &profile->role, &profile->user, &profile->client,
                                               &profile->audience };

        for (size_t n = 0; n < 5; n++) {
            is_str((*lists[n])[0], rows[i].claims[n][0], "%s: %s", rows[i].name, meanings[n]);
            is_str((*lists[n])[1], rows[i].claims[n][1], "%s: %s, second", rows[i].name, meanings[n]);
        }
        is_str(profile->token_use, strcmp(rows[i].name, "cognito") == 0 ? "access" : NULL, "%s: token_use",
               rows[i].name);
        ok(!profile->refusal, "%s can be an issuer", rows[i].name);
    }
}

/* Texts end up within one line of the log, behind a colon; what they tell is one of our directives. */
static void test_mends(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *mend = mcp_profile_find(rows[i].name)->mend;

        ok(strstr(mend, "MCPAudience") || strstr(mend, "MCPResource"), "%s: the mend names a directive", rows[i].name);
        ok(!strpbrk(mend, "\r\n%\"\\") && strlen(mend) < 300, "%s: the mend fits into a line", rows[i].name);
        for (size_t other = 0; other < i; other++) {
            ok(strcmp(mend, mcp_profile_find(rows[other].name)->mend) != 0, "%s: not the mend of %s", rows[i].name,
               rows[other].name);
        }
    }
}

static void test_refusal(void)
{
    const mcp_profile_t *google = mcp_profile_find("google");

    ok(google->refusal && strstr(google->refusal, "opaque") && strstr(google->refusal, "7662"),
       "google: the refusal says why");
    ok(google->refusal && strstr(google->refusal, "MCPIssuer"), "google: and what to do instead");
}

int main(void)
{
    test_names();
    test_claims();
    test_mends();
    test_refusal();
    return done_testing();
}
