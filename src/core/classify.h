/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which priority a workload belongs to, from what its submission says: kind, latency wanted, devices, duration and the
 * customer's tier. A small tree of rules with named thresholds; every answer says which rule decided, how far the
 * submission is from another answer, and the smallest change that would give one.
 */
#ifndef HCP_CORE_CLASSIFY_H
#define HCP_CORE_CLASSIFY_H

#include "core/types.h"

#include <glib.h>

/* The features the rules look at. */
typedef struct {
    hcp_workload_kind kind;
    int64_t max_latency_us; /* 0 = none asked for */
    uint32_t devices;
    int64_t duration_us; /* 0 = open-ended */
    const char *tier;    /* "enterprise" counts; NULL or any other text does not */
} hcp_classify_features;

typedef struct {
    hcp_priority priority;
    const char *rule; /* static sentence: what decided */
    /* 0…1: 0 = on a threshold, 1 = a tenfold change of no number alters the answer */
    double margin;
    /* static: the number whose change is the smallest to alter the answer; NULL = none does */
    const char *feature;
    double feature_value;     /* in feature_unit, as submitted */
    double flip_value;        /* in feature_unit: just beyond this the answer is flip_priority */
    const char *feature_unit; /* "ms", "h", "devices", "device-h"; NULL without a feature */
    hcp_priority flip_priority;
} hcp_classification;

/* classified_by of a workload whose submission named its priority. */
#define HCP_CLASSIFIED_AS_REQUESTED "as requested"

/* Classifies; never fails. */
void hcp_classify(const hcp_classify_features *features, hcp_classification *ret_classification);

/* One sentence: the rule and the counterfactual. Caller frees. */
char *hcp_classification_describe(const hcp_classification *classification);

#endif
