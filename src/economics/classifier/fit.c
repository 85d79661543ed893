/* SPDX-License-Identifier: Apache-2.0 */
/* Growing the tree: at each node the question that leaves the least impurity, both places for what is not stated tried. */
#include "economics/classifier/fit.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MIN_MARGIN 0.5
/* A feature of which fewer than this share is stated is not one that submissions have. */
#define STATED_MIN 0.01
/* Bins of a number: tenths of the submissions that state it. */
#define NUMBER_BINS 10

const hcp_classifier_fit_params HCP_CLASSIFIER_FIT_DEFAULTS = {
    .max_depth = 6,
    .min_leaf = 20,
    .min_gain = 0.005,
};

typedef struct {
    double n, of[HCP_CLASSIFIER_CLASSES];
} counts;

typedef struct {
    double value;
    int label;
} row;

typedef struct {
    int feature;
    double threshold;
    bool missing_yes;
    double purity; /* sum over both sides of sum of squares over size; larger is purer */
} question;

typedef struct {
    const hcp_classifier_example *examples;
    const hcp_classifier_fit_params *params;
    uint32_t *order;   /* the examples, those of a node together */
    row *rows;         /* scratch: stated values of a feature */
    GArray *nodes;     /* hcp_classifier_node */
    double least_gain; /* of purity */
    counts all;        /* of the whole fit, for smoothing */
} growth;

static void count(counts *sum, int label, double times)
{
    sum->n += times;
    sum->of[label] += times;
}

static counts less(const counts *a, const counts *b)
{
    counts left = {.n = a->n - b->n};
    for (int c = 0; c < HCP_CLASSIFIER_CLASSES; c++)
        left.of[c] = a->of[c] - b->of[c];
    return left;
}

static double purity(const counts *side)
{
    double squares = 0;
    for (int c = 0; c < HCP_CLASSIFIER_CLASSES; c++)
        squares += side->of[c] * side->of[c];
    return side->n > 0 ? squares / side->n : 0;
}

static int compare_rows(const void *a, const void *b)
{
    double left = ((const row *)a)->value, right = ((const row *)b)->value;
    return (left > right) - (left < right);
}

/* A short number that separates the two. */
static double between(double low, double high)
{
    static const char *const formats[] = {"%.2g", "%.3g", "%.4g", "%.6g", "%.9g"};
    double middle = low + (high - low) / 2;
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        double rounded =
            g_ascii_strtod(g_ascii_formatd(text, sizeof text, formats[i], middle), NULL);
        if (rounded >= low && rounded < high)
            return rounded;
    }
    return low;
}

/* Keeps the question when it is the best so far; `yes` are the stated values that answer it so. */
static void weigh(const growth *g, const question *asked, const counts *yes, const counts *all,
                  const counts *missing, question *best)
{
    for (int with = 0; with < (missing->n > 0 ? 2 : 1); with++) {
        counts side = *yes;
        if (with == 1)
            for (int c = 0; c < HCP_CLASSIFIER_CLASSES; c++)
                count(&side, c, missing->of[c]);
        counts other = less(all, &side);
        double sum = purity(&side) + purity(&other);
        if (side.n < g->params->min_leaf || other.n < g->params->min_leaf || sum <= best->purity)
            continue;
        *best = *asked;
        best->missing_yes = with == 1;
        best->purity = sum;
    }
}

static void weigh_feature(growth *g, const uint32_t *order, size_t n, int feature,
                          const counts *all, question *best)
{
    counts missing = {0}, yes = {0};
    size_t stated = 0;
    for (size_t i = 0; i < n; i++) {
        const hcp_classifier_example *e = &g->examples[order[i]];
        if (isnan(e->input.value[feature]))
            count(&missing, e->label, 1);
        else
            g->rows[stated++] = (row){e->input.value[feature], e->label};
    }
    bool category = hcp_classifier_feature_values(feature) != NULL;
    qsort(g->rows, stated, sizeof *g->rows, compare_rows);
    for (size_t i = 0; i < stated; i++) {
        count(&yes, g->rows[i].label, 1);
        bool last = i + 1 == stated;
        if (!last && g->rows[i + 1].value == g->rows[i].value)
            continue;
        question asked = {.feature = feature, .threshold = g->rows[i].value};
        if (!category)
            asked.threshold = last ? DBL_MAX : between(g->rows[i].value, g->rows[i + 1].value);
        weigh(g, &asked, &yes, all, &missing, best);
        if (category)
            yes = (counts){0};
    }
}

static bool answers_yes(const question *q, const hcp_classifier_input *input)
{
    double value = input->value[q->feature];
    if (isnan(value))
        return q->missing_yes;
    return hcp_classifier_feature_values(q->feature) != NULL ? value == q->threshold
                                                             : value <= q->threshold;
}

