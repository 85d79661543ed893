/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp fit`: a price model from recorded markets, or a classifier from submissions. */
#include "economics/forecast/fit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/economics.h"
#include "cli/fit_classifier.h"

#include <math.h>
#include <stdio.h>

typedef struct {
    char **markets;
    char *jobs, *journal;
    char *out, *name, *provenance, *date;
    double from, to, split;
    double utc_offset_h;
} options;

static bool add_market(hcp_price_fit **fit, const char *path, const options *o, GError **error)
{
    hcp_market market = {0};
    if (!hcp_cli_load_market(path, o->utc_offset_h, &market, error))
        return false;
    if (*fit == NULL)
        *fit = hcp_price_fit_new(market.step_h);
    bool same = fabs(hcp_price_fit_step_h(*fit) - market.step_h) < 1e-9;
    if (same)
        hcp_price_fit_add(*fit, &market, (size_t)(o->from * (double)market.n),
                          (size_t)(o->to * (double)market.n));
    else
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s has another step length than the file before it", path);
    hcp_cli_market_finish(&market);
    return same;
}

static bool fit(const options *o, GError **error)
{
    g_autoptr(hcp_price_fit) fit = NULL;
    for (int i = 0; o->markets[i] != NULL; i++) {
        if (!add_market(&fit, o->markets[i], o, error))
            return false;
    }
    hcp_price_model model = hcp_price_fit_model(fit);
    model.version = 1;
    model.name = o->name != NULL ? o->name : "fitted";
    model.provenance = o->provenance != NULL ? o->provenance : "not stated";
    model.fitted = o->date;
    g_autoptr(json_t) object = hcp_price_model_to_json(&model);
    g_autofree char *text = hcp_json_print(object, NULL);
    if (o->out != NULL)
        return g_file_set_contents(o->out, text, -1, error);
    puts(text);
    return true;
}

static bool fit_any(const options *o, GError **error)
{
    if (o->markets != NULL)
        return fit(o, error);
    const hcp_cli_classifier_fit classifier = {
        .jobs = o->jobs,
        .journal = o->journal,
        .out = o->out,
        .name = o->name,
        .provenance = o->provenance,
        .date = o->date,
        .split = o->split,
    };
    return hcp_cli_fit_classifier(&classifier, error);
}

static int run(const void *arguments, char **operands)
{
    (void)operands;
    const options *given = arguments;
    if ((given->markets != NULL) + (given->jobs != NULL) + (given->journal != NULL) != 1)
        return hcp_cli_usage_error("fit", "one of --market FILE, --jobs FILE and --journal DIR is "
                                          "needed");
    if (!(given->from >= 0 && given->from < given->to && given->to <= 1))
        return hcp_cli_usage_error("fit", "--from and --to must be 0 <= --from < --to <= 1");
    if (!(given->split > 0 && given->split < 1))
        return hcp_cli_usage_error("fit", "--split must be between 0 and 1");
    g_autoptr(GError) error = NULL;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *today = g_date_time_format(now, "%Y-%m-%d");
    options o = *given; /* borrows every string */
    if (o.date == NULL)
        o.date = today;
    if (fit_any(&o, &error))
        return HCP_EXIT_OK;
    fprintf(stderr, "hcp fit: %s\n", error->message);
    return HCP_EXIT_USAGE;
}

#define AT(member) offsetof(options, member)

static const hcp_cli_option OWN[] = {
    {"market", 'm', HCP_CLI_LIST, AT(markets), "Recorded market with real-time prices (repeatable)",
     "FILE", NULL},
    {"from", 0, HCP_CLI_NUMBER, AT(from), "Start at this fraction of each file", "X", NULL},
    {"to", 0, HCP_CLI_NUMBER, AT(to), "End at this fraction of each file", "X", NULL},
    {"utc-offset", 0, HCP_CLI_NUMBER, AT(utc_offset_h),
     "Standard time of the market day (-6, ERCOT; 1 for central Europe)", "HOURS", NULL},
    {"jobs", 0, HCP_CLI_FILE, AT(jobs),
     "Classifier: submissions with their priority, or a job trace with qos", "FILE", NULL},
    {"journal", 0, HCP_CLI_FILE, AT(journal),
     "Classifier: the submissions in this journal that asked for a priority", "DIR", NULL},
    {"split", 0, HCP_CLI_NUMBER, AT(split),
     "Classifier: fitted on this share of the submissions, judged on the later ones (0.5)", "X",
     NULL},
    {"out", 'o', HCP_CLI_FILE, AT(out), "Write the model here", "FILE", NULL},
    {"name", 0, HCP_CLI_STRING, AT(name), "Name of the model", "NAME", NULL},
    {"provenance", 0, HCP_CLI_STRING, AT(provenance), "Where the prices are from", "TEXT", NULL},
    {"date", 0, HCP_CLI_STRING, AT(date), "Date of the fit (today)", "DATE", NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};
static const options DEFAULTS = {.to = 1.0, .split = 0.5, .utc_offset_h = HCP_UTC_OFFSET_DEFAULT_H};

const hcp_cli_command HCP_CLI_FIT = {
    .name = "fit",
    .summary = "fit a price model to recorded markets, or a classifier to submissions",
    .groups = {{&OPTIONS, 0}},
    .size = sizeof(options),
    .defaults = &DEFAULTS,
    .run = run,
};
