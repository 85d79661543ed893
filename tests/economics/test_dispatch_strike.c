/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the policy: above its strike price a class rests, below it the policy decides, and untrusted prices strike
 * nothing. */
#include "economics/dispatch/dispatch.h"

#include <string.h>

static const hcp_dispatch_target S21[] = {{3500, 200}};
static const hcp_dispatch_target S19[] = {{3000, 140}};

static void fill(double usd_per_mwh, hcp_dispatch_class classes[2], hcp_dispatch_input *ret_input)
{
    const hcp_dispatch_class s21 = {.id = 0,
                                    .asic = true,
                                    .mining = 100,
                                    .curtailed = 20,
                                    .standby_w = 25,
                                    .targets = S21,
                                    .n_targets = 1};
    classes[0] = classes[1] = s21;
    classes[1].id = 1;
    classes[1].targets = S19;
    *ret_input = (hcp_dispatch_input){.now_us = INT64_C(1760000000000000),
                                      .cap_w = 2e6,
                                      .pue = 1.1,
                                      .usd_per_mwh = usd_per_mwh,
                                      .hashprice = 60,
                                      .price_good = true,
                                      .hashprice_good = true,
                                      .threshold = 1.1,
                                      .classes = classes,
                                      .n_classes = 2};
}

static void ask(const char *policy, const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan)
{
    g_autoptr(hcp_dispatch) dispatch = hcp_dispatch_new(
        hcp_dispatch_policy_find(policy),
        &(hcp_dispatch_config){.step_us = INT64_C(3600000000), .utc_offset_h = -6});
    hcp_dispatch_ask(dispatch, input, ret_plan);
}

static void test_rests_above_whatever_the_policy(void)
{
    g_autofree char *names = hcp_dispatch_policy_names();
    g_auto(GStrv) policies = g_strsplit(names, ", ", -1);
    for (int i = 0; policies[i] != NULL; i++) {
        hcp_dispatch_class classes[2];
        hcp_dispatch_input input;
        hcp_dispatch_plan free_plan, plan;
        fill(50, classes, &input);
        ask(policies[i], &input, &free_plan);
        classes[0].struck = true;
        classes[0].strike_usd_per_mwh = 49.99;
        ask(policies[i], &input, &plan);
        g_assert_cmpuint(plan.chosen[0].mine, ==, 0);
        g_assert_cmpuint(plan.chosen[0].curtail, ==, 120);
        g_assert_cmpfloat(plan.chosen[0].power_w, ==, 120 * 25);
        g_assert_true(plan.moves);
        g_assert_nonnull(strstr(plan.reason, "above its strike price of 49.99"));
        g_assert_cmpuint(plan.chosen[1].mine, ==, free_plan.chosen[1].mine);
        double rest_usd = -120 * 25 * 1.1 / 1e6 * 50;
        g_assert_cmpfloat_with_epsilon(plan.chosen[0].usd_per_h, rest_usd, 1e-9);
        g_assert_cmpfloat_with_epsilon(plan.chosen_usd_per_h, rest_usd + plan.chosen[1].usd_per_h,
                                       1e-9);

        classes[0].strike_usd_per_mwh = 50; /* at the strike it is not above */
        ask(policies[i], &input, &plan);
        for (int c = 0; c < 2; c++)
            g_assert_cmpuint(plan.chosen[c].mine, ==, free_plan.chosen[c].mine);
        g_assert_null(strstr(plan.reason, "strike"));
    }
}

static void test_an_untrusted_price_strikes_nothing(void)
{
    hcp_dispatch_class classes[2];
    hcp_dispatch_input input;
    hcp_dispatch_plan plan;
    fill(500, classes, &input);
    classes[0].struck = true;
    classes[0].strike_usd_per_mwh = 60;
    input.price_good = false;
    ask("threshold", &input, &plan);
    g_assert_cmpuint(plan.chosen[0].mine, ==, 100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/economics/dispatch_strike/rests", test_rests_above_whatever_the_policy);
    g_test_add_func("/economics/dispatch_strike/untrusted",
                    test_an_untrusted_price_strikes_nothing);
    return g_test_run();
}
