/* SPDX-License-Identifier: Apache-2.0 */
/* States, dwell nodes, moves and step profits of a site or a slot. */
#include "economics/plant.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* Minimum times are bounded so that the node table stays small: 256 quarter hours are 64 hours. */
#define STEPS_MAX 256
#define NODES_MAX 20000

/* Hashprice is quoted per PH/s and day; income is counted per TH/s and hour. */
#define PH_DAY_PER_THS_H 24000.0

/* One component (ASIC fleet, GPU fleet, slot mode) in one dwell age. */
typedef struct {
    int state;
    int age; /* 1 .. need[state] */
} part;

/* A component: how many states it has and how long each must be kept. Site fleets use state 1 = on, 0 = off, and
 * their nodes list the on ages first, so that node order is the same as in the published settlement rules. */
typedef struct {
    int n;
    part parts[3 * STEPS_MAX];
} part_list;

typedef struct {
    const char *name;
    size_t offset;
    double lo;
    double hi;
} range_rule;

#define RULE(field, lo, hi)                                                                        \
    {                                                                                              \
#field, G_STRUCT_OFFSET(hcp_plant_spec, field), lo, hi                                     \
    }

static const range_rule number_rules[] = {
    RULE(step_h, 1e-3, 24.0),
    RULE(cap_mw, 0.0, 1e5),
    RULE(asic_mw, 0.0, 1e5),
    RULE(asic_j_per_th, 0.1, 1e6),
    RULE(asic_pue, 1.0, 10.0),
    RULE(pool_fee, 0.0, 1.0),
    RULE(asic_start_usd_per_mw, 0.0, 1e9),
    RULE(asic_stop_usd_per_mw, 0.0, 1e9),
    RULE(gpus, 0.0, 1e9),
    RULE(gpu_w, 1e-3, 1e6),
    RULE(gpu_pue, 1.0, 10.0),
    RULE(gpu_idle, 0.0, 1.0),
    RULE(ai_fee, 0.0, 1.0),
    RULE(gpu_start_usd_per_mw, 0.0, 1e9),
    RULE(gpu_stop_usd_per_mw, 0.0, 1e9),
    RULE(slot_kw, 0.0, 1e6),
    RULE(slot_switch_usd, 0.0, 1e9),
};

static const range_rule step_rules[] = {
    RULE(asic_min_up_steps, 1, STEPS_MAX),
    RULE(asic_min_down_steps, 1, STEPS_MAX),
    RULE(gpu_min_up_steps, 1, STEPS_MAX),
    RULE(gpu_min_down_steps, 1, STEPS_MAX),
};

hcp_plant_spec hcp_plant_spec_default(void)
{
    return (hcp_plant_spec){
        .kind = HCP_PLANT_SITE,
        .step_h = 1.0,
        .cap_mw = 10.0,
        .asic_mw = 10.0,
        .asic_j_per_th = 17.5,
        .asic_pue = 1.05,
        .pool_fee = 0.01,
        .asic_start_usd_per_mw = 10.0,
        .asic_min_up_steps = 1,
        .asic_min_down_steps = 1,
        .gpu_w = 700.0,
        .gpu_pue = 1.2,
        .gpu_idle = 0.12,
        .gpu_start_usd_per_mw = 100.0,
        .gpu_stop_usd_per_mw = 300.0,
        .gpu_min_up_steps = 1,
        .gpu_min_down_steps = 1,
        .slot_kw = 3.5,
        .slot_switch_usd = 0.10,
    };
}

static bool check_spec(const hcp_plant_spec *spec, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(number_rules); i++) {
        const range_rule *r = &number_rules[i];
        double v = *(const double *)((const char *)spec + r->offset);
        if (!(v >= r->lo && v <= r->hi)) {
            g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "plant: %s must be %g to %g, is %g",
                        r->name, r->lo, r->hi, v);
            return false;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(step_rules); i++) {
        const range_rule *r = &step_rules[i];
        int v = *(const int *)((const char *)spec + r->offset);
        if (v < (int)r->lo || v > (int)r->hi) {
            g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "plant: %s must be %g to %g, is %d",
                        r->name, r->lo, r->hi, v);
            return false;
        }
    }
    return true;
}

static void add_ages(part_list *list, int state, int need)
{
    for (int age = 1; age <= need; age++)
        list->parts[list->n++] = (part){state, age};
}

static part_list fleet_parts(bool present, int min_up, int min_down)
{
    part_list list = {0};
    if (present)
        add_ages(&list, 1, min_up);
    add_ages(&list, 0, present ? min_down : 1);
    return list;
}

