/* SPDX-License-Identifier: Apache-2.0 */
/* The plant model against hand-computed figures, and its moves against what minimum times mean. */
#include "base/error.h"
#include "economics/plant.h"

static hcp_plant_spec hybrid_spec(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    spec.asic_min_up_steps = 2;
    spec.asic_min_down_steps = 4;
    spec.gpus = 1000;
    spec.gpu_min_up_steps = 3;
    return spec;
}

static void test_states(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    g_autoptr(hcp_plant) mine = hcp_plant_new(&spec, NULL);
    g_assert_cmpint(mine->n_states, ==, 2);
    g_assert_cmpint(hcp_plant_state(mine, "mine"), ==, 0);
    g_assert_cmpint(hcp_plant_state(mine, "idle"), ==, 1);
    g_assert_cmpint(hcp_plant_state(mine, "ai"), ==, -1);

    spec = hybrid_spec();
    g_autoptr(hcp_plant) both = hcp_plant_new(&spec, NULL);
    g_assert_cmpint(both->n_states, ==, 4);
    g_assert_cmpint(both->n_nodes, ==, (2 + 4) * (3 + 1));
    g_assert_true(hcp_plant_is_static_plan(both, hcp_plant_state(both, "both")));
    g_assert_false(hcp_plant_is_static_plan(both, hcp_plant_state(both, "idle")));
}

static void test_rewards(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
    /* 10 MW of 17.5 J/TH at PUE 1.05 is 544,217.687 TH/s; at 48 USD/PH/day less 1 % each earns 0.00198 USD/h. */
    hcp_plant_inputs in = {.price_usd_per_mwh = 30.0, .hashprice = 48.0};
    double usd[HCP_PLANT_STATES_MAX];
    hcp_plant_rewards(plant, &in, usd);
    g_assert_cmpfloat_with_epsilon(usd[0], 1e7 / (17.5 * 1.05) * 0.00198 - 300.0, 1e-6);
    g_assert_cmpfloat(usd[1], ==, 0.0);
}

/* GPUs come first under the cap and ASICs take what is left. */
static void test_cap(void)
{
    hcp_plant_spec spec = hybrid_spec();
    spec.gpus = 5000; /* 4.2 MW at full draw */
    g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
    hcp_plant_inputs in = {.demand = 1.0, .hashprice = 50.0, .rate_usd_per_gpu_h = 2.0};
    hcp_plant_terms terms[HCP_PLANT_STATES_MAX];
    hcp_plant_terms_get(plant, &in, terms);
    g_assert_cmpfloat_with_epsilon(terms[hcp_plant_state(plant, "both")].mwh, 10.0, 1e-9);
    g_assert_cmpfloat_with_epsilon(terms[hcp_plant_state(plant, "ai")].mwh, 4.2, 1e-9);
    g_assert_cmpfloat_with_epsilon(terms[hcp_plant_state(plant, "ai")].fixed_usd, 1e4, 1e-9);

    spec.step_h = 0.25;
    g_autoptr(hcp_plant) quarter = hcp_plant_new(&spec, NULL);
    hcp_plant_terms_get(quarter, &in, terms);
    g_assert_cmpfloat_with_epsilon(terms[hcp_plant_state(quarter, "ai")].mwh, 1.05, 1e-9);
}

/* Standing ready is paid while mining, never while off; a call stops mining and power, and costs a restart. */
static void test_reserve(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    spec.asic_start_usd_per_mw = 60.0;
    g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
    hcp_plant_inputs in = {.price_usd_per_mwh = 30.0, .hashprice = 48.0};
    double bare[HCP_PLANT_STATES_MAX], ready[HCP_PLANT_STATES_MAX], called[HCP_PLANT_STATES_MAX];
    hcp_plant_rewards(plant, &in, bare);
    in.reserve_usd_per_mw = 7.0;
    hcp_plant_rewards(plant, &in, ready);
    g_assert_cmpfloat_with_epsilon(ready[0] - bare[0], 70.0, 1e-9);
    g_assert_cmpfloat(ready[1], ==, 0.0);
    in.called = true;
    in.price_usd_per_mwh = 4000.0;
    hcp_plant_rewards(plant, &in, called);
    g_assert_cmpfloat_with_epsilon(called[0], 70.0 - 600.0, 1e-9);
    g_assert_cmpfloat(called[1], ==, 0.0);
}

