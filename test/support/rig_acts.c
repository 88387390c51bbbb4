/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rig_acts: every public call of the layers that stand on a vspace, at least once, and more often where
 * it can reach the driver in several ways.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/rig.h"

/* The reason of a call that answers with a pointer. */
static int32_t got(struct rig *rig, const void *ptr)
{
	return ptr ? QUIRE_OK : test_observer_last(&rig->observer, QUIRE_EVENT_FAIL).why;
}

/* The answer of a call that only looks. */
static int32_t right(bool answer)
{
	assert_true(answer);
	return QUIRE_OK;
}

static int32_t holds(struct rig *rig, bool expected)
{
	(void)rig;
	return expected ? QUIRE_OK : QUIRE_EINVAL;
}

static unsigned char *piece(struct rig *rig, enum rig_piece which)
{
	return rig->piece[which].ptr;
}

/* The piece is gone. */
static int32_t ended(struct rig *rig, enum rig_piece which, int32_t status)
{
	if (!status)
		rig->piece[which].ptr = NULL;
	return status;
}

/* The piece has so many bytes now that it was filled with. */
static int32_t shorter(struct rig *rig, enum rig_piece which, size_t bytes, int32_t status)
{
	if (!status)
		rig->piece[which].bytes = bytes;
	return status;
}

/* ---- vspace ---------------------------------------------------------------------------------- */

static int32_t vspace_init(struct rig *rig)
{
	struct test_storage *storage = &rig->storage[rig->storages];
	struct quire_vspace_config config = {
		.mmu = rig->mmu,
		.base = rig->window + 184 * rig->page,
		.pages = 8,
		.physical_pages = 8,
		.observer = &rig->observer.observer,
	};
	int32_t status;

	test_storage_init(storage, QUIRE_VSPACE_STORAGE(8, 0), rig->model);
	config.storage = storage->memory;
	config.storage_bytes = storage->bytes;
	status = quire_vspace_init(&rig->more, &config);
	rig->storages++;
	return status;
}

static int32_t vspace_fini(struct rig *rig)
{
	return quire_vspace_fini(&rig->side);
}

static int32_t vspace_admit(struct rig *rig)
{
	return quire_vspace_admit(&rig->vs, &rig->newcomer, 5, 10);
}

static int32_t vspace_change(struct rig *rig)
{
	return quire_vspace_change(&rig->vs, &rig->payer, 12, 70);
}

static int32_t vspace_dismiss(struct rig *rig)
{
	return quire_vspace_dismiss(&rig->vs, &rig->idle);
}

static int32_t vspace_is_mapped(struct rig *rig)
{
	return right(quire_vspace_is_mapped(&rig->vs, piece(rig, RIG_PLAIN)));
}

static int32_t vspace_trim(struct rig *rig)
{
	return quire_vspace_trim(&rig->side);
}

static int32_t vspace_set_mover(struct rig *rig)
{
	return quire_vspace_set_mover(&rig->vs, &rig->idle, &rig->mover);
}

static int32_t vspace_evacuate(struct rig *rig)
{
	size_t moved;
	int32_t status = quire_vspace_evacuate(&rig->vs, 20, &moved);

	return status == QUIRE_EBUSY ? QUIRE_OK : status; /* no bank is worth it any more */
}

static int32_t vspace_save_power(struct rig *rig)
{
	size_t moved;

	return quire_vspace_save_power(&rig->vs, 100, &moved);
}

/* All of it comes back, whatever failed before. */
static void restore_all(struct rig *rig)
{
	heap_archive_rewind(&rig->spare_archive);
	assert_ok(quire_vspace_restore(&rig->vs, &rig->spare_archive.archive));
	rig_check_contents(rig, 0);
}

static int32_t save_all(struct rig *rig)
{
	rig->spare_archive.bytes = 0;
	return quire_vspace_save(&rig->vs, &rig->spare_archive.archive);
}

/* It is brought back before anybody looks. */
static int32_t vspace_save(struct rig *rig)
{
	int32_t status = save_all(rig);

	if (status)
		return status;
	rig_heal(rig);
	restore_all(rig);
	return QUIRE_OK;
}

/* From interrupt context there is nothing saved to restore. */
static int32_t vspace_restore(struct rig *rig)
{
	struct rig_faults faults = rig->faults;
	int32_t status;

	rig_heal(rig);
	status = save_all(rig);
	if (status != QUIRE_ECONTEXT)
		assert_ok(status);
	rig_arm(rig, &faults);
	heap_archive_rewind(&rig->spare_archive);
	return quire_vspace_restore(&rig->vs, &rig->spare_archive.archive);
}

static int32_t vspace_stats(struct rig *rig)
{
	struct quire_vspace_stats stats;

	quire_vspace_stats(&rig->vs, &stats);
	return right(stats.held > 0);
}

static int32_t vspace_check(struct rig *rig)
{
	return right(!quire_vspace_check(&rig->vs));
}

/* ---- vpage ----------------------------------------------------------------------------------- */

static int32_t vpage_set_aside(struct rig *rig)
{
	return quire_vpage_set_aside(&rig->vs, &rig->idle, 6);
}

static int32_t vpage_set_aside_less(struct rig *rig)
{
	return quire_vpage_set_aside(&rig->vs, &rig->payer, 0);
}

