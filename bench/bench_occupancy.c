/* SPDX-License-Identifier: Apache-2.0 */
/* The occupancy forecast walked forward over a job trace: at each moment it is made from what was known, then compared with
 * what came. `bench_occupancy TRACE.csv` takes the columns arrival_s, duration_s and num_gpu and takes the durations as
 * asked for; without a trace it draws customers with a daily and weekly cycle. */
#include "base/csv.h"
#include "base/rng.h"
#include "economics/forecast/occupancy.h"
#include "sim/arrivals.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define HOUR_US (INT64_C(3600) * 1000000)
#define DAY_US (24 * HOUR_US)
#define STEP_US (3 * HOUR_US)

typedef struct {
    uint32_t n, inside, below, above, calibrated, spoke[HCP_OCCUPANCY_MODELS];
    double error, persistence, width;
} tally;

static GArray *read_trace(const char *path)
{
    GArray *jobs = g_array_new(FALSE, FALSE, sizeof(hcp_occupancy_lease));
    g_autoptr(hcp_csv) csv = hcp_csv_open(path, NULL);
    if (csv == NULL)
        return jobs;
    int arrival = hcp_csv_column(csv, "arrival_s"), duration = hcp_csv_column(csv, "duration_s");
    int gpus = hcp_csv_column(csv, "num_gpu");
    while (hcp_csv_next(csv, NULL)) {
        double at_s, for_s, n;
        if (!hcp_csv_number(csv, arrival, &at_s) || !hcp_csv_number(csv, duration, &for_s) ||
            !hcp_csv_number(csv, gpus, &n) || n < 1)
            continue;
        int64_t end_us = (int64_t)((at_s + for_s) * 1e6);
        const hcp_occupancy_lease job = {(int64_t)(at_s * 1e6), end_us, end_us, (uint32_t)n};
        g_array_append_val(jobs, job);
    }
    return jobs;
}

static GArray *draw(int days)
{
    GArray *jobs = g_array_new(FALSE, FALSE, sizeof(hcp_occupancy_lease));
    hcp_arrivals_params params;
    hcp_arrivals arrivals;
    hcp_arrivals_item item;
    hcp_arrivals_default_params(20, 10, 1, &params);
    hcp_arrivals_init(&arrivals, &params, 1, 0);
    while (hcp_arrivals_next(&arrivals, &item) && item.at_us < days * DAY_US) {
        int64_t end_us = item.at_us + item.duration_us;
        const hcp_occupancy_lease job = {item.at_us, end_us, end_us, item.gpu_count};
        g_array_append_val(jobs, job);
    }
    return jobs;
}

/* The leases that began within the history before `now_us` or are held then; what ends later is held. */
static GArray *known(const GArray *jobs, int64_t now_us)
{
    GArray *leases = g_array_new(FALSE, FALSE, sizeof(hcp_occupancy_lease));
    for (guint i = 0; i < jobs->len; i++) {
        hcp_occupancy_lease job = g_array_index(jobs, hcp_occupancy_lease, i);
        if (job.granted_us > now_us ||
            (job.ended_us <= now_us && job.granted_us < now_us - HCP_OCCUPANCY_HISTORY_US))
            continue;
        if (job.ended_us > now_us)
            job.ended_us = INT64_MAX;
        g_array_append_val(leases, job);
    }
    return leases;
}

static double leased_at(const GArray *jobs, int64_t at_us)
{
    double sum = 0;
    for (guint i = 0; i < jobs->len; i++) {
        const hcp_occupancy_lease *job = &g_array_index(jobs, hcp_occupancy_lease, i);
        sum += job->granted_us <= at_us && job->ended_us > at_us ? job->devices : 0;
    }
    return sum;
}

static void judge(const GArray *jobs, int64_t now_us, int64_t began_us,
                  tally tallies[HCP_OCCUPANCY_HORIZONS])
{
    g_autoptr(GArray) leases = known(jobs, now_us);
    g_autoptr(hcp_occupancy) o = hcp_occupancy_new(
        (const hcp_occupancy_lease *)(void *)leases->data, leases->len, began_us, now_us);
    for (int h = 0; h < HCP_OCCUPANCY_HORIZONS; h++) {
        int64_t ahead_us = HCP_OCCUPANCY_HORIZON_H[h] * HOUR_US;
        hcp_occupancy_range range = hcp_occupancy_at(o, ahead_us);
        double actual = leased_at(jobs, now_us + ahead_us), errors[HCP_OCCUPANCY_MODELS];
        uint32_t judged;
        tally *t = &tallies[h];
        t->spoke[hcp_occupancy_speaks(o, ahead_us, &judged, errors)]++;
        t->n++;
        t->calibrated += judged >= HCP_OCCUPANCY_ERRORS_MIN;
        t->below += actual < range.low - 1e-9;
        t->above += actual > range.high + 1e-9;
        t->inside += actual >= range.low - 1e-9 && actual <= range.high + 1e-9;
        t->error += fabs(actual - range.expected);
        t->persistence += fabs(actual - leased_at(jobs, now_us));
        t->width += range.high - range.low;
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GArray) jobs = argc > 1 ? read_trace(argv[1]) : draw(60);
    if (jobs->len == 0) {
        fprintf(stderr, "bench_occupancy: no jobs in the trace\n");
        return 2;
    }
    /* A trace is walked where most of its jobs arrive: from the tenth of them on, to two days before the last. */
    int64_t from_us = g_array_index(jobs, hcp_occupancy_lease, jobs->len / 10).granted_us;
    int64_t last_us = g_array_index(jobs, hcp_occupancy_lease, jobs->len - 1).granted_us;
    int64_t began_us = MAX(g_array_index(jobs, hcp_occupancy_lease, 0).granted_us,
                           from_us - HCP_OCCUPANCY_HISTORY_US);
    tally tallies[HCP_OCCUPANCY_HORIZONS] = {0};
    clock_t began = clock();
    for (int64_t at_us = from_us; at_us < last_us - 2 * DAY_US; at_us += STEP_US)
        judge(jobs, at_us, began_us, tallies);
    printf("%u jobs, %.0f days, %u forecasts each\n\n%5s %8s %7s %7s %7s %10s %11s  %s\n",
           jobs->len, (double)(last_us - from_us) / (double)DAY_US, tallies[0].n, "ahead", "inside",
           "below", "above", "width", "error", "persistence", "spoke: persistence rate day");
    for (int h = 0; h < HCP_OCCUPANCY_HORIZONS; h++) {
        const tally *t = &tallies[h];
        double n = MAX(1, t->n);
        printf("%3d h %7.1f%% %6.1f%% %6.1f%% %7.1f %10.2f %11.2f  %u %u %u\n",
               HCP_OCCUPANCY_HORIZON_H[h], 100 * t->inside / n, 100 * t->below / n,
               100 * t->above / n, t->width / n, t->error / n, t->persistence / n, t->spoke[0],
               t->spoke[1], t->spoke[2]);
    }
    printf("\n%.1f ms of processor time a forecast\n",
           1e3 * (double)(clock() - began) / CLOCKS_PER_SEC / MAX(1, tallies[0].n));
    return 0;
}
