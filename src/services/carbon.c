/* SPDX-License-Identifier: Apache-2.0 */
#include "services/carbon.h"

json_t *hcp_carbon_json(const hcp_facility_defined *def, const hcp_meter *meter)
{
    if (def->carbon_mg_per_kwh == 0)
        return json_null();
    json_t *object = json_object(), *by_use = json_object();
    double sum_mg = 0;
    for (int use = 0; use < HCP_USES; use++) {
        double mg = (double)meter->carbon_mg[use];
        hcp_services_set_rounded(by_use, hcp_enum_name(&HCP_USE_NAMES, use),
                                 mg / HCP_CARBON_MG_PER_KG, 3);
        sum_mg += mg;
    }
    hcp_json_set_number(object, "g_per_kwh", (double)def->carbon_mg_per_kwh / 1000);
    hcp_json_set_string(object, "source", def->carbon_source);
    hcp_services_set_rounded(object, "kg", sum_mg / HCP_CARBON_MG_PER_KG, 3);
    json_object_set_new(object, "kg_by_use", by_use);
    return object;
}
