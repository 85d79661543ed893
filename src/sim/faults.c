/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded misfortune. */
#include "sim/faults.h"

#include "sim/noise.h"

#include <math.h>

#define US_PER_H INT64_C(3600000000)
#define US_PER_DAY (24 * US_PER_H)

enum { SUBJECT_COMMAND = 0x10, SUBJECT_LENGTH, SUBJECT_SHARE, SUBJECT_FEED };

/* A repair that is under way: ordered by time, then by device. */
typedef struct {
    int64_t at_us;
    uint32_t device;
} repair;

struct hcp_faults {
    hcp_faults_params params;
    uint64_t seed;
    uint32_t n_devices;
    hcp_rng rng;
    int64_t next_failure_us;
    GTree *repairs;   /* repair -> itself */
    GHashTable *down; /* device indices under repair */
};

void hcp_faults_no_params(hcp_faults_params *ret_params)
{
    *ret_params = (hcp_faults_params){0};
}

void hcp_faults_default_params(hcp_faults_params *ret_params)
{
    *ret_params = (hcp_faults_params){
        .device_mtbf_h = 2000,
        .device_mttr_h = 2,
        .degraded_share = 0.3,
        .command_lost = 0.005,
        .command_late = 0.02,
        .late_mean_us = 2000000,
        .phase_oom = 0.005,
        .phase_hang = 0.003,
        .phase_partial = 0.005,
        .feed_gap_per_day = 2,
        .feed_gap_mean_us = 15 * 60 * INT64_C(1000000),
    };
}

static int compare_repairs(const void *a, const void *b, void *data)
{
    const repair *left = a;
    const repair *right = b;
    (void)data;
    if (left->at_us != right->at_us)
        return left->at_us < right->at_us ? -1 : 1;
    return (left->device > right->device) - (left->device < right->device);
}

static void schedule_failure(hcp_faults *faults, int64_t from_us)
{
    faults->next_failure_us = INT64_MAX;
    if (faults->params.device_mtbf_h <= 0 || faults->n_devices == 0)
        return;
    double mean_h = faults->params.device_mtbf_h / (double)faults->n_devices;
    double gap_us = hcp_rng_exponential(&faults->rng, mean_h) * (double)US_PER_H;
    faults->next_failure_us = from_us + 1 + (int64_t)fmin(gap_us, 1e17);
}

hcp_faults *hcp_faults_new(const hcp_faults_params *params, uint32_t n_devices, uint64_t seed,
                           int64_t start_us)
{
    hcp_faults *faults = g_new0(hcp_faults, 1);
    faults->params = *params;
    faults->seed = seed;
    faults->n_devices = n_devices;
    hcp_rng_init(&faults->rng, seed, 0);
    faults->repairs = g_tree_new_full(compare_repairs, NULL, g_free, NULL);
    faults->down = g_hash_table_new(NULL, NULL);
    schedule_failure(faults, start_us);
    return faults;
}

void hcp_faults_free(hcp_faults *faults)
{
    if (!faults)
        return;
    g_tree_unref(faults->repairs);
    g_hash_table_unref(faults->down);
    g_free(faults);
}

static uint64_t command_key(const hcp_faults_command *command)
{
    return hcp_noise_mix(command->switch_id) ^
           (((uint64_t)command->attempt << 8) | (uint64_t)command->phase);
}

static double exponential(uint64_t bits, double mean)
{
    return -mean * log(1.0 - hcp_noise_uniform(bits));
}

hcp_faults_outcome hcp_faults_of_command(const hcp_faults *faults,
                                         const hcp_faults_command *command)
{
    const hcp_faults_params *params = &faults->params;
    uint64_t key = command_key(command);
    double draw = hcp_noise_uniform(hcp_noise_u64(faults->seed, SUBJECT_COMMAND, key));
    uint64_t more = hcp_noise_u64(faults->seed, SUBJECT_LENGTH, key);

    if ((draw -= params->command_lost) < 0)
        return (hcp_faults_outcome){.kind = HCP_FAULTS_LOST};
    if ((draw -= params->command_late) < 0)
        return (hcp_faults_outcome){
            .kind = HCP_FAULTS_LATE,
            .delay_us = 1 + (int64_t)exponential(more, (double)params->late_mean_us)};
    if (!command->moves_memory)
        return (hcp_faults_outcome){.kind = HCP_FAULTS_NONE};
    if ((draw -= params->phase_oom) < 0)
        return (hcp_faults_outcome){.kind = HCP_FAULTS_OOM};
    if ((draw -= params->phase_hang) < 0)
        return (hcp_faults_outcome){.kind = HCP_FAULTS_HANG};
    if (draw - params->phase_partial < 0)
        return (hcp_faults_outcome){.kind = HCP_FAULTS_PARTIAL,
                                    .share = 0.05 + 0.45 * hcp_noise_uniform(more)};
    return (hcp_faults_outcome){.kind = HCP_FAULTS_NONE};
}

