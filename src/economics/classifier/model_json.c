/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing classifiers, every node checked: a file from outside must not send the walk astray. */
#include "economics/classifier/model_json.h"

#include "base/error.h"

#include <float.h>
#include <math.h>

/* A tree of more nodes is no longer one that a person can read. */
#define MAX_NODES 4096

static bool invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool invalid(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "classifier: %s", message);
    return false;
}

/* --- nodes ----------------------------------------------------------------------------------------------------------- */

static json_t *shares_json(const double *share, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_real(share[i]));
    return list;
}

/* `n` numbers from 0 to 1 that sum to 1. */
static bool read_shares(const json_t *list, double *ret_share, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(list, i);
        ret_share[i] = json_number_value(value);
        sum += ret_share[i];
        if (!json_is_number(value) || !(ret_share[i] >= 0 && ret_share[i] <= 1))
            return false;
    }
    return json_array_size(list) == n && fabs(sum - 1) < 1e-6;
}

/* A question's key says what it asks: "is" a value, "at_most" a number, or "stated" at all. */
static json_t *node_json(const hcp_classifier_node *node)
{
    json_t *object = json_object();
    hcp_json_set_int(object, "n", node->n);
    json_object_set_new(object, "share", shares_json(node->share, HCP_CLASSIFIER_CLASSES));
    if (node->feature < 0)
        return object;
    const char *const *values = hcp_classifier_feature_values(node->feature);
    hcp_json_set_string(object, "feature", hcp_classifier_feature_name(node->feature));
    if (values != NULL)
        hcp_json_set_string(object, "is", values[(int)node->threshold]);
    else if (node->threshold < DBL_MAX)
        hcp_json_set_number(object, "at_most", node->threshold);
    else
        hcp_json_set_bool(object, "stated", true);
    hcp_json_set_string(object, "missing", node->missing_yes ? "yes" : "no");
    hcp_json_set_int(object, "yes", node->yes);
    hcp_json_set_int(object, "no", node->no);
    return object;
}

static bool read_threshold(const json_t *object, hcp_classifier_node *node)
{
    if (hcp_classifier_feature_values(node->feature) != NULL) {
        node->threshold =
            hcp_classifier_category(node->feature, hcp_json_string(object, "is", NULL));
        return !isnan(node->threshold);
    }
    if (hcp_json_bool(object, "stated", false)) {
        node->threshold = DBL_MAX;
        return true;
    }
    node->threshold = hcp_json_number(object, "at_most", NAN);
    return !isnan(node->threshold);
}

static bool read_node(const json_t *object, size_t at, size_t n_nodes, hcp_classifier_node *node,
                      GError **error)
{
    *node = (hcp_classifier_node){.feature = -1};
    node->n = (uint32_t)CLAMP(hcp_json_int(object, "n", 0), 0, (int64_t)UINT32_MAX);
    if (!read_shares(json_object_get(object, "share"), node->share, HCP_CLASSIFIER_CLASSES))
        return invalid(error, "node %zu: \"share\" must be four numbers that sum to 1", at);
    const char *feature = hcp_json_string(object, "feature", NULL);
    if (feature == NULL)
        return true;
    node->feature = hcp_classifier_feature_find(feature);
    if (node->feature < 0)
        return invalid(error, "node %zu: there is no feature \"%s\"", at, feature);
    if (!read_threshold(object, node))
        return invalid(error, "node %zu: it needs \"is\" with a known value of %s, or \"at_most\"",
                       at, feature);
    node->missing_yes = g_str_equal(hcp_json_string(object, "missing", "no"), "yes");
    int64_t yes = hcp_json_int(object, "yes", -1), no = hcp_json_int(object, "no", -1);
    if (!(yes > (int64_t)at && no > (int64_t)at && MAX(yes, no) < (int64_t)n_nodes))
        return invalid(error, "node %zu: \"yes\" and \"no\" must be later nodes", at);
    node->yes = (uint32_t)yes;
    node->no = (uint32_t)no;
    return true;
}

