/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A set of extents with its storage, as a candidate.
 */
#ifndef QUIRE_BENCH_UNITS_H
#define QUIRE_BENCH_UNITS_H

#include "quire/extent.h"
#include "quire/status.h"

#include "script.h"

/** Bytes of a cache line. */
#define LINE 64u

struct units {
	struct quire_extents set;
	void *storage;
	size_t storage_bytes;
};

void units_begin(struct units *units, uint32_t count, enum quire_extents_precision precision);
void units_end(struct units *units);

/** The calls of a peer, with a struct units as context. */
void *units_alloc(void *units, size_t count, size_t align);
void *units_alloc_lines(void *units, size_t bytes, size_t align);
void *units_alloc_range(void *units, size_t least, size_t most, size_t align, size_t *granted);
void *units_alloc_lines_range(void *units, size_t least, size_t most, size_t align,
			      size_t *granted);
int32_t units_free(void *units, void *handle);

/** Requests are in bytes, and a unit is a cache line. A handle is the start of the run plus 1. */
struct candidate units_lines_candidate(struct units *units);

static inline void *units_handle(uint32_t start)
{
	return (void *)(uintptr_t)(start + 1u);
}

static inline uint32_t units_start(const void *handle)
{
	return (uint32_t)(uintptr_t)handle - 1;
}

#endif
