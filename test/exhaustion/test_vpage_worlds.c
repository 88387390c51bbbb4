/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small windows exhaustively: every state that a vspace of a few pages can reach, times every call with
 * every argument, against the model of support/page_model.h: where a run of pages fits and the budget
 * allows, a refusal fails there. One world has pages that stay mapped, one has budgets, one addresses
 * set aside, and in one every call of the driver fails once, with every part of an unmap done.
 */
#include <stdlib.h>
#include <string.h>

#include "support/page_model.h"
#include "support/worlds.h"

enum kind {
	REQUEST,
	TAKE_AT,
	COMMIT,
	DECOMMIT,
	PROTECT,
	RESIZE,
	FREE,
	ASIDE,
	PROMISE,
	DISMISS,
	TRIM
};

struct operation {
	enum kind kind;
	uint32_t page, count, min, align, flags, prot, payer;
	enum test_call fault; /* TEST_CALLS: none */
	enum test_part part;
	uint32_t nth;
};

struct small {
	struct page_model model;
	struct worlds worlds;
	struct operation *operation;
	size_t room;
};

/* ---- operations ------------------------------------------------------------------------------ */

static void add(struct small *small, struct operation operation)
{
	if (small->worlds.operations == small->room) {
		small->room = small->room ? 2 * small->room : 256;
		small->operation =
			realloc(small->operation, small->room * sizeof(*small->operation));
		assert_non_null(small->operation);
	}
	if (!operation.nth)
		operation.fault = TEST_CALLS;
	small->operation[small->worlds.operations++] = operation;
}

/* All requests of up to so many pages, ranges too. */
static void add_requests(struct small *small, uint32_t payer, uint32_t flags, uint32_t most_align)
{
	for (uint32_t count = 0; count <= small->model.pages + 1; count++)
		for (uint32_t min = count ? 1 : 0; min <= count; min++)
			for (uint32_t align = 1; align <= most_align; align *= 2)
				add(small, (struct operation){ .kind = REQUEST,
							       .count = count,
							       .min = min,
							       .align = align,
							       .flags = flags,
							       .prot = QUIRE_RW,
							       .payer = payer });
}

/* Every call that names pages, with every page and count; one page past the window too. */
static void add_places(struct small *small, enum kind kind, uint32_t prot, uint32_t payer)
{
	for (uint32_t page = 0; page <= small->model.pages; page++)
		for (uint32_t count = 0; count <= small->model.pages + 1 - page; count++)
			add(small, (struct operation){ .kind = kind,
						       .page = page,
						       .count = count,
						       .prot = prot,
						       .payer = payer });
}

static void add_frees(struct small *small)
{
	for (uint32_t page = 0; page <= small->model.pages; page++)
		add(small, (struct operation){ .kind = FREE, .page = page });
}

static void add_promises(struct small *small, uint32_t payer, uint32_t most)
{
	for (uint32_t guaranteed = 0; guaranteed <= most; guaranteed++)
		for (uint32_t limit = guaranteed ? guaranteed - 1 : 0; limit <= most; limit++)
			add(small, (struct operation){ .kind = PROMISE,
						       .payer = payer,
						       .count = guaranteed,
						       .min = limit });
	add(small, (struct operation){ .kind = DISMISS, .payer = payer });
}

/* Each operation that is there once more for each way in which the driver can fail in it. */
static void add_faults(struct small *small, uint32_t calls)
{
	static const enum test_part parts[] = { TEST_FIRST_HALF, TEST_NOTHING, TEST_EVERYTHING };
	size_t operations = small->worlds.operations;

	for (size_t i = 0; i < operations; i++) {
		for (uint32_t nth = 1; nth <= calls; nth++) {
			for (size_t part = 0; part < TEST_COUNT(parts); part++) {
				struct operation operation = small->operation[i];

				operation.fault = TEST_ANY;
				operation.nth = nth;
				operation.part = parts[part];
				add(small, operation);
			}
		}
	}
}

/* ---- states ---------------------------------------------------------------------------------- */

static void request(struct page_model *model, const struct operation *operation)
{
	size_t page = model->space.mmu.config.page_size;
	struct quire_request wanted = { .size = operation->count * page,
					.min = operation->min * page,
					.align = operation->align * page,
					.flags = operation->flags };

	page_model_request(model, &wanted, operation->payer, operation->prot);
}

