/* Header fields against the message: whatever is there must be right, and what a revision wants must be there. */
#include <apr_general.h>

#include "../../src/core/mirror.h"
#include "../lib/bytes.h"
#include "../lib/tap.h"

#define OLD "2025-11-25"
#define NEW "2026-07-28"
#define META(version) "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" version "\"}"
#define MESSAGE(rest) "{\"jsonrpc\":\"2.0\"," rest "}"
#define REQUEST(method, params) MESSAGE("\"id\":1,\"method\":\"" method "\",\"params\":{" params "}")
#define CALL(name) REQUEST("tools/call", "\"name\":\"" name "\"")
#define NEWCALL(name) REQUEST("tools/call", "\"name\":\"" name "\"," META(NEW))
#define LIST REQUEST("tools/list", "")
#define NOTE(method) MESSAGE("\"method\":\"" method "\"")
#define RESULT MESSAGE("\"id\":1,\"result\":{}")

/* OK, MISMATCH or INVALID */
#define OK MCP_OK
#define MISMATCH MCP_HEADER_MISMATCH
#define INVALID MCP_BODY_INVALID

static const struct {
    const char *name, *body, *version, *method, *operand;
    mcp_reason_t reason;
} rows[] = {
    { "a call of 2026", NEWCALL("add"), NEW, "tools/call", "add", OK },
    { "I-03 another name", NEWCALL("danger"), NEW, "tools/call", "safe", MISMATCH },
    { "I-03 the reverse", NEWCALL("safe"), NEW, "tools/call", "danger", MISMATCH },
    { "I-03 in an older revision", CALL("danger"), OLD, "tools/call", "safe", MISMATCH },
    { "I-03 in none", CALL("danger"), NULL, NULL, "safe", MISMATCH },
    { "I-03 the beginning", NEWCALL("danger"), NEW, "tools/call", "dang", MISMATCH },
    { "I-03 more", NEWCALL("dang"), NEW, "tools/call", "danger", MISMATCH },
    { "I-03 an empty name", NEWCALL("danger"), NEW, "tools/call", "", MISMATCH },
    { "I-04 another method", NEWCALL("add"), NEW, "tools/list", "add", MISMATCH },
    { "I-04 in an older revision", CALL("add"), OLD, "tools/list", NULL, MISMATCH },
    { "I-04 in none", CALL("add"), NULL, "tools/list", NULL, MISMATCH },
    { "I-04 an empty method", NEWCALL("add"), NEW, "", "add", MISMATCH },
    { "I-05 no method", NEWCALL("add"), NEW, NULL, "add", MISMATCH },
    { "I-05 no name of a tool", NEWCALL("add"), NEW, "tools/call", NULL, MISMATCH },
    { "I-05 of a prompt", REQUEST("prompts/get", "\"name\":\"p\"," META(NEW)), NEW, "prompts/get", NULL, MISMATCH },
    { "I-05 of a resource", REQUEST("resources/read", "\"uri\":\"u:x\"," META(NEW)), NEW, "resources/read", NULL,
      MISMATCH },
    { "I-05 a prompt's", REQUEST("prompts/get", "\"name\":\"p\"," META(NEW)), NEW, "prompts/get", "p", OK },
    { "I-05 a resource's", REQUEST("resources/read", "\"uri\":\"u:x\"," META(NEW)), NEW, "resources/read", "u:x", OK },
    { "I-05 other names need not be there", REQUEST("tasks/get", "\"taskId\":\"t\"," META(NEW)), NEW, "tasks/get", NULL,
      OK },
    { "I-05 but be right", REQUEST("tasks/get", "\"taskId\":\"t\"," META(NEW)), NEW, "tasks/get", "u", MISMATCH },
    { "I-05 a list has none", REQUEST("tools/list", META(NEW)), NEW, "tools/list", NULL, OK },
    { "I-05 and may have none", REQUEST("tools/list", META(NEW)), NEW, "tools/list", "x", MISMATCH },
    { "I-05 not even an empty one", REQUEST("tools/list", META(NEW)), NEW, "tools/list", "", MISMATCH },
    { "I-05 no field at all", NEWCALL("add"), NULL, NULL, NULL, MISMATCH },
    { "I-05 no version", NEWCALL("add"), NULL, "tools/call", "add", MISMATCH },
    { "I-05 a later revision", REQUEST("tools/call", "\"name\":\"add\"," META("2027-01-01")), "2027-01-01", NULL, NULL,
      MISMATCH },
    { "I-05 and with its fields", REQUEST("tools/call", "\"name\":\"add\"," META("2027-01-01")), "2027-01-01",
      "tools/call", "add", OK },
    { "I-05 no date counts as a later one", CALL("add"), "draft", NULL, NULL, MISMATCH },
    { "I-05 and with its fields", CALL("add"), "draft", "tools/call", "add", OK },
    { "I-05 an empty version", CALL("add"), "", NULL, NULL, MISMATCH },
    { "I-05 a date with more", CALL("add"), OLD "x", NULL, NULL, MISMATCH },
    { "I-05 with other signs", CALL("add"), "2025/11/25", NULL, NULL, MISMATCH },
    { "I-05 with letters", CALL("add"), "2o25-11-25", NULL, NULL, MISMATCH },
    { "I-05 the day before", CALL("add"), "2026-07-27", NULL, NULL, OK },
    { "I-06 an older revision without", CALL("add"), OLD, NULL, NULL, OK },
    { "I-06 none without", CALL("add"), NULL, NULL, NULL, OK },
    { "I-06 initialize with Mcp-Method, as mcp-remote does", REQUEST("initialize", ""), NULL, "initialize", NULL, OK },
    { "I-06 an older revision with all", CALL("add"), OLD, "tools/call", "add", OK },
    { "I-07 new field, old body", REQUEST("tools/call", "\"name\":\"add\"," META(OLD)), NEW, "tools/call", "add",
      MISMATCH },
    { "I-07 old field, new body", NEWCALL("add"), OLD, "tools/call", "add", MISMATCH },
    { "I-07 both old, and the same", REQUEST("tools/call", "\"name\":\"add\"," META(OLD)), OLD, NULL, NULL, OK },
    { "I-07 both old, and not the same", REQUEST("tools/call", "\"name\":\"add\"," META("2025-06-18")), OLD, NULL, NULL,
      MISMATCH },
    { "I-07 old body, no field", REQUEST("tools/call", "\"name\":\"add\"," META(OLD)), NULL, NULL, NULL, OK },
    { "I-07 a blank more", NEWCALL("add"), NEW " ", "tools/call", "add", MISMATCH },
    { "I-08 two versions", NEWCALL("add"), NEW ", " NEW, "tools/call", "add", MISMATCH },
    { "I-08 two old ones", CALL("add"), OLD ", " OLD, NULL, NULL, MISMATCH },
    { "I-08 two methods", NEWCALL("add"), NEW, "tools/call, tools/call", "add", MISMATCH },
    { "I-08 two names", NEWCALL("add"), NEW, "tools/call", "add, add", MISMATCH },
    { "I-08 two old names", CALL("add"), OLD, NULL, "add, danger", MISMATCH },
    { "a comma in a name", NEWCALL("add, add"), NEW, "tools/call", "add, add", OK },
    { "I-11 a method in other case", NEWCALL("add"), NEW, "Tools/Call", "add", MISMATCH },
    { "I-11 a name in other case", NEWCALL("add"), NEW, "tools/call", "Add", MISMATCH },
    { "I-09 Base64", NEWCALL("caf\xc3\xa9"), NEW, "tools/call", "=?base64?Y2Fmw6k=?=", OK },
    { "I-09 of what could be plain", NEWCALL("add"), NEW, "tools/call", "=?base64?YWRk?=", OK },
    { "I-09 of another name", NEWCALL("add"), NEW, "tools/call", "=?base64?ZGFuZ2Vy?=", MISMATCH },
    { "I-09 no padding", NEWCALL("caf\xc3\xa9"), NEW, "tools/call", "=?base64?Y2Fmw6k?=", MISMATCH },
    { "I-09 too much", NEWCALL("add"), NEW, "tools/call", "=?base64?YWRk=?=", MISMATCH },
    { "I-09 bits that mean nothing", NEWCALL("caf\xc3\xa9"), NEW, "tools/call", "=?base64?Y2Fmw6l=?=", MISMATCH },
    { "I-09 the other alphabet", NEWCALL("?\?>"), NEW, "tools/call", "=?base64?Pz8-?=", MISMATCH },
    { "I-09 the right one", NEWCALL("?\?>"), NEW, "tools/call", "=?base64?Pz8+?=", OK },
    { "I-09 no Base64", NEWCALL("add"), NEW, "tools/call", "=?base64?!?=", MISMATCH },
    { "I-09 of nothing", NEWCALL("add"), NEW, "tools/call", "=?base64?\?=", MISMATCH },
    { "I-09 too short for it", NEWCALL("add"), NEW, "tools/call", "=?base64?=", MISMATCH },
    { "I-09 but not for a name", NEWCALL("=?base64?="), NEW, "tools/call", "=?base64?=", OK },
    { "I-09 a blank in it", NEWCALL("add"), NEW, "tools/call", "=?base64?YW Rk?=", MISMATCH },
    { "I-09 with CR LF in the name", NEWCALL("add"), NEW, "tools/call", "=?base64?YWRkDQo=?=", MISMATCH },
    { "I-09 with NUL in the name", NEWCALL("add"), NEW, "tools/call", "=?base64?YWRkAA==?=", MISMATCH },
    { "I-09 of what is not UTF-8", NEWCALL("add"), NEW, "tools/call", "=?base64?/w==?=", MISMATCH },
    { "I-09 in upper case it is plain", NEWCALL("add"), NEW, "tools/call", "=?BASE64?YWRk?=", MISMATCH },
    { "I-09 and is one when the name is so", NEWCALL("=?BASE64?YWRk?="), NEW, "tools/call", "=?BASE64?YWRk?=", OK },
    { "I-09 a name that looks like it", NEWCALL("=?base64?YWRk?="), NEW, "tools/call", "=?base64?YWRk?=", MISMATCH },
    { "I-09 in Base64", NEWCALL("=?base64?YWRk?="), NEW, "tools/call", "=?base64?PT9iYXNlNjQ/WVdSaz89?=", OK },
    { "I-09 nested once more", NEWCALL("add"), NEW, "tools/call", "=?base64?PT9iYXNlNjQ/WVdSaz89?=", MISMATCH },
    { "I-09 no end", NEWCALL("add"), NEW, "tools/call", "=?base64?YWRk", MISMATCH },
    { "I-09 two of them", NEWCALL("add"), NEW, "tools/call", "=?base64?YWRk?= =?base64?YWRk?=", MISMATCH },
    { "I-09 text before it", NEWCALL("add"), NEW, "tools/call", "x=?base64?YWRk?=", MISMATCH },
    { "I-09 UTF-8 as it is", NEWCALL("caf\xc3\xa9"), NEW, "tools/call", "caf\xc3\xa9", MISMATCH },
    { "I-09 in an older revision", CALL("caf\xc3\xa9"), OLD, NULL, "=?base64?Y2Fmw6k=?=", OK },
    { "I-09 not for methods", NEWCALL("add"), NEW, "=?base64?dG9vbHMvY2FsbA==?=", "add", MISMATCH },
    { "a method beyond ASCII has no field", REQUEST("m\xc3\xa9", META(NEW)), NEW, "m\xc3\xa9", NULL, MISMATCH },
    { "an escape in the body", NEWCALL("\\u0061dd"), NEW, "tools/call", "add", OK },
    { "and not in the field", NEWCALL("\\u0061dd"), NEW, "tools/call", "\\u0061dd", MISMATCH },
    { "I-30 a method of an extension", REQUEST("acme/do", META(NEW)), NEW, "acme/do", "anything", OK },
    { "I-30 its method", REQUEST("acme/do", META(NEW)), NEW, NULL, "anything", MISMATCH },
    { "I-29 a notification without fields", NOTE("notifications/x"), NEW, NULL, NULL, OK },
    { "I-29 a notification with a wrong one", NOTE("notifications/x"), NEW, "notifications/y", NULL, MISMATCH },
    { "I-29 a call as one", MESSAGE("\"method\":\"tools/call\",\"params\":{\"name\":\"danger\"}"), NEW, "tools/call",
      "safe", MISMATCH },
    { "I-29 of 2026 without fields", MESSAGE("\"method\":\"tools/call\",\"params\":{\"name\":\"add\"," META(NEW) "}"),
      NULL, NULL, NULL, OK },
    { "I-28 a response of 2025-11-25", RESULT, OLD, NULL, NULL, OK },
    { "I-28 of 2025-06-18", RESULT, "2025-06-18", NULL, NULL, OK },
    { "I-28 of no revision", RESULT, NULL, NULL, NULL, INVALID },
    { "I-28 of 2026-07-28", RESULT, NEW, NULL, NULL, INVALID },
    { "I-28 of one that is no date", RESULT, "x", NULL, NULL, INVALID },
    { "I-28 with a method", RESULT, OLD, "tools/call", NULL, MISMATCH },
    { "I-28 with the one we call it", RESULT, OLD, "response", NULL, MISMATCH },
    { "I-28 with a name", RESULT, OLD, NULL, "x", MISMATCH },
    { "a list of 2025", LIST, OLD, NULL, NULL, OK },
    { "a list of 2025 with a name", LIST, OLD, NULL, "x", MISMATCH },
};

