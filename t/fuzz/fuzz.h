/* fuzz.h - what the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput; libFuzzer drives it (make
 * fuzz), or replay.c with the files of t/fuzz/corpus/NAME (make check). Targets check properties, not only that nothing
 * crashes.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <apr_general.h>
#include <apr_tables.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../src/core/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How often an input got as far as the success path; replay.c fails when no seed does. Each target defines it. */
extern unsigned long fuzz_reached;

/* A property that holds for every input. */
static inline void fuzz_must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "property violated: %s\n", what);
        abort();
    }
}

/* A pool for one input. */
static inline apr_pool_t *fuzz_pool(void)
{
    static bool started;
    apr_pool_t *pool;

    if (!started) {
        apr_initialize();
        atexit(apr_terminate); /* leak checkers do not look into APR's memory */
        started = true;
    }
    apr_pool_create(&pool, NULL);
    return pool;
}

/* The input as a string that ends at its first NUL, as httpd and its configuration hand strings over. In memory of its
 * own, so that a sanitizer sees a read behind it. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    fuzz_must(text, "memory");
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

/* The words of a line, divided by LF. */
static inline apr_array_header_t *fuzz_lines(char *text, apr_pool_t *pool)
{
    apr_array_header_t *lines = apr_array_make(pool, 4, sizeof(const char *));

    for (char *end = text; end; text = end + 1) {
        end = strchr(text, '\n');
        if (end) {
            *end = '\0';
        }
        APR_ARRAY_PUSH(lines, const char *) = apr_pstrdup(pool, text);
        if (!end) {
            break;
        }
    }
    return lines;
}

#endif
