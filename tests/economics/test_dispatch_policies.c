/* SPDX-License-Identifier: Apache-2.0 */
/* One suite for every dispatch policy: what none may ever do, and what those that plan must earn. */
#include "economics/dispatch/backtest.h"
#include "economics/dispatch/share.h"
#include "synthetic.h"

#include <string.h>

static const char *const POLICIES[] = {"threshold", "band", "lcp", "mpc", "hcp", "mine", "rest"};

static const hcp_dispatch_target S21[] = {{3500, 200}, {2800, 170}, {2100, 135}};
static const hcp_dispatch_target OLD[] = {{3250, 110}, {2600, 95}};
static const hcp_dispatch_target H100[] = {{500, 0}};

#define N_CLASSES 3
#define STEP_US INT64_C(3600000000)

static bool is_fixed(const char *name)
{
    return g_str_equal(name, "mine") || g_str_equal(name, "rest");
}

static hcp_dispatch_class miners(uint32_t id, uint32_t mining, uint32_t resting, bool old)
{
    return (hcp_dispatch_class){.id = id,
                                .asic = true,
                                .mining = mining,
                                .curtailed = resting,
                                .idle_w = 100,
                                .standby_w = 20,
                                .targets = old ? OLD : S21,
                                .n_targets = old ? G_N_ELEMENTS(OLD) : G_N_ELEMENTS(S21),
                                .switch_usd = 0.01,
                                .ramp_down_h = 0.002,
                                .ramp_up_h = 0.003};
}

static hcp_dispatch_class gpus(uint32_t id, uint32_t serving, uint32_t mining, uint32_t idle)
{
    return (hcp_dispatch_class){.id = id,
                                .serving = serving,
                                .mining = mining,
                                .idle = idle,
                                .serving_w = 700,
                                .idle_w = 75,
                                .standby_w = 20,
                                .targets = H100,
                                .n_targets = 1,
                                .mining_usd_per_h = 0.04,
                                .serve_usd_per_h = 3.75,
                                .switch_usd = 0.002};
}

/* A facility of random counts, cap and market; one seed gives one. */
typedef struct {
    hcp_rng rng;
    hcp_market market;
    hcp_dispatch_class classes[N_CLASSES];
    double feeder_w[2];
    hcp_dispatch_site site;
    const char *policy;
    uint64_t seed;
    uint64_t seen;
    double reserve_ahead[HCP_MARKET_DAM_MAX]; /* of the question */
} facility;

static uint32_t some(hcp_rng *rng)
{
    return (uint32_t)hcp_rng_below(rng, 400);
}

static void open_facility(facility *f, uint64_t seed, size_t steps)
{
    *f = (facility){.seed = seed};
    hcp_rng_init(&f->rng, seed, 0);
    f->market = synthetic_market(seed, steps, 1.0);
    f->market.sells_reserve = seed % 4 >= 2;
    for (size_t t = 0; t < steps; t++) /* dear where the day-ahead price is */
        f->market.steps[t].reserve_usd_per_mw =
            1 + MAX(0, f->market.steps[t].dam_usd_per_mwh - 25) / 5;
    f->classes[0] = miners(7, some(&f->rng), some(&f->rng), false);
    f->classes[1] = gpus(3, some(&f->rng), some(&f->rng), some(&f->rng));
    f->classes[2] = miners(5, some(&f->rng), some(&f->rng), true);
    f->site =
        (hcp_dispatch_site){.classes = f->classes,
                            .n_classes = N_CLASSES,
                            .cap_w = 1e6 + hcp_rng_uniform(&f->rng) * 3e6,
                            .pue = 1.1,
                            .pool_fee = 0.01,
                            .threshold = 1.1,
                            .min_dwell_us = STEP_US * (int64_t)(1 + hcp_rng_below(&f->rng, 3)),
                            .settles_late = seed % 2 == 0};
}

/* Two feeders that carry 30 to 130 % of what hangs on them at full power. */
static void add_feeders(facility *f)
{
    for (int c = 0; c < 2; c++) {
        hcp_dispatch_class *class_ = &f->classes[c];
        double most_w = class_->serving * class_->serving_w +
                        hcp_dispatch_class_free(class_) * class_->targets[0].power_w;
        class_->feeder = c + 1;
        f->feeder_w[c] = (0.3 + hcp_rng_uniform(&f->rng)) * most_w;
    }
    f->site.feeder_w = f->feeder_w;
    f->site.n_feeders = 2;
}

