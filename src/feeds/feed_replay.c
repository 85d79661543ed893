/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay of recorded prices. The whole file becomes a list of publications sorted by the time at
 * which each cell became known; polling walks that list.
 */
#include "feeds/feed_replay.h"

#include "base/csv.h"
#include "base/error.h"
#include "base/timefmt.h"
#include "base/units.h"

#include <math.h>

#define US_CENTRAL "CST6CDT,M3.2.0,M11.1.0"
#define DAM_PUBLISH_US (13 * HCP_US_PER_H + 30 * HCP_US_PER_MIN)
#define LONGEST_GAP_US (31 * HCP_US_PER_DAY)
#define MOST_SKIPPED 10000 /* rows in all; a file that lacks more is damaged */
#define LATEST_TIME_US (INT64_C(4102444800) * HCP_US_PER_S) /* 2100: later is a typing error */

typedef enum {
    KNOWN_AT_START,  /* a quote of that moment */
    KNOWN_AT_END,    /* a mean over the interval */
    KNOWN_DAY_AHEAD, /* an auction for the whole local day */
    KNOWN_NEXT_DAY,  /* a mean over the UTC day */
} known_when;

typedef enum { SUBJECT_FIXED, SUBJECT_HUB, SUBJECT_GPU } subject_from;

/* The columns that are understood; any subset may be in a file. */
typedef struct {
    const char *header;
    hcp_feed_kind kind;
    known_when known;
    subject_from from;
    const char *subject;
    bool positive; /* zero or less is a damaged file */
} column_spec;

static const column_spec SPECS[] = {
    {"rtm_usd_mwh", HCP_FEED_POWER_RTM, KNOWN_AT_END, SUBJECT_HUB, NULL, false},
    {"hb_north_usd_mwh", HCP_FEED_POWER_RTM, KNOWN_AT_END, SUBJECT_FIXED, "HB_NORTH", false},
    {"hb_houston_usd_mwh", HCP_FEED_POWER_RTM, KNOWN_AT_END, SUBJECT_FIXED, "HB_HOUSTON", false},
    {"dam_usd_mwh", HCP_FEED_POWER_DAM, KNOWN_DAY_AHEAD, SUBJECT_HUB, NULL, false},
    {"btc_usd", HCP_FEED_BTC, KNOWN_AT_START, SUBJECT_FIXED, "", true},
    {"difficulty", HCP_FEED_DIFFICULTY, KNOWN_AT_START, SUBJECT_FIXED, "", true},
    {"subsidy_btc", HCP_FEED_SUBSIDY, KNOWN_AT_START, SUBJECT_FIXED, "", true},
    {"fee_btc_per_block_prevday", HCP_FEED_FEE, KNOWN_AT_START, SUBJECT_FIXED, "", false},
    {"fee_btc_per_block", HCP_FEED_FEE_SETTLED, KNOWN_NEXT_DAY, SUBJECT_FIXED, "", false},
    {"as_regup_usd_mw", HCP_FEED_AS_REGUP, KNOWN_DAY_AHEAD, SUBJECT_HUB, NULL, false},
    {"as_regdn_usd_mw", HCP_FEED_AS_REGDN, KNOWN_DAY_AHEAD, SUBJECT_HUB, NULL, false},
    {"as_rrs_usd_mw", HCP_FEED_AS_RRS, KNOWN_DAY_AHEAD, SUBJECT_HUB, NULL, false},
    {"as_nspin_usd_mw", HCP_FEED_AS_NSPIN, KNOWN_DAY_AHEAD, SUBJECT_HUB, NULL, false},
    {"as_ecrs_usd_mw", HCP_FEED_AS_ECRS, KNOWN_DAY_AHEAD, SUBJECT_HUB, NULL, false},
    {"median_us", HCP_FEED_GPU_RENT, KNOWN_AT_START, SUBJECT_GPU, NULL, true},
};

/* A column of this file with the last value it gave. */
typedef struct {
    const column_spec *spec;
    int index; /* in the file */
    const char *subject;
    hcp_feed_observation last;
    bool has_last;
    guint newest; /* publication known last at the anchor */
} column;

