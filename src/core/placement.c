/* SPDX-License-Identifier: Apache-2.0 */
/* Scoring and choosing devices. */
#include "core/placement.h"

#include "core/lease.h"

#include <math.h>

uint32_t hcp_placement_score(const hcp_settings *settings, const hcp_score_inputs *inputs)
{
    double headroom = 0.5;
    if (!isnan(inputs->temperature_c))
        headroom = CLAMP((HCP_THERMAL_NONE_C - inputs->temperature_c) /
                             (HCP_THERMAL_NONE_C - HCP_THERMAL_FULL_C),
                         0.0, 1.0);
    double points =
        settings->score_weight_efficiency * CLAMP(inputs->efficiency, 0.0, 1.0) +
        settings->score_weight_utilisation * (1 - CLAMP(inputs->utilisation, 0.0, 1.0)) +
        settings->score_weight_thermal * headroom +
        settings->score_weight_network * CLAMP(inputs->network, 0.0, 1.0);
    /* Never negative, so adding a half rounds; lround is a call, and this runs for every free device. */
    return (uint32_t)(MIN(points * 1000, HCP_SCORE_MAX) + 0.5);
}

/* Watts per unit of work: W/TFLOP, or J/TH for miners; 0 = not known. */
static double watts_per_work(const hcp_class_defined *cls)
{
    if (cls->kind != HCP_DEVICE_ASIC)
        return cls->tflops > 0 ? (double)cls->tdp_w / cls->tflops : 0;
    if (cls->default_target >= cls->power_targets.count)
        return 0;
    const hcp_power_target *target =
        (const hcp_power_target *)cls->power_targets.items + cls->default_target;
    return (double)target->power_w / target->ths;
}

/* 1 for the best accepted class of its kind, less for others; 1 where nothing is known. */
static double efficiency(const hcp_state *state, uint64_t classes, uint32_t class_ix)
{
    const hcp_class_defined *cls = &hcp_state_class(state, class_ix)->def;
    double own = watts_per_work(cls), best = own;
    for (uint32_t i = 0; i < state->fleet.classes->len; i++) {
        const hcp_class_defined *other = &hcp_state_class(state, i)->def;
        double per_work = watts_per_work(other);
        if (((classes >> i) & 1) != 0 && other->kind == cls->kind && per_work > 0)
            best = MIN(best, per_work);
    }
    return own > 0 ? best / own : 1;
}

/* Mean of how the round trip and the backbone of the facility compare with the best ones. */
static double network(const hcp_state *state, uint32_t facility)
{
    const hcp_facility_defined *own = &hcp_state_facility(state, facility)->def;
    int64_t best_rtt_us = own->network_rtt_us, best_gbps = own->backbone_gbps;
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        best_rtt_us = MIN(best_rtt_us, hcp_state_facility(state, f)->def.network_rtt_us);
        best_gbps = MAX(best_gbps, hcp_state_facility(state, f)->def.backbone_gbps);
    }
    double near = (double)(best_rtt_us + 1) / (double)(own->network_rtt_us + 1);
    double wide = best_gbps > 0 ? (double)own->backbone_gbps / (double)best_gbps : 1;
    return (near + wide) / 2;
}

/* --- the best k of a group ----------------------------------------------------------------------------------------- */

/*
 * Candidates are packed into one number that sorts them: score, then what costs least to take (idle before mining before
 * asleep), then the lowest index. A min-heap keeps the best `wanted` of them, so ten thousand devices are never sorted.
 */
typedef struct {
    uint64_t *keys;
    uint32_t count, wanted;
} best_set;

static uint64_t pack(uint32_t score_milli, hcp_mode mode, uint32_t device)
{
    uint64_t ease = mode == HCP_MODE_IDLE ? 2 : mode == HCP_MODE_MINING ? 1 : 0;
    return (uint64_t)score_milli << 34 | ease << 32 | (UINT32_MAX - device);
}

static uint32_t device_of(uint64_t key)
{
    return UINT32_MAX - (uint32_t)key;
}

static void sift_down(best_set *set, uint32_t ix)
{
    for (;;) {
        uint32_t least = ix;
        for (uint32_t child = 2 * ix + 1; child <= 2 * ix + 2 && child < set->count; child++)
            if (set->keys[child] < set->keys[least])
                least = child;
        if (least == ix)
            return;
        uint64_t kept = set->keys[ix];
        set->keys[ix] = set->keys[least];
        set->keys[least] = kept;
        ix = least;
    }
}

