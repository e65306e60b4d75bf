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

/* Count a refusal; in a server without issuers nothing is counted. */
void mcp_refresh_count(mcp_reason_t reason);

/* What was counted, NULL in a server without issuers. */
const mcp_store_tally_t *mcp_refresh_tally(void);

/* One issuer as the operator sees it. */
typedef struct {
    const char *issuer;
    bool fetches;    /* else its keys, if any, are all static */
    int static_keys; /* how many */
    const mcp_store_t *store;
} mcp_refresh_look_t;

/* Look at the issuer of that number, from 0 on; false behind the last one. */
bool mcp_refresh_look(mcp_refresh_look_t *look, int index);

#endif
