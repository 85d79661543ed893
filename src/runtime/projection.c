/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/projection.h"

#include <math.h>

#include "core/core.h"

static const char DDL[] =
    "CREATE TABLE workload ("
    " id TEXT PRIMARY KEY, customer TEXT NOT NULL, name TEXT, type TEXT NOT NULL, model TEXT,"
    " priority TEXT NOT NULL, status TEXT NOT NULL, devices INTEGER NOT NULL, facility TEXT,"
    " class TEXT, accepted_us INTEGER NOT NULL, deadline_us INTEGER, started_us INTEGER,"
    " finished_us INTEGER, served_us INTEGER, requests INTEGER, cost_usd_micro INTEGER,"
    " reason TEXT, classified_by TEXT, seq INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX workload_customer ON workload (customer, id);"
    /* The first step of a workload is its own row: a submission writes one row, not two. */
    "CREATE TABLE workload_change ("
    " workload TEXT NOT NULL, seq INTEGER NOT NULL, at_us INTEGER NOT NULL, step TEXT NOT NULL,"
    " detail TEXT, PRIMARY KEY (workload, seq)) WITHOUT ROWID;"
    "CREATE VIEW workload_step AS"
    " SELECT seq, id AS workload, accepted_us AS at_us, 'workload_accepted' AS step,"
    " classified_by AS detail FROM workload"
    " UNION ALL SELECT seq, workload, at_us, step, detail FROM workload_change;"
    "CREATE TABLE lease ("
    " id TEXT PRIMARY KEY, workload TEXT, customer TEXT, facility TEXT NOT NULL, class TEXT NOT "
    "NULL,"
    " devices INTEGER NOT NULL, fence INTEGER NOT NULL, granted_us INTEGER NOT NULL,"
    " released_us INTEGER, reason TEXT, seq INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX lease_held ON lease (id) WHERE released_us IS NULL;"
    "CREATE TABLE switch ("
    " id TEXT PRIMARY KEY, lease TEXT, cause TEXT NOT NULL, facility TEXT NOT NULL,"
    " class TEXT NOT NULL, devices INTEGER NOT NULL, from_mode TEXT NOT NULL, to_mode TEXT NOT "
    "NULL,"
    " started_us INTEGER NOT NULL, ended_us INTEGER, ok INTEGER, duration_us INTEGER,"
    " failed_phase TEXT, reason TEXT) WITHOUT ROWID;"
    "CREATE TABLE switch_phase ("
    " switch TEXT NOT NULL, phase TEXT NOT NULL, started_us INTEGER NOT NULL,"
    " ended_us INTEGER NOT NULL, lost_devices INTEGER NOT NULL, PRIMARY KEY (switch, phase))"
    " WITHOUT ROWID;"
    "CREATE TABLE decision ("
    " id TEXT PRIMARY KEY, facility TEXT NOT NULL, at_us INTEGER NOT NULL,"
    " expires_us INTEGER NOT NULL, policy TEXT NOT NULL, recommendation TEXT NOT NULL,"
    " chosen_usd_micro_per_h INTEGER NOT NULL, rejected_usd_micro_per_h INTEGER NOT NULL,"
    " confidence REAL NOT NULL, moved INTEGER NOT NULL, reason TEXT, flip TEXT,"
    " seq INTEGER NOT NULL, switch_recommended INTEGER NOT NULL, source TEXT,"
    " gap_usd_micro_per_h INTEGER, gain_usd_micro INTEGER, gain_low_usd_micro INTEGER,"
    " gain_high_usd_micro INTEGER, horizon_us INTEGER, flip_usd_per_mwh REAL,"
    " forecast_usd_per_mwh REAL) WITHOUT ROWID;"
    "CREATE INDEX decision_facility ON decision (facility, id);"
    "CREATE INDEX decision_wanted ON decision (at_us, moved) WHERE switch_recommended;"
    "CREATE TABLE price ("
    " seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, facility TEXT, at_us INTEGER NOT NULL,"
    " observed_us INTEGER, value REAL, source TEXT, quality TEXT NOT NULL,"
    " simulated INTEGER NOT NULL, product TEXT);"
    "CREATE INDEX price_kind ON price (kind, facility, seq);"
    "CREATE TABLE published_price ("
    " seq INTEGER NOT NULL, kind TEXT NOT NULL, facility TEXT NOT NULL, at_us INTEGER NOT NULL,"
    " from_us INTEGER NOT NULL, until_us INTEGER NOT NULL, value REAL NOT NULL, source TEXT,"
    " product TEXT, PRIMARY KEY (facility, kind, from_us, seq)) WITHOUT ROWID;"
    "CREATE TABLE interval ("
    " facility TEXT NOT NULL, from_us INTEGER NOT NULL, until_us INTEGER NOT NULL,"
    " usd_per_mwh REAL NOT NULL, hashprice REAL NOT NULL, cap_w REAL NOT NULL,"
    " stale_us INTEGER NOT NULL, energy_ai_j INTEGER NOT NULL, energy_mining_j INTEGER NOT NULL,"
    " energy_idle_j INTEGER NOT NULL, mining_usd_micro INTEGER NOT NULL,"
    " ai_usd_micro INTEGER NOT NULL, energy_cost_usd_micro INTEGER NOT NULL,"
    " foregone_usd_micro INTEGER NOT NULL, avoided_usd_micro INTEGER NOT NULL, seq INTEGER NOT "
    "NULL, grid_usd_micro INTEGER NOT NULL, pool_fee_usd_micro INTEGER NOT NULL,"
    " settled_usd_per_mwh REAL, true_up_usd_micro INTEGER NOT NULL,"
    " peak_charge_usd_micro INTEGER NOT NULL,"
    " PRIMARY KEY (facility, from_us)) WITHOUT ROWID;"
    "CREATE TABLE interval_reserve ("
    " facility TEXT NOT NULL, from_us INTEGER NOT NULL, product TEXT NOT NULL,"
    " ready_j INTEGER NOT NULL, usd_micro INTEGER NOT NULL,"
    " PRIMARY KEY (facility, from_us, product)) WITHOUT ROWID;"
    "CREATE TABLE alert ("
    " id TEXT PRIMARY KEY, severity TEXT NOT NULL, category TEXT NOT NULL, kind TEXT NOT NULL,"
    " subject TEXT, message TEXT, facility TEXT, customer TEXT, workload TEXT,"
    " raised_us INTEGER NOT NULL, acknowledged_us INTEGER, cleared_us INTEGER, note TEXT)"
    " WITHOUT ROWID;"
    "CREATE TABLE device_change ("
    " seq INTEGER NOT NULL, device INTEGER NOT NULL, at_us INTEGER NOT NULL, what TEXT NOT NULL,"
    " reason TEXT, xid INTEGER, PRIMARY KEY (device, seq)) WITHOUT ROWID;"
    "CREATE TABLE grid_event ("
    " id TEXT PRIMARY KEY, facility TEXT NOT NULL, kind TEXT NOT NULL, stage TEXT NOT NULL,"
    " program TEXT, source TEXT, announced_us INTEGER NOT NULL, start_us INTEGER NOT NULL,"
    " end_us INTEGER NOT NULL, baseline_w INTEGER NOT NULL, target_w INTEGER NOT NULL,"
    " reached_us INTEGER, finished_us INTEGER, availability_usd_micro INTEGER NOT NULL,"
    " reason TEXT, respond_by_us INTEGER, worth_usd_micro INTEGER) WITHOUT ROWID;"
    "CREATE TABLE grid_interval ("
    " event TEXT NOT NULL, from_us INTEGER NOT NULL, until_us INTEGER NOT NULL,"
    " energy_j INTEGER NOT NULL, committed_j INTEGER NOT NULL, delivered_j INTEGER NOT NULL,"
    " payment_usd_micro INTEGER NOT NULL, penalty_usd_micro INTEGER NOT NULL,"
    " PRIMARY KEY (event, from_us)) WITHOUT ROWID;";

