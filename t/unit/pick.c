/* The members of a JSON-RPC message: each found at its own place and nowhere else, and none that two programs could find
 * differently. */
#include <apr_general.h>

#include "../../src/core/limits.h"
#include "../../src/core/pick.h"
#include "../lib/bytes.h"
#include "../lib/tap.h"

static mcp_reason_t pick(mcp_picks_t picks, mcp_view_t text, apr_pool_t *pool)
{
    mcp_walk_t walk = mcp_walk_start(text);

    memset(picks, 0, sizeof(mcp_picks_t));
    return mcp_pick(picks, &walk, pool);
}

static const struct {
    const char *name, *text;
    mcp_pick_t pick;
    const char *value; /* NULL: it is not there */
} places[] = {
    { "nothing", "{}", MCP_PICK_METHOD, NULL },
    { "jsonrpc", "{\"jsonrpc\":\"2.0\"}", MCP_PICK_JSONRPC, "\"2.0\"" },
    { "id", "{\"id\": 7 }", MCP_PICK_ID, "7" },
    { "method", "{\"method\":\"a\\/b\"}", MCP_PICK_METHOD, "\"a\\/b\"" },
    { "params", "{\"params\": { \"a\" : [ 1 ] } }", MCP_PICK_PARAMS, "{ \"a\" : [ 1 ] }" },
    { "params without members", "{\"params\":{}}", MCP_PICK_PARAMS, "{}" },
    { "I-17 positional params", "{\"params\":[{\"name\":1}]}", MCP_PICK_PARAMS, "[{\"name\":1}]" },
    { "I-17 in which there is no name", "{\"params\":[{\"name\":1}]}", MCP_PICK_NAME, NULL },
    { "result", "{\"result\":{\"name\":1}}", MCP_PICK_RESULT, "{\"name\":1}" },
    { "error", "{\"error\":null}", MCP_PICK_ERROR, "null" },
    { "name", "{\"params\":{\"name\":\"x\"}}", MCP_PICK_NAME, "\"x\"" },
    { "name of another type", "{\"params\":{\"name\":{\"name\":1}}}", MCP_PICK_NAME, "{\"name\":1}" },
    { "uri", "{\"params\":{\"uri\":\"x\"}}", MCP_PICK_URI, "\"x\"" },
    { "taskId", "{\"params\":{\"taskId\":\"x\"}}", MCP_PICK_TASK_ID, "\"x\"" },
    { "ref", "{\"params\":{\"ref\":{\"type\":\"t\"}}}", MCP_PICK_REF, "{\"type\":\"t\"}" },
    { "the type of ref", "{\"params\":{\"ref\":{\"type\":\"t\"}}}", MCP_PICK_REF_TYPE, "\"t\"" },
    { "the name of ref", "{\"params\":{\"ref\":{\"name\":\"t\"}}}", MCP_PICK_REF_NAME, "\"t\"" },
    { "the uri of ref", "{\"params\":{\"ref\":{\"uri\":\"t\"}}}", MCP_PICK_REF_URI, "\"t\"" },
    { "a name, another one in ref", "{\"params\":{\"ref\":{\"name\":\"t\"},\"name\":\"x\"}}", MCP_PICK_NAME, "\"x\"" },
    { "a ref that is an array", "{\"params\":{\"ref\":[{\"name\":\"t\"}]}}", MCP_PICK_REF_NAME, NULL },
    { "_meta", "{\"params\":{\"_meta\":{}}}", MCP_PICK_META, "{}" },
    { "the version", "{\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"v\"}}}", MCP_PICK_VERSION,
      "\"v\"" },
    { "as PHP writes it", "{\"params\":{\"_meta\":{\"io.modelcontextprotocol\\/protocolVersion\":\"v\"}}}",
      MCP_PICK_VERSION, "\"v\"" },
    { "in other case it is another key", "{\"params\":{\"_meta\":{\"io.modelcontextprotocol/ProtocolVersion\":1}}}",
      MCP_PICK_VERSION, NULL },
    { "in params it is another", "{\"params\":{\"io.modelcontextprotocol/protocolVersion\":1}}", MCP_PICK_VERSION,
      NULL },
    { "in another _meta as well", "{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":1}}", MCP_PICK_VERSION,
      NULL },
    { "a name in the message", "{\"name\":\"x\"}", MCP_PICK_NAME, NULL },
    { "a name in arguments", "{\"params\":{\"arguments\":{\"name\":\"x\"}}}", MCP_PICK_NAME, NULL },
    { "a name in _meta", "{\"params\":{\"_meta\":{\"name\":\"x\"}}}", MCP_PICK_NAME, NULL },
    { "a type in params", "{\"params\":{\"type\":\"x\"}}", MCP_PICK_REF_TYPE, NULL },
    { "a ref in the message", "{\"ref\":{\"type\":\"x\"}}", MCP_PICK_REF, NULL },
    { "a method in params", "{\"params\":{\"method\":\"x\"}}", MCP_PICK_METHOD, NULL },
    { "an id in params", "{\"params\":{\"id\":1}}", MCP_PICK_ID, NULL },
    { "params in params", "{\"params\":{\"params\":{\"name\":\"x\"}}}", MCP_PICK_NAME, NULL },
    { "a method in an array", "{\"a\":[{\"method\":\"x\"}]}", MCP_PICK_METHOD, NULL },
};

