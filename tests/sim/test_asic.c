/* SPDX-License-Identifier: Apache-2.0 */
/* Miner physics: curve, ramps, ranges, shares, energy, determinism. */
#include "sim/asic.h"

#include "base/rng.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define S INT64_C(1000000)

static hcp_asic_class s21(void)
{
    hcp_asic_class class = {.name = "s21", .power_w = 3500, .hashrate_ths = 200};
    hcp_asic_class_fit(&class);
    return class;
}

static void test_curve(void)
{
    hcp_asic_class class = s21();
    g_assert_cmpfloat_with_epsilon(hcp_asic_j_per_th(&class, 3500), 17.5, 1e-9);
    g_assert_cmpfloat_with_epsilon(hcp_asic_hashrate_ths(&class, 3500), 200, 1e-9);
    g_assert_cmpfloat(hcp_asic_hashrate_ths(&class, 1000), ==, 0);
    g_assert_cmpfloat(hcp_asic_j_per_th(&class, 1000), ==, 0);
    double last_ths = 0;
    double last_j = 0;
    for (double power_w = 1750; power_w <= 3850; power_w += 10) {
        double ths = hcp_asic_hashrate_ths(&class, power_w);
        double j_per_th = hcp_asic_j_per_th(&class, power_w);
        g_assert_cmpfloat(ths, >, last_ths);
        g_assert_cmpfloat(j_per_th, >, last_j);
        last_ths = ths;
        last_j = j_per_th;
    }
    /* 3.0 to 3.5 kW is 150 to 200 TH/s and more. */
    g_assert_cmpfloat(hcp_asic_hashrate_ths(&class, 3000), >, 150);
}

/* Curtailed to 25 W within 5 s, back at full power within 10 s. */
static void test_curtail_and_restore(void)
{
    hcp_asic_class class = s21();
    hcp_asic asic;
    hcp_asic_init(&asic, &class, 1, 1, 0);
    g_assert_cmpfloat(hcp_asic_set_target(&asic, 0, 3500), ==, 3500);
    hcp_asic_advance(&asic, 0, 1, 9 * S, 25);
    g_assert_cmpint(asic.state[0], ==, HCP_ASIC_RAMPING);
    g_assert_cmpfloat(asic.hashrate_ths[0], ==, 0); /* chains are not up yet */
    hcp_asic_advance(&asic, 0, 1, 10 * S, 25);
    g_assert_cmpint(asic.state[0], ==, HCP_ASIC_HASHING);
    g_assert_cmpfloat(asic.power_w[0], ==, 3500);
    hcp_asic_advance(&asic, 0, 1, 600 * S, 25);
    g_assert_cmpfloat(asic.hashrate_ths[0], >, 190);

    g_assert_cmpfloat(hcp_asic_set_target(&asic, 0, 0), ==, 25);
    hcp_asic_advance(&asic, 0, 1, 602 * S, 25);
    g_assert_cmpfloat(asic.power_w[0], <, 3000);
    g_assert_cmpfloat(asic.power_w[0], >, 1000);
    g_assert_cmpfloat(asic.hashrate_ths[0], ==, 0);
    hcp_asic_advance(&asic, 0, 1, 605 * S, 25);
    g_assert_cmpfloat(asic.power_w[0], ==, 25);
    g_assert_cmpint(asic.state[0], ==, HCP_ASIC_STANDBY);
    hcp_asic_finish(&asic);
}

static void test_retarget_keeps_hashing(void)
{
    hcp_asic_class class = s21();
    hcp_asic asic;
    hcp_asic_init(&asic, &class, 1, 1, 0);
    (void)hcp_asic_set_target(&asic, 0, 3500);
    hcp_asic_settle(&asic, 0);
    float full_ths = asic.base_ths[0];
    g_assert_cmpfloat(hcp_asic_set_target(&asic, 0, 2800), ==, 2800);
    g_assert_cmpfloat(asic.base_ths[0], >, 150);
    g_assert_cmpfloat(asic.base_ths[0], <, full_ths);
    hcp_asic_advance(&asic, 0, 1, 60 * S, 25);
    g_assert_cmpfloat(asic.power_w[0], ==, 2800);
    g_assert_cmpfloat_with_epsilon(hcp_asic_set_target(&asic, 0, 9000), 3850, 1e-6);
    g_assert_cmpfloat(hcp_asic_set_target(&asic, 0, 1000), ==, 1750);
    hcp_asic_finish(&asic);
}

static void test_ranges(void)
{
    hcp_asic_class class = s21();
    hcp_asic asic;
    hcp_asic_init(&asic, &class, 500, 4, 0);
    for (uint32_t i = 0; i < asic.count; i++)
        (void)hcp_asic_set_target(&asic, i, 3000 + i);
    hcp_asic_advance(&asic, 0, asic.count, 3600 * S, 25);
    for (uint32_t i = 0; i < asic.count; i++) {
        g_assert_cmpfloat(asic.power_w[i], >=, 3000);
        g_assert_cmpfloat(asic.power_w[i], <=, 3500);
        g_assert_cmpfloat(asic.hashrate_ths[i], >=, 150);
        g_assert_cmpfloat(asic.hashrate_ths[i], <=, 200);
        g_assert_cmpfloat(asic.temp_c[i], >=, 55);
        g_assert_cmpfloat(asic.temp_c[i], <=, 75);
    }
    hcp_asic_finish(&asic);
}

