/* SPDX-License-Identifier: BSD-3-Clause */
/* rig: making, checking and ending it. Pictures are in rig_picture.c, acts in rig_acts.c. */
#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/rig.h"
#include "support/space.h"

#define PAGES      176u /* of the vspace */
#define SIDE_PAGES 8u   /* of each of two more, behind it in the same window */
#define BANKS      5u
#define PER_BANK   32u
#define FRAMES     ((size_t)BANKS * PER_BANK)
#define FILLERS    20u

static struct rig rig_of_all;

/* ---- faults ---------------------------------------------------------------------------------- */

static bool strikes(struct rig_faults *faults)
{
	uint64_t behind = ++faults->calls - faults->from;
	bool struck = faults->from && faults->calls >= faults->from;

	if (struck && faults->pattern == RIG_EVERY_SECOND)
		struck = behind % 2 == 0;
	else if (struck && faults->pattern != RIG_FOR_EVER)
		struck = behind <= (uint64_t)faults->pattern;
	faults->struck += struck;
	return struck;
}

/* The model fails as it was told, so that what is below it has to undo its part. */
static bool tell_model(struct rig *rig, enum test_call call)
{
	if (!rig->model)
		return false;
	rig->model->part = rig->faults.part;
	rig->model->map_status = rig->faults.why;
	test_mmu_fail(rig->model, call, 1, false);
	return true;
}

static int32_t try_map(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct rig *rig = &rig_of_all;

	if (strikes(&rig->faults) && !tell_model(rig, TEST_MAP))
		return rig->faults.why;
	return rig->map(mmu, va, pages, prot);
}

static bool goes_all_the_same(enum test_part part, size_t index, size_t pages)
{
	return part == TEST_EVERYTHING || (part == TEST_EVERY_OTHER && index % 2 == 0) ||
	       (part == TEST_FIRST_HALF && index < (pages + 1) / 2);
}

static int32_t try_unmap(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	struct rig *rig = &rig_of_all;
	bool struck = strikes(&rig->faults);

	rig->faults.struck_unmaps += struck;
	if (!struck || tell_model(rig, TEST_UNMAP))
		return rig->unmap(mmu, va, pages);
	for (size_t i = 0; i < pages; i++)
		if (goes_all_the_same(rig->faults.part, i, pages))
			assert_ok(rig->unmap(mmu, va + i * rig->page, 1));
	return QUIRE_EDRIVER;
}

static int32_t try_protect(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct rig *rig = &rig_of_all;

	if (strikes(&rig->faults) && !tell_model(rig, TEST_PROTECT))
		return QUIRE_EDRIVER;
	return rig->protect(mmu, va, pages, prot);
}

static int32_t try_move(const struct quire_mmu *mmu, uintptr_t va)
{
	struct rig *rig = &rig_of_all;

	return strikes(&rig->faults) ? rig->faults.why : rig->move(mmu, va);
}

static void stand_between(struct rig *rig, struct quire_mmu *mmu)
{
	rig->map = mmu->map;
	rig->unmap = mmu->unmap;
	rig->protect = mmu->protect;
	rig->move = mmu->move;
	mmu->map = try_map;
	mmu->unmap = try_unmap;
	mmu->protect = try_protect;
	if (mmu->move)
		mmu->move = try_move;
}

void rig_arm(struct rig *rig, const struct rig_faults *faults)
{
	rig->faults = *faults;
	rig->faults.calls = rig->faults.struck = rig->faults.struck_unmaps = 0;
}

void rig_heal(struct rig *rig)
{
	rig->faults.from = 0;
}

void rig_set_interrupt(struct rig *rig, bool inside)
{
	if (rig->model)
		atomic_store(&rig->model->interrupt, inside);
	else
		quire_linux_set_interrupt(inside);
}

/* ---- what it stands on ----------------------------------------------------------------------- */

static void stand_on_model(struct rig *rig)
{
	static struct test_mmu model;
	struct test_mmu_config config = {
		.pages = PAGES + 2 * SIDE_PAGES,
		.frames = FRAMES,
		.page_size = 256,
		.not_coherent = rig->state == RIG_CACHED,
	};

	test_mmu_init(&model, &config);
	stand_between(rig, &model.mmu);
	rig->model = &model;
	rig->mmu = &model.mmu;
	rig->window = model.window;
}

