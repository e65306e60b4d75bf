/* One exchange against servers that do everything wrong, and what is sent to those that do not. */
#include <apr_strings.h>
#include <dlfcn.h>
#include <netdb.h>
#include <time.h>

#include "../../src/core/limits.h"
#include "../lib/tap.h"
#include "exchange.h"

static double seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void test_good(apr_pool_t *pool)
{
    mcp_answer_t answer;

    loopback_json(exchange_server, "/good", "{\"a\":1}");
    is_int(exchange_get(&answer, "/good", pool), APR_SUCCESS, "a good answer");
    is_int(answer.status, 200, "its status");
    is_str(answer.type, "application/json", "its type");
    ok(mcp_view_is(answer.body, "{\"a\":1}"), "its body");
    is_int(answer.reach, MCP_REACH_LOOPBACK, "where it came from");
    is_str(answer.problem, NULL, "and no problem");
    loopback_route(exchange_server, "/no-type", "HTTP/1.1 200 OK\r\nConnection: close\r\n", "");
    is_int(exchange_get(&answer, "/no-type", pool), APR_SUCCESS, "an answer without type and body");
    ok(answer.status == 200 && !answer.type && answer.body.len == 0, "is just that");
    is_int(exchange_get(&answer, "/none", pool), APR_SUCCESS, "404 is an answer");
    is_int(answer.status, 404, "with its status");
    loopback_route(exchange_server, "/chunked", EXCHANGE_OK "Transfer-Encoding: chunked\r\n",
                   "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n");
    is_int(exchange_get(&answer, "/chunked", pool), APR_SUCCESS, "chunks");
    ok(mcp_view_is(answer.body, "{\"a\":1}"), "are put together");
}

/* What the environment of the process would have curl do is not done. */
static void test_request(apr_pool_t *pool)
{
    static const char *const proxies[] = { "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "HTTPS_PROXY" };
    mcp_answer_t answer;

    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
        setenv(proxies[i], "http://127.0.0.1:1", 1);
    }
    is_int(exchange_get(&answer, "/good", pool), APR_SUCCESS, "a proxy of the environment is not used");
    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
        unsetenv(proxies[i]);
    }
    ok(strncmp(exchange_server->request, "GET /good HTTP/1.1\r\n", 20) == 0, "the request line");
    ok(strstr(exchange_server->request, "\r\nAccept: application/json\r\n") != NULL, "Accept");
    ok(strstr(exchange_server->request, "\r\nUser-Agent: mod_auth_mcp\r\n") != NULL, "User-Agent");
    ok(!strcasestr(exchange_server->request, "\r\nAccept-Encoding:"), "no Accept-Encoding");
    ok(!strcasestr(exchange_server->request, "\r\nCookie:"), "no cookie");
    ok(!strcasestr(exchange_server->request, "\r\nAuthorization:"), "no credentials");
    loopback_route(exchange_server, "/cookie", EXCHANGE_OK "Set-Cookie: a=b\r\n", "{}");
    exchange_get(&answer, "/cookie", pool);
    exchange_get(&answer, "/good", pool);
    ok(!strcasestr(exchange_server->request, "\r\nCookie:"), "none that was set, either");
}

static void test_redirects(apr_pool_t *pool)
{
    static const char *const places[] = { "/good", "http://127.0.0.1:1/", "https://as.example/", "file:///etc/passwd",
                                          "/loop" };
    mcp_answer_t answer;
    int before;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        loopback_route(exchange_server, "/loop",
                       apr_psprintf(pool, "HTTP/1.1 302 Found\r\nLocation: %s\r\nConnection: close\r\n", places[i]),
                       "");
        before = atomic_load(&exchange_server->hits);
        is_int(exchange_get(&answer, "/loop", pool), APR_SUCCESS, "a redirect to %s", places[i]);
        ok(answer.status == 302 && atomic_load(&exchange_server->hits) == before + 1, "is an answer and not followed");
    }
}

