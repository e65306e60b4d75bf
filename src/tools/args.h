/* args.h - options of the command line: read by a table, refused with the option, the word and a right example.
 * Not what a command does with them. Exit codes live here as every command ends through one of these functions.
 */
#ifndef MCP_ARGS_H
#define MCP_ARGS_H

#include <apr_tables.h>

#include "../core/view.h"

typedef enum {
    MCP_ARGS_DONE = 0,   /* what was asked for is done */
    MCP_ARGS_FAILED = 1, /* the command was right, the world was not: a file, a key */
    MCP_ARGS_WRONG = 2   /* the command was wrong; nothing was done */
} mcp_args_exit_t;

typedef struct {
    const char *name;    /* without its dashes */
    const char *example; /* a right value */
    bool required;
    bool repeatable;
} mcp_args_option_t;

/* The words of one call. values[i] holds what was given for options[i], as const char *. */
typedef struct {
    const char *command;
    const mcp_args_option_t *options; /* ends with a row without a name */
    apr_array_header_t **values;
    apr_pool_t *pool;
} mcp_args_t;

/* Read the words after the command. MCP_ARGS_WRONG has told the user why. The words are borrowed. */
mcp_args_exit_t mcp_args_read(mcp_args_t *args, int count, const char *const *words);

/* The value given for an option, or otherwise. */
const char *mcp_args_get(const mcp_args_t *args, const char *name, const char *otherwise);

/* All values given, in order; empty when none. */
const apr_array_header_t *mcp_args_all(const mcp_args_t *args, const char *name);

/* "mcp-token COMMAND: --NAME: 'WORD' PROBLEM; for example --NAME EXAMPLE". */
mcp_args_exit_t mcp_args_refuse(const mcp_args_t *args, const char *name, const char *word, const char *problem);

/* "mcp-token COMMAND: MESSAGE", for what went wrong in the world. */
mcp_args_exit_t mcp_args_fail(const mcp_args_t *args, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A word as it may be shown on a terminal: no control characters, cut when long, never key material. */
const char *mcp_args_show(const char *word, apr_pool_t *pool);

/* What the system says about a status. */
const char *mcp_args_reason(apr_status_t status, apr_pool_t *pool);

#endif
