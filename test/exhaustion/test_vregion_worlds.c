/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small regions exhaustively: every state that a fixed and a lazy region of a few pages can reach, times
 * every call, against the model of support/region_model.h: what an area must grant is exact, what fits
 * between two interim pieces and can be paid for must be served. In some worlds the budget is short, in
 * one every call of the driver fails once.
 */
#include <stdlib.h>
#include <string.h>

#include "support/region_model.h"
#include "support/worlds.h"

#define PAGE 64u
#define UNIT 32u

enum kind { REQUEST, RESIZE, FREE, SEAL, RESET, PROTECT, GET, PUT, SLEEP };

struct operation {
	enum kind kind;
	enum quire_area area;
	size_t index;
	size_t size, min, align;
	uint32_t fault; /* the n-th call of the driver fails; 0: none does */
};

struct small {
	struct region_model model;
	struct worlds worlds;
	struct operation operation[1024];
};

static struct small small;

/* ---- operations ------------------------------------------------------------------------------ */

static void add(struct operation operation)
{
	assert_true(small.worlds.operations < TEST_COUNT(small.operation));
	small.operation[small.worlds.operations++] = operation;
}

static void add_requests(enum quire_area area, size_t most)
{
	for (size_t size = UNIT; size <= most + UNIT; size += UNIT) {
		for (size_t min = UNIT; min <= size; min += UNIT)
			add((struct operation){ .area = area, .size = size, .min = min });
		for (size_t align = PAGE; align <= 2 * PAGE; align *= 2)
			add((struct operation){ .area = area, .size = size, .align = align });
	}
}

static void add_changes(size_t pieces, size_t most)
{
	for (size_t index = 0; index < pieces; index++) {
		add((struct operation){ .kind = FREE, .index = index });
		for (size_t size = UNIT; size <= most; size += UNIT) {
			struct operation operation = { .kind = RESIZE, .index = index };

			operation.size = size;
			operation.min = size;
			add(operation);
			operation.min = UNIT;
			add(operation);
		}
	}
}

static void add_the_rest(void)
{
	for (enum kind kind = SEAL; kind <= SLEEP; kind++)
		add((struct operation){ .kind = kind, .area = QUIRE_INTERIM, .size = 70 });
	add((struct operation){ .kind = PROTECT, .area = QUIRE_LIFETIME });
}

static void add_faults(void)
{
	size_t operations = small.worlds.operations;

	for (size_t i = 0; i < operations; i++) {
		struct operation operation = small.operation[i];

		operation.fault = 1;
		if (operation.kind != SLEEP)
			add(operation);
	}
}

/* ---- states ---------------------------------------------------------------------------------- */

static bool is_before(const struct region_piece *a, const struct region_piece *b)
{
	return a->ptr < b->ptr;
}

/* Pieces in address order, so that their numbers mean the same in the same state. */
static void sort_pieces(struct region_model *model)
{
	for (size_t i = 1; i < model->pieces; i++)
		for (size_t j = i; j && is_before(&model->piece[j], &model->piece[j - 1]); j--) {
			struct region_piece piece = model->piece[j];

			model->piece[j] = model->piece[j - 1];
			model->piece[j - 1] = piece;
		}
}

static void call(struct region_model *model, const struct operation *operation)
{
	struct quire_request request = { .size = operation->size,
					 .min = operation->min,
					 .step = UNIT,
					 .align = operation->align };
	bool of_a_piece = operation->kind == RESIZE || operation->kind == FREE;

	if (of_a_piece && operation->index >= model->pieces)
		return;
	if (operation->kind == REQUEST)
		region_model_request(model, operation->area, &request);
	else if (operation->kind == RESIZE)
		region_model_resize(model, operation->index, operation->min, operation->size);
	else if (operation->kind == FREE)
		region_model_free(model, operation->index);
	else if (operation->kind == SEAL)
		region_model_seal(model);
	else if (operation->kind == RESET)
		region_model_reset(model);
	else if (operation->kind == PROTECT)
		region_model_protect(model, operation->area,
				     model->prot[operation->area] ^ QUIRE_WRITE);
	else if (operation->kind == GET && model->users < 2)
		region_model_get(model);
	else if (operation->kind == PUT)
		region_model_put(model);
	else if (operation->kind == SLEEP)
		region_model_sleep(model, operation->size);
}

