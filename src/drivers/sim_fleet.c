/* SPDX-License-Identifier: Apache-2.0 */
/* What switching, failing and sampling mean for simulated devices. */
#include "drivers/sim_fleet.h"

#include <math.h>
#include <string.h>

/* What a degraded device still gets of its rated power. */
#define DEGRADED_SHARE 0.7

/* Typical rates where a catalog gives none: one Gen5 NVMe drive, a 100 Gbit/s network, PCIe 5 x16. */
#define DISK_BYTES_PER_S 14e9
#define NETWORK_BYTES_PER_S 12.5e9
#define HOST_BYTES_PER_S 55e9
#define HBM_BYTES_PER_S 1e12

static double rate_or(double rate, double fallback, double typical)
{
    if (rate > 0)
        return rate;
    return fallback > 0 ? fallback : typical;
}

static void init_group(hcp_sim_group *group, const hcp_driver_sim_group *config, uint64_t seed,
                       int64_t start_us)
{
    group->kind = config->kind;
    group->inlet_c = config->inlet_c;
    if (config->kind == HCP_DRIVER_ASIC) {
        g_assert(config->asic);
        if (group->inlet_c == 0)
            group->inlet_c = 25;
        hcp_asic_init(&group->asic, config->asic, config->count, seed, start_us);
        return;
    }
    g_assert(config->gpu);
    if (group->inlet_c == 0)
        group->inlet_c = 30;
    hcp_gpu_init(&group->gpu, config->gpu, config->count, seed, start_us);
    const hcp_gpu_class *class = &group->gpu.class;
    group->links = (hcp_switchtime_links){
        .hbm_bytes_per_s =
            rate_or(config->links.hbm_bytes_per_s, class->hbm_bytes_per_s, HBM_BYTES_PER_S),
        .host_bytes_per_s =
            rate_or(config->links.host_bytes_per_s, class->host_bytes_per_s, HOST_BYTES_PER_S),
        .disk_bytes_per_s = rate_or(config->links.disk_bytes_per_s, 0, DISK_BYTES_PER_S),
        .network_bytes_per_s = rate_or(config->links.network_bytes_per_s, 0, NETWORK_BYTES_PER_S),
    };
}

void hcp_sim_fleet_init(hcp_sim_fleet *fleet, const hcp_driver_sim_config *config)
{
    *fleet = (hcp_sim_fleet){.n_groups = config->n_groups, .preset = config->preset};
    fleet->groups = g_new0(hcp_sim_group, config->n_groups);
    for (uint32_t i = 0; i < config->n_groups; i++) {
        fleet->groups[i].range =
            (hcp_driver_range){.first = fleet->n_devices, .count = config->groups[i].count};
        fleet->n_devices += config->groups[i].count;
        init_group(&fleet->groups[i], &config->groups[i], config->seed + i, config->start_us);
    }
    fleet->mode = g_new0(uint8_t, fleet->n_devices);
    fleet->down = g_new0(uint8_t, fleet->n_devices);
    for (uint32_t i = 0; i < config->n_groups; i++) {
        hcp_driver_range range = fleet->groups[i].range;
        hcp_driver_sim_state state = {.mode = config->groups[i].mode, .load = 1};
        for (uint32_t device = range.first; device < range.first + range.count; device++)
            hcp_sim_fleet_put(fleet, device, &state, config->start_us);
    }
}

void hcp_sim_fleet_finish(hcp_sim_fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->n_groups; i++) {
        hcp_gpu_finish(&fleet->groups[i].gpu);
        hcp_asic_finish(&fleet->groups[i].asic);
    }
    g_free(fleet->groups);
    g_free(fleet->mode);
    g_free(fleet->down);
    *fleet = (hcp_sim_fleet){0};
}

/* The group of a device; fleets have few groups. */
static hcp_sim_group *group_of(const hcp_sim_fleet *fleet, uint32_t device)
{
    g_assert(device < fleet->n_devices);
    hcp_sim_group *group = fleet->groups;
    while (device - group->range.first >= group->range.count)
        group++;
    return group;
}

hcp_driver_kind hcp_sim_fleet_kind(const hcp_sim_fleet *fleet, uint32_t device)
{
    return group_of(fleet, device)->kind;
}

/* The part of `range` that starts at `first` and lies in one group. */
static hcp_driver_range slice(const hcp_sim_group *group, hcp_driver_range range, uint32_t first)
{
    uint32_t group_end = group->range.first + group->range.count;
    return (hcp_driver_range){.first = first,
                              .count = MIN(group_end, range.first + range.count) - first};
}

