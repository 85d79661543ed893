/* SPDX-License-Identifier: Apache-2.0 */
/* Files of share/ that travel inside the binary: scenarios and the device catalog. */
#ifndef HCP_RUNTIME_SHARE_H
#define HCP_RUNTIME_SHARE_H

#include <glib.h>

/* Content of share/`path`, or NULL. New reference. */
GBytes *hcp_share_lookup(const char *path);

/* Names of the files in share/`folder`, sorted, NULL-terminated; caller frees with g_strfreev. */
char **hcp_share_list(const char *folder);

#endif
