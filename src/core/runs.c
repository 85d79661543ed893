/* SPDX-License-Identifier: Apache-2.0 */
#include "core/runs.h"

#include <string.h>

#define BITS 64u

static bool rows_equal(const hcp_fleet *fleet, uint32_t a, uint32_t b)
{
    return fleet->mode[a] == fleet->mode[b] && fleet->active_switch[a] == fleet->active_switch[b] &&
           fleet->group[a] == fleet->group[b] && fleet->target[a] == fleet->target[b] &&
           fleet->health[a] == fleet->health[b] && fleet->admin[a] == fleet->admin[b] &&
           fleet->lease[a] == fleet->lease[b];
}

static bool begins(const hcp_fleet *fleet, uint32_t device)
{
    return device == 0 || !rows_equal(fleet, device - 1, device);
}

static void mark(hcp_fleet *fleet, uint32_t device)
{
    uint64_t bit = UINT64_C(1) << (device % BITS);
    if (begins(fleet, device))
        fleet->run_bits[device / BITS] |= bit;
    else
        fleet->run_bits[device / BITS] &= ~bit;
}

uint32_t hcp_runs_end(const hcp_fleet *fleet, uint32_t first, uint32_t end)
{
    uint32_t next = first + 1;
    if (next >= end)
        return end;
    uint32_t word = next / BITS;
    uint64_t bits = fleet->run_bits[word] & (UINT64_MAX << (next % BITS));
    while (bits == 0) {
        if (++word * BITS >= end)
            return end;
        bits = fleet->run_bits[word];
    }
    return MIN(end, word * BITS + (uint32_t)__builtin_ctzll(bits));
}

uint32_t hcp_runs_begin(const hcp_fleet *fleet, uint32_t last, uint32_t begin)
{
    uint32_t word = last / BITS;
    uint64_t bits = fleet->run_bits[word] & (UINT64_MAX >> (BITS - 1 - last % BITS));
    while (bits == 0) {
        if (word * BITS <= begin)
            return begin;
        bits = fleet->run_bits[--word];
    }
    return MAX(begin, word * BITS + BITS - 1 - (uint32_t)__builtin_clzll(bits));
}

void hcp_runs_note(hcp_fleet *fleet, hcp_range rows)
{
    mark(fleet, rows.first);
    if (rows.first + rows.count < fleet->n_devices)
        mark(fleet, rows.first + rows.count);
}

void hcp_runs_find(hcp_fleet *fleet)
{
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        mark(fleet, d);
}

bool hcp_runs_hold(const hcp_fleet *fleet)
{
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        if (((fleet->run_bits[d / BITS] >> (d % BITS)) & 1) != begins(fleet, d))
            return false;
    return true;
}

void hcp_runs_reserve(hcp_fleet *fleet, uint32_t capacity)
{
    uint32_t had = (fleet->capacity + BITS - 1) / BITS, words = (capacity + BITS - 1) / BITS;
    fleet->run_bits = g_renew(uint64_t, fleet->run_bits, words);
    memset(fleet->run_bits + had, 0, (words - had) * sizeof *fleet->run_bits);
}
