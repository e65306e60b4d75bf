/* ascii.h - characters of protocol text, whatever locale another module of the process has set.
 * Not for text that people read.
 */
#ifndef MCP_ASCII_H
#define MCP_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline bool mcp_ascii_is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static inline char mcp_ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Whether two texts of the same length are equal in any case. */
static inline bool mcp_ascii_same(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (mcp_ascii_lower(a[i]) != mcp_ascii_lower(b[i])) {
            return false;
        }
    }
    return true;
}

#endif
