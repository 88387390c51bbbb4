/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads on one heap of each kind, on one region, on buffers and on the vspace below them, while its
 * driver fails by chance: what is live keeps every byte, also in a page that is shared with what could
 * not be unmapped, and accounts are exact at the end. Frees that come twice, or late, or for
 * what somebody is just being given.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/crew.h"

#define STEPS  4000u
#define ROUNDS 40u

/* ---- any heap -------------------------------------------------------------------------------- */

static struct quire_vmh *heap_of(struct worker *worker)
{
	return &worker->crew->heap.heap;
}

static void take(struct worker *worker, uint32_t slot, uint32_t octaves)
{
	struct quire_request wanted = { .size = test_random_log(&worker->random, octaves) };

	if (test_random_once_in(&worker->random, 3))
		wanted.min = 1 + wanted.size / 4;
	if (test_random_once_in(&worker->random, 6))
		wanted.budget = worker->budget;
	if (test_random_once_in(&worker->random, 8))
		wanted.align = 128;
	worker->ptr[slot] = quire_vmh_request(heap_of(worker), &wanted);
	worker->size[slot] = wanted.granted;
	worker->condemned[slot] = false;
	if (worker->ptr[slot])
		crew_fill(worker, slot);
}

/* What the driver lets down stays, to be freed once more; its contents are not looked at. */
static void drop(struct worker *worker, uint32_t slot, int32_t (*give)(struct worker *, void *))
{
	int32_t status;

	if (!worker->condemned[slot])
		crew_check(worker, slot);
	status = give(worker, worker->ptr[slot]);
	CREW_EXPECT(status == QUIRE_OK || status == QUIRE_EDRIVER);
	worker->condemned[slot] = status != QUIRE_OK;
	if (!status)
		worker->ptr[slot] = NULL;
}

static void drop_all(struct worker *worker, int32_t (*give)(struct worker *, void *))
{
	for (uint32_t slot = 0; slot < CREW_SLOTS; slot++)
		while (worker->ptr[slot] && !worker->wrong)
			drop(worker, slot, give);
}

/* Growing leaves what it cannot do as it was; shrinking may fail to unmap. */
static void resize(struct worker *worker, uint32_t slot, size_t wanted,
		   int32_t (*change)(struct worker *, void *, size_t))
{
	size_t before = worker->size[slot], smaller = wanted < before ? wanted : before;
	int32_t status = change(worker, worker->ptr[slot], wanted);

	if (status == QUIRE_EDRIVER && wanted < before) {
		worker->condemned[slot] = true;
		return;
	}
	CREW_EXPECT(status != QUIRE_EFREE && status != QUIRE_EFOREIGN);
	CREW_EXPECT(test_is_filled(worker->ptr[slot], smaller, crew_owner_of(worker, slot)));
	if (status)
		return;
	worker->size[slot] = wanted;
	crew_fill(worker, slot);
}

static int32_t give_to_heap(struct worker *worker, void *ptr)
{
	return quire_vmh_free(heap_of(worker), ptr);
}

static int32_t change_in_heap(struct worker *worker, void *ptr, size_t size)
{
	return quire_vmh_resize(heap_of(worker), ptr, size);
}

/* Questions that others ask meanwhile. */
static void ask(struct worker *worker, uint32_t slot)
{
	struct quire_vmh_stats stats;
	struct quire_request wanted = { .size = 300 };

	quire_vmh_stats(heap_of(worker), &stats);
	CREW_EXPECT(stats.largest <= stats.window);
	quire_vmh_would_fit(heap_of(worker), &wanted);
	if (worker->ptr[slot])
		CREW_EXPECT(quire_vmh_usable_size(heap_of(worker), worker->ptr[slot]) >=
			    worker->size[slot]);
}

static void step_on_heap(struct worker *worker)
{
	uint32_t slot = test_random_below(&worker->random, CREW_SLOTS);

	if (test_random_once_in(&worker->random, 16))
		ask(worker, slot);
	if (!worker->ptr[slot])
		take(worker, slot, CREW_PAGE_OCTAVE + 2);
	else if (!worker->condemned[slot] && test_random_once_in(&worker->random, 3))
		resize(worker, slot, test_random_log(&worker->random, CREW_PAGE_OCTAVE + 2),
		       change_in_heap);
	else
		drop(worker, slot, give_to_heap);
}

