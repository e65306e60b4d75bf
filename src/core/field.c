#include "field.h"

#include "ascii.h"

bool mcp_field_is_same(mcp_view_t name, const char *other)
{
    for (apr_size_t i = 0; i < name.len; i++, other++) {
        char c = name.data[i];

        if (*other == '\0' ||
            (mcp_ascii_is_alnum(c) ? mcp_ascii_lower(c) != mcp_ascii_lower(*other) : mcp_ascii_is_alnum(*other))) {
            return false;
        }
    }
    return *other == '\0';
}

bool mcp_field_is_reserved(const char *name)
{
    static const char *const reserved[] = {
        "Accept",
        "Authorization",
        "Connection",
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "Cookie",
        "Expect",
        "Forwarded",
        "Host",
        "Keep-Alive",
        "Last-Event-ID",
        "Mcp-Method",
        "Mcp-Name",
        "MCP-Protocol-Version",
        "Mcp-Session-Id",
        "Origin",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Range",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
    };

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (strcasecmp(name, reserved[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool mcp_field_is_token_variable(const char *name)
{
    const size_t len = strlen("REDIRECT_");

    while (strncmp(name, "REDIRECT_", len) == 0) {
        name += len;
    }
    return strcmp(name, "HTTP_AUTHORIZATION") == 0;
}

static bool is_param(const char *name)
{
    static const char prefix[] = "Mcp-Param-";
    const size_t len = strlen(prefix);

    if (strncasecmp(name, prefix, len) != 0 || !name[len]) {
        return false;
    }
    name += len;
    while (mcp_ascii_is_alnum(*name) || *name == '-' || *name == '_') {
        name++;
    }
    return *name == '\0';
}

const char *mcp_field_params(const char *asked, apr_pool_t *pool)
{
    const char *params = "";
    char *state, *copy = apr_pstrdup(pool, asked);

    for (char *name = apr_strtok(copy, ", \t", &state); name; name = apr_strtok(NULL, ", \t", &state)) {
        if (is_param(name)) {
            params = apr_pstrcat(pool, params, ", ", name, NULL);
        }
    }
    return params;
}
