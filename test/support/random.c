/* SPDX-License-Identifier: BSD-3-Clause */
/* random: splitmix64, which passes the usual batteries and has no bad seed. */
#include "support/random.h"

/* 2^(1/2), 2^(1/4), 2^(1/8) ...: the product of a random selection is 2^u, u uniform in [0, 1). */
static const double roots[] = { 1.4142135623730951, 1.1892071150027210, 1.0905077326652577,
				1.0442737824274138, 1.0218971486541166, 1.0108892860517005,
				1.0054299011128027, 1.0027112750502025, 1.0013547198921082 };

struct test_random test_random_seeded(uint64_t seed)
{
	return (struct test_random){ .state = seed };
}

uint64_t test_random_next(struct test_random *random)
{
	uint64_t mixed = random->state += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
	return mixed ^ (mixed >> 31);
}

uint32_t test_random_below(struct test_random *random, uint32_t bound)
{
	return (uint32_t)(((test_random_next(random) >> 32) * bound) >> 32);
}

uint32_t test_random_between(struct test_random *random, uint32_t lowest, uint32_t highest)
{
	return lowest + test_random_below(random, highest - lowest + 1);
}

int test_random_once_in(struct test_random *random, uint32_t times)
{
	return test_random_below(random, times) == 0;
}

uint32_t test_random_log_between(struct test_random *random, uint32_t lowest, uint32_t highest)
{
	double value = (double)(1u << test_random_between(random, lowest, highest - 1));
	uint64_t bits = test_random_next(random);

	for (unsigned bit = 0; bit < sizeof(roots) / sizeof(roots[0]); bit++)
		if (bits >> bit & 1)
			value *= roots[bit];
	return (uint32_t)(value + 0.5);
}

uint32_t test_random_log(struct test_random *random, uint32_t octaves)
{
	return test_random_log_between(random, 0, octaves);
}
