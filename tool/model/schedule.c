/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Schedules. The generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", 2014): a few lines, and the same numbers on every machine.
 */
#include <stdlib.h>
#include <string.h>

#include "model/schedule.h"

struct slot {
	size_t stream;
	uint32_t copy;
};

struct course {
	struct life *life;
	const struct schedule_options *options;
	struct schedule_result result;
	struct slot *slots;
	size_t done;
	size_t total; /* steps, for the progress */
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
	return mixed ^ (mixed >> 31);
}

static void step_done(struct course *course)
{
	course->done++;
	if (course->options->progress != NULL)
		course->options->progress(course->options->context, course->done, course->total);
}

static void look_at_running(struct course *course)
{
	struct life_counts counts;

	life_counts(course->life, &counts);
	if (counts.running > course->result.most_running)
		course->result.most_running = counts.running;
}

static void start(struct course *course, const struct slot *slot)
{
	if (life_start(course->life, slot->stream, slot->copy))
		course->result.started++;
	else
		course->result.refused++;
	look_at_running(course);
}

static void prepare_again(struct course *course, const struct slot *slot)
{
	if (!life_is_running(course->life, slot->stream, slot->copy))
		return;
	if (life_prepare_again(course->life, slot->stream, slot->copy))
		course->result.prepared++;
	else
		course->result.refused++;
}

static void stop(struct course *course, const struct slot *slot)
{
	if (!life_is_running(course->life, slot->stream, slot->copy))
		return;
	life_stop(course->life, slot->stream, slot->copy);
	course->result.stopped++;
}

static void settle_and_stop(struct course *course)
{
	struct life_counts counts;

	if (course->options->settled != NULL)
		course->options->settled(course->options->context);
	life_counts(course->life, &counts);
	course->result.stopped += counts.running;
	life_stop_all(course->life);
	step_done(course);
}

static void run_all(struct course *course)
{
	for (size_t i = 0; i < course->result.slots; i++) {
		start(course, &course->slots[i]);
		step_done(course);
	}
	settle_and_stop(course);
}

static void run_sequence(struct course *course)
{
	for (size_t i = 0; i < course->result.slots; i++) {
		start(course, &course->slots[i]);
		prepare_again(course, &course->slots[i]);
		stop(course, &course->slots[i]);
		step_done(course);
	}
	run_all(course);
}

static void run_churn(struct course *course)
{
	uint64_t state = course->options->seed;

	for (size_t i = 0; i < course->options->cycles && course->result.slots > 0; i++) {
		const struct slot *slot =
			&course->slots[next_random(&state) % course->result.slots];

		if (life_is_running(course->life, slot->stream, slot->copy))
			stop(course, slot);
		else
			start(course, slot);
		step_done(course);
	}
	settle_and_stop(course);
}

/* Streams that have a host. */
static size_t list_streams(const struct topology *topology, size_t *streams)
{
	size_t count = 0;

	for (size_t i = 0; i < topology->stream_count; i++) {
		if (topology->streams[i].pipeline_count > 0)
			streams[count++] = i;
	}
	return count;
}

static void fill_slots(struct course *course, const size_t *streams, size_t count, size_t wanted)
{
	for (size_t i = 0; i < wanted; i++) {
		size_t at = wanted < count ? i * count / wanted : i % count;

		course->slots[i].stream = streams[at];
		course->slots[i].copy = (uint32_t)(i / count);
	}
	course->result.slots = wanted;
}

static size_t slots_wanted(const struct schedule_options *options, size_t streams)
{
	if (streams == 0 || options->kind != SCHEDULE_CHURN || options->streams == 0)
		return streams;
	return options->streams;
}

static size_t steps(const struct course *course)
{
	switch (course->options->kind) {
	case SCHEDULE_CHURN:
		return course->options->cycles + 1;
	case SCHEDULE_SEQUENCE:
		return 2 * course->result.slots + 1;
	default:
		return course->result.slots + 1;
	}
}

static bool make_slots(struct course *course)
{
	const struct topology *topology = life_topology(course->life);
	size_t *streams = calloc(topology->stream_count + 1, sizeof(*streams));
	size_t count = streams == NULL ? 0 : list_streams(topology, streams);
	size_t wanted = slots_wanted(course->options, count);

	course->slots = calloc(wanted + 1, sizeof(*course->slots));
	if (streams != NULL && course->slots != NULL)
		fill_slots(course, streams, count, wanted);
	free(streams);
	course->total = steps(course);
	return streams != NULL && course->slots != NULL;
}

int schedule_run(struct life *life, const struct schedule_options *options,
		 struct schedule_result *result)
{
	static void (*const runs[SCHEDULE_KIND_COUNT])(struct course *) = {
		[SCHEDULE_ALL] = run_all,
		[SCHEDULE_SEQUENCE] = run_sequence,
		[SCHEDULE_CHURN] = run_churn,
	};
	struct course course = { .life = life, .options = options };
	bool ready = make_slots(&course);

	if (ready)
		runs[options->kind](&course);
	free(course.slots);
	if (result != NULL)
		*result = course.result;
	return ready ? 0 : -1;
}

static const char *const names[SCHEDULE_KIND_COUNT] = {
	[SCHEDULE_ALL] = "all",
	[SCHEDULE_SEQUENCE] = "sequence",
	[SCHEDULE_CHURN] = "churn",
};

const char *schedule_name(enum schedule_kind kind)
{
	return (unsigned int)kind < SCHEDULE_KIND_COUNT ? names[kind] : "?";
}

bool schedule_parse(const char *name, enum schedule_kind *kind)
{
	for (unsigned int i = 0; i < SCHEDULE_KIND_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*kind = (enum schedule_kind)i;
			return true;
		}
	}
	return false;
}
