/* SPDX-License-Identifier: Apache-2.0 */
/* Between state and policy: fills the dispatch input of a facility, asks, and hands the answer to the core. */
#include "base/units.h"
#include "core/grid.h"
#include "core/power.h"
#include "core/prices.h"
#include "core/reserve.h"
#include "core/switch_cost.h"
#include "economics/formula.h"
#include "runtime/platform_internal.h"

#include <math.h>

/* Weight of a new price change in the variance: about a day of prices. */
static const double VARIANCE_GAIN = 1.0 / 96.0;

static const hcp_price_observed *electricity(const hcp_state *state, uint32_t facility)
{
    static const hcp_price_observed none;
    return facility < state->market.electricity->len
               ? &g_array_index(state->market.electricity, hcp_price_observed, facility)
               : &none;
}

/* Steps in which prices come. A plan in finer steps would see prices that never move within an hour; one in coarser steps
 * would act late. */
static int64_t price_step(const hcp_price_observed *price)
{
    return CLAMP(price->interval_us, HCP_SETTLED_SLOT_US, HCP_US_PER_H);
}

G_STATIC_ASSERT(HCP_MAX_FEEDERS == HCP_DISPATCH_MAX_FEEDERS);
G_STATIC_ASSERT(HCP_MAX_FACILITY_GROUPS == HCP_DISPATCH_MAX_CLASSES);

static void clear_memory(void *data)
{
    hcp_steer_memory *memory = data;
    g_clear_pointer(&memory->dispatch, hcp_dispatch_free);
}

GArray *hcp_steer_memory_new(void)
{
    GArray *steering = g_array_new(FALSE, TRUE, sizeof(hcp_steer_memory));
    g_array_set_clear_func(steering, clear_memory);
    return steering;
}

static hcp_steer_memory *memory_of(hcp_platform *platform, uint32_t facility)
{
    const hcp_price_observed *price = electricity(hcp_core_state(platform->core), facility);
    int64_t step_us = price_step(price);
    if (platform->steering->len <= facility)
        g_array_set_size(platform->steering, facility + 1);
    hcp_steer_memory *memory = &g_array_index(platform->steering, hcp_steer_memory, facility);
    bool held = price->quality != HCP_QUALITY_GOOD; /* a value held over has no interval */
    if (memory->dispatch != NULL && (held || memory->step_us == step_us))
        return memory;
    hcp_dispatch_free(memory->dispatch);
    *memory = (hcp_steer_memory){
        .step_us = step_us,
        .dispatch = hcp_dispatch_new(
            platform->options.policy,
            &(hcp_dispatch_config){.step_us = step_us, .utc_offset_h = HCP_STEER_UTC_OFFSET_H}),
    };
    return memory;
}

int64_t hcp_steer_step_us(hcp_platform *platform, uint32_t facility)
{
    return memory_of(platform, facility)->step_us;
}

/* Follows the price's changes, scaled to one hour as a random walk scales. */
static void follow_changes(hcp_steer_memory *memory, const hcp_settled_price *price)
{
    if (memory->last_us != 0 && price->at_us > memory->last_us) {
        double change = price->usd_per_mwh - memory->last_usd_per_mwh;
        double hours = (double)(price->at_us - memory->last_us) / (double)HCP_US_PER_H;
        memory->change_variance +=
            VARIANCE_GAIN * (change * change / hours - memory->change_variance);
    }
    memory->last_usd_per_mwh = price->usd_per_mwh;
    memory->last_us = price->at_us;
}

hcp_dispatch_price hcp_steer_told(const hcp_settled_price *price)
{
    return (hcp_dispatch_price){
        .at_us = price->at_us,
        .usd_per_mwh = price->usd_per_mwh,
        .day_ahead_usd_per_mwh = price->has_day_ahead ? price->day_ahead_usd_per_mwh : NAN,
        .hashprice = price->hashprice,
        .reserve_usd_per_mw = price->has_reserve ? price->reserve_usd_per_mw : NAN,
    };
}

/* Tells the memory what has settled since it was told last: after a restart, all that the state still has. */
static void learn(hcp_steer_memory *memory, const hcp_state *state, uint32_t facility)
{
    const GArray *settled = state->market.settled;
    for (guint i = hcp_prices_settled_since(state, memory->learnt_us); i < settled->len; i++) {
        const hcp_settled_price *price = &g_array_index(settled, hcp_settled_price, i);
        if (price->facility != facility)
            continue;
        follow_changes(memory, price);
        const hcp_dispatch_price told = hcp_steer_told(price);
        hcp_dispatch_observe(memory->dispatch, &told);
    }
    if (settled->len > 0)
        memory->learnt_us = g_array_index(settled, hcp_settled_price, settled->len - 1).settled_us;
}

