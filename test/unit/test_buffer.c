/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ring buffers whose size is a range. A queue of bytes in a plain array (support/queue.h) says what each
 * read must give; small rings are resized from every read position and level to every size, in place and
 * by moving.
 */
#include <string.h>

#include "support/heap_archive.h"
#include "support/queue.h"
#include "support/random.h"
#include "support/space.h"

#define KIB  ((size_t)1024)
#define PAGE ((size_t)4096)

struct rig {
	struct test_space space;
	struct test_heap on;
	struct quire_buffer ring;
	struct test_queue queue;
};

/* An elastic heap whose unit is a byte, so that rings may have any size. */
static void open_rig(struct rig *rig, size_t window)
{
	struct quire_vmh_config config = { .window = window, .unit = 1 };

	memset(rig, 0, sizeof(*rig));
	test_space_init_plain(&rig->space, (window + PAGE - 1) / PAGE, 0);
	test_heap_init(&rig->on, &rig->space, &config);
}

static void close_rig(struct rig *rig)
{
	test_heap_fini(&rig->on);
	test_space_fini(&rig->space);
}

static int32_t create(struct rig *rig, size_t min, size_t size)
{
	struct quire_buffer_source source = quire_buffer_on_vmh(&rig->on.heap);
	struct quire_request wanted = { .size = size, .min = min };

	rig->queue.level = 0;
	return quire_buffer_create(&rig->ring, &source, &wanted);
}

static void write_some(struct rig *rig, size_t bytes)
{
	test_queue_write(&rig->queue, &rig->ring, bytes);
}

static void read_some(struct rig *rig, size_t bytes)
{
	test_queue_read(&rig->queue, &rig->ring, bytes);
}

static void check(struct rig *rig)
{
	test_queue_check(&rig->queue, &rig->ring);
}

/* Bring the ring to this read position and level. */
static void bring_to(struct rig *rig, size_t read, size_t level)
{
	write_some(rig, read);
	read_some(rig, read);
	write_some(rig, level);
	assert_int_equal(rig->queue.level, level);
}

/* ---- making ---------------------------------------------------------------------------------- */

static void a_ring_has_the_size_that_was_granted(void **state)
{
	static struct rig rig;
	struct quire_buffer_source source;
	struct quire_request wanted = { .size = 38400, .min = 1536, .step = 1536, .align = 128 };
	void *hog;
	size_t span;

	(void)state;
	open_rig(&rig, 64 * KIB);
	source = quire_buffer_on_vmh(&rig.on.heap);
	assert_ok(quire_buffer_create(&rig.ring, &source, &wanted));
	assert_int_equal(wanted.granted, 38400);
	assert_int_equal(quire_buffer_size(&rig.ring), 38400);
	assert_int_equal((uintptr_t)quire_buffer_free_span(&rig.ring, &span) % 128, 0);
	assert_int_equal(span, 38400);
	assert_ok(quire_buffer_destroy(&rig.ring));

	hog = quire_vmh_alloc(&rig.on.heap, 50000);
	assert_ok(quire_buffer_create(&rig.ring, &source, &wanted));
	assert_int_equal(quire_buffer_size(&rig.ring) % 1536, 0);
	assert_true(quire_buffer_size(&rig.ring) >= 15536 * 8 / 9 / 1536 * 1536);
	assert_ok(quire_buffer_destroy(&rig.ring));
	assert_ok(quire_vmh_free(&rig.on.heap, hog));
	close_rig(&rig);
}

