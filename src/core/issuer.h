/* issuer.h - the life of one authorization server as a state machine: whether its keys are usable, when to get
 * them anew, and what to do while that fails. Not where they are (gather.h), nor which token they verify (jws.h).
 * The caller brings the time, from a clock that never steps, and the lock when threads share an issuer.
 */
#ifndef MCP_ISSUER_H
#define MCP_ISSUER_H

#include <apr_time.h>

#include "gather.h"

/* Keys older than this are fetched anew. */
#define MCP_ISSUER_REFRESH apr_time_from_sec(300)

/* Between two fetches that tokens with unknown keys or bad signatures bring about. */
#define MCP_ISSUER_THROTTLE apr_time_from_sec(30)

typedef struct mcp_issuer_t mcp_issuer_t;

/* Why somebody asks. */
typedef enum {
    MCP_ISSUER_ROUTINE, /* a token is to be verified */
    MCP_ISSUER_DOUBT    /* it was not, by the keys at hand: they may have been exchanged */
} mcp_issuer_need_t;

/* What the one who asks has to do. */
typedef enum {
    MCP_ISSUER_USE,   /* go by the keys at hand */
    MCP_ISSUER_FETCH, /* make a round of fetching: it is this caller's, who must call mcp_issuer_end */
    MCP_ISSUER_WAIT,  /* wait for the round that is under way */
    MCP_ISSUER_DOWN   /* there are no keys, and it is not yet time to try again */
} mcp_issuer_advice_t;

/* An issuer that nothing has been fetched for yet. source is copied, what it points to is borrowed. */
mcp_issuer_t *mcp_issuer_create(const mcp_gather_source_t *source, apr_pool_t *pool);

/* Whether there is anything to fetch at all: not when its keys are all static. */
bool mcp_issuer_fetches(const mcp_issuer_t *issuer);

/* Ask what to do. A doubt is granted a round at once, and then none for MCP_ISSUER_THROTTLE. */
mcp_issuer_advice_t mcp_issuer_ask(mcp_issuer_t *issuer, mcp_issuer_need_t need, apr_time_t now, const mcp_log_t *log);

/* Begin the round that mcp_issuer_ask has given out. The round needs no lock; its keys live as long as pool. */
mcp_gather_t *mcp_issuer_begin(const mcp_issuer_t *issuer, apr_pool_t *pool);

/* End it, however far it got. True when its keys are the issuer's keys from now on, false when those at hand stay. */
bool mcp_issuer_end(mcp_issuer_t *issuer, const mcp_gather_t *gather, apr_time_t now, const mcp_log_t *log);

/* Whether the keys of the last round that counted are still usable. Says nothing of static keys, which always are. */
bool mcp_issuer_is_usable(const mcp_issuer_t *issuer, apr_time_t now);

/* Whether the keys at hand are all that the issuer publishes, as far as can be known: only then does a token that
 * none of them verifies have an unknown key. */
bool mcp_issuer_is_whole(const mcp_issuer_t *issuer, apr_time_t now);

#endif