static int32_t vpage_alloc(struct rig *rig)
{
	return got(rig, quire_vpage_alloc(&rig->vs, 7, QUIRE_RW));
}

static int32_t vpage_alloc_read_only(struct rig *rig)
{
	return got(rig, quire_vpage_alloc(&rig->vs, 2, QUIRE_READ));
}

static int32_t vpage_alloc_user(struct rig *rig)
{
	return got(rig, quire_vpage_alloc(&rig->vs, 3, QUIRE_RX | QUIRE_USER));
}

/* Behind the piece that is followed by free addresses. */
static int32_t vpage_alloc_at(struct rig *rig)
{
	unsigned char *at = piece(rig, RIG_PLAIN) + 5 * rig->page;

	return got(rig, quire_vpage_alloc_at(&rig->vs, at, 3, QUIRE_RW));
}

static int32_t vpage_reserve(struct rig *rig)
{
	return got(rig, quire_vpage_reserve(&rig->vs, 6));
}

static int32_t request_pages(struct rig *rig, struct quire_request *request, uint32_t prot)
{
	void *ptr = quire_vpage_request(&rig->vs, request, prot);

	assert_int_equal(!ptr, request->why != QUIRE_OK);
	assert_int_equal(!ptr, request->granted == 0);
	return request->why;
}

static int32_t vpage_request_guard(struct rig *rig)
{
	struct quire_request request = { .size = 3 * rig->page,
					 .flags = QUIRE_GUARD,
					 .budget = &rig->payer };

	return request_pages(rig, &request, QUIRE_RW);
}

static int32_t vpage_request_range(struct rig *rig)
{
	struct quire_request request = { .size = 400 * rig->page,
					 .min = 2 * rig->page,
					 .step = 3 * rig->page,
					 .align = 4 * rig->page };

	return request_pages(rig, &request, QUIRE_RX);
}

static int32_t vpage_would_fit(struct rig *rig)
{
	struct quire_request request = { .size = 3 * rig->page };

	return right(quire_vpage_would_fit(&rig->vs, &request) > 0);
}

static int32_t vpage_commit(struct rig *rig)
{
	return quire_vpage_commit(&rig->vs, piece(rig, RIG_PATCH) + 2 * rig->page, 1, QUIRE_RW,
				  &rig->guest);
}

static int32_t decommit(struct rig *rig)
{
	return quire_vpage_decommit(&rig->vs, piece(rig, RIG_PATCH), 8);
}

static int32_t vpage_decommit(struct rig *rig)
{
	return ended(rig, RIG_PATCH, decommit(rig));
}

static int32_t vpage_resize_longer(struct rig *rig)
{
	return quire_vpage_resize(&rig->vs, piece(rig, RIG_PLAIN), 8);
}

static int32_t vpage_resize_longer_guarded(struct rig *rig)
{
	return quire_vpage_resize(&rig->vs, piece(rig, RIG_GUARDED), 5);
}

static int32_t vpage_resize_shorter(struct rig *rig)
{
	return shorter(rig, RIG_PLAIN, 2 * rig->page,
		       quire_vpage_resize(&rig->vs, piece(rig, RIG_PLAIN), 2));
}

static int32_t vpage_resize_shorter_guarded(struct rig *rig)
{
	return shorter(rig, RIG_GUARDED, rig->page,
		       quire_vpage_resize(&rig->vs, piece(rig, RIG_GUARDED), 1));
}

static int32_t vpage_protect(struct rig *rig)
{
	return quire_vpage_protect(&rig->vs, piece(rig, RIG_MIXED), 6, QUIRE_READ);
}

static int32_t vpage_protect_writable(struct rig *rig)
{
	return quire_vpage_protect(&rig->vs, piece(rig, RIG_MIXED), 6, QUIRE_RW);
}

static int32_t vpage_free_plain(struct rig *rig)
{
	return ended(rig, RIG_PLAIN, quire_vpage_free(&rig->vs, piece(rig, RIG_PLAIN)));
}

static int32_t vpage_free_patch(struct rig *rig)
{
	return ended(rig, RIG_PATCH, quire_vpage_free(&rig->vs, piece(rig, RIG_PATCH)));
}

static int32_t vpage_free_guarded(struct rig *rig)
{
	return ended(rig, RIG_GUARDED, quire_vpage_free(&rig->vs, piece(rig, RIG_GUARDED)));
}

static int32_t vpage_free_mixed(struct rig *rig)
{
	return ended(rig, RIG_MIXED, quire_vpage_free(&rig->vs, piece(rig, RIG_MIXED)));
}

static int32_t vpage_size(struct rig *rig)
{
	return holds(rig, quire_vpage_size(&rig->vs, piece(rig, RIG_PLAIN)) == 5);
}

static int32_t vpage_owner(struct rig *rig)
{
	unsigned char *ptr = piece(rig, RIG_PLAIN);

	return right(quire_vpage_owner(&rig->vs, ptr + 3 * rig->page, NULL) == ptr);
}

