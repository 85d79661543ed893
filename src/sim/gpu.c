/* SPDX-License-Identifier: Apache-2.0 */
/* Accelerator physics in closed form: between commands load and cap are constant, so power is too
 * and temperature is one exponential. */
#include "sim/gpu.h"

#include "sim/noise.h"

#include <glib.h>
#include <math.h>

/* Between devices of a class: cooling differs by a few per cent. */
#define COOLING_SPREAD 0.01f
#define SENSOR_SPREAD 0.01f

static void keep_or(double *field, double value)
{
    if (*field == 0)
        *field = value;
}

void hcp_gpu_class_fit(hcp_gpu_class *class)
{
    g_assert(class->tdp_w > class->idle_w && class->idle_w >= 0);
    keep_or(&class->off_w, class->idle_w * 0.25);
    keep_or(&class->active_min_w, fmax(class->idle_w, class->tdp_w * 3.0 / 7.0));
    keep_or(&class->min_cap_w, class->tdp_w * 0.3);
    /* 47 C at idle and 80 C at TDP over an inlet of 30 C give a line in power. */
    keep_or(&class->resistance_c_per_w, 33.0 / (class->tdp_w - class->idle_w));
    keep_or(&class->fan_offset_c, 17.0 - class->idle_w * class->resistance_c_per_w);
    keep_or(&class->time_constant_s, 45.0);
    keep_or(&class->throttle_c, 84.0);
    /* 700 W capped to 600 W costs 5 to 15 % of the work: the exponent puts it in the middle. */
    keep_or(&class->clock_exponent, 0.6);
}

void hcp_gpu_init(hcp_gpu *gpu, const hcp_gpu_class *class, uint32_t count, uint64_t seed,
                  int64_t now_us)
{
    *gpu = (hcp_gpu){.class = *class, .count = count, .seed = seed};
    hcp_gpu_class_fit(&gpu->class);
    gpu->state = g_new0(uint8_t, count);
    gpu->load = g_new0(float, count);
    gpu->cap_w = g_new(float, count);
    gpu->temp_c = g_new(float, count);
    gpu->power_w = g_new(float, count);
    gpu->util = g_new0(float, count);
    gpu->memory_bytes = g_new0(int64_t, count);
    gpu->updated_us = g_new(int64_t, count);
    gpu->energy_j = g_new0(double, count);
    gpu->ops = g_new0(double, count);
    gpu->cooling = g_new(float, count);
    for (uint32_t i = 0; i < count; i++) {
        gpu->state[i] = HCP_GPU_IDLE;
        gpu->cooling[i] = 1.0f;
        gpu->cap_w[i] = (float)gpu->class.tdp_w;
        gpu->power_w[i] = (float)gpu->class.idle_w;
        gpu->temp_c[i] = (float)(30.0 + gpu->class.fan_offset_c +
                                 gpu->class.resistance_c_per_w * gpu->class.idle_w);
        gpu->updated_us[i] = now_us;
    }
}

void hcp_gpu_finish(hcp_gpu *gpu)
{
    g_free(gpu->state);
    g_free(gpu->load);
    g_free(gpu->cap_w);
    g_free(gpu->temp_c);
    g_free(gpu->power_w);
    g_free(gpu->util);
    g_free(gpu->memory_bytes);
    g_free(gpu->updated_us);
    g_free(gpu->energy_j);
    g_free(gpu->ops);
    g_free(gpu->cooling);
    *gpu = (hcp_gpu){0};
}

double hcp_gpu_power_w(const hcp_gpu_class *class, double load, double cap_w)
{
    if (load <= 0)
        return fmin(class->idle_w, cap_w);
    double wanted_w = class->active_min_w + (class->tdp_w - class->active_min_w) * fmin(load, 1.0);
    return fmin(wanted_w, cap_w);
}

double hcp_gpu_throughput(const hcp_gpu_class *class, double load, double cap_w)
{
    if (load <= 0)
        return 0;
    load = fmin(load, 1.0);
    double wanted_w = class->active_min_w + (class->tdp_w - class->active_min_w) * load;
    if (cap_w >= wanted_w)
        return load;
    double room = fmax(cap_w - class->idle_w, 0) / (wanted_w - class->idle_w);
    return load * pow(room, class->clock_exponent);
}

