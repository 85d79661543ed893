/* SPDX-License-Identifier: Apache-2.0 */
/* Residuals, their scale, and two moving averages of each. */
#include "telemetry/anomaly.h"

#include <math.h>
#include <string.h>

/* Time constants, seconds. A heat sink follows its power in about a minute; the baseline forgets in a week, so that what
 * creeps faster than that shows. */
#define POWER_S 50.0
#define FAST_S 60.0
#define SLOW_S 3600.0
#define BASE_S (7 * 86400.0)
#define SLOPE_S 86400.0

/* Nothing is said of a device before its baseline has this much behind it. Silence of SILENT_S starts over: what comes
 * back has been repaired or moved. */
#define LEARN_S 3600.0
#define SILENT_S 1800.0

/* The least noise a device is credited with: sensors read whole degrees, hash rates are counted over seconds. */
#define TEMP_DEV_MIN_C 0.5
#define WORK_DEV_MIN 0.01

/* One reading counts at most this many standard deviations, so that one wrong reading is not a verdict. */
#define Z_MAX 10.0

/* Readings share their errors, those of a minute and those of an hour (a draught, a reading that is off by half a degree):
 * an average of many is not as sure as its count says. As long as a device has been known for less than YOUNG_S, its
 * baseline is unsure as well. Variances, in units of one reading's. */
#define TEMP_COMMON_VAR 0.3
#define WORK_COMMON_VAR 0.05
#define YOUNG_S 21600.0

/* While power has moved by more than this share of full power, temperature is still on its way. */
#define POWER_MOVED 0.1
#define POWER_STEADY 0.01

/* A group of fewer cannot tell the room from a device. */
#define GROUP_MIN 8

/* Spread of power, as a share of full power, at which a group's own slope weighs as much as the guess. */
#define SLOPE_RIDGE 0.1
#define CENTER_CLIP_C 4.0

void hcp_anomaly_init(hcp_anomaly *anomaly)
{
    *anomaly = (hcp_anomaly){
        .groups = g_array_new(FALSE, TRUE, sizeof(hcp_anomaly_group)),
        .raised = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
        .cleared = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
    };
}

void hcp_anomaly_finish(hcp_anomaly *anomaly)
{
    g_free(anomaly->devices);
    g_array_unref(anomaly->groups);
    g_array_unref(anomaly->raised);
    g_array_unref(anomaly->cleared);
    *anomaly = (hcp_anomaly){0};
}

static void forget(hcp_anomaly_device *device)
{
    *device = (hcp_anomaly_device){.score = NAN, .filtered_w = NAN, .last_w = NAN};
}

static void grow(hcp_anomaly *anomaly, uint32_t n_devices)
{
    if (n_devices <= anomaly->n_devices)
        return;
    anomaly->devices = g_renew(hcp_anomaly_device, anomaly->devices, n_devices);
    for (uint32_t i = anomaly->n_devices; i < n_devices; i++)
        forget(&anomaly->devices[i]);
    anomaly->n_devices = n_devices;
}

static double gain(double dt_s, double constant_s)
{
    return 1.0 - exp(-dt_s / constant_s);
}

/* Variance of a moving average of independent unit noise. */
static double average_var(double average_gain)
{
    return average_gain / (2.0 - average_gain);
}

bool hcp_anomaly_begin(hcp_anomaly *anomaly, uint32_t n_devices, int64_t now_us)
{
    int64_t since_us = now_us - anomaly->swept_us;
    bool first = anomaly->swept_us == 0;
    if (!first && since_us <= 0)
        return false;
    g_array_set_size(anomaly->raised, 0);
    g_array_set_size(anomaly->cleared, 0);
    grow(anomaly, n_devices);
    anomaly->swept_us = now_us;
    if (first || since_us > HCP_ANOMALY_INTERVAL_MAX_US)
        return false;
    double dt_s = (double)since_us * 1e-6;
    anomaly->dt_s = dt_s;
    anomaly->gain_power = gain(dt_s, POWER_S);
    anomaly->gain_fast = gain(dt_s, FAST_S);
    anomaly->gain_slow = gain(dt_s, SLOW_S);
    anomaly->gain_base = gain(dt_s, BASE_S);
    anomaly->gain_slope = gain(dt_s, SLOPE_S);
    anomaly->fast_var = average_var(anomaly->gain_fast);
    anomaly->slow_var = average_var(anomaly->gain_slow);
    return true;
}

double hcp_anomaly_curve_ths(const hcp_anomaly_class *class_, double power_w)
{
    int last = class_->n_points - 1;
    if (last < 0 || power_w < 0.5 * class_->points[0].power_w)
        return 0.0;
    int i = 1;
    while (i < last && power_w > class_->points[i].power_w)
        i++;
    if (last == 0)
        return class_->points[0].ths * power_w / class_->points[0].power_w;
    double low_w = class_->points[i - 1].power_w, high_w = class_->points[i].power_w;
    double share = (power_w - low_w) / (high_w - low_w);
    double ths =
        class_->points[i - 1].ths + share * (class_->points[i].ths - class_->points[i - 1].ths);
    return MAX(ths, 0.0);
}

