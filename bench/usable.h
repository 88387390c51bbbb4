/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How much of a memory has been asked for when the first request is refused: exact figures.
 */
#ifndef QUIRE_BENCH_USABLE_H
#define QUIRE_BENCH_USABLE_H

#include "load.h"

/**
 * Age, allocate until the memory is full, and free everything.
 * @return bytes asked for, divided by those of the pool and of the records outside it: the mean
 *         over the load's seeds; NAN if the peer is not bounded, or does not take part
 */
double usable_share(const struct bench *bench, const struct load *load,
		    const struct quire_peer *peer, const struct ageing *ageing);

#endif
