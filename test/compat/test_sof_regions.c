/* SPDX-License-Identifier: BSD-3-Clause */
/* SOF's regions by their later names: one size, and vregion_set_interim. */
#include <string.h>

#include "support/sof.h"

/* As SOF's own boot test does it. */
static void lifetime_comes_first_and_interim_gets_the_rest(void **state)
{
	struct test_sof on;
	struct vregion *vr;
	unsigned char *a, *b, *c;
	uintptr_t start;
	size_t size;

	(void)state;
	test_sof_init(&on);
	assert_non_null(vr = vregion_create(4 * SOF_PAGE - 5));
	vregion_mem_info(vr, &size, &start);
	assert_int_equal(size, 4 * SOF_PAGE);
	assert_non_null(a = vregion_alloc(vr, 2000));
	assert_non_null(b = vregion_alloc_align(vr, 5000, 256));
	assert_int_equal((uintptr_t)b % 256, 0);
	assert_ptr_equal(a, (void *)start);
	memset(a, 1, 2000);
	memset(b, 2, 5000);
	vregion_set_interim(vr);
	vregion_set_interim(vr);
	assert_null(vregion_alloc(vr, 2 * SOF_PAGE + 1));
	assert_non_null(c = vregion_alloc(vr, 2 * SOF_PAGE));
	assert_ptr_equal(c, (void *)(start + 2 * SOF_PAGE));
	memset(c, 3, 2 * SOF_PAGE);
	vregion_free(vr, c);
	assert_ptr_equal(vregion_alloc_align(vr, 100, 1024), c);
	vregion_free(vr, a);
	assert_int_equal(test_sof_misuses(&on), 0);
	assert_null(vregion_put(vr));
	test_sof_fini(&on);
}

static void the_last_user_ends_the_region(void **state)
{
	struct test_sof on;
	struct vregion *vr;
	uintptr_t start;
	size_t size, used;

	(void)state;
	test_sof_init(&on);
	used = test_sof_memory().pages_used;
	vr = vregion_create(7 * SOF_PAGE);
	assert_ptr_equal(vregion_get(vr), vr);
	assert_null(vregion_get((struct vregion *)(void *)((unsigned char *)vr + 1)));
	assert_non_null(vregion_alloc(vr, 3 * SOF_PAGE));
	assert_ptr_equal(vregion_put(vr), vr);
	assert_int_equal(test_sof_memory().regions, 1);
	assert_null(vregion_put(vr));
	assert_int_equal(test_sof_memory().regions, 0);
	assert_int_equal(test_sof_memory().pages_used, used);
	/* A handle of a region that is gone reaches nothing. */
	assert_null(vregion_get(vr));
	assert_null(vregion_put(vr));
	assert_null(vregion_alloc(vr, 1));
	vregion_free(vr, &on);
	vregion_set_interim(vr);
	vregion_mem_info(vr, &size, &start);
	assert_int_equal(size, 0);
	assert_int_equal(start, 0);
	assert_null(vregion_get(NULL));
	vregion_mem_info(NULL, NULL, NULL);
	test_sof_fini(&on);
}

static void lifetime_works_where_nothing_is_left_for_interim(void **state)
{
	struct test_sof on;
	struct vregion *vr;
	unsigned char *ptr;

	(void)state;
	test_sof_init(&on);
	vr = vregion_create(2 * SOF_PAGE);
	assert_non_null(ptr = vregion_alloc(vr, 2 * SOF_PAGE - 500));
	memset(ptr, 1, 2 * SOF_PAGE - 500);
	vregion_set_interim(vr);
	assert_null(vregion_alloc(vr, 1));
	memset(ptr, 2, 2 * SOF_PAGE - 500);
	vregion_free(vr, ptr);
	assert_null(vregion_put(vr));
	test_sof_fini(&on);
}

static unsigned char *cached_alias(struct test_sof *on, void *ptr)
{
	return quire_cached(&on->mmu.mmu, ptr);
}

/* The uncached alias, whole lines, so that no neighbour's line is written back over it. */
static void coherent_memory_is_uncached_and_whole_lines(void **state)
{
	struct test_sof on;
	struct vregion *vr;
	unsigned char *a, *b, *c;

	(void)state;
	test_sof_init(&on);
	vr = vregion_create(4 * SOF_PAGE);
	for (int interim = 0; interim < 2; interim++) {
		a = vregion_alloc_coherent(vr, 10);
		b = vregion_alloc_coherent_align(vr, 10, 256);
		c = vregion_alloc(vr, 10);
		assert_non_null(a);
		assert_non_null(b);
		assert_ptr_equal(a, quire_uncached(&on.mmu.mmu, a));
		assert_ptr_equal(b, quire_uncached(&on.mmu.mmu, b));
		assert_int_equal((uintptr_t)b % 256, 0);
		assert_int_equal((uintptr_t)a % 64, 0);
		assert_true(a + 64 <= b);
		assert_true(cached_alias(&on, b) + 64 <= c || c + 10 <= cached_alias(&on, b));
		memset(a, 1, 64);
		vregion_free(vr, a);
		vregion_free(vr, b);
		vregion_free(vr, c);
		vregion_set_interim(vr);
	}
	assert_int_equal(test_sof_misuses(&on), 0);
	assert_null(vregion_put(vr));
	test_sof_fini(&on);
}

