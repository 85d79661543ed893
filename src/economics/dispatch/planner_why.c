/* SPDX-License-Identifier: Apache-2.0 */
/* Why a planning policy chose what it chose: the best plan not taken, what lies between them, and what would change it. */
#include "economics/dispatch/planner.h"

#include "economics/dispatch/explain.h"

#include <math.h>
#include <string.h>

/* Prices are capped by market rule well within this. */
#define PRICE_MOST 10000.0
#define HALVINGS 24

/* The chosen plan with one class changed. */
typedef struct {
    int c;
    hcp_dispatch_grant grant;
    double gain_usd; /* of the chosen plan over it */
} rival;

static double grant_w(const hcp_dispatch_offer *offer, const hcp_dispatch_grant *grant)
{
    return grant->mine * offer->extra_w[grant->mode];
}

/* Worth of what was granted over another grant of class c, were the price in force `usd_per_mwh`. */
static double gain_at(const hcp_dispatch_case *question, const rival *r, double usd_per_mwh)
{
    hcp_dispatch_offer offer = question->offers[r->c];
    hcp_dispatch_offer_fill(question, r->c, usd_per_mwh, &offer);
    return hcp_dispatch_grant_usd(&offer, &question->grants[r->c]) -
           hcp_dispatch_grant_usd(&offer, &r->grant);
}

static uint32_t that_fit(const hcp_dispatch_offer *offer, int mode, uint32_t free, double room_w)
{
    return offer->extra_w[mode] <= 0
               ? free
               : (uint32_t)MIN(floor(MAX(room_w, 0) / offer->extra_w[mode]), (double)free);
}

static void try_rival(const hcp_dispatch_case *question, int c, hcp_dispatch_grant grant,
                      rival *best)
{
    const hcp_dispatch_offer *offer = &question->offers[c];
    const hcp_dispatch_grant *own = &question->grants[c];
    if (grant.mine == own->mine && (grant.mine == 0 || grant.mode == own->mode))
        return;
    double gain = hcp_dispatch_grant_usd(offer, own) - hcp_dispatch_grant_usd(offer, &grant);
    if (best->c < 0 || gain < best->gain_usd)
        *best = (rival){.c = c, .grant = grant, .gain_usd = gain};
}

/* Of every class: all at rest, nothing moved, and as many as fit at each target. The one that costs least. */
static rival best_rival(const hcp_dispatch_case *question)
{
    rival best = {.c = -1};
    double room_w[HCP_DISPATCH_SUPPLIES];
    int n = question->input->n_classes;
    memcpy(room_w, question->room_w, sizeof room_w);
    for (int c = 0; c < n; c++)
        if (question->offers[c].n_modes > 0)
            hcp_dispatch_room_take(room_w, question->offers[c].feeder,
                                   grant_w(&question->offers[c], &question->grants[c]));
    for (int c = 0; c < n; c++) {
        const hcp_dispatch_offer *offer = &question->offers[c];
        if (offer->n_modes == 0)
            continue;
        double own_room_w =
            hcp_dispatch_room_for(room_w, offer->feeder) + grant_w(offer, &question->grants[c]);
        uint32_t free = offer->mining + offer->resting;
        try_rival(question, c, (hcp_dispatch_grant){.mode = offer->mode}, &best);
        if (offer->mining <= that_fit(offer, offer->mode, offer->mining, own_room_w))
            try_rival(question, c, (hcp_dispatch_grant){.mode = offer->mode, .mine = offer->mining},
                      &best);
        for (int mode = 1; mode < offer->n_modes; mode++) {
            uint32_t mine = that_fit(offer, mode, free, own_room_w);
            if (mine > 0)
                try_rival(question, c, (hcp_dispatch_grant){.mode = mode, .mine = mine}, &best);
        }
    }
    return best;
}

static void fill_rejected(const hcp_dispatch_case *question, const rival *r,
                          hcp_dispatch_plan *plan)
{
    const hcp_dispatch_input *input = question->input;
    hcp_dispatch_wish wishes[HCP_DISPATCH_MAX_CLASSES];
    uint32_t mine[HCP_DISPATCH_MAX_CLASSES];
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        const hcp_dispatch_grant *grant = c == r->c ? &r->grant : &question->grants[c];
        hcp_dispatch_wish *w = &wishes[c];
        *w = (hcp_dispatch_wish){.rest_usd_per_h = hcp_dispatch_rest_usd_per_h(input, class_)};
        mine[c] = grant->mine;
        if (question->offers[c].n_modes == 0)
            continue;
        w->mine = grant->mine > 0;
        w->target = (w->mine ? grant->mode : question->offers[c].mode) - 1;
        w->mining_usd_per_h = hcp_dispatch_mining_usd_per_h(input, class_, w->target);
    }
    plan->rejected_usd_per_h = hcp_dispatch_fill(input, wishes, mine, plan->rejected);
}

