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

/* Each of the following passes what is next in a text that ends at end, and returns where it is then; NULL when that is
 * not there. Places go by value, so that they stay in registers. */

/* *inner is what stands between the quotes; *nul says whether an escape in it stands for NUL. */
static const char *pass_string(mcp_view_t *inner, bool *nul, const char *at, const char *end)
{
    const char *first = ++at;

    *nul = false;
    for (;;) {
        const char *start = at = mcp_scan_plain(at, end);

        if (at == end) {
            return NULL;
        }
        if (*at == '"') {
            *inner = (mcp_view_t){ first, (apr_size_t)(at - first) };
            return at + 1;
        }
        if (*at == '\\') {
            int len, character = unescape(&len, at, end - at);

            *nul = *nul || character == 0;
            at += character < 0 ? 0 : len;
        } else {
            at = mcp_utf8_pass(at, end);
        }
        if (at == start) {
            return NULL;
        }
    }
}

static const char *pass_digits(const char *at, const char *end)
{
    const char *behind = mcp_scan_digits(at, end);

    return behind > at ? behind : NULL;
}

static bool is_next(const char *at, const char *end, char byte)
{
    return at < end && *at == byte;
}

/* RFC 8259 6 */
static const char *pass_number(const char *at, const char *end)
{
    at += is_next(at, end, '-');
    at = is_next(at, end, '0') ? at + 1 : pass_digits(at, end);
    if (at && is_next(at, end, '.')) {
        at = pass_digits(at + 1, end);
    }
    if (at && (is_next(at, end, 'e') || is_next(at, end, 'E'))) {
        at++;
        at = pass_digits(at + (is_next(at, end, '-') || is_next(at, end, '+')), end);
    }
    return at;
}

static const char *pass_word(const char *word, const char *at, const char *end)
{
    size_t len = strlen(word);

    return (size_t)(end - at) >= len && memcmp(at, word, len) == 0 ? at + len : NULL;
}

static const char *pass_scalar(const char *at, const char *end)
{
    mcp_view_t inner;
    bool nul;

    if (at == end) {
        return NULL;
    }
    switch (*at) {
    case '"':
        return pass_string(&inner, &nul, at, end);
    case 't':
        return pass_word("true", at, end);
    case 'f':
        return pass_word("false", at, end);
    case 'n':
        return pass_word("null", at, end);
    default:
        return pass_number(at, end);
    }
}

/* A name and its colon. */
static const char *pass_name(mcp_view_t *name, const char *at, const char *end)
{
    bool nul;

    at = mcp_scan_blanks(at, end);
    if (!is_next(at, end, '"') || (at = pass_string(name, &nul, at, end)) == NULL || nul) {
        return NULL;
    }
    at = mcp_scan_blanks(at, end);
    return is_next(at, end, ':') ? at + 1 : NULL;
}

/* What a value begins with: all of a scalar, or the bracket of a container. *due says whether a value is next that is
 * inside. */
static const char *begin(nest_t *nest, bool *due, const char *at, const char *end)
{
    bool object;
    mcp_view_t name;

    *due = false;
    at = mcp_scan_blanks(at, end);
    object = is_next(at, end, '{');
    if (!object && !is_next(at, end, '[')) {
        return pass_scalar(at, end);
    }
    if (nest->depth == MCP_LIMIT_JSON_DEPTH) {
        return NULL;
    }
    push(nest, object);
    at = mcp_scan_blanks(at + 1, end);
    *due = !is_next(at, end, object ? '}' : ']');
    return *due && object ? pass_name(&name, at, end) : at;
}

/* What stands behind a value: brackets that close, and a comma when another one is due. */
static const char *finish(nest_t *nest, bool *due, const char *at, const char *end)
{
    mcp_view_t name;

    while (nest->depth > 0) {
        bool object = is_in_object(nest);

        at = mcp_scan_blanks(at, end);
        if (is_next(at, end, ',')) {
            *due = true;
            return object ? pass_name(&name, at + 1, end) : at + 1;
        }
        if (!is_next(at, end, object ? '}' : ']')) {
            return NULL;
        }
        at++;
        nest->depth--;
    }
    return at;
}

static const char *pass_value(const char *at, const char *end)
{
    nest_t nest = { 0 };
    bool due;

    do {
        at = begin(&nest, &due, at, end);
        if (at && !due) {
            at = finish(&nest, &due, at, end);
        }
    } while (at && due);
    return at;
}

bool mcp_walk_value(mcp_view_t *text, mcp_walk_t *walk)
{
    const char *start = mcp_scan_blanks(walk->at, walk->end), *behind = pass_value(start, walk->end);

    *text = (mcp_view_t){ start, behind ? (apr_size_t)(behind - start) : 0 };
    walk->at = behind ? behind : start;
    return behind != NULL;
}

char mcp_walk_peek(mcp_walk_t *walk)
{
    walk->at = mcp_scan_blanks(walk->at, walk->end);
    return (char)(walk->at < walk->end ? *walk->at : '\0');
}

void mcp_walk_enter(mcp_walk_t *walk)
{
    walk->at++;
}

/* Whether there is more, in front of it; the comma has been passed. */
static mcp_walk_next_t next(mcp_walk_t *walk, bool first, char closing)
{
    char c = mcp_walk_peek(walk);

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

    if (found == MCP_WALK_MORE) {
        const char *behind = pass_name(name, walk->at, walk->end);

        found = behind ? MCP_WALK_MORE : MCP_WALK_BAD;
        walk->at = behind ? behind : walk->at;
    }
    return found;
}

mcp_walk_next_t mcp_walk_element(mcp_walk_t *walk, bool first)
{
    return next(walk, first, ']');
}

bool mcp_walk_is_over(mcp_walk_t *walk)
{
    mcp_walk_peek(walk);
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
