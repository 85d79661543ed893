/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hcp backtest`: what policies would have made of a recorded market at a site, beside the static plans and the
 * perfect-foresight optimum.
 */
#include "economics/backtest.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/economics.h"
#include "cli/progress.h"
#include "cli/report_grid.h"
#include "cli/report_total.h"
#include "cli/site.h"
#include "economics/optimum.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char **markets;
    char *policies, *model, *html, *out;
    hcp_cli_site_source site;
    double from, to; /* fractions of the file */
    double utc_offset_h;
    double call_price;  /* 0 = no reserve is sold */
    double peak_charge; /* USD per MW and year; 0 = none */
    gboolean json, list;
} options;

/* Where a policy's run is written as it goes. */
typedef struct {
    hcp_cli_run *run;
    size_t n;
    hcp_cli_progress *progress;
} recorder;

static bool record_step(void *data, size_t t, const hcp_policy_decision *decision, double profit)
{
    recorder *r = data;
    r->run->profit_usd[t] = profit;
    r->run->forecast[t] = (float)decision->forecast_usd_per_mwh;
    r->run->state[t] = (uint8_t)decision->state;
    hcp_cli_progress_share(r->progress, r->run->name, (double)t / (double)r->n);
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
    hcp_cli_progress progress;
    hcp_cli_progress_init(&progress, ret_run->name);
    recorder r = {ret_run, n, &progress};
    ret_run->result = hcp_backtest_play(report->market, report->plant, policy, record_step, &r);
    hcp_cli_progress_end(&progress);
    return true;
}

/* Also what selling to the grid adds, in `ret_grid`, when the market has anything of the kind. */
static bool play_all(const options *o, const hcp_cli_report *report, GArray *runs,
                     GArray **ret_grid, GError **error)
{
    g_autoptr(hcp_price_model_owned) model = NULL;
    if (o->model != NULL && !hcp_cli_load_model(o->model, &model, error))
        return false;
    hcp_policy_config config = hcp_policy_config_default();
    config.initial_state = report->bounds->best_static;
    config.utc_offset_h = o->utc_offset_h;
    config.model = model ? &model->model : NULL;
    if ((o->call_price > 0 || o->peak_charge > 0) &&
        (*ret_grid = hcp_cli_grid_play(report->market, report->plant, &config, error)) == NULL)
        return false;
    g_auto(GStrv) names = g_strsplit(o->policies, ",", -1);
    for (int i = 0; names[i] != NULL; i++) {
        hcp_cli_run run;
        if (!play_one(names[i], &config, report, &run, error))
            return false;
        g_array_append_val(runs, run);
    }
    return true;
}

/* What one market was played with, and where its report goes. */
typedef struct {
    const options *o;
    bool several;
    json_t *reports;      /* with --json and several markets: theirs */
    hcp_cli_total *total; /* of several markets */
} session;

static void print_json(json_t *object)
{
    g_autofree char *text = hcp_json_print_pretty(object);
    puts(text);
}

/* DIR/NAME.json and DIR/NAME.html, NAME being that of the market without its last part. */
static bool write_files(const char *directory, const hcp_cli_report *report, json_t *object,
                        GError **error)
{
    g_autofree char *name = g_path_get_basename(report->market_file);
    char *dot = strrchr(name, '.');
    if (dot != NULL)
        *dot = '\0';
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autofree char *json = g_strconcat(path, ".json", NULL);
    g_autofree char *html = g_strconcat(path, ".html", NULL);
    g_autofree char *text = hcp_json_print_pretty(object);
    if (g_mkdir_with_parents(directory, 0777) != 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_IO, "--out: %s cannot be made", directory);
        return false;
    }
    return g_file_set_contents(json, text, -1, error) && hcp_cli_report_write(report, html, error);
}

static bool show(const session *s, const hcp_cli_report *report, GError **error)
{
    const options *o = s->o;
    g_autoptr(json_t) object = hcp_cli_report_json(report);
    hcp_json_set_string(object, "market", report->market_file);
    if (s->several)
        hcp_cli_total_add(s->total, report);
    if (o->json && s->several)
        json_array_append(s->reports, object);
    else if (o->json)
        print_json(object);
    else {
        if (s->several)
            printf("%s\n", report->market_file);
        hcp_cli_report_print(report);
        if (s->several)
            putchar('\n');
    }
    return (o->html == NULL || hcp_cli_report_write(report, o->html, error)) &&
           (o->out == NULL || write_files(o->out, report, object, error));
}

static bool play_and_show(const session *s, const char *file, const hcp_market *played,
                          const hcp_plant *plant, GError **error)
{
    const options *o = s->o;
    g_autofree double *rewards = hcp_market_rewards(played, plant);
    hcp_backtest_bounds bounds = hcp_backtest_bounds_get(played, plant, rewards);
    g_autofree uint8_t *optimum_states = g_new(uint8_t, played->n);
    g_autofree double *optimum_usd = g_new(double, played->n);
    hcp_optimum_solve(plant, rewards, played->n, -1, optimum_states);
    hcp_optimum_line(plant, rewards, played->n, optimum_states, optimum_usd);
    g_autoptr(GArray) runs = g_array_new(FALSE, TRUE, sizeof(hcp_cli_run));
    g_array_set_clear_func(runs, run_clear);
    hcp_cli_report report = {
        .site = o->site.preset != NULL ? o->site.preset : o->site.file,
        .market_file = file,
        .market = played,
        .plant = plant,
        .bounds = &bounds,
        .rewards_usd = rewards,
        .optimum_usd = optimum_usd,
        .optimum_states = optimum_states,
    };
    g_autoptr(GArray) grid = NULL;
    if (!play_all(o, &report, runs, &grid, error))
        return false;
    report.grid = grid;
    report.runs = (const hcp_cli_run *)(const void *)runs->data;
    report.n_runs = runs->len;
    return show(s, &report, error);
}

static bool backtest(const session *s, const char *file, GError **error)
{
    const options *o = s->o;
    hcp_market market = {0};
    if (!hcp_cli_load_market(file, o->utc_offset_h, &market, error))
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
        played.peak = (hcp_peak_rule){.usd_per_mw_year = o->peak_charge,
                                      .months = HCP_PEAK_SUMMER,
                                      .utc_offset_h = o->utc_offset_h};
        played.avoids_peaks = o->peak_charge > 0;
        hcp_market_assume_peaks(&played);
        done = play_and_show(s, file, &played, plant, error);
    }
    hcp_cli_market_finish(&market);
    return done;
}

/* One after the other, then their total. */
static bool backtest_all(const options *o, const char *const *files, GError **error)
{
    g_autoptr(json_t) reports = json_array();
    g_autoptr(hcp_cli_total) total = hcp_cli_total_new();
    const session s = {o, g_strv_length((char **)files) > 1, reports, total};
    for (int i = 0; files[i] != NULL; i++)
        if (!backtest(&s, files[i], error))
            return false;
    if (!s.several)
        return true;
    if (!o->json) {
        hcp_cli_total_print(total);
        return true;
    }
    g_autoptr(json_t) object =
        json_pack("{s:O, s:o}", "markets", reports, "total", hcp_cli_total_json(total));
    print_json(object);
    return true;
}

/* --market may be repeated, and each may name several with commas. */
static char **market_files(const options *o)
{
    g_autofree char *joined = o->markets != NULL ? g_strjoinv(",", o->markets) : g_strdup("");
    return *joined != '\0' ? g_strsplit(joined, ",", -1) : g_new0(char *, 1);
}

static int run(const void *arguments, char **operands)
{
    (void)operands;
    const options *o = arguments;
    g_auto(GStrv) files = market_files(o);
    if (o->list) {
        g_autofree char *names = hcp_cli_site_names();
        fputs(names, stdout);
        return HCP_EXIT_OK;
    }
    if (files[0] == NULL || (o->site.preset == NULL && o->site.file == NULL))
        return hcp_cli_usage_error("backtest",
                                   "--market FILE and one of --preset NAME or --site FILE are "
                                   "needed; --list-presets lists the built-in sites");
    if (files[1] != NULL && o->html != NULL)
        return hcp_cli_usage_error("backtest", "--html writes one page; with several markets "
                                               "--out DIR writes one for each");
    g_autoptr(GError) error = NULL;
    if (backtest_all(o, (const char *const *)files, &error))
        return HCP_EXIT_OK;
    fprintf(stderr, "hcp backtest: %s\n", error->message);
    return HCP_EXIT_USAGE;
}

#define AT(member) offsetof(options, member)

static const hcp_cli_option OWN[] = {
    {"market", 'm', HCP_CLI_LIST, AT(markets), "Recorded market, CSV (repeatable, or with commas)",
     "FILE", NULL},
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
    {"peak-charge", 0, HCP_CLI_NUMBER, AT(peak_charge),
     "Charge on the mean power in the peak hours of June to September, assumed to be those of the "
     "highest day-ahead price",
     "USD/MW-YEAR", NULL},
    {"from", 0, HCP_CLI_NUMBER, AT(from), "Start at this fraction of the file", "X", NULL},
    {"to", 0, HCP_CLI_NUMBER, AT(to), "End at this fraction of the file", "X", NULL},
    {"json", 'j', HCP_CLI_FLAG, AT(json), "Print JSON", NULL, NULL},
    {"html", 0, HCP_CLI_FILE, AT(html), "Write a page with charts too", "FILE", NULL},
    {"out", 0, HCP_CLI_FILE, AT(out), "Write page and JSON of each market into this directory",
     "DIR", NULL},
    {"list-presets", 0, HCP_CLI_FLAG, AT(list), "List the built-in sites", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};
static const options DEFAULTS = {.policies = (char *)"static,greedy,threshold,band,lcp,mpc,hcp",
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