/* Each is stopped at 1 MiB, whatever it says of its length. */
static void test_large(apr_pool_t *pool)
{
    static const char *const heads[] = { EXCHANGE_OK, EXCHANGE_OK "Content-Length: 999999999999\r\n",
                                         EXCHANGE_OK "Content-Encoding: gzip\r\n" };
    char *block = apr_pcalloc(pool, 8193);
    mcp_answer_t answer;

    memset(block, ' ', 8192);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        loopback_route(exchange_server, "/endless", heads[i], block)->manner = LOOPBACK_ENDLESS;
        is_int(exchange_get(&answer, "/endless", pool), APR_ENOSPC, "an endless body");
        is_str(answer.problem, "more than 1048576 bytes", "and why it is refused");
        ok(answer.status == 0 && answer.body.len == 0, "nothing of it is passed on");
    }
    loopback_route(exchange_server, "/endless", EXCHANGE_OK "Transfer-Encoding: chunked\r\n", block)->manner =
        LOOPBACK_CHUNKS;
    is_int(exchange_get(&answer, "/endless", pool), APR_ENOSPC, "endless chunks");
    loopback_route(exchange_server, "/endless", EXCHANGE_OK "Content-Length: 8\r\n", "12345678 and more");
    is_int(exchange_get(&answer, "/endless", pool), APR_SUCCESS, "more than announced");
    is_int(answer.body.len, 8, "is not read");
}

static void test_headers(apr_pool_t *pool)
{
    char *fields = apr_pcalloc(pool, 16001);
    mcp_answer_t answer;

    for (int i = 0; i < 1000; i++) {
        memcpy(fields + i * 16, "X-Filler: 12345\n", 16);
    }
    loopback_route(exchange_server, "/headers", "HTTP/1.1 200 OK\r\nX-Begin: 1", fields)->manner = LOOPBACK_ENDLESS;
    is_int(exchange_get(&answer, "/headers", pool), APR_ENOSPC, "endless header fields");
    loopback_route(exchange_server, "/headers", "HTTP/1.1 100 Continue\r\n", "HTTP/1.1 100 Continue\r\n\r\n")->manner =
        LOOPBACK_ENDLESS;
    is_int(exchange_get(&answer, "/headers", pool), APR_ENOSPC, "endless interim answers");
}

static void test_broken(apr_pool_t *pool)
{
    static const struct {
        const char *what, *head, *body;
    } rows[] = {
        { "no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "" },
        { "HTTP/0.9", "<html>", "" },
        { "nothing", "", "" },
        { "cut before its length", EXCHANGE_OK "Content-Length: 100\r\n", "{\"a\":" },
        { "cut in a chunk", EXCHANGE_OK "Transfer-Encoding: chunked\r\n", "64\r\n{\"a\":" },
        { "a bad chunk", EXCHANGE_OK "Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n" },
        { "a bad length", EXCHANGE_OK "Content-Length: -1\r\n", "{}" },
        { "two lengths", EXCHANGE_OK "Content-Length: 2\r\nContent-Length: 20\r\n", "{}" },
    };
    mcp_answer_t answer;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        loopback_route(exchange_server, "/broken", rows[i].head, rows[i].body);
        is_int(exchange_get(&answer, "/broken", pool), APR_EGENERAL, "%s", rows[i].what);
        ok(answer.status == 0 && answer.problem && *answer.problem, "has no status and a problem: %s",
           answer.problem ? answer.problem : "none");
    }
}

static void test_slow(apr_pool_t *pool)
{
    loopback_manner_t manners[] = { LOOPBACK_HANG, LOOPBACK_TRICKLE };
    double start;
    mcp_answer_t answer;

    exchange_options.timeout = APR_TIME_C(400000);
    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        loopback_json(exchange_server, "/slow", "{\"keys\":\"0123456789\"}")->manner = manners[i];
        start = seconds();
        is_int(exchange_get(&answer, "/slow", pool), APR_TIMEUP, "a server that %s", i ? "trickles" : "hangs");
        ok(seconds() - start > 0.3 && seconds() - start < 2, "is left in time");
    }
    loopback_json(exchange_server, "/slow", "{}")->delay = 100;
    is_int(exchange_get(&answer, "/slow", pool), APR_SUCCESS, "one that is only slow is waited for");
    exchange_options.timeout = APR_TIME_C(5000000);
}

/* The last, for its request may still be under way when others are looked at. */
static void test_no_time(apr_pool_t *pool)
{
    mcp_answer_t answer;

    exchange_options.timeout = 1;
    is_int(exchange_get(&answer, "/slow", pool), APR_TIMEUP, "no timeout is so short that it means none");
}