/* One residual's memory. */
typedef struct {
    float *mean, *dev, *fast, *slow, *seen_s;
    double dev_min;
} channel;

/* Takes in a residual. The mean of the first hour is a plain one; what looks wrong teaches nothing. */
static void follow(const hcp_anomaly *a, const channel *c, double residual, bool suspect)
{
    double deviation = residual - (double)*c->mean;
    double sd = fmax(1.2533 * (double)*c->dev, c->dev_min);
    bool learning = (double)*c->seen_s < LEARN_S;
    if (!learning) {
        double z = CLAMP(deviation / sd, -Z_MAX, Z_MAX);
        *c->fast += (float)(a->gain_fast * (z - (double)*c->fast));
        *c->slow += (float)(a->gain_slow * (z - (double)*c->slow));
    }
    if (suspect)
        return;
    double base = fmax(a->gain_base, a->dt_s / ((double)*c->seen_s + a->dt_s));
    double shown = learning ? fabs(deviation) : fmin(fabs(deviation), 4.0 * sd);
    *c->mean += (float)(base * deviation);
    *c->dev += (float)(base * (shown - (double)*c->dev));
    *c->seen_s += (float)a->dt_s;
}

static channel temp_channel(hcp_anomaly_device *d)
{
    return (channel){&d->temp_mean, &d->temp_dev,    &d->temp_fast,
                     &d->temp_slow, &d->temp_seen_s, TEMP_DEV_MIN_C};
}

static channel work_channel(hcp_anomaly_device *d)
{
    return (channel){&d->work_mean, &d->work_dev,    &d->work_fast,
                     &d->work_slow, &d->work_seen_s, WORK_DEV_MIN};
}

static double positive(double v)
{
    return v > 0.0 ? v : 0.0;
}

/* Squared score of the larger of a channel's averages, which point in the direction of a fault. */
static double channel_score(const hcp_anomaly *a, double fast, double slow, double seen_s,
                            double common_var)
{
    if (seen_s < LEARN_S)
        return 0.0;
    double common = common_var * (1.0 + YOUNG_S / seen_s);
    fast = positive(fast);
    slow = positive(slow);
    return fmax(fast * fast / (a->fast_var + common), slow * slow / (a->slow_var + common));
}

/* Too hot and too little work are faults; cool and hard-working is not. */
static double hot_score(const hcp_anomaly *a, const hcp_anomaly_device *d)
{
    return channel_score(a, (double)d->temp_fast, (double)d->temp_slow, (double)d->temp_seen_s,
                         TEMP_COMMON_VAR);
}

static double slack_score(const hcp_anomaly *a, const hcp_anomaly_device *d)
{
    return channel_score(a, -(double)d->work_fast, -(double)d->work_slow, (double)d->work_seen_s,
                         WORK_COMMON_VAR);
}

static double score_of(const hcp_anomaly *a, const hcp_anomaly_device *d)
{
    if ((double)d->temp_seen_s < LEARN_S && (double)d->work_seen_s < LEARN_S)
        return NAN;
    return sqrt(hot_score(a, d) + slack_score(a, d));
}

static double slope_of(const hcp_anomaly_group *group, const hcp_anomaly_class *class_)
{
    double ridge = SLOPE_RIDGE * SLOPE_RIDGE * class_->full_w * class_->full_w;
    return (group->cov_wc + ridge * class_->rise_c_per_w) / (group->var_w + ridge);
}

static void take_temperature(hcp_anomaly *a, hcp_anomaly_group *group, double slope, double full_w,
                             hcp_anomaly_device *d, double temp_c, double power_w)
{
    bool moved = fabs(power_w - (double)d->filtered_w) > POWER_MOVED * full_w;
    double residual = temp_c - slope * (double)d->filtered_w;
    if (moved)
        return;
    bool together = group->count >= GROUP_MIN;
    double off = residual - group->center_c;
    double w = (double)d->filtered_w - group->mean_w, c = temp_c - group->mean_c;
    group->n++;
    group->sum_c += together ? CLAMP(off, -CENTER_CLIP_C, CENTER_CLIP_C) : off;
    group->sum_w += w;
    group->sum_temp += c;
    group->sum_ww += w * w;
    group->sum_wc += w * CLAMP(c, -20.0, 20.0);
    if (group->count == 0)
        return; /* the room is not known yet */
    channel temp = temp_channel(d);
    follow(a, &temp, together ? off : residual, (double)d->score > HCP_ANOMALY_CLEAR);
}

static void take_work(hcp_anomaly *a, const hcp_anomaly_class *class_, hcp_anomaly_device *d,
                      double ths, double power_w)
{
    bool steady = fabs(power_w - (double)d->last_w) < POWER_STEADY * class_->full_w;
    double curve_ths = hcp_anomaly_curve_ths(class_, power_w);
    if (!steady || !(ths > 0.0) || curve_ths <= 0.0)
        return;
    channel work = work_channel(d);
    follow(a, &work, log(ths / curve_ths), (double)d->score > HCP_ANOMALY_CLEAR);
}