static bool read_nodes(const json_t *list, hcp_classifier_owned *owned, GError **error)
{
    size_t n = json_array_size(list);
    if (n == 0 || n > MAX_NODES)
        return invalid(error, "\"nodes\" must be a list of 1 to %d", MAX_NODES);
    owned->nodes = g_new0(hcp_classifier_node, n);
    owned->model.nodes = owned->nodes;
    owned->model.n_nodes = n;
    for (size_t i = 0; i < n; i++)
        if (!read_node(json_array_get(list, i), i, n, &owned->nodes[i], error))
            return false;
    return true;
}

/* --- how the inputs were distributed ----------------------------------------------------------------------------- */

static json_t *inputs_json(const hcp_classifier_model *model)
{
    json_t *inputs = json_object();
    for (int f = 0; f < HCP_CLASSIFIER_FEATURES; f++) {
        const hcp_classifier_bins *bins = &model->bins[f];
        if (((model->features >> f) & 1) == 0)
            continue;
        json_t *object = json_object();
        if (hcp_classifier_feature_values(f) == NULL)
            json_object_set_new(object, "cuts", shares_json(bins->cuts, bins->n_bins - 2));
        json_object_set_new(object, "share", shares_json(bins->share, bins->n_bins));
        json_object_set_new(inputs, hcp_classifier_feature_name(f), object);
    }
    return inputs;
}

static bool read_cuts(const json_t *list, hcp_classifier_bins *bins)
{
    size_t n = json_array_size(list);
    if (n > HCP_CLASSIFIER_MAX_BINS - 2)
        return false;
    for (size_t i = 0; i < n; i++) {
        bins->cuts[i] = json_number_value(json_array_get(list, i));
        if (!json_is_number(json_array_get(list, i)) ||
            (i > 0 && bins->cuts[i] <= bins->cuts[i - 1]))
            return false;
    }
    bins->n_bins = (uint32_t)n + 2;
    return true;
}

static bool read_inputs(const json_t *inputs, hcp_classifier_model *model, GError **error)
{
    for (int f = 0; f < HCP_CLASSIFIER_FEATURES; f++) {
        const char *name = hcp_classifier_feature_name(f);
        const char *const *values = hcp_classifier_feature_values(f);
        const json_t *object = json_object_get(inputs, name);
        hcp_classifier_bins *bins = &model->bins[f];
        if (object == NULL)
            continue;
        model->features |= 1u << f;
        if (values != NULL)
            bins->n_bins = g_strv_length((char **)values) + 1;
        else if (!read_cuts(json_object_get(object, "cuts"), bins))
            return invalid(error, "inputs: \"cuts\" of %s must be at most %d rising numbers", name,
                           HCP_CLASSIFIER_MAX_BINS - 2);
        if (!read_shares(json_object_get(object, "share"), bins->share, bins->n_bins))
            return invalid(error, "inputs: \"share\" of %s must be %u numbers that sum to 1", name,
                           bins->n_bins);
    }
    for (size_t i = 0; i < model->n_nodes; i++)
        if (model->nodes[i].feature >= 0 && ((model->features >> model->nodes[i].feature) & 1) == 0)
            return invalid(error, "node %zu: %s is missing from \"inputs\"", i,
                           hcp_classifier_feature_name(model->nodes[i].feature));
    return true;
}

/* --- judgement ------------------------------------------------------------------------------------------------------- */

static json_t *score_json(const hcp_classifier_score *score)
{
    json_t *object = json_object();
    hcp_json_set_number(object, "accuracy", score->accuracy);
    hcp_json_set_number(object, "log_loss", score->log_loss);
    hcp_json_set_number(object, "brier", score->brier);
    return object;
}

static hcp_classifier_score read_score(const json_t *object)
{
    return (hcp_classifier_score){
        .accuracy = hcp_json_number(object, "accuracy", 0),
        .log_loss = hcp_json_number(object, "log_loss", 0),
        .brier = hcp_json_number(object, "brier", 0),
    };
}

