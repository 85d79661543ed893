/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp top`: the platform live on a terminal. The API is asked between two looks at the keyboard. */
#include "cli/top.h"

#include "base/json.h"
#include "cli/client.h"
#include "cli/commands.h"

#include <curses.h>
#include <stdlib.h>
#include <unistd.h>

#define ONCE_ROWS 200
#define PLAIN_COLUMNS 80

typedef struct {
    hcp_cli_client_options client;
    double interval_s;
    gboolean once;
} arguments;

/* What is asked for, and where the answer goes. */
static const struct {
    const char *path;
    size_t offset;
} PARTS[] = {
    {"/api/v1/status", offsetof(hcp_cli_top_view, status)},
    {"/api/v1/prices/current", offsetof(hcp_cli_top_view, prices)},
    {"/api/v1/queue/status", offsetof(hcp_cli_top_view, queue)},
    {"/api/v1/switches?running=true&limit=100", offsetof(hcp_cli_top_view, switches)},
    {"/api/v1/alerts?open=true&limit=100", offsetof(hcp_cli_top_view, alerts)},
    {"/api/v1/recommendations", offsetof(hcp_cli_top_view, recommendations)},
    {"/api/v1/merit-order", offsetof(hcp_cli_top_view, merit)},
};

static json_t **part_of(hcp_cli_top_view *view, size_t i)
{
    return (json_t **)(void *)((char *)view + PARTS[i].offset);
}

/* A part that fails keeps its last answer, and the head says that it is old. */
static bool fetch(hcp_cli_client *client, hcp_cli_top_view *view)
{
    g_clear_pointer(&view->fault, g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++) {
        g_autoptr(GError) error = NULL;
        hcp_cli_answer answer = {0};
        const hcp_cli_call call = {.path = PARTS[i].path};
        if (!hcp_cli_client_send(client, &call, &answer, &error)) {
            view->fault = g_strdup(error->message);
            return false;
        }
        if (answer.status != 200) {
            view->fault = g_strdup(hcp_json_string(answer.body, "detail", "refused"));
            json_decref(answer.body);
            return false;
        }
        json_decref(*part_of(view, i));
        *part_of(view, i) = answer.body;
    }
    view->taken_us = g_get_monotonic_time();
    return true;
}

static void finish(hcp_cli_top_view *view)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++)
        json_decref(*part_of(view, i));
    g_free(view->fault);
}

static void start_curses(void)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    initscr();
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    if (!style.colour || !has_colors())
        return;
    start_color();
    use_default_colors();
    init_pair(HCP_CLI_GOOD, COLOR_GREEN, -1);
    init_pair(HCP_CLI_ATTENTION, COLOR_YELLOW, -1);
    init_pair(HCP_CLI_BAD, COLOR_RED, -1);
}

static void draw(const hcp_cli_top_view *view)
{
    hcp_cli_canvas canvas;
    hcp_cli_canvas_init(&canvas, LINES, COLS);
    hcp_cli_top_draw(view, &canvas, g_get_monotonic_time());
    hcp_cli_canvas_show(&canvas);
    hcp_cli_canvas_finish(&canvas);
}

/* A resize redraws what is known; the rest of the interval is waited out after it. */
static bool wait_for_quit(const hcp_cli_top_view *view, int64_t until_us)
{
    while (true) {
        int64_t left_us = until_us - g_get_monotonic_time();
        if (left_us <= 0)
            return false;
        timeout((int)(left_us / 1000) + 1);
        int key = getch();
        if (key == 'q' || key == 'Q')
            return true;
        if (key == KEY_RESIZE)
            draw(view);
        else if (key != ERR)
            return false;
    }
}

static int live(hcp_cli_client *client, hcp_cli_top_view *view, double interval_s)
{
    start_curses();
    bool quit = false;
    while (!quit) {
        (void)fetch(client, view);
        draw(view);
        quit = wait_for_quit(view, g_get_monotonic_time() + (int64_t)(interval_s * 1e6));
    }
    endwin();
    return HCP_EXIT_OK;
}

static int once(hcp_cli_client *client, hcp_cli_top_view *view, bool json)
{
    if (!fetch(client, view)) {
        fprintf(stderr, "hcp top: %s\n", view->fault);
        return HCP_EXIT_UNAVAILABLE;
    }
    if (json) {
        g_autoptr(json_t) all = json_pack(
            "{s:O, s:O, s:O, s:O, s:O, s:O, s:O}", "status", view->status, "prices", view->prices,
            "queue", view->queue, "switches", view->switches, "alerts", view->alerts,
            "recommendations", view->recommendations, "merit_order", view->merit);
        hcp_cli_print_json(all);
        return HCP_EXIT_OK;
    }
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_canvas canvas;
    hcp_cli_canvas_init(&canvas, ONCE_ROWS, style.width > 0 ? style.width : PLAIN_COLUMNS);
    hcp_cli_top_draw(view, &canvas, g_get_monotonic_time());
    hcp_cli_canvas_print(&canvas);
    hcp_cli_canvas_finish(&canvas);
    return HCP_EXIT_OK;
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    const char *term = getenv("TERM");
    bool terminal =
        isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && term != NULL && term[0] != '\0';
    bool stays = !args->once && !args->client.json;
    if (stays && !terminal)
        return hcp_cli_usage_error("top", "this is no terminal; --once prints one view");
    if (!(args->interval_s >= 0.1 && args->interval_s <= 3600))
        return hcp_cli_usage_error("top", "--interval is from 0.1 to 3600 seconds");
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("top", &args->client);
    hcp_cli_top_view view = {.url = hcp_cli_client_url(client)};
    int status =
        stays ? live(client, &view, args->interval_s) : once(client, &view, args->client.json);
    finish(&view);
    return status;
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"interval", 'i', HCP_CLI_NUMBER, AT(interval_s), "Seconds between two looks (1)", "S", NULL},
    {"once", '1', HCP_CLI_FLAG, AT(once), "Print one view and end", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};
static const arguments DEFAULTS = {.interval_s = 1};

const hcp_cli_command HCP_CLI_TOP = {
    .name = "top",
    .summary = "watch the platform live: power, prices, queues, switches, alerts",
    .description = "q quits, any other key looks again. In the bar A is AI, M is mining, i is idle "
                   "and a dot is unused power under the cap. Colours follow NO_COLOR.",
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .defaults = &DEFAULTS,
    .run = run,
};
