#include "walk.h"

#include "ascii.h"
#include "limits.h"
#include "scan.h"
#include "utf8.h"

/* The containers that are open inside of a value: one bit each, set for an object. */
typedef struct {
    int depth;
    uint64_t objects[MCP_LIMIT_JSON_DEPTH / 64];
} nest_t;

static void push(nest_t *nest, bool object)
{
    uint64_t bit = (uint64_t)1 << (nest->depth % 64), *word = &nest->objects[nest->depth / 64];

    *word = object ? *word | bit : *word & ~bit;
    nest->depth++;
}

static bool is_in_object(const nest_t *nest)
{
    return nest->objects[(nest->depth - 1) / 64] >> ((nest->depth - 1) % 64) & 1;
}

static int hex(char digit)
{
    char low = (char)(digit | 0x20);

    return digit >= '0' && digit <= '9' ? digit - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* The number that four hexadecimal digits write, -1 when they are none. */
static int hex4(const char *at)
{
    int a = hex(at[0]), b = hex(at[1]), c = hex(at[2]), d = hex(at[3]);

    return (a | b | c | d) < 0 ? -1 : a * 4096 + b * 256 + c * 16 + d;
}

/* The character that the escape at a backslash stands for, and how many bytes write it; -1 for no escape. A surrogate
 * alone is no character (RFC 8259 8.2). */
static int unescape(int *len, const char *at, ptrdiff_t left)
{
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    int high, low;

    *len = 2;
    if (left > 1 && at[1] != 'u') {
        const char *found = at[1] ? strchr(plain, at[1]) : NULL;

        return found ? meant[found - plain] : -1;
    }
    if (left < 6 || (high = hex4(at + 2)) < 0) {
        return -1;
    }
    *len = 6;
    if (high < 0xd800 || high > 0xdfff) {
        return high;
    }
    if (high > 0xdbff || left < 12 || at[6] != '\\' || at[7] != 'u' || (low = hex4(at + 8)) < 0xdc00 || low > 0xdfff) {
        return -1;
    }
    *len = 12;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* Pass the string whose quote is next; *inner is what stands between the quotes. *nul says whether an escape in it
 * stands for NUL. */
static bool pass_string(mcp_view_t *inner, bool *nul, mcp_walk_t *walk)
{
    const char *at = walk->at + 1;

    inner->data = at;
    *nul = false;
    for (;;) {
        const char *start = at = mcp_scan_plain(at, walk->end);

        if (at == walk->end) {
            return false;
        }
        if (*at == '"') {
            break;
        }
        if (*at == '\\') {
            int len, character = unescape(&len, at, walk->end - at);

            *nul = *nul || character == 0;
            at += character < 0 ? 0 : len;
        } else {
            at = mcp_utf8_pass(at, walk->end);
        }
        if (at == start) {
            return false;
        }
    }
    inner->len = (apr_size_t)(at - inner->data);
    walk->at = at + 1;
    return true;
}

static bool pass_digits(mcp_walk_t *walk)
{
    const char *start = walk->at;

    walk->at = mcp_scan_digits(start, walk->end);
    return walk->at > start;
}

static bool pass_byte(mcp_walk_t *walk, char byte)
{
    bool found = walk->at < walk->end && *walk->at == byte;

    walk->at += found;
    return found;
}

/* RFC 8259 6 */
static bool pass_number(mcp_walk_t *walk)
{
    pass_byte(walk, '-');
    if (!pass_byte(walk, '0') && !pass_digits(walk)) {
        return false;
    }
    if (pass_byte(walk, '.') && !pass_digits(walk)) {
        return false;
    }
    if (!pass_byte(walk, 'e') && !pass_byte(walk, 'E')) {
        return true;
    }
    if (!pass_byte(walk, '-')) {
        pass_byte(walk, '+');
    }
    return pass_digits(walk);
}

static inline char peek(mcp_walk_t *walk)
{
    walk->at = mcp_scan_blanks(walk->at, walk->end);
    return (char)(walk->at < walk->end ? *walk->at : '\0');
}

static bool pass_word(mcp_walk_t *walk, const char *word)
{
    size_t len = strlen(word);
    bool same = (size_t)(walk->end - walk->at) >= len && memcmp(walk->at, word, len) == 0;

    walk->at += same ? len : 0;
    return same;
}

static bool pass_scalar(mcp_walk_t *walk, char first)
{
    mcp_view_t inner;
    bool nul;

    switch (first) {
    case '"':
        return pass_string(&inner, &nul, walk);
    case 't':
        return pass_word(walk, "true");
    case 'f':
        return pass_word(walk, "false");
    case 'n':
        return pass_word(walk, "null");
    default:
        return pass_number(walk);
    }
}

static bool pass_name(mcp_view_t *name, mcp_walk_t *walk)
{
    bool nul;

    if (peek(walk) != '"' || !pass_string(name, &nul, walk) || nul || peek(walk) != ':') {
        return false;
    }
    walk->at++;
    return true;
}

/* Pass what a value begins with: all of a scalar, or the bracket of a container. *due says whether a value is next that
 * is inside. */
static bool begin(mcp_walk_t *walk, nest_t *nest, bool *due)
{
    char first = peek(walk);
    bool object = first == '{';
    mcp_view_t name;

    *due = false;
    if (!object && first != '[') {
        return pass_scalar(walk, first);
    }
    if (nest->depth == MCP_LIMIT_JSON_DEPTH) {
        return false;
    }
    push(nest, object);
    walk->at++;
    *due = peek(walk) != (object ? '}' : ']');
    return !*due || !object || pass_name(&name, walk);
}

/* Pass what stands behind a value: brackets that close, and a comma when another one is due. */
static bool finish(mcp_walk_t *walk, nest_t *nest, bool *due)
{
    mcp_view_t name;

    while (nest->depth > 0) {
        bool object = is_in_object(nest);
        char next = peek(walk);

        if (next == ',') {
            walk->at++;
            *due = true;
            return !object || pass_name(&name, walk);
        }
        if (next != (object ? '}' : ']')) {
            return false;
        }
        walk->at++;
        nest->depth--;
    }
    return true;
}

bool mcp_walk_value(mcp_view_t *text, mcp_walk_t *walk)
{
    nest_t nest = { 0 };
    bool due;

    peek(walk);
    text->data = walk->at;
    do {
        if (!begin(walk, &nest, &due) || (!due && !finish(walk, &nest, &due))) {
            return false;
        }
    } while (due);
    text->len = (apr_size_t)(walk->at - text->data);
    return true;
}

char mcp_walk_peek(mcp_walk_t *walk)
{
    return peek(walk);
}

void mcp_walk_enter(mcp_walk_t *walk)
{
    walk->at++;
}

/* Whether there is more, in front of it; the comma has been passed. */
static mcp_walk_next_t next(mcp_walk_t *walk, bool first, char closing)
{
    char c = peek(walk);

    if (c == closing) {
        walk->at++;
        return MCP_WALK_CLOSED;
    }
    if (!first && c != ',') {
        return MCP_WALK_BAD;
    }
    walk->at += !first;
    return MCP_WALK_MORE;
}

mcp_walk_next_t mcp_walk_member(mcp_view_t *name, mcp_walk_t *walk, bool first)
{
    mcp_walk_next_t found = next(walk, first, '}');

    return found == MCP_WALK_MORE && !pass_name(name, walk) ? MCP_WALK_BAD : found;
}

mcp_walk_next_t mcp_walk_element(mcp_walk_t *walk, bool first)
{
    return next(walk, first, ']');
}

bool mcp_walk_is_over(mcp_walk_t *walk)
{
    peek(walk);
    return walk->at == walk->end;
}

/* Write the text of a string without its escapes; -1 when one of them stands for NUL. */
static int unescape_all(char *text, mcp_view_t inner)
{
    const char *at = inner.data, *end = at + inner.len;
    int used = 0, len;

    while (at < end) {
        if (*at == '\\') {
            int character = unescape(&len, at, end - at);

            if (character <= 0) {
                return -1;
            }
            used += mcp_utf8_put(text + used, character);
            at += len;
        } else {
            text[used++] = *at++;
        }
    }
    return used;
}

bool mcp_walk_string(mcp_view_t *string, mcp_view_t value, apr_pool_t *pool)
{
    mcp_view_t inner;
    char *text;
    int len;

    if (value.len < 2 || value.data[0] != '"') {
        return false;
    }
    inner = (mcp_view_t){ value.data + 1, value.len - 2 };
    if (!memchr(inner.data, '\\', inner.len)) {
        *string = inner;
        return true;
    }
    text = apr_palloc(pool, inner.len); /* an escape is never shorter than what it stands for */
    if ((len = unescape_all(text, inner)) < 0) {
        return false;
    }
    *string = (mcp_view_t){ text, (apr_size_t)len };
    return true;
}
