/* words.h - eight bytes of a text at a time, for the questions that are asked of every byte.
 * Not what the bytes mean.
 */
#ifndef MCP_WORDS_H
#define MCP_WORDS_H

#include <stdint.h>

#include "view.h"

/* A word with one byte in all its places. */
#define MCP_WORDS_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The high bits of those bytes, which is where the functions below have their answers: 0 when no byte is so. A byte above one
 * that is so may be called so as well. */
#define MCP_WORDS_HIGH MCP_WORDS_ALL(0x80)

/* Eight bytes, the first of them lowest, whatever the machine; compilers make one load of it. */
static inline uint64_t mcp_words_load(const char *at)
{
    const unsigned char *byte = (const unsigned char *)at;

    return (uint64_t)byte[0] | (uint64_t)byte[1] << 8 | (uint64_t)byte[2] << 16 | (uint64_t)byte[3] << 24 |
           (uint64_t)byte[4] << 32 | (uint64_t)byte[5] << 40 | (uint64_t)byte[6] << 48 | (uint64_t)byte[7] << 56;
}

/* Bytes that are a certain one. */
static inline uint64_t mcp_words_have(uint64_t word, unsigned char byte)
{
    word ^= MCP_WORDS_ALL(byte);
    return (word - MCP_WORDS_ALL(1)) & ~word & MCP_WORDS_HIGH;
}

/* Bytes below a certain one, which is at most 0x80. */
static inline uint64_t mcp_words_below(uint64_t word, unsigned char byte)
{
    return (word - MCP_WORDS_ALL(byte)) & ~word & MCP_WORDS_HIGH;
}

/* Bytes beyond ASCII. */
static inline uint64_t mcp_words_beyond(uint64_t word)
{
    return word & MCP_WORDS_HIGH;
}

#endif
