/* log.h - how protocol code says something to the operator without knowing who listens.
 * Not where the line goes (src/httpd/aplog.c). Callers never pass a credential, and pass names from the outside through
 * mcp_log_name first.
 */
#ifndef MCP_LOG_H
#define MCP_LOG_H

#include "view.h"

typedef enum { MCP_LOG_ERROR, MCP_LOG_WARN, MCP_LOG_INFO, MCP_LOG_DEBUG } mcp_log_level_t;

/* A listener. write gets one finished line; it may be called from any thread that holds the log. */
typedef struct {
    void (*write)(void *baton, mcp_log_level_t level, const char *line);
    void *baton;
} mcp_log_t;

/* Write one line; log may be NULL. Lines longer than 1 KiB are cut. mark is the unique MCPnnnn of the place. */
void mcp_log(const mcp_log_t *log, mcp_log_level_t level, const char *mark, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Printable form of bytes that somebody else chose: ASCII only, everything else as \xNN, cut at MCP_LIMIT_LOG_NAME. */
const char *mcp_log_name(mcp_view_t bytes, apr_pool_t *pool);

/* A word of the configuration for the admin who wrote it: as it is, cut at MCP_LIMIT_LOG_WORD, and with "..." for what
 * may be a name and password before an '@'. */
const char *mcp_log_word(const char *word, apr_pool_t *pool);

#endif
