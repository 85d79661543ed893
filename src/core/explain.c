/* SPDX-License-Identifier: Apache-2.0 */
/* Explaining a workload: what it lacks where, what would make it start, and what has happened to it. */
#include "core/explain.h"

#include "base/timefmt.h"
#include "core/internal.h"
#include "core/placement.h"

#include <string.h>

static const char *const REMEDY_TEXT[] = {
    "wait",       "accept_class", "accept_facility", "return_devices",
    "end_leases", "raise_cap",    "end_emergency",
};
const hcp_enum_names HCP_REMEDY_NAMES = HCP_ENUM_NAMES(REMEDY_TEXT);

/* One explanation being made. */
typedef struct {
    const hcp_core *core;
    const hcp_state *state;
    const hcp_workload *row;
    uint32_t ix;
    int64_t now_us;
    hcp_explanation *out;
} inquiry;

static bool wants(const hcp_workload_accepted *def, const hcp_group *group)
{
    return ((def->classes >> group->class_ix) & 1) != 0 &&
           (def->facility == HCP_NO_INDEX || def->facility == group->facility);
}

/* Devices that workloads ahead ask for and could take in the group. */
static uint64_t ahead_in_group(const inquiry *q, const hcp_group *group)
{
    hcp_queue_iter iter;
    uint64_t sum = 0;
    hcp_queue_iter_init(&iter, q->core->queue, q->now_us);
    for (uint32_t ix; (ix = hcp_queue_iter_next(&iter)) != HCP_NO_INDEX && ix != q->ix;) {
        const hcp_workload *other = hcp_state_workload(q->state, ix);
        sum += wants(&other->def, group) ? other->def.count : 0;
    }
    return sum;
}

static uint64_t ahead_in_classes(const inquiry *q)
{
    hcp_queue_iter iter;
    uint64_t sum = 0;
    hcp_queue_iter_init(&iter, q->core->queue, q->now_us);
    for (uint32_t ix; (ix = hcp_queue_iter_next(&iter)) != HCP_NO_INDEX && ix != q->ix;) {
        const hcp_workload *other = hcp_state_workload(q->state, ix);
        sum += (other->def.classes & q->row->def.classes) != 0 ? other->def.count : 0;
    }
    return sum;
}

/* --- what is not available, and why ------------------------------------------------------------------------------ */

static const char *device_reason(const hcp_fleet *fleet, uint32_t d)
{
    if (fleet->health[d] != HCP_HEALTH_OK)
        return fleet->health[d] == HCP_HEALTH_FAILED ? "failed" : "degraded";
    if (fleet->admin[d] != HCP_ADMIN_NONE)
        return fleet->admin[d] == HCP_ADMIN_CORDONED ? "cordoned" : "maintenance";
    if (fleet->lease[d] != HCP_NO_INDEX)
        return "leased";
    if (fleet->active_switch[d] != HCP_NO_INDEX)
        return "switching";
    return fleet->mode[d] == HCP_MODE_OFF ? "off" : NULL;
}

static void count_reason(GArray *counts, const char *reason, uint32_t n)
{
    for (guint i = 0; i < counts->len; i++) {
        hcp_unavailable *entry = &g_array_index(counts, hcp_unavailable, i);
        if (g_str_equal(entry->reason, reason)) {
            entry->count += n;
            return;
        }
    }
    hcp_unavailable entry = {.reason = reason, .count = n};
    g_array_append_val(counts, entry);
}

static void count_unavailable(const inquiry *q)
{
    const hcp_fleet *fleet = &q->state->fleet;
    for (uint32_t g = 0; g < fleet->groups->len; g++) {
        const hcp_group *group = hcp_state_group(q->state, g);
        if (((q->row->def.classes >> group->class_ix) & 1) == 0)
            continue;
        if (!wants(&q->row->def, group)) {
            count_reason(q->out->unavailable, "other facility", group->count);
            continue;
        }
        for (guint b = 0; b < group->batches->len; b++) {
            const hcp_device_batch *batch = &g_array_index(
                fleet->batches, hcp_device_batch, g_array_index(group->batches, uint32_t, b));
            for (uint32_t d = batch->first; d < batch->first + batch->def.count; d++) {
                const char *reason = device_reason(fleet, d);
                if (reason != NULL)
                    count_reason(q->out->unavailable, reason, 1);
            }
        }
    }
}

