/* utf8.h - characters in UTF-8 (RFC 3629): how long one is, how it is written, which ones have no place in a name.
 * Not normalisation: names are compared byte for byte.
 */
#ifndef MCP_UTF8_H
#define MCP_UTF8_H

#include "view.h"

/* Bytes of the first character of a text that has one at least; 0 when it is none: cut short, too long a form, a
 * surrogate, beyond U+10FFFF. */
int mcp_utf8_length(mcp_view_t text);

/* Behind the characters that are not ASCII, which begin here: at the first byte that is ASCII or begins none. */
const char *mcp_utf8_pass(const char *at, const char *end);

/* Write a character, which is no surrogate, into four bytes at most; how many it took. */
int mcp_utf8_put(char *at, int character);

/* Whether a text can be a name that everybody reads alike: UTF-8, not empty, no control character (C0, DEL, C1), neither
 * white space nor an invisible blank at an end, which some programs would take off. */
bool mcp_utf8_is_name(mcp_view_t text);

#endif
