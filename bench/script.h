/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Allocations that come and go at random, written down beforehand so that playing them costs
 * little.
 *
 * A script is made for a memory of so many units: while fewer than `fill` per cent of them are live
 * it allocates, else it frees a live allocation at random. It does not depend on who plays it, so
 * all candidates get the same requests in the same order. Its first part fills and ages; the rest
 * is timed.
 *
 * A *candidate* is whatever can allocate and free. Its calls are those of a peer (peer.h), so that
 * nothing stands between the player and an allocator.
 */
#ifndef QUIRE_BENCH_SCRIPT_H
#define QUIRE_BENCH_SCRIPT_H

#include <stdint.h>

#include "bench.h"
#include "sizes.h"

struct candidate {
	void *context;
	size_t align;
	void *(*alloc)(void *context, size_t size, size_t align); /**< a handle; NULL: refused */
	int32_t (*free)(void *context, void *handle);             /**< 0: done */
};

struct script_plan {
	struct sizes sizes;
	uint32_t unit;     /**< what sizes are rounded up to, to count how much is live */
	uint32_t capacity; /**< units */
	uint32_t fill;     /**< per cent */
	uint32_t warm;     /**< steps that fill and age */
	uint32_t timed;    /**< steps after them */
	uint64_t seed;
};

/** Allocate into a slot, or with size 0 free what is in it. */
struct step {
	uint32_t slot;
	uint32_t size;
};

struct script {
	struct step *steps;
	uint32_t warm;
	uint32_t timed;
	uint32_t slots;
};

/** A script and who plays it: a subject to be timed. Do not move it while that is in use. */
struct churn {
	struct script script;
	struct candidate candidate;
	void **slots; /**< handles; NULL: nothing there */
};

void churn_begin(struct churn *churn, const struct script_plan *plan,
		 const struct candidate *candidate);
void churn_end(struct churn *churn);

/** The timed steps are the work; all is freed after each repetition. Takes name and did. */
struct subject churn_subject(struct churn *churn, char *name, char *did);

/** For subjects of their own upon an aged candidate: fill and age, and free everything. */
void churn_prepare(void *churn);
void churn_restore(void *churn);

#endif
