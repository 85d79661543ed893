/* SPDX-License-Identifier: Apache-2.0 */
/* What hindsight would have made of the movable devices: GET /api/v1/regret, and its hourly computation. */
#include "services/regret.h"

#include "base/units.h"

#include <string.h>

/* A window counts as full when all but a quarter of an hour of it is there. */
static const double SLACK_H = 0.25;

static json_t *window_json(const hcp_regret_answer *answer, hcp_regret_window window)
{
    json_t *object = hcp_regret_answer_json(answer);
    double hours = hcp_regret_window_hours(window);
    hcp_json_set_string(object, "window", hcp_enum_name(&HCP_REGRET_WINDOW_NAMES, (int)window));
    hcp_json_set_number(object, "window_hours", hours);
    hcp_json_set_bool(object, "complete",
                      answer->figures.hours + answer->excluded_h >= hours - SLACK_H);
    return object;
}

json_t *hcp_regret_day_json(hcp_services *services, uint32_t facility)
{
    const hcp_regret_answer *answer = hcp_regrets_find(services->regrets, facility, HCP_REGRET_DAY);
    return answer != NULL ? window_json(answer, HCP_REGRET_DAY) : json_null();
}

static json_t *facility_json(hcp_services *services, uint32_t facility)
{
    const hcp_state *state = hcp_services_state(services);
    json_t *object = json_object(), *windows = json_array();
    hcp_json_set_string(object, "facility", hcp_state_facility(state, facility)->def.key);
    for (int w = 0; w < HCP_REGRET_WINDOWS; w++) {
        const hcp_regret_answer *answer =
            hcp_regrets_find(services->regrets, facility, (hcp_regret_window)w);
        if (answer != NULL)
            json_array_append_new(windows, window_json(answer, (hcp_regret_window)w));
    }
    json_object_set_new(object, "windows", windows);
    return object;
}

static void get_regret(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const char *name = hcp_http_request_query(request, "facility");
    uint32_t only =
        name != NULL ? hcp_core_find_facility(hcp_services_core(services), name) : HCP_NO_INDEX;
    if (name != NULL && only == HCP_NO_INDEX) {
        hcp_http_reply_not_found(request, "facility", name);
        return;
    }
    hcp_regrets_view view;
    hcp_regrets_refresh(services->regrets, false);
    hcp_regrets_look(services->regrets, &view);
    int64_t now_us = hcp_platform_now(services->platform);
    json_t *body = json_object(), *facilities = json_array();
    hcp_json_set_time(body, "timestamp", now_us);
    hcp_json_set_bool(body, "computing", view.computing);
    hcp_json_set_time(body, "computed_at", view.computed_us);
    json_object_set_new(body, "age_s", json_null());
    json_object_set_new(body, "took_s", json_null());
    if (view.computed_us != 0) {
        hcp_services_set_rounded(body, "age_s",
                                 (double)(now_us - view.computed_us) / (double)HCP_US_PER_S, 3);
        hcp_services_set_rounded(body, "took_s", view.took_s, 6);
    }
    for (uint32_t f = 0; f < view.n_facilities; f++)
        if (only == HCP_NO_INDEX || f == only)
            json_array_append_new(facilities, facility_json(services, f));
    json_object_set_new(body, "facilities", facilities);
    hcp_http_reply_json(request, 200, body);
}

/* An hour that has closed is judged without being asked, for those who only look at what is there. */
static void on_commit(void *data, const hcp_journal_batch *batch)
{
    hcp_services *services = data;
    const char *closed = hcp_event_type_name(HCP_EVENT_INTERVAL_CLOSED);
    for (guint i = 0; i < hcp_journal_batch_count(batch); i++)
        if (g_str_equal(hcp_journal_batch_entry(batch, i)->type, closed)) {
            hcp_regrets_refresh(services->regrets, true);
            return;
        }
}

static const hcp_http_binding BINDINGS[] = {
    {"getRegret", get_regret},
};

bool hcp_services_bind_regret(hcp_services *services, GError **error)
{
    services->regrets = hcp_regrets_new(services->platform, services->background);
    hcp_daemon_subscribe(services->daemon, on_commit, services);
    hcp_regrets_refresh(services->regrets, true);
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

void hcp_services_unbind_regret(hcp_services *services)
{
    if (services->regrets == NULL)
        return;
    hcp_daemon_unsubscribe(services->daemon, on_commit, services);
    hcp_regrets_stop(services->regrets);
}
