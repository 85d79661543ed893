/* SPDX-License-Identifier: Apache-2.0 */
/* The backtest's report as text and as JSON. */
#include "base/json.h"
#include "cli/report.h"
#include "economics/regret.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void print_number(double value)
{
    if (isnan(value))
        printf(" %8s", "-");
    else
        printf(" %8.2f", value);
}

static void print_row(const hcp_cli_report *r, const char *name, const hcp_backtest_result *result)
{
    double base = r->bounds->static_usd[r->bounds->best_static];
    double closed = hcp_backtest_closed_pct(r->bounds, result->profit_usd);
    printf("%-18s %16.2f %14.2f %8.2f", name, result->profit_usd, result->profit_usd - base,
           100.0 * result->profit_usd / fabs(base));
    print_number(closed);
    printf(" %8d", result->switches);
    print_number(result->energy_mwh > 0 ? result->profit_usd / result->energy_mwh : NAN);
    print_number(result->forecast_mae_usd_per_mwh > 0 ? result->forecast_mae_usd_per_mwh : NAN);
    for (int s = 0; s < r->plant->n_states; s++)
        printf("%s%zu", s > 0 ? "/" : "  ", result->steps_in[s]);
    putchar('\n');
}

static hcp_backtest_result static_result(const hcp_cli_report *r, int state)
{
    hcp_backtest_result result = {.profit_usd = r->bounds->static_usd[state]};
    result.steps_in[state] = r->market->n;
    for (size_t t = 0; t < r->market->n; t++) {
        hcp_plant_terms terms[HCP_PLANT_STATES_MAX];
        hcp_plant_inputs in = hcp_market_settled(r->market, t);
        hcp_plant_terms_get(r->plant, &in, terms);
        result.energy_mwh += terms[state].mwh;
    }
    return result;
}

static const char *static_name(const hcp_cli_report *r, int state, bool *ret_best)
{
    *ret_best = state == r->bounds->best_static;
    if (r->plant->mines[state] && r->plant->serves[state])
        return *ret_best ? "both-on *" : "both-on";
    if (r->plant->mines[state])
        return *ret_best ? "mine-only *" : "mine-only";
    return *ret_best ? "ai-only *" : "ai-only";
}

static void print_reserve(const hcp_cli_report *r)
{
    if (!r->market->sells_reserve)
        return;
    printf("\n%-18s %16s %14s   called from %.0f USD/MWh\n", "reserve sold", "income USD",
           "hours called", r->market->call_usd_per_mwh);
    for (size_t i = 0; i < r->n_runs; i++)
        printf("%-18s %16.2f %14.2f\n", r->runs[i].name, r->runs[i].result.reserve_usd,
               (double)r->runs[i].result.called_steps * r->market->step_h);
}

static void print_regret(const hcp_cli_report *r)
{
    printf("\n%-18s %14s %14s %14s\n", "regret by cause", "forecast USD", "switching USD",
           "min. times USD");
    for (size_t i = 0; i < r->n_runs; i++) {
        const hcp_cli_run *s = &r->runs[i];
        hcp_regret regret = hcp_regret_by_cause(r->market, r->plant, s->result.profit_usd);
        printf("%-18s %14.2f %14.2f %14.2f\n", s->name, regret.forecast_usd, regret.switching_usd,
               regret.constraints_usd);
    }
}

/* Of the last policy, which by default is ours. */
static void print_calibration(const hcp_cli_report *r)
{
    if (r->n_runs == 0)
        return;
    const hcp_cli_run *s = &r->runs[r->n_runs - 1];
    printf("\n%s: forecast   steps  mean said  mean settled  std. error  in 80 %% range\n",
           s->name);
    for (int i = 0; i < HCP_CALIBRATION_BINS; i++) {
        const hcp_calibration_bin *b = &s->result.calibration.bins[i];
        if (b->n == 0)
            continue;
        double n = (double)b->n, mean = b->settled_sum / n;
        double error = sqrt(MAX(0.0, b->settled_square_sum / n - mean * mean) / n);
        printf("  from %8.0f  %8zu  %9.2f  %12.2f  %10.2f  %10.1f %%\n", hcp_calibration_edge(i),
               b->n, b->forecast_sum / n, mean, error, 100.0 * (double)b->inside / n);
    }
    printf("  all: %.1f %% of prices inside the stated 80 %% range\n\n",
           100.0 * hcp_calibration_coverage(&s->result.calibration));
}