static void stand_on_linux(struct rig *rig)
{
	static struct quire_linux port;
	struct quire_linux_config config = {
		.pages = PAGES + 2 * SIDE_PAGES,
		.banks = BANKS,
		.frames_per_bank = PER_BANK,
		.alias = true,
		.check_locks = true,
	};

	assert_ok(quire_linux_init(&port, &config));
	stand_between(rig, &port.mmu);
	rig->port = &port;
	rig->mmu = &port.mmu;
	rig->window = port.window;
}

static void *storage_of(struct rig *rig, size_t bytes)
{
	struct test_storage *storage = &rig->storage[rig->storages++];

	assert_true(rig->storages <= TEST_COUNT(rig->storage));
	test_storage_init(storage, bytes, rig->model);
	memset(storage->memory, 0, bytes);
	return storage->memory;
}

/* Storage that is handed out in the order in which it is asked for; sizes are whole words. */
static void make_vspace(struct rig *rig, struct quire_vspace *vs, size_t first, size_t pages,
			size_t physical, size_t retain)
{
	size_t bytes = (QUIRE_VSPACE_STORAGE(pages, 8) + 15) & ~(size_t)15;
	struct quire_vspace_config config = {
		.mmu = rig->mmu,
		.base = rig->window + first * rig->page,
		.pages = pages,
		.budgets = 8,
		.physical_pages = physical,
		.retain = retain,
		.storage = storage_of(rig, bytes),
		.storage_bytes = bytes,
		.observer = &rig->observer.observer,
	};

	assert_ok(quire_vspace_init(vs, &config));
}

static int32_t quiesce(struct quire_mover *self, struct quire_budget *budget)
{
	(void)self;
	(void)budget;
	rig_of_all.quiet++;
	return QUIRE_OK;
}

static void resume(struct quire_mover *self, struct quire_budget *budget)
{
	(void)self;
	(void)budget;
	rig_of_all.quiet--;
}