static void call(struct page_model *model, const struct operation *op)
{
	switch (op->kind) {
	case REQUEST:
		request(model, op);
		break;
	case TAKE_AT:
		page_model_take_at(model, op->page, op->count, op->prot);
		break;
	case COMMIT:
		page_model_commit(model, op->page, op->count, op->prot, op->payer);
		break;
	case DECOMMIT:
		page_model_decommit(model, op->page, op->count);
		break;
	case PROTECT:
		page_model_protect(model, op->page, op->count, op->prot);
		break;
	case RESIZE:
		page_model_resize(model, op->page, op->count);
		break;
	case FREE:
		page_model_free(model, op->page);
		break;
	case ASIDE:
		page_model_set_aside(model, op->payer, op->count);
		break;
	case PROMISE:
		page_model_promise(model, op->payer, op->count, op->min);
		break;
	case DISMISS:
		page_model_dismiss(model, op->payer);
		break;
	case TRIM:
		page_model_trim(model);
		break;
	}
}

static void act(void *context, size_t number)
{
	struct small *small = context;
	const struct operation *operation = &small->operation[number];

	if (operation->nth) {
		small->model.space.mmu.part = operation->part;
		test_mmu_fail(&small->model.space.mmu, operation->fault, operation->nth, false);
	}
	call(&small->model, operation);
	page_model_check(&small->model);
	test_mmu_heal(&small->model.space.mmu);
	small->model.space.mmu.part = TEST_FIRST_HALF;
}

/* Who owns and holds each page, how; and what is mapped for nobody, how and for whom. */
static size_t name(void *context, unsigned char *name)
{
	const struct page_model *model = &((struct small *)context)->model;
	size_t length = 0;

	for (uint32_t page = 0; page < model->pages; page++) {
		const struct page_model_page *is = &model->page[page];
		const struct quire_page *record = &model->space.vs.page[page];

		name[length++] = (unsigned char)is->owner;
		name[length++] = is->guard;
		name[length++] = is->held;
		name[length++] = model->dead[page];
		name[length++] = (unsigned char)(is->payer | (uint32_t)record->own << 5);
		name[length++] = (unsigned char)(record->state | record->prot << 2);
		if (record->prot & QUIRE_USER && record->state)
			name[length - 1] |= (unsigned char)(record->payer << 6);
	}
	for (uint32_t payer = 1; payer < PAGE_MODEL_PAYERS; payer++) {
		const struct quire_budget *budget = &model->budget[payer];

		name[length++] = budget->admitted;
		name[length++] = (unsigned char)budget->guaranteed;
		name[length++] = (unsigned char)budget->limit;
		name[length++] = (unsigned char)(model->aside[payer] ? budget->aside_start : 255);
		name[length++] = (unsigned char)(model->aside[payer] | budget->aside_left << 4);
	}
	return length;
}

static void open_small(struct small *small, uint32_t pages, uint32_t frames, size_t retain)
{
	struct test_space_config config = {
		.mmu = { .pages = pages, .frames = frames, .page_size = 64, .phase = 1 },
		.budgets = PAGE_MODEL_PAYERS - 1,
		.retain = retain,
		.unobserved = true,
	};
	struct page_model *model = &small->model;

	memset(small, 0, sizeof(*small));
	page_model_open(model, &config);
	worlds_add_space(&small->worlds, &model->space);
	worlds_add(&small->worlds, model->budget, sizeof(model->budget));
	worlds_add(&small->worlds, model->page, sizeof(model->page));
	worlds_add(&small->worlds, model->dead, sizeof(model->dead));
	worlds_add(&small->worlds, model->aside, sizeof(model->aside));
}

static void explore(struct small *small, size_t states)
{
	small->worlds.context = small;
	small->worlds.act = act;
	small->worlds.name = name;
	worlds_explore(&small->worlds);
	print_message("# %u pages: %zu states, %zu operations\n", small->model.pages,
		      small->worlds.states, small->worlds.steps);
	page_model_close(&small->model);
	free(small->operation);
	assert_int_equal(small->worlds.states, states);
}

/* ---- worlds ---------------------------------------------------------------------------------- */