static void work_on_heap(struct worker *worker)
{
	for (uint32_t step = 0; step < test_rounds(STEPS) && !worker->wrong; step++)
		step_on_heap(worker);
	drop_all(worker, give_to_heap);
}

/* Blocks in a page, blocks across page edges, and blocks of some pages. */
static const struct quire_bundle table[] = { { 40, 48 }, { 96, 40 }, { 200, 24 }, { 700, 12 } };

static const struct quire_vmh_config kinds[] = {
	{ .bundles = table, .bundle_count = TEST_COUNT(table) },
	{ .bundles = table, .bundle_count = TEST_COUNT(table), .flags = QUIRE_VMH_SPANNING },
	{ .window = 48 * CREW_PAGE },
};

static void let_fail(struct crew *crew, uint32_t one_in, enum test_part part)
{
	crew->space.mmu.fail_one_in = one_in;
	crew->space.mmu.part = part;
}

/* After a bad driver: a page whose undo failed is taken for mapped until it has been given back. */
static void end_of_faults(struct crew *crew)
{
	test_mmu_heal(&crew->space.mmu);
	assert_ok(quire_vspace_trim(&crew->space.vs));
}

static void each_kind_of_heap(uint32_t one_in, void (*work)(struct worker *worker))
{
	static const size_t retain[] = { 0, 5, 64 };

	for (size_t kind = 0; kind < TEST_COUNT(kinds); kind++)
		for (size_t i = 0; i < TEST_COUNT(retain); i++) {
			struct crew crew;

			crew_open(&crew, 160, 60, retain[i]);
			crew_give_budgets(&crew, 2);
			crew_give_heap_of(&crew, &kinds[kind]);
			let_fail(&crew, one_in, (enum test_part)((kind + i) % 4));
			crew_run(&crew, work);
			end_of_faults(&crew);
			crew_close(&crew);
		}
}

static void each_kind_of_heap_keeps_every_byte(void **state)
{
	(void)state;
	each_kind_of_heap(0, work_on_heap);
}

static void each_kind_of_heap_keeps_every_byte_on_a_bad_driver(void **state)
{
	(void)state;
	each_kind_of_heap(6, work_on_heap);
}

/* ---- buffers --------------------------------------------------------------------------------- */

struct stream {
	struct quire_buffer buffer;
	uint32_t written, read;
	bool open;
};

static unsigned char sample(const struct worker *worker, uint32_t number)
{
	return (unsigned char)(number * 7 + worker->number * 31);
}

static void pour(struct worker *worker, struct stream *stream, uint32_t most)
{
	for (uint32_t i = test_random_below(&worker->random, most); i; i--) {
		unsigned char value = sample(worker, stream->written);

		stream->written += (uint32_t)quire_buffer_write(&stream->buffer, &value, 1);
	}
}

static void drain(struct worker *worker, struct stream *stream, uint32_t most)
{
	unsigned char value;

	for (uint32_t i = test_random_below(&worker->random, most); i; i--)
		if (quire_buffer_read(&stream->buffer, &value, 1))
			CREW_EXPECT(value == sample(worker, stream->read++));
}

static void open_stream(struct worker *worker, struct stream *stream)
{
	struct quire_buffer_source source = quire_buffer_on_vmh(heap_of(worker));
	struct quire_request wanted = { .size = 100 + test_random_below(&worker->random, 500),
					.min = 64 };

	memset(stream, 0, sizeof(*stream));
	stream->open = quire_buffer_create(&stream->buffer, &source, &wanted) == QUIRE_OK;
}

static void close_stream(struct worker *worker, struct stream *stream)
{
	int32_t status;

	do
		status = quire_buffer_destroy(&stream->buffer);
	while (status == QUIRE_EDRIVER);
	CREW_EXPECT(status == QUIRE_OK);
	stream->open = false;
}

