/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All or nothing. Every public call that stands on a vspace is made on a rig of everything
 * (support/rig.h) while the driver fails: at its n-th call for every n, at two and three in a row so that
 * undoing fails too, at every second one, and for good; a failing unmap takes away nothing, half,
 * every other page or all of what it was given.
 *
 * After a call that failed every byte of every record is what it was, contents are, and no page is
 * mapped that nobody knows of; the call succeeds when it is repeated, and leaves what it leaves where
 * nothing fails. If a failed unmap is the reason, what was to be given back is still owned, is not
 * accepted by any call but the one that ends it, and that one succeeds later.
 *
 * The same on the Linux port, and with the model on that of the ADSP.
 */
#include <stdio.h>
#include <string.h>

#include "support/rig.h"

/* What a run is: an act on a rig in some state, with these faults. */
struct run {
	const struct rig_act *act;
	enum rig_state state;
	bool on_linux;
	struct rig_faults faults;
};

static struct {
	size_t runs, failures, unmaps;
} total;

static struct run playing; /* act NULL: none */

static void describe(const struct run *run)
{
	print_error("%s (%s), state %d, %s, pattern %d from call %u, part %d, why %d\n",
		    run->act->function, run->act->what, (int)run->state,
		    run->on_linux ? "Linux" : "model", (int)run->faults.pattern,
		    (unsigned)run->faults.from, (int)run->faults.part, (int)run->faults.why);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void assert_same(const struct run *run, struct rig_picture *then, struct rig_picture *now,
			const char *what)
{
	size_t at = rig_picture_difference(then, now);

	if (at != SIZE_MAX) {
		describe(run);
		fail_msg("%s differ at byte %zu of %zu", what, at, then->count);
	}
	rig_picture_free(then);
	rig_picture_free(now);
}

static void assert_unchanged(const struct run *run, struct rig *rig, struct rig_picture *then,
			     uint32_t but)
{
	struct rig_picture now = rig_picture_records(rig, but);

	assert_same(run, then, &now, "the records");
}

/* ---- what a failure leaves ------------------------------------------------------------------- */

/* A rig on which nothing has failed. */
static struct rig_picture meaning_of_success(const struct run *run)
{
	struct rig *rig = rig_open(run->state, run->on_linux);
	struct rig_picture picture;
	int32_t status = run->act->act(rig);

	if (status)
		describe(run);
	assert_ok(status);
	picture = rig_picture_meaning(rig);
	rig_close(rig);
	return picture;
}

/* What may not be as it was. */
static uint32_t exceptions(const struct run *run, const struct rig_faults *done)
{
	if (run->act->kind == RIG_ENDS)
		return RIG_BUT_STATES;
	if (run->act->stays_asleep && done->struck_unmaps)
		return RIG_BUT_STATES | RIG_BUT_PROTS;
	return run->act->protects && done->struck > 1 ? RIG_BUT_PROTS : 0;
}

static void settle(const struct run *run, struct rig *rig)
{
	if (run->act->settle)
		run->act->settle(rig);
	else
		assert_ok(run->act->act(rig));
}

/* By what they leave out. */
struct pictures {
	struct rig_picture but[(RIG_BUT_STATES | RIG_BUT_PROTS) + 1];
};

static void take_pictures(struct rig *rig, struct pictures *pictures)
{
	for (uint32_t but = 0; but < TEST_COUNT(pictures->but); but++)
		pictures->but[but] = rig_picture_records(rig, but);
}

static void free_pictures(struct pictures *pictures)
{
	for (uint32_t but = 0; but < TEST_COUNT(pictures->but); but++)
		rig_picture_free(&pictures->but[but]);
}

static void check_failure(const struct run *run, struct rig *rig, struct pictures *before,
			  int32_t status, const struct rig_faults *done)
{
	uint32_t but = exceptions(run, done);

	if ((status != QUIRE_EDRIVER && status != run->faults.why) || !done->struck) {
		describe(run);
		assert_status(status, run->faults.why);
	}
	rig_check_contents(rig, run->act->kind == RIG_ENDS ? run->act->ends : 0);
	if (!run->act->in_parts)
		assert_unchanged(run, rig, &before->but[but], but);
	settle(run, rig);
	total.failures++;
	total.unmaps += run->act->kind == RIG_ENDS;
}

/* One run. @return whether any call failed, and of unmaps whether any did */
static struct rig_faults play(const struct run *run, const struct rig_picture *success)
{
	struct rig *rig = rig_open(run->state, run->on_linux);
	struct pictures before;
	struct rig_faults done;
	bool settled = false;
	int32_t status;

	playing = *run;
	take_pictures(rig, &before);
	rig_arm(rig, &run->faults);
	status = run->act->act(rig);
	done = rig->faults;
	rig_heal(rig);
	rig_check(rig);
	if (status)
		check_failure(run, rig, &before, status, &done);
	settled = status && run->act->settle;
	rig_check(rig);
	rig_check_contents(rig, status ? run->act->ends & ~RIG_BIT(RIG_PIECES) : 0);
	if (success && !settled && !run->act->other_ways) {
		struct rig_picture now = rig_picture_meaning(rig), copy = { .count = 0 };
		size_t at = rig_picture_difference(success, &now);

		if (at != SIZE_MAX)
			assert_same(run, &copy, &now, "what success means");
		rig_picture_free(&now);
	}
	free_pictures(&before);
	rig_close(rig);
	playing.act = NULL;
	total.runs++;
	return done;
}

/* ---- every failing call ---------------------------------------------------------------------- */

/* From every call on, until there is none. The parts of an unmap matter only if one has failed. */
static void play_pattern(struct run *run, enum rig_pattern pattern, int32_t why,
			 const struct rig_picture *success)
{
	struct rig_faults done = { .struck = 1 };

	for (uint64_t n = 1; done.struck; n++) {
		done.struck_unmaps = 1;
		for (int part = TEST_FIRST_HALF; done.struck_unmaps && part < 4; part++) {
			run->faults = (struct rig_faults){ .from = n,
							   .pattern = pattern,
							   .part = (enum test_part)part,
							   .why = why };
			done = play(run, success);
		}
		assert_true(n < 100);
	}
}

static bool can_be_made(const struct run *run)
{
	struct rig *rig = rig_open(run->state, run->on_linux);
	bool can = (!run->act->moves || rig->mmu->move) &&
		   (!run->act->users || rig->mmu->enforces & QUIRE_USER);

	rig_close(rig);
	return can;
}

/* Calls of the driver that the act makes when none fails. */
static uint64_t play_act(struct run *run)
{
	struct rig_picture success;
	struct rig_faults done;

	if (!can_be_made(run))
		return 0;
	run->faults = (struct rig_faults){ .from = 0 };
	success = meaning_of_success(run);
	done = play(run, &success);
	for (int pattern = RIG_ONCE; done.calls && pattern < RIG_PATTERNS; pattern++)
		play_pattern(run, (enum rig_pattern)pattern, QUIRE_EDRIVER, &success);
	if (done.calls)
		play_pattern(run, RIG_ONCE, QUIRE_ENOPHYS, &success);
	rig_picture_free(&success);
	return done.calls;
}

/* Every act in these states. Those that need the driver needed it somewhere; the others never did. */
static void play_all(uint32_t states, bool on_linux)
{
	memset(&total, 0, sizeof(total));
	for (size_t i = 0; i < rig_act_count; i++) {
		struct run run = { .act = &rig_acts[i], .on_linux = on_linux };
		uint64_t calls = 0;
		bool needs = run.act->kind == RIG_MAKES || run.act->kind == RIG_ENDS;

		for (int state = 0; state < RIG_STATES; state++) {
			run.state = (enum rig_state)state;
			if (states >> state & 1)
				calls += play_act(&run);
		}
		if (!needs != !calls && !(run.act->moves && !on_linux) && !run.act->users) {
			describe(&run);
			assert_int_equal(needs, calls > 0);
		}
	}
	print_message("# %zu runs, %zu calls failed, %zu of them to give something back\n",
		      total.runs, total.failures, total.unmaps);
	assert_true(total.failures > 500 && total.unmaps > 100);
}

static void whatever_fails_every_call_does_all_or_nothing(void **state)
{
	(void)state;
	play_all(1 << RIG_FRESH | 1 << RIG_RETAINED, false);
}

static void so_it_does_where_much_has_come_and_gone(void **state)
{
	(void)state;
	play_all(1 << RIG_AGED, false);
}

static void so_it_does_where_cores_are_not_coherent(void **state)
{
	(void)state;
	play_all(1 << RIG_CACHED, false);
}

static void so_it_does_on_linux(void **state)
{
	(void)state;
	play_all(1 << RIG_FRESH | 1 << RIG_RETAINED, true);
}

static void no_public_call_is_left_out(void **state)
{
	(void)state;
	rig_check_table(QUIRE_SOURCE_DIR);
}

/* Which run it was that a test ended in. */
static int say_where(void **state)
{
	(void)state;
	if (playing.act)
		describe(&playing);
	playing.act = NULL;
	return 0;
}

#define every_call(name) cmocka_unit_test_teardown(name, say_where)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_public_call_is_left_out),
		every_call(whatever_fails_every_call_does_all_or_nothing),
		every_call(so_it_does_where_much_has_come_and_gone),
		every_call(so_it_does_where_cores_are_not_coherent),
		every_call(so_it_does_on_linux),
	};

	return cmocka_run_group_tests_name("all or nothing", tests, NULL, NULL);
}
