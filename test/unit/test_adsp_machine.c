/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine of the ADSP model: entries, banks, aliases and caches do what the hardware does, also
 * what is done to others by a line that is evicted late.
 */
#include <string.h>

#include "quire/adsp.h"

#include "support/test.h"
#include "support/touch.h"

#define PAGE  ((size_t)4096)
#define LINE  ((size_t)64)
#define PAGES 64u

static struct quire_adsp adsp;

static void open_machine(uint32_t cores)
{
	struct quire_adsp_config config = { .pages = PAGES, .frames = PAGES, .cores = cores };

	assert_ok(quire_adsp_init(&adsp, &config));
	assert_int_equal(adsp.pages, PAGES);
}

static void close_machine(void)
{
	assert_sound(quire_adsp_check(&adsp));
	quire_adsp_fini(&adsp);
}

static unsigned char *page(size_t number)
{
	return (unsigned char *)adsp.window + number * PAGE;
}

static unsigned char *alias(const void *ptr)
{
	return quire_uncached(&adsp.mmu, ptr);
}

static uintptr_t phys(uint32_t frame)
{
	return QUIRE_ADSP_SRAM + frame * PAGE;
}

static void map(size_t number, uint32_t frame)
{
	assert_int_equal(quire_adsp_map_page(&adsp, page(number), phys(frame), QUIRE_ADSP_PERM_RW),
			 0);
	assert_int_equal(quire_frames_take_at(&adsp.frames, frame, 1),
			 0); /* the port did not do it */
}

static void unmap(size_t number)
{
	uint32_t frame = quire_adsp_frame_of(&adsp, page(number));

	assert_int_equal(quire_adsp_unmap_page(&adsp, page(number)), 0);
	assert_int_equal(quire_frames_give(&adsp.frames, frame, 1), 0);
}

static bool can_read(const void *ptr)
{
	return !test_read_faults(ptr);
}

static bool can_write(void *ptr)
{
	return !test_write_faults(ptr);
}

static unsigned char in_memory(const void *ptr)
{
	unsigned char byte;

	assert_true(quire_adsp_dma_read(&adsp, ptr, &byte, 1));
	return byte;
}

static void writeback(const void *ptr, size_t bytes)
{
	adsp.mmu.writeback(&adsp.mmu, ptr, bytes);
}

static void invalidate(const void *ptr, size_t bytes)
{
	adsp.mmu.invalidate(&adsp.mmu, ptr, bytes);
}

/* ---- the TLB --------------------------------------------------------------------------------- */

static void an_entry_has_a_page_number_and_three_bits(void **state)
{
	(void)state;
	open_machine(1);
	assert_int_equal(quire_adsp_entry(&adsp, page(3)), 0);
	assert_int_equal(quire_adsp_map_page(&adsp, page(3), phys(5), QUIRE_ADSP_PERM_RW), 0);
	assert_int_equal(quire_adsp_entry(&adsp, page(3)), 0x9025);
	assert_int_equal(quire_adsp_entry(&adsp, alias(page(3) + 7)), 0x9025);
	assert_int_equal(quire_adsp_update_page_flags(&adsp, page(3), 0), 0);
	assert_int_equal(quire_adsp_entry(&adsp, page(3)), 0x1025);
	assert_int_equal(quire_adsp_update_page_flags(&adsp, page(3), QUIRE_ADSP_PERM_EXEC), 0);
	assert_int_equal(quire_adsp_entry(&adsp, page(3)), 0x5025);
	assert_int_equal(quire_adsp_unmap_page(&adsp, page(3)), 0);
	assert_int_equal(quire_adsp_entry(&adsp, page(3)), 0x4025); /* the rest stays */
	assert_int_equal(quire_adsp_entry(&adsp, page(PAGES)), 0);
	close_machine();
}

static void both_aliases_trap_where_the_entry_says_so(void **state)
{
	(void)state;
	open_machine(2);
	for (uint32_t core = 0; core < 2; core++) {
		quire_adsp_run_on(&adsp, core);
		assert_false(can_read(page(8)));
		assert_false(can_read(alias(page(8))));
		map(8, 1);
		assert_true(can_write(page(8)) && can_write(alias(page(8))));
		assert_false(can_read(page(7)) || can_read(page(9)));
		assert_int_equal(quire_adsp_update_page_flags(&adsp, page(8), 0), 0);
		assert_true(can_read(page(8)) && can_read(alias(page(8))));
		assert_false(can_write(page(8)) || can_write(alias(page(8))));
		quire_adsp_run_on(&adsp, 1 - core); /* the TLB is one for all */
		assert_true(can_read(page(8)));
		assert_false(can_write(page(8)) || can_read(page(9)));
		unmap(8);
		quire_adsp_run_on(&adsp, core);
		assert_false(can_read(page(8)) || can_read(alias(page(8))));
	}
	close_machine();
}