static void make_budgets(struct rig *rig)
{
	rig->mover = (struct quire_mover){ quiesce, resume };
	assert_ok(quire_vspace_admit(&rig->vs, &rig->payer, 10, 60));
	assert_ok(quire_vspace_admit(&rig->vs, &rig->guest, 4, QUIRE_NO_LIMIT));
	assert_ok(quire_vspace_admit(&rig->vs, &rig->idle, 0, 5));
	assert_ok(quire_vspace_set_mover(&rig->vs, NULL, &rig->mover));
	assert_ok(quire_vspace_set_mover(&rig->vs, &rig->payer, &rig->mover));
	assert_ok(quire_vspace_set_mover(&rig->vs, &rig->guest, &rig->mover));
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void keep(struct rig *rig, size_t piece, void *ptr, size_t bytes)
{
	assert_non_null(ptr);
	rig->piece[piece] = (struct rig_block){ ptr, bytes };
	test_fill(ptr, bytes, (uint32_t)piece + 1);
}

static void *take_pages(struct rig *rig, size_t pages)
{
	void *ptr = quire_vpage_alloc(&rig->vs, pages, QUIRE_RW);

	assert_non_null(ptr);
	return ptr;
}

static unsigned char *take_run(struct rig *rig, size_t bytes, uint32_t flags,
			       struct quire_budget *budget)
{
	struct quire_request request = { .size = bytes, .flags = flags, .budget = budget };

	return quire_vmh_request(&rig->elastic, &request);
}

static unsigned char *take_scratch(struct rig *rig, size_t bytes)
{
	return quire_vregion_alloc(rig->vr, QUIRE_INTERIM, bytes, 0);
}

/* Lengths of pages that come and go; some stay. */
static void age_pages(struct rig *rig)
{
	struct test_random random = test_random_seeded(3);
	void *ptr[24] = { NULL };

	for (size_t step = 0; step < 300; step++) {
		void **slot = &ptr[test_random_below(&random, 24)];

		if (*slot)
			assert_ok(quire_vpage_free(&rig->vs, *slot));
		*slot = *slot ? NULL : take_pages(rig, test_random_between(&random, 1, 4));
	}
	for (size_t i = 0, kept = 0; i < 24; i++) {
		if (ptr[i] && i % 3 == 0 && kept < RIG_PIECES - RIG_LITTER)
			keep(rig, RIG_LITTER + kept++, ptr[i],
			     quire_vpage_size(&rig->vs, ptr[i]) * rig->page);
		else if (ptr[i])
			assert_ok(quire_vpage_free(&rig->vs, ptr[i]));
	}
}

static void age_heap(struct rig *rig, struct quire_vmh *heap)
{
	struct test_random random = test_random_seeded(4);
	void *ptr[12] = { NULL };

	for (size_t step = 0; step < 200; step++) {
		void **slot = &ptr[test_random_below(&random, 12)];
		size_t size = test_random_between(&random, 1, (uint32_t)rig->page * 2);

		if (*slot)
			assert_ok(quire_vmh_free(heap, *slot));
		*slot = *slot ? NULL : quire_vmh_alloc(heap, size);
	}
	for (size_t i = 0; i < 12; i++)
		if (ptr[i])
			assert_ok(quire_vmh_free(heap, ptr[i]));
}

/* Read, write, execute, read ...: a page each. */
static void make_mixed(struct rig *rig)
{
	unsigned char *ptr = take_pages(rig, 6);

	keep(rig, RIG_MIXED, ptr, 6 * rig->page);
	for (size_t i = 0; i < 6; i += 3) {
		assert_ok(quire_vpage_protect(&rig->vs, ptr + i * rig->page, 1, QUIRE_READ));
		assert_ok(quire_vpage_protect(&rig->vs, ptr + (i + 2) * rig->page, 1, QUIRE_RX));
	}
}

/* Nine addresses: two pages, a gap, two of the payer, a gap, two of the guest, a gap. */
static void make_patch(struct rig *rig)
{
	unsigned char *ptr = quire_vpage_reserve(&rig->vs, 9);

	assert_non_null(ptr);
	assert_ok(quire_vpage_commit(&rig->vs, ptr, 2, QUIRE_RW, NULL));
	assert_ok(quire_vpage_commit(&rig->vs, ptr + 3 * rig->page, 2, QUIRE_RW, &rig->payer));
	assert_ok(quire_vpage_commit(&rig->vs, ptr + 6 * rig->page, 2, QUIRE_READ, &rig->guest));
	keep(rig, RIG_PATCH, ptr, 2 * rig->page);
}

/* Make an allocation that can grow: it was longer, and what is behind it is free in the end. */
static void *with_room(struct rig *rig, unsigned char *ptr, size_t pages, size_t guard)
{
	void *room;

	assert_non_null(ptr);
	assert_ok(quire_vpage_resize(&rig->vs, ptr, pages));
	room = quire_vpage_alloc_at(&rig->vs, ptr + (pages + guard) * rig->page, 3, QUIRE_RW);
	assert_non_null(room);
	return room;
}

static void make_pages(struct rig *rig)
{
	struct quire_request guarded = { .size = 6 * rig->page,
					 .flags = QUIRE_GUARD,
					 .budget = &rig->payer };
	struct quire_request user = { .size = 2 * rig->page };
	unsigned char *plain = take_pages(rig, 8);
	unsigned char *fenced = quire_vpage_request(&rig->vs, &guarded, QUIRE_RW);

	rig->room[0] = with_room(rig, plain, 5, 0);
	rig->room[1] = with_room(rig, fenced, 3, 1);
	keep(rig, RIG_PLAIN, plain, 5 * rig->page);
	keep(rig, RIG_GUARDED, fenced, 3 * rig->page);
	make_mixed(rig);
	make_patch(rig);
	if (rig->mmu->enforces & QUIRE_USER)
		keep(rig, RIG_USER, quire_vpage_request(&rig->vs, &user, QUIRE_RW | QUIRE_USER),
		     2 * rig->page);
	assert_ok(quire_vpage_set_aside(&rig->vs, &rig->payer, 4));
}

/* ---- heaps ----------------------------------------------------------------------------------- */

static void make_heap(struct rig *rig, struct quire_vmh *heap, struct quire_vmh_config *config)
{
	config->storage_bytes = quire_vmh_storage_needed(rig->mmu, config);
	config->storage = storage_of(rig, config->storage_bytes);
	assert_ok(quire_vmh_init(heap, &rig->vs, config));
	if (rig->state == RIG_AGED)
		age_heap(rig, heap);
}

static void make_tables(struct rig *rig)
{
	size_t page = rig->page;
	struct quire_bundle table[] = { { page / 4, 8 }, { page, 4 }, { 5 * page / 2, 4 } };
	struct quire_bundle halves[] = { { page / 2, 24 } };
	struct quire_vmh_config config = { .bundles = table, .bundle_count = 3 };
	struct quire_vmh_config spanning = { .bundles = halves,
					     .bundle_count = 1,
					     .flags = QUIRE_VMH_SPANNING };

	make_heap(rig, &rig->table, &config);
	make_heap(rig, &rig->spanning, &spanning);
	keep(rig, RIG_BLOCK, quire_vmh_alloc(&rig->table, page / 4), page / 4);
	keep(rig, RIG_PAGE_BLOCK, quire_vmh_alloc(&rig->table, page), page);
	keep(rig, RIG_BIG_BLOCK, quire_vmh_alloc(&rig->table, 3 * page / 2), 3 * page / 2);
	keep(rig, RIG_SPAN, quire_vmh_alloc(&rig->spanning, 3 * page / 2), 3 * page / 2);
	keep(rig, RIG_NEXT_SPAN, quire_vmh_alloc(&rig->spanning, page), page);
}

static void make_ring(struct rig *rig, struct quire_buffer *ring,
		      const struct quire_buffer_source *source)
{
	struct quire_request wanted = { .size = 2 * rig->page, .min = rig->page };
	unsigned char data[64];

	assert_ok(quire_buffer_create(ring, source, &wanted));
	assert_ok(quire_buffer_produce(ring, 2 * rig->page - 32));
	assert_ok(quire_buffer_consume(ring, 2 * rig->page - 32));
	test_fill(data, sizeof(data), 99);
	assert_int_equal(quire_buffer_write(ring, data, sizeof(data)), sizeof(data));
}

/* Runs that share pages, one with pages of its own, one that somebody else pays, and holes. */
static void make_elastic(struct rig *rig)
{
	struct quire_vmh_config config = { .window = 30 * rig->page };
	struct quire_vmh_config brief = { .window = 4 * rig->page };
	struct quire_buffer_source source = quire_buffer_on_vmh(&rig->elastic);
	size_t page = rig->page;
	void *hole[3];

	make_heap(rig, &rig->elastic, &config);
	make_heap(rig, &rig->brief, &brief);
	keep(rig, RIG_RUN, take_run(rig, 3 * page / 2, 0, NULL), 3 * page / 2);
	keep(rig, RIG_NEXT_RUN, take_run(rig, page, 0, NULL), page);
	hole[0] = take_run(rig, 9 * page / 4, 0, NULL);
	keep(rig, RIG_LONG_RUN, take_run(rig, 3 * page, 0, NULL), 3 * page);
	hole[1] = take_run(rig, 2 * page, 0, NULL);
	make_ring(rig, &rig->ring, &source);
	hole[2] = take_run(rig, 3 * page, 0, NULL);
	keep(rig, RIG_OWN_RUN, take_run(rig, 2 * page, QUIRE_OWN_PAGES, NULL), 2 * page);
	keep(rig, RIG_GUEST_RUN, take_run(rig, 2 * page, 0, &rig->guest), 2 * page);
	for (size_t i = 0; i < 3; i++)
		assert_ok(quire_vmh_free(&rig->elastic, hole[i]));
	assert_ok(quire_vmh_set_aside(&rig->elastic, &rig->guest, 2 * page, 0));
}

/* ---- regions --------------------------------------------------------------------------------- */

static struct quire_vregion *make_region(struct rig *rig, struct quire_vregion_config *config)
{
	size_t bytes = (QUIRE_VREGION_STORAGE(8 * rig->page, 64) + 15) & ~(size_t)15;
	struct quire_vregion *vr;

	config->storage = storage_of(rig, bytes);
	config->storage_bytes = bytes;
	vr = quire_vregion_create(&rig->vs, config, NULL);
	assert_non_null(vr);
	return vr;
}

static void make_open_region(struct rig *rig)
{
	size_t page = rig->page;
	struct quire_vregion_config config = { .lifetime = 6 * page,
					       .interim = 8 * page,
					       .text = 4 * page,
					       .shared = 3 * page,
					       .budget = &rig->payer };
	struct quire_buffer_source source;

	rig->vr = make_region(rig, &config);
	source = quire_buffer_on_vregion(rig->vr);
	keep(rig, RIG_CODE, quire_vregion_alloc(rig->vr, QUIRE_TEXT, 3 * page / 2, 0),
	     3 * page / 2);
	assert_ok(quire_vregion_protect(rig->vr, QUIRE_TEXT, QUIRE_RX));
	keep(rig, RIG_SHARED, quire_vregion_alloc(rig->vr, QUIRE_SHARED, page / 2, 0), page / 2);
	keep(rig, RIG_LIFE, quire_vregion_alloc(rig->vr, QUIRE_LIFETIME, 3 * page / 2, 0),
	     3 * page / 2);
	keep(rig, RIG_SCRATCH, take_scratch(rig, 5 * page / 2), 5 * page / 2);
	keep(rig, RIG_NEXT_SCRATCH, take_scratch(rig, page), page);
	make_ring(rig, &rig->deep, &source);
}

static void make_regions(struct rig *rig)
{
	struct quire_vregion_config lazy = { .lifetime = 8 * rig->page,
					     .flags = QUIRE_VREGION_LAZY };
	struct quire_vregion_config asleep = { .lifetime = 2 * rig->page,
					       .interim = 3 * rig->page,
					       .prot[QUIRE_LIFETIME] = QUIRE_RW };

	make_open_region(rig);
	rig->lazy = make_region(rig, &lazy);
	keep(rig, RIG_LAZY_LIFE, quire_vregion_alloc(rig->lazy, QUIRE_LIFETIME, rig->page, 0),
	     rig->page);
	rig->asleep = make_region(rig, &asleep);
	assert_non_null(quire_vregion_alloc(rig->asleep, QUIRE_LIFETIME, rig->page, 0));
	assert_non_null(quire_vregion_alloc(rig->asleep, QUIRE_INTERIM, rig->page, 0));
	assert_ok(quire_vregion_protect(rig->asleep, QUIRE_LIFETIME, QUIRE_READ));
	assert_ok(quire_vregion_save(rig->asleep, &rig->archive.archive));
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* The first frames are free again in the end, so that a bank can be emptied. */
static void make_everything(struct rig *rig)
{
	void *filler[FILLERS];

	for (size_t i = 0; i < FILLERS; i++)
		filler[i] = take_pages(rig, 1);
	if (rig->state == RIG_AGED)
		age_pages(rig);
	make_budgets(rig);
	make_pages(rig);
	make_tables(rig);
	make_elastic(rig);
	make_regions(rig);
	for (size_t i = 0; i < FILLERS; i++)
		assert_ok(quire_vpage_free(&rig->vs, filler[i]));
	for (size_t i = 0; i < TEST_COUNT(rig->room); i++)
		assert_ok(quire_vpage_free(&rig->vs, rig->room[i]));
}

static void retain_in_side(struct rig *rig)
{
	void *ptr = quire_vpage_alloc(&rig->side, 3, QUIRE_RW);

	assert_non_null(ptr);
	assert_ok(quire_vpage_free(&rig->side, ptr));
}

struct rig *rig_open(enum rig_state state, bool on_linux)
{
	struct rig *rig = &rig_of_all;

	memset(rig, 0, sizeof(*rig));
	rig->state = state;
	test_observer_init(&rig->observer);
	if (on_linux)
		stand_on_linux(rig);
	else
		stand_on_model(rig);
	rig->page = rig->mmu->page_size;
	heap_archive_init(&rig->archive, 64 * rig->page);
	heap_archive_init(&rig->spare_archive, (PAGES + 16) * rig->page);
	make_vspace(rig, &rig->vs, 0, PAGES, 140, state == RIG_RETAINED ? 40 : 0);
	make_vspace(rig, &rig->side, PAGES, SIDE_PAGES, 8, 8);
	retain_in_side(rig);
	make_everything(rig);
	rig_check(rig);
	rig_check_contents(rig, 0);
	test_observer_clear(&rig->observer);
	return rig;
}

/* ---- checking -------------------------------------------------------------------------------- */

static bool is_mapped(struct rig *rig, const unsigned char *ptr)
{
	if (rig->model)
		return test_mmu_count_mapped(rig->model, ptr, 1) == 1;
	return quire_linux_frame_of(rig->port, ptr) != QUIRE_NOWHERE;
}

/* States: absent, arriving (asleep, or nobody's), present, leaving (mapped or not). */
static void agree(struct rig *rig, const struct quire_vspace *vs)
{
	for (size_t page = 0; vs->page && page < vs->pages; page++) {
		const unsigned char *ptr = (unsigned char *)vs->base + page * rig->page;

		if (vs->page[page].state < 2)
			assert_false(is_mapped(rig, ptr));
		else if (vs->page[page].state == 2)
			assert_true(is_mapped(rig, ptr));
		if (rig->model && vs->page[page].state == 2)
			assert_int_equal(test_mmu_prot(rig->model, ptr), vs->page[page].prot);
	}
}

static void check_heap(struct quire_vmh *heap)
{
	if (heap->vs)
		assert_sound(quire_vmh_check(heap));
}

static void check_region(struct quire_vregion *vr)
{
	if (vr && vr->users)
		assert_sound(quire_vregion_check(vr));
}

void rig_check(struct rig *rig)
{
	assert_sound(quire_vspace_check(&rig->vs));
	if (rig->side.mmu)
		assert_sound(quire_vspace_check(&rig->side));
	check_heap(&rig->table);
	check_heap(&rig->spanning);
	check_heap(&rig->elastic);
	check_heap(&rig->brief);
	check_region(rig->vr);
	check_region(rig->lazy);
	check_region(rig->asleep);
	check_region(rig->created);
	for (size_t i = 0; i < rig->storages; i++)
		test_storage_check(&rig->storage[i]);
	if (rig->model)
		assert_sound(test_mmu_check(rig->model));
	agree(rig, &rig->vs);
	agree(rig, &rig->side);
	assert_int_equal(rig->quiet, 0);
	assert_int_equal(rig->observer.under_lock, 0);
}

static void check_ring(const struct quire_buffer *ring)
{
	unsigned char data[64], held[64];
	size_t first;
	const unsigned char *span;

	if (!ring->base)
		return;
	span = quire_buffer_data_span(ring, &first);
	assert_int_equal(quire_buffer_level(ring), sizeof(data));
	test_fill(data, sizeof(data), 99);
	if (first > sizeof(held))
		first = sizeof(held);
	memcpy(held, span, first);
	memcpy(held + first, ring->base, sizeof(held) - first);
	assert_memory_equal(held, data, sizeof(data));
}

void rig_check_contents(struct rig *rig, uint64_t except)
{
	for (size_t i = 0; i < RIG_PIECES; i++)
		if (rig->piece[i].ptr && !(except & RIG_BIT(i)))
			test_assert_filled(rig->piece[i].ptr, rig->piece[i].bytes, (uint32_t)i + 1);
	if (!(except & RIG_BIT(RIG_PIECES)))
		check_ring(&rig->ring);
	if (!(except & RIG_BIT(RIG_PIECES + 1)))
		check_ring(&rig->deep);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void end_heap(struct quire_vmh *heap)
{
	struct quire_vmh_extent extent;
	const char *past = NULL;

	if (!heap->vs)
		return;
	for (; quire_vmh_next(heap, past, &extent); past = (char *)extent.ptr + extent.size)
		if (extent.live && quire_vmh_free(heap, extent.ptr))
			past = (char *)extent.ptr; /* set aside, and nobody's to free */
	assert_ok(quire_vmh_fini(heap));
}

static void end_region(struct quire_vregion *vr)
{
	while (vr && vr->users)
		assert_ok(quire_vregion_put(vr));
}

static void end_pages(struct rig *rig, struct quire_vspace *vs)
{
	for (size_t page = 0; vs->page && page < vs->pages; page++) {
		unsigned char *ptr = (unsigned char *)vs->base + page * rig->page;

		if (quire_vpage_size(vs, ptr))
			assert_ok(quire_vpage_free(vs, ptr));
	}
}

static void end_space(struct rig *rig, struct quire_vspace *vs)
{
	if (!vs->mmu)
		return;
	end_pages(rig, vs);
	assert_int_equal(vs->ledger.used, 0);
	assert_ok(quire_vspace_fini(vs));
	assert_sound(quire_vspace_check(vs));
}

static void end_ground(struct rig *rig)
{
	if (rig->model) {
		assert_int_equal(atomic_load(&rig->model->free_frames), FRAMES);
		test_mmu_fini(rig->model);
	} else {
		assert_int_equal(rig->mmu->available(rig->mmu), FRAMES);
		quire_linux_fini(rig->port);
	}
}

void rig_close(struct rig *rig)
{
	rig_heal(rig);
	end_heap(&rig->table);
	end_heap(&rig->spanning);
	end_heap(&rig->elastic);
	end_heap(&rig->brief);
	end_heap(&rig->made);
	end_region(rig->vr);
	end_region(rig->lazy);
	end_region(rig->asleep);
	end_region(rig->created);
	end_space(rig, &rig->vs);
	end_space(rig, &rig->side);
	end_space(rig, &rig->more);
	for (size_t i = 0; i < rig->storages; i++)
		test_storage_fini(&rig->storage[i]);
	heap_archive_free(&rig->archive);
	heap_archive_free(&rig->spare_archive);
	end_ground(rig);
}
