/* SPDX-License-Identifier: Apache-2.0 */
/* Loading of recorded markets and price models. */
#include "cli/economics.h"

#include "base/csv.h"
#include "base/error.h"
#include "base/timefmt.h"
#include "base/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool hcp_cli_load_model(const char *path, hcp_price_model_owned **ret_model, GError **error)
{
    g_autoptr(json_t) object = hcp_json_parse_file(path, error);
    if (object == NULL)
        return false;
    hcp_price_model_owned *model = hcp_price_model_from_json(object, error);
    if (model == NULL) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    *ret_model = model;
    return true;
}

/* The columns of a market file; those that may be absent are -1. */
typedef struct {
    int ts, dam, rtm, btc, difficulty, subsidy, fee, fee_previous;
    int reserve[3]; /* products that a load which can stop may sell */
} market_columns;

static bool find_columns(const hcp_csv *csv, market_columns *ret_columns, GError **error)
{
    market_columns c = {
        .ts = hcp_csv_column(csv, "ts_utc"),
        .dam = hcp_csv_column(csv, "dam_usd_mwh"),
        .rtm = hcp_csv_column(csv, "rtm_usd_mwh"),
        .btc = hcp_csv_column(csv, "btc_usd"),
        .difficulty = hcp_csv_column(csv, "difficulty"),
        .subsidy = hcp_csv_column(csv, "subsidy_btc"),
        .fee = hcp_csv_column(csv, "fee_btc_per_block"),
        .fee_previous = hcp_csv_column(csv, "fee_btc_per_block_prevday"),
        .reserve = {hcp_csv_column(csv, "as_rrs_usd_mw"), hcp_csv_column(csv, "as_ecrs_usd_mw"),
                    hcp_csv_column(csv, "as_nspin_usd_mw")},
    };
    if (c.ts < 0 || c.dam < 0 || c.btc < 0 || c.difficulty < 0 || c.subsidy < 0 || c.fee < 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "a market file needs the columns ts_utc, dam_usd_mwh, btc_usd, difficulty, "
                    "subsidy_btc and fee_btc_per_block");
        return false;
    }
    *ret_columns = c;
    return true;
}

static double cell(const hcp_csv *csv, int column, double fallback)
{
    double v = fallback;
    if (column >= 0)
        (void)hcp_csv_number(csv, column, &v);
    return v;
}

static bool read_row(const hcp_csv *csv, const market_columns *c, hcp_market_step *step,
                     GError **error)
{
    if (!hcp_time_parse(hcp_csv_text(csv, c->ts), &step->ts_us, error)) {
        g_prefix_error(error, "line %" G_GINT64_FORMAT ": ", hcp_csv_line(csv));
        return false;
    }
    step->dam_usd_per_mwh = cell(csv, c->dam, NAN);
    step->price_usd_per_mwh = cell(csv, c->rtm, NAN);
    step->btc_usd = cell(csv, c->btc, NAN);
    step->difficulty = cell(csv, c->difficulty, NAN);
    step->subsidy_btc = cell(csv, c->subsidy, NAN);
    step->fee_btc_per_block = cell(csv, c->fee, NAN);
    step->fee_previous_btc_per_block = cell(csv, c->fee_previous, step->fee_btc_per_block);
    /* A MW sells one product an hour: the dearest. An empty cell is an hour without a sale. */
    for (size_t i = 0; i < G_N_ELEMENTS(c->reserve); i++)
        step->reserve_usd_per_mw = MAX(step->reserve_usd_per_mw, cell(csv, c->reserve[i], 0.0));
    if (isnan(step->dam_usd_per_mwh) || !(step->difficulty > 0) || isnan(step->btc_usd) ||
        isnan(step->subsidy_btc) || isnan(step->fee_btc_per_block)) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "line %" G_GINT64_FORMAT ": a price, the difficulty or a reward is missing",
                    hcp_csv_line(csv));
        return false;
    }
    return true;
}

/* Real-time prices settle when every row has one; otherwise the day-ahead price does. */
static void settle(hcp_market *market)
{
    bool real_time = true;
    for (size_t t = 0; t < market->n; t++)
        real_time = real_time && !isnan(market->steps[t].price_usd_per_mwh);
    for (size_t t = 0; t < market->n && !real_time; t++)
        market->steps[t].price_usd_per_mwh = market->steps[t].dam_usd_per_mwh;
}

bool hcp_cli_load_market(const char *path, double utc_offset_h, hcp_market *ret_market,
                         GError **error)
{
    g_autoptr(hcp_csv) csv = hcp_csv_open(path, error);
    market_columns columns;
    if (csv == NULL || !find_columns(csv, &columns, error))
        return false;
    if (!(fabs(utc_offset_h) <= 14.0)) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "--utc-offset: %g is no time zone, give hours from -14 to 14", utc_offset_h);
        return false;
    }
    g_autoptr(GArray) steps = g_array_new(FALSE, TRUE, sizeof(hcp_market_step));
    GError *problem = NULL;
    while (hcp_csv_next(csv, &problem)) {
        hcp_market_step step = {0};
        if (!read_row(csv, &columns, &step, &problem))
            break;
        g_array_append_val(steps, step);
    }
    if (problem == NULL && steps->len < 2)
        g_set_error(&problem, HCP_ERROR, HCP_ERROR_INVALID, "a market needs at least two rows");
    if (problem != NULL) {
        g_propagate_prefixed_error(error, problem, "%s: ", path);
        return false;
    }
    *ret_market =
        (hcp_market){.n = steps->len, .utc_offset_h = utc_offset_h, .publication_hour = 14.0};
    ret_market->steps = (hcp_market_step *)(void *)g_array_free(g_steal_pointer(&steps), FALSE);
    ret_market->step_h =
        (double)(ret_market->steps[1].ts_us - ret_market->steps[0].ts_us) / (double)HCP_US_PER_H;
    settle(ret_market);
    return true;
}

