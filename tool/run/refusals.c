/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was refused, why, and who held the memory at that moment.
 */
#include <stdio.h>

#include "quire/status.h"
#include "run/run.h"
#include "run/text.h"

#define SHOWN 4u /* of each set-up, unless --verbose */

static const char *reason(const struct failure *failure)
{
	switch (failure->why) {
	case QUIRE_ENOVIRT:
		return "no block, hole or run of addresses is long enough";
	case QUIRE_EBUDGET:
		return "the rest is guaranteed to others";
	default:
		return quire_status_text(failure->why);
	}
}

static void print_wish(const struct run *run, const struct failure *failure)
{
	const struct action *action = &failure->action;
	struct text text[2];

	if (action->kind == ACTION_REGION_CREATE)
		printf("a region of %s", text_size(&text[0], action->size));
	else
		printf("%s, %s", action_purpose_name(action->purpose),
		       text_range(&text[0], action->min, action->size));
	printf(" for %s in %s\n", run_module_name(run, action->module),
	       text_name(&text[1], run_pipeline_name(run, action->pipeline), 30));
}

static void print_holders(const struct run *run, const struct failure *failure)
{
	struct text text[2];

	printf("      then: %zu pages mapped, largest possible request %s\n", failure->then.pages,
	       text_size(&text[0], failure->then.largest));
	for (size_t i = 0; i < failure->holder_count; i++) {
		const struct holder *holder = &failure->holders[i];

		printf("      %-5s %12s  %s in %s\n", i == 0 ? "held:" : "",
		       text_size(&text[0], holder->bytes), run_module_name(run, holder->module),
		       text_name(&text[1], run_pipeline_name(run, holder->pipeline), 30));
	}
}

static void print_failure(const struct run *run, const struct failure *failure)
{
	printf("    ");
	print_wish(run, failure);
	printf("      why:  %s", reason(failure));
	if (failure->times > 1)
		printf(" (%zu times, first in step %zu)\n", failure->times, failure->step + 1);
	else
		printf(" (in step %zu)\n", failure->step + 1);
	print_holders(run, failure);
}

static void print_column(const struct run *run, const struct column *column)
{
	const struct figures *figures = &column->figures;
	size_t shown = figures->failure_count;

	if (figures_refusals(figures) == 0)
		return;
	printf("\n  %s: %zu of %zu requests refused, %zu of %zu starts failed\n",
	       setup_name(column->kind), figures_refusals(figures),
	       figures->allocations + figures->regions, figures->streams_refused,
	       figures->streams_begun);
	if (shown > SHOWN && !run->options.verbose)
		shown = SHOWN;
	for (size_t i = 0; i < shown; i++)
		print_failure(run, &figures->failures[i]);
	if (shown < figures->failure_count)
		printf("    and %zu more kinds of request (--verbose lists them)\n",
		       figures->failure_count - shown);
}

static bool any_refused(const struct run *run)
{
	for (size_t i = 0; i < SETUP_KIND_COUNT; i++)
		if (figures_refusals(&run->columns[i].figures) > 0)
			return true;
	return false;
}

void refusals_print(const struct run *run)
{
	printf("\nRefused\n");
	if (!any_refused(run))
		printf("\n  Nothing, by any of the three.\n");
	for (size_t i = 0; i < SETUP_KIND_COUNT; i++)
		print_column(run, &run->columns[i]);
}
