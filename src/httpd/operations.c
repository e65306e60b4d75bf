#include "operations.h"

#include "../core/mirror.h"
#include "../core/operation.h"
#include "body.h"
#include "reply.h"

/* The operations of a request under one configuration. */
struct mcp_operations_t {
    const void *under; /* the per_dir_config they were read under */
    mcp_reason_t reason;
    apr_array_header_t *messages; /* of mcp_rpc_t; none for a request that is no operation */
    apr_array_header_t *rules;    /* of const mcp_operation_t *: the one for each, NULL for none */
};

static const apr_array_header_t *rules_of(const request_rec *r)
{
    return mcp_conf_dir(r)->operations;
}

bool mcp_operations_apply(const request_rec *r)
{
    const apr_array_header_t *rules = rules_of(r);

    return rules && rules->nelts > 0 && (!r->main || mcp_body_is_lent(r));
}

bool mcp_operations_may_be_anonymous(const request_rec *r)
{
    return mcp_operations_apply(r) && mcp_operation_has(rules_of(r), MCP_OPERATION_ANONYMOUS);
}

static int note_twin(void *found, const char *name, const char *value)
{
    (void)value;
    *(bool *)found = mcp_mirror_is_twin(name);
    return !*(bool *)found;
}

/* What the head says of the body, before a byte of it is read. */
static mcp_reason_t check_head(request_rec *r)
{
    bool twin = false;

    if (!mcp_mirror_is_json(apr_table_get(r->headers_in, "Content-Type"))) {
        return MCP_BODY_TYPE;
    }
    if (!mcp_mirror_is_plain(apr_table_get(r->headers_in, "Content-Encoding"))) {
        return MCP_BODY_CODING;
    }
    apr_table_do(note_twin, &twin, r->headers_in, NULL);
    return twin || mcp_mirror_is_dropped(apr_table_get(r->headers_in, "Connection")) ? MCP_HEADER_MISMATCH : MCP_OK;
}

static mcp_reason_t read_messages(mcp_operations_t *operations, mcp_view_t body, request_rec *r)
{
    const mcp_mirror_t mirror = { apr_table_get(r->headers_in, "MCP-Protocol-Version"),
                                  apr_table_get(r->headers_in, "Mcp-Method"),
                                  apr_table_get(r->headers_in, "Mcp-Name") };
    mcp_reason_t reason;

    if (mcp_dir_batch(mcp_conf_dir(r)) && mcp_rpc_is_batch(body)) {
        reason = mcp_rpc_read_batch(&operations->messages, body, r->pool);
        return reason == MCP_OK ? mcp_mirror_check_batch(operations->messages, &mirror) : reason;
    }
    operations->messages = apr_array_make(r->pool, 1, sizeof(mcp_rpc_t));
    reason = mcp_rpc_read(apr_array_push(operations->messages), body, r->pool);
    return reason == MCP_OK ? mcp_mirror_check(&APR_ARRAY_IDX(operations->messages, 0, mcp_rpc_t), &mirror, r->pool)
                            : reason;
}

/* For the log and expressions: what can be said of a request that is one operation. */
static void note_variables(request_rec *r, const mcp_operations_t *operations)
{
    const mcp_rpc_t *message = &APR_ARRAY_IDX(operations->messages, 0, mcp_rpc_t);

    if (operations->messages->nelts > 1) {
        apr_table_setn(r->subprocess_env, "MCP_METHOD", "batch");
        return;
    }
    apr_table_setn(r->subprocess_env, "MCP_METHOD", mcp_view_dup(message->method, r->pool));
    if (message->name.data) {
        apr_table_setn(r->subprocess_env, "MCP_NAME", mcp_view_dup(message->name, r->pool));
    }
}

static mcp_reason_t read_body(mcp_operations_t *operations, request_rec *r)
{
    mcp_view_t body = { NULL, 0 };
    mcp_reason_t reason = check_head(r);

    if (reason == MCP_OK) {
        reason = mcp_body_keep(&body, r, mcp_dir_max_body(mcp_conf_dir(r)));
    }
    if (reason == MCP_OK) {
        reason = read_messages(operations, body, r);
    }
    if (reason != MCP_OK) {
        return reason;
    }
    note_variables(r, operations);
    for (int i = 0; i < operations->messages->nelts; i++) {
        APR_ARRAY_PUSH(operations->rules, const mcp_operation_t *) =
            mcp_operation_find(rules_of(r), &APR_ARRAY_IDX(operations->messages, i, mcp_rpc_t), r->pool);
    }
    return MCP_OK;
}

/* What follows an upgrade (WebSocket) is no request any more, and no rule would see it. */
static void keep_http(request_rec *r)
{
    if (!mcp_request_reports(r)) {
        apr_table_unset(r->headers_in, "Upgrade");
    }
}

static mcp_operations_t *operations_of(request_rec *r)
{
    mcp_operations_t **operations = &mcp_request_get(r)->operations;

    if (!*operations || (*operations)->under != r->per_dir_config) {
        *operations = apr_pcalloc(r->pool, sizeof(**operations));
        (*operations)->under = r->per_dir_config;
        (*operations)->rules = apr_array_make(r->pool, 1, sizeof(const mcp_operation_t *));
        keep_http(r);
        if (r->main || (!mcp_body_is_usual(r) && mcp_body_is_announced(r))) {
            (*operations)->reason = MCP_BODY_UNEXPECTED;
        } else if (mcp_body_is_usual(r)) {
            (*operations)->reason = read_body(*operations, r);
        }
    }
    return *operations;
}

