/* SPDX-License-Identifier: BSD-3-Clause */
/* rig_picture: a copy of every record, in which what has no meaning is blank. */
#include <stdlib.h>
#include <string.h>

#include "support/rig.h"

#define BITS (8 * sizeof(quire_word))

/* ---- a growing array ------------------------------------------------------------------------- */

/* Where it was added, to be blanked in part; aligned for anything. */
static void *add(struct rig_picture *picture, const void *data, size_t bytes)
{
	size_t start = picture->count, end = start + ((bytes + 15) & ~(size_t)15);

	if (end > picture->room) {
		picture->room = 2 * end;
		picture->bytes = realloc(picture->bytes, picture->room);
		assert_non_null(picture->bytes);
	}
	memset(picture->bytes + start, 0, end - start);
	memcpy(picture->bytes + start, data, bytes);
	picture->count = end;
	return picture->bytes + start;
}

static void add_number(struct rig_picture *picture, size_t number)
{
	add(picture, &number, sizeof(number));
}

void rig_picture_free(struct rig_picture *picture)
{
	free(picture->bytes);
	memset(picture, 0, sizeof(*picture));
}

size_t rig_picture_difference(const struct rig_picture *a, const struct rig_picture *b)
{
	size_t at = 0;

	while (at < a->count && at < b->count && a->bytes[at] == b->bytes[at])
		at++;
	return at == a->count && at == b->count ? SIZE_MAX : at;
}

/* Where something that lies in `storage` is in the copy of that storage. */
static void *in_copy(unsigned char *copy, const void *storage, const void *ptr)
{
	return copy + ((uintptr_t)ptr - (uintptr_t)storage);
}

/* ---- what has no meaning --------------------------------------------------------------------- */

/* Words of V that are inside a run (src/extent.c, 2.). */
static void blank_numbers(const struct quire_extents *set, unsigned char *copy, const void *storage)
{
	quire_word *live = in_copy(copy, storage, set->live);

	for (uint32_t word = 0; word <= set->units / BITS; word++)
		if (!set->starts[word])
			live[word] = 0;
}

static struct quire_page without(struct quire_page page, uint32_t but)
{
	if (!page.users) {
		page.payer = 0;
		page.state = 0;
		page.prot = 0;
		page.own = 0;
	}
	if (page.state == 1) /* is mapped with whatever it needs then */
		page.prot = 0;
	if (but & RIG_BUT_STATES)
		page.state = 0;
	if (but & RIG_BUT_PROTS)
		page.prot = 0;
	return page;
}

static void blank_pages(const struct quire_vspace *vs, unsigned char *copy, const void *storage,
			uint32_t but)
{
	struct quire_page *page = in_copy(copy, storage, vs->page);

	for (uint32_t i = 0; i < vs->pages; i++)
		page[i] = without(page[i], but);
}

static bool is_runs(const struct quire_blocks *kind)
{
	return !kind->top;
}

/* Whether a live allocation starts in this block. */
static bool starts_in(const struct quire_blocks *kind, uint32_t block)
{
	if (is_runs(kind))
		return quire_extents_size(&kind->runs, block) != 0;
	return !(kind->free[0][block / BITS] >> block % BITS & 1);
}

static void blank_sizes(const struct quire_blocks *kind, unsigned char *copy, const void *storage)
{
	uint32_t *pages = kind->pages ? in_copy(copy, storage, kind->pages) : NULL;

	for (uint32_t block = 0; pages && block < kind->blocks; block++)
		if (!starts_in(kind, block))
			pages[block] = 0;
}

/* Where a low place is looked for first is a hint. */
static void blank_kind(struct quire_blocks *kind)
{
	kind->exhausted = 0;
	if (is_runs(kind))
		memset(kind->low, 0, sizeof(kind->low));
}

/* A peak is noted before something falls, so what is now may be it. */
static void note(size_t *peak, size_t now)
{
	if (now > *peak)
		*peak = now;
}

static void blank_heap(struct quire_vmh *heap)
{
	memset(&heap->refused, 0, sizeof(heap->refused));
	if (heap->is_elastic)
		blank_kind(&heap->elastic);
	note(&heap->in_use_peak, heap->in_use);
	note(&heap->pages_held_peak, heap->pages_held);
}

/* ---- structs and storage --------------------------------------------------------------------- */

static void add_budget(struct rig_picture *picture, const struct quire_budget *budget)
{
	struct quire_budget *copy = add(picture, budget, sizeof(*budget));

	copy->refused = 0;
}

static void add_space(struct rig_picture *picture, const struct quire_vspace *vs,
		      const struct test_storage *storage, uint32_t but)
{
	struct quire_vspace *space;
	unsigned char *copy;

	if (!vs->mmu)
		return;
	space = add(picture, vs, sizeof(*vs));
	space->map_calls = space->unmap_calls = space->mapped_pages = space->moved_pages = 0;
	space->retained = 0;
	space->common.refused = 0;
	memset(&space->refused, 0, sizeof(space->refused));
	copy = add(picture, storage->memory, storage->bytes);
	blank_numbers(&vs->extents, copy, storage->memory);
	blank_pages(vs, copy, storage->memory, but);
}

static void blank_blocks(const struct quire_vmh *heap, unsigned char *copy, const void *storage)
{
	for (uint32_t i = 0; i < heap->block_kinds; i++) {
		const struct quire_blocks *kind = &heap->blocks[i];

		if (is_runs(kind))
			blank_numbers(&kind->runs, copy, storage);
		blank_sizes(kind, copy, storage);
		if (!heap->is_elastic)
			blank_kind(in_copy(copy, storage, kind));
	}
}

