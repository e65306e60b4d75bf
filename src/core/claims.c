#include "claims.h"

#include <math.h>

#include "ascii.h"
#include "limits.h"
#include "value.h"

/* Seconds from 1970 to either end of time, as far as tokens go: in microseconds within apr_time_t with room. */
#define END_OF_TIME 9e12

bool mcp_claims_issuer(mcp_view_t *issuer, const json_t *payload)
{
    return mcp_json_string(issuer, json_object_get(payload, "iss"));
}

bool mcp_claims_token_type(const json_t *payload, const char *type)
{
    mcp_view_t text;

    return mcp_json_string(&text, json_object_get(payload, "token_type")) && text.len == strlen(type) &&
           mcp_ascii_same(text.data, type, text.len);
}

bool mcp_claims_time(apr_time_t *time, const json_t *value)
{
    double seconds;

    if (!json_is_number(value)) {
        return false;
    }
    seconds = json_number_value(value);
    if (isnan(seconds)) {
        return false;
    }
    seconds = fmin(fmax(seconds, -END_OF_TIME), END_OF_TIME);
    *time = (apr_time_t)(seconds * APR_USEC_PER_SEC);
    return true;
}

/* The first of the named claims that is there, NULL for none. */
static json_t *first_of(const json_t *payload, const apr_array_header_t *names)
{
    for (int i = 0; names && i < names->nelts; i++) {
        json_t *value = mcp_json_path(payload, mcp_view_of(APR_ARRAY_IDX(names, i, const char *)));

        if (value) {
            return value;
        }
    }
    return NULL;
}

/* The first of the named claims that is a non-empty string. */
static mcp_view_t first_string(const json_t *payload, const apr_array_header_t *names)
{
    mcp_view_t text = { NULL, 0 };

    for (int i = 0; names && i < names->nelts; i++) {
        json_t *value = mcp_json_path(payload, mcp_view_of(APR_ARRAY_IDX(names, i, const char *)));

        if (mcp_json_string(&text, value) && text.len > 0) {
            return text;
        }
    }
    return (mcp_view_t){ NULL, 0 };
}

static mcp_view_t string_member(const json_t *payload, const char *name)
{
    mcp_view_t text;

    if (mcp_json_string(&text, json_object_get(payload, name)) && text.len > 0) {
        return text;
    }
    return (mcp_view_t){ NULL, 0 };
}

static mcp_view_t without_prefix(mcp_view_t token, const char *prefix)
{
    size_t len = prefix ? strlen(prefix) : 0;

    if (len > 0 && token.len > len && memcmp(token.data, prefix, len) == 0) {
        return (mcp_view_t){ token.data + len, token.len - len };
    }
    return token;
}

/* RFC 8693 4.2: a string of tokens; some providers send an array, each member one token. */
static mcp_scope_t *read_scope(const json_t *value, const char *prefix, apr_pool_t *pool)
{
    mcp_scope_t *raw = mcp_scope_make(pool), *scope = mcp_scope_make(pool);
    const json_t *member;
    mcp_view_t text;
    size_t i;

    if (mcp_json_string(&text, value)) {
        mcp_scope_add_string(raw, text);
    }
    json_array_foreach (value, i, member) {
        if (mcp_json_string(&text, member)) {
            mcp_scope_add(raw, text);
        }
    }
    if (!prefix) {
        return raw;
    }
    for (int n = 0; n < raw->nelts; n++) {
        mcp_scope_add(scope, without_prefix(APR_ARRAY_IDX(raw, n, mcp_view_t), prefix));
    }
    return scope;
}

/* A string, or the strings among the members of an array. */
static apr_array_header_t *read_texts(const json_t *value, apr_pool_t *pool)
{
    apr_array_header_t *texts = apr_array_make(pool, 4, sizeof(mcp_view_t));
    const json_t *member;
    mcp_view_t text;
    size_t i;

    if (mcp_json_string(&text, value)) {
        APR_ARRAY_PUSH(texts, mcp_view_t) = text;
    }
    json_array_foreach (value, i, member) {
        if (mcp_json_string(&text, member)) {
            APR_ARRAY_PUSH(texts, mcp_view_t) = text;
        }
    }
    return texts;
}

/* Keycloak's access tokens have had the nonce of the login as well; they say what they are. */
static bool says_access_token(const mcp_statement_t *statement)
{
    mcp_view_t text;

    return statement->typ == MCP_TYP_ACCESS_TOKEN ||
           (mcp_json_string(&text, json_object_get(statement->payload, "typ")) && mcp_view_is(text, "Bearer"));
}

/* Marks of tokens that are signed by the same keys and are no access tokens (RFC 8725 2.8): ID tokens (OIDC Core 2,
 * 3.3.2.11), security events and logout tokens (RFC 8417 2.2), introspection answers (RFC 9701 5), DPoP proofs (RFC
 * 9449 4.2). Hydra introspects refresh tokens as well, and says so in token_use, or in token_type before there was a
 * token_use; Casdoor signs them like access tokens. */
