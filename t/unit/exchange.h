/* exchange.h - one exchange with a server of the test's own, for tests of fetching.
 * Not what the server does.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <apr_general.h>

#include "../../src/io/fetch.h"
#include "../lib/loopback.h"

#define EXCHANGE_OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"

static loopback_t *exchange_server;
static mcp_fetch_options_t exchange_options = { .timeout = APR_TIME_C(5000000) };

static inline const char *exchange_url(const char *path, apr_pool_t *pool)
{
    return apr_psprintf(pool, "http://127.0.0.1:%u%s", exchange_server->port, path);
}

static inline apr_status_t exchange_fetch(mcp_answer_t *answer, const char *url, unsigned reach,
                                          const mcp_fetch_options_t *how, apr_pool_t *pool)
{
    return mcp_fetch(answer, &(mcp_fetch_request_t){ .url = url, .reach = reach }, how, pool);
}

static inline apr_status_t exchange_get(mcp_answer_t *answer, const char *path, apr_pool_t *pool)
{
    return exchange_fetch(answer, exchange_url(path, pool), MCP_REACH_ALL, &exchange_options, pool);
}

static inline apr_pool_t *exchange_begin(void)
{
    apr_pool_t *pool;

    alarm(120);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    exchange_server = loopback_start();
    if (mcp_fetch_global_init() != APR_SUCCESS) {
        abort();
    }
    return pool;
}

static inline void exchange_end(void)
{
    loopback_stop(exchange_server);
    apr_terminate();
}

#endif