static void close_facility(facility *f)
{
    g_free(f->market.steps);
}

static double draw_w(const hcp_dispatch_input *input, const hcp_dispatch_choice *choices)
{
    double power_w = 0;
    for (int c = 0; c < input->n_classes; c++)
        power_w += choices[c].power_w;
    return power_w * input->pue;
}

/* What the site draws when nothing moves. */
static double present_w(const hcp_dispatch_input *input)
{
    double power_w = hcp_dispatch_base_w(input);
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        power_w += class_->mining *
                   (class_->targets[class_->current_target].power_w - hcp_dispatch_rest_w(class_));
    }
    return power_w * input->pue;
}

static void check_counts(const hcp_dispatch_input *input, const hcp_dispatch_choice *choices)
{
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        g_assert_cmpuint(choices[c].mine + choices[c].idle + choices[c].curtail, ==,
                         hcp_dispatch_class_free(class_));
        g_assert_cmpint(choices[c].target, >=, 0);
        if (choices[c].mine > 0)
            g_assert_cmpint(choices[c].target, <, class_->n_targets);
    }
}

/* Feeders carry no more than they can, or than rests on them anyway; true when that is so of what is done now, too. */
static bool check_feeders(const hcp_dispatch_input *input, const hcp_dispatch_choice *choices)
{
    bool fits = true;
    double room_w[HCP_DISPATCH_SUPPLIES];
    hcp_dispatch_rooms(input, input->cap_w, room_w);
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        if (class_->feeder == 0)
            continue;
        double rest_w = hcp_dispatch_rest_w(class_), left_w = MAX(0, room_w[class_->feeder]);
        g_assert_cmpfloat(choices[c].mine * (class_->targets[choices[c].target].power_w - rest_w),
                          <=, left_w + 1e-3);
        fits &=
            class_->mining * (class_->targets[class_->current_target].power_w - rest_w) <= left_w;
    }
    return fits;
}

/* The plan and the one not taken both fit; nothing moves within its dwell; there is always a why. */
static void check_plan(void *data, const hcp_dispatch_input *input, const hcp_dispatch_plan *plan)
{
    facility *f = data;
    double most_w = MAX(input->cap_w, hcp_dispatch_base_w(input) * input->pue) + 1e-3;
    check_counts(input, plan->chosen);
    check_counts(input, plan->rejected);
    g_assert_cmpfloat(draw_w(input, plan->chosen), <=, most_w);
    g_assert_cmpfloat(draw_w(input, plan->rejected), <=, most_w);
    (void)check_feeders(input, plan->rejected);
    bool fits = check_feeders(input, plan->chosen) && present_w(input) <= input->cap_w;
    for (int c = 0; c < input->n_classes && !is_fixed(f->policy); c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        bool dwells =
            class_->moved_us != 0 && input->now_us - class_->moved_us < input->min_dwell_us;
        if (dwells && fits)
            g_assert_cmpuint(plan->chosen[c].mine, ==, class_->mining);
        if (dwells && class_->mining > 0)
            g_assert_cmpint(plan->chosen[c].target, ==, class_->current_target);
    }
    g_assert_true(plan->alternative || g_str_has_prefix(plan->reason, "there is no alternative"));
    g_assert_cmpuint(strlen(plan->reason), >, 10);
    g_assert_cmpuint(strlen(plan->flip), >, 5);
    g_assert_cmpfloat(plan->horizon_h, >=, 1.0);
    g_assert_cmpfloat(plan->gain_low_usd, <=, plan->gain_usd + 1e-9);
    g_assert_cmpfloat(plan->gain_high_usd, >=, plan->gain_usd - 1e-9);
    g_assert_cmpfloat(plan->confidence, >=, 0.0);
    g_assert_cmpfloat(plan->confidence, <=, 1.0);
    f->seen++;
}

static void test_conforms(gconstpointer data)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        facility f;
        open_facility(&f, seed, 24 * 6);
        f.policy = data;
        if (seed % 3 == 0)
            add_feeders(&f);
        g_test_message("seed %" G_GUINT64_FORMAT, seed);
        (void)hcp_dispatch_backtest_play(&f.market, &f.site, hcp_dispatch_policy_find(f.policy),
                                         check_plan, &f);
        g_assert_cmpuint(f.seen, ==, 24 * 6 - 1);
        close_facility(&f);
    }
}

