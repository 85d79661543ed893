/* SPDX-License-Identifier: Apache-2.0 */
/* A preview says what then happens, for random submissions into a filling site, and changes nothing. */
#include "base/rng.h"
#include "base/units.h"
#include "core/preview.h"
#include "site.h"

static hcp_submit random_submit(hcp_rng *rng)
{
    static const hcp_workload_kind kinds[] = {HCP_WORKLOAD_AI_INFERENCE_REALTIME,
                                              HCP_WORKLOAD_MODEL_TRAINING,
                                              HCP_WORKLOAD_BITCOIN_MINING};
    return (hcp_submit){
        .customer = 0,
        .kind = kinds[hcp_rng_below(rng, G_N_ELEMENTS(kinds))],
        .facility = hcp_rng_below(rng, 3) == 0 ? SITE_SOUTH : HCP_NO_INDEX,
        .classes = hcp_rng_below(rng, 2) == 0 ? 0 : UINT64_C(1) << hcp_rng_below(rng, 2),
        .count = 1 + (uint32_t)hcp_rng_below(rng, 20),
        .duration_us = (int64_t)(1 + hcp_rng_below(rng, 5)) * HCP_US_PER_H,
        .max_latency_us = hcp_rng_below(rng, 4) == 0 ? 9 * HCP_US_PER_MS : 0,
    };
}

static void assert_foretold(const site *s, const hcp_preview *preview)
{
    const hcp_state *state = hcp_core_state(s->core);
    uint32_t ix = hcp_core_find_workload(s->core, (hcp_workload_id){s->outcome.id});
    const hcp_workload *row = hcp_state_workload(state, ix);
    g_assert_cmpint(row->def.priority, ==, preview->def.priority);
    g_assert_cmpint(row->def.rate_usd_micro_per_h, ==, preview->def.rate_usd_micro_per_h);
    g_assert_cmpint(row->def.deadline_us, ==, preview->def.deadline_us);
    if (preview->wait != HCP_WAIT_NONE)
        return;
    g_assert_cmpint(row->status, !=, HCP_WORKLOAD_QUEUED);
    const hcp_lease_granted *lease = &hcp_state_lease(state, row->lease)->def;
    g_assert_cmpuint(lease->facility, ==, preview->facility);
    g_assert_cmpuint(lease->class_ix, ==, preview->class_ix);
    g_assert_cmpuint(lease->devices.count, ==, preview->devices.count);
    for (uint32_t i = 0; i < lease->devices.count; i++)
        g_assert_cmpuint(((const uint32_t *)lease->devices.items)[i], ==,
                         ((const uint32_t *)preview->devices.items)[i]);
}

static void try_one(site *s, hcp_rng *rng, uint32_t *placed, uint32_t *refused)
{
    const hcp_command command = {.type = HCP_COMMAND_SUBMIT, .submit = random_submit(rng)};
    g_auto(hcp_preview) preview = {0};
    hcp_refusal refusal = {0};
    g_autofree char *before = hcp_core_hash(s->core);
    bool fine = hcp_core_preview(s->core, &command.submit, s->now_us, s->view, &preview, &refusal);
    g_autofree char *after = hcp_core_hash(s->core);
    g_assert_cmpstr(before, ==, after);
    g_assert_true(site_do(s, &command) == fine);
    if (!fine) {
        g_assert_cmpint(refusal.code, ==, s->outcome.refusal.code);
        g_assert_cmpstr(refusal.message, ==, s->outcome.refusal.message);
        (*refused)++;
        return;
    }
    assert_foretold(s, &preview);
    *placed += preview.wait == HCP_WAIT_NONE;
}

static void test_what_is_said_happens(void)
{
    uint32_t placed = 0, refused = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        hcp_rng rng;
        hcp_rng_init(&rng, seed, 0);
        site s;
        site_init(&s);
        for (int i = 0; i < 20; i++) {
            try_one(&s, &rng, &placed, &refused);
            if (hcp_rng_below(&rng, 4) == 0)
                site_drive(&s, HCP_US_PER_MS);
        }
        site_finish(&s);
    }
    g_assert_cmpuint(placed, >, 30);
    g_assert_cmpuint(refused, >, 30);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/preview/foretold", test_what_is_said_happens);
    return g_test_run();
}