static void fill_targets(const hcp_class_defined *class_, hcp_dispatch_target *targets,
                         hcp_dispatch_class *row)
{
    const hcp_power_target *points = class_->power_targets.items;
    for (uint32_t t = 0; t < class_->power_targets.count && t < HCP_MAX_POWER_TARGETS; t++)
        targets[t] =
            (hcp_dispatch_target){.power_w = (double)points[t].power_w, .ths = points[t].ths};
    row->targets = targets;
    row->n_targets = (int)MIN(class_->power_targets.count, HCP_MAX_POWER_TARGETS);
}

/* Devices of the group that policy may move, split by what they do. */
static void fill_counts(const hcp_core *core, uint32_t group_ix, const hcp_group *group,
                        hcp_dispatch_class *row)
{
    uint32_t movable[HCP_MODES];
    hcp_core_movable(core, group_ix, movable);
    row->mining = movable[HCP_MODE_MINING];
    row->idle = movable[HCP_MODE_IDLE];
    row->curtailed = movable[HCP_MODE_CURTAILED] + movable[HCP_MODE_OFF];
    row->serving = group->leased;
    row->switching = group->switching;
    row->switching_w = (double)hcp_core_switching_w(core, group_ix);
}

static void fill_class(const hcp_platform *platform, uint32_t group_ix,
                       hcp_dispatch_target *targets, hcp_dispatch_class *row)
{
    const hcp_state *state = hcp_core_state(platform->core);
    const hcp_group *group = hcp_state_group(state, group_ix);
    const hcp_class_defined *class_ = &hcp_state_class(state, group->class_ix)->def;
    bool gpu_mines = state->settings.gpu_mining && class_->kind == HCP_DEVICE_GPU;
    *row = (hcp_dispatch_class){
        .id = group_ix,
        .feeder = (int)group->feeder,
        .asic = class_->kind == HCP_DEVICE_ASIC,
        .serving_w = (double)class_->tdp_w,
        .idle_w = (double)class_->idle_w,
        .standby_w = (double)class_->standby_w,
        .current_target = (int)group->mining_target,
        .mining_usd_per_h = gpu_mines ? hcp_money_to_usd(class_->mining_usd_micro_per_h) : 0,
        .serve_usd_per_h = hcp_money_to_usd(class_->rate_usd_micro_per_h),
        .switch_usd = platform->options.switch_usd_per_device,
        .ramp_down_h = (double)class_->ramp_down_us / (double)HCP_US_PER_H,
        .ramp_up_h = (double)class_->ramp_up_us / (double)HCP_US_PER_H,
        .moved_us = group->moved_us,
        .struck = group->struck,
        .strike_usd_per_mwh = group->strike_usd_per_mwh,
    };
    (void)hcp_switch_cost_move(state, group->facility, group->class_ix, &row->switch_usd);
    fill_targets(class_, targets, row);
    fill_counts(platform->core, group_ix, group, row);
}

/* Announced events of the grid change the cap in the coming steps; what holds in the middle of a step counts for it. */
static int fill_caps_ahead(const hcp_state *state, uint32_t facility, int64_t from_us,
                           int64_t step_us, double *ret_cap_w)
{
    if (hcp_state_facility(state, facility)->grid_open == 0)
        return 0;
    int n = (int)(HCP_DAY_AHEAD_SPAN_US / step_us);
    for (int k = 0; k < n; k++)
        ret_cap_w[k] =
            (double)hcp_grid_cap_at_w(state, facility, from_us + k * step_us + step_us / 2);
    return n;
}

/* What standing ready will be paid; nothing while an announced event takes the power. */
static int fill_reserve_ahead(const hcp_state *state, uint32_t facility, int64_t from_us,
                              int64_t step_us, double *ret_usd_per_mw)
{
    hcp_reserve_price prices[HCP_DAY_AHEAD_STEPS];
    const hcp_facility *site = hcp_state_facility(state, facility);
    if (site->def.reserve_products == 0)
        return 0;
    int n = hcp_reserve_ahead(state, facility, from_us, step_us, prices,
                              (int)(HCP_DAY_AHEAD_SPAN_US / step_us));
    for (int k = 0; k < n; k++) {
        int64_t middle_us = from_us + k * step_us + step_us / 2;
        bool taken = site->grid_open > 0 && hcp_grid_at(state, facility, middle_us) != NULL;
        ret_usd_per_mw[k] = taken ? 0 : hcp_reserve_of_share(&site->def, prices[k].usd_per_mw);
    }
    return n;
}

