/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/simulate.h"

#include "base/log.h"
#include "base/timefmt.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/simulate_regret.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    hcp_cli_settings settings;
    double hours;
    int seeds;
    char *policies;
    gboolean faults, json, no_baselines;
} arguments;

/* The run and the two static plans on the same prices and arrivals. */
typedef struct {
    hcp_simulate_report own, mine_only, ai_only, at_once;
    bool baselines, defers;
    char **policies;                /* to compare with, NULL-terminated; NULL = none */
    hcp_simulate_report *by_policy; /* one for each of them */
    GArray *regret;                 /* hcp_simulate_regret of its own run */
} results;

static void show_progress(void *data, double done, double total)
{
    const char *what = data;
    int filled = (int)(40 * done / total);
    fprintf(stderr, "\r%-12s [%.*s%.*s] %3.0f %%", what, filled,
            "########################################", 40 - filled,
            "........................................", 100 * done / total);
    fflush(stderr);
}

static void end_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static bool simulate(const arguments *args, const hcp_config *config, const hcp_scenario *scenario,
                     const char *what, GArray *regret, hcp_simulate_report *ret_report)
{
    g_autoptr(GError) error = NULL;
    const hcp_simulate_options options = {
        .config = config,
        .scenario = scenario,
        .hours = args->hours,
        .faults = args->faults,
        .check = args->faults,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
        .progress_data = (void *)what,
        .regret = regret,
    };
    bool done = hcp_simulate(&options, ret_report, &error);
    end_progress();
    if (!done)
        fprintf(stderr, "hcp simulate: %s\n", error->message);
    return done;
}

static bool simulate_with_policy(const arguments *args, const hcp_config *config,
                                 const hcp_scenario *scenario, const char *policy, bool arrivals,
                                 hcp_simulate_report *ret_report)
{
    hcp_config other = *config; /* borrows every string but the two that differ */
    other.policy = (char *)policy;
    if (!arrivals)
        other.workloads = (char *)"none";
    return simulate(args, &other, scenario, arrivals ? "AI only" : "mine only", NULL, ret_report);
}

/* The same under each of the policies asked for. */
static bool simulate_policies(const arguments *args, const hcp_config *config,
                              const hcp_scenario *scenario, results *r)
{
    for (guint i = 0; r->policies != NULL && r->policies[i] != NULL; i++) {
        hcp_config other = *config; /* borrows every string but one */
        other.policy = r->policies[i];
        if (!simulate(args, &other, scenario, other.policy, NULL, &r->by_policy[i]))
            return false;
    }
    return true;
}

/* The same with every start as early as it can be. */
static bool simulate_at_once(const arguments *args, const hcp_config *config,
                             hcp_simulate_report *ret_report)
{
    hcp_config other = *config; /* borrows every string */
    g_auto(hcp_scenario) scenario = {0};
    g_autoptr(GError) error = NULL;
    other.scheduling.deferral_slack_us = 0;
    if (!hcp_scenario_load(other.scenario, &other.scheduling, &scenario, &error)) {
        fprintf(stderr, "hcp simulate: %s\n", error->message);
        return false;
    }
    return simulate(args, &other, &scenario, "at once", NULL, ret_report);
}

static void print_duration(const char *label, int64_t us)
{
    g_autofree char *text = hcp_duration_format(us);
    printf("%s %s", label, text);
}

static void print_waits(const hcp_simulate_report *report)
{
    puts("\nWaits for devices          leased   within limit   mean / p50 / p99 / max");
    for (int p = HCP_PRIORITY_P1; p <= HCP_PRIORITY_P3; p++) {
        const hcp_simulate_waits *w = &report->waits[p];
        g_autofree char *limit = hcp_duration_format(w->limit_us);
        g_autofree char *mean = hcp_duration_format(w->mean_us);
        g_autofree char *p50 = hcp_duration_format(w->p50_us);
        g_autofree char *p99 = hcp_duration_format(w->p99_us);
        g_autofree char *max = hcp_duration_format(w->max_us);
        double share =
            w->started > 0 ? 100.0 * (double)w->within_limit / (double)w->started : 100.0;
        printf("  P%d (limit %s)%*s %8" G_GUINT64_FORMAT "   %9.2f %%    %s / %s / %s / %s\n", p,
               limit, (int)MAX(0, 8 - (int)strlen(limit)), "", w->started, share, mean, p50, p99,
               max);
    }
}

