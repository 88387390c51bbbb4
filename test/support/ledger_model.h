/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ledger_model: what each budget was promised and what it holds, in three arrays, and a ledger that is
 * held to them call by call. Every sum is added up anew.
 */
#ifndef QUIRE_TEST_LEDGER_MODEL_H
#define QUIRE_TEST_LEDGER_MODEL_H

#include "quire/budget.h"
#include "quire/mmu.h"

#include "support/test.h"

#define LEDGER_MODEL_BUDGETS 4u

struct ledger_model {
	struct quire_ledger ledger;
	struct quire_budget budget[LEDGER_MODEL_BUDGETS];
	struct quire_budget *table[LEDGER_MODEL_BUDGETS];
	size_t capacity;
	uint32_t slots; /* may be fewer than there are budgets */
	bool admitted[LEDGER_MODEL_BUDGETS];
	size_t guaranteed[LEDGER_MODEL_BUDGETS];
	size_t limit[LEDGER_MODEL_BUDGETS];
	size_t used[LEDGER_MODEL_BUDGETS];
};

void ledger_model_open(struct ledger_model *model, size_t capacity, uint32_t slots);
void ledger_model_check(const struct ledger_model *model);

/* What a budget may hold beyond what it holds, of what nobody does. */
size_t ledger_model_allowance(const struct ledger_model *model, uint32_t which);

/* The calls. */
void ledger_model_admit(struct ledger_model *model, uint32_t which, size_t guaranteed,
			size_t limit);
void ledger_model_change(struct ledger_model *model, uint32_t which, size_t guaranteed,
			 size_t limit);
void ledger_model_dismiss(struct ledger_model *model, uint32_t which);

/* Hold so many more pages if they are allowed, or so many fewer if they are held. */
void ledger_model_charge(struct ledger_model *model, uint32_t which, size_t pages);
void ledger_model_refund(struct ledger_model *model, uint32_t which, size_t pages);

#endif