/* --- where it is nearest to starting ----------------------------------------------------------------------------- */

static uint32_t in_service(const hcp_group *group)
{
    uint32_t lost = MIN(group->count, group->unhealthy + group->out);
    return group->count - lost;
}

/* The group that lacks the fewest devices for everybody ahead and this one; groups too small for it are out. */
static uint32_t nearest_group(const inquiry *q)
{
    uint32_t best = HCP_NO_INDEX;
    uint64_t fewest = UINT64_MAX;
    for (uint32_t g = 0; g < q->state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(q->state, g);
        if (!wants(&q->row->def, group) || group->count < q->row->def.count)
            continue;
        uint64_t need = ahead_in_group(q, group) + q->row->def.count;
        uint64_t lacks = need > group->free ? need - group->free : 0;
        /* A group that could not hold it now is a last resort. */
        lacks += in_service(group) < q->row->def.count ? UINT32_MAX : 0;
        if (lacks < fewest) {
            best = g;
            fewest = lacks;
        }
    }
    return best;
}

/* IT watts of a supply with what is kept, of which `added_w` may be a part. */
static int64_t wanted_w(const inquiry *q, uint32_t facility, uint32_t feeder, int64_t added_w)
{
    return hcp_power_reserved_w(q->core, facility, feeder) +
           MAX(added_w, hcp_schedule_kept_w(q->core, facility, feeder));
}

static void measure_power(const inquiry *q, uint32_t group)
{
    hcp_txn txn = {.core = (hcp_core *)q->core, .now_us = q->now_us};
    const hcp_group *row = hcp_state_group(q->state, group);
    hcp_placement_request request = {
        .classes = UINT64_C(1) << row->class_ix,
        .facility = row->facility,
        .count = q->row->def.count,
        .max_rtt_us = q->row->def.max_latency_us,
        .customer = q->row->def.customer,
    };
    hcp_placement placement = {0};
    if (hcp_placement_choose(&txn, &request, &placement) == HCP_WAIT_POWER) {
        const hcp_facility *facility = hcp_state_facility(q->state, row->facility);
        int64_t want_w = wanted_w(q, row->facility, 0, placement.added_w);
        q->out->power_short_w = MAX(0, hcp_power_meter_w(&facility->def, want_w) -
                                           hcp_power_cap_w(q->state, row->facility));
        if (row->feeder != 0)
            q->out->feeder_short_w =
                MAX(0, wanted_w(q, row->facility, row->feeder, placement.added_w) -
                           hcp_power_limit_w(q->state, row->facility, row->feeder));
    }
    hcp_placement_clear(&placement);
}

static void measure(const inquiry *q)
{
    hcp_explanation *out = q->out;
    uint32_t g = nearest_group(q);
    if (g == HCP_NO_INDEX)
        return;
    const hcp_group *group = hcp_state_group(q->state, g);
    out->facility = group->facility;
    out->class_ix = group->class_ix;
    out->feeder = group->feeder;
    out->free = group->free;
    out->kept = MIN(hcp_schedule_kept(q->core, g), group->free);
    uint64_t need = ahead_in_group(q, group) + out->needed;
    out->missing = need > group->free ? (uint32_t)(need - group->free) : 0;
    measure_power(q, g);
}

/* --- remedies ---------------------------------------------------------------------------------------------------- */

static hcp_remedy *add_remedy(const inquiry *q, hcp_remedy_kind kind, char *text)
{
    hcp_remedy remedy = {
        .kind = kind, .facility = HCP_NO_INDEX, .class_ix = HCP_NO_INDEX, .text = text};
    g_array_append_val(q->out->remedies, remedy);
    return &g_array_index(q->out->remedies, hcp_remedy, q->out->remedies->len - 1);
}

static const char *facility_name(const inquiry *q, uint32_t facility)
{
    return hcp_state_facility(q->state, facility)->def.name;
}

static const char *class_label(const inquiry *q, uint32_t class_ix)
{
    return hcp_state_class(q->state, class_ix)->def.label;
}