static void offer(best_set *set, uint64_t key)
{
    if (set->count < set->wanted) {
        set->keys[set->count++] = key;
        if (set->count == set->wanted)
            for (uint32_t i = set->count / 2; i-- > 0;)
                sift_down(set, i);
    } else if (key > set->keys[0]) {
        set->keys[0] = key;
        sift_down(set, 0);
    }
}

static int descending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Telemetry of a device; a mining device is as good as unused. */
static void read_inputs(const hcp_txn *txn, uint32_t device, hcp_score_inputs *inputs)
{
    const hcp_telemetry_view *view = txn->view;
    inputs->utilisation = 0;
    inputs->temperature_c = NAN;
    if (view == NULL || device >= view->n_devices)
        return;
    bool idle = txn->core->state.fleet.mode[device] == HCP_MODE_IDLE;
    if (view->utilisation != NULL && idle && !isnan(view->utilisation[device]))
        inputs->utilisation = view->utilisation[device];
    if (view->temperature_c != NULL && view->temperature_c[device] > 0)
        inputs->temperature_c = view->temperature_c[device];
}

static bool reads_alike(const hcp_score_inputs *a, const hcp_score_inputs *b)
{
    return a->utilisation == b->utilisation &&
           (a->temperature_c == b->temperature_c ||
            (isnan(a->temperature_c) && isnan(b->temperature_c)));
}

/* Neighbours often read alike (and all do without telemetry), so a score is computed when a reading differs from the last. */
static void offer_batch(const hcp_txn *txn, hcp_range rows, hcp_score_inputs *inputs, best_set *set)
{
    const hcp_state *state = &txn->core->state;
    hcp_score_inputs last = {.utilisation = -1};
    uint32_t score = 0;
    for (uint32_t d = rows.first; d < rows.first + rows.count; d++) {
        if (!hcp_fleet_is_free(&state->fleet, d))
            continue;
        read_inputs(txn, d, inputs);
        if (!reads_alike(&last, inputs)) {
            score = hcp_placement_score(&state->settings, inputs);
            last = *inputs;
        }
        offer(set, pack(score, (hcp_mode)state->fleet.mode[d], d));
    }
}

/* The best `set->wanted` free devices of the group, best first. */
static void best_of_group(const hcp_txn *txn, uint32_t group_ix, uint64_t classes, best_set *set)
{
    const hcp_state *state = &txn->core->state;
    const hcp_group *group = hcp_state_group(state, group_ix);
    hcp_score_inputs inputs = {
        .efficiency = efficiency(state, classes, group->class_ix),
        .network = network(state, group->facility),
    };
    for (guint i = 0; i < group->batches->len; i++) {
        const hcp_device_batch *batch = &g_array_index(state->fleet.batches, hcp_device_batch,
                                                       g_array_index(group->batches, uint32_t, i));
        offer_batch(txn, (hcp_range){batch->first, batch->def.count}, &inputs, set);
    }
    qsort(set->keys, set->count, sizeof *set->keys, descending);
}

static int ascending_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* The first `count` of the sorted set become the placement. A large gang keeps the scores of its best and of the four
 * next in line. */
static void fill_placement(const hcp_state *state, const best_set *set, uint32_t count,
                           hcp_placement *placement)
{
    const hcp_group *group = hcp_state_group(state, placement->group);
    const hcp_class_defined *cls = &hcp_state_class(state, group->class_ix)->def;
    uint32_t *devices = hcp_array_init(&placement->devices, count, sizeof *devices);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t device = devices[i] = device_of(set->keys[i]);
        placement->score_sum += set->keys[i] >> 34;
        int64_t now_w = hcp_power_device_w(cls, (hcp_mode)state->fleet.mode[device],
                                           state->fleet.target[device]);
        placement->added_w += MAX(0, cls->tdp_w - now_w);
    }
    qsort(devices, count, sizeof *devices, ascending_u32);
    uint32_t others = set->count - count;
    uint32_t shown = MIN(count, HCP_SCORES_KEPT - MIN(others, 4));
    others = MIN(others, HCP_SCORES_KEPT - shown);
    hcp_scored_device *scores = hcp_array_init(&placement->scores, shown + others, sizeof *scores);
    for (uint32_t i = 0; i < shown + others; i++) {
        uint64_t key = set->keys[i < shown ? i : count + i - shown];
        scores[i] = (hcp_scored_device){device_of(key), (uint32_t)(key >> 34)};
    }
}

/* --- why not the others -------------------------------------------------------------------------------------------- */

typedef enum {
    REJECT_LEASED,
    REJECT_FAILED,
    REJECT_DEGRADED,
    REJECT_CORDONED,
    REJECT_MAINTENANCE,
    REJECT_SWITCHING,
    REJECT_OFF,
    REJECT_FACILITY,
    REJECT_DISTANCE,
    REJECT_EMERGENCY,
    REJECT_SCORE,
    REJECTS
} reject;

