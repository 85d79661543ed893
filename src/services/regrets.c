/* SPDX-License-Identifier: Apache-2.0 */
#include "services/regrets.h"

#include "base/units.h"

static const char *const WINDOWS[HCP_REGRET_WINDOWS] = {"24h", "30d"};
const hcp_enum_names HCP_REGRET_WINDOW_NAMES = HCP_ENUM_NAMES(WINDOWS);

/* All facilities and windows, from one moment. */
typedef struct {
    hcp_regrets *regrets;
    int64_t asked_us;  /* platform time */
    int64_t newest_us; /* end of the newest interval */
    double took_s;
    uint32_t n_facilities;
    hcp_regret_case **cases;    /* facilities times windows */
    hcp_regret_answer *answers; /* beside them */
} job;

struct hcp_regrets {
    hcp_platform *platform;
    hcp_background *background;
    bool stopped;
    int64_t begun_us; /* newest_us of the newest round */
    job *done;        /* the newest that the loop has taken over */
    GMutex lock;
    job *arrived; /* under the lock: done and not taken over */
    bool busy;    /* under the lock: one waits or runs */
};

double hcp_regret_window_hours(hcp_regret_window window)
{
    return window == HCP_REGRET_DAY ? 24 : 30 * 24;
}

static void free_job(job *round)
{
    if (round == NULL)
        return;
    for (uint32_t i = 0; i < round->n_facilities * HCP_REGRET_WINDOWS; i++)
        hcp_regret_case_free(round->cases[i]);
    g_free(round->cases);
    g_free(round->answers);
    g_free(round);
}

/* --- on the worker's thread ------------------------------------------------------------------------------------------ */

static void work(void *data)
{
    job *round = data;
    hcp_regrets *regrets = round->regrets;
    int64_t began_us = g_get_monotonic_time();
    for (uint32_t i = 0; i < round->n_facilities * HCP_REGRET_WINDOWS; i++)
        round->answers[i] = hcp_regret_case_solve(round->cases[i]);
    round->took_s = (double)(g_get_monotonic_time() - began_us) / (double)HCP_US_PER_S;
    g_mutex_lock(&regrets->lock);
    free_job(regrets->arrived);
    regrets->arrived = round;
    regrets->busy = false;
    g_mutex_unlock(&regrets->lock);
}

/* --- on the loop's thread -------------------------------------------------------------------------------------------- */

hcp_regrets *hcp_regrets_new(hcp_platform *platform, hcp_background *background)
{
    hcp_regrets *regrets = g_new0(hcp_regrets, 1);
    regrets->platform = platform;
    regrets->background = background;
    g_mutex_init(&regrets->lock);
    return regrets;
}

void hcp_regrets_stop(hcp_regrets *regrets)
{
    if (regrets != NULL)
        regrets->stopped = true;
}

void hcp_regrets_free(hcp_regrets *regrets)
{
    if (regrets == NULL)
        return;
    free_job(regrets->done);
    free_job(regrets->arrived);
    g_mutex_clear(&regrets->lock);
    g_free(regrets);
}

/* Takes over a round that has arrived; whether one is under way. */
static bool take_over(hcp_regrets *regrets)
{
    g_mutex_lock(&regrets->lock);
    job *arrived = g_steal_pointer(&regrets->arrived);
    bool busy = regrets->busy;
    g_mutex_unlock(&regrets->lock);
    if (arrived != NULL) {
        free_job(regrets->done);
        regrets->done = arrived;
    }
    return busy;
}

static job *make_job(hcp_regrets *regrets, int64_t newest_us)
{
    const hcp_state *state = hcp_platform_state(regrets->platform);
    hcp_regret_costs costs = hcp_regret_costs_of(regrets->platform);
    job *round = g_new0(job, 1);
    round->regrets = regrets;
    round->asked_us = hcp_platform_now(regrets->platform);
    round->newest_us = newest_us;
    round->n_facilities = state->fleet.facilities->len;
    round->cases = g_new0(hcp_regret_case *, round->n_facilities * HCP_REGRET_WINDOWS);
    round->answers = g_new0(hcp_regret_answer, round->n_facilities * HCP_REGRET_WINDOWS);
    for (uint32_t f = 0; f < round->n_facilities; f++)
        for (int w = 0; w < HCP_REGRET_WINDOWS; w++) {
            double hours = hcp_regret_window_hours((hcp_regret_window)w);
            int64_t since_us = newest_us - (int64_t)(hours * (double)HCP_US_PER_H);
            round->cases[f * HCP_REGRET_WINDOWS + (uint32_t)w] =
                hcp_regret_case_new(state, state->intervals, f, since_us, &costs);
        }
    return round;
}

void hcp_regrets_refresh(hcp_regrets *regrets, bool hourly)
{
    const GArray *intervals = hcp_platform_state(regrets->platform)->intervals;
    bool busy = take_over(regrets);
    if (regrets->stopped || busy || intervals->len == 0)
        return;
    int64_t newest_us = g_array_index(intervals, hcp_interval_closed, intervals->len - 1).until_us;
    int64_t unit_us = hourly ? HCP_US_PER_H : 1;
    if (newest_us / unit_us <= regrets->begun_us / unit_us)
        return;
    job *round = make_job(regrets, newest_us);
    regrets->begun_us = newest_us;
    g_mutex_lock(&regrets->lock);
    regrets->busy = true;
    g_mutex_unlock(&regrets->lock);
    hcp_background_push(regrets->background, work, round);
}

void hcp_regrets_look(hcp_regrets *regrets, hcp_regrets_view *ret_view)
{
    bool busy = take_over(regrets);
    const job *done = regrets->done;
    *ret_view = (hcp_regrets_view){.computing = busy};
    if (done == NULL)
        return;
    ret_view->computed_us = done->asked_us;
    ret_view->took_s = done->took_s;
    ret_view->n_facilities = done->n_facilities;
}

const hcp_regret_answer *hcp_regrets_find(hcp_regrets *regrets, uint32_t facility,
                                          hcp_regret_window window)
{
    (void)take_over(regrets);
    const job *done = regrets->done;
    if (done == NULL || facility >= done->n_facilities)
        return NULL;
    const hcp_regret_answer *answer = &done->answers[facility * HCP_REGRET_WINDOWS + window];
    return answer->failed ? NULL : answer;
}
