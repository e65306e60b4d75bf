#include "cmds.h"

#include <http_core.h>

#include "../core/log.h"
#include "../core/units.h"

/* httpd takes that many words of a line, and drops the others without a word. */
#define WORDS_OF_A_LINE 64

mcp_server_conf_t *mcp_cmds_server(cmd_parms *cmd)
{
    return ap_get_module_config(cmd->server->module_config, &auth_mcp_module);
}

const char *mcp_cmds_refuse(cmd_parms *cmd, const char *word, const char *what, const char *example)
{
    return apr_psprintf(cmd->pool, "%s: '%s' %s; for example %s", cmd->cmd->name, mcp_log_word(word, cmd->pool), what,
                        example);
}

const char *mcp_cmds_words(cmd_parms *cmd, int argc, char *const argv[])
{
    apr_array_header_t *words = apr_array_make(cmd->temp_pool, argc, sizeof(const char *));

    for (int i = 0; i < argc; i++) {
        APR_ARRAY_PUSH(words, const char *) = argv[i];
    }
    return apr_array_pstrcat(cmd->pool, words, ' ');
}

bool mcp_cmds_in_htaccess(cmd_parms *cmd)
{
    return ap_check_cmd_context(cmd, NOT_IN_HTACCESS) != NULL;
}

const char *mcp_cmds_place(cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
}

void mcp_cmds_warn(cmd_parms *cmd, const char *text)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);

    if (!mcp_cmds_in_htaccess(cmd)) {
        APR_ARRAY_PUSH(conf->warnings, const char *) =
            apr_psprintf(cmd->pool, "%s (%s): %s", cmd->directive->directive, mcp_cmds_place(cmd), text);
    }
}

const char *mcp_cmds_list(cmd_parms *cmd, int argc, char *const argv[], const char *what, const char *example)
{
    for (int i = 0; i < argc; i++) {
        if (!*argv[i]) {
            return mcp_cmds_refuse(cmd, "", what, example);
        }
    }
    if (argc == WORDS_OF_A_LINE) {
        return mcp_cmds_refuse(cmd, argv[argc - 1], "is the 64th word of its line, which has room for 63", example);
    }
    return argc == 0 ? mcp_cmds_refuse(cmd, "", what, example) : NULL;
}

const char *mcp_cmds_add_words(cmd_parms *cmd, apr_array_header_t **list, int argc, char *const argv[])
{
    bool none = argc == 1 && strcasecmp(argv[0], "none") == 0;

    for (int i = 0; i < argc && argc > 1; i++) {
        if (strcasecmp(argv[i], "none") == 0) {
            return mcp_cmds_refuse(cmd, argv[i], "stands beside other words",
                                   apr_pstrcat(cmd->pool, cmd->cmd->name, " none", NULL));
        }
    }
    if (!*list || none) {
        *list = apr_array_make(cmd->pool, 4, sizeof(const char *));
    }
    for (int i = 0; i < argc && !none; i++) {
        APR_ARRAY_PUSH(*list, const char *) = argv[i];
    }
    return NULL;
}

const char *mcp_cmds_duration(cmd_parms *cmd, apr_interval_time_t *value, apr_interval_time_t max, int argc,
                              char *const argv[])
{
    const char *text = mcp_cmds_words(cmd, argc, argv), *wrong = NULL;

    if (!mcp_units_duration(value, text)) {
        wrong = "is not a duration";
    } else if (*value > max) {
        wrong = apr_psprintf(cmd->pool, "is more than %" APR_TIME_T_FMT " seconds", apr_time_sec(max));
    }
    return wrong ? mcp_cmds_refuse(cmd, text, wrong, "30s") : NULL;
}

const char *mcp_cmds_uri(cmd_parms *cmd, mcp_uri_t *uri, const char *word, const char *example)
{
    const char *wrong = mcp_uri_parse(uri, word, cmd->pool);

    return wrong ? mcp_cmds_refuse(cmd, word, wrong, example) : NULL;
}

