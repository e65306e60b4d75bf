#include "mirror.h"

#include <openssl/evp.h>

#include "ascii.h"
#include "field.h"

#define SENTINEL_START "=?base64?"
#define SENTINEL_END "?="

/* A revision is a date. Whatever is none is judged as the newest one. */
static bool is_before(mcp_view_t version, const char *date)
{
    static const char form[] = "0000-00-00";

    if (version.len != strlen(form)) {
        return false;
    }
    for (size_t i = 0; i < version.len; i++) {
        bool digit = version.data[i] >= '0' && version.data[i] <= '9';

        if (form[i] == '0' ? !digit : version.data[i] != form[i]) {
            return false;
        }
    }
    return memcmp(version.data, date, version.len) < 0;
}

/* Whether header and body are of one revision, and of which: *modern since 2026-07-28, where every request says so in both.
 * What says nothing in the header is of a revision before. */
static bool agree_on_version(bool *modern, const mcp_rpc_t *message, const char *field)
{
    mcp_view_t header = field ? mcp_view_of(field) : message->version, version = message->version;

    *modern = header.data && !is_before(header, "2026-07-28");
    if (version.data && field) {
        return mcp_view_equal(header, version);
    }
    return field || !*modern || message->kind == MCP_RPC_NOTIFICATION;
}

static bool is_visible(const char *value)
{
    for (; *value; value++) {
        if ((*value < ' ' && *value != '\t') || *value > '~') {
            return false;
        }
    }
    return true;
}

/* Whether a field is the value, plain or in the Base64 sentinel (MCP 2026-07-28, Value Encoding). The value is encoded
 * rather than the field decoded, so that there is one right spelling. */
static bool mirrors(const char *field, mcp_view_t value, apr_pool_t *pool)
{
    const size_t start = strlen(SENTINEL_START), end = strlen(SENTINEL_END), len = strlen(field);
    char *encoded;
    int encoded_len;

    if (len < start + end || memcmp(field, SENTINEL_START, start) != 0 ||
        memcmp(field + len - end, SENTINEL_END, end) != 0) {
        return is_visible(field) && mcp_view_is(value, field);
    }
    encoded = apr_palloc(pool, (value.len + 2) / 3 * 4 + 1);
    encoded_len = EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)value.data, (int)value.len);
    return mcp_view_equal((mcp_view_t){ encoded, (apr_size_t)encoded_len },
                          (mcp_view_t){ field + start, len - start - end });
}

static bool needs_name(const mcp_rpc_t *message)
{
    return mcp_view_is(message->method, "tools/call") || mcp_view_is(message->method, "prompts/get") ||
           mcp_view_is(message->method, "resources/read");
}

/* Mcp-Name of a method that an extension defines may mirror anything. */
static bool agree_on_name(const mcp_rpc_t *message, const char *field, apr_pool_t *pool)
{
    return message->name.data ? mirrors(field, message->name, pool) : !message->nameless;
}

mcp_reason_t mcp_mirror_check(const mcp_rpc_t *message, const mcp_mirror_t *mirror, apr_pool_t *pool)
{
    bool modern, required;

    if (message->kind == MCP_RPC_RESPONSE) {
        bool known = mirror->version && is_before(mcp_view_of(mirror->version), "2026-07-28");

        return !known ? MCP_BODY_INVALID : mirror->method || mirror->name ? MCP_HEADER_MISMATCH : MCP_OK;
    }
    if (!agree_on_version(&modern, message, mirror->version)) {
        return MCP_HEADER_MISMATCH;
    }
    required = modern && message->kind == MCP_RPC_REQUEST;
    if (mirror->method ? !mcp_view_is(message->method, mirror->method) || !is_visible(mirror->method) : required) {
        return MCP_HEADER_MISMATCH;
    }
    if (mirror->name ? !agree_on_name(message, mirror->name, pool) : required && needs_name(message)) {
        return MCP_HEADER_MISMATCH;
    }
    return MCP_OK;
}

mcp_reason_t mcp_mirror_check_batch(const apr_array_header_t *messages, const mcp_mirror_t *mirror)
{
    if (mirror->version && strcmp(mirror->version, "2025-03-26") != 0) {
        return MCP_BODY_INVALID;
    }
    for (int i = 0; i < messages->nelts; i++) {
        const mcp_rpc_t *message = &APR_ARRAY_IDX(messages, i, mcp_rpc_t);

        if (message->version.data || mcp_view_is(message->method, "initialize")) { /* MCP 2025-03-26, Lifecycle */
            return MCP_BODY_INVALID;
        }
    }
    return mirror->method || mirror->name ? MCP_HEADER_MISMATCH : MCP_OK;
}

/* What says what the message is and how its body is to be read. */
static const char *const heads[] = { "MCP-Protocol-Version", "Mcp-Method",     "Mcp-Name",         "Content-Type",
                                     "Content-Encoding",     "Content-Length", "Transfer-Encoding" };

bool mcp_mirror_is_twin(const char *field)
{
    const mcp_view_t name = mcp_view_of(field);

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (mcp_field_is_same(name, heads[i])) {
            return !mcp_ascii_same(field, heads[i], name.len); /* of the same length, as it folds to it */
        }
    }
    return false;
}

static bool is_head(mcp_view_t name)
{
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (name.len == strlen(heads[i]) && mcp_ascii_same(name.data, heads[i], name.len)) {
            return true;
        }
    }
    return false;
}

bool mcp_mirror_is_dropped(const char *connection)
{
    static const char separators[] = ",; \t"; /* mod_proxy takes a semicolon for a comma */

    for (const char *at = connection; at && *at; at += strspn(at, separators)) {
        mcp_view_t name = { at, strcspn(at, separators) };

        if (is_head(name)) {
            return true;
        }
        at += name.len;
    }
    return false;
}

/* Pass a text in any case. */
static bool pass(const char **at, const char *text)
{
    size_t len = strlen(text);
    bool same = strlen(*at) >= len && mcp_ascii_same(*at, text, len);

    *at += same ? len : 0;
    return same;
}

static void pass_blanks(const char **at)
{
    *at += strspn(*at, " \t");
}

bool mcp_mirror_is_json(const char *content_type)
{
    const char *at = content_type;

    if (!at || !pass(&at, "application/json")) {
        return false;
    }
    pass_blanks(&at);
    if (*at == ';') {
        at++;
        pass_blanks(&at);
        if (!pass(&at, "charset=utf-8") && !pass(&at, "charset=\"utf-8\"")) {
            return false;
        }
        pass_blanks(&at);
    }
    return *at == '\0';
}

bool mcp_mirror_is_plain(const char *content_encoding)
{
    const char *at = content_encoding;

    return !at || (pass(&at, "identity") && *at == '\0');
}
