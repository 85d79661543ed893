/* SPDX-License-Identifier: Apache-2.0 */
/* The answer as JSON: what the API gives and `hcp whatif --json` prints. */
#include "base/json.h"
#include "base/units.h"
#include "runtime/whatif.h"

#include <math.h>

static void set_finite(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

static json_t *waits_json(const hcp_whatif_figures *figures)
{
    json_t *waits = json_object();
    for (int p = HCP_PRIORITY_P1; p <= HCP_PRIORITY_P3; p++) {
        const hcp_simulate_waits *w = &figures->waits[p];
        json_t *object = json_object();
        hcp_json_set_int(object, "started", (int64_t)w->started);
        set_finite(object, "mean_s", w->started > 0 ? (double)w->mean_us / 1e6 : NAN);
        set_finite(object, "max_s", w->started > 0 ? (double)w->max_us / 1e6 : NAN);
        hcp_json_set_number(object, "limit_s", (double)w->limit_us / 1e6);
        hcp_json_set_int(object, "missed", (int64_t)figures->sla_missed[p]);
        json_object_set_new(waits, hcp_enum_name(&HCP_PRIORITY_NAMES, p), object);
    }
    return waits;
}

static json_t *energy_json(const hcp_whatif_figures *figures)
{
    json_t *energy = json_object();
    for (int use = 0; use < HCP_USES; use++)
        hcp_json_set_number(energy, hcp_enum_name(&HCP_USE_NAMES, use),
                            hcp_units_mwh(figures->energy_j[use]));
    return energy;
}

static json_t *workloads_json(const hcp_whatif_figures *f)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "submitted", (json_int_t)f->submitted,
                     "refused", (json_int_t)f->refused, "completed", (json_int_t)f->completed,
                     "failed", (json_int_t)f->failed, "cancelled", (json_int_t)f->cancelled,
                     "preempted", (json_int_t)f->preempted, "waiting", (json_int_t)f->waiting);
}

static json_t *figures_json(const hcp_whatif_figures *f)
{
    json_t *object = json_object();
    hcp_json_set_int(object, "mining_usd_micro", f->mining_usd_micro);
    hcp_json_set_int(object, "ai_usd_micro", f->ai_usd_micro);
    hcp_json_set_int(object, "grid_usd_micro", f->grid_usd_micro);
    hcp_json_set_int(object, "electricity_usd_micro", f->energy_cost_usd_micro);
    hcp_json_set_int(object, "true_up_usd_micro", f->true_up_usd_micro);
    hcp_json_set_int(object, "peak_charge_usd_micro", f->peak_charge_usd_micro);
    hcp_json_set_int(object, "profit_usd_micro", f->profit_usd_micro);
    set_finite(object, "profit_usd_per_mwh", hcp_whatif_profit_usd_per_mwh(f));
    set_finite(object, "paid_usd_per_mwh", hcp_whatif_paid_usd_per_mwh(f));
    json_object_set_new(object, "energy_mwh", energy_json(f));
    json_object_set_new(object, "switches",
                        json_pack("{s:I, s:I, s:I}", "workload", (json_int_t)f->workload_switches,
                                  "dispatch", (json_int_t)f->dispatch_switches, "rolled_back",
                                  (json_int_t)f->rolled_back));
    json_object_set_new(object, "workloads", workloads_json(f));
    json_object_set_new(object, "waits", waits_json(f));
    hcp_json_set_int(object, "decisions", (int64_t)f->decisions);
    return object;
}

static json_t *difference_json(const hcp_whatif_answer *answer)
{
    const hcp_whatif_figures *a = &answer->unchanged, *b = &answer->changed;
    json_t *object = json_object();
    hcp_json_set_int(object, "mining_usd_micro", b->mining_usd_micro - a->mining_usd_micro);
    hcp_json_set_int(object, "ai_usd_micro", b->ai_usd_micro - a->ai_usd_micro);
    hcp_json_set_int(object, "grid_usd_micro", b->grid_usd_micro - a->grid_usd_micro);
    hcp_json_set_int(object, "electricity_usd_micro",
                     b->energy_cost_usd_micro - a->energy_cost_usd_micro);
    hcp_json_set_int(object, "true_up_usd_micro", b->true_up_usd_micro - a->true_up_usd_micro);
    hcp_json_set_int(object, "peak_charge_usd_micro",
                     b->peak_charge_usd_micro - a->peak_charge_usd_micro);
    hcp_json_set_int(object, "profit_usd_micro", b->profit_usd_micro - a->profit_usd_micro);
    return object;
}

json_t *hcp_whatif_answer_json(const hcp_whatif_answer *answer)
{
    json_t *object = json_object(), *notes = json_array();
    hcp_json_set_time(object, "from", answer->from_us);
    hcp_json_set_time(object, "to", answer->to_us);
    hcp_json_set_time(object, "stored_from", answer->stored_from_us);
    hcp_json_set_time(object, "stored_until", answer->stored_until_us);
    hcp_json_set_int(object, "first_sequence", (int64_t)answer->first_seq);
    hcp_json_set_int(object, "entries", (int64_t)answer->n_entries);
    hcp_json_set_string(object, "policy", answer->policy);
    hcp_json_set_string(object, "changed_policy", answer->changed_policy);
    hcp_json_set_bool(object, "simulated", true);
    json_object_set_new(object, "actual", figures_json(&answer->actual));
    json_object_set_new(object, "unchanged", figures_json(&answer->unchanged));
    if (answer->has_changes) {
        json_object_set_new(object, "changed", figures_json(&answer->changed));
        json_object_set_new(object, "difference", difference_json(answer));
    }
    hcp_json_set_string(object, "state_hash", answer->state_hash);
    for (guint i = 0; i < answer->notes->len; i++)
        json_array_append_new(notes, json_string(answer->notes->pdata[i]));
    json_object_set_new(object, "notes", notes);
    return object;
}
