#include "jws.h"

#include <openssl/err.h>

#include "b64url.h"
#include "limits.h"

/* The three parts between exactly two dots; five parts are a JWE (RFC 7516 9). */
static mcp_reason_t split(mcp_view_t parts[3], mcp_view_t token)
{
    mcp_view_t rest = token;
    const char *dot;
    int count = 0;

    do {
        dot = rest.len > 0 ? memchr(rest.data, '.', rest.len) : NULL;
        if (count < 3) {
            parts[count] = (mcp_view_t){ rest.data, dot ? (apr_size_t)(dot - rest.data) : rest.len };
        }
        if (dot) {
            rest.len -= (apr_size_t)(dot + 1 - rest.data);
            rest.data = dot + 1;
        }
        count++;
    } while (dot && count <= 5);
    return count == 3 ? MCP_OK : count == 5 ? MCP_ENCRYPTED : MCP_MALFORMED;
}

bool mcp_jws_is_shaped(mcp_view_t token)
{
    mcp_view_t parts[3];

    /* "{" is 0x7b: in base64url an e, and then a letter from w on, a digit, a hyphen or a low line. */
    return split(parts, token) == MCP_OK && parts[0].len > 1 && parts[0].data[0] == 'e' &&
           strchr("wxyz0123456789-_", parts[0].data[1]) != NULL;
}

/* RFC 7515 4.1.9: a typ without a slash stands for one in application/; both are case-insensitive. */
static mcp_reason_t read_typ(mcp_typ_t *typ, const json_t *header)
{
    static const struct {
        const char *name;
        mcp_typ_t typ;
    } types[] = { { "at+jwt", MCP_TYP_ACCESS_TOKEN },
                  { "application/at+jwt", MCP_TYP_ACCESS_TOKEN },
                  { "JWT", MCP_TYP_JWT },
                  { "application/jwt", MCP_TYP_JWT } };
    const json_t *value = json_object_get(header, "typ");
    mcp_view_t name;

    *typ = MCP_TYP_ABSENT;
    if (!value) {
        return MCP_OK;
    }
    for (size_t i = 0; mcp_json_string(&name, value) && i < sizeof(types) / sizeof(types[0]); i++) {
        if (name.len == strlen(types[i].name) && strncasecmp(name.data, types[i].name, name.len) == 0) {
            *typ = types[i].typ;
            return MCP_OK;
        }
    }
    return MCP_TYPE;
}

static mcp_reason_t read_header(mcp_jws_t *jws, const json_t *header)
{
    const json_t *kid = json_object_get(header, "kid");
    mcp_view_t alg;

    /* RFC 7515 4.1.11: no extension is understood here, so any list of them refuses; RFC 7797 needs crit as well. */
    if (json_object_get(header, "crit") || json_object_get(header, "b64")) {
        return MCP_CRITICAL;
    }
    /* RFC 8725 3.10: a key or the address of one that comes with the token proves nothing. */
    if (json_object_get(header, "jwk") || json_object_get(header, "jku") || json_object_get(header, "x5u")) {
        return MCP_KEY_IN_TOKEN;
    }
    if (!mcp_json_string(&alg, json_object_get(header, "alg")) || (jws->alg = mcp_jwk_alg(alg)) == 0) {
        return MCP_ALGORITHM;
    }
    jws->kid = (mcp_view_t){ NULL, 0 };
    if (kid && !mcp_json_string(&jws->kid, kid)) {
        return MCP_MALFORMED;
    }
    return read_typ(&jws->typ, header);
}

mcp_reason_t mcp_jws_parse(mcp_jws_t *jws, mcp_view_t token, apr_pool_t *pool)
{
    mcp_view_t parts[3] = { { NULL, 0 } }, header_text;
    json_t *header;
    mcp_reason_t reason = split(parts, token);

    if (reason != MCP_OK) {
        return reason;
    }
    if (!mcp_b64url_decode(&header_text, parts[0], pool) || header_text.len > MCP_LIMIT_JOSE_HEADER) {
        return MCP_MALFORMED;
    }
    if ((reason = mcp_json_parse_object(&header, header_text, pool)) != MCP_OK ||
        (reason = read_header(jws, header)) != MCP_OK) {
        return reason;
    }
    if (!mcp_b64url_decode(&jws->payload_text, parts[1], pool) || !mcp_b64url_decode(&jws->signature, parts[2], pool)) {
        return MCP_MALFORMED;
    }
    jws->signed_text = (mcp_view_t){ token.data, (apr_size_t)(parts[2].data - 1 - token.data) };
    return mcp_json_parse_object(&jws->payload, jws->payload_text, pool);
}

/* 2: the key bears the token's kid, 1: nothing speaks against it, 0: it has another kid. */
static int kid_fit(const mcp_jws_t *jws, const mcp_jwk_t *key)
{
    if (!jws->kid.data || !key->kid) {
        return 1;
    }
    return mcp_view_is(jws->kid, key->kid) ? 2 : 0;
}

static mcp_reason_t try_keys(const mcp_jws_t *jws, const mcp_jwks_t *keys)
{
    mcp_reason_t reason = MCP_UNKNOWN_KEY;
    int tries = 0;

    for (int fit = 2; fit > 0 && reason == MCP_UNKNOWN_KEY; fit--) {
        for (int i = 0; i < keys->count && tries < MCP_LIMIT_KEY_TRIES; i++) {
            const mcp_jwk_t *key = &keys->keys[i];

            if (kid_fit(jws, key) != fit) {
                continue;
            }
            if ((key->algs & jws->alg) == 0) {
                reason = fit == 2 && reason == MCP_UNKNOWN_KEY ? MCP_ALGORITHM : reason;
                continue;
            }
            if (mcp_verifier_accepts(key->verifier, jws->alg, jws->signed_text, jws->signature)) {
                return MCP_OK;
            }
            reason = MCP_SIGNATURE;
            tries++;
        }
    }
    return reason;
}

mcp_reason_t mcp_jws_verify(const mcp_jws_t *jws, const mcp_jwks_t *keys, unsigned algs)
{
    mcp_reason_t reason;

    if ((jws->alg & algs) == 0) {
        return MCP_ALGORITHM;
    }
    ERR_set_mark(); /* a wrong signature must leave nothing in the error queue that TLS shares with us */
    reason = try_keys(jws, keys);
    ERR_pop_to_mark();
    return reason;
}
