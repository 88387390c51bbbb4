/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What operations take in instructions, at the worst and on average: exact figures, and none may
 * grow. They belong to the compiler that ./check installs (gcc 12, x86-64, -O2); with another one
 * look at the differences, not at the figures. From the first instruction of the function to its
 * return, all that it calls included (bench/step/step.h). The C library's memset is counted too, and
 * which one it picks depends on the processor: elastic, vpage and vregion have room for 24 more.
 *
 * The table is `build/count --bounds`, or the goal where that is reached. It may only go down.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"

#include "step/counts.h"
#include "step/history.h"

struct half {
	uint64_t worst;
	double mean; /* rounded up */
};

struct bound {
	const char *name;
	const char *detail;
	struct half alloc;
	struct half free;
};

/*
 * Goals. Units, any history: worst 220 / 260 at 65536 lines and at 1024 pages, and up to 1M pages
 * growing no faster than the logarithm. Bundles: worst 100 / 80. Lifetime: 40. A region's create
 * and put together: 20 interim allocations.
 */
static const struct bound bounds[] = {
	{ "heap-512K", "any size", { 321, 131 }, { 429, 157 } },
	{ "heap-512K", "powers of two", { 321, 127 }, { 417, 141 } },
	{ "heap-4M", "any size", { 320, 125 }, { 409, 142 } },
	{ "heap-4M", "powers of two", { 320, 120 }, { 449, 130 } },
	{ "pages-1024", "log-uniform", { 376, 182 }, { 485, 203 } },
	{ "pages-1024", "uniform", { 387, 244 }, { 465, 257 } },
	{ "pages-65536", "log-uniform", { 474, 149 }, { 454, 164 } },
	{ "pages-65536", "uniform", { 474, 221 }, { 486, 234 } },
	{ "pages-1M", "log-uniform", { 474, 151 }, { 472, 158 } },
	{ "pages-1M", "uniform", { 474, 222 }, { 472, 222 } },
	{ "bundle", "pop and push", { 100, 96 }, { 83, 83 } },
	{ "range", "lines, plain", { 260, 131 }, { 257, 153 } },
	{ "range", "lines, range", { 602, 292 }, { 304, 220 } },
	{ "range", "pages, plain", { 178, 146 }, { 239, 165 } },
	{ "range", "pages, range", { 489, 293 }, { 295, 214 } },
	{ "elastic", "any size", { 1026, 536 }, { 843, 530 } },
	{ "aligned", "lines, to 16 of them", { 2854, 652 }, { 481, 306 } },
	{ "aligned", "pages, to 8 of them", { 1022, 574 }, { 502, 310 } },
	{ "vpage", "1 to 16 pages, retained", { 2281, 986 }, { 1274, 700 } },
	{ "vregion", "lifetime, in the page", { 37, 37 }, { 0, 0 } },
	{ "vregion", "lifetime, a new page", { 1168, 1166 }, { 0, 0 } },
	{ "vregion", "interim", { 3795, 803 }, { 805, 577 } },
	{ "vregion", "create and put", { 1923, 1923 }, { 1183, 1183 } },
	{ "heap-64", "all histories", { 247, 148 }, { 429, 184 } },
	{ "heap-448", "all histories", { 528, 226 }, { 455, 217 } },
	{ "heap-512K", "all histories", { 555, 226 }, { 505, 221 } },
	{ "heap-4M", "all histories", { 606, 241 }, { 505, 226 } },
	{ "pages-63", "all histories", { 238, 148 }, { 429, 181 } },
	{ "pages-1024", "all histories", { 419, 241 }, { 502, 228 } },
	{ "pages-65536", "all histories", { 482, 288 }, { 517, 242 } },
	{ "pages-1M", "sparse histories", { 482, 273 }, { 532, 287 } },
	{ "lines-1M", "sparse histories", { 658, 270 }, { 505, 262 } },
};

/* Growth from 1024 pages to 1M pages: log2 of one over log2 of the other. */
#define LOGARITHM 2

static const struct counts_how all_of_them = { .how = STEP_COUNTED };

static bool counted(const char *name, const char *refused)
{
	if (refused)
		print_error("%s is not counted: %s\n", name, refused);
	return !refused;
}

static bool count_set(const struct bound *bound, struct counts *counts)
{
	bool sparse = strcmp(bound->detail, "sparse histories") == 0;

	for (size_t i = 0; i < counts_set_count; i++)
		if (strcmp(counts_sets[i].name, bound->name) == 0)
			return counted(bound->name,
				       counts_of_histories(&all_of_them, &counts_sets[i], sparse,
							   counts));
	print_error("there is no '%s, %s'\n", bound->name, bound->detail);
	return false;
}

