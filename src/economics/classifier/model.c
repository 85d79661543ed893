/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the tree, and asking it again with one thing changed. */
#include "economics/classifier/model.h"

#include <float.h>
#include <math.h>

/* Judged on fewer than this a lead says nothing; a smaller lead may be chance. */
#define JUDGED_MIN 200
#define LEAD_MIN_SE 2.0

/* A number must lie this much above a threshold to be beyond it after it has been written and read. */
#define BEYOND 1.001

static const char *const TYPES[] = {"ai_inference_realtime",
                                    "ai_inference_batch",
                                    "model_training",
                                    "hyperparameter_tuning",
                                    "data_processing",
                                    "bitcoin_mining",
                                    NULL};
static const char *const TIERS[] = {"enterprise",   "growth",   "startup",
                                    "professional", "standard", NULL};

static const struct {
    const char *name, *unit;
    const char *const *values;
} FEATURES[HCP_CLASSIFIER_FEATURES] = {
    [HCP_CLASSIFIER_TYPE] = {"workload_type", "", TYPES},
    [HCP_CLASSIFIER_TIER] = {"customer_tier", "", TIERS},
    [HCP_CLASSIFIER_LATENCY_MS] = {"max_latency_ms", "ms", NULL},
    [HCP_CLASSIFIER_GPUS] = {"gpu_count", "devices", NULL},
    [HCP_CLASSIFIER_DURATION_H] = {"duration_hours", "h", NULL},
    [HCP_CLASSIFIER_MODEL_SHARE] = {"model_share", "of a device's memory", NULL},
};

const hcp_classifier_input HCP_CLASSIFIER_NOTHING = {
    .value = {NAN, NAN, NAN, NAN, NAN, NAN},
};

const char *hcp_classifier_feature_name(int feature)
{
    return FEATURES[feature].name;
}

const char *hcp_classifier_feature_unit(int feature)
{
    return FEATURES[feature].unit;
}

const char *const *hcp_classifier_feature_values(int feature)
{
    return FEATURES[feature].values;
}

int hcp_classifier_feature_find(const char *name)
{
    for (int f = 0; f < HCP_CLASSIFIER_FEATURES; f++)
        if (g_strcmp0(FEATURES[f].name, name) == 0)
            return f;
    return -1;
}

double hcp_classifier_category(int feature, const char *value)
{
    const char *const *values = FEATURES[feature].values;
    for (int i = 0; value != NULL && values[i] != NULL; i++)
        if (g_str_equal(values[i], value))
            return i;
    return NAN;
}

static bool goes_yes(const hcp_classifier_node *node, const hcp_classifier_input *input)
{
    double value = input->value[node->feature];
    if (isnan(value))
        return node->missing_yes;
    return FEATURES[node->feature].values != NULL ? value == node->threshold
                                                  : value <= node->threshold;
}

static const hcp_classifier_node *leaf_of(const hcp_classifier_model *model,
                                          const hcp_classifier_input *input)
{
    const hcp_classifier_node *node = model->nodes;
    while (node->feature >= 0)
        node = &model->nodes[goes_yes(node, input) ? node->yes : node->no];
    return node;
}

static int best_of(const double share[HCP_CLASSIFIER_CLASSES])
{
    int best = 0;
    for (int c = 1; c < HCP_CLASSIFIER_CLASSES; c++)
        if (share[c] > share[best])
            best = c;
    return best;
}

/* Keeps the change when it turns the answer and is the least so far. */
static void try(const hcp_classifier_model *model, const hcp_classifier_input *input, int feature,
                double value, double *nearest, hcp_classifier_answer *answer)
{
    bool category = FEATURES[feature].values != NULL;
    double distance = category ? 1 : fabs(log10(value / input->value[feature]));
    if (!(distance < *nearest)) /* also of a number that cannot be: 0 devices */
        return;
    hcp_classifier_input changed = *input;
    changed.value[feature] = value;
    int other = best_of(leaf_of(model, &changed)->share);
    if (other == answer->best)
        return;
    *nearest = distance;
    answer->feature = feature;
    answer->value = input->value[feature];
    answer->flip_value = value;
    answer->flip = other;
}

