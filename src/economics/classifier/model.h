/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A learned classifier of submissions: a small decision tree with the share of each priority at its leaves, and what was
 * found when it was judged on submissions it had not seen. It says what most submissions like this one were given, how
 * sure that is, and the smallest change of one member that would turn the answer. It is asked beside the rules and
 * decides only where hcp_classifier_silence finds no reason against it.
 */
#ifndef HCP_ECONOMICS_CLASSIFIER_MODEL_H
#define HCP_ECONOMICS_CLASSIFIER_MODEL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What a submission says before it is accepted. */
typedef enum {
    HCP_CLASSIFIER_TYPE,        /* category: the type of work */
    HCP_CLASSIFIER_TIER,        /* category: the customer's tier */
    HCP_CLASSIFIER_LATENCY_MS,  /* asked */
    HCP_CLASSIFIER_GPUS,        /* a whole number */
    HCP_CLASSIFIER_DURATION_H,  /* asked */
    HCP_CLASSIFIER_MODEL_SHARE, /* of a device's memory that its part of the model takes, 0 to 1 */
    HCP_CLASSIFIER_FEATURES
} hcp_classifier_feature;

/* P1 to P4. */
#define HCP_CLASSIFIER_CLASSES 4

/* By feature: a number, the index of a category, or NaN where nothing was stated. */
typedef struct {
    double value[HCP_CLASSIFIER_FEATURES];
} hcp_classifier_input;

/* An input in which nothing is stated. */
extern const hcp_classifier_input HCP_CLASSIFIER_NOTHING;

typedef struct {
    int feature;      /* what is asked here; -1 = a leaf */
    double threshold; /* yes: at most this; of a category: equal to it. DBL_MAX: yes when stated */
    bool missing_yes; /* where an input goes that does not state it */
    uint32_t yes, no; /* nodes, always behind this one */
    uint32_t n;       /* submissions of the fit that came here */
    double share[HCP_CLASSIFIER_CLASSES]; /* of them, smoothed; a leaf's sum to 1 */
} hcp_classifier_node;

#define HCP_CLASSIFIER_MAX_BINS 16

/* How a feature was distributed at the fit, to notice when submissions are no longer alike: bin i of a number holds what is
 * above cut i - 1 and at most cut i, the last but one what is above them all; a category has a bin of its own. The last
 * bin is "not stated". */
typedef struct {
    uint32_t n_bins;
    double cuts[HCP_CLASSIFIER_MAX_BINS];
    double share[HCP_CLASSIFIER_MAX_BINS];
} hcp_classifier_bins;

/* How well answers were on submissions after the fit. */
typedef struct {
    double accuracy; /* share right */
    double log_loss; /* mean of -ln of the probability given to what was right */
    double brier;    /* mean squared distance of the probabilities from what was right, 0 to 2 */
} hcp_classifier_score;

#define HCP_CLASSIFIER_BUCKETS 5

/* Of the answers whose probability lay in the bucket: how many, what they stated, how often they were right. */
typedef struct {
    uint32_t n;
    double stated, right;
} hcp_classifier_bucket;

typedef struct {
    uint32_t n;                           /* submissions judged; 0 = never */
    hcp_classifier_score model, majority; /* majority: the commonest priority of the fit */
    bool has_rules;                       /* the rules could be asked: the type of work was known */
    hcp_classifier_score rules;           /* as sure as the fit shows each of their answers to be */
    double constant;                      /* share of the commonest priority among those judged */
    uint32_t spoken;                      /* answers of the model with margin enough to decide */
    double spoken_right, spoken_rules;    /* share of those right: the model, the rules */
    /* lead over the rules there, in standard errors of the answers in which they differ */
    double z;
    hcp_classifier_bucket buckets[HCP_CLASSIFIER_BUCKETS]; /* by stated probability, see score.c */
} hcp_classifier_judgement;

typedef struct {
    const char *name;
    int version;
    const char *provenance;
    const char *fitted; /* date, YYYY-MM-DD */
    double min_margin;  /* below it the rules decide */
    unsigned features;  /* bit i: feature i was stated in what it was fitted on */
    hcp_classifier_bins bins[HCP_CLASSIFIER_FEATURES];
    hcp_classifier_judgement held_out;
    size_t n_nodes; /* at least 1 */
    const hcp_classifier_node *nodes;
} hcp_classifier_model;

typedef struct {
    int best;                             /* class index: 0 = P1 */
    double share[HCP_CLASSIFIER_CLASSES]; /* probability of each class */
    double margin;                        /* probability of the best less that of the next */
    uint32_t n;                           /* submissions of the fit at the leaf */
    int feature;              /* that turns the answer with the least change; -1 = none */
    double value, flip_value; /* as it is, and as it would have to be */
    int flip;                 /* class it would then be */
} hcp_classifier_answer;

/* Name of a feature as in a submission ("workload_type"), its unit ("h", "" for a category) and, of a category, the names
 * of its values, NULL-terminated, else NULL. All static. */
const char *hcp_classifier_feature_name(int feature);
const char *hcp_classifier_feature_unit(int feature);
const char *const *hcp_classifier_feature_values(int feature);

/* The feature of that name, or -1. */
int hcp_classifier_feature_find(const char *name);

/* Index of a category's value; NaN when `value` is NULL or not among the names. */
double hcp_classifier_category(int feature, const char *value);

/* Asks the tree. The counterfactual is the least change of one stated feature (numbers: in decades; another category
 * counts as one decade) after which the tree, asked again, gives another class. */
void hcp_classifier_ask(const hcp_classifier_model *model, const hcp_classifier_input *input,
                        hcp_classifier_answer *ret_answer);

/* Bin of `value` in `bins` of `feature`. */
uint32_t hcp_classifier_bin(const hcp_classifier_bins *bins, int feature, double value);

/* Why the model as such must not decide, a static sentence; NULL when it may: it has been judged against the rules on
 * submissions that state their type of work, at least 200 of them, and was better in share right and log loss by more
 * than two standard errors of the answers in which they differ. */
const char *hcp_classifier_silence(const hcp_classifier_model *model);

/* One sentence: the answer, on what it rests, and the counterfactual. Caller frees. */
char *hcp_classifier_describe(const hcp_classifier_model *model,
                              const hcp_classifier_answer *answer);

#endif
