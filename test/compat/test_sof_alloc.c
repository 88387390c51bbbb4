/* SPDX-License-Identifier: BSD-3-Clause */
/* SOF's buffers, the memory of modules, who owns what is freed, and whose bytes they are. */
#include <string.h>

#include "support/random.h"
#include "support/sof.h"

static struct quire_sof_module module_of(uint32_t module)
{
	struct quire_sof_module found;

	for (size_t i = 0; quire_sof_module(i, &found); i++)
		if (found.module == module)
			return found;
	return (struct quire_sof_module){ 0 };
}

static struct quire_sof_part buffers(void)
{
	struct quire_sof_part part;

	assert_true(quire_sof_part(0, &part));
	return part;
}

/* ---- buffers --------------------------------------------------------------------------------- */

static void buffers_are_aligned_as_asked(void **state)
{
	struct test_sof on;
	unsigned char *ptr;

	(void)state;
	test_sof_init(&on);
	for (uint32_t align = 0; align <= 8192; align = align ? align * 2 : 1) {
		ptr = rballoc_align(SOF_MEM_FLAG_DMA, 3000, align);
		assert_non_null(ptr);
		assert_int_equal((uintptr_t)ptr % (align ? align : 64), 0);
		memset(ptr, 1, 3000);
		rfree(ptr);
	}
	assert_null(rballoc_align(0, 3000, 3));
	assert_null(rballoc(0, 0));
	assert_null(rballoc(0, 600000));
	ptr = rballoc(SOF_MEM_FLAG_COHERENT, 100);
	assert_ptr_equal(ptr, quire_uncached(&on.mmu.mmu, ptr));
	memset(ptr, 1, 128);
	rfree(ptr);
	ptr = rzalloc(0, 5000);
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(ptr[i], 0);
	rfree(ptr);
	ptr = rmalloc(0, 10);
	assert_non_null(ptr);
	rfree(ptr);
	rfree(NULL);
	assert_int_equal(test_sof_misuses(&on), 0);
	test_sof_fini(&on);
}

/* One search in place of a try per size; a range that fits nowhere gives NULL and 0, not success and 0. */
static void a_range_gives_the_most_in_steps_of_the_least(void **state)
{
	struct vmh_heap_config small = { { { 16384, 1 }, { 4096, 1 } } };
	const struct test_mmu_config mmu = { .pages = SOF_PAGES, .frames = SOF_FRAMES };
	struct test_sof on;
	unsigned char *a, *b;
	size_t granted;

	(void)state;
	test_sof_init_with(&on, &mmu, &(struct quire_sof_config){ .table = &small });
	a = rballoc_align_range(SOF_MEM_FLAG_DMA, 38400, 1536, 128, &granted);
	assert_non_null(a);
	assert_int_equal(granted, 10 * 1536);
	memset(a, 1, granted);
	b = rballoc_align_range(SOF_MEM_FLAG_DMA, 2000, 1536, 128, &granted);
	assert_non_null(b);
	assert_int_equal(granted, 2 * 1536);
	assert_null(rballoc_align_range(0, 38400, 1536, 128, &granted));
	assert_int_equal(granted, 0);
	granted = 7;
	assert_null(rballoc_align_range(0, 100, 200, 0, &granted));
	assert_int_equal(granted, 0);
	assert_null(rballoc_align_range(0, 100, 0, 0, NULL));
	assert_null(rballoc_align_range(0, SIZE_MAX, SIZE_MAX - 1, 0, NULL));
	rfree(a);
	rfree(b);
	test_sof_fini(&on);
}

/* ---- contexts -------------------------------------------------------------------------------- */

static void a_module_with_a_region_gets_nothing_from_the_heap(void **state)
{
	struct mod_alloc_ctx ctx = { 0 };
	struct test_sof on;
	unsigned char *a, *b;

	(void)state;
	test_sof_init(&on);
	ctx.vreg = vregion_create(4 * SOF_PAGE);
	ctx.heap = NULL;
	assert_non_null(a = sof_ctx_alloc(&ctx, 0, 2 * SOF_PAGE, 0));
	assert_null(sof_ctx_alloc(&ctx, 0, 3 * SOF_PAGE, 0));
	vregion_set_interim(ctx.vreg);
	memset(a, 0xff, 2 * SOF_PAGE);
	assert_non_null(b = sof_ctx_zalloc(&ctx, SOF_MEM_FLAG_COHERENT, 300, 128));
	assert_ptr_equal(b, quire_uncached(&on.mmu.mmu, b));
	assert_int_equal(b[0] + b[299], 0);
	assert_null(sof_ctx_alloc(&ctx, 0, 2 * SOF_PAGE, 0));
	assert_int_equal(buffers().allocations, 0);
	sof_ctx_free(&ctx, b);
	sof_ctx_free(&ctx, a);
	sof_ctx_free(&ctx, NULL);
	assert_null(vregion_put(ctx.vreg));
	assert_null(sof_ctx_alloc(&ctx, 0, 10, 0)); /* nor where the region is gone */
	assert_int_equal(buffers().allocations, 0);
	assert_int_equal(test_sof_misuses(&on), 0);
	test_sof_fini(&on);
}

