/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of `hcp top`: power on top, market and queues side by side, then what moves and what is wrong. Whatever has
 * more rows than there is room for says how many are missing. */
#include "base/json.h"
#include "base/timefmt.h"
#include "base/units.h"
#include "cli/format.h"
#include "cli/merit.h"
#include "cli/table.h"
#include "cli/top.h"

#include <math.h>
#include <string.h>

#define HALF 43 /* column at which the right half begins */

typedef char *(*format_fn)(const json_t *value);

/* A column of a section: where it starts, how wide it is, what it shows. */
typedef struct {
    const char *header;
    const char *path;
    format_fn format;
    int column, width;
    bool right, coloured;
} field;

typedef struct {
    hcp_cli_canvas *canvas;
    int row; /* next free one */
} pen;

static void put(pen *p, int column, int width, int tone, const char *text)
{
    hcp_cli_canvas_put(
        p->canvas, &(hcp_cli_place){.row = p->row, .column = column, .width = width, .tone = tone},
        text);
}

static void put_field(pen *p, const field *f, const char *text, int tone)
{
    hcp_cli_canvas_put(
        p->canvas,
        &(hcp_cli_place){
            .row = p->row, .column = f->column, .width = f->width, .tone = tone, .right = f->right},
        text);
}

static void put_head(pen *p, const field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_field(p, &fields[i], fields[i].header, HCP_CLI_TITLE);
    p->row++;
}

static void put_row(pen *p, const field *fields, size_t n, const json_t *row)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *value = hcp_cli_table_at(row, fields[i].path);
        format_fn format = fields[i].format != NULL ? fields[i].format : hcp_cli_format_text;
        g_autofree char *text = format(value);
        put_field(p, &fields[i], text, fields[i].coloured ? (int)hcp_cli_tone_of(text) : 0);
    }
    p->row++;
}

/* At most `most` lines with the head; the last one says what is left out. */
static void put_rows(pen *p, const field *fields, size_t n, const json_t *rows, int most)
{
    int count = (int)json_array_size(rows), shown = count <= most - 1 ? count : most - 2;
    put_head(p, fields, n);
    for (int i = 0; i < shown; i++)
        put_row(p, fields, n, json_array_get(rows, (size_t)i));
    if (shown < count) {
        g_autofree char *text = g_strdup_printf("… and %d more", count - MAX(shown, 0));
        put(p, fields[0].column, 0, 0, text);
        p->row++;
    }
}

/* --- head and power -------------------------------------------------------------------------------------------------- */

static void draw_head(pen *p, const hcp_cli_top_view *view, int64_t now_us)
{
    const char *state = hcp_json_string(view->status, "status", "connecting");
    const char *time = hcp_json_string(view->status, "timestamp", "");
    bool simulated = hcp_json_bool(view->status, "simulated", false);
    put(p, 0, 8, HCP_CLI_TITLE, "hcp top");
    put(p, 9, 14, (int)hcp_cli_tone_of(state), state);
    g_autofree char *clock =
        g_strdup_printf("%.10s %.8s UTC%s", time, strlen(time) > 19 ? time + 11 : "",
                        simulated ? "  simulated" : "");
    put(p, 24, 36, 0, time[0] != '\0' ? clock : "");
    hcp_cli_canvas_put(
        p->canvas,
        &(hcp_cli_place){
            .row = p->row, .column = 60, .width = p->canvas->columns - 60, .right = true},
        "q quits");
    p->row++;
    if (view->fault != NULL) {
        g_autofree char *age =
            hcp_duration_format(view->taken_us != 0 ? now_us - view->taken_us : 0);
        g_autofree char *text =
            view->taken_us != 0 ? g_strdup_printf("%s; what is below is %s old", view->fault, age)
                                : g_strdup_printf("%s; start one with `hcp serve`", view->fault);
        put(p, 0, 0, HCP_CLI_BAD, text);
        p->row++;
    }
}

static double watts(const json_t *status, const char *path)
{
    return json_number_value(hcp_cli_table_at(status, path));
}

/* One letter per share of the cap: what the power goes into, and what is left. */
static void draw_bar(pen *p, const json_t *status)
{
    static const struct {
        const char *path;
        char letter;
    } uses[] = {
        {"power.by_use_w.ai", 'A'}, {"power.by_use_w.mining", 'M'}, {"power.by_use_w.idle", 'i'}};
    int width = MAX(p->canvas->columns - 2, 1);
    double cap = watts(status, "power.cap_w"), sum = 0;
    g_autofree char *bar = g_strnfill((gsize)width, '.');
    int at = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(uses) && cap > 0; i++) {
        sum += watts(status, uses[i].path);
        for (int end = (int)lround(sum / cap * width); at < MIN(end, width); at++)
            bar[at] = uses[i].letter;
    }
    put(p, 0, 1, 0, "[");
    put(p, 1, width, 0, bar);
    put(p, width + 1, 1, 0, "]");
    p->row++;
}

