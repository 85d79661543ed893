/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/scenario.h"

#include "base/error.h"
#include "base/units.h"
#include "core/reserve.h"
#include "economics/peak.h"
#include "runtime/share.h"

#include <gio/gio.h>
#include <math.h>
#include <string.h>

/* Parsing one scenario: the tables that names refer to, and the problems found so far. */
typedef struct {
    hcp_scenario *scenario;
    const char *name;
    GString *problems;
} parse;

static char *member(const json_t *object, const char *key)
{
    return g_strdup(hcp_json_string(object, key, ""));
}

static hcp_event *define(parse *p, hcp_event_type type)
{
    g_array_set_size(p->scenario->definitions, p->scenario->definitions->len + 1);
    hcp_event *event =
        &g_array_index(p->scenario->definitions, hcp_event, p->scenario->definitions->len - 1);
    event->type = type;
    return event;
}

static void problem(parse *p, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void problem(parse *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_printf(p->problems, "%s%s: ", p->problems->len > 0 ? "\n" : "", p->name);
    g_string_append_vprintf(p->problems, format, args);
    va_end(args);
}

/* Index of the definition of `type` whose key is `key`, counted among its type; HCP_NO_INDEX when there is none. */
static uint32_t find(const parse *p, hcp_event_type type, const char *key)
{
    uint32_t n = 0;
    for (guint i = 0; i < p->scenario->definitions->len; i++) {
        const hcp_event *event = &g_array_index(p->scenario->definitions, hcp_event, i);
        if (event->type != type)
            continue;
        const char *its = type == HCP_EVENT_CLASS_DEFINED      ? event->class_defined.key
                          : type == HCP_EVENT_FACILITY_DEFINED ? event->facility_defined.key
                                                               : event->customer_defined.key;
        if (g_str_equal(its, key))
            return n;
        n++;
    }
    return HCP_NO_INDEX;
}

static const hcp_class_defined *class_at(const parse *p, uint32_t ix)
{
    for (guint i = 0, n = 0; i < p->scenario->definitions->len; i++) {
        const hcp_event *event = &g_array_index(p->scenario->definitions, hcp_event, i);
        if (event->type == HCP_EVENT_CLASS_DEFINED && n++ == ix)
            return &event->class_defined;
    }
    g_assert_not_reached();
}

static void define_targets(const json_t *list, hcp_array *ret_targets)
{
    hcp_power_target *targets =
        hcp_array_init(ret_targets, (uint32_t)json_array_size(list), sizeof *targets);
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) targets[i] = (hcp_power_target){
        .power_w = hcp_json_int(item, "power_w", 0), .ths = hcp_json_number(item, "ths", 0)};
}

static void define_class(parse *p, const json_t *object)
{
    hcp_class_defined *class = &define(p, HCP_EVENT_CLASS_DEFINED)->class_defined;
    *class = (hcp_class_defined){
        .key = member(object, "key"),
        .label = member(object, "label"),
        .family = member(object, "family"),
        .source = member(object, "source"),
        .kind = (hcp_device_kind)hcp_enum_value(&HCP_DEVICE_KIND_NAMES,
                                                hcp_json_string(object, "kind", "")),
        .tdp_w = hcp_json_int(object, "tdp_w", 0),
        .idle_w = hcp_json_int(object, "idle_w", 0),
        .standby_w = hcp_json_int(object, "standby_w", 0),
        .memory_bytes = llround(hcp_json_number(object, "memory_gb", 0) * 1e9),
        .tflops = hcp_json_number(object, "tflops", 0),
        .hbm_gb_per_s = hcp_json_number(object, "hbm_gb_per_s", 0),
        .pcie_gb_per_s = hcp_json_number(object, "pcie_gb_per_s", 0),
        .default_target = (uint32_t)hcp_json_int(object, "default_target", 0),
        .mining_usd_micro_per_h =
            hcp_money_from_usd(hcp_json_number(object, "mining_usd_per_h", 0)),
        .rate_usd_micro_per_h = hcp_money_from_usd(hcp_json_number(object, "rate_usd_per_h", 0)),
        .requests_milli_per_s = llround(hcp_json_number(object, "requests_per_s", 0) * 1000),
        .ramp_down_us = hcp_config_duration_us(object, "ramp_down"),
        .ramp_up_us = hcp_config_duration_us(object, "ramp_up"),
        .share_milli = (uint32_t)lround(hcp_json_number(object, "share", 1) * HCP_SHARE_WHOLE),
    };
    define_targets(json_object_get(object, "power_targets"), &class->power_targets);
    if (class->power_targets.count > 0 && class->default_target >= class->power_targets.count)
        problem(p, "class %s: default_target %u is past its %u power targets", class->key,
                class->default_target, class->power_targets.count);
}

