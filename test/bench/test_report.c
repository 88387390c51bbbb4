/* SPDX-License-Identifier: BSD-3-Clause */
/* What the benchmark says of a quick run: JSON that has everything, and a picture that is XML. */
#include "support/test.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BENCH QUIRE_BINARY_DIR "/bench"
#define DEPTH 16

static char *all_of(FILE *file)
{
	char *text = NULL;
	size_t bytes = 0;

	assert_non_null(file);
	if (getdelim(&text, &bytes, '\0', file) < 0)
		fail();
	return text;
}

/* What the program prints; it must succeed. */
static char *output_of(const char *arguments)
{
	char command[1024];
	FILE *pipe;
	char *text;

	snprintf(command, sizeof(command), "%s %s", BENCH, arguments);
	pipe = popen(command, "r");
	text = all_of(pipe);
	assert_int_equal(pclose(pipe), 0);
	return text;
}

static cJSON *json_of(const char *arguments)
{
	char *text = output_of(arguments);
	cJSON *root = cJSON_Parse(text);

	assert_non_null(root);
	free(text);
	return root;
}

static const char *string_in(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

static double number_in(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static const cJSON *row_of(const cJSON *root, const char *workload, const char *name)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(root, "rows"))
	{
		if (!strcmp(string_in(row, "workload"), workload) &&
		    !strcmp(string_in(row, "row"), name))
			return row;
	}
	fail_msg("no row %s of %s", name, workload);
	return NULL;
}

static const cJSON *facts_of(const cJSON *root, const char *workload, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(row_of(root, workload, name), "facts");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void every_peer_has_a_row_with_a_time_and_a_ratio(void **state)
{
	cJSON *root = json_of("--quick --json -w heap-512K");
	const cJSON *peers = cJSON_GetObjectItemCaseSensitive(root, "peers");
	const cJSON *peer;
	int compared = 0;

	(void)state;
	assert_string_equal(string_in(cJSON_GetArrayItem(peers, 0), "name"), "nothing");
	assert_string_equal(string_in(cJSON_GetArrayItem(peers, 1), "name"), "Quire");
	cJSON_ArrayForEach(peer, peers)
	{
		const char *who = string_in(peer, "name");
		char name[64];
		const cJSON *row;

		if (!strcmp(who, "list")) /* for blocks only */
			continue;
		snprintf(name, sizeof(name), "any size, %s", who);
		row = row_of(root, "heap-512K", name);
		assert_true(number_in(cJSON_GetObjectItem(row, "figure"), "median") > 0);
		assert_string_equal(string_in(cJSON_GetObjectItem(row, "facts"), "peer"), who);
		assert_true(number_in(cJSON_GetObjectItem(row, "facts"), "p9999_ns_alloc") >= 0);
		if (compared++ >= 2)
			assert_true(number_in(cJSON_GetObjectItem(row, "facts"),
					      "quire_to_it_gross") > 0);
	}
	assert_true(compared >= 4); /* nothing, Quire, bestfit and glibc are always there */
	cJSON_Delete(root);
}

static void quire_uses_of_pages_what_exact_best_fit_uses(void **state)
{
	cJSON *root = json_of("--quick --exact --json -w pages-1024");
	static const char *const loads[] = { "log-uniform", "uniform" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char name[64];
		double quire, best;

		snprintf(name, sizeof(name), "%s, Quire", loads[i]);
		quire = number_in(facts_of(root, "pages-1024", name), "usable_aged");
		snprintf(name, sizeof(name), "%s, bestfit", loads[i]);
		best = number_in(facts_of(root, "pages-1024", name), "usable_aged");
		assert_true(quire > best - 0.001 && quire < 1 && best < 1);
	}
	cJSON_Delete(root);
}

static void a_run_without_peers_has_only_quire_and_nothing(void **state)
{
	cJSON *root = json_of("--quick --no-peers --json -w bundle");

	(void)state;
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "peers")), 2);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "rows")), 2);
	row_of(root, "bundle", "pop and push, Quire");
	cJSON_Delete(root);
}

