/* bytes.h - texts for tests of parsers: in memory that ends where they do, so that a sanitizer sees a step beyond, and very
 * long ones.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdio.h>
#include <stdlib.h>

#include "../../src/core/view.h"

/* A text that may have NULs, from a literal. */
#define BYTES(literal) ((mcp_view_t){ (literal), sizeof(literal) - 1 })

static inline char *bytes_room(size_t len)
{
    char *room = malloc(len ? len : 1);

    if (!room) {
        abort();
    }
    return room;
}

/* A copy that the caller frees. */
static inline mcp_view_t bytes_copy(mcp_view_t text)
{
    char *copy = bytes_room(text.len);

    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return (mcp_view_t){ copy, text.len };
}

static inline void bytes_free(mcp_view_t text)
{
    free((void *)text.data);
}

/* before, then count times the piece, in which %d is the count so far, then after. The caller frees it. */
static inline mcp_view_t bytes_repeat(const char *before, const char *piece, int count, const char *after)
{
    const char *number = strstr(piece, "%d");
    size_t head = number ? (size_t)(number - piece) : strlen(piece);
    size_t most = strlen(before) + (size_t)count * (strlen(piece) + 12) + strlen(after) + 1;
    char *text = bytes_room(most), *at = text;

    at += snprintf(at, most, "%s", before);
    for (int i = 0; i < count; i++) {
        memcpy(at, piece, head);
        at += head;
        if (number) {
            at += snprintf(at, 12, "%d", i);
            at = stpcpy(at, number + 2);
        }
    }
    at = stpcpy(at, after);
    return (mcp_view_t){ text, (apr_size_t)(at - text) };
}

#endif
