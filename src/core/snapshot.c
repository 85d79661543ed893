/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state as JSON lines, one row per line, and back. Lines name their table, so that a later version can add tables and
 * an earlier snapshot still opens. Device columns are run-length encoded: a fleet at rest is a few runs. The last line
 * counts the others, so a snapshot cut short is noticed.
 */
#include "core/internal.h"
#include "core/rows.h"

#include "base/error.h"

#include <string.h>

#define FORMAT 1

/* --- writing ----------------------------------------------------------------------------------------------------- */

typedef struct {
    GString *out;
    int64_t lines;
} writer;

static void end_line(writer *w)
{
    g_string_append(w->out, "}\n");
    w->lines++;
}

static void write_record(writer *w, const char *table, const hcp_record *record, const void *data)
{
    g_string_append_printf(w->out, "{\"table\":\"%s\",\"row\":", table);
    hcp_record_print(record, data, w->out);
    end_line(w);
}

static void write_table(writer *w, const hcp_state *state, const hcp_table *table)
{
    const GArray *rows = G_STRUCT_MEMBER(GArray *, state, table->offset);
    guint size = g_array_get_element_size((GArray *)rows);
    for (guint i = 0; i < rows->len; i++) {
        const char *row = rows->data + (size_t)i * size;
        g_string_append_printf(w->out, "{\"table\":\"%s\"", table->name);
        if (table->has_def) {
            g_string_append(w->out, ",\"def\":");
            hcp_record_print(hcp_event_record(table->def), row, w->out);
        }
        if (table->row != NULL) {
            g_string_append(w->out, ",\"row\":");
            hcp_record_print(table->row, row, w->out);
        }
        end_line(w);
    }
}

static uint32_t column_value(const hcp_column *column, const void *values, uint32_t i)
{
    return column->width == 1 ? ((const uint8_t *)values)[i] : ((const uint32_t *)values)[i];
}

static void write_column(writer *w, const hcp_state *state, const hcp_column *column)
{
    const void *values = G_STRUCT_MEMBER(void *, state, column->offset);
    uint32_t count = state->fleet.n_devices;
    g_string_append_printf(w->out, "{\"column\":\"%s\",\"runs\":[", column->name);
    for (uint32_t i = 0, next; i < count; i = next) {
        uint32_t value = column_value(column, values, i);
        for (next = i + 1; next < count && column_value(column, values, next) == value;)
            next++;
        g_string_append_printf(w->out, "%s%u,%u", i > 0 ? "," : "", value, next - i);
    }
    g_string_append_c(w->out, ']');
    end_line(w);
}

static void write_free_list(writer *w, const hcp_state *state, const hcp_free_list *list)
{
    const GArray *items = G_STRUCT_MEMBER(GArray *, state, list->offset);
    g_string_append_printf(w->out, "{\"list\":\"%s\",\"items\":[", list->name);
    for (guint i = 0; i < items->len; i++)
        g_string_append_printf(w->out, "%s%u", i > 0 ? "," : "", g_array_index(items, uint32_t, i));
    g_string_append_c(w->out, ']');
    end_line(w);
}

static void write_reply(const hcp_reply_remembered *reply, int64_t time_us, gpointer data)
{
    writer *w = data;
    g_string_append_printf(
        w->out, "{\"table\":\"replies\",\"time_us\":%" G_GINT64_FORMAT ",\"row\":", time_us);
    hcp_record_print(hcp_event_record(HCP_EVENT_REPLY_REMEMBERED), reply, w->out);
    end_line(w);
}

static void write_models(writer *w, const hcp_state *state)
{
    g_autoptr(json_t) line = json_object();
    json_t *items = json_array();
    json_object_set_new(line, "models", items);
    for (guint i = 0; i < state->models->len; i++)
        json_array_append_new(items, json_string(g_ptr_array_index(state->models, i)));
    g_autofree char *text = hcp_json_print(line, NULL);
    g_string_append(w->out, text);
    g_string_truncate(w->out, w->out->len - 1); /* end_line closes the object */
    end_line(w);
}

