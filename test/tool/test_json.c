/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quire run --json: it parses, the fields are there, and they agree with each other.
 */
#define _GNU_SOURCE

#include "program.h"

#include <cjson/cJSON.h>

static cJSON *json_of(const char *line, int status)
{
	struct said said = program_run(line);
	cJSON *root = cJSON_ParseWithOpts(said.out, NULL, true);

	assert_int_equal(said.status, status);
	assert_non_null(root);
	said_free(&said);
	return root;
}

static double number(const cJSON *object, const char *name)
{
	const cJSON *field = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsNumber(field))
		fail_msg("%s is missing or no number", name);
	return field->valuedouble;
}

static const cJSON *part(const cJSON *object, const char *name)
{
	const cJSON *field = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!field)
		fail_msg("%s is missing", name);
	return field;
}

static const char *const amounts[] = {
	"allocations", "buffers", "buffer_bytes", "object_bytes", "region_bytes",
};

static void the_card_and_its_parts_are_told(void **state)
{
	cJSON *root = json_of("run --fast --json " LAPTOP, 0);
	const cJSON *pipelines = part(root, "per_pipeline"), *pipeline;

	(void)state;
	assert_string_equal(part(root, "file")->valuestring, LAPTOP);
	assert_int_equal((int)number(root, "ipc"), 4);
	assert_int_equal(cJSON_GetArraySize(pipelines), (int)number(root, "pipelines"));
	assert_int_equal(cJSON_GetArraySize(part(root, "per_stream")),
			 (int)number(root, "streams"));
	assert_true(number(root, "modules") > number(root, "pipelines"));
	for (size_t i = 0; i < TEST_COUNT(amounts); i++) {
		double sum = 0;

		cJSON_ArrayForEach(pipeline, pipelines) sum += number(pipeline, amounts[i]);
		assert_int_equal((long)sum, (long)number(root, amounts[i]));
	}
	assert_int_equal((long)(number(root, "buffers") + number(root, "objects")),
			 (long)number(root, "allocations"));
	assert_true(cJSON_IsTrue(part(root, "fits")));
	cJSON_Delete(root);
}

static void each_set_up_is_told(void **state)
{
	static const char *const names[] = { "table", "classic", "elastic" };
	cJSON *root = json_of("run --fast --json " LAPTOP, 0);
	double there_are = number(part(root, "board"), "pages");

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		const cJSON *setup = part(part(root, "setups"), names[i]);

		assert_true(number(setup, "pages_now") > 0);
		assert_true(number(setup, "pages_now") <= number(setup, "pages_peak"));
		assert_true(number(setup, "pages_peak") <= there_are);
		assert_true(number(setup, "banks_on") <= number(part(root, "board"), "banks"));
		assert_true(number(setup, "largest_free") > 0);
		assert_int_equal((int)number(setup, "failures"), 0);
		assert_int_equal((int)number(setup, "leaks"), 0);
		assert_int_equal((int)number(setup, "corruptions"), 0);
		assert_int_equal((long)number(setup, "allocations"),
				 (long)number(root, "allocations"));
	}
	cJSON_Delete(root);
}

static void what_was_refused_is_told_with_its_reason(void **state)
{
	cJSON *root = json_of("run --fast --json --image=2520 " LAPTOP, 1);
	const cJSON *setup = part(part(root, "setups"), "elastic");
	const cJSON *list = part(setup, "failure_list"), *failure;

	(void)state;
	assert_true(cJSON_IsFalse(part(root, "fits")));
	assert_true(number(setup, "failures") > 0);
	assert_true(cJSON_GetArraySize(list) > 0);
	cJSON_ArrayForEach(failure, list)
	{
		assert_int_equal(strncmp(part(failure, "why")->valuestring, "QUIRE_E", 7), 0);
		assert_true(number(failure, "times") > 0);
		assert_true(number(failure, "bytes") > 0);
	}
	cJSON_Delete(root);
}

static void regions_are_compared(void **state)
{
	static const char *const names[] = { "none", "dp", "module", "pipeline" };
	cJSON *root = json_of("run --fast --json --board=ptl --regions=all " EXAMPLE("dp"), 0);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		const cJSON *setup = part(part(root, "by_regions"), names[i]);

		assert_string_equal(part(setup, "regions_for")->valuestring, names[i]);
		assert_int_equal((int)number(setup, "failures"), 0);
		assert_true((number(setup, "regions") > 0) == (i > 0));
	}
	cJSON_Delete(root);
}

static void the_table_needs_more_memory_than_the_elastic_heap(void **state)
{
	cJSON *root = json_of("run --json --schedule=churn --cycles=100 " LAPTOP, 0);
	const cJSON *setups = part(root, "setups");

	(void)state;
	assert_true(number(part(setups, "elastic"), "smallest_pages") <
		    number(part(setups, "table"), "smallest_pages"));
	assert_true(number(part(setups, "elastic"), "smallest_pages") <=
		    number(part(setups, "classic"), "smallest_pages"));
	cJSON_Delete(root);
}

static const cJSON *elastic_in(const cJSON *root)
{
	return part(part(root, "setups"), "elastic");
}

static void evacuation_keeps_fewer_banks_on_for_the_share_of_moves_allowed(void **state)
{
	static const char line[] = "run --fast --json --board=ptl --regions=pipeline "
				   "--schedule=churn --streams=300 --cycles=3000 " EXAMPLE("dp");
	char evacuating[sizeof(line) + 16];
	cJSON *plain = json_of(line, 0), *moved;

	(void)state;
	snprintf(evacuating, sizeof(evacuating), "%s --evacuate=5", line);
	moved = json_of(evacuating, 0);
	assert_int_equal(number(elastic_in(plain), "pages_moved"), 0);
	assert_true(number(elastic_in(moved), "pages_moved") > 0);
	assert_true(number(elastic_in(moved), "pages_moved") <=
		    number(elastic_in(moved), "pages_mapped") * 0.05);
	assert_true(number(elastic_in(moved), "banks_mean") <
		    number(elastic_in(plain), "banks_mean") * 0.97);
	assert_int_equal(number(elastic_in(moved), "corruptions"), 0);
	cJSON_Delete(plain);
	cJSON_Delete(moved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_card_and_its_parts_are_told),
		cmocka_unit_test(each_set_up_is_told),
		cmocka_unit_test(what_was_refused_is_told_with_its_reason),
		cmocka_unit_test(regions_are_compared),
		cmocka_unit_test(the_table_needs_more_memory_than_the_elastic_heap),
		cmocka_unit_test(evacuation_keeps_fewer_banks_on_for_the_share_of_moves_allowed),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
