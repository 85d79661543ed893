/* SPDX-License-Identifier: Apache-2.0 */
/* The planning policies: from settled prices to the worth of every mode, from worths to a plan under the cap. */
#include "economics/dispatch/planner.h"

#include "base/units.h"
#include "economics/dispatch/explain.h"

#include <math.h>
#include <string.h>

/* What the last surprise keeps of itself in an hour, on a single path. */
static const double SURPRISE_CARRY_PER_H = 0.7;

/* By so much, a device, does what the guard follows beat what the plan would do. */
static const double RULED_USD = 1e-6;

typedef hcp_dispatch_planner planner;

/* Cap in force in step k of the plan. */
static double cap_ahead_w(const hcp_dispatch_input *input, int k)
{
    return k < input->n_cap_ahead ? input->cap_ahead_w[k] : input->cap_w;
}

static bool is_late(const planner *self, const hcp_dispatch_input *input)
{
    return hcp_dispatch_is_late(input, hcp_dispatch_prices_step_h(self->prices));
}

/* What standing ready pays in the step in which the price of the `after`th step after the last one is paid. */
static double reserve_after(const planner *self, const hcp_dispatch_input *input, int after)
{
    double late_steps = hcp_dispatch_known_h(input) / hcp_dispatch_prices_step_h(self->prices);
    int paid = after + (is_late(self, input) ? 0 : (int)CLAMP(lround(late_steps), 0, 24));
    double usd_per_mw = hcp_dispatch_prices_reserve(self->prices, paid);
    return isnan(usd_per_mw) ? input->reserve_usd_per_mw : usd_per_mw;
}

/* The price of each feeder on which not everything fits, from its own classes and without reserve: that raises it by what it
 * pays a MWh. */
static void fill_feeders(const hcp_dispatch_input *input, const hcp_dispatch_device *devices,
                         const uint32_t *counts, hcp_dispatch_basis *basis)
{
    double room_w[HCP_DISPATCH_SUPPLIES];
    uint32_t own[HCP_DISPATCH_MAX_CLASSES];
    for (int c = 0; c < basis->n; c++)
        basis->feeder_usd_per_mwh[c] = -INFINITY;
    if (input->n_feeders == 0)
        return;
    hcp_dispatch_rooms(input, input->cap_w, room_w);
    for (int f = 1; f <= input->n_feeders; f++) {
        for (int c = 0; c < basis->n; c++)
            own[c] = input->classes[c].feeder == f ? counts[c] : 0;
        double room_mw = MAX(room_w[f], 0) * input->pue / 1e6;
        double floor_usd =
            hcp_dispatch_room_floor(devices, own, basis->feeder_usd_per_mwh, basis->n, room_mw);
        for (int c = 0; c < basis->n; c++)
            if (input->classes[c].feeder == f)
                basis->feeder_usd_per_mwh[c] = floor_usd;
    }
}

/* Where the cap binds in each step, with what standing ready pays in it. */
static void fill_floors(const hcp_dispatch_input *input, const planner *self,
                        hcp_dispatch_basis *basis)
{
    uint32_t counts[HCP_DISPATCH_MAX_CLASSES];
    hcp_dispatch_device devices[HCP_DISPATCH_MAX_CLASSES];
    double least_usd[HCP_DISPATCH_MAX_CLASSES];
    memcpy(devices, basis->devices, sizeof *devices * (size_t)basis->n);
    for (int c = 0; c < basis->n; c++) {
        counts[c] = hcp_dispatch_class_free(&input->classes[c]) + input->classes[c].switching;
        devices[c].reserve_usd_per_mw = 0;
    }
    fill_feeders(input, devices, counts, basis);
    double solved_w = NAN, solved_usd = NAN, floor_usd = -INFINITY;
    double base_w = hcp_dispatch_base_w(input);
    for (int k = 0; k < self->n_steps; k++) {
        double cap_w = cap_ahead_w(input, k), reserve_usd = basis->reserve_usd_per_mw[k];
        if (cap_w != solved_w || reserve_usd != solved_usd) {
            double room_mw = MAX(cap_w / input->pue - base_w, 0) * input->pue / 1e6;
            for (int c = 0; c < basis->n; c++) {
                devices[c].reserve_usd_per_mw = devices[c].ready ? reserve_usd : 0;
                least_usd[c] = basis->feeder_usd_per_mwh[c] + devices[c].reserve_usd_per_mw;
            }
            floor_usd = hcp_dispatch_room_floor(devices, counts, least_usd, basis->n, room_mw);
            solved_w = cap_w;
            solved_usd = reserve_usd;
        }
        basis->floor_usd_per_mwh[k] = floor_usd;
    }
}

