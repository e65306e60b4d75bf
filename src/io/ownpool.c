#include "ownpool.h"

#include <stdlib.h>

static int out_of_memory(int status)
{
    (void)status;
    abort();
}

apr_pool_t *mcp_ownpool_create(void)
{
    apr_pool_t *pool;

    if (apr_pool_create_unmanaged_ex(&pool, out_of_memory, NULL) != APR_SUCCESS) {
        abort();
    }
    return pool;
}
