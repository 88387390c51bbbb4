/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The moments in which a call has let go of the short lock, to take the transition lock or to map: what
 * somebody else does just then is done here by the lock or the driver itself, so each of these races
 * happens every time.
 */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "support/space.h"

#define KIB  ((size_t)1024)
#define PAGE ((size_t)4096)

/* ---- somebody else --------------------------------------------------------------------------- */

static struct {
	void (*act)(void *argument); /* once, just before the transition lock is had */
	void *argument;
	void (*act_in_map)(void *argument); /* once, just before pages are mapped */
	void (*transition_lock)(const struct quire_mmu *mmu);
	int32_t (*map)(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot);
} other;

static void lock_late(const struct quire_mmu *mmu)
{
	void (*act)(void *) = other.act;

	other.act = NULL;
	if (act)
		act(other.argument);
	other.transition_lock(mmu);
}

static int32_t map_late(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	void (*act)(void *) = other.act_in_map;

	other.act_in_map = NULL;
	if (act)
		act(other.argument);
	return other.map(mmu, va, pages, prot);
}

static void open_space(struct test_space *space, size_t retain)
{
	struct test_space_config config = { .mmu = { .pages = 32, .frames = 32 },
					    .budgets = 2,
					    .retain = retain };

	test_space_init(space, &config);
	other.act = NULL;
	other.act_in_map = NULL;
	other.transition_lock = space->mmu.mmu.transition_lock;
	other.map = space->mmu.mmu.map;
	space->mmu.mmu.transition_lock = lock_late;
	space->mmu.mmu.map = map_late;
}

static void meanwhile(void (*act)(void *), void *argument)
{
	other.act = act;
	other.argument = argument;
}

static void while_mapping(void (*act)(void *), void *argument)
{
	other.act_in_map = act;
	other.argument = argument;
}

static void close_space(struct test_space *space)
{
	assert_null(other.act);
	assert_null(other.act_in_map);
	test_space_fini(space);
}

/* ---- pages ----------------------------------------------------------------------------------- */

struct stranger {
	struct quire_vspace *vs;
	void *ptr;
	int32_t status;
};

static void free_it(void *argument)
{
	struct stranger *stranger = argument;

	stranger->status = quire_vpage_free(stranger->vs, stranger->ptr);
}

static void an_allocation_that_is_still_being_made_cannot_be_freed(void **state)
{
	struct test_space space;
	struct stranger stranger;
	void *ptr;

	(void)state;
	open_space(&space, 0);
	stranger = (struct stranger){ .vs = &space.vs, .ptr = test_space_page(&space, 0) };
	meanwhile(free_it, &stranger);
	ptr = quire_vpage_alloc(&space.vs, 3, QUIRE_RW);
	assert_ptr_equal(ptr, stranger.ptr);
	assert_status(stranger.status, QUIRE_EFREE);
	assert_int_equal(test_mmu_count_mapped(&space.mmu, ptr, 3), 3);
	memset(ptr, 1, 3 * PAGE);
	test_space_check(&space);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	close_space(&space);
}

/* Its page was retained with another protection. */
static void an_allocation_whose_pages_are_to_be_mapped_afresh_cannot_be_freed(void **state)
{
	struct test_space space;
	struct stranger stranger;
	void *ptr;

	(void)state;
	open_space(&space, 1);
	assert_ok(quire_vpage_free(&space.vs, quire_vpage_alloc(&space.vs, 1, QUIRE_READ)));
	stranger = (struct stranger){ .vs = &space.vs, .ptr = test_space_page(&space, 0) };
	meanwhile(free_it, &stranger);
	ptr = quire_vpage_alloc(&space.vs, 1, QUIRE_RW);
	assert_ptr_equal(ptr, stranger.ptr);
	assert_status(stranger.status, QUIRE_EFREE);
	assert_int_equal(test_mmu_prot(&space.mmu, ptr), QUIRE_RW);
	assert_int_equal(test_space_stats(&space).held, 1);
	test_space_check(&space);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	close_space(&space);
}

static void take_it(void *argument)
{
	struct stranger *stranger = argument;

	stranger->ptr = quire_vpage_alloc(stranger->vs, 2, QUIRE_RW);
}

