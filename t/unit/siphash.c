/* SipHash-2-4 against the figures of its authors: key 00 01 .. 0f, messages of the bytes 00 01 02 .. */
#include "../../src/core/siphash.h"
#include "../lib/tap.h"

static const struct {
    int len;
    apr_uint64_t hash;
} rows[] = {
    { 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd },  { 7, 0xab0200f58b01d137 },
    { 8, 0x93f5f5799a932462 }, { 15, 0xa129ca6149be45e5 }, { 63, 0x958a324ceb064572 },
};

int main(void)
{
    mcp_siphash_key_t key;
    char bytes[64];

    for (int i = 0; i < 64; i++) {
        bytes[i] = (char)i;
        key.bytes[i % 16] = (unsigned char)(i % 16);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_uint64_t hash = mcp_siphash(&key, (mcp_view_t){ bytes, (apr_size_t)rows[i].len });

        if (!ok(hash == rows[i].hash, "%d bytes", rows[i].len)) {
            diag("got %016llx", (unsigned long long)hash);
        }
    }
    key.bytes[0] = 1;
    ok(mcp_siphash(&key, (mcp_view_t){ bytes, 8 }) != rows[3].hash, "another key, another hash");
    return done_testing();
}
