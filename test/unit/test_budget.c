/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * budget: the ledger alone. What is promised is there whatever others ask for; nothing is promised
 * twice; a refusal changes nothing.
 */
#include <string.h>

#include "quire/budget.h"
#include "quire/mmu.h"

#include "support/random.h"
#include "support/test.h"

#define SLOTS    6u
#define CAPACITY ((size_t)100)

struct world {
	struct quire_ledger ledger;
	struct quire_budget *table[SLOTS];
	struct quire_budget budget[SLOTS + 1];
};

static void begin(struct world *world, size_t capacity)
{
	memset(world, 0, sizeof(*world));
	assert_ok(quire_ledger_init(&world->ledger, capacity, world->table, SLOTS));
	assert_sound(quire_ledger_check(&world->ledger));
}

static void admit(struct world *world, unsigned which, size_t guaranteed, size_t limit)
{
	assert_ok(quire_ledger_admit(&world->ledger, &world->budget[which], guaranteed, limit));
	assert_sound(quire_ledger_check(&world->ledger));
}

static size_t allowance(const struct world *world, unsigned which)
{
	return quire_ledger_allowance(&world->ledger, &world->budget[which],
				      world->ledger.capacity - world->ledger.used);
}

static void charge(struct world *world, unsigned which, size_t pages)
{
	assert_true(pages <= allowance(world, which));
	quire_ledger_charge(&world->ledger, &world->budget[which], pages);
	assert_sound(quire_ledger_check(&world->ledger));
}

static void refund(struct world *world, unsigned which, size_t pages)
{
	quire_ledger_refund(&world->ledger, &world->budget[which], pages);
	assert_sound(quire_ledger_check(&world->ledger));
}

/* ---- admission ------------------------------------------------------------------------------- */

static void impossible_ledgers_are_refused(void **state)
{
	struct quire_ledger ledger;
	struct quire_budget *table[2];

	(void)state;
	assert_status(quire_ledger_init(&ledger, 10, table, 0), QUIRE_EINVAL);
	assert_status(quire_ledger_init(&ledger, 10, table, QUIRE_BUDGETS_MAX + 1), QUIRE_EINVAL);
	assert_status(quire_ledger_init(&ledger, 10, NULL, 2), QUIRE_EINVAL);
}

static void guarantees_never_add_up_to_more_than_there_is(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	admit(&world, 0, 60, QUIRE_NO_LIMIT);
	assert_status(quire_ledger_admit(&world.ledger, &world.budget[1], 41, QUIRE_NO_LIMIT),
		      QUIRE_EBUDGET);
	assert_false(world.budget[1].admitted);
	admit(&world, 1, 40, 40);
	admit(&world, 2, 0, QUIRE_NO_LIMIT);
	assert_status(quire_ledger_admit(&world.ledger, &world.budget[3], 1, 1), QUIRE_EBUDGET);
	assert_int_equal(world.ledger.promised, 100);
	assert_int_equal(allowance(&world, 2), 0);
}

static void pages_in_use_cannot_be_guaranteed_to_another(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	admit(&world, 0, 0, QUIRE_NO_LIMIT);
	charge(&world, 0, 70);
	assert_status(quire_ledger_admit(&world.ledger, &world.budget[1], 31, 31), QUIRE_EBUDGET);
	admit(&world, 1, 30, 30);
	assert_int_equal(allowance(&world, 0), 0);
	assert_int_equal(allowance(&world, 1), 30);
}

static void bad_admissions_are_refused(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	assert_status(quire_ledger_admit(&world.ledger, &world.budget[0], 5, 4), QUIRE_EINVAL);
	admit(&world, 0, 5, 5);
	assert_status(quire_ledger_admit(&world.ledger, &world.budget[0], 5, 5), QUIRE_EINVAL);
	assert_status(quire_ledger_change(&world.ledger, &world.budget[1], 5, 5), QUIRE_EINVAL);
	assert_status(quire_ledger_dismiss(&world.ledger, &world.budget[1]), QUIRE_EINVAL);
	assert_status(quire_ledger_admit(&world.ledger, NULL, 0, 0), QUIRE_EINVAL);
	assert_int_equal(world.ledger.promised, 5);
	assert_sound(quire_ledger_check(&world.ledger));
}

