/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A region for one pipeline: objects that live as long as it does, scratch buffers that come and go,
 * and one call that gives everything back and says what was forgotten.
 */
#include <stdio.h>
#include <stdlib.h>

#include <quire/linux.h>
#include <quire/quire.h>

#define SIZE ((size_t)64 * 1024)

static _Alignas(uintptr_t) unsigned char pages_storage[QUIRE_VSPACE_STORAGE(256, 1)];

static void print_leaks(struct quire_observer *self, const struct quire_event *event)
{
	(void)self;
	if (event->kind == QUIRE_EVENT_LEAK)
		printf("left behind: %zu bytes at %p\n", event->size, event->ptr);
}

static void give_storage_back(void *context, void *storage)
{
	(void)context;
	free(storage);
}

static int life_of_a_pipeline(struct quire_vspace *vs)
{
	size_t bytes = QUIRE_VREGION_STORAGE(SIZE, 64);
	struct quire_vregion_config config = {
		.lifetime = SIZE,
		.flags = QUIRE_VREGION_LAZY,
		.storage = malloc(bytes),
		.storage_bytes = bytes,
		.release = give_storage_back,
	};
	struct quire_vregion *region = quire_vregion_create(vs, &config, NULL);
	struct quire_vregion_info info;

	if (!region) {
		free(config.storage);
		return 1;
	}
	for (size_t module = 0; module < 8; module++)
		if (!quire_vregion_alloc(region, QUIRE_LIFETIME, 700, 0))
			return 1;
	quire_vregion_seal(region);
	void *scratch = quire_vregion_alloc(region, QUIRE_INTERIM, 3000, 64);
	void *forgotten = quire_vregion_alloc(region, QUIRE_INTERIM, 500, 64);

	quire_vregion_info(region, &info);
	printf("%zu KiB of addresses, %zu KiB of memory: lifetime %zu bytes, interim %zu bytes\n",
	       info.size / 1024, info.committed / 1024, info.area[QUIRE_LIFETIME].used,
	       info.area[QUIRE_INTERIM].used);
	if (!forgotten || quire_vregion_free(region, scratch))
		return 1;
	return quire_vregion_put(region);
}

int main(void)
{
	struct quire_linux_config memory = { .pages = 256, .banks = 1, .frames_per_bank = 32 };
	struct quire_observer observer = { .notify = print_leaks };
	struct quire_linux linux_port;
	struct quire_vspace vs;

	if (quire_linux_init(&linux_port, &memory))
		return 1;
	struct quire_vspace_config window = {
		.mmu = &linux_port.mmu,
		.base = linux_port.window,
		.pages = linux_port.pages,
		.budgets = 1,
		.storage = pages_storage,
		.storage_bytes = sizeof(pages_storage),
		.observer = &observer,
	};
	if (quire_vspace_init(&vs, &window) || life_of_a_pipeline(&vs) || quire_vspace_fini(&vs))
		return 1;
	quire_linux_fini(&linux_port);
	return 0;
}
