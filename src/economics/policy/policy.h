/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dispatch policy: what one plant should do in the step that now begins. Every policy implements hcp_policy_ops; the
 * functions below are what callers use. The observation holds only what a controller can know at that moment, so no
 * policy can look ahead, whatever it does.
 */
#ifndef HCP_ECONOMICS_POLICY_POLICY_H
#define HCP_ECONOMICS_POLICY_POLICY_H

#include "economics/plant.h"

#include <stddef.h>
#include <stdint.h>

/* What is known when a step begins. Pointers are borrowed for the call. */
typedef struct {
    int64_t step;  /* 0, 1, ... */
    int64_t ts_us; /* start of the step, UTC */
    /* day-ahead prices, this step on, as far as published; NAN = not available */
    const double *dam_usd_per_mwh;
    size_t n_dam;
    /* beside dam_usd_per_mwh: what standing ready is paid; NULL = not sold */
    const double *reserve_usd_per_mw;
    /* beside dam_usd_per_mwh: expected peak charge; NULL = none is reckoned with */
    const double *peak_usd_per_mwh;
    double call_usd_per_mwh; /* price from which the grid takes what stands ready */
    /* false: nothing is known of the step before (first step, or the feed is late) */
    bool has_last;
    double last_price_usd_per_mwh;
    double last_demand;
    double last_rate_usd_per_gpu_h;
    double hashprice; /* USD per PH/s and day: price and difficulty now, fees of the day before */
} hcp_policy_observation;

/* What was decided, and why. */
typedef struct {
    int state;                   /* of the plant */
    double forecast_usd_per_mwh; /* expected price of this step */
    /* 10 % and 90 % quantiles; equal to the forecast where a policy has none */
    double forecast_low_usd_per_mwh;
    double forecast_high_usd_per_mwh;
    int rejected_state; /* best plan not chosen; -1 when minimum times allow only one */
    /* expected worth of chosen over rejected, per hour of the plan; 0 or more unless the policy
     * does not maximise */
    double gap_usd_per_h;
    double gain_usd;     /* expected gain of chosen over rejected over the plan */
    double gain_low_usd; /* 80 % interval of that gain from this step's price alone */
    double gain_high_usd;
    double stale_h;         /* hours for which settled prices are overdue */
    double switch_cost_usd; /* paid now for the chosen move */
    /* price of this step at which rejected would win; NAN when none does */
    double flip_price_usd_per_mwh;
    double confidence;  /* that this step's price keeps to the chosen side of the flip price, 0..1;
                                   NAN where a policy states none */
    const char *reason; /* static text */
    const char *source; /* policy or component that decided, static text */
} hcp_policy_decision;

/* Standard time of the ERCOT market day, where nothing else is said. */
#define HCP_UTC_OFFSET_DEFAULT_H (-6.0)

typedef struct hcp_policy hcp_policy;
typedef struct hcp_price_model hcp_price_model;

/* What a policy is told beside its plant. */
typedef struct {
    int initial_state;   /* the plant is in it, minimum time served, before the first step */
    double utc_offset_h; /* standard time of the market day */
    /* fitted prices (borrowed, needed only while the policy is made); NULL = the built-in one
     * for the plant's step length */
    const hcp_price_model *model;
} hcp_policy_config;

/* The interface. `choose` fills the decision for `node`, with ret_decision->state reachable from it; it is called once
 * a step, in order. `settle` (may be NULL) tells what the step before earned in every state once that is known. */
typedef struct {
    const char *name;
    const char *summary;
    void *(*create)(const hcp_plant *plant, const hcp_policy_config *config);
    void (*choose)(void *self, const hcp_policy_observation *observation, int node,
                   hcp_policy_decision *ret_decision);
    void (*destroy)(void *self);
} hcp_policy_ops;

/* Every policy, in the order tables show them; ends with NULL. */
const hcp_policy_ops *const *hcp_policy_all(void);

/* ERCOT's standard time, the built-in model, and the plant's first state. */
hcp_policy_config hcp_policy_config_default(void);

/* A policy for `plant` (borrowed, must outlive it). HCP_ERROR_NOT_FOUND lists the names there are. Caller frees. */
hcp_policy *hcp_policy_new(const char *name, const hcp_plant *plant,
                           const hcp_policy_config *config, GError **error);

/* Same, by interface. */
hcp_policy *hcp_policy_new_ops(const hcp_policy_ops *ops, const hcp_plant *plant,
                               const hcp_policy_config *config);

/* Releases the policy; NULL is allowed. */
void hcp_policy_free(hcp_policy *policy);

/* Decides the step and moves there. */
void hcp_policy_step(hcp_policy *policy, const hcp_policy_observation *observation,
                     hcp_policy_decision *ret_decision);

/* Node the plant is in after the last step. */
int hcp_policy_node(const hcp_policy *policy);

/* Name the policy was made by. */
const char *hcp_policy_name(const hcp_policy *policy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_policy, hcp_policy_free)

#endif
