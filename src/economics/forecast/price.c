/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what was published and settled, feeds the surprise chain, and lays the chain over the coming steps. */
#include "economics/forecast/price.h"

#include "base/units.h"
#include "economics/forecast/range.h"

#include <math.h>
#include <string.h>

/* Settlement equals the day-ahead price when this many steps in a row agreed to the cent. */
#define EXACT_STEPS 6
#define CENT 0.005

/* When the day-ahead price jumps, the squashed surprise gives back this share of the jump (up to 0.7). */
#define SLOPE_GIVE_BACK 0.2
#define SLOPE_MAX 0.7

/* Prices are capped by market rule (5,000 USD/MWh in ERCOT since 2022, 9,000 before). */
#define PRICE_CAP_USD_PER_MWH 9000.0

/* Weight of a newly settled price in the habit of its hour: three days count for half. */
#define HABIT_GAIN 0.2

struct hcp_price_forecast {
    double step_h;
    double utc_offset_h;
    hcp_chain *chain;
    int64_t ts_us;
    double known_dam[HCP_PRICE_STEPS_MAX]; /* published, this step on; gaps already filled */
    int n_known;
    double *habit; /* by step of the local day: the newest day-ahead price, or where none is
                      published what has lately settled; NAN before either is known */
    int steps_per_day;
    double base;          /* day-ahead price of this step, or what stands for it */
    double previous_base; /* and of the one before */
    bool published;       /* the base is a published price */
    double surprise;      /* of the step before */
    double older_surprise;
    float belief[HCP_CHAIN_STRIDE]; /* where the surprise may be when prices are missing */
    int missing;                    /* steps without a settled price, up to now */
    int n_surprises;                /* consecutive steps with a settled price */
    int exact_run;
    hcp_price_range range;
    double said, said_low, said_high; /* of the step last taken in; said NAN: nothing was said */
};

hcp_price_forecast *hcp_price_forecast_new(double step_h, double utc_offset_h,
                                           const hcp_price_model *model)
{
    hcp_price_forecast *f = g_new0(hcp_price_forecast, 1);
    f->step_h = step_h;
    f->utc_offset_h = utc_offset_h;
    f->steps_per_day = MAX(1, (int)lround(24.0 / step_h));
    f->habit = g_new(double, (size_t)f->steps_per_day);
    for (int i = 0; i < f->steps_per_day; i++)
        f->habit[i] = NAN;
    f->base = NAN;
    f->said = NAN;
    hcp_price_range_init(&f->range);
    hcp_chain_params params = hcp_chain_params_default(step_h);
    f->chain = hcp_chain_new(&params);
    if (model != NULL)
        hcp_price_model_load(model, f->chain);
    return f;
}

void hcp_price_forecast_free(hcp_price_forecast *forecast)
{
    if (forecast == NULL)
        return;
    hcp_chain_free(forecast->chain);
    g_free(forecast->habit);
    g_free(forecast);
}

static double local_hours(const hcp_price_forecast *f, int64_t ts_us, int steps_ahead)
{
    double h = (double)ts_us / (double)HCP_US_PER_H + f->utc_offset_h + steps_ahead * f->step_h;
    return h - 24.0 * floor(h / 24.0);
}

static int day_slot(const hcp_price_forecast *f, int steps_ahead)
{
    int slot = (int)(local_hours(f, f->ts_us, steps_ahead) / f->step_h + 1e-6);
    return CLAMP(slot, 0, f->steps_per_day - 1);
}

/* What settled at this hour of past days, spikes squashed, fading by the day. */
static void learn_habit(hcp_price_forecast *f, double last_price)
{
    double *habit = &f->habit[day_slot(f, -1)];
    double x = hcp_chain_squash(last_price);
    double kept = isnan(*habit) ? x : hcp_chain_squash(*habit);
    *habit = hcp_chain_unsquash(kept + HABIT_GAIN * (x - kept));
}

