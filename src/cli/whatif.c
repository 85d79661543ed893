/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp whatif`: a stored period run again with something changed. Nothing is written, so it works beside a daemon. */
#include "cli/whatif.h"

#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/settings.h"
#include "http/api.h"
#include "journal/sqlite.h"
#include "runtime/projection.h"

#include <stdio.h>

typedef struct {
    hcp_cli_settings settings;
    hcp_cli_whatif_asked asked;
    gboolean json;
} arguments;

static bool show_progress(void *data, const char *stage, double done)
{
    hcp_cli_progress_share(data, stage, done);
    return true;
}

/* The contract's own check, so that a question is the same here and over HTTP. */
static bool check(const json_t *question, GError **error)
{
    const hcp_schema *schema = NULL;
    for (int i = 0; i < HCP_API.n_operations; i++)
        if (g_str_equal(HCP_API.operations[i].id, "askWhatIf"))
            schema = HCP_API.operations[i].body;
    g_assert(schema != NULL);
    g_autoptr(GPtrArray) violations = hcp_schema_check(schema, question);
    if (violations == NULL)
        return true;
    const hcp_schema_violation *first = violations->pdata[0];
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: %s", first->pointer + 1, first->message);
    return false;
}

static bool answer(const arguments *args, const hcp_config *config, hcp_journal *journal,
                   hcp_whatif_answer *ret_answer, GError **error)
{
    g_auto(hcp_whatif_question) question = {0};
    hcp_whatif_model model;
    g_autoptr(json_t) asked = hcp_cli_whatif_question(&args->asked, error);
    if (asked == NULL || !check(asked, error) ||
        !hcp_whatif_question_parse(asked, &question, error) ||
        !hcp_whatif_model_of(config, &model, error))
        return false;
    hcp_cli_progress progress;
    hcp_cli_progress_init(&progress, "what if");
    bool done = hcp_whatif_run(&(hcp_whatif_options){.journal = journal,
                                                     .model = &model,
                                                     .question = &question,
                                                     .progress = show_progress,
                                                     .progress_data = &progress},
                               ret_answer, error);
    hcp_cli_progress_end(&progress);
    return done;
}

static void print(const arguments *args, const hcp_whatif_answer *a)
{
    if (!args->json) {
        hcp_cli_whatif_print(a);
        return;
    }
    g_autoptr(json_t) object = hcp_whatif_answer_json(a);
    g_autofree char *text = hcp_json_print_pretty(object);
    puts(text);
}

/* What is wrong with the question, the journal's absence included, is the user's to mend. */
static int complain(const GError *error)
{
    fprintf(stderr, "hcp whatif: %s\n", error->message);
    bool absent = g_error_matches(error, HCP_ERROR, HCP_ERROR_NOT_FOUND);
    return absent || g_error_matches(error, HCP_ERROR, HCP_ERROR_INVALID) ? HCP_EXIT_USAGE
                                                                          : HCP_EXIT_FAILED;
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_auto(hcp_config) config = {0};
    g_auto(hcp_whatif_answer) a = {0};
    g_autoptr(GError) error = NULL;
    if (!hcp_cli_settings_load(&args->settings, &config))
        return HCP_EXIT_USAGE;
    g_autofree char *directory = hcp_cli_data_directory(&config);
    g_autoptr(hcp_journal) journal = hcp_journal_sqlite_open(
        &(hcp_journal_sqlite_options){
            .directory = directory, .schema = &HCP_PROJECTION_SCHEMA, .read_only = true},
        &error);
    if (journal == NULL) {
        int status = complain(error);
        if (g_error_matches(error, HCP_ERROR, HCP_ERROR_NOT_FOUND))
            fputs("hcp whatif: --data DIR says where the journal is\n", stderr);
        return status;
    }
    if (!answer(args, &config, journal, &a, &error))
        return complain(error);
    print(args, &a);
    return HCP_EXIT_OK;
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"config", 'c', HCP_CLI_FILE, AT(settings.config_path), "Configuration file", "FILE", NULL},
    {"data", 'd', HCP_CLI_FILE, AT(settings.data), "Directory of the journal", "DIR", NULL},
    {"from", 0, HCP_CLI_STRING, AT(asked.from),
     "Start: RFC 3339, or -24h before the last entry (all that is stored)", "TIME", NULL},
    {"to", 0, HCP_CLI_STRING, AT(asked.to), "End, not included (the last entry)", "TIME", NULL},
    {"policy", 0, HCP_CLI_STRING, AT(asked.policy), "Another dispatch policy", "NAME",
     "threshold band lcp mpc hcp mine rest"},
    {"electricity", 0, HCP_CLI_STRING, AT(asked.electricity),
     "Electricity, USD/MWh: scale=F, shift=A, fixed=V or replay=FILE", "CHANGE",
     "scale= shift= fixed= replay="},
    {"btc", 0, HCP_CLI_STRING, AT(asked.btc), "Bitcoin, USD; the hashprice follows", "CHANGE",
     "scale= shift= fixed= replay="},
    {"hashprice", 0, HCP_CLI_STRING, AT(asked.hashprice), "Hashprice, USD/(PH/s day)", "CHANGE",
     "scale= shift= fixed="},
    {"cap", 0, HCP_CLI_LIST, AT(asked.caps), "Power cap of a facility; may be repeated",
     "FACILITY=MW", NULL},
    {"fleet", 0, HCP_CLI_LIST, AT(asked.fleets),
     "More, fewer or as many devices of a class; may be repeated", "FACILITY/CLASS=+N|-N|N", NULL},
    {"threshold", 0, HCP_CLI_NUMBER, AT(asked.threshold), "Another switching threshold (1.1)",
     "RATIO", NULL},
    {"dwell", 0, HCP_CLI_STRING, AT(asked.dwell), "Another least time between moves (5min)",
     "DURATION", NULL},
    {"json", 'j', HCP_CLI_FLAG, AT(json), "Print JSON", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_WHATIF = {
    .name = "whatif",
    .summary = "run a stored period again with something changed",
    .description =
        "Prices, submissions, failures and orders of the period happen again when they did; what "
        "the platform decided is decided anew, on simulated devices. The table has what happened, "
        "the rerun without a change, and the rerun with the changes.\n\n"
        "Nothing is written, so it works beside a running daemon.",
    .groups = {{&OPTIONS, 0}},
    .size = sizeof(arguments),
    .run = run,
};
