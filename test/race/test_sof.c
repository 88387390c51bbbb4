/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SOF's names with threads, as cores of a firmware have them: each allocates and frees pages,
 * buffers, regions and memory of its module, and some of what it allocates is freed by another.
 * Accounts are exact at the end.
 */
#include <pthread.h>
#include <string.h>

#include "quire/linux.h"
#include "quire/sof.h"

#include "support/random.h"
#include "support/test.h"

#define PAGES   1024u
#define THREADS 4u
#define SLOTS   8u
#define STEPS   1500u

enum kind { PAGE_RUN, BUFFER, CONTEXT, KINDS };

struct thing {
	unsigned char *ptr;
	size_t bytes;
	enum kind kind;
	unsigned char value;
};

struct worker {
	pthread_t thread;
	uint32_t number;
	struct test_random random;
	struct thing slot[SLOTS];
	struct vregion *region;
	size_t lost;
};

static struct quire_linux port;
static _Alignas(64) unsigned char storage[QUIRE_SOF_STORAGE(PAGES)];
static struct worker workers[THREADS];

/* One thing at a time changes hands here. */
static struct thing gift;
static pthread_mutex_t gift_lock = PTHREAD_MUTEX_INITIALIZER;

static void drop(struct worker *worker, struct thing *thing)
{
	if (!thing->ptr)
		return;
	for (size_t i = 0; i < thing->bytes; i += 16)
		worker->lost += thing->ptr[i] != thing->value;
	if (thing->kind == PAGE_RUN)
		vpage_free(thing->ptr);
	else
		rfree(thing->ptr);
	thing->ptr = NULL;
}

static void take(struct worker *worker, struct thing *thing)
{
	struct mod_alloc_ctx ctx = { .module = 1 + worker->number, .vreg = worker->region };

	thing->kind = (enum kind)test_random_below(&worker->random, KINDS);
	thing->bytes = 1 + test_random_below(&worker->random, 3000);
	thing->value = (unsigned char)test_random_next(&worker->random);
	if (thing->kind == PAGE_RUN) {
		thing->bytes = 4096;
		thing->ptr = vpage_alloc(1);
	} else if (thing->kind == BUFFER) {
		thing->ptr = rballoc_align(0, thing->bytes, 64);
	} else {
		thing->ptr = sof_ctx_alloc(&ctx, 0, thing->bytes, 0);
	}
	if (thing->ptr)
		memset(thing->ptr, thing->value, thing->bytes);
}

/* What others freed of a region goes before it does; so its own memory is not given away. */
static void hand_over(struct worker *worker, struct thing *thing)
{
	struct thing other;

	if (thing->kind == CONTEXT)
		return;
	pthread_mutex_lock(&gift_lock);
	other = gift;
	gift = *thing;
	pthread_mutex_unlock(&gift_lock);
	thing->ptr = NULL;
	drop(worker, &other);
}

static void renew_region(struct worker *worker)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (worker->slot[i].kind == CONTEXT)
			drop(worker, &worker->slot[i]);
	if (worker->region)
		worker->lost += vregion_put(worker->region) != NULL;
	worker->region = vregion_create(16 * 4096);
	if (worker->region)
		vregion_set_interim(worker->region);
}

static void *work(void *context)
{
	struct worker *worker = context;

	for (uint32_t step = 0; step < test_rounds(STEPS); step++) {
		struct thing *thing = &worker->slot[test_random_below(&worker->random, SLOTS)];

		if (step % 64 == 0)
			renew_region(worker);
		if (!thing->ptr)
			take(worker, thing);
		else if (test_random_below(&worker->random, 3))
			drop(worker, thing);
		else
			hand_over(worker, thing);
	}
	for (size_t i = 0; i < SLOTS; i++)
		drop(worker, &worker->slot[i]);
	if (worker->region)
		vregion_put(worker->region);
	return NULL;
}

static void cores_share_one_memory_under_sofs_names(void **state)
{
	struct quire_linux_config memory = {
		.pages = PAGES, .banks = 16, .frames_per_bank = 32, .check_locks = true
	};
	struct quire_sof_config config = { .mmu = &port.mmu,
					   .pages = PAGES,
					   .retain = 16,
					   .storage = storage,
					   .storage_bytes = sizeof(storage) };
	struct quire_sof_memory after;

	(void)state;
	assert_ok(quire_linux_init(&port, &memory));
	config.base = port.window;
	assert_int_equal(quire_sof_init(&config), 0);
	for (uint32_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .number = i, .random = test_random_seeded(i + 1) };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_int_equal(workers[i].lost, 0);
	}
	drop(&workers[0], &gift);
	assert_int_equal(workers[0].lost, 0);
	assert_sound(quire_sof_check());
	assert_int_equal(quire_sof_memory(&after), 0);
	assert_int_equal(after.page_allocations, 0);
	assert_int_equal(after.regions, 0);
	assert_int_equal(after.modules, 0);
	assert_int_equal(quire_sof_uncounted(), 0);
	assert_int_equal(quire_sof_fini(), 0);
	quire_linux_fini(&port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cores_share_one_memory_under_sofs_names),
	};

	return cmocka_run_group_tests_name("SOF's names, threads", tests, NULL, NULL);
}