static void test_check(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_mirror_t mirror = { rows[i].version, rows[i].method, rows[i].operand };
        mcp_rpc_t message;

        ok(mcp_rpc_read(&message, mcp_view_of(rows[i].body), pool) == MCP_OK &&
               mcp_mirror_check(&message, &mirror, pool) == rows[i].reason,
           "%s: %s", rows[i].name, mcp_reason_row(rows[i].reason)->name);
    }
}

static const char *base64(mcp_view_t text, apr_pool_t *pool)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *encoded = apr_pcalloc(pool, (text.len + 2) / 3 * 4 + 1), *at = encoded;

    for (apr_size_t i = 0; i < text.len; i += 3) {
        unsigned bits = 0;

        for (apr_size_t n = 0; n < 3; n++) {
            bits = bits << 8 | (i + n < text.len ? (unsigned char)text.data[i + n] : 0);
        }
        for (int n = 0; n < 4; n++) {
            *at++ = i + (apr_size_t)n <= text.len ? digits[bits >> (18 - 6 * n) & 63] : '=';
        }
    }
    return encoded;
}

/* Names of every length up to the longest, in the encoding of another hand. */
static void test_base64(apr_pool_t *pool)
{
    char name[4097];
    int wrong = 0;

    memset(name, 'x', sizeof(name));
    for (apr_size_t len = 1; len <= 4096; len += len < 64 ? 1 : 64) {
        mcp_rpc_t message = { .method = BYTES("tools/call"), .name = { name, len } };
        const char *encoded = base64(message.name, pool);
        mcp_mirror_t right = { NEW, "tools/call", apr_pstrcat(pool, "=?base64?", encoded, "?=", NULL) };
        mcp_mirror_t wrong_one = { NEW, "tools/call", apr_pstrcat(pool, "=?base64?", encoded, "AAAA?=", NULL) };

        wrong += mcp_mirror_check(&message, &right, pool) != MCP_OK;
        wrong += mcp_mirror_check(&message, &wrong_one, pool) != MCP_HEADER_MISMATCH;
    }
    is_int(wrong, 0, "I-09 names of many lengths");
}

