/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Evacuation on the Linux port: which bank is emptied, who is asked, and that contents and accounts
 * are right after each, also if a move fails.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "quire/linux.h"
#include "quire/quire.h"

#include "support/random.h"
#include "support/test.h"
#include "support/touch.h"

#define PAGES    256u
#define BANKS    6u
#define PER_BANK 32u
#define SLOTS    96u

struct mover {
	struct quire_mover mover;
	int quiet, asked;
	bool refuses;
};

static struct quire_linux port;
static struct quire_mmu mmu; /* the port's, with a move that can fail */
static unsigned fail_in;
static void (*meanwhile)(void); /* what another thread does while a page moves */
static struct quire_vspace vs;
static struct quire_budget other;
static struct mover movers[2];
static struct {
	_Alignas(uintptr_t) unsigned char storage[QUIRE_VSPACE_STORAGE(PAGES, 4)];
	unsigned char behind[64]; /* what a look beyond the last page would see */
} space_records;

static int32_t quiesce(struct quire_mover *self, struct quire_budget *budget)
{
	struct mover *mover = (struct mover *)self;

	(void)budget;
	mover->asked++;
	if (mover->refuses)
		return QUIRE_EBUSY;
	assert_int_equal(mover->quiet++, 0);
	return QUIRE_OK;
}

static void resume(struct quire_mover *self, struct quire_budget *budget)
{
	(void)budget;
	assert_int_equal(--((struct mover *)self)->quiet, 0);
}

static int32_t failing_move(const struct quire_mmu *self, uintptr_t va)
{
	assert_int_equal(movers[0].quiet + movers[1].quiet > 0, true);
	/* Not present meanwhile: nobody comes to hold it or lets go of it without waiting. */
	assert_false(quire_vspace_is_mapped(&vs, (const void *)va));
	if (meanwhile)
		meanwhile();
	if (fail_in && --fail_in == 0)
		return QUIRE_EDRIVER;
	return port.mmu.move(self, va);
}

static uint32_t bank_within(const struct quire_mmu *self, uintptr_t va)
{
	assert_in_range(va - (uintptr_t)port.window, 0, ((size_t)PAGES << 12) - 1);
	return port.mmu.bank_of(self, va);
}

static void begin(size_t retain)
{
	struct quire_linux_config memory = {
		.pages = PAGES, .banks = BANKS, .frames_per_bank = PER_BANK, .check_locks = true
	};

	assert_ok(quire_linux_init(&port, &memory));
	mmu = port.mmu;
	mmu.move = failing_move;
	mmu.bank_of = bank_within;
	memset(space_records.behind, 0xff, sizeof(space_records.behind));
	fail_in = 0;
	meanwhile = NULL;
	memset(&other, 0, sizeof(other));
	assert_ok(quire_vspace_init(&vs, &(struct quire_vspace_config){
						 .mmu = &mmu,
						 .base = port.window,
						 .pages = PAGES,
						 .budgets = 4,
						 .retain = retain,
						 .storage = space_records.storage,
						 .storage_bytes = sizeof(space_records.storage) }));
	assert_ok(quire_vspace_admit(&vs, &other, 0, QUIRE_NO_LIMIT));
	for (int i = 0; i < 2; i++)
		movers[i] = (struct mover){ .mover = { quiesce, resume } };
	assert_ok(quire_vspace_set_mover(&vs, NULL, &movers[0].mover));
	assert_ok(quire_vspace_set_mover(&vs, &other, &movers[1].mover));
}

static void sound(void)
{
	assert_sound(quire_vspace_check(&vs));
	assert_sound(quire_frames_check(quire_linux_frames(&port)));
	assert_int_equal(movers[0].quiet + movers[1].quiet, 0);
}

static void end(void)
{
	sound();
	quire_linux_fini(&port);
}

static uint32_t banks_on(void)
{
	return quire_frames_banks_on(quire_linux_frames(&port));
}

static unsigned char *take(size_t pages, struct quire_budget *budget)
{
	struct quire_request request = { .size = pages << 12, .budget = budget };
	unsigned char *ptr = quire_vpage_request(&vs, &request, QUIRE_RW);

	assert_non_null(ptr);
	memset(ptr, (int)pages + 1, pages << 12);
	return ptr;
}

static void still_holds(const unsigned char *ptr, size_t pages)
{
	for (size_t i = 0; i < pages << 12; i += 64)
		assert_int_equal(ptr[i], pages + 1);
}

/* Three banks on: one with 20 pages of the window's own budget, one with 3 of the other, one with 5. */
static unsigned char *scattered[3];

