/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic programming for one block at given prices of power, windows of the linear program, and the proof. */
#include "economics/fleet_optimum.h"

#include "economics/fleet_lp.h"

#include <math.h>
#include <string.h>

/* The first try: windows of four days of hours of which the first half is kept. */
static const size_t FIRST_WINDOW = 96;

/* Steps before and after a seam in which the prices of two windows are compared. */
static const size_t SEAM = 6;

size_t hcp_fleet_column(const hcp_fleet_problem *problem, int block)
{
    size_t column = 0;
    for (int i = 0; i < block; i++)
        column += (size_t)problem->blocks[i].n_modes;
    return column;
}

static double *share_of(const hcp_fleet_problem *problem, double *share, int block, size_t t)
{
    return share + t * hcp_fleet_column(problem, problem->n_blocks) +
           hcp_fleet_column(problem, block);
}

double hcp_fleet_running(const hcp_fleet_problem *problem, const hcp_fleet_flow *flow, int block,
                         size_t t)
{
    const double *share = share_of(problem, flow->share, block, t);
    double running = 0;
    for (int k = 1; k < problem->blocks[block].n_modes; k++)
        running += share[k];
    return running;
}

static bool at_hand(const hcp_fleet_block *block, size_t t)
{
    return block->at_hand == NULL || block->at_hand[t] != 0;
}

size_t hcp_fleet_stretch_start(const hcp_fleet_block *block, size_t t, size_t reach)
{
    size_t start = t, least = t > reach ? t - reach : 0;
    while (start > least && at_hand(block, start - 1))
        start--;
    return start;
}

/* --- one block alone ------------------------------------------------------------------------------------------------- */

/* Nodes of a block: at rest for 0 … down - 1 further steps that bind, then running likewise. Node 0 may start, node `down`
 * may stop. */
typedef struct {
    const hcp_fleet_problem *problem;
    const hcp_fleet_block *block;
    const double *price; /* by supply and step; NULL = 0 */
    int down, up;
    double start_usd, stop_usd;
    uint8_t *moved; /* by step and (may start, may stop): 1 = it does; NULL = not wanted */
} alone;

/* USD that a MW costs through step t. */
static double price_of(const alone *a, size_t t)
{
    if (a->price == NULL)
        return 0;
    double usd_per_mwh = a->price[t];
    if (a->block->feeder > 0)
        usd_per_mwh += a->price[(size_t)a->block->feeder * a->problem->n + t];
    return usd_per_mwh * a->problem->step_h;
}

/* Worth of the best mode of step t, at rest or running; which one. */
static double best_mode(const alone *a, size_t t, bool running, int *ret_mode)
{
    const hcp_fleet_block *b = a->block;
    const double *reward = b->reward_usd + t * (size_t)b->n_modes;
    double price_usd_per_mw = price_of(a, t);
    double best = -INFINITY;
    for (int k = running ? 1 : 0; k < (running ? b->n_modes : 1); k++) {
        double usd = reward[k] - price_usd_per_mw * b->mw[k];
        if (usd > best) {
            best = usd;
            *ret_mode = k;
        }
    }
    return best;
}

/* value[node] from the next step on becomes value[node] from step t on, the node being what the step begins in. */
static void step_back(const alone *a, size_t t, double *value)
{
    int mode, on = a->down;
    if (!at_hand(a->block, t)) {
        for (int i = 1; i < a->down + a->up; i++)
            value[i] = value[0];
        return;
    }
    double rest = best_mode(a, t, false, &mode), run = best_mode(a, t, true, &mode);
    double stay_down = rest + value[0], stay_up = run + value[on];
    double start = run - a->start_usd + value[on + a->up - 1];
    double stop = rest - a->stop_usd + value[a->down - 1];
    for (int i = a->down - 1; i > 0; i--)
        value[i] = rest + value[i - 1];
    for (int i = a->up - 1; i > 0; i--)
        value[on + i] = run + value[on + i - 1];
    value[0] = MAX(stay_down, start);
    value[on] = MAX(stay_up, stop);
    if (a->moved != NULL) {
        a->moved[2 * t] = start > stay_down;
        a->moved[2 * t + 1] = stop > stay_up;
    }
}

