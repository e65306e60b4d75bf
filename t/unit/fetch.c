/* One exchange against servers that do everything wrong, and what is sent to those that do not. */
#include <apr_general.h>
#include <apr_strings.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "../../src/core/limits.h"
#include "../../src/io/fetch.h"
#include "../lib/loopback.h"
#include "../lib/tap.h"

#define OK_JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"

static loopback_t *server;

static mcp_fetch_options_t options = { .timeout = APR_TIME_C(5000000) };

static double seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static const char *url_of(const char *path, apr_pool_t *pool)
{
    return apr_psprintf(pool, "http://127.0.0.1:%u%s", server->port, path);
}

static apr_status_t fetch_url(mcp_answer_t *answer, const char *url, unsigned reach, const mcp_fetch_options_t *how,
                              apr_pool_t *pool)
{
    return mcp_fetch(answer, &(mcp_fetch_request_t){ .url = url, .reach = reach }, how, pool);
}

static apr_status_t get(mcp_answer_t *answer, const char *path, apr_pool_t *pool)
{
    return fetch_url(answer, url_of(path, pool), MCP_REACH_ALL, &options, pool);
}

static void test_good(apr_pool_t *pool)
{
    mcp_answer_t answer;

    loopback_json(server, "/good", "{\"a\":1}");
    is_int(get(&answer, "/good", pool), APR_SUCCESS, "a good answer");
    is_int(answer.status, 200, "its status");
    is_str(answer.type, "application/json", "its type");
    ok(mcp_view_is(answer.body, "{\"a\":1}"), "its body");
    is_int(answer.reach, MCP_REACH_LOOPBACK, "where it came from");
    is_str(answer.problem, NULL, "and no problem");
    loopback_route(server, "/no-type", "HTTP/1.1 200 OK\r\nConnection: close\r\n", "");
    is_int(get(&answer, "/no-type", pool), APR_SUCCESS, "an answer without type and body");
    ok(answer.status == 200 && !answer.type && answer.body.len == 0, "is just that");
    is_int(get(&answer, "/none", pool), APR_SUCCESS, "404 is an answer");
    is_int(answer.status, 404, "with its status");
    loopback_route(server, "/chunked", OK_JSON "Transfer-Encoding: chunked\r\n",
                   "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n");
    is_int(get(&answer, "/chunked", pool), APR_SUCCESS, "chunks");
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
    is_int(get(&answer, "/good", pool), APR_SUCCESS, "a proxy of the environment is not used");
    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
        unsetenv(proxies[i]);
    }
    ok(strncmp(server->request, "GET /good HTTP/1.1\r\n", 20) == 0, "the request line");
    ok(strstr(server->request, "\r\nAccept: application/json\r\n") != NULL, "Accept");
    ok(strstr(server->request, "\r\nUser-Agent: mod_auth_mcp\r\n") != NULL, "User-Agent");
    ok(!strcasestr(server->request, "\r\nAccept-Encoding:"), "no Accept-Encoding");
    ok(!strcasestr(server->request, "\r\nCookie:"), "no cookie");
    ok(!strcasestr(server->request, "\r\nAuthorization:"), "no credentials");
    loopback_route(server, "/cookie", OK_JSON "Set-Cookie: a=b\r\n", "{}");
    get(&answer, "/cookie", pool);
    get(&answer, "/good", pool);
    ok(!strcasestr(server->request, "\r\nCookie:"), "none that was set, either");
}

static void test_redirects(apr_pool_t *pool)
{
    static const char *const places[] = { "/good", "http://127.0.0.1:1/", "https://as.example/", "file:///etc/passwd",
                                          "/loop" };
    mcp_answer_t answer;
    int before;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        loopback_route(server, "/loop",
                       apr_psprintf(pool, "HTTP/1.1 302 Found\r\nLocation: %s\r\nConnection: close\r\n", places[i]),
                       "");
        before = atomic_load(&server->hits);
        is_int(get(&answer, "/loop", pool), APR_SUCCESS, "a redirect to %s", places[i]);
        ok(answer.status == 302 && atomic_load(&server->hits) == before + 1, "is an answer and not followed");
    }
}

