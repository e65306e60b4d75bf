/* claims.h - what a verified token says: read once into facts, judged for every request (RFC 9068 2.2 and 4, RFC 8725).
 * Not how the token was verified (jws.h, introspect.h), nor what its scopes allow (policy.h). Facts hold for every
 * place; a judgement holds only under the expectations it was made with.
 */
#ifndef MCP_CLAIMS_H
#define MCP_CLAIMS_H

#include <apr_time.h>

#include "jws.h"
#include "payload.h"
#include "scope.h"

/* What somebody who may say so says of a token. */
typedef struct {
    json_t *payload; /* an object */
    mcp_view_t text; /* that it was parsed from; data is NULL when that is not at hand */
    mcp_typ_t typ;
    bool introspected; /* RFC 7662 2.2: exp is optional there, because the server itself has just said that the token is
                          active; token_type says how the token may be used */
} mcp_statement_t;

/* Which claim means what: arrays of const char *, each a name or dotted path, the first present one counts. */
typedef struct {
    const apr_array_header_t *scope;
    const apr_array_header_t *role;
    const apr_array_header_t *user;
    const apr_array_header_t *client;
    const apr_array_header_t *audience;
    const char *scope_prefix; /* taken off the token's scopes, NULL for none */
} mcp_claim_names_t;

/* Facts. Views borrow from the payload that they were read from. */
typedef struct {
    mcp_payload_t *payload;
    const char *issuer; /* as configured, set by whoever found its keys */
    mcp_typ_t typ;
    mcp_view_t user; /* data is NULL when no user claim is a non-empty string; the same for the next three */
    mcp_view_t subject;
    mcp_view_t client;
    mcp_view_t id;                /* jti */
    apr_array_header_t *audience; /* of mcp_view_t */
    mcp_scope_t *scope;
    apr_array_header_t *roles; /* of mcp_view_t */
    apr_time_t expires;        /* of an introspected statement without exp: thousands of centuries ahead */
    apr_time_t not_before;     /* 0 when absent */
    bool bound;                /* has a cnf claim (RFC 7800), or was introspected as a DPoP token (RFC 9449 6.2) */
} mcp_claims_t;

/* Expectations of one place in the configuration. */
typedef struct {
    const char *resource;                /* MCPResource; one trailing slash more or less is the same audience */
    const apr_array_header_t *audiences; /* of const char *: further audiences, to the letter; may be NULL */
    const apr_array_header_t *issuers;   /* of const char *: trusted here; NULL for all */
    bool typed;                          /* only typ at+jwt */
    const char *token_use;               /* the claim of that name must be this; NULL for none that counts */
    apr_interval_time_t skew;
} mcp_expect_t;

/* The iss claim, needed before any key can be chosen. False when there is none or it is no string. */
bool mcp_claims_issuer(mcp_view_t *issuer, const json_t *payload);

/* A NumericDate (RFC 7519 2), saturated so far from either end of time that adding a skew cannot overflow. False when
 * the value is NULL or no number. */
bool mcp_claims_time(apr_time_t *time, const json_t *value);

/* Whether token_type is this one, in any case (RFC 6749 5.1). */
bool mcp_claims_token_type(const json_t *payload, const char *type);

/* Read the facts of a token. claims->issuer is left alone. MCP_OK, MCP_TYPE for other kinds of token, MCP_NO_EXPIRY,
 * MCP_NOT_YET_VALID for an nbf that is no number. */
mcp_reason_t mcp_claims_read(mcp_claims_t *claims, const mcp_statement_t *statement, const mcp_claim_names_t *names,
                             apr_pool_t *pool);

/* The same facts in memory of the caller's, aligned for any type and of so many bytes. They borrow the issuer's name and
 * nothing else. The copy of a payload that has its text has no tree yet; else it has the same tree. */
apr_size_t mcp_claims_size(const mcp_claims_t *claims);
mcp_claims_t *mcp_claims_copy(void *memory, const mcp_claims_t *claims);

/* Judge facts: type, trust, binding, audience, time, user, in this order. MCP_OK or the first that fails. */
mcp_reason_t mcp_claims_judge(const mcp_claims_t *claims, const mcp_expect_t *expect, apr_time_t now);

/* The text of a claim for expressions and headers: strings as they are, integers in decimal, booleans as true and
 * false, arrays of those joined by SP. NULL when it is absent, of another type, or has a NUL. */
const char *mcp_claims_text(const mcp_claims_t *claims, const char *path, apr_pool_t *pool);

/* Whether a claim is, or as an array contains, exactly this string, integer or boolean. */
bool mcp_claims_contain(const mcp_claims_t *claims, const char *path, const char *value);

#endif
