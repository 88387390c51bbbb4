/* SPDX-License-Identifier: BSD-3-Clause */
/* range: buffers that take between a minimum and what they would like. */
#include "boot.h"

ZTEST_SUITE(quire_range, boot_has_heap, NULL, boot_before, boot_after, NULL);

ZTEST(quire_range, what_is_preferred_is_granted_where_there_is_room)
{
	struct quire_request deep = { .size = 38400, .min = 1536, .step = 1536, .align = 128 };
	void *ptr = quire_vmh_request(quire_zephyr_heap(), &deep);

	zassert_not_null(ptr);
	zassert_equal(deep.granted, 38400);
	zassert_equal((uintptr_t)ptr % 128, 0);
	zassert_ok(quire_vmh_free(quire_zephyr_heap(), ptr));
}

ZTEST(quire_range, less_is_granted_in_whole_steps_where_memory_is_short)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	struct quire_request deep = { .size = 12 * PAGE, .min = PAGE, .step = PAGE };
	struct quire_vspace_stats stats;
	void *others, *ptr;

	quire_vspace_trim(vs);
	quire_vspace_stats(vs, &stats);
	others = quire_vpage_alloc(vs, stats.physical - stats.held - 6, QUIRE_RW);
	zassert_not_null(others);
	ptr = quire_vmh_request(quire_zephyr_heap(), &deep);
	zassert_not_null(ptr);
	zassert_true(deep.granted >= 5 * PAGE && deep.granted <= 6 * PAGE, "%zu bytes",
		     deep.granted);
	zassert_equal(deep.granted % PAGE, 0);
	zassert_ok(quire_vmh_free(quire_zephyr_heap(), ptr));
	zassert_ok(quire_vpage_free(vs, others));
}
