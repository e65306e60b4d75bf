#include "expr.h"

#include "../core/encode.h"
#include "request.h"

/* The facts that count for a request: accepted ones only. Asked too early there are none, which is noted so that a
 * Require expr can still lead to a login. */
static const mcp_claims_t *facts_of(const ap_expr_eval_ctx_t *ctx)
{
    mcp_request_t *state;

    if (!ctx->r) {
        return NULL;
    }
    state = mcp_request_get(ctx->r);
    state->claim_wanted = true;
    return state->accepted ? state->facts : NULL;
}

static const char *claim(ap_expr_eval_ctx_t *ctx, const void *data, const char *name)
{
    const mcp_claims_t *facts = facts_of(ctx);
    const char *text = facts ? mcp_claims_text(facts, name, ctx->p) : NULL;

    (void)data;
    return text ? mcp_encode_line(text, ctx->p) : "";
}

static const char *scope(ap_expr_eval_ctx_t *ctx, const void *data, const char *ignored)
{
    const mcp_claims_t *facts = facts_of(ctx);

    (void)data;
    (void)ignored;
    return facts ? mcp_scope_format(facts->scope, NULL, ctx->p) : "";
}

static apr_array_header_t *scope_list(ap_expr_eval_ctx_t *ctx, const void *data, const char *ignored)
{
    const mcp_claims_t *facts = facts_of(ctx);
    apr_array_header_t *list = apr_array_make(ctx->p, 4, sizeof(char *));

    (void)data;
    (void)ignored;
    for (int i = 0; facts && i < facts->scope->nelts; i++) {
        APR_ARRAY_PUSH(list, char *) = mcp_view_dup(APR_ARRAY_IDX(facts->scope, i, mcp_view_t), ctx->p);
    }
    return list;
}

static const char *scope_variable(ap_expr_eval_ctx_t *ctx, const void *data)
{
    return scope(ctx, data, "");
}

static const char *variable(const ap_expr_eval_ctx_t *ctx, const char *name)
{
    const char *value = ctx->r ? apr_table_get(ctx->r->subprocess_env, name) : NULL;

    return value ? value : "";
}

static const char *method_variable(ap_expr_eval_ctx_t *ctx, const void *data)
{
    (void)data;
    return variable(ctx, "MCP_METHOD");
}

static const char *name_variable(ap_expr_eval_ctx_t *ctx, const void *data)
{
    (void)data;
    return variable(ctx, "MCP_NAME");
}

int mcp_expr_lookup(ap_expr_lookup_parms *parms)
{
    static const struct {
        int type;
        const char *name;
        const void *func;
    } functions[] = {
        { AP_EXPR_FUNC_STRING, "mcp_claim", claim },         { AP_EXPR_FUNC_STRING, "mcp_scope", scope },
        { AP_EXPR_FUNC_LIST, "mcp_scope", scope_list },      { AP_EXPR_FUNC_VAR, "MCP_SCOPE", scope_variable },
        { AP_EXPR_FUNC_VAR, "MCP_METHOD", method_variable }, { AP_EXPR_FUNC_VAR, "MCP_NAME", name_variable },
    };

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (parms->type == functions[i].type && strcasecmp(parms->name, functions[i].name) == 0) {
            *parms->func = functions[i].func;
            *parms->data = NULL;
            return OK;
        }
    }
    return DECLINED;
}
