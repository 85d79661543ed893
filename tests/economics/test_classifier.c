/* SPDX-License-Identifier: Apache-2.0 */
/* The learned classifier: that a fit finds a hidden tree again, that counterfactuals turn the answer, when it is silent,
 * what drift is, and that a model survives being written. */
#include "economics/classifier/drift.h"
#include "economics/classifier/model_json.h"

#include "base/error.h"
#include "base/rng.h"

#include <math.h>

#define N 4000

/* The customs of an invented site: tuning on few devices is urgent, whatever wants an answer within 200 ms too, big models
 * wait. One in `noise` answers is anything. */
static int custom(const hcp_classifier_input *input)
{
    const double *v = input->value;
    if (v[HCP_CLASSIFIER_LATENCY_MS] <= 200)
        return 0;
    if (v[HCP_CLASSIFIER_TYPE] == 3 && v[HCP_CLASSIFIER_GPUS] <= 4)
        return 0;
    return v[HCP_CLASSIFIER_MODEL_SHARE] > 0.5 ? 2 : 1;
}

/* What the rules of the platform say, near enough: by type alone. */
static int by_type(const hcp_classifier_input *input)
{
    static const int of[] = {0, 1, 2, 2, 2};
    return of[(int)input->value[HCP_CLASSIFIER_TYPE]];
}

static hcp_classifier_input draw(hcp_rng *rng)
{
    hcp_classifier_input input = HCP_CLASSIFIER_NOTHING;
    input.value[HCP_CLASSIFIER_TYPE] = (double)hcp_rng_below(rng, 5);
    input.value[HCP_CLASSIFIER_TIER] = (double)hcp_rng_below(rng, 3);
    if (hcp_rng_below(rng, 2) == 0)
        input.value[HCP_CLASSIFIER_LATENCY_MS] = 1 + (double)hcp_rng_below(rng, 1000);
    input.value[HCP_CLASSIFIER_GPUS] = 1 + (double)hcp_rng_below(rng, 16);
    input.value[HCP_CLASSIFIER_DURATION_H] = 0.1 + 20 * hcp_rng_uniform(rng);
    input.value[HCP_CLASSIFIER_MODEL_SHARE] = 0.01 + 0.99 * hcp_rng_uniform(rng);
    return input;
}

static hcp_classifier_example *population(uint64_t seed, uint32_t noise)
{
    hcp_rng rng;
    hcp_rng_init(&rng, seed, 0);
    hcp_classifier_example *examples = g_new0(hcp_classifier_example, N);
    for (int i = 0; i < N; i++) {
        examples[i].input = draw(&rng);
        examples[i].label = noise > 0 && hcp_rng_below(&rng, noise) == 0
                                ? (int)hcp_rng_below(&rng, 3)
                                : custom(&examples[i].input);
        examples[i].rules = by_type(&examples[i].input);
    }
    return examples;
}

/* Fitted on the first half, judged on the second. */
static hcp_classifier_owned *fitted(const hcp_classifier_example *examples)
{
    hcp_classifier_owned *owned = hcp_classifier_fit(examples, N / 2, &HCP_CLASSIFIER_FIT_DEFAULTS);
    owned->name = g_strdup("test");
    owned->fitted = g_strdup("2026-11-27");
    owned->provenance = g_strdup("invented");
    owned->model.name = owned->name;
    owned->model.fitted = owned->fitted;
    owned->model.provenance = owned->provenance;
    owned->model.version = 1;
    owned->model.held_out =
        hcp_classifier_judge(&owned->model, examples, N / 2, examples + N / 2, N / 2);
    return owned;
}

