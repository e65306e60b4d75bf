#include "path.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>

#include "ascii.h"

/* Take the next byte of a path, decoded; a control byte is a blank. */
static char take(const char **path)
{
    const char *p = *path;
    unsigned char byte = (unsigned char)*p;

    if (p[0] == '%' && apr_isxdigit(p[1]) && apr_isxdigit(p[2])) {
        const char hex[] = { p[1], p[2], '\0' };

        byte = (unsigned char)strtol(hex, NULL, 16);
        *path += 2;
    }
    *path += 1;
    return (char)(byte < ' ' ? ' ' : byte);
}

/* Where the last segment of len bytes begins, behind its slash. */
static size_t last_segment(const char *bytes, size_t len)
{
    while (len > 0 && bytes[len - 1] != '/') {
        len--;
    }
    return len;
}

/* End the segment that the first len bytes end with. Returns how many of them are left. */
static size_t end_segment(const char *bytes, size_t len)
{
    size_t start = last_segment(bytes, len), end = len;

    if (len - start == 2 && memcmp(bytes + start, "..", 2) == 0) {
        return start > 1 ? last_segment(bytes, start - 1) : start;
    }
    while (end > start && (bytes[end - 1] == '.' || bytes[end - 1] == ' ')) {
        end--;
    }
    return end;
}

const char *mcp_path_fold(const char *path, apr_pool_t *pool)
{
    char *folded = apr_palloc(pool, strlen(path) + 2);
    size_t len = 0;
    bool in_params = false;

    folded[len++] = '/';
    while (*path) {
        char c = take(&path);

        if (c == '/' || c == '\\') {
            in_params = false;
            len = end_segment(folded, len);
            if (folded[len - 1] != '/') {
                folded[len++] = '/';
            }
        } else if (c == ';' || in_params) {
            in_params = true;
        } else {
            folded[len++] = c;
        }
    }
    len = end_segment(folded, len);
    folded[len] = '\0';
    return folded;
}

const char *mcp_path_respell(const char *path, const char *location, apr_pool_t *pool)
{
    size_t len = strlen(location), stem = len - (len > 0 && location[len - 1] == '/');

    if (strlen(path) < stem || !mcp_ascii_same(path, location, stem) || (path[stem] && path[stem] != '/')) {
        return NULL;
    }
    return path[stem] ? apr_pstrcat(pool, apr_pstrmemdup(pool, location, stem), path + stem, NULL) : location;
}
