#include "wellknown.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "../core/digest.h"
#include "../core/prm.h"
#include "../core/rpc.h"
#include "authz.h"
#include "cors.h"
#include "identity.h"
#include "reply.h"

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

/* The document that the configuration for a lookup path gives, NULL when no resource is there. */
static const char *look_up(request_rec *r, const char *lookup_path, const char *path)
{
    request_rec *found = ap_sub_req_lookup_uri(lookup_path, r, NULL);
    const char *text = NULL;

    if (mcp_request_is_governed(found) && mcp_dir_resource(mcp_conf_dir(found))) {
        text = document(found, path);
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

static bool is_same_path(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);

    a_len -= a_len > 1 && a[a_len - 1] == '/';
    b_len -= b_len > 1 && b[b_len - 1] == '/';
    return a_len == b_len && memcmp(a, b, a_len) == 0;
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

        if (root ? resource->is_default || only : is_same_path(path_of(resource, pool), path)) {
            return resource;
        }
    }
    return NULL;
}

static const char *find_document(request_rec *r, const char *path)
{
    const char *text;
    const mcp_resource_t *resource;

    mcp_request_get(r)->lookup = true;
    text = look_up(r, path, path);
    if (!text && (resource = find_resource(mcp_conf_server(r->server), path, r->pool)) != NULL) {
        text = look_up(r, resource->location ? resource->location : path_of(resource, r->pool), path);
    }
    mcp_request_get(r)->lookup = false;
    return text;
}

/* A path that means one thing only: no empty, "." or ".." segment, in any spelling. */
static bool is_plain_path(const char *path)
{
    return !strstr(path, "//") && !strstr(path, "/.") && !ap_strcasestr(path, "%2e") && !ap_strcasestr(path, "%2f") &&
           !ap_strcasestr(path, "%5c");
}

static int refuse(request_rec *r, mcp_reason_t reason)
{
    const mcp_reason_row_t *row = mcp_reason_row(reason);

    mcp_identity_note_decision(r, "refused", row->name);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    return mcp_reply_send(r, row->status, "application/json",
                          mcp_rpc_error("null", MCP_RPC_SERVER_ERROR, row->text, r->pool));
}

static int answer_preflight(request_rec *r)
{
    apr_table_setn(r->headers_out, "Access-Control-Allow-Origin", "*");
    apr_table_setn(r->headers_out, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
    apr_table_setn(r->headers_out, "Access-Control-Allow-Headers",
                   apr_pstrcat(r->pool, MCP_CORS_HEADERS, mcp_cors_param_headers(r), NULL));
    apr_table_setn(r->headers_out, "Access-Control-Max-Age", "7200");
    r->status = HTTP_NO_CONTENT;
    return DONE;
}

/* A strong validator (RFC 9110 8.8.3): the document's own digest. */
static const char *etag_of(const char *text, apr_pool_t *pool)
{
    char tag[MCP_DIGEST_TEXT];

    mcp_digest_text(tag, mcp_view_of(text));
    return apr_pstrcat(pool, "\"", tag, "\"", NULL);
}

static int send_document(request_rec *r, const char *text)
{
    int status;

    apr_table_setn(r->headers_out, "ETag", etag_of(text, r->pool));
    apr_table_setn(r->headers_out, "Cache-Control", "public, max-age=3600");
    if ((status = ap_meets_conditions(r)) != OK) {
        return status;
    }
    return mcp_reply_send(r, HTTP_OK, "application/json", text);
}

int mcp_wellknown_serve(request_rec *r, int lookup)
{
    const mcp_server_conf_t *conf = mcp_conf_server(r->server);
    const char *path, *text;

    if (lookup || r->main || r->prev || r->proxyreq == PROXYREQ_PROXY || !conf->issuers || conf->issuers->nelts == 0 ||
        !mcp_prm_match(&path, r->uri, r->pool)) {
        return DECLINED;
    }
    if (mcp_cors_is_preflight(r)) {
        return answer_preflight(r);
    }
    mcp_request_get(r)->is_public = true;
    if (r->method_number != M_GET && r->method_number != M_OPTIONS) {
        apr_table_setn(r->headers_out, "Allow", "GET, HEAD, OPTIONS");
        return refuse(r, MCP_METHOD_NOT_ALLOWED);
    }
    if (!is_plain_path(path) || (text = find_document(r, path)) == NULL) {
        return refuse(r, MCP_NO_METADATA);
    }
    if (r->method_number == M_OPTIONS) {
        apr_table_setn(r->headers_out, "Allow", "GET, HEAD, OPTIONS");
    }
    return send_document(r, text);
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
    int answer;

    if (!mcp_request_is_governed(r)) {
        return DECLINED;
    }
    if ((wrong = mcp_request_misconfigured(r)) != NULL) {
        return mcp_reply_refuse(r, MCP_MISCONFIGURED, wrong);
    }
    if (!mcp_cors_is_allowed(r) && (answer = mcp_reply_refuse(r, MCP_ORIGIN, NULL)) != OK) {
        return answer;
    }
    if (r->method_number != M_OPTIONS || r->prev) {
        return DECLINED;
    }
    return mcp_cors_is_preflight(r) && mcp_cors_is_allowed(r) ? mcp_cors_answer_preflight(r) : answer_options(r);
}