static void act(void *context, size_t number)
{
	const struct operation *operation = &small.operation[number];
	struct region_model *model = &small.model;

	(void)context;
	if (operation->fault)
		test_mmu_fail(&model->space.mmu, TEST_ANY, operation->fault, false);
	call(model, operation);
	test_mmu_heal(&model->space.mmu);
	sort_pieces(model);
	if (!worlds_unchanged(&small.worlds))
		region_model_check(model);
}

/* The areas' pointers, and where each live piece lies and how long it is. */
static size_t name(void *context, unsigned char *name)
{
	const struct region_model *model = &small.model;
	size_t length = 0;

	(void)context;
	name[length++] = model->sealed;
	name[length++] = (unsigned char)model->users;
	for (uint32_t area = 0; area < QUIRE_INTERIM; area++) {
		const struct region_arena *arena = &model->arena[area];

		name[length++] = (unsigned char)(arena->used / UNIT);
		name[length++] = (unsigned char)(arena->newest / UNIT);
		name[length++] = (unsigned char)(arena->committed / UNIT);
		name[length++] = (unsigned char)(arena->bytes / UNIT);
	}
	name[length++] =
		(unsigned char)(model->prot[QUIRE_LIFETIME] << 4 | model->prot[QUIRE_INTERIM]);
	for (size_t i = 0; i < model->pieces; i++) {
		name[length++] =
			(unsigned char)((size_t)(model->piece[i].ptr - model->arena[0].base) /
					UNIT);
		name[length++] = (unsigned char)(model->piece[i].size / UNIT);
	}
	return length;
}

static void open_small(const struct quire_vregion_config *config, size_t limit)
{
	struct test_space_config space = {
		.mmu = { .pages = 8, .page_size = PAGE, .cache_line = 16 },
		.budgets = 1,
		.unobserved = true,
	};
	struct region_model *model = &small.model;
	unsigned char *rest = (unsigned char *)&model->vr;

	memset(&small, 0, sizeof(small));
	region_model_open(model, &space, config, 0, limit);
	worlds_add_space(&small.worlds, &model->space);
	worlds_add(&small.worlds, model->in.storage.memory, model->in.storage.bytes);
	worlds_add(&small.worlds, rest, (size_t)((unsigned char *)(model + 1) - rest));
}

static void explore(size_t states)
{
	small.worlds.act = act;
	small.worlds.name = name;
	worlds_explore(&small.worlds);
	print_message("# %zu states, %zu operations\n", small.worlds.states, small.worlds.steps);
	region_model_close(&small.model);
	assert_int_equal(small.worlds.states, states);
}

/* ---- worlds ---------------------------------------------------------------------------------- */

static const struct quire_vregion_config fixed = { .lifetime = 2 * PAGE,
						   .interim = 2 * PAGE,
						   .unit = UNIT };
static const struct quire_vregion_config lazy = { .lifetime = 3 * PAGE,
						  .unit = UNIT,
						  .flags = QUIRE_VREGION_LAZY };

static void every_state_of_a_fixed_region_times_every_call(void **state)
{
	(void)state;
	for (size_t limit = 2; limit <= 4; limit += 2) {
		open_small(&fixed, limit);
		add_requests(QUIRE_LIFETIME, 2 * PAGE);
		add_requests(QUIRE_INTERIM, 2 * PAGE);
		add_changes(8, 2 * PAGE);
		add((struct operation){ .kind = SEAL });
		add((struct operation){ .kind = RESET });
		explore(limit == 2 ? 371 : 5474);
	}
}

static void every_state_of_a_lazy_region_times_every_call(void **state)
{
	(void)state;
	open_small(&lazy, 3);
	add_requests(QUIRE_LIFETIME, 3 * PAGE);
	add_requests(QUIRE_INTERIM, 3 * PAGE);
	add_changes(6, 3 * PAGE);
	add_the_rest();
	explore(17544);
}

static void every_state_times_every_call_in_which_the_driver_fails(void **state)
{
	(void)state;
	open_small(&lazy, 3);
	add_requests(QUIRE_LIFETIME, 2 * PAGE);
	add_requests(QUIRE_INTERIM, 2 * PAGE);
	add_changes(6, 3 * PAGE);
	add((struct operation){ .kind = SEAL });
	add((struct operation){ .kind = RESET });
	add_faults();
	explore(2428);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_of_a_fixed_region_times_every_call),
		cmocka_unit_test(every_state_of_a_lazy_region_times_every_call),
		cmocka_unit_test(every_state_times_every_call_in_which_the_driver_fails),
	};

	worlds_on_host_memory();
	return cmocka_run_group_tests_name("vregion worlds", tests, NULL, NULL);
}
