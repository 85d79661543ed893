/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of classification, and that every counterfactual holds. */
#include "core/classify.h"

#include "base/rng.h"
#include "base/units.h"

static hcp_priority priority(hcp_workload_kind kind, int64_t latency_us, uint32_t devices,
                             int64_t duration_us, const char *tier)
{
    const hcp_classify_features f = {kind, latency_us, devices, duration_us, tier};
    hcp_classification c;
    hcp_classify(&f, &c);
    return c.priority;
}

static void test_rules(void)
{
    const int64_t h = HCP_US_PER_H, ms = HCP_US_PER_MS;
    g_assert_cmpint(priority(HCP_WORKLOAD_AI_INFERENCE_REALTIME, 50 * ms, 1, 2 * h, NULL), ==,
                    HCP_PRIORITY_P1);
    g_assert_cmpint(priority(HCP_WORKLOAD_AI_INFERENCE_REALTIME, 0, 64, 0, NULL), ==,
                    HCP_PRIORITY_P1);
    g_assert_cmpint(priority(HCP_WORKLOAD_AI_INFERENCE_REALTIME, 5000 * ms, 1, h, NULL), ==,
                    HCP_PRIORITY_P2);
    g_assert_cmpint(priority(HCP_WORKLOAD_AI_INFERENCE_BATCH, 0, 8, 4 * h, "startup"), ==,
                    HCP_PRIORITY_P2);
    g_assert_cmpint(priority(HCP_WORKLOAD_AI_INFERENCE_BATCH, 0, 8, 48 * h, "startup"), ==,
                    HCP_PRIORITY_P3);
    g_assert_cmpint(priority(HCP_WORKLOAD_AI_INFERENCE_BATCH, 0, 8, 48 * h, "enterprise"), ==,
                    HCP_PRIORITY_P2);
    g_assert_cmpint(priority(HCP_WORKLOAD_MODEL_TRAINING, 0, 64, 24 * h, "enterprise"), ==,
                    HCP_PRIORITY_P3);
    g_assert_cmpint(priority(HCP_WORKLOAD_HYPERPARAMETER_TUNING, 0, 4, 2 * h, "enterprise"), ==,
                    HCP_PRIORITY_P2);
    g_assert_cmpint(priority(HCP_WORKLOAD_DATA_PROCESSING, 0, 1, h, "growth"), ==, HCP_PRIORITY_P3);
    g_assert_cmpint(priority(HCP_WORKLOAD_BITCOIN_MINING, 0, 1, 0, NULL), ==, HCP_PRIORITY_P4);
}

/* Changes the feature that the counterfactual names to the value it names. */
static hcp_classify_features changed(const hcp_classify_features *f, const hcp_classification *c)
{
    hcp_classify_features other = *f;
    if (g_str_equal(c->feature, "max_latency_ms"))
        other.max_latency_us = (int64_t)(c->flip_value * (double)HCP_US_PER_MS + 0.5);
    else if (g_str_equal(c->feature, "duration_hours"))
        other.duration_us = (int64_t)(c->flip_value * (double)HCP_US_PER_H + 0.5);
    else if (g_str_equal(c->feature, "gpu_count"))
        other.devices = (uint32_t)c->flip_value;
    else
        g_assert_not_reached();
    return other;
}

static void test_counterfactuals(void)
{
    static const char *const TIERS[] = {"enterprise", "growth", "startup", NULL};
    hcp_rng rng;
    hcp_rng_init(&rng, 11, 0);
    int flips = 0;
    for (int i = 0; i < 20000; i++) {
        hcp_classify_features f = {
            .kind = (hcp_workload_kind)hcp_rng_below(&rng, HCP_WORKLOAD_KINDS),
            .max_latency_us = (int64_t)hcp_rng_below(&rng, 3) * HCP_US_PER_MS *
                              (int64_t)hcp_rng_below(&rng, 3000),
            .devices = 1 + (uint32_t)hcp_rng_below(&rng, 64),
            .duration_us = (int64_t)hcp_rng_below(&rng, 60) * HCP_US_PER_H,
            .tier = TIERS[hcp_rng_below(&rng, 4)],
        };
        hcp_classification c, after;
        hcp_classify(&f, &c);
        g_assert_true(c.margin >= 0 && c.margin <= 1);
        g_autofree char *text = hcp_classification_describe(&c);
        g_assert_true(g_str_has_prefix(text, hcp_enum_name(&HCP_PRIORITY_NAMES, (int)c.priority)));
        if (c.feature == NULL)
            continue;
        hcp_classify_features other = changed(&f, &c);
        hcp_classify(&other, &after);
        g_assert_cmpint(after.priority, ==, c.flip_priority);
        g_assert_cmpint(after.priority, !=, c.priority);
        flips++;
    }
    g_assert_cmpint(flips, >, 1000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/classify/rules", test_rules);
    g_test_add_func("/core/classify/counterfactuals", test_counterfactuals);
    return g_test_run();
}
