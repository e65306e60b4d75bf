/* Out of memory, whichever allocation it is: no token is let in for it, nothing crashes, nothing leaks. Where a half
 * result would be worse than none, the process ends by design, as APR's pools have it (json.h, ownpool.h). */
#include "../../src/core/digest.h"
#include "../../src/core/introspect.h"
#include "../../src/core/keysets.h"
#include "../../src/core/mint.h"
#include "../../src/core/prm.h"
#include "../../src/core/record.h"
#include "../../src/core/snapshot.h"
#include "../lib/scarce.h"
#include "keys.h"

#define SECRET "0123456789abcdef0123456789abcdef"

/* A right token and one of the same kind by somebody else. */
typedef struct {
    const char *good, *forged;
    const mcp_jwks_t *set;
} tokens_t;

static scarce_outcome_t verify(void *baton)
{
    const tokens_t *tokens = baton;
    apr_pool_t *pool = scarce_pool();
    bool served = keys_judge_by(tokens->good, tokens->set, MCP_ALGS_PUBLIC | MCP_ALGS_HMAC, pool) == MCP_OK;
    bool wrong = keys_judge_by(tokens->forged, tokens->set, MCP_ALGS_PUBLIC | MCP_ALGS_HMAC, pool) == MCP_OK;

    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

static void test_signatures(const mcp_jwks_t *secrets, apr_pool_t *pool)
{
    static const size_t rows[] = { 0, 3, 6, 8, 9 };
    forge_key_t secret = { .secret = mcp_view_of(SECRET) }, other = { .secret = mcp_view_of("x" SECRET) };
    tokens_t tokens;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const forge_key_t *key = keys_good[rows[i]].key, *forger = keys_good[rows[i]].other;
        forge_key_t fresh = { NULL, { NULL, 0 } };

        if (!forger) {
            fresh = forge_ec("P-521", pool);
            forger = &fresh;
        }
        tokens = (tokens_t){ keys_token(rows[i], key, pool), keys_token(rows[i], forger, pool), keys };
        scarce_test(keys_good[rows[i]].alg, verify, &tokens, true, 20);
    }
    tokens = (tokens_t){
        forge_token(forge_alg("HS256"), &secret, "{\"alg\":\"HS256\"}", KEYS_PAYLOAD, pool),
        forge_token(forge_alg("HS256"), &other, "{\"alg\":\"HS256\"}", KEYS_PAYLOAD, pool),
        secrets,
    };
    scarce_test("HS256", verify, &tokens, true, 20);
}

/* Keys as a URL or a file gives them, and tokens to tell whether they are those. */
typedef struct {
    mcp_view_t text;
    bool pem;
    int count;
    tokens_t tokens;
} source_t;

