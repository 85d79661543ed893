/* SPDX-License-Identifier: Apache-2.0 */
/* The occupancy forecast: known ends, which model speaks, and that its 80 % range holds 80 %. */
#include "economics/forecast/occupancy.h"

#include "base/rng.h"

#include <math.h>

#define H (INT64_C(3600) * 1000000)
#define DAY (24 * H)

/* Customers of one class: `per_h` of them an hour, at night a fifth of that when `daily`, 1 to 4 devices for a few hours. */
static GArray *customers(uint64_t seed, int days, double per_h, bool daily)
{
    GArray *jobs = g_array_new(FALSE, FALSE, sizeof(hcp_occupancy_lease));
    hcp_rng rng;
    hcp_rng_init(&rng, seed, 0);
    for (int64_t at_us = 0; at_us < days * DAY;) {
        at_us += (int64_t)(hcp_rng_exponential(&rng, 1 / per_h) * (double)H);
        bool night = (at_us / H) % 24 < 12;
        if (daily && night && hcp_rng_uniform(&rng) > 0.2)
            continue;
        int64_t end_us = at_us + (int64_t)((0.2 + hcp_rng_exponential(&rng, 4)) * (double)H);
        const hcp_occupancy_lease job = {at_us, end_us, end_us,
                                         1u << (unsigned)hcp_rng_below(&rng, 3)};
        g_array_append_val(jobs, job);
    }
    return jobs;
}

static double leased_at(const GArray *jobs, int64_t at_us)
{
    double sum = 0;
    for (guint i = 0; i < jobs->len; i++) {
        const hcp_occupancy_lease *job = &g_array_index(jobs, hcp_occupancy_lease, i);
        sum += job->granted_us <= at_us && job->ended_us > at_us ? job->devices : 0;
    }
    return sum;
}

/* From what was known at `now_us`: what ends later is held. */
static hcp_occupancy *forecast(const GArray *jobs, int64_t now_us)
{
    g_autoptr(GArray) leases = g_array_new(FALSE, FALSE, sizeof(hcp_occupancy_lease));
    for (guint i = 0; i < jobs->len; i++) {
        hcp_occupancy_lease job = g_array_index(jobs, hcp_occupancy_lease, i);
        if (job.granted_us > now_us ||
            (job.ended_us <= now_us && job.granted_us < now_us - HCP_OCCUPANCY_HISTORY_US))
            continue;
        if (job.ended_us > now_us)
            job.ended_us = INT64_MAX;
        g_array_append_val(leases, job);
    }
    return hcp_occupancy_new((const hcp_occupancy_lease *)(void *)leases->data, leases->len, 0,
                             now_us);
}

static void test_known_ends(void)
{
    /* Half an hour of history: nothing was judged, and nobody else will come but what came before. */
    const hcp_occupancy_lease leases[] = {
        {0, 2 * H, INT64_MAX, 4},
        {0, INT64_MAX, INT64_MAX, 3}, /* until released */
        {0, 2 * H / 10, 2 * H / 10, 5},
    };
    g_autoptr(hcp_occupancy) o = hcp_occupancy_new(leases, G_N_ELEMENTS(leases), -H, H / 2);
    hcp_occupancy_range soon = hcp_occupancy_at(o, H), later = hcp_occupancy_at(o, 2 * H);
    uint32_t judged;
    double error[HCP_OCCUPANCY_MODELS];
    g_assert_cmpint(hcp_occupancy_speaks(o, H, &judged, error), ==, HCP_OCCUPANCY_RATE);
    g_assert_cmpuint(judged, ==, 0);
    g_assert_true(isnan(error[HCP_OCCUPANCY_RATE]));
    /* Kept 4 + 3; in 1.5 h of history came 4 and 3 that hold all of the hour and 5 that hold a fifth of it. */
    g_assert_cmpfloat_with_epsilon(soon.expected, 7 + (4 + 3 + 5 * 0.2) / 1.5, 1e-6);
    g_assert_cmpfloat_with_epsilon(later.expected, 3 + (4 * 2 + 3 * 2 + 5 * 0.2) / 1.5, 1e-6);
    g_assert_true(soon.low <= soon.expected && soon.expected <= soon.high && soon.low >= 0);
    g_autoptr(hcp_occupancy) nothing = hcp_occupancy_new(NULL, 0, 0, DAY);
    g_assert_cmpfloat(hcp_occupancy_at(nothing, H).expected, ==, 0);
}