static void a_module_with_a_heap_uses_that(void **state)
{
	struct vmh_heap_config table = { { { 4096, 4 } } };
	struct mod_alloc_ctx ctx = { 0 };
	struct test_sof on;
	void *ptr[4];

	(void)state;
	test_sof_init(&on);
	ctx.heap = (struct k_heap *)vmh_init_heap(&table, false);
	assert_non_null(ctx.heap);
	for (size_t i = 0; i < 4; i++)
		assert_non_null(ptr[i] = sof_ctx_alloc(&ctx, 0, 100, 0));
	assert_null(sof_ctx_alloc(&ctx, 0, 100, 0));
	assert_int_equal(buffers().allocations, 0);
	for (size_t i = 0; i < 4; i++)
		sof_ctx_free(NULL, ptr[i]); /* whose it is, is looked up */
	assert_int_equal(vmh_free_heap((struct vmh_heap *)ctx.heap), 0);
	assert_null(sof_ctx_alloc(&ctx, 0, 100, 0));
	assert_non_null(ptr[0] = sof_ctx_alloc(NULL, 0, 100, 0));
	assert_int_equal(buffers().allocations, 1);
	rfree(ptr[0]);
	test_sof_fini(&on);
}

/* ---- owners ---------------------------------------------------------------------------------- */

/* Whatever call gave it, and by either alias. */
static void free_finds_the_owner(void **state)
{
	struct test_sof on;
	struct vmh_heap *heap;
	struct vregion *vr;
	void *of_heap, *of_region, *pages;

	(void)state;
	test_sof_init(&on);
	heap = vmh_init_heap(NULL, true);
	vr = vregion_create(4 * SOF_PAGE);
	vregion_set_interim(vr);
	for (int other = 0; other < 2; other++) {
		of_heap = vmh_alloc(heap, 700);
		of_region = vregion_alloc(vr, 700);
		pages = vpage_alloc(2);
		if (other) {
			of_heap = quire_uncached(&on.mmu.mmu, of_heap);
			of_region = quire_uncached(&on.mmu.mmu, of_region);
			pages = quire_uncached(&on.mmu.mmu, pages);
		}
		rfree(of_heap);
		rfree(of_region);
		sof_heap_free((struct k_heap *)heap, pages);
	}
	assert_int_equal(test_sof_misuses(&on), 0);
	assert_int_equal(test_sof_memory().page_allocations, 0);
	assert_int_equal(vmh_free_heap(heap), 0);
	assert_null(vregion_put(vr));
	test_sof_fini(&on);
}

/* A user's pointer, whatever it is, stops nobody. */
static void a_bad_free_is_told_and_everything_goes_on(void **state)
{
	struct mod_alloc_ctx ctx = { .module = 3 };
	struct quire_sof_memory before;
	struct test_sof on;
	unsigned char *ptr;
	uint64_t bad = 0;

	(void)state;
	test_sof_init(&on);
	ctx.vreg = vregion_create(4 * SOF_PAGE);
	vregion_set_interim(ctx.vreg);
	assert_non_null(ptr = sof_ctx_alloc(&ctx, 0, 1000, 0));
	before = test_sof_memory();
	for (unsigned char *at = on.mmu.window; at < on.mmu.window + on.mmu.bytes;
	     at += 1021, bad++)
		if (at != ptr)
			rfree(at);
	rfree(&on);
	sof_ctx_free(&ctx, (void *)1);
	sof_ctx_free(&ctx, (void *)UINTPTR_MAX);
	assert_int_equal(test_sof_misuses(&on), bad + 3);
	test_sof_check(&on);
	assert_int_equal(test_sof_memory().pages_used, before.pages_used);
	assert_int_equal(module_of(3).bytes, 1000);
	memset(ptr, 1, 1000);
	sof_ctx_free(&ctx, ptr);
	assert_int_equal(test_sof_misuses(&on), bad + 3);
	assert_null(vregion_put(ctx.vreg));
	test_sof_fini(&on);
}

