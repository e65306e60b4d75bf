/* The table of refusals: each row says one thing, and all of them keep RFC 6750 3.1 and the wire of the clients. */
#include "../../src/core/reason.h"
#include "../../src/core/challenge.h"
#include "../lib/tap.h"

/* Each status has one OAuth error or none, and a challenge or none (RFC 6750 3.1). */
static const struct {
    int status;
    const char *error;
    bool challenge;
    mcp_log_level_t level;
} kinds[] = {
    { 401, NULL, true, MCP_LOG_DEBUG },
    { 401, NULL, true, MCP_LOG_INFO },
    { 400, "invalid_request", true, MCP_LOG_INFO },
    { 401, "invalid_token", true, MCP_LOG_INFO },
    { 403, "insufficient_scope", true, MCP_LOG_INFO },
    { 403, NULL, false, MCP_LOG_INFO },
    { 400, NULL, false, MCP_LOG_INFO },
    { 408, NULL, false, MCP_LOG_INFO },
    { 413, NULL, false, MCP_LOG_INFO },
    { 415, NULL, false, MCP_LOG_INFO },
    { 503, NULL, false, MCP_LOG_INFO },
    { 500, NULL, false, MCP_LOG_ERROR },
    { 404, NULL, false, MCP_LOG_DEBUG },
    { 405, NULL, false, MCP_LOG_DEBUG },
};

static bool is_a_kind(const mcp_reason_row_t *row)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        bool same =
            kinds[i].error && row->error ? strcmp(kinds[i].error, row->error) == 0 : kinds[i].error == row->error;

        if (kinds[i].status == row->status && same && kinds[i].challenge == row->challenge &&
            kinds[i].level == row->level) {
            return true;
        }
    }
    return false;
}

static void test_row(mcp_reason_t reason)
{
    const mcp_reason_row_t *row = mcp_reason_row(reason);

    ok(row->name && strspn(row->name, "abcdefghijklmnopqrstuvwxyz_") == strlen(row->name) && *row->name,
       "row %d has a name in lower case", (int)reason);
    ok(is_a_kind(row), "%s: status, error, challenge and level go together", row->name);
    ok(mcp_challenge_is_value(row->text), "J-02 %s: words that every client parses", row->name);
    ok(strspn(row->text, "\"\\<>") == 0 && strcspn(row->text, "\"\\<>") == strlen(row->text),
       "%s: and JSON needs no escapes", row->name);
    for (mcp_reason_t other = MCP_OK; other < reason; other++) {
        const mcp_reason_row_t *earlier = mcp_reason_row(other);

        if (strcmp(row->name, earlier->name) == 0 || strcmp(row->text, earlier->text) == 0) {
            ok(false, "%s: says something else than %s", row->name, earlier->name);
        }
    }
}

static const struct {
    mcp_reason_t reason;
    int status;
    int code; /* of the JSON-RPC error, 0 for -32000 */
} statuses[] = {
    { MCP_NO_CREDENTIALS, 401, 0 },
    { MCP_OTHER_SCHEME, 401, 0 },
    { MCP_CREDENTIALS_MALFORMED, 400, 0 },
    { MCP_CREDENTIALS_MULTIPLE, 400, 0 },
    { MCP_CREDENTIALS_TOO_LONG, 400, 0 },
    { MCP_MALFORMED, 401, 0 },
    { MCP_DUPLICATE_MEMBER, 401, 0 },
    { MCP_ENCRYPTED, 401, 0 },
    { MCP_CRITICAL, 401, 0 },
    { MCP_KEY_IN_TOKEN, 401, 0 },
    { MCP_ALGORITHM, 401, 0 },
    { MCP_TYPE, 401, 0 },
    { MCP_UNKNOWN_KEY, 401, 0 },
    { MCP_SIGNATURE, 401, 0 },
    { MCP_ISSUER, 401, 0 },
    { MCP_AUDIENCE, 401, 0 },
    { MCP_NO_EXPIRY, 401, 0 },
    { MCP_EXPIRED, 401, 0 },
    { MCP_NOT_YET_VALID, 401, 0 },
    { MCP_BOUND, 401, 0 },
    { MCP_NO_SUBJECT, 401, 0 },
    { MCP_INACTIVE, 401, 0 },
    { MCP_INSUFFICIENT_SCOPE, 403, 0 },
    { MCP_MISSING_ROLE, 403, 0 },
    { MCP_MISSING_CLAIM, 403, 0 },
    { MCP_DENIED, 403, 0 },
    { MCP_ORIGIN, 403, 0 },
    { MCP_DENIED_OPERATION, 403, 0 },
    { MCP_BODY_TYPE, 415, 0 },
    { MCP_BODY_CODING, 415, 0 },
    { MCP_BODY_UNEXPECTED, 400, -32600 },
    { MCP_BODY_TOO_LARGE, 413, 0 },
    { MCP_BODY_TIMEOUT, 408, 0 },
    { MCP_BODY_CUT, 400, -32700 },
    { MCP_BODY_MALFORMED, 400, -32700 },
    { MCP_BODY_INVALID, 400, -32600 },
    { MCP_HEADER_MISMATCH, 400, -32020 },
    { MCP_KEYS_UNAVAILABLE, 503, 0 },
    { MCP_INTROSPECTION_UNAVAILABLE, 503, 0 },
    { MCP_BUSY, 503, 0 },
    { MCP_MISCONFIGURED, 500, 0 },
    { MCP_NO_METADATA, 404, 0 },
    { MCP_METHOD_NOT_ALLOWED, 405, 0 },
};

int main(void)
{
    is_int(mcp_reason_row(MCP_OK)->status, 200, "what is no refusal");
    for (mcp_reason_t reason = MCP_OK + 1; reason < MCP_REASON_COUNT; reason++) {
        test_row(reason);
    }
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        is_int(mcp_reason_row(statuses[i].reason)->status, statuses[i].status, "status of %s",
               mcp_reason_row(statuses[i].reason)->name);
        is_int(mcp_reason_code(statuses[i].reason), statuses[i].code ? statuses[i].code : -32000, "and its code");
    }
    is_int(sizeof(statuses) / sizeof(statuses[0]), MCP_REASON_COUNT - 1, "every row is listed here");
    is_int(mcp_reason_row(MCP_REASON_COUNT)->status, 500, "a reason that is none is a fault of the server");
    is_int(mcp_reason_row((mcp_reason_t)-1)->status, 500, "so is a negative one");
    is_int(mcp_reason_row((mcp_reason_t)100000)->status, 500, "and a huge one");
    return done_testing();
}
