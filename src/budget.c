/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * budget: who may still be given pages. Plain sums; the vspace above it does the locking.
 *
 * Invariants: used = sum of used over all budgets; promised = sum of max(0, guaranteed - used);
 * used + promised <= capacity whenever the capacity is known and every charge was allowed. The
 * last one is what makes a guarantee good: whoever stays within one finds `promised` pages free.
 */
#include "pages.h"

static size_t unused_guarantee(const struct quire_budget *budget)
{
	return budget->guaranteed > budget->used ? budget->guaranteed - budget->used : 0;
}

bool quire_ledger_knows(const struct quire_ledger *ledger, const struct quire_budget *budget)
{
	return budget && budget->id < ledger->slots && ledger->budgets[budget->id] == budget;
}

/* Whether a guarantee, of which this much is unused, still fits if so much of what is promised were
 * taken back. */
static int32_t check_guarantee(const struct quire_ledger *ledger, size_t guaranteed, size_t unused,
			       size_t taken_back)
{
	if (guaranteed && ledger->capacity == QUIRE_UNKNOWN)
		return QUIRE_EINVAL;
	if (unused > ledger->capacity - ledger->used - (ledger->promised - taken_back))
		return QUIRE_EBUDGET;
	return QUIRE_OK;
}

int32_t quire_ledger_init(struct quire_ledger *ledger, size_t capacity, struct quire_budget **table,
			  uint32_t slots)
{
	if (!ledger || !table || !slots || slots > QUIRE_BUDGETS_MAX)
		return QUIRE_EINVAL;
	memset(ledger, 0, sizeof(*ledger));
	for (uint32_t id = 0; id < slots; id++)
		table[id] = NULL;
	ledger->capacity = capacity;
	ledger->budgets = table;
	ledger->slots = slots;
	return QUIRE_OK;
}

int32_t quire_ledger_admit(struct quire_ledger *ledger, struct quire_budget *budget,
			   size_t guaranteed, size_t limit)
{
	uint32_t id = 0;
	int32_t status;

	if (!ledger || !budget || limit < guaranteed || quire_ledger_knows(ledger, budget))
		return QUIRE_EINVAL;
	status = check_guarantee(ledger, guaranteed, guaranteed, 0);
	if (status)
		return status;
	while (id < ledger->slots && ledger->budgets[id])
		id++;
	if (id == ledger->slots)
		return QUIRE_EBUSY;
	memset(budget, 0, sizeof(*budget));
	budget->guaranteed = guaranteed;
	budget->limit = limit;
	budget->id = (uint8_t)id;
	budget->admitted = true;
	ledger->budgets[id] = budget;
	ledger->promised += guaranteed;
	return QUIRE_OK;
}

int32_t quire_ledger_change(struct quire_ledger *ledger, struct quire_budget *budget,
			    size_t guaranteed, size_t limit)
{
	size_t before, after;
	int32_t status;

	if (!ledger || !quire_ledger_knows(ledger, budget) || limit < guaranteed)
		return QUIRE_EINVAL;
	before = unused_guarantee(budget);
	after = guaranteed > budget->used ? guaranteed - budget->used : 0;
	status = check_guarantee(ledger, guaranteed, after, before);
	if (status)
		return status;
	ledger->promised = ledger->promised - before + after;
	budget->guaranteed = guaranteed;
	budget->limit = limit;
	return QUIRE_OK;
}

int32_t quire_ledger_dismiss(struct quire_ledger *ledger, struct quire_budget *budget)
{
	if (!ledger || !quire_ledger_knows(ledger, budget))
		return QUIRE_EINVAL;
	if (budget->used)
		return QUIRE_EBUSY;
	ledger->promised -= budget->guaranteed;
	ledger->budgets[budget->id] = NULL;
	budget->admitted = false;
	budget->mover = NULL;
	budget->guaranteed = 0;
	budget->limit = 0;
	return QUIRE_OK;
}

size_t quire_ledger_allowance(const struct quire_ledger *ledger, const struct quire_budget *budget,
			      size_t free_pages)
{
	size_t own = unused_guarantee(budget);
	size_t others = ledger->promised - own;
	size_t allowed = free_pages > others ? free_pages - others : 0;
	size_t below_limit = budget->limit > budget->used ? budget->limit - budget->used : 0;

	return allowed < below_limit ? allowed : below_limit;
}

