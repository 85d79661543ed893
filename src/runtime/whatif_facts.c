/* SPDX-License-Identifier: Apache-2.0 */
/* What people and the world did, told from what the platform decided, and done again. */
#include "runtime/whatif_internal.h"

/* What people said to an offer; rules and deadlines answer anew. */
static bool is_answer(const hcp_grid_changed *changed)
{
    return !changed->automatic &&
           (changed->stage == HCP_GRID_ANNOUNCED || changed->stage == HCP_GRID_DECLINED);
}

bool hcp_whatif_is_fact(const hcp_core *core, const hcp_event *event)
{
    switch (event->type) {
    case HCP_EVENT_PRICE_OBSERVED: /* the derived one follows from the others */
        return event->price_observed.kind != HCP_PRICE_HASHPRICE ||
               g_strcmp0(event->price_observed.source, "derived") != 0;
    case HCP_EVENT_WORKLOAD_ENDED:
        return event->workload_ended.status == HCP_WORKLOAD_CANCELLED;
    case HCP_EVENT_LEASE_GRANTED:
        return event->lease_granted.workload.value == 0;
    case HCP_EVENT_LEASE_RELEASED: {
        uint32_t ix = hcp_core_find_lease(core, event->lease_released.id);
        return ix != HCP_NO_INDEX &&
               hcp_state_lease(hcp_core_state(core), ix)->workload == HCP_NO_INDEX;
    }
    case HCP_EVENT_GRID_CHANGED:
        return event->grid_changed.stage == HCP_GRID_CANCELLED || is_answer(&event->grid_changed);
    case HCP_EVENT_GRID_ANNOUNCED:
    case HCP_EVENT_GRID_RULE_CHANGED:
    case HCP_EVENT_STRIKE_CHANGED:
    case HCP_EVENT_RESERVE_CHANGED:
    case HCP_EVENT_PRICES_PUBLISHED:
    case HCP_EVENT_SETTINGS_CHANGED:
    case HCP_EVENT_CUSTOMER_DEFINED:
    case HCP_EVENT_WORKLOAD_ACCEPTED:
    case HCP_EVENT_HEALTH_CHANGED:
    case HCP_EVENT_ADMIN_CHANGED:
    case HCP_EVENT_CAP_CHANGED:
    case HCP_EVENT_EMERGENCY_CHANGED:
        return true;
    case HCP_EVENT_CLASS_DEFINED:
    case HCP_EVENT_FACILITY_DEFINED:
    case HCP_EVENT_DEVICES_REGISTERED:
    case HCP_EVENT_WORKLOAD_STARTED:
    case HCP_EVENT_WORKLOAD_REQUEUED:
    case HCP_EVENT_WORKLOAD_DEFERRED:
    case HCP_EVENT_WAIT_CHANGED:
    case HCP_EVENT_SWITCH_STARTED:
    case HCP_EVENT_SWITCH_PHASE_ENDED:
    case HCP_EVENT_SWITCH_ENDED:
    case HCP_EVENT_DECISION_RECORDED:
    case HCP_EVENT_ALERT_RAISED:
    case HCP_EVENT_ALERT_CHANGED:
    case HCP_EVENT_REPLY_REMEMBERED:
    case HCP_EVENT_INTERVAL_CLOSED:
    case HCP_EVENT_INTERVAL_SETTLED:
    case HCP_EVENT_PEAK_ASSUMED:
    case HCP_EVENT_PEAK_CHARGED:
    case HCP_EVENT_GRID_MEASURED:
    case HCP_EVENT_TYPES:
        return false;
    }
    return false;
}

static const hcp_actor RECORDED = {.actor = "whatif"};

/* True with the id of what was made. */
static bool execute(hcp_whatif_run_state *run, const hcp_command *command, uint64_t *ret_id)
{
    hcp_outcome outcome = {0};
    bool done = hcp_platform_execute(run->platform, command, &RECORDED, &outcome);
    if (ret_id != NULL)
        *ret_id = outcome.id;
    hcp_outcome_clear(&outcome);
    return done;
}

