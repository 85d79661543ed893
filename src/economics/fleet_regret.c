/* SPDX-License-Identifier: Apache-2.0 */
/* Worth of a device's time, layers of devices, the best static plan, and the optimum. Everything is counted above rest. */
#include "economics/fleet_regret.h"

#include "base/order.h"
#include "economics/formula.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Live regret need not be exact to a cent; the bound tells how far it is. */
static const double TOLERANCE = 1e-4;
static const size_t WINDOW_MAX = 192;

/* Means of whole devices come with an error of rounding. */
static const double COUNT_STEP = 1e-6;

typedef struct {
    double level; /* devices of the class up to and with this layer */
    double size;
    double mw[HCP_FLEET_MODES_MAX];
    double *reward_usd;
    uint8_t *at_hand;
} layer;

static void clear_layer(void *data)
{
    g_free(((layer *)data)->reward_usd);
    g_free(((layer *)data)->at_hand);
}

static double device_mw(const hcp_fleet_regret_problem *p, int c, int target)
{
    return (p->classes[c].targets[target].power_w - p->classes[c].rest_w) * p->pue / 1e6;
}

/* USD that a device of class c is paid for standing ready through step t. */
static double ready_usd(const hcp_fleet_regret_problem *p, int c, int target, size_t t)
{
    double mw = p->classes[c].ready ? MAX(0, device_mw(p, c, target)) : 0;
    return mw * p->steps[t].reserve_usd_per_mw * p->steps[t].hours;
}

/* USD that a device of class c earns above rest by mining through step t, reserve sold. */
static double worth(const hcp_fleet_regret_problem *p, int c, int target, size_t t)
{
    const hcp_fleet_regret_class *class_ = &p->classes[c];
    const hcp_fleet_regret_step *step = &p->steps[t];
    double income = class_->mining_usd_per_h > 0
                        ? class_->mining_usd_per_h
                        : hcp_formula_mining_usd_per_h(class_->targets[target].ths, step->hashprice,
                                                       p->pool_fee);
    return (income - device_mw(p, c, target) * step->usd_per_mwh) * step->hours +
           ready_usd(p, c, target, t);
}

static double rest_usd(const hcp_fleet_regret_problem *p)
{
    double usd = 0;
    for (size_t t = 0; t < p->n; t++)
        for (int c = 0; c < p->n_classes; c++)
            if (p->classes[c].n_targets > 0)
                usd -= p->steps[t].classes[c].at_hand * p->steps[t].hours *
                       hcp_formula_power_usd_per_h(p->classes[c].rest_w, p->pue,
                                                   p->steps[t].usd_per_mwh);
    return usd;
}

static void score_earned(const hcp_fleet_regret_problem *p, hcp_fleet_regret *regret)
{
    for (size_t t = 0; t < p->n; t++)
        for (int c = 0; c < p->n_classes; c++) {
            const hcp_fleet_regret_did *did = &p->steps[t].classes[c];
            regret->switching_usd += (did->starts + did->stops) * p->classes[c].switch_usd;
            for (int k = 0; k < p->classes[c].n_targets; k++) {
                regret->earned_usd += did->mined[k] * worth(p, c, k, t);
                regret->reserve_usd += did->mined[k] * ready_usd(p, c, k, t);
            }
        }
    regret->earned_usd -= regret->switching_usd;
}

/* Megawatts that what was done left to the devices at hand, above their rest: what they drew, and what was free. A row of
 * steps for the facility, then one for each feeder. */
static double *rooms_of(const hcp_fleet_regret_problem *p)
{
    double *room = g_new(double, p->n *(size_t)(p->n_feeders + 1));
    for (size_t t = 0; t < p->n; t++) {
        room[t] = MAX(0, p->steps[t].cap_mw - p->steps[t].drawn_mw);
        for (int f = 1; f <= p->n_feeders; f++) {
            double drawn_mw = 0;
            for (int c = 0; c < p->n_classes; c++)
                drawn_mw += p->classes[c].feeder == f ? p->steps[t].classes[c].drawn_mw : 0;
            room[(size_t)f * p->n + t] = MAX(0, p->feeder_mw[f - 1] - drawn_mw);
        }
        for (int c = 0; c < p->n_classes; c++)
            for (int k = 0; k < p->classes[c].n_targets; k++) {
                double mw = p->steps[t].classes[c].mined[k] * device_mw(p, c, k);
                room[t] += mw;
                if (p->classes[c].feeder > 0)
                    room[(size_t)p->classes[c].feeder * p->n + t] += mw;
            }
    }
    return room;
}

/* --- the best static plan ------------------------------------------------------------------------------------------ */

/* Worth of the class mining at the target throughout, no cap in its way, and the energy that takes. */
static double throughout(const hcp_fleet_regret_problem *p, int c, int target, double *ret_mwh)
{
    double usd = 0;
    *ret_mwh = 0;
    for (size_t t = 0; t < p->n; t++) {
        double count = p->steps[t].classes[c].at_hand;
        usd += count * worth(p, c, target, t);
        *ret_mwh += count * device_mw(p, c, target) * p->steps[t].hours;
    }
    return usd;
}

