/* SPDX-License-Identifier: Apache-2.0 */
/* Health of the process: alive, ready, and what each thing it depends on is doing, with its age. */
#include "base/units.h"
#include "services/internal.h"
#include "services/prices.h"

/* Readings of devices older than this many sample intervals are stale. */
#define STALE_SAMPLES 3

typedef enum { HEALTHY, DEGRADED, UNHEALTHY } verdict;

static const char *const VERDICTS[] = {"healthy", "degraded", "unhealthy"};

/* What the platform leans on: the worst verdict so far and, when wanted, the list of all. */
typedef struct {
    verdict worst;
    json_t *list;
} findings;

/* `age_us` below 0: it has none. */
static void add(findings *f, const char *name, verdict v, int64_t age_us, const char *reason)
{
    f->worst = MAX(f->worst, v);
    json_t *item = json_object();
    hcp_json_set_string(item, "name", name);
    hcp_json_set_string(item, "status", VERDICTS[v]);
    json_object_set_new(item, "age_ms",
                        age_us >= 0 ? json_integer(age_us / HCP_US_PER_MS) : json_null());
    hcp_json_set_string(item, "reason", reason);
    json_array_append_new(f->list, item);
}

static void check_journal(hcp_services *services, findings *f)
{
    const char *detail = NULL;
    bool read_only = hcp_platform_read_only(services->platform, &detail);
    add(f, "journal", read_only ? UNHEALTHY : HEALTHY, -1, read_only ? detail : NULL);
}

/* A price that is missing or old makes decisions worse, not impossible. */
static void check_price(findings *f, const char *name, const hcp_price_observed *price,
                        int64_t now_us)
{
    int64_t age_us = price->observed_us != 0 ? MAX(0, now_us - price->observed_us) : -1;
    if (price->quality == HCP_QUALITY_GOOD)
        add(f, name, HEALTHY, age_us, NULL);
    else
        add(f, name, DEGRADED, age_us, hcp_enum_name(&HCP_QUALITY_NAMES, (int)price->quality));
}

static void check_prices(hcp_services *services, findings *f, int64_t now_us)
{
    const hcp_state *state = hcp_services_state(services);
    static const hcp_price_kind kinds[] = {HCP_PRICE_BTC, HCP_PRICE_GPU_SPOT, HCP_PRICE_DIFFICULTY,
                                           HCP_PRICE_BLOCK_SUBSIDY};
    for (uint32_t i = 0; i < state->fleet.facilities->len; i++) {
        g_autofree char *name =
            g_strconcat("price:electricity:", hcp_state_facility(state, i)->def.key, NULL);
        check_price(f, name, hcp_prices_electricity(state, i), now_us);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *name =
            g_strconcat("price:", hcp_enum_name(&HCP_PRICE_KIND_NAMES, (int)kinds[i]), NULL);
        check_price(f, name, &state->market.global[kinds[i]], now_us);
    }
}

static void check_devices(hcp_services *services, findings *f, int64_t now_us)
{
    const hcp_latest *latest = hcp_platform_latest(services->platform);
    int64_t limit_us = STALE_SAMPLES * hcp_platform_sample_interval(services->platform);
    if (limit_us == 0)
        return;
    if (latest->sampled_us == 0)
        add(f, "devices", DEGRADED, -1, "no device has been sampled yet");
    else if (now_us - latest->sampled_us > limit_us)
        add(f, "devices", DEGRADED, now_us - latest->sampled_us, "the last sample is old");
    else
        add(f, "devices", HEALTHY, MAX(0, now_us - latest->sampled_us), NULL);
}

static findings examine(hcp_services *services)
{
    findings f = {.list = json_array()};
    int64_t now_us = hcp_platform_now(services->platform);
    check_journal(services, &f);
    check_prices(services, &f, now_us);
    check_devices(services, &f, now_us);
    return f;
}

/* Takes the list of `f`. */
static void reply(hcp_services *services, hcp_http_request *request, findings *f, bool verbose)
{
    json_t *body = json_object();
    hcp_json_set_string(body, "status", VERDICTS[f->worst]);
    hcp_json_set_string(body, "service", hcp_service_name(hcp_http_request_service(request)));
    hcp_json_set_string(body, "version", HCP_VERSION);
    hcp_json_set_number(body, "uptime_s",
                        (double)(g_get_monotonic_time() - services->started_us) / HCP_US_PER_S);
    if (verbose)
        json_object_set(body, "dependencies", f->list);
    json_decref(f->list);
    hcp_http_reply_json(request, f->worst == UNHEALTHY ? 503 : 200, body);
}

static void get_health(hcp_http_request *request, void *data)
{
    findings f = examine(data);
    reply(data, request, &f, true);
}

static void get_livez(hcp_http_request *request, void *data)
{
    findings f = {.list = json_array()};
    reply(data, request, &f, false);
}

static void get_readyz(hcp_http_request *request, void *data)
{
    static const char *const yes[] = {"", "true", "1", NULL};
    findings f = examine(data);
    reply(data, request, &f, g_strv_contains(yes, hcp_http_request_query(request, "verbose")));
}

static const hcp_http_binding BINDINGS[] = {
    {"getHealth", get_health},
    {"getLivez", get_livez},
    {"getReadyz", get_readyz},
};

bool hcp_services_bind_health(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}
