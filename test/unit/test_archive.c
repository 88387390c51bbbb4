/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Saving and restoring a whole vspace: what comes back, what an image must be to be believed, and what
 * is left when it is not.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "quire/flat.h"

#include "support/random.h"
#include "support/touch.h"
#include "support/world.h"

#define SMALL ((size_t)128) /* pages so small that every byte of an image can be altered */

static const struct test_world_config plain = { .page_size = 0 };
static const struct test_world_config small = { .page_size = SMALL };
static const struct test_world_config small_twice = { .page_size = SMALL, .read_twice = true };

/* ---- what comes back ------------------------------------------------------------------------- */

static void everything_comes_back_from_sleep(void **state)
{
	static const struct test_world_config config[] = {
		{ .page_size = 0 },
		{ .not_coherent = true },
		{ .read_twice = true, .not_coherent = true },
		{ .page_size = SMALL, .read_twice = true },
	};
	struct test_world world;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(config); i++) {
		test_world_open(&world, &config[i]);
		for (size_t round = 0; round < 3; round++) {
			assert_ok(test_world_save(&world));
			test_world_assert_asleep(&world);
			assert_ok(test_world_restore(&world));
			test_world_assert_awake(&world);
		}
		test_world_close(&world);
	}
}

static void what_was_read_only_traps_again(void **state)
{
	struct test_world world;

	(void)state;
	test_world_open(&world, &plain);
	assert_ok(test_world_save(&world));
	assert_true(test_read_faults(world.life) && test_read_faults(world.data));
	assert_ok(test_world_restore(&world));
	assert_true(test_write_faults(world.life) && test_write_faults(world.life + world.page));
	assert_true(test_write_faults(world.constants) && test_write_faults(world.code));
	assert_true(test_write_faults(world.reserved + 2 * world.page));
	assert_true(test_read_faults(world.guarded + 2 * world.page));
	assert_false(test_write_faults(world.reserved + world.page));
	assert_false(test_read_faults(world.life));
	test_world_close(&world);
}

static void what_is_used_after_sleep_works_as_before(void **state)
{
	struct test_world world;
	struct quire_vmh *heap;
	unsigned char *more;

	(void)state;
	test_world_open(&world, &plain);
	assert_ok(test_world_save(&world));
	assert_ok(test_world_restore(&world));
	heap = &world.elastic.heap;
	assert_ok(quire_vmh_resize(heap, world.stream, 5 * world.page));
	test_fill(world.stream, 5 * world.page, 1);
	more = quire_vmh_alloc(heap, world.page);
	assert_non_null(more);
	assert_ok(quire_vmh_free(heap, more));
	assert_ok(quire_vpage_resize(&world.space.vs, world.data, 1));
	assert_ok(quire_vpage_commit(&world.space.vs, world.reserved, 1, QUIRE_RW, NULL));
	more = quire_vregion_alloc(world.region.vr, QUIRE_INTERIM, world.page, 0);
	assert_non_null(more);
	test_world_close(&world);
}