static void a_dma_engine_goes_through_the_tlb(void **state)
{
	unsigned char bytes[2 * PAGE], back[2 * PAGE];

	(void)state;
	memset(bytes, 0x31, sizeof(bytes));
	open_machine(1);
	map(4, 40);
	map(5, 2);
	assert_true(quire_adsp_dma_write(&adsp, page(4), bytes, sizeof(bytes)));
	assert_true(quire_adsp_dma_read(&adsp, page(4), back, sizeof(back)));
	assert_memory_equal(bytes, back, sizeof(bytes));
	assert_memory_equal(alias(page(4)), bytes, sizeof(bytes));
	assert_false(quire_adsp_dma_read(&adsp, page(5), back, PAGE + 1));
	assert_false(quire_adsp_dma_read(&adsp, page(3), back, 1));
	assert_false(quire_adsp_dma_read(&adsp, page(PAGES - 1), back, 2 * PAGE));
	assert_int_equal(quire_adsp_update_page_flags(&adsp, page(5), 0), 0);
	assert_false(quire_adsp_dma_write(&adsp, page(4), bytes, PAGE + 1));
	assert_true(quire_adsp_dma_write(&adsp, page(4), bytes, PAGE));
	unmap(4);
	unmap(5);
	close_machine();
}

/* ---- banks ----------------------------------------------------------------------------------- */

static void a_bank_that_goes_off_loses_what_it_held(void **state)
{
	(void)state;
	open_machine(1);
	assert_false(quire_adsp_bank_is_on(&adsp, 0) || quire_adsp_bank_is_on(&adsp, 1));
	map(0, 33);
	map(1, 34);
	assert_true(quire_adsp_bank_is_on(&adsp, 1));
	assert_false(quire_adsp_bank_is_on(&adsp, 0) || quire_adsp_bank_is_on(&adsp, 2));
	*alias(page(0)) = 1;
	*alias(page(1)) = 2;
	unmap(0);
	map(0, 33); /* the bank stayed on: still there */
	assert_int_equal(*alias(page(0)), 1);
	unmap(0);
	unmap(1);
	assert_false(quire_adsp_bank_is_on(&adsp, 1));
	map(0, 33);
	map(1, 34);
	assert_int_not_equal(*alias(page(0)), 1);
	assert_int_not_equal(*alias(page(1)), 2);
	unmap(0);
	unmap(1);
	close_machine();
}

/* ---- caches ---------------------------------------------------------------------------------- */

static void a_core_does_not_see_what_another_wrote(void **state)
{
	unsigned char *ptr;

	(void)state;
	open_machine(3);
	map(0, 0);
	ptr = page(0);
	for (uint32_t core = 0; core < 3; core++) {
		quire_adsp_run_on(&adsp, core);
		invalidate(ptr, PAGE);
	}
	quire_adsp_run_on(&adsp, 0);
	memset(ptr, 0x11, PAGE);
	assert_int_not_equal(in_memory(ptr), 0x11);
	assert_int_not_equal(*alias(ptr), 0x11);
	quire_adsp_run_on(&adsp, 1);
	assert_int_not_equal(*ptr, 0x11);
	quire_adsp_run_on(&adsp, 0);
	writeback(ptr, PAGE);
	assert_int_equal(in_memory(ptr), 0x11);
	assert_int_equal(*alias(ptr), 0x11);
	quire_adsp_run_on(&adsp, 1);
	assert_int_not_equal(*ptr, 0x11); /* fetched before */
	invalidate(ptr, LINE);
	assert_int_equal(ptr[LINE - 1], 0x11);
	assert_int_not_equal(ptr[LINE], 0x11); /* the next line is another */
	quire_adsp_run_on(&adsp, 2);
	assert_int_not_equal(*ptr, 0x11);
	quire_adsp_evict(&adsp, 2, ptr);
	assert_int_equal(*ptr, 0x11);
	unmap(0);
	close_machine();
}