GBytes *hcp_core_snapshot(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    writer w = {.out = g_string_new(NULL)};
    g_string_append_printf(w.out, "{\"format\":%d", FORMAT);
    end_line(&w);
    write_record(&w, "state", &HCP_SCALARS_RECORD, state);
    write_record(&w, "settings", hcp_event_record(HCP_EVENT_SETTINGS_CHANGED), &state->settings);
    for (int i = 0; i < HCP_PRICE_KINDS; i++)
        write_record(&w, "prices", hcp_event_record(HCP_EVENT_PRICE_OBSERVED),
                     &state->market.global[i]);
    write_models(&w, state);
    for (guint i = 0; i < HCP_N_TABLES; i++)
        write_table(&w, state, &HCP_TABLES[i]);
    for (guint i = 0; i < HCP_N_COLUMNS; i++)
        write_column(&w, state, &HCP_COLUMNS[i]);
    for (guint i = 0; i < HCP_N_FREE_LISTS; i++)
        write_free_list(&w, state, &HCP_FREE_LISTS[i]);
    hcp_replies_foreach(core->replies, write_reply, &w);
    g_string_append_printf(w.out, "{\"lines\":%" G_GINT64_FORMAT "}\n", w.lines);
    return g_string_free_to_bytes(w.out);
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

typedef struct {
    hcp_core *core;
    int64_t lines;
    int prices; /* seen so far */
    bool ended;
} reader;

static bool corrupt(GError **error, const reader *r, const char *what)
{
    g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT, "snapshot line %" G_GINT64_FORMAT ": %s",
                r->lines + 1, what);
    return false;
}

static bool read_row(reader *r, const hcp_table *table, const json_t *line, GError **error)
{
    GArray *rows = G_STRUCT_MEMBER(GArray *, &r->core->state, table->offset);
    g_array_set_size(rows, rows->len + 1);
    char *row = rows->data + (size_t)(rows->len - 1) * g_array_get_element_size(rows);
    /* The two parts fill different members. The one over the whole row comes first, because a failure zeroes what the
     * part spans. */
    return (table->row == NULL ||
            hcp_record_from_json(table->row, json_object_get(line, "row"), row, error)) &&
           (!table->has_def || hcp_record_from_json(hcp_event_record(table->def),
                                                    json_object_get(line, "def"), row, error));
}

static bool read_scalars(reader *r, const json_t *line, GError **error)
{
    hcp_state *state = &r->core->state;
    g_autofree hcp_state *scalars = g_new0(hcp_state, 1);
    if (!hcp_record_from_json(&HCP_SCALARS_RECORD, json_object_get(line, "row"), scalars, error))
        return false;
    hcp_scalars_copy(scalars, state);
    if (state->fleet.n_devices > HCP_MAX_DEVICES)
        return corrupt(error, r, "more devices than this version holds");
    hcp_fleet_reserve(&state->fleet, state->fleet.n_devices);
    return true;
}

static bool read_price(reader *r, const json_t *line, GError **error)
{
    if (r->prices >= HCP_PRICE_KINDS)
        return corrupt(error, r, "more prices than kinds");
    return hcp_record_from_json(hcp_event_record(HCP_EVENT_PRICE_OBSERVED),
                                json_object_get(line, "row"),
                                &r->core->state.market.global[r->prices++], error);
}

static bool read_reply(reader *r, const json_t *line, GError **error)
{
    hcp_reply_remembered reply = {0};
    if (!hcp_record_from_json(hcp_event_record(HCP_EVENT_REPLY_REMEMBERED),
                              json_object_get(line, "row"), &reply, error))
        return false;
    if (reply.key == NULL) {
        hcp_record_clear(hcp_event_record(HCP_EVENT_REPLY_REMEMBERED), &reply);
        return corrupt(error, r, "a reply without a key");
    }
    hcp_replies_restore(r->core->replies, &reply, hcp_json_int(line, "time_us", 0));
    return true;
}

static bool read_named_row(reader *r, const char *name, const json_t *line, GError **error)
{
    if (g_str_equal(name, "state"))
        return read_scalars(r, line, error);
    if (g_str_equal(name, "settings"))
        return hcp_record_from_json(hcp_event_record(HCP_EVENT_SETTINGS_CHANGED),
                                    json_object_get(line, "row"), &r->core->state.settings, error);
    if (g_str_equal(name, "prices"))
        return read_price(r, line, error);
    if (g_str_equal(name, "replies"))
        return read_reply(r, line, error);
    for (guint i = 0; i < HCP_N_TABLES; i++)
        if (g_str_equal(name, HCP_TABLES[i].name))
            return read_row(r, &HCP_TABLES[i], line, error);
    return corrupt(error, r, "a table this version does not know");
}

