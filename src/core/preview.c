/* SPDX-License-Identifier: Apache-2.0 */
#include "core/preview.h"

#include "core/placement.h"

bool hcp_core_preview(const hcp_core *core, const hcp_submit *submit, int64_t now_us,
                      const hcp_telemetry_view *view, hcp_preview *ret_preview,
                      hcp_refusal *ret_refusal)
{
    hcp_outcome outcome = {0};
    /* A transaction can write, but admission and choice do not. */
    hcp_txn txn = {.core = (hcp_core *)core,
                   .outcome = &outcome,
                   .now_us = MAX(now_us, core->state.now_us),
                   .view = view};
    hcp_preview preview = {.facility = HCP_NO_INDEX, .class_ix = HCP_NO_INDEX};
    if (!hcp_admission_preview(&txn, submit, &preview.def)) {
        *ret_refusal = outcome.refusal;
        return false;
    }
    hcp_placement_request request = hcp_placement_request_of(&preview.def);
    hcp_placement placement = {0};
    preview.wait = hcp_placement_choose(&txn, &request, &placement);
    if (preview.wait != HCP_WAIT_NONE)
        hcp_placement_count_rejections(&core->state, &request, &placement);
    if (placement.devices.count > 0) {
        const hcp_group *group = hcp_state_group(&core->state, placement.group);
        preview.facility = group->facility;
        preview.class_ix = group->class_ix;
    }
    preview.devices = placement.devices;
    preview.scores = placement.scores;
    preview.rejections = placement.rejections;
    *ret_preview = preview;
    return true;
}

void hcp_preview_clear(hcp_preview *preview)
{
    hcp_placement placement = {
        .devices = preview->devices, .scores = preview->scores, .rejections = preview->rejections};
    hcp_placement_clear(&placement);
    hcp_record_clear(hcp_event_record(HCP_EVENT_WORKLOAD_ACCEPTED), &preview->def);
    *preview = (hcp_preview){0};
}
