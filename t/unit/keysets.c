/* Keys by the URL that gave them: what is written is read again, newer ones take the place of older ones of the same URL, and
 * nothing else is read at all. */
#include "../../src/core/keysets.h"

#include <apr_general.h>

#include "../lib/signer.h"
#include "../lib/tap.h"

static const char *jwks_a, *jwks_b, *jwks_c;

static void put(mcp_keysets_t *sets, int number, const char *jwks, apr_pool_t *pool)
{
    mcp_jwks_t *keys = mcp_jwk_set(pool);

    if (!mcp_jwk_add_set(keys, mcp_view_of(jwks), NULL)) {
        abort();
    }
    mcp_keysets_put(sets, number, keys);
}

/* The kids of the keys that a text adds. */
static const char *kids_of(const char *text, apr_pool_t *pool)
{
    mcp_jwks_t *keys = mcp_jwk_set(pool);
    const char *kids = "";

    if (!mcp_keysets_add(keys, mcp_view_of(text), NULL)) {
        return NULL;
    }
    for (int i = 0; i < keys->count; i++) {
        kids = apr_pstrcat(pool, kids, keys->keys[i].kid, NULL);
    }
    return kids;
}

/* Whether a text has more keys than there is room for. */
static bool is_cut(const char *text, apr_pool_t *pool)
{
    mcp_jwks_t *keys = mcp_jwk_set(pool);

    mcp_keysets_add(keys, mcp_view_of(text), NULL);
    return keys->cut;
}

static void test_round_trip(apr_pool_t *pool)
{
    mcp_keysets_t sets = { { NULL } }, read;
    const char *text;

    is_int(mcp_keysets_count(&sets), 0, "nothing at first");
    put(&sets, 2, jwks_b, pool);
    put(&sets, 0, jwks_a, pool);
    text = mcp_keysets_text(&sets, pool);
    is_str(kids_of(text, pool), "ab", "keys of two URLs, in their order");
    ok(mcp_keysets_read(&read, mcp_view_of(text), pool), "are read");
    is_int(mcp_keysets_numbers(&read), 5, "each with its URL");
    is_int(mcp_keysets_count(&read), 2, "all of them");
    is_str(mcp_keysets_text(&read, pool), text, "to the letter");
}

static void test_renew(apr_pool_t *pool)
{
    mcp_keysets_t sets = { { NULL } }, newer = { { NULL } };

    put(&sets, 0, jwks_a, pool);
    put(&sets, 1, jwks_b, pool);
    put(&newer, 1, jwks_c, pool);
    mcp_keysets_renew(&sets, &newer, 3);
    is_str(kids_of(mcp_keysets_text(&sets, pool), pool), "ac", "newer keys of one URL beside the old ones of another");
    mcp_keysets_renew(&sets, &newer, 2);
    is_str(kids_of(mcp_keysets_text(&sets, pool), pool), "c", "old ones that are not to be kept go");
    mcp_keysets_renew(&sets, &(mcp_keysets_t){ { NULL } }, 1);
    is_int(mcp_keysets_numbers(&sets), 0, "all of them");
}

/* What an earlier version wrote, and what nobody wrote. */
static void test_others(apr_pool_t *pool)
{
    static const char *const texts[] = { "",
                                         "[]",
                                         "{}",
                                         "null",
                                         "{\"keys\":[]}",
                                         "{\"keys\":{}}",
                                         "{\"sets\":{}}",
                                         "{\"sets\":[]}",
                                         "{\"sets\":[null,7,[],{},{\"keys\":[]},{\"keys\":7}]}",
                                         "{\"keys\":[],\"keys\":[{}]}",
                                         "{\"sets\":[{\"keys\":[{}]}" };
    mcp_keysets_t sets;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ok(!mcp_keysets_read(&sets, mcp_view_of(texts[i]), pool) && mcp_keysets_numbers(&sets) == 0, "nothing in %s",
           texts[i]);
        ok(!kids_of(texts[i], pool), "and no keys");
    }
    ok(mcp_keysets_read(&sets, mcp_view_of(jwks_a), pool), "a mere key set");
    is_int(mcp_keysets_numbers(&sets), 1, "is of the first URL");
    is_str(kids_of(jwks_a, pool), "a", "and its keys count");
    ok(!kids_of("{\"sets\":[{\"keys\":[{\"kty\":\"oct\"}]}]}", pool), "unusable keys do not");
    is_str(kids_of(apr_pstrcat(pool, "{\"sets\":[null,null,null,", jwks_b, ",", jwks_a, "]}", NULL), pool), "b",
           "nor do those of more URLs than there may be");
}

