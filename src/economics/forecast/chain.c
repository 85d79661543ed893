/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel counts of surprise moves on a (level, hour) grid, and the transition matrices interpolated from them. */
#include "economics/forecast/chain.h"

#include <math.h>
#include <string.h>

#define BINS HCP_CHAIN_BINS
#define HOURS 24
#define LEVELS 24
#define LEVEL_FIRST (-0.9)
#define LEVEL_STEP 0.3

/* A kernel weight below exp(-0.5 * REACH^2) = 0.4 % is not counted. */
#define REACH 3.3

/* Growing weights stand for fading old ones; all are scaled back before they could lose precision. */
#define RECENT_SCALE_MAX 1e6

static const double grid[BINS] = {-5.0, -3.5, -2.4, -1.6, -1.1, -0.75, -0.5, -0.3, -0.15, 0.0, 0.15,
                                  0.3,  0.5,  0.75, 1.05, 1.4,  1.8,   2.3,  2.9,  3.6,   4.4};

typedef struct {
    float at[LEVELS][HOURS][BINS][HCP_CHAIN_STRIDE];
} counts;

struct hcp_chain {
    hcp_chain_params params;
    counts *settled; /* prior, and own moves with own_weight */
    counts *recent;  /* own moves, in units of recent_scale */
    double recent_scale;
    float pooled[BINS][HCP_CHAIN_STRIDE];
};

hcp_chain_params hcp_chain_params_default(double step_h)
{
    return (hcp_chain_params){
        .level_width = 0.4,
        .hour_width = 2.0,
        .from_width = 0.2,
        .carry = 0.8,
        .pooled_weight = 0.01,
        .own_weight = 1.0,
        .recent_weight = 5.0,
        .recent_steps = 240.0 / step_h,
    };
}

double hcp_chain_squash(double usd_per_mwh)
{
    return asinh(usd_per_mwh / 20.0);
}

double hcp_chain_unsquash(double squashed)
{
    return 20.0 * sinh(squashed);
}

double hcp_chain_surprise(int bin)
{
    return grid[bin];
}

void hcp_chain_locate(double surprise, int *ret_bin, double *ret_upper_weight)
{
    double z = CLAMP(surprise, grid[0], grid[BINS - 1]);
    int bin = 0;
    while (bin < BINS - 2 && grid[bin + 1] <= z)
        bin++;
    *ret_bin = bin;
    *ret_upper_weight = (z - grid[bin]) / (grid[bin + 1] - grid[bin]);
}

hcp_chain *hcp_chain_new(const hcp_chain_params *params)
{
    hcp_chain *chain = g_new0(hcp_chain, 1);
    chain->params = *params;
    chain->settled = g_new0(counts, 1);
    chain->recent = g_new0(counts, 1);
    chain->recent_scale = 1.0;
    return chain;
}

void hcp_chain_free(hcp_chain *chain)
{
    if (chain == NULL)
        return;
    g_free(chain->settled);
    g_free(chain->recent);
    g_free(chain);
}

static double kernel(double distance, double width)
{
    double d = distance / width;
    return fabs(d) > REACH ? 0.0 : exp(-0.5 * d * d);
}

/* What one move adds to every row, before the weights of level and hour. */
typedef struct {
    int n;
    struct {
        int row;
        int bin;
        float lower;
        float upper;
    } items[BINS];
} move_spread;

static move_spread spread_move(const hcp_chain_params *params, const hcp_chain_move *move)
{
    move_spread spread = {0};
    double from = CLAMP(move->from, grid[0], grid[BINS - 1]);
    for (int row = 0; row < BINS; row++) {
        double w = kernel(from - grid[row], params->from_width);
        if (w <= 0.0)
            continue;
        double upper;
        int bin;
        double shift = params->carry * CLAMP(grid[row] - from, -0.5, 0.5);
        hcp_chain_locate(move->to + shift, &bin, &upper);
        spread.items[spread.n].row = row;
        spread.items[spread.n].bin = bin;
        spread.items[spread.n].lower = (float)(w * (1.0 - upper));
        spread.items[spread.n].upper = (float)(w * upper);
        spread.n++;
    }
    return spread;
}

static void add_rows(float rows[BINS][HCP_CHAIN_STRIDE], const move_spread *spread, float weight)
{
    for (int i = 0; i < spread->n; i++) {
        float *row = rows[spread->items[i].row];
        row[spread->items[i].bin] += weight * spread->items[i].lower;
        row[spread->items[i].bin + 1] += weight * spread->items[i].upper;
    }
}

