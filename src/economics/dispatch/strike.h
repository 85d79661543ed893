/* SPDX-License-Identifier: Apache-2.0 */
/* Strike prices in dispatch: what rests by order is taken out of the policy's sight and put into its plan. */
#ifndef HCP_ECONOMICS_DISPATCH_STRIKE_H
#define HCP_ECONOMICS_DISPATCH_STRIKE_H

#include "economics/dispatch/dispatch.h"

/* Whether the class rests because the price in force, when it is to be trusted, is above its strike price. */
bool hcp_dispatch_is_struck(const hcp_dispatch_input *input, const hcp_dispatch_class *class_);

/* Copies `input` into `ret_left` and `classes` (room for all of them) with the free devices of struck classes gone and
 * their resting power taken off the cap. False: no class is struck, nothing was written. */
bool hcp_dispatch_strike_hide(const hcp_dispatch_input *input, hcp_dispatch_class *classes,
                              hcp_dispatch_input *ret_left);

/* Puts the resting devices of struck classes into a plan made without them. */
void hcp_dispatch_strike_show(const hcp_dispatch_input *input, hcp_dispatch_plan *plan);

#endif
