#include "snapshot.h"

#include "digest.h"
#include "json.h"

#define VERSION 1

const char *mcp_snapshot_identity(const char *const parts[], int count, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, ""), *name = apr_palloc(pool, MCP_DIGEST_TEXT);

    for (int i = 0; i < count; i++) {
        const char *part = parts[i] ? parts[i] : "";

        text = apr_psprintf(pool, "%s%s%" APR_SIZE_T_FMT ":%s", text, parts[i] ? "+" : "-", strlen(part), part);
    }
    mcp_digest_text(name, mcp_view_of(text));
    return name;
}

/* Put what a JSON text says into a document. */
static bool put_text(json_t *document, const char *name, const char *text, apr_pool_t *pool)
{
    json_t *value;

    return mcp_json_parse_object(&value, mcp_view_of(text), pool) == MCP_OK &&
           json_object_set(document, name, value) == 0;
}

const char *mcp_snapshot_write(const mcp_snapshot_t *snapshot, apr_pool_t *pool)
{
    json_t *document = mcp_json_own(json_object(), pool);
    bool made = json_object_set_new(document, "version", json_integer(VERSION)) == 0 &&
                json_object_set_new(document, "identity", json_string(snapshot->identity)) == 0 &&
                json_object_set_new(document, "issuer", json_string(snapshot->issuer)) == 0 &&
                json_object_set_new(document, "fetched", json_integer(apr_time_sec(snapshot->fetched))) == 0 &&
                put_text(document, "jwks", snapshot->keys, pool) &&
                (!snapshot->metadata || put_text(document, "metadata", snapshot->metadata, pool));

    return made ? mcp_json_text(document, pool) : NULL;
}

static bool is_ours(const json_t *document, const char *identity)
{
    mcp_view_t text;

    return json_integer_value(json_object_get(document, "version")) == VERSION &&
           mcp_json_string(&text, json_object_get(document, "identity")) && mcp_view_is(text, identity);
}

bool mcp_snapshot_read(mcp_snapshot_t *snapshot, mcp_view_t text, const char *identity, apr_time_t now,
                       apr_pool_t *pool)
{
    json_t *document, *keys, *metadata, *fetched;
    mcp_view_t issuer;

    if (mcp_json_parse_object(&document, text, pool) != MCP_OK || !is_ours(document, identity)) {
        return false;
    }
    keys = json_object_get(document, "jwks");
    metadata = json_object_get(document, "metadata");
    fetched = json_object_get(document, "fetched");
    if (!json_is_object(keys) || (metadata && !json_is_object(metadata)) ||
        !mcp_json_string(&issuer, json_object_get(document, "issuer")) || !json_is_integer(fetched) ||
        json_integer_value(fetched) < 0 || json_integer_value(fetched) > apr_time_sec(now)) {
        return false;
    }
    *snapshot = (mcp_snapshot_t){
        .identity = identity,
        .issuer = mcp_view_dup(issuer, pool),
        .fetched = apr_time_from_sec((apr_time_t)json_integer_value(fetched)),
        .keys = mcp_json_text(keys, pool),
        .metadata = metadata ? mcp_json_text(metadata, pool) : NULL,
    };
    return snapshot->keys != NULL;
}
