/* SPDX-License-Identifier: Apache-2.0 */
/* The answer as a table: what happened, the rerun without and with the changes, and what they make of it. */
#include "base/timefmt.h"
#include "base/units.h"
#include "cli/whatif.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One row: a figure of each column; NaN where a column has none. */
typedef struct {
    const char *label;
    int digits;
    double actual, unchanged, changed;
} row;

static void print_cell(double value, int digits, bool sign)
{
    if (isfinite(value))
        printf(sign ? " %+'13.*f" : " %'13.*f", digits, value);
    else
        printf(" %13s", "-");
}

static void print_row(const hcp_whatif_answer *answer, const row *r)
{
    printf("  %-20s", r->label);
    print_cell(r->actual, r->digits, false);
    print_cell(r->unchanged, r->digits, false);
    if (answer->has_changes) {
        print_cell(r->changed, r->digits, false);
        print_cell(r->changed - r->unchanged, r->digits, true);
    }
    putchar('\n');
}

/* A figure of all three columns, read by `get`. */
#define ROW(text, decimals, get)                                                                   \
    print_row(answer, &(row){.label = (text),                                                      \
                             .digits = (decimals),                                                 \
                             .actual = get(&answer->actual),                                       \
                             .unchanged = get(&answer->unchanged),                                 \
                             .changed = get(&answer->changed)})

#define DEFINE_GETTER(name, expression)                                                            \
    static double name(const hcp_whatif_figures *f)                                                \
    {                                                                                              \
        return (double)(expression);                                                               \
    }

DEFINE_GETTER(mining, hcp_money_to_usd(f->mining_usd_micro))
DEFINE_GETTER(ai, hcp_money_to_usd(f->ai_usd_micro))
DEFINE_GETTER(grid, hcp_money_to_usd(f->grid_usd_micro))
DEFINE_GETTER(electricity, -hcp_money_to_usd(f->energy_cost_usd_micro))
DEFINE_GETTER(peak_charge, -hcp_money_to_usd(f->peak_charge_usd_micro))
DEFINE_GETTER(true_up, -hcp_money_to_usd(f->true_up_usd_micro))
DEFINE_GETTER(profit, hcp_money_to_usd(f->profit_usd_micro))
DEFINE_GETTER(mwh_ai, hcp_units_mwh(f->energy_j[HCP_USE_AI]))
DEFINE_GETTER(mwh_mining, hcp_units_mwh(f->energy_j[HCP_USE_MINING]))
DEFINE_GETTER(mwh_idle, hcp_units_mwh(f->energy_j[HCP_USE_IDLE]))
DEFINE_GETTER(submitted, f->submitted)
DEFINE_GETTER(refused, f->refused)
DEFINE_GETTER(completed, f->completed)
DEFINE_GETTER(failed, f->failed)
DEFINE_GETTER(cancelled, f->cancelled)
DEFINE_GETTER(preempted, f->preempted)
DEFINE_GETTER(waiting, f->waiting)
DEFINE_GETTER(workload_switches, f->workload_switches)
DEFINE_GETTER(dispatch_switches, f->dispatch_switches)
DEFINE_GETTER(rolled_back, f->rolled_back)

static void print_money(const hcp_whatif_answer *answer)
{
    puts("USD");
    ROW("mining", 2, mining);
    ROW("AI", 2, ai);
    ROW("grid", 2, grid);
    ROW("electricity", 2, electricity);
    ROW("trued up to own price", 2, true_up);
    ROW("peak charges, assumed", 2, peak_charge);
    ROW("profit", 2, profit);
    puts("Energy at the meter, MWh");
    ROW("AI", 3, mwh_ai);
    ROW("mining", 3, mwh_mining);
    ROW("idle and asleep", 3, mwh_idle);
    puts("USD/MWh");
    ROW("profit", 2, hcp_whatif_profit_usd_per_mwh);
    ROW("paid", 2, hcp_whatif_paid_usd_per_mwh);
}

static double mean_wait_s(const hcp_whatif_figures *f, int priority)
{
    const hcp_simulate_waits *waits = &f->waits[priority];
    return waits->started > 0 ? (double)waits->mean_us / (double)HCP_US_PER_S : NAN;
}

static void print_waits(const hcp_whatif_answer *answer)
{
    const hcp_whatif_figures *a = &answer->actual, *u = &answer->unchanged, *c = &answer->changed;
    puts("Mean wait for devices, s");
    for (int p = HCP_PRIORITY_P1; p <= HCP_PRIORITY_P3; p++)
        print_row(answer, &(row){hcp_enum_name(&HCP_PRIORITY_NAMES, p), 3, mean_wait_s(a, p),
                                 mean_wait_s(u, p), mean_wait_s(c, p)});
    puts("Waited beyond the limit of their class");
    for (int p = HCP_PRIORITY_P1; p <= HCP_PRIORITY_P3; p++)
        print_row(answer, &(row){hcp_enum_name(&HCP_PRIORITY_NAMES, p), 0, (double)a->sla_missed[p],
                                 (double)u->sla_missed[p], (double)c->sla_missed[p]});
}

static void print_work(const hcp_whatif_answer *answer)
{
    puts("Workloads");
    ROW("submitted", 0, submitted);
    ROW("refused", 0, refused);
    ROW("completed", 0, completed);
    ROW("failed", 0, failed);
    ROW("cancelled", 0, cancelled);
    ROW("preemptions", 0, preempted);
    ROW("waiting at the end", 0, waiting);
    print_waits(answer);
    puts("Switches");
    ROW("into and out of work", 0, workload_switches);
    ROW("by dispatch", 0, dispatch_switches);
    ROW("rolled back", 0, rolled_back);
}

/* Wraps at 78 columns behind a dash. */
static void print_note(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t column = 1;
    fputs("-", stdout);
    for (char **word = words; *word != NULL; word++) {
        if (column + 1 + strlen(*word) > 78) {
            fputs("\n ", stdout);
            column = 1;
        }
        printf(" %s", *word);
        column += 1 + strlen(*word);
    }
    putchar('\n');
}

/* "2026-11-25T11:51:06Z" */
static void print_second(int64_t time_us)
{
    char text[HCP_TIME_TEXT_SIZE];
    hcp_time_format(time_us - time_us % HCP_US_PER_S, text);
    printf("%.19sZ", text);
}

static void print_head(const hcp_whatif_answer *answer)
{
    g_autofree char *length = hcp_duration_format(answer->to_us - answer->from_us);
    print_second(answer->from_us);
    fputs(" to ", stdout);
    print_second(answer->to_us);
    printf(" (%s), %" G_GUINT64_FORMAT " entries\npolicy %s", length, answer->n_entries,
           answer->policy);
    if (answer->has_changes && !g_str_equal(answer->policy, answer->changed_policy))
        printf(", changed to %s", answer->changed_policy);
    printf("\n\n%-22s %13s %13s", "", "HAPPENED", "RERUN");
    if (answer->has_changes)
        printf(" %13s %13s", "CHANGED", "DIFFERENCE");
    putchar('\n');
}

void hcp_cli_whatif_print(const hcp_whatif_answer *answer)
{
    print_head(answer);
    print_money(answer);
    print_work(answer);
    putchar('\n');
    for (guint i = 0; i < answer->notes->len; i++)
        print_note(answer->notes->pdata[i]);
}
