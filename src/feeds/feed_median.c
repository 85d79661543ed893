/* SPDX-License-Identifier: Apache-2.0 */
/* The consensus of several feeds. */
#include "feeds/feed_median.h"

#include "base/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEVIATION 0.05
#define FROZEN_AFTER 12

/* A source that is silent for this many of its steps is left out. */
#define SILENT_STEPS 3

/* What one source said last of a stream. */
typedef struct {
    hcp_feed_observation last;
    int64_t step_us;
    int repeats; /* times in a row that it said the same */
    bool heard;
} slot;

/* A kind and subject over all sources. */
typedef struct {
    slot slots[HCP_FEED_MEDIAN_SOURCES];
    hcp_feed_observation last; /* consensus */
    const char *subject;
    hcp_feed_kind kind;
    bool has_last;
    bool dirty; /* a source spoke at the moment that is being worked on */
} stream;

/* An observation with the number of its source. */
typedef struct {
    hcp_feed_observation seen;
    int source;
} heard;

typedef struct {
    hcp_feed base;
    hcp_feed *inners[HCP_FEED_MEDIAN_SOURCES];
    int n_inners;
    hcp_feed_median_params params;
    GArray *streams; /* stream, in the order in which they were first heard */
    GArray *heard;   /* scratch, by time and source */
    GArray *scratch; /* hcp_feed_observation of one source */
    char source[32];
} feed_median;

static bool can_be_near_zero(hcp_feed_kind kind)
{
    return kind == HCP_FEED_POWER_RTM || kind == HCP_FEED_FEE || kind == HCP_FEED_FEE_SETTLED;
}

static stream *stream_of(feed_median *self, const hcp_feed_observation *seen)
{
    for (guint i = 0; i < self->streams->len; i++) {
        stream *known = &g_array_index(self->streams, stream, i);
        if (known->kind == seen->kind && strcmp(known->subject, seen->subject) == 0)
            return known;
    }
    stream added = {.kind = seen->kind, .subject = seen->subject};
    g_array_append_val(self->streams, added);
    return &g_array_index(self->streams, stream, self->streams->len - 1);
}

static void note(stream *of, const heard *word)
{
    slot *slot_ = &of->slots[word->source];
    bool known = slot_->heard && isfinite(slot_->last.value) && isfinite(word->seen.value);

    /* Going silent and coming back is no movement. */
    if (known)
        slot_->repeats = slot_->last.value == word->seen.value ? slot_->repeats + 1 : 0;
    if (slot_->heard && word->seen.published_us > slot_->last.published_us)
        slot_->step_us = word->seen.published_us - slot_->last.published_us;
    slot_->last = word->seen;
    slot_->heard = true;
    of->dirty = true;
}

/* True when some source moved recently, so that standing still means being stuck. */
static bool market_moves(const feed_median *self, const stream *of)
{
    for (int i = 0; i < self->n_inners; i++) {
        const slot *other = &of->slots[i];
        if (other->heard && isfinite(other->last.value) &&
            other->repeats < self->params.frozen_after)
            return true;
    }
    return false;
}

static bool usable(const feed_median *self, const slot *slot_, bool moving, int64_t now_us)
{
    if (!slot_->heard ||
        (slot_->last.quality != HCP_FEED_GOOD && slot_->last.quality != HCP_FEED_SIMULATED))
        return false;
    if (slot_->step_us > 0 && now_us - slot_->last.published_us > SILENT_STEPS * slot_->step_us)
        return false;
    return !moving || slot_->repeats < self->params.frozen_after;
}

static double median(const double *sorted, int n)
{
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* Drops what lies far from the median of `n` sorted values; returns how many are left. */
static int reject_outliers(const feed_median *self, hcp_feed_kind kind, double *sorted, int n)
{
    if (n < 3 || can_be_near_zero(kind))
        return n;
    double middle = median(sorted, n);
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (fabs(sorted[i] / middle - 1) <= self->params.max_deviation)
            sorted[kept++] = sorted[i];
    }
    return kept;
}

/* What all sources together say at `now_us`. */
static hcp_feed_observation agree(const feed_median *self, stream *of, int64_t now_us)
{
    double values[HCP_FEED_MEDIAN_SOURCES];
    int n = 0;
    bool moving = market_moves(self, of);
    hcp_feed_observation word = {.quality = HCP_FEED_MISSING};

    for (int i = 0; i < self->n_inners; i++) {
        const slot *from = &of->slots[i];
        if (!usable(self, from, moving, now_us))
            continue;
        /* The freshest source gives the times; one model among them makes it all simulated. */
        bool simulated = word.quality == HCP_FEED_SIMULATED;
        if (n == 0 || from->last.observed_us > word.observed_us)
            word = from->last;
        if (simulated)
            word.quality = HCP_FEED_SIMULATED;
        values[n++] = from->last.value;
    }
    if (n > 0) {
        qsort(values, (size_t)n, sizeof(values[0]), hcp_order_doubles);
        n = reject_outliers(self, of->kind, values, n);
    }
    if (n == 0) {
        word = of->has_last ? of->last : of->slots[0].last;
        word.quality = of->has_last ? HCP_FEED_STALE : HCP_FEED_MISSING;
    } else {
        word.value = median(values, n);
        word.low = values[0];
        word.high = values[n - 1];
        word.sources = n;
    }
    return word;
}

