#include "conf.h"

#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>

#include "../core/log.h"

APLOG_USE_MODULE(auth_mcp);

/* NULL when the URL is https, or http to where that is allowed; else the refusal. */
static const char *check_http(const char *directive, const char *url, const mcp_server_conf_t *conf, apr_pool_t *pool)
{
    mcp_uri_t uri;

    if (mcp_uri_parse(&uri, url, pool) || uri.https || mcp_conf_allows_http(conf, &uri)) {
        return NULL;
    }
    return apr_psprintf(
        pool, "%s: '%s' is plain http to a host that is not this machine; for example %s, or MCPAllowHTTP %s",
        directive, mcp_log_word(url, pool),
        mcp_log_word(apr_pstrcat(pool, "https://", uri.authority, uri.path, NULL), pool), mcp_log_word(uri.host, pool));
}

/* What was said with MCPClaim, else what is usual. */
static const apr_array_header_t *names_or(const apr_array_header_t *said, const mcp_profile_names_t usual,
                                          apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));

    if (said) {
        return said;
    }
    for (size_t i = 0; i < sizeof(mcp_profile_names_t) / sizeof(usual[0]) && usual[i]; i++) {
        APR_ARRAY_PUSH(list, const char *) = usual[i];
    }
    return list;
}

static void complete_names(mcp_issuer_conf_t *issuer, apr_pool_t *pool)
{
    const mcp_profile_t *profile = issuer->profile ? issuer->profile : mcp_profile_general();

    issuer->profile = profile;
    issuer->names = (mcp_claim_names_t){ .scope = names_or(issuer->scope, profile->scope, pool),
                                         .role = names_or(issuer->role, profile->role, pool),
                                         .user = names_or(issuer->user, profile->user, pool),
                                         .client = names_or(issuer->client, profile->client, pool),
                                         .audience = names_or(issuer->audience, profile->audience, pool),
                                         .scope_prefix = issuer->scope_prefix };
}

/* Take over what the server says for all its issuers. A shared secret has algorithms of its own, so that no default
 * opens it to more. */
static void complete_issuer(mcp_issuer_conf_t *issuer, const mcp_server_conf_t *conf, apr_pool_t *pool)
{
    unsigned own = issuer->algorithms;

    mcp_conf_inherit_issuer(issuer, &conf->defaults, issuer);
    if (issuer->has_secret) {
        issuer->algorithms = own ? own : MCP_HS256;
    }
    complete_names(issuer, pool);
}

/* What belongs together for tokens that are not JWTs. */
static const char *check_introspection(const mcp_issuer_conf_t *issuer, const mcp_server_conf_t *conf, apr_pool_t *pool)
{
    if (issuer->client_auth.id && !issuer->introspection) {
        return "MCPClientAuth: nobody is asked without MCPIntrospection; for example MCPIntrospection "
               "https://auth.example.com/introspect";
    }
    if (mcp_issuer_format(issuer) == MCP_FORMAT_OPAQUE && !issuer->introspection) {
        return "MCPTokenFormat: 'opaque' needs MCPIntrospection in the same <MCPIssuer>; for example MCPIntrospection "
               "https://auth.example.com/introspect";
    }
    if (!issuer->introspection) {
        return NULL;
    }
    if (!issuer->client_auth.id) { /* RFC 7662 2.1: the endpoint must know who asks */
        return "MCPIntrospection: it needs MCPClientAuth in the same <MCPIssuer>; for example MCPClientAuth basic "
               "mcp-gateway file:/etc/apache2/mcp-client.secret";
    }
    return check_http("MCPIntrospection", issuer->introspection, conf, pool);
}

