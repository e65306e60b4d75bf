#include "identity.h"

#include <http_log.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "../core/ascii.h"
#include "../core/bearer.h"
#include "../core/encode.h"
#include "../core/field.h"
#include "../core/limits.h"

APLOG_USE_MODULE(auth_mcp);

/* What a backend is told when nothing else is configured. */
static const char *const default_headers[] = { "X-MCP-Subject", "X-MCP-Scope", "X-MCP-Client-ID", "X-MCP-Issuer" };

static bool is_in(const apr_array_header_t *owned, mcp_view_t name)
{
    for (int i = 0; owned && i < owned->nelts; i++) {
        if (mcp_field_is_same(name, APR_ARRAY_IDX(owned, i, const char *))) {
            return true;
        }
    }
    return false;
}

static bool is_forwarded(const apr_array_header_t *forwards, mcp_view_t name)
{
    for (int i = 0; forwards && i < forwards->nelts; i++) {
        if (mcp_field_is_same(name, APR_ARRAY_IDX(forwards, i, mcp_forward_t).header)) {
            return true;
        }
    }
    return false;
}

/* They all begin with X, and few other fields of a request do. */
static bool is_default(mcp_view_t name)
{
    if (mcp_ascii_lower(*name.data) != 'x') {
        return false;
    }
    for (size_t i = 0; i < sizeof(default_headers) / sizeof(default_headers[0]); i++) {
        if (mcp_field_is_same(name, default_headers[i])) {
            return true;
        }
    }
    return false;
}

static bool is_owned(const request_rec *r, mcp_view_t name)
{
    return is_default(name) || is_in(mcp_conf_server(r->server)->owned, name) ||
           is_forwarded(mcp_conf_dir(r)->forward_claims, name);
}

/* Between the names of a Connection field; mod_proxy takes a semicolon for a comma. */
#define SEPARATORS ",; \t"

/* The Connection field without the names we own (RFC 9110 7.6.1). */
static void scrub_connection(request_rec *r)
{
    const char *value = apr_table_get(r->headers_in, "Connection"), *kept = NULL;
    char *name, *state, *copy = value ? apr_pstrdup(r->pool, value) : NULL;
    bool found = false;

    for (name = copy ? apr_strtok(copy, SEPARATORS, &state) : NULL; name; name = apr_strtok(NULL, SEPARATORS, &state)) {
        if (is_owned(r, mcp_view_of(name))) {
            found = true;
        } else {
            kept = kept ? apr_pstrcat(r->pool, kept, ", ", name, NULL) : name;
        }
    }
    if (found && kept) {
        apr_table_setn(r->headers_in, "Connection", kept);
    } else if (found) {
        apr_table_unset(r->headers_in, "Connection");
    }
}

static void scrub(request_rec *r)
{
    const apr_array_header_t *fields = apr_table_elts(r->headers_in);

    for (int i = 0; i < fields->nelts; i++) {
        const char *name = APR_ARRAY_IDX(fields, i, apr_table_entry_t).key;

        if (is_owned(r, mcp_view_of(name))) {
            apr_table_unset(r->headers_in, name);
            i = -1; /* the table has closed the gap */
        }
    }
}

static bool has_issuers(const request_rec *r)
{
    const mcp_server_conf_t *conf = mcp_conf_server(r->server);

    return conf->issuers && conf->issuers->nelts > 0;
}

int mcp_identity_scrub(request_rec *r)
{
    if (has_issuers(r)) {
        scrub(r);
        scrub_connection(r);
    }
    return DECLINED;
}

char *mcp_identity_user(const mcp_claims_t *facts, apr_pool_t *pool)
{
    return mcp_encode_user(facts->user, pool);
}

/* Setting a variable compares its name with those of all that begin alike; where none of ours is there yet, it is added. */
static void put_variable(request_rec *r, const char *name, const char *value, bool fresh)
{
    if (fresh) {
        apr_table_addn(r->subprocess_env, name, value);
    } else {
        apr_table_setn(r->subprocess_env, name, value);
    }
}

/* Whether the request has no variable of ours. */
static bool is_fresh(const request_rec *r)
{
    const apr_array_header_t *variables = apr_table_elts(r->subprocess_env);

    for (int i = 0; i < variables->nelts; i++) {
        if (strncasecmp(APR_ARRAY_IDX(variables, i, apr_table_entry_t).key, "MCP_", 4) == 0) {
            return false;
        }
    }
    return true;
}