static void order(hcp_whatif_run_state *run, const hcp_command *command)
{
    run->facts_refused += !execute(run, command, NULL);
}

/* Ids differ from the recorded ones as soon as anything went another way. */
static void remember(GHashTable *ids, uint64_t recorded, uint64_t here)
{
    g_hash_table_insert(ids, g_memdup2(&recorded, sizeof recorded), g_memdup2(&here, sizeof here));
}

static uint64_t id_here(GHashTable *ids, uint64_t recorded)
{
    const uint64_t *here = g_hash_table_lookup(ids, &recorded);
    return here != NULL ? *here : recorded;
}

static void submit(hcp_whatif_run_state *run, const hcp_workload_accepted *def)
{
    const hcp_command command = {.type = HCP_COMMAND_SUBMIT,
                                 .submit = {.customer = def->customer,
                                            .name = def->name,
                                            .model = def->model,
                                            .tier = def->tier,
                                            .kind = def->kind,
                                            .priority = def->priority,
                                            .classes = def->classes,
                                            .facility = def->facility,
                                            .count = def->count,
                                            .duration_us = def->duration_us,
                                            .max_latency_us = def->max_latency_us,
                                            .model_bytes = def->model_bytes,
                                            .deferrable = def->deferrable,
                                            .finish_by_us = def->finish_by_us}};
    uint64_t id = 0;
    if (execute(run, &command, &id))
        remember(run->workloads, def->id.value, id);
    else
        run->refused++;
}

static void cancel(hcp_whatif_run_state *run, const hcp_workload_ended *ended)
{
    order(run, &(hcp_command){.type = HCP_COMMAND_CANCEL,
                              .cancel = {id_here(run->workloads, ended->id.value)}});
}

static void allocate(hcp_whatif_run_state *run, const hcp_lease_granted *lease)
{
    const hcp_command command = {.type = HCP_COMMAND_ALLOCATE,
                                 .allocate = {.customer = lease->customer,
                                              .classes = UINT64_C(1) << lease->class_ix,
                                              .facility = lease->facility,
                                              .count = lease->devices.count}};
    uint64_t id = 0;
    if (execute(run, &command, &id))
        remember(run->leases, lease->id.value, id);
    else
        run->facts_refused++;
}

/* A lease that a failed device has ended already is not there any more, and that is as it was. */
static void release(hcp_whatif_run_state *run, const hcp_lease_released *released)
{
    hcp_lease_id id = {id_here(run->leases, released->id.value)};
    if (hcp_core_find_lease(hcp_platform_core(run->platform), id) != HCP_NO_INDEX)
        order(run, &(hcp_command){.type = HCP_COMMAND_RELEASE, .release = {.lease = id}});
}

static void report_health(hcp_whatif_run_state *run, const hcp_health_changed *changed)
{
    order(run, &(hcp_command){.type = HCP_COMMAND_REPORT_HEALTH,
                              .health = {.devices = changed->devices.items,
                                         .count = changed->devices.count,
                                         .health = changed->health,
                                         .reason = changed->reason,
                                         .xid = changed->xid}});
}

/* Orders about devices that the question took out do not bring them back. */
static void set_admin(hcp_whatif_run_state *run, const hcp_admin_changed *changed)
{
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    const uint32_t *recorded = changed->devices.items;
    for (uint32_t i = 0; i < changed->devices.count; i++)
        if (!hcp_whatif_is_removed(run, recorded[i]))
            g_array_append_val(devices, recorded[i]);
    if (devices->len > 0)
        order(run, &(hcp_command){.type = HCP_COMMAND_SET_ADMIN,
                                  .admin = {.devices = (const uint32_t *)(void *)devices->data,
                                            .count = devices->len,
                                            .admin = changed->admin,
                                            .reason = changed->reason}});
}