/* Ends one past the table, where the fault of old was to write. */
static void a_full_table_is_refused_not_overrun(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	for (unsigned i = 0; i < SLOTS; i++)
		admit(&world, i, 1, 1);
	assert_status(quire_ledger_admit(&world.ledger, &world.budget[SLOTS], 1, 1), QUIRE_EBUSY);
	assert_false(world.budget[SLOTS].admitted);
	assert_int_equal(world.ledger.promised, SLOTS);
	assert_ok(quire_ledger_dismiss(&world.ledger, &world.budget[2]));
	admit(&world, SLOTS, 1, 1);
	assert_int_equal(world.budget[SLOTS].id, 2);
}

static void nothing_is_guaranteed_where_the_supply_is_unknown(void **state)
{
	struct world world;

	(void)state;
	begin(&world, QUIRE_UNKNOWN);
	assert_status(quire_ledger_admit(&world.ledger, &world.budget[0], 1, 1), QUIRE_EINVAL);
	admit(&world, 0, 0, 10);
	assert_status(quire_ledger_change(&world.ledger, &world.budget[0], 1, 10), QUIRE_EINVAL);
	assert_int_equal(quire_ledger_allowance(&world.ledger, &world.budget[0], QUIRE_UNKNOWN),
			 10);
	charge(&world, 0, 10);
	assert_int_equal(quire_ledger_allowance(&world.ledger, &world.budget[0], QUIRE_UNKNOWN), 0);
	/* Not even what is in use: it would be promised once it is given back. */
	assert_status(quire_ledger_change(&world.ledger, &world.budget[0], 1, 10), QUIRE_EINVAL);
}

static void a_changed_guarantee_is_admitted_anew(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	admit(&world, 0, 50, 60);
	admit(&world, 1, 30, 30);
	assert_status(quire_ledger_change(&world.ledger, &world.budget[0], 71, 71), QUIRE_EBUDGET);
	assert_status(quire_ledger_change(&world.ledger, &world.budget[0], 10, 9), QUIRE_EINVAL);
	assert_int_equal(world.budget[0].guaranteed, 50);
	assert_int_equal(world.budget[0].limit, 60);
	assert_ok(quire_ledger_change(&world.ledger, &world.budget[0], 70, 80));
	assert_int_equal(world.ledger.promised, 100);
	charge(&world, 0, 70);
	assert_ok(quire_ledger_change(&world.ledger, &world.budget[0], 5, 80));
	assert_int_equal(world.ledger.promised, 30);
	assert_ok(quire_ledger_change(&world.ledger, &world.budget[0], 70, 70));
	assert_sound(quire_ledger_check(&world.ledger));
}

/* A limit may be lowered below what is held: nothing is taken away, nothing more is given. */
static void a_limit_below_use_only_stops_growth(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	admit(&world, 0, 0, QUIRE_NO_LIMIT);
	charge(&world, 0, 50);
	assert_ok(quire_ledger_change(&world.ledger, &world.budget[0], 0, 20));
	assert_int_equal(allowance(&world, 0), 0);
	assert_sound(quire_ledger_check(&world.ledger));
	refund(&world, 0, 40);
	assert_int_equal(allowance(&world, 0), 10);
}

static void a_budget_that_pays_cannot_be_dismissed(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	admit(&world, 0, 10, 20);
	charge(&world, 0, 1);
	assert_status(quire_ledger_dismiss(&world.ledger, &world.budget[0]), QUIRE_EBUSY);
	refund(&world, 0, 1);
	assert_ok(quire_ledger_dismiss(&world.ledger, &world.budget[0]));
	assert_false(world.budget[0].admitted);
	assert_int_equal(world.ledger.promised, 0);
	assert_status(quire_ledger_dismiss(&world.ledger, &world.budget[0]), QUIRE_EINVAL);
	admit(&world, 0, 100, 100);
}

/* ---- allowance ------------------------------------------------------------------------------- */

static void a_greedy_owner_stops_where_promises_begin(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	admit(&world, 0, 0, QUIRE_NO_LIMIT);
	admit(&world, 1, 30, QUIRE_NO_LIMIT);
	assert_int_equal(allowance(&world, 0), 70);
	charge(&world, 0, 70);
	assert_int_equal(allowance(&world, 0), 0);
	assert_int_equal(allowance(&world, 1), 30);
	charge(&world, 1, 30);
	refund(&world, 0, 5);
	assert_int_equal(allowance(&world, 1), 5);
	charge(&world, 1, 5);
	refund(&world, 1, 15);
	assert_int_equal(allowance(&world, 0), 5);
}

