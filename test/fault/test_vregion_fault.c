/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver fails at its n-th call, for every n, in every call of a region: areas, accounts,
 * mappings and protections are as before, the call succeeds when it is repeated, and a region
 * that cannot be unmapped keeps its user until it can.
 */
#include <string.h>

#include "support/heap_archive.h"
#include "support/random.h"
#include "support/space.h"

#define PAGE ((size_t)4096)

struct rig {
	struct test_space space;
	struct test_region region;
	struct quire_vregion *vr;
	struct quire_budget budget;
	struct heap_archive archive;
	unsigned char *text, *life, *interim;
};

struct scenario {
	const char *name;
	int32_t (*act)(struct rig *rig);
	bool sealed;
	bool saved;
};

static void open_rig(struct rig *rig, const struct scenario *scenario)
{
	struct quire_vregion_config config = {
		.text = 3 * PAGE,
		.shared = PAGE,
		.lifetime = 8 * PAGE,
		.interim = 12 * PAGE,
		.budget = &rig->budget,
	};

	memset(rig, 0, sizeof(*rig));
	test_space_init_plain(&rig->space, 32, 32);
	assert_ok(quire_vspace_admit(&rig->space.vs, &rig->budget, 2, 24));
	rig->vr = test_region_init(&rig->region, &rig->space, &config);
	assert_non_null(rig->vr);
	heap_archive_init(&rig->archive, 30 * PAGE);
	rig->text = quire_vregion_alloc(rig->vr, QUIRE_TEXT, 6000, 0);
	rig->life = quire_vregion_alloc(rig->vr, QUIRE_LIFETIME, 5000, 0);
	rig->interim = quire_vregion_alloc(rig->vr, QUIRE_INTERIM, 5000, 0);
	test_fill(rig->text, 6000, 1);
	test_fill(rig->life, 5000, 2);
	test_fill(rig->interim, 5000, 3);
	assert_ok(quire_vregion_protect(rig->vr, QUIRE_TEXT, QUIRE_RX));
	if (scenario->sealed)
		assert_ok(quire_vregion_seal(rig->vr));
	if (scenario->saved)
		assert_ok(quire_vregion_save(rig->vr, &rig->archive.archive));
	test_observer_clear(&rig->space.observer);
}

static void check_rig(struct rig *rig)
{
	assert_sound(quire_vregion_check(rig->vr));
	test_space_check(&rig->space);
}

static void check_contents(struct rig *rig)
{
	test_assert_filled(rig->text, 6000, 1);
	test_assert_filled(rig->life, 5000, 2);
	if (rig->interim)
		test_assert_filled(rig->interim, 5000, 3);
	assert_int_equal(test_mmu_prot(&rig->space.mmu, rig->text), QUIRE_RX);
	assert_int_equal(test_mmu_prot(&rig->space.mmu, rig->text + PAGE), QUIRE_RX);
}

static void close_rig(struct rig *rig)
{
	heap_archive_free(&rig->archive);
	if (rig->vr)
		assert_ok(quire_vregion_put(rig->vr));
	assert_int_equal(rig->budget.used, 0);
	assert_ok(quire_vspace_dismiss(&rig->space.vs, &rig->budget));
	test_region_fini(&rig->region);
	test_space_fini(&rig->space);
}

static struct quire_vregion_info info_of(struct rig *rig)
{
	struct quire_vregion_info info;

	quire_vregion_info(rig->vr, &info);
	return info;
}

static void compare_info(const struct quire_vregion_info *then,
			 const struct quire_vregion_info *now)
{
	assert_ptr_equal(now->base, then->base);
	assert_int_equal(now->size, then->size);
	assert_int_equal(now->committed, then->committed);
	assert_int_equal(now->committed_peak, then->committed_peak);
	assert_int_equal(now->users, then->users);
	assert_int_equal(now->sealed, then->sealed);
	assert_int_equal(now->saved, then->saved);
	for (size_t area = 0; area < QUIRE_AREAS; area++) {
		assert_ptr_equal(now->area[area].base, then->area[area].base);
		assert_int_equal(now->area[area].size, then->area[area].size);
		assert_int_equal(now->area[area].used, then->area[area].used);
		assert_int_equal(now->area[area].used_peak, then->area[area].used_peak);
		assert_int_equal(now->area[area].committed, then->area[area].committed);
		assert_int_equal(now->area[area].allocations, then->area[area].allocations);
		assert_int_equal(now->area[area].prot, then->area[area].prot);
	}
}

