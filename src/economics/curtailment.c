/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/curtailment.h"

#include "base/order.h"
#include "base/rng.h"
#include "economics/bids.h"
#include "economics/dispatch/share.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Paths of prices, and the seed from which they are drawn. */
#define PATHS 1000
#define SEED 2026

#define W_PER_MW 1e6

/* What a part comes to at one price. */
typedef struct {
    double mining_usd, reserve_usd, electricity_usd, switch_usd;
    double without_mwh, with_mwh; /* of the whole facility */
} cell;

typedef struct {
    const hcp_curtailment *event;
    hcp_bids open, bound; /* with reserve sold, and without */
    double base_mw;       /* drawn whatever the plan */
    double ended_mw;      /* of that, by leases that are ended */
    double idle_mw; /* and by GPUs that are idle and sleep where the cap leaves no room for that */
    double start_usd[HCP_DISPATCH_MAX_CLASSES]; /* a device */
    double stop_usd[HCP_DISPATCH_MAX_CLASSES];
    cell *cells; /* by part and grid point */
} assessment;

static cell *cell_at(const assessment *a, int part, int bin)
{
    return &a->cells[part * HCP_CHAIN_BINS + bin];
}

/* --- what a part comes to ---------------------------------------------------------------------------------------------- */

/* Miners that the event stops when it begins or starts when it is over. */
static double switching_usd(const hcp_dispatch_input *site, const hcp_bids_taken *without,
                            const hcp_bids_taken *with, const double *usd_each)
{
    double usd = 0;
    for (int c = 0; c < site->n_classes; c++)
        usd += MAX(0, without->devices[c] - with->devices[c]) * usd_each[c];
    return usd;
}

/* What is drawn beside the miners while the cap of the event holds. */
static double bound_mw(const assessment *a, double cap_mw)
{
    double most_mw = a->base_mw - a->ended_mw;
    return CLAMP(cap_mw, most_mw - a->idle_mw, most_mw);
}

static cell weigh(const assessment *a, int i, double usd_per_mwh)
{
    const hcp_curtailment *event = a->event;
    const hcp_curtailment_part *part = &event->parts[i];
    const hcp_dispatch_input *site = event->site;
    hcp_bids_taken without, with;
    double left_mw = bound_mw(a, part->cap_w / W_PER_MW);
    hcp_bids_take(&a->open, usd_per_mwh, part->open_cap_w / W_PER_MW - a->base_mw, &without);
    hcp_bids_take(&a->bound, usd_per_mwh, part->cap_w / W_PER_MW - left_mw, &with);
    double reserve = site->reserve_usd_per_mw;
    double sold_usd = without.asic_mw * reserve;
    double saved_mw = without.mw - with.mw + a->base_mw - left_mw;
    cell found = {
        .mining_usd = (without.usd_per_h - sold_usd - with.usd_per_h) * part->h,
        .reserve_usd = (sold_usd - event->ready_w / W_PER_MW * reserve) * part->h,
        .electricity_usd = saved_mw * usd_per_mwh * part->h,
        .without_mwh = (a->base_mw + without.mw) * part->h,
        .with_mwh = (left_mw + with.mw) * part->h,
    };
    if (i == 0)
        found.switch_usd += switching_usd(site, &without, &with, a->stop_usd);
    if (i == event->n_parts - 1)
        found.switch_usd += switching_usd(site, &without, &with, a->start_usd);
    return found;
}

static void weigh_all(assessment *a)
{
    const hcp_curtailment *event = a->event;
    for (int i = 0; i < event->n_parts; i++) {
        int step = event->parts[i].step;
        if (step < 0)
            *cell_at(a, i, 0) = weigh(a, i, event->site->usd_per_mwh);
        for (int b = 0; step >= 0 && b < HCP_CHAIN_BINS; b++)
            *cell_at(a, i, b) = weigh(a, i, (double)event->outlook->usd_per_mwh[step][b]);
    }
}

/* --- expected values --------------------------------------------------------------------------------------------------- */

/* How likely each grid point is in the step of part `i`; `at` holds the distribution of the step that it was asked last. */
typedef struct {
    int step; /* -1: none yet */
    float at[HCP_CHAIN_STRIDE];
} belief;

static void advance(const hcp_price_outlook *outlook, int step, belief *now)
{
    if (now->step < 0 && step >= 0) {
        memcpy(now->at, outlook->first, sizeof now->at);
        now->step = 0;
    }
    while (now->step < step)
        hcp_chain_advance(now->at, &outlook->matrix[++now->step], now->at);
}

static void add(hcp_curtailment_worth *worth, const cell *found, bool paid, double weight)
{
    worth->mining_usd.expected += weight * found->mining_usd;
    worth->electricity_usd.expected += weight * found->electricity_usd;
    worth->reserve_usd += weight * found->reserve_usd;
    worth->switch_usd += weight * found->switch_usd;
    if (!paid)
        return;
    worth->without_mwh += weight * found->without_mwh;
    worth->with_mwh += weight * found->with_mwh;
}

