/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nobody starves. In one small window live owners with guarantees of every kind, and others who take
 * whatever they are given: greedy ranges, single pages between which nothing long fits, reservations
 * until no address is left, and heaps full of crumbs. At random moments an owner claims its
 * guarantee, whole or in pieces, and must be given it, whatever has happened until then:
 *
 *	page owners	a budget, and addresses set aside in the window
 *	heap owners	a budget, and addresses set aside in an elastic heap that others crowd
 *	a region	its window, and a budget for all its pages
 *	a table		its blocks, and a budget for all its pages
 *
 * An owner without addresses claims pages alone: it is refused only if no run is long enough.
 * After every step the pages that the driver has mapped are those that the budgets pay for and those
 * that are retained, and what is promised can still be kept. Guarantees are changed all the while,
 * and each change is admitted or refused as the sums say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/space.h"

#define PAGE        ((size_t)256)
#define PAGES       384u
#define FRAMES      256u
#define HEAP_PAGES  96u
#define TABLE_PAGES 8u
#define AREA_PAGES  6u

#define PAGE_OWNERS 5u /* the last one has no addresses */
#define HEAP_OWNERS 3u
#define OWNERS      (PAGE_OWNERS + HEAP_OWNERS)
#define OTHERS      3u /* with nothing guaranteed */
#define PIECES      40u
#define CROWD       160u

#if defined(__SANITIZE_ADDRESS__)
#define SHARE 10u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHARE 10u
#endif
#endif
#ifndef SHARE
#define SHARE 1u
#endif
#define STEPS 1500000u /* of each of five worlds, where nothing makes them slow */

struct owner {
	struct quire_budget budget;
	bool in_heap;
	size_t aside; /* pages; 0: none */
	bool claims;  /* what it holds is claimed; else it is greedy as the others are */
	void *ptr[PIECES];
	size_t pieces;
};

struct world {
	struct test_space space;
	struct test_random random;
	struct owner owner[OWNERS];
	struct quire_budget other[OTHERS];
	struct quire_budget of_heap, of_table, of_region, changing;
	struct test_heap heap, table;
	struct test_region region;
	void *crowd[CROWD]; /* of pages */
	void *crumb[CROWD]; /* of the heap */
	void *block[TABLE_PAGES];
	void *interim;
	struct {
		size_t steps, claims, claimed_pages, refused, changes;
	} count;
};

/* ---- the world ------------------------------------------------------------------------------- */

static void make_owners(struct world *world)
{
	static const size_t guaranteed[OWNERS] = { 4, 9, 16, 30, 12, 6, 10, 20 };

	for (size_t i = 0; i < OWNERS; i++) {
		struct owner *owner = &world->owner[i];
		bool bare = i == PAGE_OWNERS - 1;

		owner->in_heap = i >= PAGE_OWNERS;
		owner->aside = bare ? 0 : guaranteed[i];
		assert_ok(quire_vspace_admit(&world->space.vs, &owner->budget, guaranteed[i],
					     i % 2 ? QUIRE_NO_LIMIT : guaranteed[i] + 20));
		if (owner->in_heap)
			assert_ok(quire_vmh_set_aside(&world->heap.heap, &owner->budget,
						      owner->aside * PAGE, 0));
		else
			assert_ok(quire_vpage_set_aside(&world->space.vs, &owner->budget,
							owner->aside));
	}
}

static void make_heaps(struct world *world)
{
	static const struct quire_bundle table[] = { { PAGE, TABLE_PAGES } };
	struct quire_vmh_config elastic = { .window = HEAP_PAGES * PAGE,
					    .budget = &world->of_heap };
	struct quire_vmh_config blocks = { .bundles = table,
					   .bundle_count = 1,
					   .budget = &world->of_table };
	struct quire_vregion_config region = { .lifetime = AREA_PAGES * PAGE,
					       .interim = AREA_PAGES * PAGE,
					       .budget = &world->of_region };
	struct quire_vspace *vs = &world->space.vs;

	assert_ok(quire_vspace_admit(vs, &world->of_heap, 0, QUIRE_NO_LIMIT));
	assert_ok(quire_vspace_admit(vs, &world->of_table, TABLE_PAGES, TABLE_PAGES));
	assert_ok(quire_vspace_admit(vs, &world->of_region, 2 * AREA_PAGES, QUIRE_NO_LIMIT));
	assert_ok(quire_vspace_admit(vs, &world->changing, 0, QUIRE_NO_LIMIT));
	for (size_t i = 0; i < OTHERS; i++)
		assert_ok(quire_vspace_admit(vs, &world->other[i], 0, i ? QUIRE_NO_LIMIT : 40));
	test_heap_init(&world->heap, &world->space, &elastic);
	test_heap_init(&world->table, &world->space, &blocks);
	assert_non_null(test_region_init(&world->region, &world->space, &region));
}

