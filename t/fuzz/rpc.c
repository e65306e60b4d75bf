/* Request bodies, for their id. Whatever comes back can stand in an answer. */
#include "../../src/core/rpc.h"
#include "../../src/core/json.h"
#include "../../src/core/limits.h"
#include "fuzz.h"

unsigned long fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *id = mcp_rpc_id((mcp_view_t){ (const char *)data, size }, pool);
    const char *answer = mcp_rpc_error(id, -32000, "Access is denied", pool);
    json_t *object = NULL;
    const json_t *echoed;

    fuzz_reached += strcmp(id, "null") != 0;
    fuzz_must(strlen(id) <= 6 * MCP_LIMIT_ID + 2, "an id is short");
    fuzz_must(!strpbrk(id, "\r\n"), "an id is one line");
    fuzz_must(mcp_json_parse_object(&object, mcp_view_of(answer), pool) == MCP_OK, "an answer is JSON");
    echoed = json_object_get(object, "id");
    fuzz_must(json_is_null(echoed) || json_is_integer(echoed) || json_is_string(echoed),
              "an id has one of three types");
    apr_pool_destroy(pool);
    return 0;
}
