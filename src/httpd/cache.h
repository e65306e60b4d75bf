/* cache.h - MCPCache: facts in one of httpd's socache providers, shared by processes or machines. Not what the records
 * are, which nobody but core/record.h can read or make.
 */
#ifndef MCP_CACHE_H
#define MCP_CACHE_H

#include "conf.h"

/* Make what PROVIDER[:ARGS] says; none is a cache that has nothing. NULL, or what is wrong. */
const char *mcp_cache_parse(mcp_cache_conf_t **cache, const char *word, apr_pool_t *temp, apr_pool_t *pool);

/* The pre_config hook: our type of mutex, for the Mutex directive. */
int mcp_cache_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/* The post_config hook: start the caches of all servers. Where nothing is said and tokens are introspected it is
 * shmcb, if that is loaded. A cache that cannot be started is an error line, and no cache. */
int mcp_cache_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *servers);

/* The child_init hook: access to the mutexes. */
void mcp_cache_child_init(apr_pool_t *pool, server_rec *servers);

/* The cache of a server, for the introspectors of a child. */
mcp_shared_cache_t mcp_cache_of(const mcp_server_conf_t *conf);

#endif