static void begin(struct world *world, size_t retain, bool not_coherent, uint64_t seed)
{
	struct test_space_config config = {
		.mmu = { .pages = PAGES,
			 .frames = FRAMES,
			 .page_size = PAGE,
			 .not_coherent = not_coherent },
		.budgets = 20,
		.retain = retain,
		.unobserved = true,
	};

	memset(world, 0, sizeof(*world));
	world->random = test_random_seeded(seed);
	test_space_init(&world->space, &config);
	make_heaps(world);
	make_owners(world);
}

/* 0 ... bound - 1. */
static uint32_t below(struct world *world, uint32_t bound)
{
	return test_random_below(&world->random, bound);
}

static bool once_in(struct world *world, uint32_t times)
{
	return test_random_once_in(&world->random, times);
}

/* ---- owners ---------------------------------------------------------------------------------- */

static void *request_for(struct world *world, struct owner *owner, struct quire_request *request)
{
	request->budget = &owner->budget;
	if (owner->in_heap)
		return quire_vmh_request(&world->heap.heap, request);
	return quire_vpage_request(&world->space.vs, request, QUIRE_RW);
}

static void give_back(struct world *world, struct owner *owner, void *ptr)
{
	if (owner->in_heap)
		assert_ok(quire_vmh_free(&world->heap.heap, ptr));
	else
		assert_ok(quire_vpage_free(&world->space.vs, ptr));
}

/* The rest of the guarantee, or a part of it, in one run. The first one must be given if addresses are
 * set aside for it; any other fails only for want of a run. */
static void claim(struct world *world, struct owner *owner)
{
	bool sure = owner->aside && !owner->pieces;
	size_t due = owner->budget.guaranteed - owner->budget.used;
	size_t most = sure && owner->aside < due ? owner->aside : due;
	size_t pages = once_in(world, 3) ? most : 1 + below(world, (uint32_t)most);
	struct quire_request request = { .size = pages * PAGE };
	void *ptr = request_for(world, owner, &request);

	if (!ptr && !sure) {
		assert_status(request.why, QUIRE_ENOVIRT);
		assert_true(owner->in_heap || test_space_stats(&world->space).largest < pages);
		world->count.refused++;
		return;
	}
	assert_status(request.why, QUIRE_OK);
	assert_int_equal(request.granted, pages * PAGE);
	owner->ptr[owner->pieces++] = ptr;
	world->count.claims++;
	world->count.claimed_pages += pages;
}

/* As much as there is, guaranteed or not. */
static void grab(struct world *world, struct owner *owner)
{
	struct quire_request request = { .size = (1 + below(world, 60)) * PAGE, .min = PAGE };
	void *ptr = request_for(world, owner, &request);

	if (ptr)
		owner->ptr[owner->pieces++] = ptr;
}

static bool may_claim(const struct owner *owner)
{
	return owner->budget.used < owner->budget.guaranteed && owner->pieces < PIECES;
}

/* With nothing in its hands an owner decides anew what it will be. */
static void step_of_owner(struct world *world)
{
	struct owner *owner = &world->owner[below(world, OWNERS)];

	if (!owner->pieces)
		owner->claims = !once_in(world, 3);
	if (owner->pieces && once_in(world, 2)) {
		size_t which = below(world, (uint32_t)owner->pieces);

		give_back(world, owner, owner->ptr[which]);
		owner->ptr[which] = owner->ptr[--owner->pieces];
	} else if (owner->claims && may_claim(owner)) {
		claim(world, owner);
	} else if (!owner->claims && owner->pieces < PIECES) {
		grab(world, owner);
	}
}

