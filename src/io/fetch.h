/* fetch.h - one bounded exchange with a server that the configuration or its metadata names.
 * The sole includer of curl. Not when one is due (issuer.h), nor what the answer says.
 * No redirect is followed, TLS is always verified, and nothing of the environment (proxies, netrc, cookies)
 * plays a part.
 */
#ifndef MCP_FETCH_H
#define MCP_FETCH_H

#include <apr_errno.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <stdatomic.h>

#include "../core/answer.h"

typedef struct {
    apr_interval_time_t timeout;          /* of the whole exchange, connecting included */
    const char *proxy;                    /* URL of the HTTP proxy for all but loopback hosts; NULL for none */
    const char *ca_file;                  /* PEM certificates trusted instead of the system's; NULL for those */
    const apr_array_header_t *allow_http; /* of const char *: hosts besides loopback that may have plain http */
    const atomic_bool *stop;              /* ends an exchange within a second once it is true; NULL for never */
} mcp_fetch_options_t;

/* Once in every process before its first mcp_fetch, and before it has threads. More often does no harm. */
apr_status_t mcp_fetch_global_init(void);

/* What is asked. Strings are borrowed for the call; no copy of form and authorization outlives it, and neither is ever
 * in a problem text. */
typedef struct {
    const char *url;
    unsigned reach;            /* the parts of the network (mcp_reach_t) that its host may be found in */
    const char *form;          /* application/x-www-form-urlencoded text to POST; NULL for a GET */
    const char *authorization; /* value of the Authorization field; NULL for none */
} mcp_fetch_request_t;

/* Make an exchange. The reach is checked on the very address that is connected to, which is then the answer's; where a
 * proxy is used, both are what the URL itself shows. The answer lives as long as pool. APR_SUCCESS when a whole answer
 * came, whatever its status; else answer->problem says why not: APR_EACCES when the URL, the address or the credential
 * is not fit, APR_ENOSPC for more than MCP_LIMIT_DOCUMENT bytes, APR_TIMEUP, or APR_EGENERAL. Thread-safe. */
apr_status_t mcp_fetch(mcp_answer_t *answer, const mcp_fetch_request_t *request, const mcp_fetch_options_t *options,
                       apr_pool_t *pool);

#endif
