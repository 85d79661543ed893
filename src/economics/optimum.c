/* SPDX-License-Identifier: Apache-2.0 */
/* Backward induction with one byte of back pointer per step and node. */
#include "economics/optimum.h"

#include <math.h>

/* value[i] = best profit from the next step on after ending this one in node i; choice[i] = move taken from i. */
static void step_back(const hcp_plant *plant, const double *rewards, const double *value,
                      double *ret_value, uint8_t *choice)
{
    for (int i = 0; i < plant->n_nodes; i++) {
        double best = -INFINITY;
        for (int m = plant->first_move[i]; m < plant->first_move[i + 1]; m++) {
            const hcp_plant_move *move = &plant->moves[m];
            double x = rewards[plant->state_of[move->node]] - move->cost_usd + value[move->node];
            if (x > best) {
                best = x;
                choice[i] = (uint8_t)(m - plant->first_move[i]);
            }
        }
        ret_value[i] = best;
    }
}

static int best_free_start(const hcp_plant *plant, const double *rewards, const double *value)
{
    int best = 0;
    for (int s = 1; s < plant->n_states; s++) {
        if (rewards[s] + value[plant->settled[s]] > rewards[best] + value[plant->settled[best]])
            best = s;
    }
    return plant->settled[best];
}

hcp_optimum hcp_optimum_solve(const hcp_plant *plant, const double *rewards_usd, size_t n,
                              int start_node, uint8_t *ret_states)
{
    hcp_optimum result = {0};
    if (n == 0)
        return result;
    size_t nodes = (size_t)plant->n_nodes, states = (size_t)plant->n_states;
    g_autofree uint8_t *choice = g_new(uint8_t, n * nodes);
    g_autofree double *value = g_new0(double, nodes);
    g_autofree double *next = g_new0(double, nodes);
    size_t first = start_node < 0 ? (size_t)1 : (size_t)0;
    for (size_t t = n; t-- > first;) {
        step_back(plant, rewards_usd + t * states, value, next, choice + t * nodes);
        double *swap = value;
        value = next;
        next = swap;
    }
    int node = start_node;
    if (first == 1) {
        node = best_free_start(plant, rewards_usd, value);
        result.profit_usd = rewards_usd[plant->state_of[node]];
        if (ret_states != NULL)
            ret_states[0] = (uint8_t)plant->state_of[node];
    }
    for (size_t t = first; t < n; t++) {
        const hcp_plant_move *move =
            &plant->moves[plant->first_move[node] + choice[t * nodes + (size_t)node]];
        int state = plant->state_of[move->node];
        result.switches += state != plant->state_of[node];
        result.profit_usd += rewards_usd[t * states + (size_t)state] - move->cost_usd;
        node = move->node;
        if (ret_states != NULL)
            ret_states[t] = (uint8_t)state;
    }
    return result;
}

void hcp_optimum_line(const hcp_plant *plant, const double *rewards_usd, size_t n,
                      const uint8_t *states, double *ret_usd)
{
    double sum = 0.0;
    int node = n > 0 ? plant->settled[states[0]] : 0;
    for (size_t t = 0; t < n; t++) {
        if (t > 0) {
            const hcp_plant_move *move = hcp_plant_move_to(plant, node, states[t]);
            sum -= move->cost_usd;
            node = move->node;
        }
        sum += rewards_usd[t * (size_t)plant->n_states + states[t]];
        ret_usd[t] = sum;
    }
}
