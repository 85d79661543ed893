/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/metrics.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    char *labels; /* as printed between the braces, "" without any */
    double value; /* of a histogram: the sum of what was observed */
    uint64_t count;
    uint64_t counts[HCP_METRIC_MAX_BUCKETS]; /* per bucket, not yet added up */
} series;

struct hcp_metrics {
    const hcp_metric_family *families;
    int n_families;
    GHashTable **tables; /* printed labels → series, by family */
    GString *key;        /* scratch of find() */
};

static void series_free(gpointer data)
{
    series *s = data;
    g_free(s->labels);
    g_free(s);
}

/* [a-z][a-z0-9_]*, the unit at the end, and no suffix that the exposition gives. */
static bool is_well_named(const hcp_metric_family *family)
{
    const char *name = family->name;
    if (!g_ascii_islower(name[0]) ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
        return false;
    if (family->unit != NULL) {
        g_autofree char *end = g_strconcat("_", family->unit, NULL);
        if (!g_str_has_suffix(name, end))
            return false;
    }
    return !g_str_has_suffix(name, "_total") && !g_str_has_suffix(name, "_count") &&
           !g_str_has_suffix(name, "_sum") && !g_str_has_suffix(name, "_bucket") &&
           (family->kind == HCP_METRIC_HISTOGRAM) == (family->buckets[0] != 0) &&
           family->help != NULL;
}

hcp_metrics *hcp_metrics_new(const hcp_metric_family *families, int n)
{
    hcp_metrics *metrics = g_new0(hcp_metrics, 1);
    metrics->families = families;
    metrics->n_families = n;
    metrics->key = g_string_sized_new(128);
    metrics->tables = g_new0(GHashTable *, n);
    for (int i = 0; i < n; i++) {
        g_assert(is_well_named(&families[i]));
        metrics->tables[i] = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, series_free);
    }
    return metrics;
}

void hcp_metrics_free(hcp_metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (int i = 0; i < metrics->n_families; i++)
        g_hash_table_unref(metrics->tables[i]);
    g_free(metrics->tables);
    g_string_free(metrics->key, TRUE);
    g_free(metrics);
}

static void append_escaped(GString *out, const char *text)
{
    for (;;) {
        size_t plain = strcspn(text, "\n\"\\");
        g_string_append_len(out, text, (gssize)plain);
        text += plain;
        if (*text == '\0')
            return;
        g_string_append_c(out, '\\');
        g_string_append_c(out, *text == '\n' ? 'n' : *text);
        text++;
    }
}

static series *find(hcp_metrics *metrics, int family, const char *const *labels)
{
    g_assert(family >= 0 && family < metrics->n_families);
    const hcp_metric_family *def = &metrics->families[family];
    GString *key = metrics->key;
    g_string_truncate(key, 0);
    for (int i = 0; i < HCP_METRIC_MAX_LABELS && def->labels[i] != NULL; i++) {
        if (i > 0)
            g_string_append_c(key, ',');
        g_string_append(key, def->labels[i]);
        g_string_append(key, "=\"");
        append_escaped(key, labels[i]);
        g_string_append_c(key, '"');
    }
    series *s = g_hash_table_lookup(metrics->tables[family], key->str);
    if (s == NULL) {
        s = g_new0(series, 1);
        s->labels = g_strdup(key->str);
        g_hash_table_insert(metrics->tables[family], s->labels, s);
    }
    return s;
}

void hcp_metrics_add(hcp_metrics *metrics, int family, const char *const *labels, double value)
{
    g_assert(metrics->families[family].kind == HCP_METRIC_COUNTER && value >= 0);
    find(metrics, family, labels)->value += value;
}

void hcp_metrics_set(hcp_metrics *metrics, int family, const char *const *labels, double value)
{
    g_assert(metrics->families[family].kind != HCP_METRIC_HISTOGRAM);
    find(metrics, family, labels)->value = value;
}

