/* SPDX-License-Identifier: Apache-2.0 */
/* Columns: for every step and block at hand the share in each running mode, started and stopped. */
#include "economics/fleet_lp.h"

#include <glpk.h>
#include <math.h>

typedef struct {
    const hcp_fleet_problem *problem;
    const hcp_fleet_flow *flow;
    glp_prob *lp;
    size_t first, end;
    int *column;  /* by block and step of the window: its first column, 0 = not at hand */
    int *cap_row; /* by supply and step of the window; 0 = nothing limits it there */
    int index[3 * 8192];
    double value[3 * 8192];
    int n; /* entries of the row being filled */
} window;

static int *column_of(const window *w, int block, size_t t)
{
    return &w->column[(size_t)block * (w->end - w->first) + (t - w->first)];
}

static bool at_hand(const hcp_fleet_block *block, size_t t)
{
    return block->at_hand == NULL || block->at_hand[t] != 0;
}

static void add(window *w, int column, double value)
{
    g_assert(w->n + 1 < (int)G_N_ELEMENTS(w->index));
    w->n++;
    w->index[w->n] = column;
    w->value[w->n] = value;
}

static int finish_row(window *w, int type, double low, double high)
{
    int row = glp_add_rows(w->lp, 1);
    glp_set_row_bnds(w->lp, row, type, low, high);
    glp_set_mat_row(w->lp, row, w->n, w->index, w->value);
    w->n = 0;
    return row;
}

/* Adds `sign` times the running share of step t to the row. */
static void add_running(window *w, int block, size_t t, double sign)
{
    for (int k = 1; k < w->problem->blocks[block].n_modes; k++)
        add(w, *column_of(w, block, t) + k - 1, sign);
}

static void add_columns(window *w, int block, size_t t)
{
    const hcp_fleet_block *b = &w->problem->blocks[block];
    const double *reward = b->reward_usd + t * (size_t)b->n_modes;
    int column = glp_add_cols(w->lp, b->n_modes + 1);
    *column_of(w, block, t) = column;
    for (int k = 1; k < b->n_modes; k++, column++) {
        glp_set_col_bnds(w->lp, column, GLP_DB, 0, 1);
        glp_set_obj_coef(w->lp, column, reward[k] - reward[0]);
    }
    bool free_start = t == 0 && b->running < 0;
    for (int stop = 0; stop < 2; stop++, column++) {
        glp_set_col_bnds(w->lp, column, free_start ? GLP_FX : GLP_DB, 0, free_start ? 0 : 1);
        glp_set_obj_coef(w->lp, column, stop ? -b->stop_usd : -b->start_usd);
    }
}

/* Running now is running before, plus started, less stopped. */
static void add_balance(window *w, int block, size_t t)
{
    const hcp_fleet_block *b = &w->problem->blocks[block];
    int start = *column_of(w, block, t) + b->n_modes - 1;
    double before = 0;
    if (t == 0 && b->running < 0)
        return;
    if (t == 0)
        before = b->running;
    else if (t == w->first && at_hand(b, t - 1))
        before = hcp_fleet_running(w->problem, w->flow, block, t - 1);
    else if (t > w->first && at_hand(b, t - 1))
        add_running(w, block, t - 1, -1);
    add_running(w, block, t, 1);
    add(w, start, -1);
    add(w, start + 1, 1);
    finish_row(w, GLP_FX, before, before);
}

/* What moved within the last `steps` steps still stands: started is not more than runs, stopped not more than rests. */
static void add_minimum(window *w, int block, size_t t, bool stop)
{
    const hcp_fleet_block *b = &w->problem->blocks[block];
    int steps = stop ? b->min_down_steps : b->min_up_steps;
    if (steps <= 1 && !(stop && b->n_modes > 2))
        return;
    const double *moved = (stop ? w->flow->stop : w->flow->start) + (size_t)block * w->problem->n;
    size_t from = hcp_fleet_stretch_start(b, t, (size_t)steps - 1);
    double room = stop ? 1 : 0;
    for (size_t i = from; i <= t; i++) {
        if (i < w->first)
            room -= moved[i];
        else
            add(w, *column_of(w, block, i) + b->n_modes - 1 + stop, 1);
    }
    add_running(w, block, t, stop ? 1 : -1);
    finish_row(w, GLP_UP, 0, room);
}

