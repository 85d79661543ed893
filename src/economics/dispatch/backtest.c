/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/dispatch/backtest.h"

#include "base/units.h"
#include "economics/dispatch/paper.h"
#include "economics/dispatch/share.h"
#include "economics/fleet_optimum.h"
#include "economics/policy/guard.h"

#include <math.h>
#include <string.h>

typedef struct {
    const hcp_market *market;
    const hcp_dispatch_site *site;
    hcp_dispatch_class classes[HCP_DISPATCH_MAX_CLASSES];
    hcp_market_published_prices published;
    hcp_dispatch_backtest_result result;
} play;

static int64_t step_us(const hcp_market *market)
{
    return (int64_t)llround(market->step_h * (double)HCP_US_PER_H);
}

/* What is published when a step begins, from the step before on. */
typedef struct {
    double day_ahead[HCP_MARKET_DAM_MAX], reserve[HCP_MARKET_DAM_MAX];
} ahead;

/* Price that step t is paid at. */
static double paid(const hcp_market *market, const hcp_dispatch_site *site, size_t t)
{
    return market->steps[site->settles_late ? t : t - 1].price_usd_per_mwh;
}

/* What standing ready is paid in step t; 0 where the market sells none. */
static double reserve(const hcp_market *market, size_t t)
{
    return market->sells_reserve ? market->steps[t].reserve_usd_per_mw : 0.0;
}

static void tell(const play *p, hcp_dispatch *dispatch, size_t t, double hashprice)
{
    const hcp_market_step *s = &p->market->steps[t];
    hcp_dispatch_observe(dispatch,
                         &(hcp_dispatch_price){.at_us = s->ts_us,
                                               .usd_per_mwh = s->price_usd_per_mwh,
                                               .day_ahead_usd_per_mwh = s->dam_usd_per_mwh,
                                               .hashprice = hashprice,
                                               .reserve_usd_per_mw = reserve(p->market, t)});
}

/* What is known when step t begins: the price of the step before, and what is published from then on. */
static hcp_dispatch_input input_of(const play *p, size_t t, double hashprice, ahead *known)
{
    const hcp_market *market = p->market;
    size_t end = MIN(hcp_market_published(market, t), t - 1 + HCP_MARKET_DAM_MAX);
    int n = 0;
    for (size_t k = t - 1; k < end; k++) {
        known->day_ahead[n] = market->steps[k].dam_usd_per_mwh;
        known->reserve[n++] = reserve(market, k);
    }
    return (hcp_dispatch_input){
        .now_us = market->steps[t].ts_us,
        .cap_w = p->site->cap_w,
        .pue = p->site->pue,
        .feeder_w = p->site->feeder_w,
        .n_feeders = p->site->n_feeders,
        .usd_per_mwh = market->steps[t - 1].price_usd_per_mwh,
        .price_at_us = market->steps[t].ts_us - step_us(market),
        .price_known_us = market->steps[t].ts_us,
        .settles_late = p->site->settles_late,
        .day_ahead_usd_per_mwh = known->day_ahead,
        .n_day_ahead = n,
        .reserve_usd_per_mw = reserve(market, t),
        .reserve_ahead_usd_per_mw = known->reserve + 1,
        .n_reserve_ahead = MAX(0, n - 1),
        .hashprice = hashprice,
        .pool_fee = p->site->pool_fee,
        .price_good = true,
        .hashprice_good = true,
        .min_dwell_us = p->site->min_dwell_us,
        .threshold = p->site->threshold,
        .classes = p->classes,
        .n_classes = p->site->n_classes,
    };
}

/* Carries the choice out at once and pays for it. */
static bool move(play *p, hcp_dispatch_class *class_, const hcp_dispatch_choice *choice,
                 int64_t now_us)
{
    uint32_t before = class_->mining;
    bool retargets = before > 0 && choice->mine > 0 && choice->target != class_->current_target;
    if (before == choice->mine && !retargets)
        return false;
    double moved =
        fabs((double)choice->mine - before) + (retargets ? (double)MIN(before, choice->mine) : 0.0);
    p->result.switching_usd += moved * class_->switch_usd;
    class_->mining = choice->mine;
    class_->idle = choice->idle;
    class_->curtailed = choice->curtail;
    if (choice->mine > 0)
        class_->current_target = choice->target;
    class_->moved_us = now_us;
    return true;
}

