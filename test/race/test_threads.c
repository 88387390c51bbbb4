/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads on one vspace and on one elastic heap (support/crew.h says what they look at), and races at
 * their narrowest. test_layers.c has the other layers.
 */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <stdlib.h>
#include <string.h>

#include "support/crew.h"

#define STEPS 3000u

/* ---- pages ----------------------------------------------------------------------------------- */

static void take_pages(struct worker *worker, uint32_t slot)
{
	size_t pages = test_random_between(&worker->random, 1, 6);
	struct quire_request wanted = { .size = pages * CREW_PAGE, .budget = worker->budget };

	if (test_random_once_in(&worker->random, 3))
		wanted.min = CREW_PAGE;
	if (test_random_once_in(&worker->random, 5))
		wanted.flags = QUIRE_GUARD;
	worker->ptr[slot] = quire_vpage_request(&worker->crew->space.vs, &wanted, QUIRE_RW);
	worker->size[slot] = wanted.granted;
	if (worker->ptr[slot])
		crew_fill(worker, slot);
}

static void free_pages(struct worker *worker, uint32_t slot)
{
	crew_check(worker, slot);
	CREW_EXPECT(quire_vpage_free(&worker->crew->space.vs, worker->ptr[slot]) == QUIRE_OK);
	worker->ptr[slot] = NULL;
}

static void resize_pages(struct worker *worker, uint32_t slot)
{
	size_t pages = test_random_between(&worker->random, 1, 6);
	size_t smaller =
		pages * CREW_PAGE < worker->size[slot] ? pages * CREW_PAGE : worker->size[slot];

	if (quire_vpage_resize(&worker->crew->space.vs, worker->ptr[slot], pages) != QUIRE_OK)
		return;
	CREW_EXPECT(test_is_filled(worker->ptr[slot], smaller, crew_owner_of(worker, slot)));
	worker->size[slot] = pages * CREW_PAGE;
	crew_fill(worker, slot);
}

static void work_on_pages(struct worker *worker)
{
	struct quire_vspace *vs = &worker->crew->space.vs;

	for (uint32_t step = 0; step < test_rounds(STEPS) && !worker->wrong; step++) {
		uint32_t slot = test_random_below(&worker->random, CREW_SLOTS);

		if (!worker->ptr[slot])
			take_pages(worker, slot);
		else if (test_random_once_in(&worker->random, 3))
			resize_pages(worker, slot);
		else
			free_pages(worker, slot);
		if (test_random_once_in(&worker->random, 200))
			quire_vspace_trim(vs);
	}
	for (uint32_t slot = 0; slot < CREW_SLOTS; slot++)
		if (worker->ptr[slot])
			free_pages(worker, slot);
}

static void threads_on_pages_end_with_exact_accounts(void **state)
{
	static const size_t retain[] = { 0, 10, 128 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(retain); i++) {
		struct crew crew;

		crew_open(&crew, 160, 128, retain[i]);
		crew_run(&crew, work_on_pages);
		crew_close(&crew);
	}
}

/* Few frames and few addresses: most requests are refused, none half. */
static void threads_that_run_short_end_with_exact_accounts(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 8; retain += 4) {
		struct crew crew;

		crew_open(&crew, 40, 20, retain);
		crew_run(&crew, work_on_pages);
		crew_close(&crew);
	}
}

/* What a reservation commits and gives up again, next to others who do the same. */
static void work_on_a_reservation(struct worker *worker)
{
	struct quire_vspace *vs = &worker->crew->space.vs;
	unsigned char *ptr = quire_vpage_reserve(vs, 16);

	CREW_EXPECT(ptr);
	for (uint32_t step = 0; step < test_rounds(STEPS) && !worker->wrong; step++) {
		size_t first = test_random_below(&worker->random, 12);
		size_t pages = test_random_between(&worker->random, 1, 4);

		if (quire_vpage_commit(vs, ptr + first * CREW_PAGE, pages, QUIRE_RW,
				       worker->budget))
			continue;
		test_fill(ptr + first * CREW_PAGE, pages * CREW_PAGE, worker->number);
		CREW_EXPECT(quire_vpage_protect(vs, ptr + first * CREW_PAGE, pages, QUIRE_READ) ==
			    QUIRE_OK);
		CREW_EXPECT(
			test_is_filled(ptr + first * CREW_PAGE, pages * CREW_PAGE, worker->number));
		CREW_EXPECT(quire_vpage_decommit(vs, ptr + first * CREW_PAGE, pages) == QUIRE_OK);
	}
	CREW_EXPECT(quire_vpage_free(vs, ptr) == QUIRE_OK);
}

