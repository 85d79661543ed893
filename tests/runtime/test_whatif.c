/* SPDX-License-Identifier: Apache-2.0 */
/* What-if: figures worked out by hand on ten miners, a busy site against itself, and questions that cannot be answered. */
#include "base/error.h"
#include "base/json.h"
#include "base/units.h"
#include "journal/memory.h"
#include "runtime/inject.h"
#include "runtime/site.h"
#include "runtime/whatif.h"

#include <glib.h>
#include <math.h>
#include <string.h>

/* Ten S21 (3,500 W and 200 TH/s each, 25 W asleep) without overhead: 35 kW, 2 PH/s. */
static const char MINERS[] = "title: Miners\n"
                             "market: {preset: narrow}\n"
                             "facilities:\n"
                             "  - {key: pit, name: Pit, location: Odessa, cap_mw: 0.1, pue: 1.0,\n"
                             "     devices: [{class: S21, count: 10, name_prefix: asic-pit}]}\n"
                             "customers: [{key: cust-001, name: Acme, tier: enterprise}]\n";

static const int64_t START_US = INT64_C(1767571200000000);

typedef struct {
    hcp_config config;
    hcp_scenario scenario;
    hcp_clock clock;
    hcp_journal *journal;
    hcp_platform *platform;
    hcp_whatif_model model;
} fixture;

static void start(fixture *f, bool market)
{
    g_autoptr(GError) error = NULL;
    hcp_platform_options options;
    hcp_clock_init_virtual(&f->clock, START_US);
    f->journal = hcp_journal_memory_new(0);
    g_assert_true(hcp_whatif_model_of(&f->config, &f->model, &error));
    g_assert_true(hcp_site_platform_options(&f->config, &options, &error));
    options.clock = &f->clock;
    options.journal = f->journal;
    f->platform = hcp_platform_new(&options, &error);
    g_assert_true(hcp_site_bootstrap(f->platform, &f->scenario, &error));
    hcp_platform_flush(f->platform);
    g_assert_true(hcp_site_attach(
        f->platform,
        &(hcp_site_options){.config = &f->config, .scenario = &f->scenario, .start_us = START_US},
        &error));
    g_assert_no_error(error);
    if (!market) { /* the test tells the prices itself */
        for (int kind = 0; kind < HCP_PRICE_KINDS; kind++)
            g_assert_true(hcp_platform_inject(
                f->platform,
                &(hcp_inject){.kind = HCP_INJECT_FEED_STALE, .feed = (hcp_price_kind)kind}, NULL));
    }
    hcp_platform_step(f->platform);
}

static void configure(fixture *f, const char *policy, const char *workloads)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(hcp_config_load(NULL, &f->config, &error));
    g_free(f->config.policy);
    g_free(f->config.workloads);
    f->config.scheduling.pool_fee_ppm = 0; /* gross, so that figures are round */
    f->config.policy = g_strdup(policy);
    f->config.workloads = g_strdup(workloads);
}

static void set_up_miners(fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    (void)data;
    configure(f, "mine", "none");
    g_assert_true(hcp_scenario_parse(MINERS, strlen(MINERS), "miners", &f->config.scheduling,
                                     &f->scenario, &error));
    g_assert_no_error(error);
    start(f, false);
}

static void set_up_site(fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    (void)data;
    configure(f, "threshold", "simulated");
    g_assert_true(hcp_scenario_load("dev", &f->config.scheduling, &f->scenario, &error));
    start(f, true);
}

static void tear_down(fixture *f, gconstpointer data)
{
    (void)data;
    hcp_platform_free(f->platform);
    hcp_journal_close(f->journal);
    hcp_scenario_clear(&f->scenario);
    hcp_config_clear(&f->config);
}

static void run_until(fixture *f, int64_t end_us)
{
    while (f->clock.last_us < end_us) {
        int64_t due_us = hcp_platform_next_due(f->platform);
        hcp_clock_set(&f->clock, MIN(MAX(due_us, f->clock.last_us + 1), end_us));
        hcp_platform_step(f->platform);
    }
}

static uint64_t command(fixture *f, const hcp_command *command)
{
    hcp_outcome outcome = {0};
    const hcp_actor who = {.actor = "tester"};
    bool done = hcp_platform_execute(f->platform, command, &who, &outcome);
    uint64_t id = outcome.id;
    g_assert_cmpstr(outcome.refusal.message, ==, "");
    g_assert_true(done);
    hcp_outcome_clear(&outcome);
    return id;
}

