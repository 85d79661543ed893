/* SPDX-License-Identifier: Apache-2.0 */
/* What would become of a submission, decided as if it came now and without changing anything. */
#ifndef HCP_CORE_PREVIEW_H
#define HCP_CORE_PREVIEW_H

#include "core/core.h"

typedef struct {
    hcp_workload_accepted def; /* as it would be accepted; without an id */
    hcp_wait wait; /* NONE: it would start now; POWER: the devices are free, the cap is not */
    uint32_t facility, class_ix; /* of the chosen devices; HCP_NO_INDEX = none were chosen */
    hcp_array devices;           /* uint32_t, ascending */
    hcp_array scores;            /* hcp_scored_device */
    hcp_array rejections;        /* hcp_rejection */
} hcp_preview;

/* Tries `submit` at `now_us` (not before the last event). False: it would be refused, and `ret_refusal` says why. Clear the
 * preview with hcp_preview_clear. */
bool hcp_core_preview(const hcp_core *core, const hcp_submit *submit, int64_t now_us,
                      const hcp_telemetry_view *view, hcp_preview *ret_preview,
                      hcp_refusal *ret_refusal);

/* Frees what the preview owns and zeroes it. */
void hcp_preview_clear(hcp_preview *preview);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_preview, hcp_preview_clear)

#endif
