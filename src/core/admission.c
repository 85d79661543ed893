/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission: what a submission must satisfy before it becomes a promise. Everything is checked before anything is
 * emitted; a refusal names the member, what is missing and by how much. Device time is reserved in the same event that
 * accepts the workload, so two submissions can never spend the same quota.
 */
#include "core/classify.h"
#include "core/internal.h"

#include "base/timefmt.h"
#include "base/units.h"

/* Service time of an open-ended request of a customer whose quota is limited. */
#define DEFAULT_DURATION_US HCP_US_PER_H
#define MAX_DURATION_US (366 * HCP_US_PER_DAY)

/* A submission on its way to being accepted. */
typedef struct {
    hcp_txn *txn;
    const hcp_state *state;
    const hcp_submit *submit;
    hcp_workload_accepted def; /* strings borrowed until the event is made */
    char *classified_by;
} admission;

static bool check_members(admission *a)
{
    const hcp_submit *submit = a->submit;
    if (submit->kind >= HCP_WORKLOAD_KINDS)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID, "workload_type",
                              "there is no such type of workload");
    if (submit->kind == HCP_WORKLOAD_BITCOIN_MINING)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID, "workload_type",
                              "mining is not submitted: it runs by itself on whatever nothing "
                              "better uses (P4)");
    if (submit->priority >= HCP_PRIORITIES || submit->learned.priority >= HCP_PRIORITIES)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID, "priority",
                              "priority is 1 to 4, or absent to be classified");
    if (submit->count == 0 || submit->count > HCP_MAX_GANG)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID, "gpu_count",
                              "gpu_count is 1 to %d, not %u", HCP_MAX_GANG, submit->count);
    if (submit->share_milli > HCP_SHARE_WHOLE)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID, "gpu_fraction",
                              "gpu_fraction is above 0 and at most 1");
    if (submit->share_milli % HCP_SHARE_WHOLE != 0 && submit->count > 1)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID, "gpu_fraction",
                              "a gang takes whole devices: gpu_fraction goes with gpu_count 1");
    if (submit->duration_us < 0 || submit->duration_us > MAX_DURATION_US)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID, "duration_hours",
                              "duration is at most a year, and not negative");
    if (submit->max_latency_us < 0 || submit->model_bytes < 0)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID,
                              submit->max_latency_us < 0 ? "max_latency_ms" : "model_bytes",
                              "the number must not be negative");
    if (submit->facility != HCP_NO_INDEX && submit->facility >= a->state->fleet.facilities->len)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_NOT_FOUND, "facility",
                              "there is no such facility");
    return true;
}

static bool find_customer(admission *a)
{
    uint32_t ix = a->submit->customer;
    if (ix == HCP_NO_INDEX)
        ix = a->state->settings.default_customer;
    if (ix == HCP_NO_INDEX)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID, "customer_id",
                              "the request names no customer");
    if (ix >= a->state->fleet.customers->len)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_NOT_FOUND, "customer_id",
                              "there is no such customer");
    a->def.customer = ix;
    return true;
}

/* Classes that a kind of workload runs on: GPUs; data processing runs on CPUs too. */
static uint64_t usable_classes(const hcp_state *state, hcp_workload_kind kind)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < state->fleet.classes->len; i++) {
        const hcp_class_defined *def = &hcp_state_class(state, i)->def;
        bool usable = def->kind == HCP_DEVICE_GPU ||
                      (def->kind == HCP_DEVICE_CPU && kind == HCP_WORKLOAD_DATA_PROCESSING);
        if (usable && def->rate_usd_micro_per_h > 0)
            mask |= UINT64_C(1) << i;
    }
    return mask;
}

/* Leaves the classes that are as large a part of a GPU as is asked for. */
static bool fit_share(const admission *a, uint64_t *mask)
{
    uint32_t asked = a->submit->share_milli;
    uint64_t fits = 0;
    if (asked == 0) {
        *mask = hcp_state_whole_classes(a->state, *mask);
        return true;
    }
    for (uint64_t left = *mask; left != 0; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(left);
        if (hcp_class_share_milli(&hcp_state_class(a->state, i)->def) >= asked)
            fits |= UINT64_C(1) << i;
    }
    *mask = fits;
    return fits != 0 || hcp_txn_refuse(a->txn, HCP_REFUSAL_CAPACITY, "gpu_fraction",
                                       "no accepted class is %.3f of a GPU or more",
                                       (double)asked / HCP_SHARE_WHOLE);
}

