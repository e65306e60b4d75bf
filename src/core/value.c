#include "value.h"

#include <apr_tables.h>
#include <math.h>

/* A number that is whole and exact: an integer, or a real that stands for one (1e3, or any integer beside one that
 * did not fit, see json.h). */
static bool whole_number(apr_int64_t *number, const json_t *value)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    double real = json_real_value(value);

    if (json_is_integer(value)) {
        *number = json_integer_value(value);
        return true;
    }
    if (!json_is_real(value) || !(fabs(real) < exact) || real != trunc(real)) {
        return false;
    }
    *number = (apr_int64_t)real;
    return true;
}

/* The text of a string, whole number or boolean; NULL for other types. */
static const char *scalar_text(const json_t *value, apr_pool_t *pool)
{
    apr_int64_t number;

    if (json_is_string(value)) {
        return apr_pstrmemdup(pool, json_string_value(value), json_string_length(value));
    }
    if (whole_number(&number, value)) {
        return apr_psprintf(pool, "%" APR_INT64_T_FMT, number);
    }
    return json_is_boolean(value) ? (json_is_true(value) ? "true" : "false") : NULL;
}

const char *mcp_value_text(const json_t *value, apr_pool_t *pool)
{
    const json_t *member;
    apr_array_header_t *words;
    size_t i;

    if (!json_is_array(value)) {
        return scalar_text(value, pool);
    }
    words = apr_array_make(pool, 4, sizeof(const char *));
    json_array_foreach (value, i, member) {
        const char *word = scalar_text(member, pool);

        if (word) {
            APR_ARRAY_PUSH(words, const char *) = word;
        }
    }
    return apr_array_pstrcat(pool, words, ' ');
}

static bool scalar_is(const json_t *value, const char *expected)
{
    char text[32];
    apr_int64_t number;

    if (json_is_string(value)) {
        return mcp_view_is((mcp_view_t){ json_string_value(value), json_string_length(value) }, expected);
    }
    if (whole_number(&number, value)) {
        apr_snprintf(text, sizeof(text), "%" APR_INT64_T_FMT, number);
        return strcmp(text, expected) == 0;
    }
    return json_is_boolean(value) && strcmp(json_is_true(value) ? "true" : "false", expected) == 0;
}

bool mcp_value_contains(const json_t *value, const char *text)
{
    const json_t *member;
    size_t i;

    json_array_foreach (value, i, member) {
        if (scalar_is(member, text)) {
            return true;
        }
    }
    return scalar_is(value, text);
}
