/* SPDX-License-Identifier: BSD-3-Clause */
/* ledger_model: see the header. */
#include <string.h>

#include "support/ledger_model.h"

void ledger_model_open(struct ledger_model *model, size_t capacity, uint32_t slots)
{
	memset(model, 0, sizeof(*model));
	model->capacity = capacity;
	model->slots = slots;
	assert_ok(quire_ledger_init(&model->ledger, capacity, model->table, slots));
}

static size_t used_in_all(const struct ledger_model *model)
{
	size_t used = 0;

	for (uint32_t i = 0; i < LEDGER_MODEL_BUDGETS; i++)
		used += model->used[i];
	return used;
}

static size_t unused(const struct ledger_model *model, uint32_t which, size_t guaranteed)
{
	return guaranteed > model->used[which] ? guaranteed - model->used[which] : 0;
}

/* What is promised and not used yet, to all but one. */
static size_t promised_to_others(const struct ledger_model *model, uint32_t but)
{
	size_t promised = 0;

	for (uint32_t i = 0; i < LEDGER_MODEL_BUDGETS; i++)
		if (i != but)
			promised += unused(model, i, model->guaranteed[i]);
	return promised;
}

static size_t free_pages(const struct ledger_model *model)
{
	return model->capacity == QUIRE_UNKNOWN ? QUIRE_UNKNOWN
						: model->capacity - used_in_all(model);
}

size_t ledger_model_allowance(const struct ledger_model *model, uint32_t which)
{
	size_t others = promised_to_others(model, which), free = free_pages(model);
	size_t allowed = free > others ? free - others : 0;
	size_t below = model->limit[which] > model->used[which]
			       ? model->limit[which] - model->used[which]
			       : 0;

	return allowed < below ? allowed : below;
}

void ledger_model_check(const struct ledger_model *model)
{
	assert_sound(quire_ledger_check(&model->ledger));
	assert_int_equal(model->ledger.used, used_in_all(model));
	assert_int_equal(model->ledger.promised, promised_to_others(model, LEDGER_MODEL_BUDGETS));
	for (uint32_t i = 0; i < LEDGER_MODEL_BUDGETS; i++) {
		const struct quire_budget *budget = &model->budget[i];
		size_t allowed = ledger_model_allowance(model, i);

		assert_int_equal(budget->admitted, model->admitted[i]);
		if (!model->admitted[i])
			continue;
		assert_int_equal(budget->guaranteed, model->guaranteed[i]);
		assert_int_equal(budget->limit, model->limit[i]);
		assert_int_equal(budget->used, model->used[i]);
		assert_int_equal(quire_ledger_allowance(&model->ledger, budget, free_pages(model)),
				 allowed);
		/* The promise itself. */
		assert_true(allowed >= unused(model, i, model->guaranteed[i]));
	}
}

/* Whether there is room for a guarantee besides those of others. */
static int32_t check_guarantee(const struct ledger_model *model, uint32_t which, size_t guaranteed)
{
	size_t more = unused(model, which, guaranteed);

	if (model->capacity == QUIRE_UNKNOWN)
		return guaranteed ? QUIRE_EINVAL : QUIRE_OK;
	if (more > free_pages(model) - promised_to_others(model, which))
		return QUIRE_EBUDGET;
	return QUIRE_OK;
}

static void promise(struct ledger_model *model, uint32_t which, size_t guaranteed, size_t limit)
{
	model->admitted[which] = true;
	model->guaranteed[which] = guaranteed;
	model->limit[which] = limit;
}

void ledger_model_admit(struct ledger_model *model, uint32_t which, size_t guaranteed, size_t limit)
{
	int32_t expected = QUIRE_EINVAL;
	uint32_t admitted = 0;

	for (uint32_t i = 0; i < LEDGER_MODEL_BUDGETS; i++)
		admitted += model->admitted[i];
	if (limit >= guaranteed && !model->admitted[which])
		expected = check_guarantee(model, which, guaranteed);
	if (!expected && admitted == model->slots)
		expected = QUIRE_EBUSY;
	assert_status(quire_ledger_admit(&model->ledger, &model->budget[which], guaranteed, limit),
		      expected);
	if (!expected)
		promise(model, which, guaranteed, limit);
}

void ledger_model_change(struct ledger_model *model, uint32_t which, size_t guaranteed,
			 size_t limit)
{
	int32_t expected = QUIRE_EINVAL;

	if (limit >= guaranteed && model->admitted[which])
		expected = check_guarantee(model, which, guaranteed);
	assert_status(quire_ledger_change(&model->ledger, &model->budget[which], guaranteed, limit),
		      expected);
	if (!expected)
		promise(model, which, guaranteed, limit);
}

void ledger_model_dismiss(struct ledger_model *model, uint32_t which)
{
	int32_t expected = !model->admitted[which] ? QUIRE_EINVAL
			   : model->used[which]    ? QUIRE_EBUSY
						   : QUIRE_OK;

	assert_status(quire_ledger_dismiss(&model->ledger, &model->budget[which]), expected);
	if (expected)
		return;
	promise(model, which, 0, 0);
	model->admitted[which] = false;
}

void ledger_model_charge(struct ledger_model *model, uint32_t which, size_t pages)
{
	if (!model->admitted[which] || pages > ledger_model_allowance(model, which))
		return;
	quire_ledger_charge(&model->ledger, &model->budget[which], pages);
	model->used[which] += pages;
}

void ledger_model_refund(struct ledger_model *model, uint32_t which, size_t pages)
{
	if (!model->admitted[which] || pages > model->used[which])
		return;
	quire_ledger_refund(&model->ledger, &model->budget[which], pages);
	model->used[which] -= pages;
}