/* After an unmap that failed: every other call is refused, and the free succeeds. */
static void only_free_is_left(struct rig *rig, enum rig_piece which)
{
	unsigned char *ptr = piece(rig, which);
	size_t pages = quire_vpage_size(&rig->vs, ptr);

	assert_status(quire_vpage_decommit(&rig->vs, ptr, 1), QUIRE_EFREE);
	assert_status(quire_vpage_protect(&rig->vs, ptr, 1, QUIRE_READ), QUIRE_EFREE);
	assert_status(quire_vpage_resize(&rig->vs, ptr, 1), QUIRE_EFREE);
	assert_status(quire_vpage_resize(&rig->vs, ptr, pages + 1), QUIRE_EFREE);
	assert_ok(ended(rig, which, quire_vpage_free(&rig->vs, ptr)));
}

static void free_plain(struct rig *rig)
{
	only_free_is_left(rig, RIG_PLAIN);
}

static void free_guarded(struct rig *rig)
{
	only_free_is_left(rig, RIG_GUARDED);
}

static void free_patch(struct rig *rig)
{
	only_free_is_left(rig, RIG_PATCH);
}

/* ---- vmh ------------------------------------------------------------------------------------- */

static int32_t vmh_storage_needed(struct rig *rig)
{
	struct quire_vmh_config config = { .window = 4 * rig->page };

	return right(quire_vmh_storage_needed(rig->mmu, &config) > 0);
}

static int32_t vmh_init(struct rig *rig)
{
	struct test_storage *storage = &rig->storage[rig->storages];
	struct quire_vmh_config config = { .window = 4 * rig->page };
	int32_t status;

	test_storage_init(storage, quire_vmh_storage_needed(rig->mmu, &config), rig->model);
	config.storage = storage->memory;
	config.storage_bytes = storage->bytes;
	status = quire_vmh_init(&rig->made, &rig->vs, &config);
	rig->storages++;
	return status;
}

static int32_t vmh_fini(struct rig *rig)
{
	int32_t status = quire_vmh_fini(&rig->brief);

	if (!status)
		rig->brief.vs = NULL;
	return status;
}

static int32_t vmh_alloc(struct rig *rig)
{
	return got(rig, quire_vmh_alloc(&rig->elastic, 5 * rig->page));
}

static int32_t vmh_alloc_shared(struct rig *rig)
{
	return got(rig, quire_vmh_alloc(&rig->elastic, 9 * rig->page / 4));
}

static int32_t vmh_alloc_block(struct rig *rig)
{
	return got(rig, quire_vmh_alloc(&rig->table, 2 * rig->page));
}

static int32_t vmh_alloc_span(struct rig *rig)
{
	return got(rig, quire_vmh_alloc(&rig->spanning, 3 * rig->page));
}

static int32_t vmh_aligned_alloc(struct rig *rig)
{
	return got(rig, quire_vmh_aligned_alloc(&rig->elastic, 2 * rig->page, 3 * rig->page));
}

static int32_t vmh_alloc_range(struct rig *rig)
{
	size_t granted;
	void *ptr = quire_vmh_alloc_range(&rig->elastic, 2 * rig->page, 90 * rig->page, &granted);

	assert_int_equal(!ptr, granted == 0);
	return got(rig, ptr);
}

static int32_t request_run(struct rig *rig, struct quire_request *request)
{
	void *ptr = quire_vmh_request(&rig->elastic, request);

	assert_int_equal(!ptr, request->why != QUIRE_OK);
	assert_int_equal(!ptr, request->granted == 0);
	return request->why;
}

static int32_t vmh_request_own_pages(struct rig *rig)
{
	struct quire_request request = { .size = 3 * rig->page / 2, .flags = QUIRE_OWN_PAGES };

	return request_run(rig, &request);
}

static int32_t vmh_request_of_guest(struct rig *rig)
{
	struct quire_request request = { .size = 2 * rig->page, .budget = &rig->guest };

	return request_run(rig, &request);
}

/* Behind the last run but one: free, and in a page that is held already. */
static int32_t vmh_alloc_at(struct rig *rig)
{
	unsigned char *at = piece(rig, RIG_NEXT_RUN) + rig->page;

	return got(rig, quire_vmh_alloc_at(&rig->elastic, at, 2 * rig->page));
}

static int32_t vmh_would_fit(struct rig *rig)
{
	struct quire_request request = { .size = rig->page };

	return right(quire_vmh_would_fit(&rig->elastic, &request) > 0);
}

static int32_t vmh_resize_longer(struct rig *rig)
{
	return quire_vmh_resize(&rig->elastic, piece(rig, RIG_NEXT_RUN), 3 * rig->page);
}

static int32_t vmh_resize_longer_block(struct rig *rig)
{
	return quire_vmh_resize(&rig->table, piece(rig, RIG_BIG_BLOCK), 5 * rig->page / 2);
}

static int32_t vmh_resize_longer_span(struct rig *rig)
{
	return quire_vmh_resize(&rig->spanning, piece(rig, RIG_NEXT_SPAN), 3 * rig->page);
}

static int32_t vmh_resize_shorter(struct rig *rig)
{
	return shorter(rig, RIG_LONG_RUN, rig->page / 2,
		       quire_vmh_resize(&rig->elastic, piece(rig, RIG_LONG_RUN), rig->page / 2));
}

static int32_t vmh_resize_shorter_block(struct rig *rig)
{
	return shorter(rig, RIG_BIG_BLOCK, 100,
		       quire_vmh_resize(&rig->table, piece(rig, RIG_BIG_BLOCK), 100));
}

