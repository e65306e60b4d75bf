/* What the module reads in request bodies, for t/interop/readers.t: a body in Base64 per line of standard input, and a line
 * for each on standard output, in the words that the other readers of this directory use as well. Not what is right.
 *
 *     method=HEX name=HEX id=HEX       hexadecimal bytes of a string, "-" for none; id: s and the bytes, or i and digits
 *     refused
 */
#include <apr_base64.h>
#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../src/core/rpc.h"
#include "../../src/core/walk.h"

static void print_hex(const char *label, mcp_view_t text)
{
    printf("%s", label);
    for (apr_size_t i = 0; i < text.len; i++) {
        printf("%02x", (unsigned char)text.data[i]);
    }
}

static void print_id(mcp_view_t id, apr_pool_t *pool)
{
    mcp_view_t string;

    if (!id.data) {
        printf(" id=-");
    } else if (mcp_walk_string(&string, id, pool)) {
        print_hex(" id=s", string);
    } else {
        printf(" id=i%s", mcp_view_is(id, "-0") ? "0" : mcp_view_dup(id, pool));
    }
}

static void judge(mcp_view_t body, apr_pool_t *pool)
{
    mcp_rpc_t message;

    if (mcp_rpc_read(&message, body, pool) != MCP_OK) {
        printf("refused\n");
        return;
    }
    print_hex("method=", message.kind == MCP_RPC_RESPONSE ? mcp_view_of("-") : message.method);
    print_hex(message.name.data ? " name=" : " name=-", message.name);
    print_id(message.id, pool);
    printf("\n");
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    while (getline(&line, &room, stdin) > 0) {
        char *body = apr_palloc(pool, (apr_size_t)apr_base64_decode_len(line));

        judge((mcp_view_t){ body, (apr_size_t)apr_base64_decode(body, line) }, pool);
        apr_pool_clear(pool);
    }
    free(line);
    apr_terminate();
    return 0;
}
