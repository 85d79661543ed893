/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share and nobody else sees: the core with its derived tables, the transaction of one decide,
 * and the functions through which one noun asks another. Rules:
 *
 *   - hcp_txn_emit is the only way to write: it applies the event and hands it to the outcome;
 *   - a decide function validates everything before it emits anything, so a refusal leaves nothing changed;
 *   - an apply function reads the event and the state alone, checks first and then writes;
 *   - device rows change only in hcp_fleet_change, which keeps every counter and power sum.
 */
#ifndef HCP_CORE_INTERNAL_H
#define HCP_CORE_INTERNAL_H

#include "core/core.h"
#include "core/power.h"
#include "core/queue.h"
#include "core/timers.h"

/* Derived, per group: what dispatch and metering need without looking at devices. */
typedef struct {
    uint32_t movable[HCP_MODES]; /* healthy, in service, unleased, not switching, by mode */
    uint32_t movable_at[HCP_MAX_POWER_TARGETS]; /* of the movable miners, by power target */
    uint32_t hashing[HCP_MAX_POWER_TARGETS];    /* miners that are not switching, by power target */
    uint32_t settled[HCP_MODES];                /* all that are not switching, by mode */
    uint32_t at_hand;                        /* healthy, in service, unleased; switching or not */
    uint32_t heading[HCP_MAX_POWER_TARGETS]; /* of those: mining at a target, or on the way to it */
    /* IT watts reserved: each device at its mode, the larger of two while it switches */
    int64_t power_w;
} hcp_group_tally;

typedef struct hcp_schedule hcp_schedule; /* schedule.c */
typedef struct hcp_replies hcp_replies;   /* idempotency.c */
typedef struct hcp_releases hcp_releases; /* eta.c */

struct hcp_core {
    hcp_state state;
    /* Everything below is derived from the state: rebuilt after a restore, left out of the hash. */
    hcp_timers timers;
    GArray *tallies;          /* hcp_group_tally by group */
    GHashTable *workload_ids; /* id value → index + 1 (hcp_ids_*) */
    GHashTable *lease_ids;
    GHashTable *switch_ids;
    GHashTable *class_keys; /* key → index + 1; of facilities and customers also their id text */
    GHashTable *facility_keys;
    GHashTable *customer_keys;
    GHashTable *batch_prefixes; /* name prefix → GArray of batch indices */
    GHashTable *open_alerts;    /* kind and subject → id value */
    GQueue *finished;           /* indices of finished workloads, the oldest first */
    hcp_queue *queue;
    hcp_schedule *schedule;
    hcp_releases *releases;
    hcp_replies *replies; /* not derived: hashed and in the snapshot */
};

/* One decide. */
typedef struct {
    hcp_core *core;
    hcp_outcome *outcome;
    int64_t now_us;
    const hcp_telemetry_view *view; /* may be NULL */
    bool wake;                      /* something happened that may let a queued workload start */
} hcp_txn;

/* --- core.c ------------------------------------------------------------------------------------------------------ */

/* Applies `event` at the time of the transaction and moves it into the outcome; `*event` is zeroed. */
void hcp_txn_emit(hcp_txn *txn, hcp_event *event);

/* A deep copy of the event. */
hcp_event hcp_event_copy(const hcp_event *event);

