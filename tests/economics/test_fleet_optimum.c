/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet's optimum: against every path of small blocks, against a linear program over all those paths (a formulation
 * without starts, stops and minimum times), against the one-fleet optimum, and against its own bound on long periods.
 */
#include "base/rng.h"
#include "economics/fleet_optimum.h"
#include "economics/optimum.h"

#include <glpk.h>
#include <math.h>
#include <string.h>

#define SEED 20
#define SMALL 5
#define MODES 3
#define PATHS_MAX 243 /* MODES to the SMALL */

typedef struct {
    hcp_fleet_block blocks[4];
    double mw[4][MODES];
    double *reward[4];
    uint8_t *at_hand[4];
    double *room, *feeder_room;
    hcp_fleet_problem problem;
} fleet;

static void fill_block(hcp_rng *rng, fleet *f, int i, size_t n, bool with_gaps)
{
    double size_mw = 1 + (double)hcp_rng_below(rng, 4);
    f->mw[i][0] = hcp_rng_below(rng, 2) != 0 ? 0 : 0.05 * size_mw;
    f->mw[i][1] = size_mw;
    f->mw[i][2] = 0.6 * size_mw;
    f->reward[i] = g_new(double, n *MODES);
    f->at_hand[i] = g_new(uint8_t, n);
    double worth = 40 + 40 * hcp_rng_uniform(rng), price = 50;
    for (size_t t = 0; t < n; t++) {
        price = hcp_rng_below(rng, 4) != 0 ? price : -20 + 200 * hcp_rng_uniform(rng);
        f->reward[i][t * MODES] = -f->mw[i][0] * price;
        f->reward[i][t * MODES + 1] = f->mw[i][1] * (worth - price);
        f->reward[i][t * MODES + 2] = f->mw[i][2] * (worth * 1.1 - price);
        f->at_hand[i][t] = !with_gaps || hcp_rng_below(rng, 6) != 0;
    }
    f->blocks[i] = (hcp_fleet_block){
        .n_modes = MODES,
        .mw = f->mw[i],
        .reward_usd = f->reward[i],
        .at_hand = with_gaps ? f->at_hand[i] : NULL,
        .start_usd = 20 * size_mw * hcp_rng_uniform(rng),
        .stop_usd = hcp_rng_below(rng, 2) != 0 ? 5 * size_mw : 0,
        .min_up_steps = 1 + (int)hcp_rng_below(rng, 3),
        .min_down_steps = 1 + (int)hcp_rng_below(rng, 3),
        .running = hcp_rng_below(rng, 3) == 0   ? -1
                   : hcp_rng_below(rng, 2) != 0 ? hcp_rng_uniform(rng)
                                                : (double)hcp_rng_below(rng, 2),
    };
}

/* A random fleet whose room, when `cap`, is between 30 and 100 % of what it could draw, changing now and then. */
static void fill(hcp_rng *rng, fleet *f, int n_blocks, size_t n, bool cap)
{
    double most = 0, share = 1;
    memset(f, 0, sizeof *f);
    bool with_gaps = hcp_rng_below(rng, 2) != 0;
    for (int i = 0; i < n_blocks; i++) {
        fill_block(rng, f, i, n, with_gaps);
        most += f->mw[i][1];
    }
    f->room = g_new(double, n);
    for (size_t t = 0; t < n; t++) {
        if (t == 0 || hcp_rng_below(rng, 10) == 0)
            share = 0.3 + 0.7 * hcp_rng_uniform(rng);
        f->room[t] = share * most;
    }
    f->problem = (hcp_fleet_problem){
        .blocks = f->blocks,
        .n_blocks = n_blocks,
        .n = n,
        .step_h = 1,
        .room_mw = cap ? f->room : NULL,
    };
}

#define FEEDERS 2

