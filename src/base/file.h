/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a whole small file, with a bound and with errors in our domain. */
#ifndef HCP_BASE_FILE_H
#define HCP_BASE_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Reads the file at `path`, refusing more than `max_size` bytes. The text is NUL-terminated beyond
 * `ret_size`; caller frees it. Errors: NOT_FOUND, IO, INVALID (too large); the message starts with
 * the path. */
bool hcp_file_read(const char *path, size_t max_size, char **ret_text, size_t *ret_size,
                   GError **error);

#endif