/* All retained pages are wanted back, and are somebody's when their turn comes. */
static void a_retained_page_that_is_taken_meanwhile_is_not_unmapped(void **state)
{
	struct test_space space;
	struct stranger stranger;
	struct quire_request request = { .size = PAGE, .flags = QUIRE_GUARD };
	void *ptr;

	(void)state;
	open_space(&space, 2);
	stranger = (struct stranger){ .vs = &space.vs };
	assert_ok(quire_vpage_free(&space.vs, quire_vpage_alloc(&space.vs, 2, QUIRE_RW)));
	assert_int_equal(test_space_stats(&space).retained, 2);
	meanwhile(take_it, &stranger);
	assert_ok(quire_vspace_trim(&space.vs));
	assert_non_null(stranger.ptr);
	memset(stranger.ptr, 1, 2 * PAGE);
	assert_int_equal(test_space_stats(&space).retained, 0);
	test_space_check(&space);
	assert_ok(quire_vpage_free(&space.vs, stranger.ptr));

	/* The page behind an allocation is to be bare, and was retained until now. */
	ptr = quire_vpage_alloc(&space.vs, 2, QUIRE_RW);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	ptr = quire_vpage_request(&space.vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	assert_false(quire_vspace_is_mapped(&space.vs, (unsigned char *)ptr + PAGE));
	assert_ok(quire_vpage_free(&space.vs, ptr));
	close_space(&space);
}

static void trim_it(void *argument)
{
	struct stranger *stranger = argument;

	stranger->status = quire_vspace_trim(stranger->vs);
}

/* The guard's page was retained when it was looked at, and is unmapped by somebody before its turn. */
static void a_retained_page_that_is_unmapped_meanwhile_is_not_unmapped_twice(void **state)
{
	struct test_space space;
	struct stranger stranger;
	struct quire_request request = { .size = PAGE, .flags = QUIRE_GUARD };
	uint64_t unmaps;
	void *ptr;

	(void)state;
	open_space(&space, 2);
	stranger = (struct stranger){ .vs = &space.vs, .status = QUIRE_EBUSY };
	assert_ok(quire_vpage_free(&space.vs, quire_vpage_alloc(&space.vs, 2, QUIRE_RW)));
	unmaps = space.mmu.calls[TEST_UNMAP];
	meanwhile(trim_it, &stranger);
	ptr = quire_vpage_request(&space.vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	assert_ok(stranger.status);
	assert_int_equal(space.mmu.calls[TEST_UNMAP], unmaps + 1);
	assert_false(quire_vspace_is_mapped(&space.vs, (unsigned char *)ptr + PAGE));
	memset(ptr, 1, PAGE);
	test_space_check(&space);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	close_space(&space);
}

static void decommit_it(void *argument)
{
	struct stranger *stranger = argument;

	stranger->status = quire_vpage_decommit(stranger->vs, stranger->ptr, 2);
}

static void shrink_it(void *argument)
{
	struct stranger *stranger = argument;

	stranger->status = quire_vpage_resize(stranger->vs, stranger->ptr, 1);
}

/* They are not mapped yet, so there is nothing to unmap. */
static void pages_that_somebody_is_still_committing_cannot_be_given_back(void **state)
{
	static void (*const acts[])(void *) = { decommit_it, shrink_it };
	struct test_space space;
	struct stranger stranger;
	uint64_t unmaps;
	void *ptr;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(acts); i++) {
		open_space(&space, 0);
		ptr = quire_vpage_reserve(&space.vs, 3);
		assert_non_null(ptr);
		stranger = (struct stranger){ .vs = &space.vs, .ptr = ptr };
		unmaps = space.mmu.calls[TEST_UNMAP];
		meanwhile(acts[i], &stranger);
		assert_ok(quire_vpage_commit(&space.vs, ptr, 2, QUIRE_RW, NULL));
		assert_status(stranger.status, QUIRE_EFREE);
		assert_int_equal(space.mmu.calls[TEST_UNMAP], unmaps);
		assert_int_equal(quire_vpage_size(&space.vs, ptr), 3);
		assert_int_equal(test_mmu_count_mapped(&space.mmu, ptr, 3), 2);
		memset(ptr, 1, 2 * PAGE);
		test_space_check(&space);
		assert_ok(quire_vpage_free(&space.vs, ptr));
		close_space(&space);
	}
}

/* Another thread, which allocates and is held up until somebody lets it go on. */
struct late {
	struct stranger stranger;
	pthread_t thread;
	sem_t arrived, go_on;
};

static void hold_up(void *argument)
{
	struct late *late = argument;

	sem_post(&late->arrived);
	sem_wait(&late->go_on);
}

static void *take_late(void *argument)
{
	struct late *late = argument;

	take_it(&late->stranger);
	return NULL;
}

static void begin_late(void *argument)
{
	struct late *late = argument;

	meanwhile(hold_up, late);
	assert_int_equal(pthread_create(&late->thread, NULL, take_late, late), 0);
	sem_wait(&late->arrived);
}

/* Who began first is done first: the other allocation is still nobody's to free, and this one is. */
static void of_two_that_are_being_made_the_one_that_is_done_can_be_freed(void **state)
{
	struct test_space space;
	struct late late;
	unsigned char *ptr;

	(void)state;
	open_space(&space, 0);
	late.stranger = (struct stranger){ .vs = &space.vs };
	sem_init(&late.arrived, 0, 0);
	sem_init(&late.go_on, 0, 0);
	meanwhile(begin_late, &late);
	ptr = quire_vpage_alloc(&space.vs, 2, QUIRE_RW);
	assert_ptr_equal(ptr, test_space_page(&space, 0));
	memset(ptr, 1, 2 * PAGE);
	assert_status(quire_vpage_free(&space.vs, ptr + 2 * PAGE), QUIRE_EFREE);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	sem_post(&late.go_on);
	pthread_join(late.thread, NULL);
	assert_ptr_equal(late.stranger.ptr, ptr + 2 * PAGE);
	memset(late.stranger.ptr, 1, 2 * PAGE);
	test_space_check(&space);
	assert_ok(quire_vpage_free(&space.vs, late.stranger.ptr));
	sem_destroy(&late.arrived);
	sem_destroy(&late.go_on);
	close_space(&space);
}

/* ---- heaps ----------------------------------------------------------------------------------- */

struct freer {
	struct quire_vmh *heap;
	void *ptr;
	int32_t status;
};

static void free_block(void *argument)
{
	struct freer *freer = argument;

	freer->status = quire_vmh_free(freer->heap, freer->ptr);
}

static void of_two_who_free_a_block_at_once_one_is_refused(void **state)
{
	struct test_space space;
	struct test_heap heap;
	struct freer freer;

	(void)state;
	open_space(&space, 0);
	test_heap_init_elastic(&heap, &space, 64 * KIB);
	freer = (struct freer){ .heap = &heap.heap, .ptr = quire_vmh_alloc(&heap.heap, 5 * KIB) };
	assert_non_null(freer.ptr);
	meanwhile(free_block, &freer);
	assert_status(quire_vmh_free(&heap.heap, freer.ptr), QUIRE_EFREE);
	assert_ok(freer.status);
	test_heap_check(&heap);
	test_space_check(&space);

	freer.ptr = quire_vmh_alloc(&heap.heap, 9 * KIB);
	assert_non_null(freer.ptr);
	meanwhile(free_block, &freer);
	assert_status(quire_vmh_resize(&heap.heap, freer.ptr, 100), QUIRE_EFREE);
	assert_ok(freer.status);
	test_heap_check(&heap);
	test_heap_fini(&heap);
	close_space(&space);
}

/* ---- regions --------------------------------------------------------------------------------- */

static const struct quire_vregion_config config = { .lifetime = 2 * PAGE, .interim = 2 * PAGE };

static void get_it(void *argument)
{
	assert_ptr_equal(quire_vregion_get(argument), argument);
}

static void a_region_that_is_taken_while_its_last_user_leaves_lives_on(void **state)
{
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;

	(void)state;
	open_space(&space, 0);
	assert_non_null(test_region_init(&region, &space, &config));
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 100, 0);
	assert_non_null(ptr);
	memset(ptr, 7, 100);
	meanwhile(get_it, region.vr);
	assert_ok(quire_vregion_put(region.vr));
	assert_int_equal(region.releases, 0);
	assert_int_equal(ptr[99], 7);
	assert_sound(quire_vregion_check(region.vr));
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
	close_space(&space);
}

