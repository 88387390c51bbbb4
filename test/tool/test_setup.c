/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The set-ups by themselves: what each one does with the same few requests, and that what goes wrong is
 * noticed.
 */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "setup/pattern.h"
#include "setup/setup.h"

#define KIB ((size_t)1024)

static struct topology_module modules[] = { { .name = "one" }, { .name = "two" } };
static struct topology_pipeline pipelines[] = { { .name = "first" }, { .name = "second" } };
static char *files[] = { (char *)(uintptr_t) "none" };
static const struct topology topology = {
	.ipc = 4,
	.file_count = 1,
	.files = files,
	.modules = modules,
	.module_count = 2,
	.pipelines = pipelines,
	.pipeline_count = 2,
};

/* A board of so many KiB beside its image, and of 64 KiB system heap. */
static struct board board_of(size_t kib)
{
	return (struct board){
		.name = "test",
		.page_bytes = 4 * KIB,
		.cache_line_bytes = 64,
		.sram_bytes = 1024 * KIB,
		.bank_bytes = 128 * KIB,
		.cores = 1,
		.window_base = 0x40000000,
		.window_bytes = 4096 * KIB,
		.image_bytes = (1024 - kib) * KIB,
		.system_heap_bytes = 64 * KIB,
		.library_bytes = 0,
		.vpage_allocations = 2,
	};
}

static const struct board_table blocks = {
	.name = "three",
	.bundles = { { 4 * KIB, 2 }, { 32 * KIB, 2 } },
	.count = 2,
	.total_bytes = 72 * KIB,
};

/* A set-up under test, and what has been asked of it. */
struct bench {
	struct board board;
	struct setup *setup;
	uint32_t id;
};

static struct bench bench_open(enum setup_kind kind, size_t kib, size_t needed, size_t deep)
{
	struct bench bench = { .board = board_of(kib) };
	struct setup_options options = {
		.kind = kind,
		.board = &bench.board,
		.topology = &topology,
		.table = &blocks,
		.needed_pages = needed,
		.deep_pages = deep,
		.region_pages = 64,
	};
	struct setup_error error;

	bench.setup = setup_open(&options, &error);
	assert_non_null(bench.setup);
	return bench;
}

static bool act(struct bench *bench, const struct action *action)
{
	struct performer *performer = setup_performer(bench->setup);

	return performer->perform(performer, action);
}

static struct action range(uint32_t id, size_t min, size_t size)
{
	return (struct action){
		.kind = ACTION_ALLOC,
		.place = PLACE_VIRTUAL_HEAP,
		.purpose = PURPOSE_HOST_DMA,
		.id = id,
		.size = size,
		.min = min,
		.align = 64,
		.stream = TOPOLOGY_NONE,
	};
}

static bool ask_range(struct bench *bench, size_t min, size_t size)
{
	struct action action = range(++bench->id, min, size);

	action.step = min;
	return act(bench, &action);
}

static bool ask(struct bench *bench, size_t size)
{
	return ask_range(bench, size, size);
}

static void give_back(struct bench *bench, uint32_t id)
{
	struct action action = range(id, 1, 1);

	action.kind = ACTION_FREE;
	assert_true(act(bench, &action));
}

/* ---- the pattern ------------------------------------------------------------------------------ */

static void a_changed_byte_is_found_wherever_it_is(void **state)
{
	unsigned char memory[77];

	(void)state;
	for (size_t size = 1; size <= sizeof(memory); size++) {
		pattern_fill(memory, size, 5);
		assert_true(pattern_check(memory, size, 5) == PATTERN_INTACT);
		for (size_t i = 0; i < size; i++) {
			memory[i] ^= 1;
			assert_int_equal(pattern_check(memory, size, 5), i);
			memory[i] ^= 1;
		}
	}
}

static void nobody_has_anothers_pattern_nor_his_own_at_another_place(void **state)
{
	unsigned char memory[64 * KIB];

	(void)state;
	pattern_fill(memory, sizeof(memory), 7);
	for (uint32_t owner = 0; owner < 1000; owner++)
		assert_int_equal(pattern_check(memory, 64, owner) == PATTERN_INTACT, owner == 7);
	for (size_t offset = 64; offset < sizeof(memory); offset += 64)
		assert_true(pattern_check(memory + offset, 64, 7) != PATTERN_INTACT);
}

/* ---- two greedy requests ------------------------------------------------------------------------ */

