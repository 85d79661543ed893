/* SPDX-License-Identifier: Apache-2.0 */
/* Miner physics in closed form: power is constant or a straight line, so energy is exact and
 * temperature one exponential. */
#include "sim/asic.h"

#include "sim/noise.h"

#include <glib.h>
#include <math.h>

#define HASHES_PER_DIFFICULTY 4294967296.0

/* Between miners of a class: hash rate up to 3 % under the curve, cooling a per cent either way. */
#define HASHRATE_SPREAD 0.03
#define COOLING_SPREAD 0.01f
/* Hash rate as reported flickers by about this much. */
#define FLICKER 0.004f

/* Distinguishes the draws made for one miner at one moment. */
enum { DRAW_FLICKER = 1, DRAW_ACCEPTED, DRAW_REJECTED };

static void keep_or(double *field, double value)
{
    if (*field == 0)
        *field = value;
}

/* J/TH against the rated one at a fraction of rated power: undervolting pays, overclocking costs.
 */
static double relative_j_per_th(double power_fraction)
{
    return 0.70 + 0.15 * power_fraction + 0.15 * power_fraction * power_fraction;
}

static void fit_points(hcp_asic_class *class)
{
    static const double fractions[] = {0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1};

    class->n_points = (int)G_N_ELEMENTS(fractions);
    for (int i = 0; i < class->n_points; i++) {
        double x = fractions[i];
        class->points[i].power_w = class->power_w * x;
        class->points[i].hashrate_ths = class->hashrate_ths * x / relative_j_per_th(x);
    }
}

void hcp_asic_class_fit(hcp_asic_class *class)
{
    g_assert(class->power_w > 0 && class->hashrate_ths > 0);
    g_assert(class->n_points >= 0 && class->n_points <= HCP_ASIC_POINTS);
    if (class->n_points == 0)
        fit_points(class);
    keep_or(&class->standby_w, 25.0);
    if (class->ramp_down_us == 0)
        class->ramp_down_us = 5000000;
    if (class->ramp_up_us == 0)
        class->ramp_up_us = 10000000;
    keep_or(&class->fan_offset_c, 5.0);
    keep_or(&class->resistance_c_per_w, 40.0 / class->power_w);
    keep_or(&class->time_constant_s, 60.0);
    keep_or(&class->throttle_c, 85.0);
    keep_or(&class->share_difficulty, 131072.0);
    keep_or(&class->reject_ratio, 0.003);
}

void hcp_asic_init(hcp_asic *asic, const hcp_asic_class *class, uint32_t count, uint64_t seed,
                   int64_t now_us)
{
    *asic = (hcp_asic){.class = *class, .count = count, .seed = seed};
    hcp_asic_class_fit(&asic->class);
    asic->state = g_new0(uint8_t, count);
    asic->pool_up = g_new(uint8_t, count);
    asic->target_w = g_new(float, count);
    asic->power_w = g_new(float, count);
    asic->base_ths = g_new0(float, count);
    asic->hashrate_ths = g_new0(float, count);
    asic->temp_c = g_new(float, count);
    asic->updated_us = g_new(int64_t, count);
    asic->energy_j = g_new0(double, count);
    asic->work_th = g_new0(double, count);
    asic->cooling = g_new(float, count);
    asic->boards = g_new(float, count);
    asic->shares_accepted = g_new0(uint64_t, count);
    asic->shares_rejected = g_new0(uint64_t, count);
    for (uint32_t i = 0; i < count; i++) {
        asic->state[i] = HCP_ASIC_STANDBY;
        asic->pool_up[i] = 1;
        asic->cooling[i] = asic->boards[i] = 1.0f;
        asic->target_w[i] = asic->power_w[i] = (float)asic->class.standby_w;
        asic->temp_c[i] = (float)(25.0 + asic->class.fan_offset_c);
        asic->updated_us[i] = now_us;
    }
}

void hcp_asic_finish(hcp_asic *asic)
{
    g_free(asic->state);
    g_free(asic->pool_up);
    g_free(asic->target_w);
    g_free(asic->power_w);
    g_free(asic->base_ths);
    g_free(asic->hashrate_ths);
    g_free(asic->temp_c);
    g_free(asic->updated_us);
    g_free(asic->energy_j);
    g_free(asic->work_th);
    g_free(asic->cooling);
    g_free(asic->boards);
    g_free(asic->shares_accepted);
    g_free(asic->shares_rejected);
    *asic = (hcp_asic){0};
}

double hcp_asic_hashrate_ths(const hcp_asic_class *class, double power_w)
{
    const hcp_asic_point *points = class->points;
    int last = class->n_points - 1;

    if (class->n_points == 0 || power_w < points[0].power_w)
        return 0;
    for (int i = 1; i <= last; i++) {
        if (power_w > points[i].power_w)
            continue;
        double x = (power_w - points[i - 1].power_w) / (points[i].power_w - points[i - 1].power_w);
        return points[i - 1].hashrate_ths +
               x * (points[i].hashrate_ths - points[i - 1].hashrate_ths);
    }
    return points[last].hashrate_ths;
}

