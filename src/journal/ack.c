/* SPDX-License-Identifier: Apache-2.0 */
/* The acknowledgement record: seq (little-endian), hash, SHA-256 of both. */
#include "journal/ack.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READ_ATTEMPTS 3

typedef struct {
    uint64_t seq_le;
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
    uint8_t digest[HCP_JOURNAL_HASH_SIZE];
} ack_record;

static void ack_digest(const ack_record *record, uint8_t ret_digest[HCP_JOURNAL_HASH_SIZE])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)record, offsetof(ack_record, digest));
    gsize size = HCP_JOURNAL_HASH_SIZE;
    g_checksum_get_digest(sum, ret_digest, &size);
}

int hcp_ack_open(const char *directory, bool create)
{
    g_autofree char *path = g_build_filename(directory, "journal.ack", NULL);
    return open(path, (create ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0600);
}

hcp_ack_state hcp_ack_read(int fd, hcp_ack *ret_ack)
{
    if (fd < 0)
        return HCP_ACK_ABSENT;
    /* A reader beside a running writer may catch half a record; the next look is whole. */
    for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        ack_record record;
        uint8_t digest[HCP_JOURNAL_HASH_SIZE];
        ssize_t size = pread(fd, &record, sizeof record, 0);
        if (size == 0)
            return HCP_ACK_ABSENT;
        ack_digest(&record, digest);
        if (size != (ssize_t)sizeof record || memcmp(digest, record.digest, sizeof digest) != 0)
            continue;
        ret_ack->seq = GUINT64_FROM_LE(record.seq_le);
        memcpy(ret_ack->hash, record.hash, sizeof record.hash);
        return HCP_ACK_VALID;
    }
    return HCP_ACK_DAMAGED;
}

bool hcp_ack_write(int fd, const hcp_ack *ack)
{
    ack_record record = {.seq_le = GUINT64_TO_LE(ack->seq)};
    memcpy(record.hash, ack->hash, sizeof record.hash);
    ack_digest(&record, record.digest);
    return pwrite(fd, &record, sizeof record, 0) == (ssize_t)sizeof record;
}
