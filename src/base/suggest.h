/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean …?": the known word that is nearest to an unknown one. */
#ifndef HCP_BASE_SUGGEST_H
#define HCP_BASE_SUGGEST_H

/* The best candidate so far. Zero-initialised is none. */
typedef struct {
    const char *word; /* borrowed from the caller; NULL while no candidate is near enough */
    int distance;
} hcp_suggestion;

/* Keeps `candidate` in `best` when it is nearer to `text` than what is there and near enough to be
 * meant: at most a third of its letters differ (edit distance; case and '-' against '_' are no
 * difference). */
void hcp_suggest_consider(hcp_suggestion *best, const char *text, const char *candidate);

/* The candidate nearest to `text`, or NULL. `candidates` ends with NULL. */
const char *hcp_suggest_nearest(const char *text, const char *const *candidates);

#endif
