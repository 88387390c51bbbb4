/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a stream needs: the host copier that bears its name and everything that the graph reaches
 * from there, downstream for playback and upstream for capture, breadth first. A module is entered
 * once, so cycles end the walk like any module that was met before.
 *
 * Bound: for each stream the modules and connections that it reaches, and the modules once more to
 * find its host; streams <= TOPOLOGY_STREAMS_MAX. The lists count against the memory ceiling.
 */
#include <string.h>

#include "reader.h"

/* Shared by the walks of all streams; a stamp is the stream's index + 1, so nothing is cleared. */
struct walk {
	struct adjacency downstream;
	struct adjacency upstream;
	size_t *module_stamps;
	size_t *pipeline_stamps;
	size_t *modules; /* reached, in order */
	size_t module_count;
	size_t *pipelines; /* reached, in order */
	size_t pipeline_count;
};

static bool begin_walks(struct reader *reader, struct walk *walk)
{
	size_t modules = reader->topology->module_count;
	size_t pipelines = reader->topology->pipeline_count;

	walk->module_stamps = topology_allocate(reader, modules, sizeof(size_t));
	walk->pipeline_stamps = topology_allocate(reader, pipelines, sizeof(size_t));
	walk->modules = topology_allocate(reader, modules, sizeof(size_t));
	walk->pipelines = topology_allocate(reader, pipelines, sizeof(size_t));
	return topology_adjacency(reader, &walk->downstream, true) &&
	       topology_adjacency(reader, &walk->upstream, false) && walk->module_stamps != NULL &&
	       walk->pipeline_stamps != NULL && walk->modules != NULL && walk->pipelines != NULL;
}

static void end_walks(struct reader *reader, struct walk *walk)
{
	size_t modules = reader->topology->module_count;
	size_t pipelines = reader->topology->pipeline_count;

	topology_adjacency_release(reader, &walk->downstream);
	topology_adjacency_release(reader, &walk->upstream);
	topology_release(reader, walk->module_stamps, modules, sizeof(size_t));
	topology_release(reader, walk->pipeline_stamps, pipelines, sizeof(size_t));
	topology_release(reader, walk->modules, modules, sizeof(size_t));
	topology_release(reader, walk->pipelines, pipelines, sizeof(size_t));
}

static void enter(const struct topology *topology, struct walk *walk, size_t module, size_t stamp)
{
	size_t pipeline = topology->modules[module].pipeline;

	if (walk->module_stamps[module] == stamp)
		return;
	walk->module_stamps[module] = stamp;
	walk->modules[walk->module_count++] = module;
	if (walk->pipeline_stamps[pipeline] == stamp)
		return;
	walk->pipeline_stamps[pipeline] = stamp;
	walk->pipelines[walk->pipeline_count++] = pipeline;
}

static void walk_from(const struct topology *topology, struct walk *walk, size_t host,
		      bool downstream, size_t stamp)
{
	const struct adjacency *adjacency = downstream ? &walk->downstream : &walk->upstream;

	walk->module_count = 0;
	walk->pipeline_count = 0;
	enter(topology, walk, host, stamp);
	for (size_t at = 0; at < walk->module_count; at++) {
		size_t module = walk->modules[at];

		for (size_t i = adjacency->first[module]; i < adjacency->first[module + 1]; i++) {
			const struct topology_connection *connection =
				&topology->connections[adjacency->items[i]];

			enter(topology, walk, downstream ? connection->sink : connection->source,
			      stamp);
		}
	}
}

static const size_t *keep_list(struct reader *reader, const size_t *list, size_t count)
{
	size_t *kept = topology_allocate(reader, count, sizeof(size_t));

	if (kept != NULL)
		memcpy(kept, list, count * sizeof(size_t));
	return kept;
}

static bool keep_lists(struct reader *reader, const struct walk *walk,
		       struct topology_stream *stream)
{
	stream->modules = keep_list(reader, walk->modules, walk->module_count);
	stream->pipelines = keep_list(reader, walk->pipelines, walk->pipeline_count);
	if (stream->modules == NULL || stream->pipelines == NULL)
		return false;
	stream->module_count = walk->module_count;
	stream->pipeline_count = walk->pipeline_count;
	return true;
}

static bool is_host_of(const struct topology_module *module, const struct topology_stream *stream)
{
	enum topology_kind kind = stream->direction == TOPOLOGY_PLAYBACK ? TOPOLOGY_HOST_PLAYBACK
									 : TOPOLOGY_HOST_CAPTURE;

	return module->kind == kind && strcmp(module->stream_name, stream->caps_name) == 0;
}

/* A host of the stream's own file before one of another file. */
static size_t find_host(const struct topology *topology, const struct topology_stream *stream)
{
	size_t found = TOPOLOGY_NONE;

	for (size_t i = 0; i < topology->module_count; i++) {
		if (!is_host_of(&topology->modules[i], stream))
			continue;
		if (topology->modules[i].file == stream->file)
			return i;
		if (found == TOPOLOGY_NONE)
			found = i;
	}
	return found;
}

static bool join_stream(struct reader *reader, struct walk *walk, size_t index)
{
	struct topology *topology = reader->topology;
	struct topology_stream *stream = &topology->streams[index];

	stream->host = find_host(topology, stream);
	if (stream->host == TOPOLOGY_NONE) {
		topology_warn(reader, stream->file, stream->offset,
			      "PCM %u \"%s\" has no host module for %s called \"%s\"",
			      stream->pcm_id, stream->name,
			      topology_direction_name(stream->direction), stream->caps_name);
		return true;
	}
	walk_from(topology, walk, stream->host, stream->direction == TOPOLOGY_PLAYBACK, index + 1);
	return keep_lists(reader, walk, stream);
}

bool topology_join_streams(struct reader *reader)
{
	struct walk walk = { 0 };
	bool done = begin_walks(reader, &walk);

	for (size_t i = 0; done && i < reader->topology->stream_count; i++)
		done = join_stream(reader, &walk, i);
	end_walks(reader, &walk);
	return done;
}
