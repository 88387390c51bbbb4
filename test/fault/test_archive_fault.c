/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Saving and restoring a whole vspace with a driver that fails at any call: either it works as before,
 * or it sleeps and its image brings everything back.
 */
#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/world.h"

static const enum test_part parts[] = { TEST_FIRST_HALF, TEST_NOTHING, TEST_EVERY_OTHER,
					TEST_EVERYTHING };

static const struct test_world_config configs[] = { { .page_size = 0 },
						    { .read_twice = true, .not_coherent = true } };

/* The driver is well again: what sleeps wakes up whole. */
static void heal_and_wake(struct test_world *world)
{
	test_mmu_heal(&world->space.mmu);
	if (test_space_stats(&world->space).saved)
		assert_ok(test_world_restore(world));
	test_world_assert_awake(world);
	test_world_close(world);
}

/* Whether the n-th unmap of a save was reached. */
static bool fail_save(const struct test_world_config *config, uint64_t n, enum test_part part,
		      bool forever)
{
	struct test_world world;
	int32_t status;
	bool reached;

	test_world_open(&world, config);
	world.space.mmu.part = part;
	test_mmu_fail(&world.space.mmu, TEST_ANY, n, forever);
	status = test_world_save(&world);
	reached = !test_mmu_fault_pending(&world.space.mmu) || forever;
	if (status)
		assert_status(status, QUIRE_EDRIVER);
	assert_true(test_space_stats(&world.space).saved);
	test_space_check(&world.space);
	reached = reached && status;
	heal_and_wake(&world);
	return reached;
}

static void a_save_that_cannot_unmap_sleeps_and_wakes_up_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(configs); i++) {
		for (size_t part = 0; part < TEST_COUNT(parts); part++) {
			uint64_t once = 1, forever = 1;

			while (fail_save(&configs[i], once, parts[part], false))
				once++;
			while (fail_save(&configs[i], forever, parts[part], true))
				forever++;
			assert_true(once > 5 && forever > 5);
		}
	}
}

/* The same, but the save after it meets what could not be unmapped. */
static void what_could_not_be_unmapped_is_slept_through_twice(void **state)
{
	struct test_world world;
	size_t refused = 0;

	(void)state;
	for (uint64_t n = 1; n < 12; n++) {
		int32_t status;

		test_world_open(&world, &configs[0]);
		test_mmu_fail(&world.space.mmu, TEST_UNMAP, n, true);
		test_world_save(&world);
		status = test_world_restore(&world);
		test_mmu_heal(&world.space.mmu);
		if (status) {
			assert_status(status, QUIRE_EDRIVER);
			assert_ok(test_world_restore(&world));
			refused++;
		}
		assert_ok(test_world_save(&world));
		test_world_assert_asleep(&world);
		heal_and_wake(&world);
	}
	assert_true(refused > 5);
}

static bool fail_restore(const struct test_world_config *config, uint64_t n, enum test_call kind,
			 bool forever, int32_t why)
{
	struct test_world world;
	unsigned char *copy;
	int32_t status;

	test_world_open(&world, config);
	assert_ok(test_world_save(&world));
	copy = test_world_copy_records(&world);
	world.space.mmu.map_status = why;
	test_mmu_fail(&world.space.mmu, kind, n, forever);
	status = test_world_restore(&world);
	test_mmu_heal(&world.space.mmu);
	if (status) {
		assert_true(status == why || status == QUIRE_EDRIVER);
		assert_true(test_space_stats(&world.space).saved);
		if (!forever) {
			test_world_assert_asleep(&world);
			test_world_compare_records(&world, copy, false);
		}
	}
	free(copy);
	heal_and_wake(&world);
	return status != QUIRE_OK;
}

static void a_restore_that_fails_sleeps_on_and_can_be_tried_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(configs); i++) {
		uint64_t maps = 1, protects = 1, any = 1;

		while (fail_restore(&configs[i], maps, TEST_MAP, false, QUIRE_EDRIVER) &&
		       fail_restore(&configs[i], maps, TEST_MAP, false, QUIRE_ENOPHYS))
			maps++;
		while (fail_restore(&configs[i], protects, TEST_PROTECT, false, QUIRE_EDRIVER))
			protects++;
		while (fail_restore(&configs[i], any, TEST_ANY, true, QUIRE_EDRIVER))
			any++;
		assert_true(maps > 8 && protects > 5 && any > maps);
	}
}

/* A bad image and a bad driver: what was mapped for it cannot be unmapped again. */
static void a_bad_image_that_cannot_be_undone_is_replaced_by_the_right_one(void **state)
{
	struct test_world world;

	(void)state;
	for (size_t part = 0; part < TEST_COUNT(parts); part++) {
		for (uint64_t n = 1; n < 16; n++) {
			unsigned char *last;

			test_world_open(&world, &configs[0]);
			assert_ok(test_world_save(&world));
			last = &world.archive.data[world.archive.bytes - 1];
			world.space.mmu.part = parts[part];
			test_mmu_fail(&world.space.mmu, TEST_UNMAP, n, true);
			*last ^= 1;
			assert_status(test_world_restore(&world), QUIRE_EINVAL);
			*last ^= 1;
			assert_true(test_space_stats(&world.space).saved);
			test_space_check(&world.space);
			heal_and_wake(&world);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_save_that_cannot_unmap_sleeps_and_wakes_up_whole),
		cmocka_unit_test(what_could_not_be_unmapped_is_slept_through_twice),
		cmocka_unit_test(a_restore_that_fails_sleeps_on_and_can_be_tried_again),
		cmocka_unit_test(a_bad_image_that_cannot_be_undone_is_replaced_by_the_right_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
