/* SPDX-License-Identifier: Apache-2.0 */
/* Counting the frames of SQLite's write-ahead log, to tell how much of it recovery refused
 * (sqlite.org/fileformat2). */
#include "journal/sqlite_private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define WAL_HEADER_SIZE 32
#define FRAME_HEADER_SIZE 24
#define PAGE_SIZE_OFFSET 8
#define WAL_SALT_OFFSET 16
#define FRAME_SALT_OFFSET 8
#define SALT_SIZE 8

guint hcp_sqlite_wal_frames(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    guint count = 0;
    uint8_t header[WAL_HEADER_SIZE];
    if (pread(fd, header, sizeof header, 0) == (ssize_t)sizeof header) {
        uint32_t page_size;
        memcpy(&page_size, header + PAGE_SIZE_OFFSET, sizeof page_size);
        off_t step = FRAME_HEADER_SIZE + (off_t)GUINT32_FROM_BE(page_size);
        uint8_t frame[FRAME_HEADER_SIZE];
        /* A new run of the log overwrites the old one in place under a new salt. */
        for (off_t at = WAL_HEADER_SIZE;
             pread(fd, frame, sizeof frame, at) == (ssize_t)sizeof frame &&
             memcmp(frame + FRAME_SALT_OFFSET, header + WAL_SALT_OFFSET, SALT_SIZE) == 0;
             at += step)
            count++;
    }
    close(fd);
    return count;
}