static void fill_column(const hcp_column *column, void *values, hcp_range run, uint32_t value)
{
    if (column->width == 1) {
        memset((uint8_t *)values + run.first, (int)value, run.count);
        return;
    }
    for (uint32_t i = 0; i < run.count; i++)
        ((uint32_t *)values)[run.first + i] = value;
}

static bool read_column(reader *r, const char *name, const json_t *runs, GError **error)
{
    const hcp_column *column = NULL;
    for (guint i = 0; i < HCP_N_COLUMNS; i++)
        if (g_str_equal(name, HCP_COLUMNS[i].name))
            column = &HCP_COLUMNS[i];
    if (column == NULL)
        return corrupt(error, r, "a column this version does not know");
    void *values = G_STRUCT_MEMBER(void *, &r->core->state, column->offset);
    uint32_t count = r->core->state.fleet.n_devices, filled = 0;
    for (size_t i = 0; i + 1 < json_array_size(runs); i += 2) {
        json_int_t value = json_integer_value(json_array_get(runs, i));
        json_int_t length = json_integer_value(json_array_get(runs, i + 1));
        if (value < 0 || value > (column->width == 1 ? UINT8_MAX : UINT32_MAX) || length <= 0 ||
            length > count - filled)
            return corrupt(error, r, "a run is out of range");
        fill_column(column, values, (hcp_range){filled, (uint32_t)length}, (uint32_t)value);
        filled += (uint32_t)length;
    }
    return filled == count || corrupt(error, r, "the runs do not cover every device");
}

static bool read_list(reader *r, const char *name, const json_t *items, GError **error)
{
    for (guint i = 0; i < HCP_N_FREE_LISTS; i++) {
        if (!g_str_equal(name, HCP_FREE_LISTS[i].name))
            continue;
        GArray *list = G_STRUCT_MEMBER(GArray *, &r->core->state, HCP_FREE_LISTS[i].offset);
        for (size_t k = 0; k < json_array_size(items); k++) {
            uint32_t ix = (uint32_t)json_integer_value(json_array_get(items, k));
            g_array_append_val(list, ix);
        }
        return true;
    }
    return corrupt(error, r, "a list this version does not know");
}

static bool read_models(reader *r, const json_t *models, GError **error)
{
    for (size_t i = 0; i < json_array_size(models); i++) {
        const char *model = json_string_value(json_array_get(models, i));
        if (hcp_state_intern_model(&r->core->state, model) != i)
            return corrupt(error, r, "a model without a name of its own");
    }
    return true;
}

static bool read_line(reader *r, const json_t *line, GError **error)
{
    const char *table = hcp_json_string(line, "table", NULL);
    const char *column = hcp_json_string(line, "column", NULL);
    const char *list = hcp_json_string(line, "list", NULL);
    if (r->lines == 0)
        return hcp_json_int(line, "format", 0) == FORMAT ||
               corrupt(error, r, "its format is not one this version reads");
    if (table != NULL)
        return read_named_row(r, table, line, error);
    if (column != NULL)
        return read_column(r, column, json_object_get(line, "runs"), error);
    if (list != NULL)
        return read_list(r, list, json_object_get(line, "items"), error);
    if (json_object_get(line, "models") != NULL)
        return read_models(r, json_object_get(line, "models"), error);
    r->ended = hcp_json_int(line, "lines", -1) == r->lines;
    return r->ended || corrupt(error, r, "lines are missing before it");
}

static bool read_lines(reader *r, const char *text, size_t size, GError **error)
{
    const char *end = text + size;
    while (text < end && !r->ended) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        if (newline == NULL)
            return corrupt(error, r, "it is cut short");
        g_autoptr(json_t) line = hcp_json_parse(text, (size_t)(newline - text), error);
        if (line == NULL) {
            g_prefix_error(error, "snapshot line %" G_GINT64_FORMAT ": ", r->lines + 1);
            return false;
        }
        if (!read_line(r, line, error))
            return false;
        r->lines++;
        text = newline + 1;
    }
    return r->ended || corrupt(error, r, "the snapshot ends too early");
}

hcp_core *hcp_core_restore(GBytes *snapshot, GError **error)
{
    size_t size = 0;
    const char *text = g_bytes_get_data(snapshot, &size);
    reader r = {.core = hcp_core_new()};
    bool ok = read_lines(&r, text, size, error) && hcp_state_is_sound(&r.core->state, error);
    if (!ok) {
        hcp_core_free(r.core);
        return NULL;
    }
    hcp_core_rebuild(r.core);
    return r.core;
}
