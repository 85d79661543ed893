/* SPDX-License-Identifier: Apache-2.0 */
/* Forecasts of the past with what was known then, their errors, and from these the range of the forecast of now. */
#include "economics/forecast/occupancy.h"

#include "base/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US (INT64_C(3600) * 1000000)
#define DAY_US (24 * HOUR_US)

/* A forecast of the past needs this much history before it. */
#define HISTORY_MIN_US (6 * HOUR_US)
/* Forecasts of the past are this far apart, at most so many; further where there are more leases than this, because whoever
 * asks is waiting. */
#define ORIGIN_STEP_US (2 * HOUR_US)
#define ORIGINS_MAX 84
#define LEASES_PER_STEP 20000

/* How much better than persistence a model must have been to speak. */
#define MARGIN 0.98
/* Standard deviations of the 10 and 90 % quantiles of a normal distribution. */
#define NORMAL_80 1.2816
/* What either side may miss, and by how much (of its logarithm) a miss stretches it. */
#define MISS 0.1
#define STRETCH_GAIN 0.10

const int HCP_OCCUPANCY_HORIZON_H[HCP_OCCUPANCY_HORIZONS] = {1, 3, 6, 12, 24, 48};

typedef struct {
    hcp_occupancy_model model;
    uint32_t judged;
    double error[HCP_OCCUPANCY_MODELS]; /* mean absolute */
    double low, high;                   /* quantiles of its errors, in units of the spread */
} horizon;

struct hcp_occupancy {
    hcp_occupancy_lease *leases; /* by time of grant */
    size_t n;
    int64_t began_us, now_us;
    int64_t step_us; /* between two forecasts of the past */
    horizon horizons[HCP_OCCUPANCY_HORIZONS];
};

/* What the models say at one moment of another, and how far demand strays from its mean by chance. */
typedef struct {
    double said[HCP_OCCUPANCY_MODELS];
    double kept; /* of the devices leased now */
    double spread;
} telling;

static int by_grant(const void *a, const void *b)
{
    int64_t left = ((const hcp_occupancy_lease *)a)->granted_us;
    int64_t right = ((const hcp_occupancy_lease *)b)->granted_us;
    return (left > right) - (left < right);
}

static double leased_at(const hcp_occupancy *o, int64_t at_us)
{
    double sum = 0;
    for (size_t i = 0; i < o->n && o->leases[i].granted_us <= at_us; i++)
        sum += o->leases[i].ended_us > at_us ? o->leases[i].devices : 0;
    return sum;
}

/* The end of a lease as far as it was known at `from_us`. */
static int64_t known_end(const hcp_occupancy_lease *lease, int64_t from_us)
{
    return lease->ended_us <= from_us ? lease->ended_us : MAX(lease->planned_us, from_us + 1);
}