void quire_ledger_charge(struct quire_ledger *ledger, struct quire_budget *budget, size_t pages)
{
	size_t unused = unused_guarantee(budget);

	budget->used += pages;
	ledger->used += pages;
	ledger->promised -= unused - unused_guarantee(budget);
}

void quire_ledger_refund(struct quire_ledger *ledger, struct quire_budget *budget, size_t pages)
{
	size_t unused = unused_guarantee(budget);

	budget->used -= pages;
	ledger->used -= pages;
	ledger->promised += unused_guarantee(budget) - unused;
}

const char *quire_ledger_check(const struct quire_ledger *ledger)
{
	size_t used = 0, promised = 0;

	for (uint32_t id = 0; id < ledger->slots; id++) {
		const struct quire_budget *budget = ledger->budgets[id];

		if (!budget)
			continue;
		if (budget->id != id || !budget->admitted)
			return "a budget does not know its own number";
		used += budget->used;
		promised += unused_guarantee(budget);
	}
	if (used != ledger->used)
		return "what the budgets hold does not add up";
	if (promised != ledger->promised)
		return "what is promised does not add up";
	if (ledger->capacity != QUIRE_UNKNOWN && used + promised > ledger->capacity)
		return "more is promised than there is";
	return NULL;
}

/* ---- addresses set aside -------------------------------------------------------------------- */

/* Where what is held begins: at the start of the run, or behind the allocation that is served there. */
uint32_t quire_aside_held(const struct quire_budget *budget)
{
	return budget->aside_start + budget->aside_count - budget->aside_left;
}

/* Until retake nothing is held. */
static void let_go(const struct quire_budget *budget)
{
	if (budget->aside_left)
		quire_extents_free(budget->aside_set, quire_aside_held(budget));
}

static void retake(const struct quire_budget *budget)
{
	if (budget->aside_left)
		quire_extents_alloc_at(budget->aside_set, quire_aside_held(budget),
				       budget->aside_left);
}

int32_t quire_aside_hold(struct quire_budget *budget, struct quire_extents *set,
			 const struct quire_extent_wish *wish)
{
	uint32_t start;

	let_go(budget);
	start = quire_extents_take(set, wish, NULL);
	if (start == QUIRE_NOWHERE) {
		retake(budget);
		return QUIRE_ENOVIRT;
	}
	budget->aside_set = set;
	budget->aside_start = start;
	budget->aside_left = wish->preferred;
	budget->aside_count = wish->preferred;
	budget->aside_align = wish->align;
	budget->aside_phase = wish->phase;
	return QUIRE_OK;
}

void quire_aside_drop(struct quire_budget *budget)
{
	let_go(budget);
	budget->aside_set = NULL;
	budget->aside_left = 0;
}

uint32_t quire_aside_offer(const struct quire_budget *budget, const struct quire_extents *set,
			   const struct quire_extent_wish *wish, uint32_t *granted)
{
	uint32_t start = budget->aside_start;

	if (!quire_aside_whole(budget, set) || wish->min > budget->aside_count ||
	    (start + wish->phase) % wish->align)
		return QUIRE_NOWHERE;
	*granted = wish->preferred < budget->aside_count ? wish->preferred : budget->aside_count;
	return start;
}

uint32_t quire_aside_claim(struct quire_budget *budget, const struct quire_extents *set,
			   const struct quire_extent_wish *wish, uint32_t *granted)
{
	uint32_t start = quire_aside_offer(budget, set, wish, granted);

	if (start != QUIRE_NOWHERE)
		budget->aside_left = 0;
	return start;
}

void quire_aside_leave(struct quire_budget *budget, uint32_t count)
{
	quire_extents_resize(budget->aside_set, budget->aside_start, count);
	budget->aside_left = budget->aside_count - count;
	retake(budget);
}

/* The same run if it is free again; else another one that is as good. */
void quire_aside_restore(struct quire_budget *budget)
{
	struct quire_extent_wish wish = {
		.min = budget->aside_count,
		.preferred = budget->aside_count,
		.align = budget->aside_align,
		.phase = budget->aside_phase,
	};
	uint32_t start = budget->aside_start;

	let_go(budget);
	if (quire_extents_alloc_at(budget->aside_set, start, budget->aside_count))
		start = quire_extents_take(budget->aside_set, &wish, NULL);
	if (start == QUIRE_NOWHERE) {
		retake(budget);
		return;
	}
	budget->aside_start = start;
	budget->aside_left = budget->aside_count;
}
