/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libFuzzer in the ordinary test build: feeds every file of the directory in argv[1] to the fuzz target,
 * one TAP line each. A sanitizer or an assertion ends the program when the target misbehaves.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int by_name(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

static bool replay_file(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &text, &length, NULL))
        return false;
    /* An exact copy, so that reading one byte too far is seen: g_file_get_contents adds a terminator. */
    g_autofree uint8_t *data = g_memdup2(text, length);
    LLVMFuzzerTestOneInput(data, length);
    return true;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) directory = g_dir_open(argc > 1 ? argv[1] : ".", 0, &error);
    if (directory == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name = g_dir_read_name(directory); name; name = g_dir_read_name(directory))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);

    printf("1..%u\n", names->len);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        bool done = replay_file(argv[1], name);
        printf("%s %u - %s\n", done ? "ok" : "not ok", i + 1, name);
    }
    return 0;
}