static void threads_on_reservations_end_with_exact_accounts(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 12; retain += 6) {
		struct crew crew;

		crew_open(&crew, 80, 12, retain);
		crew_give_budgets(&crew, 1);
		crew_run(&crew, work_on_a_reservation);
		crew_close(&crew);
	}
}

/* ---- guarantees ------------------------------------------------------------------------------ */

#define GUARANTEED 6u

static size_t held_by(const struct worker *worker)
{
	size_t bytes = 0;

	for (uint32_t slot = 0; slot < CREW_SLOTS; slot++)
		bytes += worker->ptr[slot] ? worker->size[slot] : 0;
	return bytes / CREW_PAGE;
}

/* Whoever stays within the guarantee is served, in the middle of the greed of all others. */
static void be_greedy(struct worker *worker)
{
	for (uint32_t step = 0; step < test_rounds(STEPS) && !worker->wrong; step++) {
		uint32_t slot = test_random_below(&worker->random, CREW_SLOTS);
		size_t pages = test_random_between(&worker->random, 1, 4);
		struct quire_request wanted = { .size = pages * CREW_PAGE,
						.budget = worker->budget };
		bool guaranteed = held_by(worker) + pages <= GUARANTEED;

		if (worker->ptr[slot]) {
			free_pages(worker, slot);
			continue;
		}
		wanted.min = guaranteed ? 0 : CREW_PAGE;
		worker->ptr[slot] = quire_vpage_request(&worker->crew->space.vs, &wanted, QUIRE_RW);
		worker->size[slot] = wanted.granted;
		CREW_EXPECT(worker->ptr[slot] || !guaranteed);
		if (worker->ptr[slot])
			crew_fill(worker, slot);
	}
	for (uint32_t slot = 0; slot < CREW_SLOTS; slot++)
		if (worker->ptr[slot])
			free_pages(worker, slot);
}

static void no_thread_misses_what_it_is_guaranteed(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 32; retain += 16) {
		struct crew crew;

		crew_open(&crew, 512, 32, retain);
		crew_give_budgets(&crew, GUARANTEED);
		crew_run(&crew, be_greedy);
		crew_close(&crew);
	}
}

/*
 * The same at its narrowest: all frames are retained; while one thread asks the driver what is
 * free, another gives the retained pages back. What the first one was told is then out of date.
 */
static struct quire_vspace *to_be_trimmed;

static void *trim(void *argument)
{
	(void)argument;
	quire_vspace_trim(to_be_trimmed);
	return NULL;
}

static size_t answer_late(const struct quire_mmu *mmu)
{
	struct test_mmu *model = (struct test_mmu *)(uintptr_t)mmu;
	size_t answer = atomic_load(&model->free_frames);
	pthread_t other;

	if (!to_be_trimmed || test_mmu_holds_lock() || test_mmu_holds_transition())
		return answer;
	pthread_create(&other, NULL, trim, NULL);
	pthread_join(other, NULL);
	to_be_trimmed = NULL;
	return answer;
}

static void a_guarantee_holds_while_retained_pages_are_given_back(void **state)
{
	struct quire_request wanted = { .size = 8 * CREW_PAGE };
	struct quire_vspace *vs;
	struct crew crew;
	void *ptr;

	(void)state;
	crew_open(&crew, 32, 8, 8);
	vs = &crew.space.vs;
	wanted.budget = &crew.budget[0];
	assert_ok(quire_vspace_admit(vs, wanted.budget, 8, 8));
	assert_ok(quire_vpage_free(vs, quire_vpage_request(vs, &wanted, QUIRE_RW)));
	assert_int_equal(atomic_load(&crew.space.mmu.free_frames), 0);
	crew.space.mmu.mmu.available = answer_late;
	to_be_trimmed = vs;
	ptr = quire_vpage_request(vs, &wanted, QUIRE_RW);
	to_be_trimmed = NULL;
	assert_status(wanted.why, QUIRE_OK);
	assert_ok(quire_vpage_free(vs, ptr));
	crew_close(&crew);
}

/* ---- a heap ---------------------------------------------------------------------------------- */

