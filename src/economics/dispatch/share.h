/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dispatch policies share: a wish per class, the sharing-out of the power cap to wishes (best profit per extra watt
 * first), and the two fixed plans "all mine" and "all rest".
 */
#ifndef HCP_ECONOMICS_DISPATCH_SHARE_H
#define HCP_ECONOMICS_DISPATCH_SHARE_H

#include "economics/dispatch/dispatch.h"

/* What a policy wants of one class before the cap is shared out. */
typedef struct {
    bool mine;
    bool keep; /* leave the devices as they are */
    int target;
    double mining_usd_per_h; /* a device, at the target */
    double rest_usd_per_h;
} hcp_dispatch_wish;

/* Devices a plan may move. */
uint32_t hcp_dispatch_class_free(const hcp_dispatch_class *class_);

/* Power and profit of a device that neither serves nor mines: miners sleep, others idle. */
double hcp_dispatch_rest_w(const hcp_dispatch_class *class_);
double hcp_dispatch_rest_usd_per_h(const hcp_dispatch_input *input,
                                   const hcp_dispatch_class *class_);

/* Whether the class has anything to mine with. */
bool hcp_dispatch_can_mine(const hcp_dispatch_class *class_);

/* Shares the cap out to one wish per class; returns the profit of the facility in USD/h. */
double hcp_dispatch_share(const hcp_dispatch_input *input, const hcp_dispatch_wish *wishes,
                          hcp_dispatch_choice *ret_choices);

/* The wishes "everything mines" (each class at its most profitable target) or "everything rests". */
void hcp_dispatch_fixed_wishes(const hcp_dispatch_input *input, bool mine,
                               hcp_dispatch_wish *ret_wishes);

/* Fills the sums, the recommendation and the switching cost of a plan whose `chosen` is set. */
void hcp_dispatch_sum(const hcp_dispatch_input *input, const hcp_dispatch_wish *wishes,
                      hcp_dispatch_plan *plan);

/* Fills the choices when `mine` devices of each class mine as their wish says; returns the profit in USD/h. */
double hcp_dispatch_fill(const hcp_dispatch_input *input, const hcp_dispatch_wish *wishes,
                         const uint32_t *mine, hcp_dispatch_choice *ret_choices);

/* By how many hours the price in force became known after the beginning of its interval; and whether what is paid now is
 * therefore known only when a step of `step_h` is over. */
double hcp_dispatch_known_h(const hcp_dispatch_input *input);
bool hcp_dispatch_is_late(const hcp_dispatch_input *input, double step_h);

/* IT power in watts that is spent whatever the plan: leases, running switches, and every free device at rest. */
double hcp_dispatch_base_w(const hcp_dispatch_input *input);

/* Supplies of a facility: 0 is the facility itself, under its cap; then come the feeders. */
#define HCP_DISPATCH_SUPPLIES (HCP_DISPATCH_MAX_FEEDERS + 1)

/* IT watts beyond that which each supply leaves, with `cap_w` at the meter; n_feeders + 1 of them. */
void hcp_dispatch_rooms(const hcp_dispatch_input *input, double cap_w,
                        double ret_room_w[HCP_DISPATCH_SUPPLIES]);

/* What a class on `feeder` finds of them: the least of the facility's and its feeder's. */
double hcp_dispatch_room_for(const double *room_w, int feeder);

/* Takes watts of a class on `feeder` out of them. */
void hcp_dispatch_room_take(double *room_w, int feeder, double power_w);

/* Whether the class must stay as it is: its dwell is not over, or a price that it depends on is not good. */
bool hcp_dispatch_is_held(const hcp_dispatch_input *input, const hcp_dispatch_class *class_);

#endif
