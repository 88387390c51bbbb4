/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small ledgers exhaustively: three budgets over few pages, with every guarantee and limit, holding
 * whatever they may, times every call with every argument, against the model of
 * support/ledger_model.h: a guarantee that is admitted must be there to be used, one that fits must be
 * admitted, and one that does not must not be.
 */
#include <string.h>

#include "support/ledger_model.h"
#include "support/worlds.h"

struct operation {
	void (*call)(struct ledger_model *model, uint32_t which, size_t guaranteed, size_t limit);
	uint32_t which;
	size_t guaranteed;
	size_t limit;
};

struct small {
	struct ledger_model model;
	struct worlds worlds;
	struct operation operation[512];
};

static void dismiss(struct ledger_model *model, uint32_t which, size_t guaranteed, size_t limit)
{
	(void)guaranteed;
	(void)limit;
	ledger_model_dismiss(model, which);
}

static void charge(struct ledger_model *model, uint32_t which, size_t pages, size_t unused)
{
	(void)unused;
	ledger_model_charge(model, which, pages);
}

static void refund(struct ledger_model *model, uint32_t which, size_t pages, size_t unused)
{
	(void)unused;
	ledger_model_refund(model, which, pages);
}

static void add(struct small *small, struct operation operation)
{
	assert_true(small->worlds.operations < TEST_COUNT(small->operation));
	small->operation[small->worlds.operations++] = operation;
}

static void add_everything(struct small *small, uint32_t budgets, size_t most)
{
	for (uint32_t which = 0; which < budgets; which++) {
		for (size_t guaranteed = 0; guaranteed <= most; guaranteed++) {
			for (size_t limit = 0; limit <= most; limit++) {
				add(small, (struct operation){ ledger_model_admit, which,
							       guaranteed, limit });
				add(small, (struct operation){ ledger_model_change, which,
							       guaranteed, limit });
			}
		}
		for (size_t pages = 1; pages <= most; pages++) {
			add(small, (struct operation){ charge, which, pages, 0 });
			add(small, (struct operation){ refund, which, pages, 0 });
		}
		add(small, (struct operation){ dismiss, which, 0, 0 });
	}
}

static void act(void *context, size_t number)
{
	struct small *small = context;
	const struct operation *operation = &small->operation[number];

	operation->call(&small->model, operation->which, operation->guaranteed, operation->limit);
	if (!worlds_unchanged(&small->worlds))
		ledger_model_check(&small->model);
}

static size_t name(void *context, unsigned char *name)
{
	const struct ledger_model *model = &((struct small *)context)->model;
	size_t length = 0;

	for (uint32_t i = 0; i < LEDGER_MODEL_BUDGETS; i++) {
		name[length++] = model->admitted[i];
		name[length++] = (unsigned char)model->guaranteed[i];
		name[length++] = (unsigned char)model->limit[i];
		name[length++] = (unsigned char)model->used[i];
	}
	return length;
}

/* Whatever a budget may be told and may hold, as long as what is held and promised is there. */
static size_t count_states(size_t capacity, uint32_t slots, uint32_t budgets, size_t most)
{
	size_t states = 0;

	if (!budgets)
		return 1;
	states = count_states(capacity, slots, budgets - 1, most);
	for (size_t used = 0; slots && used <= most; used++) {
		for (size_t guaranteed = 0; guaranteed <= most; guaranteed++) {
			size_t needed = guaranteed > used ? guaranteed : used;

			if (needed > capacity || (capacity == QUIRE_UNKNOWN && guaranteed))
				continue;
			states += (most - guaranteed + 1) *
				  count_states(capacity - (capacity == QUIRE_UNKNOWN ? 0 : needed),
					       slots - 1, budgets - 1, most);
		}
	}
	return states;
}

/* Guarantees and limits of up to `most` pages. */
static void explore(size_t capacity, uint32_t slots, uint32_t budgets, size_t most)
{
	static struct small small;

	memset(&small, 0, sizeof(small));
	small.worlds.context = &small;
	small.worlds.act = act;
	small.worlds.name = name;
	ledger_model_open(&small.model, capacity, slots);
	add_everything(&small, budgets, most);
	worlds_add(&small.worlds, &small.model, sizeof(small.model));
	worlds_explore(&small.worlds);
	print_message("# %zu pages, %u budgets in %u slots: %zu states, %zu operations\n", capacity,
		      budgets, slots, small.worlds.states, small.worlds.steps);
	assert_int_equal(small.worlds.states, count_states(capacity, slots, budgets, most));
}

static void every_state_of_two_budgets_times_every_call(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity <= 4; capacity++)
		explore(capacity, 2, 2, capacity + 1);
	explore(QUIRE_UNKNOWN, 2, 2, 3);
}

static void every_state_of_three_budgets_times_every_call(void **state)
{
	(void)state;
	explore(2, 3, 3, 2);
	explore(3, 2, 3, 3);
	explore(3, 3, 3, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_of_two_budgets_times_every_call),
		cmocka_unit_test(every_state_of_three_budgets_times_every_call),
	};

	return cmocka_run_group_tests_name("budget worlds", tests, NULL, NULL);
}
