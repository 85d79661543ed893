/* SPDX-License-Identifier: Apache-2.0 */
/* Regret of a small site on a virtual clock, worked out by hand. */
#include "site.h"

#include "base/units.h"
#include "runtime/regret.h"

#include <math.h>

#define NEAR(actual, expected) g_assert_cmpfloat_with_epsilon(actual, expected, 1e-6)

static const hcp_regret_costs COSTS = {.switch_usd_per_device = 0.02};

/* USD/h above rest of one machine: PUE 1.2, hashprice 55, sleeping at 25 W. */
static double s21(double usd_per_mwh)
{
    return 200.0 / 1000 * 55 / 24 - (3500 - 25) * 1.2 / 1e6 * usd_per_mwh;
}

static double s21_low(double usd_per_mwh)
{
    return 125.0 / 1000 * 55 / 24 - (2000 - 25) * 1.2 / 1e6 * usd_per_mwh;
}

static double s19(double usd_per_mwh)
{
    return 140.0 / 1000 * 55 / 24 - (3010 - 25) * 1.2 / 1e6 * usd_per_mwh;
}

static double rest(double usd_per_mwh)
{
    return -(SITE_S21_COUNT + SITE_S19_COUNT) * 25 * 1.2 / 1e6 * usd_per_mwh;
}

static void observe_mean(site *s, hcp_price_kind kind, double value, int64_t interval_us)
{
    const hcp_price_observed price = {.kind = kind,
                                      .facility = SITE_NORTH,
                                      .value = value,
                                      .source = (char *)"test",
                                      .observed_us = s->now_us,
                                      .quality = HCP_QUALITY_GOOD,
                                      .interval_us = interval_us};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

/* A quote: it is paid from now on, and nothing settles otherwise. */
static void observe(site *s, hcp_price_kind kind, double value)
{
    observe_mean(s, kind, value, 0);
}

/* What the S21 do from now on. */
static void move(site *s, bool mine)
{
    hcp_class_plan plan = {.class_ix = SITE_S21};
    *(mine ? &plan.mine : &plan.curtail) = SITE_S21_COUNT;
    hcp_decision_recorded decision = {.facility = SITE_NORTH,
                                      .policy = (char *)"test",
                                      .expires_us = s->now_us + HCP_US_PER_H,
                                      .chosen = {.items = &plan, .count = 1},
                                      .recommendation = (char *)"HYBRID",
                                      .reason = (char *)"because"};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision});
    site_drive(s, HCP_US_PER_S);
}

static void hour(site *s, double usd_per_mwh)
{
    observe(s, HCP_PRICE_ELECTRICITY, usd_per_mwh);
    observe(s, HCP_PRICE_HASHPRICE, 55);
    site_tick(s, HCP_US_PER_H - s->now_us % HCP_US_PER_H);
}

static hcp_regret_answer judge(const site *s, int64_t since_us)
{
    const hcp_state *state = hcp_core_state(s->core);
    g_autoptr(hcp_regret_case) c =
        hcp_regret_case_new(state, state->intervals, SITE_NORTH, since_us, &COSTS);
    return hcp_regret_case_solve(c);
}

/* Both classes mine at 30 USD/MWh; at 300 only the S21 sleep; at 30 again both mine. */
static int64_t three_hours(site *s)
{
    site_init(s);
    hour(s, 30);
    int64_t since_us = s->now_us;
    hour(s, 30);
    observe(s, HCP_PRICE_ELECTRICITY, 300);
    move(s, false);
    hour(s, 300);
    observe(s, HCP_PRICE_ELECTRICITY, 30);
    move(s, true);
    hour(s, 30);
    return since_us;
}

static void test_by_hand(void)
{
    site s;
    int64_t since_us = three_hours(&s);
    hcp_regret_answer answer = judge(&s, since_us);
    const hcp_fleet_regret *f = &answer.figures;
    double asleep = rest(30) + rest(300) + rest(30);
    double s21_usd = 100 * 2 * s21(30) - 200 * 0.02;
    g_assert_cmpint(answer.from_us, ==, since_us);
    g_assert_cmpuint(answer.intervals, ==, 3);
    g_assert_cmpuint(answer.excluded, ==, 0);
    NEAR(f->hours, 3);
    NEAR(f->switching_usd, 4);
    NEAR(f->earned_usd, asleep + s21_usd + 60 * (2 * s19(30) + s19(300)));
    /* The S19 should have slept too: what they lost in the dear hour, less a stop and a start. */
    NEAR(f->optimum_usd, asleep + s21_usd + 60 * 2 * s19(30) - 120 * 0.02);
    NEAR(f->optimum_usd - f->earned_usd, -60 * s19(300) - 2.4);
    /* Without a move, the S21 just pay at 2,000 W and the S19 not at all: they stop once. */
    NEAR(f->static_usd, asleep + 100 * (2 * s21_low(30) + s21_low(300)) - 60 * 0.02);
    NEAR(f->ideal_usd - f->unhurried_usd, 320 * 0.02);
    g_autoptr(json_t) object = hcp_regret_answer_json(&answer);
    g_assert_cmpint(hcp_json_int(object, "regret_usd_micro", 0), ==, 42826000);
    NEAR(hcp_json_number(object, "closed_pct", 0), 50.45);
    site_finish(&s);
}