static void print_switches(const char *label, const hcp_simulate_switches *switches)
{
    printf("  %-22s %" G_GUINT64_FORMAT ", rolled back %" G_GUINT64_FORMAT, label, switches->ended,
           switches->rolled_back);
    if (switches->ended > 0) {
        print_duration(", mean", switches->mean_us);
        print_duration(", p99", switches->p99_us);
    }
    putchar('\n');
}

static void print_money(const char *label, hcp_usd_micro amount)
{
    printf("  %-22s %'16.2f USD\n", label, hcp_money_to_usd(amount));
}

static void print_against(const char *label, const hcp_simulate_report *own,
                          const hcp_simulate_report *other)
{
    double own_usd = hcp_money_to_usd(own->profit_usd_micro);
    double other_usd = hcp_money_to_usd(other->profit_usd_micro);
    printf("  %-22s %'16.2f USD", label, other_usd);
    if (other_usd > 0)
        printf("   (%+.2f %%)", 100.0 * (own_usd / other_usd - 1.0));
    putchar('\n');
}

/* Tonnes of CO2 by use; nothing where no facility's electricity has a figure. */
static void print_carbon(const hcp_simulate_report *r)
{
    static const double MG_PER_T = 1e9;
    const int64_t *mg = r->carbon_mg;
    if (mg[HCP_USE_AI] + mg[HCP_USE_MINING] + mg[HCP_USE_IDLE] > 0)
        printf("CO2 of it: AI %.1f t, mining %.1f t, idle %.1f t\n",
               (double)mg[HCP_USE_AI] / MG_PER_T, (double)mg[HCP_USE_MINING] / MG_PER_T,
               (double)mg[HCP_USE_IDLE] / MG_PER_T);
}

/* What stood ready, at the mean price it was paid. */
static void print_reserve(const hcp_simulate_report *r)
{
    for (int product = 0; product < HCP_RESERVES; product++) {
        double mw_h = hcp_units_mwh(r->reserve_sold[product].ready_j);
        double usd = hcp_money_to_usd(r->reserve_sold[product].usd_micro);
        if (mw_h > 0)
            printf("  of it reserve %-8s %16.2f USD   %.1f MW h at %.2f USD/(MW h)\n",
                   hcp_enum_name(&HCP_RESERVE_NAMES, product), usd, mw_h, usd / mw_h);
    }
}

static void print_account(const hcp_simulate_report *own)
{
    print_money("mining", own->mining_usd_micro);
    print_money("AI", own->ai_usd_micro);
    if (own->grid_usd_micro != 0)
        print_money("grid", own->grid_usd_micro);
    print_reserve(own);
    print_money("electricity", -own->energy_cost_usd_micro);
    if (own->true_up_usd_micro != 0)
        print_money("trued up to own price", -own->true_up_usd_micro);
    if (own->peak_charge_usd_micro != 0)
        print_money("peak charges, assumed", -own->peak_charge_usd_micro);
    print_money("profit", own->profit_usd_micro);
    hcp_usd_micro revenue = own->mining_usd_micro + own->ai_usd_micro + own->grid_usd_micro;
    if (revenue > 0)
        printf("  %-22s %16.1f %%\n", "profit margin",
               100.0 * (double)own->profit_usd_micro / (double)revenue);
    print_money("kept by the pool", own->pool_fee_usd_micro);
    print_money("not mined (asleep)", own->foregone_usd_micro);
    print_money("electricity saved so", own->avoided_usd_micro);
}

