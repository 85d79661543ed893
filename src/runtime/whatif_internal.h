/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the what-if share: the recorded period, one run of it, the changes; not for others. */
#ifndef HCP_RUNTIME_WHATIF_INTERNAL_H
#define HCP_RUNTIME_WHATIF_INTERNAL_H

#include "runtime/tally.h"
#include "runtime/whatif.h"

/* Progress of one stage on the scale of the whole. */
typedef struct {
    const hcp_whatif_options *options;
    const char *stage;
    double from, span;
} hcp_whatif_stage;

/* Tells; false with HCP_ERROR_BUSY when the work is to stop. `done` is of the stage, 0…1. */
bool hcp_whatif_tell(const hcp_whatif_stage *stage, double done, GError **error);

/* --- whatif_figures.c -------------------------------------------------------------------------------------------------- */

/* The sums of the state at a moment; figures of a period are the difference of two. */
typedef struct {
    hcp_usd_micro mining_usd_micro, ai_usd_micro, grid_usd_micro, energy_cost_usd_micro,
        true_up_usd_micro, peak_charge_usd_micro;
    int64_t energy_j[HCP_USES];
    int64_t submitted, completed, failed, cancelled;
} hcp_whatif_sums;

/* Reads all meters and counts at `at_us` (not before the last event). */
hcp_whatif_sums hcp_whatif_sum(const hcp_state *state, int64_t at_us);

/* Starts counting at a state: switches under way are known for what they are when they end. */
void hcp_whatif_begin_tally(hcp_tally *tally, const hcp_core *core);

/* Figures between `before` and the state at `at_us`, with what was counted in between. */
void hcp_whatif_figure(const hcp_whatif_sums *before, const hcp_state *state, int64_t at_us,
                       hcp_tally *tally, hcp_whatif_figures *ret_figures);

/* --- whatif_period.c --------------------------------------------------------------------------------------------------- */

/* A period as the journal has it. */
typedef struct {
    int64_t from_us, to_us, stored_from_us, stored_until_us;
    uint64_t first_seq, n_entries;
    GBytes *state;        /* snapshot of the state at from_us */
    hcp_whatif_sums sums; /* of that state */
    /* hcp_event: what people and the world did, in order; the event's time is the fact's */
    GArray *facts;
    char *policy; /* of the decisions; NULL when there are none */
    bool several_policies;
    hcp_whatif_figures actual;
} hcp_whatif_period;

/* Reads the period that the question names. `progress` may be NULL. */
bool hcp_whatif_period_read(hcp_journal *journal, const hcp_whatif_question *question,
                            const hcp_whatif_stage *stage, hcp_whatif_period *ret_period,
                            GError **error);

/* Frees what the period owns. */
void hcp_whatif_period_clear(hcp_whatif_period *period);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_whatif_period, hcp_whatif_period_clear)

/* --- whatif_rerun.c ---------------------------------------------------------------------------------------------------- */

typedef struct {
    hcp_whatif_figures figures;
    uint64_t facts_refused; /* of those that are no submissions: they no longer fit what happened */
    uint64_t prices_refused; /* changed prices that no market has */
    char state_hash[65];
} hcp_whatif_run_result;

/* Runs the period under `policy`, with the changes of `question` (NULL: none). */
bool hcp_whatif_rerun(const hcp_whatif_period *period, const hcp_whatif_model *model,
                      const hcp_whatif_question *question, const hcp_whatif_stage *stage,
                      hcp_whatif_run_result *ret_result, GError **error);

/* One run: the platform with what the recorded things are called in it. */
typedef struct {
    const hcp_whatif_period *period;
    const hcp_whatif_question *question; /* NULL: no change */
    hcp_platform *platform;
    hcp_clock clock;
    hcp_journal *journal;
    hcp_tally tally;
    guint next_fact;
    GHashTable *workloads, *leases,
        *grid_events; /* recorded id → id in this run, uint64_t; absent: the same */
    GArray *removed;  /* hcp_whatif_removed */
    double removed_energy_j,
        removed_usd; /* standby of removed devices, which the meters still count */
    uint64_t refused, facts_refused, prices_refused;
} hcp_whatif_run_state;

/* Devices taken out by the question: they are in maintenance, and what they draw is taken off the result. */
typedef struct {
    uint32_t facility;
    uint32_t *devices; /* ascending */
    uint32_t count;
    int64_t standby_w; /* of all of them at the meter */
} hcp_whatif_removed;

/* --- whatif_facts.c ---------------------------------------------------------------------------------------------------- */

/* Whether the event is something the platform did not decide, so that a rerun must be told of it. `state` is the one before
 * it. */
bool hcp_whatif_is_fact(const hcp_core *core, const hcp_event *event);

/* Does to the run what the fact did, changed as the question wants. */
void hcp_whatif_perform(hcp_whatif_run_state *run, const hcp_event *fact);

/* --- whatif_change.c --------------------------------------------------------------------------------------------------- */

/* Makes the changes of settings, caps and fleet at the start; errors name the member. */
bool hcp_whatif_change(hcp_whatif_run_state *run, GError **error);

/* Whether the question sets the cap of the facility: recorded changes of it do not count then. */
bool hcp_whatif_is_capped(const hcp_whatif_run_state *run, uint32_t facility);
/* Whether the question takes the device out. */
bool hcp_whatif_is_removed(const hcp_whatif_run_state *run, uint32_t device);

/* Adds the standby power of removed devices until `now_us`, at the prices in force. */
void hcp_whatif_count_removed(hcp_whatif_run_state *run, int64_t now_us);

/* --- whatif_prices.c --------------------------------------------------------------------------------------------------- */

/* Prices at the start: those in force, as the question changes them. */
void hcp_whatif_begin_prices(hcp_whatif_run_state *run);

/* Takes over a publication of coming prices, changed like the prices themselves. */
void hcp_whatif_publish(hcp_whatif_run_state *run, const hcp_prices_published *prices);

/* A recorded price, changed; nothing when it is replaced. */
void hcp_whatif_observe(hcp_whatif_run_state *run, const hcp_price_observed *price);

/* When a replaced price is told again; INT64_MAX = never. */
int64_t hcp_whatif_next_price(const hcp_whatif_run_state *run);

/* Tells the replaced prices that are due. */
void hcp_whatif_tell_prices(hcp_whatif_run_state *run);

/* HCP_ERROR_INVALID when a series ends before the period does. */
bool hcp_whatif_check_series(const hcp_whatif_question *question, const hcp_whatif_period *period,
                             GError **error);

#endif
