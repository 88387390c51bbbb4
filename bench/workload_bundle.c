/* SPDX-License-Identifier: BSD-3-Clause */
/* The yardstick in the table, once more, next to the cost of asking for it. */
#include "workloads.h"
#include "yardstick.h"

static uintptr_t alloc_nothing(void *context, uint32_t size)
{
	(void)context;
	return size;
}

static int32_t free_nothing(void *context, uintptr_t handle)
{
	(void)context, (void)handle;
	return 0;
}

static void run(struct bench *bench)
{
	static const struct candidate nothing = { .alloc = alloc_nothing, .free = free_nothing };
	struct script_plan plan = yardstick_plan(bench);
	struct yardstick bundle;
	struct churn empty;
	struct subject subjects[2];

	subjects[0] = yardstick_begin(&bundle, bench);
	subjects[0].name = text("pop and push");
	subjects[0].did = text("%u blocks of %u bytes", YARDSTICK_BLOCKS, YARDSTICK_SIZE);
	churn_begin(&empty, &plan, &nothing);
	subjects[1] = churn_subject(&empty, text("nothing behind it"),
				    text("the same requests, answered by an empty function"));
	measure(bench, subjects, COUNT_OF(subjects));
	churn_end(&empty);
	yardstick_end(&bundle);
}

const struct workload workload_bundle = {
	.name = "bundle",
	.about = "The yardstick: a virtual memory heap of one bundle on the flat port, three "
		 "quarters "
		 "of its blocks in use; blocks are taken and given back in random order. All pages "
		 "stay mapped. It is measured here like any other, so its own figure in yardsticks "
		 "tells how quiet the machine was. The second row is the cost of the benchmark "
		 "itself, which is in every time where allocations come and go.",
	.run = run,
};
