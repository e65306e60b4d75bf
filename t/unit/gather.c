/* Rounds of fetching: which URL comes after which answer, and what the round results in. */
#include <apr_general.h>

#include "../lib/notebook.h"
#include "../lib/signer.h"
#include "../lib/tap.h"
#include "../lib/world.h"

#define AS "https://as.example/t"
#define FORM0 "https://as.example/.well-known/oauth-authorization-server/t"
#define FORM1 "https://as.example/.well-known/openid-configuration/t"
#define FORM2 "https://as.example/t/.well-known/openid-configuration"

static const char *keys_a, *keys_b;

static world_t make_world(apr_pool_t *pool)
{
    world_t world = { .pool = pool, .trace = "" };

    return world;
}

static subject_t *make_issuer(const char *issuer, const char *url1, const char *url2, const mcp_jwks_t *fixed,
                              apr_pool_t *pool)
{
    apr_array_header_t *urls = apr_array_make(pool, 2, sizeof(const char *));
    mcp_gather_source_t source = { .issuer = issuer, .key_urls = urls, .discovers = !url1 && !fixed };

    if (url1) {
        APR_ARRAY_PUSH(urls, const char *) = url1;
    }
    if (url2) {
        APR_ARRAY_PUSH(urls, const char *) = url2;
    }
    return world_subject(&source, fixed != NULL, pool);
}

static const char *metadata(const char *issuer, const char *jwks_uri, apr_pool_t *pool)
{
    return apr_psprintf(pool, "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}", issuer, jwks_uri);
}

/* Discovery takes the first form that is good, whatever the ones before it answered. */
static void test_forms(apr_pool_t *pool)
{
    static const char *const forms[] = { FORM0, FORM1, FORM2 };
    static const char *const traces[] = { FORM0 " https://as.example/keys", FORM0 " " FORM1 " https://as.example/keys",
                                          FORM0 " " FORM1 " " FORM2 " https://as.example/keys" };
    mcp_log_t log = notebook_open();

    for (int good = 0; good < 3; good++) {
        world_t world = make_world(pool);
        subject_t *issuer = make_issuer(AS, NULL, NULL, NULL, pool);

        for (int form = 0; form < good; form++) {
            world_put(&world, forms[form], 200, metadata("https://evil.example", "https://evil.example/keys", pool));
        }
        world_put(&world, forms[good], 200, metadata(AS, "https://as.example/keys", pool));
        world_put(&world, "https://as.example/keys", 200, keys_a);
        ok(mcp_issuer_ask(&issuer->state, &issuer->plan, MCP_ISSUER_ROUTINE, 0, &log) == MCP_ISSUER_FETCH &&
               world_round(&world, issuer, &log),
           "form %d is found", good);
        is_str(world.trace, traces[good], "by these requests");
    }
}

static void test_remembered(apr_pool_t *pool)
{
    world_t world = make_world(pool);
    subject_t *issuer = make_issuer(AS, NULL, NULL, NULL, pool);
    mcp_log_t log = notebook_open();

    world_put(&world, FORM0, 200, metadata(AS, "https://as.example/keys", pool));
    world_put(&world, "https://as.example/keys", 200, keys_a);
    world_ask(&world, issuer, MCP_ISSUER_ROUTINE, &log);
    world_round(&world, issuer, &log);
    is_str(world.trace, "https://as.example/keys", "a known jwks_uri needs no metadata");

    world_put(&world, "https://as.example/keys", 404, "");
    world_put(&world, FORM0, 200, metadata(AS, "https://as.example/moved", pool));
    world_put(&world, "https://as.example/moved", 200, keys_b);
    ok(world_round(&world, issuer, &log), "keys that moved are found");
    is_str(world.trace, "https://as.example/keys " FORM0 " https://as.example/moved", "by new discovery");
    world_round(&world, issuer, &log);
    is_str(world.trace, "https://as.example/moved", "and remembered there");

    world_put(&world, "https://as.example/moved", 200, "{\"keys\":[]}");
    world_put(&world, FORM0, 200, metadata(AS, "https://as.example/moved", pool));
    ok(!world_round(&world, issuer, &log), "no keys in it");
    is_str(world.trace, "https://as.example/moved " FORM0, "and the same URL is not asked twice in a round");
    world_put(&world, "https://as.example/moved", 200, keys_b);
    ok(world_round(&world, issuer, &log), "a failed round forgets nothing");
    is_str(world.trace, "https://as.example/moved", "it is where it was");
}

