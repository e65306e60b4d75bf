#include "discovery.h"

#include "json.h"
#include "limits.h"
#include "uri.h"

#define OAUTH_NAME "/.well-known/oauth-authorization-server"
#define OPENID_NAME "/.well-known/openid-configuration"

/* RFC 8414 3.1 and OpenID Connect Discovery 4.1: a terminating slash is removed first. */
static const char *without_slash(const char *issuer, apr_pool_t *pool)
{
    size_t len = strlen(issuer);

    return len > 0 && issuer[len - 1] == '/' ? apr_pstrmemdup(pool, issuer, len - 1) : issuer;
}

const char *mcp_discovery_address(const char *issuer, int form, apr_pool_t *pool)
{
    const char *text = without_slash(issuer, pool);
    mcp_uri_t uri;

    if (mcp_uri_parse(&uri, text, pool)) {
        return NULL;
    }
    switch (form) {
    case 0:
        return mcp_uri_insert(&uri, OAUTH_NAME, pool);
    case 1:
        return mcp_uri_insert(&uri, OPENID_NAME, pool);
    case 2: /* without a path it would be the one before */
        return *uri.path && !uri.query ? apr_pstrcat(pool, text, OPENID_NAME, NULL) : NULL;
    default:
        return NULL;
    }
}

bool mcp_discovery_match(const char **resource_path, const char *path, apr_pool_t *pool)
{
    return mcp_uri_match(resource_path, OAUTH_NAME, path, pool) ||
           mcp_uri_match(resource_path, OPENID_NAME, path, pool);
}

/* RFC 8414 2: an absolute URI. Only what mcp_uri_parse lets through ever reaches a log line or the network. */
static const char *read_jwks_uri(const char **jwks_uri, const json_t *value, apr_pool_t *pool)
{
    mcp_view_t text;
    mcp_uri_t uri;
    const char *wrong, *copy;

    if (!mcp_json_string(&text, value)) {
        return "a document without jwks_uri";
    }
    if (text.len > MCP_LIMIT_URL) {
        return "a jwks_uri that is too long";
    }
    copy = mcp_view_dup(text, pool);
    if ((wrong = mcp_uri_parse(&uri, copy, pool)) != NULL) {
        return apr_psprintf(pool, "jwks_uri \"%s\", which %s", mcp_log_name(text, pool), wrong);
    }
    *jwks_uri = copy;
    return NULL;
}

const char *mcp_discovery_read(mcp_discovery_t *found, const char *issuer, mcp_view_t document, apr_pool_t *pool)
{
    json_t *object;
    mcp_view_t named;

    if (mcp_json_parse_object(&object, document, pool) != MCP_OK) {
        return "no JSON object without duplicate members";
    }
    if (!mcp_json_string(&named, json_object_get(object, "issuer"))) {
        return "a document without issuer";
    }
    if (!mcp_view_is(named, issuer)) { /* RFC 8414 3.3: identical, or nothing in the document counts */
        return apr_psprintf(pool, "a document of another issuer, \"%s\"", mcp_log_name(named, pool));
    }
    return read_jwks_uri(&found->jwks_uri, json_object_get(object, "jwks_uri"), pool);
}
