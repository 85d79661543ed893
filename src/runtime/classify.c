/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The learned classifier beside the rules. Its answer travels with the submission, as the plan of a deferral does: the
 * core journals it in the event that accepts the workload, so a replay needs no model.
 */
#include "runtime/classify.h"

#include "base/error.h"
#include "base/units.h"
#include "economics/classifier/model_json.h"
#include "runtime/platform_internal.h"
#include "runtime/share.h"

#include <math.h>

static const char BUILT_IN[] = "models/classifier.json";

hcp_classify_features hcp_classify_features_of(const hcp_state *state, const hcp_submit *submit)
{
    uint32_t customer =
        submit->customer != HCP_NO_INDEX ? submit->customer : state->settings.default_customer;
    const char *tier = submit->tier;
    if (tier == NULL && customer < state->fleet.customers->len)
        tier = hcp_state_customer(state, customer)->def.tier;
    return (hcp_classify_features){
        .kind = submit->kind,
        .max_latency_us = submit->max_latency_us,
        .devices = submit->count,
        .duration_us = submit->duration_us,
        .tier = tier,
    };
}

static double share_of_memory(const hcp_state *state, double bytes, uint64_t classes)
{
    int64_t smallest = INT64_MAX;
    for (uint32_t i = 0; i < state->fleet.classes->len; i++) {
        const hcp_class_defined *def = &hcp_state_class(state, i)->def;
        bool accepted = classes == 0 ? def->rate_usd_micro_per_h > 0 : ((classes >> i) & 1) != 0;
        if (accepted && def->kind == HCP_DEVICE_GPU && (double)def->memory_bytes >= bytes)
            smallest = MIN(smallest, def->memory_bytes);
    }
    return bytes > 0 && smallest < INT64_MAX ? bytes / (double)smallest : NAN;
}

hcp_classifier_input hcp_classify_input_of(const hcp_state *state,
                                           const hcp_classify_features *features,
                                           int64_t model_bytes, uint64_t classes)
{
    hcp_classifier_input input = HCP_CLASSIFIER_NOTHING;
    const char *kind = hcp_enum_name(&HCP_WORKLOAD_KIND_NAMES, (int)features->kind);
    input.value[HCP_CLASSIFIER_TYPE] = hcp_classifier_category(HCP_CLASSIFIER_TYPE, kind);
    input.value[HCP_CLASSIFIER_TIER] = hcp_classifier_category(HCP_CLASSIFIER_TIER, features->tier);
    if (features->max_latency_us > 0)
        input.value[HCP_CLASSIFIER_LATENCY_MS] =
            (double)features->max_latency_us / (double)HCP_US_PER_MS;
    if (features->devices > 0)
        input.value[HCP_CLASSIFIER_GPUS] = features->devices;
    if (features->duration_us > 0)
        input.value[HCP_CLASSIFIER_DURATION_H] =
            (double)features->duration_us / (double)HCP_US_PER_H;
    input.value[HCP_CLASSIFIER_MODEL_SHARE] =
        share_of_memory(state, (double)model_bytes / MAX(1, features->devices), classes);
    return input;
}

bool hcp_classify_load(const char *spec, hcp_classifier_owned **ret_model, GError **error)
{
    *ret_model = NULL;
    if (g_str_equal(spec, "off"))
        return true;
    g_autoptr(json_t) object = NULL;
    if (g_str_equal(spec, "builtin")) {
        g_autoptr(GBytes) bytes = hcp_share_lookup(BUILT_IN);
        g_assert(bytes != NULL);
        gsize size = 0;
        const char *text = g_bytes_get_data(bytes, &size);
        object = hcp_json_parse(text, size, error);
    } else {
        object = hcp_json_parse_file(spec, error);
    }
    if (object != NULL)
        *ret_model = hcp_classifier_from_json(object, error);
    if (*ret_model == NULL)
        g_prefix_error(error, "classifier %s: ", spec);
    return *ret_model != NULL;
}

/* --- the platform's own ---------------------------------------------------------------------------------------------- */

static hcp_classifier_input input_of(const hcp_platform *platform, const hcp_submit *submit)
{
    const hcp_state *state = hcp_core_state(platform->core);
    const hcp_classify_features features = hcp_classify_features_of(state, submit);
    return hcp_classify_input_of(state, &features, submit->model_bytes, submit->classes);
}

/* The submissions still in memory, so that a restart does not forget what they look like. */
static void recall(hcp_platform *platform)
{
    const hcp_state *state = hcp_core_state(platform->core);
    for (guint i = 0; i < state->workloads.items->len; i++) {
        const hcp_workload_accepted *def = &hcp_state_workload(state, i)->def;
        if (def->id.value == 0 || g_strcmp0(def->classified_by, HCP_CLASSIFIED_AS_REQUESTED) == 0)
            continue;
        const hcp_submit submit = {
            .customer = def->customer,
            .tier = def->tier,
            .kind = def->kind,
            .classes = def->classes,
            .count = def->count,
            .duration_us = def->duration_us,
            .max_latency_us = def->max_latency_us,
            .model_bytes = def->model_bytes,
        };
        const hcp_classifier_input input = input_of(platform, &submit);
        hcp_classifier_drift_observe(&platform->drift, &platform->classifier->model, &input);
    }
}

static void tell(hcp_platform *platform, const char *model, const char *what)
{
    hcp_platform_command(platform, &(hcp_command){.type = HCP_COMMAND_REPORT_DRIFT,
                                                  .drift = {.model = model, .what = what}});
}

