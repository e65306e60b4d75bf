/* view.h - borrowed bytes: a pointer and a length, never terminated, never owned.
 * Not what the bytes mean. A view lives as long as what it was taken from.
 */
#ifndef MCP_VIEW_H
#define MCP_VIEW_H

#include <apr_strings.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
    const char *data; /* may be NULL when len is 0 */
    apr_size_t len;
} mcp_view_t;

/* The bytes of a terminated string, without its NUL. */
static inline mcp_view_t mcp_view_of(const char *string)
{
    return (mcp_view_t){ string, strlen(string) };
}

static inline bool mcp_view_equal(mcp_view_t a, mcp_view_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool mcp_view_is(mcp_view_t view, const char *string)
{
    return mcp_view_equal(view, mcp_view_of(string));
}

/* A terminated copy. The caller has made sure that no NUL is inside. */
static inline char *mcp_view_dup(mcp_view_t view, apr_pool_t *pool)
{
    return view.len ? apr_pstrmemdup(pool, view.data, view.len) : apr_pstrdup(pool, "");
}

#endif
