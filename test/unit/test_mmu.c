/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmu: which ports are refused, which protections are accepted, and what the aliases of a machine
 * without aliases are. Each test changes one thing of a port that is good. And what the model of a port
 * that other tests stand on takes for a breach of the contract.
 */
#include "support/mmu.h"
#include "support/test.h"

#include "quire/extent.h"
#include "quire/mmu.h"
#include "quire/status.h"

static int32_t map_nothing(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	(void)mmu, (void)va, (void)pages, (void)prot;
	return QUIRE_OK;
}

static int32_t unmap_nothing(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	(void)mmu, (void)va, (void)pages;
	return QUIRE_OK;
}

static size_t writebacks, invalidations;

static void count_writeback(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	(void)mmu, (void)ptr, (void)bytes;
	assert_int_equal(writebacks, invalidations);
	writebacks++;
}

static void count_invalidate(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	(void)mmu, (void)ptr, (void)bytes;
	invalidations++;
}

static void *same(const struct quire_mmu *mmu, const void *ptr)
{
	(void)mmu;
	return (void *)(uintptr_t)ptr;
}

static void nothing(const struct quire_mmu *mmu)
{
	(void)mmu;
}

static uint32_t no_bank(const struct quire_mmu *mmu, uint32_t after, size_t *in_use)
{
	(void)mmu, (void)after, (void)in_use;
	return QUIRE_NOWHERE;
}

static uint32_t in_no_bank(const struct quire_mmu *mmu, uintptr_t va)
{
	(void)mmu, (void)va;
	return QUIRE_NOWHERE;
}

static int32_t move_nothing(const struct quire_mmu *mmu, uintptr_t va)
{
	(void)mmu, (void)va;
	return QUIRE_EDRIVER;
}

static struct quire_mmu good(void)
{
	return (struct quire_mmu){
		.page_size = 4096,
		.cache_line = 64,
		.coherent = true,
		.enforces = QUIRE_WRITE | QUIRE_EXEC | QUIRE_USER,
		.map = map_nothing,
		.unmap = unmap_nothing,
		.protect = map_nothing,
	};
}

static void refused(struct quire_mmu mmu)
{
	assert_int_equal(quire_mmu_check(&mmu), QUIRE_EINVAL);
}

static void a_good_port_is_accepted(void **state)
{
	struct quire_mmu mmu = good();

	(void)state;
	assert_int_equal(quire_mmu_check(&mmu), QUIRE_OK);
	mmu.cached = same;
	mmu.uncached = same;
	mmu.lock = mmu.unlock = mmu.transition_lock = mmu.transition_unlock = nothing;
	mmu.emptiest = no_bank;
	mmu.bank_of = in_no_bank;
	mmu.move = move_nothing;
	mmu.coherent = false;
	mmu.writeback = count_writeback;
	mmu.invalidate = count_invalidate;
	assert_int_equal(quire_mmu_check(&mmu), QUIRE_OK);
	assert_int_equal(quire_mmu_check(NULL), QUIRE_EINVAL);
}

#define CHANGED(member, value)                     \
	do {                                       \
		struct quire_mmu changed = good(); \
		changed.member = (value);          \
		refused(changed);                  \
	} while (0)

static void an_impossible_size_is_refused(void **state)
{
	(void)state;
	CHANGED(page_size, 0);
	CHANGED(page_size, 32);
	CHANGED(page_size, 4095);
	CHANGED(page_size, 6144);
	CHANGED(cache_line, 0);
	CHANGED(cache_line, 48);
	CHANGED(cache_line, 8192);
}

static void a_missing_function_is_refused(void **state)
{
	(void)state;
	CHANGED(map, NULL);
	CHANGED(unmap, NULL);
	CHANGED(protect, NULL);
}

static void a_port_that_moves_pages_has_all_three_functions_for_it(void **state)
{
	(void)state;
	for (unsigned which = 1; which < 7; which++) {
		struct quire_mmu mmu = good();

		mmu.emptiest = which & 1 ? no_bank : NULL;
		mmu.bank_of = which & 2 ? in_no_bank : NULL;
		mmu.move = which & 4 ? move_nothing : NULL;
		refused(mmu);
	}
}

static void half_a_pair_of_functions_is_refused(void **state)
{
	(void)state;
	CHANGED(cached, same);
	CHANGED(uncached, same);
	CHANGED(lock, nothing);
	CHANGED(unlock, nothing);
	CHANGED(transition_lock, nothing);
	CHANGED(transition_unlock, nothing);
	for (int missing = 0; missing < 4; missing++) {
		struct quire_mmu three = good();

		three.lock = missing == 0 ? NULL : nothing;
		three.unlock = missing == 1 ? NULL : nothing;
		three.transition_lock = missing == 2 ? NULL : nothing;
		three.transition_unlock = missing == 3 ? NULL : nothing;
		refused(three);
	}
}

static void incoherent_cores_need_cache_operations(void **state)
{
	struct quire_mmu mmu = good();

	(void)state;
	mmu.coherent = false;
	refused(mmu);
	mmu.writeback = count_writeback;
	refused(mmu);
	mmu.writeback = NULL;
	mmu.invalidate = count_invalidate;
	refused(mmu);
}

