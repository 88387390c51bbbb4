/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine alone: allocations of cache lines and of pages that come and go, three quarters of the
 * units live.
 */
#include "units.h"
#include "workloads.h"

#define FILL 75u

/* One set, two ways of asking. */
struct load {
	enum quire_extents_precision precision;
	uint32_t units;
	uint32_t unit; /* of the requests */
	uint32_t warm;
	uint32_t timed;
	struct {
		const char *name;
		struct sizes sizes;
	} rows[2];
};

static void begin_row(struct bench *bench, const struct load *load, size_t row, struct units *units,
		      struct churn *churn)
{
	struct candidate candidate =
		load->unit == LINE ? units_lines_candidate(units) : units_candidate(units);
	struct script_plan plan = {
		.sizes = load->rows[row].sizes,
		.unit = load->unit,
		.capacity = load->units,
		.fill = FILL,
		.warm = scaled(bench, load->warm),
		.timed = scaled(bench, load->timed),
		.seed = bench->options->seed,
	};

	units_begin(units, load->units, load->precision);
	churn_begin(churn, &plan, &candidate);
}

static void time_load(struct bench *bench, const struct load *load)
{
	struct units units[COUNT_OF(load->rows)];
	struct churn churn[COUNT_OF(load->rows)];
	struct subject subjects[COUNT_OF(load->rows)];

	for (size_t i = 0; i < COUNT_OF(load->rows); i++) {
		begin_row(bench, load, i, &units[i], &churn[i]);
		subjects[i] = churn_subject(&churn[i], text("%s", load->rows[i].name),
					    text("%u units, up to %u of them live", load->units,
						 churn[i].script.slots));
	}
	measure(bench, subjects, COUNT_OF(subjects));
	for (size_t i = 0; i < COUNT_OF(load->rows); i++) {
		churn_end(&churn[i]);
		units_end(&units[i]);
	}
}

/* ---- cache lines ----------------------------------------------------------------------------- */

#define HEAP_ROWS                                                                            \
	{                                                                                    \
		{ "any size", { .kind = SIZES_LOG, .low = 6, .high = 12 } },                 \
			{ "powers of two", { .kind = SIZES_POWERS, .low = 6, .high = 12 } }, \
	}

static void run_heap_512k(struct bench *bench)
{
	static const struct load load = { QUIRE_COMPACT, 8192, LINE, 100000, 200000, HEAP_ROWS };

	time_load(bench, &load);
}

static void run_heap_4m(struct bench *bench)
{
	static const struct load load = { QUIRE_COMPACT, 65536, LINE, 400000, 200000, HEAP_ROWS };

	time_load(bench, &load);
}

const struct workload workload_heap_512k = {
	.name = "heap-512K",
	.about = "The engine of elastic heaps and interim areas: 8192 units of 64 bytes in a "
		 "compact "
		 "set, three quarters of them live, requests of 64 to 4096 bytes, aged. Any size: "
		 "the "
		 "logarithm is uniform.",
	.run = run_heap_512k,
};

const struct workload workload_heap_4m = {
	.name = "heap-4M",
	.about = "The same with 65536 units.",
	.run = run_heap_4m,
};

/* ---- pages ----------------------------------------------------------------------------------- */

#define PAGE_ROWS                                                                        \
	{                                                                                \
		{ "log-uniform", { .kind = SIZES_LOG, .low = 0, .high = 7 } },           \
			{ "uniform", { .kind = SIZES_UNIFORM, .low = 1, .high = 128 } }, \
	}

static void run_pages_1024(struct bench *bench)
{
	static const struct load load = { QUIRE_EXACT, 1024, 1, 20000, 200000, PAGE_ROWS };

	time_load(bench, &load);
}

static void run_pages_65536(struct bench *bench)
{
	static const struct load load = { QUIRE_EXACT, 65536, 1, 200000, 200000, PAGE_ROWS };

	time_load(bench, &load);
}

const struct workload workload_pages_1024 = {
	.name = "pages-1024",
	.about = "The engine of the page layer: an exact set of 1024 units, three quarters of them "
		 "live, requests of 1 to 128 units, aged. Requests that no run was long enough for "
		 "are counted as refused.",
	.run = run_pages_1024,
};

const struct workload workload_pages_65536 = {
	.name = "pages-65536",
	.about = "The same with 65536 units.",
	.run = run_pages_65536,
};
