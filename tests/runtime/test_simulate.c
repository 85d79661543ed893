/* SPDX-License-Identifier: Apache-2.0 */
/* The whole platform on a virtual clock: it repeats itself, it survives what is done to it, and it tells the truth. */
#include "base/error.h"
#include "base/log.h"
#include "base/units.h"
#include "runtime/simulate.h"

#include <glib.h>
#include <string.h>

typedef struct {
    hcp_config config;
    hcp_scenario scenario;
} fixture;

static void set_up(fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    (void)data;
    g_assert_true(hcp_config_load(NULL, &f->config, &error));
    g_assert_true(hcp_scenario_load("dev", &f->config.scheduling, &f->scenario, &error));
    g_assert_no_error(error);
}

static void tear_down(fixture *f, gconstpointer data)
{
    (void)data;
    hcp_scenario_clear(&f->scenario);
    hcp_config_clear(&f->config);
}

static hcp_simulate_report simulate(const fixture *f, double hours, bool faults, bool check)
{
    hcp_simulate_report report;
    g_autoptr(GError) error = NULL;
    bool done = hcp_simulate(&(hcp_simulate_options){.config = &f->config,
                                                     .scenario = &f->scenario,
                                                     .hours = hours,
                                                     .faults = faults,
                                                     .check = check},
                             &report, &error);
    g_assert_no_error(error);
    g_assert_true(done);
    return report;
}

static void test_same_seed_same_state(fixture *f, gconstpointer data)
{
    (void)data;
    hcp_simulate_report first = simulate(f, 6, false, false);
    hcp_simulate_report second = simulate(f, 6, false, false);
    g_assert_cmpstr(first.state_hash, ==, second.state_hash);
    g_assert_cmpuint(first.events, ==, second.events);
    f->config.seed++;
    hcp_simulate_report other = simulate(f, 6, false, false);
    g_assert_cmpstr(first.state_hash, !=, other.state_hash);
}

static void test_checking_changes_nothing(fixture *f, gconstpointer data)
{
    (void)data;
    hcp_simulate_report bare = simulate(f, 3, false, false);
    hcp_simulate_report checked = simulate(f, 3, false, true);
    g_assert_cmpstr(bare.state_hash, ==, checked.state_hash);
    g_assert_cmpuint(checked.checks, >, 1000);
}

