/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_ratio.h"

#include "base/timefmt.h"
#include "economics/competitive.h"

#include <math.h>
#include <stdio.h>

static hcp_competitive rate(const hcp_cli_report *r, const hcp_cli_run *run)
{
    return hcp_competitive_ratio(&(hcp_competitive_run){.n = r->market->n,
                                                        .step_h = r->market->step_h,
                                                        .n_states = r->plant->n_states,
                                                        .rewards_usd = r->rewards_usd,
                                                        .optimum_usd = r->optimum_usd,
                                                        .earned_usd = run->profit_usd});
}

static void print_ratio(double ratio)
{
    if (isnan(ratio))
        printf(" %10s", "-");
    else
        printf(" %10.2f", ratio);
}

void hcp_cli_report_print_ratios(const hcp_cli_report *r)
{
    printf("\n%-18s %14s %10s %6s %10s %10s %10s  on\n", "competitive ratio", "cost USD", "ratio",
           "days", "median", "90 %", "worst");
    for (size_t i = 0; i < r->n_runs; i++) {
        hcp_competitive c = rate(r, &r->runs[i]);
        char date[HCP_TIME_TEXT_SIZE];
        hcp_time_format(r->market->steps[c.max_day_step].ts_us, date);
        printf("%-18s %14.2f", r->runs[i].name, c.cost_usd);
        print_ratio(c.ratio);
        printf(" %6zu", c.days);
        print_ratio(c.median_day);
        print_ratio(c.p90_day);
        print_ratio(c.max_day);
        printf("  %.10s\n", c.days > 0 ? date : "-");
    }
    puts("  cost = what free and instant switching with foresight would have earned beyond it;\n"
         "  ratio = its cost over the optimum's; by day, where the optimum cost anything");
}

static void set_ratio(json_t *object, const char *name, double ratio)
{
    if (!isnan(ratio))
        hcp_json_set_number(object, name, ratio);
}

json_t *hcp_cli_report_ratio_json(const hcp_cli_report *r, const hcp_cli_run *run)
{
    hcp_competitive c = rate(r, run);
    json_t *object = json_object();
    hcp_json_set_number(object, "cost_usd", c.cost_usd);
    hcp_json_set_number(object, "optimum_cost_usd", c.optimum_cost_usd);
    set_ratio(object, "ratio", c.ratio);
    hcp_json_set_int(object, "days", (int64_t)c.days);
    set_ratio(object, "median_day", c.median_day);
    set_ratio(object, "p90_day", c.p90_day);
    set_ratio(object, "max_day", c.max_day);
    if (c.days > 0)
        hcp_json_set_time(object, "max_day_from", r->market->steps[c.max_day_step].ts_us);
    return object;
}