static void earn(play *p, const hcp_dispatch_input *input, const hcp_dispatch_plan *plan,
                 double usd_per_mwh)
{
    hcp_dispatch_input at = *input;
    bool moved = false;
    at.usd_per_mwh = usd_per_mwh;
    for (int c = 0; c < at.n_classes; c++) {
        hcp_dispatch_class *class_ = &p->classes[c];
        moved |= move(p, class_, &plan->chosen[c], at.now_us);
        if (class_->mining == 0)
            continue;
        double extra_w =
            class_->targets[class_->current_target].power_w - hcp_dispatch_rest_w(class_);
        p->result.profit_usd +=
            class_->mining * p->market->step_h *
            (hcp_dispatch_mining_usd_per_h(&at, class_, class_->current_target) -
             hcp_dispatch_rest_usd_per_h(&at, class_));
        p->result.reserve_usd +=
            class_->mining * p->market->step_h *
            hcp_dispatch_reserve_usd_per_h(&at, class_, class_->current_target);
        p->result.mined_mwh += class_->mining * p->market->step_h * extra_w * at.pue / 1e6;
    }
    p->result.moves += moved;
}

hcp_dispatch_backtest_result hcp_dispatch_backtest_play(const hcp_market *market,
                                                        const hcp_dispatch_site *site,
                                                        const hcp_dispatch_policy *policy,
                                                        hcp_dispatch_backtest_watch watch,
                                                        void *data)
{
    play p = {.market = market, .site = site};
    memcpy(p.classes, site->classes, sizeof *site->classes * (size_t)site->n_classes);
    const hcp_dispatch_config config = {
        .step_us = step_us(market), .utc_offset_h = market->utc_offset_h, .model = site->model};
    g_autoptr(hcp_dispatch) dispatch = hcp_dispatch_new(policy, &config);
    g_autofree ahead *published = g_new(ahead, 1);
    for (size_t t = 1; t < market->n; t++) {
        hcp_policy_observation known;
        hcp_dispatch_plan plan;
        hcp_market_observe(market, t, &p.published, &known);
        tell(&p, dispatch, t - 1, known.hashprice);
        hcp_dispatch_input input = input_of(&p, t, known.hashprice, published);
        hcp_dispatch_ask(dispatch, &input, &plan);
        if (watch != NULL)
            watch(data, &input, &plan);
        p.result.kept += g_str_equal(plan.source, "stale") || g_str_equal(plan.source, "lcp") ||
                         g_str_equal(plan.source, "static");
        earn(&p, &input, &plan, paid(market, site, t));
        p.result.steps++;
    }
    p.result.profit_usd -= p.result.switching_usd;
    return p.result;
}

/* --- hindsight ----------------------------------------------------------------------------------------------------- */

typedef struct {
    hcp_fleet_block block;
    double mw[HCP_FLEET_MODES_MAX];
    double *rewards;
} hindsight;

/* All devices of a class as one block, every step paid as in the play. */
static void fill_block(const hcp_market *market, const hcp_dispatch_site *site, int c, hindsight *h)
{
    const hcp_dispatch_class *class_ = &site->classes[c];
    hcp_dispatch_input input = {
        .pue = site->pue, .pool_fee = site->pool_fee, .min_dwell_us = site->min_dwell_us};
    hcp_market_published_prices *published = g_new(hcp_market_published_prices, 1);
    double free = hcp_dispatch_class_free(class_);
    hcp_dispatch_device device;
    hcp_dispatch_device_fill(&input, class_, 0, market->step_h, &device);
    h->rewards = g_new0(double, (market->n - 1) * (size_t)device.n_modes);
    for (size_t t = 1; t < market->n; t++) {
        hcp_policy_observation known;
        hcp_market_observe(market, t, published, &known);
        input.reserve_usd_per_mw = reserve(market, t);
        hcp_dispatch_device_fill(&input, class_, known.hashprice, market->step_h, &device);
        double *row = h->rewards + (t - 1) * (size_t)device.n_modes;
        for (int mode = 1; mode < device.n_modes; mode++)
            row[mode] = free * market->step_h *
                        hcp_dispatch_device_usd_per_h(&device, mode, paid(market, site, t));
    }
    for (int mode = 0; mode < device.n_modes; mode++)
        h->mw[mode] = free * device.extra_mw[mode];
    h->block = (hcp_fleet_block){
        .n_modes = device.n_modes,
        .mw = h->mw,
        .reward_usd = h->rewards,
        .start_usd = free * class_->switch_usd,
        .stop_usd = free * class_->switch_usd,
        .min_up_steps = device.dwell_steps,
        .min_down_steps = device.dwell_steps,
        .running = free > 0 ? class_->mining / free : 0,
        .feeder = class_->feeder,
    };
    g_free(published);
}