static void test_places(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        mcp_picks_t picks;
        mcp_reason_t reason = pick(picks, mcp_view_of(places[i].text), pool);
        mcp_view_t got = picks[places[i].pick];

        is_int(reason, MCP_OK, "%s: read", places[i].name);
        ok(places[i].value ? mcp_view_is(got, places[i].value) : !got.data, "%s: %s", places[i].name,
           places[i].value ? places[i].value : "not there");
    }
}

static const struct {
    const char *name, *text;
    mcp_reason_t reason;
} bad[] = {
    { "I-12 method twice", "{\"method\":1,\"method\":1}", MCP_BODY_INVALID },
    { "I-12 params twice", "{\"params\":{},\"params\":{}}", MCP_BODY_INVALID },
    { "I-12 id twice", "{\"id\":1,\"a\":1,\"id\":1}", MCP_BODY_INVALID },
    { "I-12 name twice", "{\"params\":{\"name\":1,\"name\":1}}", MCP_BODY_INVALID },
    { "I-12 uri twice", "{\"params\":{\"uri\":1,\"uri\":1}}", MCP_BODY_INVALID },
    { "I-12 ref twice", "{\"params\":{\"ref\":{},\"ref\":{}}}", MCP_BODY_INVALID },
    { "I-12 name of ref twice", "{\"params\":{\"ref\":{\"name\":1,\"name\":1}}}", MCP_BODY_INVALID },
    { "I-12 _meta twice", "{\"params\":{\"_meta\":{},\"_meta\":{}}}", MCP_BODY_INVALID },
    { "I-12 a key of _meta twice", "{\"params\":{\"_meta\":{\"a/b\":1,\"a/b\":1}}}", MCP_BODY_INVALID },
    { "I-12 written otherwise", "{\"params\":{\"_meta\":{\"a/b\":1,\"a\\/b\":1}}}", MCP_BODY_INVALID },
    { "I-12 the other way round", "{\"params\":{\"_meta\":{\"a\\u002fb\":1,\"a\\/b\":1}}}", MCP_BODY_INVALID },
    { "I-12 something else twice", "{\"x\":1,\"x\":2}", MCP_BODY_INVALID },
    { "I-12 nothing twice", "{\"\":1,\"\":2}", MCP_BODY_INVALID },
    { "I-12 escaped twin of name", "{\"params\":{\"name\":1,\"\\u006eame\":1}}", MCP_BODY_INVALID },
    { "I-12 alone", "{\"params\":{\"\\u006eame\":1}}", MCP_BODY_INVALID },
    { "I-12 escaped method", "{\"\\u006dethod\":1}", MCP_BODY_INVALID },
    { "I-12 any other escape", "{\"a\\/b\":1}", MCP_BODY_INVALID },
    { "I-12 in ref", "{\"params\":{\"ref\":{\"\\u0074ype\":1}}}", MCP_BODY_INVALID },
    { "I-13 Method", "{\"Method\":1}", MCP_BODY_INVALID },
    { "I-13 PARAMS", "{\"PARAMS\":{}}", MCP_BODY_INVALID },
    { "I-13 Name beside name", "{\"params\":{\"name\":1,\"Name\":1}}", MCP_BODY_INVALID },
    { "I-13 a long s", "{\"param\xc5\xbf\":{}}", MCP_BODY_INVALID },
    { "I-13 a Kelvin sign", "{\"params\":{\"tas\xe2\x84\xaaId\":1}}", MCP_BODY_INVALID },
    { "I-13 an I with a dot",
      "{\"\xc4\xb0"
      "d\":1}",
      MCP_BODY_INVALID },
    { "I-13 an i without one", "{\"params\":{\"ur\xc4\xb1\":1}}", MCP_BODY_INVALID },
    { "a member of params in the message", "{\"NAME\":1}", MCP_BODY_INVALID },
    { "of the message in params", "{\"params\":{\"Method\":1}}", MCP_BODY_INVALID },
    { "of the message in ref", "{\"params\":{\"ref\":{\"Uri\":1}}}", MCP_BODY_INVALID },
    { "of _meta", "{\"params\":{\"_Meta\":{}}}", MCP_BODY_INVALID },
    { "Arguments", "{\"params\":{\"Arguments\":{}}}", MCP_BODY_INVALID },
    { "a trailing comma", "{\"id\":1,}", MCP_BODY_MALFORMED },
    { "no value", "{\"id\":}", MCP_BODY_MALFORMED },
    { "no value in params", "{\"params\":{\"name\":}}", MCP_BODY_MALFORMED },
    { "no colon in ref", "{\"params\":{\"ref\":{\"name\" 1}}}", MCP_BODY_MALFORMED },
    { "NUL in a name", "{\"id\\u0000\":1}", MCP_BODY_MALFORMED },
    { "NUL in a key of _meta", "{\"params\":{\"_meta\":{\"a\\u0000\":1}}}", MCP_BODY_MALFORMED },
    { "I-20 bad UTF-8 in a name", "{\"\xff\":1}", MCP_BODY_MALFORMED },
    { "I-20 a lone surrogate in a key of _meta", "{\"params\":{\"_meta\":{\"\\ud800\":1}}}", MCP_BODY_MALFORMED },
    { "no end", "{\"params\":{\"name\":1}", MCP_BODY_MALFORMED },
};

