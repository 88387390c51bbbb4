/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two examples that explain the whole library, word for word.
 *
 * 1. 96 KiB of memory, two requests of 16...128 KiB. Classic heap: the first takes 96, the
 *    second fails. Bundle of three 32 KiB blocks: both get 32 (one block each), one block is
 *    left. Elastic with 16 KiB guaranteed to each: the first gets 80, the second 16.
 * 2. A 48 KiB buffer in a 64 KiB block maps 12 pages of 4 KiB, grows to 64 KiB in place by
 *    mapping 4 more, and shrinks again.
 */
#include "quire/flat.h"
#include "support/space.h"

#define KIB    ((size_t)1024)
#define MEMORY (96 * KIB)
#define PAGE   (4 * KIB)

static struct quire_request greedy(struct quire_budget *budget)
{
	return (struct quire_request){ .size = 128 * KIB, .min = 16 * KIB, .budget = budget };
}

/* A classic heap has no addresses beyond its memory, and maps nothing: the flat port. */
struct classic {
	struct quire_flat flat;
	struct quire_vspace vs;
	struct quire_vmh heap;
	unsigned char mapped[QUIRE_FLAT_STORAGE(MEMORY / PAGE)];
	_Alignas(uintptr_t) unsigned char pages[QUIRE_VSPACE_STORAGE(MEMORY / PAGE, 0)];
	_Alignas(uintptr_t) unsigned char units[QUIRE_VMH_ELASTIC_STORAGE(MEMORY, 64)];
};

static _Alignas(PAGE) unsigned char memory[MEMORY];

static void open_classic(struct classic *classic)
{
	struct quire_flat_config port = {
		.memory = memory,
		.pages = MEMORY / PAGE,
		.page_size = PAGE,
		.storage = classic->mapped,
		.storage_bytes = sizeof(classic->mapped),
	};
	struct quire_vspace_config space = {
		.mmu = &classic->flat.mmu,
		.base = memory,
		.pages = MEMORY / PAGE,
		.storage = classic->pages,
		.storage_bytes = sizeof(classic->pages),
	};
	struct quire_vmh_config config = {
		.window = MEMORY,
		.storage = classic->units,
		.storage_bytes = sizeof(classic->units),
	};

	assert_ok(quire_flat_init(&classic->flat, &port));
	assert_ok(quire_vspace_init(&classic->vs, &space));
	assert_ok(quire_vmh_init(&classic->heap, &classic->vs, &config));
}

static void in_a_classic_heap_the_first_takes_96_and_the_second_fails(void **state)
{
	static struct classic classic;
	struct quire_request first = greedy(NULL);
	struct quire_request second = greedy(NULL);
	void *taken;

	(void)state;
	open_classic(&classic);
	taken = quire_vmh_request(&classic.heap, &first);
	assert_ptr_equal(taken, memory);
	assert_int_equal(first.granted, 96 * KIB);

	assert_null(quire_vmh_request(&classic.heap, &second));
	assert_int_equal(second.granted, 0);
	assert_status(second.why, QUIRE_ENOPHYS); /* addresses are out as well */

	assert_ok(quire_vmh_free(&classic.heap, taken));
	assert_ok(quire_vmh_fini(&classic.heap));
	assert_ok(quire_vspace_fini(&classic.vs));
}

/* 96 KiB of frames below a window that is much larger. */
static void open_space(struct test_space *space)
{
	test_space_init_plain(space, 128, MEMORY / PAGE);
	assert_int_equal(space->mmu.mmu.page_size, PAGE);
}

