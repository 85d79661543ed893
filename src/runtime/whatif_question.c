/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/whatif_question.h"

#include "base/error.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "base/units.h"

#include <math.h>

static const char *const MEMBERS[HCP_WHATIF_PRICES] = {
    [HCP_WHATIF_ELECTRICITY] = "electricity_usd_per_mwh",
    [HCP_WHATIF_BTC] = "btc_usd",
    [HCP_WHATIF_HASHPRICE] = "hashprice_usd_per_phs_day",
};

const char *hcp_whatif_price_member(hcp_whatif_price price)
{
    return MEMBERS[price];
}

static bool invalid(GError **error, const char *member, const char *message)
{
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: %s", member, message);
    return false;
}

static bool read_series(const json_t *series, hcp_whatif_price_change *change)
{
    const json_t *values = json_object_get(series, "values"), *item;
    double last = NAN;
    size_t i;
    change->step_us = hcp_json_int(series, "step_s", 0) * HCP_US_PER_S;
    change->values = g_array_new(FALSE, FALSE, sizeof(double));
    json_array_foreach(values, i, item)
    {
        last = json_is_number(item) ? json_number_value(item) : last;
        g_array_append_val(change->values, last);
    }
    return change->values->len > 0 && isfinite(g_array_index(change->values, double, 0));
}

static bool read_price(const json_t *json, const char *member, hcp_whatif_price_change *change,
                       GError **error)
{
    const json_t *given = json_object_get(json, member);
    if (!json_is_object(given))
        return true;
    const json_t *fixed = json_object_get(given, "fixed"),
                 *series = json_object_get(given, "series");
    bool derived =
        json_object_get(given, "scale") != NULL || json_object_get(given, "shift") != NULL;
    *change = (hcp_whatif_price_change){.given = true,
                                        .scale = hcp_json_number(given, "scale", 1),
                                        .shift = hcp_json_number(given, "shift", 0)};
    if (derived + (fixed != NULL) + (series != NULL) != 1)
        return invalid(error, member, "give scale, shift or both; or fixed; or series");
    if (series != NULL && !read_series(series, change))
        return invalid(error, member, "a series begins with a number");
    if (fixed != NULL) {
        double value = json_number_value(fixed);
        change->values = g_array_new(FALSE, FALSE, sizeof(double));
        change->step_us = HCP_US_PER_DAY;
        g_array_append_val(change->values, value);
    }
    return true;
}

static void clear_cap(void *data)
{
    g_free(((hcp_whatif_cap *)data)->facility);
}

static void clear_fleet(void *data)
{
    hcp_whatif_fleet *fleet = data;
    g_free(fleet->facility);
    g_free(fleet->class_key);
}

static void read_caps(const json_t *list, GArray *caps)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const hcp_whatif_cap cap = {
            .facility = g_strdup(hcp_json_string(item, "facility", "")),
            .cap_w = llround(hcp_json_number(item, "cap_mw", 0) * (double)HCP_W_PER_MW)};
        g_array_append_val(caps, cap);
    }
}

static bool read_fleets(const json_t *list, GArray *fleets, GError **error)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        int64_t add = hcp_json_int(item, "add", 0), remove = hcp_json_int(item, "remove", 0);
        int64_t count = hcp_json_int(item, "count", -1);
        if ((add > 0) + (remove > 0) + (count >= 0) != 1)
            return invalid(error, "fleet", "give one of add, remove and count");
        const hcp_whatif_fleet fleet = {.facility = g_strdup(hcp_json_string(item, "facility", "")),
                                        .class_key = g_strdup(hcp_json_string(item, "class", "")),
                                        .relative = count < 0,
                                        .count = count >= 0 ? count : add - remove};
        g_array_append_val(fleets, fleet);
    }
    return true;
}

