/* SPDX-License-Identifier: BSD-3-Clause */
/* Schedules: the same seed gives the same life, and every one of them ends with nothing left. */
#include "model/schedule.h"

#include "recorder.h"
#include "small.h"

#define CYCLES 300u

/* One schedule, played. */
struct played {
	struct recorder recorder;
	struct schedule_result result;
	struct life_counts counts;
	size_t steps;        /* that the progress told of */
	size_t total;        /* the last that it gave */
	size_t settled;      /* how often */
	size_t then_running; /* streams, when it settled */
	struct life *life;
};

static void progress(void *context, size_t done, size_t total)
{
	struct played *played = context;

	assert_int_equal(done, ++played->steps);
	played->total = total;
}

static void settled(void *context)
{
	struct played *played = context;
	struct life_counts counts;

	life_counts(played->life, &counts);
	played->settled++;
	played->then_running = counts.running;
}

/* @param refuse_at the n-th request is refused; 0: none */
static void play(struct played *played, struct schedule_options options, size_t refuse_at)
{
	struct life_options life_options = LIFE_OPTIONS_DEFAULT;
	struct topology topology = small_topology();

	*played = (struct played){ 0 };
	recorder_begin(&played->recorder);
	played->recorder.refuse_at = refuse_at;
	life_options.regions = LIFE_REGIONS_DP;
	played->life = life_new(&topology, &life_options, &played->recorder.performer);
	options.progress = progress;
	options.settled = settled;
	options.context = played;
	assert_int_equal(schedule_run(played->life, &options, &played->result), 0);
	life_counts(played->life, &played->counts);
	assert_nothing_left(&played->recorder);
	assert_int_equal(played->counts.live, 0);
	assert_int_equal(played->counts.running, 0);
	assert_int_equal(played->counts.allocations, played->counts.freed);
	assert_int_equal(played->steps, played->total);
	assert_int_equal(played->settled, 1);
	life_free(played->life);
}

static void end(struct played *played)
{
	recorder_end(&played->recorder);
}

static struct schedule_options churn(size_t streams, uint64_t seed)
{
	return (struct schedule_options){
		.kind = SCHEDULE_CHURN, .streams = streams, .cycles = CYCLES, .seed = seed
	};
}

static bool same_actions(const struct played *a, const struct played *b)
{
	if (a->recorder.count != b->recorder.count)
		return false;
	for (size_t i = 0; i < a->recorder.count; i++) {
		if (!recorder_same_action(&a->recorder.actions[i], &b->recorder.actions[i]))
			return false;
	}
	return true;
}

static void the_same_seed_gives_the_same_actions(void **state)
{
	struct played first;
	struct played second;

	(void)state;
	play(&first, churn(20, 7), 0);
	play(&second, churn(20, 7), 0);
	assert_true(first.recorder.count > 1000);
	assert_true(same_actions(&first, &second));
	end(&first);
	end(&second);
}

static void another_seed_gives_others(void **state)
{
	struct played first;
	struct played second;

	(void)state;
	play(&first, churn(20, 7), 0);
	play(&second, churn(20, 8), 0);
	assert_false(same_actions(&first, &second));
	end(&first);
	end(&second);
}

/* The first draws of SplitMix64 from seed 0, modulo 4: the machine must not matter. */
static void the_draws_are_those_of_the_generator(void **state)
{
	static const uint64_t drawn[] = { 0xe220a8397b1dcdafu, 0x6e789e6aa1b965f4u,
					  0x06c45d188009454fu };
	struct schedule_options options = churn(4, 0);
	struct played played;
	size_t at = 0;

	(void)state;
	options.cycles = 3;
	play(&played, options, 0);
	for (size_t i = 0; i < played.recorder.count && at < 3; i++) {
		const struct action *action = &played.recorder.actions[i];

		if (action->kind != ACTION_BEGIN && action->kind != ACTION_STOPPED)
			continue;
		assert_int_equal(action->stream, drawn[at++] % 4);
	}
	assert_int_equal(at, 3);
	end(&played);
}

