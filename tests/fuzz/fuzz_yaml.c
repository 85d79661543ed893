/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration and scenario files: any bytes end in a tree whose values have lines, or in an error. */
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const hcp_yaml *yaml, json_t *object)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(object, key, value)
    {
        g_autofree char *pointer = g_strconcat("/", key, NULL);
        g_assert_cmpint(hcp_yaml_line(yaml, pointer), >=, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_yaml) yaml = hcp_yaml_parse((const char *)data, size, "fuzz", &error);
    if (yaml == NULL) {
        g_assert_nonnull(error);
        return 0;
    }
    if (json_is_object(hcp_yaml_root(yaml)))
        check_lines(yaml, hcp_yaml_root(yaml));
    return 0;
}
