/* inquiry.h - who asks about a token, when many processes have the same question: one of them, the others wait; what
 * was not active a moment ago is not asked again; and no more than a few at a time. Not what the answer was
 * (introspect.h), nor where active answers are kept (record.h).
 * Holds no pointer: it lies in memory that all processes share, behind a lock of the caller's.
 */
#ifndef MCP_INQUIRY_H
#define MCP_INQUIRY_H

#include <apr_time.h>

#include "limits.h"
#include "view.h"

/* The name of a question: bytes that are a keyed hash of the token already. */
typedef struct {
    unsigned char bytes[16];
} mcp_inquiry_id_t;

typedef struct {
    mcp_inquiry_id_t id;
    apr_time_t until; /* 0 for a free place */
} mcp_inquiry_note_t;

/* All zero at first. */
typedef struct {
    mcp_inquiry_note_t open[MCP_LIMIT_INQUIRIES]; /* being asked; until: given up, its process has gone */
    mcp_inquiry_note_t inactive[MCP_LIMIT_INACTIVE];
    mcp_inquiry_note_t active[MCP_LIMIT_INACTIVE]; /* good tokens of late: some places to ask are kept for them */
    int failures;                                  /* since there was any answer at all */
    apr_time_t retry_at;                           /* not before, when there are */
} mcp_inquiry_t;

typedef enum {
    MCP_INQUIRY_ASK,      /* it is the caller's, who must call mcp_inquiry_end */
    MCP_INQUIRY_WAIT,     /* another one asks */
    MCP_INQUIRY_INACTIVE, /* it was not active a moment ago */
    MCP_INQUIRY_BUSY,     /* too many are being asked */
    MCP_INQUIRY_DOWN      /* there was no answer to others a moment ago */
} mcp_inquiry_advice_t;

/* How it went. */
typedef enum {
    MCP_INQUIRY_ACTIVE,
    MCP_INQUIRY_NOT_ACTIVE, /* remembered for MCP_LIMIT_INACTIVE_AGE */
    MCP_INQUIRY_NO_ANSWER, /* nobody asks for a while, 1 s at first, then twice as long up to MCP_LIMIT_INQUIRY_PAUSE */
    MCP_INQUIRY_BAD_ANSWER /* the trouble may be with this one token: nobody else suffers for it */
} mcp_inquiry_outcome_t;

/* Ask whether to ask. lease is how long the question may take. */
mcp_inquiry_advice_t mcp_inquiry_begin(mcp_inquiry_t *inquiry, const mcp_inquiry_id_t *id, apr_time_t now,
                                       apr_interval_time_t lease);

/* What tells one asking of a question from the next: 0 when nobody is asking. */
apr_time_t mcp_inquiry_lease(mcp_inquiry_t *inquiry, const mcp_inquiry_id_t *id, apr_time_t now);

void mcp_inquiry_end(mcp_inquiry_t *inquiry, const mcp_inquiry_id_t *id, mcp_inquiry_outcome_t outcome, apr_time_t now);

#endif
