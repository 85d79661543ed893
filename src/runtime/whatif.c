/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/whatif.h"

#include "base/error.h"
#include "runtime/site.h"
#include "runtime/whatif_internal.h"

bool hcp_whatif_model_of(const hcp_config *config, hcp_whatif_model *ret_model, GError **error)
{
    *ret_model = (hcp_whatif_model){
        .preset = (hcp_switchtime_preset)hcp_switchtime_preset_parse(config->preset),
        .seed = (uint64_t)config->seed,
    };
    return hcp_site_platform_options(config, &ret_model->platform, error);
}

bool hcp_whatif_tell(const hcp_whatif_stage *stage, double done, GError **error)
{
    const hcp_whatif_options *options = stage->options;
    if (options->progress == NULL ||
        options->progress(options->progress_data, stage->stage, stage->from + stage->span * done))
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_BUSY, "stopped before it was done");
    return false;
}

static void note(hcp_whatif_answer *answer, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(hcp_whatif_answer *answer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(answer->notes, g_strdup_vprintf(format, args));
    va_end(args);
}

static void add_notes(const hcp_whatif_period *period, const hcp_whatif_run_result *unchanged,
                      const hcp_whatif_run_result *changed, hcp_whatif_answer *answer)
{
    note(answer, "Devices of a rerun are simulated; compare a change with the unchanged rerun, and "
                 "that one with what happened.");
    note(answer,
         "Submissions that were refused then are not in the journal, so no rerun has them.");
    if (period->several_policies)
        note(answer,
             "More than one dispatch policy decided in the period; the reruns use the "
             "first one (%s) throughout.",
             period->policy);
    if (unchanged->facts_refused + changed->facts_refused > 0)
        note(answer,
             "Recorded orders that no longer fitted: %" G_GUINT64_FORMAT
             " in the unchanged rerun, %" G_GUINT64_FORMAT " in the changed one.",
             unchanged->facts_refused, changed->facts_refused);
    if (changed->prices_refused > unchanged->prices_refused)
        note(answer,
             "%" G_GUINT64_FORMAT " changed prices were impossible and were not used: the price "
             "before stayed in force.",
             changed->prices_refused - unchanged->prices_refused);
}

static void fill(const hcp_whatif_options *options, const hcp_whatif_period *period,
                 hcp_whatif_answer *answer)
{
    const char *configured = options->model->platform.policy->name;
    const char *policy = period->policy != NULL ? period->policy : configured;
    const char *asked = options->question->policy;
    *answer = (hcp_whatif_answer){
        .from_us = period->from_us,
        .to_us = period->to_us,
        .stored_from_us = period->stored_from_us,
        .stored_until_us = period->stored_until_us,
        .first_seq = period->first_seq,
        .n_entries = period->n_entries,
        .policy = g_strdup(policy),
        .changed_policy = g_strdup(asked != NULL ? asked : policy),
        .actual = period->actual,
        .has_changes = hcp_whatif_question_changes(options->question),
        .notes = g_ptr_array_new_with_free_func(g_free),
    };
}

bool hcp_whatif_run(const hcp_whatif_options *options, hcp_whatif_answer *ret_answer,
                    GError **error)
{
    g_auto(hcp_whatif_period) period = {0};
    bool twice = hcp_whatif_question_changes(options->question);
    const hcp_whatif_stage reading = {options, "reading the journal", 0, 0.2},
                           changed = {options, "with the changes", 0.2, 0.4},
                           unchanged = {options, "unchanged", twice ? 0.6 : 0.2, twice ? 0.4 : 0.8};
    hcp_whatif_run_result results[2];
    /* The changed run first: what is wrong with the question shows at once. */
    if (!hcp_whatif_period_read(options->journal, options->question, &reading, &period, error) ||
        !hcp_whatif_check_series(options->question, &period, error) ||
        (twice && !hcp_whatif_rerun(&period, options->model, options->question, &changed,
                                    &results[1], error)) ||
        !hcp_whatif_rerun(&period, options->model, NULL, &unchanged, &results[0], error))
        return false;
    if (!twice)
        results[1] = results[0];
    fill(options, &period, ret_answer);
    ret_answer->unchanged = results[0].figures;
    ret_answer->changed = results[1].figures;
    g_strlcpy(ret_answer->state_hash, results[1].state_hash, sizeof ret_answer->state_hash);
    add_notes(&period, &results[0], &results[1], ret_answer);
    return true;
}

void hcp_whatif_answer_clear(hcp_whatif_answer *answer)
{
    g_free(answer->policy);
    g_free(answer->changed_policy);
    g_clear_pointer(&answer->notes, g_ptr_array_unref);
    *answer = (hcp_whatif_answer){0};
}
