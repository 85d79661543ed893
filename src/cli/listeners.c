/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listeners.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STATE_LISTEN 0x0A

/* The inode of the listening socket on `port` in one of /proc/net's tables, 0 when there is none. */
static unsigned long inode_in(const char *table, int port)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(table, &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        unsigned local_port = 0, state = 0;
        unsigned long inode = 0;
        int n = sscanf(*line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*s %*s %lu",
                       &local_port, &state, &inode);
        if (n == 3 && state == STATE_LISTEN && local_port == (unsigned)port)
            return inode;
    }
    return 0;
}

static bool holds(const char *pid, const char *wanted)
{
    g_autofree char *directory = g_strdup_printf("/proc/%s/fd", pid);
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        char target[64];
        ssize_t size = readlink(path, target, sizeof target - 1);
        target[MAX(size, 0)] = '\0';
        if (g_str_equal(target, wanted))
            return true;
    }
    return false;
}

static long owner_of(unsigned long inode)
{
    g_autofree char *wanted = g_strdup_printf("socket:[%lu]", inode);
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (g_ascii_isdigit(name[0]) && holds(name, wanted))
            return (long)g_ascii_strtoll(name, NULL, 10);
    return 0;
}

bool hcp_cli_listener_name(long pid, hcp_cli_listener *ret_listener)
{
    g_autofree char *path = g_strdup_printf("/proc/%ld/comm", pid);
    g_autofree char *name = NULL;
    if (!g_file_get_contents(path, &name, NULL, NULL))
        return false;
    *ret_listener = (hcp_cli_listener){.pid = pid};
    g_strlcpy(ret_listener->name, g_strchomp(name), sizeof ret_listener->name);
    return true;
}

bool hcp_cli_listener_find(int port, hcp_cli_listener *ret_listener)
{
    unsigned long inode = inode_in("/proc/net/tcp", port);
    if (inode == 0)
        inode = inode_in("/proc/net/tcp6", port);
    if (inode == 0)
        return false;
    *ret_listener = (hcp_cli_listener){0};
    long pid = owner_of(inode);
    if (pid != 0)
        (void)hcp_cli_listener_name(pid, ret_listener);
    return true;
}
