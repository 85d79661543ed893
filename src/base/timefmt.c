/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 times and human durations. */
#include "base/timefmt.h"

#include "base/error.h"
#include "base/units.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MIN_TIME_US (INT64_C(-62167219200) * HCP_US_PER_S)     /* 0000-01-01T00:00:00Z */
#define MAX_TIME_US (INT64_C(253402300800) * HCP_US_PER_S - 1) /* 9999-12-31T23:59:59.999999Z */

typedef struct {
    int64_t year;
    int month, day;
} civil_date;

/* Days since 1970-01-01 of a proleptic Gregorian date and back (Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms"). gmtime_r would take libc's time zone lock for every event printed.
 * Years start in March, so that the leap day is last. */
static int64_t days_from_civil(civil_date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static civil_date civil_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (civil_date){
        .year = year_of_era + era * 400 + (month <= 2),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
    };
}

static int days_in_month(int64_t year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return DAYS[month - 1] + (month == 2 && leap);
}

static char *write_field(char *at, int64_t value, int width, char after)
{
    for (int i = width - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    at[width] = after;
    return at + width + 1;
}

void hcp_time_format(int64_t time_us, char ret_text[HCP_TIME_TEXT_SIZE])
{
    time_us = CLAMP(time_us, MIN_TIME_US, MAX_TIME_US);
    int64_t days = time_us / HCP_US_PER_DAY - (time_us % HCP_US_PER_DAY < 0);
    int64_t of_day = time_us - days * HCP_US_PER_DAY;
    civil_date date = civil_from_days(days);
    char *at = write_field(ret_text, date.year, 4, '-');
    at = write_field(at, date.month, 2, '-');
    at = write_field(at, date.day, 2, 'T');
    at = write_field(at, of_day / HCP_US_PER_H, 2, ':');
    at = write_field(at, of_day / HCP_US_PER_MIN % 60, 2, ':');
    at = write_field(at, of_day / HCP_US_PER_S % 60, 2, '.');
    int width = 6;
    int64_t fraction = of_day % HCP_US_PER_S;
    for (; width > 3 && fraction % 10 == 0; width--)
        fraction /= 10;
    at = write_field(at, fraction, width, 'Z');
    *at = '\0';
}

/* Reads `width` digits followed by one of `after` ("" accepts anything) and moves past both. */
static bool read_field(const char **at, int width, const char *after, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < width; i++) {
        if (!g_ascii_isdigit((*at)[i]))
            return false;
        value = value * 10 + g_ascii_digit_value((*at)[i]);
    }
    *at += width;
    if (*after != '\0') {
        if (**at == '\0' || strchr(after, **at) == NULL)
            return false;
        (*at)++;
    }
    *ret_value = value;
    return true;
}

