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

/* The path in the words that the server's configuration may have for it. */
static const char *twin_of(request_rec *r)
{
    const apr_array_header_t *resources = mcp_conf_server(r->server)->resources;
    const char *path = mcp_path_fold(r->uri, r->pool);

    for (int i = 0; i < resources->nelts; i++) {
        const char *location = APR_ARRAY_IDX(resources, i, mcp_resource_t).location;
        const char *spelled = location ? mcp_path_respell(path, location, r->pool) : NULL;

        if (spelled && strcmp(spelled, path) != 0) {
            return spelled;
        }
    }
    return path;
}

static bool is_protected(request_rec *r, const char *path)
{
    mcp_request_t *state = mcp_request_get(r);
    request_rec *found;
    bool protected;

    state->lookup = true;
    found = ap_sub_req_lookup_uri(ap_os_escape_path(r->pool, path, 1), r, NULL);
    protected = mcp_request_is_governed(found) && !mcp_request_reports(found);
    ap_destroy_sub_req(found);
    state->lookup = false;
    return protected;
}

int mcp_twin_before_handler(request_rec *r)
{
    const apr_array_header_t *issuers = mcp_conf_server(r->server)->issuers;
    const char *twin;

    if (!issuers || issuers->nelts == 0 || !is_proxied(r) || mcp_request_is_governed(r)) {
        return DECLINED;
    }
    twin = twin_of(r);
    if (strcmp(twin, r->uri) == 0 || !is_protected(r, twin)) {
        return DECLINED;
    }
    return mcp_reply_refuse(r, MCP_DENIED,
                            apr_psprintf(r->pool, "another spelling of \"%s\", which is protected",
                                         mcp_log_name(mcp_view_of(twin), r->pool)));
}