static bool read_dwell(const json_t *json, hcp_whatif_question *question, GError **error)
{
    const char *text = hcp_json_string(json, "min_dwell", NULL);
    question->min_dwell_us = -1;
    if (text == NULL || hcp_duration_parse(text, &question->min_dwell_us, error))
        return true;
    g_prefix_error(error, "min_dwell: ");
    return false;
}

bool hcp_whatif_question_parse(const json_t *json, hcp_whatif_question *ret_question,
                               GError **error)
{
    g_auto(hcp_whatif_question) q = {
        .from = g_strdup(hcp_json_string(json, "from", NULL)),
        .to = g_strdup(hcp_json_string(json, "to", NULL)),
        .policy = g_strdup(hcp_json_string(json, "policy", NULL)),
        .threshold = hcp_json_number(json, "threshold", 0),
        .caps = g_array_new(FALSE, FALSE, sizeof(hcp_whatif_cap)),
        .fleets = g_array_new(FALSE, FALSE, sizeof(hcp_whatif_fleet)),
    };
    g_array_set_clear_func(q.caps, clear_cap);
    g_array_set_clear_func(q.fleets, clear_fleet);
    for (int p = 0; p < HCP_WHATIF_PRICES; p++)
        if (!read_price(json, MEMBERS[p], &q.prices[p], error))
            return false;
    read_caps(json_object_get(json, "caps"), q.caps);
    if (!read_fleets(json_object_get(json, "fleet"), q.fleets, error) ||
        !read_dwell(json, &q, error))
        return false;
    *ret_question = q;
    q = (hcp_whatif_question){0};
    return true;
}

bool hcp_whatif_question_changes(const hcp_whatif_question *question)
{
    for (int p = 0; p < HCP_WHATIF_PRICES; p++)
        if (question->prices[p].given)
            return true;
    return question->policy != NULL || question->threshold > 0 || question->min_dwell_us >= 0 ||
           question->caps->len > 0 || question->fleets->len > 0;
}

/* "-24h" is before `last_us`; anything else is RFC 3339. */
static bool read_time(const char *member, const char *text, int64_t last_us, int64_t *ret_us,
                      GError **error)
{
    int64_t ago_us;
    bool read = text[0] == '-' ? hcp_duration_parse(text + 1, &ago_us, error)
                               : hcp_time_parse(text, ret_us, error);
    if (!read) {
        g_prefix_error(error, "%s: ", member);
        return false;
    }
    if (text[0] == '-')
        *ret_us = last_us - ago_us;
    return true;
}

bool hcp_whatif_question_period(const hcp_whatif_question *question, int64_t first_us,
                                int64_t last_us, int64_t *ret_from_us, int64_t *ret_to_us,
                                GError **error)
{
    int64_t from_us = first_us, to_us = last_us;
    if (question->from != NULL && !read_time("from", question->from, last_us, &from_us, error))
        return false;
    if (question->to != NULL && !read_time("to", question->to, last_us, &to_us, error))
        return false;
    char first[HCP_TIME_TEXT_SIZE], last[HCP_TIME_TEXT_SIZE];
    hcp_time_format(first_us, first);
    hcp_time_format(last_us, last);
    if (from_us < first_us || to_us > last_us) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND,
                    "%s: the journal holds %s to %s; choose a period inside",
                    from_us < first_us ? "from" : "to", first, last);
        return false;
    }
    if (from_us >= to_us) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "from: the period must begin before it ends; the journal holds %s to %s", first,
                    last);
        return false;
    }
    *ret_from_us = from_us;
    *ret_to_us = to_us;
    return true;
}

void hcp_whatif_question_clear(hcp_whatif_question *question)
{
    g_free(question->from);
    g_free(question->to);
    g_free(question->policy);
    for (int p = 0; p < HCP_WHATIF_PRICES; p++)
        g_clear_pointer(&question->prices[p].values, g_array_unref);
    g_clear_pointer(&question->caps, g_array_unref);
    g_clear_pointer(&question->fleets, g_array_unref);
    *question = (hcp_whatif_question){0};
}
