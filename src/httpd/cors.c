#include "cors.h"

#include <http_protocol.h>

#include "../core/field.h"
#include "../core/origin.h"

static const char *allow(request_rec *r, const char *origin)
{
    const mcp_dir_conf_t *dir = mcp_conf_dir(r);

    return mcp_origin_allow(origin, dir->origins, mcp_dir_resource(dir), r->pool);
}

bool mcp_cors_is_allowed(request_rec *r)
{
    const char *origin = apr_table_get(r->headers_in, "Origin");

    return !origin || allow(r, origin);
}

bool mcp_cors_is_preflight(const request_rec *r)
{
    return r->method_number == M_OPTIONS && apr_table_get(r->headers_in, "Origin") &&
           apr_table_get(r->headers_in, "Access-Control-Request-Method");
}

const char *mcp_cors_param_headers(request_rec *r)
{
    const char *asked = apr_table_get(r->headers_in, "Access-Control-Request-Headers");

    return mcp_field_params(asked ? asked : "", r->pool);
}

int mcp_cors_answer_preflight(request_rec *r)
{
    const char *origin = apr_table_get(r->headers_in, "Origin");

    apr_table_setn(r->headers_out, "Access-Control-Allow-Origin", allow(r, origin));
    apr_table_setn(r->headers_out, "Access-Control-Allow-Methods", MCP_CORS_METHODS);
    apr_table_setn(r->headers_out, "Access-Control-Allow-Headers",
                   apr_pstrcat(r->pool, MCP_CORS_HEADERS, mcp_cors_param_headers(r), NULL));
    apr_table_setn(r->headers_out, "Access-Control-Max-Age", "7200");
    apr_table_setn(r->headers_out, "Vary", "Origin, Access-Control-Request-Headers");
    r->status = HTTP_NO_CONTENT;
    return DONE;
}

static bool has_any(const apr_table_t *table)
{
    static const char prefix[] = "Access-Control-";
    const apr_array_header_t *fields = apr_table_elts(table);

    for (int i = 0; i < fields->nelts; i++) {
        if (strncasecmp(APR_ARRAY_IDX(fields, i, apr_table_entry_t).key, prefix, sizeof(prefix) - 1) == 0) {
            return true;
        }
    }
    return false;
}

/* What whoever made the answer says about origins; two Access-Control-Allow-Origin block every browser. */
static void unset_all(request_rec *r)
{
    static const char *const names[] = {
        "Access-Control-Allow-Origin",  "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods",
        "Access-Control-Allow-Headers", "Access-Control-Expose-Headers",    "Access-Control-Max-Age",
    };

    if (!has_any(r->headers_out) && !has_any(r->err_headers_out)) {
        return;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        apr_table_unset(r->headers_out, names[i]);
        apr_table_unset(r->err_headers_out, names[i]);
    }
}

static void set_readable(request_rec *r, const char *by)
{
    apr_table_setn(r->headers_out, "Access-Control-Allow-Origin", by);
    apr_table_setn(r->headers_out, "Access-Control-Expose-Headers", MCP_CORS_EXPOSED);
}

void mcp_cors_apply_public(request_rec *r)
{
    unset_all(r);
    set_readable(r, "*");
}

void mcp_cors_apply(request_rec *r, request_rec *governed)
{
    const char *origin = apr_table_get(r->headers_in, "Origin"), *allowed = origin ? allow(governed, origin) : NULL;

    unset_all(r);
    if ((!allowed || strcmp(allowed, "*") != 0) &&
        !ap_find_token(r->pool, apr_table_get(r->headers_out, "Vary"), "Origin")) {
        apr_table_mergen(r->headers_out, "Vary", "Origin");
    }
    if (allowed) {
        set_readable(r, allowed);
    }
}