static void try_around(const hcp_classifier_model *model, const hcp_classifier_input *input,
                       const hcp_classifier_node *node, double *nearest,
                       hcp_classifier_answer *answer)
{
    int feature = node->feature;
    double at = node->threshold;
    if (isnan(input->value[feature]) || at == DBL_MAX)
        return;
    if (FEATURES[feature].values != NULL) {
        for (int i = 0; FEATURES[feature].values[i] != NULL; i++)
            try(model, input, feature, i, nearest, answer);
        return;
    }
    bool whole = feature == HCP_CLASSIFIER_GPUS;
    try(model, input, feature, whole ? floor(at) : at, nearest, answer);
    try(model, input, feature, whole ? floor(at) + 1 : at * BEYOND, nearest, answer);
}

void hcp_classifier_ask(const hcp_classifier_model *model, const hcp_classifier_input *input,
                        hcp_classifier_answer *ret_answer)
{
    const hcp_classifier_node *leaf = leaf_of(model, input);
    hcp_classifier_answer answer = {.best = best_of(leaf->share), .n = leaf->n, .feature = -1};
    double next = 0, nearest = INFINITY;
    for (int c = 0; c < HCP_CLASSIFIER_CLASSES; c++) {
        answer.share[c] = leaf->share[c];
        if (c != answer.best)
            next = MAX(next, leaf->share[c]);
    }
    answer.margin = answer.share[answer.best] - next;
    answer.flip = answer.best;
    for (size_t i = 0; i < model->n_nodes; i++)
        if (model->nodes[i].feature >= 0)
            try_around(model, input, &model->nodes[i], &nearest, &answer);
    *ret_answer = answer;
}

uint32_t hcp_classifier_bin(const hcp_classifier_bins *bins, int feature, double value)
{
    uint32_t missing = bins->n_bins - 1, bin = 0;
    if (isnan(value))
        return missing;
    if (FEATURES[feature].values != NULL)
        return MIN((uint32_t)value, missing);
    while (bin + 1 < missing && value > bins->cuts[bin])
        bin++;
    return bin;
}

const char *hcp_classifier_silence(const hcp_classifier_model *model)
{
    const hcp_classifier_judgement *held_out = &model->held_out;
    if (!held_out->has_rules)
        return "it was fitted without the type of work, from which the rules decide, so it could "
               "not be judged against them";
    if (held_out->n < JUDGED_MIN)
        return "it was judged on fewer than 200 submissions";
    if (!(held_out->model.accuracy > held_out->rules.accuracy &&
          held_out->model.log_loss < held_out->rules.log_loss && held_out->z > LEAD_MIN_SE))
        return "it does not beat the rules on submissions it has not seen";
    return NULL;
}

static void append_value(GString *text, int feature, double value)
{
    if (FEATURES[feature].values != NULL)
        g_string_append(text, FEATURES[feature].values[(int)value]);
    else
        g_string_append_printf(text, "%.6g", value);
}

char *hcp_classifier_describe(const hcp_classifier_model *model,
                              const hcp_classifier_answer *answer)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "P%d: %.0f %% of %u alike, learned by %s of %s", answer->best + 1,
                           100 * answer->share[answer->best], answer->n, model->name,
                           model->fitted);
    if (answer->feature >= 0) {
        g_string_append_printf(text, "; with %s = ", FEATURES[answer->feature].name);
        append_value(text, answer->feature, answer->flip_value);
        g_string_append(text, " instead of ");
        append_value(text, answer->feature, answer->value);
        g_string_append_printf(text, " it would be P%d", answer->flip + 1);
    }
    return g_string_free(text, FALSE);
}