/* The ramp is a straight line, so its energy is the trapezoid. */
static void test_ramp_energy(void)
{
    hcp_asic_class class = s21();
    hcp_asic asic;
    hcp_asic_init(&asic, &class, 1, 1, 0);
    (void)hcp_asic_set_target(&asic, 0, 3500);
    for (int64_t ms = 100; ms <= 20000; ms += 100)
        hcp_asic_advance(&asic, 0, 1, ms * 1000, 25);
    g_assert_cmpfloat_with_epsilon(asic.energy_j[0], (25 + 3500) / 2.0 * 10 + 3500 * 10.0, 5);
    hcp_asic_finish(&asic);
}

/* Shares arrive at hash rate / (difficulty * 2^32), whatever the step, and 0.3 % are rejected. */
static void test_shares(void)
{
    hcp_asic_class class = s21();
    static const int64_t steps_us[] = {S / 2, 10 * S, 3600 * S};
    for (size_t k = 0; k < G_N_ELEMENTS(steps_us); k++) {
        hcp_asic asic;
        uint32_t n = k == 0 ? 20 : 200;
        double accepted = 0;
        double rejected = 0;
        double work_th = 0;
        hcp_asic_init(&asic, &class, n, 21 + k, 0);
        for (uint32_t i = 0; i < n; i++) {
            (void)hcp_asic_set_target(&asic, i, 3500);
            hcp_asic_settle(&asic, i);
        }
        for (int64_t now_us = 0; now_us <= 7200 * S; now_us += steps_us[k])
            hcp_asic_advance(&asic, 0, n, now_us, 25);
        for (uint32_t i = 0; i < n; i++) {
            accepted += (double)asic.shares_accepted[i];
            rejected += (double)asic.shares_rejected[i];
            work_th += asic.work_th[i];
        }
        double expected = work_th * 1e12 / (class.share_difficulty * 4294967296.0);
        /* Five standard deviations of a Poisson count. */
        g_assert_cmpfloat(fabs(accepted + rejected - expected), <, 5 * sqrt(expected));
        g_assert_cmpfloat(fabs(rejected - 0.003 * expected), <, 5 * sqrt(0.003 * expected));
        hcp_asic_finish(&asic);
    }
}

static void test_pool_down(void)
{
    hcp_asic_class class = s21();
    hcp_asic asic;
    hcp_asic_init(&asic, &class, 1, 1, 0);
    (void)hcp_asic_set_target(&asic, 0, 3500);
    hcp_asic_settle(&asic, 0);
    hcp_asic_set_pool(&asic, 0, false);
    hcp_asic_advance(&asic, 0, 1, 3600 * S, 25);
    g_assert_cmpuint(asic.shares_accepted[0], ==, 0);
    g_assert_cmpfloat(asic.energy_j[0], >, 3500 * 3599.0);
    hcp_asic_set_pool(&asic, 0, true);
    hcp_asic_advance(&asic, 0, 1, 7200 * S, 25);
    g_assert_cmpuint(asic.shares_accepted[0], >, 1000);
    hcp_asic_finish(&asic);
}

static void test_failure(void)
{
    hcp_asic_class class = s21();
    hcp_asic asic;
    hcp_asic_init(&asic, &class, 1, 1, 0);
    (void)hcp_asic_set_target(&asic, 0, 3500);
    hcp_asic_settle(&asic, 0);
    hcp_asic_set_failed(&asic, 0, true);
    g_assert_cmpfloat(hcp_asic_set_target(&asic, 0, 3500), ==, 0);
    hcp_asic_settle(&asic, 0);
    hcp_asic_advance(&asic, 0, 1, 3600 * S, 25);
    g_assert_cmpfloat(asic.energy_j[0], ==, 0);
    g_assert_cmpfloat(asic.power_w[0], ==, 0);
    hcp_asic_set_failed(&asic, 0, false);
    g_assert_cmpint(asic.state[0], ==, HCP_ASIC_STANDBY);
    g_assert_cmpfloat(asic.power_w[0], ==, 25);
    hcp_asic_finish(&asic);
}

