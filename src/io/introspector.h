/* introspector.h - asks one issuer's introspection endpoint about tokens, for one process: once for each token over all
 * processes, remembering what was said for a while. Not what the answer means (core/introspect.h), nor what the shared
 * cache is (the caller brings it).
 */
#ifndef MCP_INTROSPECTOR_H
#define MCP_INTROSPECTOR_H

#include <apr_global_mutex.h>

#include "../core/introspect.h"
#include "../core/record.h"
#include "fetch.h"
#include "store.h"

/* A cache that processes, and perhaps machines, share. What comes out of it is trusted by nobody here. Either may
 * fail, which costs time and nothing else. */
typedef struct {
    /* Put bytes under a name, until a time of the wall clock. */
    void (*put)(void *baton, const unsigned char id[32], mcp_view_t bytes, apr_time_t until, apr_pool_t *pool);
    /* Get them; false when they are not there. Not more than MCP_LIMIT_RECORD bytes, in memory of the pool. */
    bool (*get)(void *baton, const unsigned char id[32], mcp_view_t *bytes, apr_pool_t *pool);
    void *baton;
} mcp_shared_cache_t;

typedef struct {
    mcp_introspect_endpoint_t endpoint;
    apr_interval_time_t ttl; /* results are kept for that long at most; 0 for not at all */
    mcp_fetch_options_t fetch;
    mcp_store_t *store;       /* that all processes share */
    apr_global_mutex_t *lock; /* of the store */
    mcp_shared_cache_t cache; /* put and get are NULL when there is none */
} mcp_introspector_source_t;

typedef struct mcp_introspector_t mcp_introspector_t;

/* Make one, in a child, before it has threads. What the source points to is borrowed. NULL when the secret of its
 * records cannot be had. */
mcp_introspector_t *mcp_introspector_create(const mcp_introspector_source_t *source, apr_pool_t *pool);

typedef struct {
    mcp_statement_t statement;
    apr_time_t until; /* on the clock of keys: when it must be asked again */
} mcp_introspected_t;

/* What the caller may want to say of it. */
typedef struct {
    const char *detail;   /* for the line about the request; left alone when there is nothing to say */
    const mcp_log_t *log; /* for lines about the endpoint; NULL for nobody */
} mcp_introspector_report_t;

/* Ask about a token. MCP_OK with what was said; MCP_INACTIVE, MCP_ISSUER; MCP_INTROSPECTION_UNAVAILABLE when no answer
 * can be had; MCP_BUSY when too many tokens are being asked about. Memory of the
 * pool. Thread-safe; waits for the network, the timeout at most. */
mcp_reason_t mcp_introspector_ask(mcp_introspected_t *said, mcp_introspector_t *introspector, mcp_view_t token,
                                  mcp_introspector_report_t *report, apr_pool_t *pool);

#endif
