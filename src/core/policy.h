/* policy.h - rules over the facts of a token: which scopes, roles and claims one Require line asks for, and what to
 * tell a client. Not how rules are combined: that is httpd's Require tree.
 */
#ifndef MCP_POLICY_H
#define MCP_POLICY_H

#include "claims.h"

typedef enum {
    MCP_RULE_SCOPE,     /* all of the words */
    MCP_RULE_ANY_SCOPE, /* one of the words */
    MCP_RULE_ROLE,
    MCP_RULE_ANY_ROLE,
    MCP_RULE_CLAIM /* the claim named by the first word has one of the others */
} mcp_rule_kind_t;

typedef struct {
    mcp_rule_kind_t kind;
    bool negated;       /* inside Require not or RequireNone: never named to a client */
    mcp_scope_t *words; /* scopes or roles */
    const char *claim;
    apr_array_header_t *values; /* of const char *, for claims */
} mcp_rule_t;

/* What the rules that were asked so far want from a token; collected over a whole Require tree. NULL for none yet. */
typedef struct {
    mcp_scope_t *scopes;
    mcp_scope_t *roles;
} mcp_needs_t;

/* Read the words of a rule. Returns NULL, or what is wrong, naming the word, with a right example. */
const char *mcp_policy_parse(mcp_rule_t *rule, mcp_rule_kind_t kind, const char *words, apr_pool_t *pool);

/* MCP_OK when the facts satisfy the rule, else MCP_INSUFFICIENT_SCOPE, MCP_MISSING_ROLE or MCP_MISSING_CLAIM. */
mcp_reason_t mcp_policy_check(const mcp_rule_t *rule, const mcp_claims_t *claims,
                              const apr_array_header_t *implications, apr_pool_t *pool);

/* Add what a rule wants; the same for scopes alone. */
void mcp_policy_need(mcp_needs_t *needs, const mcp_rule_t *rule, apr_pool_t *pool);
void mcp_policy_need_scopes(mcp_needs_t *needs, const mcp_scope_t *scopes, apr_pool_t *pool);

/* The scope parameter of a challenge, "" for none: the scopes that are needed, without those that others of them
 * imply; for MCP_MISSING_ROLE the roles as well. */
const char *mcp_policy_scope(const mcp_needs_t *needs, mcp_reason_t reason, const apr_array_header_t *implications,
                             const char *prefix, apr_pool_t *pool);

/* Why a word cannot be asked for as a scope, NULL when it can: no scope token (RFC 6749 3.3), or offline_access,
 * which is the client's business with its authorization server. */
const char *mcp_policy_refuse_scope(const char *word, apr_pool_t *pool);

#endif
