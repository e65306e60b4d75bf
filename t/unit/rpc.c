/* JSON-RPC messages: which operation one is, or why nobody can tell; the id of a request and the body of a refusal. */
#include <apr_general.h>

#include "../../src/core/limits.h"
#include "../../src/core/rpc.h"
#include "../lib/bytes.h"
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

static void test_ids(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(mcp_rpc_id(mcp_view_of(rows[i].body), pool), rows[i].id, "%s", rows[i].name);
    }
    is_str(mcp_rpc_id((mcp_view_t){ NULL, 0 }, pool), "null", "no body");
    is_str(mcp_rpc_id((mcp_view_t){ "{\"id\":1}\0", 9 }, pool), "null", "NUL behind the object");
    is_str(mcp_rpc_error("7", -32000, "Access is denied", pool),
           "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32000,\"message\":\"Access is denied\"}}", "with an id");
    is_str(mcp_rpc_error(NULL, -32020, "x", pool),
           "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32020,\"message\":\"x\"}}", "without one");
}

/* A request: what stands behind jsonrpc and id. */
#define REQUEST(rest) "{\"jsonrpc\":\"2.0\",\"id\":1," rest "}"
#define CALL(params) REQUEST("\"method\":\"tools/call\",\"params\":" params)
#define METHOD(method) REQUEST("\"method\":" method)
#define ID(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ping\"}"
#define READ(uri) REQUEST("\"method\":\"resources/read\",\"params\":{\"uri\":\"" uri "\"}")
#define COMPLETE(ref) REQUEST("\"method\":\"completion/complete\",\"params\":{\"ref\":" ref "}")
#define VERSION(version) \
    REQUEST("\"method\":\"ping\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":" version "}}")

