/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of contiguous pages of a window: what the page layer is asked for.
 *
 * How much of a small window of pages can be used depends less on the allocator than on what is
 * called aged and full: with 1024 pages and requests of up to 128, exact best fit as in a textbook
 * (the peer bestfit) uses 0.97 when fresh, and log-uniform / uniform 0.84 / 0.84 when aged at 75 %
 * live, 0.91 / 0.88 if then two refusals are passed over, and 0.90 / 0.87 when aged at 60 % live. So
 * best fit is always shown beside Quire, and each row says what was done.
 */
#include "load.h"
#include "workloads.h"

#define PAGE 4096u
#define LOG_PAGES                                      \
	{                                              \
		.kind = SIZES_LOG, .low = 0, .high = 7 \
	}
#define UNIFORM_PAGES                                        \
	{                                                    \
		.kind = SIZES_UNIFORM, .low = 1, .high = 128 \
	}

static struct load log_uniform(struct load load)
{
	load.kind = LOAD_PAGES;
	load.unit = PAGE;
	load.fill = 75;
	load.aged.percent = 75;
	load.aged.refusals = 1;
	load.name = "log-uniform";
	load.sizes = (struct sizes)LOG_PAGES;
	return load;
}

static struct load uniform(struct load load)
{
	load = log_uniform(load);
	load.name = "uniform";
	load.sizes = (struct sizes)UNIFORM_PAGES;
	return load;
}

static void run(struct bench *bench, struct load load)
{
	struct load other = uniform(load);

	load = log_uniform(load);
	load_run(bench, &load);
	load_run(bench, &other);
}

static void run_pages_1024(struct bench *bench)
{
	static const struct load window = { .units = 1024,
					    .warm = 20000,
					    .timed = 200000,
					    .seeds = 256,
					    .aged = { .steps = 10000 } };
	static const struct ageing others[] = { { 10000, 75, 1 },
						{ 10000, 75, 3 },
						{ 10000, 60, 1 } };
	struct load load[] = { log_uniform(window), uniform(window) };

	run(bench, window);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		for (size_t j = 0; j < COUNT_OF(load); j++)
			load_add_usable(bench, &load[j], &others[i]);
}

static void run_pages_65536(struct bench *bench)
{
	run(bench, (struct load){ .units = 65536,
				  .warm = 200000,
				  .timed = 200000,
				  .seeds = 8,
				  .aged = { .steps = 200000 } });
}

static void run_pages_1m(struct bench *bench)
{
	run(bench, (struct load){ .units = 1048576,
				  .warm = 200000,
				  .timed = 100000,
				  .seeds = 2,
				  .aged = { .steps = 200000 } });
}

const struct workload workload_pages_1024 = {
	.name = "pages-1024",
	.about =
		"Requests of 1 to 128 contiguous pages in a window of 1024 of which three "
		"quarters are live, aged: log-uniform and uniform. No page is touched. Quire is "
		"the engine of the page layer, an exact set. Requests that no run was long enough "
		"for are counted as refused. Usable: what had been asked for at the first refusal, "
		"fresh and after 10000 steps at 75 % live; mean over 256 seeds. The rows below "
		"tell how that depends on what is called aged (so many per cent live) and full (at "
		"which refusal).",
	.run = run_pages_1024,
};

const struct workload workload_pages_65536 = {
	.name = "pages-65536",
	.about = "The same in a window of 65536 pages. Usable: 200000 steps, 8 seeds.",
	.run = run_pages_65536,
};

const struct workload workload_pages_1m = {
	.name = "pages-1M",
	.about = "The same in a window of 1048576 pages. Usable: 200000 steps, 2 seeds. Best fit "
		 "as in a textbook takes too long here.",
	.run = run_pages_1m,
};