enum {
    WORKLOAD_INSERT,
    WORKLOAD_STARTED,
    WORKLOAD_REQUEUED,
    WORKLOAD_ENDED,
    WORKLOAD_PLACED,
    STEP_INSERT,
    LEASE_INSERT,
    LEASE_RELEASED,
    SWITCH_INSERT,
    SWITCH_PHASE,
    SWITCH_ENDED,
    DECISION_INSERT,
    PRICE_INSERT,
    PUBLISHED_INSERT,
    INTERVAL_INSERT,
    INTERVAL_SETTLED,
    INTERVAL_RESERVE,
    ALERT_INSERT,
    ALERT_CHANGED,
    DEVICE_CHANGE,
    GRID_INSERT,
    GRID_CHANGED,
    GRID_MEASURED,
    STATEMENTS
};

static const char *const SQL[STATEMENTS] = {
    [WORKLOAD_INSERT] = "INSERT INTO workload (id, customer, name, type, model, priority, status,"
                        " devices, accepted_us, deadline_us, classified_by, seq)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9, ?10, ?11)",
    [WORKLOAD_STARTED] = "UPDATE workload SET status = 'running',"
                         " started_us = coalesce(started_us, ?2) WHERE id = ?1",
    [WORKLOAD_REQUEUED] = "UPDATE workload SET status = 'queued', reason = ?2 WHERE id = ?1",
    [WORKLOAD_ENDED] = "UPDATE workload SET status = ?2, finished_us = ?3, served_us = ?4,"
                       " requests = ?5, cost_usd_micro = ?6, reason = ?7 WHERE id = ?1",
    [WORKLOAD_PLACED] =
        "UPDATE workload SET status = 'starting', facility = ?2, class = ?3 WHERE id = ?1",
    [STEP_INSERT] = "INSERT INTO workload_change VALUES (?1, ?2, ?3, ?4, ?5)",
    [LEASE_INSERT] = "INSERT INTO lease VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, NULL, ?9)",
    [LEASE_RELEASED] = "UPDATE lease SET released_us = ?2, reason = ?3 WHERE id = ?1",
    [SWITCH_INSERT] = "INSERT INTO switch (id, lease, cause, facility, class, devices, from_mode,"
                      " to_mode, started_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SWITCH_PHASE] = "INSERT OR REPLACE INTO switch_phase VALUES (?1, ?2, ?3, ?4, ?5)",
    [SWITCH_ENDED] = "UPDATE switch SET ended_us = ?2, ok = ?3, duration_us = ?4,"
                     " failed_phase = ?5, reason = ?6 WHERE id = ?1",
    [DECISION_INSERT] =
        "INSERT INTO decision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
        " ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
    [PRICE_INSERT] = "INSERT INTO price VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [PUBLISHED_INSERT] = "INSERT INTO published_price VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [INTERVAL_INSERT] =
        "INSERT INTO interval VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
        " ?15, ?16, ?17, ?18, ?19, 0, ?20)",
    [INTERVAL_SETTLED] =
        "UPDATE interval SET settled_usd_per_mwh = ?3, true_up_usd_micro = true_up_usd_micro + ?4,"
        " avoided_usd_micro = avoided_usd_micro + ?5 WHERE facility = ?1 AND from_us = ?2",
    [INTERVAL_RESERVE] = "INSERT INTO interval_reserve VALUES (?1, ?2, ?3, ?4, ?5)",
    [ALERT_INSERT] = "INSERT INTO alert (id, severity, category, kind, subject, message, facility,"
                     " customer, workload, raised_us)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [ALERT_CHANGED] =
        "UPDATE alert SET acknowledged_us = CASE WHEN ?2 THEN coalesce(acknowledged_us, ?4) ELSE"
        " acknowledged_us END, cleared_us = CASE WHEN ?3 THEN coalesce(cleared_us, ?4) ELSE"
        " cleared_us END, note = coalesce(?5, note) WHERE id = ?1",
    [DEVICE_CHANGE] = "INSERT OR REPLACE INTO device_change VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [GRID_INSERT] = "INSERT INTO grid_event VALUES (?1, ?2, ?3, CASE WHEN ?11 IS NULL THEN"
                    " 'announced' ELSE 'offered' END, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL, NULL, 0,"
                    " NULL, ?11, NULL)",
    [GRID_CHANGED] =
        "UPDATE grid_event SET stage = ?2, reached_us = coalesce(reached_us, CASE WHEN ?3 THEN ?5"
        " END), finished_us = CASE WHEN ?4 THEN ?5 END, availability_usd_micro ="
        " availability_usd_micro + ?6, reason = coalesce(?7, reason), worth_usd_micro ="
        " coalesce(?8, worth_usd_micro) WHERE id = ?1",
    [GRID_MEASURED] = "INSERT INTO grid_interval VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
};

const hcp_projection_schema HCP_PROJECTION_SCHEMA = {
    .version = 10,
    .ddl = DDL,
    .statements = SQL,
    .n_statements = STATEMENTS,
};

/* Values of one row operation, collected in order. */
typedef struct {
    hcp_journal_batch *batch;
    hcp_projection_value values[24];
    char ids[4][HCP_ID_TEXT_SIZE];
    uint8_t n, n_ids;
} row;

static void add_text(row *r, const char *text)
{
    r->values[r->n++] = hcp_projection_text(text);
}

static void add_int(row *r, int64_t value)
{
    r->values[r->n++] = hcp_projection_int(value);
}

/* NULL when it is not known. */
static void add_known_int(row *r, bool known, int64_t value)
{
    if (known)
        add_int(r, value);
    else
        add_text(r, NULL);
}

static void add_double(row *r, double value)
{
    r->values[r->n++] = hcp_projection_double(value);
}

static void add_id(row *r, hcp_id_kind kind, uint64_t value)
{
    char *text = r->ids[r->n_ids++];
    hcp_id_format(kind, value, text);
    add_text(r, value != 0 ? text : NULL);
}

static void add_facility(row *r, const hcp_state *state, uint32_t facility)
{
    add_text(r, facility != HCP_NO_INDEX ? hcp_state_facility(state, facility)->def.key : NULL);
}

static void add_customer(row *r, const hcp_state *state, uint32_t customer)
{
    add_text(r, customer != HCP_NO_INDEX ? hcp_state_customer(state, customer)->def.key : NULL);
}

static void done(row *r, uint16_t statement)
{
    hcp_journal_batch_add_op(r->batch, statement, r->values, r->n);
    r->n = r->n_ids = 0;
}

static void add_step(row *r, uint64_t seq, const hcp_event *event, hcp_workload_id workload,
                     const char *detail)
{
    add_id(r, HCP_ID_WORKLOAD, workload.value);
    add_int(r, (int64_t)seq);
    add_int(r, event->time_us);
    add_text(r, hcp_event_type_name(event->type));
    add_text(r, detail);
    done(r, STEP_INSERT);
}

static void project_accepted(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    const hcp_workload_accepted *w = &event->workload_accepted;
    add_id(r, HCP_ID_WORKLOAD, w->id.value);
    add_customer(r, state, w->customer);
    add_text(r, w->name);
    add_text(r, hcp_enum_name(&HCP_WORKLOAD_KIND_NAMES, (int)w->kind));
    add_text(r, w->model);
    add_text(r, hcp_enum_name(&HCP_PRIORITY_NAMES, (int)w->priority));
    add_int(r, w->count);
    add_int(r, event->time_us);
    add_int(r, w->deadline_us);
    add_text(r, w->classified_by);
    add_int(r, (int64_t)seq);
    done(r, WORKLOAD_INSERT);
}

static void project_started(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)state;
    add_id(r, HCP_ID_WORKLOAD, event->workload_started.id.value);
    add_int(r, event->time_us);
    done(r, WORKLOAD_STARTED);
    add_step(r, seq, event, event->workload_started.id, NULL);
}