static void a_ring_that_cannot_be_made_says_why(void **state)
{
	static struct rig rig;
	struct quire_buffer_source none = { 0 };
	struct quire_buffer_source source;
	struct quire_request wanted = { .size = 65 * KIB };

	(void)state;
	open_rig(&rig, 64 * KIB);
	source = quire_buffer_on_vmh(&rig.on.heap);
	assert_status(quire_buffer_create(&rig.ring, &source, &wanted), QUIRE_ENOVIRT);
	assert_int_equal(wanted.granted, 0);
	assert_status(wanted.why, QUIRE_ENOVIRT);
	wanted.size = 0;
	assert_status(quire_buffer_create(&rig.ring, &source, &wanted), QUIRE_EINVAL);
	wanted.size = 100;
	assert_status(quire_buffer_create(&rig.ring, &none, &wanted), QUIRE_EINVAL);
	source.region = (struct quire_vregion *)&rig;
	assert_status(quire_buffer_create(&rig.ring, &source, &wanted), QUIRE_EINVAL);
	assert_int_equal(rig.space.mmu.mapped, 0);
	close_rig(&rig);
}

static void a_ring_is_destroyed_once(void **state)
{
	static struct rig rig;

	(void)state;
	open_rig(&rig, 4 * KIB);
	assert_ok(create(&rig, 0, 100));
	assert_ok(quire_buffer_destroy(&rig.ring));
	assert_int_equal(rig.space.mmu.mapped, 0);
	assert_status(quire_buffer_destroy(&rig.ring), QUIRE_EFREE);
	close_rig(&rig);
}

/* ---- producing and consuming ----------------------------------------------------------------- */

static void bytes_come_out_in_the_order_in_which_they_went_in(void **state)
{
	static struct rig rig;
	struct test_random random = test_random_seeded(1);

	(void)state;
	open_rig(&rig, 4 * KIB);
	for (size_t size = 1; size <= 1000; size = size * 3 + 1) {
		assert_ok(create(&rig, 0, size));
		for (size_t step = 0; step < 400; step++) {
			size_t bytes = test_random_below(&random, (uint32_t)size + 3);

			if (test_random_once_in(&random, 2))
				write_some(&rig, bytes);
			else
				read_some(&rig, bytes);
			check(&rig);
		}
		assert_ok(quire_buffer_destroy(&rig.ring));
	}
	close_rig(&rig);
}

static void data_in_place_and_data_copied_are_the_same(void **state)
{
	static struct rig rig;
	size_t span;

	(void)state;
	open_rig(&rig, 4 * KIB);
	assert_ok(create(&rig, 0, 37));
	for (size_t step = 0; step < 200; step++) {
		unsigned char *to = quire_buffer_free_span(&rig.ring, &span);

		span = span > step % 11 ? step % 11 : span;
		test_queue_stream(&rig.queue, to, span);
		assert_ok(quire_buffer_produce(&rig.ring, span));
		check(&rig);
		read_some(&rig, step % 7);
		check(&rig);
	}
	assert_ok(quire_buffer_destroy(&rig.ring));
	close_rig(&rig);
}

static void more_than_there_is_can_be_neither_produced_nor_consumed(void **state)
{
	static struct rig rig;

	(void)state;
	open_rig(&rig, 4 * KIB);
	assert_ok(create(&rig, 0, 16));
	for (size_t read = 0; read < 16; read++) {
		for (size_t level = 0; level <= 16; level++) {
			read_some(&rig, 16);
			bring_to(&rig, read, level);
			assert_status(quire_buffer_produce(&rig.ring, 17 - level), QUIRE_EINVAL);
			assert_status(quire_buffer_produce(&rig.ring, SIZE_MAX), QUIRE_EINVAL);
			assert_status(quire_buffer_consume(&rig.ring, level + 1), QUIRE_EINVAL);
			assert_status(quire_buffer_consume(&rig.ring, SIZE_MAX), QUIRE_EINVAL);
			check(&rig);
		}
	}
	assert_ok(quire_buffer_destroy(&rig.ring));
	close_rig(&rig);
}

/* ---- resizing -------------------------------------------------------------------------------- */

#define RING 9u

