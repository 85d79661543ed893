/* SPDX-License-Identifier: Apache-2.0 */
/* Gauges and kept counters, read from the state when somebody asks. */
#include "base/units.h"
#include "core/metering.h"
#include "core/power.h"
#include "core/queue.h"
#include "core/reserve.h"
#include "services/internal.h"
#include "services/metrics.h"
#include "services/prices.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

static void set(hcp_metrics *metrics, int family, double value)
{
    hcp_metrics_set(metrics, family, NULL, value);
}

static void set1(hcp_metrics *metrics, int family, const char *label, double value)
{
    hcp_metrics_set(metrics, family, &label, value);
}

static void set2(hcp_metrics *metrics, int family, const char *first, const char *second,
                 double value)
{
    const char *const labels[] = {first, second};
    hcp_metrics_set(metrics, family, labels, value);
}

static double seconds(int64_t duration_us)
{
    return (double)duration_us / (double)HCP_US_PER_S;
}

static void collect_process(hcp_services *services, hcp_metrics *metrics)
{
    set1(metrics, HCP_METRICS_BUILD_INFO, HCP_VERSION, 1);
    int64_t age_us = g_get_monotonic_time() - services->started_us;
    set(metrics, HCP_METRICS_START_TIME, seconds(g_get_real_time() - age_us));
    g_autofree char *statm = NULL;
    long pages = 0;
    if (g_file_get_contents("/proc/self/statm", &statm, NULL, NULL) &&
        sscanf(statm, "%*d %ld", &pages) == 1)
        set(metrics, HCP_METRICS_MEMORY, (double)pages * (double)sysconf(_SC_PAGESIZE));
    set(metrics, HCP_METRICS_CONNECTIONS,
        hcp_http_server_connections(hcp_daemon_server(services->daemon)));
}

static void collect_journal(hcp_services *services, hcp_metrics *metrics)
{
    const hcp_platform_counters *counters = hcp_platform_count(services->platform);
    set(metrics, HCP_METRICS_COMMANDS, (double)counters->commands);
    set(metrics, HCP_METRICS_REFUSALS, (double)counters->refusals);
    set(metrics, HCP_METRICS_WRITABLE, !hcp_platform_read_only(services->platform, NULL));
}

static void collect_queue(hcp_services *services, hcp_metrics *metrics)
{
    const hcp_queue *queue = hcp_core_queue(hcp_services_core(services));
    for (int p = HCP_PRIORITY_P1; p < HCP_PRIORITIES; p++)
        set1(metrics, HCP_METRICS_QUEUE_DEPTH, hcp_enum_name(&HCP_PRIORITY_NAMES, p),
             hcp_queue_depth(queue, (hcp_priority)p));
    set(metrics, HCP_METRICS_QUEUE_CAPACITY, hcp_services_state(services)->settings.queue_capacity);
}

static void collect_workloads(hcp_services *services, hcp_metrics *metrics)
{
    const hcp_state *state = hcp_services_state(services);
    uint32_t placed[HCP_WORKLOAD_STATUSES] = {0};
    hcp_services_count_placed(state, placed);
    placed[HCP_WORKLOAD_QUEUED] =
        hcp_queue_depth(hcp_core_queue(hcp_services_core(services)), HCP_PRIORITY_NONE);
    for (int status = HCP_WORKLOAD_QUEUED; status <= HCP_WORKLOAD_RUNNING; status++)
        set1(metrics, HCP_METRICS_WORKLOADS, hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES, status),
             placed[status]);
    set1(metrics, HCP_METRICS_WORKLOADS_ENDED, "completed", (double)state->completed_count);
    set1(metrics, HCP_METRICS_WORKLOADS_ENDED, "failed", (double)state->failed_count);
    set1(metrics, HCP_METRICS_WORKLOADS_ENDED, "cancelled", (double)state->cancelled_count);
    set(metrics, HCP_METRICS_PREEMPTIONS, (double)state->preemption_count);
}

/* What is told of a class at a facility, on all its feeders. */
typedef struct {
    double by_mode[HCP_MODES], switching, unhealthy, anomalous;
} class_counts;

/* Adds up the groups from `first` on that are of its facility and class; false when one before it is. */
static bool count_class(const hcp_state *state, const hcp_anomaly *anomaly, uint32_t first,
                        class_counts *ret_counts)
{
    const hcp_group *own = hcp_state_group(state, first);
    *ret_counts = (class_counts){0};
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility != own->facility || group->class_ix != own->class_ix)
            continue;
        if (g < first)
            return false;
        for (int mode = 0; mode < HCP_MODES; mode++)
            ret_counts->by_mode[mode] += group->by_mode[mode];
        ret_counts->switching += group->switching;
        ret_counts->unhealthy += group->unhealthy;
        ret_counts->anomalous += hcp_anomaly_alarmed(anomaly, g);
    }
    return true;
}