static void tell(fixture *f, hcp_price_kind kind, uint32_t facility, double value)
{
    const hcp_price_observed price = {.kind = kind,
                                      .facility = facility,
                                      .value = value,
                                      .source = (char *)"test",
                                      .observed_us = f->clock.last_us,
                                      .quality = HCP_QUALITY_GOOD};
    command(f, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

/* Hours at 50 USD/MWh and 60 USD/(PH/s day), told every minute as a feed would. */
static void mine_for(fixture *f, double hours)
{
    int64_t end_us = f->clock.last_us + (int64_t)(hours * (double)HCP_US_PER_H);
    while (f->clock.last_us < end_us) {
        tell(f, HCP_PRICE_ELECTRICITY, 0, 50);
        tell(f, HCP_PRICE_HASHPRICE, HCP_NO_INDEX, 60);
        run_until(f, MIN(f->clock.last_us + HCP_US_PER_MIN, end_us));
    }
}

/* Hours 2 to 4 of 5, in which everything mines: 70 kWh, 3.50 USD of electricity, 10 USD of income. */
static void record_miners(fixture *f)
{
    mine_for(f, 5);
}

static bool ask(fixture *f, const char *text, hcp_whatif_answer *ret_answer, GError **error)
{
    g_auto(hcp_whatif_question) question = {0};
    g_autoptr(json_t) json = hcp_json_parse(text, strlen(text), error);
    g_assert_nonnull(json);
    if (json_object_get(json, "from") == NULL) {
        hcp_json_set_time(json, "from", START_US + 2 * HCP_US_PER_H);
        hcp_json_set_time(json, "to", START_US + 4 * HCP_US_PER_H);
    }
    return hcp_whatif_question_parse(json, &question, error) &&
           hcp_whatif_run(&(hcp_whatif_options){.journal = f->journal,
                                                .model = &f->model,
                                                .question = &question},
                          ret_answer, error);
}

static hcp_whatif_answer answer_to(fixture *f, const char *text)
{
    g_autoptr(GError) error = NULL;
    hcp_whatif_answer answer = {0};
    bool answered = ask(f, text, &answer, &error);
    g_assert_no_error(error);
    g_assert_true(answered);
    return answer;
}

static hcp_whatif_figures changed_by(fixture *f, const char *text)
{
    g_auto(hcp_whatif_answer) answer = answer_to(f, text);
    g_assert_true(answer.has_changes);
    return answer.changed;
}

static int64_t energy_j(const hcp_whatif_figures *figures)
{
    int64_t sum = 0;
    for (int use = 0; use < HCP_USES; use++)
        sum += figures->energy_j[use];
    return sum;
}

static void test_nothing_changed(fixture *f, gconstpointer data)
{
    (void)data;
    record_miners(f);
    g_auto(hcp_whatif_answer) answer = answer_to(f, "{}");
    const hcp_whatif_figures *columns[] = {&answer.actual, &answer.unchanged};
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
        g_assert_cmpint(columns[i]->energy_j[HCP_USE_MINING], ==, 35000 * INT64_C(7200));
        g_assert_cmpint(columns[i]->energy_cost_usd_micro, ==, 3500000);
        g_assert_cmpint(columns[i]->mining_usd_micro, ==, 10000000);
        g_assert_cmpint(columns[i]->profit_usd_micro, ==, 6500000);
        g_assert_cmpfloat_with_epsilon(hcp_whatif_profit_usd_per_mwh(columns[i]), 6.5 / 0.07, 1e-9);
        g_assert_cmpfloat_with_epsilon(hcp_whatif_paid_usd_per_mwh(columns[i]), 50, 1e-9);
    }
    g_assert_false(answer.has_changes);
    g_assert_cmpstr(answer.policy, ==, "mine");
    g_assert_cmpuint(answer.notes->len, ==, 2);
}

static void test_prices(fixture *f, gconstpointer data)
{
    (void)data;
    record_miners(f);
    static const struct {
        const char *question;
        hcp_usd_micro cost, mining;
    } cases[] = {
        {"{\"electricity_usd_per_mwh\": {\"fixed\": 100}}", 7000000, 10000000},
        {"{\"electricity_usd_per_mwh\": {\"scale\": 2}}", 7000000, 10000000},
        {"{\"electricity_usd_per_mwh\": {\"shift\": -10}}", 2800000, 10000000},
        {"{\"electricity_usd_per_mwh\": {\"scale\": 2, \"shift\": -90}}", 700000, 10000000},
        /* an hour at 20, an hour at -20 */
        {"{\"electricity_usd_per_mwh\": {\"series\": {\"step_s\": 3600, \"values\": [20, -20]}}}",
         0, 10000000},
        /* three quarters of an hour at 40, the rest at 80 */
        {"{\"electricity_usd_per_mwh\": {\"series\": {\"step_s\": 2700, \"values\": [40, 80, "
         "null]}}}",
         4550000, 10000000},
        {"{\"hashprice_usd_per_phs_day\": {\"scale\": 0.5}}", 3500000, 5000000},
        {"{\"hashprice_usd_per_phs_day\": {\"fixed\": 90}}", 3500000, 15000000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].question);
        hcp_whatif_figures changed = changed_by(f, cases[i].question);
        g_assert_cmpint(changed.energy_cost_usd_micro, ==, cases[i].cost);
        g_assert_cmpint(changed.mining_usd_micro, ==, cases[i].mining);
    }
}