/* A guarantee that was not used is still one, and addresses set aside are still there. */
static void guarantees_are_kept_through_sleep(void **state)
{
	struct quire_request request = { .size = 3 * 4096 };
	struct test_world world;
	void *ptr;

	(void)state;
	test_world_open(&world, &plain);
	assert_ok(test_world_save(&world));
	assert_ok(test_world_restore(&world));
	while (quire_vpage_alloc(&world.space.vs, 1, QUIRE_RW))
		;
	request.budget = &world.strict;
	ptr = quire_vpage_request(&world.space.vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	test_world_discard(&world);
}

static void a_region_that_slept_already_sleeps_on(void **state)
{
	struct test_world world;

	(void)state;
	test_world_open(&world, &plain);
	assert_ok(test_world_save(&world));
	heap_archive_rewind(&world.nap);
	assert_status(quire_vregion_restore(world.sleeper.vr, &world.nap.archive), QUIRE_ESTATE);
	test_world_assert_asleep(&world);
	assert_ok(test_world_restore(&world));
	test_world_assert_awake(&world);
	test_world_close(&world); /* which wakes the region, from the image that it had */
}

static void an_empty_vspace_can_sleep_too(void **state)
{
	struct test_space space;
	struct heap_archive archive;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	heap_archive_init(&archive, 1000);
	assert_ok(quire_vspace_save(&space.vs, &archive.archive));
	assert_null(quire_vpage_alloc(&space.vs, 1, QUIRE_RW));
	assert_ok(quire_vspace_restore(&space.vs, &archive.archive));
	ptr = quire_vpage_alloc(&space.vs, 1, QUIRE_RW);
	assert_non_null(ptr);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	heap_archive_free(&archive);
	test_space_fini(&space);
}

/* ---- what sleeps ----------------------------------------------------------------------------- */

static void expect_state(struct quire_request *request, const void *ptr)
{
	assert_null(ptr);
	assert_status(request->why, QUIRE_ESTATE);
	request->budget = NULL;
}

static void vpage_answers_with_the_state(struct test_world *world)
{
	struct quire_vspace *vs = &world->space.vs;
	struct quire_request request = { .size = 100 };
	struct quire_mover mover = { NULL, NULL };

	(void)mover;
	expect_state(&request, quire_vpage_request(vs, &request, QUIRE_RW));
	assert_null(quire_vpage_alloc(vs, 1, QUIRE_RW));
	assert_null(quire_vpage_reserve(vs, 1));
	assert_null(quire_vpage_alloc_at(vs, world->guarded + 2 * world->page, 1, QUIRE_RW));
	assert_status(quire_vpage_commit(vs, world->reserved, 1, QUIRE_RW, NULL), QUIRE_ESTATE);
	assert_status(quire_vpage_decommit(vs, world->data, 1), QUIRE_ESTATE);
	assert_status(quire_vpage_resize(vs, world->data, 1), QUIRE_ESTATE);
	assert_status(quire_vpage_resize(vs, world->reserved, 3), QUIRE_ESTATE);
	assert_status(quire_vpage_protect(vs, world->data, 1, QUIRE_READ), QUIRE_ESTATE);
	assert_status(quire_vpage_free(vs, world->data), QUIRE_ESTATE);
	assert_status(quire_vpage_free(vs, world->reserved), QUIRE_ESTATE);
	assert_status(quire_vpage_free(vs, world->condemned), QUIRE_ESTATE);
	assert_status(quire_vspace_trim(vs), QUIRE_ESTATE);
	assert_status(quire_vspace_fini(vs), QUIRE_ESTATE);
	assert_status(quire_vspace_save(vs, &world->archive.archive), QUIRE_ESTATE);
	assert_ptr_equal(quire_vpage_owner(vs, world->data + world->page, NULL), world->data);
	assert_int_equal(quire_vpage_size(vs, world->data), 2);
}

static void heaps_answer_with_the_state(struct test_world *world)
{
	struct quire_vmh *const heaps[] = { &world->table.heap, &world->elastic.heap };
	unsigned char *const lives[] = { world->part, world->stream };
	struct quire_vmh_config config = { .window = world->page,
					   .storage = world->nap.data,
					   .storage_bytes = world->nap.room };
	struct quire_vmh another;
	size_t granted;

	for (size_t i = 0; i < TEST_COUNT(heaps); i++) {
		struct quire_request request = { .size = 100 };

		expect_state(&request, quire_vmh_request(heaps[i], &request));
		request.budget = &world->greedy;
		expect_state(&request, quire_vmh_request(heaps[i], &request));
		assert_null(quire_vmh_alloc(heaps[i], 64));
		assert_null(quire_vmh_aligned_alloc(heaps[i], 64, 64));
		assert_null(quire_vmh_alloc_range(heaps[i], 64, 128, &granted));
		assert_null(quire_vmh_alloc_at(heaps[i], lives[i], 64));
		assert_status(quire_vmh_resize(heaps[i], lives[i], 32), QUIRE_ESTATE);
		assert_status(quire_vmh_free(heaps[i], lives[i]), QUIRE_ESTATE);
		assert_status(quire_vmh_fini(heaps[i]), QUIRE_ESTATE);
		assert_true(quire_vmh_usable_size(heaps[i], lives[i]) >= 32);
	}
	if (!world->config.not_coherent)
		assert_status(quire_vmh_init(&another, &world->space.vs, &config), QUIRE_ESTATE);
}

static void regions_answer_with_the_state(struct test_world *world)
{
	struct quire_vregion *vr = world->region.vr;
	struct quire_request request = { .size = 10 };
	struct quire_vregion_config config = { .lifetime = world->page };
	struct test_region another;
	size_t granted;

	expect_state(&request, quire_vregion_request(vr, QUIRE_INTERIM, &request));
	expect_state(&request, quire_vregion_request(vr, QUIRE_LIFETIME, &request));
	assert_null(quire_vregion_alloc(vr, QUIRE_SHARED, 1, 0));
	assert_null(quire_vregion_alloc_coherent(vr, QUIRE_INTERIM, 1, 0));
	assert_status(quire_vregion_free(vr, world->scratch), QUIRE_ESTATE);
	assert_status(quire_vregion_free(vr, world->life), QUIRE_ESTATE);
	assert_status(quire_vregion_resize(vr, world->scratch, 9, 9, &granted), QUIRE_ESTATE);
	assert_status(quire_vregion_seal(vr), QUIRE_ESTATE);
	assert_status(quire_vregion_reset_interim(vr), QUIRE_ESTATE);
	assert_status(quire_vregion_protect(vr, QUIRE_TEXT, QUIRE_RW), QUIRE_ESTATE);
	assert_status(quire_vregion_save(vr, &world->nap.archive), QUIRE_ESTATE);
	assert_status(quire_vregion_put(vr), QUIRE_ESTATE);
	assert_null(test_region_init(&another, &world->space, &config));
	assert_status(another.why, QUIRE_ESTATE);
}

static void while_it_sleeps_calls_answer_with_its_state_and_change_nothing(void **state)
{
	static const struct test_world_config config[] = { { .page_size = 0 },
							   { .not_coherent = true } };
	struct test_world world;
	unsigned char *copy;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(config); i++) {
		test_world_open(&world, &config[i]);
		assert_status(test_world_restore(&world), QUIRE_ESTATE);
		assert_ok(test_world_save(&world));
		copy = test_world_copy_records(&world);
		vpage_answers_with_the_state(&world);
		regions_answer_with_the_state(&world);
		assert_int_equal(world.space.observer.under_lock, 0);
		test_world_compare_records(&world, copy, true);
		free(copy);
		heaps_answer_with_the_state(&world);
		for (size_t heap = 0; heap < 2; heap++) /* their refusals are counted */
			memset(&(heap ? &world.elastic : &world.table)->heap.refused, 0,
			       sizeof(world.table.heap.refused));
		test_world_assert_asleep(&world);
		assert_ok(test_world_restore(&world));
		test_world_assert_awake(&world);
		test_world_close(&world);
	}
}