json_t *hcp_classifier_judgement_to_json(const hcp_classifier_judgement *j)
{
    json_t *object = json_object(), *buckets = json_array();
    hcp_json_set_int(object, "n", j->n);
    json_object_set_new(object, "model", score_json(&j->model));
    json_object_set_new(object, "rules", j->has_rules ? score_json(&j->rules) : json_null());
    json_object_set_new(object, "majority", score_json(&j->majority));
    hcp_json_set_number(object, "constant", j->constant);
    hcp_json_set_int(object, "spoken", j->spoken);
    hcp_json_set_number(object, "spoken_right", j->spoken_right);
    if (j->has_rules) {
        hcp_json_set_number(object, "spoken_rules", j->spoken_rules);
        hcp_json_set_number(object, "z", j->z);
    }
    for (int b = 0; b < HCP_CLASSIFIER_BUCKETS; b++) {
        const hcp_classifier_bucket *bucket = &j->buckets[b];
        if (bucket->n > 0)
            json_array_append_new(buckets,
                                  json_pack("{s:i, s:f, s:f}", "n", (int)bucket->n, "stated",
                                            bucket->stated, "right", bucket->right));
    }
    json_object_set_new(object, "reliability", buckets);
    return object;
}

static void read_judgement(const json_t *object, hcp_classifier_judgement *j)
{
    const json_t *rules = json_object_get(object, "rules");
    const json_t *buckets = json_object_get(object, "reliability");
    *j = (hcp_classifier_judgement){
        .n = (uint32_t)CLAMP(hcp_json_int(object, "n", 0), 0, (int64_t)UINT32_MAX),
        .model = read_score(json_object_get(object, "model")),
        .majority = read_score(json_object_get(object, "majority")),
        .has_rules = json_is_object(rules),
        .rules = read_score(rules),
        .constant = hcp_json_number(object, "constant", 0),
        .spoken = (uint32_t)CLAMP(hcp_json_int(object, "spoken", 0), 0, (int64_t)UINT32_MAX),
        .spoken_right = hcp_json_number(object, "spoken_right", 0),
        .spoken_rules = hcp_json_number(object, "spoken_rules", 0),
        .z = hcp_json_number(object, "z", 0),
    };
    size_t n = MIN(json_array_size(buckets), (size_t)HCP_CLASSIFIER_BUCKETS);
    for (size_t b = 0; b < n; b++) {
        const json_t *bucket = json_array_get(buckets, b);
        j->buckets[b] = (hcp_classifier_bucket){
            .n = (uint32_t)CLAMP(hcp_json_int(bucket, "n", 0), 0, (int64_t)UINT32_MAX),
            .stated = hcp_json_number(bucket, "stated", 0),
            .right = hcp_json_number(bucket, "right", 0),
        };
    }
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

json_t *hcp_classifier_to_json(const hcp_classifier_model *model)
{
    json_t *object = json_object(), *nodes = json_array();
    hcp_json_set_string(object, "name", model->name);
    hcp_json_set_int(object, "version", model->version);
    hcp_json_set_string(object, "fitted", model->fitted);
    hcp_json_set_string(object, "provenance", model->provenance);
    hcp_json_set_number(object, "min_margin", model->min_margin);
    json_object_set_new(object, "held_out", hcp_classifier_judgement_to_json(&model->held_out));
    json_object_set_new(object, "inputs", inputs_json(model));
    for (size_t i = 0; i < model->n_nodes; i++)
        json_array_append_new(nodes, node_json(&model->nodes[i]));
    json_object_set_new(object, "nodes", nodes);
    return object;
}

hcp_classifier_owned *hcp_classifier_from_json(const json_t *object, GError **error)
{
    g_autoptr(hcp_classifier_owned) owned = g_new0(hcp_classifier_owned, 1);
    hcp_classifier_model *model = &owned->model;
    owned->name = g_strdup(hcp_json_string(object, "name", ""));
    owned->provenance = g_strdup(hcp_json_string(object, "provenance", ""));
    owned->fitted = g_strdup(hcp_json_string(object, "fitted", ""));
    model->name = owned->name;
    model->provenance = owned->provenance;
    model->fitted = owned->fitted;
    model->version = (int)hcp_json_int(object, "version", 0);
    model->min_margin = hcp_json_number(object, "min_margin", -1);
    read_judgement(json_object_get(object, "held_out"), &model->held_out);
    if (model->version != 1)
        invalid(error, "\"version\" must be 1");
    else if (owned->name[0] == '\0')
        invalid(error, "\"name\" must not be empty");
    else if (!(model->min_margin >= 0 && model->min_margin <= 1))
        invalid(error, "\"min_margin\" must be 0 to 1");
    else if (read_nodes(json_object_get(object, "nodes"), owned, error) &&
             read_inputs(json_object_get(object, "inputs"), model, error))
        return g_steal_pointer(&owned);
    return NULL;
}