static void print_text(const results *r)
{
    const hcp_simulate_report *own = &r->own;
    printf("%.1f simulated hours, %u facilities, %u devices, in %.1f s (%.0f times real time)\n\n",
           own->hours, own->facilities, own->devices, own->wall_s, own->hours * 3600 / own->wall_s);
    puts("Money");
    print_account(own);
    if (r->baselines) {
        print_against("mine only", own, &r->mine_only);
        print_against("AI only", own, &r->ai_only);
    }
    if (r->defers)
        print_against("nothing put off", own, &r->at_once);
    for (guint i = 0; r->policies != NULL && r->policies[i] != NULL; i++)
        print_against(r->policies[i], own, &r->by_policy[i]);
    hcp_cli_regret_print(r->regret);
    printf("\nEnergy at the meter: AI %.1f MWh, mining %.1f MWh, idle %.1f MWh\n",
           hcp_units_mwh(own->energy_j[HCP_USE_AI]), hcp_units_mwh(own->energy_j[HCP_USE_MINING]),
           hcp_units_mwh(own->energy_j[HCP_USE_IDLE]));
    print_carbon(own);
    printf("GPU time leased: %.1f %%\n", 100 * own->gpu_utilisation);
    printf("\nWorkloads: %" G_GUINT64_FORMAT " submitted, %" G_GUINT64_FORMAT
           " refused, %" G_GUINT64_FORMAT " completed, %" G_GUINT64_FORMAT
           " failed, %" G_GUINT64_FORMAT " running, %" G_GUINT64_FORMAT
           " queued; %" G_GUINT64_FORMAT " preemptions\n",
           own->submitted, own->refused, own->completed, own->failed, own->running, own->queued,
           own->preempted);
    if (own->deferred > 0)
        printf("Put off to cheaper hours: %" G_GUINT64_FORMAT
               ", expected to save %.2f USD; ended after the deadline: %" G_GUINT64_FORMAT "\n",
               own->deferred, hcp_money_to_usd(own->deferral_usd_micro), own->deadlines_missed);
    print_waits(own);
    puts("\nSwitches");
    print_switches("workloads in and out", &own->gpu_switches);
    print_switches("dispatch of classes", &own->fleet_switches);
    printf("\n%" G_GUINT64_FORMAT " events, %" G_GUINT64_FORMAT " steps, %" G_GUINT64_FORMAT
           " decisions recorded\n",
           own->events, own->steps, own->decisions);
    if (own->checks > 0)
        printf("Faults: %" G_GUINT64_FORMAT " device failures, %" G_GUINT64_FORMAT
               " journal errors, %" G_GUINT64_FORMAT " crashes, %" G_GUINT64_FORMAT
               " grid events; %" G_GUINT64_FORMAT " checks, no invariant broken\n",
               own->device_failures, own->faults_journal, own->crashes, own->grid_events,
               own->checks);
    printf("State %s\n", own->state_hash);
}

static json_t *waits_json(const hcp_simulate_waits *w)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "started", (json_int_t)w->started,
                     "within_limit", (json_int_t)w->within_limit, "limit_us",
                     (json_int_t)w->limit_us, "mean_us", (json_int_t)w->mean_us, "p50_us",
                     (json_int_t)w->p50_us, "p99_us", (json_int_t)w->p99_us, "max_us",
                     (json_int_t)w->max_us);
}

static json_t *switches_json(const hcp_simulate_switches *s)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "ended", (json_int_t)s->ended, "rolled_back",
                     (json_int_t)s->rolled_back, "mean_us", (json_int_t)s->mean_us, "p50_us",
                     (json_int_t)s->p50_us, "p99_us", (json_int_t)s->p99_us, "max_us",
                     (json_int_t)s->max_us);
}

static json_t *reserve_json(const hcp_simulate_report *r)
{
    json_t *object = json_object();
    for (int product = 0; product < HCP_RESERVES; product++)
        if (r->reserve_sold[product].ready_j > 0)
            json_object_set_new(
                object, hcp_enum_name(&HCP_RESERVE_NAMES, product),
                json_pack("{s:f, s:I}", "mw_h", hcp_units_mwh(r->reserve_sold[product].ready_j),
                          "usd_micro", (json_int_t)r->reserve_sold[product].usd_micro));
    return object;
}

