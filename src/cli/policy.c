/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hcp policy`: a policy as a filter. The first line of standard input describes the plant, every further line what is
 * known as a step begins; each is answered by one line with the decision. One JSON object a line.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "cli/commands.h"
#include "cli/economics.h"
#include "economics/formula.h"
#include "economics/plant_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAM_MAX 576

typedef struct {
    hcp_plant *plant;
    hcp_policy *policy;
    int64_t line;
    double dam[DAM_MAX];
} session;

static void session_finish(session *s)
{
    hcp_policy_free(s->policy);
    hcp_plant_free(s->plant);
}

/* The next line as an object; NULL at the end of input, or with `error` set. */
static json_t *read_object(session *s, GError **error)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n = getline(&line, &size, stdin);
    g_autofree char *keep = NULL;
    s->line++;
    if (n <= 0) {
        free(line); // allocated by getline
        return NULL;
    }
    json_t *object = hcp_json_parse(line, (size_t)n, error);
    free(line);
    if (object == NULL)
        g_prefix_error(error, "line %" G_GINT64_FORMAT ": ", s->line);
    return object;
}

typedef struct {
    char *name, *model;
    double utc_offset_h;
    gboolean list;
} arguments;

static bool open_session(session *s, const arguments *args, const hcp_price_model *model,
                         GError **error)
{
    g_autoptr(json_t) head = read_object(s, error);
    if (head == NULL)
        return false;
    hcp_plant_spec spec;
    if (!hcp_plant_spec_from_json(json_object_get(head, "plant"), &spec, error))
        return false;
    spec.step_h = hcp_json_number(head, "step_h", spec.step_h);
    s->plant = hcp_plant_new(&spec, error);
    if (s->plant == NULL)
        return false;
    hcp_policy_config config = hcp_policy_config_default();
    const char *initial = hcp_json_string(head, "initial", s->plant->names[0]);
    config.initial_state = hcp_plant_state(s->plant, initial);
    config.model = model;
    config.utc_offset_h = args->utc_offset_h;
    if (config.initial_state < 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "line 1: \"initial\" names no state of this plant: %s", initial);
        return false;
    }
    s->policy = hcp_policy_new(args->name, s->plant, &config, error);
    return s->policy != NULL;
}

/* 0 where something of it is not known: then mining is taken to earn nothing. */
static double known_hashprice(const json_t *in)
{
    double difficulty = hcp_json_number(in, "difficulty", 0);
    double reward =
        hcp_json_number(in, "subsidy_btc", 0) + hcp_json_number(in, "fee_btc_per_block", 0);
    double btc = hcp_json_number(in, "btc_usd", 0);
    return difficulty > 0 ? hcp_formula_hashprice(difficulty, reward, btc) : 0.0;
}

static bool read_observation(session *s, const json_t *in, hcp_policy_observation *ret_observation,
                             GError **error)
{
    hcp_policy_observation o = {
        .step = hcp_json_int(in, "t", 0),
        .dam_usd_per_mwh = s->dam,
        .hashprice = known_hashprice(in),
    };
    if (!hcp_time_parse(hcp_json_string(in, "ts", ""), &o.ts_us, error)) {
        g_prefix_error(error, "line %" G_GINT64_FORMAT ": \"ts\": ", s->line);
        return false;
    }
    const json_t *dam = json_object_get(in, "dam_usd_mwh");
    o.n_dam = MIN(json_array_size(dam), (size_t)DAM_MAX);
    for (size_t i = 0; i < o.n_dam; i++) {
        const json_t *v = json_array_get(dam, i);
        s->dam[i] = json_is_number(v) ? json_number_value(v) : NAN;
    }
    const json_t *last = json_object_get(in, "last");
    o.last_price_usd_per_mwh = hcp_json_number(last, "price_usd_mwh", NAN);
    o.has_last = json_is_object(last) && isfinite(o.last_price_usd_per_mwh);
    o.last_demand = hcp_json_number(last, "demand", 0);
    o.last_rate_usd_per_gpu_h = hcp_json_number(last, "rate_usd_gpu_h", 0);
    *ret_observation = o;
    return true;
}

static json_t *answer(const hcp_plant *plant, const hcp_policy_decision *d)
{
    json_t *out = json_object();
    hcp_json_set_string(out, "state", plant->names[d->state]);
    hcp_json_set_number(out, "forecast_usd_mwh", d->forecast_usd_per_mwh);
    hcp_json_set_number(out, "forecast_low_usd_mwh", d->forecast_low_usd_per_mwh);
    hcp_json_set_number(out, "forecast_high_usd_mwh", d->forecast_high_usd_per_mwh);
    hcp_json_set_string(out, "rejected",
                        d->rejected_state >= 0 ? plant->names[d->rejected_state] : NULL);
    hcp_json_set_number(out, "gain_usd", d->gain_usd);
    hcp_json_set_number(out, "gain_low_usd", d->gain_low_usd);
    hcp_json_set_number(out, "gain_high_usd", d->gain_high_usd);
    hcp_json_set_number(out, "gap_usd_per_h", d->gap_usd_per_h);
    hcp_json_set_number(out, "stale_h", d->stale_h);
    hcp_json_set_number(out, "switch_cost_usd", d->switch_cost_usd);
    if (isfinite(d->flip_price_usd_per_mwh))
        hcp_json_set_number(out, "flip_price_usd_mwh", d->flip_price_usd_per_mwh);
    if (isfinite(d->confidence))
        hcp_json_set_number(out, "confidence", d->confidence);
    hcp_json_set_string(out, "reason", d->reason);
    hcp_json_set_string(out, "source", d->source);
    return out;
}

static bool run_session(session *s, GError **error)
{
    for (;;) {
        GError *problem = NULL;
        g_autoptr(json_t) in = read_object(s, &problem);
        if (in == NULL) {
            if (problem != NULL)
                g_propagate_error(error, problem);
            return problem == NULL;
        }
        hcp_policy_observation observation;
        hcp_policy_decision decision;
        if (!read_observation(s, in, &observation, error))
            return false;
        hcp_policy_step(s->policy, &observation, &decision);
        g_autoptr(json_t) out = answer(s->plant, &decision);
        g_autofree char *text = hcp_json_print(out, NULL);
        puts(text);
        fflush(stdout);
    }
}

static void list_policies(void)
{
    for (int i = 0; hcp_policy_all()[i] != NULL; i++)
        printf("%-10s %s\n", hcp_policy_all()[i]->name, hcp_policy_all()[i]->summary);
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    if (args->list) {
        list_policies();
        return HCP_EXIT_OK;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_price_model_owned) model = NULL;
    session s = {0};
    bool done = (args->model == NULL || hcp_cli_load_model(args->model, &model, &error)) &&
                open_session(&s, args, model ? &model->model : NULL, &error) &&
                run_session(&s, &error);
    session_finish(&s);
    if (!done)
        fprintf(stderr, "hcp policy: %s\n",
                error != NULL ? error->message : "no line describes the plant");
    return done ? HCP_EXIT_OK : HCP_EXIT_USAGE;
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"name", 'n', HCP_CLI_STRING, AT(name), "Policy to run (hcp)", "NAME",
     "static threshold band lcp mpc hcp"},
    {"model", 'm', HCP_CLI_FILE, AT(model), "Price model written by `hcp fit` (built in)", "FILE",
     NULL},
    {"utc-offset", 0, HCP_CLI_NUMBER, AT(utc_offset_h),
     "Standard time of the market day (-6, ERCOT; 1 for central Europe)", "HOURS", NULL},
    {"list", 'l', HCP_CLI_FLAG, AT(list), "List the policies", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};
static const arguments DEFAULTS = {.name = (char *)"hcp", .utc_offset_h = HCP_UTC_OFFSET_DEFAULT_H};

const hcp_cli_command HCP_CLI_POLICY = {
    .name = "policy",
    .summary = "run a dispatch policy as a filter",
    .description =
        "The first line of standard input describes the plant, every further line what is "
        "known as a step begins; each is answered by one line with the decision.",
    .groups = {{&OPTIONS, 0}},
    .size = sizeof(arguments),
    .defaults = &DEFAULTS,
    .run = run,
};
