/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "base/units.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Standard error goes to a file between begin and end. */
typedef struct {
    int saved;
    char *path;
} capture;

static capture capture_begin(void)
{
    capture it = {.saved = dup(STDERR_FILENO)};
    int fd = g_file_open_tmp("hcp-log-XXXXXX", &it.path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(dup2(fd, STDERR_FILENO), ==, STDERR_FILENO);
    close(fd);
    return it;
}

static char *capture_end(capture *it)
{
    char *text = NULL;
    g_assert_cmpint(dup2(it->saved, STDERR_FILENO), ==, STDERR_FILENO);
    close(it->saved);
    g_assert_true(g_file_get_contents(it->path, &text, NULL, NULL));
    unlink(it->path);
    g_free(it->path);
    return text;
}

static void test_json(void)
{
    int64_t before_us = g_get_real_time();
    capture to_file = capture_begin();
    hcp_log(HCP_LOG_WARN, "orchestrator", "abc123", "price is stale\n\"now\"", "workload_id",
            "wl_1", "age", "\x01\xff", "none", NULL, NULL);
    g_autofree char *text = capture_end(&to_file);
    g_assert_true(g_str_has_suffix(text, "}\n"));
    g_assert_true(strchr(text, '\n') == text + strlen(text) - 1); /* one line */
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) line = hcp_json_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    int64_t time_us = 0;
    g_assert_true(hcp_time_parse(hcp_json_string(line, "timestamp", ""), &time_us, NULL));
    g_assert_cmpint(time_us, >=, before_us);
    g_assert_cmpint(time_us, <=, g_get_real_time());
    json_object_del(line, "timestamp");
    g_autofree char *rest = hcp_json_print(line, NULL);
    g_assert_cmpstr(rest, ==,
                    "{\"level\":\"WARN\",\"service\":\"orchestrator\",\"trace_id\":\"abc123\","
                    "\"message\":\"price is stale\\n\\\"now\\\"\",\"metadata\":{\"workload_id\":"
                    "\"wl_1\",\"age\":\"\\u0001\xef\xbf\xbd\",\"none\":null}}");
}

static void test_json_bare(void)
{
    capture to_file = capture_begin();
    hcp_log(HCP_LOG_ERROR, "runtime", NULL, "m", NULL);
    g_autofree char *text = capture_end(&to_file);
    g_assert_nonnull(strstr(text, "\"level\":\"ERROR\",\"service\":\"runtime\",\"trace_id\":null,"
                                  "\"message\":\"m\",\"metadata\":{}}\n"));
}

static void test_level(void)
{
    capture to_file = capture_begin();
    hcp_log(HCP_LOG_DEBUG, "runtime", NULL, "one", NULL); /* below the default */
    hcp_log_set_level(HCP_LOG_ERROR);
    hcp_log(HCP_LOG_WARN, "runtime", NULL, "two", NULL);
    hcp_log_set_level(HCP_LOG_DEBUG);
    hcp_log(HCP_LOG_DEBUG, "runtime", NULL, "three", NULL);
    hcp_log_set_level(HCP_LOG_INFO);
    g_autofree char *text = capture_end(&to_file);
    g_assert_null(strstr(text, "one"));
    g_assert_null(strstr(text, "two"));
    g_assert_nonnull(strstr(text, "three"));
}

static void test_human(void)
{
    capture to_file = capture_begin();
    hcp_log_set_human(TRUE);
    hcp_log(HCP_LOG_INFO, "runtime", "t", "listening\x1b[2J\n", "port", "8000", "path", "a b",
            "empty", "", "none", NULL, NULL);
    hcp_log_set_human(FALSE);
    g_autofree char *text = capture_end(&to_file);
    g_assert_true(g_pattern_match_simple("??:??:?? *", text));
    g_assert_cmpstr(text + strlen("HH:MM:SS "), ==,
                    "INFO  listening\\x1b[2J\\x0a port=8000 path=\"a b\" empty=\"\" none=-\n");
}

static void *write_lines(void *unused)
{
    (void)unused;
    g_autofree char *long_text = g_strnfill(500, 'x');
    for (int i = 0; i < 200; i++)
        hcp_log(HCP_LOG_INFO, "runtime", NULL, long_text, NULL);
    return NULL;
}

/* Lines of several threads do not mix. */
static void test_threads(void)
{
    GThread *threads[4];
    capture to_file = capture_begin();
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("log", write_lines, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_autofree char *text = capture_end(&to_file);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4 * 200 + 1);
    for (int i = 0; i < 4 * 200; i++) {
        g_autoptr(json_t) line = hcp_json_parse(lines[i], strlen(lines[i]), NULL);
        g_assert_cmpuint(strlen(hcp_json_string(line, "message", "")), ==, 500);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/json", test_json);
    g_test_add_func("/log/json/bare", test_json_bare);
    g_test_add_func("/log/level", test_level);
    g_test_add_func("/log/human", test_human);
    g_test_add_func("/log/threads", test_threads);
    return g_test_run();
}