/* Groups it does not accept and that could take it at once. */
static void suggest_others(const inquiry *q)
{
    const hcp_workload_accepted *def = &q->row->def;
    for (uint32_t g = 0; g < q->state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(q->state, g);
        const hcp_class_defined *cls = &hcp_state_class(q->state, group->class_ix)->def;
        bool rents = cls->kind == HCP_DEVICE_GPU && cls->rate_usd_micro_per_h > 0;
        bool room = group->free >= def->count + hcp_schedule_kept(q->core, g);
        if (wants(def, group) || !rents || !room ||
            hcp_state_facility(q->state, group->facility)->emergency)
            continue;
        bool same_class = ((def->classes >> group->class_ix) & 1) != 0;
        hcp_remedy *remedy = add_remedy(
            q, same_class ? HCP_REMEDY_ACCEPT_FACILITY : HCP_REMEDY_ACCEPT_CLASS,
            g_strdup_printf("%u %s are free in %s: submitted with them accepted, it starts at once",
                            group->free, cls->label, facility_name(q, group->facility)));
        remedy->facility = group->facility;
        remedy->class_ix = group->class_ix;
        remedy->count = group->free;
    }
}

static void suggest_returns(const inquiry *q, uint32_t g)
{
    const hcp_fleet *fleet = &q->state->fleet;
    uint32_t lost = 0;
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        lost += fleet->group[d] == g && fleet->lease[d] == HCP_NO_INDEX &&
                fleet->active_switch[d] == HCP_NO_INDEX &&
                (fleet->health[d] != HCP_HEALTH_OK || fleet->admin[d] != HCP_ADMIN_NONE);
    if (lost < q->out->missing)
        return;
    hcp_remedy *remedy =
        add_remedy(q, HCP_REMEDY_RETURN_DEVICES,
                   g_strdup_printf("bring %u of the %u %s that are out of service in %s back",
                                   q->out->missing, lost, class_label(q, q->out->class_ix),
                                   facility_name(q, q->out->facility)));
    remedy->facility = q->out->facility;
    remedy->class_ix = q->out->class_ix;
    remedy->count = q->out->missing;
}

/* Leases of the group that free what is missing: lower priorities first, then those that end last. */
typedef struct {
    hcp_lease_id id;
    uint32_t count;
    int priority;
    uint64_t order;
} candidate;

static int candidate_compare(gconstpointer a, gconstpointer b)
{
    const candidate *left = a, *right = b;
    if (left->priority != right->priority)
        return right->priority - left->priority;
    return left->order < right->order ? 1 : left->order > right->order ? -1 : 0;
}

static GArray *leases_of(const inquiry *q, uint32_t group)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(candidate));
    for (uint32_t i = 0; i < q->state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(q->state, i);
        if (!lease->live || hcp_fleet_lease_group(q->state, &lease->def) != group)
            continue;
        candidate c = {
            .id = lease->def.id, .count = lease->def.devices.count, .order = lease->def.id.value};
        if (lease->workload != HCP_NO_INDEX)
            c.priority = (int)hcp_state_workload(q->state, lease->workload)->def.priority;
        g_array_append_val(found, c);
    }
    g_array_sort(found, candidate_compare);
    return found;
}

static void suggest_endings(const inquiry *q, uint32_t group)
{
    g_autoptr(GArray) candidates = leases_of(q, group);
    GArray *leases = g_array_new(FALSE, FALSE, sizeof(hcp_lease_id));
    uint32_t freed = 0;
    for (guint i = 0; i < candidates->len && freed < q->out->missing; i++) {
        const candidate *c = &g_array_index(candidates, candidate, i);
        freed += c->count;
        g_array_append_val(leases, c->id);
    }
    if (freed < q->out->missing) {
        g_array_unref(leases);
        return;
    }
    hcp_remedy *remedy = add_remedy(q, HCP_REMEDY_END_LEASES,
                                    g_strdup_printf("end %u leases in %s, which hold %u %s",
                                                    leases->len, facility_name(q, q->out->facility),
                                                    freed, class_label(q, q->out->class_ix)));
    remedy->facility = q->out->facility;
    remedy->class_ix = q->out->class_ix;
    remedy->count = freed;
    remedy->leases = leases;
}

static void suggest_cap(const inquiry *q)
{
    const hcp_facility *facility = hcp_state_facility(q->state, q->out->facility);
    hcp_remedy *remedy =
        add_remedy(q, HCP_REMEDY_RAISE_CAP,
                   g_strdup_printf("raise the power cap of %s by %.1f kW to %.1f kW",
                                   facility->def.name, (double)q->out->power_short_w / 1e3,
                                   (double)(facility->def.cap_w + q->out->power_short_w) / 1e3));
    remedy->facility = q->out->facility;
    remedy->power_w = q->out->power_short_w;
}