/* Expected peak charges in the step in which the price of the step from `at_us` on is paid: that one, or a later one where
 * a price that comes late is in force until the next. */
static double peak_at(const planner *self, const hcp_dispatch_input *input, int64_t at_us)
{
    int64_t step_us =
        (int64_t)llround(hcp_dispatch_prices_step_h(self->prices) * (double)HCP_US_PER_H);
    int64_t paid_us =
        is_late(self, input) ? at_us : at_us + input->price_known_us - input->price_at_us;
    return hcp_dispatch_peak_usd_per_mwh(input, paid_us, paid_us + step_us);
}

static void fill_peaks(const planner *self, const hcp_dispatch_input *input,
                       hcp_dispatch_basis *basis)
{
    double step_us = hcp_dispatch_prices_step_h(self->prices) * (double)HCP_US_PER_H;
    int64_t last_us = hcp_dispatch_prices_last(self->prices)->at_us;
    for (int k = 0; k < self->n_steps && input->n_peaks > 0; k++)
        basis->peak_usd_per_mwh[k] =
            peak_at(self, input, last_us + (int64_t)llround((k + 1) * step_us));
}

static void fill_basis(const planner *self, const hcp_dispatch_input *input, double hashprice,
                       int overdue, hcp_dispatch_basis *basis)
{
    memset(basis, 0, sizeof *basis);
    basis->n = input->n_classes;
    basis->overdue = MIN(overdue, self->n_steps - 1);
    basis->late = is_late(self, input);
    double step_h = hcp_dispatch_prices_step_h(self->prices);
    for (int c = 0; c < basis->n; c++) {
        basis->ids[c] = input->classes[c].id;
        hcp_dispatch_device_fill(input, &input->classes[c], hashprice, step_h, &basis->devices[c]);
        if (basis->devices[c].ready)
            basis->devices[c].reserve_usd_per_mw = reserve_after(self, input, 0);
    }
    for (int k = 0; k < self->n_steps; k++)
        basis->reserve_usd_per_mw[k] = reserve_after(self, input, k + 1);
    fill_floors(input, self, basis);
    fill_peaks(self, input, basis);
}

/* --- what lies ahead ----------------------------------------------------------------------------------------------- */

/* One price a step, as if it were certain: the published or habitual one and what is left of the last surprise. */
static void fill_path(const planner *self, const hcp_dispatch_price *last)
{
    hcp_price_outlook *path = self->outlook;
    double step_h = hcp_dispatch_prices_step_h(self->prices);
    double before = hcp_price_forecast_base_before(hcp_dispatch_prices_forecast(self->prices));
    double surprise = isnan(before) ? 0.0 : last->usd_per_mwh - before;
    memset(path, 0, sizeof *path);
    path->n = self->n_steps;
    path->stretch_low = path->stretch_high = 1.0;
    path->first[0] = 1.0F;
    for (int k = 0; k < path->n; k++) {
        double base = hcp_price_forecast_base(hcp_dispatch_prices_forecast(self->prices), k);
        double price = base + surprise * pow(SURPRISE_CARRY_PER_H, (k + 1) * step_h);
        path->base_usd_per_mwh[k] = base;
        for (int b = 0; b < HCP_CHAIN_BINS; b++) {
            path->matrix[k].to[b][0] = 1.0F;
            path->usd_per_mwh[k][b] = (float)price;
        }
    }
}

static void look_ahead(const planner *self, const hcp_dispatch_price *last)
{
    if (self->chain)
        hcp_price_forecast_outlook(hcp_dispatch_prices_forecast(self->prices), self->n_steps,
                                   self->outlook);
    else
        fill_path(self, last);
}