/* Where a call only changes records, it is the records that say that it must not. */
static void what_is_served_without_a_lock_is_not_served_in_sleep(void **state)
{
	enum { PAGES = 16, BYTES = 4096 };
	static _Alignas(BYTES) unsigned char memory[PAGES * BYTES], records[3][16384];
	struct quire_flat_config port = { .memory = memory,
					  .pages = PAGES,
					  .page_size = BYTES,
					  .storage = records[0],
					  .storage_bytes = sizeof(records[0]) };
	struct quire_vspace_config config = { .base = memory,
					      .pages = PAGES,
					      .retain = 2,
					      .storage = records[1],
					      .storage_bytes = sizeof(records[1]) };
	struct quire_vregion_config areas = { .lifetime = BYTES,
					      .interim = 2 * BYTES,
					      .storage = records[2],
					      .storage_bytes = sizeof(records[2]) };
	struct quire_flat flat;
	struct quire_vspace vs;
	struct quire_vregion *vr;
	struct heap_archive archive;
	void *life, *interim;

	(void)state;
	assert_ok(quire_flat_init(&flat, &port));
	config.mmu = &flat.mmu;
	assert_ok(quire_vspace_init(&vs, &config));
	vr = quire_vregion_create(&vs, &areas, NULL);
	life = quire_vregion_alloc(vr, QUIRE_LIFETIME, 64, 0);
	interim = quire_vregion_alloc(vr, QUIRE_INTERIM, 64, 0);
	assert_true(vr && life && interim);
	test_fill(life, 64, 1);
	heap_archive_init(&archive, sizeof(memory));
	assert_ok(quire_vspace_save(&vs, &archive.archive));
	memset(memory, 0, sizeof(memory));
	assert_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 64, 0));
	assert_null(quire_vregion_alloc(vr, QUIRE_INTERIM, 64, 0));
	assert_status(quire_vregion_free(vr, interim), QUIRE_ESTATE);
	assert_ok(quire_vspace_restore(&vs, &archive.archive));
	test_assert_filled(life, 64, 1);
	assert_ptr_equal(quire_vregion_alloc(vr, QUIRE_LIFETIME, 64, 0), (char *)life + 64);
	assert_ok(quire_vregion_free(vr, interim));
	assert_ok(quire_vregion_put(vr));
	assert_ok(quire_vspace_fini(&vs));
	heap_archive_free(&archive);
}

static void half_an_archive_is_refused(void **state)
{
	struct quire_archive nothing = { .write = NULL };
	struct test_world world;
	struct quire_vspace *vs = &world.space.vs;

	(void)state;
	assert_status(quire_vspace_save(NULL, &nothing), QUIRE_EINVAL);
	assert_status(quire_vspace_restore(NULL, &nothing), QUIRE_EINVAL);
	test_world_open(&world, &plain);
	assert_status(quire_vspace_save(vs, NULL), QUIRE_EINVAL);
	assert_status(quire_vspace_save(vs, &nothing), QUIRE_EINVAL);
	test_world_assert_awake(&world);
	assert_ok(test_world_save(&world));
	assert_status(quire_vspace_restore(vs, NULL), QUIRE_EINVAL);
	assert_status(quire_vspace_restore(vs, &nothing), QUIRE_EINVAL);
	test_world_assert_asleep(&world);
	assert_ok(test_world_restore(&world));
	test_world_close(&world);
}

static void neither_is_possible_in_interrupt_context(void **state)
{
	struct test_world world;

	(void)state;
	test_world_open(&world, &plain);
	world.space.mmu.interrupt = true;
	assert_status(test_world_save(&world), QUIRE_ECONTEXT);
	world.space.mmu.interrupt = false;
	test_world_assert_awake(&world);
	assert_ok(test_world_save(&world));
	world.space.mmu.interrupt = true;
	assert_status(test_world_restore(&world), QUIRE_ECONTEXT);
	world.space.mmu.interrupt = false;
	assert_ok(test_world_restore(&world));
	test_world_close(&world);
}

