#include "utf8.h"

#include <stddef.h>

/* Bits of the first byte that belong to the character, by length. */
static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
static const unsigned char lead_marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

/* The first character, which has so many bytes and is one. */
static int character_of(const char *at, int len)
{
    int character = (unsigned char)at[0] & lead_bits[len];

    for (int i = 1; i < len; i++) {
        character = character << 6 | ((unsigned char)at[i] & 0x3f);
    }
    return character;
}

static inline bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

static inline bool is_lead_of_two(char byte)
{
    return (unsigned char)byte >= 0xc2 && (unsigned char)byte < 0xe0;
}

/* Bytes of the first character, by the grammar of RFC 3629 4: what begins with C0, C1 or F5 and higher is none, and some second
 * bytes would make it too long a form, a surrogate, or more than U+10FFFF. */
static inline int length_of(const char *at, ptrdiff_t left)
{
    const unsigned char *byte = (const unsigned char *)at;

    if (byte[0] < 0xc2) {
        return byte[0] < 0x80;
    }
    if (byte[0] < 0xe0) {
        return left > 1 && is_tail(byte[1]) ? 2 : 0;
    }
    if (byte[0] < 0xf0) {
        return left > 2 && is_tail(byte[1]) && is_tail(byte[2]) && (byte[0] != 0xe0 || byte[1] >= 0xa0) &&
                       (byte[0] != 0xed || byte[1] < 0xa0)
                   ? 3
                   : 0;
    }
    return byte[0] < 0xf5 && left > 3 && is_tail(byte[1]) && is_tail(byte[2]) && is_tail(byte[3]) &&
                   (byte[0] != 0xf0 || byte[1] >= 0x90) && (byte[0] != 0xf4 || byte[1] < 0x90)
               ? 4
               : 0;
}

int mcp_utf8_length(mcp_view_t text)
{
    return length_of(text.data, (ptrdiff_t)text.len);
}

const char *mcp_utf8_pass(const char *at, const char *end)
{
    int len;

    do {
        /* most alphabets, where a step of known length lets the next character be read before this one is judged */
        while (end - at > 1 && is_lead_of_two(at[0]) && is_tail((unsigned char)at[1])) {
            at += 2;
        }
        len = at < end && (unsigned char)*at >= 0x80 ? length_of(at, end - at) : 0;
        at += len;
    } while (len > 0);
    return at;
}

int mcp_utf8_put(char *at, int character)
{
    int len = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

    for (int i = len - 1; i > 0; i--) {
        at[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    at[0] = (char)(lead_marks[len] | character);
    return len;
}

static bool is_control(int character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* Unicode's White_Space beyond controls, and what has no width: U+200B to U+200D, U+2060, U+FEFF. */
static bool is_blank(int character)
{
    static const struct {
        int first;
        int last;
    } blanks[] = { { ' ', ' ' },       { 0xa0, 0xa0 },     { 0x1680, 0x1680 }, { 0x2000, 0x200d }, { 0x2028, 0x2029 },
                   { 0x202f, 0x202f }, { 0x205f, 0x2060 }, { 0x3000, 0x3000 }, { 0xfeff, 0xfeff } };

    for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
        if (character >= blanks[i].first && character <= blanks[i].last) {
            return true;
        }
    }
    return false;
}

bool mcp_utf8_is_name(mcp_view_t text)
{
    int len, character = ' '; /* nothing is like a blank */

    for (apr_size_t i = 0; i < text.len; i += (apr_size_t)len) {
        if ((len = length_of(text.data + i, (ptrdiff_t)(text.len - i))) == 0) {
            return false;
        }
        character = character_of(text.data + i, len);
        if (is_control(character) || (i == 0 && is_blank(character))) {
            return false;
        }
    }
    return !is_blank(character);
}