static void step_of_stream(struct worker *worker, struct stream *stream)
{
	size_t level = quire_buffer_level(&stream->buffer);
	int32_t status;

	pour(worker, stream, 200);
	drain(worker, stream, 200);
	if (!test_random_once_in(&worker->random, 4))
		return;
	status = quire_buffer_resize(&stream->buffer, level ? level : 1,
				     level + 64 + test_random_below(&worker->random, 900));
	CREW_EXPECT(status != QUIRE_EFREE && status != QUIRE_EFOREIGN);
	if (status == QUIRE_EDRIVER || test_random_once_in(&worker->random, 20))
		close_stream(worker, stream);
}

static void work_on_buffers(struct worker *worker)
{
	struct stream stream = { .open = false };

	for (uint32_t step = 0; step < test_rounds(STEPS) / 4 && !worker->wrong; step++)
		if (stream.open)
			step_of_stream(worker, &stream);
		else
			open_stream(worker, &stream);
	if (stream.open)
		close_stream(worker, &stream);
}

static void buffers_keep_their_data_in_order(void **state)
{
	(void)state;
	each_kind_of_heap(0, work_on_buffers);
	each_kind_of_heap(9, work_on_buffers);
}

/* ---- the vspace below ------------------------------------------------------------------------ */

/* The first worker changes what the others live by: budgets, retained pages, pages with guards. */
static void step_on_vspace(struct worker *worker)
{
	struct quire_vspace *vs = &worker->crew->space.vs;
	struct quire_request wanted = { .size = CREW_PAGE * 2, .flags = QUIRE_GUARD };
	struct quire_budget budget = { .id = 0 };
	struct quire_vspace_stats stats;
	void *ptr;
	int32_t status;

	wanted.budget = &budget;
	if (quire_vspace_admit(vs, &budget, 1, 4))
		return;
	quire_vpage_set_aside(vs, &budget, 2);
	CREW_EXPECT(quire_vspace_change(vs, &budget, 0, 3) == QUIRE_OK);
	ptr = quire_vpage_request(vs, &wanted, QUIRE_RW);
	quire_vspace_stats(vs, &stats);
	CREW_EXPECT(stats.held <= stats.physical);
	do
		status = ptr ? quire_vpage_free(vs, ptr) : QUIRE_OK;
	while (status == QUIRE_EDRIVER);
	CREW_EXPECT(status == QUIRE_OK);
	quire_vpage_set_aside(vs, &budget, 0);
	CREW_EXPECT(quire_vspace_dismiss(vs, &budget) == QUIRE_OK);
	if (test_random_once_in(&worker->random, 8))
		quire_vspace_trim(vs);
}

static void work_on_all(struct worker *worker)
{
	for (uint32_t step = 0; step < test_rounds(STEPS) && !worker->wrong; step++)
		if (worker->number)
			step_on_heap(worker);
		else
			step_on_vspace(worker);
	drop_all(worker, give_to_heap);
}

static void budgets_come_and_go_beside_a_heap(void **state)
{
	(void)state;
	each_kind_of_heap(0, work_on_all);
	each_kind_of_heap(7, work_on_all);
}

/* ---- one region ------------------------------------------------------------------------------ */

/* What all share, for a round: made by one of them, ended by whoever puts it last. */
static struct test_region region;

static int32_t give_to_region(struct worker *worker, void *ptr)
{
	(void)worker;
	return quire_vregion_free(region.vr, ptr);
}

static int32_t change_in_region(struct worker *worker, void *ptr, size_t size)
{
	(void)worker;
	return quire_vregion_resize(region.vr, ptr, size, size, NULL);
}

static void take_from_region(struct worker *worker, uint32_t slot)
{
	size_t size = test_random_log(&worker->random, CREW_PAGE_OCTAVE + 1);

	worker->ptr[slot] = quire_vregion_alloc(region.vr, QUIRE_INTERIM, size, 0);
	worker->size[slot] = size;
	worker->condemned[slot] = false;
	if (worker->ptr[slot])
		crew_fill(worker, slot);
}

static void put_region(struct worker *worker)
{
	int32_t status;

	do
		status = quire_vregion_put(region.vr);
	while (status == QUIRE_EDRIVER);
	CREW_EXPECT(status == QUIRE_OK);
}

