/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A schedule without memory: everything is granted, nothing is given, and the worst moment is noted.
 *
 * The elastic set-up sizes its guarantees by it, as an integrator would by a plan.
 */
#ifndef QUIRE_TOOL_REHEARSAL_H
#define QUIRE_TOOL_REHEARSAL_H

#include "model/life.h"
#include "model/schedule.h"

/** Pages that must be there whatever else happens. */
struct rehearsal {
	size_t needed_pages; /**< for all but deep ranges; with room for pages that are not full */
	size_t deep_pages;   /**< for the minimums of deep ranges (setup_is_deep) */
	size_t region_pages; /**< address space for regions, with room for gaps between them */
};

/** @return 0, or -1 if memory is short */
int rehearse_schedule(const struct topology *topology, const struct life_options *life_options,
		      const struct schedule_options *schedule_options, size_t page_bytes,
		      struct rehearsal *rehearsal);

#endif
