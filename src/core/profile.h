/* profile.h - identity providers: what is usual at each, in one table. Not which one an issuer is (MCPProfile says that),
 * nor how claims are read and judged (claims.h).
 */
#ifndef MCP_PROFILE_H
#define MCP_PROFILE_H

/* Names of claims for one meaning, in the order in which they are tried; unused places are NULL. */
typedef const char *mcp_profile_names_t[2];

typedef struct {
    const char *name; /* as in MCPProfile */
    mcp_profile_names_t scope;
    mcp_profile_names_t role;
    mcp_profile_names_t user;
    mcp_profile_names_t client;
    mcp_profile_names_t audience;
    const char *token_use; /* what the claim token_use must be in an access token; NULL when there is none */
    const char *mend;      /* what to do about a wrong audience, for the log */
    const char *refusal;   /* why there can be no issuer of this kind, for the error at start; NULL when there can */
} mcp_profile_t;

/* The row of that name, in any case; NULL for none. */
const mcp_profile_t *mcp_profile_find(const char *name);

/* The row for issuers of which nothing special is known. */
const mcp_profile_t *mcp_profile_general(void);

#endif