static void a_classic_heap_lets_the_first_take_everything(void **state)
{
	struct bench bench = bench_open(SETUP_CLASSIC, 96, 0, 0);
	struct figures figures;

	(void)state;
	assert_true(ask_range(&bench, 16 * KIB, 128 * KIB));
	assert_false(ask_range(&bench, 16 * KIB, 128 * KIB));
	give_back(&bench, 1);
	figures = setup_close(bench.setup);
	assert_int_equal(figures.range_granted, 96 * KIB);
	assert_int_equal(figures.allocations_refused, 1);
	assert_false(figures_fit(&figures));
	figures_fini(&figures);
}

static void the_elastic_heap_keeps_the_minimum_of_the_second(void **state)
{
	struct bench bench = bench_open(SETUP_ELASTIC, 96, 0, 8);
	struct figures figures;

	(void)state;
	assert_true(ask_range(&bench, 16 * KIB, 128 * KIB));
	assert_true(ask_range(&bench, 16 * KIB, 128 * KIB));
	give_back(&bench, 2);
	give_back(&bench, 1);
	figures = setup_close(bench.setup);
	assert_int_equal(figures.ranges[0].most, 80 * KIB);
	assert_int_equal(figures.ranges[0].least, 16 * KIB);
	assert_true(figures_fit(&figures));
	figures_fini(&figures);
}

static void a_deep_range_leaves_what_is_guaranteed_to_the_rest(void **state)
{
	struct bench bench = bench_open(SETUP_ELASTIC, 96, 10, 4);
	struct figures figures;

	(void)state;
	assert_true(ask_range(&bench, 16 * KIB, 128 * KIB));
	assert_true(ask(&bench, 40 * KIB));
	give_back(&bench, 1);
	give_back(&bench, 2);
	figures = setup_close(bench.setup);
	assert_int_equal(figures.ranges[0].most, 48 * KIB); /* of 56, in steps of 16 */
	assert_true(figures_fit(&figures));
	figures_fini(&figures);
}

/* ---- today's firmware --------------------------------------------------------------------------- */

static void the_table_tries_one_size_after_the_other(void **state)
{
	struct bench bench = bench_open(SETUP_TABLE, 512, 0, 0);
	struct figures figures;

	(void)state;
	assert_true(ask_range(&bench, 8 * KIB, 64 * KIB));
	give_back(&bench, 1);
	figures = setup_close(bench.setup);
	assert_int_equal(figures.range_tries, 5); /* 64 56 48 40 32 */
	assert_int_equal(figures.range_granted, 32 * KIB);
	figures_fini(&figures);
}

static void a_full_block_size_spills_into_the_next(void **state)
{
	struct bench bench = bench_open(SETUP_TABLE, 512, 0, 0);
	struct figures figures;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(ask(&bench, 3 * KIB));
	assert_false(ask(&bench, 3 * KIB));
	for (uint32_t id = 1; id <= 4; id++)
		give_back(&bench, id);
	figures = setup_close(bench.setup);
	assert_int_equal(figures.account.total.asked.peak, 12 * KIB);
	assert_int_equal(figures.account.total.addresses.peak, 72 * KIB);
	assert_int_equal(figures.blocks[0].exhausted, 3);
	figures_fini(&figures);
}

/* ---- what goes wrong ---------------------------------------------------------------------------- */

/* Where an owner's pattern begins, in writable mappings of this process between two addresses. */
static unsigned char *find_pattern(uint32_t owner, size_t from, size_t to)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned char *found = NULL;
	char line[512], access[8];
	size_t begin, end;

	assert_non_null(maps);
	while (!found && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%zx-%zx %7s", &begin, &end, access) != 3 || access[1] != 'w')
			continue;
		if (begin < from || end > to)
			continue;
		for (size_t at = begin; at < end && !found; at += 64)
			if (pattern_check((void *)at, 64, owner) == PATTERN_INTACT)
				found = (void *)at;
	}
	fclose(maps);
	return found;
}

static void a_changed_byte_is_reported_as_corruption(void **state)
{
	struct bench bench = bench_open(SETUP_ELASTIC, 512, 8, 0);
	size_t base = bench.board.window_base;
	struct figures figures;
	unsigned char *mine;

	(void)state;
	assert_true(ask(&bench, 1000));
	mine = find_pattern(1, base, base + bench.board.window_bytes);
	assert_non_null(mine);
	mine[999] ^= 1;
	give_back(&bench, 1);
	figures = setup_close(bench.setup);
	assert_int_equal(figures.corruptions, 1);
	assert_non_null(strstr(figures.complaint, "byte 999"));
	assert_false(figures_fit(&figures));
	figures_fini(&figures);
}

