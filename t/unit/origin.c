/* H-19. Origins: which text of an admin is one, and which of a request is let in. */
#include <apr_general.h>

#include "../../src/core/origin.h"
#include "../../src/core/view.h"
#include "../lib/tap.h"

static const struct {
    const char *word, *origin;
} words[] = {
    { "https://app.example.com", "https://app.example.com" },
    { "HTTPS://App.example.com:443", "https://app.example.com" },
    { "https://app.example.com:8443", "https://app.example.com:8443" },
    { "http://localhost:6274", "http://localhost:6274" },
    { "http://[::1]:8000", "http://[::1]:8000" },
    { "*", "*" },
    { "null", "null" },
    { "vscode-webview://abc", "vscode-webview://abc" },
    { "", NULL },
    { "app.example.com", NULL },
    { "https://", NULL },
    { "https://app.example.com/", NULL },
    { "https://app.example.com/app", NULL },
    { "https://app.example.com?a", NULL },
    { "https://app.example.com#a", NULL },
    { "https://user@app.example.com", NULL },
    { "https://*.example.com", NULL },
    { "**", NULL },
    { "://abc", NULL },
    { "vscode-webview://", NULL },
    { "vscode-webview://abc/d", NULL },
    { "vscode-webview://abc d", NULL },
    { "vscode-webview://abc,d", NULL },
    { "vscode-webview://abc\"", NULL },
};

static void test_read(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        is_str(mcp_origin_read(words[i].word, pool), words[i].origin, "the word '%s'", words[i].word);
    }
}

#define OWN "https://mcp.example.com/mcp"
#define LIST "https://app.example.com|vscode-webview://abc"

/* allowed: NULL for no list, texts with '|' between them otherwise. */
static const struct {
    const char *allowed, *resource, *origin, *answer;
} rows[] = {
    { NULL, OWN, "https://mcp.example.com", "https://mcp.example.com" },
    { NULL, "https://MCP.example.com:443/mcp", "https://mcp.example.com", "https://mcp.example.com" },
    { NULL, OWN, "https://mcp.example.com:443", NULL }, /* no browser spells it so */
    { NULL, OWN, "https://mcp.example.com:8443", NULL },
    { NULL, OWN, "http://mcp.example.com", NULL },
    { NULL, OWN, "https://mcp.example.com.evil.example", NULL },
    { NULL, OWN, "https://user@mcp.example.com", NULL },
    { NULL, OWN, "https://mcp.example.com/mcp", NULL },
    { NULL, OWN, "null", NULL },
    { NULL, OWN, "*", NULL },
    { NULL, OWN, "", NULL },
    { NULL, OWN, "https://mcp.example.com, https://mcp.example.com", NULL },
    { NULL, NULL, "https://mcp.example.com", NULL },
    { NULL, "/mcp", "https://mcp.example.com", NULL },
    { "", OWN, "https://mcp.example.com", NULL },
    { LIST, OWN, "https://app.example.com", "https://app.example.com" },
    { LIST, OWN, "vscode-webview://abc", "vscode-webview://abc" },
    { LIST, OWN, "https://mcp.example.com", NULL },
    { LIST, OWN, "https://app.example.com.evil.example", NULL },
    { LIST, OWN, "https://app.example.com,vscode-webview://abc", NULL },
    { LIST, OWN, "null", NULL },
    { "null", OWN, "null", "null" },
    { "*", OWN, "https://evil.example", "*" },
    { "*", OWN, "null", "*" },
    { "*", OWN, "https://a.example, https://b.example", NULL },
    { "*|https://a.example", OWN, "https://a.example", "*" },
};

static const apr_array_header_t *list_of(const char *texts, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));
    char *state, *copy = apr_pstrdup(pool, texts);

    for (char *text = apr_strtok(copy, "|", &state); text; text = apr_strtok(NULL, "|", &state)) {
        APR_ARRAY_PUSH(list, const char *) = text;
    }
    return list;
}

static void test_allow(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const apr_array_header_t *allowed = rows[i].allowed ? list_of(rows[i].allowed, pool) : NULL;

        is_str(mcp_origin_allow(rows[i].origin, allowed, rows[i].resource, pool), rows[i].answer,
               "H-19 '%s' where '%s' is allowed", rows[i].origin, rows[i].allowed ? rows[i].allowed : "its own");
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_read(pool);
    test_allow(pool);
    apr_terminate();
    return done_testing();
}
