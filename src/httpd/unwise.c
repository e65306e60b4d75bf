#include "unwise.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <http_core.h>

/* What a path that is a pattern has. */
#define PATTERN "*?[]()^$\\"

/* Whether a line is this directive with these words; NULL is any. */
static bool is_line(const ap_directive_t *line, const char *name, const char *words, apr_pool_t *pool)
{
    const char *have = line->args, *want = words;

    if (strcasecmp(line->directive, name) != 0) {
        return false;
    }
    while (want && *want) {
        if (strcasecmp(ap_getword_conf(pool, &have), ap_getword_conf(pool, &want)) != 0) {
            return false;
        }
    }
    return true;
}

static const ap_directive_t *find(const ap_directive_t *section, const char *name, const char *words, apr_pool_t *pool)
{
    for (const ap_directive_t *line = section ? section->first_child : NULL; line; line = line->next) {
        if (is_line(line, name, words, pool)) {
            return line;
        }
    }
    return NULL;
}

static bool is_around(const ap_directive_t *inner, const char *name, const char *words, apr_pool_t *pool)
{
    for (const ap_directive_t *section = inner->parent; section; section = section->parent) {
        if (find(section, name, words, pool)) {
            return true;
        }
    }
    return false;
}

/* Whether one of the lines of a section is enough. */
static bool is_any(const ap_directive_t *section)
{
    return section && strcasecmp(section->directive, "<RequireAll") != 0 &&
           strcasecmp(section->directive, "<RequireNone") != 0;
}

/* Of several lines of ours in a section the first one speaks for all. */
static bool is_first(const ap_directive_t *directive, apr_pool_t *pool)
{
    for (const ap_directive_t *line = directive->parent->first_child; line != directive; line = line->next) {
        const char *args = line->args;

        if (is_line(line, "Require", NULL, pool) && strncasecmp(ap_getword_conf(pool, &args), "mcp-", 4) == 0) {
            return false;
        }
    }
    return true;
}

void mcp_unwise_require(cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;
    apr_pool_t *pool = cmd->temp_pool;

    if (mcp_cmds_in_htaccess(cmd) || !section || !is_first(cmd->directive, pool)) {
        return;
    }
    if (is_any(section) && find(section, "Require", "all granted", pool)) {
        mcp_cmds_warn(cmd, "'Require all granted' beside it lets everybody in: one of the lines is enough");
    }
    if (is_any(section) && find(section, "Require", "valid-user", pool)) {
        mcp_cmds_warn(cmd, "'Require valid-user' beside it lets every good token in: one of the lines is enough, and "
                           "<RequireAll> asks for both");
    }
    if (is_around(cmd->directive, "Satisfy", "any", pool)) {
        mcp_cmds_warn(cmd, "with 'Satisfy Any' no token is needed unless Order, Allow and Deny say no");
    }
}

static bool is_plain(const char *path)
{
    return path[0] == '/' && !strpbrk(path, PATTERN);
}

/* Whether a section is around a place, as far as their words show: patterns and conditions may be. */
static bool is_about(const ap_directive_t *section, const char *place, apr_pool_t *pool)
{
    const char *args = section->args, *end = strrchr(args, '>');
    const char *path = end ? apr_pstrmemdup(pool, args, (apr_size_t)(end - args)) : args;

    path = ap_getword_conf(pool, &path);
    return !is_plain(path) || !is_plain(place) || strncmp(place, path, strlen(path)) == 0;
}

/* Whether a section, or one in it, can bring AuthType MCP to a place that has none of its own: a <Location> around it, or
 * one without a resource, which is for others. */
static bool brings_auth_type(const ap_directive_t *section, const char *place, apr_pool_t *pool)
{
    for (const ap_directive_t *inner = section->first_child; inner; inner = inner->next) {
        if (inner->first_child && brings_auth_type(inner, place, pool)) {
            return true;
        }
    }
    return find(section, "AuthType", "MCP", pool) &&
           (!find(section, "MCPResource", NULL, pool) || is_about(section, place, pool));
}

static bool has_auth_type(cmd_parms *cmd)
{
    if (is_around(cmd->directive, "AuthType", NULL, cmd->temp_pool)) {
        return true;
    }
    for (const ap_directive_t *section = ap_conftree; section; section = section->next) {
        if (brings_auth_type(section, cmd->path ? cmd->path : "", cmd->temp_pool)) {
            return true;
        }
    }
    return false;
}

/* Whether the directive stands in a <Directory> that is no directory, which somebody may have taken for a URL. */
static bool is_nowhere(cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;
    apr_finfo_t info;
    apr_status_t status;

    if (!section || strcasecmp(section->directive, "<Directory") != 0 || !cmd->path || !is_plain(cmd->path)) {
        return false;
    }
    status = apr_stat(&info, cmd->path, APR_FINFO_TYPE, cmd->temp_pool);
    return APR_STATUS_IS_ENOENT(status) || APR_STATUS_IS_ENOTDIR(status); /* others are of who asks */
}

void mcp_unwise_resource(cmd_parms *cmd)
{
    if (!has_auth_type(cmd)) {
        mcp_cmds_warn(cmd, "no AuthType MCP is beside it or around it, so nothing is protected by it");
    }
    if (is_nowhere(cmd)) {
        mcp_cmds_warn(cmd, "this <Directory> is not there; what is proxied is in no directory, <Location> is for it");
    }
}
