/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest words by edit distance. */
#include "base/suggest.h"

#include <glib.h>
#include <string.h>

#define MAX_LENGTH 64

static char fold(char c)
{
    return c == '-' ? '_' : g_ascii_tolower(c);
}

/* Edit distance of two words of at most MAX_LENGTH bytes: insertions, deletions, changes and swaps
 * of neighbours (optimal string alignment). Three rows of the table are kept. */
static int distance(const char *a, int a_length, const char *b, int b_length)
{
    int rows[3][MAX_LENGTH + 1];
    for (int j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (int i = 1; i <= a_length; i++) {
        int *row = rows[i % 3], *above = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            char here = fold(a[i - 1]), there = fold(b[j - 1]);
            int best = MIN(above[j - 1] + (here != there), MIN(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && here == fold(b[j - 2]) && fold(a[i - 2]) == there)
                best = MIN(best, before[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

void hcp_suggest_consider(hcp_suggestion *best, const char *text, const char *candidate)
{
    size_t text_length = strlen(text), candidate_length = strlen(candidate);
    if (text_length > MAX_LENGTH || candidate_length > MAX_LENGTH)
        return;
    int found = distance(text, (int)text_length, candidate, (int)candidate_length);
    if (found > (int)candidate_length / 3 || (best->word != NULL && found >= best->distance))
        return;
    best->word = candidate;
    best->distance = found;
}

const char *hcp_suggest_nearest(const char *text, const char *const *candidates)
{
    hcp_suggestion best = {0};
    for (; *candidates != NULL; candidates++)
        hcp_suggest_consider(&best, text, *candidates);
    return best.word;
}