/* One cell and when it becomes known; all in file time. */
typedef struct {
    int64_t published_us;
    int64_t from_us, until_us;
    double value; /* NaN = empty */
    uint32_t row;
    uint16_t column;
    bool filled; /* repeats the row before */
} publication;

typedef struct {
    hcp_feed base;
    char *source, *hub, *gpu_class;
    GTimeZone *zone;
    int64_t dam_publish_us;
    int64_t shift_us;     /* platform time minus file time */
    GArray *columns;      /* column */
    GArray *publications; /* publication, by time */
    guint next;
    hcp_feed_replay_info info;
    int64_t skipped; /* rows that the file lacks */
} feed_replay;

static const hcp_feed_ops OPS;

static feed_replay *cast(hcp_feed *feed)
{
    g_assert(feed->ops == &OPS);
    return (feed_replay *)feed;
}

static int64_t floor_div(int64_t time_us, int64_t step_us)
{
    int64_t quotient = time_us / step_us;
    return quotient - (time_us % step_us < 0);
}

static int64_t utc_offset_us(GTimeZone *zone, int64_t utc_us)
{
    int interval =
        g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, floor_div(utc_us, HCP_US_PER_S));
    return g_time_zone_get_offset(zone, interval) * HCP_US_PER_S;
}

/* When the auction for the local day that contains `at_us` was published: in the afternoon before. */
static int64_t day_ahead_known_us(const feed_replay *replay, int64_t at_us)
{
    int64_t day = floor_div(at_us + utc_offset_us(replay->zone, at_us), HCP_US_PER_DAY);
    int64_t local_us = (day - 1) * HCP_US_PER_DAY + replay->dam_publish_us;
    /* Clocks change at night, so the offset of about that time is the one of the afternoon. */
    return local_us - utc_offset_us(replay->zone, local_us - utc_offset_us(replay->zone, local_us));
}

static publication place(const feed_replay *replay, const column_spec *spec, int64_t at_us)
{
    int64_t step_us = replay->info.step_us;
    publication cell = {.from_us = at_us, .until_us = at_us + step_us};

    switch (spec->known) {
    case KNOWN_AT_START:
        cell.published_us = at_us;
        break;
    case KNOWN_AT_END:
        cell.published_us = at_us + step_us;
        break;
    case KNOWN_DAY_AHEAD:
        cell.published_us = day_ahead_known_us(replay, at_us);
        break;
    case KNOWN_NEXT_DAY:
        cell.from_us = floor_div(at_us, HCP_US_PER_DAY) * HCP_US_PER_DAY;
        cell.until_us = cell.from_us + HCP_US_PER_DAY;
        cell.published_us = cell.until_us;
        break;
    }
    return cell;
}

/* Adds what row number `row` at `at_us` says; a NULL `csv` stands for a row that the file lacks. */
static bool add_row(feed_replay *replay, const hcp_csv *csv, int64_t at_us, GError **error)
{
    uint32_t row = (uint32_t)replay->info.rows;
    int filled = csv ? hcp_csv_column(csv, "filled") : -1;
    double filled_value = 0;
    if (filled >= 0)
        (void)hcp_csv_number(csv, filled, &filled_value);

    for (guint i = 0; i < replay->columns->len; i++) {
        const column *col = &g_array_index(replay->columns, column, i);
        bool first_of_day = row == 0 || at_us % HCP_US_PER_DAY < replay->info.step_us;
        if (col->spec->known == KNOWN_NEXT_DAY && !first_of_day)
            continue;
        publication cell = place(replay, col->spec, at_us);
        cell.value = NAN;
        cell.row = row;
        cell.column = (uint16_t)i;
        cell.filled = filled_value != 0;
        const char *text = csv ? hcp_csv_text(csv, col->index) : "";
        if (*text == '\0') {
            replay->info.empty_cells++;
        } else if (!hcp_csv_number(csv, col->index, &cell.value) ||
                   (col->spec->positive && cell.value <= 0)) {
            g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                        "%s, line %" G_GINT64_FORMAT ": \"%.40s\" is no value for %s",
                        replay->source, hcp_csv_line(csv), text, col->spec->header);
            return false;
        }
        if (row == 0 && col->spec->kind == HCP_FEED_BTC)
            replay->info.start_btc_usd = cell.value;
        g_array_append_val(replay->publications, cell);
    }
    replay->info.rows++;
    replay->info.last_us = at_us;
    return true;
}