/* The parts a fleet may take next, staying first. Returns how many. */
static int fleet_moves(bool present, part now, const int need[2], part moves[2])
{
    if (!present) {
        moves[0] = now;
        return 1;
    }
    moves[0] = (part){now.state, MIN(now.age + 1, need[now.state])};
    if (now.age < need[now.state])
        return 1;
    moves[1] = (part){1 - now.state, 1};
    return 2;
}

static int find_part(const part_list *list, part wanted)
{
    for (int i = 0; i < list->n; i++) {
        if (list->parts[i].state == wanted.state && list->parts[i].age == wanted.age)
            return i;
    }
    g_assert_not_reached();
}

static double change_cost(part from, part to, double start_usd, double stop_usd)
{
    if (from.state == to.state)
        return 0.0;
    return to.state == 1 ? start_usd : stop_usd;
}

static void allocate_nodes(hcp_plant *plant, int n_nodes, int moves_per_node)
{
    plant->n_nodes = n_nodes;
    plant->state_of = g_new0(int, (size_t)n_nodes);
    plant->first_move = g_new0(int, (size_t)n_nodes + 1);
    plant->moves = g_new0(hcp_plant_move, (size_t)n_nodes * (size_t)moves_per_node);
}

/* What building a site needs at every node: both fleets' parts and rules. */
typedef struct {
    bool has_asic;
    bool has_gpu;
    part_list asic;
    part_list gpu;
    int need_asic[2];
    int need_gpu[2];
    double gpu_mw;
} site_parts;

static void add_state(hcp_plant *plant, const char *name, bool mines, bool serves)
{
    int s = plant->n_states++;
    plant->names[s] = name;
    plant->mines[s] = mines;
    plant->serves[s] = serves;
}

static int site_state(const hcp_plant *plant, int asic_on, int gpu_on)
{
    for (int s = 0; s < plant->n_states; s++) {
        if (plant->mines[s] == asic_on && plant->serves[s] == gpu_on)
            return s;
    }
    g_assert_not_reached();
}

static int add_site_moves(hcp_plant *plant, const site_parts *s, int node, int at)
{
    const hcp_plant_spec *spec = &plant->spec;
    part a = s->asic.parts[node / s->gpu.n];
    part g = s->gpu.parts[node % s->gpu.n];
    part to_a[2], to_g[2];
    int n_a = fleet_moves(s->has_asic, a, s->need_asic, to_a);
    int n_g = fleet_moves(s->has_gpu, g, s->need_gpu, to_g);
    for (int i = 0; i < n_a * n_g; i++) {
        part a2 = to_a[i / n_g], g2 = to_g[i % n_g];
        double cost = change_cost(a, a2, spec->asic_start_usd_per_mw * spec->asic_mw,
                                  spec->asic_stop_usd_per_mw * spec->asic_mw);
        cost += change_cost(g, g2, spec->gpu_start_usd_per_mw * s->gpu_mw,
                            spec->gpu_stop_usd_per_mw * s->gpu_mw);
        int to = find_part(&s->asic, a2) * s->gpu.n + find_part(&s->gpu, g2);
        plant->moves[at++] = (hcp_plant_move){to, cost};
    }
    return at;
}

static double gpu_full_mw(const hcp_plant_spec *spec)
{
    return spec->gpus * spec->gpu_w * spec->gpu_pue / 1e6;
}

static void build_site(hcp_plant *plant)
{
    const hcp_plant_spec *spec = &plant->spec;
    site_parts s = {
        .has_asic = spec->asic_mw > 0,
        .has_gpu = spec->gpus > 0,
        .need_asic = {spec->asic_min_down_steps, spec->asic_min_up_steps},
        .need_gpu = {spec->gpu_min_down_steps, spec->gpu_min_up_steps},
        .gpu_mw = gpu_full_mw(spec),
    };
    s.asic = fleet_parts(s.has_asic, spec->asic_min_up_steps, spec->asic_min_down_steps);
    s.gpu = fleet_parts(s.has_gpu, spec->gpu_min_up_steps, spec->gpu_min_down_steps);
    if (s.has_asic && s.has_gpu)
        add_state(plant, "both", true, true);
    if (s.has_asic)
        add_state(plant, "mine", true, false);
    if (s.has_gpu)
        add_state(plant, "ai", false, true);
    add_state(plant, "idle", false, false);
    allocate_nodes(plant, s.asic.n * s.gpu.n, 4);
    int at = 0;
    for (int i = 0; i < plant->n_nodes; i++) {
        part a = s.asic.parts[i / s.gpu.n], g = s.gpu.parts[i % s.gpu.n];
        int state = site_state(plant, a.state, g.state);
        plant->state_of[i] = state;
        bool asic_served = !s.has_asic || a.age == s.need_asic[a.state];
        bool gpu_served = !s.has_gpu || g.age == s.need_gpu[g.state];
        if (asic_served && gpu_served)
            plant->settled[state] = i;
        plant->first_move[i] = at;
        at = add_site_moves(plant, &s, i, at);
    }
    plant->first_move[plant->n_nodes] = at;
}