/* Each is stopped at 1 MiB, whatever it says of its length. */
static void test_large(apr_pool_t *pool)
{
    static const char *const heads[] = { OK_JSON, OK_JSON "Content-Length: 999999999999\r\n",
                                         OK_JSON "Content-Encoding: gzip\r\n" };
    char *block = apr_pcalloc(pool, 8193);
    mcp_answer_t answer;

    memset(block, ' ', 8192);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        loopback_route(server, "/endless", heads[i], block)->manner = LOOPBACK_ENDLESS;
        is_int(get(&answer, "/endless", pool), APR_ENOSPC, "an endless body");
        is_str(answer.problem, "more than 1048576 bytes", "and why it is refused");
        ok(answer.status == 0 && answer.body.len == 0, "nothing of it is passed on");
    }
    loopback_route(server, "/endless", OK_JSON "Transfer-Encoding: chunked\r\n", block)->manner = LOOPBACK_CHUNKS;
    is_int(get(&answer, "/endless", pool), APR_ENOSPC, "endless chunks");
    loopback_route(server, "/endless", OK_JSON "Content-Length: 8\r\n", "12345678 and more");
    is_int(get(&answer, "/endless", pool), APR_SUCCESS, "more than announced");
    is_int(answer.body.len, 8, "is not read");
}

static void test_headers(apr_pool_t *pool)
{
    char *fields = apr_pcalloc(pool, 16001);
    mcp_answer_t answer;

    for (int i = 0; i < 1000; i++) {
        memcpy(fields + i * 16, "X-Filler: 12345\n", 16);
    }
    loopback_route(server, "/headers", "HTTP/1.1 200 OK\r\nX-Begin: 1", fields)->manner = LOOPBACK_ENDLESS;
    is_int(get(&answer, "/headers", pool), APR_ENOSPC, "endless header fields");
    loopback_route(server, "/headers", "HTTP/1.1 100 Continue\r\n", "HTTP/1.1 100 Continue\r\n\r\n")->manner =
        LOOPBACK_ENDLESS;
    is_int(get(&answer, "/headers", pool), APR_ENOSPC, "endless interim answers");
}

static void test_broken(apr_pool_t *pool)
{
    static const struct {
        const char *what, *head, *body;
    } rows[] = {
        { "no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "" },
        { "HTTP/0.9", "<html>", "" },
        { "nothing", "", "" },
        { "cut before its length", OK_JSON "Content-Length: 100\r\n", "{\"a\":" },
        { "cut in a chunk", OK_JSON "Transfer-Encoding: chunked\r\n", "64\r\n{\"a\":" },
        { "a bad chunk", OK_JSON "Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n" },
        { "a bad length", OK_JSON "Content-Length: -1\r\n", "{}" },
        { "two lengths", OK_JSON "Content-Length: 2\r\nContent-Length: 20\r\n", "{}" },
    };
    mcp_answer_t answer;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        loopback_route(server, "/broken", rows[i].head, rows[i].body);
        is_int(get(&answer, "/broken", pool), APR_EGENERAL, "%s", rows[i].what);
        ok(answer.status == 0 && answer.problem && *answer.problem, "has no status and a problem: %s",
           answer.problem ? answer.problem : "none");
    }
}

static void test_slow(apr_pool_t *pool)
{
    loopback_manner_t manners[] = { LOOPBACK_HANG, LOOPBACK_TRICKLE };
    double start;
    mcp_answer_t answer;

    options.timeout = APR_TIME_C(400000);
    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        loopback_json(server, "/slow", "{\"keys\":\"0123456789\"}")->manner = manners[i];
        start = seconds();
        is_int(get(&answer, "/slow", pool), APR_TIMEUP, "a server that %s", i ? "trickles" : "hangs");
        ok(seconds() - start > 0.3 && seconds() - start < 2, "is left in time");
    }
    loopback_json(server, "/slow", "{}")->delay = 100;
    is_int(get(&answer, "/slow", pool), APR_SUCCESS, "one that is only slow is waited for");
    options.timeout = 1;
    is_int(get(&answer, "/slow", pool), APR_TIMEUP, "no timeout is so short that it means none");
    options.timeout = APR_TIME_C(5000000);
}

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
        apr_status_t status = fetch_url(&answer, rows[i].url, rows[i].reach, &options, pool);

        is_int(status, rows[i].status, "'%s', reach %u: %s", rows[i].url, rows[i].reach,
               answer.problem ? answer.problem : "good");
    }
    is_int(fetch_url(&answer, url_of("/good", pool), MCP_REACH_PUBLIC, &options, pool), APR_EACCES,
           "E-16 a server that is there, out of reach, is not connected to");
    is_int(fetch_url(&answer, url_of("/good", pool), MCP_REACH_LOOPBACK, &options, pool), APR_SUCCESS, "and within");
}