static unsigned rest_allocs, rest_frees;
static unsigned char rest_memory[64];

static void *rest_alloc(struct k_heap *heap, uint32_t flags, size_t bytes, size_t alignment)
{
	(void)heap, (void)flags, (void)bytes, (void)alignment;
	rest_allocs++;
	return rest_memory;
}

static void rest_free(struct k_heap *heap, void *ptr)
{
	(void)heap;
	assert_ptr_equal(ptr, rest_memory);
	rest_frees++;
}

static void what_is_not_ours_goes_to_the_rest(void **state)
{
	static const struct quire_sof_rest rest = { rest_alloc, rest_free };
	const struct test_mmu_config mmu = { .pages = SOF_PAGES, .frames = SOF_FRAMES };
	struct mod_alloc_ctx ctx = { .heap = (struct k_heap *)(void *)rest_memory };
	struct test_sof on;
	void *ptr;

	(void)state;
	rest_allocs = 0, rest_frees = 0;
	test_sof_init_with(&on, &mmu, &(struct quire_sof_config){ .rest = &rest });
	assert_ptr_equal(rmalloc(0, 10), rest_memory);
	assert_ptr_equal(sof_ctx_alloc(&ctx, 0, 10, 0), rest_memory);
	assert_ptr_equal(sof_heap_alloc(ctx.heap, 0, 10, 0), rest_memory);
	assert_int_equal(rest_allocs, 3);
	rfree(rest_memory);
	sof_ctx_free(&ctx, rest_memory);
	assert_int_equal(rest_frees, 2);
	assert_non_null(ptr = rballoc(0, 10));
	assert_int_equal(rest_allocs, 3);
	rfree(ptr);
	rfree(ptr); /* in the window: nobody else's */
	assert_non_null(ptr = vpage_alloc(1));
	rfree(ptr);
	rfree(ptr);
	assert_int_equal(rest_frees, 2);
	assert_int_equal(test_sof_misuses(&on), 2);
	test_sof_fini(&on);
}

/* ---- whose bytes they are -------------------------------------------------------------------- */

static void bytes_are_told_by_module(void **state)
{
	struct mod_alloc_ctx one = { .module = 1 }, two = { .module = 2 };
	struct test_sof on;
	void *a, *b, *c;
	size_t granted;

	(void)state;
	test_sof_init(&on);
	two.vreg = vregion_create(4 * SOF_PAGE);
	vregion_set_interim(two.vreg);
	a = sof_ctx_alloc(&one, 0, 333, 0);
	b = sof_ctx_alloc(&two, SOF_MEM_FLAG_COHERENT, 77, 0);
	c = sof_ctx_alloc_range(&one, 0, 5000, 1000, 0, &granted);
	assert_int_equal(granted, 5000);
	assert_int_equal(module_of(1).bytes, 5333);
	assert_int_equal(module_of(1).allocations, 2);
	assert_int_equal(module_of(2).bytes, 77);
	assert_int_equal(test_sof_memory().modules, 2);
	rfree(c); /* by somebody who does not know whose it is */
	assert_int_equal(module_of(1).bytes, 333);
	assert_int_equal(module_of(1).peak, 5333);
	sof_ctx_free(&two, quire_cached(&on.mmu.mmu, b));
	assert_int_equal(module_of(2).allocations, 0);
	assert_non_null(sof_ctx_alloc(&two, 0, 500, 0));
	assert_non_null(sof_ctx_alloc(&two, 0, 501, 0));
	assert_int_equal(module_of(2).bytes, 1001);
	assert_null(vregion_put(two.vreg)); /* takes them along */
	assert_int_equal(module_of(2).bytes, 0);
	sof_ctx_free(&one, a);
	assert_int_equal(test_sof_memory().modules, 0);
	test_sof_fini(&on);
}

