/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/island.h"

#include <stdlib.h>

#include "setup/host.h"

static int32_t open_flat(struct island *island, void *memory, size_t pages, size_t page,
			 size_t cache_line)
{
	struct quire_flat_config config = {
		.memory = memory,
		.pages = pages,
		.page_size = page,
		.cache_line = cache_line,
		.storage_bytes = QUIRE_FLAT_STORAGE(pages),
	};

	config.storage = island->flat_storage = host_alloc(1, config.storage_bytes);
	return quire_flat_init(&island->flat, &config);
}

static int32_t open_space(struct island *island, void *memory, size_t pages)
{
	struct quire_vspace_config config = {
		.mmu = &island->flat.mmu,
		.base = memory,
		.pages = pages,
		.storage_bytes = QUIRE_VSPACE_STORAGE(pages, 0),
	};

	config.storage = island->storage = host_alloc(1, config.storage_bytes);
	return quire_vspace_init(&island->vs, &config);
}

int32_t island_open(struct island *island, void *memory, size_t bytes, size_t page,
		    size_t cache_line)
{
	size_t pages = bytes / page;
	int32_t status = open_flat(island, memory, pages, page, cache_line);

	if (status == QUIRE_OK)
		status = open_space(island, memory, pages);
	if (status != QUIRE_OK) {
		free(island->flat_storage);
		free(island->storage);
	}
	return status;
}

void island_close(struct island *island)
{
	quire_vspace_fini(&island->vs);
	free(island->flat_storage);
	free(island->storage);
}