static void goals_that_were_not_measured_are_unknown(void **state)
{
	cJSON *root = json_of("--quick --exact --no-peers --json -w metadata");
	const cJSON *goal;
	int reached = 0;

	(void)state;
	cJSON_ArrayForEach(goal, cJSON_GetObjectItemCaseSensitive(root, "goals"))
	{
		if (strstr(string_in(goal, "goal"), "metadata at most"))
			reached += !strcmp(string_in(goal, "verdict"), "reached");
		else
			assert_string_equal(string_in(goal, "verdict"), "unknown");
	}
	assert_int_equal(reached, 1);
	cJSON_Delete(root);
}

/* ---- the picture ----------------------------------------------------------------------------- */

static const char *after_name(const char *at)
{
	assert_true(isalpha((unsigned char)*at));
	while (isalnum((unsigned char)*at) || *at == '-')
		at++;
	return at;
}

/* name="value" ..., up to > or /> */
static const char *after_attributes(const char *at)
{
	while (isspace((unsigned char)*at)) {
		at += strspn(at, " \n");
		if (!isalpha((unsigned char)*at))
			break;
		at = after_name(at);
		assert_true(at[0] == '=' && at[1] == '"');
		at += 2;
		at += strcspn(at, "\"<");
		assert_int_equal(*at, '"');
		at++;
	}
	return at;
}

/* Every tag is closed in its turn, attributes are quoted, and there is one root. */
static void check_xml(const char *at)
{
	const char *open[DEPTH];
	size_t depth = 0, roots = 0;

	while ((at = strchr(at, '<'))) {
		const char *name = ++at;

		if (*at == '/') {
			const char *end = after_name(++name);
			size_t length = (size_t)(end - name);

			assert_true(depth > 0 && *end == '>');
			assert_memory_equal(open[--depth], name, length);
			continue;
		}
		at = after_attributes(after_name(at));
		roots += !depth;
		assert_true(depth < DEPTH);
		if (*at == '>')
			open[depth++] = name;
		else
			assert_memory_equal(at, "/>", 2);
	}
	assert_int_equal(depth, 0);
	assert_int_equal(roots, 1);
}

static void the_picture_is_xml_with_a_mark_for_everyone(void **state)
{
	char path[] = "/tmp/quire-bench-XXXXXX";
	int fd = mkstemp(path);
	char arguments[128];
	char *printed, *picture;
	FILE *file;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(arguments, sizeof(arguments), "--quick -w heap-512K --svg %s", path);
	printed = output_of(arguments);
	file = fopen(path, "r");
	picture = all_of(file);
	check_xml(picture);
	assert_non_null(strstr(picture, ">heap-512K<"));
	assert_non_null(strstr(picture, ">Quire<"));
	assert_non_null(strstr(picture, ">glibc<"));
	fclose(file);
	unlink(path);
	free(picture);
	free(printed);
}

static void the_document_has_goals_and_every_peer(void **state)
{
	char *document = output_of("--quick --markdown -w heap-512K");

	(void)state;
	assert_non_null(strstr(document, "\n## Goals\n"));
	assert_non_null(strstr(document, "\n## heap-512K\n"));
	assert_non_null(strstr(document, "\n| any size, glibc |"));
	assert_null(strstr(document, "nan"));
	free(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_peer_has_a_row_with_a_time_and_a_ratio),
		cmocka_unit_test(quire_uses_of_pages_what_exact_best_fit_uses),
		cmocka_unit_test(a_run_without_peers_has_only_quire_and_nothing),
		cmocka_unit_test(goals_that_were_not_measured_are_unknown),
		cmocka_unit_test(the_picture_is_xml_with_a_mark_for_everyone),
		cmocka_unit_test(the_document_has_goals_and_every_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
