/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The regret of every facility over the last day and the last month, computed in the background and kept: when an hour has
 * closed, and when somebody asks and something has closed since. At most one round waits or runs.
 *
 * Everything here is called on the loop's thread; only the work itself runs elsewhere.
 */
#ifndef HCP_SERVICES_REGRETS_H
#define HCP_SERVICES_REGRETS_H

#include "runtime/regret.h"
#include "services/background.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum { HCP_REGRET_DAY, HCP_REGRET_MONTH, HCP_REGRET_WINDOWS } hcp_regret_window;

/* "24h" and "30d". */
extern const hcp_enum_names HCP_REGRET_WINDOW_NAMES;

/* Length of a window in hours. */
double hcp_regret_window_hours(hcp_regret_window window);

typedef struct hcp_regrets hcp_regrets;

/* Regrets of a platform, worked out in the background; both are borrowed. */
hcp_regrets *hcp_regrets_new(hcp_platform *platform, hcp_background *background);

/* Nothing new is begun; NULL is allowed. */
void hcp_regrets_stop(hcp_regrets *regrets);

/* Frees the regrets, stopped and no longer in the background; NULL is allowed. */
void hcp_regrets_free(hcp_regrets *regrets);

/* Begins a round when an interval has closed since the last one was begun, and none is under way. With `hourly` only when an
 * hour has. */
void hcp_regrets_refresh(hcp_regrets *regrets, bool hourly);

/* The newest round that is done. */
typedef struct {
    bool computing;      /* a newer one is under way */
    int64_t computed_us; /* platform time at which it was begun; 0 = there is none */
    double took_s;
    uint32_t n_facilities; /* that it knows */
} hcp_regrets_view;

/* Reads what is there. */
void hcp_regrets_look(hcp_regrets *regrets, hcp_regrets_view *ret_view);

/* The answer for a facility and window, borrowed until the next call here; NULL when there is none yet. */
const hcp_regret_answer *hcp_regrets_find(hcp_regrets *regrets, uint32_t facility,
                                          hcp_regret_window window);

#endif
