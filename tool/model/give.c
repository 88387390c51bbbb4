/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single actions: each allocation gets an identifier and a record, each record is given back once.
 *
 * A region counts what lies in it. Whoever it was made for abandons it at the end, and it goes when
 * the last allocation in it is freed: a buffer between two pipelines may lie in the region of the
 * one that goes first.
 */
#include <stdlib.h>

#include "model/parts.h"
#include "model/size.h"

struct action action_for(const struct life *life, const struct part *part,
			 const struct part_module *module)
{
	const struct topology *topology = life->topology;
	struct action action = {
		.align = 1,
		.stream = part->stream,
		.pipeline = part->pipeline,
		.copy = part->copy,
		.module = module == NULL ? TOPOLOGY_NONE : module->index,
		.core = topology->pipelines[part->pipeline].core,
	};

	if (module != NULL)
		action.core = topology->modules[module->index].core;
	return action;
}

bool act(struct life *life, const struct action *action)
{
	life->counts.actions++;
	return life->performer->perform(life->performer, action);
}

static bool make_room(struct record_list *list)
{
	size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
	struct record *items;

	if (list->count < list->capacity)
		return true;
	items = realloc(list->items, capacity * sizeof(*items));
	if (items == NULL)
		return false;
	list->items = items;
	list->capacity = capacity;
	return true;
}

void list_free(struct record_list *list)
{
	free(list->items);
	*list = (struct record_list){ 0 };
}

static enum action_place place_in(const struct region *region)
{
	return region->sealed ? PLACE_INTERIM : PLACE_LIFETIME;
}

bool give(struct life *life, struct record_list *list, struct region *region,
	  const struct action *what)
{
	struct action action = *what;

	if (!make_room(list))
		return false;
	action.kind = ACTION_ALLOC;
	action.id = life->next_id;
	if (region != NULL) {
		action.region = region->id;
		action.place = place_in(region);
	}
	if (!act(life, &action))
		return false;
	life->next_id++;
	life->counts.allocations++;
	life->counts.live++;
	if (region != NULL)
		region->live++;
	list->items[list->count++] = (struct record){ .action = action, .region = region };
	return true;
}

static void put_if_empty(struct life *life, struct region *region)
{
	struct action put = region->created;

	if (!region->abandoned || region->live != 0)
		return;
	put.kind = ACTION_REGION_PUT;
	act(life, &put);
	life->counts.live_regions--;
	*region = (struct region){ 0 };
}

void take_back(struct life *life, struct record_list *list, size_t core)
{
	while (list->count > 0) {
		struct record *record = &list->items[--list->count];

		record->action.kind = ACTION_FREE;
		if (core != TOPOLOGY_NONE)
			record->action.core = (uint32_t)core;
		act(life, &record->action);
		life->counts.freed++;
		life->counts.live--;
		if (record->region != NULL) {
			record->region->live--;
			put_if_empty(life, record->region);
		}
	}
	list_free(list);
}

bool region_create(struct life *life, struct region *region, const struct action *what)
{
	struct action action = *what;

	action.kind = ACTION_REGION_CREATE;
	action.region = life->next_region;
	action.align = life->options.page_bytes;
	action.min = action.size;
	if (!act(life, &action))
		return false;
	life->next_region++;
	life->counts.regions++;
	life->counts.live_regions++;
	*region = (struct region){ .id = action.region, .created = action };
	return true;
}

void region_seal(struct life *life, struct region *region)
{
	struct action action = region->created;

	if (region->id == 0 || region->sealed)
		return;
	action.kind = ACTION_REGION_SEAL;
	act(life, &action);
	region->sealed = true;
}

void region_abandon(struct life *life, struct region *region)
{
	if (region->id == 0)
		return;
	region->abandoned = true;
	put_if_empty(life, region);
}