/* --- one question at a time ---------------------------------------------------------------------------------------- */

static hcp_dispatch *new_instance(const char *policy)
{
    const hcp_dispatch_config config = {.step_us = STEP_US, .utc_offset_h = -6.0};
    return hcp_dispatch_new(hcp_dispatch_policy_find(policy), &config);
}

static void tell(hcp_dispatch *dispatch, const hcp_market *market, size_t t, double hashprice)
{
    const hcp_market_step *s = &market->steps[t];
    hcp_dispatch_observe(
        dispatch, &(hcp_dispatch_price){.at_us = s->ts_us,
                                        .usd_per_mwh = s->price_usd_per_mwh,
                                        .day_ahead_usd_per_mwh = s->dam_usd_per_mwh,
                                        .hashprice = hashprice,
                                        .reserve_usd_per_mw =
                                            market->sells_reserve ? s->reserve_usd_per_mw : 0});
}

/* What is known when step t begins; the published prices are those of the day. */
static hcp_dispatch_input question(facility *f, size_t t, double *day_ahead)
{
    size_t end = hcp_market_published(&f->market, t);
    bool sold = f->market.sells_reserve;
    for (size_t k = t - 1; k < end; k++)
        day_ahead[k - (t - 1)] = f->market.steps[k].dam_usd_per_mwh;
    for (size_t k = t; sold && k < end; k++)
        f->reserve_ahead[k - t] = f->market.steps[k].reserve_usd_per_mw;
    return (hcp_dispatch_input){.now_us = f->market.steps[t].ts_us,
                                .cap_w = f->site.cap_w,
                                .pue = f->site.pue,
                                .usd_per_mwh = f->market.steps[t - 1].price_usd_per_mwh,
                                .price_at_us = f->market.steps[t - 1].ts_us,
                                .price_known_us = f->market.steps[t].ts_us,
                                .settles_late = f->site.settles_late,
                                .day_ahead_usd_per_mwh = day_ahead,
                                .n_day_ahead = (int)(end - (t - 1)),
                                .reserve_usd_per_mw =
                                    sold ? f->market.steps[t].reserve_usd_per_mw : 0,
                                .reserve_ahead_usd_per_mw = f->reserve_ahead,
                                .n_reserve_ahead = sold ? (int)(end - t) : 0,
                                .hashprice = 55,
                                .pool_fee = 0.01,
                                .price_good = true,
                                .hashprice_good = true,
                                .min_dwell_us = f->site.min_dwell_us,
                                .threshold = 1.1,
                                .classes = f->classes,
                                .n_classes = N_CLASSES};
}

static hcp_dispatch_plan ask(hcp_dispatch *dispatch, const hcp_dispatch_input *input)
{
    hcp_dispatch_plan plan;
    hcp_dispatch_ask(dispatch, input, &plan);
    return plan;
}

static void assert_same_plan(const hcp_dispatch_plan *a, const hcp_dispatch_plan *b)
{
    for (int c = 0; c < N_CLASSES; c++) {
        g_assert_cmpuint(a->chosen[c].mine, ==, b->chosen[c].mine);
        g_assert_cmpint(a->chosen[c].target, ==, b->chosen[c].target);
        g_assert_cmpuint(a->rejected[c].mine, ==, b->rejected[c].mine);
    }
    g_assert_cmpfloat(a->gain_usd, ==, b->gain_usd);
    g_assert_cmpfloat(a->gain_low_usd, ==, b->gain_low_usd);
    g_assert_cmpfloat(a->flip_usd_per_mwh, ==, b->flip_usd_per_mwh);
    g_assert_cmpfloat(a->forecast_usd_per_mwh, ==, b->forecast_usd_per_mwh);
    g_assert_cmpstr(a->reason, ==, b->reason);
    g_assert_cmpstr(a->source, ==, b->source);
}

/* One instance was asked every hour of the week, the other is told the week at once, as after a restart: they decide alike. */
static void test_replayed_memory(gconstpointer data)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        facility f;
        double day_ahead[HCP_MARKET_DAM_MAX];
        open_facility(&f, seed, 24 * 8);
        g_autoptr(hcp_dispatch) lived = new_instance(data), restarted = new_instance(data);
        hcp_dispatch_plan plan;
        size_t t = 1;
        for (; t < 24 * 7; t++) {
            tell(lived, &f.market, t - 1, 55);
            hcp_dispatch_input input = question(&f, t, day_ahead);
            plan = ask(lived, &input);
        }
        for (size_t past = 0; past < t - 1; past++)
            tell(restarted, &f.market, past, 55);
        hcp_dispatch_input input = question(&f, t - 1, day_ahead);
        hcp_dispatch_plan again = ask(restarted, &input);
        assert_same_plan(&plan, &again);
        close_facility(&f);
    }
}

