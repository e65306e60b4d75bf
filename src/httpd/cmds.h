/* cmds.h - what the two tables of directives share: how words are read and how a mistake is told.
 * Not what the settings do.
 */
#ifndef MCP_CMDS_H
#define MCP_CMDS_H

#include "conf.h"

/* The head of a directive's function; section is the mcp_dir_conf_t that the directive stands in. */
#define MCP_CMD_ARGV(name) const char *mcp_cmd_##name(cmd_parms *cmd, void *section, int argc, char *const argv[])

/* Directives of the server: its issuers (cmds_server.c). */
MCP_CMD_ARGV(issuer);
const char *mcp_cmd_issuer_section(cmd_parms *cmd, void *section, const char *args);
MCP_CMD_ARGV(keys);
MCP_CMD_ARGV(shared_secret);
MCP_CMD_ARGV(algorithms);
MCP_CMD_ARGV(token_type);
MCP_CMD_ARGV(token_format);
MCP_CMD_ARGV(introspection);
MCP_CMD_ARGV(client_auth);
MCP_CMD_ARGV(profile);
MCP_CMD_ARGV(claim);
MCP_CMD_ARGV(scope_prefix);

/* Directives of the server: how it fetches and what it keeps (cmds_process.c). */
MCP_CMD_ARGV(allow_http);
MCP_CMD_ARGV(timeout);
MCP_CMD_ARGV(refresh);
MCP_CMD_ARGV(proxy);
MCP_CMD_ARGV(cache);
MCP_CMD_ARGV(metadata_mirror);
MCP_CMD_ARGV(state_dir);
MCP_CMD_ARGV(token_cache);
MCP_CMD_ARGV(ca_file);

/* Directives of directories (cmds_dir.c). */
MCP_CMD_ARGV(resource);
MCP_CMD_ARGV(audience);
MCP_CMD_ARGV(trust_issuer);
MCP_CMD_ARGV(scope_implies);
MCP_CMD_ARGV(scopes_supported);
MCP_CMD_ARGV(metadata);
MCP_CMD_ARGV(challenge_param);
MCP_CMD_ARGV(allow_origin);
MCP_CMD_ARGV(forward_claim);
MCP_CMD_ARGV(forward_token);
MCP_CMD_ARGV(clock_skew);
MCP_CMD_ARGV(error_body);
MCP_CMD_ARGV(mode);

/* Directives of directories about operations (cmds_operations.c). */
MCP_CMD_ARGV(operation);
MCP_CMD_ARGV(max_body);
MCP_CMD_ARGV(batch);

/* The configuration of the server that the directive is for. */
mcp_server_conf_t *mcp_cmds_server(cmd_parms *cmd);

/* Remember in the server, unless this is .htaccess, that it has MCP directives of directories at all. */
void mcp_cmds_use(cmd_parms *cmd);

/* One of two words for a directory: the first is 0, the second 1. NULL or the refusal. */
const char *mcp_cmds_choice(cmd_parms *cmd, int *value, int argc, char *const argv[], const char *const choices[2]);

/* The issuer that a directive is about: the open section's, or the defaults of the server. */
mcp_issuer_conf_t *mcp_cmds_issuer(cmd_parms *cmd);

/* NULL inside of <MCPIssuer>, else the refusal. */
const char *mcp_cmds_outside(cmd_parms *cmd, const char *word);

/* Read what file:PATH names; a secret one must be closed to others. NULL or the refusal. */
const char *mcp_cmds_file(cmd_parms *cmd, mcp_view_t *bytes, const char *word, bool secret);

/* Without the line end that editors put behind the last line. */
mcp_view_t mcp_cmds_chomp(mcp_view_t bytes);

/* "DIRECTIVE: 'word' what; for example DIRECTIVE example", the word as mcp_log_word shows it. */
const char *mcp_cmds_refuse(cmd_parms *cmd, const char *word, const char *what, const char *example);

/* All arguments as one text, for messages. */
const char *mcp_cmds_words(cmd_parms *cmd, int argc, char *const argv[]);

/* Whether the directive stands in a .htaccess file, where nothing outside of its own directory may be touched. */
bool mcp_cmds_in_htaccess(cmd_parms *cmd);

/* The file and line of the directive. */
const char *mcp_cmds_place(cmd_parms *cmd);

/* Say at start, once, that something is legal but unwise: "DIRECTIVE (place): text". Silent in .htaccess. */
void mcp_cmds_warn(cmd_parms *cmd, const char *text);

/* Whether there are words, each with something in it, and no more than httpd hands over. NULL or the refusal, which says
 * what they are not. */
const char *mcp_cmds_list(cmd_parms *cmd, int argc, char *const argv[], const char *what, const char *example);

/* A list of strings; NULL or the refusal. Words add to *list, within one section; the word none alone makes it an empty list that hides an
 * inherited one. */
const char *mcp_cmds_add_words(cmd_parms *cmd, apr_array_header_t **list, int argc, char *const argv[]);

/* A duration of at most max. */
const char *mcp_cmds_duration(cmd_parms *cmd, apr_interval_time_t *value, apr_interval_time_t max, int argc,
                              char *const argv[]);

/* An absolute URI; NULL or the refusal. */
const char *mcp_cmds_uri(cmd_parms *cmd, mcp_uri_t *uri, const char *word, const char *example);

#endif