static void collect_devices(hcp_services *services, hcp_metrics *metrics)
{
    const hcp_state *state = hcp_services_state(services);
    const hcp_anomaly *anomaly = hcp_platform_anomaly(services->platform);
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        class_counts counts;
        if (!count_class(state, anomaly, g, &counts))
            continue;
        const char *labels[] = {hcp_state_facility(state, group->facility)->def.key,
                                hcp_state_class(state, group->class_ix)->def.key, NULL};
        for (int mode = 0; mode < HCP_MODES; mode++) {
            labels[2] = hcp_enum_name(&HCP_MODE_NAMES, mode);
            hcp_metrics_set(metrics, HCP_METRICS_DEVICES, labels, counts.by_mode[mode]);
        }
        hcp_metrics_set(metrics, HCP_METRICS_DEVICES_SWITCHING, labels, counts.switching);
        hcp_metrics_set(metrics, HCP_METRICS_DEVICES_UNHEALTHY, labels, counts.unhealthy);
        hcp_metrics_set(metrics, HCP_METRICS_DEVICES_ANOMALOUS, labels, counts.anomalous);
    }
}

/* What is sold now, and what every product was paid so far. */
static void set_reserve(hcp_metrics *metrics, const hcp_state *state, uint32_t facility,
                        const hcp_meter *meter)
{
    const char *key = hcp_state_facility(state, facility)->def.key;
    const hcp_price_observed *price = hcp_reserve_in_force(state, facility);
    for (int product = HCP_RESERVE_RRS; product < HCP_RESERVES; product++) {
        const char *name = hcp_enum_name(&HCP_RESERVE_NAMES, product);
        bool now = price->quality >= HCP_QUALITY_SUSPECT && (int)price->product == product;
        if (!now && meter->reserve_sold[product].ready_j == 0)
            continue;
        set2(metrics, HCP_METRICS_RESERVE, key, name,
             now ? (double)hcp_power_reserve_w(state, facility) : 0);
        if (now)
            set2(metrics, HCP_METRICS_RESERVE_PRICE, key, name, price->value);
        set2(metrics, HCP_METRICS_RESERVE_INCOME, key, name,
             hcp_money_to_usd(meter->reserve_sold[product].usd_micro));
    }
}

static void collect_feeders(const hcp_core *core, uint32_t f, hcp_metrics *metrics)
{
    const hcp_state *state = hcp_core_state(core);
    const hcp_facility_defined *def = &hcp_state_facility(state, f)->def;
    for (uint32_t feeder = 1; feeder <= def->feeders.count; feeder++) {
        const char *name = hcp_power_feeder_name(def, feeder);
        set2(metrics, HCP_METRICS_FEEDER_POWER, def->key, name,
             (double)hcp_power_reserved_w(core, f, feeder));
        set2(metrics, HCP_METRICS_FEEDER_CAP, def->key, name,
             (double)hcp_power_limit_w(state, f, feeder));
    }
}

static void collect_facilities(const hcp_core *core, hcp_metrics *metrics, int64_t now_us)
{
    const hcp_state *state = hcp_core_state(core);
    hcp_metrics_clear(metrics, HCP_METRICS_RESERVE_PRICE);
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        const hcp_facility *site = hcp_state_facility(state, f);
        const char *key = site->def.key;
        hcp_meter meter;
        hcp_meter_read(state, f, now_us, &meter);
        for (int use = 0; use < HCP_USES; use++) {
            const char *name = hcp_enum_name(&HCP_USE_NAMES, use);
            set2(metrics, HCP_METRICS_POWER, key, name,
                 (double)hcp_units_muldiv(site->use_power_w[use], site->def.pue_milli, 1000));
            set2(metrics, HCP_METRICS_ENERGY, key, name, (double)meter.energy_j[use]);
            if (site->def.carbon_mg_per_kwh > 0)
                set2(metrics, HCP_METRICS_CARBON, key, name, (double)meter.carbon_mg[use] / 1000);
        }
        set_reserve(metrics, state, f, &meter);
        collect_feeders(core, f, metrics);
        set1(metrics, HCP_METRICS_POWER_CAP, key, (double)site->def.cap_w);
        set1(metrics, HCP_METRICS_CAP_IN_FORCE, key, (double)hcp_power_cap_w(state, f));
        set1(metrics, HCP_METRICS_ENERGY_COST, key, hcp_money_to_usd(meter.energy_cost_usd_micro));
        set1(metrics, HCP_METRICS_TRUE_UP, key, hcp_money_to_usd(meter.true_up_usd_micro));
        set1(metrics, HCP_METRICS_PEAK_CHARGE, key, hcp_money_to_usd(meter.peak_charge_usd_micro));
        set1(metrics, HCP_METRICS_POOL_FEE, key, hcp_money_to_usd(meter.pool_fee_usd_micro));
        set2(metrics, HCP_METRICS_REVENUE, key, "ai", hcp_money_to_usd(meter.ai_usd_micro));
        set2(metrics, HCP_METRICS_REVENUE, key, "grid", hcp_money_to_usd(meter.grid_usd_micro));
        set2(metrics, HCP_METRICS_REVENUE, key, "mining", hcp_money_to_usd(meter.mining_usd_micro));
    }
}