#define PING MESSAGE("\"id\":1,\"method\":\"ping\"")

static const struct {
    const char *name, *body, *version, *method, *operand;
    mcp_reason_t reason;
} batches[] = {
    { "I-18 of 2025-03-26", "[" PING "," CALL("x") "]", "2025-03-26", NULL, NULL, OK },
    { "I-18 of no revision", "[" PING "]", NULL, NULL, NULL, OK },
    { "I-18 of a later one", "[" PING "]", "2025-06-18", NULL, NULL, INVALID },
    { "I-18 of 2026-07-28", "[" PING "]", NEW, NULL, NULL, INVALID },
    { "I-18 of an empty one", "[" PING "]", "", NULL, NULL, INVALID },
    { "I-18 of two", "[" PING "]", "2025-03-26, 2025-03-26", NULL, NULL, INVALID },
    { "I-18 with a method", "[" PING "]", NULL, "ping", NULL, MISMATCH },
    { "I-18 with a name", "[" PING "]", "2025-03-26", NULL, "x", MISMATCH },
    { "I-18 a member of 2026", "[" PING "," NEWCALL("x") "]", NULL, NULL, NULL, INVALID },
    { "I-18 initialize in it", "[" PING "," REQUEST("initialize", "") "]", NULL, NULL, NULL, INVALID },
    { "I-18 responses", "[" RESULT "," RESULT "]", "2025-03-26", NULL, NULL, OK },
};

