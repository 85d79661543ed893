/* SPDX-License-Identifier: Apache-2.0 */
/* The registry and both expositions, letter for letter. */
#include "telemetry/metrics.h"

enum { REQUESTS, DEPTH, DURATION, FAMILIES };

static const hcp_metric_family FAMILY[FAMILIES] = {
    [REQUESTS] = {"requests", HCP_METRIC_COUNTER, NULL, "Requests.", {"operation", "status"}, {0}},
    [DEPTH] = {"queue_depth", HCP_METRIC_GAUGE, NULL, "Waiting.", {NULL}, {0}},
    [DURATION] = {"duration_seconds",
                  HCP_METRIC_HISTOGRAM,
                  "seconds",
                  "How long.",
                  {"phase"},
                  {0.1, 1, 2.5}},
};

static void assert_printed(const hcp_metrics *metrics, bool openmetrics, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    hcp_metrics_print(metrics, openmetrics, text);
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_empty(void)
{
    g_autoptr(hcp_metrics) metrics = hcp_metrics_new(FAMILY, FAMILIES);
    assert_printed(metrics, false, "");
    assert_printed(metrics, true, "# EOF\n");
}

static void test_counters_and_gauges(void)
{
    g_autoptr(hcp_metrics) metrics = hcp_metrics_new(FAMILY, FAMILIES);
    hcp_metrics_add(metrics, REQUESTS, (const char *[]){"submit", "201"}, 1);
    hcp_metrics_add(metrics, REQUESTS, (const char *[]){"list", "200"}, 2);
    hcp_metrics_add(metrics, REQUESTS, (const char *[]){"submit", "201"}, 1);
    hcp_metrics_set(metrics, DEPTH, NULL, 7);
    hcp_metrics_set(metrics, DEPTH, NULL, 0.15);
    assert_printed(metrics, false,
                   "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
                   "requests_total{operation=\"list\",status=\"200\"} 2\n"
                   "requests_total{operation=\"submit\",status=\"201\"} 2\n"
                   "# HELP queue_depth Waiting.\n# TYPE queue_depth gauge\nqueue_depth 0.15\n");
    hcp_metrics_clear(metrics, DEPTH);
    assert_printed(metrics, true,
                   "# HELP requests Requests.\n# TYPE requests counter\n"
                   "requests_total{operation=\"list\",status=\"200\"} 2\n"
                   "requests_total{operation=\"submit\",status=\"201\"} 2\n# EOF\n");
}

static void test_histogram(void)
{
    g_autoptr(hcp_metrics) metrics = hcp_metrics_new(FAMILY, FAMILIES);
    const double values[] = {0.0625, 0.1, 0.5, 2.5, 3, 100};
    const char *phase = "save";
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        hcp_metrics_observe(metrics, DURATION, &phase, values[i]);
    assert_printed(metrics, true,
                   "# HELP duration_seconds How long.\n# TYPE duration_seconds histogram\n"
                   "# UNIT duration_seconds seconds\n"
                   "duration_seconds_bucket{phase=\"save\",le=\"0.1\"} 2\n"
                   "duration_seconds_bucket{phase=\"save\",le=\"1\"} 3\n"
                   "duration_seconds_bucket{phase=\"save\",le=\"2.5\"} 4\n"
                   "duration_seconds_bucket{phase=\"save\",le=\"+Inf\"} 6\n"
                   "duration_seconds_sum{phase=\"save\"} 106.1625\n"
                   "duration_seconds_count{phase=\"save\"} 6\n# EOF\n");
}

static void test_labels_are_escaped(void)
{
    g_autoptr(hcp_metrics) metrics = hcp_metrics_new(FAMILY, FAMILIES);
    hcp_metrics_add(metrics, REQUESTS, (const char *[]){"a\"b\\c\nd", ""}, 1);
    assert_printed(metrics, false,
                   "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
                   "requests_total{operation=\"a\\\"b\\\\c\\nd\",status=\"\"} 1\n");
}

static void test_bad_names_are_bugs(void)
{
    static const hcp_metric_family bad[] = {
        {"requests_total", HCP_METRIC_COUNTER, NULL, "The suffix is given.", {NULL}, {0}},
        {"Requests", HCP_METRIC_COUNTER, NULL, "Upper case.", {NULL}, {0}},
        {"duration_ms", HCP_METRIC_GAUGE, "seconds", "Unit and name differ.", {NULL}, {0}},
        {"size_bytes", HCP_METRIC_HISTOGRAM, "bytes", "No buckets.", {NULL}, {0}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        if (g_test_subprocess()) {
            hcp_metrics_free(hcp_metrics_new(&bad[g_ascii_strtoull(g_getenv("BAD"), NULL, 10)], 1));
            return;
        }
        g_autofree char *number = g_strdup_printf("%zu", i);
        g_setenv("BAD", number, TRUE);
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_failed();
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/empty", test_empty);
    g_test_add_func("/metrics/counters-and-gauges", test_counters_and_gauges);
    g_test_add_func("/metrics/histogram", test_histogram);
    g_test_add_func("/metrics/escape", test_labels_are_escaped);
    g_test_add_func("/metrics/bad-names", test_bad_names_are_bugs);
    return g_test_run();
}
