#include "fetch.h"

#include <apr_lib.h>
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <sys/socket.h>

#include "../core/limits.h"
#include "route.h"

/* What the callbacks of one exchange share. */
typedef struct {
    apr_pool_t *pool;
    char *data; /* the body so far */
    apr_size_t len;
    apr_size_t size;
    apr_size_t headers; /* bytes of header fields so far */
    unsigned reach;
    mcp_answer_head_t head;
    bool too_large;
    bool out_of_reach;
    const atomic_bool *stop;
    struct curl_slist *fields; /* to send */
    char error[CURL_ERROR_SIZE];
} exchange_t;

apr_status_t mcp_fetch_global_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? APR_SUCCESS : APR_EGENERAL;
}

static unsigned reach_of_socket(const struct sockaddr *address)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;

    switch (address->sa_family) {
    case AF_INET:
        return mcp_address_reach((mcp_view_t){ (const char *)&v4->sin_addr, sizeof(v4->sin_addr) });
    case AF_INET6:
        return mcp_address_reach((mcp_view_t){ (const char *)&v6->sin6_addr, sizeof(v6->sin6_addr) });
    default:
        return MCP_REACH_OTHER;
    }
}

/* Asked for the address about to be connected to, after the name was resolved: no later answer of DNS can change it. */
static curl_socket_t open_socket(void *baton, curlsocktype purpose, struct curl_sockaddr *address)
{
    exchange_t *exchange = baton;

    if (purpose != CURLSOCKTYPE_IPCXN || (reach_of_socket(&address->addr) & exchange->reach) == 0) {
        exchange->out_of_reach = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Asked once a second at least. */
static int go_on(void *baton, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    const exchange_t *exchange = baton;

    (void)down_total, (void)down, (void)up_total, (void)up;
    return exchange->stop && atomic_load(exchange->stop);
}

static size_t take_header(char *data, size_t size, size_t count, void *baton)
{
    exchange_t *exchange = baton;
    mcp_view_t line = { data, size * count };

    exchange->headers += line.len;
    if (exchange->headers > MCP_LIMIT_FETCH_HEADERS) {
        exchange->too_large = true;
        return 0;
    }
    mcp_answer_read_line(&exchange->head, line);
    return size * count;
}

static void grow(exchange_t *exchange, apr_size_t needed)
{
    apr_size_t size = exchange->size ? exchange->size : 8192;
    char *data;

    while (size < needed) {
        size *= 2;
    }
    data = apr_palloc(exchange->pool, size);
    if (exchange->len > 0) {
        memcpy(data, exchange->data, exchange->len);
    }
    exchange->data = data;
    exchange->size = size;
}

static size_t take_body(char *data, size_t size, size_t count, void *baton)
{
    exchange_t *exchange = baton;
    size_t len = size * count;

    if (len > MCP_LIMIT_DOCUMENT - exchange->len) {
        exchange->too_large = true;
        return 0;
    }
    if (exchange->len + len > exchange->size) {
        grow(exchange, exchange->len + len);
    }
    if (len > 0) {
        memcpy(exchange->data + exchange->len, data, len);
    }
    exchange->len += len;
    return len;
}

static apr_status_t free_handle(void *handle)
{
    curl_easy_cleanup(handle);
    return APR_SUCCESS;
}

/* The list has copies of its own; one may be of a credential. */
static apr_status_t free_fields(void *fields)
{
    for (struct curl_slist *field = fields; field; field = field->next) {
        OPENSSL_cleanse(field->data, strlen(field->data));
    }
    curl_slist_free_all(fields);
    return APR_SUCCESS;
}

/* Add a field to the list; the list is gone when that fails. */
static struct curl_slist *add_field(struct curl_slist *fields, const char *line)
{
    struct curl_slist *longer = fields ? curl_slist_append(fields, line) : NULL;

    if (!longer) {
        free_fields(fields);
    }
    return longer;
}

static struct curl_slist *add_authorization(struct curl_slist *fields, const char *value, apr_pool_t *pool)
{
    char *line = apr_pstrcat(pool, "Authorization: ", value, NULL);
    struct curl_slist *longer = add_field(fields, line);

    OPENSSL_cleanse(line, strlen(line));
    return longer;
}

static struct curl_slist *make_fields(const mcp_fetch_request_t *request, apr_pool_t *pool)
{
    struct curl_slist *fields = curl_slist_append(NULL, "Accept: application/json");

    if (request->form) {
        fields = add_field(fields, "Content-Type: application/x-www-form-urlencoded");
        fields = add_field(fields, "Expect:"); /* curl would wait for a 100 (Continue) that few servers send */
    }
    if (request->authorization) {
        fields = add_authorization(fields, request->authorization, pool);
    }
    if (fields) {
        apr_pool_cleanup_register(pool, fields, free_fields, apr_pool_cleanup_null);
    }
    return fields;
}

/* A POST when there is a form. curl borrows it until the exchange is over. */
static bool set_form(CURL *curl, const char *form)
{
    return !form || (curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(form)) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form) == CURLE_OK);
}