/* Kind, id, method, name and version; "-" for what is not there, "*" for the name of a method that is on nothing. */
static const struct {
    const char *name, *body, *want;
} good[] = {
    { "a call", CALL("{\"name\":\"add\",\"arguments\":{\"a\":1}}"), "request 1 tools/call add -" },
    { "in another order", "{\"params\":{\"name\":\"add\"},\"method\":\"tools/call\",\"id\":\"x\",\"jsonrpc\":\"2.0\"}",
      "request \"x\" tools/call add -" },
    { "white space", " {\r\n\t\"jsonrpc\" : \"2.0\" , \"id\" : 1 , \"method\" : \"ping\" } \n", "request 1 ping * -" },
    { "a prompt", REQUEST("\"method\":\"prompts/get\",\"params\":{\"name\":\"p\",\"uri\":\"u\"}"),
      "request 1 prompts/get p -" },
    { "a resource", READ("file:///a"), "request 1 resources/read file:///a -" },
    { "whatever name it has", REQUEST("\"method\":\"resources/read\",\"params\":{\"name\":\"n\",\"uri\":\"u:x\"}"),
      "request 1 resources/read u:x -" },
    { "a subscription", REQUEST("\"method\":\"resources/subscribe\",\"params\":{\"uri\":\"u:x\"}"),
      "request 1 resources/subscribe u:x -" },
    { "a subscription to nothing", REQUEST("\"method\":\"resources/subscribe\""), "request 1 resources/subscribe * -" },
    { "and its end", REQUEST("\"method\":\"resources/unsubscribe\",\"params\":{\"uri\":\"u:x\"}"),
      "request 1 resources/unsubscribe u:x -" },
    { "I-32 a completion for a prompt", COMPLETE("{\"type\":\"ref/prompt\",\"name\":\"p\"}"),
      "request 1 completion/complete p -" },
    { "I-32 for a resource", COMPLETE("{\"type\":\"ref\\/resource\",\"uri\":\"file:///{a}\"}"),
      "request 1 completion/complete file:///{a} -" },
    { "I-32 a task", REQUEST("\"method\":\"tasks/get\",\"params\":{\"taskId\":\"t\"}"), "request 1 tasks/get t -" },
    { "I-32 its result", REQUEST("\"method\":\"tasks/result\",\"params\":{\"taskId\":\"t\"}"),
      "request 1 tasks/result t -" },
    { "I-32 more for it", REQUEST("\"method\":\"tasks/update\",\"params\":{\"taskId\":\"t\"}"),
      "request 1 tasks/update t -" },
    { "I-32 its end", REQUEST("\"method\":\"tasks/cancel\",\"params\":{\"taskId\":\"t\"}"),
      "request 1 tasks/cancel t -" },
    { "I-32 a stream", REQUEST("\"method\":\"subscriptions/listen\",\"params\":{\"uri\":\"u\"}"),
      "request 1 subscriptions/listen * -" },
    { "a list", METHOD("\"tools/list\""), "request 1 tools/list * -" },
    { "a list with a name", REQUEST("\"method\":\"tools/list\",\"params\":{\"name\":\"n\"}"),
      "request 1 tools/list * -" },
    { "I-30 a method of an extension", METHOD("\"acme/do\""), "request 1 acme/do - -" },
    { "I-30 with a name", REQUEST("\"method\":\"acme/do\",\"params\":{\"name\":7}"), "request 1 acme/do - -" },
    { "I-11 a method in other case is another", METHOD("\"Tools/Call\""), "request 1 Tools/Call - -" },
    { "I-14 escapes in a method", REQUEST("\"method\":\"tools\\/call\",\"params\":{\"name\":\"x\"}"),
      "request 1 tools/call x -" },
    { "I-14 others", REQUEST("\"method\":\"\\u0074ools\\u002fcall\",\"params\":{\"name\":\"\\u0078\"}"),
      "request 1 tools/call x -" },
    { "I-15 a zero-width blank inside",
      CALL("{\"name\":\"a\xe2\x80\x8b"
           "b\"}"),
      "request 1 tools/call a\xe2\x80\x8b"
      "b -" },
    { "I-15 composed", CALL("{\"name\":\"\\u00e9\"}"), "request 1 tools/call \xc3\xa9 -" },
    { "I-15 decomposed", CALL("{\"name\":\"e\\u0301\"}"), "request 1 tools/call e\xcc\x81 -" },
    { "a pair of surrogates", CALL("{\"name\":\"\\ud83d\\ude00\"}"), "request 1 tools/call \xf0\x9f\x98\x80 -" },
    { "I-29 a notification", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
      "notification - notifications/initialized * -" },
    { "I-29 a call as one", "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"x\"}}",
      "notification - tools/call x -" },
    { "I-28 a response", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "response 1 response - -" },
    { "I-28 of a string", "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":null}", "response \"a\" response - -" },
    { "I-28 an error", "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"x\"}}",
      "response 1 response - -" },
    { "I-28 an error to nothing", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{}}", "response null response - -" },
    { "2^53 - 1", ID("9007199254740991"), "request 9007199254740991 ping * -" },
    { "and its opposite", ID("-9007199254740991"), "request -9007199254740991 ping * -" },
    { "zero", ID("0"), "request 0 ping * -" },
    { "an empty id", ID("\"\""), "request \"\" ping * -" },
    { "I-35 escapes in an id", ID("\"\\\"<script>\\r\\n\""), "request \"\\\"<script>\\r\\n\" ping * -" },
    { "I-27 numbers beyond a double", CALL("{\"name\":\"x\",\"arguments\":[1e400,92233720368547758080]}"),
      "request 1 tools/call x -" },
    { "NUL in arguments", CALL("{\"name\":\"x\",\"arguments\":{\"a\":\"\\u0000\"}}"), "request 1 tools/call x -" },
    { "any member in arguments", CALL("{\"name\":\"x\",\"arguments\":{\"Name\":1,\"Name\":2,\"n\\u0061me\":3}}"),
      "request 1 tools/call x -" },
    { "other members", REQUEST("\"method\":\"ping\",\"x\":[{\"method\":1}]"), "request 1 ping * -" },
    { "a version", VERSION("\"2026-07-28\""), "request 1 ping * 2026-07-28" },
    { "any other", VERSION("\"\""), "request 1 ping * " },
    { "as PHP writes it",
      REQUEST(
          "\"method\":\"ping\",\"params\":{\"_meta\":{\"io.modelcontextprotocol\\/protocolVersion\":\"2026-07-28\"}}"),
      "request 1 ping * 2026-07-28" },
};