/* Mask of reserve products by name. */
static uint32_t products_of(const json_t *names)
{
    uint32_t mask = 0;
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name) mask |= hcp_reserve_bit_of(json_string_value(name));
    return mask;
}

/* Charge on a MW in one peak; the months are said by number. */
static void read_peak_charge(const json_t *object, hcp_facility_defined *def)
{
    size_t i;
    json_t *month;
    json_array_foreach(json_object_get(object, "months"), i, month) def->peak_months |=
        1U << (json_integer_value(month) - 1);
    const hcp_peak_rule rule = {
        .usd_per_mw_year = hcp_json_number(object, "usd_per_mw_year", 0),
        .months = def->peak_months,
    };
    def->peak_usd_micro_per_mw = hcp_money_from_usd(hcp_peak_usd_per_mw(&rule));
    def->utc_offset_h = hcp_json_number(object, "utc_offset_h", 0);
}

static void define_feeders(const json_t *list, hcp_array *ret_feeders)
{
    hcp_feeder *feeders =
        hcp_array_init(ret_feeders, (uint32_t)json_array_size(list), sizeof *feeders);
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) feeders[i] = (hcp_feeder){
        .name = member(item, "name"), .cap_w = llround(hcp_json_number(item, "cap_mw", 0) * 1e6)};
}

static void define_facility(parse *p, const json_t *object)
{
    const char *hub = hcp_json_string(object, "hub", "");
    const json_t *carbon = json_object_get(object, "carbon");
    const json_t *grid = json_object_get(object, "grid");
    if (find(p, HCP_EVENT_FACILITY_DEFINED, hcp_json_string(object, "key", "")) != HCP_NO_INDEX)
        problem(p, "facility %s is listed twice", hcp_json_string(object, "key", ""));
    if (!g_ptr_array_find_with_equal_func(p->scenario->hubs, hub, g_str_equal, NULL))
        g_ptr_array_add(p->scenario->hubs, g_strdup(hub));
    hcp_facility_defined *def = &define(p, HCP_EVENT_FACILITY_DEFINED)->facility_defined;
    *def = (hcp_facility_defined){
        .key = member(object, "key"),
        .name = member(object, "name"),
        .location = member(object, "location"),
        .region = member(object, "region"),
        .hub = g_strdup(hub),
        .cap_w = llround(hcp_json_number(object, "cap_mw", 0) * 1e6),
        .pue_milli = llround(hcp_json_number(object, "pue", 1) * 1000),
        .backbone_gbps = hcp_json_int(object, "backbone_gbps", 0),
        .network_rtt_us = llround(hcp_json_number(object, "network_rtt_ms", 0) * 1000),
        .carbon_mg_per_kwh = llround(hcp_json_number(carbon, "g_per_kwh", 0) * 1000),
        .carbon_source = g_strdup(hcp_json_string(carbon, "source", NULL)),
        .reserve_products = products_of(json_object_get(grid, "reserve")),
        .call_usd_per_mwh = hcp_json_number(grid, "call_usd_per_mwh", 0),
        .reserve_share_milli =
            (uint32_t)MAX(1, lround(hcp_json_number(grid, "share_pct", 100) * 10)),
    };
    read_peak_charge(json_object_get(grid, "peak_charge"), def);
    define_feeders(json_object_get(object, "feeders"), &def->feeders);
}

static void define_customer(parse *p, const json_t *object)
{
    if (find(p, HCP_EVENT_CUSTOMER_DEFINED, hcp_json_string(object, "key", "")) != HCP_NO_INDEX)
        problem(p, "customer %s is listed twice", hcp_json_string(object, "key", ""));
    double gpu_hours = hcp_json_number(object, "gpu_hours", -1);
    define(p, HCP_EVENT_CUSTOMER_DEFINED)->customer_defined = (hcp_customer_defined){
        .key = member(object, "key"),
        .name = member(object, "name"),
        .tier = member(object, "tier"),
        .industry = member(object, "industry"),
        .quota_device_us = gpu_hours < 0 ? -1 : llround(gpu_hours * (double)HCP_US_PER_H),
        .budget_usd_micro = hcp_money_from_usd(hcp_json_number(object, "budget_usd", 0)),
        .rate_permille = llround(hcp_json_number(object, "rate_percent", 100) * 10),
    };
    p->scenario->n_customers++;
}

