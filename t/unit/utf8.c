/* Characters in UTF-8: RFC 3629 to the letter, over every character and every short sequence of bytes, and what has no place in
 * a name. */
#include "../../src/core/utf8.h"
#include "../lib/bytes.h"
#include "../lib/tap.h"

/* RFC 3629 4, the grammar as it stands there: ranges of the first and the second byte; those behind are 80 to BF. */
static const struct {
    unsigned char first_low, first_high, second_low, second_high;
    int len;
} grammar[] = {
    { 0x00, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static int length_by_grammar(const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < sizeof(grammar) / sizeof(grammar[0]); i++) {
        if (at[0] < grammar[i].first_low || at[0] > grammar[i].first_high) {
            continue;
        }
        if ((size_t)grammar[i].len > len) {
            return 0;
        }
        for (int n = 1; n < grammar[i].len; n++) {
            if (at[n] < (n == 1 ? grammar[i].second_low : 0x80) || at[n] > (n == 1 ? grammar[i].second_high : 0xbf)) {
                return 0;
            }
        }
        return grammar[i].len;
    }
    return 0;
}

static int wrong, tried;

static void compare(const unsigned char *bytes, size_t len)
{
    tried++;
    wrong += mcp_utf8_length((mcp_view_t){ (const char *)bytes, len }) != length_by_grammar(bytes, len);
}

/* Bytes at which the grammar changes its mind, and their neighbours. */
static const unsigned char edges[] = { 0x00, 0x22, 0x5c, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
                                       0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xff };

static void test_sequences(void)
{
    for (int first = 0; first < 256; first++) {
        for (int second = 0; second < 256; second++) {
            for (size_t third = 0; third < sizeof(edges); third++) {
                for (size_t fourth = 0; fourth < sizeof(edges); fourth++) {
                    compare(
                        (unsigned char[]){ (unsigned char)first, (unsigned char)second, edges[third], edges[fourth] },
                        4);
                }
            }
        }
    }
    ok(wrong == 0 && tried == 65536 * 17 * 17, "I-20 RFC 3629 4: %d sequences of four bytes", tried);
}

/* In memory that ends where the text does. */
static void test_cut(void)
{
    static const char *const whole[] = { "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };

    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        for (size_t len = 1; len <= strlen(whole[i]); len++) {
            mcp_view_t text = bytes_copy((mcp_view_t){ whole[i], len });
            int want = len == strlen(whole[i]) ? (int)len : 0;

            is_int(mcp_utf8_length(text), want, "%zu bytes of a character of %zu", len, strlen(whole[i]));
            bytes_free(text);
        }
    }
}

static void test_put(void)
{
    int bad = 0, count = 0;

    for (int character = 0; character <= 0x10ffff; character++) {
        unsigned char bytes[4];
        int len;

        if (character >= 0xd800 && character <= 0xdfff) {
            continue;
        }
        len = mcp_utf8_put((char *)bytes, character);
        bad += len != (character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4);
        bad += length_by_grammar(bytes, (size_t)len) != len;
        count++;
    }
    ok(bad == 0 && count == 1112064, "each of %d characters is written in its one way", count);
}

static void test_written(void)
{
    static const struct {
        int character;
        const char *bytes;
    } rows[] = {
        { 'A', "A" },         { 0x7f, "\x7f" },           { 0x80, "\xc2\x80" },
        { 0xe9, "\xc3\xa9" }, { 0x20ac, "\xe2\x82\xac" }, { 0x1f600, "\xf0\x9f\x98\x80" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char bytes[5] = "";

        mcp_utf8_put(bytes, rows[i].character);
        is_str(bytes, rows[i].bytes, "U+%04X", (unsigned)rows[i].character);
    }
}

static const struct {
    const char *name;
    mcp_view_t text;
    bool good;
} names[] = {
    { "a letter", BYTES("a"), true },
    { "a tool", BYTES("delete_file"), true },
    { "a method", BYTES("tools/call"), true },
    { "blanks inside", BYTES("read a file"), true },
    { "beyond ASCII", BYTES("caf\xc3\xa9 \xf0\x9f\x98\x80"), true },
    { "I-15 the same, otherwise composed", BYTES("cafe\xcc\x81"), true },
    { "I-15 a homoglyph", BYTES("d\xd0\xb5lete"), true },
    { "I-15 an invisible blank inside", BYTES("de\xe2\x80\x8blete"), true },
    { "a line separator inside", BYTES("a\xe2\x80\xa8z"), true },
    { "nothing", BYTES(""), false },
    { "nothing at all", { NULL, 0 }, false },
    { "I-15 a blank", BYTES(" "), false },
    { "I-15 a trailing blank", BYTES("danger "), false },
    { "I-15 a leading one", BYTES(" danger"), false },
    { "I-15 a trailing tab", BYTES("danger\t"), false },
    { "I-15 a trailing line feed", BYTES("danger\n"), false },
    { "a line feed inside", BYTES("dan\nger"), false },
    { "a tab inside", BYTES("dan\tger"), false },
    { "I-15 NUL", BYTES("danger\0"), false },
    { "NUL inside", BYTES("dan\0ger"), false },
    { "an escape sequence", BYTES("dan\x1b[31mger"), false },
    { "the last of C0", BYTES("a\x1fz"), false },
    { "DEL", BYTES("a\x7fz"), false },
    { "the first of C1", BYTES("a\xc2\x80z"), false },
    { "the last of C1", BYTES("a\xc2\x9fz"), false },
    { "what follows C1, inside", BYTES("a\xc2\xa0z"), true },
    { "a next line at the end", BYTES("a\xc2\x85"), false },
    { "bad UTF-8", BYTES("a\xffz"), false },
    { "bad UTF-8 at the end", BYTES("a\xe2\x82"), false },
    { "bad UTF-8 at the beginning", BYTES("\x80z"), false },
};

static void test_names(void)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        mcp_view_t copy = bytes_copy(names[i].text);

        ok(mcp_utf8_is_name(copy) == names[i].good, "%s", names[i].name);
        bytes_free(copy);
    }
    ok(!mcp_utf8_is_name((mcp_view_t){ NULL, 0 }), "no text is no name");
}

