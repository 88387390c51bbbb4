/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A region of the library on an island whose pages are as small as a cache line, so that lifetime and
 * interim meet where the lifetime allocations end.
 */
#include "setup/nest.h"

#include <stdlib.h>

#include "setup/host.h"
#include "setup/island.h"

struct nest {
	struct island island;
	struct quire_vregion *region;
	void *storage;
};

static int32_t open_region(struct nest *nest, size_t bytes, size_t line)
{
	struct quire_vregion_config config = {
		.lifetime = bytes,
		.flags = QUIRE_VREGION_LAZY,
		.storage_bytes = QUIRE_VREGION_STORAGE(bytes, line),
	};
	int32_t why = QUIRE_OK;

	config.storage = nest->storage = host_alloc(1, config.storage_bytes);
	nest->region = quire_vregion_create(&nest->island.vs, &config, &why);
	return why;
}

int32_t nest_open(struct holding *region, size_t bytes, size_t line)
{
	struct nest *nest = host_alloc(1, sizeof(*nest));
	int32_t status = island_open(&nest->island, region->ptr, bytes, line, line);

	if (status == QUIRE_OK) {
		status = open_region(nest, bytes, line);
		if (status != QUIRE_OK)
			island_close(&nest->island);
	}
	if (status != QUIRE_OK) {
		free(nest->storage);
		free(nest);
		return status;
	}
	region->owner = nest;
	return QUIRE_OK;
}

void nest_close(struct nest *nest)
{
	quire_vregion_put(nest->region);
	island_close(&nest->island);
	free(nest->storage);
	free(nest);
}

int32_t nest_alloc(struct nest *nest, struct holding *holding)
{
	const struct action *action = &holding->action;
	struct quire_request request = {
		.size = action->size,
		.min = action->min,
		.step = action->step,
		.align = action->align,
	};
	enum quire_area area = action->place == PLACE_LIFETIME ? QUIRE_LIFETIME : QUIRE_INTERIM;

	holding->tries = 1;
	holding->ptr = quire_vregion_request(nest->region, area, &request);
	holding->usable = request.granted;
	return request.why;
}

int32_t nest_free(struct nest *nest, struct holding *holding)
{
	return quire_vregion_free(nest->region, holding->ptr);
}

int32_t nest_seal(struct nest *nest)
{
	return quire_vregion_seal(nest->region);
}
