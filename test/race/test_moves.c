/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Banks are emptied while threads allocate, use and free: those whose pages may move hold still for
 * it, the others go on, and pages that are retained are taken and given meanwhile.
 */
#include <pthread.h>
#include <string.h>

#include "quire/linux.h"
#include "quire/quire.h"

#include "support/random.h"
#include "support/test.h"

#define PAGE    ((size_t)4096)
#define PAGES   256u
#define BANKS   8u
#define WORKERS 3u /* the last one never holds still */
#define SLOTS   12u
#define MOVES   150u

struct worker {
	struct quire_mover mover;
	struct quire_budget budget;
	pthread_mutex_t busy; /* for the time of a step */
	pthread_t thread;
	struct test_random random;
	bool enough; /* while `busy` is held */
	unsigned char *slot[SLOTS];
	size_t pages[SLOTS];
	size_t lost; /* bytes */
};

static struct quire_linux port;
static struct quire_vspace vs;
static struct worker workers[WORKERS];

static int32_t quiesce(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)budget;
	return pthread_mutex_lock(&((struct worker *)mover)->busy) ? QUIRE_EBUSY : QUIRE_OK;
}

static void resume(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)budget;
	pthread_mutex_unlock(&((struct worker *)mover)->busy);
}

static void fill(struct worker *worker, size_t i, unsigned char value)
{
	memset(worker->slot[i], value, worker->pages[i] * PAGE);
}

static void check(struct worker *worker, size_t i, unsigned char value)
{
	for (size_t at = 0; at < worker->pages[i] * PAGE; at += 32)
		worker->lost += worker->slot[i][at] != value;
}

static void drop(struct worker *worker, size_t i)
{
	check(worker, i, (unsigned char)(i + worker->pages[i]));
	worker->lost += quire_vpage_free(&vs, worker->slot[i]) != QUIRE_OK;
	worker->slot[i] = NULL;
}

/* Who never holds still has few pages, or there would be one in each bank. */
static void step(struct worker *worker)
{
	bool is_last = worker == &workers[WORKERS - 1];
	size_t i = test_random_below(&worker->random, is_last ? 2 : SLOTS);
	struct quire_request request = { .budget = &worker->budget };

	if (worker->slot[i]) {
		drop(worker, i);
		return;
	}
	worker->pages[i] = 1 + test_random_below(&worker->random, 5);
	request.size = worker->pages[i] * PAGE;
	request.flags = test_random_below(&worker->random, 4) ? 0 : QUIRE_GUARD;
	worker->slot[i] = quire_vpage_request(&vs, &request, QUIRE_RW);
	if (!worker->slot[i])
		return;
	for (int round = 0; round < 50 && is_last; round++) {
		fill(worker, i, (unsigned char)round);
		check(worker, i, (unsigned char)round);
	}
	fill(worker, i, (unsigned char)(i + worker->pages[i]));
}

static void *work(void *context)
{
	struct worker *worker = context;
	bool enough = false;

	while (!enough) {
		pthread_mutex_lock(&worker->busy);
		step(worker);
		enough = worker->enough;
		pthread_mutex_unlock(&worker->busy);
	}
	for (size_t i = 0; i < SLOTS; i++) {
		pthread_mutex_lock(&worker->busy);
		if (worker->slot[i])
			drop(worker, i);
		pthread_mutex_unlock(&worker->busy);
	}
	return NULL;
}

static void start(uint32_t number)
{
	struct worker *worker = &workers[number];

	memset(worker, 0, sizeof(*worker));
	worker->mover = (struct quire_mover){ quiesce, resume };
	worker->random = test_random_seeded(number + 1);
	pthread_mutex_init(&worker->busy, NULL);
	assert_ok(quire_vspace_admit(&vs, &worker->budget, 0, QUIRE_NO_LIMIT));
	if (number + 1 < WORKERS)
		assert_ok(quire_vspace_set_mover(&vs, &worker->budget, &worker->mover));
	assert_int_equal(pthread_create(&worker->thread, NULL, work, worker), 0);
}

static void pages_move_while_threads_come_and_go(void **state)
{
	static _Alignas(uintptr_t) unsigned char storage[QUIRE_VSPACE_STORAGE(PAGES, WORKERS)];
	struct quire_linux_config memory = {
		.pages = PAGES, .banks = BANKS, .frames_per_bank = 16, .check_locks = true
	};
	struct quire_vspace_config config = { .mmu = &port.mmu,
					      .pages = PAGES,
					      .budgets = WORKERS,
					      .retain = 40,
					      .storage = storage,
					      .storage_bytes = sizeof(storage) };
	size_t moved, moved_in_all = 0;

	(void)state;
	assert_ok(quire_linux_init(&port, &memory));
	config.base = port.window;
	assert_ok(quire_vspace_init(&vs, &config));
	for (uint32_t i = 0; i < WORKERS; i++)
		start(i);
	while (moved_in_all < test_rounds(MOVES)) {
		int32_t status = quire_vspace_evacuate(&vs, 16, &moved);

		assert_true(status == QUIRE_OK || status == QUIRE_EBUSY || status == QUIRE_ENOPHYS);
		moved_in_all += moved;
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		pthread_mutex_lock(&workers[i].busy);
		workers[i].enough = true;
		pthread_mutex_unlock(&workers[i].busy);
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_int_equal(workers[i].lost, 0);
		assert_int_equal(workers[i].budget.used, 0);
		assert_ok(quire_vspace_dismiss(&vs, &workers[i].budget));
		pthread_mutex_destroy(&workers[i].busy);
	}
	assert_sound(quire_vspace_check(&vs));
	assert_ok(quire_vspace_trim(&vs));
	assert_sound(quire_frames_check(quire_linux_frames(&port)));
	assert_int_equal(quire_frames_banks_on(quire_linux_frames(&port)), 0);
	assert_ok(quire_vspace_fini(&vs));
	quire_linux_fini(&port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_move_while_threads_come_and_go),
	};

	return cmocka_run_group_tests_name("moves", tests, NULL, NULL);
}
