/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs of all calls of vpage.h but those that move pages, on a driver that fails where the input
 * says, against an array of pages (support/page_model.h). */
#include "faults.h"

#include "support/page_model.h"

#define MOST_STEPS 120
#define PAGE       64u

static const uint32_t prots[] = { QUIRE_RW,
				  QUIRE_RW,
				  QUIRE_RW,
				  QUIRE_READ,
				  QUIRE_RX,
				  QUIRE_RW | QUIRE_USER,
				  QUIRE_READ | QUIRE_USER,
				  QUIRE_RW | QUIRE_EXEC };

static uint32_t some_page(struct input *input, const struct page_model *model)
{
	return input_below(input, model->pages + 1);
}

static uint32_t some_count(struct input *input)
{
	uint32_t choice = input_byte(input);

	return choice < 200 ? choice % 6 : choice % 36;
}

static uint32_t some_payer(struct input *input)
{
	return input_below(input, PAGE_MODEL_PAYERS);
}

static uint32_t some_start(struct input *input, const struct page_model *model)
{
	return page_model_start(model, some_page(input, model));
}

static void request(struct input *input, struct page_model *model)
{
	static const uint32_t flags[] = { 0, 0, QUIRE_GUARD, QUIRE_RESERVE,
					  QUIRE_GUARD | QUIRE_RESERVE };
	static const size_t aligns[] = { 0, 0, 0, 8, 64, 128, 256, 512, 1024, 2048, 4096, 3 };
	struct quire_request wanted = { .size = some_count(input) * PAGE };
	uint32_t how = input_byte(input), payer = some_payer(input);

	wanted.size -= input_below(input, 2);
	wanted.flags = input_pick(input, flags);

	if (how & 1)
		wanted.min = 1 + input_below(input, 8) * PAGE / 2;
	if (how & 2)
		wanted.step = input_below(input, 200);
	if (how & 4)
		wanted.align = input_pick(input, aligns);
	page_model_request(model, &wanted, payer, input_pick(input, prots));
}

static void promise(struct input *input, struct page_model *model)
{
	uint32_t payer = some_payer(input);
	size_t guaranteed = input_below(input, 12), limit = guaranteed;

	limit += input_below(input, 16);
	page_model_promise(model, payer, guaranteed, limit - input_below(input, 2));
}

static void call(struct input *input, struct page_model *model)
{
	uint32_t kind = input_below(input, 14), page, count, prot;

	switch (kind) {
	case 0:
	case 1:
	case 2:
		request(input, model);
		break;
	case 3:
		page = some_page(input, model);
		count = some_count(input);
		page_model_take_at(model, page, count, input_pick(input, prots));
		break;
	case 4:
	case 5:
		page = some_page(input, model);
		count = some_count(input);
		prot = input_pick(input, prots);
		page_model_commit(model, page, count, prot, some_payer(input));
		break;
	case 6:
		page = some_page(input, model);
		page_model_decommit(model, page, some_count(input));
		break;
	case 7:
		page = some_page(input, model);
		count = some_count(input);
		page_model_protect(model, page, count, input_pick(input, prots));
		break;
	case 8:
		page = some_start(input, model);
		page_model_resize(model, page, some_count(input));
		break;
	case 9:
		page_model_free(model, some_page(input, model));
		break;
	case 10:
		promise(input, model);
		break;
	case 11:
		page = some_payer(input);
		page_model_set_aside(model, page, some_count(input));
		break;
	case 12:
		if (input_below(input, 2))
			page_model_trim(model);
		else
			page_model_dismiss(model, some_payer(input));
		break;
	default:
		page_model_free(model, some_start(input, model));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct page_model model;
	static const size_t retains[] = { 0, 0, 2, 5, 32 };
	struct input input = { data, data + size };
	uint32_t how = input_byte(&input);
	uint32_t pages = input_between(&input, 1, PAGE_MODEL_PAGES);
	uint32_t frames = input_between(&input, 1, pages);
	struct test_space_config config = {
		.mmu = { .pages = pages,
			 .frames = frames,
			 .page_size = PAGE,
			 .phase = how >> 4,
			 .not_coherent = how % 4 == 1,
			 .unknown = how % 8 == 2 },
		.budgets = PAGE_MODEL_PAYERS - 1,
		.retain = input_pick(&input, retains),
	};

	page_model_open(&model, &config);
	for (int steps = 0; steps < MOST_STEPS && !input_is_over(&input); steps++) {
		input_fault(&input, &model.space.mmu);
		call(&input, &model);
		page_model_check(&model);
	}
	page_model_close(&model);
	return 0;
}
