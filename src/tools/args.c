#include "args.h"

#include <apr_errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "../core/log.h"

const char *mcp_args_show(const char *word, apr_pool_t *pool)
{
    /* The contents of a key file given where its name belongs would otherwise end on the screen. */
    return strstr(word, "-----BEGIN") ? "(the text of a key or certificate)" : mcp_log_name(mcp_view_of(word), pool);
}

const char *mcp_args_reason(apr_status_t status, apr_pool_t *pool)
{
    char buffer[200];

    return apr_pstrdup(pool, apr_strerror(status, buffer, sizeof(buffer)));
}

static int find(const mcp_args_t *args, mcp_view_t name)
{
    for (int i = 0; args->options[i].name; i++) {
        if (mcp_view_is(name, args->options[i].name)) {
            return i;
        }
    }
    return -1;
}

mcp_args_exit_t mcp_args_refuse(const mcp_args_t *args, const char *name, const char *word, const char *problem)
{
    fprintf(stderr, "mcp-token %s: --%s: '%s' %s; for example --%s %s\n", args->command, name,
            mcp_args_show(word, args->pool), problem, name, args->options[find(args, mcp_view_of(name))].example);
    return MCP_ARGS_WRONG;
}

mcp_args_exit_t mcp_args_fail(const mcp_args_t *args, const char *format, ...)
{
    va_list list;

    fprintf(stderr, "mcp-token %s: ", args->command);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    return MCP_ARGS_FAILED;
}

static mcp_args_exit_t refuse_option(const mcp_args_t *args, const mcp_args_option_t *option, const char *problem)
{
    fprintf(stderr, "mcp-token %s: --%s %s; for example --%s %s\n", args->command, option->name, problem, option->name,
            option->example);
    return MCP_ARGS_WRONG;
}

static mcp_args_exit_t refuse_word(const mcp_args_t *args, const char *word)
{
    fprintf(stderr, "mcp-token %s: '%s' is not an option here; for example --%s %s; there are", args->command,
            mcp_args_show(word, args->pool), args->options[0].name, args->options[0].example);
    for (int i = 0; args->options[i].name; i++) {
        fprintf(stderr, " --%s", args->options[i].name);
    }
    fputc('\n', stderr);
    return MCP_ARGS_WRONG;
}

static bool is_utf8(const char *text)
{
    json_t *string = json_string(text);

    json_decref(string);
    return string != NULL;
}

static mcp_args_exit_t keep(mcp_args_t *args, int which, const char *value)
{
    const mcp_args_option_t *option = &args->options[which];

    if (!is_utf8(value)) {
        return mcp_args_refuse(args, option->name, value, "is not UTF-8");
    }
    if (*value == '\0') {
        return mcp_args_refuse(args, option->name, value, "is empty");
    }
    if (args->values[which]->nelts > 0 && !option->repeatable) {
        return refuse_option(args, option, "is given twice and has one value");
    }
    APR_ARRAY_PUSH(args->values[which], const char *) = value;
    return MCP_ARGS_DONE;
}

/* One option at words[*at], as "--name value" or "--name=value"; *at moves to the last word used. */
static mcp_args_exit_t read_one(mcp_args_t *args, int *at, int count, const char *const *words)
{
    const char *word = words[*at], *equals = strchr(word, '=');
    int which = -1;

    if (strncmp(word, "--", 2) == 0) {
        which = find(args, (mcp_view_t){ word + 2, equals ? (apr_size_t)(equals - word - 2) : strlen(word + 2) });
    }
    if (which < 0) {
        return refuse_word(args, word);
    }
    if (equals) {
        return keep(args, which, equals + 1);
    }
    /* A forgotten value must not swallow the next option; --name=--value says it is meant. */
    if (*at + 1 >= count || strncmp(words[*at + 1], "--", 2) == 0) {
        return refuse_option(args, &args->options[which], "wants a value");
    }
    *at += 1;
    return keep(args, which, words[*at]);
}

mcp_args_exit_t mcp_args_read(mcp_args_t *args, int count, const char *const *words)
{
    mcp_args_exit_t result = MCP_ARGS_DONE;
    int options = 0;

    while (args->options[options].name) {
        options++;
    }
    args->values = apr_pcalloc(args->pool, sizeof(apr_array_header_t *) * (size_t)(options + 1));
    for (int i = 0; i < options; i++) {
        args->values[i] = apr_array_make(args->pool, 2, sizeof(const char *));
    }
    for (int i = 0; i < count && result == MCP_ARGS_DONE; i++) {
        result = read_one(args, &i, count, words);
    }
    for (int i = 0; i < options && result == MCP_ARGS_DONE; i++) {
        if (args->options[i].required && args->values[i]->nelts == 0) {
            result = refuse_option(args, &args->options[i], "is missing");
        }
    }
    return result;
}

const apr_array_header_t *mcp_args_all(const mcp_args_t *args, const char *name)
{
    return args->values[find(args, mcp_view_of(name))];
}

const char *mcp_args_get(const mcp_args_t *args, const char *name, const char *otherwise)
{
    const apr_array_header_t *given = mcp_args_all(args, name);

    return given->nelts > 0 ? APR_ARRAY_IDX(given, 0, const char *) : otherwise;
}