/* Asking twice changes nothing, and asking about other counts in between does not either. */
static void test_asking_changes_nothing(gconstpointer data)
{
    facility f;
    double day_ahead[HCP_MARKET_DAM_MAX];
    open_facility(&f, 3, 24 * 4);
    g_autoptr(hcp_dispatch) dispatch = new_instance(data);
    for (size_t t = 1; t < 24 * 3; t++) {
        tell(dispatch, &f.market, t - 1, 55);
        hcp_dispatch_input input = question(&f, t, day_ahead);
        hcp_dispatch_plan first = ask(dispatch, &input);
        hcp_dispatch_input other = input;
        other.cap_w /= 2;
        other.usd_per_mwh += 30;
        (void)ask(dispatch, &other);
        hcp_dispatch_plan second = ask(dispatch, &input);
        assert_same_plan(&first, &second);
    }
    close_facility(&f);
}

/* What settles later cannot matter: two markets that part at an hour give the same plan until then. */
static void test_no_look_ahead(gconstpointer data)
{
    facility f;
    double day_ahead[HCP_MARKET_DAM_MAX];
    open_facility(&f, 5, 24 * 4);
    g_autoptr(hcp_dispatch) one = new_instance(data), other = new_instance(data);
    for (size_t t = 1; t < 24 * 3; t++) {
        tell(one, &f.market, t - 1, 55);
        tell(other, &f.market, t - 1, 55);
        hcp_dispatch_input input = question(&f, t, day_ahead);
        hcp_dispatch_plan a = ask(one, &input);
        f.market.steps[t].price_usd_per_mwh += 500;
        hcp_dispatch_plan b = ask(other, &input);
        assert_same_plan(&a, &b);
        f.market.steps[t].price_usd_per_mwh -= 500;
    }
    close_facility(&f);
}

static void test_stale_price_holds(gconstpointer data)
{
    facility f;
    double day_ahead[HCP_MARKET_DAM_MAX];
    open_facility(&f, 7, 24 * 3);
    f.site.cap_w = 1e9;
    g_autoptr(hcp_dispatch) dispatch = new_instance(data);
    for (size_t t = 1; t < 48; t++) {
        tell(dispatch, &f.market, t - 1, 55);
        hcp_dispatch_input input = question(&f, t, day_ahead);
        input.price_good = false;
        for (double usd_per_mwh = -200; usd_per_mwh < 3000; usd_per_mwh += 1600) {
            input.usd_per_mwh = usd_per_mwh;
            hcp_dispatch_plan plan = ask(dispatch, &input);
            g_assert_false(plan.moves);
            g_assert_cmpstr(plan.source, ==, "stale");
            g_assert_cmpstr(plan.recommendation, ==, "HOLD");
            g_assert_cmpfloat(plan.confidence, ==, 0.0);
        }
    }
    close_facility(&f);
}

static void test_nothing_to_decide(gconstpointer data)
{
    facility f;
    double day_ahead[HCP_MARKET_DAM_MAX];
    open_facility(&f, 9, 24 * 3);
    g_autoptr(hcp_dispatch) dispatch = new_instance(data);
    tell(dispatch, &f.market, 0, 55);
    hcp_dispatch_input input = question(&f, 1, day_ahead);
    input.n_classes = 0;
    hcp_dispatch_plan plan = ask(dispatch, &input);
    g_assert_false(plan.moves);
    f.classes[0].mining = f.classes[0].curtailed = 0;
    input.n_classes = 1;
    plan = ask(dispatch, &input);
    g_assert_false(plan.moves);
    g_assert_false(plan.alternative);
    g_assert_cmpuint(plan.chosen[0].mine, ==, 0);
    close_facility(&f);
}

/* --- those that plan ----------------------------------------------------------------------------------------------- */

