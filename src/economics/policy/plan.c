/* SPDX-License-Identifier: Apache-2.0 */
/* Backward induction over (node, grid point), one step of the horizon at a time. */
#include "economics/policy/plan.h"

#include <math.h>
#include <string.h>

#define STRIDE HCP_CHAIN_STRIDE
#define BINS HCP_CHAIN_BINS

typedef struct {
    float at[STRIDE];
} row;

struct hcp_plan {
    const hcp_plant *plant;
    row *value; /* per node: worth of the steps after this one, by this step's grid point */
    row *ahead; /* per node: its expectation by the grid point before */
    row *fresh; /* per node: the value one step earlier */
};

hcp_plan *hcp_plan_new(const hcp_plant *plant)
{
    hcp_plan *plan = g_new0(hcp_plan, 1);
    plan->plant = plant;
    plan->value = g_new0(row, (size_t)plant->n_nodes);
    plan->ahead = g_new0(row, (size_t)plant->n_nodes);
    plan->fresh = g_new0(row, (size_t)plant->n_nodes);
    return plan;
}

void hcp_plan_free(hcp_plan *plan)
{
    if (plan == NULL)
        return;
    g_free(plan->value);
    g_free(plan->ahead);
    g_free(plan->fresh);
    g_free(plan);
}

static void transpose(const hcp_chain_matrix *matrix, row *columns)
{
    memset(columns, 0, sizeof(row) * BINS);
    for (int b = 0; b < BINS; b++) {
        for (int j = 0; j < BINS; j++)
            columns[j].at[b] = matrix->to[b][j];
    }
}

/* ret = matrix * v, the matrix given by columns. */
static void expect(const row *columns, const float *v, row *ret)
{
    row sum = {0};
    for (int j = 0; j < BINS; j++) {
        float x = v[j];
        for (int b = 0; b < STRIDE; b++)
            sum.at[b] += columns[j].at[b] * x;
    }
    *ret = sum;
}

static void best_of_moves(const hcp_plan *plan, const row rewards[HCP_PLANT_STATES_MAX], int node)
{
    const hcp_plant *plant = plan->plant;
    row best;
    for (int m = plant->first_move[node]; m < plant->first_move[node + 1]; m++) {
        const hcp_plant_move *move = &plant->moves[m];
        const float *r = rewards[plant->state_of[move->node]].at;
        const float *w = plan->ahead[move->node].at;
        float cost = (float)move->cost_usd;
        bool first = m == plant->first_move[node];
        for (int b = 0; b < STRIDE; b++) {
            float x = r[b] + w[b] - cost;
            best.at[b] = first || x > best.at[b] ? x : best.at[b];
        }
    }
    plan->fresh[node] = best;
}

void hcp_plan_terms_set(hcp_plan_terms *terms, int k, const hcp_plant *plant,
                        const hcp_policy_observation *observation, hcp_plant_inputs inputs)
{
    terms->call_usd_per_mwh = INFINITY;
    if (observation->reserve_usd_per_mw != NULL && observation->n_dam > 0) {
        size_t at = MIN((size_t)k, observation->n_dam - 1);
        inputs.reserve_usd_per_mw = observation->reserve_usd_per_mw[at];
        terms->call_usd_per_mwh = observation->call_usd_per_mwh;
    }
    if (observation->peak_usd_per_mwh != NULL)
        inputs.peak_usd_per_mwh =
            (size_t)k < observation->n_dam ? observation->peak_usd_per_mwh[k] : 0.0;
    inputs.called = false;
    hcp_plant_terms_get(plant, &inputs, terms->at[k]);
    inputs.called = true;
    hcp_plant_terms_get(plant, &inputs, terms->called[k]);
}

/* Profit of state s in step k at every grid point. */
static void rewards_by_price(const hcp_price_outlook *outlook, const hcp_plan_terms *terms, int k,
                             int s, float *ret_usd)
{
    for (int b = 0; b < STRIDE; b++) {
        float price = outlook->usd_per_mwh[k][b];
        const hcp_plant_terms *t =
            (double)price >= terms->call_usd_per_mwh ? &terms->called[k][s] : &terms->at[k][s];
        ret_usd[b] = (float)t->fixed_usd - (float)t->mwh * price;
    }
}

static void step_back(hcp_plan *plan, const hcp_price_outlook *outlook, int k,
                      const hcp_plan_terms *terms)
{
    const hcp_plant *plant = plan->plant;
    row columns[BINS], rewards[HCP_PLANT_STATES_MAX];
    transpose(&outlook->matrix[k], columns);
    for (int s = 0; s < plant->n_states; s++) {
        float usd[STRIDE];
        rewards_by_price(outlook, terms, k, s, usd);
        expect(columns, usd, &rewards[s]);
    }
    for (int i = 0; i < plant->n_nodes; i++)
        expect(columns, plan->value[i].at, &plan->ahead[i]);
    for (int i = 0; i < plant->n_nodes; i++)
        best_of_moves(plan, rewards, i);
    row *swap = plan->value;
    plan->value = plan->fresh;
    plan->fresh = swap;
}