static int add_slot_moves(hcp_plant *plant, const part_list *list, const int need[3], int node)
{
    int at = plant->first_move[node];
    part now = list->parts[node];
    part stay = {now.state, MIN(now.age + 1, need[now.state])};
    plant->moves[at++] = (hcp_plant_move){find_part(list, stay), 0.0};
    for (int to = 0; to < 3 && now.age >= need[now.state]; to++) {
        if (to != now.state)
            plant->moves[at++] =
                (hcp_plant_move){find_part(list, (part){to, 1}), plant->spec.slot_switch_usd};
    }
    return at;
}

static void build_slot(hcp_plant *plant)
{
    const hcp_plant_spec *spec = &plant->spec;
    const int need[3] = {spec->asic_min_up_steps, spec->gpu_min_up_steps,
                         spec->asic_min_down_steps};
    part_list list = {0};
    add_state(plant, "mine", true, false);
    add_state(plant, "ai", false, true);
    add_state(plant, "idle", false, false);
    g_assert(plant->n_states == G_N_ELEMENTS(need));
    for (int s = 0; s < plant->n_states; s++) {
        add_ages(&list, s, need[s]);
        plant->settled[s] = list.n - 1;
    }
    allocate_nodes(plant, list.n, 3);
    for (int i = 0; i < plant->n_nodes; i++) {
        plant->state_of[i] = list.parts[i].state;
        plant->first_move[i + 1] = add_slot_moves(plant, &list, need, i);
    }
}

hcp_plant *hcp_plant_new(const hcp_plant_spec *spec, GError **error)
{
    if (!check_spec(spec, error))
        return NULL;
    bool both = spec->asic_mw > 0 && spec->gpus > 0;
    int nodes = (spec->asic_min_up_steps + spec->asic_min_down_steps) *
                (both ? spec->gpu_min_up_steps + spec->gpu_min_down_steps : 1);
    if (spec->kind == HCP_PLANT_SITE && nodes > NODES_MAX) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "plant: the minimum times need %d nodes, more than %d; use a longer step",
                    nodes, NODES_MAX);
        return NULL;
    }
    hcp_plant *plant = g_new0(hcp_plant, 1);
    plant->spec = *spec;
    if (spec->kind == HCP_PLANT_SITE)
        build_site(plant);
    else
        build_slot(plant);
    return plant;
}

void hcp_plant_free(hcp_plant *plant)
{
    if (plant == NULL)
        return;
    g_free(plant->state_of);
    g_free(plant->first_move);
    g_free(plant->moves);
    g_free(plant);
}

/* A MW of miners: what it mines, what it is paid to stand ready, and, when the grid calls it, no mining and no power
 * but a restart. A called step is charged one restart even when the step before was called too. */
static hcp_plant_terms miner_terms(double mw, double mine_usd_per_mwh, double restart_usd_per_mw,
                                   const hcp_plant_inputs *in)
{
    double ready_usd = mw * in->reserve_usd_per_mw;
    if (in->called)
        return (hcp_plant_terms){ready_usd - mw * restart_usd_per_mw, 0.0};
    return (hcp_plant_terms){ready_usd + mw * mine_usd_per_mwh, mw};
}

static void site_terms(const hcp_plant *plant, const hcp_plant_inputs *in, hcp_plant_terms *terms)
{
    const hcp_plant_spec *spec = &plant->spec;
    double ths_per_mw = 1e6 / (spec->asic_j_per_th * spec->asic_pue);
    double mine_usd_per_mwh = ths_per_mw * in->hashprice / PH_DAY_PER_THS_H * (1 - spec->pool_fee);
    double full_mw = gpu_full_mw(spec);
    double gpu_mw = full_mw * in->demand + full_mw * spec->gpu_idle * (1 - in->demand);
    double ai_usd = spec->gpus * in->demand * in->rate_usd_per_gpu_h * (1 - spec->ai_fee);
    for (int s = 0; s < plant->n_states; s++) {
        double used_mw = plant->serves[s] ? gpu_mw : 0.0;
        double asic_mw =
            plant->mines[s] ? MIN(spec->asic_mw, MAX(0.0, spec->cap_mw - used_mw)) : 0.0;
        hcp_plant_terms miners =
            miner_terms(asic_mw, mine_usd_per_mwh, spec->asic_start_usd_per_mw / spec->step_h, in);
        terms[s].fixed_usd = (plant->serves[s] ? ai_usd : 0.0) + miners.fixed_usd;
        terms[s].mwh = used_mw + miners.mwh;
    }
}

