/* SPDX-License-Identifier: Apache-2.0 */
/* Lazy switching of every class by its work function, charged with every settled price. Looks at no forecast. */
#include "base/units.h"
#include "economics/dispatch/explain.h"
#include "economics/dispatch/paper.h"
#include "economics/dispatch/share.h"

#include <math.h>

/* Between these prices a change of mind is looked for. */
#define PRICE_MOST 10000.0
#define HALVINGS 40

typedef struct {
    double step_h;
    GArray *waiting; /* hcp_dispatch_price, oldest first */
    GArray *papers;  /* hcp_dispatch_paper by class */
    int64_t told_us;
} lazy;

static void *create(const hcp_dispatch_config *config)
{
    lazy *self = g_new0(lazy, 1);
    self->step_h = (double)config->step_us / (double)HCP_US_PER_H;
    self->waiting = g_array_new(FALSE, FALSE, sizeof(hcp_dispatch_price));
    self->papers = g_array_new(FALSE, FALSE, sizeof(hcp_dispatch_paper));
    self->told_us = INT64_MIN;
    return self;
}

static void destroy(void *data)
{
    lazy *self = data;
    g_array_unref(self->waiting);
    g_array_unref(self->papers);
    g_free(self);
}

static void observe(void *data, const hcp_dispatch_price *price)
{
    lazy *self = data;
    if (price->at_us <= self->told_us)
        return;
    self->told_us = price->at_us;
    g_array_append_vals(self->waiting, price, 1);
}

static hcp_dispatch_paper *paper_of(lazy *self, uint32_t id, const hcp_dispatch_device *device)
{
    hcp_dispatch_paper fresh;
    for (guint i = 0; i < self->papers->len; i++)
        if (g_array_index(self->papers, hcp_dispatch_paper, i).id == id)
            return &g_array_index(self->papers, hcp_dispatch_paper, i);
    hcp_dispatch_paper_init(&fresh, id, device);
    g_array_append_val(self->papers, fresh);
    return &g_array_index(self->papers, hcp_dispatch_paper, self->papers->len - 1);
}

/* What standing ready was paid while the i-th price that waits was: in its own step, or in the one in which it was known. */
static double paid_reserve(const lazy *self, const hcp_dispatch_input *input, guint i)
{
    bool own = hcp_dispatch_known_h(input) < self->step_h - 1e-6 ||
               hcp_dispatch_is_late(input, self->step_h);
    guint of = own ? i : i + 1;
    double usd_per_mw =
        of < self->waiting->len
            ? g_array_index(self->waiting, hcp_dispatch_price, of).reserve_usd_per_mw
            : NAN;
    return isnan(usd_per_mw) ? input->reserve_usd_per_mw : usd_per_mw;
}

static void charge(lazy *self, const hcp_dispatch_input *input, guint i)
{
    const hcp_dispatch_price *price = &g_array_index(self->waiting, hcp_dispatch_price, i);
    hcp_dispatch_input then = *input;
    then.reserve_usd_per_mw = paid_reserve(self, input, i);
    for (int c = 0; c < input->n_classes; c++) {
        hcp_dispatch_device device;
        hcp_dispatch_device_fill(&then, &input->classes[c], price->hashprice, self->step_h,
                                 &device);
        if (device.n_modes > 1)
            hcp_dispatch_paper_settle(
                paper_of(self, input->classes[c].id, &device),
                &(hcp_dispatch_paper_step){.device = &device,
                                           .usd_per_mwh = price->usd_per_mwh,
                                           .step_h = self->step_h,
                                           .late = hcp_dispatch_is_late(input, self->step_h)});
    }
}

/* Price at which a device in `mode` would change its mind: what mines stops above it, what rests starts below. */
static double flip_price(const lazy *self, const hcp_dispatch_paper *paper,
                         const hcp_dispatch_device *device, int mode)
{
    double mines = -PRICE_MOST, rests = PRICE_MOST;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (mines + rests) / 2;
        if (hcp_dispatch_paper_lazy(paper, device, mode, middle, self->step_h) > 0)
            mines = middle;
        else
            rests = middle;
    }
    return rests;
}

static hcp_dispatch_wish wish_of(lazy *self, const hcp_dispatch_input *input, int c,
                                 double *ret_flip)
{
    const hcp_dispatch_class *class_ = &input->classes[c];
    hcp_dispatch_wish w = {.rest_usd_per_h = hcp_dispatch_rest_usd_per_h(input, class_)};
    hcp_dispatch_device device;
    hcp_dispatch_device_fill(input, class_, input->hashprice, self->step_h, &device);
    *ret_flip = INFINITY;
    if (device.n_modes < 2)
        return w;
    const hcp_dispatch_paper *paper = paper_of(self, class_->id, &device);
    int mode = CLAMP(class_->current_target + 1, 1, device.n_modes - 1);
    int stays = hcp_dispatch_paper_lazy(paper, &device, mode, input->usd_per_mwh, self->step_h);
    int starts = hcp_dispatch_paper_lazy(paper, &device, 0, input->usd_per_mwh, self->step_h);
    *ret_flip = flip_price(self, paper, &device, class_->mining > 0 ? mode : 0);
    bool held = hcp_dispatch_is_held(input, class_);
    w.keep = held || (stays > 0 && starts == 0);
    w.mine = held ? class_->mining > 0 : MAX(stays, starts) > 0;
    if (class_->mining == 0 && !held)
        w.mine = starts > 0;
    w.target = (held || MAX(stays, starts) == 0 ? mode : MAX(stays, starts)) - 1;
    w.mining_usd_per_h = hcp_dispatch_mining_usd_per_h(input, class_, w.target);
    return w;
}

static void decide(void *data, const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan)
{
    lazy *self = data;
    hcp_dispatch_wish wishes[HCP_DISPATCH_MAX_CLASSES];
    double flips[HCP_DISPATCH_MAX_CLASSES];
    for (guint i = 0; i < self->waiting->len; i++)
        charge(self, input, i);
    g_array_set_size(self->waiting, 0);
    for (int c = 0; c < input->n_classes; c++)
        wishes[c] = wish_of(self, input, c, &flips[c]);
    ret_plan->chosen_usd_per_h = hcp_dispatch_share(input, wishes, ret_plan->chosen);
    hcp_dispatch_sum(input, wishes, ret_plan);
    hcp_dispatch_explain_rule(input, flips, ret_plan);
    if (input->price_good)
        ret_plan->source = "lcp";
}

const hcp_dispatch_policy HCP_DISPATCH_LCP = {
    .name = "lcp",
    .summary = "moves only when the past proves it; worst case bounded",
    .create = create,
    .observe = observe,
    .decide = decide,
    .destroy = destroy,
};
