/* SPDX-License-Identifier: Apache-2.0 */
/* Reserve: which product is sold, what is paid for it, what a call does, and that no MW is sold or paid twice. */
#include "site.h"

#include "base/units.h"
#include "core/account.h"
#include "core/grid.h"
#include "core/metering.h"
#include "core/power.h"
#include "core/reserve.h"

#include <math.h>

/* Ten S21 at 3,500 W, 25 W asleep, at PUE 1.2. */
#define READY_W 41700

/* A third facility whose ten S21 mine and sell `products`. */
static uint32_t add_west(site *s, uint32_t products)
{
    hcp_facility_defined west = site_west(s);
    west.reserve_products = products;
    return site_add_west(s, &west);
}

/* The site at the beginning of an hour, with a west that sells `products`. */
static uint32_t begin(site *s, uint32_t products)
{
    site_init(s);
    s->now_us += HCP_US_PER_H - s->now_us % HCP_US_PER_H;
    return add_west(s, products);
}

static void pay(site *s, uint32_t facility, hcp_reserve product, double usd_per_mw)
{
    hcp_price_observed price = {.kind = HCP_PRICE_RESERVE,
                                .facility = facility,
                                .product = product,
                                .value = usd_per_mw,
                                .low = usd_per_mw,
                                .high = usd_per_mw,
                                .source = (char *)"test",
                                .observed_us = s->now_us,
                                .quality = HCP_QUALITY_GOOD};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

static void publish(site *s, uint32_t facility, hcp_reserve product, const double *usd_per_mw,
                    uint32_t n)
{
    hcp_coming_price prices[24];
    for (uint32_t i = 0; i < n; i++)
        prices[i].value = usd_per_mw[i];
    hcp_prices_published published = {.kind = HCP_PRICE_RESERVE,
                                      .product = product,
                                      .facility = facility,
                                      .source = (char *)"auction",
                                      .simulated = true,
                                      .from_us = s->now_us,
                                      .step_us = HCP_US_PER_H,
                                      .prices = {.items = prices, .count = n}};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_PUBLISH_PRICES, .prices = &published});
}

static void set(site *s, uint32_t facility, uint32_t products, uint32_t share_milli)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SET_RESERVE,
                                .reserve = {.facility = facility,
                                            .products = products,
                                            .call_usd_per_mwh = 1000,
                                            .share_milli = share_milli}});
}

static hcp_meter meter_of(const site *s, uint32_t facility)
{
    hcp_meter meter;
    hcp_meter_read(hcp_core_state(s->core), facility, s->now_us, &meter);
    return meter;
}

static int64_t ready_w(const site *s, uint32_t facility)
{
    return hcp_power_reserve_w(hcp_core_state(s->core), facility);
}

static int64_t power_w(const site *s, uint32_t facility)
{
    const hcp_facility *row = hcp_state_facility(hcp_core_state(s->core), facility);
    return hcp_power_meter_w(&row->def, row->it_power_w);
}

/* --- prices -------------------------------------------------------------------------------------------------------- */

static void test_the_dearest_sold_product_of_each_hour(void)
{
    static const double rrs[] = {3, 8, 2}, ecrs[] = {5, 4, 9, 1}, regup[] = {90, 90, 90, 90};
    site s;
    uint32_t west = begin(&s, HCP_RESERVE_BIT(HCP_RESERVE_RRS) | HCP_RESERVE_BIT(HCP_RESERVE_ECRS));
    publish(&s, west, HCP_RESERVE_RRS, rrs, 3);
    publish(&s, west, HCP_RESERVE_ECRS, ecrs, 4);
    publish(&s, west, HCP_RESERVE_REGUP, regup, 4); /* which it does not sell */
    hcp_reserve_price prices[6];
    int n = hcp_reserve_ahead(hcp_core_state(s.core), west, s.now_us, HCP_US_PER_H, prices, 6);
    g_assert_cmpint(n, ==, 4);
    static const double best[] = {5, 8, 9, 1};
    static const hcp_reserve products[] = {HCP_RESERVE_ECRS, HCP_RESERVE_RRS, HCP_RESERVE_ECRS,
                                           HCP_RESERVE_ECRS};
    for (int k = 0; k < 4; k++) {
        g_assert_cmpfloat(prices[k].usd_per_mw, ==, best[k]);
        g_assert_cmpint(prices[k].product, ==, products[k]);
    }
    g_assert_true(isnan(prices[4].usd_per_mw) && isnan(prices[5].usd_per_mw));
    g_assert_cmpint(prices[5].product, ==, HCP_RESERVE_NONE);
    /* Others are not concerned, and day-ahead energy neither. */
    g_assert_cmpint(
        hcp_reserve_ahead(hcp_core_state(s.core), SITE_NORTH, s.now_us, HCP_US_PER_H, prices, 6),
        ==, 0);
    double usd_per_mw;
    g_assert_false(hcp_reserve_at_usd_per_mw(hcp_core_state(s.core), west,
                                             s.now_us + 4 * HCP_US_PER_H, &usd_per_mw));
    g_assert_true(hcp_reserve_at_usd_per_mw(hcp_core_state(s.core), west,
                                            s.now_us + 3 * HCP_US_PER_H - 1, &usd_per_mw));
    g_assert_cmpfloat(usd_per_mw, ==, 9);
    site_check_same(&s);
    site_finish(&s);
}