/* The most the block earns alone, its power bought at the price; `ret_running` is the share of it to begin with. */
static double solve_alone(const alone *a, double *ret_running)
{
    bool free_start = a->block->running < 0 && a->problem->n > 0 && at_hand(a->block, 0);
    g_autofree double *value = g_new0(double, a->down + a->up);
    for (size_t t = a->problem->n; t-- > (free_start ? 1U : 0U);)
        step_back(a, t, value);
    *ret_running = MAX(0, a->block->running);
    if (!free_start)
        return *ret_running * value[a->down] + (1 - *ret_running) * value[0];
    int mode;
    double rest = best_mode(a, 0, false, &mode) + value[0];
    double run = best_mode(a, 0, true, &mode) + value[a->down];
    *ret_running = run > rest ? 1 : 0;
    return MAX(rest, run);
}

static alone alone_of(const hcp_fleet_problem *problem, int block, const double *price)
{
    const hcp_fleet_block *b = &problem->blocks[block];
    g_assert(b->min_up_steps >= 1 && b->min_down_steps >= 1 && b->n_modes >= 2 &&
             b->n_modes <= HCP_FLEET_MODES_MAX);
    return (alone){
        .problem = problem,
        .block = b,
        .price = price,
        .down = b->min_down_steps,
        .up = b->min_up_steps,
        .start_usd = b->start_usd,
        .stop_usd = b->stop_usd,
    };
}

double hcp_fleet_optimum_relaxed(const hcp_fleet_problem *problem, bool hurried,
                                 bool idle_switching)
{
    double usd = 0;
    for (int i = 0; i < problem->n_blocks; i++) {
        alone a = alone_of(problem, i, NULL);
        if (hurried)
            a.down = a.up = 1;
        if (idle_switching)
            a.start_usd = a.stop_usd = 0;
        double running;
        usd += solve_alone(&a, &running);
    }
    return usd;
}

/* Follows the decisions of solve_alone from one start and adds `weight` of them to the plan. */
static void follow(const alone *a, int block, bool running, double weight, hcp_fleet_flow *flow)
{
    size_t n = a->problem->n, at = (size_t)block * n;
    int held = 0; /* steps that the state must still be kept */
    for (size_t t = 0; t < n; t++) {
        int mode = 0;
        if (!at_hand(a->block, t)) {
            running = false;
            held = 0;
            continue;
        }
        bool chosen = t == 0 && a->block->running < 0; /* the free choice is already made */
        if (!chosen && held == 0 && a->moved[2 * t + running] != 0) {
            (running ? flow->stop : flow->start)[at + t] += weight;
            held = running ? a->down : a->up;
            running = !running;
        }
        held = MAX(0, held - 1);
        (void)best_mode(a, t, running, &mode);
        share_of(a->problem, flow->share, block, t)[mode] += weight;
    }
}

static double plan_alone(const hcp_fleet_problem *problem, int block, hcp_fleet_flow *flow)
{
    alone a = alone_of(problem, block, NULL);
    g_autofree uint8_t *moved = g_new0(uint8_t, 2 * MAX(problem->n, (size_t)1));
    double running;
    a.moved = moved;
    double usd = solve_alone(&a, &running);
    if (running > 0)
        follow(&a, block, true, running, flow);
    if (running < 1)
        follow(&a, block, false, 1 - running, flow);
    return usd;
}

/* --- all blocks ------------------------------------------------------------------------------------------------------ */

void hcp_fleet_power(const hcp_fleet_problem *problem, const double *share, double *ret_mw)
{
    for (size_t t = 0; t < problem->n; t++) {
        ret_mw[t] = 0;
        for (int i = 0; i < problem->n_blocks; i++)
            for (int k = 0; k < problem->blocks[i].n_modes; k++, share++)
                ret_mw[t] += *share * problem->blocks[i].mw[k];
    }
}

