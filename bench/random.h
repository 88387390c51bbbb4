/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Random numbers that are the same on every machine: integers only.
 */
#ifndef QUIRE_BENCH_RANDOM_H
#define QUIRE_BENCH_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state; /**< any value is a good seed */
};

uint64_t random_next(struct random *random);

/** 0 ... bound - 1 */
uint32_t random_below(struct random *random, uint32_t bound);

/** lowest ... highest */
uint32_t random_between(struct random *random, uint32_t lowest, uint32_t highest);

/** 2^low ... 2^high, its logarithm uniform; high is at most 30. */
uint32_t random_log(struct random *random, uint32_t low, uint32_t high);

#endif
