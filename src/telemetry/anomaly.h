/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a device's readings are from what they should be: its temperature against its power, its neighbours and its
 * own past, and a miner's hash rate against its power. Each residual is scaled by the device's own noise (robust z) and
 * followed over a minute and over an hour; the score is the larger of the two, in standard deviations. Memory per device
 * is constant; the cost of a sweep is linear in devices. Pure: readings and time come in, nothing is read.
 */
#ifndef HCP_TELEMETRY_ANOMALY_H
#define HCP_TELEMETRY_ANOMALY_H

#include "telemetry/latest.h"

#include <glib.h>

#define HCP_ANOMALY_POINTS 8

/* A score from which a device is reported, and below which the report is withdrawn. The first is calibrated for less
 * than one false report in 1,000 device-days; see docs/models.md. */
#define HCP_ANOMALY_ALARM 7.0
#define HCP_ANOMALY_CLEAR 3.5

/* Samples further apart than this say nothing: sweeps are skipped. */
#define HCP_ANOMALY_INTERVAL_MAX_US INT64_C(60000000)

/* What is known of a class beforehand. */
typedef struct {
    double full_w;
    /* temperature over power, a guess; groups of eight or more learn their own */
    double rise_c_per_w;
    int n_points; /* of a miner's curve, ascending power; 0 = not a miner */
    struct {
        double power_w, ths;
    } points[HCP_ANOMALY_POINTS];
} hcp_anomaly_class;

/* What is remembered of a device, 64 bytes. */
typedef struct {
    float filtered_w, last_w;
    float temp_mean, temp_dev, temp_fast,
        temp_slow; /* residuals in C, then in standard deviations */
    float work_mean, work_dev, work_fast, work_slow; /* logarithm of hash rate over the curve */
    float temp_seen_s, work_seen_s, silent_s;
    float score; /* NAN while it learns */
    uint8_t alarmed;
    uint8_t padding[7];
} hcp_anomaly_device;

/* What alike devices at one site have in common. */
typedef struct {
    double center_c;       /* of temperature less its part from power: the room */
    double mean_w, mean_c; /* of the sweep before */
    double var_w, cov_wc;  /* fading, for the slope */
    uint32_t count;        /* devices of the sweep before */
    double sum_c, sum_w, sum_temp, sum_ww, sum_wc; /* of this sweep */
    uint32_t n, n_seen;
    uint32_t n_alarmed; /* so far in this sweep */
    uint32_t alarmed;
} hcp_anomaly_group;

typedef struct {
    hcp_anomaly_device *devices;
    uint32_t n_devices;
    GArray *groups; /* hcp_anomaly_group */
    /* uint32_t: devices that the last sweep found, and those it found well again, ascending */
    GArray *raised;
    GArray *cleared;
    int64_t swept_us; /* 0 = never */
    double dt_s;
    double gain_power, gain_fast, gain_slow, gain_base, gain_slope; /* of this sweep */
    double fast_var, slow_var; /* of the averages of pure noise */
} hcp_anomaly;

/* Nothing is known of any device. The caller owns the storage: finish. */
void hcp_anomaly_init(hcp_anomaly *anomaly);
void hcp_anomaly_finish(hcp_anomaly *anomaly);

/* Starts a sweep over `n_devices` readings taken at `now_us`. False, and no sweep, when it is the first, or too long
 * after the one before to tell anything. */
bool hcp_anomaly_begin(hcp_anomaly *anomaly, uint32_t n_devices, int64_t now_us);

/* Takes in devices [first, first + count), all of one class and of group number `group`. Readings older than the sweep
 * are silence. */
void hcp_anomaly_take(hcp_anomaly *anomaly, uint32_t group, const hcp_anomaly_class *class_,
                      const hcp_latest *latest, uint32_t first, uint32_t count);

/* Ends the sweep: what groups have in common moves on. */
void hcp_anomaly_end(hcp_anomaly *anomaly);

/* Takes a device for reported already, as after a restart: it is found well when a score says so. */
void hcp_anomaly_resume(hcp_anomaly *anomaly, uint32_t device);

/* Devices of group number `group` that are reported. */
uint32_t hcp_anomaly_alarmed(const hcp_anomaly *anomaly, uint32_t group);

/* Score of a device in standard deviations, 0 = as expected; NAN while there is too little to go by. */
double hcp_anomaly_score(const hcp_anomaly *anomaly, uint32_t device);

/* Which reading is off: "temperature" or "hashrate"; NULL when the score is below HCP_ANOMALY_CLEAR. Static text. */
const char *hcp_anomaly_cause(const hcp_anomaly *anomaly, uint32_t device);

/* Hash rate of the class at `power_w`, TH/s; 0 below the curve. */
double hcp_anomaly_curve_ths(const hcp_anomaly_class *class_, double power_w);

#endif
