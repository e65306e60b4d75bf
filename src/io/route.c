#include "route.h"

#include <apr_lib.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "../core/uri.h"

unsigned mcp_route_reach(const char *address)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    if (address && inet_pton(AF_INET, address, bytes) == 1) {
        return mcp_address_reach((mcp_view_t){ (const char *)bytes, 4 });
    }
    if (address && inet_pton(AF_INET6, address, bytes) == 1) {
        return mcp_address_reach((mcp_view_t){ (const char *)bytes, 16 });
    }
    return 0;
}

static bool is_listed(const apr_array_header_t *hosts, const char *host)
{
    for (int i = 0; hosts && i < hosts->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(hosts, i, const char *), host) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_localhost(const char *host)
{
    size_t len = strlen(host), suffix = strlen(".localhost");

    return strcmp(host, "localhost") == 0 || (len > suffix && strcmp(host + len - suffix, ".localhost") == 0);
}

/* Labels of letters, digits, hyphens and underscores, of which the last does not begin with a digit. Other texts are
 * spellings of an address or become one: numbers, %-escapes, zones. */
static bool is_plain_name(const char *host)
{
    const char *dot = strrchr(host, '.'), *last = dot ? dot + 1 : host;

    return *last && !apr_isdigit(*last) && !host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.")];
}

/* A host that is written as an address shows its part of the network, whoever connects to it, and so does "localhost"
 * (RFC 6761 6.3). 0 for a name, which may be anywhere. */
static unsigned shown_by(const mcp_uri_t *uri, apr_pool_t *pool)
{
    char *host = apr_pstrdup(pool, uri->host);
    size_t len = strlen(host);
    unsigned reach;

    if (len > 0 && host[len - 1] == '.') { /* the root of all names */
        host[len - 1] = '\0';
    }
    if (mcp_uri_is_loopback(uri) || is_localhost(host)) {
        return MCP_REACH_LOOPBACK;
    }
    if ((reach = mcp_route_reach(host)) != 0) {
        return reach;
    }
    return is_plain_name(host) ? 0 : MCP_REACH_OTHER; /* nothing that a document may send us to */
}

const char *mcp_route_find(mcp_route_t *route, const mcp_fetch_request_t *request, const mcp_fetch_options_t *options,
                           apr_pool_t *pool)
{
    mcp_uri_t uri;
    const char *wrong = mcp_uri_parse(&uri, request->url, pool);

    if (wrong) {
        return apr_psprintf(pool, "a URL that %s", wrong);
    }
    *route = (mcp_route_t){ .https = uri.https, .shown = shown_by(&uri, pool), .reach = request->reach };
    route->by_proxy = options->proxy && route->shown != MCP_REACH_LOOPBACK;
    if (options->proxy && route->shown != 0 && (route->shown & request->reach) == 0) {
        return MCP_ROUTE_OUT_OF_REACH;
    }
    if (route->by_proxy) {
        route->reach = MCP_REACH_ALL; /* of the proxy, which the admin has named */
    }
    if (uri.https || is_listed(options->allow_http, uri.host)) {
        return NULL;
    }
    if (!mcp_uri_is_loopback(&uri)) {
        return "plain http, which this host is not allowed";
    }
    route->reach &= MCP_REACH_LOOPBACK; /* whatever the resolver says of "localhost" */
    return NULL;
}