static void draw_power(pen *p, const json_t *status)
{
    g_autofree char *power = hcp_cli_format_mw(hcp_cli_table_at(status, "power.power_w"));
    g_autofree char *cap = hcp_cli_format_mw(hcp_cli_table_at(status, "power.cap_w"));
    g_autofree char *ai = hcp_cli_format_mw(hcp_cli_table_at(status, "power.by_use_w.ai"));
    g_autofree char *mining = hcp_cli_format_mw(hcp_cli_table_at(status, "power.by_use_w.mining"));
    g_autofree char *idle = hcp_cli_format_mw(hcp_cli_table_at(status, "power.by_use_w.idle"));
    g_autofree char *text = g_strdup_printf("Power %s of %s MW: AI %s, mining %s, idle %s", power,
                                            cap, ai, mining, idle);
    put(p, 0, 0, HCP_CLI_TITLE, text);
    p->row++;
    draw_bar(p, status);
}

/* --- facilities ------------------------------------------------------------------------------------------------------ */

/* Megawatts in seven places. */
static char *format_mw(const json_t *value)
{
    double mw = json_number_value(value) / (double)HCP_W_PER_MW;
    return g_strdup_printf("%.*f", mw < 1000 ? 3 : 1, mw);
}

static const field FACILITIES[] = {
    {"FACILITY", "facility", NULL, 0, 12, false, false},
    {"STATUS", "status", NULL, 13, 11, false, true},
    {"MW", "power_w", format_mw, 25, 7, true, false},
    {"CAP MW", "cap_in_force_w", format_mw, 33, 7, true, false},
    {"AI MW", "power_by_use_w.ai", format_mw, 41, 7, true, false},
    {"MINING", "power_by_use_w.mining", format_mw, 49, 7, true, false},
    {"$/MWh", "usd_per_mwh", hcp_cli_format_fixed2, 57, 7, true, false},
    {"DISPATCH", "recommendation", NULL, 65, 0, false, false},
};

static const json_t *recommendation_for(const json_t *recommendations, const char *facility)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(recommendations, "recommendations"), i, item)
    {
        if (g_str_equal(hcp_json_string(item, "facility", ""), facility))
            return item;
    }
    return NULL;
}

static void draw_facilities(pen *p, const hcp_cli_top_view *view, int most)
{
    g_autoptr(json_t) rows = json_array();
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(view->status, "facilities"), i, item)
    {
        json_t *row = json_copy(item);
        const json_t *advice =
            recommendation_for(view->recommendations, hcp_json_string(item, "facility", ""));
        hcp_json_set_string(row, "recommendation", hcp_json_string(advice, "recommendation", NULL));
        json_array_append_new(rows, row);
    }
    put_rows(p, FACILITIES, G_N_ELEMENTS(FACILITIES), rows, most);
}

/* --- market and queues ----------------------------------------------------------------------------------------------- */

static const field PRICES[] = {
    {"PRICE", "name", NULL, 0, 11, false, false},
    {"", "value", hcp_cli_format_price, 12, 10, true, false},
    {"AGE", "age_ms", hcp_cli_format_ms, 23, 11, true, false},
    {"QUALITY", "quality", NULL, 35, 7, false, true},
};

static const field QUEUES[] = {
    {"QUEUE", "priority", hcp_cli_format_priority, HALF, 5, false, false},
    {"WAITING", "depth", hcp_cli_format_count, HALF + 6, 8, true, false},
    {"LONGEST", "oldest_wait_ms", hcp_cli_format_ms, HALF + 15, 11, true, false},
    {"LIMIT", "max_wait_ms", hcp_cli_format_ms, HALF + 27, 10, true, false},
};

/* The names that are too long for half a line, with their units. */
static const struct {
    const char *key, *label;
} PRICE_LABELS[] = {
    {"electricity", "power $/MWh"}, {"btc", "BTC $"},          {"gpu_spot", "GPU $/h"},
    {"hashprice", "$/PH/s/day"},    {"day_ahead", "DA $/MWh"}, {"difficulty", "difficulty"},
};

static void draw_prices(pen *p, const json_t *prices, int most)
{
    g_autoptr(json_t) rows = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(PRICE_LABELS); i++) {
        const json_t *price =
            json_object_get(json_object_get(prices, "prices"), PRICE_LABELS[i].key);
        if (price == NULL)
            continue;
        json_t *row = json_copy((json_t *)price);
        hcp_json_set_string(row, "name", PRICE_LABELS[i].label);
        if (g_str_equal(hcp_json_string(price, "unit", ""), "USD/kWh") &&
            json_is_number(json_object_get(price, "value")))
            hcp_json_set_number(row, "value", 1000 * hcp_json_number(price, "value", 0));
        json_array_append_new(rows, row);
    }
    put_rows(p, PRICES, G_N_ELEMENTS(PRICES), rows, most);
}

