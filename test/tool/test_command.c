/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program as its users meet it: exit statuses, messages, and output that cannot be written.
 */
#define _GNU_SOURCE

#include "program.h"

static void expect(const char *line, int status, const char *out, const char *err)
{
	struct said said = program_run(line);

	if (said.status != status || !strstr(said.out, out) || !strstr(said.err, err))
		print_error("quire %s: exit %d\n%s\n%s\n", line, said.status, said.out, said.err);
	assert_int_equal(said.status, status);
	assert_non_null(strstr(said.out, out));
	assert_non_null(strstr(said.err, err));
	said_free(&said);
}

static void help_names_the_commands_and_their_options(void **state)
{
	(void)state;
	expect("--help", 0, "run ", "");
	expect("--version", 0, "quire ", "");
	expect("run --help", 0, "--schedule", "");
}

static void what_is_not_understood_is_bad_input(void **state)
{
	(void)state;
	expect("", 2, "", "which command");
	expect("sing", 2, "", "'sing'");
	expect("--loud", 2, "", "--loud");
	expect("run", 2, "", "which topology");
	expect("run --loud " LAPTOP, 2, "", "--loud");
	expect("run --schedule=never " LAPTOP, 2, "", "'never'");
	expect("run --regions=some " LAPTOP, 2, "", "'some'");
	expect("run --dma=moon " LAPTOP, 2, "", "'moon'");
	expect("run --rate=fast " LAPTOP, 2, "", "'fast'");
	expect("run --rate=-1 " LAPTOP, 2, "", "'-1'");
	expect("run --rate=0 " LAPTOP, 2, "", "'0'");
	expect("run --cycles=99999999999999999999 " LAPTOP, 2, "", "--cycles");
	expect("run --rate=Nosuch=48000 " LAPTOP, 2, "", "'Nosuch'");
	expect("run --board=nosuch " LAPTOP, 2, "", "nosuch");
	expect("run --table=nosuch " LAPTOP, 2, "", "nosuch");
	expect("run --evacuate=0 " LAPTOP, 2, "", "--evacuate");
	expect("run --evacuate=101 " LAPTOP, 2, "", "--evacuate");
	expect("run --image=2816 " LAPTOP, 2, "", "--image");
	expect("run /nowhere/at/all.tplg", 2, "", "/nowhere/at/all.tplg");
}

static void a_file_that_is_no_topology_is_named_with_an_offset(void **state)
{
	(void)state;
	expect("run " PROGRAM, 2, "", PROGRAM ": 0x");
	expect("run " QUIRE_SOURCE_DIR "/LICENSE", 2, "", "LICENSE: 0x");
}

static void a_truncated_topology_is_bad_input(void **state)
{
	char path[] = "/tmp/quire-test-XXXXXX", line[64];
	int file = mkstemp(path);
	FILE *whole = fopen(LAPTOP, "r");
	char half[1000];

	(void)state;
	assert_true(file >= 0 && whole);
	assert_int_equal(fread(half, 1, sizeof(half), whole), sizeof(half));
	assert_int_equal(write(file, half, sizeof(half)), sizeof(half));
	close(file);
	fclose(whole);
	snprintf(line, sizeof(line), "run %s", path);
	expect(line, 2, "", path);
	unlink(path);
}

static void the_laptop_fits_its_board(void **state)
{
	(void)state;
	expect("run --fast " LAPTOP, 0, "It fits", "");
	expect("run --board=mtl --quiet " LAPTOP, 0, "It fits", "");
}

static void a_board_that_is_too_small_does_not_fit(void **state)
{
	(void)state;
	expect("run --fast --image=2520 " LAPTOP, 1, "It does not fit", "");
	expect("run --fast --image=2520 " LAPTOP, 1, "held:", "");
}

static void the_least_memory_of_each_set_up_is_found(void **state)
{
	(void)state;
	expect("run " EXAMPLE("headset"), 0, "least memory that would do", "");
}

static void four_choices_of_regions_stand_side_by_side(void **state)
{
	(void)state;
	expect("run --fast --board=ptl --regions=all " EXAMPLE("dp"), 0, "pipeline\n", "");
}

static void a_format_that_is_not_offered_is_pointed_out(void **state)
{
	(void)state;
	expect("run --fast --rate=0=11025 " LAPTOP, 0, "NOT AS ASKED", "");
	expect("run --fast --rate=0=48000 " LAPTOP, 0, "as asked\n", "");
}