static double clamp_level(double level)
{
    return CLAMP(level, LEVEL_FIRST, LEVEL_FIRST + LEVEL_STEP * (LEVELS - 1));
}

static void count_move(counts *to, const hcp_chain_params *params, const hcp_chain_move *move,
                       const move_spread *spread, double weight)
{
    double level = clamp_level(move->level);
    int reach_h = MIN(12, (int)ceil(REACH * params->hour_width));
    for (int l = 0; l < LEVELS; l++) {
        double wl = kernel(level - (LEVEL_FIRST + LEVEL_STEP * l), params->level_width);
        for (int d = -reach_h; wl > 0.0 && d <= reach_h; d++) {
            if (d == 12 && reach_h == 12)
                continue; /* -12 and 12 are the same hour */
            double w = weight * wl * kernel(d, params->hour_width);
            if (w > 0.0)
                add_rows(to->at[l][(move->hour + d + 48) % HOURS], spread, (float)w);
        }
    }
}

void hcp_chain_add_prior(hcp_chain *chain, const hcp_chain_move *move)
{
    move_spread spread = spread_move(&chain->params, move);
    count_move(chain->settled, &chain->params, move, &spread, move->weight);
    add_rows(chain->pooled, &spread, (float)move->weight);
}

static void rescale_recent(hcp_chain *chain)
{
    float *f = &chain->recent->at[0][0][0][0];
    float by = (float)(1.0 / chain->recent_scale);
    for (size_t i = 0; i < sizeof(counts) / sizeof(float); i++)
        f[i] *= by;
    chain->recent_scale = 1.0;
}

void hcp_chain_observe(hcp_chain *chain, const hcp_chain_move *move)
{
    const hcp_chain_params *p = &chain->params;
    move_spread spread = spread_move(p, move);
    chain->recent_scale *= exp(1.0 / p->recent_steps);
    if (chain->recent_scale > RECENT_SCALE_MAX)
        rescale_recent(chain);
    count_move(chain->settled, p, move, &spread, move->weight * p->own_weight);
    count_move(chain->recent, p, move, &spread,
               move->weight * p->recent_weight * chain->recent_scale);
    add_rows(chain->pooled, &spread, (float)(move->weight * p->own_weight));
}

/* Where no move like it was ever counted, a surprise mostly persists and shrinks a little. */
static void add_persistence(float *row, int from, float weight)
{
    double upper;
    int bin;
    hcp_chain_locate(0.85 * grid[from], &bin, &upper);
    row[bin] += weight * (float)(1.0 - upper);
    row[bin + 1] += weight * (float)upper;
}

void hcp_chain_transition(const hcp_chain *chain, double level, int hour,
                          hcp_chain_matrix *ret_matrix)
{
    double x = (clamp_level(level) - LEVEL_FIRST) / LEVEL_STEP;
    int l = MIN((int)x, LEVELS - 2);
    float b = (float)(x - l), a = 1.0F - b;
    float fade = (float)(1.0 / chain->recent_scale);
    float pool = (float)chain->params.pooled_weight;
    for (int row = 0; row < BINS; row++) {
        const float *s0 = chain->settled->at[l][hour][row],
                    *s1 = chain->settled->at[l + 1][hour][row];
        const float *r0 = chain->recent->at[l][hour][row],
                    *r1 = chain->recent->at[l + 1][hour][row];
        float *to = ret_matrix->to[row];
        float pooled_sum = 1e-6F;
        for (int j = 0; j < BINS; j++)
            pooled_sum += chain->pooled[row][j];
        for (int j = 0; j < HCP_CHAIN_STRIDE; j++) {
            to[j] = a * (s0[j] + fade * r0[j]) + b * (s1[j] + fade * r1[j]) +
                    pool * chain->pooled[row][j] / pooled_sum;
        }
        add_persistence(to, row, 1e-4F);
        float sum = 0.0F;
        for (int j = 0; j < BINS; j++)
            sum += to[j];
        for (int j = 0; j < BINS; j++)
            to[j] /= sum;
    }
}

void hcp_chain_advance(const float *belief, const hcp_chain_matrix *matrix, float *ret_belief)
{
    float sum[HCP_CHAIN_STRIDE] = {0};
    for (int b = 0; b < BINS; b++)
        for (int j = 0; j < HCP_CHAIN_STRIDE; j++)
            sum[j] += belief[b] * matrix->to[b][j];
    memcpy(ret_belief, sum, sizeof sum);
}
