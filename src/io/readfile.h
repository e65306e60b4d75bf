/* readfile.h - one whole file, bounded. Not what is in it.
 */
#ifndef MCP_READFILE_H
#define MCP_READFILE_H

#include <apr_errno.h>

#include "../core/view.h"

/* The file holds a secret, and everybody on the machine may read or write it. apr_strerror has no words for this
 * one. */
#define MCP_READFILE_EXPOSED (APR_OS_START_USERERR + 5001)

/* Read a regular file of at most MCP_LIMIT_FILE bytes into memory of the pool; a NUL that does not count follows.
 * A secret one must be closed to others, and its bytes are wiped with the pool. Fails as open does, with
 * MCP_READFILE_EXPOSED, EISDIR, EINVAL for what else is no regular file, or EFBIG. Never waits, not for a FIFO
 * either. */
apr_status_t mcp_readfile(mcp_view_t *bytes, const char *path, bool secret, apr_pool_t *pool);

#endif