static void test_publications_name_a_product(void)
{
    hcp_coming_price one = {5};
    site s;
    uint32_t west = begin(&s, 0);
    hcp_prices_published p = {.kind = HCP_PRICE_RESERVE,
                              .facility = west,
                              .from_us = s.now_us,
                              .step_us = HCP_US_PER_H,
                              .prices = {.items = &one, .count = 1}};
    const hcp_command publish_it = {.type = HCP_COMMAND_PUBLISH_PRICES, .prices = &p};
    site_refused(&s, &publish_it, HCP_REFUSAL_INVALID);
    p.product = HCP_RESERVE_NSPIN;
    site_must(&s, &publish_it);
    p.kind = HCP_PRICE_DAY_AHEAD;
    site_refused(&s, &publish_it, HCP_REFUSAL_INVALID);
    site_finish(&s);
}

/* --- orders -------------------------------------------------------------------------------------------------------- */

static void test_what_is_sold_can_be_changed(void)
{
    static const double rrs[] = {3, 8}, nspin[] = {20, 1};
    site s;
    uint32_t west = begin(&s, 0);
    publish(&s, west, HCP_RESERVE_RRS, rrs, 2);
    publish(&s, west, HCP_RESERVE_NSPIN, nspin, 2);
    g_assert_cmpint(ready_w(&s, west), ==, 0);
    set(&s, west, HCP_RESERVE_BIT(HCP_RESERVE_RRS), 0);
    g_assert_cmpint(ready_w(&s, west), ==, READY_W);
    g_assert_cmpfloat(hcp_reserve_usd_per_mw(hcp_core_state(s.core), west), ==, 3);
    /* Another product from now on, at its price of this hour, known since the day before. */
    site_tick_to(&s, s.now_us + HCP_US_PER_H / 2);
    set(&s, west, HCP_RESERVE_BIT(HCP_RESERVE_NSPIN), 500);
    const hcp_price_observed *now = hcp_reserve_in_force(hcp_core_state(s.core), west);
    g_assert_cmpint(now->product, ==, HCP_RESERVE_NSPIN);
    g_assert_cmpfloat(now->value, ==, 20);
    g_assert_true(now->simulated);
    g_assert_cmpint(ready_w(&s, west), ==, READY_W / 2);
    g_assert_cmpfloat(hcp_reserve_usd_per_mw(hcp_core_state(s.core), west), ==, 10);
    site_tick_to(&s, s.now_us + HCP_US_PER_H / 2);
    hcp_meter meter = meter_of(&s, west);
    g_assert_cmpint(meter.reserve_sold[HCP_RESERVE_RRS].usd_micro, ==, 62550); /* 0.0417 x 3 / 2 */
    g_assert_cmpint(meter.reserve_sold[HCP_RESERVE_RRS].ready_j, ==, INT64_C(1800) * READY_W);
    g_assert_cmpint(meter.reserve_sold[HCP_RESERVE_NSPIN].usd_micro, ==, 208500);
    g_assert_cmpint(meter.reserve_usd_micro, ==, 62550 + 208500);
    /* The same again changes nothing; nothing any more is no price. */
    set(&s, west, HCP_RESERVE_BIT(HCP_RESERVE_NSPIN), 500);
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    set(&s, west, 0, 0);
    g_assert_cmpint(ready_w(&s, west), ==, 0);
    g_assert_cmpint(hcp_reserve_in_force(hcp_core_state(s.core), west)->quality, ==,
                    HCP_QUALITY_MISSING);
    site_tick_to(&s, s.now_us + HCP_US_PER_DAY); /* no alert about a price that nobody needs */
    g_assert_cmpint(meter_of(&s, west).reserve_usd_micro, ==, 62550 + 208500);
    site_check_same(&s);
    site_finish(&s);
}

