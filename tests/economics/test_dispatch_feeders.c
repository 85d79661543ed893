/* SPDX-License-Identifier: Apache-2.0 */
/* The room of a site and its feeders: never exceeded, and shared out about as well as trying everything would. */
#include "base/rng.h"
#include "economics/dispatch/room.h"
#include "economics/dispatch/share.h"

#include <math.h>
#include <string.h>

#define CLASSES 3
#define FEEDERS 2

typedef struct {
    hcp_dispatch_offer offers[CLASSES];
    double room_w[HCP_DISPATCH_SUPPLIES];
    double dearest_usd; /* that one device could be worth */
} question;

static void fill(hcp_rng *rng, question *q)
{
    memset(q, 0, sizeof *q);
    for (int c = 0; c < CLASSES; c++) {
        hcp_dispatch_offer *offer = &q->offers[c];
        offer->mining = (uint32_t)hcp_rng_below(rng, 8);
        offer->resting = (uint32_t)hcp_rng_below(rng, 8);
        offer->n_modes = 3;
        offer->mode = 1 + (int)hcp_rng_below(rng, 2);
        offer->feeder = (int)hcp_rng_below(rng, FEEDERS + 1);
        offer->extra_w[1] = 3000 + 500 * (double)hcp_rng_below(rng, 3);
        offer->extra_w[2] = 0.6 * offer->extra_w[1];
        double worth = -0.1 + hcp_rng_uniform(rng);
        offer->stay_usd[1] = offer->start_usd[1] = worth;
        offer->stay_usd[2] = offer->start_usd[2] = 0.75 * worth;
        q->dearest_usd = MAX(q->dearest_usd, worth);
    }
    q->room_w[0] = 70000 * hcp_rng_uniform(rng);
    for (int f = 1; f <= FEEDERS; f++)
        q->room_w[f] = 50000 * hcp_rng_uniform(rng);
}

static double worth_of(const question *q, const hcp_dispatch_grant *grants, double *ret_left_w)
{
    double usd = 0;
    memcpy(ret_left_w, q->room_w, sizeof q->room_w);
    for (int c = 0; c < CLASSES; c++) {
        usd += hcp_dispatch_grant_usd(&q->offers[c], &grants[c]);
        hcp_dispatch_room_take(ret_left_w, q->offers[c].feeder,
                               grants[c].mine * q->offers[c].extra_w[grants[c].mode]);
    }
    return usd;
}

static bool fits(const double *left_w)
{
    return left_w[0] >= -1e-6 && left_w[1] >= -1e-6 && left_w[2] >= -1e-6;
}

/* The best of every number of devices in every mode. */
static double best_of_all(const question *q, hcp_dispatch_grant *grants, int c)
{
    double left_w[HCP_DISPATCH_SUPPLIES], best = -INFINITY;
    if (c == CLASSES) {
        double usd = worth_of(q, grants, left_w);
        return fits(left_w) ? usd : -INFINITY;
    }
    for (int mode = 1; mode < 3; mode++)
        for (uint32_t n = 0; n <= q->offers[c].mining + q->offers[c].resting; n++) {
            grants[c] = (hcp_dispatch_grant){.mode = mode, .mine = n};
            best = MAX(best, best_of_all(q, grants, c + 1));
        }
    return best;
}

/* A class is in one mode, so what a price leaves over is at most a device or two of each. */
static void test_against_everything(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 4, 0);
    double lost = 0, all = 0;
    for (int i = 0; i < 150; i++) {
        question q;
        hcp_dispatch_grant grants[CLASSES], tried[CLASSES];
        double left_w[HCP_DISPATCH_SUPPLIES];
        fill(&rng, &q);
        hcp_dispatch_room_share(q.offers, CLASSES, q.room_w, FEEDERS, grants);
        double usd = worth_of(&q, grants, left_w), best = best_of_all(&q, tried, 0);
        g_assert_true(fits(left_w));
        g_assert_cmpfloat(usd, <=, best + 1e-9);
        g_assert_cmpfloat(best - usd, <=, 2 * CLASSES * q.dearest_usd + 1e-9);
        lost += best - usd;
        all += best;
    }
    g_test_message("%.2f of %.2f USD lost", lost, all);
    g_assert_cmpfloat(lost, <=, 0.05 * all);
}

/* Feeders that carry everything change nothing. */
static void test_wide_feeders(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 5, 0);
    for (int i = 0; i < 200; i++) {
        question q;
        hcp_dispatch_grant with[CLASSES], without[CLASSES];
        fill(&rng, &q);
        q.room_w[1] = q.room_w[2] = 1e9;
        hcp_dispatch_room_share(q.offers, CLASSES, q.room_w, FEEDERS, with);
        for (int c = 0; c < CLASSES; c++)
            q.offers[c].feeder = 0;
        hcp_dispatch_room_share(q.offers, CLASSES, q.room_w, 0, without);
        for (int c = 0; c < CLASSES; c++) {
            g_assert_cmpuint(with[c].mine, ==, without[c].mine);
            if (with[c].mine > 0)
                g_assert_cmpint(with[c].mode, ==, without[c].mode);
        }
    }
}

/* Ten miners on a feeder for three at full power: the price of its power puts five of them at half, though the site has
 * plenty, and leaves the class on the other feeder alone. */
static void test_price_of_a_feeder(void)
{
    question q;
    hcp_dispatch_grant grants[CLASSES];
    memset(&q, 0, sizeof q);
    for (int c = 0; c < 2; c++)
        q.offers[c] = (hcp_dispatch_offer){.resting = 10,
                                           .mode = 1,
                                           .n_modes = 3,
                                           .start_usd = {0, 0.30, 0.20},
                                           .extra_w = {0, 3000, 1800},
                                           .feeder = c + 1};
    q.room_w[0] = 1e6;
    q.room_w[1] = 9000;
    q.room_w[2] = 1e6;
    hcp_dispatch_room_share(q.offers, 2, q.room_w, FEEDERS, grants);
    g_assert_cmpuint(grants[0].mine, ==, 5);
    g_assert_cmpint(grants[0].mode, ==, 2);
    g_assert_cmpuint(grants[1].mine, ==, 10);
    g_assert_cmpint(grants[1].mode, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/economics/dispatch-feeders/against-everything", test_against_everything);
    g_test_add_func("/economics/dispatch-feeders/wide-feeders", test_wide_feeders);
    g_test_add_func("/economics/dispatch-feeders/price-of-a-feeder", test_price_of_a_feeder);
    return g_test_run();
}
