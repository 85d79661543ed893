/* SPDX-License-Identifier: Apache-2.0 */
#include "services/whatif_jobs.h"

#include "base/error.h"
#include "base/units.h"
#include "journal/sqlite.h"
#include "runtime/projection.h"

static const char *const STATUSES[HCP_WHATIF_STATUSES] = {"queued", "running", "done", "failed"};
const hcp_enum_names HCP_WHATIF_STATUS_NAMES = HCP_ENUM_NAMES(STATUSES);

/* Shared by the loop and the worker; what is below the line changes under the lock of the jobs. */
typedef struct {
    grefcount references; /* under the lock too */
    uint64_t id;
    int64_t asked_us;
    hcp_whatif_question question;
    json_t *json;
    /* --- */
    hcp_whatif_status status;
    const char *stage; /* static text */
    double progress, took_s;
    json_t *answer; /* made by the worker, not touched by it afterwards */
    char *error;
    bool stop;
} job;

struct hcp_whatif_jobs {
    char *directory;
    hcp_whatif_model model;
    hcp_background *background; /* borrowed */
    GPtrArray *all;             /* job *, the oldest first */
    GMutex lock;
    uint64_t last_id;
};

typedef struct {
    hcp_whatif_jobs *jobs;
    job *job;
} work;

static void release(hcp_whatif_jobs *jobs, job *j)
{
    g_mutex_lock(&jobs->lock);
    bool last = g_ref_count_dec(&j->references);
    g_mutex_unlock(&jobs->lock);
    if (!last)
        return;
    hcp_whatif_question_clear(&j->question);
    json_decref(j->json);
    json_decref(j->answer);
    g_free(j->error);
    g_free(j);
}

/* --- on the worker's thread ------------------------------------------------------------------------------------------ */

static bool on_progress(void *data, const char *stage, double done)
{
    work *w = data;
    g_mutex_lock(&w->jobs->lock);
    w->job->stage = stage;
    w->job->progress = done;
    bool going = !w->job->stop;
    g_mutex_unlock(&w->jobs->lock);
    return going;
}

static json_t *answer(work *w, GError **error)
{
    g_auto(hcp_whatif_answer) found = {0};
    g_autoptr(hcp_journal) journal = hcp_journal_sqlite_open(
        &(hcp_journal_sqlite_options){
            .directory = w->jobs->directory, .schema = &HCP_PROJECTION_SCHEMA, .read_only = true},
        error);
    if (journal == NULL || !hcp_whatif_run(&(hcp_whatif_options){.journal = journal,
                                                                 .model = &w->jobs->model,
                                                                 .question = &w->job->question,
                                                                 .progress = on_progress,
                                                                 .progress_data = w},
                                           &found, error))
        return NULL;
    return hcp_whatif_answer_json(&found);
}

static bool begin(work *w)
{
    g_mutex_lock(&w->jobs->lock);
    bool wanted = !w->job->stop;
    if (wanted)
        w->job->status = HCP_WHATIF_RUNNING;
    g_mutex_unlock(&w->jobs->lock);
    return wanted;
}

static void carry_out(void *data)
{
    g_autofree work *w = data;
    g_autoptr(GError) error = NULL;
    int64_t began_us = g_get_monotonic_time();
    if (begin(w)) {
        json_t *found = answer(w, &error);
        g_mutex_lock(&w->jobs->lock);
        w->job->answer = found;
        w->job->error = error != NULL ? g_strdup(error->message) : NULL;
        w->job->status = found != NULL ? HCP_WHATIF_DONE : HCP_WHATIF_FAILED;
        w->job->progress = found != NULL ? 1 : w->job->progress;
        w->job->took_s = (double)(g_get_monotonic_time() - began_us) / (double)HCP_US_PER_S;
        g_mutex_unlock(&w->jobs->lock);
    }
    release(w->jobs, w->job);
}

/* --- on the loop's thread -------------------------------------------------------------------------------------------- */

hcp_whatif_jobs *hcp_whatif_jobs_new(const char *directory, const hcp_whatif_model *model,
                                     hcp_background *background)
{
    hcp_whatif_jobs *jobs = g_new0(hcp_whatif_jobs, 1);
    jobs->directory = g_strdup(directory);
    jobs->model = *model;
    jobs->all = g_ptr_array_new();
    jobs->background = background;
    g_mutex_init(&jobs->lock);
    return jobs;
}