/* One resize of a ring of RING bytes; `blocked`: the byte behind it is taken, so it has to move. */
static void resize_one(struct rig *rig, size_t read, size_t level, size_t size, bool blocked)
{
	size_t before = quire_vmh_usable_size(&rig->on.heap, rig->ring.base);
	void *neighbour = NULL;
	int32_t status;

	bring_to(rig, read, level);
	if (blocked)
		neighbour = quire_vmh_alloc_at(&rig->on.heap, rig->ring.base + before, 1);
	assert_int_equal(neighbour != NULL, blocked);
	status = quire_buffer_resize(&rig->ring, size, size);
	if (level > size) {
		assert_status(status, QUIRE_EBUSY);
		assert_int_equal(quire_buffer_size(&rig->ring), RING);
	} else {
		assert_ok(status);
		assert_int_equal(quire_buffer_size(&rig->ring), size);
	}
	check(rig);
	write_some(rig, size);
	check(rig);
	read_some(rig, 2 * size);
	if (blocked)
		assert_ok(quire_vmh_free(&rig->on.heap, neighbour));
}

static void data_stays_in_order_from_every_position_to_every_size(void **state)
{
	static struct rig rig;

	(void)state;
	open_rig(&rig, PAGE);
	for (size_t read = 0; read < RING; read++) {
		for (size_t level = 0; level <= RING; level++) {
			for (size_t size = 1; size < 3 * RING; size++) {
				for (int blocked = 0; blocked < 2; blocked++) {
					assert_ok(create(&rig, 0, RING));
					resize_one(&rig, read, level, size, blocked);
					assert_ok(quire_buffer_destroy(&rig.ring));
				}
			}
		}
	}
	assert_sound(quire_vmh_check(&rig.on.heap));
	close_rig(&rig);
}

static void a_ring_grows_as_far_as_it_can_and_no_further_than_preferred(void **state)
{
	static struct rig rig;
	void *far;

	(void)state;
	open_rig(&rig, PAGE);
	assert_ok(create(&rig, 0, 100));
	far = quire_vmh_alloc_at(&rig.on.heap, rig.space.mmu.window + 1000, 100);
	assert_non_null(far);
	write_some(&rig, 70);
	read_some(&rig, 30);
	write_some(&rig, 50);
	assert_ok(quire_buffer_resize(&rig.ring, 200, 600));
	assert_int_equal(quire_buffer_size(&rig.ring), 600);
	check(&rig);
	assert_ok(quire_buffer_resize(&rig.ring, 700, 2500)); /* here to 1000, elsewhere further */
	assert_true(quire_buffer_size(&rig.ring) >= 1000 && quire_buffer_size(&rig.ring) <= 2500);
	check(&rig);
	assert_ok(quire_buffer_destroy(&rig.ring));
	assert_ok(quire_vmh_free(&rig.on.heap, far));
	close_rig(&rig);
}

static void a_failed_resize_leaves_the_old_ring_working(void **state)
{
	static struct rig rig;
	size_t granted;
	void *hog;

	(void)state;
	open_rig(&rig, PAGE);
	assert_ok(create(&rig, 0, 100));
	hog = quire_vmh_alloc_range(&rig.on.heap, 1, PAGE, &granted);
	assert_non_null(hog);
	for (size_t round = 0; round < 100; round++) {
		write_some(&rig, 37);
		assert_status(quire_buffer_resize(&rig.ring, 4000, 5000), QUIRE_ENOVIRT);
		assert_status(quire_buffer_resize(&rig.ring, 4000, 4000), QUIRE_ENOVIRT);
		assert_status(quire_buffer_resize(&rig.ring, 10, 9), QUIRE_EINVAL);
		assert_status(quire_buffer_resize(&rig.ring, 0, 0), QUIRE_EINVAL);
		assert_int_equal(quire_buffer_size(&rig.ring), 100);
		check(&rig);
		read_some(&rig, 31);
		check(&rig);
	}
	assert_ok(quire_vmh_free(&rig.on.heap, hog));
	assert_ok(quire_buffer_destroy(&rig.ring));
	close_rig(&rig);
}

