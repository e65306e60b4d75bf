#include "conf.h"

#include <http_core.h>

#include "../core/json.h"

#define SET_UNSET(type, name, unset, fallback) conf->name = (unset);
#define MERGE(type, name, unset, fallback) merged->name = child->name != (unset) ? child->name : parent->name;

void *mcp_conf_create_dir(apr_pool_t *pool, char *path)
{
    mcp_dir_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)path;
    MCP_DIR_FIELDS(SET_UNSET)
    return conf;
}

void *mcp_conf_merge_dir(apr_pool_t *pool, void *parent_conf, void *child_conf)
{
    const mcp_dir_conf_t *parent = parent_conf, *child = child_conf;
    mcp_dir_conf_t *merged = apr_pcalloc(pool, sizeof(*merged));

    MCP_DIR_FIELDS(MERGE)
    return merged;
}

mcp_issuer_conf_t *mcp_conf_make_issuer(const char *url, apr_pool_t *pool)
{
    mcp_issuer_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    conf->url = url;
    conf->key_urls = apr_array_make(pool, 1, sizeof(const char *));
    MCP_ISSUER_FIELDS(SET_UNSET)
    return conf;
}

void mcp_conf_inherit_issuer(mcp_issuer_conf_t *merged, const mcp_issuer_conf_t *parent, const mcp_issuer_conf_t *child)
{
    MCP_ISSUER_FIELDS(MERGE)
}

void *mcp_conf_create_server(apr_pool_t *pool, server_rec *server)
{
    mcp_server_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)server;
    MCP_SERVER_FIELDS(SET_UNSET)
    conf->defaults = *mcp_conf_make_issuer(NULL, pool);
    conf->resources = apr_array_make(pool, 2, sizeof(mcp_resource_t));
    conf->trusted = apr_array_make(pool, 1, sizeof(mcp_trust_t));
    conf->warnings = apr_array_make(pool, 1, sizeof(const char *));
    conf->owned = apr_array_make(pool, 4, sizeof(const char *));
    return conf;
}

/* Own and inherited ones; an own default takes the place of the inherited one. */
static apr_array_header_t *merge_resources(apr_pool_t *pool, const apr_array_header_t *parent,
                                           const apr_array_header_t *child)
{
    apr_array_header_t *merged = apr_array_append(pool, child, parent);
    bool own_default = false;

    for (int i = 0; i < merged->nelts; i++) {
        mcp_resource_t *resource = &APR_ARRAY_IDX(merged, i, mcp_resource_t);

        if (i < child->nelts) {
            own_default = own_default || resource->is_default;
        } else if (own_default) {
            resource->is_default = false;
        }
    }
    return merged;
}

#define IS_SET(type, name, unset, fallback) || child->name != (unset)
#define IS_DEFAULT_SET(type, name, unset, fallback) || child->defaults.name != (unset)

/* Whether a virtual host says anything of its own about how tokens are judged or keys fetched. */
static bool has_own_settings(const mcp_server_conf_t *child)
{
    return false MCP_SERVER_FIELDS(IS_SET)
    MCP_ISSUER_FIELDS(IS_DEFAULT_SET);
}

/* Inherited issuers as this server's own, so that its settings count for them and for nobody else's. */
static apr_array_header_t *copy_issuers(apr_pool_t *pool, const apr_array_header_t *issuers)
{
    apr_array_header_t *copies = apr_array_copy(pool, issuers);

    for (int i = 0; i < copies->nelts; i++) {
        mcp_issuer_conf_t **issuer = &APR_ARRAY_IDX(copies, i, mcp_issuer_conf_t *);

        *issuer = apr_pmemdup(pool, *issuer, sizeof(**issuer));
    }
    return copies;
}

void *mcp_conf_merge_server(apr_pool_t *pool, void *parent_conf, void *child_conf)
{
    const mcp_server_conf_t *parent = parent_conf, *child = child_conf;
    mcp_server_conf_t *merged = apr_pcalloc(pool, sizeof(*merged));

    MCP_SERVER_FIELDS(MERGE)
    mcp_conf_inherit_issuer(&merged->defaults, &parent->defaults, &child->defaults);
    if (!child->issuers && parent->issuers && has_own_settings(child)) {
        merged->issuers = copy_issuers(pool, parent->issuers);
    }
    merged->resources = merge_resources(pool, parent->resources, child->resources);
    merged->owned = apr_array_append(pool, child->owned, parent->owned);
    merged->trusted = child->trusted;
    merged->warnings = child->warnings;
    merged->first_use = child->first_use;
    return merged;
}

const mcp_dir_conf_t *mcp_conf_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &auth_mcp_module);
}

const mcp_server_conf_t *mcp_conf_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &auth_mcp_module);
}

bool mcp_conf_has_issuer(const mcp_server_conf_t *conf, const char *url)
{
    for (int i = 0; conf->issuers && i < conf->issuers->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(conf->issuers, i, mcp_issuer_conf_t *)->url, url) == 0) {
            return true;
        }
    }
    return false;
}

bool mcp_conf_allows_http(const mcp_server_conf_t *conf, const mcp_uri_t *uri)
{
    for (int i = 0; conf->allow_http && i < conf->allow_http->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(conf->allow_http, i, const char *), uri->host) == 0) {
            return true;
        }
    }
    return mcp_uri_is_loopback(uri);
}

static bool is_listed(const apr_array_header_t *urls, const char *url)
{
    for (int i = 0; i < urls->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(urls, i, const char *), url) == 0) {
            return true;
        }
    }
    return false;
}

apr_array_header_t *mcp_conf_trusted(const mcp_server_conf_t *server, const mcp_dir_conf_t *dir, apr_pool_t *pool)
{
    apr_array_header_t *trusted = apr_array_make(pool, 2, sizeof(mcp_issuer_conf_t *));

    for (int i = 0; server->issuers && i < server->issuers->nelts; i++) {
        mcp_issuer_conf_t *issuer = APR_ARRAY_IDX(server->issuers, i, mcp_issuer_conf_t *);

        if (!dir->issuers || is_listed(dir->issuers, issuer->url)) {
            APR_ARRAY_PUSH(trusted, mcp_issuer_conf_t *) = issuer;
        }
    }
    return trusted;
}

const char *mcp_conf_scope_prefix(const mcp_server_conf_t *server, const mcp_dir_conf_t *dir, apr_pool_t *pool)
{
    const apr_array_header_t *trusted = mcp_conf_trusted(server, dir, pool);

    for (int i = 0; i < trusted->nelts; i++) {
        const char *prefix = mcp_issuer_scope_prefix(APR_ARRAY_IDX(trusted, i, mcp_issuer_conf_t *));

        if (prefix) {
            return prefix;
        }
    }
    return NULL;
}

int mcp_conf_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    mcp_json_guard(pconf);
    return OK;
}