mcp_reason_t mcp_operations_read(request_rec *r)
{
    return operations_of(r)->reason;
}

static const mcp_operation_t *rule_at(const mcp_operations_t *operations, int i)
{
    return APR_ARRAY_IDX(operations->rules, i, const mcp_operation_t *);
}

static bool are_anonymous(request_rec *r)
{
    const mcp_operations_t *operations = operations_of(r);

    for (int i = 0; i < operations->rules->nelts; i++) {
        if (!rule_at(operations, i) || rule_at(operations, i)->kind != MCP_OPERATION_ANONYMOUS) {
            return false;
        }
    }
    return operations->reason == MCP_OK && operations->rules->nelts > 0;
}

bool mcp_operations_let_in(request_rec *r)
{
    if (!are_anonymous(r)) {
        return false;
    }
    mcp_request_get(mcp_request_root(r))->let_in_under = r->per_dir_config;
    return true;
}

void mcp_operations_need(request_rec *r)
{
    const mcp_operations_t *operations = operations_of(r);

    for (int i = 0; i < operations->rules->nelts; i++) {
        if (rule_at(operations, i)) {
            mcp_policy_need_scopes(&mcp_request_get(r)->needs, rule_at(operations, i)->scopes, r->pool);
        }
    }
}

void mcp_operations_collect(request_rec *r)
{
    const apr_array_header_t *rules = rules_of(r);

    for (int i = 0; rules && i < rules->nelts; i++) {
        mcp_policy_need_scopes(&mcp_request_get(r)->needs, APR_ARRAY_IDX(rules, i, mcp_operation_t).scopes, r->pool);
    }
}

/* Require was content with scopes that the token has; those of other branches would be too much to ask for. */
static void keep_held(mcp_request_t *state, const apr_array_header_t *implications, apr_pool_t *pool)
{
    const mcp_scope_t *named = state->needs.scopes;
    mcp_scope_t *held = mcp_scope_make(pool);

    for (int i = 0; state->accepted && named && i < named->nelts; i++) {
        mcp_view_t scope = APR_ARRAY_IDX(named, i, mcp_view_t);

        if (mcp_scope_grants(state->facts->scope, implications, scope, pool)) {
            mcp_scope_add(held, scope);
        }
    }
    state->needs.scopes = held;
}

static const char *describe(const mcp_rpc_t *message, const mcp_operation_t *rule, const mcp_claims_t *claims,
                            apr_pool_t *pool)
{
    const char *operation =
        apr_psprintf(pool, "operation %s%s%s", mcp_log_name(message->method, pool), message->name.data ? " " : "",
                     message->name.data ? mcp_log_name(message->name, pool) : "");

    if (rule->kind != MCP_OPERATION_SCOPES) {
        return operation;
    }
    return apr_psprintf(pool, "%s: expected \"%s\", got \"%s\"", operation, mcp_scope_format(rule->scopes, NULL, pool),
                        claims ? mcp_log_name(mcp_view_of(mcp_scope_format(claims->scope, NULL, pool)), pool) : "");
}

/* Judge each; a denial, which nothing can cure, outdoes the rest. */
static mcp_reason_t check(request_rec *r, const mcp_operations_t *operations, const char **detail)
{
    const mcp_request_t *state = mcp_request_get(r);
    const mcp_claims_t *claims = state->accepted ? state->facts : NULL;
    mcp_reason_t worst = MCP_OK;

    for (int i = 0; i < operations->rules->nelts && worst != MCP_DENIED_OPERATION; i++) {
        const mcp_operation_t *rule = rule_at(operations, i);
        mcp_reason_t reason = mcp_operation_check(rule, claims, mcp_conf_dir(r)->implications, r->pool);

        if (reason != MCP_OK) {
            worst = reason;
            *detail = describe(&APR_ARRAY_IDX(operations->messages, i, mcp_rpc_t), rule, claims, r->pool);
        }
    }
    return worst;
}

int mcp_operations_enforce(request_rec *r)
{
    mcp_request_t *state = mcp_request_get(r);
    const mcp_operations_t *operations = operations_of(r);
    const char *detail = NULL;
    mcp_reason_t reason = operations->reason == MCP_OK ? check(r, operations, &detail) : operations->reason;

    if (reason == MCP_OK) {
        return OK;
    }
    keep_held(state, mcp_conf_dir(r)->implications, r->pool);
    mcp_operations_need(r);
    return mcp_reply_refuse(r, reason, detail);
}

/* Whether a program has made another request of operations for everybody. httpd asks no authentication hook about it where
 * the same configuration governs. Error documents are for everybody who gets the error. */
static bool goes_beyond(request_rec *r)
{
    return mcp_request_get(mcp_request_root(r))->let_in_under == r->per_dir_config && !ap_is_HTTP_ERROR(r->status) &&
           !are_anonymous(r);
}

int mcp_operations_before_handler(request_rec *r)
{
    const mcp_request_t *state;
    int answer;

    if (!mcp_request_is_governed(r) || !mcp_operations_apply(r)) {
        return DECLINED;
    }
    state = mcp_request_get(r);
    if (state->operations && state->operations->under == r->per_dir_config) {
        return DECLINED;
    }
    answer = goes_beyond(r) ? mcp_reply_refuse(r, MCP_NO_CREDENTIALS, NULL) : mcp_operations_enforce(r);
    return answer == OK ? DECLINED : answer;
}
