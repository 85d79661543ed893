/* SPDX-License-Identifier: Apache-2.0 */
/* Grid events as rows: what the journal says about them, and what follows from it. */
#include "core/grid.h"
#include "core/internal.h"
#include "core/metering.h"

static const char *const VERDICT_TEXT[] = {"pending", "met", "short"};
const hcp_enum_names HCP_GRID_VERDICT_NAMES = HCP_ENUM_NAMES(VERDICT_TEXT);

static hcp_grid_event *event_at(const hcp_state *state, guint i)
{
    return &g_array_index(state->grid_events, hcp_grid_event, i);
}

/* Position of the event, by bisection: ids grow. The length of the table when it is unknown. */
static guint position(const hcp_state *state, uint64_t id)
{
    guint low = 0, high = state->grid_events->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (event_at(state, middle)->def.id.value < id)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < state->grid_events->len && event_at(state, low)->def.id.value == id;
    return found ? low : state->grid_events->len;
}

const hcp_grid_event *hcp_grid_find(const hcp_state *state, hcp_grid_id id)
{
    guint i = position(state, id.value);
    return i < state->grid_events->len ? event_at(state, i) : NULL;
}

const hcp_grid_event *hcp_grid_in_force(const hcp_state *state, uint32_t facility)
{
    uint64_t id = hcp_state_facility(state, facility)->grid_event;
    return id == 0 ? NULL : hcp_grid_find(state, (hcp_grid_id){id});
}

int64_t hcp_grid_begin_us(const hcp_grid_announced *def)
{
    return def->start_us - def->ramp_us;
}

int64_t hcp_grid_over_us(const hcp_grid_announced *def)
{
    return def->end_us + def->restore_us;
}

bool hcp_grid_is_open(const hcp_grid_event *event)
{
    return event->stage < HCP_GRID_ENDED;
}

bool hcp_grid_is_agreed(const hcp_grid_event *event)
{
    return hcp_grid_is_open(event) && event->stage != HCP_GRID_OFFERED;
}

static bool bounds_power(hcp_grid_stage stage)
{
    return stage == HCP_GRID_RAMPING || stage == HCP_GRID_ACTIVE || stage == HCP_GRID_RESTORING;
}

static int64_t step_cap_w(const hcp_grid_announced *def, uint32_t step, int64_t cap_w)
{
    int64_t room_w = MAX(0, cap_w - def->target_w);
    return MIN(cap_w, def->target_w + room_w * step / HCP_GRID_STEPS);
}

int64_t hcp_grid_cap_w(const hcp_grid_event *event, int64_t cap_w)
{
    return step_cap_w(&event->def, event->step, cap_w);
}

int64_t hcp_grid_planned_cap_w(const hcp_grid_announced *def, int64_t cap_w, int64_t at_us)
{
    if (at_us < hcp_grid_begin_us(def) || at_us >= hcp_grid_over_us(def))
        return cap_w;
    int64_t since_us = MAX(0, at_us - def->end_us);
    uint32_t step = since_us > 0 ? (uint32_t)(since_us * HCP_GRID_STEPS / def->restore_us) : 0;
    return step_cap_w(def, step, cap_w);
}

const hcp_grid_event *hcp_grid_at(const hcp_state *state, uint32_t facility, int64_t at_us)
{
    for (guint i = 0; i < state->grid_events->len; i++) {
        const hcp_grid_event *event = event_at(state, i);
        const hcp_grid_announced *def = &event->def;
        if (def->facility == facility && hcp_grid_is_agreed(event) &&
            at_us >= hcp_grid_begin_us(def) && at_us < hcp_grid_over_us(def))
            return event;
    }
    return NULL;
}

int64_t hcp_grid_cap_at_w(const hcp_state *state, uint32_t facility, int64_t at_us)
{
    int64_t cap_w = hcp_state_facility(state, facility)->def.cap_w;
    const hcp_grid_event *event = hcp_grid_at(state, facility, at_us);
    return event != NULL ? hcp_grid_planned_cap_w(&event->def, cap_w, at_us) : cap_w;
}