/* Loopback in spellings that do not show it, so that nothing but the list makes them allowed. */
static void test_allow_http(apr_pool_t *pool)
{
    apr_array_header_t *hosts = apr_array_make(pool, 2, sizeof(const char *));
    const char *zero = apr_psprintf(pool, "http://0.0.0.0:%u/good", server->port);
    const char *hex = apr_psprintf(pool, "http://0x7f.1:%u/good", server->port);
    mcp_answer_t answer;

    APR_ARRAY_PUSH(hosts, const char *) = "other.example";
    APR_ARRAY_PUSH(hosts, const char *) = "0X7F.1";
    is_int(fetch_url(&answer, hex, MCP_REACH_ALL, &options, pool), APR_EACCES, "plain http to a host");
    options.allow_http = hosts;
    is_int(fetch_url(&answer, hex, MCP_REACH_ALL, &options, pool), APR_SUCCESS, "that is listed");
    is_int(fetch_url(&answer, zero, MCP_REACH_ALL, &options, pool), APR_EACCES, "and to one that is not");
    is_int(fetch_url(&answer, "http://x.other.example/", MCP_REACH_ALL, &options, pool), APR_EACCES,
           "nor is the subdomain of one that is");
    is_int(fetch_url(&answer, hex, MCP_REACH_PUBLIC, &options, pool), APR_EACCES, "reach counts all the same");
    options.allow_http = NULL;
}

/* A self-signed certificate for a name, good for so many seconds from now, with its key, in one file. */
static const char *make_certificate(const char *dir, const char *name, const char *dns, long left, apr_pool_t *pool)
{
    const char *path = apr_psprintf(pool, "%s/%s.pem", dir, name);
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *cert = X509_new();
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, apr_pstrcat(pool, "DNS:", dns, NULL));
    FILE *file = fopen(path, "w");

    if (!pkey || !cert || !names || !file) {
        abort();
    }
    X509_set_version(cert, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
    X509_gmtime_adj(X509_getm_notAfter(cert), left);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_add_ext(cert, names, -1);
    X509_set_pubkey(cert, pkey);
    if (!X509_sign(cert, pkey, EVP_sha256()) || !PEM_write_X509(file, cert) ||
        !PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL)) {
        abort();
    }
    fclose(file);
    X509_EXTENSION_free(names);
    X509_free(cert);
    EVP_PKEY_free(pkey);
    return path;
}