static void project_requeued(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)state;
    const hcp_workload_requeued *w = &event->workload_requeued;
    add_id(r, HCP_ID_WORKLOAD, w->id.value);
    add_text(r, w->reason);
    done(r, WORKLOAD_REQUEUED);
    add_step(r, seq, event, w->id, w->reason);
}

static void project_deferred(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)state;
    add_step(r, seq, event, event->workload_deferred.id, event->workload_deferred.reason);
}

static void project_ended(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)state;
    const hcp_workload_ended *w = &event->workload_ended;
    add_id(r, HCP_ID_WORKLOAD, w->id.value);
    add_text(r, hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES, (int)w->status));
    add_int(r, event->time_us);
    add_int(r, w->served_us);
    add_int(r, w->requests);
    add_int(r, w->cost_usd_micro);
    add_text(r, w->reason);
    done(r, WORKLOAD_ENDED);
    add_step(r, seq, event, w->id, w->reason);
}

static void project_wait(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)state;
    add_step(r, seq, event, event->wait_changed.id,
             hcp_enum_name(&HCP_WAIT_NAMES, (int)event->wait_changed.wait));
}

static void project_lease(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    const hcp_lease_granted *lease = &event->lease_granted;
    const char *facility = hcp_state_facility(state, lease->facility)->def.key;
    const char *class_key = hcp_state_class(state, lease->class_ix)->def.key;
    add_id(r, HCP_ID_LEASE, lease->id.value);
    add_id(r, HCP_ID_WORKLOAD, lease->workload.value);
    add_customer(r, state, lease->customer);
    add_text(r, facility);
    add_text(r, class_key);
    add_int(r, lease->devices.count);
    add_int(r, (int64_t)lease->fence);
    add_int(r, event->time_us);
    add_int(r, (int64_t)seq);
    done(r, LEASE_INSERT);
    if (lease->workload.value == 0)
        return;
    add_id(r, HCP_ID_WORKLOAD, lease->workload.value);
    add_text(r, facility);
    add_text(r, class_key);
    done(r, WORKLOAD_PLACED);
    add_step(r, seq, event, lease->workload, facility);
}

