#include "cmds.h"

#include <http_core.h>

#include "../core/challenge.h"
#include "../core/field.h"
#include "../core/log.h"
#include "../core/origin.h"
#include "../core/policy.h"
#include "../core/prm.h"
#include "unwise.h"

/* The settings of the server as far as they are known: all of them in .htaccess. */
static mcp_server_conf_t *server_conf(cmd_parms *cmd)
{
    return ap_get_module_config(cmd->server->module_config, &auth_mcp_module);
}

/* The path of the <Location> that the directive stands in; NULL elsewhere and for patterns. */
static const char *location_of(cmd_parms *cmd)
{
    bool in_location = ap_check_cmd_context(cmd, NOT_IN_LOCATION) != NULL;

    return in_location && cmd->path && cmd->path[0] == '/' && !strpbrk(cmd->path, "*?[]()^$\\") ? cmd->path : NULL;
}

static void register_resource(cmd_parms *cmd, const char *uri, bool is_default)
{
    mcp_resource_t *resource = apr_array_push(server_conf(cmd)->resources);

    *resource = (mcp_resource_t){ uri, location_of(cmd), is_default, mcp_cmds_place(cmd) };
}

MCP_CMD_ARGV(resource)
{
    mcp_dir_conf_t *dir = section;
    const char *example = "MCPResource https://mcp.example.com/mcp", *wrong;
    mcp_uri_t uri;

    mcp_cmds_use(cmd);
    if (argc < 1 || argc > 2 || (argc == 2 && strcmp(argv[1], "default") != 0)) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not one URI, or one and the word default",
                               example);
    }
    if ((wrong = mcp_cmds_uri(cmd, &uri, argv[0], example)) != NULL) {
        return wrong;
    }
    if (uri.query || strchr(argv[0], ',')) { /* neither can be told apart in a challenge by every client */
        return mcp_cmds_refuse(cmd, argv[0], "has a query or a comma", example);
    }
    if (mcp_cmds_in_htaccess(cmd)) {
        if (!uri.https && !mcp_conf_allows_http(server_conf(cmd), &uri)) {
            return mcp_cmds_refuse(cmd, argv[0], "is plain http to a host that is not this machine", example);
        }
    } else {
        register_resource(cmd, argv[0], argc == 2);
        mcp_unwise_resource(cmd);
    }
    dir->resource = argv[0];
    return NULL;
}

MCP_CMD_ARGV(audience)
{
    mcp_dir_conf_t *dir = section;
    const char *wrong;
    mcp_uri_t uri;

    mcp_cmds_use(cmd);
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "is no audience", "MCPAudience api://default")) != NULL ||
        (wrong = mcp_cmds_add_words(cmd, &dir->audiences, argc, argv)) != NULL) {
        return wrong;
    }
    for (int i = 0; i < argc; i++) {
        if (mcp_uri_parse(&uri, argv[i], cmd->pool) && strcasecmp(argv[i], "none") != 0) {
            mcp_cmds_warn(cmd,
                          apr_psprintf(cmd->pool, "'%s' is no URL: tokens for it may be meant for other servers too",
                                       mcp_log_word(argv[i], cmd->pool)));
        }
    }
    return NULL;
}

MCP_CMD_ARGV(trust_issuer)
{
    mcp_dir_conf_t *dir = section;
    const char *example = "MCPTrustIssuer https://auth.example.com", *wrong;

    mcp_cmds_use(cmd);
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "names no issuer", example)) != NULL) {
        return wrong;
    }
    for (int i = 0; i < argc && strcasecmp(argv[0], "none") != 0; i++) {
        if (!mcp_cmds_in_htaccess(cmd)) {
            mcp_trust_t *trust = apr_array_push(server_conf(cmd)->trusted);

            *trust = (mcp_trust_t){ argv[i], mcp_cmds_place(cmd) };
        } else if (!mcp_conf_has_issuer(server_conf(cmd), argv[i])) {
            return mcp_cmds_refuse(cmd, argv[i], "is no MCPIssuer of this server", example);
        }
    }
    return mcp_cmds_add_words(cmd, &dir->issuers, argc, argv);
}

