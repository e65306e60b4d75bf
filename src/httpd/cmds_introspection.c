#include "cmds.h"

MCP_CMD_ARGV(token_format)
{
    static const char *const words[] = { "auto", "jwt", "opaque" };

    (void)section;
    for (int i = 0; argc == 1 && i < 3; i++) {
        if (strcasecmp(argv[0], words[i]) == 0) {
            mcp_cmds_issuer(cmd)->format = i;
            return NULL;
        }
    }
    return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not auto, jwt or opaque", "MCPTokenFormat opaque");
}

MCP_CMD_ARGV(introspection)
{
    const char *example = "MCPIntrospection https://auth.example.com/introspect 30s", *wrong;
    mcp_issuer_conf_t *issuer = mcp_cmds_issuer(cmd);
    mcp_uri_t uri;

    (void)section;
    if (argc < 1 || argc > 2) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is not one URL and a duration", example);
    }
    if ((wrong = mcp_cmds_outside(cmd, argv[0])) != NULL ||
        (wrong = mcp_cmds_uri(cmd, &uri, argv[0], example)) != NULL) {
        return wrong;
    }
    if (issuer->introspection) {
        return mcp_cmds_refuse(cmd, argv[0], "is the second one", example);
    }
    issuer->introspection = argv[0];
    issuer->introspection_ttl = apr_time_from_sec(30);
    return argc == 1 ? NULL
                     : mcp_cmds_duration(cmd, &issuer->introspection_ttl,
                                         apr_time_from_sec(MCP_LIMIT_INTROSPECTION_AGE), 1, argv + 1);
}

MCP_CMD_ARGV(client_auth)
{
    static const char *const methods[] = { "basic", "post", "private_key_jwt" };
    const char *example = "MCPClientAuth basic mcp-gateway file:/etc/apache2/mcp-client.secret", *wrong;
    mcp_client_auth_t *auth = &mcp_cmds_issuer(cmd)->client_auth;
    int method = 0;

    (void)section;
    while (argc == 3 && method < 3 && strcasecmp(argv[0], methods[method]) != 0) {
        method++;
    }
    if (argc != 3 || method == 3) {
        return mcp_cmds_refuse(cmd, argc > 0 ? argv[0] : "",
                               "is not basic, post or private_key_jwt with an id and file:PATH", example);
    }
    if (strncmp(argv[2], "file:", 5) != 0) { /* what it says instead may be the secret itself */
        return mcp_cmds_refuse(cmd, "...", "is not file:PATH", example);
    }
    if ((wrong = mcp_cmds_outside(cmd, argv[0])) != NULL) {
        return wrong;
    }
    if (auth->id) {
        return mcp_cmds_refuse(cmd, argv[0], "is the second one", example);
    }
    if ((wrong = mcp_cmds_file(cmd, &auth->secret, argv[2], true)) != NULL) {
        return wrong;
    }
    auth->method = (mcp_client_auth_method_t)method;
    auth->id = argv[1];
    auth->secret = mcp_cmds_chomp(auth->secret);
    wrong = mcp_introspect_refuse_auth(auth, cmd->pool);
    return wrong ? mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), wrong, example) : NULL;
}