/* Records the refusal; always returns false. `field` is static text or NULL. */
bool hcp_txn_refuse(hcp_txn *txn, hcp_refusal_code code, const char *field, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* The id the next thing made gets. Apply notes ids with hcp_core_note_id, so call this once per event. */
uint64_t hcp_core_new_id(const hcp_txn *txn);
void hcp_core_note_id(hcp_core *core, uint64_t value);

/* --- state.c: rows, slots, ids ----------------------------------------------------------------------------------- */

void hcp_state_init(hcp_state *state);
void hcp_state_finish(hcp_state *state);

/* Rows for apply functions. */
hcp_facility *hcp_core_facility(hcp_core *core, uint32_t ix);
hcp_customer *hcp_core_customer(hcp_core *core, uint32_t ix);
hcp_group *hcp_core_group(hcp_core *core, uint32_t ix);
hcp_workload *hcp_core_workload(hcp_core *core, uint32_t ix);
hcp_lease *hcp_core_lease(hcp_core *core, uint32_t ix);
hcp_switch *hcp_core_switch(hcp_core *core, uint32_t ix);

/* A zeroed slot (the last one freed, else a new one) and its return. The caller clears what the row owned first. */
uint32_t hcp_slots_take(hcp_slots *slots);
void hcp_slots_give(hcp_slots *slots, uint32_t ix);

/* Tables from public id values to indices. */
void hcp_ids_put(GHashTable *ids, uint64_t value, uint32_t ix);
void hcp_ids_drop(GHashTable *ids, uint64_t value);
uint32_t hcp_ids_find(const GHashTable *ids, uint64_t value);
uint32_t hcp_keys_find(const GHashTable *keys, const char *key);

/* Index of the interned model name; HCP_NO_INDEX when NULL or (find) never seen. Interning belongs to apply. */
uint32_t hcp_state_find_model(const hcp_state *state, const char *model);
uint32_t hcp_state_intern_model(hcp_state *state, const char *model);

/* --- fleet.c, power.c -------------------------------------------------------------------------------------------- */

/* A change of device rows; only the members named in `set` are written. */
typedef struct {
    unsigned set; /* HCP_ROW_… */
    hcp_mode mode;
    hcp_health health;
    hcp_admin admin;
    uint32_t target;
    uint32_t lease;
    uint32_t active_switch;
    uint32_t resident;
    uint32_t only_switch; /* with HCP_ROW_ONLY: rows outside this switch are left alone */
} hcp_row_change;

enum {
    HCP_ROW_MODE = 1,
    HCP_ROW_HEALTH = 2,
    HCP_ROW_ADMIN = 4,
    HCP_ROW_TARGET = 8,
    HCP_ROW_LEASE = 16,
    HCP_ROW_SWITCH = 32,
    HCP_ROW_RESIDENT = 64,
    HCP_ROW_ONLY = 128,
};

/* The one place where rows of registered devices change: keeps group counters, tallies and power sums, and advances the meter
 * of the facility first. */
void hcp_fleet_change(hcp_core *core, hcp_range range, const hcp_row_change *change);

/* Rows [first, first + count), never used before, become healthy, free devices of `group` in `mode`. */
void hcp_fleet_add_rows(hcp_core *core, hcp_range rows, uint32_t group, hcp_mode mode);

/* Derives counters, group batches, power sums and hashrates from the device rows. */
void hcp_fleet_recount(hcp_core *core);

/* Room for `needed` device rows. */
void hcp_fleet_reserve(hcp_fleet *fleet, uint32_t needed);

/* The group of a facility, class and feeder (0 = none), or HCP_NO_INDEX. */
uint32_t hcp_fleet_find_group(const hcp_state *state, uint32_t facility, uint32_t class_ix,
                              uint32_t feeder);

/* The group of all devices of a switch; of a lease. */
uint32_t hcp_fleet_switch_group(const hcp_state *state, const hcp_switch_started *def);
uint32_t hcp_fleet_lease_group(const hcp_state *state, const hcp_lease_granted *def);

/* Healthy, in service, unleased, not switching, not off: it could take a lease now. */
bool hcp_fleet_is_free(const hcp_fleet *fleet, uint32_t device);

/* The counters of a group; borrowed until the next event. */
const hcp_group_tally *hcp_core_tally(const hcp_core *core, uint32_t group);

/* Starts curtailing miners, least efficient first, until the settled power of the group's feeder and of its facility leaves
 * room for what is kept for workloads and `added_w` more IT watts. True when that suffices (now, or when the running
 * switches end). */
bool hcp_power_make_room(hcp_txn *txn, uint32_t group, int64_t added_w);

/* Sheds load until the facility settles within its cap: miners, then idle devices, then leases from the lowest priority
 * up. No effect on a facility that will. */
void hcp_power_enforce_cap(hcp_txn *txn, uint32_t facility);

/* --- lease.c, placement.c, switching.c --------------------------------------------------------------------------- */

/* Tries to place a queued workload: on success the lease is granted and the devices switch; otherwise nothing but room
 * making happened and `ret_wait` says what it waits for. */
bool hcp_placement_try(hcp_txn *txn, uint32_t workload, hcp_wait *ret_wait);

/* Whether hcp_placement_try would place the workload now; changes nothing. */
bool hcp_placement_would_fit(const hcp_core *core, uint32_t workload);

/* What admission would make of a submission: the workload without an id, to be cleared with its record. False with the
 * refusal in the transaction's outcome. Emits nothing. */
bool hcp_admission_preview(hcp_txn *txn, const hcp_submit *submit, hcp_workload_accepted *ret_def);

/* From apply: a switch is about to end; what it lost is added to the sums of its pair. */
void hcp_switch_cost_note(hcp_core *core, const hcp_switch *sw, const hcp_switch_ended *ended);

/* Ends a lease: devices that serve are scrubbed and go idle, those still switching in are rolled back. The workload
 * row is not told; emit WORKLOAD_ENDED or WORKLOAD_REQUEUED first. */
void hcp_lease_release(hcp_txn *txn, uint32_t lease, const char *reason);

/* The site needs the devices or the power back: the workload is requeued without spending a retry, then the lease
 * released. */
void hcp_lease_evict(hcp_txn *txn, uint32_t lease, const char *reason);

/* The lease cannot go on: the workload is requeued or failed (hcp_workload_lease_lost), then the lease released. */
void hcp_lease_lose(hcp_txn *txn, uint32_t lease, const char *reason);

/* --- workload.c, schedule.c, queue.c, alert.c, metering.c, market.c, … ------------------------------------------- */

/* From the apply of LEASE_GRANTED and LEASE_RELEASED: the workload leaves the queue and starts; the workload (if it
 * still names this lease) no longer holds one. */
void hcp_workload_bind_lease(hcp_core *core, uint32_t workload, uint32_t lease);
void hcp_workload_unbind_lease(hcp_core *core, uint32_t workload, uint32_t lease);

/* Every device of the lease serves: the workload starts. */
void hcp_workload_lease_ready(hcp_txn *txn, uint32_t lease);

/* The lease is about to be released against the workload's will: requeue it, or fail it when its retries are spent. */
void hcp_workload_lease_lost(hcp_txn *txn, uint32_t lease, const char *reason);

/* The same for no fault of the workload or its devices: requeued, counted as a preemption. */
void hcp_workload_evicted(hcp_txn *txn, uint32_t workload, const char *reason);

/* Service time that would be lost if the workload lost its lease now. */
int64_t hcp_workload_loss_us(const hcp_workload *workload, int64_t now_us);

/* Takes the lease of a workload for `by`: requeued with its checkpointed progress, devices released. */
void hcp_workload_preempt(hcp_txn *txn, uint32_t workload, hcp_workload_id by);

/* The state table of workloads. */
bool hcp_workload_may_become(hcp_workload_status from, hcp_workload_status to);

/* Longest wait promised to a priority; 0 = none. */
int64_t hcp_settings_max_wait_us(const hcp_settings *settings, hcp_priority priority);

/*
 * Deferral. A workload whose start was put off keeps its devices out of reach of everybody else, where they may mine; so it
 * can start at any moment. It does so when its time has come, or as soon as somebody lacks devices of its classes: under
 * contention nothing is put off. When devices are lost and it could no longer start, it queues like everybody.
 */
const char *hcp_workload_apply_deferred(hcp_core *core, const hcp_event *event);
void hcp_schedule_note_deferred(hcp_core *core, uint32_t workload);
void hcp_schedule_end_deferral(hcp_txn *txn, uint32_t workload);

/* Places what can be placed. Runs once at the end of every accepted command that emitted a waking event. */
void hcp_schedule_pass(hcp_txn *txn);

/* Asks for a pass at the end of this command. */
void hcp_schedule_wake(hcp_txn *txn);

/* Tries the workload just accepted, and no other: a submission changes nothing for those before it. */
void hcp_schedule_submitted(hcp_txn *txn, uint32_t workload);

/* The state came from elsewhere: the next command that could place something begins with a full pass. */
void hcp_schedule_mark_stale(hcp_core *core);
bool hcp_schedule_is_stale(const hcp_core *core);

/* Free devices of the group that are kept for workloads ahead of everybody else; placements leave that many. */
uint32_t hcp_schedule_kept(const hcp_core *core, uint32_t group);

/* IT watts of a facility (or of one of its feeders) kept for workloads ahead, and keeping some of those of a group: for a
 * workload that waits for power, when that power is `coming` (miners are on their way to sleep) or the workload is overdue. */
int64_t hcp_schedule_kept_w(const hcp_core *core, uint32_t facility, uint32_t feeder);
void hcp_schedule_keep_w(hcp_txn *txn, uint32_t workload, uint32_t group, int64_t power_w,
                         bool coming);

/* IT watts that a placement in the group may take now without touching what is kept for workloads ahead: the least that is
 * left of its facility and of its feeder, and which feeder that is (0: the facility). */
int64_t hcp_placement_room_w(const hcp_core *core, uint32_t group, uint32_t *ret_feeder);

/* May a device of the group serve the workload at all? */
bool hcp_schedule_accepts(const hcp_state *state, const hcp_workload_accepted *def,
                          const hcp_group *group);

/* From apply: the end of some lease changed; estimates collect them again. */
void hcp_releases_invalidate(hcp_core *core);

/* From apply: the workload got its lease, or is about to lose it. */
void hcp_schedule_note_lease(hcp_core *core, const hcp_workload *row, bool granted);

/* Queue rows, kept by apply. The stage of an entry is how many of its moments (hcp_workload_deadline_due) have passed. */
void hcp_queue_insert(hcp_queue *queue, uint32_t ix, const hcp_workload *workload);
void hcp_queue_remove(hcp_queue *queue, uint32_t ix);
bool hcp_queue_holds(const hcp_queue *queue, uint32_t ix);
uint8_t hcp_queue_stage(const hcp_queue *queue, uint32_t ix);
void hcp_queue_set_stage(hcp_queue *queue, uint32_t ix, uint8_t stage);

/* Takes over the limits that decide when a workload has aged. */
void hcp_queue_configure(hcp_queue *queue, const hcp_settings *settings);

/* When the workload has aged or will have; INT64_MAX = its class has no limit. */
int64_t hcp_queue_aged_us(const hcp_queue *queue, const hcp_workload *workload);

/* Service that a workload still wants, in device-microseconds (0 = open-ended); the sum over a line of the queue; the share
 * of the others of its line that are ahead of a queued workload. For estimates. */
double hcp_queue_work(const hcp_workload *workload);
double hcp_queue_work_of_class(const hcp_queue *queue, hcp_priority priority, uint32_t class_ix);
double hcp_queue_share_ahead(const hcp_queue *queue, uint32_t workload);

/* When a queued workload has waited its class's limit; INT64_MAX = its class has none. */
int64_t hcp_queue_overdue_us(const hcp_queue *queue, uint32_t ix);

/* Has somebody of the priority waited beyond the limit? */
bool hcp_queue_is_overdue(const hcp_queue *queue, hcp_priority priority, int64_t now_us);

/* Does a workload of the same or a higher priority wait for one of the classes? */
bool hcp_queue_is_ahead(const hcp_queue *queue, const hcp_workload_accepted *def);

/* Brings the meter of a facility up to `now_us`; called before every change of its power, hashrate or prices. */
void hcp_metering_advance(hcp_core *core, uint32_t facility, int64_t now_us);

/* The account of a facility: opened where its meter stands; the open one moved on by `us`, before the meter is and with what
 * was true until then. */
void hcp_account_open(hcp_core *core, uint32_t facility);
void hcp_account_advance(hcp_core *core, uint32_t facility, int64_t us);

/* The electricity price of the facility is known for the time of closed intervals: they settle. */
void hcp_settlement_settle(hcp_txn *txn, uint32_t facility);

/* An interval of the facility has closed: it may hold the peak of its month, and a month may be over. */
void hcp_peak_watch(hcp_txn *txn, const hcp_interval_closed *interval);

/* Micro-dollars that the energy costs at a price; the fraction is carried in `rest`, below HCP_J_PER_MWH. */
hcp_usd_micro hcp_metering_cost(int64_t energy_j, double usd_per_mwh, int64_t *rest);

/* From apply: the cap in force of a facility was `before_w` until now, also for the time since its meter was advanced. */
void hcp_account_cap_changed(hcp_core *core, uint32_t facility, int64_t before_w);

/* Are closed intervals in range and in order? */
bool hcp_accounts_sound(const hcp_state *state);

/* Changes what the workloads of a facility are charged per hour, from now on; takes back what was charged for `us`. */
void hcp_metering_charge(hcp_core *core, uint32_t facility, hcp_usd_micro delta_per_h);
void hcp_metering_credit(hcp_core *core, uint32_t facility, hcp_usd_micro per_h, int64_t us);

/* From apply: an explicit allocation begins or ends being charged, at the list price and the customer's rate. */
void hcp_metering_begin_allocation(hcp_core *core, uint32_t lease);
void hcp_metering_end_allocation(hcp_core *core, uint32_t lease);

/* Are settled and published prices in range and in order? */
bool hcp_prices_sound(const hcp_state *state);

/* From apply: keeps an electricity price that has just been taken over among the settled ones. */
void hcp_prices_settle(hcp_core *core, const hcp_price_observed *price);

/* Why a facility cannot sell this as reserve, or NULL. */
const char *hcp_reserve_fault(uint32_t products, double call_usd_per_mwh, uint32_t share_milli);

/* Room for the prices of a new facility. */
void hcp_market_add_facility(hcp_core *core);

/* Raises an alert unless one of its kind and subject is open (takes the strings; the id is filled in), and clears the
 * open one of that kind and subject, if any. */
void hcp_alert_raise(hcp_txn *txn, hcp_alert_raised *alert);
void hcp_alert_clear(hcp_txn *txn, const char *kind, const char *subject, const char *note);

/* A workload completed or failed: its customer is told. One of a class waits beyond the limit; no one does any more. */
void hcp_alert_workload_ended(hcp_txn *txn, uint32_t workload);
void hcp_alert_queue_wait(hcp_txn *txn, uint32_t workload);
void hcp_alert_queue_drained(hcp_txn *txn);

/* Before the meter of a facility is advanced to `until_us`: keeps what it says at the boundaries of intervals of grid events
 * that it passes. */
void hcp_grid_mark_boundaries(hcp_core *core, uint32_t facility, int64_t until_us);

/* Energy of the facility of `row` at a boundary of its intervals or at a moment that its meter still knows. */
int64_t hcp_grid_energy_j(const hcp_state *state, const hcp_grid_event *row, int64_t at_us);

/* The first boundary of an interval after a moment; INT64_MAX = none. */
int64_t hcp_grid_boundary_us(const hcp_grid_announced *def, int64_t after_us);

/* Frees what a row of grid events owns. */
void hcp_grid_clear_row(hcp_grid_event *row);

/* May what was agreed begin now? Refuses overlaps, emergencies and what physics cannot do. */
bool hcp_grid_check_possible(hcp_txn *txn, const hcp_grid_announced *def);

/* Says how far an event is from now on. */
void hcp_grid_emit_stage(hcp_txn *txn, hcp_grid_id id, const hcp_grid_changed *change);

/* Nobody has answered in time. */
void hcp_grid_let_lapse(hcp_txn *txn, hcp_grid_id id);

/* Notes when a facility has come down to the target of its grid event. */
void hcp_grid_watch(hcp_txn *txn);

/* Are the grid events of a state from outside in order and in range? */
bool hcp_grid_sound(const hcp_state *state);

/* Raises or clears the alert about each facility that draws nearly what its cap allows. */
void hcp_alert_watch_power(hcp_txn *txn);

/* Visits every remembered reply, oldest first. */
void hcp_replies_foreach(const hcp_replies *replies,
                         void (*visit)(const hcp_reply_remembered *reply, int64_t time_us,
                                       gpointer data),
                         gpointer data);

/* Puts a reply back that was remembered at `time_us`; takes its strings. */
void hcp_replies_restore(hcp_replies *replies, hcp_reply_remembered *reply, int64_t time_us);

/* Empty tables that live as long as the core. */
hcp_queue *hcp_queue_new(void);
void hcp_queue_free(hcp_queue *queue);
hcp_replies *hcp_replies_new(void);
void hcp_replies_free(hcp_replies *replies);
hcp_releases *hcp_releases_new(void);
void hcp_releases_free(hcp_releases *releases);
hcp_schedule *hcp_schedule_new(void);
void hcp_schedule_free(hcp_schedule *schedule);

/* Is every index and enum of a state read from outside in range, so that the rest of the room may trust it? */
bool hcp_state_is_sound(const hcp_state *state, GError **error);

/* After a restore: each noun derives its tables from the state. Called in the order of this list. The fleet derives group
 * counters, group batches and power sums too, so a snapshot holds device rows, batches, and of groups facility, class,
 * feeder, mining target and moved_us. */
void hcp_fleet_rebuild(hcp_core *core);
void hcp_lease_rebuild(hcp_core *core);
void hcp_switch_rebuild(hcp_core *core);
void hcp_identity_rebuild(hcp_core *core);
void hcp_workload_rebuild(hcp_core *core);
void hcp_schedule_rebuild(hcp_core *core);
void hcp_alert_rebuild(hcp_core *core);
void hcp_market_rebuild(hcp_core *core);
void hcp_account_rebuild(hcp_core *core);
void hcp_grid_rebuild(hcp_core *core);
void hcp_core_rebuild(hcp_core *core); /* all of them */

/* --- events: each returns NULL, or why the event cannot follow this state, which is then untouched ------------------ */

const char *hcp_settings_apply_changed(hcp_core *core, const hcp_event *event);
const char *hcp_fleet_apply_class(hcp_core *core, const hcp_event *event);
const char *hcp_fleet_apply_facility(hcp_core *core, const hcp_event *event);
const char *hcp_fleet_apply_devices(hcp_core *core, const hcp_event *event);
const char *hcp_identity_apply_customer(hcp_core *core, const hcp_event *event);
const char *hcp_market_apply_price(hcp_core *core, const hcp_event *event);
const char *hcp_workload_apply_accepted(hcp_core *core, const hcp_event *event);
const char *hcp_workload_apply_started(hcp_core *core, const hcp_event *event);
const char *hcp_workload_apply_requeued(hcp_core *core, const hcp_event *event);
const char *hcp_workload_apply_ended(hcp_core *core, const hcp_event *event);
const char *hcp_workload_apply_wait(hcp_core *core, const hcp_event *event);
const char *hcp_lease_apply_granted(hcp_core *core, const hcp_event *event);
const char *hcp_lease_apply_released(hcp_core *core, const hcp_event *event);
const char *hcp_switch_apply_started(hcp_core *core, const hcp_event *event);
const char *hcp_switch_apply_phase_ended(hcp_core *core, const hcp_event *event);
const char *hcp_switch_apply_ended(hcp_core *core, const hcp_event *event);
const char *hcp_health_apply_changed(hcp_core *core, const hcp_event *event);
const char *hcp_health_apply_admin(hcp_core *core, const hcp_event *event);
const char *hcp_power_apply_cap(hcp_core *core, const hcp_event *event);
const char *hcp_emergency_apply_changed(hcp_core *core, const hcp_event *event);
const char *hcp_dispatch_apply_decision(hcp_core *core, const hcp_event *event);
const char *hcp_alert_apply_raised(hcp_core *core, const hcp_event *event);
const char *hcp_alert_apply_changed(hcp_core *core, const hcp_event *event);
const char *hcp_reply_apply_remembered(hcp_core *core, const hcp_event *event);
const char *hcp_prices_apply_published(hcp_core *core, const hcp_event *event);
const char *hcp_account_apply_closed(hcp_core *core, const hcp_event *event);
const char *hcp_grid_apply_announced(hcp_core *core, const hcp_event *event);
const char *hcp_grid_apply_changed(hcp_core *core, const hcp_event *event);
const char *hcp_grid_apply_measured(hcp_core *core, const hcp_event *event);
const char *hcp_grid_apply_rule(hcp_core *core, const hcp_event *event);
const char *hcp_strike_apply_changed(hcp_core *core, const hcp_event *event);
const char *hcp_settlement_apply_settled(hcp_core *core, const hcp_event *event);
const char *hcp_peak_apply_assumed(hcp_core *core, const hcp_event *event);
const char *hcp_peak_apply_charged(hcp_core *core, const hcp_event *event);
const char *hcp_reserve_apply_changed(hcp_core *core, const hcp_event *event);

/* --- commands: each returns false when it refused ---------------------------------------------------------------- */

bool hcp_market_decide_price(hcp_txn *txn, const hcp_command *command);
bool hcp_prices_decide_publish(hcp_txn *txn, const hcp_command *command);
bool hcp_admission_decide_submit(hcp_txn *txn, const hcp_command *command);
bool hcp_workload_decide_cancel(hcp_txn *txn, const hcp_command *command);
bool hcp_lease_decide_allocate(hcp_txn *txn, const hcp_command *command);
bool hcp_lease_decide_release(hcp_txn *txn, const hcp_command *command);
bool hcp_switch_decide_report(hcp_txn *txn, const hcp_command *command);
bool hcp_health_decide_report(hcp_txn *txn, const hcp_command *command);
bool hcp_health_decide_admin(hcp_txn *txn, const hcp_command *command);
bool hcp_power_decide_cap(hcp_txn *txn, const hcp_command *command);
bool hcp_emergency_decide(hcp_txn *txn, const hcp_command *command);
bool hcp_dispatch_decide(hcp_txn *txn, const hcp_command *command);
bool hcp_alert_decide_anomaly(hcp_txn *txn, const hcp_command *command);
bool hcp_alert_decide_drift(hcp_txn *txn, const hcp_command *command);
bool hcp_alert_decide_acknowledge(hcp_txn *txn, const hcp_command *command);
bool hcp_reply_decide_remember(hcp_txn *txn, const hcp_command *command);
bool hcp_grid_decide_announce(hcp_txn *txn, const hcp_command *command);
bool hcp_grid_decide_answer(hcp_txn *txn, const hcp_command *command);
bool hcp_grid_decide_cancel(hcp_txn *txn, const hcp_command *command);
bool hcp_grid_decide_rule(hcp_txn *txn, const hcp_command *command);
bool hcp_strike_decide_set(hcp_txn *txn, const hcp_command *command);
bool hcp_reserve_decide_set(hcp_txn *txn, const hcp_command *command);

/* HCP_COMMAND_DEFINE by kind of event: validate, fill in the id, emit a copy. */
bool hcp_settings_decide_define(hcp_txn *txn, const hcp_event *event);
bool hcp_identity_decide_define(hcp_txn *txn, const hcp_event *event);
bool hcp_fleet_decide_class(hcp_txn *txn, const hcp_event *event);
bool hcp_fleet_decide_facility(hcp_txn *txn, const hcp_event *event);
bool hcp_fleet_decide_devices(hcp_txn *txn, const hcp_event *event);

/* --- timers: when a row is due, and what happens then ------------------------------------------------------------ */

int64_t hcp_switch_due(const hcp_core *core, uint32_t row, uint64_t id);
void hcp_switch_fire(hcp_txn *txn, uint32_t row, uint64_t id);
int64_t hcp_workload_due(const hcp_core *core, uint32_t row,
                         uint64_t id); /* completion of the run */
void hcp_workload_fire(hcp_txn *txn, uint32_t row, uint64_t id);
int64_t hcp_workload_backoff_due(const hcp_core *core, uint32_t row, uint64_t id);
void hcp_workload_backoff_fire(hcp_txn *txn, uint32_t row, uint64_t id);
int64_t hcp_workload_deadline_due(const hcp_core *core, uint32_t row,
                                  uint64_t id); /* promise missed: alert */
void hcp_workload_deadline_fire(hcp_txn *txn, uint32_t row, uint64_t id);
int64_t hcp_market_due(const hcp_core *core, uint32_t row,
                       uint64_t id); /* row: kind, id: facility + 1; stale */
void hcp_market_fire(hcp_txn *txn, uint32_t row, uint64_t id);
int64_t hcp_account_due(const hcp_core *core, uint32_t row,
                        uint64_t id); /* the end of the interval */
void hcp_account_fire(hcp_txn *txn, uint32_t row, uint64_t id);
int64_t hcp_grid_due(const hcp_core *core, uint32_t row, uint64_t id); /* next stage or interval */
void hcp_grid_fire(hcp_txn *txn, uint32_t row, uint64_t id);

/* --- invariants (check.c lists them): NULL, or the sentence naming the one broken; caller frees --------------------- */

char *hcp_check_fleet(const hcp_core *core);
char *hcp_check_power(const hcp_core *core);
char *hcp_check_leases(const hcp_core *core);
char *hcp_check_switches(const hcp_core *core);
char *hcp_check_workloads(const hcp_core *core);
char *hcp_check_queue(const hcp_core *core);
char *hcp_check_customers(const hcp_core *core);
char *hcp_check_alerts(const hcp_core *core);
char *hcp_check_prices(const hcp_core *core);
char *hcp_check_grid(const hcp_core *core);
char *hcp_check_accounts(const hcp_core *core);

#endif
