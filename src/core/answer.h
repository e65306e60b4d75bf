/* answer.h - what an exchange with an authorization server came to, and whether that is a JSON document at all.
 * Not how the exchange was made (src/io/fetch.h), nor what the document says.
 */
#ifndef MCP_ANSWER_H
#define MCP_ANSWER_H

#include <apr_time.h>

#include "address.h"
#include "limits.h"

typedef struct {
    int status;          /* HTTP status; 0 when no whole answer came */
    const char *problem; /* why none came, for the log; NULL when status is set */
    const char *type;    /* Content-Type, NULL when there is none */
    mcp_view_t body;
    unsigned reach;                  /* the part of the network it came from; 0 when not known */
    apr_interval_time_t max_age;     /* Cache-Control: max-age (RFC 9111 5.2.2.1), at least 1; 0 when not known */
    apr_interval_time_t retry_after; /* Retry-After in seconds (RFC 9110 10.2.3), at least 1; 0 when not known */
} mcp_answer_t;

/* A header field, its lines joined as if they were one (RFC 9110 5.3). */
typedef struct {
    char text[MCP_LIMIT_FETCH_FIELD];
    bool there;
    bool too_long; /* and therefore not read */
} mcp_answer_field_t;

/* What counts of the head of an answer, while it comes in. All zero at first. */
typedef struct {
    mcp_answer_field_t cache_control;
    mcp_answer_field_t retry_after;
    bool open; /* between a status line and the empty line */
} mcp_answer_head_t;

/* Why an answer cannot be a JSON document, in words for the log; NULL when it can. Wanted are status 200 and, when
 * a Content-Type is given, one for JSON or for bytes of no known type, which file servers say of names without a
 * suffix. */
const char *mcp_answer_refuse(const mcp_answer_t *answer, apr_pool_t *pool);

/* The max-age of a Cache-Control value (RFC 9111 5.2.2.1), as mcp_answer_t has it: 0 for NULL, for none, for one that
 * is no number whatever others say, for several that differ, and for a quote without an end. */
apr_interval_time_t mcp_answer_max_age(const char *cache_control);

/* The seconds of a Retry-After value (RFC 9110 10.2.3), as mcp_answer_t has it: 0 for NULL and for a date. */
apr_interval_time_t mcp_answer_retry_after(const char *retry_after);

/* Take in the next line, the status line and the empty one included. A new status line undoes what an interim answer
 * said; trailers do not count (RFC 9110 6.5.1). */
void mcp_answer_read_line(mcp_answer_head_t *head, mcp_view_t line);

/* Set an answer's max_age and retry_after. */
void mcp_answer_take_head(mcp_answer_t *answer, const mcp_answer_head_t *head);

#endif