static void a_bad_free_is_told_and_changes_nothing(void **state)
{
	struct vregion *vr, *other;
	struct test_sof on;
	unsigned char *ptr;

	(void)state;
	test_sof_init(&on);
	vr = vregion_create(4 * SOF_PAGE);
	other = vregion_create(4 * SOF_PAGE);
	vregion_set_interim(vr);
	assert_non_null(ptr = vregion_alloc(vr, 3000));
	vregion_free(other, ptr);
	vregion_free(vr, ptr + 64);
	vregion_free(vr, &on);
	vregion_free(vr, NULL);
	assert_int_equal(test_sof_misuses(&on), 3);
	memset(ptr, 1, 3000);
	vregion_free(vr, ptr);
	vregion_free(vr, ptr);
	assert_int_equal(test_sof_misuses(&on), 4);
	assert_null(vregion_put(vr));
	assert_null(vregion_put(other));
	test_sof_fini(&on);
}

/* Regions are made until the records of the next one need a page of their own. */
static size_t fill_records(struct vregion **keep)
{
	for (size_t count = 0;; count++) {
		size_t used = test_sof_memory().pages_used;

		assert_non_null(keep[count] = vregion_create(4 * SOF_PAGE));
		if (test_sof_memory().pages_used == used)
			continue;
		assert_null(vregion_put(keep[count]));
		return count;
	}
}

/* Each call of the driver that makes or ends a region fails in turn. */
static void a_driver_that_fails_loses_nothing(void **state)
{
	struct test_sof on;
	struct vregion *vr, *other[CONFIG_QUIRE_SOF_REGIONS];
	size_t used, others;
	bool pending = false;

	(void)state;
	test_sof_init(&on);
	others = fill_records(other);
	used = test_sof_memory().pages_used;
	for (uint64_t n = 1; !pending; n++) {
		assert_in_range(n, 1, 30);
		test_mmu_fail(&on.mmu, TEST_ANY, n, false);
		vr = vregion_create(4 * SOF_PAGE);
		if (vr) {
			vregion_alloc(vr, 2 * SOF_PAGE);
			vregion_set_interim(vr);
			vregion_alloc(vr, 100);
			if (vregion_put(vr))
				assert_null(vregion_put(vr));
		}
		pending = test_mmu_fault_pending(&on.mmu);
		test_mmu_heal(&on.mmu);
		test_sof_check(&on);
		assert_int_equal(test_sof_memory().regions, others);
		vr = vregion_create(SOF_PAGE); /* and takes the slot whose records are left */
		assert_non_null(vr);
		assert_null(vregion_put(vr));
		assert_int_equal(test_sof_memory().pages_used, used);
	}
	while (others)
		assert_null(vregion_put(other[--others]));
	test_sof_fini(&on);
}

static void as_many_regions_live_as_there_are_slots(void **state)
{
	struct vregion *vr[CONFIG_QUIRE_SOF_REGIONS];
	struct test_sof on;

	(void)state;
	test_sof_init(&on);
	for (size_t i = 0; i < TEST_COUNT(vr); i++) {
		assert_non_null(vr[i] = vregion_create(7 * SOF_PAGE));
		assert_non_null(vregion_alloc(vr[i], SOF_PAGE));
	}
	assert_null(vregion_create(SOF_PAGE));
	assert_null(vregion_put(vr[17]));
	assert_non_null(vr[17] = vregion_create(SOF_PAGE));
	assert_null(vregion_create(0));
	for (size_t i = 0; i < TEST_COUNT(vr); i++)
		assert_null(vregion_put(vr[i]));
	assert_null(vregion_create(0));
	assert_null(vregion_create(SIZE_MAX));
	assert_null(vregion_create((SOF_PAGES + 1) * SOF_PAGE));
	test_sof_fini(&on);
}

static struct quire_sof_part logged;

static void keep_log(const struct quire_sof_part *part)
{
	logged = *part;
}

static void statistics_are_what_is_there_now(void **state)
{
	const struct test_mmu_config mmu = { .pages = SOF_PAGES, .frames = SOF_FRAMES };
	struct quire_sof_part part;
	struct test_sof on;
	struct vregion *vr;
	void *ptr;

	(void)state;
	test_sof_init_with(&on, &mmu, &(struct quire_sof_config){ .log = keep_log });
	vr = vregion_create(8 * SOF_PAGE);
	vregion_alloc(vr, 3000);
	vregion_info(vr);
	assert_ptr_equal(logged.handle, vr);
	assert_int_equal(logged.kind, QUIRE_SOF_REGION);
	assert_int_equal(logged.size, 8 * SOF_PAGE);
	assert_in_range(logged.used, 3000, 3008);
	assert_in_range(logged.largest, 7 * SOF_PAGE, 8 * SOF_PAGE - 3000);
	assert_int_equal(logged.mapped, SOF_PAGE);
	vregion_set_interim(vr);
	ptr = vregion_alloc(vr, 2 * SOF_PAGE);
	vregion_info(vr);
	assert_in_range(logged.used, 3000 + 2 * SOF_PAGE, 3008 + 2 * SOF_PAGE);
	assert_int_equal(logged.largest, 5 * SOF_PAGE);
	vregion_free(vr, ptr);
	assert_true(quire_sof_part(1, &part)); /* number 0 is the heap of buffers */
	assert_in_range(part.used, 3000, 3008);
	assert_in_range(part.peak, 3000 + 2 * SOF_PAGE, 3008 + 2 * SOF_PAGE);
	assert_false(quire_sof_part(2, &part));
	assert_null(vregion_put(vr));
	test_sof_fini(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lifetime_comes_first_and_interim_gets_the_rest),
		cmocka_unit_test(the_last_user_ends_the_region),
		cmocka_unit_test(lifetime_works_where_nothing_is_left_for_interim),
		cmocka_unit_test(coherent_memory_is_uncached_and_whole_lines),
		cmocka_unit_test(a_bad_free_is_told_and_changes_nothing),
		cmocka_unit_test(a_driver_that_fails_loses_nothing),
		cmocka_unit_test(as_many_regions_live_as_there_are_slots),
		cmocka_unit_test(statistics_are_what_is_there_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
