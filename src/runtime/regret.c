/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/regret.h"

#include "base/json.h"
#include "base/units.h"
#include "core/account.h"
#include "core/power.h"
#include "core/switch_cost.h"
#include "runtime/platform_internal.h"

#include <math.h>
#include <string.h>

typedef struct {
    uint32_t class_ix, feeder;
    hcp_dispatch_target targets[HCP_FLEET_REGRET_TARGETS];
} case_class;

/* Intervals [first, first + n) of the case, one after the other. */
typedef struct {
    size_t first, n;
    double *mining; /* when it begins, by class; NULL = unknown */
} stretch;

struct hcp_regret_case {
    double pue, pool_fee, min_dwell_h;
    GArray *own;     /* case_class */
    GArray *classes; /* hcp_fleet_regret_class, beside them */
    GArray *steps;   /* hcp_fleet_regret_step of all stretches */
    GPtrArray *did;  /* hcp_fleet_regret_did *, one row of classes a step */
    GArray *stretches;
    double feeder_mw[HCP_MAX_FEEDERS]; /* what each carries, with overhead */
    int n_feeders;
    hcp_regret_answer answer; /* what is known before it is solved */
};

hcp_regret_costs hcp_regret_costs_of(const hcp_platform *platform)
{
    return (hcp_regret_costs){.switch_usd_per_device = platform->options.switch_usd_per_device};
}

static void clear_stretch(void *data)
{
    g_free(((stretch *)data)->mining);
}

static void fill_class(const hcp_state *state, const hcp_group *group,
                       const hcp_regret_costs *costs, hcp_regret_case *c)
{
    const hcp_class_defined *def = &hcp_state_class(state, group->class_ix)->def;
    const hcp_power_target *points = def->power_targets.items;
    bool mines = hcp_power_can_mine(&state->settings, def);
    bool asic = def->kind == HCP_DEVICE_ASIC;
    case_class own = {.class_ix = group->class_ix, .feeder = group->feeder};
    hcp_fleet_regret_class class_ = {
        .n_targets = mines ? (int)MIN(def->power_targets.count, HCP_FLEET_REGRET_TARGETS) : 0,
        .rest_w = (double)(asic ? def->standby_w : def->idle_w),
        .mining_usd_per_h = asic ? 0 : hcp_money_to_usd(def->mining_usd_micro_per_h),
        .switch_usd = costs->switch_usd_per_device,
        .ready = asic,
        .feeder = (int)group->feeder,
    };
    for (int t = 0; t < class_.n_targets; t++)
        own.targets[t] = (hcp_dispatch_target){(double)points[t].power_w, points[t].ths};
    (void)hcp_switch_cost_move(state, group->facility, group->class_ix, &class_.switch_usd);
    g_array_append_val(c->own, own);
    g_array_append_val(c->classes, class_);
}

static void fill_classes(const hcp_state *state, uint32_t facility, const hcp_regret_costs *costs,
                         hcp_regret_case *c)
{
    for (uint32_t g = 0; g < state->fleet.groups->len; g++)
        if (hcp_state_group(state, g)->facility == facility)
            fill_class(state, hcp_state_group(state, g), costs, c);
    for (guint i = 0; i < c->classes->len; i++) /* they do not move any more */
        g_array_index(c->classes, hcp_fleet_regret_class, i).targets =
            g_array_index(c->own, case_class, i).targets;
}

static const hcp_class_account *account_of(const hcp_interval_closed *interval,
                                           const case_class *own)
{
    const hcp_class_account *rows = interval->classes.items;
    for (uint32_t i = 0; i < interval->classes.count; i++)
        if (rows[i].class_ix == own->class_ix && rows[i].feeder == own->feeder)
            return &rows[i];
    return NULL;
}

static void fill_did(const hcp_class_account *row, double us, double pue, hcp_fleet_regret_did *did)
{
    const hcp_mined_target *mined = row->mined.items;
    did->drawn_mw = (double)row->drawn_j / us * pue; /* J a microsecond are MW */
    did->at_hand = (double)row->at_hand_us / us;
    did->starts = (double)row->starts;
    did->stops = (double)row->stops;
    for (uint32_t i = 0; i < row->mined.count; i++)
        if (mined[i].target < HCP_FLEET_REGRET_TARGETS)
            did->mined[mined[i].target] = (double)mined[i].mined_us / us;
}

