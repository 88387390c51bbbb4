/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a region, as a whole and in its parts, on the flat port with all pages retained. */
#include <stdlib.h>

#include "quire/vregion.h"

#include "machine.h"
#include "workloads.h"

#define PAGES          1024u
#define LIFETIME_BYTES ((size_t)64 * 1024)
#define INTERIM_BYTES  ((size_t)256 * 1024)
#define LIFETIME_CALLS 40u
#define INTERIM_CALLS  200u
#define INTERIM_LIVE   32u /* at most */
#define CALLS          (2u + LIFETIME_CALLS + 2u * INTERIM_CALLS)
#define MANY           8192u /* lifetime allocations, timed alone */

struct region {
	struct machine machine;
	struct quire_vregion *vr;
	void *storage;
	uint32_t lives; /* in each repetition */
	uint32_t lifetime_sizes[LIFETIME_CALLS];
	uint32_t interim_sizes[INTERIM_CALLS];
};

static void begin(struct region *region, const struct bench *bench)
{
	struct random random = { bench->options->seed };

	machine_begin_flat(&region->machine, PAGES);
	region->storage = memory(1, QUIRE_VREGION_STORAGE(INTERIM_BYTES, 64));
	region->lives = scaled(bench, 200);
	for (uint32_t i = 0; i < LIFETIME_CALLS; i++)
		region->lifetime_sizes[i] = random_log(&random, 4, 10);
	for (uint32_t i = 0; i < INTERIM_CALLS; i++)
		region->interim_sizes[i] = random_log(&random, 6, 12);
}

static void end(struct region *region)
{
	machine_end(&region->machine);
	free(region->storage);
}

/* ---- its parts ------------------------------------------------------------------------------- */

static void create(struct region *region, size_t lifetime)
{
	struct quire_vregion_config config = {
		.lifetime = lifetime,
		.interim = INTERIM_BYTES,
		.storage = region->storage,
		.storage_bytes = QUIRE_VREGION_STORAGE(INTERIM_BYTES, 64),
	};
	int32_t why;

	region->vr = quire_vregion_create(&region->machine.vs, &config, &why);
	must(why, "creating a region");
}

static void put(struct region *region)
{
	must(quire_vregion_put(region->vr), "destroying a region");
}

static uint64_t allocate_lifetime(struct region *region)
{
	uint64_t refused = 0;

	for (uint32_t i = 0; i < LIFETIME_CALLS; i++)
		refused += !quire_vregion_alloc(region->vr, QUIRE_LIFETIME,
						region->lifetime_sizes[i], 0);
	return refused;
}

/* The oldest goes when there are enough, and all in the end. */
static uint64_t allocate_interim(struct region *region)
{
	void *live[INTERIM_LIVE] = { NULL };
	uint64_t refused = 0;
	int32_t wrong = 0;

	for (uint32_t i = 0; i < INTERIM_CALLS + INTERIM_LIVE; i++) {
		void **slot = &live[i % INTERIM_LIVE];

		if (*slot)
			wrong |= quire_vregion_free(region->vr, *slot);
		if (i >= INTERIM_CALLS)
			continue;
		*slot = quire_vregion_alloc(region->vr, QUIRE_INTERIM, region->interim_sizes[i], 0);
		refused += !*slot;
	}
	must(wrong, "freeing interim memory");
	return refused;
}

/* ---- what is timed --------------------------------------------------------------------------- */

static uint64_t work_life(void *context)
{
	struct region *region = context;
	uint64_t refused = 0;

	for (uint32_t i = 0; i < region->lives; i++) {
		create(region, LIFETIME_BYTES);
		refused += allocate_lifetime(region) + allocate_interim(region);
		put(region);
	}
	return refused;
}

static uint64_t work_create_put(void *context)
{
	struct region *region = context;

	for (uint32_t i = 0; i < region->lives; i++) {
		create(region, LIFETIME_BYTES);
		put(region);
	}
	return 0;
}

static void prepare_many(void *context)
{
	create(context, (size_t)MANY * 64);
}

static uint64_t work_many(void *context)
{
	struct region *region = context;
	uint64_t refused = 0;

	for (uint32_t i = 0; i < MANY; i++)
		refused += !quire_vregion_alloc(region->vr, QUIRE_LIFETIME, 64, 0);
	return refused;
}

static void prepare_interim(void *context)
{
	create(context, LIFETIME_BYTES);
}

static uint64_t work_interim(void *context)
{
	struct region *region = context;
	uint64_t refused = 0;

	for (uint32_t i = 0; i < region->lives; i++)
		refused += allocate_interim(region);
	return refused;
}

static void restore(void *context)
{
	put(context);
}

static void run(struct bench *bench)
{
	struct region region;

	begin(&region, bench);

	const struct subject subjects[] = {
		{ .name = text("life"),
		  .did = text("a whole life of %u calls is one operation", CALLS),
		  .context = &region,
		  .work = work_life,
		  .operations = region.lives },
		{ .name = text("create and put"),
		  .did = text("both together are one operation; no pages committed"),
		  .context = &region,
		  .work = work_create_put,
		  .operations = region.lives },
		{ .name = text("lifetime allocation"),
		  .did = text("64 bytes, a page committed every 64 calls"),
		  .context = &region,
		  .prepare = prepare_many,
		  .work = work_many,
		  .restore = restore,
		  .operations = MANY },
		{ .name = text("interim allocation and free"),
		  .did = text("64 to 4096 bytes, up to %u live, first in first out", INTERIM_LIVE),
		  .context = &region,
		  .prepare = prepare_interim,
		  .work = work_interim,
		  .restore = restore,
		  .operations = 2ull * INTERIM_CALLS * region.lives },
	};

	const struct row *rows = measure(bench, subjects, COUNT_OF(subjects));

	add_ratio(bench, &rows[1], &rows[3], text("create and put to interim"),
		  text("how many interim calls a region costs: rows above"));
	end(&region);
}

const struct workload workload_vregion = {
	.name = "vregion",
	.about = "The life of a region on the flat port, all pages retained: create, 40 lifetime "
		 "allocations of 16 to 1024 bytes, 200 interim allocations of 64 to 4096 bytes "
		 "which "
		 "are also freed, and the last put. Then its parts alone.",
	.run = run,
};
