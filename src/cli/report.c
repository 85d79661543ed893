/* SPDX-License-Identifier: Apache-2.0 */
/* Charts are inline SVG; colours come from a palette that colour-blind readers can tell apart. */
#include "cli/report.h"

#include "base/timefmt.h"
#include "economics/optimum.h"

#include <math.h>

#define WIDTH 960.0
#define HEIGHT 300.0
#define LEFT 70.0
#define BOTTOM 28.0
#define POINTS_MAX 900

static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#555555"};

/* The plot's data window. */
typedef struct {
    size_t from, to; /* steps [from, to) */
    double low, high;
} axes;

static double x_of(const axes *a, size_t t)
{
    double span = (double)MAX(a->to - a->from, (size_t)2) - 1.0;
    return LEFT + (WIDTH - LEFT) * (double)(t - a->from) / span;
}

static double y_of(const axes *a, double v)
{
    double share = (v - a->low) / MAX(a->high - a->low, 1e-9);
    return (HEIGHT - BOTTOM) * (1.0 - CLAMP(share, 0.0, 1.0));
}

static void begin_chart(GString *out, const hcp_cli_report *r, const axes *a, const char *label)
{
    g_string_append_printf(out, "<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">", WIDTH,
                           HEIGHT, label);
    for (int i = 0; i <= 4; i++) {
        double v = a->low + (a->high - a->low) * i / 4.0, y = y_of(a, v);
        g_string_append_printf(out,
                               "<line x1=\"%g\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\" class=\"g\"/>"
                               "<text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>",
                               LEFT, WIDTH, y, y, LEFT - 6, y + 10, v);
    }
    for (int i = 0; i < 6; i++) {
        size_t t = a->from + (a->to - a->from - 1) * (size_t)i / 6;
        char text[HCP_TIME_TEXT_SIZE];
        hcp_time_format(r->market->steps[t].ts_us, text);
        g_string_append_printf(out, "<text x=\"%.1f\" y=\"%g\">%.10s</text>", x_of(a, t),
                               HEIGHT - 8, text);
    }
}

typedef double (*value_at)(const void *data, size_t t);

static void add_line(GString *out, const axes *a, const char *colour, value_at at, const void *data)
{
    size_t stride = MAX((size_t)1, (a->to - a->from) / POINTS_MAX);
    g_string_append_printf(out, "<polyline fill=\"none\" stroke=\"%s\" points=\"", colour);
    for (size_t t = a->from; t < a->to; t += stride)
        g_string_append_printf(out, "%.1f,%.1f ", x_of(a, t), y_of(a, at(data, t)));
    g_string_append(out, "\"/>");
}

