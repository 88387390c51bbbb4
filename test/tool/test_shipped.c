/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The field's acceptance pattern, 20 pipelines started and stopped in random order again and again, on
 * every topology there is: ours, and shipped ones where a folder beside the sources has them.
 */
#define _GNU_SOURCE

#include "program.h"

#include <glob.h>

#define OWN     QUIRE_BINARY_DIR "/example/topologies/*.tplg"
#define SHIPPED QUIRE_SOURCE_DIR "/../shared/data/topologies/*.tplg"

#define CHURN "--schedule=churn --streams=20 --cycles=1000"

static void assert_fits(const char *options, const char *path)
{
	char line[1024];
	struct said said;

	snprintf(line, sizeof(line), "run --fast --quiet %s %s", options, path);
	said = program_run(line);
	if (said.status != 0)
		print_error("%s\n%s%s", path, said.out, said.err);
	assert_int_equal(said.status, 0);
	said_free(&said);
}

static void assert_all_fit(const char *options)
{
	glob_t files;

	assert_int_equal(glob(OWN, 0, NULL, &files), 0);
	glob(SHIPPED, GLOB_APPEND, NULL, &files);
	assert_true(files.gl_pathc >= 3);
	for (size_t i = 0; i < files.gl_pathc; i++)
		assert_fits(options, files.gl_pathv[i]);
	globfree(&files);
}

static void churn_leaves_nothing_behind_and_fails_nowhere(void **state)
{
	(void)state;
	assert_all_fit("--board=mtl " CHURN);
}

static void churn_with_regions_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_all_fit("--board=ptl " CHURN);
	assert_all_fit("--board=nvls --regions=module --schedule=churn --streams=20 --cycles=200");
	assert_all_fit("--board=lnl --regions=pipeline --schedule=churn --streams=20 --cycles=200");
}

static void every_stream_can_be_prepared_again(void **state)
{
	(void)state;
	assert_all_fit("--schedule=sequence");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(churn_leaves_nothing_behind_and_fails_nowhere),
		cmocka_unit_test(churn_with_regions_leaves_nothing_behind),
		cmocka_unit_test(every_stream_can_be_prepared_again),
	};

	return cmocka_run_group_tests_name("all topologies", tests, NULL, NULL);
}