/* ---- a region and a table -------------------------------------------------------------------- */

/* All that it has at once, or a part, from an area that is empty. */
static void step_of_region(struct world *world)
{
	struct quire_vregion *vr = world->region.vr;
	size_t bytes = 1 + below(world, AREA_PAGES * PAGE);
	struct quire_vregion_info info;

	quire_vregion_info(vr, &info);
	if (world->interim) {
		assert_ok(quire_vregion_free(vr, world->interim));
		world->interim = NULL;
	} else {
		world->interim = quire_vregion_alloc(vr, QUIRE_INTERIM, bytes, 0);
		assert_non_null(world->interim);
	}
	bytes = info.area[QUIRE_LIFETIME].size - info.area[QUIRE_LIFETIME].used;
	if (bytes >= 192 && once_in(world, 4000)) /* whole cache lines */
		assert_non_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 100, 0));
	world->count.claims++;
}

static void step_of_table(struct world *world)
{
	void **block = &world->block[below(world, TABLE_PAGES)];

	if (*block) {
		assert_ok(quire_vmh_free(&world->table.heap, *block));
		*block = NULL;
	} else {
		*block = quire_vmh_alloc(&world->table.heap, PAGE);
		assert_non_null(*block);
		world->count.claims++;
	}
}

/* ---- the others ------------------------------------------------------------------------------ */

static struct quire_budget *some_other(struct world *world)
{
	uint32_t which = below(world, OTHERS + 1);

	return which < OTHERS ? &world->other[which] : NULL;
}

/* Single pages, ranges up to everything, and reservations that take addresses alone. */
static void step_of_crowd(struct world *world)
{
	void **slot = &world->crowd[below(world, CROWD)];
	struct quire_request request = { .size = PAGE, .budget = some_other(world) };

	if (*slot) {
		assert_ok(quire_vpage_free(&world->space.vs, *slot));
		*slot = NULL;
		return;
	}
	if (once_in(world, 4)) {
		request.size = (1 + below(world, 300)) * PAGE;
		request.min = PAGE;
	}
	if (once_in(world, 5))
		request.flags = QUIRE_RESERVE;
	else if (once_in(world, 5))
		request.flags = QUIRE_GUARD;
	*slot = quire_vpage_request(&world->space.vs, &request, QUIRE_RW);
}

static void step_of_crumbs(struct world *world)
{
	void **slot = &world->crumb[below(world, CROWD)];
	struct quire_request request = { .size = 1 + below(world, 3 * PAGE) };

	if (*slot) {
		assert_ok(quire_vmh_free(&world->heap.heap, *slot));
		*slot = NULL;
		return;
	}
	if (once_in(world, 10)) {
		request.size = HEAP_PAGES * PAGE;
		request.min = 1;
	}
	if (once_in(world, 3))
		request.budget = some_other(world);
	*slot = quire_vmh_request(&world->heap.heap, &request);
}

/* Part of it changes its size, or loses its pages and gets them back. */
static void step_of_change(struct world *world)
{
	struct quire_vspace *vs = &world->space.vs;
	void *ptr = world->crowd[below(world, CROWD)];
	size_t pages = ptr ? quire_vpage_size(vs, ptr) : 0;

	if (!pages)
		return;
	if (once_in(world, 3))
		quire_vpage_resize(vs, ptr, 1 + below(world, 2 * (uint32_t)pages));
	else if (once_in(world, 2))
		assert_ok(quire_vpage_decommit(vs, ptr, pages));
	else
		quire_vpage_commit(vs, ptr, pages, QUIRE_READ, some_other(world));
}

/* ---- guarantees that change ------------------------------------------------------------------ */

static size_t unused(const struct quire_budget *budget)
{
	return budget->guaranteed > budget->used ? budget->guaranteed - budget->used : 0;
}

/* Whether what others are promised leaves so much for this one. */
static bool can_be_kept(const struct quire_ledger *ledger, const struct quire_budget *budget,
			size_t guaranteed)
{
	size_t held = 0, promised = 0;

	for (uint32_t i = 0; i < ledger->slots; i++) {
		const struct quire_budget *other = ledger->budgets[i];

		if (!other)
			continue;
		held += other->used;
		promised += other == budget ? 0 : unused(other);
	}
	if (guaranteed <= budget->used)
		return true;
	return guaranteed - budget->used <= FRAMES - held - promised;
}

