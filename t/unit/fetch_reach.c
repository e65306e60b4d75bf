/* Where an exchange may go: which URLs and addresses, and by way of a proxy. */
#include <apr_strings.h>

#include "../lib/tap.h"
#include "exchange.h"

/* What may be asked for at all; nothing of this leaves the machine, nor even the process. */
static void test_urls(apr_pool_t *pool)
{
    static const struct {
        const char *url;
        unsigned reach;
        apr_status_t status;
    } rows[] = {
        { "http://as.example/", MCP_REACH_ALL, APR_EACCES },
        { "http://10.0.0.1/", MCP_REACH_ALL, APR_EACCES },
        { "http://127.example/", MCP_REACH_ALL, APR_EACCES },
        { "file:///etc/passwd", MCP_REACH_ALL, APR_EACCES },
        { "ftp://127.0.0.1/", MCP_REACH_ALL, APR_EACCES },
        { "https://user@127.0.0.1/", MCP_REACH_ALL, APR_EACCES },
        { "", MCP_REACH_ALL, APR_EACCES },
        { "https://127.0.0.1:9/", MCP_REACH_PUBLIC, APR_EACCES },
        { "https://localhost:9/", MCP_REACH_PUBLIC | MCP_REACH_PRIVATE, APR_EACCES },
        { "https://[::1]:9/", MCP_REACH_PUBLIC, APR_EACCES },
        { "https://[::ffff:127.0.0.1]:9/", MCP_REACH_PUBLIC, APR_EACCES },
        { "https://2130706433:9/", MCP_REACH_PUBLIC, APR_EACCES },
        { "https://0x7f.1:9/", MCP_REACH_PUBLIC, APR_EACCES },
        { "https://0.0.0.0:9/", MCP_REACH_PUBLIC | MCP_REACH_LOOPBACK, APR_EACCES },
        { "https://10.0.0.1:9/", MCP_REACH_PUBLIC | MCP_REACH_LOOPBACK, APR_EACCES },
        { "https://169.254.169.254:9/", MCP_REACH_PUBLIC | MCP_REACH_PRIVATE, APR_EACCES },
        { "http://127.0.0.1:1/", MCP_REACH_ALL, APR_EGENERAL },
    };
    mcp_answer_t answer;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_status_t status = exchange_fetch(&answer, rows[i].url, rows[i].reach, &exchange_options, pool);

        is_int(status, rows[i].status, "'%s', reach %u: %s", rows[i].url, rows[i].reach,
               answer.problem ? answer.problem : "good");
    }
    is_int(exchange_fetch(&answer, exchange_url("/good", pool), MCP_REACH_PUBLIC, &exchange_options, pool), APR_EACCES,
           "E-16 a server that is there, out of reach, is not connected to");
    is_int(exchange_fetch(&answer, exchange_url("/good", pool), MCP_REACH_LOOPBACK, &exchange_options, pool),
           APR_SUCCESS, "and within");
}

/* Loopback in spellings that do not show it, so that nothing but the list makes them allowed. */
static void test_allow_http(apr_pool_t *pool)
{
    apr_array_header_t *hosts = apr_array_make(pool, 2, sizeof(const char *));
    const char *zero = apr_psprintf(pool, "http://0.0.0.0:%u/good", exchange_server->port);
    const char *hex = apr_psprintf(pool, "http://0x7f.1:%u/good", exchange_server->port);
    mcp_answer_t answer;

    APR_ARRAY_PUSH(hosts, const char *) = "other.example";
    APR_ARRAY_PUSH(hosts, const char *) = "0X7F.1";
    is_int(exchange_fetch(&answer, hex, MCP_REACH_ALL, &exchange_options, pool), APR_EACCES, "plain http to a host");
    exchange_options.allow_http = hosts;
    is_int(exchange_fetch(&answer, hex, MCP_REACH_ALL, &exchange_options, pool), APR_SUCCESS, "that is listed");
    is_int(exchange_fetch(&answer, zero, MCP_REACH_ALL, &exchange_options, pool), APR_EACCES, "and to one that is not");
    is_int(exchange_fetch(&answer, "http://x.other.example/", MCP_REACH_ALL, &exchange_options, pool), APR_EACCES,
           "nor is the subdomain of one that is");
    is_int(exchange_fetch(&answer, hex, MCP_REACH_PUBLIC, &exchange_options, pool), APR_EACCES,
           "reach counts all the same");
    exchange_options.allow_http = NULL;
}

