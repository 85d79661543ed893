/* SPDX-License-Identifier: Apache-2.0 */
/* Phase durations: budgets of the presets over the floors of physics. */
#include "sim/switchtime.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define MS INT64_C(1000)

/* Spread of the software part: 400 ms nominal become 350 to 480. */
#define SPREAD_LOW 0.875
#define SPREAD_HIGH 1.2

typedef struct {
    const char *name;
    int64_t budget_us[HCP_SWITCHTIME_PHASES];
    int64_t cold_start_us; /* engine start from nothing, on top of fetching the bytes */
    bool additive;         /* budgets are overhead on top of the floor, not a total */
    const hcp_switchtime_step *steps;
    int n_steps;
} preset_info;

static const char *const PHASE_NAMES[HCP_SWITCHTIME_PHASES] = {
    [HCP_SWITCHTIME_VALIDATE] = "validate", [HCP_SWITCHTIME_ASSIGN] = "assign",
    [HCP_SWITCHTIME_QUIESCE] = "quiesce",   [HCP_SWITCHTIME_SAVE] = "save",
    [HCP_SWITCHTIME_ACTIVATE] = "activate", [HCP_SWITCHTIME_VERIFY] = "verify",
    [HCP_SWITCHTIME_SERVE] = "serve",       [HCP_SWITCHTIME_ROLLBACK] = "rollback",
};

static const char *const RESIDENCY_NAMES[HCP_SWITCHTIME_RESIDENCIES] = {
    [HCP_SWITCHTIME_HBM] = "hbm",
    [HCP_SWITCHTIME_HOST] = "host",
    [HCP_SWITCHTIME_DISK] = "disk",
    [HCP_SWITCHTIME_COLD] = "cold",
};

/* Four durations: clearing belongs to save, which keeps what the old mode needs and scrubs the
 * rest. */
static const hcp_switchtime_step STEPS_400[] = {
    {0, HCP_SWITCHTIME_ASSIGN, "switch signalled"},
    {50 * MS, HCP_SWITCHTIME_SAVE, "current state saved"},
    {130 * MS, HCP_SWITCHTIME_SAVE, "device memory cleared"},
    {250 * MS, HCP_SWITCHTIME_ACTIVATE, "new workload loaded"},
    {400 * MS, HCP_SWITCHTIME_VERIFY, "initialised"},
};

static const hcp_switchtime_step STEPS_A[] = {
    {0, HCP_SWITCHTIME_VALIDATE, "economic signal received"},
    {50 * MS, HCP_SWITCHTIME_VALIDATE, "signal validated, commitments checked"},
    {100 * MS, HCP_SWITCHTIME_ASSIGN, "workload assigned"},
    {150 * MS, HCP_SWITCHTIME_QUIESCE, "mining stopped, pool told"},
    {200 * MS, HCP_SWITCHTIME_SAVE, "mining state saved, context switched"},
    {300 * MS, HCP_SWITCHTIME_ACTIVATE, "model activated from warm memory"},
    {400 * MS, HCP_SWITCHTIME_VERIFY, "endpoint configured and probed"},
    {450 * MS, HCP_SWITCHTIME_SERVE, "first request served"},
};

/* The device's own view: validation and assignment happened before its T+0. */
static const hcp_switchtime_step STEPS_B[] = {
    {0, HCP_SWITCHTIME_ASSIGN, "switch signal received"},
    {50 * MS, HCP_SWITCHTIME_QUIESCE, "mining paused"},
    {100 * MS, HCP_SWITCHTIME_SAVE, "mining state saved"},
    {150 * MS, HCP_SWITCHTIME_ACTIVATE, "context switched"},
    {250 * MS, HCP_SWITCHTIME_ACTIVATE, "model loaded from warm memory"},
    {350 * MS, HCP_SWITCHTIME_VERIFY, "endpoint initialised"},
    {450 * MS, HCP_SWITCHTIME_SERVE, "ready to serve"},
};

/* The overheads of `physical` are of the order PipeSwitch measured (5 to 35 ms in total beside the
 * copy); its verify is one inference of 23 ms, and its cold start the 45 s by which a cold engine
 * start exceeds a warm one. */
