/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Calls of the library pass through here and are counted, in instructions of the emulated machine:
 * from the first one of the function to its return, with all that it calls (bench/step/step.h).
 *
 * What a call takes by its contract for each page, word or bundle that it touches is taken off before
 * calls are compared: what is left may depend on the window alone, and is what the bounds are about.
 */
#ifndef QUIRE_TEST_BOUND_COUNT_H
#define QUIRE_TEST_BOUND_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/mmu.h"

#include "meter.h"

/** A public call, perhaps of one kind, and what it took. */
struct bound_row {
	const char *call;
	uint32_t each;       /**< instructions for a step, 0: it has none */
	const char *step;    /**< what a step is */
	const char *history; /**< where it took most */
	uint64_t calls;
	uint64_t total; /**< without what steps take, as the worst */
	uint64_t worst;

	/** The longest stretch under the short lock, likewise: a step takes there what it takes at all, at
	 *  the most BOUND_HELD; nothing if the lock is let go from step to step. */
	bool lets_go;
	uint64_t held_calls, held_total, held_worst;
	const char *held_history;
};

#define BOUND_HELD 70u

/** Call and count; `steps` as its contract has them. */
uintptr_t bound_count(struct bound_row *row, uint32_t steps, const struct step_call *call);

/** The same in two, for calls that tell themselves how many steps there were. */
uintptr_t bound_call(const struct step_call *call, uint64_t *taken);
void bound_add(struct bound_row *row, uint32_t steps, uint64_t taken);

#define COUNT_STEPS(row, steps, ...) bound_count(row, steps, &CALL(__VA_ARGS__))
#define COUNT(row, ...)              COUNT_STEPS(row, 0, __VA_ARGS__)

/** Locks of a driver that measure how long the short one is held. */
void bound_lock(const struct quire_mmu *mmu);
void bound_unlock(const struct quire_mmu *mmu);

/** The history that is played now. */
void bound_history(const char *name);

/** Print what the rows took in a window, and forget it. */
void bound_print(const char *layer, uint32_t window, struct bound_row *rows, size_t count);

/** NULL, or why nothing can be counted here. */
const char *bound_begin(void);

#endif