static int32_t vmh_resize_shorter_own(struct rig *rig)
{
	return shorter(rig, RIG_OWN_RUN, 10,
		       quire_vmh_resize(&rig->elastic, piece(rig, RIG_OWN_RUN), 10));
}

static int32_t vmh_resize_range(struct rig *rig)
{
	size_t granted;
	int32_t status = quire_vmh_resize_range(&rig->elastic, piece(rig, RIG_NEXT_RUN),
						2 * rig->page, 80 * rig->page, &granted);

	assert_int_equal(granted == 0, status != QUIRE_OK);
	return status;
}

static int32_t free_run(struct rig *rig, enum rig_piece which)
{
	return ended(rig, which, quire_vmh_free(&rig->elastic, piece(rig, which)));
}

static int32_t vmh_free(struct rig *rig)
{
	return free_run(rig, RIG_LONG_RUN);
}

static int32_t vmh_free_shared(struct rig *rig)
{
	return free_run(rig, RIG_NEXT_RUN);
}

static int32_t vmh_free_own(struct rig *rig)
{
	return free_run(rig, RIG_OWN_RUN);
}

static int32_t vmh_free_of_guest(struct rig *rig)
{
	return free_run(rig, RIG_GUEST_RUN);
}

static int32_t vmh_free_block(struct rig *rig)
{
	return ended(rig, RIG_BIG_BLOCK, quire_vmh_free(&rig->table, piece(rig, RIG_BIG_BLOCK)));
}

static int32_t vmh_free_span(struct rig *rig)
{
	return ended(rig, RIG_SPAN, quire_vmh_free(&rig->spanning, piece(rig, RIG_SPAN)));
}

static int32_t vmh_usable_size(struct rig *rig)
{
	return right(quire_vmh_usable_size(&rig->elastic, piece(rig, RIG_RUN)) >=
		     rig->piece[RIG_RUN].bytes);
}

static int32_t vmh_set_aside(struct rig *rig)
{
	return quire_vmh_set_aside(&rig->elastic, &rig->idle, rig->page, 64);
}

static int32_t vmh_contains(struct rig *rig)
{
	return right(quire_vmh_contains(&rig->elastic, piece(rig, RIG_RUN)));
}

static int32_t vmh_next(struct rig *rig)
{
	struct quire_vmh_extent extent;

	return right(quire_vmh_next(&rig->elastic, NULL, &extent));
}

static int32_t vmh_stats(struct rig *rig)
{
	struct quire_vmh_stats stats;

	quire_vmh_stats(&rig->elastic, &stats);
	return right(stats.allocations > 0);
}

static int32_t vmh_bundle_stats(struct rig *rig)
{
	struct quire_bundle_stats stats;

	return right(quire_vmh_bundle_stats(&rig->table, 2, &stats));
}

static int32_t vmh_check(struct rig *rig)
{
	return right(!quire_vmh_check(&rig->elastic));
}

static void settle_in(struct rig *rig, struct quire_vmh *heap, enum rig_piece which)
{
	unsigned char *ptr = piece(rig, which);

	assert_status(quire_vmh_resize(heap, ptr, 1), QUIRE_EFREE);
	assert_status(quire_vmh_resize(heap, ptr, 4 * rig->page), QUIRE_EFREE);
	assert_ok(ended(rig, which, quire_vmh_free(heap, ptr)));
}

static void free_long_run(struct rig *rig)
{
	settle_in(rig, &rig->elastic, RIG_LONG_RUN);
}

static void free_own_run(struct rig *rig)
{
	settle_in(rig, &rig->elastic, RIG_OWN_RUN);
}

static void free_big_block(struct rig *rig)
{
	settle_in(rig, &rig->table, RIG_BIG_BLOCK);
}

/* ---- vregion --------------------------------------------------------------------------------- */

static int32_t vregion_create(struct rig *rig)
{
	struct test_storage *storage = &rig->storage[rig->storages];
	struct quire_vregion_config config = { .lifetime = 2 * rig->page,
					       .interim = 2 * rig->page };
	int32_t why = QUIRE_OK;

	test_storage_init(storage, QUIRE_VREGION_STORAGE(2 * rig->page, 64), rig->model);
	config.storage = storage->memory;
	config.storage_bytes = storage->bytes;
	rig->created = quire_vregion_create(&rig->vs, &config, &why);
	rig->storages++;
	return why;
}

static int32_t vregion_get(struct rig *rig)
{
	return quire_vregion_get(rig->vr) == rig->vr ? QUIRE_OK : QUIRE_ECONTEXT;
}

static int32_t vregion_put(struct rig *rig)
{
	int32_t status = quire_vregion_put(rig->vr);

	if (status)
		return status;
	for (size_t i = RIG_LIFE; i <= RIG_NEXT_SCRATCH; i++)
		rig->piece[i].ptr = NULL;
	rig->deep.base = NULL;
	return QUIRE_OK;
}

static int32_t vregion_put_asleep(struct rig *rig)
{
	return quire_vregion_put(rig->asleep);
}

static int32_t vregion_seal(struct rig *rig)
{
	return quire_vregion_seal(rig->vr);
}

static int32_t vregion_seal_lazy(struct rig *rig)
{
	return quire_vregion_seal(rig->lazy);
}