double hcp_asic_j_per_th(const hcp_asic_class *class, double power_w)
{
    double hashrate_ths = hcp_asic_hashrate_ths(class, power_w);
    return hashrate_ths > 0 ? power_w / hashrate_ths : 0;
}

static double ramp_w_per_s(const hcp_asic_class *class, double from_w, double to_w)
{
    int64_t full_us = to_w < from_w ? class->ramp_down_us : class->ramp_up_us;
    return (class->power_w - class->standby_w) / ((double)full_us * 1e-6);
}

int64_t hcp_asic_ramp_us(const hcp_asic_class *class, double from_w, double to_w)
{
    return (int64_t)ceil(fabs(to_w - from_w) / ramp_w_per_s(class, from_w, to_w) * 1e6);
}

/* Mean hash rate of this miner at `power_w`. */
static float own_hashrate_ths(const hcp_asic *asic, uint32_t device, double power_w)
{
    double factor = 1.0 - HASHRATE_SPREAD * hcp_noise_uniform(hcp_noise_u64(asic->seed, device, 0));
    return (float)(factor * hcp_asic_hashrate_ths(&asic->class, power_w)) * asic->boards[device];
}

void hcp_asic_settle(hcp_asic *asic, uint32_t device)
{
    if (asic->state[device] == HCP_ASIC_FAILED)
        return;
    asic->power_w[device] = asic->target_w[device];
    asic->base_ths[device] = own_hashrate_ths(asic, device, (double)asic->target_w[device]);
    asic->state[device] = asic->base_ths[device] > 0 ? HCP_ASIC_HASHING : HCP_ASIC_STANDBY;
    if (asic->state[device] == HCP_ASIC_HASHING)
        asic->power_w[device] *= asic->boards[device];
}

/* A Poisson number from 64 bits: inversion while the mean is small, the normal limit above. */
static uint64_t poisson(uint64_t bits, double mean)
{
    double u = hcp_noise_uniform(bits);
    if (u < 1.0 - mean) /* exp(-mean) is at least that: most miners found no share in this step */
        return 0;
    if (mean > 16.0) {
        double value = mean + sqrt(mean) * (double)hcp_noise_bell(bits);
        return value > 0 ? (uint64_t)llround(value) : 0;
    }
    double term = exp(-mean);
    double sum = term;
    uint64_t k = 0;
    while (u >= sum && k < 200) {
        k++;
        term *= mean / (double)k;
        sum += term;
    }
    return k;
}

/* A stretch of time with one power line. The exponential is the expensive part and the same for all
 * miners that are advanced alike. */
typedef struct {
    double ambient_c;
    double dt_s;
    double decay; /* exp(-dt / time constant) */
} stretch;

static stretch stretch_of(const hcp_asic *asic, double dt_s, double ambient_c)
{
    return (stretch){
        .ambient_c = ambient_c, .dt_s = dt_s, .decay = exp(-dt_s / asic->class.time_constant_s)};
}

/* Power runs in a straight line from its value by `slope_w_per_s`; hash rate is constant. */
static void run(hcp_asic *asic, uint32_t i, double slope_w_per_s, const stretch *over)
{
    const hcp_asic_class *class = &asic->class;
    double ambient_c = over->ambient_c;
    double dt_s = over->dt_s;
    double tau_s = class->time_constant_s;
    double resistance =
        class->resistance_c_per_w *
        (double)(asic->cooling[i] *
                 (1.0f + COOLING_SPREAD * hcp_noise_bell(hcp_noise_mix(asic->seed ^ i))));
    double power_w = (double)asic->power_w[i];
    double end_w = power_w + slope_w_per_s * dt_s;
    double lag_c = resistance * slope_w_per_s * tau_s;
    double begin_c = ambient_c + resistance * power_w - lag_c;
    double end_c = ambient_c + resistance * end_w - lag_c;

    asic->temp_c[i] =
        (float)fmin(end_c + ((double)asic->temp_c[i] - begin_c) * over->decay, class->throttle_c);
    asic->power_w[i] = (float)end_w;
    asic->energy_j[i] += (power_w + end_w) / 2 * dt_s;
}

static void find_shares(hcp_asic *asic, uint32_t i, uint64_t moment, double dt_s)
{
    double hashes_th = (double)asic->base_ths[i] * dt_s;
    if (hashes_th <= 0)
        return;
    asic->work_th[i] += hashes_th;
    if (!asic->pool_up[i])
        return;
    double mean = hashes_th * 1e12 / (asic->class.share_difficulty * HASHES_PER_DIFFICULTY);
    double rejected = mean * asic->class.reject_ratio;
    asic->shares_accepted[i] += poisson(hcp_noise_mix(moment ^ DRAW_ACCEPTED), mean - rejected);
    asic->shares_rejected[i] += poisson(hcp_noise_mix(moment ^ DRAW_REJECTED), rejected);
}