static void all_starts_every_stream_that_has_a_host(void **state)
{
	struct played played;

	(void)state;
	play(&played, (struct schedule_options){ .kind = SCHEDULE_ALL }, 0);
	assert_int_equal(played.result.slots, 4);
	assert_int_equal(played.result.started, 4);
	assert_int_equal(played.result.stopped, 4);
	assert_int_equal(played.result.most_running, 4);
	assert_int_equal(played.then_running, 4);
	end(&played);
}

static void sequence_runs_each_alone_prepares_it_again_and_then_runs_all(void **state)
{
	struct played played;

	(void)state;
	play(&played, (struct schedule_options){ .kind = SCHEDULE_SEQUENCE }, 0);
	assert_int_equal(played.result.started, 8);
	assert_int_equal(played.result.prepared, 4);
	assert_int_equal(played.result.stopped, 8);
	end(&played);
}

static void twenty_slots_on_four_streams_are_five_copies_of_each(void **state)
{
	struct played played;
	uint32_t most[SMALL_STREAMS] = { 0 };

	(void)state;
	play(&played, churn(20, 3), 0);
	assert_int_equal(played.result.slots, 20);
	for (size_t i = 0; i < played.recorder.count; i++) {
		const struct action *action = &played.recorder.actions[i];

		if (action->kind == ACTION_BEGIN && action->copy > most[action->stream])
			most[action->stream] = action->copy;
	}
	for (size_t i = 0; i < NOWHERE; i++)
		assert_int_equal(most[i], 4);
	assert_in_range(played.result.most_running, 10, 20);
	end(&played);
}

static void fewer_slots_than_streams_are_spread_over_them(void **state)
{
	struct played played;

	(void)state;
	play(&played, churn(2, 3), 0);
	for (size_t i = 0; i < played.recorder.count; i++) {
		const struct action *action = &played.recorder.actions[i];

		if (action->kind == ACTION_BEGIN)
			assert_true(action->stream == MUSIC || action->stream == VOICE);
	}
	end(&played);
}

static void a_refused_stream_is_counted_and_the_others_go_on(void **state)
{
	struct played played;

	(void)state;
	play(&played, churn(20, 3), 50);
	assert_int_equal(played.result.refused, 1);
	assert_int_equal(played.result.started, played.result.stopped);
	assert_true(played.result.started > 50);
	end(&played);
}

static void nothing_to_play_is_no_error(void **state)
{
	struct life_options life_options = LIFE_OPTIONS_DEFAULT;
	struct topology topology = { .ipc = 4 };
	struct schedule_options options = churn(20, 1);
	struct schedule_result result;
	struct recorder recorder;
	struct life *life;

	(void)state;
	recorder_begin(&recorder);
	life = life_new(&topology, &life_options, &recorder.performer);
	for (unsigned int kind = 0; kind < SCHEDULE_KIND_COUNT; kind++) {
		options.kind = (enum schedule_kind)kind;
		assert_int_equal(schedule_run(life, &options, &result), 0);
		assert_int_equal(result.started, 0);
	}
	life_free(life);
	recorder_end(&recorder);
}

static void names_of_schedules_are_read_back(void **state)
{
	enum schedule_kind kind = SCHEDULE_KIND_COUNT;

	(void)state;
	for (unsigned int i = 0; i < SCHEDULE_KIND_COUNT; i++) {
		assert_true(schedule_parse(schedule_name((enum schedule_kind)i), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(schedule_parse("none", &kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_actions),
		cmocka_unit_test(another_seed_gives_others),
		cmocka_unit_test(the_draws_are_those_of_the_generator),
		cmocka_unit_test(all_starts_every_stream_that_has_a_host),
		cmocka_unit_test(sequence_runs_each_alone_prepares_it_again_and_then_runs_all),
		cmocka_unit_test(twenty_slots_on_four_streams_are_five_copies_of_each),
		cmocka_unit_test(fewer_slots_than_streams_are_spread_over_them),
		cmocka_unit_test(a_refused_stream_is_counted_and_the_others_go_on),
		cmocka_unit_test(nothing_to_play_is_no_error),
		cmocka_unit_test(names_of_schedules_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
