#include "wellknown.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "../core/discovery.h"
#include "../core/prm.h"
#include "authz.h"
#include "cors.h"
#include "public.h"
#include "reply.h"

/* Seconds that clients may keep the documents: ours change with the configuration, an issuer's own whenever it likes. */
#define PRM_MAX_AGE 3600
#define MIRROR_MAX_AGE 300

static apr_array_header_t *issuer_urls(const mcp_server_conf_t *server, const mcp_dir_conf_t *dir, apr_pool_t *pool)
{
    const apr_array_header_t *trusted = mcp_conf_trusted(server, dir, pool);
    apr_array_header_t *urls = apr_array_make(pool, 2, sizeof(const char *));

    for (int i = 0; i < trusted->nelts; i++) {
        APR_ARRAY_PUSH(urls, const char *) = APR_ARRAY_IDX(trusted, i, mcp_issuer_conf_t *)->url;
    }
    return urls;
}

/* The scopes for the document: what the admin lists, else what the rules name. */
static apr_array_header_t *scopes_of(request_rec *governed, const mcp_dir_conf_t *dir)
{
    const char *prefix = mcp_conf_scope_prefix(mcp_conf_server(governed->server), dir, governed->pool);
    apr_array_header_t *scopes = apr_array_make(governed->pool, 4, sizeof(const char *));
    mcp_scope_t *named = mcp_scope_make(governed->pool);

    for (int i = 0; dir->scopes_supported && i < dir->scopes_supported->nelts; i++) {
        mcp_scope_add(named, mcp_view_of(APR_ARRAY_IDX(dir->scopes_supported, i, const char *)));
    }
    if (!dir->scopes_supported) {
        mcp_authz_collect(governed);
        mcp_scope_add_all(named, mcp_request_get(governed)->needs.scopes);
    }
    for (int i = 0; i < named->nelts; i++) {
        APR_ARRAY_PUSH(scopes, const char *) =
            mcp_scope_wire(APR_ARRAY_IDX(named, i, mcp_view_t), prefix, governed->pool);
    }
    return scopes;
}

/* The document of the resource that governs a request, spelled as path asks for it. */
static const char *document(request_rec *governed, const char *path)
{
    const mcp_dir_conf_t *dir = mcp_conf_dir(governed);
    mcp_prm_t prm = {
        .resource = mcp_prm_variant(mcp_dir_resource(dir), path, governed->pool),
        .issuers = issuer_urls(mcp_conf_server(governed->server), dir, governed->pool),
        .scopes = scopes_of(governed, dir),
        .extra = mcp_dir_metadata(dir),
    };

    return mcp_prm_format(&prm, governed->pool);
}

/* The metadata of the first issuer that counts for the resource which governs a request. NULL when it is not known. */
static const char *issuer_document(request_rec *governed, const char *path)
{
    const apr_array_header_t *trusted =
        mcp_conf_trusted(mcp_conf_server(governed->server), mcp_conf_dir(governed), governed->pool);
    const mcp_issuer_conf_t *issuer = trusted->nelts > 0 ? APR_ARRAY_IDX(trusted, 0, mcp_issuer_conf_t *) : NULL;

    (void)path;
    return issuer && issuer->keyring ? mcp_keyring_metadata(issuer->keyring, governed->pool) : NULL;
}

/* What makes a document out of the request that a resource governs; path is what was asked for. */
typedef const char *(*maker_t)(request_rec *governed, const char *path);

/* The document that the configuration for a lookup path gives, NULL when no resource is there. */
static const char *look_up(request_rec *r, const char *lookup_path, const char *path, maker_t make)
{
    request_rec *found = ap_sub_req_lookup_uri(lookup_path, r, NULL);
    const char *text = NULL;

    if (mcp_request_is_governed(found) && mcp_dir_resource(mcp_conf_dir(found))) {
        text = make(found, path);
        text = text ? apr_pstrdup(r->pool, text) : NULL;
    }
    ap_destroy_sub_req(found);
    return text;
}

static const char *path_of(const mcp_resource_t *resource, apr_pool_t *pool)
{
    mcp_uri_t uri;

    return mcp_uri_parse(&uri, resource->uri, pool) || !*uri.path ? "/" : uri.path;
}

