/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated driver: commands under way by due time, faults, and reports. What happens to the
 * devices is in drivers/sim_fleet.c.
 */
#include "drivers/driver_sim.h"

#include "drivers/sim_fleet.h"
#include "sim/noise.h"

/* A command under way. Hung ones are due at INT64_MAX: only a retry or a cancel ends them. */
typedef struct {
    int64_t due_us;
    uint64_t order; /* of starting, to break ties */
    int64_t started_us;
    hcp_driver_command command; /* devices.ranges is owned */
    hcp_faults_outcome fate;
    hcp_faults_command identity;
} pending;

typedef struct {
    hcp_driver base;
    hcp_sim_fleet fleet;
    hcp_faults *faults;
    uint64_t seed;
    uint64_t order;
    GTree *queue;      /* pending by (due_us, order); owns them */
    GHashTable *open;  /* &pending.command.switch_id -> pending */
    GArray *injected;  /* hcp_driver_health, by at_us */
    GArray *disturbed; /* disturbance, in the order they were asked for */
} driver_sim;

/* What happens to the next command that touches the device. */
typedef struct {
    uint32_t device;
    int64_t delay_us; /* INT64_MAX = it is lost */
} disturbance;

static const hcp_driver_ops OPS;

static driver_sim *cast(hcp_driver *driver)
{
    g_assert(driver->ops == &OPS);
    return (driver_sim *)driver;
}

static const driver_sim *cast_const(const hcp_driver *driver)
{
    g_assert(driver->ops == &OPS);
    return (const driver_sim *)driver;
}