/* Takes up the alert about this model that is open in the state, and withdraws those about others. */
static void resume_alerts(hcp_platform *platform)
{
    const char *model = platform->classifier != NULL ? platform->classifier->model.name : NULL;
    const GArray *alerts = hcp_core_state(platform->core)->alerts;
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    platform->drift_told = false;
    for (guint i = 0; i < alerts->len; i++) {
        const hcp_alert *alert = &g_array_index(alerts, hcp_alert, i);
        if (alert->cleared_us != 0 || !g_str_equal(alert->def.kind, "classifier_drift"))
            continue;
        if (g_strcmp0(alert->def.subject, model) == 0)
            platform->drift_told = true;
        else
            g_ptr_array_add(others, g_strdup(alert->def.subject));
    }
    for (guint i = 0; i < others->len; i++)
        tell(platform, others->pdata[i], NULL);
}

void hcp_platform_set_classifier(hcp_platform *platform, hcp_classifier_owned *classifier)
{
    hcp_classifier_owned_free(platform->classifier);
    platform->classifier = classifier;
    platform->drift = (hcp_classifier_drift){0};
    resume_alerts(platform);
    if (classifier != NULL)
        recall(platform);
}

static void describe_drift(const hcp_platform *platform, int feature, char *ret_text, gsize size)
{
    const hcp_classifier_model *model = &platform->classifier->model;
    g_snprintf(ret_text, size,
               "submissions no longer look like those it was fitted on: %s differs by %.2f, more "
               "than %.2f",
               hcp_classifier_feature_name(feature),
               hcp_classifier_drift_index(&platform->drift, model, feature),
               HCP_CLASSIFIER_DRIFT_LIMIT);
}

/* An alert for a model that would decide otherwise; one that is silent anyway is nobody's concern. */
static void watch_drift(hcp_platform *platform)
{
    const hcp_classifier_model *model = &platform->classifier->model;
    if (hcp_classifier_silence(model) != NULL || platform->drift.n < HCP_CLASSIFIER_WINDOW_MIN)
        return;
    int feature = hcp_classifier_drift_found(&platform->drift, model);
    if ((feature >= 0) == platform->drift_told)
        return;
    char what[192];
    platform->drift_told = feature >= 0;
    if (feature >= 0)
        describe_drift(platform, feature, what, sizeof what);
    tell(platform, model->name, feature >= 0 ? what : NULL);
}

/* Writes into `ret_why` why the model must not decide about this submission; false when it may. */
static bool is_silent(const hcp_platform *platform, const hcp_platform_classification *c,
                      char *ret_why, gsize size)
{
    const hcp_classifier_model *model = c->model;
    if (model == NULL) {
        g_strlcpy(ret_why, "no model is configured", size);
        return true;
    }
    if (c->features.kind == HCP_WORKLOAD_BITCOIN_MINING) {
        g_strlcpy(ret_why, "mining is not submitted, so no model has learned of it", size);
        return true;
    }
    const char *why = hcp_classifier_silence(model);
    if (why != NULL) {
        g_strlcpy(ret_why, why, size);
        return true;
    }
    int drifted = hcp_classifier_drift_found(&platform->drift, model);
    if (drifted >= 0) {
        describe_drift(platform, drifted, ret_why, size);
        return true;
    }
    if (c->answer.margin < model->min_margin) {
        g_snprintf(ret_why, size, "its margin here is %.2f, less than %.2f", c->answer.margin,
                   model->min_margin);
        return true;
    }
    return false;
}

void hcp_platform_classify(const hcp_platform *platform, const hcp_submit *submit,
                           hcp_platform_classification *ret_classification)
{
    const hcp_state *state = hcp_core_state(platform->core);
    hcp_platform_classification c = {.features = hcp_classify_features_of(state, submit)};
    hcp_classify(&c.features, &c.rules);
    c.model = platform->classifier != NULL ? &platform->classifier->model : NULL;
    if (c.model != NULL) {
        const hcp_classifier_input input = input_of(platform, submit);
        hcp_classifier_ask(c.model, &input, &c.answer);
        for (int f = 0; f < HCP_CLASSIFIER_FEATURES; f++)
            c.drift[f] = hcp_classifier_drift_index(&platform->drift, c.model, f);
    }
    c.learned = !is_silent(platform, &c, c.silence, sizeof c.silence);
    c.priority = c.learned ? (hcp_priority)(HCP_PRIORITY_P1 + c.answer.best) : c.rules.priority;
    *ret_classification = c;
}

void hcp_classify_plan(const hcp_platform *platform, hcp_submit *submit, hcp_learned_text ret_text)
{
    hcp_platform_classification c;
    if (submit->priority != HCP_PRIORITY_NONE || platform->classifier == NULL ||
        submit->kind >= HCP_WORKLOAD_KINDS)
        return;
    hcp_platform_classify(platform, submit, &c);
    if (!c.learned)
        return;
    g_autofree char *reason = hcp_classifier_describe(c.model, &c.answer);
    g_strlcpy(ret_text, reason, sizeof(hcp_learned_text));
    submit->learned.priority = c.priority;
    submit->learned.reason = ret_text;
}

void hcp_classify_remember(hcp_platform *platform, const hcp_submit *submit)
{
    if (submit->priority != HCP_PRIORITY_NONE || platform->classifier == NULL)
        return;
    const hcp_classifier_input input = input_of(platform, submit);
    hcp_classifier_drift_observe(&platform->drift, &platform->classifier->model, &input);
    watch_drift(platform);
}
