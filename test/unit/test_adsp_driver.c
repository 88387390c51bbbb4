/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver of the ADSP model: strict, it does all or nothing; faulty, it has each fault of the
 * real one, so that who passes on it gets along with that.
 */
#include <errno.h>
#include <string.h>

#include "quire/adsp.h"

#include "support/test.h"

#define PAGE  ((size_t)4096)
#define PAGES 32u
#define RW    QUIRE_ADSP_PERM_RW

static struct quire_adsp adsp;
static enum quire_adsp_call failing;
static size_t failing_page = PAGES;

static unsigned char *page(size_t number)
{
	return (unsigned char *)adsp.window + number * PAGE;
}

static uintptr_t phys(uint32_t frame)
{
	return QUIRE_ADSP_SRAM + frame * PAGE;
}

static int fault(void *context, enum quire_adsp_call call, uintptr_t va)
{
	assert_ptr_equal(context, &failing);
	return call == failing && va == (uintptr_t)page(failing_page) ? -EIO : 0;
}

static void open_driver(enum quire_adsp_behaviour behaviour, uint32_t frames)
{
	struct quire_adsp_config config = {
		.pages = PAGES,
		.frames = frames,
		.frames_per_bank = 8,
		.behaviour = behaviour,
		.fault = fault,
		.context = &failing,
	};

	failing_page = PAGES;
	assert_ok(quire_adsp_init(&adsp, &config));
}

static void fail_at(enum quire_adsp_call call, size_t number)
{
	failing = call;
	failing_page = number;
}

static size_t mapped(void)
{
	size_t count = 0;

	for (size_t i = 0; i < PAGES; i++)
		count += quire_adsp_page_phys_get(&adsp, page(i), NULL) == 0;
	return count;
}

static size_t taken(void)
{
	size_t count = 0;

	for (size_t i = 0; i < adsp.config.frames; i++)
		count += adsp.taken[i];
	return count;
}

static uintptr_t phys_at(size_t number)
{
	uintptr_t phys = 0;

	assert_int_equal(quire_adsp_page_phys_get(&adsp, page(number), &phys), 0);
	return phys;
}

/* ---- what both do ---------------------------------------------------------------------------- */

static void pages_are_mapped_asked_for_and_unmapped(void **state)
{
	const uintptr_t frames[] = { phys(9), phys(5), phys(20) };

	(void)state;
	for (int behaviour = 0; behaviour < 2; behaviour++) {
		open_driver((enum quire_adsp_behaviour)behaviour, 24);
		assert_int_equal(quire_adsp_map_page(&adsp, page(0), 0, RW), 0);
		assert_int_equal(quire_adsp_map_region(&adsp, page(4), 0, 3 * PAGE, RW), 0);
		assert_int_equal(quire_adsp_map_region(&adsp, page(8), phys(10), 2 * PAGE, 0), 0);
		assert_int_equal(quire_adsp_map_array(&adsp, page(12), frames, 3, RW), 0);
		assert_int_equal(phys_at(0), phys(0)); /* the lowest that is free */
		assert_int_equal(phys_at(6), phys(3));
		assert_int_equal(phys_at(9), phys(11));
		assert_int_equal(phys_at(13), phys(5));
		assert_int_equal(mapped(), 9);
		assert_int_equal(quire_adsp_unmap_region(&adsp, page(4), 3 * PAGE), 0);
		assert_int_equal(quire_adsp_unmap_page(&adsp, page(13)), 0);
		assert_int_equal(mapped(), 5);
		assert_int_equal(taken(), 5);
		assert_int_equal(quire_adsp_longest_call(&adsp), 3);
		quire_adsp_fini(&adsp);
	}
}

