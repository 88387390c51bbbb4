/* SPDX-License-Identifier: BSD-3-Clause */
/* A stranger's program: two pages from a window of eight, with what was installed. */
#include <stdio.h>

#include <quire/linux.h>
#include <quire/quire.h>

int main(void)
{
	static _Alignas(uintptr_t) unsigned char storage[QUIRE_VSPACE_STORAGE(8, 0)];
	struct quire_linux_config pool = { .pages = 8, .banks = 1, .frames_per_bank = 4 };
	struct quire_linux port;
	struct quire_vspace vs;
	int32_t status = quire_linux_init(&port, &pool);

	if (status != QUIRE_OK)
		return 1;
	struct quire_vspace_config window = {
		.mmu = &port.mmu,
		.base = port.window,
		.pages = port.pages,
		.storage = storage,
		.storage_bytes = sizeof(storage),
	};
	status = quire_vspace_init(&vs, &window);
	if (status != QUIRE_OK)
		return 1;
	char *pages = quire_vpage_alloc(&vs, 2, QUIRE_RW);
	if (!pages)
		return 1;
	pages[0] = 1;
	status = quire_vpage_free(&vs, pages);
	quire_linux_fini(&port);
	printf("status %d\n", status);
	return status != QUIRE_OK;
}
