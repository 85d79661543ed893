/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/log.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "journal/sqlite.h"
#include "journal/writer.h"
#include "runtime/daemon.h"
#include "runtime/projection.h"
#include "runtime/site.h"
#include "services/services.h"

#include <stdio.h>
#include <unistd.h>

/* Everything serve puts together, in order of construction; freed in reverse. */
typedef struct {
    const hcp_cli_settings *settings;
    hcp_config config;
    hcp_scenario scenario;
    hcp_clock clock;
    char *directory; /* of the journal */
    hcp_journal *journal;
    hcp_journal_writer *writer;
    hcp_daemon *daemon;
    hcp_services *services;
    int64_t started_us; /* monotonic */
} serve;

static void serve_clear(serve *s)
{
    hcp_services_free(s->services);
    /* The writer's last completions reach the daemon, so it goes first; then nothing waits any more. */
    hcp_journal_writer_free(s->writer);
    hcp_daemon_free(s->daemon);
    hcp_journal_close(s->journal);
    g_free(s->directory);
    hcp_scenario_clear(&s->scenario);
    hcp_config_clear(&s->config);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(serve, serve_clear)

static void set_log(const hcp_config *config)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int level = HCP_LOG_DEBUG; level <= HCP_LOG_ERROR; level++)
        if (g_str_equal(config->log_level, names[level]))
            hcp_log_set_level((hcp_log_level)level);
    hcp_log_set_human(isatty(STDERR_FILENO));
}

static bool reload(void *data, GError **error)
{
    serve *s = data;
    g_auto(hcp_config) fresh = {0};
    g_auto(hcp_scenario) scenario = {0};
    g_autoptr(json_t) tree = hcp_cli_settings_tree(s->settings, error);
    if (tree == NULL || !hcp_config_from_tree(tree, &fresh, error) ||
        !hcp_scenario_load(s->config.scenario, &fresh.scheduling, &scenario, error))
        return false;
    set_log(&fresh);
    return hcp_site_bootstrap(hcp_daemon_platform(s->daemon), &scenario, error);
}

/* Platform time must not fall behind what the journal has seen; a slowed or hastened clock continues where it was. */
static bool start_clock(serve *s, int64_t *ret_began_us, GError **error)
{
    if (!hcp_site_began(s->journal, ret_began_us, error))
        return false;
    uint64_t seq = 0;
    g_autoptr(hcp_core) core = hcp_platform_replay(s->journal, &seq, error);
    if (core == NULL)
        return false;
    int64_t last_us = hcp_core_state(core)->now_us;
    int64_t real_us = s->config.speed == 1 ? MAX(g_get_real_time(), last_us) : last_us;
    hcp_clock_init_real(&s->clock, real_us, s->config.speed);
    if (*ret_began_us == 0)
        *ret_began_us = hcp_clock_now(&s->clock);
    return true;
}

static bool open_journal(serve *s, GError **error)
{
    s->directory = hcp_cli_data_directory(&s->config);
    s->journal = hcp_journal_sqlite_open(
        &(hcp_journal_sqlite_options){.directory = s->directory, .schema = &HCP_PROJECTION_SCHEMA},
        error);
    if (s->journal == NULL)
        return false;
    if (hcp_journal_needs_rebuild(s->journal) && !hcp_projection_rebuild(s->journal, error))
        return false;
    s->writer = hcp_journal_writer_new(
        s->journal, &(hcp_journal_writer_options){.priority = G_PRIORITY_DEFAULT});
    return true;
}

static uint32_t services_of(const hcp_config *config)
{
    uint32_t bits = 0;
    for (char **name = config->services; *name != NULL; name++) {
        hcp_service service;
        if (hcp_service_parse(*name, &service))
            bits |= HCP_SERVICE_BIT(service);
    }
    if (bits != 0)
        return bits;
    return HCP_SERVICE_BIT(HCP_SERVICE_GATEWAY) | HCP_SERVICE_BIT(HCP_SERVICE_ORCHESTRATOR) |
           HCP_SERVICE_BIT(HCP_SERVICE_OPTIMIZER) | HCP_SERVICE_BIT(HCP_SERVICE_ROUTER) |
           HCP_SERVICE_BIT(HCP_SERVICE_RESOURCES) | HCP_SERVICE_BIT(HCP_SERVICE_SIMULATOR);
}