static void project_release(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)state;
    (void)seq;
    add_id(r, HCP_ID_LEASE, event->lease_released.id.value);
    add_int(r, event->time_us);
    add_text(r, event->lease_released.reason);
    done(r, LEASE_RELEASED);
}

static void project_switch(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)seq;
    const hcp_switch_started *sw = &event->switch_started;
    add_id(r, HCP_ID_SWITCH, sw->id.value);
    add_id(r, HCP_ID_LEASE, sw->lease.value);
    add_text(r, sw->cause);
    add_facility(r, state, sw->facility);
    add_text(r, hcp_state_class(state, sw->class_ix)->def.key);
    add_int(r, sw->count);
    add_text(r, hcp_enum_name(&HCP_MODE_NAMES, (int)sw->from));
    add_text(r, hcp_enum_name(&HCP_MODE_NAMES, (int)sw->to));
    add_int(r, event->time_us);
    done(r, SWITCH_INSERT);
}

static void project_phase(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)state;
    (void)seq;
    const hcp_switch_phase_ended *phase = &event->switch_phase_ended;
    add_id(r, HCP_ID_SWITCH, phase->id.value);
    add_text(r, hcp_enum_name(&HCP_PHASE_NAMES, (int)phase->phase));
    add_int(r, phase->started_us);
    add_int(r, phase->ended_us);
    add_int(r, phase->lost.count);
    done(r, SWITCH_PHASE);
}

