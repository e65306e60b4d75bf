/* Authorization fields. A token that is taken is token68, and the very end of the field but for blanks. */
#include "../../src/core/bearer.h"
#include "../../src/core/limits.h"
#include "fuzz.h"

unsigned long fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    char *field = fuzz_string(data, size);
    mcp_view_t token = { NULL, 0 };

    if (mcp_bearer_parse(&token, field) == MCP_OK) {
        fuzz_reached++;
        fuzz_must(token.len > 0 && token.len <= MCP_LIMIT_TOKEN, "a token has a size");
        fuzz_must(token.data >= field && token.data + token.len <= field + strlen(field),
                  "a token is part of the field");
        fuzz_must(strspn(token.data, allowed) == token.len, "a token is token68");
        fuzz_must(token.data[token.len + strspn(token.data + token.len, " \t")] == '\0', "nothing is behind a token");
        fuzz_must(mcp_bearer_carries_token(field), "a field with a token carries one");
    }
    free(field);
    return 0;
}