static void scatter(void)
{
	unsigned char *gaps[2];

	scattered[0] = take(20, NULL);
	gaps[0] = take(12, NULL);
	scattered[1] = take(3, &other);
	gaps[1] = take(29, NULL);
	scattered[2] = take(5, NULL);
	assert_ok(quire_vpage_free(&vs, gaps[0]));
	assert_ok(quire_vpage_free(&vs, gaps[1]));
	assert_int_equal(banks_on(), 3);
}

static void all_hold(void)
{
	still_holds(scattered[0], 20);
	still_holds(scattered[1], 3);
	still_holds(scattered[2], 5);
	sound();
}

static void the_emptiest_bank_goes_off_and_contents_stay(void **state)
{
	struct quire_vspace_stats stats;
	size_t moved;

	(void)state;
	begin(0);
	scatter();
	assert_ok(quire_vspace_evacuate(&vs, SIZE_MAX, &moved));
	assert_int_equal(moved, 3);
	assert_int_equal(banks_on(), 2);
	assert_int_equal(movers[0].asked, 0);
	all_hold();
	assert_ok(quire_vspace_evacuate(&vs, SIZE_MAX, &moved));
	assert_int_equal(banks_on(), 1);
	all_hold();
	assert_status(quire_vspace_evacuate(&vs, SIZE_MAX, &moved), QUIRE_EBUSY);
	assert_int_equal(moved, 0);
	quire_vspace_stats(&vs, &stats);
	assert_int_equal(stats.moved_pages, 8);
	end();
}

static void who_refuses_or_has_no_mover_keeps_the_pages_and_the_next_bank_is_emptied(void **state)
{
	size_t moved;

	(void)state;
	for (int refuses = 0; refuses < 2; refuses++) {
		begin(0);
		scatter();
		movers[1].refuses = refuses;
		if (!refuses)
			assert_ok(quire_vspace_set_mover(&vs, &other, NULL));
		assert_ok(quire_vspace_evacuate(&vs, SIZE_MAX, &moved));
		assert_int_equal(moved, 5);
		assert_int_equal(movers[1].asked, refuses);
		assert_int_equal(movers[0].asked, 1);
		assert_int_equal(banks_on(), 2);
		all_hold();
		end();
	}
}

static void a_bank_with_more_pages_than_wanted_is_left_alone(void **state)
{
	(void)state;
	begin(0);
	scatter();
	assert_status(quire_vspace_evacuate(&vs, 2, NULL), QUIRE_EBUSY);
	assert_int_equal(movers[0].asked + movers[1].asked, 0);
	assert_int_equal(banks_on(), 3);
	all_hold();
	end();
}

static void a_move_that_fails_at_any_point_leaves_every_page_usable(void **state)
{
	size_t moved;

	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		begin(0);
		scatter();
		fail_in = n;
		assert_status(quire_vspace_evacuate(&vs, SIZE_MAX, &moved), QUIRE_EDRIVER);
		assert_int_equal(moved, n - 1);
		assert_int_equal(banks_on(), 3);
		all_hold();
		assert_ok(quire_vspace_evacuate(&vs, SIZE_MAX, &moved));
		assert_int_equal(moved, 4 - n);
		all_hold();
		for (int i = 0; i < 3; i++)
			assert_ok(quire_vpage_free(&vs, scattered[i]));
		assert_int_equal(banks_on(), 0);
		end();
	}
}

static void retained_pages_are_given_back_and_not_moved(void **state)
{
	size_t moved;

	(void)state;
	begin(3);
	scatter();
	assert_ok(quire_vpage_free(&vs, scattered[1]));
	assert_int_equal(vs.retained, 3);
	assert_ok(quire_vspace_evacuate(&vs, SIZE_MAX, &moved));
	assert_int_equal(moved, 0);
	assert_int_equal(banks_on(), 2);
	assert_int_equal(movers[0].asked + movers[1].asked, 0);
	sound();
	end();
}

