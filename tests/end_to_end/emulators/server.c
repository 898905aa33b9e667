// The smallest service worth deploying: HTTP/1.1 on PORT, one process per connection, statically linked so that an
// image needs nothing else. Its behaviour is set by its environment, as a service's is.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int stubborn;

static void on_term(int number) {
    (void)number;
    static const char text[] = "told to end\n";
    if (write(1, text, sizeof text - 1) < 0) _exit(1);
    if (!stubborn) _exit(0);
}

static void answer(int peer, const char* status, const char* body) {
    char head[256];
    int length = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, strlen(body));
    if (write(peer, head, (size_t)length) < 0 || write(peer, body, strlen(body)) < 0) _exit(1);
}

// What a GET /name of another service answers: proves that private names resolve.
static void ask(int peer, char* host, const char* port, const char* path) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) return answer(peer, "502 Bad Gateway", "no such name");
    int upstream = socket(found->ai_family, SOCK_STREAM, 0);
    if (connect(upstream, found->ai_addr, found->ai_addrlen) != 0) return answer(peer, "502 Bad Gateway", "refused");
    dprintf(upstream, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);
    char text[4096];
    size_t size = 0;
    for (ssize_t got; size < sizeof text - 1 && (got = read(upstream, text + size, sizeof text - 1 - size)) > 0;) size += (size_t)got;
    text[size] = 0;
    char* body = strstr(text, "\r\n\r\n");
    answer(peer, "200 OK", body ? body + 4 : text);
}

static void serve(int peer) {
    static char request[16384];
    size_t size = 0;
    while (!strstr(request, "\r\n\r\n") && size < sizeof request - 1) {
        ssize_t got = read(peer, request + size, sizeof request - 1 - size);
        if (got <= 0) return;
        size += (size_t)got;
    }
    char method[16] = "", path[1024] = "";
    sscanf(request, "%15s %1023s", method, path);
    char name[256] = "", port[16] = "";
    if (strcmp(path, "/health") == 0) {
        const char* host = strstr(request, "Host: healthcheck.railway.app") ? "" : strstr(request, "host: healthcheck.railway.app") ? "" : " by the public name";
        printf("health asked%s\n", host);
        fflush(stdout);
        const char* status = getenv("HEALTH");
        answer(peer, status ? status : "200 OK", "health");
    } else if (sscanf(path, "/env/%255s", name) == 1) answer(peer, "200 OK", getenv(name) ? getenv(name) : "");
    else if (sscanf(path, "/ask/%255[^:/]:%15[0-9]", name, port) == 2) ask(peer, name, port, "/env/VERSION");
    else if (strcmp(path, "/headers") == 0) answer(peer, "200 OK", request);
    else if (strcmp(path, "/slow") == 0) {
        printf("slow began\n");
        fflush(stdout);
        sleep(20);
        answer(peer, "200 OK", "late");
    } else if (strcmp(path, "/count") == 0) {
        FILE* file = fopen("/data/count", "a+");
        if (!file) return answer(peer, "500 Internal Server Error", "cannot write /data");
        fputc('x', file);
        snprintf(name, sizeof name, "%ld", ftell(file));
        fclose(file);
        answer(peer, "200 OK", name);
    } else if (strcmp(path, "/crash") == 0) {
        answer(peer, "200 OK", "bye");
        kill(getppid(), SIGKILL);
    } else if (strcmp(path, "/echo") == 0) {
        dprintf(peer, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        for (ssize_t got; (got = read(peer, request, sizeof request)) > 0;) if (write(peer, request, (size_t)got) < 0) return;
    } else answer(peer, "404 Not Found", "no such page");
}

int main(void) {
    const char* port = getenv("PORT");
    const char* version = getenv("VERSION");
    if (getenv("EXIT_CODE")) {
        fprintf(stderr, "leaving at once\n");
        return atoi(getenv("EXIT_CODE"));
    }
    stubborn = getenv("STUBBORN") != NULL;
    signal(SIGTERM, on_term);
    signal(SIGCHLD, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port ? port : "0"))};
    if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 64) != 0) {
        perror("listen");
        return 1;
    }
    printf("{\"level\":\"info\",\"message\":\"started\",\"version\":\"%s\",\"port\":%s}\nsecond line\n", version ? version : "", port);
    fflush(stdout);
    for (;;) {
        int peer = accept(listener, NULL, NULL);
        if (peer < 0) continue;
        if (fork() == 0) {
            signal(SIGTERM, SIG_DFL);
            close(listener);
            serve(peer);
            _exit(0);
        }
        close(peer);
    }
}