static void advance(hcp_sim_group *group, hcp_driver_range part, int64_t now_us)
{
    uint32_t first = part.first - group->range.first;
    if (group->kind == HCP_DRIVER_ASIC)
        hcp_asic_advance(&group->asic, first, part.count, now_us, group->inlet_c);
    else
        hcp_gpu_advance(&group->gpu, first, part.count, now_us, group->inlet_c);
}

hcp_driver_group hcp_sim_fleet_describe(const hcp_sim_fleet *fleet, uint32_t index)
{
    const hcp_sim_group *group = &fleet->groups[index];
    hcp_driver_group info = {.range = group->range, .kind = group->kind, .links = group->links};

    if (group->kind == HCP_DRIVER_ASIC) {
        const hcp_asic_class *class = &group->asic.class;
        g_strlcpy(info.class_name, class->name, sizeof(info.class_name));
        info.idle_w = class->standby_w;
        info.min_power_w = class->points[0].power_w;
        info.max_power_w = class->points[class->n_points - 1].power_w;
        info.ramps.down_us = class->ramp_down_us;
        info.ramps.up_us = class->ramp_up_us;
        return info;
    }
    const hcp_gpu_class *class = &group->gpu.class;
    g_strlcpy(info.class_name, class->name, sizeof(info.class_name));
    info.idle_w = class->idle_w;
    info.min_power_w = class->min_cap_w;
    info.max_power_w = class->tdp_w;
    info.memory_bytes = class->memory_bytes;
    return info;
}

static double rated_w(const hcp_asic_class *class, double power_w)
{
    return power_w > 0 ? power_w : class->power_w;
}

/* Where this phase drives a miner's power, or a negative number where it does not. */
static double phase_target_w(const hcp_asic_class *class, const hcp_driver_command *command)
{
    double working_w = rated_w(class, command->power_target_w);
    bool stays_up = command->from == HCP_DRIVER_MINE && command->to == HCP_DRIVER_MINE;

    switch (command->phase) {
    case HCP_SWITCHTIME_QUIESCE:
        return stays_up ? -1 : 0;
    case HCP_SWITCHTIME_ACTIVATE:
        return command->to == HCP_DRIVER_MINE ? working_w : -1;
    case HCP_SWITCHTIME_ROLLBACK:
        return command->from == HCP_DRIVER_MINE ? working_w : 0;
    case HCP_SWITCHTIME_VALIDATE:
    case HCP_SWITCHTIME_ASSIGN:
    case HCP_SWITCHTIME_SAVE:
    case HCP_SWITCHTIME_VERIFY:
    case HCP_SWITCHTIME_SERVE:
    case HCP_SWITCHTIME_PHASES:
        break;
    }
    return -1;
}

/* Starts the ramps of a phase; returns those of the slowest miner. */
static hcp_switchtime_ramps ramp(hcp_asic *asic, hcp_driver_range local, double target_w)
{
    hcp_switchtime_ramps ramps = {0};
    for (uint32_t i = local.first; i < local.first + local.count; i++) {
        double from_w = (double)asic->power_w[i];
        if (asic->state[i] == HCP_ASIC_FAILED)
            continue;
        double to_w = hcp_asic_set_target(asic, i, target_w);
        int64_t ramp_us = hcp_asic_ramp_us(&asic->class, from_w, to_w);
        if (to_w < from_w)
            ramps.down_us = MAX(ramps.down_us, ramp_us);
        else
            ramps.up_us = MAX(ramps.up_us, ramp_us);
    }
    return ramps;
}

/* Devices are brought up to date only where the phase changes what they draw: a mass move has eight phases, and most of them
 * mean nothing to a miner. */
static int64_t begin_part(const hcp_sim_fleet *fleet, hcp_sim_group *group, hcp_driver_range part,
                          const hcp_driver_command *command, double draw, int64_t now_us)
{
    hcp_switchtime_job job = {.links = group->links};

    if (group->kind == HCP_DRIVER_ASIC) {
        double target_w = phase_target_w(&group->asic.class, command);
        hcp_driver_range local = {part.first - group->range.first, part.count};
        if (target_w >= 0) {
            advance(group, part, now_us);
            job.ramps = ramp(&group->asic, local, target_w);
        }
        /* A ramp that a phase does not usually have, such as up in a second quiesce, still counts. */
        if (command->phase == HCP_SWITCHTIME_QUIESCE || command->phase == HCP_SWITCHTIME_ACTIVATE)
            job.ramps.down_us = job.ramps.up_us = MAX(job.ramps.down_us, job.ramps.up_us);
    } else {
        job.payload = command->payload;
    }
    return hcp_switchtime_drawn_us(&job, fleet->preset, command->phase, draw);
}