static void learn(hcp_price_forecast *f, double last_price)
{
    f->missing = 0;
    if (isnan(f->previous_base))
        return;
    if (!f->published)
        learn_habit(f, last_price);
    double z = hcp_chain_squash(last_price) - hcp_chain_squash(f->previous_base);
    f->exact_run = fabs(last_price - f->previous_base) < CENT ? f->exact_run + 1 : 0;
    f->older_surprise = f->surprise;
    f->surprise = z;
    if (f->n_surprises++ > 0) {
        hcp_chain_move move = {
            .level = hcp_chain_squash(f->previous_base),
            .hour = (int)local_hours(f, f->ts_us, -1),
            .from = f->older_surprise,
            .to = z,
            .weight = 1.0,
        };
        hcp_chain_observe(f->chain, &move);
    }
}

/* Distribution over the grid points that `surprise` lies between. */
static void locate_belief(double surprise, float belief[HCP_CHAIN_STRIDE])
{
    double upper;
    int bin;
    hcp_chain_locate(surprise, &bin, &upper);
    memset(belief, 0, HCP_CHAIN_STRIDE * sizeof(float));
    belief[bin] = (float)(1.0 - upper);
    belief[bin + 1] = (float)upper;
}

/* The last price has not arrived: the surprise has moved on all the same, nobody saw where. */
static void miss(hcp_price_forecast *f)
{
    hcp_chain_matrix matrix;
    if (isnan(f->previous_base))
        return;
    if (f->missing++ == 0)
        locate_belief(f->surprise, f->belief);
    hcp_chain_transition(f->chain, hcp_chain_squash(f->previous_base),
                         (int)local_hours(f, f->ts_us, -1), &matrix);
    hcp_chain_advance(f->belief, &matrix, f->belief);
    f->n_surprises = 0;
}

/* Where nothing is published, the habit of the hour stands in; then the step before; then the last price. */
static double stand_in(const hcp_price_forecast *f, const hcp_price_known *known, int k)
{
    double v = f->habit[day_slot(f, k)];
    if (isnan(v) && k > 0)
        v = f->known_dam[k - 1];
    if (isnan(v) && known->has_last)
        v = known->last_price_usd_per_mwh;
    return isnan(v) ? 0.0 : v;
}

static void take_published(hcp_price_forecast *f, const hcp_price_known *known)
{
    f->n_known = (int)MIN(known->n_dam, (size_t)HCP_PRICE_STEPS_MAX);
    for (int k = 0; k < f->n_known; k++) {
        double v = known->dam_usd_per_mwh[k];
        f->known_dam[k] = isnan(v) ? stand_in(f, known, k) : v;
    }
    if (f->n_known == 0) {
        f->known_dam[0] = stand_in(f, known, 0);
        f->n_known = 1;
    }
    f->base = f->known_dam[0];
}

/* A certain price has no range to be right or wrong about. */
static void judge_range(hcp_price_forecast *f, const hcp_price_known *known)
{
    double price = known->last_price_usd_per_mwh;
    if (known->has_last && !isnan(f->said) && f->said_low < f->said_high)
        hcp_price_range_observe(&f->range, f->said, price<f->said_low, price> f->said_high);
    f->said = NAN;
}

void hcp_price_forecast_step(hcp_price_forecast *forecast, const hcp_price_known *known)
{
    hcp_price_forecast *f = forecast;
    judge_range(f, known);
    f->previous_base = f->base;
    f->ts_us = known->ts_us;
    if (known->has_last)
        learn(f, known->last_price_usd_per_mwh);
    else
        miss(f);
    take_published(f, known);
    f->published = known->n_dam > 0 && !isnan(known->dam_usd_per_mwh[0]);
    if (f->published)
        f->habit[day_slot(f, 0)] = f->base;
}

