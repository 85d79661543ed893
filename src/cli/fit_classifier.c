/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fit_classifier.h"

#include "base/csv.h"
#include "base/error.h"
#include "base/units.h"
#include "core/core.h"
#include "economics/classifier/model_json.h"
#include "journal/sqlite.h"
#include "runtime/classify.h"
#include "runtime/projection.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A submission with the time it came at. */
typedef struct {
    double at;
    hcp_classifier_example example;
} submission;

static int rules_of(const hcp_classify_features *features)
{
    hcp_classification rules;
    hcp_classify(features, &rules);
    return (int)rules.priority - HCP_PRIORITY_P1;
}

/* --- a table --------------------------------------------------------------------------------------------------------- */

/* Columns; -1 = absent. A job trace calls some of them otherwise. */
typedef struct {
    int arrival, type, tier, latency, gpus, duration, share, milli, priority, qos;
} columns;

static columns find_columns(const hcp_csv *csv)
{
    int gpus = hcp_csv_column(csv, "gpu_count");
    return (columns){
        .arrival = hcp_csv_column(csv, "arrival_s"),
        .type = hcp_csv_column(csv, "workload_type"),
        .tier = hcp_csv_column(csv, "customer_tier"),
        .latency = hcp_csv_column(csv, "max_latency_ms"),
        .gpus = gpus >= 0 ? gpus : hcp_csv_column(csv, "num_gpu"),
        .duration = hcp_csv_column(csv, "duration_hours"),
        .share = hcp_csv_column(csv, "model_share"),
        .milli = hcp_csv_column(csv, "gpu_milli"),
        .priority = hcp_csv_column(csv, "priority"),
        .qos = hcp_csv_column(csv, "qos"),
    };
}

/* Latency-sensitive work is P1, best-effort work P3. What a container platform calls burstable or guaranteed is about its
 * reservation and says nothing of urgency. */
static int label_of(const hcp_csv *csv, const columns *c)
{
    double priority = NAN;
    if (hcp_csv_number(csv, c->priority, &priority))
        return priority >= 1 && priority <= HCP_CLASSIFIER_CLASSES && priority == floor(priority)
                   ? (int)priority - 1
                   : -1;
    const char *qos = hcp_csv_text(csv, c->qos);
    return g_str_equal(qos, "LS") ? 0 : g_str_equal(qos, "BE") ? 2 : -1;
}

/* A number above zero, NaN otherwise: zero is "none asked". */
static double stated(const hcp_csv *csv, int column)
{
    double value = NAN;
    (void)(column >= 0 && hcp_csv_number(csv, column, &value));
    return value > 0 && isfinite(value) ? value : NAN;
}

static hcp_classify_features features_of(const hcp_classifier_input *input, int kind,
                                         const char *tier)
{
    const double *value = input->value;
    double latency_ms = value[HCP_CLASSIFIER_LATENCY_MS], gpus = value[HCP_CLASSIFIER_GPUS];
    double hours = value[HCP_CLASSIFIER_DURATION_H];
    return (hcp_classify_features){
        .kind = (hcp_workload_kind)kind,
        .max_latency_us = isnan(latency_ms) ? 0 : llround(MIN(latency_ms, 1e9) * HCP_US_PER_MS),
        .devices = isnan(gpus) ? 1 : (uint32_t)MIN(gpus, HCP_MAX_GANG),
        .duration_us = isnan(hours) ? 0 : llround(MIN(hours, 1e6) * (double)HCP_US_PER_H),
        .tier = tier,
    };
}