static double gib(int64_t bytes)
{
    return (double)bytes / (double)(1 << 30);
}

/* Leaves the classes whose memory holds a device's share of the model. */
static bool fit_memory(admission *a, uint64_t *mask)
{
    uint64_t fits = 0;
    int64_t largest = 0;
    int64_t share = (a->submit->model_bytes + a->submit->count - 1) / a->submit->count;
    for (uint64_t left = *mask; left != 0; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(left);
        int64_t memory = hcp_state_class(a->state, i)->def.memory_bytes;
        largest = MAX(largest, memory);
        if (memory == 0 || memory >= share)
            fits |= UINT64_C(1) << i;
    }
    *mask = fits;
    if (fits != 0)
        return true;
    return hcp_txn_refuse(a->txn, HCP_REFUSAL_CAPACITY, "model",
                          "the model needs %.1f GiB on each device; the largest accepted class has "
                          "%.1f GiB, %.1f GiB too little",
                          gib(share), gib(largest), gib(share - largest));
}

/* The classes of `mask` that the fleet has devices of, or all where it has none: what a price can be named for. */
static uint64_t offered(const hcp_state *state, uint64_t mask)
{
    uint64_t found = 0;
    for (guint g = 0; g < state->fleet.groups->len; g++)
        found |= UINT64_C(1) << hcp_state_group(state, g)->class_ix;
    return (mask & found) != 0 ? mask & found : mask;
}

/* What the customer is charged for in the quota: the smallest device that would do. A larger one is the platform's choice. */
static uint32_t least_share(const hcp_state *state, uint64_t mask)
{
    uint32_t least = HCP_SHARE_WHOLE;
    for (uint64_t left = offered(state, mask); left != 0; left &= left - 1)
        least = MIN(least, hcp_class_share_milli(
                               &hcp_state_class(state, (uint32_t)__builtin_ctzll(left))->def));
    return least;
}

static bool choose_classes(admission *a)
{
    uint64_t usable = usable_classes(a->state, a->submit->kind);
    uint64_t mask = a->submit->classes == 0 ? usable : a->submit->classes & usable;
    if (mask == 0)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_INVALID, "gpu_type",
                              "no class of device that can be rented here runs %s",
                              hcp_enum_name(&HCP_WORKLOAD_KIND_NAMES, (int)a->submit->kind));
    if (!fit_share(a, &mask) || !fit_memory(a, &mask))
        return false;
    a->def.classes = mask;
    a->def.share_milli = least_share(a->state, mask);
    return true;
}

/* What the fleet can offer to the submission at best. */
typedef struct {
    uint32_t devices; /* most in one group: a gang shares facility, class and feeder */
    int64_t rtt_us;   /* of the nearest facility that has devices */
    bool open;        /* a facility that is not shut down has devices */
} offer;

static offer best_offer(const admission *a)
{
    offer best = {.rtt_us = INT64_MAX};
    for (guint g = 0; g < a->state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(a->state, g);
        if (((a->def.classes >> group->class_ix) & 1) == 0 ||
            (a->submit->facility != HCP_NO_INDEX && a->submit->facility != group->facility))
            continue;
        const hcp_facility *facility = hcp_state_facility(a->state, group->facility);
        best.devices = MAX(best.devices, hcp_power_most_serving(a->state, g));
        best.rtt_us = MIN(best.rtt_us, facility->def.network_rtt_us);
        best.open |= !facility->emergency;
    }
    return best;
}

