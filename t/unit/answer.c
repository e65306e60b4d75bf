/* Whether an answer may be JSON, and what it says of its own time. */
#include <apr_general.h>

#include "../../src/core/answer.h"
#include "../lib/tap.h"

static void test_refuse(apr_pool_t *pool)
{
    static const struct {
        mcp_answer_t answer;
        const char *want;
    } rows[] = {
        { { .status = 200, .type = "application/json" }, NULL },
        { { .status = 200, .type = "Application/JWK-Set+JSON; charset=utf-8" }, NULL },
        { { .status = 200, .type = "binary/octet-stream" }, NULL },
        { { .status = 200 }, NULL },
        { { .status = 0 }, "no answer" },
        { { .status = 0, .problem = "Connection refused" }, "Connection refused" },
        { { .status = 200, .type = "text/html" }, "Content-Type \"text/html\"" },
        { { .status = 200, .type = "json" }, "Content-Type \"json\"" },
        { { .status = 200, .type = "" }, "Content-Type \"\"" },
        { { .status = 302 }, "status 302, and redirects are not followed" },
        { { .status = 201 }, "status 201" },
        { { .status = 407 }, "status 407" },
        { { .status = 500, .type = "application/json" }, "status 500" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(mcp_answer_refuse(&rows[i].answer, pool), rows[i].want, "status %d, type %s", rows[i].answer.status,
               rows[i].answer.type ? rows[i].answer.type : "(none)");
    }
}

static void test_header_values(void)
{
    static const struct {
        const char *value;
        apr_interval_time_t want; /* microseconds; 1 for zero */
    } ages[] = { { NULL, 0 },
                 { "", 0 },
                 { "max-age=300", 300000000 },
                 { "MAX-AGE=300 ", 300000000 },
                 { "public, max-age=300, must-revalidate", 300000000 },
                 { "public,max-age=\"300\"", 300000000 },
                 { "max-age=0", 1 },
                 { "no-cache, no-store, max-age=0, private", 1 },
                 { "max-age=99999999999999999999999", 1000000000000000 },
                 { "max-age=-1", 0 },
                 { "max-age=1.5", 0 },
                 { "max-age=", 0 },
                 { "max-age", 0 },
                 { "max-age=\"\"", 0 },
                 { "max-age=\"3", 0 },
                 { "max-age=abc", 0 },
                 { "max-age = 5", 0 },
                 { "s-maxage=5", 0 },
                 { "x-max-age=5", 0 },
                 { "max-age=5, max-age=5", 5000000 },
                 { "max-age=5, max-age=6", 0 },
                 { "max-age=5, max-age=\"5\"", 5000000 },
                 { "max-age=5, max-age=x", 0 },
                 { "max-age=x, max-age=5", 0 },
                 { "max-age, max-age=5", 0 },
                 { "max-age =5", 0 },
                 { "max-age=5 6", 0 },
                 { "max-age=5=6", 0 },
                 { "max-age=\"5\" , x", 5000000 },
                 { "max-age=\"5\"6", 0 },
                 { "max-age=+5", 0 },
                 { "max-age=\xb2", 0 },
                 { "max-ages=5, max-age-x=6", 0 },
                 { "no-cache max-age=5", 0 },
                 { "no-cache;max-age=5", 0 },
                 { "max-age=5, private=\"a", 0 },
                 { "private=\"a\\\", max-age=5, b\"", 0 },
                 { "private=\"a\\\\\", max-age=5", 5000000 },
                 { "private=\"a\\", 0 },
                 { "max-age=1000000001", 1000000000000000 },
                 { "max-age=999999999", 999999999000000 },
                 { "a=\"b, max-age=7\", c", 0 },
                 { "a=\"b, max-age=7", 0 },
                 { ",,, max-age=8,,,", 8000000 },
                 { "max-age=0x10", 0 } },
      pauses[] = { { NULL, 0 },
                   { "", 0 },
                   { "120", 120000000 },
                   { " 120 ", 120000000 },
                   { "0", 1 },
                   { "-1", 0 },
                   { "1.5", 0 },
                   { "99999999999999999999", 1000000000000000 },
                   { "Fri, 31 Dec 1999 23:59:59 GMT", 0 },
                   { "12 13", 0 } };

    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        is_int(mcp_answer_max_age(ages[i].value), ages[i].want, "Cache-Control: %s",
               ages[i].value ? ages[i].value : "(none)");
    }
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        is_int(mcp_answer_retry_after(pauses[i].value), pauses[i].want, "Retry-After: %s",
               pauses[i].value ? pauses[i].value : "(none)");
    }
}