static double price_at(const hcp_curtailment *event, const belief *now)
{
    if (now->step < 0)
        return event->site->usd_per_mwh;
    double mean = 0;
    for (int b = 0; b < HCP_CHAIN_BINS; b++)
        mean += (double)now->at[b] * (double)event->outlook->usd_per_mwh[now->step][b];
    return mean;
}

/* Also the asked energy, in hours of which the price is the mean. */
static void expect(const assessment *a, hcp_curtailment_worth *worth)
{
    const hcp_curtailment *event = a->event;
    belief now = {.step = -1};
    double paid_h = 0;
    for (int i = 0; i < event->n_parts; i++) {
        const hcp_curtailment_part *part = &event->parts[i];
        advance(event->outlook, part->step, &now);
        if (part->step < 0)
            add(worth, cell_at(a, i, 0), part->paid, 1);
        for (int b = 0; part->step >= 0 && b < HCP_CHAIN_BINS; b++)
            add(worth, cell_at(a, i, b), part->paid, (double)now.at[b]);
        paid_h += part->paid ? part->h : 0;
        worth->price_usd_per_mwh += part->paid ? part->h * price_at(event, &now) : 0;
    }
    worth->price_usd_per_mwh /= MAX(paid_h, 1e-9);
    worth->asked_mwh = (event->baseline_w - event->target_w) / W_PER_MW * paid_h;
}

/* --- intervals --------------------------------------------------------------------------------------------------------- */

static int draw(hcp_rng *rng, const float *chances)
{
    double left = hcp_rng_uniform(rng);
    int b = 0;
    while (b < HCP_CHAIN_BINS - 1 && (left -= (double)chances[b]) >= 0)
        b++;
    return b;
}

typedef struct {
    double mining[PATHS], electricity[PATHS], given_up[PATHS];
} paths;

static void walk(const assessment *a, hcp_rng *rng, paths *all, int p)
{
    const hcp_price_outlook *outlook = a->event->outlook;
    int bin = 0, step = -1;
    for (int i = 0; i < a->event->n_parts; i++) {
        while (step < a->event->parts[i].step) {
            step++;
            bin = draw(rng, step == 0 ? outlook->first : outlook->matrix[step].to[bin]);
        }
        const cell *found = cell_at(a, i, bin);
        all->mining[p] += found->mining_usd;
        all->electricity[p] += found->electricity_usd;
        all->given_up[p] +=
            found->mining_usd + found->reserve_usd + found->switch_usd - found->electricity_usd;
    }
}

static void spread(double *values, hcp_expected *ret)
{
    qsort(values, PATHS, sizeof *values, hcp_order_doubles);
    ret->low = MIN(values[PATHS / 10], ret->expected);
    ret->high = MAX(values[PATHS - 1 - PATHS / 10], ret->expected);
}

/* What does not depend on prices is in the expected worth already; the rest of it is what the paths give up. */
static void draw_paths(const assessment *a, double fixed_usd, hcp_curtailment_worth *worth)
{
    g_autofree paths *all = g_new0(paths, 1);
    hcp_rng rng;
    int gains = 0;
    hcp_rng_init(&rng, SEED, 0);
    for (int p = 0; p < PATHS; p++) {
        walk(a, &rng, all, p);
        all->given_up[p] = fixed_usd - all->given_up[p];
        gains += all->given_up[p] > 0;
    }
    worth->gain_chance = (double)gains / PATHS;
    spread(all->mining, &worth->mining_usd);
    spread(all->electricity, &worth->electricity_usd);
    spread(all->given_up, &worth->worth_usd);
}

/* --- falling short ----------------------------------------------------------------------------------------------------- */

/* What free GPUs would draw at the meter beyond sleep in another use. */
static double free_gpus_w(const hcp_dispatch_input *site, bool serving)
{
    double power_w = 0;
    for (int c = 0; c < site->n_classes; c++) {
        const hcp_dispatch_class *class_ = &site->classes[c];
        double used_w = serving ? class_->serving_w : class_->idle_w;
        if (!class_->asic)
            power_w += hcp_dispatch_class_free(class_) * MAX(0, used_w - class_->standby_w);
    }
    return power_w * site->pue;
}

/* The share of what was asked that is missing once leases draw `rise_w` more. */
static double missing_share(const assessment *a, double rise_w)
{
    const hcp_curtailment *event = a->event;
    double rises_w = MIN(rise_w, free_gpus_w(event->site, true));
    double missing_w = bound_mw(a, 0) * W_PER_MW + rises_w - event->target_w;
    if (event->may_end)
        return 0;
    return CLAMP(missing_w / (event->baseline_w - event->target_w), 0, 1);
}

