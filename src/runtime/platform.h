/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform: the core bound to its journal, its devices, its market and its arrivals, on one clock. Nothing in here
 * waits or reads a clock of its own: the daemon calls hcp_platform_step from its main loop, the simulation calls it on a
 * virtual clock, and both run the same code.
 *
 *     command ──► hcp_platform_execute ──► core decides and applies ──► commit cycle ──► (durable) ──► effects, replies
 */
#ifndef HCP_RUNTIME_PLATFORM_H
#define HCP_RUNTIME_PLATFORM_H

#include "core/classify.h"
#include "core/core.h"
#include "core/preview.h"
#include "drivers/driver.h"
#include "economics/classifier/drift.h"
#include "economics/classifier/fit.h"
#include "economics/dispatch/dispatch.h"
#include "feeds/feed.h"
#include "feeds/workload_source.h"
#include "journal/journal.h"
#include "journal/writer.h"
#include "runtime/clock.h"
#include "runtime/commit.h"
#include "telemetry/anomaly.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hcp_platform hcp_platform;

/* What somebody who watches the platform is told. All members may be NULL. */
typedef struct {
    /* `event` (borrowed) has been applied; it is not durable yet. For counting, not for telling. */
    void (*applied)(void *data, const hcp_event *event);
    /* `batch` (borrowed) has become durable. */
    void (*durable)(void *data, uint64_t ticket, const hcp_journal_batch *batch);
    /* What was not durable is lost; the state has been rebuilt from the journal. Replies that waited must be refused. */
    void (*lost)(void *data, uint64_t ticket, const char *detail);
} hcp_platform_watch;

typedef struct {
    hcp_clock *clock;              /* borrowed */
    hcp_journal *journal;          /* borrowed */
    hcp_journal_writer *writer;    /* borrowed; NULL: commits on the caller's thread */
    hcp_commit_project_fn project; /* may be NULL */
    const hcp_dispatch_policy *policy;
    int64_t dispatch_interval_us;
    double threshold;             /* 1.1 */
    double switch_usd_per_device; /* amortised cost of one economic move */
    int64_t sample_interval_us;   /* telemetry; 0 = none */
    uint64_t snapshot_every;      /* events between snapshots; 0 = none */
    bool settle_day_ahead;        /* electricity is paid at the day-ahead price */
    hcp_platform_watch watch;
    void *watch_data;
} hcp_platform_options;

/* Rebuilds the state from the journal's newest snapshot and the entries after it. An empty journal gives an empty core.
 * `ret_seq` is the last entry applied. */
hcp_core *hcp_platform_replay(hcp_journal *journal, uint64_t *ret_seq, GError **error);

/* A platform on the state in `journal`. Without devices yet: see hcp_platform_attach_driver. */
hcp_platform *hcp_platform_new(const hcp_platform_options *options, GError **error);

/* Frees the platform with its driver, feeds and sources; NULL is allowed. Flush first. */
void hcp_platform_free(hcp_platform *platform);

/* Takes ownership. The driver's devices are the state's, by index; switches under way are taken up where they were. */
void hcp_platform_attach_driver(hcp_platform *platform, hcp_driver *driver);

/* Takes ownership. */
void hcp_platform_add_feed(hcp_platform *platform, hcp_feed *feed);
void hcp_platform_set_arrivals(hcp_platform *platform, hcp_workload_source *source);

/* The state and the core, for reading; the pointer changes when the state is rebuilt. */
const hcp_state *hcp_platform_state(const hcp_platform *platform);
const hcp_core *hcp_platform_core(const hcp_platform *platform);

/* Platform time. */
int64_t hcp_platform_now(hcp_platform *platform);

/* Latest readings of the devices. */
const hcp_latest *hcp_platform_latest(const hcp_platform *platform);

/* Anomaly scores of the devices by their latest readings. */
const hcp_anomaly *hcp_platform_anomaly(const hcp_platform *platform);

/* Time between two samples of the devices, 0 = they are not sampled. */
int64_t hcp_platform_sample_interval(const hcp_platform *platform);

/* What the devices say of themselves, an hcp_driver_group per run of alike ones by index; empty without a driver. Read
 * only and repeatable. The caller unrefs. */
GArray *hcp_platform_discover(hcp_platform *platform);

/* Name of the driver ("sim"), NULL without one. */
const char *hcp_platform_driver_name(const hcp_platform *platform);

/* Reads devices now, past the latest sample; the columns must lie within the fleet. Nothing is filled without a driver. */
void hcp_platform_read_devices(hcp_platform *platform, const hcp_driver_columns *columns);

/* The journal, for queries and streams. */
hcp_journal *hcp_platform_journal(const hcp_platform *platform);

