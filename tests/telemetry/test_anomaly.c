/* SPDX-License-Identifier: Apache-2.0 */
/* The anomaly score on readings worked out by hand, and on simulated devices, sound and harmed. */
#include "telemetry/anomaly.h"

#include "sim/asic.h"
#include "sim/gpu.h"

#include <math.h>

#define STEP_US INT64_C(5000000)
#define HOUR 720 /* steps */

static const hcp_anomaly_class MINER = {
    .full_w = 3500,
    .rise_c_per_w = 0.01,
    .n_points = 3,
    .points = {{1750, 120}, {2800, 170}, {3500, 200}},
};

typedef struct {
    hcp_latest latest;
    hcp_anomaly anomaly;
    int64_t now_us;
    uint32_t n;
} rig;

static void rig_init(rig *r, uint32_t n)
{
    *r = (rig){.n = n};
    hcp_latest_init(&r->latest, n);
    hcp_anomaly_init(&r->anomaly);
    for (uint32_t i = 0; i < n; i++) {
        r->latest.temp_c[i] = 60.0F;
        r->latest.power_w[i] = 2800.0F;
        r->latest.hashrate_ths[i] = 170.0F;
    }
}

static void rig_finish(rig *r)
{
    hcp_latest_finish(&r->latest);
    hcp_anomaly_finish(&r->anomaly);
}

static bool rig_step(rig *r)
{
    r->now_us += STEP_US;
    for (uint32_t i = 0; i < r->n; i++)
        r->latest.observed_us[i] = r->now_us;
    if (!hcp_anomaly_begin(&r->anomaly, r->n, r->now_us))
        return false;
    hcp_anomaly_take(&r->anomaly, 0, &MINER, &r->latest, 0, r->n);
    hcp_anomaly_end(&r->anomaly);
    return true;
}

static void rig_steps(rig *r, int steps)
{
    for (int i = 0; i < steps; i++)
        (void)rig_step(r);
}

static void test_curve(void)
{
    g_assert_cmpfloat(hcp_anomaly_curve_ths(&MINER, 1750), ==, 120);
    g_assert_cmpfloat(hcp_anomaly_curve_ths(&MINER, 2275), ==, 145);
    g_assert_cmpfloat(hcp_anomaly_curve_ths(&MINER, 3150), ==, 185);
    g_assert_cmpfloat(hcp_anomaly_curve_ths(&MINER, 100), ==, 0);
}

static void test_learns_first(void)
{
    rig r;
    rig_init(&r, 2);
    rig_steps(&r, HOUR - 5);
    g_assert_true(isnan(hcp_anomaly_score(&r.anomaly, 0)));
    rig_steps(&r, 10);
    g_assert_cmpfloat_with_epsilon(hcp_anomaly_score(&r.anomaly, 0), 0.0, 1e-6);
    g_assert_null(hcp_anomaly_cause(&r.anomaly, 0));
    g_assert_true(isnan(hcp_anomaly_score(&r.anomaly, 99)));
    rig_finish(&r);
}

/* Twelve hours of the same readings leave the least noise, 1 % of the hash rate. Then 170 becomes 144.5 TH/s: the
 * logarithm of 0.85 is -0.1625, 16.25 deviations, of which 10 count. One reading moves the minute's average by
 * 1 - exp(-5/60). */
static void test_one_reading_by_hand(void)
{
    rig r;
    rig_init(&r, 2);
    rig_steps(&r, 12 * HOUR + 2);
    double seen_s = (double)r.anomaly.devices[1].work_seen_s;
    r.latest.hashrate_ths[1] = 144.5F;
    rig_steps(&r, 1);
    double gain = 1.0 - exp(-5.0 / 60.0), slow = 1.0 - exp(-5.0 / 3600.0);
    double sd = sqrt(gain / (2.0 - gain) + 0.05 * (1.0 + 21600.0 / seen_s));
    double sd_slow = sqrt(slow / (2.0 - slow) + 0.05 * (1.0 + 21600.0 / seen_s));
    g_assert_cmpfloat(10.0 * slow / sd_slow, <, 10.0 * gain / sd);
    g_assert_cmpfloat_with_epsilon(hcp_anomaly_score(&r.anomaly, 1), 10.0 * gain / sd, 1e-3);
    g_assert_cmpfloat(hcp_anomaly_score(&r.anomaly, 0), <, 0.01);
    rig_finish(&r);
}

