/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Boards: the six that come along say what is known of them, and a file that is wrong is refused at
 * the line that is wrong. Wrong files are made from a good one by replacing or dropping one line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/board.h"

#include "support/test.h"

#define BOARDS QUIRE_SOURCE_DIR "/boards"
#define KIB    1024u

static char scratch[] = "/tmp/quire-board-XXXXXX";
static char scratch_file[64];

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(scratch) == NULL)
		return -1;
	snprintf(scratch_file, sizeof(scratch_file), "%s/b.ini", scratch);
	return setenv("QUIRE_BOARDS", BOARDS, 1);
}

static int tear_down(void **state)
{
	(void)state;
	unlink(scratch_file);
	return rmdir(scratch);
}

/* Good boards */

static void the_six_boards_have_the_memory_that_is_known(void **state)
{
	static const struct {
		const char *name;
		const char *soc;
		size_t sram_kib;
		size_t pages;
		size_t banks;
		uint32_t cores;
		bool dp_regions;
	} known[] = {
		{ "mtl", "ace15", 2816, 704, 22, 3, false },
		{ "lnl", "ace20", 2816, 704, 22, 5, false },
		{ "ptl", "ace30", 4608, 1152, 36, 5, true },
		{ "wcl", "ace30", 3456, 864, 27, 5, true },
		{ "nvl", "ace40", 4608, 1152, 36, 4, true },
		{ "nvls", "ace40", 2048, 512, 16, 2, true },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(known); i++) {
		struct board_error error = { .what = "" };
		struct board board;

		if (board_load(known[i].name, &board, &error) != 0)
			fail_msg("%s:%u: %s", error.file, error.line, error.what);
		assert_string_equal(board.name, known[i].name);
		assert_string_equal(board.soc, known[i].soc);
		assert_int_equal(board.sram_bytes, known[i].sram_kib * KIB);
		assert_int_equal(board.sram_bytes / board.page_bytes, known[i].pages);
		assert_int_equal(board.sram_bytes / board.bank_bytes, known[i].banks);
		assert_int_equal(board.cores, known[i].cores);
		assert_int_equal(board.dp_regions, known[i].dp_regions);
	}
}

static void what_all_six_have_in_common_is_read(void **state)
{
	struct board_error error;
	struct board board;

	(void)state;
	assert_int_equal(board_load("mtl", &board, &error), 0);
	assert_int_equal(board.page_bytes, 4096);
	assert_int_equal(board.cache_line_bytes, 64);
	assert_int_equal(board.bank_bytes, 128 * KIB);
	assert_false(board.coherent);
	assert_int_equal(board.uncached_xor, 0xe0000000);
	assert_int_equal(board.window_base, 0xa0020000);
	assert_int_equal(board.window_bytes, 2048 * 4096);
	assert_int_equal(board.library_base, 0xa0688000);
	assert_int_equal(board.dma_address_align, 128);
	assert_int_equal(board.dma_size_align, 32);
	assert_int_equal(board.system_heap_bytes, 256 * KIB);
	assert_int_equal(board.virtual_heap_bytes, 0x140000);
	assert_int_equal(board.library_bytes, 1024 * KIB);
	assert_int_equal(board.vpage_allocations, 128);
	assert_int_equal(board_free_bytes(&board), (2816 - 384 - 256) * KIB);
}

static void a_split_that_does_not_work_out_is_negative_and_does_not_wrap(void **state)
{
	struct board_error error;
	struct board board;

	(void)state;
	assert_int_equal(board_load("nvls", &board, &error), 0);
	assert_true(board_split_left(&board) == -896 * (int64_t)KIB);
	assert_int_equal(board_load("ptl", &board, &error), 0);
	assert_true(board_split_left(&board) == 1664 * (int64_t)KIB);
}

static void the_block_tables_add_up(void **state)
{
	struct board_error error;
	struct board_table table;

	(void)state;
	assert_int_equal(board_table_load("sof", &table, &error), 0);
	assert_int_equal(table.total_bytes, 0x140000);
	assert_int_equal(table.count, 10);
	assert_int_equal(table.bundles[0].block_size, 128);
	assert_int_equal(table.bundles[0].blocks, 32);
	assert_int_equal(table.bundles[9].block_size, 524288);
	assert_int_equal(table.bundles[9].blocks, 1);
	assert_int_equal(board_table_load("sof-linux", &table, &error), 0);
	assert_int_equal(table.total_bytes, 0x100000);
	assert_int_equal(table.count, 9);
}

