/* crypto.c - what no module can do without, outside of httpd: tokens are parsed and their signatures verified with keys that
 * are kept; nothing is remembered. The measure for a token that a server has not seen.
 *
 *     crypto JWKS TOKENS FIRST COUNT
 *
 * Goes round the lines of TOKENS from line FIRST on. Writes microseconds of CPU time per token, and how many were good.
 */
#include <apr_general.h>
#include <apr_tables.h>

#include "../../src/core/jws.h"
#include "tool.h"

/* The lines of a text, as an array of mcp_view_t. */
static apr_array_header_t *split_lines(mcp_view_t text, apr_pool_t *pool)
{
    apr_array_header_t *lines = apr_array_make(pool, 1000, sizeof(mcp_view_t));

    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        apr_size_t len = end ? (apr_size_t)(end - text.data) : text.len, step = len + (end ? 1 : 0);

        APR_ARRAY_PUSH(lines, mcp_view_t) = (mcp_view_t){ text.data, len };
        text = (mcp_view_t){ text.data + step, text.len - step };
    }
    return lines;
}

static bool is_good(mcp_view_t token, const mcp_jwks_t *keys, apr_pool_t *pool)
{
    mcp_jws_t jws;

    return mcp_jws_parse(&jws, token, pool) == MCP_OK && mcp_jws_verify(&jws, keys, MCP_ALGS_PUBLIC) == MCP_OK;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool, *scratch;
    apr_array_header_t *tokens;
    mcp_jwks_t *keys;
    int first = argc == 5 ? atoi(argv[3]) : 0, count = argc == 5 ? atoi(argv[4]) : 0, good = 0;
    double began;

    if (count < 1 || apr_initialize() != APR_SUCCESS) {
        fprintf(stderr, "crypto JWKS TOKENS FIRST COUNT\n");
        return 2;
    }
    apr_pool_create(&pool, NULL);
    apr_pool_create(&scratch, pool);
    keys = mcp_jwk_set(pool);
    if (!mcp_jwk_add_set(keys, tool_read(argv[1]), NULL)) {
        return 1;
    }
    tokens = split_lines(tool_read(argv[2]), pool);
    good += is_good(APR_ARRAY_IDX(tokens, 0, mcp_view_t), keys, scratch); /* what is made once is made here */
    good = 0;
    began = tool_cpu();
    for (int i = 0; i < count; i++) {
        good += is_good(APR_ARRAY_IDX(tokens, (first + i) % tokens->nelts, mcp_view_t), keys, scratch);
        apr_pool_clear(scratch);
    }
    printf("%.3f %d\n", (tool_cpu() - began) / count, good);
    return 0;
}
