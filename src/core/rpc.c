#include "rpc.h"

#include "limits.h"
#include "pick.h"
#include "uri.h"
#include "utf8.h"

/* A member that must be a name. */
static bool read_name(mcp_view_t *name, mcp_view_t value, apr_size_t limit, apr_pool_t *pool)
{
    return mcp_walk_string(name, value, pool) && name->len <= limit && mcp_utf8_is_name(*name);
}

/* Whether a value is an integer whose digits are at most these. */
static bool is_integer(mcp_view_t value, const char *largest)
{
    const char *digits = value.data + (value.data[0] == '-');
    apr_size_t len = value.len - (apr_size_t)(digits - value.data), most = strlen(largest);

    for (apr_size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return false;
        }
    }
    return len < most || (len == most && memcmp(digits, largest, len) <= 0);
}

/* MCP allows strings and integers, and no null (MCP 2026-07-28, basic). Programs that keep numbers in doubles hold integers
 * up to 2^53 - 1 only, and would answer to another id. */
static bool is_id(mcp_view_t value, apr_pool_t *pool)
{
    mcp_view_t string;

    return value.data[0] == '"' ? mcp_walk_string(&string, value, pool) : is_integer(value, "9007199254740991");
}

/* Where an operation says what it is on, for MCP's methods of all revisions. A method that is not here is one of an
 * extension, and on nothing that is known. */
static const struct {
    const char *method;
    mcp_pick_t source; /* MCP_PICKS for none */
    bool gone;         /* since 2026-07-28, where a server that gets it knows of no parameters: then it is on nothing */
} sources[] = {
    { "tools/call", MCP_PICK_NAME, false },
    { "prompts/get", MCP_PICK_NAME, false },
    { "resources/read", MCP_PICK_URI, false },
    { "resources/subscribe", MCP_PICK_URI, true },
    { "resources/unsubscribe", MCP_PICK_URI, true },
    { "completion/complete", MCP_PICK_REF, false },
    { "tasks/get", MCP_PICK_TASK_ID, false },
    { "tasks/result", MCP_PICK_TASK_ID, false },
    { "tasks/update", MCP_PICK_TASK_ID, false },
    { "tasks/cancel", MCP_PICK_TASK_ID, false },
    { "tasks/list", MCP_PICKS, false },
    { "initialize", MCP_PICKS, false },
    { "ping", MCP_PICKS, false },
    { "server/discover", MCP_PICKS, false },
    { "logging/setLevel", MCP_PICKS, false },
    { "tools/list", MCP_PICKS, false },
    { "prompts/list", MCP_PICKS, false },
    { "resources/list", MCP_PICKS, false },
    { "resources/templates/list", MCP_PICKS, false },
    { "subscriptions/listen", MCP_PICKS, false },
    { "notifications/initialized", MCP_PICKS, false },
    { "notifications/cancelled", MCP_PICKS, false },
    { "notifications/progress", MCP_PICKS, false },
    { "notifications/roots/list_changed", MCP_PICKS, false },
};

/* The one member that says what a completion is for: a prompt's name or a resource's URI. MCP_PICKS when it does not. */
static mcp_pick_t source_of_ref(const mcp_picks_t picks, apr_pool_t *pool)
{
    mcp_view_t type;

    if (!picks[MCP_PICK_REF_TYPE].data || !mcp_walk_string(&type, picks[MCP_PICK_REF_TYPE], pool)) {
        return MCP_PICKS;
    }
    if (mcp_view_is(type, "ref/prompt") && !picks[MCP_PICK_REF_URI].data) {
        return MCP_PICK_REF_NAME;
    }
    return mcp_view_is(type, "ref/resource") && !picks[MCP_PICK_REF_NAME].data ? MCP_PICK_REF_URI : MCP_PICKS;
}

static bool read_operand(mcp_rpc_t *message, const mcp_picks_t picks, mcp_pick_t source, apr_pool_t *pool)
{
    bool is_uri;

    if (source == MCP_PICK_REF && (source = source_of_ref(picks, pool)) == MCP_PICKS) {
        return false;
    }
    is_uri = source == MCP_PICK_URI || source == MCP_PICK_REF_URI;
    return picks[source].data && read_name(&message->name, picks[source], MCP_LIMIT_RPC_NAME, pool) &&
           !(is_uri && mcp_uri_has_dot_segment(message->name));
}

static bool read_operation(mcp_rpc_t *message, const mcp_picks_t picks, apr_pool_t *pool)
{
    if (!read_name(&message->method, picks[MCP_PICK_METHOD], MCP_LIMIT_RPC_METHOD, pool)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (mcp_view_is(message->method, sources[i].method)) {
            message->nameless = sources[i].source == MCP_PICKS || (sources[i].gone && !picks[sources[i].source].data);
            return message->nameless || read_operand(message, picks, sources[i].source, pool);
        }
    }
    return true;
}

/* JSON-RPC 2.0 5: a result or an error. The id of an error may be null. */
static bool read_response(mcp_rpc_t *message, const mcp_picks_t picks, apr_pool_t *pool)
{
    bool failed = picks[MCP_PICK_ERROR].data != NULL;

    message->kind = MCP_RPC_RESPONSE;
    message->method = mcp_view_of("response");
    return failed != (picks[MCP_PICK_RESULT].data != NULL) && !picks[MCP_PICK_PARAMS].data && picks[MCP_PICK_ID].data &&
           (is_id(picks[MCP_PICK_ID], pool) || (failed && mcp_view_is(picks[MCP_PICK_ID], "null")));
}

