/* SPDX-License-Identifier: Apache-2.0 */
/* The two plans that never change: what every other policy has to beat. */
#include "economics/dispatch/explain.h"
#include "economics/dispatch/share.h"

#include <glib.h>

static void decide_fixed(const hcp_dispatch_input *input, bool mine, hcp_dispatch_plan *ret_plan)
{
    hcp_dispatch_wish wishes[HCP_DISPATCH_MAX_CLASSES], others[HCP_DISPATCH_MAX_CLASSES];
    ret_plan->confidence = 1.0;
    hcp_dispatch_fixed_wishes(input, mine, wishes);
    hcp_dispatch_fixed_wishes(input, !mine, others);
    ret_plan->chosen_usd_per_h = hcp_dispatch_share(input, wishes, ret_plan->chosen);
    ret_plan->rejected_usd_per_h = hcp_dispatch_share(input, others, ret_plan->rejected);
    hcp_dispatch_sum(input, wishes, ret_plan);
    hcp_dispatch_compare_now(input, ret_plan);
    ret_plan->source = "static";
    ret_plan->alternative = !hcp_dispatch_same_choices(input, ret_plan->chosen, ret_plan->rejected);
    g_strlcpy(ret_plan->reason, "this policy never looks at prices", sizeof ret_plan->reason);
    g_strlcpy(ret_plan->flip, "nothing: this policy never looks at prices", sizeof ret_plan->flip);
}

static void decide_mine(void *self, const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan)
{
    (void)self;
    decide_fixed(input, true, ret_plan);
}

static void decide_rest(void *self, const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan)
{
    (void)self;
    decide_fixed(input, false, ret_plan);
}

const hcp_dispatch_policy HCP_DISPATCH_MINE = {
    .name = "mine",
    .summary = "whatever is free mines, always",
    .decide = decide_mine,
};

const hcp_dispatch_policy HCP_DISPATCH_REST = {
    .name = "rest",
    .summary = "whatever is free rests, always",
    .decide = decide_rest,
};
