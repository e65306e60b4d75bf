/* ownpool.h - a pool that shares no allocator and no lock with any other: for memory that one thread makes and another
 * may end, and for threads that must not wait for each other. Not what is kept in it.
 */
#ifndef MCP_OWNPOOL_H
#define MCP_OWNPOOL_H

#include <apr_pools.h>

/* A pool without a parent: whoever makes it destroys it, and all its memory goes with it. Without memory the process
 * aborts, here and later in the pool, as with httpd's own pools: nobody works on with half of what is wanted. */
apr_pool_t *mcp_ownpool_create(void);

#endif