static const char *text_of(mcp_view_t text, apr_pool_t *pool)
{
    return text.data ? mcp_view_dup(text, pool) : "-";
}

static const char *describe(const mcp_rpc_t *message, apr_pool_t *pool)
{
    static const char *const kinds[] = { "request", "notification", "response" };

    return apr_pstrcat(pool, kinds[message->kind], " ", text_of(message->id, pool), " ", text_of(message->method, pool),
                       " ", message->nameless ? "*" : text_of(message->name, pool), " ",
                       text_of(message->version, pool), NULL);
}

static void test_good(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        mcp_view_t body = bytes_copy(mcp_view_of(good[i].body));
        mcp_rpc_t message;

        is_int(mcp_rpc_read(&message, body, pool), MCP_OK, "%s", good[i].name);
        is_str(describe(&message, pool), good[i].want, "%s: is what it is", good[i].name);
        ok(!message.nameless || !message.name.data, "%s: on something or nothing", good[i].name);
        bytes_free(body);
    }
}

static const struct {
    const char *name;
    mcp_view_t body;
    mcp_reason_t reason;
} bad[] = {
    { "nothing", BYTES(""), MCP_BODY_MALFORMED },
    { "white space", BYTES(" \n"), MCP_BODY_MALFORMED },
    { "a form", BYTES("method=tools/call"), MCP_BODY_MALFORMED },
    { "I-19 two texts", BYTES(METHOD("\"ping\"") METHOD("\"ping\"")), MCP_BODY_MALFORMED },
    { "I-19 JSON lines", BYTES(METHOD("\"ping\"") "\n" METHOD("\"ping\"")), MCP_BODY_MALFORMED },
    { "I-19 trailing text", BYTES(METHOD("\"ping\"") "x"), MCP_BODY_MALFORMED },
    { "I-19 trailing NUL", BYTES(METHOD("\"ping\"") "\0"), MCP_BODY_MALFORMED },
    { "I-19 a byte order mark", BYTES("\xef\xbb\xbf" METHOD("\"ping\"")), MCP_BODY_MALFORMED },
    { "I-20 UTF-16", BYTES("{\0\"\0i\0d\0\"\0:\0001\0}\0"), MCP_BODY_MALFORMED },
    { "I-20 bad UTF-8 in arguments", BYTES(CALL("{\"name\":\"x\",\"arguments\":\"\xff\"}")), MCP_BODY_MALFORMED },
    { "I-20 a lone surrogate there", BYTES(CALL("{\"name\":\"x\",\"arguments\":\"\\ud800\"}")), MCP_BODY_MALFORMED },
    { "a line feed in arguments", BYTES(CALL("{\"name\":\"x\",\"arguments\":\"a\nb\"}")), MCP_BODY_MALFORMED },
    { "NaN in arguments", BYTES(CALL("{\"name\":\"x\",\"arguments\":[NaN]}")), MCP_BODY_MALFORMED },
    { "I-35 NaN as id", BYTES(ID("NaN")), MCP_BODY_MALFORMED },
    { "NUL in the name of a member", BYTES(REQUEST("\"method\\u0000\":\"ping\"")), MCP_BODY_MALFORMED },
    { "a string", BYTES("\"ping\""), MCP_BODY_INVALID },
    { "null", BYTES("null"), MCP_BODY_INVALID },
    { "an empty object", BYTES("{}"), MCP_BODY_INVALID },
    { "I-18 an empty batch", BYTES("[]"), MCP_BODY_INVALID },
    { "I-18 a batch of one", BYTES("[" METHOD("\"ping\"") "]"), MCP_BODY_INVALID },
    { "I-18 one of two", BYTES("[" METHOD("\"ping\"") "," METHOD("\"ping\"") "]"), MCP_BODY_INVALID },
    { "I-18 in another", BYTES("[[" METHOD("\"ping\"") "]]"), MCP_BODY_INVALID },
    { "I-18 without its end", BYTES("[" METHOD("\"ping\"")), MCP_BODY_MALFORMED },
    { "no jsonrpc", BYTES("{\"id\":1,\"method\":\"ping\"}"), MCP_BODY_INVALID },
    { "another version of it", BYTES("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}"), MCP_BODY_INVALID },
    { "a number", BYTES("{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}"), MCP_BODY_INVALID },
    { "more than it", BYTES("{\"jsonrpc\":\"2.0\\u0000\",\"id\":1,\"method\":\"ping\"}"), MCP_BODY_INVALID },
    { "I-28 no method", BYTES("{\"jsonrpc\":\"2.0\",\"id\":1}"), MCP_BODY_INVALID },
    { "I-28 params alone", BYTES("{\"jsonrpc\":\"2.0\",\"id\":1,\"params\":{}}"), MCP_BODY_INVALID },
    { "I-28 method and result", BYTES(REQUEST("\"method\":\"ping\",\"result\":{}")), MCP_BODY_INVALID },
    { "I-28 method and error", BYTES(REQUEST("\"method\":\"ping\",\"error\":{}")), MCP_BODY_INVALID },
    { "I-28 result and error", BYTES(REQUEST("\"result\":{},\"error\":{}")), MCP_BODY_INVALID },
    { "I-28 result and params", BYTES(REQUEST("\"result\":{},\"params\":{}")), MCP_BODY_INVALID },
    { "I-28 a result to nothing", BYTES("{\"jsonrpc\":\"2.0\",\"result\":{}}"), MCP_BODY_INVALID },
    { "I-28 a result to null", BYTES("{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}"), MCP_BODY_INVALID },
    { "I-28 an error without id", BYTES("{\"jsonrpc\":\"2.0\",\"error\":{}}"), MCP_BODY_INVALID },
    { "I-28 a result to an object", BYTES("{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{}}"), MCP_BODY_INVALID },
    { "I-16 a method that is null", BYTES(METHOD("null")), MCP_BODY_INVALID },
    { "I-16 a number", BYTES(METHOD("1")), MCP_BODY_INVALID },
    { "I-16 an array", BYTES(METHOD("[\"ping\"]")), MCP_BODY_INVALID },
    { "I-16 an object", BYTES(METHOD("{}")), MCP_BODY_INVALID },
    { "an empty method", BYTES(METHOD("\"\"")), MCP_BODY_INVALID },
    { "I-15 a trailing blank", BYTES(METHOD("\"ping \"")), MCP_BODY_INVALID },
    { "I-15 a leading tab", BYTES(METHOD("\"\\tping\"")), MCP_BODY_INVALID },
    { "I-15 NUL", BYTES(METHOD("\"ping\\u0000\"")), MCP_BODY_INVALID },
    { "no params", BYTES(METHOD("\"tools/call\"")), MCP_BODY_INVALID },
    { "I-17 positional params", BYTES(CALL("[\"x\"]")), MCP_BODY_INVALID },
    { "I-17 without any", BYTES(REQUEST("\"method\":\"ping\",\"params\":[]")), MCP_BODY_INVALID },
    { "I-17 null", BYTES(REQUEST("\"method\":\"ping\",\"params\":null")), MCP_BODY_INVALID },
    { "I-17 a string", BYTES(REQUEST("\"method\":\"ping\",\"params\":\"{}\"")), MCP_BODY_INVALID },
    { "I-16 no name", BYTES(CALL("{}")), MCP_BODY_INVALID },
    { "I-16 null", BYTES(CALL("{\"name\":null}")), MCP_BODY_INVALID },
    { "I-16 true", BYTES(CALL("{\"name\":true}")), MCP_BODY_INVALID },
    { "I-16 a number", BYTES(CALL("{\"name\":1}")), MCP_BODY_INVALID },
    { "I-16 an array", BYTES(CALL("{\"name\":[\"x\"]}")), MCP_BODY_INVALID },
    { "I-16 an object", BYTES(CALL("{\"name\":{\"name\":\"x\"}}")), MCP_BODY_INVALID },
    { "an empty one", BYTES(CALL("{\"name\":\"\"}")), MCP_BODY_INVALID },
    { "a uri for a name", BYTES(CALL("{\"uri\":\"x\"}")), MCP_BODY_INVALID },
    { "a name in arguments", BYTES(CALL("{\"arguments\":{\"name\":\"x\"}}")), MCP_BODY_INVALID },
    { "a name beside params", BYTES(REQUEST("\"method\":\"tools/call\",\"name\":\"x\",\"params\":{}")),
      MCP_BODY_INVALID },
    { "I-15 a trailing blank in a name", BYTES(CALL("{\"name\":\"danger \"}")), MCP_BODY_INVALID },
    { "I-15 one without width", BYTES(CALL("{\"name\":\"danger\\ufeff\"}")), MCP_BODY_INVALID },
    { "I-15 a leading one",
      BYTES(CALL("{\"name\":\"\xe3\x80\x80"
                 "danger\"}")),
      MCP_BODY_INVALID },
    { "I-15 a line feed", BYTES(CALL("{\"name\":\"dan\\nger\"}")), MCP_BODY_INVALID },
    { "I-15 NUL in a name", BYTES(CALL("{\"name\":\"danger\\u0000\"}")), MCP_BODY_INVALID },
    { "I-15 an invisible next line", BYTES(CALL("{\"name\":\"danger\\u0085\"}")), MCP_BODY_INVALID },
    { "I-12 method twice", BYTES(REQUEST("\"method\":\"ping\",\"method\":\"ping\"")), MCP_BODY_INVALID },
    { "I-12 params twice", BYTES(REQUEST("\"method\":\"ping\",\"params\":{},\"params\":{}")), MCP_BODY_INVALID },
    { "I-12 name twice", BYTES(CALL("{\"name\":\"x\",\"name\":\"x\"}")), MCP_BODY_INVALID },
    { "I-12 escaped twin", BYTES(CALL("{\"name\":\"x\",\"\\u006eame\":\"danger\"}")), MCP_BODY_INVALID },
    { "I-13 Method", BYTES(REQUEST("\"method\":\"ping\",\"Method\":\"tools/call\"")), MCP_BODY_INVALID },
    { "I-13 PARAMS", BYTES(REQUEST("\"method\":\"tools/call\",\"PARAMS\":{\"name\":\"x\"}")), MCP_BODY_INVALID },
    { "I-13 Name", BYTES(CALL("{\"name\":\"safe\",\"Name\":\"danger\"}")), MCP_BODY_INVALID },
    { "I-13 a long s", BYTES(REQUEST("\"method\":\"ping\",\"param\xc5\xbf\":{}")), MCP_BODY_INVALID },
    { "I-13 a Kelvin sign", BYTES(CALL("{\"name\":\"x\",\"tas\xe2\x84\xaaId\":1}")), MCP_BODY_INVALID },
    { "I-13 JSONRPC", BYTES(REQUEST("\"method\":\"ping\",\"JSONRPC\":\"2.0\"")), MCP_BODY_INVALID },
    { "I-32 a completion for nothing", BYTES(REQUEST("\"method\":\"completion/complete\",\"params\":{}")),
      MCP_BODY_INVALID },
    { "I-32 for an array", BYTES(COMPLETE("[{\"type\":\"ref/prompt\",\"name\":\"p\"}]")), MCP_BODY_INVALID },
    { "I-32 without a type", BYTES(COMPLETE("{\"name\":\"p\"}")), MCP_BODY_INVALID },
    { "I-32 of an unknown type", BYTES(COMPLETE("{\"type\":\"ref/tool\",\"name\":\"p\"}")), MCP_BODY_INVALID },
    { "I-32 of no type", BYTES(COMPLETE("{\"type\":null,\"name\":\"p\"}")), MCP_BODY_INVALID },
    { "I-32 a prompt by uri", BYTES(COMPLETE("{\"type\":\"ref/prompt\",\"uri\":\"p\"}")), MCP_BODY_INVALID },
    { "I-32 a prompt with a uri", BYTES(COMPLETE("{\"type\":\"ref/prompt\",\"name\":\"p\",\"uri\":\"u\"}")),
      MCP_BODY_INVALID },
    { "I-32 a resource by name", BYTES(COMPLETE("{\"type\":\"ref/resource\",\"name\":\"p\"}")), MCP_BODY_INVALID },
    { "I-32 a resource with a name", BYTES(COMPLETE("{\"type\":\"ref/resource\",\"name\":\"p\",\"uri\":\"u\"}")),
      MCP_BODY_INVALID },
    { "I-32 two dots in it", BYTES(COMPLETE("{\"type\":\"ref/resource\",\"uri\":\"file:///a/../b\"}")),
      MCP_BODY_INVALID },
    { "I-32 a task without an id", BYTES(REQUEST("\"method\":\"tasks/cancel\",\"params\":{}")), MCP_BODY_INVALID },
    { "I-31 two dots", BYTES(READ("file:///a/../b")), MCP_BODY_INVALID },
    { "I-31 encoded", BYTES(READ("file:///a/%2e%2E/b")), MCP_BODY_INVALID },
    { "I-31 with an escape", BYTES(READ("file:///a\\/\\u002e./b")), MCP_BODY_INVALID },
    { "I-31 in a subscription", BYTES(REQUEST("\"method\":\"resources/subscribe\",\"params\":{\"uri\":\"../b\"}")),
      MCP_BODY_INVALID },
    { "an id that is null", BYTES(ID("null")), MCP_BODY_INVALID },
    { "I-35 an object", BYTES(ID("{\"a\":1}")), MCP_BODY_INVALID },
    { "an array", BYTES(ID("[1]")), MCP_BODY_INVALID },
    { "true", BYTES(ID("true")), MCP_BODY_INVALID },
    { "a fraction", BYTES(ID("1.0")), MCP_BODY_INVALID },
    { "an exponent", BYTES(ID("1e1")), MCP_BODY_INVALID },
    { "2^53", BYTES(ID("9007199254740992")), MCP_BODY_INVALID },
    { "and its opposite", BYTES(ID("-9007199254740992")), MCP_BODY_INVALID },
    { "I-27 beyond 2^63", BYTES(ID("92233720368547758080")), MCP_BODY_INVALID },
    { "NUL in an id", BYTES(ID("\"a\\u0000\"")), MCP_BODY_INVALID },
    { "a version that is null", BYTES(VERSION("null")), MCP_BODY_INVALID },
    { "a number", BYTES(VERSION("20260728")), MCP_BODY_INVALID },
    { "with NUL", BYTES(VERSION("\"2026-07-28\\u0000\"")), MCP_BODY_INVALID },
};

