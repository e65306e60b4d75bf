/* writefile.h - a small file that is either the old one or the new one, never half of it. Not what is in it.
 */
#ifndef MCP_WRITEFILE_H
#define MCP_WRITEFILE_H

#include <apr_errno.h>

#include "../core/view.h"

/* Replace the file at path, or make it: readable and writable by its owner only. Its bytes are on the disk before it takes its name. A
 * file beside it, with a name of its own, is used on the way and gone afterwards, so that several may write at a time.
 * Fails as mkstemp, write, fsync or rename does; the old file is then still there. */
apr_status_t mcp_writefile(const char *path, mcp_view_t bytes, apr_pool_t *pool);

#endif