static submission read_row(const hcp_csv *csv, const columns *c, int label)
{
    submission s = {.at = 0, .example = {HCP_CLASSIFIER_NOTHING, label, -1}};
    double *value = s.example.input.value;
    const char *type = hcp_csv_text(csv, c->type), *tier = hcp_csv_text(csv, c->tier);
    int kind = hcp_enum_value(&HCP_WORKLOAD_KIND_NAMES, type);
    (void)(c->arrival >= 0 && hcp_csv_number(csv, c->arrival, &s.at));
    value[HCP_CLASSIFIER_TYPE] = hcp_classifier_category(HCP_CLASSIFIER_TYPE, type);
    value[HCP_CLASSIFIER_TIER] = hcp_classifier_category(HCP_CLASSIFIER_TIER, tier);
    value[HCP_CLASSIFIER_LATENCY_MS] = stated(csv, c->latency);
    value[HCP_CLASSIFIER_GPUS] = stated(csv, c->gpus);
    value[HCP_CLASSIFIER_DURATION_H] = stated(csv, c->duration);
    value[HCP_CLASSIFIER_MODEL_SHARE] =
        c->share >= 0 ? stated(csv, c->share) : stated(csv, c->milli) / 1000;
    if (kind >= 0) {
        const hcp_classify_features features = features_of(&s.example.input, kind, tier);
        s.example.rules = rules_of(&features);
    }
    return s;
}

static bool read_jobs(const char *path, GArray *submissions, GError **error)
{
    g_autoptr(hcp_csv) csv = hcp_csv_open(path, error);
    if (csv == NULL)
        return false;
    columns c = find_columns(csv);
    if (c.priority < 0 && c.qos < 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "%s: it needs a column \"priority\" (1 to 4) or \"qos\" (LS, BE)", path);
        return false;
    }
    GError *cause = NULL;
    while (hcp_csv_next(csv, &cause)) {
        int label = label_of(csv, &c);
        if (label < 0)
            continue;
        submission s = read_row(csv, &c, label);
        g_array_append_val(submissions, s);
    }
    if (cause != NULL)
        g_propagate_error(error, cause);
    return cause == NULL;
}

/* --- a journal ------------------------------------------------------------------------------------------------------- */

typedef struct {
    hcp_core *core;
    GArray *submissions;
    GError *error;
} folding;

static void take_workload(folding *f, const hcp_event *event)
{
    const hcp_workload_accepted *def = &event->workload_accepted;
    if (g_strcmp0(def->classified_by, HCP_CLASSIFIED_AS_REQUESTED) != 0)
        return; /* what rules or a model said is nobody's judgement */
    const hcp_classify_features features = {
        .kind = def->kind,
        .max_latency_us = def->max_latency_us,
        .devices = def->count,
        .duration_us = def->duration_us,
        .tier = def->tier,
    };
    submission s = {
        .at = (double)event->time_us,
        .example = {hcp_classify_input_of(hcp_core_state(f->core), &features, def->model_bytes,
                                          def->classes),
                    (int)def->priority - HCP_PRIORITY_P1, rules_of(&features)},
    };
    g_array_append_val(f->submissions, s);
}

static bool fold(void *user_data, const hcp_journal_entry *entry)
{
    folding *f = user_data;
    hcp_event event;
    if (!hcp_event_parse(entry->type, entry->time_us, entry->payload, entry->payload_size, &event,
                         &f->error))
        return false;
    if (event.type == HCP_EVENT_WORKLOAD_ACCEPTED)
        take_workload(f, &event);
    bool applied = hcp_core_apply(f->core, &event, &f->error);
    hcp_event_clear(&event);
    return applied;
}

static bool read_journal(const char *directory, GArray *submissions, GError **error)
{
    g_autoptr(hcp_journal) journal =
        hcp_journal_sqlite_open(&(hcp_journal_sqlite_options){.directory = directory,
                                                              .schema = &HCP_PROJECTION_SCHEMA,
                                                              .read_only = true,
                                                              .unchecked = true},
                                error);
    if (journal == NULL)
        return false;
    g_autoptr(hcp_core) core = hcp_core_new();
    folding f = {.core = core, .submissions = submissions};
    bool read = hcp_journal_read(journal, 1, fold, &f, error);
    if (f.error != NULL)
        g_propagate_error(read ? error : NULL, f.error);
    return read && f.error == NULL;
}