static void an_invalidated_line_is_lost(void **state)
{
	(void)state;
	open_machine(1);
	map(0, 0);
	*alias(page(0)) = 1;
	invalidate(page(0), 1);
	*page(0) = 2;
	assert_true(quire_adsp_is_dirty(&adsp, 0, page(0)));
	invalidate(page(0), 1);
	assert_false(quire_adsp_is_dirty(&adsp, 0, page(0)));
	assert_int_equal(*page(0), 1);
	unmap(0);
	close_machine();
}

static void a_line_evicted_late_destroys_what_is_behind_its_address_by_then(void **state)
{
	(void)state;
	open_machine(2);
	map(0, 0);
	quire_adsp_run_on(&adsp, 1);
	invalidate(page(0), PAGE);
	page(0)[5] = 0x77; /* core 1 has a dirty line */
	quire_adsp_run_on(&adsp, 0);
	unmap(0); /* writes back what core 0 has, and no more */
	map(0, 9);
	memset(alias(page(0)), 0x22, PAGE);
	quire_adsp_evict(&adsp, 1, page(0));
	assert_int_equal(alias(page(0))[5], 0x77);
	assert_int_not_equal(alias(page(0))[6], 0x22); /* all of the line */
	assert_int_equal(alias(page(0))[LINE], 0x22);
	unmap(0);
	close_machine();
}

static void a_dirty_line_without_memory_behind_it_is_told(void **state)
{
	(void)state;
	open_machine(2);
	map(0, 0);
	*page(0) ^= 0xff;
	quire_adsp_run_on(&adsp, 1);
	unmap(0);
	assert_sound(quire_adsp_check(&adsp));
	quire_adsp_evict(&adsp, 0, page(0));
	assert_non_null(strstr(quire_adsp_check(&adsp), "nothing behind it"));
	quire_adsp_fini(&adsp);
}

static void mapping_invalidates_and_unmapping_writes_back_on_one_core(void **state)
{
	(void)state;
	open_machine(2);
	map(0, 0);
	map(1, 1); /* keeps the bank on */
	memset(page(0), 0x44, PAGE);
	unmap(0);
	map(2, 0);
	assert_int_equal(in_memory(page(2)), 0x44);
	assert_int_equal(*page(2), 0x44);
	quire_adsp_run_on(&adsp, 1);
	assert_int_not_equal(*page(2), 0x44); /* nobody told this one */
	unmap(1);
	unmap(2);
	close_machine();
}

static void disturbing_is_by_chance_but_the_same_for_a_seed(void **state)
{
	size_t evicted[3];

	(void)state;
	for (int run = 0; run < 3; run++) {
		struct quire_adsp_config config = {
			.pages = 4, .frames = 4, .cores = 2, .seed = run == 2
		};

		assert_ok(quire_adsp_init(&adsp, &config));
		for (uint32_t i = 0; i < 4; i++)
			map(i, i);
		for (size_t i = 0; i < 4 * PAGE; i += LINE)
			page(0)[i] ^= 0xff;
		quire_adsp_disturb(&adsp, 40);
		evicted[run] = 0;
		for (size_t i = 0; i < 4 * PAGE; i += LINE)
			evicted[run] =
				evicted[run] * 3 + quire_adsp_is_dirty(&adsp, 0, page(0) + i);
		for (uint32_t i = 0; i < 4; i++)
			unmap(i);
		close_machine();
	}
	assert_int_equal(evicted[0], evicted[1]);
	assert_int_not_equal(evicted[0], evicted[2]);
}

static void code_is_what_it_was_until_the_instruction_cache_is_told(void **state)
{
	unsigned char code[4];

	(void)state;
	open_machine(2);
	map(0, 0);
	memset(page(0), 0x90, 4);
	assert_false(quire_adsp_fetch(&adsp, page(0), code, 4)); /* data */
	assert_int_equal(quire_adsp_update_page_flags(&adsp, page(0), QUIRE_ADSP_PERM_EXEC), 0);
	assert_true(quire_adsp_fetch(&adsp, page(0), code, 4));
	assert_int_not_equal(code[0], 0x90);
	adsp.mmu.icache_sync(&adsp.mmu, page(0), 4);
	assert_true(quire_adsp_fetch(&adsp, page(0), code, 4));
	assert_int_equal(code[3], 0x90);
	assert_int_equal(in_memory(page(0)), 0x90); /* by way of memory */
	quire_adsp_run_on(&adsp, 1);
	assert_true(quire_adsp_fetch(&adsp, page(0), code, 4));
	assert_int_not_equal(code[0], 0x90); /* each core has its own */
	unmap(0);
	close_machine();
}

