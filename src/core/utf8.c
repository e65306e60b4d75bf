#include "utf8.h"

/* Bits of the first byte that belong to the character, by length. */
static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
static const unsigned char lead_marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

/* The lowest character that needs so many bytes (RFC 3629 3). */
static const int lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };

static int length_of(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
}

/* The first character, which has so many bytes; -1 when one of them does not go on with it. */
static int character_of(const char *at, int len)
{
    int character = (unsigned char)at[0] & lead_bits[len];

    for (int i = 1; i < len; i++) {
        if (((unsigned char)at[i] & 0xc0) != 0x80) {
            return -1;
        }
        character = character << 6 | ((unsigned char)at[i] & 0x3f);
    }
    return character;
}

int mcp_utf8_length(mcp_view_t text)
{
    int len = length_of((unsigned char)text.data[0]), character;

    if (len == 0 || (apr_size_t)len > text.len || (character = character_of(text.data, len)) < lowest[len] ||
        character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff)) {
        return 0;
    }
    return len;
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
    bool blank = true; /* whether the last character is one, or there is none */
    int len;

    for (apr_size_t i = 0; i < text.len; i += (apr_size_t)len) {
        mcp_view_t rest = { text.data + i, text.len - i };
        int character;

        if ((len = mcp_utf8_length(rest)) == 0) {
            return false;
        }
        character = character_of(rest.data, len);
        if (is_control(character) || (i == 0 && is_blank(character))) {
            return false;
        }
        blank = is_blank(character);
    }
    return !blank;
}
