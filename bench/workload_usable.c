/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much of a memory has been asked for when the first request is refused: exact figures.
 *
 * Fresh: allocations only. Aged: before that, while less than three quarters are live allocate,
 * else free a live allocation at random, for many steps. The bytes asked for count, so rounding is
 * a loss; the storage of the set counts as memory, so metadata is one too.
 */
#include <stdlib.h>

#include "units.h"
#include "workloads.h"

#define FILL 75u
#define PAGE 4096u

struct load {
	const char *name;
	enum quire_extents_precision precision;
	uint32_t units;
	uint32_t unit;  /* bytes */
	uint32_t asked; /* bytes that a request of 1 stands for */
	uint32_t steps; /* of ageing */
	uint32_t seeds;
	struct sizes sizes;
};

#define ANY_LINES                                       \
	{                                               \
		.kind = SIZES_LOG, .low = 6, .high = 12 \
	}
#define POWER_LINES                                        \
	{                                                  \
		.kind = SIZES_POWERS, .low = 6, .high = 12 \
	}
#define LOG_PAGES                                      \
	{                                              \
		.kind = SIZES_LOG, .low = 0, .high = 7 \
	}
#define ANY_PAGES                                            \
	{                                                    \
		.kind = SIZES_UNIFORM, .low = 1, .high = 128 \
	}

static const struct load loads[] = {
	{ "heap-512K, any size", QUIRE_COMPACT, 8192, LINE, 1, 160000, 32, ANY_LINES },
	{ "heap-512K, powers of two", QUIRE_COMPACT, 8192, LINE, 1, 160000, 32, POWER_LINES },
	{ "heap-4M, any size", QUIRE_COMPACT, 65536, LINE, 1, 500000, 8, ANY_LINES },
	{ "heap-4M, powers of two", QUIRE_COMPACT, 65536, LINE, 1, 500000, 8, POWER_LINES },
	{ "pages-1024, log-uniform", QUIRE_EXACT, 1024, PAGE, PAGE, 10000, 256, LOG_PAGES },
	{ "pages-1024, uniform", QUIRE_EXACT, 1024, PAGE, PAGE, 10000, 256, ANY_PAGES },
	{ "pages-65536, log-uniform", QUIRE_EXACT, 65536, PAGE, PAGE, 200000, 8, LOG_PAGES },
	{ "pages-65536, uniform", QUIRE_EXACT, 65536, PAGE, PAGE, 200000, 8, ANY_PAGES },
};

struct allocation {
	uintptr_t handle;
	uint32_t asked; /* bytes */
};

struct pool {
	const struct load *load;
	struct units units;
	struct candidate candidate;
	struct random random;
	struct allocation *live; /* in no order */
	uint32_t count;
	uint64_t asked; /* bytes, by all of them */
};

static bool allocate(struct pool *pool)
{
	uint32_t size = sizes_draw(&pool->load->sizes, &pool->random);
	struct allocation *next = &pool->live[pool->count];

	next->handle = pool->candidate.alloc(pool->candidate.context, size);
	if (!next->handle)
		return false;
	next->asked = size * pool->load->asked;
	pool->asked += next->asked;
	pool->count++;
	return true;
}

static void free_one(struct pool *pool, uint32_t which)
{
	struct allocation *victim = &pool->live[which];

	must(pool->candidate.free(pool->candidate.context, victim->handle), "freeing");
	pool->asked -= victim->asked;
	*victim = pool->live[--pool->count];
}

static bool below_fill(const struct pool *pool)
{
	uint64_t used = pool->load->units - quire_extents_free_units(&pool->units.set);

	return used * 100 < (uint64_t)pool->load->units * FILL;
}

static void age(struct pool *pool, uint32_t steps)
{
	while (steps--) {
		if (below_fill(pool))
			allocate(pool);
		else
			free_one(pool, random_below(&pool->random, pool->count));
	}
}

/* The share of memory and metadata that was asked for. */
static double fill(struct pool *pool)
{
	double all = (double)pool->load->units * pool->load->unit;

	while (allocate(pool))
		continue;
	return (double)pool->asked / (all + (double)pool->units.storage_bytes);
}

static double usable(const struct load *load, uint32_t steps, uint64_t seed)
{
	struct pool pool = { .load = load, .random = { seed } };
	double share;

	units_begin(&pool.units, load->units, load->precision);
	pool.candidate = load->unit == LINE ? units_lines_candidate(&pool.units)
					    : units_candidate(&pool.units);
	pool.live = memory(load->units + 1, sizeof(*pool.live));
	age(&pool, steps);
	share = fill(&pool);
	while (pool.count)
		free_one(&pool, pool.count - 1);
	free(pool.live);
	units_end(&pool.units);
	return share;
}

static void add_share(struct bench *bench, const struct load *load, const char *state,
		      uint32_t steps)
{
	uint32_t seeds = scaled(bench, load->seeds);
	double share = 0;

	progress_show(&bench->progress, bench->workload->name);
	for (uint32_t i = 0; i < seeds; i++)
		share += usable(load, steps, bench->options->seed + i) / seeds;
	add_exact(bench, ROW_SHARE, share, text("%s, %s", load->name, state),
		  text("mean over %u seed%s, %u steps of ageing", seeds, seeds == 1 ? "" : "s",
		       steps));
}

static void run(struct bench *bench)
{
	for (size_t i = 0; i < COUNT_OF(loads); i++) {
		add_share(bench, &loads[i], "fresh", 0);
		add_share(bench, &loads[i], "aged", loads[i].steps);
	}
}

const struct workload workload_usable = {
	.name = "usable",
	.about =
		"Exact: the share of memory that had been asked for when the first request was "
		"refused, for the workloads of the engine, fresh and aged at three quarters live. "
		"Bytes asked, divided by memory plus metadata. A unit of the page sets is taken as "
		"4096 bytes.",
	.run = run,
};