static void suggest_end_of_emergency(const inquiry *q)
{
    for (uint32_t g = 0; g < q->state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(q->state, g);
        if (!wants(&q->row->def, group) || in_service(group) < q->row->def.count ||
            !hcp_state_facility(q->state, group->facility)->emergency)
            continue;
        hcp_remedy *remedy = add_remedy(
            q, HCP_REMEDY_END_EMERGENCY,
            g_strdup_printf("end the emergency at %s", facility_name(q, group->facility)));
        remedy->facility = group->facility;
        return;
    }
}

static void suggest(const inquiry *q)
{
    switch (q->row->wait) {
    case HCP_WAIT_BACKOFF:
    case HCP_WAIT_DEFERRED:
    case HCP_WAIT_PREEMPTION:
        (void)add_remedy(q, HCP_REMEDY_WAIT, g_strdup("nothing: it starts by itself"));
        return;
    case HCP_WAIT_EMERGENCY:
        suggest_end_of_emergency(q);
        return;
    case HCP_WAIT_POWER:
        if (q->out->power_short_w > 0)
            suggest_cap(q);
        suggest_others(q);
        return;
    default:
        break;
    }
    suggest_others(q);
    if (q->out->facility == HCP_NO_INDEX || q->out->missing == 0)
        return;
    uint32_t group =
        hcp_fleet_find_group(q->state, q->out->facility, q->out->class_ix, q->out->feeder);
    suggest_returns(q, group);
    suggest_endings(q, group);
}

/* --- the sentence ------------------------------------------------------------------------------------------------ */

static char *say_queued(const inquiry *q)
{
    const hcp_explanation *out = q->out;
    g_autofree char *wait = hcp_duration_format(MAX(0, q->row->not_before_us - q->now_us));
    const char *where =
        out->facility == HCP_NO_INDEX ? "the fleet" : facility_name(q, out->facility);
    const char *what = out->class_ix == HCP_NO_INDEX ? "devices" : class_label(q, out->class_ix);
    switch (q->row->wait) {
    case HCP_WAIT_EMERGENCY:
        return g_strdup("every accepted facility is shut down by an emergency");
    case HCP_WAIT_BACKOFF:
        return g_strdup_printf("%s; it is tried again in %s",
                               q->row->reason != NULL ? q->row->reason : "a try failed", wait);
    case HCP_WAIT_DEFERRED: {
        char until[HCP_TIME_TEXT_SIZE];
        hcp_time_format(q->row->not_before_us, until);
        return g_strdup_printf("deferred until about %.16s UTC: %s", until,
                               q->row->reason != NULL ? q->row->reason : "it is cheaper then");
    }
    case HCP_WAIT_POWER:
        if (out->feeder_short_w > 0)
            return g_strdup_printf(
                "%u %s are free in %s, feeder %s is %.1f kW short; miners on it are being "
                "curtailed as far as they help",
                out->free, what, where,
                hcp_power_feeder_name(&hcp_state_facility(q->state, out->facility)->def,
                                      out->feeder),
                (double)out->feeder_short_w / 1e3);
        return g_strdup_printf("%u %s are free in %s, its power cap is %.1f kW short; miners are "
                               "being curtailed as far as they help",
                               out->free, what, where, (double)out->power_short_w / 1e3);
    case HCP_WAIT_PREEMPTION:
        return g_strdup_printf("lower priorities are giving up %u %s in %s", out->needed, what,
                               where);
    case HCP_WAIT_BEHIND:
        return g_strdup_printf("%u workloads are ahead and want %" G_GUINT64_FORMAT
                               " devices; %u %s are needed, %u are free in %s",
                               out->position - 1, out->devices_ahead, out->needed, what,
                               out->free - out->kept, where);
    default:
        return g_strdup_printf("%u %s are needed, %u are free in %s, %u too few", out->needed, what,
                               out->free - out->kept, where,
                               out->needed - MIN(out->needed, out->free - out->kept));
    }
}