static bool start_daemon(serve *s, int64_t began_us, GError **error)
{
    hcp_daemon_options options = {
        .world = {.scenario = s->config.scenario,
                  .seed = s->config.seed,
                  .speed = s->config.speed,
                  .directory = s->directory},
        .address = s->config.address,
        .port_offset = s->config.port_offset,
        .services = services_of(&s->config),
        .cors_origins = (const char *const *)s->config.cors_origins,
        .reload = reload,
        .reload_data = s,
    };
    if (!hcp_site_platform_options(&s->config, &options.platform, error) ||
        !hcp_whatif_model_of(&s->config, &options.world.whatif, error))
        return false;
    options.platform.clock = &s->clock;
    options.platform.journal = s->journal;
    options.platform.writer = s->writer;
    options.platform.project = hcp_projection_project;
    s->daemon = hcp_daemon_new(&options, error);
    if (s->daemon == NULL)
        return false;
    hcp_platform *platform = hcp_daemon_platform(s->daemon);
    const hcp_site_options site = {
        .config = &s->config, .scenario = &s->scenario, .start_us = began_us};
    if (!hcp_site_bootstrap(platform, &s->scenario, error) ||
        !hcp_site_attach(platform, &site, error))
        return false;
    s->services = hcp_services_new(s->daemon, error);
    return s->services != NULL && hcp_daemon_listen(s->daemon, error);
}

static void announce(const serve *s)
{
    const hcp_state *state = hcp_platform_state(hcp_daemon_platform(s->daemon));
    double ready_ms = (double)(g_get_monotonic_time() - s->started_us) / HCP_US_PER_MS;
    printf("%s: %u facilities, %u devices, %u customers. Ready in %.0f ms.\n", s->scenario.title,
           state->fleet.facilities->len, state->fleet.n_devices, state->fleet.customers->len,
           ready_ms);
    for (int service = 0; service < HCP_SERVICES; service++) {
        int port = hcp_daemon_port(s->daemon, (hcp_service)service);
        if (port != 0)
            printf("  %-14s http://%s:%d%s\n", hcp_service_name((hcp_service)service),
                   s->config.address, port,
                   service == HCP_SERVICE_GATEWAY ? "   (whole API; /docs)" : "");
    }
    puts("Devices, market and arrivals are simulated. Stop with Ctrl-C.");
    fflush(stdout);
}

static int run(const void *arguments, char **operands)
{
    (void)operands;
    g_auto(serve) s = {.settings = arguments, .started_us = g_get_monotonic_time()};
    g_autoptr(GError) error = NULL;
    if (!hcp_cli_settings_load(s.settings, &s.config))
        return HCP_EXIT_USAGE;
    set_log(&s.config);
    int64_t began_us = 0;
    if (!hcp_scenario_load(s.config.scenario, &s.config.scheduling, &s.scenario, &error)) {
        fprintf(stderr, "hcp serve: %s\n", error->message);
        return HCP_EXIT_USAGE;
    }
    if (!open_journal(&s, &error) || !start_clock(&s, &began_us, &error) ||
        !start_daemon(&s, began_us, &error)) {
        fprintf(stderr, "hcp serve: %s\n", error->message);
        return g_error_matches(error, HCP_ERROR, HCP_ERROR_BUSY) ? HCP_EXIT_UNAVAILABLE
                                                                 : HCP_EXIT_FAILED;
    }
    announce(&s);
    return hcp_daemon_run(s.daemon);
}

const hcp_cli_command HCP_CLI_SERVE = {
    .name = "serve",
    .summary = "run the platform and its services",
    .description = "Runs until SIGTERM or Ctrl-C, which stop it cleanly; SIGHUP reads the "
                   "configuration again once all of it is valid.",
    .groups = {{&HCP_CLI_SETTINGS_OPTIONS, 0}},
    .size = sizeof(hcp_cli_settings),
    .run = run,
};