static void define_more_customers(parse *p, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t n = p->scenario->n_customers++ + 1;
        define(p, HCP_EVENT_CUSTOMER_DEFINED)->customer_defined = (hcp_customer_defined){
            .key = g_strdup_printf("cust-%03u", n),
            .name = g_strdup_printf("Customer %u", n),
            .tier = g_strdup("growth"),
            .industry = g_strdup(""),
            .quota_device_us = -1,
            .rate_permille = 1000,
        };
    }
}

static char *default_prefix(const hcp_class_defined *class, const char *facility,
                            const char *feeder)
{
    g_autofree char *text =
        g_strdup_printf("%s-%s-%s%s%s", hcp_enum_name(&HCP_DEVICE_KIND_NAMES, (int)class->kind),
                        facility, class->key, feeder[0] != '\0' ? "-" : "", feeder);
    return g_ascii_strdown(text, -1);
}

/* Place of the feeder called `name` in the scenario's facility, from 1; 0 = none is named, or there is no such. */
static uint32_t find_feeder(parse *p, const json_t *facility, const char *name)
{
    size_t i;
    json_t *item;
    g_autoptr(GString) known = g_string_new(NULL);
    if (name[0] == '\0')
        return 0;
    json_array_foreach(json_object_get(facility, "feeders"), i, item)
    {
        const char *its = hcp_json_string(item, "name", "");
        if (g_str_equal(its, name))
            return (uint32_t)i + 1;
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", its);
    }
    problem(p, "facility %s: there is no feeder \"%s\"; its feeders are: %s",
            hcp_json_string(facility, "key", ""), name, known->len > 0 ? known->str : "none");
    return 0;
}

static hcp_mode default_mode(const hcp_class_defined *class)
{
    return class->kind == HCP_DEVICE_ASIC ? HCP_MODE_CURTAILED : HCP_MODE_IDLE;
}

static void define_devices(parse *p, const json_t *object, uint32_t facility, const json_t *site)
{
    const char *key = hcp_json_string(site, "key", "");
    const char *feeder = hcp_json_string(object, "feeder", "");
    const char *class_key = hcp_json_string(object, "class", "");
    uint32_t class_ix = find(p, HCP_EVENT_CLASS_DEFINED, class_key);
    if (class_ix == HCP_NO_INDEX) {
        problem(p, "facility %s: there is no device class \"%s\" in the catalog", key, class_key);
        return;
    }
    const hcp_class_defined *class = class_at(p, class_ix);
    const char *prefix = hcp_json_string(object, "name_prefix", "");
    const char *mode = hcp_json_string(object, "mode", "");
    const hcp_devices_registered devices = {
        .facility = facility,
        .class_ix = class_ix,
        .count = (uint32_t)hcp_json_int(object, "count", 0),
        .first_ordinal = 1,
        .name_prefix = prefix[0] != '\0' ? g_strdup(prefix) : default_prefix(class, key, feeder),
        .mode =
            mode[0] != '\0' ? (hcp_mode)hcp_enum_value(&HCP_MODE_NAMES, mode) : default_mode(class),
        .feeder = find_feeder(p, site, feeder),
    };
    define(p, HCP_EVENT_DEVICES_REGISTERED)->devices_registered = devices;
}

static void define_all_devices(parse *p, const json_t *facilities)
{
    size_t f, d;
    json_t *facility, *devices;
    json_array_foreach(facilities, f, facility)
        json_array_foreach(json_object_get(facility, "devices"), d, devices)
            define_devices(p, devices, (uint32_t)f, facility);
}

static bool define_catalog(parse *p, GError **error)
{
    g_autoptr(GBytes) bytes = hcp_share_lookup("catalog.yaml");
    g_assert(bytes != NULL);
    gsize size = 0;
    const char *text = g_bytes_get_data(bytes, &size);
    g_autoptr(json_t) catalog =
        hcp_config_read(&HCP_CATALOG_SCHEMA, text, size, "catalog.yaml", error);
    if (catalog == NULL)
        return false;
    size_t i;
    json_t *class;
    json_array_foreach(json_object_get(catalog, "classes"), i, class) define_class(p, class);
    return true;
}