struct putter {
	struct quire_vregion *vr;
	int32_t status;
};

static void put_it(void *argument)
{
	struct putter *putter = argument;

	putter->status = quire_vregion_put(putter->vr);
}

static void of_two_who_leave_as_the_last_user_one_is_refused(void **state)
{
	struct test_space space;
	struct test_region region;
	struct putter putter;

	(void)state;
	open_space(&space, 0);
	assert_non_null(test_region_init(&region, &space, &config));
	putter = (struct putter){ .vr = region.vr, .status = QUIRE_EBUSY };
	meanwhile(put_it, &putter);
	assert_status(quire_vregion_put(region.vr), QUIRE_EFREE);
	assert_ok(putter.status);
	test_region_fini(&region);
	close_space(&space);
}

struct grower {
	struct quire_vregion *vr;
	void *ptr;
};

static void grow_it(void *argument)
{
	struct grower *grower = argument;

	grower->ptr = quire_vregion_alloc(grower->vr, QUIRE_LIFETIME, 100, 0);
}

static void two_who_need_the_same_new_page_of_an_area_get_places_of_their_own(void **state)
{
	struct test_space space;
	struct test_region region;
	struct grower grower;
	unsigned char *ptr;

	(void)state;
	open_space(&space, 0);
	assert_non_null(test_region_init(&region, &space, &config));
	grower = (struct grower){ .vr = region.vr };
	meanwhile(grow_it, &grower);
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 100, 0);
	assert_non_null(ptr);
	assert_non_null(grower.ptr);
	memset(grower.ptr, 1, 100);
	memset(ptr, 2, 100);
	assert_int_equal(*(unsigned char *)grower.ptr, 1);
	assert_int_equal(test_space_stats(&space).held, 1);
	assert_sound(quire_vregion_check(region.vr));
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
	close_space(&space);
}

