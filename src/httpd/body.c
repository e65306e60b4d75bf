#include "body.h"

#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "../core/limits.h"
#include "../core/mirror.h"
#include "../core/rpc.h"

/* What has been read of a body. */
struct mcp_body_t {
    char *bytes;
    apr_size_t used;
    apr_size_t size;
    apr_size_t expected; /* what the head announces; else a guess */
    bool whole;          /* and that is all */
    bool usual;          /* as the method was when it was read */
    bool answered;       /* see mcp_body_is_answered */
    mcp_reason_t reason;
};

/* How far the handler of one request has got. */
typedef struct {
    const mcp_body_t *body;
    apr_size_t given;
} offer_t;

static ap_filter_rec_t *filter;

static apr_size_t line_length(const char *bytes, apr_size_t left)
{
    const char *end = memchr(bytes, '\n', left);

    return end ? (apr_size_t)(end - bytes) + 1 : left;
}

/* As HTTP_IN does: bytes, with EOS behind the last ones. Nothing of the network is asked while there is something left, and
 * what was not read comes from there. */
static apr_status_t give(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode, apr_read_type_e block,
                         apr_off_t most)
{
    offer_t *offer = f->ctx;
    const mcp_body_t *body = offer->body;
    apr_size_t left = body->used - offer->given;

    if ((mode != AP_MODE_READBYTES && mode != AP_MODE_GETLINE) || (left == 0 && !body->whole)) {
        return ap_get_brigade(f->next, brigade, mode, block, most);
    }
    if (left > 0) {
        const char *next = body->bytes + offer->given;
        apr_size_t len = mode == AP_MODE_GETLINE  ? line_length(next, left)
                         : (apr_off_t)left > most ? (apr_size_t)most
                                                  : left;

        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_pool_create(next, len, f->r->pool, brigade->bucket_alloc));
        offer->given += len;
        left -= len;
    }
    if (left == 0 && body->whole) {
        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(brigade->bucket_alloc));
    }
    return APR_SUCCESS;
}

void mcp_body_register(void)
{
    /* Before all others, so that what was judged is what arrives: filters that change bodies have nothing to do. */
    filter = ap_register_input_filter("MCP_BODY", give, NULL, AP_FTYPE_RESOURCE - 1);
}

bool mcp_body_is_usual(const request_rec *r)
{
    static const int bodiless[] = { M_GET, M_DELETE, M_OPTIONS, M_TRACE }; /* M_GET is HEAD's as well */

    for (size_t i = 0; i < sizeof(bodiless) / sizeof(bodiless[0]); i++) {
        if (r->method_number == bodiless[i]) {
            return false;
        }
    }
    return true;
}

/* httpd makes a GET of what a program has redirected (RFC 3875 6.2.2) and of an error that has a document. The body that came
 * with the request was for somebody else then. */
static bool is_spent(request_rec *r)
{
    const mcp_body_t *body = mcp_request_get(mcp_request_root(r))->body;

    return body && body->whole && body->usual && !mcp_body_is_usual(r);
}

static bool is_offered(const request_rec *r)
{
    for (const ap_filter_t *f = r->input_filters; f; f = f->next) {
        if (f->frec == filter) {
            return true;
        }
    }
    return false;
}

void mcp_body_offer(request_rec *r)
{
    const mcp_body_t *body = mcp_request_get(mcp_request_root(r))->body;
    offer_t *offer;

    if (body && !r->main && !is_offered(r) && !is_spent(r)) {
        offer = apr_pcalloc(r->pool, sizeof(*offer));
        offer->body = body;
        ap_add_input_filter_handle(filter, offer, r, r->connection);
    }
}

static void append(mcp_body_t *body, const char *bytes, apr_size_t len, apr_pool_t *pool)
{
    if (body->used + len > body->size) {
        apr_size_t size = body->size ? body->size * 2 : body->expected;
        char *larger;

        while (size < body->used + len) {
            size *= 2;
        }
        larger = apr_palloc(pool, size);
        if (body->used > 0) {
            memcpy(larger, body->bytes, body->used);
        }
        body->bytes = larger;
        body->size = size;
    }
    memcpy(body->bytes + body->used, bytes, len);
    body->used += len;
}

/* Append what a brigade has. */
static apr_status_t take(mcp_body_t *body, apr_bucket_brigade *brigade, apr_pool_t *pool)
{
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *bytes;
        apr_size_t len;
        apr_status_t status;

        if (APR_BUCKET_IS_EOS(bucket)) {
            body->whole = true;
        } else if (!APR_BUCKET_IS_METADATA(bucket)) {
            if ((status = apr_bucket_read(bucket, &bytes, &len, APR_BLOCK_READ)) != APR_SUCCESS) {
                return status;
            }
            if (len > 0) {
                append(body, bytes, len, pool);
            }
        }
    }
    return APR_SUCCESS;
}

