#include "public.h"

#include <http_protocol.h>

#include "../core/digest.h"
#include "../core/rpc.h"
#include "cors.h"
#include "identity.h"
#include "reply.h"

int mcp_public_refuse(request_rec *r, mcp_reason_t reason)
{
    const mcp_reason_row_t *row = mcp_reason_row(reason);

    mcp_identity_note_decision(r, "refused", row->name);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    return mcp_reply_send(r, row->status, "application/json",
                          mcp_rpc_error("null", mcp_reason_code(reason), row->text, r->pool));
}

int mcp_public_preflight(request_rec *r)
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

int mcp_public_send(request_rec *r, const char *text, int max_age)
{
    int status;

    apr_table_setn(r->headers_out, "ETag", etag_of(text, r->pool));
    apr_table_setn(r->headers_out, "Cache-Control", apr_psprintf(r->pool, "public, max-age=%d", max_age));
    if ((status = ap_meets_conditions(r)) != OK) {
        return status;
    }
    return mcp_reply_send(r, HTTP_OK, "application/json", text);
}
