/* SPDX-License-Identifier: BSD-3-Clause */
/* SOF's virtual memory heaps by their own names, and the sequences that break the original. */
#include <string.h>

#include "support/sof.h"

static const struct vmh_heap_config with_32k = QUIRE_SOF_TABLE;
static const struct vmh_heap_config without_32k = QUIRE_SOF_LINUX_TABLE;

/* Every block of a table is served to a request of just its size: none is lost to another's. */
static void take_all_blocks(const struct vmh_heap_config *cfg, size_t total)
{
	struct vmh_heap *heap = vmh_init_heap(cfg, false);
	size_t bytes = 0, used = 0;
	void *ptr[256];

	assert_non_null(heap);
	for (size_t i = MAX_MEMORY_ALLOCATORS_COUNT; i-- > 0;)
		for (size_t n = 0; n < cfg->block_bundles_table[i].number_of_blocks; n++) {
			uint32_t size = (uint32_t)cfg->block_bundles_table[i].block_size;

			ptr[used] = vmh_alloc(heap, size);
			assert_non_null(ptr[used]);
			memset(ptr[used++], (int)n, size);
			bytes += size;
		}
	assert_int_equal(bytes, total);
	assert_null(vmh_alloc(heap, 1));
	assert_int_equal(vmh_free_heap(heap), -39);
	while (used)
		assert_int_equal(vmh_free(heap, ptr[--used]), 0);
	assert_int_equal(vmh_free_heap(heap), 0);
	assert_null(vmh_alloc(heap, 1));
	assert_int_equal(vmh_free_heap(heap), -22);
}

static void both_tables_of_sof_are_served_whole(void **state)
{
	struct test_sof on;

	(void)state;
	test_sof_init(&on);
	take_all_blocks(&with_32k, 0x140000);
	take_all_blocks(&without_32k, 0x100000);
	test_sof_fini(&on);
}

/* The original's search gave two of them. */
static void a_pool_of_32_blocks_is_allocated_whole(void **state)
{
	struct vmh_heap_config cfg = { { { 0, 7 }, { 4096, 32 } } };
	struct vmh_heap *heap;
	struct test_sof on;
	void *ptr[32];

	(void)state;
	test_sof_init(&on);
	for (int spanning = 0; spanning < 2; spanning++) {
		assert_non_null(heap = vmh_init_heap(&cfg, spanning));
		for (size_t i = 0; i < 32; i++)
			assert_non_null(ptr[i] = vmh_alloc(heap, 4096));
		assert_null(vmh_alloc(heap, 1));
		for (size_t i = 0; i < 32; i++)
			assert_int_equal(vmh_free(heap, ptr[i]), 0);
		ptr[0] = vmh_alloc(heap, 32 * 4096);
		assert_true((ptr[0] != NULL) == (spanning == 1));
		if (ptr[0])
			assert_int_equal(vmh_free(heap, ptr[0]), 0);
		assert_int_equal(vmh_free_heap(heap), 0);
	}
	test_sof_fini(&on);
}

static void every_heap_has_a_window_of_its_own(void **state)
{
	struct vmh_heap *heap[CONFIG_QUIRE_SOF_HEAPS];
	struct vmh_heap_config small = { { { 1024, 8 } } };
	unsigned char *ptr[CONFIG_QUIRE_SOF_HEAPS];
	struct test_sof on;

	(void)state;
	test_sof_init(&on);
	for (size_t i = 1; i < TEST_COUNT(heap); i++) {
		assert_non_null(heap[i] = vmh_init_heap(&small, true));
		assert_non_null(ptr[i] = vmh_alloc(heap[i], 8192));
		memset(ptr[i], (int)i, 8192);
	}
	assert_null(vmh_init_heap(&small, true)); /* the heap of buffers is the eighth */
	test_sof_check(&on);
	for (size_t i = 1; i < TEST_COUNT(heap); i++) {
		for (size_t at = 0; at < 8192; at++)
			assert_int_equal(ptr[i][at], i);
		assert_int_equal(vmh_free(heap[i], ptr[i % 7 + 1]), i % 7 + 1 == i ? 0 : -22);
		assert_int_equal(vmh_free(heap[i], ptr[i]), 0);
		assert_int_equal(vmh_free_heap(heap[i]), 0);
	}
	assert_int_equal(test_sof_memory().heaps, 1);
	test_sof_fini(&on);
}