/* What a grant's devices are worth from the next price on, at grid point b of it. */
static double ahead_usd(const hcp_dispatch_case *question, int c, const hcp_dispatch_grant *grant,
                        int b)
{
    const hcp_dispatch_offer *offer = &question->offers[c];
    const hcp_dispatch_device *device = &question->planner->basis->devices[c];
    const hcp_dispatch_row *values = question->planner->prospects[c]->values;
    uint32_t stay = MIN(grant->mine, offer->mining), start = grant->mine - stay;
    const struct {
        int from, to;
        uint32_t count;
    } moves[] = {{offer->mode, grant->mode, stay},
                 {offer->mode, 0, offer->mining - stay},
                 {0, grant->mode, start},
                 {0, 0, offer->resting - start}};
    double usd = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(moves); i++)
        if (moves[i].count > 0)
            usd +=
                moves[i].count *
                (double)values[hcp_dispatch_node_after(device, moves[i].from, moves[i].to)].at[b];
    return usd;
}

typedef struct {
    double usd, weight;
} outcome;

static int by_usd(const void *a, const void *b)
{
    double x = ((const outcome *)a)->usd, y = ((const outcome *)b)->usd;
    return (x > y) - (x < y);
}

static double quantile(const outcome *outcomes, double q)
{
    double below = 0;
    int b = 0;
    while (b < HCP_CHAIN_BINS - 1 && below + outcomes[b].weight < q)
        below += outcomes[b++].weight;
    return outcomes[b].usd;
}

/* The gain by the next price, four fifths of its likely values. */
static void fill_interval(const hcp_dispatch_case *question, const rival *r,
                          hcp_dispatch_plan *plan)
{
    const hcp_price_outlook *outlook = question->planner->outlook;
    outcome outcomes[HCP_CHAIN_BINS];
    double mean = 0;
    for (int b = 0; b < HCP_CHAIN_BINS; b++) {
        outcomes[b] = (outcome){.usd = ahead_usd(question, r->c, &question->grants[r->c], b) -
                                       ahead_usd(question, r->c, &r->grant, b),
                                .weight = (double)outlook->first[b]};
        mean += outcomes[b].usd * outcomes[b].weight;
    }
    qsort(outcomes, HCP_CHAIN_BINS, sizeof *outcomes, by_usd);
    plan->gain_low_usd = MIN(plan->gain_usd, plan->gain_usd + quantile(outcomes, 0.1) - mean);
    plan->gain_high_usd = MAX(plan->gain_usd, plan->gain_usd + quantile(outcomes, 0.9) - mean);
}

/* The nearest price beyond the present one at which the rejected plan is worth as much, in direction `sign`; NAN: none. */
static double crossing(const hcp_dispatch_case *question, const rival *r, double sign)
{
    double now = question->input->usd_per_mwh, near = 0, far = 0.5;
    bool positive = r->gain_usd >= 0;
    while ((gain_at(question, r, now + sign * far) >= 0) == positive) {
        near = far;
        far *= 2;
        if (far > PRICE_MOST)
            return NAN;
    }
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (near + far) / 2;
        if ((gain_at(question, r, now + sign * middle) >= 0) == positive)
            near = middle;
        else
            far = middle;
    }
    return now + sign * far;
}

/* With a late price the gain is affine in the step's price around its expectation. */
static double late_flip(const hcp_dispatch_case *question, const rival *r, double mean,
                        double more_mw)
{
    double step_h = hcp_dispatch_prices_step_h(question->planner->prices);
    return fabs(more_mw) < 1e-12 ? NAN : mean + r->gain_usd / (more_mw * step_h);
}

