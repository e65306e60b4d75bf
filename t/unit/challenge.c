/* The challenge: what may be in it, how it is written, and how a backend's own is completed. */
#include <apr_general.h>

#include "../../src/core/challenge.h"
#include "../lib/tap.h"

static const struct {
    const char *text;
    bool fine;
} values[] = {
    { "MCP files", true },
    { "files:read files:write", true },
    { "https://h/.well-known/oauth-protected-resource/mcp?a", true },
    { " ", true },
    { "a = b", true }, /* no client takes a blank before the sign */
    { "==", true },
    { "(=", true },
    { "", false },
    { "a\"b", false }, /* J-01 */
    { "a\\b", false }, /* J-01 */
    { "a, b", false },
    { "a\r\nb", false }, /* J-01 */
    { "a\tb", false },
    { "a\x7f", false },
    { "J\xc3\xb6rg", false }, /* J-01 */
    { "scope=files:read", false },
    { "my scope=x", false },
    { "x1=", false },
    { "a_=", false },
    { "a-=", false },
    { "https://h/?a=b", false },
};

static const struct {
    const char *text;
    bool fine;
} names[] = {
    { "profile", true },
    { "x-y_z.1", true },
    { "authorization_uri", true },
    { "", false },
    { "a b", false },
    { "a=", false },
    { "a\"", false },
    { "\xc3\xa9", false },
    { "a,", false },
    { "realm", false },
    { "Realm", false },
    { "error", false },
    { "error_description", false },
    { "scope", false },
    { "SCOPE", false },
    { "resource_metadata", false },
    { "x_scope", false },
    { "x-error", false },
    { "my_realm", false },
    { "scopes", true },
};

static void test_words(void)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        ok(mcp_challenge_is_value(values[i].text) == values[i].fine, "value '%s' %s", values[i].text,
           values[i].fine ? "may be" : "may not");
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ok(mcp_challenge_is_extra_name(names[i].text) == names[i].fine, "name '%s' %s", names[i].text,
           names[i].fine ? "may be" : "may not");
    }
}

#define PRM "https://h/.well-known/oauth-protected-resource/mcp"

static const struct {
    const char *name;
    mcp_challenge_t challenge;
    const char *text;
} formats[] = {
    { "A-01 nothing but the address",
      { .reason = MCP_NO_CREDENTIALS, .resource_metadata = PRM },
      "Bearer resource_metadata=\"" PRM "\"" },
    { "no credentials: no error",
      { .reason = MCP_NO_CREDENTIALS, .realm = "MCP", .scope = "a b", .resource_metadata = PRM },
      "Bearer realm=\"MCP\", scope=\"a b\", resource_metadata=\"" PRM "\"" },
    { "another scheme: no error",
      { .reason = MCP_OTHER_SCHEME, .resource_metadata = PRM },
      "Bearer resource_metadata=\"" PRM "\"" },
    { "invalid token",
      { .reason = MCP_EXPIRED, .realm = "MCP", .scope = "a", .resource_metadata = PRM },
      "Bearer realm=\"MCP\", error=\"invalid_token\", error_description=\"The token has expired\", scope=\"a\", "
      "resource_metadata=\"" PRM "\"" },
    { "insufficient scope",
      { .reason = MCP_INSUFFICIENT_SCOPE, .scope = "a b c", .resource_metadata = PRM },
      "Bearer error=\"insufficient_scope\", error_description=\"The token lacks a scope that is required here\", "
      "scope=\"a b c\", "
      "resource_metadata=\"" PRM "\"" },
    { "invalid request",
      { .reason = MCP_CREDENTIALS_MULTIPLE, .resource_metadata = PRM },
      "Bearer error=\"invalid_request\", error_description=\"There is more than one credential\", "
      "resource_metadata=\"" PRM "\"" },
    { "empty values are left out",
      { .reason = MCP_NO_CREDENTIALS, .realm = "", .scope = "", .resource_metadata = PRM },
      "Bearer resource_metadata=\"" PRM "\"" },
    { "nothing to say", { .reason = MCP_NO_CREDENTIALS }, "Bearer" },
};