/* An unusable key of a set is left out, a file counts as a whole. */
static scarce_outcome_t read_keys(void *baton)
{
    const source_t *source = baton;
    apr_pool_t *pool = scarce_pool();
    mcp_jwks_t *set = mcp_jwk_set(pool);
    bool added = source->pem ? mcp_jwk_add_pem(set, source->text, NULL) : mcp_jwk_add_set(set, source->text, NULL);
    bool wrong = keys_judge_by(source->tokens.forged, set, MCP_ALGS_PUBLIC, pool) == MCP_OK ||
                 (added && set->count < (source->pem ? source->count : 1)) || set->count > source->count;
    bool served =
        set->count == source->count && keys_judge_by(source->tokens.good, set, MCP_ALGS_PUBLIC, pool) == MCP_OK;

    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

static void test_keys(apr_pool_t *pool)
{
    source_t set = { .text = mcp_view_of(apr_pstrcat(pool, "{\"keys\":[", forge_jwk(&keys_rsa, NULL, pool), ",",
                                                     forge_jwk(&keys_p256, NULL, pool), ",",
                                                     forge_jwk(&keys_ed, NULL, pool), "]}", NULL)),
                     .count = 3,
                     .tokens = { keys_token(6, &keys_p256, pool), keys_token(6, &keys_other_p256, pool), NULL } };
    source_t pem = { .text = mcp_view_of(forge_pem(&keys_ed, false, pool)),
                     .pem = true,
                     .count = 1,
                     .tokens = { keys_token(9, &keys_ed, pool), keys_token(9, &keys_other_ed, pool), NULL } };

    scarce_test("a JWK Set", read_keys, &set, true, 50);
    scarce_test("PEM", read_keys, &pem, true, 50);
}

/* Through the shelf of the store, the state file and back. A part would pass for the whole. */
static scarce_outcome_t carry_keys(void *baton)
{
    const source_t *source = baton;
    apr_pool_t *pool = scarce_pool();
    mcp_jwks_t *set = mcp_jwk_set(pool), *again = mcp_jwk_set(pool);
    mcp_snapshot_t snapshot = { .identity = "id", .issuer = "https://a", .metadata = "{\"issuer\":\"https://a\"}" },
                   read;
    mcp_keysets_t sets = { { NULL } };
    const char *text = NULL;
    bool served, wrong = false;

    if (mcp_jwk_add_set(set, source->text, NULL) && set->count == source->count) {
        mcp_keysets_put(&sets, 0, set);
        snapshot.keys = mcp_keysets_text(&sets, pool);
        text = mcp_snapshot_write(&snapshot, pool);
    }
    if ((served = text && mcp_snapshot_read(&read, mcp_view_of(text), "id", apr_time_from_sec(1), pool))) {
        wrong = strcmp(read.keys, snapshot.keys) != 0;
        served = read.metadata && mcp_keysets_add(again, mcp_view_of(read.keys), NULL) && again->count == source->count;
    }
    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

static void test_state(apr_pool_t *pool)
{
    source_t set = { .text = mcp_view_of(apr_psprintf(pool, "{\"keys\":[%s]}", forge_jwk(&keys_ed, NULL, pool))),
                     .count = 1 };

    scarce_test("keys on their way through the state file", carry_keys, &set, true, 100);
}

static bool seal(mcp_view_t *sealed, mcp_record_place_t *place, apr_pool_t *pool)
{
    static const unsigned char nonce[MCP_RECORD_NONCE] = { 1 };
    const mcp_view_t strings[] = { mcp_view_of("https://a"), mcp_view_of("client") };
    const mcp_record_t record = { .until = 2000, .made = 1000, .payload = mcp_view_of("{\"active\":true}") };
    mcp_record_secret_t secret;
    mcp_view_t context;

    return mcp_record_context(&context, strings, 2, pool) &&
           mcp_record_derive(&secret, mcp_view_of("credential"), context) &&
           mcp_record_place(place, &secret, mcp_view_of("token")) &&
           mcp_record_seal(sealed, &record, place, nonce, pool);
}

/* A record that was changed does not open, whatever fails meanwhile. */
static scarce_outcome_t keep_record(void *baton)
{
    const mcp_record_clock_t clock = { 1500, 5000 };
    apr_pool_t *pool = scarce_pool();
    mcp_record_place_t place;
    mcp_record_t opened = { .until = 0 };
    mcp_view_t sealed;
    bool served = seal(&sealed, &place, pool), wrong = false;

    (void)baton;
    if (served) {
        char *bent = apr_pmemdup(pool, sealed.data, sealed.len);

        served = mcp_record_open(&opened, sealed, &place, &clock, pool);
        wrong = served && !mcp_view_is(opened.payload, "{\"active\":true}");
        bent[sealed.len - 1] ^= 1;
        wrong = wrong || mcp_record_open(&opened, (mcp_view_t){ bent, sealed.len }, &place, &clock, pool);
    }
    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

/* A string of any length has all its bytes or is not there: the difference may be another audience. */
static scarce_outcome_t read_text(void *baton)
{
    const char *text = baton;
    apr_pool_t *pool = scarce_pool();
    json_t *value;
    mcp_view_t string;
    bool served = mcp_json_parse(&value, mcp_view_of(text), pool) == MCP_OK, wrong;

    wrong = served && !(mcp_json_string(&string, value) && string.len == strlen(text) - 2 &&
                        memcmp(string.data, text + 1, string.len) == 0);
    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

/* What an issuer said of a token: no doubt makes it active. */
static scarce_outcome_t read_answers(void *baton)
{
    mcp_answer_t yes = { .status = 200,
                         .type = "application/json",
                         .body =
                             mcp_view_of("{\"active\":true,\"aud\":[\"a\"],\"scope\":\"a b\",\"iss\":\"https://a\"}") };
    mcp_answer_t no = yes, other = yes;
    apr_pool_t *pool = scarce_pool();
    mcp_statement_t statement;
    const char *problem;
    bool served, wrong;

    (void)baton;
    no.body = mcp_view_of("{\"active\":false,\"aud\":[\"a\"]}");
    other.body = mcp_view_of("{\"active\":true,\"iss\":\"https://b\"}");
    served = mcp_introspect_read(&statement, &problem, &yes, "https://a", pool) == MCP_OK;
    wrong = served && json_array_size(json_object_get(statement.payload, "aud")) != 1;
    wrong = mcp_introspect_read(&statement, &problem, &no, "https://a", pool) == MCP_OK || wrong;
    wrong = mcp_introspect_read(&statement, &problem, &other, "https://a", pool) == MCP_OK || wrong;
    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

/* A token that we issue is whole or not there. */
static scarce_outcome_t mint(void *baton)
{
    const mcp_mint_t how = { .alg = "HS256", .kid = "k", .typ = "at+jwt", .key = mcp_view_of(SECRET) };
    const mcp_jwks_t *secrets = baton;
    apr_pool_t *pool = scarce_pool();
    const char *token = NULL;
    json_t *claims = mcp_json_own(json_pack("{s:s}", "sub", "user"), pool);
    bool served = mcp_mint_sign(&token, &how, claims, pool) == APR_SUCCESS, wrong;
    long denied = scarce.denied;

    scarce.denied = 0;
    wrong = served && keys_judge_by(token, secrets, MCP_ALGS_HMAC, pool) != MCP_OK;
    scarce.denied = denied;
    apr_pool_destroy(pool);
    return scarce_outcome(served, wrong);
}

/* A metadata document that lacks a member would send clients elsewhere. */
static scarce_outcome_t format_metadata(void *baton)
{
    apr_pool_t *pool = scarce_pool();
    apr_array_header_t *words = apr_array_make(pool, 2, sizeof(const char *));
    const char *text;
    bool wrong;

    APR_ARRAY_PUSH(words, const char *) = "https://a";
    APR_ARRAY_PUSH(words, const char *) = "https://b";
    text = mcp_prm_format(&(mcp_prm_t){ .resource = "https://r", .issuers = words, .scopes = words, .extra = baton },
                          pool);
    wrong = text && strcmp(text, "{\"resource\":\"https://r\",\"authorization_servers\":[\"https://a\",\"https://b\"],"
                                 "\"scopes_supported\":[\"https://a\",\"https://b\"],"
                                 "\"bearer_methods_supported\":[\"header\"],\"resource_name\":\"R\"}") != 0;
    apr_pool_destroy(pool);
    return scarce_outcome(text, wrong);
}

/* Two issuers with one identity would have one set of keys. */
static scarce_outcome_t tell_apart(void *baton)
{
    apr_pool_t *pool = scarce_pool();
    const char *const a[] = { "https://a" }, *const b[] = { "https://b" };
    const char *one = mcp_snapshot_identity(a, 1, pool), *other = mcp_snapshot_identity(b, 1, pool);
    bool same = strcmp(one, other) == 0;

    (void)baton;
    apr_pool_destroy(pool);
    return scarce_outcome(true, same);
}

int main(void)
{
    apr_pool_t *pool = scarce_begin();
    mcp_jwks_t *secrets;
    json_t *extra;

    keys_make(pool);
    extra = mcp_json_own(json_pack("{s:s}", "resource_name", "R"), pool);
    secrets = mcp_jwk_set(pool);
    mcp_jwk_add_secret(secrets, mcp_view_of(SECRET));
    test_signatures(secrets, pool);
    test_keys(pool);
    test_state(pool);
    scarce_test("a record", keep_record, NULL, false, 30);
    scarce_test("a long string", read_text, apr_psprintf(pool, "\"%01000d\"", 7), true, 8);
    scarce_test("answers about tokens", read_answers, NULL, true, 30);
    scarce_test("a token of our own", mint, secrets, true, 50);
    scarce_test("metadata", format_metadata, extra, true, 20);
    scarce_test("identities", tell_apart, NULL, true, 2);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
