/* SPDX-License-Identifier: BSD-3-Clause */
/* SOF's page allocator by its own names, and the sequences that break the original. */
#include <string.h>

#include "support/sof.h"

static void before_init_there_is_nothing(void **state)
{
	(void)state;
	assert_int_equal(vpage_init(), -19);
	assert_null(vpage_alloc(1));
	assert_null(vpage_get_region());
	assert_null(quire_sof_vspace());
	vpage_free(&state);
}

static void pages_are_mapped_and_given_back(void **state)
{
	struct test_sof on;
	unsigned char *ptr;
	size_t used;

	(void)state;
	test_sof_init(&on);
	assert_int_equal(vpage_init(), 0);
	assert_ptr_equal(vpage_get_region()->addr, on.mmu.window);
	assert_int_equal(vpage_get_region()->size, SOF_PAGES * SOF_PAGE);
	assert_int_equal(vpage_get_region()->attr, VIRTUAL_REGION_VPAGES_ATTR);
	used = test_sof_memory().pages_used;
	ptr = vpage_alloc(7);
	assert_non_null(ptr);
	memset(ptr, 1, 7 * SOF_PAGE);
	assert_int_equal(test_sof_memory().pages_used, used + 7);
	assert_int_equal(test_sof_memory().page_allocation_pages, 7);
	vpage_free(ptr);
	assert_int_equal(test_sof_memory().pages_used, used);
	assert_int_equal(test_sof_memory().page_allocations, 0);
	assert_int_equal(test_sof_memory().page_allocation_pages, 0);
	test_sof_fini(&on);
}

/* The original moves its newest record into the place of the one that is freed. */
static void a_free_in_the_middle_costs_no_other_allocation(void **state)
{
	struct test_sof on;
	unsigned char *a, *b, *c, *d;

	(void)state;
	test_sof_init(&on);
	a = vpage_alloc(2);
	b = vpage_alloc(3);
	c = vpage_alloc(4);
	vpage_free(a);
	d = vpage_alloc(1);
	assert_non_null(d);
	memset(b, 2, 3 * SOF_PAGE);
	memset(c, 3, 4 * SOF_PAGE);
	memset(d, 4, SOF_PAGE);
	assert_int_equal(b[3 * SOF_PAGE - 1], 2);
	assert_int_equal(c[4 * SOF_PAGE - 1], 3);
	vpage_free(b);
	vpage_free(c);
	vpage_free(d);
	assert_int_equal(test_sof_misuses(&on), 0);
	test_sof_fini(&on);
}

static void a_full_table_refuses_and_overwrites_nothing(void **state)
{
	void *ptr[CONFIG_SOF_VPAGE_MAX_ALLOCS];
	struct test_sof on;

	(void)state;
	test_sof_init(&on);
	for (size_t i = 0; i < TEST_COUNT(ptr); i++)
		assert_non_null(ptr[i] = vpage_alloc(1));
	assert_null(vpage_alloc(1));
	assert_null(vpage_reserve(1));
	test_sof_check(&on);
	vpage_free(ptr[5]);
	vpage_free(ptr[70]);
	assert_non_null(ptr[5] = vpage_alloc(2));
	assert_non_null(ptr[70] = vpage_reserve(2));
	assert_null(vpage_alloc(1));
	for (size_t i = 0; i < TEST_COUNT(ptr); i++)
		vpage_free(ptr[i]);
	assert_int_equal(test_sof_misuses(&on), 0);
	test_sof_fini(&on);
}

/* All that can be had is had, and no more is promised. */
static void every_page_can_be_allocated(void **state)
{
	struct test_sof on;
	size_t left;
	void *ptr;

	(void)state;
	test_sof_init(&on);
	left = test_sof_memory().pages_free;
	assert_null(vpage_alloc((unsigned int)left + 1));
	assert_non_null(ptr = vpage_alloc((unsigned int)left));
	assert_int_equal(test_sof_memory().pages_free, 0);
	assert_null(vpage_alloc(1));
	vpage_free(ptr);
	assert_int_equal(test_sof_memory().pages_free, left);
	assert_null(vpage_alloc(0));
	assert_null(vpage_alloc(SOF_PAGES + 1));
	assert_null(vpage_alloc(UINT32_MAX));
	assert_null(
		vpage_alloc((1u << 20) + 1)); /* whose bytes wrap around where size_t has 32 bits */
	test_sof_fini(&on);
}

static void a_map_that_fails_leaves_nothing_behind(void **state)
{
	struct quire_sof_memory memory;
	struct test_sof on;
	size_t mapped;
	void *ptr;

	(void)state;
	test_sof_init(&on);
	ptr = vpage_alloc(3);
	memory = test_sof_memory();
	mapped = on.mmu.mapped;
	test_mmu_fail(&on.mmu, TEST_MAP, 1, false);
	assert_null(vpage_alloc(9));
	assert_false(test_mmu_fault_pending(&on.mmu));
	assert_int_equal(on.mmu.mapped, mapped);
	assert_int_equal(test_sof_memory().pages_used, memory.pages_used);
	assert_int_equal(test_sof_memory().page_allocations, memory.page_allocations);
	test_sof_check(&on);
	vpage_free(ptr);
	test_sof_fini(&on);
}

