/* SPDX-License-Identifier: Apache-2.0 */
/* A what-if question: the period and what is to be different. One shape for the API and the command line. */
#ifndef HCP_RUNTIME_WHATIF_QUESTION_H
#define HCP_RUNTIME_WHATIF_QUESTION_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Prices that can be changed. Electricity is changed at every facility, the day-ahead price with it; hashprice follows from
 * Bitcoin, and its own change comes on top. */
typedef enum {
    HCP_WHATIF_ELECTRICITY, /* USD/MWh */
    HCP_WHATIF_BTC,         /* USD */
    HCP_WHATIF_HASHPRICE,   /* USD/(PH/s day) */
    HCP_WHATIF_PRICES
} hcp_whatif_price;

/* Member of the question that changes the price: "electricity_usd_per_mwh". */
const char *hcp_whatif_price_member(hcp_whatif_price price);

/* scale * recorded + shift; or `values` instead of what was recorded, each for `step_us` from the start of the period. */
typedef struct {
    bool given;
    double scale, shift;
    GArray *values; /* double, NaN = as before; NULL = not replaced */
    int64_t step_us;
} hcp_whatif_price_change;

typedef struct {
    char *facility;
    int64_t cap_w;
} hcp_whatif_cap;

typedef struct {
    char *facility, *class_key;
    bool relative; /* `count` more (fewer when negative) than there were; else as many as `count` */
    int64_t count;
} hcp_whatif_fleet;

/* Owns its strings and arrays. Zeroed: no change, the whole journal. */
typedef struct {
    char *from,
        *to; /* RFC 3339, or "-24h" before the last entry; NULL = the first and the last entry */
    char *policy;         /* NULL = as recorded */
    double threshold;     /* 0 = as configured */
    int64_t min_dwell_us; /* -1 = as recorded */
    hcp_whatif_price_change prices[HCP_WHATIF_PRICES];
    GArray *caps;   /* hcp_whatif_cap */
    GArray *fleets; /* hcp_whatif_fleet */
} hcp_whatif_question;

/* Reads a question that api/openapi.yaml's schema has accepted. HCP_ERROR_INVALID names the member when its parts do not go
 * together. */
bool hcp_whatif_question_parse(const json_t *json, hcp_whatif_question *ret_question,
                               GError **error);

/* Whether anything is to be different. */
bool hcp_whatif_question_changes(const hcp_whatif_question *question);

/* The period in a journal that holds [first_us, last_us]; `ret_to_us` is exclusive. HCP_ERROR_NOT_FOUND says what is stored
 * when it lies outside, HCP_ERROR_INVALID when it is empty or not a time. */
bool hcp_whatif_question_period(const hcp_whatif_question *question, int64_t first_us,
                                int64_t last_us, int64_t *ret_from_us, int64_t *ret_to_us,
                                GError **error);

/* Frees what the question owns. */
void hcp_whatif_question_clear(hcp_whatif_question *question);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_whatif_question, hcp_whatif_question_clear)

#endif
