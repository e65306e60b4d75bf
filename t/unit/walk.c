/* The walk over JSON text: RFC 8259 to the letter, and never a step beyond the text. */
#include <apr_general.h>

#include "../../src/core/limits.h"
#include "../../src/core/walk.h"
#include "../lib/bytes.h"
#include "../lib/tap.h"

/* Whether a text is one value and white space. */
static bool is_json(mcp_view_t text)
{
    mcp_walk_t walk = mcp_walk_start(text);
    mcp_view_t value;

    return mcp_walk_value(&value, &walk) && mcp_walk_is_over(&walk);
}

static const struct {
    const char *name;
    mcp_view_t text;
    bool good;
} texts[] = {
    { "true", BYTES("true"), true },
    { "false", BYTES("false"), true },
    { "null", BYTES("null"), true },
    { "a literal in other case", BYTES("True"), false },
    { "the end of a literal", BYTES("nul"), false },
    { "more than a literal", BYTES("nullx"), false },
    { "I-35 NaN", BYTES("NaN"), false },
    { "Infinity", BYTES("Infinity"), false },
    { "-Infinity", BYTES("-Infinity"), false },
    { "undefined", BYTES("undefined"), false },
    { "a bare word", BYTES("a"), false },
    { "zero", BYTES("0"), true },
    { "minus zero", BYTES("-0"), true },
    { "digits", BYTES("1234567890"), true },
    { "a fraction", BYTES("1.50"), true },
    { "an exponent", BYTES("1e5"), true },
    { "an exponent with signs", BYTES("-1.25E+05"), true },
    { "a small one", BYTES("1e-5"), true },
    { "I-27 beyond 2^63", BYTES("92233720368547758080000"), true },
    { "I-27 beyond a double", BYTES("1e400"), true },
    { "a leading zero", BYTES("01"), false },
    { "a leading zero behind a minus", BYTES("-01"), false },
    { "two zeros", BYTES("00"), false },
    { "a plus", BYTES("+1"), false },
    { "a minus alone", BYTES("-"), false },
    { "two minus", BYTES("--1"), false },
    { "no digit before the point", BYTES(".5"), false },
    { "no digit behind the point", BYTES("1."), false },
    { "no digit between point and exponent", BYTES("1.e5"), false },
    { "no digit in the exponent", BYTES("1e"), false },
    { "nor behind its sign", BYTES("1e+"), false },
    { "hexadecimal", BYTES("0x10"), false },
    { "a separator", BYTES("1_000"), false },
    { "digits of another script", BYTES("\xd9\xa1"), false },
    { "NUL behind a number", BYTES("1\0"), false },
    { "an empty string", BYTES("\"\""), true },
    { "a string", BYTES("\"abc def ghi jkl\""), true },
    { "every escape", BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u00E9\""), true },
    { "NUL as an escape", BYTES("\"\\u0000\""), true },
    { "a pair of surrogates", BYTES("\"\\ud83d\\ude00\""), true },
    { "the last pair", BYTES("\"\\uDBFF\\uDFFF\""), true },
    { "I-20 a high surrogate alone", BYTES("\"\\ud83d\""), false },
    { "I-20 and text", BYTES("\"\\ud83dxxxxxx\""), false },
    { "I-20 and another escape", BYTES("\"\\ud83d\\n12345\""), false },
    { "I-20 two high ones", BYTES("\"\\ud83d\\ud83d\""), false },
    { "I-20 two low ones", BYTES("\"\\ude00\\ude00\""), false },
    { "I-20 and a character", BYTES("\"\\ud83d\\u0041\""), false },
    { "I-20 and one behind the low ones", BYTES("\"\\ud83d\\ue000\""), false },
    { "I-20 and no digits", BYTES("\"\\ud83d\\uxxxx\""), false },
    { "I-20 a low surrogate alone", BYTES("\"\\ude00\""), false },
    { "I-20 a pair in the wrong order", BYTES("\"\\ude00\\ud83d\""), false },
    { "the neighbours of surrogates", BYTES("\"\\ud7ff\\ue000\""), true },
    { "an escape that is none", BYTES("\"\\x41\""), false },
    { "one of JavaScript", BYTES("\"\\v\""), false },
    { "a single quote as an escape", BYTES("\"\\'\""), false },
    { "U for u", BYTES("\"\\U0041\""), false },
    { "three digits", BYTES("\"\\u004\""), false },
    { "a letter that is no digit", BYTES("\"\\u004g\""), false },
    { "a sign for a digit", BYTES("\"\\u+041\""), false },
    { "NUL for a digit", BYTES("\"\\u004\0\""), false },
    { "NUL behind a backslash", BYTES("\"\\\0\""), false },
    { "a line feed", BYTES("\"a\nb\""), false },
    { "NUL", BYTES("\"a\0b\""), false },
    { "DEL, which may stand there", BYTES("\"a\x7f\""), true },
    { "single quotes", BYTES("'a'"), false },
    { "UTF-8 of every length", BYTES("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""), true },
    { "I-20 Latin-1", BYTES("\"caf\xe9\""), false },
    { "I-20 a byte that only continues", BYTES("\"\x80\""), false },
    { "I-20 too long a form", BYTES("\"\xc0\xaf\""), false },
    { "I-20 too long a form of NUL", BYTES("\"\xc0\x80\""), false },
    { "I-20 a surrogate as bytes", BYTES("\"\xed\xa0\xbd\xed\xb8\x80\""), false },
    { "I-20 beyond U+10FFFF", BYTES("\"\xf4\x90\x80\x80\""), false },
    { "I-20 the quote inside of a character", BYTES("\"\xe2\x82\""), false },
    { "an empty array", BYTES("[]"), true },
    { "an array", BYTES("[1,\"a\",[],{},null]"), true },
    { "a trailing comma", BYTES("[1,]"), false },
    { "a leading comma", BYTES("[,1]"), false },
    { "two commas", BYTES("[1,,2]"), false },
    { "no comma", BYTES("[1 2]"), false },
    { "a semicolon", BYTES("[1;2]"), false },
    { "closed as an object", BYTES("[1}"), false },
    { "a colon in an array", BYTES("[\"a\":1]"), false },
    { "an empty object", BYTES("{}"), true },
    { "an object", BYTES("{\"a\":1,\"\":{\"b\":[]}}"), true },
    { "a trailing comma in an object", BYTES("{\"a\":1,}"), false },
    { "a leading comma in an object", BYTES("{,\"a\":1}"), false },
    { "a name without quotes", BYTES("{a:1}"), false },
    { "a number as a name", BYTES("{1:1}"), false },
    { "a name alone", BYTES("{\"a\"}"), false },
    { "no value", BYTES("{\"a\":}"), false },
    { "no colon", BYTES("{\"a\" 1}"), false },
    { "an equals sign", BYTES("{\"a\"=1}"), false },
    { "two colons", BYTES("{\"a\"::1}"), false },
    { "closed as an array", BYTES("{\"a\":1]"), false },
    { "closed too often", BYTES("{}}"), false },
    { "crossed", BYTES("[{]}"), false },
    { "a member twice, far from the message", BYTES("{\"a\":1,\"a\":2}"), true },
    { "NUL in a name", BYTES("{\"\\u0000\":1}"), false },
    { "NUL in an inner name", BYTES("[{\"a\":1,\"b\\u0000\":1}]"), false },
    { "escapes in a name", BYTES("{\"\\u0061\\/\":1}"), true },
    { "a bad escape in a name", BYTES("{\"\\x\":1}"), false },
    { "bad UTF-8 in a name", BYTES("{\"\xff\":1}"), false },
    { "white space of all kinds", BYTES(" \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n[ \t\r\n1 \t\r\n, 2 ] } \t\r\n"), true },
    { "a form feed", BYTES("\f1"), false },
    { "a vertical tab", BYTES("1\v"), false },
    { "a no-break space",
      BYTES("\xc2\xa0"
            "1"),
      false },
    { "a line separator", BYTES("1\xe2\x80\xa8"), false },
    { "I-19 a byte order mark",
      BYTES("\xef\xbb\xbf"
            "1"),
      false },
    { "I-19 two values", BYTES("1 2"), false },
    { "I-19 JSON lines", BYTES("{}\n{}"), false },
    { "a comment", BYTES("1/**/"), false },
    { "a comment of another kind", BYTES("//x\n1"), false },
    { "I-20 UTF-16", BYTES("\0{\0}"), false },
    { "I-20 UTF-16, the other way round", BYTES("{\0}\0"), false },
    { "I-20 UTF-32", BYTES("1\0\0\0"), false },
    { "nothing", BYTES(""), false },
    { "white space alone", BYTES(" \n"), false },
    { "NUL alone", BYTES("\0"), false },
    { "a bracket", BYTES("["), false },
    { "a brace", BYTES("{"), false },
    { "a quote", BYTES("\""), false },
    { "the wrong end", BYTES("]"), false },
    { "a comma", BYTES(","), false },
    { "a form", BYTES("id=1"), false },
};

static void test_texts(void)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        mcp_view_t copy = bytes_copy(texts[i].text);

        ok(is_json(copy) == texts[i].good, "%s is %sJSON", texts[i].name, texts[i].good ? "" : "no ");
        bytes_free(copy);
    }
    ok(!is_json((mcp_view_t){ NULL, 0 }), "no text at all is no JSON");
}