/* The original forgets the allocation before it knows that it is unmapped. */
static void an_unmap_that_fails_is_done_again(void **state)
{
	struct test_sof on;
	void *ptr;

	(void)state;
	test_sof_init(&on);
	ptr = vpage_alloc(4);
	test_mmu_fail(&on.mmu, TEST_UNMAP, 1, false);
	vpage_free(ptr);
	assert_int_equal(test_sof_memory().page_allocations, 1);
	vpage_free(ptr);
	assert_int_equal(test_sof_memory().page_allocations, 0);
	test_sof_fini(&on);
}

static void a_bad_free_is_told_and_changes_nothing(void **state)
{
	struct test_sof on;
	unsigned char *ptr;
	int foreign;

	(void)state;
	test_sof_init(&on);
	ptr = vpage_alloc(2);
	vpage_free(&foreign);
	vpage_free(ptr + SOF_PAGE);
	vpage_free(ptr + 1);
	vpage_free(NULL);
	assert_int_equal(test_sof_misuses(&on), 3);
	assert_int_equal(test_sof_memory().page_allocations, 1);
	memset(ptr, 1, 2 * SOF_PAGE);
	vpage_free(ptr);
	vpage_free(ptr);
	assert_int_equal(test_sof_misuses(&on), 4);
	test_sof_fini(&on);
}

static void a_reservation_holds_addresses_only(void **state)
{
	struct test_sof on;
	unsigned char *ptr;
	size_t used;

	(void)state;
	test_sof_init(&on);
	used = test_sof_memory().pages_used;
	ptr = vpage_reserve(800); /* more than there are frames */
	assert_non_null(ptr);
	assert_int_equal(test_sof_memory().pages_used, used);
	assert_ok(quire_vpage_commit(quire_sof_vspace(), ptr + SOF_PAGE, 2, QUIRE_RW, NULL));
	memset(ptr + SOF_PAGE, 1, 2 * SOF_PAGE);
	vpage_release(ptr);
	assert_int_equal(test_sof_memory().pages_used, used);
	test_sof_fini(&on);
}

static void an_impossible_configuration_is_refused(void **state)
{
	struct quire_sof_config config;
	struct test_sof on;

	(void)state;
	test_sof_init(&on);
	config = on.config;
	assert_int_equal(quire_sof_init(&config), -114);
	assert_int_equal(quire_sof_fini(), 0);
	assert_int_equal(quire_sof_fini(), -19);
#define REFUSED(member, value) \
	(config = on.config, config.member = (value), quire_sof_init(&config))
	assert_int_equal(REFUSED(mmu, NULL), -22);
	assert_int_equal(REFUSED(pages, 0), -22);
	assert_int_equal(REFUSED(storage, NULL), -22);
	assert_int_equal(REFUSED(storage_bytes, on.config.storage_bytes - 1), -22);
	assert_int_equal(REFUSED(storage, (unsigned char *)on.config.storage + 1), -22);
	/* Cached records where cores do not see each other's writes. */
	assert_int_equal(REFUSED(storage, on.mmu.window), -22);
	assert_int_equal(REFUSED(base, on.mmu.window + 1), -22);
	assert_int_equal(REFUSED(pages, 64), -12); /* no room for the heap of buffers */
#undef REFUSED
	assert_int_equal(quire_sof_init(&on.config), 0);
	test_sof_fini(&on);
}

static void any_length_of_a_cache_line_will_do(void **state)
{
	struct test_sof on;

	(void)state;
	for (size_t line = 16; line <= 256; line *= 2) {
		const struct test_mmu_config mmu = { .pages = SOF_PAGES,
						     .cache_line = line,
						     .not_coherent = true };

		test_sof_init_with(&on, &mmu, &(struct quire_sof_config){ 0 });
		test_sof_fini(&on);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_init_there_is_nothing),
		cmocka_unit_test(pages_are_mapped_and_given_back),
		cmocka_unit_test(a_free_in_the_middle_costs_no_other_allocation),
		cmocka_unit_test(a_full_table_refuses_and_overwrites_nothing),
		cmocka_unit_test(every_page_can_be_allocated),
		cmocka_unit_test(a_map_that_fails_leaves_nothing_behind),
		cmocka_unit_test(an_unmap_that_fails_is_done_again),
		cmocka_unit_test(a_bad_free_is_told_and_changes_nothing),
		cmocka_unit_test(a_reservation_holds_addresses_only),
		cmocka_unit_test(any_length_of_a_cache_line_will_do),
		cmocka_unit_test(an_impossible_configuration_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
