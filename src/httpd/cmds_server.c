#include "cmds.h"

#include <http_core.h>
#include <http_log.h>

#include "../io/readfile.h"

APLOG_USE_MODULE(auth_mcp);

static const char *add_issuer(cmd_parms *cmd, mcp_issuer_conf_t **issuer, const char *url)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);
    const char *example = "MCPIssuer https://auth.example.com";
    mcp_uri_t uri;
    const char *wrong = mcp_uri_parse(&uri, url, cmd->pool);

    if (wrong) {
        return mcp_cmds_refuse(cmd, url, wrong, example);
    }
    if (uri.query) {
        return mcp_cmds_refuse(cmd, url, "has a query, which no issuer may have (RFC 8414 2)", example);
    }
    if (mcp_conf_has_issuer(conf, url)) {
        return mcp_cmds_refuse(cmd, url, "is there already", "one <MCPIssuer> with all its settings");
    }
    *issuer = mcp_conf_make_issuer(url, cmd->pool);
    (*issuer)->defined_at = mcp_cmds_place(cmd);
    if (!conf->issuers) {
        conf->issuers = apr_array_make(cmd->pool, 2, sizeof(mcp_issuer_conf_t *));
    }
    APR_ARRAY_PUSH(conf->issuers, mcp_issuer_conf_t *) = *issuer;
    return NULL;
}

MCP_CMD_ARGV(issuer)
{
    mcp_issuer_conf_t *issuer = NULL;

    (void)section;
    if (argc != 1) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not one URL",
                               "MCPIssuer https://auth.example.com");
    }
    if (mcp_cmds_server(cmd)->open_issuer) {
        return mcp_cmds_refuse(cmd, argv[0], "stands inside of <MCPIssuer>", "one after the other");
    }
    return add_issuer(cmd, &issuer, argv[0]);
}

const char *mcp_cmd_issuer_section(cmd_parms *cmd, void *section, const char *args)
{
    const char *example = "<MCPIssuer \"https://auth.example.com\">", *end = ap_strrchr_c(args, '>'), *url, *wrong;
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);
    const ap_directive_t *directive = cmd->directive;
    mcp_issuer_conf_t *issuer = NULL;

    (void)section;
    if (!end || conf->open_issuer) {
        return mcp_cmds_refuse(cmd, args, end ? "stands inside of another" : "has no closing '>'", example);
    }
    args = apr_pstrmemdup(cmd->temp_pool, args, (apr_size_t)(end - args));
    url = ap_getword_conf(cmd->pool, &args);
    if (!*url || *args) {
        return mcp_cmds_refuse(cmd, apr_pstrcat(cmd->pool, url, args, NULL), "is not one URL", example);
    }
    if ((wrong = add_issuer(cmd, &issuer, url)) != NULL) {
        return wrong;
    }
    conf->open_issuer = issuer;
    wrong = ap_walk_config(directive->first_child, cmd, cmd->context);
    conf->open_issuer = NULL;
    return wrong;
}

mcp_issuer_conf_t *mcp_cmds_issuer(cmd_parms *cmd)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);

    return conf->open_issuer ? conf->open_issuer : &conf->defaults;
}

const char *mcp_cmds_outside(cmd_parms *cmd, const char *word)
{
    return mcp_cmds_server(cmd)->open_issuer
               ? NULL
               : mcp_cmds_refuse(cmd, word, "stands outside of <MCPIssuer>",
                                 "inside of <MCPIssuer \"https://auth.example.com\"> ... </MCPIssuer>");
}

