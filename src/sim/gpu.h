/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accelerators and CPUs of one class, as physics: first-order thermal, power by load under a cap,
 * clocks that follow the power, memory, operations, energy. Structure-of-arrays. A device is
 * advanced from its own last update to `now_us` in closed form, so the step may be a second or a
 * day and devices that nobody touches cost nothing.
 *
 * Invariants after every advance: off_w <= power <= min(cap, TDP); 0 <= utilisation <= 1;
 * temperature <= throttle; 0 <= memory <= capacity; energy and operations never fall.
 */
#ifndef HCP_SIM_GPU_H
#define HCP_SIM_GPU_H

#include <stdbool.h>
#include <stdint.h>

/* One device class. Fill the first block from a datasheet and let hcp_gpu_class_fit complete the
 * second. */
typedef struct {
    char name[32];
    double tdp_w;
    double idle_w;
    double tflops; /* dense, at full clocks */
    int64_t memory_bytes;
    double hbm_bytes_per_s;
    double host_bytes_per_s; /* sustained pinned copies */

    double off_w;        /* standby draw */
    double active_min_w; /* least draw while working */
    double min_cap_w;    /* lowest power cap the device accepts */
    double fan_offset_c; /* how far fans let an unloaded device rise above the inlet */
    double resistance_c_per_w;
    double time_constant_s;
    double throttle_c;
    double clock_exponent; /* throughput ~ ((cap - idle) / (tdp - idle)) ^ exponent */
} hcp_gpu_class;

typedef enum {
    HCP_GPU_OFF,
    HCP_GPU_IDLE,
    HCP_GPU_BUSY,
    HCP_GPU_FAILED, /* draws standby power, reports nothing */
} hcp_gpu_state;

/* Column arrays, one entry per device; owned by the struct, readable by anybody. */
typedef struct {
    hcp_gpu_class class;
    uint32_t count;
    uint64_t seed;
    uint8_t *state; /* hcp_gpu_state */
    float *load;    /* wanted utilisation while busy, 0..1 */
    float *cap_w;
    float *temp_c;
    float *power_w;        /* since the last advance or change */
    float *cooling;        /* thermal resistance against a sound device's */
    float *util;           /* utilisation at the last advance, with noise */
    int64_t *memory_bytes; /* allocated */
    int64_t *updated_us;
    double *energy_j;
    double *ops; /* floating-point operations done, in tera */
} hcp_gpu;

/* Completes a class whose first block is filled: fan offset, resistance and time constant such that
 * a typical device settles at about 47 C idle and 80 C at TDP with an inlet of 30 C, working power
 * from 43 % of TDP (300 W for a 700 W part), caps from 30 %. Fields already set (non-zero) are
 * kept. */
void hcp_gpu_class_fit(hcp_gpu_class *class);

/* `count` devices of `class`, idle at temperature balance at `now_us`. `seed` also gives each
 * device its own small deviation of thermal resistance. */
void hcp_gpu_init(hcp_gpu *gpu, const hcp_gpu_class *class, uint32_t count, uint64_t seed,
                  int64_t now_us);
void hcp_gpu_finish(hcp_gpu *gpu);

/* Advances devices [first, first + count) to `now_us` with an inlet of `inlet_c`; earlier times do
 * nothing. */
void hcp_gpu_advance(hcp_gpu *gpu, uint32_t first, uint32_t count, int64_t now_us, double inlet_c);

/* Sets what a device does from its last update on; advance it first. `load` is used while busy. */
void hcp_gpu_set(hcp_gpu *gpu, uint32_t device, hcp_gpu_state state, double load);

/* Power cap, clamped to what the class accepts; returns the cap in force. 0 means TDP. */
double hcp_gpu_set_cap(hcp_gpu *gpu, uint32_t device, double cap_w);

/* Allocated memory, clamped to [0, capacity]. */
void hcp_gpu_set_memory(hcp_gpu *gpu, uint32_t device, int64_t bytes);

/* Thermal resistance from its last update on, as a multiple of a sound device's: about 1.6 without a fan, creeping up
 * with dust and dried paste. Advance the device first. */
void hcp_gpu_set_cooling(hcp_gpu *gpu, uint32_t device, double factor);

/* Power at `load` under `cap_w` (thermal limits apart), and the throughput against full clocks,
 * 0..1. */
double hcp_gpu_power_w(const hcp_gpu_class *class, double load, double cap_w);
double hcp_gpu_throughput(const hcp_gpu_class *class, double load, double cap_w);

#endif
