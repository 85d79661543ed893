/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_uplift.h"

#include "economics/bootstrap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const HCP_CLI_BASELINE_NAMES[HCP_CLI_BASELINES] = {"mine_only", "ai_only",
                                                               "best_static", "greedy"};

/* What a baseline earned by step: a static plan by its state, or a run. Neither: there is none. */
typedef struct {
    int state; /* -1 = none */
    const hcp_cli_run *run;
} source;

static int static_state(const hcp_cli_report *r, bool mines)
{
    for (int s = 0; s < r->plant->n_states; s++)
        if (r->plant->mines[s] == mines && r->plant->serves[s] != mines &&
            hcp_plant_is_static_plan(r->plant, s))
            return s;
    return -1;
}

static source source_of(const hcp_cli_report *r, hcp_cli_baseline baseline)
{
    switch (baseline) {
    case HCP_CLI_OVER_MINE:
        return (source){.state = static_state(r, true)};
    case HCP_CLI_OVER_AI:
        return (source){.state = static_state(r, false)};
    case HCP_CLI_OVER_STATIC:
        return (source){.state = r->bounds->best_static};
    default:
        break;
    }
    for (size_t i = 0; i < r->n_runs; i++)
        if (strcmp(r->runs[i].name, "greedy") == 0)
            return (source){-1, &r->runs[i]};
    return (source){.state = -1};
}

static double earned_in(const hcp_cli_run *run, size_t from, size_t to)
{
    return run->profit_usd[to - 1] - (from > 0 ? run->profit_usd[from - 1] : 0);
}

static double baseline_in(const hcp_cli_report *r, const source *s, size_t from, size_t to)
{
    if (s->run != NULL)
        return earned_in(s->run, from, to);
    double usd = 0;
    for (size_t t = from; t < to; t++)
        usd += r->rewards_usd[t * (size_t)r->plant->n_states + (size_t)s->state];
    return usd;
}

static hcp_cli_uplift uplift_over(const hcp_cli_report *r, const hcp_cli_run *run, const source *s)
{
    hcp_cli_uplift uplift = {NAN, NAN, NAN};
    size_t n = r->market->n, week = (size_t)round(168 / r->market->step_h), blocks = 0;
    if (s->run == NULL && s->state < 0)
        return uplift;
    g_autofree double *weeks = g_new(double, n / week + 1);
    uplift.usd = earned_in(run, 0, n) - baseline_in(r, s, 0, n);
    for (size_t t = 0; t < n; t += week, blocks++) {
        size_t to = MIN(n, t + week);
        weeks[blocks] = earned_in(run, t, to) - baseline_in(r, s, t, to);
    }
    hcp_bootstrap_sum(weeks, blocks, &uplift.low_usd, &uplift.high_usd);
    return uplift;
}

void hcp_cli_report_uplift(const hcp_cli_report *report, const hcp_cli_run *run,
                           hcp_cli_uplift ret_uplifts[HCP_CLI_BASELINES])
{
    for (int b = 0; b < HCP_CLI_BASELINES; b++) {
        source s = source_of(report, (hcp_cli_baseline)b);
        ret_uplifts[b] = uplift_over(report, run, &s);
    }
}

static void print_uplift(const hcp_cli_uplift *uplift)
{
    if (isnan(uplift->usd))
        printf(" %36s", "-");
    else if (isnan(uplift->low_usd))
        printf(" %36.0f", uplift->usd);
    else
        printf(" %12.0f [%10.0f,%10.0f]", uplift->usd, uplift->low_usd, uplift->high_usd);
}

void hcp_cli_report_print_uplifts(const hcp_cli_report *report)
{
    printf("\n%-18s %36s %36s %36s %36s\n", "uplift USD over", "mine-only", "AI-only",
           "best static", "greedy");
    for (size_t i = 0; i < report->n_runs; i++) {
        hcp_cli_uplift uplifts[HCP_CLI_BASELINES];
        hcp_cli_report_uplift(report, &report->runs[i], uplifts);
        printf("%-18s", report->runs[i].name);
        for (int b = 0; b < HCP_CLI_BASELINES; b++)
            print_uplift(&uplifts[b]);
        putchar('\n');
    }
    puts("  [95 % of resampled weeks]");
}

json_t *hcp_cli_report_uplift_json(const hcp_cli_report *report, const hcp_cli_run *run)
{
    hcp_cli_uplift uplifts[HCP_CLI_BASELINES];
    json_t *object = json_object();
    hcp_cli_report_uplift(report, run, uplifts);
    for (int b = 0; b < HCP_CLI_BASELINES; b++) {
        if (isnan(uplifts[b].usd))
            continue;
        json_t *row = json_object();
        hcp_json_set_number(row, "usd", uplifts[b].usd);
        if (!isnan(uplifts[b].low_usd)) {
            hcp_json_set_number(row, "low_usd", uplifts[b].low_usd);
            hcp_json_set_number(row, "high_usd", uplifts[b].high_usd);
        }
        json_object_set_new(object, HCP_CLI_BASELINE_NAMES[b], row);
    }
    return object;
}
