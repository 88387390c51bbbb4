/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/follow.h"

#include "setup/host.h"
#include "setup/rehearsal.h"

struct life_options life_options_for(const struct board *board, enum life_regions regions)
{
	struct life_options options = LIFE_OPTIONS_DEFAULT;

	options.regions = regions;
	options.page_bytes = board->page_bytes;
	options.dma_address_align = board->dma_address_align;
	options.dma_size_align = board->dma_size_align;
	return options;
}

/* What the schedule calls back with. */
struct listener {
	struct setup *setup;
	const struct schedule_options *asked;
};

static void on_progress(void *context, size_t done, size_t total)
{
	const struct listener *listener = context;

	setup_at_step(listener->setup, done);
	if (listener->asked->progress)
		listener->asked->progress(listener->asked->context, done, total);
}

static void on_settled(void *context)
{
	const struct listener *listener = context;

	setup_settled(listener->setup);
}

static void follow(struct setup *setup, const struct topology *topology,
		   const struct life_options *life_options, const struct schedule_options *schedule,
		   struct schedule_result *result)
{
	struct listener listener = { .setup = setup, .asked = schedule };
	struct schedule_options options = *schedule;
	struct life *life = life_new(topology, life_options, setup_performer(setup));

	options.progress = on_progress;
	options.settled = on_settled;
	options.context = &listener;
	if (!life || schedule_run(life, &options, result) != 0)
		host_short();
	life_free(life);
}

static void size_budgets(struct setup_options *options, const struct life_options *life,
			 const struct schedule_options *schedule, struct followed *followed)
{
	struct rehearsal rehearsal;

	if (rehearse_schedule(options->topology, life, schedule, options->board->page_bytes,
			      &rehearsal) != 0)
		host_short();
	options->needed_pages = rehearsal.needed_pages;
	options->deep_pages = rehearsal.deep_pages;
	options->region_pages = rehearsal.region_pages;
	followed->guaranteed_pages = rehearsal.needed_pages + rehearsal.deep_pages;
}

bool follow_schedule(const struct setup_options *options, const struct life_options *life,
		     const struct schedule_options *schedule, struct followed *followed,
		     struct setup_error *error)
{
	struct setup_options sized = *options;
	struct setup *setup;

	followed->guaranteed_pages = 0;
	if (sized.kind == SETUP_ELASTIC)
		size_budgets(&sized, life, schedule, followed);
	setup = setup_open(&sized, error);
	if (!setup)
		return false;
	follow(setup, sized.topology, life, schedule, &followed->schedule);
	followed->figures = setup_close(setup);
	return true;
}
