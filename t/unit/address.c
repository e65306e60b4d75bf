/* Every row of the table of address prefixes, at both of its edges. */
#include <arpa/inet.h>

#include "../../src/core/address.h"
#include "../lib/tap.h"

static const struct {
    const char *address;
    unsigned reach;
} rows[] = {
    { "8.8.8.8", MCP_REACH_PUBLIC },
    { "0.0.0.0", MCP_REACH_OTHER },
    { "0.255.255.255", MCP_REACH_OTHER },
    { "1.0.0.0", MCP_REACH_PUBLIC },
    { "9.255.255.255", MCP_REACH_PUBLIC },
    { "10.0.0.0", MCP_REACH_PRIVATE },
    { "10.255.255.255", MCP_REACH_PRIVATE },
    { "11.0.0.0", MCP_REACH_PUBLIC },
    { "100.63.255.255", MCP_REACH_PUBLIC },
    { "100.64.0.0", MCP_REACH_PRIVATE },
    { "100.127.255.255", MCP_REACH_PRIVATE },
    { "100.128.0.0", MCP_REACH_PUBLIC },
    { "126.255.255.255", MCP_REACH_PUBLIC },
    { "127.0.0.1", MCP_REACH_LOOPBACK },
    { "127.255.255.254", MCP_REACH_LOOPBACK },
    { "128.0.0.0", MCP_REACH_PUBLIC },
    { "169.253.255.255", MCP_REACH_PUBLIC },
    { "169.254.169.254", MCP_REACH_LINK_LOCAL },
    { "169.255.0.0", MCP_REACH_PUBLIC },
    { "172.15.255.255", MCP_REACH_PUBLIC },
    { "172.16.0.0", MCP_REACH_PRIVATE },
    { "172.31.255.255", MCP_REACH_PRIVATE },
    { "172.32.0.0", MCP_REACH_PUBLIC },
    { "192.0.0.8", MCP_REACH_PRIVATE },
    { "192.0.1.0", MCP_REACH_PUBLIC },
    { "192.0.2.1", MCP_REACH_OTHER },
    { "192.167.255.255", MCP_REACH_PUBLIC },
    { "192.168.0.0", MCP_REACH_PRIVATE },
    { "192.168.255.255", MCP_REACH_PRIVATE },
    { "192.169.0.0", MCP_REACH_PUBLIC },
    { "198.17.255.255", MCP_REACH_PUBLIC },
    { "198.18.0.0", MCP_REACH_PRIVATE },
    { "198.19.255.255", MCP_REACH_PRIVATE },
    { "198.20.0.0", MCP_REACH_PUBLIC },
    { "198.51.100.7", MCP_REACH_OTHER },
    { "203.0.113.7", MCP_REACH_OTHER },
    { "223.255.255.255", MCP_REACH_PUBLIC },
    { "224.0.0.1", MCP_REACH_OTHER },
    { "240.0.0.1", MCP_REACH_OTHER },
    { "255.255.255.255", MCP_REACH_OTHER },
    { "2606:4700::1111", MCP_REACH_PUBLIC },
    { "::", MCP_REACH_OTHER },
    { "::1", MCP_REACH_LOOPBACK },
    { "::2", MCP_REACH_OTHER },
    { "::ffff:127.0.0.1", MCP_REACH_LOOPBACK },
    { "::ffff:169.254.169.254", MCP_REACH_LINK_LOCAL },
    { "::ffff:10.1.2.3", MCP_REACH_PRIVATE },
    { "::ffff:8.8.8.8", MCP_REACH_PUBLIC },
    { "::127.0.0.1", MCP_REACH_LOOPBACK },
    { "::ffff:0:10.1.2.3", MCP_REACH_PRIVATE },
    { "::ffff:0:8.8.8.8", MCP_REACH_PUBLIC },
    { "64:ff9b::10.0.0.1", MCP_REACH_PRIVATE },
    { "64:ff9b::808:808", MCP_REACH_PUBLIC },
    { "64:ff9b:1::1", MCP_REACH_PRIVATE },
    { "2002:7f00:1::", MCP_REACH_LOOPBACK },
    { "2002:808:808::", MCP_REACH_PUBLIC },
    { "2001::1", MCP_REACH_OTHER },
    { "2001:db8::1", MCP_REACH_OTHER },
    { "2001:4860:4860::8888", MCP_REACH_PUBLIC },
    { "100::1", MCP_REACH_OTHER },
    { "fbff::1", MCP_REACH_PUBLIC },
    { "fc00::1", MCP_REACH_PRIVATE },
    { "fdff::1", MCP_REACH_PRIVATE },
    { "fe7f::1", MCP_REACH_PUBLIC },
    { "fe80::1", MCP_REACH_LINK_LOCAL },
    { "febf::1", MCP_REACH_LINK_LOCAL },
    { "fec0::1", MCP_REACH_PRIVATE },
    { "ff02::1", MCP_REACH_OTHER },
};

int main(void)
{
    char bytes[16];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool six = strchr(rows[i].address, ':') != NULL;

        if (inet_pton(six ? AF_INET6 : AF_INET, rows[i].address, bytes) != 1) {
            abort();
        }
        is_int(mcp_address_reach((mcp_view_t){ bytes, six ? 16 : 4 }), rows[i].reach, "%s", rows[i].address);
    }
    is_int(mcp_address_reach((mcp_view_t){ NULL, 0 }), MCP_REACH_OTHER, "no address");
    is_int(mcp_address_reach((mcp_view_t){ bytes, 5 }), MCP_REACH_OTHER, "five bytes");
    return done_testing();
}
