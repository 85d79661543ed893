/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fitting a classifier: a decision tree by Gini impurity (CART, Breiman et al. 1984) on the earlier part of what was
 * submitted, and judging it on the later part against the rules and against the commonest priority.
 */
#ifndef HCP_ECONOMICS_CLASSIFIER_FIT_H
#define HCP_ECONOMICS_CLASSIFIER_FIT_H

#include "economics/classifier/model.h"

/* A submission whose priority is known. */
typedef struct {
    hcp_classifier_input input;
    int label; /* class index: 0 = P1 */
    int rules; /* what the rules say of it; -1 = the type of work is not known */
} hcp_classifier_example;

typedef struct {
    int max_depth;     /* questions on the way to a leaf, at least 0 */
    uint32_t min_leaf; /* submissions at a leaf, at least 1 */
    double min_gain;   /* share of all the impurity that a question must remove (rpart's cp) */
} hcp_classifier_fit_params;

/* Six questions, 20 submissions, 0.005. */
extern const hcp_classifier_fit_params HCP_CLASSIFIER_FIT_DEFAULTS;

/* A model that owns its nodes and texts. */
typedef struct {
    hcp_classifier_model model;
    char *name, *provenance, *fitted;
    hcp_classifier_node *nodes;
} hcp_classifier_owned;

/* Grows the tree on `n` examples (at least 1) and records how their features are distributed. The model has no texts and
 * no judgement yet; min_margin is 0.5. Caller frees. */
hcp_classifier_owned *hcp_classifier_fit(const hcp_classifier_example *examples, size_t n,
                                         const hcp_classifier_fit_params *params);

/* Judges `model` on `n` examples that were not in its fit. Rules and majority are as sure as `fitted`, the `n_fitted`
 * examples of the fit, show their answers to be. */
hcp_classifier_judgement hcp_classifier_judge(const hcp_classifier_model *model,
                                              const hcp_classifier_example *fitted, size_t n_fitted,
                                              const hcp_classifier_example *examples, size_t n);

/* Releases a model; NULL is allowed. */
void hcp_classifier_owned_free(hcp_classifier_owned *owned);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_classifier_owned, hcp_classifier_owned_free)

#endif
