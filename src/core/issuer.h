/* issuer.h - the life of one authorization server as a state machine: whether its keys are usable, when to get
 * them anew, and what to do while that fails. Not where they are (gather.h), nor which token they verify (jws.h).
 * The caller brings the time, from a clock that never steps, chance, and the lock when threads or processes share an
 * issuer.
 */
#ifndef MCP_ISSUER_H
#define MCP_ISSUER_H

#include <apr_time.h>

#include "gather.h"

/* What is constant about an issuer. Pointers are borrowed. */
typedef struct {
    mcp_gather_source_t source;
    bool has_static;              /* there are keys that need no fetching; they always serve */
    apr_interval_time_t refresh;  /* keys older than this are fetched anew (MCPRefresh) */
    apr_interval_time_t throttle; /* between two fetches that unknown keys or bad signatures bring about */
    apr_interval_time_t lease;    /* a round that has not ended by then is lost: its process has gone */
} mcp_issuer_plan_t;

/* What changes. All zero at first. Holds no pointer: it lies in memory that all processes of a server share. */
typedef struct {
    mcp_gather_memory_t memory;
    unsigned round;     /* the number of the last round */
    bool fetching;      /* it is under way, */
    apr_time_t lost_at; /* until then at most */
    unsigned have;      /* the URLs whose keys are at hand, as mcp_keysets_numbers has them, */
    apr_time_t loaded_at[MCP_LIMIT_KEY_URLS];
    bool complete;         /* and no URL is missing among them */
    bool vouched;          /* there was good metadata, */
    apr_time_t vouched_at; /* then */
    apr_time_t next_at;    /* when they are to be fetched anew */
    int failures;          /* rounds since the last one that was whole */
    apr_time_t retry_at;   /* not before, when there are failures */
    bool doubted;          /* there was a round out of doubt, */
    apr_time_t doubted_at; /* then */
    bool told;             /* that doubt is throttled, since then */
} mcp_issuer_t;

/* Why somebody asks. */
typedef enum {
    MCP_ISSUER_ROUTINE, /* it is nobody's request: the background refresh */
    MCP_ISSUER_DEMAND,  /* a token is to be verified, and there are no keys or they are overdue */
    MCP_ISSUER_DOUBT    /* it was not, by the keys at hand: they may have been exchanged */
} mcp_issuer_need_t;

/* What the one who asks has to do. */
typedef enum {
    MCP_ISSUER_USE,   /* go by the keys at hand */
    MCP_ISSUER_FETCH, /* make a round of fetching: it is this caller's, who must call mcp_issuer_end */
    MCP_ISSUER_WAIT,  /* wait for the round that is under way */
    MCP_ISSUER_DOWN   /* there are no keys, and it is not yet time to try again */
} mcp_issuer_advice_t;

/* A moment: the time, and a random number that keeps servers from calling all at once. */
typedef struct {
    apr_time_t now;
    apr_uint16_t chance;
} mcp_issuer_moment_t;

/* A round that mcp_issuer_ask has given out. It needs no lock. */
typedef struct {
    mcp_gather_t *gather;
    unsigned number;
    unsigned keep; /* the URLs whose keys serve on if the round brings no newer ones: not those that are too old */
} mcp_issuer_round_t;

/* Whether there is anything to fetch at all: not when its keys are all static. */
bool mcp_issuer_fetches(const mcp_issuer_plan_t *plan);

/* Ask what to do. A doubt is granted a round at once, and then none for plan->throttle. */
mcp_issuer_advice_t mcp_issuer_ask(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, mcp_issuer_need_t need,
                                   apr_time_t now, const mcp_log_t *log);

/* Begin the round that mcp_issuer_ask has given out. Its keys live as long as pool. */
mcp_issuer_round_t mcp_issuer_begin(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, apr_time_t now,
                                    apr_pool_t *pool);

/* The keys of a round, however far it got: for each URL those that it gave, or else had given before if they are to be kept.
 * known is the text of the keys at hand, NULL for none. */
mcp_keysets_t mcp_issuer_keys(const mcp_issuer_round_t *round, const char *known, apr_pool_t *pool);

/* End it. True when its keys are the issuer's keys from now on, false when those at hand stay: it brought nothing, or it
 * took so long that it was given up. */
bool mcp_issuer_end(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, const mcp_issuer_round_t *round,
                    mcp_issuer_moment_t moment, const mcp_log_t *log);

/* Take over what an earlier run has left: keys of these URLs, fetched at loaded_at. They are fetched anew at once. */
void mcp_issuer_restore(mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, unsigned have, apr_time_t loaded_at);

/* Take over from the issuer of a configuration that is being replaced. A round of its that is under way will not be
 * heard of here, so one is due at once. */
void mcp_issuer_succeed(mcp_issuer_t *issuer, const mcp_issuer_t *old, apr_time_t now);

/* Whether fetched keys at hand are still usable, those of one URL at least. Says nothing of static keys, which always are. */
bool mcp_issuer_is_usable(const mcp_issuer_t *issuer, apr_time_t now);

/* Whether the keys at hand are all that the issuer publishes, as far as can be known: only then does a token that
 * none of them verifies have an unknown key. */
bool mcp_issuer_is_whole(const mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan, apr_time_t now);

/* For those who do not want to ask in vain: the fetched keys are usable until the first; a demand is not granted a round
 * before the second, and beside usable keys not for MCP_LIMIT_OVERDUE more; a doubt not before the third. None of the
 * keys was fetched before the last. */
typedef struct {
    apr_time_t usable_until;
    apr_time_t due_at;
    apr_time_t doubt_from;
    apr_time_t oldest;
} mcp_issuer_times_t;

mcp_issuer_times_t mcp_issuer_times(const mcp_issuer_t *issuer, const mcp_issuer_plan_t *plan);

#endif
