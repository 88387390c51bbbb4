/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Linux port, as a program sees it: what can be touched and what faults, that aliases are the
 * same memory, that power-off loses it, and how many calls and mappings of the kernel it all costs.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quire/linux.h"

#include "support/observer.h"
#include "support/test.h"

#define PAGES    256u
#define BANKS    4u
#define PER_BANK 32u
#define FRAMES   ((size_t)BANKS * PER_BANK)

static size_t page_size;

static const struct quire_linux_config usual = { .pages = PAGES,
						 .banks = BANKS,
						 .frames_per_bank = PER_BANK,
						 .alias = true };

static char *page(const struct quire_linux *port, size_t number)
{
	return (char *)port->window + number * port->mmu.page_size;
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

static char *alias(const struct quire_linux *port, const char *ptr)
{
	return quire_uncached(&port->mmu, ptr);
}

static size_t available(const struct quire_linux *port)
{
	return port->mmu.available(&port->mmu);
}

static struct quire_linux_counters counters(struct quire_linux *port)
{
	struct quire_linux_counters now;

	quire_linux_counters(port, &now);
	return now;
}

/* ---- touching -------------------------------------------------------------------------------- */

static sigjmp_buf after_fault;
static volatile uintptr_t fault_address;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	fault_address = (uintptr_t)info->si_addr;
	siglongjmp(after_fault, 1);
}

static void load(const volatile char *at)
{
	(void)*at;
}

static void store(const volatile char *at)
{
	*(volatile char *)(uintptr_t)at = 1;
}

static void execute(const volatile char *at)
{
	int (*function)(void) = (int (*)(void))(uintptr_t)at;

	assert_int_equal(function(), 42);
}

/* Whether this touch is a SIGSEGV at exactly this address. */
static bool faults(void (*touch)(const volatile char *), const char *at)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, before;
	volatile bool fault = true;

	fault_address = 0;
	sigaction(SIGSEGV, &action, &before);
	if (!sigsetjmp(after_fault, 1)) {
		touch(at);
		fault = false;
	}
	sigaction(SIGSEGV, &before, NULL);
	if (fault)
		assert_int_equal(fault_address, (uintptr_t)at);
	return fault;
}

/* ---- what the kernel says about a range ------------------------------------------------------ */

/* Mappings of this process that lie in the range and can be accessed, or all of them. */
static size_t count_mappings(const char *start, size_t bytes, bool accessible_only)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512], access[5];
	size_t count = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, access) == 3 &&
		    from >= (uintptr_t)start && to <= (uintptr_t)start + bytes)
			count += !accessible_only || access[0] == 'r';
	fclose(maps);
	return count;
}

static size_t accessible_mappings(const struct quire_linux *port)
{
	return count_mappings(port->window, PAGES * page_size, true);
}

/* Address space of this process, in pages of the host. */
static unsigned long address_space(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%lu", &pages), 1);
	fclose(statm);
	return pages;
}

static size_t open_files(void)
{
	size_t count = 0;

	for (int file = 0; file < 1024; file++) {
		struct stat status;

		count += fstat(file, &status) == 0;
	}
	return count;
}

static blkcnt_t blocks_in_use(const struct quire_linux *port)
{
	struct stat status;

	assert_int_equal(fstat(port->memfd, &status), 0);
	return status.st_blocks;
}

/* ---- fixture --------------------------------------------------------------------------------- */

static int make_port(void **state)
{
	struct quire_linux *port = malloc(sizeof(*port));

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	*state = port;
	return quire_linux_init(port, &usual);
}

static int end_port(void **state)
{
	struct quire_linux *port = *state;

	assert_sound(quire_frames_check(quire_linux_frames(port)));
	quire_linux_fini(port);
	free(port);
	return 0;
}

/* ---- mapped and unmapped --------------------------------------------------------------------- */

static void a_new_port_is_a_complete_mmu_with_everything_available(void **state)
{
	struct quire_linux *port = *state;

	assert_ok(quire_mmu_check(&port->mmu));
	assert_int_equal(available(port), FRAMES);
	assert_int_equal(accessible_mappings(port), 0);
	assert_int_equal(quire_frames_banks_on(quire_linux_frames(port)), 0);
	assert_int_equal(port->mmu.enforces, QUIRE_WRITE | QUIRE_EXEC);
}

