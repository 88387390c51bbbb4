/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/figures.h"

#include <stdlib.h>
#include <string.h>

#include "setup/host.h"

void figures_fini(struct figures *figures)
{
	account_fini(&figures->account);
	free(figures->blocks);
	free(figures->failures);
	free(figures->ranges);
	memset(figures, 0, sizeof(*figures));
}

/* A growing array: room for one more of `count` elements, at every power of two. */
static void *room_for_one_more(void *array, size_t count, size_t bytes)
{
	if (count & (count - 1))
		return array;
	return host_resize(array, count ? count * 2 : 1, bytes);
}

static bool same_request(const struct action *a, const struct action *b)
{
	return a->kind == b->kind && a->pipeline == b->pipeline && a->module == b->module &&
	       a->purpose == b->purpose && a->place == b->place;
}

struct failure *figures_failure(struct figures *figures, const struct action *action, int32_t why)
{
	struct failure *failure;

	for (size_t i = 0; i < figures->failure_count; i++) {
		failure = &figures->failures[i];
		if (failure->why == why && same_request(&failure->action, action))
			return failure;
	}
	if (figures->failure_count == FIGURES_FAILURES_MAX)
		return NULL;
	figures->failures =
		room_for_one_more(figures->failures, figures->failure_count, sizeof(*failure));
	failure = &figures->failures[figures->failure_count++];
	*failure = (struct failure){ .action = *action, .why = why };
	return failure;
}

static bool same_range(const struct range *range, const struct action *action)
{
	return range->pipeline == action->pipeline && range->module == action->module &&
	       range->purpose == action->purpose && range->preferred == action->size &&
	       range->min == action->min;
}

static struct range *range_of(struct figures *figures, const struct action *action)
{
	for (size_t i = 0; i < figures->range_count; i++)
		if (same_range(&figures->ranges[i], action))
			return &figures->ranges[i];
	figures->ranges =
		room_for_one_more(figures->ranges, figures->range_count, sizeof(struct range));
	figures->ranges[figures->range_count] = (struct range){
		.pipeline = action->pipeline,
		.module = action->module,
		.purpose = action->purpose,
		.preferred = action->size,
		.min = action->min,
		.least = SIZE_MAX,
	};
	return &figures->ranges[figures->range_count++];
}

void figures_range(struct figures *figures, const struct action *action, size_t granted,
		   size_t tries)
{
	struct range *range = range_of(figures, action);

	figures->range_preferred += action->size;
	if (granted > action->size)
		granted = action->size;
	figures->range_granted += granted;
	figures->range_tries += tries;
	range->asked++;
	if (granted == 0) {
		range->refused++;
		return;
	}
	if (granted < range->least)
		range->least = granted;
	if (granted > range->most)
		range->most = granted;
}

size_t figures_refusals(const struct figures *figures)
{
	return figures->allocations_refused + figures->regions_refused;
}

bool figures_fit(const struct figures *figures)
{
	return figures_refusals(figures) == 0 && figures->streams_refused == 0 &&
	       figures->corruptions == 0 && figures->violations == 0 && figures->leaks == 0 &&
	       figures->pages_left == 0;
}

bool action_is_range(const struct action *action)
{
	return action->min < action->size;
}