static void budgets_can_come_and_go_in_sleep(void **state)
{
	struct quire_budget late = { .limit = 0 };
	struct test_world world;
	void *ptr;
	struct quire_request request = { .size = 100, .budget = &late };

	(void)state;
	test_world_open(&world, &plain);
	assert_ok(test_world_save(&world));
	assert_ok(quire_vspace_admit(&world.space.vs, &late, 5, 6));
	assert_status(quire_vspace_dismiss(&world.space.vs, &world.strict), QUIRE_EBUSY);
	assert_ok(test_world_restore(&world));
	ptr = quire_vpage_request(&world.space.vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	assert_ok(quire_vpage_free(&world.space.vs, ptr));
	assert_ok(quire_vspace_dismiss(&world.space.vs, &late));
	test_world_assert_awake(&world);
	test_world_close(&world);
}

/* ---- images that are not believed ------------------------------------------------------------ */

/* A saved world, its records and its image as they should be. */
struct sleep {
	struct test_world world;
	unsigned char *records;
	size_t whole;
};

static void fall_asleep(struct sleep *sleep, const struct test_world_config *config)
{
	test_world_open(&sleep->world, config);
	assert_ok(test_world_save(&sleep->world));
	sleep->whole = sleep->world.archive.bytes;
	sleep->records = test_world_copy_records(&sleep->world);
}

static void expect_refusal(struct sleep *sleep)
{
	bool twice = sleep->world.config.read_twice;

	assert_status(test_world_restore(&sleep->world), QUIRE_EINVAL);
	test_world_compare_records(&sleep->world, sleep->records, twice);
	assert_int_equal(sleep->world.space.mmu.mapped, 0);
}

static void wake_up(struct sleep *sleep)
{
	test_world_assert_asleep(&sleep->world);
	assert_ok(test_world_restore(&sleep->world));
	test_world_assert_awake(&sleep->world);
	test_world_close(&sleep->world);
	free(sleep->records);
}

static void an_image_that_is_cut_anywhere_is_refused(void **state)
{
	static const struct test_world_config *const config[] = { &small, &small_twice };
	struct sleep sleep;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(config); i++) {
		fall_asleep(&sleep, config[i]);
		for (size_t bytes = 0; bytes < sleep.whole; bytes++) {
			sleep.world.archive.bytes = bytes;
			expect_refusal(&sleep);
		}
		sleep.world.archive.bytes = sleep.whole;
		wake_up(&sleep);
	}
}

static void an_image_that_is_altered_anywhere_is_refused(void **state)
{
	static const struct test_world_config *const config[] = { &small, &small_twice };
	struct test_random random = test_random_seeded(1);
	struct sleep sleep;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(config); i++) {
		fall_asleep(&sleep, config[i]);
		for (size_t at = 0; at < sleep.whole; at++) {
			unsigned char *byte = &sleep.world.archive.data[at];
			unsigned char was = *byte;

			*byte ^= (unsigned char)(1u << at % 8);
			expect_refusal(&sleep);
			*byte = (unsigned char)(was + test_random_between(&random, 1, 255));
			expect_refusal(&sleep);
			*byte = was;
		}
		wake_up(&sleep);
	}
}

/* What a sum that adds does not see: two bits of equal weight, words that changed places, zeros that
 * became ones. */
static void damage_that_cancels_out_in_a_plain_sum_is_seen(void **state)
{
	struct test_random random = test_random_seeded(2);
	struct sleep sleep;
	unsigned char *data, *kept;

	(void)state;
	fall_asleep(&sleep, &small_twice);
	data = sleep.world.archive.data;
	kept = malloc(sleep.whole);
	assert_non_null(kept);
	memcpy(kept, data, sleep.whole);
	for (int round = 0; round < 4000; round++) {
		size_t a = test_random_below(&random, (uint32_t)sleep.whole / 4) * 4;
		size_t b = test_random_below(&random, (uint32_t)sleep.whole / 4) * 4;
		unsigned char bit = (unsigned char)(1u << test_random_below(&random, 8));

		if (round % 2) {
			data[a + 3] ^= bit;
			data[b + 3] ^= bit;
		} else {
			memcpy(data + a, kept + b, 4);
			memcpy(data + b, kept + a, 4);
		}
		if (memcmp(data, kept, sleep.whole))
			expect_refusal(&sleep);
		memcpy(data, kept, sleep.whole);
	}
	memset(data + sleep.whole / 2, 0xff, 64);
	expect_refusal(&sleep);
	memcpy(data, kept, sleep.whole);
	free(kept);
	wake_up(&sleep);
}

/* Refuse the image of this world when it is another. */
static void expect_refusal_of(struct sleep *sleep, const unsigned char *image, size_t bytes)
{
	unsigned char *own = malloc(sleep->whole);

	assert_non_null(own);
	memcpy(own, sleep->world.archive.data, sleep->whole);
	assert_true(bytes <= sleep->world.archive.room);
	memcpy(sleep->world.archive.data, image, bytes);
	sleep->world.archive.bytes = bytes;
	expect_refusal(sleep);
	memcpy(sleep->world.archive.data, own, sleep->whole);
	sleep->world.archive.bytes = sleep->whole;
	free(own);
}

