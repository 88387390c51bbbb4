/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How the sizes of requests are distributed.
 */
#ifndef QUIRE_BENCH_SIZES_H
#define QUIRE_BENCH_SIZES_H

#include <stddef.h>
#include <stdint.h>

#include "quire/vmh.h"

#include "random.h"

enum sizes_kind {
	SIZES_LOG,     /**< 2^low ... 2^high, the logarithm uniform */
	SIZES_POWERS,  /**< powers of two from 2^low to 2^high, each as often */
	SIZES_UNIFORM, /**< low ... high, each as often */
	SIZES_TABLE,   /**< a block at random, then more than half of it up to all of it */
};

struct sizes {
	enum sizes_kind kind;
	uint32_t low;
	uint32_t high;
	const struct quire_bundle *table; /**< SIZES_TABLE only */
	size_t lines;
};

uint32_t sizes_draw(const struct sizes *sizes, struct random *random);

#endif