static void what_is_not_given_back_is_a_leak(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < SETUP_KIND_COUNT; kind++) {
		struct bench bench = bench_open((enum setup_kind)kind, 512, 8, 0);
		struct figures figures;

		assert_true(ask(&bench, 1000));
		assert_true(ask(&bench, 1000));
		give_back(&bench, 1);
		figures = setup_close(bench.setup);
		assert_int_equal(figures.leaks, 1);
		assert_true(figures.leaked_bytes >= 1000);
		assert_int_equal(figures.corruptions, 0);
		assert_false(figures_fit(&figures));
		figures_fini(&figures);
	}
}

static void a_refusal_names_who_held_the_memory(void **state)
{
	struct bench bench = bench_open(SETUP_ELASTIC, 96, 8, 0);
	struct action big = range(100, 70 * KIB, 70 * KIB);
	struct figures figures;

	(void)state;
	big.pipeline = 1;
	big.module = 1;
	assert_true(act(&bench, &big));
	assert_true(ask(&bench, 4 * KIB));
	assert_false(ask(&bench, 30 * KIB));
	give_back(&bench, 100);
	give_back(&bench, 1);
	figures = setup_close(bench.setup);
	assert_int_equal(figures.failure_count, 1);
	assert_int_equal(figures.failures[0].holder_count, 2);
	assert_int_equal(figures.failures[0].holders[0].module, 1);
	assert_true(figures.failures[0].holders[0].bytes >= 70 * KIB);
	figures_fini(&figures);
}

/* ---- regions ------------------------------------------------------------------------------------ */

static struct action region(enum action_kind kind, uint32_t number, size_t size)
{
	struct action action = range(0, size, size);

	action.kind = kind;
	action.region = number;
	action.lifetime = size / 2;
	return action;
}

static void use_region(struct bench *bench)
{
	struct action create = region(ACTION_REGION_CREATE, 1, 28 * KIB);
	struct action seal = region(ACTION_REGION_SEAL, 1, 0);
	struct action put = region(ACTION_REGION_PUT, 1, 0);
	struct action lasting = range(++bench->id, 3000, 3000);
	struct action passing = range(++bench->id, 5000, 5000);

	lasting.place = PLACE_LIFETIME;
	passing.place = PLACE_INTERIM;
	lasting.region = passing.region = 1;
	assert_true(act(bench, &create));
	assert_true(act(bench, &lasting));
	act(bench, &seal);
	assert_true(act(bench, &passing));
	give_back(bench, passing.id);
	act(bench, &put);
}

static void a_region_takes_with_it_what_is_left_in_it(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < SETUP_KIND_COUNT; kind++) {
		struct bench bench = bench_open((enum setup_kind)kind, 512, 8, 0);
		struct figures figures;

		use_region(&bench);
		figures = setup_close(bench.setup);
		assert_true(figures_fit(&figures));
		assert_int_equal(figures.regions, 1);
		assert_int_equal(figures.account.total.pages.now, 0);
		assert_int_equal(figures.account.total.addresses.now, 0);
		figures_fini(&figures);
	}
}

static void only_the_elastic_region_costs_what_is_used_of_it(void **state)
{
	static const size_t pages[] = {
		[SETUP_TABLE] = 7, [SETUP_CLASSIC] = 7, [SETUP_ELASTIC] = 3
	};

	(void)state;
	for (unsigned int kind = 0; kind < SETUP_KIND_COUNT; kind++) {
		struct bench bench = bench_open((enum setup_kind)kind, 512, 8, 0);
		struct figures figures;

		use_region(&bench);
		figures = setup_close(bench.setup);
		assert_int_equal(figures.account.pipeline[0].pages.peak, pages[kind]);
		figures_fini(&figures);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_byte_is_found_wherever_it_is),
		cmocka_unit_test(nobody_has_anothers_pattern_nor_his_own_at_another_place),
		cmocka_unit_test(a_classic_heap_lets_the_first_take_everything),
		cmocka_unit_test(the_elastic_heap_keeps_the_minimum_of_the_second),
		cmocka_unit_test(a_deep_range_leaves_what_is_guaranteed_to_the_rest),
		cmocka_unit_test(the_table_tries_one_size_after_the_other),
		cmocka_unit_test(a_full_block_size_spills_into_the_next),
		cmocka_unit_test(a_changed_byte_is_reported_as_corruption),
		cmocka_unit_test(what_is_not_given_back_is_a_leak),
		cmocka_unit_test(a_refusal_names_who_held_the_memory),
		cmocka_unit_test(a_region_takes_with_it_what_is_left_in_it),
		cmocka_unit_test(only_the_elastic_region_costs_what_is_used_of_it),
	};

	return cmocka_run_group_tests_name("set-ups", tests, NULL, NULL);
}
