/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plain way of heaps and regions, where a call changes records and that is all: no locks, no
 * observer, pages that stay. What it cannot serve is served as everywhere else.
 */
#include <stdlib.h>
#include <string.h>

#include "quire/flat.h"
#include "quire/vregion.h"

#include "support/random.h"
#include "support/storage.h"
#include "support/test.h"

#define PAGES  128u
#define PAGE   4096u
#define BLOCKS 4200u /* more than two levels of words of any width */
#define SIZE   100u

#define BUDGETS 2u

static _Alignas(PAGE) unsigned char memory[PAGES * PAGE];
static unsigned char *window = memory;

struct machine {
	struct quire_flat flat;
	struct quire_vspace vs;
	struct quire_vmh heap;
	struct test_storage flat_storage;
	struct test_storage storage;
	struct test_storage records; /* of the heap or the region */
};

/* What machines are made with: usually nobody is told, and nothing asked. */
static struct quire_observer *observer;
static bool (*in_interrupt)(const struct quire_mmu *mmu);

static void begin(struct machine *machine, size_t retain)
{
	struct quire_flat_config port = { .memory = window,
					  .pages = PAGES,
					  .page_size = PAGE,
					  .storage_bytes = QUIRE_FLAT_STORAGE(PAGES) };
	struct quire_vspace_config config = { .mmu = &machine->flat.mmu,
					      .base = window,
					      .pages = PAGES,
					      .budgets = BUDGETS,
					      .retain = retain,
					      .observer = observer,
					      .storage_bytes =
						      QUIRE_VSPACE_STORAGE(PAGES, BUDGETS) };

	test_storage_init(&machine->flat_storage, port.storage_bytes, NULL);
	port.storage = machine->flat_storage.memory;
	assert_ok(quire_flat_init(&machine->flat, &port));
	machine->flat.mmu.in_interrupt = in_interrupt;
	test_storage_init(&machine->storage, config.storage_bytes, NULL);
	config.storage = machine->storage.memory;
	assert_ok(quire_vspace_init(&machine->vs, &config));
}

static void begin_heap(struct machine *machine, const struct quire_bundle *table, size_t lines,
		       size_t retain)
{
	struct quire_vmh_config config = { .bundles = table, .bundle_count = lines };

	begin(machine, retain);
	config.storage_bytes = quire_vmh_storage_needed(&machine->flat.mmu, &config);
	test_storage_init(&machine->records, config.storage_bytes, NULL);
	config.storage = machine->records.memory;
	assert_ok(quire_vmh_init(&machine->heap, &machine->vs, &config));
}

static void end(struct machine *machine)
{
	assert_ok(quire_vspace_fini(&machine->vs));
	test_storage_fini(&machine->records);
	test_storage_fini(&machine->storage);
	test_storage_fini(&machine->flat_storage);
}

static void end_heap(struct machine *machine)
{
	assert_ok(quire_vmh_fini(&machine->heap));
	end(machine);
}

static void assert_all_sound(struct machine *machine)
{
	assert_sound(quire_vmh_check(&machine->heap));
	assert_sound(quire_vspace_check(&machine->vs));
}

/* ---- heaps ----------------------------------------------------------------------------------- */

static void play_random_program(struct machine *machine, uint64_t seed)
{
	struct test_random random = test_random_seeded(seed);
	static unsigned char *live[BLOCKS];
	size_t count = 0;

	for (uint32_t step = 0; step < 40000; step++) {
		uint32_t fill = step / 10000 % 2 ? 1 : 3; /* up, down, up, down */

		if (count && test_random_below(&random, 4) >= fill) {
			uint32_t which = test_random_below(&random, (uint32_t)count);

			assert_ok(quire_vmh_free(&machine->heap, live[which]));
			live[which] = live[--count];
		} else {
			unsigned char *ptr = quire_vmh_alloc(&machine->heap, SIZE);

			assert_int_equal(ptr == NULL, count == BLOCKS);
			if (ptr)
				live[count++] = ptr;
		}
		if (step % 1000 == 0)
			assert_all_sound(machine);
	}
	while (count)
		assert_ok(quire_vmh_free(&machine->heap, live[--count]));
	assert_all_sound(machine);
}

static void a_bundle_keeps_its_accounts_under_a_random_program(void **state)
{
	static const struct quire_bundle table[] = { { SIZE, BLOCKS } };
	static const size_t retain[] = { 0, 3, PAGES };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(retain); i++) {
		struct machine machine;

		begin_heap(&machine, table, TEST_COUNT(table), retain[i]);
		play_random_program(&machine, i);
		end_heap(&machine);
	}
}

