/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/dispatch/share.h"

#include "base/units.h"
#include "economics/formula.h"

#include <glib.h>
#include <math.h>

uint32_t hcp_dispatch_class_free(const hcp_dispatch_class *class_)
{
    return class_->mining + class_->idle + class_->curtailed;
}

double hcp_dispatch_rest_w(const hcp_dispatch_class *class_)
{
    return class_->asic ? class_->standby_w : class_->idle_w;
}

double hcp_dispatch_rest_usd_per_h(const hcp_dispatch_input *input,
                                   const hcp_dispatch_class *class_)
{
    return -hcp_formula_power_usd_per_h(hcp_dispatch_rest_w(class_), input->pue,
                                        input->usd_per_mwh);
}

bool hcp_dispatch_can_mine(const hcp_dispatch_class *class_)
{
    return class_->n_targets > 0 && (class_->asic || class_->mining_usd_per_h > 0);
}

static double class_base_w(const hcp_dispatch_class *class_)
{
    return class_->serving * class_->serving_w + class_->switching_w +
           hcp_dispatch_class_free(class_) * hcp_dispatch_rest_w(class_);
}

double hcp_dispatch_known_h(const hcp_dispatch_input *input)
{
    return (double)(input->price_known_us - input->price_at_us) / (double)HCP_US_PER_H;
}

bool hcp_dispatch_is_late(const hcp_dispatch_input *input, double step_h)
{
    return input->settles_late && hcp_dispatch_known_h(input) >= step_h - 1e-6;
}

double hcp_dispatch_base_w(const hcp_dispatch_input *input)
{
    double power_w = 0;
    for (int c = 0; c < input->n_classes; c++)
        power_w += class_base_w(&input->classes[c]);
    return power_w;
}

void hcp_dispatch_rooms(const hcp_dispatch_input *input, double cap_w,
                        double ret_room_w[HCP_DISPATCH_SUPPLIES])
{
    g_assert(input->n_feeders <= HCP_DISPATCH_MAX_FEEDERS);
    ret_room_w[0] = cap_w / input->pue;
    for (int f = 0; f < input->n_feeders; f++)
        ret_room_w[f + 1] = input->feeder_w[f];
    for (int c = 0; c < input->n_classes; c++)
        hcp_dispatch_room_take(ret_room_w, input->classes[c].feeder,
                               class_base_w(&input->classes[c]));
}

double hcp_dispatch_room_for(const double *room_w, int feeder)
{
    return MIN(room_w[0], room_w[feeder]);
}

void hcp_dispatch_room_take(double *room_w, int feeder, double power_w)
{
    room_w[0] -= power_w;
    if (feeder > 0)
        room_w[feeder] -= power_w;
}

/* Position of the class to be served next, or -1: those that stay as they are come first, then the one whose mining earns
 * most per extra watt. */
static int next_by_merit(const hcp_dispatch_input *input, const hcp_dispatch_wish *wishes,
                         const bool *done)
{
    int best = -1;
    double best_merit = 0;
    for (int c = 0; c < input->n_classes; c++) {
        if (done[c] || !wishes[c].mine)
            continue;
        double extra_w = input->classes[c].targets[wishes[c].target].power_w -
                         hcp_dispatch_rest_w(&input->classes[c]);
        double merit = (wishes[c].mining_usd_per_h - wishes[c].rest_usd_per_h) / MAX(extra_w, 1e-9);
        if (wishes[c].keep)
            merit = INFINITY;
        if (best < 0 || merit > best_merit) {
            best = c;
            best_merit = merit;
        }
    }
    return best;
}

static uint32_t wanted_miners(const hcp_dispatch_class *class_, const hcp_dispatch_wish *w)
{
    return w->keep ? class_->mining : hcp_dispatch_class_free(class_);
}

static void fill_choice(const hcp_dispatch_input *input, const hcp_dispatch_class *class_,
                        const hcp_dispatch_wish *w, uint32_t mine, hcp_dispatch_choice *choice)
{
    uint32_t rest = hcp_dispatch_class_free(class_) - mine;
    double serve = class_->serve_usd_per_h -
                   hcp_formula_power_usd_per_h(class_->serving_w, input->pue, input->usd_per_mwh);
    double mine_w = mine > 0 ? class_->targets[w->target].power_w : 0;
    *choice = (hcp_dispatch_choice){
        .mine = mine,
        .idle = class_->asic ? 0 : rest,
        .curtail = class_->asic ? rest : 0,
        .target = w->target,
        .power_w = class_->serving * class_->serving_w + class_->switching_w + mine * mine_w +
                   rest * hcp_dispatch_rest_w(class_),
        .usd_per_h =
            class_->serving * serve + mine * w->mining_usd_per_h + rest * w->rest_usd_per_h,
    };
    if (hcp_dispatch_can_mine(class_))
        choice->usd_per_mwh = hcp_formula_usd_per_mwh(
            w->mining_usd_per_h, class_->targets[w->target].power_w, input->pue);
}