static void test_batch(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        mcp_mirror_t mirror = { batches[i].version, batches[i].method, batches[i].operand };
        apr_array_header_t *messages;

        ok(mcp_rpc_read_batch(&messages, mcp_view_of(batches[i].body), pool) == MCP_OK &&
               mcp_mirror_check_batch(messages, &mirror) == batches[i].reason,
           "%s: %s", batches[i].name, mcp_reason_row(batches[i].reason)->name);
    }
}

static const struct {
    const char *field;
    bool twin;
} fields[] = {
    { "Mcp-Name", false },
    { "mcp-name", false }, /* I-10: the same field */
    { "MCP-NAME", false },
    { "Mcp_Name", true },
    { "MCP_NAME", true },
    { "Mcp.Name", true },
    { "mcp~name", true },
    { "Mcp-Method", false },
    { "Mcp_Method", true },
    { "MCP-Protocol-Version", false },
    { "MCP-Protocol_Version", true },
    { "MCP_Protocol-Version", true },
    { "Content-Type", false },
    { "Content_Type", true },
    { "Content_Encoding", true },
    { "Content_Length", true },
    { "Transfer_Encoding", true },
    { "Mcp-Names", false },
    { "Mcp-Nam", false },
    { "Mcp-", false },
    { "McpName", false },
    { "MCPXName", false },
    { "X-Mcp_Name", false },
    { "Mcp-Param-Mcp_Name", false }, /* I-40 */
    { "Mcp-Session-Id", false },
    { "Authorization", false },
    { "", false },
};

