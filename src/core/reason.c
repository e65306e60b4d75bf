#include "reason.h"

static const mcp_reason_row_t rows[MCP_REASON_COUNT] = {
    [MCP_OK] = { "ok", 200, NULL, false, MCP_LOG_DEBUG, "OK" },

    [MCP_NO_CREDENTIALS] = { "no_credentials", 401, NULL, true, MCP_LOG_DEBUG, "Authentication is required" },
    [MCP_OTHER_SCHEME] = { "bad_scheme", 401, NULL, true, MCP_LOG_INFO, "A Bearer token is required" },
    [MCP_CREDENTIALS_MALFORMED] = { "bad_credentials", 400, "invalid_request", true, MCP_LOG_INFO,
                                    "The Authorization field is not Bearer followed by one token" },
    [MCP_CREDENTIALS_MULTIPLE] = { "multiple_credentials", 400, "invalid_request", true, MCP_LOG_INFO,
                                   "There is more than one credential" },
    [MCP_CREDENTIALS_TOO_LONG] = { "token_too_long", 400, "invalid_request", true, MCP_LOG_INFO,
                                   "The token is too long" },

    [MCP_MALFORMED] = { "malformed", 401, "invalid_token", true, MCP_LOG_INFO, "The token is not a well-formed JWT" },
    [MCP_DUPLICATE_MEMBER] = { "duplicate", 401, "invalid_token", true, MCP_LOG_INFO,
                               "The token has a duplicate member" },
    [MCP_ENCRYPTED] = { "encrypted", 401, "invalid_token", true, MCP_LOG_INFO, "Encrypted tokens are not accepted" },
    [MCP_CRITICAL] = { "crit", 401, "invalid_token", true, MCP_LOG_INFO,
                       "The token has an extension that must be understood and is not" },
    [MCP_KEY_IN_TOKEN] = { "key_in_token", 401, "invalid_token", true, MCP_LOG_INFO, "The token brings its own key" },
    [MCP_ALGORITHM] = { "alg", 401, "invalid_token", true, MCP_LOG_INFO,
                        "The signature algorithm of the token is not accepted" },
    [MCP_TYPE] = { "typ", 401, "invalid_token", true, MCP_LOG_INFO, "The token is not an access token" },
    [MCP_UNKNOWN_KEY] = { "unknown_key", 401, "invalid_token", true, MCP_LOG_INFO,
                          "The key that signed the token is not known" },
    [MCP_SIGNATURE] = { "signature", 401, "invalid_token", true, MCP_LOG_INFO,
                        "The signature of the token is not valid" },

    [MCP_ISSUER] = { "iss", 401, "invalid_token", true, MCP_LOG_INFO, "The issuer of the token is not trusted here" },
    [MCP_AUDIENCE] = { "aud", 401, "invalid_token", true, MCP_LOG_INFO, "The token is meant for another resource" },
    [MCP_NO_EXPIRY] = { "exp_invalid", 401, "invalid_token", true, MCP_LOG_INFO, "The token has no valid expiry" },
    [MCP_EXPIRED] = { "exp", 401, "invalid_token", true, MCP_LOG_INFO, "The token has expired" },
    [MCP_NOT_YET_VALID] = { "nbf", 401, "invalid_token", true, MCP_LOG_INFO, "The token is not yet valid" },
    [MCP_BOUND] = { "bound", 401, "invalid_token", true, MCP_LOG_INFO,
                    "The token is bound to a sender and cannot be used as a Bearer token" },
    [MCP_NO_SUBJECT] = { "sub", 401, "invalid_token", true, MCP_LOG_INFO, "The token names no user" },

    [MCP_INACTIVE] = { "inactive", 401, "invalid_token", true, MCP_LOG_INFO, "The token is not active" },

    [MCP_INSUFFICIENT_SCOPE] = { "insufficient_scope", 403, "insufficient_scope", true, MCP_LOG_INFO,
                                 "The token lacks a scope that is required here" },
    [MCP_MISSING_ROLE] = { "missing_role", 403, "insufficient_scope", true, MCP_LOG_INFO,
                           "The token lacks a role that is required here" },
    [MCP_MISSING_CLAIM] = { "missing_claim", 403, "insufficient_scope", true, MCP_LOG_INFO,
                            "The token lacks a claim that is required here" },
    [MCP_DENIED] = { "denied", 403, NULL, false, MCP_LOG_INFO, "Access is denied" },
    [MCP_ORIGIN] = { "origin", 403, NULL, false, MCP_LOG_INFO, "Requests from this origin are not allowed" },

    [MCP_DENIED_OPERATION] = { "operation_denied", 403, NULL, false, MCP_LOG_INFO,
                               "The operation is not allowed here" },
    [MCP_BODY_TYPE] = { "body_type", 415, NULL, false, MCP_LOG_INFO, "The body must be application/json in UTF-8" },
    [MCP_BODY_CODING] = { "body_coding", 415, NULL, false, MCP_LOG_INFO, "The body must not be encoded" },
    [MCP_BODY_UNEXPECTED] = { "body_unexpected", 400, NULL, false, MCP_LOG_INFO,
                              "A request with this method must not have a body" },
    [MCP_BODY_TOO_LARGE] = { "body_too_large", 413, NULL, false, MCP_LOG_INFO, "The body is too large" },
    [MCP_BODY_TIMEOUT] = { "body_timeout", 408, NULL, false, MCP_LOG_INFO, "The body did not arrive in time" },
    [MCP_BODY_CUT] = { "body_cut", 400, NULL, false, MCP_LOG_INFO, "The body ended early" },
    [MCP_BODY_MALFORMED] = { "body_malformed", 400, NULL, false, MCP_LOG_INFO,
                             "Parse error: the body is not one JSON text in UTF-8" },
    [MCP_BODY_INVALID] = { "body_invalid", 400, NULL, false, MCP_LOG_INFO,
                           "Invalid request: the body is not one unambiguous JSON-RPC message" },
    [MCP_HEADER_MISMATCH] = { "header_mismatch", 400, NULL, false, MCP_LOG_INFO,
                              "Header mismatch: the MCP header fields are not those of the body" },

    [MCP_KEYS_UNAVAILABLE] = { "keys_unavailable", 503, NULL, false, MCP_LOG_INFO,
                               "Tokens cannot be checked at the moment" },
    [MCP_INTROSPECTION_UNAVAILABLE] = { "introspection_unavailable", 503, NULL, false, MCP_LOG_INFO,
                                        "The authorization server cannot be asked about the token at the moment" },
    [MCP_BUSY] = { "busy", 503, NULL, false, MCP_LOG_INFO, "Too many tokens are being checked at the moment" },
    [MCP_MISCONFIGURED] = { "misconfigured", 500, NULL, false, MCP_LOG_ERROR, "The server is misconfigured" },

    [MCP_NO_METADATA] = { "no_metadata", 404, NULL, false, MCP_LOG_DEBUG, "There is no such protected resource" },
    [MCP_METHOD_NOT_ALLOWED] = { "method", 405, NULL, false, MCP_LOG_DEBUG, "The method is not allowed here" },
};

/* JSON-RPC 2.0 5.1; MCP 2026-07-28, streamable HTTP, Server Validation */
enum { PARSE_ERROR = -32700, INVALID_REQUEST = -32600, HEADER_MISMATCH = -32020, SERVER_ERROR = -32000 };

/* Most refusals have no code of their own: 0. */
static const int codes[MCP_REASON_COUNT] = {
    [MCP_BODY_UNEXPECTED] = INVALID_REQUEST, [MCP_BODY_CUT] = PARSE_ERROR,
    [MCP_BODY_MALFORMED] = PARSE_ERROR,      [MCP_BODY_INVALID] = INVALID_REQUEST,
    [MCP_HEADER_MISMATCH] = HEADER_MISMATCH,
};

const mcp_reason_row_t *mcp_reason_row(mcp_reason_t reason)
{
    bool known = (int)reason >= 0 && reason < MCP_REASON_COUNT;

    return &rows[known ? reason : MCP_MISCONFIGURED];
}

int mcp_reason_code(mcp_reason_t reason)
{
    bool known = (int)reason >= 0 && reason < MCP_REASON_COUNT;

    return known && codes[reason] ? codes[reason] : SERVER_ERROR;
}
