/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/formula.h"

#include <glib.h>

static const double HASHES_PER_DIFFICULTY = 4294967296.0; /* 2^32 */
static const double S_PER_DAY = 86400.0;
static const double W_PER_MW = 1e6;

double hcp_formula_btc_per_day(double hashrate_ths, double difficulty, double reward_btc)
{
    g_assert(difficulty > 0);
    return hashrate_ths * 1e12 * S_PER_DAY / (difficulty * HASHES_PER_DIFFICULTY) * reward_btc;
}

double hcp_formula_hashprice(double difficulty, double reward_btc, double btc_usd)
{
    return hcp_formula_btc_per_day(1000.0, difficulty, reward_btc) * btc_usd;
}

double hcp_formula_mining_usd_per_h(double hashrate_ths, double hashprice, double pool_fee)
{
    return hashrate_ths / 1000.0 * hashprice / 24.0 * (1.0 - pool_fee);
}

double hcp_formula_power_usd_per_h(double power_w, double pue, double usd_per_mwh)
{
    return power_w * pue / W_PER_MW * usd_per_mwh;
}

double hcp_formula_breakeven_usd_per_mwh(double j_per_th, double pue, double hashprice,
                                         double pool_fee)
{
    double ths_per_mw = W_PER_MW / (j_per_th * pue);
    return hcp_formula_mining_usd_per_h(ths_per_mw, hashprice, pool_fee);
}

double hcp_formula_ai_usd_per_h(double base_usd_per_h, double bonus_usd_per_h, double utilisation)
{
    return base_usd_per_h + bonus_usd_per_h * utilisation;
}

double hcp_formula_usd_per_mwh(double profit_usd_per_h, double power_w, double pue)
{
    return power_w > 0 ? profit_usd_per_h / (power_w * pue / W_PER_MW) : 0.0;
}

hcp_matrix_result hcp_formula_matrix(const hcp_matrix_input *input)
{
    hcp_matrix_result result = {
        .btc_net_usd_per_h = input->btc_revenue_usd_per_h - input->btc_power_usd_per_h,
        .ai_net_usd_per_h = input->ai_revenue_usd_per_h - input->ai_power_usd_per_h,
    };
    double btc = result.btc_net_usd_per_h;
    double ai_after_switch = result.ai_net_usd_per_h - input->switch_cost_usd_per_h;
    if (btc > 0) {
        result.gain = result.ai_net_usd_per_h / btc - 1.0;
        result.switch_to_ai = ai_after_switch > btc * input->threshold;
    } else {
        result.gain = result.ai_net_usd_per_h > 0 ? 1.0 : 0.0;
        result.switch_to_ai = ai_after_switch > btc;
    }
    return result;
}

double hcp_formula_score(double revenue_usd_per_h, double cost_usd_per_h)
{
    if (revenue_usd_per_h <= 0)
        return 0.0;
    return CLAMP(100.0 * (revenue_usd_per_h - cost_usd_per_h) / revenue_usd_per_h, 0.0, 100.0);
}