static void project_switch_ended(row *r, const hcp_state *state, const hcp_event *event,
                                 uint64_t seq)
{
    (void)state;
    (void)seq;
    const hcp_switch_ended *sw = &event->switch_ended;
    add_id(r, HCP_ID_SWITCH, sw->id.value);
    add_int(r, event->time_us);
    add_int(r, sw->ok);
    add_int(r, sw->duration_us);
    add_text(r, sw->ok ? NULL : hcp_enum_name(&HCP_PHASE_NAMES, (int)sw->failed_phase));
    add_text(r, sw->reason);
    done(r, SWITCH_ENDED);
}

static void project_decision(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    const hcp_decision_recorded *decision = &event->decision_recorded;
    add_id(r, HCP_ID_DECISION, decision->id.value);
    add_facility(r, state, decision->facility);
    add_int(r, event->time_us);
    add_int(r, decision->expires_us);
    add_text(r, decision->policy);
    add_text(r, decision->recommendation);
    add_int(r, decision->chosen_usd_micro_per_h);
    add_int(r, decision->rejected_usd_micro_per_h);
    add_double(r, decision->confidence);
    add_int(r, decision->moved);
    add_text(r, decision->reason);
    add_text(r, decision->flip);
    add_int(r, (int64_t)seq);
    add_int(r, decision->switch_recommended);
    add_text(r, decision->source);
    add_int(r, decision->gap_usd_micro_per_h);
    add_int(r, decision->gain_usd_micro);
    add_int(r, decision->gain_low_usd_micro);
    add_int(r, decision->gain_high_usd_micro);
    add_int(r, decision->horizon_us);
    add_double(r, decision->flip_value);
    add_double(r, decision->forecast_usd_per_mwh);
    done(r, DECISION_INSERT);
}

