/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/simulate_regret.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>

static const hcp_simulate_regret *at(const GArray *regret, guint i)
{
    return &g_array_index(regret, hcp_simulate_regret, i);
}

void hcp_cli_regret_print(const GArray *regret)
{
    printf("\n%-22s %16s %16s %16s %14s %8s\n", "Dispatch, in hindsight", "earned USD",
           "best static", "optimum", "regret", "closed");
    for (guint i = 0; i < regret->len; i++) {
        const hcp_regret_answer *answer = &at(regret, i)->answer;
        const hcp_fleet_regret *f = &answer->figures;
        double closed = hcp_fleet_regret_closed_pct(f);
        if (answer->failed) {
            printf("  %-20s could not be solved\n", at(regret, i)->facility);
            continue;
        }
        printf("  %-20s %'16.2f %'16.2f %'16.2f %'14.2f", at(regret, i)->facility, f->earned_usd,
               f->static_usd, f->optimum_usd, f->optimum_usd - f->earned_usd);
        if (isnan(closed))
            printf(" %8s", "-");
        else
            printf(" %6.1f %%", closed);
        if (answer->excluded > 0)
            printf("  %.2f h left out", answer->excluded_h);
        putchar('\n');
    }
}

json_t *hcp_cli_regret_json(const GArray *regret)
{
    json_t *list = json_array();
    for (guint i = 0; i < regret->len; i++) {
        if (at(regret, i)->answer.failed)
            continue;
        json_t *row = hcp_regret_answer_json(&at(regret, i)->answer);
        hcp_json_set_string(row, "facility", at(regret, i)->facility);
        json_array_append_new(list, row);
    }
    return list;
}
