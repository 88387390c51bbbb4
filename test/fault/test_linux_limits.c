/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Linux port at its limits: no frames left half-way, and no mappings left, of which the kernel
 * grants a process only so many. The test uses them up itself, one page each, and then gives back
 * exactly as many as it wants a call to find; so every point at which a call can fail is met.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "quire/linux.h"

#include "support/test.h"

#define PAGES    256u
#define BANKS    4u
#define PER_BANK 32u
#define FRAMES   ((size_t)BANKS * PER_BANK)

/* A limit above this is not worth reaching: it is switched off, in effect. ThreadSanitizer wants
 * mappings of its own at any time, and ends the process when it gets none. */
#if defined(__SANITIZE_THREAD__)
#define MOST_MAPPINGS 0ul
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MOST_MAPPINGS 0ul
#endif
#endif
#ifndef MOST_MAPPINGS
#define MOST_MAPPINGS 4000000ul
#endif

static size_t page_size;

static char *page(const struct quire_linux *port, size_t number)
{
	return (char *)port->window + number * page_size;
}

static int32_t map(struct quire_linux *port, size_t first, size_t pages, uint32_t prot)
{
	return port->mmu.map(&port->mmu, (uintptr_t)page(port, first), pages, prot);
}

static int32_t unmap(struct quire_linux *port, size_t first, size_t pages)
{
	return port->mmu.unmap(&port->mmu, (uintptr_t)page(port, first), pages);
}

static int32_t protect(struct quire_linux *port, size_t first, size_t pages, uint32_t prot)
{
	return port->mmu.protect(&port->mmu, (uintptr_t)page(port, first), pages, prot);
}

static size_t available(const struct quire_linux *port)
{
	return port->mmu.available(&port->mmu);
}

/* ---- using mappings up ----------------------------------------------------------------------- */

/* Pages of alternating protection: a mapping each. */
static struct {
	char *start;
	size_t pages;
	size_t next; /* that may be made a mapping of its own */
} hoard;

static unsigned long mappings_allowed(void)
{
	char text[32] = "";
	int file = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);

	assert_true(file >= 0 && read(file, text, sizeof(text) - 1) > 0);
	close(file);
	return strtoul(text, NULL, 10);
}

static bool protect_hoard(size_t number, int access)
{
	return mprotect(hoard.start + number * page_size, page_size, access) == 0;
}

/* Use up mappings until the kernel refuses: two at a time, and then the last one. */
static void use_up_mappings(void)
{
	while (hoard.next + 3 < hoard.pages && protect_hoard(hoard.next, PROT_READ))
		hoard.next += 2;
	assert_true(hoard.next + 3 < hoard.pages);
	protect_hoard(hoard.pages - 1, PROT_READ);
}

/* Give up this many of them. The hoard is cut from below, where each page is a mapping. */
static void give_up_mappings(size_t count)
{
	assert_int_equal(munmap(hoard.start, count * page_size), 0);
	hoard.start += count * page_size;
	hoard.pages -= count;
	hoard.next -= count;
}

static void begin_hoard(void)
{
	hoard.pages = mappings_allowed() + 1024;
	hoard.start = mmap(NULL, hoard.pages * page_size, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(hoard.start != MAP_FAILED);
	use_up_mappings();
}

static void end_hoard(void)
{
	if (hoard.start)
		munmap(hoard.start, hoard.pages * page_size);
	memset(&hoard, 0, sizeof(hoard));
}

static bool limit_can_be_reached(void)
{
	bool can = mappings_allowed() < MOST_MAPPINGS;

	if (!can)
		print_message("# the limit of mappings cannot be reached here\n");
	return can;
}

/* ---- looking at a port ----------------------------------------------------------------------- */

static sigjmp_buf after_fault;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(after_fault, 1);
}

/* How an address can be accessed: 'n'one, 'r'ead, 'w'rite. */
static char access_to(volatile char *at)
{
	struct sigaction action = { .sa_handler = on_fault }, before;
	volatile char access = 'n';

	sigaction(SIGSEGV, &action, &before);
	if (!sigsetjmp(after_fault, 1)) {
		char content = *at;

		access = 'r';
		*at = content;
		access = 'w';
	}
	sigaction(SIGSEGV, &before, NULL);
	return access;
}