/* ---- calls that map or protect --------------------------------------------------------------- */

static int32_t ask(struct rig *rig, enum quire_area area, size_t size, size_t min)
{
	struct quire_request request = { .size = size, .min = min };
	void *ptr = quire_vregion_request(rig->vr, area, &request);

	assert_int_equal(ptr == NULL, request.why != QUIRE_OK);
	assert_int_equal(request.granted > 0, request.why == QUIRE_OK);
	if (ptr && area == QUIRE_TEXT)
		assert_ok(quire_vregion_protect(rig->vr, QUIRE_TEXT, QUIRE_RX));
	else if (ptr)
		test_fill(ptr, request.granted, 9);
	return request.why;
}

static int32_t act_lifetime(struct rig *rig)
{
	return ask(rig, QUIRE_LIFETIME, 5 * PAGE, 0);
}

static int32_t act_lifetime_range(struct rig *rig)
{
	return ask(rig, QUIRE_LIFETIME, 50 * PAGE, 4 * PAGE);
}

static int32_t act_shared(struct rig *rig)
{
	return ask(rig, QUIRE_SHARED, 1, 0);
}

static int32_t act_text(struct rig *rig)
{
	return ask(rig, QUIRE_TEXT, PAGE, 0);
}

static int32_t act_interim(struct rig *rig)
{
	return ask(rig, QUIRE_INTERIM, 3 * PAGE, 0);
}

static int32_t act_coherent(struct rig *rig)
{
	return quire_vregion_alloc_coherent(rig->vr, QUIRE_LIFETIME, 4 * PAGE, 0) ? QUIRE_OK
										  : QUIRE_EDRIVER;
}

static int32_t act_resize_lifetime(struct rig *rig)
{
	size_t granted;
	int32_t status = quire_vregion_resize(rig->vr, rig->life, 6 * PAGE, 6 * PAGE, &granted);

	assert_int_equal(granted, status ? 0 : 6 * PAGE);
	return status;
}

static int32_t act_resize_interim(struct rig *rig)
{
	size_t granted;

	return quire_vregion_resize(rig->vr, rig->interim, 6 * PAGE, 6 * PAGE, &granted);
}

static int32_t act_protect_lifetime(struct rig *rig)
{
	return quire_vregion_protect(rig->vr, QUIRE_LIFETIME, QUIRE_READ);
}

static int32_t act_protect_interim(struct rig *rig)
{
	return quire_vregion_protect(rig->vr, QUIRE_INTERIM, QUIRE_READ);
}

static const struct scenario mapping[] = {
	{ "lifetime", act_lifetime, false, false },
	{ "lifetime range", act_lifetime_range, false, false },
	{ "shared", act_shared, false, false },
	{ "text", act_text, false, false },
	{ "interim", act_interim, false, false },
	{ "interim, sealed", act_interim, true, false },
	{ "coherent", act_coherent, false, false },
	{ "resize lifetime", act_resize_lifetime, false, false },
	{ "resize interim", act_resize_interim, true, false },
	{ "protect lifetime", act_protect_lifetime, true, false },
	{ "protect interim", act_protect_interim, false, false },
};

/* The n-th call of this kind fails. Returns whether there was one. */
static bool fail_call(const struct scenario *scenario, enum test_call kind, uint64_t n, int32_t why)
{
	struct rig rig;
	struct quire_vregion_info before, now;
	struct test_snapshot snapshot;
	int32_t status;
	bool failed;

	open_rig(&rig, scenario);
	before = info_of(&rig);
	test_snapshot_take(&snapshot, &rig.space);
	rig.space.mmu.map_status = why;
	test_mmu_fail(&rig.space.mmu, kind, n, false);
	status = scenario->act(&rig);
	failed = !test_mmu_fault_pending(&rig.space.mmu);
	test_mmu_heal(&rig.space.mmu);
	if (failed) {
		assert_true(status == why || scenario->act == act_coherent);
		now = info_of(&rig);
		compare_info(&before, &now);
		test_snapshot_compare(&snapshot, &rig.space);
		assert_sound(quire_vregion_check(rig.vr));
		check_contents(&rig);
		status = scenario->act(&rig);
	}
	assert_ok(status);
	check_rig(&rig);
	check_contents(&rig);
	test_snapshot_free(&snapshot);
	close_rig(&rig);
	return failed;
}

