#include "challenge.h"

#include "ascii.h"

bool mcp_challenge_is_value(const char *text)
{
    if (!*text) {
        return false;
    }
    for (const char *c = text; *c; c++) {
        if (*c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\' || *c == ',') {
            return false;
        }
        if (*c == '=' && c > text && (mcp_ascii_is_alnum(c[-1]) || c[-1] == '_' || c[-1] == '-')) {
            return false;
        }
    }
    return true;
}

static bool is_tchar(char c)
{
    return mcp_ascii_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

bool mcp_challenge_is_extra_name(const char *text)
{
    static const char *const own[] = { "realm", "error", "error_description", "scope", "resource_metadata" };
    const char *c = text;

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        size_t own_len = strlen(own[i]), len = strlen(text);

        /* x_scope= would be read as scope= by clients that look for the bare word */
        if (len >= own_len && strcasecmp(text + len - own_len, own[i]) == 0) {
            return false;
        }
    }
    while (is_tchar(*c)) {
        c++;
    }
    return c > text && *c == '\0';
}

static void add(apr_array_header_t *params, const char *name, const char *value)
{
    if (value && *value) {
        APR_ARRAY_PUSH(params, const char *) = apr_pstrcat(params->pool, name, "=\"", value, "\"", NULL);
    }
}

const char *mcp_challenge_format(const mcp_challenge_t *challenge, apr_pool_t *pool)
{
    const mcp_reason_row_t *row = mcp_reason_row(challenge->reason);
    apr_array_header_t *params = apr_array_make(pool, 8, sizeof(const char *));
    const char *text;

    add(params, "realm", challenge->realm);
    add(params, "error", row->error);
    add(params, "error_description", row->error ? row->text : NULL);
    add(params, "scope", challenge->scope);
    add(params, "resource_metadata", challenge->resource_metadata);
    for (int i = 0; challenge->extra && i < challenge->extra->nelts; i++) {
        const mcp_challenge_param_t *param = &APR_ARRAY_IDX(challenge->extra, i, mcp_challenge_param_t);

        add(params, param->name, param->value);
    }
    text = "Bearer";
    for (int i = 0; i < params->nelts; i++) {
        text = apr_pstrcat(pool, text, i ? ", " : " ", APR_ARRAY_IDX(params, i, const char *), NULL);
    }
    return text;
}

static const char *skip_blanks(const char *c)
{
    return c + strspn(c, " \t");
}

static const char *skip_token(const char *c)
{
    while (is_tchar(*c)) {
        c++;
    }
    return c;
}

/* Behind a token or quoted-string (RFC 9110 5.6.4); NULL when there is neither. */
static const char *skip_value(const char *c)
{
    if (*c != '"') {
        const char *end = skip_token(c);

        return end > c ? end : NULL;
    }
    for (c++; *c && *c != '"'; c++) {
        if (*c == '\\' && c[1]) {
            c++;
        }
    }
    return *c == '"' ? c + 1 : NULL;
}

/* Whether name = value begins here, and where the value begins. The padding of a token68 is no value. */
static bool is_param(const char *c, const char **value)
{
    const char *end = skip_token(c), *equals = skip_blanks(end);

    if (end == c || *equals != '=') {
        return false;
    }
    *value = skip_blanks(equals + 1);
    return **value != '\0' && !strchr("=,", **value);
}

/* One challenge of a field: where a parameter could be added behind its last one, and what it has. */
typedef struct {
    bool bearer;
    bool has_metadata;
    bool has_params;
    bool token68; /* as Negotiate has: nothing can be added */
    const char *end;
} parsed_t;

/* Behind the commas and blanks between list elements (RFC 9110 5.6.1). */
static const char *skip_commas(const char *c)
{
    return c + strspn(c, " \t,");
}

/* Read name = value pairs as long as there are some. Returns the end of the last, NULL when they cannot be followed. */
static const char *read_params(parsed_t *parsed, const char *c)
{
    const char *value, *next;

    while (is_param(c, &value)) {
        parsed->has_params = true;
        if (skip_token(c) - c == 17 && strncasecmp(c, "resource_metadata", 17) == 0) {
            parsed->has_metadata = true;
        }
        if ((parsed->end = skip_value(value)) == NULL) {
            return NULL;
        }
        next = skip_blanks(parsed->end);
        if (*next != ',') {
            return *next == '\0' ? parsed->end : NULL;
        }
        c = skip_commas(next);
    }
    return parsed->end;
}

/* Read one challenge. Returns the end of it, before a comma or the end of the field, NULL when it cannot be followed.
 */
static const char *read_challenge(parsed_t *parsed, const char *c)
{
    const char *scheme_end = skip_token(c), *rest = skip_blanks(scheme_end), *value;

    *parsed = (parsed_t){ .bearer = scheme_end - c == 6 && strncasecmp(c, "Bearer", 6) == 0, .end = scheme_end };
    if (scheme_end == c || (rest == scheme_end && *rest != ',' && *rest != '\0')) {
        return NULL;
    }
    if (*rest == ',' || *rest == '\0') {
        return scheme_end;
    }
    if (is_param(rest, &value)) {
        return read_params(parsed, rest);
    }
    parsed->token68 = true;
    rest += strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=");
    parsed->end = rest;
    rest = skip_blanks(rest);
    return *rest == ',' || *rest == '\0' ? parsed->end : NULL;
}

const char *mcp_challenge_complete(const char *field, const char *resource_metadata, apr_pool_t *pool)
{
    const char *c = skip_commas(field), *where = NULL;
    bool comma = false;

    while (*c) {
        parsed_t parsed;
        const char *end = read_challenge(&parsed, c);

        if (!end || (parsed.bearer && (parsed.has_metadata || parsed.token68))) {
            return NULL;
        }
        if (parsed.bearer && !where) {
            where = parsed.end;
            comma = parsed.has_params;
        }
        c = skip_commas(end);
    }
    return where ? apr_psprintf(pool, "%.*s%s resource_metadata=\"%s\"%s", (int)(where - field), field,
                                comma ? "," : "", resource_metadata, where)
                 : NULL;
}
