/* SPDX-License-Identifier: Apache-2.0 */
/* Classifiers as JSON: the form of share/models/classifier.json and of what `hcp fit` writes. */
#ifndef HCP_ECONOMICS_CLASSIFIER_MODEL_JSON_H
#define HCP_ECONOMICS_CLASSIFIER_MODEL_JSON_H

#include "base/json.h"
#include "economics/classifier/fit.h"

/* Reads a classifier; HCP_ERROR_INVALID names the member that is wrong and what it must be. Caller frees. */
hcp_classifier_owned *hcp_classifier_from_json(const json_t *object, GError **error);

/* The JSON of a classifier; new reference. */
json_t *hcp_classifier_to_json(const hcp_classifier_model *model);

/* The JSON of a judgement as in the model's "held_out"; new reference. */
json_t *hcp_classifier_judgement_to_json(const hcp_classifier_judgement *judgement);

#endif
