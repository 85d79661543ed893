/* SPDX-License-Identifier: Apache-2.0 */
/* One plan for energy, reserve and peak charges: what each adds, with the account of every plan. */
#include "cli/report_grid.h"

#include <math.h>
#include <stdio.h>

enum { MINE_ONLY, ENERGY, RESERVE, PEAKS, ALL, PLANS };

static const struct {
    const char *name, *policy;
    bool reserve, peaks;
} PLAN[PLANS] = {
    [MINE_ONLY] = {"never switching", "static", false, false},
    [ENERGY] = {"energy", "hcp", false, false},
    [RESERVE] = {"energy, reserve", "hcp", true, false},
    [PEAKS] = {"energy, peaks", "hcp", false, true},
    [ALL] = {"energy, reserve, peaks", "hcp", true, true},
};

/* Does the market have what the plan needs? */
static bool is_asked(const hcp_market *market, int plan)
{
    return (!PLAN[plan].reserve || market->sells_reserve) &&
           (!PLAN[plan].peaks || market->peak.usd_per_mw_year > 0);
}

static bool play(const hcp_market *market, const hcp_plant *plant, const hcp_policy_config *config,
                 int plan, hcp_cli_grid_row *ret_row, GError **error)
{
    hcp_market played = *market;
    played.sells_reserve = PLAN[plan].reserve;
    played.avoids_peaks = PLAN[plan].peaks;
    g_autoptr(hcp_policy) policy = hcp_policy_new(PLAN[plan].policy, plant, config, error);
    if (policy == NULL)
        return false;
    *ret_row = (hcp_cli_grid_row){
        .name = PLAN[plan].name,
        .result = hcp_backtest_play(&played, plant, policy, NULL, NULL),
    };
    return true;
}

GArray *hcp_cli_grid_play(const hcp_market *market, const hcp_plant *plant,
                          const hcp_policy_config *config, GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(hcp_cli_grid_row));
    for (int plan = 0; plan < PLANS; plan++) {
        hcp_cli_grid_row row;
        if (!is_asked(market, plan))
            continue;
        if (!play(market, plant, config, plan, &row, error))
            return NULL;
        g_array_append_val(rows, row);
    }
    return g_steal_pointer(&rows);
}

#define ASSUMPTION "the highest day-ahead price of each month that counts; no record of the load"

/* The assumed peaks with their day-ahead prices. */
static void print_peaks(const hcp_market *market)
{
    if (market->peak.usd_per_mw_year <= 0)
        return;
    puts("peaks assumed (" ASSUMPTION "):");
    for (size_t t = 0; t < market->n; t++) {
        const hcp_market_step *s = &market->steps[t];
        hcp_date date = hcp_date_of(s->ts_us, market->peak.utc_offset_h);
        if (s->peak_usd_per_mwh > 0)
            printf("  %04d-%02d-%02d  day-ahead %8.2f  settled %8.2f USD/MWh  charge %.2f USD/MW\n",
                   date.year, date.month, date.day, s->dam_usd_per_mwh, s->price_usd_per_mwh,
                   s->peak_usd_per_mwh * market->step_h);
    }
}

void hcp_cli_grid_print(const hcp_market *market, const GArray *rows)
{
    printf("\n%-24s %14s %14s %12s %10s %12s %11s %14s %12s\n", "one plan for", "income USD",
           "energy USD", "reserve USD", "calls USD", "peaks USD", "switch USD", "profit USD",
           "more USD");
    double base = 0;
    for (guint i = 0; i < rows->len; i++) {
        const hcp_cli_grid_row *row = &g_array_index(rows, hcp_cli_grid_row, i);
        const hcp_plant_account *a = &row->result.account;
        base = i == 0 ? row->result.profit_usd : base;
        printf("%-24s %14.2f %14.2f %12.2f %10.2f %12.2f %11.2f %14.2f %12.2f\n", row->name,
               a->income_usd, 0.0 - a->energy_usd, a->reserve_usd, 0.0 - a->call_usd,
               0.0 - a->peak_usd, 0.0 - row->result.switching_usd, row->result.profit_usd,
               row->result.profit_usd - base);
    }
    print_peaks(market);
}

json_t *hcp_cli_grid_json(const GArray *rows)
{
    json_t *array = json_array();
    for (guint i = 0; i < rows->len; i++) {
        const hcp_cli_grid_row *row = &g_array_index(rows, hcp_cli_grid_row, i);
        const hcp_plant_account *a = &row->result.account;
        json_t *object = json_object();
        hcp_json_set_string(object, "plan", row->name);
        hcp_json_set_number(object, "income_usd", a->income_usd);
        hcp_json_set_number(object, "energy_usd", a->energy_usd);
        hcp_json_set_number(object, "reserve_usd", a->reserve_usd);
        hcp_json_set_number(object, "call_usd", a->call_usd);
        hcp_json_set_number(object, "peak_usd", a->peak_usd);
        hcp_json_set_number(object, "switching_usd", row->result.switching_usd);
        hcp_json_set_number(object, "profit_usd", row->result.profit_usd);
        hcp_json_set_int(object, "switches", row->result.switches);
        hcp_json_set_int(object, "called_steps", (int64_t)row->result.called_steps);
        json_array_append_new(array, object);
    }
    return array;
}

json_t *hcp_cli_grid_peaks_json(const hcp_market *market)
{
    if (market->peak.usd_per_mw_year <= 0)
        return json_null();
    json_t *object = json_object(), *peaks = json_array();
    for (size_t t = 0; t < market->n; t++) {
        const hcp_market_step *s = &market->steps[t];
        if (s->peak_usd_per_mwh <= 0)
            continue;
        json_t *peak = json_object();
        hcp_json_set_time(peak, "from", s->ts_us);
        hcp_json_set_number(peak, "day_ahead_usd_per_mwh", s->dam_usd_per_mwh);
        hcp_json_set_number(peak, "settled_usd_per_mwh", s->price_usd_per_mwh);
        hcp_json_set_number(peak, "usd_per_mw", s->peak_usd_per_mwh * market->step_h);
        json_array_append_new(peaks, peak);
    }
    hcp_json_set_bool(object, "assumed", true);
    hcp_json_set_string(object, "assumption", ASSUMPTION);
    json_object_set_new(object, "peaks", peaks);
    return object;
}