static void test_format(apr_pool_t *pool)
{
    apr_array_header_t *extra = apr_array_make(pool, 2, sizeof(mcp_challenge_param_t));
    mcp_challenge_t challenge = {
        .reason = MCP_NO_CREDENTIALS, .realm = "MCP", .resource_metadata = PRM, .extra = extra
    };

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        is_str(mcp_challenge_format(&formats[i].challenge, pool), formats[i].text, "%s", formats[i].name);
    }
    APR_ARRAY_PUSH(extra, mcp_challenge_param_t) = (mcp_challenge_param_t){ "profile", "mcp" };
    APR_ARRAY_PUSH(extra, mcp_challenge_param_t) = (mcp_challenge_param_t){ "void", "" };
    APR_ARRAY_PUSH(extra, mcp_challenge_param_t) = (mcp_challenge_param_t){ "last", "1" };
    is_str(mcp_challenge_format(&challenge, pool),
           "Bearer realm=\"MCP\", resource_metadata=\"" PRM "\", profile=\"mcp\", last=\"1\"", "extras come last");
}

#define ADDED "resource_metadata=\"https://h/m\""

/* What a backend may send, and the field that results; NULL leaves it alone. */
static const struct {
    const char *name, *field, *text;
} backends[] = {
    { "bare", "Bearer", "Bearer " ADDED },
    { "bare in lower case", "bearer", "bearer " ADDED },
    { "bare and blanks", "Bearer  ", "Bearer " ADDED "  " },
    { "blank before", "  Bearer realm=\"x\"", "  Bearer realm=\"x\", " ADDED },
    { "one parameter", "Bearer realm=\"x\"", "Bearer realm=\"x\", " ADDED },
    { "token value", "Bearer error=invalid_token", "Bearer error=invalid_token, " ADDED },
    { "all of RFC 6750",
      "Bearer realm=\"x\", error=\"invalid_token\", error_description=\"The token, expired\", scope=\"a b\"",
      "Bearer realm=\"x\", error=\"invalid_token\", error_description=\"The token, expired\", scope=\"a b\", " ADDED },
    { "no blank behind the comma", "Bearer a=1,b=2", "Bearer a=1,b=2, " ADDED },
    { "blanks around the sign", "Bearer realm = \"x\"", "Bearer realm = \"x\", " ADDED },
    { "tabs", "Bearer\trealm\t=\t\"x\"", "Bearer\trealm\t=\t\"x\", " ADDED },
    { "quoted pair", "Bearer realm=\"a\\\"b\"", "Bearer realm=\"a\\\"b\", " ADDED },
    { "quoted backslash at the end", "Bearer realm=\"a\\\\\"", "Bearer realm=\"a\\\\\", " ADDED },
    { "the name inside a value", "Bearer realm=\"resource_metadata=x\"",
      "Bearer realm=\"resource_metadata=x\", " ADDED },
    { "a scheme inside a value", "Basic realm=\"Bearer x=1\"", NULL },
    { "a longer name", "Bearer xresource_metadata=\"u\"", "Bearer xresource_metadata=\"u\", " ADDED },
    { "has it", "Bearer resource_metadata=\"https://other/m\"", NULL },
    { "has it last", "Bearer realm=\"x\", error=\"e\", resource_metadata=\"u\"", NULL },
    { "has it in other case", "Bearer Resource_Metadata=\"u\"", NULL },
    { "has it unquoted", "Bearer resource_metadata=u", NULL },
    { "has it with blanks", "Bearer realm=\"x\" , resource_metadata = \"u\"", NULL },
    { "has it, and Basic behind", "Bearer resource_metadata=\"u\", Basic realm=\"x\"", NULL },
    { "has it in a second Bearer", "Bearer realm=\"a\", Bearer resource_metadata=\"u\"", NULL },
    { "Basic only", "Basic realm=\"x\"", NULL },
    { "Basic, then Bearer", "Basic realm=\"x\", Bearer realm=\"y\"", "Basic realm=\"x\", Bearer realm=\"y\", " ADDED },
    { "Bearer, then Basic", "Bearer realm=\"y\", Basic realm=\"x\"",
      "Bearer realm=\"y\", " ADDED ", Basic realm=\"x\"" },
    { "bare Bearer, then Basic", "Bearer, Basic realm=\"x\"", "Bearer " ADDED ", Basic realm=\"x\"" },
    { "Basic, then bare Bearer", "Basic realm=\"x\", Bearer", "Basic realm=\"x\", Bearer " ADDED },
    { "bare Negotiate, then Bearer", "Negotiate, Bearer realm=\"y\"", "Negotiate, Bearer realm=\"y\", " ADDED },
    { "Digest, then Bearer, then Basic", "Digest realm=\"d\", nonce=\"n\", Bearer, Basic realm=\"x\"",
      "Digest realm=\"d\", nonce=\"n\", Bearer " ADDED ", Basic realm=\"x\"" },
    { "DPoP behind", "Bearer error=\"invalid_token\", DPoP algs=\"ES256\"",
      "Bearer error=\"invalid_token\", " ADDED ", DPoP algs=\"ES256\"" },
    { "another's parameter is not ours", "Bearer realm=\"x\", DPoP resource_metadata=\"u\"",
      "Bearer realm=\"x\", " ADDED ", DPoP resource_metadata=\"u\"" },
    { "BearerX", "BearerX realm=\"x\"", NULL },
    { "Beare", "Beare realm=\"x\"", NULL },
    { "token68 of Negotiate", "Negotiate YII=", NULL },
    { "token68, then Bearer", "Negotiate YII=, Bearer realm=\"x\"", "Negotiate YII=, Bearer realm=\"x\", " ADDED },
    { "token68 of Bearer", "Bearer YII==", NULL },
    { "token68 of Bearer without padding", "Bearer YIIabc", NULL },
    { "two words", "Bearer abc, realm=\"x\"", NULL },
    { "text behind a value", "Bearer realm=\"x\" junk", NULL },
    { "no quote at the end", "Bearer realm=\"x", NULL },
    { "backslash at the end", "Bearer realm=\"x\\", NULL },
    { "quote by a backslash", "Bearer realm=\"x\\\"", NULL },
    { "no value", "Bearer realm=", NULL },
    { "no value, then another", "Bearer realm=, error=\"e\"", NULL },
    { "value with a slash", "Bearer u=https://h/", NULL },
    { "unquoted list", "Bearer scope=a b", NULL },
    { "semicolon", "Bearer realm=\"x\"; error=\"e\"", NULL },
    { "sign behind the scheme", "Bearer=\"x\"", NULL },
    { "parameter without a scheme", "realm=\"x\"", NULL },
    { "slash in the scheme", "Bea/rer realm=\"x\"", NULL },
    { "starts with a quote", "\"Bearer\"", NULL },
    { "beyond ASCII", "\xc3\xa9 Bearer", NULL },
    { "nothing", "", NULL },
    { "blanks", "   ", NULL },
    { "comma at the end", "Bearer realm=\"x\",", "Bearer realm=\"x\", " ADDED "," },
};

