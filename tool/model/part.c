/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parts: which pipelines exist, in how many copies, and who uses them.
 *
 * Copies of a pipeline hang in a list; there is one for every copy of a stream that runs, so it is
 * as long as the schedule makes it.
 */
#include <stdlib.h>

#include "model/parts.h"

static uint32_t copy_for(const struct life *life, const struct run *run, size_t pipeline)
{
	const struct plan_stream *planned = &life->plan->streams[run->stream];

	for (size_t i = 0; i < planned->count; i++) {
		if (planned->pipelines[i].pipeline == pipeline)
			return planned->pipelines[i].own ? run->copy : 0;
	}
	return 0;
}

static struct part *find(const struct life *life, size_t pipeline, uint32_t copy)
{
	struct part *part = life->parts[pipeline];

	while (part != NULL && part->copy != copy)
		part = part->next_copy;
	return part;
}

struct part *part_of(const struct life *life, const struct run *run, size_t pipeline)
{
	return find(life, pipeline, copy_for(life, run, pipeline));
}

struct part_module *part_module(const struct life *life, const struct part *part, size_t module)
{
	size_t position = life->plan->position[module];

	return position < part->module_count ? &part->modules[position] : NULL;
}

bool part_is_going(const struct part *part)
{
	return part->users == 0;
}

static bool make_modules(const struct life *life, struct part *part)
{
	const struct topology_pipeline *pipeline = &life->topology->pipelines[part->pipeline];

	if (pipeline->chain_dma || pipeline->module_count == 0)
		return true;
	part->modules = calloc(pipeline->module_count, sizeof(*part->modules));
	if (part->modules == NULL)
		return false;
	part->module_count = pipeline->module_count;
	for (size_t i = 0; i < part->module_count; i++)
		part->modules[i].index = pipeline->modules[i];
	return true;
}

static struct part *make(struct life *life, const struct run *run,
			 const struct plan_pipeline *planned)
{
	struct part *part = calloc(1, sizeof(*part));
	bool alone = planned->own || life->plan->users[planned->pipeline] == 1;

	if (part == NULL)
		return NULL;
	part->pipeline = planned->pipeline;
	part->copy = planned->own ? run->copy : 0;
	part->stream = alone ? run->stream : TOPOLOGY_NONE;
	part->fresh = true;
	if (!make_modules(life, part)) {
		free(part);
		return NULL;
	}
	part->next_copy = life->parts[part->pipeline];
	life->parts[part->pipeline] = part;
	return part;
}

bool parts_enter(struct life *life, struct run *run)
{
	const struct plan_stream *planned = &life->plan->streams[run->stream];

	if (planned->count == 0)
		return true;
	run->parts = calloc(planned->count, sizeof(struct part *));
	if (run->parts == NULL)
		return false;
	for (size_t i = 0; i < planned->count; i++) {
		struct part *part = part_of(life, run, planned->pipelines[i].pipeline);

		if (part == NULL)
			part = make(life, run, &planned->pipelines[i]);
		if (part == NULL)
			return false;
		part->users++;
		run->parts[run->count++] = part;
	}
	return true;
}

void part_drop(struct life *life, struct part *part)
{
	struct part **link = &life->parts[part->pipeline];

	while (*link != part)
		link = &(*link)->next_copy;
	*link = part->next_copy;
	list_free(&part->objects);
	list_free(&part->chained);
	for (size_t i = 0; i < part->module_count; i++) {
		list_free(&part->modules[i].created);
		list_free(&part->modules[i].prepared);
	}
	free(part->modules);
	free(part);
}