/* The rows of classes and feeders; returns how many classes there are. */
static int fill_fleet(const hcp_platform *platform, uint32_t facility,
                      hcp_dispatch_storage *storage)
{
    const hcp_state *state = hcp_core_state(platform->core);
    const hcp_array *feeders = &hcp_state_facility(state, facility)->def.feeders;
    int n = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len && n < HCP_DISPATCH_MAX_CLASSES; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility != facility)
            continue;
        fill_class(platform, g, storage->targets[n], &storage->classes[n]);
        storage->class_ix[n] = group->class_ix;
        storage->feeder[n++] = group->feeder;
    }
    for (uint32_t f = 0; f < feeders->count; f++)
        storage->feeder_w[f] = (double)((const hcp_feeder *)feeders->items)[f].cap_w;
    return n;
}

void hcp_platform_dispatch_input(hcp_platform *platform, uint32_t facility,
                                 hcp_dispatch_storage *storage, hcp_dispatch_input *ret_input)
{
    const hcp_state *state = hcp_core_state(platform->core);
    const hcp_facility *site = hcp_state_facility(state, facility);
    const hcp_price_observed *price = electricity(state, facility);
    const hcp_price_observed *hashprice = &state->market.global[HCP_PRICE_HASHPRICE];
    hcp_steer_memory *memory = memory_of(platform, facility);
    learn(memory, state, facility);
    int64_t step_us = memory->step_us;
    int64_t price_at_us = price->observed_us - price->interval_us;
    const hcp_price_series day_ahead = {HCP_PRICE_DAY_AHEAD, facility, HCP_RESERVE_NONE};
    int64_t now_us = hcp_clock_now(platform->options.clock);
    *ret_input = (hcp_dispatch_input){
        .now_us = now_us,
        .cap_w = (double)hcp_power_cap_w(state, facility),
        .cap_ahead_w = storage->cap_ahead_w,
        .n_cap_ahead =
            fill_caps_ahead(state, facility, price_at_us + step_us, step_us, storage->cap_ahead_w),
        .pue = (double)site->def.pue_milli / 1000.0,
        .feeder_w = storage->feeder_w,
        .n_feeders = (int)site->def.feeders.count,
        .usd_per_mwh = price->value,
        .price_at_us = price_at_us,
        .price_known_us = price->observed_us,
        .settles_late = state->settings.own_price,
        .usd_per_mwh_low = price->low,
        .usd_per_mwh_high = price->high,
        .day_ahead_usd_per_mwh = storage->day_ahead_usd_per_mwh,
        .n_day_ahead = hcp_prices_ahead(state, &day_ahead, price_at_us, step_us,
                                        storage->day_ahead_usd_per_mwh,
                                        (int)(HCP_DAY_AHEAD_SPAN_US / step_us)),
        .usd_per_mwh_sd = sqrt(memory->change_variance),
        .reserve_usd_per_mw = hcp_reserve_usd_per_mw(state, facility),
        .reserve_ahead_usd_per_mw = storage->reserve_ahead_usd_per_mw,
        .n_reserve_ahead = fill_reserve_ahead(state, facility, price_at_us + step_us, step_us,
                                              storage->reserve_ahead_usd_per_mw),
        .peaks = storage->peaks,
        .n_peaks = hcp_peaks_expect(state, facility, now_us, step_us, storage->peaks),
        .hashprice = hashprice->value,
        .pool_fee = (double)state->settings.pool_fee_ppm / 1e6,
        .price_good = price->quality == HCP_QUALITY_GOOD,
        .hashprice_good = hashprice->quality == HCP_QUALITY_GOOD,
        .min_dwell_us = state->settings.min_dwell_us,
        .threshold = platform->options.threshold,
        .classes = storage->classes,
        .n_classes = fill_fleet(platform, facility, storage),
    };
}