static void step_in_region(struct worker *worker)
{
	uint32_t slot = test_random_below(&worker->random, CREW_SLOTS);
	struct quire_vregion_info info;

	if (!worker->ptr[slot])
		take_from_region(worker, slot);
	else if (!worker->condemned[slot] && test_random_once_in(&worker->random, 3))
		resize(worker, slot, test_random_log(&worker->random, CREW_PAGE_OCTAVE + 1),
		       change_in_region);
	else
		drop(worker, slot, give_to_region);
	if (test_random_once_in(&worker->random, 12) && worker->ptr[slot] &&
	    !worker->condemned[slot])
		CREW_EXPECT(quire_vregion_usable_size(region.vr, worker->ptr[slot]) >=
			    worker->size[slot]);
	if (test_random_once_in(&worker->random, 8)) {
		CREW_EXPECT(quire_vregion_get(region.vr) == region.vr);
		quire_vregion_info(region.vr, &info);
		CREW_EXPECT(quire_vregion_contains(region.vr, info.base));
		put_region(worker);
	}
}

/* Memory that nobody frees, taken by several before they seal. */
static void take_for_life(struct worker *worker)
{
	unsigned char *ptr[4];

	for (uint32_t i = 0; i < TEST_COUNT(ptr); i++) {
		ptr[i] = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 90, 0);
		if (ptr[i])
			test_fill(ptr[i], 90, worker->number * 10 + i);
	}
	for (uint32_t i = 0; i < TEST_COUNT(ptr); i++)
		CREW_EXPECT(!ptr[i] || test_is_filled(ptr[i], 90, worker->number * 10 + i));
	quire_vregion_seal(region.vr);
}

/* All are users of the region; each lets go of it when it is done, and one is the last. */
static void live_in_region(struct worker *worker)
{
	take_for_life(worker);
	for (uint32_t step = 0; step < test_rounds(STEPS) / 10 && !worker->wrong; step++)
		step_in_region(worker);
	drop_all(worker, give_to_region);
	put_region(worker);
}

static void a_round_in_a_region(struct crew *crew, uint32_t flags)
{
	struct quire_vregion_config config = { .lifetime = 8 * CREW_PAGE,
					       .interim = 24 * CREW_PAGE,
					       .flags = flags };

	if (flags & QUIRE_VREGION_LAZY)
		config =
			(struct quire_vregion_config){ .lifetime = 32 * CREW_PAGE, .flags = flags };
	assert_non_null(test_region_init(&region, &crew->space, &config));
	for (uint32_t i = 1; i < CREW_THREADS; i++)
		assert_ptr_equal(quire_vregion_get(region.vr), region.vr);
	crew_run(crew, live_in_region);
	test_region_fini(&region);
	assert_int_equal(test_space_stats(&crew->space).held, 0);
}

static void rounds_in_regions(void (*open)(struct crew *, size_t, size_t, size_t), uint32_t one_in)
{
	struct crew crew;

	open(&crew, 96, 40, one_in);
	for (uint32_t round = 0; round < test_rounds(ROUNDS); round++) {
		let_fail(&crew, one_in, (enum test_part)(round % 4));
		a_round_in_a_region(&crew, round % 2 ? QUIRE_VREGION_LAZY : 0);
	}
	end_of_faults(&crew);
	crew_close(&crew);
}

static void the_last_of_several_users_ends_a_region(void **state)
{
	(void)state;
	rounds_in_regions(crew_open, 0);
	rounds_in_regions(crew_open, 8);
}

/* The model of the ADSP has one thread on a core: what another stores while a line is written back is lost
 * there, as it is not on a machine. */
static bool threads_share_a_core(void)
{
	return getenv("QUIRE_TEST_PORT");
}

static void the_same_on_cores_that_are_not_coherent(void **state)
{
	(void)state;
	if (threads_share_a_core())
		return;
	rounds_in_regions(crew_open_apart, 0);
	rounds_in_regions(crew_open_apart, 8);
}

/* ---- frees that should not be ---------------------------------------------------------------- */

/*
 * Allocations lie in slots that all use. Who allocates puts the pointer there and frees the one that was
 * there before; anybody may also free what lies there and leave the pointer: so frees come twice,
 * late, and for what somebody is just being given. Nobody writes to it. Whatever happens, of all frees of
 * an allocation one succeeds, and everything is free in the end.
 */