static void a_path_is_read_as_it_is(void **state)
{
	struct board_error error;
	struct board board;

	(void)state;
	assert_int_equal(board_load(BOARDS "/wcl.ini", &board, &error), 0);
	assert_string_equal(board.file, BOARDS "/wcl.ini");
	assert_string_equal(board.name, "wcl");
}

static void a_board_that_is_nowhere_is_named(void **state)
{
	struct board_error error;
	struct board board;

	(void)state;
	assert_int_equal(board_load("abacus", &board, &error), -1);
	assert_string_equal(error.file, "abacus");
	assert_int_equal(error.line, 0);
	assert_non_null(strstr(error.what, "QUIRE_BOARDS"));
	assert_int_equal(board_load("/nowhere/abacus.ini", &board, &error), -1);
	assert_non_null(strstr(error.what, strerror(ENOENT)));
	assert_int_equal(board_load(BOARDS "/", &board, &error), -1);
}

/* Wrong files */

static void write_scratch(const char *text, size_t bytes)
{
	FILE *file = fopen(scratch_file, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	fclose(file);
}

/* Copies a file with the line that begins with `key` replaced. @return the number of that line */
static unsigned int copy_with(const char *from, const char *key, const char *line)
{
	FILE *in = fopen(from, "r");
	FILE *out = fopen(scratch_file, "w");
	unsigned int number = 0;
	unsigned int found = 0;
	char text[512];

	assert_true(in != NULL && out != NULL);
	while (fgets(text, sizeof(text), in) != NULL) {
		number++;
		if (found == 0 && strncmp(text, key, strlen(key)) == 0) {
			found = number;
			fprintf(out, "%s\n", line);
		} else {
			fputs(text, out);
		}
	}
	fclose(in);
	fclose(out);
	assert_true(found > 0);
	return found;
}

static void assert_refused(const char *key, const char *line, const char *words)
{
	unsigned int number = copy_with(BOARDS "/mtl.ini", key, line);
	struct board_error error = { .what = "" };
	struct board board;

	if (board_load(scratch_file, &board, &error) == 0)
		fail_msg("taken: %s", line);
	if (error.line != number || strstr(error.what, words) == NULL)
		fail_msg("%s -> %s:%u: %s", line, error.file, error.line, error.what);
	assert_string_equal(error.file, scratch_file);
}

static void impossible_boards_are_refused_at_the_line_to_change(void **state)
{
	(void)state;
	assert_refused("page_bytes", "page_bytes = 0", "power of two");
	assert_refused("page_bytes", "page_bytes = 5000", "power of two");
	assert_refused("page_bytes", "page_bytes = 128", "at least 256");
	assert_refused("page_bytes", "page_bytes = 0x200000", "at most");
	assert_refused("cache_line_bytes", "cache_line_bytes = 0", "power of two");
	assert_refused("cache_line_bytes", "cache_line_bytes = 48", "power of two");
	assert_refused("cache_line_bytes", "cache_line_bytes = 8192", "at most a page");
	assert_refused("bank_kib", "bank_kib = 0", "whole pages");
	assert_refused("bank_kib", "bank_kib = 126", "whole pages");
	assert_refused("sram_kib", "sram_kib = 0", "whole banks");
	assert_refused("sram_kib", "sram_kib = 2800", "whole banks");
	assert_refused("sram_kib", "sram_kib = 0xffffffffffffffff", "at most");
	assert_refused("cores", "cores = 0", "at least 1");
	assert_refused("cores", "cores = 4294967297", "at most");
	assert_refused("image_kib", "image_kib = 2560", "leave no page");
	assert_refused("image_kib", "image_kib = 1048576", "leave no page");
	assert_refused("system_heap_kib", "system_heap_kib = 255", "whole pages");
	assert_refused("address_align_bytes", "address_align_bytes = 96", "power of two");
	assert_refused("size_align_bytes", "size_align_bytes = 0", "at least 1");
	assert_refused("virtual_heap_kib", "virtual_heap_kib = 1", "whole pages");
}

static void windows_that_are_too_small_or_wrap_are_refused(void **state)
{
	(void)state;
	assert_refused("size ", "size = 0", "too small");
	assert_refused("size ", "size = 0x2bf000", "too small");
	assert_refused("size ", "size = 0x800001", "whole pages");
	assert_refused("base ", "base = 0xa0020001", "start of a page");
	assert_refused("base ", "base = 0xfffffffffffff000", "wraps");
	assert_refused("uncached_xor", "uncached_xor = 0x100000", "within the window");
	assert_refused("library_base", "library_base = 0xa0000000", "lies in the window");
	assert_refused("library_base", "library_base = 0xa0820000", "lies in the window");
	assert_refused("library_kib", "library_kib = 1636", "end of the window");
}

static void a_window_of_just_the_memory_is_taken(void **state)
{
	struct board_error error;
	struct board board;

	(void)state;
	copy_with(BOARDS "/mtl.ini", "library_base", "library_base = 0");
	assert_int_equal(board_load(scratch_file, &board, &error), 0);
	copy_with(BOARDS "/mtl.ini", "library_kib", "library_kib = 1632");
	assert_int_equal(board_load(scratch_file, &board, &error), 0);
}

static void values_of_the_wrong_form_are_refused(void **state)
{
	(void)state;
	assert_refused("cores", "cores = -1", "number");
	assert_refused("cores", "cores = three", "number");
	assert_refused("cores", "cores = 3 cores", "number");
	assert_refused("cores", "cores =", "number");
	assert_refused("cores", "cores = 0x", "number");
	assert_refused("sram_kib", "sram_kib = 99999999999999999999999", "number");
	assert_refused("coherent", "coherent = maybe", "yes or no");
	assert_refused("name", "name = ", "1 to 31 characters");
	assert_refused("name", "name = meteor lake", "without spaces");
	assert_refused("name", "name = 0123456789012345678901234567890123456789", "31");
}

static void lines_that_do_not_belong_are_refused(void **state)
{
	(void)state;
	assert_refused("cores", "kernels = 3", "no key kernels in section [memory]");
	assert_refused("cores", "page_bytes = 4096", "there already");
	assert_refused("cores", "  cores = 3", "there already");
	assert_refused("cores", "cores", "neither");
}

static void a_section_that_is_not_known_is_refused_at_its_first_key(void **state)
{
	unsigned int number = copy_with(BOARDS "/mtl.ini", "[window]", "[windows]");
	struct board_error error;
	struct board board;

	(void)state;
	assert_int_equal(board_load(scratch_file, &board, &error), -1);
	assert_int_equal(error.line, number + 1);
	assert_non_null(strstr(error.what, "no key base in section [windows]"));
}

static void a_syntax_error_goes_before_what_comes_after_it(void **state)
{
	static const char text[] = "[board]\nnonsense\nfoo = 1\n";
	struct board_error error;
	struct board board;

	(void)state;
	write_scratch(text, sizeof(text) - 1);
	assert_int_equal(board_load(scratch_file, &board, &error), -1);
	assert_int_equal(error.line, 2);
}

static void a_missing_key_is_named_with_its_section(void **state)
{
	struct board_error error;
	struct board board;

	(void)state;
	copy_with(BOARDS "/mtl.ini", "dp_regions", "");
	assert_int_equal(board_load(scratch_file, &board, &error), -1);
	assert_int_equal(error.line, 0);
	assert_string_equal(error.what, "dp_regions is missing in section [split]");
	write_scratch("", 0);
	assert_int_equal(board_load(scratch_file, &board, &error), -1);
}

static void lines_that_are_too_long_are_refused(void **state)
{
	struct board_error error;
	struct board board;
	char text[5000];

	(void)state;
	memset(text, ';', sizeof(text));
	text[0] = '\n';
	write_scratch(text, sizeof(text));
	assert_int_equal(board_load(scratch_file, &board, &error), -1);
	assert_int_equal(error.line, 2);
	memset(text + 1, 0, sizeof(text) - 1);
	write_scratch(text, sizeof(text));
	assert_int_equal(board_load(scratch_file, &board, &error), -1);
	assert_int_equal(error.line, 2);
}

static void assert_table_refused(const char *key, const char *line, const char *words)
{
	unsigned int number = copy_with(BOARDS "/tables/sof.ini", key, line);
	struct board_error error = { .what = "" };
	struct board_table table;

	if (board_table_load(scratch_file, &table, &error) == 0)
		fail_msg("taken: %s", line);
	if (error.line != number || strstr(error.what, words) == NULL)
		fail_msg("%s -> %s:%u: %s", line, error.file, error.line, error.what);
}

static void tables_that_are_wrong_are_refused(void **state)
{
	(void)state;
	assert_table_refused("128 ", "0 = 32", "from 1");
	assert_table_refused("128 ", "128 = 0", "from 1");
	assert_table_refused("128 ", "128 = 0x40000001", "from 1");
	assert_table_refused("128 ", "some = 1", "from 1");
	assert_table_refused("8192 ", "1024 = 10", "there already");
	assert_table_refused("total_bytes", "total_bytes = 0x140001", "add up to 1310720");
	assert_table_refused("name", "titel = sof", "no key titel");
}

static void a_table_without_bundles_is_refused(void **state)
{
	static const char text[] = "[table]\nname = none\ntotal_bytes = 0\n";
	struct board_error error;
	struct board_table table;

	(void)state;
	write_scratch(text, sizeof(text) - 1);
	assert_int_equal(board_table_load(scratch_file, &table, &error), -1);
	assert_non_null(strstr(error.what, "no bundle"));
}

static void more_bundles_than_fit_are_refused(void **state)
{
	struct board_error error;
	struct board_table table;
	FILE *file = fopen(scratch_file, "w");

	(void)state;
	assert_non_null(file);
	fputs("[table]\nname = many\ntotal_bytes = 1\n[bundles]\n", file);
	for (unsigned int i = 1; i <= BOARD_BUNDLES_MAX + 1; i++)
		fprintf(file, "%u = 1\n", i);
	fclose(file);
	assert_int_equal(board_table_load(scratch_file, &table, &error), -1);
	assert_int_equal(error.line, 4 + BOARD_BUNDLES_MAX + 1);
}

static void an_error_is_printed_with_file_and_line(void **state)
{
	struct board_error error = { .file = "b.ini", .line = 7, .what = "wrong" };
	char text[64] = "";
	FILE *stream = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(stream);
	board_error_print(stream, &error);
	error.line = 0;
	board_error_print(stream, &error);
	fclose(stream);
	assert_string_equal(text, "b.ini:7: wrong\nb.ini: wrong\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_six_boards_have_the_memory_that_is_known),
		cmocka_unit_test(what_all_six_have_in_common_is_read),
		cmocka_unit_test(a_split_that_does_not_work_out_is_negative_and_does_not_wrap),
		cmocka_unit_test(the_block_tables_add_up),
		cmocka_unit_test(a_path_is_read_as_it_is),
		cmocka_unit_test(a_board_that_is_nowhere_is_named),
		cmocka_unit_test(impossible_boards_are_refused_at_the_line_to_change),
		cmocka_unit_test(windows_that_are_too_small_or_wrap_are_refused),
		cmocka_unit_test(a_window_of_just_the_memory_is_taken),
		cmocka_unit_test(values_of_the_wrong_form_are_refused),
		cmocka_unit_test(lines_that_do_not_belong_are_refused),
		cmocka_unit_test(a_section_that_is_not_known_is_refused_at_its_first_key),
		cmocka_unit_test(a_syntax_error_goes_before_what_comes_after_it),
		cmocka_unit_test(a_missing_key_is_named_with_its_section),
		cmocka_unit_test(lines_that_are_too_long_are_refused),
		cmocka_unit_test(tables_that_are_wrong_are_refused),
		cmocka_unit_test(a_table_without_bundles_is_refused),
		cmocka_unit_test(more_bundles_than_fit_are_refused),
		cmocka_unit_test(an_error_is_printed_with_file_and_line),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