void mcp_cmds_use(cmd_parms *cmd)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);

    if (!mcp_cmds_in_htaccess(cmd) && !conf->first_use) {
        conf->first_use = apr_psprintf(cmd->pool, "%s (%s)", cmd->cmd->name, mcp_cmds_place(cmd));
    }
}

const char *mcp_cmds_choice(cmd_parms *cmd, int *value, int argc, char *const argv[], const char *const choices[2])
{
    const char *words = mcp_cmds_words(cmd, argc, argv);

    mcp_cmds_use(cmd);
    for (int i = 0; i < 2; i++) {
        if (strcasecmp(words, choices[i]) == 0) {
            *value = i;
            return NULL;
        }
    }
    return mcp_cmds_refuse(cmd, words, apr_psprintf(cmd->pool, "is neither %s nor %s", choices[0], choices[1]),
                           apr_psprintf(cmd->pool, "%s %s", cmd->cmd->name, choices[0]));
}

const command_rec mcp_conf_directives[] = {
    AP_INIT_TAKE_ARGV("MCPIssuer", mcp_cmd_issuer, NULL, RSRC_CONF, "URL: an authorization server whose tokens count"),
    AP_INIT_RAW_ARGS("<MCPIssuer", mcp_cmd_issuer_section, NULL, RSRC_CONF,
                     "\"URL\": the same with settings of its own"),
    AP_INIT_TAKE_ARGV("MCPKeys", mcp_cmd_keys, NULL, RSRC_CONF, "URL or file:PATH ...: its keys, instead of discovery"),
    AP_INIT_TAKE_ARGV("MCPSharedSecret", mcp_cmd_shared_secret, NULL, RSRC_CONF,
                      "file:PATH: the secret for HS algorithms"),
    AP_INIT_TAKE_ARGV("MCPAlgorithms", mcp_cmd_algorithms, NULL, RSRC_CONF, "NAME ...: accepted signature algorithms"),
    AP_INIT_TAKE_ARGV("MCPTokenType", mcp_cmd_token_type, NULL, RSRC_CONF, "at+jwt or any"),
    AP_INIT_TAKE_ARGV("MCPTokenFormat", mcp_cmd_token_format, NULL, RSRC_CONF,
                      "auto, jwt or opaque: which tokens are verified by keys and which are introspected"),
    AP_INIT_TAKE_ARGV("MCPIntrospection", mcp_cmd_introspection, NULL, RSRC_CONF,
                      "URL [DURATION]: the introspection endpoint, and how long an answer counts"),
    AP_INIT_TAKE_ARGV("MCPClientAuth", mcp_cmd_client_auth, NULL, RSRC_CONF,
                      "basic, post or private_key_jwt, ID and file:PATH: who we are at that endpoint"),
    AP_INIT_TAKE_ARGV("MCPProfile", mcp_cmd_profile, NULL, RSRC_CONF,
                      "NAME: the identity provider that an issuer is, whose defaults count, or none"),
    AP_INIT_TAKE_ARGV("MCPClaim", mcp_cmd_claim, NULL, RSRC_CONF, "scope, role, user, client or audience, and a claim"),
    AP_INIT_TAKE_ARGV("MCPScopePrefix", mcp_cmd_scope_prefix, NULL, RSRC_CONF,
                      "STRING: what scopes begin with on the wire"),
    AP_INIT_TAKE_ARGV("MCPAllowHTTP", mcp_cmd_allow_http, NULL, RSRC_CONF, "HOST ...: to which plain http is allowed"),
    AP_INIT_TAKE_ARGV("MCPTimeout", mcp_cmd_timeout, NULL, RSRC_CONF, "DURATION: of one outbound request"),
    AP_INIT_TAKE_ARGV("MCPRefresh", mcp_cmd_refresh, NULL, RSRC_CONF,
                      "DURATION [DURATION]: how often keys are fetched, and how often at most for an unknown one"),
    AP_INIT_TAKE_ARGV("MCPCache", mcp_cmd_cache, NULL, RSRC_CONF,
                      "PROVIDER[:ARGS]: what shares introspection results between processes, or machines; or none"),
    AP_INIT_TAKE_ARGV("MCPMetadataMirror", mcp_cmd_metadata_mirror, NULL, RSRC_CONF,
                      "On or Off: answer for the issuer's metadata as well"),
    AP_INIT_TAKE_ARGV("MCPStateDir", mcp_cmd_state_dir, NULL, RSRC_CONF,
                      "PATH: where the last good keys are kept over a restart, or none"),
    AP_INIT_TAKE_ARGV("MCPTokenCache", mcp_cmd_token_cache, NULL, RSRC_CONF,
                      "BYTES or off: memory of each process for tokens it has verified"),
    AP_INIT_TAKE_ARGV("MCPProxy", mcp_cmd_proxy, NULL, RSRC_CONF, "URL: the proxy for outbound requests, or none"),
    AP_INIT_TAKE_ARGV("MCPCAFile", mcp_cmd_ca_file, NULL, RSRC_CONF,
                      "PATH: certificates trusted for outbound requests"),

    AP_INIT_TAKE_ARGV("MCPResource", mcp_cmd_resource, NULL, OR_AUTHCFG, "URI [default]: the resource identifier"),
    AP_INIT_TAKE_ARGV("MCPAudience", mcp_cmd_audience, NULL, OR_AUTHCFG,
                      "VALUE ...: further accepted audiences, or none"),
    AP_INIT_TAKE_ARGV("MCPTrustIssuer", mcp_cmd_trust_issuer, NULL, OR_AUTHCFG, "URL ...: which issuers count here"),
    AP_INIT_TAKE_ARGV("MCPScopeImplies", mcp_cmd_scope_implies, NULL, OR_AUTHCFG,
                      "BROAD NARROW ...: a scope that covers others"),
    AP_INIT_TAKE_ARGV("MCPScopesSupported", mcp_cmd_scopes_supported, NULL, OR_AUTHCFG,
                      "SCOPE ...: for the metadata, or none"),
    AP_INIT_TAKE_ARGV("MCPMetadata", mcp_cmd_metadata, NULL, OR_AUTHCFG,
                      "NAME VALUE ...: a member of the metadata, or none"),
    AP_INIT_TAKE_ARGV("MCPChallengeParam", mcp_cmd_challenge_param, NULL, OR_AUTHCFG,
                      "NAME VALUE: of the challenge, or none"),
    AP_INIT_TAKE_ARGV("MCPAllowOrigin", mcp_cmd_allow_origin, NULL, OR_AUTHCFG, "ORIGIN ..., * or none"),
    AP_INIT_TAKE_ARGV("MCPForwardClaim", mcp_cmd_forward_claim, NULL, OR_AUTHCFG,
                      "CLAIM HEADER: for the backend, or none"),
    AP_INIT_TAKE_ARGV("MCPForwardToken", mcp_cmd_forward_token, NULL, OR_AUTHCFG, "On or Off"),
    AP_INIT_TAKE_ARGV("MCPOperation", mcp_cmd_operation, NULL, OR_AUTHCFG,
                      "METHOD NAME-PATTERN and SCOPE ..., granted, denied or anonymous; or none"),
    AP_INIT_TAKE_ARGV("MCPMaxBody", mcp_cmd_max_body, NULL, OR_AUTHCFG,
                      "BYTES: of a body that operation rules are applied to"),
    AP_INIT_TAKE_ARGV("MCPBatch", mcp_cmd_batch, NULL, OR_AUTHCFG,
                      "On or Off: whether operation rules take JSON-RPC batches"),
    AP_INIT_TAKE_ARGV("MCPClockSkew", mcp_cmd_clock_skew, NULL, OR_AUTHCFG, "DURATION: by which clocks may differ"),
    AP_INIT_TAKE_ARGV("MCPErrorBody", mcp_cmd_error_body, NULL, OR_AUTHCFG, "jsonrpc or default"),
    AP_INIT_TAKE_ARGV("MCPMode", mcp_cmd_mode, NULL, OR_AUTHCFG, "enforce or report"),
    { NULL, { NULL }, NULL, 0, NO_ARGS, NULL },
};