static void forget_at(hcp_whatif_jobs *jobs, guint i)
{
    job *j = g_ptr_array_remove_index(jobs->all, i);
    g_mutex_lock(&jobs->lock);
    j->stop = true;
    g_mutex_unlock(&jobs->lock);
    release(jobs, j);
}

void hcp_whatif_jobs_stop(hcp_whatif_jobs *jobs)
{
    while (jobs != NULL && jobs->all->len > 0)
        forget_at(jobs, jobs->all->len - 1);
}

void hcp_whatif_jobs_free(hcp_whatif_jobs *jobs)
{
    if (jobs == NULL)
        return;
    g_assert(jobs->all->len == 0);
    g_ptr_array_unref(jobs->all);
    g_mutex_clear(&jobs->lock);
    g_free(jobs->directory);
    g_free(jobs);
}

static hcp_whatif_status status_of(hcp_whatif_jobs *jobs, const job *j)
{
    g_mutex_lock(&jobs->lock);
    hcp_whatif_status status = j->status;
    g_mutex_unlock(&jobs->lock);
    return status;
}

static guint count_unfinished(hcp_whatif_jobs *jobs)
{
    guint n = 0;
    for (guint i = 0; i < jobs->all->len; i++)
        n += status_of(jobs, jobs->all->pdata[i]) < HCP_WHATIF_DONE;
    return n;
}

static void make_room(hcp_whatif_jobs *jobs)
{
    for (guint i = 0; i < jobs->all->len && jobs->all->len >= HCP_WHATIF_JOBS_KEPT;)
        if (status_of(jobs, jobs->all->pdata[i]) >= HCP_WHATIF_DONE)
            forget_at(jobs, i);
        else
            i++;
}

bool hcp_whatif_jobs_ask(hcp_whatif_jobs *jobs, hcp_whatif_question *question, json_t *json,
                         int64_t now_us, uint64_t *ret_id, GError **error)
{
    if (count_unfinished(jobs) >= HCP_WHATIF_JOBS_QUEUE) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_FULL,
                    "%d what-if questions are waiting or running; ask again when one has ended, or "
                    "delete one",
                    HCP_WHATIF_JOBS_QUEUE);
        return false;
    }
    make_room(jobs);
    job *j = g_new0(job, 1);
    g_ref_count_init(&j->references);
    g_ref_count_inc(&j->references); /* the worker's */
    j->id = jobs->last_id = hcp_id_next(jobs->last_id, now_us);
    j->asked_us = now_us;
    j->question = *question;
    *question = (hcp_whatif_question){0};
    j->json = json_incref(json);
    g_ptr_array_add(jobs->all, j);
    hcp_background_push(jobs->background, carry_out, g_memdup2(&(work){jobs, j}, sizeof(work)));
    *ret_id = j->id;
    return true;
}

static void view(hcp_whatif_jobs *jobs, const job *j, hcp_whatif_view *ret_view)
{
    g_mutex_lock(&jobs->lock);
    *ret_view = (hcp_whatif_view){.id = j->id,
                                  .asked_us = j->asked_us,
                                  .question = j->json,
                                  .status = j->status,
                                  .stage = j->stage,
                                  .progress = j->progress,
                                  .took_s = j->took_s,
                                  .answer = j->answer,
                                  .error = j->error};
    g_mutex_unlock(&jobs->lock);
}

static guint index_of(const hcp_whatif_jobs *jobs, uint64_t id)
{
    guint i = 0;
    while (i < jobs->all->len && ((const job *)jobs->all->pdata[i])->id != id)
        i++;
    return i;
}

bool hcp_whatif_jobs_find(hcp_whatif_jobs *jobs, uint64_t id, hcp_whatif_view *ret_view)
{
    guint i = index_of(jobs, id);
    if (i < jobs->all->len)
        view(jobs, jobs->all->pdata[i], ret_view);
    return i < jobs->all->len;
}

bool hcp_whatif_jobs_before(hcp_whatif_jobs *jobs, uint64_t id, hcp_whatif_view *ret_view)
{
    for (guint i = jobs->all->len; i-- > 0;) {
        const job *j = jobs->all->pdata[i];
        if (id != 0 && j->id >= id)
            continue;
        view(jobs, j, ret_view);
        return true;
    }
    return false;
}

bool hcp_whatif_jobs_forget(hcp_whatif_jobs *jobs, uint64_t id)
{
    guint i = index_of(jobs, id);
    if (i == jobs->all->len)
        return false;
    forget_at(jobs, i);
    return true;
}