static void take_bytes(struct worker *worker, uint32_t slot)
{
	struct quire_request wanted = { .size = test_random_log(&worker->random,
								CREW_PAGE_OCTAVE + 1) };

	if (test_random_once_in(&worker->random, 3))
		wanted.min = 1 + wanted.size / 4;
	if (test_random_once_in(&worker->random, 6))
		wanted.budget = worker->budget;
	worker->ptr[slot] = quire_vmh_request(&worker->crew->heap.heap, &wanted);
	worker->size[slot] = wanted.granted;
	if (worker->ptr[slot])
		crew_fill(worker, slot);
}

static void free_bytes(struct worker *worker, uint32_t slot)
{
	crew_check(worker, slot);
	CREW_EXPECT(quire_vmh_free(&worker->crew->heap.heap, worker->ptr[slot]) == QUIRE_OK);
	worker->ptr[slot] = NULL;
}

static void resize_bytes(struct worker *worker, uint32_t slot)
{
	size_t wanted = test_random_log(&worker->random, CREW_PAGE_OCTAVE + 1);
	size_t smaller = wanted < worker->size[slot] ? wanted : worker->size[slot];

	if (quire_vmh_resize(&worker->crew->heap.heap, worker->ptr[slot], wanted) != QUIRE_OK)
		return;
	CREW_EXPECT(test_is_filled(worker->ptr[slot], smaller, crew_owner_of(worker, slot)));
	worker->size[slot] = wanted;
	crew_fill(worker, slot);
}

static void work_on_heap(struct worker *worker)
{
	for (uint32_t step = 0; step < test_rounds(STEPS) && !worker->wrong; step++) {
		uint32_t slot = test_random_below(&worker->random, CREW_SLOTS);

		if (!worker->ptr[slot])
			take_bytes(worker, slot);
		else if (test_random_once_in(&worker->random, 3))
			resize_bytes(worker, slot);
		else
			free_bytes(worker, slot);
	}
	for (uint32_t slot = 0; slot < CREW_SLOTS; slot++)
		if (worker->ptr[slot])
			free_bytes(worker, slot);
}

static void threads_on_a_heap_end_with_exact_accounts(void **state)
{
	static const size_t retain[] = { 0, 4, 64 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(retain); i++) {
		struct crew crew;

		crew_open(&crew, 64, 48, retain[i]);
		crew_give_budgets(&crew, 2);
		crew_give_heap(&crew, 40 * CREW_PAGE);
		crew_run(&crew, work_on_heap);
		crew_close(&crew);
	}
}

/* Pages beside the heap and in it, so that both fight for frames. */
static void work_on_both(struct worker *worker)
{
	if (worker->number % 2)
		work_on_heap(worker);
	else
		work_on_pages(worker);
}

static void threads_on_a_heap_and_on_pages_end_with_exact_accounts(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 6; retain += 6) {
		struct crew crew;

		crew_open(&crew, 96, 32, retain);
		crew_give_heap(&crew, 40 * CREW_PAGE);
		crew_run(&crew, work_on_both);
		crew_close(&crew);
	}
}

/* ---- frames that are given back for somebody ------------------------------------------------- */

/* Another thread that gets its chance while retained pages are unmapped, and takes it if it can. */
static struct {
	struct quire_vspace *vs;
	unsigned char *mine;  /* to be freed, which would retain it */
	unsigned char *other; /* a retained page, to be taken */
	int32_t (*unmap)(const struct quire_mmu *mmu, uintptr_t va, size_t pages);
	bool used;
	sem_t go, done;
} chance;

static void *take_the_chance(void *argument)
{
	(void)argument;
	sem_wait(&chance.go);
	quire_vpage_free(chance.vs, chance.mine);
	quire_vpage_alloc_at(chance.vs, chance.other, 1, QUIRE_RW);
	sem_post(&chance.done);
	return NULL;
}

/* It has a tenth of a second; if it has to wait for us it will not need more. */
static int32_t unmap_with_a_pause(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	struct timespec until;

	if (!chance.used) {
		chance.used = true;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 100000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		sem_post(&chance.go);
		sem_timedwait(&chance.done, &until);
	}
	return chance.unmap(mmu, va, pages);
}

