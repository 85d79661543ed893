/* SPDX-License-Identifier: Apache-2.0 */
/* Strike prices: the electricity price above which an operator wants the miners of a class to rest. */
#include "core/internal.h"

#include <math.h>

/* Beyond every market's offer caps a strike price means nothing. */
#define MOST_USD_PER_MWH 10000.0

static bool is_meant(const hcp_strike_changed *changed, const hcp_group *group)
{
    return group->facility == changed->facility &&
           (changed->class_ix == HCP_NO_INDEX || changed->class_ix == group->class_ix);
}

const char *hcp_strike_apply_changed(hcp_core *core, const hcp_event *event)
{
    const hcp_strike_changed *changed = &event->strike_changed;
    if (changed->facility >= core->state.fleet.facilities->len || !isfinite(changed->usd_per_mwh))
        return "its facility or price is impossible";
    for (uint32_t g = 0; g < core->state.fleet.groups->len; g++) {
        hcp_group *group = hcp_core_group(core, g);
        if (!is_meant(changed, group))
            continue;
        group->struck = changed->active;
        group->strike_usd_per_mwh = changed->active ? changed->usd_per_mwh : 0;
    }
    return NULL;
}

/* Is everything that is meant as wanted already? False also when nothing is meant; `ret_any` tells which. */
static bool is_set(const hcp_state *state, const hcp_strike_changed *wanted, bool *ret_any)
{
    bool same = true;
    *ret_any = false;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (!is_meant(wanted, group))
            continue;
        *ret_any = true;
        same &= group->struck == wanted->active &&
                (!wanted->active || group->strike_usd_per_mwh == wanted->usd_per_mwh);
    }
    return *ret_any && same;
}

bool hcp_strike_decide_set(hcp_txn *txn, const hcp_command *command)
{
    const hcp_strike_changed *wanted = &command->strike;
    const hcp_state *state = &txn->core->state;
    bool any;
    if (wanted->facility >= state->fleet.facilities->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility", "unknown facility");
    if (!isfinite(wanted->usd_per_mwh) || fabs(wanted->usd_per_mwh) > MOST_USD_PER_MWH)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "usd_per_mwh",
                              "a strike price is between -10,000 and 10,000 USD/MWh");
    if (is_set(state, wanted, &any))
        return true;
    if (!any)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "class",
                              "the facility has no devices of this class");
    hcp_txn_emit(txn, &(hcp_event){.type = HCP_EVENT_STRIKE_CHANGED, .strike_changed = *wanted});
    return true;
}
