/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plans: which pipelines a stream takes along, and which of them are its own.
 *
 * Linear in pipelines, modules, connections and what the streams reach, except for companions:
 * pipelines times connections, and only if they hang on each other in the reverse of file order.
 */
#include <stdlib.h>
#include <string.h>

#include "model/plan.h"

static void *zeroed(size_t count, size_t size)
{
	return calloc(count == 0 ? 1 : count, size);
}

static bool allocate(struct plan *plan, const struct topology *topology)
{
	size_t modules = topology->module_count;
	size_t pipelines = topology->pipeline_count;
	size_t connections = topology->connection_count;

	plan->topology = topology;
	plan->streams = zeroed(topology->stream_count, sizeof(*plan->streams));
	plan->users = zeroed(pipelines, sizeof(size_t));
	plan->position = zeroed(modules, sizeof(size_t));
	plan->joint = zeroed(pipelines, sizeof(bool));
	plan->companion = zeroed(pipelines, sizeof(size_t));
	plan->sources.first = zeroed(modules + 1, sizeof(size_t));
	plan->sources.items = zeroed(connections, sizeof(size_t));
	plan->sinks.first = zeroed(modules + 1, sizeof(size_t));
	plan->sinks.items = zeroed(connections, sizeof(size_t));
	return plan->streams != NULL && plan->users != NULL && plan->position != NULL &&
	       plan->joint != NULL && plan->companion != NULL && plan->sources.first != NULL &&
	       plan->sources.items != NULL && plan->sinks.first != NULL &&
	       plan->sinks.items != NULL;
}

static size_t end_of(const struct topology_connection *connection, bool source)
{
	return source ? connection->source : connection->sink;
}

/* Counting sort. first[] ends up one place early, which the last loop sets right. */
static void sort_connections(const struct topology *topology, struct plan_ends *ends, bool source)
{
	size_t modules = topology->module_count;

	for (size_t i = 0; i < topology->connection_count; i++)
		ends->first[end_of(&topology->connections[i], source)]++;
	for (size_t i = 0, sum = 0; i <= modules; i++) {
		size_t count = ends->first[i];

		ends->first[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < topology->connection_count; i++)
		ends->items[ends->first[end_of(&topology->connections[i], source)]++] = i;
	memmove(ends->first + 1, ends->first, modules * sizeof(size_t));
	ends->first[0] = 0;
}

static bool is_joint(enum topology_kind kind)
{
	return kind == TOPOLOGY_MIXER || kind == TOPOLOGY_MIXOUT || kind == TOPOLOGY_DAI_PLAYBACK ||
	       kind == TOPOLOGY_DAI_CAPTURE;
}

static void look_at_pipelines(struct plan *plan)
{
	const struct topology *topology = plan->topology;

	for (size_t i = 0; i < topology->pipeline_count; i++) {
		const struct topology_pipeline *pipeline = &topology->pipelines[i];

		plan->companion[i] = TOPOLOGY_NONE;
		for (size_t j = 0; j < pipeline->module_count; j++) {
			plan->position[pipeline->modules[j]] = j;
			if (is_joint(topology->modules[pipeline->modules[j]].kind))
				plan->joint[i] = true;
		}
	}
}

/* A pipeline has a place if a stream reaches it or it goes along with one that has a place. */
static bool find_companions(struct plan *plan, bool *placed)
{
	const struct topology *topology = plan->topology;
	bool found = false;

	for (size_t i = 0; i < topology->connection_count; i++) {
		const struct topology_connection *connection = &topology->connections[i];
		size_t source = topology->modules[connection->source].pipeline;
		size_t sink = topology->modules[connection->sink].pipeline;

		if (placed[source] == placed[sink])
			continue;
		plan->companion[placed[source] ? sink : source] = placed[source] ? source : sink;
		placed[source] = true;
		placed[sink] = true;
		found = true;
	}
	return found;
}

static bool place_companions(struct plan *plan)
{
	const struct topology *topology = plan->topology;
	bool *placed = zeroed(topology->pipeline_count, sizeof(bool));

	if (placed == NULL)
		return false;
	for (size_t i = 0; i < topology->stream_count; i++) {
		const struct topology_stream *stream = &topology->streams[i];

		for (size_t j = 0; j < stream->pipeline_count; j++)
			placed[stream->pipelines[j]] = true;
	}
	while (find_companions(plan, placed))
		;
	free(placed);
	return true;
}

static size_t leader_of(const struct plan *plan, size_t pipeline)
{
	while (plan->companion[pipeline] != TOPOLOGY_NONE)
		pipeline = plan->companion[pipeline];
	return pipeline;
}

static void take(struct plan *plan, struct plan_stream *taken, size_t pipeline)
{
	taken->pipelines[taken->count++].pipeline = pipeline;
	plan->users[pipeline]++;
}

static void take_reached(struct plan *plan, struct plan_stream *taken,
			 const struct topology_stream *stream)
{
	bool towards_host = stream->direction == TOPOLOGY_CAPTURE;

	for (size_t i = 0; i < stream->pipeline_count; i++) {
		size_t at = towards_host ? stream->pipeline_count - 1 - i : i;

		take(plan, taken, stream->pipelines[at]);
	}
}

static void take_companions(struct plan *plan, struct plan_stream *taken)
{
	size_t reached = taken->count;

	for (size_t i = 0; i < plan->topology->pipeline_count; i++) {
		size_t leader = leader_of(plan, i);

		for (size_t j = 0; leader != i && j < reached; j++) {
			if (taken->pipelines[j].pipeline == leader)
				take(plan, taken, i);
		}
	}
}

static bool plan_streams(struct plan *plan)
{
	const struct topology *topology = plan->topology;

	for (size_t i = 0; i < topology->stream_count; i++) {
		struct plan_stream *taken = &plan->streams[i];

		if (topology->streams[i].pipeline_count == 0)
			continue;
		taken->pipelines = zeroed(topology->pipeline_count, sizeof(*taken->pipelines));
		if (taken->pipelines == NULL)
			return false;
		take_reached(plan, taken, &topology->streams[i]);
		take_companions(plan, taken);
	}
	return true;
}

static void mark_own(struct plan *plan)
{
	const struct topology *topology = plan->topology;

	for (size_t i = 0; i < topology->stream_count; i++) {
		for (size_t j = 0; j < plan->streams[i].count; j++) {
			struct plan_pipeline *taken = &plan->streams[i].pipelines[j];
			bool alone = plan->users[taken->pipeline] == 1;

			taken->own = taken->pipeline == topology->streams[i].pipelines[0] ||
				     (alone && !plan->joint[taken->pipeline]);
		}
	}
}

struct plan *plan_new(const struct topology *topology)
{
	struct plan *plan = zeroed(1, sizeof(*plan));

	if (plan == NULL)
		return NULL;
	if (!allocate(plan, topology)) {
		plan_free(plan);
		return NULL;
	}
	sort_connections(topology, &plan->sources, true);
	sort_connections(topology, &plan->sinks, false);
	look_at_pipelines(plan);
	if (!place_companions(plan) || !plan_streams(plan)) {
		plan_free(plan);
		return NULL;
	}
	mark_own(plan);
	return plan;
}

void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	if (plan->streams != NULL) {
		for (size_t i = 0; i < plan->topology->stream_count; i++)
			free(plan->streams[i].pipelines);
	}
	free(plan->streams);
	free(plan->users);
	free(plan->position);
	free(plan->joint);
	free(plan->companion);
	free(plan->sources.first);
	free(plan->sources.items);
	free(plan->sinks.first);
	free(plan->sinks.items);
	free(plan);
}
