#include "cmds.h"

#include <apr_lib.h>
#include <http_core.h>

#include "../core/units.h"
#include "../io/readfile.h"
#include "cache.h"

/* Settings of outbound requests are the server's; inside of one issuer they would look like that issuer's. */
static const char *inside(cmd_parms *cmd, int argc, char *const argv[])
{
    return mcp_cmds_server(cmd)->open_issuer
               ? mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "stands inside of <MCPIssuer>",
                                 "the same line before it")
               : NULL;
}

/* Letters, digits, dots and hyphens, or an IPv6 address in brackets: what can stand in a URL. */
static bool is_host_name(const char *word)
{
    for (const char *c = word; *c; c++) {
        if (!apr_isascii(*c) || (!apr_isalnum(*c) && !strchr(".-_:[]", *c))) {
            return false;
        }
    }
    return *word;
}

MCP_CMD_ARGV(allow_http)
{
    const char *example = "MCPAllowHTTP auth.internal", *wrong = inside(cmd, argc, argv);

    (void)section;
    if (wrong || (wrong = mcp_cmds_list(cmd, argc, argv, "names no host", example)) != NULL) {
        return wrong;
    }
    for (int i = 0; i < argc; i++) {
        if (!is_host_name(argv[i])) {
            return mcp_cmds_refuse(cmd, argv[i], "is not the name of one host", example);
        }
    }
    return mcp_cmds_add_words(cmd, &mcp_cmds_server(cmd)->allow_http, argc, argv);
}

MCP_CMD_ARGV(timeout)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);
    const char *wrong = inside(cmd, argc, argv);

    (void)section;
    if (!wrong) {
        wrong = mcp_cmds_duration(cmd, &conf->timeout, apr_time_from_sec(300), argc, argv);
    }
    return !wrong && conf->timeout == 0 ? mcp_cmds_refuse(cmd, argv[0], "leaves no time at all", "30s") : wrong;
}

MCP_CMD_ARGV(ca_file)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);
    const char *path = argc == 1 ? ap_server_root_relative(cmd->pool, argv[0]) : NULL;
    mcp_view_t bytes = { NULL, 0 };
    const char *wrong = inside(cmd, argc, argv);

    (void)section;
    if (wrong) {
        return wrong;
    }
    if (!path || mcp_readfile(&bytes, path, false, cmd->temp_pool) != APR_SUCCESS) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not a readable file",
                               "MCPCAFile /etc/ssl/certs/ca-certificates.crt");
    }
    conf->ca_file = path;
    return NULL;
}

MCP_CMD_ARGV(refresh)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);
    const char *example = "MCPRefresh 300s 30s", *wrong = inside(cmd, argc, argv);

    (void)section;
    if (wrong) {
        return wrong;
    }
    if (argc < 1 || argc > 2) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not one duration or two", example);
    }
    if ((wrong = mcp_cmds_duration(cmd, &conf->refresh, apr_time_from_sec(MCP_LIMIT_KEYS_AGE / 2), 1, argv)) != NULL ||
        (argc == 2 &&
         (wrong = mcp_cmds_duration(cmd, &conf->throttle, apr_time_from_sec(3600), 1, argv + 1)) != NULL)) {
        return wrong;
    }
    if (conf->refresh < apr_time_from_sec(1) || (argc == 2 && conf->throttle < apr_time_from_sec(1))) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is less than a second", example);
    }
    return NULL;
}