/* Random commands at random times: the invariants of the header hold after each. */
static void test_invariants(void)
{
    hcp_asic_class class = s21();
    hcp_asic asic;
    hcp_rng rng;
    int64_t now_us = 0;
    hcp_rng_init(&rng, 12, 0);
    hcp_asic_init(&asic, &class, 8, 2, 0);
    for (int round = 0; round < 20000; round++) {
        uint32_t i = (uint32_t)hcp_rng_below(&rng, asic.count);
        double energy_j = asic.energy_j[i];
        uint64_t shares = asic.shares_accepted[i];
        now_us += (int64_t)hcp_rng_exponential(&rng, 3e6);
        hcp_asic_advance(&asic, i, 1, now_us, 10 + 30 * hcp_rng_uniform(&rng));
        double low_w = asic.state[i] == HCP_ASIC_FAILED ? 0 : class.standby_w;
        g_assert_cmpfloat(asic.power_w[i], >=, (float)low_w - 0.01f);
        g_assert_cmpfloat(asic.power_w[i], <=, 3850.01f);
        g_assert_cmpfloat(asic.hashrate_ths[i], >=, 0);
        g_assert_cmpfloat(asic.hashrate_ths[i], <=,
                          (float)hcp_asic_hashrate_ths(&class, 3850) + 0.01f);
        g_assert_cmpfloat(asic.temp_c[i], <=, (float)class.throttle_c);
        g_assert_cmpfloat(asic.energy_j[i], >=, energy_j);
        g_assert_cmpuint(asic.shares_accepted[i], >=, shares);
        switch (hcp_rng_below(&rng, 4)) {
        case 0:
        case 1:
            (void)hcp_asic_set_target(&asic, i, 4200 * hcp_rng_uniform(&rng));
            break;
        case 2:
            hcp_asic_set_pool(&asic, i, hcp_rng_below(&rng, 2));
            break;
        default:
            hcp_asic_set_failed(&asic, i, hcp_rng_below(&rng, 4) == 0);
            break;
        }
    }
    hcp_asic_finish(&asic);
}

static void test_same_seed_same_bytes(void)
{
    hcp_asic_class class = s21();
    hcp_asic a;
    hcp_asic b;
    hcp_asic_init(&a, &class, 50, 9, 0);
    hcp_asic_init(&b, &class, 50, 9, 0);
    for (uint32_t i = 0; i < 50; i++) {
        (void)hcp_asic_set_target(&a, i, 3300);
        (void)hcp_asic_set_target(&b, i, 3300);
    }
    for (int64_t s = 1; s < 200; s++) {
        hcp_asic_advance(&a, 0, 50, s * S, 25);
        for (uint32_t i = 50; i-- > 0;) /* another order of asking */
            hcp_asic_advance(&b, i, 1, s * S, 25);
    }
    g_assert_true(memcmp(a.hashrate_ths, b.hashrate_ths, 50 * sizeof(float)) == 0);
    g_assert_true(memcmp(a.shares_accepted, b.shares_accepted, 50 * sizeof(uint64_t)) == 0);
    g_assert_true(memcmp(a.energy_j, b.energy_j, 50 * sizeof(double)) == 0);
    hcp_asic_finish(&a);
    hcp_asic_finish(&b);
}

/* Two boards of three give two thirds of the hash rate for two thirds of the power; with half as much thermal resistance
 * again a miner rises half as far again over its room. */
static void test_wear(void)
{
    hcp_asic_class class = s21();
    hcp_asic asic;
    hcp_asic_init(&asic, &class, 1, 1, 0);
    (void)hcp_asic_set_target(&asic, 0, 2800);
    hcp_asic_advance(&asic, 0, 1, 3600 * S, 25);
    double ths = (double)asic.base_ths[0], rise_c = (double)asic.temp_c[0] - 30.0;
    hcp_asic_set_boards(&asic, 0, 2.0 / 3.0);
    g_assert_cmpfloat_with_epsilon(asic.base_ths[0], ths * 2.0 / 3.0, 1e-3);
    g_assert_cmpfloat_with_epsilon(asic.power_w[0], 2800.0 * 2.0 / 3.0, 1e-2);
    hcp_asic_set_boards(&asic, 0, 1.0);
    g_assert_cmpfloat_with_epsilon(asic.base_ths[0], ths, 1e-3);
    hcp_asic_set_cooling(&asic, 0, 1.5);
    hcp_asic_advance(&asic, 0, 1, 7200 * S, 25);
    g_assert_cmpfloat_with_epsilon(asic.temp_c[0], 30.0 + 1.5 * rise_c, 0.05);
    hcp_asic_finish(&asic);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asic/curve", test_curve);
    g_test_add_func("/asic/curtail", test_curtail_and_restore);
    g_test_add_func("/asic/retarget", test_retarget_keeps_hashing);
    g_test_add_func("/asic/ranges", test_ranges);
    g_test_add_func("/asic/ramp-energy", test_ramp_energy);
    g_test_add_func("/asic/shares", test_shares);
    g_test_add_func("/asic/pool-down", test_pool_down);
    g_test_add_func("/asic/failure", test_failure);
    g_test_add_func("/asic/wear", test_wear);
    g_test_add_func("/asic/invariants", test_invariants);
    g_test_add_func("/asic/determinism", test_same_seed_same_bytes);
    return g_test_run();
}