static int32_t vregion_reset_interim(struct rig *rig)
{
	int32_t status = quire_vregion_reset_interim(rig->vr);

	if (status)
		return status;
	rig->piece[RIG_SCRATCH].ptr = rig->piece[RIG_NEXT_SCRATCH].ptr = NULL;
	rig->deep.base = NULL;
	return QUIRE_OK;
}

static int32_t vregion_protect(struct rig *rig)
{
	return quire_vregion_protect(rig->vr, QUIRE_LIFETIME, QUIRE_READ);
}

static int32_t vregion_protect_interim(struct rig *rig)
{
	return quire_vregion_protect(rig->vr, QUIRE_INTERIM, QUIRE_READ);
}

static int32_t vregion_alloc_text(struct rig *rig)
{
	return got(rig, quire_vregion_alloc(rig->vr, QUIRE_TEXT, 2 * rig->page, 0));
}

static int32_t vregion_alloc_shared(struct rig *rig)
{
	return got(rig, quire_vregion_alloc(rig->vr, QUIRE_SHARED, rig->page, 0));
}

static int32_t vregion_alloc_lifetime(struct rig *rig)
{
	return got(rig, quire_vregion_alloc(rig->vr, QUIRE_LIFETIME, 3 * rig->page, 0));
}

static int32_t vregion_alloc_interim(struct rig *rig)
{
	return got(rig, quire_vregion_alloc(rig->vr, QUIRE_INTERIM, 2 * rig->page, 0));
}

static int32_t vregion_request(struct rig *rig)
{
	struct quire_request request = { .size = 50 * rig->page, .min = 2 * rig->page };
	void *ptr = quire_vregion_request(rig->vr, QUIRE_LIFETIME, &request);

	assert_int_equal(!ptr, request.granted == 0);
	return request.why;
}

static int32_t vregion_would_fit(struct rig *rig)
{
	struct quire_request request = { .size = rig->page };

	return right(quire_vregion_would_fit(rig->vr, QUIRE_INTERIM, &request) > 0);
}

static int32_t vregion_alloc_coherent(struct rig *rig)
{
	return got(rig, quire_vregion_alloc_coherent(rig->vr, QUIRE_SHARED, 2 * rig->page, 0));
}

static int32_t resize_in_region(struct rig *rig, enum rig_piece which, size_t bytes)
{
	size_t granted;
	int32_t status = quire_vregion_resize(rig->vr, piece(rig, which), bytes, bytes, &granted);

	assert_int_equal(granted, status ? 0 : bytes);
	return status;
}

static int32_t vregion_resize_lifetime(struct rig *rig)
{
	return resize_in_region(rig, RIG_LIFE, 4 * rig->page);
}

static int32_t vregion_resize_lifetime_shorter(struct rig *rig)
{
	return shorter(rig, RIG_LIFE, 64, resize_in_region(rig, RIG_LIFE, 64));
}

static int32_t vregion_resize_interim(struct rig *rig)
{
	size_t granted;

	return quire_vregion_resize(rig->vr, rig->deep.base, 3 * rig->page, 4 * rig->page,
				    &granted);
}

static int32_t vregion_resize_interim_shorter(struct rig *rig)
{
	return shorter(rig, RIG_SCRATCH, 64, resize_in_region(rig, RIG_SCRATCH, 64));
}

static int32_t vregion_free(struct rig *rig)
{
	return ended(rig, RIG_SCRATCH, quire_vregion_free(rig->vr, piece(rig, RIG_SCRATCH)));
}

static int32_t vregion_free_lifetime(struct rig *rig)
{
	return ended(rig, RIG_LIFE, quire_vregion_free(rig->vr, piece(rig, RIG_LIFE)));
}

static int32_t vregion_usable_size(struct rig *rig)
{
	return right(quire_vregion_usable_size(rig->vr, piece(rig, RIG_SCRATCH)) > 0);
}

static int32_t vregion_contains(struct rig *rig)
{
	return right(quire_vregion_contains(rig->vr, piece(rig, RIG_LIFE)));
}

static int32_t vregion_info(struct rig *rig)
{
	struct quire_vregion_info info;

	quire_vregion_info(rig->vr, &info);
	return right(info.users == 1);
}

static int32_t vregion_save(struct rig *rig)
{
	int32_t status;

	rig->spare_archive.bytes = 0;
	status = quire_vregion_save(rig->vr, &rig->spare_archive.archive);
	if (!status) {
		for (size_t i = RIG_LIFE; i <= RIG_NEXT_SCRATCH; i++)
			rig->piece[i].ptr = NULL;
		rig->deep.base = NULL;
	}
	return status;
}

/* It is saved, and some of it was not unmapped: it comes back all the same. */
static void restore_open(struct rig *rig)
{
	heap_archive_rewind(&rig->spare_archive);
	assert_ok(quire_vregion_restore(rig->vr, &rig->spare_archive.archive));
	rig_check_contents(rig, 0);
}

static int32_t vregion_restore(struct rig *rig)
{
	heap_archive_rewind(&rig->archive);
	return quire_vregion_restore(rig->asleep, &rig->archive.archive);
}

static int32_t vregion_check(struct rig *rig)
{
	return right(!quire_vregion_check(rig->vr));
}

