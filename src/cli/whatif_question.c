/* SPDX-License-Identifier: Apache-2.0 */
/* Options to question: the same tree that the API takes. */
#include "base/error.h"
#include "base/json.h"
#include "base/units.h"
#include "cli/whatif.h"
#include "feeds/feed_replay.h"

#include <math.h>
#include <string.h>

static const char REPLAY[] = "replay=";

static bool invalid(GError **error, const char *option, const char *given, const char *remedy)
{
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "--%s %s: %s", option, given, remedy);
    return false;
}

static bool read_number(const char *text, double *ret_number)
{
    char *end;
    *ret_number = g_ascii_strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*ret_number);
}

/* --- prices ------------------------------------------------------------------------------------------------------------ */

/* Values of one kind at the file's step, from its first row; what the file lacks is null. */
static json_t *series_of(hcp_feed *feed, hcp_feed_kind kind)
{
    const hcp_feed_replay_info info = hcp_feed_replay_describe(feed);
    g_autoptr(GArray) seen = hcp_feed_observations_new();
    hcp_feed_poll(feed, info.last_us - info.first_us, seen);
    json_t *values = json_array();
    bool any = false;
    for (guint i = 0; i < seen->len; i++) {
        const hcp_feed_observation *row = &g_array_index(seen, hcp_feed_observation, i);
        int64_t at = row->published_us / info.step_us;
        if (row->kind != kind || row->quality == HCP_FEED_STALE)
            continue;
        while ((int64_t)json_array_size(values) < at)
            json_array_append_new(values, json_null());
        if ((int64_t)json_array_size(values) == at)
            json_array_append_new(values,
                                  isfinite(row->value) ? json_real(row->value) : json_null());
        any |= isfinite(row->value);
    }
    json_t *series = json_object();
    hcp_json_set_int(series, "step_s", info.step_us / HCP_US_PER_S);
    json_object_set_new(series, "values", values);
    if (any)
        return series;
    json_decref(series);
    return NULL;
}

/* The file is played from its first row at the start of the period. */
static json_t *replay(const char *option, const char *path, hcp_feed_kind kind, GError **error)
{
    g_autoptr(hcp_feed) feed = hcp_feed_replay_new(
        &(hcp_feed_replay_config){.path = path, .anchor_us = INT64_MIN, .hub = "*"}, error);
    if (feed == NULL) {
        g_prefix_error(error, "--%s: ", option);
        return NULL;
    }
    json_t *series = series_of(feed, kind);
    if (series == NULL)
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "--%s %s: the file has no %s prices",
                    option, path, hcp_feed_kind_name(kind));
    return series;
}

static bool add_part(const char *option, const char *part, json_t *change, GError **error)
{
    static const char *const keys[] = {"scale", "shift", "fixed"};
    const char *value = strchr(part, '=');
    double number;
    for (size_t i = 0; value != NULL && i < G_N_ELEMENTS(keys); i++) {
        if (strlen(keys[i]) != (size_t)(value - part) || !g_str_has_prefix(part, keys[i]))
            continue;
        if (!read_number(value + 1, &number))
            return invalid(error, option, part, "the value is a number");
        hcp_json_set_number(change, keys[i], number);
        return true;
    }
    return invalid(error, option, part,
                   "give scale=FACTOR, shift=AMOUNT, fixed=VALUE or replay=FILE");
}

/* Kinds of a file that an option can replay; hashprice follows from Bitcoin and is in no file. */
static const hcp_feed_kind KINDS[HCP_WHATIF_PRICES] = {[HCP_WHATIF_ELECTRICITY] =
                                                           HCP_FEED_POWER_RTM,
                                                       [HCP_WHATIF_BTC] = HCP_FEED_BTC,
                                                       [HCP_WHATIF_HASHPRICE] = HCP_FEED_KINDS};