/* NULL where no product is meant. */
static void add_product(row *r, hcp_reserve product)
{
    add_text(r,
             product == HCP_RESERVE_NONE ? NULL : hcp_enum_name(&HCP_RESERVE_NAMES, (int)product));
}

static void project_price(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    const hcp_price_observed *price = &event->price_observed;
    add_int(r, (int64_t)seq);
    add_text(r, hcp_enum_name(&HCP_PRICE_KIND_NAMES, (int)price->kind));
    add_facility(r, state, price->facility);
    add_int(r, event->time_us);
    add_int(r, price->observed_us);
    if (price->quality == HCP_QUALITY_MISSING)
        add_text(r, NULL);
    else
        add_double(r, price->value);
    add_text(r, price->source);
    add_text(r, hcp_enum_name(&HCP_QUALITY_NAMES, (int)price->quality));
    add_int(r, price->simulated);
    add_product(r, price->product);
    done(r, PRICE_INSERT);
}

static void project_published(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    const hcp_prices_published *prices = &event->prices_published;
    const hcp_coming_price *coming = prices->prices.items;
    for (uint32_t i = 0; i < prices->prices.count; i++) {
        int64_t from_us = prices->from_us + i * prices->step_us;
        add_int(r, (int64_t)seq);
        add_text(r, hcp_enum_name(&HCP_PRICE_KIND_NAMES, (int)prices->kind));
        add_facility(r, state, prices->facility);
        add_int(r, event->time_us);
        add_int(r, from_us);
        add_int(r, from_us + prices->step_us);
        add_double(r, coming[i].value);
        add_text(r, prices->source);
        add_product(r, prices->product);
        done(r, PUBLISHED_INSERT);
    }
}

static void project_interval(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    const hcp_interval_closed *closed = &event->interval_closed;
    add_facility(r, state, closed->facility);
    add_int(r, closed->from_us);
    add_int(r, closed->until_us);
    add_double(r, closed->usd_per_mwh);
    add_double(r, closed->hashprice);
    add_double(r, closed->cap_w);
    add_int(r, closed->stale_us);
    for (int use = 0; use < HCP_USES; use++)
        add_int(r, closed->energy_j[use]);
    add_int(r, closed->mining_usd_micro);
    add_int(r, closed->ai_usd_micro);
    add_int(r, closed->energy_cost_usd_micro);
    add_int(r, closed->foregone_usd_micro);
    add_int(r, closed->avoided_usd_micro);
    add_int(r, (int64_t)seq);
    add_int(r, closed->grid_usd_micro);
    add_int(r, closed->pool_fee_usd_micro);
    add_double(r, closed->settled ? closed->settled_usd_per_mwh : NAN);
    add_int(r, closed->peak_charge_usd_micro);
    done(r, INTERVAL_INSERT);
    const hcp_reserve_sold *sold = closed->reserve.items;
    for (uint32_t i = 0; i < closed->reserve.count; i++) {
        add_facility(r, state, closed->facility);
        add_int(r, closed->from_us);
        add_text(r, hcp_enum_name(&HCP_RESERVE_NAMES, (int)sold[i].product));
        add_int(r, sold[i].ready_j);
        add_int(r, sold[i].usd_micro);
        done(r, INTERVAL_RESERVE);
    }
}