void hcp_metrics_observe(hcp_metrics *metrics, int family, const char *const *labels, double value)
{
    const hcp_metric_family *def = &metrics->families[family];
    g_assert(def->kind == HCP_METRIC_HISTOGRAM);
    series *s = find(metrics, family, labels);
    s->count++;
    s->value += value;
    for (int i = 0; i < HCP_METRIC_MAX_BUCKETS && def->buckets[i] != 0; i++) {
        if (value <= def->buckets[i]) {
            s->counts[i]++;
            return;
        }
    }
}

void hcp_metrics_clear(hcp_metrics *metrics, int family)
{
    g_hash_table_remove_all(metrics->tables[family]);
}

/* --- exposition ------------------------------------------------------------------------------------------------------ */

static void append_number(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(value))
        g_string_append(out, "NaN");
    else if (isinf(value))
        g_string_append(out, value > 0 ? "+Inf" : "-Inf");
    else {
        g_ascii_formatd(text, sizeof text, "%.15g",
                        value); /* what people write, where it is exact */
        if (g_ascii_strtod(text, NULL) != value)
            g_ascii_dtostr(text, sizeof text, value);
        g_string_append(out, text);
    }
}

/* `name{labels,extra} value`; both may be empty. */
static void append_sample(GString *out, const char *name, const char *suffix, const char *labels,
                          const char *extra, double value)
{
    g_string_append_printf(out, "%s%s", name, suffix);
    if (labels[0] != '\0' || extra[0] != '\0')
        g_string_append_printf(out, "{%s%s%s}", labels,
                               labels[0] != '\0' && extra[0] != '\0' ? "," : "", extra);
    g_string_append_c(out, ' ');
    append_number(out, value);
    g_string_append_c(out, '\n');
}

static void append_histogram(GString *out, const hcp_metric_family *def, const series *s)
{
    uint64_t below = 0;
    for (int i = 0; i < HCP_METRIC_MAX_BUCKETS && def->buckets[i] != 0; i++) {
        char bound[G_ASCII_DTOSTR_BUF_SIZE];
        below += s->counts[i];
        g_ascii_formatd(bound, sizeof bound, "%g", def->buckets[i]);
        g_autofree char *le = g_strdup_printf("le=\"%s\"", bound);
        append_sample(out, def->name, "_bucket", s->labels, le, (double)below);
    }
    append_sample(out, def->name, "_bucket", s->labels, "le=\"+Inf\"", (double)s->count);
    append_sample(out, def->name, "_sum", s->labels, "", s->value);
    append_sample(out, def->name, "_count", s->labels, "", (double)s->count);
}

static int by_labels(gconstpointer a, gconstpointer b)
{
    return strcmp(((const series *)a)->labels, ((const series *)b)->labels);
}

static void append_head(GString *out, const hcp_metric_family *def, bool openmetrics)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    /* The older format knows counters by the name of their sample. */
    const char *suffix = def->kind == HCP_METRIC_COUNTER && !openmetrics ? "_total" : "";
    g_string_append_printf(out, "# HELP %s%s %s\n", def->name, suffix, def->help);
    g_string_append_printf(out, "# TYPE %s%s %s\n", def->name, suffix, types[def->kind]);
    if (openmetrics && def->unit != NULL)
        g_string_append_printf(out, "# UNIT %s %s\n", def->name, def->unit);
}

void hcp_metrics_print(const hcp_metrics *metrics, bool openmetrics, GString *out)
{
    for (int i = 0; i < metrics->n_families; i++) {
        const hcp_metric_family *def = &metrics->families[i];
        GList *all = g_list_sort(g_hash_table_get_values(metrics->tables[i]), by_labels);
        if (all != NULL)
            append_head(out, def, openmetrics);
        for (GList *item = all; item != NULL; item = item->next) {
            const series *s = item->data;
            if (def->kind == HCP_METRIC_HISTOGRAM)
                append_histogram(out, def, s);
            else
                append_sample(out, def->name, def->kind == HCP_METRIC_COUNTER ? "_total" : "",
                              s->labels, "", s->value);
        }
        g_list_free(all);
    }
    if (openmetrics)
        g_string_append(out, "# EOF\n");
}