static void put_decision(request_rec *r, const char *decision, const char *reason, bool fresh)
{
    put_variable(r, "MCP_DECISION", decision, fresh);
    put_variable(r, "MCP_REASON", reason, fresh);
}

void mcp_identity_note_decision(request_rec *r, const char *decision, const char *reason)
{
    put_decision(r, decision, reason, false);
}

static void warn_left_out(request_rec *r, const char *what)
{
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "MCP0210: %s is left out: the claim has control bytes or more than %d bytes", what,
                  MCP_LIMIT_IDENTITY);
}

static void set_variable(request_rec *r, const char *name, mcp_view_t value, bool fresh)
{
    if (value.data && mcp_encode_is_clean(value)) {
        put_variable(r, name, mcp_view_dup(value, r->pool), fresh);
        return;
    }
    apr_table_unset(r->subprocess_env, name);
    if (value.data) {
        warn_left_out(r, name);
    }
}

/* The request has no field of that name: they have just been scrubbed. */
static void set_header(request_rec *r, const char *name, mcp_view_t value)
{
    if (!value.data || value.len == 0) {
        return;
    }
    if (!mcp_encode_is_clean(value)) {
        warn_left_out(r, name);
        return;
    }
    apr_table_addn(r->headers_in, name, mcp_encode_header(value, r->pool));
}

static mcp_view_t view_or_none(const char *text)
{
    return text ? mcp_view_of(text) : (mcp_view_t){ NULL, 0 };
}

static void set_headers(request_rec *r, const mcp_claims_t *facts, mcp_view_t scope)
{
    const apr_array_header_t *forwards = mcp_conf_dir(r)->forward_claims;

    if (!forwards) {
        set_header(r, "X-MCP-Subject", facts->subject);
        set_header(r, "X-MCP-Scope", scope);
        set_header(r, "X-MCP-Client-ID", facts->client);
        set_header(r, "X-MCP-Issuer", mcp_view_of(facts->issuer));
        return;
    }
    for (int i = 0; i < forwards->nelts; i++) {
        const mcp_forward_t *forward = &APR_ARRAY_IDX(forwards, i, mcp_forward_t);

        set_header(r, forward->header, view_or_none(mcp_claims_text(facts, forward->claim, r->pool)));
    }
}

static void set_identity(request_rec *r, const mcp_claims_t *facts, bool fresh)
{
    mcp_view_t scope = mcp_view_of(mcp_scope_format(facts->scope, NULL, r->pool));

    set_variable(r, "MCP_SUBJECT", facts->subject, fresh);
    set_variable(r, "MCP_CLIENT_ID", facts->client, fresh);
    set_variable(r, "MCP_ISSUER", mcp_view_of(facts->issuer), fresh);
    set_variable(r, "MCP_SCOPE", scope, fresh);
    set_variable(r, "MCP_TOKEN_ID", facts->id, fresh);
    set_headers(r, facts, scope);
}

/* The nearest request, this one or what it was redirected from, that is governed. */
static request_rec *governed_before(request_rec *r)
{
    while (r && !mcp_request_is_governed(r)) {
        r = r->prev;
    }
    return r;
}

/* Whether this is the page for an error that came before any section was found (an encoded slash, a bad escape, an
 * unknown Expect): the path may well be protected, and the token has come to be shown there. One that is mapped to
 * something has been looked at, and has no section. */
static bool is_early_error(const request_rec *r)
{
    const char *field = apr_table_get(r->headers_in, "Authorization");

    return field && mcp_bearer_carries_token(field) && r->prev && ap_is_HTTP_ERROR(r->status) &&
           r->prev->per_dir_config == r->prev->server->lookup_defaults && !r->prev->filename;
}

/* A copy that SetEnvIf or RewriteRule has made of a token, under whatever name. */
static bool has_token(const char *value, mcp_view_t token)
{
    size_t len = value ? strlen(value) : 0;

    return token.len > 0 && len >= token.len && memmem(value, len, token.data, token.len);
}

/* Only a token that was accepted is looked for: others may be words that stand anywhere. */
static void take_variables(request_rec *r)
{
    const mcp_request_t *state = mcp_request_get(r);
    mcp_view_t token = state->accepted ? state->token : (mcp_view_t){ NULL, 0 };
    const apr_array_header_t *variables = apr_table_elts(r->subprocess_env);

    for (int i = 0; i < variables->nelts; i++) {
        const apr_table_entry_t *variable = &APR_ARRAY_IDX(variables, i, apr_table_entry_t);

        if (mcp_field_is_token_variable(variable->key) || has_token(variable->val, token)) {
            apr_table_unset(r->subprocess_env, variable->key);
            i = -1; /* the table has closed the gap */
        }
    }
}

