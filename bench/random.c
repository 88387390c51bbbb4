/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * random: splitmix64. A log-uniform number is 2^(octave + u) with u uniform in [0, 1): the product
 * of those of 2^(1/2), 2^(1/4), 2^(1/8) ... that random bits choose, in fixed point.
 */
#include "random.h"

#define FRACTION_BITS 31u

/* 2^(1/2), 2^(1/4) ... in units of 2^-31. */
static const uint32_t roots[] = {
	3037000500, 2553802834, 2341847524, 2242560872, 2194507417, 2170868212,
	2159144272, 2153306067, 2150392887, 2148937775, 2148210589, 2147847087,
	2147665360, 2147574502, 2147529075, 2147506361,
};

uint64_t random_next(struct random *random)
{
	uint64_t mixed = random->state += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
	return mixed ^ (mixed >> 31);
}

uint32_t random_below(struct random *random, uint32_t bound)
{
	return (uint32_t)(((random_next(random) >> 32) * bound) >> 32);
}

uint32_t random_between(struct random *random, uint32_t lowest, uint32_t highest)
{
	return lowest + random_below(random, highest - lowest + 1);
}

uint32_t random_log(struct random *random, uint32_t low, uint32_t high)
{
	uint32_t octave = random_between(random, low, high - 1);
	uint64_t bits = random_next(random);
	uint64_t value = (uint64_t)1 << FRACTION_BITS;

	for (unsigned i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (bits >> i & 1)
			value = value * roots[i] >> FRACTION_BITS;
	value <<= octave;
	return (uint32_t)((value + (1u << (FRACTION_BITS - 1))) >> FRACTION_BITS);
}