static void test_policy(fixture *f, gconstpointer data)
{
    (void)data;
    record_miners(f);
    g_auto(hcp_whatif_answer) answer = answer_to(f, "{\"policy\": \"rest\"}");
    /* Asleep within seconds: 10 x 25 W for two hours, and the ramp. */
    g_assert_cmpint(answer.changed.energy_j[HCP_USE_IDLE], >, 250 * 7100);
    g_assert_cmpint(answer.changed.energy_j[HCP_USE_IDLE], <=, 250 * 7200);
    g_assert_cmpint(answer.changed.mining_usd_micro, <, 10000000 / 100);
    g_assert_cmpstr(answer.changed_policy, ==, "rest");
    g_assert_cmpint(answer.unchanged.mining_usd_micro, ==, 10000000);
}

static void test_cap(fixture *f, gconstpointer data)
{
    (void)data;
    record_miners(f);
    /* 14 kW carry three miners at 3,500 W beside seven asleep; how far they ramp down is the core's. */
    hcp_whatif_figures changed =
        changed_by(f, "{\"caps\": [{\"facility\": \"pit\", \"cap_mw\": 0.014}]}");
    g_assert_cmpint(energy_j(&changed), <=, INT64_C(14000) * 7200 + 35000 * 60);
    g_assert_cmpint(changed.energy_j[HCP_USE_MINING], >, INT64_C(3) * 3500 * 7000);
}

static void test_fleet(fixture *f, gconstpointer data)
{
    (void)data;
    record_miners(f);
    hcp_whatif_figures more =
        changed_by(f, "{\"fleet\": [{\"facility\": \"pit\", \"class\": \"S21\", \"add\": 10}]}");
    hcp_whatif_figures same =
        changed_by(f, "{\"fleet\": [{\"facility\": \"pit\", \"class\": \"S21\", \"count\": 20}]}");
    g_assert_cmpint(more.mining_usd_micro, >, 19900000);
    g_assert_cmpint(more.mining_usd_micro, <=, 20000000);
    g_assert_cmpint(more.mining_usd_micro, ==, same.mining_usd_micro);
    /* The four that are gone draw nothing, after they have ramped down. */
    hcp_whatif_figures fewer =
        changed_by(f, "{\"fleet\": [{\"facility\": \"pit\", \"class\": \"S21\", \"remove\": 4}]}");
    g_assert_cmpint(energy_j(&fewer), >=, INT64_C(6) * 3500 * 7200);
    g_assert_cmpint(energy_j(&fewer), <, INT64_C(6) * 3500 * 7200 + 4 * 3500 * 60);
    g_assert_cmpint(fewer.mining_usd_micro, >=, 6000000);
    g_assert_cmpint(fewer.mining_usd_micro, <, 6100000);
}

static char *answer_text(fixture *f, const char *question)
{
    g_auto(hcp_whatif_answer) answer = answer_to(f, question);
    g_autoptr(json_t) json = hcp_whatif_answer_json(&answer);
    return hcp_json_print(json, NULL);
}

static void test_same_question_same_answer(fixture *f, gconstpointer data)
{
    static const char question[] =
        "{\"from\": \"-8h\", \"electricity_usd_per_mwh\": {\"scale\": 3}, "
        "\"fleet\": [{\"facility\": \"lab\", \"class\": \"H100-80GB\", \"add\": 2}]}";
    (void)data;
    run_until(f, START_US + 12 * HCP_US_PER_H);
    uint8_t before[HCP_JOURNAL_HASH_SIZE], after[HCP_JOURNAL_HASH_SIZE];
    uint64_t last = hcp_journal_last(f->journal, before);
    g_autofree char *first = answer_text(f, question);
    g_autofree char *second = answer_text(f, question);
    g_assert_cmpstr(first, ==, second);
    g_assert_cmpuint(hcp_journal_last(f->journal, after), ==, last);
    g_assert_cmpint(memcmp(before, after, sizeof before), ==, 0);
}