static void an_unknown_protection_cannot_be_enforced(void **state)
{
	(void)state;
	CHANGED(enforces, 0x10);
	CHANGED(enforces, QUIRE_READ);
}

/* Every combination of the four bits against the rule in words. */
static void only_what_can_be_enforced_is_accepted(void **state)
{
	struct quire_mmu mmu = good();
	const uint32_t all = QUIRE_WRITE | QUIRE_EXEC | QUIRE_USER;

	(void)state;
	for (uint32_t enforces = 0; enforces < 16; enforces++) {
		if (enforces & ~all)
			continue;
		mmu.enforces = enforces;
		for (uint32_t prot = 0; prot < 32; prot++) {
			bool sensible =
				prot < 16 && prot & QUIRE_READ &&
				(prot & (QUIRE_WRITE | QUIRE_EXEC)) != (QUIRE_WRITE | QUIRE_EXEC);
			bool possible = (prot & QUIRE_WRITE || enforces & QUIRE_WRITE) &&
					(!(prot & QUIRE_EXEC) || enforces & QUIRE_EXEC) &&
					(!(prot & QUIRE_USER) || enforces & QUIRE_USER);

			assert_int_equal(quire_mmu_accepts(&mmu, prot), sensible && possible);
		}
	}
}

static void without_aliases_a_pointer_is_its_own(void **state)
{
	struct quire_mmu mmu = good();
	int here = 0;

	(void)state;
	assert_ptr_equal(quire_cached(&mmu, &here), &here);
	assert_ptr_equal(quire_uncached(&mmu, &here), &here);
}

static void memory_is_written_back_before_it_is_invalidated(void **state)
{
	struct quire_mmu mmu = good();
	char bytes[64] = { 0 };

	(void)state;
	quire_relinquish(&mmu, bytes, sizeof(bytes));
	mmu.coherent = false;
	mmu.writeback = count_writeback;
	mmu.invalidate = count_invalidate;
	quire_relinquish(&mmu, bytes, sizeof(bytes));
	assert_int_equal(writebacks, 1);
	assert_int_equal(invalidations, 1);
}

/* ---- the model that tests stand on ------------------------------------------------------------ */

static void call_the_driver_under_the_short_lock(const struct quire_mmu *mmu, uintptr_t window)
{
	mmu->transition_lock(mmu);
	mmu->lock(mmu);
	mmu->map(mmu, window, 1, QUIRE_RW);
	mmu->unlock(mmu);
	mmu->transition_unlock(mmu);
}

static void take_the_short_lock_first(const struct quire_mmu *mmu, uintptr_t window)
{
	(void)window;
	mmu->lock(mmu);
	mmu->transition_lock(mmu);
	mmu->transition_unlock(mmu);
	mmu->unlock(mmu);
}

static void map_twice(const struct quire_mmu *mmu, uintptr_t window)
{
	mmu->transition_lock(mmu);
	mmu->map(mmu, window, 1, QUIRE_RW);
	mmu->map(mmu, window, 1, QUIRE_RW);
	mmu->transition_unlock(mmu);
}

static void keep_a_lock(const struct quire_mmu *mmu, uintptr_t window)
{
	(void)window;
	mmu->lock(mmu);
}

/* That all other tests see no breach of the contract means something only if one is seen. */
static void a_breach_of_the_contract_is_noticed(void **state)
{
	static const struct {
		void (*act)(const struct quire_mmu *mmu, uintptr_t window);
		const char *words;
	} breaches[] = {
		{ call_the_driver_under_the_short_lock,
		  "the driver was called under the short lock" },
		{ take_the_short_lock_first, "the transition lock was taken after the short one" },
		{ map_twice, "map of a page that is mapped" },
		{ keep_a_lock, "a call returned with a lock held" },
	};
	const struct test_mmu_config config = { .pages = 4, .frames = 4 };
	struct test_mmu model;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(breaches); i++) {
		test_mmu_init(&model, &config);
		assert_null(test_mmu_check(&model));
		breaches[i].act(&model.mmu, (uintptr_t)model.window);
		assert_string_equal(test_mmu_check(&model), breaches[i].words);
		if (test_mmu_holds_lock())
			model.mmu.unlock(&model.mmu);
		test_mmu_discard(&model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_breach_of_the_contract_is_noticed),
		cmocka_unit_test(a_good_port_is_accepted),
		cmocka_unit_test(an_impossible_size_is_refused),
		cmocka_unit_test(a_missing_function_is_refused),
		cmocka_unit_test(a_port_that_moves_pages_has_all_three_functions_for_it),
		cmocka_unit_test(half_a_pair_of_functions_is_refused),
		cmocka_unit_test(incoherent_cores_need_cache_operations),
		cmocka_unit_test(an_unknown_protection_cannot_be_enforced),
		cmocka_unit_test(only_what_can_be_enforced_is_accepted),
		cmocka_unit_test(without_aliases_a_pointer_is_its_own),
		cmocka_unit_test(memory_is_written_back_before_it_is_invalidated),
	};

	return cmocka_run_group_tests_name("mmu", tests, NULL, NULL);
}