/* Steps have gone by without their prices: what is believed of the last of them stands for the step before. Expectations
 * are then the same wherever they are read. */
static void blur(const planner *self, hcp_dispatch_prospect *prospect, int nodes)
{
    float belief[HCP_CHAIN_STRIDE];
    memcpy(belief, self->outlook->first, sizeof belief);
    for (int k = 1; k <= self->basis->overdue; k++)
        hcp_chain_advance(belief, &self->outlook->matrix[k], belief);
    for (int node = 0; node < nodes; node++) {
        float sum = 0;
        for (int b = 0; b < HCP_CHAIN_BINS; b++)
            sum += belief[b] * prospect->values[node].at[b];
        for (int b = 0; b < HCP_CHAIN_STRIDE; b++)
            prospect->ahead[node].at[b] = sum;
    }
}

/* The prospects of the classes, in the order of the basis: a class keeps its own when others come or go. */
static void arrange(planner *self)
{
    for (int c = 0; c < self->basis->n; c++) {
        int at = c;
        while (at < HCP_DISPATCH_MAX_CLASSES && self->prospects[at] != NULL &&
               self->prospects[at]->paper.id != self->basis->ids[c])
            at++;
        if (at == HCP_DISPATCH_MAX_CLASSES) /* all places taken by classes that are gone */
            self->prospects[at = c]->known = false;
        if (self->prospects[at] == NULL)
            self->prospects[at] = g_new0(hcp_dispatch_prospect, 1);
        hcp_dispatch_prospect *own = self->prospects[at];
        self->prospects[at] = self->prospects[c];
        self->prospects[c] = own;
        if (!own->known)
            hcp_dispatch_paper_init(&own->paper, self->basis->ids[c], &self->basis->devices[c]);
        own->known = true;
    }
}

static void solve(planner *self)
{
    hcp_dispatch_horizon horizon = {
        .outlook = self->outlook,
        .floor_usd_per_mwh = self->basis->floor_usd_per_mwh,
        .reserve_usd_per_mw = self->basis->reserve_usd_per_mw,
        .peak_usd_per_mwh = self->basis->peak_usd_per_mwh,
        .step_h = hcp_dispatch_prices_step_h(self->prices),
        .from = self->basis->overdue,
        .late = self->basis->late,
    };
    arrange(self);
    if (self->chain)
        hcp_price_forecast_given(hcp_dispatch_prices_forecast(self->prices),
                                 hcp_dispatch_prices_last(self->prices)->usd_per_mwh,
                                 self->outlook);
    for (int c = 0; c < self->basis->n; c++) {
        const hcp_dispatch_device *device = &self->basis->devices[c];
        hcp_dispatch_prospect *prospect = self->prospects[c];
        if (device->n_modes < 2)
            continue;
        horizon.feeder_usd_per_mwh = self->basis->feeder_usd_per_mwh[c];
        hcp_dispatch_worth_solve(device, &horizon, prospect->values, prospect->ahead);
        if (self->basis->overdue > 0 || !hcp_dispatch_outpost_at(self, 0).located)
            blur(self, prospect, device->n_modes * device->dwell_steps);
    }
    self->solved = true;
}

hcp_dispatch_outpost hcp_dispatch_outpost_at(const planner *self, double usd_per_mwh)
{
    hcp_dispatch_outpost at = {0};
    at.located = self->basis->overdue == 0 &&
                 hcp_price_forecast_locate(hcp_dispatch_prices_forecast(self->prices), usd_per_mwh,
                                           &at.bin, &at.upper);
    return at.located ? at : (hcp_dispatch_outpost){0};
}

/* --- memory -------------------------------------------------------------------------------------------------------- */

/* The peak charge that was expected when a price that has settled was paid; after a restart nobody knows of a late one. */
static double peak_of(const planner *self, const hcp_dispatch_input *input,
                      const hcp_dispatch_price *price)
{
    if (!self->basis->late)
        return peak_at(self, input, price->at_us);
    return self->expected_at_us == price->at_us ? self->expected_peak_usd_per_mwh : 0;
}

