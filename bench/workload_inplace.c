/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to live runs of an aged set: they change size in place, and are looked up. */
#include <stdlib.h>

#include "units.h"
#include "workloads.h"

#define UNITS 8192u

/* A live run to be resized, or for look-ups any unit. */
struct pick {
	uint32_t start;
	uint32_t count;
};

struct aged {
	struct units units;
	struct churn churn; /* fills and ages */
	struct random random;
	struct pick *picks;
	uint32_t count;
};

static void begin(struct aged *aged, struct bench *bench)
{
	struct candidate candidate = units_lines_candidate(&aged->units);
	struct script_plan plan = {
		.sizes = { .kind = SIZES_LOG, .low = 6, .high = 12 },
		.unit = LINE,
		.capacity = UNITS,
		.fill = 75,
		.warm = scaled(bench, 100000),
		.seed = bench->options->seed,
	};

	units_begin(&aged->units, UNITS, QUIRE_COMPACT);
	churn_begin(&aged->churn, &plan, &candidate);
	aged->random = (struct random){ bench->options->seed };
	aged->count = scaled(bench, 100000);
	aged->picks = memory(aged->count, sizeof(*aged->picks));
}

static void end(struct aged *aged)
{
	free(aged->picks);
	churn_end(&aged->churn);
	units_end(&aged->units);
}

static void restore(void *context)
{
	struct aged *aged = context;

	churn_restore(&aged->churn);
}

static void time_aged(struct bench *bench, struct subject subject)
{
	struct aged aged;

	begin(&aged, bench);
	subject.context = &aged;
	subject.restore = restore;
	subject.operations *= aged.count;
	measure(bench, &subject, 1);
	end(&aged);
}

/* ---- resize ---------------------------------------------------------------------------------- */

/* A live run that can lose a unit. */
static struct pick pick_run(struct aged *aged)
{
	struct pick pick = { 0, 0 };

	while (pick.count < 2) {
		uint32_t slot = random_below(&aged->random, aged->churn.script.slots);

		if (!aged->churn.slots[slot])
			continue;
		pick.start = units_start(aged->churn.slots[slot]);
		pick.count = quire_extents_size(&aged->units.set, pick.start);
	}
	return pick;
}

static void prepare_resize(void *context)
{
	struct aged *aged = context;

	churn_prepare(&aged->churn);
	for (uint32_t i = 0; i < aged->count; i++)
		aged->picks[i] = pick_run(aged);
}

static uint64_t work_resize(void *context)
{
	struct aged *aged = context;
	int32_t wrong = 0;

	for (uint32_t i = 0; i < aged->count; i++) {
		const struct pick *pick = &aged->picks[i];

		wrong |= quire_extents_resize(&aged->units.set, pick->start, (pick->count + 1) / 2);
		wrong |= quire_extents_resize(&aged->units.set, pick->start, pick->count);
	}
	must(wrong, "resizing in place");
	return 0;
}

static void run_resize(struct bench *bench)
{
	time_aged(bench, (struct subject){ .name = text("to half and back"),
					   .did = text("%u units, random live runs", UNITS),
					   .prepare = prepare_resize,
					   .work = work_resize,
					   .operations = 2 });
}

const struct workload workload_resize = {
	.name = "resize",
	.about = "Live runs of the set of heap-512K become half as long and then as long as they "
		 "were, in place. Each of the two is an operation.",
	.run = run_resize,
};

/* ---- owner_of -------------------------------------------------------------------------------- */

static void prepare_owner(void *context)
{
	struct aged *aged = context;

	churn_prepare(&aged->churn);
	for (uint32_t i = 0; i < aged->count; i++)
		aged->picks[i].start = random_below(&aged->random, UNITS);
}

static uint64_t work_owner(void *context)
{
	struct aged *aged = context;
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < aged->count; i++) {
		uint32_t unit = aged->picks[i].start;
		uint32_t owner = quire_extents_owner_of(&aged->units.set, unit);

		wrong |= owner != QUIRE_NOWHERE && owner > unit;
	}
	must(wrong ? QUIRE_EFOREIGN : QUIRE_OK, "finding an owner");
	return 0;
}

static void run_owner(struct bench *bench)
{
	time_aged(bench, (struct subject){ .name = text("random units"),
					   .did = text("%u units, live or free", UNITS),
					   .prepare = prepare_owner,
					   .work = work_owner,
					   .operations = 1 });
}

const struct workload workload_owner = {
	.name = "owner",
	.about = "Which live run holds this unit: units of the set of heap-512K, at random.",
	.run = run_owner,
};
