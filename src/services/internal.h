/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the context of a handler, refusals as problems, and the words of answers. */
#ifndef HCP_SERVICES_INTERNAL_H
#define HCP_SERVICES_INTERNAL_H

#include "http/reply.h"
#include "http/request.h"
#include "services/event_stream.h"
#include "services/regrets.h"
#include "services/services.h"
#include "services/whatif_jobs.h"
#include "telemetry/metrics.h"

#include <jansson.h>

/* emergency.c: an order of shutdown that is not in force yet. */
typedef struct hcp_shutdown_request hcp_shutdown_request;

/* Forgets the order; NULL is allowed. */
void hcp_shutdown_request_free(hcp_shutdown_request *pending);

/* Every handler gets this as its data. */
struct hcp_services {
    hcp_daemon *daemon;
    hcp_platform *platform; /* the daemon's */
    int64_t started_us;     /* monotonic */
    hcp_event_streams *streams;
    hcp_metrics *metrics;
    hcp_shutdown_request *shutdown; /* waits for a second person; NULL = none */
    json_t *discovery;              /* the answer of the latest scan; NULL = never */
    hcp_background *background;
    hcp_whatif_jobs *whatif; /* NULL: the journal is not on disk */
    hcp_regrets *regrets;
};

/* Binds the operations of one service file. */
bool hcp_services_bind_health(hcp_services *services, GError **error);
bool hcp_services_bind_metrics(hcp_services *services, GError **error);
bool hcp_services_bind_orchestrator(hcp_services *services, GError **error);
bool hcp_services_bind_workloads(hcp_services *services, GError **error);
bool hcp_services_bind_status(hcp_services *services, GError **error);
bool hcp_services_bind_emergency(hcp_services *services, GError **error);
bool hcp_services_bind_switches(hcp_services *services, GError **error);
bool hcp_services_bind_events(hcp_services *services, GError **error);
bool hcp_services_bind_alerts(hcp_services *services, GError **error);
bool hcp_services_bind_prices(hcp_services *services, GError **error);
bool hcp_services_bind_accounts(hcp_services *services, GError **error);
bool hcp_services_bind_regret(hcp_services *services, GError **error);
bool hcp_services_bind_optimizer(hcp_services *services, GError **error);
bool hcp_services_bind_merit(hcp_services *services, GError **error);
bool hcp_services_bind_route(hcp_services *services, GError **error);
bool hcp_services_bind_router(hcp_services *services, GError **error);
bool hcp_services_bind_resources(hcp_services *services, GError **error);
bool hcp_services_bind_allocations(hcp_services *services, GError **error);
bool hcp_services_bind_capacity(hcp_services *services, GError **error);
bool hcp_services_bind_facilities(hcp_services *services, GError **error);
bool hcp_services_bind_customers(hcp_services *services, GError **error);
bool hcp_services_bind_health_checks(hcp_services *services, GError **error);
bool hcp_services_bind_discovery(hcp_services *services, GError **error);
bool hcp_services_bind_whatif(hcp_services *services, GError **error);
bool hcp_services_bind_grid(hcp_services *services, GError **error);
bool hcp_services_bind_simulator(hcp_services *services, GError **error);

/* Short readings. */
const hcp_state *hcp_services_state(const hcp_services *services);
const hcp_core *hcp_services_core(const hcp_services *services);

/* Begins no more rounds of regret. */
void hcp_services_unbind_regret(hcp_services *services);

/* Stops counting and forgets what was counted. */
void hcp_services_unbind_metrics(hcp_services *services);

/* Adds the workloads that hold a lease to `ret_counts`, by status. */
void hcp_services_count_placed(const hcp_state *state, uint32_t ret_counts[HCP_WORKLOAD_STATUSES]);

/* A number that differs whenever an answer about the state may: after each event, each sample of the devices, and each
 * second, because costs accrue. */
uint64_t hcp_services_version(const hcp_services *services);

/* Decides `command` in the name of the request's caller and trace. True with events in `outcome` (to be cleared by the
 * caller); false when it was refused: the request has then been answered with the refusal's problem, and `outcome` is
 * clear. */
bool hcp_services_execute(hcp_services *services, hcp_http_request *request,
                          const hcp_command *command, hcp_outcome *outcome);

/* Answers with the problem of a refusal: one table from code to status and slug; the field becomes errors[].pointer. */
void hcp_services_reply_refusal(hcp_http_request *request, const hcp_refusal *refusal);

/* Sets `key` to the id text of `value`, null for 0. */
void hcp_services_set_id(json_t *object, const char *key, hcp_id_kind kind, uint64_t value);

/* Sets `<key>_usd_micro` (integer) and `<key>_usd` (number, for people). */
void hcp_services_set_money(json_t *object, const char *key, hcp_usd_micro amount);

/* Sets a measured value with `digits` decimals; null when it is not known (NaN). */
void hcp_services_set_rounded(json_t *object, const char *key, double value, int digits);

#endif
