/* SPDX-License-Identifier: BSD-3-Clause */
/* Range requests next to plain ones, in equal sets that are 85 % full. */
#include <stdlib.h>

#include "units.h"
#include "workloads.h"

#define FILL      85u
#define PREFERRED 4u /* times the least */

struct range {
	struct units units;
	struct churn churn; /* fills and ages */
	uint32_t *least;    /* units, of each request */
	uint32_t requests;
	uint32_t times; /* as much is preferred */
};

/* Each request is given back at once, so that all meet the same set. */
static uint64_t work_range(void *context)
{
	struct range *range = context;
	uint64_t refused = 0;
	int32_t wrong = 0;

	for (uint32_t i = 0; i < range->requests; i++) {
		uint32_t least = range->least[i], granted;
		uint32_t start = quire_extents_alloc_range(&range->units.set, least,
							   least * range->times, 1, 1, &granted);

		if (start == QUIRE_NOWHERE)
			refused++;
		else
			wrong |= quire_extents_free(&range->units.set, start);
	}
	must(wrong, "freeing what was granted");
	return refused;
}

static uint64_t work_plain(void *context)
{
	struct range *range = context;
	uint64_t refused = 0;
	int32_t wrong = 0;

	for (uint32_t i = 0; i < range->requests; i++) {
		uint32_t start = quire_extents_alloc(&range->units.set, range->least[i], 1);

		if (start == QUIRE_NOWHERE)
			refused++;
		else
			wrong |= quire_extents_free(&range->units.set, start);
	}
	must(wrong, "freeing what was granted");
	return refused;
}

static void prepare(void *context)
{
	struct range *range = context;

	churn_prepare(&range->churn);
}

static void restore(void *context)
{
	struct range *range = context;

	churn_restore(&range->churn);
}

/* A kind of set, and what is asked of it. */
struct load {
	const char *name;
	enum quire_extents_precision precision;
	uint32_t units;
	struct sizes sizes; /* units */
};

static void begin(struct range *range, struct bench *bench, const struct load *load)
{
	struct candidate candidate = units_candidate(&range->units);
	struct random random = { bench->options->seed };
	struct script_plan plan = {
		.sizes = load->sizes,
		.unit = 1,
		.capacity = load->units,
		.fill = FILL,
		.warm = scaled(bench, 100000),
		.seed = bench->options->seed,
	};

	units_begin(&range->units, load->units, load->precision);
	churn_begin(&range->churn, &plan, &candidate);
	range->requests = scaled(bench, 50000);
	range->least = memory(range->requests, sizeof(*range->least));
	for (uint32_t i = 0; i < range->requests; i++)
		range->least[i] = sizes_draw(&load->sizes, &random);
}

static void end(struct range *range)
{
	free(range->least);
	churn_end(&range->churn);
	units_end(&range->units);
}

static struct subject subject(struct range *range, uint64_t (*work)(void *), char *name, char *did)
{
	return (struct subject){
		.name = name,
		.did = did,
		.context = range,
		.prepare = prepare,
		.work = work,
		.restore = restore,
		.operations = 2 * (uint64_t)range->requests,
	};
}

static void time_load(struct bench *bench, const struct load *load)
{
	struct range plain = { .times = 1 }, range = { .times = PREFERRED };
	struct subject subjects[2];
	const struct row *rows;

	begin(&plain, bench, load);
	begin(&range, bench, load);
	subjects[0] = subject(&plain, work_plain, text("%s, plain", load->name),
			      text("%u units", load->units));
	subjects[1] = subject(&range, work_range, text("%s, range", load->name),
			      text("at least the same, at best %u times as much", PREFERRED));
	rows = measure(bench, subjects, COUNT_OF(subjects));
	add_ratio(bench, &rows[1], &rows[0], text("%s, range to plain", load->name),
		  text("of the two rows above"));
	end(&plain);
	end(&range);
}

static void run(struct bench *bench)
{
	static const struct load lines = {
		"lines", QUIRE_COMPACT, 8192, { .kind = SIZES_LOG, .low = 0, .high = 6 }
	};
	static const struct load pages = {
		"pages", QUIRE_EXACT, 1024, { .kind = SIZES_LOG, .low = 0, .high = 5 }
	};

	time_load(bench, &lines);
	time_load(bench, &pages);
}

const struct workload workload_range = {
	.name = "range",
	.about = "Requests for a range of sizes, in one search, next to plain requests for the "
		 "least "
		 "of them: in equal sets, aged and 85 % full. What is granted is given back at "
		 "once. "
		 "Lines: 8192 units, at least 1 to 64. Pages: 1024 units, exact, at least 1 to 32.",
	.run = run,
};
