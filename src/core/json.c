#include "json.h"

#include <stdlib.h>

#include "limits.h"

static apr_status_t release(void *value)
{
    json_decref(value);
    return APR_SUCCESS;
}

static void *take(size_t size)
{
    void *memory = malloc(size > 0 ? size : 1);

    if (!memory) {
        abort();
    }
    return memory;
}

static apr_status_t unguard(void *baton)
{
    (void)baton;
    json_set_alloc_funcs(malloc, free);
    return APR_SUCCESS;
}

void mcp_json_guard(apr_pool_t *pool)
{
    json_malloc_t before;
    json_free_t freed_by;

    json_get_alloc_funcs(&before, &freed_by);
    if (before == malloc && freed_by == free) {
        json_set_alloc_funcs(take, free);
        apr_pool_cleanup_register(pool, NULL, unguard, apr_pool_cleanup_null);
    }
}

json_t *mcp_json_own(json_t *fresh, apr_pool_t *pool)
{
    if (!fresh) {
        abort();
    }
    apr_pool_cleanup_register(pool, fresh, release, apr_pool_cleanup_null);
    return fresh;
}

void mcp_json_disown(json_t *value, apr_pool_t *pool)
{
    apr_pool_cleanup_kill(pool, value, release);
}

mcp_reason_t mcp_json_parse(json_t **value, mcp_view_t text, apr_pool_t *pool)
{
    const size_t strict = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_error_t error;
    json_t *parsed = json_loadb(text.data ? text.data : "", text.len, strict, &error);

    if (!parsed && json_error_code(&error) == json_error_numeric_overflow) {
        parsed = json_loadb(text.data, text.len, strict | JSON_DECODE_INT_AS_REAL, &error);
    }
    if (!parsed) {
        return json_error_code(&error) == json_error_duplicate_key ? MCP_DUPLICATE_MEMBER : MCP_MALFORMED;
    }
    *value = mcp_json_own(parsed, pool);
    return MCP_OK;
}

mcp_reason_t mcp_json_parse_object(json_t **object, mcp_view_t text, apr_pool_t *pool)
{
    json_t *value = NULL;
    mcp_reason_t reason = mcp_json_parse(&value, text, pool);

    if (reason == MCP_OK && !json_is_object(value)) {
        reason = MCP_MALFORMED;
    }
    if (reason == MCP_OK) {
        *object = value;
    }
    return reason;
}

bool mcp_json_string(mcp_view_t *string, const json_t *value)
{
    if (!json_is_string(value)) {
        return false;
    }
    *string = (mcp_view_t){ json_string_value(value), json_string_length(value) };
    return true;
}

/* jansson 2.14 has no length-bounded lookup; a path is configuration and has no NUL, so a bounded copy serves. */
static json_t *member(const json_t *object, const char *name, apr_size_t len)
{
    char buffer[256];

    if (len >= sizeof(buffer)) {
        return NULL;
    }
    memcpy(buffer, name, len);
    buffer[len] = '\0';
    return json_object_get(object, buffer);
}

static json_t *walk(const json_t *object, mcp_view_t path, int depth)
{
    json_t *found = member(object, path.data, path.len);

    for (apr_size_t i = 0; !found && depth < MCP_LIMIT_CLAIM_PATH && i < path.len; i++) {
        json_t *inner = path.data[i] == '.' ? member(object, path.data, i) : NULL;

        if (json_is_object(inner)) {
            found = walk(inner, (mcp_view_t){ path.data + i + 1, path.len - i - 1 }, depth + 1);
        }
    }
    return found;
}

json_t *mcp_json_path(const json_t *object, mcp_view_t path)
{
    return walk(object, path, 0);
}

const char *mcp_json_text(const json_t *value, apr_pool_t *pool)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER;
    size_t size = json_dumpb(value, NULL, 0, flags);
    char *text;

    if (size == 0) {
        return NULL;
    }
    text = apr_palloc(pool, size + 1);
    if (json_dumpb(value, text, size, flags) != size) {
        return NULL;
    }
    text[size] = '\0';
    return text;
}

/* A block of malloc's at its largest: a header of one word and the bytes, in steps of two words, at least four words;
 * one step more when what is left behind it would be too small; whole pages when it is large (M_MMAP_THRESHOLD). */
static apr_size_t block(apr_size_t bytes)
{
    const apr_size_t step = 2 * sizeof(void *), page = 4096;
    apr_size_t size = (bytes + sizeof(void *) + step - 1) / step * step;

    if (size < 2 * step) {
        size = 2 * step;
    }
    return size < 131072 ? size + step : (size + step + page - 1) / page * page;
}

/* Hash tables and arrays start with eight places and are doubled when they are full. */
static apr_size_t places(apr_size_t used)
{
    apr_size_t count = 8;

    while (count < used) {
        count *= 2;
    }
    return count;
}

/* A head of nine words, a table of two words a place, and for each member seven words and the name. */
static apr_size_t size_of_object(json_t *object)
{
    const apr_size_t word = sizeof(void *);
    apr_size_t size = block(sizeof(json_t) + 7 * word) + block(places(json_object_size(object)) * 2 * word);

    for (void *member = json_object_iter(object); member; member = json_object_iter_next(object, member)) {
        size += block(7 * word + strlen(json_object_iter_key(member)) + 1);
        size += mcp_json_size(json_object_iter_value(member));
    }
    return size;
}

static apr_size_t size_of_array(const json_t *array)
{
    const apr_size_t word = sizeof(void *);
    apr_size_t size = block(sizeof(json_t) + 3 * word) + block(places(json_array_size(array)) * word);

    for (apr_size_t i = 0; i < json_array_size(array); i++) {
        size += mcp_json_size(json_array_get(array, i));
    }
    return size;
}

apr_size_t mcp_json_size(const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        return size_of_object((json_t *)value); /* jansson's iterators want it so, but change nothing */
    case JSON_ARRAY:
        return size_of_array(value);
    case JSON_STRING:
        /* the parser keeps the quotes' bytes with the text's */
        return block(sizeof(json_t) + 2 * sizeof(void *)) + block(json_string_length(value) + 3);
    case JSON_INTEGER:
    case JSON_REAL:
        return block(sizeof(json_t) + sizeof(json_int_t));
    default:
        return 0; /* true, false and null are there once for all */
    }
}
