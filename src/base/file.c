/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded whole-file reads. */
#include "base/file.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#define CHUNK_SIZE ((size_t)65536)

static bool fail(const char *path, int number, GError **error)
{
    hcp_error_code code = number == ENOENT ? HCP_ERROR_NOT_FOUND : HCP_ERROR_IO;
    g_set_error(error, HCP_ERROR, (int)code, "%s: %s", path, g_strerror(number));
    return false;
}

/* Appends everything `fd` yields, at most `max_size` + 1 bytes; the extra byte tells "too large".
 * Returns 0 or errno. */
static int read_all(int fd, size_t max_size, GByteArray *bytes)
{
    while (bytes->len <= max_size) {
        size_t want = MIN(CHUNK_SIZE, max_size + 1 - bytes->len);
        guint old = bytes->len;
        g_byte_array_set_size(bytes, old + (guint)want);
        ssize_t got = read(fd, bytes->data + old, want);
        int number = errno;
        g_byte_array_set_size(bytes, old + (guint)MAX(got, 0));
        if (got == 0)
            return 0;
        if (got < 0 && number != EINTR)
            return number;
    }
    return 0;
}

bool hcp_file_read(const char *path, size_t max_size, char **ret_text, size_t *ret_size,
                   GError **error)
{
    g_assert(max_size < G_MAXINT32);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(path, errno, error);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    int number = read_all(fd, max_size, bytes);
    (void)close(fd); /* nothing was written, so close has no news */
    if (number != 0)
        return fail(path, number, error);
    if (bytes->len > max_size) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: larger than %zu bytes", path,
                    max_size);
        return false;
    }
    *ret_size = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    *ret_text = (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
    return true;
}