/* Number of the first lease granted after `at_us`. */
static size_t first_after(const hcp_occupancy *o, int64_t at_us)
{
    size_t low = 0, high = o->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->leases[middle].granted_us <= at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Devices that leases granted in the stretch of `ahead_us` from `at_us` still held at its end. */
static double brought(const hcp_occupancy *o, int64_t at_us, int64_t ahead_us, int64_t from_us)
{
    double sum = 0;
    for (size_t i = first_after(o, at_us); i < o->n && o->leases[i].granted_us <= at_us + ahead_us;
         i++)
        if (known_end(&o->leases[i], from_us) > at_us + ahead_us)
            sum += o->leases[i].devices;
    return sum;
}

/* The same hours of the days before, those that were over at `from_us`; -1 without a whole one. */
static double same_hours(const hcp_occupancy *o, int64_t from_us, int64_t ahead_us)
{
    double sum = 0;
    int days = 0;
    for (int64_t at_us = from_us - DAY_US;
         at_us >= o->began_us && at_us >= from_us - HCP_OCCUPANCY_WINDOW_US; at_us -= DAY_US) {
        if (at_us + ahead_us > from_us)
            continue;
        sum += brought(o, at_us, ahead_us, from_us);
        days++;
    }
    return days > 0 ? sum / days : -1;
}

/* What was known at `from_us` of `ahead_us` later. New demand is a compound Poisson process whose leases last as those of the
 * history: mean and variance are sums over them of devices, and of devices squared, times the time held up to then. */
static telling tell(const hcp_occupancy *o, int64_t from_us, int64_t ahead_us)
{
    telling t = {.spread = 0};
    int64_t since_us = MAX(o->began_us, from_us - HCP_OCCUPANCY_WINDOW_US);
    double now = 0, mean = 0, variance = 0;
    double window_us = (double)MAX(1, from_us - since_us);
    for (size_t i = 0; i < o->n && o->leases[i].granted_us <= from_us; i++) {
        const hcp_occupancy_lease *lease = &o->leases[i];
        int64_t end_us = known_end(lease, from_us);
        now += end_us > from_us ? lease->devices : 0;
        t.kept += end_us > from_us && end_us > from_us + ahead_us ? lease->devices : 0;
        if (lease->granted_us < since_us)
            continue;
        double held_us = (double)MIN(end_us - lease->granted_us, ahead_us) / window_us;
        mean += lease->devices * held_us;
        variance += (double)lease->devices * lease->devices * held_us;
    }
    double day = same_hours(o, from_us, ahead_us);
    t.said[HCP_OCCUPANCY_PERSISTENCE] = now;
    t.said[HCP_OCCUPANCY_RATE] = t.kept + mean;
    t.said[HCP_OCCUPANCY_DAY] = t.kept + (day >= 0 ? day : mean);
    t.spread = sqrt(variance + 1);
    return t;
}

/* --- judging --------------------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t n;
    double error[HCP_OCCUPANCY_MODELS][ORIGINS_MAX]; /* actual less said, in spreads */
    double absolute[HCP_OCCUPANCY_MODELS];           /* sum, in devices */
} record;

static void judge(const hcp_occupancy *o, int64_t ahead_us, record *ret_record)
{
    *ret_record = (record){0};
    int64_t first_us = MAX(o->began_us + HISTORY_MIN_US, o->now_us - HCP_OCCUPANCY_WINDOW_US);
    for (int64_t at_us = o->now_us - ahead_us; at_us >= first_us && ret_record->n < ORIGINS_MAX;
         at_us -= o->step_us) {
        telling t = tell(o, at_us, ahead_us);
        double actual = leased_at(o, at_us + ahead_us);
        for (int m = 0; m < HCP_OCCUPANCY_MODELS; m++) {
            ret_record->error[m][ret_record->n] = (actual - t.said[m]) / t.spread;
            ret_record->absolute[m] += fabs(actual - t.said[m]);
        }
        ret_record->n++;
    }
}

/* Forecasts of the past that overlap err alike, so `n` of them are worth as many as stretches of `ahead_us` fit one behind the
 * other. The quantile of Student's t over the normal one for that many (Fisher's expansion) is how much wider a range has to
 * be that rests on so few. */
static double widening(uint32_t n, int64_t step_us, int64_t ahead_us)
{
    double apart = (double)step_us / (double)MAX(ahead_us, step_us);
    double freedom = MAX(1.0, n * apart - 1);
    return 1 + 0.66 / freedom + 0.446 / (freedom * freedom);
}

/* How much wider each side has to be for what was missed lately: walked from the oldest error to the newest, a miss stretches its
 * side and a hit takes a ninth of that back, never below 1 (adaptive conformal inference, Gibbs and Candes 2021; as in
 * range.c). Errors are held against the range that they make themselves, so only a change in time moves it. */
static double stretch(const double *errors, uint32_t n, double end, double sign)
{
    double log_factor = 0;
    for (uint32_t i = n; i-- > 0;) {
        bool missed = sign * errors[i] > sign * end * exp(log_factor);
        log_factor = MAX(0.0, log_factor + STRETCH_GAIN * ((missed ? 1.0 : 0.0) - MISS));
    }
    return exp(log_factor);
}

/* The ends of the range: of n errors, newest first, and the one to come each has the same chance to be the k-th smallest. */
static void find_range(const double *errors, uint32_t n, double wider, horizon *h)
{
    double sorted[ORIGINS_MAX];
    h->low = -NORMAL_80 * wider;
    h->high = NORMAL_80 * wider;
    if (n < HCP_OCCUPANCY_ERRORS_MIN)
        return;
    memcpy(sorted, errors, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, hcp_order_doubles);
    uint32_t rank = (n + 1) / 10; /* at least 2 */
    double low = MIN(0.0, sorted[rank - 1]), high = MAX(0.0, sorted[n - rank]);
    h->low = low * wider * stretch(errors, n, low, -1.0);
    h->high = high * wider * stretch(errors, n, high, 1.0);
}

