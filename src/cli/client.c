/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include "base/error.h"
#include "base/json.h"
#include "http/api.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 3L
#define ANSWER_TIMEOUT_S 30L
#define ANSWER_MAX_BYTES (64 * 1024 * 1024)
#define PAGE_DEFAULT 50
#define PAGE_MAX 1000

static const hcp_cli_option CLIENT[] = {
    {"url", 'u', HCP_CLI_STRING, offsetof(hcp_cli_client_options, url),
     "Gateway ($HCP_URL, else http://127.0.0.1:8000)", "URL", NULL},
    {"port-offset", 0, HCP_CLI_INT, offsetof(hcp_cli_client_options, port_offset),
     "Of the daemon on this machine", "N", NULL},
    {"json", 'j', HCP_CLI_FLAG, offsetof(hcp_cli_client_options, json),
     "Print the answer of the API as JSON", NULL, NULL},
};
const hcp_cli_options HCP_CLI_CLIENT_OPTIONS = {CLIENT, G_N_ELEMENTS(CLIENT)};

static const hcp_cli_option PAGE[] = {
    {"limit", 'n', HCP_CLI_INT, offsetof(hcp_cli_page_options, limit), "At most this many (50)",
     "N", NULL},
    {"all", 'a', HCP_CLI_FLAG, offsetof(hcp_cli_page_options, all), "All of them", NULL, NULL},
};
const hcp_cli_options HCP_CLI_PAGE_OPTIONS = {PAGE, G_N_ELEMENTS(PAGE)};

struct hcp_cli_client {
    const char *command;
    char *url; /* without a slash at the end */
    CURL *curl;
    char reason[CURL_ERROR_SIZE];
};

hcp_cli_client *hcp_cli_client_new(const char *command, const hcp_cli_client_options *options)
{
    hcp_cli_client *client = g_new0(hcp_cli_client, 1);
    const char *environment = g_getenv("HCP_URL");
    client->command = command;
    if (options->url != NULL)
        client->url = g_strdup(options->url);
    else if (options->port_offset == 0 && environment != NULL && environment[0] != '\0')
        client->url = g_strdup(environment);
    else
        client->url = g_strdup_printf("http://127.0.0.1:%d",
                                      hcp_service_port(HCP_SERVICE_GATEWAY) + options->port_offset);
    for (size_t n = strlen(client->url); n > 0 && client->url[n - 1] == '/'; n--)
        client->url[n - 1] = '\0';
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client->curl = curl_easy_init();
    g_assert(client->curl != NULL);
    return client;
}

void hcp_cli_client_free(hcp_cli_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    curl_global_cleanup();
    g_free(client->url);
    g_free(client);
}

const char *hcp_cli_client_url(const hcp_cli_client *client)
{
    return client->url;
}

static size_t take(char *bytes, size_t size, size_t count, void *data)
{
    GByteArray *received = data;
    if (received->len + size * count > ANSWER_MAX_BYTES)
        return 0;
    g_byte_array_append(received, (const guint8 *)bytes, (guint)(size * count));
    return size * count;
}

static long timeout_of(const hcp_cli_call *call)
{
    return call->timeout_s > 0 ? call->timeout_s : ANSWER_TIMEOUT_S;
}

static void set_common(hcp_cli_client *client, const char *url, GByteArray *received)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "hcp/" HCP_VERSION);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, received);
}

static bool transfer(hcp_cli_client *client, const hcp_cli_call *call, GByteArray *received,
                     GError **error)
{
    g_autofree char *url = g_strconcat(client->url, call->path, NULL);
    g_autofree char *text = call->body != NULL ? hcp_json_print(call->body, NULL) : NULL;
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    set_common(client, url, received);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, timeout_of(call));
    if (text != NULL) {
        headers = curl_slist_append(headers, "Content-Type: application/json");
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, text);
    }
    if (call->method != NULL)
        curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, call->method);
    if (call->idempotency_key != NULL) {
        g_autofree char *key = g_strconcat("Idempotency-Key: ", call->idempotency_key, NULL);
        headers = curl_slist_append(headers, key);
    }
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    client->reason[0] = '\0';
    CURLcode code = curl_easy_perform(client->curl);
    curl_slist_free_all(headers);
    if (code == CURLE_OK)
        return true;
    curl_off_t connected_us = 0;
    curl_easy_getinfo(client->curl, CURLINFO_CONNECT_TIME_T, &connected_us);
    if (code == CURLE_OPERATION_TIMEDOUT && connected_us > 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_BUSY,
                    "%s takes connections and has not answered within %ld s", client->url,
                    timeout_of(call));
        return false;
    }
    bool plain = code == CURLE_COULDNT_CONNECT || client->reason[0] == '\0';
    const char *reason = plain ? curl_easy_strerror(code) : client->reason;
    g_set_error(error, HCP_ERROR, HCP_ERROR_IO, "no daemon answers at %s (%s)", client->url,
                reason);
    return false;
}

