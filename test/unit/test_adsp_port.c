/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port on the ADSP's driver: all or nothing, whichever call of the driver fails and however it
 * behaves. Every test is played on both behaviours.
 */
#include <errno.h>
#include <string.h>

#include "quire/adsp.h"
#include "quire/quire.h"

#include "support/random.h"
#include "support/test.h"

#define PAGE   ((size_t)4096)
#define PAGES  72u
#define FRAMES 48u

static struct quire_adsp adsp;
static int fail_in;      /* calls of the driver until one fails; 0: none does */
static int error = -EIO; /* with this */
static bool for_ever;    /* and all after it */
static bool only[5];     /* which kinds count, by enum quire_adsp_call */

static int fault(void *context, enum quire_adsp_call call, uintptr_t va)
{
	(void)context;
	(void)va;
	if (!only[call] || !fail_in)
		return 0;
	if (fail_in > 1) {
		fail_in--;
		return 0;
	}
	fail_in = for_ever;
	return error;
}

static void open_port(void **state, uint32_t cores)
{
	const enum quire_adsp_behaviour *behaviour = *state;
	struct quire_adsp_config config = {
		.pages = PAGES,
		.frames = FRAMES,
		.frames_per_bank = 16,
		.cores = cores,
		.behaviour = *behaviour,
		.movable = true,
		.user = true,
		.fault = fault,
	};

	fail_in = 0;
	for_ever = false;
	error = -EIO;
	memset(only, 1, sizeof(only));
	assert_ok(quire_adsp_init(&adsp, &config));
}

static void close_port(void)
{
	assert_sound(quire_adsp_check(&adsp));
	assert_int_equal(quire_adsp_longest_call(&adsp), 1);
	quire_adsp_fini(&adsp);
}

static uintptr_t va(size_t page)
{
	return (uintptr_t)adsp.window + page * PAGE;
}

static int32_t map(size_t page, size_t pages, uint32_t prot)
{
	return adsp.mmu.map(&adsp.mmu, va(page), pages, prot);
}

static int32_t unmap(size_t page, size_t pages)
{
	return adsp.mmu.unmap(&adsp.mmu, va(page), pages);
}

static int32_t protect(size_t page, size_t pages, uint32_t prot)
{
	return adsp.mmu.protect(&adsp.mmu, va(page), pages, prot);
}

static int32_t move(size_t page)
{
	return adsp.mmu.move(&adsp.mmu, va(page));
}

static size_t available(void)
{
	return adsp.mmu.available(&adsp.mmu);
}

static uint32_t bits(size_t page)
{
	return quire_adsp_entry(&adsp, (void *)va(page)) >> 12;
}

static uint32_t bank(size_t page)
{
	return adsp.mmu.bank_of(&adsp.mmu, va(page));
}

/* ---- map, unmap, protect --------------------------------------------------------------------- */

static void pages_come_and_go(void **state)
{
	open_port(state, 1);
	assert_ok(map(2, 5, QUIRE_RW));
	assert_int_equal(available(), FRAMES - 5);
	assert_status(map(6, 2, QUIRE_RW), QUIRE_EDRIVER); /* one of them is */
	assert_status(map(0, 1, QUIRE_WRITE | QUIRE_EXEC | QUIRE_READ), QUIRE_EDRIVER);
	assert_status(map(PAGES - 1, 1, QUIRE_RW), QUIRE_EDRIVER); /* the spare one */
	assert_ok(protect(2, 2, QUIRE_READ));
	assert_ok(protect(4, 1, QUIRE_RX));
	assert_int_equal(bits(2) << 8 | bits(4) << 4 | bits(5), 0x159);
	assert_status(protect(6, 2, QUIRE_READ), QUIRE_EDRIVER);
	assert_int_equal(bits(6), 9);
	assert_ok(unmap(0, 10));
	assert_ok(unmap(0, 10));
	assert_int_equal(available(), FRAMES);
	close_port();
}

