/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From interrupt context no call is allowed. Every public call of the layers that stand on a vspace is
 * made there, on a rig of everything (support/rig.h): each that would change something answers
 * QUIRE_ECONTEXT and tells so, the driver is not called, and not a byte of any record or of anybody's
 * memory has changed. Only a vspace that is being made is nobody's record yet.
 */
#include <string.h>

#include "support/rig.h"

static const struct rig_act *acting; /* NULL: nothing is */

static int say_where(void **state)
{
	(void)state;
	if (acting)
		print_error("%s (%s)\n", acting->function, acting->what);
	acting = NULL;
	return 0;
}

static bool can_be_made(const struct rig *rig, const struct rig_act *act)
{
	return (!act->moves || rig->mmu->move) &&
	       (!act->users || rig->mmu->enforces & QUIRE_USER) &&
	       strcmp(act->function, "quire_vspace_init") != 0;
}

static void check_refusal(struct rig *rig, int32_t status)
{
	struct quire_event event = test_observer_last(&rig->observer, QUIRE_EVENT_FAIL);

	if (acting->kind == RIG_LOOKS)
		return;
	assert_status(status, QUIRE_ECONTEXT);
	assert_status(event.why, QUIRE_ECONTEXT);
	assert_non_null(event.object);
	assert_in_range(rig->observer.told, 1, 2); /* a ring tries two ways */
	assert_int_equal(rig->observer.count[QUIRE_EVENT_FAIL], rig->observer.told);
}

static void try_act(struct rig *rig, const struct rig_act *act)
{
	struct rig_picture before = rig_picture_records(rig, 0), now;
	int32_t status;

	acting = act;
	rig_arm(rig, &(struct rig_faults){ .from = 0 });
	test_observer_clear(&rig->observer);
	rig_set_interrupt(rig, true);
	status = act->act(rig);
	rig_set_interrupt(rig, false);
	check_refusal(rig, status);
	assert_int_equal(rig->faults.calls, 0);
	now = rig_picture_records(rig, 0);
	assert_true(rig_picture_difference(&before, &now) == SIZE_MAX);
	rig_check_contents(rig, 0);
	rig_picture_free(&before);
	rig_picture_free(&now);
	acting = NULL;
}

/* One rig for all: none of them may change it. */
static void try_all(enum rig_state state, bool on_linux)
{
	struct rig *rig = rig_open(state, on_linux);
	size_t tried = 0;

	for (size_t i = 0; i < rig_act_count; i++)
		if (can_be_made(rig, &rig_acts[i])) {
			try_act(rig, &rig_acts[i]);
			tried++;
		}
	assert_true(tried + 5 > rig_act_count);
	rig_check(rig);
	rig_close(rig);
}

static void nothing_is_done_in_interrupt_context(void **state)
{
	(void)state;
	try_all(RIG_FRESH, false);
	try_all(RIG_RETAINED, false);
}

static void nothing_is_done_there_where_cores_are_not_coherent(void **state)
{
	(void)state;
	try_all(RIG_CACHED, false);
}

static void nothing_is_done_there_on_linux(void **state)
{
	(void)state;
	try_all(RIG_FRESH, true);
}

static void every_public_call_was_tried(void **state)
{
	(void)state;
	rig_check_table(QUIRE_SOURCE_DIR);
}

#define in_interrupt(name) cmocka_unit_test_teardown(name, say_where)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_interrupt(nothing_is_done_in_interrupt_context),
		in_interrupt(nothing_is_done_there_where_cores_are_not_coherent),
		in_interrupt(nothing_is_done_there_on_linux),
		cmocka_unit_test(every_public_call_was_tried),
	};

	return cmocka_run_group_tests_name("interrupt context", tests, NULL, NULL);
}