/* Moves those who answer yes to the front, order kept; returns how many. */
static size_t part(growth *g, uint32_t *order, size_t n, const question *q)
{
    g_autofree uint32_t *no = g_new(uint32_t, n);
    size_t n_yes = 0, n_no = 0;
    for (size_t i = 0; i < n; i++) {
        if (answers_yes(q, &g->examples[order[i]].input))
            order[n_yes++] = order[i];
        else
            no[n_no++] = order[i];
    }
    for (size_t i = 0; i < n_no; i++)
        order[n_yes + i] = no[i];
    return n_yes;
}

/* Shares as if one more submission had come, distributed as all are: a leaf is never certain. */
static void set_shares(const growth *g, const counts *here, hcp_classifier_node *node)
{
    node->n = (uint32_t)here->n;
    for (int c = 0; c < HCP_CLASSIFIER_CLASSES; c++)
        node->share[c] = (here->of[c] + g->all.of[c] / g->all.n) / (here->n + 1);
}

static uint32_t grow(growth *g, uint32_t *order, size_t n, int depth)
{
    counts here = {0};
    for (size_t i = 0; i < n; i++)
        count(&here, g->examples[order[i]].label, 1);
    hcp_classifier_node node = {.feature = -1};
    set_shares(g, &here, &node);
    uint32_t at = g->nodes->len;
    g_array_append_val(g->nodes, node);
    question best = {.feature = -1, .purity = purity(&here) + g->least_gain};
    for (int f = 0; depth < g->params->max_depth && f < HCP_CLASSIFIER_FEATURES; f++)
        weigh_feature(g, order, n, f, &here, &best);
    if (best.feature < 0)
        return at;
    size_t n_yes = part(g, order, n, &best);
    uint32_t yes = grow(g, order, n_yes, depth + 1);
    uint32_t no = grow(g, order + n_yes, n - n_yes, depth + 1);
    hcp_classifier_node *asked = &g_array_index(g->nodes, hcp_classifier_node, at);
    asked->feature = best.feature;
    asked->threshold = best.threshold;
    asked->missing_yes = best.missing_yes;
    asked->yes = yes;
    asked->no = no;
    return at;
}

/* Cuts at the tenths of the stated values, each once. */
static void cut(const row *rows, size_t n, hcp_classifier_bins *bins)
{
    uint32_t cuts = 0;
    for (int i = 1; i < NUMBER_BINS; i++) {
        double at = rows[n * (size_t)i / NUMBER_BINS].value;
        if (at < rows[n - 1].value && (cuts == 0 || at > bins->cuts[cuts - 1]))
            bins->cuts[cuts++] = at;
    }
    bins->n_bins = cuts + 2;
}

static void describe_feature(growth *g, size_t n, int feature, hcp_classifier_model *model)
{
    hcp_classifier_bins *bins = &model->bins[feature];
    size_t stated = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(g->examples[i].input.value[feature]))
            g->rows[stated++] = (row){g->examples[i].input.value[feature], 0};
    if ((double)stated < STATED_MIN * (double)n)
        return;
    model->features |= 1u << feature;
    qsort(g->rows, stated, sizeof *g->rows, compare_rows);
    const char *const *values = hcp_classifier_feature_values(feature);
    if (values != NULL)
        bins->n_bins = g_strv_length((char **)values) + 1;
    else
        cut(g->rows, stated, bins);
    for (size_t i = 0; i < n; i++)
        bins->share[hcp_classifier_bin(bins, feature, g->examples[i].input.value[feature])] +=
            1.0 / (double)n;
}

hcp_classifier_owned *hcp_classifier_fit(const hcp_classifier_example *examples, size_t n,
                                         const hcp_classifier_fit_params *params)
{
    g_assert(n > 0);
    hcp_classifier_owned *owned = g_new0(hcp_classifier_owned, 1);
    growth g = {
        .examples = examples,
        .params = params,
        .order = g_new(uint32_t, n),
        .rows = g_new(row, n),
        .nodes = g_array_new(FALSE, TRUE, sizeof(hcp_classifier_node)),
    };
    for (size_t i = 0; i < n; i++) {
        g.order[i] = (uint32_t)i;
        count(&g.all, examples[i].label, 1);
    }
    g.least_gain = params->min_gain * (g.all.n - purity(&g.all));
    (void)grow(&g, g.order, n, 0);
    for (int f = 0; f < HCP_CLASSIFIER_FEATURES; f++)
        describe_feature(&g, n, f, &owned->model);
    owned->model.min_margin = MIN_MARGIN;
    owned->model.n_nodes = g.nodes->len;
    owned->nodes = (hcp_classifier_node *)(void *)g_array_free(g.nodes, FALSE);
    owned->model.nodes = owned->nodes;
    g_free(g.order);
    g_free(g.rows);
    return owned;
}

void hcp_classifier_owned_free(hcp_classifier_owned *owned)
{
    if (owned == NULL)
        return;
    g_free(owned->name);
    g_free(owned->provenance);
    g_free(owned->fitted);
    g_free(owned->nodes);
    g_free(owned);
}