bool hcp_faults_hits_device(const hcp_faults *faults, const hcp_faults_command *command,
                            uint32_t index, double share)
{
    uint64_t subject = hcp_noise_u64(faults->seed, SUBJECT_SHARE, command_key(command));
    return hcp_noise_uniform(hcp_noise_mix(subject ^ index)) < share;
}

static const repair *first_repair(const hcp_faults *faults)
{
    GTreeNode *node = g_tree_node_first(faults->repairs);
    return node ? g_tree_node_key(node) : NULL;
}

int64_t hcp_faults_next_due(const hcp_faults *faults)
{
    const repair *next = first_repair(faults);
    return next ? MIN(next->at_us, faults->next_failure_us) : faults->next_failure_us;
}

static void take_repair(hcp_faults *faults, hcp_faults_device_event *event)
{
    const repair *next = first_repair(faults);
    *event = (hcp_faults_device_event){
        .at_us = next->at_us, .device = next->device, .kind = HCP_FAULTS_DEVICE_RECOVERED};
    g_hash_table_remove(faults->down, GUINT_TO_POINTER(next->device));
    g_tree_remove(faults->repairs, next);
}

/* False when the device drawn is already down: the process goes on without an event. */
static bool take_failure(hcp_faults *faults, hcp_faults_device_event *event)
{
    int64_t at_us = faults->next_failure_us;
    uint32_t device = (uint32_t)hcp_rng_below(&faults->rng, faults->n_devices);
    bool degraded = hcp_rng_uniform(&faults->rng) < faults->params.degraded_share;
    double repair_h = hcp_rng_exponential(&faults->rng, fmax(faults->params.device_mttr_h, 1e-3));

    schedule_failure(faults, at_us);
    if (!g_hash_table_add(faults->down, GUINT_TO_POINTER(device)))
        return false;
    repair *repaired = g_new(repair, 1);
    *repaired =
        (repair){.at_us = at_us + 1 + (int64_t)(repair_h * (double)US_PER_H), .device = device};
    g_tree_insert(faults->repairs, repaired, repaired);
    *event = (hcp_faults_device_event){.at_us = at_us,
                                       .device = device,
                                       .kind = degraded ? HCP_FAULTS_DEVICE_DEGRADED
                                                        : HCP_FAULTS_DEVICE_FAILED};
    return true;
}

bool hcp_faults_take_device_event(hcp_faults *faults, int64_t now_us,
                                  hcp_faults_device_event *ret_event)
{
    while (hcp_faults_next_due(faults) <= now_us) {
        const repair *next = first_repair(faults);
        if (next && next->at_us <= faults->next_failure_us) {
            take_repair(faults, ret_event);
            return true;
        }
        if (take_failure(faults, ret_event))
            return true;
    }
    return false;
}

/* Whether the gap that belongs to `day` of `feed`, if any of up to four, covers the moment. */
static bool day_gap_covers(const hcp_faults *faults, uint64_t feed, int64_t day, int64_t at_us)
{
    uint64_t key = hcp_noise_u64(faults->seed ^ SUBJECT_FEED, feed, (uint64_t)day);
    double chance = faults->params.feed_gap_per_day / 4;
    for (uint64_t slot = 0; slot < 4; slot++) {
        uint64_t bits = hcp_noise_mix(key ^ slot);
        if (hcp_noise_uniform(bits) >= chance)
            continue;
        double from = ((double)slot + hcp_noise_uniform(hcp_noise_mix(bits))) / 4;
        int64_t from_us = day * US_PER_DAY + (int64_t)(from * (double)US_PER_DAY);
        double length_us = exponential(hcp_noise_mix(bits ^ SUBJECT_LENGTH),
                                       (double)faults->params.feed_gap_mean_us);
        if (at_us >= from_us && (double)(at_us - from_us) < length_us)
            return true;
    }
    return false;
}

bool hcp_faults_feed_silent(const hcp_faults *faults, uint64_t feed, int64_t at_us)
{
    if (faults->params.feed_gap_per_day <= 0)
        return false;
    int64_t day = at_us / US_PER_DAY;
    /* A gap may reach into the next day. */
    return day_gap_covers(faults, feed, day, at_us) || day_gap_covers(faults, feed, day - 1, at_us);
}
