/* SPDX-License-Identifier: Apache-2.0 */
/* Files that people write: any bytes end in a configuration or scenario that is whole, or in an error that names a line. */
#include "runtime/config.h"
#include "runtime/scenario.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_config(const char *text, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) tree = hcp_config_read(&HCP_CONFIG_SCHEMA, text, size, "fuzz", &error);
    g_auto(hcp_config) config = {0};
    if (tree == NULL) {
        g_assert_nonnull(error);
        return;
    }
    if (!hcp_config_from_tree(tree, &config, &error)) {
        g_assert_nonnull(error);
        g_assert_null(config.scenario);
        return;
    }
    g_assert_cmpfloat(config.speed, >, 0);
    g_assert_cmpint(config.dispatch_interval_us, >=, 0);
}

static void check_scenario(const char *text, size_t size)
{
    static const hcp_settings settings = {.default_customer = HCP_NO_INDEX};
    g_autoptr(GError) error = NULL;
    g_auto(hcp_scenario) scenario = {0};
    if (!hcp_scenario_parse(text, size, "fuzz", &settings, &scenario, &error)) {
        g_assert_nonnull(error);
        g_assert_null(scenario.definitions);
        return;
    }
    g_assert_cmpuint(scenario.definitions->len, >, 0);
    g_assert_cmpuint(scenario.hubs->len, >, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_config((const char *)data, size);
    check_scenario((const char *)data, size);
    return 0;
}
