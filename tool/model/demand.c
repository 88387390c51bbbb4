/* SPDX-License-Identifier: BSD-3-Clause */
/* Demand: what a topology needs, from a life that only a tally performs. */
#include <stdlib.h>
#include <string.h>

#include "model/parts.h"

static int compare_sizes(const void *a, const void *b)
{
	size_t left = *(const size_t *)a;
	size_t right = *(const size_t *)b;

	return (left > right) - (left < right);
}

static size_t count_different(size_t *sizes, size_t count)
{
	size_t different = 0;

	if (count > 0)
		qsort(sizes, count, sizeof(*sizes), compare_sizes);
	for (size_t i = 0; i < count; i++)
		different += i == 0 || sizes[i] != sizes[i - 1];
	return different;
}

static bool demand_together(struct life *life, struct tally *tally, struct life_demand *demand)
{
	const struct topology *topology = tally->topology;
	bool all = true;

	tally->keep_sizes = true;
	for (size_t i = 0; i < topology->stream_count; i++)
		all = life_start(life, i, 0) && all;
	demand->total = tally->total;
	memcpy(demand->pipelines, tally->pipelines,
	       topology->pipeline_count * sizeof(*demand->pipelines));
	demand->buffer_sizes = count_different(tally->sizes, tally->size_count);
	tally->keep_sizes = false;
	life_stop_all(life);
	return all && !tally->failed;
}

static bool demand_alone(struct life *life, struct tally *tally, struct life_demand *demand)
{
	bool all = true;

	for (size_t i = 0; i < tally->topology->stream_count; i++) {
		tally_clear(tally);
		all = life_start(life, i, 0) && all;
		demand->streams[i] = tally->total;
		life_stop(life, i, 0);
	}
	return all;
}

static bool fill_demand(struct life *life, struct tally *tally, struct life_demand *demand)
{
	const struct topology *topology = tally->topology;

	demand->pipelines = calloc(topology->pipeline_count + 1, sizeof(*demand->pipelines));
	demand->streams = calloc(topology->stream_count + 1, sizeof(*demand->streams));
	return demand->pipelines != NULL && demand->streams != NULL &&
	       demand_together(life, tally, demand) && demand_alone(life, tally, demand);
}

int life_demand(const struct topology *topology, const struct life_options *options,
		struct life_demand *demand)
{
	struct tally *tally = tally_new(topology);
	struct life *life = tally == NULL ? NULL : life_new(topology, options, &tally->performer);
	bool done = false;

	*demand = (struct life_demand){ 0 };
	if (life != NULL)
		done = fill_demand(life, tally, demand);
	if (!done)
		life_demand_free(demand);
	life_free(life);
	tally_free(tally);
	return done ? 0 : -1;
}

void life_demand_free(struct life_demand *demand)
{
	free(demand->pipelines);
	free(demand->streams);
	*demand = (struct life_demand){ 0 };
}
