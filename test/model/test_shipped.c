/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Topologies that laptops ship with, where a folder beside the sources has them: what they ask for
 * lies within what is known of real topologies, and every policy lives through the field's pattern.
 * Without them, and for our own examples, only the second.
 */
#include <glob.h>

#include "model/schedule.h"

#include "recorder.h"

#define SHIPPED QUIRE_SOURCE_DIR "/../shared/data/topologies/*.tplg"
#define OWN     QUIRE_BINARY_DIR "/example/topologies/*.tplg"

static void each_file(const char *pattern, void (*look)(const struct topology *, const char *))
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		skip();
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		struct topology *topology;
		struct topology_error error;

		if (topology_load(&path, 1, &topology, &error) != 0)
			fail_msg("%s: %s", path, error.what);
		look(topology, path);
		topology_free(topology);
	}
	globfree(&found);
}

/* Known of 573 files: 60 to 519 allocations, at most 168 KB of buffers in 41 different sizes. */
static void look_at_demand(const struct topology *topology, const char *path)
{
	struct life_options options = LIFE_OPTIONS_DEFAULT;
	struct life_demand demand;

	assert_int_equal(life_demand(topology, &options, &demand), 0);
	print_message("%s: %zu allocations, %zu buffers of %zu sizes, %zu bytes (at least %zu), "
		      "objects %zu bytes\n",
		      path, demand.total.allocations, demand.total.buffers, demand.buffer_sizes,
		      demand.total.buffer_bytes, demand.total.buffer_min_bytes,
		      demand.total.object_bytes);
	assert_in_range(demand.total.allocations, 60, 519);
	assert_in_range(demand.total.buffer_bytes, 10000, 168 * 1024);
	assert_in_range(demand.buffer_sizes, 1, 41);
	life_demand_free(&demand);
}

static void churn(const struct topology *topology, const char *path)
{
	const struct schedule_options schedule = {
		.kind = SCHEDULE_CHURN, .streams = 20, .cycles = 100, .seed = 1
	};

	(void)path;
	for (unsigned int regions = 0; regions < LIFE_REGIONS_COUNT; regions++) {
		struct life_options options = LIFE_OPTIONS_DEFAULT;
		struct schedule_result result;
		struct recorder recorder;
		struct life *life;

		recorder_begin(&recorder);
		options.regions = (enum life_regions)regions;
		life = life_new(topology, &options, &recorder.performer);
		assert_non_null(life);
		assert_int_equal(schedule_run(life, &schedule, &result), 0);
		assert_nothing_left(&recorder);
		assert_int_equal(result.refused, 0);
		life_free(life);
		recorder_end(&recorder);
	}
}

static void shipped_topologies_ask_for_what_is_known_of_real_ones(void **state)
{
	(void)state;
	each_file(SHIPPED, look_at_demand);
}

static void twenty_streams_of_shipped_topologies_come_and_go(void **state)
{
	(void)state;
	each_file(SHIPPED, churn);
}

static void twenty_streams_of_our_own_topologies_come_and_go(void **state)
{
	(void)state;
	each_file(OWN, churn);
}

/* Tests for files that are not there are not registered. */
static size_t present(const char *pattern)
{
	glob_t found;
	size_t count = 0;

	if (glob(pattern, 0, NULL, &found) == 0)
		count = found.gl_pathc;
	globfree(&found);
	return count;
}

int main(void)
{
	const struct CMUnitTest shipped[] = {
		cmocka_unit_test(shipped_topologies_ask_for_what_is_known_of_real_ones),
		cmocka_unit_test(twenty_streams_of_shipped_topologies_come_and_go),
	};
	const struct CMUnitTest own[] = {
		cmocka_unit_test(twenty_streams_of_our_own_topologies_come_and_go),
	};
	int failed = 0;

	if (present(SHIPPED) > 0)
		failed += cmocka_run_group_tests(shipped, NULL, NULL);
	failed += cmocka_run_group_tests(own, NULL, NULL);
	return failed;
}
