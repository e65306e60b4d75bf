#include "address.h"

#include <stdint.h>

typedef struct {
    uint8_t bytes[16];
    unsigned bits;
    unsigned reach;
} prefix_t;

/* RFC 6890 and its registry; what no row names is public. */
static const prefix_t prefixes4[] = {
    { { 0 }, 8, MCP_REACH_OTHER },
    { { 10 }, 8, MCP_REACH_PRIVATE },
    { { 100, 64 }, 10, MCP_REACH_PRIVATE }, /* RFC 6598: carriers' own */
    { { 127 }, 8, MCP_REACH_LOOPBACK },
    { { 169, 254 }, 16, MCP_REACH_LINK_LOCAL },
    { { 172, 16 }, 12, MCP_REACH_PRIVATE },
    { { 192, 0, 0 }, 24, MCP_REACH_PRIVATE },
    { { 192, 0, 2 }, 24, MCP_REACH_OTHER },
    { { 192, 168 }, 16, MCP_REACH_PRIVATE },
    { { 198, 18 }, 15, MCP_REACH_PRIVATE },
    { { 198, 51, 100 }, 24, MCP_REACH_OTHER },
    { { 203, 0, 113 }, 24, MCP_REACH_OTHER },
    { { 224 }, 3, MCP_REACH_OTHER },
};

static const prefix_t prefixes6[] = {
    { { [15] = 1 }, 128, MCP_REACH_LOOPBACK },
    { { 0 }, 128, MCP_REACH_OTHER },
    { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, MCP_REACH_PRIVATE }, /* RFC 8215 */
    { { 0x01, 0x00 }, 64, MCP_REACH_OTHER },
    { { 0x20, 0x01, 0x00, 0x00 }, 32, MCP_REACH_OTHER }, /* Teredo: its IPv4 address is veiled */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, MCP_REACH_OTHER },
    { { 0xfc }, 7, MCP_REACH_PRIVATE },
    { { 0xfe, 0x80 }, 10, MCP_REACH_LINK_LOCAL },
    { { 0xfe, 0xc0 }, 10, MCP_REACH_PRIVATE },
    { { 0xff }, 8, MCP_REACH_OTHER },
};

/* IPv6 prefixes behind which an IPv4 address stands: mapped, translated (RFC 2765, RFC 6052), 6to4 (RFC 3056)
 * and compatible. */
static const prefix_t carriers[] = {
    { { [10] = 0xff, [11] = 0xff }, 96, 0 },
    { { [8] = 0xff, [9] = 0xff }, 96, 0 },
    { { 0x00, 0x64, 0xff, 0x9b }, 96, 0 },
    { { 0x20, 0x02 }, 16, 0 },
    { { 0 }, 96, 0 },
};

static bool has_prefix(const uint8_t *address, const prefix_t *prefix)
{
    unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;

    if (memcmp(address, prefix->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || (address[whole] ^ prefix->bytes[whole]) >> (8 - rest) == 0;
}

static unsigned find(const prefix_t *prefixes, size_t count, const uint8_t *address)
{
    for (size_t i = 0; i < count; i++) {
        if (has_prefix(address, &prefixes[i])) {
            return prefixes[i].reach;
        }
    }
    return MCP_REACH_PUBLIC;
}

static unsigned find4(const uint8_t *address)
{
    return find(prefixes4, sizeof(prefixes4) / sizeof(prefixes4[0]), address);
}

static unsigned find6(const uint8_t *address)
{
    unsigned reach = find(prefixes6, sizeof(prefixes6) / sizeof(prefixes6[0]), address);

    for (size_t i = 0; reach == MCP_REACH_PUBLIC && i < sizeof(carriers) / sizeof(carriers[0]); i++) {
        if (has_prefix(address, &carriers[i])) {
            return find4(address + carriers[i].bits / 8);
        }
    }
    return reach;
}

unsigned mcp_address_reach(mcp_view_t bytes)
{
    const uint8_t *address = (const uint8_t *)bytes.data;

    return bytes.len == 4 ? find4(address) : bytes.len == 16 ? find6(address) : MCP_REACH_OTHER;
}