/* More keys than there is room for, over two URLs. */
static void test_room(apr_pool_t *pool)
{
    mcp_keysets_t sets = { { NULL } };
    const char *many = strchr(jwks_a, '[') + 1;

    many = apr_pstrmemdup(pool, many, strlen(many) - 2);
    for (int i = 0; i < 5; i++) {
        many = apr_pstrcat(pool, many, ",", many, NULL);
    }
    put(&sets, 0, apr_pstrcat(pool, "{\"keys\":[", many, "]}", NULL), pool);
    put(&sets, 1, apr_pstrcat(pool, "{\"keys\":[", many, ",", many, ",", many, "]}", NULL), pool);
    put(&sets, 2, jwks_b, pool);
    is_int(mcp_keysets_count(&sets), MCP_LIMIT_KEYS, "no more are counted than are kept");
    is_int(strlen(kids_of(mcp_keysets_text(&sets, pool), pool)), MCP_LIMIT_KEYS, "nor taken");
    mcp_keysets_renew(&sets, &(mcp_keysets_t){ { NULL } }, 6);
    is_int(mcp_keysets_count(&sets), MCP_LIMIT_KEYS, "what there was no room for is not forgotten");
    ok(is_cut(mcp_keysets_text(&sets, pool), pool), "that there was more is said");
    mcp_keysets_renew(&sets, &(mcp_keysets_t){ { NULL } }, 2);
    ok(is_cut(mcp_keysets_text(&sets, pool), pool), "also of what a URL alone had too many of");
    mcp_keysets_renew(&sets, &(mcp_keysets_t){ { NULL } }, 0);
    put(&sets, 0, jwks_a, pool);
    put(&sets, 1, jwks_b, pool);
    ok(!is_cut(mcp_keysets_text(&sets, pool), pool), "and only then");
}

/* What a key does not need is not kept: the text would be nested deeper than anybody reads it (jansson: 2,048). */
static void test_odd_members(apr_pool_t *pool)
{
    char *deep = apr_palloc(pool, 2 * 2045 + 1);
    mcp_keysets_t sets = { { NULL } };
    const char *jwks;

    memset(deep, '[', 2045);
    memset(deep + 2045, ']', 2045);
    deep[2 * 2045] = '\0';
    jwks = apr_pstrcat(pool, apr_pstrmemdup(pool, jwks_a, strlen(jwks_a) - 3), ",\"n\":7,\"y\":", deep, "}]}", NULL);
    put(&sets, 0, jwks, pool);
    is_str(kids_of(mcp_keysets_text(&sets, pool), pool), "a", "a key with a member that is nested deeply");
    ok(!strstr(mcp_keysets_text(&sets, pool), "[["), "is kept without it");
}

int main(void)
{
    apr_pool_t *pool;
    signer_t a, b, c;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    a = signer_make("a", pool);
    b = signer_make("b", pool);
    c = signer_make("c", pool);
    jwks_a = signer_jwks(&a, pool);
    jwks_b = signer_jwks(&b, pool);
    jwks_c = signer_jwks(&c, pool);
    test_round_trip(pool);
    test_renew(pool);
    test_others(pool);
    test_room(pool);
    test_odd_members(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
