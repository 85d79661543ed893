/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "base/units.h"
#include "cli/doctor.h"
#include "cli/listeners.h"
#include "http/api.h"
#include "journal/sqlite.h"
#include "runtime/projection.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define SPACE_LOW_BYTES (INT64_C(2) << 30)
#define SPACE_NEEDED_BYTES (INT64_C(200) << 20)
#define FILES_ENOUGH 16384
#define PATIENCE_S 3

/* --- where the journal is -------------------------------------------------------------------------------------------- */

/* The pid in the lock file, when somebody holds the lock: 0 when nobody does, -1 when the file does not say. */
static long lock_holder(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, "journal.lock", NULL);
    g_autofree char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    bool held = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    close(fd);
    if (!held)
        return 0;
    long pid =
        g_file_get_contents(path, &text, NULL, NULL) ? (long)g_ascii_strtoll(text, NULL, 10) : 0;
    return pid > 0 ? pid : -1;
}

/* The nearest directory that exists, from `path` upwards. Caller frees. */
static char *existing_parent(const char *path)
{
    char *at = g_strdup(path);
    while (!g_file_test(at, G_FILE_TEST_EXISTS)) {
        char *parent = g_path_get_dirname(at);
        bool top = g_str_equal(parent, at);
        g_free(at);
        at = parent;
        if (top)
            break;
    }
    return at;
}

static void add_holder(hcp_cli_examination *e)
{
    hcp_cli_listener holder = {0};
    if (e->daemon_pid > 0)
        (void)hcp_cli_listener_name(e->daemon_pid, &holder);
    if (strstr(holder.name, "hcp") != NULL)
        hcp_cli_examination_add(e, "data directory", HCP_CLI_HEALTHY, NULL,
                                "%s is in use by the daemon, process %ld", e->directory,
                                e->daemon_pid);
    else
        hcp_cli_examination_add(e, "data directory", HCP_CLI_FAULT,
                                "stop that process, or choose another directory with --data",
                                "%s is locked by process %ld (%s)", e->directory, e->daemon_pid,
                                holder.name[0] != '\0' ? holder.name : "unknown");
}

void hcp_cli_doctor_directory(hcp_cli_examination *e)
{
    g_autofree char *parent = existing_parent(e->directory);
    bool there = g_str_equal(parent, e->directory);
    e->daemon_pid = lock_holder(e->directory);
    if (!g_file_test(parent, G_FILE_TEST_IS_DIR))
        hcp_cli_examination_add(e, "data directory", HCP_CLI_FAULT,
                                "choose another directory with --data", "%s is no directory",
                                parent);
    else if (access(parent, W_OK | X_OK) != 0)
        hcp_cli_examination_add(
            e, "data directory", HCP_CLI_FAULT,
            "give this user the right to write there, or choose another directory with --data",
            "%s cannot be written: %s", parent, g_strerror(errno));
    else if (e->daemon_pid != 0)
        add_holder(e);
    else
        hcp_cli_examination_add(e, "data directory", HCP_CLI_HEALTHY, NULL, "%s %s", e->directory,
                                there ? "is writable" : "will be made");
}

void hcp_cli_doctor_disk(hcp_cli_examination *e)
{
    g_autofree char *parent = existing_parent(e->directory);
    struct statvfs fs;
    if (statvfs(parent, &fs) != 0) {
        hcp_cli_examination_add(e, "disk space", HCP_CLI_WARNING, "look at the file system",
                                "cannot be read for %s: %s", parent, g_strerror(errno));
        return;
    }
    int64_t available = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    g_autofree char *size = g_format_size((guint64)available);
    bool low = available < SPACE_LOW_BYTES;
    hcp_cli_examination_add(
        e, "disk space",
        available < SPACE_NEEDED_BYTES ? HCP_CLI_FAULT : (low ? HCP_CLI_WARNING : HCP_CLI_HEALTHY),
        low ? "make room, or choose a directory on another disk with --data" : NULL,
        "%s left for %s", size, e->directory);
}

static bool take_time(void *user_data, const hcp_journal_entry *entry)
{
    *(int64_t *)user_data = entry->time_us;
    return false;
}

/* Opened as a reader; NULL with the reason when that is not possible. */
static hcp_journal *open_journal(const hcp_cli_examination *e, GError **error)
{
    return hcp_journal_sqlite_open(&(hcp_journal_sqlite_options){.directory = e->directory,
                                                                 .schema = &HCP_PROJECTION_SCHEMA,
                                                                 .read_only = true},
                                   error);
}

void hcp_cli_doctor_journal(hcp_cli_examination *e)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_journal) journal = open_journal(e, &error);
    if (journal != NULL) {
        uint64_t last = hcp_journal_last(journal, NULL);
        hcp_cli_examination_add(e, "journal", HCP_CLI_HEALTHY, NULL,
                                "its end is sound, %" G_GUINT64_FORMAT
                                " entries (`hcp journal verify` looks at all of it)",
                                last);
    } else if (g_error_matches(error, HCP_ERROR, HCP_ERROR_NOT_FOUND)) {
        hcp_cli_examination_add(e, "journal", HCP_CLI_HEALTHY, NULL, "there is none yet");
    } else {
        hcp_cli_examination_add(
            e, "journal", HCP_CLI_FAULT,
            g_error_matches(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED)
                ? "use the version that wrote it, or a newer one"
                : "copy the directory, then look at it with `hcp journal verify`",
            "%s", error->message);
    }
}