/* What fails at every size elsewhere returns success with size 0. */
static void a_ring_never_has_size_zero_after_a_resize(void **state)
{
	static struct rig rig;
	void *hog;
	size_t granted;

	(void)state;
	open_rig(&rig, PAGE);
	assert_ok(create(&rig, 0, 64));
	hog = quire_vmh_alloc_range(&rig.on.heap, 1, PAGE, &granted);
	for (size_t min = 1; min < 200; min++) {
		int32_t status = quire_buffer_resize(&rig.ring, min, 4 * PAGE);

		assert_int_equal(status == QUIRE_OK, min <= 64);
		assert_int_equal(quire_buffer_size(&rig.ring), 64);
	}
	assert_ok(quire_vmh_free(&rig.on.heap, hog));
	assert_ok(quire_buffer_destroy(&rig.ring));
	close_rig(&rig);
}

static void resized_rings_have_whole_steps(void **state)
{
	static struct rig rig;
	struct quire_buffer_source source;
	struct quire_request wanted = { .size = 480, .min = 96, .step = 96 };

	(void)state;
	open_rig(&rig, PAGE);
	source = quire_buffer_on_vmh(&rig.on.heap);
	assert_ok(quire_buffer_create(&rig.ring, &source, &wanted));
	for (size_t preferred = 96; preferred < 3000; preferred += 61) {
		bring_to(&rig, preferred % 90, 50);
		assert_ok(quire_buffer_resize(&rig.ring, 96, preferred));
		assert_int_equal(quire_buffer_size(&rig.ring), preferred / 96 * 96);
		check(&rig);
		read_some(&rig, 50);
	}
	for (size_t preferred = 2900; preferred > 100; preferred -= 67) {
		bring_to(&rig, preferred % 90, 50);
		assert_ok(quire_buffer_resize(&rig.ring, 96, preferred));
		assert_int_equal(quire_buffer_size(&rig.ring), preferred / 96 * 96);
		check(&rig);
		read_some(&rig, 50);
	}
	assert_ok(quire_buffer_destroy(&rig.ring));
	close_rig(&rig);
}

/* A step can be longer than any sum of sizes: then min is all there is. */
static void no_step_is_so_long_that_data_is_lost(void **state)
{
	static const size_t steps[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 50, SIZE_MAX / 2 };
	static struct rig rig;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(steps); i++) {
		struct quire_request wanted = { .size = 500, .min = 100, .step = steps[i] };
		struct quire_buffer_source source;

		open_rig(&rig, 4 * KIB);
		source = quire_buffer_on_vmh(&rig.on.heap);
		assert_ok(quire_buffer_create(&rig.ring, &source, &wanted));
		assert_int_equal(quire_buffer_size(&rig.ring), 100);
		write_some(&rig, 100);
		assert_status(quire_buffer_resize(&rig.ring, 50, 80), QUIRE_EBUSY);
		assert_status(quire_buffer_resize(&rig.ring, 50, 200), QUIRE_EBUSY);
		check(&rig);
		read_some(&rig, 60);
		assert_ok(quire_buffer_resize(&rig.ring, 50, 200));
		assert_int_equal(quire_buffer_size(&rig.ring), 50);
		check(&rig);
		assert_ok(quire_buffer_destroy(&rig.ring));
		rig.queue.level = 0;
		close_rig(&rig);
	}
}

static void memory_that_a_ring_gives_up_is_free_for_others(void **state)
{
	static struct rig rig;
	struct quire_vmh_stats stats;

	(void)state;
	open_rig(&rig, 8 * PAGE);
	assert_ok(create(&rig, 0, 8 * PAGE));
	assert_int_equal(rig.space.mmu.mapped, 8);
	write_some(&rig, 100);
	assert_ok(quire_buffer_resize(&rig.ring, 100, 100));
	check(&rig);
	assert_int_equal(rig.space.mmu.mapped, 1);
	quire_vmh_stats(&rig.on.heap, &stats);
	assert_int_equal(stats.in_use, 100);
	assert_ok(quire_buffer_destroy(&rig.ring));
	close_rig(&rig);
}