static void an_older_image_is_refused(void **state)
{
	static const struct test_world_config *const config[] = { &small, &small_twice };
	struct sleep sleep;
	unsigned char *older;
	uint64_t calls;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(config); i++) {
		fall_asleep(&sleep, config[i]);
		older = malloc(sleep.whole);
		assert_non_null(older);
		memcpy(older, sleep.world.archive.data, sleep.whole);
		assert_ok(test_world_restore(&sleep.world));
		assert_ok(test_world_save(&sleep.world)); /* nothing has changed but the time */
		free(sleep.records);
		sleep.records = test_world_copy_records(&sleep.world);
		calls = sleep.world.space.mmu.calls[TEST_MAP];
		expect_refusal_of(&sleep, older, sleep.whole);
		assert_int_equal(sleep.world.space.mmu.calls[TEST_MAP], calls); /* by its number */
		free(older);
		wake_up(&sleep);
	}
}

/* After a cold start saves are numbered as they were: then the sum tells. */
static void an_image_of_another_life_with_the_same_number_is_refused(void **state)
{
	static const struct test_world_config *const config[] = { &small, &small_twice };
	struct sleep sleep;
	unsigned char *older;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(config); i++) {
		fall_asleep(&sleep, config[i]);
		older = malloc(sleep.whole);
		assert_non_null(older);
		memcpy(older, sleep.world.archive.data, sleep.whole);
		assert_ok(test_world_restore(&sleep.world));
		sleep.world.space.vs.images--;
		sleep.world.data[0] ^= 1;
		assert_ok(test_world_save(&sleep.world));
		free(sleep.records);
		sleep.records = test_world_copy_records(&sleep.world);
		expect_refusal_of(&sleep, older, sleep.whole);
		free(older);
		assert_ok(test_world_restore(&sleep.world));
		sleep.world.data[0] ^= 1;
		test_world_assert_awake(&sleep.world);
		test_world_close(&sleep.world);
		free(sleep.records);
	}
}

/* In that life pages were held that nobody holds now, or with another protection, or where only a free
 * is left: they are not even mapped for it. */
static void pages_are_mapped_only_if_they_wait_for_it(void **state)
{
	struct sleep sleep;
	unsigned char *older;

	(void)state;
	for (size_t round = 0; round < 3; round++) {
		struct quire_vspace *vs = &sleep.world.space.vs;

		fall_asleep(&sleep, &small);
		older = malloc(sleep.whole);
		assert_non_null(older);
		memcpy(older, sleep.world.archive.data, sleep.whole);
		assert_ok(test_world_restore(&sleep.world));
		vs->retain = 0;
		if (round == 1)
			test_mmu_fail(&sleep.world.space.mmu, TEST_UNMAP, 1, false);
		if (round == 0)
			assert_ok(quire_vpage_protect(vs, sleep.world.data, 2, QUIRE_READ));
		else
			assert_int_equal(quire_vpage_free(vs, sleep.world.data),
					 round == 1 ? QUIRE_EDRIVER : QUIRE_OK);
		test_mmu_heal(&sleep.world.space.mmu);
		vs->images--;
		assert_ok(test_world_save(&sleep.world));
		free(sleep.records);
		sleep.records = test_world_copy_records(&sleep.world);
		expect_refusal_of(&sleep, older, sleep.whole);
		free(older);
		free(sleep.records);
		test_world_discard(&sleep.world);
	}
}

static void an_image_of_another_window_or_geometry_is_refused(void **state)
{
	static const struct test_world_config others[] = {
		{ .page_size = SMALL, .seed = 1 },
		{ .page_size = 2 * SMALL },
	};
	struct test_world other;
	struct sleep sleep;

	(void)state;
	fall_asleep(&sleep, &small);
	for (size_t i = 0; i < TEST_COUNT(others); i++) {
		test_world_open(&other, &others[i]);
		assert_ok(test_world_save(&other));
		if (other.archive.bytes <= sleep.world.archive.room)
			expect_refusal_of(&sleep, other.archive.data, other.archive.bytes);
		assert_ok(test_world_restore(&other));
		test_world_close(&other);
	}
	expect_refusal_of(&sleep, sleep.world.nap.data, sleep.world.nap.bytes);
	wake_up(&sleep);
}

/* The same addresses, twice the page size, each the other's image with the same number. */
static void an_image_with_pages_of_another_size_is_refused(void **state)
{
	struct test_space space;
	struct heap_archive archive;
	struct quire_vspace_config config;
	static _Alignas(64) unsigned char storage[QUIRE_VSPACE_STORAGE(32, 1)];
	struct quire_vspace vs;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	heap_archive_init(&archive, 1000);
	assert_ok(quire_vspace_save(&space.vs, &archive.archive));
	space.mmu.mmu.page_size *= 2; /* is asked when a vspace is made */
	config = (struct quire_vspace_config){ .mmu = &space.mmu.mmu,
					       .base = space.mmu.window,
					       .pages = 32,
					       .storage = storage,
					       .storage_bytes = sizeof(storage),
					       .physical_pages = 32 };
	assert_ok(quire_vspace_init(&vs, &config));
	space.mmu.mmu.page_size /= 2;
	vs.image = space.vs.image;
	assert_status(quire_vspace_restore(&vs, &archive.archive), QUIRE_EINVAL);
	heap_archive_rewind(&archive);
	assert_ok(quire_vspace_restore(&space.vs, &archive.archive));
	heap_archive_free(&archive);
	test_space_fini(&space);
}

