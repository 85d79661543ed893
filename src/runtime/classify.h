/* SPDX-License-Identifier: Apache-2.0 */
/* What rules and model are told of a submission: one place for the daemon that asks them and for the fit. */
#ifndef HCP_RUNTIME_CLASSIFY_H
#define HCP_RUNTIME_CLASSIFY_H

#include "core/classify.h"
#include "core/command.h"
#include "core/state.h"
#include "economics/classifier/fit.h"

/* What the rules look at; the tier is the customer's where the submission names none. Borrows it. */
hcp_classify_features hcp_classify_features_of(const hcp_state *state, const hcp_submit *submit);

/* What a model looks at: the same, and how much of a device's memory its part of the model takes: `model_bytes` of
 * weights over the devices, on the smallest of the GPU `classes` (mask; 0 = all that are rented) that holds it. */
hcp_classifier_input hcp_classify_input_of(const hcp_state *state,
                                           const hcp_classify_features *features,
                                           int64_t model_bytes, uint64_t classes);

/* A model of `spec`: "builtin", "off" (NULL, no error) or a file that `hcp fit` wrote. Caller frees. */
bool hcp_classify_load(const char *spec, hcp_classifier_owned **ret_model, GError **error);

#endif
