/* SPDX-License-Identifier: Apache-2.0 */
/* What-if questions over HTTP: asked, followed, listed, deleted. */
#include "base/error.h"
#include "http/page.h"
#include "services/internal.h"
#include "services/whatif_jobs.h"

#include <string.h>

/* Answers a request that has no journal on disk to ask. */
static hcp_whatif_jobs *jobs_of(hcp_services *services, hcp_http_request *request)
{
    if (services->whatif == NULL)
        hcp_http_reply_error(request, 503, "history-unavailable",
                             "the journal of this platform is not on disk");
    return services->whatif;
}

static json_t *view_json(const hcp_whatif_view *view, bool whole)
{
    json_t *object = json_object();
    bool ended = view->status >= HCP_WHATIF_DONE;
    hcp_services_set_id(object, "whatif_id", HCP_ID_WHATIF, view->id);
    hcp_json_set_string(object, "status",
                        hcp_enum_name(&HCP_WHATIF_STATUS_NAMES, (int)view->status));
    hcp_json_set_time(object, "asked_at", view->asked_us);
    hcp_json_set_string(object, "stage", ended ? NULL : view->stage);
    hcp_services_set_rounded(object, "progress", view->progress, 3);
    json_object_set_new(object, "took_s", ended ? json_real(view->took_s) : json_null());
    hcp_json_set_string(object, "error", view->error);
    json_object_set(object, "question", view->question);
    if (whole)
        json_object_set_new(object, "answer",
                            view->answer != NULL ? json_incref(view->answer) : json_null());
    return object;
}

/* The message of a bad question begins with the member it is about. */
static void reply_bad_question(hcp_http_request *request, const GError *error)
{
    hcp_problem *problem = hcp_problem_new(422, "invalid-value", "%s", error->message);
    const char *colon = strchr(error->message, ':');
    if (colon != NULL) {
        g_autofree char *pointer =
            g_strdup_printf("/%.*s", (int)(colon - error->message), error->message);
        hcp_problem_add(problem, pointer, colon + 1 + strspn(colon + 1, " "));
    }
    hcp_http_reply_problem(request, problem);
}

static void reply_full(hcp_http_request *request, const GError *error)
{
    hcp_http_header_add(request, "Retry-After", "5");
    hcp_http_reply_error(request, 429, "too-many-questions", "%s", error->message);
}

static void ask(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    hcp_whatif_jobs *jobs = jobs_of(services, request);
    g_auto(hcp_whatif_question) question = {0};
    g_autoptr(GError) error = NULL;
    hcp_whatif_view view;
    uint64_t id;
    json_t *json = hcp_http_request_body(request);
    if (jobs == NULL)
        return;
    if (!hcp_whatif_question_parse(json, &question, &error)) {
        reply_bad_question(request, error);
        return;
    }
    if (!hcp_whatif_jobs_ask(jobs, &question, json, hcp_platform_now(services->platform), &id,
                             &error)) {
        reply_full(request, error);
        return;
    }
    char text[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_WHATIF, id, text);
    g_autofree char *location = g_strconcat("/api/v1/whatif/", text, NULL);
    hcp_http_header_add(request, "Location", location);
    bool found = hcp_whatif_jobs_find(jobs, id, &view);
    g_assert(found);
    hcp_http_reply_json(request, 202, view_json(&view, true));
}

/* The question that the path names; false: the request has been answered. */
static bool find(hcp_services *services, hcp_http_request *request, hcp_whatif_view *ret_view)
{
    const char *text = hcp_http_request_param(request, "id");
    hcp_whatif_jobs *jobs = jobs_of(services, request);
    uint64_t id;
    if (jobs == NULL)
        return false;
    if (hcp_id_parse(HCP_ID_WHATIF, text, &id) && hcp_whatif_jobs_find(jobs, id, ret_view))
        return true;
    hcp_http_reply_not_found(request, "what-if question", text);
    return false;
}

static void get(hcp_http_request *request, void *data)
{
    hcp_whatif_view view;
    if (find(data, request, &view))
        hcp_http_reply_json(request, 200, view_json(&view, true));
}

static void forget(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    hcp_whatif_view view;
    if (!find(services, request, &view))
        return;
    json_t *body = view_json(&view, false);
    (void)hcp_whatif_jobs_forget(services->whatif, view.id); /* it has just been found */
    hcp_http_reply_json(request, 200, body);
}

static void list(hcp_http_request *request, void *data)
{
    hcp_whatif_jobs *jobs = jobs_of(data, request);
    g_auto(hcp_page) page = {0};
    uint64_t position = 0;
    if (jobs == NULL || !hcp_page_read(request, &page))
        return;
    (void)hcp_id_parse(HCP_ID_WHATIF, page.after, &position); /* "" is the first page */
    json_t *items = json_array();
    hcp_whatif_view view;
    while ((int)json_array_size(items) < page.limit &&
           hcp_whatif_jobs_before(jobs, position, &view)) {
        json_array_append_new(items, view_json(&view, false));
        position = view.id;
    }
    char last[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_WHATIF, position, last);
    bool more = hcp_whatif_jobs_before(jobs, position, &view) && json_array_size(items) > 0;
    json_t *body = json_pack("{s:o}", "questions", items);
    hcp_page_finish(request, body, more ? last : NULL);
    hcp_http_reply_json(request, 200, body);
}

static const hcp_http_binding BINDINGS[] = {
    {"askWhatIf", ask},
    {"listWhatIfs", list},
    {"getWhatIf", get},
    {"deleteWhatIf", forget},
};

bool hcp_services_bind_whatif(hcp_services *services, GError **error)
{
    const hcp_world *world = hcp_daemon_world(services->daemon);
    if (world->directory != NULL)
        services->whatif =
            hcp_whatif_jobs_new(world->directory, &world->whatif, services->background);
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}
