/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections and their deadlines. libmicrohttpd knows only inactivity, so a client that sends a
 * byte now and then would stay for ever; here each state has its own deadline, counted from when
 * the state was entered. A queue per state is in order of that time, so a sweep looks only at what
 * has expired, and the oldest idle one is found at once when the server is full.
 */
#include "http/internal.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Descriptors left to the rest of the process: journal, log, timers, listening ports. */
#define RESERVED_DESCRIPTORS 256
/* Room between "begin to make room" and "refuse", for connections that are being closed. */
#define SLACK 64

static const char FULL[] = "HTTP/1.1 503 Service Unavailable\r\n"
                           "Content-Type: application/problem+json\r\n"
                           "Retry-After: 1\r\nConnection: close\r\n\r\n"
                           "{\"type\":\"urn:hcp:problem:too-many-connections\","
                           "\"title\":\"Too many connections\",\"status\":503,"
                           "\"detail\":\"all connections are busy\"}";

unsigned hcp_http_connections_budget(unsigned wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return MIN(wanted, 512);
    if (limit.rlim_cur < limit.rlim_max) {
        rlim_t before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            limit.rlim_cur = before;
    }
    rlim_t available = limit.rlim_cur > 2 * RESERVED_DESCRIPTORS
                           ? limit.rlim_cur - RESERVED_DESCRIPTORS
                           : limit.rlim_cur / 2;
    return (unsigned)MIN((rlim_t)wanted, available);
}

static void enqueue(hcp_http_connection *connection, hcp_connection_state state)
{
    connection->state = state;
    connection->since_us = g_get_monotonic_time();
    g_queue_push_tail_link(&connection->server->connections[state], &connection->link);
}

static void dequeue(hcp_http_connection *connection)
{
    g_queue_unlink(&connection->server->connections[connection->state], &connection->link);
}

/* libmicrohttpd sees the end of input at once and closes; until then the descriptor stays its own.
 * */
static void cut(hcp_http_connection *connection)
{
    if (connection->closing)
        return;
    connection->closing = true;
    (void)shutdown(connection->fd, SHUT_RDWR);
    hcp_http_connection_set(connection, HCP_CONNECTION_BUSY);
}

/* The connection that has waited longest for its client, or NULL when all are being answered. */
static hcp_http_connection *longest_waiting(hcp_http_server *server)
{
    GList *idle = server->connections[HCP_CONNECTION_IDLE].head;
    GList *receiving = server->connections[HCP_CONNECTION_RECEIVING].head;
    if (idle == NULL || receiving == NULL)
        idle = idle != NULL ? idle : receiving;
    else if (((hcp_http_connection *)receiving->data)->since_us <
             ((hcp_http_connection *)idle->data)->since_us)
        idle = receiving;
    return idle != NULL ? idle->data : NULL;
}

static void make_room(hcp_http_server *server, hcp_http_connection *newcomer)
{
    hcp_http_connection *victim = longest_waiting(server);
    if (victim != NULL && victim != newcomer) {
        cut(victim);
    } else if (server->n_connections > server->max_connections) {
        (void)send(newcomer->fd, FULL, sizeof FULL - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        cut(newcomer);
    }
}

hcp_http_connection *hcp_http_connection_open(hcp_http_server *server, int fd)
{
    hcp_http_connection *connection = g_new0(hcp_http_connection, 1);
    connection->server = server;
    connection->fd = fd;
    connection->link.data = connection;
    enqueue(connection, HCP_CONNECTION_RECEIVING);
    server->n_connections++;
    if (server->n_connections + SLACK > server->max_connections)
        make_room(server, connection);
    return connection;
}

void hcp_http_connection_closed(hcp_http_connection *connection)
{
    dequeue(connection);
    connection->server->n_connections--;
    g_free(connection);
}

void hcp_http_connection_set(hcp_http_connection *connection, hcp_connection_state state)
{
    dequeue(connection);
    enqueue(connection, connection->closing ? HCP_CONNECTION_BUSY : state);
}

static void cut_older(GQueue *queue, int64_t limit_us)
{
    while (queue->head != NULL) {
        hcp_http_connection *oldest = queue->head->data;
        if (oldest->since_us > limit_us)
            return;
        cut(oldest);
    }
}

void hcp_http_connections_sweep(hcp_http_server *server, int64_t now_us)
{
    int64_t idle_us = (int64_t)server->options.idle_timeout_s * G_USEC_PER_SEC;
    int64_t request_us = (int64_t)server->options.request_timeout_s * G_USEC_PER_SEC;
    cut_older(&server->connections[HCP_CONNECTION_IDLE],
              server->stopping ? now_us : now_us - idle_us);
    cut_older(&server->connections[HCP_CONNECTION_RECEIVING], now_us - request_us);
    cut_older(&server->connections[HCP_CONNECTION_SENDING], now_us - idle_us);
}