const char *mcp_cmds_file(cmd_parms *cmd, mcp_view_t *bytes, const char *word, bool secret)
{
    const char *path = ap_server_root_relative(cmd->pool, word + strlen("file:"));
    apr_status_t status = path ? mcp_readfile(bytes, path, secret, cmd->pool) : APR_EBADPATH;
    char text[120];

    if (status == APR_SUCCESS) {
        return NULL;
    }
    if (secret && status == MCP_READFILE_EXPOSED) {
        return mcp_cmds_refuse(cmd, word, "can be read or written by everybody",
                               apr_pstrcat(cmd->pool, "chmod o= ", path, NULL));
    }
    apr_strerror(status, text, sizeof(text));
    return mcp_cmds_refuse(cmd, word, apr_psprintf(cmd->pool, "cannot be read (%s)", text),
                           "file:/etc/apache2/mcp-keys.json");
}

static void startup_log(void *baton, mcp_log_level_t level, const char *line)
{
    const cmd_parms *cmd = baton;

    ap_log_error(APLOG_MARK, APLOG_STARTUP | (level == MCP_LOG_ERROR ? APLOG_ERR : APLOG_WARNING), 0, cmd->server, "%s",
                 line);
}

static bool looks_like_json(mcp_view_t bytes)
{
    for (apr_size_t i = 0; i < bytes.len; i++) {
        if (!strchr(" \t\r\n", bytes.data[i])) {
            return bytes.data[i] == '{';
        }
    }
    return false;
}

static const char *add_key_file(cmd_parms *cmd, mcp_issuer_conf_t *issuer, const char *word)
{
    mcp_log_t log = { startup_log, cmd };
    mcp_view_t bytes = { NULL, 0 };
    const char *wrong = mcp_cmds_file(cmd, &bytes, word, false);
    bool added;

    if (wrong) {
        return wrong;
    }
    if (!issuer->static_keys) {
        issuer->static_keys = mcp_jwk_set(cmd->pool);
    }
    added = looks_like_json(bytes) ? mcp_jwk_add_set(issuer->static_keys, bytes, &log)
                                   : mcp_jwk_add_pem(issuer->static_keys, bytes, &log);
    return added ? NULL
                 : mcp_cmds_refuse(cmd, word,
                                   "holds no usable public key (a JWK Set, PEM public keys or PEM certificates)",
                                   "MCPKeys file:/etc/apache2/mcp-keys.json");
}

static const char *add_key_url(cmd_parms *cmd, mcp_issuer_conf_t *issuer, const char *word, const char *example)
{
    mcp_uri_t uri;
    const char *wrong = mcp_cmds_uri(cmd, &uri, word, example);

    if (!wrong && issuer->key_urls->nelts == MCP_LIMIT_KEY_URLS) {
        wrong = mcp_cmds_refuse(cmd, word, "is one URL too many: an issuer has at most 4", example);
    }
    if (!wrong) {
        APR_ARRAY_PUSH(issuer->key_urls, const char *) = word;
    }
    return wrong;
}

MCP_CMD_ARGV(keys)
{
    const char *example = "MCPKeys https://auth.example.com/jwks.json", *wrong;

    (void)section;
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "is neither a URL nor file:PATH", example)) != NULL ||
        (wrong = mcp_cmds_outside(cmd, argv[0])) != NULL) {
        return wrong;
    }
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "file:", 5) == 0) {
            wrong = add_key_file(cmd, mcp_cmds_issuer(cmd), argv[i]);
        } else {
            wrong = add_key_url(cmd, mcp_cmds_issuer(cmd), argv[i], example);
        }
        if (wrong) {
            return wrong;
        }
    }
    return NULL;
}

mcp_view_t mcp_cmds_chomp(mcp_view_t bytes)
{
    while (bytes.len > 0 && (bytes.data[bytes.len - 1] == '\n' || bytes.data[bytes.len - 1] == '\r')) {
        bytes.len--;
    }
    return bytes;
}