/* The same start and page size, but not the same number of pages. */
static void an_image_of_a_shorter_window_is_refused(void **state)
{
	static _Alignas(64) unsigned char storage[QUIRE_VSPACE_STORAGE(32, 1)];
	struct quire_vspace_config config;
	struct heap_archive archive;
	struct test_space space;
	struct quire_vspace vs;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	heap_archive_init(&archive, 1000);
	assert_ok(quire_vspace_save(&space.vs, &archive.archive));
	config = (struct quire_vspace_config){ .mmu = &space.mmu.mmu,
					       .base = space.mmu.window,
					       .pages = 32,
					       .storage = storage,
					       .storage_bytes = sizeof(storage),
					       .physical_pages = 32 };
	assert_ok(quire_vspace_init(&vs, &config));
	vs.image = space.vs.image;
	assert_status(quire_vspace_restore(&vs, &archive.archive), QUIRE_EINVAL);
	heap_archive_rewind(&archive);
	assert_ok(quire_vspace_restore(&space.vs, &archive.archive));
	heap_archive_free(&archive);
	test_space_fini(&space);
}

/* ---- images whose sums are right ------------------------------------------------------------- */

/* As src/archive.c writes it. */
struct mark {
	uintptr_t address;
	size_t bytes;
	uint32_t what;
	uint32_t sum;
};

static uint32_t sum_of(uint32_t sum, const void *data, size_t bytes)
{
	for (const unsigned char *byte = data; bytes--;) {
		sum ^= *byte++;
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
	}
	return sum;
}

/* The image begins as it should, and goes on with these marks and zeros behind them. Returns its size. */
static size_t forge(unsigned char *image, const struct mark *marks, size_t count, size_t most)
{
	size_t at = sizeof(struct mark);
	struct mark mark;

	memcpy(&mark, image, at);
	for (uint32_t sum = mark.sum; count--; marks++) {
		size_t bytes = marks->bytes < most ? marks->bytes : most;

		mark = *marks;
		mark.sum = sum_of(sum, &mark, offsetof(struct mark, sum));
		memcpy(image + at, &mark, sizeof(mark));
		at += sizeof(mark);
		memset(image + at, 0, bytes);
		sum = sum_of(mark.sum, image + at, bytes);
		at += bytes;
	}
	return at;
}

/* How often the driver was asked to map pages for a forged image, which is refused. */
static uint64_t maps_of_forged(struct sleep *sleep, const struct mark *marks, size_t count)
{
	uint64_t calls = sleep->world.space.mmu.calls[TEST_MAP];
	unsigned char *image = malloc(sleep->world.archive.room);

	assert_non_null(image);
	memcpy(image, sleep->world.archive.data, sizeof(struct mark));
	expect_refusal_of(sleep, image, forge(image, marks, count, 2 * SMALL));
	free(image);
	return sleep->world.space.mmu.calls[TEST_MAP] - calls;
}

static void expect_no_map(struct sleep *sleep)
{
	const uintptr_t base = (uintptr_t)sleep->world.space.mmu.window;
	const uintptr_t data = (uintptr_t)sleep->world.data;
	const struct mark bad[] = {
		{ base - SMALL, SMALL, QUIRE_RW, 0 },
		{ base + TEST_WORLD_PAGES * SMALL, SMALL, QUIRE_RW, 0 },
		{ base + (TEST_WORLD_PAGES - 1) * SMALL, 2 * SMALL, QUIRE_RW, 0 },
		{ data, SIZE_MAX - SMALL + 1, QUIRE_RW, 0 },
		{ data + 1, SMALL, QUIRE_RW, 0 },
		{ data, SMALL + 1, QUIRE_RW, 0 },
		{ data, 3, QUIRE_RW, 0 },
	};

	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_int_equal(maps_of_forged(sleep, &bad[i], 1), 0);
}

/* Their records would be looked up outside of the table, or pages mapped that nobody saved. */
static void a_mark_that_names_no_whole_pages_of_the_range_maps_nothing(void **state)
{
	static const struct test_world_config *const config[] = { &small, &small_twice };
	struct sleep sleep;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(config); i++) {
		fall_asleep(&sleep, config[i]);
		expect_no_map(&sleep);
		wake_up(&sleep);
	}
}

/* The second time it would write over what is there already. */
static void pages_that_are_named_twice_are_mapped_once_and_given_back(void **state)
{
	struct mark twice[2];
	struct sleep sleep;

	(void)state;
	fall_asleep(&sleep, &small);
	for (size_t i = 0; i < 2; i++)
		twice[i] = (struct mark){ .address = (uintptr_t)sleep.world.data,
					  .bytes = 2 * SMALL,
					  .what = QUIRE_RW };
	assert_int_equal(maps_of_forged(&sleep, twice, 1), 1);
	assert_int_equal(maps_of_forged(&sleep, twice, 2), 1);
	wake_up(&sleep);
}