static void the_lowest_free_block_is_taken(void **state)
{
	static const struct quire_bundle table[] = { { SIZE, BLOCKS } };
	struct machine machine;
	unsigned char *first;

	(void)state;
	begin_heap(&machine, table, TEST_COUNT(table), PAGES);
	first = quire_vmh_alloc(&machine.heap, SIZE);
	for (size_t i = 1; i < BLOCKS; i++)
		assert_ptr_equal(quire_vmh_alloc(&machine.heap, SIZE), first + i * SIZE);
	assert_null(quire_vmh_alloc(&machine.heap, SIZE));
	for (size_t i = BLOCKS; i--;) {
		assert_ok(quire_vmh_free(&machine.heap, first + i * SIZE));
		assert_ptr_equal(quire_vmh_alloc(&machine.heap, SIZE), first + i * SIZE);
		assert_ok(quire_vmh_free(&machine.heap, first + i * SIZE));
	}
	assert_all_sound(&machine);
	end_heap(&machine);
}

static void a_wrong_pointer_is_refused_and_changes_nothing(void **state)
{
	static const struct quire_bundle table[] = { { 512, 64 }, { 8192, 4 } };
	struct machine machine;
	unsigned char *small, *large;
	struct quire_vmh_stats stats;

	(void)state;
	begin_heap(&machine, table, TEST_COUNT(table), PAGES);
	small = quire_vmh_alloc(&machine.heap, 512);
	large = quire_vmh_alloc(&machine.heap, 5000);
	assert_status(quire_vmh_free(&machine.heap, small + 1), QUIRE_EFREE);
	assert_status(quire_vmh_free(&machine.heap, small + 512), QUIRE_EFREE);
	assert_status(quire_vmh_free(&machine.heap, large + PAGE), QUIRE_EFREE);
	assert_status(quire_vmh_free(&machine.heap, &machine), QUIRE_EFOREIGN);
	assert_status(quire_vmh_free(&machine.heap, NULL), QUIRE_EFOREIGN);
	assert_all_sound(&machine);
	assert_ok(quire_vmh_free(&machine.heap, small));
	assert_status(quire_vmh_free(&machine.heap, small), QUIRE_EFREE);
	assert_ok(quire_vmh_free(&machine.heap, large));
	assert_status(quire_vmh_free(&machine.heap, large), QUIRE_EFREE);
	quire_vmh_stats(&machine.heap, &stats);
	assert_int_equal(stats.misuses, 7);
	assert_int_equal(stats.allocations, 0);
	assert_int_equal(stats.served, 2);
	assert_all_sound(&machine);
	end_heap(&machine);
}

static void a_larger_block_serves_where_the_fitting_ones_are_used_up(void **state)
{
	static const struct quire_bundle table[] = { { 64, 2 }, { 128, 1 }, { 256, 1 } };
	struct machine machine;
	struct quire_bundle_stats bundle;
	struct quire_vmh_extent extent;
	struct quire_request deep = { .size = 256, .min = 100, .align = 8 };

	(void)state;
	begin_heap(&machine, table, TEST_COUNT(table), PAGES);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(quire_vmh_alloc(&machine.heap, 64));
	assert_true(quire_vmh_bundle_stats(&machine.heap, 0, &bundle));
	assert_int_equal(bundle.exhausted, 1);
	assert_int_equal(bundle.used_peak, 2);
	assert_non_null(quire_vmh_request(&machine.heap, &deep));
	assert_int_equal(deep.granted, 256);
	assert_null(quire_vmh_alloc(&machine.heap, 64));
	assert_true(quire_vmh_bundle_stats(&machine.heap, 0, &bundle));
	assert_int_equal(bundle.exhausted, 2);
	assert_true(quire_vmh_bundle_stats(&machine.heap, 2, &bundle));
	assert_int_equal(bundle.exhausted, 1);
	for (char *from = NULL; quire_vmh_next(&machine.heap, from, &extent);
	     from = (char *)extent.ptr + extent.size)
		if (extent.live)
			assert_ok(quire_vmh_free(&machine.heap, extent.ptr));
	assert_all_sound(&machine);
	end_heap(&machine);
}

/*
 * A limit may fall below what is used. Of a block of two pages one can be retained, so the free is begun
 * the plain way, undone and left to the other: also then nothing is lost.
 */