int64_t hcp_sim_fleet_begin(hcp_sim_fleet *fleet, const hcp_driver_command *command, double draw,
                            int64_t now_us)
{
    int64_t longest_us = 0;
    for (uint32_t r = 0; r < command->devices.n_ranges; r++) {
        hcp_driver_range range = command->devices.ranges[r];
        uint32_t first = range.first;
        while (first < range.first + range.count) {
            hcp_sim_group *group = group_of(fleet, first);
            hcp_driver_range part = slice(group, range, first);
            longest_us = MAX(longest_us, begin_part(fleet, group, part, command, draw, now_us));
            first += part.count;
        }
    }
    return longest_us;
}

hcp_driver_range hcp_sim_fleet_alike(const hcp_sim_fleet *fleet, hcp_driver_range range)
{
    hcp_driver_range part = slice(group_of(fleet, range.first), range, range.first);
    const uint8_t *down = fleet->down + part.first;
    const uint8_t *other = memchr(down, !down[0], part.count);
    if (other != NULL)
        part.count = (uint32_t)(other - down);
    return part;
}

hcp_driver_cause hcp_sim_fleet_obstacle(const hcp_sim_fleet *fleet,
                                        const hcp_driver_command *command, uint32_t device)
{
    const hcp_sim_group *group = group_of(fleet, device);
    if (fleet->down[device])
        return HCP_DRIVER_CAUSE_DEVICE_DOWN;
    if ((group->kind == HCP_DRIVER_ASIC && command->to == HCP_DRIVER_SERVE) ||
        (group->kind == HCP_DRIVER_CPU && command->to == HCP_DRIVER_MINE))
        return HCP_DRIVER_CAUSE_REJECTED;
    if (group->kind != HCP_DRIVER_ASIC && command->phase == HCP_SWITCHTIME_ACTIVATE &&
        command->payload.model_bytes > group->gpu.class.memory_bytes)
        return HCP_DRIVER_CAUSE_OOM;
    return HCP_DRIVER_CAUSE_NONE;
}

static void put_gpu(hcp_gpu *gpu, uint32_t i, hcp_driver_mode mode, double power_w, double load)
{
    switch (mode) {
    case HCP_DRIVER_OFF:
        hcp_gpu_set_memory(gpu, i, 0);
        hcp_gpu_set(gpu, i, HCP_GPU_OFF, 0);
        return;
    case HCP_DRIVER_IDLE:
        hcp_gpu_set(gpu, i, HCP_GPU_IDLE, 0);
        return;
    case HCP_DRIVER_MINE:
    case HCP_DRIVER_SERVE:
        (void)hcp_gpu_set_cap(gpu, i, power_w);
        hcp_gpu_set(gpu, i, HCP_GPU_BUSY, mode == HCP_DRIVER_MINE ? 1 : load);
        return;
    case HCP_DRIVER_MODES:
        break;
    }
    g_assert_not_reached();
}

void hcp_sim_fleet_put(hcp_sim_fleet *fleet, uint32_t device, const hcp_driver_sim_state *state,
                       int64_t now_us)
{
    hcp_sim_group *group = group_of(fleet, device);
    uint32_t i = device - group->range.first;
    if (fleet->down[device])
        return;
    advance(group, (hcp_driver_range){device, 1}, now_us);
    fleet->mode[device] = (uint8_t)state->mode;
    if (group->kind != HCP_DRIVER_ASIC) {
        hcp_gpu_set_memory(&group->gpu, i, state->memory_bytes);
        put_gpu(&group->gpu, i, state->mode, state->power_w, state->load);
        return;
    }
    bool mines = state->mode == HCP_DRIVER_MINE;
    (void)hcp_asic_set_target(&group->asic, i,
                              mines ? rated_w(&group->asic.class, state->power_w) : 0);
    hcp_asic_settle(&group->asic, i);
}