static bool check_fleet(admission *a)
{
    offer best = best_offer(a);
    const hcp_submit *submit = a->submit;
    if (submit->count > best.devices)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_CAPACITY, "gpu_count",
                              "%u devices were asked for; at most %u of the accepted classes stand "
                              "on one feeder of one facility, %u too few",
                              submit->count, best.devices, submit->count - best.devices);
    if (submit->max_latency_us > 0 && best.rtt_us > submit->max_latency_us)
        return hcp_txn_refuse(
            a->txn, HCP_REFUSAL_CAPACITY, "max_latency_ms",
            "%.1f ms were asked for; the network alone takes %.1f ms to the nearest "
            "facility with these devices, %.1f ms too much",
            (double)submit->max_latency_us / 1000, (double)best.rtt_us / 1000,
            (double)(best.rtt_us - submit->max_latency_us) / 1000);
    if (!best.open)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_EMERGENCY, NULL,
                              "every facility with these devices is shut down by an emergency");
    uint32_t depth = hcp_queue_depth(a->txn->core->queue, HCP_PRIORITY_NONE);
    if (depth >= a->state->settings.queue_capacity)
        return hcp_txn_refuse(a->txn, HCP_REFUSAL_QUEUE_FULL, NULL,
                              "%u workloads are queued and no more are taken; retry later", depth);
    return true;
}

static bool check_quota(admission *a)
{
    const hcp_customer *customer = hcp_state_customer(a->state, a->def.customer);
    int64_t left_us = customer->quota_left_device_us;
    a->def.duration_us = a->submit->duration_us;
    if (left_us < 0)
        return true;
    if (a->def.duration_us == 0)
        a->def.duration_us = DEFAULT_DURATION_US;
    int64_t need_us = hcp_workload_gpu_us(&a->def, a->submit->count, a->def.duration_us);
    a->def.quota_device_us = need_us;
    if (need_us <= left_us)
        return true;
    return hcp_txn_refuse(
        a->txn, HCP_REFUSAL_QUOTA, "duration_hours",
        "%u devices for %.2f h need %.2f GPU-hours; %s has %.2f left, %.2f too few",
        a->submit->count, (double)a->def.duration_us / (double)HCP_US_PER_H,
        (double)need_us / (double)HCP_US_PER_H, customer->def.key,
        (double)left_us / (double)HCP_US_PER_H, (double)(need_us - left_us) / (double)HCP_US_PER_H);
}

static void classify(admission *a, const char *tier)
{
    a->def.priority = a->submit->priority;
    if (a->submit->priority != HCP_PRIORITY_NONE) {
        a->classified_by = g_strdup(HCP_CLASSIFIED_AS_REQUESTED);
        return;
    }
    if (a->submit->learned.priority != HCP_PRIORITY_NONE) {
        a->def.priority = a->submit->learned.priority;
        a->classified_by = g_strdup(a->submit->learned.reason);
        return;
    }
    const hcp_classify_features features = {
        .kind = a->submit->kind,
        .max_latency_us = a->submit->max_latency_us,
        .devices = a->submit->count,
        .duration_us = a->submit->duration_us,
        .tier = tier,
    };
    hcp_classification result;
    hcp_classify(&features, &result);
    a->def.priority = result.priority;
    a->classified_by = hcp_classification_describe(&result);
}

int64_t hcp_settings_max_wait_us(const hcp_settings *settings, hcp_priority priority)
{
    switch (priority) {
    case HCP_PRIORITY_P1:
        return settings->max_wait_p1_us;
    case HCP_PRIORITY_P2:
        return settings->max_wait_p2_us;
    case HCP_PRIORITY_P3:
        return settings->max_wait_p3_us;
    default:
        return 0;
    }
}

/* The customer's price per device: the list price of the cheapest accepted class that is offered, because taking a better
 * one is the platform's choice. */
static hcp_usd_micro rate_of(const admission *a, const hcp_customer *customer)
{
    hcp_usd_micro list = INT64_MAX;
    for (uint64_t left = offered(a->state, a->def.classes); left != 0; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(left);
        list = MIN(list, hcp_state_class(a->state, i)->def.rate_usd_micro_per_h);
    }
    int64_t permille = customer->def.rate_permille > 0 ? customer->def.rate_permille : 1000;
    return hcp_units_muldiv(list, permille, 1000);
}

/* What asked to be put off may be, and so may P3 and P4 where the site has a slack for them. The start promised is then the
 * last that keeps the deadline. */