/* How one class is left, and its place when the room is short. */
typedef struct {
    int class_ix, target; /* target -1 = at rest */
    double usd_per_mwh;
    double mining; /* devices in the step before */
} standing;

static standing stand(const hcp_fleet_regret_problem *p, int c)
{
    standing best = {.class_ix = c, .target = -1};
    double count = p->steps[0].classes[c].at_hand, switch_usd = p->classes[c].switch_usd;
    double before = p->mining != NULL ? MIN(p->mining[c], count) : 0;
    double most = -before * switch_usd;
    for (int k = 0; k < p->classes[c].n_targets; k++) {
        double mwh, usd = throughout(p, c, k, &mwh);
        usd -= p->mining != NULL ? (count - before) * switch_usd : 0;
        if (usd <= most)
            continue;
        most = usd;
        best.target = k;
        best.usd_per_mwh = usd / MAX(mwh, 1e-12);
    }
    return best;
}

static int by_worth(const void *a, const void *b)
{
    const standing *x = a, *y = b;
    if (x->usd_per_mwh != y->usd_per_mwh)
        return x->usd_per_mwh > y->usd_per_mwh ? -1 : 1;
    return (x->class_ix > y->class_ix) - (x->class_ix < y->class_ix);
}

/* `left` is the room of the step, by supply. */
static double stand_through(const hcp_fleet_regret_problem *p, standing *s, size_t t, double *left)
{
    double count = p->steps[t].classes[s->class_ix].at_hand, mine = 0, usd = 0;
    if (s->target >= 0) {
        double mw = device_mw(p, s->class_ix, s->target);
        int feeder = p->classes[s->class_ix].feeder;
        mine = mw > 0 ? MIN(count, MAX(0, MIN(left[0], left[feeder])) / mw) : count;
        left[0] -= mine * mw;
        left[feeder] -= feeder > 0 ? mine * mw : 0;
        usd = mine * worth(p, s->class_ix, s->target, t);
    }
    /* Nothing is paid for devices that were taken away. */
    double before = t == 0 && p->mining == NULL ? mine : MIN(s->mining, count);
    s->mining = mine;
    return usd - fabs(mine - before) * p->classes[s->class_ix].switch_usd;
}

static double static_usd(const hcp_fleet_regret_problem *p, const double *room, bool rest)
{
    g_autofree standing *order = g_new(standing, MAX(1, p->n_classes));
    g_autofree double *left = g_new0(double, p->n_feeders + 1);
    double usd = 0;
    for (int c = 0; c < p->n_classes; c++) {
        order[c] = rest ? (standing){.class_ix = c, .target = -1} : stand(p, c);
        order[c].mining = p->mining != NULL ? p->mining[c] : 0;
    }
    qsort(order, (size_t)p->n_classes, sizeof *order, by_worth);
    for (size_t t = 0; t < p->n; t++) {
        for (int supply = 0; supply <= p->n_feeders; supply++)
            left[supply] = room[(size_t)supply * p->n + t];
        for (int i = 0; i < p->n_classes; i++)
            if (p->classes[order[i].class_ix].n_targets > 0)
                usd += stand_through(p, &order[i], t, left);
    }
    return usd;
}

/* --- the optimum --------------------------------------------------------------------------------------------------- */

static double rounded(double count)
{
    return round(count / COUNT_STEP) * COUNT_STEP;
}

/* Fills the levels to which numbers of the class are rounded up, ascending; returns how many. */
static int fill_levels(const hcp_fleet_regret_problem *p, int c,
                       double ret_levels[HCP_FLEET_REGRET_LAYERS])
{
    g_autofree double *counts = g_new(double, p->n);
    size_t distinct = 0;
    int n = 0;
    for (size_t t = 0; t < p->n; t++)
        counts[t] = rounded(p->steps[t].classes[c].at_hand);
    qsort(counts, p->n, sizeof *counts, hcp_order_doubles);
    for (size_t t = 0; t < p->n; t++)
        if (counts[t] > 0 && (distinct == 0 || counts[t] > counts[distinct - 1]))
            counts[distinct++] = counts[t];
    size_t layers = MIN(distinct, (size_t)HCP_FLEET_REGRET_LAYERS);
    for (size_t i = 1; i <= layers; i++)
        ret_levels[n++] = counts[i * distinct / layers - 1];
    return n;
}

static void fill_layer(const hcp_fleet_regret_problem *p, int c, double below, layer *l)
{
    const hcp_fleet_regret_class *class_ = &p->classes[c];
    size_t modes = (size_t)class_->n_targets + 1;
    l->size = l->level - below;
    l->reward_usd = g_new0(double, p->n *modes);
    l->at_hand = g_new(uint8_t, p->n);
    for (int k = 0; k < class_->n_targets; k++)
        l->mw[k + 1] = l->size * device_mw(p, c, k);
    for (size_t t = 0; t < p->n; t++) {
        l->at_hand[t] = rounded(p->steps[t].classes[c].at_hand) > below;
        for (int k = 0; k < class_->n_targets; k++)
            l->reward_usd[t * modes + (size_t)k + 1] = l->size * worth(p, c, k, t);
    }
}