/* Two feeders, of which one or the other binds now and then; the last block may hang on none. */
static void add_feeders(hcp_rng *rng, fleet *f)
{
    f->feeder_room = g_new(double, FEEDERS * f->problem.n);
    for (int i = 0; i < f->problem.n_blocks; i++)
        f->blocks[i].feeder = (int)hcp_rng_below(rng, FEEDERS + 1);
    for (size_t i = 0; i < FEEDERS * f->problem.n; i++)
        f->feeder_room[i] = 5 * hcp_rng_uniform(rng);
    f->problem.n_feeders = FEEDERS;
    f->problem.feeder_room_mw = f->feeder_room;
}

static void clear(fleet *f)
{
    g_free(f->feeder_room);
    for (int i = 0; i < f->problem.n_blocks; i++) {
        g_free(f->reward[i]);
        g_free(f->at_hand[i]);
    }
    g_free(f->room);
}

/* --- every path of one device ------------------------------------------------------------------------------------------ */

typedef struct {
    double usd;
    double mw[SMALL];
} path;

typedef struct {
    const hcp_fleet_block *block;
    path rows[PATHS_MAX];
    int n;
} paths;

/* Walks on from step t; `held` = steps the state must still last. */
static void walk(paths *all, size_t t, bool running, int held, path so_far)
{
    const hcp_fleet_block *b = all->block;
    if (t == SMALL) {
        g_assert_cmpint(all->n, <, PATHS_MAX);
        all->rows[all->n++] = so_far;
        return;
    }
    if (b->at_hand != NULL && !b->at_hand[t]) {
        so_far.mw[t] = 0;
        walk(all, t + 1, false, 0, so_far);
        return;
    }
    for (int mode = 0; mode < MODES; mode++) {
        bool runs = mode > 0;
        path next = so_far;
        int left = MAX(0, held - 1);
        if (runs != running && held > 0)
            continue;
        if (runs != running) {
            next.usd -= runs ? b->start_usd : b->stop_usd;
            left = (runs ? b->min_up_steps : b->min_down_steps) - 1;
        }
        next.usd += b->reward_usd[t * MODES + (size_t)mode];
        next.mw[t] = b->mw[mode];
        walk(all, t + 1, runs, left, next);
    }
}

/* All paths from one state before step 0; `free_start` = the first state costs and binds nothing. */
static void all_paths(const hcp_fleet_block *block, bool running, bool free_start, paths *ret_all)
{
    ret_all->block = block;
    ret_all->n = 0;
    if (!free_start || (block->at_hand != NULL && !block->at_hand[0])) {
        walk(ret_all, 0, running, 0, (path){0});
        return;
    }
    for (int mode = 0; mode < MODES; mode++) {
        path first = {.usd = block->reward_usd[mode]};
        first.mw[0] = block->mw[mode];
        walk(ret_all, 1, mode > 0, 0, first);
    }
}

static double rest_mw(const fleet *f, int supply, int t)
{
    double mw = 0;
    for (int i = 0; i < f->problem.n_blocks; i++)
        if ((supply == 0 || f->blocks[i].feeder == supply) &&
            (f->blocks[i].at_hand == NULL || f->blocks[i].at_hand[t]))
            mw += f->mw[i][0];
    return mw;
}

