#include "cmds.h"

#include "../core/operation.h"
#include "../core/units.h"

#define EXAMPLE "MCPOperation tools/call delete_* files:delete"

MCP_CMD_ARGV(operation)
{
    mcp_dir_conf_t *dir = section;
    bool none = argc == 1 && strcasecmp(argv[0], "none") == 0;
    mcp_operation_t operation;
    const char *wrong;

    mcp_cmds_use(cmd);
    if (!dir->operations || none) {
        dir->operations = apr_array_make(cmd->pool, 8, sizeof(mcp_operation_t));
    }
    if (none) {
        return NULL;
    }
    if ((wrong = mcp_cmds_list(cmd, argc, argv, "is no word of a rule", EXAMPLE)) != NULL) {
        return wrong;
    }
    if ((wrong = mcp_operation_parse(&operation, argc, argv, cmd->pool)) != NULL) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", wrong, NULL);
    }
    if (dir->operations->nelts == MCP_LIMIT_OPERATIONS) {
        return mcp_cmds_refuse(cmd, mcp_cmds_words(cmd, argc, argv), "is one rule too many: a section has at most 1024",
                               EXAMPLE);
    }
    APR_ARRAY_PUSH(dir->operations, mcp_operation_t) = operation;
    return NULL;
}

MCP_CMD_ARGV(max_body)
{
    mcp_dir_conf_t *dir = section;
    const char *word = mcp_cmds_words(cmd, argc, argv);

    mcp_cmds_use(cmd);
    if (!mcp_units_size(&dir->max_body, word)) {
        return mcp_cmds_refuse(cmd, word, "is not a size", "MCPMaxBody 4M");
    }
    if (dir->max_body < MCP_LIMIT_MAX_BODY_MIN || dir->max_body > MCP_LIMIT_MAX_BODY) {
        return mcp_cmds_refuse(cmd, word, "is not between 1K and 64M", "MCPMaxBody 4M");
    }
    if (mcp_cmds_in_htaccess(cmd) && dir->max_body > MCP_LIMIT_MAX_BODY_TENANT) {
        return mcp_cmds_refuse(cmd, word, "is more than .htaccess may take", "MCPMaxBody 1M");
    }
    return NULL;
}

MCP_CMD_ARGV(batch)
{
    static const char *const choices[] = { "Off", "On" };
    mcp_dir_conf_t *dir = section;

    return mcp_cmds_choice(cmd, &dir->batch, argc, argv, choices);
}
