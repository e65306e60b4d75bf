/* siphash.h - SipHash-2-4 (Aumasson and Bernstein, 2012): where an entry lies in a table of ours, when its name comes
 * from strangers who would like many to lie in one place. Not proof of anything: whoever finds an entry compares it.
 */
#ifndef MCP_SIPHASH_H
#define MCP_SIPHASH_H

#include "view.h"

typedef struct {
    unsigned char bytes[16];
} mcp_siphash_key_t;

apr_uint64_t mcp_siphash(const mcp_siphash_key_t *key, mcp_view_t bytes);

#endif
