/* SPDX-License-Identifier: BSD-3-Clause */
/* heap_archive: an array behind the two functions of a quire_archive. */
#include <stdlib.h>
#include <string.h>

#include "support/heap_archive.h"
#include "support/test.h"

static int32_t append(struct quire_archive *self, const void *data, size_t bytes)
{
	struct heap_archive *archive = (struct heap_archive *)self;

	if (bytes > archive->room - archive->bytes)
		return QUIRE_EDRIVER;
	memcpy(archive->data + archive->bytes, data, bytes);
	archive->bytes += bytes;
	return QUIRE_OK;
}

static int32_t fetch(struct quire_archive *self, void *data, size_t bytes)
{
	struct heap_archive *archive = (struct heap_archive *)self;

	if (bytes > archive->bytes - archive->read)
		return QUIRE_EINVAL;
	memcpy(data, archive->data + archive->read, bytes);
	archive->read += bytes;
	return QUIRE_OK;
}

static int32_t go_back(struct quire_archive *self)
{
	heap_archive_rewind((struct heap_archive *)self);
	return QUIRE_OK;
}

void heap_archive_init(struct heap_archive *archive, size_t room)
{
	*archive = (struct heap_archive){
		.archive = { .write = append, .read = fetch },
		.data = malloc(room + 1),
		.room = room,
	};
	assert_non_null(archive->data);
}

void heap_archive_read_twice(struct heap_archive *archive)
{
	archive->archive.rewind = go_back;
}

void heap_archive_rewind(struct heap_archive *archive)
{
	archive->read = 0;
}

void heap_archive_free(struct heap_archive *archive)
{
	free(archive->data);
}