static void judge(hcp_anomaly *a, uint32_t i)
{
    hcp_anomaly_device *d = &a->devices[i];
    d->score = (float)score_of(a, d);
    if (!d->alarmed && (double)d->score >= HCP_ANOMALY_ALARM) {
        d->alarmed = 1;
        g_array_append_val(a->raised, i);
    } else if (d->alarmed && (double)d->score < HCP_ANOMALY_CLEAR) {
        d->alarmed = 0;
        g_array_append_val(a->cleared, i);
    }
}

static void take_silence(hcp_anomaly *a, uint32_t i)
{
    hcp_anomaly_device *d = &a->devices[i];
    d->silent_s += (float)a->dt_s;
    if ((double)d->silent_s < SILENT_S)
        return;
    if (d->alarmed)
        g_array_append_val(a->cleared, i);
    forget(d);
}

void hcp_anomaly_take(hcp_anomaly *anomaly, uint32_t group, const hcp_anomaly_class *class_,
                      const hcp_latest *latest, uint32_t first, uint32_t count)
{
    if (anomaly->groups->len <= group)
        g_array_set_size(anomaly->groups, group + 1);
    hcp_anomaly_group *common = &g_array_index(anomaly->groups, hcp_anomaly_group, group);
    bool together = common->count >= GROUP_MIN;
    double slope = together ? slope_of(common, class_) : class_->rise_c_per_w;
    common->n_seen += count;
    for (uint32_t i = first; i < first + count; i++) {
        hcp_anomaly_device *d = &anomaly->devices[i];
        double temp_c = (double)latest->temp_c[i], power_w = (double)latest->power_w[i];
        if (latest->observed_us[i] < anomaly->swept_us || !isfinite(temp_c) || !isfinite(power_w)) {
            take_silence(anomaly, i);
            common->n_alarmed += d->alarmed;
            continue;
        }
        d->silent_s = 0.0F;
        if (isnan(d->filtered_w))
            d->filtered_w = d->last_w = (float)power_w;
        d->filtered_w += (float)(anomaly->gain_power * (power_w - (double)d->filtered_w));
        take_temperature(anomaly, common, slope, class_->full_w, d, temp_c, power_w);
        if (class_->n_points > 0)
            take_work(anomaly, class_, d, (double)latest->hashrate_ths[i], power_w);
        d->last_w = (float)power_w;
        judge(anomaly, i);
        common->n_alarmed += d->alarmed;
    }
}

static void move_on(const hcp_anomaly *anomaly, hcp_anomaly_group *g)
{
    bool together = g->count >= GROUP_MIN;
    if (g->n > 0) {
        double n = (double)g->n, mean_w = g->sum_w / n, mean_c = g->sum_temp / n;
        if (g->n_seen >= GROUP_MIN)
            g->center_c += g->sum_c / n;
        if (together) {
            g->var_w += anomaly->gain_slope * (g->sum_ww / n - mean_w * mean_w - g->var_w);
            g->cov_wc += anomaly->gain_slope * (g->sum_wc / n - mean_w * mean_c - g->cov_wc);
        }
        g->mean_w += mean_w;
        g->mean_c += mean_c;
    }
    g->count = g->n_seen;
    g->sum_c = g->sum_w = g->sum_temp = g->sum_ww = g->sum_wc = 0.0;
    g->alarmed = g->n_alarmed;
    g->n = g->n_seen = g->n_alarmed = 0;
}

void hcp_anomaly_end(hcp_anomaly *anomaly)
{
    for (guint i = 0; i < anomaly->groups->len; i++)
        move_on(anomaly, &g_array_index(anomaly->groups, hcp_anomaly_group, i));
}

void hcp_anomaly_resume(hcp_anomaly *anomaly, uint32_t device)
{
    grow(anomaly, device + 1);
    anomaly->devices[device].alarmed = 1;
}

uint32_t hcp_anomaly_alarmed(const hcp_anomaly *anomaly, uint32_t group)
{
    return group < anomaly->groups->len
               ? g_array_index(anomaly->groups, hcp_anomaly_group, group).alarmed
               : 0;
}

double hcp_anomaly_score(const hcp_anomaly *anomaly, uint32_t device)
{
    return device < anomaly->n_devices ? (double)anomaly->devices[device].score : NAN;
}

const char *hcp_anomaly_cause(const hcp_anomaly *anomaly, uint32_t device)
{
    if (!(hcp_anomaly_score(anomaly, device) >= HCP_ANOMALY_CLEAR))
        return NULL;
    const hcp_anomaly_device *d = &anomaly->devices[device];
    return slack_score(anomaly, d) > hot_score(anomaly, d) ? "hashrate" : "temperature";
}