/* A region of one page, with something in it, and its image. */
struct sleeping_region {
	struct test_region region;
	struct heap_archive archive;
	unsigned char *life;
};

static void open_sleeping(struct sleeping_region *one, struct test_space *space, uint32_t owner)
{
	const struct quire_vregion_config config = { .lifetime = space->vs.page_size };

	assert_non_null(test_region_init(&one->region, space, &config));
	one->life = quire_vregion_alloc(one->region.vr, QUIRE_LIFETIME, space->vs.page_size, 0);
	assert_non_null(one->life);
	test_fill(one->life, space->vs.page_size, owner);
	heap_archive_init(&one->archive, 4 * space->vs.page_size);
	assert_ok(quire_vregion_save(one->region.vr, &one->archive.archive));
}

static void close_sleeping(struct sleeping_region *one, size_t page, uint32_t owner)
{
	heap_archive_rewind(&one->archive);
	assert_ok(quire_vregion_restore(one->region.vr, &one->archive.archive));
	test_assert_filled(one->life, page, owner);
	heap_archive_free(&one->archive);
	assert_ok(quire_vregion_put(one->region.vr));
	test_region_fini(&one->region);
}

/* The neighbour sleeps too: its pages wait just like the region's own. */
static void an_image_of_a_region_brings_nothing_into_the_one_behind_it(void **state)
{
	struct sleeping_region one, behind;
	struct test_space space;
	struct heap_archive forged;
	uint64_t maps;
	size_t page;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	page = space.vs.page_size;
	open_sleeping(&one, &space, 1);
	open_sleeping(&behind, &space, 2);
	assert_ptr_equal(behind.life, one.life + page);
	heap_archive_init(&forged, 4 * page);
	maps = space.mmu.calls[TEST_MAP];
	for (size_t own = 0; own < 2; own++) {
		const struct mark mark = { .address = (uintptr_t)behind.life - own * page,
					   .bytes = (1 + own) * page,
					   .what = QUIRE_RW };

		memcpy(forged.data, one.archive.data, sizeof(struct mark));
		forged.bytes = forge(forged.data, &mark, 1, 2 * page);
		heap_archive_rewind(&forged);
		assert_status(quire_vregion_restore(one.region.vr, &forged.archive), QUIRE_EINVAL);
		assert_int_equal(space.mmu.calls[TEST_MAP], maps);
	}
	heap_archive_free(&forged);
	close_sleeping(&behind, page, 2);
	close_sleeping(&one, page, 1);
	test_space_fini(&space);
}

/* ---- archives that fail ---------------------------------------------------------------------- */

static void a_save_that_runs_out_of_room_changes_nothing(void **state)
{
	struct test_world world;
	struct test_snapshot snapshot;
	size_t whole;

	(void)state;
	test_world_open(&world, &small);
	assert_ok(test_world_save(&world));
	whole = world.archive.bytes;
	assert_ok(test_world_restore(&world));
	test_snapshot_take(&snapshot, &world.space);
	for (size_t room = 0; room < whole; room++) {
		world.archive.room = room;
		assert_status(test_world_save(&world), QUIRE_EDRIVER);
		if (room % 64)
			continue;
		test_snapshot_compare(&snapshot, &world.space);
		test_world_assert_awake(&world);
	}
	test_world_assert_awake(&world);
	world.archive.room = whole;
	assert_ok(test_world_save(&world));
	assert_ok(test_world_restore(&world));
	test_snapshot_free(&snapshot);
	test_world_close(&world);
}

/* An archive that fails at one call with a status of its own. */
struct moody_archive {
	struct quire_archive archive;
	struct heap_archive *below;
	unsigned countdown;
	int32_t mood;
};

static int32_t be_moody(struct moody_archive *archive)
{
	return archive->countdown && !--archive->countdown ? archive->mood : QUIRE_OK;
}

static int32_t moody_write(struct quire_archive *self, const void *data, size_t bytes)
{
	struct moody_archive *archive = (struct moody_archive *)self;
	int32_t status = be_moody(archive);

	return status ? status
		      : archive->below->archive.write(&archive->below->archive, data, bytes);
}

static int32_t moody_read(struct quire_archive *self, void *data, size_t bytes)
{
	struct moody_archive *archive = (struct moody_archive *)self;
	int32_t status = be_moody(archive);

	return status ? status
		      : archive->below->archive.read(&archive->below->archive, data, bytes);
}

static int32_t moody_rewind(struct quire_archive *self)
{
	struct moody_archive *archive = (struct moody_archive *)self;

	heap_archive_rewind(archive->below);
	return be_moody(archive);
}