/* Walks over three weeks, a forecast every four hours; counts per horizon what the range held. */
static void walk(const GArray *jobs, double inside[HCP_OCCUPANCY_HORIZONS],
                 uint32_t spoke[HCP_OCCUPANCY_HORIZONS][HCP_OCCUPANCY_MODELS], double *ret_gain)
{
    double error = 0, persistence = 0;
    int n = 0;
    for (int64_t now_us = 14 * DAY; now_us < 35 * DAY; now_us += 4 * H + H / 3, n++) {
        g_autoptr(hcp_occupancy) o = forecast(jobs, now_us);
        for (int h = 0; h < HCP_OCCUPANCY_HORIZONS; h++) {
            int64_t ahead_us = HCP_OCCUPANCY_HORIZON_H[h] * H;
            hcp_occupancy_range range = hcp_occupancy_at(o, ahead_us);
            double actual = leased_at(jobs, now_us + ahead_us), errors[HCP_OCCUPANCY_MODELS];
            uint32_t judged;
            spoke[h][hcp_occupancy_speaks(o, ahead_us, &judged, errors)]++;
            inside[h] += actual >= range.low && actual <= range.high;
            error += fabs(actual - range.expected);
            persistence += fabs(actual - leased_at(jobs, now_us));
            g_assert_cmpfloat(range.low, <=, range.expected);
            g_assert_cmpfloat(range.expected, <=, range.high);
        }
    }
    for (int h = 0; h < HCP_OCCUPANCY_HORIZONS; h++)
        inside[h] /= n;
    *ret_gain = 1 - error / persistence;
}

/* Three populations together: 378 forecasts, of which neighbours err alike. A range that ignored the spread of demand, or one
 * that held everything, would be out of these bounds. */
static void check_coverage(bool daily, hcp_occupancy_model speaks)
{
    double total[HCP_OCCUPANCY_HORIZONS] = {0}, gains = 0;
    uint32_t spoke[HCP_OCCUPANCY_HORIZONS][HCP_OCCUPANCY_MODELS] = {{0}};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        g_autoptr(GArray) jobs = customers(seed, 38, daily ? 6 : 3, daily);
        double inside[HCP_OCCUPANCY_HORIZONS] = {0}, gain;
        walk(jobs, inside, spoke, &gain);
        gains += gain / 3;
        for (int h = 0; h < HCP_OCCUPANCY_HORIZONS; h++)
            total[h] += inside[h] / 3;
    }
    for (int h = 0; h < HCP_OCCUPANCY_HORIZONS; h++) {
        g_test_message("%d h: %.1f %% inside; spoke %u %u %u", HCP_OCCUPANCY_HORIZON_H[h],
                       100 * total[h], spoke[h][0], spoke[h][1], spoke[h][2]);
        g_assert_cmpfloat(total[h], >, 0.72);
        g_assert_cmpfloat(total[h], <, 0.94);
    }
    g_test_message("%.1f %% less error than persistence", 100 * gains);
    g_assert_cmpfloat(gains, >, 0.1);
    /* At six hours the model that fits the population speaks most of the time. */
    g_assert_cmpuint(spoke[2][speaks], >, spoke[2][HCP_OCCUPANCY_PERSISTENCE]);
    g_assert_cmpuint(
        spoke[2][speaks], >=,
        spoke[2][speaks == HCP_OCCUPANCY_DAY ? HCP_OCCUPANCY_RATE : HCP_OCCUPANCY_DAY]);
}

static void test_steady(void)
{
    check_coverage(false, HCP_OCCUPANCY_RATE);
}

static void test_daily(void)
{
    check_coverage(true, HCP_OCCUPANCY_DAY);
}

/* Leases that are all open-ended, every one soon released: knowing no end, both models that wait for ends are wrong, and
 * persistence, which does not, speaks. */
static void test_persistence_speaks(void)
{
    g_autoptr(GArray) jobs = customers(9, 24, 3, false);
    for (guint i = 0; i < jobs->len; i++)
        g_array_index(jobs, hcp_occupancy_lease, i).planned_us = INT64_MAX;
    g_autoptr(hcp_occupancy) o = forecast(jobs, 20 * DAY);
    uint32_t judged;
    double error[HCP_OCCUPANCY_MODELS];
    g_assert_cmpint(hcp_occupancy_speaks(o, 12 * H, &judged, error), ==, HCP_OCCUPANCY_PERSISTENCE);
    g_assert_cmpuint(judged, >, HCP_OCCUPANCY_ERRORS_MIN);
    g_assert_cmpfloat(error[HCP_OCCUPANCY_RATE], >, error[HCP_OCCUPANCY_PERSISTENCE]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/economics/occupancy/known-ends", test_known_ends);
    g_test_add_func("/economics/occupancy/steady", test_steady);
    g_test_add_func("/economics/occupancy/daily", test_daily);
    g_test_add_func("/economics/occupancy/persistence-speaks", test_persistence_speaks);
    return g_test_run();
}