static void test_hidden_tree(void)
{
    g_autofree hcp_classifier_example *examples = population(5, 0);
    g_autoptr(hcp_classifier_owned) owned = fitted(examples);
    const hcp_classifier_judgement *j = &owned->model.held_out;
    g_assert_cmpuint(j->n, ==, N / 2);
    g_assert_cmpfloat(j->model.accuracy, >, 0.985);
    g_assert_cmpfloat(j->rules.accuracy, <, 0.7);
    g_assert_cmpfloat(j->z, >, 10);
    g_assert_null(hcp_classifier_silence(&owned->model));
    /* The thresholds are those of the customs. */
    bool latency = false, devices = false, share = false;
    for (size_t i = 0; i < owned->model.n_nodes; i++) {
        const hcp_classifier_node *node = &owned->model.nodes[i];
        latency |= node->feature == HCP_CLASSIFIER_LATENCY_MS && fabs(node->threshold - 200) < 5;
        devices |=
            node->feature == HCP_CLASSIFIER_GPUS && node->threshold >= 4 && node->threshold < 5;
        share |= node->feature == HCP_CLASSIFIER_MODEL_SHARE && fabs(node->threshold - 0.5) < 0.01;
    }
    g_assert_true(latency && devices && share);
}

/* One label in five is drawn at random, so 13 % are wrong whoever judges: no answer may claim more. */
static void test_noise_is_stated(void)
{
    g_autofree hcp_classifier_example *examples = population(6, 5);
    g_autoptr(hcp_classifier_owned) owned = fitted(examples);
    const hcp_classifier_judgement *j = &owned->model.held_out;
    g_assert_cmpfloat(j->model.accuracy, >, 0.83);
    g_assert_cmpfloat(j->model.accuracy, <, 0.91);
    for (int b = 0; b < HCP_CLASSIFIER_BUCKETS; b++) {
        const hcp_classifier_bucket *bucket = &j->buckets[b];
        double error = sqrt(bucket->stated * (1 - bucket->stated) / MAX(1, bucket->n));
        if (bucket->n >= 100)
            g_assert_cmpfloat(fabs(bucket->stated - bucket->right), <, 4 * error);
    }
    g_assert_null(hcp_classifier_silence(&owned->model));
}

static void test_counterfactuals(void)
{
    g_autofree hcp_classifier_example *examples = population(7, 10);
    g_autoptr(hcp_classifier_owned) owned = fitted(examples);
    int turned = 0;
    for (int i = 0; i < N; i++) {
        hcp_classifier_answer now, then;
        hcp_classifier_ask(&owned->model, &examples[i].input, &now);
        double sum = now.share[0] + now.share[1] + now.share[2] + now.share[3];
        g_assert_cmpfloat(fabs(sum - 1), <, 1e-9);
        g_assert_cmpfloat(now.margin, >=, 0);
        g_autofree char *text = hcp_classifier_describe(&owned->model, &now);
        if (now.feature < 0)
            continue;
        hcp_classifier_input changed = examples[i].input;
        g_assert_cmpfloat(changed.value[now.feature], ==, now.value);
        changed.value[now.feature] = now.flip_value;
        hcp_classifier_ask(&owned->model, &changed, &then);
        g_assert_cmpint(then.best, ==, now.flip);
        g_assert_cmpint(then.best, !=, now.best);
        g_assert_nonnull(strstr(text, hcp_classifier_feature_name(now.feature)));
        turned++;
    }
    g_assert_cmpint(turned, >, N * 9 / 10);
}

/* A tree written by hand: up to 4 devices P1, of more P3; a submission without a count is P3. */
static const hcp_classifier_node GOLDEN[] = {
    {HCP_CLASSIFIER_GPUS, 4.5, false, 1, 2, 100, {0.5, 0, 0.5, 0}},
    {-1, 0, false, 0, 0, 50, {0.9, 0, 0.1, 0}},
    {-1, 0, false, 0, 0, 50, {0.3, 0, 0.7, 0}},
};

static hcp_classifier_model golden(void)
{
    return (hcp_classifier_model){
        .name = "golden",
        .version = 1,
        .fitted = "2026-11-27",
        .provenance = "by hand",
        .min_margin = 0.5,
        .features = 1u << HCP_CLASSIFIER_GPUS,
        .bins = {[HCP_CLASSIFIER_GPUS] = {4, {1, 4}, {0.5, 0.25, 0.25, 0}}},
        .n_nodes = G_N_ELEMENTS(GOLDEN),
        .nodes = GOLDEN,
        .held_out = {.n = 200,
                     .has_rules = true,
                     .model = {0.9, 0.3, 0.2},
                     .rules = {0.8, 0.4, 0.3},
                     .z = 3},
    };
}