/* By way of a proxy only its own address is connected to, so the URL itself is looked at. */
static void test_proxy_reach(apr_pool_t *pool)
{
    static const struct {
        const char *url;
        unsigned reach;
        apr_status_t want;
    } rows[] = { { "https://169.254.169.254/latest", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://10.0.0.1/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://[fe80::1]/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://[::ffff:10.0.0.1]/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://2852039166/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://169.254.43518/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://0xa9.0xfe.0xa9.0xfe/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://169.254.169.254./", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://169.254.169.254../", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://%31%36%39%2e254%2e169%2e254/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://[fe80::1%25eth0]/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://localhost/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://localhost./", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://a.localhost/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://[::ffff:127.0.0.1]/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://0/", MCP_REACH_PUBLIC, APR_EACCES },
                 { "https://192.0.2.1/", MCP_REACH_ALL, APR_EGENERAL },
                 { "https://as.example/", MCP_REACH_PUBLIC, APR_EGENERAL },
                 { "http://as.example/", MCP_REACH_PUBLIC, APR_EACCES } };
    mcp_fetch_options_t how = { .timeout = apr_time_from_sec(2), .proxy = "http://127.0.0.1:1" };
    mcp_answer_t answer;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_status_t status = exchange_fetch(&answer, rows[i].url, rows[i].reach, &how, pool);

        is_int(status, rows[i].want, "%s through a proxy: %s", rows[i].url, answer.problem);
    }
    is_int(exchange_fetch(&answer, exchange_url("/good", pool), MCP_REACH_ALL, &how, pool), APR_SUCCESS,
           "this machine is asked directly");
}

/* What comes by way of a proxy shows nothing of where its server is: the proxy's own address must not vouch for it. */
static void test_proxy(apr_pool_t *pool)
{
    apr_array_header_t *hosts = apr_array_make(pool, 2, sizeof(const char *));
    mcp_fetch_options_t how = { .timeout = apr_time_from_sec(2), .proxy = exchange_url("", pool), .allow_http = hosts };
    mcp_answer_t answer;

    APR_ARRAY_PUSH(hosts, const char *) = "as.example";
    APR_ARRAY_PUSH(hosts, const char *) = "10.9.8.7";
    loopback_json(exchange_server, "http://as.example/keys", "{}")->hits = 0;
    loopback_json(exchange_server, "http://10.9.8.7/keys", "{}");
    setenv("no_proxy", "*", 1);
    setenv("NO_PROXY", "as.example", 1);
    is_int(exchange_fetch(&answer, "http://as.example/keys", MCP_REACH_PUBLIC, &how, pool), APR_SUCCESS, "by proxy");
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    is_int(answer.status, 200, "comes an answer");
    is_int(answer.reach, 0, "from nobody knows where");
    is_int(exchange_fetch(&answer, "http://10.9.8.7/keys", MCP_REACH_ALL, &how, pool), APR_SUCCESS,
           "an address by proxy");
    is_int(answer.reach, MCP_REACH_PRIVATE, "is where it says");
    loopback_route(exchange_server, "http://as.example/keys", "HTTP/1.1 407 No\r\nConnection: close\r\n",
                   "who are you?");
    is_int(exchange_fetch(&answer, "http://as.example/keys", MCP_REACH_PUBLIC, &how, pool), APR_SUCCESS,
           "a proxy's 407");
    is_int(answer.status, 407, "is an answer like others");
}

/* The tunnel is asked for without what is meant for its far end. */
static void test_tunnel(apr_pool_t *pool)
{
    static const char *const refusals[] = { "407 Proxy Authentication Required", "500 Broken", "302 Found" };
    mcp_fetch_request_t request = {
        .url = "https://as.example/x", .reach = MCP_REACH_PUBLIC, .form = "token=hunter2", .authorization = "Basic c2Vj"
    };
    mcp_fetch_options_t how = { .timeout = apr_time_from_sec(2), .proxy = exchange_url("", pool) };
    mcp_answer_t answer;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        loopback_route(exchange_server, "as.example:443",
                       apr_psprintf(pool,
                                    "HTTP/1.1 %s\r\nProxy-Authenticate: Basic realm=\"x\"\r\nLocation: /good\r\n"
                                    "Cache-Control: max-age=9\r\nRetry-After: 9\r\nConnection: close\r\n",
                                    refusals[i]),
                       "{}");
        is_int(mcp_fetch(&answer, &request, &how, pool), APR_EGENERAL, "a proxy that says %s", refusals[i]);
        ok(answer.status == 0 && strstr(answer.problem, apr_pstrmemdup(pool, refusals[i], 3)), "is named: %s",
           answer.problem);
        ok(answer.max_age == 0 && answer.retry_after == 0, "what else it says does not count");
        ok(!strstr(answer.problem, "hunter2") && !strstr(answer.problem, "c2Vj"), "nothing secret in that");
        ok(strncmp(exchange_server->request, "CONNECT as.example:443 ", 23) == 0, "it was asked for a tunnel");
        ok(!strstr(exchange_server->request, "c2Vj") && !strstr(exchange_server->request, "hunter2"),
           "and told no secret");
    }
}

int main(void)
{
    apr_pool_t *pool = exchange_begin();

    test_urls(pool);
    test_allow_http(pool);
    test_proxy_reach(pool);
    test_proxy(pool);
    test_tunnel(pool);
    exchange_end();
    return done_testing();
}
