/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sure a sum over a recorded period is: a block bootstrap. The period is cut into blocks (weeks, so that what belongs to
 * one storm stays together), as many blocks are drawn with replacement, and the sum is taken again; 2.5 and 97.5 % of many
 * such sums are the interval (Künsch, Annals of Statistics 1989; blocks that do not overlap: Carlstein 1986).
 */
#ifndef HCP_ECONOMICS_BOOTSTRAP_H
#define HCP_ECONOMICS_BOOTSTRAP_H

#include <stddef.h>

/* Fewer blocks than this say nothing about the spread. */
#define HCP_BOOTSTRAP_LEAST_BLOCKS 8

/* 95 % interval of the sum of `n` blocks; NAN both with fewer than HCP_BOOTSTRAP_LEAST_BLOCKS. Always the same draws. */
void hcp_bootstrap_sum(const double *blocks, size_t n, double *ret_low, double *ret_high);

#endif