static const char *const REJECT_NAMES[REJECTS] = {
    [REJECT_LEASED] = "leased",
    [REJECT_FAILED] = "failed",
    [REJECT_DEGRADED] = "degraded",
    [REJECT_CORDONED] = "cordoned",
    [REJECT_SWITCHING] = "switching",
    [REJECT_MAINTENANCE] = "maintenance",
    [REJECT_OFF] = "off",
    [REJECT_FACILITY] = "other facility",
    [REJECT_DISTANCE] = "too far",
    [REJECT_EMERGENCY] = "emergency",
    [REJECT_SCORE] = "lower score",
};

static reject reject_device(const hcp_fleet *fleet, uint32_t device)
{
    if (fleet->health[device] != HCP_HEALTH_OK)
        return fleet->health[device] == HCP_HEALTH_FAILED ? REJECT_FAILED : REJECT_DEGRADED;
    if (fleet->admin[device] != HCP_ADMIN_NONE)
        return fleet->admin[device] == HCP_ADMIN_CORDONED ? REJECT_CORDONED : REJECT_MAINTENANCE;
    if (fleet->lease[device] != HCP_NO_INDEX)
        return REJECT_LEASED;
    if (fleet->active_switch[device] != HCP_NO_INDEX)
        return REJECT_SWITCHING;
    return fleet->mode[device] == HCP_MODE_OFF ? REJECT_OFF : REJECT_SCORE;
}

/* Why a whole group is out, or REJECT_SCORE when it is in. */
static reject reject_group(const hcp_state *state, const hcp_placement_request *request,
                           const hcp_group *group)
{
    const hcp_facility *facility = hcp_state_facility(state, group->facility);
    if (request->facility != HCP_NO_INDEX && request->facility != group->facility)
        return REJECT_FACILITY;
    if (request->max_rtt_us > 0 && facility->def.network_rtt_us > request->max_rtt_us)
        return REJECT_DISTANCE;
    return facility->emergency ? REJECT_EMERGENCY : REJECT_SCORE;
}

void hcp_placement_count_rejections(const hcp_state *state, const hcp_placement_request *request,
                                    hcp_placement *placement)
{
    uint32_t counts[REJECTS] = {0};
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (((request->classes >> group->class_ix) & 1) == 0)
            continue;
        reject whole = reject_group(state, request, group);
        if (whole != REJECT_SCORE) {
            counts[whole] += group->count;
            continue;
        }
        for (guint i = 0; i < group->batches->len; i++) {
            const hcp_device_batch *batch = &g_array_index(
                state->fleet.batches, hcp_device_batch, g_array_index(group->batches, uint32_t, i));
            for (uint32_t d = batch->first; d < batch->first + batch->def.count; d++)
                counts[reject_device(&state->fleet, d)]++;
        }
    }
    counts[REJECT_SCORE] -= placement->devices.count;
    uint32_t kinds = 0;
    for (int r = 0; r < REJECTS; r++)
        kinds += counts[r] > 0 ? 1 : 0;
    hcp_rejection *rejections = hcp_array_init(&placement->rejections, kinds, sizeof *rejections);
    for (int r = 0; r < REJECTS; r++)
        if (counts[r] > 0)
            *rejections++ = (hcp_rejection){g_strdup(REJECT_NAMES[r]), counts[r]};
}

/* --- choosing ------------------------------------------------------------------------------------------------------ */

void hcp_placement_clear(hcp_placement *placement)
{
    hcp_lease_granted holder = {
        .devices = placement->devices,
        .scores = placement->scores,
        .rejections = placement->rejections,
    };
    hcp_record_clear(hcp_event_record(HCP_EVENT_LEASE_GRANTED), &holder);
    memset(placement, 0, sizeof *placement);
}

static int64_t left_w(const hcp_core *core, uint32_t facility, uint32_t feeder)
{
    return hcp_power_limit_w(&core->state, facility, feeder) -
           hcp_power_reserved_w(core, facility, feeder) -
           hcp_schedule_kept_w(core, facility, feeder);
}

int64_t hcp_placement_room_w(const hcp_core *core, uint32_t group_ix, uint32_t *ret_feeder)
{
    const hcp_group *group = hcp_state_group(&core->state, group_ix);
    int64_t room_w = left_w(core, group->facility, 0);
    *ret_feeder = 0;
    if (group->feeder == 0)
        return room_w;
    int64_t carried_w = left_w(core, group->facility, group->feeder);
    if (carried_w < room_w)
        *ret_feeder = group->feeder;
    return MIN(room_w, carried_w);
}