static void only_moves_that_mapping_has_earned_are_made(void **state)
{
	struct quire_vspace_stats stats;
	size_t moved;

	(void)state;
	begin(0);
	scatter(); /* 69 pages mapped; banks of 3 and 5 pages could be emptied */
	assert_ok(quire_vspace_save_power(&vs, 4, &moved));
	assert_int_equal(moved, 0);
	assert_int_equal(movers[0].asked + movers[1].asked, 0);
	assert_ok(quire_vspace_save_power(&vs, 5, &moved));
	assert_int_equal(moved, 3);
	assert_int_equal(banks_on(), 2);
	assert_ok(quire_vspace_save_power(&vs, 11, &moved));
	assert_int_equal(moved, 0); /* 7 earned, 3 of them made */
	assert_ok(quire_vspace_save_power(&vs, 12, &moved));
	assert_int_equal(moved, 5);
	assert_int_equal(banks_on(), 1);
	assert_ok(quire_vspace_save_power(&vs, 100, &moved));
	assert_int_equal(moved, 0); /* no bank less would do */
	quire_vspace_stats(&vs, &stats);
	assert_int_equal(stats.mapped_pages, 69);
	assert_int_equal(stats.moved_pages, 8);
	all_hold();
	end();
}

static void saving_power_tells_what_went_wrong(void **state)
{
	size_t moved;

	(void)state;
	begin(0);
	scatter();
	fail_in = 5;
	assert_status(quire_vspace_save_power(&vs, 100, &moved), QUIRE_EDRIVER);
	assert_int_equal(moved, 4);
	all_hold();
	assert_ok(quire_vspace_save_power(&vs, 100, NULL));
	assert_int_equal(banks_on(), 1);
	all_hold();
	assert_status(quire_vspace_save_power(&vs, 0, NULL), QUIRE_EINVAL);
	assert_status(quire_vspace_save_power(&vs, 101, NULL), QUIRE_EINVAL);
	assert_status(quire_vspace_save_power(NULL, 5, NULL), QUIRE_EINVAL);
	mmu.emptiest = NULL;
	mmu.bank_of = NULL;
	mmu.move = NULL;
	assert_status(quire_vspace_save_power(&vs, 5, NULL), QUIRE_EINVAL);
	end();
}

static void what_cannot_be_asked_for_is_refused(void **state)
{
	struct quire_mover half = { .quiesce = quiesce };
	struct quire_budget stranger = { 0 };

	(void)state;
	begin(0);
	assert_status(quire_vspace_set_mover(&vs, NULL, &half), QUIRE_EINVAL);
	half = (struct quire_mover){ .resume = resume };
	assert_status(quire_vspace_set_mover(&vs, NULL, &half), QUIRE_EINVAL);
	assert_status(quire_vspace_set_mover(&vs, &stranger, NULL), QUIRE_EINVAL);
	assert_ok(quire_vspace_dismiss(&vs, &other));
	assert_null(other.mover);
	quire_linux_set_interrupt(true);
	assert_status(quire_vspace_evacuate(&vs, 1, NULL), QUIRE_ECONTEXT);
	quire_linux_set_interrupt(false);
	mmu.emptiest = NULL;
	mmu.bank_of = NULL;
	mmu.move = NULL;
	assert_status(quire_vspace_evacuate(&vs, 1, NULL), QUIRE_EINVAL);
	end();
}

static int32_t failing_unmap(const struct quire_mmu *self, uintptr_t va, size_t pages)
{
	(void)self;
	(void)va;
	(void)pages;
	return QUIRE_EDRIVER;
}

/* Its contents are undefined and only its free is left: it is not worth a move, nor fit for one. */
static void a_bank_with_a_page_that_failed_to_leave_is_passed_over(void **state)
{
	size_t moved = 1;

	(void)state;
	begin(0);
	scatter();
	mmu.unmap = failing_unmap;
	assert_status(quire_vpage_free(&vs, scattered[1]), QUIRE_EDRIVER);
	mmu.unmap = port.mmu.unmap;
	assert_ok(quire_vspace_evacuate(&vs, 10, &moved));
	assert_int_equal(moved, 5); /* of the next bank */
	assert_int_equal(banks_on(), 2);
	assert_ok(quire_vpage_free(&vs, scattered[1]));
	still_holds(scattered[0], 20);
	still_holds(scattered[2], 5);
	end();
}

/* After years of use the earnings are more than a number of 32 bits holds. */
static void earnings_of_years_are_not_lost_to_an_overflow(void **state)
{
	size_t moved;

	(void)state;
	begin(0);
	scatter();
	vs.mapped_pages = (uint64_t)1 << 40;
	vs.moved_pages = (uint64_t)1 << 20;
	assert_ok(quire_vspace_save_power(&vs, 5, &moved));
	assert_int_equal(moved, 8);
	assert_int_equal(banks_on(), 1);
	all_hold();
	end();
}

static unsigned char *retained;

static void take_what_was_retained(void)
{
	meanwhile = NULL;
	assert_ptr_equal(quire_vpage_alloc_at(&vs, retained, 2, QUIRE_RW), retained);
	memset(retained, 3, 2 << 12);
}

