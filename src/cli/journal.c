/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hcp journal`: the log examined, printed and hashed without a daemon, and safely beside one: nothing is written and no
 * lock is taken.
 */
#include "journal/journal.h"
#include "base/error.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/settings.h"
#include "journal/sqlite.h"
#include "runtime/platform.h"
#include "runtime/projection.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    hcp_cli_settings settings;
    char *type;
    int from, to, limit;
    gboolean json;
} arguments;

static void print_json(json_t *object)
{
    g_autofree char *text = hcp_json_print_pretty(object);
    puts(text);
}

static char *hex(const uint8_t hash[HCP_JOURNAL_HASH_SIZE])
{
    GString *text = g_string_sized_new(2 * HCP_JOURNAL_HASH_SIZE);
    for (int i = 0; i < HCP_JOURNAL_HASH_SIZE; i++)
        g_string_append_printf(text, "%02x", hash[i]);
    return g_string_free(text, FALSE);
}

static void show_progress(void *data, uint64_t done, uint64_t total)
{
    hcp_cli_progress_show(data, done, total);
}

/* --- verify ---------------------------------------------------------------------------------------------------------- */

static json_t *report_json(const hcp_journal_report *report)
{
    json_t *findings = json_array();
    for (guint i = 0; i < report->findings->len; i++) {
        const hcp_journal_finding *finding = report->findings->pdata[i];
        json_t *item = json_object();
        json_object_set_new(item, "sequence",
                            finding->seq ? json_integer((json_int_t)finding->seq) : json_null());
        hcp_json_set_string(item, "what", finding->what);
        json_array_append_new(findings, item);
    }
    json_t *object = json_object();
    hcp_json_set_bool(object, "sound", report->findings->len == 0);
    hcp_json_set_int(object, "entries", (int64_t)report->n_entries);
    json_object_set_new(object, "first_bad_sequence",
                        report->first_bad_seq ? json_integer((json_int_t)report->first_bad_seq)
                                              : json_null());
    json_object_set_new(object, "findings", findings);
    return object;
}

static void print_report(const hcp_journal_report *report, const char *directory)
{
    if (report->findings->len == 0) {
        printf("%s: sound, %" G_GUINT64_FORMAT " entries; pages, chain, snapshots, acknowledged "
               "end and tables agree\n",
               directory, report->n_entries);
        return;
    }
    printf("%s: DAMAGED, %" G_GUINT64_FORMAT " entries looked at\n", directory, report->n_entries);
    for (guint i = 0; i < report->findings->len; i++)
        printf("  %s\n", ((const hcp_journal_finding *)report->findings->pdata[i])->what);
    if (report->findings->len == HCP_JOURNAL_MAX_FINDINGS)
        puts("  (there may be more)");
    if (report->first_bad_seq > 1)
        printf("Entries 1 to %" G_GUINT64_FORMAT " are good. Keep a copy of the directory before "
               "anything else.\n",
               report->first_bad_seq - 1);
    else
        puts("Keep a copy of the directory before anything else.");
}

static int verify(hcp_journal *journal, const arguments *args, const char *directory)
{
    g_autoptr(GError) error = NULL;
    g_auto(hcp_journal_report) report = {0};
    g_autoptr(hcp_core) core = hcp_core_new();
    hcp_cli_progress progress;
    hcp_cli_progress_init(&progress, "verifying");
    const hcp_journal_verify_options options = {
        .project = hcp_projection_project_entry,
        .project_data = core,
        .progress = show_progress,
        .progress_data = &progress,
    };
    bool examined = hcp_journal_verify(journal, &options, &report, &error);
    hcp_cli_progress_end(&progress);
    if (!examined) {
        fprintf(stderr, "hcp journal verify: %s\n", error->message);
        return HCP_EXIT_FAILED;
    }
    if (args->json) {
        g_autoptr(json_t) object = report_json(&report);
        print_json(object);
    } else {
        print_report(&report, directory);
    }
    return report.findings->len == 0 ? HCP_EXIT_OK : HCP_EXIT_FAILED;
}

/* --- dump ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    const arguments *args;
    int64_t printed;
} dumping;

static void dump_json(const hcp_journal_entry *entry)
{
    json_t *object = json_object();
    g_autofree char *hash = hex(entry->hash);
    json_t *payload = hcp_json_parse(entry->payload, entry->payload_size, NULL);
    hcp_json_set_int(object, "sequence", (int64_t)entry->seq);
    hcp_json_set_time(object, "time", entry->time_us);
    hcp_json_set_string(object, "type", entry->type);
    hcp_json_set_string(object, "actor", entry->actor);
    hcp_json_set_string(object, "trace_id", entry->trace_id);
    json_object_set_new(object, "data", payload ? payload : json_string(entry->payload));
    hcp_json_set_string(object, "hash", hash);
    g_autofree char *text = hcp_json_print(object, NULL);
    puts(text);
    json_decref(object);
}

static bool dump_entry(void *user_data, const hcp_journal_entry *entry)
{
    dumping *d = user_data;
    const arguments *args = d->args;
    if (args->to > 0 && entry->seq > (uint64_t)args->to)
        return false;
    if (args->type != NULL && !g_str_equal(args->type, entry->type))
        return true;
    if (args->json) {
        dump_json(entry);
    } else {
        char time[HCP_TIME_TEXT_SIZE];
        hcp_time_format(entry->time_us, time);
        printf("%8" G_GUINT64_FORMAT "  %s  %-20s %-10s %s\n", entry->seq, time, entry->type,
               entry->actor, entry->payload);
    }
    d->printed++;
    return !ferror(stdout) && (args->limit <= 0 || d->printed < args->limit);
}

static int dump(hcp_journal *journal, const arguments *args)
{
    g_autoptr(GError) error = NULL;
    dumping d = {.args = args};
    if (hcp_journal_read(journal, (uint64_t)MAX(args->from, 1), dump_entry, &d, &error))
        return HCP_EXIT_OK;
    fflush(stdout);
    fprintf(stderr, "hcp journal dump: %s\n", error->message);
    return HCP_EXIT_FAILED;
}

/* --- hash ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    hcp_core *core;
    uint64_t seq, last;
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
    hcp_cli_progress progress;
    GError *error;
} folding;

static bool fold(void *user_data, const hcp_journal_entry *entry)
{
    folding *f = user_data;
    hcp_event event;
    if (entry->seq > f->last)
        return false;
    if (!hcp_event_parse(entry->type, entry->time_us, entry->payload, entry->payload_size, &event,
                         &f->error))
        return false;
    bool applied = hcp_core_apply(f->core, &event, &f->error);
    hcp_event_clear(&event);
    f->seq = entry->seq;
    memcpy(f->hash, entry->hash, sizeof f->hash);
    hcp_cli_progress_show(&f->progress, f->seq, f->last);
    return applied;
}

/* From the first entry on: the hash then also says that the whole log still leads to this state. */
static int hash(hcp_journal *journal, const arguments *args)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_core) core = hcp_core_new();
    uint64_t end = hcp_journal_last(journal, NULL);
    folding f = {.core = core, .last = args->to > 0 ? MIN(end, (uint64_t)args->to) : end};
    hcp_cli_progress_init(&f.progress, "replaying");
    bool read = hcp_journal_read(journal, 1, fold, &f, &error);
    hcp_cli_progress_end(&f.progress);
    if (f.error != NULL)
        g_propagate_error(&error, f.error);
    if (!read || f.error != NULL) {
        fprintf(stderr, "hcp journal hash: after entry %" G_GUINT64_FORMAT ": %s\n", f.seq,
                error->message);
        return HCP_EXIT_FAILED;
    }
    g_autofree char *state = hcp_core_hash(core);
    g_autofree char *chain = hex(f.hash);
    if (args->json) {
        g_autoptr(json_t) object = json_object();
        hcp_json_set_int(object, "sequence", (int64_t)f.seq);
        hcp_json_set_string(object, "chain_hash", chain);
        hcp_json_set_string(object, "state_hash", state);
        print_json(object);
    } else {
        printf("entries %" G_GUINT64_FORMAT "\nchain   %s\nstate   %s\n", f.seq, chain, state);
    }
    return HCP_EXIT_OK;
}

/* --- the command ----------------------------------------------------------------------------------------------------- */

/* Damage found at open stops nobody here: verify reports it, and the others read up to it. */
static hcp_journal *open_unchecked(const char *directory, int *ret_status)
{
    g_autoptr(GError) error = NULL;
    hcp_journal *journal =
        hcp_journal_sqlite_open(&(hcp_journal_sqlite_options){.directory = directory,
                                                              .schema = &HCP_PROJECTION_SCHEMA,
                                                              .read_only = true,
                                                              .unchecked = true},
                                &error);
    if (journal != NULL)
        return journal;
    fprintf(stderr, "hcp journal: %s\n", error->message);
    bool absent = g_error_matches(error, HCP_ERROR, HCP_ERROR_NOT_FOUND);
    if (absent)
        fputs("hcp journal: --data DIR says where the journal is\n", stderr);
    *ret_status = absent ? HCP_EXIT_USAGE : HCP_EXIT_FAILED;
    return NULL;
}

static int run(const void *given, char **operands)
{
    const arguments *args = given;
    const char *verb = operands[0];
    g_auto(hcp_config) config = {0};
    bool verifies = g_str_equal(verb, "verify"), dumps = g_str_equal(verb, "dump");
    if (!verifies && !dumps && !g_str_equal(verb, "hash"))
        return hcp_cli_usage_error("journal", "\"%s\" is none of verify, dump and hash", verb);
    if (!hcp_cli_settings_load(&args->settings, &config))
        return HCP_EXIT_USAGE;
    g_autofree char *directory = hcp_cli_data_directory(&config);
    int status = HCP_EXIT_OK;
    g_autoptr(hcp_journal) journal = open_unchecked(directory, &status);
    if (journal == NULL)
        return status;
    if (verifies)
        return verify(journal, args, directory);
    return dumps ? dump(journal, args) : hash(journal, args);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"config", 'c', HCP_CLI_FILE, AT(settings.config_path), "Configuration file", "FILE", NULL},
    {"data", 'd', HCP_CLI_FILE, AT(settings.data), "Directory of the journal", "DIR", NULL},
    {"from", 0, HCP_CLI_INT, AT(from), "dump: first entry", "SEQ", NULL},
    {"to", 0, HCP_CLI_INT, AT(to), "dump, hash: last entry", "SEQ", NULL},
    {"type", 't', HCP_CLI_STRING, AT(type), "dump: only events of this type", "TYPE", NULL},
    {"limit", 'n', HCP_CLI_INT, AT(limit), "dump: at most this many", "N", NULL},
    {"json", 'j', HCP_CLI_FLAG, AT(json), "Print JSON; dump: one object a line", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_JOURNAL = {
    .name = "journal",
    .summary = "verify, print or hash the journal",
    .description =
        "verify  looks at every byte that matters and names the first bad entry; exit status 1 "
        "when there is damage\n"
        "dump    prints the entries\n"
        "hash    replays the journal and prints the hash of its chain and of the state it leads "
        "to\n\n"
        "Nothing is written, so it works beside a running daemon.",
    .operands = "verify|dump|hash",
    .verbs = "verify dump hash",
    .min_operands = 1,
    .max_operands = 1,
    .groups = {{&OPTIONS, 0}},
    .size = sizeof(arguments),
    .run = run,
};