static void test_bad(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mcp_view_t body = bytes_copy(bad[i].body);
        mcp_rpc_t message;

        is_int(mcp_rpc_read(&message, body, pool), bad[i].reason, "%s: refused", bad[i].name);
        bytes_free(body);
    }
}

/* Whatever is cut short is malformed, in memory that ends there; nothing of it is echoed. */
static void test_cut(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int wrong = 0;

        for (size_t len = 0; good[i].body[strspn(good[i].body + len, " \r\n") + len]; len++) {
            mcp_view_t body = bytes_copy((mcp_view_t){ good[i].body, len });
            mcp_rpc_t message;

            wrong += mcp_rpc_read(&message, body, pool) != MCP_BODY_MALFORMED;
            wrong += strcmp(mcp_rpc_id(body, pool), "null") != 0;
            bytes_free(body);
        }
        is_int(wrong, 0, "%s: cut short at each byte", good[i].name);
    }
}

static void test_limits(apr_pool_t *pool)
{
    static const struct {
        const char *name, *before, *after;
        int most;
    } limits[] = {
        { "method", "{\"jsonrpc\":\"2.0\",\"method\":\"", "\"}", MCP_LIMIT_RPC_METHOD },
        { "name", "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"", "\"}}",
          MCP_LIMIT_RPC_NAME },
        { "URI", "{\"jsonrpc\":\"2.0\",\"method\":\"resources/read\",\"params\":{\"uri\":\"", "\"}}",
          MCP_LIMIT_RPC_NAME },
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        for (int more = 0; more < 2; more++) {
            mcp_view_t plain = bytes_repeat(limits[i].before, "x", limits[i].most + more, limits[i].after);
            mcp_view_t escaped = bytes_repeat(limits[i].before, "\\u0078", limits[i].most + more, limits[i].after);
            mcp_rpc_t message;

            is_int(mcp_rpc_read(&message, plain, pool), more ? MCP_BODY_INVALID : MCP_OK, "a %s of %d bytes",
                   limits[i].name, limits[i].most + more);
            is_int(mcp_rpc_read(&message, escaped, pool), more ? MCP_BODY_INVALID : MCP_OK, "as escapes");
            bytes_free(plain);
            bytes_free(escaped);
        }
    }
}