static void a_retained_page_that_is_taken_while_others_move_stays_where_it_is(void **state)
{
	unsigned char *full, *gap, *moves;
	uint32_t frame;
	size_t moved;

	(void)state;
	begin(2);
	full = take(25, NULL);
	gap = take(7, NULL);
	moves = take(3, &other);
	retained = take(2, NULL);
	frame = quire_linux_frame_of(&port, retained);
	assert_ok(quire_vpage_free(&vs, retained));
	assert_ok(quire_vpage_free(&vs, gap));
	assert_int_equal(vs.retained, 2);
	assert_int_equal(banks_on(), 2);
	assert_ok(quire_vspace_set_mover(&vs, NULL, NULL));
	meanwhile = take_what_was_retained;
	assert_status(quire_vspace_evacuate(&vs, SIZE_MAX, &moved), QUIRE_EBUSY);
	assert_int_equal(moved, 3);
	assert_int_equal(quire_linux_frame_of(&port, retained), frame);
	still_holds(retained, 2);
	still_holds(moves, 3);
	still_holds(full, 25);
	end();
}

/* ---- all kinds of pages ---------------------------------------------------------------------- */

static struct quire_vmh heap;
static struct quire_vregion *region;
static unsigned char *small[40], *guarded, *text;

static void make_heap(void)
{
	static _Alignas(uintptr_t) unsigned char records[QUIRE_VMH_ELASTIC_STORAGE(64 << 12, 64)];
	struct quire_vmh_config config = { .window = 64 << 12,
					   .storage = records,
					   .storage_bytes = sizeof(records) };

	assert_ok(quire_vmh_init(&heap, &vs, &config));
	for (size_t i = 0; i < TEST_COUNT(small); i++) {
		small[i] = quire_vmh_alloc(&heap, 1500);
		memset(small[i], (int)i + 1, 1500);
	}
}

static void make_region(void)
{
	static _Alignas(uintptr_t) unsigned char records[QUIRE_VREGION_STORAGE(4 << 12, 64)];
	struct quire_vregion_config config = { .text = 1 << 12,
					       .lifetime = 2 << 12,
					       .interim = 4 << 12,
					       .storage = records,
					       .storage_bytes = sizeof(records) };

	region = quire_vregion_create(&vs, &config, NULL);
	assert_non_null(region);
	text = quire_vregion_alloc(region, QUIRE_TEXT, 64, 0);
	memset(text, 0x90, 64);
	assert_ok(quire_vregion_protect(region, QUIRE_TEXT, QUIRE_RX));
	assert_non_null(quire_vregion_alloc(region, QUIRE_INTERIM, 5000, 0));
}

static void make_guarded(void)
{
	struct quire_request request = { .size = 2 << 12, .flags = QUIRE_GUARD };

	guarded = quire_vpage_request(&vs, &request, QUIRE_RW);
	assert_non_null(guarded);
	memset(guarded, 0x42, 2 << 12);
}

static void all_kinds_hold(void)
{
	for (size_t i = 0; i < TEST_COUNT(small); i++)
		for (size_t at = 0; at < 1500; at++)
			assert_int_equal(small[i][at], i + 1);
	assert_int_equal(guarded[(2 << 12) - 1], 0x42);
	assert_true(test_read_faults(guarded + (2 << 12)));
	assert_int_equal(text[63], 0x90);
	assert_true(test_write_faults(text));
	assert_sound(quire_vmh_check(&heap));
	assert_sound(quire_vregion_check(region));
	sound();
}

static void *take_for_code(void *argument)
{
	(void)argument;
	return quire_vpage_alloc_at(&vs, retained, 2, QUIRE_RX);
}

static pthread_t thread;

/* Another thread has taken it by the records, and waits for this evacuation to unmap it first. */
static void want_what_was_retained(void)
{
	const volatile struct quire_page *page =
		&vs.page[(size_t)(retained - (unsigned char *)port.window) >> 12];

	meanwhile = NULL;
	assert_int_equal(pthread_create(&thread, NULL, take_for_code, NULL), 0);
	while (!page->users)
		sched_yield();
}