static void a_failed_map_leaves_the_region_as_it_was_and_can_be_tried_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(mapping); i++) {
		bool protects = mapping[i].act == act_protect_lifetime ||
				mapping[i].act == act_protect_interim;
		uint64_t n = 1;

		while (fail_call(&mapping[i], TEST_MAP, n, QUIRE_EDRIVER) &&
		       fail_call(&mapping[i], TEST_MAP, n, QUIRE_ENOPHYS))
			n++;
		assert_true(n > 1 || protects);
	}
}

static void a_failed_protect_leaves_every_page_as_it_was_protected(void **state)
{
	static const size_t first = TEST_COUNT(mapping) - 2;

	(void)state;
	for (size_t i = first; i < TEST_COUNT(mapping); i++) {
		uint64_t n = 1;

		while (fail_call(&mapping[i], TEST_PROTECT, n, QUIRE_EDRIVER))
			n++;
		assert_true(n > 1);
	}
}

/* Interim pages in several pieces are several calls; those before the failing one are undone. */
static void a_protect_that_fails_halfway_is_undone(void **state)
{
	static const struct scenario scenario = { .name = "pieces" };

	(void)state;
	for (uint64_t n = 1; n < 9; n++) {
		struct rig rig;
		unsigned char *piece[10];
		int32_t status;

		open_rig(&rig, &scenario);
		assert_ok(quire_vregion_free(rig.vr, rig.interim));
		rig.interim = NULL;
		for (size_t i = 0; i < TEST_COUNT(piece); i++)
			piece[i] = quire_vregion_alloc(rig.vr, QUIRE_INTERIM, PAGE, 0);
		for (size_t i = 0; i < TEST_COUNT(piece); i += 2)
			assert_ok(quire_vregion_free(rig.vr, piece[i]));
		test_mmu_fail(&rig.space.mmu, TEST_PROTECT, n, false);
		status = act_protect_interim(&rig);
		test_mmu_heal(&rig.space.mmu);
		for (size_t i = 1; i < TEST_COUNT(piece); i += 2)
			assert_int_equal(test_mmu_prot(&rig.space.mmu, piece[i]),
					 status ? QUIRE_RW : QUIRE_READ);
		assert_int_equal(info_of(&rig).area[QUIRE_INTERIM].prot,
				 status ? QUIRE_RW : QUIRE_READ);
		check_rig(&rig);
		check_contents(&rig);
		close_rig(&rig);
	}
}

/* ---- calls that unmap ------------------------------------------------------------------------ */

static const enum test_part parts[] = { TEST_FIRST_HALF, TEST_NOTHING, TEST_EVERY_OTHER,
					TEST_EVERYTHING };

/* The n-th unmap and all later ones fail. Returns whether put failed. */
static bool fail_put(const struct scenario *scenario, uint64_t n, enum test_part part)
{
	struct rig rig;
	struct quire_request request = { .size = 1 };
	int32_t status;

	open_rig(&rig, scenario);
	rig.space.mmu.part = part;
	test_mmu_fail(&rig.space.mmu, TEST_UNMAP, n, true);
	status = quire_vregion_put(rig.vr);
	if (!status) {
		assert_true(test_mmu_fault_pending(&rig.space.mmu));
		test_mmu_heal(&rig.space.mmu);
		rig.vr = NULL;
		close_rig(&rig);
		return false;
	}
	assert_status(status, QUIRE_EDRIVER);
	assert_int_equal(rig.region.releases, 0);
	assert_int_equal(info_of(&rig).users, 1);
	assert_status(quire_vregion_put(rig.vr), QUIRE_EDRIVER);
	assert_null(quire_vregion_get(rig.vr));
	assert_int_equal(info_of(&rig).users, 1);
	assert_int_equal(test_space_stats(&rig.space).allocations, 1);
	test_space_check(&rig.space);
	for (uint32_t area = 0; area < QUIRE_AREAS; area++) { /* only put is left */
		assert_null(quire_vregion_request(rig.vr, (enum quire_area)area, &request));
		assert_status(request.why, QUIRE_ESTATE);
	}
	test_mmu_heal(&rig.space.mmu);
	close_rig(&rig);
	return true;
}

