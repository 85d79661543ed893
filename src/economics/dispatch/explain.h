/* SPDX-License-Identifier: Apache-2.0 */
/* What policies say of their plans: the best one not taken, what lies between them, what would change it, and why. */
#ifndef HCP_ECONOMICS_DISPATCH_EXPLAIN_H
#define HCP_ECONOMICS_DISPATCH_EXPLAIN_H

#include "economics/dispatch/dispatch.h"

/* Whether two plans have the same devices mine at the same targets. */
bool hcp_dispatch_same_choices(const hcp_dispatch_input *input, const hcp_dispatch_choice *a,
                               const hcp_dispatch_choice *b);

/* Fills gap, gain and forecast of a policy that looks no further than the price in force: one hour at that price, with
 * the 80 % range of the price's change (normal) over it. `chosen` and `rejected` are set. */
void hcp_dispatch_compare_now(const hcp_dispatch_input *input, hcp_dispatch_plan *plan);

/* Fills flip price, its sentence and the confidence from the price at which each class would change; the nearest counts.
 * INFINITY: it never does. */
void hcp_dispatch_explain_flip(const hcp_dispatch_input *input, const double *flip_usd_per_mwh,
                               hcp_dispatch_plan *plan);

/* Writes the reason where something other than worth decided: nothing can move, or a price or the dwell holds it. False when
 * nothing does. `gap_usd_per_h` is the chosen plan's worth over the rejected one's. */
bool hcp_dispatch_explain_held(const hcp_dispatch_input *input, double gap_usd_per_h,
                               hcp_dispatch_plan *plan);

/* Everything a rule says that looks no further than the price in force. `chosen` and the sums are set; rejected is the better
 * of "all mine" and "all rest" that is not chosen. */
void hcp_dispatch_explain_rule(const hcp_dispatch_input *input, const double *flip_usd_per_mwh,
                               hcp_dispatch_plan *plan);

#endif