static const char *check_issuer(mcp_issuer_conf_t *issuer, const mcp_server_conf_t *conf, apr_pool_t *pool)
{
    const char *wrong = check_http("MCPIssuer", issuer->url, conf, pool);

    for (int i = 0; i < issuer->key_urls->nelts && !wrong; i++) {
        wrong = check_http("MCPKeys", APR_ARRAY_IDX(issuer->key_urls, i, const char *), conf, pool);
    }
    if (wrong) {
        return wrong;
    }
    if (issuer->has_secret && (issuer->key_urls->nelts > 0 || issuer->static_keys->count > 1)) {
        return "MCPSharedSecret: it stands beside MCPKeys, and a public key must never be taken for a secret; for "
               "example keep MCPKeys "
               "alone";
    }
    if (!issuer->has_secret && (issuer->algorithms & MCP_ALGS_HMAC)) {
        return "MCPAlgorithms: an HS algorithm needs MCPSharedSecret in the same <MCPIssuer>; for example "
               "MCPSharedSecret "
               "file:/etc/apache2/mcp.secret";
    }
    if (issuer->has_secret && (issuer->algorithms & ~(unsigned)MCP_ALGS_HMAC)) {
        return "MCPAlgorithms: beside MCPSharedSecret only HS algorithms have a meaning; for example MCPAlgorithms "
               "HS256";
    }
    return check_introspection(issuer, conf, pool);
}

static const char *check_issuers(const mcp_server_conf_t *conf, apr_pool_t *pool)
{
    for (int i = 0; conf->issuers && i < conf->issuers->nelts; i++) {
        mcp_issuer_conf_t *issuer = APR_ARRAY_IDX(conf->issuers, i, mcp_issuer_conf_t *);
        const char *wrong;

        if (!issuer->names.scope) { /* a global issuer is met once per virtual host */
            complete_issuer(issuer, conf, pool);
        }
        if ((wrong = check_issuer(issuer, conf, pool)) != NULL) {
            return apr_psprintf(pool, "%s (%s)", wrong, issuer->defined_at);
        }
    }
    return NULL;
}

static const char *check_resources(const mcp_server_conf_t *conf, apr_pool_t *pool)
{
    int defaults = 0;

    for (int i = 0; i < conf->resources->nelts; i++) {
        const mcp_resource_t *resource = &APR_ARRAY_IDX(conf->resources, i, mcp_resource_t);
        const char *wrong = check_http("MCPResource", resource->uri, conf, pool);

        if (wrong) {
            return apr_psprintf(pool, "%s (%s)", wrong, resource->defined_at);
        }
        defaults += resource->is_default;
        if (defaults > 1) {
            return apr_psprintf(
                pool, "MCPResource: '%s default' is the second default of this server; for example keep one (%s)",
                mcp_log_word(resource->uri, pool), resource->defined_at);
        }
    }
    return NULL;
}

static const char *check_trusted(const mcp_server_conf_t *conf, apr_pool_t *pool)
{
    for (int i = 0; i < conf->trusted->nelts; i++) {
        const mcp_trust_t *trust = &APR_ARRAY_IDX(conf->trusted, i, mcp_trust_t);

        if (!mcp_conf_has_issuer(conf, trust->url)) {
            return apr_psprintf(
                pool, "MCPTrustIssuer: '%s' is no MCPIssuer of this server; for example MCPTrustIssuer %s (%s)",
                mcp_log_word(trust->url, pool),
                mcp_log_word(APR_ARRAY_IDX(conf->issuers, 0, mcp_issuer_conf_t *)->url, pool), trust->defined_at);
        }
    }
    return NULL;
}

static const char *check_server(const mcp_server_conf_t *conf, apr_pool_t *pool)
{
    const char *wrong;

    if (conf->first_use && (!conf->issuers || conf->issuers->nelts == 0)) {
        return apr_psprintf(pool,
                            "%s: no MCPIssuer says whose tokens count in this server; for example MCPIssuer "
                            "https://auth.example.com",
                            conf->first_use);
    }
    if ((wrong = check_issuers(conf, pool)) != NULL) {
        return wrong;
    }
    if ((wrong = check_trusted(conf, pool)) != NULL) {
        return wrong;
    }
    return check_resources(conf, pool);
}

/* httpd reads its configuration twice when it starts; say what is unwise in the second pass only, or for -t. */
static void warn(const server_rec *s)
{
    const apr_array_header_t *warnings = mcp_conf_server(s)->warnings;

    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG &&
        ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL) {
        return;
    }
    for (int i = 0; i < warnings->nelts; i++) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, s, "MCP0301: %s",
                     APR_ARRAY_IDX(warnings, i, const char *));
    }
}

int mcp_conf_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *servers)
{
    (void)plog;
    (void)ptemp;
    for (server_rec *s = servers; s; s = s->next) {
        const char *wrong = check_server(mcp_conf_server(s), pconf);

        if (wrong) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s, "MCP0300: %s", wrong);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        warn(s);
    }
    return OK;
}