static void settle(planner *self, const hcp_dispatch_input *input, const hcp_dispatch_price *price)
{
    double peak = peak_of(self, input, price);
    hcp_dispatch_outpost at = hcp_dispatch_outpost_at(self, price->usd_per_mwh);
    for (int c = 0; c < self->basis->n; c++) {
        if (self->basis->devices[c].n_modes < 2)
            continue;
        hcp_dispatch_paper_settle(
            &self->prospects[c]->paper,
            &(hcp_dispatch_paper_step){.device = &self->basis->devices[c],
                                       .ahead = self->prospects[c]->ahead,
                                       .bin = at.bin,
                                       .upper = at.upper,
                                       .usd_per_mwh = price->usd_per_mwh + peak,
                                       .step_h = hcp_dispatch_prices_step_h(self->prices),
                                       .late = self->basis->late});
    }
}

static bool same_device(const hcp_dispatch_device *a, const hcp_dispatch_device *b)
{
    if (a->n_modes != b->n_modes || a->dwell_steps != b->dwell_steps ||
        a->start_usd != b->start_usd || a->stop_usd != b->stop_usd ||
        a->retarget_usd != b->retarget_usd || a->ready != b->ready)
        return false;
    for (int mode = 0; mode < a->n_modes; mode++)
        if (a->usd_per_h[mode] != b->usd_per_h[mode] || a->extra_mw[mode] != b->extra_mw[mode])
            return false;
    return true;
}

static bool same_basis(const hcp_dispatch_basis *a, const hcp_dispatch_basis *b)
{
    if (a->n != b->n || a->overdue != b->overdue || a->late != b->late)
        return false;
    for (int c = 0; c < a->n; c++)
        if (a->ids[c] != b->ids[c] || a->feeder_usd_per_mwh[c] != b->feeder_usd_per_mwh[c] ||
            !same_device(&a->devices[c], &b->devices[c]))
            return false;
    for (int k = 0; k < HCP_PRICE_STEPS_MAX; k++)
        if (a->floor_usd_per_mwh[k] != b->floor_usd_per_mwh[k] ||
            a->reserve_usd_per_mw[k] != b->reserve_usd_per_mw[k] ||
            a->peak_usd_per_mwh[k] != b->peak_usd_per_mwh[k])
            return false;
    return true;
}

/* Lives through what has settled since the last question, then makes sure that the solution is of now. */
static void catch_up(planner *self, const hcp_dispatch_input *input)
{
    hcp_dispatch_price price;
    hcp_dispatch_prices_publish(self->prices, input);
    while (hcp_dispatch_prices_take(self->prices, &price)) {
        look_ahead(self, &price);
        fill_basis(self, input, price.hashprice, 0, self->basis);
        solve(self);
        settle(self, input, &price);
    }
    const hcp_dispatch_price *last = hcp_dispatch_prices_last(self->prices);
    if (last == NULL)
        return;
    fill_basis(self, input, last->hashprice, hcp_dispatch_prices_overdue(self->prices, input),
               self->scratch);
    self->expected_at_us = last->at_us + input->price_known_us - input->price_at_us;
    self->expected_peak_usd_per_mwh = self->scratch->peak_usd_per_mwh[0];
    if (self->solved && same_basis(self->scratch, self->basis))
        return;
    memcpy(self->basis, self->scratch, sizeof *self->basis);
    solve(self);
}

/* --- the decision -------------------------------------------------------------------------------------------------- */