bool hcp_fleet_draws_from(const hcp_fleet_block *block, int supply)
{
    return supply == 0 || block->feeder == supply;
}

double hcp_fleet_room_mw(const hcp_fleet_problem *problem, int supply, size_t t)
{
    double rest_mw = 0;
    if (supply == 0 && problem->room_mw == NULL)
        return INFINITY;
    for (int i = 0; i < problem->n_blocks; i++)
        if (hcp_fleet_draws_from(&problem->blocks[i], supply) && at_hand(&problem->blocks[i], t))
            rest_mw += problem->blocks[i].mw[0];
    return MAX(rest_mw, supply == 0
                            ? problem->room_mw[t]
                            : problem->feeder_room_mw[(size_t)(supply - 1) * problem->n + t]);
}

/* What the plan draws from a supply in step t. */
static double drawn_mw(const hcp_fleet_problem *problem, double *shares, int supply, size_t t)
{
    double mw = 0;
    for (int i = 0; i < problem->n_blocks; i++) {
        const hcp_fleet_block *b = &problem->blocks[i];
        if (!hcp_fleet_draws_from(b, supply))
            continue;
        const double *share = share_of(problem, shares, i, t);
        for (int k = 0; k < b->n_modes; k++)
            mw += share[k] * b->mw[k];
    }
    return mw;
}

static bool caps_hold(const hcp_fleet_problem *problem, const hcp_fleet_flow *flow)
{
    for (int supply = 0; supply <= problem->n_feeders; supply++)
        for (size_t t = 0; t < problem->n; t++) {
            double room = hcp_fleet_room_mw(problem, supply, t);
            if (!isinf(room) && drawn_mw(problem, flow->share, supply, t) > room + 1e-9)
                return false;
        }
    return true;
}

/* Lagrange's bound: the blocks alone at the prices, and the room of every supply sold at them. */
static double bound_of(const hcp_fleet_problem *problem, const double *price)
{
    double usd = 0, running;
    for (int i = 0; i < problem->n_blocks; i++) {
        alone a = alone_of(problem, i, price);
        usd += solve_alone(&a, &running);
    }
    for (int supply = 0; supply <= problem->n_feeders; supply++)
        for (size_t t = 0; t < problem->n; t++) {
            double usd_per_mwh = price[(size_t)supply * problem->n + t];
            if (usd_per_mwh > 0)
                usd += usd_per_mwh * problem->step_h * hcp_fleet_room_mw(problem, supply, t);
        }
    return usd;
}

/* A row of prices for each of `n` supplies, `stride` apart. */
typedef struct {
    double *at;
    size_t n, stride;
} price_rows;

/* Where in the overlap of two windows, `n` steps, to go over from the first one's prices to the second's: the middle of the
 * stretch in which they agree best. */
static size_t seam(const price_rows *before, const price_rows *after, size_t n)
{
    size_t best = n / 2, reach = MIN(SEAM, n / 2);
    double least = INFINITY;
    for (size_t t = reach; t + reach <= n; t++) {
        double apart = 0;
        for (size_t row = 0; row < before->n; row++)
            for (size_t i = t - reach; i < t + reach; i++)
                apart +=
                    fabs(before->at[row * before->stride + i] - after->at[row * after->stride + i]);
        if (apart < least - 1e-9) {
            least = apart;
            best = t;
        }
    }
    return best;
}

/* The plan is kept from the first half of each window: the second lets it see what comes. At either end of a window many
 * prices fit its plan and need not fit the next window's, so they are joined inside the overlap. */
