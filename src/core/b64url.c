#include "b64url.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Value plus one of each character, 0 for those outside the alphabet. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

/* Decode the whole groups of four characters. How many characters that is; fewer when one of them is none. */
static apr_size_t decode_groups(char *out, mcp_view_t text)
{
    const unsigned char *in = (const unsigned char *)text.data;
    apr_size_t i = 0;

    for (; i + 4 <= text.len; i += 4) {
        uint32_t a = values[in[i]], b = values[in[i + 1]], c = values[in[i + 2]], d = values[in[i + 3]], bits;

        if (a == 0 || b == 0 || c == 0 || d == 0) {
            break;
        }
        bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
        *out++ = (char)(bits >> 16);
        *out++ = (char)(bits >> 8);
        *out++ = (char)bits;
    }
    return i;
}

bool mcp_b64url_decode(mcp_view_t *bytes, mcp_view_t text, apr_pool_t *pool)
{
    char *out, *end;
    uint32_t bits = 0;
    unsigned held = 0;
    apr_size_t whole;

    if (text.len % 4 == 1) {
        return false;
    }
    out = apr_palloc(pool, text.len / 4 * 3 + 3);
    whole = decode_groups(out, text);
    end = out + whole / 4 * 3;
    for (apr_size_t i = whole; i < text.len; i++) { /* the rest, which is not a group or has what is no character */
        uint8_t value = values[(unsigned char)text.data[i]];

        if (value == 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(value - 1);
        held += 6;
        if (held >= 8) {
            held -= 8;
            *end++ = (char)(bits >> held & 0xff);
        }
    }
    if ((bits & ((1U << held) - 1)) != 0) { /* RFC 4648 3.5: unused bits must be zero */
        return false;
    }
    *end = '\0';
    *bytes = (mcp_view_t){ out, (apr_size_t)(end - out) };
    return true;
}

const char *mcp_b64url_encode(mcp_view_t bytes, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, (bytes.len + 2) / 3 * 4 + 1), *end = out;
    uint32_t bits = 0;
    unsigned held = 0;

    for (apr_size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (unsigned char)bytes.data[i];
        held += 8;
        while (held >= 6) {
            held -= 6;
            *end++ = alphabet[bits >> held & 63];
        }
    }
    if (held > 0) {
        *end++ = alphabet[bits << (6 - held) & 63];
    }
    *end = '\0';
    return out;
}
