/* SPDX-License-Identifier: Apache-2.0 */
/* The two small files beside the database: what was acknowledged, and who writes. */
#include "base/error.h"
#include "fixture.h"
#include "journal/ack.h"
#include "journal/dirlock.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void test_record(void)
{
    char *directory = fixture_directory();
    hcp_ack ack = {.seq = 77};
    g_assert_cmpint(hcp_ack_open(directory, false), ==, -1);
    g_assert_cmpint(hcp_ack_read(-1, &ack), ==, HCP_ACK_ABSENT);
    int fd = hcp_ack_open(directory, true);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(hcp_ack_read(fd, &ack), ==, HCP_ACK_ABSENT);
    g_assert_cmpuint(ack.seq, ==, 77); /* untouched */
    for (uint64_t seq = 1; seq < G_MAXUINT64 / 3; seq *= 3) {
        hcp_ack written = {.seq = seq}, found = {0};
        memset(written.hash, (int)(seq % 251), sizeof written.hash);
        g_assert_true(hcp_ack_write(fd, &written));
        g_assert_cmpint(hcp_ack_read(fd, &found), ==, HCP_ACK_VALID);
        g_assert_cmpuint(found.seq, ==, seq);
        fixture_assert_same_hash(found.hash, written.hash);
    }
    close(fd);
    fixture_remove(directory);
}

/* Every single bit counts, and so does the length. */
static void test_damage(void)
{
    char *directory = fixture_directory();
    int fd = hcp_ack_open(directory, true);
    const hcp_ack ack = {.seq = 1234567, .hash = {1, 2, 3}};
    uint8_t bytes[128], flipped[128];
    hcp_ack found;
    g_assert_true(hcp_ack_write(fd, &ack));
    ssize_t size = pread(fd, bytes, sizeof bytes, 0);
    g_assert_cmpint(size, ==, 8 + 32 + 32);
    for (ssize_t at = 0; at < size; at++) {
        for (guint bit = 0; bit < 8; bit++) {
            memcpy(flipped, bytes, sizeof bytes);
            flipped[at] = (uint8_t)(flipped[at] ^ (1U << bit));
            g_assert_cmpint(pwrite(fd, flipped, (size_t)size, 0), ==, size);
            g_assert_cmpint(hcp_ack_read(fd, &found), ==, HCP_ACK_DAMAGED);
        }
    }
    g_assert_cmpint(pwrite(fd, bytes, (size_t)size, 0), ==, size);
    g_assert_cmpint(hcp_ack_read(fd, &found), ==, HCP_ACK_VALID);
    for (off_t keep = size - 1; keep > 0; keep--) {
        g_assert_cmpint(ftruncate(fd, keep), ==, 0);
        g_assert_cmpint(hcp_ack_read(fd, &found), ==, HCP_ACK_DAMAGED);
    }
    close(fd);
    fixture_remove(directory);
}

static void test_unwritable(void)
{
    char *directory = fixture_directory();
    int fd = hcp_ack_open(directory, true);
    const hcp_ack ack = {.seq = 5};
    hcp_ack found;
    g_assert_true(hcp_ack_write(fd, &ack));
    int read_only = hcp_ack_open(directory, false);
    const hcp_ack later = {.seq = 6};
    g_assert_false(hcp_ack_write(read_only, &later));
    g_assert_cmpint(hcp_ack_read(read_only, &found), ==, HCP_ACK_VALID);
    g_assert_cmpuint(found.seq, ==, 5);
    close(fd);
    close(read_only);
    fixture_remove(directory);
}

static void test_lock(void)
{
    char *directory = fixture_directory();
    int first = -1, second = -1;
    g_assert_true(hcp_dirlock_take(directory, &first, NULL));
    g_autoptr(GError) error = NULL;
    g_autofree char *pid = g_strdup_printf("process %ld", (long)getpid());
    g_assert_false(hcp_dirlock_take(directory, &second, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_BUSY);
    g_assert_nonnull(strstr(error->message, pid));
    g_assert_nonnull(strstr(error->message, directory));
    g_assert_cmpint(second, ==, -1);
    hcp_dirlock_release(first);
    hcp_dirlock_release(second);
    g_assert_true(hcp_dirlock_take(directory, &second, NULL));
    hcp_dirlock_release(second);
    fixture_remove(directory);
}

static void test_lock_without_directory(void)
{
    int fd = -1;
    g_autoptr(GError) error = NULL;
    g_assert_false(hcp_dirlock_take("/nonexistent/directory", &fd, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_IO);
    g_assert_cmpint(fd, ==, -1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal/ack/record", test_record);
    g_test_add_func("/journal/ack/damage", test_damage);
    g_test_add_func("/journal/ack/unwritable", test_unwritable);
    g_test_add_func("/journal/dirlock/lock", test_lock);
    g_test_add_func("/journal/dirlock/without-directory", test_lock_without_directory);
    return g_test_run();
}