static bool read_date(const char **at, int64_t *ret_days)
{
    int year, month, day;
    if (!read_field(at, 4, "-", &year) || !read_field(at, 2, "-", &month) ||
        !read_field(at, 2, "Tt ", &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *ret_days = days_from_civil((civil_date){.year = year, .month = month, .day = day});
    return true;
}

/* Reads ".123…"; digits beyond microseconds are dropped, not rounded, so a time never moves
 * forward. */
static bool read_fraction(const char **at, int64_t *ret_us)
{
    *ret_us = 0;
    if (**at != '.')
        return true;
    (*at)++;
    if (!g_ascii_isdigit(**at))
        return false;
    for (int64_t scale = HCP_US_PER_S / 10; g_ascii_isdigit(**at); (*at)++, scale /= 10)
        *ret_us += scale * g_ascii_digit_value(**at);
    return true;
}

static bool read_offset(const char **at, int64_t *ret_us)
{
    char sign = *(*at)++;
    *ret_us = 0;
    if (sign == 'Z' || sign == 'z')
        return true;
    int hours, minutes;
    if ((sign != '+' && sign != '-') || !read_field(at, 2, ":", &hours) ||
        !read_field(at, 2, "", &minutes) || hours > 23 || minutes > 59)
        return false;
    int64_t offset = hours * HCP_US_PER_H + minutes * HCP_US_PER_MIN;
    *ret_us = sign == '+' ? offset : -offset;
    return true;
}

static bool read_time(const char *at, int64_t *ret_time_us)
{
    int64_t days, fraction_us, offset_us;
    int hour, minute, second;
    if (!read_date(&at, &days) || !read_field(&at, 2, ":", &hour) ||
        !read_field(&at, 2, ":", &minute) || !read_field(&at, 2, "", &second))
        return false;
    /* A leap second (:60) is the first moment of the next minute: POSIX time has no place for
     * it. */
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    if (!read_fraction(&at, &fraction_us) || *at == '\0' || !read_offset(&at, &offset_us) ||
        *at != '\0')
        return false;
    *ret_time_us = days * HCP_US_PER_DAY + hour * HCP_US_PER_H + minute * HCP_US_PER_MIN +
                   second * HCP_US_PER_S + fraction_us - offset_us;
    return true;
}

bool hcp_time_parse(const char *text, int64_t *ret_time_us, GError **error)
{
    if (read_time(text, ret_time_us))
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                "\"%s\" is not a time: expected RFC 3339 with Z or an offset, such as "
                "2026-11-21T08:50:58Z",
                text);
    return false;
}

typedef struct {
    const char *name;
    int64_t us;
} duration_unit;

/* From the longest; a sum must follow this order ("1h30min"). */
static const duration_unit UNITS[] = {
    {"d", HCP_US_PER_DAY}, {"h", HCP_US_PER_H},   {"min", HCP_US_PER_MIN},
    {"s", HCP_US_PER_S},   {"ms", HCP_US_PER_MS},
};

static bool read_count(const char **at, int64_t *ret_count)
{
    if (!g_ascii_isdigit(**at))
        return false;
    int64_t count = 0;
    for (; g_ascii_isdigit(**at); (*at)++) {
        if (__builtin_mul_overflow(count, INT64_C(10), &count) ||
            __builtin_add_overflow(count, (int64_t)g_ascii_digit_value(**at), &count))
            return false;
    }
    *ret_count = count;
    return true;
}

/* Index in UNITS of the unit spelt by the letters at *at, or -1. */
static int read_unit(const char **at)
{
    size_t length = 0;
    while (g_ascii_isalpha((*at)[length]))
        length++;
    for (int i = 0; i < (int)G_N_ELEMENTS(UNITS); i++) {
        if (strlen(UNITS[i].name) == length && strncmp(UNITS[i].name, *at, length) == 0) {
            *at += length;
            return i;
        }
    }
    return -1;
}

static bool read_duration(const char *at, int64_t *ret_us)
{
    int64_t total = 0;
    int previous = -1;
    do {
        int64_t count;
        int unit;
        if (!read_count(&at, &count) || (unit = read_unit(&at)) <= previous ||
            __builtin_mul_overflow(count, UNITS[unit].us, &count) ||
            __builtin_add_overflow(total, count, &total))
            return false;
        previous = unit;
    } while (*at != '\0');
    *ret_us = total;
    return true;
}

bool hcp_duration_parse(const char *text, int64_t *ret_us, GError **error)
{
    if (read_duration(text, ret_us))
        return true;
    g_set_error(
        error, HCP_ERROR, HCP_ERROR_INVALID,
        "\"%s\" is not a duration: expected whole numbers with the units d, h, min, s or ms, "
        "longest first, such as 5s or 1h30min",
        text);
    return false;
}

static int64_t round_to(int64_t value, int64_t step)
{
    return (value + step / 2) / step * step;
}

/* "3 d 4 h" from a multiple of the smaller unit; the second part is left out when it is zero. */
static char *format_parts(const char *sign, int64_t value, const duration_unit *units)
{
    int64_t first = value / units[0].us;
    int64_t second = value % units[0].us / units[1].us;
    if (second == 0)
        return g_strdup_printf("%s%" PRId64 " %s", sign, first, units[0].name);
    return g_strdup_printf("%s%" PRId64 " %s %" PRId64 " %s", sign, first, units[0].name, second,
                           units[1].name);
}

/* Each range is tested after rounding to what it shows, so 59.97 s becomes "1 min" and not "60.0
 * s". */
static char *format_magnitude(const char *sign, int64_t us)
{
    if (us > 0 && us < HCP_US_PER_MS)
        return g_strdup_printf("%s%" PRId64 " us", sign, us);
    int64_t ms = round_to(us, HCP_US_PER_MS);
    if (ms < HCP_US_PER_S)
        return g_strdup_printf("%s%" PRId64 " ms", sign, ms / HCP_US_PER_MS);
    int64_t tenths = round_to(us, HCP_US_PER_S / 10);
    if (tenths < 10 * HCP_US_PER_S)
        return g_strdup_printf("%s%" PRId64 ".%" PRId64 " s", sign, tenths / HCP_US_PER_S,
                               tenths % HCP_US_PER_S / (HCP_US_PER_S / 10));
    int64_t seconds = round_to(us, HCP_US_PER_S);
    if (seconds < HCP_US_PER_MIN)
        return g_strdup_printf("%s%" PRId64 " s", sign, seconds / HCP_US_PER_S);
    if (seconds < HCP_US_PER_H)
        return format_parts(sign, seconds, &UNITS[2]);
    int64_t minutes = round_to(us, HCP_US_PER_MIN);
    if (minutes < HCP_US_PER_DAY)
        return format_parts(sign, minutes, &UNITS[1]);
    return format_parts(sign, round_to(us, HCP_US_PER_H), &UNITS[0]);
}

char *hcp_duration_format(int64_t duration_us)
{
    /* A millennium more than anything meaningful, and far enough from the ends for the rounding. */
    int64_t clamped = CLAMP(duration_us, -INT64_MAX / 2, INT64_MAX / 2);
    return format_magnitude(clamped < 0 ? "-" : "", clamped < 0 ? -clamped : clamped);
}

/* Julian day of 1 January 1970, as GLib counts. */
#define EPOCH_JULIAN 719163

hcp_date hcp_date_of(int64_t time_us, double utc_offset_h)
{
    double days = floor(((double)time_us / (double)HCP_US_PER_H + utc_offset_h) / 24.0);
    GDate date;
    g_date_clear(&date, 1);
    g_date_set_julian(&date, (guint32)(EPOCH_JULIAN + (int64_t)days));
    return (hcp_date){
        .year = g_date_get_year(&date),
        .month = (int)g_date_get_month(&date),
        .day = g_date_get_day(&date),
        .days_in_month = g_date_get_days_in_month(g_date_get_month(&date), g_date_get_year(&date)),
    };
}