int64_t hcp_grid_credited_j(const hcp_grid_measured *interval)
{
    return CLAMP(interval->delivered_j, 0, interval->committed_j);
}

void hcp_grid_report_of(const hcp_grid_event *event, hcp_grid_report *ret_report)
{
    hcp_grid_report report = {.availability_usd_micro = event->availability_usd_micro,
                              .intervals = event->intervals.count,
                              .reach_us = -1};
    for (uint32_t i = 0; i < event->intervals.count; i++) {
        const hcp_grid_measured *part = (const hcp_grid_measured *)event->intervals.items + i;
        int64_t credited_j = hcp_grid_credited_j(part);
        report.measured_us += part->until_us - part->from_us;
        report.energy_j += part->energy_j;
        report.committed_j += part->committed_j;
        report.delivered_j += part->delivered_j;
        report.credited_j += credited_j;
        report.payment_usd_micro += part->payment_usd_micro;
        report.penalty_usd_micro += part->penalty_usd_micro;
        report.short_intervals += credited_j < part->committed_j;
    }
    report.ratio =
        report.committed_j > 0 ? (double)report.credited_j / (double)report.committed_j : 1;
    report.income_usd_micro =
        report.payment_usd_micro + report.availability_usd_micro - report.penalty_usd_micro;
    if (event->reached_us != 0)
        report.reach_us = event->reached_us - hcp_grid_begin_us(&event->def);
    if (report.intervals > 0 && event->stage > HCP_GRID_ACTIVE)
        report.verdict = report.ratio * 100 >= HCP_GRID_MET_PERCENT ? HCP_GRID_MET : HCP_GRID_SHORT;
    *ret_report = report;
}

/* --- apply --------------------------------------------------------------------------------------------------------- */

static void arm(hcp_core *core, uint64_t id)
{
    hcp_timers_arm(
        &core->timers,
        (hcp_timer){.due_us = hcp_grid_due(core, 0, id), .kind = HCP_TIMER_GRID, .id = id});
}

static void pay(hcp_core *core, uint32_t facility, hcp_usd_micro amount)
{
    hcp_core_facility(core, facility)->grid_usd_micro += amount;
}

/* Why an event cannot be as it is said, or NULL. */
static const char *fault_of(const hcp_state *state, const hcp_grid_announced *def)
{
    if (def->facility >= state->fleet.facilities->len)
        return "its facility is unknown";
    if (def->kind >= HCP_GRID_KINDS || def->interval_us <= 0 || def->ramp_us < 0 ||
        def->restore_us < 0 || def->end_us <= def->start_us ||
        def->end_us - def->start_us > def->interval_us * HCP_GRID_MAX_INTERVALS)
        return "its kind or times are out of range";
    if (def->target_w <= 0 || def->baseline_w < def->target_w)
        return "its target is not below its baseline";
    return NULL;
}

static void clear_weighed(hcp_grid_event *row)
{
    for (uint32_t i = 0; i < row->weighed.count; i++)
        hcp_record_clear(&HCP_GRID_WEIGHED_RECORD, (hcp_grid_weighed *)row->weighed.items + i);
    g_clear_pointer(&row->weighed.items, g_free);
    row->weighed.count = 0;
}

void hcp_grid_clear_row(hcp_grid_event *row)
{
    g_free(row->intervals.items);
    g_free(row->marks.items);
    g_free(row->reason);
    clear_weighed(row);
    hcp_record_clear(hcp_event_record(HCP_EVENT_GRID_ANNOUNCED), &row->def);
}

/* Keeps what an answer rests on. */
static void keep_weighed(hcp_grid_event *row, const hcp_array *weighed)
{
    if (weighed->count == 0)
        return;
    clear_weighed(row);
    hcp_grid_weighed *own = hcp_array_init(&row->weighed, 1, sizeof *own);
    hcp_record_copy(&HCP_GRID_WEIGHED_RECORD, weighed->items, own);
}