/* The driver fails at any call of a resize: the ring goes on, with the old size or the new one. */
static void a_ring_survives_a_driver_that_fails_while_it_is_resized(void **state)
{
	static struct rig rig;
	static const size_t sizes[] = { 1, PAGE + 1, 3 * PAGE, 6 * PAGE };

	(void)state;
	for (uint64_t n = 1; n < 5; n++) {
		for (size_t i = 0; i < 4 * TEST_COUNT(sizes); i++) {
			size_t size = sizes[i % 4];
			void *neighbour = NULL;
			int32_t status;

			open_rig(&rig, 12 * PAGE);
			assert_ok(create(&rig, 0, 2 * PAGE));
			if (i / 4 % 2)
				neighbour = quire_vmh_alloc(&rig.on.heap, 1);
			bring_to(&rig, 2 * PAGE - 1, 1);
			test_mmu_fail(&rig.space.mmu, TEST_ANY, n, i / 8 % 2);
			status = quire_buffer_resize(&rig.ring, size, size);
			test_mmu_heal(&rig.space.mmu);
			assert_int_equal(quire_buffer_size(&rig.ring), status ? 2 * PAGE : size);
			if (!quire_vmh_usable_size(&rig.on.heap, rig.ring.base))
				rig.queue.level = 0; /* a failed unmap: only destroy is left */
			else
				check(&rig);
			assert_ok(quire_buffer_destroy(&rig.ring));
			if (neighbour)
				assert_ok(quire_vmh_free(&rig.on.heap, neighbour));
			close_rig(&rig);
		}
	}
}

/* A ring that was moved, with what the driver does not take back: its old place. */
static void move_and_keep_the_old_place(struct rig *rig, void **neighbour)
{
	open_rig(rig, 12 * PAGE);
	assert_ok(create(rig, 0, 2 * PAGE));
	*neighbour = quire_vmh_alloc(&rig->on.heap, 1);
	assert_non_null(*neighbour);
	bring_to(rig, PAGE, PAGE + 100);
	test_mmu_fail(&rig->space.mmu, TEST_UNMAP, 1, true);
	assert_ok(quire_buffer_resize(&rig->ring, 4 * PAGE, 4 * PAGE));
	assert_int_equal(quire_buffer_size(&rig->ring), 4 * PAGE);
	check(rig);
}

static void an_old_place_that_could_not_be_given_back_is_given_back_before_the_next_move(
	void **state)
{
	static struct rig rig;
	void *neighbour;

	(void)state;
	move_and_keep_the_old_place(&rig, &neighbour);
	assert_status(quire_buffer_resize(&rig.ring, 5 * PAGE, 5 * PAGE), QUIRE_EDRIVER);
	assert_int_equal(quire_buffer_size(&rig.ring), 4 * PAGE);
	check(&rig);
	write_some(&rig, 50);
	test_mmu_heal(&rig.space.mmu);
	assert_ok(quire_buffer_resize(&rig.ring, 5 * PAGE, 5 * PAGE));
	check(&rig);
	assert_int_equal(rig.space.mmu.mapped, 6);
	assert_ok(quire_buffer_destroy(&rig.ring));
	assert_ok(quire_vmh_free(&rig.on.heap, neighbour));
	close_rig(&rig);
}

static void a_ring_that_cannot_be_given_back_is_destroyed_later(void **state)
{
	static struct rig rig;
	void *neighbour;

	(void)state;
	move_and_keep_the_old_place(&rig, &neighbour);
	assert_status(quire_buffer_destroy(&rig.ring), QUIRE_EDRIVER); /* neither of its places */
	test_mmu_heal(&rig.space.mmu);
	test_mmu_fail(&rig.space.mmu, TEST_UNMAP, 2, false);
	assert_status(quire_buffer_destroy(&rig.ring), QUIRE_EDRIVER); /* not its old one */
	assert_int_equal(rig.space.mmu.mapped, 2);
	assert_ok(quire_buffer_destroy(&rig.ring));
	assert_status(quire_buffer_destroy(&rig.ring), QUIRE_EFREE);
	assert_status(quire_buffer_resize(&rig.ring, 1, PAGE), QUIRE_EINVAL);
	assert_ok(quire_vmh_free(&rig.on.heap, neighbour));
	close_rig(&rig);
}