static char *say(const inquiry *q)
{
    const hcp_workload *row = q->row;
    if (row->status == HCP_WORKLOAD_QUEUED)
        return say_queued(q);
    if (row->status == HCP_WORKLOAD_STARTING)
        return g_strdup("its devices are switching to it");
    if (row->status == HCP_WORKLOAD_RUNNING)
        return g_strdup("it is being served");
    return g_strdup_printf("%s: %s", hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES, (int)row->status),
                           row->reason != NULL ? row->reason : "ended");
}

/* --- history ----------------------------------------------------------------------------------------------------- */

static int moment_compare(gconstpointer a, gconstpointer b)
{
    const hcp_moment *left = a, *right = b;
    return left->at_us < right->at_us ? -1 : left->at_us > right->at_us;
}

static void add_moment(const inquiry *q, const char *what, int64_t at_us)
{
    hcp_moment moment = {.what = what, .at_us = at_us};
    if (at_us > 0)
        g_array_append_val(q->out->timeline, moment);
}

/* The ends of the phases of a switch that brings devices of its lease in. */
static void add_phases(const inquiry *q, const hcp_switch *sw)
{
    int64_t at_us = sw->started_us;
    for (int p = 0; p < (int)sw->phase && p < HCP_PHASE_ROLLBACK; p++) {
        at_us += sw->phase_us[p];
        add_moment(q, hcp_enum_name(&HCP_PHASE_NAMES, p), at_us);
    }
}

static void add_timeline(const inquiry *q)
{
    const hcp_workload *row = q->row;
    add_moment(q, "accepted", row->accepted_us);
    if (row->queued_us != row->accepted_us)
        add_moment(q, "queued again", row->queued_us);
    if (row->first_started_us != row->started_us)
        add_moment(q, "first started", row->first_started_us);
    if (row->lease != HCP_NO_INDEX) {
        const hcp_lease *lease = hcp_state_lease(q->state, row->lease);
        add_moment(q, "leased", lease->granted_us);
        for (uint32_t i = 0; i < q->state->switches.items->len; i++) {
            const hcp_switch *sw = hcp_state_switch(q->state, i);
            if (sw->live && sw->def.lease.value == lease->def.id.value)
                add_phases(q, sw);
        }
    }
    add_moment(q, "started", row->started_us);
    if (row->finished_us > 0)
        add_moment(q, hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES, (int)row->status),
                   row->finished_us);
    g_array_sort(q->out->timeline, moment_compare);
}

/* --- public ------------------------------------------------------------------------------------------------------ */

static void remedy_clear(gpointer data)
{
    hcp_remedy *remedy = data;
    g_clear_pointer(&remedy->leases, g_array_unref);
    g_clear_pointer(&remedy->text, g_free);
}

void hcp_explain(const hcp_core *core, uint32_t ix, int64_t now_us,
                 hcp_explanation *ret_explanation)
{
    const hcp_workload *row = hcp_state_workload(&core->state, ix);
    *ret_explanation = (hcp_explanation){
        .wait = row->wait,
        .position = hcp_queue_position(core->queue, ix, now_us),
        .needed = row->def.count,
        .facility = HCP_NO_INDEX,
        .class_ix = HCP_NO_INDEX,
        .unavailable = g_array_new(FALSE, FALSE, sizeof(hcp_unavailable)),
        .remedies = g_array_new(FALSE, FALSE, sizeof(hcp_remedy)),
        .timeline = g_array_new(FALSE, FALSE, sizeof(hcp_moment)),
    };
    g_array_set_clear_func(ret_explanation->remedies, remedy_clear);
    inquiry q = {core, &core->state, row, ix, now_us, ret_explanation};
    hcp_eta_of(core, ix, now_us, &ret_explanation->eta);
    add_timeline(&q);
    if (row->status == HCP_WORKLOAD_QUEUED) {
        ret_explanation->devices_ahead = ahead_in_classes(&q);
        count_unavailable(&q);
        measure(&q);
        suggest(&q);
    }
    ret_explanation->sentence = say(&q);
}

void hcp_explanation_clear(hcp_explanation *explanation)
{
    g_clear_pointer(&explanation->unavailable, g_array_unref);
    g_clear_pointer(&explanation->remedies, g_array_unref);
    g_clear_pointer(&explanation->timeline, g_array_unref);
    g_free(explanation->sentence);
    memset(explanation, 0, sizeof *explanation);
}