static void a_touch_of_an_unmapped_page_is_a_sigsegv_at_that_address(void **state)
{
	struct quire_linux *port = *state;

	assert_true(faults(load, page(port, 0)));
	assert_true(faults(store, page(port, PAGES) - 1));
	assert_true(faults(load, alias(port, page(port, 7)) + 123));
	assert_ok(map(port, 5, 2, QUIRE_RW));
	assert_true(faults(store, page(port, 5) - 1));
	assert_false(faults(store, page(port, 5)));
	assert_false(faults(store, page(port, 7) - 1));
	assert_true(faults(store, page(port, 7)));
	assert_ok(unmap(port, 5, 2));
	assert_true(faults(load, page(port, 5)));
	assert_true(faults(load, alias(port, page(port, 5))));
}

static void every_frame_can_be_mapped_and_holds_its_own_contents(void **state)
{
	struct quire_linux *port = *state;

	for (size_t i = 0; i < FRAMES; i++) {
		assert_ok(map(port, 2 * i, 1, QUIRE_RW));
		memset(page(port, 2 * i), (int)i, page_size);
	}
	assert_int_equal(available(port), 0);
	assert_status(map(port, 1, 1, QUIRE_RW), QUIRE_ENOPHYS);
	for (size_t i = 0; i < FRAMES; i++) {
		assert_int_equal(page(port, 2 * i)[0], (char)i);
		assert_int_equal(page(port, 2 * i)[page_size - 1], (char)i);
	}
}

static void unmapping_passes_over_pages_that_are_not_mapped(void **state)
{
	struct quire_linux *port = *state;
	size_t mappings = count_mappings(NULL, UINTPTR_MAX, false);

	assert_ok(map(port, 3, 2, QUIRE_RW));
	assert_ok(map(port, 9, 1, QUIRE_READ));
	assert_ok(map(port, 20, 1, QUIRE_RW));
	assert_ok(unmap(port, 0, 20));
	assert_int_equal(available(port), FRAMES - 1);
	assert_false(faults(load, page(port, 20)));
	assert_ok(unmap(port, 0, PAGES));
	assert_ok(unmap(port, 0, PAGES));
	assert_int_equal(available(port), FRAMES);
	assert_int_equal(count_mappings(NULL, UINTPTR_MAX, false), mappings);
}

static void mapping_a_mapped_page_is_refused_and_loses_nothing(void **state)
{
	struct quire_linux *port = *state;
	uint32_t frame;

	assert_ok(map(port, 10, 1, QUIRE_RW));
	page(port, 10)[5] = 55;
	frame = quire_linux_frame_of(port, page(port, 10));
	assert_status(map(port, 8, 3, QUIRE_RW), QUIRE_EDRIVER);
	assert_int_equal(quire_linux_frame_of(port, page(port, 10)), frame);
	assert_int_equal(page(port, 10)[5], 55);
	assert_int_equal(available(port), FRAMES - 1);
	assert_true(faults(load, page(port, 8)));
}

static void addresses_outside_the_window_are_refused(void **state)
{
	struct quire_linux *port = *state;
	uintptr_t start = (uintptr_t)port->window;

	assert_status(map(port, PAGES, 1, QUIRE_RW), QUIRE_EDRIVER);
	assert_status(map(port, PAGES - 1, 2, QUIRE_RW), QUIRE_EDRIVER);
	assert_status(map(port, 1, SIZE_MAX, QUIRE_RW), QUIRE_EDRIVER);
	assert_status(map(port, 0, 0, QUIRE_RW), QUIRE_EDRIVER);
	assert_status(port->mmu.map(&port->mmu, start + 1, 1, QUIRE_RW), QUIRE_EDRIVER);
	assert_status(port->mmu.map(&port->mmu, start - page_size, 1, QUIRE_RW), QUIRE_EDRIVER);
	assert_status(unmap(port, PAGES - 1, 2), QUIRE_EDRIVER);
	assert_status(protect(port, PAGES - 1, 2, QUIRE_RW), QUIRE_EDRIVER);
	assert_int_equal(available(port), FRAMES);
}

/* ---- aliases --------------------------------------------------------------------------------- */

static void window_and_alias_and_any_other_view_are_the_same_memory(void **state)
{
	struct quire_linux *port = *state;
	char *here, *there;
	const char *view;

	assert_ok(map(port, 31, 4, QUIRE_RW));
	here = page(port, 33) + 100;
	there = alias(port, here);
	view = quire_linux_view_frame(port, quire_linux_frame_of(port, here));
	assert_non_null(view);
	*(volatile char *)here = 17;
	assert_int_equal(*(volatile char *)there, 17);
	assert_int_equal(view[100], 17);
	*(volatile char *)there = 71;
	assert_int_equal(*(volatile char *)here, 71);
	assert_int_equal(((const volatile char *)view)[100], 71);
	munmap((void *)(uintptr_t)view, page_size);
}