static json_t *report_json(const hcp_simulate_report *r)
{
    json_t *object = json_pack(
        "{s:f, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "hours", r->hours, "facilities",
        (int)r->facilities, "devices", (int)r->devices, "mining_usd_micro",
        (json_int_t)r->mining_usd_micro, "ai_usd_micro", (json_int_t)r->ai_usd_micro,
        "energy_cost_usd_micro", (json_int_t)r->energy_cost_usd_micro, "profit_usd_micro",
        (json_int_t)r->profit_usd_micro, "energy_ai_j", (json_int_t)r->energy_j[HCP_USE_AI],
        "energy_mining_j", (json_int_t)r->energy_j[HCP_USE_MINING], "energy_idle_j",
        (json_int_t)r->energy_j[HCP_USE_IDLE]);
    json_object_set_new(object, "carbon_mg",
                        json_pack("{s:I, s:I, s:I}", "ai", (json_int_t)r->carbon_mg[HCP_USE_AI],
                                  "mining", (json_int_t)r->carbon_mg[HCP_USE_MINING], "idle",
                                  (json_int_t)r->carbon_mg[HCP_USE_IDLE]));
    hcp_json_set_int(object, "grid_usd_micro", r->grid_usd_micro);
    json_object_set_new(object, "reserve", reserve_json(r));
    hcp_json_set_int(object, "true_up_usd_micro", r->true_up_usd_micro);
    hcp_json_set_int(object, "peak_charge_usd_micro", r->peak_charge_usd_micro);
    hcp_json_set_int(object, "pool_fee_usd_micro", r->pool_fee_usd_micro);
    hcp_json_set_int(object, "deferred", (int64_t)r->deferred);
    hcp_json_set_int(object, "deferral_usd_micro", r->deferral_usd_micro);
    hcp_json_set_int(object, "deadlines_missed", (int64_t)r->deadlines_missed);
    hcp_json_set_int(object, "curtailed_loss_usd_micro", r->foregone_usd_micro);
    hcp_json_set_int(object, "avoided_energy_cost_usd_micro", r->avoided_usd_micro);
    json_object_set_new(object, "gpu_utilisation", json_real(r->gpu_utilisation));
    json_object_set_new(
        object, "workloads",
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "submitted", (json_int_t)r->submitted,
                  "refused", (json_int_t)r->refused, "completed", (json_int_t)r->completed,
                  "failed", (json_int_t)r->failed, "running", (json_int_t)r->running, "queued",
                  (json_int_t)r->queued, "preempted", (json_int_t)r->preempted));
    json_object_set_new(object, "waits",
                        json_pack("{s:o, s:o, s:o}", "P1", waits_json(&r->waits[HCP_PRIORITY_P1]),
                                  "P2", waits_json(&r->waits[HCP_PRIORITY_P2]), "P3",
                                  waits_json(&r->waits[HCP_PRIORITY_P3])));
    json_object_set_new(object, "switches",
                        json_pack("{s:o, s:o}", "workload", switches_json(&r->gpu_switches),
                                  "dispatch", switches_json(&r->fleet_switches)));
    json_object_set_new(object, "run",
                        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "events",
                                  (json_int_t)r->events, "steps", (json_int_t)r->steps, "decisions",
                                  (json_int_t)r->decisions, "checks", (json_int_t)r->checks,
                                  "crashes", (json_int_t)r->crashes, "journal_errors",
                                  (json_int_t)r->faults_journal, "device_failures",
                                  (json_int_t)r->device_failures, "wall_s", r->wall_s));
    hcp_json_set_string(object, "state_hash", r->state_hash);
    return object;
}

static void print_json(const results *r)
{
    g_autoptr(json_t) object = report_json(&r->own);
    if (r->baselines) {
        json_object_set_new(object, "mine_only", report_json(&r->mine_only));
        json_object_set_new(object, "ai_only", report_json(&r->ai_only));
    }
    if (r->defers)
        json_object_set_new(object, "nothing_put_off", report_json(&r->at_once));
    json_t *policies = json_object();
    for (guint i = 0; r->policies != NULL && r->policies[i] != NULL; i++)
        json_object_set_new(policies, r->policies[i], report_json(&r->by_policy[i]));
    json_object_set_new(object, "policies", policies);
    json_object_set_new(object, "regret", hcp_cli_regret_json(r->regret));
    g_autofree char *text = hcp_json_print_pretty(object);
    puts(text);
}

/* The names in a comma-separated list; NULL with `list` unset. False when there is no such policy. */
static bool split_policies(const char *list, char ***ret_policies)
{
    *ret_policies = list != NULL ? g_strsplit(list, ",", -1) : NULL;
    for (guint i = 0; *ret_policies != NULL && (*ret_policies)[i] != NULL; i++) {
        g_autofree char *names = hcp_dispatch_policy_names();
        if (hcp_dispatch_policy_find((*ret_policies)[i]) != NULL)
            continue;
        fprintf(stderr,
                "hcp simulate: --policies: there is no dispatch policy \"%s\"; there are: %s\n",
                (*ret_policies)[i], names);
        g_clear_pointer(ret_policies, g_strfreev);
        return false;
    }
    return true;
}