/* Decides `command` in the name of `who`. Events are applied at once and gathered for the next commit; nothing that tells
 * of them may leave before hcp_platform_ticket's value is durable. `outcome` is the caller's, zeroed, to be cleared. */
bool hcp_platform_execute(hcp_platform *platform, const hcp_command *command, const hcp_actor *who,
                          hcp_outcome *outcome);

/* Tries a submission at platform time without changing anything: see hcp_core_preview. */
bool hcp_platform_preview(hcp_platform *platform, const hcp_submit *submit,
                          hcp_preview *ret_preview, hcp_refusal *ret_refusal);

/* How a submission that asks for no priority would be classified now. */
typedef struct {
    hcp_priority priority;
    bool learned; /* the model decided; else the rules */
    hcp_classify_features features;
    hcp_classification rules;
    const hcp_classifier_model *model;     /* borrowed; NULL = the platform has none */
    hcp_classifier_answer answer;          /* of the model */
    double drift[HCP_CLASSIFIER_FEATURES]; /* population stability index; NaN = not known */
    char silence[192];                     /* why the model did not decide; "" when it did */
} hcp_platform_classification;

/* Asks rules and model about `submit` without changing anything. */
void hcp_platform_classify(const hcp_platform *platform, const hcp_submit *submit,
                           hcp_platform_classification *ret_classification);

/* Takes ownership of a model that is asked beside the rules; NULL = none. */
void hcp_platform_set_classifier(hcp_platform *platform, hcp_classifier_owned *classifier);

/* True while the journal cannot take entries: execute refuses everything that would change the state. `ret_detail` (may be
 * NULL) gets the reason, borrowed. */
bool hcp_platform_read_only(const hcp_platform *platform, const char **ret_detail);

/* True once the journal could neither be written nor read back: the platform does nothing any more, the process must
 * end. */
bool hcp_platform_failed(const hcp_platform *platform);

/* See hcp_commit_ticket, hcp_commit_flush. */
uint64_t hcp_platform_ticket(const hcp_platform *platform);
void hcp_platform_flush(hcp_platform *platform);

/* Does everything that is due: feeds, drivers, arrivals, deadlines, dispatch, telemetry; then flushes. */
void hcp_platform_step(hcp_platform *platform);

/* Platform time at which hcp_platform_step has something to do next, or INT64_MAX. */
int64_t hcp_platform_next_due(const hcp_platform *platform);

/* Asks the policy about one facility now without acting on it: what GET /recommendation shows beside the decision in
 * force. */
void hcp_platform_consult(hcp_platform *platform, uint32_t facility, hcp_dispatch_plan *ret_plan);

/* Two days of quarter hours: what an auction has published is never further ahead. */
#define HCP_DAY_AHEAD_STEPS 192
#define HCP_DAY_AHEAD_SPAN_US (HCP_DAY_AHEAD_STEPS * HCP_SETTLED_SLOT_US)

/* What the dispatch input of a facility points to; owned by the caller. */
typedef struct {
    hcp_dispatch_class classes[HCP_DISPATCH_MAX_CLASSES];
    hcp_dispatch_target targets[HCP_DISPATCH_MAX_CLASSES][HCP_MAX_POWER_TARGETS];
    uint32_t class_ix[HCP_DISPATCH_MAX_CLASSES]; /* core's class of each row, */
    uint32_t feeder[HCP_DISPATCH_MAX_CLASSES];   /* and its feeder */
    double feeder_w[HCP_MAX_FEEDERS];
    double day_ahead_usd_per_mwh[HCP_DAY_AHEAD_STEPS];
    double cap_ahead_w[HCP_DAY_AHEAD_STEPS];
    double reserve_ahead_usd_per_mw[HCP_DAY_AHEAD_STEPS];
    hcp_dispatch_peak peaks[HCP_DISPATCH_MAX_PEAKS];
} hcp_dispatch_storage;

/* Fills the dispatch input of a facility from the state; it points into `storage`. */
void hcp_platform_dispatch_input(hcp_platform *platform, uint32_t facility,
                                 hcp_dispatch_storage *storage, hcp_dispatch_input *ret_input);

/* Saves a snapshot of the state (behind what was flushed). */
void hcp_platform_snapshot(hcp_platform *platform);

/* Counters of the runtime since start. */
typedef struct {
    uint64_t commands, refusals, events, steps, dispatches, snapshots, losses;
    uint64_t arrivals_refused;
} hcp_platform_counters;

/* What the platform has done since it was opened; borrowed. */
const hcp_platform_counters *hcp_platform_count(const hcp_platform *platform);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_platform, hcp_platform_free)

#endif