static void fill_deadline(const admission *a, hcp_workload_accepted *def)
{
    int64_t slack_us = a->state->settings.deferral_slack_us;
    bool background = def->priority == HCP_PRIORITY_P3 || def->priority == HCP_PRIORITY_P4;
    def->finish_by_us = a->submit->finish_by_us;
    def->deferrable = a->submit->deferrable && def->finish_by_us > 0;
    if (def->finish_by_us == 0 && background && slack_us > 0 && def->duration_us > 0) {
        def->finish_by_us = a->txn->now_us + def->duration_us + slack_us;
        def->deferrable = true;
    }
    if (def->deferrable && def->deadline_us > 0)
        def->deadline_us = MAX(def->deadline_us, hcp_workload_latest_start_us(def));
}

/* Everything of the accepted workload but its id; its texts are copies. */
static void fill(admission *a, hcp_workload_accepted *def)
{
    const hcp_submit *submit = a->submit;
    const hcp_customer *customer = hcp_state_customer(a->state, a->def.customer);
    const char *tier = submit->tier != NULL ? submit->tier : customer->def.tier;
    classify(a, tier);
    int64_t max_wait_us = hcp_settings_max_wait_us(&a->state->settings, a->def.priority);
    *def = a->def;
    def->kind = submit->kind;
    def->name = g_strdup(submit->name);
    def->model = g_strdup(submit->model);
    def->tier = g_strdup(tier);
    def->classified_by = a->classified_by;
    def->facility = submit->facility;
    def->count = submit->count;
    def->max_latency_us = submit->max_latency_us;
    def->model_bytes = submit->model_bytes;
    def->deadline_us = max_wait_us > 0 ? a->txn->now_us + max_wait_us : 0;
    fill_deadline(a, def);
    def->rate_usd_micro_per_h = rate_of(a, customer);
}

static bool check_deadline(admission *a)
{
    int64_t finish_by_us = a->submit->finish_by_us, end_us = a->txn->now_us + a->def.duration_us;
    if (finish_by_us == 0 || (end_us <= finish_by_us && finish_by_us > a->txn->now_us))
        return true;
    return hcp_txn_refuse(a->txn, HCP_REFUSAL_CAPACITY, "deadline",
                          "%.2f h of service that start now end %.2f h after the deadline",
                          (double)a->def.duration_us / (double)HCP_US_PER_H,
                          (double)(end_us - finish_by_us) / (double)HCP_US_PER_H);
}

static bool admit(admission *a)
{
    return check_members(a) && find_customer(a) && choose_classes(a) && check_fleet(a) &&
           check_quota(a) && check_deadline(a);
}

bool hcp_admission_preview(hcp_txn *txn, const hcp_submit *submit, hcp_workload_accepted *ret_def)
{
    admission a = {.txn = txn, .state = &txn->core->state, .submit = submit};
    if (!admit(&a))
        return false;
    fill(&a, ret_def);
    return true;
}

/* Puts the start off as planned, if the deadline allows it. */
static void defer(hcp_txn *txn, uint32_t ix, const hcp_submit *submit)
{
    const hcp_workload *row = hcp_state_workload(&txn->core->state, ix);
    int64_t not_before_us = submit->deferral.not_before_us;
    if (not_before_us <= txn->now_us || not_before_us > hcp_workload_latest_start_us(&row->def))
        return;
    hcp_event event = {.type = HCP_EVENT_WORKLOAD_DEFERRED};
    event.workload_deferred =
        (hcp_workload_deferred){.id = row->def.id,
                                .not_before_us = not_before_us,
                                .reason = g_strdup(submit->deferral.reason),
                                .saving_usd_micro = submit->deferral.saving_usd_micro};
    hcp_txn_emit(txn, &event);
}

bool hcp_admission_decide_submit(hcp_txn *txn, const hcp_command *command)
{
    admission a = {.txn = txn, .state = &txn->core->state, .submit = &command->submit};
    if (!admit(&a))
        return false;
    hcp_event event = {.type = HCP_EVENT_WORKLOAD_ACCEPTED};
    fill(&a, &event.workload_accepted);
    hcp_workload_id id = {hcp_core_new_id(txn)};
    event.workload_accepted.id = id;
    txn->outcome->id = id.value;
    hcp_txn_emit(txn, &event);
    uint32_t ix = hcp_core_find_workload(txn->core, id);
    defer(txn, ix, &command->submit);
    hcp_schedule_submitted(txn, ix);
    return true;
}