/* openssl s_server with a certificate, on a port of its choice; 0 when there is no such program. */
static pid_t serve_tls(unsigned *port, const char *certificate)
{
    char line[256];
    int pipes[2];
    FILE *out;
    pid_t pid;

    if (pipe(pipes) != 0 || (pid = fork()) < 0) {
        abort();
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(open("/dev/null", O_RDWR), 0);
        dup2(pipes[1], 1);
        dup2(open("/dev/null", O_RDWR), 2);
        execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    out = fdopen(pipes[0], "r");
    for (*port = 0; out && *port == 0 && fgets(line, sizeof(line), out);) {
        const char *colon = strrchr(line, ':');

        *port = strncmp(line, "ACCEPT", 6) == 0 && colon ? (unsigned)atoi(colon + 1) : 0;
    }
    return pid;
}

static void try_tls(const char *what, const char *certificate, const char *trusted, const char *problem,
                    apr_pool_t *pool)
{
    mcp_fetch_options_t tls = { .timeout = APR_TIME_C(5000000), .ca_file = trusted };
    mcp_answer_t answer;
    unsigned port;
    pid_t pid = serve_tls(&port, certificate);

    if (port == 0) {
        skip(1, "openssl(1) is not there");
    } else {
        fetch_url(&answer, apr_psprintf(pool, "https://localhost:%u/", port), MCP_REACH_ALL, &tls, pool);
        ok(problem ? answer.problem && strstr(answer.problem, problem) : answer.status == 200, "%s: %s", what,
           answer.problem ? answer.problem : "good");
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void test_tls(apr_pool_t *pool)
{
    char dir[] = "/tmp/mcp-fetch-XXXXXX";
    const char *good, *other, *elsewhere, *expired;

    if (!mkdtemp(dir)) {
        abort();
    }
    good = make_certificate(dir, "good", "localhost", 86400, pool);
    other = make_certificate(dir, "other", "localhost", 86400, pool);
    elsewhere = make_certificate(dir, "elsewhere", "as.example", 86400, pool);
    expired = make_certificate(dir, "expired", "localhost", -3600, pool);
    try_tls("a certificate that MCPCAFile trusts", good, good, NULL, pool);
    try_tls("one that the system does not", good, NULL, "self-signed", pool);
    try_tls("one that another CA file does not", good, other, "certificate problem", pool);
    try_tls("one of another name", elsewhere, elsewhere, "subject name", pool);
    try_tls("one that has expired", expired, expired, "expired", pool);
    try_tls("a CA file that is not there", good, "/nonexistent.pem", "certificate", pool);
    unlink(good);
    unlink(other);
    unlink(elsewhere);
    unlink(expired);
    rmdir(dir);
}

/* A POST is one, with its form and credential as they are; neither is ever in what is said about it. */
static void test_post(apr_pool_t *pool)
{
    mcp_fetch_request_t request = { .url = url_of("/post", pool),
                                    .reach = MCP_REACH_ALL,
                                    .form = "token=a%26b&client_secret=hunter2",
                                    .authorization = "Basic c2VjcmV0" };
    mcp_answer_t answer;

    loopback_json(server, "/post", "{}");
    is_int(mcp_fetch(&answer, &request, &options, pool), APR_SUCCESS, "a POST");
    is_int(answer.status, 200, "is answered");
    ok(strncmp(server->request, "POST /post HTTP/1.1\r\n", 21) == 0, "as a POST");
    ok(strstr(server->request, "\r\nAuthorization: Basic c2VjcmV0\r\n") != NULL, "with its credential");
    ok(strstr(server->request, "\r\nContent-Type: application/x-www-form-urlencoded\r\n") != NULL, "its type");
    ok(strstr(server->request, "\r\nContent-Length: 33\r\n") != NULL, "its length");
    ok(!strstr(server->request, "Expect"), "and no Expect");
    loopback_route(server, "/post", "HTTP/1.1 302 Found\r\nLocation: /good\r\nConnection: close\r\n", "");
    is_int(mcp_fetch(&answer, &request, &options, pool), APR_SUCCESS, "a redirect of a POST");
    is_int(answer.status, 302, "is not followed");
    request.url = "http://127.0.0.1:1/x";
    is_int(mcp_fetch(&answer, &request, &options, pool), APR_EGENERAL, "one that fails");
    ok(!strstr(answer.problem, "hunter2") && !strstr(answer.problem, "c2Vj"), "keeps its secrets: %s", answer.problem);
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
    request.url = url_of("/good", pool);
    is_int(mcp_fetch(&answer, &request, &options, pool), APR_SUCCESS, "with a credential");
    ok(strstr(server->request, "\r\nAuthorization: Basic dW5mb3JnZXR0YWJsZQ==\r\n") != NULL, "that was sent");
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
    mcp_fetch_request_t request = { .url = url_of("/good", pool), .reach = MCP_REACH_ALL };
    mcp_answer_t answer;

    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        int before = atomic_load(&server->hits);

        request.authorization = unfit[i];
        is_int(mcp_fetch(&answer, &request, &options, pool), APR_EACCES, "a credential that is none, %d", (int)i);
        is_int(atomic_load(&server->hits), before, "is not sent");
    }
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

        loopback_route(server, "/fields", apr_pstrcat(pool, rows[i].head, "Connection: close\r\n", NULL), "{}");
        get(&answer, "/fields", pool);
        is_int(answer.max_age, rows[i].max_age, "max-age of row %d", (int)i);
        is_int(answer.retry_after, rows[i].retry_after, "Retry-After of row %d", (int)i);
    }
}

/* RFC 9110 6.5.1: a trailer is no header field. Nor is what is longer than any that means something. */
static void test_odd_fields(apr_pool_t *pool)
{
    char *many = apr_pcalloc(pool, 16001);
    mcp_answer_t answer;

    loopback_route(server, "/trailers", OK_JSON "Transfer-Encoding: chunked\r\nTrailer: Cache-Control\r\n",
                   "2\r\n{}\r\n0\r\nCache-Control: max-age=60\r\nRetry-After: 9\r\n\r\n");
    is_int(get(&answer, "/trailers", pool), APR_SUCCESS, "trailers");
    ok(answer.status == 200 && answer.max_age == 0 && answer.retry_after == 0, "do not count");
    for (int i = 0; i < 500; i++) {
        memcpy(many + i * 32, "Cache-Control: x=12345678901234\r\n", 32);
        memcpy(many + i * 32 + 30, "\r\n", 2);
    }
    memcpy(many, "Cache-Control: max-age=60     \r\n", 32);
    memcpy(many + 15968, "\r\n{}", 5);
    loopback_route(server, "/many", "HTTP/1.1 200 OK\r\nConnection: close", many);
    is_int(get(&answer, "/many", pool), APR_SUCCESS, "a field of 499 parts");
    ok(answer.status == 200 && answer.max_age == 0, "is not read");
}

/* A server that is being stopped does not wait for an authorization server that hangs. */
static void test_stop(apr_pool_t *pool)
{
    atomic_bool stop = false;
    mcp_fetch_options_t how = { .timeout = apr_time_from_sec(20), .stop = &stop };
    mcp_answer_t answer;
    double start = seconds();

    loopback_json(server, "/stop", "{}")->manner = LOOPBACK_HANG;
    atomic_store(&stop, true);
    is_int(fetch_url(&answer, url_of("/stop", pool), MCP_REACH_ALL, &how, pool), APR_EGENERAL,
           "a fetch that is to stop");
    ok(seconds() - start < 3, "does, soon: %.3f s", seconds() - start);
}

/* By way of a proxy only its own address is connected to, so the URL itself is looked at. */
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
        apr_status_t status = fetch_url(&answer, rows[i].url, rows[i].reach, &how, pool);

        is_int(status, rows[i].want, "%s through a proxy: %s", rows[i].url, answer.problem);
    }
    is_int(fetch_url(&answer, url_of("/good", pool), MCP_REACH_ALL, &how, pool), APR_SUCCESS,
           "this machine is asked directly");
}

