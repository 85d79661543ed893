/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether submissions still look like those a classifier was fitted on: the population stability index of each feature,
 * the sum over its bins of (share now - share then) ln(share now / share then). Under 0.1 is commonly read as the same,
 * from 0.25 as another population (Siddiqi, Credit Risk Scorecards, 2006).
 */
#ifndef HCP_ECONOMICS_CLASSIFIER_DRIFT_H
#define HCP_ECONOMICS_CLASSIFIER_DRIFT_H

#include "economics/classifier/model.h"

/* Submissions remembered, and how many it takes to speak: 100 of the fit's own give an index of about 0.1 by chance. */
#define HCP_CLASSIFIER_WINDOW 500
#define HCP_CLASSIFIER_WINDOW_MIN 100

#define HCP_CLASSIFIER_DRIFT_LIMIT 0.25

/* The last submissions, all members zero at first; copying it copies the memory. */
typedef struct {
    uint8_t bin[HCP_CLASSIFIER_WINDOW][HCP_CLASSIFIER_FEATURES];
    uint32_t next, n;
    uint32_t count[HCP_CLASSIFIER_FEATURES][HCP_CLASSIFIER_MAX_BINS]; /* over the window */
} hcp_classifier_drift;

/* Takes in a submission that `model` was asked about. */
void hcp_classifier_drift_observe(hcp_classifier_drift *drift, const hcp_classifier_model *model,
                                  const hcp_classifier_input *input);

/* The index of a feature; NaN before there are HCP_CLASSIFIER_WINDOW_MIN submissions, and of one the model does not
 * know. */
double hcp_classifier_drift_index(const hcp_classifier_drift *drift,
                                  const hcp_classifier_model *model, int feature);

/* The feature furthest over HCP_CLASSIFIER_DRIFT_LIMIT, or -1. */
int hcp_classifier_drift_found(const hcp_classifier_drift *drift,
                               const hcp_classifier_model *model);

#endif
