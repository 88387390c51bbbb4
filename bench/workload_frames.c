/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Into how many physical runs the pages of a request fall, in a pool that has aged: as the pool
 * gives frames, and as first fit would, the lowest that are free. Exact figures.
 */
#include <stdlib.h>

#include "quire/frames.h"

#include "script.h"
#include "workloads.h"

#define FILL  75u
#define STEPS 20000u

struct pool {
	struct quire_frames frames;
	void *storage;
	bool first_fit;
	uint64_t requests;
	uint64_t runs;
};

/* What a request was given. */
struct grant {
	uint32_t count;
	struct quire_frame_run run[];
};

/* First fit has taken all frames below `from`. */
static struct quire_frame_run take(struct pool *pool, uint32_t want, uint32_t from)
{
	struct quire_frame_run run = { .start = from, .count = 1 };

	if (!pool->first_fit) {
		must(quire_frames_take(&pool->frames, want, &run), "taking frames");
		return run;
	}
	while (quire_frames_is_taken(&pool->frames, run.start))
		run.start++;
	must(quire_frames_take_at(&pool->frames, run.start, 1), "taking a frame");
	return run;
}

/* Frames that happen to follow those before are the same run: one mapping. */
static void *alloc(void *context, size_t size, size_t align)
{
	struct pool *pool = context;
	struct grant *grant = memory(1, sizeof(*grant) + size * sizeof(grant->run[0]));
	struct quire_frame_run *last = grant->run;

	(void)align;
	for (uint32_t left = (uint32_t)size; left;) {
		struct quire_frame_run run = take(pool, left, last->start + last->count);

		left -= run.count;
		if (grant->count && run.start == last->start + last->count) {
			last->count += run.count;
		} else {
			last = &grant->run[grant->count++];
			*last = run;
		}
	}
	pool->requests++;
	pool->runs += grant->count;
	return grant;
}

static int32_t give(void *context, void *handle)
{
	struct pool *pool = context;
	struct grant *grant = handle;
	int32_t status = QUIRE_OK;

	for (uint32_t i = 0; i < grant->count; i++)
		status |=
			quire_frames_give(&pool->frames, grant->run[i].start, grant->run[i].count);
	free(grant);
	return status;
}

static int32_t power(void *context, uint32_t bank, bool on)
{
	(void)context, (void)bank, (void)on;
	return QUIRE_OK;
}

static double runs_of(const struct bench *bench, uint32_t banks, uint32_t per_bank,
		      const struct sizes *sizes, bool first_fit)
{
	struct pool pool = { .first_fit = first_fit };
	struct script_plan plan = {
		.sizes = *sizes,
		.unit = 1,
		.capacity = banks * per_bank,
		.fill = FILL,
		.warm = scaled(bench, STEPS),
		.timed = scaled(bench, STEPS),
		.seed = bench->options->seed,
	};
	struct quire_frames_config config = {
		.banks = banks,
		.frames_per_bank = per_bank,
		.power = power,
		.storage_bytes = QUIRE_FRAMES_STORAGE(banks, per_bank),
	};
	struct candidate candidate = { .context = &pool, .alloc = alloc, .free = give };
	struct churn churn;
	struct subject subject;

	pool.storage = memory(1, config.storage_bytes);
	config.storage = pool.storage;
	must(quire_frames_init(&pool.frames, &config), "making a pool");
	churn_begin(&churn, &plan, &candidate);
	churn_prepare(&churn);
	pool.requests = pool.runs = 0;
	subject = churn_subject(&churn, NULL, NULL);
	subject.work(subject.context);
	churn_restore(&churn);
	churn_end(&churn);
	free(pool.storage);
	return (double)pool.runs / (double)pool.requests;
}

static void add_shape(struct bench *bench, uint32_t banks, uint32_t per_bank, uint32_t most)
{
	struct sizes sizes = { .kind = SIZES_UNIFORM, .low = 1, .high = most };

	for (uint32_t first_fit = 0; first_fit < 2; first_fit++)
		add_exact(bench, ROW_COUNT, runs_of(bench, banks, per_bank, &sizes, first_fit),
			  text("%u x %u, 1 to %u, %s", banks, per_bank, most,
			       first_fit ? "first fit" : "frames"),
			  text("runs for each request of %u pages on average", (1 + most) / 2));
}

static void run(struct bench *bench)
{
	add_shape(bench, 1, 1024, 16);
	add_shape(bench, 1, 1024, 128);
	add_shape(bench, 22, 32, 16);
	add_shape(bench, 22, 32, 32);
	add_shape(bench, 22, 32, 128);
	add_shape(bench, 64, 64, 16);
	add_shape(bench, 64, 64, 64);
}

const struct workload workload_frames = {
	.name = "frames",
	.about =
		"Exact: into how many physical runs the pages of a request fall, each of them a "
		"mapping, in pools of banks x frames of which three quarters are in use, aged. "
		"Frames: as src/frames.c gives them, banks that are not in use switched off. First "
		"fit: the lowest frames that are free.",
	.run = run,
};