static bool read_version(mcp_rpc_t *message, const mcp_picks_t picks, apr_pool_t *pool)
{
    return !picks[MCP_PICK_VERSION].data || mcp_walk_string(&message->version, picks[MCP_PICK_VERSION], pool);
}

static bool read_message(mcp_rpc_t *message, const mcp_picks_t picks, apr_pool_t *pool)
{
    mcp_view_t version;

    if (!picks[MCP_PICK_JSONRPC].data || !mcp_walk_string(&version, picks[MCP_PICK_JSONRPC], pool) ||
        !mcp_view_is(version, "2.0")) {
        return false;
    }
    message->id = picks[MCP_PICK_ID];
    if (!picks[MCP_PICK_METHOD].data) {
        return read_response(message, picks, pool);
    }
    message->kind = picks[MCP_PICK_ID].data ? MCP_RPC_REQUEST : MCP_RPC_NOTIFICATION;
    if (picks[MCP_PICK_RESULT].data || picks[MCP_PICK_ERROR].data ||
        (picks[MCP_PICK_ID].data && !is_id(picks[MCP_PICK_ID], pool)) ||
        (picks[MCP_PICK_PARAMS].data && picks[MCP_PICK_PARAMS].data[0] != '{')) {
        return false;
    }
    return read_version(message, picks, pool) && read_operation(message, picks, pool);
}

/* Read the message that is next. */
static mcp_reason_t read_next(mcp_rpc_t *message, mcp_walk_t *walk, apr_pool_t *pool)
{
    mcp_picks_t picks = { { NULL, 0 } };
    mcp_view_t value;
    mcp_reason_t reason;

    *message = (mcp_rpc_t){ .kind = MCP_RPC_REQUEST };
    if (mcp_walk_peek(walk) != '{') {
        return mcp_walk_value(&value, walk) ? MCP_BODY_INVALID : MCP_BODY_MALFORMED;
    }
    reason = mcp_pick(picks, walk, pool);
    return reason == MCP_OK && !read_message(message, picks, pool) ? MCP_BODY_INVALID : reason;
}

mcp_reason_t mcp_rpc_read(mcp_rpc_t *message, mcp_view_t body, apr_pool_t *pool)
{
    mcp_walk_t walk = mcp_walk_start(body);
    mcp_reason_t reason = read_next(message, &walk, pool);

    return reason == MCP_OK && !mcp_walk_is_over(&walk) ? MCP_BODY_MALFORMED : reason;
}

bool mcp_rpc_is_batch(mcp_view_t body)
{
    mcp_walk_t walk = mcp_walk_start(body);

    return mcp_walk_peek(&walk) == '[';
}

mcp_reason_t mcp_rpc_read_batch(apr_array_header_t **messages, mcp_view_t body, apr_pool_t *pool)
{
    mcp_walk_t walk = mcp_walk_start(body);
    mcp_walk_next_t next = MCP_WALK_MORE;
    mcp_reason_t reason = MCP_OK;

    *messages = apr_array_make(pool, 8, sizeof(mcp_rpc_t));
    if (mcp_walk_peek(&walk) != '[') {
        return MCP_BODY_MALFORMED;
    }
    mcp_walk_enter(&walk);
    for (bool first = true; reason == MCP_OK && next == MCP_WALK_MORE; first = false) {
        next = mcp_walk_element(&walk, first);
        if (next == MCP_WALK_MORE) {
            reason = (*messages)->nelts < MCP_LIMIT_RPC_BATCH ? read_next(apr_array_push(*messages), &walk, pool)
                                                              : MCP_BODY_INVALID;
        }
    }
    if (next == MCP_WALK_BAD || (reason == MCP_OK && !mcp_walk_is_over(&walk))) {
        return MCP_BODY_MALFORMED;
    }
    return reason == MCP_OK && (*messages)->nelts == 0 ? MCP_BODY_INVALID : reason;
}

/* An integer is echoed as it is written, up to 64 bits. */
static bool is_echoed(mcp_view_t id, apr_pool_t *pool)
{
    mcp_view_t string;

    return mcp_walk_string(&string, id, pool) ? string.len <= MCP_LIMIT_ID
                                              : id.len > 0 && is_integer(id, "9223372036854775807");
}

const char *mcp_rpc_id(mcp_view_t body, apr_pool_t *pool)
{
    mcp_walk_t walk = mcp_walk_start(body);
    mcp_picks_t picks = { { NULL, 0 } };
    bool known = mcp_walk_peek(&walk) == '{' && mcp_pick(picks, &walk, pool) == MCP_OK && mcp_walk_is_over(&walk) &&
                 is_echoed(picks[MCP_PICK_ID], pool);

    return known ? mcp_view_dup(picks[MCP_PICK_ID], pool) : "null";
}

const char *mcp_rpc_error(const char *id, int code, const char *message, apr_pool_t *pool)
{
    return apr_psprintf(pool, "{\"jsonrpc\":\"2.0\",%s%s%s\"error\":{\"code\":%d,\"message\":\"%s\"}}",
                        id ? "\"id\":" : "", id ? id : "", id ? "," : "", code, message);
}