static bool find_columns(feed_replay *replay, const hcp_csv *csv, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SPECS); i++) {
        column col = {.spec = &SPECS[i], .index = hcp_csv_column(csv, SPECS[i].header)};
        if (col.index < 0)
            continue;
        col.subject = SPECS[i].from == SUBJECT_HUB   ? replay->hub
                      : SPECS[i].from == SUBJECT_GPU ? replay->gpu_class
                                                     : SPECS[i].subject;
        g_array_append_val(replay->columns, col);
    }
    if (replay->columns->len > 0 && hcp_csv_column(csv, "ts_utc") >= 0)
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                "%s: not a price file; it needs the column ts_utc and at least one price column "
                "such as rtm_usd_mwh, dam_usd_mwh or btc_usd",
                replay->source);
    return false;
}

static bool read_time(const feed_replay *replay, const hcp_csv *csv, int64_t *ret_us,
                      GError **error)
{
    g_autoptr(GError) cause = NULL;
    int64_t at_us = 0;
    if (hcp_time_parse(hcp_csv_text(csv, hcp_csv_column(csv, "ts_utc")), &at_us, &cause) &&
        at_us > 0 && at_us < LATEST_TIME_US) {
        *ret_us = at_us;
        return true;
    }
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s, line %" G_GINT64_FORMAT ": ts_utc: %s",
                replay->source, hcp_csv_line(csv), cause ? cause->message : "out of range");
    return false;
}

/* Checks that the row at `at_us` follows the last one, and adds empty rows where some are skipped. */
static bool bridge(feed_replay *replay, const hcp_csv *csv, int64_t at_us, GError **error)
{
    int64_t gap_us = at_us - replay->info.last_us;
    if (gap_us <= 0 || gap_us % replay->info.step_us != 0 || gap_us > LONGEST_GAP_US) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "%s, line %" G_GINT64_FORMAT ": ts_utc is not one of the next intervals of "
                    "%" G_GINT64_FORMAT " s within 31 days",
                    replay->source, hcp_csv_line(csv), replay->info.step_us / HCP_US_PER_S);
        return false;
    }
    replay->skipped += gap_us / replay->info.step_us - 1;
    if (replay->skipped > MOST_SKIPPED) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "%s, line %" G_GINT64_FORMAT ": more than %d rows are missing up to here",
                    replay->source, hcp_csv_line(csv), MOST_SKIPPED);
        return false;
    }
    while (replay->info.last_us + replay->info.step_us < at_us) {
        if (!add_row(replay, NULL, replay->info.last_us + replay->info.step_us, error))
            return false;
    }
    return true;
}

/* The interval is the distance of the first two rows, so it is measured before the rows are read. */
static bool measure_step(feed_replay *replay, hcp_csv *csv, GError **error)
{
    GError *cause = NULL;
    int64_t second_us = 0;

    if (!hcp_csv_next(csv, &cause)) {
        if (cause)
            g_propagate_error(error, cause);
        else
            g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: no rows", replay->source);
        return false;
    }
    if (!read_time(replay, csv, &replay->info.first_us, error))
        return false;
    replay->info.step_us = HCP_US_PER_H;
    if (!hcp_csv_next(csv, &cause)) {
        if (cause)
            g_propagate_error(error, cause);
        return cause == NULL;
    }
    if (!read_time(replay, csv, &second_us, error))
        return false;
    replay->info.step_us = second_us - replay->info.first_us;
    if (replay->info.step_us >= HCP_US_PER_MIN && replay->info.step_us <= HCP_US_PER_DAY)
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                "%s: the first two rows must be between a minute and a day apart", replay->source);
    return false;
}