bool hcp_cli_client_send(hcp_cli_client *client, const hcp_cli_call *call,
                         hcp_cli_answer *ret_answer, GError **error)
{
    g_autoptr(GByteArray) received = g_byte_array_new();
    if (!transfer(client, call, received, error))
        return false;
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    json_t *body = hcp_json_parse((const char *)received->data, received->len, NULL);
    if (!json_is_object(body)) {
        json_decref(body);
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "what answers at %s is not hcp: status %ld without a JSON object", client->url,
                    status);
        return false;
    }
    *ret_answer = (hcp_cli_answer){.status = status, .body = body};
    return true;
}

/* --- for commands ---------------------------------------------------------------------------------------------------- */

static int print_problem(const hcp_cli_client *client, const hcp_cli_answer *answer)
{
    const char *title = hcp_json_string(answer->body, "title", "refused");
    const char *detail = hcp_json_string(answer->body, "detail", title);
    fprintf(stderr, "hcp %s: %s\n", client->command, detail);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(answer->body, "errors"), i, item)
    {
        const char *pointer = hcp_json_string(item, "pointer", "");
        fprintf(stderr, "  %s: %s\n", pointer[0] != '\0' ? pointer : "/",
                hcp_json_string(item, "detail", ""));
    }
    fprintf(stderr, "  (HTTP %ld, trace %s)\n", answer->status,
            hcp_json_string(answer->body, "trace_id", "unknown"));
    if (answer->status == 503)
        return HCP_EXIT_UNAVAILABLE;
    return answer->status == 400 || answer->status == 422 ? HCP_EXIT_USAGE : HCP_EXIT_FAILED;
}

int hcp_cli_client_call(hcp_cli_client *client, const hcp_cli_call *call, json_t **ret_body)
{
    g_autoptr(GError) error = NULL;
    hcp_cli_answer answer = {0};
    if (!hcp_cli_client_send(client, call, &answer, &error)) {
        fprintf(stderr, "hcp %s: %s\n", client->command, error->message);
        if (!g_error_matches(error, HCP_ERROR, HCP_ERROR_INVALID))
            fputs("Start one with `hcp serve`, or say where it is with --url or --port-offset; "
                  "`hcp doctor` looks for what is wrong.\n",
                  stderr);
        return HCP_EXIT_UNAVAILABLE;
    }
    if (answer.status >= 200 && answer.status < 300) {
        *ret_body = answer.body;
        return HCP_EXIT_OK;
    }
    int status = print_problem(client, &answer);
    json_decref(answer.body);
    return status;
}

int hcp_cli_client_get(hcp_cli_client *client, const char *path, json_t **ret_body)
{
    return hcp_cli_client_call(client, &(hcp_cli_call){.path = path}, ret_body);
}

int hcp_cli_client_list(hcp_cli_client *client, const char *path, const char *member,
                        const hcp_cli_page_options *page, json_t **ret_body)
{
    size_t wanted = page->all ? SIZE_MAX : (size_t)(page->limit > 0 ? page->limit : PAGE_DEFAULT);
    g_autoptr(json_t) whole = NULL;
    const char *cursor = NULL;
    do {
        size_t have = json_array_size(json_object_get(whole, member));
        g_autofree char *limit = g_strdup_printf("%zu", MIN(wanted - have, (size_t)PAGE_MAX));
        g_autoptr(GString) url = g_string_new(path);
        hcp_cli_path_add(url, "limit", limit);
        hcp_cli_path_add(url, "cursor", cursor);
        json_t *body = NULL;
        int status = hcp_cli_client_get(client, url->str, &body);
        if (status != HCP_EXIT_OK)
            return status;
        if (whole == NULL) {
            whole = body;
        } else {
            json_array_extend(json_object_get(whole, member), json_object_get(body, member));
            json_object_set(whole, "next_cursor", json_object_get(body, "next_cursor"));
            json_decref(body);
        }
        cursor = hcp_json_string(whole, "next_cursor", NULL);
    } while (cursor != NULL && json_array_size(json_object_get(whole, member)) < wanted);
    *ret_body = g_steal_pointer(&whole);
    return HCP_EXIT_OK;
}

void hcp_cli_print_json(const json_t *value)
{
    g_autofree char *text = hcp_json_print_pretty(value);
    puts(text);
}

void hcp_cli_path_add(GString *path, const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
    g_string_append_printf(path, "%c%s=%s", strchr(path->str, '?') != NULL ? '&' : '?', name,
                           escaped);
}

char *hcp_cli_path_of(const char *before, const char *operand, const char *after)
{
    g_autofree char *escaped = g_uri_escape_string(operand, NULL, FALSE);
    return g_strconcat(before, escaped, after, NULL);
}