/* Four frames, all mapped: one is somebody's, three are retained. Three are guaranteed to `budget`. */
static void fill_the_frames(struct test_space *space, struct quire_budget *budget)
{
	static const size_t retained[] = { 5, 8, 10 };

	chance.mine = quire_vpage_alloc_at(&space->vs, test_space_page(space, 3), 1, QUIRE_RW);
	assert_non_null(chance.mine);
	for (size_t i = 0; i < TEST_COUNT(retained); i++)
		assert_non_null(quire_vpage_alloc_at(
			&space->vs, test_space_page(space, retained[i]), 1, QUIRE_RW));
	for (size_t i = 0; i < TEST_COUNT(retained); i++)
		assert_ok(quire_vpage_free(&space->vs, test_space_page(space, retained[i])));
	assert_int_equal(test_space_stats(space).retained, 3);
	assert_ok(quire_vspace_admit(&space->vs, budget, 3, QUIRE_NO_LIMIT));
}

static void what_is_given_back_for_a_guarantee_is_not_retained_elsewhere(void **state)
{
	struct test_space_config config = {
		.mmu = { .pages = 16, .frames = 4, .page_size = CREW_PAGE },
		.budgets = 1,
		.retain = 8,
		.unobserved = true
	};
	struct quire_budget budget = { .id = 0 };
	struct quire_request wanted = { .size = 3 * CREW_PAGE, .budget = &budget };
	struct test_space space;
	pthread_t thread;
	void *ptr;

	(void)state;
	memset(&chance, 0, sizeof(chance));
	sem_init(&chance.go, 0, 0);
	sem_init(&chance.done, 0, 0);
	test_space_init(&space, &config);
	fill_the_frames(&space, &budget);
	chance.vs = &space.vs;
	chance.other = test_space_page(&space, 10);
	chance.unmap = space.mmu.mmu.unmap;
	space.mmu.mmu.unmap = unmap_with_a_pause;
	assert_int_equal(pthread_create(&thread, NULL, take_the_chance, NULL), 0);
	ptr = quire_vpage_request(&space.vs, &wanted, QUIRE_RW);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_status(wanted.why, QUIRE_OK);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	quire_vpage_free(&space.vs, chance.other);
	assert_ok(quire_vspace_dismiss(&space.vs, &budget));
	test_space_fini(&space);
}

/* ---- a bad driver ---------------------------------------------------------------------------- */

/* A free that the driver lets down is tried again until it succeeds; nothing else may go wrong. */
static void free_pages_at_last(struct worker *worker, void *ptr)
{
	int32_t status;

	do
		status = quire_vpage_free(&worker->crew->space.vs, ptr);
	while (status == QUIRE_EDRIVER);
	CREW_EXPECT(status == QUIRE_OK);
}

static void free_bytes_at_last(struct worker *worker, void *ptr)
{
	int32_t status;

	do
		status = quire_vmh_free(&worker->crew->heap.heap, ptr);
	while (status == QUIRE_EDRIVER);
	CREW_EXPECT(status == QUIRE_OK);
}

/* One allocation at a time: once its free has failed its contents are undefined, and so not
 * looked at. */
static void work_on_a_bad_driver(struct worker *worker)
{
	for (uint32_t step = 0; step < test_rounds(STEPS) && !worker->wrong; step++) {
		size_t pages = test_random_between(&worker->random, 1, 6);
		unsigned char *ptr = quire_vpage_alloc(&worker->crew->space.vs, pages, QUIRE_RW);

		if (!ptr)
			continue;
		test_fill(ptr, pages * CREW_PAGE, worker->number);
		CREW_EXPECT(test_is_filled(ptr, pages * CREW_PAGE, worker->number));
		free_pages_at_last(worker, ptr);
	}
}

static void work_on_a_heap_with_a_bad_driver(struct worker *worker)
{
	for (uint32_t step = 0; step < test_rounds(STEPS) && !worker->wrong; step++) {
		size_t bytes = test_random_log(&worker->random, CREW_PAGE_OCTAVE + 2);
		unsigned char *ptr = quire_vmh_alloc(&worker->crew->heap.heap, bytes);

		if (!ptr)
			continue;
		test_fill(ptr, bytes, worker->number);
		CREW_EXPECT(test_is_filled(ptr, bytes, worker->number));
		free_bytes_at_last(worker, ptr);
	}
}

/* After a bad driver: a page whose undo failed may be unmapped already, and is taken for mapped until it
 * has been given back. */
static void give_back_what_failed(struct crew *crew)
{
	test_mmu_heal(&crew->space.mmu);
	assert_true(crew->space.mmu.mapped <=
		    test_space_stats(&crew->space).held + test_space_stats(&crew->space).retained);
	assert_ok(quire_vspace_trim(&crew->space.vs));
}

