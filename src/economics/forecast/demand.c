/* SPDX-License-Identifier: Apache-2.0 */
/* Persistence and three mean-reverting profiles, judged on the errors of what each said some hours ago. */
#include "economics/forecast/demand.h"

#include <math.h>
#include <string.h>

enum { PERSISTENCE, FLAT, DAY, WEEK, MODELS };

static const char *const names[MODELS] = {"persistence", "flat", "day", "week"};
static const double season_h[MODELS] = {0.0, 0.0, 24.0, 168.0};

/* A profile point is the mean of its visits, fading once there were this many. */
static const double visits_max[MODELS] = {1.0, 336.0, 14.0, 4.0};

/* Share of a deviation from the profile that is left after an hour. */
#define CARRY_PER_H 0.88

/* How far ahead models are compared, and how fast the comparison forgets. */
#define JUDGE_AHEAD_H 3.0
#define JUDGE_MEMORY_H 336.0

/* Verdicts a model needs before it may speak, and how much better than persistence it must be. */
#define VERDICTS_MIN 24.0
#define MARGIN 0.98

typedef struct {
    int n;
    double *mean;
    double *visits;
} profile;

struct hcp_demand_forecast {
    double carry; /* per step */
    double fade;  /* of the comparison, per step */
    int64_t count;
    double last;
    profile profiles[MODELS];
    int n_ahead;
    double *said[MODELS]; /* ring of the last n_ahead forecasts, n_ahead steps ahead */
    double error[MODELS]; /* fading mean absolute error */
    double weight[MODELS];
};

hcp_demand_forecast *hcp_demand_forecast_new(double step_h)
{
    hcp_demand_forecast *f = g_new0(hcp_demand_forecast, 1);
    f->carry = pow(CARRY_PER_H, step_h);
    f->fade = exp(-step_h / JUDGE_MEMORY_H);
    f->n_ahead = MAX(1, (int)lround(JUDGE_AHEAD_H / step_h));
    for (int m = 0; m < MODELS; m++) {
        profile *p = &f->profiles[m];
        p->n = MAX(1, (int)lround(season_h[m] / step_h));
        p->mean = g_new0(double, (size_t)p->n);
        p->visits = g_new0(double, (size_t)p->n);
        f->said[m] = g_new0(double, (size_t)f->n_ahead);
    }
    return f;
}

void hcp_demand_forecast_free(hcp_demand_forecast *forecast)
{
    if (forecast == NULL)
        return;
    for (int m = 0; m < MODELS; m++) {
        g_free(forecast->profiles[m].mean);
        g_free(forecast->profiles[m].visits);
        g_free(forecast->said[m]);
    }
    g_free(forecast);
}

/* The profile at step `at`, or the last value where it has not been yet. */
static double profile_at(const hcp_demand_forecast *f, int model, int64_t at)
{
    const profile *p = &f->profiles[model];
    size_t i = (size_t)(at % p->n);
    return p->visits[i] > 0 ? p->mean[i] : f->last;
}

/* What `model` says of `k` steps after the newest value. */
static double predict(const hcp_demand_forecast *f, int model, int k)
{
    if (model == PERSISTENCE)
        return f->last;
    int64_t newest = f->count - 1;
    double deviation = f->last - profile_at(f, model, newest);
    double v = profile_at(f, model, newest + k) + deviation * pow(f->carry, k);
    return CLAMP(v, 0.0, 1.0);
}

static void judge(hcp_demand_forecast *f, double demand)
{
    size_t slot = (size_t)(f->count % f->n_ahead);
    for (int m = 0; m < MODELS && f->count >= f->n_ahead; m++) {
        f->weight[m] = f->fade * f->weight[m] + 1.0;
        f->error[m] += (fabs(f->said[m][slot] - demand) - f->error[m]) / f->weight[m];
    }
}

static void update_profiles(hcp_demand_forecast *f, double demand)
{
    for (int m = 0; m < MODELS; m++) {
        profile *p = &f->profiles[m];
        size_t i = (size_t)(f->count % p->n);
        p->visits[i] = MIN(p->visits[i] + 1.0, visits_max[m]);
        p->mean[i] += (demand - p->mean[i]) / p->visits[i];
    }
}

void hcp_demand_forecast_observe(hcp_demand_forecast *forecast, double demand)
{
    hcp_demand_forecast *f = forecast;
    judge(f, demand);
    size_t slot = (size_t)(f->count % f->n_ahead);
    update_profiles(f, demand);
    f->last = demand;
    f->count++;
    for (int m = 0; m < MODELS; m++)
        f->said[m][slot] = predict(f, m, f->n_ahead);
}

static int best_model(const hcp_demand_forecast *f)
{
    int best = PERSISTENCE;
    for (int m = FLAT; m < MODELS; m++) {
        double bar = best == PERSISTENCE ? MARGIN * f->error[best] : f->error[best];
        if (f->weight[m] >= VERDICTS_MIN && f->error[m] < bar)
            best = m;
    }
    return best;
}

double hcp_demand_forecast_at(const hcp_demand_forecast *forecast, int k)
{
    return forecast->count == 0 ? 0.0 : predict(forecast, best_model(forecast), k);
}

const char *hcp_demand_forecast_model(const hcp_demand_forecast *forecast)
{
    return names[best_model(forecast)];
}
