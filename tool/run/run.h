/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A run: a card, a board and a schedule, and what each set-up made of them. Private to this folder.
 */
#ifndef QUIRE_TOOL_RUN_H
#define QUIRE_TOOL_RUN_H

#include "model/board.h"
#include "run/options.h"
#include "run/progress.h"
#include "setup/setup.h"

/** One set-up that went through the schedule. */
struct column {
	enum setup_kind kind;
	enum life_regions regions;
	bool is_trial;
	size_t guaranteed_pages; /**< elastic: asked for, deep ranges included */
	size_t smallest_pages;   /**< the least memory in which it would fit; 0: not known */
	struct schedule_result schedule;
	struct figures figures;
};

struct run {
	struct run_options options;
	struct board board;
	struct board_table table;
	struct topology *topology;
	enum life_regions regions; /**< of the elastic set-up */
	struct life_taken *taken;  /**< by stream */
	struct life_demand demand; /**< all streams at once */
	struct column columns[SETUP_KIND_COUNT];

	bool has_by_regions; /**< --regions all */
	struct column by_regions[LIFE_REGIONS_COUNT];
};

/** Pages that are there for a set-up: all but the image's. */
size_t run_memory_pages(const struct run *run);
size_t run_bank_count(const struct run *run);

/** Whether it fits: the elastic set-up did, and no set-up found a byte changed. */
bool run_fits(const struct run *run);

/** What the firmware is like in this set-up. */
struct life_options run_life_options(const struct run *run, enum setup_kind kind,
				     enum life_regions regions);

/**
 * Let a set-up, of which kind and regions are given, go through the schedule.
 * @return false if it cannot be made on this board, and why
 */
bool column_run(const struct run *run, struct column *column, struct progress *progress,
		struct trace *trace, struct setup_error *error);

/**
 * How few pages would do, ranges as small as need be: bisection, each step a whole schedule.
 * @return 0 if all there are do not
 */
size_t column_smallest(const struct run *run, const struct column *column,
		       struct progress *progress);

/** Ends the program. */
_Noreturn void run_out_of_memory(void);

/** @name The parts of the output. @{ */
void report_print(const struct run *run);   /**< card, streams, pipelines, ranges, totals */
void refusals_print(const struct run *run); /**< what was refused, and who held the memory */
void compare_print(const struct run *run);  /**< side by side */
void verdict_print(const struct run *run);  /**< one sentence */
int json_print(const struct run *run);      /**< everything; -1 if memory is short */
/** @} */

/** What people call a module, a pipeline; TOPOLOGY_NONE has a name too. */
const char *run_module_name(const struct run *run, size_t module);
const char *run_pipeline_name(const struct run *run, size_t pipeline);

#endif