MCP_CMD_ARGV(shared_secret)
{
    const char *example = "MCPSharedSecret file:/etc/apache2/mcp.secret", *wrong;
    mcp_issuer_conf_t *issuer = mcp_cmds_issuer(cmd);
    mcp_view_t bytes = { NULL, 0 };

    (void)section;
    if (argc != 1 || strncmp(argv[0], "file:", 5) != 0) { /* what it says instead may be the secret itself */
        return mcp_cmds_refuse(cmd, "...", "is not file:PATH", example);
    }
    if ((wrong = mcp_cmds_outside(cmd, argv[0])) != NULL ||
        (wrong = mcp_cmds_file(cmd, &bytes, argv[0], true)) != NULL) {
        return wrong;
    }
    if (!issuer->static_keys) {
        issuer->static_keys = mcp_jwk_set(cmd->pool);
    }
    if (issuer->has_secret || !mcp_jwk_add_secret(issuer->static_keys, mcp_cmds_chomp(bytes))) {
        return mcp_cmds_refuse(cmd, argv[0],
                               issuer->has_secret ? "is the second one" : "does not hold 32 to 4096 bytes", example);
    }
    issuer->has_secret = true;
    return NULL;
}

MCP_CMD_ARGV(algorithms)
{
    const char *example = "MCPAlgorithms RS256 ES256", *wrong;
    mcp_issuer_conf_t *issuer = mcp_cmds_issuer(cmd);

    (void)section;
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "names no algorithm", example)) != NULL) {
        return wrong;
    }
    for (int i = 0; i < argc; i++) {
        unsigned alg = mcp_jwk_alg(mcp_view_of(argv[i]));

        if (alg == 0) {
            return mcp_cmds_refuse(cmd, argv[i], "is not a signature algorithm (case counts)", example);
        }
        issuer->algorithms |= alg;
    }
    return NULL;
}

MCP_CMD_ARGV(token_type)
{
    (void)section;
    if (argc != 1 || (strcmp(argv[0], "at+jwt") != 0 && strcmp(argv[0], "any") != 0)) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is neither at+jwt nor any",
                               "MCPTokenType at+jwt");
    }
    mcp_cmds_issuer(cmd)->typed = strcmp(argv[0], "at+jwt") == 0;
    return NULL;
}

MCP_CMD_ARGV(profile)
{
    const mcp_profile_t *profile = argc == 1 ? mcp_profile_find(argv[0]) : NULL;
    mcp_issuer_conf_t *issuer = mcp_cmds_issuer(cmd);
    const char *wrong = NULL;

    (void)section;
    if (!profile) {
        wrong = "is not entra, auth0, okta, keycloak, cognito or none";
    } else if (profile->refusal) {
        wrong = profile->refusal;
    } else if (issuer->profile) {
        wrong = "is the second one";
    }
    if (wrong) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), wrong, "MCPProfile keycloak");
    }
    issuer->profile = profile;
    return NULL;
}

MCP_CMD_ARGV(claim)
{
    mcp_issuer_conf_t *issuer = mcp_cmds_issuer(cmd);
    const struct {
        const char *meaning;
        apr_array_header_t **list;
    } meanings[] = { { "scope", &issuer->scope },
                     { "role", &issuer->role },
                     { "user", &issuer->user },
                     { "client", &issuer->client },
                     { "audience", &issuer->audience } };
    const char *example = "MCPClaim role realm_access.roles", *wrong;

    (void)section;
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "is not the name of a claim", example)) != NULL) {
        return wrong;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (strcmp(argv[0], meanings[i].meaning) == 0) {
            if (!*argv[1] || strlen(argv[1]) > 255) {
                return mcp_cmds_refuse(cmd, argv[1], "is not the name of a claim", example);
            }
            return mcp_cmds_add_words(cmd, meanings[i].list, argc - 1, argv + 1);
        }
    }
    return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv),
                           "is not scope, role, user, client or audience and the name of a claim", example);
}

MCP_CMD_ARGV(scope_prefix)
{
    (void)section;
    if (argc != 1 || !mcp_scope_is_token(mcp_view_of(argv[0]))) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "cannot begin a scope",
                               "MCPScopePrefix api://files/");
    }
    mcp_cmds_issuer(cmd)->scope_prefix = argv[0];
    return NULL;
}
