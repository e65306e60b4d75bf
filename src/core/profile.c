#include "profile.h"

#include <string.h>

#include "ascii.h"

/* The general row comes first: RFC 9068 2.2, RFC 8693 4.2 and 4.3; azp and scp are what older providers send. Where a
 * row has two names, tokens have come with either. */
static const mcp_profile_t profiles[] = {
    { .name = "none",
      .scope = { "scope", "scp" },
      .role = { "roles" },
      .user = { "sub", "client_id" },
      .client = { "client_id", "azp" },
      .audience = { "aud" },
      .mend =
          "have the issuer put the URL of MCPResource into aud (its setting may be called resource, audience or API "
          "identifier), or name in MCPAudience what it puts there for this server alone" },
    { .name = "entra", /* azp in version 2.0, appid in version 1.0 */
      .scope = { "scp" },
      .role = { "roles" },
      .user = { "sub" },
      .client = { "azp", "appid" },
      .audience = { "aud" },
      .mend = "name in MCPAudience the application (client) ID of the app registration of this server for tokens of "
              "version 2.0, or its Application ID URI for those of version 1.0" },
    { .name = "auth0", /* azp in its own token dialect, client_id in the one of RFC 9068 */
      .scope = { "scope" },
      .role = { "permissions" },
      .user = { "sub" },
      .client = { "azp", "client_id" },
      .audience = { "aud" },
      .mend =
          "create an API at Auth0 whose identifier is MCPResource, and turn on the Resource Parameter Compatibility "
          "Profile of the tenant, or name the identifier of the API in MCPAudience" },
    { .name = "okta",
      .scope = { "scp" },
      .role = { "groups" },
      .user = { "sub" },
      .client = { "cid" },
      .audience = { "aud" },
      .mend = "make MCPResource the audience of a custom authorization server at Okta, or name in MCPAudience the "
              "audience that it has" },
    { .name = "keycloak",
      .scope = { "scope" },
      .role = { "realm_access.roles" },
      .user = { "sub" },
      .client = { "azp", "client_id" },
      .audience = { "aud" },
      .mend = "add to a client scope at Keycloak a mapper of type Audience with MCPResource as included custom "
              "audience, and let the clients of this server have that scope" },
    { .name = "cognito", /* without resource binding there is no aud; the audience then is the app client */
      .scope = { "scope" },
      .role = { "cognito:groups" },
      .user = { "sub" },
      .client = { "client_id" },
      .audience = { "aud", "client_id" },
      .token_use = "access",
      .mend = "let clients ask for the resource (resource binding), with MCPResource as the identifier of a resource "
              "server in the user pool, or name the id of the app client in MCPAudience" },
    { .name = "google",
      .refusal = "gives out opaque access tokens that nobody can be asked about (there is no introspection by RFC "
                 "7662): put an authorization server between that lets users log in with Google and gives out tokens "
                 "of its own, and make that the MCPIssuer" },
};

const mcp_profile_t *mcp_profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if (strlen(profiles[i].name) == strlen(name) && mcp_ascii_same(profiles[i].name, name, strlen(name))) {
            return &profiles[i];
        }
    }
    return NULL;
}

const mcp_profile_t *mcp_profile_general(void)
{
    return &profiles[0];
}