static void a_region_that_cannot_be_unmapped_keeps_its_user_until_it_can(void **state)
{
	static const struct scenario scenarios[] = {
		{ "open", NULL, false, false },
		{ "sealed", NULL, true, false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(scenarios); i++) {
		for (size_t part = 0; part < TEST_COUNT(parts); part++) {
			uint64_t n = 1;

			while (fail_put(&scenarios[i], n, parts[part]))
				n++;
			assert_true(n > 2);
		}
	}
}

static void an_interim_allocation_that_cannot_be_unmapped_is_freed_later(void **state)
{
	static const struct scenario scenario = { .sealed = true };

	(void)state;
	for (size_t part = 0; part < TEST_COUNT(parts); part++) {
		struct rig rig;

		open_rig(&rig, &scenario);
		rig.space.mmu.part = parts[part];
		test_mmu_fail(&rig.space.mmu, TEST_UNMAP, 1, true);
		assert_status(quire_vregion_free(rig.vr, rig.interim), QUIRE_EDRIVER);
		assert_status(quire_vregion_free(rig.vr, rig.interim), QUIRE_EDRIVER);
		assert_int_equal(info_of(&rig).area[QUIRE_INTERIM].allocations, 1);
		check_rig(&rig);
		test_mmu_heal(&rig.space.mmu);
		assert_ok(quire_vregion_free(rig.vr, rig.interim));
		assert_status(quire_vregion_free(rig.vr, rig.interim), QUIRE_EFREE);
		rig.interim = NULL;
		check_rig(&rig);
		check_contents(&rig);
		close_rig(&rig);
		assert_int_equal(rig.space.observer.count[QUIRE_EVENT_LEAK], 0);
	}
}

/* Each of several allocations is either free or still there, and a second reset frees the rest. */
static void a_reset_that_fails_halfway_can_be_completed(void **state)
{
	static const struct scenario scenario = { .sealed = true };

	(void)state;
	for (uint64_t n = 1; n < 9; n++) {
		struct rig rig;
		int32_t status;

		open_rig(&rig, &scenario);
		for (size_t i = 0; i < 7; i++)
			assert_non_null(quire_vregion_alloc(rig.vr, QUIRE_INTERIM, PAGE, 0));
		test_mmu_fail(&rig.space.mmu, TEST_UNMAP, n, false);
		status = quire_vregion_reset_interim(rig.vr);
		assert_int_equal(status == QUIRE_OK, test_mmu_fault_pending(&rig.space.mmu));
		test_mmu_heal(&rig.space.mmu);
		check_rig(&rig);
		assert_ok(quire_vregion_reset_interim(rig.vr));
		assert_int_equal(info_of(&rig).area[QUIRE_INTERIM].allocations, 0);
		assert_int_equal(info_of(&rig).area[QUIRE_INTERIM].committed, 0);
		rig.interim = NULL;
		check_rig(&rig);
		check_contents(&rig);
		close_rig(&rig);
	}
}

/* ---- save and restore ------------------------------------------------------------------------ */

static bool fail_restore(uint64_t n, enum test_call kind, bool forever, int32_t why)
{
	static const struct scenario scenario = { .sealed = true, .saved = true };
	struct rig rig;
	int32_t status;

	open_rig(&rig, &scenario);
	rig.space.mmu.map_status = why;
	test_mmu_fail(&rig.space.mmu, kind, n, forever);
	status = quire_vregion_restore(rig.vr, &rig.archive.archive);
	test_mmu_heal(&rig.space.mmu);
	if (status) {
		assert_true(status == why || status == QUIRE_EDRIVER);
		assert_true(info_of(&rig).saved);
		check_rig(&rig);
		if (!forever)
			assert_int_equal(rig.space.mmu.mapped, 0);
		heap_archive_rewind(&rig.archive);
		assert_ok(quire_vregion_restore(rig.vr, &rig.archive.archive));
	}
	assert_false(info_of(&rig).saved);
	check_rig(&rig);
	check_contents(&rig);
	close_rig(&rig);
	return status != QUIRE_OK;
}

static void a_restore_that_fails_leaves_the_region_asleep_and_can_be_tried_again(void **state)
{
	uint64_t n = 1, protects = 1;

	(void)state;
	while (fail_restore(n, TEST_MAP, false, QUIRE_EDRIVER) &&
	       fail_restore(n, TEST_MAP, false, QUIRE_ENOPHYS) &&
	       fail_restore(n, TEST_ANY, true, QUIRE_EDRIVER))
		n++;
	assert_true(n > 1);
	while (fail_restore(protects, TEST_PROTECT, false, QUIRE_EDRIVER) &&
	       fail_restore(n + protects - 1, TEST_ANY, true, QUIRE_EDRIVER))
		protects++;
	assert_true(protects > 1);
}

/* Either it is awake with everything it had, or it sleeps and the archive brings everything
 * back. */
static void a_save_that_cannot_unmap_loses_nothing(void **state)
{
	static const struct scenario scenario = { .sealed = true };

	(void)state;
	for (size_t part = 0; part < TEST_COUNT(parts); part++) {
		for (uint64_t n = 1; n < 6; n++) {
			struct rig rig;

			open_rig(&rig, &scenario);
			rig.space.mmu.part = parts[part];
			test_mmu_fail(&rig.space.mmu, TEST_UNMAP, n, true);
			quire_vregion_save(rig.vr, &rig.archive.archive);
			test_mmu_heal(&rig.space.mmu);
			check_rig(&rig);
			heap_archive_rewind(&rig.archive);
			if (info_of(&rig).saved)
				assert_ok(quire_vregion_restore(rig.vr, &rig.archive.archive));
			check_rig(&rig);
			check_contents(&rig);
			close_rig(&rig);
		}
	}
}

/* What failed to be freed is not whole; the rest of the region is, also when it comes back. */
static void a_region_with_a_page_that_failed_to_leave_sleeps_and_comes_back(void **state)
{
	static const struct scenario scenario = { .sealed = true };
	struct rig rig;

	(void)state;
	open_rig(&rig, &scenario);
	rig.space.mmu.part = TEST_NOTHING;
	test_mmu_fail(&rig.space.mmu, TEST_UNMAP, 1, true);
	assert_status(quire_vregion_free(rig.vr, rig.interim), QUIRE_EDRIVER);
	assert_ok(quire_vregion_protect(rig.vr, QUIRE_INTERIM, QUIRE_READ));
	assert_ok(quire_vregion_protect(rig.vr, QUIRE_INTERIM, QUIRE_RW));
	assert_status(quire_vregion_save(rig.vr, &rig.archive.archive), QUIRE_EDRIVER);
	test_mmu_heal(&rig.space.mmu);
	if (info_of(&rig).saved) {
		heap_archive_rewind(&rig.archive);
		assert_ok(quire_vregion_restore(rig.vr, &rig.archive.archive));
	}
	assert_ok(quire_vregion_free(rig.vr, rig.interim));
	rig.interim = NULL;
	check_rig(&rig);
	check_contents(&rig);
	close_rig(&rig);
}

static void a_sleeping_region_can_be_ended_after_an_unmap_failed(void **state)
{
	static const struct scenario scenario = { .sealed = true };

	(void)state;
	for (uint64_t n = 1; n < 6; n++) {
		struct rig rig;
		int32_t status;

		open_rig(&rig, &scenario);
		test_mmu_fail(&rig.space.mmu, TEST_UNMAP, n, true);
		quire_vregion_save(rig.vr, &rig.archive.archive);
		status = quire_vregion_put(rig.vr);
		test_mmu_heal(&rig.space.mmu);
		if (!status)
			rig.vr = NULL;
		else
			assert_status(status, QUIRE_EDRIVER);
		close_rig(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_map_leaves_the_region_as_it_was_and_can_be_tried_again),
		cmocka_unit_test(a_failed_protect_leaves_every_page_as_it_was_protected),
		cmocka_unit_test(a_protect_that_fails_halfway_is_undone),
		cmocka_unit_test(a_region_that_cannot_be_unmapped_keeps_its_user_until_it_can),
		cmocka_unit_test(an_interim_allocation_that_cannot_be_unmapped_is_freed_later),
		cmocka_unit_test(a_reset_that_fails_halfway_can_be_completed),
		cmocka_unit_test(
			a_restore_that_fails_leaves_the_region_asleep_and_can_be_tried_again),
		cmocka_unit_test(a_save_that_cannot_unmap_loses_nothing),
		cmocka_unit_test(a_region_with_a_page_that_failed_to_leave_sleeps_and_comes_back),
		cmocka_unit_test(a_sleeping_region_can_be_ended_after_an_unmap_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
