/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp submit`: every field of a submission as an option; with --wait or --follow it stays until the work runs or has
 * ended. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include "base/json.h"
#include "base/timefmt.h"
#include "base/units.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POLL_FIRST_US 50000
#define POLL_MOST_US 1000000

typedef struct {
    hcp_cli_client_options client;
    char *type, *name, *customer, *tier, *priority, *model, *gpu_type, *facility, *file, *key,
        *timeout, *deadline;
    int gpu_count;
    double gpu_fraction;
    double model_gb, max_latency_ms, duration_hours;
    gboolean wait, follow, deferrable;
} arguments;

/* --- the request ----------------------------------------------------------------------------------------------------- */

static void set_text(json_t *body, const char *key, const char *value)
{
    if (value != NULL)
        hcp_json_set_string(body, key, value);
}

/* 1 to 4 is a number in the API; every other spelling is text. */
static void set_priority(json_t *body, const char *value)
{
    if (value != NULL && strlen(value) == 1 && g_ascii_isdigit(value[0]))
        hcp_json_set_int(body, "priority", value[0] - '0');
    else
        set_text(body, "priority", value);
}

/* Zero is "not given": what the API wants is above zero, and it judges everything else. */
static void set_number(json_t *body, const char *key, double value)
{
    if (value != 0)
        hcp_json_set_number(body, key, value);
}

static void set_fields(json_t *body, const arguments *args)
{
    set_text(body, "workload_type", args->type);
    set_text(body, "name", args->name);
    set_text(body, "customer_id", args->customer);
    set_text(body, "customer_tier", args->tier);
    set_priority(body, args->priority);
    set_text(body, "model", args->model);
    set_text(body, "gpu_type", args->gpu_type);
    if (args->gpu_count != 0)
        hcp_json_set_int(body, "gpu_count", args->gpu_count);
    set_number(body, "gpu_fraction", args->gpu_fraction);
    set_text(body, "facility", args->facility);
    set_number(body, "model_gb", args->model_gb);
    set_number(body, "max_latency_ms", args->max_latency_ms);
    set_number(body, "duration_hours", args->duration_hours);
    set_text(body, "deadline", args->deadline);
    if (args->deferrable)
        hcp_json_set_bool(body, "deferrable", true);
}

static json_t *read_file(const char *path, GError **error)
{
    if (!g_str_equal(path, "-"))
        return hcp_json_parse_file(path, error);
    g_autoptr(GString) text = g_string_new(NULL);
    char bytes[4096];
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, stdin)) > 0;)
        g_string_append_len(text, bytes, (gssize)n);
    return hcp_json_parse(text->str, text->len, error);
}

/* The file's object with the options on top. NULL: it has been said why. */
static json_t *request_of(const arguments *args)
{
    g_autoptr(GError) error = NULL;
    json_t *body = args->file != NULL ? read_file(args->file, &error) : json_object();
    if (body == NULL)
        fprintf(stderr, "hcp submit: %s\n", error != NULL ? error->message : "out of memory");
    else
        set_fields(body, args);
    return body;
}

/* --- waiting --------------------------------------------------------------------------------------------------------- */

static const hcp_cli_column ACCEPTED[] = {
    {"workload", "workload_id", NULL, false, false, 0},
    {"status", "status", NULL, false, true, 0},
    {"priority", "priority", hcp_cli_format_priority, false, false, 0},
    {"queue position", "queue_position", NULL, false, false, 0},
    {"starts in", "eta", hcp_cli_format_eta, false, false, 0},
    {"rate USD/h", "quote.rate_usd_micro_per_h", hcp_cli_format_usd, false, false, 0},
    {"total USD", "quote.total_usd_micro", hcp_cli_format_usd, false, false, 0},
};
static const hcp_cli_table ACCEPTED_TABLE = {ACCEPTED, G_N_ELEMENTS(ACCEPTED)};

static const hcp_cli_column REACHED[] = {
    {"status", "status", NULL, false, true, 0},
    {"facility", "facility", NULL, false, false, 0},
    {"devices", "devices", NULL, false, false, 0},
    {"runtime", "runtime", NULL, false, false, 0},
    {"cost USD", "cost_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"reason", "reason", NULL, false, false, 0},
};
static const hcp_cli_table REACHED_TABLE = {REACHED, G_N_ELEMENTS(REACHED)};

static bool is_any_of(const char *status, const char *const *wanted)
{
    return g_strv_contains(wanted, status);
}

static bool is_reached(const arguments *args, const char *status)
{
    static const char *const ended[] = {"completed", "failed", "cancelled", NULL};
    return is_any_of(status, ended) || (!args->follow && g_str_equal(status, "running"));
}

static void show_waiting(const json_t *workload, int64_t waited_us)
{
    if (!isatty(STDERR_FILENO))
        return;
    g_autofree char *since = hcp_duration_format(waited_us);
    const char *why = hcp_json_string(workload, "wait_reason", NULL);
    fprintf(stderr, "\r\033[K%s for %s%s%s", hcp_json_string(workload, "status", ""), since,
            why != NULL ? ", waits for " : "", why != NULL ? why : "");
    fflush(stderr);
}

/* Asks again and again, less often as time goes by, until the work is where it is wanted or the time is up. */
static int wait_for(hcp_cli_client *client, const arguments *args, const char *workload,
                    int64_t timeout_us, json_t **ret_workload)
{
    static const char *const bad[] = {"failed", "cancelled", NULL};
    g_autofree char *path = hcp_cli_path_of("/api/v1/workloads/", workload, "");
    int64_t began_us = g_get_monotonic_time(), pause_us = POLL_FIRST_US;
    while (true) {
        json_t *body = NULL;
        int status = hcp_cli_client_get(client, path, &body);
        if (status != HCP_EXIT_OK)
            return status;
        const char *now = hcp_json_string(body, "status", "");
        int64_t waited_us = g_get_monotonic_time() - began_us;
        bool reached = is_reached(args, now);
        if (reached || (timeout_us > 0 && waited_us >= timeout_us)) {
            bool well = reached && !is_any_of(now, bad);
            if (!reached)
                fprintf(stderr, "\nhcp submit: still %s; `hcp explain %s` says why\n", now,
                        workload);
            *ret_workload = body;
            return well ? HCP_EXIT_OK : HCP_EXIT_FAILED;
        }
        show_waiting(body, waited_us);
        json_decref(body);
        g_usleep((gulong)pause_us);
        pause_us = MIN(2 * pause_us, (int64_t)POLL_MOST_US);
    }
}

static int stay(hcp_cli_client *client, const arguments *args, const char *workload,
                int64_t timeout_us)
{
    g_autoptr(json_t) reached = NULL;
    int status = wait_for(client, args, workload, timeout_us, &reached);
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    hcp_cli_style style = hcp_cli_style_of(stdout);
    if (reached != NULL && args->client.json)
        hcp_cli_print_json(reached);
    else if (reached != NULL)
        hcp_cli_table_print_object(&REACHED_TABLE, reached, &style);
    return status;
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    int64_t timeout_us = 0;
    g_autoptr(GError) error = NULL;
    if (args->timeout != NULL && !hcp_duration_parse(args->timeout, &timeout_us, &error))
        return hcp_cli_usage_error("submit", "--timeout: %s", error->message);
    if (args->type == NULL && args->file == NULL)
        return hcp_cli_usage_error("submit", "--type is needed: %s", HCP_CLI_WORKLOAD_TYPES);
    g_autoptr(json_t) body = request_of(args);
    if (body == NULL)
        return HCP_EXIT_USAGE;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("submit", &args->client);
    const hcp_cli_call call = {
        .path = "/api/v1/workloads", .body = body, .idempotency_key = args->key};
    g_autoptr(json_t) accepted = NULL;
    int status = hcp_cli_client_call(client, &call, &accepted);
    if (status != HCP_EXIT_OK)
        return status;
    bool stays = args->wait || args->follow;
    hcp_cli_style style = hcp_cli_style_of(stdout);
    if (!args->client.json)
        hcp_cli_table_print_object(&ACCEPTED_TABLE, accepted, &style);
    else if (!stays)
        hcp_cli_print_json(accepted);
    fflush(stdout);
    const char *workload = hcp_json_string(accepted, "workload_id", "");
    return stays ? stay(client, args, workload, timeout_us) : HCP_EXIT_OK;
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"type", 't', HCP_CLI_STRING, AT(type), "What kind of work", "TYPE", HCP_CLI_WORKLOAD_TYPES},
    {"gpu-type", 'g', HCP_CLI_STRING, AT(gpu_type), "Device class or family", "CLASS", NULL},
    {"gpu-count", 'n', HCP_CLI_INT, AT(gpu_count), "How many devices (1)", "N", NULL},
    {"gpu-fraction", 0, HCP_CLI_NUMBER, AT(gpu_fraction), "Part of one GPU that is enough, 0.5",
     "X", NULL},
    {"duration-hours", 'd', HCP_CLI_NUMBER, AT(duration_hours), "How long it runs", "H", NULL},
    {"priority", 'p', HCP_CLI_STRING, AT(priority), "In place of the classifier's", "1-4",
     "1 2 3 4 critical high medium low"},
    {"deadline", 0, HCP_CLI_STRING, AT(deadline), "It must be completed by then (RFC 3339)", "TIME",
     NULL},
    {"deferrable", 0, HCP_CLI_FLAG, AT(deferrable),
     "Its start may be put off to cheaper hours that keep the deadline", NULL, NULL},
    {"max-latency-ms", 0, HCP_CLI_NUMBER, AT(max_latency_ms), "Latency it needs", "MS", NULL},
    {"model", 'm', HCP_CLI_STRING, AT(model), "Model it runs", "NAME", NULL},
    {"model-gb", 0, HCP_CLI_NUMBER, AT(model_gb), "Size of the model's weights", "GB", NULL},
    {"name", 0, HCP_CLI_STRING, AT(name), "What people call it", "TEXT", NULL},
    {"customer", 'c', HCP_CLI_STRING, AT(customer), "Who pays", "CUSTOMER", NULL},
    {"customer-tier", 0, HCP_CLI_STRING, AT(tier), "In place of the customer's", "TIER", NULL},
    {"facility", 'f', HCP_CLI_STRING, AT(facility), "Only there", "FACILITY", NULL},
    {"file", 0, HCP_CLI_FILE, AT(file), "Submission as JSON (- is standard input); options win",
     "FILE", NULL},
    {"idempotency-key", 'k', HCP_CLI_STRING, AT(key),
     "Makes repeating the command safe: the same key is the same submission", "KEY", NULL},
    {"wait", 'w', HCP_CLI_FLAG, AT(wait), "Stay until it runs", NULL, NULL},
    {"follow", 0, HCP_CLI_FLAG, AT(follow), "Stay until it has ended", NULL, NULL},
    {"timeout", 0, HCP_CLI_STRING, AT(timeout), "Stay no longer than this, such as 10min",
     "DURATION", NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_SUBMIT = {
    .name = "submit",
    .summary = "submit a workload",
    .description =
        "It is durable when the command returns. With --wait or --follow the exit status "
        "is 1 when the work failed, was cancelled, or --timeout passed; the work itself "
        "is not touched.\n\n"
        "  hcp submit -t ai_inference_realtime -g H100 -n 4 -d 2 --wait",
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .run = run,
};
