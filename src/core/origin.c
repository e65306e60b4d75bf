#include "origin.h"

#include "uri.h"

const char *mcp_origin_read(const char *word, apr_pool_t *pool)
{
    const char *host = strstr(word, "://");
    mcp_uri_t uri;

    if (strcmp(word, "*") == 0 || strcmp(word, "null") == 0) {
        return word;
    }
    if (strchr(word, '*')) { /* a pattern would be read as a name, and match nothing */
        return NULL;
    }
    if (mcp_uri_parse(&uri, word, pool) == NULL) {
        return *uri.path || uri.query ? NULL : mcp_uri_origin(&uri, pool);
    }
    if (strncasecmp(word, "http:", 5) == 0 || strncasecmp(word, "https:", 6) == 0) {
        return NULL;
    }
    return host && host > word && host[3] && !strpbrk(host + 3, "/ ,*?#\"") ? word : NULL;
}

static bool is_own(const char *origin, const char *resource, apr_pool_t *pool)
{
    mcp_uri_t uri;

    return resource && !mcp_uri_parse(&uri, resource, pool) && strcmp(mcp_uri_origin(&uri, pool), origin) == 0;
}

const char *mcp_origin_allow(const char *origin, const apr_array_header_t *allowed, const char *resource,
                             apr_pool_t *pool)
{
    if (strpbrk(origin, ", ")) { /* two fields, joined: whose origin would count? */
        return NULL;
    }
    if (!allowed) {
        return is_own(origin, resource, pool) ? origin : NULL;
    }
    for (int i = 0; i < allowed->nelts; i++) {
        const char *one = APR_ARRAY_IDX(allowed, i, const char *);

        if (strcmp(one, "*") == 0 || strcmp(one, origin) == 0) {
            return strcmp(one, "*") == 0 ? one : origin;
        }
    }
    return NULL;
}
