#include "answer.h"

#include "log.h"

static bool ends_with(mcp_view_t text, const char *end)
{
    size_t len = strlen(end);

    return text.len >= len && strncasecmp(text.data + text.len - len, end, len) == 0;
}

/* application/json, application/jwk-set+json and their kin; application/octet-stream and binary/octet-stream. */
static bool may_be_json(const char *type)
{
    mcp_view_t media = { type, strcspn(type, "; \t") };

    return ends_with(media, "/json") || ends_with(media, "+json") || ends_with(media, "/octet-stream");
}

const char *mcp_answer_refuse(const mcp_answer_t *answer, apr_pool_t *pool)
{
    if (answer->status == 0) {
        return answer->problem ? answer->problem : "no answer";
    }
    if (answer->status >= 300 && answer->status < 400) {
        return apr_psprintf(pool, "status %d, and redirects are not followed", answer->status);
    }
    if (answer->status != 200) {
        return apr_psprintf(pool, "status %d", answer->status);
    }
    if (answer->type && !may_be_json(answer->type)) {
        return apr_psprintf(pool, "Content-Type \"%s\"", mcp_log_name(mcp_view_of(answer->type), pool));
    }
    return NULL;
}

/* More seconds than anything here waits; what is larger is as good as this (RFC 9111 1.2.2). */
#define FOREVER 1000000000

/* A whole number of seconds, nothing behind it but blanks, as a time that is not 0; 0 when it is no such number. */
static apr_interval_time_t read_seconds(const char *text, apr_size_t len)
{
    apr_int64_t number = 0;
    apr_size_t digits = 0;

    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    while (digits < len && text[digits] >= '0' && text[digits] <= '9') {
        number = number < FOREVER ? number * 10 + (text[digits] - '0') : FOREVER;
        digits++;
    }
    if (digits == 0 || digits != len) {
        return 0;
    }
    return number > 0 ? apr_time_from_sec(number < FOREVER ? number : FOREVER) : 1;
}

/* The bytes up to the next comma that is not quoted. */
static apr_size_t directive_len(const char *text)
{
    bool quoted = false;
    apr_size_t len = 0;

    while (text[len] && (quoted || text[len] != ',')) {
        quoted = quoted != (text[len] == '"');
        len++;
    }
    return len;
}

/* The argument of max-age in one directive, token or quoted (RFC 9111 5.2); 0 when it is another directive. */
static apr_interval_time_t read_directive(const char *text, apr_size_t len)
{
    const apr_size_t name = strlen("max-age=");

    if (len <= name || strncasecmp(text, "max-age=", name) != 0) {
        return 0;
    }
    text += name;
    len -= name;
    if (len > 2 && text[0] == '"' && text[len - 1] == '"') {
        return read_seconds(text + 1, len - 2);
    }
    return read_seconds(text, len);
}

apr_interval_time_t mcp_answer_max_age(const char *cache_control)
{
    apr_interval_time_t found = 0;

    while (cache_control && *cache_control) {
        apr_size_t blanks = strspn(cache_control, " \t,"), len = directive_len(cache_control + blanks);
        apr_interval_time_t age = read_directive(cache_control + blanks, len);

        if (found > 0 && age > 0 && age != found) {
            return 0;
        }
        found = age > 0 ? age : found;
        cache_control += blanks + len;
    }
    return found;
}

apr_interval_time_t mcp_answer_retry_after(const char *retry_after)
{
    const char *text = retry_after ? retry_after + strspn(retry_after, " \t") : "";

    return read_seconds(text, strlen(text));
}
