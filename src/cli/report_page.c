/* SPDX-License-Identifier: Apache-2.0 */
/* The backtest's report as one page: share/report/backtest.html with figures, styles and the chart library put in. */
#include "cli/report.h"

#include "base/units.h"

#include <gio/gio.h>
#include <math.h>
#include <string.h>

/* Generated from share/report/report.gresource.xml. */
extern GResource *hcp_report_get_resource(void);

typedef double (*value_at)(const void *data, size_t t);

/* Hundredths are all a chart can show, and keep the page small. */
static json_t *series(size_t n, value_at at, const void *data)
{
    json_t *values = json_array();
    for (size_t t = 0; t < n; t++) {
        double value = round(100.0 * at(data, t)) / 100.0;
        json_array_append_new(values, isfinite(value) ? json_real(value) : json_null());
    }
    return values;
}

static double settled_at(const void *data, size_t t)
{
    return ((const hcp_market *)data)->steps[t].price_usd_per_mwh;
}

static double dam_at(const void *data, size_t t)
{
    return ((const hcp_market *)data)->steps[t].dam_usd_per_mwh;
}

static double float_at(const void *data, size_t t)
{
    return (double)((const float *)data)[t];
}

/* Cumulative profit less that of the best static plan. */
typedef struct {
    const double *profit;
    const double *still;
} gain;

static double gain_at(const void *data, size_t t)
{
    const gain *g = data;
    return g->profit[t] - g->still[t];
}

static double *cumulate_static(const hcp_cli_report *r)
{
    double *sum = g_new(double, r->market->n), total = 0.0;
    for (size_t t = 0; t < r->market->n; t++) {
        size_t row = t * (size_t)r->plant->n_states;
        total += r->rewards_usd[row + (size_t)r->bounds->best_static];
        sum[t] = total;
    }
    return sum;
}

/* Steps in which the plan is not in the state of the best static one. */
static json_t *away_from_static(const hcp_cli_report *r, const uint8_t *states)
{
    json_t *away = json_array();
    for (size_t t = 0; t < r->market->n; t++)
        json_array_append_new(away, json_integer(states[t] != r->bounds->best_static));
    return away;
}

static json_t *run_series(const hcp_cli_report *r, const hcp_cli_run *run, const double *still)
{
    json_t *object = json_object();
    gain g = {run->profit_usd, still};
    hcp_json_set_string(object, "plan", run->name);
    json_object_set_new(object, "gain_usd", series(r->market->n, gain_at, &g));
    json_object_set_new(object, "forecast_usd_per_mwh",
                        series(r->market->n, float_at, run->forecast));
    json_object_set_new(object, "away", away_from_static(r, run->state));
    return object;
}

static json_t *all_series(const hcp_cli_report *r)
{
    g_autofree double *still = cumulate_static(r);
    json_t *object = json_object(), *times = json_array(), *runs = json_array();
    for (size_t t = 0; t < r->market->n; t++)
        json_array_append_new(times, json_integer(r->market->steps[t].ts_us / HCP_US_PER_S));
    gain g = {r->optimum_usd, still};
    json_object_set_new(object, "ts", times);
    json_object_set_new(object, "price_usd_per_mwh", series(r->market->n, settled_at, r->market));
    json_object_set_new(object, "dam_usd_per_mwh", series(r->market->n, dam_at, r->market));
    json_object_set_new(object, "optimum_gain_usd", series(r->market->n, gain_at, &g));
    json_object_set_new(object, "optimum_away", away_from_static(r, r->optimum_states));
    for (size_t i = 0; i < r->n_runs; i++)
        json_array_append_new(runs, run_series(r, &r->runs[i], still));
    json_object_set_new(object, "runs", runs);
    return object;
}

/* How much of a storm, or how ordinary, the week from `from` is: its mean price, or its nearness to the file's mean. */
static double week_score(const hcp_market *market, size_t from, size_t week, double all)
{
    double mean = 0.0, spread = 0.0;
    for (size_t t = from; t < from + week; t++)
        mean += market->steps[t].price_usd_per_mwh / (double)week;
    if (isnan(all))
        return mean;
    for (size_t t = from; t < from + week; t++)
        spread += fabs(market->steps[t].price_usd_per_mwh - mean) / (double)week;
    return -fabs(mean - all) - spread;
}

static json_t *find_week(const hcp_market *market, const char *title, double all)
{
    size_t week = (size_t)lround(168.0 / market->step_h), found = 0;
    double best = -INFINITY;
    for (size_t from = 0; from + week <= market->n; from += week) {
        double score = week_score(market, from, week, all);
        if (score > best) {
            best = score;
            found = from;
        }
    }
    return json_pack("{s:s, s:I, s:I}", "title", title, "from", (json_int_t)found, "to",
                     (json_int_t)found + (json_int_t)week);
}

static json_t *weeks(const hcp_market *market)
{
    json_t *list = json_array();
    double all = 0.0;
    if ((double)market->n * market->step_h < 168.0)
        return list;
    for (size_t t = 0; t < market->n; t++)
        all += market->steps[t].price_usd_per_mwh / (double)market->n;
    json_array_append_new(list, find_week(market, "The dearest week", NAN));
    json_array_append_new(list, find_week(market, "An ordinary week", all));
    return list;
}

/* Everything the page draws. "<" is escaped so that no name can end or nest the script element that carries it. */
static char *page_data(const hcp_cli_report *r)
{
    g_autoptr(json_t) object = hcp_cli_report_json(r);
    g_autofree char *file = g_path_get_basename(r->market_file);
    hcp_json_set_string(object, "site", r->site);
    hcp_json_set_string(object, "market", file);
    json_object_set_new(object, "weeks", weeks(r->market));
    json_object_set_new(object, "series", all_series(r));
    size_t size;
    g_autofree char *text = hcp_json_print(object, &size);
    g_auto(GStrv) parts = g_strsplit(text, "<", -1);
    return g_strjoinv("\\u003c", parts);
}

static bool read_part(const char *name, GString *out, GError **error)
{
    g_autofree char *path = g_strconcat("/hcp/report/", name, NULL);
    g_autoptr(GBytes) bytes = g_resource_lookup_data(hcp_report_get_resource(), path,
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, error);
    if (bytes == NULL)
        return false;
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    g_string_append_len(out, text, (gssize)size);
    return true;
}

/* Copies the template and puts in place of each {{name}} the part of that name, or the data. */
static bool fill_template(const char *template, const char *data, GString *out, GError **error)
{
    const char *open;
    while ((open = strstr(template, "{{")) != NULL) {
        const char *close = strstr(open, "}}");
        g_autofree char *name = g_strndup(open + 2, (gsize)(close - open - 2));
        g_string_append_len(out, template, open - template);
        if (strcmp(name, "data") == 0)
            g_string_append(out, data);
        else if (!read_part(name, out, error))
            return false;
        template = close + 2;
    }
    g_string_append(out, template);
    return true;
}

bool hcp_cli_report_write(const hcp_cli_report *report, const char *path, GError **error)
{
    g_autoptr(GString) template = g_string_new(NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *data = page_data(report);
    return read_part("backtest.html", template, error) &&
           fill_template(template->str, data, out, error) &&
           g_file_set_contents(path, out->str, (gssize)out->len, error);
}
