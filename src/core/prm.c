#include "prm.h"

#include "json.h"
#include "log.h"

typedef enum { STRING, URL, STRINGS, BOOLEAN, ELSEWHERE } member_type_t;

/* RFC 9728 2. A name with "#tag" is the same member in another language (2.1). */
static const struct {
    const char *name;
    member_type_t type;
    const char *example; /* or, for ELSEWHERE, the directive that sets it */
    const char *value;   /* for ELSEWHERE, an example for that directive */
} members[] = {
    { "resource", ELSEWHERE, "MCPResource", "https://mcp.example.com/mcp" },
    { "authorization_servers", ELSEWHERE, "MCPTrustIssuer", "https://auth.example.com" },
    { "scopes_supported", ELSEWHERE, "MCPScopesSupported", "files:read" },
    { "jwks_uri", URL, "https://mcp.example.com/jwks.json", NULL },
    { "bearer_methods_supported", STRINGS, "header", NULL },
    { "resource_signing_alg_values_supported", STRINGS, "RS256 ES256", NULL },
    { "resource_name", STRING, "\"Example files\"", NULL },
    { "resource_documentation", URL, "https://mcp.example.com/docs", NULL },
    { "resource_policy_uri", URL, "https://mcp.example.com/policy", NULL },
    { "resource_tos_uri", URL, "https://mcp.example.com/tos", NULL },
    { "tls_client_certificate_bound_access_tokens", BOOLEAN, "false", NULL },
    { "authorization_details_types_supported", STRINGS, "payment", NULL },
    { "dpop_signing_alg_values_supported", STRINGS, "ES256", NULL },
    { "dpop_bound_access_tokens_required", BOOLEAN, "false", NULL },
    { "signed_metadata", STRING, "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", NULL },
};

/* NULL when a word is not UTF-8, or there is no memory. */
static json_t *string_array(const apr_array_header_t *words)
{
    json_t *array = json_array();

    for (int i = 0; words && i < words->nelts; i++) {
        if (json_array_append_new(array, json_string(APR_ARRAY_IDX(words, i, const char *))) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

const char *mcp_prm_format(const mcp_prm_t *prm, apr_pool_t *pool)
{
    json_t *document = mcp_json_own(json_object(), pool);
    bool made = json_object_set_new(document, "resource", json_string(prm->resource)) == 0 &&
                json_object_set_new(document, "authorization_servers", string_array(prm->issuers)) == 0 &&
                (!prm->scopes || prm->scopes->nelts == 0 ||
                 json_object_set_new(document, "scopes_supported", string_array(prm->scopes)) == 0) &&
                json_object_set_new(document, "bearer_methods_supported", json_pack("[s]", "header")) == 0 &&
                (!prm->extra || json_object_update(document, prm->extra) == 0);

    return made ? mcp_json_text(document, pool) : NULL;
}

static json_t *typed_value(member_type_t type, const apr_array_header_t *words, apr_pool_t *pool)
{
    const char *first = APR_ARRAY_IDX(words, 0, const char *);
    mcp_uri_t uri;

    if (type == STRINGS) {
        return string_array(words);
    }
    if (words->nelts != 1) {
        return NULL;
    }
    if (type == BOOLEAN) {
        return strcmp(first, "true") == 0 ? json_true() : strcmp(first, "false") == 0 ? json_false() : NULL;
    }
    return type == URL && mcp_uri_parse(&uri, first, pool) ? NULL : json_string(first);
}

/* A member that RFC 9728 does not name: JSON when it is some, else a string; several words are an array of strings. */
static json_t *free_value(const apr_array_header_t *words, apr_pool_t *pool)
{
    json_t *value;

    if (words->nelts > 1) {
        return string_array(words);
    }
    if (mcp_json_parse(&value, mcp_view_of(APR_ARRAY_IDX(words, 0, const char *)), pool) == MCP_OK) {
        return json_incref(value);
    }
    return json_string(APR_ARRAY_IDX(words, 0, const char *));
}

const char *mcp_prm_set(json_t *object, const char *name, const apr_array_header_t *words, apr_pool_t *pool)
{
    size_t plain = strcspn(name, "#");
    const char *example = NULL;
    json_t *value = NULL;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && !example; i++) {
        if (strlen(members[i].name) != plain || strncmp(members[i].name, name, plain) != 0) {
            continue;
        }
        example = members[i].example;
        if (members[i].type == ELSEWHERE) {
            return apr_psprintf(pool, "'%s' is set by %s; for example %s %s", mcp_log_word(name, pool), example,
                                example, members[i].value);
        }
        value = typed_value(members[i].type, words, pool);
    }
    if (!example) {
        value = free_value(words, pool);
    }
    if (!value || json_object_set_new(object, name, value) != 0) {
        return apr_psprintf(pool, "'%s' is not a value of %s; for example %s",
                            mcp_log_word(APR_ARRAY_IDX(words, 0, const char *), pool), mcp_log_word(name, pool),
                            example ? example : "text in UTF-8");
    }
    return NULL;
}

bool mcp_prm_match(const char **resource_path, const char *path, apr_pool_t *pool)
{
    return mcp_uri_match(resource_path, MCP_PRM_NAME, path, pool);
}

const char *mcp_prm_variant(const char *resource, const char *path, apr_pool_t *pool)
{
    mcp_uri_t uri;
    size_t own, asked = strlen(path);

    if (mcp_uri_parse(&uri, resource, pool) || uri.query) {
        return resource;
    }
    own = strlen(uri.path);
    if (own + 1 == asked && path[own] == '/' && own > 0 && strncmp(uri.path, path, own) == 0) {
        return apr_pstrcat(pool, resource, "/", NULL);
    }
    if (asked + 1 == own && uri.path[asked] == '/' && asked > 0 && strncmp(uri.path, path, asked) == 0) {
        return apr_pstrmemdup(pool, resource, strlen(resource) - 1);
    }
    return resource;
}

const char *mcp_prm_address(const char *resource, apr_pool_t *pool)
{
    mcp_uri_t uri;

    return mcp_uri_parse(&uri, resource, pool) ? NULL : mcp_uri_insert(&uri, MCP_PRM_NAME, pool);
}