static void what_is_not_whole_pages_of_the_tlb_is_refused(void **state)
{
	struct quire_adsp_region region = { NULL, 0, 0 };

	(void)state;
	for (int behaviour = 0; behaviour < 2; behaviour++) {
		open_driver((enum quire_adsp_behaviour)behaviour, 24);
		region = (struct quire_adsp_region){ page(0), 4 * PAGE, 1 };
		assert_int_equal(quire_adsp_map_page(&adsp, page(0) + 1, 0, RW), -EINVAL);
		assert_int_equal(quire_adsp_map_page(&adsp, page(PAGES), 0, RW), -EINVAL);
		assert_int_equal(quire_adsp_map_page(&adsp, page(0) - PAGE, 0, RW), -EINVAL);
		assert_int_equal(quire_adsp_map_page(&adsp, page(0), phys(24), RW), -EINVAL);
		assert_int_equal(quire_adsp_map_page(&adsp, page(0), phys(1) + 1, RW), -EINVAL);
		assert_int_equal(quire_adsp_map_region(&adsp, page(0), 0, 0, RW), -EINVAL);
		assert_int_equal(quire_adsp_map_region(&adsp, page(0), 0, PAGE + 1, RW), -EINVAL);
		assert_int_equal(quire_adsp_map_region(&adsp, page(PAGES - 1), 0, 2 * PAGE, RW),
				 -EINVAL);
		assert_int_equal(quire_adsp_map_array(&adsp, page(0), NULL, SIZE_MAX, RW), -EINVAL);
		assert_int_equal(quire_adsp_unmap_region(&adsp, page(1), PAGE - 1), -EINVAL);
		assert_int_equal(quire_adsp_update_page_flags(&adsp, page(1), 0), -EFAULT);
		assert_int_equal(quire_adsp_page_phys_get(&adsp, page(1), NULL), -EFAULT);
		assert_int_equal(quire_adsp_page_phys_get(&adsp, page(1) + 2, NULL), -EINVAL);
		assert_int_equal(quire_adsp_map_page_safe(&adsp, &region, page(4), 0, RW), -EINVAL);
		assert_int_equal(quire_adsp_unmap_page(&adsp, page(1)), -EFAULT); /* never was */
		assert_sound(quire_adsp_check(&adsp));
		quire_adsp_fini(&adsp);
	}
}

static void a_frame_that_somebody_has_is_refused(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_STRICT, 24);
	assert_int_equal(quire_adsp_map_page(&adsp, page(0), phys(7), RW), 0);
	assert_int_equal(quire_adsp_map_page(&adsp, page(1), phys(7), RW), -EBUSY);
	quire_adsp_fini(&adsp);
}

static void a_bank_that_does_not_come_on_is_an_error(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_STRICT, 24);
	fail_at(QUIRE_ADSP_POWER_ON, 3);
	assert_int_equal(quire_adsp_map_page(&adsp, page(3), 0, RW), -EIO);
	assert_int_equal(mapped() + taken(), 0);
	assert_int_equal(quire_adsp_map_page(&adsp, page(2), 0, RW), 0);
	assert_int_equal(quire_adsp_map_page(&adsp, page(3), 0, RW), 0); /* it is on now */
	quire_adsp_fini(&adsp);
}

static void two_pages_exchange_frames_and_keep_their_flags(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_STRICT, 24);
	assert_int_equal(quire_adsp_map_page(&adsp, page(3), phys(3), RW), 0);
	assert_int_equal(quire_adsp_map_page(&adsp, page(5), phys(20), 0), 0);
	fail_at(QUIRE_ADSP_EXCHANGE, 3);
	assert_int_equal(quire_adsp_exchange_pages(&adsp, page(3), page(5)), -EIO);
	assert_int_equal(phys_at(3), phys(3));
	fail_at(QUIRE_ADSP_MAP, 0);
	assert_int_equal(quire_adsp_exchange_pages(&adsp, page(3), page(5)), 0);
	assert_int_equal(phys_at(3), phys(20));
	assert_int_equal(phys_at(5), phys(3));
	assert_int_equal(quire_adsp_entry(&adsp, page(3)) >> 12, 9);
	assert_int_equal(quire_adsp_entry(&adsp, page(5)) >> 12, 1);
	assert_int_equal(quire_adsp_exchange_pages(&adsp, page(3), page(4)), -EFAULT);
	assert_int_equal(quire_adsp_exchange_pages(&adsp, page(3), page(4) + 1), -EINVAL);
	quire_adsp_fini(&adsp);
}

/* ---- strict: all or nothing ------------------------------------------------------------------ */

