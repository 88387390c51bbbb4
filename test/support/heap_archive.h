/* SPDX-License-Identifier: BSD-3-Clause */
/* heap_archive: where a region is saved to in tests: an array that can be full, cut or altered. */
#ifndef QUIRE_TEST_HEAP_ARCHIVE_H
#define QUIRE_TEST_HEAP_ARCHIVE_H

#include "quire/vregion.h"

struct heap_archive {
	struct quire_archive archive; /**< first: what save and restore are given */
	unsigned char *data;
	size_t bytes; /**< written */
	size_t read;
	size_t room; /**< a write beyond it answers QUIRE_EDRIVER */
};

void heap_archive_init(struct heap_archive *archive, size_t room);

/** A restore may go back to the start by itself, and so verify everything first. */
void heap_archive_read_twice(struct heap_archive *archive);

/** Read again from the start. */
void heap_archive_rewind(struct heap_archive *archive);
void heap_archive_free(struct heap_archive *archive);

#endif