/* What a budget wants from now on: a little, too much, or so much that a sum would overflow. */
static size_t some_guarantee(struct world *world)
{
	static const size_t absurd[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, FRAMES, FRAMES + 1 };

	return once_in(world, 5) ? absurd[below(world, TEST_COUNT(absurd))] : below(world, 60);
}

static void step_of_guarantee(struct world *world)
{
	struct quire_vspace *vs = &world->space.vs;
	uint32_t which = below(world, OWNERS + 1);
	struct quire_budget *budget =
		which < OWNERS ? &world->owner[which].budget : &world->changing;
	size_t before = budget->guaranteed, wanted = some_guarantee(world);
	size_t limit = once_in(world, 10) ? wanted / 2 : QUIRE_NO_LIMIT;
	int32_t expected = can_be_kept(&vs->ledger, budget, wanted) ? QUIRE_OK : QUIRE_EBUDGET;

	if (limit < wanted)
		expected = QUIRE_EINVAL;
	assert_status(quire_vspace_change(vs, budget, wanted, limit), expected);
	assert_int_equal(budget->guaranteed, expected ? before : wanted);
	world->count.changes++;
}

/* A newcomer is admitted or refused up front, and goes. */
static void step_of_newcomer(struct world *world)
{
	struct quire_vspace *vs = &world->space.vs;
	struct quire_budget newcomer = { 0 };
	size_t wanted = some_guarantee(world);
	bool can = can_be_kept(&vs->ledger, &newcomer, wanted);
	struct quire_request request = { .budget = &newcomer };
	void *ptr;

	assert_status(quire_vspace_admit(vs, &newcomer, wanted, QUIRE_NO_LIMIT),
		      can ? QUIRE_OK : QUIRE_EBUDGET);
	world->count.changes++;
	if (!can)
		return;
	request.size = (wanted ? wanted : 1) * PAGE;
	ptr = quire_vpage_request(vs, &request, QUIRE_RW);
	assert_true(ptr || !wanted || request.why == QUIRE_ENOVIRT);
	if (ptr) {
		assert_status(quire_vspace_dismiss(vs, &newcomer), QUIRE_EBUSY);
		assert_ok(quire_vpage_free(vs, ptr));
	}
	assert_ok(quire_vspace_dismiss(vs, &newcomer));
}

/* ---- a step ---------------------------------------------------------------------------------- */

/* The driver's pages are those of the budgets and the retained ones; promises can be kept. */
static void check_sums(const struct world *world)
{
	const struct quire_ledger *ledger = &world->space.vs.ledger;
	size_t held = 0, promised = 0;

	for (uint32_t i = 0; i < ledger->slots; i++) {
		const struct quire_budget *budget = ledger->budgets[i];

		if (!budget)
			continue;
		held += budget->used;
		promised += unused(budget);
	}
	assert_int_equal(world->space.mmu.mapped, held + world->space.vs.retained);
	assert_int_equal(atomic_load(&world->space.mmu.free_frames),
			 FRAMES - held - world->space.vs.retained);
	assert_int_equal(ledger->used, held);
	assert_int_equal(ledger->promised, promised);
	assert_true(held + promised <= FRAMES);
}

static void step(struct world *world)
{
	uint32_t what = below(world, 100);

	if (what < 35)
		step_of_owner(world);
	else if (what < 40)
		step_of_region(world);
	else if (what < 48)
		step_of_table(world);
	else if (what < 70)
		step_of_crowd(world);
	else if (what < 88)
		step_of_crumbs(world);
	else if (what < 95)
		step_of_change(world);
	else if (what < 98)
		step_of_guarantee(world);
	else
		step_of_newcomer(world);
	check_sums(world);
	world->count.steps++;
}

static void check_all(struct world *world)
{
	test_space_check(&world->space);
	test_heap_check(&world->heap);
	test_heap_check(&world->table);
	assert_sound(quire_vregion_check(world->region.vr));
}

/* ---- the end --------------------------------------------------------------------------------- */

