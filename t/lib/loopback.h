/* loopback.h - an HTTP server for C tests that does as it is told, badly too: a forked process on 127.0.0.1, one
 * more for each connection. What it serves and what it counts lies in memory it shares with the test, so both can
 * change while it runs.
 */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum {
    LOOPBACK_PLAIN,   /* head and body, then the end */
    LOOPBACK_HANG,    /* not a byte */
    LOOPBACK_TRICKLE, /* the body byte by byte, ten a second */
    LOOPBACK_ENDLESS, /* the body over and over */
    LOOPBACK_CHUNKS   /* the same in chunks */
} loopback_manner_t;

typedef struct {
    char path[128];
    char head[512]; /* status line and fields, each with its CR LF; an empty line follows by itself */
    char body[16384];
    loopback_manner_t manner;
    int delay; /* milliseconds before the first byte */
    atomic_int hits;
} loopback_route_t;

typedef struct {
    loopback_route_t routes[32];
    int count;
    atomic_int hits;    /* all requests, of unknown paths too */
    char request[4096]; /* the last request's head */
    unsigned port;
    pid_t pid;
} loopback_t;

static inline void loopback_send(int fd, const char *bytes)
{
    size_t left = strlen(bytes);

    while (left > 0) {
        ssize_t sent = send(fd, bytes, left, MSG_NOSIGNAL);

        if (sent <= 0) {
            _exit(0);
        }
        bytes += sent;
        left -= (size_t)sent;
    }
}

static inline void loopback_answer(int fd, const loopback_route_t *route)
{
    char chunk[32];

    usleep((useconds_t)route->delay * 1000);
    if (route->manner == LOOPBACK_HANG) {
        pause();
    }
    loopback_send(fd, route->head);
    loopback_send(fd, "\r\n");
    if (route->manner == LOOPBACK_TRICKLE) {
        for (const char *c = route->body; *c; c++) {
            loopback_send(fd, (char[]){ *c, '\0' });
            usleep(100000);
        }
        return;
    }
    do {
        if (route->manner == LOOPBACK_CHUNKS) {
            snprintf(chunk, sizeof(chunk), "%zx\r\n", strlen(route->body));
            loopback_send(fd, chunk);
        }
        loopback_send(fd, route->body);
        if (route->manner == LOOPBACK_CHUNKS) {
            loopback_send(fd, "\r\n");
        }
    } while (route->manner == LOOPBACK_ENDLESS || route->manner == LOOPBACK_CHUNKS);
}

static inline void loopback_serve(loopback_t *server, int fd)
{
    char request[sizeof(server->request)] = "", path[128] = "";
    size_t used = 0;

    while (used < sizeof(request) - 1 && !strstr(request, "\r\n\r\n")) {
        ssize_t got = recv(fd, request + used, sizeof(request) - 1 - used, 0);

        if (got <= 0) {
            _exit(0);
        }
        used += (size_t)got;
        request[used] = '\0';
    }
    memcpy(server->request, request, used + 1);
    atomic_fetch_add(&server->hits, 1);
    sscanf(request, "%*s %127s", path);
    for (int i = 0; i < server->count; i++) {
        if (strcmp(server->routes[i].path, path) == 0) {
            atomic_fetch_add(&server->routes[i].hits, 1);
            loopback_answer(fd, &server->routes[i]);
            _exit(0);
        }
    }
    loopback_send(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    _exit(0);
}

static inline void loopback_run(loopback_t *server, int listener)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);

        if (fd < 0) {
            continue;
        }
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            loopback_serve(server, fd);
        }
        close(fd);
    }
}

/* Bound but deaf until the process is there: connecting is never refused. */
static inline int loopback_listen(unsigned *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        abort();
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static inline loopback_t *loopback_start(void)
{
    loopback_t *server = mmap(NULL, sizeof(*server), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int listener;
    pid_t pid;

    if (server == MAP_FAILED) {
        abort();
    }
    listener = loopback_listen(&server->port);
    if ((pid = fork()) < 0) {
        abort();
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        loopback_run(server, listener);
    }
    server->pid = pid; /* by the parent alone: the memory is shared */
    close(listener);
    return server;
}

/* The process ends, and its connections with it. Its counts can still be read. */
static inline void loopback_stop(loopback_t *server)
{
    if (server->pid > 1) { /* 0 and -1 would mean whole groups */
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
        server->pid = 0;
    }
}

/* Serve a path from now on, instead of what it served before. */
static inline loopback_route_t *loopback_route(loopback_t *server, const char *path, const char *head, const char *body)
{
    loopback_route_t *route = NULL;

    for (int i = 0; i < server->count; i++) {
        if (strcmp(server->routes[i].path, path) == 0) {
            route = &server->routes[i];
        }
    }
    if (!route) {
        route = &server->routes[server->count++];
    }
    if (server->count > (int)(sizeof(server->routes) / sizeof(server->routes[0])) ||
        strlen(head) >= sizeof(route->head) || strlen(body) >= sizeof(route->body)) {
        abort();
    }
    snprintf(route->path, sizeof(route->path), "%s", path);
    snprintf(route->head, sizeof(route->head), "%s", head);
    snprintf(route->body, sizeof(route->body), "%s", body);
    route->manner = LOOPBACK_PLAIN;
    route->delay = 0;
    return route;
}

/* The same as a good answer of a JSON document. */
static inline loopback_route_t *loopback_json(loopback_t *server, const char *path, const char *body)
{
    return loopback_route(server, path, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n",
                          body);
}

#endif
