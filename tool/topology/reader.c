/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all parts of the topology reader stand on: refusals, warnings, memory and the taking of bytes.
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