/* All that a failed call must leave as it was. */
struct picture {
	size_t available;
	uint32_t banks_on;
	uint32_t frame[PAGES];
	char access[PAGES];
	char alias_access[PAGES];
	char content[PAGES];
};

static void look_at(const struct quire_linux *port, struct picture *picture)
{
	memset(picture, 0, sizeof(*picture));
	picture->available = available(port);
	picture->banks_on = quire_frames_banks_on(quire_linux_frames(port));
	for (size_t i = 0; i < PAGES; i++) {
		char *at = page(port, i) + 8;

		picture->frame[i] = quire_linux_frame_of(port, at);
		picture->access[i] = access_to(at);
		picture->alias_access[i] = access_to(quire_uncached(&port->mmu, at));
		if (picture->access[i] != 'n')
			picture->content[i] = *at;
	}
	assert_sound(quire_frames_check(quire_linux_frames(port)));
}

static void assert_unchanged(const struct quire_linux *port, const struct picture *before)
{
	struct picture now;

	look_at(port, &now);
	assert_int_equal(now.available, before->available);
	assert_int_equal(now.banks_on, before->banks_on);
	assert_memory_equal(now.frame, before->frame, sizeof(now.frame));
	assert_memory_equal(now.access, before->access, sizeof(now.access));
	assert_memory_equal(now.alias_access, before->alias_access, sizeof(now.alias_access));
	assert_memory_equal(now.content, before->content, sizeof(now.content));
}

/* ---- fixture --------------------------------------------------------------------------------- */

static struct quire_linux port;

static int begin(void **state)
{
	struct quire_linux_config config = {
		.pages = PAGES, .banks = BANKS, .frames_per_bank = PER_BANK, .alias = true
	};

	(void)state;
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	return quire_linux_init(&port, &config);
}

static int end(void **state)
{
	(void)state;
	end_hoard();
	quire_linux_fini(&port);
	return 0;
}