/* Forgets the oldest event that is over when more are kept than wanted. What it was paid stays accounted for. */
static void expire(hcp_core *core)
{
    GArray *events = core->state.grid_events;
    for (guint i = 0; events->len > HCP_GRID_KEPT && i < events->len; i++) {
        hcp_grid_event *event = event_at(&core->state, i);
        if (hcp_grid_is_open(event))
            continue;
        hcp_grid_report report;
        hcp_grid_report_of(event, &report);
        hcp_core_facility(core, event->def.facility)->grid_past_usd_micro +=
            report.income_usd_micro;
        hcp_grid_clear_row(event);
        g_array_remove_index(events, i--);
    }
}

const char *hcp_grid_apply_announced(hcp_core *core, const hcp_event *event)
{
    const hcp_grid_announced *def = &event->grid_announced;
    const char *fault = fault_of(&core->state, def);
    if (fault != NULL)
        return fault;
    if (def->id.value <= core->state.last_id)
        return "its id is not new";
    hcp_grid_event row = {.announced_us = event->time_us,
                          .stage = def->respond_by_us > 0 ? HCP_GRID_OFFERED : HCP_GRID_ANNOUNCED};
    hcp_record_copy(hcp_event_record(event->type), def, &row.def);
    g_array_append_val(core->state.grid_events, row);
    hcp_core_facility(core, def->facility)->grid_open += hcp_grid_is_agreed(&row);
    hcp_core_note_id(core, def->id.value);
    arm(core, def->id.value);
    expire(core);
    return NULL;
}

static int64_t read_j(const hcp_state *state, uint32_t facility, int64_t at_us)
{
    hcp_meter meter;
    hcp_meter_read(state, facility, at_us, &meter);
    return hcp_meter_energy_j(&meter);
}

int64_t hcp_grid_energy_j(const hcp_state *state, const hcp_grid_event *row, int64_t at_us)
{
    const hcp_grid_mark *marks = row->marks.items;
    for (uint32_t i = 0; i < row->marks.count; i++)
        if (marks[i].at_us == at_us)
            return marks[i].energy_j;
    return read_j(state, row->def.facility, at_us);
}

int64_t hcp_grid_boundary_us(const hcp_grid_announced *def, int64_t after_us)
{
    if (after_us < def->start_us)
        return def->start_us;
    if (after_us >= def->end_us)
        return INT64_MAX;
    int64_t whole = (after_us - def->start_us) / def->interval_us;
    return MIN(def->start_us + (whole + 1) * def->interval_us, def->end_us);
}

static void mark(const hcp_state *state, hcp_grid_event *row, int64_t until_us)
{
    int64_t at_us = hcp_state_facility(state, row->def.facility)->metered_us;
    while ((at_us = hcp_grid_boundary_us(&row->def, at_us)) < until_us) {
        hcp_grid_mark *marks = row->marks.items =
            g_renew(hcp_grid_mark, row->marks.items, row->marks.count + 1);
        marks[row->marks.count++] = (hcp_grid_mark){at_us, read_j(state, row->def.facility, at_us)};
    }
}

void hcp_grid_mark_boundaries(hcp_core *core, uint32_t facility, int64_t until_us)
{
    const hcp_state *state = &core->state;
    if (hcp_state_facility(state, facility)->grid_open == 0)
        return;
    for (guint i = 0; i < state->grid_events->len; i++) {
        hcp_grid_event *row = event_at(state, i);
        if (row->def.facility == facility && hcp_grid_is_open(row))
            mark(state, row, until_us);
    }
}

/* Marks up to what is measured now have served. */
static void drop_marks(hcp_grid_event *row)
{
    hcp_grid_mark *marks = row->marks.items;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < row->marks.count; i++)
        if (marks[i].at_us > row->measured_us)
            marks[kept++] = marks[i];
    row->marks.count = kept;
    if (kept == 0)
        g_clear_pointer(&row->marks.items, g_free);
}