/* Every hour of the run is judged, and hindsight is no worse. */
static void test_regret(fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GArray) regret = g_array_new(FALSE, FALSE, sizeof(hcp_simulate_regret));
    g_autoptr(GError) error = NULL;
    hcp_simulate_report report;
    g_assert_true(hcp_simulate(
        &(hcp_simulate_options){
            .config = &f->config, .scenario = &f->scenario, .hours = 24, .regret = regret},
        &report, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(regret->len, ==, 1);
    const hcp_simulate_regret *lab = &g_array_index(regret, hcp_simulate_regret, 0);
    const hcp_fleet_regret *figures = &lab->answer.figures;
    g_assert_cmpstr(lab->facility, ==, "lab");
    g_assert_false(lab->answer.failed);
    g_assert_cmpfloat_with_epsilon(figures->hours + lab->answer.excluded_h, 24, 0.26);
    g_assert_cmpfloat(figures->optimum_usd, >=, figures->earned_usd);
    g_assert_cmpfloat(figures->optimum_usd, >=, figures->static_usd - 0.02);
    g_assert_cmpfloat(figures->bound_usd, >=, figures->optimum_usd);
    hcp_simulate_report bare = simulate(f, 24, false, false);
    g_assert_cmpstr(bare.state_hash, ==, report.state_hash);
}

static void test_figures_add_up(fixture *f, gconstpointer data)
{
    (void)data;
    hcp_simulate_report r = simulate(f, 24, false, true);
    g_assert_cmpint(r.profit_usd_micro, ==,
                    r.mining_usd_micro + r.ai_usd_micro - r.energy_cost_usd_micro);
    g_assert_cmpuint(r.submitted, ==, r.completed + r.failed + r.running + r.queued);
    g_assert_cmpuint(r.submitted, >, 10);
    g_assert_cmpfloat(r.gpu_utilisation, >, 0);
    g_assert_cmpfloat(r.gpu_utilisation, <, 1);
    /* The site's cap times the hours bounds the energy. */
    int64_t energy_j =
        r.energy_j[HCP_USE_AI] + r.energy_j[HCP_USE_MINING] + r.energy_j[HCP_USE_IDLE];
    g_assert_cmpint(energy_j, <=, 250000 * INT64_C(24) * 3600);
    /* A switch is never faster than its budget's lower end, and takes no time that the clock did not see. */
    g_assert_cmpint(r.gpu_switches.p50_us, >=, 300 * HCP_US_PER_MS);
    g_assert_cmpint(r.gpu_switches.p50_us, <=, 600 * HCP_US_PER_MS);
}

static void test_survives_faults(fixture *f, gconstpointer data)
{
    (void)data;
    uint64_t crashes = 0, failures = 0, errors = 0;
    for (int seed = 1; seed <= 4; seed++) {
        f->config.seed = seed;
        hcp_simulate_report r = simulate(f, 12, true, true);
        crashes += r.crashes;
        failures += r.device_failures;
        errors += r.faults_journal;
    }
    /* The faults did happen, so surviving them means something. */
    g_assert_cmpuint(crashes, >, 0);
    g_assert_cmpuint(failures, >, 0);
    g_assert_cmpuint(errors, >, 0);
}

static void test_faults_repeat(fixture *f, gconstpointer data)
{
    (void)data;
    f->config.seed = 7;
    hcp_simulate_report first = simulate(f, 6, true, true);
    hcp_simulate_report second = simulate(f, 6, true, true);
    g_assert_cmpstr(first.state_hash, ==, second.state_hash);
    g_assert_cmpuint(first.crashes, ==, second.crashes);
}

static void test_policies_differ(fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *own = f->config.policy;
    f->config.policy = g_strdup("mine");
    hcp_simulate_report mine = simulate(f, 12, false, false);
    g_free(f->config.policy);
    f->config.policy = g_strdup("rest");
    hcp_simulate_report rest = simulate(f, 12, false, false);
    g_assert_cmpint(mine.mining_usd_micro, >, HCP_USD);
    g_assert_cmpint(rest.mining_usd_micro, <,
                    HCP_USD / 100); /* the first seconds, before the first decision */
}

/* Every decision has a plan that was not taken, or says why there is none; and all that lies between the two. */
static void check_decision(void *data, const hcp_event *event)
{
    int *seen = data;
    const hcp_decision_recorded *decision = &event->decision_recorded;
    if (event->type != HCP_EVENT_DECISION_RECORDED)
        return;
    *seen += 1;
    g_assert_true(decision->rejected.count == decision->chosen.count ||
                  g_str_has_prefix(decision->reason, "there is no alternative"));
    g_assert_cmpuint(strlen(decision->reason), >, 10);
    g_assert_cmpuint(strlen(decision->flip), >, 5);
    g_assert_cmpuint(strlen(decision->source), >=, 3);
    g_assert_cmpint(decision->gain_low_usd_micro, <=, decision->gain_usd_micro);
    g_assert_cmpint(decision->gain_high_usd_micro, >=, decision->gain_usd_micro);
    g_assert_cmpfloat(decision->forecast_low_usd_per_mwh, <=, decision->forecast_usd_per_mwh);
    g_assert_cmpfloat(decision->forecast_high_usd_per_mwh, >=, decision->forecast_usd_per_mwh);
    g_assert_cmpint(decision->horizon_us, >=, HCP_US_PER_H);
    g_assert_cmpint(decision->expires_us, >, event->time_us);
}

static void test_every_decision_says_why_not(fixture *f, gconstpointer data)
{
    static const char *const policies[] = {"hcp", "threshold", "lcp"};
    (void)data;
    g_autofree char *own = f->config.policy;
    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++) {
        int seen = 0;
        hcp_simulate_report report;
        g_autoptr(GError) error = NULL;
        g_autofree char *policy = g_strdup(policies[i]);
        f->config.policy = policy;
        bool done = hcp_simulate(&(hcp_simulate_options){.config = &f->config,
                                                         .scenario = &f->scenario,
                                                         .hours = 24,
                                                         .applied = check_decision,
                                                         .applied_data = &seen},
                                 &report, &error);
        g_assert_no_error(error);
        g_assert_true(done);
        g_assert_cmpint(seen, >=, 24);
        g_assert_cmpuint((uint64_t)seen, ==, report.decisions);
    }
    f->config.policy = g_steal_pointer(&own);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    hcp_log_set_level(HCP_LOG_SILENT);
#define ADD(path, function) g_test_add(path, fixture, NULL, set_up, function, tear_down)
    ADD("/simulate/same_seed_same_state", test_same_seed_same_state);
    ADD("/simulate/checking_changes_nothing", test_checking_changes_nothing);
    ADD("/simulate/figures_add_up", test_figures_add_up);
    ADD("/simulate/regret", test_regret);
    ADD("/simulate/survives_faults", test_survives_faults);
    ADD("/simulate/faults_repeat", test_faults_repeat);
    ADD("/simulate/policies_differ", test_policies_differ);
    ADD("/simulate/every_decision_says_why_not", test_every_decision_says_why_not);
#undef ADD
    return g_test_run();
}