static int run_once(const arguments *args, const hcp_config *config, const hcp_scenario *scenario)
{
    g_autoptr(GArray) regret = g_array_new(FALSE, FALSE, sizeof(hcp_simulate_regret));
    g_auto(GStrv) policies = NULL;
    if (!split_policies(args->policies, &policies))
        return HCP_EXIT_USAGE;
    g_autofree hcp_simulate_report *by_policy =
        g_new0(hcp_simulate_report, policies != NULL ? g_strv_length(policies) : 0);
    results r = {.baselines = !args->no_baselines && !args->faults,
                 .policies = policies,
                 .by_policy = by_policy,
                 .regret = regret};
    if (!simulate(args, config, scenario, "simulating", regret, &r.own))
        return HCP_EXIT_FAILED;
    if (r.baselines &&
        (!simulate_with_policy(args, config, scenario, "mine", false, &r.mine_only) ||
         !simulate_with_policy(args, config, scenario, "rest", true, &r.ai_only)))
        return HCP_EXIT_FAILED;
    r.defers = r.baselines && config->scheduling.deferral_slack_us > 0;
    if (r.defers && !simulate_at_once(args, config, &r.at_once))
        return HCP_EXIT_FAILED;
    if (!simulate_policies(args, config, scenario, &r))
        return HCP_EXIT_FAILED;
    if (args->json)
        print_json(&r);
    else
        print_text(&r);
    return HCP_EXIT_OK;
}

/* Many seeds in a row: a test. Stops at the first broken invariant, which names its seed. */
static int run_seeds(const arguments *args, hcp_config *config, const hcp_scenario *scenario)
{
    uint64_t checks = 0, crashes = 0, failures = 0;
    int64_t first = config->seed;
    for (int i = 0; i < args->seeds; i++) {
        hcp_simulate_report report;
        config->seed = first + i;
        if (!simulate(args, config, scenario, "simulating", NULL, &report))
            return HCP_EXIT_FAILED;
        checks += report.checks;
        crashes += report.crashes;
        failures += report.device_failures;
        if (isatty(STDERR_FILENO))
            show_progress((void *)"seeds", i + 1, args->seeds);
    }
    end_progress();
    printf("%d seeds of %.0f h, %" G_GUINT64_FORMAT " checks, %" G_GUINT64_FORMAT
           " crashes, %" G_GUINT64_FORMAT " device failures: no invariant broken\n",
           args->seeds, args->hours, checks, crashes, failures);
    return HCP_EXIT_OK;
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_auto(hcp_config) config = {0};
    g_auto(hcp_scenario) scenario = {0};
    g_autoptr(GError) error = NULL;
    if (!hcp_cli_settings_load(&args->settings, &config))
        return HCP_EXIT_USAGE;
    if (args->faults)
        hcp_log_set_level(HCP_LOG_SILENT); /* what is injected is counted, not logged */
    if (!hcp_scenario_load(config.scenario, &config.scheduling, &scenario, &error)) {
        fprintf(stderr, "hcp simulate: %s\n", error->message);
        return HCP_EXIT_USAGE;
    }
    return args->seeds > 0 ? run_seeds(args, &config, &scenario)
                           : run_once(args, &config, &scenario);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"hours", 0, HCP_CLI_NUMBER, AT(hours), "Simulated hours (24)", "H", NULL},
    {"seeds", 0, HCP_CLI_INT, AT(seeds), "Run this many seeds in a row", "N", NULL},
    {"faults", 0, HCP_CLI_FLAG, AT(faults),
     "Inject failures and check every invariant after every step", NULL, NULL},
    {"no-baselines", 0, HCP_CLI_FLAG, AT(no_baselines), "Skip the mine-only and AI-only runs", NULL,
     NULL},
    {"policies", 0, HCP_CLI_STRING, AT(policies),
     "Run these dispatch policies on the same too and compare, comma-separated", "LIST",
     "threshold band lcp mpc hcp mine rest"},
    {"json", 0, HCP_CLI_FLAG, AT(json), "Print the report as JSON", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};
static const arguments DEFAULTS = {.hours = 24};

const hcp_cli_command HCP_CLI_SIMULATE = {
    .name = "simulate",
    .summary = "run the platform on a virtual clock and report",
    .description = "The same seed gives the same state hash. With --faults the run is a test: it "
                   "fails at the first invariant that does not hold.",
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_SETTINGS_OPTIONS, AT(settings)}},
    .size = sizeof(arguments),
    .defaults = &DEFAULTS,
    .run = run,
};