static void begin_measuring(const hcp_state *state, hcp_grid_event *row)
{
    row->measured_us = row->def.start_us;
    row->measured_j = hcp_grid_energy_j(state, row, row->measured_us);
    drop_marks(row);
}

const char *hcp_grid_apply_changed(hcp_core *core, const hcp_event *event)
{
    const hcp_grid_changed *changed = &event->grid_changed;
    hcp_grid_event *row = (hcp_grid_event *)hcp_grid_find(&core->state, changed->id);
    if (row == NULL || !hcp_grid_is_open(row))
        return "it names a grid event that is not open";
    if (changed->stage < row->stage || changed->stage >= HCP_GRID_STAGES ||
        changed->step > HCP_GRID_STEPS)
        return "a grid event does not go back";
    hcp_facility *facility = hcp_core_facility(core, row->def.facility);
    int64_t cap_w = hcp_power_cap_w(&core->state, row->def.facility);
    /* What is sold as reserve changes with what is in force. */
    if (facility->def.reserve_products != 0)
        hcp_metering_advance(core, row->def.facility, event->time_us);
    if (changed->stage == HCP_GRID_ACTIVE && row->stage < HCP_GRID_ACTIVE)
        begin_measuring(&core->state, row);
    facility->grid_open -= hcp_grid_is_agreed(row);
    row->stage = changed->stage;
    facility->grid_open += hcp_grid_is_agreed(row);
    row->automatic |= changed->automatic;
    keep_weighed(row, &changed->weighed);
    row->step = changed->step;
    if (changed->reached)
        row->reached_us = event->time_us;
    if (changed->reason != NULL) {
        g_free(row->reason);
        row->reason = g_strdup(changed->reason);
    }
    row->availability_usd_micro += changed->availability_usd_micro;
    pay(core, row->def.facility, changed->availability_usd_micro);
    if (bounds_power(row->stage))
        facility->grid_event = row->def.id.value;
    else if (facility->grid_event == row->def.id.value)
        facility->grid_event = 0;
    hcp_account_cap_changed(core, row->def.facility, cap_w);
    if (!hcp_grid_is_open(row)) {
        row->finished_us = event->time_us;
        g_clear_pointer(&row->marks.items, g_free);
        row->marks.count = 0;
    }
    arm(core, changed->id.value);
    return NULL;
}

const char *hcp_grid_apply_measured(hcp_core *core, const hcp_event *event)
{
    const hcp_grid_measured *part = &event->grid_measured;
    hcp_grid_event *row = (hcp_grid_event *)hcp_grid_find(&core->state, part->id);
    if (row == NULL || row->stage != HCP_GRID_ACTIVE)
        return "it names a grid event that is not active";
    if (part->from_us != row->measured_us || part->until_us < part->from_us ||
        row->intervals.count > HCP_GRID_MAX_INTERVALS)
        return "it does not follow the interval before";
    hcp_grid_measured *parts = row->intervals.items =
        g_renew(hcp_grid_measured, row->intervals.items, row->intervals.count + 1);
    parts[row->intervals.count++] = *part;
    row->measured_us = part->until_us;
    row->measured_j += part->energy_j;
    drop_marks(row);
    pay(core, row->def.facility, part->payment_usd_micro - part->penalty_usd_micro);
    arm(core, part->id.value);
    return NULL;
}

void hcp_grid_rebuild(hcp_core *core)
{
    for (guint i = 0; i < core->state.grid_events->len; i++) {
        const hcp_grid_event *row = event_at(&core->state, i);
        if (bounds_power(row->stage))
            hcp_core_facility(core, row->def.facility)->grid_event = row->def.id.value;
        if (!hcp_grid_is_open(row))
            continue;
        hcp_core_facility(core, row->def.facility)->grid_open += hcp_grid_is_agreed(row);
        arm(core, row->def.id.value);
    }
}

/* --- invariants ---------------------------------------------------------------------------------------------------- */

