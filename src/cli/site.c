/* SPDX-License-Identifier: Apache-2.0 */
/* Sites from files and from the table built into the program. */
#include "cli/site.h"

#include "base/error.h"
#include "economics/plant_json.h"
#include "runtime/share.h"

#include <math.h>
#include <string.h>

static json_t *builtin_sites(GError **error)
{
    g_autoptr(GBytes) bytes = hcp_share_lookup("sites.json");
    g_assert(bytes != NULL); /* it is built in */
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    return hcp_json_parse(text, size, error);
}

char *hcp_cli_site_names(void)
{
    g_autoptr(json_t) sites = builtin_sites(NULL);
    g_autoptr(GString) names = g_string_new(NULL);
    const char *name;
    json_t *site;
    json_object_foreach(sites, name, site) g_string_append_printf(names, "%s\n", name);
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static json_t *find_site(const hcp_cli_site_source *source, GError **error)
{
    if (source->file != NULL)
        return hcp_json_parse_file(source->file, error);
    g_autoptr(json_t) sites = builtin_sites(error);
    if (sites == NULL)
        return NULL;
    json_t *site = json_object_get(sites, source->preset);
    if (site == NULL) {
        g_autofree char *names = hcp_cli_site_names();
        g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND, "no site \"%s\"; there are:\n%s",
                    source->preset, names);
    }
    return json_incref(site);
}

/* Hours to steps, where the member is there. */
static void hours_to_steps(json_t *site, double step_h)
{
    static const char *const names[] = {"asic_min_up", "asic_min_down", "gpu_min_up",
                                        "gpu_min_down"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        double hours = hcp_json_number(site, names[i], 1.0);
        json_object_set_new(site, names[i],
                            json_integer((json_int_t)MAX(1.0, round(hours * round(1.0 / step_h)))));
    }
}

static char *fill_in(const char *spec, const hcp_cli_site_source *source, GError **error)
{
    const char *mark = strstr(spec, "{T}") ? "{T}" : strstr(spec, "{P}") ? "{P}" : NULL;
    if (mark == NULL)
        return g_strdup(spec);
    const char *file = mark[1] == 'T' ? source->trace : source->spot;
    if (file == NULL) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "this site needs %s FILE",
                    mark[1] == 'T' ? "--trace" : "--spot");
        return NULL;
    }
    g_auto(GStrv) parts = g_strsplit(spec, mark, 2);
    return g_strjoinv(file, parts);
}

hcp_plant *hcp_cli_load_site(const hcp_cli_site_source *source, hcp_market *market, GError **error)
{
    g_autoptr(json_t) site = find_site(source, error);
    if (site == NULL)
        return NULL;
    hours_to_steps(site, market->step_h);
    hcp_plant_spec spec;
    if (!hcp_plant_spec_from_json(site, &spec, error))
        return NULL;
    spec.step_h = market->step_h;
    g_autofree char *demand = fill_in(hcp_json_string(site, "demand", "const:0.7"), source, error);
    if (demand == NULL || !hcp_cli_set_demand(market, demand, error))
        return NULL;
    g_autofree char *rate = fill_in(hcp_json_string(site, "rate", "2.07"), source, error);
    if (rate == NULL || !hcp_cli_set_rate(market, rate, error))
        return NULL;
    return hcp_plant_new(&spec, error);
}