static bool is_other_kind(const mcp_statement_t *statement)
{
    static const char *const marks[] = { "at_hash", "c_hash", "events", "token_introspection", "htm", "htu" };
    static const struct {
        const char *claim, *value;
    } kinds[] = { { "token_use", "id" },
                  { "token_use", "refresh_token" },
                  { "token_type", "refresh_token" },
                  { "tokenType", "refresh-token" },
                  { "typ", "ID" },
                  { "typ", "Refresh" },
                  { "typ", "Offline" },
                  { "typ", "Logout" } };
    const json_t *payload = statement->payload;
    mcp_view_t text;

    if (json_object_get(payload, "nonce") && !says_access_token(statement)) {
        return true;
    }
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (json_object_get(payload, marks[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (mcp_json_string(&text, json_object_get(payload, kinds[i].claim)) && mcp_view_is(text, kinds[i].value)) {
            return true;
        }
    }
    return false;
}

/* RFC 9068 2.2: required in a JWT. RFC 7662 2.2: optional in an answer about a token. */
static bool read_expiry(apr_time_t *expires, const mcp_statement_t *statement)
{
    const json_t *value = json_object_get(statement->payload, "exp");

    if (!value && statement->introspected) {
        *expires = (apr_time_t)END_OF_TIME * APR_USEC_PER_SEC;
        return true;
    }
    return mcp_claims_time(expires, value);
}

mcp_reason_t mcp_claims_read(mcp_claims_t *claims, const mcp_statement_t *statement, const mcp_claim_names_t *names,
                             apr_pool_t *pool)
{
    const json_t *payload = statement->payload, *not_before = json_object_get(payload, "nbf");

    claims->payload = apr_palloc(pool, sizeof(*claims->payload));
    claims->payload->text = statement->text;
    atomic_init(&claims->payload->tree, statement->payload);
    claims->typ = statement->typ;
    if (is_other_kind(statement)) {
        return MCP_TYPE;
    }
    if (!read_expiry(&claims->expires, statement)) {
        return MCP_NO_EXPIRY;
    }
    claims->not_before = 0;
    if (not_before && !mcp_claims_time(&claims->not_before, not_before)) {
        return MCP_NOT_YET_VALID;
    }
    claims->bound = json_object_get(payload, "cnf") || /* its proof is asked for by the type, too (RFC 9449 6.2) */
                    (statement->introspected && mcp_claims_token_type(payload, "DPoP"));
    claims->audience = read_texts(first_of(payload, names->audience), pool);
    claims->scope = read_scope(first_of(payload, names->scope), names->scope_prefix, pool);
    claims->roles = read_texts(first_of(payload, names->role), pool);
    claims->user = first_string(payload, names->user);
    claims->client = first_string(payload, names->client);
    claims->subject = string_member(payload, "sub");
    claims->id = string_member(payload, "jti");
    return MCP_OK;
}

/* Lists, and then the texts that they and the other facts are of. */
typedef struct {
    char *lists;
    char *texts;
} room_t;

static apr_size_t list_size(const apr_array_header_t *list)
{
    return sizeof(*list) + (apr_size_t)list->nelts * sizeof(mcp_view_t);
}

static apr_size_t texts_size(const apr_array_header_t *list)
{
    apr_size_t size = 0;

    for (int i = 0; i < list->nelts; i++) {
        size += APR_ARRAY_IDX(list, i, mcp_view_t).len;
    }
    return size;
}

static apr_size_t lists_size(const mcp_claims_t *claims)
{
    return sizeof(mcp_payload_t) + list_size(claims->scope) + list_size(claims->roles) + list_size(claims->audience);
}

apr_size_t mcp_claims_size(const mcp_claims_t *claims)
{
    return sizeof(*claims) + lists_size(claims) + texts_size(claims->scope) + texts_size(claims->roles) +
           texts_size(claims->audience) + claims->user.len + claims->subject.len + claims->client.len + claims->id.len +
           claims->payload->text.len;
}

static mcp_view_t copy_text(room_t *room, mcp_view_t text)
{
    if (text.data) {
        memcpy(room->texts, text.data, text.len);
        text.data = room->texts;
        room->texts += text.len;
    }
    return text;
}

/* An array that nobody pushes to: it has no pool. */
static apr_array_header_t *copy_list(room_t *room, const apr_array_header_t *list)
{
    apr_array_header_t *copy = (apr_array_header_t *)(void *)room->lists;

    *copy = (apr_array_header_t){
        .elt_size = list->elt_size, .nelts = list->nelts, .nalloc = list->nelts, .elts = room->lists + sizeof(*copy)
    };
    room->lists += list_size(list);
    for (int i = 0; i < list->nelts; i++) {
        APR_ARRAY_IDX(copy, i, mcp_view_t) = copy_text(room, APR_ARRAY_IDX(list, i, mcp_view_t));
    }
    return copy;
}

static mcp_payload_t *copy_payload(room_t *room, const mcp_payload_t *payload)
{
    mcp_payload_t *copy = (mcp_payload_t *)(void *)room->lists;

    room->lists += sizeof(*copy);
    copy->text = copy_text(room, payload->text);
    atomic_init(&copy->tree, payload->text.data ? NULL : atomic_load(&payload->tree));
    return copy;
}

mcp_claims_t *mcp_claims_copy(void *memory, const mcp_claims_t *claims)
{
    mcp_claims_t *copy = memory;
    room_t room = { (char *)memory + sizeof(*copy), (char *)memory + sizeof(*copy) + lists_size(claims) };

    *copy = *claims;
    copy->payload = copy_payload(&room, claims->payload);
    copy->scope = copy_list(&room, claims->scope);
    copy->roles = copy_list(&room, claims->roles);
    copy->audience = copy_list(&room, claims->audience);
    copy->user = copy_text(&room, claims->user);
    copy->subject = copy_text(&room, claims->subject);
    copy->client = copy_text(&room, claims->client);
    copy->id = copy_text(&room, claims->id);
    return copy;
}

static mcp_view_t without_slash(mcp_view_t text)
{
    text.len -= text.len > 0 && text.data[text.len - 1] == '/' ? 1 : 0;
    return text;
}

/* The resource, or its other slash variant: clients ask for the one that their user typed. */
static bool is_resource(mcp_view_t text, const char *resource)
{
    if (mcp_view_is(text, resource)) {
        return true;
    }
    return !strchr(resource, '?') && mcp_view_equal(without_slash(text), without_slash(mcp_view_of(resource)));
}

static bool is_audience(mcp_view_t text, const mcp_expect_t *expect)
{
    if (expect->resource && text.len > 0 && is_resource(text, expect->resource)) {
        return true;
    }
    for (int i = 0; expect->audiences && i < expect->audiences->nelts; i++) {
        if (mcp_view_is(text, APR_ARRAY_IDX(expect->audiences, i, const char *))) {
            return true;
        }
    }
    return false;
}

/* RFC 7519 4.1.3: one of them is us. */
static bool audience_fits(const apr_array_header_t *audience, const mcp_expect_t *expect)
{
    for (int i = 0; i < audience->nelts; i++) {
        if (is_audience(APR_ARRAY_IDX(audience, i, mcp_view_t), expect)) {
            return true;
        }
    }
    return false;
}

static bool is_trusted(const char *issuer, const apr_array_header_t *issuers)
{
    for (int i = 0; issuer && issuers && i < issuers->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(issuers, i, const char *), issuer) == 0) {
            return true;
        }
    }
    return issuer && !issuers;
}