static void add_step(hcp_regret_case *c, const hcp_interval_closed *interval)
{
    double us = (double)(interval->until_us - interval->from_us);
    hcp_fleet_regret_did *did = g_new0(hcp_fleet_regret_did, MAX(1, c->classes->len));
    for (guint i = 0; i < c->own->len; i++) {
        const hcp_class_account *row = account_of(interval, &g_array_index(c->own, case_class, i));
        if (row != NULL)
            fill_did(row, us, c->pue, &did[i]);
    }
    hcp_fleet_regret_step step = {
        .hours = us / (double)HCP_US_PER_H,
        .usd_per_mwh = interval->own_price ? interval->settled_usd_per_mwh : interval->usd_per_mwh,
        .hashprice = interval->hashprice,
        .reserve_usd_per_mw = interval->ready_usd_per_mw,
        .cap_mw = interval->cap_w / (double)HCP_W_PER_MW,
        .drawn_mw = (double)hcp_account_energy_j(interval) / us, /* J a microsecond are MW */
        .classes = did,
    };
    g_ptr_array_add(c->did, did);
    g_array_append_val(c->steps, step);
}

/* What mined at the end of an interval mines when the next begins. */
static double *mining_after(const hcp_regret_case *c, const hcp_interval_closed *interval)
{
    double *mining = g_new0(double, MAX(1, c->own->len));
    for (guint i = 0; i < c->own->len; i++) {
        const hcp_class_account *row = account_of(interval, &g_array_index(c->own, case_class, i));
        mining[i] = row != NULL ? (double)row->mining : 0;
    }
    return mining;
}

static bool is_judged(const hcp_interval_closed *interval)
{
    return interval->stale_us == 0 && !hcp_account_stood_still(interval);
}

static void leave_out(hcp_regret_answer *answer, const hcp_interval_closed *interval)
{
    answer->excluded++;
    answer->excluded_h += (double)(interval->until_us - interval->from_us) / (double)HCP_US_PER_H;
}

static void add_interval(hcp_regret_case *c, const hcp_interval_closed *before,
                         const hcp_interval_closed *interval, bool goes_on)
{
    hcp_regret_answer *answer = &c->answer;
    if (answer->from_us == 0)
        answer->from_us = interval->from_us;
    answer->until_us = interval->until_us;
    if (!is_judged(interval)) {
        leave_out(answer, interval);
        return;
    }
    if (!goes_on) {
        stretch begun = {.first = c->steps->len,
                         .mining = before != NULL ? mining_after(c, before) : NULL};
        g_array_append_val(c->stretches, begun);
    }
    add_step(c, interval);
    g_array_index(c->stretches, stretch, c->stretches->len - 1).n++;
    answer->intervals++;
}

static void fill_feeders(const hcp_facility_defined *def, hcp_regret_case *c)
{
    const hcp_feeder *feeders = def->feeders.items;
    c->n_feeders = (int)def->feeders.count;
    for (int f = 0; f < c->n_feeders; f++)
        c->feeder_mw[f] = (double)feeders[f].cap_w * c->pue / (double)HCP_W_PER_MW;
}

hcp_regret_case *hcp_regret_case_new(const hcp_state *state, const GArray *intervals,
                                     uint32_t facility, int64_t since_us,
                                     const hcp_regret_costs *costs)
{
    const hcp_interval_closed *before = NULL;
    bool goes_on = false;
    hcp_regret_case *c = g_new0(hcp_regret_case, 1);
    c->pue = (double)hcp_state_facility(state, facility)->def.pue_milli / 1000.0;
    c->pool_fee = (double)state->settings.pool_fee_ppm / 1e6;
    c->min_dwell_h = (double)state->settings.min_dwell_us / (double)HCP_US_PER_H;
    c->own = g_array_new(FALSE, FALSE, sizeof(case_class));
    c->classes = g_array_new(FALSE, FALSE, sizeof(hcp_fleet_regret_class));
    c->steps = g_array_new(FALSE, FALSE, sizeof(hcp_fleet_regret_step));
    c->did = g_ptr_array_new_with_free_func(g_free);
    c->stretches = g_array_new(FALSE, FALSE, sizeof(stretch));
    g_array_set_clear_func(c->stretches, clear_stretch);
    fill_feeders(&hcp_state_facility(state, facility)->def, c);
    fill_classes(state, facility, costs, c);
    for (guint i = 0; i < intervals->len; i++) {
        const hcp_interval_closed *row = &g_array_index(intervals, hcp_interval_closed, i);
        if (row->facility != facility)
            continue;
        if (row->from_us >= since_us) {
            add_interval(c, before, row, goes_on);
            goes_on = is_judged(row);
        }
        before = row;
    }
    return c;
}