static hcp_csv *open_csv(const hcp_feed_replay_config *config, GError **error)
{
    return config->path ? hcp_csv_open(config->path, error)
                        : hcp_csv_open_text(config->text, config->text_size, error);
}

static bool read_rows(feed_replay *replay, const hcp_feed_replay_config *config, GError **error)
{
    g_autoptr(hcp_csv) probe = open_csv(config, error);
    if (!probe || !find_columns(replay, probe, error) || !measure_step(replay, probe, error))
        return false;

    g_autoptr(hcp_csv) csv = open_csv(config, error);
    if (!csv)
        return false;
    GError *cause = NULL;
    while (hcp_csv_next(csv, &cause)) {
        int64_t at_us = 0;
        if (!read_time(replay, csv, &at_us, error))
            return false;
        if (replay->info.rows > 0 && !bridge(replay, csv, at_us, error))
            return false;
        if (!add_row(replay, csv, at_us, error))
            return false;
    }
    if (cause)
        g_propagate_error(error, cause);
    return cause == NULL;
}

/* After the last row nothing more is known. */
static void add_end(feed_replay *replay)
{
    int64_t end_us = replay->info.last_us + 2 * replay->info.step_us;
    for (guint i = 0; i < replay->columns->len; i++) {
        publication end = {.published_us = end_us,
                           .from_us = end_us,
                           .until_us = end_us,
                           .value = NAN,
                           .row = UINT32_MAX,
                           .column = (uint16_t)i};
        g_array_append_val(replay->publications, end);
    }
}

static int compare_publications(const void *a, const void *b)
{
    const publication *left = a;
    const publication *right = b;
    if (left->published_us != right->published_us)
        return left->published_us < right->published_us ? -1 : 1;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return (left->column > right->column) - (left->column < right->column);
}

/* What was known before the anchor is published at it, but only what still counts: the newest value
 * of each column and everything for intervals that are not over. */
static void start_at(feed_replay *replay, int64_t anchor_us)
{
    GArray *all = replay->publications;
    guint kept = 0;

    for (guint i = 0; i < all->len; i++) {
        const publication *cell = &g_array_index(all, publication, i);
        if (cell->published_us <= anchor_us)
            g_array_index(replay->columns, column, cell->column).newest = i;
    }
    for (guint i = 0; i < all->len; i++) {
        publication cell = g_array_index(all, publication, i);
        const column *col = &g_array_index(replay->columns, column, cell.column);
        bool past = cell.published_us <= anchor_us;
        if (past && cell.until_us <= anchor_us && col->newest != i)
            continue;
        cell.published_us = MAX(cell.published_us, anchor_us);
        g_array_index(all, publication, kept++) = cell;
    }
    g_array_set_size(all, kept);
}

/* The latest moment at which the value of a cell was true. */
static int64_t observed_us(const publication *cell, const column_spec *spec)
{
    switch (spec->known) {
    case KNOWN_AT_START:
        return cell->from_us;
    case KNOWN_AT_END:
    case KNOWN_NEXT_DAY:
        return cell->until_us;
    case KNOWN_DAY_AHEAD:
        break;
    }
    return cell->published_us;
}

static hcp_feed_observation observe(const feed_replay *replay, const publication *cell, column *col)
{
    int64_t shift_us = replay->shift_us;
    hcp_feed_observation seen = {
        .kind = col->spec->kind,
        .quality = HCP_FEED_GOOD,
        .published_us = cell->published_us + shift_us,
        .observed_us = observed_us(cell, col->spec) + shift_us,
        .from_us = cell->from_us + shift_us,
        .until_us = cell->until_us + shift_us,
        .subject = col->subject,
        .source = replay->source,
    };
    hcp_feed_set_value(&seen, cell->value);
    bool known = isfinite(cell->value);
    bool over = cell->row == UINT32_MAX;

    if (known && !cell->filled) {
        col->last = seen;
        col->has_last = true;
        return seen;
    }
    if (known) {
        seen.quality = HCP_FEED_STALE;
        seen.observed_us -= replay->info.step_us;
        return seen;
    }
    /* The last value of an auction says nothing about another hour. */
    bool holds = col->has_last && !over && col->spec->known != KNOWN_DAY_AHEAD;
    if (holds) {
        hcp_feed_observation aged =
            hcp_feed_aged(&col->last, (cell->until_us - cell->from_us) / 2, seen.published_us);
        seen.quality = aged.quality;
        hcp_feed_set_value(&seen, aged.value);
        seen.observed_us = aged.observed_us;
        return seen;
    }
    seen.quality = HCP_FEED_MISSING;
    return seen;
}

