/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines. Level and form are the only process-wide settings of base: a log serves the process. */
#include "base/log.h"

#include "base/json_text.h"
#include "base/timefmt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static int minimum_level = HCP_LOG_INFO;
static int human_form;

static const char *const NAMES[] = {"DEBUG", "INFO", "WARN", "ERROR"};

/* One write per line, so that lines of threads and processes do not mix. */
static void write_line(const GString *line)
{
    for (size_t done = 0; done < line->len;) {
        ssize_t count = write(STDERR_FILENO, line->str + done, line->len - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return; /* nowhere is left to report that the log cannot be written */
        done += (size_t)count;
    }
}

/* Appends `text` so that it can neither break the line nor steer the terminal. */
static void append_safe(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *c = valid; *c != '\0'; c = g_utf8_next_char(c)) {
        gunichar character = g_utf8_get_char(c);
        if (g_unichar_iscntrl(character))
            g_string_append_printf(out, "\\x%02x", character);
        else
            g_string_append_unichar(out, character);
    }
}

static void append_value(GString *out, const char *text)
{
    if (*text == '\0' || strpbrk(text, " \"=") != NULL)
        hcp_json_text_string(out, text);
    else
        append_safe(out, text);
}

static void append_human(GString *line, hcp_log_level level, const char *message, va_list metadata)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *clock = g_date_time_format(now, "%H:%M:%S");
    g_string_append_printf(line, "%s %-5s ", clock, NAMES[level]);
    append_safe(line, message);
    const char *key;
    while ((key = va_arg(metadata, const char *)) != NULL) {
        const char *value = va_arg(metadata, const char *);
        g_string_append_c(line, ' ');
        append_safe(line, key);
        g_string_append_c(line, '=');
        append_value(line, value != NULL ? value : "-");
    }
}

static void append_member(GString *line, const char *key, const char *value)
{
    char last = line->str[line->len - 1];
    if (last != '{')
        g_string_append_c(line, ',');
    hcp_json_text_string(line, key);
    g_string_append_c(line, ':');
    if (value != NULL)
        hcp_json_text_string(line, value);
    else
        g_string_append(line, "null");
}

typedef struct {
    hcp_log_level level;
    const char *service, *trace_id, *message;
} log_head;

static void append_json(GString *line, const log_head *head, va_list metadata)
{
    char now[HCP_TIME_TEXT_SIZE];
    hcp_time_format(g_get_real_time(), now);
    g_string_append_c(line, '{');
    append_member(line, "timestamp", now);
    append_member(line, "level", NAMES[head->level]);
    append_member(line, "service", head->service);
    append_member(line, "trace_id", head->trace_id);
    append_member(line, "message", head->message);
    g_string_append(line, ",\"metadata\":{");
    const char *key;
    while ((key = va_arg(metadata, const char *)) != NULL)
        append_member(line, key, va_arg(metadata, const char *));
    g_string_append(line, "}}");
}

void hcp_log(hcp_log_level level, const char *service, const char *trace_id, const char *message,
             ...)
{
    g_assert((unsigned)level < G_N_ELEMENTS(NAMES));
    if ((int)level < g_atomic_int_get(&minimum_level))
        return;
    log_head head = {.level = level, .service = service, .trace_id = trace_id, .message = message};
    GString *line = g_string_sized_new(256);
    va_list metadata;
    va_start(metadata, message);
    if (g_atomic_int_get(&human_form))
        append_human(line, level, message, metadata);
    else
        append_json(line, &head, metadata);
    va_end(metadata);
    g_string_append_c(line, '\n');
    write_line(line);
    g_string_free(line, TRUE);
}

void hcp_log_set_level(hcp_log_level level)
{
    g_atomic_int_set(&minimum_level, (int)level);
}

void hcp_log_set_human(gboolean human)
{
    g_atomic_int_set(&human_form, human);
}
