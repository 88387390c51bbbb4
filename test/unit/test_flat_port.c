/* SPDX-License-Identifier: BSD-3-Clause */
/* The flat port: it counts what it is told, and refuses what it cannot enforce. */
#include <string.h>

#include "quire/flat.h"

#include "support/random.h"
#include "support/storage.h"
#include "support/test.h"

#define PAGES 77u
#define PAGE  256u

static _Alignas(PAGE) unsigned char memory[PAGES * PAGE];

struct machine {
	struct quire_flat flat;
	struct test_storage storage;
};

static void begin(struct machine *machine)
{
	struct quire_flat_config config = { .memory = memory,
					    .pages = PAGES,
					    .page_size = PAGE,
					    .storage_bytes = QUIRE_FLAT_STORAGE(PAGES) };

	test_storage_init(&machine->storage, config.storage_bytes, NULL);
	config.storage = machine->storage.memory;
	assert_ok(quire_flat_init(&machine->flat, &config));
}

static void end(struct machine *machine)
{
	test_storage_fini(&machine->storage);
}

static uintptr_t page(size_t number)
{
	return (uintptr_t)memory + number * PAGE;
}

static int32_t map(struct machine *machine, size_t first, size_t pages)
{
	return machine->flat.mmu.map(&machine->flat.mmu, page(first), pages, QUIRE_RW);
}

static int32_t unmap(struct machine *machine, size_t first, size_t pages)
{
	return machine->flat.mmu.unmap(&machine->flat.mmu, page(first), pages);
}

static size_t available(const struct machine *machine)
{
	return machine->flat.mmu.available(&machine->flat.mmu);
}

static void a_flat_port_is_a_complete_mmu_that_enforces_nothing(void **state)
{
	struct machine machine;
	const struct quire_mmu *mmu = &machine.flat.mmu;

	(void)state;
	begin(&machine);
	assert_ok(quire_mmu_check(mmu));
	assert_true(quire_mmu_accepts(mmu, QUIRE_RW));
	assert_false(quire_mmu_accepts(mmu, QUIRE_READ));
	assert_false(quire_mmu_accepts(mmu, QUIRE_RX));
	assert_false(quire_mmu_accepts(mmu, QUIRE_RW | QUIRE_USER));
	assert_true(quire_cached(mmu, memory) == memory);
	assert_true(quire_uncached(mmu, memory) == memory);
	quire_relinquish(mmu, memory, PAGE);
	end(&machine);
}

static void every_page_can_be_mapped_and_memory_keeps_its_contents(void **state)
{
	struct machine machine;

	(void)state;
	begin(&machine);
	memset(memory, 7, sizeof(memory));
	for (size_t number = 0; number < PAGES; number++) {
		assert_int_equal(available(&machine), PAGES - number);
		assert_ok(map(&machine, number, 1));
	}
	assert_int_equal(available(&machine), 0);
	assert_ok(unmap(&machine, 0, PAGES));
	assert_int_equal(available(&machine), PAGES);
	assert_int_equal(memory[0], 7);
	assert_int_equal(memory[sizeof(memory) - 1], 7);
	end(&machine);
}

static void unmapping_passes_over_pages_that_are_not_mapped(void **state)
{
	struct machine machine;

	(void)state;
	begin(&machine);
	assert_ok(map(&machine, 3, 2));
	assert_ok(map(&machine, 8, 1));
	assert_ok(unmap(&machine, 0, 8));
	assert_int_equal(available(&machine), PAGES - 1);
	assert_ok(unmap(&machine, 0, 8));
	assert_int_equal(available(&machine), PAGES - 1);
	end(&machine);
}

