/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the library is meant to reach, and what this run says about it.
 */
#ifndef QUIRE_BENCH_GOALS_H
#define QUIRE_BENCH_GOALS_H

#include "bench.h"

enum verdict {
	GOAL_UNKNOWN, /**< what it takes was not measured in this run */
	GOAL_MISSED,
	GOAL_REACHED,
};

struct goal {
	const char *area;
	const char *wanted;
	/** @return what was measured, in words from text(); "" if nothing was */
	char *(*reached)(const struct bench *bench, enum verdict *verdict);
	const char *obstacle; /**< told if it is missed: what was tried, what stands in the way */
};

extern const struct goal goals[];
extern const size_t goal_count;

#endif
