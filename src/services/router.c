/* SPDX-License-Identifier: Apache-2.0 */
/* The workload router: what waits, where and why; classifying and trying out a placement without queueing anything. */
#include "base/units.h"
#include "core/explain.h"
#include "core/queue.h"
#include "economics/classifier/model_json.h"
#include "http/page.h"
#include "services/internal.h"
#include "services/submission.h"
#include "services/workload_view.h"

#include <math.h>

static json_t *queue_item(hcp_services *services, uint32_t ix, uint32_t position)
{
    const hcp_core *core = hcp_services_core(services);
    const hcp_state *state = hcp_services_state(services);
    const hcp_workload *row = hcp_state_workload(state, ix);
    int64_t now_us = hcp_platform_now(services->platform);
    json_t *item = json_object();
    hcp_services_set_id(item, "workload_id", HCP_ID_WORKLOAD, row->def.id.value);
    hcp_json_set_int(item, "priority", (int)row->def.priority);
    hcp_json_set_int(item, "position", position);
    hcp_json_set_string(item, "reason", hcp_enum_name(&HCP_WAIT_NAMES, (int)row->wait));
    hcp_json_set_int(item, "waited_ms", (now_us - row->queued_us) / HCP_US_PER_MS);
    hcp_json_set_time(item, "start_by", row->def.deadline_us);
    hcp_json_set_string(item, "customer_id",
                        row->def.customer != HCP_NO_INDEX
                            ? hcp_state_customer(state, row->def.customer)->def.key
                            : NULL);
    hcp_json_set_string(item, "workload_type",
                        hcp_enum_name(&HCP_WORKLOAD_KIND_NAMES, (int)row->def.kind));
    hcp_json_set_int(item, "gpu_count", row->def.count);
    json_object_set_new(item, "eta", hcp_workload_view_eta(core, ix, now_us));
    return item;
}

/* A page of the order of service. The cursor is the position reached: the order itself moves as work starts, so what a
 * position means is "after that many". */
static void list_queue(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    g_auto(hcp_page) page = {0};
    if (!hcp_page_read(request, &page))
        return;
    const hcp_queue *queue = hcp_core_queue(hcp_services_core(services));
    const hcp_state *state = hcp_services_state(services);
    int64_t wanted = hcp_http_request_query_int(request, "priority", 0);
    uint64_t after = g_ascii_strtoull(page.after, NULL, 10);
    uint32_t position = 0, last = 0;
    bool more = false;
    json_t *items = json_array();
    hcp_queue_iter iter;
    hcp_queue_iter_init(&iter, queue, hcp_platform_now(services->platform));
    for (uint32_t ix; !more && (ix = hcp_queue_iter_next(&iter)) != HCP_NO_INDEX;) {
        position++;
        bool other = wanted != 0 && (int64_t)hcp_state_workload(state, ix)->def.priority != wanted;
        if (position <= after || other)
            continue;
        more = (int)json_array_size(items) == page.limit;
        if (more)
            continue;
        json_array_append_new(items, queue_item(services, ix, position));
        last = position;
    }
    json_t *body = json_pack("{s:o, s:i}", "queue", items, "total_depth",
                             (int)hcp_queue_depth(queue, HCP_PRIORITY_NONE));
    g_autofree char *next = g_strdup_printf("%u", last);
    hcp_page_finish(request, body, more ? next : NULL);
    hcp_http_reply_json(request, 200, body);
}

static void get_depth(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_queue *queue = hcp_core_queue(hcp_services_core(services));
    uint32_t total = hcp_queue_depth(queue, HCP_PRIORITY_NONE);
    uint32_t capacity = hcp_services_state(services)->settings.queue_capacity;
    json_t *by_priority = json_object();
    for (int p = HCP_PRIORITY_P1; p <= HCP_PRIORITY_P4; p++) {
        char key[2] = {(char)('0' + p), '\0'};
        hcp_json_set_int(by_priority, key, hcp_queue_depth(queue, (hcp_priority)p));
    }
    json_t *body = json_object();
    hcp_json_set_int(body, "total_depth", total);
    json_object_set_new(body, "by_priority", by_priority);
    hcp_json_set_number(body, "utilization_pct", 100.0 * total / MAX(1, capacity));
    hcp_json_set_int(body, "capacity", capacity);
    hcp_http_reply_json(request, 200, body);
}

