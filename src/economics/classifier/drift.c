/* SPDX-License-Identifier: Apache-2.0 */
/* Counts over a ring of the last submissions. */
#include "economics/classifier/drift.h"

#include <math.h>

static bool knows(const hcp_classifier_model *model, int feature)
{
    return ((model->features >> feature) & 1) != 0;
}

void hcp_classifier_drift_observe(hcp_classifier_drift *drift, const hcp_classifier_model *model,
                                  const hcp_classifier_input *input)
{
    uint8_t *bins = drift->bin[drift->next];
    bool full = drift->n == HCP_CLASSIFIER_WINDOW;
    for (int f = 0; f < HCP_CLASSIFIER_FEATURES; f++) {
        if (!knows(model, f))
            continue;
        if (full)
            drift->count[f][bins[f]]--;
        bins[f] = (uint8_t)hcp_classifier_bin(&model->bins[f], f, input->value[f]);
        drift->count[f][bins[f]]++;
    }
    drift->next = (drift->next + 1) % HCP_CLASSIFIER_WINDOW;
    drift->n += !full;
}

double hcp_classifier_drift_index(const hcp_classifier_drift *drift,
                                  const hcp_classifier_model *model, int feature)
{
    if (drift->n < HCP_CLASSIFIER_WINDOW_MIN || !knows(model, feature))
        return NAN;
    const hcp_classifier_bins *bins = &model->bins[feature];
    /* An empty bin counts as half a submission: its logarithm would be infinite. */
    double least = 0.5 / drift->n, sum = 0;
    for (uint32_t i = 0; i < bins->n_bins; i++) {
        double now = MAX(least, (double)drift->count[feature][i] / drift->n);
        double then = MAX(least, bins->share[i]);
        sum += (now - then) * log(now / then);
    }
    return sum;
}

int hcp_classifier_drift_found(const hcp_classifier_drift *drift, const hcp_classifier_model *model)
{
    int found = -1;
    double most = HCP_CLASSIFIER_DRIFT_LIMIT;
    for (int f = 0; f < HCP_CLASSIFIER_FEATURES; f++) {
        double index = hcp_classifier_drift_index(drift, model, f);
        if (!(index > most))
            continue;
        most = index;
        found = f;
    }
    return found;
}