static void test_dwell(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    spec.asic_min_up_steps = 2;
    spec.asic_min_down_steps = 4;
    spec.asic_start_usd_per_mw = 60.0;
    g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
    int mine = hcp_plant_state(plant, "mine"), idle = hcp_plant_state(plant, "idle");

    const hcp_plant_move *stop = hcp_plant_move_to(plant, plant->settled[mine], idle);
    g_assert_nonnull(stop);
    g_assert_cmpfloat(stop->cost_usd, ==, 0.0);
    int node = stop->node;
    for (int hour = 1; hour < 4; hour++) {
        g_assert_null(hcp_plant_move_to(plant, node, mine));
        node = hcp_plant_move_to(plant, node, idle)->node;
    }
    g_assert_cmpint(node, ==, plant->settled[idle]);
    g_assert_cmpfloat(hcp_plant_move_to(plant, node, mine)->cost_usd, ==, 600.0);
}

/* In every plant: the first move stays and costs nothing, and every target exists. */
static void check_moves(const hcp_plant *plant)
{
    for (int i = 0; i < plant->n_nodes; i++) {
        const hcp_plant_move *stay = &plant->moves[plant->first_move[i]];
        g_assert_cmpint(plant->state_of[stay->node], ==, plant->state_of[i]);
        g_assert_cmpfloat(stay->cost_usd, ==, 0.0);
        for (int m = plant->first_move[i]; m < plant->first_move[i + 1]; m++)
            g_assert_true(plant->moves[m].node >= 0 && plant->moves[m].node < plant->n_nodes);
    }
    for (int s = 0; s < plant->n_states; s++)
        g_assert_cmpint(plant->state_of[plant->settled[s]], ==, s);
}

static void test_moves(void)
{
    for (int up = 1; up <= 3; up++) {
        for (int kind = 0; kind < 4; kind++) {
            hcp_plant_spec spec = hybrid_spec();
            spec.kind = kind == 3 ? HCP_PLANT_SLOT : HCP_PLANT_SITE;
            spec.asic_min_up_steps = up;
            spec.gpu_min_down_steps = up;
            spec.gpus = kind == 1 ? 0 : 500;
            spec.asic_mw = kind == 2 ? 0 : 10;
            g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
            check_moves(plant);
        }
    }
}

static void test_refusals(void)
{
    static const struct {
        size_t offset;
        double value;
        const char *field;
    } cases[] = {
        {G_STRUCT_OFFSET(hcp_plant_spec, asic_j_per_th), 0.0, "asic_j_per_th"},
        {G_STRUCT_OFFSET(hcp_plant_spec, cap_mw), -1.0, "cap_mw"},
        {G_STRUCT_OFFSET(hcp_plant_spec, pool_fee), 1.5, "pool_fee"},
        {G_STRUCT_OFFSET(hcp_plant_spec, step_h), 0.0, "step_h"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        hcp_plant_spec spec = hcp_plant_spec_default();
        *(double *)((char *)&spec + cases[i].offset) = cases[i].value;
        g_autoptr(GError) error = NULL;
        g_assert_null(hcp_plant_new(&spec, &error));
        g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, cases[i].field));
    }
    hcp_plant_spec spec = hybrid_spec();
    spec.asic_min_down_steps = spec.asic_min_up_steps = 256;
    spec.gpu_min_down_steps = spec.gpu_min_up_steps = 256;
    g_autoptr(GError) error = NULL;
    g_assert_null(hcp_plant_new(&spec, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plant/states", test_states);
    g_test_add_func("/plant/rewards", test_rewards);
    g_test_add_func("/plant/cap", test_cap);
    g_test_add_func("/plant/reserve", test_reserve);
    g_test_add_func("/plant/dwell", test_dwell);
    g_test_add_func("/plant/moves", test_moves);
    g_test_add_func("/plant/refusals", test_refusals);
    return g_test_run();
}
