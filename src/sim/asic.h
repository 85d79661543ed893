/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bitcoin miners of one class, as physics: hash rate and J/TH by power target, linear ramps between
 * power levels, chip temperature, shares found and rejected, energy. Structure-of-arrays, advanced
 * in closed form like sim/gpu.h.
 *
 * Invariants after every advance: standby_w <= power <= max_w; hash rate 0 unless the chain is up,
 * never above the class curve; temperature <= throttle; counters never fall.
 */
#ifndef HCP_SIM_ASIC_H
#define HCP_SIM_ASIC_H

#include <stdbool.h>
#include <stdint.h>

#define HCP_ASIC_POINTS 8

/* A point of the efficiency curve; wall power, not chip power. */
typedef struct {
    double power_w;
    double hashrate_ths;
} hcp_asic_point;

typedef struct {
    char name[32];
    double power_w;      /* rated */
    double hashrate_ths; /* rated */

    hcp_asic_point points[HCP_ASIC_POINTS]; /* ascending power; the class runs between the first and
                                               the last */
    int n_points;
    double standby_w;
    int64_t ramp_down_us; /* rated to standby */
    int64_t ramp_up_us;   /* standby to rated */
    double resistance_c_per_w;
    double fan_offset_c;
    double time_constant_s;
    double throttle_c;
    double share_difficulty; /* of the pool's jobs */
    double reject_ratio;
} hcp_asic_class;

typedef enum {
    HCP_ASIC_STANDBY,
    HCP_ASIC_RAMPING, /* towards the target, up or down */
    HCP_ASIC_HASHING,
    HCP_ASIC_FAILED, /* draws nothing, reports nothing */
} hcp_asic_state;

/* Column arrays, one entry per device; owned by the struct, readable by anybody. */
typedef struct {
    hcp_asic_class class;
    uint32_t count;
    uint64_t seed;
    uint8_t *state;   /* hcp_asic_state */
    uint8_t *pool_up; /* the pool takes shares */
    float *target_w;  /* where the ramp ends */
    float *power_w;
    /* mean hash rate from the last update on; a ramp keeps that of its lower end */
    float *base_ths;
    float *hashrate_ths; /* as reported: the mean with its fluctuation */
    float *temp_c;
    float *cooling; /* thermal resistance against a sound miner's */
    float *boards;  /* share of the hash boards that work */
    int64_t *updated_us;
    double *energy_j;
    double *work_th; /* terahashes done */
    uint64_t *shares_accepted;
    uint64_t *shares_rejected;
} hcp_asic;

/* Completes a class whose name, rated power and rated hash rate are given: a curve from 50 % to 110
 * % of rated power whose J/TH improves as the power falls (17.5 J/TH becomes about 14.2 at half
 * power), 25 W standby, 5 s down, 10 s up, about 70 C at rated power with an inlet of 25 C. Fields
 * already set (non-zero) are kept. */
void hcp_asic_class_fit(hcp_asic_class *class);

/* `count` miners in standby at `now_us`. `seed` also gives each its own small deviation of hash
 * rate and cooling. */
void hcp_asic_init(hcp_asic *asic, const hcp_asic_class *class, uint32_t count, uint64_t seed,
                   int64_t now_us);
void hcp_asic_finish(hcp_asic *asic);

/* Advances miners [first, first + count) to `now_us` with an inlet of `inlet_c`; earlier times do
 * nothing. */
void hcp_asic_advance(hcp_asic *asic, uint32_t first, uint32_t count, int64_t now_us,
                      double inlet_c);

/* Starts a ramp to `target_w`, clamped to the curve; 0 (or anything below half of the first point)
 * means standby. Returns the target in force. Advance the miner first. */
double hcp_asic_set_target(hcp_asic *asic, uint32_t device, double target_w);

/* Ends the ramp of a miner at once, as if it had been at its target already. */
void hcp_asic_settle(hcp_asic *asic, uint32_t device);

/* Connects or disconnects the pool; a miner without a pool draws power and earns nothing. */
void hcp_asic_set_pool(hcp_asic *asic, uint32_t device, bool up);

/* Marks a miner failed, or repaired (then in standby). */
void hcp_asic_set_failed(hcp_asic *asic, uint32_t device, bool failed);

/* Thermal resistance from its last update on, as a multiple of a sound miner's. Advance the miner first. */
void hcp_asic_set_cooling(hcp_asic *asic, uint32_t device, double factor);

/* Share of the hash boards that work, 0..1; hash rate and power while hashing fall with it. Advance the miner first. */
void hcp_asic_set_boards(hcp_asic *asic, uint32_t device, double share);

/* Time the ramp between two power levels takes. */
int64_t hcp_asic_ramp_us(const hcp_asic_class *class, double from_w, double to_w);

/* The class curve: hash rate at `power_w`, and J/TH there; 0 below the first point. */
double hcp_asic_hashrate_ths(const hcp_asic_class *class, double power_w);
double hcp_asic_j_per_th(const hcp_asic_class *class, double power_w);

#endif