static void strict_mapping_is_undone(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_STRICT, 8);
	fail_at(QUIRE_ADSP_MAP, 5);
	assert_int_equal(quire_adsp_map_region(&adsp, page(3), 0, 4 * PAGE, RW), -EIO);
	assert_int_equal(mapped() + taken(), 0);
	assert_int_equal(quire_adsp_map_region(&adsp, page(10), 0, 9 * PAGE, RW), -ENOMEM);
	assert_int_equal(mapped() + taken(), 0);
	assert_int_equal(quire_adsp_map_page(&adsp, page(12), 0, RW), 0);
	assert_int_equal(quire_adsp_map_region(&adsp, page(10), 0, 4 * PAGE, RW), -EFAULT);
	assert_int_equal(quire_adsp_map_page(&adsp, page(12), 0, RW), -EFAULT);
	assert_int_equal(mapped(), 1);
	assert_int_equal(quire_adsp_unmap_region(&adsp, page(11), 2 * PAGE), -EFAULT);
	assert_int_equal(mapped(), 1);
	assert_int_equal(quire_adsp_unmap_page(&adsp, page(12)), 0);
	assert_int_equal(quire_adsp_unmap_page(&adsp, page(12)), -EFAULT);
	assert_sound(quire_adsp_check(&adsp));
	quire_adsp_fini(&adsp);
}

static void strict_safe_calls_accept_all_of_a_region(void **state)
{
	struct quire_adsp_region region;

	(void)state;
	open_driver(QUIRE_ADSP_STRICT, 8);
	region = (struct quire_adsp_region){ page(4), 4 * PAGE, 3 };
	assert_int_equal(quire_adsp_map_region_safe(&adsp, &region, page(4), 0, 4 * PAGE, RW), 0);
	assert_int_equal(quire_adsp_map_page_safe(&adsp, &region, page(3), 0, RW), -EINVAL);
	assert_int_equal(quire_adsp_map_region_safe(&adsp, &region, page(7), 0, 2 * PAGE, RW),
			 -EINVAL);
	quire_adsp_fini(&adsp);
}

static void strict_moving_takes_the_contents_along(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_STRICT, 8);
	assert_int_equal(quire_adsp_map_region(&adsp, page(0), 0, 2 * PAGE, RW), 0);
	memset(page(0), 0x55, 2 * PAGE);
	assert_int_equal(quire_adsp_move_region(&adsp, page(0), 2 * PAGE, page(1), 0), -EFAULT);
	assert_int_equal(quire_adsp_move_region(&adsp, page(0), 2 * PAGE, page(8), phys(4)),
			 -EINVAL);
	assert_int_equal(quire_adsp_move_region(&adsp, page(0), 2 * PAGE, page(8), 0), 0);
	assert_int_equal(mapped(), 2);
	assert_int_equal(page(9)[PAGE - 1], 0x55);
	assert_int_equal(quire_adsp_unmap_region(&adsp, page(8), 2 * PAGE), 0);
	assert_sound(quire_adsp_check(&adsp));
	quire_adsp_fini(&adsp);
}

/* ---- faulty: as the real one ----------------------------------------------------------------- */

static void faulty_mapping_goes_on_and_is_not_undone(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_FAULTY, 8);
	fail_at(QUIRE_ADSP_MAP, 5);
	assert_int_equal(quire_adsp_map_region(&adsp, page(3), 0, 4 * PAGE, RW), -EIO);
	assert_int_equal(mapped(), 3);
	quire_adsp_fini(&adsp);
}

static void faulty_mapping_of_a_mapped_page_loses_a_frame(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_FAULTY, 8);
	assert_int_equal(quire_adsp_map_page(&adsp, page(3), 0, RW), 0);
	assert_int_equal(quire_adsp_map_page(&adsp, page(3), 0, RW), 0);
	assert_int_equal(mapped(), 1);
	assert_int_equal(taken(), 2);
	assert_non_null(strstr(quire_adsp_check(&adsp), "no page has"));
	quire_adsp_fini(&adsp);
}

static void faulty_unmapping_of_an_absent_page_gives_away_a_frame(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_FAULTY, 8);
	assert_int_equal(quire_adsp_map_page(&adsp, page(3), 0, RW), 0);
	assert_int_equal(quire_adsp_unmap_page(&adsp, page(3)), 0);
	assert_int_equal(quire_adsp_map_page(&adsp, page(4), 0, RW), 0); /* has the frame now */
	assert_int_equal(quire_adsp_unmap_page(&adsp, page(3)), 0);
	assert_int_equal(taken(), 0);
	assert_int_equal(mapped(), 1);
	assert_non_null(strstr(quire_adsp_check(&adsp), "given away"));
	quire_adsp_fini(&adsp);
}

