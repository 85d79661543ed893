/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What-if questions in the background: one at a time, each with a reading connection of its own to the journal, so that the
 * loop never waits for one. Questions and answers are kept in memory, the newest
 * of them, and are gone with the process.
 *
 * Everything here is called on the loop's thread; only the work itself runs elsewhere.
 */
#ifndef HCP_SERVICES_WHATIF_JOBS_H
#define HCP_SERVICES_WHATIF_JOBS_H

#include "base/id.h"
#include "runtime/whatif.h"
#include "services/background.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Unfinished questions, the running one included; more are refused. */
#define HCP_WHATIF_JOBS_QUEUE 4
/* Questions kept in all; the oldest finished ones are forgotten first. */
#define HCP_WHATIF_JOBS_KEPT 32

typedef enum {
    HCP_WHATIF_QUEUED,
    HCP_WHATIF_RUNNING,
    HCP_WHATIF_DONE,
    HCP_WHATIF_FAILED,
    HCP_WHATIF_STATUSES
} hcp_whatif_status;

/* Names at the edge: queued, running, done, failed. */
extern const hcp_enum_names HCP_WHATIF_STATUS_NAMES;

typedef struct hcp_whatif_jobs hcp_whatif_jobs;

/* What can be said of a question now. Borrowed until the next call. */
typedef struct {
    uint64_t id; /* HCP_ID_WHATIF */
    int64_t asked_us;
    json_t *question;
    hcp_whatif_status status;
    const char *stage; /* while it runs */
    double progress;   /* 0…1 */
    double took_s;     /* of real time, when it has ended */
    json_t *answer;    /* NULL until it is done */
    const char *error; /* why it failed */
} hcp_whatif_view;

/* Jobs on the journal in `directory` (copied), done in the background (borrowed). */
hcp_whatif_jobs *hcp_whatif_jobs_new(const char *directory, const hcp_whatif_model *model,
                                     hcp_background *background);

/* Stops what runs and forgets all questions; NULL is allowed. */
void hcp_whatif_jobs_stop(hcp_whatif_jobs *jobs);

/* Frees the jobs, stopped and no longer in the background; NULL is allowed. */
void hcp_whatif_jobs_free(hcp_whatif_jobs *jobs);

/* Takes `question` (moved; left zero) with its JSON, for showing, asked at platform time `now_us`. False with HCP_ERROR_FULL
 * when the queue is at its bound. */
bool hcp_whatif_jobs_ask(hcp_whatif_jobs *jobs, hcp_whatif_question *question, json_t *json,
                         int64_t now_us, uint64_t *ret_id, GError **error);

/* The question of that id; false when there is none. */
bool hcp_whatif_jobs_find(hcp_whatif_jobs *jobs, uint64_t id, hcp_whatif_view *ret_view);

/* The newest question older than `id` (0: the newest of all); false when there is none. */
bool hcp_whatif_jobs_before(hcp_whatif_jobs *jobs, uint64_t id, hcp_whatif_view *ret_view);

/* Stops it if it has not ended, and forgets it. False when there is none. */
bool hcp_whatif_jobs_forget(hcp_whatif_jobs *jobs, uint64_t id);

#endif
