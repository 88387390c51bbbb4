/* SPDX-License-Identifier: BSD-3-Clause */
/* random: a small seeded generator, so that every random test is the same test again. */
#ifndef QUIRE_TEST_RANDOM_H
#define QUIRE_TEST_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct test_random {
	uint64_t state;
};

/** Any seed will do. */
struct test_random test_random_seeded(uint64_t seed);

uint64_t test_random_next(struct test_random *random);

/** 0 ... bound - 1; bound at least 1. */
uint32_t test_random_below(struct test_random *random, uint32_t bound);

/** lowest ... highest. */
uint32_t test_random_between(struct test_random *random, uint32_t lowest, uint32_t highest);

/** True once in `times` calls on average. */
int test_random_once_in(struct test_random *random, uint32_t times);

/** 1 ... 2^octaves, each octave as likely as any other and evenly spread on a log scale. */
uint32_t test_random_log(struct test_random *random, uint32_t octaves);

/** 2^lowest ... 2^highest in the same way. */
uint32_t test_random_log_between(struct test_random *random, uint32_t lowest, uint32_t highest);

#endif