static void test_impossible_orders(void)
{
    site s;
    uint32_t west = begin(&s, 0);
    hcp_command command = {.type = HCP_COMMAND_SET_RESERVE,
                           .reserve = {.facility = west, .products = HCP_RESERVE_EVERY + 1}};
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    command.reserve.products = HCP_RESERVE_EVERY;
    command.reserve.call_usd_per_mwh = -1;
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    command.reserve.call_usd_per_mwh = NAN;
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    command.reserve.call_usd_per_mwh = 0;
    command.reserve.share_milli = 1001;
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    command.reserve.share_milli = 0;
    command.reserve.facility = 9;
    site_refused(&s, &command, HCP_REFUSAL_NOT_FOUND);
    site_finish(&s);
}

/* --- accounts ------------------------------------------------------------------------------------------------------ */

static const hcp_interval_closed *last_interval(const site *s, uint32_t facility)
{
    const GArray *rows = hcp_core_state(s->core)->intervals;
    for (guint i = rows->len; i > 0; i--)
        if (g_array_index(rows, hcp_interval_closed, i - 1).facility == facility)
            return &g_array_index(rows, hcp_interval_closed, i - 1);
    g_assert_not_reached();
}

static void test_intervals_say_what_was_sold(void)
{
    site s;
    uint32_t west = begin(&s, HCP_RESERVE_EVERY);
    site_tick_to(&s, s.now_us + HCP_US_PER_H - s.now_us % HCP_US_PER_H);
    pay(&s, west, HCP_RESERVE_ECRS, 24);
    site_tick_to(&s, s.now_us + 5 * HCP_US_PER_MIN);
    pay(&s, west, HCP_RESERVE_RRS, 6);
    site_tick_to(&s, s.now_us + 10 * HCP_US_PER_MIN);
    const hcp_interval_closed *row = last_interval(&s, west);
    const hcp_reserve_sold *sold = row->reserve.items;
    g_assert_cmpuint(row->reserve.count, ==, 2);
    g_assert_cmpint(sold[0].product, ==, HCP_RESERVE_RRS);
    g_assert_cmpint(sold[0].ready_j, ==, INT64_C(600) * READY_W);
    g_assert_cmpint(sold[0].usd_micro, ==, 41700); /* 0.0417 MW, a sixth of an hour, at 6 */
    g_assert_cmpint(sold[1].product, ==, HCP_RESERVE_ECRS);
    g_assert_cmpint(sold[1].usd_micro, ==, 83400);
    g_assert_cmpint(row->grid_usd_micro, ==, 41700 + 83400);
    g_assert_cmpfloat_with_epsilon(row->ready_usd_per_mw, (24.0 + 2 * 6) / 3, 1e-9);
    site_check_same(&s);
    site_finish(&s);
}

