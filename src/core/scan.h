/* scan.h - runs of bytes at the beginning of a text, eight at a time: how many bytes of one kind there are. Not what they mean
 * (walk.h).
 */
#ifndef MCP_SCAN_H
#define MCP_SCAN_H

#include "words.h"

/* Bytes that do not stand for themselves in a JSON string: a control, a quote, a backslash, or what is not ASCII (RFC 8259 7).
 * The lowest of them is one for certain. */
static inline uint64_t mcp_scan_special(uint64_t word)
{
    return mcp_words_beyond(word) | mcp_words_below(word, ' ') | mcp_words_have(word, '"') | mcp_words_have(word, '\\');
}

/* Bytes that are no digit, in the same way. */
static inline uint64_t mcp_scan_others(uint64_t word)
{
    uint64_t digits = word ^ MCP_WORDS_ALL('0');

    return (digits | (digits + MCP_WORDS_ALL(0x80 - 10))) & MCP_WORDS_HIGH;
}

static inline bool mcp_scan_is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* Behind the bytes that stand for themselves in a JSON string. */
static inline const char *mcp_scan_plain(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t special = mcp_scan_special(mcp_words_load(at));

        if (special) {
            return at + __builtin_ctzll(special) / 8;
        }
    }
    while (at < end && mcp_scan_is_plain((unsigned char)*at)) {
        at++;
    }
    return at;
}

/* Behind the digits. */
static inline const char *mcp_scan_digits(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t others = mcp_scan_others(mcp_words_load(at));

        if (others) {
            return at + __builtin_ctzll(others) / 8;
        }
    }
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    return at;
}

/* Behind the white space of JSON (RFC 8259 2). */
static inline const char *mcp_scan_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    return at;
}

#endif
