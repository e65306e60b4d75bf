/* W-18. What else the path of a request may be read as. */
#include <apr_general.h>

#include "../../src/core/path.h"
#include "../lib/tap.h"

static const struct {
    const char *path, *folded;
} folds[] = {
    { "/", "/" },
    { "/mcp", "/mcp" },
    { "/mcp/", "/mcp/" },
    { "/a.b/c..d", "/a.b/c..d" },
    { "", "/" },
    { "*", "/*" },
    { "//mcp//", "/mcp/" },
    { "/./a/../mcp", "/mcp" },
    { "/a/..", "/" },
    { "/..", "/" },
    { "/../../a/..", "/" },
    { "/a/b/../", "/a/" },
    { "/a/b/..", "/a/" },
    { "/a/.", "/a/" },
    { "/mcp;x", "/mcp" },
    { "/mcp;x=/../y;/z", "/y/z" },
    { "/a;x/mcp", "/a/mcp" },
    { "/x/..;/mcp", "/mcp" },
    { "/mcp.", "/mcp" },
    { "/mcp. .", "/mcp" },
    { "/...", "/" },
    { "/mcp /a", "/mcp/a" },
    { "\\mcp", "/mcp" },
    { "/a\\..\\mcp", "/mcp" },
    { "/%6dcp", "/mcp" },
    { "/mcp%2f", "/mcp/" },
    { "/a%2F%2e%2E/mcp", "/mcp" },
    { "/mcp%5cx", "/mcp/x" },
    { "/mcp%3bx", "/mcp" },
    { "/mcp%00", "/mcp" },
    { "/mcp%0a", "/mcp" },
    { "/mcp\n", "/mcp" },
    { "/mcp%1F%09/a", "/mcp/a" },
    { "/%", "/%" },
    { "/%2", "/%2" },
    { "/%zz", "/%zz" },
    { "/%252f", "/%2f" },
    { "/%c3%a9", "/\xc3\xa9" },
    { "/MCP", "/MCP" },
};

static void test_fold(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
        is_str(mcp_path_fold(folds[i].path, pool), folds[i].folded, "W-18 %s", folds[i].path);
    }
}

static const struct {
    const char *path, *location, *spelled;
} locations[] = {
    { "/mcp", "/mcp", "/mcp" },
    { "/MCP", "/mcp", "/mcp" },
    { "/mcp/A", "/MCP", "/MCP/A" },
    { "/Mcp/", "/mcp", "/mcp/" },
    { "/mcp", "/mcp/", "/mcp/" },
    { "/MCP/a", "/mcp/", "/mcp/a" },
    { "/mcpx", "/mcp", NULL },
    { "/mc", "/mcp", NULL },
    { "/a/mcp", "/mcp", NULL },
    { "/a", "/", "/a" },
    { "/", "/", "/" },
    { "/", "/mcp", NULL },
};

static void test_respell(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(locations) / sizeof(locations[0]); i++) {
        is_str(mcp_path_respell(locations[i].path, locations[i].location, pool), locations[i].spelled, "%s below %s",
               locations[i].path, locations[i].location);
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_fold(pool);
    test_respell(pool);
    apr_terminate();
    return done_testing();
}