/* --- fit and report -------------------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    double left = ((const submission *)a)->at, right = ((const submission *)b)->at;
    return (left > right) - (left < right);
}

static void print_score(FILE *to, const char *who, const hcp_classifier_score *score)
{
    fprintf(to, "%-26s %8.2f %9.4f %7.4f\n", who, 100 * score->accuracy, score->log_loss,
            score->brier);
}

static void report(FILE *to, const hcp_classifier_model *model, size_t n_fitted)
{
    const hcp_classifier_judgement *j = &model->held_out;
    const char *silence = hcp_classifier_silence(model);
    fprintf(to, "fitted on %zu submissions, judged on the %u after them; %zu nodes\n\n", n_fitted,
            j->n, model->n_nodes);
    fprintf(to, "%-26s %8s %9s %7s\n", "", "right %", "log loss", "Brier");
    print_score(to, "model", &j->model);
    if (j->has_rules)
        print_score(to, "rules", &j->rules);
    print_score(to, "commonest of the fit", &j->majority);
    fprintf(to, "%-26s %8.2f\n", "best constant, hindsight", 100 * j->constant);
    fprintf(to, "\nmargin of at least %.2f: %u of %u, right %.2f %%", model->min_margin, j->spoken,
            j->n, 100 * j->spoken_right);
    if (j->has_rules)
        fprintf(to, "; the rules on those %.2f %%, lead %.1f standard errors",
                100 * j->spoken_rules, j->z);
    fprintf(to, "\n\n%8s %8s %8s\n", "answers", "stated", "right");
    for (int b = 0; b < HCP_CLASSIFIER_BUCKETS; b++)
        if (j->buckets[b].n > 0)
            fprintf(to, "%8u %7.1f%% %7.1f%%\n", j->buckets[b].n, 100 * j->buckets[b].stated,
                    100 * j->buckets[b].right);
    if (silence == NULL)
        fprintf(to, "\non: it decides where its margin is at least %.2f\n", model->min_margin);
    else
        fprintf(to, "\noff: %s\n", silence);
}

static bool write_model(const hcp_cli_classifier_fit *options, hcp_classifier_owned *owned,
                        GError **error)
{
    owned->model.version = 1;
    owned->model.name = options->name != NULL ? options->name : "fitted";
    owned->model.provenance = options->provenance != NULL ? options->provenance : "not stated";
    owned->model.fitted = options->date;
    g_autoptr(json_t) object = hcp_classifier_to_json(&owned->model);
    g_autofree char *text = hcp_json_print_pretty(object);
    g_autofree char *file = g_strconcat(text, "\n", NULL);
    if (options->out != NULL)
        return g_file_set_contents(options->out, file, -1, error);
    fputs(file, stdout);
    return true;
}

bool hcp_cli_fit_classifier(const hcp_cli_classifier_fit *options, GError **error)
{
    g_autoptr(GArray) submissions = g_array_new(FALSE, FALSE, sizeof(submission));
    bool read = options->jobs != NULL ? read_jobs(options->jobs, submissions, error)
                                      : read_journal(options->journal, submissions, error);
    if (!read)
        return false;
    size_t n = submissions->len, n_fitted = (size_t)(options->split * (double)n);
    if (n_fitted == 0 || n_fitted == n) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "%zu submissions have a priority that somebody gave; it takes at least two, "
                    "and --split must leave some on both sides",
                    n);
        return false;
    }
    g_array_sort(submissions, by_time);
    g_autofree hcp_classifier_example *examples = g_new(hcp_classifier_example, n);
    for (size_t i = 0; i < n; i++)
        examples[i] = g_array_index(submissions, submission, i).example;
    g_autoptr(hcp_classifier_owned) owned =
        hcp_classifier_fit(examples, n_fitted, &HCP_CLASSIFIER_FIT_DEFAULTS);
    owned->model.held_out =
        hcp_classifier_judge(&owned->model, examples, n_fitted, examples + n_fitted, n - n_fitted);
    report(options->out != NULL ? stdout : stderr, &owned->model, n_fitted);
    return write_model(options, owned, error);
}
