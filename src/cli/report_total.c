/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_total.h"

#include "cli/report_uplift.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char name[32];
    double profit_usd, energy_mwh, stopped_h;
    double uplift_usd[HCP_CLI_BASELINES]; /* NAN where a market had no such baseline */
    int64_t switches;
} sums;

struct hcp_cli_total {
    GArray *plans; /* sums, the policies in order */
    double static_usd, optimum_usd;
    double hours;
    int markets;
};

hcp_cli_total *hcp_cli_total_new(void)
{
    hcp_cli_total *total = g_new0(hcp_cli_total, 1);
    total->plans = g_array_new(FALSE, TRUE, sizeof(sums));
    return total;
}

void hcp_cli_total_free(hcp_cli_total *total)
{
    if (total == NULL)
        return;
    g_array_unref(total->plans);
    g_free(total);
}

static sums *plan_of(hcp_cli_total *total, const char *name)
{
    for (guint i = 0; i < total->plans->len; i++)
        if (strcmp(g_array_index(total->plans, sums, i).name, name) == 0)
            return &g_array_index(total->plans, sums, i);
    g_array_set_size(total->plans, total->plans->len + 1);
    sums *plan = &g_array_index(total->plans, sums, total->plans->len - 1);
    g_strlcpy(plan->name, name, sizeof plan->name);
    return plan;
}

void hcp_cli_total_add(hcp_cli_total *total, const hcp_cli_report *report)
{
    total->markets++;
    total->hours += (double)report->market->n * report->market->step_h;
    total->static_usd += report->bounds->static_usd[report->bounds->best_static];
    total->optimum_usd += report->bounds->optimum.profit_usd;
    for (size_t i = 0; i < report->n_runs; i++) {
        const hcp_cli_run *run = &report->runs[i];
        hcp_cli_uplift uplifts[HCP_CLI_BASELINES];
        sums *plan = plan_of(total, run->name);
        hcp_cli_report_uplift(report, run, uplifts);
        plan->profit_usd += run->result.profit_usd;
        plan->energy_mwh += run->result.energy_mwh;
        plan->stopped_h += hcp_cli_report_stopped_h(report, &run->result);
        plan->switches += run->result.switches;
        for (int b = 0; b < HCP_CLI_BASELINES; b++)
            plan->uplift_usd[b] += uplifts[b].usd;
    }
}

static double closed_pct(const hcp_cli_total *total, const sums *plan)
{
    double gap = total->optimum_usd - total->static_usd;
    return gap > 0.01 ? 100 * (plan->profit_usd - total->static_usd) / gap : NAN;
}

static void print_money(double usd)
{
    if (isnan(usd))
        printf(" %14s", "-");
    else
        printf(" %14.2f", usd);
}

void hcp_cli_total_print(const hcp_cli_total *total)
{
    printf("\ntotal of %d markets, %.0f hours\n%-18s %16s %14s %14s %14s %14s %8s %8s %10s\n",
           total->markets, total->hours, "plan", "profit USD", "over mine-only", "AI-only",
           "best static", "greedy", "% closed", "switches", "stopped h");
    printf("%-18s %16.2f\n", "best static", total->static_usd);
    for (guint i = 0; i < total->plans->len; i++) {
        const sums *plan = &g_array_index(total->plans, sums, i);
        double closed = closed_pct(total, plan);
        printf("%-18s %16.2f", plan->name, plan->profit_usd);
        for (int b = 0; b < HCP_CLI_BASELINES; b++)
            print_money(plan->uplift_usd[b]);
        if (isnan(closed))
            printf(" %8s", "-");
        else
            printf(" %8.2f", closed);
        printf(" %8" G_GINT64_FORMAT " %10.2f\n", plan->switches, plan->stopped_h);
    }
    printf("%-18s %16.2f\n", "optimum", total->optimum_usd);
}

static json_t *sums_json(const hcp_cli_total *total, const sums *plan)
{
    json_t *row = json_object(), *uplifts = json_object();
    double closed = closed_pct(total, plan);
    hcp_json_set_string(row, "plan", plan->name);
    hcp_json_set_number(row, "profit_usd", plan->profit_usd);
    if (!isnan(closed))
        hcp_json_set_number(row, "closed_pct", closed);
    hcp_json_set_int(row, "switches", plan->switches);
    hcp_json_set_number(row, "energy_mwh", plan->energy_mwh);
    hcp_json_set_number(row, "stopped_h", plan->stopped_h);
    for (int b = 0; b < HCP_CLI_BASELINES; b++)
        if (!isnan(plan->uplift_usd[b]))
            hcp_json_set_number(uplifts, HCP_CLI_BASELINE_NAMES[b], plan->uplift_usd[b]);
    json_object_set_new(row, "uplift_usd", uplifts);
    return row;
}

json_t *hcp_cli_total_json(const hcp_cli_total *total)
{
    json_t *object = json_object(), *plans = json_array();
    hcp_json_set_int(object, "markets", total->markets);
    hcp_json_set_number(object, "hours", total->hours);
    hcp_json_set_number(object, "static_usd", total->static_usd);
    hcp_json_set_number(object, "optimum_usd", total->optimum_usd);
    for (guint i = 0; i < total->plans->len; i++)
        json_array_append_new(plans, sums_json(total, &g_array_index(total->plans, sums, i)));
    json_object_set_new(object, "plans", plans);
    return object;
}