static bool solve_windows(const hcp_fleet_problem *problem, size_t window, hcp_fleet_flow *flow,
                          double *price)
{
    size_t rows = (size_t)problem->n_feeders + 1;
    g_autofree double *solved = g_new(double, window *rows);
    for (size_t first = 0;; first += window / 2) {
        size_t end = MIN(problem->n, first + window);
        if (!hcp_fleet_lp_solve(problem, first, end, flow, solved))
            return false;
        const price_rows before = {price + first, rows, problem->n};
        const price_rows after = {solved, rows, end - first};
        size_t keep = first > 0 ? seam(&before, &after, window / 2) : 0;
        for (size_t row = 0; row < rows; row++)
            memcpy(before.at + row * before.stride + keep, solved + row * after.stride + keep,
                   (end - first - keep) * sizeof *price);
        if (end == problem->n)
            return true;
    }
}

static void score(const hcp_fleet_problem *problem, const hcp_fleet_flow *flow,
                  hcp_fleet_optimum *optimum)
{
    optimum->profit_usd = optimum->switching_usd = 0;
    for (int i = 0; i < problem->n_blocks; i++) {
        const hcp_fleet_block *b = &problem->blocks[i];
        size_t at = (size_t)i * problem->n;
        for (size_t t = 0; t < problem->n; t++) {
            const double *share = share_of(problem, flow->share, i, t);
            for (int k = 0; k < b->n_modes; k++)
                optimum->profit_usd += share[k] * b->reward_usd[t * (size_t)b->n_modes + (size_t)k];
            optimum->switching_usd +=
                flow->start[at + t] * b->start_usd + flow->stop[at + t] * b->stop_usd;
        }
    }
    optimum->profit_usd -= optimum->switching_usd;
}

/* Plans every block alone; true, with the optimum filled, when that fits under the caps. */
static bool solve_apart(const hcp_fleet_problem *problem, hcp_fleet_flow *flow,
                        hcp_fleet_optimum *optimum)
{
    optimum->bound_usd = 0;
    for (int i = 0; i < problem->n_blocks; i++)
        optimum->bound_usd += plan_alone(problem, i, flow);
    score(problem, flow, optimum);
    return caps_hold(problem, flow);
}

static bool solve_together(const hcp_fleet_problem *problem, double tolerance_usd,
                           hcp_fleet_flow *flow, hcp_fleet_optimum *optimum)
{
    size_t most = MIN(problem->window_max > 0 ? problem->window_max : problem->n, problem->n);
    bool found = false;
    for (size_t window = MIN(FIRST_WINDOW, most);; window = MIN(2 * window, most)) {
        if (solve_windows(problem, window, flow, optimum->price_usd_per_mwh)) {
            score(problem, flow, optimum);
            optimum->bound_usd = bound_of(problem, optimum->price_usd_per_mwh);
            optimum->lp_steps = window;
            found = true;
        }
        if (window == most || (found && optimum->bound_usd - optimum->profit_usd <= tolerance_usd))
            return found;
    }
}

bool hcp_fleet_optimum_solve(const hcp_fleet_problem *problem, double tolerance_usd,
                             hcp_fleet_optimum *ret_optimum)
{
    size_t cells = MAX(problem->n, (size_t)1), blocks = (size_t)MAX(problem->n_blocks, 1);
    g_autofree double *start = g_new0(double, cells *blocks);
    g_autofree double *stop = g_new0(double, cells *blocks);
    g_auto(hcp_fleet_optimum) optimum = {
        .share = g_new0(double, cells *hcp_fleet_column(problem, problem->n_blocks)),
        .price_usd_per_mwh = g_new0(double, cells *(size_t)(problem->n_feeders + 1)),
    };
    hcp_fleet_flow flow = {optimum.share, start, stop};
    if (!solve_apart(problem, &flow, &optimum) &&
        !solve_together(problem, tolerance_usd, &flow, &optimum))
        return false;
    *ret_optimum = optimum;
    optimum = (hcp_fleet_optimum){0};
    return true;
}

void hcp_fleet_optimum_finish(hcp_fleet_optimum *optimum)
{
    g_clear_pointer(&optimum->share, g_free);
    g_clear_pointer(&optimum->price_usd_per_mwh, g_free);
}