static void too_many_pages_are_refused_before_the_driver_is_asked(void **state)
{
	open_port(state, 1);
	fail_in = 1;
	assert_status(map(0, FRAMES + 1, QUIRE_RW), QUIRE_ENOPHYS);
	assert_int_equal(fail_in, 1);
	fail_in = 0;
	assert_ok(map(0, FRAMES, QUIRE_RW));
	assert_status(map(FRAMES, 1, QUIRE_RW), QUIRE_ENOPHYS);
	assert_ok(unmap(0, FRAMES));
	close_port();
}

static void a_map_that_fails_leaves_nothing(void **state)
{
	for (int n = 1; n <= 7; n++) {
		open_port(state, 1);
		fail_in = n;
		only[QUIRE_ADSP_POWER_ON] = false;
		error = n % 2 ? -EIO : -ENOMEM;
		assert_status(map(3, 7, QUIRE_RW), n % 2 ? QUIRE_EDRIVER : QUIRE_ENOPHYS);
		assert_int_equal(available(), FRAMES);
		for (size_t page = 0; page < PAGES; page++)
			assert_int_equal(bits(page) & 1, 0);
		assert_ok(map(3, 7, QUIRE_RW));
		assert_ok(unmap(3, 7));
		close_port();
	}
}

static void a_bank_that_stays_off_fails_the_map(void **state)
{
	open_port(state, 1);
	memset(only, 0, sizeof(only));
	only[QUIRE_ADSP_POWER_ON] = true;
	fail_in = 2;
	assert_status(map(0, 20, QUIRE_RW), QUIRE_EDRIVER);
	assert_int_equal(available(), FRAMES);
	close_port();
}

static void what_cannot_be_undone_is_tried_again_later(void **state)
{
	open_port(state, 1);
	only[QUIRE_ADSP_POWER_ON] = false;
	fail_in = 4;
	for_ever = true; /* so the driver refuses to unmap too */
	assert_status(map(3, 7, QUIRE_RW), QUIRE_EDRIVER);
	assert_int_equal(available(), FRAMES - 3);
	assert_sound(quire_adsp_check(&adsp));
	assert_status(map(5, 1, QUIRE_RW), QUIRE_EDRIVER);
	fail_in = 0;
	assert_ok(map(20, FRAMES, QUIRE_RW)); /* which takes theirs */
	assert_ok(unmap(20, FRAMES));
	assert_int_equal(available(), FRAMES);
	fail_in = 4;
	assert_status(map(3, 7, QUIRE_RW), QUIRE_EDRIVER);
	fail_in = 0;
	assert_ok(map(5, 2, QUIRE_RW)); /* 5 was stuck */
	assert_int_equal(available(), FRAMES - 4);
	assert_ok(unmap(0, 10)); /* 3 and 4 still were */
	assert_int_equal(available(), FRAMES);
	close_port();
}

static void an_unmap_that_fails_can_be_repeated(void **state)
{
	for (int n = 1; n <= 6; n++) {
		open_port(state, 1);
		assert_ok(map(3, 6, QUIRE_RW));
		fail_in = n;
		assert_status(unmap(3, 6), QUIRE_EDRIVER);
		assert_int_equal(available(), FRAMES - 1);
		assert_int_equal(bits(3 + (size_t)n - 1), 9);
		assert_ok(unmap(3, 6));
		assert_int_equal(available(), FRAMES);
		close_port();
	}
}

static void a_protect_that_fails_changes_nothing(void **state)
{
	for (int n = 1; n <= 6; n++) {
		open_port(state, 1);
		assert_ok(map(0, 3, QUIRE_RW));
		assert_ok(map(3, 3, QUIRE_RX));
		fail_in = n;
		assert_status(protect(0, 6, QUIRE_READ), QUIRE_EDRIVER);
		for (size_t page = 0; page < 6; page++)
			assert_int_equal(bits(page), page < 3 ? 9 : 5);
		assert_ok(protect(0, 6, QUIRE_READ));
		assert_ok(unmap(0, 6));
		close_port();
	}
}