/* How long the oldest of each priority has waited; -1 where nothing waits. */
static void oldest_waits(const hcp_services *services, int64_t now_us,
                         int64_t ret_waits_us[HCP_PRIORITIES])
{
    const hcp_state *state = hcp_services_state(services);
    hcp_queue_iter iter;
    for (int p = 0; p < HCP_PRIORITIES; p++)
        ret_waits_us[p] = -1;
    hcp_queue_iter_init(&iter, hcp_core_queue(hcp_services_core(services)), now_us);
    for (uint32_t ix; (ix = hcp_queue_iter_next(&iter)) != HCP_NO_INDEX;) {
        const hcp_workload *row = hcp_state_workload(state, ix);
        int64_t *oldest_us = &ret_waits_us[row->def.priority];
        *oldest_us = MAX(*oldest_us, now_us - row->queued_us);
    }
}

static void set_ms(json_t *object, const char *key, int64_t value_us)
{
    json_object_set_new(object, key,
                        value_us >= 0 ? json_integer(value_us / HCP_US_PER_MS) : json_null());
}

static void get_status(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_settings *settings = &hcp_services_state(services)->settings;
    const int64_t limits_us[HCP_PRIORITIES] = {[HCP_PRIORITY_P1] = settings->max_wait_p1_us,
                                               [HCP_PRIORITY_P2] = settings->max_wait_p2_us,
                                               [HCP_PRIORITY_P3] = settings->max_wait_p3_us,
                                               [HCP_PRIORITY_P4] = -1};
    const hcp_queue *queue = hcp_core_queue(hcp_services_core(services));
    int64_t now_us = hcp_platform_now(services->platform);
    int64_t waits_us[HCP_PRIORITIES];
    oldest_waits(services, now_us, waits_us);
    json_t *classes = json_array();
    for (int p = HCP_PRIORITY_P1; p <= HCP_PRIORITY_P4; p++) {
        json_t *class = json_object();
        hcp_json_set_int(class, "priority", p);
        hcp_json_set_string(class, "name", hcp_enum_name(&HCP_PRIORITY_NAMES, p));
        hcp_json_set_int(class, "depth", hcp_queue_depth(queue, (hcp_priority)p));
        hcp_json_set_int(class, "devices_wanted",
                         (int64_t)hcp_queue_devices(queue, (hcp_priority)p));
        set_ms(class, "max_wait_ms", limits_us[p]);
        set_ms(class, "oldest_wait_ms", waits_us[p]);
        json_array_append_new(classes, class);
    }
    hcp_http_reply_json(request, 200, json_pack("{s:o}", "classes", classes));
}

#define BYTES_PER_GB 1e9

/* --- what would be --------------------------------------------------------------------------------------------------- */

static json_t *features_json(const hcp_classify_features *features, int64_t model_bytes)
{
    json_t *object = json_object();
    hcp_json_set_string(object, "workload_type",
                        hcp_enum_name(&HCP_WORKLOAD_KIND_NAMES, (int)features->kind));
    hcp_json_set_number(object, "max_latency_ms",
                        (double)features->max_latency_us / (double)HCP_US_PER_MS);
    hcp_json_set_int(object, "gpu_count", features->devices);
    hcp_json_set_number(object, "duration_hours",
                        (double)features->duration_us / (double)HCP_US_PER_H);
    hcp_json_set_string(object, "customer_tier", features->tier);
    hcp_json_set_number(object, "model_gb", (double)model_bytes / BYTES_PER_GB);
    return object;
}

static json_t *rules_counterfactual(const hcp_classification *class)
{
    if (class->feature == NULL)
        return json_null();
    return json_pack("{s:s, s:f, s:f, s:s, s:i}", "feature", class->feature, "value",
                     class->feature_value, "flip_value", class->flip_value, "unit",
                     class->feature_unit, "priority", (int)class->flip_priority);
}

static void set_value(json_t *object, const char *key, int feature, double value)
{
    const char *const *values = hcp_classifier_feature_values(feature);
    json_object_set_new(object, key,
                        values != NULL ? json_string(values[(int)value]) : json_real(value));
}

