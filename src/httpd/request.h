/* request.h - what this module remembers about one request: the verified facts, the judgement, what the rules asked
 * for. Not how any of it came about. Internal redirects and subrequests have states of their own; facts are found
 * along the chain, because the token itself is gone from the header table after the first judgement.
 */
#ifndef MCP_REQUEST_H
#define MCP_REQUEST_H

#include <httpd.h>

#include "../core/policy.h"
#include "conf.h"

/* How our providers answer while a Require tree is asked. */
typedef enum {
    MCP_ASK_PLAINLY,
    MCP_ASK_SUPPOSING, /* as if the token had all that rules ask for: is there anything that no scope can cure? */
} mcp_asking_t;

/* What was read of a body (body.c), and the operations in it (operations.c). */
typedef struct mcp_body_t mcp_body_t;
typedef struct mcp_operations_t mcp_operations_t;

typedef struct {
    const mcp_claims_t *facts;       /* of a verified token; they may still be judged unfit here */
    const mcp_issuer_conf_t *issuer; /* that vouched for them */
    mcp_view_t token;                /* for its tag in the log; data is NULL for none */
    bool accepted;                   /* facts were judged fit under this request's configuration */
    mcp_reason_t reason;             /* why the request is, or in report mode would be, refused */
    mcp_reason_t failed_rule;        /* the kind of rule that said no, MCP_OK for none */
    mcp_needs_t needs;
    mcp_asking_t asking;
    const void *known_under;    /* the per_dir_config for which the next is known */
    bool governed;              /* by AuthType MCP */
    bool standing_aside;        /* our own hook has called the hook chain again */
    bool claim_wanted;          /* an expression asked for a claim before there was a token */
    const void *applied;        /* the per_dir_config for which identity was written into the request */
    const void *accepted_under; /* of the root: the per_dir_config under which its facts were accepted last */
    const void *let_in_under;   /* of the root: the per_dir_config under which it got in as operations for everybody */
    const char *part_challenge; /* of the root: what a part of it that was refused would have said */
    mcp_body_t *body;           /* of the root */
    mcp_operations_t *operations;
    bool is_public; /* the answer is the metadata or about it: every origin may read it */
    bool lookup;    /* subrequests of this one are looked up for their configuration only */
    bool locating;  /* and end when their <Location> is found */
} mcp_request_t;

/* The state of this very request, made at the first call. */
mcp_request_t *mcp_request_get(request_rec *r);

/* The state of the nearest request of the chain, this one first, that has facts; NULL for none. */
const mcp_request_t *mcp_request_with_facts(request_rec *r);

/* The request that the client made, of whose chain r is a part. What must outlive a subrequest lives in its pool. */
request_rec *mcp_request_root(request_rec *r);

/* Accept on an internal redirect, in a subrequest or where one has taken the place of the request what httpd accepts: it
 * asks no authentication hook again when the same configuration governs as in the request before. */
void mcp_request_inherit(request_rec *r);

/* Whether AuthType MCP governs the request. */
bool mcp_request_is_governed(request_rec *r);

/* The nearest request of the chain, this one first, that AuthType MCP governs; NULL for none. An error document is
 * answered under the rules of what it is the error of. */
request_rec *mcp_request_governed(request_rec *r);

/* Whether this is a subrequest that only looks a configuration up. */
bool mcp_request_is_lookup(request_rec *r);

/* What makes it impossible to judge the request, for the log: it is governed, and nobody says for which resource or
 * by whose tokens. NULL when all is there. */
const char *mcp_request_misconfigured(const request_rec *r);

/* Whether refusals are only reported here (MCPMode report). */
bool mcp_request_reports(const request_rec *r);

#endif
