/* SPDX-License-Identifier: Apache-2.0 */
/* A whole platform of a scenario on a virtual clock, with its journal in memory: what benchmarks of it are made on. */
#ifndef HCP_BENCH_PLANT_H
#define HCP_BENCH_PLANT_H

#include "journal/memory.h"
#include "runtime/site.h"

#define BENCH_START_US (INT64_C(1767571200) * 1000000)

typedef struct {
    hcp_config config;
    hcp_scenario scenario;
    hcp_clock clock;
    hcp_journal *journal;
    hcp_platform *platform;
} bench_plant;

/* The facilities and devices of a scenario (name or file) at BENCH_START_US; the dispatch policy of the configuration where
 * `policy` is NULL. Fails aloud. */
void bench_plant_open(bench_plant *plant, const char *policy, const char *scenario);
void bench_plant_close(bench_plant *plant);

/* Attaches simulated devices, market and arrivals, from now on. */
void bench_plant_attach(bench_plant *plant);

/* The clock to what is due next, and a step. Returns the processor time of the step in microseconds, of this thread alone:
 * what else the machine does at the moment is not the platform's. */
double bench_plant_step(bench_plant *plant);

/* Processor time of this thread in microseconds. */
double bench_cpu_us(void);

#endif