static void a_bad_table_is_refused_and_leaves_nothing(void **state)
{
	struct vmh_heap_config nothing = { { { 0, 4 }, { 64, 0 } } };
	struct vmh_heap_config large = { { { 64, 1 }, { 0x140000, 1 } } };
	struct vmh_heap_config wraps = { { { SIZE_MAX / 2 + 1, 2 } } };
	struct vmh_heap_config exact = { { { 0x140000, 1 } } };
	struct quire_sof_memory before;
	struct vmh_heap *heap;
	struct test_sof on;

	(void)state;
	test_sof_init(&on);
	before = test_sof_memory();
	assert_null(vmh_init_heap(&nothing, false));
	assert_null(vmh_init_heap(&large, false));
	assert_null(vmh_init_heap(&wraps, false));
	assert_non_null(heap = vmh_init_heap(&exact, false));
	assert_int_equal(vmh_free_heap(heap), 0);
	assert_int_equal(test_sof_memory().pages_used, before.pages_used);
	assert_int_equal(test_sof_memory().heaps, 1);
	test_sof_fini(&on);
}

/* As SOF's own boot test asks: 1616 bytes are more than a default block, unless blocks are spanned. */
static void the_default_table_has_five_sizes(void **state)
{
	struct sys_mm_drv_region region = { .size = 5 * 3 * SOF_PAGE + 100 };
	struct vmh_heap_config cfg;
	struct vmh_heap *heap;
	struct test_sof on;
	void *ptr;

	(void)state;
	test_sof_init(&on);
	vmh_get_default_heap_config(&region, &cfg);
	for (size_t i = 0; i < MAX_MEMORY_ALLOCATORS_COUNT; i++) {
		size_t size = i < DEFAULT_CONFIG_ALOCATORS_COUNT ? (size_t)64 << i : 0;

		assert_int_equal(cfg.block_bundles_table[i].block_size, size);
		assert_int_equal(cfg.block_bundles_table[i].number_of_blocks,
				 size ? 3 * SOF_PAGE / size : 0);
	}
	assert_non_null(heap = vmh_init_heap(NULL, false));
	assert_null(vmh_alloc(heap, 1616));
	assert_non_null(ptr = vmh_alloc(heap, 26));
	assert_int_equal(vmh_free(heap, ptr), 0);
	assert_int_equal(vmh_free_heap(heap), 0);
	assert_non_null(heap = vmh_init_heap(NULL, true));
	assert_non_null(ptr = vmh_alloc(heap, 1616));
	memset(ptr, 1, 1616);
	assert_int_equal(vmh_free(heap, ptr), 0);
	assert_int_equal(vmh_free_heap(heap), 0);
	test_sof_fini(&on);
}

static void pages_are_mapped_for_what_is_asked(void **state)
{
	struct vmh_heap_config cfg = { { { 65536, 4 } } };
	struct vmh_heap *heap;
	struct test_sof on;
	size_t mapped;
	void *ptr;

	(void)state;
	test_sof_init(&on);
	heap = vmh_init_heap(&cfg, false);
	mapped = on.mmu.mapped;
	ptr = vmh_alloc(heap, 49152);
	assert_int_equal(on.mmu.mapped, mapped + 12);
	assert_int_equal(vmh_free(heap, ptr), 0);
	assert_int_equal(on.mmu.mapped, mapped);
	assert_int_equal(vmh_free_heap(heap), 0);
	test_sof_fini(&on);
}

/* The original leaves mapped what it had mapped before. */
static void a_map_that_fails_leaves_nothing_behind(void **state)
{
	struct vmh_heap *heap;
	struct test_sof on;
	size_t mapped;
	void *ptr;

	(void)state;
	test_sof_init(&on);
	heap = vmh_init_heap(&with_32k, false);
	mapped = on.mmu.mapped;
	for (uint64_t n = 1; n < 3; n++) {
		test_mmu_fail(&on.mmu, TEST_MAP, n, false);
		ptr = vmh_alloc(heap, 100000);
		assert_true((ptr == NULL) == (n == 1));
		if (ptr)
			assert_int_equal(vmh_free(heap, ptr), 0);
		test_mmu_heal(&on.mmu);
		assert_int_equal(on.mmu.mapped, mapped);
		test_sof_check(&on);
	}
	assert_int_equal(vmh_free_heap(heap), 0);
	test_sof_fini(&on);
}

