/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every driver must do, whatever is behind it. A driver's test names its fixture and adds this
 * suite; nothing here knows about simulation.
 */
#ifndef HCP_TESTS_DRIVERS_CONFORMANCE_H
#define HCP_TESTS_DRIVERS_CONFORMANCE_H

#include "drivers/driver.h"

/* A driver under test, without faults. It must have at least four idle GPUs from index 0 on. */
typedef struct {
    const char *name;
    int64_t start_us; /* time at which the driver is made */
    hcp_driver *(*make)(void);
} conformance_fixture;

/* Adds the suite under "/driver/<name>/"; the fixture must outlive the tests. */
void conformance_add(const conformance_fixture *fixture);

/* Runs the driver until it has nothing due before `until_us`; appends to the batch. */
void conformance_run(hcp_driver *driver, int64_t until_us, hcp_driver_batch *batch);

/* Carries one switch through all phases; returns the time at which it serves. Fails the test when a
 * phase does not succeed. */
int64_t conformance_switch(hcp_driver *driver, hcp_driver_command *command, int64_t now_us);

#endif
