/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values as cells of a table. NULL and JSON null are "-"; callers free what they get. */
#ifndef HCP_CLI_FORMAT_H
#define HCP_CLI_FORMAT_H

#include <jansson.h>

/* Strings as they are, numbers in their shortest form, lists with commas. */
char *hcp_cli_format_text(const json_t *value);

/* Numbers with as many decimals as the name says. */
char *hcp_cli_format_fixed1(const json_t *value);
char *hcp_cli_format_fixed2(const json_t *value);

/* 1234567 as "1,234,567". */
char *hcp_cli_format_count(const json_t *value);

/* Milliseconds and seconds as a duration: "450 ms", "2 h 34 min". */
char *hcp_cli_format_ms(const json_t *value);
char *hcp_cli_format_s(const json_t *value);

/* The same, as an age: "2.0 s old". */
char *hcp_cli_format_age(const json_t *value);

/* TH/s as PH/s with two decimals. */
char *hcp_cli_format_phs(const json_t *value);

/* An ETA object as an interval: "2.0 s", "1 min to 5 min", "at least 1 min". */
char *hcp_cli_format_eta(const json_t *value);

/* Watts as megawatts with three decimals. */
char *hcp_cli_format_mw(const json_t *value);

/* Micro-dollars as dollars with two decimals and thousands separators. */
char *hcp_cli_format_usd(const json_t *value);

/* A time of day; with the date when it is not today's (UTC). */
char *hcp_cli_format_time(const json_t *value);

/* 1 to 4 as "P1" to "P4". */
char *hcp_cli_format_priority(const json_t *value);

/* A share from 0 to 1 as per cent. */
char *hcp_cli_format_percent(const json_t *value);

/* A price value: enough digits for its size. */
char *hcp_cli_format_price(const json_t *value);

/* true as "yes", false as "no". */
char *hcp_cli_format_yes(const json_t *value);

#endif