/* The best mixture of paths under the caps, as a linear program over their weights. */
static double best_mixture(const fleet *f)
{
    const hcp_fleet_problem *p = &f->problem;
    glp_prob *lp = glp_create_prob();
    g_autofree paths *all = g_new(paths, 1);
    glp_term_out(GLP_OFF);
    glp_set_obj_dir(lp, GLP_MAX);
    glp_add_rows(lp, SMALL * (FEEDERS + 1));
    for (int supply = 0; supply <= p->n_feeders; supply++)
        for (int t = 0; t < SMALL; t++) {
            double rest = rest_mw(f, supply, t);
            const double *room =
                supply == 0 ? p->room_mw : p->feeder_room_mw + (size_t)(supply - 1) * p->n;
            if (room != NULL)
                glp_set_row_bnds(lp, supply * SMALL + t + 1, GLP_UP, 0, MAX(room[t], rest));
        }
    for (int i = 0; i < p->n_blocks; i++) {
        double running = f->blocks[i].running;
        for (int on = 0; on < (running < 0 ? 1 : 2); on++) {
            int row = glp_add_rows(lp, 1);
            double weight = running < 0 ? 1 : on ? running : 1 - running;
            glp_set_row_bnds(lp, row, GLP_FX, weight, weight);
            all_paths(&f->blocks[i], on != 0, running < 0, all);
            for (int j = 0; j < all->n; j++) {
                int column = glp_add_cols(lp, 1), index[2 * SMALL + 2] = {0, row}, n = 1;
                double value[2 * SMALL + 2] = {0, 1};
                for (int t = 0; t < SMALL; t++) {
                    index[++n] = t + 1;
                    value[n] = all->rows[j].mw[t];
                    if (f->blocks[i].feeder == 0)
                        continue;
                    index[++n] = f->blocks[i].feeder * SMALL + t + 1;
                    value[n] = all->rows[j].mw[t];
                }
                glp_set_col_bnds(lp, column, GLP_LO, 0, 0);
                glp_set_obj_coef(lp, column, all->rows[j].usd);
                glp_set_mat_col(lp, column, n, index, value);
            }
        }
    }
    g_assert_cmpint(glp_simplex(lp, NULL), ==, 0);
    g_assert_cmpint(glp_get_status(lp), ==, GLP_OPT);
    double usd = glp_get_obj_val(lp);
    glp_delete_prob(lp);
    return usd;
}

/* Without a cap the best path of every block, found by looking at each. */
static double best_paths(const fleet *f)
{
    g_autofree paths *all = g_new(paths, 1);
    double usd = 0;
    for (int i = 0; i < f->problem.n_blocks; i++) {
        double running = f->blocks[i].running;
        for (int on = 0; on < (running < 0 ? 1 : 2); on++) {
            double best = -INFINITY;
            all_paths(&f->blocks[i], on != 0, running < 0, all);
            for (int j = 0; j < all->n; j++)
                best = MAX(best, all->rows[j].usd);
            usd += best * (running < 0 ? 1 : on ? running : 1 - running);
        }
    }
    return usd;
}

static void test_every_path(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, SEED, 0);
    for (int i = 0; i < 300; i++) {
        fleet f;
        g_auto(hcp_fleet_optimum) best = {0};
        fill(&rng, &f, 1 + (int)hcp_rng_below(&rng, 3), SMALL, false);
        g_assert_true(hcp_fleet_optimum_solve(&f.problem, 1e-6, &best));
        g_test_message("seed %d case %d: %.6f", SEED, i, best.profit_usd);
        g_assert_cmpuint(best.lp_steps, ==, 0);
        g_assert_cmpfloat_with_epsilon(best.profit_usd, best_paths(&f), 1e-6);
        g_assert_cmpfloat_with_epsilon(best.bound_usd, best.profit_usd, 1e-6);
        g_assert_cmpfloat_with_epsilon(hcp_fleet_optimum_relaxed(&f.problem, false, false),
                                       best.profit_usd, 1e-6);
        clear(&f);
    }
}

static void test_every_mixture(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, SEED, 1);
    int bound = 0;
    for (int i = 0; i < 300; i++) {
        fleet f;
        g_auto(hcp_fleet_optimum) best = {0};
        fill(&rng, &f, 1 + (int)hcp_rng_below(&rng, 3), SMALL, i % 4 != 0);
        if (i % 2 == 0)
            add_feeders(&rng, &f);
        g_assert_true(hcp_fleet_optimum_solve(&f.problem, 1e-6, &best));
        g_test_message("seed %d case %d: %.6f", SEED, i, best.profit_usd);
        g_assert_cmpfloat_with_epsilon(best.profit_usd, best_mixture(&f), 1e-6);
        g_assert_cmpfloat_with_epsilon(best.bound_usd, best.profit_usd, 1e-6);
        bound += best.lp_steps > 0;
        clear(&f);
    }
    g_assert_cmpint(bound, >, 100); /* or the cases test nothing */
}