static void add_cap(window *w, int supply, size_t t)
{
    double room = hcp_fleet_room_mw(w->problem, supply, t);
    if (isinf(room))
        return;
    for (int i = 0; i < w->problem->n_blocks; i++) {
        const hcp_fleet_block *b = &w->problem->blocks[i];
        if (!at_hand(b, t) || !hcp_fleet_draws_from(b, supply))
            continue;
        room -= b->mw[0];
        for (int k = 1; k < b->n_modes; k++)
            add(w, *column_of(w, i, t) + k - 1, b->mw[k] - b->mw[0]);
    }
    w->cap_row[(size_t)supply * (w->end - w->first) + t - w->first] =
        finish_row(w, GLP_UP, 0, MAX(0, room));
}

static void build(window *w)
{
    for (size_t t = w->first; t < w->end; t++) {
        for (int i = 0; i < w->problem->n_blocks; i++) {
            if (!at_hand(&w->problem->blocks[i], t))
                continue;
            add_columns(w, i, t);
            add_balance(w, i, t);
            add_minimum(w, i, t, false);
            add_minimum(w, i, t, true);
        }
        for (int supply = 0; supply <= w->problem->n_feeders; supply++)
            add_cap(w, supply, t);
    }
}

/* Rounding of the solver stays in the solver. */
static double clean(double share)
{
    return share < 1e-12 ? 0 : share > 1 - 1e-12 ? 1 : share;
}

static void read_block(const window *w, int block, size_t t, hcp_fleet_flow *flow)
{
    const hcp_fleet_problem *p = w->problem;
    const hcp_fleet_block *b = &p->blocks[block];
    double *share = flow->share + t * hcp_fleet_column(p, p->n_blocks) + hcp_fleet_column(p, block);
    size_t at = (size_t)block * p->n + t;
    for (int k = 0; k < b->n_modes; k++)
        share[k] = 0;
    flow->start[at] = flow->stop[at] = 0;
    if (!at_hand(b, t))
        return;
    int column = *column_of(w, block, t);
    share[0] = 1;
    for (int k = 1; k < b->n_modes; k++, column++) {
        share[k] = clean(glp_get_col_prim(w->lp, column));
        share[0] -= share[k];
    }
    share[0] = clean(share[0]);
    flow->start[at] = clean(glp_get_col_prim(w->lp, column));
    flow->stop[at] = clean(glp_get_col_prim(w->lp, column + 1));
}

static bool solve(window *w)
{
    glp_smcp options;
    glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_OFF;
    options.meth = GLP_DUALP;
    glp_term_out(GLP_OFF);
    glp_scale_prob(w->lp, GLP_SF_EQ);
    glp_adv_basis(w->lp, 0);
    int failed = glp_simplex(w->lp, &options);
    return failed == 0 && glp_get_status(w->lp) == GLP_OPT;
}

static void read_prices(const window *w, double *ret_price_usd_per_mwh)
{
    size_t rows = (w->end - w->first) * (size_t)(w->problem->n_feeders + 1);
    for (size_t i = 0; i < rows; i++) {
        double dual = w->cap_row[i] > 0 ? glp_get_row_dual(w->lp, w->cap_row[i]) : 0;
        ret_price_usd_per_mwh[i] = MAX(0, dual) / w->problem->step_h;
    }
}

bool hcp_fleet_lp_solve(const hcp_fleet_problem *problem, size_t first, size_t end,
                        hcp_fleet_flow *flow, double *ret_price_usd_per_mwh)
{
    size_t steps = end - first;
    window *w = g_new0(window, 1);
    w->problem = problem;
    w->flow = flow;
    w->first = first;
    w->end = end;
    w->column = g_new0(int, steps *(size_t)problem->n_blocks);
    w->cap_row = g_new0(int, steps *(size_t)(problem->n_feeders + 1));
    w->lp = glp_create_prob();
    glp_set_obj_dir(w->lp, GLP_MAX);
    build(w);
    bool solved = solve(w);
    if (solved)
        read_prices(w, ret_price_usd_per_mwh);
    for (size_t t = first; t < end && solved; t++)
        for (int i = 0; i < problem->n_blocks; i++)
            read_block(w, i, t, flow);
    glp_delete_prob(w->lp);
    glp_free_env(); /* it is the thread's */
    g_free(w->column);
    g_free(w->cap_row);
    g_free(w);
    return solved;
}
