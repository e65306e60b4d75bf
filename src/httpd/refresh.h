/* refresh.h - what keeps keys fresh: the memory that all processes share, its lock, the background through mod_watchdog,
 * and what outlives a restart. Not when a refresh is due (src/core/issuer.h), nor how it is made (src/io/keyring.h).
 */
#ifndef MCP_REFRESH_H
#define MCP_REFRESH_H

#include "conf.h"

/* The pre_config hook: our type of mutex, for the Mutex directive. */
int mcp_refresh_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/* The post_config hook, before mod_watchdog's: shared memory for every issuer that is fetched, filled with what the
 * configuration before this one had, or the state directory. Asks no network. */
int mcp_refresh_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *servers);

/* The child_init hook, before mod_watchdog's: a keyring for every issuer. */
void mcp_refresh_child_init(apr_pool_t *pool, server_rec *servers);

#endif
