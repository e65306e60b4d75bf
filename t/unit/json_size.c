/* The memory that JSON values take, as estimated and as measured. */
#include <apr_general.h>
#include <apr_tables.h>
#include <malloc.h>

#include "../../src/core/json.h"
#include "../lib/tap.h"

/* jansson's memory, counted. */
static apr_size_t in_use;

/* What a block takes: the bytes that can be used and the word before them. A sanitizer's malloc says how many were
 * asked for; they are rounded up here as glibc does. */
static apr_size_t taken(void *block)
{
    apr_size_t size = block ? (malloc_usable_size(block) + sizeof(void *) + 15) / 16 * 16 : 0;

    return block && size < 32 ? 32 : size;
}

static void *counted_malloc(size_t size)
{
    void *block = malloc(size);

    in_use += taken(block);
    return block;
}

static void counted_free(void *block)
{
    in_use -= taken(block);
    free(block);
}

/* The same from what jansson asks for, each block as large as malloc may make it; the size asked for is kept before
 * the block. */
static apr_size_t asked_for;

static apr_size_t at_most(size_t size)
{
    return (size + sizeof(void *) + 15 < 32 ? 32 : (size + sizeof(void *) + 15) / 16 * 16) + 16;
}

static void *noting_malloc(size_t size)
{
    size_t *block = malloc(size + 16);

    if (block) {
        *block = size;
        asked_for += at_most(size);
    }
    return block ? block + 2 : NULL;
}

static void noting_free(void *block)
{
    if (block) {
        asked_for -= at_most(((size_t *)block)[-2]);
        free((size_t *)block - 2);
    }
}

/* The two bounds for a value that takes so many bytes. */
static void check_size(const char *name, const json_t *value, apr_size_t took)
{
    apr_size_t size = mcp_json_size(value);

    ok(size >= took, "%s: %d are not fewer than %d", name, (int)size, (int)took);
    ok(size <= 2 * took, "%s: nor more than twice as many", name);
}

static void try_size(const char *name, const char *text)
{
    apr_pool_t *pool;
    apr_size_t before = in_use, parsed;
    json_t *value = NULL, *copy;
    char *before_text;

    apr_pool_create(&pool, NULL);
    is_int(mcp_json_parse(&value, mcp_view_of(text), pool), MCP_OK, "%s: parsed", name);
    parsed = in_use - before;
    if (!strchr(text, '\\')) {
        check_size(name, value, parsed);
    }
    ok(mcp_json_size(value) + strlen(text) >= parsed, "%s: with its text it is not fewer, whatever it is", name);
    before_text = apr_pstrdup(pool, mcp_json_text(value, pool));
    mcp_json_size(value);
    is_str(mcp_json_text(value, pool), before_text, "%s: nothing has changed", name);
    before = in_use;
    copy = mcp_json_own(json_deep_copy(value), pool);
    check_size(apr_pstrcat(pool, "copy of ", name, NULL), copy, in_use - before);
    apr_pool_destroy(pool);
}

/* Whether the size is never too small can be seen only when malloc is at its worst. */
static void try_worst(const char *name, const char *text)
{
    apr_pool_t *pool;
    json_t *value = NULL;
    apr_size_t size;

    apr_pool_create(&pool, NULL);
    json_set_alloc_funcs(noting_malloc, noting_free);
    is_int(mcp_json_parse(&value, mcp_view_of(text), pool), MCP_OK, "%s: parsed again", name);
    size = mcp_json_size(value);
    ok(size >= asked_for || strchr(text, '\\'), "%s: %d are not fewer than %d at worst", name, (int)size,
       (int)asked_for);
    ok(size <= asked_for + asked_for / 16, "%s: and not many more", name);
    apr_pool_destroy(pool);
    is_int(asked_for, 0, "%s: and given back", name);
    json_set_alloc_funcs(counted_malloc, counted_free);
}

