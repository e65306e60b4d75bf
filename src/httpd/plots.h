/* plots.h - the issuers of all servers, each with its place in the memory that all processes share, and what that memory
 * takes over from an earlier run. Not what is done with it (refresh.c).
 */
#ifndef MCP_PLOTS_H
#define MCP_PLOTS_H

#include "conf.h"

/* One issuer; virtual hosts that fetch its keys and ask about its tokens the same way share it. */
typedef struct {
    const char *identity; /* of where and how its keys are fetched */
    const char *settings; /* that, and everything else two plots may differ in */
    server_rec *server;   /* for the log */
    mcp_keyring_source_t source;
    mcp_keyring_t *ring;
} mcp_plot_t;

/* Give every issuer of the servers a plot: an array of mcp_plot_t in pool. */
apr_array_header_t *mcp_plots_lay_out(server_rec *servers, apr_pool_t *pool);

/* Give every plot its store, filled with what the configuration before this one had, or else the state directory. Returns
 * the tally beside them; NULL when there is no shared memory to be had. */
mcp_store_tally_t *mcp_plots_set_up(apr_array_header_t *plots, server_rec *server, apr_pool_t *ptemp);

#endif