static void set_price(hcp_metrics *metrics, const hcp_state *state, const hcp_price_observed *price,
                      hcp_price_kind kind, const char *facility, int64_t now_us)
{
    if (price->quality == HCP_QUALITY_MISSING)
        return;
    g_autoptr(json_t) shown = hcp_prices_json(state, price, kind, now_us);
    const char *const labels[] = {hcp_enum_name(&HCP_PRICE_KIND_NAMES, (int)kind), facility,
                                  hcp_json_string(shown, "unit", "")};
    hcp_metrics_set(metrics, HCP_METRICS_PRICE, labels, hcp_json_number(shown, "value", 0));
    hcp_metrics_set(metrics, HCP_METRICS_PRICE_AGE, labels,
                    seconds(MAX(0, now_us - price->observed_us)));
}

static void collect_prices(const hcp_state *state, hcp_metrics *metrics, int64_t now_us)
{
    hcp_metrics_clear(metrics, HCP_METRICS_PRICE);
    hcp_metrics_clear(metrics, HCP_METRICS_PRICE_AGE);
    for (int kind = 0; kind < HCP_PRICE_KINDS; kind++)
        set_price(metrics, state, &state->market.global[kind], (hcp_price_kind)kind, "", now_us);
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++)
        set_price(metrics, state, hcp_prices_electricity(state, f), HCP_PRICE_ELECTRICITY,
                  hcp_state_facility(state, f)->def.key, now_us);
}

static void set_regret(hcp_metrics *metrics, const char *facility, const char *window,
                       const hcp_fleet_regret *figures)
{
    double closed = hcp_fleet_regret_closed_pct(figures);
    set2(metrics, HCP_METRICS_REGRET, facility, window, figures->optimum_usd - figures->earned_usd);
    if (!isnan(closed))
        set2(metrics, HCP_METRICS_REGRET_RATIO, facility, window, 1 - closed / 100);
}

static void collect_regret(hcp_services *services, hcp_metrics *metrics)
{
    const hcp_state *state = hcp_services_state(services);
    hcp_metrics_clear(metrics, HCP_METRICS_REGRET);
    hcp_metrics_clear(metrics, HCP_METRICS_REGRET_RATIO);
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++)
        for (int w = 0; w < HCP_REGRET_WINDOWS; w++) {
            const hcp_regret_answer *answer =
                hcp_regrets_find(services->regrets, f, (hcp_regret_window)w);
            if (answer != NULL)
                set_regret(metrics, hcp_state_facility(state, f)->def.key,
                           hcp_enum_name(&HCP_REGRET_WINDOW_NAMES, w), &answer->figures);
        }
}

static void collect_alerts(const hcp_state *state, hcp_metrics *metrics)
{
    uint32_t open[HCP_SEVERITIES] = {0};
    for (guint i = 0; i < state->alerts->len; i++) {
        const hcp_alert *alert = &g_array_index(state->alerts, hcp_alert, i);
        open[alert->def.severity] += alert->cleared_us == 0;
    }
    for (int severity = 0; severity < HCP_SEVERITIES; severity++)
        set1(metrics, HCP_METRICS_ALERTS, hcp_enum_name(&HCP_SEVERITY_NAMES, severity),
             open[severity]);
}

void hcp_metrics_collect(hcp_services *services, hcp_metrics *metrics)
{
    const hcp_state *state = hcp_services_state(services);
    int64_t now_us = hcp_platform_now(services->platform);
    int64_t sampled_us = hcp_platform_latest(services->platform)->sampled_us;
    collect_process(services, metrics);
    collect_journal(services, metrics);
    collect_queue(services, metrics);
    collect_workloads(services, metrics);
    collect_devices(services, metrics);
    collect_facilities(hcp_services_core(services), metrics, now_us);
    collect_prices(state, metrics, now_us);
    collect_regret(services, metrics);
    collect_alerts(state, metrics);
    if (sampled_us != 0)
        set(metrics, HCP_METRICS_SAMPLE_AGE, seconds(MAX(0, now_us - sampled_us)));
}