static void a_limit_binds_whatever_is_free(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	admit(&world, 0, 10, 25);
	assert_int_equal(allowance(&world, 0), 25);
	charge(&world, 0, 20);
	assert_int_equal(allowance(&world, 0), 5);
}

static void fewer_free_pages_than_accounted_are_respected(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	admit(&world, 0, 10, QUIRE_NO_LIMIT);
	admit(&world, 1, 20, QUIRE_NO_LIMIT);
	assert_int_equal(quire_ledger_allowance(&world.ledger, &world.budget[0], 25), 5);
	assert_int_equal(quire_ledger_allowance(&world.ledger, &world.budget[0], 12), 0);
	assert_int_equal(quire_ledger_allowance(&world.ledger, &world.budget[1], 25), 15);
}

/* ---- the promise, at random ---------------------------------------------------------------- */

static void a_guaranteed_request_is_allowed(const struct world *world, unsigned which)
{
	const struct quire_budget *budget = &world->budget[which];

	if (budget->admitted && budget->guaranteed > budget->used)
		assert_true(allowance(world, which) >= budget->guaranteed - budget->used);
}

static void some_admission(struct world *world, struct test_random *random, unsigned which)
{
	struct quire_budget before = world->budget[which];
	size_t guaranteed = test_random_below(random, 40);
	size_t limit = guaranteed + test_random_below(random, 40);
	int32_t status;

	if (!before.admitted)
		status = quire_ledger_admit(&world->ledger, &world->budget[which], guaranteed,
					    limit);
	else if (test_random_once_in(random, 2))
		status = quire_ledger_change(&world->ledger, &world->budget[which], guaranteed,
					     limit);
	else
		status = quire_ledger_dismiss(&world->ledger, &world->budget[which]);
	if (status)
		assert_memory_equal(&before, &world->budget[which], sizeof(before));
}

static void some_use(struct world *world, struct test_random *random, unsigned which)
{
	size_t allowed = allowance(world, which);

	if (test_random_once_in(random, 2))
		charge(world, which, test_random_below(random, (uint32_t)allowed + 1));
	else
		refund(world, which,
		       test_random_below(random, (uint32_t)world->budget[which].used + 1));
}

static void no_guaranteed_request_ever_fails(void **state)
{
	struct test_random random = test_random_seeded(7);
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	for (int step = 0; step < 200000; step++) {
		unsigned which = test_random_below(&random, SLOTS);

		if (!world.budget[which].admitted || test_random_once_in(&random, 20))
			some_admission(&world, &random, which);
		else
			some_use(&world, &random, which);
		assert_sound(quire_ledger_check(&world.ledger));
		for (unsigned i = 0; i < SLOTS; i++)
			a_guaranteed_request_is_allowed(&world, i);
	}
}

static void check_finds_sums_that_are_wrong(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CAPACITY);
	admit(&world, 0, 10, 20);
	charge(&world, 0, 3);
	world.ledger.used++;
	assert_non_null(quire_ledger_check(&world.ledger));
	world.ledger.used--;
	world.ledger.promised--;
	assert_non_null(quire_ledger_check(&world.ledger));
	world.ledger.promised++;
	world.budget[0].used++;
	assert_non_null(quire_ledger_check(&world.ledger));
	world.budget[0].used--;
	world.budget[0].id = 3;
	assert_non_null(quire_ledger_check(&world.ledger));
	world.budget[0].id = 0;
	assert_sound(quire_ledger_check(&world.ledger));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(impossible_ledgers_are_refused),
		cmocka_unit_test(guarantees_never_add_up_to_more_than_there_is),
		cmocka_unit_test(pages_in_use_cannot_be_guaranteed_to_another),
		cmocka_unit_test(bad_admissions_are_refused),
		cmocka_unit_test(a_full_table_is_refused_not_overrun),
		cmocka_unit_test(nothing_is_guaranteed_where_the_supply_is_unknown),
		cmocka_unit_test(a_changed_guarantee_is_admitted_anew),
		cmocka_unit_test(a_limit_below_use_only_stops_growth),
		cmocka_unit_test(a_budget_that_pays_cannot_be_dismissed),
		cmocka_unit_test(a_greedy_owner_stops_where_promises_begin),
		cmocka_unit_test(a_limit_binds_whatever_is_free),
		cmocka_unit_test(fewer_free_pages_than_accounted_are_respected),
		cmocka_unit_test(no_guaranteed_request_ever_fails),
		cmocka_unit_test(check_finds_sums_that_are_wrong),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