MCP_CMD_ARGV(state_dir)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);
    const char *example = "MCPStateDir /var/lib/apache2/mcp", *wrong = inside(cmd, argc, argv), *path;
    apr_finfo_t info;

    (void)section;
    if (wrong) {
        return wrong;
    }
    if (argc == 1 && strcasecmp(argv[0], "none") == 0) {
        conf->state_dir = "";
        return NULL;
    }
    path = argc == 1 ? ap_server_root_relative(cmd->pool, argv[0]) : NULL;
    if (!path || apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_PROT, cmd->temp_pool) != APR_SUCCESS ||
        info.filetype != APR_DIR) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not a directory", example);
    }
    if (info.protection & APR_FPROT_WWRITE) { /* whoever writes there says which keys count */
        return mcp_cmds_refuse(cmd, argv[0], "can be written by everybody",
                               apr_pstrcat(cmd->pool, "chmod o-w ", path, NULL));
    }
    conf->state_dir = path;
    return NULL;
}

MCP_CMD_ARGV(token_cache)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);
    const char *word = mcp_cmds_words(cmd, argc, argv), *wrong = inside(cmd, argc, argv);

    (void)section;
    if (wrong) {
        return wrong;
    }
    if (strcasecmp(word, "off") == 0) {
        conf->token_cache = 0;
        return NULL;
    }
    if (!mcp_units_size(&conf->token_cache, word)) {
        return mcp_cmds_refuse(cmd, word, "is neither a size nor off", "MCPTokenCache 8M");
    }
    if (conf->token_cache < MCP_LIMIT_TOKEN_CACHE_MIN || conf->token_cache > MCP_LIMIT_TOKEN_CACHE_MAX) {
        return mcp_cmds_refuse(cmd, word, "is not between 1M and 2G", "MCPTokenCache 8M");
    }
    return NULL;
}

MCP_CMD_ARGV(proxy)
{
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);
    const char *example = "MCPProxy http://proxy.internal:3128", *word = mcp_cmds_words(cmd, argc, argv);
    const char *wrong = inside(cmd, argc, argv);
    mcp_uri_t uri;

    (void)section;
    if (strchr(word, '@')) { /* what stands before it may be a password, whatever else is wrong */
        return mcp_cmds_refuse(cmd, "...", "has a name or password, with which no proxy is asked", example);
    }
    if (wrong) {
        return wrong;
    }
    if (strcasecmp(word, "none") == 0) {
        conf->proxy = "";
        return NULL;
    }
    if ((wrong = mcp_cmds_uri(cmd, &uri, word, example)) != NULL) {
        return wrong;
    }
    if (uri.https || uri.query || (*uri.path && strcmp(uri.path, "/") != 0)) {
        return mcp_cmds_refuse(cmd, word, "is not http:// with a host and a port", example);
    }
    /* With its port in any case: for a proxy, curl's default is 1080. */
    conf->proxy = apr_pstrcat(cmd->pool, mcp_uri_origin(&uri, cmd->pool), uri.port == 80 ? ":80" : "", NULL);
    return NULL;
}

MCP_CMD_ARGV(cache)
{
    const char *word = mcp_cmds_words(cmd, argc, argv), *wrong = inside(cmd, argc, argv);
    mcp_server_conf_t *conf = mcp_cmds_server(cmd);

    (void)section;
    if (wrong) {
        return wrong;
    }
    if (argc != 1 || !*word) {
        return mcp_cmds_refuse(cmd, word, "is not one PROVIDER[:ARGS]", "MCPCache redis:127.0.0.1:6379");
    }
    wrong = mcp_cache_parse(&conf->cache, word, cmd->temp_pool, cmd->pool);
    return wrong ? mcp_cmds_refuse(cmd, word, wrong, "MCPCache redis:127.0.0.1:6379") : NULL;
}

MCP_CMD_ARGV(metadata_mirror)
{
    const char *word = mcp_cmds_words(cmd, argc, argv), *wrong = inside(cmd, argc, argv);

    (void)section;
    if (wrong) {
        return wrong;
    }
    if (strcasecmp(word, "on") != 0 && strcasecmp(word, "off") != 0) {
        return mcp_cmds_refuse(cmd, word, "is neither On nor Off", "MCPMetadataMirror On");
    }
    mcp_cmds_server(cmd)->mirror = strcasecmp(word, "on") == 0;
    return NULL;
}
