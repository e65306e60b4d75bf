/* mcp-token - makes a key pair and signs access tokens with it, so that a configuration can be tried without an authorization
 * server. Not one itself: it knows nobody's password and asks nobody for consent.
 */
#include <apr_general.h>
#include <stdio.h>

#include "issue.h"
#include "keygen.h"

static const char help[] =
    "mcp-token " MCP_VERSION " makes keys and access tokens for trying out mod_auth_mcp.\n"
    "\n"
    "  mcp-token keygen --dir DIR [--alg RS256|ES256] [--kid KID]\n"
    "      Makes DIR/private.pem (for you alone) and DIR/jwks.json (for MCPKeys). Existing keys are never replaced.\n"
    "      --alg       RS256 (default) or ES256\n"
    "      --kid       name of the key; default: its RFC 7638 thumbprint\n"
    "\n"
    "  mcp-token mint --key FILE --issuer URL --audience URI [option ...]\n"
    "      Prints one signed token, and nothing else, on standard output.\n"
    "      --key       private key in PEM: RSA signs RS256, P-256 ES256, P-384 ES384, P-521 ES512\n"
    "      --issuer    iss: the URL that MCPIssuer names\n"
    "      --audience  aud: the URI that MCPResource names; repeatable\n"
    "      --subject   sub; default: developer\n"
    "      --client-id client_id; default: mcp-token\n"
    "      --scope     scope: \"files:read files:write\"; default: none\n"
    "      --claim     NAME=VALUE, any further claim; repeatable. VALUE is JSON when it is valid JSON, else a string:\n"
    "                  roles='[\"editor\"]' is a list, level=3 a number, level='\"3\"' a string.\n"
    "                  Also sets sub, client_id, scope, exp, iat or jti where no option has: exp=1 has expired.\n"
    "      --lifetime  a number and s, m, h or d, from 1s to 30d; default: 10m\n"
    "      --kid       kid; default: the key's thumbprint, which is what keygen writes\n"
    "      --typ       typ; default: at+jwt\n"
    "\n"
    "  mcp-token help | --version\n"
    "\n"
    "Ends with 0 when done, 1 when a file or key is at fault, 2 when the command is.\n";

static const struct {
    const char *name;
    const mcp_args_option_t *options;
    mcp_args_exit_t (*run)(const mcp_args_t *args);
} commands[] = {
    { "keygen", mcp_keygen_options, mcp_keygen_run },
    { "mint", mcp_issue_options, mcp_issue_run },
};

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

static mcp_args_exit_t say(const char *text)
{
    fputs(text, stdout);
    return MCP_ARGS_DONE;
}

static mcp_args_exit_t run(int count, const char *const *words, apr_pool_t *pool)
{
    if (count == 0) {
        fputs(help, stderr);
        return MCP_ARGS_WRONG;
    }
    if (is_one_of(words[0], "help", "--help", "-h") || (count > 1 && is_one_of(words[1], "help", "--help", "-h"))) {
        return say(help);
    }
    if (is_one_of(words[0], "version", "--version", "-V")) {
        return say("mcp-token " MCP_VERSION "\n");
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(words[0], commands[i].name) == 0) {
            mcp_args_t args = { .command = words[0], .options = commands[i].options, .pool = pool };
            mcp_args_exit_t result = mcp_args_read(&args, count - 1, words + 1);

            return result == MCP_ARGS_DONE ? commands[i].run(&args) : result;
        }
    }
    fprintf(stderr, "mcp-token: '%s' is not a command; for example mcp-token keygen --dir keys, or mcp-token help\n",
            mcp_args_show(words[0], pool));
    return MCP_ARGS_WRONG;
}

/* A full disk shows itself only here; a token cut in half must not look like success. */
static mcp_args_exit_t flush(mcp_args_exit_t result)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("mcp-token: standard output");
        return MCP_ARGS_FAILED;
    }
    return result;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    mcp_args_exit_t result;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        fputs("mcp-token: APR does not start\n", stderr);
        return MCP_ARGS_FAILED;
    }
    result = flush(run(argc > 0 ? argc - 1 : 0, argv + 1, pool));
    apr_pool_destroy(pool);
    apr_terminate();
    return (int)result;
}