static void slot_terms(const hcp_plant *plant, const hcp_plant_inputs *in, hcp_plant_terms *terms)
{
    const hcp_plant_spec *spec = &plant->spec;
    double ths = spec->slot_kw * 1e3 / (spec->asic_j_per_th * spec->asic_pue);
    double gpus = spec->slot_kw * 1e3 / (spec->gpu_w * spec->gpu_pue);
    double mw = spec->slot_kw / 1e3;
    g_assert(plant->n_states == 3);
    double mine_usd = ths * in->hashprice / PH_DAY_PER_THS_H * (1 - spec->pool_fee);
    terms[0] = miner_terms(mw, mine_usd / mw, spec->slot_switch_usd / (mw * spec->step_h), in);
    terms[1] = (hcp_plant_terms){gpus * in->demand * in->rate_usd_per_gpu_h * (1 - spec->ai_fee),
                                 mw * (in->demand + (1 - in->demand) * spec->gpu_idle)};
    terms[2] = (hcp_plant_terms){0.0, 0.0};
}

void hcp_plant_terms_get(const hcp_plant *plant, const hcp_plant_inputs *inputs,
                         hcp_plant_terms terms[HCP_PLANT_STATES_MAX])
{
    if (plant->spec.kind == HCP_PLANT_SITE)
        site_terms(plant, inputs, terms);
    else
        slot_terms(plant, inputs, terms);
    for (int s = 0; s < plant->n_states; s++) {
        terms[s].fixed_usd *= plant->spec.step_h;
        terms[s].mwh *= plant->spec.step_h;
        terms[s].fixed_usd -= terms[s].mwh * inputs->peak_usd_per_mwh;
    }
}

void hcp_plant_account_add(const hcp_plant *plant, const hcp_plant_inputs *inputs, int state,
                           hcp_plant_account *sum)
{
    hcp_plant_terms ready[HCP_PLANT_STATES_MAX], unready[HCP_PLANT_STATES_MAX],
        bare[HCP_PLANT_STATES_MAX];
    hcp_plant_inputs in = *inputs;
    in.peak_usd_per_mwh = 0.0;
    hcp_plant_terms_get(plant, &in, ready);
    in.reserve_usd_per_mw = 0.0;
    hcp_plant_terms_get(plant, &in, unready);
    /* When called, nothing is mined: the rest of the income is what it would be with mining worth nothing. */
    if (in.called)
        in.hashprice = 0.0;
    in.called = false;
    hcp_plant_terms_get(plant, &in, bare);
    sum->income_usd += bare[state].fixed_usd;
    sum->call_usd += bare[state].fixed_usd - unready[state].fixed_usd;
    sum->reserve_usd += ready[state].fixed_usd - unready[state].fixed_usd;
    sum->energy_usd += ready[state].mwh * inputs->price_usd_per_mwh;
    sum->peak_usd += ready[state].mwh * inputs->peak_usd_per_mwh;
}

void hcp_plant_rewards(const hcp_plant *plant, const hcp_plant_inputs *inputs,
                       double rewards_usd[HCP_PLANT_STATES_MAX])
{
    hcp_plant_terms terms[HCP_PLANT_STATES_MAX];
    hcp_plant_terms_get(plant, inputs, terms);
    for (int s = 0; s < plant->n_states; s++)
        rewards_usd[s] = terms[s].fixed_usd - terms[s].mwh * inputs->price_usd_per_mwh;
}

int hcp_plant_state(const hcp_plant *plant, const char *name)
{
    for (int s = 0; s < plant->n_states; s++) {
        if (strcmp(plant->names[s], name) == 0)
            return s;
    }
    return -1;
}

const hcp_plant_move *hcp_plant_move_to(const hcp_plant *plant, int node, int state)
{
    for (int m = plant->first_move[node]; m < plant->first_move[node + 1]; m++) {
        if (plant->state_of[plant->moves[m].node] == state)
            return &plant->moves[m];
    }
    return NULL;
}

bool hcp_plant_is_static_plan(const hcp_plant *plant, int state)
{
    return plant->mines[state] || plant->serves[state];
}