static void every_layout_of_pages_and_reservations_times_every_call(void **state)
{
	static const size_t states[] = { 0, 5, 34, 238, 1724, 12388 };

	(void)state;
	for (uint32_t pages = 1; pages <= 5; pages++) {
		struct small small;

		open_small(&small, pages, pages > 2 ? pages - 1 : pages, 0);
		add_requests(&small, 0, 0, 4);
		add_requests(&small, 0, QUIRE_RESERVE, 1);
		add_places(&small, TAKE_AT, QUIRE_RW, 0);
		add_places(&small, COMMIT, QUIRE_RW, 0);
		add_places(&small, DECOMMIT, 0, 0);
		add_places(&small, RESIZE, 0, 0);
		add_frees(&small);
		explore(&small, states[pages]);
	}
}

static void every_layout_with_guards_times_every_call(void **state)
{
	struct small small;

	(void)state;
	open_small(&small, 4, 3, 1);
	add_requests(&small, 0, QUIRE_GUARD, 2);
	add_requests(&small, 0, QUIRE_GUARD | QUIRE_RESERVE, 1);
	add_requests(&small, 0, 0, 1);
	add_places(&small, COMMIT, QUIRE_RW, 0);
	add_places(&small, RESIZE, 0, 0);
	add_frees(&small);
	explore(&small, 832);
}

static void every_state_of_pages_that_stay_mapped_times_every_call(void **state)
{
	struct small small;

	(void)state;
	open_small(&small, 3, 2, 2);
	add_requests(&small, 0, 0, 1);
	add_requests(&small, 0, QUIRE_RESERVE, 1);
	add_places(&small, TAKE_AT, QUIRE_RW | QUIRE_USER, 0);
	add_places(&small, COMMIT, QUIRE_READ, 0);
	add_places(&small, DECOMMIT, 0, 0);
	add_places(&small, PROTECT, QUIRE_RX, 0);
	add_places(&small, RESIZE, 0, 0);
	add_frees(&small);
	add(&small, (struct operation){ .kind = TRIM });
	explore(&small, 15729);
}

static void every_state_of_two_budgets_times_every_call(void **state)
{
	struct small small;

	(void)state;
	open_small(&small, 3, 3, 0);
	for (uint32_t payer = 0; payer < PAGE_MODEL_PAYERS; payer++)
		add_requests(&small, payer, 0, 1);
	add_places(&small, COMMIT, QUIRE_RW, 1);
	add_promises(&small, 1, 2);
	add_promises(&small, 2, 1);
	add_places(&small, DECOMMIT, 0, 0);
	add_places(&small, RESIZE, 0, 0);
	add_frees(&small);
	explore(&small, 20921);
}

static void every_state_of_addresses_set_aside_times_every_call(void **state)
{
	struct small small;

	(void)state;
	open_small(&small, 5, 5, 0);
	for (uint32_t payer = 0; payer <= 1; payer++)
		add_requests(&small, payer, 0, 2);
	for (uint32_t count = 0; count <= 4; count++)
		add(&small, (struct operation){ .kind = ASIDE, .payer = 1, .count = count });
	add(&small, (struct operation){ .kind = PROMISE, .payer = 1, .min = 5 });
	add(&small, (struct operation){ .kind = DISMISS, .payer = 1 });
	add_frees(&small);
	explore(&small, 14910);
}

static void every_state_times_every_call_in_which_the_driver_fails(void **state)
{
	struct small small;

	(void)state;
	for (size_t retain = 0; retain <= 2; retain += 2) {
		open_small(&small, 3, 2, retain);
		add_requests(&small, 0, 0, 1);
		add_requests(&small, 0, QUIRE_GUARD, 1);
		add_places(&small, COMMIT, QUIRE_READ, 0);
		add_places(&small, DECOMMIT, 0, 0);
		add_places(&small, PROTECT, QUIRE_RW, 0);
		add_places(&small, RESIZE, 0, 0);
		add_frees(&small);
		add(&small, (struct operation){ .kind = TRIM });
		add_faults(&small, retain ? 1 : 2);
		explore(&small, retain ? 7872 : 1833);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_of_pages_and_reservations_times_every_call),
		cmocka_unit_test(every_layout_with_guards_times_every_call),
		cmocka_unit_test(every_state_of_pages_that_stay_mapped_times_every_call),
		cmocka_unit_test(every_state_of_two_budgets_times_every_call),
		cmocka_unit_test(every_state_of_addresses_set_aside_times_every_call),
		cmocka_unit_test(every_state_times_every_call_in_which_the_driver_fails),
	};

	worlds_on_host_memory();
	return cmocka_run_group_tests_name("vpage worlds", tests, NULL, NULL);
}
