/* SPDX-License-Identifier: Apache-2.0 */
#include "services/reserve_view.h"

#include "base/units.h"
#include "core/power.h"
#include "core/reserve.h"
#include "services/internal.h"

static const char *name_of(int product)
{
    return hcp_enum_name(&HCP_RESERVE_NAMES, product);
}

static json_t *products_json(uint32_t mask)
{
    json_t *list = json_array();
    for (int product = HCP_RESERVE_RRS; product < HCP_RESERVES; product++)
        if ((mask & HCP_RESERVE_BIT(product)) != 0)
            json_array_append_new(list, json_string(name_of(product)));
    return list;
}

static json_t *sold_json(const hcp_meter *meter)
{
    json_t *list = json_array();
    for (int product = 0; product < HCP_RESERVES; product++) {
        const hcp_reserve_sold *sold = &meter->reserve_sold[product];
        if (sold->ready_j == 0)
            continue;
        json_t *row = json_object();
        hcp_json_set_string(row, "product", name_of(product));
        hcp_services_set_rounded(row, "mw_h", hcp_units_mwh(sold->ready_j), 6);
        hcp_services_set_money(row, "income", sold->usd_micro);
        json_array_append_new(list, row);
    }
    return list;
}

json_t *hcp_reserve_json(const hcp_state *state, uint32_t facility, const hcp_meter *meter)
{
    const hcp_facility_defined *def = &hcp_state_facility(state, facility)->def;
    const hcp_price_observed *price = hcp_reserve_in_force(state, facility);
    bool priced = price->quality >= HCP_QUALITY_SUSPECT;
    json_t *object = json_object();
    json_object_set_new(object, "products", products_json(def->reserve_products));
    hcp_services_set_rounded(object, "share_pct", (double)hcp_reserve_share_milli(def) / 10.0, 1);
    hcp_json_set_number(object, "call_usd_per_mwh", def->call_usd_per_mwh);
    hcp_services_set_rounded(
        object, "ready_mw", (double)hcp_power_reserve_w(state, facility) / (double)HCP_W_PER_MW, 6);
    hcp_json_set_string(object, "product", priced ? name_of((int)price->product) : NULL);
    json_object_set_new(object, "usd_per_mw_h", priced ? json_real(price->value) : json_null());
    json_object_set_new(object, "sold", sold_json(meter));
    return object;
}