static void aliases_translate_both_ways_and_leave_other_pointers_alone(void **state)
{
	struct quire_linux *port = *state;
	char *first = page(port, 0), *last = page(port, PAGES) - 1;

	assert_true(alias(port, first) != first);
	assert_true(alias(port, last) == alias(port, first) + (last - first));
	assert_true(alias(port, alias(port, last)) == alias(port, last));
	assert_true(quire_cached(&port->mmu, alias(port, last)) == last);
	assert_true(quire_cached(&port->mmu, first) == first);
	assert_true(alias(port, (char *)&port) == (char *)&port);
	assert_true(quire_cached(&port->mmu, &port) == &port);
}

static void a_port_without_alias_has_one_view(void **state)
{
	struct quire_linux_config config = usual;
	struct quire_linux port;

	(void)state;
	config.alias = false;
	assert_ok(quire_linux_init(&port, &config));
	assert_true(alias(&port, port.window) == port.window);
	assert_ok(map(&port, 0, 8, QUIRE_RW));
	assert_int_equal(counters(&port).mmap_calls, 1);
	assert_ok(unmap(&port, 0, 8));
	assert_int_equal(counters(&port).unmap_calls, 1);
	quire_linux_fini(&port);
}

static void the_frame_behind_an_address_is_told_through_either_alias(void **state)
{
	struct quire_linux *port = *state;
	uint32_t frame;

	assert_int_equal(quire_linux_frame_of(port, page(port, 3)), QUIRE_NOWHERE);
	assert_ok(map(port, 3, 2, QUIRE_RW));
	frame = quire_linux_frame_of(port, page(port, 3));
	assert_true(quire_frames_is_taken(quire_linux_frames(port), frame));
	assert_int_equal(quire_linux_frame_of(port, page(port, 4) + 7), frame + 1);
	assert_int_equal(quire_linux_frame_of(port, alias(port, page(port, 4)) + 7), frame + 1);
	assert_int_equal(quire_linux_frame_of(port, port), QUIRE_NOWHERE);
	assert_null(quire_linux_view_frame(port, FRAMES));
}

/* ---- protection ------------------------------------------------------------------------------ */

