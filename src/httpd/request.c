#include "request.h"

#include <http_core.h>
#include <http_request.h>

mcp_request_t *mcp_request_get(request_rec *r)
{
    mcp_request_t *state = ap_get_module_config(r->request_config, &auth_mcp_module);

    if (!state) {
        state = apr_pcalloc(r->pool, sizeof(*state));
        ap_set_module_config(r->request_config, &auth_mcp_module, state);
    }
    return state;
}

static request_rec *parent_of(const request_rec *r)
{
    return r->prev ? r->prev : r->main;
}

const mcp_request_t *mcp_request_with_facts(request_rec *r)
{
    for (; r; r = parent_of(r)) {
        const mcp_request_t *state = ap_get_module_config(r->request_config, &auth_mcp_module);

        if (state && state->facts) {
            return state;
        }
    }
    return NULL;
}

request_rec *mcp_request_root(request_rec *r)
{
    while (parent_of(r)) {
        r = parent_of(r);
    }
    return r;
}

void mcp_request_inherit(request_rec *r)
{
    request_rec *parent = parent_of(r);
    mcp_request_t *state = mcp_request_get(r);
    const mcp_request_t *before;

    if (state->accepted_under == r->per_dir_config) {
        state->accepted = true; /* mod_negotiation has put a part in the place of the whole */
    }
    if (state->facts || !parent || parent->per_dir_config != r->per_dir_config) {
        return;
    }
    before = mcp_request_get(parent);
    state->facts = before->facts;
    state->issuer = before->issuer;
    state->accepted = before->accepted;
    state->token = before->token;
}

/* Asked by each hook, and an expression for httpd each time. */
bool mcp_request_is_governed(request_rec *r)
{
    mcp_request_t *state = mcp_request_get(r);

    if (state->known_under != r->per_dir_config) {
        const char *type = ap_auth_type(r);

        state->known_under = r->per_dir_config;
        state->governed = type && strcasecmp(type, "MCP") == 0;
    }
    return state->governed;
}

request_rec *mcp_request_governed(request_rec *r)
{
    while (r && !mcp_request_is_governed(r)) {
        r = parent_of(r);
    }
    return r;
}

bool mcp_request_is_lookup(request_rec *r)
{
    for (r = r->main; r; r = parent_of(r)) {
        const mcp_request_t *state = ap_get_module_config(r->request_config, &auth_mcp_module);

        if (state && state->lookup) {
            return true;
        }
    }
    return false;
}

const char *mcp_request_misconfigured(const request_rec *r)
{
    const mcp_server_conf_t *server = mcp_conf_server(r->server);

    if (!mcp_dir_resource(mcp_conf_dir(r))) {
        return "AuthType MCP governs this path and no MCPResource does";
    }
    if (!server->issuers || server->issuers->nelts == 0) {
        return "AuthType MCP governs this path and this server has no MCPIssuer";
    }
    return NULL;
}

bool mcp_request_reports(const request_rec *r)
{
    return mcp_dir_mode(mcp_conf_dir(r)) == MCP_MODE_REPORT;
}