/* What a policy calls not good, said more exactly: the sources of a price contradict each other. */
static void name_disagreement(const hcp_state *state, const hcp_price_observed *price,
                              const char *name, hcp_dispatch_plan *plan)
{
    if (price->quality == HCP_QUALITY_SUSPECT && hcp_prices_disagree(&state->settings, price))
        g_snprintf(plan->reason, sizeof plan->reason,
                   "held: %u sources of the %s disagree, %.2f to %.2f, nothing moves on it",
                   price->sources, name, price->low, price->high);
}

static void ask(hcp_platform *platform, uint32_t facility, const hcp_dispatch_input *input,
                hcp_dispatch_plan *ret_plan)
{
    const hcp_state *state = hcp_core_state(platform->core);
    hcp_dispatch_ask(memory_of(platform, facility)->dispatch, input, ret_plan);
    if (!ret_plan->alternative) /* which is why, whatever the prices are */
        return;
    if (!input->price_good)
        name_disagreement(state, electricity(state, facility), "electricity price", ret_plan);
    else if (!input->hashprice_good)
        name_disagreement(state, &state->market.global[HCP_PRICE_BTC], "Bitcoin price", ret_plan);
}

void hcp_platform_consult(hcp_platform *platform, uint32_t facility, hcp_dispatch_plan *ret_plan)
{
    hcp_dispatch_storage storage;
    hcp_dispatch_input input;
    hcp_platform_dispatch_input(platform, facility, &storage, &input);
    ask(platform, facility, &input, ret_plan);
}

static void fill_plans(const hcp_dispatch_storage *storage, const hcp_dispatch_input *input,
                       const hcp_dispatch_choice *choices, hcp_array *ret_plans)
{
    hcp_class_plan *plans = hcp_array_init(ret_plans, (uint32_t)input->n_classes, sizeof *plans);
    for (int c = 0; c < input->n_classes; c++)
        plans[c] = (hcp_class_plan){
            .class_ix = storage->class_ix[c],
            .mine = choices[c].mine,
            .power_target = (uint32_t)choices[c].target,
            .serve = input->classes[c].serving,
            .idle = choices[c].idle,
            .curtail = choices[c].curtail,
            .power_w = (int64_t)choices[c].power_w,
            .usd_micro_per_h = hcp_money_from_usd(choices[c].usd_per_h),
            .usd_per_mwh = choices[c].usd_per_mwh,
            .feeder = storage->feeder[c],
        };
}

static void fill_input(hcp_decision_input *row, const char *name, const char *unit,
                       const hcp_price_observed *price)
{
    *row = (hcp_decision_input){
        .name = g_strdup(name),
        .unit = g_strdup(unit),
        .source = g_strdup(price->source != NULL ? price->source : "none"),
        .value = price->value,
        .observed_us = price->observed_us,
        .quality = price->quality,
    };
}

/* Mean of what is published of the steps that are planned. */
static double mean_reserve_ahead(const hcp_dispatch_input *input, int64_t step_us)
{
    int n = (int)MIN(input->n_reserve_ahead, HCP_US_PER_DAY / step_us), known = 0;
    double sum = 0;
    for (int k = 0; k < n; k++)
        if (!isnan(input->reserve_ahead_usd_per_mw[k])) {
            sum += input->reserve_ahead_usd_per_mw[k];
            known++;
        }
    return known > 0 ? sum / known : 0;
}

static void fill_reserve_inputs(const hcp_state *state, uint32_t facility,
                                const hcp_dispatch_input *input, hcp_decision_input *rows)
{
    const hcp_price_observed *price = hcp_reserve_in_force(state, facility);
    const hcp_price_observed *power = electricity(state, facility);
    int64_t step_us = price_step(power);
    fill_input(&rows[0], "reserve", "USD/(MW h)", price);
    g_free(rows[0].name);
    rows[0].name =
        g_strconcat("reserve ", hcp_enum_name(&HCP_RESERVE_NAMES, (int)price->product), NULL);
    fill_input(&rows[1], "reserve of a day", "USD/(MW h)", price);
    rows[1].value = mean_reserve_ahead(input, step_us);
}

/* The next expected charge for a MW, which rests on an assumption. */
static void fill_peak(const hcp_dispatch_input *input, hcp_decision_input *row)
{
    *row = (hcp_decision_input){
        .name = g_strdup("peak charge"),
        .unit = g_strdup("USD/MW"),
        .source = g_strdup("assumed: the month's highest day-ahead price"),
        .value = input->peaks[0].usd_per_mw,
        .observed_us = input->now_us,
        .quality = HCP_QUALITY_GOOD,
    };
}