/* ---- on a region ----------------------------------------------------------------------------- */

static void a_ring_lives_in_the_interim_area_of_a_region(void **state)
{
	struct quire_vregion_config config = { .lifetime = PAGE, .interim = 8 * PAGE };
	static struct rig rig;
	struct quire_buffer_source source;
	struct quire_request wanted = { .size = 2000, .min = 1000 };
	struct test_region region;
	void *neighbour;

	(void)state;
	memset(&rig, 0, sizeof(rig));
	test_space_init_plain(&rig.space, 16, 16);
	assert_non_null(test_region_init(&region, &rig.space, &config));
	source = quire_buffer_on_vregion(region.vr);
	assert_ok(quire_buffer_create(&rig.ring, &source, &wanted));
	assert_int_equal(quire_buffer_size(&rig.ring), 2000);
	bring_to(&rig, 1500, 1200);
	check(&rig);
	assert_ok(quire_buffer_resize(&rig.ring, 5000, 5000)); /* in place */
	check(&rig);
	neighbour = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 100, 0);
	assert_ok(quire_buffer_resize(&rig.ring, 3 * PAGE, 3 * PAGE)); /* by moving */
	assert_int_equal(quire_buffer_size(&rig.ring), 3 * PAGE);
	check(&rig);
	assert_ok(quire_buffer_resize(&rig.ring, 1300, 1300));
	check(&rig);
	assert_status(quire_buffer_resize(&rig.ring, 9 * PAGE, 9 * PAGE), QUIRE_ENOVIRT);
	check(&rig);
	assert_ok(quire_buffer_destroy(&rig.ring));
	assert_ok(quire_vregion_free(region.vr, neighbour));
	assert_sound(quire_vregion_check(region.vr));
	assert_ok(quire_vregion_put(region.vr));
	assert_int_equal(rig.space.observer.count[QUIRE_EVENT_LEAK], 0);
	test_region_fini(&region);
	test_space_fini(&rig.space);
}

static void a_ring_in_a_lazy_region_waits_for_the_seal(void **state)
{
	struct quire_vregion_config config = { .lifetime = 8 * PAGE, .flags = QUIRE_VREGION_LAZY };
	struct quire_request wanted = { .size = 2000 };
	struct quire_buffer_source source;
	struct quire_buffer ring;
	struct test_space space;
	struct test_region region;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	assert_non_null(test_region_init(&region, &space, &config));
	source = quire_buffer_on_vregion(region.vr);
	assert_status(quire_buffer_create(&ring, &source, &wanted), QUIRE_ESTATE);
	assert_ok(quire_vregion_seal(region.vr));
	assert_ok(quire_buffer_create(&ring, &source, &wanted));
	assert_ok(quire_buffer_destroy(&ring));
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
	test_space_fini(&space);
}

/* ---- everything at once ---------------------------------------------------------------------- */

static void a_ring_is_a_queue_under_a_random_program(void **state)
{
	static struct rig rig;
	struct test_random random = test_random_seeded(5);

	(void)state;
	open_rig(&rig, 32 * KIB);
	assert_ok(create(&rig, 1, 1000));
	for (size_t step = 0; step < 4000; step++) {
		size_t bytes = test_random_log(&random, 12);
		uint32_t dice = test_random_below(&random, 9);
		int32_t status = QUIRE_OK;

		if (dice < 4)
			write_some(&rig, bytes);
		else if (dice < 8)
			read_some(&rig, bytes);
		else
			status = quire_buffer_resize(&rig.ring, bytes / 2 + 1, bytes);
		assert_true(!status || status == QUIRE_EBUSY);
		check(&rig);
	}
	assert_ok(quire_buffer_destroy(&rig.ring));
	close_rig(&rig);
}