/* A POST is one, with its form and credential as they are; neither is ever in what is said about it. */
static void test_post(apr_pool_t *pool)
{
    mcp_fetch_request_t request = { .url = exchange_url("/post", pool),
                                    .reach = MCP_REACH_ALL,
                                    .form = "token=a%26b&client_secret=hunter2",
                                    .authorization = "Basic c2VjcmV0" };
    mcp_answer_t answer;

    loopback_json(exchange_server, "/post", "{}");
    is_int(mcp_fetch(&answer, &request, &exchange_options, pool), APR_SUCCESS, "a POST");
    is_int(answer.status, 200, "is answered");
    ok(strncmp(exchange_server->request, "POST /post HTTP/1.1\r\n", 21) == 0, "as a POST");
    ok(strstr(exchange_server->request, "\r\nAuthorization: Basic c2VjcmV0\r\n") != NULL, "with its credential");
    ok(strstr(exchange_server->request, "\r\nContent-Type: application/x-www-form-urlencoded\r\n") != NULL, "its type");
    ok(strstr(exchange_server->request, "\r\nContent-Length: 33\r\n") != NULL, "its length");
    ok(!strstr(exchange_server->request, "Expect"), "and no Expect");
    loopback_route(exchange_server, "/post", "HTTP/1.1 302 Found\r\nLocation: /good\r\nConnection: close\r\n", "");
    is_int(mcp_fetch(&answer, &request, &exchange_options, pool), APR_SUCCESS, "a redirect of a POST");
    is_int(answer.status, 302, "is not followed");
    request.url = "http://127.0.0.1:1/x";
    is_int(mcp_fetch(&answer, &request, &exchange_options, pool), APR_EGENERAL, "one that fails");
    ok(!strstr(answer.problem, "hunter2") && !strstr(answer.problem, "c2Vj"), "keeps its secrets: %s", answer.problem);
}

/* Cache-Control and Retry-After of the final answer, however they are written. */
static void test_fields(apr_pool_t *pool)
{
    static const struct {
        const char *head;
        apr_interval_time_t max_age, retry_after;
    } rows[] = { { "HTTP/1.1 200 OK\r\n", 0, 0 },
                 { "HTTP/1.1 200 OK\r\ncache-control:max-age=60\r\n", 60000000, 0 },
                 { "HTTP/1.1 200 OK\r\nCache-Control: public\r\nCache-Control: max-age=60\r\n", 60000000, 0 },
                 { "HTTP/1.1 200 OK\r\nX-Cache-Control: max-age=60\r\nRetry-Afterwards: 1\r\n", 0, 0 },
                 { "HTTP/1.1 103 Early Hints\r\nCache-Control: max-age=60\r\nRetry-After: 9\r\n\r\n"
                   "HTTP/1.1 200 OK\r\n",
                   0, 0 },
                 { "HTTP/1.1 429 Slow Down\r\nRetry-After: 120\r\n", 0, 120000000 },
                 { "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nRetry-After: 2\r\n", 0, 0 },
                 { "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nCache-Control: max-age=6\r\n", 0, 0 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mcp_answer_t answer;

        loopback_route(exchange_server, "/fields", apr_pstrcat(pool, rows[i].head, "Connection: close\r\n", NULL),
                       "{}");
        exchange_get(&answer, "/fields", pool);
        is_int(answer.max_age, rows[i].max_age, "max-age of row %d", (int)i);
        is_int(answer.retry_after, rows[i].retry_after, "Retry-After of row %d", (int)i);
    }
}

/* RFC 9110 6.5.1: a trailer is no header field. Nor is what is longer than any that means something. */
static void test_odd_fields(apr_pool_t *pool)
{
    char *many = apr_pcalloc(pool, 16001);
    mcp_answer_t answer;

    loopback_route(exchange_server, "/trailers", EXCHANGE_OK "Transfer-Encoding: chunked\r\nTrailer: Cache-Control\r\n",
                   "2\r\n{}\r\n0\r\nCache-Control: max-age=60\r\nRetry-After: 9\r\n\r\n");
    is_int(exchange_get(&answer, "/trailers", pool), APR_SUCCESS, "trailers");
    ok(answer.status == 200 && answer.max_age == 0 && answer.retry_after == 0, "do not count");
    for (int i = 0; i < 500; i++) {
        memcpy(many + i * 32, "Cache-Control: x=12345678901234\r\n", 32);
        memcpy(many + i * 32 + 30, "\r\n", 2);
    }
    memcpy(many, "Cache-Control: max-age=60     \r\n", 32);
    memcpy(many + 15968, "\r\n{}", 5);
    loopback_route(exchange_server, "/many", "HTTP/1.1 200 OK\r\nConnection: close", many);
    is_int(exchange_get(&answer, "/many", pool), APR_SUCCESS, "a field of 499 parts");
    ok(answer.status == 200 && answer.max_age == 0, "is not read");
}

/* A server that is being stopped does not wait for an authorization server that hangs. */
static void test_stop(apr_pool_t *pool)
{
    atomic_bool stop = false;
    mcp_fetch_options_t how = { .timeout = apr_time_from_sec(20), .stop = &stop };
    mcp_answer_t answer;
    double start = seconds();

    loopback_json(exchange_server, "/stop", "{}")->manner = LOOPBACK_HANG;
    atomic_store(&stop, true);
    is_int(exchange_fetch(&answer, exchange_url("/stop", pool), MCP_REACH_ALL, &how, pool), APR_EGENERAL,
           "a fetch that is to stop");
    ok(seconds() - start < 3, "does, soon: %.3f s", seconds() - start);
}

/* For curl as well: a name server that does not answer. */
__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **result)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    if (name && strcmp(name, "unresolved.example") == 0) {
        usleep(5000000);
        return EAI_AGAIN;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, result);
}