static void a_free_that_is_begun_again_does_not_mind_a_lower_limit(void **state)
{
	static const struct quire_bundle table[] = { { 2 * PAGE, 2 } };
	struct machine machine;
	struct quire_budget budget = { .used = 0 };
	struct quire_vmh_config config = { .bundles = table, .bundle_count = 1 };
	void *first, *second;

	(void)state;
	begin(&machine, 1);
	assert_ok(quire_vspace_admit(&machine.vs, &budget, 0, PAGES));
	config.budget = &budget;
	config.storage_bytes = quire_vmh_storage_needed(&machine.flat.mmu, &config);
	test_storage_init(&machine.records, config.storage_bytes, NULL);
	config.storage = machine.records.memory;
	assert_ok(quire_vmh_init(&machine.heap, &machine.vs, &config));
	first = quire_vmh_alloc(&machine.heap, 2 * PAGE);
	second = quire_vmh_alloc(&machine.heap, 2 * PAGE);
	assert_non_null(second);
	assert_ok(quire_vspace_change(&machine.vs, &budget, 0, 1));
	assert_ok(quire_vmh_free(&machine.heap, first));
	assert_int_equal(budget.used, 2);
	assert_all_sound(&machine);
	assert_ok(quire_vmh_free(&machine.heap, second));
	assert_int_equal(budget.used, 0);
	assert_all_sound(&machine);
	assert_ok(quire_vmh_fini(&machine.heap));
	assert_ok(quire_vspace_dismiss(&machine.vs, &budget));
	end(&machine);
}

/* Of blocks of an odd size only the first lies at a multiple of 32 MiB, and it is taken. */
static void a_block_is_not_handed_out_for_an_alignment_beyond_all_of_them(void **state)
{
	static const struct quire_bundle table[] = { { 257, 8 } };
	const size_t align = (size_t)1 << 25;
	struct machine machine;
	void *first;

	(void)state;
	window = aligned_alloc(align, align);
	assert_non_null(window);
	begin_heap(&machine, table, 1, PAGES);
	first = quire_vmh_aligned_alloc(&machine.heap, align, 257);
	assert_ptr_equal(first, window);
	assert_null(quire_vmh_aligned_alloc(&machine.heap, align, 257));
	assert_ok(quire_vmh_free(&machine.heap, first));
	assert_all_sound(&machine);
	end_heap(&machine);
	free(window);
	window = memory;
}

/* A heap outlives its budget: without one it serves nothing, and with a new number pages are its own. */
static void a_budget_may_go_and_come_back_under_another_number(void **state)
{
	static const struct quire_bundle table[] = { { 512, 16 } };
	struct quire_vmh_config config = { .bundles = table, .bundle_count = 1 };
	struct quire_budget own = { .limit = 0 }, other = { .limit = 0 };
	struct machine machine;
	void *ptr;

	(void)state;
	begin(&machine, PAGES);
	assert_ok(quire_vspace_admit(&machine.vs, &own, 0, PAGES));
	config.budget = &own;
	config.storage_bytes = quire_vmh_storage_needed(&machine.flat.mmu, &config);
	test_storage_init(&machine.records, config.storage_bytes, NULL);
	config.storage = machine.records.memory;
	assert_ok(quire_vmh_init(&machine.heap, &machine.vs, &config));
	ptr = quire_vmh_alloc(&machine.heap, 512);
	assert_ok(quire_vmh_free(&machine.heap, ptr));
	assert_ok(quire_vspace_dismiss(&machine.vs, &own));
	assert_null(quire_vmh_alloc(&machine.heap, 512));
	assert_ok(quire_vspace_admit(&machine.vs, &other, 0, PAGES));
	assert_ok(quire_vspace_admit(&machine.vs, &own, 0, PAGES));
	assert_int_not_equal(own.id, other.id);
	for (size_t times = 0; times < 3; times++) {
		ptr = quire_vmh_alloc(&machine.heap, 512);
		assert_non_null(ptr);
		assert_int_equal(own.used, 1);
		assert_int_equal(other.used, 0);
		assert_all_sound(&machine);
		assert_ok(quire_vmh_free(&machine.heap, ptr));
		assert_int_equal(own.used, 0);
	}
	end_heap(&machine);
}

static struct {
	struct quire_observer observer;
	uint32_t told;
} witness;

static void witness_event(struct quire_observer *self, const struct quire_event *event)
{
	(void)self;
	(void)event;
	witness.told++;
}

static bool is_interrupt;

static bool answer_interrupt(const struct quire_mmu *mmu)
{
	(void)mmu;
	return is_interrupt;
}

