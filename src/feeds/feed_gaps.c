/* SPDX-License-Identifier: Apache-2.0 */
/* A feed with injected silence. */
#include "feeds/feed_gaps.h"

#include <math.h>
#include <string.h>

/* What one kind and subject said last. */
typedef struct {
    hcp_feed_observation last; /* that came through */
    hcp_feed_quality quality;  /* as published last */
    int64_t step_us;           /* between the last two that were due */
    int64_t due_us;            /* when the last one was due */
} stream;

typedef struct {
    hcp_feed base;
    hcp_feed *inner;
    hcp_faults *faults;
    GArray *streams; /* stream; feeds have few */
    GArray *heard;   /* scratch: what the inner feed says */
} feed_gaps;

/* The number of the stream that `seen` belongs to; a new one is added. */
static guint stream_of(feed_gaps *self, const hcp_feed_observation *seen)
{
    for (guint i = 0; i < self->streams->len; i++) {
        const stream *known = &g_array_index(self->streams, stream, i);
        if (known->last.kind == seen->kind && strcmp(known->last.subject, seen->subject) == 0)
            return i;
    }
    stream added = {.last = *seen, .quality = HCP_FEED_MISSING, .due_us = seen->published_us};
    added.last.quality = HCP_FEED_MISSING;
    g_array_append_val(self->streams, added);
    return self->streams->len - 1;
}

/* What is heard of `due` while its stream is silent; false when its state is as it was. */
static bool silent_word(stream *from, const hcp_feed_observation *due,
                        hcp_feed_observation *ret_word)
{
    bool auction = due->from_us > due->published_us;
    hcp_feed_observation word =
        hcp_feed_aged(&from->last, from->step_us + from->step_us / 2, due->published_us);
    if (auction) {
        word = *due;
        word.quality = HCP_FEED_MISSING;
    } else if (word.quality == from->quality) {
        return false;
    }
    if (word.quality == HCP_FEED_MISSING)
        hcp_feed_set_value(&word, NAN);
    from->quality = word.quality;
    *ret_word = word;
    return true;
}

static void pass_on(feed_gaps *self, const hcp_feed_observation *seen, GArray *observations)
{
    guint number = stream_of(self, seen);
    stream *from = &g_array_index(self->streams, stream, number);
    hcp_feed_observation word = *seen;

    if (seen->published_us > from->due_us)
        from->step_us = seen->published_us - from->due_us;
    from->due_us = seen->published_us;
    if (hcp_faults_feed_silent(self->faults, number, seen->published_us)) {
        if (silent_word(from, seen, &word))
            g_array_append_val(observations, word);
        return;
    }
    from->last = *seen;
    from->quality = seen->quality;
    g_array_append_val(observations, word);
}

static int64_t gaps_next_due(const hcp_feed *feed)
{
    return hcp_feed_next_due(((const feed_gaps *)feed)->inner);
}

static void gaps_poll(hcp_feed *feed, int64_t now_us, GArray *observations)
{
    feed_gaps *self = (feed_gaps *)feed;
    g_array_set_size(self->heard, 0);
    hcp_feed_poll(self->inner, now_us, self->heard);
    for (guint i = 0; i < self->heard->len; i++)
        pass_on(self, &g_array_index(self->heard, hcp_feed_observation, i), observations);
}

static void gaps_free(hcp_feed *feed)
{
    feed_gaps *self = (feed_gaps *)feed;
    hcp_feed_free(self->inner);
    hcp_faults_free(self->faults);
    g_array_unref(self->streams);
    g_array_unref(self->heard);
    g_free(self);
}

static const hcp_feed_ops OPS = {
    .name = "gaps",
    .next_due = gaps_next_due,
    .poll = gaps_poll,
    .free = gaps_free,
};

hcp_feed *hcp_feed_gaps_new(hcp_feed *inner, const hcp_faults_params *params, uint64_t seed)
{
    feed_gaps *self = g_new0(feed_gaps, 1);
    self->base.ops = &OPS;
    self->inner = inner;
    self->faults = hcp_faults_new(params, /* n_devices= */ 0, seed, /* start_us= */ 0);
    self->streams = g_array_new(FALSE, FALSE, sizeof(stream));
    self->heard = hcp_feed_observations_new();
    return &self->base;
}
