/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Histories of a set of units that are meant to be hard: what an allocator does worst is not what
 * chance brings. Each is named after what it does, is the same on every machine, begins with all
 * units free and ends so.
 *
 * They need nothing but a player, so they run wherever the library does.
 */
#ifndef QUIRE_BENCH_HISTORY_H
#define QUIRE_BENCH_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_REFUSED UINT32_MAX

/** Who is asked. */
struct history_player {
	void *context;
	uint32_t units;
	uint32_t (*alloc)(void *context, uint32_t count); /**< the first unit, or HISTORY_REFUSED */
	void (*free)(void *context, uint32_t start);
	uint32_t *live;  /**< room for HISTORY_ROOM(units) */
	uint32_t *order; /**< the same */
	uint32_t count;  /**< of live; 0 */
};

/** Numbers that a history keeps at most: what is live, and as many that were. */
#define HISTORY_ROOM(units) (2u * (units))

struct history {
	const char *name;
	bool sparse; /**< few operations, however many units there are */
	void (*play)(struct history_player *player);
};

extern const struct history histories[];
extern const size_t history_count;

#endif