/* Day-ahead price of step k, or what stands for it: the last published day repeats. */
static double base_price(const hcp_price_forecast *f, int k)
{
    while (k >= f->n_known && k >= f->steps_per_day)
        k -= f->steps_per_day;
    if (k < f->n_known)
        return f->known_dam[k];
    double v = f->habit[day_slot(f, k)];
    return isnan(v) ? f->known_dam[f->n_known - 1] : v;
}

double hcp_price_forecast_base(const hcp_price_forecast *forecast, int k)
{
    return base_price(forecast, k);
}

double hcp_price_forecast_base_before(const hcp_price_forecast *forecast)
{
    return forecast->previous_base;
}

/* The surprise that the first step follows from, when `surprise` was that of the step before. */
static double carried(const hcp_price_forecast *f, double surprise)
{
    double jump = hcp_chain_squash(f->base) - hcp_chain_squash(f->previous_base);
    return isnan(jump) ? surprise : surprise - SLOPE_GIVE_BACK * CLAMP(jump, -SLOPE_MAX, SLOPE_MAX);
}

static void fill_first(const hcp_price_forecast *f, double surprise, hcp_price_outlook *outlook)
{
    float belief[HCP_CHAIN_STRIDE];
    locate_belief(carried(f, surprise), belief);
    hcp_chain_advance(f->missing > 0 ? f->belief : belief, &outlook->matrix[0], outlook->first);
}

/* Settled at the day-ahead price: no surprise, now or later. */
static void fill_exact(hcp_price_outlook *outlook, int k)
{
    memset(&outlook->matrix[k], 0, sizeof(outlook->matrix[k]));
    double upper;
    int zero;
    hcp_chain_locate(0.0, &zero, &upper);
    for (int row = 0; row < HCP_CHAIN_BINS; row++)
        outlook->matrix[k].to[row][zero] = 1.0F;
}

/* Stretches the range by what earlier ranges missed, and remembers it until the price settles. */
static void say(hcp_price_forecast *f, hcp_price_outlook *outlook)
{
    f->said = hcp_price_outlook_mean(outlook);
    hcp_price_range_factors(&f->range, f->said, &outlook->stretch_low, &outlook->stretch_high);
    f->said_low = hcp_price_outlook_quantile(outlook, 0.1);
    f->said_high = hcp_price_outlook_quantile(outlook, 0.9);
}

void hcp_price_forecast_outlook(hcp_price_forecast *forecast, int n, hcp_price_outlook *ret_outlook)
{
    hcp_price_forecast *f = forecast;
    g_assert(n >= 1 && n <= HCP_PRICE_STEPS_MAX);
    ret_outlook->n = n;
    for (int k = 0; k < n; k++) {
        double base = base_price(f, k);
        double level = hcp_chain_squash(base);
        ret_outlook->base_usd_per_mwh[k] = base;
        if (f->exact_run >= EXACT_STEPS)
            fill_exact(ret_outlook, k);
        else
            hcp_chain_transition(f->chain, level, (int)local_hours(f, f->ts_us, k),
                                 &ret_outlook->matrix[k]);
        for (int b = 0; b < HCP_CHAIN_STRIDE; b++) {
            double p = b < HCP_CHAIN_BINS ? hcp_chain_unsquash(level + hcp_chain_surprise(b)) : 0.0;
            ret_outlook->usd_per_mwh[k][b] =
                (float)CLAMP(p, -PRICE_CAP_USD_PER_MWH, PRICE_CAP_USD_PER_MWH);
        }
    }
    fill_first(f, f->surprise, ret_outlook);
    say(f, ret_outlook);
}

/* The surprise that a price of the step before would be; NAN while that step is unknown. */
static double surprise_of(const hcp_price_forecast *f, double usd_per_mwh)
{
    if (f->missing > 0 || isnan(f->previous_base))
        return NAN;
    return hcp_chain_squash(usd_per_mwh) - hcp_chain_squash(f->previous_base);
}