/* What is cut short is no JSON, but for numbers and white space at the end. */
static void test_cut(void)
{
    int taken = 0, cuts = 0;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!texts[i].good || strchr("-0123456789 ", texts[i].text.data[0])) {
            continue;
        }
        for (size_t len = 0; len < texts[i].text.len; len++) {
            mcp_view_t copy = bytes_copy((mcp_view_t){ texts[i].text.data, len });

            taken += is_json(copy);
            cuts++;
            bytes_free(copy);
        }
    }
    ok(cuts > 150 && taken == 0, "%d texts that are cut short", cuts);
}

/* Each byte alone in a string, at each of the places that a look at eight bytes at a time may treat in its own way. */
static void test_bytes(void)
{
    int wrong = 0;

    for (int byte = 0; byte < 256; byte++) {
        bool want = byte >= 0x20 && byte < 0x80 && byte != '\\';

        for (int place = 1; place <= 24; place++) {
            char text[27];

            memset(text, 'x', sizeof(text));
            text[0] = text[25] = '"';
            text[26] = ' ';
            text[place] = (char)byte;
            if (byte == '"') { /* it ends here, and the rest is too much */
                wrong += is_json((mcp_view_t){ text, 26 }) || !is_json((mcp_view_t){ text, (size_t)place + 1 });
            } else {
                wrong += is_json((mcp_view_t){ text, 26 }) != want;
            }
        }
    }
    is_int(wrong, 0, "RFC 8259 7: the bytes that stand for themselves in a string, and no other");
}