static void what_would_lose_a_page_is_refused_whole(void **state)
{
	struct machine machine;
	const struct quire_mmu *mmu = &machine.flat.mmu;

	(void)state;
	begin(&machine);
	assert_ok(map(&machine, 10, 1));
	assert_status(map(&machine, 8, 3), QUIRE_EDRIVER);
	assert_int_equal(available(&machine), PAGES - 1);
	assert_status(mmu->protect(mmu, page(9), 2, QUIRE_RW), QUIRE_EDRIVER);
	assert_status(mmu->protect(mmu, page(10), 1, QUIRE_READ), QUIRE_EDRIVER);
	assert_ok(mmu->protect(mmu, page(10), 1, QUIRE_RW));
	assert_status(mmu->map(mmu, page(20), 1, QUIRE_RX), QUIRE_EDRIVER);
	end(&machine);
}

static void addresses_outside_the_memory_are_refused(void **state)
{
	struct machine machine;
	const struct quire_mmu *mmu = &machine.flat.mmu;

	(void)state;
	begin(&machine);
	assert_status(map(&machine, PAGES - 1, 2), QUIRE_EDRIVER);
	assert_status(map(&machine, PAGES, 1), QUIRE_EDRIVER);
	assert_status(map(&machine, 1, SIZE_MAX), QUIRE_EDRIVER);
	assert_status(map(&machine, 0, 0), QUIRE_EDRIVER);
	assert_status(mmu->map(mmu, page(0) - PAGE, 1, QUIRE_RW), QUIRE_EDRIVER);
	assert_status(mmu->map(mmu, page(0) + 1, 1, QUIRE_RW), QUIRE_EDRIVER);
	assert_status(unmap(&machine, PAGES - 1, 2), QUIRE_EDRIVER);
	assert_int_equal(available(&machine), PAGES);
	end(&machine);
}

static void impossible_machines_are_refused(void **state)
{
	static unsigned char storage[QUIRE_FLAT_STORAGE(PAGES)];
	const struct quire_flat_config good = { .memory = memory,
						.pages = PAGES,
						.page_size = PAGE,
						.storage = storage,
						.storage_bytes = sizeof(storage) };
	struct quire_flat_config bad[9];
	struct quire_flat flat;

	(void)state;
	assert_ok(quire_flat_init(&flat, &good));
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		bad[i] = good;
	bad[0].memory = memory + PAGE / 2;
	bad[1].memory = NULL;
	bad[2].pages = 0;
	bad[3].page_size = 32;
	bad[4].page_size = 96;
	bad[5].cache_line = (size_t)2 * PAGE;
	bad[6].storage = NULL;
	bad[7].storage_bytes--;
	bad[8].pages = SIZE_MAX / PAGE;
	bad[8].storage_bytes = SIZE_MAX;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_status(quire_flat_init(&flat, &bad[i]), QUIRE_EINVAL);
	assert_status(quire_flat_init(&flat, NULL), QUIRE_EINVAL);
}

static void random_use_agrees_with_an_array(void **state)
{
	struct machine machine;
	struct test_random random = test_random_seeded(3);
	bool mapped[PAGES] = { false };
	size_t count = 0;

	(void)state;
	begin(&machine);
	for (int step = 0; step < 20000; step++) {
		size_t first = test_random_below(&random, PAGES);
		size_t pages = test_random_between(&random, 1, (uint32_t)(PAGES - first));
		bool taken = false, add = test_random_once_in(&random, 2);

		for (size_t i = first; i < first + pages; i++)
			taken |= mapped[i];
		if (add)
			assert_status(map(&machine, first, pages),
				      taken ? QUIRE_EDRIVER : QUIRE_OK);
		else
			assert_ok(unmap(&machine, first, pages));
		for (size_t i = first; i < first + pages && !(add && taken); i++) {
			count = count + add - mapped[i];
			mapped[i] = add;
		}
		assert_int_equal(available(&machine), PAGES - count);
	}
	end(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flat_port_is_a_complete_mmu_that_enforces_nothing),
		cmocka_unit_test(every_page_can_be_mapped_and_memory_keeps_its_contents),
		cmocka_unit_test(unmapping_passes_over_pages_that_are_not_mapped),
		cmocka_unit_test(what_would_lose_a_page_is_refused_whole),
		cmocka_unit_test(addresses_outside_the_memory_are_refused),
		cmocka_unit_test(impossible_machines_are_refused),
		cmocka_unit_test(random_use_agrees_with_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
