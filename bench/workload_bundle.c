/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks of one size: the yardstick in the table, once more, next to others and to nothing. */
#include "load.h"
#include "workloads.h"
#include "yardstick.h"

static void run(struct bench *bench)
{
	static const struct load load = {
		.name = "pop and push",
		.kind = LOAD_BLOCKS,
		.unit = YARDSTICK_SIZE,
		.units = YARDSTICK_BLOCKS,
		.sizes = { SIZES_UNIFORM, .low = YARDSTICK_SIZE, .high = YARDSTICK_SIZE },
		.fill = 75,
		.warm = 5000,
		.timed = 50000,
	};

	load_run(bench, &load);
}

const struct workload workload_bundle = {
	.name = "bundle",
	.about = "The yardstick: 256 blocks of 512 bytes, three quarters of them in use, taken and "
		 "given back in random order. Quire is a virtual memory heap of one bundle on the "
		 "flat port with all pages mapped. It is measured here like any other, so its own "
		 "figure in yardsticks tells how quiet the machine was.",
	.run = run,
};