static void add_key(GString *out, const char *colour, const char *name)
{
    g_string_append_printf(out, "<span><i style=\"background:%s\"></i>%s</span> ", colour, name);
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

static double *cumulate_states(const hcp_cli_report *r, const uint8_t *states, int fixed)
{
    double *sum = g_new(double, r->market->n), total = 0.0;
    for (size_t t = 0; t < r->market->n; t++) {
        size_t s = states != NULL ? states[t] : (size_t)fixed;
        total += r->rewards_usd[t * (size_t)r->plant->n_states + s];
        sum[t] = total;
    }
    return sum;
}

/* The optimum's line; its switching costs are taken off where it switches. */
static double *cumulate_optimum(const hcp_cli_report *r)
{
    g_autofree uint8_t *states = g_new(uint8_t, r->market->n);
    hcp_optimum_solve(r->plant, r->rewards_usd, r->market->n, -1, states);
    double *sum = cumulate_states(r, states, 0), paid = 0.0;
    int node = r->plant->settled[states[0]];
    for (size_t t = 1; t < r->market->n; t++) {
        const hcp_plant_move *move = hcp_plant_move_to(r->plant, node, states[t]);
        paid += move->cost_usd;
        node = move->node;
        sum[t] -= paid;
    }
    return sum;
}

static void add_gain_chart(GString *out, const hcp_cli_report *r)
{
    g_autofree double *still = cumulate_states(r, NULL, r->bounds->best_static);
    g_autofree double *best = cumulate_optimum(r);
    axes a = {0, r->market->n, 0.0, 1.0};
    for (size_t t = 0; t < r->market->n; t++) {
        a.high = MAX(a.high, best[t] - still[t]);
        for (size_t i = 0; i < r->n_runs; i++)
            a.low = MIN(a.low, r->runs[i].profit_usd[t] - still[t]);
    }
    a.low = MAX(a.low, -a.high);
    g_string_append(out, "<h2>Gain over the best static plan, USD</h2><p class=\"k\">");
    add_key(out, "#000", "optimum");
    for (size_t i = 0; i < r->n_runs; i++)
        add_key(out, colours[i % G_N_ELEMENTS(colours)], r->runs[i].name);
    g_string_append(out, "</p>");
    begin_chart(out, r, &a, "Cumulative gain over the best static plan");
    gain g = {best, still};
    add_line(out, &a, "currentColor", gain_at, &g);
    for (size_t i = 0; i < r->n_runs; i++) {
        g.profit = r->runs[i].profit_usd;
        add_line(out, &a, colours[i % G_N_ELEMENTS(colours)], gain_at, &g);
    }
    g_string_append(out, "</svg>");
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

/* Grey where the run is in another state than the best static one. */
static void add_states(GString *out, const hcp_cli_report *r, const axes *a, const hcp_cli_run *run)
{
    for (size_t t = a->from; t + 1 < a->to; t++) {
        if (run->state[t] == r->bounds->best_static)
            continue;
        g_string_append_printf(
            out, "<rect x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%g\" class=\"s\"/>", x_of(a, t),
            x_of(a, t + 1) - x_of(a, t), HEIGHT - BOTTOM);
    }
}

static void add_week(GString *out, const hcp_cli_report *r, const char *title, size_t from)
{
    const hcp_cli_run *run = &r->runs[r->n_runs - 1];
    size_t week = (size_t)(168.0 / r->market->step_h);
    axes a = {from, MIN(from + week, r->market->n), 0.0, 1.0};
    for (size_t t = a.from; t < a.to; t++) {
        double p = r->market->steps[t].price_usd_per_mwh, d = r->market->steps[t].dam_usd_per_mwh;
        a.low = MIN(a.low, MIN(p, d));
        a.high = MAX(a.high, MAX(p, d));
    }
    g_string_append_printf(out, "<h2>%s: prices, USD/MWh</h2><p class=\"k\">", title);
    add_key(out, colours[1], "settled");
    add_key(out, colours[4], "day-ahead");
    add_key(out, colours[0], "expected an hour before");
    add_key(out, "#bbb", "not in the best static state");
    g_string_append(out, "</p>");
    begin_chart(out, r, &a, title);
    add_states(out, r, &a, run);
    add_line(out, &a, colours[4], dam_at, r->market);
    add_line(out, &a, colours[0], float_at, run->forecast);
    add_line(out, &a, colours[1], settled_at, r->market);
    g_string_append(out, "</svg>");
}

/* Start of the week with the greatest (or the most ordinary) mean settled price. */
static size_t find_week(const hcp_market *market, bool storm)
{
    size_t week = MAX((size_t)(168.0 / market->step_h), (size_t)1);
    double all = 0.0, best = -INFINITY;
    size_t found = 0;
    for (size_t t = 0; t < market->n; t++)
        all += market->steps[t].price_usd_per_mwh / (double)market->n;
    for (size_t from = 0; from + week <= market->n; from += week) {
        double mean = 0.0, spread = 0.0;
        for (size_t t = from; t < from + week; t++)
            mean += market->steps[t].price_usd_per_mwh / (double)week;
        for (size_t t = from; t < from + week; t++)
            spread += fabs(market->steps[t].price_usd_per_mwh - mean) / (double)week;
        double score = storm ? mean : -fabs(mean - all) - spread;
        if (score > best) {
            best = score;
            found = from;
        }
    }
    return found;
}

static void add_row(GString *out, const hcp_cli_report *r, const char *name, double profit,
                    int switches)
{
    double base = r->bounds->static_usd[r->bounds->best_static];
    double closed = hcp_backtest_closed_pct(r->bounds, profit);
    g_string_append_printf(
        out, "<tr><th>%s</th><td>%.0f</td><td>%+.0f</td><td>%.1f</td><td>%d</td></tr>", name,
        profit, profit - base, closed, switches);
}

static void add_table(GString *out, const hcp_cli_report *r)
{
    g_string_append(out, "<table><tr><th>plan</th><th>profit, USD</th><th>over the best static, USD"
                         "</th><th>gap closed, %</th><th>switches</th></tr>");
    add_row(out, r, "best static", r->bounds->static_usd[r->bounds->best_static], 0);
    for (size_t i = 0; i < r->n_runs; i++)
        add_row(out, r, r->runs[i].name, r->runs[i].result.profit_usd, r->runs[i].result.switches);
    add_row(out, r, "optimum", r->bounds->optimum.profit_usd, r->bounds->optimum.switches);
    g_string_append(out, "</table>");
}

static const char head[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>HCP backtest</title><style>"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "svg{width:100%;font-size:11px}svg text{fill:currentColor}polyline{stroke-width:1.4}"
    ".g{stroke:#ddd}.s{fill:#bbb;opacity:.45}.k i{display:inline-block;width:1em;height:.3em;"
    "margin:0 .3em .2em .8em}table{border-collapse:collapse}td,th{padding:.2em .8em;"
    "border-bottom:1px solid #ccc;text-align:right}th:first-child{text-align:left}</style>";

bool hcp_cli_report_write(const hcp_cli_report *report, const char *path, GError **error)
{
    g_autoptr(GString) out = g_string_new(head);
    g_autofree char *file = g_path_get_basename(report->market_file);
    g_autofree char *market = g_markup_escape_text(file, -1);
    g_autofree char *site = g_markup_escape_text(report->site, -1);
    char from[HCP_TIME_TEXT_SIZE], to[HCP_TIME_TEXT_SIZE];
    hcp_time_format(report->market->steps[0].ts_us, from);
    hcp_time_format(report->market->steps[report->market->n - 1].ts_us, to);
    g_string_append_printf(out,
                           "<h1>Backtest of %s</h1><p>%s, %.16s to %.16s UTC, %zu steps of %g h. "
                           "Every policy saw only what was known when each step began.</p>",
                           site, market, from, to, report->market->n, report->market->step_h);
    add_table(out, report);
    add_gain_chart(out, report);
    if (report->n_runs > 0 && (double)report->market->n * report->market->step_h >= 168.0) {
        add_week(out, report, "The dearest week", find_week(report->market, true));
        add_week(out, report, "An ordinary week", find_week(report->market, false));
    }
    g_string_append(out, "</html>\n");
    return g_file_set_contents(path, out->str, (gssize)out->len, error);
}
