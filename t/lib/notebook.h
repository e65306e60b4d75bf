/* notebook.h - a listener for tests that keeps every log line, so that they can be counted and searched. Not
 * thread-safe reading: look only when nobody writes.
 */
#ifndef NOTEBOOK_H
#define NOTEBOOK_H

#include <pthread.h>
#include <stdio.h>

#include "../../src/core/log.h"

typedef struct {
    pthread_mutex_t lock;
    int lines;
    size_t used;
    char text[1048576];
} notebook_t;

static notebook_t notebook = { .lock = PTHREAD_MUTEX_INITIALIZER };

static inline void notebook_write(void *baton, mcp_log_level_t level, const char *line)
{
    static const char *const names[] = { "error", "warn", "info", "debug" };
    notebook_t *book = baton;
    size_t left;

    pthread_mutex_lock(&book->lock);
    left = sizeof(book->text) - book->used;
    book->lines++;
    if (strlen(line) + 16 < left) {
        book->used += (size_t)snprintf(book->text + book->used, left, "%s %s\n", names[level], line);
    }
    pthread_mutex_unlock(&book->lock);
}

static inline mcp_log_t notebook_open(void)
{
    return (mcp_log_t){ notebook_write, &notebook };
}

static inline void notebook_clear(void)
{
    notebook.lines = 0;
    notebook.used = 0;
    notebook.text[0] = '\0';
}

/* How often a text occurs. */
static inline int notebook_count(const char *text)
{
    int count = 0;

    for (const char *c = notebook.text; (c = strstr(c, text)) != NULL; c++) {
        count++;
    }
    return count;
}

#endif
