/* SPDX-License-Identifier: BSD-3-Clause */
/* vpage: contiguous virtual pages at boot. */
#include "boot.h"

#define BLOCKS 16

ZTEST_SUITE(quire_vpage, boot_has_window, NULL, boot_before, boot_after, NULL);

ZTEST(quire_vpage, pages_are_there_and_are_nobody_elses)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	void *block[BLOCKS];

	for (unsigned int i = 0; i < BLOCKS; i++) {
		block[i] = quire_vpage_alloc(vs, 1 + i % 3, QUIRE_RW);
		zassert_not_null(block[i]);
		zassert_equal((uintptr_t)block[i] % PAGE, 0);
		boot_fill(block[i], (1 + i % 3) * PAGE, i);
	}
	for (unsigned int i = 0; i < BLOCKS; i++) {
		zassert_true(boot_is_filled(block[i], (1 + i % 3) * PAGE, i), "block %u", i);
		zassert_ok(quire_vpage_free(vs, block[i]));
	}
}

/* Freeing another than the newest and allocating again must leave every record. */
ZTEST(quire_vpage, any_order_of_frees_will_do)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	void *block[BLOCKS];

	for (unsigned int i = 0; i < BLOCKS; i++)
		block[i] = quire_vpage_alloc(vs, 2, QUIRE_RW);
	for (unsigned int round = 0; round < 3 * BLOCKS; round++) {
		unsigned int i = round * 5 % BLOCKS;

		zassert_ok(quire_vpage_free(vs, block[i]));
		block[i] = quire_vpage_alloc(vs, 2, QUIRE_RW);
		zassert_not_null(block[i]);
	}
	for (unsigned int i = 0; i < BLOCKS; i++)
		zassert_ok(quire_vpage_free(vs, block[i]));
}

ZTEST(quire_vpage, all_memory_can_be_had_and_comes_back)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	struct quire_vspace_stats stats;
	void *all, *more;

	quire_vspace_trim(vs);
	quire_vspace_stats(vs, &stats);
	all = quire_vpage_alloc(vs, stats.physical - stats.held, QUIRE_RW);
	zassert_not_null(all);
	more = quire_vpage_alloc(vs, 1, QUIRE_RW);
	zassert_is_null(more, "there is no page left");
	zassert_ok(quire_vpage_free(vs, all));
	more = quire_vpage_alloc(vs, 1, QUIRE_RW);
	zassert_not_null(more);
	zassert_ok(quire_vpage_free(vs, more));
}

ZTEST(quire_vpage, a_reservation_costs_pages_when_it_is_committed)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	char *ptr;

	quire_vspace_trim(vs);
	ptr = quire_vpage_reserve(vs, 8);
	zassert_not_null(ptr);
	zassert_false(quire_vspace_is_mapped(vs, ptr));
	zassert_ok(quire_vpage_commit(vs, ptr + 2 * PAGE, 3, QUIRE_RW, NULL));
	boot_fill(ptr + 2 * PAGE, 3 * PAGE, 1);
	zassert_ok(quire_vpage_decommit(vs, ptr + 2 * PAGE, 1));
	zassert_true(boot_is_filled(ptr + 4 * PAGE, 1, 1 + (2 * PAGE) * 7 + 2 * PAGE / 251));
	zassert_ok(quire_vpage_free(vs, ptr));
}