/* The rerun of a site with customers, prices and switches stays close to what happened. */
static void test_fidelity(fixture *f, gconstpointer data)
{
    (void)data;
    run_until(f, START_US + 24 * HCP_US_PER_H);
    g_auto(hcp_whatif_answer) answer = answer_to(f, "{\"from\": \"-18h\"}");
    const hcp_whatif_figures *a = &answer.actual, *u = &answer.unchanged;
    g_assert_cmpuint(a->submitted, >, 10);
    g_assert_cmpuint(u->submitted, ==, a->submitted);
    g_assert_cmpuint(u->refused, ==, 0);
    g_assert_cmpint(llabs(u->profit_usd_micro - a->profit_usd_micro), <, a->profit_usd_micro / 20);
    g_assert_cmpint(llabs(energy_j(u) - energy_j(a)), <, energy_j(a) / 50);
}

/* From the first entry on, where classes and devices are defined, with a snapshot on the way. */
static void test_whole_journal(fixture *f, gconstpointer data)
{
    (void)data;
    run_until(f, START_US + 4 * HCP_US_PER_H);
    hcp_platform_flush(f->platform);
    hcp_platform_snapshot(f->platform);
    run_until(f, START_US + 8 * HCP_US_PER_H);
    g_autoptr(GError) error = NULL;
    g_auto(hcp_whatif_question) all = {0};
    g_autoptr(json_t) nothing = json_object();
    g_assert_true(hcp_whatif_question_parse(nothing, &all, &error));
    g_auto(hcp_whatif_answer) answer = {0};
    g_assert_true(hcp_whatif_run(
        &(hcp_whatif_options){.journal = f->journal, .model = &f->model, .question = &all}, &answer,
        &error));
    g_assert_cmpint(answer.from_us, ==, answer.stored_from_us);
    g_assert_cmpint(answer.to_us, ==, answer.stored_until_us);
    g_assert_cmpuint(answer.actual.submitted, ==, answer.unchanged.submitted);
    g_auto(hcp_whatif_answer) late = answer_to(f, "{\"from\": \"-2h\"}");
    g_assert_cmpint(late.actual.energy_cost_usd_micro, <, answer.actual.energy_cost_usd_micro);
}

static uint64_t submit(fixture *f)
{
    return command(f, &(hcp_command){.type = HCP_COMMAND_SUBMIT,
                                     .submit = {.customer = 0,
                                                .name = "test",
                                                .kind = HCP_WORKLOAD_MODEL_TRAINING,
                                                .classes = hcp_core_match_classes(
                                                    hcp_platform_core(f->platform), "H100"),
                                                .facility = HCP_NO_INDEX,
                                                .count = 8,
                                                .duration_us = 100 * HCP_US_PER_H}});
}

/* What people did reaches the same workload and lease, whatever their ids are in the rerun. */
static void test_orders_follow_their_object(fixture *f, gconstpointer data)
{
    (void)data;
    run_until(f, START_US + HCP_US_PER_H);
    uint64_t before = submit(f);
    run_until(f, START_US + 2 * HCP_US_PER_H);
    uint64_t within = submit(f);
    run_until(f, START_US + 3 * HCP_US_PER_H);
    command(f, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = {before}});
    command(f, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = {within}});
    run_until(f, START_US + 5 * HCP_US_PER_H);
    g_auto(hcp_whatif_answer) answer =
        answer_to(f, "{\"from\": \"2026-01-05T01:30:00Z\", \"to\": \"2026-01-05T04:30:00Z\","
                     " \"policy\": \"rest\"}");
    g_assert_cmpuint(answer.actual.cancelled, ==, 2);
    g_assert_cmpuint(answer.unchanged.cancelled, ==, 2);
    g_assert_cmpuint(answer.changed.cancelled, ==, 2);
}

static void assert_refused(fixture *f, const char *question, int code, const char *words)
{
    g_autoptr(GError) error = NULL;
    hcp_whatif_answer answer = {0};
    g_test_message("%s", question);
    g_assert_false(ask(f, question, &answer, &error));
    g_assert_error(error, HCP_ERROR, code);
    g_assert_nonnull(strstr(error->message, words));
}