/* Steps that grew with the square of the size would not come to an end. */
static void test_huge(apr_pool_t *pool)
{
    const struct {
        const char *name;
        mcp_view_t body;
        mcp_reason_t reason;
    } huge[] = {
        { "I-26 10^6 members in arguments",
          bytes_repeat(
              "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":{\"\":0",
              ",\"k%d\":1", 1000000, "}}}"),
          MCP_OK },
        { "I-26 10^6 members in params",
          bytes_repeat("{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"x\"", ",\"k%d\":1",
                       1000000, "}}"),
          MCP_BODY_INVALID },
        { "I-26 a string of 1 MB in arguments",
          bytes_repeat("{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":\"",
                       "x", 1048576, "\"}}"),
          MCP_OK },
        { "I-26 10^6 escapes there",
          bytes_repeat("{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":\"",
                       "\\u0041", 1000000, "\"}}"),
          MCP_OK },
        { "I-26 10^6 escapes in a name",
          bytes_repeat("{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"", "\\u0041", 1000000,
                       "\"}}"),
          MCP_BODY_INVALID },
        { "I-35 an id of 1 MB", bytes_repeat("{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"", "x", 1048576, "\"}"),
          MCP_OK },
        { "an id of 10^6 digits", bytes_repeat("{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1", "0", 1000000, "}"),
          MCP_BODY_INVALID },
        { "I-26 10^6 brackets",
          bytes_repeat("{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1,\"params\":{\"a\":", "[", 1000000, "}}"),
          MCP_BODY_MALFORMED },
        { "I-26 10^6 messages", bytes_repeat("[1", ",{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}", 1000000, "]"),
          MCP_BODY_INVALID },
    };

    for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
        mcp_rpc_t message;

        is_int(mcp_rpc_read(&message, huge[i].body, pool), huge[i].reason, "%s", huge[i].name);
        ok(strcmp(mcp_rpc_id(huge[i].body, pool), "null") == 0, "%s: nothing of it is echoed", huge[i].name);
        bytes_free(huge[i].body);
    }
}

