/* snapshot.h - the last good keys of an issuer as a text that outlives the server (MCPStateDir).
 * Not where the text lies (src/io/file.h), nor when the keys are too old (issuer.h).
 */
#ifndef MCP_SNAPSHOT_H
#define MCP_SNAPSHOT_H

#include <apr_time.h>

#include "view.h"

typedef struct {
    const char *identity; /* what the keys were fetched for, see mcp_snapshot_identity */
    const char *issuer;   /* for people who look into the file */
    apr_time_t fetched;   /* wall clock */
    const char *keys;     /* a text as keysets.h has it */
    const char *metadata; /* the issuer's own document, NULL for none */
} mcp_snapshot_t;

/* A name for what says where and how keys are fetched: the strings of parts, NULL where one is not set. Two settings
 * have the same name only when all their parts are the same. 32 hex digits. */
const char *mcp_snapshot_identity(const char *const parts[], int count, apr_pool_t *pool);

/* Write one. NULL when a part is no JSON. */
const char *mcp_snapshot_write(const mcp_snapshot_t *snapshot, apr_pool_t *pool);

/* Read one that was written for this identity, not later than now. False for anything else; *snapshot is then
 * untouched. The keys are not looked at here: jwk.h does that. */
bool mcp_snapshot_read(mcp_snapshot_t *snapshot, mcp_view_t text, const char *identity, apr_time_t now,
                       apr_pool_t *pool);

#endif
