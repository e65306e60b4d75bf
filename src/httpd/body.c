#include "body.h"

#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "../core/limits.h"
#include "../core/rpc.h"

static bool is_json(request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    const size_t len = strlen("application/json");

    return type && strncasecmp(type, "application/json", len) == 0 && (type[len] == '\0' || strchr("; \t", type[len]));
}

/* The announced length when the body may be read, 0 otherwise. Chunked bodies and those of redirected requests may
 * not. */
static apr_off_t readable_length(request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length;

    if (!text || r->expecting_100 || r->prev || apr_table_get(r->headers_in, "Transfer-Encoding") || !is_json(r) ||
        !ap_parse_strict_length(&length, text)) {
        return 0;
    }
    return length <= MCP_LIMIT_ID_BODY ? length : 0;
}

/* Read until the end of the body or until length bytes have come. */
static apr_size_t read_body(request_rec *r, char *bytes, apr_size_t length)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_size_t used = 0;
    bool ended = false;

    while (!ended && used < length) {
        apr_size_t part = length - used;

        if (ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, (apr_off_t)part) !=
                APR_SUCCESS ||
            APR_BRIGADE_EMPTY(brigade)) {
            break;
        }
        ended = APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade));
        if (apr_brigade_flatten(brigade, bytes + used, &part) != APR_SUCCESS) {
            break;
        }
        used += part;
        apr_brigade_cleanup(brigade);
    }
    apr_brigade_destroy(brigade);
    return used;
}

const char *mcp_body_rpc_id(request_rec *r)
{
    apr_off_t length = readable_length(r);
    char *bytes;

    if (length == 0) {
        return "null";
    }
    bytes = apr_palloc(r->pool, (apr_size_t)length);
    return mcp_rpc_id((mcp_view_t){ bytes, read_body(r, bytes, (apr_size_t)length) }, r->pool);
}