static void test_borrowed(apr_pool_t *pool)
{
    static const char text[] =
        "{\"jsonrpc\":\"2.0\",\"id\":\"i\",\"method\":\"completion/complete\",\"params\":{\"ref\":{\"type\":"
        "\"ref/prompt\",\"name\":\"p\"},\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"v\"}}}";
    mcp_rpc_t message;
    char *before = apr_palloc(pool, 8);

    is_int(mcp_rpc_read(&message, BYTES(text), pool), MCP_OK, "a message without escapes");
    ok((char *)apr_palloc(pool, 8) == before + 8, "takes nothing from the pool");
    ok(message.id.data > text && message.method.data > text && message.name.data > text &&
           message.version.data > text && message.version.data < text + sizeof(text),
       "all of it is borrowed");
}

#define PING METHOD("\"ping\"")

static const struct {
    const char *name, *body;
    mcp_reason_t reason;
    int count;
} batches[] = {
    { "I-18 one", "[" PING "]", MCP_OK, 1 },
    { "I-18 two", " [ " PING " , " CALL("{\"name\":\"x\"}") " ] ", MCP_OK, 2 },
    { "I-18 a request and a response", "[" PING ",{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]", MCP_OK, 2 },
    { "I-18 none", "[]", MCP_BODY_INVALID, 0 },
    { "I-18 one of two is none", "[" PING ",1]", MCP_BODY_INVALID, 0 },
    { "I-18 the first is none", "[{}," PING "]", MCP_BODY_INVALID, 0 },
    { "I-18 a batch in it", "[[" PING "]]", MCP_BODY_INVALID, 0 },
    { "I-18 a name is missing", "[" PING "," CALL("{}") "]", MCP_BODY_INVALID, 0 },
    { "I-18 a trailing comma", "[" PING ",]", MCP_BODY_MALFORMED, 0 },
    { "I-18 no comma", "[" PING PING "]", MCP_BODY_MALFORMED, 0 },
    { "I-18 no end", "[" PING, MCP_BODY_MALFORMED, 0 },
    { "I-19 two of them", "[" PING "][" PING "]", MCP_BODY_MALFORMED, 0 },
    { "a single message", PING, MCP_BODY_MALFORMED, 0 },
    { "nothing", "", MCP_BODY_MALFORMED, 0 },
};

