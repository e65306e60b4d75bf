#include "upstream.h"

#include "../core/challenge.h"
#include "cors.h"
#include "reply.h"

static ap_filter_rec_t *filter;

typedef struct {
    apr_array_header_t *values; /* of const char * */
} fields_t;

static int collect(void *baton, const char *name, const char *value)
{
    fields_t *fields = baton;

    (void)name;
    APR_ARRAY_PUSH(fields->values, const char *) = value;
    return 1;
}

/* Complete the first Bearer challenge of a table that lacks resource_metadata (RFC 9728 5.1); everything else of it
 * stays. Returns how many challenge fields the table has. */
static int complete(apr_table_t *table, const char *resource_metadata, apr_pool_t *pool)
{
    fields_t fields = { apr_array_make(pool, 2, sizeof(const char *)) };
    bool completed = false;

    apr_table_do(collect, &fields, table, "WWW-Authenticate", NULL);
    if (!mcp_challenge_complete(apr_array_pstrcat(pool, fields.values, ','), resource_metadata, pool)) {
        return fields.values->nelts; /* one of the fields has it, or they cannot be followed */
    }
    for (int i = 0; i < fields.values->nelts; i++) {
        const char **value = &APR_ARRAY_IDX(fields.values, i, const char *);
        const char *whole = mcp_challenge_complete(*value, resource_metadata, pool);

        if (whole && !completed) {
            *value = whole;
            completed = true;
        }
    }
    if (completed) {
        apr_table_unset(table, "WWW-Authenticate");
        for (int i = 0; i < fields.values->nelts; i++) {
            apr_table_addn(table, "WWW-Authenticate", APR_ARRAY_IDX(fields.values, i, const char *));
        }
    }
    return fields.values->nelts;
}

static bool may_challenge(const request_rec *r)
{
    return r->status == HTTP_UNAUTHORIZED || r->status == HTTP_FORBIDDEN;
}

/* ProxyErrorOverride puts another page in the place of the backend's and forgets its challenge but for the first
 * field of a 401. It is still in the table of the request that was proxied, this one or the one before it. */
static void recover_challenge(request_rec *r)
{
    fields_t fields = { apr_array_make(r->pool, 2, sizeof(const char *)) };

    for (request_rec *made = r; made && fields.values->nelts == 0; made = made->prev) {
        apr_table_do(collect, &fields, made->headers_out, "WWW-Authenticate", NULL);
        apr_table_unset(made->headers_out, "WWW-Authenticate");
    }
    if (fields.values->nelts > 0) {
        apr_table_unset(r->err_headers_out, "WWW-Authenticate");
    }
    for (int i = 0; i < fields.values->nelts; i++) {
        apr_table_addn(r->err_headers_out, "WWW-Authenticate", APR_ARRAY_IDX(fields.values, i, const char *));
    }
}

/* A challenge belongs to a refusal; a backend that serves as ErrorDocument may have made another status of it. */
static void drop_challenge(request_rec *r)
{
    if (!may_challenge(r) && r->status != HTTP_BAD_REQUEST) {
        apr_table_unset(r->err_headers_out, "WWW-Authenticate");
    }
}

static void complete_challenge(request_rec *r, request_rec *governed)
{
    const char *address = may_challenge(r) ? mcp_reply_metadata_address(governed) : NULL;
    int fields;

    if (!address) {
        return;
    }
    fields = complete(r->headers_out, address, r->pool) + complete(r->err_headers_out, address, r->pool);
    if (fields == 0 && r->status == HTTP_UNAUTHORIZED) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate", mcp_reply_challenge(governed, MCP_NO_CREDENTIALS));
    }
}

/* What an authenticated request was answered with is for its sender only, unless the backend says otherwise (RFC 9111
 * 3.5). */
static void keep_private(request_rec *r, request_rec *governed)
{
    if (mcp_request_get(governed)->accepted && !apr_table_get(r->headers_out, "Cache-Control") &&
        !apr_table_get(r->err_headers_out, "Cache-Control")) {
        apr_table_setn(r->headers_out, "Cache-Control", "private");
    }
}

static apr_status_t edit_head(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    request_rec *governed = mcp_request_governed(f->r);

    if (mcp_request_get(f->r)->is_public) {
        mcp_cors_apply_public(f->r);
    } else if (governed) {
        drop_challenge(f->r);
        complete_challenge(f->r, governed);
        mcp_cors_apply(f->r, governed);
        keep_private(f->r, governed);
    }
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void mcp_upstream_register(void)
{
    /* Behind mod_headers, so that no Header directive doubles a CORS field; before the head is written. */
    filter = ap_register_output_filter("MCP_UPSTREAM", edit_head, NULL, AP_FTYPE_CONTENT_SET + 1);
}

/* The refusal of a part has become the answer. */
static void adopt_part_challenge(request_rec *r)
{
    const char *challenge = mcp_request_get(r)->part_challenge;

    if (challenge && may_challenge(r) && !apr_table_get(r->err_headers_out, "WWW-Authenticate")) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate", challenge);
        apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    }
}

void mcp_upstream_insert(request_rec *r)
{
    if (!r->main) {
        adopt_part_challenge(r);
    }
    if (!r->main && (mcp_request_governed(r) || mcp_request_get(r)->is_public)) {
        if (may_challenge(r)) {
            recover_challenge(r);
        }
        ap_add_output_filter_handle(filter, NULL, r, r->connection);
    }
}