/* Prices that nobody renews: the outlook widens by the hour, after six hours nothing moves, and the next price ends it. */
static void test_overdue_prices(gconstpointer data)
{
    facility f;
    double day_ahead[HCP_MARKET_DAM_MAX];
    open_facility(&f, 4, 24 * 4);
    f.site.cap_w = 1e9;
    f.site.min_dwell_us = 0;
    g_autoptr(hcp_dispatch) dispatch = new_instance(data);
    for (size_t t = 1; t < 48; t++)
        tell(dispatch, &f.market, t - 1, 55);
    hcp_dispatch_input input = question(&f, 47, day_ahead);
    hcp_dispatch_plan plan = ask(dispatch, &input);
    g_assert_cmpstr(plan.source, ==, "plan");
    input.now_us += 7 * STEP_US;
    plan = ask(dispatch, &input);
    g_assert_cmpstr(plan.source, ==, "stale");
    g_assert_false(plan.moves);
    g_assert_nonnull(strstr(plan.reason, "no price has settled"));
    close_facility(&f);
}

/* A cap known to fall within the day is planned for: what could not earn its start back before is not started now. */
static void test_coming_cap(gconstpointer data)
{
    facility f;
    double day_ahead[HCP_MARKET_DAM_MAX], cap_ahead_w[24];
    open_facility(&f, 1, 24 * 4);
    f.site.min_dwell_us = 0;
    f.site.cap_w = 1e9;
    f.classes[0] = miners(7, 0, 100, false);
    f.classes[0].switch_usd = 0.6; /* about two hours of what an S21 earns at 30 USD/MWh */
    g_autoptr(hcp_dispatch) free = new_instance(data), bound = new_instance(data);
    for (size_t t = 1; t <= 48; t++) {
        tell(free, &f.market, t - 1, 55);
        tell(bound, &f.market, t - 1, 55);
    }
    hcp_dispatch_input input = question(&f, 48, day_ahead);
    input.n_classes = 1;
    input.usd_per_mwh = 30;
    g_assert_cmpuint(ask(free, &input).chosen[0].mine, ==, 100);
    for (int k = 0; k < 24; k++)
        cap_ahead_w[k] = k < 1 ? 1e9 : 3000;
    input.cap_ahead_w = cap_ahead_w;
    input.n_cap_ahead = 24;
    hcp_dispatch_plan plan = ask(bound, &input);
    g_assert_cmpuint(plan.chosen[0].mine, ==, 0);
    g_assert_cmpfloat(plan.gain_usd, >=, 0);
    close_facility(&f);
}

/* What standing ready will be paid is planned for, hour by hour: a day of it is worth starting for, one dear hour is not. */
static void test_coming_reserve(gconstpointer data)
{
    facility f;
    double day_ahead[HCP_MARKET_DAM_MAX];
    open_facility(&f, 1, 24 * 4);
    f.market.sells_reserve = true;
    for (size_t t = 0; t < f.market.n; t++)
        f.market.steps[t].reserve_usd_per_mw = t == 48 ? 40 : 0;
    f.site.min_dwell_us = 0;
    f.site.cap_w = 1e9;
    f.classes[0] = miners(7, 0, 100, false);
    f.classes[0].switch_usd = 0.05;
    g_autoptr(hcp_dispatch) brief = new_instance(data), lasting = new_instance(data);
    for (size_t t = 1; t <= 48; t++) {
        tell(brief, &f.market, t - 1, 30);
        tell(lasting, &f.market, t - 1, 30);
    }
    hcp_dispatch_input input = question(&f, 48, day_ahead);
    input.n_classes = 1;
    input.hashprice = 30; /* an S21 breaks even at 64 USD/MWh */
    input.usd_per_mwh =
        80; /* 24 USD/MWh gained with reserve sold, for an hour: 0.09 USD, to start and stop 0.10 */
    for (int k = 1; k < input.n_day_ahead; k++)
        day_ahead[k] = 100;
    hcp_dispatch_plan plan = ask(brief, &input);
    g_assert_cmpuint(plan.chosen[0].mine, ==, 0);
    g_assert_cmpfloat(plan.reserve_usd_per_h, ==, 0);
    for (int k = 1; k < input.n_reserve_ahead; k++)
        f.reserve_ahead[k] = 60;
    plan = ask(lasting, &input);
    g_assert_cmpuint(plan.chosen[0].mine, ==, 100);
    g_assert_cmpfloat(plan.reserve_usd_per_h, >, 0);
    g_assert_nonnull(strstr(plan.reason, "stands ready"));
    close_facility(&f);
}