static bool add_price(json_t *question, const char *option, const char *text,
                      hcp_whatif_price price, GError **error)
{
    if (text == NULL)
        return true;
    json_t *change = json_object();
    json_object_set_new(question, hcp_whatif_price_member(price), change);
    if (g_str_has_prefix(text, REPLAY)) {
        if (KINDS[price] == HCP_FEED_KINDS)
            return invalid(error, option, text,
                           "hashprice follows from Bitcoin: use --btc replay=FILE");
        json_t *series = replay(option, text + strlen(REPLAY), KINDS[price], error);
        return series != NULL && json_object_set_new(change, "series", series) == 0;
    }
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (char **part = parts; *part != NULL; part++)
        if (!add_part(option, *part, change, error))
            return false;
    return true;
}

/* --- caps and fleet ---------------------------------------------------------------------------------------------------- */

static bool add_cap(json_t *caps, const char *text, GError **error)
{
    const char *value = strchr(text, '=');
    double mw;
    if (value == NULL || value == text || !read_number(value + 1, &mw) || mw <= 0)
        return invalid(error, "cap", text, "give FACILITY=MW, for example texas-north=12.5");
    g_autofree char *facility = g_strndup(text, (gsize)(value - text));
    json_array_append_new(caps, json_pack("{s:s, s:f}", "facility", facility, "cap_mw", mw));
    return true;
}

static bool add_fleet(json_t *fleets, const char *text, GError **error)
{
    static const char remedy[] =
        "give FACILITY/CLASS=+N, -N or N, for example texas-north/S21=+500";
    const char *slash = strchr(text, '/'), *value = strrchr(text, '=');
    gint64 count;
    if (slash == NULL || value == NULL || slash == text || value <= slash + 1)
        return invalid(error, "fleet", text, remedy);
    const char *digits = value + 1 + (value[1] == '+' || value[1] == '-');
    if (!g_ascii_string_to_signed(digits, 10, value[1] == '+' || value[1] == '-', G_MAXINT32,
                                  &count, NULL))
        return invalid(error, "fleet", text, remedy);
    g_autofree char *facility = g_strndup(text, (gsize)(slash - text));
    g_autofree char *class_key = g_strndup(slash + 1, (gsize)(value - slash - 1));
    const char *member = value[1] == '+' ? "add" : value[1] == '-' ? "remove" : "count";
    json_array_append_new(fleets, json_pack("{s:s, s:s, s:I}", "facility", facility, "class",
                                            class_key, member, (json_int_t)count));
    return true;
}

static bool add_all(json_t *question, const char *member, char **texts,
                    bool (*add)(json_t *list, const char *text, GError **error), GError **error)
{
    if (texts == NULL)
        return true;
    json_t *list = json_array();
    json_object_set_new(question, member, list);
    for (char **text = texts; *text != NULL; text++)
        if (!add(list, *text, error))
            return false;
    return true;
}

static void add_text(json_t *question, const char *member, const char *text)
{
    if (text != NULL)
        hcp_json_set_string(question, member, text);
}

json_t *hcp_cli_whatif_question(const hcp_cli_whatif_asked *asked, GError **error)
{
    g_autoptr(json_t) question = json_object();
    add_text(question, "from", asked->from);
    add_text(question, "to", asked->to);
    add_text(question, "policy", asked->policy);
    add_text(question, "min_dwell", asked->dwell);
    if (asked->threshold != 0)
        hcp_json_set_number(question, "threshold", asked->threshold);
    if (!add_price(question, "electricity", asked->electricity, HCP_WHATIF_ELECTRICITY, error) ||
        !add_price(question, "btc", asked->btc, HCP_WHATIF_BTC, error) ||
        !add_price(question, "hashprice", asked->hashprice, HCP_WHATIF_HASHPRICE, error) ||
        !add_all(question, "caps", asked->caps, add_cap, error) ||
        !add_all(question, "fleet", asked->fleets, add_fleet, error))
        return NULL;
    return g_steal_pointer(&question);
}
