/* SPDX-License-Identifier: Apache-2.0 */
/* Customers: their definition, their quota of device time, and what the settings of the platform must satisfy. */
#include "base/units.h"
#include "core/internal.h"

static void remember_customer(hcp_core *core, uint32_t ix)
{
    const hcp_customer_defined *def = &hcp_core_customer(core, ix)->def;
    char id[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_CUSTOMER, def->id.value, id);
    g_hash_table_insert(core->customer_keys, g_strdup(def->key), GUINT_TO_POINTER(ix + 1));
    g_hash_table_insert(core->customer_keys, g_strdup(id), GUINT_TO_POINTER(ix + 1));
}

/* What is left when the quota changes from `before` to `after`: reservations stay, and nothing goes below zero. */
static int64_t carry_quota(int64_t left_us, int64_t before_us, int64_t after_us)
{
    if (after_us < 0)
        return -1;
    if (before_us < 0)
        return after_us;
    return MAX(left_us + after_us - before_us, 0);
}

/* A definition with a known key and the same id replaces it; usage and reservations are kept. */
const char *hcp_identity_apply_customer(hcp_core *core, const hcp_event *event)
{
    const hcp_customer_defined *def = &event->customer_defined;
    const hcp_record *record = hcp_event_record(event->type);
    GArray *customers = core->state.fleet.customers;
    if (def->key == NULL || def->quota_device_us < -1)
        return "its key or quota is impossible";
    uint32_t ix = hcp_core_find_customer(core, def->key);
    if (ix != HCP_NO_INDEX) {
        hcp_customer *row = hcp_core_customer(core, ix);
        if (row->def.id.value != def->id.value)
            return "its key belongs to another customer";
        row->quota_left_device_us =
            carry_quota(row->quota_left_device_us, row->def.quota_device_us, def->quota_device_us);
        hcp_record_clear(record, &row->def);
        hcp_record_copy(record, def, &row->def);
        return NULL;
    }
    g_array_set_size(customers, customers->len + 1);
    ix = customers->len - 1;
    hcp_customer *row = hcp_core_customer(core, ix);
    hcp_record_copy(record, def, &row->def);
    row->quota_left_device_us = def->quota_device_us;
    hcp_core_note_id(core, def->id.value);
    remember_customer(core, ix);
    return NULL;
}

bool hcp_identity_decide_define(hcp_txn *txn, const hcp_event *event)
{
    const hcp_customer_defined *def = &event->customer_defined;
    if (def->key == NULL || *def->key == '\0' || def->name == NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "key", "a customer needs a key and a name");
    if (def->quota_device_us < -1 || def->budget_usd_micro < 0 || def->rate_permille < 0)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "quota",
                              "quota (-1 = unlimited), budget and rate of %s must not be negative",
                              def->key);
    const hcp_state *state = &txn->core->state;
    uint32_t ix = hcp_core_find_customer(txn->core, def->key);
    hcp_event copy = {.type = event->type};
    hcp_record_copy(hcp_event_record(event->type), def, &copy.customer_defined);
    copy.customer_defined.id.value =
        ix != HCP_NO_INDEX ? hcp_state_customer(state, ix)->def.id.value : hcp_core_new_id(txn);
    txn->outcome->id = copy.customer_defined.id.value;
    hcp_txn_emit(txn, &copy);
    return true;
}

void hcp_identity_rebuild(hcp_core *core)
{
    for (uint32_t ix = 0; ix < core->state.fleet.customers->len; ix++)
        remember_customer(core, ix);
}

/* --- settings ---------------------------------------------------------------------------------------------------- */

const char *hcp_settings_apply_changed(hcp_core *core, const hcp_event *event)
{
    for (uint32_t f = 0; f < core->state.fleet.facilities->len; f++) /* the pool's fee may change */
        hcp_metering_advance(core, f, core->state.now_us);
    core->state.settings = event->settings_changed;
    hcp_queue_configure(core->queue, &core->state.settings);
    hcp_market_rebuild(core);   /* limits of age may have moved */
    hcp_schedule_rebuild(core); /* who may be preempted, too */
    return NULL;
}

/* Member and message of the first rule that the settings break; NULL when they break none. */
static const char *settings_fault(const hcp_settings *settings, const char **ret_field)
{
    const struct {
        const char *field;
        int64_t value, minimum;
    } bounds[] = {
        {"max_wait_p1", settings->max_wait_p1_us, 1},
        {"max_wait_p2", settings->max_wait_p2_us, 1},
        {"max_wait_p3", settings->max_wait_p3_us, 1},
        {"min_dwell", settings->min_dwell_us, 0},
        {"gpu_phase_deadline", settings->gpu_phase_deadline_us, 1},
        {"asic_phase_deadline", settings->asic_phase_deadline_us, 1},
        {"retry_backoff", settings->retry_backoff_us, 0},
        {"deferral_slack", settings->deferral_slack_us, 0},
        {"queue_capacity", settings->queue_capacity, 1},
        {"electricity_stale", settings->electricity_stale_us, 0},
        {"btc_stale", settings->btc_stale_us, 0},
        {"gpu_spot_stale", settings->gpu_spot_stale_us, 0},
        {"network_stale", settings->network_stale_us, 0},
        {"finished_retention", settings->finished_retention_us, 0},
        {"cold_start", settings->cold_start_us, 0},
        {"price_disagreement", settings->price_disagreement_permille, 0},
        {"pool_fee", settings->pool_fee_ppm, 0},
    };
    for (guint i = 0; i < G_N_ELEMENTS(bounds); i++) {
        *ret_field = bounds[i].field;
        if (bounds[i].value < bounds[i].minimum)
            return "must be positive (or zero where zero means never)";
        if (bounds[i].value > 3650 * HCP_US_PER_DAY)
            return "is beyond what the platform can plan";
    }
    *ret_field = "pool_fee";
    if (settings->pool_fee_ppm > 1000000)
        return "is more than all there is";
    *ret_field = "score_weights";
    if (settings->score_weight_efficiency + settings->score_weight_utilisation +
            settings->score_weight_thermal + settings->score_weight_network !=
        100)
        return "must sum to 100";
    return NULL;
}

bool hcp_settings_decide_define(hcp_txn *txn, const hcp_event *event)
{
    const hcp_settings *settings = &event->settings_changed;
    const hcp_state *state = &txn->core->state;
    const char *field = NULL;
    const char *fault = settings_fault(settings, &field);
    if (fault != NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, field, "%s %s", field, fault);
    if (settings->default_customer != HCP_NO_INDEX &&
        settings->default_customer >= state->fleet.customers->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "default_customer",
                              "the default customer does not exist");
    hcp_event copy = {.type = event->type, .settings_changed = *settings};
    hcp_txn_emit(txn, &copy);
    return true;
}
