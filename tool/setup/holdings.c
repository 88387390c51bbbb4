/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/holdings.h"

#include <stdlib.h>
#include <string.h>

#include "setup/host.h"

void holdings_init(struct holdings *all)
{
	memset(all, 0, sizeof(*all));
	all->ring.newer = all->ring.older = &all->ring;
}

void holdings_fini(struct holdings *all)
{
	struct holding *holding = all->ring.newer;

	while (holding != &all->ring) {
		struct holding *newer = holding->newer;

		free(holding);
		holding = newer;
	}
	free(all->by_id);
	holdings_init(all);
}

static void make_room(struct holdings *all, uint32_t id)
{
	size_t slots = all->slots;

	if (id < slots)
		return;
	while (slots <= id)
		slots = slots ? slots * 2 : 1024;
	all->by_id = host_resize(all->by_id, slots, sizeof(struct holding *));
	memset(all->by_id + all->slots, 0, (slots - all->slots) * sizeof(struct holding *));
	all->slots = slots;
}

struct holding *holdings_add(struct holdings *all, uint32_t id, const struct action *action)
{
	struct holding *holding = host_alloc(1, sizeof(*holding));

	make_room(all, id);
	all->by_id[id] = holding;
	all->count++;
	holding->action = *action;
	holding->newer = &all->ring;
	holding->older = all->ring.older;
	all->ring.older->newer = holding;
	all->ring.older = holding;
	return holding;
}

struct holding *holdings_find(const struct holdings *all, uint32_t id)
{
	return id < all->slots ? all->by_id[id] : NULL;
}

void holdings_remove(struct holdings *all, uint32_t id)
{
	struct holding *holding = holdings_find(all, id);

	if (!holding)
		return;
	holding->older->newer = holding->newer;
	holding->newer->older = holding->older;
	all->by_id[id] = NULL;
	all->count--;
	free(holding);
}

struct holding *holdings_next(const struct holdings *all, const struct holding *holding)
{
	struct holding *next = holding ? holding->newer : all->ring.newer;

	return next == &all->ring ? NULL : next;
}