/* After an hour without a new price the next is stale: left out, and what mines then is known afterwards. */
static void test_stale(void)
{
    site s;
    int64_t since_us = three_hours(&s) + 2 * HCP_US_PER_H;
    site_tick(&s, 10 * HCP_US_PER_S);
    site_tick(&s, HCP_US_PER_H - 10 * HCP_US_PER_S);
    hour(&s, 30);
    hcp_regret_answer answer = judge(&s, since_us);
    g_assert_cmpuint(answer.excluded, ==, 1);
    NEAR(answer.excluded_h, 1);
    g_assert_cmpuint(answer.intervals, ==, 2);
    NEAR(answer.figures.optimum_usd, answer.figures.earned_usd);
    NEAR(answer.figures.earned_usd, 2 * (rest(30) + 100 * s21(30) + 60 * s19(30)) - 100 * 0.02);
    site_finish(&s);
}

/* An hour in force at 30 that settles at 300, billed as the site is billed. */
static hcp_regret_answer late_hour(site *s, bool own_price)
{
    site_init(s);
    site_bill(s, own_price, 0);
    hour(s, 30);
    int64_t since_us = s->now_us;
    observe_mean(s, HCP_PRICE_ELECTRICITY, 30, HCP_US_PER_H);
    observe(s, HCP_PRICE_HASHPRICE, 55);
    site_tick(s, HCP_US_PER_H);
    observe_mean(s, HCP_PRICE_ELECTRICITY, 300, HCP_US_PER_H); /* of the hour that is over */
    return judge(s, since_us);
}

/* A market that settles an hour later: paid at 30, it was worth stopping all the same. */
static void test_settled(void)
{
    site s;
    hcp_regret_answer answer = late_hour(&s, false);
    NEAR(answer.figures.optimum_usd, answer.figures.earned_usd);
    site_finish(&s);
    answer = late_hour(&s, true);
    g_assert_cmpuint(answer.intervals, ==, 1);
    NEAR(answer.figures.earned_usd, rest(300) + 100 * s21(300) + 60 * s19(300));
    NEAR(answer.figures.optimum_usd, rest(300) - 160 * 0.02);
    site_finish(&s);
}

/* Mining less the electricity of miners and of those asleep, as the accounts that began at `since_us` or later have it; the
 * GPUs, which nobody rents, draw the rest. */
static double metered_usd(const site *s, int64_t since_us)
{
    const GArray *rows = hcp_core_state(s->core)->intervals;
    hcp_usd_micro sum = 0;
    double gpu_usd = 0;
    for (guint i = 0; i < rows->len; i++) {
        const hcp_interval_closed *row = &g_array_index(rows, hcp_interval_closed, i);
        if (row->facility != SITE_NORTH || row->from_us < since_us)
            continue;
        double hours = (double)(row->until_us - row->from_us) / (double)HCP_US_PER_H;
        double gpu_mwh = (SITE_H100_COUNT + SITE_A100_COUNT) * 70 * 1.2 / 1e6 * hours;
        sum += row->mining_usd_micro - row->energy_cost_usd_micro - row->true_up_usd_micro;
        gpu_usd += gpu_mwh * (row->own_price ? row->settled_usd_per_mwh : row->usd_per_mwh);
    }
    return hcp_money_to_usd(sum) + gpu_usd;
}

/* Hours that settle at their own price, under a pool that keeps 1.5 %, with moves at their beginnings: regret says that
 * dispatch earned what the meters say. They differ by the switches alone: the meters have what those lost, regret what they
 * are reckoned with. */
static void test_meters(void)
{
    static const double prices[] = {31.37, 290.01, 12.5, -7.77, 55.55};
    site s;
    site_init(&s);
    site_bill(&s, true, 15000);
    hour(&s, 30);
    int64_t since_us = s.now_us;
    const double switch_h = 7 / 3600.0; /* seven phases of a second */
    double lost_usd = 0;
    for (guint i = 0; i < G_N_ELEMENTS(prices); i++) {
        int64_t began_us = s.now_us;
        if (i == 2 || i == 4)
            move(&s, i == 4);
        if (i == 2) /* on their way to sleep they still draw their power */
            lost_usd += switch_h * 100 * 3475 * 1.2 / 1e6 * prices[i];
        if (i == 4) /* and on the way back they draw it and do not hash */
            lost_usd += switch_h * 100 * 0.2 * 55 / 24 * 0.985;
        observe(&s, HCP_PRICE_HASHPRICE, 55);
        site_tick(&s, began_us + HCP_US_PER_H - s.now_us);
        observe_mean(&s, HCP_PRICE_ELECTRICITY, prices[i], HCP_US_PER_H);
    }
    hcp_regret_answer answer = judge(&s, since_us);
    g_assert_cmpuint(answer.intervals, ==, G_N_ELEMENTS(prices));
    double earned_usd = answer.figures.earned_usd + answer.figures.switching_usd;
    g_assert_cmpfloat(answer.figures.switching_usd, >, 0);
    g_assert_cmpfloat(lost_usd, >, 0);
    g_assert_cmpfloat_with_epsilon(metered_usd(&s, since_us), earned_usd - lost_usd, 1e-5);
    site_finish(&s);
}

/* Nothing has closed yet: no hours, no figures, nothing that fails. */
static void test_young(void)
{
    site s;
    site_init(&s);
    hcp_regret_answer answer = judge(&s, 0);
    g_assert_cmpuint(answer.intervals, ==, 0);
    g_assert_false(answer.failed);
    NEAR(answer.figures.hours, 0);
    g_autoptr(json_t) object = hcp_regret_answer_json(&answer);
    g_assert_true(json_is_null(json_object_get(object, "from")));
    g_assert_true(json_is_null(json_object_get(object, "closed_pct")));
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/regret/by_hand", test_by_hand);
    g_test_add_func("/regret/stale", test_stale);
    g_test_add_func("/regret/settled", test_settled);
    g_test_add_func("/regret/meters", test_meters);
    g_test_add_func("/regret/young", test_young);
    return g_test_run();
}