static int64_t replay_next_due(const hcp_feed *feed)
{
    const feed_replay *replay = (const feed_replay *)feed;
    if (replay->next >= replay->publications->len)
        return INT64_MAX;
    return g_array_index(replay->publications, publication, replay->next).published_us +
           replay->shift_us;
}

static void replay_poll(hcp_feed *feed, int64_t now_us, GArray *observations)
{
    feed_replay *replay = cast(feed);
    while (replay_next_due(feed) <= now_us) {
        const publication *cell = &g_array_index(replay->publications, publication, replay->next++);
        column *col = &g_array_index(replay->columns, column, cell->column);
        hcp_feed_observation seen = observe(replay, cell, col);
        g_array_append_val(observations, seen);
    }
}

static void replay_free(hcp_feed *feed)
{
    feed_replay *replay = cast(feed);
    g_array_unref(replay->columns);
    g_array_unref(replay->publications);
    g_clear_pointer(&replay->zone, g_time_zone_unref);
    g_free(replay->source);
    g_free(replay->hub);
    g_free(replay->gpu_class);
    g_free(replay);
}

static const hcp_feed_ops OPS = {
    .name = "replay",
    .next_due = replay_next_due,
    .poll = replay_poll,
    .free = replay_free,
};

static feed_replay *replay_alloc(const hcp_feed_replay_config *config)
{
    feed_replay *replay = g_new0(feed_replay, 1);
    replay->base.ops = &OPS;
    replay->source = config->path ? g_path_get_basename(config->path) : g_strdup("text");
    replay->hub = g_strdup(config->hub ? config->hub : "HUB");
    replay->gpu_class = g_strdup(config->gpu_class ? config->gpu_class : "v100");
    replay->dam_publish_us = config->dam_publish_us > 0 ? config->dam_publish_us : DAM_PUBLISH_US;
    replay->columns = g_array_new(FALSE, FALSE, sizeof(column));
    replay->publications = g_array_new(FALSE, FALSE, sizeof(publication));
    replay->info.start_btc_usd = NAN;
    return replay;
}

static bool load(feed_replay *replay, const hcp_feed_replay_config *config, GError **error)
{
    const char *rule = config->time_zone ? config->time_zone : US_CENTRAL;
    int64_t anchor_us = config->anchor_us;

    replay->zone = g_time_zone_new_identifier(rule);
    if (!replay->zone) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "unknown time zone rule \"%s\"", rule);
        return false;
    }
    if (!read_rows(replay, config, error))
        return false;

    add_end(replay);
    g_array_sort(replay->publications, compare_publications);
    if (anchor_us == INT64_MIN)
        anchor_us = replay->info.first_us + replay->info.step_us;
    if (anchor_us < replay->info.first_us ||
        anchor_us > replay->info.last_us + replay->info.step_us) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "%s: the anchor lies outside the file's time", replay->source);
        return false;
    }
    start_at(replay, anchor_us);
    replay->shift_us = config->start_us - anchor_us;
    return true;
}

hcp_feed *hcp_feed_replay_new(const hcp_feed_replay_config *config, GError **error)
{
    hcp_feed *feed = &replay_alloc(config)->base;
    if (load(cast(feed), config, error))
        return feed;
    hcp_feed_free(feed);
    return NULL;
}

hcp_feed_replay_info hcp_feed_replay_describe(const hcp_feed *feed)
{
    g_assert(feed->ops == &OPS);
    return ((const feed_replay *)feed)->info;
}
