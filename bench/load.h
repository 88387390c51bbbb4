/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One load for all who take part: a script that is played by nothing, by Quire and by every peer
 * that can be asked for such things, in the same repetitions. Each gets a row with its time, and
 * what else is known of it.
 */
#ifndef QUIRE_BENCH_LOAD_H
#define QUIRE_BENCH_LOAD_H

#include "script.h"

enum load_kind {
	LOAD_BYTES,  /**< requests are in bytes; a unit is the alignment of all of them */
	LOAD_PAGES,  /**< requests are in units; a unit is a page */
	LOAD_BLOCKS, /**< requests are for a unit */
};

/** What is done to a memory before it is filled, and until when it is. */
struct ageing {
	uint32_t steps; /**< allocate while less is live than `percent`, else free one at random */
	uint32_t percent;
	uint32_t refusals; /**< it is full at the so manyth; those before are passed over */
};

struct load {
	const char *name;
	enum load_kind kind;
	uint32_t unit;  /**< bytes */
	uint32_t units; /**< in the pool */
	struct sizes sizes;
	uint32_t fill;      /**< per cent live */
	uint32_t warm;      /**< steps of the script that fill and age */
	uint32_t timed;     /**< steps after them */
	uint32_t seeds;     /**< that the usable share is the mean over; 0: it is not measured */
	struct ageing aged; /**< before it, for the share of an aged memory */
};

/** The calls of a peer for such a load; without init it cannot take part. */
const struct quire_peer_calls *load_calls(const struct load *load, const struct quire_peer *peer);

/** Add an exact row for each bounded peer: what it uses of a memory that is aged like that. */
void load_add_usable(struct bench *bench, const struct load *load, const struct ageing *ageing);

/** Measure, and add the rows. */
void load_run(struct bench *bench, const struct load *load);

#endif