/* Payment, availability and penalty by the share that is delivered; returns that share. */
static double pay(const assessment *a, hcp_curtailment_worth *worth)
{
    const hcp_curtailment *event = a->event;
    double missing = 0, shorts = 0, most = missing_share(a, INFINITY);
    for (int i = 0; i < event->n_rises; i++) {
        double share = missing_share(a, event->rise_w[i]);
        missing += share / event->n_rises;
        shorts += share > 0;
    }
    double available_usd =
        (event->baseline_w - event->target_w) / W_PER_MW * event->availability_usd_per_mw;
    double full_usd = worth->asked_mwh * event->payment_usd_per_mwh;
    double fine_usd = worth->asked_mwh * event->penalty_usd_per_mwh;
    worth->short_chance = most == 0 ? 0 : event->n_rises > 0 ? shorts / event->n_rises : NAN;
    worth->short_usd = most * (full_usd + available_usd + fine_usd);
    worth->payment_usd = (1 - missing) * full_usd;
    worth->availability_usd = (1 - missing) * available_usd;
    worth->penalty_usd = missing * fine_usd;
    return 1 - missing;
}

/* --- all of it --------------------------------------------------------------------------------------------------------- */

/* Miners that are switching will be as free as the others by then; what GPUs that switch draw, they go on drawing. */
static double base_mw(const hcp_dispatch_input *site)
{
    double base_w = hcp_dispatch_base_w(site);
    for (int c = 0; c < site->n_classes; c++) {
        const hcp_dispatch_class *class_ = &site->classes[c];
        if (class_->asic)
            base_w += class_->switching * hcp_dispatch_rest_w(class_) - class_->switching_w;
    }
    return base_w * site->pue / W_PER_MW;
}

static void begin(assessment *a, const hcp_curtailment *event)
{
    hcp_dispatch_input bound = *event->site;
    bound.reserve_usd_per_mw = 0;
    a->event = event;
    hcp_bids_fill(event->site, &a->open);
    hcp_bids_fill(&bound, &a->bound);
    a->base_mw = base_mw(event->site);
    a->ended_mw = event->ended_w * event->site->pue / W_PER_MW;
    a->idle_mw = free_gpus_w(event->site, false) / W_PER_MW;
    for (int c = 0; c < event->site->n_classes; c++) {
        const hcp_dispatch_class *class_ = &event->site->classes[c];
        hcp_dispatch_device device;
        hcp_dispatch_device_fill(&bound, class_, bound.hashprice, 1.0, &device);
        a->start_usd[c] = device.start_usd;
        /* The income of the way down is in the first part already. */
        a->stop_usd[c] = class_->switch_usd;
    }
    a->cells = g_new0(cell, (size_t)event->n_parts * HCP_CHAIN_BINS);
}

static void say(hcp_curtailment_worth *worth)
{
    double cost_usd = worth->mining_usd.expected + worth->reserve_usd + worth->ai_usd +
                      worth->switch_usd + worth->penalty_usd;
    g_autofree char *break_even =
        isnan(worth->break_even_usd_per_mwh)
            ? g_strdup("no payment would make up for it")
            : g_strdup_printf("it breaks even at %.2f USD/MWh", worth->break_even_usd_per_mwh);
    g_snprintf(worth->reason, sizeof worth->reason,
               "pays %.2f USD and leaves %.2f USD of electricity unbought, for %.2f USD given up: "
               "%.2f USD (80 %%: %.2f to %.2f); %s",
               worth->payment_usd + worth->availability_usd, worth->electricity_usd.expected,
               cost_usd, worth->worth_usd.expected, worth->worth_usd.low, worth->worth_usd.high,
               break_even);
}

void hcp_curtailment_assess(const hcp_curtailment *event, hcp_curtailment_worth *ret_worth)
{
    g_assert(event->n_parts > 0 && event->baseline_w > event->target_w);
    g_autofree assessment *a = g_new0(assessment, 1);
    begin(a, event);
    *ret_worth = (hcp_curtailment_worth){.ai_usd = event->ended_usd};
    weigh_all(a);
    expect(a, ret_worth);
    double share = pay(a, ret_worth);
    double fixed_usd = ret_worth->payment_usd + ret_worth->availability_usd -
                       ret_worth->penalty_usd - ret_worth->ai_usd;
    ret_worth->worth_usd.expected = fixed_usd + ret_worth->electricity_usd.expected -
                                    ret_worth->mining_usd.expected - ret_worth->reserve_usd -
                                    ret_worth->switch_usd;
    draw_paths(a, fixed_usd, ret_worth);
    double paid_mwh = share * ret_worth->asked_mwh;
    ret_worth->break_even_usd_per_mwh =
        paid_mwh > 0 ? (ret_worth->payment_usd - ret_worth->worth_usd.expected) / paid_mwh : NAN;
    say(ret_worth);
    g_free(a->cells);
}