/* And in a number of 24 digits. */
static void test_digits(void)
{
    int wrong = 0;

    for (int byte = 1; byte < 256; byte++) {
        for (int place = 1; place <= 24; place++) {
            bool inside = place > 1 && place < 24, digit = byte >= '0' && byte <= '9';
            bool want = digit ? byte > '0' || place > 1 : strchr(inside ? ".eE," : " \t\r\n", byte) != NULL;
            char text[26];

            memset(text, '1', sizeof(text));
            text[0] = '[';
            text[25] = ']';
            text[place] = (char)byte;
            wrong += is_json((mcp_view_t){ text, 26 }) != (want || (place == 1 && byte == '-'));
        }
    }
    is_int(wrong, 0, "RFC 8259 6: the bytes that a number is made of, and no other");
}

static void test_depth(void)
{
    static const struct {
        const char *name, *open, *close;
    } kinds[] = { { "arrays", "[", "]" }, { "objects", "{\"a\":", "}" }, { "both", "[{\"a\":", "}]" } };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        int most = MCP_LIMIT_JSON_DEPTH / (kinds[i].open[1] == '{' ? 2 : 1);

        for (int more = 0; more < 2; more++) {
            mcp_view_t opened = bytes_repeat("", kinds[i].open, most + more, "1");
            mcp_view_t closed = bytes_repeat("", kinds[i].close, most + more, "");
            char *text = bytes_room(opened.len + closed.len);

            memcpy(text, opened.data, opened.len);
            memcpy(text + opened.len, closed.data, closed.len);
            ok(is_json((mcp_view_t){ text, opened.len + closed.len }) == !more, "I-26 %d levels of %s%s", most + more,
               kinds[i].name, more ? " are too many" : "");
            free(text);
            bytes_free(opened);
            bytes_free(closed);
        }
    }
    ok(is_json(BYTES("[[[[]],[[]]],{\"a\":[{}]},[[[]]]]")), "what is closed does not count");
}

