/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A set-up follows a schedule from beginning to end: the model's life asks, the set-up performs.
 */
#ifndef QUIRE_TOOL_FOLLOW_H
#define QUIRE_TOOL_FOLLOW_H

#include "model/schedule.h"
#include "setup/setup.h"

/** What became of it. */
struct followed {
	size_t guaranteed_pages; /**< elastic: asked for, deep ranges included */
	struct schedule_result schedule;
	struct figures figures; /**< to be given to figures_fini() */
};

/** The least that the model has to know of a board. */
struct life_options life_options_for(const struct board *board, enum life_regions regions);

/**
 * @param options what is to be guaranteed is filled in here, from a rehearsal
 * @param schedule its callbacks but progress are not called
 * @return false, and a reason in *error, if the set-up cannot be made on this board
 */
bool follow_schedule(const struct setup_options *options, const struct life_options *life,
		     const struct schedule_options *schedule, struct followed *followed,
		     struct setup_error *error);

#endif
