/* SPDX-License-Identifier: Apache-2.0 */
#include "services/event_stream.h"

#include "base/json_write.h"
#include "base/log.h"
#include "http/reply.h"
#include "http/sse.h"

#include <string.h>

/* Entries read from the journal between two turns of the main loop. */
#define SLICE 500
/* An entry as an event without its data, roughly. */
#define ENTRY_HEAD_SIZE 256

struct hcp_event_streams {
    hcp_daemon *daemon;
    GPtrArray *open; /* stream, each owned by its sse */
};

typedef struct {
    hcp_event_streams *owner; /* NULL once the owner is gone */
    hcp_sse *sse;
    char *type;    /* only events of this type; NULL = all */
    uint64_t sent; /* last entry that was sent or passed over */
    bool live;     /* at the journal's end: commits are handed on as they come */
    bool ended;    /* overflowed: nothing more is sent */
    guint idle;    /* source that reads the next slice, 0 = none */
} stream;

static char *entry_text(const hcp_journal_entry *entry, size_t *ret_size)
{
    GString *all = g_string_sized_new(entry->payload_size + ENTRY_HEAD_SIZE);
    hcp_json_write_object(all, NULL);
    hcp_json_write_int(all, "sequence", (int64_t)entry->seq);
    hcp_json_write_string(all, "type", entry->type);
    hcp_json_write_time(all, "time", entry->time_us);
    hcp_json_write_string(all, "actor", entry->actor);
    hcp_json_write_string(all, "trace_id", entry->trace_id);
    /* The payload is JSON text already: it goes in as it is stored. */
    hcp_json_write_text(all, "data", entry->payload, entry->payload_size);
    hcp_json_write_end(all);
    *ret_size = all->len;
    return g_string_free(all, FALSE);
}

static void send_entry(stream *s, const hcp_journal_entry *entry)
{
    if (s->ended || entry->seq <= s->sent)
        return;
    if (s->type == NULL || g_str_equal(s->type, entry->type)) {
        char id[24];
        size_t size;
        g_snprintf(id, sizeof id, "%" G_GUINT64_FORMAT, entry->seq);
        g_autofree char *text = entry_text(entry, &size);
        s->ended = !hcp_sse_send(s->sse, id, entry->type, text, size);
    }
    s->sent = entry->seq;
}

/* --- catching up ----------------------------------------------------------------------------------------------------- */

typedef struct {
    stream *s;
    int left;
} slice;

static bool take_entry(void *user_data, const hcp_journal_entry *entry)
{
    slice *part = user_data;
    send_entry(part->s, entry);
    return --part->left > 0 && !part->s->ended;
}

static gboolean on_idle(gpointer data);

/* Reads one slice. The next follows when the client has taken this one, or at the next turn of the loop when the slice
 * held nothing for it. */
static void catch_up(stream *s)
{
    if (s->live || s->ended || s->owner == NULL)
        return;
    slice part = {.s = s, .left = SLICE};
    g_autoptr(GError) error = NULL;
    hcp_journal *journal = hcp_platform_journal(hcp_daemon_platform(s->owner->daemon));
    if (!hcp_journal_read(journal, s->sent + 1, take_entry, &part, &error)) {
        hcp_log(HCP_LOG_ERROR, "events", NULL, "a stream cannot read the journal", "reason",
                error->message, NULL);
        s->ended = true;
        hcp_sse_close(s->sse);
        return;
    }
    s->live = part.left > 0;
    if (!s->live && !s->ended && s->idle == 0 && hcp_sse_backlog(s->sse) == 0)
        s->idle = g_idle_add(on_idle, s);
}

static gboolean on_idle(gpointer data)
{
    stream *s = data;
    s->idle = 0;
    catch_up(s);
    return G_SOURCE_REMOVE;
}

static void on_drained(hcp_sse *sse, void *data)
{
    (void)sse;
    catch_up(data);
}

/* --- live ------------------------------------------------------------------------------------------------------------ */

static void on_commit(void *data, const hcp_journal_batch *batch)
{
    hcp_event_streams *streams = data;
    guint n = hcp_journal_batch_count(batch);
    for (guint i = 0; i < streams->open->len; i++) {
        stream *s = streams->open->pdata[i];
        for (guint e = 0; s->live && e < n; e++)
            send_entry(s, hcp_journal_batch_entry(batch, e));
    }
}

static void on_closed(hcp_sse *sse, void *data)
{
    (void)sse;
    stream *s = data;
    if (s->owner != NULL)
        g_ptr_array_remove_fast(s->owner->open, s);
    if (s->idle != 0)
        g_source_remove(s->idle);
    g_free(s->type);
    g_free(s);
}

hcp_event_streams *hcp_event_streams_new(hcp_daemon *daemon)
{
    hcp_event_streams *streams = g_new0(hcp_event_streams, 1);
    streams->daemon = daemon;
    streams->open = g_ptr_array_new();
    hcp_daemon_subscribe(daemon, on_commit, streams);
    return streams;
}

void hcp_event_streams_free(hcp_event_streams *streams)
{
    if (streams == NULL)
        return;
    hcp_daemon_unsubscribe(streams->daemon, on_commit, streams);
    for (guint i = 0; i < streams->open->len; i++)
        ((stream *)streams->open->pdata[i])->owner = NULL;
    g_ptr_array_unref(streams->open);
    g_free(streams);
}

/* False: it is not a position in this journal, and the request has been answered. */
static bool read_position(hcp_http_request *request, uint64_t last, uint64_t *ret_sent)
{
    const char *resume = hcp_sse_resume_id(request);
    *ret_sent = last;
    if (resume == NULL)
        return true;
    if (!g_ascii_string_to_unsigned(resume, 10, 0, G_MAXINT64, ret_sent, NULL)) {
        hcp_http_reply_error(request, 400, "invalid-cursor",
                             "\"%s\" is not the sequence number of an event", resume);
        return false;
    }
    if (*ret_sent > last) {
        hcp_http_reply_error(request, 409, "unknown-cursor",
                             "event %s has not happened here; the last one is %" G_GUINT64_FORMAT,
                             resume, last);
        return false;
    }
    return true;
}

void hcp_event_streams_open(hcp_event_streams *streams, hcp_http_request *request)
{
    hcp_journal *journal = hcp_platform_journal(hcp_daemon_platform(streams->daemon));
    uint64_t last = hcp_journal_last(journal, NULL), sent = 0;
    if (!read_position(request, last, &sent))
        return;
    stream *s = g_new0(stream, 1);
    s->owner = streams;
    s->sent = sent;
    s->type = g_strdup(hcp_http_request_query(request, "type"));
    const hcp_sse_options options = {.closed = on_closed, .drained = on_drained, .data = s};
    s->sse = hcp_sse_open(request, &options);
    if (s->sse == NULL) {
        g_free(s->type);
        g_free(s);
        return;
    }
    g_ptr_array_add(streams->open, s);
    catch_up(s);
}
