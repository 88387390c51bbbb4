/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Who takes part: nothing (the cost of the benchmark itself), Quire, and the peers that were loaded.
 */
#ifndef QUIRE_BENCH_PEERS_H
#define QUIRE_BENCH_PEERS_H

#include <stddef.h>

#include "peer.h"

struct options;

/** The first two. */
#define PEER_NOTHING 0u
#define PEER_QUIRE   1u

struct peers {
	struct loaded {
		const struct quire_peer *peer;
		void *library; /**< NULL: built in */
	} * all;
	size_t count;
};

/**
 * Load those of the options, or, if there are none, those in the folder `peers` beside the program.
 * Ends the program with status 2 if one that was asked for is no peer. May start the program afresh,
 * so call it first.
 */
void peers_load(struct peers *peers, const struct options *options);
void peers_unload(struct peers *peers);

/** Built in: see own.c. */
extern const struct quire_peer peer_nothing;
extern const struct quire_peer peer_quire;

#endif
