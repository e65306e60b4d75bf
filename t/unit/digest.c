/* SHA-256 as a name, by the vectors of FIPS 180. */
#include "../../src/core/digest.h"
#include "../lib/tap.h"

static const struct {
    const char *text, *tag, *name;
} rows[] = {
    { "", "e3b0c442", "e3b0c44298fc1c149afbf4c8996fb924" },
    { "abc", "ba7816bf", "ba7816bf8f01cfea414140de5dae2223" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61", "248d6a61d20638b8e5c026930c3e6039" },
};

int main(void)
{
    char tag[MCP_DIGEST_TAG], name[MCP_DIGEST_TEXT];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_digest_tag(tag, mcp_view_of(rows[i].text));
        is_str(tag, rows[i].tag, "tag of '%s'", rows[i].text);
        mcp_digest_text(name, mcp_view_of(rows[i].text));
        is_str(name, rows[i].name, "text of '%s'", rows[i].text);
    }
    mcp_digest_tag(tag, (mcp_view_t){ "a\0b", 3 });
    ok(strcmp(tag, "ca978112") != 0, "G-03 what is behind a NUL counts");
    mcp_digest_tag(tag, (mcp_view_t){ NULL, 0 });
    is_str(tag, "e3b0c442", "no bytes at all");
    return done_testing();
}
