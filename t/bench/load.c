/* load.c - makes the load of the bench: one request after the other on a few connections that stay open, each with the next
 * token of a list, and counts the answers by status. It sends the next request of a connection when the last answer is
 * whole. Not what an answer says, nor how long one of them took: what counts is what the server spends.
 *
 *     load [-b BODY] PORT PATH CONNECTIONS REQUESTS [TOKENS [FIRST]]
 *
 * With BODY, a file of JSON, it posts that; else it gets. TOKENS is a file of one token a line, gone round from line FIRST
 * on. Writes the seconds it took, and "status=number" for each status.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <unistd.h>

#include "tool.h"

#define ANSWER 65536 /* bytes of the longest answer */
#define REQUEST 65536
#define CONNECTIONS 64

typedef struct {
    char **line;
    size_t count, next;
} tokens_t;

typedef struct {
    int socket; /* -1 when it is to be opened again */
    size_t len;
    char answer[ANSWER + 1];
} connection_t;

typedef struct {
    unsigned short port;
    const char *path;
    mcp_view_t body; /* none for GET */
    long wanted, sent, done;
    long status[600];
    tokens_t tokens;
} load_t;

static connection_t connections[CONNECTIONS];

static void fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void read_tokens(tokens_t *tokens, const char *file)
{
    FILE *stream = fopen(file, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    if (!stream) {
        fail(file);
    }
    while ((len = getline(&line, &room, stream)) > 0) {
        line[len - 1] = line[len - 1] == '\n' ? '\0' : line[len - 1];
        tokens->line = realloc(tokens->line, (tokens->count + 1) * sizeof(char *));
        tokens->line[tokens->count++] = strdup(line);
    }
    free(line);
    fclose(stream);
    if (tokens->count == 0) {
        fail("no tokens");
    }
}

static void open_connection(connection_t *connection, unsigned short port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->socket < 0 || connect(connection->socket, (struct sockaddr *)&address, sizeof(address)) != 0) {
        fail("connect");
    }
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static size_t write_head(char *text, load_t *load)
{
    tokens_t *tokens = &load->tokens;
    const char *token = tokens->count > 0 ? tokens->line[tokens->next++ % tokens->count] : NULL;
    int len =
        snprintf(text, REQUEST, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: load\r\nAccept: */*\r\n%s%s%s",
                 load->body.len > 0 ? "POST" : "GET", load->path, load->port, token ? "Authorization: Bearer " : "",
                 token ? token : "", token ? "\r\n" : "");

    if (load->body.len > 0 && len < REQUEST) {
        len += snprintf(text + len, (size_t)(REQUEST - len),
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n", load->body.len);
    }
    len += len < REQUEST ? snprintf(text + len, (size_t)(REQUEST - len), "\r\n") : 0;
    if (len >= REQUEST) {
        fail("token too long");
    }
    return (size_t)len;
}

static void send_all(const connection_t *connection, const char *bytes, size_t len, int flags)
{
    if (send(connection->socket, bytes, len, flags | MSG_NOSIGNAL) != (ssize_t)len) {
        fail("send");
    }
}

/* The server sees the head together with what follows. */
static void send_request(load_t *load, connection_t *connection)
{
    static char text[REQUEST];
    size_t len = write_head(text, load);

    if (connection->socket < 0) {
        open_connection(connection, load->port);
    }
    connection->len = 0;
    load->sent++;
    send_all(connection, text, len, load->body.len > 0 ? MSG_MORE : 0);
    if (load->body.len > 0) {
        send_all(connection, load->body.data, load->body.len, 0);
    }
}

/* The value of a field in the head of an answer, NULL for none. */
static const char *field(const char *head, const char *name)
{
    for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, strlen(name)) == 0 && line[2 + strlen(name)] == ':') {
            return line + 3 + strlen(name);
        }
    }
    return NULL;
}

static bool is_whole(const connection_t *connection)
{
    const char *end = strstr(connection->answer, "\r\n\r\n"), *length;

    if (!end) {
        return false;
    }
    length = field(connection->answer, "Content-Length");
    return connection->len >= (size_t)(end + 4 - connection->answer) + (length ? strtoul(length, NULL, 10) : 0);
}

static void close_when_asked(connection_t *connection)
{
    const char *value = field(connection->answer, "Connection");

    if (value && strncasecmp(value + strspn(value, " "), "close", 5) == 0) {
        close(connection->socket);
        connection->socket = -1;
    }
}

/* Read what has come; an answer that is whole is counted, and the next request sent. */
static void proceed(load_t *load, connection_t *connection)
{
    ssize_t got = read(connection->socket, connection->answer + connection->len, ANSWER - connection->len);
    int status;

    if (got <= 0) {
        fail("read");
    }
    connection->len += (size_t)got;
    connection->answer[connection->len] = '\0';
    if (!is_whole(connection)) {
        return;
    }
    status = connection->len > 12 ? atoi(connection->answer + 9) : 0;
    load->status[status > 0 && status < 600 ? status : 0]++;
    load->done++;
    close_when_asked(connection);
    if (load->sent < load->wanted) {
        send_request(load, connection);
    }
}

static void run(load_t *load, int count)
{
    struct pollfd polled[CONNECTIONS];

    for (int i = 0; i < count && load->sent < load->wanted; i++) {
        connections[i].socket = -1;
        send_request(load, &connections[i]);
    }
    while (load->done < load->wanted) {
        for (int i = 0; i < count; i++) {
            polled[i] = (struct pollfd){ .fd = connections[i].socket, .events = POLLIN };
        }
        if (poll(polled, (nfds_t)count, 30000) <= 0) {
            fail("no answer");
        }
        for (int i = 0; i < count; i++) {
            if (polled[i].revents != 0) {
                proceed(load, &connections[i]);
            }
        }
    }
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static load_t load;
    mcp_view_t body = { NULL, 0 };
    int count;
    double began;

    if (argc > 2 && strcmp(argv[1], "-b") == 0) {
        body = tool_read(argv[2]);
        argc -= 2;
        argv += 2;
    }
    count = argc > 4 ? atoi(argv[3]) : 0;
    if (count < 1 || count > CONNECTIONS) {
        fprintf(stderr, "load [-b BODY] PORT PATH CONNECTIONS REQUESTS [TOKENS [FIRST]]\n");
        return 2;
    }
    load = (load_t){ .port = (unsigned short)atoi(argv[1]), .path = argv[2], .body = body, .wanted = atol(argv[4]) };
    if (argc > 5) {
        read_tokens(&load.tokens, argv[5]);
        load.tokens.next = argc > 6 ? strtoul(argv[6], NULL, 10) : 0;
    }
    began = now();
    run(&load, load.wanted < count ? (int)load.wanted : count);
    printf("%.6f", now() - began);
    for (int i = 0; i < 600; i++) {
        if (load.status[i] > 0) {
            printf(" %d=%ld", i, load.status[i]);
        }
    }
    printf("\n");
    return 0;
}