static void free_scratch(struct rig *rig)
{
	settle_in(rig, &rig->vr->interim, RIG_SCRATCH);
}

/* ---- buffer ---------------------------------------------------------------------------------- */

static int32_t buffer_on_vmh(struct rig *rig)
{
	return right(quire_buffer_on_vmh(&rig->elastic).heap == &rig->elastic);
}

static int32_t buffer_on_vregion(struct rig *rig)
{
	return right(quire_buffer_on_vregion(rig->vr).region == rig->vr);
}

static int32_t buffer_create(struct rig *rig)
{
	struct quire_buffer_source source = quire_buffer_on_vmh(&rig->elastic);
	struct quire_request wanted = { .size = 3 * rig->page };

	return quire_buffer_create(&rig->fresh, &source, &wanted);
}

static int32_t buffer_create_in_region(struct rig *rig)
{
	struct quire_buffer_source source = quire_buffer_on_vregion(rig->vr);
	struct quire_request wanted = { .size = 2 * rig->page };

	return quire_buffer_create(&rig->fresh, &source, &wanted);
}

static int32_t buffer_destroy(struct rig *rig)
{
	return quire_buffer_destroy(&rig->ring);
}

static int32_t buffer_resize_longer(struct rig *rig)
{
	return quire_buffer_resize(&rig->ring, 4 * rig->page, 4 * rig->page);
}

static int32_t buffer_resize_moving(struct rig *rig)
{
	return quire_buffer_resize(&rig->ring, 7 * rig->page, 7 * rig->page);
}

static int32_t buffer_resize_shorter(struct rig *rig)
{
	return quire_buffer_resize(&rig->ring, 64, 64);
}

static void destroy_ring(struct rig *rig)
{
	assert_ok(quire_buffer_destroy(&rig->ring));
	assert_status(quire_buffer_destroy(&rig->ring), QUIRE_EFREE);
}

static int32_t buffer_size(struct rig *rig)
{
	return right(quire_buffer_size(&rig->ring) == 2 * rig->page);
}

static int32_t buffer_level(struct rig *rig)
{
	return right(quire_buffer_level(&rig->ring) == 64);
}

static int32_t buffer_space(struct rig *rig)
{
	return right(quire_buffer_space(&rig->ring) == 2 * rig->page - 64);
}

static int32_t buffer_free_span(struct rig *rig)
{
	size_t bytes;

	return right(quire_buffer_free_span(&rig->ring, &bytes) != NULL);
}

static int32_t buffer_data_span(struct rig *rig)
{
	size_t bytes;

	return right(quire_buffer_data_span(&rig->ring, &bytes) != NULL);
}

/* These four bring the ring back to what it held, or to nothing. */
static int32_t buffer_write(struct rig *rig)
{
	return right(quire_buffer_write(&rig->ring, "", 0) == 0);
}

static int32_t buffer_read(struct rig *rig)
{
	unsigned char none;

	return right(quire_buffer_read(&rig->ring, &none, 0) == 0);
}

static int32_t buffer_produce(struct rig *rig)
{
	return quire_buffer_produce(&rig->ring, 0);
}

