/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics for Prometheus and OpenMetrics. Families are declared in one const table, so names, units and labels are
 * reviewed in one place and nothing undeclared can be exposed; series appear with their first value.
 *
 *     static const hcp_metric_family FAMILIES[] = { [REQUESTS] = {"hcp_http_requests", HCP_METRIC_COUNTER, NULL, …} };
 *     hcp_metrics_add(metrics, REQUESTS, (const char *[]){"getStatus", "200"}, 1);
 *
 * Names carry the base unit as their last word (seconds, joules, watts, bytes); the exposition adds _total to counters. One
 * thread only.
 */
#ifndef HCP_TELEMETRY_METRICS_H
#define HCP_TELEMETRY_METRICS_H

#include <glib.h>
#include <stdbool.h>

#define HCP_METRIC_MAX_LABELS 3
#define HCP_METRIC_MAX_BUCKETS 16

typedef enum { HCP_METRIC_COUNTER, HCP_METRIC_GAUGE, HCP_METRIC_HISTOGRAM } hcp_metric_kind;

typedef struct {
    const char *name; /* without _total */
    hcp_metric_kind kind;
    const char *unit;                          /* "seconds", or NULL; the name's last word */
    const char *help;                          /* one sentence */
    const char *labels[HCP_METRIC_MAX_LABELS]; /* names; NULL after the last */
    /* histograms: ascending upper bounds, 0 after the last */
    double buckets[HCP_METRIC_MAX_BUCKETS];
} hcp_metric_family;

typedef struct hcp_metrics hcp_metrics;

/* A registry of `n` families; the table must outlive it. Asserts that each is named by the rules. */
hcp_metrics *hcp_metrics_new(const hcp_metric_family *families, int n);

/* Frees it; NULL is allowed. */
void hcp_metrics_free(hcp_metrics *metrics);

/* Adds to a counter. `labels` holds a value for each label of the family; NULL for a family without any. */
void hcp_metrics_add(hcp_metrics *metrics, int family, const char *const *labels, double value);

/* Sets a gauge, or a counter that is kept elsewhere. */
void hcp_metrics_set(hcp_metrics *metrics, int family, const char *const *labels, double value);

/* Counts one observation of a histogram. */
void hcp_metrics_observe(hcp_metrics *metrics, int family, const char *const *labels, double value);

/* Forgets all series of a family, before its gauges are set anew. */
void hcp_metrics_clear(hcp_metrics *metrics, int family);

/* Appends the exposition: Prometheus text 0.0.4, or OpenMetrics 1.0 with units and an end mark. */
void hcp_metrics_print(const hcp_metrics *metrics, bool openmetrics, GString *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_metrics, hcp_metrics_free)

#endif
