/* SPDX-License-Identifier: BSD-3-Clause */
/* machine: see machine.h. */
#include "machine.h"

#include <stdlib.h>

#define BUDGETS 4u

/* ---- vspaces --------------------------------------------------------------------------------- */

static void begin_vspace(struct machine *machine, const struct quire_mmu *mmu, void *window,
			 size_t pages, size_t retain)
{
	struct quire_vspace_config config = {
		.mmu = mmu,
		.base = window,
		.pages = pages,
		.budgets = BUDGETS,
		.retain = retain,
		.storage_bytes = QUIRE_VSPACE_STORAGE(pages, BUDGETS),
	};

	machine->storage = memory(1, config.storage_bytes);
	config.storage = machine->storage;
	must(quire_vspace_init(&machine->vs, &config), "making a vspace");
}

void machine_begin_flat(struct machine *machine, size_t pages)
{
	struct quire_flat_config config = {
		.pages = pages,
		.page_size = PAGE,
		.storage_bytes = QUIRE_FLAT_STORAGE(pages),
	};

	*machine = (struct machine){ .is_flat = true };
	machine->flat_memory = aligned_alloc(PAGE, pages * PAGE);
	if (!machine->flat_memory)
		die("no memory for %zu pages", pages);
	machine->flat_storage = memory(1, config.storage_bytes);
	config.memory = machine->flat_memory;
	config.storage = machine->flat_storage;
	must(quire_flat_init(&machine->flat, &config), "making the flat port");
	begin_vspace(machine, &machine->flat.mmu, machine->flat_memory, pages, pages);
}

void machine_begin_linux(struct machine *machine, size_t pages, size_t retain)
{
	struct quire_linux_config config = {
		.pages = pages,
		.banks = 1,
		.frames_per_bank = (uint32_t)pages,
	};

	*machine = (struct machine){ .is_flat = false };
	must(quire_linux_init(&machine->port, &config), "making the Linux port");
	begin_vspace(machine, &machine->port.mmu, machine->port.window, pages, retain);
}

void machine_end(struct machine *machine)
{
	must(quire_vspace_fini(&machine->vs), "ending a vspace");
	if (!machine->is_flat)
		quire_linux_fini(&machine->port);
	free(machine->flat_memory);
	free(machine->flat_storage);
	free(machine->storage);
}

/* ---- heaps ----------------------------------------------------------------------------------- */

static void begin_heap(struct heap *heap, struct machine *machine, struct quire_vmh_config *config)
{
	config->storage_bytes = quire_vmh_storage_needed(machine->vs.mmu, config);
	heap->storage_bytes = config->storage_bytes;
	heap->storage = memory(1, config->storage_bytes);
	config->storage = heap->storage;
	must(quire_vmh_init(&heap->vmh, &machine->vs, config), "making a heap");
}

void heap_begin_table(struct heap *heap, struct machine *machine, const struct quire_bundle *table,
		      size_t lines)
{
	struct quire_vmh_config config = { .bundles = table, .bundle_count = lines };

	begin_heap(heap, machine, &config);
}

void heap_begin_elastic(struct heap *heap, struct machine *machine, size_t window)
{
	struct quire_vmh_config config = { .window = window };

	begin_heap(heap, machine, &config);
}

void heap_end(struct heap *heap)
{
	must(quire_vmh_fini(&heap->vmh), "ending a heap");
	free(heap->storage);
}

void *heap_alloc(void *context, size_t size, size_t align)
{
	struct heap *heap = context;

	(void)align;
	return quire_vmh_alloc(&heap->vmh, size);
}

int32_t heap_free(void *context, void *handle)
{
	struct heap *heap = context;

	return quire_vmh_free(&heap->vmh, handle);
}

struct candidate heap_candidate(struct heap *heap)
{
	return (struct candidate){ .context = heap, .alloc = heap_alloc, .free = heap_free };
}
