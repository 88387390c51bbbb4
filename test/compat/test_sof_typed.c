/* SPDX-License-Identifier: BSD-3-Clause */
/* SOF's regions by their names of March 2026: two sizes, and a type with each allocation. */
#define QUIRE_SOF_VREGION_TYPED
#include <string.h>

#include "support/sof.h"

static void both_areas_serve_at_any_time(void **state)
{
	struct test_sof on;
	struct vregion *vr;
	unsigned char *life, *interim, *more;
	uintptr_t start;
	size_t size;

	(void)state;
	test_sof_init(&on);
	assert_non_null(vr = vregion_create(SOF_PAGE + 1, 3 * SOF_PAGE - 1));
	vregion_mem_info(vr, &size, &start);
	assert_int_equal(size, 5 * SOF_PAGE); /* both are rounded up */
	assert_null(vregion_alloc(vr, VREGION_MEM_TYPE_INVALID, 1));
	life = vregion_alloc(vr, VREGION_MEM_TYPE_LIFETIME, 5000);
	interim = vregion_alloc(vr, VREGION_MEM_TYPE_INTERIM, 3 * SOF_PAGE);
	more = vregion_alloc_align(vr, VREGION_MEM_TYPE_LIFETIME, 1000, 128);
	assert_non_null(life);
	assert_non_null(interim);
	assert_non_null(more);
	assert_int_equal((uintptr_t)more % 128, 0);
	memset(life, 1, 5000);
	memset(more, 2, 1000);
	memset(interim, 3, 3 * SOF_PAGE);
	assert_null(vregion_alloc(vr, VREGION_MEM_TYPE_INTERIM, 1));
	assert_null(vregion_alloc(vr, VREGION_MEM_TYPE_LIFETIME, 3 * SOF_PAGE));
	vregion_free(vr, interim);
	assert_ptr_equal(vregion_alloc(vr, VREGION_MEM_TYPE_INTERIM, 64), interim);
	assert_int_equal(life[4999], 1);
	vregion_free(vr, life);
	assert_int_equal(test_sof_misuses(&on), 0);
	vregion_destroy(vr);
	assert_int_equal(test_sof_memory().regions, 0);
	test_sof_fini(&on);
}

static void coherent_memory_is_uncached(void **state)
{
	struct test_sof on;
	struct vregion *vr;
	unsigned char *a, *b;

	(void)state;
	test_sof_init(&on);
	vr = vregion_create(SOF_PAGE, SOF_PAGE);
	a = vregion_alloc_coherent(vr, VREGION_MEM_TYPE_LIFETIME, 10);
	b = vregion_alloc_coherent_align(vr, VREGION_MEM_TYPE_INTERIM, 10, 512);
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_equal(a, quire_uncached(&on.mmu.mmu, a));
	assert_ptr_equal(b, quire_uncached(&on.mmu.mmu, b));
	assert_int_equal((uintptr_t)b % 512, 0);
	vregion_free(vr, b);
	assert_int_equal(test_sof_misuses(&on), 0);
	assert_null(vregion_put(vr));
	test_sof_fini(&on);
}

/* What a module asks for comes from its interim area, which is there from the start. */
static void a_context_uses_the_interim_area(void **state)
{
	struct mod_alloc_ctx ctx = { 0 };
	struct test_sof on;
	unsigned char *ptr;
	uintptr_t start;

	(void)state;
	test_sof_init(&on);
	ctx.vreg = vregion_create(2 * SOF_PAGE, 2 * SOF_PAGE);
	vregion_mem_info(ctx.vreg, NULL, &start);
	assert_non_null(ptr = sof_ctx_alloc(&ctx, 0, 2 * SOF_PAGE, 0));
	assert_int_equal((uintptr_t)ptr, start + 2 * SOF_PAGE);
	assert_null(sof_ctx_alloc(&ctx, 0, 1, 0));
	sof_ctx_free(&ctx, ptr);
	assert_non_null(sof_ctx_alloc(&ctx, 0, 2 * SOF_PAGE, 0));
	vregion_destroy(ctx.vreg);
	test_sof_fini(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_areas_serve_at_any_time),
		cmocka_unit_test(coherent_memory_is_uncached),
		cmocka_unit_test(a_context_uses_the_interim_area),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