/* The end of a phase on an accelerator; miners did everything in their ramps. */
static void end_gpu(hcp_gpu *gpu, uint32_t i, const hcp_driver_command *command)
{
    switch (command->phase) {
    case HCP_SWITCHTIME_QUIESCE:
        hcp_gpu_set(gpu, i, HCP_GPU_IDLE, 0);
        break;
    case HCP_SWITCHTIME_SAVE:
        hcp_gpu_set_memory(gpu, i, gpu->memory_bytes[i] - command->payload.scrub_bytes);
        break;
    case HCP_SWITCHTIME_ACTIVATE:
        hcp_gpu_set_memory(gpu, i, command->payload.model_bytes);
        break;
    case HCP_SWITCHTIME_SERVE:
        put_gpu(gpu, i, command->to, command->power_target_w, command->load);
        break;
    case HCP_SWITCHTIME_ROLLBACK:
        if (command->payload.model_bytes > 0)
            hcp_gpu_set_memory(gpu, i, command->payload.model_bytes);
        put_gpu(gpu, i, command->from, command->power_target_w, command->load);
        break;
    case HCP_SWITCHTIME_VALIDATE:
    case HCP_SWITCHTIME_ASSIGN:
    case HCP_SWITCHTIME_VERIFY:
    case HCP_SWITCHTIME_PHASES:
        break;
    }
}

void hcp_sim_fleet_end(hcp_sim_fleet *fleet, const hcp_driver_command *command,
                       hcp_driver_range part, int64_t now_us)
{
    hcp_sim_group *group = group_of(fleet, part.first);
    if (group->kind != HCP_DRIVER_ASIC) {
        uint32_t first = part.first - group->range.first;
        advance(group, part, now_us);
        for (uint32_t i = first; i < first + part.count; i++)
            end_gpu(&group->gpu, i, command);
    }
    if (command->phase == HCP_SWITCHTIME_SERVE)
        memset(fleet->mode + part.first, (int)command->to, part.count);
    else if (command->phase == HCP_SWITCHTIME_ROLLBACK)
        memset(fleet->mode + part.first, (int)command->from, part.count);
}

void hcp_sim_fleet_set_power(hcp_sim_fleet *fleet, uint32_t device, double power_w, int64_t now_us)
{
    hcp_sim_group *group = group_of(fleet, device);
    uint32_t i = device - group->range.first;
    advance(group, (hcp_driver_range){device, 1}, now_us);
    if (group->kind != HCP_DRIVER_ASIC)
        (void)hcp_gpu_set_cap(&group->gpu, i, power_w);
    else if (fleet->mode[device] == HCP_DRIVER_MINE)
        (void)hcp_asic_set_target(&group->asic, i, rated_w(&group->asic.class, power_w));
}

void hcp_sim_fleet_set_load(hcp_sim_fleet *fleet, uint32_t device, double load, int64_t now_us)
{
    hcp_sim_group *group = group_of(fleet, device);
    if (group->kind == HCP_DRIVER_ASIC || fleet->mode[device] != HCP_DRIVER_SERVE ||
        fleet->down[device])
        return;
    advance(group, (hcp_driver_range){device, 1}, now_us);
    hcp_gpu_set(&group->gpu, device - group->range.first, HCP_GPU_BUSY, load);
}

static void harm_gpu(hcp_gpu *gpu, uint32_t i, hcp_driver_health_kind kind)
{
    switch (kind) {
    case HCP_DRIVER_DEVICE_FAILED:
        hcp_gpu_set_memory(gpu, i, 0);
        hcp_gpu_set(gpu, i, HCP_GPU_FAILED, 0);
        break;
    case HCP_DRIVER_DEVICE_DEGRADED:
        (void)hcp_gpu_set_cap(gpu, i, gpu->class.tdp_w * DEGRADED_SHARE);
        break;
    case HCP_DRIVER_DEVICE_RECOVERED:
        hcp_gpu_set_cooling(gpu, i, 1.0);
        (void)hcp_gpu_set_cap(gpu, i, 0);
        if (gpu->state[i] == HCP_GPU_FAILED)
            hcp_gpu_set(gpu, i, HCP_GPU_IDLE, 0);
        break;
    }
}

static void harm_asic(hcp_asic *asic, uint32_t i, hcp_driver_health_kind kind)
{
    switch (kind) {
    case HCP_DRIVER_DEVICE_FAILED:
        hcp_asic_set_failed(asic, i, true);
        break;
    case HCP_DRIVER_DEVICE_DEGRADED:
        if (asic->state[i] == HCP_ASIC_HASHING)
            (void)hcp_asic_set_target(asic, i, (double)asic->target_w[i] * DEGRADED_SHARE);
        break;
    case HCP_DRIVER_DEVICE_RECOVERED:
        hcp_asic_set_cooling(asic, i, 1.0);
        hcp_asic_set_boards(asic, i, 1.0);
        if (asic->state[i] == HCP_ASIC_FAILED)
            hcp_asic_set_failed(asic, i, false);
        break;
    }
}