/* What was asked is the same; the baseline is that of the rerun. */
static void announce_grid(hcp_whatif_run_state *run, const hcp_grid_announced *def)
{
    hcp_grid_announced wanted = *def;
    if (def->reduce_w > 0)
        wanted.target_w = 0;
    uint64_t id = 0;
    if (execute(run, &(hcp_command){.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = &wanted}, &id))
        remember(run->grid_events, def->id.value, id);
    else
        run->facts_refused++;
}

static void answer_grid(hcp_whatif_run_state *run, const hcp_grid_changed *changed)
{
    bool yes = changed->stage == HCP_GRID_ANNOUNCED;
    order(run,
          &(hcp_command){.type = HCP_COMMAND_ANSWER_GRID,
                         .answer_grid = {.id = {id_here(run->grid_events, changed->id.value)},
                                         .answer = yes ? HCP_ANSWER_ACCEPT : HCP_ANSWER_DECLINE,
                                         .reason = changed->reason,
                                         .weighed = changed->weighed.items}});
}

static void cancel_grid(hcp_whatif_run_state *run, const hcp_grid_changed *changed)
{
    order(run, &(hcp_command){.type = HCP_COMMAND_CANCEL_GRID,
                              .cancel_grid = {.id = {id_here(run->grid_events, changed->id.value)},
                                              .reason = changed->reason}});
}

static void define(hcp_whatif_run_state *run, const hcp_event *event)
{
    hcp_event changed = *event; /* borrows; settings own nothing */
    if (event->type == HCP_EVENT_SETTINGS_CHANGED && run->question != NULL &&
        run->question->min_dwell_us >= 0)
        changed.settings_changed.min_dwell_us = run->question->min_dwell_us;
    order(run, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = &changed});
}

void hcp_whatif_perform(hcp_whatif_run_state *run, const hcp_event *fact)
{
    switch (fact->type) {
    case HCP_EVENT_PRICE_OBSERVED:
        hcp_whatif_observe(run, &fact->price_observed);
        break;
    case HCP_EVENT_PRICES_PUBLISHED:
        hcp_whatif_publish(run, &fact->prices_published);
        break;
    case HCP_EVENT_WORKLOAD_ACCEPTED:
        submit(run, &fact->workload_accepted);
        break;
    case HCP_EVENT_WORKLOAD_ENDED:
        cancel(run, &fact->workload_ended);
        break;
    case HCP_EVENT_LEASE_GRANTED:
        allocate(run, &fact->lease_granted);
        break;
    case HCP_EVENT_LEASE_RELEASED:
        release(run, &fact->lease_released);
        break;
    case HCP_EVENT_HEALTH_CHANGED:
        report_health(run, &fact->health_changed);
        break;
    case HCP_EVENT_ADMIN_CHANGED:
        set_admin(run, &fact->admin_changed);
        break;
    case HCP_EVENT_CAP_CHANGED:
        if (!hcp_whatif_is_capped(run, fact->cap_changed.facility))
            order(run, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = fact->cap_changed});
        break;
    case HCP_EVENT_EMERGENCY_CHANGED:
        order(run,
              &(hcp_command){.type = HCP_COMMAND_EMERGENCY, .emergency = fact->emergency_changed});
        break;
    case HCP_EVENT_GRID_ANNOUNCED:
        announce_grid(run, &fact->grid_announced);
        break;
    case HCP_EVENT_STRIKE_CHANGED:
        order(run, &(hcp_command){.type = HCP_COMMAND_SET_STRIKE, .strike = fact->strike_changed});
        break;
    case HCP_EVENT_RESERVE_CHANGED:
        order(run,
              &(hcp_command){.type = HCP_COMMAND_SET_RESERVE, .reserve = fact->reserve_changed});
        break;
    case HCP_EVENT_GRID_RULE_CHANGED:
        order(run, &(hcp_command){.type = HCP_COMMAND_SET_GRID_RULE,
                                  .grid_rule = fact->grid_rule_changed});
        break;
    case HCP_EVENT_GRID_CHANGED:
        if (is_answer(&fact->grid_changed))
            answer_grid(run, &fact->grid_changed);
        else
            cancel_grid(run, &fact->grid_changed);
        break;
    default:
        define(run, fact);
        break;
    }
}
