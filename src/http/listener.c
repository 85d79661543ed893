/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One port: a libmicrohttpd daemon without a thread, whose epoll descriptor is a source of the GLib
 * loop.
 */
#include "http/internal.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 1024
/* Per connection: request line, headers and the piece of the body in transit. Longer headers get
 * 431. */
#define CONNECTION_MEMORY ((size_t)16 * 1024)

/* libmicrohttpd's only deadline left is "there is work now", since timeouts are ours
 * (connection.c). It does not count resumed connections as work, hence `resumed`. */
typedef struct {
    GSource source;
    struct MHD_Daemon *daemon;
    gpointer tag;
    bool resumed;
} mhd_source;

static bool has_work(const mhd_source *self)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    return self->resumed || (MHD_get_timeout(self->daemon, &wait_ms) == MHD_YES && wait_ms == 0);
}

static gboolean source_prepare(GSource *source, int *timeout_ms)
{
    *timeout_ms = -1;
    return has_work((mhd_source *)source);
}

static gboolean source_check(GSource *source)
{
    mhd_source *self = (mhd_source *)source;
    return g_source_query_unix_fd(source, self->tag) != 0 || has_work(self);
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)callback;
    (void)data;
    mhd_source *self = (mhd_source *)source;
    self->resumed = false;
    (void)MHD_run(self->daemon);
    return G_SOURCE_CONTINUE;
}

void hcp_http_listener_resume(hcp_http_listener *listener, struct MHD_Connection *mhd)
{
    ((mhd_source *)listener->source)->resumed = true;
    MHD_resume_connection(mhd);
}

static const GSourceFuncs SOURCE_FUNCS = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
};

static hcp_http_connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

static void on_connection(void *data, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    hcp_http_listener *listener = data;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *context = hcp_http_connection_open(listener->server, fd);
    } else {
        hcp_http_connection_closed(*context);
        *context = NULL;
    }
}

static void *on_request_line(void *data, const char *uri, struct MHD_Connection *mhd)
{
    hcp_http_request *request = hcp_http_request_new(data, mhd, uri);
    request->connection = connection_of(mhd);
    hcp_http_connection_set(request->connection, HCP_CONNECTION_RECEIVING);
    return request;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are libmicrohttpd's */
static enum MHD_Result on_request(void *data, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
    (void)data;
    (void)mhd;
    (void)url;
    (void)version;
    return hcp_http_request_advance(*context, method, upload, upload_size);
}

static void on_completed(void *data, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode how)
{
    (void)data;
    (void)mhd;
    (void)how;
    hcp_http_request *request = *context;
    if (request == NULL)
        return;
    hcp_http_connection_set(request->connection, HCP_CONNECTION_IDLE);
    hcp_http_request_free(request);
    *context = NULL;
}

/* Paths and queries are decoded where they are used, so libmicrohttpd must leave its copies alone.
 * */
static size_t keep_escapes(void *data, struct MHD_Connection *mhd, char *text)
{
    (void)data;
    (void)mhd;
    return strlen(text);
}

static int open_socket(const char *address, int port, int *ret_port, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new_from_string(address, (guint)port);
    if (wanted == NULL) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "'%s' is not an IPv4 or IPv6 address to listen on", address);
        return -1;
    }
    g_autoptr(GSocket) socket = g_socket_new(g_socket_address_get_family(wanted),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &cause);
    g_autoptr(GSocketAddress) bound = NULL;
    if (socket != NULL) {
        g_socket_set_listen_backlog(socket, BACKLOG);
        if (g_socket_bind(socket, wanted, TRUE, &cause) && g_socket_listen(socket, &cause))
            bound = g_socket_get_local_address(socket, &cause);
    }
    if (bound == NULL) {
        bool busy = g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
        g_set_error(error, HCP_ERROR, busy ? HCP_ERROR_BUSY : HCP_ERROR_IO,
                    "cannot listen on %s port %d: %s%s", address, port, cause->message,
                    busy ? " (another --port-offset avoids it)" : "");
        return -1;
    }
    if (ret_port != NULL)
        *ret_port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    /* libmicrohttpd closes its descriptor, GSocket its own */
    return fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);
}

static struct MHD_Daemon *start_daemon(hcp_http_listener *listener, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
        listener, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        listener->server->max_connections + 64, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, listener, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, listener,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, listener, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

static GSource *attach(struct MHD_Daemon *daemon, GMainContext *context)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    GSource *source = g_source_new((GSourceFuncs *)&SOURCE_FUNCS, sizeof(mhd_source));
    mhd_source *self = (mhd_source *)source;
    self->daemon = daemon;
    self->tag = g_source_add_unix_fd(source, info->epoll_fd, G_IO_IN);
    g_source_set_name(source, "http");
    g_source_attach(source, context);
    return source;
}

hcp_http_listener *hcp_http_listener_new(hcp_http_server *server, hcp_service service, int port,
                                         int *ret_port, GError **error)
{
    int fd = open_socket(server->options.address, port, ret_port, error);
    if (fd < 0)
        return NULL;
    hcp_http_listener *listener = g_new0(hcp_http_listener, 1);
    listener->server = server;
    listener->service = service;
    listener->daemon = start_daemon(listener, fd);
    if (listener->daemon == NULL) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_IO, "cannot serve port %d: %s", port,
                    g_strerror(errno));
        close(fd);
        g_free(listener);
        return NULL;
    }
    listener->source = attach(listener->daemon, server->context);
    return listener;
}

void hcp_http_listener_quiesce(hcp_http_listener *listener)
{
    int fd = MHD_quiesce_daemon(listener->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

void hcp_http_listener_free(hcp_http_listener *listener)
{
    g_source_destroy(listener->source);
    g_source_unref(listener->source);
    MHD_stop_daemon(listener->daemon);
    g_free(listener);
}
