#include "scope.h"

#include <stdint.h>

#include "limits.h"

static mcp_view_t at(const mcp_scope_t *set, int i)
{
    return APR_ARRAY_IDX(set, i, mcp_view_t);
}

bool mcp_scope_is_token(mcp_view_t text)
{
    for (apr_size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\') {
            return false;
        }
    }
    return text.len > 0;
}

mcp_scope_t *mcp_scope_make(apr_pool_t *pool)
{
    return apr_array_make(pool, 4, sizeof(mcp_view_t));
}

bool mcp_scope_has(const mcp_scope_t *set, mcp_view_t token)
{
    for (int i = 0; set && i < set->nelts; i++) {
        if (mcp_view_equal(at(set, i), token)) {
            return true;
        }
    }
    return false;
}

void mcp_scope_add(mcp_scope_t *set, mcp_view_t token)
{
    if (set->nelts < MCP_LIMIT_SCOPES && mcp_scope_is_token(token) && !mcp_scope_has(set, token)) {
        APR_ARRAY_PUSH(set, mcp_view_t) = token;
    }
}

void mcp_scope_add_all(mcp_scope_t *set, const mcp_scope_t *more)
{
    for (int i = 0; more && i < more->nelts; i++) {
        mcp_scope_add(set, at(more, i));
    }
}

/* Which of 4096 marks a token has. */
static unsigned mark_of(mcp_view_t token)
{
    unsigned mark = 0;

    for (apr_size_t i = 0; i < token.len; i++) {
        mark = mark * 31 + (unsigned char)token.data[i];
    }
    return mark % 4096;
}

/* Add a token to a set whose members have left their marks: only one with the mark of another may be there already. */
static void add_marked(mcp_scope_t *set, uint64_t marks[64], mcp_view_t token)
{
    unsigned mark = mark_of(token);
    uint64_t bit = (uint64_t)1 << (mark % 64), *word = &marks[mark / 64];

    if (*word & bit) {
        mcp_scope_add(set, token);
    } else if (set->nelts < MCP_LIMIT_SCOPES && mcp_scope_is_token(token)) {
        APR_ARRAY_PUSH(set, mcp_view_t) = token;
        *word |= bit;
    }
}

void mcp_scope_add_string(mcp_scope_t *set, mcp_view_t text)
{
    uint64_t marks[64] = { 0 };

    for (int i = 0; i < set->nelts; i++) {
        unsigned mark = mark_of(at(set, i));

        marks[mark / 64] |= (uint64_t)1 << (mark % 64);
    }
    while (text.len > 0) {
        const char *blank = memchr(text.data, ' ', text.len);
        apr_size_t len = blank ? (apr_size_t)(blank - text.data) : text.len;

        add_marked(set, marks, (mcp_view_t){ text.data, len });
        len += blank ? 1 : 0;
        text.data += len;
        text.len -= len;
    }
}

/* Add to reach every scope that grants a scope of reach; what is added is looked at in its turn. */
static void add_broader(mcp_scope_t *reach, const apr_array_header_t *implications)
{
    for (int i = 0; i < reach->nelts; i++) {
        mcp_view_t token = at(reach, i);

        for (int n = 0; n < implications->nelts; n++) {
            const mcp_scope_implication_t *rule = &APR_ARRAY_IDX(implications, n, mcp_scope_implication_t);

            if (mcp_scope_has(rule->narrow, token)) {
                mcp_scope_add(reach, rule->broad);
            }
        }
    }
}

bool mcp_scope_grants(const mcp_scope_t *set, const apr_array_header_t *implications, mcp_view_t token,
                      apr_pool_t *pool)
{
    mcp_scope_t *granting;

    if (mcp_scope_has(set, token)) {
        return true;
    }
    if (!set || !implications || implications->nelts == 0) {
        return false;
    }
    granting = mcp_scope_make(pool);
    mcp_scope_add(granting, token);
    add_broader(granting, implications);
    for (int i = 0; i < granting->nelts; i++) {
        if (mcp_scope_has(set, at(granting, i))) {
            return true;
        }
    }
    return false;
}

mcp_scope_t *mcp_scope_reduce(const mcp_scope_t *set, const apr_array_header_t *implications, apr_pool_t *pool)
{
    mcp_scope_t *rest = mcp_scope_make(pool);

    mcp_scope_add_all(rest, set);
    /* From the last to the first, so that of two that imply each other the first stays. */
    for (int i = rest->nelts - 1; i >= 0; i--) {
        mcp_view_t token = at(rest, i);
        mcp_scope_t *others = mcp_scope_make(pool);

        for (int n = 0; n < rest->nelts; n++) {
            if (n != i) {
                mcp_scope_add(others, at(rest, n));
            }
        }
        if (mcp_scope_grants(others, implications, token, pool)) {
            rest = others;
        }
    }
    return rest;
}

static bool goes_without_prefix(mcp_view_t token)
{
    static const char *const openid[] = { "openid", "profile", "email", "address", "phone" };

    for (apr_size_t i = 0; i + 3 <= token.len; i++) {
        if (memcmp(token.data + i, "://", 3) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(openid) / sizeof(openid[0]); i++) {
        if (mcp_view_is(token, openid[i])) {
            return true;
        }
    }
    return false;
}

const char *mcp_scope_wire(mcp_view_t token, const char *prefix, apr_pool_t *pool)
{
    const char *text = mcp_view_dup(token, pool);

    return prefix && !goes_without_prefix(token) ? apr_pstrcat(pool, prefix, text, NULL) : text;
}

const char *mcp_scope_format(const mcp_scope_t *set, const char *prefix, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, set ? set->nelts : 0, sizeof(const char *));

    for (int i = 0; set && i < set->nelts; i++) {
        APR_ARRAY_PUSH(words, const char *) = mcp_scope_wire(at(set, i), prefix, pool);
    }
    return apr_array_pstrcat(pool, words, ' ');
}
