/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform's clock: the only place below main that time comes from. Real, accelerated (real time times a speed), or
 * virtual (moved by whoever drives the platform: simulation and tests). It never steps back.
 */
#ifndef HCP_RUNTIME_CLOCK_H
#define HCP_RUNTIME_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HCP_CLOCK_REAL,    /* Unix time at the given speed from the moment of initialisation */
    HCP_CLOCK_VIRTUAL, /* stands still between hcp_clock_set calls */
} hcp_clock_kind;

typedef struct {
    hcp_clock_kind kind;
    double speed;
    int64_t origin_us;           /* platform time at initialisation */
    int64_t origin_monotonic_us; /* monotonic time at initialisation */
    int64_t last_us;             /* what was told last */
} hcp_clock;

/* A clock that starts at `start_us` (0: the present Unix time) and runs `speed` times as fast as real time. */
void hcp_clock_init_real(hcp_clock *clock, int64_t start_us, double speed);

/* A clock that shows `start_us` until it is set. */
void hcp_clock_init_virtual(hcp_clock *clock, int64_t start_us);

/* Platform time, Unix microseconds; never less than before. */
int64_t hcp_clock_now(hcp_clock *clock);

/* Moves a virtual clock to `now_us`; an earlier time is ignored. */
void hcp_clock_set(hcp_clock *clock, int64_t now_us);

/* Real microseconds until platform time `due_us`, 0 when it has come; INT64_MAX stays INT64_MAX. */
int64_t hcp_clock_wait_us(hcp_clock *clock, int64_t due_us);

#endif