/* What each supply leaves beyond rest, a row of `n` steps each; the first is the facility's. Caller frees. */
static double *fill_rooms(const hcp_dispatch_site *site, size_t n)
{
    double room_w[HCP_DISPATCH_SUPPLIES];
    double *rooms_mw = g_new(double, n *(size_t)(site->n_feeders + 1));
    const hcp_dispatch_input input = {.pue = site->pue,
                                      .feeder_w = site->feeder_w,
                                      .n_feeders = site->n_feeders,
                                      .classes = site->classes,
                                      .n_classes = site->n_classes};
    hcp_dispatch_rooms(&input, site->cap_w, room_w);
    for (int supply = 0; supply <= site->n_feeders; supply++)
        for (size_t t = 0; t < n; t++)
            rooms_mw[(size_t)supply * n + t] = room_w[supply] * site->pue / 1e6;
    return rooms_mw;
}

bool hcp_dispatch_backtest_optimum(const hcp_market *market, const hcp_dispatch_site *site,
                                   double tolerance_usd, double *ret_profit_usd,
                                   double *ret_bound_usd)
{
    hindsight *all = g_new0(hindsight, (size_t)site->n_classes);
    hcp_fleet_block blocks[HCP_DISPATCH_MAX_CLASSES];
    g_autofree double *rooms_mw = fill_rooms(site, market->n - 1);
    int n = 0;
    for (int c = 0; c < site->n_classes; c++) {
        if (!hcp_dispatch_can_mine(&site->classes[c]) ||
            hcp_dispatch_class_free(&site->classes[c]) == 0)
            continue;
        fill_block(market, site, c, &all[n]);
        blocks[n] = all[n].block;
        n++;
    }
    const hcp_fleet_problem problem = {.blocks = blocks,
                                       .n_blocks = n,
                                       .n = market->n - 1,
                                       .step_h = market->step_h,
                                       .room_mw = rooms_mw,
                                       .n_feeders = site->n_feeders,
                                       .feeder_room_mw = rooms_mw + market->n - 1};
    g_auto(hcp_fleet_optimum) optimum = {0};
    bool solved = hcp_fleet_optimum_solve(&problem, tolerance_usd, &optimum);
    if (solved) {
        *ret_profit_usd = optimum.profit_usd;
        *ret_bound_usd = optimum.bound_usd;
    }
    for (int c = 0; c < n; c++)
        g_free(all[c].rewards);
    g_free(all);
    return solved;
}

/* --- the guard's bound --------------------------------------------------------------------------------------------- */

/* What one device of the class takes in, in a step on average, mining at the target that is best at the price. */
static double mean_intake_usd(const hcp_market *market, const hcp_dispatch_site *site,
                              const hcp_dispatch_class *class_, hcp_dispatch_device *ret_device)
{
    const hcp_dispatch_input input = {
        .pue = site->pue, .pool_fee = site->pool_fee, .min_dwell_us = site->min_dwell_us};
    g_autofree hcp_market_published_prices *published = g_new(hcp_market_published_prices, 1);
    double sum_usd = 0;
    for (size_t t = 1; t < market->n; t++) {
        hcp_policy_observation known;
        hcp_market_observe(market, t, published, &known);
        hcp_dispatch_device_fill(&input, class_, known.hashprice, market->step_h, ret_device);
        int best = hcp_dispatch_device_best(ret_device, market->steps[t].price_usd_per_mwh);
        sum_usd += market->step_h * ret_device->usd_per_h[best];
    }
    return sum_usd / (double)MAX(market->n - 1, 1);
}

double hcp_dispatch_backtest_bound_usd(const hcp_market *market, const hcp_dispatch_site *site)
{
    double memories = (double)market->n * market->step_h / HCP_GUARD_MEMORY_H, bound_usd = 0;
    for (int c = 0; c < site->n_classes; c++) {
        const hcp_dispatch_class *class_ = &site->classes[c];
        if (!hcp_dispatch_can_mine(class_))
            continue;
        hcp_dispatch_device device;
        hcp_dispatch_paper paper = {.mined_usd = mean_intake_usd(market, site, class_, &device)};
        bound_usd += hcp_dispatch_class_free(class_) *
                     hcp_dispatch_paper_bound_usd(&paper, &device, market->step_h);
    }
    return (1.0 + memories) * bound_usd;
}
