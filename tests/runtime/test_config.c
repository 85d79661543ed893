/* SPDX-License-Identifier: Apache-2.0 */
/* What people write: every problem at once, with file and line, and nothing taken over from a bad file. */
#include "base/error.h"
#include "base/units.h"
#include "runtime/config.h"
#include "runtime/scenario.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

static char *write_file(const char *text)
{
    g_autoptr(GError) error = NULL;
    char *path = NULL;
    int fd = g_file_open_tmp("hcp-config-XXXXXX", &path, &error);
    g_assert_no_error(error);
    g_assert_true(g_close(fd, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, &error));
    return path;
}

static void test_defaults(void)
{
    g_auto(hcp_config) config = {0};
    g_autoptr(GError) error = NULL;
    g_assert_true(hcp_config_load(NULL, &config, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(config.scenario, ==, "demo");
    g_assert_cmpstr(config.address, ==, "127.0.0.1");
    g_assert_cmpint(config.scheduling.max_wait_p1_us, ==, 100 * HCP_US_PER_MS);
    g_assert_cmpint(config.scheduling.max_wait_p3_us, ==, 30 * HCP_US_PER_MIN);
    g_assert_cmpfloat(config.threshold, ==, 1.1);
    g_assert_cmpstr(config.policy, ==, "hcp");
    g_assert_true(config.scheduling.own_price);
    g_assert_cmpint(config.scheduling.pool_fee_ppm, ==, 10000);
}

static void test_empty_file_is_valid(void)
{
    g_autofree char *path = write_file("# nothing but a comment\n");
    g_auto(hcp_config) config = {0};
    g_autoptr(GError) error = NULL;
    g_assert_true(hcp_config_load(path, &config, &error));
    g_assert_no_error(error);
    g_unlink(path);
}

static void test_all_problems_at_once(void)
{
    g_autofree char *path = write_file("speed: -1\n"
                                       "dispatch:\n"
                                       "  interval: soon\n"
                                       "  polcy: threshold\n"
                                       "port_offset: many\n");
    g_auto(hcp_config) config = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(hcp_config_load(path, &config, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
    const char *const expected[] = {":1: /speed", ":3: /dispatch/interval", ":4: /dispatch/polcy",
                                    "policy", ":5: /port_offset"};
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_nonnull(strstr(error->message, expected[i]));
    g_assert_null(config.scenario);
    g_unlink(path);
}

static void test_weights_must_sum(void)
{
    g_autofree char *path =
        write_file("speed: 1\nscheduling:\n  score_weights:\n    thermal: 99\n");
    g_auto(hcp_config) config = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(hcp_config_load(path, &config, &error));
    g_autofree char *expected =
        g_strdup_printf("%s:3: /scheduling/score_weights: efficiency, utilisation, thermal and "
                        "network sum to 164; they must sum to 100",
                        path);
    g_assert_cmpstr(error->message, ==, expected);
    g_unlink(path);
}

static void test_command_line(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) tree = hcp_config_tree(NULL, &error);
    g_assert_no_error(error);
    g_assert_true(hcp_config_set(tree, "dispatch.pool_fee", "0.02", &error));
    g_assert_true(hcp_config_set(tree, "dispatch.billed_at", "price_in_force", &error));
    g_assert_true(
        hcp_config_set(tree, "scenario", "2024", &error)); /* text, though it looks like a number */
    g_auto(hcp_config) config = {0};
    g_assert_true(hcp_config_from_tree(tree, &config, &error));
    g_assert_cmpint(config.scheduling.pool_fee_ppm, ==, 20000);
    g_assert_false(config.scheduling.own_price);
    g_assert_cmpstr(config.scenario, ==, "2024");
    g_assert_true(hcp_config_set(tree, "scheduling.score_weights.thermal", "40", &error));
    g_assert_false(hcp_config_from_tree(tree, &(hcp_config){0}, &error));
    g_assert_true(g_str_has_prefix(error->message, "command line: /scheduling/score_weights"));
    g_clear_error(&error);
    g_assert_false(hcp_config_set(tree, "dispatch.nothing", "1", &error));
    g_assert_nonnull(strstr(error->message, "dispatch.nothing"));
    g_clear_error(&error);
    g_assert_false(hcp_config_set(tree, "speed", "fast", &error));
    g_assert_nonnull(strstr(error->message, "/speed"));
}

/* What a fast clock makes of the time that a disk takes is no reason to give a device up. */
static void test_deadlines_follow_preset_and_speed(void)
{
    static const struct {
        const char *speed, *preset;
        int64_t gpu_s, asic_s, cold_s;
    } rows[] = {
        {"1", "timeline-a", 30, 60, 9},
        {"0.5", "physical", 30, 60, 54},
        {"10", "phases-400", 50, 60, 9},
        {"1000", "physical", 5000, 5000, 54},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(json_t) tree = hcp_config_tree(NULL, NULL);
        g_auto(hcp_config) config = {0};
        g_assert_true(hcp_config_set(tree, "speed", rows[i].speed, NULL));
        g_assert_true(hcp_config_set(tree, "switching.preset", rows[i].preset, NULL));
        g_assert_true(hcp_config_from_tree(tree, &config, NULL));
        const hcp_settings *settings = &config.scheduling;
        g_assert_cmpint(settings->gpu_phase_deadline_us, ==, rows[i].gpu_s * HCP_US_PER_S);
        g_assert_cmpint(settings->asic_phase_deadline_us, ==, rows[i].asic_s * HCP_US_PER_S);
        g_assert_cmpint(settings->cold_start_us, ==, rows[i].cold_s * HCP_US_PER_S);
    }
}

static bool parse(const char *text, hcp_scenario *scenario, GError **error)
{
    g_auto(hcp_config) config = {0};
    g_assert_true(hcp_config_load(NULL, &config, NULL));
    return hcp_scenario_parse(text, strlen(text), "test.yaml", &config.scheduling, scenario, error);
}

static void count_devices(const hcp_scenario *scenario, uint32_t *ret_gpus, uint32_t *ret_asics,
                          int64_t *ret_cap_w)
{
    GArray *kinds = g_array_new(FALSE, FALSE, sizeof(hcp_device_kind));
    *ret_gpus = *ret_asics = 0;
    *ret_cap_w = 0;
    for (guint i = 0; i < scenario->definitions->len; i++) {
        const hcp_event *event = &g_array_index(scenario->definitions, hcp_event, i);
        if (event->type == HCP_EVENT_CLASS_DEFINED)
            g_array_append_val(kinds, event->class_defined.kind);
        if (event->type == HCP_EVENT_FACILITY_DEFINED)
            *ret_cap_w += event->facility_defined.cap_w;
        if (event->type != HCP_EVENT_DEVICES_REGISTERED)
            continue;
        hcp_device_kind kind =
            g_array_index(kinds, hcp_device_kind, event->devices_registered.class_ix);
        if (kind == HCP_DEVICE_GPU)
            *ret_gpus += event->devices_registered.count;
        if (kind == HCP_DEVICE_ASIC)
            *ret_asics += event->devices_registered.count;
    }
    g_array_unref(kinds);
}

static void test_built_in_scenarios(void)
{
    static const struct {
        const char *name;
        uint32_t gpus, asics;
        int64_t cap_mw;
    } rows[] = {{"dev", 10, 50, 0},
                {"demo", 10248, 20000, 78},
                {"guide", 1152, 38000, 225},
                {"scale", 10000, 100000, 1000}};
    g_auto(hcp_config) config = {0};
    g_assert_true(hcp_config_load(NULL, &config, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(hcp_scenario) scenario = {0};
        g_autoptr(GError) error = NULL;
        uint32_t gpus, asics;
        int64_t cap_w;
        g_assert_true(hcp_scenario_load(rows[i].name, &config.scheduling, &scenario, &error));
        g_assert_no_error(error);
        count_devices(&scenario, &gpus, &asics, &cap_w);
        g_assert_cmpuint(gpus, ==, rows[i].gpus);
        g_assert_cmpuint(asics, ==, rows[i].asics);
        g_assert_cmpint(cap_w / HCP_W_PER_MW, ==, rows[i].cap_mw);
    }
    g_auto(GStrv) names = hcp_scenario_names();
    g_assert_cmpuint(g_strv_length(names), ==, G_N_ELEMENTS(rows));
}

static void test_scenario_problems(void)
{
    g_auto(hcp_scenario) scenario = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(parse("title: T\n"
                         "default_customer: nobody\n"
                         "facilities:\n"
                         "  - {key: a, name: A, cap_mw: 1, devices: [{class: H900, count: 1}]}\n"
                         "  - {key: a, name: B, cap_mw: 1, devices: []}\n",
                         &scenario, &error));
    g_assert_nonnull(strstr(error->message, "H900"));
    g_assert_nonnull(strstr(error->message, "listed twice"));
    g_assert_nonnull(strstr(error->message, "nobody"));
    g_clear_error(&error);
    g_assert_false(parse("title: T\nfacilities: []\n", &scenario, &error));
    g_assert_nonnull(strstr(error->message, "test.yaml:2"));
}

static void test_unknown_scenario_names_the_known(void)
{
    g_auto(hcp_config) config = {0};
    g_auto(hcp_scenario) scenario = {0};
    g_autoptr(GError) error = NULL;
    g_assert_true(hcp_config_load(NULL, &config, NULL));
    g_assert_false(hcp_scenario_load("nowhere", &config.scheduling, &scenario, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "demo, dev, guide, scale"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/defaults", test_defaults);
    g_test_add_func("/config/empty_file_is_valid", test_empty_file_is_valid);
    g_test_add_func("/config/all_problems_at_once", test_all_problems_at_once);
    g_test_add_func("/config/weights_must_sum", test_weights_must_sum);
    g_test_add_func("/config/command_line", test_command_line);
    g_test_add_func("/scenario/built_in", test_built_in_scenarios);
    g_test_add_func("/scenario/problems", test_scenario_problems);
    g_test_add_func("/scenario/unknown", test_unknown_scenario_names_the_known);
    g_test_add_func("/config/deadlines_follow_preset_and_speed",
                    test_deadlines_follow_preset_and_speed);
    return g_test_run();
}