static int compare_pending(const void *a, const void *b, void *data)
{
    const pending *left = a;
    const pending *right = b;
    (void)data;
    if (left->due_us != right->due_us)
        return left->due_us < right->due_us ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

static void pending_free(void *data)
{
    pending *item = data;
    g_free((void *)item->command.devices.ranges);
    g_free(item);
}

static void sim_discover(hcp_driver *driver, GArray *groups)
{
    driver_sim *sim = cast(driver);
    for (uint32_t i = 0; i < sim->fleet.n_groups; i++) {
        hcp_driver_group group = hcp_sim_fleet_describe(&sim->fleet, i);
        g_array_append_val(groups, group);
    }
}

static void forget(driver_sim *sim, pending *item)
{
    g_hash_table_remove(sim->open, &item->command.switch_id);
    g_tree_remove(sim->queue, item);
}

static hcp_faults_command identify(const driver_sim *sim, const hcp_driver_command *command)
{
    bool memory =
        command->phase == HCP_SWITCHTIME_SAVE || command->phase == HCP_SWITCHTIME_ACTIVATE;
    hcp_driver_kind kind = hcp_sim_fleet_kind(&sim->fleet, command->devices.ranges[0].first);
    return (hcp_faults_command){.switch_id = command->switch_id,
                                .phase = (int)command->phase,
                                .attempt = command->attempt,
                                .moves_memory = memory && kind == HCP_DRIVER_GPU};
}

static bool touches(const hcp_driver_command *command, uint32_t device)
{
    for (uint32_t r = 0; r < command->devices.n_ranges; r++)
        if (device - command->devices.ranges[r].first < command->devices.ranges[r].count)
            return true;
    return false;
}

/* The delay of the first disturbance that waits for this command, which ends it; 0 without one. */
static int64_t take_disturbance(driver_sim *sim, const hcp_driver_command *command)
{
    for (guint i = 0; i < sim->disturbed->len; i++) {
        const disturbance one = g_array_index(sim->disturbed, disturbance, i);
        if (!touches(command, one.device))
            continue;
        g_array_remove_index(sim->disturbed, i);
        return one.delay_us;
    }
    return 0;
}

static void sim_start(hcp_driver *driver, const hcp_driver_command *command, int64_t now_us)
{
    driver_sim *sim = cast(driver);
    pending *open = g_hash_table_lookup(sim->open, &command->switch_id);
    if (open) {
        if (open->command.phase == command->phase && open->command.attempt == command->attempt)
            return;
        forget(sim, open);
    }

    hcp_faults_command identity = identify(sim, command);
    hcp_faults_outcome fate = {.kind = HCP_FAULTS_NONE};
    if (sim->faults)
        fate = hcp_faults_of_command(sim->faults, &identity);
    int64_t disturbed_us = take_disturbance(sim, command);
    if (fate.kind == HCP_FAULTS_LOST || disturbed_us == INT64_MAX)
        return;
    fate.delay_us += disturbed_us;

    uint64_t key = ((uint64_t)command->attempt << 8) | (uint64_t)command->phase;
    double draw = hcp_noise_uniform(hcp_noise_u64(sim->seed, command->switch_id, key));
    pending *item = g_new0(pending, 1);
    item->started_us = now_us;
    item->order = sim->order++;
    item->command = *command;
    item->command.devices.ranges =
        g_memdup2(command->devices.ranges, command->devices.n_ranges * sizeof(hcp_driver_range));
    item->identity = identity;
    item->fate = fate;
    item->due_us = now_us + fate.delay_us + hcp_sim_fleet_begin(&sim->fleet, command, draw, now_us);
    if (fate.kind == HCP_FAULTS_HANG)
        item->due_us = INT64_MAX;
    g_tree_insert(sim->queue, item, item);
    g_hash_table_insert(sim->open, &item->command.switch_id, item);
}

static void sim_cancel(hcp_driver *driver, uint64_t switch_id, int64_t now_us)
{
    driver_sim *sim = cast(driver);
    (void)now_us;
    pending *open = g_hash_table_lookup(sim->open, &switch_id);
    if (open)
        forget(sim, open);
}

/* Why the device at place `index` of the command is not through the phase. Only its group, whether it is down and, when the
 * command failed partly, the index count. */
static hcp_driver_cause judge(const driver_sim *sim, const pending *item, uint32_t device,
                              uint32_t index)
{
    hcp_driver_cause cause = hcp_sim_fleet_obstacle(&sim->fleet, &item->command, device);
    if (cause != HCP_DRIVER_CAUSE_NONE)
        return cause;
    if (item->fate.kind == HCP_FAULTS_OOM)
        return HCP_DRIVER_CAUSE_OOM;
    if (item->fate.kind == HCP_FAULTS_PARTIAL &&
        hcp_faults_hits_device(sim->faults, &item->identity, index, item->fate.share))
        return HCP_DRIVER_CAUSE_RESTORE;
    return HCP_DRIVER_CAUSE_NONE;
}

/* Devices that have an end alike, from the place `index` of the command on. */
static void complete_part(driver_sim *sim, const pending *item, hcp_driver_range part,
                          uint32_t index, hcp_driver_report *report, hcp_driver_batch *batch)
{
    hcp_driver_cause cause = judge(sim, item, part.first, index);
    if (cause == HCP_DRIVER_CAUSE_NONE) {
        hcp_sim_fleet_end(&sim->fleet, &item->command, part, item->due_us);
        return;
    }
    report->cause = cause;
    report->n_failed += part.count;
    for (uint32_t device = part.first; device < part.first + part.count; device++)
        g_array_append_val(batch->failed, device);
}

static void complete(driver_sim *sim, pending *item, hcp_driver_batch *batch)
{
    const hcp_driver_command *command = &item->command;
    hcp_driver_report report = {
        .switch_id = command->switch_id,
        .phase = command->phase,
        .attempt = command->attempt,
        .started_us = item->started_us,
        .ended_us = item->due_us,
        .failed_first = batch->failed->len,
    };
    uint32_t index = 0;
    for (uint32_t r = 0; r < command->devices.n_ranges; r++) {
        hcp_driver_range range = command->devices.ranges[r], part;
        for (; range.count > 0; range.first += part.count, range.count -= part.count) {
            part = hcp_sim_fleet_alike(&sim->fleet, range);
            /* The lot of a partly failed command is drawn for each device. */
            if (item->fate.kind == HCP_FAULTS_PARTIAL)
                part.count = 1;
            complete_part(sim, item, part, index, &report, batch);
            index += part.count;
        }
    }
    if (report.n_failed > 0)
        report.outcome = report.n_failed == index ? HCP_DRIVER_FAILED : HCP_DRIVER_PARTIAL;
    g_array_append_val(batch->reports, report);
    forget(sim, item);
}

static void each_device(driver_sim *sim, hcp_driver_devices devices,
                        void (*set)(hcp_sim_fleet *fleet, uint32_t device, double value,
                                    int64_t now_us),
                        double value, int64_t now_us)
{
    for (uint32_t r = 0; r < devices.n_ranges; r++) {
        hcp_driver_range range = devices.ranges[r];
        for (uint32_t device = range.first; device < range.first + range.count; device++)
            set(&sim->fleet, device, value, now_us);
    }
}

static void sim_set_power(hcp_driver *driver, hcp_driver_devices devices, double power_w,
                          int64_t now_us)
{
    each_device(cast(driver), devices, hcp_sim_fleet_set_power, power_w, now_us);
}

static void sim_set_load(hcp_driver *driver, hcp_driver_devices devices, double load,
                         int64_t now_us)
{
    each_device(cast(driver), devices, hcp_sim_fleet_set_load, load, now_us);
}

static pending *first_pending(const driver_sim *sim)
{
    GTreeNode *node = g_tree_node_first(sim->queue);
    return node ? g_tree_node_value(node) : NULL;
}

static int64_t sim_next_due(const hcp_driver *driver)
{
    const driver_sim *sim = cast_const(driver);
    const pending *item = first_pending(sim);
    int64_t due_us = item ? item->due_us : INT64_MAX;
    if (sim->faults)
        due_us = MIN(due_us, hcp_faults_next_due(sim->faults));
    if (sim->injected->len > 0)
        due_us = MIN(due_us, g_array_index(sim->injected, hcp_driver_health, 0).at_us);
    return due_us;
}

/* An error code such as the failure of a GPU comes with; miners have none. */
static int draw_xid(const driver_sim *sim, uint32_t device, hcp_driver_health_kind kind,
                    int64_t at_us)
{
    static const int fatal[] = {79, 48, 119, 74, 95, 64};
    static const int tolerable[] = {63, 92, 94};
    if (hcp_sim_fleet_kind(&sim->fleet, device) != HCP_DRIVER_GPU ||
        kind == HCP_DRIVER_DEVICE_RECOVERED)
        return 0;
    uint64_t bits = hcp_noise_u64(sim->seed, device, (uint64_t)at_us);
    if (kind == HCP_DRIVER_DEVICE_FAILED)
        return fatal[bits % G_N_ELEMENTS(fatal)];
    return tolerable[bits % G_N_ELEMENTS(tolerable)];
}

static hcp_driver_health_kind health_kind(hcp_faults_device_kind kind)
{
    switch (kind) {
    case HCP_FAULTS_DEVICE_FAILED:
        return HCP_DRIVER_DEVICE_FAILED;
    case HCP_FAULTS_DEVICE_DEGRADED:
        return HCP_DRIVER_DEVICE_DEGRADED;
    case HCP_FAULTS_DEVICE_RECOVERED:
        break;
    }
    return HCP_DRIVER_DEVICE_RECOVERED;
}

/* Takes one thing that is due, the earliest first; failures come before completions of the same
 * moment. */
static bool take_next(driver_sim *sim, int64_t now_us, hcp_driver_batch *batch)
{
    pending *item = first_pending(sim);
    int64_t item_us = item ? item->due_us : INT64_MAX;
    int64_t fault_us = sim->faults ? hcp_faults_next_due(sim->faults) : INT64_MAX;
    hcp_faults_device_event event;

    if (sim->injected->len > 0 && g_array_index(sim->injected, hcp_driver_health, 0).at_us <=
                                      MIN(MIN(item_us, fault_us), now_us)) {
        const hcp_driver_health health = g_array_index(sim->injected, hcp_driver_health, 0);
        if (health.kind == HCP_DRIVER_DEVICE_RECOVERED)
            hcp_sim_fleet_harm(&sim->fleet, health.device, health.kind, health.at_us);
        g_array_append_val(batch->health, health);
        g_array_remove_index(sim->injected, 0);
        return true;
    }
    if (sim->faults && hcp_faults_take_device_event(sim->faults, MIN(now_us, item_us), &event)) {
        hcp_driver_health health = {
            .at_us = event.at_us, .device = event.device, .kind = health_kind(event.kind)};
        health.xid = draw_xid(sim, event.device, health.kind, event.at_us);
        hcp_sim_fleet_harm(&sim->fleet, event.device, health.kind, event.at_us);
        g_array_append_val(batch->health, health);
        return true;
    }
    if (item == NULL || item_us > now_us)
        return false;
    complete(sim, item, batch);
    return true;
}

static void sim_poll(hcp_driver *driver, int64_t now_us, hcp_driver_batch *batch)
{
    driver_sim *sim = cast(driver);
    while (take_next(sim, now_us, batch))
        continue;
}

static void sim_sample(hcp_driver *driver, int64_t now_us, const hcp_driver_columns *columns)
{
    hcp_sim_fleet_sample(&cast(driver)->fleet, columns, now_us);
}

static void sim_free(hcp_driver *driver)
{
    driver_sim *sim = cast(driver);
    g_hash_table_unref(sim->open);
    g_tree_unref(sim->queue);
    g_array_unref(sim->injected);
    g_array_unref(sim->disturbed);
    hcp_faults_free(sim->faults);
    hcp_sim_fleet_finish(&sim->fleet);
    g_free(sim);
}

static const hcp_driver_ops OPS = {
    .name = "sim",
    .discover = sim_discover,
    .start = sim_start,
    .cancel = sim_cancel,
    .set_power = sim_set_power,
    .set_load = sim_set_load,
    .next_due = sim_next_due,
    .poll = sim_poll,
    .sample = sim_sample,
    .free = sim_free,
};

hcp_driver *hcp_driver_sim_new(const hcp_driver_sim_config *config)
{
    driver_sim *sim = g_new0(driver_sim, 1);
    hcp_sim_fleet_init(&sim->fleet, config);
    sim->base.ops = &OPS;
    sim->base.n_devices = sim->fleet.n_devices;
    sim->seed = config->seed;
    if (config->faults)
        sim->faults =
            hcp_faults_new(config->faults, sim->fleet.n_devices, config->seed, config->start_us);
    sim->queue = g_tree_new_full(compare_pending, NULL, NULL, pending_free);
    sim->open = g_hash_table_new(g_int64_hash, g_int64_equal);
    sim->injected = g_array_new(FALSE, FALSE, sizeof(hcp_driver_health));
    sim->disturbed = g_array_new(FALSE, FALSE, sizeof(disturbance));
    return &sim->base;
}

void hcp_driver_sim_adopt(hcp_driver *driver, hcp_driver_devices devices,
                          const hcp_driver_sim_state *state, int64_t now_us)
{
    driver_sim *sim = cast(driver);
    for (uint32_t r = 0; r < devices.n_ranges; r++) {
        hcp_driver_range range = devices.ranges[r];
        for (uint32_t device = range.first; device < range.first + range.count; device++)
            hcp_sim_fleet_put(&sim->fleet, device, state, now_us);
    }
}

/* Behind everything that is due by the same time. */
static void inject(driver_sim *sim, const hcp_driver_health *health)
{
    guint at = sim->injected->len;
    while (at > 0 && g_array_index(sim->injected, hcp_driver_health, at - 1).at_us > health->at_us)
        at--;
    g_array_insert_val(sim->injected, at, *health);
}

void hcp_driver_sim_inject(hcp_driver *driver, uint32_t device, hcp_driver_health_kind kind,
                           int xid, int64_t now_us)
{
    driver_sim *sim = cast(driver);
    hcp_driver_health health = {.at_us = now_us, .device = device, .kind = kind, .xid = xid};
    hcp_sim_fleet_harm(&sim->fleet, device, kind, now_us);
    inject(sim, &health);
}

void hcp_driver_sim_wear_device(hcp_driver *driver, uint32_t device,
                                const hcp_driver_sim_wear *wear, int64_t now_us)
{
    driver_sim *sim = cast(driver);
    g_assert(device < driver->n_devices);
    hcp_sim_fleet_wear(&sim->fleet, device, wear, now_us);
}

void hcp_driver_sim_recover_at(hcp_driver *driver, uint32_t device, int64_t at_us)
{
    inject(cast(driver), &(hcp_driver_health){.at_us = at_us,
                                              .device = device,
                                              .kind = HCP_DRIVER_DEVICE_RECOVERED});
}

void hcp_driver_sim_disturb(hcp_driver *driver, uint32_t device, int64_t delay_us)
{
    const disturbance one = {.device = device, .delay_us = delay_us};
    g_array_append_val(cast(driver)->disturbed, one);
}
