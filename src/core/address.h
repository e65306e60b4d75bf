/* address.h - which part of the network an IP address lies in (RFC 6890).
 * Not how the address was found, nor who may be sent there (gather.h).
 */
#ifndef MCP_ADDRESS_H
#define MCP_ADDRESS_H

#include "view.h"

/* Parts of the network, as bits of a set. */
typedef enum {
    MCP_REACH_PUBLIC = 1 << 0,
    MCP_REACH_LOOPBACK = 1 << 1,
    MCP_REACH_PRIVATE = 1 << 2,
    MCP_REACH_LINK_LOCAL = 1 << 3, /* where clouds keep their metadata services */
    MCP_REACH_OTHER = 1 << 4       /* unspecified, multicast, reserved: nothing a server has */
} mcp_reach_t;

#define MCP_REACH_ALL \
    (MCP_REACH_PUBLIC | MCP_REACH_LOOPBACK | MCP_REACH_PRIVATE | MCP_REACH_LINK_LOCAL | MCP_REACH_OTHER)

/* The one part that an address of 4 or 16 bytes in network order lies in. An IPv6 address that carries an IPv4
 * address counts as that one. Other lengths are MCP_REACH_OTHER. */
unsigned mcp_address_reach(mcp_view_t bytes);

#endif