/* The token must reach no backend (MCP authorization, token passthrough); mod_proxy reads the real table. */
void mcp_identity_take_token(request_rec *r)
{
    request_rec *governed = governed_before(r);

    if (governed ? mcp_dir_forward_token(mcp_conf_dir(governed)) : !is_early_error(r)) {
        return;
    }
    apr_table_unset(r->headers_in, "Authorization");
    take_variables(r);
}

void mcp_identity_keep_caches_off(request_rec *r)
{
    for (; r; r = r->main) {
        r->no_cache = 1;
        apr_table_setn(r->subprocess_env, "no-cache", "1");
    }
}

/* Make the request's fields say what we know, and nothing else about it. */
static void apply(request_rec *r, bool fresh)
{
    const mcp_request_t *state;

    scrub(r);
    scrub_connection(r);
    mcp_identity_take_token(r);
    if (!mcp_request_is_governed(r)) {
        return;
    }
    state = mcp_request_get(r);
    if (state->accepted) {
        set_identity(r, state->facts, fresh);
    }
}

/* The input filter for bodies that may end with trailers: MergeTrailers puts them among the fields while a handler
 * reads. */
static apr_status_t watch_trailers(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                                   apr_read_type_e block, apr_off_t size)
{
    apr_status_t status = ap_get_brigade(f->next, brigade, mode, block, size);

    if (status == APR_SUCCESS && !APR_BRIGADE_EMPTY(brigade) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade))) {
        apply(f->r, false);
        ap_remove_input_filter(f);
    }
    return status;
}

static ap_filter_rec_t *trailer_filter;

void mcp_identity_register(void)
{
    trailer_filter = ap_register_input_filter("MCP_TRAILERS", watch_trailers, NULL, AP_FTYPE_CONTENT_SET);
}

/* In HTTP/1.1 only a body without a length can have trailers (RFC 9112 7.1.2), in HTTP/2 any body (RFC 9113 8.1). */
static bool may_have_trailers(const request_rec *r)
{
    return !r->main && (apr_table_get(r->headers_in, "Transfer-Encoding") || r->proto_num >= HTTP_VERSION(2, 0));
}

/* Note that the request is let through; an error document is as well, but what it is the answer to was not. */
static void note_decision(request_rec *r, bool governed, bool fresh)
{
    for (request_rec *asked = r; asked; asked = asked->prev) {
        mcp_reason_t reason = mcp_request_get(asked)->reason;

        if (reason != MCP_OK) {
            if (asked != r) {
                put_decision(r, "refused", mcp_reason_row(reason)->name, fresh);
            }
            return;
        }
    }
    if (governed) {
        put_decision(r, "granted", mcp_reason_row(MCP_OK)->name, fresh);
    }
}

int mcp_identity_fixups(request_rec *r)
{
    bool governed, fresh;

    if (!has_issuers(r)) {
        return DECLINED;
    }
    if (may_have_trailers(r)) {
        ap_add_input_filter_handle(trailer_filter, NULL, r, r->connection);
    }
    if (mcp_request_is_lookup(r)) {
        return DECLINED;
    }
    governed = mcp_request_is_governed(r);
    if (governed) {
        mcp_request_inherit(r);
        mcp_identity_keep_caches_off(r);
    }
    fresh = is_fresh(r);
    apply(r, fresh);
    mcp_request_get(r)->applied = r->per_dir_config;
    note_decision(r, governed, fresh);
    return DECLINED;
}

void mcp_identity_before_handler(request_rec *r)
{
    mcp_request_t *state;

    if (!has_issuers(r) || !mcp_request_is_governed(r) || mcp_request_get(r)->applied == r->per_dir_config) {
        return;
    }
    state = mcp_request_get(r);
    state->applied = r->per_dir_config;
    state->accepted = state->accepted_under == r->per_dir_config;
    if (state->accepted) {
        r->user = mcp_identity_user(state->facts, r->pool);
        r->ap_auth_type = apr_pstrdup(r->pool, "Bearer");
    }
    mcp_identity_keep_caches_off(r);
    apply(r, false);
    note_decision(r, true, false);
}
