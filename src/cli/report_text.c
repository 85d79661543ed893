/* SPDX-License-Identifier: Apache-2.0 */
/* The backtest's report as text. */
#include "cli/report_grid.h"
#include "cli/report_ratio.h"
#include "cli/report_uplift.h"
#include "economics/regret.h"

#include <math.h>
#include <stdio.h>

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
    printf(" %9.2f", hcp_cli_report_stopped_h(r, result));
    for (int s = 0; s < r->plant->n_states; s++)
        printf("%s%zu", s > 0 ? "/" : "  ", result->steps_in[s]);
    putchar('\n');
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
        double n = (double)b->n;
        printf("  from %8.0f  %8zu  %9.2f  %12.2f  %10.2f  %10.1f %%\n", hcp_calibration_edge(i),
               b->n, b->forecast_sum / n, b->settled_sum / n, hcp_calibration_std_error(b),
               100.0 * (double)b->inside / n);
    }
    printf("  all: %.1f %% of prices inside the stated 80 %% range\n\n",
           100.0 * hcp_calibration_coverage(&s->result.calibration));
}

/* A level with few decisions has a wide error, so it is printed beside the share. */
static void print_confidence(const hcp_cli_report *r)
{
    const hcp_cli_run *s = r->n_runs > 0 ? &r->runs[r->n_runs - 1] : NULL;
    bool headed = false;
    for (int i = 0; s != NULL && i < HCP_CALIBRATION_LEVELS; i++) {
        const hcp_calibration_level *l = &s->result.calibration.levels[i];
        if (l->n == 0)
            continue;
        if (!headed)
            printf("%s: confidence  decisions  stated  right  std. error\n", s->name);
        headed = true;
        double n = (double)l->n, right = (double)l->right / n;
        printf("  from %6.1f %%  %9zu  %4.1f %%  %4.1f %%  %6.1f %%\n",
               100.0 * hcp_calibration_level_edge(i), l->n, 100.0 * l->said_sum / n, 100.0 * right,
               100.0 * sqrt(right * (1.0 - right) / n));
    }
    if (headed)
        puts("  right = the price that settled kept to the chosen side of the flip price\n");
}

void hcp_cli_report_print(const hcp_cli_report *r)
{
    g_autoptr(GString) states = g_string_new(NULL);
    for (int s = 0; s < r->plant->n_states; s++)
        g_string_append_printf(states, "%s%s", s > 0 ? "/" : "", r->plant->names[s]);
    printf("%-18s %16s %14s %8s %8s %8s %8s %8s %9s  steps in %s\n", "plan", "profit USD",
           "uplift USD", "% static", "% closed", "switches", "USD/MWh", "MAE", "stopped h",
           states->str);
    for (int s = 0; s < r->plant->n_states; s++) {
        if (!hcp_plant_is_static_plan(r->plant, s))
            continue;
        hcp_backtest_result result = hcp_cli_report_static(r, s);
        g_autofree char *name = g_strdup_printf("%s%s", hcp_cli_report_static_name(r, s),
                                                s == r->bounds->best_static ? " *" : "");
        print_row(r, name, &result);
    }
    for (size_t i = 0; i < r->n_runs; i++) {
        const hcp_cli_run *s = &r->runs[i];
        print_row(r, s->name, &s->result);
    }
    print_row(r, "optimum", &r->bounds->optimum);
    hcp_cli_report_print_uplifts(r);
    print_reserve(r);
    if (r->grid != NULL)
        hcp_cli_grid_print(r->market, r->grid);
    print_regret(r);
    hcp_cli_report_print_ratios(r);
    print_calibration(r);
    print_confidence(r);
    puts("* best static plan; closed = (profit - best static) / (optimum - best static); MAE in "
         "USD/MWh");
}
