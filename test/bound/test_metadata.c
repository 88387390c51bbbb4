/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much memory the records of a set of extents take: all of it, the struct too, as a share of
 * the memory that the units stand for. The bounds may only go down. (What share of
 * memory can be used, records counted, is in exhaustion/test_extent_exhaustion.c.)
 */
#include "quire/extent.h"

#include "support/test.h"

#define LINE 64u
#define PAGE 4096u

/* Steps that meet sizes just above and below powers of two. */
static uint32_t next(uint32_t units)
{
	return units + 1 + units / 61;
}

/* Words of 32 bits cost more classes above the short ones. */
static double bound(double with_64_bits, double with_32_bits)
{
	return QUIRE_WORD_BITS_ == 64 ? with_64_bits : with_32_bits;
}

static double share(size_t storage, uint32_t units, uint32_t unit)
{
	return (double)(storage + sizeof(struct quire_extents)) / ((double)units * unit);
}

static void expect_lines(uint32_t first, uint32_t last, double at_most)
{
	double most = 0;

	for (uint32_t units = first; units <= last; units = next(units)) {
		double now = share(QUIRE_EXTENTS_STORAGE(units), units, LINE);

		most = now > most ? now : most;
		assert_true(quire_extents_storage(units, QUIRE_COMPACT) <=
			    QUIRE_EXTENTS_STORAGE(units));
	}
	print_message("%u ... %u lines: at most %.2f %%\n", first, last, 100 * most);
	assert_true(most <= at_most);
}

static void expect_pages(uint32_t units, double at_most)
{
	double now = share(QUIRE_EXTENTS_STORAGE_EXACT(units), units, PAGE);

	print_message("%u pages: %.4f %%\n", units, 100 * now);
	assert_true(now <= at_most);
}

static void a_set_of_lines_takes_less_than_one_part_in_sixty(void **state)
{
	(void)state;
	expect_lines(8192, QUIRE_EXTENTS_MAX_UNITS, bound(0.0095, 0.016));
}

static void a_small_set_of_lines_takes_three_per_cent(void **state)
{
	(void)state;
	expect_lines(448, 8191, bound(0.016, 0.03));
}

/* A class for every length: log2(units) - 2 bits a page. */
static void classes_for_all_lengths_cost_pages_next_to_nothing(void **state)
{
	(void)state;
	expect_pages(1024, bound(0.0003, 0.00045));
	expect_pages(2048, bound(0.0003, 0.00045));
	expect_pages(65536, bound(0.00043, 0.0006));
	expect_pages(1u << 20, bound(0.00057, 0.0008));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_of_lines_takes_less_than_one_part_in_sixty),
		cmocka_unit_test(a_small_set_of_lines_takes_three_per_cent),
		cmocka_unit_test(classes_for_all_lengths_cost_pages_next_to_nothing),
	};

	return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
