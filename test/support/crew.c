/* SPDX-License-Identifier: BSD-3-Clause */
/* crew: see crew.h. */
#include <pthread.h>
#include <string.h>

#include "support/crew.h"

static void open_on(struct crew *crew, const struct test_mmu_config *mmu, size_t retain)
{
	struct test_space_config config = { .mmu = *mmu,
					    .budgets = (size_t)2 * CREW_THREADS,
					    .retain = retain,
					    .unobserved = true };

	memset(crew, 0, sizeof(*crew));
	test_space_init(&crew->space, &config);
	pthread_barrier_init(&crew->barrier, NULL, CREW_THREADS);
	for (uint32_t i = 0; i < CREW_THREADS; i++)
		crew->worker[i] = (struct worker){ .crew = crew,
						   .number = i,
						   .random = test_random_seeded(i + 1) };
}

void crew_open(struct crew *crew, size_t pages, size_t frames, size_t retain)
{
	struct test_mmu_config mmu = { .pages = pages, .frames = frames, .page_size = CREW_PAGE };

	open_on(crew, &mmu, retain);
}

void crew_open_apart(struct crew *crew, size_t pages, size_t frames, size_t retain)
{
	struct test_mmu_config mmu = {
		.pages = pages, .frames = frames, .page_size = CREW_PAGE, .not_coherent = true
	};

	open_on(crew, &mmu, retain);
}

void crew_give_heap(struct crew *crew, size_t window)
{
	test_heap_init_elastic(&crew->heap, &crew->space, window);
	crew->has_heap = true;
}

void crew_give_heap_of(struct crew *crew, const struct quire_vmh_config *config)
{
	test_heap_init(&crew->heap, &crew->space, config);
	crew->has_heap = true;
}

void crew_give_budgets(struct crew *crew, size_t guaranteed)
{
	for (uint32_t i = 0; i < CREW_THREADS; i++) {
		crew->worker[i].budget = &crew->budget[i];
		assert_ok(quire_vspace_admit(&crew->space.vs, &crew->budget[i], guaranteed,
					     QUIRE_NO_LIMIT));
	}
}

static void *run_worker(void *argument)
{
	struct worker *worker = argument;

	pthread_barrier_wait(&worker->crew->barrier);
	worker->crew->work(worker);
	return NULL;
}

void crew_run(struct crew *crew, void (*work)(struct worker *worker))
{
	pthread_t thread[CREW_THREADS];

	crew->work = work;
	for (uint32_t i = 0; i < CREW_THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, run_worker, &crew->worker[i]), 0);
	for (uint32_t i = 0; i < CREW_THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	for (uint32_t i = 0; i < CREW_THREADS; i++)
		assert_sound(crew->worker[i].wrong);
}

void crew_close(struct crew *crew)
{
	struct quire_vspace_stats stats;

	test_mmu_heal(&crew->space.mmu);
	if (crew->has_heap)
		test_heap_fini(&crew->heap);
	stats = test_space_stats(&crew->space);
	assert_int_equal(stats.held, 0);
	assert_int_equal(crew->space.mmu.mapped, stats.retained);
	for (uint32_t i = 0; i < CREW_THREADS; i++)
		assert_int_equal(crew->budget[i].used, 0);
	assert_ok(quire_vspace_trim(&crew->space.vs));
	assert_int_equal(atomic_load(&crew->space.mmu.free_frames), crew->space.mmu.config.frames);
	pthread_barrier_destroy(&crew->barrier);
	test_space_fini(&crew->space);
}

uint32_t crew_owner_of(const struct worker *worker, uint32_t slot)
{
	return worker->number * 100 + slot;
}

void crew_fill(struct worker *worker, uint32_t slot)
{
	test_fill(worker->ptr[slot], worker->size[slot], crew_owner_of(worker, slot));
}

void crew_check(struct worker *worker, uint32_t slot)
{
	CREW_EXPECT(
		test_is_filled(worker->ptr[slot], worker->size[slot], crew_owner_of(worker, slot)));
}