static const preset_info PRESETS[HCP_SWITCHTIME_PRESETS] = {
    [HCP_SWITCHTIME_PHYSICAL] =
        {
            .name = "physical",
            .budget_us = {[HCP_SWITCHTIME_QUIESCE] = 5 * MS,
                          [HCP_SWITCHTIME_SAVE] = 2 * MS,
                          [HCP_SWITCHTIME_ACTIVATE] = 7 * MS,
                          [HCP_SWITCHTIME_VERIFY] = 23 * MS,
                          [HCP_SWITCHTIME_SERVE] = 3 * MS,
                          [HCP_SWITCHTIME_ROLLBACK] = 10 * MS},
            .cold_start_us = 45000 * MS,
            .additive = true,
        },
    [HCP_SWITCHTIME_PHASES_400] =
        {
            .name = "phases-400",
            .budget_us = {[HCP_SWITCHTIME_SAVE] = 130 * MS,
                          [HCP_SWITCHTIME_ACTIVATE] = 120 * MS,
                          [HCP_SWITCHTIME_VERIFY] = 150 * MS,
                          [HCP_SWITCHTIME_ROLLBACK] = 120 * MS},
            .cold_start_us = 7500 * MS,
            .steps = STEPS_400,
            .n_steps = G_N_ELEMENTS(STEPS_400),
        },
    [HCP_SWITCHTIME_TIMELINE_A] =
        {
            .name = "timeline-a",
            .budget_us = {[HCP_SWITCHTIME_VALIDATE] = 50 * MS,
                          [HCP_SWITCHTIME_ASSIGN] = 50 * MS,
                          [HCP_SWITCHTIME_QUIESCE] = 50 * MS,
                          [HCP_SWITCHTIME_SAVE] = 50 * MS,
                          [HCP_SWITCHTIME_ACTIVATE] = 100 * MS,
                          [HCP_SWITCHTIME_VERIFY] = 100 * MS,
                          [HCP_SWITCHTIME_SERVE] = 50 * MS,
                          [HCP_SWITCHTIME_ROLLBACK] = 100 * MS},
            .cold_start_us = 7500 * MS,
            .steps = STEPS_A,
            .n_steps = G_N_ELEMENTS(STEPS_A),
        },
    [HCP_SWITCHTIME_TIMELINE_B] =
        {
            .name = "timeline-b",
            .budget_us = {[HCP_SWITCHTIME_QUIESCE] = 50 * MS,
                          [HCP_SWITCHTIME_SAVE] = 50 * MS,
                          [HCP_SWITCHTIME_ACTIVATE] = 150 * MS,
                          [HCP_SWITCHTIME_VERIFY] = 100 * MS,
                          [HCP_SWITCHTIME_SERVE] = 100 * MS,
                          [HCP_SWITCHTIME_ROLLBACK] = 100 * MS},
            .cold_start_us = 7500 * MS,
            .steps = STEPS_B,
            .n_steps = G_N_ELEMENTS(STEPS_B),
        },
};

const char *hcp_switchtime_phase_name(hcp_switchtime_phase phase)
{
    return (unsigned)phase < HCP_SWITCHTIME_PHASES ? PHASE_NAMES[phase] : "unknown";
}

const char *hcp_switchtime_residency_name(hcp_switchtime_residency residency)
{
    return (unsigned)residency < HCP_SWITCHTIME_RESIDENCIES ? RESIDENCY_NAMES[residency]
                                                            : "unknown";
}

const char *hcp_switchtime_preset_name(hcp_switchtime_preset preset)
{
    return (unsigned)preset < HCP_SWITCHTIME_PRESETS ? PRESETS[preset].name : "unknown";
}

int hcp_switchtime_preset_parse(const char *name)
{
    for (int i = 0; i < HCP_SWITCHTIME_PRESETS; i++) {
        if (strcmp(PRESETS[i].name, name) == 0)
            return i;
    }
    return -1;
}

int64_t hcp_switchtime_budget_us(hcp_switchtime_preset preset, hcp_switchtime_phase phase)
{
    g_assert((unsigned)preset < HCP_SWITCHTIME_PRESETS && (unsigned)phase < HCP_SWITCHTIME_PHASES);
    return PRESETS[preset].budget_us[phase];
}

int64_t hcp_switchtime_cold_start_us(hcp_switchtime_preset preset)
{
    g_assert((unsigned)preset < HCP_SWITCHTIME_PRESETS);
    return llround((double)PRESETS[preset].cold_start_us * SPREAD_HIGH);
}

const hcp_switchtime_step *hcp_switchtime_steps(hcp_switchtime_preset preset, int *ret_n)
{
    g_assert((unsigned)preset < HCP_SWITCHTIME_PRESETS);
    *ret_n = PRESETS[preset].n_steps;
    return PRESETS[preset].steps;
}

/* Rate at which incoming bytes reach device memory; a chain of links is pipelined, so the slowest
 * one counts. */
static double incoming_bytes_per_s(const hcp_switchtime_links *links,
                                   hcp_switchtime_residency residency)
{
    switch (residency) {
    case HCP_SWITCHTIME_HBM:
        return links->hbm_bytes_per_s /
               2; /* a copy within the memory reads and writes every byte */
    case HCP_SWITCHTIME_HOST:
        return links->host_bytes_per_s;
    case HCP_SWITCHTIME_DISK:
        return fmin(links->disk_bytes_per_s, links->host_bytes_per_s);
    case HCP_SWITCHTIME_COLD:
        return fmin(links->network_bytes_per_s, links->host_bytes_per_s);
    case HCP_SWITCHTIME_RESIDENCIES:
        break;
    }
    g_assert_not_reached();
}

