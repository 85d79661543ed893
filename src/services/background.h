/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread for work that has time: what-if questions and regret. One at low priority; work is done in the order in which
 * it was pushed. Who pushes bounds how much of his may wait.
 */
#ifndef HCP_SERVICES_BACKGROUND_H
#define HCP_SERVICES_BACKGROUND_H

typedef struct hcp_background hcp_background;

/* Starts without work. */
hcp_background *hcp_background_new(void);

/* Waits until everything pushed is done, then frees; NULL is allowed. */
void hcp_background_free(hcp_background *background);

/* Calls `work` with `data` on the thread, once what was pushed before is done. */
void hcp_background_push(hcp_background *background, void (*work)(void *data), void *data);

#endif
