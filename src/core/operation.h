/* operation.h - rules over operations (MCPOperation): what one JSON-RPC message needs on top of Require. Not how the message is
 * read (rpc.h), nor what Require needs.
 */
#ifndef MCP_OPERATION_H
#define MCP_OPERATION_H

#include "policy.h"
#include "rpc.h"

typedef enum {
    MCP_OPERATION_SCOPES,   /* all of the rule's scopes, as well as what Require wants */
    MCP_OPERATION_GRANTED,  /* what Require wants */
    MCP_OPERATION_DENIED,   /* refused, whatever the token has */
    MCP_OPERATION_ANONYMOUS /* nothing, not even a token */
} mcp_operation_kind_t;

typedef struct {
    const char *method;  /* to the letter, "*" for any */
    const char *pattern; /* of the shell, for the name; "*" matches a message without a name as well */
    mcp_operation_kind_t kind;
    mcp_scope_t *scopes;
} mcp_operation_t;

/* Read the words of a rule. Returns NULL, or what is wrong, naming the word, with a right example. The words are
 * borrowed. */
const char *mcp_operation_parse(mcp_operation_t *operation, int argc, char *const argv[], apr_pool_t *pool);

/* The first of the rules (an array of mcp_operation_t) that matches the message; NULL for none. */
const mcp_operation_t *mcp_operation_find(const apr_array_header_t *rules, const mcp_rpc_t *message, apr_pool_t *pool);

/* Whether a rule of that kind is among them. */
bool mcp_operation_has(const apr_array_header_t *rules, mcp_operation_kind_t kind);

/* Judge one message by its rule, NULL for none: MCP_OK, MCP_DENIED_OPERATION, or MCP_INSUFFICIENT_SCOPE. claims is NULL when
 * there is no token: then MCP_NO_CREDENTIALS where there are scopes to have. */
mcp_reason_t mcp_operation_check(const mcp_operation_t *operation, const mcp_claims_t *claims,
                                 const apr_array_header_t *implications, apr_pool_t *pool);

#endif
