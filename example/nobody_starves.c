/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two deep buffers ask for 16 ... 128 KiB each, and there are 96 KiB. On a classic heap the first one
 * takes it all. Here each is guaranteed 16 KiB, so the first one is given the 80 KiB that nobody else
 * is promised, and the second one still gets its 16.
 */
#include <stdio.h>

#include <quire/linux.h>
#include <quire/quire.h>

#define PAGES  2048
#define WINDOW ((size_t)1 << 20)

static _Alignas(uintptr_t) unsigned char pages_storage[QUIRE_VSPACE_STORAGE(PAGES, 2)];
static _Alignas(uintptr_t) unsigned char heap_storage[QUIRE_VMH_ELASTIC_STORAGE(WINDOW, 64)];

static int two_streams(struct quire_vspace *vs, struct quire_vmh *heap)
{
	struct quire_budget budgets[2] = { { .id = 0 } };
	void *buffers[2];

	for (int i = 0; i < 2; i++)
		if (quire_vspace_admit(vs, &budgets[i], 16 * 1024 / vs->page_size, QUIRE_NO_LIMIT))
			return 1;
	for (int i = 0; i < 2; i++) {
		struct quire_request deep = { .size = 128 * 1024,
					      .min = 16 * 1024,
					      .budget = &budgets[i] };

		buffers[i] = quire_vmh_request(heap, &deep);
		printf("stream %d: %zu KiB (%s)\n", i + 1, deep.granted / 1024,
		       quire_status_text(deep.why));
		if (!buffers[i])
			return 1;
	}
	for (int i = 0; i < 2; i++)
		if (quire_vmh_free(heap, buffers[i]) || quire_vspace_dismiss(vs, &budgets[i]))
			return 1;
	return 0;
}

int main(void)
{
	struct quire_linux_config memory = { .pages = PAGES, .banks = 3, .frames_per_bank = 8 };
	struct quire_linux linux_port;
	struct quire_vspace vs;
	struct quire_vmh heap;

	if (quire_linux_init(&linux_port, &memory))
		return 1;
	struct quire_vspace_config window = {
		.mmu = &linux_port.mmu,
		.base = linux_port.window,
		.pages = linux_port.pages,
		.budgets = 2,
		.storage = pages_storage,
		.storage_bytes = sizeof(pages_storage),
	};
	struct quire_vmh_config elastic = {
		.window = WINDOW,
		.unit = 64,
		.storage = heap_storage,
		.storage_bytes = sizeof(heap_storage),
	};
	if (quire_vspace_init(&vs, &window) || quire_vmh_init(&heap, &vs, &elastic) ||
	    two_streams(&vs, &heap) || quire_vmh_fini(&heap) || quire_vspace_fini(&vs))
		return 1;
	quire_linux_fini(&linux_port);
	return 0;
}