static bool count(const struct bound *bound, struct counts *counts)
{
	for (size_t i = 0; i < counts_load_count; i++)
		if (strcmp(counts_loads[i].name, bound->name) == 0 &&
		    strcmp(counts_loads[i].detail, bound->detail) == 0)
			return counted(bound->name,
				       counts_of_load(&all_of_them, &counts_loads[i], counts));
	return count_set(bound, counts);
}

static bool within(const struct bound *bound, const char *half, const struct half *most,
		   const struct step_counts *counts)
{
	double mean = ceil(step_mean(counts));
	bool good = (counts->operations || !most->worst) && counts->worst <= most->worst &&
		    mean <= most->mean;

	if (!good || counts->worst < most->worst || mean < most->mean)
		print_message("%s, %s, %s: worst %llu (%llu may be), mean %.0f (%.0f may be)%s\n",
			      bound->name, bound->detail, half, (unsigned long long)counts->worst,
			      (unsigned long long)most->worst, mean, most->mean,
			      good ? ": the bound can go down" : "");
	return good;
}

static bool holds(const struct bound *bound)
{
	struct counts counts;
	bool alloc, free;

	if (!count(bound, &counts))
		return false;
	alloc = within(bound, "alloc", &bound->alloc, &counts.alloc);
	free = within(bound, "free", &bound->free, &counts.free);
	return alloc && free;
}

static void expect_bounds(bool of_histories)
{
	size_t broken = 0, tried = 0;

	for (size_t i = 0; i < TEST_COUNT(bounds); i++) {
		if (!strstr(bounds[i].detail, "histories") == of_histories)
			continue;
		tried++;
		broken += !holds(&bounds[i]);
	}
	assert_int_not_equal(tried, 0);
	assert_int_equal(broken, 0);
}

static void no_operation_takes_more_than_its_bound(void **state)
{
	(void)state;
	expect_bounds(false);
}

static void no_history_makes_an_operation_worse(void **state)
{
	(void)state;
	expect_bounds(true);
}

/* Every load has its line, so that a new one is not forgotten. */
static void every_load_has_a_bound(void **state)
{
	(void)state;
	for (size_t load = 0; load < counts_load_count; load++) {
		bool found = false;

		for (size_t i = 0; i < TEST_COUNT(bounds); i++)
			found |= strcmp(bounds[i].name, counts_loads[load].name) == 0 &&
				 strcmp(bounds[i].detail, counts_loads[load].detail) == 0;
		if (!found)
			print_error("no bound for %s, %s\n", counts_loads[load].name,
				    counts_loads[load].detail);
		assert_true(found);
	}
}

/* The bounds say so themselves; that they hold is for the tests above. */
static const struct bound *bound_of(const char *name, const char *detail)
{
	for (size_t i = 0; i < TEST_COUNT(bounds); i++)
		if (strcmp(bounds[i].name, name) == 0 && strcmp(bounds[i].detail, detail) == 0)
			return &bounds[i];
	fail_msg("no bound for %s, %s", name, detail);
	return NULL;
}

static void a_million_pages_cost_no_more_than_their_logarithm(void **state)
{
	const struct bound *small = bound_of("pages-1024", "all histories");
	const struct bound *large = bound_of("pages-1M", "sparse histories");

	(void)state;
	assert_true(large->alloc.worst <= LOGARITHM * small->alloc.worst);
	assert_true(large->free.worst <= LOGARITHM * small->free.worst);
}

static void a_region_comes_and_goes_for_twenty_interim_allocations(void **state)
{
	const struct bound *life = bound_of("vregion", "create and put");
	const struct bound *interim = bound_of("vregion", "interim");

	(void)state;
	assert_true(life->alloc.mean + life->free.mean <= 20 * interim->alloc.mean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_load_has_a_bound),
		cmocka_unit_test(no_operation_takes_more_than_its_bound),
		cmocka_unit_test(no_history_makes_an_operation_worse),
		cmocka_unit_test(a_million_pages_cost_no_more_than_their_logarithm),
		cmocka_unit_test(a_region_comes_and_goes_for_twenty_interim_allocations),
	};

	if (!STEP_LIBRARY_COUNTS) {
		printf("1..1\nok 1 # SKIP instructions are bounded in the release build of gcc "
		       "for x86-64\n");
		return 0;
	}
	return cmocka_run_group_tests_name("instructions", tests, NULL, NULL);
}