void hcp_cli_market_finish(hcp_market *market)
{
    g_clear_pointer(&market->steps, g_free);
    market->n = 0;
}

/* Hourly means of a t_s trace. */
static GArray *trace_hours(const char *path, const char *column, GError **error)
{
    g_autoptr(hcp_csv) csv = hcp_csv_open(path, error);
    if (csv == NULL)
        return NULL;
    int at = hcp_csv_column(csv, "t_s"), value = hcp_csv_column(csv, column);
    if (at < 0 || value < 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: needs the columns t_s and %s", path,
                    column);
        return NULL;
    }
    g_autoptr(GArray) sums = g_array_new(FALSE, TRUE, 2 * sizeof(double));
    GError *problem = NULL;
    double t, v;
    while (hcp_csv_next(csv, &problem)) {
        if (!hcp_csv_number(csv, at, &t) || !hcp_csv_number(csv, value, &v) || !(t >= 0 && t < 1e9))
            continue;
        guint hour = (guint)(t / 3600.0);
        if (hour >= sums->len)
            g_array_set_size(sums, hour + 1);
        double *sum = &((double *)(void *)sums->data)[2 * hour];
        sum[0] += v;
        sum[1] += 1.0;
    }
    if (problem != NULL) {
        g_propagate_prefixed_error(error, problem, "%s: ", path);
        return NULL;
    }
    GArray *hours = g_array_new(FALSE, TRUE, sizeof(double));
    for (guint h = 0; h < sums->len; h++) {
        const double *sum = &((const double *)(const void *)sums->data)[2 * h];
        double mean = sum[1] > 0 ? sum[0] / sum[1] : 0.0;
        g_array_append_val(hours, mean);
    }
    return hours;
}

static void apply_trace(hcp_market *market, const GArray *hours, double mean)
{
    const double *h = (const double *)(const void *)hours->data;
    double sum = 0.0;
    for (guint i = 0; i < hours->len; i++)
        sum += h[i];
    size_t whole = hours->len / 24 * 24;
    size_t per_hour = (size_t)MAX(1.0, round(1.0 / market->step_h));
    size_t first = (size_t)(market->steps[0].ts_us / HCP_US_PER_H % 24);
    for (size_t t = 0; t < market->n; t++) {
        double v = h[(first + t / per_hour) % whole];
        market->steps[t].demand = MIN(1.0, mean * v / (sum / hours->len));
    }
}

static bool bad_spec(const char *what, const char *spec, GError **error)
{
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "cannot read the %s \"%s\"", what, spec);
    return false;
}

bool hcp_cli_set_demand(hcp_market *market, const char *spec, GError **error)
{
    if (g_str_has_prefix(spec, "const:")) {
        double v = g_ascii_strtod(spec + 6, NULL);
        for (size_t t = 0; t < market->n; t++)
            market->steps[t].demand = CLAMP(v, 0.0, 1.0);
        return true;
    }
    g_auto(GStrv) parts = g_strsplit(spec, ":", 4);
    if (g_strv_length(parts) != 4 || strcmp(parts[0], "trace") != 0)
        return bad_spec("demand", spec, error);
    g_autoptr(GArray) hours = trace_hours(parts[1], parts[2], error);
    if (hours == NULL)
        return false;
    if (hours->len < 24)
        return bad_spec("demand trace, under a day long,", spec, error);
    apply_trace(market, hours, g_ascii_strtod(parts[3], NULL));
    return true;
}

static GHashTable *read_series(const char *path, const char *column, double *ret_first,
                               GError **error)
{
    g_autoptr(hcp_csv) csv = hcp_csv_open(path, error);
    if (csv == NULL)
        return NULL;
    int ts = hcp_csv_column(csv, "ts_utc"), value = hcp_csv_column(csv, column);
    if (ts < 0 || value < 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: needs the columns ts_utc and %s",
                    path, column);
        return NULL;
    }
    g_autoptr(GHashTable) by_time =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    GError *problem = NULL;
    while (hcp_csv_next(csv, &problem)) {
        int64_t at;
        double v;
        if (!hcp_csv_number(csv, value, &v) || !hcp_time_parse(hcp_csv_text(csv, ts), &at, NULL))
            continue;
        if (g_hash_table_size(by_time) == 0)
            *ret_first = v;
        g_hash_table_insert(by_time, g_memdup2(&at, sizeof(at)), g_memdup2(&v, sizeof(v)));
    }
    if (problem != NULL) {
        g_propagate_prefixed_error(error, problem, "%s: ", path);
        return NULL;
    }
    return g_steal_pointer(&by_time);
}

bool hcp_cli_set_rate(hcp_market *market, const char *spec, GError **error)
{
    double rate = g_ascii_strtod(spec, NULL);
    g_autoptr(GHashTable) by_time = NULL;
    if (g_str_has_prefix(spec, "series:")) {
        g_auto(GStrv) parts = g_strsplit(spec, ":", 3);
        if (g_strv_length(parts) != 3)
            return bad_spec("rental rate", spec, error);
        by_time = read_series(parts[1], parts[2], &rate, error);
        if (by_time == NULL)
            return false;
    }
    for (size_t t = 0; t < market->n; t++) {
        const double *v =
            by_time != NULL ? g_hash_table_lookup(by_time, &market->steps[t].ts_us) : NULL;
        rate = v != NULL ? *v : rate;
        market->steps[t].rate_usd_per_gpu_h = rate;
    }
    return true;
}
