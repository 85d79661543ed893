/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/format.h"

#include "base/json.h"
#include "base/money.h"
#include "base/timefmt.h"
#include "base/units.h"

#include <math.h>
#include <string.h>

static char *none(void)
{
    return g_strdup("-");
}

static char *list_text(const json_t *list)
{
    GString *text = g_string_new(NULL);
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        g_autofree char *one = hcp_cli_format_text(item);
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", one);
    }
    if (text->len == 0)
        g_string_append_c(text, '-');
    return g_string_free(text, FALSE);
}

char *hcp_cli_format_text(const json_t *value)
{
    if (value == NULL || json_is_null(value))
        return none();
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    return json_is_array(value) ? list_text(value) : hcp_json_print(value, NULL);
}

/* The number with thousands separators in its whole part. */
static char *grouped(double number, int decimals)
{
    g_autofree char *plain = g_strdup_printf("%.*f", decimals, fabs(number));
    size_t whole = strcspn(plain, ".");
    bool zero = strspn(plain, "0.") == strlen(plain);
    GString *text = g_string_new(number < 0 && !zero ? "-" : "");
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, plain[i]);
    }
    g_string_append(text, plain + whole);
    return g_string_free(text, FALSE);
}

static char *fixed(const json_t *value, int decimals)
{
    return json_is_number(value) ? grouped(json_number_value(value), decimals) : none();
}

char *hcp_cli_format_fixed1(const json_t *value)
{
    return fixed(value, 1);
}

char *hcp_cli_format_fixed2(const json_t *value)
{
    return fixed(value, 2);
}

char *hcp_cli_format_count(const json_t *value)
{
    return fixed(value, 0);
}

static char *duration(const json_t *value, int64_t unit_us)
{
    return json_is_number(value)
               ? hcp_duration_format((int64_t)(json_number_value(value) * (double)unit_us))
               : none();
}

char *hcp_cli_format_ms(const json_t *value)
{
    return duration(value, HCP_US_PER_MS);
}

char *hcp_cli_format_s(const json_t *value)
{
    return duration(value, HCP_US_PER_S);
}

char *hcp_cli_format_age(const json_t *value)
{
    g_autofree char *text = hcp_cli_format_ms(value);
    return g_strconcat(text, json_is_number(value) ? " old" : "", NULL);
}

char *hcp_cli_format_phs(const json_t *value)
{
    return json_is_number(value) ? grouped(json_number_value(value) / 1000, 2) : none();
}

char *hcp_cli_format_eta(const json_t *value)
{
    const json_t *low = json_object_get(value, "low_ms"), *high = json_object_get(value, "high_ms");
    if (!json_is_number(low))
        return none();
    g_autofree char *from = hcp_cli_format_ms(low);
    if (!json_is_number(high))
        return g_strdup_printf("at least %s", from);
    g_autofree char *to = hcp_cli_format_ms(high);
    return g_str_equal(from, to) ? g_strdup(from) : g_strdup_printf("%s to %s", from, to);
}

char *hcp_cli_format_mw(const json_t *value)
{
    return json_is_number(value) ? grouped(json_number_value(value) / (double)HCP_W_PER_MW, 3)
                                 : none();
}

char *hcp_cli_format_usd(const json_t *value)
{
    return json_is_number(value) ? grouped(json_number_value(value) / (double)HCP_USD, 2) : none();
}

char *hcp_cli_format_time(const json_t *value)
{
    const char *text = json_string_value(value);
    int64_t time_us = 0;
    if (text == NULL || !hcp_time_parse(text, &time_us, NULL))
        return none();
    char now[HCP_TIME_TEXT_SIZE], then[HCP_TIME_TEXT_SIZE];
    hcp_time_format(g_get_real_time(), now);
    hcp_time_format(time_us, then);
    bool today = strncmp(now, then, strlen("2026-01-01")) == 0;
    const char *clock = then + strlen("2026-01-01T");
    if (today)
        return g_strndup(clock, strlen("00:00:00"));
    return g_strdup_printf("%.10s %.5s", then, clock);
}

char *hcp_cli_format_priority(const json_t *value)
{
    return json_is_integer(value) ? g_strdup_printf("P%d", (int)json_integer_value(value)) : none();
}

char *hcp_cli_format_percent(const json_t *value)
{
    return json_is_number(value) ? g_strdup_printf("%.0f %%", 100 * json_number_value(value))
                                 : none();
}

char *hcp_cli_format_price(const json_t *value)
{
    if (!json_is_number(value))
        return none();
    double number = json_number_value(value), size = fabs(number);
    if (size >= 1e9)
        return g_strdup_printf("%.4g", number);
    if (size >= 100)
        return grouped(number, 2);
    return grouped(number, size >= 1 || size == 0 ? 3 : 5);
}

char *hcp_cli_format_yes(const json_t *value)
{
    return json_is_boolean(value) ? g_strdup(json_is_true(value) ? "yes" : "no") : none();
}