static void *_Atomic lost[CREW_SLOTS];

static void free_what_may_be_gone(struct worker *worker, void *ptr)
{
	int32_t status;

	if (!ptr)
		return;
	do
		status = worker->crew->has_heap ? quire_vmh_free(heap_of(worker), ptr)
						: quire_vpage_free(&worker->crew->space.vs, ptr);
	while (status == QUIRE_EDRIVER);
	CREW_EXPECT(status == QUIRE_OK || status == QUIRE_EFREE);
	worker->freed += status == QUIRE_OK;
}

static void *take_anything(struct worker *worker)
{
	static const uint32_t prot[] = { QUIRE_RW, QUIRE_READ };
	struct quire_request wanted = { .size = test_random_log(&worker->random,
								CREW_PAGE_OCTAVE + 2) };

	if (test_random_once_in(&worker->random, 4))
		wanted.budget = worker->budget;
	return worker->crew->has_heap
		       ? quire_vmh_request(heap_of(worker), &wanted)
		       : quire_vpage_request(&worker->crew->space.vs, &wanted,
					     prot[test_random_below(&worker->random, 2)]);
}

static void work_carelessly(struct worker *worker)
{
	for (uint32_t step = 0; step < test_rounds(STEPS) && !worker->wrong; step++) {
		void *_Atomic *slot = &lost[test_random_below(&worker->random, CREW_SLOTS)];

		if (test_random_once_in(&worker->random, 2)) {
			free_what_may_be_gone(worker,
					      atomic_load_explicit(slot, memory_order_relaxed));
		} else {
			void *ptr = take_anything(worker);

			worker->served += ptr != NULL;
			free_what_may_be_gone(
				worker, atomic_exchange_explicit(slot, ptr, memory_order_relaxed));
		}
	}
}

static void frees_add_up(struct crew *crew)
{
	struct worker *last = &crew->worker[0];
	size_t served = 0, freed = 0;

	test_mmu_heal(&crew->space.mmu);
	for (uint32_t i = 0; i < CREW_SLOTS; i++)
		free_what_may_be_gone(last, atomic_exchange(&lost[i], NULL));
	for (uint32_t i = 0; i < CREW_THREADS; i++) {
		served += crew->worker[i].served;
		freed += crew->worker[i].freed;
	}
	assert_sound(last->wrong);
	assert_int_equal(served, freed);
}

static void run_carelessly(const struct quire_vmh_config *heap, uint32_t one_in, size_t retain)
{
	struct crew crew;

	crew_open(&crew, 160, 60, retain);
	crew_give_budgets(&crew, 2);
	if (heap)
		crew_give_heap_of(&crew, heap);
	let_fail(&crew, one_in, (enum test_part)(retain % 4));
	crew_run(&crew, work_carelessly);
	frees_add_up(&crew);
	end_of_faults(&crew);
	crew_close(&crew);
}

static void stale_frees_among_allocations_add_up(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 9; retain += 3) {
		run_carelessly(NULL, 0, retain);
		for (size_t kind = 0; kind < TEST_COUNT(kinds); kind++)
			run_carelessly(&kinds[kind], 0, retain);
	}
}

static void stale_frees_among_allocations_add_up_on_a_bad_driver(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 9; retain += 3) {
		run_carelessly(NULL, 5, retain);
		for (size_t kind = 0; kind < TEST_COUNT(kinds); kind++)
			run_carelessly(&kinds[kind], 5, retain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_heap_keeps_every_byte),
		cmocka_unit_test(each_kind_of_heap_keeps_every_byte_on_a_bad_driver),
		cmocka_unit_test(buffers_keep_their_data_in_order),
		cmocka_unit_test(budgets_come_and_go_beside_a_heap),
		cmocka_unit_test(the_last_of_several_users_ends_a_region),
		cmocka_unit_test(the_same_on_cores_that_are_not_coherent),
		cmocka_unit_test(stale_frees_among_allocations_add_up),
		cmocka_unit_test(stale_frees_among_allocations_add_up_on_a_bad_driver),
	};

	return cmocka_run_group_tests_name("layers, threads", tests, NULL, NULL);
}