static void a_retained_page_that_is_wanted_in_another_way_meanwhile_is_left_to_who_wants_it(
	void **state)
{
	unsigned char *full, *gap, *moves;
	void *got = NULL;
	size_t moved;

	(void)state;
	begin(2);
	full = take(25, NULL);
	gap = take(7, NULL);
	moves = take(3, &other);
	retained = take(2, NULL);
	assert_ok(quire_vpage_free(&vs, retained));
	assert_ok(quire_vpage_free(&vs, gap));
	meanwhile = want_what_was_retained;
	assert_status(quire_vspace_evacuate(&vs, 5, &moved), QUIRE_EBUSY);
	assert_int_equal(moved, 3);
	assert_int_equal(pthread_join(thread, &got), 0);
	assert_ptr_equal(got, retained);
	still_holds(full, 25);
	still_holds(moves, 3);
	assert_int_equal(*(volatile unsigned char *)retained * 0, 0); /* it can be read */
	end();
}

static void pages_of_heaps_regions_and_code_move_and_guards_stay(void **state)
{
	unsigned char *gap[6];
	uint32_t frame;
	size_t moved, in_all = 0;

	(void)state;
	begin(0);
	for (size_t i = 0; i < 6; i++) {
		if (i == 2)
			make_heap();
		if (i == 3)
			make_guarded();
		if (i == 4)
			make_region();
		gap[i] = take(20, NULL);
	}
	frame = quire_linux_frame_of(&port, text);
	for (size_t i = 0; i < 6; i++)
		assert_ok(quire_vpage_free(&vs, gap[i]));
	while (!quire_vspace_evacuate(&vs, SIZE_MAX, &moved)) {
		in_all += moved;
		all_kinds_hold();
	}
	assert_true(in_all > 0);
	assert_int_equal(banks_on(), 1);
	assert_int_not_equal(quire_linux_frame_of(&port, text), frame);
	for (size_t i = 0; i < TEST_COUNT(small); i++)
		assert_ok(quire_vmh_free(&heap, small[i]));
	assert_ok(quire_vmh_fini(&heap));
	assert_ok(quire_vregion_put(region));
	assert_ok(quire_vpage_free(&vs, guarded));
	assert_int_equal(banks_on(), 0);
	end();
}

static void under_churn_contents_stay_and_banks_fall_to_the_fewest(void **state)
{
	struct test_random random = test_random_seeded(4);
	unsigned char *slot[SLOTS] = { 0 };
	size_t pages[SLOTS] = { 0 };

	(void)state;
	begin(4);
	for (int step = 0; step < 3000; step++) {
		uint32_t i = test_random_below(&random, SLOTS);

		if (slot[i]) {
			still_holds(slot[i], pages[i]);
			assert_ok(quire_vpage_free(&vs, slot[i]));
			slot[i] = NULL;
		} else if (vs.ledger.used < BANKS * PER_BANK - 8) {
			pages[i] = test_random_between(&random, 1, 4);
			slot[i] = take(pages[i], test_random_once_in(&random, 2) ? &other : NULL);
		}
		fail_in = test_random_below(&random, 20);
		if (step % 50 == 0) {
			fail_in = 0;
			while (quire_vspace_evacuate(&vs, SIZE_MAX, NULL) != QUIRE_EBUSY)
				sound();
			assert_int_equal(banks_on(),
					 (vs.ledger.used + vs.retained + PER_BANK - 1) / PER_BANK);
		} else if (step % 7 == 0) {
			quire_vspace_evacuate(&vs, 12, NULL);
		}
		sound();
	}
	for (uint32_t i = 0; i < SLOTS; i++)
		if (slot[i])
			still_holds(slot[i], pages[i]);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_emptiest_bank_goes_off_and_contents_stay),
		cmocka_unit_test(
			who_refuses_or_has_no_mover_keeps_the_pages_and_the_next_bank_is_emptied),
		cmocka_unit_test(a_bank_with_more_pages_than_wanted_is_left_alone),
		cmocka_unit_test(a_move_that_fails_at_any_point_leaves_every_page_usable),
		cmocka_unit_test(retained_pages_are_given_back_and_not_moved),
		cmocka_unit_test(a_bank_with_a_page_that_failed_to_leave_is_passed_over),
		cmocka_unit_test(earnings_of_years_are_not_lost_to_an_overflow),
		cmocka_unit_test(a_retained_page_that_is_taken_while_others_move_stays_where_it_is),
		cmocka_unit_test(
			a_retained_page_that_is_wanted_in_another_way_meanwhile_is_left_to_who_wants_it),
		cmocka_unit_test(pages_of_heaps_regions_and_code_move_and_guards_stay),
		cmocka_unit_test(only_moves_that_mapping_has_earned_are_made),
		cmocka_unit_test(saving_power_tells_what_went_wrong),
		cmocka_unit_test(what_cannot_be_asked_for_is_refused),
		cmocka_unit_test(under_churn_contents_stay_and_banks_fall_to_the_fewest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
