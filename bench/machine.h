/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A vspace on either port, with everything that it needs: heaps and regions are made on it.
 */
#ifndef QUIRE_BENCH_MACHINE_H
#define QUIRE_BENCH_MACHINE_H

#include "quire/flat.h"
#include "quire/linux.h"
#include "quire/vmh.h"
#include "quire/vpage.h"

#include "script.h"

/** Bytes of a page on the flat port. */
#define PAGE 4096u

struct machine {
	struct quire_vspace vs;
	bool is_flat;
	struct quire_flat flat;
	void *flat_memory;
	void *flat_storage;
	struct quire_linux port;
	void *storage;
};

/** No page unit, no locks; pages stay mapped, so that after warming up no driver is called. */
void machine_begin_flat(struct machine *machine, size_t pages);

/** Linux: a frame for each page, locks; `retain` pages may stay mapped. */
void machine_begin_linux(struct machine *machine, size_t pages, size_t retain);

/** Everything has been freed. */
void machine_end(struct machine *machine);

/** A heap on a machine, with its storage. */
struct heap {
	struct quire_vmh vmh;
	void *storage;
	size_t storage_bytes;
};

/** With a block table, or elastic in cache lines with a window of so many bytes. */
void heap_begin_table(struct heap *heap, struct machine *machine, const struct quire_bundle *table,
		      size_t lines);
void heap_begin_elastic(struct heap *heap, struct machine *machine, size_t window);
void heap_end(struct heap *heap);

/** The calls of a peer, with a struct heap as context. */
void *heap_alloc(void *heap, size_t size, size_t align);
int32_t heap_free(void *heap, void *handle);

struct candidate heap_candidate(struct heap *heap);

#endif