/* The allocation still exists, so it still counts. */
static void bytes_stay_where_an_unmap_fails(void **state)
{
	struct mod_alloc_ctx ctx = { .module = 1 };
	struct test_sof on;
	void *ptr;

	(void)state;
	test_sof_init(&on);
	for (int region = 0; region < 2; region++) {
		assert_non_null(ptr = sof_ctx_alloc(&ctx, 0, 3 * SOF_PAGE, 0));
		test_mmu_fail(&on.mmu, TEST_UNMAP, 1, false);
		sof_ctx_free(&ctx, ptr);
		assert_int_equal(module_of(1).bytes, 3 * SOF_PAGE);
		sof_ctx_free(&ctx, ptr);
		assert_int_equal(module_of(1).bytes, 0);
		if (!region)
			ctx.vreg = vregion_create(8 * SOF_PAGE);
		vregion_set_interim(ctx.vreg);
	}
	assert_null(vregion_put(ctx.vreg));
	test_sof_fini(&on);
}

static void more_modules_than_accounts_are_served_and_told(void **state)
{
	void *ptr[CONFIG_QUIRE_SOF_MODULES + 3];
	struct test_sof on;

	(void)state;
	test_sof_init(&on);
	for (uint32_t i = 0; i < TEST_COUNT(ptr); i++) {
		struct mod_alloc_ctx ctx = { .module = i + 1 };

		assert_non_null(ptr[i] = sof_ctx_alloc(&ctx, 0, 10, 0));
	}
	assert_int_equal(quire_sof_uncounted(), 3);
	assert_int_equal(test_sof_memory().modules, CONFIG_QUIRE_SOF_MODULES);
	for (size_t i = 0; i < TEST_COUNT(ptr); i++)
		rfree(ptr[i]);
	assert_int_equal(test_sof_memory().modules, 0);
	test_sof_fini(&on);
}

/* The table of notes against an array that says the same in the most obvious way. */
static void notes_stay_right_under_churn(void **state)
{
	enum { LIVE = 900, MODULES = 5 };
	static struct {
		void *ptr;
		size_t bytes;
		uint32_t module;
	} live[LIVE];
	size_t bytes[MODULES + 1] = { 0 };
	struct vmh_heap_config table = { { { 64, 300 }, { 320, 300 }, { 1088, 300 } } };
	struct mod_alloc_ctx ctx = { 0 };
	struct test_random random = test_random_seeded(11);
	struct test_sof on;
	size_t count = 0, uncounted = 0;

	(void)state;
	test_sof_init(&on);
	memset(live, 0, sizeof(live));
	ctx.heap = (struct k_heap *)vmh_init_heap(&table, false);
	for (size_t step = 0; step < 20000; step++) {
		size_t i = test_random_below(&random, LIVE);

		if (live[i].ptr) {
			rfree(live[i].ptr);
			if (live[i].module)
				bytes[live[i].module] -= live[i].bytes, count--;
			live[i].ptr = NULL;
			continue;
		}
		ctx.module = (uint32_t)test_random_below(&random, MODULES) + 1;
		live[i].bytes = test_random_below(&random, 64) + 1;
		live[i].module = count < CONFIG_QUIRE_SOF_NOTES / 4 * 3 ? ctx.module : 0;
		live[i].ptr = sof_ctx_alloc(&ctx, 0, live[i].bytes, 0);
		assert_non_null(live[i].ptr);
		if (live[i].module)
			bytes[ctx.module] += live[i].bytes, count++;
		else
			uncounted++;
		assert_int_equal(module_of(ctx.module).bytes, bytes[ctx.module]);
	}
	test_sof_check(&on);
	assert_int_equal(quire_sof_uncounted(), uncounted);
	for (size_t i = 0; i < LIVE; i++)
		rfree(live[i].ptr);
	assert_int_equal(test_sof_memory().modules, 0);
	assert_int_equal(vmh_free_heap((struct vmh_heap *)ctx.heap), 0);
	test_sof_fini(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_are_aligned_as_asked),
		cmocka_unit_test(a_range_gives_the_most_in_steps_of_the_least),
		cmocka_unit_test(a_module_with_a_region_gets_nothing_from_the_heap),
		cmocka_unit_test(a_module_with_a_heap_uses_that),
		cmocka_unit_test(free_finds_the_owner),
		cmocka_unit_test(a_bad_free_is_told_and_everything_goes_on),
		cmocka_unit_test(what_is_not_ours_goes_to_the_rest),
		cmocka_unit_test(bytes_are_told_by_module),
		cmocka_unit_test(bytes_stay_where_an_unmap_fails),
		cmocka_unit_test(more_modules_than_accounts_are_served_and_told),
		cmocka_unit_test(notes_stay_right_under_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
