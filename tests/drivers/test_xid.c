/* SPDX-License-Identifier: Apache-2.0 */
/* XID codes lead to the right action. */
#include "drivers/xid.h"

#include <glib.h>

static void test_known_codes(void)
{
    static const struct {
        int code;
        hcp_xid_action action;
    } rows[] = {
        {13, HCP_XID_RESTART_APP}, {45, HCP_XID_IGNORE},      {48, HCP_XID_RESET_NOW},
        {63, HCP_XID_RESET_IDLE},  {64, HCP_XID_REPLACE},     {74, HCP_XID_INSPECT},
        {79, HCP_XID_REBOOT},      {94, HCP_XID_RESTART_APP}, {119, HCP_XID_RESET_NOW},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const hcp_xid *xid = hcp_xid_decode(rows[i].code);
        g_assert_cmpint(xid->code, ==, rows[i].code);
        g_assert_cmpint(xid->action, ==, rows[i].action);
        g_assert_cmpstr(xid->meaning, !=, "");
        g_assert_cmpstr(hcp_xid_action_text(xid->action), !=, "unknown action");
    }
    g_assert_cmpstr(hcp_xid_decode(79)->meaning, ==, "the GPU has fallen off the bus");
}

static void test_unknown_codes(void)
{
    g_assert_cmpint(hcp_xid_decode(9999)->action, ==, HCP_XID_INSPECT);
    g_assert_cmpint(hcp_xid_decode(9999)->code, ==, 0);
    g_assert_cmpstr(hcp_xid_decode(-1)->meaning, ==, "unknown XID code");
    g_assert_cmpstr(hcp_xid_action_text((hcp_xid_action)99), ==, "unknown action");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xid/known", test_known_codes);
    g_test_add_func("/xid/unknown", test_unknown_codes);
    return g_test_run();
}