static void test_reports_once_and_withdraws(void)
{
    rig r;
    rig_init(&r, 2);
    rig_steps(&r, 12 * HOUR);
    r.latest.hashrate_ths[0] = 120.0F;
    int raised = 0;
    for (int i = 0; i < 100; i++) {
        rig_steps(&r, 1);
        raised += (int)r.anomaly.raised->len;
    }
    g_assert_cmpint(raised, ==, 1);
    g_assert_cmpstr(hcp_anomaly_cause(&r.anomaly, 0), ==, "hashrate");
    g_assert_cmpuint(hcp_anomaly_alarmed(&r.anomaly, 0), ==, 1);
    r.latest.hashrate_ths[0] = 170.0F;
    int cleared = 0;
    for (int i = 0; i < 6 * HOUR; i++) {
        rig_steps(&r, 1);
        cleared += (int)r.anomaly.cleared->len;
    }
    g_assert_cmpint(cleared, ==, 1);
    g_assert_cmpuint(hcp_anomaly_alarmed(&r.anomaly, 0), ==, 0);
    rig_finish(&r);
}

/* A room that warms is no fault of a device; a device that warms in it is. A lone device cannot tell. */
static void test_neighbours(void)
{
    rig r;
    rig_init(&r, 12);
    rig_steps(&r, 12 * HOUR);
    for (int i = 0; i < HOUR; i++) {
        for (uint32_t d = 0; d < r.n; d++)
            r.latest.temp_c[d] += 8.0F / HOUR;
        rig_steps(&r, 1);
    }
    for (uint32_t d = 0; d < r.n; d++)
        g_assert_cmpfloat(hcp_anomaly_score(&r.anomaly, d), <, 2.0);
    r.latest.temp_c[7] += 6.0F;
    rig_steps(&r, 60);
    g_assert_cmpfloat(hcp_anomaly_score(&r.anomaly, 7), >, HCP_ANOMALY_ALARM);
    g_assert_cmpstr(hcp_anomaly_cause(&r.anomaly, 7), ==, "temperature");
    g_assert_cmpuint(hcp_anomaly_alarmed(&r.anomaly, 0), ==, 1);
    rig_finish(&r);
}

/* More power is more heat: no anomaly, at once or later. */
static void test_follows_power(void)
{
    rig r;
    rig_init(&r, 2);
    double heat_w = 2800.0;
    rig_steps(&r, 12 * HOUR);
    for (int i = 0; i < HOUR; i++) {
        r.latest.power_w[0] = 3500.0F;
        r.latest.hashrate_ths[0] = 200.0F;
        heat_w += (1.0 - exp(-5.0 / 50.0)) * (3500.0 - heat_w);
        r.latest.temp_c[0] = (float)(32.0 + 0.01 * heat_w);
        rig_steps(&r, 1);
        g_assert_cmpfloat(hcp_anomaly_score(&r.anomaly, 0), <, 1.0);
    }
    rig_finish(&r);
}

static void test_silence_starts_over(void)
{
    rig r;
    rig_init(&r, 2);
    rig_steps(&r, 2 * HOUR);
    r.latest.temp_c[1] = NAN;
    rig_steps(&r, HOUR / 2 + 2);
    g_assert_false(isnan(hcp_anomaly_score(&r.anomaly, 0)));
    g_assert_true(isnan(hcp_anomaly_score(&r.anomaly, 1)));
    rig_finish(&r);
}