static int32_t buffer_consume(struct rig *rig)
{
	return quire_buffer_consume(&rig->ring, 0);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define REGION_PIECES  (RIG_BIT(RIG_LIFE) | RIG_BIT(RIG_SHARED) | RIG_BIT(RIG_CODE) | SCRATCH_PIECES)
#define SCRATCH_PIECES (RIG_BIT(RIG_SCRATCH) | RIG_BIT(RIG_NEXT_SCRATCH) | RIG_BIT(RIG_PIECES + 1))
#define RING           RIG_BIT(RIG_PIECES)

/* A call is named once, as it is and as a string. */
#define ACT(call, detail, of_kind, ...)                                                  \
	{                                                                                \
		.function = "quire_" #call, .what = detail, .kind = of_kind, __VA_ARGS__ \
	}
#define LOOKS(call)                    ACT(call, "", RIG_LOOKS, .act = call)
#define NOTES(call, detail, way)       ACT(call, detail, RIG_NOTES, .act = way)
#define MAKES(call, detail, ...)       ACT(call, detail, RIG_MAKES, __VA_ARGS__)
#define ENDS(call, detail, which, ...) ACT(call, detail, RIG_ENDS, .ends = which, __VA_ARGS__)

const struct rig_act rig_acts[] = {
	NOTES(vspace_init, "", vspace_init),
	ENDS(vspace_fini, "with retained pages", 0, .act = vspace_fini, .in_parts = true),
	NOTES(vspace_admit, "", vspace_admit),
	NOTES(vspace_change, "", vspace_change),
	NOTES(vspace_dismiss, "", vspace_dismiss),
	LOOKS(vspace_is_mapped),
	ENDS(vspace_trim, "", 0, .act = vspace_trim, .in_parts = true),
	NOTES(vspace_set_mover, "", vspace_set_mover),
	MAKES(vspace_evacuate, "", .act = vspace_evacuate, .moves = true, .other_ways = true),
	MAKES(vspace_save_power, "", .act = vspace_save_power, .moves = true, .other_ways = true),
	ENDS(vspace_save, "", ~(uint64_t)0, .act = vspace_save, .settle = restore_all,
	     .in_parts = true),
	ENDS(vspace_restore, "", ~(uint64_t)0, .act = vspace_restore, .settle = restore_all,
	     .in_parts = true),
	LOOKS(vspace_stats),
	LOOKS(vspace_check),

	NOTES(vpage_set_aside, "", vpage_set_aside),
	NOTES(vpage_set_aside, "giving up", vpage_set_aside_less),
	MAKES(vpage_alloc, "", .act = vpage_alloc),
	MAKES(vpage_alloc, "read-only", .act = vpage_alloc_read_only),
	MAKES(vpage_alloc, "user code", .act = vpage_alloc_user, .users = true),
	MAKES(vpage_alloc_at, "", .act = vpage_alloc_at),
	NOTES(vpage_reserve, "", vpage_reserve),
	MAKES(vpage_request, "with a guard", .act = vpage_request_guard),
	MAKES(vpage_request, "a range", .act = vpage_request_range),
	LOOKS(vpage_would_fit),
	MAKES(vpage_commit, "", .act = vpage_commit),
	ENDS(vpage_decommit, "", RIG_BIT(RIG_PATCH), .act = vpage_decommit, .settle = free_patch),
	MAKES(vpage_resize, "longer", .act = vpage_resize_longer),
	MAKES(vpage_resize, "longer, guarded", .act = vpage_resize_longer_guarded),
	ENDS(vpage_resize, "shorter", RIG_BIT(RIG_PLAIN), .act = vpage_resize_shorter,
	     .settle = free_plain),
	ENDS(vpage_resize, "shorter, guarded", RIG_BIT(RIG_GUARDED),
	     .act = vpage_resize_shorter_guarded, .settle = free_guarded, .in_parts = true),
	MAKES(vpage_protect, "", .act = vpage_protect, .protects = true),
	MAKES(vpage_protect, "writable", .act = vpage_protect_writable, .protects = true),
	ENDS(vpage_free, "", RIG_BIT(RIG_PLAIN), .act = vpage_free_plain),
	ENDS(vpage_free, "with gaps", RIG_BIT(RIG_PATCH), .act = vpage_free_patch),
	ENDS(vpage_free, "guarded", RIG_BIT(RIG_GUARDED), .act = vpage_free_guarded),
	ENDS(vpage_free, "of many protections", RIG_BIT(RIG_MIXED), .act = vpage_free_mixed),
	LOOKS(vpage_size),
	LOOKS(vpage_owner),

	LOOKS(vmh_storage_needed),
	NOTES(vmh_init, "", vmh_init),
	NOTES(vmh_fini, "", vmh_fini),
	MAKES(vmh_alloc, "", .act = vmh_alloc),
	MAKES(vmh_alloc, "between others", .act = vmh_alloc_shared),
	MAKES(vmh_alloc, "a block", .act = vmh_alloc_block),
	MAKES(vmh_alloc, "spanning blocks", .act = vmh_alloc_span),
	MAKES(vmh_aligned_alloc, "", .act = vmh_aligned_alloc),
	MAKES(vmh_alloc_range, "", .act = vmh_alloc_range),
	MAKES(vmh_request, "own pages", .act = vmh_request_own_pages),
	MAKES(vmh_request, "of another payer", .act = vmh_request_of_guest),
	MAKES(vmh_alloc_at, "", .act = vmh_alloc_at),
	LOOKS(vmh_would_fit),
	MAKES(vmh_resize, "longer", .act = vmh_resize_longer),
	MAKES(vmh_resize, "longer block", .act = vmh_resize_longer_block),
	MAKES(vmh_resize, "longer span", .act = vmh_resize_longer_span),
	ENDS(vmh_resize, "shorter", RIG_BIT(RIG_LONG_RUN), .act = vmh_resize_shorter,
	     .settle = free_long_run),
	ENDS(vmh_resize, "shorter block", RIG_BIT(RIG_BIG_BLOCK), .act = vmh_resize_shorter_block,
	     .settle = free_big_block),
	ENDS(vmh_resize, "shorter, own pages", RIG_BIT(RIG_OWN_RUN), .act = vmh_resize_shorter_own,
	     .settle = free_own_run),
	MAKES(vmh_resize_range, "", .act = vmh_resize_range),
	ENDS(vmh_free, "", RIG_BIT(RIG_LONG_RUN), .act = vmh_free),
	ENDS(vmh_free, "between others", RIG_BIT(RIG_NEXT_RUN), .act = vmh_free_shared),
	ENDS(vmh_free, "own pages", RIG_BIT(RIG_OWN_RUN), .act = vmh_free_own),
	ENDS(vmh_free, "of another payer", RIG_BIT(RIG_GUEST_RUN), .act = vmh_free_of_guest),
	ENDS(vmh_free, "a block", RIG_BIT(RIG_BIG_BLOCK), .act = vmh_free_block),
	ENDS(vmh_free, "a span", RIG_BIT(RIG_SPAN), .act = vmh_free_span),
	LOOKS(vmh_usable_size),
	NOTES(vmh_set_aside, "", vmh_set_aside),
	LOOKS(vmh_contains),
	LOOKS(vmh_next),
	LOOKS(vmh_stats),
	LOOKS(vmh_bundle_stats),
	LOOKS(vmh_check),

	NOTES(vregion_create, "", vregion_create),
	NOTES(vregion_get, "", vregion_get),
	ENDS(vregion_put, "", REGION_PIECES, .act = vregion_put, .in_parts = true),
	NOTES(vregion_put, "asleep", vregion_put_asleep),
	NOTES(vregion_seal, "", vregion_seal),
	NOTES(vregion_seal, "lazy", vregion_seal_lazy),
	ENDS(vregion_reset_interim, "", SCRATCH_PIECES, .act = vregion_reset_interim,
	     .in_parts = true),
	MAKES(vregion_protect, "", .act = vregion_protect, .protects = true),
	MAKES(vregion_protect, "interim", .act = vregion_protect_interim, .protects = true),
	MAKES(vregion_alloc, "text", .act = vregion_alloc_text),
	MAKES(vregion_alloc, "shared", .act = vregion_alloc_shared),
	MAKES(vregion_alloc, "lifetime", .act = vregion_alloc_lifetime),
	MAKES(vregion_alloc, "interim", .act = vregion_alloc_interim),
	MAKES(vregion_request, "a range", .act = vregion_request),
	LOOKS(vregion_would_fit),
	MAKES(vregion_alloc_coherent, "", .act = vregion_alloc_coherent),
	MAKES(vregion_resize, "lifetime", .act = vregion_resize_lifetime),
	NOTES(vregion_resize, "lifetime, shorter", vregion_resize_lifetime_shorter),
	MAKES(vregion_resize, "interim", .act = vregion_resize_interim),
	ENDS(vregion_resize, "interim, shorter", RIG_BIT(RIG_SCRATCH),
	     .act = vregion_resize_interim_shorter, .settle = free_scratch),
	ENDS(vregion_free, "interim", RIG_BIT(RIG_SCRATCH), .act = vregion_free),
	NOTES(vregion_free, "lifetime", vregion_free_lifetime),
	LOOKS(vregion_usable_size),
	LOOKS(vregion_contains),
	LOOKS(vregion_info),
	ENDS(vregion_save, "", REGION_PIECES, .act = vregion_save, .settle = restore_open,
	     .in_parts = true),
	MAKES(vregion_restore, "", .act = vregion_restore, .stays_asleep = true),
	LOOKS(vregion_check),

	LOOKS(buffer_on_vmh),
	LOOKS(buffer_on_vregion),
	MAKES(buffer_create, "", .act = buffer_create),
	MAKES(buffer_create, "in a region", .act = buffer_create_in_region),
	ENDS(buffer_destroy, "", RING, .act = buffer_destroy),
	MAKES(buffer_resize, "longer", .act = buffer_resize_longer, .other_ways = true),
	MAKES(buffer_resize, "moving", .act = buffer_resize_moving, .other_ways = true),
	ENDS(buffer_resize, "shorter", RING, .act = buffer_resize_shorter, .settle = destroy_ring,
	     .in_parts = true),
	LOOKS(buffer_size),
	LOOKS(buffer_level),
	LOOKS(buffer_space),
	LOOKS(buffer_free_span),
	LOOKS(buffer_data_span),
	LOOKS(buffer_produce),
	LOOKS(buffer_consume),
	LOOKS(buffer_write),
	LOOKS(buffer_read),
};

const size_t rig_act_count = TEST_COUNT(rig_acts);

/* ---- is it complete? ------------------------------------------------------------------------- */

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 16);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
	assert_true(feof(file));
	fclose(file);
	return text;
}

