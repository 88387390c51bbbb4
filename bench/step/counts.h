/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the operations of the library take, in instructions: workloads of chance and of malice.
 */
#ifndef QUIRE_BENCH_COUNTS_H
#define QUIRE_BENCH_COUNTS_H

#include <stdbool.h>

#include "quire/extent.h"

#include "../sizes.h"
#include "meter.h"

/** Allocations that come and go, by chance or otherwise typical. Others than those in counts_loads
 *  can be made: play sets the meter's target and calls through the meter. */
struct counts_load {
	const char *name;
	const char *detail;
	void (*play)(struct meter *meter, const void *plan);
	const void *plan;
};

/**
 * While fewer than `fill` per cent of the units are live allocate, else free a live allocation at
 * random. What is refused counts as live all the same: so all targets get the same requests.
 */
struct churn_plan {
	struct sizes sizes;
	enum quire_extents_precision precision; /**< of a set of extents */
	uint32_t unit;    /**< what sizes are rounded up to, to count how much is live */
	uint32_t divisor; /**< what the target calls 1 */
	uint32_t units;
	uint32_t fill;
	uint32_t warm;    /**< operations before anything is counted */
	uint32_t counted; /**< operations after them */
};

/** Play it on the meter's target; all is freed in the end. */
void counts_churn(struct meter *meter, const struct churn_plan *plan);

extern const struct counts_load counts_loads[];
extern const size_t counts_load_count;

/** Sets that all histories are played on. */
struct counts_set {
	const char *name;
	enum quire_extents_precision precision;
	uint32_t units;
};

extern const struct counts_set counts_sets[];
extern const size_t counts_set_count;

/** @return NULL, or why nothing was counted */
const char *counts_of_load(const struct counts_how *how, const struct counts_load *load,
			   struct counts *counts);
const char *counts_of_history(const struct counts_how *how, const struct counts_set *set,
			      size_t history, struct counts *counts);

/** The same, one after the other, on one set; with `sparse` only those of few operations. */
const char *counts_of_histories(const struct counts_how *how, const struct counts_set *set,
				bool sparse, struct counts *counts);

/** The worst of both: operations and instructions add up, worst_at is the other's if it is worse. */
void counts_merge(struct counts *counts, const struct counts *other);

#endif
