/* SPDX-License-Identifier: Apache-2.0 */
/* Strike prices: set for a class or a facility, taken away, refused, and still there after a restart. */
#include "site.h"

static bool set(site *s, uint32_t facility, uint32_t class_ix, bool active, double usd_per_mwh)
{
    const hcp_strike_changed strike = {facility, class_ix, active, usd_per_mwh};
    return site_do(s, &(hcp_command){.type = HCP_COMMAND_SET_STRIKE, .strike = strike});
}

/* Groups of the small site: H100, A100, S21, S19 in the north, H100 in the south. */
static const hcp_group *group(const site *s, uint32_t g)
{
    return hcp_state_group(hcp_core_state(s->core), g);
}

static void test_set_and_kept(void)
{
    site s;
    site_init(&s);
    g_assert_true(set(&s, SITE_NORTH, SITE_S21, true, 62.5));
    g_assert_cmpuint(site_events(&s, HCP_EVENT_STRIKE_CHANGED), ==, 1);
    g_assert_true(group(&s, 2)->struck);
    g_assert_cmpfloat(group(&s, 2)->strike_usd_per_mwh, ==, 62.5);
    g_assert_false(group(&s, 3)->struck);
    g_assert_true(set(&s, SITE_NORTH, SITE_S21, true, 62.5)); /* as it is: nothing to record */
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    g_assert_true(set(&s, SITE_NORTH, HCP_NO_INDEX, true, -5));
    g_assert_cmpfloat(group(&s, 3)->strike_usd_per_mwh, ==, -5);
    g_assert_false(group(&s, 4)->struck); /* the south is not meant */

    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(s.core);
    g_autoptr(hcp_core) restored = hcp_core_restore(snapshot, &error);
    g_assert_no_error(error);
    g_assert_cmpfloat(hcp_state_group(hcp_core_state(restored), 2)->strike_usd_per_mwh, ==, -5);
    g_autoptr(hcp_core) replayed = site_replay(&s);
    g_autofree char *live = hcp_core_hash(s.core);
    g_autofree char *again = hcp_core_hash(replayed);
    g_assert_cmpstr(live, ==, again);

    g_assert_true(set(&s, SITE_NORTH, HCP_NO_INDEX, false, 0));
    g_assert_false(group(&s, 2)->struck);
    site_finish(&s);
}

static void test_refused(void)
{
    site s;
    site_init(&s);
    hcp_strike_changed strike = {7, HCP_NO_INDEX, true, 50};
    hcp_command command = {.type = HCP_COMMAND_SET_STRIKE, .strike = strike};
    site_refused(&s, &command, HCP_REFUSAL_NOT_FOUND);
    command.strike = (hcp_strike_changed){SITE_SOUTH, SITE_S21, true, 50}; /* none there */
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    g_assert_cmpstr(s.outcome.refusal.field, ==, "class");
    command.strike = (hcp_strike_changed){SITE_NORTH, SITE_S21, true, 20000};
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    g_assert_cmpstr(s.outcome.refusal.field, ==, "usd_per_mwh");
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/strike/set_and_kept", test_set_and_kept);
    g_test_add_func("/core/strike/refused", test_refused);
    return g_test_run();
}