/* Into which parts of the network a discovered jwks_uri may lead. */
static void test_reach(apr_pool_t *pool)
{
    static const struct {
        const char *jwks_uri;
        unsigned from, reach;
    } rows[] = {
        { "https://as.example/keys", MCP_REACH_PUBLIC, MCP_REACH_ALL },
        { "https://as.example:8443/keys", MCP_REACH_PUBLIC, MCP_REACH_ALL },
        { "https://AS.example/keys", MCP_REACH_PUBLIC, MCP_REACH_ALL },
        { "https://keys.example/keys", MCP_REACH_PUBLIC, MCP_REACH_PUBLIC },
        { "http://169.254.169.254/latest", MCP_REACH_PUBLIC, MCP_REACH_PUBLIC },
        { "http://localhost/keys", MCP_REACH_PUBLIC, MCP_REACH_PUBLIC },
        { "https://keys.example/keys", 0, MCP_REACH_PUBLIC },
        { "https://keys.example/keys", MCP_REACH_PRIVATE, MCP_REACH_PUBLIC | MCP_REACH_PRIVATE },
        { "https://keys.example/keys", MCP_REACH_LOOPBACK, MCP_REACH_PUBLIC | MCP_REACH_LOOPBACK },
    };
    mcp_log_t log = notebook_open();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world_t world = make_world(pool);
        subject_t *issuer = make_issuer(AS, NULL, NULL, NULL, pool);

        world_put(&world, FORM0, 200, metadata(AS, rows[i].jwks_uri, pool))->reach = rows[i].from;
        world_put(&world, rows[i].jwks_uri, 200, keys_a);
        world_round(&world, issuer, &log);
        is_int(world.reach, rows[i].reach, "E-14 %s, metadata from %u", rows[i].jwks_uri, rows[i].from);
        world_round(&world, issuer, &log);
        is_int(world.reach, rows[i].reach, "and no more when it is remembered");
        is_str(world.trace, rows[i].jwks_uri, "as it is");
    }
}

static void test_configured(apr_pool_t *pool)
{
    world_t world = make_world(pool);
    subject_t *issuer = make_issuer(AS, "https://a/keys", "https://b/keys", NULL, pool);
    mcp_log_t log = notebook_open();

    world_put(&world, "https://a/keys", 200, keys_a);
    world_put(&world, "https://b/keys", 200, keys_b);
    ok(world_round(&world, issuer, &log), "two key URLs");
    is_str(world.trace, "https://a/keys https://b/keys", "are asked in order, and nothing else");
    is_int(world.keys->count, 2, "and their keys are one set");
    is_int(world.reach, MCP_REACH_ALL, "the admin may name any host");
    is_str(world.keys->keys[0].kid, "a", "in that order");

    world_put(&world, "https://a/keys", 200, keys_b);
    world_put(&world, "https://b/keys", 404, "");
    notebook_clear();
    ok(world_round(&world, issuer, &log), "one fails");
    is_str(world.trace, "https://a/keys https://b/keys", "both are asked");
    is_int(notebook_count("; https://b/keys: status 404"), 1, "that is said");
    is_int(world.keys->count, 2, "it keeps what it gave");
    is_str(world.keys->keys[0].kid, "b", "beside the new ones of the other");
}

