/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The anomaly score against fixed thresholds on simulated devices: false reports on sound ones, hours from the start of a
 * fault to its report, and the cost of a sweep. The world is made harder than sim/: the inlet swings by day and drifts,
 * sensors read whole degrees, hash rates are counts over seconds. The fixed thresholds are set in hindsight, as tight as
 * they can be without one false report on the same sound devices.
 *
 * The first argument is the number of seeds (3), the second the days without a fault (3).
 */
#include "base/rng.h"
#include "sim/asic.h"
#include "sim/gpu.h"
#include "telemetry/anomaly.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define STEP_US INT64_C(5000000)
#define STEPS_PER_DAY 17280
#define DEVICES 64
#define HARMED 16 /* of them, one kind of fault after the other */
#define HOLD 3    /* readings in a row beyond a fixed threshold */

enum { FAN, BOARD, PASTE, DUST, KINDS };

static const char *const NAMES[KINDS] = {"fan lost", "board lost", "paste dries, 12 h",
                                         "dust, 72 h"};

typedef struct {
    bool miner;
    hcp_gpu gpu;
    hcp_asic asic;
    hcp_rng rng;
    double drift_c;
    double own_c[DEVICES]; /* each rack has its own draught, slowly changing */
    hcp_latest latest;
    hcp_anomaly anomaly;
    hcp_anomaly_class class_;
    float hot[DEVICES][HOLD], slack[DEVICES][HOLD]; /* last readings */
} world;

static const hcp_gpu_class GPU = {
    .name = "h100", .tdp_w = 700, .idle_w = 70, .tflops = 989, .memory_bytes = 80000000000};
static const hcp_asic_class ASIC = {.name = "s21", .power_w = 3500, .hashrate_ths = 200};

static void start(world *w, bool miner, uint64_t seed)
{
    *w = (world){.miner = miner};
    hcp_rng_init(&w->rng, seed, 7);
    hcp_gpu_init(&w->gpu, &GPU, DEVICES, seed, 0);
    hcp_asic_init(&w->asic, &ASIC, DEVICES, seed, 0);
    for (uint32_t i = 0; i < DEVICES; i++) {
        hcp_gpu_set(&w->gpu, i, HCP_GPU_BUSY, 0.75);
        (void)hcp_asic_set_target(&w->asic, i, 3150);
        hcp_asic_settle(&w->asic, i);
    }
    hcp_latest_init(&w->latest, DEVICES);
    hcp_anomaly_init(&w->anomaly);
    w->class_ = miner ? (hcp_anomaly_class){.full_w = 3500, .rise_c_per_w = 40.0 / 3500}
                      : (hcp_anomaly_class){.full_w = 700, .rise_c_per_w = 33.0 / 630};
    for (int p = 0; miner && p < w->asic.class.n_points; p++) {
        w->class_.n_points = p + 1;
        w->class_.points[p].power_w = w->asic.class.points[p].power_w;
        w->class_.points[p].ths = w->asic.class.points[p].hashrate_ths;
    }
}

static void stop(world *w)
{
    hcp_gpu_finish(&w->gpu);
    hcp_asic_finish(&w->asic);
    hcp_latest_finish(&w->latest);
    hcp_anomaly_finish(&w->anomaly);
}

/* Tenants come and go: a GPU's load changes every few hours. */
static void change_load(world *w, int64_t step)
{
    for (uint32_t i = 0; !w->miner && i < DEVICES; i++)
        if ((step + i * 97) % 2500 == 0)
            hcp_gpu_set(&w->gpu, i, HCP_GPU_BUSY, 0.4 + 0.5 * hcp_rng_uniform(&w->rng));
}