/* count times the same, with a number in it, within a frame. */
static const char *many(const char *open, const char *format, int count, const char *end, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, count, sizeof(const char *));

    for (int i = 0; i < count; i++) {
        APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(pool, format, i);
    }
    return apr_pstrcat(pool, open, apr_array_pstrcat(pool, parts, ','), end, NULL);
}

static const struct {
    const char *name, *text;
} sizes[] = {
    { "a string", "\"x\"" },
    { "the empty string", "\"\"" },
    { "an integer", "1" },
    { "a real", "1.5" },
    { "an empty object", "{}" },
    { "an empty array", "[]" },
    { "a member that takes nothing itself", "{\"a\":null}" },
    { "values that are there once for all", "[true,false,null,true,false,null,true,false,null]" },
    { "a small token",
      "{\"iss\":\"https://as.example\",\"sub\":\"alice\",\"aud\":\"https://mcp.example/mcp\",\"exp\":1700000000,"
      "\"iat\":1699990000,\"jti\":\"0b8b4d4c\",\"client_id\":\"c1\",\"scope\":\"files:read files:write\"}" },
    { "Keycloak's token",
      "{\"exp\":1700000000,\"iat\":1699990000,\"jti\":\"9d1f4c52-2d0a-4a41-8a19-52aa5a0ad9e8\",\"iss\":"
      "\"https://sso.example/realms/main\",\"aud\":[\"https://mcp.example/mcp\","
      "\"account\"],\"typ\":\"Bearer\",\"azp\":\"inspector\",\"acr\":\"1\","
      "\"allowed-origins\":[\"https://app.example\"],\"realm_access\":{\"roles\":[\"admin\","
      "\"offline_access\",\"uma_authorization\"]},\"resource_access\":{\"account\":{\"roles\":[\"manage-account\","
      "\"view-profile\"]}},\"scope\":\"openid email profile\",\"email_verified\":true,\"name\":\"Alice Example\"}" },
    { "names and text beyond ASCII",
      "{\"n\xc3\xa4me\":\"\xc3\xa4\xc3\xb6\",\"\xc3\xa4\":\"\xe4\xb8\xad\xe6\x96\x87\"}" },
    { "nothing but escapes", "\"\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\"" },
};

static const struct {
    const char *name, *open, *format, *end;
} frames[] = {
    { "scopes", "{\"scope\":[", "\"https://api.example/scope:%d\"", "]}" },
    { "members", "{", "\"m%d\":0", "}" },
    { "objects", "[", "{\"n\":[%d,[]],\"o\":{\"p\":{}}}", "]" },
    { "one text", "\"", "%d", "\"" },
};

static void test_size(apr_pool_t *pool)
{
    static const int counts[] = { 7, 8, 9, 16, 17, 200, 1000, 9000 };
    json_malloc_t old_malloc;
    json_free_t old_free;
    char *nested;

    json_get_alloc_funcs(&old_malloc, &old_free);
    json_set_alloc_funcs(counted_malloc, counted_free);
    /* first, while nothing that was freed has room for it: it gets pages of its own */
    try_size("200 kB", apr_psprintf(pool, "\"%0*d\"", 200000, 7));
    is_int(mcp_json_size(NULL), 0, "nothing takes nothing");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        try_size(sizes[i].name, sizes[i].text);
        try_worst(sizes[i].name, sizes[i].text);
    }
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (size_t k = 0; k < sizeof(frames) / sizeof(frames[0]); k++) {
            const char *text = many(frames[k].open, frames[k].format, counts[i], frames[k].end, pool);
            const char *name = apr_psprintf(pool, "%d in %s", counts[i], frames[k].name);

            try_size(name, text);
            if (counts[i] <= 1000) { /* no block of whole pages */
                try_worst(name, text);
            }
        }
    }
    nested = apr_pcalloc(pool, 4001);
    memset(nested, '[', 2000);
    memset(nested + 2000, ']', 2000);
    try_size("2000 arrays within each other", nested);
    is_int(in_use, 0, "and all was given back");
    json_set_alloc_funcs(old_malloc, old_free);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_size(pool);
    apr_terminate();
    return done_testing();
}
