/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load client: N keep-alive connections on one thread, each sending its next request as soon as
 * the answer to the last one is complete. Prints one line of JSON: requests per second and the
 * latency distribution.
 *
 *     load --port 8080 --path /api/v1/workloads --body '{"type":"model_training"}' --connections 64 --seconds 5
 *
 * "{n}" in the body becomes a running number; --keys sends a fresh Idempotency-Key with each
 * request.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Latencies in buckets of 1/16 of a power of two microseconds: at most 6 % wide. */
#define SUB_BITS 4
#define N_BUCKETS (64 << SUB_BITS)
#define INPUT_MAX 65536

typedef struct {
    int port;
    char *path;
    char *body;
    int connections;
    double seconds;
    gboolean keys;
} options;

typedef struct {
    int fd;
    int64_t sent_us;
    size_t used;
    char input[INPUT_MAX];
} connection;

typedef struct {
    options options;
    int epoll_fd;
    int64_t number; /* of the next request */
    int64_t answers, refusals;
    int64_t max_us;
    bool stopping;
    int open;
    int64_t buckets[N_BUCKETS];
} load;

static int bucket_of(int64_t us)
{
    if (us < 1 << SUB_BITS)
        return (int)us;
    int shift = 63 - SUB_BITS - __builtin_clzll((unsigned long long)us);
    return (shift << SUB_BITS) + (int)(us >> shift);
}

/* Upper bound of a bucket. */
static int64_t bucket_end(int bucket)
{
    if (bucket < 2 << SUB_BITS)
        return bucket + 1;
    int shift = (bucket >> SUB_BITS) - 1;
    return (int64_t)((bucket & ((1 << SUB_BITS) - 1)) + (1 << SUB_BITS) + 1) << shift;
}

static int64_t percentile_us(const load *l, double share)
{
    int64_t rank = (int64_t)(share * (double)l->answers), seen = 0;
    for (int i = 0; i < N_BUCKETS; i++) {
        seen += l->buckets[i];
        if (seen > rank)
            return MIN(bucket_end(i), l->max_us);
    }
    return l->max_us;
}

static void append_body(GString *out, const char *body, int64_t number)
{
    const char *mark = strstr(body, "{n}");
    if (mark == NULL) {
        g_string_append(out, body);
        return;
    }
    g_string_append_len(out, body, mark - body);
    g_string_append_printf(out, "%" G_GINT64_FORMAT, number);
    g_string_append(out, mark + 3);
}

static void send_next(load *l, connection *c)
{
    g_autoptr(GString) body = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    int64_t number = l->number++;
    if (l->options.body != NULL) {
        append_body(body, l->options.body, number);
        g_string_append_printf(text,
                               "POST %s HTTP/1.1\r\nHost: load\r\nContent-Type: application/json"
                               "\r\nContent-Length: %zu\r\n",
                               l->options.path, body->len);
    } else {
        g_string_append_printf(text, "GET %s HTTP/1.1\r\nHost: load\r\n", l->options.path);
    }
    if (l->options.keys)
        g_string_append_printf(text, "Idempotency-Key: %d-%" G_GINT64_FORMAT "\r\n", getpid(),
                               number);
    g_string_append(text, "\r\n");
    g_string_append_len(text, body->str, (gssize)body->len);
    c->sent_us = g_get_monotonic_time();
    if (write(c->fd, text->str, text->len) != (ssize_t)text->len)
        g_error("a request could not be sent: %s", g_strerror(errno));
}

/* Size of the complete answer at the start of the input, or 0. */
static size_t answer_size(const connection *c)
{
    const char *end = g_strstr_len(c->input, (gssize)c->used, "\r\n\r\n");
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - c->input) + 4;
    const char *length = g_strstr_len(c->input, (gssize)head, "Content-Length:");
    size_t size = head + (length != NULL ? strtoul(length + 15, NULL, 10) : 0);
    return size <= c->used ? size : 0;
}