static void fill_flip(const hcp_dispatch_case *question, const rival *r, hcp_dispatch_plan *plan)
{
    const hcp_dispatch_offer *offer = &question->offers[r->c];
    const hcp_dispatch_input *input = question->input;
    double more_w = grant_w(offer, &question->grants[r->c]) - grant_w(offer, &r->grant);
    double sign = (r->gain_usd >= 0) == (more_w > 0) ? 1.0 : -1.0;
    double flip = question->late ? late_flip(question, r, plan->forecast_usd_per_mwh,
                                             more_w * input->pue / 1e6)
                                 : crossing(question, r, sign);
    double below = question->planner->chain
                       ? hcp_price_outlook_below(question->planner->outlook, flip)
                       : (plan->forecast_usd_per_mwh <= flip);
    if (isnan(flip)) {
        g_strlcpy(plan->flip, "nothing: at no price is the other plan worth more",
                  sizeof plan->flip);
        plan->confidence = r->gain_usd >= 0 ? 1.0 : 0.0;
        return;
    }
    plan->flip_usd_per_mwh = flip;
    plan->confidence = sign > 0 ? below : 1.0 - below;
    double from = question->late ? plan->forecast_usd_per_mwh : input->usd_per_mwh;
    g_snprintf(plan->flip, sizeof plan->flip, "electricity %s %.2f USD/MWh (%s %.2f)",
               flip >= from ? "above" : "below", flip, question->late ? "expected" : "now", from);
}

static void fill_reason(const hcp_dispatch_case *question, const rival *r, hcp_dispatch_plan *plan)
{
    char peak[96] = "";
    if (question->peak_usd_per_mwh > 0)
        g_snprintf(peak, sizeof peak, ", and %.2f USD/MWh for the assumed peak of the month",
                   question->peak_usd_per_mwh);
    if (question->stale && question->planner->solved && question->input->price_good) {
        g_snprintf(plan->reason, sizeof plan->reason,
                   "held: no price has settled for more than %.0f h, nothing moves until one does",
                   HCP_DISPATCH_STALE_H);
        return;
    }
    if (hcp_dispatch_explain_held(question->input, plan->gap_usd_per_h, plan))
        return;
    if (question->ruled[r->c])
        g_snprintf(
            plan->reason, sizeof plan->reason,
            "the plan has lately lost to %s by more than its bound, so that is followed; the "
            "plan's choice is worth %.2f USD more over %.0f h",
            plan->source, -plan->gain_usd, plan->horizon_h);
    else
        g_snprintf(plan->reason, sizeof plan->reason,
                   "worth %.2f USD more over %.0f h than the best other plan, at %.2f USD/MWh now "
                   "and %.2f expected next%s",
                   plan->gain_usd, plan->horizon_h, question->input->usd_per_mwh,
                   plan->forecast_usd_per_mwh, peak);
}

static const char *source_of(const hcp_dispatch_case *question, const rival *r)
{
    if (!question->input->price_good || question->stale)
        return "stale";
    if (r->c < 0 || !question->ruled[r->c])
        return "plan";
    return question->planner->prospects[r->c]->paper.followed == HCP_DISPATCH_PAPER_LAZY ? "lcp"
                                                                                         : "static";
}

static void fill_forecast(const hcp_dispatch_case *question, hcp_dispatch_plan *plan)
{
    const hcp_dispatch_planner *self = question->planner;
    if (self->chain)
        hcp_price_forecast_given(hcp_dispatch_prices_forecast(self->prices),
                                 question->input->usd_per_mwh, self->outlook);
    plan->forecast_usd_per_mwh = hcp_price_outlook_mean(self->outlook);
    plan->forecast_low_usd_per_mwh = hcp_price_outlook_quantile(self->outlook, 0.1);
    plan->forecast_high_usd_per_mwh = hcp_price_outlook_quantile(self->outlook, 0.9);
}

void hcp_dispatch_planner_explain(const hcp_dispatch_case *question, hcp_dispatch_plan *plan)
{
    rival r = best_rival(question);
    const hcp_dispatch_planner *self = question->planner;
    plan->horizon_h = self->n_steps * hcp_dispatch_prices_step_h(self->prices);
    plan->source = source_of(question, &r);
    plan->alternative = r.c >= 0;
    fill_rejected(question, &r, plan);
    if (!self->solved) {
        plan->confidence = 0.0;
        g_strlcpy(plan->flip, "the first settled price", sizeof plan->flip);
        g_strlcpy(plan->reason, "held: no price has settled yet", sizeof plan->reason);
        return;
    }
    fill_forecast(question, plan);
    if (r.c >= 0) {
        plan->gain_usd = r.gain_usd;
        plan->gap_usd_per_h = r.gain_usd / plan->horizon_h;
        fill_interval(question, &r, plan);
        fill_flip(question, &r, plan);
    } else {
        g_strlcpy(plan->flip, "nothing: no free device here can mine", sizeof plan->flip);
        plan->confidence = 1.0;
    }
    if (!question->input->price_good)
        plan->confidence = 0.0;
    if (question->stale)
        plan->recommendation = "HOLD";
    fill_reason(question, &r, plan);
}