static int64_t transfer_us(int64_t bytes, double bytes_per_s)
{
    if (bytes <= 0)
        return 0;
    g_assert(bytes_per_s > 0);
    return (int64_t)ceil((double)bytes / bytes_per_s * 1e6);
}

int64_t hcp_switchtime_floor_us(const hcp_switchtime_job *job, hcp_switchtime_phase phase)
{
    const hcp_switchtime_payload *payload = &job->payload;
    const hcp_switchtime_links *links = &job->links;
    int64_t save_us = transfer_us(payload->state_bytes, links->host_bytes_per_s);

    switch (phase) {
    case HCP_SWITCHTIME_QUIESCE:
        return payload->drain_us + job->ramps.down_us;
    case HCP_SWITCHTIME_SAVE:
        return save_us + transfer_us(payload->scrub_bytes, links->hbm_bytes_per_s);
    case HCP_SWITCHTIME_ACTIVATE:
        if (payload->model_bytes == 0)
            return job->ramps.up_us;
        return job->ramps.up_us +
               transfer_us(payload->model_bytes, incoming_bytes_per_s(links, payload->residency));
    case HCP_SWITCHTIME_ROLLBACK: /* what was saved comes back; the caller gives the ramp that is
                                     left */
        return save_us + job->ramps.down_us + job->ramps.up_us;
    case HCP_SWITCHTIME_VALIDATE:
    case HCP_SWITCHTIME_ASSIGN:
    case HCP_SWITCHTIME_VERIFY:
    case HCP_SWITCHTIME_SERVE:
        return 0;
    case HCP_SWITCHTIME_PHASES:
        break;
    }
    g_assert_not_reached();
}

static int64_t scaled_us(const hcp_switchtime_job *job, hcp_switchtime_preset preset,
                         hcp_switchtime_phase phase, double factor)
{
    const preset_info *info = &PRESETS[preset];
    int64_t floor_us = hcp_switchtime_floor_us(job, phase);
    int64_t budget_us = llround((double)info->budget_us[phase] * factor);
    int64_t duration_us = info->additive ? floor_us + budget_us : MAX(floor_us, budget_us);

    if (phase == HCP_SWITCHTIME_ACTIVATE && job->payload.residency == HCP_SWITCHTIME_COLD)
        duration_us += llround((double)info->cold_start_us * factor);
    return duration_us;
}

int64_t hcp_switchtime_nominal_us(const hcp_switchtime_job *job, hcp_switchtime_preset preset,
                                  hcp_switchtime_phase phase)
{
    return scaled_us(job, preset, phase, 1.0);
}

int64_t hcp_switchtime_drawn_us(const hcp_switchtime_job *job, hcp_switchtime_preset preset,
                                hcp_switchtime_phase phase, double draw)
{
    return scaled_us(job, preset, phase, SPREAD_LOW + (SPREAD_HIGH - SPREAD_LOW) * draw);
}

int64_t hcp_switchtime_total_floor_us(const hcp_switchtime_job *job)
{
    int64_t total_us = 0;
    for (int phase = 0; phase < HCP_SWITCHTIME_ROLLBACK; phase++)
        total_us += hcp_switchtime_floor_us(job, (hcp_switchtime_phase)phase);
    return total_us;
}

int64_t hcp_switchtime_total_nominal_us(const hcp_switchtime_job *job, hcp_switchtime_preset preset)
{
    int64_t total_us = 0;
    for (int phase = 0; phase < HCP_SWITCHTIME_ROLLBACK; phase++)
        total_us += hcp_switchtime_nominal_us(job, preset, (hcp_switchtime_phase)phase);
    return total_us;
}

int64_t hcp_switchtime_largest_model_bytes(const hcp_switchtime_job *job,
                                           hcp_switchtime_preset preset, int64_t limit_us)
{
    hcp_switchtime_job empty = *job;
    empty.payload.model_bytes = 0;
    int64_t total_us = hcp_switchtime_total_nominal_us(&empty, preset);
    if (total_us > limit_us)
        return 0;

    /* The copy may use what is left and, where budgets are totals, the budget of activate itself.
     */
    int64_t copy_us = limit_us - total_us;
    if (!PRESETS[preset].additive)
        copy_us += MAX(PRESETS[preset].budget_us[HCP_SWITCHTIME_ACTIVATE] - empty.ramps.up_us, 0);
    return (int64_t)((double)copy_us / 1e6 *
                     incoming_bytes_per_s(&job->links, job->payload.residency));
}
