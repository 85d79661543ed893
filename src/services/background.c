/* SPDX-License-Identifier: Apache-2.0 */
#include "services/background.h"

#include <glib.h>
#include <sys/resource.h>

/* The loop and the journal go first. */
#define NICENESS 15

struct hcp_background {
    GThreadPool *pool; /* one thread */
};

typedef struct {
    void (*work)(void *data);
    void *data;
} item;

static void carry_out(void *data, void *user_data)
{
    (void)user_data;
    g_autofree item *i = data;
    /* On Linux of the calling thread alone, which is the pool's own. Refused, it is merely less polite. */
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    i->work(i->data);
}

hcp_background *hcp_background_new(void)
{
    hcp_background *background = g_new0(hcp_background, 1);
    background->pool = g_thread_pool_new(carry_out, NULL, 1, TRUE, NULL);
    return background;
}

void hcp_background_free(hcp_background *background)
{
    if (background == NULL)
        return;
    g_thread_pool_free(background->pool, FALSE, TRUE);
    g_free(background);
}

void hcp_background_push(hcp_background *background, void (*work)(void *data), void *data)
{
    g_thread_pool_push(background->pool, g_memdup2(&(item){work, data}, sizeof(item)), NULL);
}
