#include "payload.h"

#include <stdlib.h>

static const json_t *parse(mcp_payload_t *payload)
{
    json_t *tree = NULL, *first = NULL;
    apr_pool_t *pool;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS || mcp_json_parse_object(&tree, payload->text, pool) != MCP_OK) {
        abort();
    }
    mcp_json_disown(tree, pool);
    apr_pool_destroy(pool);
    if (!atomic_compare_exchange_strong(&payload->tree, &first, tree)) { /* another thread has been faster */
        json_decref(tree);
        return first;
    }
    return tree;
}

const json_t *mcp_payload_tree(mcp_payload_t *payload)
{
    const json_t *tree = atomic_load(&payload->tree);

    return tree ? tree : parse(payload);
}

void mcp_payload_release(mcp_payload_t *payload)
{
    json_decref(atomic_exchange(&payload->tree, NULL));
}
