/* SPDX-License-Identifier: Apache-2.0 */
/* What switches lose, by hand; when it is believed; and that it survives replay and snapshot. */
#include "site.h"

#include "base/units.h"
#include "core/switch_cost.h"

#include <math.h>

#define PHASES 7
#define NEAR(actual, expected) g_assert_cmpfloat_with_epsilon(actual, expected, 1e-12)

static void observe(site *s, hcp_price_kind kind, double value)
{
    const hcp_price_observed price = {.kind = kind,
                                      .facility = SITE_NORTH,
                                      .value = value,
                                      .source = (char *)"test",
                                      .observed_us = s->now_us,
                                      .quality = HCP_QUALITY_GOOD};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

/* Sends all S21 of the north to mine or to sleep; each phase takes `phase_us`. */
static void move(site *s, bool mine, int64_t phase_us)
{
    hcp_class_plan plan = {.class_ix = SITE_S21};
    *(mine ? &plan.mine : &plan.curtail) = SITE_S21_COUNT;
    s->now_us += HCP_US_PER_H;
    observe(s, HCP_PRICE_ELECTRICITY, 50);
    observe(s, HCP_PRICE_HASHPRICE, 55);
    hcp_decision_recorded decision = {.facility = SITE_NORTH,
                                      .policy = (char *)"test",
                                      .expires_us = s->now_us + HCP_US_PER_H,
                                      .chosen = {.items = &plan, .count = 1},
                                      .recommendation = (char *)"HYBRID",
                                      .reason = (char *)"because"};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision});
    site_drive(s, phase_us);
}

static const hcp_switch_cost *row_of(const site *s, hcp_mode from, hcp_mode to)
{
    const GArray *rows = hcp_core_state(s->core)->switch_costs;
    for (guint i = 0; i < rows->len; i++) {
        const hcp_switch_cost *row = &g_array_index(rows, hcp_switch_cost, i);
        if (row->from == from && row->to == to)
            return row;
    }
    g_assert_not_reached();
}

static void test_by_hand(void)
{
    site s;
    hcp_switch_cost_view view;
    site_init(&s);
    move(&s, false, HCP_US_PER_S);
    /* Seven seconds at 3,500 W on the way to 25 W: 3,475 W x 1.2 x 7 s at 50 USD/MWh. */
    const hcp_switch_cost *down = row_of(&s, HCP_MODE_MINING, HCP_MODE_CURTAILED);
    hcp_switch_cost_read(down, &view);
    g_assert_cmpint(down->switches, ==, 1);
    g_assert_cmpint(down->devices, ==, SITE_S21_COUNT);
    g_assert_cmpint(view.mean_duration_us, ==, PHASES * HCP_US_PER_S);
    NEAR(view.mean_usd, 3475e-6 * 1.2 * 50 * PHASES / 3600);
    NEAR(view.low_usd, view.mean_usd);
    /* Seven seconds without the 200 TH/s at 55 USD/(PH/s day). */
    move(&s, true, HCP_US_PER_S);
    hcp_switch_cost_read(row_of(&s, HCP_MODE_CURTAILED, HCP_MODE_MINING), &view);
    NEAR(view.mean_usd, 0.2 * 55 / 24 * PHASES / 3600);
    site_finish(&s);
}

static void test_believed_when_measured_enough(void)
{
    site s;
    double usd;
    site_init(&s);
    for (int i = 0; i < HCP_SWITCH_COST_ENOUGH; i++) {
        move(&s, false, HCP_US_PER_S);
        g_assert_false(hcp_switch_cost_move(hcp_core_state(s.core), SITE_NORTH, SITE_S21, &usd));
        move(&s, true, (i % 2 == 0 ? 1 : 3) * HCP_US_PER_S);
    }
    g_assert_true(hcp_switch_cost_move(hcp_core_state(s.core), SITE_NORTH, SITE_S21, &usd));
    /* Up: three times 7 s and twice 21 s, 12.6 s in the mean. */
    double down = 3475e-6 * 1.2 * 50 * 7 / 3600, second = 0.2 * 55 / 24 / 3600;
    NEAR(usd, (down + 12.6 * second) / 2);
    /* Their standard deviation is sqrt((3 x 5.6^2 + 2 x 8.4^2) / 4) s. */
    hcp_switch_cost_view view;
    hcp_switch_cost_read(row_of(&s, HCP_MODE_CURTAILED, HCP_MODE_MINING), &view);
    double half = 1.96 * sqrt((3 * 5.6 * 5.6 + 2 * 8.4 * 8.4) / 4 / 5) * second;
    g_assert_cmpfloat_with_epsilon(view.high_usd - view.mean_usd, half, 1e-9);
    g_assert_cmpfloat_with_epsilon(view.mean_usd - view.low_usd, half, 1e-9);
    g_assert_false(hcp_switch_cost_move(hcp_core_state(s.core), SITE_NORTH, SITE_S19, &usd));
    site_finish(&s);
}

/* A customer who waits for devices is income lost. */
static void test_serving(void)
{
    site s;
    hcp_switch_cost_view view;
    site_init(&s);
    observe(&s, HCP_PRICE_ELECTRICITY, 50);
    (void)site_allocate(&s, SITE_H100, SITE_NORTH, 2);
    site_drive(&s, HCP_US_PER_S);
    hcp_switch_cost_read(row_of(&s, HCP_MODE_IDLE, HCP_MODE_SERVING), &view);
    double rate =
        hcp_money_to_usd(hcp_state_lease(hcp_core_state(s.core), 0)->rate_usd_micro_per_h);
    g_assert_cmpfloat(rate, >, 0);
    NEAR(view.mean_usd, rate * PHASES / 3600);
    site_finish(&s);
}

static void test_survives(void)
{
    site s;
    site_init(&s);
    move(&s, false, HCP_US_PER_S);
    move(&s, true, 2 * HCP_US_PER_S);
    g_autofree char *hash = hcp_core_hash(s.core);
    hcp_core *replayed = site_replay(&s);
    g_autofree char *replayed_hash = hcp_core_hash(replayed);
    g_assert_cmpstr(replayed_hash, ==, hash);
    g_autoptr(GBytes) blob = hcp_core_snapshot(s.core);
    hcp_core *restored = hcp_core_restore(blob, NULL);
    g_autofree char *restored_hash = hcp_core_hash(restored);
    g_assert_cmpstr(restored_hash, ==, hash);
    g_assert_cmpuint(hcp_core_state(restored)->switch_costs->len, ==, 2);
    hcp_core_free(replayed);
    hcp_core_free(restored);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/switch_cost/by_hand", test_by_hand);
    g_test_add_func("/core/switch_cost/enough", test_believed_when_measured_enough);
    g_test_add_func("/core/switch_cost/serving", test_serving);
    g_test_add_func("/core/switch_cost/survives", test_survives);
    return g_test_run();
}
