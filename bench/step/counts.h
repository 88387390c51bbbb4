/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the operations of the library take, in instructions: workloads of chance and of malice.
 */
#ifndef QUIRE_BENCH_COUNTS_H
#define QUIRE_BENCH_COUNTS_H

#include <stdbool.h>

#include "quire/extent.h"

#include "meter.h"

/** Allocations that come and go, by chance or otherwise typical. */
struct counts_load {
	const char *name;
	const char *detail;
	void (*play)(struct meter *meter, const void *plan);
	const void *plan;
};

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

/** The worst of both: operations and instructions add up, worst_at is the other's if it is worse. */
void counts_merge(struct counts *counts, const struct counts *other);

#endif