static void test_refusals(fixture *f, gconstpointer data)
{
    (void)data;
    record_miners(f);
    static const struct {
        const char *question;
        int code;
        const char *words;
    } cases[] = {
        {"{\"from\": \"2025-01-01T00:00:00Z\"}", HCP_ERROR_NOT_FOUND,
         "from: the journal holds 2026-01-05T00:00:00.000Z to 2026-01-05T0"},
        {"{\"from\": \"-1h\", \"to\": \"2027-01-01T00:00:00Z\"}", HCP_ERROR_NOT_FOUND, "to: "},
        {"{\"from\": \"-1h\", \"to\": \"-2h\"}", HCP_ERROR_INVALID, "must begin before it ends"},
        {"{\"from\": \"yesterday\"}", HCP_ERROR_INVALID, "from: "},
        {"{\"min_dwell\": \"soon\"}", HCP_ERROR_INVALID, "min_dwell: "},
        {"{\"policy\": \"clairvoyant\"}", HCP_ERROR_NOT_FOUND, "there are: threshold, "},
        {"{\"caps\": [{\"facility\": \"mine\", \"cap_mw\": 1}]}", HCP_ERROR_NOT_FOUND,
         "caps: there is no facility \"mine\"; the facilities are: pit"},
        {"{\"fleet\": [{\"facility\": \"pit\", \"class\": \"S99\", \"add\": 1}]}",
         HCP_ERROR_NOT_FOUND, "pit has: S21"},
        {"{\"fleet\": [{\"facility\": \"pit\", \"class\": \"S21\", \"remove\": 11}]}",
         HCP_ERROR_INVALID, "pit has 10 S21"},
        {"{\"fleet\": [{\"facility\": \"pit\", \"class\": \"S21\"}]}", HCP_ERROR_INVALID,
         "one of add, remove and count"},
        {"{\"btc_usd\": {\"fixed\": 1, \"scale\": 2}}", HCP_ERROR_INVALID, "btc_usd: "},
        {"{\"btc_usd\": {\"series\": {\"step_s\": 600, \"values\": [null, 3]}}}", HCP_ERROR_INVALID,
         "begins with a number"},
        {"{\"btc_usd\": {\"series\": {\"step_s\": 600, \"values\": [1, 2, 3]}}}", HCP_ERROR_INVALID,
         "btc_usd: the series covers 0.50 h and the period is 2.00 h long"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(f, cases[i].question, cases[i].code, cases[i].words);
}

static void test_an_empty_journal(fixture *f, gconstpointer data)
{
    g_autoptr(hcp_journal) empty = hcp_journal_memory_new(0);
    hcp_journal *journal = f->journal;
    (void)data;
    f->journal = empty;
    assert_refused(f, "{}", HCP_ERROR_NOT_FOUND, "the journal is empty");
    f->journal = journal;
}

static bool stop_half_way(void *data, const char *stage, double done)
{
    double *told = data;
    g_assert_nonnull(stage);
    g_assert_cmpfloat(done, >=, *told);
    g_assert_cmpfloat(done, <=, 1);
    *told = done;
    return done < 0.5;
}

static void test_stopped(fixture *f, gconstpointer data)
{
    (void)data;
    run_until(f, START_US + 24 * HCP_US_PER_H);
    g_autoptr(GError) error = NULL;
    g_auto(hcp_whatif_question) question = {0};
    g_autoptr(json_t) json = json_pack("{s:s}", "policy", "rest");
    double told = 0;
    hcp_whatif_answer answer = {0};
    g_assert_true(hcp_whatif_question_parse(json, &question, &error));
    g_assert_false(hcp_whatif_run(&(hcp_whatif_options){.journal = f->journal,
                                                        .model = &f->model,
                                                        .question = &question,
                                                        .progress = stop_half_way,
                                                        .progress_data = &told},
                                  &answer, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_BUSY);
    g_assert_cmpfloat(told, >=, 0.5);
}

#define ADD_MINERS(name, test)                                                                     \
    g_test_add("/runtime/whatif/" name, fixture, NULL, set_up_miners, test, tear_down)
#define ADD_SITE(name, test)                                                                       \
    g_test_add("/runtime/whatif/" name, fixture, NULL, set_up_site, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_MINERS("nothing-changed", test_nothing_changed);
    ADD_MINERS("prices", test_prices);
    ADD_MINERS("policy", test_policy);
    ADD_MINERS("cap", test_cap);
    ADD_MINERS("fleet", test_fleet);
    ADD_MINERS("refusals", test_refusals);
    ADD_MINERS("empty-journal", test_an_empty_journal);
    ADD_SITE("same-question-same-answer", test_same_question_same_answer);
    ADD_SITE("fidelity", test_fidelity);
    ADD_SITE("whole-journal", test_whole_journal);
    ADD_SITE("orders-follow-their-object", test_orders_follow_their_object);
    ADD_SITE("stopped", test_stopped);
    return g_test_run();
}
