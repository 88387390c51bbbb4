/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small heaps exhaustively: every state of elastic heaps of up to eight units and of tables of a few
 * blocks, spanning or not, with edges in shared pages, times every call with every argument, against the
 * model of support/heap_model.h: what fits and can be paid for must be served. In some worlds pages are
 * short, in one every call of the driver fails once.
 *
 * Without pages of one's own a state of an elastic heap is the layout of its live runs, of which n units
 * have F(2n + 1), F the numbers of Fibonacci (test_extent_worlds.c says why), and one of a table with
 * blocks up to a page is a set of blocks, of which there are 2^blocks.
 */
#include <stdlib.h>
#include <string.h>

#include "support/heap_model.h"
#include "support/worlds.h"

#define PAGE      64u
#define MOST_LIVE 16u

enum kind { REQUEST, TAKE_AT, RESIZE, FREE };

struct operation {
	enum kind kind;
	size_t index; /* of a live allocation, or bytes from the base */
	struct quire_request request;
	bool other;     /* paid by another budget */
	uint32_t fault; /* the n-th call of the driver fails; 0: none does */
};

struct small {
	struct test_space space;
	struct heap_model model;
	struct worlds worlds;
	struct quire_budget other;
	struct operation operation[4096];
};

/* ---- operations ------------------------------------------------------------------------------ */

static void add(struct small *small, struct operation operation)
{
	assert_true(small->worlds.operations < TEST_COUNT(small->operation));
	small->operation[small->worlds.operations++] = operation;
}

/* Sizes in whole granules, so that how much of its blocks an allocation uses is not part of a state. */
static void add_requests(struct small *small, size_t granule, size_t most, uint32_t flags,
			 bool other)
{
	for (size_t size = granule; size <= most + granule; size += granule) {
		for (size_t align = 1; align <= 2 * PAGE; align *= 2) {
			struct operation operation = {
				.request = { .size = size, .align = align, .flags = flags },
				.other = other
			};

			add(small, operation);
			for (size_t min = granule; align == 1 && min < size; min += granule) {
				operation.request.min = min;
				operation.request.step = granule;
				add(small, operation);
			}
			if (align < granule / 2)
				align = granule / 2;
		}
	}
}

static void add_places(struct small *small, size_t granule, size_t most)
{
	for (size_t offset = 0; offset < small->model.bytes; offset += granule / 2)
		for (size_t size = granule; size <= most; size += granule)
			add(small, (struct operation){ .kind = TAKE_AT,
						       .index = offset,
						       .request = { .size = size } });
}

static void add_changes(struct small *small, size_t lives, size_t granule, size_t most)
{
	for (size_t index = 0; index < lives; index++) {
		add(small, (struct operation){ .kind = FREE, .index = index });
		for (size_t size = granule; size <= most + granule; size += granule) {
			struct operation operation = { .kind = RESIZE,
						       .index = index,
						       .request = { .size = size, .min = size } };

			add(small, operation);
			operation.request.min = granule;
			add(small, operation);
		}
	}
}

static void add_faults(struct small *small, uint32_t most)
{
	size_t operations = small->worlds.operations;

	for (size_t i = 0; i < operations; i++) {
		for (uint32_t nth = 1; nth <= most; nth++) {
			struct operation operation = small->operation[i];

			operation.fault = nth;
			add(small, operation);
		}
	}
}

/* ---- states ---------------------------------------------------------------------------------- */

static void call(struct small *small, const struct operation *operation)
{
	struct heap_model *model = &small->model;
	struct quire_request request = operation->request;

	if (operation->other)
		request.budget = &small->other;
	if (operation->kind == REQUEST)
		heap_model_request(model, &request);
	else if (operation->kind == TAKE_AT)
		heap_model_alloc_at(model, model->base + operation->index, request.size);
	else if (operation->index >= model->count)
		return;
	else if (operation->kind == RESIZE)
		heap_model_resize(model, operation->index, request.min, request.size);
	else
		heap_model_free(model, operation->index);
}