static void test_golden(void)
{
    const hcp_classifier_model model = golden();
    hcp_classifier_input input = HCP_CLASSIFIER_NOTHING;
    hcp_classifier_answer a;
    input.value[HCP_CLASSIFIER_GPUS] = 2;
    hcp_classifier_ask(&model, &input, &a);
    g_assert_cmpint(a.best, ==, 0);
    g_assert_cmpfloat(fabs(a.margin - 0.8), <, 1e-12);
    g_assert_cmpint(a.feature, ==, HCP_CLASSIFIER_GPUS);
    g_assert_cmpfloat(a.flip_value, ==, 5);
    g_assert_cmpint(a.flip, ==, 2);
    g_autofree char *text = hcp_classifier_describe(&model, &a);
    g_assert_cmpstr(text, ==,
                    "P1: 90 % of 50 alike, learned by golden of 2026-11-27; with gpu_count = 5 "
                    "instead of 2 it would be P3");
    hcp_classifier_ask(&model, &HCP_CLASSIFIER_NOTHING, &a);
    g_assert_cmpint(a.best, ==, 2);
    g_assert_cmpfloat(fabs(a.margin - 0.4), <, 1e-12);
    g_assert_cmpint(a.feature, ==, -1); /* nothing is stated that could be changed */
}

static void test_silence(void)
{
    hcp_classifier_model model = golden();
    g_assert_null(hcp_classifier_silence(&model));
    model.held_out.z = 1.9;
    g_assert_nonnull(strstr(hcp_classifier_silence(&model), "does not beat the rules"));
    model = golden();
    model.held_out.model.log_loss = 0.41;
    g_assert_nonnull(strstr(hcp_classifier_silence(&model), "does not beat the rules"));
    model = golden();
    model.held_out.n = 199;
    g_assert_nonnull(strstr(hcp_classifier_silence(&model), "fewer than 200"));
    model = golden();
    model.held_out.has_rules = false;
    g_assert_nonnull(strstr(hcp_classifier_silence(&model), "type of work"));
}

/* Rules that are always right leave nothing to be better at, however good the model is. */
static void test_rules_that_are_right(void)
{
    g_autofree hcp_classifier_example *examples = population(8, 0);
    for (int i = 0; i < N; i++)
        examples[i].rules = examples[i].label;
    g_autoptr(hcp_classifier_owned) owned = fitted(examples);
    g_assert_nonnull(strstr(hcp_classifier_silence(&owned->model), "does not beat the rules"));
    for (int i = 0; i < N; i++)
        examples[i].rules = -1;
    g_autoptr(hcp_classifier_owned) unknown = fitted(examples);
    g_assert_false(unknown->model.held_out.has_rules);
    g_assert_nonnull(strstr(hcp_classifier_silence(&unknown->model), "type of work"));
}

static void test_drift(void)
{
    const hcp_classifier_model model = golden();
    hcp_classifier_drift drift = {0};
    hcp_classifier_input input = HCP_CLASSIFIER_NOTHING;
    static const double same[] = {1, 1, 4, 9}; /* half, a quarter, a quarter: as at the fit */
    for (int i = 0; i < 99; i++) {
        input.value[HCP_CLASSIFIER_GPUS] = same[i % 4];
        hcp_classifier_drift_observe(&drift, &model, &input);
    }
    g_assert_true(isnan(hcp_classifier_drift_index(&drift, &model, HCP_CLASSIFIER_GPUS)));
    for (int i = 99; i < 400; i++) {
        input.value[HCP_CLASSIFIER_GPUS] = same[i % 4];
        hcp_classifier_drift_observe(&drift, &model, &input);
    }
    g_assert_cmpfloat(hcp_classifier_drift_index(&drift, &model, HCP_CLASSIFIER_GPUS), <, 1e-9);
    g_assert_cmpint(hcp_classifier_drift_found(&drift, &model), ==, -1);
    g_assert_true(isnan(hcp_classifier_drift_index(&drift, &model, HCP_CLASSIFIER_TYPE)));
    /* The window of 500 fills with nothing but big gangs. Shares 0, 0, 1 against 1/2, 1/4, 1/4, an empty bin counting as
     * a thousandth: 0.499 ln 500 + 0.249 ln 250 + 0.75 ln 4 = 5.5157. */
    for (int i = 0; i < 500; i++) {
        input.value[HCP_CLASSIFIER_GPUS] = 9;
        hcp_classifier_drift_observe(&drift, &model, &input);
    }
    double index = hcp_classifier_drift_index(&drift, &model, HCP_CLASSIFIER_GPUS);
    g_assert_cmpfloat(fabs(index - (0.499 * log(500) + 0.249 * log(250) + 0.75 * log(4))), <, 1e-9);
    g_assert_cmpint(hcp_classifier_drift_found(&drift, &model), ==, HCP_CLASSIFIER_GPUS);
}