static void free_grown(void *argument)
{
	struct grower *grower = argument;

	assert_ok(quire_vregion_free(grower->vr, grower->ptr));
}

/* What was the newest allocation is not any more, as soon as the next one has its place. */
static void the_newest_is_freed_while_the_next_is_made_and_no_place_is_given_twice(void **state)
{
	struct test_space space;
	struct test_region region;
	struct grower grower;
	unsigned char *ptr, *next;

	(void)state;
	open_space(&space, 0);
	assert_non_null(test_region_init(&region, &space, &config));
	grower = (struct grower){ .vr = region.vr };
	grow_it(&grower);
	while_mapping(free_grown, &grower);
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, PAGE, 0);
	next = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 2000, 0);
	assert_non_null(ptr);
	assert_non_null(next);
	assert_true(next >= ptr + PAGE || next + 2000 <= ptr);
	assert_sound(quire_vregion_check(region.vr));
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
	close_space(&space);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allocation_that_is_still_being_made_cannot_be_freed),
		cmocka_unit_test(an_allocation_whose_pages_are_to_be_mapped_afresh_cannot_be_freed),
		cmocka_unit_test(a_retained_page_that_is_taken_meanwhile_is_not_unmapped),
		cmocka_unit_test(a_retained_page_that_is_unmapped_meanwhile_is_not_unmapped_twice),
		cmocka_unit_test(pages_that_somebody_is_still_committing_cannot_be_given_back),
		cmocka_unit_test(of_two_that_are_being_made_the_one_that_is_done_can_be_freed),
		cmocka_unit_test(of_two_who_free_a_block_at_once_one_is_refused),
		cmocka_unit_test(a_region_that_is_taken_while_its_last_user_leaves_lives_on),
		cmocka_unit_test(of_two_who_leave_as_the_last_user_one_is_refused),
		cmocka_unit_test(two_who_need_the_same_new_page_of_an_area_get_places_of_their_own),
		cmocka_unit_test(
			the_newest_is_freed_while_the_next_is_made_and_no_place_is_given_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