/* Each call of the driver that makes a heap fails in turn. */
static void a_heap_that_cannot_be_made_leaves_nothing(void **state)
{
	struct vmh_heap *heap = NULL;
	struct test_sof on;
	size_t used;

	(void)state;
	test_sof_init(&on);
	used = test_sof_memory().pages_used;
	for (uint64_t n = 1; !heap; n++) {
		assert_in_range(n, 1, 20);
		test_mmu_fail(&on.mmu, TEST_ANY, n, false);
		heap = vmh_init_heap(NULL, true);
		if (heap)
			assert_true(n > 1);
		else
			assert_int_equal(test_sof_memory().pages_used, used);
		test_sof_check(&on);
	}
	test_mmu_heal(&on.mmu);
	assert_int_equal(vmh_free_heap(heap), 0);
	test_sof_fini(&on);
}

static void a_heap_without_addresses_leaves_nothing(void **state)
{
	struct test_sof on;
	void *addresses;
	size_t used;

	(void)state;
	test_sof_init(&on);
	used = test_sof_memory().pages_used;
	assert_non_null(addresses = vpage_reserve(SOF_PAGES - 64 - 2 * 320));
	assert_non_null(vpage_reserve(320));
	assert_null(vmh_init_heap(NULL, true));
	assert_int_equal(test_sof_memory().pages_used, used);
	assert_int_equal(test_sof_memory().heaps, 1);
	vpage_release((unsigned char *)addresses + (SOF_PAGES - 64 - 2 * 320) * SOF_PAGE);
	vpage_release(addresses);
	test_sof_fini(&on);
}

static void a_bad_free_is_an_error_and_changes_nothing(void **state)
{
	struct vmh_heap *heap;
	struct test_sof on;
	unsigned char *ptr;
	int foreign;

	(void)state;
	test_sof_init(&on);
	heap = vmh_init_heap(&with_32k, true);
	ptr = vmh_alloc(heap, 3 * 1024);
	assert_int_equal(vmh_free(heap, &foreign), -22);
	assert_int_equal(vmh_free(heap, ptr + 1), -22);
	assert_int_equal(vmh_free(heap, NULL), -22);
	assert_int_equal(vmh_free(NULL, ptr), -22);
	assert_int_equal(vmh_free((struct vmh_heap *)(void *)&foreign, ptr), -22);
	memset(ptr, 1, 3 * 1024);
	assert_int_equal(vmh_free(heap, ptr), 0);
	assert_int_equal(vmh_free(heap, ptr), -22);
	assert_int_equal(test_sof_misuses(&on), 4);
	assert_int_equal(vmh_free_heap(heap), 0);
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
	struct vmh_heap *heap;
	struct test_sof on;
	void *ptr;

	(void)state;
	test_sof_init_with(&on, &mmu, &(struct quire_sof_config){ .log = keep_log });
	heap = vmh_init_heap(&with_32k, false);
	vmh_log_stats(heap);
	assert_ptr_equal(logged.handle, heap);
	assert_int_equal(logged.kind, QUIRE_SOF_HEAP);
	assert_int_equal(logged.used, 0);
	assert_int_equal(logged.size, 0x140000);
	assert_int_equal(logged.largest, 524288);
	assert_non_null(ptr = vmh_alloc(heap, 400000));
	vmh_log_stats(heap);
	assert_int_equal(logged.allocations, 1);
	assert_int_equal(logged.largest, 131072);
	assert_int_equal(logged.mapped, 98 * SOF_PAGE);
	assert_in_range(logged.used, 400000, 98 * SOF_PAGE);
	assert_int_equal(vmh_free(heap, ptr), 0);
	vmh_log_stats(heap);
	assert_int_equal(logged.used, 0);
	assert_in_range(logged.peak, 400000, 98 * SOF_PAGE);
	assert_int_equal(vmh_free_heap(heap), 0);
	vmh_log_stats(heap);
	test_sof_fini(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_tables_of_sof_are_served_whole),
		cmocka_unit_test(a_pool_of_32_blocks_is_allocated_whole),
		cmocka_unit_test(every_heap_has_a_window_of_its_own),
		cmocka_unit_test(a_bad_table_is_refused_and_leaves_nothing),
		cmocka_unit_test(the_default_table_has_five_sizes),
		cmocka_unit_test(pages_are_mapped_for_what_is_asked),
		cmocka_unit_test(a_map_that_fails_leaves_nothing_behind),
		cmocka_unit_test(a_heap_that_cannot_be_made_leaves_nothing),
		cmocka_unit_test(a_heap_without_addresses_leaves_nothing),
		cmocka_unit_test(a_bad_free_is_an_error_and_changes_nothing),
		cmocka_unit_test(statistics_are_what_is_there_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
