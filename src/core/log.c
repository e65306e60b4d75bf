#include "log.h"

#include <stdarg.h>
#include <stdio.h>

#include "limits.h"

void mcp_log(const mcp_log_t *log, mcp_log_level_t level, const char *mark, const char *format, ...)
{
    char line[1024];
    int used;
    va_list args;

    if (!log) {
        return;
    }
    used = snprintf(line, sizeof(line), "%s: ", mark);
    va_start(args, format);
    vsnprintf(line + used, sizeof(line) - (size_t)used, format, args);
    va_end(args);
    log->write(log->baton, level, line);
}

const char *mcp_log_name(mcp_view_t bytes, apr_pool_t *pool)
{
    static const char hex[] = "0123456789abcdef";
    apr_size_t shown = bytes.len < MCP_LIMIT_LOG_NAME ? bytes.len : MCP_LIMIT_LOG_NAME;
    char *text = apr_palloc(pool, shown * 4 + sizeof("..."));
    char *end = text;

    for (apr_size_t i = 0; i < shown; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];

        if (byte >= 0x20 && byte < 0x7f && byte != '\\' && byte != '"') {
            *end++ = (char)byte;
        } else {
            *end++ = '\\';
            *end++ = 'x';
            *end++ = hex[byte >> 4];
            *end++ = hex[byte & 15];
        }
    }
    memcpy(end, shown < bytes.len ? "..." : "", shown < bytes.len ? sizeof("...") : 1);
    return text;
}

const char *mcp_log_word(const char *word, apr_pool_t *pool)
{
    const char *at = strrchr(word, '@'), *secret = strchr(word, ':'), *rest;

    if (at && secret && secret < at && strncmp(word, "file:", 5) != 0) {
        secret += strncmp(secret, "://", 3) == 0 ? 3 : 1;
        word = apr_psprintf(pool, "%.*s...%.*s", (int)(secret - word), word, MCP_LIMIT_LOG_WORD, at);
    }
    rest = strlen(word) > MCP_LIMIT_LOG_WORD ? "..." : "";
    return apr_psprintf(pool, "%.*s%s", MCP_LIMIT_LOG_WORD, word, rest);
}
