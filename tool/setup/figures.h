/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a set-up did with a schedule, in numbers: the report and the JSON are made of these alone.
 */
#ifndef QUIRE_TOOL_FIGURES_H
#define QUIRE_TOOL_FIGURES_H

#include "model/action.h"
#include "setup/account.h"
#include "setup/thrift.h"

#define FIGURES_HOLDERS      3u   /**< owners named with a failure */
#define FIGURES_FAILURES_MAX 256u /**< different failures that are kept; more are counted only */

/** A set-up at one moment. Bytes unless named otherwise. */
struct snapshot {
	size_t allocations;
	size_t asked;
	size_t addresses;
	size_t pages;    /**< that are needed and have a physical page, image not counted */
	size_t retained; /**< pages mapped though nobody needs them */
	size_t banks;    /**< that are on, the image's included */
	size_t largest;  /**< longest request for a buffer that would be served */
};

/** Who held how many bytes. */
struct holder {
	size_t pipeline; /**< or TOPOLOGY_NONE */
	size_t module;   /**< or TOPOLOGY_NONE */
	size_t bytes;
};

/** Something refused. What is refused again for the same module in the same way is one failure. */
struct failure {
	struct action action; /**< the first time */
	int32_t why;
	size_t times;
	size_t step; /**< of the schedule, the first time */
	struct snapshot then;
	struct holder holders[FIGURES_HOLDERS]; /**< most bytes first */
	size_t holder_count;
};

/** Every request of one module for a size between two bounds. */
struct range {
	size_t pipeline;
	size_t module;
	enum action_purpose purpose;
	size_t preferred;
	size_t min;
	size_t asked;   /**< times */
	size_t refused; /**< times */
	size_t least;   /**< granted, of those that were */
	size_t most;    /**< at most `preferred` */
};

/** What became of the blocks of one size. */
struct block_use {
	size_t block_size;
	size_t blocks;
	size_t used_peak;
	size_t exhausted; /**< times that a request which fitted found none */
};

struct figures {
	size_t allocations; /**< asked for */
	size_t allocations_refused;
	size_t regions;
	size_t regions_refused;
	size_t streams_begun;
	size_t streams_refused; /**< a stream that had to end because it was not prepared again, too */

	size_t range_preferred; /**< bytes of all ranges together */
	size_t range_granted;
	size_t range_tries; /**< searches for ranges: one each, if one search is enough */

	size_t corruptions;  /**< allocations with a byte that was not their owner's any more */
	size_t violations;   /**< answers of the library that break its contract */
	char complaint[160]; /**< the first of either kind in words, else empty */
	size_t leaks;        /**< allocations and regions that nobody gave back */
	size_t leaked_bytes;
	size_t pages_left; /**< still mapped at the end, though nothing is allocated */

	struct snapshot settled; /**< all that could be started was running */
	struct snapshot fullest; /**< most pages were mapped */
	size_t pages_peak;
	size_t banks_peak;
	size_t banks_sum;      /**< over `steps`: their mean is what the power supply sees */
	uint64_t pages_mapped; /**< elastic: again and again */
	uint64_t pages_moved;  /**< elastic: to empty banks */
	size_t steps;
	size_t largest_least; /**< the longest request possible, at the worst moment */
	struct account account;
	struct thrift thrift; /**< how close that was to the least */

	struct block_use *blocks; /**< of a block table, smallest first */
	size_t block_sizes;
	size_t system_heap;      /**< bytes, where objects have a heap of their own */
	size_t system_heap_peak; /**< granted */

	struct failure *failures;
	size_t failure_count;
	struct range *ranges;
	size_t range_count;
};

void figures_fini(struct figures *figures);

/** @return the failure of this kind, new and zeroed if there was none; NULL if there are too many */
struct failure *figures_failure(struct figures *figures, const struct action *action, int32_t why);

/** Count a request for a range. granted: 0 if it was refused */
void figures_range(struct figures *figures, const struct action *action, size_t granted,
		   size_t tries);

/** Requests that were refused. */
size_t figures_refusals(const struct figures *figures);

/** Whether every request was served and the library kept its word. */
bool figures_fit(const struct figures *figures);

/** Whether a size between two bounds was asked for. */
bool action_is_range(const struct action *action);

#endif
