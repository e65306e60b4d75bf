/* reason.h - the one table of refusals: what each is called, the status, the OAuth error and the words that clients
 * get. Not when a refusal is due. Nothing else in the module spells a status or an OAuth error.
 */
#ifndef MCP_REASON_H
#define MCP_REASON_H

#include "log.h"

typedef enum {
    MCP_OK = 0,
    /* the Authorization field (RFC 6750 2.1, 3) */
    MCP_NO_CREDENTIALS,
    MCP_OTHER_SCHEME,
    MCP_CREDENTIALS_MALFORMED,
    MCP_CREDENTIALS_MULTIPLE,
    MCP_CREDENTIALS_TOO_LONG,
    /* the compact JWS (RFC 7515 5.2) */
    MCP_MALFORMED,
    MCP_DUPLICATE_MEMBER,
    MCP_ENCRYPTED,
    MCP_CRITICAL,
    MCP_KEY_IN_TOKEN,
    MCP_ALGORITHM,
    MCP_TYPE,
    MCP_UNKNOWN_KEY,
    MCP_SIGNATURE,
    /* the claims (RFC 9068 4) */
    MCP_ISSUER,
    MCP_AUDIENCE,
    MCP_NO_EXPIRY,
    MCP_EXPIRED,
    MCP_NOT_YET_VALID,
    MCP_BOUND,
    MCP_NO_SUBJECT,
    /* introspection (RFC 7662 2.2) */
    MCP_INACTIVE,
    /* the rules (RFC 6750 3.1) */
    MCP_INSUFFICIENT_SCOPE,
    MCP_MISSING_ROLE,
    MCP_MISSING_CLAIM,
    MCP_DENIED,
    MCP_ORIGIN,
    /* the body, where operation rules apply (MCP 2026-07-28, streamable HTTP) */
    MCP_DENIED_OPERATION,
    MCP_BODY_TYPE,
    MCP_BODY_CODING,
    MCP_BODY_UNEXPECTED,
    MCP_BODY_TOO_LARGE,
    MCP_BODY_TIMEOUT,
    MCP_BODY_CUT,
    MCP_BODY_MALFORMED,
    MCP_BODY_INVALID,
    MCP_HEADER_MISMATCH,
    /* the server itself */
    MCP_KEYS_UNAVAILABLE,
    MCP_INTROSPECTION_UNAVAILABLE,
    MCP_BUSY,
    MCP_MISCONFIGURED,
    /* the metadata (RFC 9728 3) */
    MCP_NO_METADATA,
    MCP_METHOD_NOT_ALLOWED,
    MCP_REASON_COUNT
} mcp_reason_t;

typedef struct {
    const char *name;      /* for MCP_REASON and the log, lower case */
    int status;            /* HTTP status */
    const char *error;     /* RFC 6750 3.1 error code, or NULL for none */
    bool challenge;        /* whether a WWW-Authenticate field is due */
    mcp_log_level_t level; /* of the one log line */
    const char *text;      /* fixed words for error_description and the JSON-RPC message; no comma, quote or '=' */
} mcp_reason_row_t;

/* The row of a reason; never NULL. An unknown value gets the row of MCP_MISCONFIGURED. */
const mcp_reason_row_t *mcp_reason_row(mcp_reason_t reason);

/* The code of the JSON-RPC error that says so (JSON-RPC 2.0 5.1): its own, else -32000 of the range for servers. */
int mcp_reason_code(mcp_reason_t reason);

#endif