bool hcp_price_forecast_locate(const hcp_price_forecast *forecast, double usd_per_mwh, int *ret_bin,
                               double *ret_upper_weight)
{
    double surprise = surprise_of(forecast, usd_per_mwh);
    if (isnan(surprise))
        return false;
    hcp_chain_locate(carried(forecast, surprise), ret_bin, ret_upper_weight);
    return true;
}

void hcp_price_forecast_given(const hcp_price_forecast *forecast, double usd_per_mwh,
                              hcp_price_outlook *outlook)
{
    const hcp_price_forecast *f = forecast;
    double surprise = surprise_of(f, usd_per_mwh);
    if (isnan(surprise))
        return;
    fill_first(f, surprise, outlook);
    hcp_price_range_factors(&f->range, hcp_price_outlook_mean(outlook), &outlook->stretch_low,
                            &outlook->stretch_high);
}

double hcp_price_forecast_stale_h(const hcp_price_forecast *forecast)
{
    return forecast->missing * forecast->step_h;
}

double hcp_price_outlook_mean(const hcp_price_outlook *outlook)
{
    double sum = 0.0;
    for (int b = 0; b < HCP_CHAIN_BINS; b++)
        sum += (double)outlook->first[b] * (double)outlook->usd_per_mwh[0][b];
    return sum;
}

static bool is_certain(const hcp_price_outlook *outlook, int b)
{
    return (double)outlook->first[b] > 0.999;
}

/* The mass of a grid point lies evenly between the middles of the intervals beside it, squashed. */
static void cell_of(const hcp_price_outlook *outlook, int b, double *ret_low, double *ret_high)
{
    double x = hcp_chain_squash((double)outlook->usd_per_mwh[0][b]);
    *ret_low = *ret_high = x;
    if (b > 0)
        *ret_low = (x + hcp_chain_squash((double)outlook->usd_per_mwh[0][b - 1])) / 2.0;
    if (b + 1 < HCP_CHAIN_BINS)
        *ret_high = (x + hcp_chain_squash((double)outlook->usd_per_mwh[0][b + 1])) / 2.0;
}

/* Quantile of the distribution itself, squashed; a certain price has no width. */
static double squashed_quantile(const hcp_price_outlook *outlook, double q)
{
    double below = 0.0, low, high;
    int b = 0;
    while (b < HCP_CHAIN_BINS - 1 && below + (double)outlook->first[b] < q)
        below += (double)outlook->first[b++];
    if (is_certain(outlook, b))
        return hcp_chain_squash((double)outlook->usd_per_mwh[0][b]);
    cell_of(outlook, b, &low, &high);
    double share = (q - below) / MAX((double)outlook->first[b], 1e-9);
    return low + CLAMP(share, 0.0, 1.0) * (high - low);
}

double hcp_price_outlook_quantile(const hcp_price_outlook *outlook, double q)
{
    double median = squashed_quantile(outlook, 0.5);
    double stretch = q < 0.5 ? outlook->stretch_low : outlook->stretch_high;
    double x = median + stretch * (squashed_quantile(outlook, q) - median);
    return CLAMP(hcp_chain_unsquash(x), -PRICE_CAP_USD_PER_MWH, PRICE_CAP_USD_PER_MWH);
}

double hcp_price_outlook_below(const hcp_price_outlook *outlook, double usd_per_mwh)
{
    double x = hcp_chain_squash(usd_per_mwh), sum = 0.0;
    for (int b = 0; b < HCP_CHAIN_BINS; b++) {
        double low, high, at = hcp_chain_squash((double)outlook->usd_per_mwh[0][b]);
        cell_of(outlook, b, &low, &high);
        double share = at <= x ? 1.0 : 0.0;
        if (!is_certain(outlook, b) && high > low)
            share = CLAMP((x - low) / (high - low), 0.0, 1.0);
        sum += (double)outlook->first[b] * share;
    }
    return MIN(sum, 1.0);
}