/* The price named as the one that changes the decision does change it, and nothing short of it does. */
static void test_flip_price_flips(gconstpointer data)
{
    facility f;
    double day_ahead[HCP_MARKET_DAM_MAX];
    int tried = 0;
    open_facility(&f, 1, 24 * 5);
    g_assert_false(f.site.settles_late);
    f.site.min_dwell_us = 0;
    f.site.cap_w = 1e9;
    g_autoptr(hcp_dispatch) dispatch = new_instance(data);
    for (size_t t = 1; t < 24 * 4; t++) {
        tell(dispatch, &f.market, t - 1, 55);
        hcp_dispatch_input input = question(&f, t, day_ahead);
        hcp_dispatch_plan plan = ask(dispatch, &input);
        if (plan.flip_usd_per_mwh == 0)
            continue;
        double beyond = plan.flip_usd_per_mwh > input.usd_per_mwh ? 0.05 : -0.05;
        input.usd_per_mwh = plan.flip_usd_per_mwh + beyond;
        hcp_dispatch_plan flipped = ask(dispatch, &input);
        bool same = true;
        for (int c = 0; c < N_CLASSES; c++)
            same &= flipped.chosen[c].mine == plan.chosen[c].mine &&
                    flipped.chosen[c].target == plan.chosen[c].target;
        g_assert_false(same);
        tried++;
    }
    g_assert_cmpint(tried, >, 50);
    close_facility(&f);
}

/* Over random facilities: never more than hindsight, on average at least what the rule earns, and a real share of the gap. */
static void test_earns(gconstpointer data)
{
    double best_sum_usd = 0, own_usd = 0, rule_usd = 0;
    for (uint64_t seed = 21; seed <= 32; seed++) {
        facility f;
        double best_usd = 0, bound_usd = 0;
        open_facility(&f, seed, 24 * 14);
        g_assert_true(
            hcp_dispatch_backtest_optimum(&f.market, &f.site, 0.5, &best_usd, &bound_usd));
        hcp_dispatch_backtest_result own = hcp_dispatch_backtest_play(
            &f.market, &f.site, hcp_dispatch_policy_find(data), NULL, NULL);
        hcp_dispatch_backtest_result rule = hcp_dispatch_backtest_play(
            &f.market, &f.site, hcp_dispatch_policy_find("threshold"), NULL, NULL);
        g_test_message("seed %" G_GUINT64_FORMAT ": %.0f, threshold %.0f, optimum %.0f", seed,
                       own.profit_usd, rule.profit_usd, best_usd);
        g_assert_cmpfloat(own.profit_usd, <=, bound_usd + 1e-3 * fabs(bound_usd));
        own_usd += own.profit_usd;
        rule_usd += rule.profit_usd;
        best_sum_usd += best_usd;
        close_facility(&f);
    }
    g_test_message("closes %.1f %% of what the rule leaves",
                   100 * (own_usd - rule_usd) / (best_sum_usd - rule_usd));
    g_assert_cmpfloat(own_usd, >=, rule_usd);
    g_assert_cmpfloat(own_usd - rule_usd, >, 0.2 * (best_sum_usd - rule_usd));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(gconstpointer);
        bool fixed, planning; /* also of the fixed plans; of planning policies only */
    } tests[] = {
        {"conforms", test_conforms, true, false},
        {"replayed_memory", test_replayed_memory, true, false},
        {"asking_changes_nothing", test_asking_changes_nothing, true, false},
        {"no_look_ahead", test_no_look_ahead, true, false},
        {"nothing_to_decide", test_nothing_to_decide, true, false},
        {"stale_price_holds", test_stale_price_holds, false, false},
        {"overdue_prices", test_overdue_prices, false, true},
        {"coming_cap", test_coming_cap, false, true},
        {"coming_reserve", test_coming_reserve, false, true},
        {"flip_price_flips", test_flip_price_flips, false, true},
        {"earns", test_earns, false, true},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t p = 0; p < G_N_ELEMENTS(POLICIES); p++)
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
            bool plans = g_str_equal(POLICIES[p], "hcp") || g_str_equal(POLICIES[p], "mpc");
            if ((is_fixed(POLICIES[p]) && !tests[i].fixed) || (tests[i].planning && !plans))
                continue;
            g_autofree char *path =
                g_strdup_printf("/dispatch_policies/%s/%s", tests[i].name, POLICIES[p]);
            g_test_add_data_func(path, POLICIES[p], tests[i].run);
        }
    return g_test_run();
}