static void test_written_and_read(void)
{
    g_autofree hcp_classifier_example *examples = population(9, 10);
    g_autoptr(hcp_classifier_owned) owned = fitted(examples);
    g_autoptr(json_t) object = hcp_classifier_to_json(&owned->model);
    g_autofree char *text = hcp_json_print(object, NULL);
    g_autoptr(json_t) parsed = hcp_json_parse(text, strlen(text), NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_classifier_owned) read = hcp_classifier_from_json(parsed, &error);
    g_assert_no_error(error);
    g_autoptr(json_t) again = hcp_classifier_to_json(&read->model);
    g_autofree char *same = hcp_json_print(again, NULL);
    g_assert_cmpstr(same, ==, text);
    for (int i = 0; i < N; i++) {
        hcp_classifier_answer a, b;
        hcp_classifier_ask(&owned->model, &examples[i].input, &a);
        hcp_classifier_ask(&read->model, &examples[i].input, &b);
        g_assert_cmpint(a.best, ==, b.best);
        g_assert_cmpfloat(a.margin, ==, b.margin);
    }
}

static void refuse(const char *text, const char *complaint)
{
    g_autoptr(json_t) object = hcp_json_parse(text, strlen(text), NULL);
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(object);
    g_assert_null(hcp_classifier_from_json(object, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, complaint));
}

static void test_bad_files(void)
{
    refuse("{}", "\"version\"");
    refuse("{\"version\":1}", "\"name\"");
    refuse("{\"version\":1,\"name\":\"x\",\"min_margin\":2}", "\"min_margin\"");
    refuse("{\"version\":1,\"name\":\"x\",\"min_margin\":0.5}", "\"nodes\"");
    refuse("{\"version\":1,\"name\":\"x\",\"min_margin\":0.5,\"nodes\":[{\"n\":1,\"share\":[1,1,0,"
           "0]}]}",
           "sum to 1");
    refuse(
        "{\"version\":1,\"name\":\"x\",\"min_margin\":0.5,\"nodes\":[{\"n\":1,\"share\":[1,0,0,0],"
        "\"feature\":\"colour\"}]}",
        "no feature \"colour\"");
    refuse(
        "{\"version\":1,\"name\":\"x\",\"min_margin\":0.5,\"nodes\":[{\"n\":1,\"share\":[1,0,0,0],"
        "\"feature\":\"gpu_count\",\"at_most\":2,\"yes\":0,\"no\":0}]}",
        "later nodes");
    refuse(
        "{\"version\":1,\"name\":\"x\",\"min_margin\":0.5,\"nodes\":[{\"n\":1,\"share\":[1,0,0,0],"
        "\"feature\":\"gpu_count\",\"at_most\":2,\"yes\":1,\"no\":2},"
        "{\"n\":1,\"share\":[1,0,0,0]},{\"n\":1,\"share\":[1,0,0,0]}]}",
        "missing from \"inputs\"");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/economics/classifier/hidden-tree", test_hidden_tree);
    g_test_add_func("/economics/classifier/noise-is-stated", test_noise_is_stated);
    g_test_add_func("/economics/classifier/counterfactuals", test_counterfactuals);
    g_test_add_func("/economics/classifier/golden", test_golden);
    g_test_add_func("/economics/classifier/silence", test_silence);
    g_test_add_func("/economics/classifier/rules-that-are-right", test_rules_that_are_right);
    g_test_add_func("/economics/classifier/drift", test_drift);
    g_test_add_func("/economics/classifier/written-and-read", test_written_and_read);
    g_test_add_func("/economics/classifier/bad-files", test_bad_files);
    return g_test_run();
}
