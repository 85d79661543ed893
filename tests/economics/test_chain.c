/* SPDX-License-Identifier: Apache-2.0 */
/* The surprise chain: probabilities stay probabilities, what was counted is what is said, and new evidence wins. */
#include "base/rng.h"
#include "economics/forecast/chain.h"
#include "economics/forecast/model.h"

#include <math.h>

static double row_mean(const hcp_chain_matrix *matrix, int row)
{
    double mean = 0.0;
    for (int j = 0; j < HCP_CHAIN_BINS; j++)
        mean += (double)matrix->to[row][j] * hcp_chain_surprise(j);
    return mean;
}

static void check_stochastic(const hcp_chain_matrix *matrix)
{
    for (int row = 0; row < HCP_CHAIN_BINS; row++) {
        double sum = 0.0;
        for (int j = 0; j < HCP_CHAIN_STRIDE; j++) {
            g_assert_cmpfloat((double)matrix->to[row][j], >=, 0.0);
            if (j >= HCP_CHAIN_BINS)
                g_assert_cmpfloat((double)matrix->to[row][j], ==, 0.0);
            sum += (double)matrix->to[row][j];
        }
        g_assert_cmpfloat_with_epsilon(sum, 1.0, 1e-4);
    }
}

static hcp_chain *new_chain(void)
{
    hcp_chain_params params = hcp_chain_params_default(1.0);
    return hcp_chain_new(&params);
}

static void test_empty(void)
{
    g_autoptr(hcp_chain) chain = new_chain();
    hcp_chain_matrix matrix;
    hcp_chain_transition(chain, 1.2, 17, &matrix);
    check_stochastic(&matrix);
    for (int row = 0; row < HCP_CHAIN_BINS; row++)
        g_assert_cmpfloat_with_epsilon(row_mean(&matrix, row), 0.85 * hcp_chain_surprise(row),
                                       1e-3);
}

static void test_squash(void)
{
    for (double p = -250.0; p < 9000.0; p += 17.3)
        g_assert_cmpfloat_with_epsilon(hcp_chain_unsquash(hcp_chain_squash(p)), p,
                                       1e-9 * (1 + fabs(p)));
}

static void test_locate(void)
{
    for (double z = -6.0; z < 6.0; z += 0.037) {
        int bin;
        double w;
        hcp_chain_locate(z, &bin, &w);
        g_assert_cmpint(bin, >=, 0);
        g_assert_cmpint(bin, <, HCP_CHAIN_BINS - 1);
        double back = (1 - w) * hcp_chain_surprise(bin) + w * hcp_chain_surprise(bin + 1);
        double clamped = CLAMP(z, hcp_chain_surprise(0), hcp_chain_surprise(HCP_CHAIN_BINS - 1));
        g_assert_cmpfloat_with_epsilon(back, clamped, 1e-9);
    }
}

/* An AR(1) surprise is learned: means of the rows follow its law. */
static void test_learns_law(void)
{
    g_autoptr(hcp_chain) chain = new_chain();
    hcp_rng rng;
    hcp_rng_init(&rng, 3, 0);
    double z = 0.0;
    for (int t = 0; t < 6000; t++) {
        double to = 0.6 * z + 0.2 * hcp_rng_normal(&rng);
        hcp_chain_move move = {.level = 1.0, .hour = t % 24, .from = z, .to = to, .weight = 1.0};
        hcp_chain_observe(chain, &move);
        z = to;
    }
    hcp_chain_matrix matrix;
    hcp_chain_transition(chain, 1.0, 12, &matrix);
    check_stochastic(&matrix);
    for (int row = 0; row < HCP_CHAIN_BINS; row++) {
        double from = hcp_chain_surprise(row);
        if (fabs(from) <= 0.3)
            g_assert_cmpfloat_with_epsilon(row_mean(&matrix, row), 0.6 * from, 0.1);
    }
}

