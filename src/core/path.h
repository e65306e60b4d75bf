/* path.h - what else the path of a request may be read as: programs behind httpd decode it once more, drop parameters,
 * resolve dots, ignore case. Not which paths are protected (twin.c), nor what httpd itself makes of a path.
 */
#ifndef MCP_PATH_H
#define MCP_PATH_H

#include "view.h"

/* The plainest reading of a path that begins with a slash: percent-encoding taken away, a backslash as a slash, no
 * parameters (RFC 3986 3.3), no empty or dot segments, no dots, blanks or control bytes at the end of a segment (to
 * Python and PHP the end of a pattern is before a line end as well). In memory of the pool. */
const char *mcp_path_fold(const char *path, apr_pool_t *pool);

/* A path at or below a location in any case, a slash at the location's end or not, in the spelling of the location. NULL
 * for another path. In memory of the pool or borrowed. */
const char *mcp_path_respell(const char *path, const char *location, apr_pool_t *pool);

#endif