static void test_bad(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mcp_picks_t picks;

        is_int(pick(picks, mcp_view_of(bad[i].text), pool), bad[i].reason, "%s", bad[i].name);
    }
}

/* Members of the protocol, and what else folds to their letters. */
static const char *const members[] = { "jsonrpc", "id",  "method", "params",    "result", "error", "name",
                                       "uri",     "ref", "taskId", "arguments", "_meta",  "type" };
static const struct {
    char letter;
    const char *other;
} folds[] = { { 's', "\xc5\xbf" }, { 'k', "\xe2\x84\xaa" }, { 'i', "\xc4\xb0" }, { 'i', "\xc4\xb1" } };

/* Every object that is looked at, and one that is not. */
static const struct {
    const char *name, *before, *after;
    bool fit; /* for twins */
} objects[] = {
    { "the message", "{", "}", false },
    { "params", "{\"params\":{", "}}", false },
    { "ref", "{\"params\":{\"ref\":{", "}}}", false },
    { "_meta", "{\"params\":{\"_meta\":{", "}}}", true },
    { "arguments", "{\"params\":{\"arguments\":{", "}}}", true },
};

/* How often a member of this name is taken for what it should be taken for, in one kind of object. */
static int wrongs(size_t object, const char *twin, bool fit, apr_pool_t *pool)
{
    mcp_picks_t picks;
    const char *text = apr_pstrcat(pool, objects[object].before, "\"", twin, "\":1", objects[object].after, NULL);

    return pick(picks, mcp_view_of(text), pool) != (fit || objects[object].fit ? MCP_OK : MCP_BODY_INVALID);
}

