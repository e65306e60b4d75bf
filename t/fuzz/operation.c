/* Requests with operations: the Content-Type, the three fields that mirror the message and the body, divided by LF. "-" for a field
 * that is absent. What jansson refuses is refused, but for numbers that no double can hold; what both accept, both read
 * alike.
 */
#include <jansson.h>

#include "../../src/core/limits.h"
#include "../../src/core/mirror.h"
#include "../../src/core/operation.h"
#include "../../src/core/utf8.h"
#include "fuzz.h"

unsigned long fuzz_reached;

/* What the other reader makes of a body: NULL when it is no JSON to it. *large says whether only a number was too much. */
static json_t *read_otherwise(bool *large, mcp_view_t body)
{
    const char *text = body.len ? body.data : "";
    json_error_t error;
    json_t *json = json_loadb(text, body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

    if (!json && json_error_code(&error) == json_error_numeric_overflow) {
        json = json_loadb(text, body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    }
    *large = !json && json_error_code(&error) == json_error_numeric_overflow;
    return json;
}

static bool is_same_string(mcp_view_t ours, const json_t *theirs)
{
    return json_is_string(theirs) &&
           mcp_view_equal(ours, (mcp_view_t){ json_string_value(theirs), json_string_length(theirs) });
}

/* An id is JSON text: read alone it is the value that is in the body. */
static void check_id(mcp_view_t id, const json_t *theirs)
{
    json_t *alone = json_loadb(id.len ? id.data : "", id.len, JSON_DECODE_ANY, NULL);

    fuzz_must(alone && (json_is_number(theirs) ? json_number_value(alone) == json_number_value(theirs)
                                               : json_equal(alone, (json_t *)theirs)),
              "the id is the one of the body");
    fuzz_must(json_is_string(alone) || json_is_null(alone) ||
                  (json_is_integer(alone) && llabs(json_integer_value(alone)) < 1LL << 53),
              "an id is a string or an integer that all programs hold");
    json_decref(alone);
}

/* Where the name of a message is, said by this test in its own words. */
static const json_t *name_otherwise(const json_t *message)
{
    const char *method = json_string_value(json_object_get(message, "method"));
    const json_t *params = json_object_get(message, "params"), *ref = json_object_get(params, "ref");

    if (!method) {
        return NULL;
    }
    if (strcmp(method, "tools/call") == 0 || strcmp(method, "prompts/get") == 0) {
        return json_object_get(params, "name");
    }
    if (strncmp(method, "tasks/", 6) == 0 && strcmp(method, "tasks/list") != 0) {
        return json_object_get(params, "taskId");
    }
    if (strcmp(method, "completion/complete") == 0) {
        return json_object_get(ref, json_object_get(ref, "name") ? "name" : "uri");
    }
    return strncmp(method, "resources/", 10) == 0 ? json_object_get(params, "uri") : NULL;
}

static void check_message(const mcp_rpc_t *ours, const json_t *theirs)
{
    const json_t *meta = json_object_get(json_object_get(theirs, "params"), "_meta");
    const json_t *version = json_object_get(meta, "io.modelcontextprotocol/protocolVersion");

    fuzz_must(json_is_object(theirs), "a message is an object");
    fuzz_must((ours->id.data != NULL) == (json_object_get(theirs, "id") != NULL), "both see an id or none");
    if (ours->id.data) {
        check_id(ours->id, json_object_get(theirs, "id"));
    }
    fuzz_must((ours->kind == MCP_RPC_RESPONSE) == !json_object_get(theirs, "method"), "both see a method or none");
    if (ours->kind != MCP_RPC_RESPONSE) {
        fuzz_must(is_same_string(ours->method, json_object_get(theirs, "method")), "the same method");
        fuzz_must(ours->method.len <= MCP_LIMIT_RPC_METHOD && mcp_utf8_is_name(ours->method), "a method is a name");
    }
    if (ours->name.data) {
        fuzz_must(is_same_string(ours->name, name_otherwise(theirs)), "the same name");
        fuzz_must(ours->name.len <= MCP_LIMIT_RPC_NAME && mcp_utf8_is_name(ours->name), "a name is one");
        fuzz_must(!ours->nameless, "and it is the name of something");
    }
    fuzz_must(ours->version.data ? is_same_string(ours->version, version) : !version, "the same version");
}

/* With the fields that a message has, it passes; with any other, it does not. */
static void check_mirror(const mcp_rpc_t *message, const mcp_mirror_t *mirror, apr_pool_t *pool)
{
    if (mcp_mirror_check(message, mirror, pool) != MCP_OK) {
        return;
    }
    fuzz_reached++;
    fuzz_must(!mirror->method || mcp_view_is(message->method, mirror->method), "Mcp-Method is the method");
    fuzz_must(!mirror->version || !message->version.data || mcp_view_is(message->version, mirror->version),
              "MCP-Protocol-Version is the version");
    fuzz_must(!mirror->name || !message->name.data || mcp_view_is(message->name, mirror->name) ||
                  strncmp(mirror->name, "=?base64?", 9) == 0,
              "Mcp-Name is the name, or encoded");
    fuzz_must(!mirror->name || !message->nameless, "where there is one");
}

/* A rule that denies all but what has just this name, if it can be said in a rule. */
static void check_rules(const mcp_rpc_t *message, apr_pool_t *pool)
{
    apr_array_header_t *rules = apr_array_make(pool, 2, sizeof(mcp_operation_t));
    char *same[] = { mcp_view_dup(message->method, pool), mcp_view_dup(message->name, pool), "granted" };
    char *rest[] = { "*", "*", "denied" };
    const mcp_operation_t *rule;

    if (message->kind == MCP_RPC_RESPONSE || strpbrk(same[1], "*?[]\\") ||
        mcp_operation_parse(apr_array_push(rules), 3, same, pool) ||
        mcp_operation_parse(apr_array_push(rules), 3, rest, pool)) {
        return;
    }
    rule = mcp_operation_find(rules, message, pool);
    fuzz_must(rule && mcp_operation_check(rule, NULL, NULL, pool) == MCP_OK, "a message is matched by its own name");
    APR_ARRAY_IDX(rules, 0, mcp_operation_t).pattern = apr_pstrcat(pool, same[1], "x", NULL);
    rule = mcp_operation_find(rules, message, pool);
    fuzz_must(rule && mcp_operation_check(rule, NULL, NULL, pool) == MCP_DENIED_OPERATION, "and by no other");
}

static void check_batch(mcp_view_t body, const json_t *theirs, const mcp_mirror_t *mirror, apr_pool_t *pool)
{
    apr_array_header_t *messages;

    fuzz_must(mcp_rpc_is_batch(body) || !json_is_array(theirs), "an array is seen");
    if (!mcp_rpc_is_batch(body) || mcp_rpc_read_batch(&messages, body, pool) != MCP_OK) {
        return;
    }
    fuzz_must(!theirs || (size_t)messages->nelts == json_array_size(theirs), "all members are read");
    for (int i = 0; theirs && i < messages->nelts; i++) {
        check_message(&APR_ARRAY_IDX(messages, i, mcp_rpc_t), json_array_get(theirs, (size_t)i));
    }
    fuzz_reached += mcp_mirror_check_batch(messages, mirror) == MCP_OK;
}

static void check_body(mcp_view_t body, const mcp_mirror_t *mirror, apr_pool_t *pool)
{
    mcp_rpc_t message;
    mcp_reason_t reason = mcp_rpc_read(&message, body, pool);
    bool large;
    json_t *theirs = read_otherwise(&large, body);

    fuzz_must(reason == MCP_OK || reason == MCP_BODY_MALFORMED || reason == MCP_BODY_INVALID,
              "there is no other outcome");
    fuzz_must(reason != MCP_OK || theirs || large, "what jansson refuses is refused");
    if (reason == MCP_OK) {
        if (theirs) {
            check_message(&message, theirs);
        }
        check_mirror(&message, mirror, pool);
        check_rules(&message, pool);
    }
    check_batch(body, theirs, mirror, pool);
    json_decref(theirs);
}

/* The next line; NULL for "-". */
static const char *field_of(char **at)
{
    char *field = *at, *end = strchr(field, '\n');

    if (end) {
        *end = '\0';
        *at = end + 1;
    } else {
        *at += strlen(field);
    }
    return strcmp(field, "-") == 0 ? NULL : field;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    char *text = fuzz_string(data, size), *at = text;
    const char *type = field_of(&at);
    mcp_mirror_t mirror = { .version = field_of(&at) };
    size_t len;
    uint8_t *body;

    mirror.method = field_of(&at);
    mirror.name = field_of(&at);
    fuzz_must(!mcp_mirror_is_json(type) || strncasecmp(type, "application/json", 16) == 0, "JSON says so");
    fuzz_must(!mcp_mirror_is_plain(type) || !type || strcasecmp(type, "identity") == 0,
              "and so does what is not encoded");
    len = size - (size_t)(at - text);
    body = malloc(len ? len : 1); /* ends where the body does */
    fuzz_must(body, "memory");
    memcpy(body, at, len);
    check_body((mcp_view_t){ (const char *)body, len }, &mirror, pool);
    free(body);
    free(text);
    apr_pool_destroy(pool);
    return 0;
}