static void from_three_blocks_of_32_both_get_one_and_one_is_left(void **state)
{
	static const struct quire_bundle table[] = { { 32 * KIB, 3 } };
	struct quire_vmh_config config = { .bundles = table, .bundle_count = 1 };
	struct quire_request first = greedy(NULL);
	struct quire_request second = greedy(NULL);
	struct test_space space;
	struct test_heap on;
	struct quire_bundle_stats bundle;
	void *a, *b, *c;

	(void)state;
	open_space(&space);
	test_heap_init(&on, &space, &config);
	a = quire_vmh_request(&on.heap, &first);
	b = quire_vmh_request(&on.heap, &second);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(first.granted, 32 * KIB);
	assert_int_equal(second.granted, 32 * KIB);

	assert_true(quire_vmh_bundle_stats(&on.heap, 0, &bundle));
	assert_int_equal(bundle.blocks, 3);
	assert_int_equal(bundle.used, 2);
	c = quire_vmh_alloc(&on.heap, 32 * KIB);
	assert_non_null(c);
	assert_null(quire_vmh_alloc(&on.heap, 1));

	assert_ok(quire_vmh_free(&on.heap, a));
	assert_ok(quire_vmh_free(&on.heap, b));
	assert_ok(quire_vmh_free(&on.heap, c));
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void with_16_guaranteed_to_each_the_first_gets_80_and_the_second_16(void **state)
{
	struct quire_vmh_config config = { .window = 256 * KIB };
	struct quire_budget one = { 0 }, two = { 0 };
	struct quire_request first = greedy(&one);
	struct quire_request second = greedy(&two);
	struct test_space space;
	struct test_heap on;
	void *a, *b;

	(void)state;
	open_space(&space);
	test_heap_init(&on, &space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &one, 16 * KIB / PAGE, QUIRE_NO_LIMIT));
	assert_ok(quire_vspace_admit(&space.vs, &two, 16 * KIB / PAGE, QUIRE_NO_LIMIT));

	a = quire_vmh_request(&on.heap, &first);
	b = quire_vmh_request(&on.heap, &second);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(first.granted, 80 * KIB);
	assert_int_equal(second.granted, 16 * KIB);
	assert_int_equal(space.mmu.mapped * PAGE, MEMORY);
	test_fill(a, first.granted, 1);
	test_fill(b, second.granted, 2);
	test_assert_filled(a, first.granted, 1);

	assert_ok(quire_vmh_free(&on.heap, a));
	assert_ok(quire_vmh_free(&on.heap, b));
	assert_ok(quire_vspace_dismiss(&space.vs, &one));
	assert_ok(quire_vspace_dismiss(&space.vs, &two));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* One map call with these pages, no unmap, and the reverse. */
static void assert_mapped(struct test_space *space, size_t pages, uint64_t maps, uint64_t unmaps)
{
	assert_int_equal(space->mmu.mapped, pages);
	assert_int_equal(space->mmu.calls[TEST_MAP], maps);
	assert_int_equal(space->mmu.calls[TEST_UNMAP], unmaps);
}

static void a_48_kib_buffer_in_a_64_kib_block_maps_12_pages_grows_by_4_and_shrinks(void **state)
{
	static const struct quire_bundle table[] = { { 64 * KIB, 2 } };
	struct quire_vmh_config config = { .bundles = table, .bundle_count = 1 };
	struct test_space space;
	struct test_heap on;
	unsigned char *buffer;

	(void)state;
	open_space(&space);
	test_heap_init(&on, &space, &config);
	buffer = quire_vmh_alloc(&on.heap, 48 * KIB);
	assert_non_null(buffer);
	assert_mapped(&space, 12, 1, 0);
	test_fill(buffer, 48 * KIB, 1);

	assert_ok(quire_vmh_resize(&on.heap, buffer, 64 * KIB));
	assert_mapped(&space, 16, 2, 0);
	assert_int_equal(quire_vmh_usable_size(&on.heap, buffer), 64 * KIB);
	test_assert_filled(buffer, 48 * KIB, 1);
	test_fill(buffer, 64 * KIB, 2);

	assert_ok(quire_vmh_resize(&on.heap, buffer, 48 * KIB));
	assert_mapped(&space, 12, 2, 1);
	test_assert_filled(buffer, 48 * KIB, 2);
	assert_ok(quire_vmh_free(&on.heap, buffer));
	test_heap_fini(&on);
	test_space_fini(&space);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_a_classic_heap_the_first_takes_96_and_the_second_fails),
		cmocka_unit_test(from_three_blocks_of_32_both_get_one_and_one_is_left),
		cmocka_unit_test(with_16_guaranteed_to_each_the_first_gets_80_and_the_second_16),
		cmocka_unit_test(
			a_48_kib_buffer_in_a_64_kib_block_maps_12_pages_grows_by_4_and_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