/* The machine code of a function that returns 42. */
static size_t write_function(char *at)
{
#if defined(__x86_64__) || defined(__i386__)
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
#elif defined(__aarch64__)
	static const unsigned char code[] = { 0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
#elif defined(__riscv)
	static const unsigned char code[] = { 0x13, 0x05, 0xa0, 0x02, 0x67, 0x80, 0x00, 0x00 };
#else
#error "write down what returns 42 on this machine"
#endif
	memcpy(at, code, sizeof(code));
	return sizeof(code);
}

static void a_read_only_page_can_be_read_and_faults_when_written(void **state)
{
	struct quire_linux *port = *state;

	assert_ok(map(port, 2, 2, QUIRE_READ));
	assert_false(faults(load, page(port, 2)));
	assert_true(faults(store, page(port, 2) + 9));
	assert_true(faults(store, alias(port, page(port, 3)) + 9));
}

static void a_code_page_executes_and_neither_alias_of_it_can_be_written(void **state)
{
	struct quire_linux *port = *state;
	size_t bytes;

	assert_ok(map(port, 6, 1, QUIRE_RW));
	bytes = write_function(page(port, 6));
	assert_true(faults(execute, page(port, 6)));
	assert_ok(protect(port, 6, 1, QUIRE_RX));
	port->mmu.icache_sync(&port->mmu, page(port, 6), bytes);
	assert_false(faults(execute, page(port, 6)));
	assert_true(faults(execute, alias(port, page(port, 6))));
	assert_true(faults(store, page(port, 6)));
	assert_true(faults(store, alias(port, page(port, 6))));
	assert_false(faults(load, alias(port, page(port, 6))));
	assert_ok(protect(port, 6, 1, QUIRE_RW));
	assert_true(faults(execute, page(port, 6)));
	assert_false(faults(store, alias(port, page(port, 6))));
}

static void code_can_be_mapped_at_once_and_written_first(void **state)
{
	struct quire_linux *port = *state;

	assert_ok(map(port, 0, 3, QUIRE_RX));
	assert_true(faults(store, page(port, 2)));
	assert_ok(protect(port, 1, 1, QUIRE_RW));
	write_function(page(port, 1));
	assert_ok(protect(port, 1, 1, QUIRE_RX));
	assert_false(faults(execute, page(port, 1)));
}

static void writable_code_and_user_pages_are_refused(void **state)
{
	struct quire_linux *port = *state;

	assert_status(map(port, 0, 1, QUIRE_RW | QUIRE_EXEC), QUIRE_EDRIVER);
	assert_status(map(port, 0, 1, QUIRE_RW | QUIRE_USER), QUIRE_EDRIVER);
	assert_status(map(port, 0, 1, QUIRE_WRITE), QUIRE_EDRIVER);
	assert_ok(map(port, 0, 1, QUIRE_RX));
	assert_status(protect(port, 0, 1, QUIRE_RX | QUIRE_WRITE), QUIRE_EDRIVER);
	assert_true(faults(store, page(port, 0)));
	assert_int_equal(available(port), FRAMES - 1);
}

static void protection_changes_just_the_pages_named_and_keeps_their_contents(void **state)
{
	struct quire_linux *port = *state;

	assert_ok(map(port, 0, 6, QUIRE_RW));
	memset(page(port, 0), 3, 6 * page_size);
	assert_ok(protect(port, 2, 2, QUIRE_READ));
	assert_false(faults(store, page(port, 2) - 1));
	assert_true(faults(store, page(port, 2)));
	assert_true(faults(store, page(port, 4) - 1));
	assert_false(faults(store, page(port, 4)));
	assert_int_equal(page(port, 3)[0], 3);
	assert_int_equal(counters(port).mprotect_calls, 2);
}

static void protecting_an_unmapped_page_is_refused_whole(void **state)
{
	struct quire_linux *port = *state;

	assert_ok(map(port, 0, 2, QUIRE_RW));
	assert_status(protect(port, 1, 2, QUIRE_READ), QUIRE_EDRIVER);
	assert_false(faults(store, page(port, 1)));
}

/* ---- moving ---------------------------------------------------------------------------------- */

static int32_t move(struct quire_linux *port, size_t number)
{
	return port->mmu.move(&port->mmu, (uintptr_t)page(port, number));
}

static uint32_t bank_of(struct quire_linux *port, size_t number)
{
	return port->mmu.bank_of(&port->mmu, (uintptr_t)page(port, number));
}

/* Bank 0 full, bank 1 with two pages in use, bank 2 with three, pages of each in this order. */
static void use_three_banks(struct quire_linux *port)
{
	assert_ok(map(port, 0, FRAMES, QUIRE_RW));
	assert_ok(unmap(port, PER_BANK + 2, PER_BANK - 2));
	assert_ok(unmap(port, 2 * PER_BANK + 3, 2 * PER_BANK - 3));
}

static void a_moved_page_has_its_contents_in_every_view_and_another_frame(void **state)
{
	struct quire_linux *port = *state;
	char *ptr = page(port, PER_BANK);
	uint32_t frame;
	char *view;

	use_three_banks(port);
	for (size_t i = 0; i < 2 * page_size; i++)
		ptr[i] = (char)(i * 7 + i / 251);
	frame = quire_linux_frame_of(port, ptr);
	assert_ok(move(port, PER_BANK));
	assert_int_equal(bank_of(port, PER_BANK), 2);
	assert_int_not_equal(quire_linux_frame_of(port, ptr), frame);
	for (size_t i = 0; i < 2 * page_size; i++)
		assert_int_equal(ptr[i], (char)(i * 7 + i / 251));
	view = quire_linux_view_frame(port, quire_linux_frame_of(port, ptr));
	ptr[5] = 99;
	assert_int_equal(alias(port, ptr)[5], 99);
	assert_int_equal(view[5], 99);
	munmap(view, page_size);
	assert_int_equal(available(port), FRAMES - PER_BANK - 5);
}

static void a_bank_whose_pages_have_moved_goes_off(void **state)
{
	struct quire_linux *port = *state;
	size_t in_use;

	use_three_banks(port);
	assert_int_equal(port->mmu.emptiest(&port->mmu, QUIRE_NOWHERE, &in_use), 1);
	assert_int_equal(in_use, 2);
	assert_ok(move(port, PER_BANK));
	assert_ok(move(port, PER_BANK + 1));
	assert_int_equal(quire_frames_banks_on(quire_linux_frames(port)), 2);
	assert_int_equal(port->mmu.emptiest(&port->mmu, QUIRE_NOWHERE, &in_use), QUIRE_NOWHERE);
	assert_int_equal(in_use, 0);
}

static void a_moved_page_keeps_its_protection(void **state)
{
	struct quire_linux *port = *state;
	const unsigned char *ptr = (unsigned char *)page(port, PER_BANK);

	use_three_banks(port);
	memset(page(port, PER_BANK), 0x42, page_size);
	assert_ok(protect(port, PER_BANK, 1, QUIRE_READ));
	assert_ok(move(port, PER_BANK));
	assert_int_equal(ptr[page_size - 1], 0x42);
	assert_true(faults(store, page(port, PER_BANK)));
	assert_true(faults(store, alias(port, page(port, PER_BANK))));
	assert_false(faults(store, page(port, PER_BANK + 1)));
}

static void a_page_that_cannot_move_stays_as_it_was(void **state)
{
	struct quire_linux *port = *state;
	uint32_t frame;

	assert_ok(map(port, 0, 3, QUIRE_RW));
	page(port, 1)[7] = 7;
	frame = quire_linux_frame_of(port, page(port, 1));
	assert_status(move(port, 1), QUIRE_ENOPHYS);
	assert_int_equal(quire_linux_frame_of(port, page(port, 1)), frame);
	assert_int_equal(page(port, 1)[7], 7);
	assert_status(move(port, 3), QUIRE_EDRIVER);
	assert_status(move(port, PAGES), QUIRE_EDRIVER);
	assert_int_equal(bank_of(port, 3), QUIRE_NOWHERE);
	assert_int_equal(bank_of(port, PAGES), QUIRE_NOWHERE);
	assert_int_equal(available(port), FRAMES - 3);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void adjacent_frames_are_one_call_and_one_mapping(void **state)
{
	struct quire_linux *port = *state;

	assert_ok(map(port, 40, 16, QUIRE_RW));
	for (uint32_t i = 1; i < 16; i++)
		assert_int_equal(quire_linux_frame_of(port, page(port, 40 + i)),
				 quire_linux_frame_of(port, page(port, 40)) + i);
	assert_int_equal(counters(port).runs, 1);
	assert_int_equal(counters(port).mmap_calls, 2);
	assert_int_equal(accessible_mappings(port), 1);
	assert_ok(unmap(port, 40, 16));
	assert_int_equal(counters(port).unmap_calls, 2);
}

static void frames_that_are_adjacent_across_banks_are_one_call_too(void **state)
{
	struct quire_linux *port = *state;

	assert_ok(map(port, 0, FRAMES, QUIRE_RW));
	assert_int_equal(counters(port).runs, 1);
	assert_int_equal(accessible_mappings(port), 1);
}

static void scattered_frames_are_one_call_for_each_run(void **state)
{
	struct quire_linux *port = *state;

	assert_ok(map(port, 0, FRAMES, QUIRE_RW));
	for (size_t i = 0; i < 32; i += 4)
		assert_ok(unmap(port, i, 2));
	assert_int_equal(counters(port).runs, 1);
	assert_ok(map(port, 200, 16, QUIRE_RW));
	assert_int_equal(counters(port).runs, 1 + 8);
	memset(page(port, 200), 9, 16 * page_size);
	assert_int_equal(available(port), 0);
}

static void pages_mapped_one_by_one_in_order_become_one_mapping(void **state)
{
	struct quire_linux *port = *state;

	for (size_t i = 0; i < PER_BANK; i++)
		assert_ok(map(port, i, 1, QUIRE_RW));
	assert_int_equal(accessible_mappings(port), 1);
}

/* ---- power ----------------------------------------------------------------------------------- */

static void a_bank_that_was_off_has_lost_its_contents_and_its_memory(void **state)
{
	struct quire_linux *port = *state;
	uint32_t frame;

	assert_ok(map(port, 0, PER_BANK, QUIRE_RW));
	assert_ok(map(port, 100, 1, QUIRE_RW));
	memset(page(port, 0), 5, PER_BANK * page_size);
	page(port, 100)[0] = 6;
	frame = quire_linux_frame_of(port, page(port, 0));
	assert_ok(unmap(port, 1, PER_BANK - 1));
	assert_true(blocks_in_use(port) * 512 >= (blkcnt_t)(PER_BANK * page_size));
	assert_ok(unmap(port, 0, 1));
	assert_int_equal(blocks_in_use(port) * 512, page_size);
	assert_int_equal(counters(port).banks_switched_off, 1);
	assert_int_equal(quire_frames_banks_on(quire_linux_frames(port)), 1);
	assert_int_equal(page(port, 100)[0], 6);
	assert_ok(unmap(port, 100, 1));
	assert_ok(map(port, 50, 1, QUIRE_RW));
	assert_int_equal(quire_linux_frame_of(port, page(port, 50)), frame);
	assert_int_equal(page(port, 50)[0], 0);
	assert_int_equal(counters(port).banks_switched_on, 3);
}

static void a_bank_that_goes_off_leaves_the_others_alone(void **state)
{
	struct quire_linux *port = *state;

	assert_ok(map(port, 0, FRAMES, QUIRE_RW));
	for (size_t i = 0; i < FRAMES; i++)
		page(port, i)[0] = (char)(i + 1);
	assert_ok(unmap(port, (size_t)2 * PER_BANK, PER_BANK));
	assert_int_equal(blocks_in_use(port) * 512, page_size * 3 * PER_BANK);
	assert_ok(map(port, (size_t)2 * PER_BANK, PER_BANK, QUIRE_RW));
	for (size_t i = 0; i < FRAMES; i++)
		assert_int_equal(page(port, i)[0], i / PER_BANK == 2 ? 0 : (char)(i + 1));
}

static void an_image_holds_its_frames_and_its_banks_from_the_start(void **state)
{
	struct quire_linux_config config = usual;
	struct test_observer observer;
	struct quire_linux port;

	(void)state;
	test_observer_init(&observer);
	config.image_frames = PER_BANK + 1;
	config.observer = &observer.observer;
	assert_ok(quire_linux_init(&port, &config));
	assert_int_equal(observer.count[QUIRE_EVENT_POWER_ON], 2);
	assert_int_equal(available(&port), FRAMES - PER_BANK - 1);
	assert_ok(map(&port, 0, FRAMES - PER_BANK - 1, QUIRE_RW));
	assert_int_equal(quire_linux_frame_of(&port, page(&port, 0)), PER_BANK + 1);
	assert_status(map(&port, 250, 1, QUIRE_RW), QUIRE_ENOPHYS);
	assert_ok(unmap(&port, 0, PAGES));
	assert_int_equal(observer.count[QUIRE_EVENT_POWER_OFF], 2);
	quire_linux_fini(&port);
}

/* ---- configuration --------------------------------------------------------------------------- */

/* An address where nothing is just now. */
static char *vacant(size_t bytes)
{
	char *start = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(start != MAP_FAILED);
	munmap(start, bytes);
	return start;
}

static void the_window_is_where_it_was_wanted_if_nothing_else_is_there(void **state)
{
	struct quire_linux_config config = usual;
	struct quire_linux port, other;

	(void)state;
	config.base = (uintptr_t)vacant(PAGES * page_size);
	assert_ok(quire_linux_init(&port, &config));
	assert_int_equal((uintptr_t)port.window, config.base);
	assert_ok(quire_linux_init(&other, &config));
	assert_true(other.window != port.window);
	assert_ok(map(&port, 0, 1, QUIRE_RW));
	assert_true(faults(load, page(&other, 0)));
	quire_linux_fini(&other);
	assert_false(faults(load, page(&port, 0)));
	quire_linux_fini(&port);
}

static void pages_may_be_larger_than_the_hosts(void **state)
{
	struct quire_linux_config config = usual;
	struct quire_linux port;

	(void)state;
	config.page_size = 16 * page_size;
	assert_ok(quire_linux_init(&port, &config));
	assert_int_equal((uintptr_t)port.window % config.page_size, 0);
	assert_int_equal((uintptr_t)alias(&port, port.window) % config.page_size, 0);
	assert_ok(map(&port, PAGES - 1, 1, QUIRE_RW));
	assert_true(faults(store, page(&port, PAGES - 1) - 1));
	assert_false(faults(store, page(&port, PAGES - 1)));
	assert_false(faults(store, page(&port, PAGES) - 1));
	assert_int_equal(alias(&port, page(&port, PAGES))[-1], 1);
	quire_linux_fini(&port);
}

static void impossible_ports_are_refused(void **state)
{
	struct quire_linux_config bad[10];
	struct quire_linux port;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		bad[i] = usual;
	bad[0].pages = 0;
	bad[1].banks = 0;
	bad[2].frames_per_bank = 0;
	bad[3].image_frames = FRAMES + 1;
	bad[4].page_size = page_size / 2;
	bad[5].page_size = 3 * page_size;
	bad[6].cache_line = 48;
	bad[7].pages = (size_t)QUIRE_EXTENTS_MAX_UNITS + 1;
	bad[8].frames_per_bank = UINT32_MAX;
	bad[9].cache_line = 2 * page_size;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_status(quire_linux_init(&port, &bad[i]), QUIRE_EINVAL);
	assert_status(quire_linux_init(&port, NULL), QUIRE_EINVAL);
	assert_status(quire_linux_init(NULL, &usual), QUIRE_EINVAL);
}

static void a_window_that_does_not_fit_the_address_space_is_refused_and_leaves_nothing(void **state)
{
	struct quire_linux_config config = usual;
	struct quire_linux port;
	size_t files = open_files();

	(void)state;
	config.page_size = (size_t)PTRDIFF_MAX / QUIRE_EXTENTS_MAX_UNITS + 1;
	if (config.page_size < page_size)
		config.page_size = page_size;
	config.pages = PTRDIFF_MAX / config.page_size;
	config.banks = config.frames_per_bank = 1;
	assert_status(quire_linux_init(&port, &config), QUIRE_ENOVIRT);
	assert_int_equal(open_files(), files);
}

static void use_a_port(size_t size_of_page)
{
	struct quire_linux_config config = usual;
	struct quire_linux port;

	config.page_size = size_of_page;
	assert_ok(quire_linux_init(&port, &config));
	assert_ok(map(&port, 0, 9, QUIRE_RW));
	assert_ok(map(&port, 12, 9, QUIRE_RX));
	quire_linux_fini(&port);
	quire_linux_fini(&port); /* does no harm */
}

/* Once for each place in a large page at which the next free address can be. */
static void use_large_pages(void)
{
	char *wedge[16];

	for (size_t i = 0; i < TEST_COUNT(wedge); i++) {
		wedge[i] = mmap(NULL, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(wedge[i] != MAP_FAILED);
		use_a_port(16 * page_size);
	}
	for (size_t i = 0; i < TEST_COUNT(wedge); i++)
		munmap(wedge[i], page_size);
}

static void the_end_of_a_port_gives_everything_back_to_the_kernel(void **state)
{
	unsigned long pages;
	size_t files, mappings;

	(void)state;
	use_a_port(0); /* so that the C library has what it wants */
	address_space();
	files = open_files();
	mappings = count_mappings(NULL, UINTPTR_MAX, false);
	pages = address_space();
	use_a_port(0);
	use_large_pages();
	assert_int_equal(open_files(), files);
	assert_int_equal(count_mappings(NULL, UINTPTR_MAX, false), mappings);
	assert_int_equal(address_space(), pages);
}

static void an_incoherent_port_counts_cache_operations(void **state)
{
	struct quire_linux_config config = usual;
	struct quire_linux *coherent = *state;
	struct quire_linux port;

	config.incoherent = true;
	config.cache_line = 128;
	assert_ok(quire_linux_init(&port, &config));
	assert_ok(quire_mmu_check(&port.mmu));
	assert_false(port.mmu.coherent);
	assert_int_equal(port.mmu.cache_line, 128);
	quire_relinquish(&port.mmu, port.window, 128);
	quire_relinquish(&port.mmu, port.window, 0);
	assert_int_equal(counters(&port).writebacks, 1);
	assert_int_equal(counters(&port).invalidations, 1);
	quire_linux_fini(&port);
	quire_relinquish(&coherent->mmu, coherent->window, 64);
	assert_int_equal(counters(coherent).writebacks, 0);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void *look_for_interrupt(void *port)
{
	const struct quire_mmu *mmu = &((struct quire_linux *)port)->mmu;

	return mmu->in_interrupt(mmu) ? port : NULL;
}

static void a_thread_pretends_to_be_in_an_interrupt_for_itself_alone(void **state)
{
	struct quire_linux *port = *state;
	pthread_t thread;
	void *result;

	assert_false(port->mmu.in_interrupt(&port->mmu));
	quire_linux_set_interrupt(true);
	assert_true(port->mmu.in_interrupt(&port->mmu));
	assert_int_equal(pthread_create(&thread, NULL, look_for_interrupt, port), 0);
	pthread_join(thread, &result);
	assert_null(result);
	quire_linux_set_interrupt(false);
	assert_false(port->mmu.in_interrupt(&port->mmu));
}

struct counted {
	struct quire_linux *port;
	unsigned long under_lock;
	unsigned long under_transition;
};

static void *count(void *argument)
{
	struct counted *counted = argument;
	const struct quire_mmu *mmu = &counted->port->mmu;

	for (int i = 0; i < 20000; i++) {
		mmu->transition_lock(mmu);
		counted->under_transition++;
		mmu->lock(mmu);
		counted->under_lock++;
		mmu->unlock(mmu);
		mmu->transition_unlock(mmu);
		mmu->lock(mmu);
		counted->under_lock++;
		mmu->unlock(mmu);
	}
	return NULL;
}

static void each_lock_keeps_all_other_threads_out(void **state)
{
	struct counted counted = { .port = *state };
	pthread_t thread[4];

	for (size_t i = 0; i < TEST_COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, count, &counted), 0);
	for (size_t i = 0; i < TEST_COUNT(thread); i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(counted.under_transition, 4 * 20000);
	assert_int_equal(counted.under_lock, 4 * 40000);
}

static void a_checked_lock_taken_twice_aborts(void **state)
{
	struct quire_linux_config config = usual;
	struct quire_linux port;
	pid_t child = fork();
	int status = 0;

	(void)state;
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		config.check_locks = true;
		quire_linux_init(&port, &config);
		port.mmu.lock(&port.mmu);
		port.mmu.lock(&port.mmu);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void a_port_for_one_thread_has_no_locks(void **state)
{
	struct quire_linux_config config = usual;
	struct quire_linux port;

	(void)state;
	config.single_thread = true;
	assert_ok(quire_linux_init(&port, &config));
	assert_ok(quire_mmu_check(&port.mmu));
	assert_true(!port.mmu.lock && !port.mmu.transition_lock);
	quire_linux_fini(&port);
}

#define port_test(name) cmocka_unit_test_setup_teardown(name, make_port, end_port)

int main(void)
{
	const struct CMUnitTest tests[] = {
		port_test(a_new_port_is_a_complete_mmu_with_everything_available),
		port_test(a_touch_of_an_unmapped_page_is_a_sigsegv_at_that_address),
		port_test(every_frame_can_be_mapped_and_holds_its_own_contents),
		port_test(unmapping_passes_over_pages_that_are_not_mapped),
		port_test(mapping_a_mapped_page_is_refused_and_loses_nothing),
		port_test(addresses_outside_the_window_are_refused),
		port_test(window_and_alias_and_any_other_view_are_the_same_memory),
		port_test(aliases_translate_both_ways_and_leave_other_pointers_alone),
		port_test(a_port_without_alias_has_one_view),
		port_test(the_frame_behind_an_address_is_told_through_either_alias),
		port_test(a_read_only_page_can_be_read_and_faults_when_written),
		port_test(a_code_page_executes_and_neither_alias_of_it_can_be_written),
		port_test(code_can_be_mapped_at_once_and_written_first),
		port_test(writable_code_and_user_pages_are_refused),
		port_test(protection_changes_just_the_pages_named_and_keeps_their_contents),
		port_test(protecting_an_unmapped_page_is_refused_whole),
		port_test(a_moved_page_has_its_contents_in_every_view_and_another_frame),
		port_test(a_bank_whose_pages_have_moved_goes_off),
		port_test(a_moved_page_keeps_its_protection),
		port_test(a_page_that_cannot_move_stays_as_it_was),
		port_test(adjacent_frames_are_one_call_and_one_mapping),
		port_test(frames_that_are_adjacent_across_banks_are_one_call_too),
		port_test(scattered_frames_are_one_call_for_each_run),
		port_test(pages_mapped_one_by_one_in_order_become_one_mapping),
		port_test(a_bank_that_was_off_has_lost_its_contents_and_its_memory),
		port_test(a_bank_that_goes_off_leaves_the_others_alone),
		port_test(an_image_holds_its_frames_and_its_banks_from_the_start),
		port_test(the_window_is_where_it_was_wanted_if_nothing_else_is_there),
		port_test(pages_may_be_larger_than_the_hosts),
		port_test(impossible_ports_are_refused),
		port_test(
			a_window_that_does_not_fit_the_address_space_is_refused_and_leaves_nothing),
		port_test(the_end_of_a_port_gives_everything_back_to_the_kernel),
		port_test(an_incoherent_port_counts_cache_operations),
		port_test(a_thread_pretends_to_be_in_an_interrupt_for_itself_alone),
		port_test(each_lock_keeps_all_other_threads_out),
		port_test(a_checked_lock_taken_twice_aborts),
		port_test(a_port_for_one_thread_has_no_locks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
