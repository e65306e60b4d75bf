#include "encode.h"

#include "ascii.h"
#include "limits.h"
#include "words.h"

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

bool mcp_encode_is_clean(mcp_view_t value)
{
    apr_size_t i = 0;

    while (value.len - i >= 8 && (mcp_words_below(mcp_words_load(value.data + i), ' ') |
                                  mcp_words_have(mcp_words_load(value.data + i), 0x7f)) == 0) {
        i += 8;
    }
    for (; i < value.len; i++) {
        if (is_control(value.data[i])) {
            return false;
        }
    }
    return value.len <= MCP_LIMIT_IDENTITY;
}

static bool goes_into_header(mcp_view_t value, apr_size_t i)
{
    char c = value.data[i];

    return c != '%' && (unsigned char)c < 0x7f && !is_control(c) && !(c == ' ' && (i == 0 || i == value.len - 1));
}

static bool goes_into_user(mcp_view_t value, apr_size_t i)
{
    return value.data[i] != '%' && !is_control(value.data[i]);
}

static bool goes_into_form(mcp_view_t value, apr_size_t i)
{
    char c = value.data[i];

    return mcp_ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static bool is_plain_word(uint64_t word)
{
    return (mcp_words_beyond(word) | mcp_words_below(word, ' ') | mcp_words_have(word, 0x7f) |
            mcp_words_have(word, '%')) == 0;
}

/* What most values are: nothing in them is ever written in another way. */
static bool is_plain(mcp_view_t value)
{
    apr_size_t i = 0;

    while (value.len - i >= 8 && is_plain_word(mcp_words_load(value.data + i))) {
        i += 8;
    }
    for (; i < value.len; i++) {
        if (value.data[i] < ' ' || value.data[i] >= 0x7f || value.data[i] == '%') {
            return false;
        }
    }
    return value.len > 0 && value.data[0] != ' ' && value.data[value.len - 1] != ' ';
}

static char *encode(mcp_view_t value, bool (*goes)(mcp_view_t value, apr_size_t i), apr_pool_t *pool)
{
    static const char hex[] = "0123456789ABCDEF";
    char *text = apr_palloc(pool, value.len * 3 + 1), *end = text;

    for (apr_size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.data[i];

        if (goes(value, i)) {
            *end++ = (char)byte;
        } else {
            *end++ = '%';
            *end++ = hex[byte >> 4];
            *end++ = hex[byte & 15];
        }
    }
    *end = '\0';
    return text;
}

const char *mcp_encode_header(mcp_view_t value, apr_pool_t *pool)
{
    return is_plain(value) ? mcp_view_dup(value, pool) : encode(value, goes_into_header, pool);
}

char *mcp_encode_user(mcp_view_t value, apr_pool_t *pool)
{
    return is_plain(value) ? mcp_view_dup(value, pool) : encode(value, goes_into_user, pool);
}

const char *mcp_encode_line(const char *text, apr_pool_t *pool)
{
    char *line = apr_pstrdup(pool, text);

    for (char *c = line; *c; c++) {
        if (is_control(*c)) {
            *c = ' ';
        }
    }
    return line;
}

const char *mcp_encode_form(mcp_view_t value, apr_pool_t *pool)
{
    return encode(value, goes_into_form, pool);
}