/* Steps that grew with the square of the size would not come to an end. */
static void test_huge(void)
{
    const struct {
        const char *name;
        mcp_view_t text;
        bool good;
    } huge[] = {
        { "I-26 10^6 members", bytes_repeat("{\"\":0", ",\"k%d\":%d", 1000000, "}"), false },
        { "I-26 10^6 members with values", bytes_repeat("{\"\":0", ",\"k%d\":[{}]", 1000000, "}"), true },
        { "I-26 10^6 elements", bytes_repeat("[0", ",%d", 1000000, "]"), true },
        { "I-26 a string of 1 MB", bytes_repeat("\"", "x", 1048576, "\""), true },
        { "I-26 10^6 escapes", bytes_repeat("\"", "\\u0041", 1000000, "\""), true },
        { "I-26 10^6 escapes and no end", bytes_repeat("\"", "\\n", 1000000, ""), false },
        { "10^6 characters of three bytes", bytes_repeat("\"", "\xe2\x82\xac", 1000000, "\""), true },
        { "10^6 blanks", bytes_repeat("[", " ", 1000000, "]"), true },
        { "a number of 10^6 digits", bytes_repeat("-1", "0", 1000000, "e5"), true },
        { "a name of 10^6 bytes", bytes_repeat("{\"", "n", 1000000, "\":1}"), true },
        { "I-26 10 000 brackets", bytes_repeat("", "[", 10000, ""), false },
        { "I-26 10^6 braces", bytes_repeat("", "{\"\":", 1000000, ""), false },
    };

    for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
        ok(is_json(huge[i].text) == huge[i].good, "%s: %s", huge[i].name, huge[i].good ? "fine" : "refused");
        bytes_free(huge[i].text);
    }
}