static void settle(const record *r, horizon *h)
{
    h->judged = r->n;
    h->model = HCP_OCCUPANCY_PERSISTENCE;
    for (int m = 0; m < HCP_OCCUPANCY_MODELS; m++)
        h->error[m] = r->n > 0 ? r->absolute[m] / r->n : NAN;
    if (r->n == 0)
        h->model = HCP_OCCUPANCY_RATE; /* nothing speaks against knowing the ends of leases */
    for (int m = HCP_OCCUPANCY_RATE; m < HCP_OCCUPANCY_MODELS; m++) {
        double bar = h->error[h->model] * (h->model == HCP_OCCUPANCY_PERSISTENCE ? MARGIN : 1);
        if (h->error[m] < bar)
            h->model = (hcp_occupancy_model)m;
    }
}

hcp_occupancy *hcp_occupancy_new(const hcp_occupancy_lease *leases, size_t n, int64_t began_us,
                                 int64_t now_us)
{
    hcp_occupancy *o = g_new0(hcp_occupancy, 1);
    g_autofree record *r = g_new(record, 1);
    o->leases = g_memdup2(leases, n * sizeof *leases);
    o->n = n;
    o->began_us = MAX(began_us, now_us - HCP_OCCUPANCY_HISTORY_US);
    o->now_us = now_us;
    o->step_us = ORIGIN_STEP_US * (int64_t)(1 + n / LEASES_PER_STEP);
    if (n > 0)
        qsort(o->leases, n, sizeof *o->leases, by_grant);
    for (int i = 0; i < HCP_OCCUPANCY_HORIZONS; i++) {
        horizon *h = &o->horizons[i];
        int64_t ahead_us = HCP_OCCUPANCY_HORIZON_H[i] * HOUR_US;
        judge(o, ahead_us, r);
        settle(r, h);
        find_range(r->error[h->model], r->n, widening(r->n, o->step_us, ahead_us), h);
    }
    return o;
}

void hcp_occupancy_free(hcp_occupancy *occupancy)
{
    if (occupancy == NULL)
        return;
    g_free(occupancy->leases);
    g_free(occupancy);
}

static const horizon *horizon_of(const hcp_occupancy *o, int64_t ahead_us)
{
    int i = 0;
    while (i + 1 < HCP_OCCUPANCY_HORIZONS && ahead_us > HCP_OCCUPANCY_HORIZON_H[i] * HOUR_US)
        i++;
    return &o->horizons[i];
}

hcp_occupancy_range hcp_occupancy_at(const hcp_occupancy *occupancy, int64_t ahead_us)
{
    const horizon *h = horizon_of(occupancy, ahead_us);
    telling t = tell(occupancy, occupancy->now_us, ahead_us);
    double expected = t.said[h->model];
    /* Errors that all lie on one side say that the middle is off as well; the range must still hold it. */
    double low = expected + MIN(0.0, h->low) * t.spread;
    double high = expected + MAX(0.0, h->high) * t.spread;
    /* Where nothing is known of errors, leases are taken to last as they said. */
    if (h->judged < HCP_OCCUPANCY_ERRORS_MIN)
        low = MIN(expected, MAX(low, t.kept));
    return (hcp_occupancy_range){MAX(0.0, low), MAX(0.0, expected), MAX(0.0, high)};
}

hcp_occupancy_model hcp_occupancy_speaks(const hcp_occupancy *occupancy, int64_t ahead_us,
                                         uint32_t *ret_judged,
                                         double ret_error[HCP_OCCUPANCY_MODELS])
{
    const horizon *h = horizon_of(occupancy, ahead_us);
    *ret_judged = h->judged;
    for (int m = 0; m < HCP_OCCUPANCY_MODELS; m++)
        ret_error[m] = h->error[m];
    return h->model;
}

const char *hcp_occupancy_model_name(hcp_occupancy_model model)
{
    static const char *const names[HCP_OCCUPANCY_MODELS] = {"persistence", "rate", "day"};
    return names[model];
}