static const struct test_storage *storage_at(const struct rig *rig, const void *ptr)
{
	for (size_t i = 0; i < rig->storages; i++) {
		const struct test_storage *storage = &rig->storage[i];

		if ((uintptr_t)ptr - (uintptr_t)storage->memory < storage->bytes)
			return storage;
	}
	return NULL;
}

static const void *records_of(const struct quire_vmh *heap)
{
	return heap->is_elastic ? (const void *)heap->elastic.runs.starts
				: (const void *)heap->blocks;
}

static void add_heap(struct rig_picture *picture, const struct rig *rig,
		     const struct quire_vmh *heap)
{
	const struct test_storage *storage;

	if (!heap->vs)
		return;
	blank_heap(add(picture, heap, sizeof(*heap)));
	storage = storage_at(rig, records_of(heap));
	assert_non_null(storage);
	blank_blocks(heap, add(picture, storage->memory, storage->bytes), storage->memory);
}

static void add_region(struct rig_picture *picture, const struct rig *rig,
		       const struct quire_vregion *vr, uint32_t but)
{
	const struct test_storage *storage = vr ? storage_at(rig, vr) : NULL;
	struct quire_vregion *copy;

	if (!storage)
		return;
	copy = add(picture, storage->memory, storage->bytes);
	for (size_t area = 0; area < QUIRE_INTERIM; area++)
		note(&copy->arena[area].used_peak, copy->arena[area].used);
	if (but & RIG_BUT_STATES)
		copy->image.stuck = false;
	if (!vr->has_interim)
		return;
	blank_blocks(&vr->interim, (void *)copy, storage->memory);
	blank_heap(&copy->interim);
}

struct rig_picture rig_picture_records(struct rig *rig, uint32_t but)
{
	struct rig_picture picture = { .count = 0 };

	add_space(&picture, &rig->vs, storage_at(rig, rig->vs.page), but);
	add_space(&picture, &rig->side, storage_at(rig, rig->side.page), but);
	add_budget(&picture, &rig->payer);
	add_budget(&picture, &rig->guest);
	add_budget(&picture, &rig->idle);
	add_budget(&picture, &rig->newcomer);
	add_heap(&picture, rig, &rig->table);
	add_heap(&picture, rig, &rig->spanning);
	add_heap(&picture, rig, &rig->elastic);
	add_heap(&picture, rig, &rig->brief);
	add_region(&picture, rig, rig->vr, but);
	add_region(&picture, rig, rig->lazy, but);
	add_region(&picture, rig, rig->asleep, but);
	add(&picture, &rig->ring, sizeof(rig->ring));
	add(&picture, &rig->deep, sizeof(rig->deep));
	return picture;
}

/* ---- meaning --------------------------------------------------------------------------------- */

static void add_meaning_of_space(struct rig_picture *picture, struct quire_vspace *vs)
{
	struct quire_vspace_stats stats;

	if (!vs->mmu)
		return;
	quire_vspace_stats(vs, &stats);
	add_number(picture, stats.free);
	add_number(picture, stats.largest);
	add_number(picture, stats.allocations);
	add_number(picture, stats.held);
	add_number(picture, stats.promised);
	for (uint32_t i = 0; i < vs->pages; i++) {
		struct quire_page page = without(vs->page[i], 0);

		add(picture, &page, sizeof(page));
	}
}

static void add_meaning_of_heap(struct rig_picture *picture, struct quire_vmh *heap)
{
	struct quire_vmh_extent extent;
	struct quire_vmh_stats stats;
	const char *past = NULL;

	if (!heap->vs)
		return;
	quire_vmh_stats(heap, &stats);
	add_number(picture, stats.allocations);
	add_number(picture, stats.in_use);
	add_number(picture, stats.held);
	add_number(picture, stats.mapped);
	add_number(picture, stats.largest);
	for (; quire_vmh_next(heap, past, &extent); past = (char *)extent.ptr + extent.size) {
		add_number(picture, (uintptr_t)extent.ptr - heap->vs->base);
		add_number(picture, extent.size);
		add_number(picture, extent.live);
	}
}

static void add_meaning_of_region(struct rig_picture *picture, struct quire_vregion *vr)
{
	struct quire_vregion_info info;

	if (!vr || !vr->users)
		return;
	quire_vregion_info(vr, &info);
	add_number(picture, info.committed);
	add_number(picture, info.users);
	add_number(picture, info.sealed);
	add_number(picture, info.saved);
	for (size_t area = 0; area < QUIRE_AREAS; area++) {
		add_number(picture, info.area[area].used);
		add_number(picture, info.area[area].committed);
		add_number(picture, info.area[area].allocations);
		add_number(picture, info.area[area].prot);
	}
}

struct rig_picture rig_picture_meaning(struct rig *rig)
{
	struct rig_picture picture = { .count = 0 };

	add_meaning_of_space(&picture, &rig->vs);
	add_meaning_of_heap(&picture, &rig->table);
	add_meaning_of_heap(&picture, &rig->spanning);
	add_meaning_of_heap(&picture, &rig->elastic);
	add_meaning_of_region(&picture, rig->vr);
	add_meaning_of_region(&picture, rig->lazy);
	add_meaning_of_region(&picture, rig->asleep);
	add_number(&picture, rig->payer.used);
	add_number(&picture, rig->guest.used);
	add_number(&picture, quire_buffer_size(&rig->ring));
	add_number(&picture, quire_buffer_size(&rig->deep));
	return picture;
}