static int min_steps(const hcp_fleet_regret_problem *p)
{
    double hours = 0;
    for (size_t t = 0; t < p->n; t++)
        hours += p->steps[t].hours;
    return MAX(1, (int)floor(p->min_dwell_h * (double)p->n / hours + 1e-9));
}

static void add_blocks(const hcp_fleet_regret_problem *p, int c, GArray *layers, GArray *blocks)
{
    double levels[HCP_FLEET_REGRET_LAYERS], below = 0;
    int n = p->classes[c].n_targets > 0 ? fill_levels(p, c, levels) : 0;
    for (int i = 0; i < n; below = levels[i++]) {
        layer l = {.level = levels[i]};
        fill_layer(p, c, below, &l);
        g_array_append_val(layers, l);
        double running = p->mining == NULL ? -1 : CLAMP((p->mining[c] - below) / l.size, 0, 1);
        hcp_fleet_block block = {
            .n_modes = p->classes[c].n_targets + 1,
            .reward_usd = l.reward_usd,
            .at_hand = l.at_hand,
            .start_usd = l.size * p->classes[c].switch_usd,
            .stop_usd = l.size * p->classes[c].switch_usd,
            .min_up_steps = min_steps(p),
            .min_down_steps = min_steps(p),
            .running = running,
            .feeder = p->classes[c].feeder,
        };
        g_array_append_val(blocks, block);
    }
}

/* A positive number of the size of what is at stake. */
static double stake(const hcp_fleet_regret *regret)
{
    return MAX(fabs(regret->ideal_usd), fabs(regret->earned_usd));
}

static bool solve_optimum(const hcp_fleet_regret_problem *p, const double *room,
                          hcp_fleet_regret *regret)
{
    g_autoptr(GArray) layers = g_array_new(FALSE, FALSE, sizeof(layer));
    g_autoptr(GArray) blocks = g_array_new(FALSE, FALSE, sizeof(hcp_fleet_block));
    g_auto(hcp_fleet_optimum) optimum = {0};
    g_array_set_clear_func(layers, clear_layer);
    for (int c = 0; c < p->n_classes; c++)
        add_blocks(p, c, layers, blocks);
    for (guint i = 0; i < blocks->len; i++) /* the array of layers does not move any more */
        g_array_index(blocks, hcp_fleet_block, i).mw = g_array_index(layers, layer, i).mw;
    const hcp_fleet_problem problem = {
        .blocks = (const hcp_fleet_block *)(const void *)blocks->data,
        .n_blocks = (int)blocks->len,
        .n = p->n,
        .step_h = 1, /* a scale of the price of room, which nobody reads */
        .window_max = WINDOW_MAX,
        .room_mw = room,
        .n_feeders = p->n_feeders,
        .feeder_room_mw = room + p->n,
    };
    regret->ideal_usd = hcp_fleet_optimum_relaxed(&problem, true, true);
    regret->unhurried_usd = hcp_fleet_optimum_relaxed(&problem, true, false);
    if (!hcp_fleet_optimum_solve(&problem, 0.01 + TOLERANCE * stake(regret), &optimum))
        return false;
    /* What was done is a plan too. It is the better one only where the windows of the linear program were too short. */
    regret->optimum_usd = MAX(optimum.profit_usd, regret->earned_usd);
    regret->bound_usd = MAX(optimum.bound_usd, regret->optimum_usd);
    return true;
}

bool hcp_fleet_regret_solve(const hcp_fleet_regret_problem *problem, hcp_fleet_regret *ret_regret)
{
    hcp_fleet_regret regret = {0};
    g_autofree double *room = rooms_of(problem);
    if (problem->n == 0) {
        *ret_regret = regret;
        return true;
    }
    for (size_t t = 0; t < problem->n; t++)
        regret.hours += problem->steps[t].hours;
    score_earned(problem, &regret);
    if (!solve_optimum(problem, room, &regret))
        return false;
    double rest = rest_usd(problem);
    regret.static_usd =
        rest + MAX(static_usd(problem, room, false), static_usd(problem, room, true));
    regret.earned_usd += rest;
    regret.optimum_usd += rest;
    regret.bound_usd += rest;
    regret.unhurried_usd += rest;
    regret.ideal_usd += rest;
    *ret_regret = regret;
    return true;
}

void hcp_fleet_regret_add(hcp_fleet_regret *sum, const hcp_fleet_regret *part)
{
    sum->hours += part->hours;
    sum->earned_usd += part->earned_usd;
    sum->switching_usd += part->switching_usd;
    sum->reserve_usd += part->reserve_usd;
    sum->static_usd += part->static_usd;
    sum->optimum_usd += part->optimum_usd;
    sum->bound_usd += part->bound_usd;
    sum->unhurried_usd += part->unhurried_usd;
    sum->ideal_usd += part->ideal_usd;
}

double hcp_fleet_regret_closed_pct(const hcp_fleet_regret *regret)
{
    double gap = regret->optimum_usd - regret->static_usd;
    if (gap <= MAX(0.01, 1e-6 * stake(regret)))
        return NAN;
    return 100 * (regret->earned_usd - regret->static_usd) / gap;
}