static void draw_market(pen *p, const hcp_cli_top_view *view, int most)
{
    pen right = *p;
    draw_prices(p, view->prices, most);
    put_rows(&right, QUEUES, G_N_ELEMENTS(QUEUES), json_object_get(view->queue, "classes"), most);
    const json_t *status = view->status;
    g_autofree char *text = g_strdup_printf(
        "running %" G_GINT64_FORMAT ", starting %" G_GINT64_FORMAT,
        (int64_t)json_integer_value(hcp_cli_table_at(status, "workloads.running")),
        (int64_t)json_integer_value(hcp_cli_table_at(status, "workloads.starting")));
    put(&right, HALF, 0, 0, text);
    p->row = MAX(p->row, right.row + 1);
}

/* --- unit prices ----------------------------------------------------------------------------------------------------- */

static const field MERIT[] = {
    {"MERIT ORDER", "facility", NULL, 0, 12, false, false},
    {"USE", "label", NULL, 13, 31, false, false},
    {"$/MWh", "margin_usd_per_mwh", hcp_cli_format_fixed2, 45, 9, true, false},
    {"B/EVEN", "break_even_usd_per_mwh", hcp_cli_format_fixed2, 55, 8, true, false},
    {"MW", "used_w", format_mw, 64, 7, true, false},
    {"OF MW", "available_w", format_mw, 72, 8, true, false},
};

static int by_margin(const void *a, const void *b)
{
    double x = hcp_json_number(*(json_t *const *)a, "margin_usd_per_mwh", 0);
    double y = hcp_json_number(*(json_t *const *)b, "margin_usd_per_mwh", 0);
    return (x < y) - (x > y);
}

/* The uses of all facilities in one list. */
static json_t *all_merit_rows(const json_t *merit)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    json_t *rows = json_array(), *facility, *row;
    size_t f, i;
    json_array_foreach(json_object_get(merit, "facilities"), f, facility)
    {
        g_autoptr(json_t) its = hcp_cli_merit_rows(facility);
        json_array_foreach(its, i, row) g_ptr_array_add(found, json_incref(row));
    }
    g_ptr_array_sort(found, by_margin);
    for (i = 0; i < found->len; i++)
        json_array_append_new(rows, found->pdata[i]);
    return rows;
}

static void draw_merit(pen *p, const json_t *merit, int most)
{
    g_autoptr(json_t) rows = all_merit_rows(merit);
    put_rows(p, MERIT, G_N_ELEMENTS(MERIT), rows, most);
}

/* --- what moves and what is wrong ------------------------------------------------------------------------------------ */

static const field SWITCHES[] = {
    {"RUNNING SWITCHES", "switch_id", NULL, 0, 20, false, false},
    {"FACILITY", "facility", NULL, 21, 10, false, false},
    {"CLASS", "class", NULL, 32, 12, false, false},
    {"FROM", "from", NULL, 45, 8, false, false},
    {"TO", "to", NULL, 54, 8, false, false},
    {"DEVICES", "devices", hcp_cli_format_count, 63, 7, true, false},
    {"PHASE", "phase", NULL, 71, 0, false, false},
};

static const field ALERTS[] = {
    {"ALERTS", "severity", NULL, 0, 9, false, true},
    {"SINCE", "raised_at", hcp_cli_format_time, 10, 16, false, false},
    {"", "message", NULL, 27, 0, false, false},
};

static void put_note(pen *p, const char *text)
{
    put(p, 0, 0, HCP_CLI_PLAIN, text);
    p->row++;
}

void hcp_cli_top_draw(const hcp_cli_top_view *view, hcp_cli_canvas *canvas, int64_t now_us)
{
    pen p = {.canvas = canvas};
    draw_head(&p, view, now_us);
    if (view->status == NULL)
        return;
    draw_power(&p, view->status);
    int left = canvas->rows - p.row;
    draw_facilities(&p, view, MAX(left / 4, 3));
    p.row++;
    draw_market(&p, view, 7);
    p.row++;
    left = canvas->rows - p.row;
    draw_merit(&p, view->merit, MAX(left / 2, 3));
    left = canvas->rows - p.row;
    p.row += left > 7;
    const json_t *switches = json_object_get(view->switches, "switches");
    if (json_array_size(switches) > 0)
        put_rows(&p, SWITCHES, G_N_ELEMENTS(SWITCHES), switches, MAX(left / 2, 2));
    else
        put_note(&p, "No switch is running.");
    p.row += left > 8;
    const json_t *alerts = json_object_get(view->alerts, "alerts");
    if (json_array_size(alerts) > 0)
        put_rows(&p, ALERTS, G_N_ELEMENTS(ALERTS), alerts, MAX(canvas->rows - p.row, 2));
    else
        put_note(&p, "No alert is open.");
}
