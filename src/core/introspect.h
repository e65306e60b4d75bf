/* introspect.h - asking an authorization server about a token, and what its answer states (RFC 7662).
 * Not how the request travels (src/io/fetch.h), nor whether what is stated lets anybody in (claims.h).
 */
#ifndef MCP_INTROSPECT_H
#define MCP_INTROSPECT_H

#include <apr_errno.h>

#include "answer.h"
#include "claims.h"

/* How this server authenticates to an endpoint (RFC 7662 2.1). */
typedef enum {
    MCP_CLIENT_AUTH_BASIC,          /* RFC 6749 2.3.1, in the Authorization field */
    MCP_CLIENT_AUTH_POST,           /* RFC 6749 2.3.1, in the form */
    MCP_CLIENT_AUTH_PRIVATE_KEY_JWT /* RFC 7523 2.2 */
} mcp_client_auth_method_t;

typedef struct {
    mcp_client_auth_method_t method;
    const char *id;
    mcp_view_t secret; /* of private_key_jwt: a private key in PEM */
} mcp_client_auth_t;

typedef struct {
    const char *issuer; /* as configured */
    const char *url;
    mcp_client_auth_t auth;
} mcp_introspect_endpoint_t;

/* What makes one request differ from the next. */
typedef struct {
    apr_time_t now;
    const char *jti; /* never used before; only private_key_jwt needs it */
} mcp_introspect_moment_t;

/* A POST request. Both texts hold credentials: they are for the endpoint alone, and for no log. */
typedef struct {
    const char *form;          /* the body, application/x-www-form-urlencoded */
    const char *authorization; /* the Authorization field's value, NULL for none */
} mcp_introspect_request_t;

/* What is wrong with an authentication, found when the configuration is read: words that follow the method's name. NULL
 * when requests can be made with it. Never says anything of the secret. */
const char *mcp_introspect_refuse_auth(const mcp_client_auth_t *auth, apr_pool_t *pool);

/* Make the request about a token. APR_EINVAL when the assertion cannot be made of the id, key and jti; APR_EGENERAL
 * when it cannot be signed. */
apr_status_t mcp_introspect_request(mcp_introspect_request_t *request, const mcp_introspect_endpoint_t *endpoint,
                                    mcp_view_t token, mcp_introspect_moment_t moment, apr_pool_t *pool);

/* Read an answer. *problem is NULL, or what the operator must know of the endpoint, in words for the log.
 *   MCP_OK                          the token is active, says the issuer; the statement has to be judged yet
 *   MCP_ISSUER                      it is active, says another issuer; the statement is there to be described
 *   MCP_INACTIVE                    it is not; with a problem when active is there as something else than a boolean, or
 *                                   is not there
 *   MCP_INTROSPECTION_UNAVAILABLE   always with a problem: this is no answer to the question. The token may be good
 * In the latter two cases the statement is left alone. */
mcp_reason_t mcp_introspect_read(mcp_statement_t *statement, const char **problem, const mcp_answer_t *answer,
                                 const char *issuer, apr_pool_t *pool);

/* Take out of a statement every member that is the token itself. To some servers (UAA) the id of an opaque token is
 * what the client has; in a variable, a field or a log it would be the token. */
void mcp_introspect_forget(json_t *payload, mcp_view_t token);

/* Until when a statement that was made now may be used again: for ttl, but not beyond its exp (RFC 7662 4). A time that
 * is not after now means never. */
apr_time_t mcp_introspect_until(const json_t *payload, apr_time_t now, apr_interval_time_t ttl);

#endif