/* Static keys need no round; beside a URL they serve while it fails. */
static void test_static(apr_pool_t *pool)
{
    world_t world = make_world(pool);
    mcp_log_t log = notebook_open();
    mcp_jwks_t *fixed = mcp_jwk_set(pool);
    subject_t *issuer;
    unsigned reach;

    if (!mcp_jwk_add_secret(fixed, mcp_view_of("0123456789abcdef0123456789abcdef"))) {
        abort();
    }
    issuer = make_issuer(AS, NULL, NULL, fixed, pool);
    ok(!mcp_issuer_fetches(&issuer->plan), "static keys alone need no fetching");
    is_int(mcp_issuer_ask(&issuer->state, &issuer->plan, MCP_ISSUER_DOUBT, 0, &log), MCP_ISSUER_USE, "nor does doubt");
    is_str(mcp_gather_next(&reach, mcp_gather_begin(&issuer->plan.source, &issuer->state.memory, true, pool)), NULL,
           "and there is no URL");

    issuer = make_issuer(AS, "https://a/keys", NULL, fixed, pool);
    ok(mcp_issuer_fetches(&issuer->plan), "with a URL beside them");
    is_int(mcp_issuer_ask(&issuer->state, &issuer->plan, MCP_ISSUER_ROUTINE, 0, &log), MCP_ISSUER_FETCH,
           "it is fetched");
    world.down = true;
    ok(!world_round(&world, issuer, &log), "and may fail");
    is_int(mcp_issuer_ask(&issuer->state, &issuer->plan, MCP_ISSUER_ROUTINE, 0, &log), MCP_ISSUER_USE, "they serve");
    ok(!mcp_issuer_is_whole(&issuer->state, &issuer->plan, 0), "but are not the whole");
    world.down = false;
    world_put(&world, "https://a/keys", 200, keys_a);
    ok(world_round(&world, issuer, &log), "when it is there");
    is_int(world.keys->count, 1, "it brings what is fetched; keyset.c adds the static ones");
    ok(mcp_issuer_is_whole(&issuer->state, &issuer->plan, 0), "and are the whole");
}

/* Bodies never reach the log, and an unfit key is complained about once. */
static void test_log(apr_pool_t *pool)
{
    world_t world = make_world(pool);
    subject_t *issuer = make_issuer(AS, "https://a/keys", NULL, NULL, pool);
    mcp_log_t log = notebook_open();
    const char *mixed =
        apr_pstrcat(pool, "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"unfit\"},", strchr(keys_a, '[') + 1, NULL);

    notebook_clear();
    world_put(&world, "https://a/keys", 200, mixed);
    world_round(&world, issuer, &log);
    is_int(notebook_count("kid \"unfit\""), 1, "an unfit key is in the log");
    world_round(&world, issuer, &log);
    world_round(&world, issuer, &log);
    is_int(notebook_count("kid \"unfit\""), 1, "once, as long as the document is the same");
    world_put(&world, "https://a/keys", 200, apr_pstrcat(pool, mixed, " ", NULL));
    world_round(&world, issuer, &log);
    is_int(notebook_count("kid \"unfit\""), 2, "and again when it changes");
    world_put(&world, "https://a/keys", 200, "<html>secret-body</html>");
    world_round(&world, issuer, &log);
    world_put(&world, "https://a/keys", 500, "secret-body");
    world_round(&world, issuer, &log);
    is_int(notebook_count("https://a/keys: status 500"), 1, "a failure names the URL and what was got");
    is_int(notebook_count("secret-body"), 0, "and no body");
}

int main(void)
{
    apr_pool_t *pool;
    signer_t a, b;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    a = signer_make("a", pool);
    b = signer_make("b", pool);
    keys_a = signer_jwks(&a, pool);
    keys_b = signer_jwks(&b, pool);
    test_forms(pool);
    test_remembered(pool);
    test_reach(pool);
    test_configured(pool);
    test_static(pool);
    test_log(pool);
    apr_terminate();
    return done_testing();
}
