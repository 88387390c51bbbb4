/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How much of a memory has been asked for when the first request is refused: exact figures.
 */
#ifndef QUIRE_BENCH_USABLE_H
#define QUIRE_BENCH_USABLE_H

#include "load.h"

/**
 * Allocate until the first request is refused, and free everything.
 * @param ageing  so many steps before that: allocate while less is live than the load's fill, else
 *                free a live allocation at random
 * @return bytes asked for, divided by those of the pool and of the records outside it: the mean
 *         over the load's seeds; NAN if the peer is not bounded, or does not take part
 */
double usable_share(const struct bench *bench, const struct load *load,
		    const struct quire_peer *peer, uint32_t ageing);

#endif
