/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs of all calls of vmh.h but setting aside, in tables of several shapes, spanning or not, and in
 * elastic heaps, on a driver that fails where the input says, against an array of live allocations
 * (support/heap_model.h).
 */
#include "faults.h"

#include "support/heap_model.h"

#define MOST_STEPS 80
#define PAGE       64u

/* No two sizes of a table are the same in whole cache lines: which of two is looked at first is open. */
static const struct quire_bundle one_size[] = { { 64, 12 } };
static const struct quire_bundle shared_edges[] = { { 100, 7 }, { 40, 9 }, { 300, 3 }, { 24, 8 } };
static const struct quire_bundle any_order[] = { { 512, 2 }, { 16, 20 }, { 128, 5 },
						 { 96, 3 },  { 33, 6 },  { 200, 4 } };
static const struct quire_bundle tiny[] = { { 1, 30 }, { 17, 17 }, { 35, 9 } };

static const struct quire_vmh_config shapes[] = {
	{ .bundles = one_size, .bundle_count = 1 },
	{ .bundles = shared_edges, .bundle_count = 4 },
	{ .bundles = any_order, .bundle_count = 6 },
	{ .bundles = tiny, .bundle_count = 3 },
	{ .bundles = shared_edges, .bundle_count = 4, .flags = QUIRE_VMH_SPANNING },
	{ .bundles = any_order, .bundle_count = 6, .flags = QUIRE_VMH_SPANNING },
	{ .window = 16 * PAGE },
	{ .window = 31 * PAGE + 17, .unit = 16 },
	{ .window = 12 * PAGE, .unit = 1 },
	{ .window = 20 * PAGE, .unit = PAGE },
	{ .window = 40 * PAGE, .unit = 16 },
};

static size_t some_size(struct input *input)
{
	uint32_t choice = input_byte(input);

	return choice < 160 ? choice : (choice - 150) * 12;
}

static void request(struct input *input, struct heap_model *model, struct quire_budget *budget)
{
	static const size_t aligns[] = { 0, 1, 2, 8, 16, 32, 64, 128, 256, 1024 };
	struct quire_request wanted = { .size = some_size(input) };
	uint32_t how = input_byte(input);

	wanted.size += !wanted.size;
	if (how & 1)
		wanted.min = 1 + input_byte(input) * (wanted.size - 1) / 255;
	if (how & 2)
		wanted.step = input_below(input, 100);
	if (how & 4)
		wanted.align = input_pick(input, aligns);
	if ((how & 24) == 24)
		wanted.flags = QUIRE_OWN_PAGES;
	if ((how & 96) == 96)
		wanted.budget = budget;
	heap_model_request(model, &wanted);
}

/* A live allocation, or its number. */
static size_t some_live(struct input *input, const struct heap_model *model)
{
	return input_below(input, (uint32_t)model->count);
}

static void resize(struct input *input, struct heap_model *model)
{
	size_t index = some_live(input, model);
	size_t preferred = 1 + some_size(input);
	size_t min = preferred;

	if (input_byte(input) % 2)
		min = 1 + input_byte(input) * (preferred - 1) / 255;
	heap_model_resize(model, index, min, preferred);
}

static void misuse(struct input *input, struct heap_model *model)
{
	unsigned char *ptr = model->base + input_below(input, (uint32_t)model->window + 100) - 50;
	bool inside = quire_vmh_contains(model->heap, ptr);

	for (size_t i = 0; i < model->count; i++)
		if (model->live[i].ptr == ptr)
			return;
	assert_status(quire_vmh_free(model->heap, ptr), inside ? QUIRE_EFREE : QUIRE_EFOREIGN);
	assert_status(quire_vmh_resize(model->heap, ptr, 10),
		      inside ? QUIRE_EFREE : QUIRE_EFOREIGN);
	assert_int_equal(quire_vmh_usable_size(model->heap, ptr), 0);
	if (model->count)
		assert_status(quire_vmh_fini(model->heap), QUIRE_EBUSY);
}

static void step(struct input *input, struct heap_model *model, struct quire_budget *budget)
{
	uint32_t kind = input_below(input, 10);
	size_t offset;

	if (kind < 4 || !model->count) {
		request(input, model, budget);
	} else if (kind < 6) {
		resize(input, model);
	} else if (kind < 7 && !(model->config.flags & QUIRE_VMH_SPANNING)) {
		offset = input_below(input, (uint32_t)model->window);
		heap_model_alloc_at(model, model->base + offset, some_size(input));
	} else if (kind < 8) {
		misuse(input, model);
	} else {
		heap_model_free(model, some_live(input, model));
	}
}

static void play(struct input *input, struct test_space *space)
{
	struct heap_model model;
	struct quire_vmh_config config = input_pick(input, shapes);
	struct quire_budget budget = { 0 };
	uint32_t guaranteed = input_below(input, 64);

	if (space->mmu.config.not_coherent && config.unit == 1)
		config.unit = 0;
	heap_model_open(&model, space, &config);
	/* What is promised to one is missing for the others. */
	assert_ok(quire_vspace_admit(&space->vs, &budget, guaranteed, guaranteed + 4));
	for (int steps = 0; steps < MOST_STEPS && !input_is_over(input); steps++) {
		input_fault(input, &model.space->mmu);
		step(input, &model, &budget);
		heap_model_check(&model);
		heap_model_check_contents(&model);
	}
	test_mmu_heal(&space->mmu);
	heap_model_close(&model);
	assert_ok(quire_vspace_dismiss(&space->vs, &budget));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct test_space space;
	static const size_t retains[] = { 0, 0, 3, 50 };
	struct input input = { data, data + size };
	uint32_t how = input_byte(&input);
	struct test_space_config config = {
		.mmu = { .pages = 64,
			 .page_size = PAGE,
			 .cache_line = 16,
			 .phase = how & 3,
			 .not_coherent = (how & 12) == 12 },
		.budgets = 1,
		.retain = input_pick(&input, retains),
	};

	test_space_init(&space, &config);
	play(&input, &space);
	test_space_fini(&space);
	return 0;
}
