/* SPDX-License-Identifier: Apache-2.0 */
/* The optimizer's prices: what is known now, with source and age, and what was observed before. */
#include "services/prices.h"
#include "base/timefmt.h"
#include "base/units.h"
#include "core/prices.h"
#include "services/internal.h"
#include "services/list.h"

#include <math.h>

/* Electricity is stored in USD/MWh and shown in USD/kWh, the unit of the published interface. */
static const struct {
    const char *unit;
    double scale;
} UNITS[HCP_PRICE_KINDS] = {
    [HCP_PRICE_ELECTRICITY] = {"USD/kWh", 0.001},  [HCP_PRICE_BTC] = {"USD", 1},
    [HCP_PRICE_GPU_SPOT] = {"USD/hour", 1},        [HCP_PRICE_DIFFICULTY] = {"1", 1},
    [HCP_PRICE_BLOCK_SUBSIDY] = {"BTC/block", 1},  [HCP_PRICE_BLOCK_FEES] = {"BTC/block", 1},
    [HCP_PRICE_HASHPRICE] = {"USD/(PH/s day)", 1}, [HCP_PRICE_DAY_AHEAD] = {"USD/kWh", 0.001},
    [HCP_PRICE_RESERVE] = {"USD/(MW h)", 1},
};

const hcp_price_observed *hcp_prices_electricity(const hcp_state *state, uint32_t facility)
{
    static const hcp_price_observed none;
    return facility < state->market.electricity->len
               ? &g_array_index(state->market.electricity, hcp_price_observed, facility)
               : &none;
}

json_t *hcp_prices_json(const hcp_state *state, const hcp_price_observed *price,
                        hcp_price_kind kind, int64_t now_us)
{
    bool known = price->quality != HCP_QUALITY_MISSING, banded = known && price->sources > 0;
    json_t *object = json_object();
    if (known)
        hcp_json_set_number(object, "value", price->value * UNITS[kind].scale);
    else
        json_object_set_new(object, "value", json_null());
    hcp_json_set_string(object, "unit", UNITS[kind].unit);
    hcp_json_set_string(object, "source", price->source);
    hcp_json_set_time(object, "observed_at", price->observed_us);
    if (price->observed_us != 0)
        hcp_json_set_int(object, "age_ms", MAX(0, now_us - price->observed_us) / HCP_US_PER_MS);
    else
        json_object_set_new(object, "age_ms", json_null());
    hcp_json_set_string(object, "quality", hcp_enum_name(&HCP_QUALITY_NAMES, (int)price->quality));
    hcp_json_set_bool(object, "simulated", price->simulated);
    hcp_services_set_rounded(object, "low", banded ? price->low * UNITS[kind].scale : NAN, 9);
    hcp_services_set_rounded(object, "high", banded ? price->high * UNITS[kind].scale : NAN, 9);
    json_object_set_new(object, "sources",
                        banded ? json_integer((json_int_t)price->sources) : json_null());
    hcp_json_set_bool(object, "disagreeing", hcp_prices_disagree(&state->settings, price));
    return object;
}

/* Mean over the facilities that have a price; as old and as good as the worst of them. */
static hcp_price_observed mean_electricity(const hcp_state *state)
{
    hcp_price_observed mean = {.kind = HCP_PRICE_ELECTRICITY};
    int n = 0;
    for (uint32_t f = 0; f < state->market.electricity->len; f++) {
        const hcp_price_observed *price = hcp_prices_electricity(state, f);
        if (price->quality == HCP_QUALITY_MISSING)
            continue;
        mean.value += price->value;
        mean.low += price->low;
        mean.high += price->high;
        mean.sources = n == 0 ? price->sources : MIN(mean.sources, price->sources);
        mean.quality = n == 0 ? price->quality : MIN(mean.quality, price->quality);
        mean.observed_us = n == 0 ? price->observed_us : MIN(mean.observed_us, price->observed_us);
        mean.source = price->source;
        mean.simulated |= price->simulated;
        n++;
    }
    if (n == 0)
        return mean;
    mean.value /= n;
    mean.low /= n;
    mean.high /= n;
    return mean;
}

/* Published prices of the facility that are not over, in the unit of their kind. */
static json_t *coming_json(const hcp_state *state, uint32_t facility, int64_t now_us)
{
    json_t *list = json_array();
    for (guint i = 0; i < state->market.published->len; i++) {
        const hcp_published_price *price =
            &g_array_index(state->market.published, hcp_published_price, i);
        if (price->facility != facility || price->until_us <= now_us)
            continue;
        bool reserve = price->product != HCP_RESERVE_NONE;
        json_t *row = json_object();
        hcp_json_set_string(row, "kind", hcp_enum_name(&HCP_PRICE_KIND_NAMES, (int)price->kind));
        hcp_json_set_string(row, "product",
                            reserve ? hcp_enum_name(&HCP_RESERVE_NAMES, (int)price->product)
                                    : NULL);
        hcp_json_set_time(row, "from", price->from_us);
        hcp_json_set_time(row, "until", price->until_us);
        hcp_json_set_number(row, "value", price->value * UNITS[price->kind].scale);
        hcp_json_set_string(row, "unit", UNITS[price->kind].unit);
        hcp_json_set_bool(row, "simulated", price->simulated);
        json_array_append_new(list, row);
    }
    return list;
}

