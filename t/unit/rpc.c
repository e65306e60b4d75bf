/* The id of a JSON-RPC request and the body of a refusal. */
#include <apr_general.h>

#include "../../src/core/limits.h"
#include "../../src/core/rpc.h"
#include "../lib/tap.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *name, *body, *id;
} rows[] = {
    { "integer", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"initialize\"}", "7" },
    { "zero", "{\"id\":0}", "0" },
    { "negative", "{\"id\":-3}", "-3" },
    { "largest", "{\"id\":9223372036854775807}", "9223372036854775807" },
    { "string", "{\"id\":\"abc\"}", "\"abc\"" },
    { "empty string", "{\"id\":\"\"}", "\"\"" },
    { "I-35 64 bytes", "{\"id\":\"" A64 "\"}", "\"" A64 "\"" },
    { "I-35 65 bytes", "{\"id\":\"" A64 "a\"}", "null" },
    { "I-35 CR LF", "{\"id\":\"a\\r\\nb\"}", "\"a\\r\\nb\"" },
    { "I-35 quotes", "{\"id\":\"\\\"<script>\\\\\"}", "\"\\\"<script>\\\\\"" },
    { "null", "{\"id\":null}", "null" },
    { "absent", "{\"method\":\"notifications/initialized\"}", "null" },
    { "fraction", "{\"id\":1.5}", "null" },
    { "I-35 beyond 64 bits", "{\"id\":92233720368547758080}", "null" },
    { "true", "{\"id\":true}", "null" },
    { "array", "{\"id\":[1]}", "null" },
    { "I-35 object", "{\"id\":{\"a\":1}}", "null" },
    { "I-35 NaN", "{\"id\":NaN}", "null" },
    { "I-18 batch", "[{\"id\":1}]", "null" },
    { "I-12 twice", "{\"id\":1,\"id\":2}", "null" },
    { "I-12 escaped twin", "{\"id\":1,\"\\u0069d\":2}", "null" },
    { "I-12 something else twice", "{\"id\":1,\"a\":1,\"a\":2}", "null" },
    { "I-13 other case", "{\"ID\":1}", "null" },
    { "inner id", "{\"params\":{\"id\":1}}", "null" },
    { "I-19 two texts", "{\"id\":1}{\"id\":2}", "null" },
    { "I-19 byte order mark", "\xef\xbb\xbf{\"id\":1}", "null" },
    { "I-20 bad UTF-8", "{\"id\":\"\xff\"}", "null" },
    { "NUL in it", "{\"id\":\"a\\u0000b\"}", "null" },
    { "cut", "{\"id\":1", "null" },
    { "nothing", "", "null" },
    { "form", "id=1", "null" },
};

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(mcp_rpc_id(mcp_view_of(rows[i].body), pool), rows[i].id, "%s", rows[i].name);
    }
    is_str(mcp_rpc_id((mcp_view_t){ NULL, 0 }, pool), "null", "no body");
    is_str(mcp_rpc_id((mcp_view_t){ "{\"id\":1}\0", 9 }, pool), "null", "NUL behind the object");
    is_str(mcp_rpc_error("7", -32000, "Access is denied", pool),
           "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32000,\"message\":\"Access is denied\"}}", "with an id");
    is_str(mcp_rpc_error(NULL, -32020, "x", pool),
           "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32020,\"message\":\"x\"}}", "without one");
    apr_terminate();
    return done_testing();
}
