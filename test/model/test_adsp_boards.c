/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ADSP model as each board of boards/: where the board's addresses are, all of its SRAM can be used, by every core,
 * and comes back, with a driver of either behaviour.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "quire/adsp.h"
#include "quire/quire.h"

#include "model/board.h"
#include "support/test.h"

#define BOARDS QUIRE_SOURCE_DIR "/boards/*.ini"

static struct quire_adsp adsp;
static struct quire_vspace vs;
static struct quire_vmh heap;
static struct board board;

static void *records(size_t bytes)
{
	void *memory = quire_adsp_uncached_memory(&adsp, bytes);

	assert_non_null(memory);
	return memory;
}

static void open_board(const char *path, enum quire_adsp_behaviour behaviour)
{
	struct board_error error;
	struct quire_adsp_config config;

	if (board_load(path, &board, &error))
		fail_msg("%s: %s", path, error.what);
	config = (struct quire_adsp_config){
		.pages = board.window_bytes / board.page_bytes,
		.frames = (uint32_t)(board.sram_bytes / board.page_bytes),
		.frames_per_bank = (uint32_t)(board.bank_bytes / board.page_bytes),
		.image_pages = (uint32_t)((board.image_bytes + board.system_heap_bytes) /
					  board.page_bytes),
		.cores = board.cores,
		.page_size = board.page_bytes,
		.cache_line = board.cache_line_bytes,
		.base = board.window_base,
		.uncached_xor = board.uncached_xor,
		.behaviour = behaviour,
		.movable = true,
	};
	assert_ok(quire_adsp_init(&adsp, &config));
	assert_int_equal((uintptr_t)adsp.base & QUIRE_ADSP_KEPT_BITS,
			 board.window_base & QUIRE_ADSP_KEPT_BITS);
}

static void open_heap(void)
{
	struct quire_vspace_config space = {
		.mmu = &adsp.mmu,
		.base = adsp.window,
		.pages = adsp.pages,
		.budgets = 2,
		.storage_bytes = QUIRE_VSPACE_STORAGE(2048, 2),
	};
	struct quire_vmh_config elastic = {
		.window = board.sram_bytes,
		.storage_bytes = QUIRE_VMH_ELASTIC_STORAGE((size_t)4608 << 10, 64),
	};

	space.storage = records(space.storage_bytes);
	elastic.storage = records(elastic.storage_bytes);
	assert_ok(quire_vspace_init(&vs, &space));
	assert_ok(quire_vmh_init(&heap, &vs, &elastic));
}

static bool in_memory_is(const void *ptr, int byte, size_t bytes)
{
	unsigned char *is = malloc(bytes), *should_be = malloc(bytes);
	bool equal;

	assert_true(is && should_be);
	memset(should_be, byte, bytes);
	equal = quire_adsp_dma_read(&adsp, ptr, is, bytes) && memcmp(is, should_be, bytes) == 0;
	free(is);
	free(should_be);
	return equal;
}

/* Blocks of 10 000 bytes by every core in turn, until nothing is left but less than one. */
static size_t fill(unsigned char **block, size_t most)
{
	size_t count = 0;

	while (count < most) {
		quire_adsp_run_on(&adsp, (uint32_t)(count % board.cores));
		block[count] = quire_vmh_alloc(&heap, 10000);
		if (!block[count])
			break;
		memset(block[count], (int)count, 10000);
		quire_relinquish(&adsp.mmu, block[count], 10000);
		quire_adsp_disturb(&adsp, 2);
		count++;
	}
	return count;
}

static void play_board(const char *path, enum quire_adsp_behaviour behaviour)
{
	unsigned char *block[512] = { NULL };
	size_t free_pages, count;

	open_board(path, behaviour);
	open_heap();
	free_pages = board_free_bytes(&board) / board.page_bytes;
	assert_int_equal(adsp.mmu.available(&adsp.mmu), free_pages);
	count = fill(block, TEST_COUNT(block));
	assert_true(adsp.mmu.available(&adsp.mmu) < 3);
	assert_true(count * 10048 > (free_pages - 3) * board.page_bytes);
	assert_int_equal(quire_frames_banks_on(quire_adsp_frames(&adsp)),
			 board.sram_bytes / board.bank_bytes);
	for (size_t i = 0; i < count; i++)
		assert_true(in_memory_is(block[i], (int)i & 0xff, 10000));
	for (size_t i = 0; i < count; i++) {
		quire_adsp_run_on(&adsp, (uint32_t)((i + 1) % board.cores));
		assert_ok(quire_vmh_free(&heap, block[i]));
	}
	assert_ok(quire_vmh_fini(&heap));
	assert_ok(quire_vspace_fini(&vs));
	assert_int_equal(adsp.mmu.available(&adsp.mmu), free_pages);
	assert_sound(quire_adsp_check(&adsp));
	quire_adsp_fini(&adsp);
}

static void all_of_each_board_can_be_used_by_every_core_and_comes_back(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(BOARDS, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 6);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		play_board(found.gl_pathv[i], QUIRE_ADSP_STRICT);
		play_board(found.gl_pathv[i], QUIRE_ADSP_FAULTY);
	}
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_each_board_can_be_used_by_every_core_and_comes_back),
	};

	return cmocka_run_group_tests_name("boards of the ADSP", tests, NULL, NULL);
}
