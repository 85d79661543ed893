/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/share.h"

#include "share_resources.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

static const char PREFIX[] = "/hcp/share/";

GBytes *hcp_share_lookup(const char *path)
{
    g_autofree char *full = g_strconcat(PREFIX, path, NULL);
    return g_resource_lookup_data(hcp_share_get_resource(), full, G_RESOURCE_LOOKUP_FLAGS_NONE,
                                  NULL);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **hcp_share_list(const char *folder)
{
    g_autofree char *full = g_strconcat(PREFIX, folder, NULL);
    char **names = g_resource_enumerate_children(hcp_share_get_resource(), full,
                                                 G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    if (names == NULL)
        return g_new0(char *, 1);
    qsort(names, g_strv_length(names), sizeof *names, by_name);
    return names;
}