/* A price that settles knows what standing ready was paid in its interval. */
static void test_settled_prices_know_what_reserve_was_paid(void)
{
    static const double rrs[] = {3, 8};
    site s;
    uint32_t west = begin(&s, HCP_RESERVE_BIT(HCP_RESERVE_RRS));
    publish(&s, west, HCP_RESERVE_RRS, rrs, 2);
    set(&s, west, HCP_RESERVE_BIT(HCP_RESERVE_RRS), 250);
    s.now_us += HCP_US_PER_H;
    for (uint32_t facility = SITE_NORTH; facility <= west; facility += west - SITE_NORTH) {
        hcp_price_observed price = {.kind = HCP_PRICE_ELECTRICITY,
                                    .facility = facility,
                                    .value = 40,
                                    .low = 40,
                                    .high = 40,
                                    .source = (char *)"test",
                                    .observed_us = s.now_us,
                                    .quality = HCP_QUALITY_GOOD,
                                    .interval_us = HCP_US_PER_H};
        site_must(&s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
    }
    const hcp_settled_price *rows =
        &g_array_index(hcp_core_state(s.core)->market.settled, hcp_settled_price, 0);
    g_assert_false(rows[0].has_reserve);
    g_assert_true(rows[1].has_reserve);
    g_assert_cmpfloat(rows[1].reserve_usd_per_mw, ==, 0.75); /* a quarter of the hour's 3 */
    site_finish(&s);
}

/* --- calls and events ---------------------------------------------------------------------------------------------- */

static hcp_grid_announced event_at(const site *s, uint32_t facility, hcp_grid_kind kind)
{
    return (hcp_grid_announced){
        .facility = facility,
        .kind = kind,
        .source = (char *)"test",
        .start_us = s->now_us + 30 * HCP_US_PER_MIN,
        .end_us = s->now_us + 60 * HCP_US_PER_MIN,
        .restore_us = 20 * HCP_US_PER_MIN,
        .interval_us = 15 * HCP_US_PER_MIN,
    };
}

static const hcp_grid_event *announce(site *s, const hcp_grid_announced *def)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = def});
    return hcp_grid_find(hcp_core_state(s->core), (hcp_grid_id){s->outcome.id});
}

/* From the ramp to the end of the restoration the same MW belong to the event, whatever still runs. */
static void test_an_event_and_reserve_never_sell_the_same(void)
{
    site s;
    uint32_t west = begin(&s, HCP_RESERVE_BIT(HCP_RESERVE_RRS));
    pay(&s, west, HCP_RESERVE_RRS, 20);
    g_assert_cmpint(ready_w(&s, west), ==, READY_W);
    g_assert_cmpint(ready_w(&s, SITE_NORTH), ==, 0);
    hcp_grid_announced def = event_at(&s, west, HCP_GRID_DEMAND_RESPONSE);
    def.ramp_us = 10 * HCP_US_PER_MIN;
    def.reduce_w = 10000;
    def.payment_usd_micro_per_mwh = 100 * HCP_USD;
    (void)announce(&s, &def);
    site_tick_to(&s, def.start_us - def.ramp_us);
    hcp_usd_micro before = meter_of(&s, west).reserve_usd_micro;
    g_assert_cmpint(before, ==, 278000); /* 0.0417 MW, a third of an hour, at 20 */
    site_drive(&s, HCP_US_PER_S);
    site_tick_to(&s, def.start_us);
    g_assert_cmpint(ready_w(&s, west), ==, 0);
    g_assert_cmpfloat(hcp_reserve_usd_per_mw(hcp_core_state(s.core), west), ==, 0);
    site_tick_to(&s, def.end_us);
    site_tick_to(&s, def.end_us + def.restore_us - 1);
    g_assert_cmpint(meter_of(&s, west).reserve_usd_micro, ==, before);
    site_tick_to(&s, def.end_us + def.restore_us);
    g_assert_cmpint(ready_w(&s, west), ==, 29190); /* three of ten sleep by now */
    site_check_same(&s);
    site_finish(&s);
}

static hcp_class_defined slow_s21(const site *s)
{
    hcp_class_defined slow = hcp_state_class(hcp_core_state(s->core), SITE_S21)->def;
    slow.key = (char *)"S21-slow";
    slow.ramp_down_us = 40 * HCP_US_PER_S;
    return slow;
}