static void threads_on_a_bad_driver_end_with_exact_accounts(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 8; retain += 4) {
		struct crew crew;

		crew_open(&crew, 64, 24, retain);
		crew_give_heap(&crew, 32 * CREW_PAGE);
		crew.space.mmu.fail_every = 5;
		crew_run(&crew, work_on_a_bad_driver);
		crew_run(&crew, work_on_a_heap_with_a_bad_driver);
		give_back_what_failed(&crew);
		crew_close(&crew);
	}
}

/* ---- freeing twice at the same time -------------------------------------------------------- */

static void free_the_same(struct worker *worker, int32_t (*free_it)(struct crew *crew, void *ptr))
{
	struct crew *crew = worker->crew;

	while (pthread_barrier_wait(&crew->barrier), !crew->done) {
		crew->answer[worker->number] = free_it(crew, crew->shared);
		pthread_barrier_wait(&crew->barrier);
	}
}

static int32_t free_shared_pages(struct crew *crew, void *ptr)
{
	return quire_vpage_free(&crew->space.vs, ptr);
}

static int32_t free_shared_bytes(struct crew *crew, void *ptr)
{
	return quire_vmh_free(&crew->heap.heap, ptr);
}

/* The first worker makes something for all to free, then judges their answers. */
static void judge(struct worker *worker, void *(*make)(struct crew *crew),
		  int32_t (*free_it)(struct crew *crew, void *ptr))
{
	struct crew *crew = worker->crew;

	for (uint32_t round = 0; round < test_rounds(STEPS) && !worker->wrong; round++) {
		uint32_t freed = 0;

		crew->shared = make(crew);
		CREW_EXPECT(crew->shared);
		pthread_barrier_wait(&crew->barrier);
		crew->answer[0] = free_it(crew, crew->shared);
		pthread_barrier_wait(&crew->barrier);
		for (uint32_t i = 0; i < CREW_THREADS; i++) {
			CREW_EXPECT(crew->answer[i] == QUIRE_OK || crew->answer[i] == QUIRE_EFREE);
			freed += crew->answer[i] == QUIRE_OK;
		}
		CREW_EXPECT(freed == 1);
	}
	crew->done = true;
	pthread_barrier_wait(&crew->barrier);
}

static void *make_pages(struct crew *crew)
{
	return quire_vpage_alloc(&crew->space.vs, 3, QUIRE_RW);
}

static void *make_bytes(struct crew *crew)
{
	return quire_vmh_alloc(&crew->heap.heap, CREW_PAGE + CREW_PAGE / 4);
}

static void free_pages_twice(struct worker *worker)
{
	if (worker->number)
		free_the_same(worker, free_shared_pages);
	else
		judge(worker, make_pages, free_shared_pages);
}

static void free_bytes_twice(struct worker *worker)
{
	if (worker->number)
		free_the_same(worker, free_shared_bytes);
	else
		judge(worker, make_bytes, free_shared_bytes);
}

static void of_several_frees_at_once_exactly_one_is_right(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 8; retain += 4) {
		struct crew crew;

		crew_open(&crew, 32, 32, retain);
		crew_run(&crew, free_pages_twice);
		assert_int_equal(test_space_stats(&crew.space).misuses,
				 test_rounds(STEPS) * (CREW_THREADS - 1));
		crew_close(&crew);
	}
}

static void of_several_frees_in_a_heap_exactly_one_is_right(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 8; retain += 4) {
		struct crew crew;

		crew_open(&crew, 32, 32, retain);
		crew_give_heap(&crew, 16 * CREW_PAGE);
		crew_run(&crew, free_bytes_twice);
		crew_close(&crew);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_on_pages_end_with_exact_accounts),
		cmocka_unit_test(threads_that_run_short_end_with_exact_accounts),
		cmocka_unit_test(threads_on_reservations_end_with_exact_accounts),
		cmocka_unit_test(no_thread_misses_what_it_is_guaranteed),
		cmocka_unit_test(a_guarantee_holds_while_retained_pages_are_given_back),
		cmocka_unit_test(threads_on_a_heap_end_with_exact_accounts),
		cmocka_unit_test(threads_on_a_heap_and_on_pages_end_with_exact_accounts),
		cmocka_unit_test(what_is_given_back_for_a_guarantee_is_not_retained_elsewhere),
		cmocka_unit_test(threads_on_a_bad_driver_end_with_exact_accounts),
		cmocka_unit_test(of_several_frees_at_once_exactly_one_is_right),
		cmocka_unit_test(of_several_frees_in_a_heap_exactly_one_is_right),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