static void test_resolver(apr_pool_t *pool)
{
    mcp_fetch_options_t brief = { .timeout = apr_time_from_msec(500) };
    apr_time_t start = apr_time_now();
    mcp_answer_t answer;

    is_int(mcp_fetch(&answer, &(mcp_fetch_request_t){ .url = "https://unresolved.example/", .reach = MCP_REACH_ALL },
                     &brief, pool),
           APR_TIMEUP, "a name server that does not answer");
    ok(apr_time_now() - start < apr_time_from_sec(2), "is not waited for: %d ms",
       (int)apr_time_as_msec(apr_time_now() - start));
}

static bool holds(const char *bytes, size_t len, const char *text)
{
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

/* Memory of the caller does not keep a credential: a pool that is cleared hands out the same bytes again. */
static void test_wiping(void)
{
    mcp_fetch_request_t request = { .reach = MCP_REACH_ALL, .authorization = "Basic dW5mb3JnZXR0YWJsZQ==" };
    mcp_answer_t answer;
    apr_pool_t *pool;
    const char *block;

    apr_pool_create(&pool, NULL);
    request.url = exchange_url("/good", pool);
    is_int(mcp_fetch(&answer, &request, &exchange_options, pool), APR_SUCCESS, "with a credential");
    ok(strstr(exchange_server->request, "\r\nAuthorization: Basic dW5mb3JnZXR0YWJsZQ==\r\n") != NULL, "that was sent");
    apr_pool_clear(pool);
    block = apr_palloc(pool, 6000);
    ok(holds(block, 6000, "/good"), "the URL is in the pool's memory");
    ok(!holds(block, 6000, "dW5mb3JnZXR0YWJsZQ"), "the credential is not");
    apr_pool_destroy(pool);
}

/* No credential becomes a second field. */
static void test_unfit(apr_pool_t *pool)
{
    static const char *const unfit[] = { "", "Basic a\r\nX-Other: b", "Basic a\nb", "Basic \x7f", "Basic \xc3\xa4" };
    mcp_fetch_request_t request = { .url = exchange_url("/good", pool), .reach = MCP_REACH_ALL };
    mcp_answer_t answer;

    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        int before = atomic_load(&exchange_server->hits);

        request.authorization = unfit[i];
        is_int(mcp_fetch(&answer, &request, &exchange_options, pool), APR_EACCES, "a credential that is none, %d",
               (int)i);
        is_int(atomic_load(&exchange_server->hits), before, "is not sent");
    }
}

int main(void)
{
    apr_pool_t *pool = exchange_begin();

    is_int(mcp_fetch_global_init(), APR_SUCCESS, "libcurl is there, twice as well");
    test_good(pool);
    test_request(pool);
    test_redirects(pool);
    test_large(pool);
    test_headers(pool);
    test_broken(pool);
    test_slow(pool);
    test_post(pool);
    test_fields(pool);
    test_odd_fields(pool);
    test_stop(pool);
    test_resolver(pool);
    test_wiping();
    test_unfit(pool);
    test_no_time(pool);
    exchange_end();
    return done_testing();
}