/* All frames are behind pages [0, FRAMES), each filled with its number; every fourth is free. */
static void scatter(void)
{
	assert_ok(map(&port, 0, FRAMES, QUIRE_RW));
	for (size_t i = 0; i < FRAMES; i++)
		memset(page(&port, i), (int)i, page_size);
	for (size_t i = 3; i < FRAMES; i += 4)
		assert_ok(unmap(&port, i, 1));
	assert_int_equal(available(&port), FRAMES / 4);
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void running_out_of_frames_half_way_leaves_all_as_it_was(void **state)
{
	struct picture before;

	(void)state;
	scatter();
	look_at(&port, &before);
	assert_status(map(&port, 200, FRAMES / 4 + 1, QUIRE_RW), QUIRE_ENOPHYS);
	assert_unchanged(&port, &before);
	assert_ok(map(&port, 200, FRAMES / 4, QUIRE_RW));
	assert_int_equal(available(&port), 0);
}

static void running_out_of_frames_switches_off_the_banks_it_switched_on(void **state)
{
	struct picture before;

	(void)state;
	assert_ok(map(&port, 0, 3, QUIRE_RW));
	look_at(&port, &before);
	assert_status(map(&port, 3, FRAMES, QUIRE_RW), QUIRE_ENOPHYS);
	assert_unchanged(&port, &before);
	assert_int_equal(quire_frames_banks_on_peak(quire_linux_frames(&port)), BANKS);
}

/* ---- mappings -------------------------------------------------------------------------------- */

static void a_map_that_meets_the_limit_at_any_point_leaves_all_as_it_was(void **state)
{
	struct picture before;
	int32_t status = QUIRE_EDRIVER;
	size_t failures = 0;

	(void)state;
	if (!limit_can_be_reached())
		return;
	scatter();
	look_at(&port, &before);
	begin_hoard();
	while (status) {
		status = map(&port, 200, 16, QUIRE_RW);
		if (status) {
			assert_status(status, QUIRE_EDRIVER);
			assert_int_equal(quire_linux_error(&port), ENOMEM);
			assert_unchanged(&port, &before);
			give_up_mappings(1);
			failures++;
		}
	}
	assert_in_range(failures, 16, 100);
	memset(page(&port, 200), 1, 16 * page_size);
	assert_ok(unmap(&port, 200, 16));
	assert_unchanged(&port, &before);
}

static void at_the_limit_every_allocation_can_be_unmapped_and_maps_work_again(void **state)
{
	(void)state;
	if (!limit_can_be_reached())
		return;
	for (size_t i = 0; i < FRAMES; i++)
		assert_ok(map(&port, 2 * i, 1, QUIRE_RW));
	begin_hoard();
	for (size_t i = 0; i < FRAMES; i++) {
		assert_ok(unmap(&port, 2 * i, 1));
		assert_int_equal(available(&port), i + 1);
		assert_int_equal(access_to(page(&port, 2 * i)), 'n');
		assert_int_equal(access_to(quire_uncached(&port.mmu, page(&port, 2 * i))), 'n');
		use_up_mappings();
	}
	give_up_mappings(100);
	assert_ok(map(&port, 0, 16, QUIRE_RW));
	memset(page(&port, 0), 1, 16 * page_size);
}

static void a_piece_out_of_the_middle_can_be_unmapped_at_the_limit(void **state)
{
	(void)state;
	if (!limit_can_be_reached())
		return;
	assert_ok(map(&port, 0, 32, QUIRE_RW));
	begin_hoard();
	for (size_t i = 2; i < 14; i += 4)
		assert_ok(unmap(&port, i, 1));
	assert_status(map(&port, 100, 1, QUIRE_RW), QUIRE_EDRIVER);
	assert_int_equal(access_to(page(&port, 100)), 'n');
	give_up_mappings(40);
	assert_ok(map(&port, 100, 1, QUIRE_RW));
}

static void the_reserve_is_had_again_as_soon_as_there_is_room(void **state)
{
	(void)state;
	if (!limit_can_be_reached())
		return;
	assert_ok(map(&port, 0, 32, QUIRE_RW));
	assert_ok(map(&port, 100, 1, QUIRE_RW));
	begin_hoard();
	assert_ok(unmap(&port, 5, 1));
	give_up_mappings(10);
	assert_ok(unmap(&port, 100, 1));
	use_up_mappings();
	assert_ok(unmap(&port, 15, 1));
}

static void an_unmap_that_the_kernel_refuses_can_be_repeated_later(void **state)
{
	size_t refused = 0;

	(void)state;
	if (!limit_can_be_reached())
		return;
	assert_ok(map(&port, 0, FRAMES, QUIRE_RW));
	begin_hoard();
	for (size_t i = 1; i < FRAMES; i += 2)
		refused += unmap(&port, i, 1) != QUIRE_OK;
	assert_in_range(refused, 1, FRAMES / 2 - 1);
	assert_int_equal(available(&port), FRAMES / 2 - refused);
	assert_sound(quire_frames_check(quire_linux_frames(&port)));
	give_up_mappings(4 * FRAMES);
	for (size_t i = 1; i < FRAMES; i += 2)
		assert_ok(unmap(&port, i, 1));
	assert_int_equal(available(&port), FRAMES / 2);
	for (size_t i = 0; i < FRAMES; i++)
		assert_int_equal(access_to(page(&port, i)), i % 2 ? 'n' : 'w');
}

/* Protect pages [2, 30) again and again, with one mapping more each time, until that succeeds. */
static size_t count_refused_protects(uint32_t prot)
{
	struct picture before;
	size_t refused = 0;

	look_at(&port, &before);
	begin_hoard();
	while (protect(&port, 2, 28, prot)) {
		assert_int_equal(quire_linux_error(&port), ENOMEM);
		assert_unchanged(&port, &before);
		give_up_mappings(1);
		refused++;
	}
	for (size_t i = 2; i < 30; i++)
		assert_int_equal(access_to(page(&port, i)), prot & QUIRE_WRITE ? 'w' : 'r');
	assert_int_equal(access_to(page(&port, 1)), before.access[1]);
	assert_int_equal(access_to(page(&port, 30)), before.access[30]);
	return refused;
}

static void a_protect_that_meets_the_limit_at_any_point_leaves_all_as_it_was(void **state)
{
	(void)state;
	if (!limit_can_be_reached())
		return;
	assert_ok(map(&port, 0, 32, QUIRE_RW));
	memset(page(&port, 0), 4, 32 * page_size);
	assert_int_equal(count_refused_protects(QUIRE_READ), 4);
}

/* The moved page is in the middle of a run, which it cuts in three in each view. */
static void a_move_that_meets_the_limit_at_any_point_leaves_all_as_it_was(void **state)
{
	char *ptr = page(&port, PER_BANK + 3);
	uintptr_t va = (uintptr_t)ptr;
	struct picture before;
	size_t failures = 0;

	(void)state;
	if (!limit_can_be_reached())
		return;
	assert_ok(map(&port, 0, FRAMES, QUIRE_RW));
	assert_ok(unmap(&port, PER_BANK + 8, PER_BANK - 8));
	assert_ok(unmap(&port, FRAMES - 20, 20));
	memset(page(&port, PER_BANK), 4, 8 * page_size);
	look_at(&port, &before);
	begin_hoard();
	while (port.mmu.move(&port.mmu, va)) {
		assert_int_equal(quire_linux_error(&port), ENOMEM);
		assert_unchanged(&port, &before);
		*ptr = 5;
		assert_int_equal(*(char *)quire_uncached(&port.mmu, ptr), 5);
		*ptr = 4;
		give_up_mappings(1);
		failures++;
	}
	assert_in_range(failures, 2, 40);
	assert_int_not_equal(port.mmu.bank_of(&port.mmu, va), 1);
	assert_int_equal(ptr[page_size - 1], 4);
	assert_sound(quire_frames_check(quire_linux_frames(&port)));
}

static void a_refused_protect_restores_pages_that_were_protected_differently(void **state)
{
	(void)state;
	if (!limit_can_be_reached())
		return;
	assert_ok(map(&port, 0, 32, QUIRE_RW));
	memset(page(&port, 0), 4, 32 * page_size);
	assert_ok(protect(&port, 0, 32, QUIRE_READ));
	assert_ok(protect(&port, 8, 4, QUIRE_RX));
	assert_in_range(count_refused_protects(QUIRE_RW), 2, 4);
}

/* No hoard: the port itself maps until the kernel refuses. */
static void a_port_alone_reaches_the_limit_and_comes_back_from_it(void **state)
{
	struct quire_linux_config config = { .frames_per_bank = 1024 };
	struct quire_linux large;
	size_t mapped = 0;

	(void)state;
	if (!limit_can_be_reached())
		return;
	config.pages = mappings_allowed() + 64;
	config.banks = (uint32_t)(config.pages / 2 / config.frames_per_bank + 1);
	assert_ok(quire_linux_init(&large, &config));
	while (!map(&large, 2 * mapped, 1, QUIRE_RW))
		mapped++;
	assert_in_range(mapped, config.pages / 4, config.pages / 2);
	assert_int_equal(available(&large),
			 quire_frames_total(quire_linux_frames(&large)) - mapped);
	assert_int_equal(quire_linux_error(&large), ENOMEM);
	assert_int_equal(access_to(page(&large, 2 * mapped)), 'n');
	for (size_t i = 0; i < mapped; i++)
		assert_ok(unmap(&large, 2 * i, 1));
	assert_ok(map(&large, 0, mapped, QUIRE_RW));
	page(&large, mapped)[-1] = 1;
	quire_linux_fini(&large);
}

#define port_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		port_test(running_out_of_frames_half_way_leaves_all_as_it_was),
		port_test(running_out_of_frames_switches_off_the_banks_it_switched_on),
		port_test(a_map_that_meets_the_limit_at_any_point_leaves_all_as_it_was),
		port_test(at_the_limit_every_allocation_can_be_unmapped_and_maps_work_again),
		port_test(a_piece_out_of_the_middle_can_be_unmapped_at_the_limit),
		port_test(the_reserve_is_had_again_as_soon_as_there_is_room),
		port_test(an_unmap_that_the_kernel_refuses_can_be_repeated_later),
		port_test(a_protect_that_meets_the_limit_at_any_point_leaves_all_as_it_was),
		port_test(a_move_that_meets_the_limit_at_any_point_leaves_all_as_it_was),
		port_test(a_refused_protect_restores_pages_that_were_protected_differently),
		port_test(a_port_alone_reaches_the_limit_and_comes_back_from_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
