#include "bearer.h"

#include "limits.h"

/* token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
 * The text ends where its string does, or at a blank. */
bool mcp_bearer_is_token68(mcp_view_t text)
{
    apr_size_t i = strspn(text.data, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/");

    if (i == 0) {
        return false;
    }
    while (i < text.len && text.data[i] == '=') {
        i++;
    }
    return i == text.len;
}

static mcp_view_t trim(const char *field)
{
    mcp_view_t text = mcp_view_of(field + strspn(field, " \t"));

    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

static bool has_scheme(const char *field, const char *scheme)
{
    size_t len = strlen(scheme);

    return strncasecmp(field, scheme, len) == 0 && (field[len] == '\0' || strchr(" \t,", field[len]));
}

bool mcp_bearer_carries_token(const char *field)
{
    field += strspn(field, " \t");
    return has_scheme(field, "Bearer") || has_scheme(field, "DPoP");
}

/* RFC 9110 5.3: several fields arrive joined by commas. Parameters of another scheme, as Digest has them, have commas
 * too. */
static bool is_several(mcp_view_t text)
{
    const char *part = text.data, *end = text.data + text.len;

    while (part < end) {
        const char *comma = memchr(part, ',', (size_t)(end - part));

        part += strspn(part, " \t");
        if (part == comma || mcp_bearer_carries_token(part)) {
            return true;
        }
        part = comma ? comma + 1 : end;
    }
    return false;
}

mcp_reason_t mcp_bearer_find(mcp_view_t *token, const char *field)
{
    mcp_view_t text;
    apr_size_t skip = strlen("Bearer");

    if (!field) {
        return MCP_NO_CREDENTIALS;
    }
    text = trim(field);
    if (text.len == 0) {
        return MCP_CREDENTIALS_MALFORMED;
    }
    if (memchr(text.data, ',', text.len) && is_several(text)) {
        return MCP_CREDENTIALS_MULTIPLE;
    }
    if (!has_scheme(text.data, "Bearer")) {
        return MCP_OTHER_SCHEME;
    }
    while (skip < text.len && text.data[skip] == ' ') {
        skip++;
    }
    text = (mcp_view_t){ text.data + skip, text.len - skip };
    if (text.len > MCP_LIMIT_TOKEN) {
        return MCP_CREDENTIALS_TOO_LONG;
    }
    *token = text;
    return MCP_OK;
}

mcp_reason_t mcp_bearer_parse(mcp_view_t *token, const char *field)
{
    mcp_view_t found;
    mcp_reason_t reason = mcp_bearer_find(&found, field);

    if (reason == MCP_OK && !mcp_bearer_is_token68(found)) {
        reason = MCP_CREDENTIALS_MALFORMED;
    }
    if (reason == MCP_OK) {
        *token = found;
    }
    return reason;
}
