/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp doctor`: what keeps the platform from running here, and what to do about it. */
#include "cli/doctor.h"

#include "base/json.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/style.h"
#include "http/api.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct {
    hcp_cli_settings settings;
    char *url;
    gboolean json;
} arguments;

static const char *const VERDICTS[] = {"ok", "warning", "failed"};

void hcp_cli_examination_add(hcp_cli_examination *examination, const char *check,
                             hcp_cli_verdict verdict, const char *remedy, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *detail = g_strdup_vprintf(format, values);
    va_end(values);
    json_t *finding = json_object();
    hcp_json_set_string(finding, "check", check);
    hcp_json_set_string(finding, "status", VERDICTS[verdict]);
    hcp_json_set_string(finding, "detail", detail);
    hcp_json_set_string(finding, "remedy", remedy);
    json_array_append_new(examination->findings, finding);
    examination->worst = MAX(examination->worst, verdict);
}

static void print_findings(const json_t *findings)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    size_t i;
    json_t *finding;
    json_array_foreach(findings, i, finding)
    {
        const char *status = hcp_json_string(finding, "status", "");
        const char *remedy = hcp_json_string(finding, "remedy", NULL);
        g_autofree char *detail = hcp_cli_clean(hcp_json_string(finding, "detail", ""));
        hcp_cli_tone tone = style.colour ? hcp_cli_tone_of(status) : HCP_CLI_PLAIN;
        printf("%s%-8s%s %-15s %s\n", hcp_cli_tone_start(tone), status,
               tone != HCP_CLI_PLAIN ? "\033[0m" : "", hcp_json_string(finding, "check", ""),
               detail);
        if (remedy != NULL)
            printf("%24s → %s\n", "", remedy);
    }
}

static void examine(hcp_cli_examination *e)
{
    static void (*const checks[])(hcp_cli_examination *) = {
        hcp_cli_doctor_directory, hcp_cli_doctor_disk,   hcp_cli_doctor_journal,
        hcp_cli_doctor_ports,     hcp_cli_doctor_limits, hcp_cli_doctor_clock,
        hcp_cli_doctor_daemon,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
        checks[i](e);
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_auto(hcp_config) config = {0};
    if (!hcp_cli_settings_load(&args->settings, &config)) {
        fputs("hcp doctor: correct that first; `hcp config show` prints a valid file\n", stderr);
        return HCP_EXIT_USAGE;
    }
    g_autofree char *directory = hcp_cli_data_directory(&config);
    const hcp_cli_client_options options = {.url = args->url, .port_offset = config.port_offset};
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("doctor", &options);
    g_autoptr(json_t) findings = json_array();
    hcp_cli_examination e = {
        .config = &config, .directory = directory, .client = client, .findings = findings};
    examine(&e);
    if (args->json) {
        g_autoptr(json_t) object = json_object();
        hcp_json_set_string(object, "status", VERDICTS[e.worst]);
        json_object_set(object, "findings", findings);
        hcp_cli_print_json(object);
    } else {
        print_findings(findings);
    }
    return e.worst == HCP_CLI_FAULT ? HCP_EXIT_FAILED : HCP_EXIT_OK;
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"url", 'u', HCP_CLI_STRING, AT(url), "Gateway to ask ($HCP_URL)", "URL", NULL},
    {"json", 'j', HCP_CLI_FLAG, AT(json), "Print JSON", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_DOCTOR = {
    .name = "doctor",
    .summary = "look for what keeps the platform from running here",
    .description = "Give it the options of `hcp serve`. Changes nothing. Exit status 1 when "
                   "something has to be put right first.",
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_SETTINGS_OPTIONS, AT(settings)}},
    .size = sizeof(arguments),
    .run = run,
};
