/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests of contiguous pages of a window: what the page layer is asked for. */
#include "load.h"
#include "workloads.h"

#define PAGE 4096u

static void run(struct bench *bench, uint32_t pages, uint32_t warm, uint32_t seeds, uint32_t aged)
{
	struct load load = {
		.kind = LOAD_PAGES,
		.unit = PAGE,
		.units = pages,
		.fill = 75,
		.warm = warm,
		.timed = 200000,
		.seeds = seeds,
		.aged = aged,
	};

	load.name = "log-uniform";
	load.sizes = (struct sizes){ .kind = SIZES_LOG, .low = 0, .high = 7 };
	load_run(bench, &load);
	load.name = "uniform";
	load.sizes = (struct sizes){ .kind = SIZES_UNIFORM, .low = 1, .high = 128 };
	load_run(bench, &load);
}

static void run_pages_1024(struct bench *bench)
{
	run(bench, 1024, 20000, 256, 10000);
}

static void run_pages_65536(struct bench *bench)
{
	run(bench, 65536, 200000, 8, 200000);
}

static void run_pages_1m(struct bench *bench)
{
	run(bench, 1048576, 400000, 2, 400000);
}

const struct workload workload_pages_1024 = {
	.name = "pages-1024",
	.about = "Requests of 1 to 128 contiguous pages in a window of 1024 of which three "
		 "quarters are live, aged: log-uniform and uniform. No page is touched. Quire is "
		 "the engine of the page layer, an exact set. Requests that no run was long enough "
		 "for are counted as refused.",
	.run = run_pages_1024,
};

const struct workload workload_pages_65536 = {
	.name = "pages-65536",
	.about = "The same in a window of 65536 pages.",
	.run = run_pages_65536,
};

const struct workload workload_pages_1m = {
	.name = "pages-1M",
	.about = "The same in a window of 1048576 pages.",
	.run = run_pages_1m,
};
