/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usable: see usable.h. The bytes asked for count, so rounding is a loss; records count as memory,
 * so they are one too.
 */
#include "usable.h"

#include <math.h>
#include <stdlib.h>

#include "player.h"

struct allocation {
	void *handle;
	uint32_t size;
};

struct pool {
	const struct load *load;
	struct player player;
	struct candidate candidate;
	struct random random;
	struct allocation *live; /* in no order */
	uint32_t count;
	uint64_t asked; /* by all of them, in bytes or pages */
	uint64_t units; /* that they take at least */
};

static uint32_t units_of(const struct pool *pool, uint32_t size)
{
	return pool->load->kind == LOAD_PAGES ? size : (size - 1) / pool->load->unit + 1;
}

static bool allocate(struct pool *pool)
{
	uint32_t size = sizes_draw(&pool->load->sizes, &pool->random);
	const struct candidate *candidate = &pool->candidate;
	void *handle = candidate->alloc(candidate->context, size, candidate->align);

	if (!handle)
		return false;
	if (pool->count == pool->load->units)
		die("%s gives more than its pool has", pool->player.peer->name);
	pool->live[pool->count++] = (struct allocation){ handle, size };
	pool->asked += size;
	pool->units += units_of(pool, size);
	return true;
}

static void free_one(struct pool *pool, uint32_t which)
{
	struct allocation *victim = &pool->live[which];

	must(pool->candidate.free(pool->candidate.context, victim->handle), "freeing");
	pool->asked -= victim->size;
	pool->units -= units_of(pool, victim->size);
	*victim = pool->live[--pool->count];
}

static void age(struct pool *pool, const struct ageing *ageing)
{
	uint64_t full = (uint64_t)pool->load->units * ageing->percent;

	for (uint32_t step = 0; step < ageing->steps; step++) {
		if (pool->units * 100 < full)
			allocate(pool);
		else
			free_one(pool, random_below(&pool->random, pool->count));
	}
}

/* The share of memory and records that was asked for when the memory is full. */
static double fill(struct pool *pool, uint32_t refusals)
{
	double memory = (double)pool->player.pool_bytes + (double)player_metadata(&pool->player);
	double asked;

	while (refusals)
		refusals -= !allocate(pool);
	asked = (double)pool->asked;
	return (pool->load->kind == LOAD_PAGES ? asked * pool->load->unit : asked) / memory;
}

static double share_of_seed(const struct load *load, const struct quire_peer *peer,
			    const struct ageing *ageing, uint64_t seed)
{
	struct pool pool = { .load = load, .random = { seed } };
	double share = NAN;

	if (!player_begin(&pool.player, load, peer))
		return NAN;
	pool.candidate = player_candidate(&pool.player, load);
	pool.live = memory(load->units + 1, sizeof(*pool.live));
	age(&pool, ageing);
	share = fill(&pool, ageing->refusals);
	while (pool.count)
		free_one(&pool, pool.count - 1);
	free(pool.live);
	player_end(&pool.player);
	return share;
}

double usable_share(const struct bench *bench, const struct load *load,
		    const struct quire_peer *peer, const struct ageing *ageing)
{
	uint32_t seeds = scaled(bench, load->seeds);
	double share = 0;

	if (!load_calls(load, peer)->bounded)
		return NAN;
	for (uint32_t i = 0; i < seeds; i++)
		share += share_of_seed(load, peer, ageing, bench->options->seed + i) / seeds;
	return share;
}
