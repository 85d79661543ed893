/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor for durable submissions: libmicrohttpd and SQLite with nothing between them. Each turn
 * of the loop takes the requests that have arrived, inserts their bodies in one transaction, fsyncs
 * once, and answers them all. What the platform adds on top (parsing, validation, scheduling, hash
 * chain) is measured against this.
 *
 *     http_floor FILE.db        prints "port N" and serves POST until its standard input ends
 */
#include <errno.h>
#include <glib.h>
#include <microhttpd.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char ANSWER[] = "{\"workload_id\":\"wl_00000000000000\",\"status\":\"queued\","
                             "\"priority\":1,\"queue_position\":1}";

typedef struct {
    struct MHD_Connection *connection;
    GString *body;
    bool durable;
} request;

typedef struct {
    struct MHD_Daemon *daemon;
    sqlite3 *db;
    sqlite3_stmt *insert;
    GPtrArray *waiting; /* request */
} server;

static void run_sql(server *s, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(s->db, sql, NULL, NULL, &message) != SQLITE_OK)
        g_error("%s: %s", sql, message);
}

static void open_database(server *s, const char *path)
{
    if (sqlite3_open(path, &s->db) != SQLITE_OK)
        g_error("%s: %s", path, sqlite3_errmsg(s->db));
    run_sql(s, "PRAGMA journal_mode=WAL");
    run_sql(s, "PRAGMA synchronous=FULL");
    run_sql(s, "CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    sqlite3_prepare_v2(s->db, "INSERT INTO log (body) VALUES (?)", -1, &s->insert, NULL);
}

static enum MHD_Result answer(request *r)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof ANSWER - 1, (void *)ANSWER, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(r->connection, 201, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
    (void)url, (void)method, (void)version;
    server *s = data;
    request *r = *context;
    if (r == NULL) {
        *context = r = g_new0(request, 1);
        r->connection = connection;
        r->body = g_string_new(NULL);
        return MHD_YES;
    }
    if (*upload_size > 0) {
        g_string_append_len(r->body, upload, (gssize)*upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (r->durable)
        return answer(r);
    g_ptr_array_add(s->waiting, r);
    MHD_suspend_connection(connection);
    return MHD_YES;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode how)
{
    (void)data, (void)connection, (void)how;
    request *r = *context;
    if (r == NULL)
        return;
    g_string_free(r->body, TRUE);
    g_free(r);
    *context = NULL;
}

static void commit(server *s)
{
    run_sql(s, "BEGIN");
    for (guint i = 0; i < s->waiting->len; i++) {
        const request *r = g_ptr_array_index(s->waiting, i);
        sqlite3_bind_blob(s->insert, 1, r->body->str, (int)r->body->len, SQLITE_STATIC);
        if (sqlite3_step(s->insert) != SQLITE_DONE)
            g_error("insert: %s", sqlite3_errmsg(s->db));
        sqlite3_reset(s->insert);
    }
    run_sql(s, "COMMIT");
    for (guint i = 0; i < s->waiting->len; i++) {
        request *r = g_ptr_array_index(s->waiting, i);
        r->durable = true;
        MHD_resume_connection(r->connection);
    }
    g_ptr_array_set_size(s->waiting, 0);
}

static void serve(server *s)
{
    int epoll_fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd fds[] = {{.fd = epoll_fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    for (;;) {
        MHD_UNSIGNED_LONG_LONG wait_ms;
        bool busy = MHD_get_timeout(s->daemon, &wait_ms) == MHD_YES && wait_ms == 0;
        if (poll(fds, 2, busy ? 0 : -1) < 0 && errno != EINTR)
            g_error("poll: %s", g_strerror(errno));
        if (fds[1].revents != 0)
            return;
        MHD_run(s->daemon);
        if (s->waiting->len > 0) {
            commit(s);
            MHD_run(s->daemon);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: http_floor FILE.db\n");
        return 2;
    }
    server s = {.waiting = g_ptr_array_new()};
    open_database(&s, argv[1]);
    s.daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
                                NULL, on_request, &s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, &s,
                                MHD_OPTION_END);
    if (s.daemon == NULL)
        g_error("libmicrohttpd does not start");
    printf("port %d\n", MHD_get_daemon_info(s.daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    serve(&s);
    MHD_stop_daemon(s.daemon);
    sqlite3_finalize(s.insert);
    sqlite3_close(s.db);
    g_ptr_array_unref(s.waiting);
    return 0;
}