static void count_answer(load *l, const connection *c)
{
    int64_t took_us = g_get_monotonic_time() - c->sent_us;
    l->answers++;
    if (c->input[9] != '2')
        l->refusals++;
    l->max_us = MAX(l->max_us, took_us);
    l->buckets[bucket_of(took_us)]++;
}

static void end(load *l, connection *c)
{
    close(c->fd);
    c->fd = -1;
    l->open--;
}

static void on_input(load *l, connection *c)
{
    ssize_t got = read(c->fd, c->input + c->used, sizeof c->input - c->used);
    if (got <= 0)
        g_error("the server closed a connection");
    c->used += (size_t)got;
    size_t size = answer_size(c);
    if (size == 0 && c->used == sizeof c->input)
        g_error("an answer is larger than %d bytes", INPUT_MAX);
    if (size == 0)
        return;
    count_answer(l, c);
    c->used -= size;
    memmove(c->input, c->input + size, c->used);
    if (l->stopping)
        end(l, c);
    else
        send_next(l, c);
}

static void open_connection(load *l, connection *c)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)l->options.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
        g_error("cannot connect to port %d: %s", l->options.port, g_strerror(errno));
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
    l->open++;
}

/* Sends for the given time, then waits for the answers that are out. Returns the seconds it took.
 * */
static double run(load *l)
{
    g_autofree connection *connections = g_new0(connection, (gsize)l->options.connections);
    struct epoll_event events[256];
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < l->options.connections; i++)
        open_connection(l, &connections[i]);
    int64_t began_us = g_get_monotonic_time();
    int64_t until_us = began_us + (int64_t)(l->options.seconds * 1e6);
    for (int i = 0; i < l->options.connections; i++)
        send_next(l, &connections[i]);
    while (l->open > 0) {
        int n = epoll_wait(l->epoll_fd, events, G_N_ELEMENTS(events), 10000);
        if (n == 0)
            g_error("no answer for ten seconds");
        l->stopping = g_get_monotonic_time() >= until_us;
        for (int i = 0; i < n; i++)
            on_input(l, events[i].data.ptr);
    }
    close(l->epoll_fd);
    return (double)(g_get_monotonic_time() - began_us) / 1e6;
}

static void print(const load *l, double seconds)
{
    printf("{\"connections\": %d, \"requests\": %" G_GINT64_FORMAT
           ", \"refusals\": %" G_GINT64_FORMAT ", \"per_s\": %.0f, \"p50_us\": %" G_GINT64_FORMAT
           ", \"p90_us\": %" G_GINT64_FORMAT ", \"p99_us\": %" G_GINT64_FORMAT
           ", \"p999_us\": %" G_GINT64_FORMAT ", \"max_us\": %" G_GINT64_FORMAT "}\n",
           l->options.connections, l->answers, l->refusals, (double)l->answers / seconds,
           percentile_us(l, 0.5), percentile_us(l, 0.9), percentile_us(l, 0.99),
           percentile_us(l, 0.999), l->max_us);
}

int main(int argc, char **argv)
{
    load l = {.options = {.connections = 64, .seconds = 5}};
    options *o = &l.options;
    const GOptionEntry entries[] = {
        {"port", 'p', 0, G_OPTION_ARG_INT, &o->port, "port on the loopback", "N"},
        {"path", 0, 0, G_OPTION_ARG_STRING, &o->path, "target", "PATH"},
        {"body", 'd', 0, G_OPTION_ARG_STRING, &o->body, "JSON to POST; GET without it", "JSON"},
        {"connections", 'c', 0, G_OPTION_ARG_INT, &o->connections, "clients (64)", "N"},
        {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &o->seconds, "how long to send (5)", "S"},
        {"keys", 'k', 0, G_OPTION_ARG_NONE, &o->keys, "an Idempotency-Key per request", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- measure an HTTP server");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || o->port == 0 || o->path == NULL) {
        g_printerr("load: %s\n", error != NULL ? error->message : "--port and --path are needed");
        return 2;
    }
    double seconds = run(&l);
    print(&l, seconds);
    g_free(o->path);
    g_free(o->body);
    return 0;
}