/* After the world changes, what is new outweighs a longer past. */
static void test_adapts(void)
{
    g_autoptr(hcp_chain) chain = new_chain();
    hcp_chain_move old = {.level = 2.0, .hour = 18, .from = 0.0, .to = 1.05, .weight = 1.0};
    hcp_chain_move new = {.level = 2.0, .hour = 18, .from = 0.0, .to = -0.5, .weight = 1.0};
    for (int i = 0; i < 365; i++)
        hcp_chain_add_prior(chain, &old);
    hcp_chain_matrix matrix;
    int zero;
    double upper;
    hcp_chain_locate(0.0, &zero, &upper);
    hcp_chain_transition(chain, 2.0, 18, &matrix);
    g_assert_cmpfloat(row_mean(&matrix, zero), >, 0.9);
    for (int i = 0; i < 200; i++)
        hcp_chain_observe(chain, &new);
    hcp_chain_transition(chain, 2.0, 18, &matrix);
    g_assert_cmpfloat(row_mean(&matrix, zero), <, 0.1);
}

/* What happened at one hour and level says little about another. */
static void test_is_local(void)
{
    g_autoptr(hcp_chain) chain = new_chain();
    hcp_chain_move evening = {.level = 2.0, .hour = 19, .from = 0.0, .to = 1.4, .weight = 50.0};
    hcp_chain_move night = {.level = 2.0, .hour = 4, .from = 0.0, .to = 0.0, .weight = 50.0};
    hcp_chain_add_prior(chain, &evening);
    hcp_chain_add_prior(chain, &night);
    hcp_chain_matrix matrix;
    int zero;
    double upper;
    hcp_chain_locate(0.0, &zero, &upper);
    hcp_chain_transition(chain, 2.0, 19, &matrix);
    g_assert_cmpfloat(row_mean(&matrix, zero), >, 1.2);
    hcp_chain_transition(chain, 2.0, 4, &matrix);
    g_assert_cmpfloat(row_mean(&matrix, zero), <, 0.1);
}

/* Years of steps lose no precision. */
static void test_long_run(void)
{
    g_autoptr(hcp_chain) chain = new_chain();
    hcp_chain_move move = {.level = 1.0, .hour = 0, .from = 0.15, .to = 0.15, .weight = 1.0};
    hcp_chain_matrix matrix;
    for (int t = 0; t < 30000; t++) {
        move.hour = t % 24;
        hcp_chain_observe(chain, &move);
    }
    hcp_chain_transition(chain, 1.0, 5, &matrix);
    check_stochastic(&matrix);
    g_assert_cmpfloat_with_epsilon(row_mean(&matrix, 10), 0.15, 0.02);
}

static void test_builtin_models(void)
{
    static const double steps[] = {1.0, 0.25};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        const hcp_price_model *model = hcp_price_model_builtin(steps[i]);
        g_assert_nonnull(model);
        g_assert_cmpuint(model->n_cells, >, 1000);
        g_assert_cmpint(model->version, >=, 1);
        g_assert_nonnull(strstr(model->provenance, "ERCOT"));
        g_autoptr(hcp_chain) chain = new_chain();
        hcp_price_model_load(model, chain);
        for (int hour = 0; hour < 24; hour++) {
            hcp_chain_matrix matrix;
            hcp_chain_transition(chain, 0.2 * hour, hour, &matrix);
            check_stochastic(&matrix);
        }
    }
    g_assert_null(hcp_price_model_builtin(0.3));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/empty", test_empty);
    g_test_add_func("/chain/squash", test_squash);
    g_test_add_func("/chain/locate", test_locate);
    g_test_add_func("/chain/learns-law", test_learns_law);
    g_test_add_func("/chain/adapts", test_adapts);
    g_test_add_func("/chain/is-local", test_is_local);
    g_test_add_func("/chain/long-run", test_long_run);
    g_test_add_func("/chain/builtin-models", test_builtin_models);
    return g_test_run();
}