void hcp_cli_doctor_clock(hcp_cli_examination *e)
{
    struct timex clock = {0};
    bool synchronised = adjtimex(&clock) >= 0 && (clock.status & STA_UNSYNC) == 0;
    int64_t now_us = g_get_real_time(), last_us = 0;
    g_autoptr(hcp_journal) journal = open_journal(e, NULL);
    uint64_t last = journal != NULL ? hcp_journal_last(journal, NULL) : 0;
    if (last > 0)
        (void)hcp_journal_read(journal, last, take_time, &last_us, NULL);
    char now[HCP_TIME_TEXT_SIZE], then[HCP_TIME_TEXT_SIZE];
    hcp_time_format(now_us, now);
    hcp_time_format(last_us, then);
    if (last_us > now_us + HCP_US_PER_MIN && e->config->speed == 1)
        hcp_cli_examination_add(e, "clock", HCP_CLI_WARNING,
                                "set the clock, unless the journal ran with another --speed: "
                                "platform time then waits at the journal's end",
                                "%s is before the journal's last entry, %s", now, then);
    else if (!synchronised)
        hcp_cli_examination_add(e, "clock", HCP_CLI_WARNING,
                                "run a time service such as chrony or systemd-timesyncd",
                                "%s, not known to be synchronised", now);
    else
        hcp_cli_examination_add(e, "clock", HCP_CLI_HEALTHY, NULL, "%s, synchronised", now);
}

/* --- the process and its neighbours ---------------------------------------------------------------------------------- */

static bool is_opened(const hcp_config *config, int service)
{
    static const hcp_service defaults[] = {HCP_SERVICE_GATEWAY,   HCP_SERVICE_ORCHESTRATOR,
                                           HCP_SERVICE_OPTIMIZER, HCP_SERVICE_ROUTER,
                                           HCP_SERVICE_RESOURCES, HCP_SERVICE_SIMULATOR};
    if (config->services[0] != NULL)
        return g_strv_contains((const char *const *)config->services,
                               hcp_service_name((hcp_service)service));
    for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++)
        if (defaults[i] == (hcp_service)service)
            return true;
    return false;
}

void hcp_cli_doctor_ports(hcp_cli_examination *e)
{
    int open = 0, ours = 0;
    for (int service = 0; service < HCP_SERVICES; service++) {
        int port = hcp_service_port((hcp_service)service) + e->config->port_offset;
        hcp_cli_listener listener;
        if (!is_opened(e->config, service))
            continue;
        open++;
        if (!hcp_cli_listener_find(port, &listener))
            continue;
        if (e->daemon_pid > 0 && listener.pid == e->daemon_pid) {
            ours++;
            continue;
        }
        g_autofree char *who = listener.pid != 0
                                   ? g_strdup_printf("%s, process %ld", listener.name, listener.pid)
                                   : g_strdup("a process of another user");
        hcp_cli_examination_add(
            e, "ports", HCP_CLI_FAULT, "stop it, or move every port with --port-offset N",
            "%d (%s) is taken by %s", port, hcp_service_name((hcp_service)service), who);
        open--;
    }
    if (open > 0)
        hcp_cli_examination_add(e, "ports", HCP_CLI_HEALTHY, NULL, "%d %s", open,
                                ours > 0 ? "are the daemon's" : "are free");
}

void hcp_cli_doctor_limits(hcp_cli_examination *e)
{
    struct rlimit limit = {0};
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    bool enough = limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= FILES_ENOUGH;
    hcp_cli_examination_add(e, "open files", enough ? HCP_CLI_HEALTHY : HCP_CLI_WARNING,
                            enough ? NULL
                                   : "raise it (ulimit -Hn, LimitNOFILE=): it bounds the "
                                     "connections served at once",
                            "at most %" G_GUINT64_FORMAT, (guint64)limit.rlim_max);
}

static void add_dependencies(hcp_cli_examination *e, const json_t *body)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(body, "dependencies"), i, item)
    {
        const char *status = hcp_json_string(item, "status", "");
        if (g_str_equal(status, "healthy"))
            continue;
        hcp_cli_examination_add(e, "daemon",
                                g_str_equal(status, "unhealthy") ? HCP_CLI_FAULT : HCP_CLI_WARNING,
                                "its log says more; `hcp status` and `hcp prices` show the effect",
                                "%s is %s: %s", hcp_json_string(item, "name", "?"), status,
                                hcp_json_string(item, "reason", "no reason"));
    }
}

void hcp_cli_doctor_daemon(hcp_cli_examination *e)
{
    g_autoptr(GError) error = NULL;
    hcp_cli_answer answer = {0};
    const hcp_cli_call call = {.path = "/readyz?verbose=true", .timeout_s = PATIENCE_S};
    if (!hcp_cli_client_send(e->client, &call, &answer, &error)) {
        bool somebody = !g_error_matches(error, HCP_ERROR, HCP_ERROR_IO);
        bool runs = e->daemon_pid > 0;
        hcp_cli_examination_add(
            e, "daemon", somebody || runs ? HCP_CLI_FAULT : HCP_CLI_WARNING,
            runs ? "say where it is with --url or --port-offset; if it is there, it hangs: see its "
                   "log"
            : somebody ? "stop what has the port, or move every port with --port-offset N"
                       : "start it with `hcp serve`",
            "%s", error->message);
        return;
    }
    g_autoptr(json_t) body = answer.body;
    hcp_cli_examination_add(e, "daemon", answer.status == 200 ? HCP_CLI_HEALTHY : HCP_CLI_FAULT,
                            answer.status == 200 ? NULL : "see the lines below, and its log",
                            "%s answers: %s", hcp_cli_client_url(e->client),
                            answer.status == 200 ? "ready" : "not ready");
    add_dependencies(e, body);
}
