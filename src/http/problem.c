/* SPDX-License-Identifier: Apache-2.0 */
#include "http/problem.h"

#include "base/json.h"

#include <stdarg.h>

struct hcp_problem {
    unsigned status;
    const char *slug;
    char *detail;
    json_t *errors;     /* array, NULL while empty */
    json_t *extensions; /* object, NULL while empty */
};

hcp_problem *hcp_problem_new(unsigned status, const char *slug, const char *detail_format, ...)
{
    g_assert(status >= 400 && status < 600);
    hcp_problem *problem = g_new0(hcp_problem, 1);
    va_list arguments;
    va_start(arguments, detail_format);
    problem->status = status;
    problem->slug = slug;
    problem->detail = g_strdup_vprintf(detail_format, arguments);
    va_end(arguments);
    return problem;
}

/* A detail may quote what a client sent, so it is made valid UTF-8 before it enters JSON. */
static json_t *safe_string(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return json_string(valid);
}

void hcp_problem_add(hcp_problem *problem, const char *pointer, const char *detail)
{
    json_t *error = json_object();
    json_object_set_new(error, "pointer", safe_string(pointer));
    json_object_set_new(error, "detail", safe_string(detail));
    if (problem->errors == NULL)
        problem->errors = json_array();
    json_array_append_new(problem->errors, error);
}

void hcp_problem_set(hcp_problem *problem, const char *name, json_t *value)
{
    if (problem->extensions == NULL)
        problem->extensions = json_object();
    json_object_set_new(problem->extensions, name, value);
}

unsigned hcp_problem_status(const hcp_problem *problem)
{
    return problem->status;
}

/* "quota-exceeded" → "Quota exceeded". */
static char *title_of(const char *slug)
{
    char *title = g_strdelimit(g_strdup(slug), "-", ' ');
    title[0] = g_ascii_toupper(title[0]);
    return title;
}

json_t *hcp_problem_to_json(const hcp_problem *problem, const char *instance, const char *trace_id)
{
    g_autofree char *type = g_strconcat("urn:hcp:problem:", problem->slug, NULL);
    g_autofree char *title = title_of(problem->slug);
    json_t *document = json_object();
    hcp_json_set_string(document, "type", type);
    hcp_json_set_string(document, "title", title);
    hcp_json_set_int(document, "status", problem->status);
    json_object_set_new(document, "detail", safe_string(problem->detail));
    if (instance != NULL)
        json_object_set_new(document, "instance", safe_string(instance));
    if (trace_id != NULL)
        hcp_json_set_string(document, "trace_id", trace_id);
    if (problem->errors != NULL)
        json_object_set(document, "errors", problem->errors);
    if (problem->extensions != NULL)
        json_object_update_missing(document, problem->extensions);
    return document;
}

void hcp_problem_free(hcp_problem *problem)
{
    if (problem == NULL)
        return;
    json_decref(problem->errors);
    json_decref(problem->extensions);
    g_free(problem->detail);
    g_free(problem);
}