static float best_of_tail_moves(const hcp_plan *plan, const float *rewards, int node)
{
    const hcp_plant *plant = plan->plant;
    float best = -INFINITY;
    for (int m = plant->first_move[node]; m < plant->first_move[node + 1]; m++) {
        const hcp_plant_move *move = &plant->moves[m];
        float x = rewards[plant->state_of[move->node]] - (float)move->cost_usd +
                  plan->value[move->node].at[0];
        best = MAX(best, x);
    }
    return best;
}

/* Values at the end of the chain's horizon: the tail, which knows one price a step. */
static void solve_tail(hcp_plan *plan, const hcp_plan_terms *terms)
{
    int nodes = plan->plant->n_nodes;
    for (int i = 0; i < nodes; i++)
        plan->value[i].at[0] = 0.0F;
    for (int k = terms->n_tail - 1; k >= 0; k--) {
        for (int i = 0; i < nodes; i++)
            plan->fresh[i].at[0] = best_of_tail_moves(plan, terms->tail_usd[k], i);
        row *swap = plan->value;
        plan->value = plan->fresh;
        plan->fresh = swap;
    }
    for (int i = 0; i < nodes; i++) {
        for (int b = 1; b < STRIDE; b++)
            plan->value[i].at[b] = plan->value[i].at[0];
    }
}

/* Expected profit of the first step in the node's state and of everything after it. */
static double first_step_worth(const hcp_plan *plan, const hcp_price_outlook *outlook,
                               const hcp_plan_terms *terms, int node)
{
    float usd[STRIDE];
    double sum = 0.0;
    rewards_by_price(outlook, terms, 0, plan->plant->state_of[node], usd);
    for (int b = 0; b < BINS; b++)
        sum += (double)outlook->first[b] * ((double)usd[b] + (double)plan->value[node].at[b]);
    return sum;
}

/* Worth of chosen over rejected at each possible price of this step gives the interval of the gain. */
static void fill_interval(double mwh_more, hcp_policy_decision *decision)
{
    double mean = decision->forecast_usd_per_mwh;
    double a = decision->gain_usd - mwh_more * (decision->forecast_low_usd_per_mwh - mean);
    double b = decision->gain_usd - mwh_more * (decision->forecast_high_usd_per_mwh - mean);
    decision->gain_low_usd = MIN(a, b);
    decision->gain_high_usd = MAX(a, b);
    if (fabs(mwh_more) > 1e-9)
        decision->flip_price_usd_per_mwh = mean + decision->gain_usd / mwh_more;
}

/* The chosen state draws more power: right below the flip price; less: right above it; the same: whatever happens. */
static void fill_confidence(const hcp_price_outlook *outlook, double mwh_more,
                            hcp_policy_decision *decision)
{
    if (isnan(decision->flip_price_usd_per_mwh)) {
        decision->confidence = 1.0;
        return;
    }
    double below = hcp_price_outlook_below(outlook, decision->flip_price_usd_per_mwh);
    decision->confidence = mwh_more > 0.0 ? below : 1.0 - below;
}

void hcp_plan_solve(hcp_plan *plan, const hcp_price_outlook *outlook, const hcp_plan_terms *terms)
{
    solve_tail(plan, terms);
    for (int k = outlook->n - 1; k > 0; k--)
        step_back(plan, outlook, k, terms);
}

void hcp_plan_decide(const hcp_plan *plan, const hcp_price_outlook *outlook,
                     const hcp_plan_terms *terms, int node, hcp_policy_decision *ret_decision)
{
    const hcp_plant *plant = plan->plant;
    double mean = hcp_price_outlook_mean(outlook);
    double best = -INFINITY, second = -INFINITY;
    int state = -1, other = -1;
    for (int m = plant->first_move[node]; m < plant->first_move[node + 1]; m++) {
        const hcp_plant_move *move = &plant->moves[m];
        int s = plant->state_of[move->node];
        double worth = first_step_worth(plan, outlook, terms, move->node) - move->cost_usd;
        if (worth > best) {
            second = best;
            other = state;
            best = worth;
            state = s;
        } else if (worth > second) {
            second = worth;
            other = s;
        }
    }
    ret_decision->state = state;
    ret_decision->rejected_state = other;
    ret_decision->forecast_usd_per_mwh = mean;
    ret_decision->forecast_low_usd_per_mwh = hcp_price_outlook_quantile(outlook, 0.1);
    ret_decision->forecast_high_usd_per_mwh = hcp_price_outlook_quantile(outlook, 0.9);
    if (other < 0)
        return;
    ret_decision->gain_usd = best - second;
    ret_decision->gap_usd_per_h = (best - second) / (outlook->n * plant->spec.step_h);
    double mwh_more = terms->at[0][state].mwh - terms->at[0][other].mwh;
    fill_interval(mwh_more, ret_decision);
    fill_confidence(outlook, mwh_more, ret_decision);
}