static void read_device(world *w, uint32_t i, double inlet_c, int64_t now_us)
{
    w->own_c[i] = 0.9995 * w->own_c[i] + 0.02 * hcp_rng_normal(&w->rng);
    if (w->miner)
        hcp_asic_advance(&w->asic, i, 1, now_us, inlet_c + w->own_c[i]);
    else
        hcp_gpu_advance(&w->gpu, i, 1, now_us, inlet_c + w->own_c[i]);
    double temp_c = w->miner ? (double)w->asic.temp_c[i] : (double)w->gpu.temp_c[i];
    w->latest.observed_us[i] = now_us;
    w->latest.temp_c[i] = (float)round(temp_c + 0.5 * hcp_rng_normal(&w->rng));
    w->latest.power_w[i] = w->miner ? w->asic.power_w[i] : w->gpu.power_w[i];
    w->latest.hashrate_ths[i] = NAN;
    if (w->miner)
        w->latest.hashrate_ths[i] =
            w->asic.hashrate_ths[i] * (float)(1.0 + 0.03 * hcp_rng_normal(&w->rng));
}

static void remember(world *w, uint32_t i, int64_t step)
{
    w->hot[i][step % HOLD] = w->latest.temp_c[i];
    w->slack[i][step % HOLD] = w->latest.hashrate_ths[i];
}

static void advance(world *w, int64_t step)
{
    int64_t now_us = (step + 1) * STEP_US;
    w->drift_c = 0.9999 * w->drift_c + 0.01 * hcp_rng_normal(&w->rng);
    double day = 2.0 * G_PI * (double)step / STEPS_PER_DAY;
    double inlet_c = (w->miner ? 25.0 : 27.0) + 4.0 * sin(day) + w->drift_c;
    change_load(w, step);
    for (uint32_t i = 0; i < DEVICES; i++) {
        read_device(w, i, inlet_c, now_us);
        remember(w, i, step);
    }
    if (!hcp_anomaly_begin(&w->anomaly, DEVICES, now_us))
        return;
    hcp_anomaly_take(&w->anomaly, 0, &w->class_, &w->latest, 0, DEVICES);
    hcp_anomaly_end(&w->anomaly);
}

/* The coolest of the last readings, the best of the last hash rates: what a threshold held for HOLD readings sees. */
static double held_hot(const world *w, uint32_t i)
{
    return (double)fminf(w->hot[i][0], fminf(w->hot[i][1], w->hot[i][2]));
}

static double held_slack(const world *w, uint32_t i)
{
    return (double)fmaxf(w->slack[i][0], fmaxf(w->slack[i][1], w->slack[i][2]));
}

/* Sound devices for some days: false reports, and the tightest thresholds without one. */
typedef struct {
    double device_days, reports, hot_c, slack_ths, highest;
} sound;

static void watch_sound(bool miner, uint64_t seed, int days, sound *s)
{
    world w;
    start(&w, miner, seed);
    for (int64_t step = 0; step < (int64_t)days * STEPS_PER_DAY; step++) {
        advance(&w, step);
        s->reports += w.anomaly.raised->len;
        for (uint32_t i = 0; step > STEPS_PER_DAY / 4 && i < DEVICES; i++) {
            double score = hcp_anomaly_score(&w.anomaly, i);
            s->hot_c = fmax(s->hot_c, held_hot(&w, i));
            s->slack_ths = fmin(s->slack_ths, held_slack(&w, i));
            s->highest = isnan(score) ? s->highest : fmax(s->highest, score);
        }
    }
    s->device_days += (double)days * DEVICES;
    stop(&w);
}

static void wear(world *w, uint32_t i, int kind, double hours)
{
    double cooling = kind == FAN     ? 1.6
                     : kind == PASTE ? 1.0 + 0.6 * hours / 12.0
                     : kind == DUST  ? 1.0 + 0.6 * hours / 72.0
                                     : 1.0;
    if (w->miner)
        hcp_asic_set_cooling(&w->asic, i, cooling);
    else
        hcp_gpu_set_cooling(&w->gpu, i, cooling);
    if (w->miner && kind == BOARD)
        hcp_asic_set_boards(&w->asic, i, 2.0 / 3.0);
}

typedef struct {
    double score_h, fixed_h;
    int score_n, fixed_n, n;
} delays;