/* What a device wants to draw in its state; cooling may allow less. */
static double wanted_power_w(const hcp_gpu *gpu, uint32_t device)
{
    const hcp_gpu_class *class = &gpu->class;
    switch ((hcp_gpu_state)gpu->state[device]) {
    case HCP_GPU_OFF:
    case HCP_GPU_FAILED:
        return class->off_w;
    case HCP_GPU_IDLE:
        return class->idle_w;
    case HCP_GPU_BUSY:
        break;
    }
    return hcp_gpu_power_w(class, (double)gpu->load[device], (double)gpu->cap_w[device]);
}

/* What is common to all devices that are advanced by the same time: the exponential is the
 * expensive part. */
typedef struct {
    double dt_s;
    double decay;
} timespan;

static void advance_one(hcp_gpu *gpu, uint32_t i, const timespan *interval, double inlet_c)
{
    const hcp_gpu_class *class = &gpu->class;
    uint64_t own = hcp_noise_mix(gpu->seed ^ i);
    uint64_t moment = hcp_noise_mix(own ^ (uint64_t)gpu->updated_us[i]);
    double resistance = class->resistance_c_per_w *
                        (double)(gpu->cooling[i] * (1.0f + COOLING_SPREAD * hcp_noise_bell(own)));
    double ambient_c = inlet_c + class->fan_offset_c;
    double cooled_w = fmax((class->throttle_c - ambient_c) / resistance, class->off_w);
    double power_w = fmin(wanted_power_w(gpu, i), cooled_w);
    double settled_c = ambient_c + resistance * power_w;

    gpu->temp_c[i] = (float)(settled_c + ((double)gpu->temp_c[i] - settled_c) * interval->decay);
    gpu->power_w[i] = (float)power_w;
    gpu->energy_j[i] += power_w * interval->dt_s;
    if (gpu->state[i] != HCP_GPU_BUSY) {
        gpu->util[i] = 0;
        return;
    }
    double done = hcp_gpu_throughput(class, (double)gpu->load[i], power_w);
    gpu->ops[i] += class->tflops * done * interval->dt_s;
    gpu->util[i] =
        CLAMP(gpu->load[i] * (1.0f + SENSOR_SPREAD * hcp_noise_bell(moment)), 0.0f, 1.0f);
}

void hcp_gpu_advance(hcp_gpu *gpu, uint32_t first, uint32_t count, int64_t now_us, double inlet_c)
{
    g_assert(first <= gpu->count && count <= gpu->count - first);
    int64_t last_dt_us = 0;
    timespan interval = {0};
    for (uint32_t i = first; i < first + count; i++) {
        int64_t dt_us = now_us - gpu->updated_us[i];
        if (dt_us <= 0)
            continue;
        if (dt_us != last_dt_us) {
            interval.dt_s = (double)dt_us * 1e-6;
            interval.decay = exp(-interval.dt_s / gpu->class.time_constant_s);
            last_dt_us = dt_us;
        }
        gpu->updated_us[i] = now_us;
        advance_one(gpu, i, &interval, inlet_c);
    }
}

void hcp_gpu_set(hcp_gpu *gpu, uint32_t device, hcp_gpu_state state, double load)
{
    g_assert(device < gpu->count);
    gpu->state[device] = (uint8_t)state;
    gpu->load[device] = state == HCP_GPU_BUSY ? (float)CLAMP(load, 0.0, 1.0) : 0.0f;
    gpu->power_w[device] = (float)wanted_power_w(gpu, device);
}

double hcp_gpu_set_cap(hcp_gpu *gpu, uint32_t device, double cap_w)
{
    g_assert(device < gpu->count);
    const hcp_gpu_class *class = &gpu->class;
    double cap = cap_w == 0 ? class->tdp_w : CLAMP(cap_w, class->min_cap_w, class->tdp_w);
    gpu->cap_w[device] = (float)cap;
    gpu->power_w[device] = (float)wanted_power_w(gpu, device);
    return cap;
}

void hcp_gpu_set_memory(hcp_gpu *gpu, uint32_t device, int64_t bytes)
{
    g_assert(device < gpu->count);
    gpu->memory_bytes[device] = CLAMP(bytes, 0, gpu->class.memory_bytes);
}

void hcp_gpu_set_cooling(hcp_gpu *gpu, uint32_t device, double factor)
{
    g_assert(device < gpu->count && factor > 0.0);
    gpu->cooling[device] = (float)factor;
}
