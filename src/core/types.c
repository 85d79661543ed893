/* SPDX-License-Identifier: Apache-2.0 */
#include "core/types.h"

#define NAMES(symbol, ...)                                                                         \
    static const char *const symbol##_TEXT[] = {__VA_ARGS__};                                      \
    const hcp_enum_names symbol = HCP_ENUM_NAMES(symbol##_TEXT)

NAMES(HCP_DEVICE_KIND_NAMES, "gpu", "asic", "cpu");
NAMES(HCP_MODE_NAMES, "off", "idle", "mining", "serving", "curtailed");
NAMES(HCP_HEALTH_NAMES, "ok", "degraded", "failed");
NAMES(HCP_ADMIN_NAMES, "none", "cordoned", "maintenance");
NAMES(HCP_DEVICE_STATUS_NAMES, "active", "idle", "maintenance", "failed", "degraded", "draining",
      "curtailed", "ramping", "stale");
NAMES(HCP_PRIORITY_NAMES, "none", "P1", "P2", "P3", "P4");
NAMES(HCP_WORKLOAD_KIND_NAMES, "ai_inference_realtime", "ai_inference_batch", "model_training",
      "hyperparameter_tuning", "data_processing", "bitcoin_mining");
NAMES(HCP_WORKLOAD_STATUS_NAMES, "queued", "starting", "running", "completed", "failed",
      "cancelled");
NAMES(HCP_WAIT_NAMES, "none", "behind_others", "devices", "power", "preemption", "emergency",
      "backoff", "deferred");
NAMES(HCP_PHASE_NAMES, "validate", "assign", "quiesce", "save", "activate", "verify", "serve",
      "rollback");
NAMES(HCP_RESIDENCY_NAMES, "hbm", "host", "disk", "cold");
NAMES(HCP_PRICE_KIND_NAMES, "electricity", "btc", "gpu_spot", "difficulty", "block_subsidy",
      "block_fees", "hashprice", "day_ahead", "reserve");
NAMES(HCP_QUALITY_NAMES, "missing", "stale", "suspect", "good");
NAMES(HCP_SEVERITY_NAMES, "critical", "warning", "info", "success");
NAMES(HCP_ALERT_CATEGORY_NAMES, "infrastructure", "customer", "system");
NAMES(HCP_USE_NAMES, "ai", "mining", "idle");
NAMES(HCP_GRID_KIND_NAMES, "demand_response", "reserve_call");
NAMES(HCP_RESERVE_NAMES, "none", "rrs", "ecrs", "nspin", "regup");
NAMES(HCP_GRID_STAGE_NAMES, "offered", "announced", "ramping", "active", "restoring", "ended",
      "cancelled", "declined");
