/* SPDX-License-Identifier: Apache-2.0 */
/* Offers of the grid: answered by people, by the rule of the facility, or by nobody until the deadline. */
#include "core/grid.h"
#include "core/internal.h"

/* No event is worth more either way. */
#define MOST_MARGIN_USD_MICRO (1000000000 * HCP_USD)

bool hcp_grid_is_worth(const hcp_grid_weighed *weighed, hcp_usd_micro margin_usd_micro)
{
    return weighed->trusted && weighed->worth_usd_micro > margin_usd_micro;
}

static void emit_answer(hcp_txn *txn, const hcp_grid_answer *answer, hcp_grid_stage stage,
                        const char *reason)
{
    hcp_grid_changed change = {.stage = stage,
                               .automatic = answer->answer == HCP_ANSWER_BY_RULE,
                               .reason = g_strdup(reason)};
    if (answer->weighed != NULL)
        hcp_record_copy(&HCP_GRID_WEIGHED_RECORD, answer->weighed,
                        hcp_array_init(&change.weighed, 1, sizeof *answer->weighed));
    hcp_grid_emit_stage(txn, answer->id, &change);
}

static void accept(hcp_txn *txn, const hcp_grid_answer *answer, const char *reason)
{
    emit_answer(txn, answer, HCP_GRID_ANNOUNCED, reason);
    if (hcp_grid_due(txn->core, 0, answer->id.value) <= txn->now_us)
        hcp_grid_fire(txn, 0, answer->id.value);
}

/* Why the rule says no, or NULL. */
static char *objection(hcp_txn *txn, const hcp_facility *facility, const hcp_grid_event *row,
                       const hcp_grid_weighed *weighed)
{
    double margin_usd = hcp_money_to_usd(facility->grid_margin_usd_micro);
    if (weighed == NULL)
        return g_strdup("by rule: what it is worth could not be weighed");
    if (!weighed->trusted)
        return g_strdup("by rule: prices are stale or contradict each other");
    double worth_usd = hcp_money_to_usd(weighed->worth_usd_micro);
    if (!hcp_grid_is_worth(weighed, facility->grid_margin_usd_micro))
        return g_strdup_printf("by rule: worth %.2f USD, not more than %.2f", worth_usd,
                               margin_usd);
    if (hcp_grid_check_possible(txn, &row->def))
        return NULL;
    char *why = g_strconcat("by rule: ", txn->outcome->refusal.message, NULL);
    txn->outcome->refusal = (hcp_refusal){0};
    return why;
}

static bool answer_by_rule(hcp_txn *txn, const hcp_grid_event *row, const hcp_grid_answer *answer)
{
    const hcp_facility *facility = hcp_state_facility(&txn->core->state, row->def.facility);
    if (!facility->grid_rule)
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "facility",
                              "the facility has no rule to answer offers by");
    g_autofree char *no = objection(txn, facility, row, answer->weighed);
    if (no != NULL) {
        emit_answer(txn, answer, HCP_GRID_DECLINED, no);
        return true;
    }
    g_autofree char *yes = g_strdup_printf("by rule: worth %.2f USD, more than %.2f",
                                           hcp_money_to_usd(answer->weighed->worth_usd_micro),
                                           hcp_money_to_usd(facility->grid_margin_usd_micro));
    accept(txn, answer, yes);
    return true;
}

bool hcp_grid_decide_answer(hcp_txn *txn, const hcp_command *command)
{
    const hcp_grid_answer *answer = &command->answer_grid;
    const hcp_grid_event *row = hcp_grid_find(&txn->core->state, answer->id);
    if (row == NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "id", "there is no such grid event");
    txn->outcome->id = answer->id.value;
    if (row->stage != HCP_GRID_OFFERED)
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "id", "it is %s: no answer is wanted",
                              hcp_enum_name(&HCP_GRID_STAGE_NAMES, (int)row->stage));
    if (answer->answer == HCP_ANSWER_BY_RULE)
        return answer_by_rule(txn, row, answer);
    if (answer->answer == HCP_ANSWER_DECLINE) {
        emit_answer(txn, answer, HCP_GRID_DECLINED,
                    answer->reason != NULL ? answer->reason : "declined");
        return true;
    }
    if (!hcp_grid_check_possible(txn, &row->def))
        return false;
    accept(txn, answer, answer->reason != NULL ? answer->reason : "accepted");
    return true;
}

void hcp_grid_let_lapse(hcp_txn *txn, hcp_grid_id id)
{
    hcp_grid_emit_stage(txn, id,
                        &(hcp_grid_changed){.stage = HCP_GRID_DECLINED,
                                            .automatic = true,
                                            .reason = g_strdup("nobody accepted it in time")});
}

/* --- the rule ---------------------------------------------------------------------------------------------------------- */

static const char *fault_of(const hcp_state *state, const hcp_grid_rule_changed *rule)
{
    if (rule->facility >= state->fleet.facilities->len)
        return "its facility is unknown";
    if (ABS(rule->margin_usd_micro) > MOST_MARGIN_USD_MICRO)
        return "its margin is out of range";
    return NULL;
}

bool hcp_grid_decide_rule(hcp_txn *txn, const hcp_command *command)
{
    const hcp_grid_rule_changed *wanted = &command->grid_rule;
    const hcp_state *state = &txn->core->state;
    if (wanted->facility >= state->fleet.facilities->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility", "unknown facility");
    if (fault_of(state, wanted) != NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "margin_usd",
                              "a margin is between -1,000,000,000 and 1,000,000,000 USD");
    const hcp_facility *facility = hcp_state_facility(state, wanted->facility);
    if (facility->grid_rule == wanted->active &&
        (!wanted->active || facility->grid_margin_usd_micro == wanted->margin_usd_micro))
        return true;
    hcp_txn_emit(txn,
                 &(hcp_event){.type = HCP_EVENT_GRID_RULE_CHANGED, .grid_rule_changed = *wanted});
    return true;
}

const char *hcp_grid_apply_rule(hcp_core *core, const hcp_event *event)
{
    const hcp_grid_rule_changed *rule = &event->grid_rule_changed;
    const char *fault = fault_of(&core->state, rule);
    if (fault != NULL)
        return fault;
    hcp_facility *facility = hcp_core_facility(core, rule->facility);
    facility->grid_rule = rule->active;
    facility->grid_margin_usd_micro = rule->active ? rule->margin_usd_micro : 0;
    return NULL;
}