/* Read until the end, an error, or more than limit bytes. */
static apr_status_t read_all(mcp_body_t *body, request_rec *r, apr_off_t limit)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && !body->whole && (apr_off_t)body->used <= limit) {
        status = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN);
        if (status == APR_SUCCESS) {
            status = APR_BRIGADE_EMPTY(brigade) ? APR_EOF : take(body, brigade, r->pool);
        }
        apr_brigade_cleanup(brigade);
    }
    apr_brigade_destroy(brigade);
    return status;
}

/* httpd's own words for what went wrong (LimitRequestBody, RequestReadTimeout). */
static mcp_reason_t reason_of(apr_status_t status)
{
    switch (ap_map_http_request_error(status, HTTP_BAD_REQUEST)) {
    case HTTP_REQUEST_ENTITY_TOO_LARGE:
        return MCP_BODY_TOO_LARGE;
    case HTTP_REQUEST_TIME_OUT:
        return MCP_BODY_TIMEOUT;
    default:
        return MCP_BODY_CUT;
    }
}

/* The length that the head announces, -1 for none. */
static apr_off_t announced(const request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length;

    return text && ap_parse_strict_length(&length, text) ? length : -1;
}

bool mcp_body_is_announced(request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");

    return !is_spent(r) && (ap_request_has_body(r) || apr_table_get(r->headers_in, "Transfer-Encoding") ||
                            (length && announced(r) != 0));
}

bool mcp_body_is_lent(const request_rec *r)
{
    apr_off_t length = 0;

    return r->main && r->kept_body && (apr_brigade_length(r->kept_body, 1, &length) != APR_SUCCESS || length != 0);
}

/* Of a request that httpd would refuse by itself, with a page for people (LimitRequestBody, which does not count for what is
 * proxied). */
static bool is_too_long(const request_rec *r, apr_off_t limit)
{
    apr_off_t length = announced(r), own = r->proxyreq ? 0 : ap_get_limit_req_body(r);

    return length > limit || (own > 0 && length > own);
}

bool mcp_body_is_answered(request_rec *r)
{
    const mcp_body_t *body = mcp_request_get(mcp_request_root(r))->body;

    return body && body->answered;
}

mcp_reason_t mcp_body_keep(mcp_view_t *kept, request_rec *r, apr_off_t limit)
{
    request_rec *root = mcp_request_root(r);
    mcp_request_t *state = mcp_request_get(root);
    apr_table_t *head = r->headers_in;
    apr_status_t status;

    if (!state->body) {
        if (is_too_long(r, limit)) {
            return MCP_BODY_TOO_LARGE;
        }
        state->body = apr_pcalloc(root->pool, sizeof(*state->body));
        state->body->usual = mcp_body_is_usual(r);
        state->body->expected = announced(r) > 0 ? (apr_size_t)announced(r) : HUGE_STRING_LEN;
        status = read_all(state->body, r, limit);
        r->headers_in = head; /* what was judged, without what MergeTrailers has added to it */
        state->body->reason = status != APR_SUCCESS ? reason_of(status) : MCP_OK;
        state->body->answered = status == AP_FILTER_ERROR;
        mcp_body_offer(r);
    }
    if (state->body->reason != MCP_OK) {
        return state->body->reason;
    }
    if ((apr_off_t)state->body->used > limit || !state->body->whole) {
        return MCP_BODY_TOO_LARGE;
    }
    *kept = (mcp_view_t){ state->body->bytes ? state->body->bytes : "", state->body->used };
    return MCP_OK;
}

/* Whether a body that nobody has kept may be read for its id. */
static bool is_readable(request_rec *r)
{
    apr_off_t length = announced(r);

    return length > 0 && length <= MCP_LIMIT_ID_BODY && !r->expecting_100 && !r->prev &&
           !apr_table_get(r->headers_in, "Transfer-Encoding") &&
           mcp_mirror_is_json(apr_table_get(r->headers_in, "Content-Type"));
}

const char *mcp_body_rpc_id(request_rec *r)
{
    mcp_view_t body;

    if (!mcp_request_get(mcp_request_root(r))->body && !is_readable(r)) {
        return "null";
    }
    return mcp_body_keep(&body, r, APR_INT32_MAX) == MCP_OK ? mcp_rpc_id(body, r->pool) : "null";
}
