/* SPDX-License-Identifier: BSD-3-Clause */
/* All of SOF's memory sleeps and comes back, the records of its heaps and regions with it. */
#include <string.h>

#include "support/heap_archive.h"
#include "support/sof.h"

struct firmware {
	struct test_sof on;
	struct vmh_heap *heap;
	struct vregion *vr;
	unsigned char *pages, *block, *life, *interim, *buffer;
};

static void boot(struct firmware *firmware)
{
	struct vmh_heap_config config = { { { 1024, 16 }, { 3 * SOF_PAGE, 4 } } };

	test_sof_init(&firmware->on);
	assert_non_null(firmware->heap = vmh_init_heap(&config, false));
	assert_non_null(firmware->vr = vregion_create(6 * SOF_PAGE));
	assert_non_null(firmware->pages = vpage_alloc(3));
	assert_non_null(firmware->block = vmh_alloc(firmware->heap, 2 * SOF_PAGE));
	assert_non_null(firmware->life = vregion_alloc(firmware->vr, 5000));
	vregion_set_interim(firmware->vr);
	assert_non_null(firmware->interim = vregion_alloc(firmware->vr, 3000));
	assert_non_null(firmware->buffer = rballoc_align(0, 10000, 128));
	memset(firmware->pages, 1, 3 * SOF_PAGE);
	memset(firmware->block, 2, 2 * SOF_PAGE);
	memset(firmware->life, 3, 5000);
	memset(firmware->interim, 4, 3000);
	memset(firmware->buffer, 5, 10000);
}

static void assert_all(const unsigned char *ptr, size_t bytes, int value)
{
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(ptr[i], value);
}

static void everything_of_sof_comes_back_from_sleep(void **state)
{
	struct quire_sof_memory then, now;
	struct heap_archive archive;
	struct firmware firmware;
	struct vregion *other;

	(void)state;
	boot(&firmware);
	then = test_sof_memory();
	heap_archive_init(&archive, SOF_FRAMES * SOF_PAGE);
	for (int round = 0; round < 2; round++) {
		archive.bytes = 0;
		heap_archive_rewind(&archive);
		assert_ok(quire_vspace_save(quire_sof_vspace(), &archive.archive));
		assert_int_equal(firmware.on.mmu.mapped, 0);
		assert_null(vpage_alloc(1));
		assert_ok(quire_vspace_restore(quire_sof_vspace(), &archive.archive));
		test_sof_check(&firmware.on);
		assert_all(firmware.pages, 3 * SOF_PAGE, 1);
		assert_all(firmware.block, 2 * SOF_PAGE, 2);
		assert_all(firmware.life, 5000, 3);
		assert_all(firmware.interim, 3000, 4);
		assert_all(firmware.buffer, 10000, 5);
	}
	now = test_sof_memory();
	assert_memory_equal(&then, &now, sizeof(now));
	assert_non_null(other = vregion_create(SOF_PAGE));
	assert_null(vregion_put(other));
	rfree(firmware.buffer);
	vpage_free(firmware.pages);
	assert_int_equal(vmh_free(firmware.heap, firmware.block), 0);
	assert_int_equal(vmh_free_heap(firmware.heap), 0);
	vregion_free(firmware.vr, firmware.interim);
	assert_null(vregion_put(firmware.vr));
	assert_int_equal(test_sof_misuses(&firmware.on), 0);
	heap_archive_free(&archive);
	test_sof_fini(&firmware.on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_of_sof_comes_back_from_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