static void define_settings(parse *p, const json_t *tree, const hcp_settings *settings)
{
    hcp_settings *own = &define(p, HCP_EVENT_SETTINGS_CHANGED)->settings_changed;
    const char *customer = hcp_json_string(tree, "default_customer", "");
    *own = *settings;
    own->gpu_mining = hcp_json_bool(tree, "gpu_mining", false);
    own->default_customer =
        customer[0] != '\0' ? find(p, HCP_EVENT_CUSTOMER_DEFINED, customer) : HCP_NO_INDEX;
    if (customer[0] != '\0' && own->default_customer == HCP_NO_INDEX)
        problem(p, "default_customer: there is no customer \"%s\"", customer);
}

static bool define_all(parse *p, const json_t *tree, const hcp_settings *settings, GError **error)
{
    if (!define_catalog(p, error))
        return false;
    size_t i;
    json_t *item;
    const json_t *facilities = json_object_get(tree, "facilities");
    json_array_foreach(facilities, i, item) define_facility(p, item);
    json_array_foreach(json_object_get(tree, "customers"), i, item) define_customer(p, item);
    define_more_customers(p, hcp_json_int(tree, "customer_count", 0));
    define_settings(p, tree, settings);
    define_all_devices(p, facilities);
    if (p->problems->len == 0)
        return true;
    g_set_error_literal(error, HCP_ERROR, HCP_ERROR_INVALID, p->problems->str);
    return false;
}

bool hcp_scenario_parse(const char *text, size_t size, const char *name,
                        const hcp_settings *settings, hcp_scenario *ret_scenario, GError **error)
{
    g_autoptr(json_t) tree = hcp_config_read(&HCP_SCENARIO_SCHEMA, text, size, name, error);
    if (tree == NULL)
        return false;
    const json_t *arrivals = json_object_get(tree, "arrivals");
    g_auto(hcp_scenario) scenario = {
        .title = member(tree, "title"),
        .description = member(tree, "description"),
        .market_preset = member(json_object_get(tree, "market"), "preset"),
        .hubs = g_ptr_array_new_with_free_func(g_free),
        .definitions = g_array_new(FALSE, TRUE, sizeof(hcp_event)),
        .arrivals_per_hour = hcp_json_number(arrivals, "per_hour", 0),
        .duration_factor = hcp_json_number(arrivals, "duration_factor", 1),
        .max_gpus = (uint32_t)hcp_json_int(arrivals, "max_gpus", 1),
    };
    g_array_set_clear_func(scenario.definitions, (GDestroyNotify)hcp_event_clear);
    g_autoptr(GString) problems = g_string_new(NULL);
    parse p = {.scenario = &scenario, .name = name, .problems = problems};
    if (!define_all(&p, tree, settings, error))
        return false;
    *ret_scenario = scenario;
    scenario = (hcp_scenario){0};
    return true;
}

bool hcp_scenario_load(const char *name, const hcp_settings *settings, hcp_scenario *ret_scenario,
                       GError **error)
{
    g_autofree char *built_in = g_strdup_printf("scenarios/%s.yaml", name);
    g_autoptr(GBytes) bytes = hcp_share_lookup(built_in);
    if (bytes != NULL) {
        gsize size = 0;
        const char *text = g_bytes_get_data(bytes, &size);
        return hcp_scenario_parse(text, size, built_in, settings, ret_scenario, error);
    }
    g_autofree char *text = NULL;
    gsize size = 0;
    if (g_file_get_contents(name, &text, &size, NULL))
        return hcp_scenario_parse(text, size, name, settings, ret_scenario, error);
    g_auto(GStrv) names = hcp_scenario_names();
    g_autofree char *known = g_strjoinv(", ", names);
    g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND,
                "there is no scenario or file \"%s\"; built in are %s", name, known);
    return false;
}

char **hcp_scenario_names(void)
{
    char **files = hcp_share_list("scenarios");
    for (char **file = files; *file != NULL; file++)
        (*file)[strlen(*file) - strlen(".yaml")] = '\0';
    return files;
}

void hcp_scenario_clear(hcp_scenario *scenario)
{
    g_free(scenario->title);
    g_free(scenario->description);
    g_free(scenario->market_preset);
    g_clear_pointer(&scenario->hubs, g_ptr_array_unref);
    g_clear_pointer(&scenario->definitions, g_array_unref);
    *scenario = (hcp_scenario){0};
}
