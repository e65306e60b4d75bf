#include "digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

/* False, and question marks, when OpenSSL has no memory or no SHA-256. */
static bool write_hex(char *text, size_t size, mcp_view_t bytes)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    bool done = EVP_Digest(bytes.data, bytes.len, sum, NULL, EVP_sha256(), NULL) == 1;

    for (size_t i = 0; i + 1 < size; i++) {
        text[i] = '?';
        if (done) {
            text[i] = hex[i % 2 ? sum[i / 2] & 15 : sum[i / 2] >> 4];
        }
    }
    text[size - 1] = '\0';
    return done;
}

void mcp_digest_tag(char tag[MCP_DIGEST_TAG], mcp_view_t bytes)
{
    write_hex(tag, MCP_DIGEST_TAG, bytes);
}

void mcp_digest_text(char text[MCP_DIGEST_TEXT], mcp_view_t bytes)
{
    if (!write_hex(text, MCP_DIGEST_TEXT, bytes)) {
        abort();
    }
}
