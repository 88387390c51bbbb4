/* SPDX-License-Identifier: BSD-3-Clause */
/* yardstick: see yardstick.h. */
#include "yardstick.h"

static const struct quire_bundle table[] = { { YARDSTICK_SIZE, YARDSTICK_BLOCKS } };

static struct script_plan yardstick_plan(const struct bench *bench)
{
	return (struct script_plan){
		.sizes = { SIZES_UNIFORM, .low = YARDSTICK_SIZE, .high = YARDSTICK_SIZE },
		.unit = YARDSTICK_SIZE,
		.capacity = YARDSTICK_BLOCKS,
		.fill = 75,
		.warm = scaled(bench, 5000),
		.timed = scaled(bench, 50000),
		.seed = bench->options->seed,
	};
}

struct subject yardstick_begin(struct yardstick *yardstick, const struct bench *bench)
{
	struct script_plan plan = yardstick_plan(bench);
	struct candidate candidate = heap_candidate(&yardstick->heap);

	machine_begin_flat(&yardstick->machine, YARDSTICK_BLOCKS * YARDSTICK_SIZE / PAGE);
	heap_begin_table(&yardstick->heap, &yardstick->machine, table, COUNT_OF(table));
	churn_begin(&yardstick->churn, &plan, &candidate);
	return churn_subject(&yardstick->churn, NULL, NULL);
}

void yardstick_end(struct yardstick *yardstick)
{
	churn_end(&yardstick->churn);
	heap_end(&yardstick->heap);
	machine_end(&yardstick->machine);
}