bool hcp_grid_sound(const hcp_state *state)
{
    for (guint i = 0; i < state->grid_events->len; i++) {
        const hcp_grid_event *row = event_at(state, i);
        if (fault_of(state, &row->def) != NULL || row->stage >= HCP_GRID_STAGES ||
            row->step > HCP_GRID_STEPS || row->intervals.count > HCP_GRID_MAX_INTERVALS + 1 ||
            row->weighed.count > 1 ||
            (row->stage == HCP_GRID_OFFERED && row->def.respond_by_us <= 0) ||
            (i > 0 && row->def.id.value <= event_at(state, i - 1)->def.id.value))
            return false;
    }
    return true;
}

/* The intervals of an event join, and their money is what their energy says. */
static char *check_intervals(const hcp_grid_event *row)
{
    int64_t at_us = row->measured_us;
    for (uint32_t i = row->intervals.count; i-- > 0;) {
        const hcp_grid_measured *part = (const hcp_grid_measured *)row->intervals.items + i;
        int64_t credited_j = hcp_grid_credited_j(part);
        if (part->until_us != at_us)
            return g_strdup_printf("interval %u of a grid event does not join the next", i);
        if (part->payment_usd_micro !=
                hcp_money_energy_cost(credited_j, row->def.payment_usd_micro_per_mwh) ||
            part->penalty_usd_micro != hcp_money_energy_cost(part->committed_j - credited_j,
                                                             row->def.penalty_usd_micro_per_mwh))
            return g_strdup_printf("interval %u of a grid event is paid wrongly", i);
        at_us = part->from_us;
    }
    return NULL;
}

char *hcp_check_grid(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    uint32_t n = state->fleet.facilities->len;
    g_autofree hcp_usd_micro *income = g_new0(hcp_usd_micro, n + 1);
    g_autofree uint64_t *in_force = g_new0(uint64_t, n + 1);
    g_autofree uint32_t *open = g_new0(uint32_t, n + 1);
    if (!hcp_grid_sound(state))
        return g_strdup("a grid event is out of order or out of range");
    for (guint i = 0; i < state->grid_events->len; i++) {
        const hcp_grid_event *row = event_at(state, i);
        hcp_grid_report report;
        hcp_grid_report_of(row, &report);
        income[row->def.facility] += report.income_usd_micro;
        open[row->def.facility] += hcp_grid_is_agreed(row);
        if (bounds_power(row->stage) && in_force[row->def.facility] != 0)
            return g_strdup("two grid events bound the power of one facility");
        if (bounds_power(row->stage))
            in_force[row->def.facility] = row->def.id.value;
        char *broken = check_intervals(row);
        if (broken != NULL)
            return broken;
    }
    for (uint32_t f = 0; f < n; f++) {
        const hcp_facility *facility = hcp_state_facility(state, f);
        if (facility->grid_event != in_force[f] || facility->grid_open != open[f])
            return g_strdup_printf("facility %s has lost sight of its grid event",
                                   facility->def.key);
        const hcp_grid_event *event = hcp_grid_in_force(state, f);
        if (event != NULL && event->def.kind == HCP_GRID_DEMAND_RESPONSE &&
            hcp_power_reserve_w(state, f) != 0)
            return g_strdup_printf("facility %s sells what a demand response event takes",
                                   facility->def.key);
        hcp_usd_micro sold_usd_micro = 0;
        for (int product = 0; product < HCP_RESERVES; product++)
            sold_usd_micro += facility->reserve_sold[product].usd_micro;
        /* Until products were told apart they were not counted. */
        if (sold_usd_micro > facility->reserve_usd_micro)
            return g_strdup_printf("the products of facility %s were paid more than its reserve",
                                   facility->def.key);
        if (facility->grid_usd_micro != facility->grid_past_usd_micro + income[f])
            return g_strdup_printf("the grid income of facility %s is not that of its events",
                                   facility->def.key);
    }
    return NULL;
}
