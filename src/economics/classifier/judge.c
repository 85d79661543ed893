/* SPDX-License-Identifier: Apache-2.0 */
/* The classifier, the rules and the commonest priority on the same submissions, none of which was in the fit. */
#include "economics/classifier/fit.h"

#include <math.h>

/* Lower ends of the buckets of stated probability. */
static const double BUCKETS[HCP_CLASSIFIER_BUCKETS] = {0, 0.6, 0.75, 0.9, 0.97};

typedef struct {
    double share[HCP_CLASSIFIER_CLASSES];
} belief;

/* Row c: how the labels are distributed where the rules say c, as if one more had come like all; the last row: of all. */
typedef struct {
    belief rows[HCP_CLASSIFIER_CLASSES + 1];
    int commonest;
} experience;

static experience learn(const hcp_classifier_example *examples, size_t n)
{
    experience e = {0};
    double total[HCP_CLASSIFIER_CLASSES] = {0};
    belief *all = &e.rows[HCP_CLASSIFIER_CLASSES];
    for (size_t i = 0; i < n; i++) {
        all->share[examples[i].label] += 1.0 / (double)n;
        if (examples[i].rules < 0)
            continue;
        e.rows[examples[i].rules].share[examples[i].label]++;
        total[examples[i].rules]++;
    }
    for (int r = 0; r < HCP_CLASSIFIER_CLASSES; r++)
        for (int c = 0; c < HCP_CLASSIFIER_CLASSES; c++)
            e.rows[r].share[c] = (e.rows[r].share[c] + all->share[c]) / (total[r] + 1);
    for (int c = 1; c < HCP_CLASSIFIER_CLASSES; c++)
        if (all->share[c] > all->share[e.commonest])
            e.commonest = c;
    return e;
}

/* A class that the fit never saw still has a chance, or one such submission would be infinitely wrong. */
#define LEAST_SHARE 1e-3

static void add(hcp_classifier_score *score, const double share[HCP_CLASSIFIER_CLASSES], int said,
                int label)
{
    score->accuracy += said == label;
    score->log_loss -= log(MAX(share[label], LEAST_SHARE));
    for (int c = 0; c < HCP_CLASSIFIER_CLASSES; c++)
        score->brier += (share[c] - (c == label)) * (share[c] - (c == label));
}

static void divide(hcp_classifier_score *score, double n)
{
    score->accuracy /= n;
    score->log_loss /= n;
    score->brier /= n;
}

static void add_bucket(hcp_classifier_judgement *j, const hcp_classifier_answer *answer, int label)
{
    int b = HCP_CLASSIFIER_BUCKETS - 1;
    while (b > 0 && answer->share[answer->best] < BUCKETS[b])
        b--;
    j->buckets[b].n++;
    j->buckets[b].stated += answer->share[answer->best];
    j->buckets[b].right += answer->best == label;
}

static void finish(hcp_classifier_judgement *j, double better, double worse)
{
    divide(&j->model, j->n);
    divide(&j->majority, j->n);
    divide(&j->rules, j->n);
    for (int b = 0; b < HCP_CLASSIFIER_BUCKETS; b++) {
        double n = MAX(1, j->buckets[b].n);
        j->buckets[b].stated /= n;
        j->buckets[b].right /= n;
    }
    j->spoken_right /= MAX(1, j->spoken);
    j->spoken_rules /= MAX(1, j->spoken);
    /* McNemar: of the answers in which the two differ, half would favour each if they were equally good. */
    j->z = better + worse > 0 ? (better - worse) / sqrt(better + worse) : 0;
}

hcp_classifier_judgement hcp_classifier_judge(const hcp_classifier_model *model,
                                              const hcp_classifier_example *fitted, size_t n_fitted,
                                              const hcp_classifier_example *examples, size_t n)
{
    experience e = learn(fitted, n_fitted);
    hcp_classifier_judgement j = {.n = (uint32_t)n, .has_rules = n > 0};
    double better = 0, worse = 0, labels[HCP_CLASSIFIER_CLASSES] = {0};
    if (n == 0)
        return j;
    for (size_t i = 0; i < n; i++) {
        int label = examples[i].label, rules = examples[i].rules;
        hcp_classifier_answer answer;
        hcp_classifier_ask(model, &examples[i].input, &answer);
        labels[label]++;
        add(&j.model, answer.share, answer.best, label);
        add(&j.majority, e.rows[HCP_CLASSIFIER_CLASSES].share, e.commonest, label);
        add_bucket(&j, &answer, label);
        bool speaks = answer.margin >= model->min_margin, right = answer.best == label;
        j.spoken += speaks;
        j.spoken_right += speaks && right;
        if (rules < 0) {
            j.has_rules = false;
            continue;
        }
        add(&j.rules, e.rows[rules].share, rules, label);
        j.spoken_rules += speaks && rules == label;
        better += speaks && right && rules != label;
        worse += speaks && !right && rules == label;
    }
    for (int c = 0; c < HCP_CLASSIFIER_CLASSES; c++)
        j.constant = MAX(j.constant, labels[c] / (double)n);
    finish(&j, better, worse);
    return j;
}
