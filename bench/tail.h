/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How long the slowest calls of a script take, apart from accidents.
 *
 * A script is played several times with the clock read before and after each call. Interrupts and
 * other processes hit other calls each time, so of each call the least over the repetitions counts;
 * of these the 99.99th percentile is told, of allocations and of frees. What reading the clock takes
 * is subtracted. These figures are for comparing: a call between two readings of the clock cannot
 * overlap with its neighbours, so it seems longer than it is.
 */
#ifndef QUIRE_BENCH_TAIL_H
#define QUIRE_BENCH_TAIL_H

#include "script.h"

/** The clock of single calls. */
struct tail_clock {
	double ns_per_tick;
	uint64_t cost; /**< ticks from one reading to the next */
};

struct tail_clock tail_clock_learn(void);

struct tail {
	struct churn *churn;
	uint32_t *least; /**< ticks, of each timed step; UINT32_MAX: nothing was called */
};

void tail_begin(struct tail *tail, struct churn *churn);

/** One repetition. */
void tail_take(struct tail *tail);

/** Tells ns, NAN if there was no such call. */
void tail_end(struct tail *tail, const struct tail_clock *clock, double *of_alloc, double *of_free);

#endif