/* Refuse the first word that is no scope. */
static const char *check_scopes(cmd_parms *cmd, int argc, char *const argv[])
{
    for (int i = 0; i < argc; i++) {
        const char *wrong = mcp_policy_refuse_scope(argv[i], cmd->pool);

        if (wrong) {
            return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", wrong, NULL);
        }
    }
    return NULL;
}

MCP_CMD_ARGV(scope_implies)
{
    mcp_dir_conf_t *dir = section;
    bool none = argc == 1 && strcasecmp(argv[0], "none") == 0;
    mcp_scope_implication_t *rule;
    mcp_scope_t *narrow = mcp_scope_make(cmd->pool);
    const char *wrong;

    mcp_cmds_use(cmd);
    if (!none && argc < 2) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not a scope and those it implies",
                               "MCPScopeImplies files:write files:read");
    }
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "is not a scope", "MCPScopeImplies files:write files:read")) != NULL ||
        (!none && (wrong = check_scopes(cmd, argc, argv)) != NULL)) {
        return wrong;
    }
    if (!dir->implications || none) {
        dir->implications = apr_array_make(cmd->pool, 2, sizeof(mcp_scope_implication_t));
    }
    if (none) {
        return NULL;
    }
    if (dir->implications->nelts == MCP_LIMIT_IMPLICATIONS) {
        return mcp_cmds_refuse(cmd, argv[0], "is one rule too many: a section has at most 256",
                               "MCPScopeImplies files:write files:read");
    }
    for (int i = 1; i < argc; i++) {
        mcp_scope_add(narrow, mcp_view_of(argv[i]));
    }
    rule = apr_array_push(dir->implications);
    *rule = (mcp_scope_implication_t){ mcp_view_of(argv[0]), narrow };
    return NULL;
}

MCP_CMD_ARGV(scopes_supported)
{
    mcp_dir_conf_t *dir = section;
    const char *wrong;

    mcp_cmds_use(cmd);
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "names no scope", "MCPScopesSupported files:read files:write")) !=
            NULL ||
        (wrong = check_scopes(cmd, argc, argv)) != NULL) {
        return wrong;
    }
    return mcp_cmds_add_words(cmd, &dir->scopes_supported, argc, argv);
}

MCP_CMD_ARGV(metadata)
{
    mcp_dir_conf_t *dir = section;
    bool none = argc == 1 && strcasecmp(argv[0], "none") == 0;
    apr_array_header_t *words = apr_array_make(cmd->pool, argc, sizeof(const char *));
    const char *wrong;

    mcp_cmds_use(cmd);
    if (!none && argc < 2) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not a name and a value",
                               "MCPMetadata resource_name \"Example files\"");
    }
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "is no value", "MCPMetadata resource_name \"Example files\"")) !=
        NULL) {
        return wrong;
    }
    if (!dir->metadata || none) {
        dir->metadata = mcp_json_own(json_object(), cmd->pool);
    }
    for (int i = 1; i < argc; i++) {
        APR_ARRAY_PUSH(words, const char *) = argv[i];
    }
    wrong = none ? NULL : mcp_prm_set(dir->metadata, argv[0], words, cmd->pool);
    return wrong ? apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", wrong, NULL) : NULL;
}

MCP_CMD_ARGV(challenge_param)
{
    mcp_dir_conf_t *dir = section;
    const char *example = "MCPChallengeParam tenant example";
    bool none = argc == 1 && strcasecmp(argv[0], "none") == 0;
    mcp_challenge_param_t *param;

    mcp_cmds_use(cmd);
    if (!dir->challenge_params || none) {
        dir->challenge_params = apr_array_make(cmd->pool, 2, sizeof(mcp_challenge_param_t));
    }
    if (none) {
        return NULL;
    }
    if (argc != 2 || !mcp_challenge_is_extra_name(argv[0])) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not a free parameter name and a value",
                               example);
    }
    if (!mcp_challenge_is_value(argv[1])) {
        return mcp_cmds_refuse(
            cmd, argv[1], "has a quote, backslash, comma, '=' behind a word, or a byte that is not printable ASCII",
            example);
    }
    param = apr_array_push(dir->challenge_params);
    *param = (mcp_challenge_param_t){ argv[0], argv[1] };
    return NULL;
}