/* What JavaScript's trim, Python's strip, Java's strip and Go's TrimSpace take off, and what has no width. */
static void test_blanks(void)
{
    static const int blanks[] = { 0x20,   0xa0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
                                  0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x200b, 0x200c,
                                  0x200d, 0x2028, 0x2029, 0x202f, 0x205f, 0x2060, 0x3000, 0xfeff };
    static const int others[] = { 0x21, 0xa1, 0x167f, 0x1681, 0x1fff, 0x2010, 0x3001, 0xfefe, 0xff00 };

    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < (kind ? sizeof(others) : sizeof(blanks)) / sizeof(int); i++) {
            int character = kind ? others[i] : blanks[i], len;
            char text[16] = "x";

            len = 1 + mcp_utf8_put(text + 1, character);
            text[len] = 'x';
            ok(mcp_utf8_is_name((mcp_view_t){ text, (size_t)len }) == (kind == 1), "I-15 U+%04X at the end",
               (unsigned)character);
            ok(mcp_utf8_is_name((mcp_view_t){ text + 1, (size_t)len }) == (kind == 1), "at the beginning");
            ok(mcp_utf8_is_name((mcp_view_t){ text, (size_t)len + 1 }), "and inside");
            ok(mcp_utf8_is_name((mcp_view_t){ text + 1, (size_t)len - 1 }) == (kind == 1), "and alone");
        }
    }
}

int main(void)
{
    test_sequences();
    test_cut();
    test_put();
    test_written();
    test_names();
    test_blanks();
    return done_testing();
}