static void fill_inputs(const hcp_state *state, uint32_t facility, const hcp_dispatch_input *input,
                        hcp_array *ret_inputs)
{
    bool reserve = hcp_state_facility(state, facility)->def.reserve_products != 0;
    uint32_t n = 4 + (reserve ? 2U : 0U) + (input->n_peaks > 0 ? 1U : 0U);
    hcp_decision_input *rows = hcp_array_init(ret_inputs, n, sizeof *rows);
    if (reserve)
        fill_reserve_inputs(state, facility, input, &rows[4]);
    if (input->n_peaks > 0)
        fill_peak(input, &rows[n - 1]);
    fill_input(&rows[0], "electricity", "USD/MWh", electricity(state, facility));
    fill_input(&rows[1], "hashprice", "USD/(PH/s day)", &state->market.global[HCP_PRICE_HASHPRICE]);
    fill_input(&rows[2], "btc", "USD", &state->market.global[HCP_PRICE_BTC]);
    fill_input(&rows[3], "gpu_spot", "USD/h", &state->market.global[HCP_PRICE_GPU_SPOT]);
}

/* What the plan is expected to be worth, and on which forecast. */
static void fill_worth(const hcp_dispatch_plan *plan, hcp_decision_recorded *decision)
{
    decision->gap_usd_micro_per_h = hcp_money_from_usd(plan->gap_usd_per_h);
    decision->gain_usd_micro = hcp_money_from_usd(plan->gain_usd);
    decision->gain_low_usd_micro = hcp_money_from_usd(plan->gain_low_usd);
    decision->gain_high_usd_micro = hcp_money_from_usd(plan->gain_high_usd);
    decision->horizon_us = (int64_t)llround(plan->horizon_h * (double)HCP_US_PER_H);
    decision->forecast_usd_per_mwh = plan->forecast_usd_per_mwh;
    decision->forecast_low_usd_per_mwh = plan->forecast_low_usd_per_mwh;
    decision->forecast_high_usd_per_mwh = plan->forecast_high_usd_per_mwh;
    decision->source = g_strdup(plan->source);
}

static void steer(hcp_platform *platform, uint32_t facility, int64_t now_us)
{
    hcp_dispatch_storage storage;
    hcp_dispatch_input input;
    hcp_dispatch_plan plan;
    hcp_platform_dispatch_input(platform, facility, &storage, &input);
    if (input.n_classes == 0)
        return;
    ask(platform, facility, &input, &plan);
    hcp_event event = {.type = HCP_EVENT_DECISION_RECORDED};
    hcp_decision_recorded *decision = &event.decision_recorded;
    *decision = (hcp_decision_recorded){
        .facility = facility,
        .policy = g_strdup(platform->options.policy->name),
        .expires_us = now_us + HCP_US_PER_H,
        .chosen_usd_micro_per_h = hcp_money_from_usd(plan.chosen_usd_per_h),
        .rejected_usd_micro_per_h = hcp_money_from_usd(plan.rejected_usd_per_h),
        .btc_usd_micro_per_h = hcp_money_from_usd(plan.btc_usd_per_h),
        .ai_usd_micro_per_h = hcp_money_from_usd(plan.ai_usd_per_h),
        .reserve_usd_micro_per_h = hcp_money_from_usd(plan.reserve_usd_per_h),
        .switch_cost_usd_micro = hcp_money_from_usd(plan.switch_cost_usd),
        .recommendation = g_strdup(plan.recommendation),
        .reason = g_strdup(plan.reason),
        .flip = g_strdup(plan.flip),
        .flip_value = plan.flip_usd_per_mwh,
        .confidence = plan.confidence,
        .switch_recommended = plan.moves,
    };
    fill_worth(&plan, decision);
    fill_inputs(hcp_core_state(platform->core), facility, &input, &decision->inputs);
    fill_plans(&storage, &input, plan.chosen, &decision->chosen);
    if (plan.alternative)
        fill_plans(&storage, &input, plan.rejected, &decision->rejected);
    hcp_platform_command(platform,
                         &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = decision});
    hcp_event_clear(&event);
    platform->counters.dispatches++;
}

void hcp_steer_all(hcp_platform *platform, int64_t now_us)
{
    guint n = hcp_core_state(platform->core)->fleet.facilities->len;
    for (uint32_t facility = 0; facility < n; facility++)
        steer(platform, facility, now_us);
}
