/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * After the last file: what could not be known before it. Which kind of firmware, hence what each
 * module is; the members of each pipeline; the link of each DAI copier; then routes and streams.
 *
 * Bound: O(modules * links) comparisons of names with links <= TOPOLOGY_LINKS_MAX, the rest linear,
 * but for what graph.c and reach.c say.
 */
#include <string.h>

#include "reader.h"

static void settle_ipc(struct reader *reader)
{
	struct topology *topology = reader->topology;

	if (topology->ipc != 0)
		return;
	topology->ipc = 4;
	topology_warn(reader, 0, 0, "nothing says which firmware it is for: taken for IPC4");
}

static void settle_kinds(struct reader *reader)
{
	struct topology *topology = reader->topology;

	for (size_t i = 0; i < topology->module_count; i++) {
		struct topology_module *module = &topology->modules[i];

		module->kind = topology_module_kind(module, topology->ipc);
		if (topology->ipc == 4 && module->uuid_text[0] == '\0')
			topology_warn(reader, module->file, module->offset,
				      "\"%s\" has no uuid: taken for a %s by its type",
				      module->name, topology_kind_name(module->kind));
	}
}

/* The controls of a module were read one after the other. */
static void hand_out_controls(struct topology *topology)
{
	for (size_t i = 0; i < topology->control_count; i++) {
		const struct topology_control *control = &topology->controls[i];
		struct topology_module *module;

		if (control->module == TOPOLOGY_NONE)
			continue;
		module = &topology->modules[control->module];
		if (module->control_count++ == 0)
			module->controls = control;
		if (control->class == TOPOLOGY_CONTROL_BYTES)
			module->blob_bytes += control->private_bytes;
	}
}

static void count_members(struct topology *topology)
{
	for (size_t i = 0; i < topology->module_count; i++)
		topology->pipelines[topology->modules[i].pipeline].module_count++;
}

static void warn_of_pipeline(struct reader *reader, const struct topology_pipeline *pipeline)
{
	if (!pipeline->declared)
		topology_warn(reader, pipeline->file, pipeline->offset,
			      "pipeline %u has modules but no scheduler widget", pipeline->id);
	if (pipeline->module_count == 0)
		topology_warn(reader, pipeline->file, pipeline->offset,
			      "pipeline %u has no modules", pipeline->id);
}

static bool join_pipelines(struct reader *reader)
{
	struct topology *topology = reader->topology;

	count_members(topology);
	for (size_t i = 0; i < topology->pipeline_count; i++) {
		struct topology_pipeline *pipeline = &topology->pipelines[i];

		warn_of_pipeline(reader, pipeline);
		pipeline->modules =
			topology_allocate(reader, pipeline->module_count, sizeof(size_t));
		if (pipeline->modules == NULL)
			return false;
		pipeline->module_count = 0;
	}
	for (size_t i = 0; i < topology->module_count; i++) {
		struct topology_pipeline *pipeline =
			&topology->pipelines[topology->modules[i].pipeline];
		size_t *modules = (size_t *)(uintptr_t)pipeline->modules;

		modules[pipeline->module_count++] = i;
	}
	return true;
}

static bool is_link_of(const struct topology_link *link, const struct topology_module *module)
{
	return strcmp(link->name, module->stream_name) == 0 ||
	       strcmp(link->stream_name, module->stream_name) == 0;
}

/* A link of the module's own file before one of another file. */
static size_t find_link(const struct topology *topology, const struct topology_module *module)
{
	size_t found = TOPOLOGY_NONE;

	for (size_t i = 0; i < topology->link_count; i++) {
		const struct topology_link *link = &topology->links[i];

		if (!is_link_of(link, module))
			continue;
		if (link->file == module->file)
			return i;
		if (found == TOPOLOGY_NONE)
			found = i;
	}
	return found;
}

static void join_links(struct reader *reader)
{
	struct topology *topology = reader->topology;

	for (size_t i = 0; i < topology->module_count; i++) {
		struct topology_module *module = &topology->modules[i];

		if (module->kind != TOPOLOGY_DAI_PLAYBACK && module->kind != TOPOLOGY_DAI_CAPTURE)
			continue;
		module->link = find_link(topology, module);
		if (module->link == TOPOLOGY_NONE)
			topology_warn(reader, module->file, module->offset,
				      "\"%s\" belongs to no link: none is called \"%s\"",
				      module->name, module->stream_name);
	}
}

bool topology_join(struct reader *reader)
{
	settle_ipc(reader);
	settle_kinds(reader);
	hand_out_controls(reader->topology);
	if (!join_pipelines(reader))
		return false;
	join_links(reader);
	return topology_join_routes(reader) && topology_join_streams(reader);
}

size_t topology_find_module(const struct topology *topology, const char *name)
{
	for (size_t i = 0; i < topology->module_count; i++) {
		if (strcmp(topology->modules[i].name, name) == 0)
			return i;
	}
	return TOPOLOGY_NONE;
}

/* From the last: while files are read, the newest pipeline is the one that is asked for. */
size_t topology_find_pipeline(const struct topology *topology, uint32_t id)
{
	for (size_t i = topology->pipeline_count; i-- > 0;) {
		if (topology->pipelines[i].id == id)
			return i;
	}
	return TOPOLOGY_NONE;
}

size_t topology_find_stream(const struct topology *topology, uint32_t pcm_id,
			    enum topology_direction direction)
{
	for (size_t i = 0; i < topology->stream_count; i++) {
		if (topology->streams[i].pcm_id == pcm_id &&
		    topology->streams[i].direction == direction)
			return i;
	}
	return TOPOLOGY_NONE;
}
