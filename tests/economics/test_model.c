/* SPDX-License-Identifier: Apache-2.0 */
/* Models and plants as JSON: what is written reads back, and what is wrong is named. */
#include "base/error.h"
#include "economics/forecast/model_json.h"
#include "economics/plant_json.h"

#include <string.h>

static json_t *parse(const char *text)
{
    json_t *value = hcp_json_parse(text, strlen(text), NULL);
    g_assert_nonnull(value);
    return value;
}

static void test_model_round_trip(void)
{
    const hcp_price_model *model = hcp_price_model_builtin(1.0);
    g_autoptr(json_t) json = hcp_price_model_to_json(model);
    g_autoptr(hcp_price_model_owned) back = hcp_price_model_from_json(json, NULL);
    g_assert_nonnull(back);
    g_assert_cmpstr(back->model.name, ==, model->name);
    g_assert_cmpstr(back->model.provenance, ==, model->provenance);
    g_assert_cmpuint(back->model.n_cells, ==, model->n_cells);
    for (size_t i = 0; i < model->n_cells; i++) {
        const hcp_price_model_cell *a = &model->cells[i], *b = &back->model.cells[i];
        g_assert_true(a->level == b->level && a->hour == b->hour && a->from == b->from &&
                      a->to == b->to && a->count == b->count);
    }
}

static void test_model_refusals(void)
{
    static const char *const bad[] = {
        "{}",
        "{\"version\":2,\"step_h\":1,\"level_step\":0.2,\"surprise_step\":0.1,\"cells\":[]}",
        "{\"version\":1,\"step_h\":0,\"level_step\":0.2,\"surprise_step\":0.1,\"cells\":[]}",
        "{\"version\":1,\"step_h\":1,\"level_step\":0.3,\"surprise_step\":0.1,\"cells\":[]}",
        "{\"version\":1,\"step_h\":1,\"level_step\":0.2,\"surprise_step\":0.1}",
        "{\"version\":1,\"step_h\":1,\"level_step\":0.2,\"surprise_step\":0.1,\"cells\":[[1,24,0,0,"
        "1]]}",
        "{\"version\":1,\"step_h\":1,\"level_step\":0.2,\"surprise_step\":0.1,\"cells\":[[1,2,0,0]]"
        "}",
        "{\"version\":1,\"step_h\":1,\"level_step\":0.2,\"surprise_step\":0.1,\"cells\":[[1,2,0,0,"
        "0]]}",
        "[]",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(json_t) json = parse(bad[i]);
        g_autoptr(GError) error = NULL;
        g_assert_null(hcp_price_model_from_json(json, &error));
        g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
    }
}

static void test_plant(void)
{
    g_autoptr(json_t) json = parse("{\"plant\":\"site\",\"cap_mw\":12,\"asic_jth\":21.5,"
                                   "\"asic_start\":60.0,\"asic_min_down\":4,\"other\":\"x\"}");
    hcp_plant_spec spec;
    g_assert_true(hcp_plant_spec_from_json(json, &spec, NULL));
    g_assert_cmpfloat(spec.cap_mw, ==, 12.0);
    g_assert_cmpfloat(spec.asic_j_per_th, ==, 21.5);
    g_assert_cmpint(spec.asic_min_down_steps, ==, 4);
    g_assert_cmpfloat(spec.asic_mw, ==, hcp_plant_spec_default().asic_mw);

    g_autoptr(json_t) slot = parse("{\"plant\":\"slot\",\"slot_kw\":1.32}");
    g_assert_true(hcp_plant_spec_from_json(slot, &spec, NULL));
    g_assert_cmpint(spec.kind, ==, HCP_PLANT_SLOT);
}

static void test_plant_refusals(void)
{
    static const struct {
        const char *text;
        const char *names;
    } bad[] = {
        {"{\"plant\":\"barn\"}", "plant"},
        {"{\"plant\":3}", "plant"},
        {"{\"cap_mw\":\"ten\"}", "cap_mw"},
        {"{\"asic_min_up\":1.5}", "asic_min_up"},
        {"[1]", "object"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(json_t) json = parse(bad[i].text);
        g_autoptr(GError) error = NULL;
        hcp_plant_spec spec;
        g_assert_false(hcp_plant_spec_from_json(json, &spec, &error));
        g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, bad[i].names));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/round-trip", test_model_round_trip);
    g_test_add_func("/model/refusals", test_model_refusals);
    g_test_add_func("/model/plant", test_plant);
    g_test_add_func("/model/plant-refusals", test_plant_refusals);
    return g_test_run();
}