void hcp_dispatch_offer_fill(const hcp_dispatch_case *question, int c, double usd_per_mwh,
                             hcp_dispatch_offer *offer)
{
    const planner *self = question->planner;
    const hcp_dispatch_device *device = &self->basis->devices[c];
    const hcp_dispatch_row *ahead = self->prospects[c]->ahead;
    hcp_dispatch_outpost at = hcp_dispatch_outpost_at(self, usd_per_mwh);
    double paid_h = question->late ? 0.0 : question->left_h;
    double paid_usd_per_mwh = usd_per_mwh + question->peak_usd_per_mwh;
    for (int to = 0; to < device->n_modes; to++) {
        double usd =
            hcp_dispatch_device_usd_per_h(&question->now[c], to, paid_usd_per_mwh) * paid_h;
        offer->stay_usd[to] =
            usd - hcp_dispatch_device_change_usd(device, offer->mode, to) +
            hcp_dispatch_row_at(&ahead[hcp_dispatch_node_after(device, offer->mode, to)], at.bin,
                                at.upper);
        offer->start_usd[to] =
            usd - hcp_dispatch_device_change_usd(device, 0, to) +
            hcp_dispatch_row_at(&ahead[hcp_dispatch_node_after(device, 0, to)], at.bin, at.upper);
    }
}

static void begin_offer(hcp_dispatch_case *question, int c)
{
    const hcp_dispatch_class *class_ = &question->input->classes[c];
    hcp_dispatch_offer *offer = &question->offers[c];
    uint32_t free = hcp_dispatch_class_free(class_);
    int n_modes = question->now[c].n_modes;
    *offer = (hcp_dispatch_offer){
        .mining = class_->mining, .resting = free - class_->mining, .feeder = class_->feeder};
    if (n_modes < 2 || free == 0)
        return;
    offer->n_modes = n_modes;
    offer->mode = CLAMP(class_->current_target + 1, 1, n_modes - 1);
    offer->keep = question->stale || hcp_dispatch_is_held(question->input, class_);
    for (int mode = 1; mode < n_modes; mode++)
        offer->extra_w[mode] = class_->targets[mode - 1].power_w - hcp_dispatch_rest_w(class_);
}

static void prefer(double *usd, int n_modes, int mode)
{
    for (int other = 0; other < n_modes; other++)
        if (other != mode)
            usd[other] = MIN(usd[other], usd[mode] - RULED_USD);
}

/* Puts what the guard follows above what the plan would do. */
static void rule(const hcp_dispatch_case *question, int c, hcp_dispatch_offer *offer)
{
    const planner *self = question->planner;
    const hcp_dispatch_paper *paper = &self->prospects[c]->paper;
    const hcp_dispatch_device *device = &self->basis->devices[c];
    double price = question->input->usd_per_mwh;
    double step_h = hcp_dispatch_prices_step_h(self->prices);
    int stays = paper->still, starts = paper->still;
    if (paper->followed == HCP_DISPATCH_PAPER_LAZY) {
        stays = hcp_dispatch_paper_lazy(paper, device, offer->mode, price, step_h);
        starts = hcp_dispatch_paper_lazy(paper, device, 0, price, step_h);
    }
    prefer(offer->stay_usd, offer->n_modes, stays);
    prefer(offer->start_usd, offer->n_modes, starts);
}

static bool is_ruled(const planner *self, int c)
{
    return self->guarded && self->prospects[c]->paper.followed != HCP_DISPATCH_PAPER_PLAN;
}

static void share(hcp_dispatch_case *question)
{
    hcp_dispatch_offer asked[HCP_DISPATCH_MAX_CLASSES];
    int n = question->input->n_classes;
    for (int c = 0; c < n; c++) {
        hcp_dispatch_offer *offer = &question->offers[c];
        begin_offer(question, c);
        question->ruled[c] = false;
        if (offer->n_modes > 0 && question->planner->solved)
            hcp_dispatch_offer_fill(question, c, question->input->usd_per_mwh, offer);
        asked[c] = *offer;
        if (offer->n_modes > 0 && question->planner->solved && is_ruled(question->planner, c)) {
            question->ruled[c] = true;
            rule(question, c, &asked[c]);
        }
    }
    hcp_dispatch_room_share(asked, n, question->room_w, question->input->n_feeders,
                            question->grants);
}

