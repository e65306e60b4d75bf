/* conf.h - the configuration: written by the directives, frozen after the cross-checks of check_config, const from
 * then on. The exceptions are an issuer's plot and keyring, which refresh.c sets before the first request.
 */
#ifndef MCP_CONF_H
#define MCP_CONF_H

#include <httpd.h>

#include <http_config.h>

#include "../core/claims.h"
#include "../core/profile.h"
#include "../core/uri.h"
#include "../io/introspector.h"
#include "../io/keyring.h"
#include "conf_fields.h"

#define MCP_UNSET (-1)

enum { MCP_ERROR_BODY_JSONRPC, MCP_ERROR_BODY_DEFAULT };
enum { MCP_MODE_ENFORCE, MCP_MODE_REPORT };
enum { MCP_FORMAT_AUTO, MCP_FORMAT_JWT, MCP_FORMAT_OPAQUE };

#define MCP_MEMBER(type, name, unset, fallback) type name;

typedef struct {
    MCP_DIR_FIELDS(MCP_MEMBER)
} mcp_dir_conf_t;

/* What shares facts between processes or machines (MCPCache, cache.c). */
typedef struct mcp_cache_conf_t mcp_cache_conf_t;

/* A trusted authorization server. */
typedef struct {
    const char *url;
    const char *defined_at;       /* file and line, for messages */
    apr_array_header_t *key_urls; /* of const char * */
    mcp_jwks_t *static_keys;      /* from files; NULL for none */
    bool has_secret;
    const char *introspection; /* URL of its introspection endpoint, NULL for none */
    apr_interval_time_t introspection_ttl;
    mcp_client_auth_t client_auth; /* for that; id is NULL when there is none */
    MCP_ISSUER_FIELDS(MCP_MEMBER)
    mcp_claim_names_t names; /* the claims with their defaults, made by the cross-checks */
    int plot;                /* its place among all that are fetched (refresh.c) */
    mcp_keyring_t *keyring;  /* made in the child, as the next */
    mcp_introspector_t *introspector;
} mcp_issuer_conf_t;

/* A resource that the server's own configuration names; those of .htaccess files are found by their path only. */
typedef struct {
    const char *uri;
    const char *location; /* the path of its <Location>, NULL elsewhere */
    bool is_default;
    const char *defined_at;
} mcp_resource_t;

/* An issuer that MCPTrustIssuer names. */
typedef struct {
    const char *url;
    const char *defined_at;
} mcp_trust_t;

typedef struct {
    MCP_SERVER_FIELDS(MCP_MEMBER)
    mcp_issuer_conf_t defaults;     /* MCPAlgorithms and the like outside of <MCPIssuer> */
    mcp_issuer_conf_t *open_issuer; /* while the directives of a <MCPIssuer> are read */
    apr_array_header_t *resources;  /* of mcp_resource_t; inherited and own ones add up */
    apr_array_header_t *owned;      /* of const char *: header names that only we may set, folded; add up as well */
    apr_array_header_t *trusted;    /* of mcp_trust_t: what MCPTrustIssuer named, for the cross-check */
    apr_array_header_t *warnings;   /* of const char *: legal but unwise */
    const char *first_use;          /* the first MCP directive of the server outside .htaccess, with its place */
} mcp_server_conf_t;

/* A claim and the header field that brings it to the backend (MCPForwardClaim). */
typedef struct {
    const char *claim;
    const char *header;
} mcp_forward_t;

#define MCP_ACCESSOR_DIR(type, name, unset, fallback)             \
    static inline type mcp_dir_##name(const mcp_dir_conf_t *conf) \
    {                                                             \
        return conf->name != (unset) ? conf->name : (fallback);   \
    }
MCP_DIR_FIELDS(MCP_ACCESSOR_DIR)

#define MCP_ACCESSOR_ISSUER(type, name, unset, fallback)                \
    static inline type mcp_issuer_##name(const mcp_issuer_conf_t *conf) \
    {                                                                   \
        return conf->name != (unset) ? conf->name : (fallback);         \
    }
MCP_ISSUER_FIELDS(MCP_ACCESSOR_ISSUER)

#define MCP_ACCESSOR_SERVER(type, name, unset, fallback)                \
    static inline type mcp_server_##name(const mcp_server_conf_t *conf) \
    {                                                                   \
        return conf->name != (unset) ? conf->name : (fallback);         \
    }
MCP_SERVER_FIELDS(MCP_ACCESSOR_SERVER)

/* Whether tokens that are no JWTs may be asked about at the issuer. */
static inline bool mcp_conf_introspects(const mcp_issuer_conf_t *issuer)
{
    return issuer->introspection && mcp_issuer_format(issuer) != MCP_FORMAT_JWT;
}

extern module auth_mcp_module;

/* The table of directives (cmds.c). */
extern const command_rec mcp_conf_directives[];

/* httpd's four: create and merge, per directory and per server. */
void *mcp_conf_create_dir(apr_pool_t *pool, char *path);
void *mcp_conf_merge_dir(apr_pool_t *pool, void *parent, void *child);
void *mcp_conf_create_server(apr_pool_t *pool, server_rec *server);
void *mcp_conf_merge_server(apr_pool_t *pool, void *parent, void *child);

/* A fresh issuer with nothing set. */
mcp_issuer_conf_t *mcp_conf_make_issuer(const char *url, apr_pool_t *pool);

/* Take what an issuer leaves open from its server's defaults. merged may be child. */
void mcp_conf_inherit_issuer(mcp_issuer_conf_t *merged, const mcp_issuer_conf_t *parent,
                             const mcp_issuer_conf_t *child);

/* The pre_config hook: what holds for the whole process. */
int mcp_conf_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/* The check_config hook (check.c): what can only be said about the whole configuration, and the parts that are
 * computed from it. Runs for -t as well and asks no network. */
int mcp_conf_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *servers);

/* The configuration that governs a request, and that of its server. */
const mcp_dir_conf_t *mcp_conf_dir(const request_rec *r);
const mcp_server_conf_t *mcp_conf_server(const server_rec *s);

/* Whether the server has an issuer of that URL. */
bool mcp_conf_has_issuer(const mcp_server_conf_t *conf, const char *url);

/* Whether plain http may be used towards the host: loopback, or named by MCPAllowHTTP. */
bool mcp_conf_allows_http(const mcp_server_conf_t *conf, const mcp_uri_t *uri);

/* The server's issuers that count under a directory's MCPTrustIssuer: an array of mcp_issuer_conf_t * in pool. */
apr_array_header_t *mcp_conf_trusted(const mcp_server_conf_t *server, const mcp_dir_conf_t *dir, apr_pool_t *pool);

/* The prefix that scopes get on the wire: that of the first trusted issuer which has one, or NULL. */
const char *mcp_conf_scope_prefix(const mcp_server_conf_t *server, const mcp_dir_conf_t *dir, apr_pool_t *pool);

#endif
