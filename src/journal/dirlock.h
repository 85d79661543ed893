/* SPDX-License-Identifier: Apache-2.0 */
/* One writing process per data directory: a flock on journal.lock, which holds the owner's pid. */
#ifndef HCP_JOURNAL_DIRLOCK_H
#define HCP_JOURNAL_DIRLOCK_H

#include <glib.h>
#include <stdbool.h>

/* Takes the lock of `directory` without waiting; *ret_fd holds it until hcp_dirlock_release().
 * HCP_ERROR_BUSY names the process that has it, HCP_ERROR_IO when the file cannot be opened. The
 * kernel drops the lock of a process that dies. */
bool hcp_dirlock_take(const char *directory, int *ret_fd, GError **error);

/* Releases the lock; the file stays. -1 is allowed. */
void hcp_dirlock_release(int fd);

#endif