void hcp_sim_fleet_harm(hcp_sim_fleet *fleet, uint32_t device, hcp_driver_health_kind kind,
                        int64_t now_us)
{
    hcp_sim_group *group = group_of(fleet, device);
    uint32_t i = device - group->range.first;
    advance(group, (hcp_driver_range){device, 1}, now_us);
    if (group->kind == HCP_DRIVER_ASIC)
        harm_asic(&group->asic, i, kind);
    else
        harm_gpu(&group->gpu, i, kind);

    /* A device that comes back is ready and empty; who had it must bring it up again. */
    if (kind == HCP_DRIVER_DEVICE_RECOVERED && fleet->down[device])
        fleet->mode[device] =
            (uint8_t)(group->kind == HCP_DRIVER_ASIC ? HCP_DRIVER_OFF : HCP_DRIVER_IDLE);
    if (kind != HCP_DRIVER_DEVICE_DEGRADED)
        fleet->down[device] = kind == HCP_DRIVER_DEVICE_FAILED;
}

void hcp_sim_fleet_wear(hcp_sim_fleet *fleet, uint32_t device, const hcp_driver_sim_wear *wear,
                        int64_t now_us)
{
    hcp_sim_group *group = group_of(fleet, device);
    uint32_t i = device - group->range.first;
    advance(group, (hcp_driver_range){device, 1}, now_us);
    if (group->kind != HCP_DRIVER_ASIC) {
        hcp_gpu_set_cooling(&group->gpu, i, wear->cooling);
        return;
    }
    hcp_asic_set_cooling(&group->asic, i, wear->cooling);
    hcp_asic_set_boards(&group->asic, i, wear->boards);
}

/* Copies one value when its column is wanted. */
#define PUT(column, row, value)                                                                    \
    do {                                                                                           \
        if ((column))                                                                              \
            (column)[(row)] = (value);                                                             \
    } while (0)

static void sample_gpu(const hcp_gpu *gpu, uint32_t i, const hcp_driver_columns *to, uint32_t row)
{
    PUT(to->temp_c, row, gpu->temp_c[i]);
    PUT(to->power_w, row, gpu->power_w[i]);
    PUT(to->utilization, row, gpu->util[i]);
    PUT(to->hashrate_ths, row, NAN);
    PUT(to->memory_bytes, row, gpu->memory_bytes[i]);
    PUT(to->energy_j, row, gpu->energy_j[i]);
}

static void sample_asic(const hcp_asic *asic, uint32_t i, const hcp_driver_columns *to,
                        uint32_t row)
{
    PUT(to->temp_c, row, asic->temp_c[i]);
    PUT(to->power_w, row, asic->power_w[i]);
    PUT(to->utilization, row, asic->hashrate_ths[i] > 0 ? 1.0f : 0.0f);
    PUT(to->hashrate_ths, row, asic->hashrate_ths[i]);
    PUT(to->energy_j, row, asic->energy_j[i]);
    PUT(to->shares_accepted, row, asic->shares_accepted[i]);
    PUT(to->shares_rejected, row, asic->shares_rejected[i]);
}

/* A failed device sends nothing: its age grows. */
static void sample_down(const hcp_driver_columns *to, uint32_t row)
{
    PUT(to->temp_c, row, NAN);
    PUT(to->power_w, row, NAN);
    PUT(to->utilization, row, NAN);
    PUT(to->hashrate_ths, row, NAN);
}

static void sample_part(const hcp_sim_fleet *fleet, const hcp_sim_group *group,
                        hcp_driver_range part, const hcp_driver_columns *to, int64_t now_us)
{
    for (uint32_t device = part.first; device < part.first + part.count; device++) {
        uint32_t row = device - to->first;
        uint32_t i = device - group->range.first;
        PUT(to->mode, row, fleet->mode[device]);
        if (fleet->down[device]) {
            sample_down(to, row);
            continue;
        }
        PUT(to->observed_us, row, now_us);
        if (group->kind == HCP_DRIVER_ASIC)
            sample_asic(&group->asic, i, to, row);
        else
            sample_gpu(&group->gpu, i, to, row);
    }
}

void hcp_sim_fleet_sample(hcp_sim_fleet *fleet, const hcp_driver_columns *columns, int64_t now_us)
{
    hcp_driver_range wanted = {columns->first, columns->count};
    uint32_t first = wanted.first;
    while (first < wanted.first + wanted.count) {
        hcp_sim_group *group = group_of(fleet, first);
        hcp_driver_range part = slice(group, wanted, first);
        advance(group, part, now_us);
        sample_part(fleet, group, part, columns, now_us);
        first += part.count;
    }
}
