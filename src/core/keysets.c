#include "keysets.h"

#include <stdlib.h>

#include "json.h"

/* A member that says that the URL has more keys than these. */
#define CUT "cut"

static void set(json_t *object, const char *name, json_t *value)
{
    if (json_object_set(object, name, value) != 0) {
        abort();
    }
}

void mcp_keysets_put(mcp_keysets_t *sets, int number, const mcp_jwks_t *keys)
{
    sets->of[number] = mcp_json_own(json_object(), keys->pool);
    set(sets->of[number], "keys", keys->published);
    if (keys->cut) {
        set(sets->of[number], CUT, json_true());
    }
}

unsigned mcp_keysets_numbers(const mcp_keysets_t *sets)
{
    unsigned numbers = 0;

    for (int i = 0; i < MCP_LIMIT_KEY_URLS; i++) {
        numbers |= sets->of[i] ? 1U << i : 0;
    }
    return numbers;
}

int mcp_keysets_count(const mcp_keysets_t *sets)
{
    size_t count = 0;

    for (int i = 0; i < MCP_LIMIT_KEY_URLS; i++) {
        count += json_array_size(json_object_get(sets->of[i], "keys"));
    }
    return count < MCP_LIMIT_KEYS ? (int)count : MCP_LIMIT_KEYS;
}

void mcp_keysets_renew(mcp_keysets_t *sets, const mcp_keysets_t *newer, unsigned keep)
{
    for (int i = 0; i < MCP_LIMIT_KEY_URLS; i++) {
        if (newer->of[i]) {
            sets->of[i] = newer->of[i];
        } else if (!(keep >> i & 1)) {
            sets->of[i] = NULL;
        }
    }
}

const char *mcp_keysets_text(const mcp_keysets_t *sets, apr_pool_t *pool)
{
    json_t *document = mcp_json_own(json_object(), pool), *array = mcp_json_own(json_array(), pool);
    const char *text;

    for (int i = 0; i < MCP_LIMIT_KEY_URLS; i++) {
        if (json_array_append(array, sets->of[i] ? sets->of[i] : json_null()) != 0) {
            abort();
        }
    }
    set(document, "sets", array);
    if ((text = mcp_json_text(document, pool)) == NULL) {
        abort();
    }
    return text;
}

bool mcp_keysets_read(mcp_keysets_t *sets, mcp_view_t text, apr_pool_t *pool)
{
    json_t *document, *array;

    memset(sets, 0, sizeof(*sets));
    if (mcp_json_parse_object(&document, text, pool) != MCP_OK) {
        return false;
    }
    if ((array = json_object_get(document, "sets")) == NULL) {
        sets->of[0] = document;
    }
    for (size_t i = 0; i < MCP_LIMIT_KEY_URLS; i++) {
        json_t *one = array ? json_array_get(array, i) : sets->of[i];

        sets->of[i] = json_array_size(json_object_get(one, "keys")) > 0 ? one : NULL;
    }
    return mcp_keysets_numbers(sets) != 0;
}

bool mcp_keysets_add(mcp_jwks_t *keys, mcp_view_t text, const mcp_log_t *log)
{
    mcp_keysets_t sets;
    bool added = false;

    if (!mcp_keysets_read(&sets, text, keys->pool)) {
        return false;
    }
    for (int i = 0; i < MCP_LIMIT_KEY_URLS; i++) {
        added = (sets.of[i] && mcp_jwk_add_document(keys, sets.of[i], log)) || added;
        keys->cut = keys->cut || json_is_true(json_object_get(sets.of[i], CUT));
    }
    return added;
}
