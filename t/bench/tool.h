/* tool.h - what programs of the bench share: the clock of what they spend, and files read whole. Not what is measured.
 */
#ifndef BENCH_TOOL_H
#define BENCH_TOOL_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/core/view.h"

#define TOOL_FILE_ROOM (64 << 20)

/* Microseconds of CPU time that this process has used. */
static inline double tool_cpu(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* A file, with a NUL behind it that does not count. Ends the program when it cannot be read or is empty. */
static inline mcp_view_t tool_read(const char *name)
{
    FILE *file = fopen(name, "r");
    char *bytes = calloc(1, TOOL_FILE_ROOM);
    size_t len = file && bytes ? fread(bytes, 1, TOOL_FILE_ROOM, file) : 0;

    if (len == 0 || len == TOOL_FILE_ROOM) {
        fprintf(stderr, "%s cannot be read\n", name);
        exit(1);
    }
    fclose(file);
    return (mcp_view_t){ bytes, len };
}

#endif
