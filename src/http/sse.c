/* SPDX-License-Identifier: Apache-2.0 */
#include "http/sse.h"

#include "http/internal.h"

#include <string.h>
#include <sys/socket.h>

#define DEFAULT_BUFFER_BYTES ((size_t)1024 * 1024)
#define DEFAULT_HEARTBEAT_S 15
#define BLOCK_SIZE 4096
/* How long a client may take to fetch the end of its stream. */
#define FAREWELL_US (10 * G_USEC_PER_SEC)

struct hcp_sse {
    hcp_http_listener *listener;
    hcp_http_connection *connection;
    struct MHD_Connection *mhd;
    hcp_sse_options options;
    GList link;     /* in server->streams */
    GString *queue; /* unsent from `offset` on */
    size_t offset;
    int64_t sent_us; /* when something was last queued, monotonic */
    int64_t ending_us;
    bool suspended;
    bool ending; /* no more events; ends when the queue is empty */
};

static void resume(hcp_sse *stream)
{
    if (!stream->suspended)
        return;
    stream->suspended = false;
    hcp_http_listener_resume(stream->listener, stream->mhd);
}

static void end(hcp_sse *stream)
{
    if (!stream->ending) {
        stream->ending = true;
        stream->ending_us = g_get_monotonic_time();
    }
    resume(stream);
}

static size_t take(hcp_sse *stream, char *buffer, size_t max)
{
    size_t size = MIN(max, hcp_sse_backlog(stream));
    memcpy(buffer, stream->queue->str + stream->offset, size);
    stream->offset += size;
    if (stream->offset == stream->queue->len) {
        g_string_truncate(stream->queue, 0);
        stream->offset = 0;
    }
    return size;
}

/* libmicrohttpd asks for more: give it, or sleep until there is some. */
static ssize_t on_read(void *data, uint64_t position, char *buffer, size_t max)
{
    (void)position;
    hcp_sse *stream = data;
    if (hcp_sse_backlog(stream) == 0 && !stream->ending && stream->options.drained != NULL)
        stream->options.drained(stream, stream->options.data);
    size_t size = take(stream, buffer, max);
    if (size > 0)
        return (ssize_t)size;
    if (stream->ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    stream->suspended = true;
    MHD_suspend_connection(stream->mhd);
    return 0;
}

static void on_free(void *data)
{
    hcp_sse *stream = data;
    g_queue_unlink(&stream->listener->server->streams, &stream->link);
    if (stream->options.closed != NULL)
        stream->options.closed(stream, stream->options.data);
    g_string_free(stream->queue, TRUE);
    g_free(stream);
}

const char *hcp_sse_resume_id(const hcp_http_request *request)
{
    const char *id = hcp_http_request_header(request, "Last-Event-ID");
    return id != NULL ? id : hcp_http_request_query(request, "cursor");
}

hcp_sse *hcp_sse_open(hcp_http_request *request, const hcp_sse_options *options)
{
    hcp_http_server *server = request->listener->server;
    if (server->stopping || server->streams.length >= server->max_connections / 2) {
        hcp_http_header_add(request, "Retry-After", "5");
        hcp_http_reply_error(request, 503, "too-many-streams",
                             "this server carries no further event stream at the moment");
        return NULL;
    }
    hcp_sse *stream = g_new0(hcp_sse, 1);
    stream->listener = request->listener;
    stream->connection = request->connection;
    stream->mhd = request->mhd;
    stream->options = *options;
    if (stream->options.buffer_bytes == 0)
        stream->options.buffer_bytes = DEFAULT_BUFFER_BYTES;
    if (stream->options.heartbeat_s == 0)
        stream->options.heartbeat_s = DEFAULT_HEARTBEAT_S;
    stream->queue = g_string_new(": connected\n\n");
    stream->sent_us = g_get_monotonic_time();
    stream->link.data = stream;
    g_queue_push_tail_link(&server->streams, &stream->link);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, on_read, stream, on_free);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    request->streaming = true;
    hcp_http_request_answer(request, 200, response);
    return stream;
}

static void append_field(GString *out, const char *name, const char *value, size_t size)
{
    g_string_append(out, name);
    g_string_append_len(out, value, (gssize)size);
    g_string_append_c(out, '\n');
}

/* One "data:" line per line of `data`. */
static void append_data(GString *out, const char *data, size_t size)
{
    const char *end_of_data = data + size;
    for (;;) {
        const char *feed = memchr(data, '\n', (size_t)(end_of_data - data));
        append_field(out, "data: ", data, (size_t)((feed != NULL ? feed : end_of_data) - data));
        if (feed == NULL)
            return;
        data = feed + 1;
    }
}

static void overflow(hcp_sse *stream)
{
    static const char TEXT[] = "{\"detail\":\"this client is too slow; "
                               "resume from the last id received\"}";
    append_field(stream->queue, "event: ", "overflow", 8);
    append_field(stream->queue, "data: ", TEXT, sizeof TEXT - 1);
    g_string_append_c(stream->queue, '\n');
    end(stream);
}

bool hcp_sse_send(hcp_sse *stream, const char *id, const char *event, const char *data, size_t size)
{
    if (stream->ending)
        return false;
    if (hcp_sse_backlog(stream) + size > stream->options.buffer_bytes) {
        overflow(stream);
        return false;
    }
    if (stream->offset > stream->queue->len / 2) {
        g_string_erase(stream->queue, 0, (gssize)stream->offset);
        stream->offset = 0;
    }
    if (id != NULL)
        append_field(stream->queue, "id: ", id, strlen(id));
    if (event != NULL)
        append_field(stream->queue, "event: ", event, strlen(event));
    append_data(stream->queue, data, size);
    g_string_append_c(stream->queue, '\n');
    stream->sent_us = g_get_monotonic_time();
    resume(stream);
    return true;
}

size_t hcp_sse_backlog(const hcp_sse *stream)
{
    return stream->queue->len - stream->offset;
}

void hcp_sse_close(hcp_sse *stream)
{
    end(stream);
}

static void keep_alive(hcp_sse *stream, int64_t now_us)
{
    int64_t silence_us = (int64_t)stream->options.heartbeat_s * G_USEC_PER_SEC;
    if (stream->ending && now_us - stream->ending_us >= FAREWELL_US) {
        (void)shutdown(stream->connection->fd, SHUT_RDWR);
    } else if (!stream->ending && now_us - stream->sent_us >= silence_us &&
               hcp_sse_backlog(stream) == 0) {
        g_string_append(stream->queue, ":\n\n");
        stream->sent_us = now_us;
        resume(stream);
    }
}

void hcp_sse_sweep(hcp_http_server *server, int64_t now_us)
{
    for (GList *link = server->streams.head; link != NULL; link = link->next)
        keep_alive(link->data, now_us);
}

void hcp_sse_close_all(hcp_http_server *server)
{
    for (GList *link = server->streams.head; link != NULL; link = link->next)
        end(link->data);
}
