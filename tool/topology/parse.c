/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The topology reader from the outside: files in memory go in, a model or a refusal comes out.
 */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/* The manifest decides; without one, the tokens that only one kind of firmware knows. */
static bool settle_ipc(struct reader *reader)
{
	unsigned int ipc = reader->manifest_ipc;

	if (ipc == 0 && reader->ipc4_tokens != reader->ipc3_tokens)
		ipc = reader->ipc4_tokens ? 4 : 3;
	if (ipc == 0)
		return true;
	if (reader->topology->ipc != 0 && reader->topology->ipc != ipc)
		return topology_refuse(reader, 0,
				       "is for IPC%u firmware, the files before for IPC%u", ipc,
				       reader->topology->ipc);
	reader->topology->ipc = ipc;
	return true;
}

static bool copy_file_name(struct reader *reader, const char *name)
{
	size_t bytes = strlen(name) + 1;
	char *copy = topology_allocate(reader, bytes, 1);

	if (copy == NULL)
		return false;
	memcpy(copy, name, bytes);
	reader->topology->files[reader->topology->file_count++] = copy;
	return true;
}

static bool read_image(struct reader *reader, const struct topology_image *image, size_t file)
{
	reader->name = image->name;
	reader->data = image->data;
	reader->size = image->size;
	reader->file = file;
	reader->manifest_ipc = 0;
	reader->ipc3_tokens = false;
	reader->ipc4_tokens = false;
	return copy_file_name(reader, image->name) && topology_read_blocks(reader) &&
	       settle_ipc(reader);
}

static bool read_images(struct reader *reader, const struct topology_image *images, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!read_image(reader, &images[i], i))
			return false;
	}
	return topology_join(reader);
}

/* Names of files may be longer than small files: they count as bytes of the files. */
static bool set_ceiling(struct reader *reader, const struct topology_image *images, size_t count)
{
	size_t room = TOPOLOGY_FILE_BYTES_MAX;
	size_t names = 0;

	for (size_t i = 0; i < count; i++) {
		reader->name = images[i].name;
		if (images[i].size == 0)
			return topology_refuse(reader, 0, "is empty");
		if (images[i].size > room)
			return topology_refuse(reader, 0,
					       "is too large: %zu bytes, where %zu may follow",
					       images[i].size, room);
		room -= images[i].size;
		names += strlen(images[i].name) + 1;
	}
	reader->ceiling = TOPOLOGY_MEMORY_FACTOR * (TOPOLOGY_FILE_BYTES_MAX - room) +
			  TOPOLOGY_MEMORY_EXTRA + names;
	return true;
}

static bool begin(struct reader *reader, const struct topology_image *images, size_t count)
{
	reader->name = "topology";
	if (count == 0 || count > TOPOLOGY_FILES_MAX)
		return topology_refuse(reader, 0, "1 to %u files make a card, not %zu",
				       TOPOLOGY_FILES_MAX, count);
	if (!set_ceiling(reader, images, count))
		return false;
	reader->topology = topology_allocate(reader, 1, sizeof(*reader->topology));
	if (reader->topology == NULL)
		return false;
	reader->topology->files = topology_allocate(reader, count, sizeof(char *));
	reader->topology->warnings =
		topology_allocate(reader, TOPOLOGY_WARNINGS_MAX, sizeof(struct topology_error));
	return reader->topology->files != NULL && reader->topology->warnings != NULL;
}

int topology_parse(const struct topology_image *images, size_t count, struct topology **out,
		   struct topology_error *error)
{
	struct reader reader = { .error = error };
	bool done;

	*out = NULL;
	memset(error, 0, sizeof(*error));
	done = begin(&reader, images, count) && read_images(&reader, images, count);
	free(reader.bindings);
	if (!done) {
		topology_free(reader.topology);
		return -1;
	}
	memset(error, 0, sizeof(*error));
	*out = reader.topology;
	return 0;
}

/* What the model points to as constant was allocated by us. */
static void free_constant(const void *memory)
{
	free((void *)(uintptr_t)memory);
}

static void free_lists(struct topology *topology)
{
	for (size_t i = 0; i < topology->module_count; i++) {
		free_constant(topology->modules[i].inputs);
		free_constant(topology->modules[i].outputs);
	}
	for (size_t i = 0; i < topology->pipeline_count; i++)
		free_constant(topology->pipelines[i].modules);
	for (size_t i = 0; i < topology->stream_count; i++) {
		free_constant(topology->streams[i].modules);
		free_constant(topology->streams[i].pipelines);
	}
	for (size_t i = 0; i < topology->file_count; i++)
		free(topology->files[i]);
}

void topology_free(struct topology *topology)
{
	if (topology == NULL)
		return;
	free_lists(topology);
	free(topology->files);
	free(topology->pipelines);
	free(topology->modules);
	free(topology->connections);
	free(topology->routes);
	free(topology->virtuals);
	free(topology->streams);
	free(topology->links);
	free(topology->controls);
	free(topology->warnings);
	free(topology);
}

void topology_error_print(FILE *stream, const struct topology_error *error)
{
	fprintf(stream, "%s: 0x%zx: %s\n", error->file != NULL ? error->file : "topology",
		error->offset, error->what);
}
