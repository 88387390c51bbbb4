/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What operations take in instructions, as the program `count` beside this one tells.
 *
 * That program is built from a library that was assembled to count for itself, so it cannot be this
 * one. Its table is read: lines of a workload, what was done, and for allocations and for frees how
 * many there were, the mean and the worst.
 */
#ifndef QUIRE_BENCH_INSTRUCTIONS_H
#define QUIRE_BENCH_INSTRUCTIONS_H

#include "bench.h"

/**
 * Add a row for each line to the workload that is running, if the program is there; rows with facts
 * of Quire that are for the same workload and load get the figures too.
 */
void instructions_read(struct bench *bench);

#endif