static void get_prices(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_state *state = hcp_services_state(services);
    const char *name = hcp_http_request_query(request, "facility");
    uint32_t facility = HCP_NO_INDEX;
    if (name != NULL) {
        facility = hcp_core_find_facility(hcp_services_core(services), name);
        if (facility == HCP_NO_INDEX) {
            hcp_http_reply_not_found(request, "facility", name);
            return;
        }
    }
    int64_t now_us = hcp_platform_now(services->platform);
    hcp_price_observed electricity = facility != HCP_NO_INDEX
                                         ? *hcp_prices_electricity(state, facility)
                                         : mean_electricity(state);
    json_t *prices = json_object();
    json_object_set_new(prices, "electricity",
                        hcp_prices_json(state, &electricity, HCP_PRICE_ELECTRICITY, now_us));
    for (int kind = HCP_PRICE_BTC; kind <= HCP_PRICE_HASHPRICE; kind++)
        json_object_set_new(
            prices, hcp_enum_name(&HCP_PRICE_KIND_NAMES, kind),
            hcp_prices_json(state, &state->market.global[kind], (hcp_price_kind)kind, now_us));
    json_t *body = json_object();
    hcp_json_set_time(body, "timestamp", now_us);
    json_object_set_new(body, "prices", prices);
    if (facility != HCP_NO_INDEX)
        json_object_set_new(body, "coming", coming_json(state, facility, now_us));
    hcp_http_reply_json(request, 200, body);
}

/* Columns: time, kind, facility, value, source, quality, simulated. */
static json_t *history_row(void *data, const hcp_projection_value *values, int n_values)
{
    (void)data;
    (void)n_values;
    int kind = hcp_enum_value(&HCP_PRICE_KIND_NAMES, hcp_list_column_text(&values[1]));
    json_t *row = json_object();
    hcp_json_set_time(row, "time", hcp_list_column_int(&values[0]));
    hcp_json_set_string(row, "kind", hcp_list_column_text(&values[1]));
    hcp_json_set_string(row, "facility", hcp_list_column_text(&values[2]));
    if (values[3].kind == HCP_PROJECTION_NULL)
        json_object_set_new(row, "value", json_null());
    else
        hcp_json_set_number(row, "value", hcp_list_column_number(&values[3]) * UNITS[kind].scale);
    hcp_json_set_string(row, "unit", UNITS[kind].unit);
    hcp_json_set_string(row, "source", hcp_list_column_text(&values[4]));
    hcp_json_set_string(row, "quality", hcp_list_column_text(&values[5]));
    hcp_json_set_bool(row, "simulated", hcp_list_column_int(&values[6]) != 0);
    return row;
}

static void list_history(hcp_http_request *request, void *data)
{
    static const char every[] =
        "SELECT seq, at_us, kind, facility, value, source, quality, simulated FROM price"
        " WHERE seq > CAST(?1 AS INTEGER) AND (?3 IS NULL OR kind = ?3)"
        " AND (?4 IS NULL OR facility = ?4) AND at_us >= ?5 AND at_us < ?6 ORDER BY seq LIMIT ?2";
    /* The position of a step is its number and its series, so that steps of several series page well. */
    static const char stepped[] =
        "SELECT position, at_us, kind, facility, value, source, quality, simulated FROM ("
        " SELECT printf('%020d %s %s', at_us / ?7, kind, coalesce(facility, '')) AS position,"
        " at_us / ?7 * ?7 AS at_us, kind, facility, avg(value) AS value, max(source) AS source,"
        " min(quality) AS quality, max(simulated) AS simulated FROM price"
        " WHERE (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR facility = ?4)"
        " AND price.at_us >= ?5 AND price.at_us < ?6 GROUP BY 1)"
        " WHERE position > ?1 ORDER BY position LIMIT ?2";
    hcp_list list = {
        .sql = every,
        .values = {hcp_list_text(request, "kind"), hcp_list_facility(data, request),
                   hcp_projection_int(hcp_list_time(request, "from", 0)),
                   hcp_projection_int(hcp_list_time(request, "to", INT64_MAX))},
        .n_values = 4,
        .member = "prices",
        .row = history_row,
    };
    int64_t resolution_us = 0;
    const char *resolution = hcp_http_request_query(request, "resolution");
    if (resolution != NULL && hcp_duration_parse(resolution, &resolution_us, NULL) &&
        resolution_us > 0) {
        list.sql = stepped;
        list.values[list.n_values++] = hcp_projection_int(resolution_us);
    }
    hcp_list_reply(data, request, &list);
}

static const hcp_http_binding BINDINGS[] = {
    {"getPrices", get_prices},
    {"listPriceHistory", list_history},
};

bool hcp_services_bind_prices(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}