/* --- long periods -------------------------------------------------------------------------------------------------------- */

static void check_plan(const hcp_fleet_problem *p, const hcp_fleet_optimum *best)
{
    g_autofree double *mw = g_new(double, p->n);
    const double *share = best->share;
    hcp_fleet_power(p, best->share, mw);
    for (size_t t = 0; t < p->n; t++) {
        double rest = 0;
        for (int i = 0; i < p->n_blocks; i++) {
            bool here = p->blocks[i].at_hand == NULL || p->blocks[i].at_hand[t];
            double sum = 0;
            for (int k = 0; k < MODES; k++, share++) {
                g_assert_cmpfloat(*share, >=, 0);
                sum += *share;
            }
            g_assert_cmpfloat_with_epsilon(sum, here ? 1 : 0, 1e-9);
            rest += here ? p->blocks[i].mw[0] : 0;
        }
        g_assert_cmpfloat(mw[t], <=, MAX(rest, p->room_mw[t]) + 1e-7);
    }
}

/* Windows joined over 400 steps earn what the prices prove to be the most. */
static void test_windows(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, SEED, 2);
    for (int i = 0; i < 6; i++) {
        fleet f;
        g_auto(hcp_fleet_optimum) best = {0};
        fill(&rng, &f, 3, 400, true);
        if (i % 2 == 0)
            add_feeders(&rng, &f);
        g_assert_true(hcp_fleet_optimum_solve(&f.problem, 0.001, &best));
        g_test_message("seed %d case %d: %.4f in windows of %zu", SEED, i, best.profit_usd,
                       best.lp_steps);
        g_assert_cmpfloat(best.bound_usd - best.profit_usd, <=, 0.001);
        g_assert_cmpfloat(best.profit_usd - best.bound_usd, <=, 1e-5);
        check_plan(&f.problem, &best);
        g_assert_cmpfloat(best.profit_usd, <=,
                          hcp_fleet_optimum_relaxed(&f.problem, false, false) + 1e-6);
        g_assert_cmpfloat(hcp_fleet_optimum_relaxed(&f.problem, false, false), <=,
                          hcp_fleet_optimum_relaxed(&f.problem, true, false) + 1e-6);
        g_assert_cmpfloat(hcp_fleet_optimum_relaxed(&f.problem, true, false), <=,
                          hcp_fleet_optimum_relaxed(&f.problem, true, true) + 1e-6);
        clear(&f);
    }
}

/* --- one fleet ------------------------------------------------------------------------------------------------------------ */

static double *plant_rewards(hcp_rng *rng, const hcp_plant *plant, size_t n)
{
    double *rewards = g_new(double, n *(size_t)plant->n_states);
    double price = 30;
    for (size_t t = 0; t < n; t++) {
        price = hcp_rng_below(rng, 5) != 0 ? price : -30 + 200 * hcp_rng_uniform(rng);
        hcp_plant_inputs in = {.price_usd_per_mwh = price, .hashprice = 50};
        double row[HCP_PLANT_STATES_MAX];
        hcp_plant_rewards(plant, &in, row);
        memcpy(rewards + t * (size_t)plant->n_states, row,
               (size_t)plant->n_states * sizeof *rewards);
    }
    return rewards;
}