static void act(void *context, size_t number)
{
	struct small *small = context;
	const struct operation *operation = &small->operation[number];

	if (operation->fault)
		test_mmu_fail(&small->space.mmu, TEST_ANY, operation->fault, false);
	call(small, operation);
	test_mmu_heal(&small->space.mmu);
	if (worlds_unchanged(&small->worlds))
		return;
	heap_model_check(&small->model);
	heap_model_check_contents(&small->model);
	assert_true(small->model.count <= MOST_LIVE);
}

/* Where each live allocation lies, how long it is, and whose. */
static size_t name(void *context, unsigned char *name)
{
	const struct heap_model *model = &((struct small *)context)->model;
	size_t length = 0;

	for (size_t i = 0; i < model->count; i++) {
		const struct heap_live *live = &model->live[i];
		size_t offset = (size_t)(live->ptr - model->base);

		name[length++] = (unsigned char)(offset / 8);
		name[length++] = (unsigned char)live->usable;
		name[length++] = (unsigned char)(live->usable >> 8);
		name[length++] = live->own;
		name[length++] = live->dead;
		name[length++] = !live->payer;
	}
	return length;
}

static void open_small(struct small *small, const struct quire_vmh_config *config,
		       size_t guaranteed)
{
	struct test_space_config space = {
		.mmu = { .pages = 16, .page_size = PAGE, .cache_line = 16 },
		.budgets = 1,
		.unobserved = true,
	};
	struct heap_model *model = &small->model;

	memset(small, 0, sizeof(*small));
	test_space_init(&small->space, &space);
	heap_model_open(model, &small->space, config);
	assert_ok(quire_vspace_admit(&small->space.vs, &small->other, guaranteed, 16));
	model->room = MOST_LIVE + 1;
	model->live = calloc(model->room, sizeof(*model->live));
	assert_non_null(model->live);
	worlds_add_space(&small->worlds, &small->space);
	worlds_add(&small->worlds, &small->other, sizeof(small->other));
	worlds_add(&small->worlds, model, sizeof(*model));
	worlds_add(&small->worlds, model->on.storage.memory, model->on.storage.bytes);
	worlds_add(&small->worlds, model->live, model->room * sizeof(*model->live));
	worlds_add(&small->worlds, model->exhausted,
		   (config->bundle_count + 1) * sizeof(*model->exhausted));
	worlds_add(&small->worlds, model->used_peak,
		   (config->bundle_count + 1) * sizeof(*model->used_peak));
	if (model->blocks)
		worlds_add(&small->worlds, model->block, model->blocks * sizeof(*model->block));
}

static size_t explore(struct small *small)
{
	small->worlds.context = small;
	small->worlds.act = act;
	small->worlds.name = name;
	worlds_explore(&small->worlds);
	print_message("# %zu bytes, %zu blocks: %zu states, %zu operations\n", small->model.bytes,
		      small->model.blocks, small->worlds.states, small->worlds.steps);
	heap_model_close(&small->model);
	assert_ok(quire_vspace_dismiss(&small->space.vs, &small->other));
	test_space_fini(&small->space);
	return small->worlds.states;
}

static struct small small;

/* ---- elastic --------------------------------------------------------------------------------- */