/* Runs the ramp as far as the stretch reaches; what is left of the stretch is returned. */
static stretch run_ramp(hcp_asic *asic, uint32_t i, uint64_t moment, const stretch *over)
{
    double from_w = (double)asic->power_w[i];
    double to_w = (double)asic->target_w[i];
    double slope = ramp_w_per_s(&asic->class, from_w, to_w);
    double left_s = fabs(to_w - from_w) / slope;
    stretch ramp = stretch_of(asic, fmin(over->dt_s, left_s), over->ambient_c);

    run(asic, i, to_w < from_w ? -slope : slope, &ramp);
    find_shares(asic, i, moment, ramp.dt_s);
    if (over->dt_s < left_s)
        return (stretch){0};
    hcp_asic_settle(asic, i);
    return stretch_of(asic, over->dt_s - ramp.dt_s, over->ambient_c);
}

static void advance_one(hcp_asic *asic, uint32_t i, const stretch *over)
{
    uint64_t moment = hcp_noise_u64(asic->seed, i, (uint64_t)asic->updated_us[i]);
    stretch rest = *over;

    if (asic->state[i] == HCP_ASIC_RAMPING) {
        rest = run_ramp(asic, i, moment, over);
        if (asic->state[i] == HCP_ASIC_RAMPING) {
            asic->hashrate_ths[i] = asic->base_ths[i];
            return;
        }
        moment = hcp_noise_mix(moment);
    }
    run(asic, i, 0, &rest);
    find_shares(asic, i, moment, rest.dt_s);
    float flicker = FLICKER * hcp_noise_bell(hcp_noise_mix(moment ^ DRAW_FLICKER));
    asic->hashrate_ths[i] = asic->base_ths[i] * (1.0f - fabsf(flicker));
}

void hcp_asic_advance(hcp_asic *asic, uint32_t first, uint32_t count, int64_t now_us,
                      double inlet_c)
{
    g_assert(first <= asic->count && count <= asic->count - first);
    double ambient_c = inlet_c + asic->class.fan_offset_c;
    stretch over = {0};
    int64_t last_dt_us = 0;
    for (uint32_t i = first; i < first + count; i++) {
        int64_t dt_us = now_us - asic->updated_us[i];
        if (dt_us <= 0)
            continue;
        if (dt_us != last_dt_us) {
            over = stretch_of(asic, (double)dt_us * 1e-6, ambient_c);
            last_dt_us = dt_us;
        }
        advance_one(asic, i, &over);
        asic->updated_us[i] = now_us;
    }
}

double hcp_asic_set_target(hcp_asic *asic, uint32_t device, double target_w)
{
    g_assert(device < asic->count);
    const hcp_asic_class *class = &asic->class;
    double low_w = class->points[0].power_w;
    double high_w = class->points[class->n_points - 1].power_w;
    double to_w = target_w < low_w / 2 ? class->standby_w : CLAMP(target_w, low_w, high_w);

    if (asic->state[device] == HCP_ASIC_FAILED)
        return 0;
    asic->target_w[device] = (float)to_w;
    float end_ths = own_hashrate_ths(asic, device, to_w);
    float now_ths = own_hashrate_ths(asic, device, (double)asic->power_w[device]);
    /* Chains that are down come up only at the end of the ramp. */
    if (asic->base_ths[device] > 0)
        asic->base_ths[device] = fminf(now_ths, end_ths);
    asic->state[device] = HCP_ASIC_RAMPING;
    return to_w;
}

void hcp_asic_set_pool(hcp_asic *asic, uint32_t device, bool up)
{
    g_assert(device < asic->count);
    asic->pool_up[device] = up;
}

void hcp_asic_set_failed(hcp_asic *asic, uint32_t device, bool failed)
{
    g_assert(device < asic->count);
    asic->state[device] = failed ? HCP_ASIC_FAILED : HCP_ASIC_STANDBY;
    asic->power_w[device] = asic->target_w[device] = failed ? 0 : (float)asic->class.standby_w;
    asic->base_ths[device] = asic->hashrate_ths[device] = 0;
}

void hcp_asic_set_cooling(hcp_asic *asic, uint32_t device, double factor)
{
    g_assert(device < asic->count && factor > 0.0);
    asic->cooling[device] = (float)factor;
}

void hcp_asic_set_boards(hcp_asic *asic, uint32_t device, double share)
{
    g_assert(device < asic->count && share >= 0.0 && share <= 1.0);
    asic->boards[device] = (float)share;
    if (asic->state[device] == HCP_ASIC_HASHING)
        hcp_asic_settle(asic, device);
}