static void project_settled(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)seq;
    const hcp_interval_settled *settled = &event->interval_settled;
    add_facility(r, state, settled->facility);
    add_int(r, settled->from_us);
    add_double(r, settled->usd_per_mwh);
    add_int(r, settled->true_up_usd_micro);
    add_int(r, settled->avoided_usd_micro);
    done(r, INTERVAL_SETTLED);
}

static void project_alert(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)seq;
    const hcp_alert_raised *alert = &event->alert_raised;
    add_id(r, HCP_ID_ALERT, alert->id.value);
    add_text(r, hcp_enum_name(&HCP_SEVERITY_NAMES, (int)alert->severity));
    add_text(r, hcp_enum_name(&HCP_ALERT_CATEGORY_NAMES, (int)alert->category));
    add_text(r, alert->kind);
    add_text(r, alert->subject);
    add_text(r, alert->message);
    add_facility(r, state, alert->facility);
    add_customer(r, state, alert->customer);
    add_id(r, HCP_ID_WORKLOAD, alert->workload.value);
    add_int(r, event->time_us);
    done(r, ALERT_INSERT);
}

static void project_alert_changed(row *r, const hcp_state *state, const hcp_event *event,
                                  uint64_t seq)
{
    (void)state;
    (void)seq;
    add_id(r, HCP_ID_ALERT, event->alert_changed.id.value);
    add_int(r, event->alert_changed.acknowledged);
    add_int(r, event->alert_changed.cleared);
    add_int(r, event->time_us);
    add_text(r, event->alert_changed.note);
    done(r, ALERT_CHANGED);
}

static void project_devices(row *r, const hcp_event *event, uint64_t seq, const hcp_array *devices,
                            const char *what, const char *reason, int32_t xid)
{
    const uint32_t *ix = devices->items;
    for (uint32_t i = 0; i < devices->count; i++) {
        add_int(r, (int64_t)seq);
        add_int(r, ix[i]);
        add_int(r, event->time_us);
        add_text(r, what);
        add_text(r, reason);
        add_int(r, xid);
        done(r, DEVICE_CHANGE);
    }
}

static void project_health(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)state;
    const hcp_health_changed *change = &event->health_changed;
    project_devices(r, event, seq, &change->devices,
                    hcp_enum_name(&HCP_HEALTH_NAMES, (int)change->health), change->reason,
                    change->xid);
}

static void project_admin(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)state;
    const hcp_admin_changed *change = &event->admin_changed;
    project_devices(r, event, seq, &change->devices,
                    hcp_enum_name(&HCP_ADMIN_NAMES, (int)change->admin), change->reason, 0);
}

static void project_grid(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq)
{
    (void)seq;
    const hcp_grid_announced *def = &event->grid_announced;
    add_id(r, HCP_ID_GRID, def->id.value);
    add_facility(r, state, def->facility);
    add_text(r, hcp_enum_name(&HCP_GRID_KIND_NAMES, (int)def->kind));
    add_text(r, def->program);
    add_text(r, def->source);
    add_int(r, event->time_us);
    add_int(r, def->start_us);
    add_int(r, def->end_us);
    add_int(r, def->baseline_w);
    add_int(r, def->target_w);
    add_known_int(r, def->respond_by_us != 0, def->respond_by_us);
    done(r, GRID_INSERT);
}

static void project_grid_changed(row *r, const hcp_state *state, const hcp_event *event,
                                 uint64_t seq)
{
    (void)state;
    (void)seq;
    const hcp_grid_changed *changed = &event->grid_changed;
    add_id(r, HCP_ID_GRID, changed->id.value);
    add_text(r, hcp_enum_name(&HCP_GRID_STAGE_NAMES, (int)changed->stage));
    add_int(r, changed->reached);
    add_int(r, changed->stage >= HCP_GRID_ENDED);
    add_int(r, event->time_us);
    add_int(r, changed->availability_usd_micro);
    add_text(r, changed->reason);
    const hcp_grid_weighed *weighed = changed->weighed.items;
    add_known_int(r, weighed != NULL, weighed != NULL ? weighed->worth_usd_micro : 0);
    done(r, GRID_CHANGED);
}