static mcp_answer_t read_head(const char *const lines[], size_t count)
{
    mcp_answer_head_t head = { .open = false };
    mcp_answer_t answer = { .status = 200 };

    for (size_t i = 0; i < count && lines[i]; i++) {
        mcp_answer_read_line(&head, mcp_view_of(lines[i]));
    }
    mcp_answer_take_head(&answer, &head);
    return answer;
}

static void test_heads(void)
{
    static const struct {
        const char *const lines[8];
        apr_interval_time_t max_age, pause;
    } rows[] = {
        { { NULL }, 0, 0 },
        { { "HTTP/1.1 200 OK\r\n", "\r\n" }, 0, 0 },
        { { "HTTP/1.1 200 OK\r\n", "CACHE-CONTROL:max-age=5\r\n", "retry-after: 6\r\n", "\r\n" }, 5000000, 6000000 },
        { { "HTTP/1.1 200 OK\n", "Cache-Control: public\n", "X: y\n", "Cache-Control: max-age=5\n" }, 5000000, 0 },
        { { "HTTP/1.1 200 OK\r\n", "Cache-Control: max-age=5\r\n", "Cache-Control: max-age=6\r\n" }, 0, 0 },
        { { "HTTP/1.1 200 OK\r\n", "Cache-Control\r\n", "Cache-Control-X: max-age=5\r\n", "Cache-Contro" }, 0, 0 },
        { { "HTTP/1.1 200 OK\r\n", "Retry-After: 5\r\n", "Retry-After: 5\r\n" }, 0, 0 },
        { { "HTTP/1.1 200 OK\r\n", "Retry-After:\r\n", "Retry-After: 5\r\n" }, 0, 0 },
        { { "HTTP/1.1 103 Hints\r\n", "Cache-Control: max-age=5\r\n", "Retry-After: 6\r\n", "\r\n",
            "HTTP/1.1 200 OK\r\n", "X: y\r\n" },
          0,
          0 },
        { { "HTTP/1.1 100 Continue\r\n", "\r\n", "HTTP/1.1 429 Later\r\n", "Retry-After: 6\r\n" }, 0, 6000000 },
        { { "HTTP/1.1 200 OK\r\n", "\r\n", "Cache-Control: max-age=5\r\n", "Retry-After: 6\r\n" }, 0, 0 },
        { { "Cache-Control: max-age=5\r\n" }, 0, 0 },
    };
    char line[1100] = "Cache-Control: max-age=5, x=";
    const char *const lines[] = { "HTTP/1.1 200 OK\r\n", line, "Cache-Control: max-age=5" };
    size_t used = strlen(line), most = MCP_LIMIT_FETCH_FIELD - 2 + strlen("Cache-Control:");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_answer_t answer = read_head(rows[i].lines, 8);

        is_int(answer.max_age, rows[i].max_age, "max-age of head %d", (int)i);
        is_int(answer.retry_after, rows[i].pause, "Retry-After of head %d", (int)i);
    }
    memset(line + used, 'x', most - used);
    is_int(read_head(lines, 2).max_age, 5000000, "a field as long as may be");
    is_int(read_head(lines, 3).max_age, 0, "and one line more: not read");
    line[most] = 'x';
    is_int(read_head(lines, 2).max_age, 0, "a line of one byte more: not read");
    is_int(read_head(lines, 3).max_age, 0, "whatever follows");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_refuse(pool);
    test_header_values();
    test_heads();
    apr_terminate();
    return done_testing();
}