static void test_rare_samples_say_nothing(void)
{
    rig r;
    rig_init(&r, 2);
    g_assert_false(rig_step(&r)); /* the first has nothing before it */
    g_assert_true(rig_step(&r));
    r.now_us += HCP_ANOMALY_INTERVAL_MAX_US;
    g_assert_false(rig_step(&r));
    g_assert_true(rig_step(&r));
    rig_finish(&r);
}

/* After a restart a report stays open until the device has been looked at for long enough. */
static void test_resumes_a_report(void)
{
    rig r;
    rig_init(&r, 2);
    hcp_anomaly_resume(&r.anomaly, 1);
    int cleared = 0;
    for (int i = 0; i < HOUR - 5; i++) {
        rig_steps(&r, 1);
        cleared += (int)r.anomaly.cleared->len;
    }
    g_assert_cmpint(cleared, ==, 0);
    for (int i = 0; i < 20; i++) {
        rig_steps(&r, 1);
        cleared += (int)r.anomaly.cleared->len;
    }
    g_assert_cmpint(cleared, ==, 1);
    rig_finish(&r);
}

/* A day of simulated devices with an inlet that swings by 4 C: no report. Then one fan fails: found within five minutes,
 * and nobody else is. */
static void test_simulated_day(void)
{
    static const hcp_gpu_class h100 = {
        .name = "h100", .tdp_w = 700, .idle_w = 70, .tflops = 989, .memory_bytes = 80000000000};
    const hcp_anomaly_class class_ = {.full_w = 700, .rise_c_per_w = 33.0 / 630};
    enum { N = 24 };
    rig r;
    hcp_gpu gpu;
    rig_init(&r, N);
    hcp_gpu_init(&gpu, &h100, N, 5, 0);
    for (int64_t step = 1; step <= 24 * HOUR + 60; step++) {
        r.now_us += STEP_US;
        double inlet_c = 27.0 + 4.0 * sin((double)step / (24 * HOUR) * 2.0 * G_PI);
        for (uint32_t i = 0; i < N; i++) {
            if ((step + i * 31) % 1500 == 0)
                hcp_gpu_set(&gpu, i, HCP_GPU_BUSY, 0.3 + 0.1 * (double)((step + i) % 7));
            hcp_gpu_advance(&gpu, i, 1, r.now_us, inlet_c);
            r.latest.temp_c[i] = roundf(gpu.temp_c[i]);
            r.latest.power_w[i] = gpu.power_w[i];
            r.latest.observed_us[i] = r.now_us;
        }
        if (step == 24 * HOUR)
            hcp_gpu_set_cooling(&gpu, 3, 1.6);
        if (!hcp_anomaly_begin(&r.anomaly, N, r.now_us))
            continue;
        hcp_anomaly_take(&r.anomaly, 0, &class_, &r.latest, 0, N);
        hcp_anomaly_end(&r.anomaly);
        if (step <= 24 * HOUR)
            g_assert_cmpuint(r.anomaly.raised->len, ==, 0);
    }
    g_assert_cmpuint(hcp_anomaly_alarmed(&r.anomaly, 0), ==, 1);
    g_assert_cmpstr(hcp_anomaly_cause(&r.anomaly, 3), ==, "temperature");
    hcp_gpu_finish(&gpu);
    rig_finish(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/anomaly/curve", test_curve);
    g_test_add_func("/anomaly/learns-first", test_learns_first);
    g_test_add_func("/anomaly/one-reading-by-hand", test_one_reading_by_hand);
    g_test_add_func("/anomaly/reports-once-and-withdraws", test_reports_once_and_withdraws);
    g_test_add_func("/anomaly/neighbours", test_neighbours);
    g_test_add_func("/anomaly/follows-power", test_follows_power);
    g_test_add_func("/anomaly/silence-starts-over", test_silence_starts_over);
    g_test_add_func("/anomaly/rare-samples-say-nothing", test_rare_samples_say_nothing);
    g_test_add_func("/anomaly/resumes-a-report", test_resumes_a_report);
    g_test_add_func("/anomaly/simulated-day", test_simulated_day);
    return g_test_run();
}
