/* SPDX-License-Identifier: BSD-3-Clause */
/* vmh: the heap that the firmware booted with. */
#include "boot.h"

#define BUFFERS 24

ZTEST_SUITE(quire_vmh, boot_has_heap, NULL, boot_before, boot_after, NULL);

ZTEST(quire_vmh, buffers_of_many_sizes_keep_their_contents)
{
	struct quire_vmh *heap = quire_zephyr_heap();
	void *buffer[BUFFERS];

	zassert_not_null(heap);
	for (unsigned int i = 0; i < BUFFERS; i++) {
		buffer[i] = quire_vmh_alloc(heap, 40 + 173 * i);
		zassert_not_null(buffer[i], "buffer %u", i);
		boot_fill(buffer[i], 40 + 173 * i, i);
	}
	for (unsigned int i = 0; i < BUFFERS; i++) {
		zassert_true(boot_is_filled(buffer[i], 40 + 173 * i, i), "buffer %u", i);
		zassert_ok(quire_vmh_free(heap, buffer[i]));
	}
	zassert_is_null(quire_vmh_check(heap));
}

ZTEST(quire_vmh, alignment_is_honoured)
{
	struct quire_vmh *heap = quire_zephyr_heap();

	for (size_t align = 64; align <= PAGE; align *= 2) {
		void *ptr = quire_vmh_aligned_alloc(heap, align, 100);

		zassert_not_null(ptr, "aligned to %zu", align);
		zassert_equal((uintptr_t)ptr % align, 0);
		zassert_ok(quire_vmh_free(heap, ptr));
	}
}

ZTEST(quire_vmh, only_pages_that_are_needed_are_mapped)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	struct quire_vspace_stats before, during;
	void *ptr;

	quire_vspace_stats(vs, &before);
	ptr = quire_vmh_alloc(quire_zephyr_heap(), 20 * PAGE);
	zassert_not_null(ptr);
	quire_vspace_stats(vs, &during);
	zassert_true(during.held - before.held <= 21, "%zu pages", during.held - before.held);
	zassert_ok(quire_vmh_free(quire_zephyr_heap(), ptr));
}
