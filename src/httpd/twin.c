#include "twin.h"

#include <http_request.h>

#include "../core/log.h"
#include "../core/path.h"
#include "reply.h"

/* By ProxyPass, RewriteRule or SetHandler. */
static bool is_proxied(const request_rec *r)
{
    return r->proxyreq == PROXYREQ_REVERSE || (r->handler && strncmp(r->handler, "proxy:", 6) == 0);
}

/* Whether the section of a request keeps out who has no right token; what it lets in all the same it lets in as it is
 * spelled. */
static bool is_protected(request_rec *r)
{
    return mcp_request_is_governed(r) && !mcp_request_reports(r);
}

/* The plainest reading of the path, where nothing is protected in the words that the server's configuration has for it. */
static const char *twin_of(request_rec *r)
{
    const apr_array_header_t *resources = mcp_conf_server(r->server)->resources;
    const char *path = mcp_path_fold(r->uri, r->pool);

    for (int i = 0; i < resources->nelts && !is_protected(r); i++) {
        const char *location = APR_ARRAY_IDX(resources, i, mcp_resource_t).location;
        const char *spelled = location ? mcp_path_respell(path, location, r->pool) : NULL;

        path = spelled ? spelled : path; /* which may be below another in other words */
    }
    return path;
}

int mcp_twin_end_lookup(request_rec *r)
{
    return r->main && mcp_request_get(r->main)->locating ? HTTP_FORBIDDEN : DECLINED;
}

/* A subrequest that has the configuration of a path and has gone no further. */
static request_rec *locate(request_rec *r, const char *path)
{
    request_rec *found;

    mcp_request_get(r)->locating = true;
    found = ap_sub_req_method_uri(r->method, ap_os_escape_path(r->pool, path, 1), r, NULL);
    mcp_request_get(r)->locating = false;
    return found;
}

/* Whether a path is protected, and by another section than the request. The second subrequest is one of the first, for
 * httpd gives the same sections as the parent's the same configuration. */
static bool is_protected_elsewhere(request_rec *r, const char *path)
{
    request_rec *own = locate(r, r->uri), *other = locate(own, path);
    bool elsewhere = is_protected(other) && other->per_dir_config != own->per_dir_config;

    ap_destroy_sub_req(own); /* and what was made of it */
    return elsewhere;
}

int mcp_twin_before_handler(request_rec *r)
{
    const apr_array_header_t *issuers = mcp_conf_server(r->server)->issuers;
    const char *twin;

    if (!issuers || issuers->nelts == 0 || !is_proxied(r)) {
        return DECLINED;
    }
    twin = twin_of(r);
    if (strcmp(twin, r->uri) == 0 || !is_protected_elsewhere(r, twin)) {
        return DECLINED;
    }
    apr_table_unset(r->headers_in, "Authorization"); /* an ErrorDocument may be a program or a backend */
    return mcp_reply_refuse(r, MCP_DENIED,
                            apr_psprintf(r->pool, "another spelling of \"%s\", which is protected",
                                         mcp_log_name(mcp_view_of(twin), r->pool)));
}