/* A call that gives less notice than the load takes to go is refused; one that gives enough has its ramp begin in time. */
static void test_a_call_keeps_its_ramp(void)
{
    site s;
    uint32_t west = begin(&s, HCP_RESERVE_BIT(HCP_RESERVE_RRS));
    site_define(&s, &(hcp_event){.type = HCP_EVENT_CLASS_DEFINED, .class_defined = slow_s21(&s)});
    hcp_devices_registered miners = {.facility = west,
                                     .class_ix = SITE_CPU + 1,
                                     .count = 10,
                                     .first_ordinal = 1,
                                     .name_prefix = (char *)"asic-slow",
                                     .mode = HCP_MODE_MINING};
    site_define(&s,
                &(hcp_event){.type = HCP_EVENT_DEVICES_REGISTERED, .devices_registered = miners});
    pay(&s, west, HCP_RESERVE_RRS, 20);
    g_assert_cmpint(ready_w(&s, west), ==, 2 * READY_W);
    hcp_grid_announced call = event_at(&s, west, HCP_GRID_RESERVE_CALL);
    call.target_w = power_w(&s, west) - 2 * READY_W;
    call.start_us = s.now_us + 30 * HCP_US_PER_S;
    const hcp_command announce_it = {.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = &call};
    site_refused(&s, &announce_it, HCP_REFUSAL_INVALID);
    g_assert_cmpstr(s.outcome.refusal.field, ==, "start");
    call.start_us = s.now_us + HCP_US_PER_MIN;
    const hcp_grid_event *row = announce(&s, &call);
    g_assert_cmpint(row->def.ramp_us, ==, 40 * HCP_US_PER_S);
    site_tick_to(&s, call.start_us - row->def.ramp_us - 1);
    g_assert_cmpint(power_w(&s, west), >, call.target_w);
    site_tick_to(&s, call.start_us - row->def.ramp_us);
    site_drive(&s, 5 * HCP_US_PER_S);
    site_tick_to(&s, call.start_us);
    hcp_grid_report report;
    hcp_grid_report_of(row, &report);
    g_assert_cmpint(row->stage, ==, HCP_GRID_ACTIVE);
    g_assert_cmpint(power_w(&s, west), <=, call.target_w);
    g_assert_cmpint(report.reach_us, >, 0);
    g_assert_cmpint(report.reach_us, <=, row->def.ramp_us);
    site_finish(&s);
}

/* What stood ready is paid on while it is called, once, and buys no electricity. */
static void test_a_call_is_paid_once(void)
{
    site s;
    uint32_t west = begin(&s, HCP_RESERVE_BIT(HCP_RESERVE_RRS));
    pay(&s, west, HCP_RESERVE_RRS, 20);
    hcp_grid_announced call = event_at(&s, west, HCP_GRID_RESERVE_CALL);
    call.restore_us = 0;
    call.ramp_us = HCP_US_PER_MIN;
    call.target_w = power_w(&s, west) - READY_W;
    const hcp_command announce_it = {.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = &call};
    call.payment_usd_micro_per_mwh = HCP_USD;
    site_refused(&s, &announce_it, HCP_REFUSAL_INVALID);
    g_assert_cmpstr(s.outcome.refusal.field, ==, "payment_usd_per_mwh");
    call.payment_usd_micro_per_mwh = 0;
    call.availability_usd_micro_per_mw = HCP_USD;
    site_refused(&s, &announce_it, HCP_REFUSAL_INVALID);
    g_assert_cmpstr(s.outcome.refusal.field, ==, "availability_usd_per_mw");
    call.availability_usd_micro_per_mw = 0;
    const hcp_grid_event *row = announce(&s, &call);
    g_assert_cmpint(row->def.reserve_w, ==, READY_W);
    site_tick_to(&s, row->def.start_us - row->def.ramp_us);
    site_drive(&s, HCP_US_PER_S);
    site_tick_to(&s, call.start_us);
    hcp_meter before = meter_of(&s, west);
    site_tick_to(&s, call.end_us - 1);
    hcp_meter after = meter_of(&s, west);
    g_assert_cmpint(after.grid_usd_micro - before.grid_usd_micro, ==, 417000 - 1);
    g_assert_cmpint(after.reserve_usd_micro - before.reserve_usd_micro, ==, 417000 - 1);
    g_assert_cmpint(after.energy_j[HCP_USE_MINING], ==, before.energy_j[HCP_USE_MINING]);
    site_check_same(&s);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/reserve/dearest_product", test_the_dearest_sold_product_of_each_hour);
    g_test_add_func("/core/reserve/publications", test_publications_name_a_product);
    g_test_add_func("/core/reserve/changed", test_what_is_sold_can_be_changed);
    g_test_add_func("/core/reserve/impossible", test_impossible_orders);
    g_test_add_func("/core/reserve/intervals", test_intervals_say_what_was_sold);
    g_test_add_func("/core/reserve/settled", test_settled_prices_know_what_reserve_was_paid);
    g_test_add_func("/core/reserve/events", test_an_event_and_reserve_never_sell_the_same);
    g_test_add_func("/core/reserve/ramp", test_a_call_keeps_its_ramp);
    g_test_add_func("/core/reserve/paid_once", test_a_call_is_paid_once);
    return g_test_run();
}