static json_t *model_counterfactual(const hcp_classifier_answer *answer)
{
    if (answer->feature < 0)
        return json_null();
    json_t *object = json_object();
    hcp_json_set_string(object, "feature", hcp_classifier_feature_name(answer->feature));
    set_value(object, "value", answer->feature, answer->value);
    set_value(object, "flip_value", answer->feature, answer->flip_value);
    hcp_json_set_string(object, "unit", hcp_classifier_feature_unit(answer->feature));
    hcp_json_set_int(object, "priority", HCP_PRIORITY_P1 + answer->flip);
    return object;
}

static json_t *drift_json(const hcp_platform_classification *c)
{
    json_t *object = json_object();
    for (int f = 0; f < HCP_CLASSIFIER_FEATURES; f++)
        if (((c->model->features >> f) & 1) != 0)
            hcp_services_set_rounded(object, hcp_classifier_feature_name(f), c->drift[f], 4);
    return object;
}

/* What the model says, decided or not. */
static json_t *model_json(const hcp_platform_classification *c)
{
    if (c->model == NULL)
        return json_null();
    json_t *object = json_object(), *probability = json_object(), *uses = json_array();
    hcp_json_set_string(object, "name", c->model->name);
    hcp_json_set_int(object, "version", c->model->version);
    hcp_json_set_string(object, "fitted", c->model->fitted);
    hcp_json_set_string(object, "provenance", c->model->provenance);
    hcp_json_set_int(object, "priority", HCP_PRIORITY_P1 + c->answer.best);
    for (int p = 0; p < HCP_CLASSIFIER_CLASSES; p++)
        hcp_services_set_rounded(probability,
                                 hcp_enum_name(&HCP_PRIORITY_NAMES, HCP_PRIORITY_P1 + p),
                                 c->answer.share[p], 4);
    json_object_set_new(object, "probability", probability);
    hcp_services_set_rounded(object, "margin", c->answer.margin, 4);
    hcp_json_set_number(object, "min_margin", c->model->min_margin);
    hcp_json_set_int(object, "alike", c->answer.n);
    for (int f = 0; f < HCP_CLASSIFIER_FEATURES; f++)
        if (((c->model->features >> f) & 1) != 0)
            json_array_append_new(uses, json_string(hcp_classifier_feature_name(f)));
    json_object_set_new(object, "features", uses);
    json_object_set_new(object, "counterfactual", model_counterfactual(&c->answer));
    json_object_set_new(object, "drift", drift_json(c));
    json_object_set_new(object, "held_out", hcp_classifier_judgement_to_json(&c->model->held_out));
    return object;
}

static void classify(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    hcp_submit submit;
    if (!hcp_submission_read(services, request, hcp_http_request_body(request), &submit))
        return;
    hcp_platform_classification c;
    hcp_platform_classify(services->platform, &submit, &c);
    g_autofree char *sentence = c.learned ? hcp_classifier_describe(c.model, &c.answer)
                                          : hcp_classification_describe(&c.rules);
    json_t *body = json_object();
    hcp_json_set_int(body, "priority", (int)c.priority);
    hcp_json_set_string(body, "class", hcp_enum_name(&HCP_PRIORITY_NAMES, (int)c.priority));
    hcp_json_set_string(body, "source", c.learned ? "model" : "rules");
    hcp_json_set_string(body, "reason", sentence);
    hcp_json_set_string(body, "rule", c.rules.rule);
    hcp_json_set_int(body, "rules_priority", (int)c.rules.priority);
    hcp_services_set_rounded(body, "margin", c.learned ? c.answer.margin : c.rules.margin, 4);
    json_object_set_new(body, "features", features_json(&c.features, submit.model_bytes));
    json_object_set_new(body, "counterfactual",
                        c.learned ? model_counterfactual(&c.answer)
                                  : rules_counterfactual(&c.rules));
    json_object_set_new(body, "model", model_json(&c));
    hcp_json_set_string(body, "model_silent", c.learned ? NULL : c.silence);
    hcp_http_reply_json(request, 200, body);
}

static const hcp_http_binding BINDINGS[] = {
    {"listQueue", list_queue},
    {"getQueueDepth", get_depth},
    {"getQueueStatus", get_status},
    {"classifyWorkload", classify},
};

bool hcp_services_bind_router(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}
