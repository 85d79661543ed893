/* SPDX-License-Identifier: Apache-2.0 */
#include "services/submission.h"

#include "base/timefmt.h"
#include "base/units.h"

#include <math.h>
#include <string.h>

#define BYTES_PER_GB 1e9

/* A body being read; the problem is made with the first fault. */
typedef struct {
    const json_t *body, *requirements;
    hcp_problem *problem;
} reading;

static void fault(reading *r, const char *pointer, const char *detail)
{
    if (r->problem == NULL)
        r->problem = hcp_problem_new(422, "invalid-value", "%s", detail);
    hcp_problem_add(r->problem, pointer, detail);
}

/* The member, wherever it was written; given in both places it must say the same. */
static const json_t *member(reading *r, const char *key)
{
    const json_t *outer = json_object_get(r->body, key);
    const json_t *inner = json_object_get(r->requirements, key);
    if (outer != NULL && inner != NULL && !json_equal(outer, inner)) {
        g_autofree char *pointer = g_strconcat("/requirements/", key, NULL);
        g_autofree char *detail =
            g_strdup_printf("%s is given twice, here and at /%s, with different values", key, key);
        fault(r, pointer, detail);
    }
    return outer != NULL ? outer : inner;
}

static char *pointer_of(const json_t *body, const char *key)
{
    bool inner = json_object_get(body, key) == NULL &&
                 json_object_get(json_object_get(body, "requirements"), key) != NULL;
    return g_strconcat(inner ? "/requirements/" : "/", key, NULL);
}

static void fault_of(reading *r, const char *key, const char *format, const char *value)
{
    g_autofree char *pointer = pointer_of(r->body, key);
    GString *detail = g_string_new(format);
    g_string_replace(detail, "%", value, 1);
    fault(r, pointer, detail->str);
    g_string_free(detail, TRUE);
}

static double number(reading *r, const char *key)
{
    const json_t *value = member(r, key);
    return value != NULL ? json_number_value(value) : 0;
}

static const char *string(reading *r, const char *key)
{
    return json_string_value(member(r, key));
}

/* "P1", 1 and "Critical" are the same priority. */
static hcp_priority read_priority(const json_t *value)
{
    static const char *const spellings[][2] = {
        {"P1", "critical"}, {"P2", "high"}, {"P3", "medium"}, {"P4", "low"}};
    if (json_is_integer(value))
        return (hcp_priority)json_integer_value(value);
    for (size_t i = 0; value != NULL && i < G_N_ELEMENTS(spellings); i++)
        for (size_t j = 0; j < 2; j++)
            if (g_ascii_strcasecmp(json_string_value(value), spellings[i][j]) == 0)
                return (hcp_priority)(HCP_PRIORITY_P1 + i);
    return HCP_PRIORITY_NONE;
}

static void read_kind(reading *r, hcp_submit *submit)
{
    const char *v1 = hcp_json_string(r->body, "workload_type", NULL);
    const char *v2 = hcp_json_string(r->body, "type", NULL);
    if (v1 != NULL && v2 != NULL && !g_str_equal(v1, v2))
        fault(r, "/type", "type and workload_type are the same thing and must not differ");
    const char *name = v1 != NULL ? v1 : v2;
    if (name == NULL)
        fault(r, "/workload_type", "workload_type (or type) is missing");
    else
        submit->kind = (hcp_workload_kind)hcp_enum_value(&HCP_WORKLOAD_KIND_NAMES, name);
}

static void read_places(reading *r, const hcp_core *core, hcp_submit *submit)
{
    const char *customer = hcp_json_string(r->body, "customer_id", NULL);
    const char *facility = string(r, "facility");
    const char *gpu_type = string(r, "gpu_type");
    if (customer != NULL) {
        submit->customer = hcp_core_find_customer(core, customer);
        if (submit->customer == HCP_NO_INDEX)
            fault_of(r, "customer_id", "there is no customer %", customer);
    }
    if (facility != NULL) {
        submit->facility = hcp_core_find_facility(core, facility);
        if (submit->facility == HCP_NO_INDEX)
            fault_of(r, "facility", "there is no facility %", facility);
    }
    if (gpu_type != NULL) {
        submit->classes = hcp_core_match_classes(core, gpu_type);
        if (submit->classes == 0)
            fault_of(r, "gpu_type", "there is no device class % here", gpu_type);
    }
}

/* What may wait needs an end: a deadline, and a duration to count back from it. */
static void read_deadline(reading *r, hcp_submit *submit)
{
    const char *deadline = hcp_json_string(r->body, "deadline", NULL);
    submit->deferrable = hcp_json_bool(r->body, "deferrable", false);
    if (deadline != NULL &&
        (!hcp_time_parse(deadline, &submit->finish_by_us, NULL) || submit->finish_by_us <= 0))
        fault(r, "/deadline", "deadline is a time such as 2026-11-25T18:00:00Z");
    if (submit->deferrable && deadline == NULL)
        fault(r, "/deadline", "deferrable work needs a deadline by which it must be done");
    if (deadline != NULL && submit->duration_us == 0)
        fault(r, "/duration_hours", "a deadline needs the duration of the work");
}

bool hcp_submission_read(hcp_services *services, hcp_http_request *request, const json_t *body,
                         hcp_submit *ret_submit)
{
    reading r = {.body = body, .requirements = json_object_get(body, "requirements")};
    hcp_submit submit = {.customer = HCP_NO_INDEX, .facility = HCP_NO_INDEX, .count = 1};
    read_kind(&r, &submit);
    read_places(&r, hcp_services_core(services), &submit);
    submit.name = hcp_json_string(body, "name", NULL);
    submit.model = hcp_json_string(body, "model", NULL);
    submit.tier = hcp_json_string(body, "customer_tier", NULL);
    submit.priority = read_priority(json_object_get(body, "priority"));
    if (member(&r, "gpu_count") != NULL)
        submit.count = (uint32_t)number(&r, "gpu_count");
    submit.share_milli = (uint32_t)lround(number(&r, "gpu_fraction") * HCP_SHARE_WHOLE);
    /* Ranges were checked by the contract, so none of these overflows. */
    submit.duration_us = llround(number(&r, "duration_hours") * (double)HCP_US_PER_H);
    submit.max_latency_us = llround(number(&r, "max_latency_ms") * (double)HCP_US_PER_MS);
    submit.model_bytes = llround(number(&r, "model_gb") * BYTES_PER_GB);
    read_deadline(&r, &submit);
    if (r.problem != NULL) {
        hcp_http_reply_problem(request, r.problem);
        return false;
    }
    *ret_submit = submit;
    return true;
}

void hcp_submission_refuse(hcp_http_request *request, const json_t *body,
                           const hcp_refusal *refusal)
{
    hcp_refusal placed = *refusal;
    g_autofree char *pointer = NULL;
    if (refusal->field != NULL) {
        pointer = pointer_of(body, refusal->field);
        placed.field = pointer + 1;
    }
    hcp_services_reply_refusal(request, &placed);
}
