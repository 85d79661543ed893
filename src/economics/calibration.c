/* SPDX-License-Identifier: Apache-2.0 */
/* Nine bins of forecast price, nine levels of confidence. */
#include "economics/calibration.h"

#include <math.h>

static const double edges[HCP_CALIBRATION_BINS] = {-INFINITY, 20, 40, 60, 80, 110, 160, 250, 500};
static const double level_edges[HCP_CALIBRATION_LEVELS] = {0,    0.5,  0.7,  0.8,  0.9,
                                                           0.95, 0.98, 0.99, 0.995};

double hcp_calibration_level_edge(int level)
{
    return level_edges[level];
}

void hcp_calibration_add_confidence(hcp_calibration *calibration, double said, bool right)
{
    int level = 0;
    while (level + 1 < HCP_CALIBRATION_LEVELS && said >= level_edges[level + 1])
        level++;
    hcp_calibration_level *l = &calibration->levels[level];
    l->n++;
    l->said_sum += said;
    l->right += right;
}

double hcp_calibration_edge(int bin)
{
    return edges[bin];
}

void hcp_calibration_add(hcp_calibration *calibration, double forecast, double low, double high,
                         double settled)
{
    int bin = 0;
    while (bin + 1 < HCP_CALIBRATION_BINS && forecast >= edges[bin + 1])
        bin++;
    hcp_calibration_bin *b = &calibration->bins[bin];
    b->n++;
    b->forecast_sum += forecast;
    b->settled_sum += settled;
    b->settled_square_sum += settled * settled;
    b->inside += settled >= low && settled <= high;
}

double hcp_calibration_std_error(const hcp_calibration_bin *bin)
{
    double n = (double)bin->n, mean = bin->settled_sum / n;
    return sqrt(fmax(0.0, bin->settled_square_sum / n - mean * mean) / n);
}

double hcp_calibration_coverage(const hcp_calibration *calibration)
{
    size_t n = 0, inside = 0;
    for (int i = 0; i < HCP_CALIBRATION_BINS; i++) {
        n += calibration->bins[i].n;
        inside += calibration->bins[i].inside;
    }
    return n > 0 ? (double)inside / (double)n : NAN;
}
