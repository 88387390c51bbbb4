/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The topology reader from the outside: files in memory go in, a model or a refusal comes out.
 * Around it, what all parts use: refusals, warnings, memory and the taking of bytes.
 *
 * Memory: `held` counts the bytes asked for. A request that would lift it over `ceiling`, which is
 * in proportion to the files, refuses the file. Arrays grow by half, so at the worst moment an
 * array of n items exists as n old and 1.5 n new ones.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

bool topology_refuse(struct reader *reader, size_t offset, const char *format, ...)
{
	struct topology_error *error = reader->error;
	va_list arguments;

	if (error->file != NULL)
		return false;
	error->file = reader->name;
	error->offset = offset;
	va_start(arguments, format);
	vsnprintf(error->what, sizeof(error->what), format, arguments);
	va_end(arguments);
	return false;
}

void topology_warn(struct reader *reader, size_t file, size_t offset, const char *format, ...)
{
	struct topology *topology = reader->topology;
	struct topology_error *warning;
	va_list arguments;

	if (topology->warning_count == TOPOLOGY_WARNINGS_MAX) {
		topology->warnings_left_out++;
		return;
	}
	warning = &topology->warnings[topology->warning_count++];
	warning->file = topology->files[file];
	warning->offset = offset;
	va_start(arguments, format);
	vsnprintf(warning->what, sizeof(warning->what), format, arguments);
	va_end(arguments);
}

/* Counts bytes that are about to be asked for. */
static bool account(struct reader *reader, size_t count, size_t item_bytes)
{
	size_t left = reader->ceiling - reader->held;

	if (count > left / item_bytes)
		return topology_refuse(reader, 0,
				       "describes more than files of this size reasonably do: it "
				       "would take over %zu bytes of memory",
				       reader->ceiling);
	reader->held += count * item_bytes;
	return true;
}

void *topology_allocate(struct reader *reader, size_t count, size_t item_bytes)
{
	void *memory;

	if (count == 0)
		count = 1;
	if (!account(reader, count, item_bytes))
		return NULL;
	memory = calloc(count, item_bytes);
	if (memory == NULL)
		topology_refuse(reader, 0, "not enough memory");
	return memory;
}

void topology_release(struct reader *reader, void *memory, size_t count, size_t item_bytes)
{
	if (memory == NULL)
		return;
	reader->held -= (count == 0 ? 1 : count) * item_bytes;
	free(memory);
}

void *topology_grow(struct reader *reader, void *items, size_t *room, size_t count,
		    size_t item_bytes)
{
	size_t old_room = *room;
	size_t new_room = old_room + old_room / 2 + 4;
	uint8_t *grown;

	if (count < old_room)
		return items;
	grown = topology_allocate(reader, new_room, item_bytes);
	if (grown == NULL)
		return NULL;
	if (items != NULL) {
		memcpy(grown, items, count * item_bytes);
		topology_release(reader, items, old_room, item_bytes);
	}
	*room = new_room;
	return grown;
}

const uint8_t *topology_take(struct reader *reader, struct cursor *cursor, size_t bytes,
			     const char *what)
{
	size_t left = cursor->end - cursor->at;
	const uint8_t *taken = reader->data + cursor->at;

	if (bytes > left) {
		topology_refuse(reader, cursor->at, "%s needs %zu bytes, only %zu are left", what,
				bytes, left);
		return NULL;
	}
	cursor->at += bytes;
	return taken;
}

bool topology_take_part(struct reader *reader, struct cursor *cursor, size_t bytes,
			struct cursor *part, const char *what)
{
	size_t start = cursor->at;

	if (topology_take(reader, cursor, bytes, what) == NULL)
		return false;
	*part = (struct cursor){ start, start + bytes };
	return true;
}

static char printable(char byte)
{
	return byte >= ' ' && byte <= '~' ? byte : '?';
}

bool topology_take_name(struct reader *reader, char *name, const char *bytes, size_t offset)
{
	const char *end = memchr(bytes, '\0', TOPOLOGY_NAME_BYTES - 1);
	size_t length;

	if (end == NULL)
		return topology_refuse(reader, offset, "a name of 44 bytes is not terminated");
	length = (size_t)(end - bytes);
	for (size_t i = 0; i < length; i++)
		name[i] = printable(bytes[i]);
	memset(name + length, 0, TOPOLOGY_NAME_BYTES - length);
	if (memcmp(name, bytes, length) != 0)
		topology_warn(reader, reader->file, offset,
			      "name \"%s\" is not plain text: other bytes became '?'", name);
	if (memchr(name, '$', length) != NULL)
		topology_warn(reader, reader->file, offset,
			      "\"%s\" has a '$': its source was not fully compiled", name);
	return true;
}

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