/* Whether all sections that name a resource name the same one. */
static bool is_only_resource(const mcp_server_conf_t *conf)
{
    for (int i = 1; i < conf->resources->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(conf->resources, i, mcp_resource_t).uri,
                   APR_ARRAY_IDX(conf->resources, 0, mcp_resource_t).uri) != 0) {
            return false;
        }
    }
    return conf->resources->nelts > 0;
}

/* A resource of the server's configuration that path stands for although the path itself is not governed: behind a
 * front proxy that strips a prefix, and for the root form. NULL for none. */
static const mcp_resource_t *find_resource(const mcp_server_conf_t *conf, const char *path, apr_pool_t *pool)
{
    bool root = strcmp(path, "/") == 0, only = root && is_only_resource(conf);

    for (int i = 0; i < conf->resources->nelts; i++) {
        const mcp_resource_t *resource = &APR_ARRAY_IDX(conf->resources, i, mcp_resource_t);

        if (root ? resource->is_default || only : mcp_uri_is_same_path(path_of(resource, pool), path)) {
            return resource;
        }
    }
    return NULL;
}

static const char *find_document(request_rec *r, const char *path, maker_t make)
{
    const char *text;
    const mcp_resource_t *resource;

    mcp_request_get(r)->lookup = true;
    text = look_up(r, path, path, make);
    if (!text && (resource = find_resource(mcp_conf_server(r->server), path, r->pool)) != NULL) {
        text = look_up(r, resource->location ? resource->location : path_of(resource, r->pool), path, make);
    }
    mcp_request_get(r)->lookup = false;
    return text;
}

/* Answer a request for a well-known document about the resource at path. */
static int answer(request_rec *r, const char *path, maker_t make, int max_age)
{
    const char *text;

    if (mcp_cors_is_preflight(r)) {
        return mcp_public_preflight(r);
    }
    mcp_request_get(r)->is_public = true;
    if (r->method_number != M_GET && r->method_number != M_OPTIONS) {
        apr_table_setn(r->headers_out, "Allow", "GET, HEAD, OPTIONS");
        return mcp_public_refuse(r, MCP_METHOD_NOT_ALLOWED);
    }
    if (!mcp_uri_is_plain_path(path) || (text = find_document(r, path, make)) == NULL) {
        return mcp_public_refuse(r, MCP_NO_METADATA);
    }
    if (r->method_number == M_OPTIONS) {
        apr_table_setn(r->headers_out, "Allow", "GET, HEAD, OPTIONS");
    }
    return mcp_public_send(r, text, max_age);
}

int mcp_wellknown_serve(request_rec *r, int lookup)
{
    const mcp_server_conf_t *conf = mcp_conf_server(r->server);
    const char *path;

    if (lookup || r->main || r->prev || r->proxyreq == PROXYREQ_PROXY || !conf->issuers || conf->issuers->nelts == 0) {
        return DECLINED;
    }
    if (mcp_prm_match(&path, r->uri, r->pool)) {
        return answer(r, path, document, PRM_MAX_AGE);
    }
    if (mcp_server_mirror(conf) && mcp_discovery_match(&path, r->uri, r->pool)) {
        return answer(r, path, issuer_document, MIRROR_MAX_AGE);
    }
    return DECLINED;
}

/* OPTIONS tells what may be done and where the metadata is, to everybody; it never reaches the backend. */
static int answer_options(request_rec *r)
{
    const char *text = document(r, r->uri);

    apr_table_setn(r->headers_out, "Allow", MCP_CORS_METHODS ", HEAD");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    return mcp_reply_send(r, HTTP_OK, "application/json", text);
}

int mcp_wellknown_before_authn(request_rec *r)
{
    const char *wrong;
    int status;

    if (!mcp_request_is_governed(r)) {
        return DECLINED;
    }
    if ((wrong = mcp_request_misconfigured(r)) != NULL) {
        return mcp_reply_refuse(r, MCP_MISCONFIGURED, wrong);
    }
    if (!mcp_cors_is_allowed(r) && (status = mcp_reply_refuse(r, MCP_ORIGIN, NULL)) != OK) {
        return status;
    }
    if (r->method_number != M_OPTIONS || r->prev) {
        return DECLINED;
    }
    return mcp_cors_is_preflight(r) && mcp_cors_is_allowed(r) ? mcp_cors_answer_preflight(r) : answer_options(r);
}