/* ---- places and sizes ------------------------------------------------------------------------ */

static void either_alias_leads_to_the_other(void **state)
{
	int outside;

	(void)state;
	open_machine(1);
	assert_ptr_equal(quire_cached(&adsp.mmu, alias(page(5) + 3)), page(5) + 3);
	assert_ptr_equal(quire_cached(&adsp.mmu, page(5)), page(5));
	assert_ptr_equal(alias(alias(page(5))), alias(page(5)));
	assert_ptr_not_equal(alias(&outside), &outside); /* so it is no place for records */
	assert_ptr_equal(alias(quire_adsp_uncached_memory(&adsp, 100)), adsp.arena);
	assert_ptr_equal(quire_adsp_uncached_memory(&adsp, 100), adsp.arena + 128);
	assert_null(quire_adsp_uncached_memory(&adsp, (size_t)1 << 20));
	close_machine();
}

static void impossible_machines_are_refused(void **state)
{
	const struct quire_adsp_config good = { .pages = PAGES, .frames = PAGES };
	struct quire_adsp_config bad[12];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		bad[i] = good;
	bad[0].pages = 0;
	bad[1].frames = 0;
	bad[2].frames = QUIRE_ADSP_FRAMES + 1;
	bad[3].cores = QUIRE_ADSP_CORES + 1;
	bad[4].page_size = 5000;
	bad[5].cache_line = 48;
	bad[6].cache_line = 8192;
	bad[7].image_pages = PAGES;
	bad[8].coherent = true;
	bad[8].cores = 2;
	bad[9].base = 100;
	bad[10].uncached_xor = 100;
	bad[11].page_size = (size_t)1 << 20;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_status(quire_adsp_init(&adsp, &bad[i]), QUIRE_EINVAL);
	assert_status(quire_adsp_init(NULL, &good), QUIRE_EINVAL);
	assert_status(quire_adsp_init(&adsp, NULL), QUIRE_EINVAL);
	assert_ok(quire_adsp_init(&adsp, &good));
	close_machine();
}

static void the_image_is_mapped_and_the_window_is_behind_it(void **state)
{
	struct quire_adsp_config config = {
		.pages = PAGES, .frames = 40, .image_pages = 10, .base = 0x23000, .movable = true
	};

	(void)state;
	assert_ok(quire_adsp_init(&adsp, &config));
	assert_int_equal((uintptr_t)adsp.window & QUIRE_ADSP_KEPT_BITS, 0x23000 + 10 * PAGE);
	assert_int_equal(adsp.pages, PAGES - 11);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(quire_adsp_frame_of(&adsp, page(0) - (10 - i) * PAGE), i);
	assert_int_equal(quire_adsp_frame_of(&adsp, page(0)), QUIRE_NOWHERE);
	assert_int_equal(adsp.mmu.available(&adsp.mmu), 30);
	assert_status(adsp.mmu.map(&adsp.mmu, (uintptr_t)page(0) - PAGE, 1, QUIRE_RW),
		      QUIRE_EDRIVER);
	assert_status(adsp.mmu.map(&adsp.mmu, (uintptr_t)page(PAGES - 11), 1, QUIRE_RW),
		      QUIRE_EDRIVER);
	close_machine();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_has_a_page_number_and_three_bits),
		cmocka_unit_test(both_aliases_trap_where_the_entry_says_so),
		cmocka_unit_test(a_dma_engine_goes_through_the_tlb),
		cmocka_unit_test(a_bank_that_goes_off_loses_what_it_held),
		cmocka_unit_test(a_core_does_not_see_what_another_wrote),
		cmocka_unit_test(an_invalidated_line_is_lost),
		cmocka_unit_test(a_line_evicted_late_destroys_what_is_behind_its_address_by_then),
		cmocka_unit_test(a_dirty_line_without_memory_behind_it_is_told),
		cmocka_unit_test(mapping_invalidates_and_unmapping_writes_back_on_one_core),
		cmocka_unit_test(disturbing_is_by_chance_but_the_same_for_a_seed),
		cmocka_unit_test(code_is_what_it_was_until_the_instruction_cache_is_told),
		cmocka_unit_test(either_alias_leads_to_the_other),
		cmocka_unit_test(impossible_machines_are_refused),
		cmocka_unit_test(the_image_is_mapped_and_the_window_is_behind_it),
	};

	return cmocka_run_group_tests_name("the machine of the ADSP", tests, NULL, NULL);
}