/* What comes by way of a proxy shows nothing of where its server is: the proxy's own address must not vouch for it. */
static void test_proxy(apr_pool_t *pool)
{
    apr_array_header_t *hosts = apr_array_make(pool, 2, sizeof(const char *));
    mcp_fetch_options_t how = { .timeout = apr_time_from_sec(2), .proxy = url_of("", pool), .allow_http = hosts };
    mcp_answer_t answer;

    APR_ARRAY_PUSH(hosts, const char *) = "as.example";
    APR_ARRAY_PUSH(hosts, const char *) = "10.9.8.7";
    loopback_json(server, "http://as.example/keys", "{}")->hits = 0;
    loopback_json(server, "http://10.9.8.7/keys", "{}");
    setenv("no_proxy", "*", 1);
    setenv("NO_PROXY", "as.example", 1);
    is_int(fetch_url(&answer, "http://as.example/keys", MCP_REACH_PUBLIC, &how, pool), APR_SUCCESS, "by proxy");
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    is_int(answer.status, 200, "comes an answer");
    is_int(answer.reach, 0, "from nobody knows where");
    is_int(fetch_url(&answer, "http://10.9.8.7/keys", MCP_REACH_ALL, &how, pool), APR_SUCCESS, "an address by proxy");
    is_int(answer.reach, MCP_REACH_PRIVATE, "is where it says");
    loopback_route(server, "http://as.example/keys", "HTTP/1.1 407 No\r\nConnection: close\r\n", "who are you?");
    is_int(fetch_url(&answer, "http://as.example/keys", MCP_REACH_PUBLIC, &how, pool), APR_SUCCESS, "a proxy's 407");
    is_int(answer.status, 407, "is an answer like others");
}

/* The tunnel is asked for without what is meant for its far end. */
static void test_tunnel(apr_pool_t *pool)
{
    static const char *const refusals[] = { "407 Proxy Authentication Required", "500 Broken", "302 Found" };
    mcp_fetch_request_t request = {
        .url = "https://as.example/x", .reach = MCP_REACH_PUBLIC, .form = "token=hunter2", .authorization = "Basic c2Vj"
    };
    mcp_fetch_options_t how = { .timeout = apr_time_from_sec(2), .proxy = url_of("", pool) };
    mcp_answer_t answer;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        loopback_route(server, "as.example:443",
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
        ok(strncmp(server->request, "CONNECT as.example:443 ", 23) == 0, "it was asked for a tunnel");
        ok(!strstr(server->request, "c2Vj") && !strstr(server->request, "hunter2"), "and told no secret");
    }
}

int main(void)
{
    apr_pool_t *pool;

    alarm(120);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    server = loopback_start();
    is_int(mcp_fetch_global_init(), APR_SUCCESS, "libcurl is there");
    is_int(mcp_fetch_global_init(), APR_SUCCESS, "twice as well");
    test_good(pool);
    test_request(pool);
    test_redirects(pool);
    test_large(pool);
    test_headers(pool);
    test_broken(pool);
    test_slow(pool);
    test_urls(pool);
    test_allow_http(pool);
    test_tls(pool);
    test_post(pool);
    test_fields(pool);
    test_odd_fields(pool);
    test_stop(pool);
    test_resolver(pool);
    test_proxy_reach(pool);
    test_proxy(pool);
    test_tunnel(pool);
    test_wiping();
    test_unfit(pool);
    loopback_stop(server);
    apr_terminate();
    return done_testing();
}
