/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hcp backtest`: what policies would have made of a recorded market at a site, beside the static plans and the
 * perfect-foresight optimum.
 */
#include "economics/backtest.h"
#include "cli/commands.h"
#include "cli/economics.h"
#include "cli/report.h"
#include "cli/site.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *market, *policies, *model, *html;
    hcp_cli_site_source site;
    double from, to; /* fractions of the file */
    double utc_offset_h;
    double call_price; /* 0 = no reserve is sold */
    gboolean json, list;
} options;

/* Where a policy's run is written as it goes. */
typedef struct {
    hcp_cli_run *run;
    size_t n;
    bool shown;
} recorder;

static bool record_step(void *data, size_t t, const hcp_policy_decision *decision, double profit)
{
    recorder *r = data;
    r->run->profit_usd[t] = profit;
    r->run->forecast[t] = (float)decision->forecast_usd_per_mwh;
    r->run->state[t] = (uint8_t)decision->state;
    if (r->shown && t % MAX(r->n / 100, (size_t)1) == 0)
        fprintf(stderr, "\r%-10s %3.0f %%", r->run->name, 100.0 * (double)t / (double)r->n);
    return true;
}

static void run_clear(void *data)
{
    hcp_cli_run *run = data;
    g_free(run->profit_usd);
    g_free(run->forecast);
    g_free(run->state);
}

static bool play_one(const char *name, const hcp_policy_config *config,
                     const hcp_cli_report *report, hcp_cli_run *ret_run, GError **error)
{
    g_autoptr(hcp_policy) policy = hcp_policy_new(name, report->plant, config, error);
    if (policy == NULL)
        return false;
    size_t n = report->market->n;
    *ret_run = (hcp_cli_run){
        .name = hcp_policy_name(policy),
        .profit_usd = g_new0(double, n),
        .forecast = g_new0(float, n),
        .state = g_new0(uint8_t, n),
    };
    recorder r = {ret_run, n, isatty(STDERR_FILENO) != 0};
    ret_run->result = hcp_backtest_play(report->market, report->plant, policy, record_step, &r);
    if (r.shown)
        fputs("\r\033[K", stderr);
    return true;
}

static bool play_all(const options *o, const hcp_cli_report *report, GArray *runs, GError **error)
{
    g_autoptr(hcp_price_model_owned) model = NULL;
    if (o->model != NULL && !hcp_cli_load_model(o->model, &model, error))
        return false;
    hcp_policy_config config = hcp_policy_config_default();
    config.initial_state = report->bounds->best_static;
    config.utc_offset_h = o->utc_offset_h;
    config.model = model ? &model->model : NULL;
    g_auto(GStrv) names = g_strsplit(o->policies, ",", -1);
    for (int i = 0; names[i] != NULL; i++) {
        hcp_cli_run run;
        if (!play_one(names[i], &config, report, &run, error))
            return false;
        g_array_append_val(runs, run);
    }
    return true;
}

static void print_json(const hcp_cli_report *report)
{
    g_autoptr(json_t) object = hcp_cli_report_json(report);
    g_autofree char *text = hcp_json_print_pretty(object);
    puts(text);
}

static bool show(const options *o, const hcp_cli_report *report, GError **error)
{
    if (o->json)
        print_json(report);
    else
        hcp_cli_report_print(report);
    return o->html == NULL || hcp_cli_report_write(report, o->html, error);
}

static bool play_and_show(const options *o, const hcp_market *played, const hcp_plant *plant,
                          GError **error)
{
    g_autofree double *rewards = hcp_market_rewards(played, plant);
    hcp_backtest_bounds bounds = hcp_backtest_bounds_get(played, plant, rewards);
    g_autoptr(GArray) runs = g_array_new(FALSE, TRUE, sizeof(hcp_cli_run));
    g_array_set_clear_func(runs, run_clear);
    hcp_cli_report report = {
        .site = o->site.preset != NULL ? o->site.preset : o->site.file,
        .market_file = o->market,
        .market = played,
        .plant = plant,
        .bounds = &bounds,
        .rewards_usd = rewards,
    };
    if (!play_all(o, &report, runs, error))
        return false;
    report.runs = (const hcp_cli_run *)(const void *)runs->data;
    report.n_runs = runs->len;
    return show(o, &report, error);
}

static bool backtest(const options *o, GError **error)
{
    hcp_market market = {0};
    if (!hcp_cli_load_market(o->market, o->utc_offset_h, &market, error))
        return false;
    g_autoptr(hcp_plant) plant = hcp_cli_load_site(&o->site, &market, error);
    bool done = plant != NULL;
    if (done) {
        size_t first = (size_t)(CLAMP(o->from, 0.0, 1.0) * (double)market.n);
        size_t last = (size_t)(CLAMP(o->to, 0.0, 1.0) * (double)market.n);
        hcp_market played = market;
        played.sells_reserve = o->call_price > 0;
        played.call_usd_per_mwh = o->call_price;
        first = MIN(first, market.n - 1);
        played.steps += first;
        played.n = MAX(last, first + 1) - first;
        done = play_and_show(o, &played, plant, error);
    }
    hcp_cli_market_finish(&market);
    return done;
}

static int run(const void *arguments, char **operands)
{
    (void)operands;
    const options *o = arguments;
    if (o->list) {
        g_autofree char *names = hcp_cli_site_names();
        fputs(names, stdout);
        return HCP_EXIT_OK;
    }
    if (o->market == NULL || (o->site.preset == NULL && o->site.file == NULL))
        return hcp_cli_usage_error("backtest",
                                   "--market FILE and one of --preset NAME or --site FILE are "
                                   "needed; --list-presets lists the built-in sites");
    g_autoptr(GError) error = NULL;
    if (backtest(o, &error))
        return HCP_EXIT_OK;
    fprintf(stderr, "hcp backtest: %s\n", error->message);
    return HCP_EXIT_USAGE;
}

#define AT(member) offsetof(options, member)

static const hcp_cli_option OWN[] = {
    {"market", 'm', HCP_CLI_FILE, AT(market), "Recorded market (CSV)", "FILE", NULL},
    {"preset", 'p', HCP_CLI_STRING, AT(site.preset), "Built-in site", "NAME", NULL},
    {"site", 's', HCP_CLI_FILE, AT(site.file), "Site file (JSON)", "FILE", NULL},
    {"policies", 'P', HCP_CLI_STRING, AT(policies), "Policies, comma-separated (default all)",
     "LIST", NULL},
    {"trace", 0, HCP_CLI_FILE, AT(site.trace), "GPU demand trace", "FILE", NULL},
    {"spot", 0, HCP_CLI_FILE, AT(site.spot), "GPU rental prices", "FILE", NULL},
    {"model", 0, HCP_CLI_FILE, AT(model), "Price model from `hcp fit`", "FILE", NULL},
    {"utc-offset", 0, HCP_CLI_NUMBER, AT(utc_offset_h),
     "Standard time of the market day (-6, ERCOT; 1 for central Europe)", "HOURS", NULL},
    {"reserve", 0, HCP_CLI_NUMBER, AT(call_price),
     "Running miners sell reserve at the recorded prices and are called from this settled "
     "price",
     "USD/MWh", NULL},
    {"from", 0, HCP_CLI_NUMBER, AT(from), "Start at this fraction of the file", "X", NULL},
    {"to", 0, HCP_CLI_NUMBER, AT(to), "End at this fraction of the file", "X", NULL},
    {"json", 'j', HCP_CLI_FLAG, AT(json), "Print JSON", NULL, NULL},
    {"html", 0, HCP_CLI_FILE, AT(html), "Write a page with charts too", "FILE", NULL},
    {"list-presets", 0, HCP_CLI_FLAG, AT(list), "List the built-in sites", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};
static const options DEFAULTS = {.policies = (char *)"static,threshold,band,lcp,mpc,hcp",
                                 .to = 1.0,
                                 .utc_offset_h = HCP_UTC_OFFSET_DEFAULT_H};

const hcp_cli_command HCP_CLI_BACKTEST = {
    .name = "backtest",
    .summary = "replay a recorded market to dispatch policies",
    .groups = {{&OPTIONS, 0}},
    .size = sizeof(options),
    .defaults = &DEFAULTS,
    .run = run,
};