static void test_batch(apr_pool_t *pool)
{
    apr_array_header_t *messages;

    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        mcp_view_t body = bytes_copy(mcp_view_of(batches[i].body));

        is_int(mcp_rpc_read_batch(&messages, body, pool), batches[i].reason, "%s", batches[i].name);
        ok(batches[i].reason != MCP_OK || messages->nelts == batches[i].count, "%s: so many", batches[i].name);
        ok(mcp_rpc_is_batch(body) == (strchr(batches[i].body, '[') && !strchr("{", *batches[i].body)),
           "%s: is a batch or not", batches[i].name);
        bytes_free(body);
    }
    is_int(mcp_rpc_read_batch(&messages, BYTES("[" PING "," CALL("{\"name\":\"x\"}") "]"), pool), MCP_OK,
           "I-18 a batch");
    ok(mcp_view_is(APR_ARRAY_IDX(messages, 0, mcp_rpc_t).method, "ping") &&
           mcp_view_is(APR_ARRAY_IDX(messages, 1, mcp_rpc_t).name, "x"),
       "I-18 every member is read");
    for (int more = 0; more < 2; more++) {
        mcp_view_t body = bytes_repeat("[" PING, "," PING, MCP_LIMIT_RPC_BATCH - 1 + more, "]");

        is_int(mcp_rpc_read_batch(&messages, body, pool), more ? MCP_BODY_INVALID : MCP_OK, "I-18 %d members",
               MCP_LIMIT_RPC_BATCH + more);
        bytes_free(body);
    }
    ok(!mcp_rpc_is_batch((mcp_view_t){ NULL, 0 }), "no body is no batch");
    is_int(mcp_rpc_read_batch(&messages, (mcp_view_t){ NULL, 0 }, pool), MCP_BODY_MALFORMED, "nor can be read as one");
}

int main(void)
{
    apr_pool_t *pool;
    mcp_rpc_t message;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_ids(pool);
    test_good(pool);
    test_bad(pool);
    test_cut(pool);
    test_limits(pool);
    test_huge(pool);
    test_borrowed(pool);
    test_batch(pool);
    is_int(mcp_rpc_read(&message, (mcp_view_t){ NULL, 0 }, pool), MCP_BODY_MALFORMED, "no body is no message");
    apr_terminate();
    return done_testing();
}
