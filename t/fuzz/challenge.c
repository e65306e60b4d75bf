/* A backend's WWW-Authenticate. What is added is added once, and nothing else changes. */
#include "../../src/core/challenge.h"
#include "fuzz.h"

#define URL "https://h/.well-known/oauth-protected-resource/mcp"

unsigned long fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char member[] = "resource_metadata=\"" URL "\"";
    apr_pool_t *pool = fuzz_pool();
    char *field = fuzz_string(data, size);
    const char *text = mcp_challenge_complete(field, URL, pool), *place;

    if (text) {
        size_t before, behind;

        fuzz_reached++;
        place = strstr(text, member);
        fuzz_must(place && strlen(text) > strlen(field), "the parameter is in it");
        before = (size_t)(place - text);
        behind = strlen(place + strlen(member));
        fuzz_must(strlen(field) >= behind && strcmp(field + strlen(field) - behind, place + strlen(member)) == 0,
                  "what was behind the place stays");
        fuzz_must(strlen(field) - behind <= before && strncmp(field, text, strlen(field) - behind) == 0,
                  "what was before it stays");
        fuzz_must(!mcp_challenge_complete(text, URL, pool), "a complete challenge stays as it is");
    }
    if (mcp_challenge_is_value(field)) {
        fuzz_must(!strpbrk(field, "\"\\,\r\n"), "a value needs no escapes");
    }
    if (mcp_challenge_is_extra_name(field)) {
        fuzz_must(!strpbrk(field, " =\",\r\n"), "a name is a token");
    }
    free(field);
    apr_pool_destroy(pool);
    return 0;
}
