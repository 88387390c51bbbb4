/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests of any number of bytes, aligned to cache lines: what heaps are asked for. */
#include "load.h"
#include "units.h"
#include "workloads.h"

#define ANY_SIZE                                        \
	{                                               \
		.kind = SIZES_LOG, .low = 6, .high = 12 \
	}
#define POWERS                                             \
	{                                                  \
		.kind = SIZES_POWERS, .low = 6, .high = 12 \
	}

static void run(struct bench *bench, struct load load)
{
	load.kind = LOAD_BYTES;
	load.unit = LINE;
	load.fill = 75;
	load.timed = 200000;
	load.aged.percent = 75;
	load.aged.refusals = 1;
	load.name = "any size";
	load.sizes = (struct sizes)ANY_SIZE;
	load_run(bench, &load);
	load.name = "powers of two";
	load.sizes = (struct sizes)POWERS;
	load_run(bench, &load);
}

static void run_heap_512k(struct bench *bench)
{
	run(bench,
	    (struct load){
		    .units = 8192, .warm = 100000, .seeds = 32, .aged = { .steps = 160000 } });
}

static void run_heap_4m(struct bench *bench)
{
	run(bench,
	    (struct load){
		    .units = 65536, .warm = 400000, .seeds = 8, .aged = { .steps = 500000 } });
}

const struct workload workload_heap_512k = {
	.name = "heap-512K",
	.about = "Requests of 64 to 4096 bytes, each aligned to 64, in 512 KiB of which three "
		 "quarters are live, aged: any size (the logarithm is uniform), and powers of two. "
		 "Quire is the engine of elastic heaps and interim areas: 8192 units of 64 bytes "
		 "in a compact set. Peers without a pool take what they like from the system. "
		 "Usable: what had been asked for at the first refusal, fresh and after 160000 "
		 "steps at 75 % live; mean over 32 seeds.",
	.run = run_heap_512k,
};

const struct workload workload_heap_4m = {
	.name = "heap-4M",
	.about = "The same in 4 MiB: 65536 units. Usable: 500000 steps, 8 seeds.",
	.run = run_heap_4m,
};
