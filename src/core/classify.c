/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of classification as a tree, and the search for the smallest change that alters their answer. */
#include "core/classify.h"

#include "base/units.h"

#include <math.h>

/* Somebody waits for each answer: real-time. */
#define INTERACTIVE_LATENCY_US HCP_US_PER_S
/* A batch longer than this is a campaign: it can wait like training. */
#define LONG_BATCH_US HCP_US_PER_DAY
/* An enterprise customer's job of at most this many device-hours is served like a batch. */
#define SMALL_JOB_DEVICE_US (8 * HCP_US_PER_H)

typedef struct {
    hcp_priority priority;
    const char *rule;
} verdict;

static bool is_inference(hcp_workload_kind kind)
{
    return kind == HCP_WORKLOAD_AI_INFERENCE_REALTIME || kind == HCP_WORKLOAD_AI_INFERENCE_BATCH;
}

static verdict judge(const hcp_classify_features *f)
{
    bool enterprise = g_strcmp0(f->tier, "enterprise") == 0;
    if (f->kind == HCP_WORKLOAD_BITCOIN_MINING)
        return (verdict){HCP_PRIORITY_P4, "mining fills what nothing else uses"};
    if (is_inference(f->kind)) {
        if (f->max_latency_us > 0 && f->max_latency_us <= INTERACTIVE_LATENCY_US)
            return (verdict){HCP_PRIORITY_P1, "inference with answers wanted within a second"};
        if (f->kind == HCP_WORKLOAD_AI_INFERENCE_REALTIME && f->max_latency_us == 0)
            return (verdict){HCP_PRIORITY_P1, "real-time inference"};
        if (f->duration_us > LONG_BATCH_US && !enterprise)
            return (verdict){HCP_PRIORITY_P3, "batch inference of more than a day"};
        return (verdict){HCP_PRIORITY_P2, "inference that may take longer than a second"};
    }
    if (enterprise && f->duration_us > 0 &&
        (double)f->devices * (double)f->duration_us <= (double)SMALL_JOB_DEVICE_US)
        return (verdict){HCP_PRIORITY_P2, "a small job of an enterprise customer"};
    return (verdict){HCP_PRIORITY_P3, "training, tuning and data processing run for hours"};
}

/* One number and the values at which a rule changes its mind about it. */
typedef struct {
    const char *feature;
    const char *unit;
    double value;
    double flip; /* try this value */
    hcp_classify_features changed;
} attempt;

/* Distance of a change in decades, so that milliseconds and days compare. */
static double distance(const attempt *a)
{
    return fabs(log10(a->flip / a->value));
}

static double milliseconds(int64_t us)
{
    return (double)us / (double)HCP_US_PER_MS;
}

static double hours(int64_t us)
{
    return (double)us / (double)HCP_US_PER_H;
}

static guint latency_attempts(const hcp_classify_features *f, attempt *out)
{
    if (f->max_latency_us <= 0)
        return 0;
    const int64_t tries[] = {INTERACTIVE_LATENCY_US, INTERACTIVE_LATENCY_US + HCP_US_PER_MS};
    for (guint i = 0; i < G_N_ELEMENTS(tries); i++) {
        out[i] = (attempt){"max_latency_ms", "ms", milliseconds(f->max_latency_us),
                           milliseconds(tries[i]), *f};
        out[i].changed.max_latency_us = tries[i];
    }
    return G_N_ELEMENTS(tries);
}

static guint duration_attempts(const hcp_classify_features *f, attempt *out)
{
    if (f->duration_us <= 0 || f->devices == 0)
        return 0;
    int64_t small_us = SMALL_JOB_DEVICE_US / f->devices;
    const int64_t tries[] = {LONG_BATCH_US, LONG_BATCH_US + HCP_US_PER_MIN, small_us,
                             small_us + HCP_US_PER_MIN};
    for (guint i = 0; i < G_N_ELEMENTS(tries); i++) {
        out[i] = (attempt){"duration_hours", "h", hours(f->duration_us), hours(tries[i]), *f};
        out[i].changed.duration_us = tries[i];
    }
    return G_N_ELEMENTS(tries);
}

static guint device_attempts(const hcp_classify_features *f, attempt *out)
{
    if (f->duration_us <= 0 || f->devices == 0 || f->duration_us > SMALL_JOB_DEVICE_US)
        return 0;
    uint32_t most = (uint32_t)MIN(SMALL_JOB_DEVICE_US / f->duration_us, HCP_MAX_GANG);
    const uint32_t tries[] = {most, most + 1};
    for (guint i = 0; i < G_N_ELEMENTS(tries); i++) {
        out[i] = (attempt){"gpu_count", "devices", f->devices, tries[i], *f};
        out[i].changed.devices = tries[i];
    }
    return G_N_ELEMENTS(tries);
}

void hcp_classify(const hcp_classify_features *features, hcp_classification *ret_classification)
{
    verdict now = judge(features);
    *ret_classification = (hcp_classification){
        .priority = now.priority,
        .rule = now.rule,
        .margin = 1,
        .flip_priority = now.priority,
    };
    attempt attempts[8];
    guint n = latency_attempts(features, attempts);
    n += duration_attempts(features, attempts + n);
    n += device_attempts(features, attempts + n);
    double nearest = INFINITY;
    for (guint i = 0; i < n; i++) {
        hcp_priority other = judge(&attempts[i].changed).priority;
        if (other == now.priority || distance(&attempts[i]) >= nearest)
            continue;
        nearest = distance(&attempts[i]);
        ret_classification->margin = MIN(1.0, nearest);
        ret_classification->feature = attempts[i].feature;
        ret_classification->feature_unit = attempts[i].unit;
        ret_classification->feature_value = attempts[i].value;
        ret_classification->flip_value = attempts[i].flip;
        ret_classification->flip_priority = other;
    }
}

char *hcp_classification_describe(const hcp_classification *c)
{
    const char *priority = hcp_enum_name(&HCP_PRIORITY_NAMES, (int)c->priority);
    if (c->feature == NULL)
        return g_strdup_printf("%s: %s", priority, c->rule);
    return g_strdup_printf("%s: %s; with %s = %g %s instead of %g it would be %s", priority,
                           c->rule, c->feature, c->flip_value, c->feature_unit, c->feature_value,
                           hcp_enum_name(&HCP_PRIORITY_NAMES, (int)c->flip_priority));
}
