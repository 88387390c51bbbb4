/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A performer that believes nothing: it writes down every action, refuses the n-th that may be
 * refused, and fails the test if an identifier is used twice, freed twice, or never was; if memory
 * lies in a region that is not there or on the wrong side of its seal; or if a region or a pipeline
 * goes before what lies in it.
 */
#ifndef QUIRE_TEST_MODEL_RECORDER_H
#define QUIRE_TEST_MODEL_RECORDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/action.h"

#include "support/test.h"

#define RECORDER_IDS     (1u << 16)
#define RECORDER_REGIONS (1u << 14)

enum recorder_state {
	RECORDER_FRESH,
	RECORDER_LIVE,
	RECORDER_SEALED,
	RECORDER_GONE,
};

struct recorder {
	struct performer performer;
	struct action *actions;
	size_t count;
	size_t capacity;
	size_t asked;     /* actions that may be refused */
	size_t refuse_at; /* the n-th of them, 0: none */
	size_t live;
	size_t live_regions;
	size_t live_pipelines;
	uint8_t *ids;          /* enum recorder_state */
	uint8_t *regions;      /* the same */
	size_t *region_live;   /* allocations in a region */
	struct action *births; /* by identifier */
};

static inline bool recorder_may_refuse(enum action_kind kind)
{
	return kind == ACTION_ALLOC || kind == ACTION_REGION_CREATE ||
	       kind == ACTION_PIPELINE_CREATE;
}

static inline void recorder_alloc(struct recorder *recorder, const struct action *action)
{
	assert_in_range(action->id, 1, RECORDER_IDS - 1);
	assert_int_equal(recorder->ids[action->id], RECORDER_FRESH);
	assert_true(action->min > 0 && action->min <= action->size);
	assert_true(action->align > 0 && (action->align & (action->align - 1)) == 0);
	recorder->ids[action->id] = RECORDER_LIVE;
	recorder->births[action->id] = *action;
	recorder->live++;
	assert_int_equal(action->region != 0, action->place >= PLACE_LIFETIME);
	if (action->region == 0)
		return;
	assert_int_equal(recorder->regions[action->region],
			 action->place == PLACE_LIFETIME ? RECORDER_LIVE : RECORDER_SEALED);
	recorder->region_live[action->region]++;
}

static inline void recorder_free(struct recorder *recorder, const struct action *action)
{
	const struct action *birth = &recorder->births[action->id];

	assert_int_equal(recorder->ids[action->id], RECORDER_LIVE);
	assert_int_equal(action->size, birth->size);
	assert_int_equal(action->region, birth->region);
	assert_int_equal(action->place, birth->place);
	recorder->ids[action->id] = RECORDER_GONE;
	recorder->live--;
	if (action->region != 0)
		recorder->region_live[action->region]--;
}

static inline void recorder_region(struct recorder *recorder, const struct action *action)
{
	uint8_t *state = &recorder->regions[action->region];

	assert_in_range(action->region, 1, RECORDER_REGIONS - 1);
	if (action->kind == ACTION_REGION_CREATE) {
		assert_int_equal(*state, RECORDER_FRESH);
		assert_true(action->size > 0 && action->lifetime <= action->size);
		recorder->live_regions++;
		*state = RECORDER_LIVE;
	} else if (action->kind == ACTION_REGION_SEAL) {
		assert_int_equal(*state, RECORDER_LIVE);
		*state = RECORDER_SEALED;
	} else {
		assert_true(*state == RECORDER_LIVE || *state == RECORDER_SEALED);
		assert_int_equal(recorder->region_live[action->region], 0);
		recorder->live_regions--;
		*state = RECORDER_GONE;
	}
}

/* Nothing that the pipeline pays for may be left. */
static inline void recorder_deleted(struct recorder *recorder, const struct action *action)
{
	recorder->live_pipelines--;
	for (uint32_t id = 1; id < RECORDER_IDS && recorder->ids[id] != RECORDER_FRESH; id++) {
		const struct action *birth = &recorder->births[id];

		assert_false(recorder->ids[id] == RECORDER_LIVE &&
			     birth->pipeline == action->pipeline && birth->copy == action->copy);
	}
}

static inline void recorder_keep(struct recorder *recorder, const struct action *action)
{
	if (recorder->count == recorder->capacity) {
		recorder->capacity = recorder->capacity == 0 ? 1024 : recorder->capacity * 2;
		recorder->actions =
			realloc(recorder->actions, recorder->capacity * sizeof(*recorder->actions));
		assert_non_null(recorder->actions);
	}
	recorder->actions[recorder->count++] = *action;
}

static inline void recorder_check(struct recorder *recorder, const struct action *action)
{
	switch (action->kind) {
	case ACTION_ALLOC:
		recorder_alloc(recorder, action);
		break;
	case ACTION_FREE:
		recorder_free(recorder, action);
		break;
	case ACTION_REGION_CREATE:
	case ACTION_REGION_SEAL:
	case ACTION_REGION_PUT:
		recorder_region(recorder, action);
		break;
	case ACTION_PIPELINE_CREATE:
		recorder->live_pipelines++;
		break;
	case ACTION_PIPELINE_DELETE:
		recorder_deleted(recorder, action);
		break;
	default:
		break;
	}
}

static inline bool recorder_perform(struct performer *self, const struct action *action)
{
	struct recorder *recorder = (struct recorder *)self;

	if (recorder_may_refuse(action->kind) && ++recorder->asked == recorder->refuse_at)
		return false;
	recorder_check(recorder, action);
	recorder_keep(recorder, action);
	return true;
}

static inline void recorder_begin(struct recorder *recorder)
{
	*recorder = (struct recorder){ .performer.perform = recorder_perform };
	recorder->ids = calloc(RECORDER_IDS, sizeof(*recorder->ids));
	recorder->births = calloc(RECORDER_IDS, sizeof(*recorder->births));
	recorder->regions = calloc(RECORDER_REGIONS, sizeof(*recorder->regions));
	recorder->region_live = calloc(RECORDER_REGIONS, sizeof(*recorder->region_live));
	assert_true(recorder->ids != NULL && recorder->births != NULL &&
		    recorder->regions != NULL && recorder->region_live != NULL);
}

static inline void recorder_end(struct recorder *recorder)
{
	free(recorder->ids);
	free(recorder->births);
	free(recorder->regions);
	free(recorder->region_live);
	free(recorder->actions);
}

/** Field by field: padding may differ. */
static inline bool recorder_same_action(const struct action *a, const struct action *b)
{
	return a->kind == b->kind && a->place == b->place && a->purpose == b->purpose &&
	       a->id == b->id && a->region == b->region && a->size == b->size && a->min == b->min &&
	       a->step == b->step && a->align == b->align && a->lifetime == b->lifetime &&
	       a->stream == b->stream && a->pipeline == b->pipeline && a->copy == b->copy &&
	       a->module == b->module && a->core == b->core;
}

static inline void assert_nothing_left(const struct recorder *recorder)
{
	assert_int_equal(recorder->live, 0);
	assert_int_equal(recorder->live_regions, 0);
	assert_int_equal(recorder->live_pipelines, 0);
}

#endif
