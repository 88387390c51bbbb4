/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The yardstick: the simplest allocation that the library has, which everything is compared with.
 *
 * A virtual memory heap of one bundle, three quarters of its blocks in use; blocks are taken and
 * given back in random order. Flat port, all pages stay mapped.
 */
#ifndef QUIRE_BENCH_YARDSTICK_H
#define QUIRE_BENCH_YARDSTICK_H

#include "machine.h"

#define YARDSTICK_BLOCKS 256u
#define YARDSTICK_SIZE   512u

struct yardstick {
	struct machine machine;
	struct heap heap;
	struct churn churn;
};

struct subject yardstick_begin(struct yardstick *yardstick, const struct bench *bench);
void yardstick_end(struct yardstick *yardstick);

#endif
