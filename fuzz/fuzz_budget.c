/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs of all calls of budget.h, against sums that are added up anew (support/ledger_model.h). */
#include "input.h"

#include "support/ledger_model.h"

#define MOST_STEPS 400

static const size_t capacities[] = { 0, 1, 2, 5, 16, 100, QUIRE_UNKNOWN - 1, QUIRE_UNKNOWN };

static size_t some_pages(struct input *input, const struct ledger_model *model)
{
	uint32_t choice = input_byte(input);

	if (choice < 240)
		return choice % 24;
	return choice < 248 ? model->capacity - (choice - 240) : QUIRE_NO_LIMIT - (choice - 248);
}

static void step(struct input *input, struct ledger_model *model)
{
	uint32_t kind = input_below(input, 7), which = input_below(input, LEDGER_MODEL_BUDGETS);
	size_t pages = some_pages(input, model);

	if (kind == 0)
		ledger_model_admit(model, which, pages, some_pages(input, model));
	else if (kind == 1)
		ledger_model_change(model, which, pages, some_pages(input, model));
	else if (kind == 2)
		ledger_model_dismiss(model, which);
	else if (kind == 3)
		ledger_model_charge(model, which, ledger_model_allowance(model, which));
	else if (kind < 6)
		ledger_model_charge(model, which, pages);
	else
		ledger_model_refund(model, which, pages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	struct ledger_model model;
	size_t capacity = input_pick(&input, capacities);

	ledger_model_open(&model, capacity, input_between(&input, 1, LEDGER_MODEL_BUDGETS));
	for (int steps = 0; steps < MOST_STEPS && !input_is_over(&input); steps++) {
		step(&input, &model);
		ledger_model_check(&model);
	}
	return 0;
}