static void the_status_of_an_archive_that_fails_is_told(void **state)
{
	static const int32_t moods[] = { -77, 5, QUIRE_ENOPHYS, QUIRE_EFOREIGN };
	struct test_world world;

	(void)state;
	test_world_open(&world, &small);
	for (unsigned n = 1;; n++) {
		struct moody_archive archive = {
			.archive = { moody_write, moody_read, n % 2 ? moody_rewind : NULL },
			.below = &world.archive,
			.countdown = n,
			.mood = moods[n / 2 % TEST_COUNT(moods)],
		};
		int32_t status;

		world.archive.bytes = 0;
		status = quire_vspace_save(&world.space.vs, &archive.archive);
		if (status) {
			assert_status(status, archive.mood);
			test_world_assert_awake(&world);
			archive.countdown = 0;
			world.archive.bytes = 0;
			assert_ok(quire_vspace_save(&world.space.vs, &archive.archive));
		}
		archive.countdown = n;
		heap_archive_rewind(&world.archive);
		status = quire_vspace_restore(&world.space.vs, &archive.archive);
		if (!status)
			break;
		assert_status(status, archive.mood);
		test_world_assert_asleep(&world);
		archive.countdown = 0;
		heap_archive_rewind(&world.archive);
		assert_ok(quire_vspace_restore(&world.space.vs, &archive.archive));
		test_world_assert_awake(&world);
	}
	test_world_assert_awake(&world);
	test_world_close(&world);
}

/* ---- other frames ---------------------------------------------------------------------------- */

static void without_frames_it_sleeps_on_until_there_are_some(void **state)
{
	struct test_world world;
	size_t held;

	(void)state;
	test_world_open(&world, &plain);
	held = test_space_stats(&world.space).held;
	assert_ok(test_world_save(&world));
	test_mmu_take_frames(&world.space.mmu, TEST_WORLD_PAGES - held / 2);
	assert_status(test_world_restore(&world), QUIRE_ENOPHYS);
	test_world_assert_asleep(&world);
	test_mmu_give_frames(&world.space.mmu, TEST_WORLD_PAGES - held / 2);
	assert_ok(test_world_restore(&world));
	test_world_assert_awake(&world);
	test_world_close(&world);
}

/* All memory is lost, and all records with it: their owner saved them too, after the contents. */
static void records_that_were_saved_by_their_owner_are_as_good_as_ones_that_stayed(void **state)
{
	struct test_record record[TEST_WORLD_RECORDS];
	struct test_world world;
	unsigned char *copy;
	const unsigned char *at;

	(void)state;
	test_world_open(&world, &plain);
	assert_ok(test_world_save(&world));
	copy = test_world_copy_records(&world);
	at = copy;
	test_world_records(&world, record);
	for (size_t i = 0; i < TEST_WORLD_RECORDS; i++)
		if (record[i].ptr)
			memset(record[i].ptr, 0xee, record[i].bytes);
	for (size_t i = 0; i < TEST_WORLD_RECORDS; at += record[i++].bytes)
		if (record[i].ptr)
			memcpy(record[i].ptr, at, record[i].bytes);
	free(copy);
	assert_ok(test_world_restore(&world));
	test_world_assert_awake(&world);
	test_world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back_from_sleep),
		cmocka_unit_test(what_was_read_only_traps_again),
		cmocka_unit_test(what_is_used_after_sleep_works_as_before),
		cmocka_unit_test(guarantees_are_kept_through_sleep),
		cmocka_unit_test(a_region_that_slept_already_sleeps_on),
		cmocka_unit_test(an_empty_vspace_can_sleep_too),
		cmocka_unit_test(while_it_sleeps_calls_answer_with_its_state_and_change_nothing),
		cmocka_unit_test(what_is_served_without_a_lock_is_not_served_in_sleep),
		cmocka_unit_test(half_an_archive_is_refused),
		cmocka_unit_test(neither_is_possible_in_interrupt_context),
		cmocka_unit_test(budgets_can_come_and_go_in_sleep),
		cmocka_unit_test(an_image_that_is_cut_anywhere_is_refused),
		cmocka_unit_test(an_image_that_is_altered_anywhere_is_refused),
		cmocka_unit_test(damage_that_cancels_out_in_a_plain_sum_is_seen),
		cmocka_unit_test(an_older_image_is_refused),
		cmocka_unit_test(an_image_of_another_life_with_the_same_number_is_refused),
		cmocka_unit_test(pages_are_mapped_only_if_they_wait_for_it),
		cmocka_unit_test(an_image_of_another_window_or_geometry_is_refused),
		cmocka_unit_test(an_image_with_pages_of_another_size_is_refused),
		cmocka_unit_test(an_image_of_a_shorter_window_is_refused),
		cmocka_unit_test(a_mark_that_names_no_whole_pages_of_the_range_maps_nothing),
		cmocka_unit_test(pages_that_are_named_twice_are_mapped_once_and_given_back),
		cmocka_unit_test(an_image_of_a_region_brings_nothing_into_the_one_behind_it),
		cmocka_unit_test(a_save_that_runs_out_of_room_changes_nothing),
		cmocka_unit_test(the_status_of_an_archive_that_fails_is_told),
		cmocka_unit_test(without_frames_it_sleeps_on_until_there_are_some),
		cmocka_unit_test(
			records_that_were_saved_by_their_owner_are_as_good_as_ones_that_stayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
