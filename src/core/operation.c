#include "operation.h"

#include <apr_fnmatch.h>

#include "limits.h"
#include "log.h"
#include "uri.h"

#define EXAMPLE "; for example MCPOperation tools/call delete_* files:delete"

static const char *refuse(const char *word, const char *what, apr_pool_t *pool)
{
    return apr_psprintf(pool, "'%s' %s" EXAMPLE, mcp_log_word(word, pool), what);
}

static const char *check_method(const char *method, apr_pool_t *pool)
{
    if (strcmp(method, "*") != 0 && strpbrk(method, "*?[]\\")) {
        return refuse(method, "is a pattern; a method is named to the letter, or * for any", pool);
    }
    return strlen(method) > MCP_LIMIT_RPC_METHOD ? refuse(method, "is too long for a method", pool) : NULL;
}

/* Whether each bracket that opens is closed. The pattern would match that bracket alone, which nobody means. */
static bool closes_brackets(const char *at)
{
    bool open = false;

    for (; *at; at++) {
        if (*at == '\\' && at[1]) {
            at++;
        } else if (!open && *at == '[') {
            open = true;
            at += at[1] == '!' || at[1] == '^';
            at += at[1] == ']'; /* stands for itself there */
        } else if (*at == ']') {
            open = false;
        }
    }
    return !open;
}

static const char *check_pattern(const char *pattern, apr_pool_t *pool)
{
    if (mcp_uri_has_dot_segment(mcp_view_of(pattern))) {
        return refuse(pattern, "has a dot segment, with which every request is refused", pool);
    }
    if (!closes_brackets(pattern)) {
        return refuse(pattern, "has a bracket that is not closed", pool);
    }
    return strlen(pattern) > MCP_LIMIT_RPC_NAME ? refuse(pattern, "is too long for a name", pool) : NULL;
}

/* The kind that a word means, in any case; MCP_OPERATION_SCOPES for other words. */
static mcp_operation_kind_t kind_of(const char *word)
{
    return strcasecmp(word, "granted") == 0     ? MCP_OPERATION_GRANTED
           : strcasecmp(word, "denied") == 0    ? MCP_OPERATION_DENIED
           : strcasecmp(word, "anonymous") == 0 ? MCP_OPERATION_ANONYMOUS
                                                : MCP_OPERATION_SCOPES;
}

static const char *parse_scopes(mcp_operation_t *operation, int argc, char *const argv[], apr_pool_t *pool)
{
    for (int i = 0; i < argc; i++) {
        const char *wrong = mcp_policy_refuse_scope(argv[i], pool);

        if (wrong) {
            return wrong;
        }
        if (kind_of(argv[i]) != MCP_OPERATION_SCOPES) {
            return refuse(argv[i], "stands beside other words", pool);
        }
        mcp_scope_add(operation->scopes, mcp_view_of(argv[i]));
    }
    return NULL;
}

const char *mcp_operation_parse(mcp_operation_t *operation, int argc, char *const argv[], apr_pool_t *pool)
{
    const char *wrong;

    if (argc < 3) {
        return refuse(argc > 0 ? argv[0] : "", "is not a method, a pattern for its name, and what it needs", pool);
    }
    *operation = (mcp_operation_t){ argv[0], argv[1], kind_of(argv[2]), mcp_scope_make(pool) };
    if ((wrong = check_method(argv[0], pool)) != NULL || (wrong = check_pattern(argv[1], pool)) != NULL) {
        return wrong;
    }
    if (operation->kind != MCP_OPERATION_SCOPES) {
        return argc > 3 ? refuse(argv[2], "stands beside other words", pool) : NULL;
    }
    return parse_scopes(operation, argc - 2, argv + 2, pool);
}

static bool matches(const mcp_operation_t *rule, const mcp_rpc_t *message, const char *name)
{
    return (strcmp(rule->method, "*") == 0 || mcp_view_is(message->method, rule->method)) &&
           apr_fnmatch(rule->pattern, name, 0) == APR_SUCCESS;
}

const mcp_operation_t *mcp_operation_find(const apr_array_header_t *rules, const mcp_rpc_t *message, apr_pool_t *pool)
{
    const char *name = mcp_view_dup(message->name, pool);

    for (int i = 0; i < rules->nelts; i++) {
        const mcp_operation_t *rule = &APR_ARRAY_IDX(rules, i, mcp_operation_t);

        if (matches(rule, message, name)) {
            return rule;
        }
    }
    return NULL;
}

bool mcp_operation_has(const apr_array_header_t *rules, mcp_operation_kind_t kind)
{
    for (int i = 0; i < rules->nelts; i++) {
        if (APR_ARRAY_IDX(rules, i, mcp_operation_t).kind == kind) {
            return true;
        }
    }
    return false;
}

mcp_reason_t mcp_operation_check(const mcp_operation_t *operation, const mcp_claims_t *claims,
                                 const apr_array_header_t *implications, apr_pool_t *pool)
{
    mcp_reason_t reason = MCP_OK;

    if (!operation) {
        return MCP_OK;
    }
    if (operation->kind == MCP_OPERATION_DENIED) {
        return MCP_DENIED_OPERATION;
    }
    for (int i = 0; i < operation->scopes->nelts; i++) {
        mcp_view_t scope = APR_ARRAY_IDX(operation->scopes, i, mcp_view_t);

        if (!claims) {
            reason = MCP_NO_CREDENTIALS;
        } else if (!mcp_scope_grants(claims->scope, implications, scope, pool)) {
            reason = MCP_INSUFFICIENT_SCOPE;
        }
    }
    return reason;
}