/* A kind that its issuer names is asked for by name: what says nothing is no access token. */
static bool kind_fits(const mcp_claims_t *claims, const mcp_expect_t *expect)
{
    mcp_view_t use;

    if (expect->typed && claims->typ != MCP_TYP_ACCESS_TOKEN) {
        return false;
    }
    return !expect->token_use ||
           (mcp_json_string(&use, json_object_get(mcp_payload_tree(claims->payload), "token_use")) &&
            mcp_view_is(use, expect->token_use));
}

mcp_reason_t mcp_claims_judge(const mcp_claims_t *claims, const mcp_expect_t *expect, apr_time_t now)
{
    if (!kind_fits(claims, expect)) {
        return MCP_TYPE;
    }
    if (!is_trusted(claims->issuer, expect->issuers)) {
        return MCP_ISSUER;
    }
    if (claims->bound) { /* RFC 9449 7.1, RFC 8705 3: without its proof it would be a stolen token's way in */
        return MCP_BOUND;
    }
    if (!audience_fits(claims->audience, expect)) {
        return MCP_AUDIENCE;
    }
    if (now >= claims->expires + expect->skew) {
        return MCP_EXPIRED;
    }
    if (claims->not_before != 0 && now < claims->not_before - expect->skew) {
        return MCP_NOT_YET_VALID;
    }
    return claims->user.data ? MCP_OK : MCP_NO_SUBJECT;
}

const char *mcp_claims_text(const mcp_claims_t *claims, const char *path, apr_pool_t *pool)
{
    return mcp_value_text(mcp_json_path(mcp_payload_tree(claims->payload), mcp_view_of(path)), pool);
}

bool mcp_claims_contain(const mcp_claims_t *claims, const char *path, const char *value)
{
    return mcp_value_contains(mcp_json_path(mcp_payload_tree(claims->payload), mcp_view_of(path)), value);
}
