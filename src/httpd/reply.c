#include "reply.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "../core/challenge.h"
#include "../core/digest.h"
#include "../core/prm.h"
#include "../core/rpc.h"
#include "body.h"
#include "identity.h"
#include "refresh.h"

APLOG_USE_MODULE(auth_mcp);

const char *mcp_reply_metadata_address(request_rec *r)
{
    const char *resource = mcp_dir_resource(mcp_conf_dir(r));

    return resource ? mcp_prm_address(mcp_prm_variant(resource, r->uri, r->pool), r->pool) : NULL;
}

/* AuthName when it can be a value that every client reads right, else the host of the resource. */
static const char *realm_of(request_rec *r)
{
    const char *name = ap_auth_name(r), *resource = mcp_dir_resource(mcp_conf_dir(r));
    mcp_uri_t uri;

    if (name && mcp_challenge_is_value(name)) {
        return name;
    }
    return resource && !mcp_uri_parse(&uri, resource, r->pool) ? uri.host : NULL;
}

const char *mcp_reply_challenge(request_rec *r, mcp_reason_t reason)
{
    const mcp_dir_conf_t *dir = mcp_conf_dir(r);
    const char *prefix = mcp_conf_scope_prefix(mcp_conf_server(r->server), dir, r->pool);
    mcp_challenge_t challenge = {
        .reason = reason,
        .realm = realm_of(r),
        .scope = mcp_policy_scope(&mcp_request_get(r)->needs, reason, dir->implications, prefix, r->pool),
        .resource_metadata = mcp_reply_metadata_address(r),
        .extra = dir->challenge_params,
    };

    return mcp_challenge_format(&challenge, r->pool);
}

static void log_refusal(request_rec *r, mcp_reason_t reason, const char *detail, bool reported)
{
    static const int levels[] = { APLOG_ERR, APLOG_WARNING, APLOG_INFO, APLOG_DEBUG };
    const mcp_reason_row_t *row = mcp_reason_row(reason);
    const mcp_request_t *state = mcp_request_get(r);
    int level = reported && row->level > MCP_LOG_INFO ? APLOG_INFO : levels[row->level];
    char tag[MCP_DIGEST_TAG] = "";

    if (!APLOG_R_IS_LEVEL(r, level)) {
        return;
    }
    if (state->token.data) {
        mcp_digest_tag(tag, state->token);
    }
    ap_log_rerror(APLOG_MARK, level, 0, r, "MCP0200: %s %s %s: %s%s%s%s%s", reported ? "would refuse" : "refused",
                  r->method, r->uri, row->name, *tag ? ", token " : "", tag, detail ? ", " : "", detail ? detail : "");
}

int mcp_reply_send(request_rec *r, int status, const char *content_type, const char *body)
{
    r->status = status;
    ap_run_insert_error_filter(r);
    ap_set_content_type(r, content_type);
    ap_set_content_length(r, (apr_off_t)strlen(body));
    ap_rputs(body, r);
    return DONE;
}

static bool is_suspended_by_report(request_rec *r, mcp_reason_t reason)
{
    return mcp_request_reports(r) && reason != MCP_MISCONFIGURED && reason != MCP_DENIED;
}

/* A subrequest cannot answer. When its refusal becomes that of the whole (an index file that needs a token),
 * upstream.c finds the challenge here; on any other answer it has no place. */
static void note_part(request_rec *r, mcp_reason_t reason)
{
    request_rec *root = mcp_request_root(r);

    if (mcp_reason_row(reason)->challenge) {
        mcp_request_get(root)->part_challenge = apr_pstrdup(root->pool, mcp_reply_challenge(r, reason));
    }
}

static void set_fields(request_rec *r, mcp_reason_t reason)
{
    const mcp_reason_row_t *row = mcp_reason_row(reason);

    apr_table_unset(r->err_headers_out, "WWW-Authenticate");
    if (row->challenge) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate", mcp_reply_challenge(r, reason));
    }
    if (row->status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->err_headers_out, "Retry-After", apr_itoa(r->pool, MCP_RETRY_AFTER));
    }
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
}

int mcp_reply_refuse(request_rec *r, mcp_reason_t reason, const char *detail)
{
    const mcp_reason_row_t *row = mcp_reason_row(reason);
    bool reported = is_suspended_by_report(r, reason);
    const char *id;

    mcp_request_get(r)->reason = reason;
    mcp_refresh_count(reason);
    log_refusal(r, reason, detail, reported);
    mcp_identity_note_decision(r, reported ? "reported" : "refused", row->name);
    if (mcp_body_is_answered(r)) {
        return AP_FILTER_ERROR;
    }
    if (reported) {
        return OK;
    }
    mcp_identity_keep_caches_off(r); /* "no-store" alone is what CacheStoreNoStore passes over */
    if (r->main) {
        note_part(r, reason);
        return row->status;
    }
    set_fields(r, reason);
    if (mcp_dir_error_body(mcp_conf_dir(r)) == MCP_ERROR_BODY_DEFAULT) {
        mcp_identity_take_token(r); /* an ErrorDocument may be a program or a backend */
        return row->status;
    }
    id = reason == MCP_ORIGIN ? NULL : mcp_body_rpc_id(r); /* MCP streamable HTTP: no id when the Origin is refused */
    if (mcp_body_is_answered(r)) {
        return AP_FILTER_ERROR;
    }
    if (id) { /* a browser must not find a page in what is echoed */
        apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
    }
    return mcp_reply_send(r, row->status, "application/json",
                          mcp_rpc_error(id, mcp_reason_code(reason), row->text, r->pool));
}