static void a_foreign_mapping_is_left_alone(void **state)
{
	open_port(state, 1);
	assert_int_equal(quire_adsp_map_page(&adsp, (void *)va(5), 0, QUIRE_ADSP_PERM_RW), 0);
	assert_status(map(4, 3, QUIRE_RW), QUIRE_EDRIVER);
	assert_int_equal(bits(4) & 1, 0);
	assert_int_equal(bits(5), 9);
	assert_int_equal(quire_adsp_unmap_page(&adsp, (void *)va(5)), 0);
	close_port();
}

/* ---- moving ---------------------------------------------------------------------------------- */

static void a_page_moves_with_its_contents(void **state)
{
	unsigned char *ptr;
	uint32_t frame, code;

	open_port(state, 2);
	assert_ok(map(0, 20, QUIRE_RW)); /* a bank and four pages of the next */
	ptr = (unsigned char *)va(17);
	memset(ptr, 0x66, PAGE);
	assert_ok(protect(17, 1, QUIRE_READ));
	frame = quire_adsp_frame_of(&adsp, ptr);
	assert_int_equal(bank(17), 1);
	assert_int_equal(bank(20), QUIRE_NOWHERE);
	assert_status(move(17), QUIRE_ENOPHYS); /* bank 0 is full */
	assert_ok(unmap(3, 2));
	assert_ok(move(17));
	assert_int_equal(bank(17), 0);
	assert_int_not_equal(quire_adsp_frame_of(&adsp, ptr), frame);
	assert_int_equal(bits(17), 1);
	assert_int_equal(ptr[PAGE - 1], 0x66);
	assert_int_equal(*(unsigned char *)quire_uncached(&adsp.mmu, ptr), 0x66);
	quire_adsp_run_on(&adsp, 1);
	quire_relinquish(&adsp.mmu, ptr, PAGE);
	assert_int_equal(ptr[7], 0x66);
	assert_ok(protect(17, 1, QUIRE_RX));
	adsp.mmu.icache_sync(&adsp.mmu, ptr, PAGE);
	assert_ok(unmap(4, 1));
	assert_ok(move(16));
	assert_true(quire_adsp_fetch(&adsp, ptr, &code, 4));
	assert_int_equal(code, 0x66666666);
	assert_status(move(20), QUIRE_EDRIVER); /* not mapped */
	assert_int_equal(available(), FRAMES - 18);
	assert_ok(unmap(0, 20));
	close_port();
}

static void a_move_that_fails_changes_nothing(void **state)
{
	int refused = 0;

	for (int n = 1; n <= 4; n++) {
		uint32_t frame;
		int32_t status;

		open_port(state, 1);
		assert_ok(map(0, 20, QUIRE_RW));
		assert_ok(unmap(3, 3));
		memset((void *)va(18), n, PAGE);
		frame = quire_adsp_frame_of(&adsp, (void *)va(18));
		fail_in = n;
		status = move(18);
		/* The last call gives the old frame back: if that is refused, the page has moved
		 * all the same. */
		if (status) {
			refused++;
			assert_status(status, QUIRE_EDRIVER);
			assert_int_equal(quire_adsp_frame_of(&adsp, (void *)va(18)), frame);
			assert_int_equal(available(), FRAMES - 17);
			assert_int_equal(fail_in, 0);
		}
		assert_int_equal(((unsigned char *)va(18))[PAGE / 2], n);
		assert_sound(quire_adsp_check(&adsp));
		fail_in = 0;
		assert_ok(move(18));
		assert_ok(unmap(0, 20));
		assert_ok(map(0, 1, QUIRE_RW));
		assert_ok(unmap(0, 1));
		assert_int_equal(available(), FRAMES);
		close_port();
	}
	assert_int_equal(refused, 2); /* mapping the spare page, exchanging */
}

/* ---- evacuation ------------------------------------------------------------------------------ */

#define SLOTS 24u

static struct quire_vspace vs;
static unsigned char *slot[SLOTS];
static size_t slot_pages[SLOTS];

/* The one core that wrote them relinquishes all pages. */
static int32_t quiesce(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover;
	(void)budget;
	for (size_t i = 0; i < SLOTS; i++)
		if (slot[i])
			quire_relinquish(&adsp.mmu, slot[i], slot_pages[i] * PAGE);
	return QUIRE_OK;
}