static size_t fibonacci(size_t n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static void explore_units(size_t units, size_t unit, size_t states)
{
	struct quire_vmh_config config = { .window = units * unit, .unit = unit };

	open_small(&small, &config, 0);
	add_requests(&small, unit, units * unit, 0, false);
	add_places(&small, unit, units * unit);
	add_changes(&small, units, unit, units * unit);
	assert_int_equal(explore(&small), states);
}

static void every_layout_of_up_to_eight_units_times_every_call(void **state)
{
	(void)state;
	for (size_t units = 1; units <= 6; units++)
		for (size_t unit = 16; unit <= 64; unit *= 2)
			explore_units(units, unit, fibonacci(2 * units + 1));
	explore_units(8, 32, fibonacci(17));
}

static void every_layout_with_own_pages_and_pages_short_times_every_call(void **state)
{
	struct quire_vmh_config config = { .window = 4 * PAGE, .unit = 32 };

	(void)state;
	open_small(&small, &config, 13);
	add_requests(&small, 32, 4 * PAGE, 0, false);
	add_requests(&small, 32, 4 * PAGE, QUIRE_OWN_PAGES, false);
	add_requests(&small, 32, 4 * PAGE, 0, true);
	add_changes(&small, 8, 32, 4 * PAGE);
	assert_int_equal(explore(&small), 2755);
}

static void every_layout_times_every_call_in_which_the_driver_fails(void **state)
{
	struct quire_vmh_config config = { .window = 3 * PAGE, .unit = 32 };

	(void)state;
	open_small(&small, &config, 0);
	add_requests(&small, 32, 3 * PAGE, 0, false);
	add_requests(&small, 32, 3 * PAGE, QUIRE_OWN_PAGES, false);
	add_places(&small, 32, 3 * PAGE);
	add_changes(&small, 6, 32, 3 * PAGE);
	add_faults(&small, 1);
	assert_int_equal(explore(&small), 2617);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void every_set_of_blocks_of_a_table_times_every_call(void **state)
{
	static const struct quire_bundle one[] = { { 24, 8 } };
	static const struct quire_bundle edges[] = { { 40, 3 }, { 24, 3 }, { 56, 3 } };
	static const struct quire_bundle order[] = { { 64, 2 }, { 16, 3 }, { 32, 2 }, { 8, 2 } };
	static const struct {
		const struct quire_bundle *bundles;
		size_t count, blocks, largest;
	} tables[] = { { one, 1, 8, 24 }, { edges, 3, 9, 56 }, { order, 4, 9, 64 } };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(tables); i++) {
		struct quire_vmh_config config = { .bundles = tables[i].bundles,
						   .bundle_count = tables[i].count };

		open_small(&small, &config, 0);
		add_requests(&small, 8, tables[i].largest, 0, false);
		add_places(&small, 16, tables[i].largest);
		add_changes(&small, tables[i].blocks, 8, tables[i].largest);
		assert_int_equal(explore(&small), (size_t)1 << tables[i].blocks);
	}
}

static void every_state_of_blocks_of_several_pages_times_every_call(void **state)
{
	static const struct quire_bundle bundles[] = { { 3 * PAGE, 2 }, { 100, 2 } };
	struct quire_vmh_config config = { .bundles = bundles, .bundle_count = 2 };

	(void)state;
	open_small(&small, &config, 10);
	add_requests(&small, 32, 3 * PAGE, 0, false);
	add_requests(&small, 32, 3 * PAGE, QUIRE_OWN_PAGES, false);
	add_changes(&small, 4, 32, 3 * PAGE);
	add_faults(&small, 1);
	assert_int_equal(explore(&small), 2683);
}

static void every_state_of_spanned_blocks_times_every_call(void **state)
{
	static const struct quire_bundle bundles[] = { { 24, 5 }, { 40, 3 } };
	struct quire_vmh_config config = { .bundles = bundles,
					   .bundle_count = 2,
					   .flags = QUIRE_VMH_SPANNING };

	(void)state;
	open_small(&small, &config, 13);
	add_requests(&small, 8, 5 * 24, 0, false);
	add_requests(&small, 8, 5 * 24, QUIRE_OWN_PAGES, false);
	add_changes(&small, 8, 8, 5 * 24);
	assert_int_equal(explore(&small), 347);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_of_up_to_eight_units_times_every_call),
		cmocka_unit_test(every_layout_with_own_pages_and_pages_short_times_every_call),
		cmocka_unit_test(every_layout_times_every_call_in_which_the_driver_fails),
		cmocka_unit_test(every_set_of_blocks_of_a_table_times_every_call),
		cmocka_unit_test(every_state_of_blocks_of_several_pages_times_every_call),
		cmocka_unit_test(every_state_of_spanned_blocks_times_every_call),
	};

	worlds_on_host_memory();
	return cmocka_run_group_tests_name("vmh worlds", tests, NULL, NULL);
}