/* A ring whose data has wrapped is turned before it shrinks, but not where nothing may be done. */
static void a_refused_resize_moves_no_byte(void **state)
{
	struct quire_vregion_config config = { .lifetime = PAGE, .interim = 8 * PAGE };
	static struct rig rig;
	struct quire_buffer_source source;
	struct quire_request wanted = { .size = 2000 };
	struct heap_archive archive;
	struct test_region region;
	struct quire_buffer before;

	(void)state;
	memset(&rig, 0, sizeof(rig));
	test_space_init_plain(&rig.space, 16, 16);
	assert_non_null(test_region_init(&region, &rig.space, &config));
	source = quire_buffer_on_vregion(region.vr);
	assert_ok(quire_buffer_create(&rig.ring, &source, &wanted));
	bring_to(&rig, 1500, 1200);
	before = rig.ring;
	atomic_store(&rig.space.mmu.interrupt, true);
	assert_status(quire_buffer_resize(&rig.ring, 1300, 1300), QUIRE_ECONTEXT);
	assert_status(quire_buffer_resize(&rig.ring, 3000, 3000), QUIRE_ECONTEXT);
	atomic_store(&rig.space.mmu.interrupt, false);
	assert_memory_equal(&before, &rig.ring, sizeof(before));
	heap_archive_init(&archive, 64 * KIB);
	assert_ok(quire_vregion_save(region.vr, &archive.archive));
	assert_status(quire_buffer_resize(&rig.ring, 1300, 1300), QUIRE_ESTATE);
	assert_ok(quire_vregion_restore(region.vr, &archive.archive));
	assert_memory_equal(&before, &rig.ring, sizeof(before));
	check(&rig);
	assert_ok(quire_buffer_resize(&rig.ring, 1300, 1300));
	check(&rig);
	heap_archive_free(&archive);
	assert_ok(quire_buffer_destroy(&rig.ring));
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
	test_space_fini(&rig.space);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_has_the_size_that_was_granted),
		cmocka_unit_test(a_ring_that_cannot_be_made_says_why),
		cmocka_unit_test(a_ring_is_destroyed_once),
		cmocka_unit_test(bytes_come_out_in_the_order_in_which_they_went_in),
		cmocka_unit_test(data_in_place_and_data_copied_are_the_same),
		cmocka_unit_test(more_than_there_is_can_be_neither_produced_nor_consumed),
		cmocka_unit_test(data_stays_in_order_from_every_position_to_every_size),
		cmocka_unit_test(a_ring_grows_as_far_as_it_can_and_no_further_than_preferred),
		cmocka_unit_test(a_failed_resize_leaves_the_old_ring_working),
		cmocka_unit_test(a_ring_never_has_size_zero_after_a_resize),
		cmocka_unit_test(resized_rings_have_whole_steps),
		cmocka_unit_test(no_step_is_so_long_that_data_is_lost),
		cmocka_unit_test(memory_that_a_ring_gives_up_is_free_for_others),
		cmocka_unit_test(a_refused_resize_moves_no_byte),
		cmocka_unit_test(a_ring_survives_a_driver_that_fails_while_it_is_resized),
		cmocka_unit_test(
			an_old_place_that_could_not_be_given_back_is_given_back_before_the_next_move),
		cmocka_unit_test(a_ring_that_cannot_be_given_back_is_destroyed_later),
		cmocka_unit_test(a_ring_lives_in_the_interim_area_of_a_region),
		cmocka_unit_test(a_ring_in_a_lazy_region_waits_for_the_seal),
		cmocka_unit_test(a_ring_is_a_queue_under_a_random_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
