/* walk.h - a strict walk over JSON text (RFC 8259) that somebody else wrote: finds where values begin and end, and
 * checks every byte on the way, UTF-8 included. Not what the values mean. Builds nothing and allocates nothing but where
 * it says so, so that a request body costs little more than a look at its bytes.
 */
#ifndef MCP_WALK_H
#define MCP_WALK_H

#include "view.h"

/* Where a walk is; what is before at has been checked. */
typedef struct {
    const char *at;
    const char *end;
} mcp_walk_t;

/* What next stands in an object or array. */
typedef enum {
    MCP_WALK_BAD,   /* no JSON */
    MCP_WALK_MORE,  /* a member or an element */
    MCP_WALK_CLOSED /* its end, which has been passed */
} mcp_walk_next_t;

/* At the beginning of a text, which may be none at all. */
static inline mcp_walk_t mcp_walk_start(mcp_view_t text)
{
    const char *data = text.data ? text.data : "";

    return (mcp_walk_t){ data, data + text.len };
}

/* Pass white space. The next byte, not passed; NUL at the end of the text. */
char mcp_walk_peek(mcp_walk_t *walk);

/* Go into the object or array that is next; the caller has seen its bracket. */
void mcp_walk_enter(mcp_walk_t *walk);

/* Pass the name of the next member and its colon, so that the value is next. first says whether the object has just been
 * entered. *name is the text between the quotes, escapes as they are. */
mcp_walk_next_t mcp_walk_member(mcp_view_t *name, mcp_walk_t *walk, bool first);

/* The same for the elements of an array: the next one has not been passed. */
mcp_walk_next_t mcp_walk_element(mcp_walk_t *walk, bool first);

/* Pass a value of any kind; *text is how it is written. False when it is no JSON, or nests deeper than
 * MCP_LIMIT_JSON_DEPTH. Of numbers only the form is checked. No name of a member may have a NUL. */
bool mcp_walk_value(mcp_view_t *text, mcp_walk_t *walk);

/* Whether nothing but white space is left. */
bool mcp_walk_is_over(mcp_walk_t *walk);

/* The string that a value is, as passed by mcp_walk_value: borrowed when it is written without escapes, else in the
 * pool. False when the value is no string, or has a NUL. */
bool mcp_walk_string(mcp_view_t *string, mcp_view_t value, apr_pool_t *pool);

#endif
