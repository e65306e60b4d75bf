/* gather.h - one round of getting an issuer's keys: which URL comes next, and the key set that results.
 * Not when a round is due (issuer.h), nor how a URL is fetched. A round belongs to one thread.
 */
#ifndef MCP_GATHER_H
#define MCP_GATHER_H

#include <apr_tables.h>

#include "answer.h"
#include "digest.h"
#include "keysets.h"

/* Where an issuer's keys are. */
typedef struct {
    const char *issuer;
    const apr_array_header_t *key_urls; /* of const char *, at most MCP_LIMIT_KEY_URLS; NULL or empty for none */
    bool discovers;                     /* without such URLs, metadata names one; else there is nothing to fetch */
    bool mirrors;                       /* the metadata is wanted for itself as well */
} mcp_gather_source_t;

/* What one round leaves for the next. All zero at first. Holds no pointer: it may lie in shared memory. */
typedef struct {
    char jwks_uri[MCP_LIMIT_URL + 1];              /* as discovered, "" for unknown */
    unsigned reach;                                /* the parts of the network it may lie in */
    char seen[MCP_LIMIT_KEY_URLS][MCP_DIGEST_TAG]; /* digests of what the key URLs gave */
} mcp_gather_memory_t;

typedef struct {
    mcp_keysets_t sets;          /* of the URLs that gave usable keys in this round */
    bool complete;               /* every URL did */
    bool vouched;                /* good metadata was read in this round */
    const char *metadata;        /* its text, when the source wants it for itself and it is not too long; else NULL */
    const char *problems;        /* what was got instead of what was expected, for the log; "" for nothing */
    apr_interval_time_t max_age; /* the shortest that a key set's answer gave, 0 for none */
    apr_interval_time_t retry_after; /* the longest that any answer asked for, 0 for none */
    mcp_gather_memory_t memory;
} mcp_gather_result_t;

typedef struct mcp_gather_t mcp_gather_t;

/* Begin a round. Its result lives as long as pool; source is borrowed. With reread the metadata is read again though
 * the jwks_uri is known; that one is tried when there is no metadata to be had. */
mcp_gather_t *mcp_gather_begin(const mcp_gather_source_t *source, const mcp_gather_memory_t *memory, bool reread,
                               apr_pool_t *pool);

/* The URL to fetch now, and the parts of the network it may lie in; NULL when the round is over. */
const char *mcp_gather_next(unsigned *reach, const mcp_gather_t *gather);

/* Take in what came from that URL. */
void mcp_gather_deliver(mcp_gather_t *gather, const mcp_answer_t *answer, const mcp_log_t *log);

/* What the round has come to, so far. */
const mcp_gather_result_t *mcp_gather_result(const mcp_gather_t *gather);

#endif