double hcp_dispatch_fill(const hcp_dispatch_input *input, const hcp_dispatch_wish *wishes,
                         const uint32_t *mine, hcp_dispatch_choice *ret_choices)
{
    double usd_per_h = 0;
    for (int c = 0; c < input->n_classes; c++) {
        fill_choice(input, &input->classes[c], &wishes[c], mine[c], &ret_choices[c]);
        usd_per_h += ret_choices[c].usd_per_h;
    }
    return usd_per_h;
}

bool hcp_dispatch_is_held(const hcp_dispatch_input *input, const hcp_dispatch_class *class_)
{
    bool dwelling = class_->moved_us != 0 && input->now_us - class_->moved_us < input->min_dwell_us;
    return dwelling || !input->price_good || (class_->asic && !input->hashprice_good);
}

double hcp_dispatch_share(const hcp_dispatch_input *input, const hcp_dispatch_wish *wishes,
                          hcp_dispatch_choice *ret_choices)
{
    bool done[HCP_DISPATCH_MAX_CLASSES] = {false};
    uint32_t mine[HCP_DISPATCH_MAX_CLASSES] = {0};
    double room_w[HCP_DISPATCH_SUPPLIES];
    hcp_dispatch_rooms(input, input->cap_w, room_w);
    for (int c; (c = next_by_merit(input, wishes, done)) >= 0; done[c] = true) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        double extra_w = class_->targets[wishes[c].target].power_w - hcp_dispatch_rest_w(class_);
        double own_w = MAX(hcp_dispatch_room_for(room_w, class_->feeder), 0);
        double fits = extra_w > 0 ? floor(own_w / extra_w) : hcp_dispatch_class_free(class_);
        mine[c] = (uint32_t)MIN(fits, (double)wanted_miners(class_, &wishes[c]));
        hcp_dispatch_room_take(room_w, class_->feeder, mine[c] * extra_w);
    }
    return hcp_dispatch_fill(input, wishes, mine, ret_choices);
}

static int most_profitable(const hcp_dispatch_input *input, const hcp_dispatch_class *class_)
{
    int best = 0;
    for (int t = 1; t < class_->n_targets; t++)
        if (hcp_dispatch_mining_usd_per_h(input, class_, t) >
            hcp_dispatch_mining_usd_per_h(input, class_, best))
            best = t;
    return best;
}

void hcp_dispatch_fixed_wishes(const hcp_dispatch_input *input, bool mine,
                               hcp_dispatch_wish *wishes)
{
    for (int c = 0; c < input->n_classes; c++) {
        hcp_dispatch_wish w = {.rest_usd_per_h =
                                   hcp_dispatch_rest_usd_per_h(input, &input->classes[c])};
        if (hcp_dispatch_can_mine(&input->classes[c])) {
            w.mine = mine;
            w.target = most_profitable(input, &input->classes[c]);
            w.mining_usd_per_h = hcp_dispatch_mining_usd_per_h(input, &input->classes[c], w.target);
        }
        wishes[c] = w;
    }
}

static bool is_now(const hcp_dispatch_class *class_, const hcp_dispatch_choice *choice)
{
    if (choice->mine != class_->mining)
        return false;
    return choice->mine == 0 || choice->target == class_->current_target;
}

void hcp_dispatch_sum(const hcp_dispatch_input *input, const hcp_dispatch_wish *wishes,
                      hcp_dispatch_plan *plan)
{
    uint32_t serving = 0, mining = 0, switching = 0;
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        double power =
            hcp_formula_power_usd_per_h(class_->serving_w, input->pue, input->usd_per_mwh);
        plan->ai_usd_per_h += class_->serving * (class_->serve_usd_per_h - power);
        plan->btc_usd_per_h += plan->chosen[c].mine * wishes[c].mining_usd_per_h;
        plan->moves |= !is_now(class_, &plan->chosen[c]);
        plan->switch_cost_usd +=
            fabs((double)plan->chosen[c].mine - class_->mining) * class_->switch_usd;
        switching += class_->switching;
        serving += class_->serving;
        mining += plan->chosen[c].mine;
    }
    /* While everything is on its way to another use, there is nothing to recommend. */
    bool held = !input->price_good || (serving + mining == 0 && switching > 0);
    plan->recommendation = held                        ? "HOLD"
                           : serving > 0 && mining > 0 ? "HYBRID"
                           : serving > 0               ? "AI_INFERENCE"
                           : mining > 0                ? "BITCOIN_MINING"
                                                       : "CURTAIL";
}