static void free_all(struct world *world)
{
	for (size_t i = 0; i < OWNERS; i++)
		while (world->owner[i].pieces)
			give_back(world, &world->owner[i],
				  world->owner[i].ptr[--world->owner[i].pieces]);
	for (size_t i = 0; i < CROWD; i++) {
		if (world->crowd[i])
			assert_ok(quire_vpage_free(&world->space.vs, world->crowd[i]));
		if (world->crumb[i])
			assert_ok(quire_vmh_free(&world->heap.heap, world->crumb[i]));
	}
	for (size_t i = 0; i < TABLE_PAGES; i++)
		if (world->block[i])
			assert_ok(quire_vmh_free(&world->table.heap, world->block[i]));
}

static void end(struct world *world)
{
	free_all(world);
	assert_ok(quire_vregion_put(world->region.vr));
	for (size_t i = 0; i < OWNERS; i++) {
		struct quire_budget *budget = &world->owner[i].budget;

		if (world->owner[i].in_heap)
			assert_ok(quire_vmh_set_aside(&world->heap.heap, budget, 0, 0));
		else
			assert_ok(quire_vpage_set_aside(&world->space.vs, budget, 0));
	}
	test_heap_fini(&world->heap);
	test_heap_fini(&world->table);
	test_region_fini(&world->region);
	test_space_fini(&world->space);
}

static size_t steps_here(void)
{
	const char *port = getenv("QUIRE_TEST_PORT");

	return STEPS / SHARE / (port && *port ? 10 : 1);
}

static void play(size_t retain, bool not_coherent, uint64_t seed)
{
	static struct world world;
	size_t steps = steps_here();

	begin(&world, retain, not_coherent, seed);
	for (size_t i = 0; i < steps; i++) {
		step(&world);
		if (i % 5000 == 0)
			check_all(&world);
	}
	check_all(&world);
	print_message("# %zu steps, %zu claims of %zu pages served, %zu refused for want of a run, "
		      "%zu changes of guarantees\n",
		      world.count.steps, world.count.claims, world.count.claimed_pages,
		      world.count.refused, world.count.changes);
	assert_int_equal(world.count.steps, steps);
	assert_true(world.count.claims > steps / 20);
	assert_true(world.count.claimed_pages > steps / 20);
	assert_true(world.count.changes > steps / 40);
	end(&world);
}

static void no_guaranteed_request_fails_whatever_the_history(void **state)
{
	(void)state;
	play(0, false, 1);
	play(0, false, 2);
}

static void nor_where_pages_are_retained(void **state)
{
	(void)state;
	play(20, false, 3);
	play(FRAMES, false, 4);
}

static void nor_where_cores_are_not_coherent(void **state)
{
	(void)state;
	play(20, true, 5);
}

/* A guarantee where others take frames cannot be kept, and is refused up front. */
static void what_cannot_be_guaranteed_is_not_promised(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 16, .shared_frames = true },
					    .budgets = 2 };
	struct test_space_config unknown = { .mmu = { .pages = 16, .unknown = true },
					     .budgets = 2 };
	struct quire_budget budget = { 0 };
	struct test_space space;

	(void)state;
	test_space_init(&space, &config);
	assert_status(quire_vspace_admit(&space.vs, &budget, 1, 5), QUIRE_EBUDGET);
	assert_ok(quire_vspace_admit(&space.vs, &budget, 0, 5));
	assert_status(quire_vspace_change(&space.vs, &budget, 1, 5), QUIRE_EBUDGET);
	assert_ok(quire_vspace_dismiss(&space.vs, &budget));
	test_space_fini(&space);
	memset(&budget, 0, sizeof(budget));
	test_space_init(&space, &unknown);
	assert_status(quire_vspace_admit(&space.vs, &budget, 1, 5), QUIRE_EINVAL);
	test_space_fini(&space);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_guaranteed_request_fails_whatever_the_history),
		cmocka_unit_test(nor_where_pages_are_retained),
		cmocka_unit_test(nor_where_cores_are_not_coherent),
		cmocka_unit_test(what_cannot_be_guaranteed_is_not_promised),
	};

	return cmocka_run_group_tests_name("nobody starves", tests, NULL, NULL);
}
