/* SPDX-License-Identifier: Apache-2.0 */
/* A table from member name to field. */
#include "economics/plant_json.h"

#include "base/error.h"

#include <string.h>

typedef struct {
    const char *name;
    size_t offset;
} member;

#define MEMBER(name, field)                                                                        \
    {                                                                                              \
        name, G_STRUCT_OFFSET(hcp_plant_spec, field)                                               \
    }

static const member numbers[] = {
    MEMBER("step_h", step_h),
    MEMBER("cap_mw", cap_mw),
    MEMBER("asic_mw", asic_mw),
    MEMBER("asic_jth", asic_j_per_th),
    MEMBER("asic_pue", asic_pue),
    MEMBER("pool_fee", pool_fee),
    MEMBER("asic_start", asic_start_usd_per_mw),
    MEMBER("asic_stop", asic_stop_usd_per_mw),
    MEMBER("gpus", gpus),
    MEMBER("gpu_w", gpu_w),
    MEMBER("pue", gpu_pue),
    MEMBER("gpu_idle", gpu_idle),
    MEMBER("ai_fee", ai_fee),
    MEMBER("gpu_start", gpu_start_usd_per_mw),
    MEMBER("gpu_stop", gpu_stop_usd_per_mw),
    MEMBER("slot_kw", slot_kw),
    MEMBER("slot_switch", slot_switch_usd),
};

static const member steps[] = {
    MEMBER("asic_min_up", asic_min_up_steps),
    MEMBER("asic_min_down", asic_min_down_steps),
    MEMBER("gpu_min_up", gpu_min_up_steps),
    MEMBER("gpu_min_down", gpu_min_down_steps),
};

static bool wrong_type(const char *name, const char *wanted, GError **error)
{
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "plant: \"%s\" must be %s", name, wanted);
    return false;
}

static bool read_kind(const json_t *object, hcp_plant_spec *spec, GError **error)
{
    const json_t *kind = json_object_get(object, "plant");
    if (kind == NULL)
        return true;
    const char *text = json_string_value(kind);
    if (text != NULL && strcmp(text, "slot") == 0)
        spec->kind = HCP_PLANT_SLOT;
    else if (text == NULL || strcmp(text, "site") != 0)
        return wrong_type("plant", "\"site\" or \"slot\"", error);
    return true;
}

bool hcp_plant_spec_from_json(const json_t *object, hcp_plant_spec *ret_spec, GError **error)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    if (!json_is_object(object))
        return wrong_type("plant", "an object", error);
    if (!read_kind(object, &spec, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        const json_t *value = json_object_get(object, numbers[i].name);
        if (value == NULL)
            continue;
        if (!json_is_number(value))
            return wrong_type(numbers[i].name, "a number", error);
        *(double *)((char *)&spec + numbers[i].offset) = json_number_value(value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        const json_t *value = json_object_get(object, steps[i].name);
        if (value == NULL)
            continue;
        if (!json_is_integer(value))
            return wrong_type(steps[i].name, "a whole number of steps", error);
        *(int *)((char *)&spec + steps[i].offset) =
            (int)CLAMP(json_integer_value(value), G_MININT, G_MAXINT);
    }
    *ret_spec = spec;
    return true;
}