static void test_complete(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
        const char *got = mcp_challenge_complete(backends[i].field, "https://h/m", pool);

        is_str(got, backends[i].text, "%s: %s", backends[i].name, backends[i].field);
        if (got) {
            is_str(mcp_challenge_complete(got, "https://h/m", pool), NULL, "%s: complete now", backends[i].name);
        }
    }
}

/* However long: a value of 100,000 bytes, 10,000 parameters, 10,000 schemes. */
static void test_size(apr_pool_t *pool)
{
    static const struct {
        const char *unit;
        bool completed;
    } units[] = { { "aaaaaaaaaa", true }, { ", p=\"12345\"", true }, { ", Negotiate", true }, { "\"\"\"\"\"", false } };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strlen(units[i].unit);
        char *field = apr_palloc(pool, len * 10000 + 20);

        memcpy(field, "Bearer a=1", 10);
        for (size_t n = 0; n < 10000; n++) {
            memcpy(field + 10 + n * len, units[i].unit, len);
        }
        field[10 + 10000 * len] = '\0';
        ok((mcp_challenge_complete(field, "https://h/m", pool) != NULL) == units[i].completed, "10,000 times '%s'",
           units[i].unit);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_words();
    test_format(pool);
    test_complete(pool);
    test_size(pool);
    apr_terminate();
    return done_testing();
}
