/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shortest useful program: a heap with one bundle of 64 KiB blocks over a few pages of memory. A
 * buffer of 48 KiB maps 12 pages of its block, grows to 64 KiB in place, and shrinks again.
 */
#include <stdio.h>

#include <quire/linux.h>
#include <quire/quire.h>

static _Alignas(uintptr_t) unsigned char pages_storage[QUIRE_VSPACE_STORAGE(2048, 4)];
static _Alignas(uintptr_t) unsigned char heap_storage[QUIRE_VMH_STORAGE(1, 16)];

int main(void)
{
	struct quire_linux_config memory = { .pages = 2048, .banks = 2, .frames_per_bank = 32 };
	struct quire_bundle table[] = { { .block_size = 64 * 1024, .blocks = 16 } };
	struct quire_linux linux_port;
	struct quire_vspace vs;
	struct quire_vmh heap;
	struct quire_vmh_stats stats;

	if (quire_linux_init(&linux_port, &memory))
		return 1;
	struct quire_vspace_config window = {
		.mmu = &linux_port.mmu,
		.base = linux_port.window,
		.pages = linux_port.pages,
		.budgets = 4,
		.storage = pages_storage,
		.storage_bytes = sizeof(pages_storage),
	};
	struct quire_vmh_config bundles = {
		.bundles = table,
		.bundle_count = 1,
		.storage = heap_storage,
		.storage_bytes = sizeof(heap_storage),
	};
	if (quire_vspace_init(&vs, &window) || quire_vmh_init(&heap, &vs, &bundles))
		return 1;

	void *buffer = quire_vmh_alloc(&heap, 48 * 1024);
	const size_t sizes[] = { 48, 64, 20 };

	for (size_t i = 0; buffer && i < 3; i++) {
		if (quire_vmh_resize(&heap, buffer, sizes[i] * 1024))
			return 1;
		quire_vmh_stats(&heap, &stats);
		printf("%zu KiB at %p: %zu KiB mapped\n", sizes[i], buffer, stats.mapped / 1024);
	}
	if (quire_vmh_free(&heap, buffer) || quire_vmh_fini(&heap) || quire_vspace_fini(&vs))
		return 1;
	quire_linux_fini(&linux_port);
	return 0;
}