static void watch_fault(bool miner, uint64_t seed, int kind, const sound *s, delays *d)
{
    world w;
    bool found[HARMED] = {false}, fixed[HARMED] = {false};
    int64_t begin = STEPS_PER_DAY, end = begin + STEPS_PER_DAY * (kind == DUST ? 3 : 1);
    start(&w, miner, seed);
    for (int64_t step = 0; step < end; step++) {
        double hours = (double)(step - begin) * 5.0 / 3600.0;
        for (uint32_t i = 0; step >= begin && i < HARMED; i++)
            wear(&w, i, kind, hours);
        advance(&w, step);
        for (uint32_t i = 0; step >= begin && i < HARMED; i++) {
            if (!found[i] && hcp_anomaly_score(&w.anomaly, i) >= HCP_ANOMALY_ALARM) {
                found[i] = true;
                d->score_h += hours;
                d->score_n++;
            }
            if (!fixed[i] && (held_hot(&w, i) > s->hot_c || held_slack(&w, i) < s->slack_ths)) {
                fixed[i] = true;
                d->fixed_h += hours;
                d->fixed_n++;
            }
        }
    }
    d->n += HARMED;
    stop(&w);
}

static void print_delay(double hours, int found, int n)
{
    if (found == 0)
        printf("  %16s", "never");
    else
        printf("  %7.2f h %3d/%3d", hours / found, found, n);
}

static void compare(bool miner, int seeds, int days)
{
    sound s = {.slack_ths = INFINITY};
    for (int seed = 1; seed <= seeds; seed++)
        watch_sound(miner, (uint64_t)seed, days, &s);
    printf(
        "%s: %.0f sound device-days, %.0f false reports, highest score %.1f (reported from %.1f)\n",
        miner ? "miners" : "GPUs", s.device_days, s.reports, s.highest, HCP_ANOMALY_ALARM);
    printf("  fixed thresholds without a false report: %.0f C", s.hot_c);
    if (miner)
        printf(", %.1f TH/s", s.slack_ths);
    printf("\n  %-20s  %16s  %16s\n", "mean delay, found", "score", "fixed");
    for (int kind = 0; kind < KINDS; kind++) {
        delays d = {0};
        if (!miner && kind == BOARD)
            continue;
        for (int seed = 1; seed <= seeds; seed++)
            watch_fault(miner, 100 + (uint64_t)seed, kind, &s, &d);
        printf("  %-20s", NAMES[kind]);
        print_delay(d.score_h, d.score_n, d.n);
        print_delay(d.fixed_h, d.fixed_n, d.n);
        putchar('\n');
    }
}

static void measure(void)
{
    uint32_t n = 110000;
    hcp_latest latest;
    hcp_anomaly anomaly;
    hcp_latest_init(&latest, n);
    hcp_anomaly_init(&anomaly);
    hcp_anomaly_class class_ = {.full_w = 3500, .rise_c_per_w = 0.0114, .n_points = 2};
    class_.points[0].power_w = 1750, class_.points[0].ths = 123;
    class_.points[1].power_w = 3500, class_.points[1].ths = 200;
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    int rounds = 0;
    for (int64_t step = 1; step <= 1000; step++) {
        for (uint32_t i = 0; step == 1 && i < n; i++) {
            latest.temp_c[i] = 65.0F + (float)(i % 7);
            latest.power_w[i] = 3100.0F;
            latest.hashrate_ths[i] = 180.0F + (float)(i % 5);
        }
        for (uint32_t i = 0; i < n; i++)
            latest.observed_us[i] = step * STEP_US;
        if (step == 800)
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        rounds += step >= 800;
        if (!hcp_anomaly_begin(&anomaly, n, step * STEP_US))
            continue;
        hcp_anomaly_take(&anomaly, 0, &class_, &latest, 0, n);
        hcp_anomaly_end(&anomaly);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    double ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) * 1e-6;
    printf("a sweep of 110,000 devices: %.2f ms, %zu bytes a device\n", ms / rounds,
           sizeof(hcp_anomaly_device));
    hcp_latest_finish(&latest);
    hcp_anomaly_finish(&anomaly);
}

int main(int argc, char **argv)
{
    int seeds = argc > 1 ? atoi(argv[1]) : 3, days = argc > 2 ? atoi(argv[2]) : 3;
    measure();
    compare(false, seeds, days);
    compare(true, seeds, days);
    return 0;
}