/* The twin of a member that differs at one place: in other case, or with a letter that folds to it; NULL for none. */
static const char *twin_of(const char *member, size_t place, int kind, apr_pool_t *pool)
{
    char letter[2] = { member[place], '\0' }, other[2] = { (char)(member[place] ^ 0x20), '\0' };
    bool folds_so = kind > 0 && folds[kind - 1].letter == (letter[0] | 0x20);
    const char *instead = kind == 0 ? other : folds_so ? folds[kind - 1].other : NULL;

    return instead && letter[0] != '_'
               ? apr_pstrcat(pool, apr_pstrmemdup(pool, member, place), instead, member + place + 1, NULL)
               : NULL;
}

static void test_twins(apr_pool_t *pool)
{
    for (size_t object = 0; object < sizeof(objects) / sizeof(objects[0]); object++) {
        int twins = 0, wrong = 0;

        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
            wrong += wrongs(object, members[i], true, pool);
            wrong += wrongs(object, apr_pstrcat(pool, members[i], "s", NULL), true, pool);
            wrong += wrongs(object, apr_pstrmemdup(pool, members[i], strlen(members[i]) - 1), true, pool);
            for (size_t place = 0; members[i][place]; place++) {
                for (int kind = 0; kind < 5; kind++) {
                    const char *twin = twin_of(members[i], place, kind, pool);

                    twins += twin != NULL;
                    wrong += twin && wrongs(object, twin, false, pool);
                }
            }
        }
        ok(twins > 70 && wrong == 0, "I-13 %d twins in %s are %s", twins, objects[object].name,
           objects[object].fit ? "keys like others" : "refused");
    }
}

static void test_many(apr_pool_t *pool)
{
    for (size_t object = 0; object < sizeof(objects) / sizeof(objects[0]); object++) {
        for (int more = 0; more < 2; more++) {
            char *before = apr_pstrcat(pool, objects[object].before, "\"\":0", NULL);
            mcp_view_t text =
                bytes_repeat(before, ",\"k%d\":1", MCP_LIMIT_RPC_MEMBERS - 1 + more, objects[object].after);
            bool want = !more || strcmp(objects[object].name, "arguments") == 0;
            mcp_picks_t picks;

            is_int(pick(picks, text, pool), want ? MCP_OK : MCP_BODY_INVALID, "I-26 %d members in %s",
                   MCP_LIMIT_RPC_MEMBERS + more, objects[object].name);
            bytes_free(text);
        }
    }
}

/* Texts of which every beginning is no message, in memory that ends there. */
static void test_cut(apr_pool_t *pool)
{
    static const char text[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\",\"params\":{\"ref\":{\"type\":"
        "\"ref/prompt\",\"name\":\"x\"},\"_meta\":{\"a\\/b\":[1.5e3,true]}},\"\xe2\x82\xac\":null}";
    int wrong = 0;

    for (size_t len = 1; len < sizeof(text) - 1; len++) {
        mcp_view_t copy = bytes_copy((mcp_view_t){ text, len });
        mcp_picks_t picks;

        wrong += pick(picks, copy, pool) != MCP_BODY_MALFORMED;
        bytes_free(copy);
    }
    is_int(wrong, 0, "whatever is cut short is malformed");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_places(pool);
    test_bad(pool);
    test_twins(pool);
    test_many(pool);
    test_cut(pool);
    apr_terminate();
    return done_testing();
}