/* The block of a plant that mines or does not, its rest first. */
static void test_one_class(void)
{
    enum { N = 2000 };
    hcp_rng rng;
    hcp_rng_init(&rng, SEED, 3);
    for (int i = 0; i < 8; i++) {
        hcp_plant_spec spec = hcp_plant_spec_default();
        spec.asic_min_up_steps = 1 + (int)hcp_rng_below(&rng, 3);
        spec.asic_min_down_steps = 1 + (int)hcp_rng_below(&rng, 5);
        spec.asic_start_usd_per_mw = 60;
        spec.asic_stop_usd_per_mw = (double)hcp_rng_below(&rng, 2) * 10;
        g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
        g_autofree double *rewards = plant_rewards(&rng, plant, N);
        g_autofree double *swapped = g_new(double, 2 * N);
        int mine = hcp_plant_state(plant, "mine"), idle = hcp_plant_state(plant, "idle");
        for (size_t t = 0; t < N; t++) {
            swapped[2 * t] = rewards[2 * t + (size_t)idle];
            swapped[2 * t + 1] = rewards[2 * t + (size_t)mine];
        }
        const double mw[2] = {0, spec.asic_mw};
        const hcp_fleet_block block = {
            .n_modes = 2,
            .mw = mw,
            .reward_usd = swapped,
            .start_usd = spec.asic_start_usd_per_mw * spec.asic_mw,
            .stop_usd = spec.asic_stop_usd_per_mw * spec.asic_mw,
            .min_up_steps = spec.asic_min_up_steps,
            .min_down_steps = spec.asic_min_down_steps,
            .running = i % 3 - 1,
        };
        hcp_fleet_problem problem = {.blocks = &block, .n_blocks = 1, .n = N, .step_h = 1};
        int start = i % 3 == 0 ? -1 : plant->settled[i % 3 == 1 ? idle : mine];
        g_auto(hcp_fleet_optimum) best = {0};
        g_assert_true(hcp_fleet_optimum_solve(&problem, 0.001, &best));
        g_assert_cmpfloat_with_epsilon(
            best.profit_usd, hcp_optimum_solve(plant, rewards, N, start, NULL).profit_usd, 0.005);
    }
}

/* Two classes of 1 MW under 1 MW of room, three hours, worked by hand. */
static void test_by_hand(void)
{
    static const double mw[] = {0, 1}, room[] = {1, 1, 1};
    static const double better[] = {0, 30, 0, 30, 0, -100}, worse[] = {0, 20, 0, 20, 0, 40};
    const hcp_fleet_block blocks[] = {
        {2, mw, better, NULL, 5, 0, 1, 1, 0},
        {2, mw, worse, NULL, 5, 0, 1, 1, 0},
    };
    const hcp_fleet_problem problem = {blocks, 2, 3, 1, 0, room};
    g_auto(hcp_fleet_optimum) best = {0};
    g_assert_true(hcp_fleet_optimum_solve(&problem, 1e-6, &best));
    /* The better one for two hours, 60 - 5; then the other for the third, 40 - 5. */
    g_assert_cmpfloat_with_epsilon(best.profit_usd, 90, 1e-9);
    g_assert_cmpfloat_with_epsilon(best.switching_usd, 10, 1e-9);
    g_assert_cmpfloat_with_epsilon(hcp_fleet_optimum_relaxed(&problem, false, false), 130, 1e-9);
    g_assert_cmpfloat_with_epsilon(hcp_fleet_optimum_relaxed(&problem, true, true), 140, 1e-9);
}

static void test_empty(void)
{
    const hcp_fleet_problem none = {.step_h = 1};
    g_auto(hcp_fleet_optimum) best = {0};
    g_assert_true(hcp_fleet_optimum_solve(&none, 0.01, &best));
    g_assert_cmpfloat(best.profit_usd, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet-optimum/every-path", test_every_path);
    g_test_add_func("/fleet-optimum/every-mixture", test_every_mixture);
    g_test_add_func("/fleet-optimum/windows", test_windows);
    g_test_add_func("/fleet-optimum/one-class", test_one_class);
    g_test_add_func("/fleet-optimum/by-hand", test_by_hand);
    g_test_add_func("/fleet-optimum/empty", test_empty);
    return g_test_run();
}