/* A value among others: where it begins and ends, and where the walk is then. */
static void test_place(void)
{
    static const struct {
        const char *text, *value, *rest;
    } rows[] = {
        { " 12 , 3", "12", " , 3" },
        { "\t\"a\\\"]\"]", "\"a\\\"]\"", "]" },
        { "[1, {\"a\" : \"}\"} ] ]", "[1, {\"a\" : \"}\"} ]", " ]" },
        { "nullnull", "null", "null" },
        { "01", "0", "1" },
        { "1-2", "1", "-2" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_walk_t walk = mcp_walk_start(mcp_view_of(rows[i].text));
        mcp_view_t value = { NULL, 0 };

        ok(mcp_walk_value(&value, &walk) && mcp_view_is(value, rows[i].value) && strcmp(walk.at, rows[i].rest) == 0,
           "'%s' begins with the value %s", rows[i].text, rows[i].value);
    }
}

/* The names of an object and the values of its members as "name=value;", with "!" where it is no JSON. */
static const char *members_of(const char *text, apr_pool_t *pool)
{
    mcp_walk_t walk = mcp_walk_start(mcp_view_of(text));
    mcp_walk_next_t next;
    mcp_view_t name, value;
    const char *all = "";

    if (mcp_walk_peek(&walk) != '{') {
        return "?";
    }
    mcp_walk_enter(&walk);
    for (bool first = true; (next = mcp_walk_member(&name, &walk, first)) == MCP_WALK_MORE; first = false) {
        if (!mcp_walk_value(&value, &walk)) {
            return apr_pstrcat(pool, all, "!", NULL);
        }
        all = apr_pstrcat(pool, all, mcp_view_dup(name, pool), "=", mcp_view_dup(value, pool), ";", NULL);
    }
    return apr_pstrcat(pool, all, next == MCP_WALK_BAD ? "!" : walk.at, NULL);
}

static const char *elements_of(const char *text, apr_pool_t *pool)
{
    mcp_walk_t walk = mcp_walk_start(mcp_view_of(text));
    mcp_walk_next_t next;
    mcp_view_t value;
    const char *all = "";

    mcp_walk_peek(&walk);
    mcp_walk_enter(&walk);
    for (bool first = true; (next = mcp_walk_element(&walk, first)) == MCP_WALK_MORE; first = false) {
        if (!mcp_walk_value(&value, &walk)) {
            return apr_pstrcat(pool, all, "!", NULL);
        }
        all = apr_pstrcat(pool, all, mcp_view_dup(value, pool), ";", NULL);
    }
    return apr_pstrcat(pool, all, next == MCP_WALK_BAD ? "!" : walk.at, NULL);
}

static void test_steps(apr_pool_t *pool)
{
    is_str(members_of("{}", pool), "", "an object without members");
    is_str(members_of(" { } x", pool), " x", "and what is behind it");
    is_str(members_of("{\"a\":1 , \"b\\n\" : [2] }", pool), "a=1;b\\n=[2];", "names as they are written");
    is_str(members_of("{\"a\":1,\"a\":2}", pool), "a=1;a=2;", "twice is for the caller to see");
    is_str(members_of("{\"a\":1,}", pool), "a=1;!", "a trailing comma");
    is_str(members_of("{,\"a\":1}", pool), "!", "a leading one");
    is_str(members_of("{\"a\":1 \"b\":2}", pool), "a=1;!", "none");
    is_str(members_of("{\"a\":1]", pool), "a=1;!", "another bracket");
    is_str(members_of("{\"a\":}", pool), "!", "no value");
    is_str(members_of("{\"a\"}", pool), "!", "no colon");
    is_str(members_of("{\"\\u0000\":1}", pool), "!", "NUL in a name");
    is_str(members_of("{\"a\":1", pool), "a=1;!", "no end");
    is_str(members_of("{", pool), "!", "nothing in it");
    is_str(elements_of("[]", pool), "", "an array without elements");
    is_str(elements_of(" [ 1 , [2] ] x", pool), "1;[2]; x", "an array");
    is_str(elements_of("[1,]", pool), "1;!", "a trailing comma");
    is_str(elements_of("[,1]", pool), "!", "a leading one");
    is_str(elements_of("[1 2]", pool), "1;!", "none");
    is_str(elements_of("[1}", pool), "1;!", "another bracket");
    is_str(elements_of("[", pool), "!", "nothing in it");
}

static const struct {
    const char *name;
    mcp_view_t value, string; /* data is NULL when it is none */
} strings[] = {
    { "empty", BYTES("\"\""), BYTES("") },
    { "plain", BYTES("\"abc\""), BYTES("abc") },
    { "UTF-8", BYTES("\"\xc3\xa9\""), BYTES("\xc3\xa9") },
    { "every short escape", BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), BYTES("\"\\/\b\f\n\r\t") },
    { "I-14 a slash with a backslash", BYTES("\"tools\\/call\""), BYTES("tools/call") },
    { "I-14 a slash as a number", BYTES("\"tools\\u002fcall\""), BYTES("tools/call") },
    { "one byte", BYTES("\"\\u007f\""), BYTES("\x7f") },
    { "two", BYTES("\"\\u0080\\u07FF\""), BYTES("\xc2\x80\xdf\xbf") },
    { "three", BYTES("\"\\u0800\\uFFFF\""), BYTES("\xe0\xa0\x80\xef\xbf\xbf") },
    { "four", BYTES("\"\\ud800\\udc00\\uDBFF\\uDFFF\""), BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf") },
    { "between others", BYTES("\"a\\u00e9\xc3\xa9z\""), BYTES("a\xc3\xa9\xc3\xa9z") },
    { "escaped backslashes", BYTES("\"\\\\u0041\""), BYTES("\\u0041") },
    { "I-15 NUL", BYTES("\"a\\u0000b\""), { NULL, 0 } },
    { "a number", BYTES("12"), { NULL, 0 } },
    { "null", BYTES("null"), { NULL, 0 } },
    { "an array", BYTES("[\"a\"]"), { NULL, 0 } },
    { "one byte of text", BYTES("1"), { NULL, 0 } },
    { "absent", { NULL, 0 }, { NULL, 0 } },
};

static void test_string(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        mcp_view_t string = { NULL, 0 };
        bool is_one = mcp_walk_string(&string, strings[i].value, pool);

        ok(is_one == (strings[i].string.data != NULL) && (!is_one || mcp_view_equal(string, strings[i].string)),
           "string: %s", strings[i].name);
    }
}

static void test_borrowed(apr_pool_t *pool)
{
    mcp_view_t text = BYTES("\"abc\""), string;
    char *before = apr_palloc(pool, 8);

    ok(mcp_walk_string(&string, text, pool) && string.data == text.data + 1, "a string without escapes is borrowed");
    ok((char *)apr_palloc(pool, 8) == before + 8, "and takes nothing from the pool");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_texts();
    test_cut();
    test_bytes();
    test_digits();
    test_depth();
    test_huge();
    test_place();
    test_steps(pool);
    test_string(pool);
    test_borrowed(pool);
    apr_terminate();
    return done_testing();
}
