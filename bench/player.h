/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A peer with a pool of its own, ready to be asked.
 */
#ifndef QUIRE_BENCH_PLAYER_H
#define QUIRE_BENCH_PLAYER_H

#include "load.h"

struct player {
	const struct quire_peer *peer;
	const struct quire_peer_calls *calls;
	void *pool;
	size_t pool_bytes;
	void *context;
};

/** @return false if the peer cannot be asked for such a load, or refuses its size */
bool player_begin(struct player *player, const struct load *load, const struct quire_peer *peer);
void player_end(struct player *player);

struct candidate player_candidate(const struct player *player, const struct load *load);

/** Bytes of its records outside the pool. */
size_t player_metadata(const struct player *player);

#endif