void hcp_regret_case_free(hcp_regret_case *c)
{
    if (c == NULL)
        return;
    g_array_unref(c->own);
    g_array_unref(c->classes);
    g_array_unref(c->steps);
    g_ptr_array_unref(c->did);
    g_array_unref(c->stretches);
    g_free(c);
}

hcp_regret_answer hcp_regret_case_solve(const hcp_regret_case *c)
{
    hcp_regret_answer answer = c->answer;
    for (guint i = 0; i < c->stretches->len; i++) {
        const stretch *s = &g_array_index(c->stretches, stretch, i);
        const hcp_fleet_regret_problem problem = {
            .classes = (const hcp_fleet_regret_class *)(const void *)c->classes->data,
            .n_classes = (int)c->classes->len,
            .steps = &g_array_index(c->steps, hcp_fleet_regret_step, s->first),
            .n = s->n,
            .mining = s->mining,
            .pue = c->pue,
            .pool_fee = c->pool_fee,
            .min_dwell_h = c->min_dwell_h,
            .feeder_mw = c->feeder_mw,
            .n_feeders = c->n_feeders,
        };
        hcp_fleet_regret part;
        if (!hcp_fleet_regret_solve(&problem, &part)) {
            answer.failed = true;
            return answer;
        }
        hcp_fleet_regret_add(&answer.figures, &part);
    }
    return answer;
}

static void set_usd(json_t *object, const char *key, double usd)
{
    hcp_json_set_int(object, key, hcp_money_from_usd(usd));
}

/* The causes are rounded so that they add up to the regret, to the micro-dollar. */
static void set_causes(json_t *object, const hcp_fleet_regret *f)
{
    int64_t regret = hcp_money_from_usd(f->optimum_usd) - hcp_money_from_usd(f->earned_usd);
    json_t *causes = json_object();
    hcp_json_set_int(object, "regret_usd_micro", regret);
    hcp_json_set_int(causes, "forecast_usd_micro", regret);
    set_usd(causes, "constraints_usd_micro", f->unhurried_usd - f->optimum_usd);
    set_usd(causes, "switching_usd_micro", f->ideal_usd - f->unhurried_usd);
    json_object_set_new(object, "causes", causes);
}

json_t *hcp_regret_answer_json(const hcp_regret_answer *answer)
{
    const hcp_fleet_regret *f = &answer->figures;
    double closed = hcp_fleet_regret_closed_pct(f);
    json_t *object = json_object();
    hcp_json_set_number(object, "hours", round(f->hours * 1000) / 1000);
    hcp_json_set_time(object, "from", answer->from_us);
    hcp_json_set_time(object, "to", answer->until_us);
    hcp_json_set_int(object, "intervals", answer->intervals);
    hcp_json_set_int(object, "excluded_intervals", answer->excluded);
    hcp_json_set_number(object, "excluded_hours", round(answer->excluded_h * 1000) / 1000);
    set_usd(object, "earned_usd_micro", f->earned_usd);
    set_usd(object, "switching_usd_micro", f->switching_usd);
    set_usd(object, "reserve_usd_micro", f->reserve_usd);
    set_usd(object, "static_usd_micro", f->static_usd);
    set_usd(object, "optimum_usd_micro", f->optimum_usd);
    set_usd(object, "bound_usd_micro", f->bound_usd);
    set_causes(object, f);
    json_object_set_new(object, "closed_pct",
                        isnan(closed) ? json_null() : json_real(round(closed * 100) / 100));
    return object;
}
