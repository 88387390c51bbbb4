/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs of all calls of vregion.h, in fixed and lazy regions, on a driver that fails where the input
 * says, against pointers that move up and a list of pieces (support/region_model.h). */
#include "faults.h"

#include "support/region_model.h"

#define MOST_STEPS 80
#define PAGE       64u
#define PAGES      32u

static const struct quire_vregion_config shapes[] = {
	{ .lifetime = 4 * PAGE, .interim = 8 * PAGE },
	{ .lifetime = 3 * PAGE + 1, .interim = 5 * PAGE - 20, .text = PAGE, .shared = 2 * PAGE },
	{ .lifetime = 10 * PAGE, .flags = QUIRE_VREGION_LAZY },
	{ .lifetime = PAGE, .text = 3 * PAGE, .flags = QUIRE_VREGION_LAZY, .unit = 1 },
	{ .interim = 12 * PAGE, .unit = 32 },
	{ .lifetime = 6 * PAGE, .interim = 3 * PAGE, .shared = 70, .unit = PAGE },
	{ .lifetime = 20 * PAGE, .interim = PAGE, .prot = { 0, 0, QUIRE_READ, QUIRE_RW } },
};

static size_t some_size(struct input *input)
{
	uint32_t choice = input_byte(input);

	return choice < 200 ? choice : (choice - 180) * 10;
}

static void request(struct input *input, struct region_model *model)
{
	static const size_t aligns[] = { 0, 0, 1, 2, 16, 32, 64, 128, 3 };
	enum quire_area area = (enum quire_area)input_below(input, QUIRE_AREAS);
	struct quire_request wanted = { .size = some_size(input) };
	uint32_t how = input_byte(input);

	if (how & 1)
		wanted.min = input_byte(input) * wanted.size / 255;
	if (how & 2)
		wanted.step = input_below(input, 70);
	if (how & 4)
		wanted.align = input_pick(input, aligns);
	region_model_request(model, area, &wanted);
}

static void resize(struct input *input, struct region_model *model)
{
	size_t index = input_below(input, (uint32_t)model->pieces);
	size_t preferred = 1 + some_size(input), min = preferred;

	if (input_byte(input) % 2)
		min = 1 + input_byte(input) * (preferred - 1) / 255;
	region_model_resize(model, index, min, preferred);
}

static void protect(struct input *input, struct region_model *model)
{
	static const uint32_t prots[] = { QUIRE_RW, QUIRE_READ, QUIRE_RX, QUIRE_RW | QUIRE_USER,
					  QUIRE_RW | QUIRE_EXEC };
	enum quire_area area = (enum quire_area)input_below(input, QUIRE_AREAS);

	region_model_protect(model, area, input_pick(input, prots));
}

static void rarely(struct input *input, struct region_model *model)
{
	switch (input_below(input, 7)) {
	case 0:
		region_model_seal(model);
		break;
	case 1:
		region_model_reset(model);
		break;
	case 2:
		region_model_get(model);
		break;
	case 3:
		region_model_put(model);
		break;
	case 4:
		region_model_sleep(model, input_below(input, 2000));
		break;
	default:
		protect(input, model);
	}
}

static void step(struct input *input, struct region_model *model)
{
	uint32_t kind = input_below(input, 10);

	if (kind < 4 || (kind < 8 && !model->pieces))
		request(input, model);
	else if (kind < 6)
		resize(input, model);
	else if (kind < 8)
		region_model_free(model, input_below(input, (uint32_t)model->pieces));
	else
		rarely(input, model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct region_model model;
	static const size_t retains[] = { 0, 0, 3, PAGES };
	struct input input = { data, data + size };
	uint32_t how = input_byte(&input), frames = input_between(&input, 4, PAGES);
	uint32_t guaranteed = input_below(&input, frames);
	struct quire_vregion_config region = input_pick(&input, shapes);
	struct test_space_config config = {
		.mmu = { .pages = PAGES,
			 .frames = frames,
			 .page_size = PAGE,
			 .cache_line = 16,
			 .not_coherent = (how & 3) == 3 },
		.budgets = 1,
		.retain = input_pick(&input, retains),
		.unobserved = how & 4,
	};

	if (config.mmu.not_coherent && region.unit < 16)
		region.unit = 0;
	region_model_open(&model, &config, &region, guaranteed, guaranteed + (how >> 3));
	for (int steps = 0; steps < MOST_STEPS && !input_is_over(&input); steps++) {
		input_fault(&input, &model.space.mmu);
		step(&input, &model);
		region_model_check(&model);
	}
	region_model_close(&model);
	return 0;
}