static void project_grid_measured(row *r, const hcp_state *state, const hcp_event *event,
                                  uint64_t seq)
{
    (void)state;
    (void)seq;
    const hcp_grid_measured *part = &event->grid_measured;
    add_id(r, HCP_ID_GRID, part->id.value);
    add_int(r, part->from_us);
    add_int(r, part->until_us);
    add_int(r, part->energy_j);
    add_int(r, part->committed_j);
    add_int(r, part->delivered_j);
    add_int(r, part->payment_usd_micro);
    add_int(r, part->penalty_usd_micro);
    done(r, GRID_MEASURED);
}

typedef void (*project_fn)(row *r, const hcp_state *state, const hcp_event *event, uint64_t seq);

/* Events without a row here are read from journal_entry. */
static const project_fn PROJECT[HCP_EVENT_TYPES] = {
    [HCP_EVENT_WORKLOAD_ACCEPTED] = project_accepted,
    [HCP_EVENT_WORKLOAD_DEFERRED] = project_deferred,
    [HCP_EVENT_WORKLOAD_STARTED] = project_started,
    [HCP_EVENT_WORKLOAD_REQUEUED] = project_requeued,
    [HCP_EVENT_WORKLOAD_ENDED] = project_ended,
    [HCP_EVENT_WAIT_CHANGED] = project_wait,
    [HCP_EVENT_LEASE_GRANTED] = project_lease,
    [HCP_EVENT_LEASE_RELEASED] = project_release,
    [HCP_EVENT_SWITCH_STARTED] = project_switch,
    [HCP_EVENT_SWITCH_PHASE_ENDED] = project_phase,
    [HCP_EVENT_SWITCH_ENDED] = project_switch_ended,
    [HCP_EVENT_DECISION_RECORDED] = project_decision,
    [HCP_EVENT_PRICE_OBSERVED] = project_price,
    [HCP_EVENT_PRICES_PUBLISHED] = project_published,
    [HCP_EVENT_INTERVAL_CLOSED] = project_interval,
    [HCP_EVENT_INTERVAL_SETTLED] = project_settled,
    [HCP_EVENT_ALERT_RAISED] = project_alert,
    [HCP_EVENT_ALERT_CHANGED] = project_alert_changed,
    [HCP_EVENT_HEALTH_CHANGED] = project_health,
    [HCP_EVENT_ADMIN_CHANGED] = project_admin,
    [HCP_EVENT_GRID_ANNOUNCED] = project_grid,
    [HCP_EVENT_GRID_CHANGED] = project_grid_changed,
    [HCP_EVENT_GRID_MEASURED] = project_grid_measured,
};

void hcp_projection_project(const hcp_state *state, const hcp_event *event, uint64_t seq,
                            hcp_journal_batch *batch)
{
    row r = {.batch = batch};
    if (PROJECT[event->type] != NULL)
        PROJECT[event->type](&r, state, event, seq);
}

bool hcp_projection_project_entry(void *user_data, const hcp_journal_entry *entry,
                                  hcp_journal_batch *ops, GError **error)
{
    hcp_core *core = user_data;
    hcp_event event;
    if (!hcp_event_parse(entry->type, entry->time_us, entry->payload, entry->payload_size, &event,
                         error))
        return false;
    bool applied = hcp_core_apply(core, &event, error);
    if (applied)
        hcp_projection_project(hcp_core_state(core), &event, entry->seq, ops);
    hcp_event_clear(&event);
    return applied;
}

bool hcp_projection_rebuild(hcp_journal *journal, GError **error)
{
    g_autoptr(hcp_core) core = hcp_core_new();
    return hcp_journal_rebuild(journal, hcp_projection_project_entry, NULL, core, error);
}
