/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tallies: what is asked for, added up.
 *
 * A start is rehearsed by playing it in a second life of the same topology, with a tally for a
 * performer: so figures for budgets and the sizes of regions come from the code that will ask. The
 * rehearsal leaves nothing running, and a tally only ever counts what is asked, not what is given
 * back.
 *
 * A region is as large as what goes into it: lifetime allocations each rounded up to their
 * alignment, then, from a new page, interim ones likewise and an eighth more, because they are
 * given back and asked for again. Each area is whole pages.
 */
#include <stdlib.h>
#include <string.h>

#include "model/parts.h"
#include "model/size.h"

#define MARGIN 8u /* one part in so many */

static void add_to_place(struct life_place_amount *place, const struct action *action)
{
	size_t min = size_round_up(action->min, action->align);

	place->allocations++;
	place->bytes += size_round_up(action->size, action->align);
	place->min_bytes += min;
	if (min > place->largest)
		place->largest = min;
}

static void add(struct life_amount *amount, const struct action *action)
{
	if (action->kind == ACTION_REGION_CREATE) {
		amount->regions++;
		amount->region_bytes += action->size;
		return;
	}
	amount->allocations++;
	if (action_is_buffer(action->purpose)) {
		amount->buffers++;
		amount->buffer_bytes += action->size;
		amount->buffer_min_bytes += action->min;
	} else {
		amount->objects++;
		amount->object_bytes += action->size;
	}
	add_to_place(&amount->places[action->place], action);
}

static void add_need(struct tally_need *need, const struct action *action)
{
	size_t bytes = size_round_up(action->size, action->align);

	if (action->place == PLACE_LIFETIME)
		need->lifetime += bytes;
	else
		need->interim += bytes;
}

static void keep_size(struct tally *tally, size_t size)
{
	size_t capacity = tally->size_capacity == 0 ? 64 : tally->size_capacity * 2;
	size_t *sizes;

	if (tally->size_count == tally->size_capacity) {
		sizes = realloc(tally->sizes, capacity * sizeof(*sizes));
		if (sizes == NULL) {
			tally->failed = true;
			return;
		}
		tally->sizes = sizes;
		tally->size_capacity = capacity;
	}
	tally->sizes[tally->size_count++] = size;
}

static bool count_action(struct performer *self, const struct action *action)
{
	struct tally *tally = (struct tally *)self;

	if (action->kind != ACTION_ALLOC && action->kind != ACTION_REGION_CREATE)
		return true;
	add(&tally->total, action);
	add(&tally->pipelines[action->pipeline], action);
	if (action->kind == ACTION_REGION_CREATE)
		return true;
	if (action->region != 0) {
		add_need(&tally->pipeline_needs[action->pipeline], action);
		if (action->module != TOPOLOGY_NONE)
			add_need(&tally->module_needs[action->module], action);
	}
	if (tally->keep_sizes && action_is_buffer(action->purpose))
		keep_size(tally, action->size);
	return true;
}

struct tally *tally_new(const struct topology *topology)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (tally == NULL)
		return NULL;
	tally->performer.perform = count_action;
	tally->topology = topology;
	tally->pipelines = calloc(topology->pipeline_count + 1, sizeof(*tally->pipelines));
	tally->pipeline_needs =
		calloc(topology->pipeline_count + 1, sizeof(*tally->pipeline_needs));
	tally->module_needs = calloc(topology->module_count + 1, sizeof(*tally->module_needs));
	if (tally->pipelines == NULL || tally->pipeline_needs == NULL ||
	    tally->module_needs == NULL) {
		tally_free(tally);
		return NULL;
	}
	return tally;
}

void tally_clear(struct tally *tally)
{
	const struct topology *topology = tally->topology;

	memset(&tally->total, 0, sizeof(tally->total));
	memset(tally->pipelines, 0, topology->pipeline_count * sizeof(*tally->pipelines));
	memset(tally->pipeline_needs, 0, topology->pipeline_count * sizeof(*tally->pipeline_needs));
	memset(tally->module_needs, 0, topology->module_count * sizeof(*tally->module_needs));
	tally->size_count = 0;
}

void tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	free(tally->pipelines);
	free(tally->pipeline_needs);
	free(tally->module_needs);
	free(tally->sizes);
	free(tally);
}

static bool make_rehearsal(struct life *life)
{
	if (life->tally == NULL)
		life->tally = tally_new(life->topology);
	if (life->tally == NULL)
		return false;
	if (life->rehearsal == NULL)
		life->rehearsal = life_new(life->topology, &life->options, &life->tally->performer);
	if (life->rehearsal == NULL)
		return false;
	life->rehearsal->rehearsing = true;
	return true;
}

bool rehearse(struct life *life, size_t stream)
{
	bool started;

	if (life->rehearsing)
		return true;
	if (!make_rehearsal(life))
		return false;
	tally_clear(life->tally);
	started = life_start(life->rehearsal, stream, 0);
	life_stop(life->rehearsal, stream, 0);
	return started;
}

static size_t at_most(size_t bytes, size_t limit)
{
	return bytes < limit ? bytes : limit;
}

void region_measure(const struct life *life, const struct tally_need *need, struct action *what)
{
	size_t page = life->options.page_bytes;
	size_t lifetime = size_round_up(need->lifetime, page);
	size_t interim = size_round_up(need->interim + need->interim / MARGIN, page);

	what->size = lifetime + interim;
	if (life->options.regions == LIFE_REGIONS_DP)
		what->size = life->options.dp_region_pages * page;
	what->lifetime = at_most(lifetime, what->size);
}