static void resume(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover;
	(void)budget;
}

static void play_slot(size_t i, struct test_random *random)
{
	if (slot[i]) {
		for (size_t at = 0; at < slot_pages[i] * PAGE; at += 64)
			assert_int_equal(slot[i][at], i + slot_pages[i]);
		quire_relinquish(&adsp.mmu, slot[i], slot_pages[i] * PAGE);
		assert_ok(quire_vpage_free(&vs, slot[i]));
		slot[i] = NULL;
		return;
	}
	slot_pages[i] = 1 + test_random_below(random, 4);
	slot[i] = quire_vpage_alloc(&vs, slot_pages[i], QUIRE_RW);
	if (slot[i])
		memset(slot[i], (int)(i + slot_pages[i]), slot_pages[i] * PAGE);
}

static void banks_are_evacuated_under_churn(void **state)
{
	struct quire_mover mover = { quiesce, resume };
	struct test_random random;
	size_t bytes, moved, moved_in_all = 0;
	struct quire_vspace_config config;

	open_port(state, 3);
	bytes = QUIRE_VSPACE_STORAGE(PAGES - 1, 1);
	config = (struct quire_vspace_config){
		.mmu = &adsp.mmu,
		.base = adsp.window,
		.pages = adsp.pages,
		.budgets = 1,
		.storage = quire_adsp_uncached_memory(&adsp, bytes),
		.storage_bytes = bytes,
	};
	assert_ok(quire_vspace_init(&vs, &config));
	assert_ok(quire_vspace_set_mover(&vs, NULL, &mover));
	memset(slot, 0, sizeof(slot));
	random = test_random_seeded(4);
	for (int round = 0; round < 1500; round++) {
		int32_t status;

		quire_adsp_run_on(&adsp, (uint32_t)test_random_below(&random, 3));
		for (size_t i = 0; i < SLOTS; i++)
			if (slot[i])
				quire_relinquish(&adsp.mmu, slot[i], slot_pages[i] * PAGE);
		play_slot(test_random_below(&random, SLOTS), &random);
		quire_adsp_disturb(&adsp, 10);
		fail_in = round % 5 == 0 ? 1 + (int)test_random_below(&random, 20) : 0;
		status = quire_vspace_evacuate(&vs, 8, &moved);
		assert_true(fail_in || round % 5 == 0 || status != QUIRE_EDRIVER);
		fail_in = 0;
		moved_in_all += moved;
		assert_sound(quire_vspace_check(&vs));
		assert_sound(quire_adsp_check(&adsp));
		for (size_t i = 0; i < SLOTS; i++) /* before another core goes on */
			if (slot[i])
				quire_relinquish(&adsp.mmu, slot[i], slot_pages[i] * PAGE);
	}
	assert_true(moved_in_all > 100);
	for (size_t i = 0; i < SLOTS; i++)
		if (slot[i])
			play_slot(i, &random);
	assert_ok(quire_vspace_fini(&vs));
	close_port();
}

#define BOTH(test)                                         \
	{ #test "_strict", test, NULL, NULL, &strict },    \
	{                                                  \
#test "_faulty", test, NULL, NULL, &faulty \
	}

int main(void)
{
	static enum quire_adsp_behaviour strict = QUIRE_ADSP_STRICT, faulty = QUIRE_ADSP_FAULTY;
	const struct CMUnitTest tests[] = {
		BOTH(pages_come_and_go),
		BOTH(too_many_pages_are_refused_before_the_driver_is_asked),
		BOTH(a_map_that_fails_leaves_nothing),
		BOTH(a_bank_that_stays_off_fails_the_map),
		BOTH(what_cannot_be_undone_is_tried_again_later),
		BOTH(an_unmap_that_fails_can_be_repeated),
		BOTH(a_protect_that_fails_changes_nothing),
		BOTH(a_foreign_mapping_is_left_alone),
		BOTH(a_page_moves_with_its_contents),
		BOTH(a_move_that_fails_changes_nothing),
		BOTH(banks_are_evacuated_under_churn),
	};

	return cmocka_run_group_tests_name("the port on the ADSP", tests, NULL, NULL);
}
