/* SPDX-License-Identifier: Apache-2.0 */
/* The backtest's figures as JSON. */
#include "base/json.h"
#include "cli/report_grid.h"
#include "cli/report_ratio.h"
#include "cli/report_uplift.h"
#include "economics/regret.h"

#include <math.h>

hcp_backtest_result hcp_cli_report_static(const hcp_cli_report *r, int state)
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

const char *hcp_cli_report_static_name(const hcp_cli_report *r, int state)
{
    if (r->plant->mines[state] && r->plant->serves[state])
        return "both-on";
    return r->plant->mines[state] ? "mine-only" : "ai-only";
}

double hcp_cli_report_stopped_h(const hcp_cli_report *r, const hcp_backtest_result *result)
{
    bool slot = r->plant->spec.kind == HCP_PLANT_SLOT;
    size_t steps = 0;
    for (int s = 0; s < r->plant->n_states; s++)
        if (!r->plant->mines[s] && !(slot && r->plant->serves[s]))
            steps += result->steps_in[s];
    return (double)steps * r->market->step_h;
}

static void add_regret(json_t *row, const hcp_cli_report *r, double profit_usd)
{
    hcp_regret regret = hcp_regret_by_cause(r->market, r->plant, profit_usd);
    hcp_json_set_number(row, "regret_forecast_usd", regret.forecast_usd);
    hcp_json_set_number(row, "regret_switching_usd", regret.switching_usd);
    hcp_json_set_number(row, "regret_constraints_usd", regret.constraints_usd);
}

static json_t *plan_json(const hcp_cli_report *r, const char *name,
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
    if (result->energy_mwh > 0)
        hcp_json_set_number(row, "usd_per_mwh", result->profit_usd / result->energy_mwh);
    hcp_json_set_number(row, "stopped_h", hcp_cli_report_stopped_h(r, result));
    hcp_json_set_number(row, "forecast_mae_usd_mwh", result->forecast_mae_usd_per_mwh);
    json_t *steps = json_object();
    for (int s = 0; s < r->plant->n_states; s++)
        hcp_json_set_int(steps, r->plant->names[s], (int64_t)result->steps_in[s]);
    json_object_set_new(row, "steps_in", steps);
    add_regret(row, r, result->profit_usd);
    return row;
}

static json_t *bin_json(const hcp_calibration_bin *bin, double from)
{
    json_t *row = json_object();
    double n = (double)bin->n;
    if (isfinite(from))
        hcp_json_set_number(row, "from_usd_per_mwh", from);
    hcp_json_set_int(row, "steps", (int64_t)bin->n);
    hcp_json_set_number(row, "mean_expected_usd_per_mwh", bin->forecast_sum / n);
    hcp_json_set_number(row, "mean_settled_usd_per_mwh", bin->settled_sum / n);
    hcp_json_set_number(row, "std_error_usd_per_mwh", hcp_calibration_std_error(bin));
    hcp_json_set_number(row, "in_80_pct_range", (double)bin->inside / n);
    return row;
}

static json_t *level_json(const hcp_calibration_level *level, double from)
{
    json_t *row = json_object();
    hcp_json_set_number(row, "from", from);
    hcp_json_set_int(row, "decisions", (int64_t)level->n);
    hcp_json_set_number(row, "mean_stated", level->said_sum / (double)level->n);
    hcp_json_set_number(row, "right", (double)level->right / (double)level->n);
    return row;
}

static void add_confidence(json_t *row, const hcp_calibration *calibration)
{
    json_t *levels = json_array();
    for (int i = 0; i < HCP_CALIBRATION_LEVELS; i++)
        if (calibration->levels[i].n > 0)
            json_array_append_new(
                levels, level_json(&calibration->levels[i], hcp_calibration_level_edge(i)));
    json_object_set_new(row, "confidence", levels);
}

static json_t *run_json(const hcp_cli_report *r, const hcp_cli_run *run)
{
    const hcp_calibration *calibration = &run->result.calibration;
    json_t *row = plan_json(r, run->name, &run->result);
    double coverage = hcp_calibration_coverage(calibration);
    if (!isnan(coverage))
        hcp_json_set_number(row, "in_80_pct_range", coverage);
    json_t *bins = json_array();
    for (int i = 0; i < HCP_CALIBRATION_BINS; i++)
        if (calibration->bins[i].n > 0)
            json_array_append_new(bins, bin_json(&calibration->bins[i], hcp_calibration_edge(i)));
    json_object_set_new(row, "reliability", bins);
    add_confidence(row, calibration);
    json_object_set_new(row, "uplift", hcp_cli_report_uplift_json(r, run));
    json_object_set_new(row, "competitive", hcp_cli_report_ratio_json(r, run));
    return row;
}

json_t *hcp_cli_report_json(const hcp_cli_report *r)
{
    json_t *out = json_object(), *plans = json_array();
    hcp_json_set_int(out, "steps", (int64_t)r->market->n);
    hcp_json_set_number(out, "step_h", r->market->step_h);
    hcp_json_set_time(out, "from", r->market->steps[0].ts_us);
    hcp_json_set_string(out, "best_static", r->plant->names[r->bounds->best_static]);
    for (int s = 0; s < r->plant->n_states; s++) {
        if (!hcp_plant_is_static_plan(r->plant, s))
            continue;
        hcp_backtest_result result = hcp_cli_report_static(r, s);
        json_t *row = plan_json(r, hcp_cli_report_static_name(r, s), &result);
        hcp_json_set_bool(row, "best_static", s == r->bounds->best_static);
        json_array_append_new(plans, row);
    }
    for (size_t i = 0; i < r->n_runs; i++)
        json_array_append_new(plans, run_json(r, &r->runs[i]));
    json_array_append_new(plans, plan_json(r, "optimum", &r->bounds->optimum));
    json_object_set_new(out, "plans", plans);
    if (r->grid != NULL) {
        json_object_set_new(out, "grid", hcp_cli_grid_json(r->grid));
        json_object_set_new(out, "peak_charge", hcp_cli_grid_peaks_json(r->market));
    }
    return out;
}