/* "" is none, not even the environment's. */
static bool set_proxy(CURL *curl, const char *proxy)
{
    return curl_easy_setopt(curl, CURLOPT_PROXY, proxy ? proxy : "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE) == CURLE_OK && /* a proxy gets none */
           curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK;
}

static bool set_numbers(CURL *curl, apr_interval_time_t timeout)
{
    long milliseconds = timeout >= 1000 ? (long)apr_time_as_msec(timeout) : 1; /* 0 would be no limit at all */
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        { CURLOPT_SSL_VERIFYPEER, 1 },
        { CURLOPT_SSL_VERIFYHOST, 2 },
        { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
        { CURLOPT_NOPROGRESS, 0 },
        { CURLOPT_FOLLOWLOCATION, 0 },
        { CURLOPT_NOSIGNAL, 1 },
        { CURLOPT_NETRC, CURL_NETRC_IGNORED },
        { CURLOPT_HTTP_CONTENT_DECODING, 0 }, /* no compressed bomb is ever unpacked */
        { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
        { CURLOPT_CONNECTTIMEOUT_MS, milliseconds },
        { CURLOPT_TIMEOUT_MS, milliseconds },
#if LIBCURL_VERSION_NUM >= 0x075700
        { CURLOPT_QUICK_EXIT, 1 }, /* a resolver that hangs is not waited for at the end */
#endif
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (curl_easy_setopt(curl, numbers[i].option, numbers[i].value) != CURLE_OK) {
            return false;
        }
    }
    return true;
}

static bool set_protocol(CURL *curl, bool https)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, https ? "https" : "http") == CURLE_OK;
#else
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, https ? CURLPROTO_HTTPS : CURLPROTO_HTTP) == CURLE_OK;
#endif
}

static bool set_texts(CURL *curl, const char *url, const char *ca_file, struct curl_slist *fields)
{
    if (ca_file && (curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) != CURLE_OK ||
                    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK)) {
        return false;
    }
    return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "mod_auth_mcp") == CURLE_OK;
}

static bool set_callbacks(CURL *curl, exchange_t *exchange)
{
    return curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->error) == CURLE_OK;
}

/* What curl says, made safe for a log line. */
static const char *describe(CURLcode code, char *error, apr_pool_t *pool)
{
    for (char *c = error; *c; c++) {
        *c = apr_isprint(*c) && *c != '"' ? *c : '?';
    }
    return apr_pstrdup(pool, *error ? error : curl_easy_strerror(code));
}

static apr_status_t fail(mcp_answer_t *answer, exchange_t *exchange, CURLcode code)
{
    if (exchange->too_large) {
        answer->problem = apr_psprintf(exchange->pool, "more than %d bytes", MCP_LIMIT_DOCUMENT);
        return APR_ENOSPC;
    }
    if (exchange->out_of_reach && code == CURLE_COULDNT_CONNECT) {
        answer->problem = MCP_ROUTE_OUT_OF_REACH;
        return APR_EACCES;
    }
    answer->problem = describe(code, exchange->error, exchange->pool);
    return code == CURLE_OPERATION_TIMEDOUT ? APR_TIMEUP : APR_EGENERAL;
}

static void succeed(mcp_answer_t *answer, const exchange_t *exchange, const mcp_route_t *route, CURL *curl)
{
    long status = 0;
    char *text = NULL;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text) {
        answer->type = apr_pstrdup(exchange->pool, text);
    }
    text = NULL;
    curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &text);
    answer->reach = route->by_proxy ? route->shown : mcp_route_reach(text); /* the proxy's address says nothing */
    answer->body = (mcp_view_t){ exchange->data, exchange->len };
    mcp_answer_take_head(answer, &exchange->head);
}

/* Give curl all it needs. */
static bool prepare(CURL *curl, exchange_t *exchange, const mcp_fetch_request_t *request, const mcp_route_t *route,
                    const mcp_fetch_options_t *options)
{
    return set_numbers(curl, options->timeout) && set_protocol(curl, route->https) &&
           set_texts(curl, request->url, options->ca_file, exchange->fields) && set_form(curl, request->form) &&
           set_proxy(curl, route->by_proxy ? options->proxy : NULL) && set_callbacks(curl, exchange);
}

/* A value that ends its line begins another field. */
static bool is_field_value(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            return false;
        }
    }
    return *text;
}

/* NULL when the request may be made. */
static const char *judge(mcp_route_t *route, const mcp_fetch_request_t *request, const mcp_fetch_options_t *options,
                         apr_pool_t *pool)
{
    if (request->authorization && !is_field_value(request->authorization)) {
        return "a credential that no header field can carry";
    }
    return mcp_route_find(route, request, options, pool);
}

/* The exchange itself, once it may be made. */
static apr_status_t perform(mcp_answer_t *answer, exchange_t *exchange, const mcp_fetch_request_t *request,
                            const mcp_route_t *route, const mcp_fetch_options_t *options)
{
    CURL *curl = curl_easy_init();
    CURLcode code;

    if (!curl || !exchange->fields) {
        answer->problem = "no memory for an exchange";
        curl_easy_cleanup(curl);
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(exchange->pool, curl, free_handle, apr_pool_cleanup_null);
    if (!prepare(curl, exchange, request, route, options)) {
        answer->problem = "a libcurl that lacks an option";
        apr_pool_cleanup_run(exchange->pool, curl, free_handle);
        return APR_ENOTIMPL;
    }
    code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
        succeed(answer, exchange, route, curl);
    }
    /* Before what it borrows is gone. */
    apr_pool_cleanup_run(exchange->pool, curl, free_handle);
    return code == CURLE_OK ? APR_SUCCESS : fail(answer, exchange, code);
}

apr_status_t mcp_fetch(mcp_answer_t *answer, const mcp_fetch_request_t *request, const mcp_fetch_options_t *options,
                       apr_pool_t *pool)
{
    exchange_t exchange = { .pool = pool, .stop = options->stop };
    mcp_route_t route;
    apr_status_t status;

    *answer = (mcp_answer_t){ .status = 0 };
    if ((answer->problem = judge(&route, request, options, pool)) != NULL) {
        return APR_EACCES;
    }
    exchange.reach = route.reach;
    exchange.fields = make_fields(request, pool);
    status = perform(answer, &exchange, request, &route, options);
    apr_pool_cleanup_run(pool, exchange.fields, free_fields);
    return status;
}