static void every_file_of_a_card_is_read(void **state)
{
	(void)state;
	expect("run --fast " LAPTOP " " EXAMPLE("headset"), 0, "headset.tplg", "");
	expect("run --fast " LAPTOP " " EXAMPLE("classic-ipc3"), 2, "", ".tplg");
}

/* ---- output that cannot be written ------------------------------------------------------------ */

static void expect_lost(int out, const char *line, const char *err)
{
	struct said said = program_run_to(out, line);

	assert_int_equal(said.status, 2);
	assert_non_null(strstr(said.err, err));
	said_free(&said);
}

static void a_full_disk_is_noticed(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(full >= 0);
	expect_lost(full, "--help", "No space left");
	expect_lost(full, "run --help", "No space left");
	expect_lost(full, "run --fast " LAPTOP, "No space left");
	expect_lost(full, "run --fast --quiet " LAPTOP, "No space left");
	expect_lost(full, "run --fast --json " LAPTOP, "No space left");
	expect_lost(-1, "run --fast --trace /dev/full " LAPTOP, "the trace is not complete");
	expect_lost(-1, "run --fast --trace /nowhere/at/all " LAPTOP, "/nowhere/at/all");
	close(full);
}

static void a_closed_pipe_is_noticed(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	expect_lost(ends[1], "run --fast " LAPTOP, "Broken pipe");
	expect_lost(ends[1], "run --fast --json " LAPTOP, "Broken pipe");
	close(ends[1]);
}

/* ---- form ------------------------------------------------------------------------------------- */

static void assert_same_output(const char *one, const char *other, bool same)
{
	struct said left = program_run(one), right = program_run(other);

	assert_int_equal(left.status, 0);
	assert_int_equal(right.status, 0);
	if (same)
		assert_string_equal(left.out, right.out);
	else
		assert_string_not_equal(left.out, right.out);
	said_free(&left);
	said_free(&right);
}

static void the_same_seed_gives_the_same_output(void **state)
{
	static const char churn[] =
		"run --fast --schedule=churn --streams=20 --cycles=200 --seed=7 " LAPTOP;

	(void)state;
	assert_same_output(churn, churn, true);
	assert_same_output(churn,
			   "run --fast --schedule=churn --streams=20 --cycles=200 --seed=8 " LAPTOP,
			   false);
}

static void assert_narrow(const char *line)
{
	struct said said = program_run(line);
	char *rest = said.out, *row;

	while ((row = strsep(&rest, "\n")))
		if (strlen(row) > 100 && !strstr(row, "  topology  "))
			fail_msg("%zu columns: %s", strlen(row), row);
	said_free(&said);
}

static void no_line_is_wider_than_100_columns(void **state)
{
	(void)state;
	assert_narrow("run --fast --rate=0=11025 " LAPTOP);
	assert_narrow("run --fast --image=2520 " LAPTOP);
	assert_narrow("run --fast --board=ptl --verbose --regions=all --schedule=churn "
		      "--cycles=300 " EXAMPLE("dp"));
}

static void quiet_says_the_verdict_only(void **state)
{
	struct said said = program_run("run --quiet " LAPTOP);

	(void)state;
	assert_int_equal(strncmp(said.out, "It fits", 7), 0);
	assert_true(strlen(said.out) < 250);
	assert_string_equal(said.err, "");
	said_free(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_names_the_commands_and_their_options),
		cmocka_unit_test(what_is_not_understood_is_bad_input),
		cmocka_unit_test(a_file_that_is_no_topology_is_named_with_an_offset),
		cmocka_unit_test(a_truncated_topology_is_bad_input),
		cmocka_unit_test(the_laptop_fits_its_board),
		cmocka_unit_test(a_board_that_is_too_small_does_not_fit),
		cmocka_unit_test(the_least_memory_of_each_set_up_is_found),
		cmocka_unit_test(four_choices_of_regions_stand_side_by_side),
		cmocka_unit_test(a_format_that_is_not_offered_is_pointed_out),
		cmocka_unit_test(every_file_of_a_card_is_read),
		cmocka_unit_test(a_full_disk_is_noticed),
		cmocka_unit_test(a_closed_pipe_is_noticed),
		cmocka_unit_test(the_same_seed_gives_the_same_output),
		cmocka_unit_test(no_line_is_wider_than_100_columns),
		cmocka_unit_test(quiet_says_the_verdict_only),
	};

	return cmocka_run_group_tests_name("the program", tests, NULL, NULL);
}
