#include "pick.h"

#include "ascii.h"
#include "limits.h"

typedef struct level_t level_t;

typedef struct {
    const char *name; /* NULL ends the list */
    mcp_pick_t pick;
    const level_t *inner; /* where members of its value are looked at */
} member_t;

struct level_t {
    member_t members[7];
    bool open; /* names are keys of a map, not members of a record: case tells them apart for every program */
};

static const level_t meta_level = { { { "io.modelcontextprotocol/protocolVersion", MCP_PICK_VERSION, NULL } }, true };
static const level_t ref_level = {
    { { "type", MCP_PICK_REF_TYPE, NULL }, { "name", MCP_PICK_REF_NAME, NULL }, { "uri", MCP_PICK_REF_URI, NULL } },
    false
};
static const level_t params_level = { { { "name", MCP_PICK_NAME, NULL },
                                        { "uri", MCP_PICK_URI, NULL },
                                        { "taskId", MCP_PICK_TASK_ID, NULL },
                                        { "ref", MCP_PICK_REF, &ref_level },
                                        { "_meta", MCP_PICK_META, &meta_level } },
                                      false };
static const level_t message_level = { { { "jsonrpc", MCP_PICK_JSONRPC, NULL },
                                         { "id", MCP_PICK_ID, NULL },
                                         { "method", MCP_PICK_METHOD, NULL },
                                         { "params", MCP_PICK_PARAMS, &params_level },
                                         { "result", MCP_PICK_RESULT, NULL },
                                         { "error", MCP_PICK_ERROR, NULL } },
                                       false };

/* The letter of ASCII that a text begins with for a program that ignores case, and how many bytes write it: U+017F folds to
 * s, U+212A to k (Unicode's CaseFolding), U+0130 and U+0131 to i in some languages. NUL for any other character. */
static char fold(mcp_view_t text, apr_size_t *len)
{
    static const struct {
        const char *bytes;
        char letter;
    } folds[] = { { "\xc5\xbf", 's' }, { "\xe2\x84\xaa", 'k' }, { "\xc4\xb0", 'i' }, { "\xc4\xb1", 'i' } };

    *len = 1;
    if ((unsigned char)text.data[0] < 0x80) {
        return mcp_ascii_lower(text.data[0]);
    }
    for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
        *len = strlen(folds[i].bytes);
        if (text.len >= *len && memcmp(text.data, folds[i].bytes, *len) == 0) {
            return folds[i].letter;
        }
    }
    return '\0';
}

static bool folds_to(mcp_view_t name, const char *member)
{
    while (name.len > 0 && *member) {
        apr_size_t len;

        if (fold(name, &len) != mcp_ascii_lower(*member)) {
            return false;
        }
        name = (mcp_view_t){ name.data + len, name.len - len };
        member++;
    }
    return name.len == 0 && !*member;
}

/* Whether a name is not a member of the protocol, but some programs take it for one. */
static bool is_twin(mcp_view_t name)
{
    static const char *const members[] = { "jsonrpc", "id",  "method", "params",    "result", "error", "name",
                                           "uri",     "ref", "taskId", "arguments", "_meta",  "type" };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (folds_to(name, members[i])) {
            return !mcp_view_is(name, members[i]);
        }
    }
    return false;
}

static const member_t *find(const level_t *level, mcp_view_t name)
{
    for (const member_t *member = level->members; member->name; member++) {
        if (mcp_view_is(name, member->name)) {
            return member;
        }
    }
    return NULL;
}

/* Make of a name as it is written the one that programs read. Nobody needs escapes to write a member of a record; in keys of
 * _meta, which have a slash, PHP does escape it. */
static bool read_name(mcp_view_t *name, const level_t *level, apr_pool_t *pool)
{
    const mcp_view_t quoted = { name->data - 1, name->len + 2 };

    return !memchr(name->data, '\\', name->len) || (level->open && mcp_walk_string(name, quoted, pool));
}

/* Note a name among those of its object. False when it must not be there. */
static bool is_fit(mcp_view_t name, mcp_view_t *before, int *count, const level_t *level)
{
    if (*count == MCP_LIMIT_RPC_MEMBERS || (!level->open && is_twin(name))) {
        return false;
    }
    for (int i = 0; i < *count; i++) {
        if (mcp_view_equal(before[i], name)) {
            return false;
        }
    }
    before[(*count)++] = name;
    return true;
}

static mcp_reason_t pick(mcp_picks_t picks, mcp_walk_t *walk, const level_t *level, apr_pool_t *pool);

/* Pass a member's value, and note it when it is wanted. */
static mcp_reason_t pick_value(mcp_picks_t picks, mcp_walk_t *walk, const member_t *member, apr_pool_t *pool)
{
    mcp_view_t ignored = { NULL, 0 }, *value = member ? &picks[member->pick] : &ignored;
    mcp_reason_t reason;

    if (member && member->inner && mcp_walk_peek(walk) == '{') {
        const char *start = walk->at;

        reason = pick(picks, walk, member->inner, pool);
        *value = (mcp_view_t){ start, (apr_size_t)(walk->at - start) };
        return reason;
    }
    return mcp_walk_value(value, walk) ? MCP_OK : MCP_BODY_MALFORMED;
}

/* Walk through the object that is next, and note the members of its level. */
static mcp_reason_t pick(mcp_picks_t picks, mcp_walk_t *walk, const level_t *level, apr_pool_t *pool)
{
    mcp_view_t name, before[MCP_LIMIT_RPC_MEMBERS];
    mcp_reason_t reason = MCP_OK;
    mcp_walk_next_t next = MCP_WALK_MORE;
    int count = 0;

    mcp_walk_enter(walk);
    for (bool first = true; reason == MCP_OK && next == MCP_WALK_MORE; first = false) {
        next = mcp_walk_member(&name, walk, first);
        if (next == MCP_WALK_MORE) {
            reason = read_name(&name, level, pool) && is_fit(name, before, &count, level)
                         ? pick_value(picks, walk, find(level, name), pool)
                         : MCP_BODY_INVALID;
        }
    }
    return next == MCP_WALK_BAD ? MCP_BODY_MALFORMED : reason;
}

mcp_reason_t mcp_pick(mcp_picks_t picks, mcp_walk_t *walk, apr_pool_t *pool)
{
    return pick(picks, walk, &message_level, pool);
}