static bool has_power(const hcp_core *core, const hcp_placement *placement)
{
    uint32_t feeder;
    return placement->added_w <= hcp_placement_room_w(core, placement->group, &feeder);
}

static uint32_t share_of(const hcp_state *state, const hcp_placement *placement)
{
    const hcp_group *group = hcp_state_group(state, placement->group);
    return hcp_class_share_milli(&hcp_state_class(state, group->class_ix)->def);
}

/* A placement with power beats one without, then the smaller part of a GPU, which leaves whole ones to those who need them,
 * then the better mean score, then the one found first. */
static bool better(const hcp_core *core, const hcp_placement *a, const hcp_placement *b)
{
    const hcp_state *state = &core->state;
    if (b->devices.count == 0)
        return true;
    uint32_t a_share = share_of(state, a), b_share = share_of(state, b);
    bool a_fits = has_power(core, a), b_fits = has_power(core, b);
    if (a_fits != b_fits)
        return a_fits;
    return a_share != b_share ? a_share < b_share : a->score_sum > b->score_sum;
}

static void try_group(const hcp_txn *txn, const hcp_placement_request *request, uint32_t group,
                      hcp_placement *best)
{
    const hcp_state *state = &txn->core->state;
    uint32_t wanted = request->count + HCP_SCORES_KEPT;
    g_autofree uint64_t *keys = g_new(uint64_t, wanted);
    best_set set = {.keys = keys, .wanted = wanted};
    best_of_group(txn, group, request->classes, &set);
    g_assert(set.count >= request->count);
    hcp_placement found = {.group = group};
    fill_placement(state, &set, request->count, &found);
    if (better(txn->core, &found, best)) {
        hcp_placement_clear(best);
        *best = found;
    } else {
        hcp_placement_clear(&found);
    }
}

hcp_wait hcp_placement_choose(const hcp_txn *txn, const hcp_placement_request *request,
                              hcp_placement *ret_placement)
{
    const hcp_state *state = &txn->core->state;
    hcp_placement best = {0};
    bool open = false, shut = false;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (((request->classes >> group->class_ix) & 1) == 0)
            continue;
        reject whole = reject_group(state, request, group);
        shut |= whole == REJECT_EMERGENCY;
        open |= whole == REJECT_SCORE;
        if (whole == REJECT_SCORE &&
            (uint64_t)group->free >= (uint64_t)request->count + hcp_schedule_kept(txn->core, g))
            try_group(txn, request, g, &best);
    }
    if (best.devices.count == 0)
        return shut && !open ? HCP_WAIT_EMERGENCY : HCP_WAIT_DEVICES;
    hcp_wait wait = has_power(txn->core, &best) ? HCP_WAIT_NONE : HCP_WAIT_POWER;
    if (wait == HCP_WAIT_NONE)
        hcp_placement_count_rejections(state, request, &best);
    *ret_placement = best;
    return wait;
}

hcp_placement_request hcp_placement_request_of(const hcp_workload_accepted *def)
{
    return (hcp_placement_request){
        .classes = def->classes,
        .facility = def->facility,
        .count = def->count,
        .max_rtt_us = def->max_latency_us,
        .customer = def->customer,
        .workload = def->id,
        .model = def->model,
        .model_bytes = def->model_bytes,
    };
}

bool hcp_placement_would_fit(const hcp_core *core, uint32_t workload)
{
    hcp_txn txn = {.core = (hcp_core *)core, .now_us = core->state.now_us};
    hcp_placement_request request =
        hcp_placement_request_of(&hcp_state_workload(&core->state, workload)->def);
    hcp_placement placement = {0};
    hcp_wait wait = hcp_placement_choose(&txn, &request, &placement);
    hcp_placement_clear(&placement);
    return wait == HCP_WAIT_NONE;
}

bool hcp_placement_try(hcp_txn *txn, uint32_t workload_ix, hcp_wait *ret_wait)
{
    const hcp_state *state = &txn->core->state;
    hcp_placement_request request =
        hcp_placement_request_of(&hcp_state_workload(state, workload_ix)->def);
    hcp_placement placement = {0};
    hcp_wait wait = hcp_placement_choose(txn, &request, &placement);
    if (wait == HCP_WAIT_NONE) {
        (void)hcp_lease_grant(txn, &request, &placement);
        return true;
    }
    if (wait == HCP_WAIT_POWER) {
        bool coming = hcp_power_make_room(txn, placement.group, placement.added_w);
        hcp_schedule_keep_w(txn, workload_ix, placement.group, placement.added_w, coming);
    }
    hcp_placement_clear(&placement);
    *ret_wait = wait;
    return false;
}