MCP_CMD_ARGV(allow_origin)
{
    mcp_dir_conf_t *dir = section;
    const char *example = "MCPAllowOrigin https://app.example.com", *wrong;

    mcp_cmds_use(cmd);
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "names no origin", example)) != NULL) {
        return wrong;
    }
    if (argc == 1 && strcasecmp(argv[0], "none") == 0) {
        dir->origins = apr_array_make(cmd->pool, 1, sizeof(const char *));
        return NULL;
    }
    if (!dir->origins) {
        dir->origins = apr_array_make(cmd->pool, argc, sizeof(const char *));
    }
    for (int i = 0; i < argc; i++) {
        const char *origin = mcp_origin_read(argv[i], cmd->pool);

        if (!origin) {
            return mcp_cmds_refuse(cmd, argv[i], "is not an origin: scheme, host and port, nothing behind them",
                                   example);
        }
        APR_ARRAY_PUSH(dir->origins, const char *) = origin;
        if (strcmp(origin, "*") == 0) {
            mcp_cmds_warn(cmd, "pages of every origin may call this server");
        }
    }
    return NULL;
}

MCP_CMD_ARGV(forward_claim)
{
    mcp_dir_conf_t *dir = section;
    const char *example = "MCPForwardClaim email X-User-Email";
    bool none = argc == 1 && strcasecmp(argv[0], "none") == 0;
    mcp_forward_t *forward;

    mcp_cmds_use(cmd);
    if (!dir->forward_claims || none) {
        dir->forward_claims = apr_array_make(cmd->pool, 4, sizeof(mcp_forward_t));
    }
    if (none) {
        return NULL;
    }
    if (argc != 2 || !*argv[0] || strlen(argv[0]) > 255) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not a claim and a header field", example);
    }
    if (strspn(argv[1], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != strlen(argv[1]) ||
        !*argv[1] || mcp_field_is_reserved(argv[1])) {
        return mcp_cmds_refuse(cmd, argv[1], "is not a header field of letters, digits and '-' that a claim may set",
                               example);
    }
    forward = apr_array_push(dir->forward_claims);
    *forward = (mcp_forward_t){ argv[0], argv[1] };
    if (!mcp_cmds_in_htaccess(cmd)) {
        APR_ARRAY_PUSH(server_conf(cmd)->owned, const char *) = argv[1];
    }
    return NULL;
}

MCP_CMD_ARGV(forward_token)
{
    static const char *const choices[] = { "Off", "On" };
    mcp_dir_conf_t *dir = section;

    const char *wrong = mcp_cmds_choice(cmd, &dir->forward_token, argc, argv, choices);

    if (!wrong && dir->forward_token) {
        mcp_cmds_warn(cmd, "the backend gets the client's token and can use it elsewhere; MCP forbids to pass it on");
    }
    return wrong;
}

MCP_CMD_ARGV(clock_skew)
{
    mcp_dir_conf_t *dir = section;

    mcp_cmds_use(cmd);
    return mcp_cmds_duration(cmd, &dir->skew, apr_time_from_sec(300), argc, argv);
}

MCP_CMD_ARGV(error_body)
{
    static const char *const choices[] = { "jsonrpc", "default" };
    mcp_dir_conf_t *dir = section;

    return mcp_cmds_choice(cmd, &dir->error_body, argc, argv, choices);
}

MCP_CMD_ARGV(mode)
{
    static const char *const choices[] = { "enforce", "report" };
    mcp_dir_conf_t *dir = section;

    const char *wrong = mcp_cmds_choice(cmd, &dir->mode, argc, argv, choices);

    if (!wrong && dir->mode == MCP_MODE_REPORT) {
        mcp_cmds_warn(cmd, "nothing is refused for want of a token or a scope, it is only logged");
    }
    return wrong;
}
