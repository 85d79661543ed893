/* SPDX-License-Identifier: Apache-2.0 */
/* What the contract demands of a request: its query parameters and its body. */
#include "http/internal.h"

#include "base/json.h"

#include <string.h>

/* The parameter's text as the JSON value its schema speaks of, or NULL when it is no such thing. */
static json_t *scalar_from_text(const hcp_schema *schema, const char *text)
{
    gint64 integer;
    char *end;
    switch (schema->type) {
    case HCP_SCHEMA_INTEGER:
        if (!g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &integer, NULL))
            return NULL;
        return json_integer(integer);
    case HCP_SCHEMA_NUMBER: {
        double number = g_ascii_strtod(text, &end);
        return end != text && *end == '\0' ? json_real(number)
                                           : NULL; /* NULL for inf and NaN too */
    }
    case HCP_SCHEMA_BOOLEAN:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return NULL;
        return json_boolean(text[0] == 't');
    default:
        return json_string(text);
    }
}

static const char *type_in_words(const hcp_schema *schema)
{
    switch (schema->type) {
    case HCP_SCHEMA_INTEGER:
        return "must be a whole number";
    case HCP_SCHEMA_NUMBER:
        return "must be a number";
    case HCP_SCHEMA_BOOLEAN:
        return "must be true or false";
    default:
        return "must be text";
    }
}

/* All complaints about one request, one problem. */
static void complain(hcp_problem **problem, const char *pointer, const char *detail)
{
    if (*problem == NULL)
        *problem = hcp_problem_new(400, "invalid-request",
                                   "the request does not fit the contract; see errors");
    hcp_problem_add(*problem, pointer, detail);
}

static void check_value(const hcp_http_parameter *parameter, const char *text,
                        hcp_problem **problem)
{
    g_autofree char *pointer = g_strconcat("?", parameter->name, NULL);
    g_autoptr(json_t) value = scalar_from_text(parameter->schema, text);
    if (value == NULL) {
        complain(problem, pointer, type_in_words(parameter->schema));
        return;
    }
    g_autoptr(GPtrArray) violations = hcp_schema_check(parameter->schema, value);
    for (guint i = 0; violations != NULL && i < violations->len; i++) {
        const hcp_schema_violation *violation = g_ptr_array_index(violations, i);
        complain(problem, pointer, violation->message);
    }
}

static int find_parameter(const hcp_http_operation *operation, const char *name)
{
    for (int i = 0; i < operation->n_query; i++) {
        if (strcmp(operation->query[i].name, name) == 0)
            return i;
    }
    return -1;
}

/* Takes `value`. */
static void take_parameter(hcp_http_request *request, const char *name, char *value,
                           hcp_problem **problem)
{
    const hcp_http_operation *operation = request->operation;
    int index = find_parameter(operation, name);
    g_autofree char *pointer = g_strconcat("?", name, NULL);
    if (index < 0) {
        complain(problem, pointer, "is not a parameter of this operation");
    } else if (request->values[index] != NULL) {
        complain(problem, pointer, "is given more than once");
    } else {
        check_value(&operation->query[index], value, problem);
        request->values[index] = value;
        return;
    }
    g_free(value);
}

static void read_query(hcp_http_request *request, hcp_problem **problem)
{
    g_autoptr(GError) error = NULL;
    GUriParamsIter iter;
    char *name, *value;
    g_uri_params_iter_init(&iter, request->query, -1, "&", G_URI_PARAMS_WWW_FORM);
    while (g_uri_params_iter_next(&iter, &name, &value, &error)) {
        take_parameter(request, name, value, problem);
        g_free(name);
    }
    if (error == NULL)
        return;
    /* "?verbose" without "=" is common and means an empty value; GLib refuses it. */
    int index = find_parameter(request->operation, request->query);
    if (index >= 0 && request->values[index] == NULL)
        take_parameter(request, request->query, g_strdup(""), problem);
    else
        complain(problem, "?", error->message);
}

static char *default_text(const hcp_schema *schema)
{
    if (schema->default_text == NULL || schema->type != HCP_SCHEMA_STRING)
        return g_strdup(schema->default_text);
    g_autoptr(json_t) value =
        hcp_json_parse(schema->default_text, strlen(schema->default_text), NULL);
    return g_strdup(json_string_value(value));
}

hcp_problem *hcp_http_check_query(hcp_http_request *request)
{
    const hcp_http_operation *operation = request->operation;
    hcp_problem *problem = NULL;
    request->values = g_new0(char *, (gsize)operation->n_query + 1);
    if (request->query != NULL && request->query[0] != '\0')
        read_query(request, &problem);
    for (int i = 0; i < operation->n_query; i++) {
        const hcp_http_parameter *parameter = &operation->query[i];
        if (request->values[i] != NULL)
            continue;
        request->values[i] = default_text(parameter->schema);
        if (request->values[i] == NULL && parameter->required) {
            g_autofree char *pointer = g_strconcat("?", parameter->name, NULL);
            complain(&problem, pointer, "is required");
        }
    }
    return problem;
}

/* "application/json", with or without parameters. Other types are refused: a page of another origin
 * can send those without asking (no preflight). */
static bool is_json(const char *content_type)
{
    static const char JSON[] = "application/json";
    return content_type != NULL && g_ascii_strncasecmp(content_type, JSON, sizeof JSON - 1) == 0 &&
           strchr("; ", content_type[sizeof JSON - 1]) != NULL;
}

static hcp_problem *check_schema(hcp_schema_patterns *patterns, const hcp_schema *schema,
                                 const json_t *body)
{
    hcp_problem *problem = NULL;
    g_autoptr(GPtrArray) violations = hcp_schema_check_with(patterns, schema, body);
    for (guint i = 0; violations != NULL && i < violations->len; i++) {
        const hcp_schema_violation *violation = g_ptr_array_index(violations, i);
        complain(&problem, violation->pointer, violation->message);
    }
    return problem;
}

hcp_problem *hcp_http_check_body(hcp_http_request *request)
{
    const hcp_http_operation *operation = request->operation;
    if (operation->body == NULL)
        return NULL;
    if (request->bytes == NULL || request->bytes->len == 0) {
        if (operation->body_required)
            return hcp_problem_new(400, "body-missing", "this operation needs a JSON body");
        request->body = json_object();
        hcp_schema_fill_defaults(operation->body, request->body);
        return NULL;
    }
    if (!is_json(hcp_http_request_header(request, "Content-Type")))
        return hcp_problem_new(415, "not-json", "send the body as Content-Type: application/json");
    g_autoptr(GError) error = NULL;
    request->body = hcp_json_parse((const char *)request->bytes->data, request->bytes->len, &error);
    if (request->body == NULL)
        return hcp_problem_new(400, "malformed-json", "%s", error->message);
    hcp_problem *problem =
        check_schema(request->listener->server->patterns, operation->body, request->body);
    if (problem == NULL)
        hcp_schema_fill_defaults(operation->body, request->body);
    return problem;
}
