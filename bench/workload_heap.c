/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests of any number of bytes, aligned to cache lines: what heaps are asked for. */
#include "load.h"
#include "units.h"
#include "workloads.h"

static void run(struct bench *bench, uint32_t units, uint32_t warm, uint32_t seeds, uint32_t aged)
{
	struct load load = {
		.kind = LOAD_BYTES,
		.unit = LINE,
		.units = units,
		.fill = 75,
		.warm = warm,
		.timed = 200000,
		.seeds = seeds,
		.aged = aged,
	};

	load.name = "any size";
	load.sizes = (struct sizes){ .kind = SIZES_LOG, .low = 6, .high = 12 };
	load_run(bench, &load);
	load.name = "powers of two";
	load.sizes = (struct sizes){ .kind = SIZES_POWERS, .low = 6, .high = 12 };
	load_run(bench, &load);
}

static void run_heap_512k(struct bench *bench)
{
	run(bench, 8192, 100000, 32, 160000);
}

static void run_heap_4m(struct bench *bench)
{
	run(bench, 65536, 400000, 8, 500000);
}

const struct workload workload_heap_512k = {
	.name = "heap-512K",
	.about = "Requests of 64 to 4096 bytes, each aligned to 64, in 512 KiB of which three "
		 "quarters are live, aged: any size (the logarithm is uniform), and powers of two. "
		 "Quire is the engine of elastic heaps and interim areas: 8192 units of 64 bytes "
		 "in a compact set. Peers that have no pool take what they like from the system.",
	.run = run_heap_512k,
};

const struct workload workload_heap_4m = {
	.name = "heap-4M",
	.about = "The same in 4 MiB: 65536 units.",
	.run = run_heap_4m,
};
