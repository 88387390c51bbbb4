/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A meter: calls pass through it, and it counts those that it is told to. Functions of the library
 * are called themselves, without an adapter in between.
 */
#ifndef QUIRE_BENCH_METER_H
#define QUIRE_BENCH_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "quire/vmh.h"

#include "../random.h"
#include "step.h"

/** How to count. */
struct counts_how {
	enum step_how how;
	uint32_t most; /**< about so many operations, chosen at random; 0: all */
	bool each;     /**< print each count */
};

/** Both halves of a workload. Where there is only one kind of operation, it is an alloc. */
struct counts {
	struct step_counts alloc;
	struct step_counts free;
};

/** Whom to ask. One argument of alloc is the size, the second of free is what is given back. */
struct target {
	struct step_call alloc;
	struct step_call free;
	uint32_t size_argument; /**< 0: the second, which is number 1 */
	bool units;             /**< handles are numbers of units, else pointers */
};

struct meter {
	struct counts_how how;
	struct counts *counts;
	struct target target;
	struct random random;
	uint64_t operations; /**< that there will be; 0: not known, count all */
	uint64_t seen;
	bool quiet; /**< nothing is to be counted now */
};

#define POINTER(pointer) ((uintptr_t)(pointer))
#define CALL(name, ...) \
	((struct step_call){ .function = (void (*)(void))(name), .argument = { __VA_ARGS__ } })

struct target units_target(struct quire_extents *set);
struct target heap_target(struct quire_vmh *heap);

/** Call, and count it if it is chosen. */
uintptr_t meter_call(struct meter *meter, const struct step_call *call, struct step_counts *counts);

/** @return a handle, 0 if refused */
uintptr_t meter_alloc(struct meter *meter, size_t size);

/** Ends the program if it fails. */
void meter_free(struct meter *meter, uintptr_t handle);

#endif
