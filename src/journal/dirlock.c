/* SPDX-License-Identifier: Apache-2.0 */
/* The lock of a data directory. */
#include "journal/dirlock.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static void set_busy(const char *directory, int fd, GError **error)
{
    char pid[32] = "";
    ssize_t size = pread(fd, pid, sizeof pid - 1, 0);
    pid[MAX(size, 0)] = '\0';
    g_strchomp(pid);
    g_set_error(error, HCP_ERROR, HCP_ERROR_BUSY,
                "data directory %s is in use by process %s; stop it, or choose another directory",
                directory, pid[0] ? pid : "(unknown)");
}

bool hcp_dirlock_take(const char *directory, int *ret_fd, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "journal.lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_IO, "%s: %s", path, g_strerror(errno));
        return false;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        set_busy(directory, fd, error);
        close(fd);
        return false;
    }
    /* The pid is for people; the lock holds without it, so a full disk does not matter here. */
    g_autofree char *pid = g_strdup_printf("%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, pid, strlen(pid), 0);
    *ret_fd = fd;
    return true;
}

void hcp_dirlock_release(int fd)
{
    if (fd >= 0)
        close(fd);
}