static void test_twins(void)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        ok(mcp_mirror_is_twin(fields[i].field) == fields[i].twin, "I-10 '%s' is %s", fields[i].field,
           fields[i].twin ? "a twin" : "none");
    }
}

static const struct {
    const char *connection;
    bool dropped;
} connections[] = {
    { NULL, false },
    { "", false },
    { "close", false },
    { "keep-alive, Upgrade", false },
    { ", ;\t", false },
    { "Mcp-Names, Mcp-Nam, X-Mcp-Name", false },
    { "Mcp-Name", true },
    { "close,mcp-method", true },
    { "close; MCP-PROTOCOL-VERSION", true },
    { "close\tcontent-type\t", true },
    { ",,Content-Encoding,", true },
    { "Content-Length", true },
    { "x ;, transfer-encoding", true },
};

static void test_connection(void)
{
    for (size_t i = 0; i < sizeof(connections) / sizeof(connections[0]); i++) {
        ok(mcp_mirror_is_dropped(connections[i].connection) == connections[i].dropped, "I-10 Connection '%s' %s",
           connections[i].connection ? connections[i].connection : "(none)",
           connections[i].dropped ? "drops" : "drops nothing");
    }
}

static const struct {
    const char *type;
    bool json;
} types[] = {
    { "application/json", true },
    { "Application/JSON", true },
    { "application/json;charset=utf-8", true },
    { "application/json ; charset=UTF-8 ", true },
    { "application/json;\tcharset=\"utf-8\"", true },
    { "application/json ", true },
    { NULL, false },
    { "", false },
    { "text/plain", false },
    { "text/json", false },
    { "application/jsonx", false },
    { "application/json-rpc", false },
    { "application/json-seq", false },
    { "application/ld+json", false },
    { "application/jso", false },
    { " application/json", false },
    { "application/x-www-form-urlencoded", false },
    { "multipart/form-data; boundary=x", false },
    { "application/json; charset=utf-16", false },
    { "application/json; charset=utf-8x", false },
    { "application/json; charset=", false },
    { "application/json; charset=\"utf-16\"", false },
    { "application/json; charset=utf-8; charset=utf-16", false },
    { "application/json; charset=utf-8, text/plain", false },
    { "application/json, application/json", false },
    { "application/json, text/plain", false },
    { "application/json;", false },
    { "application/json; q=1", false },
    { "application/json charset=utf-8", false },
    { "application/json; charset='utf-8'", false },
    { "application/json; charset = utf-8", false },
};

static const struct {
    const char *coding;
    bool plain;
} codings[] = {
    { NULL, true },         { "identity", true },        { "Identity", true },
    { "", false },          { "gzip", false },           { "deflate", false },
    { "br", false },        { "identity, gzip", false }, { "identit", false },
    { "identityx", false }, { "gzip, identity", false }, { "zstd", false },
    { "x-gzip", false },    { "identity;q=1", false },   { "identity, identity", false },
};

static void test_types(void)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        ok(mcp_mirror_is_json(types[i].type) == types[i].json, "I-21 '%s' is %s",
           types[i].type ? types[i].type : "(none)", types[i].json ? "JSON" : "something else");
    }
    for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
        ok(mcp_mirror_is_plain(codings[i].coding) == codings[i].plain, "I-22 '%s' is %s",
           codings[i].coding ? codings[i].coding : "(none)", codings[i].plain ? "plain" : "an encoding");
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_check(pool);
    test_base64(pool);
    test_batch(pool);
    test_twins();
    test_connection();
    test_types();
    apr_terminate();
    return done_testing();
}