/* Comments and directives become blanks, so that what is left is code. */
static void strip(char *text)
{
	for (char *at = text; *at; at++) {
		bool comment = at[0] == '/' && at[1] == '*';
		bool directive = *at == '#' && (at == text || at[-1] == '\n');

		while (comment && !(at[0] == '*' && at[1] == '/'))
			*at++ = ' ';
		while (directive && *at != '\n') {
			*at++ = ' ';
			if (*at == '\n' && at[-1] == ' ' && at[-2] == '\\')
				*at = ' ';
		}
	}
}

static bool is_in_table(const char *name, size_t length)
{
	for (size_t i = 0; i < rig_act_count; i++)
		if (strlen(rig_acts[i].function) == length &&
		    memcmp(rig_acts[i].function, name, length) == 0)
			return true;
	return false;
}

/* Names of Quire before a bracket: that is what a function looks like in a header. */
static size_t check_declared(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
	size_t functions = 0;

	for (const char *at = strstr(text, "quire_"); at; at = strstr(at, "quire_")) {
		size_t length = strspn(at, letters);

		if (at[length] == '(') {
			functions++;
			if (!is_in_table(at, length))
				fail_msg("%.*s has no act", (int)length, at);
		}
		at += length;
	}
	return functions;
}

void rig_check_table(const char *source)
{
	static const char *const headers[] = { "vpage.h", "vmh.h", "vregion.h", "buffer.h" };
	size_t functions = 0;

	for (size_t i = 0; i < TEST_COUNT(headers); i++) {
		char path[1024], *text;

		snprintf(path, sizeof(path), "%s/include/quire/%s", source, headers[i]);
		text = read_whole(path);
		strip(text);
		functions += check_declared(text);
		free(text);
	}
	print_message("# %zu public functions, %zu acts\n", functions, rig_act_count);
	assert_in_range(functions, 70, rig_act_count);
}