/* The plain way is for who is told nothing and asks nothing: otherwise all is told and asked. */
static void an_observer_is_told_though_nothing_is_locked(void **state)
{
	static const struct quire_bundle table[] = { { SIZE, 64 } };
	struct machine machine;
	void *ptr;

	(void)state;
	witness.observer.notify = witness_event;
	observer = &witness.observer;
	begin_heap(&machine, table, 1, PAGES);
	observer = NULL;
	ptr = quire_vmh_alloc(&machine.heap, SIZE);
	assert_ok(quire_vmh_free(&machine.heap, ptr));
	witness.told = 0;
	ptr = quire_vmh_alloc(&machine.heap, SIZE); /* in a page that has stayed */
	assert_int_equal(witness.told, 1);
	assert_ok(quire_vmh_free(&machine.heap, ptr));
	assert_int_equal(witness.told, 2);
	end_heap(&machine);
}

static void an_interrupt_is_noticed_though_nothing_is_locked(void **state)
{
	static const struct quire_bundle table[] = { { SIZE, 64 } };
	struct machine machine;
	void *ptr;

	(void)state;
	in_interrupt = answer_interrupt;
	begin_heap(&machine, table, 1, PAGES);
	in_interrupt = NULL;
	ptr = quire_vmh_alloc(&machine.heap, SIZE);
	assert_non_null(ptr);
	is_interrupt = true;
	assert_null(quire_vmh_alloc(&machine.heap, SIZE));
	assert_status(quire_vmh_free(&machine.heap, ptr), QUIRE_ECONTEXT);
	is_interrupt = false;
	assert_ok(quire_vmh_free(&machine.heap, ptr));
	end_heap(&machine);
}

/* ---- regions --------------------------------------------------------------------------------- */

static void lifetime_moves_up_until_the_region_is_sealed(void **state)
{
	struct machine machine;
	struct quire_vregion_config config = { .lifetime = 2 * PAGE, .unit = 64 };
	struct quire_vregion_info info;
	struct quire_vregion *vr;
	unsigned char *base, *last;

	(void)state;
	begin(&machine, PAGES);
	test_storage_init(&machine.records, QUIRE_VREGION_STORAGE(0, 64), NULL);
	config.storage = machine.records.memory;
	config.storage_bytes = machine.records.bytes;
	vr = quire_vregion_create(&machine.vs, &config, NULL);
	base = quire_vregion_alloc(vr, QUIRE_LIFETIME, 1, 0);
	assert_ptr_equal(quire_vregion_alloc(vr, QUIRE_LIFETIME, 1, 0), base + 64);
	assert_ptr_equal(quire_vregion_alloc(vr, QUIRE_LIFETIME, 7, 8), base + 72);
	assert_ptr_equal(quire_vregion_alloc(vr, QUIRE_LIFETIME, 1, 1), base + 79);
	assert_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 0, 0));
	assert_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 8, 3));
	assert_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, SIZE_MAX, 1));
	assert_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 2 * PAGE, 1));
	last = quire_vregion_alloc(vr, QUIRE_LIFETIME, PAGE, PAGE);
	assert_ptr_equal(last, base + PAGE);
	assert_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 1, 1));
	assert_ok(quire_vregion_free(vr, last));
	assert_non_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 100, 1));
	assert_ok(quire_vregion_seal(vr));
	assert_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 1, 1));
	quire_vregion_info(vr, &info);
	assert_int_equal(info.area[QUIRE_LIFETIME].used_peak, 2 * PAGE);
	assert_int_equal(info.committed_peak, 2 * PAGE);
	assert_int_equal(info.area[QUIRE_LIFETIME].allocations, 5);
	assert_sound(quire_vregion_check(vr));
	assert_ok(quire_vregion_put(vr));
	end(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bundle_keeps_its_accounts_under_a_random_program),
		cmocka_unit_test(the_lowest_free_block_is_taken),
		cmocka_unit_test(a_wrong_pointer_is_refused_and_changes_nothing),
		cmocka_unit_test(a_larger_block_serves_where_the_fitting_ones_are_used_up),
		cmocka_unit_test(a_free_that_is_begun_again_does_not_mind_a_lower_limit),
		cmocka_unit_test(a_block_is_not_handed_out_for_an_alignment_beyond_all_of_them),
		cmocka_unit_test(a_budget_may_go_and_come_back_under_another_number),
		cmocka_unit_test(an_observer_is_told_though_nothing_is_locked),
		cmocka_unit_test(an_interrupt_is_noticed_though_nothing_is_locked),
		cmocka_unit_test(lifetime_moves_up_until_the_region_is_sealed),
	};

	return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
