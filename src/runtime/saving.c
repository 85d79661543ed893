/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots. To print the state of a large site takes a tenth of a second, which no request and no decision should wait
 * for: in the daemon the loop only copies the state, a thread prints the copy, and the next step of the platform hands the
 * result to the journal. On a virtual clock, without a writer, everything happens at once, so that a run can be repeated.
 */
#include "base/log.h"
#include "runtime/platform_internal.h"

struct hcp_saving {
    hcp_core *core; /* the copy; the thread's until it is done */
    hcp_journal_snapshot snapshot;
    GThread *thread;
    gint done;
};

static void print(const hcp_core *core, hcp_journal_snapshot *snapshot)
{
    g_autofree char *hash = hcp_core_hash(core);
    snapshot->blob = hcp_core_snapshot(core);
    for (int i = 0; i < HCP_JOURNAL_HASH_SIZE; i++)
        snapshot->state_hash[i] = (uint8_t)(g_ascii_xdigit_value(hash[2 * i]) << 4 |
                                            g_ascii_xdigit_value(hash[2 * i + 1]));
}

static gpointer print_copy(gpointer data)
{
    hcp_saving *saving = data;
    print(saving->core, &saving->snapshot);
    g_clear_pointer(&saving->core, hcp_core_free);
    g_atomic_int_set(&saving->done, 1);
    return NULL;
}

static void save(hcp_platform *platform, const hcp_journal_snapshot *snapshot)
{
    g_autoptr(GError) error = NULL;
    if (platform->options.writer != NULL)
        hcp_journal_writer_submit_snapshot(platform->options.writer, snapshot, NULL, NULL);
    else if (!hcp_journal_snapshot_save(platform->options.journal, snapshot, &error))
        hcp_log(HCP_LOG_WARN, "runtime", NULL, "a snapshot could not be saved", "reason",
                error->message, NULL);
    platform->counters.snapshots++;
}

static void begin(hcp_platform *platform)
{
    hcp_saving *saving = g_new0(hcp_saving, 1);
    saving->core = hcp_core_copy(platform->core);
    saving->snapshot.seq = platform->snapshot_seq = hcp_commit_durable(platform->commit);
    saving->thread = g_thread_new("snapshot", print_copy, saving);
    platform->saving = saving;
}

void hcp_saving_drop(hcp_platform *platform)
{
    hcp_saving *saving = g_steal_pointer(&platform->saving);
    if (saving == NULL)
        return;
    g_thread_join(saving->thread);
    hcp_journal_snapshot_clear(&saving->snapshot);
    g_free(saving);
}

void hcp_platform_snapshot(hcp_platform *platform)
{
    hcp_journal_snapshot snapshot = {.seq = hcp_commit_durable(platform->commit)};
    hcp_saving_drop(platform); /* this one is newer */
    print(platform->core, &snapshot);
    save(platform, &snapshot);
    platform->snapshot_seq = snapshot.seq;
    hcp_journal_snapshot_clear(&snapshot);
}

/* Only when everything applied is durable: a snapshot must not be ahead of the journal. */
static bool is_due(const hcp_platform *platform)
{
    uint64_t every = platform->options.snapshot_every;
    return every != 0 && hcp_commit_ticket(platform->commit) == 0 &&
           hcp_commit_durable(platform->commit) >= platform->snapshot_seq + every;
}

void hcp_saving_go_on(hcp_platform *platform)
{
    if (platform->saving != NULL) {
        if (!g_atomic_int_get(&platform->saving->done))
            return;
        save(platform, &platform->saving->snapshot);
        hcp_saving_drop(platform);
    }
    if (!is_due(platform))
        return;
    if (platform->options.writer != NULL)
        begin(platform);
    else
        hcp_platform_snapshot(platform);
}
