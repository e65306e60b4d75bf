#include "rpc.h"

#include "limits.h"

const char *mcp_rpc_id(mcp_view_t body, apr_pool_t *pool)
{
    json_t *request, *id;
    mcp_view_t string;
    const char *text = NULL;

    if (mcp_json_parse_object(&request, body, pool) != MCP_OK) {
        return "null";
    }
    id = json_object_get(request, "id");
    if (json_is_integer(id) || (mcp_json_string(&string, id) && string.len <= MCP_LIMIT_ID)) {
        text = mcp_json_text(id, pool);
    }
    return text ? text : "null";
}

const char *mcp_rpc_error(const char *id, int code, const char *message, apr_pool_t *pool)
{
    return apr_psprintf(pool, "{\"jsonrpc\":\"2.0\",%s%s%s\"error\":{\"code\":%d,\"message\":\"%s\"}}",
                        id ? "\"id\":" : "", id ? id : "", id ? "," : "", code, message);
}