/* When no source can be trusted, the last consensus grows old like any value. */
static bool all_missing(const feed_median *self, const stream *of)
{
    for (int i = 0; i < self->n_inners; i++) {
        if (of->slots[i].heard && of->slots[i].last.quality != HCP_FEED_MISSING)
            return false;
    }
    return true;
}

static void speak(const feed_median *self, stream *of, int64_t now_us, GArray *observations)
{
    hcp_feed_observation word = agree(self, of, now_us);
    bool trusted = word.quality == HCP_FEED_GOOD || word.quality == HCP_FEED_SIMULATED;

    word.kind = of->kind;
    word.subject = of->subject;
    word.source = self->source;
    word.published_us = now_us;
    if (all_missing(self, of))
        word.quality = HCP_FEED_MISSING;
    if (word.quality == HCP_FEED_MISSING)
        hcp_feed_set_value(&word, NAN);
    if (trusted) {
        of->last = word;
        of->has_last = true;
    }
    of->dirty = false;
    g_array_append_val(observations, word);
}

static void speak_all(feed_median *self, int64_t now_us, GArray *observations)
{
    for (guint i = 0; i < self->streams->len; i++) {
        stream *of = &g_array_index(self->streams, stream, i);
        if (of->dirty)
            speak(self, of, now_us, observations);
    }
}

static int compare_heard(const void *a, const void *b)
{
    const heard *left = a;
    const heard *right = b;
    if (left->seen.published_us != right->seen.published_us)
        return left->seen.published_us < right->seen.published_us ? -1 : 1;
    return left->source - right->source;
}

static void listen(feed_median *self, int64_t now_us)
{
    g_array_set_size(self->heard, 0);
    for (int source = 0; source < self->n_inners; source++) {
        g_array_set_size(self->scratch, 0);
        hcp_feed_poll(self->inners[source], now_us, self->scratch);
        for (guint i = 0; i < self->scratch->len; i++) {
            heard word = {.seen = g_array_index(self->scratch, hcp_feed_observation, i),
                          .source = source};
            g_array_append_val(self->heard, word);
        }
    }
    /* Stable, so what one source says at one moment keeps its order. */
    g_array_sort(self->heard, compare_heard);
}

static bool same_auction(const hcp_feed_observation *a, const hcp_feed_observation *b)
{
    return a->kind == b->kind && a->from_us == b->from_us && strcmp(a->subject, b->subject) == 0;
}

/* An auction has one result: of those that tell it at one moment, the first that knows it. */
static const hcp_feed_observation *auction_result(const feed_median *self, guint at)
{
    const heard *told = &g_array_index(self->heard, heard, at);
    for (guint i = at; i < self->heard->len; i++) {
        const heard *other = &g_array_index(self->heard, heard, i);
        if (other->seen.published_us > told->seen.published_us)
            break;
        if (other->seen.quality != HCP_FEED_MISSING && same_auction(&told->seen, &other->seen))
            return &other->seen;
    }
    return &told->seen;
}

static void median_poll(hcp_feed *feed, int64_t now_us, GArray *observations)
{
    feed_median *self = (feed_median *)feed;
    listen(self, now_us);
    for (guint i = 0; i < self->heard->len; i++) {
        const heard *word = &g_array_index(self->heard, heard, i);
        if (!hcp_feed_is_auctioned(word->seen.kind))
            note(stream_of(self, &word->seen), word);
        else if (word->source == 0)
            g_array_append_vals(observations, auction_result(self, i), 1);
        bool last = i + 1 == self->heard->len;
        int64_t at_us = word->seen.published_us;
        if (last || g_array_index(self->heard, heard, i + 1).seen.published_us > at_us)
            speak_all(self, at_us, observations);
    }
}

static int64_t median_next_due(const hcp_feed *feed)
{
    const feed_median *self = (const feed_median *)feed;
    int64_t due_us = INT64_MAX;
    for (int i = 0; i < self->n_inners; i++)
        due_us = MIN(due_us, hcp_feed_next_due(self->inners[i]));
    return due_us;
}

static void median_free(hcp_feed *feed)
{
    feed_median *self = (feed_median *)feed;
    for (int i = 0; i < self->n_inners; i++)
        hcp_feed_free(self->inners[i]);
    g_array_unref(self->streams);
    g_array_unref(self->heard);
    g_array_unref(self->scratch);
    g_free(self);
}

static const hcp_feed_ops OPS = {
    .name = "median",
    .next_due = median_next_due,
    .poll = median_poll,
    .free = median_free,
};

hcp_feed *hcp_feed_median_new(hcp_feed *const *inners, int n_inners,
                              const hcp_feed_median_params *params)
{
    g_assert(n_inners >= 1 && n_inners <= HCP_FEED_MEDIAN_SOURCES);
    feed_median *self = g_new0(feed_median, 1);
    self->base.ops = &OPS;
    self->n_inners = n_inners;
    for (int i = 0; i < n_inners; i++)
        self->inners[i] = inners[i];
    if (params)
        self->params = *params;
    if (self->params.max_deviation == 0)
        self->params.max_deviation = MAX_DEVIATION;
    if (self->params.frozen_after == 0)
        self->params.frozen_after = FROZEN_AFTER;
    self->streams = g_array_new(FALSE, FALSE, sizeof(stream));
    self->heard = g_array_new(FALSE, FALSE, sizeof(heard));
    self->scratch = hcp_feed_observations_new();
    g_snprintf(self->source, sizeof(self->source), "median of %d", n_inners);
    return &self->base;
}