void hcp_cli_report_print(const hcp_cli_report *r)
{
    g_autoptr(GString) states = g_string_new(NULL);
    for (int s = 0; s < r->plant->n_states; s++)
        g_string_append_printf(states, "%s%s", s > 0 ? "/" : "", r->plant->names[s]);
    printf("%-18s %16s %14s %8s %8s %8s %8s %8s  steps in %s\n", "plan", "profit USD", "uplift USD",
           "% static", "% closed", "switches", "USD/MWh", "MAE", states->str);
    for (int s = 0; s < r->plant->n_states; s++) {
        bool best;
        if (!hcp_plant_is_static_plan(r->plant, s))
            continue;
        hcp_backtest_result result = static_result(r, s);
        print_row(r, static_name(r, s, &best), &result);
    }
    for (size_t i = 0; i < r->n_runs; i++) {
        const hcp_cli_run *s = &r->runs[i];
        print_row(r, s->name, &s->result);
    }
    print_row(r, "optimum", &r->bounds->optimum);
    print_reserve(r);
    print_regret(r);
    print_calibration(r);
    puts("* best static plan; closed = (profit - best static) / (optimum - best static); MAE in "
         "USD/MWh");
}

static json_t *json_row(const hcp_cli_report *r, const char *name,
                        const hcp_backtest_result *result)
{
    json_t *row = json_object();
    double closed = hcp_backtest_closed_pct(r->bounds, result->profit_usd);
    hcp_json_set_string(row, "plan", name);
    hcp_json_set_number(row, "profit_usd", result->profit_usd);
    if (!isnan(closed))
        hcp_json_set_number(row, "closed_pct", closed);
    hcp_json_set_int(row, "switches", result->switches);
    hcp_json_set_number(row, "switching_usd", result->switching_usd);
    hcp_json_set_number(row, "reserve_usd", result->reserve_usd);
    hcp_json_set_int(row, "called_steps", (int64_t)result->called_steps);
    hcp_json_set_number(row, "energy_mwh", result->energy_mwh);
    hcp_json_set_number(row, "forecast_mae_usd_mwh", result->forecast_mae_usd_per_mwh);
    json_t *steps = json_object();
    for (int s = 0; s < r->plant->n_states; s++)
        hcp_json_set_int(steps, r->plant->names[s], (int64_t)result->steps_in[s]);
    json_object_set_new(row, "steps_in", steps);
    hcp_regret regret = hcp_regret_by_cause(r->market, r->plant, result->profit_usd);
    hcp_json_set_number(row, "regret_forecast_usd", regret.forecast_usd);
    hcp_json_set_number(row, "regret_switching_usd", regret.switching_usd);
    hcp_json_set_number(row, "regret_constraints_usd", regret.constraints_usd);
    double coverage = hcp_calibration_coverage(&result->calibration);
    if (!isnan(coverage))
        hcp_json_set_number(row, "in_80_pct_range", coverage);
    return row;
}

void hcp_cli_report_print_json(const hcp_cli_report *r)
{
    g_autoptr(json_t) out = json_object();
    json_t *plans = json_array();
    hcp_json_set_int(out, "steps", (int64_t)r->market->n);
    hcp_json_set_number(out, "step_h", r->market->step_h);
    hcp_json_set_time(out, "from", r->market->steps[0].ts_us);
    hcp_json_set_string(out, "best_static", r->plant->names[r->bounds->best_static]);
    for (int s = 0; s < r->plant->n_states; s++) {
        if (!hcp_plant_is_static_plan(r->plant, s))
            continue;
        bool best;
        hcp_backtest_result result = static_result(r, s);
        const char *name = static_name(r, s, &best);
        g_autofree char *bare = g_strndup(name, strcspn(name, " "));
        json_array_append_new(plans, json_row(r, bare, &result));
    }
    for (size_t i = 0; i < r->n_runs; i++) {
        const hcp_cli_run *s = &r->runs[i];
        json_array_append_new(plans, json_row(r, s->name, &s->result));
    }
    json_array_append_new(plans, json_row(r, "optimum", &r->bounds->optimum));
    json_object_set_new(out, "plans", plans);
    g_autofree char *text = hcp_json_print_pretty(out);
    puts(text);
}
