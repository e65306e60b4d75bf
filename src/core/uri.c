#include "uri.h"

#include <apr_uri.h>
#include <stdlib.h>

#include "ascii.h"

static bool only_uri_bytes(const char *text)
{
    for (; *text; text++) {
        if (*text <= 0x20 || *text >= 0x7f || strchr("\"<>\\^`{|}", *text)) { /* RFC 3986 2 */
            return false;
        }
    }
    return true;
}

static char *lower(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text);

    for (char *c = copy; *c; c++) {
        *c = mcp_ascii_lower(*c);
    }
    return copy;
}

/* 1 to 65535 in digits; APR would take a sign, and the rest of a longer number. */
static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits < 6 && text[digits] == '\0' && atoi(text) > 0 && atoi(text) <= 65535;
}

static const char *check_parts(const apr_uri_t *parts)
{
    if (!parts->scheme || !parts->hostinfo) {
        return "is relative";
    }
    if (strcasecmp(parts->scheme, "https") != 0 && strcasecmp(parts->scheme, "http") != 0) {
        return "is neither https nor http";
    }
    if (parts->user || parts->password || strchr(parts->hostinfo, '@')) {
        return "has user information";
    }
    if (!parts->hostname || !*parts->hostname) {
        return "has no host";
    }
    if (parts->port_str && !is_port(parts->port_str)) {
        return "has a bad port";
    }
    return NULL;
}

const char *mcp_uri_parse(mcp_uri_t *uri, const char *text, apr_pool_t *pool)
{
    apr_uri_t parts;
    const char *wrong;

    if (!only_uri_bytes(text)) {
        return "has a character that no URI may have";
    }
    if (strchr(text, '#')) {
        return "has a fragment";
    }
    if (apr_uri_parse(pool, text, &parts) != APR_SUCCESS) {
        return "is not a URI";
    }
    if ((wrong = check_parts(&parts)) != NULL) {
        return wrong;
    }
    uri->https = strcasecmp(parts.scheme, "https") == 0;
    uri->host = lower(parts.hostname, pool);
    uri->authority = parts.hostinfo;
    uri->port = parts.port_str ? parts.port : uri->https ? 443 : 80;
    uri->path = parts.path ? parts.path : "";
    uri->query = parts.query;
    return NULL;
}

/* 127.0.0.0/8 in dotted form; "127.example.com" is a name that anyone may register. */
static bool is_loopback_address(const char *host)
{
    if (strncmp(host, "127.", 4) != 0) {
        return false;
    }
    return host[strspn(host, "0123456789.")] == '\0';
}

bool mcp_uri_is_loopback(const mcp_uri_t *uri)
{
    return strcmp(uri->host, "localhost") == 0 || strcmp(uri->host, "::1") == 0 || is_loopback_address(uri->host);
}

const char *mcp_uri_origin(const mcp_uri_t *uri, apr_pool_t *pool)
{
    const char *scheme = uri->https ? "https" : "http";
    const char *host = strchr(uri->host, ':') ? apr_pstrcat(pool, "[", uri->host, "]", NULL) : uri->host;

    if (uri->port == (uri->https ? 443U : 80U)) {
        return apr_pstrcat(pool, scheme, "://", host, NULL);
    }
    return apr_psprintf(pool, "%s://%s:%u", scheme, host, uri->port);
}

const char *mcp_uri_insert(const mcp_uri_t *uri, const char *name, apr_pool_t *pool)
{
    const char *path = strcmp(uri->path, "/") == 0 ? "" : uri->path;

    return apr_pstrcat(pool, uri->https ? "https://" : "http://", uri->authority, name, path, uri->query ? "?" : "",
                       uri->query ? uri->query : "", NULL);
}

bool mcp_uri_match(const char **rest, const char *name, const char *path, apr_pool_t *pool)
{
    const size_t len = strlen(name);
    size_t path_len = strlen(path);

    if (strncmp(path, name, len) == 0 && (path[len] == '\0' || path[len] == '/')) {
        *rest = path[len] ? path + len : "/";
        return true;
    }
    if (path_len > len && strcmp(path + path_len - len, name) == 0) {
        *rest = apr_pstrmemdup(pool, path, path_len - len);
        return true;
    }
    return false;
}

/* A dot of a dot segment, as it is or encoded; how many bytes write it. */
static apr_size_t dot(mcp_view_t text)
{
    if (text.len > 0 && text.data[0] == '.') {
        return 1;
    }
    return text.len > 2 && text.data[0] == '%' && text.data[1] == '2' && mcp_ascii_lower(text.data[2]) == 'e' ? 3 : 0;
}

/* What some program takes for a slash: how many bytes write it, 0 for anything else. */
static apr_size_t slash(mcp_view_t text)
{
    if (text.len > 0 && (text.data[0] == '/' || text.data[0] == '\\')) {
        return 1;
    }
    return text.len > 2 && text.data[0] == '%' &&
                   (mcp_ascii_same(text.data + 1, "2f", 2) || mcp_ascii_same(text.data + 1, "5c", 2))
               ? 3
               : 0;
}

/* A semicolon begins parameters of a segment (RFC 3986 3.3), which some servers take off first. */
static bool ends_segment(mcp_view_t text)
{
    return text.len == 0 || slash(text) > 0 || strchr("?#;", text.data[0]) != NULL;
}

static mcp_view_t rest(mcp_view_t text, apr_size_t len)
{
    return (mcp_view_t){ text.data + len, text.len - len };
}

bool mcp_uri_has_dot_segment(mcp_view_t uri)
{
    bool starts = true; /* a segment begins here */
    apr_size_t len;

    for (; uri.len > 0; uri = rest(uri, len)) {
        if (starts && dot(uri) > 0) {
            mcp_view_t behind = rest(uri, dot(uri));

            behind = rest(behind, dot(behind));
            if (ends_segment(behind)) {
                return true;
            }
        }
        len = slash(uri);
        starts = len > 0 || uri.data[0] == ':'; /* file:../a has a path as well */
        len = len > 0 ? len : 1;
    }
    return false;
}

bool mcp_uri_is_plain_path(const char *path)
{
    return !strstr(path, "//") && !strstr(path, "/.") && !strcasestr(path, "%2e") && !strcasestr(path, "%2f") &&
           !strcasestr(path, "%5c");
}

bool mcp_uri_is_same_path(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);

    a_len -= a_len > 1 && a[a_len - 1] == '/';
    b_len -= b_len > 1 && b[b_len - 1] == '/';
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}
