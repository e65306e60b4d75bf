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

/* The bytes up to the next comma that is not quoted; 0 when a quote has no end. */
static apr_size_t directive_len(const char *text)
{
    bool quoted = false;
    apr_size_t len = 0;

    while (text[len] && (quoted || text[len] != ',')) {
        if (quoted && text[len] == '\\' && text[len + 1]) { /* RFC 9110 5.6.4 */
            len++;
        } else if (text[len] == '"') {
            quoted = !quoted;
        }
        len++;
    }
    return quoted ? 0 : len;
}

/* Whether a directive is max-age, and its argument, token or quoted (RFC 9111 5.2); that is 0 when it is no number. */
static bool read_max_age(apr_interval_time_t *age, const char *text, apr_size_t len)
{
    const apr_size_t name = strlen("max-age");

    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    if (len < name || strncasecmp(text, "max-age", name) != 0 || (len > name && !strchr("= \t", text[name]))) {
        return false;
    }
    text += name;
    len -= name;
    if (len > 3 && text[0] == '=' && text[1] == '"' && text[len - 1] == '"') {
        *age = read_seconds(text + 2, len - 3);
    } else {
        *age = len > 1 && text[0] == '=' ? read_seconds(text + 1, len - 1) : 0;
    }
    return true;
}

apr_interval_time_t mcp_answer_max_age(const char *cache_control)
{
    apr_interval_time_t found = 0, age;

    while (cache_control && *(cache_control += strspn(cache_control, " \t,"))) {
        apr_size_t len = directive_len(cache_control);

        if (len == 0) {
            return 0;
        }
        if (read_max_age(&age, cache_control, len)) {
            if (age == 0 || (found > 0 && age != found)) {
                return 0;
            }
            found = age;
        }
        cache_control += len;
    }
    return found;
}

apr_interval_time_t mcp_answer_retry_after(const char *retry_after)
{
    const char *text = retry_after ? retry_after + strspn(retry_after, " \t") : "";

    return read_seconds(text, strlen(text));
}

/* Take in a line when it is this field. */
static void read_field(mcp_answer_field_t *field, const char *name, mcp_view_t line)
{
    apr_size_t used = strlen(field->text), len = strlen(name);

    if (line.len <= len || line.data[len] != ':' || strncasecmp(line.data, name, len) != 0) {
        return;
    }
    line = (mcp_view_t){ line.data + len + 1, line.len - len - 1 };
    if (used + line.len + 2 > sizeof(field->text)) {
        field->too_long = true;
        return;
    }
    apr_snprintf(field->text + used, sizeof(field->text) - used, "%s%.*s", field->there ? "," : "", (int)line.len,
                 line.data);
    field->there = true;
}

void mcp_answer_read_line(mcp_answer_head_t *head, mcp_view_t line)
{
    while (line.len > 0 && (line.data[line.len - 1] == '\r' || line.data[line.len - 1] == '\n')) {
        line.len--;
    }
    if (line.len > 5 && memcmp(line.data, "HTTP/", 5) == 0) {
        *head = (mcp_answer_head_t){ .open = true };
    } else if (line.len == 0) {
        head->open = false;
    } else if (head->open) {
        read_field(&head->cache_control, "Cache-Control", line);
        read_field(&head->retry_after, "Retry-After", line);
    }
}

static const char *text_of(const mcp_answer_field_t *field)
{
    return field->there && !field->too_long ? field->text : NULL;
}

void mcp_answer_take_head(mcp_answer_t *answer, const mcp_answer_head_t *head)
{
    answer->max_age = mcp_answer_max_age(text_of(&head->cache_control));
    answer->retry_after = mcp_answer_retry_after(text_of(&head->retry_after));
}
