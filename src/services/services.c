/* SPDX-License-Identifier: Apache-2.0 */
#include "services/services.h"

#include "base/units.h"
#include "http/docs.h"
#include "services/event_stream.h"
#include "services/internal.h"

#include <math.h>

static bool (*const BIND[])(hcp_services *services, GError **error) = {
    hcp_services_bind_health,      hcp_services_bind_metrics,   hcp_services_bind_orchestrator,
    hcp_services_bind_workloads,   hcp_services_bind_status,    hcp_services_bind_emergency,
    hcp_services_bind_switches,    hcp_services_bind_events,    hcp_services_bind_alerts,
    hcp_services_bind_optimizer,   hcp_services_bind_prices,    hcp_services_bind_router,
    hcp_services_bind_accounts,    hcp_services_bind_regret,    hcp_services_bind_resources,
    hcp_services_bind_allocations, hcp_services_bind_capacity,  hcp_services_bind_facilities,
    hcp_services_bind_customers,   hcp_services_bind_simulator, hcp_services_bind_health_checks,
    hcp_services_bind_discovery,   hcp_services_bind_route,     hcp_services_bind_merit,
    hcp_services_bind_whatif,      hcp_services_bind_grid,
};

hcp_services *hcp_services_new(hcp_daemon *daemon, GError **error)
{
    g_autoptr(hcp_services) services = g_new0(hcp_services, 1);
    services->daemon = daemon;
    services->platform = hcp_daemon_platform(daemon);
    services->started_us = g_get_monotonic_time();
    services->background = hcp_background_new();
    for (size_t i = 0; i < G_N_ELEMENTS(BIND); i++)
        if (!BIND[i](services, error))
            return NULL;
    hcp_http_server *server = hcp_daemon_server(daemon);
    if (!hcp_http_docs_bind(server, error) || !hcp_http_server_check(server, error))
        return NULL;
    return g_steal_pointer(&services);
}

void hcp_services_free(hcp_services *services)
{
    if (services == NULL)
        return;
    hcp_services_unbind_metrics(services);
    hcp_event_streams_free(services->streams);
    hcp_shutdown_request_free(services->shutdown);
    json_decref(services->discovery);
    hcp_services_unbind_regret(services);
    hcp_whatif_jobs_stop(services->whatif);
    hcp_background_free(services->background); /* waits */
    hcp_regrets_free(services->regrets);
    hcp_whatif_jobs_free(services->whatif);
    g_free(services);
}

const hcp_state *hcp_services_state(const hcp_services *services)
{
    return hcp_platform_state(services->platform);
}

const hcp_core *hcp_services_core(const hcp_services *services)
{
    return hcp_platform_core(services->platform);
}

void hcp_services_count_placed(const hcp_state *state, uint32_t ret_counts[HCP_WORKLOAD_STATUSES])
{
    for (uint32_t i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        if (lease->live && lease->workload != HCP_NO_INDEX)
            ret_counts[hcp_state_workload(state, lease->workload)->status]++;
    }
}

uint64_t hcp_services_version(const hcp_services *services)
{
    const hcp_state *state = hcp_services_state(services);
    const uint64_t parts[] = {
        (uint64_t)state->now_us,
        state->last_id,
        (uint64_t)hcp_platform_latest(services->platform)->sampled_us,
        (uint64_t)(hcp_platform_now(services->platform) / HCP_US_PER_S),
    };
    uint64_t version = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        version = (version ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return version;
}

bool hcp_services_execute(hcp_services *services, hcp_http_request *request,
                          const hcp_command *command, hcp_outcome *outcome)
{
    const hcp_actor who = {.actor = hcp_http_request_caller(request),
                           .trace_id = hcp_http_request_trace_id(request)};
    if (hcp_platform_execute(services->platform, command, &who, outcome))
        return true;
    hcp_services_reply_refusal(request, &outcome->refusal);
    hcp_outcome_clear(outcome);
    return false;
}

void hcp_services_reply_refusal(hcp_http_request *request, const hcp_refusal *refusal)
{
    static const struct {
        unsigned status;
        const char *slug;
    } answers[HCP_REFUSALS] = {
        [HCP_REFUSAL_INVALID] = {422, "invalid-value"},
        [HCP_REFUSAL_NOT_FOUND] = {404, "not-found"},
        [HCP_REFUSAL_CONFLICT] = {409, "conflict"},
        [HCP_REFUSAL_FENCED] = {409, "fenced"},
        [HCP_REFUSAL_QUOTA] = {403, "quota-exceeded"},
        [HCP_REFUSAL_CAPACITY] = {422, "capacity-exceeded"},
        [HCP_REFUSAL_QUEUE_FULL] = {503, "queue-full"},
        [HCP_REFUSAL_UNAVAILABLE] = {503, "journal-unavailable"},
        [HCP_REFUSAL_EMERGENCY] = {503, "emergency"},
    };
    g_assert(answers[refusal->code].status != 0);
    hcp_problem *problem = hcp_problem_new(answers[refusal->code].status,
                                           answers[refusal->code].slug, "%s", refusal->message);
    if (refusal->field != NULL) {
        g_autofree char *pointer = g_strconcat("/", refusal->field, NULL);
        hcp_problem_add(problem, pointer, refusal->message);
    }
    hcp_http_reply_problem(request, problem);
}

void hcp_services_set_id(json_t *object, const char *key, hcp_id_kind kind, uint64_t value)
{
    char text[HCP_ID_TEXT_SIZE];
    hcp_id_format(kind, value, text);
    hcp_json_set_string(object, key, value != 0 ? text : NULL);
}

void hcp_services_set_money(json_t *object, const char *key, hcp_usd_micro amount)
{
    g_autofree char *micro = g_strconcat(key, "_usd_micro", NULL);
    g_autofree char *usd = g_strconcat(key, "_usd", NULL);
    hcp_json_set_int(object, micro, amount);
    hcp_json_set_number(object, usd, hcp_money_to_usd(amount));
}

void hcp_services_set_rounded(json_t *object, const char *key, double value, int digits)
{
    double scale = pow(10, digits);
    if (isfinite(value))
        hcp_json_set_number(object, key, round(value * scale) / scale);
    else
        json_object_set_new(object, key, json_null());
}