static void fill_chosen(const hcp_dispatch_case *question, hcp_dispatch_plan *plan)
{
    const hcp_dispatch_input *input = question->input;
    hcp_dispatch_wish wishes[HCP_DISPATCH_MAX_CLASSES];
    uint32_t mine[HCP_DISPATCH_MAX_CLASSES];
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        hcp_dispatch_wish *w = &wishes[c];
        *w = (hcp_dispatch_wish){.rest_usd_per_h = hcp_dispatch_rest_usd_per_h(input, class_)};
        mine[c] = question->grants[c].mine;
        if (question->offers[c].n_modes == 0)
            continue;
        w->mine = mine[c] > 0;
        w->target = (w->mine ? question->grants[c].mode : question->offers[c].mode) - 1;
        w->mining_usd_per_h = hcp_dispatch_mining_usd_per_h(input, class_, w->target);
    }
    plan->chosen_usd_per_h = hcp_dispatch_fill(input, wishes, mine, plan->chosen);
    hcp_dispatch_sum(input, wishes, plan);
}

static double peak_now(const hcp_dispatch_case *question)
{
    const planner *self = question->planner;
    const hcp_dispatch_input *input = question->input;
    if (question->late)
        return self->solved ? self->basis->peak_usd_per_mwh[self->basis->overdue] : 0;
    int64_t left_us = (int64_t)llround(question->left_h * (double)HCP_US_PER_H);
    return hcp_dispatch_peak_usd_per_mwh(input, input->now_us, input->now_us + left_us);
}

static void decide(void *data, const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan)
{
    planner *self = data;
    catch_up(self, input);
    double step_h = hcp_dispatch_prices_step_h(self->prices);
    double overdue_h = hcp_dispatch_prices_overdue(self->prices, input) * step_h;
    hcp_dispatch_case question = {
        .planner = self,
        .input = input,
        .left_h = hcp_dispatch_prices_left_h(self->prices, input),
        .late = is_late(self, input),
        .stale = !self->solved || overdue_h > HCP_DISPATCH_STALE_H,
    };
    question.peak_usd_per_mwh = peak_now(&question);
    hcp_dispatch_rooms(input, input->cap_w, question.room_w);
    for (int c = 0; c < input->n_classes; c++)
        hcp_dispatch_device_fill(input, &input->classes[c], input->hashprice, step_h,
                                 &question.now[c]);
    share(&question);
    fill_chosen(&question, ret_plan);
    hcp_dispatch_planner_explain(&question, ret_plan);
}

/* --- the policies -------------------------------------------------------------------------------------------------- */

static void *create(const hcp_dispatch_config *config, bool chain, bool guarded)
{
    planner *self = g_new0(planner, 1);
    self->chain = chain;
    self->guarded = guarded;
    self->prices = hcp_dispatch_prices_new(config);
    double step_h = hcp_dispatch_prices_step_h(self->prices);
    int n_steps = (int)lround(HCP_DISPATCH_HORIZON_H / step_h);
    self->n_steps = CLAMP(n_steps, 1, HCP_PRICE_STEPS_MAX);
    self->outlook = g_new0(hcp_price_outlook, 1);
    self->basis = g_new0(hcp_dispatch_basis, 1);
    self->scratch = g_new0(hcp_dispatch_basis, 1);
    return self;
}

static void *create_hcp(const hcp_dispatch_config *config)
{
    return create(config, true, true);
}

static void *create_mpc(const hcp_dispatch_config *config)
{
    return create(config, false, false);
}

static void observe(void *data, const hcp_dispatch_price *price)
{
    planner *self = data;
    hcp_dispatch_prices_tell(self->prices, price);
}

static void destroy(void *data)
{
    planner *self = data;
    hcp_dispatch_prices_free(self->prices);
    for (int c = 0; c < HCP_DISPATCH_MAX_CLASSES; c++)
        g_free(self->prospects[c]);
    g_free(self->outlook);
    g_free(self->basis);
    g_free(self->scratch);
    g_free(self);
}

const hcp_dispatch_policy HCP_DISPATCH_MPC = {
    .name = "mpc",
    .summary = "plans a day on one expected price path",
    .create = create_mpc,
    .observe = observe,
    .decide = decide,
    .destroy = destroy,
};

const hcp_dispatch_policy HCP_DISPATCH_HCP = {
    .name = "hcp",
    .summary =
        "plans a day over the price chain with recourse, bounded by lcp and by not switching",
    .create = create_hcp,
    .observe = observe,
    .decide = decide,
    .destroy = destroy,
};