static void faulty_safe_calls_refuse_the_last_page(void **state)
{
	struct quire_adsp_region region;

	(void)state;
	open_driver(QUIRE_ADSP_FAULTY, 8);
	region = (struct quire_adsp_region){ page(4), 4 * PAGE, 3 };
	assert_int_equal(quire_adsp_map_page_safe(&adsp, &region, page(6), 0, RW), 0);
	assert_int_equal(quire_adsp_map_page_safe(&adsp, &region, page(7), 0, RW), -EINVAL);
	quire_adsp_fini(&adsp);
}

static void faulty_drivers_stop_when_frames_run_out(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_FAULTY, 2);
	assert_int_equal(quire_adsp_map_region(&adsp, page(0), 0, 3 * PAGE, RW), -ENOMEM);
	assert_non_null(strstr(quire_adsp_check(&adsp), "assertion"));
	quire_adsp_fini(&adsp);
}

static void faulty_moving_leaves_a_page_mapped_twice(void **state)
{
	(void)state;
	open_driver(QUIRE_ADSP_FAULTY, 8);
	assert_int_equal(quire_adsp_map_page(&adsp, page(0), 0, RW), 0);
	assert_int_equal(quire_adsp_move_region(&adsp, page(0), PAGE, page(8), 0), 0);
	assert_int_equal(phys_at(0), phys_at(8));
	assert_non_null(strstr(quire_adsp_check(&adsp), "two pages have one frame"));
	quire_adsp_fini(&adsp);
}

/* ---- regions --------------------------------------------------------------------------------- */

static void a_list_of_regions_is_the_drivers(void **state)
{
	const struct quire_adsp_region *regions;

	(void)state;
	for (int behaviour = 0; behaviour < 2; behaviour++) {
		open_driver((enum quire_adsp_behaviour)behaviour, 8);
		assert_int_equal(quire_adsp_query_regions(&adsp)->size, 0);
		assert_int_equal(quire_adsp_add_region(&adsp, page(2), 3 * PAGE, 1), 0);
		assert_int_equal(quire_adsp_add_region(&adsp, page(5), PAGE, 2), 0);
		assert_int_equal(quire_adsp_add_region(&adsp, page(6), 1, 3), -EINVAL);
		assert_int_equal(quire_adsp_add_region(&adsp, page(6), PAGE, 3), 0);
		assert_int_equal(quire_adsp_add_region(&adsp, page(7), PAGE, 3), -ENOMEM);
		regions = quire_adsp_query_regions(&adsp);
		assert_ptr_equal(regions[2].addr, page(6));
		assert_int_equal(regions[1].attr, 2);
		assert_int_equal(regions[3].size, 0);
		quire_adsp_query_regions_free(&adsp, regions);
		assert_true((regions[0].attr == 1) == (behaviour == QUIRE_ADSP_STRICT));
		assert_int_equal(quire_adsp_query_regions(&adsp)->attr, 1);
		quire_adsp_fini(&adsp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_mapped_asked_for_and_unmapped),
		cmocka_unit_test(what_is_not_whole_pages_of_the_tlb_is_refused),
		cmocka_unit_test(a_frame_that_somebody_has_is_refused),
		cmocka_unit_test(a_bank_that_does_not_come_on_is_an_error),
		cmocka_unit_test(two_pages_exchange_frames_and_keep_their_flags),
		cmocka_unit_test(strict_mapping_is_undone),
		cmocka_unit_test(strict_safe_calls_accept_all_of_a_region),
		cmocka_unit_test(strict_moving_takes_the_contents_along),
		cmocka_unit_test(faulty_mapping_goes_on_and_is_not_undone),
		cmocka_unit_test(faulty_mapping_of_a_mapped_page_loses_a_frame),
		cmocka_unit_test(faulty_unmapping_of_an_absent_page_gives_away_a_frame),
		cmocka_unit_test(faulty_safe_calls_refuse_the_last_page),
		cmocka_unit_test(faulty_drivers_stop_when_frames_run_out),
		cmocka_unit_test(faulty_moving_leaves_a_page_mapped_twice),
		cmocka_unit_test(a_list_of_regions_is_the_drivers),
	};

	return cmocka_run_group_tests_name("the driver of the ADSP", tests, NULL, NULL);
}
